import Foundation
import Testing

@testable import Shopbell

/// When a call returns, every loop's next value shows what it did. What is shown a moment later is a matter of luck, so
/// each test looks at it many times, at once, and says how often it came late.
@Suite(.timeLimit(.minutes(5))) struct EffectsTests {
    private static let rounds = 20

    private func everyTime(_ what: String, _ isThere: (Int) async throws -> Bool) async throws {
        var late = 0
        for round in 0..<Self.rounds where try await !isThere(round) { late += 1 }
        #expect(late == 0, "\(what): late \(late) of \(Self.rounds) times")
    }

    /// Reads a sequence until it is let go of, so that how it is now is at hand.
    private final class Reader: Sendable {
        private let task: Task<Void, Never>

        init<Value>(_ updates: Updates<Value>) {
            task = Task { for await _ in updates {} }
        }

        deinit {
            task.cancel()
        }
    }

    /// A customer with one conversation and an answer that was not seen.
    private func hasAnAnswer(_ client: ShopbellClient, _ desk: Desk, _ who: String) async throws -> String {
        try await client.loginIdentifiedUser(userId: who)
        let conversation = try await client.startConversation()
        try await conversation.send("It is \(who)")
        while try await !desk.texts().contains("It is \(who)") { await Task.yield() }
        try await desk.reply("hello \(who)", to: try #require(try await desk.conversations().last))
        while await client.conversations.now?.first?.preview != "hello \(who)" { try await client.refresh() }
        return conversation.id
    }

    @Test func logout_leavesNothingInAnySequence() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let readers = (Reader(client.conversations), Reader(client.unreadCount))
        let id = try await hasAnAnswer(client, desk, "mai")
        try await everyTime("logout") { _ in
            let conversation = client.conversation(id)
            var screen = conversation.messages.makeAsyncIterator()
            while let messages = await screen.next(), messages.isEmpty {}
            try await client.logout()
            let (list, badge) = await (client.conversations.now, client.unreadCount.now)
            // Nothing, and the end.
            while let messages = await screen.next() {
                if !messages.isEmpty { return false }
            }
            try await client.loginIdentifiedUser(userId: "mai")
            try await client.conversations.until { !$0.isEmpty }
            return list == [] && badge == 0
        }
        withExtendedLifetime(readers) {}
        await client.shutdown()
    }

    @Test func logIn_showsTheCustomersOwnAndNothingOfTheFormers() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let readers = (Reader(client.conversations), Reader(client.unreadCount))
        let (mai, lan) = (try await hasAnAnswer(client, desk, "mai"), try await hasAnAnswer(client, desk, "lan"))
        try await everyTime("log-in") { round in
            let (who, id) = round % 2 == 0 ? ("mai", mai) : ("lan", lan)
            var before = client.conversations.makeAsyncIterator()
            try await client.loginIdentifiedUser(userId: who)
            let (list, badge) = await (client.conversations.now, client.unreadCount.now)
            // One who has read nothing yet reads nothing of the former.
            let next = await before.next()
            return list?.map(\.id) == [id] && next?.map(\.id) == [id] && badge ?? 0 > 0
        }
        withExtendedLifetime(readers) {}
        await client.shutdown()
    }

    @Test func refresh_showsWhatIsNew() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let reader = Reader(client.conversations)
        _ = try await hasAnAnswer(client, desk, "mai")
        try await everyTime("refresh") { round in
            try await desk.reply("answer \(round)")
            try await client.refresh()
            return await client.conversations.now?.first?.preview == "answer \(round)"
        }
        withExtendedLifetime(reader) {}
        await client.shutdown()
    }

    @Test func sentEditedAndDiscardedMessages_areShownSo() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        try await desk.setOffline(true)
        let client = folder.phone(desk)
        client.networkChanged(false)
        let conversation = try await client.startConversation()
        let reader = Reader(conversation.messages)
        try await everyTime("send, edit and discard") { round in
            let id = try await conversation.send("message \(round)")
            let isSent = await conversation.messages.now?.last?.words == "message \(round)"
            try await conversation.edit(id, text: "changed \(round)")
            let isEdited = await conversation.messages.now?.last?.words == "changed \(round)"
            try await conversation.discard(id)
            let left = await conversation.messages.now
            return isSent && isEdited && left == []
        }
        withExtendedLifetime(reader) {}
        await client.shutdown()
    }

    @Test func sentMessages_areShown() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let reader = Reader(conversation.messages)
        try await everyTime("send") { round in
            let id = try await conversation.send("message \(round)")
            return await conversation.messages.now?.contains { $0.id == id } ?? false
        }
        withExtendedLifetime(reader) {}
        await client.shutdown()
    }

    @Test func olderMessages_areShown() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var config = folder.config(desk)
        config.limits = Limits(pageSize: 5)
        let client = ShopbellClient(config)
        let conversation = try await client.startConversation()
        let texts = (1...110).map { "message \($0)" }
        for text in texts { try await conversation.send(text) }
        try await client.conversations.until { $0.first?.waiting == 0 }
        let reader = Reader(conversation.messages)
        try await conversation.messages.until { $0.count >= 5 }
        try await everyTime("loadOlder") { _ in
            let before = await conversation.messages.now?.count ?? 0
            let older = try await conversation.loadOlder()
            #expect(older == .mayExist)
            return await conversation.messages.now?.count == before + 5
        }
        withExtendedLifetime(reader) {}
        await client.shutdown()
    }

    @Test func messagesThatWereSeen_areNotCountedAnyMore() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let readers = (Reader(client.conversations), Reader(client.unreadCount))
        let conversation = client.conversation(try await hasAnAnswer(client, desk, "mai"))
        try await everyTime("markSeen") { round in
            try await desk.reply("answer \(round)")
            try await client.refresh()
            try await client.unreadCount.until { $0 > 0 }
            try await conversation.markSeen()
            let (badge, list) = await (client.unreadCount.now, client.conversations.now)
            return badge == 0 && list?.first?.unread == 0
        }
        withExtendedLifetime(readers) {}
        await client.shutdown()
    }

    /// An app whose callback blocks the library's own thread.
    @Test func callbackThatDoesNotReturn_holdsNoCallUpForEverAndNothingIsReadOfWhoLeft() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let id = try await hasAnAnswer(client, desk, "mai")
        let conversation = client.conversation(id)
        try await conversation.send("look", attachments: [NewAttachment(data: Data("torn".utf8), name: "note.txt")])
        let shown = try await conversation.messages.until { $0.contains { !$0.attachments.isEmpty } }
        let file = try #require(shown.flatMap(\.attachments).first)
        let readers = (Reader(client.conversations), Reader(conversation.messages), Reader(client.status))
        try await client.conversations.until { !$0.isEmpty }
        var screen = conversation.messages.makeAsyncIterator()
        _ = await screen.next()

        let (stuck, tell) = AsyncStream.makeStream(of: Void.self)
        let free = DispatchSemaphore(value: 0)
        let download = Task {
            try await conversation.download(file.id) { _ in
                tell.yield()
                free.wait()
            }
        }
        for await _ in stuck { break }
        try await client.logout()
        // Before and after the callback has returned: what was under way of the former is not told any more.
        let list = Task { await client.conversations.now }
        free.signal()
        free.signal()
        #expect(await list.value == [])
        while let messages = await screen.next() { #expect(messages.isEmpty) }
        try await client.loginIdentifiedUser(userId: "mai")
        #expect(await client.conversations.now?.map(\.id) == [id])
        free.signal()
        download.cancel()
        withExtendedLifetime(readers) {}
        await client.shutdown()
    }
}
