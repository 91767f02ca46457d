#if canImport(os)
    import os
    import ShopbellBindings

    extension ShopbellLog {
        /// Sends the log to the system's, which Xcode and Console show, under `subsystem`.
        public static func toSystem(level: LogLevel = .info, subsystem: String = "com.shopbell") {
            let log = Logger(subsystem: subsystem, category: "Shopbell")
            setReceiver(level: level) { records in
                for record in records {
                    let type = record.level.osLogType
                    log.log(level: type, "\(record.target, privacy: .public) \(record.message, privacy: .public)")
                }
            }
        }
    }

    extension LogLevel {
        fileprivate var osLogType: OSLogType {
            switch self {
            case .error: .error
            case .warn, .info: .default
            case .debug: .info
            case .trace: .debug
            }
        }
    }
#endif
