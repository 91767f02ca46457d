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
///                                        └── the library lets go of the feed ──▶ every reader ends
/// ```
/// Each run has a number, so that what is late of an earlier one is known as such. Readers get the newest value: one
/// who is slow misses those between, unless they are events. No call leaves here under the lock, except to hand over a
/// value, which runs nothing.
final class Shared<Value: Sendable>: Sendable {
    /// Subscribes, and lets go of the feed when it fails.
    typealias Begin = @Sendable (Feed<Value>) async throws -> any Source

    fileprivate struct State {
        var run = 0
        var value: Value?
        var source: (any Source)?
        var readers: [Int: AsyncStream<Value>.Continuation] = [:]
        var nextReader = 0
    }

    enum Kind {
        /// How something is: a new reader gets the value now, a slow one misses those between.
        case state
        /// What happens: a new reader gets what comes, a slow one all of it, up to `mostWaiting`.
        case events
    }

    private let state = Guarded(State())
    private let engine: Engine
    private let kind: Kind
    private let failure: (@Sendable (any Error) -> Value)?
    private let begin: Begin

    /// With `failure`, readers are told of one that can't begin before they end.
    init(
        _ engine: Engine, _ kind: Kind = .state, failure: (@Sendable (any Error) -> Value)? = nil,
        _ begin: @escaping Begin
    ) {
        self.engine = engine
        self.kind = kind
        self.failure = failure
        self.begin = begin
    }

    /// What a new reader reads. It leaves when its task is cancelled, or when it lets go of the stream. Until then
    /// `owner` lives.
    func stream(keeping owner: AnyObject & Sendable) -> AsyncStream<Value> {
        AsyncStream(bufferingPolicy: .bufferingNewest(kind == .state ? 1 : mostWaiting)) { continuation in
            let (reader, run) = join(continuation)
            continuation.onTermination = { [self] _ in
                leave(reader)
                withExtendedLifetime(owner) {}
            }
            guard let run else { return }
            let feed = Feed(self, run)
            let begun = engine.later { [self] _ in started(try await begin(feed), run) }
            guard let failure else { return }
            Task.detached(priority: .userInitiated) {
                // The feed lives until then: letting go of it ends the readers.
                if case .failure(let error) = await begun.value { feed.give(failure(error)) }
                withExtendedLifetime(feed) {}
            }
        }
    }

    /// The subscription, if anybody reads.
    var source: (any Source)? { state.with { $0.source } }

    /// How many read, for tests.
    var readers: Int { state.with { $0.readers.count } }

    /// The reader's number, and the run's where it is to be begun.
    private func join(_ continuation: AsyncStream<Value>.Continuation) -> (reader: Int, begun: Int?) {
        state.with { state in
            let isFirst = state.readers.isEmpty
            if isFirst { state.run += 1 }
            state.nextReader += 1
            state.readers[state.nextReader] = continuation
            if let value = state.value { continuation.yield(value) }
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
            for reader in state.readers.values { reader.yield(value) }
        }
    }

    fileprivate func end(_ run: Int) {
        let (readers, source) = state.with { state in
            guard state.run == run else { return ([AsyncStream<Value>.Continuation](), nil as (any Source)?) }
            let readers = Array(state.readers.values)
            state.readers = [:]
            return (readers, state.take())
        }
        for reader in readers { reader.finish() }
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
