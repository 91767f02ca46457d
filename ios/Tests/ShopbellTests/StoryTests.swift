import Foundation
import Shopbell
import Testing

/// The story that every language tells: chat, offline, killed and opened again, logged out.
@Suite(.timeLimit(.minutes(5))) struct StoryTests {
    @Test func messageAndAnswer_areShownAndTold() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let id = try await conversation.send(" Is the blue bag waterproof? ")
        let sent = try await conversation.messages.until { $0.first?.delivery == .sent }
        #expect(sent.words == ["Is the blue bag waterproof?"])
        #expect(sent.first?.id == id)
        #expect(sent.first?.author == .customer)
        #expect(try #require(sent.first).createdAt.timeIntervalSinceNow < 60)

        try await desk.reply("Yes, **fully**.")
        let answered = try await conversation.messages.until { $0.words.count == 2 }
        #expect(answered.words == ["Is the blue bag waterproof?", "Yes, **fully**."])
        #expect(answered.last?.blocks == parseMarkdown(source: "Yes, **fully**."))

        try await client.conversations.until { $0.map(\.id) == [conversation.id] && $0.first?.preview == "Yes, fully." }
        try await client.unreadCount.until { $0 > 0 }
        try await conversation.markSeen()
        try await client.unreadCount.until { $0 == 0 }
        await client.shutdown()
    }

    @Test func whatIsWrittenOffline_isKeptThroughAKillAndDeliveredOnce() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        try await desk.setOffline(true)
        let phone = try Phone(folder.config(desk))
        let id = try phone.send("Do you ship to Đà Nẵng? 🛵")
        phone.kill()

        let client = folder.phone(desk)
        let conversation = client.conversation(id)
        let kept = try await conversation.messages.until { !$0.isEmpty }
        #expect(kept.words == ["Do you ship to Đà Nẵng? 🛵"])
        #expect(try await desk.texts() == [])
        try await desk.setOffline(false)
        client.networkChanged(true)
        try await conversation.messages.until { $0.first?.delivery == .sent }
        #expect(try await desk.texts() == ["Do you ship to Đà Nẵng? 🛵"])
        await client.shutdown()
    }

    @Test func whoeverLogsOut_leavesNothingOnScreenAndFindsItAgain() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let profile = CustomerProfile(name: "Mai", attributes: ["plan": "gold", "orders": 3])
        try await client.loginIdentifiedUser(userId: "mai", profile: profile)
        let conversation = try await client.startConversation()
        try await conversation.send("My order is late")
        try await conversation.messages.until { $0.words == ["My order is late"] }
        let watcher = Task { await conversation.messages.reduce(into: [[Message]]()) { $0.append($1) } }
        try await conversation.messages.until { !$0.isEmpty }

        try await client.logout()
        // The loop has ended by itself, and nothing is left in it.
        #expect(await watcher.value.last.map(\.isEmpty) ?? true)
        #expect(try await failure { try await conversation.send("x") }.name == "closed")
        try await client.conversations.until { $0.isEmpty }

        try await client.loginIdentifiedUser(userId: "mai")
        let list = try await client.conversations.until { $0.count == 1 }
        let again = client.conversation(try #require(list.first).id)
        #expect(again !== conversation)
        try await again.messages.until { $0.words == ["My order is late"] }
        try await client.loginUnidentifiedUser()
        try await client.conversations.until { $0.isEmpty }
        await client.shutdown()
    }

    @Test func anonymousCustomer_staysWhoTheyAreAndKeepsTheConversationAtLogIn() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.send("hello")
        try await client.loginUnidentifiedUser(profile: CustomerProfile(name: "Somebody"))
        #expect(await client.conversations.now?.map(\.id) == [conversation.id])
        try await client.loginIdentifiedUser(userId: "mai")
        let kept = try await client.conversations.until { $0.count == 1 }
        try await client.conversation(kept[0].id).messages.until { $0.words == ["hello"] }
        await client.shutdown()
    }

    @Test func questions_areAnsweredAndKeptUntilTheDeskHasThem() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.send("I want to return it")
        try await desk.untilTexts(["I want to return it"])
        let items = [["title": "Too small", "value": "small"], ["title": "Broken", "value": "broken"]]
        try await desk.reply("Why?", ["content_type": "input_select", "content_attributes": ["items": items]])
        let asked = try await conversation.messages.until { $0.contains { $0.isQuestion } }
        let question = try #require(asked.first { $0.isQuestion })
        #expect(try await failure { try await conversation.choose(question.id, value: "blue") }.name == "notFound")
        try await conversation.choose(question.id, value: "broken")
        try await conversation.messages.until { $0.contains { $0.answer?.state == .sent } }
        #expect(try await failure { try await conversation.rate(question.id, score: 5) }.name == "notFound")
        await client.shutdown()
    }

    @Test func draftsAndTyping_goBothWays() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.setDraft("Is the bl")
        #expect(try await conversation.draft() == "Is the bl")
        try await conversation.send("Is the blue one left?")
        #expect(try await conversation.draft() == nil)
        try await desk.untilTexts(["Is the blue one left?"])

        // The connection that tells it is up while the messages are read.
        let screen = Task { for await _ in conversation.messages {} }
        try await client.status.until { $0.connection == .live }
        conversation.setTyping(true)
        var typists = conversation.typing.makeAsyncIterator()
        #expect(await typists.next() == .some(nil))
        try await desk.type(true)
        #expect(await typists.next() != .some(nil))
        try await desk.type(false)
        #expect(await typists.next() == .some(nil))
        screen.cancel()
        await client.shutdown()
    }

    @Test func messageThatWaits_isEditedRetriedAndDiscarded() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        try await desk.setOffline(true)
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let first = try await conversation.send("one")
        let second = try await conversation.send("two")
        // The first may be on its way at any moment; the second waits behind it.
        try await conversation.edit(second, text: "zwei")
        try await conversation.messages.until { $0.words == ["one", "zwei"] }
        try await conversation.discard(second)
        try await conversation.messages.until { $0.words == ["one"] }
        try await desk.setOffline(false)
        try await conversation.retry(first)
        try await conversation.messages.until { $0.first?.delivery == .sent }
        #expect(try await failure { try await conversation.discard(first) }.name == "conflict")
        #expect(try await failure { try await conversation.retry("m999") }.name == "notFound")
        await client.shutdown()
    }

    @Test func olderPages_comeIntoTheSameLoop() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var config = folder.config(desk)
        config.limits = Limits(settleMillis: 300, activePollMillis: 200, pageSize: 3)
        let client = ShopbellClient(config)
        let conversation = try await client.startConversation()
        let wanted = (1...8).map { "number \($0)" }
        for text in wanted { try await conversation.send(text) }
        try await desk.untilTexts(wanted)
        await client.shutdown()

        let again = ShopbellClient(config)
        let (begun, tell) = AsyncStream.makeStream(of: Void.self)
        let reader = Task {
            try await again.conversation(conversation.id).messages.until {
                tell.yield()
                return $0.words == wanted
            }
        }
        _ = await begun.first { true }
        // Another handle in hand, the same timeline on screen.
        let loader = Task { while try await again.conversation(conversation.id).loadOlder() == .mayExist {} }
        _ = try await reader.value
        // Without a reader each page would be the first again.
        loader.cancel()
        await again.shutdown()
    }

    @Test func pausedClient_keepsWhatIsWrittenAndGoesOn() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.send("one")
        try await client.pause()
        let refused = try await failure { try await client.refresh() }
        #expect(refused.name == "paused" && refused.isRetryable)
        #expect(try await failure { try await client.loginUnidentifiedUser() }.name == "paused")
        try await conversation.send("paused")
        try await client.resume()
        try await conversation.send("two")
        try await desk.untilTexts(["one", "paused", "two"])
        await client.shutdown()
    }

    @Test func whatTheCustomerDid_isToldToTheAgents_withTheNextConversation() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        try await client.logEvent("cart_opened")
        try await client.logEvent("checkout_failed", attributes: ["reason": "card refused"])
        #expect(try await failure { try await client.logEvent("") }.name == "invalidInput")
        _ = try await client.startConversation().send("help")
        try await desk.untilTexts(["help"])
        let told = "checkout_failed (reason: card refused), 0 min ago; cart_opened, 0 min ago"
        #expect(try await desk.customer().contains(told))
        await client.shutdown()
    }

    @Test func deskThatIsAsked_answersOrTellsWhyNot() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        try await client.opened()
        #expect(try await client.deskInfo().name.isEmpty == false)
        #expect(try await client.capabilities().typing)
        #expect(try await client.verifyIdentity() == .anonymous)
        try await client.refresh()
        try await client.updateUser(CustomerProfile(email: "mai@example.com"))
        try await desk.setOffline(true)
        let offline = try await failure { _ = try await client.deskInfo() }
        #expect(offline.name == "offline" && offline.isRetryable)
        await client.shutdown()
    }
}

extension Message {
    var isQuestion: Bool {
        if case .select = content { true } else { false }
    }

    var answer: Answer? {
        if case .select(_, _, let answer) = content { answer } else { nil }
    }
}
