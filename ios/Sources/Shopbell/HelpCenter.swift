import Foundation
import ShopbellBindings

/// The help centre: articles on the phone, searched as one types, with no network. Follows whoever is here: recent
/// searches, votes and reading positions are theirs.
///
/// Every answer comes from the phone; ``sync(isolation:)`` fetches what is new, and using the help centre does so by
/// itself when the articles are old. Every call may come from any task, and none blocks. Cancelling a call stops the
/// waiting, never the work. Every call may throw ``SupportError/invalidConfig(field:message:)`` where
/// ``ShopbellConfig/helpCenter`` names no help centre or its starter pack can't be read, ``SupportError/paused(message:)``,
/// ``SupportError/closed(message:)``, ``SupportError/storage(problem:message:)``, and what it names.
///
/// Leave the parameter `isolation` out: it lets a command take its place in the order before anything else runs.
public final class HelpCenter: Sendable {
    private let engine: Engine
    private let shownChanges: Shared<Result<Void, any Error>>
    private let shownEvents: Shared<Result<HelpEvent, any Error>>

    init(_ engine: Engine) {
        self.engine = engine
        shownChanges = Shared(engine, failure: .told { .failure($0) }) { feed in
            try await engine.native().helpCenter().observe(listener: HelpChangesObserver(feed))
        }
        shownEvents = Shared(engine, .events, failure: .told { .failure($0) }) { feed in
            try await engine.native().helpCenter().observe(listener: HelpEventsObserver(feed))
        }
    }

    // MARK: To find

    /// The categories that have articles, in the customer's language, in the desk's order.
    public func categories(isolation: isolated (any Actor)? = #isolation) async throws -> [HelpCategory] {
        try await call { try await $0.categories() }
    }

    /// The articles of a category by its slug, or all, in the desk's order.
    public func articles(
        category: String? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> [ArticleSummary] {
        try await call { try await $0.articles(category: category) }
    }

    /// The most read articles: what to show before anything is typed. At most twelve.
    public func popular(isolation: isolated (any Actor)? = #isolation) async throws -> [ArticleSummary] {
        try await call { try await $0.popular() }
    }

    /// A search box, empty to begin with: for a text field that calls ``SearchBox/setText(_:)``.
    public func searchAsYouType(category: String? = nil) -> SearchBox {
        SearchBox(engine, text: "", category: category)
    }

    /// Searches as one types: `typed` is the text in the box, after every keystroke. The newest keystroke wins: results
    /// of an older one never come after it. They also come anew when the articles change, and go on when `typed` has
    /// ended. Empty text gives the most read articles and the recent searches. Leaving the loop counts what was typed
    /// last as a search.
    public func search<Typed: AsyncSequence & Sendable>(
        _ typed: Typed, category: String? = nil
    ) -> SearchUpdates where Typed.Element == String {
        SearchUpdates { [engine] in
            let box = SearchBox(engine, text: nil, category: category)
            return box.read(typing: Keystrokes(typed, into: box))
        }
    }

    /// Searches once: at most twelve articles, the best first. For a search box use ``searchAsYouType(category:)``.
    public func search(
        _ text: String, category: String? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws -> SearchResults {
        try await call { try await $0.search(text: text, category: category) }
    }

    /// What is found for one text, now and whenever the articles change.
    func searchUpdates(_ text: String) -> SearchUpdates {
        SearchUpdates { [engine] in SearchBox(engine, text: text, category: nil).read(typing: nil) }
    }

    /// Up to three articles that may answer what the customer is writing to an agent; none where none fits. Call it as
    /// they write, and show what comes above the keyboard.
    public func suggestions(
        _ draft: String, isolation: isolated (any Actor)? = #isolation
    ) async throws -> [ArticleHit] {
        try await call { try await $0.suggest(draft: draft) }
    }

    // MARK: To read

    /// An article, whole. Opening it counts as reading it: for the figures, and for what an agent is told if the customer
    /// asks all the same.
    ///
    /// - Throws: ``SupportError/notFound(message:)`` where it is not on the phone.
    public func article(_ id: String, isolation: isolated (any Actor)? = #isolation) async throws -> Article {
        try await call { try await $0.article(id: id) }
    }

    /// The id of the article that a link leads to, if it is one of this help centre and on the phone: for links in
    /// agents' messages. Those within an article come with it.
    public func articleForLink(_ url: String, isolation: isolated (any Actor)? = #isolation) async throws -> String? {
        try await call { try await $0.articleForLink(url: url) }
    }

    /// A picture of an article, as a file: fetched the first time, there without a network after that. Don't change it.
    /// It may go when pictures of more than 32 MiB are kept.
    ///
    /// - Throws: ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)`` where it has to be fetched and can't be;
    ///   ``SupportError/rejected(reason:message:)`` where there is no picture at that address, or one of more than 5 MiB;
    ///   ``SupportError/notFound(message:)`` for an address that is none.
    public func picture(_ url: String, isolation: isolated (any Actor)? = #isolation) async throws -> URL {
        URL(fileURLWithPath: try await call { try await $0.picture(url: url) })
    }

    /// Keeps how far the customer has read, from 0 to 1.
    ///
    /// - Throws: ``SupportError/invalidInput(field:message:)`` where it is less, more or no number.
    public func setReadingPosition(
        _ id: String, position: Float, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.setReadingPosition(id: id, position: position) }
    }

    // MARK: To say

    /// The customer says whether an article helped, and if they like, why; the last word stands. Safe on the phone when
    /// it returns.
    ///
    /// - Throws: ``SupportError/notFound(message:)`` where there is no such article;
    ///   ``SupportError/invalidInput(field:message:)`` where the reason has more than 500 characters or a NUL.
    public func vote(
        _ id: String, helpful: Bool, reason: String? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.vote(id: id, helpful: helpful, reason: reason) }
    }

    /// "This helped": the customer needs no agent. What they had searched for is learnt for this article.
    ///
    /// - Throws: ``SupportError/notFound(message:)`` where there is no such article.
    public func helped(_ id: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await inOrder { try await $0.helped(id: id) }
    }

    /// "I still need help": the customer goes on to this conversation, and the agents are told what was read.
    ///
    /// - Throws: ``SupportError/closed(message:)`` where the conversation is not of whoever is here.
    public func askedAnyway(
        _ conversation: Conversation, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.askedAnyway(conversation: conversation.handle.value.get()) }
    }

    /// What the customer searched for last, newest first; at most eight.
    public func recentSearches(isolation: isolated (any Actor)? = #isolation) async throws -> [String] {
        try await call { try await $0.recentSearches() }
    }

    /// Forgets one of the recent searches, or all.
    public func forgetSearches(
        _ search: String? = nil, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await inOrder { try await $0.forgetSearches(search: search) }
    }

    // MARK: To keep up

    /// Asks the desk for the articles now; whether anything changed. What is on the phone stays searchable meanwhile, and
    /// whatever comes of it.
    ///
    /// - Throws: ``SupportError/offline(message:)``, ``SupportError/deskUnavailable(message:)`` or
    ///   ``SupportError/busy(retryAfterMillis:message:)``; ``SupportError/invalidConfig(field:message:)`` where the
    ///   desk has no such help centre; ``SupportError/unsupported(message:)`` where it has none at all.
    @discardableResult
    public func sync(isolation: isolated (any Actor)? = #isolation) async throws -> Bool {
        try await call { try await $0.sync() }
    }

    /// What the help centre has done on this phone: how many questions it answered, and how many it could not.
    public func figures(isolation: isolated (any Actor)? = #isolation) async throws -> HelpFigures {
        try await call { try await $0.figures() }
    }

    /// Tells at once, and whenever the articles have changed: then ask again for what is on screen.
    public var changes: HelpChanges { HelpChanges { self.shownChanges.stream(keeping: self) } }

    /// What happens in the help centre, for your analytics.
    public var events: HelpEvents { HelpEvents { self.shownEvents.stream(keeping: self) } }

    private func call<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (ShopbellBindings.HelpCenter) async throws -> Value
    ) async throws -> Value {
        try await engine.call { try await work($0.helpCenter()) }
    }

    /// For what the customer did.
    private func inOrder<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (ShopbellBindings.HelpCenter) async throws -> Value
    ) async throws -> Value {
        try await engine.inOrder { try await work($0.helpCenter()) }
    }
}

/// Tells that the articles have changed: see ``HelpCenter/changes``.
///
/// The loop ends when its task is cancelled or the client is closed. It throws
/// ``SupportError/invalidConfig(field:message:)`` where there is no help centre.
public struct HelpChanges: AsyncSequence, Sendable {
    /// That they have.
    public typealias Element = Void

    let stream: @Sendable () -> Reading<Result<Void, any Error>>

    /// Begins to listen.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(inner: stream().makeAsyncIterator())
    }

    /// Listens until it is let go of.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Reading<Result<Void, any Error>>.AsyncIterator

        /// The next change; `nil` at the end.
        public mutating func next() async throws -> Void? {
            try await inner.next()?.get()
        }
    }
}

/// What happens in the help centre, from when the loop begins: each event once, in order. The loop ends when its task is
/// cancelled or the client is closed, and throws ``SupportError/invalidConfig(field:message:)`` where there is no help
/// centre. A loop that is 256 events late loses the oldest.
///
/// An event holds what the customer typed: hand on no more of it than your customers agreed to.
public struct HelpEvents: AsyncSequence, Sendable {
    /// What happened.
    public typealias Element = HelpEvent

    let stream: @Sendable () -> Reading<Result<HelpEvent, any Error>>

    /// Begins to listen.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(inner: stream().makeAsyncIterator())
    }

    /// Listens until it is let go of.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Reading<Result<HelpEvent, any Error>>.AsyncIterator

        /// The next event; `nil` at the end.
        public mutating func next() async throws -> HelpEvent? {
            try await inner.next()?.get()
        }
    }
}

/// Which help centre, in which languages.
public struct HelpCenterConfig: Equatable, Sendable {
    /// The help centre's slug, from the desk's settings.
    public var portal: String
    /// The customer's languages, the best first, as tags (`vi-VN`): `Locale.preferredLanguages`, say. Empty for the help
    /// centre's own.
    public var locales: [String]
    /// A starter pack that the app brings along: what is shown before the first sync.
    public var starterPack: URL?
    /// How old the articles may be when the help centre is used before they are asked for again, in milliseconds; 1
    /// hour.
    public var refreshAfterMillis: Int64?

    /// What is left out suits most apps. Nothing is checked here: the first call tells what can't be.
    public init(
        portal: String, locales: [String] = [], starterPack: URL? = nil, refreshAfterMillis: Int64? = nil
    ) {
        self.portal = portal
        self.locales = locales
        self.starterPack = starterPack
        self.refreshAfterMillis = refreshAfterMillis
    }

    /// As the library takes it.
    func native() throws -> ShopbellBindings.HelpCenterConfig {
        if let starterPack, !starterPack.isFileURL {
            throw SupportError.invalidConfig(
                field: "helpCenter.starterPack", message: "the starter pack's URL must be a file URL")
        }
        return ShopbellBindings.HelpCenterConfig(
            portal: portal, locales: locales, starterPack: starterPack?.path, refreshAfterMillis: refreshAfterMillis)
    }
}
