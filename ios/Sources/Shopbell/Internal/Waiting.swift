/// One who waits for the end of some work, and may leave before it.
///
/// The work goes on without whoever left: a message that was being sent when its screen was closed is sent. The
/// continuation is resumed once, whatever comes first.
final class Waiting<Value: Sendable>: Sendable {
    private enum State {
        case begun
        case waited(CheckedContinuation<Value, any Error>)
        case over(Result<Value, any Error>)
    }

    private let state = Guarded(State.begun)

    /// The work has ended. Later ends are none: whether whoever waits hears of this one.
    @discardableResult
    func end(_ result: Result<Value, any Error>) -> Bool {
        let (continuation, isHeard) = state.with { state -> (CheckedContinuation<Value, any Error>?, Bool) in
            switch state {
            case .begun:
                state = .over(result)
                return (nil, true)
            case .waited(let continuation):
                state = .over(result)
                return (continuation, true)
            case .over:
                return (nil, false)
            }
        }
        continuation?.resume(with: result)
        return isHeard
    }

    /// Waits, once. Throws `CancellationError` when the task is cancelled.
    func value(isolation: isolated (any Actor)? = #isolation) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let over = state.with { state -> Result<Value, any Error>? in
                    if case .over(let result) = state { return result }
                    state = .waited(continuation)
                    return nil
                }
                if let over { continuation.resume(with: over) }
            }
        } onCancel: {
            end(.failure(CancellationError()))
        }
    }
}
