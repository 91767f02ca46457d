import Foundation
import ShopbellBindings

/// A conversation: commands go through it, ``messages`` shows it.
///
/// Every command is safe on the phone when it returns, with or without a network, and reaches the desk by itself; what
/// it did is in every sequence by then. Commands are done in the order in which they were called. Cancelling a call stops
/// the waiting, never the work.
/// While the client is paused commands are kept, all but files, and shown and sent after the resume. A conversation goes
/// on when its anonymous customer logs in.
/// Every command may throw ``SupportError/closed(message:)`` (the client was closed or another customer is here now),
/// ``SupportError/notFound(message:)`` (the customer has no such conversation),
/// ``SupportError/storage(problem:message:)``, and what it names.
///
/// Leave the parameter `isolation` out: it lets a command take its place in the order before anything else runs.
public final class Conversation: Sendable, Identifiable {
    /// Its id on this phone: stable for ever, no secret. Keep it to come back, for state restoration say.
    public let id: String

    private let engine: Engine
    /// The library's handle: it belongs to whoever was here when it was asked for.
    let handle: Task<Result<ShopbellBindings.Conversation, any Error>, Never>
    let shownMessages: Shared<[Message]>
    private let shownTyping: Shared<Typing?>

    init(_ id: String, _ engine: Engine, _ handle: Task<Result<ShopbellBindings.Conversation, any Error>, Never>) {
        self.id = id
        self.engine = engine
        self.handle = handle
        shownMessages = Shared(engine, failure: .stays { _ in [] }) { feed in
            try await handle.value.get().timeline(listener: MessagesObserver(feed))
        }
        shownTyping = Shared(engine, failure: .stays { _ in nil }) { feed in
            try await handle.value.get().typing(listener: TypingObserver(feed))
        }
    }

    /// The messages, oldest first, from the newest page on; ``loadOlder(isolation:)`` brings more, which stay for the
    /// next loop.
    ///
    /// While it is read, the conversation counts as being on screen: messages arrive at once. When the customer has
    /// left it is empty, and ends.
    public var messages: Updates<[Message]> { Updates { self.shownMessages.stream(keeping: self) } }

    /// Who types at the desk, if anybody.
    public var typing: Updates<Typing?> { Updates { self.shownTyping.stream(keeping: self) } }

    /// Sends words, files, or both in one message: returns its id when all of it is safe on the phone and in
    /// ``messages``. The words are trimmed of white space around them, the files are copied; how far they are on their
    /// way is in each attachment's `transfer`. The draft is cleared with it. Writing to a resolved conversation opens it
    /// again.
    ///
    /// Once called, it is sent, whoever is cancelled meanwhile. Where it can't be, and nobody waits any more to hear why,
    /// the words are kept as the draft, unless there is another.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where there is nothing to send, or the text is too long for
    ///   the desk or holds a NUL; ``SupportError/attachmentRefused(number:problem:message:)`` where a file is empty, too
    ///   large, of a type that can't be sent, not there, or one too many (``ShopbellConfig/limits``): then nothing is sent.
    ///   ``SupportError/locationNotRemovable(number:message:)`` where a photo or film may tell where it was taken and that
    ///   can't be removed (``NewAttachment``): nothing is sent either. ``SupportError/unsupported(message:)`` where the
    ///   desk takes no files. ``SupportError/storage(problem:message:)`` where the phone is full; then the text is kept
    ///   as the draft.
    @discardableResult
    public func send(
        _ text: String, attachments: [NewAttachment] = [], isolation: isolated (any Actor)? = #isolation
    ) async throws -> String {
        try await engine.inOrder { [handle] _ in
            let native = try await handle.value.get()
            do {
                return try await attachments.lent { try await native.sendMessage(text: text, attachments: $0) }
            } catch let error as SupportError {
                // Of ours, so the library has not seen the text yet.
                if case .storage = error { try? await native.setDraft(text: text) }
                throw error
            }
        } unheard: { [handle] in
            let native = try await handle.value.get()
            if try await native.draft() == nil { try await native.setDraft(text: text) }
        }
    }

    /// The file of an attachment, or with `thumbnail` the desk's small picture of it: at once where it is on the phone,
    /// which an own one is. It may go later when room is needed, so use it now or copy it to keep it.
    ///
    /// Cancelling its task stops it; what came stays, and the next call goes on from there.
    ///
    /// - Parameters:
    ///   - attachmentId: The attachment's `id`, of a message of this conversation.
    ///   - thumbnail: The small picture, which is there sooner.
    ///   - onProgress: Called on a thread of Shopbell's, a few times a second at most, one call at a time, and not once
    ///     this has returned. Others are told by the same thread: don't keep it.
    /// - Throws: ``SupportError/notFound(message:)`` where there is no such attachment, it is no file, or the desk has it
    ///   no more; ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)`` where the connection broke for good;
    ///   `CancellationError` when the task is cancelled.
    public func download(
        _ attachmentId: String,
        thumbnail: Bool = false,
        isolation: isolated (any Actor)? = #isolation,
        onProgress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> URL {
        let file = Waiting<URL>()
        // Whoever is cancelled meanwhile lets go of it, which cancels it.
        let download = try await engine.call { [handle] native in
            // Says why, where it can't be.
            try await native.opened()
            let observer = DownloadObserver(file, onProgress)
            return try await handle.value.get().download(
                attachment: attachmentId, thumbnail: thumbnail, listener: observer)
        }
        // While it lives, the file stays.
        defer { download.cancel() }
        return try await file.value()
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
    /// Values are checked by the type of their field, but not against its `pattern`: that is up to the app.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where a required field is empty, a value is none of a
    ///   field's choices, or does not fit the type of its field, such as `email`; ``SupportError/notFound(message:)``
    ///   where the message is no form or has no such field.
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

    /// Brings in the page before the oldest message shown: from the phone, else from the desk. The messages are in
    /// ``messages`` when it returns.
    ///
    /// - Throws: ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)`` where the desk had to be asked.
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

    /// Whoever reads begins again, with nothing of what was read until now.
    func renew() {
        shownMessages.renew()
        shownTyping.renew()
    }

    private func inOrder<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (ShopbellBindings.Conversation) async throws -> Value
    ) async throws -> Value {
        try await engine.inOrder { [handle] _ in try await work(handle.value.get()) }
    }
}
