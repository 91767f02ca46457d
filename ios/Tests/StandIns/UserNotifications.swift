// Stands in for UserNotifications where there is none: what Shopbell uses of it, as Apple documents it.

@_exported import Foundation

open class UNNotificationContent {
    public init() {}
}

open class UNMutableNotificationContent: UNNotificationContent {
    open var title: String = ""
    open var body: String = ""
    open var badge: NSNumber?
    open var threadIdentifier: String = ""
    open var userInfo: [AnyHashable: Any] = [:]
}
