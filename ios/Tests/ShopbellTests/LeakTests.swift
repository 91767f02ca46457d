import Foundation
import enum ShopbellBindings.ConversationDiff
import protocol ShopbellBindings.ConversationsListener
import Testing

@testable import Shopbell

/// What is opened and closed ten thousand times leaves nothing behind. One at a time, for the process is measured.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LeakTests {
    @Test func tenThousandLoops_leaveNothingBehind() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.send("hello")
        try await conversation.messages.until { !$0.isEmpty }
        try await flat(rounds: 10_000) { round in
            let loop = Task { for await messages in conversation.messages where !messages.isEmpty { break } }
            if round % 2 == 0 { loop.cancel() }
            await loop.value
        }
        // Behind all that the rounds began and ended.
        try await conversation.setDraft("")
        #expect(conversation.shownMessages.readers == 0)
        #expect(conversation.shownMessages.source == nil)
        await client.shutdown()
    }

    @Test func tenThousandSubscriptions_areAllLetGoOfByTheLibrary() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let engine = Engine(folder.config(desk))
        let counts = Guarded(Counts())
        let shown = Shared(engine) { feed in
            try await engine.native().conversations(listener: Counted(feed, counts), onScreen: false)
        }
        try await flat(rounds: 10_000) { round in
            let loop = Task { for await _ in shown.stream(keeping: shown) { break } }
            if round % 3 == 0 { loop.cancel() }
            await loop.value
        }
        // Behind the last that was begun.
        try await engine.inOrder { _ in }
        while counts.with({ $0.living }) > 0 { await Task.yield() }
        #expect(counts.with { $0.made } == 11_000)
        #expect(shown.readers == 0 && shown.source == nil)
        try await engine.native().shutdown()
    }

    @Test func searchBoxesAndDownloads_leaveNothingBehind() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var config = folder.config(desk)
        config.helpCenter = HelpCenterConfig(portal: "shop", locales: ["en"])
        let client = ShopbellClient(config)
        try await client.helpCenter.sync()
        let conversation = try await client.startConversation()
        try await conversation.send("", attachments: [NewAttachment(data: Data("hello".utf8), name: "note.txt")])
        let sent = try await conversation.messages.until { $0.first?.attachments.first?.transfer == .sent }
        let id = try #require(sent.first?.attachments.first).id
        let boxes = Guarded([Weak<SearchBox>]())
        try await flat(rounds: 1_000) { round in
            let box = client.helpCenter.searchAsYouType()
            boxes.with { $0.append(Weak(box)) }
            box.setText("return")
            let search = Task { for try await _ in box.results { break } }
            let download = Task { try await conversation.download(id) }
            if round % 2 == 0 {
                search.cancel()
                download.cancel()
            }
            _ = await (search.result, download.result)
            #expect(box.shown.readers == 0)
        }
        // In line behind the last of them.
        try await client.helpCenter.forgetSearches()
        while boxes.with({ $0.contains { $0.value != nil } }) { await Task.yield() }
        await client.shutdown()
    }

    /// Memory, threads and open files are after so many rounds what they were after a tenth of them.
    private func flat(rounds: Int, _ round: (Int) async throws -> Void) async throws {
        for number in 0..<rounds / 10 { try await round(number) }
        let before = Held()
        for number in 0..<rounds { try await round(number) }
        let after = Held()
        print("\(rounds) rounds: before \(before), after \(after)")
        // Other tests run meanwhile; leaks of thousands would be more.
        #expect(after.bytes - before.bytes < 64 << 20)
        #expect(after.threads - before.threads < 500)
        #expect(after.files - before.files < 500)
    }
}

/// What the process holds now.
private struct Held {
    let bytes: Int
    let threads: Int
    let files: Int

    init() {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        bytes = (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * 4_096
        threads = Self.count("/proc/self/task")
        files = Self.count("/proc/self/fd")
    }

    private static func count(_ folder: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.count ?? 0
    }
}

private struct Counts {
    var made = 0
    var living = 0
}

/// A listener that is counted.
private final class Counted: ConversationsListener {
    private let feed: Feed<Int>
    private let counts: Guarded<Counts>

    init(_ feed: Feed<Int>, _ counts: Guarded<Counts>) {
        self.feed = feed
        self.counts = counts
        counts.with {
            $0.made += 1
            $0.living += 1
        }
    }

    deinit {
        counts.with { $0.living -= 1 }
    }

    func onBatch(batch: [ConversationDiff]) {
        feed.give(batch.count)
    }
}
