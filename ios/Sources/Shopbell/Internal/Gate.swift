/// Something that happens once, for any number who wait for it. Letting go of it is its happening.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [Int: AsyncStream<Never>.Continuation] = [:]
        var next = 0
    }

    private let state = Guarded(State())

    /// It has happened. A second time is no error.
    func open() {
        let waiting = state.with { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for one in waiting { one.finish() }
    }

    /// Ends when it has happened, or when the task that reads it is cancelled.
    func passed() -> AsyncStream<Never> {
        AsyncStream { continuation in
            let number = state.with { state -> Int? in
                guard !state.isOpen else { return nil }
                state.next += 1
                state.waiting[state.next] = continuation
                return state.next
            }
            guard let number else { return continuation.finish() }
            // Not held: who waits must not keep it from being let go of.
            continuation.onTermination = { [weak self] _ in
                self?.state.with { _ = $0.waiting.removeValue(forKey: number) }
            }
        }
    }
}
