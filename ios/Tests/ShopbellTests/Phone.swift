import Foundation
import Shopbell
import Testing

/// A phone in a process of its own, to be killed.
final class Phone: @unchecked Sendable {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()

    init(_ config: ShopbellConfig) throws {
        guard case .url(let folder) = config.folder else { throw Ended() }
        // It is built next to the tests.
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("phone")
        process.arguments = [config.deskUrl, config.inbox, folder.path]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        kill()
    }

    /// Sends a message in a new conversation: returns the conversation's id when the message is kept.
    func send(_ text: String) throws -> String {
        try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        return try #require(line.split(separator: "\n").first.map(String.init), "the phone says what it has kept")
    }

    /// At once, as the system does.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
