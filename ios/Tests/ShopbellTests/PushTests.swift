import Foundation
import Testing

@testable import Shopbell

/// Pushes: the token, what is Shopbell's, and what is shown.
@Suite(.timeLimit(.minutes(5))) struct PushTests {
    /// As Apple hands them over: with its own part, and numbers where the server wrote numbers.
    private let push: [AnyHashable: Any] = [
        "aps": ["alert": ["title": "Shop"], "mutable-content": 1], "shopbell_conversation": 1, 7: "seven",
    ]

    private func news(_ outcome: PushOutcome) throws -> PushNews {
        guard case .news(let news) = outcome else { throw SupportError.internal(message: "\(outcome)") }
        return news
    }

    @Test func answerToAnAppInTheBackground_isToldAndTheAppStaysClosed() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        try await client.setPushToken(Data([0x74, 0x0f, 0x47]))
        try await client.startConversation().send("Is it warm?")
        try await desk.untilTexts(["Is it warm?"])
        #expect(try await desk.customer().contains("apns:740f47"))
        try await client.pause()
        try await desk.reply("**Very**")
        let news = try news(await client.handlePush(push))
        #expect(news.preview == "Very")
        #expect(news.unread == 1 && news.totalUnread == 1)
        #expect(!"\(news)".contains("Very"))
        #expect(try await failure { try await client.refresh() }.name == "paused")
        // Seen in the app, it is not told again.
        try await client.resume()
        try await client.conversation(news.conversation).markSeen()
        #expect(try await client.handlePush(push) == .nothingNew)
        await client.shutdown()
    }

    @Test func deskThatCannotBeReached_isNoReasonToStaySilent() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        try await client.startConversation().send("Is it warm?")
        try await desk.untilTexts(["Is it warm?"])
        try await client.pause()
        try await desk.reply("Very")
        try await desk.setOffline(true)
        let told = try news(await client.handlePush(push))
        #expect(told.preview == nil && told.author == nil && told.unread == 1)
        // It may be anybody's.
        let error = try await failure { _ = try await client.handlePush(["shopbell_conversation": "99"]) }
        #expect(error.isRetryable)
        await client.shutdown()
    }

    @Test func whatIsNoPushOrNoToken_changesNothing() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        #expect(Shopbell.isShopbellPush(push))
        #expect(!Shopbell.isShopbellPush(["aps": ["alert": "Sale!"]]))
        let client = folder.phone(desk)
        #expect(try await client.handlePush(["aps": ["alert": "Sale!"]]) == .foreign)
        #expect(try await failure { try await client.setPushToken(Data()) }.name == "invalidInput")
        try await client.setPushToken(fcm: "T1")
        try await client.setPushToken(nil)
        await client.shutdown()
    }
}
