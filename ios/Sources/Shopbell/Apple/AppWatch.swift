#if canImport(UIKit) && !os(watchOS)
    import Dispatch
    import Foundation
    import UIKit

    /// Pauses and resumes a client with the app, as long as it is held.
    ///
    /// The app's own notifications, not the scenes': of several scenes, the last one to go is the app's going.
    final class AppWatch: @unchecked Sendable {
        // By their values: UIKit's constants belong to the main actor in some SDKs, and this may be made anywhere.
        private static let didEnterBackground = Notification.Name("UIApplicationDidEnterBackgroundNotification")
        private static let willEnterForeground = Notification.Name("UIApplicationWillEnterForegroundNotification")

        private let observers: [any NSObjectProtocol]

        init(_ client: ShopbellClient) {
            observers = [
                Self.on(Self.didEnterBackground) { [weak client] in client.map(Self.pause) },
                Self.on(Self.willEnterForeground) { [weak client] in client?.resumeLater() },
            ]
        }

        deinit {
            for observer in observers { NotificationCenter.default.removeObserver(observer) }
        }

        /// On the posting thread, before the app may be suspended.
        private static func on(
            _ name: Notification.Name, _ work: @escaping @Sendable () -> Void
        ) -> any NSObjectProtocol {
            NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { _ in work() }
        }

        /// Keeps the process awake until what is being sent is sent, or three seconds have passed, and every file is
        /// closed.
        private static func pause(_ client: ShopbellClient) {
            let paused = DispatchSemaphore(value: 0)
            client.pauseLater { paused.signal() }
            // Unlike a background task of `UIApplication` it may be asked for in an extension, too. The system calls
            // the block on a thread of its own; with `true` when the time is up, or where there is none.
            ProcessInfo.processInfo.performExpiringActivity(withReason: "Shopbell closes its files") { isExpired in
                if isExpired { paused.signal() } else { paused.wait() }
            }
        }
    }
#endif
