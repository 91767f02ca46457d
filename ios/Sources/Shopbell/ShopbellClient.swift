import Foundation
import ShopbellBindings

/// In-app support: one for an app. ``Shopbell/Shopbell`` is the door that most apps use.
///
/// Making one returns at once; the store is opened in the background, and calls made meanwhile wait for it. Every call
/// may come from any task, the main actor's too, and none blocks. Commands are done in the order in which they were
/// called. **Cancelling a call stops the waiting, never the work**: a message that was being sent when its screen was
/// closed is sent. **When a call returns, the next value of every sequence of this client is what it left**, or newer.
/// It ends with ``shutdown(isolation:)``, or when it and everything that it gave out is let go of.
///
/// Every call may throw ``SupportError/invalidConfig(field:message:)``, ``SupportError/storage(problem:message:)``,
/// ``SupportError/paused(message:)``, ``SupportError/closed(message:)``, and what it names.
///
/// Leave the parameter `isolation` out: it lets a command take its place in the order before anything else runs.
public final class ShopbellClient: Sendable {
    private let engine: Engine
    private let shownConversations: Shared<[ConversationSummary]>
    private let shownStatus: Shared<ClientStatus>
    private let shownUnread: Shared<Int>
    /// The help centre that ``ShopbellConfig/helpCenter`` names.
    public let helpCenter: HelpCenter
    /// Those in use, so that one id is one object: its timeline is shared by all who show it.
    private let inUse = Guarded([String: Weak<Conversation>]())

    /// Begins to open the store, and returns: neither disk nor network is touched on the caller's thread.
    public convenience init(_ config: ShopbellConfig) {
        self.init(Engine(config))
    }

    init(_ engine: Engine) {
        self.engine = engine
        helpCenter = HelpCenter(engine)
        shownConversations = Shared(engine, failure: .stays { _ in [] }) { feed in
            try await engine.native().conversations(listener: ConversationsObserver(feed), onScreen: true)
        }
        shownStatus = Shared(engine, failure: .stays(ClientStatus.init(ofAClientThatFailed:))) { feed in
            try await engine.native().status(listener: StatusObserver { feed.give($0) })
        }
        shownUnread = Shared(engine, failure: .stays { _ in 0 }) { feed in
            let before = Guarded<Int32?>(nil)
            return try await engine.native().status(listener: StatusObserver { status in
                let isNews = before.with { before in
                    defer { before = status.unread }
                    return before != status.unread
                }
                if isNews { feed.give(Int(status.unread)) }
            })
        }
    }

    /// Opens a client, works with it, and closes every file before it returns, whatever happens: what an app extension
    /// must do that shares the app's folder (``ShopbellConfig/Folder/appGroup(_:)``). A process that is suspended with
    /// a file lock in a shared folder is killed.
    public static func with<Value: Sendable>(
        _ config: ShopbellConfig,
        isolation: isolated (any Actor)? = #isolation,
        _ work: (ShopbellClient) async throws -> Value
    ) async throws -> Value {
        let client = ShopbellClient(config)
        do {
            let value = try await work(client)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Waits until the store is open, or tells why it can't be. Never needed: every call waits by itself.
    public func opened(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.call { try await $0.opened() }
    }

    /// The conversations of whoever is here, the one with the latest activity first. While somebody reads them the list
    /// counts as on screen, and a realtime connection is held; for a badge, read ``unreadCount``, which holds none.
    public var conversations: Updates<[ConversationSummary]> { Updates(stream: readConversations) }

    /// How many messages the customer has not seen, in all conversations.
    public var unreadCount: Updates<Int> { Updates(stream: readUnreadCount) }

    /// How the desk is reached, whether agents are there, what the desk makes of the customer.
    ///
    /// Its `setupProblem` names a mistake that only a developer can mend: an address or inbox that is wrong, a hash
    /// that the desk refuses, a folder that can't be opened. Meanwhile the other sequences show nothing.
    public var status: Updates<ClientStatus> { Updates(stream: readStatus) }

    @Sendable func readConversations() -> Reading<[ConversationSummary]> { shownConversations.stream(keeping: self) }
    @Sendable func readUnreadCount() -> Reading<Int> { shownUnread.stream(keeping: self) }
    @Sendable func readStatus() -> Reading<ClientStatus> { shownStatus.stream(keeping: self) }

    /// The customer has logged in to your app. Returns when it is safe on the phone; the desk is told by itself.
    /// Whoever was anonymous keeps the conversations; whoever was somebody else leaves. Call it at every start.
    ///
    /// - Parameters:
    ///   - userId: Your own id of the person (1 to 255 characters): stable, unique, never re-used.
    ///   - userHash: The proof of your server: lower-case hex of `HMAC-SHA256(key, userId)`. Never compute it in the
    ///     app.
    ///   - profile: What the agents see of the customer. Set `emailVerifiedByServer` and `phoneVerifiedByServer` only
    ///     where your server has verified that the address belongs to this customer: a desk joins contacts by them,
    ///     histories included. An address without that flag reaches the agents as the attribute `unverified_email` or
    ///     `unverified_phone`. `docs/identity.md` says what to switch on at the desk.
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where something can't be so; then nothing has changed.
    public func loginIdentifiedUser(
        userId: String,
        userHash: String? = nil,
        profile: CustomerProfile = CustomerProfile(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let identity = Identity(identifier: userId, hash: userHash)
        try await engine.inOrder { [self] native in
            somebodyElse(told: try await native.identify(identity: identity, profile: profile))
        }
    }

    /// Somebody uses your app without an account. Whoever was logged in leaves as by ``logout(isolation:)``; somebody
    /// anonymous stays who they are.
    public func loginUnidentifiedUser(
        profile: CustomerProfile = CustomerProfile(), isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await engine.inOrder { [self] native in
            if try await native.currentStatus().verification != .anonymous {
                somebodyElse(told: try await native.logOut())
            }
            if profile != CustomerProfile() { try await native.updateCustomer(profile: profile) }
        }
    }

    /// The customer has logged out: whoever comes next sees nothing of them, and when it returns, nothing of them can be
    /// read from any sequence. What they wrote, unsent messages included, is there when they log in again. Somebody
    /// anonymous leaves for good.
    public func logout(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { [self] native in
            somebodyElse(told: try await native.logOut())
        }
    }

    /// Says more of the customer. A field left out stays as it is, attributes are merged by name, and what is in
    /// `cleared` or `clearedAttributes` is cleared. Only what the desk has not accepted yet is sent, so a change that an
    /// agent or another phone made meanwhile stays.
    ///
    /// ```swift
    /// try await Shopbell.updateUser(CustomerProfile(name: "Mai", clearedAttributes: ["coupon"]))
    /// ```
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where a value breaks a rule or is over the desk's limits;
    ///   nothing changes.
    public func updateUser(_ profile: CustomerProfile, isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { try await $0.updateCustomer(profile: profile) }
    }

    /// The fields and attributes of the profile that were set aside: the desk does not take these values. Everything
    /// else was sent. `ClientStatus.refusedFields` says how many there are.
    public func refusedFields(isolation: isolated (any Actor)? = #isolation) async throws -> [RefusedField] {
        try await engine.call { try await $0.refusedFields() }
    }

    /// Gives up the values in ``refusedFields(isolation:)``. The desk keeps what it has there.
    public func discardRefusedFields(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { try await $0.discardRefusedFields() }
    }

    /// Keeps something that the customer did in your app. When they next begin a conversation, the agents see what they
    /// did in the day before, newest first; nothing is sent for an event alone, and what was told is forgotten. The last
    /// 20 are kept, on this phone.
    ///
    /// ```swift
    /// try await Shopbell.logEvent("checkout_failed", attributes: ["reason": "card refused"])
    /// ```
    ///
    /// - Parameters:
    ///   - name: 1 to 255 characters.
    ///   - attributes: At most 20, each within the desk's limits.
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where one is not.
    public func logEvent(
        _ name: String, attributes: [String: AttributeValue] = [:], isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await engine.inOrder { try await $0.logEvent(name: name, attributes: attributes) }
    }

    /// Asks the desk now what it makes of the customer's identity, and whose contact it has for it. `mismatched` means
    /// that it has put the customer together with somebody else.
    ///
    /// - Throws: ``SupportError/identityRejected(message:)`` where it refuses it; ``SupportError/offline(message:)``,
    ///   ``SupportError/deskUnavailable(message:)`` or ``SupportError/busy(retryAfterMillis:message:)`` where it can't be
    ///   asked, or does not answer in time: nothing is concluded from that, and what asks the desk next asks it again.
    public func verifyIdentity(isolation: isolated (any Actor)? = #isolation) async throws -> Verification {
        try await engine.call { try await $0.verifyIdentity() }
    }

    /// The device token that the system gave, or `nil` where this phone is to get no pushes any more. Call it at every
    /// start. Returns when it is safe on the phone; the desk is told by itself, of whoever is here and of whoever logs in
    /// next. Who logs out gets none any more.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where it is empty.
    public func setPushToken(_ deviceToken: Data?, isolation: isolated (any Actor)? = #isolation) async throws {
        let token = deviceToken?.hex
        try await engine.inOrder { try await $0.setPushToken(service: .apns, token: token) }
    }

    /// The same for an app that has its pushes by Firebase: `Messaging.messaging().token()`.
    public func setPushToken(fcm token: String?, isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { try await $0.setPushToken(service: .fcm, token: token) }
    }

    /// Hands in a push that your app got: asks the desk for what it names, and says what to show. Call it from the
    /// background: a client that is paused is opened for it, and closed again. It takes a request or two; where the desk
    /// can't be reached, or does not answer within 8 s (`pushTimeoutMillis` of ``ShopbellConfig/limits``), a conversation
    /// that is known here is still told of, without its words.
    ///
    /// A push that comes again gives its news again, in the newest words, until the message was seen: show them in the
    /// place of what was shown of ``PushNews/conversation`` before.
    ///
    /// - Throws: ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)`` for a conversation that is not known here.
    public func handlePush(
        _ userInfo: [AnyHashable: Any], isolation: isolated (any Actor)? = #isolation
    ) async throws -> PushOutcome {
        let data = texts(in: userInfo)
        return try await engine.call { try await $0.handlePush(data: data) }
    }

    /// The customer's open conversation, or a new one: what a "Chat with us" button opens. It is the one with the latest
    /// activity that is neither resolved nor deleted at the desk and that the customer can write in; where there is none, a
    /// new one is begun, the same at each call until something is said or drafted there. Reads the phone only, and does
    /// not wait for the network.
    public func currentConversation(isolation: isolated (any Actor)? = #isolation) async throws -> Conversation {
        try await engine.inOrder { [self] native in handedOut(try await native.currentConversation()) }
    }

    /// Begins a conversation. The desk learns of it with its first message; without one it leaves no trace.
    public func startConversation(isolation: isolated (any Actor)? = #isolation) async throws -> Conversation {
        try await engine.inOrder { [self] native in handedOut(try await native.startConversation()) }
    }

    /// The object for a conversation that the library gave out: the one that is in use already, where there is one.
    private func handedOut(_ native: ShopbellBindings.Conversation) -> Conversation {
        let id = native.id()
        return inUse.with { inUse in
            if let conversation = inUse[id]?.value { return conversation }
            let conversation = Conversation(id, engine, Task { .success(native) })
            inUse[id] = Weak(conversation)
            return conversation
        }
    }

    /// A conversation of the list, or one whose id was kept. Returns at once. One that does not exist is told by the
    /// first command (``SupportError/notFound(message:)``). It belongs to whoever is here: get a new one after a log-in.
    public func conversation(_ id: String) -> Conversation {
        inUse.with { inUse in
            if let conversation = inUse[id]?.value { return conversation }
            let conversation = Conversation(id, engine, engine.later { $0.conversation(id: id) })
            inUse = inUse.filter { $0.value.value != nil }
            inUse[id] = Weak(conversation)
            return conversation
        }
    }

    /// Asks the desk for news now: for pull-to-refresh. What is new has been told to the loops when it returns.
    ///
    /// - Throws: ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)``; what is on the phone stays as it is.
    ///   ``SupportError/paused(message:)`` where the client is paused, or is paused meanwhile: the call ends at once then.
    public func refresh(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.call { try await $0.refresh() }
    }

    /// What the desk can do. Not asked of it: known beforehand.
    public func capabilities(isolation: isolated (any Actor)? = #isolation) async throws -> Capabilities {
        try await engine.call { try await $0.capabilities() }
    }

    /// Asks the desk about itself: also a check of the configuration, for your first run.
    ///
    /// - Throws: ``SupportError/invalidConfig(field:message:)`` where the desk does not know the inbox;
    ///   ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)`` where it can't be asked.
    public func deskInfo(isolation: isolated (any Actor)? = #isolation) async throws -> DeskInfo {
        try await engine.call { try await $0.deskInfo() }
    }

    /// How much room the files of whoever is here take on this phone, in bytes.
    public func sizeOnDisk(isolation: isolated (any Actor)? = #isolation) async throws -> SizeOnDisk {
        try await engine.call { try await $0.sizeOnDisk() }
    }

    /// Removes the files of whoever is here that can be fetched again. What is still to be sent stays.
    public func clearCache(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.call { try await $0.clearCache() }
    }

    /// As ``logout(isolation:)``, and no fetched file stays on the phone: for one that many people use. What was still to
    /// be sent is kept, as always.
    public func logoutAndClearCache(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { [self] native in
            somebodyElse(told: try await native.logOutAndClearCache())
        }
    }

    /// There is a network again (`true`), or none (`false`). Never needed, always helpful. ``Shopbell/Shopbell`` tells
    /// it on Apple's systems. A hint: a request that is answered all the same overrules it, and it is doubted after a
    /// while.
    public func networkChanged(_ available: Bool) {
        engine.later { $0.networkChanged(available: available) }
    }

    /// Closes every file, lock and socket, for the app goes to the background. What is being sent may finish first, for
    /// at most three seconds. ``Shopbell/Shopbell`` does it on iOS.
    public func pause(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { try await $0.pause() }
    }

    /// Opens everything again and tries at once what waits. ``Shopbell/Shopbell`` does it on iOS.
    public func resume(isolation: isolated (any Actor)? = #isolation) async throws {
        try await engine.inOrder { try await $0.resume() }
    }

    /// Ends the client for good, after what was asked for before, and waits until every file is closed, though the task
    /// be cancelled. Every loop ends. A second time is no error.
    public func shutdown(isolation: isolated (any Actor)? = #isolation) async {
        await engine.close().value
    }

    /// As ``shutdown(isolation:)``, without waiting.
    public func close() {
        engine.close()
    }

    /// Pauses in its turn, and tells when it has, or could not. Returns at once.
    func pauseLater(_ done: @escaping @Sendable () -> Void) {
        engine.later { native in
            defer { done() }
            try await native.pause()
        }
    }

    /// Resumes in its turn. Returns at once.
    func resumeLater() {
        engine.later { try await $0.resume() }
    }

    /// Another customer may be here: the conversations that were given out are the former's. The loops have been `told`,
    /// or one who does not return to the library keeps them from it: then they begin again, with nothing.
    private func somebodyElse(told: Bool) {
        let conversations = inUse.with { inUse in
            defer { inUse = [:] }
            return inUse.values.compactMap(\.value)
        }
        guard !told else { return }
        shownConversations.renew()
        shownStatus.renew()
        shownUnread.renew()
        for conversation in conversations { conversation.renew() }
    }
}

extension ClientStatus {
    /// Nothing is known of the desk, and why.
    fileprivate init(ofAClientThatFailed error: any Error) {
        let error = SupportError.from(error) as? SupportError
        var setting = ""
        if case .invalidConfig(let field, _) = error { setting = field }
        self.init(
            connection: .unknown, availability: .unknown, verification: .anonymous, unread: 0, history: .unknown,
            refusedFields: 0, notices: DeskNotices(conversationsExposed: false, historyUnavailable: false),
            setupProblem: SetupProblem(setting: setting, message: error?.message ?? ""))
    }
}
