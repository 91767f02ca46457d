import ShopbellBindings

/// A conversation: commands go through it, ``messages`` shows it.
///
/// Every command is safe on the phone when it returns, with or without a network, and reaches the desk by itself.
/// Commands are done in the order in which they were called. Cancelling a call stops the waiting, never the work.
/// Every command may throw ``SupportError/paused(message:)``, ``SupportError/closed(message:)`` (the client was closed
/// or another customer is here now), ``SupportError/storage(problem:message:)``, and what it names.
///
/// Leave the parameter `isolation` out: it lets a command take its place in the order before anything else runs.
public final class Conversation: Sendable, Identifiable {
    /// Its id on this phone: stable for ever, no secret. Keep it to come back, for state restoration say.
    public let id: String

    private let engine: Engine
    /// The library's handle: it belongs to whoever was here when it was asked for.
    private let handle: Task<Result<ShopbellBindings.Conversation, any Error>, Never>
    let shownMessages: Shared<[Message]>
    private let shownTyping: Shared<Typing?>

    init(_ id: String, _ engine: Engine, _ handle: Task<Result<ShopbellBindings.Conversation, any Error>, Never>) {
        self.id = id
        self.engine = engine
        self.handle = handle
        shownMessages = Shared(engine) { feed in
            try await handle.value.get().timeline(listener: MessagesObserver(feed))
        }
        shownTyping = Shared(engine) { feed in
            try await handle.value.get().typing(listener: TypingObserver(feed))
        }
    }

    /// The messages, oldest first, from the newest page on; ``loadOlder(isolation:)`` brings more.
    ///
    /// While it is read, the conversation counts as being on screen: messages arrive at once. When the customer has
    /// left it is empty, and ends.
    public var messages: Updates<[Message]> { Updates { self.shownMessages.stream(keeping: self) } }

    /// Who types at the desk, if anybody.
    public var typing: Updates<Typing?> { Updates { self.shownTyping.stream(keeping: self) } }

    /// Sends a message, trimmed of white space around it: returns its id when it is safe on the phone and in
    /// ``messages``. The draft is cleared with it. Writing to a resolved conversation opens it again.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where it is empty, too long for the desk or holds a NUL.
    @discardableResult
    public func send(_ text: String, isolation: isolated (any Actor)? = #isolation) async throws -> String {
        try await inOrder { try await $0.send(text: text) }
    }

    /// Tries a message or an answer that needs attention again, or one that waits, at once.
    ///
    /// - Throws: ``SupportError/notFound(message:)``; ``SupportError/conflict(message:)`` where it has arrived.
    public func retry(_ messageId: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.retry(message: messageId) }
    }

    /// Changes the words of a message that waits or needs attention, and sends it.
    ///
    /// - Throws: ``SupportError/conflict(message:)`` where it is on its way, may have arrived, or has.
    public func edit(
        _ messageId: String, text: String, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.edit(message: messageId, text: text) }
    }

    /// Removes a message that waits or needs attention. One that may have reached the desk all the same comes back if
    /// it has.
    ///
    /// - Throws: ``SupportError/conflict(message:)`` where it is on its way or has arrived.
    public func discard(_ messageId: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.discard(message: messageId) }
    }

    /// Picks a choice of a ``Content/select(text:choices:answer:)``, by its value.
    ///
    /// - Throws: ``SupportError/notFound(message:)`` where the message or the choice does not exist.
    public func choose(
        _ messageId: String, value: String, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.choose(message: messageId, value: value) }
    }

    /// Fills in a ``Content/form(text:fields:button:answer:)``: a value for each field by its name; fields left out are
    /// empty.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where a required field is empty or a value is none of a
    ///   field's choices; ``SupportError/notFound(message:)`` where the message is no form or has no such field.
    public func fillIn(
        _ messageId: String, values: [String: String], isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let values = values.map { FieldValue(name: $0.key, value: $0.value) }
        try await inOrder { try await $0.fillIn(message: messageId, values: values) }
    }

    /// Answers a ``Content/survey(text:scale:answer:)``: 1 (worst) to 5, and what the customer adds. May be answered
    /// again.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where the score is none; ``SupportError/notFound(message:)``
    ///   where the message is no survey.
    public func rate(
        _ messageId: String, score: Int, feedback: String = "", isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder {
            try await $0.rate(message: messageId, score: Int32(clamping: score), feedback: feedback)
        }
    }

    /// Brings in the page before the oldest message shown: from the phone, else from the desk. The messages come into
    /// ``messages``.
    ///
    /// - Throws: ``SupportError/offline(message:)`` and its kin where the desk had to be asked.
    public func loadOlder(isolation: isolated (any Actor)? = #isolation) async throws -> Older {
        try await engine.call { [self] _ in
            // On screen until the page is there, whoever else reads.
            let held = shownMessages.stream(keeping: self)
            defer { withExtendedLifetime(held) {} }
            // Behind what begins the timeline.
            let source = try await engine.later { [shownMessages] _ in shownMessages.source }.value.get()
            guard let timeline = source as? ShopbellBindings.Timeline else {
                throw SupportError.closed(message: "closed: the customer or the client that it belongs to has gone")
            }
            return try await timeline.loadOlder()
        }
    }

    /// Keeps what the customer has begun to write; empty clears it.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where it is too long for the desk.
    public func setDraft(_ text: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.setDraft(text: text) }
    }

    /// What the customer had begun to write.
    public func draft(isolation: isolated (any Actor)? = #isolation) async throws -> String? {
        try await inOrder { try await $0.draft() }
    }

    /// The customer pressed a key (`true`), or stopped (`false`). A signal of the moment. Returns at once.
    public func setTyping(_ typing: Bool) {
        engine.later { [handle] _ in try await handle.value.get().setTyping(typing: typing) }
    }

    /// The customer has seen everything that is here. Call it when the newest message is visible.
    public func markSeen(isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.markSeen() }
    }

    /// Ends the conversation at the desk; its status changes when the desk has done so.
    ///
    /// - Throws: ``SupportError/notFound(message:)`` where nothing was ever said in it;
    ///   ``SupportError/unsupported(message:)`` where the desk can't.
    public func resolve(isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.resolve() }
    }

    private func inOrder<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (ShopbellBindings.Conversation) async throws -> Value
    ) async throws -> Value {
        try await engine.inOrder { [handle] _ in try await work(handle.value.get()) }
    }
}
