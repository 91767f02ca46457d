import ShopbellBindings

/// The native client, and the order in which it is called.
///
/// - **Opening happens off the caller's thread**; calls wait for it.
/// - **Commands are done in the order in which they were called.** Each is a local transaction, so the next one waits
///   for a millisecond, or until the files of a message are copied. Whatever waits for the network is `call`ed, out of
///   line.
/// - **Work never lives in the caller's task.** It runs in a task of its own, to its end; a caller who is cancelled
///   stops waiting. What is called by a task that was cancelled before is done all the same: a customer pressed send.
final class Engine: Sendable {
    typealias Native = ShopbellBindings.Client

    private let opening: Task<Native, any Error>
    /// Waits for the newest command.
    private let newest = Guarded<@Sendable () async -> Void>({})
    /// Passed once the client is closed, or nobody has it any more.
    let closed = Gate()

    init(_ config: ShopbellConfig) {
        opening = Task.detached(priority: .userInitiated) {
            let native = try Native(config: ShopbellLog.noting { try config.native() })
            try await native.opened()
            return native
        }
    }

    /// Every call fails with this.
    init(failing error: SupportError) {
        opening = Task { throw error }
        closed.open()
    }

    /// The client, once it is open.
    func native() async throws -> Native {
        try await opening.value
    }

    /// Closes the client after every command that was called before, where it could be opened.
    @discardableResult
    func close() -> Task<Void, Never> {
        let last = later { await $0.shutdown() }
        return Task.detached(priority: .userInitiated) { [closed] in
            _ = await last.value
            closed.open()
        }
    }

    /// Does it after every command that was called before.
    @discardableResult
    func later<Value: Sendable>(
        _ work: @escaping @Sendable (Native) async throws -> Value
    ) -> Task<Result<Value, any Error>, Never> {
        let opening = opening
        return newest.with { newest in
            let before = newest
            let task = Task.detached(priority: .userInitiated) {
                await before()
                return await outcome { try await work(opening.value) }
            }
            newest = { _ = await task.value }
            return task
        }
    }

    /// The same, and waits for its end.
    func inOrder<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (Native) async throws -> Value
    ) async throws -> Value {
        try await ended(later(work))
    }

    /// The same for what must not be lost with whoever is cancelled: where it fails and nobody hears of it, `unheard` is
    /// done before anything else.
    func inOrder<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (Native) async throws -> Value,
        unheard: @escaping @Sendable () async throws -> Void
    ) async throws -> Value {
        let waiting = Waiting<Value>()
        let task = later { native in
            let result = await outcome { try await work(native) }
            let isHeard = waiting.end(result)
            if case .failure = result, !isHeard { try await unheard() }
        }
        Task.detached(priority: .userInitiated) {
            // Where it did not come to the work: the client did not open.
            if case .failure(let error) = await task.value { waiting.end(.failure(error)) }
        }
        return try await waiting.value()
    }

    /// Does it at once, and waits for its end.
    func call<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ work: @escaping @Sendable (Native) async throws -> Value
    ) async throws -> Value {
        let opening = opening
        return try await ended(
            Task.detached(priority: .userInitiated) { await outcome { try await work(opening.value) } }
        )
    }

    private func ended<Value: Sendable>(
        _ task: Task<Result<Value, any Error>, Never>,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Value {
        let waiting = Waiting<Value>()
        Task.detached(priority: .userInitiated) { waiting.end(await task.value) }
        return try await waiting.value()
    }
}

/// How work ended; what the library throws is ours by then.
private func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
    do {
        return .success(try await work())
    } catch {
        return .failure(SupportError.from(error))
    }
}
