import Foundation
import ShopbellBindings
import Testing

@testable import Shopbell

/// What can't be, and what is said of it.
@Suite(.timeLimit(.minutes(5))) struct InputTests {
    @Test func inputThatCannotBe_isRefusedAndNothingChanges() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        for text in ["", " \n", "a\0b", String(repeating: "x", count: 10 << 20)] {
            let refused = try await failure { try await conversation.send(text) }
            #expect(refused.name == "invalidInput" && !refused.isRetryable)
        }
        for score in [Int.min, -1, 0, 6, 257, Int.max] {
            #expect(try await failure { try await conversation.rate("m1", score: score) }.name == "invalidInput")
        }
        let long = String(repeating: "d", count: 10 << 20)
        #expect(try await failure { try await conversation.setDraft(long) }.name == "invalidInput")
        #expect(try await failure { try await client.loginIdentifiedUser(userId: "") }.name == "invalidInput")
        #expect(try await failure { try await client.loginIdentifiedUser(userId: long) }.name == "invalidInput")
        let profile = CustomerProfile(attributes: ["score": .number(value: .nan)])
        #expect(try await failure { try await client.updateUser(profile) }.name == "invalidInput")
        try await conversation.send("still here \u{FFFD} \u{1F6F5}\u{200D}")
        try await conversation.messages.until { $0.words == ["still here \u{FFFD} \u{1F6F5}\u{200D}"] }
        await client.shutdown()
    }

    @Test func conversationThatDoesNotExist_isEmptyAndToldByItsFirstCommand() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        for id in ["", "no such", "a\0b", String(repeating: "x", count: 1 << 20)] {
            let conversation = client.conversation(id)
            try await conversation.messages.until { $0.isEmpty }
            #expect(try await failure { try await conversation.send("x") }.name == "notFound")
        }
        await client.shutdown()
    }

    @Test(arguments: ["", "ftp://desk", "http://desk.example.com", "https://", "\0"])
    func deskThatCannotBe_isToldByEveryCallAndTheStatus(_ deskUrl: String) async throws {
        let folder = DataFolder()
        let client = ShopbellClient(folder.config(deskUrl))
        let conversation = client.conversation("c1")
        // Loops go on, as Kotlin's flows do, until the client is closed.
        let loops = (
            Task { await client.conversations.reduce(into: [[ConversationSummary]]()) { $0.append($1) } },
            Task { await conversation.messages.reduce(into: [[Message]]()) { $0.append($1) } },
            Task { await client.unreadCount.reduce(into: [Int]()) { $0.append($1) } }
        )
        let problem = try #require(await client.status.now?.setupProblem)
        #expect(problem.setting == "deskUrl" && problem.message.contains("deskUrl"))
        #expect(await client.conversations.now == [])
        #expect(await conversation.messages.now == [])
        #expect(await client.unreadCount.now == 0)
        for error in [
            try await failure { try await client.opened() },
            try await failure { try await client.loginUnidentifiedUser() },
            try await failure { try await conversation.send("x") },
            try await failure { _ = try await conversation.loadOlder() },
        ] {
            guard case .invalidConfig(let field, let message) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(field == "deskUrl")
            #expect(error.localizedDescription == message)
        }
        await client.shutdown()
        #expect(await loops.0.value.allSatisfy(\.isEmpty))
        #expect(await loops.1.value.allSatisfy(\.isEmpty))
        #expect(await loops.2.value.allSatisfy { $0 == 0 })
        #expect(!FileManager.default.fileExists(atPath: folder.url.path))
    }

    @Test func folderThatIsNone_isToldByEveryCallAndKept() async throws {
        let folder = DataFolder()
        try Data("precious".utf8).write(to: folder.url)
        let client = ShopbellClient(folder.config("http://127.0.0.1:9"))
        guard case .storage(.folder, _) = try await failure(of: { try await client.opened() }) else {
            Issue.record("a file is no folder")
            return
        }
        #expect(await client.status.now?.setupProblem != nil)
        await client.shutdown()
        #expect(try Data(contentsOf: folder.url) == Data("precious".utf8))

        var config = folder.config("http://127.0.0.1:9")
        config.folder = .url(try #require(URL(string: "https://desk.example.com")))
        let nowhere = ShopbellClient(config)
        #expect(try await failure { try await nowhere.opened() }.name == "invalidConfig")
        #expect(await nowhere.status.now?.setupProblem?.setting == "folder")
        config.folder = .appGroup("group.nobody")
        let nobody = ShopbellClient(config)
        #expect(try await failure { try await nobody.opened() }.name == "invalidConfig")
    }

    @Test func error_keepsItsWordsAndWhetherTryingAgainHelps() {
        let text = "what happened"
        var native: [NativeError] = [
            .InvalidConfig(field: "inbox", text: text), .InvalidInput(field: "text", text: text),
            .AttachmentRefused(number: 2, problem: .empty, text: text),
            .LocationNotRemovable(number: 2, text: text), .NotFound(text: text), .Conflict(text: text),
            .Offline(text: text), .Untrusted(text: text), .DeskUnavailable(text: text),
            .Busy(retryAfterMillis: 2_000, text: text), .Rejected(reason: "the customer's words", text: text),
            .IdentityRejected(text: text), .Unsupported(text: text), .Paused(text: text), .Closed(text: text),
            .Internal(text: text),
        ]
        native += [.folder, .readOnly, .full, .newer, .corrupt, .other].map { .Storage(problem: $0, text: text) }
        for native in native {
            let error = SupportError(native)
            #expect(error.isRetryable == native.isRetryable())
            #expect(error.localizedDescription == text)
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!"\(error) \(String(reflecting: error)) \(dumped)".contains("customer's"))
        }
        #expect(SupportError(.Busy(retryAfterMillis: 2_000, text: text)) == .busy(retryAfterMillis: 2_000, message: text))
        let refused = SupportError(.Rejected(reason: "why", text: text))
        #expect(refused == .rejected(reason: "why", message: text))
    }

    @Test func inboxThatTheDeskDoesNotKnow_standsInTheStatus() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var config = folder.config(desk)
        config.inbox = "nobody"
        let client = ShopbellClient(config)
        try await client.startConversation().send("hello")
        try await client.status.until { $0.setupProblem?.setting == "inbox" }
        await client.shutdown()
    }

    @Test func matchBehindAnEmoji_isWhereItSays() {
        let text = "🛵 giao hàng"
        let range = MatchRange(start: 3, end: 7).range(in: text)
        #expect(range.map { text[$0] } == "giao")
        #expect((text as NSString).substring(with: NSRange(location: 3, length: 4)) == "giao")
        #expect(MatchRange(start: 3, end: 70).range(in: text) == nil)
    }

    @Test func whatPeopleWrote_isNotPrinted() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.send("my secret")
        try await desk.untilTexts(["my secret"])
        try await desk.reply("your secret")
        let messages = try await conversation.messages.until { $0.words.count == 2 }
        let list = try await client.conversations.until { $0.first?.preview == "your secret" }
        let profile = CustomerProfile(name: "secret", attributes: ["a": "secret"])
        let values: [Any] = [
            messages, messages.flatMap(\.blocks), list, profile, Identity(identifier: "secret"),
            FieldValue(name: "a", value: "secret"),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            #expect(!"\(value) \(String(reflecting: value)) \(dumped)".contains("secret"))
        }
        await client.shutdown()
    }

    @Test func log_holdsNoWordsAndCanBeTaken() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let (lines, told) = AsyncStream.makeStream(of: LogRecord.self)
        ShopbellLog.setReceiver(level: .trace) { records in records.forEach { told.yield($0) } }
        let client = folder.phone(desk)
        try await client.startConversation().send("my secret")
        try await desk.untilTexts(["my secret"])
        await client.shutdown()
        let first = await lines.first { _ in true }
        ShopbellLog.setReceiver(nil)
        told.finish()
        #expect(first?.target.hasPrefix("shopbell") == true)
        for await line in lines { #expect(!line.message.contains("secret")) }
    }
}
