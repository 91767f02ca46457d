import Foundation
import ShopbellBindings

// Pushes: what the phone is known by, and what comes of one.

extension Shopbell {
    /// Whether a push is Shopbell's, so that an app with several senders knows whom to give it to. Works before
    /// ``initialize(_:)``, too.
    public static func isShopbellPush(_ userInfo: [AnyHashable: Any]) -> Bool {
        isPush(data: texts(in: userInfo))
    }

    /// ``ShopbellClient/setPushToken(_:isolation:)``.
    public static func setPushToken(_ deviceToken: Data?, isolation: isolated (any Actor)? = #isolation) async throws {
        try await client.setPushToken(deviceToken)
    }

    /// ``ShopbellClient/handlePush(_:isolation:)``.
    public static func handlePush(
        _ userInfo: [AnyHashable: Any], isolation: isolated (any Actor)? = #isolation
    ) async throws -> PushOutcome {
        try await client.handlePush(userInfo)
    }
}

/// What a push says in texts and numbers. What else is in it, Apple's own part among it, is nobody's business here.
func texts(in userInfo: [AnyHashable: Any]) -> [String: String] {
    var texts: [String: String] = [:]
    for (key, value) in userInfo {
        guard let key = key as? String else { continue }
        switch value {
        case let text as String: texts[key] = text
        case let number as Int: texts[key] = String(number)
        default: continue
        }
    }
    return texts
}

extension Data {
    /// As Apple's push service wants its tokens.
    var hex: String { map { String(format: "%02x", $0) }.joined() }
}
