// Stands in for UIKit where there is none, so that what needs it is type-checked: what Shopbell uses of it and of Apple's
// own Foundation, as Apple documents it.

@_exported import Foundation

extension ProcessInfo {
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {}
}

extension URL {
    public func startAccessingSecurityScopedResource() -> Bool { false }
    public func stopAccessingSecurityScopedResource() {}
}
