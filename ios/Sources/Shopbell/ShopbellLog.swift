import ShopbellBindings

/// Shopbell's log, for the whole process. Quiet until somebody takes it.
public enum ShopbellLog {
    /// Sends the log to `receiver`, from `level` up, in place of the one before; `nil` stops it.
    ///
    /// It is called on a thread of the log's own, one call at a time, with lines that hold no secret and nothing that
    /// anybody wrote. Nobody who logs ever waits: where the receiver is too slow, lines are dropped and counted.
    public static func setReceiver(level: LogLevel = .info, _ receiver: (@Sendable ([LogRecord]) -> Void)?) {
        current.with { $0 = receiver }
        setLogSink(sink: receiver.map(Receiver.init), level: level)
    }

    private static let current = Guarded<(@Sendable ([LogRecord]) -> Void)?>(nil)

    /// Logs what goes wrong on this side of the library before a client can be opened.
    static func noting<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch {
            let message = "Shopbell can't start error=\(error)"
            current.with { $0 }?([LogRecord(level: .error, target: "shopbell::swift", message: message)])
            throw error
        }
    }
}

private final class Receiver: LogSink {
    private let receiver: @Sendable ([LogRecord]) -> Void

    init(_ receiver: @escaping @Sendable ([LogRecord]) -> Void) {
        self.receiver = receiver
    }

    func onRecords(records: [LogRecord]) {
        receiver(records)
    }
}
