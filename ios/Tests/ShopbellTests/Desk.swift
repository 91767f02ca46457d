import Foundation
import Shopbell
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The vocabulary: a desk in a process of its own, a phone, and what is waited for.
final class Desk: @unchecked Sendable {
    let url: String
    private let process: Process

    /// Opens one on a free port, with nobody at it. `SHOPBELL_SANDBOX` says where its program is.
    init(_ arguments: String...) throws {
        let program = try #require(ProcessInfo.processInfo.environment["SHOPBELL_SANDBOX"], "checks/swift sets it")
        process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--port", "0", "--no-bot", "--no-csat", "--greeting", ""] + arguments
        let output = Pipe()
        process.standardOutput = output
        // Nothing of the tests' own is held open by what they started.
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // "The desk is open at http://127.0.0.1:41234, inbox `shop`. …", written in one go.
        let welcome = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let url = welcome.split(separator: " ").first { $0.hasPrefix("http://") }
        self.url = String(try #require(url, "the desk says where it is").dropLast())
    }

    deinit {
        process.terminate()
    }

    /// What the customers' messages say, oldest first.
    func texts() async throws -> [String] {
        try await messages().map { $0["content"] as? String ?? "" }
    }

    /// The files of the customers' messages, oldest first, as the desk has them.
    func files() async throws -> [Data] {
        var files: [Data] = []
        for attachment in try await messages().flatMap({ $0["attachments"] as? [[String: Any]] ?? [] }) {
            let url = try #require(URL(string: attachment["data_url"] as? String ?? ""))
            files.append(try await URLSession.shared.data(from: url).0)
        }
        return files
    }

    /// The customers' messages, oldest first.
    private func messages() async throws -> [[String: Any]] {
        var messages: [(id: Int, message: [String: Any])] = []
        for conversation in try await conversations() {
            let page = try await request("GET", "api/v1/accounts/1/conversations/\(conversation)/messages")
            for message in (page as? [String: Any])?["payload"] as? [[String: Any]] ?? [] {
                guard message["message_type"] as? Int == 0, let id = message["id"] as? Int else { continue }
                messages.append((id, message))
            }
        }
        return messages.sorted { $0.id < $1.id }.map(\.message)
    }

    /// The first conversation as the desk has it, with what it knows of the customer.
    func customer() async throws -> String {
        String(describing: try await request("GET", "api/v1/accounts/1/conversations/1"))
    }

    func untilTexts(_ wanted: [String]) async throws {
        while try await texts() != wanted { await Task.yield() }
    }

    /// The numbers of the conversations, oldest first.
    func conversations() async throws -> [Int] {
        let list = try await request("GET", "api/v1/accounts/1/conversations") as? [String: Any]
        let rows = (list?["data"] as? [String: Any])?["payload"] as? [[String: Any]] ?? []
        return rows.compactMap { $0["id"] as? Int }.sorted()
    }

    /// An agent answers, in the first conversation or in another.
    func reply(_ text: String, _ more: [String: any Sendable] = [:], to number: Int? = nil) async throws {
        let first = try await conversations().first
        let conversation = try #require(number ?? first)
        let body = more.merging(["content": text]) { $1 }
        try await request("POST", "api/v1/accounts/1/conversations/\(conversation)/messages", body)
    }

    /// An agent types in the first conversation, or stops.
    func type(_ typing: Bool) async throws {
        let conversation = try #require(try await conversations().first)
        let body = ["typing_status": typing ? "on" : "off"]
        try await request("POST", "api/v1/accounts/1/conversations/\(conversation)/toggle_typing_status", body)
    }

    /// Takes the desk off the customers' network, or puts it back.
    func setOffline(_ offline: Bool) async throws {
        try await request("POST", "sandbox/offline", ["offline": offline])
    }

    /// What the customers' network does to them.
    func setFaults(_ rules: [String]) async throws {
        try await request("PUT", "sandbox/faults", rules)
    }

    @discardableResult
    private func request(_ method: String, _ path: String, _ body: Any? = nil) async throws -> Any {
        var request = URLRequest(url: try #require(URL(string: "\(url)/\(path)")))
        request.httpMethod = method
        if let body {
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (answer, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        try #require((200..<300).contains(status), "\(method) \(path): \(status)")
        return answer.isEmpty ? [:] : try JSONSerialization.jsonObject(with: answer, options: .fragmentsAllowed)
    }
}

/// A folder of its own, gone at the end.
final class DataFolder: Sendable {
    let url: URL

    init() {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("shopbell-\(UUID().uuidString)")
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func config(_ desk: Desk) -> ShopbellConfig {
        config(desk.url)
    }

    /// A place for a file of the app's.
    func file(_ name: String, _ bytes: Data) throws -> URL {
        let files = url.appendingPathComponent("app")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let file = files.appendingPathComponent(name)
        try bytes.write(to: file)
        return file
    }

    func config(_ deskUrl: String) -> ShopbellConfig {
        let limits = Limits(requestTimeoutMillis: 5_000, settleMillis: 300, idlePollMillis: 500, activePollMillis: 200)
        return ShopbellConfig(deskUrl: deskUrl, inbox: "shop", folder: .url(url), limits: limits)
    }

    /// A phone that keeps what it has here.
    func phone(_ desk: Desk) -> ShopbellClient {
        ShopbellClient(config(desk))
    }
}

extension Message {
    /// What it says.
    var words: String {
        if case .text(let text) = content { text } else { "" }
    }
}

extension AsyncSequence {
    /// The next one for which it is so. Fails where the sequence ends before.
    @discardableResult
    func until(_ isSo: (Element) throws -> Bool) async throws -> Element {
        for try await value in self where try isSo(value) { return value }
        throw Ended()
    }
}

extension Array where Element == Message {
    var words: [String] { map(\.words) }
}

struct Ended: Error {}

/// What the call throws.
func failure(of call: () async throws -> Void) async throws -> SupportError {
    do {
        try await call()
    } catch let error as SupportError {
        return error
    }
    throw NoFailure()
}

struct NoFailure: Error {}

extension SupportError {
    /// Its case, without what it holds.
    var name: String {
        switch self {
        case .invalidConfig: "invalidConfig"
        case .invalidInput: "invalidInput"
        case .attachmentRefused: "attachmentRefused"
        case .locationNotRemovable: "locationNotRemovable"
        case .notFound: "notFound"
        case .conflict: "conflict"
        case .offline: "offline"
        case .untrusted: "untrusted"
        case .deskUnavailable: "deskUnavailable"
        case .busy: "busy"
        case .rejected: "rejected"
        case .identityRejected: "identityRejected"
        case .unsupported: "unsupported"
        case .storage: "storage"
        case .paused: "paused"
        case .closed: "closed"
        case .internal: "internal"
        }
    }
}
