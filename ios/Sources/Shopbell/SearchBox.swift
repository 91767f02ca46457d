import ShopbellBindings

/// A search box of the help centre: what is typed goes in, ``results`` shows what is found. The last word stands.
///
/// ```swift
/// let box = Shopbell.helpCenter.searchAsYouType()
/// box.setText("return") // after every keystroke
/// for try await found in box.results {
///     print(found.hits.map(\.article.title))
/// }
/// ```
/// Any task may use it. ``setText(_:)`` and ``setCategory(_:)`` return at once, and keep what they are told while nobody
/// reads. Leaving the last loop over ``results`` counts what was typed last as a search.
///
/// ```text
///  setText ──▶ what is in the box ──▶ the library's box, while somebody reads ──▶ results
///                     └────────────── anything else is late, and left out ───────────┘
/// ```
public final class SearchBox: Sendable {
    fileprivate struct Asked: Sendable {
        var text: String
        var category: String?
    }

    private struct State {
        /// `nil` until something is to be found.
        var asked: Asked?
        let category: String?
        /// To the library's box, while somebody reads.
        var tell: AsyncStream<Asked>.Continuation?
    }

    private let engine: Engine
    private let state: Guarded<State>
    let shown: Shared<Result<SearchResults, any Error>>

    /// Finds nothing before something is typed, where `text` is none.
    init(_ engine: Engine, text: String?, category: String?) {
        let asked = text.map { Asked(text: $0, category: category) }
        let state = Guarded(State(asked: asked, category: category))
        self.engine = engine
        self.state = state
        shown = Shared(engine, failure: .told { .failure($0) }) { feed in
            let help = try await engine.native().helpCenter()
            // Fails where there is no help centre, which a box would be silent about.
            _ = try await help.recentSearches()
            let (typed, tell) = AsyncStream.makeStream(of: Asked.self)
            let run = Run(help.searchAsYouType(listener: SearchObserver(feed)), tell, typed)
            state.with { state in
                state.tell = tell
                if let asked = state.asked { tell.yield(asked) }
            }
            return run
        }
    }

    /// What is found for what is in the box: at once, then whenever the box or the articles change. The newest keystroke
    /// wins: results of an older one never come after it. Empty text gives the most read articles and the recent
    /// searches. Any number of loops may run at once.
    public var results: SearchUpdates { SearchUpdates { self.read(typing: nil) } }

    /// The text in the box, after every keystroke.
    public func setText(_ text: String) {
        change { $0.text = text }
    }

    /// Only articles of this category, by its slug; `nil` for all.
    public func setCategory(_ slug: String?) {
        change { $0.category = slug }
    }

    /// The customer pressed "search": what is in the box becomes one of the recent searches. Cancelling it stops the
    /// waiting, never the work.
    ///
    /// - Throws: ``SupportError`` as every call of ``HelpCenter``.
    public func submit(isolation: isolated (any Actor)? = #isolation) async throws {
        let text = state.with { $0.asked?.text ?? "" }
        try await engine.inOrder { try await $0.helpCenter().submitSearch(text: text) }
    }

    /// One who reads, for as long as whoever types is held.
    func read(typing: Keystrokes?) -> SearchUpdates.AsyncIterator {
        SearchUpdates.AsyncIterator(inner: shown.stream(keeping: self).makeAsyncIterator(), box: self, typing: typing)
    }

    /// Whether this is what is in the box now: a reader may come late.
    fileprivate func asks(for results: SearchResults) -> Bool {
        state.with { $0.asked?.text == results.query && $0.asked?.category == results.category }
    }

    private func change(_ change: (inout Asked) -> Void) {
        state.with { state in
            var asked = state.asked ?? Asked(text: "", category: state.category)
            change(&asked)
            state.asked = asked
            state.tell?.yield(asked)
        }
    }

    /// The library's box while it is read, and what tells it what was typed, in that order.
    private final class Run: Source {
        private let box: ShopbellBindings.SearchBox
        private let tell: AsyncStream<Asked>.Continuation

        init(
            _ box: ShopbellBindings.SearchBox, _ tell: AsyncStream<Asked>.Continuation, _ typed: AsyncStream<Asked>
        ) {
            self.box = box
            self.tell = tell
            Task.detached(priority: .userInitiated) {
                for await asked in typed {
                    box.setCategory(slug: asked.category)
                    box.setText(text: asked.text)
                }
            }
        }

        func cancel() {
            // What was told before is done.
            tell.finish()
            box.cancel()
        }
    }
}

/// What a search finds, keystroke by keystroke: see ``SearchBox/results``.
///
/// The loop ends when its task is cancelled or the client is closed. It throws ``SupportError`` where nothing can be
/// searched: ``SupportError/invalidConfig(field:message:)`` without a help centre, ``SupportError/paused(message:)``. A
/// slow loop misses what lay between, never the newest.
public struct SearchUpdates: AsyncSequence, Sendable {
    /// What is found.
    public typealias Element = SearchResults

    let begin: @Sendable () -> AsyncIterator

    /// Begins to search.
    public func makeAsyncIterator() -> AsyncIterator { begin() }

    /// Searches until it is let go of.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Reading<Result<SearchResults, any Error>>.AsyncIterator
        let box: SearchBox
        let typing: Keystrokes?

        /// The next results; `nil` at the end.
        public mutating func next() async throws -> SearchResults? {
            // Typed into for as long as somebody asks.
            defer { withExtendedLifetime(typing) {} }
            while let found = await inner.next() {
                let results = try found.get()
                if box.asks(for: results) { return results }
            }
            return nil
        }
    }
}

/// Types what comes until it is let go of.
final class Keystrokes: Sendable {
    private let task: Task<Void, any Error>

    init<Typed: AsyncSequence & Sendable>(_ typed: Typed, into box: SearchBox) where Typed.Element == String {
        task = Task.detached(priority: .userInitiated) {
            for try await text in typed { box.setText(text) }
        }
    }

    deinit {
        task.cancel()
    }
}

// What is typed is the customer's.
extension SearchBox: Wordless {
    var outline: String { "SearchBox" }
}
