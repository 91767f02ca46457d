#if canImport(Network)
    import Dispatch
    import Network

    /// Tells a client of the network, as long as it is held.
    final class NetworkWatch: @unchecked Sendable {
        // Its methods may be called from anywhere; older SDKs don't say so.
        private let monitor = NWPathMonitor()

        init(_ client: ShopbellClient) {
            monitor.pathUpdateHandler = { [weak client] path in
                // A path that requires a connection has one as soon as something is sent, as with a VPN on demand.
                client?.networkChanged(path.status != .unsatisfied)
            }
            monitor.start(queue: DispatchQueue(label: "shopbell.network"))
        }

        deinit {
            monitor.cancel()
        }
    }
#endif
