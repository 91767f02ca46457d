// Stands in for Network where there is none: what Shopbell uses of it, as Apple documents it.

import Dispatch

public final class NWPathMonitor {
    public init() {}
    public final var pathUpdateHandler: (@Sendable (NWPath) -> Void)?
    public final func start(queue: DispatchQueue) {}
    public final func cancel() {}
}

public struct NWPath: Sendable {
    public enum Status: Sendable { case satisfied, unsatisfied, requiresConnection }
    public let status: Status
}
