import Foundation
import Shopbell
import Snippets
import Testing

/// The door of the process: one test at a time, for there is one door.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DoorTests {
    @Test func door_isShutUntilItIsOpenedAndAfterItIsClosed() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let unopened = try await failure { try await Shopbell.loginUnidentifiedUser() }
        #expect(unopened.name == "invalidConfig" && unopened.message.contains("initialize"))
        #expect(await Shopbell.unreadCount.now == 0)
        #expect(try await failure { for try await _ in Shopbell.searchHelpCenter("x") {} }.name == "invalidConfig")
        Shopbell.close()

        let clock = ContinuousClock()
        var config = folder.config(desk)
        config.helpCenter = HelpCenterConfig(portal: "shop", locales: ["en"])
        let took = clock.measure { Shopbell.initialize(config) }
        print("initialize took \(took)")
        let client = Shopbell.client
        Shopbell.initialize(config)
        #expect(Shopbell.client === client)
        try await Shopbell.loginIdentifiedUser(userId: "mai")
        let conversation = try await Shopbell.startConversation()
        try await conversation.send("hello")
        try await Shopbell.conversation(conversation.id).messages.until { $0.words == ["hello"] }
        try await Shopbell.conversations.until { $0.count == 1 }
        try await Shopbell.status.until { $0.connection == .online || $0.connection == .live }
        try await Shopbell.refresh()
        try await Shopbell.helpCenter.sync()
        let found = try await Shopbell.searchHelpCenter("return").until { !$0.hits.isEmpty }
        let (typed, type) = AsyncStream.makeStream(of: String.self)
        type.yield("return")
        #expect(try await Shopbell.searchHelpCenter(typed).until { _ in true } == found)
        #expect(try await !Shopbell.suggestions(try #require(found.hits.first).article.title).isEmpty)

        let elsewhere = DataFolder()
        Shopbell.initialize(elsewhere.config(desk))
        #expect(Shopbell.client !== client)
        #expect(try await failure { try await conversation.send("x") }.name == "closed")
        try await Shopbell.conversations.until { $0.isEmpty }
        Shopbell.close()
        #expect(try await failure { try await Shopbell.logout() }.name == "invalidConfig")
    }

    @Test func loopBegunBeforeInitialize_goesOnWithEveryClient() async throws {
        let (desk, first, second) = (try Desk(), DataFolder(), DataFolder())
        let (lengths, tell) = AsyncStream.makeStream(of: Int.self)
        let loops = [
            Task { for await list in Shopbell.conversations { tell.yield(list.count) } },
            Task { for await _ in Shopbell.status { tell.yield(-1) } },
        ]
        var seen = lengths.makeAsyncIterator()
        func until(_ length: Int) async { while let next = await seen.next(), next != length {} }
        await until(0)
        Shopbell.initialize(first.config(desk))
        await until(-1)
        try await Shopbell.startConversation().send("to the first")
        await until(1)
        Shopbell.initialize(second.config(desk))
        await until(0)
        try await Shopbell.startConversation().send("to the second")
        await until(1)
        Shopbell.close()
        await until(0)
        for loop in loops { loop.cancel() }
        for loop in loops { await loop.value }
    }

    @Test func linesOfTheReadme_chat() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let app = Task { try await snippetREADME1(folder.config(desk)) }
        try await desk.untilTexts(["Is the blue bag waterproof?"])
        app.cancel()
        // The loop is over, and the lines with it, wherever they were.
        if case .failure(let error) = await app.result { #expect(error is CancellationError) }
        await Shopbell.client.shutdown()
        Shopbell.close()
    }

    /// An app that has types of the same names means ours by the door's.
    @Test func namesOfTheApp_areNotInTheWay() {
        struct Message { let mine = true }
        #expect(Message().mine)
        let theirs: Shopbell.Message? = nil
        #expect(theirs == nil)
        let conversation: Shopbell.Conversation? = nil
        #expect(conversation == nil)
    }
}
