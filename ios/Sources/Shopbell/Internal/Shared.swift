import ShopbellBindings

/// What ends a subscription of the library.
protocol Source: AnyObject, Sendable {
    func cancel()
}

extension ShopbellBindings.Subscription: Source {}
extension ShopbellBindings.Timeline: Source {}

/// How many events wait for a slow reader: more than a customer causes in an hour.
private let mostWaiting = 256

/// One subscription of the library for any number of readers.
///
/// ```text
///  nobody reads ── first reader ──▶ run n: begin(feed) … value, value, … ── last one leaves ──▶ cancel
///                                        ├── the library lets go of the feed ──▶ every reader ends
///                                        └── it can't begin ──▶ what `failure` says
/// ```
/// Each run has a number, so that what is late of an earlier one is known as such. Readers get the newest value: one
/// who is slow misses those between, unless they are events. The value of a state is handed over when its reader goes on
/// and not when it is given, so that nobody goes on with one that another has taken the place of: see ``Reading``. No
/// call leaves here under the lock, except to wake a reader, which runs nothing.
final class Shared<Value: Sendable>: Sendable {
    /// Subscribes, and lets go of the feed when it fails.
    typealias Begin = @Sendable (Feed<Value>) async throws -> any Source

    fileprivate struct State {
        var run = 0
        var value: Value?
        var source: (any Source)?
        var readers: [Int: Reader<Value>] = [:]
        var nextReader = 0
    }

    enum Kind {
        /// How something is: a new reader gets the value now, a slow one misses those between.
        case state
        /// What happens: a new reader gets what comes, a slow one all of it, up to `mostWaiting`.
        case events
    }

    /// What readers see where it can't begin.
    enum Failure: Sendable {
        /// They end.
        case ends
        /// They get this, and end.
        case told(@Sendable (any Error) -> Value)
        /// They get this, and end when the client is closed.
        case stays(@Sendable (any Error) -> Value)
    }

    private let state = Guarded(State())
    private let engine: Engine
    private let kind: Kind
    private let failure: Failure
    private let begin: Begin

    init(_ engine: Engine, _ kind: Kind = .state, failure: Failure = .ends, _ begin: @escaping Begin) {
        self.engine = engine
        self.kind = kind
        self.failure = failure
        self.begin = begin
    }

    /// What a new reader reads. It leaves when its task is cancelled, or when it lets go of this. Until then `owner`
    /// lives.
    func stream(keeping owner: AnyObject & Sendable) -> Reading<Value> {
        let waiting = Guarded([Value]())
        let most = kind == .state ? 1 : mostWaiting
        let ticks = AsyncStream<Void>(bufferingPolicy: .bufferingNewest(most)) { continuation in
            let (reader, run) = join(Reader(waiting: waiting, most: most, wake: continuation))
            continuation.onTermination = { [self] _ in
                leave(reader)
                withExtendedLifetime(owner) {}
            }
            if let run { begin(run) }
        }
        return Reading(ticks: ticks, waiting: waiting)
    }

    /// Begins again where somebody reads, with nothing of what was read until now: whoever was here may have left, and
    /// the library could not say so.
    func renew() {
        let (source, run) = state.with { state -> ((any Source)?, Int?) in
            guard !state.readers.isEmpty else { return (nil, nil) }
            let source = state.take()
            for reader in state.readers.values { reader.waiting.with { $0 = [] } }
            return (source, state.run)
        }
        source?.cancel()
        if let run { begin(run) }
    }

    private func begin(_ run: Int) {
        let feed = Feed(self, run)
        let begun = engine.later { [self] _ in started(try await begin(feed), run) }
        Task.detached(priority: .userInitiated) { [self] in
            // The feed lives until then: letting go of it ends the readers.
            defer { withExtendedLifetime(feed) {} }
            guard case .failure(let error) = await begun.value else { return }
            switch failure {
            case .ends: return
            case .told(let value): feed.give(value(error))
            case .stays(let value):
                feed.give(value(error))
                started(Nothing(feed, until: engine.closed), run)
            }
        }
    }

    /// The subscription, if anybody reads.
    var source: (any Source)? { state.with { $0.source } }

    /// How many read, for tests.
    var readers: Int { state.with { $0.readers.count } }

    /// The reader's number, and the run's where it is to be begun.
    private func join(_ reader: Reader<Value>) -> (reader: Int, begun: Int?) {
        state.with { state in
            let isFirst = state.readers.isEmpty
            if isFirst { state.run += 1 }
            state.nextReader += 1
            state.readers[state.nextReader] = reader
            if let value = state.value { reader.give(value) }
            return (state.nextReader, isFirst ? state.run : nil)
        }
    }

    private func leave(_ reader: Int) {
        let source = state.with { state -> (any Source)? in
            guard state.readers.removeValue(forKey: reader) != nil, state.readers.isEmpty else { return nil }
            return state.take()
        }
        source?.cancel()
    }

    private func started(_ source: any Source, _ run: Int) {
        let isWanted = state.with { state in
            guard state.run == run, !state.readers.isEmpty else { return false }
            state.source = source
            return true
        }
        if !isWanted { source.cancel() }
    }

    fileprivate func give(_ value: Value, _ run: Int) {
        state.with { state in
            guard state.run == run, !state.readers.isEmpty else { return }
            if kind == .state { state.value = value }
            for reader in state.readers.values { reader.give(value) }
        }
    }

    fileprivate func end(_ run: Int) {
        let (readers, source) = state.with { state in
            guard state.run == run else { return ([Reader<Value>](), nil as (any Source)?) }
            let readers = Array(state.readers.values)
            state.readers = [:]
            return (readers, state.take())
        }
        for reader in readers { reader.wake.finish() }
        source?.cancel()
    }
}

extension Shared.State {
    /// The run is over.
    fileprivate mutating func take() -> (any Source)? {
        run += 1
        value = nil
        defer { source = nil }
        return source
    }
}

/// In the place of a subscription that can't begin: keeps the readers until the client is closed.
private final class Nothing<Value: Sendable>: Source {
    private let task: Task<Void, Never>

    init(_ feed: Feed<Value>, until closed: Gate) {
        let passed = closed.passed()
        task = Task.detached(priority: .userInitiated) {
            for await _ in passed {}
            feed.end()
        }
    }

    func cancel() { task.cancel() }
}

/// One who reads: what waits for it, and what wakes it.
private struct Reader<Value: Sendable>: Sendable {
    let waiting: Guarded<[Value]>
    let most: Int
    let wake: AsyncStream<Void>.Continuation

    func give(_ value: Value) {
        waiting.with { waiting in
            if waiting.count >= most { waiting.removeFirst() }
            waiting.append(value)
        }
        wake.yield()
    }
}

/// What one reader reads: the value that waits when it goes on.
struct Reading<Element: Sendable>: AsyncSequence, Sendable {
    fileprivate let ticks: AsyncStream<Void>
    fileprivate let waiting: Guarded<[Element]>

    fileprivate init(ticks: AsyncStream<Void>, waiting: Guarded<[Element]>) {
        self.ticks = ticks
        self.waiting = waiting
    }

    /// These, and then the end.
    init(_ values: [Element]) {
        waiting = Guarded(values)
        ticks = AsyncStream { continuation in
            for _ in values { continuation.yield() }
            continuation.finish()
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(ticks: ticks.makeAsyncIterator(), waiting: waiting)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var ticks: AsyncStream<Void>.Iterator
        fileprivate let waiting: Guarded<[Element]>

        /// The next value; `nil` at the end.
        mutating func next() async -> Element? {
            while await ticks.next() != nil {
                // None where it was taken in the place of the one before.
                if let value = waiting.with({ $0.isEmpty ? nil : $0.removeFirst() }) { return value }
            }
            return nil
        }
    }
}

/// Where a run's values go. Its readers end when it is let go of: whenever the library drops a listener, for whatever
/// reason, nobody waits in vain.
final class Feed<Value: Sendable>: Sendable {
    // Not held: whoever reads holds it, and its source holds this.
    private let shared: Guarded<Weak<Shared<Value>>>
    private let run: Int

    fileprivate init(_ shared: Shared<Value>, _ run: Int) {
        self.shared = Guarded(Weak(shared))
        self.run = run
    }

    deinit {
        end()
    }

    /// The value now.
    func give(_ value: Value) {
        shared.with { $0.value }?.give(value, run)
    }

    /// Nothing more comes.
    func end() {
        shared.with { $0.value }?.end(run)
    }
}

/// A reference that does not hold.
struct Weak<Object: AnyObject> {
    weak var value: Object?

    init(_ value: Object) {
        self.value = value
    }
}
