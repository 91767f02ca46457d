/// The clients of the process, one after the other.
final class Clients<Client: AnyObject & Sendable>: Sendable {
    private struct State {
        var client: Client?
        /// How many changes there were.
        var changes = 0
        var changed = Gate()
    }

    private let state = Guarded(State())

    /// The one that there is now.
    var now: Client? { state.with { $0.client } }

    /// Puts another in its place, or none.
    func change(to client: Client?) {
        let changed = state.with { state in
            state.client = client
            state.changes += 1
            defer { state.changed = Gate() }
            return state.changed
        }
        changed.open()
    }

    /// The client after so many changes and how many there are by then; waits where there are no more. `nil` where the
    /// task is cancelled.
    func next(after seen: Int?) async -> (client: Client?, changes: Int)? {
        while !Task.isCancelled {
            let (client, changes, changed) = state.with { ($0.client, $0.changes, $0.changed.passed()) }
            if changes != seen { return (client, changes) }
            for await _ in changed {}
        }
        return nil
    }
}

/// Reads what a client shows, and goes on with the next client's when it has ended.
final class Follower<Element: Sendable>: Sendable {
    private let following: @Sendable (Int?) async -> (reading: Reading<Element>?, changes: Int)?
    private let seen = Guarded<Int?>(nil)

    /// Where there is no client, `initial` is shown.
    init<Client>(
        _ clients: Clients<Client>, initial: Element?, _ read: @escaping @Sendable (Client) -> Reading<Element>
    ) {
        following = { seen in
            guard let (client, changes) = await clients.next(after: seen) else { return nil }
            return (client.map(read) ?? initial.map { Reading([$0]) }, changes)
        }
    }

    /// What is to be read next; `nil` where the task is cancelled.
    func next() async -> Reading<Element>? {
        while let (reading, changes) = await following(seen.with({ $0 })) {
            seen.with { $0 = changes }
            if let reading { return reading }
        }
        return nil
    }
}
