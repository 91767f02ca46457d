import Foundation
import Testing

@testable import Shopbell

/// Cancelling, closing, letting go.
@Suite(.timeLimit(.minutes(5))) struct LifeTests {
    @Test func callThatIsCancelled_stopsWaitingAndItsWorkIsDone() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        var wanted: [String] = []
        for round in 0..<12 {
            let text = "round \(round)"
            let sending = Task {
                // Some are cancelled before they begin, some while they wait, some not at all.
                for _ in 0..<(round % 4) { await Task.yield() }
                try await conversation.send(text)
            }
            sending.cancel()
            if case .failure(let error) = await sending.result { #expect(error is CancellationError) }
            wanted.append(text)
        }
        try await desk.untilTexts(wanted)
        await client.shutdown()
    }

    @Test func messageWithFilesWhoseCallerIsCancelled_isSentWhole() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let bytes = Data(repeating: 0x78, count: 300_000)
        let file = try folder.file("torn.txt", bytes)
        var wanted: [String] = []
        for round in 0..<20 {
            let sending = Task {
                // Before it begins, and at twenty places while it waits.
                if round > 0 { await Task.yield() }
                try await conversation.send(
                    "round \(round)",
                    attachments: [NewAttachment(file: file), NewAttachment(data: bytes, name: "note.txt")])
            }
            for _ in 0..<round { await Task.yield() }
            sending.cancel()
            if case .failure(let error) = await sending.result { #expect(error is CancellationError) }
            wanted.append("round \(round)")
        }
        let sent = try await conversation.messages.until { $0.words == wanted }
        #expect(sent.allSatisfy { $0.attachments.map(\.name) == ["torn.txt", "note.txt"] })
        #expect(sent.allSatisfy { $0.attachments.allSatisfy { $0.size == 300_000 } })
        try await desk.untilTexts(wanted)
        await client.shutdown()
    }

    @Test func wordsThatCannotBeSent_areTheDraftWhereNobodyHearsOfIt() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let gone = NewAttachment(file: folder.url.appendingPathComponent("gone"))
        for round in 0..<20 {
            let conversation = try await client.startConversation()
            let sending = Task { try await conversation.send("the words", attachments: [gone]) }
            for _ in 0..<round { await Task.yield() }
            sending.cancel()
            guard case .failure(let error) = await sending.result else { throw NoFailure() }
            // In order, so behind what becomes of the words.
            let draft = try await conversation.draft()
            #expect(draft == (error is CancellationError ? "the words" : nil), "round \(round): \(error)")
        }
        // What the customer writes meanwhile stays.
        let conversation = try await client.startConversation()
        try await conversation.setDraft("something else")
        let sending = Task { try await conversation.send("the words", attachments: [gone]) }
        sending.cancel()
        _ = await sending.result
        #expect(try await conversation.draft() == "something else")
        await client.shutdown()
    }

    @Test func waitForADeskThatNeverAnswers_endsWhenItIsCancelled() async throws {
        let (desk, folder) = (try Desk("--fault", "GET hang"), DataFolder())
        let client = folder.phone(desk)
        try await client.opened()
        let asking = Task { try await client.deskInfo() }
        await Task.yield()
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        await client.shutdown()
    }

    @Test func commandsOfOneActor_areDoneInTheOrderOfTheCalls() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        // Fewer than a page, which is what a loop begins with.
        let wanted = (0..<40).map { "press \($0)" }
        await pressed(wanted, conversation)
        try await conversation.messages.until { $0.words == wanted }
        await client.shutdown()
    }

    @MainActor private func pressed(_ texts: [String], _ conversation: Conversation) async {
        let presses = texts.map { text in Task { try await conversation.send(text) } }
        for press in presses { _ = await press.result }
    }

    @Test func loop_endsWhenItsTaskIsCancelled() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let (begun, tell) = AsyncStream.makeStream(of: Void.self)
        let loop = Task { for await _ in conversation.messages { tell.yield() } }
        _ = await begun.first { true }
        #expect(conversation.shownMessages.readers == 1)
        loop.cancel()
        await loop.value
        #expect(conversation.shownMessages.readers == 0)
        #expect(conversation.shownMessages.source == nil)
        await client.shutdown()
    }

    @Test func loopThatIsLeft_letsGoOfEverything() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        weak var gone: Conversation?
        do {
            let conversation = try await client.startConversation()
            gone = conversation
            for await _ in conversation.messages { break }
        }
        // Its command is the newest, and is held until the next one.
        try await client.startConversation().setDraft("x")
        while gone != nil { await Task.yield() }
        await client.shutdown()
    }

    @Test func readersShareOneSubscription_andEachGetsTheNewest() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let readers = (0..<20).map { _ in Task { try await conversation.messages.until { $0.words == ["a", "b"] } } }
        try await conversation.send("a")
        try await conversation.send("b")
        for reader in readers { _ = try await reader.value }
        #expect(client.conversation(conversation.id) === conversation)
        await client.shutdown()
    }

    @Test func callsAfterShutdown_areClosedAndLoopsEnd() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let loops = [
            Task { for await _ in conversation.messages {} },
            Task { for await _ in conversation.typing {} },
            Task { for await _ in client.conversations {} },
            Task { for await _ in client.unreadCount {} },
            Task { for await _ in client.status {} },
        ]
        try await conversation.send("hello")
        await client.shutdown()
        await client.shutdown()
        client.close()
        for loop in loops { await loop.value }
        let calls: [@Sendable () async throws -> Void] = [
            { try await client.opened() },
            { try await client.loginIdentifiedUser(userId: "mai") },
            { try await client.loginUnidentifiedUser() },
            { try await client.logout() },
            { try await client.refresh() },
            { try await client.pause() },
            { try await client.resume() },
            { _ = try await client.startConversation() },
            { _ = try await client.capabilities() },
            { try await conversation.send("x") },
            { try await client.conversation("c1").send("x") },
            { _ = try await conversation.loadOlder() },
            { _ = try await conversation.draft() },
            { _ = try await conversation.download("c1.1") },
            { _ = try await client.sizeOnDisk() },
            { try await client.clearCache() },
            { try await client.logoutAndClearCache() },
        ]
        for call in calls { #expect(try await failure(of: call).name == "closed") }
        conversation.setTyping(true)
        client.networkChanged(true)
        for await _ in conversation.messages { Issue.record("nothing comes from a closed client") }
        for await _ in client.conversations { Issue.record("nothing comes from a closed client") }
    }

    @Test func clientThatIsLetGoOf_givesItsFilesBack() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var id = ""
        do {
            let client = folder.phone(desk)
            let conversation = try await client.startConversation()
            try await conversation.send("one")
            id = conversation.id
        }
        let again = folder.phone(desk)
        try await again.conversation(id).messages.until { $0.words == ["one"] }
        await again.shutdown()
    }

    @Test func workOnABorrowedClient_isClosedBeforeItReturns() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let lent = try await ShopbellClient.with(folder.config(desk)) { client in
            try await client.startConversation().send("from an extension")
            return client
        }
        #expect(try await failure { try await lent.opened() }.name == "closed")
        let thrown = try await failure {
            try await ShopbellClient.with(folder.config(desk)) { try await $0.conversation("none").markSeen() }
        }
        #expect(thrown.name == "notFound")
    }
}
