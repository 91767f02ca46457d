/// How something is, and how it changes: the value now, then the newest whenever it has changed.
///
/// ```swift
/// for await count in Shopbell.unreadCount {
///     badge = count
/// }
/// ```
/// The loop ends when its task is cancelled, when the client is closed, or when what is observed is over. Any number
/// of loops may run at once, in any task; a slow one misses what lay between, never the newest. Once a call of the client
/// has returned, the next value is what it left, or newer; nothing of a customer who has left comes after their log-out.
public struct Updates<Element: Sendable>: AsyncSequence, Sendable {
    let stream: @Sendable () -> Reading<Element>

    /// Begins to observe.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(inner: stream().makeAsyncIterator())
    }

    /// How it is now; `nil` where there is nothing to observe any more.
    public var now: Element? {
        get async {
            for await value in self { return value }
            return nil
        }
    }

    /// Observes until it is let go of.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var inner: Reading<Element>.AsyncIterator

        /// The next value; `nil` at the end.
        public mutating func next() async -> Element? {
            await inner.next()
        }
    }
}
