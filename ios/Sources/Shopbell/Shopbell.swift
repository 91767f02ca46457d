/// The process-wide ``ShopbellClient``, under names that are quick to type.
///
/// ```swift
/// Shopbell.initialize(ShopbellConfig(deskUrl: "https://desk.example.com", inbox: "inbox-identifier"))
/// ```
/// Before that, every call throws ``SupportError/invalidConfig(field:message:)``. Loops over ``conversations``,
/// ``unreadCount`` and ``status`` may begin at any time, and go on with the next client.
public enum Shopbell {
    private struct Current {
        let config: ShopbellConfig
        let client: ShopbellClient
        /// What tells the client of the app and the network, as long as it is held.
        let watches: [any Sendable]
    }

    private static let current = Guarded<Current?>(nil)
    /// The same, for those who follow it.
    private static let clients = Clients<ShopbellClient>()

    private static let none = ShopbellClient(
        Engine(failing: .invalidConfig(field: "initialize", message: "call Shopbell.initialize(…) first")))

    /// Begins to open the store, and returns at once: neither disk nor network is touched on the caller's thread. A
    /// second time with the same configuration does nothing; with another one it closes the first client and begins
    /// with another.
    ///
    /// On Apple's systems it also tells the client of the network, and on iOS pauses and resumes it with the app.
    public static func initialize(_ config: ShopbellConfig) {
        let before = current.with { current -> Current? in
            if current?.config == config { return nil }
            defer {
                let client = ShopbellClient(config)
                current = Current(config: config, client: client, watches: watches(of: client))
                clients.change(to: client)
            }
            return current
        }
        before?.client.close()
    }

    /// The client itself.
    public static var client: ShopbellClient { current.with { $0?.client } ?? none }

    /// ``ShopbellClient/conversations`` of the client that there is now; empty while there is none.
    public static var conversations: Updates<[ConversationSummary]> {
        Updates(following: { Follower(clients, initial: []) { $0.readConversations() } })
    }

    /// ``ShopbellClient/unreadCount`` of the client that there is now; 0 while there is none.
    public static var unreadCount: Updates<Int> {
        Updates(following: { Follower(clients, initial: 0) { $0.readUnreadCount() } })
    }

    /// ``ShopbellClient/status`` of the client that there is now; nothing while there is none.
    public static var status: Updates<ClientStatus> {
        Updates(following: { Follower(clients, initial: nil) { $0.readStatus() } })
    }

    /// ``ShopbellClient/loginIdentifiedUser(userId:userHash:profile:isolation:)``.
    public static func loginIdentifiedUser(
        userId: String,
        userHash: String? = nil,
        profile: CustomerProfile = CustomerProfile(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await client.loginIdentifiedUser(userId: userId, userHash: userHash, profile: profile)
    }

    /// ``ShopbellClient/loginUnidentifiedUser(profile:isolation:)``.
    public static func loginUnidentifiedUser(
        profile: CustomerProfile = CustomerProfile(), isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await client.loginUnidentifiedUser(profile: profile)
    }

    /// ``ShopbellClient/logout(isolation:)``.
    public static func logout(isolation: isolated (any Actor)? = #isolation) async throws {
        try await client.logout()
    }

    /// ``ShopbellClient/updateUser(_:isolation:)``.
    public static func updateUser(
        _ profile: CustomerProfile, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await client.updateUser(profile)
    }

    /// ``ShopbellClient/logEvent(_:attributes:isolation:)``.
    public static func logEvent(
        _ name: String, attributes: [String: AttributeValue] = [:], isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await client.logEvent(name, attributes: attributes)
    }

    /// ``ShopbellClient/currentConversation(isolation:)``.
    public static func currentConversation(isolation: isolated (any Actor)? = #isolation) async throws -> Conversation {
        try await client.currentConversation()
    }

    /// ``ShopbellClient/startConversation(isolation:)``.
    public static func startConversation(isolation: isolated (any Actor)? = #isolation) async throws -> Conversation {
        try await client.startConversation()
    }

    /// ``ShopbellClient/conversation(_:)``.
    public static func conversation(_ id: String) -> Conversation { client.conversation(id) }

    /// ``ShopbellClient/helpCenter``.
    public static var helpCenter: HelpCenter { client.helpCenter }

    /// What the help centre has for `query`, now and whenever its articles change. See ``SearchUpdates``.
    public static func searchHelpCenter(_ query: String) -> SearchUpdates { helpCenter.searchUpdates(query) }

    /// What the help centre has for what is being typed, the newest keystroke first. See
    /// ``HelpCenter/search(_:category:)``.
    public static func searchHelpCenter<Typed: AsyncSequence & Sendable>(
        _ typed: Typed
    ) -> SearchUpdates where Typed.Element == String {
        helpCenter.search(typed)
    }

    /// ``HelpCenter/suggestions(_:isolation:)``.
    public static func suggestions(
        _ draft: String, isolation: isolated (any Actor)? = #isolation
    ) async throws -> [ArticleHit] {
        try await helpCenter.suggestions(draft)
    }

    /// ``ShopbellClient/refresh(isolation:)``.
    public static func refresh(isolation: isolated (any Actor)? = #isolation) async throws {
        try await client.refresh()
    }

    /// Ends the client, after what was asked for before. The next ``initialize(_:)`` begins anew.
    public static func close() {
        let before = current.with { current in
            defer { current = nil }
            if current != nil { clients.change(to: nil) }
            return current
        }
        before?.client.close()
    }

    private static func watches(of client: ShopbellClient) -> [any Sendable] {
        var watches: [any Sendable] = []
        #if canImport(Network)
            watches.append(NetworkWatch(client))
        #endif
        #if canImport(UIKit) && !os(watchOS)
            watches.append(AppWatch(client))
        #endif
        return watches
    }
}
