/// How something is, and how it changes: the value now, then the newest whenever it has changed.
///
/// ```swift
/// for await count in Shopbell.unreadCount {
///     badge = count
/// }
/// ```
/// The loop ends when its task is cancelled, when the client is closed, or when what is observed is over. One over
/// ``Shopbell/Shopbell`` itself ends with its task only: it may begin before ``Shopbell/Shopbell/initialize(_:)``, and
/// goes on with the next client. Where a client can't be opened, a loop shows nothing, and ``ShopbellClient/status``
/// why. Any number of loops may run at once, in any task; a slow one misses what lay between, never the newest. Once a
/// call of the client has returned, the next value is what it left, or newer; nothing of a customer who has left comes
/// after their log-out.
public struct Updates<Element: Sendable>: AsyncSequence, Sendable {
    private let begin: @Sendable () -> AsyncIterator

    init(stream: @escaping @Sendable () -> Reading<Element>) {
        begin = { AsyncIterator(inner: stream().makeAsyncIterator(), follower: nil) }
    }

    /// Of one client after the other.
    init(following follower: @escaping @Sendable () -> Follower<Element>) {
        begin = { AsyncIterator(inner: Reading([]).makeAsyncIterator(), follower: follower()) }
    }

    /// Begins to observe.
    public func makeAsyncIterator() -> AsyncIterator { begin() }

    /// How it is now, as soon as that is known; `nil` where there is nothing to observe any more.
    public var now: Element? {
        get async {
            for await value in self { return value }
            return nil
        }
    }

    /// Observes until it is let go of.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Reading<Element>.AsyncIterator
        let follower: Follower<Element>?

        /// The next value; `nil` at the end.
        public mutating func next() async -> Element? {
            while true {
                if let value = await inner.next() { return value }
                guard !Task.isCancelled, let reading = await follower?.next() else { return nil }
                inner = reading.makeAsyncIterator()
            }
        }
    }
}
