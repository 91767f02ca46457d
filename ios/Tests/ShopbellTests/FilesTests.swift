import Foundation
import Testing

@testable import Shopbell

/// Files: sent, fetched, refused, and what room they take.
@Suite(.timeLimit(.minutes(5))) struct FilesTests {
    /// Text of so many bytes, which no compression or second reading makes the same by chance.
    private func text(_ count: Int) -> Data {
        var line = 0
        var text = Data()
        while text.count < count {
            line += 1
            text.append(Data("line \(line) of the log\n".utf8))
        }
        return text.prefix(count)
    }

    /// A phone that soon notices that nothing moves.
    private func impatient(_ folder: DataFolder, _ desk: Desk) -> ShopbellClient {
        var config = folder.config(desk)
        config.limits = Limits(settleMillis: 300, activePollMillis: 200, stallTimeoutMillis: 1_000)
        return ShopbellClient(config)
    }

    private func sent(_ conversation: Conversation) async throws -> [Attachment] {
        let messages = try await conversation.messages.until {
            $0.first.map { !$0.attachments.isEmpty && $0.attachments.allSatisfy { $0.transfer == .sent } } ?? false
        }
        return try #require(messages.first).attachments
    }

    @Test func filesSentOffline_showTheirWayAndArriveWhole() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        try await desk.setOffline(true)
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        let (note, log) = (Data("Order 1207".utf8), text(3_000_000))
        let file = try folder.file("log.txt", log)
        try await conversation.send(
            "It arrived torn", attachments: [NewAttachment(data: note, name: "note.txt"), NewAttachment(file: file)])
        try FileManager.default.removeItem(at: file)
        let waiting = try await conversation.messages.until { $0.first?.attachments.count == 2 }
        #expect(waiting[0].attachments.allSatisfy { $0.transfer == .queued || $0.transfer == .preparing })
        #expect(try await client.sizeOnDisk().unsent == 3_000_010)

        try await desk.setOffline(false)
        client.networkChanged(true)
        let attachments = try await sent(conversation)
        #expect(attachments.map(\.name) == ["note.txt", "log.txt"])
        #expect(attachments.map(\.size) == [10, 3_000_000])
        #expect(try await desk.texts() == ["It arrived torn"])
        #expect(try await desk.files() == [note, log])
        await client.shutdown()
    }

    @Test func fileOnItsWay_showsHowMuchHasLeftAndGoesOnAfterABreak() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        try await desk.setFaults(["POST messages stall-upload=1000000 1"])
        let client = impatient(folder, desk)
        let conversation = try await client.startConversation()
        let log = text(20_000_000)
        try await conversation.send("", attachments: [NewAttachment(data: log, name: "log.txt")])
        try await conversation.messages.until {
            if case .uploading(let sent, let total)? = $0.first?.attachments.first?.transfer {
                0 < sent && sent < total && total >= 20_000_000
            } else {
                false
            }
        }
        _ = try await sent(conversation)
        #expect(try await desk.files() == [log])
        await client.shutdown()
    }

    @Test func download_tellsHowFarItIsIsCancelledAndGoesOn() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = impatient(folder, desk)
        let conversation = try await client.startConversation()
        let log = text(3_000_000)
        try await conversation.send("", attachments: [NewAttachment(data: log, name: "log.txt")])
        let id = try #require(try await sent(conversation).first).id
        // An own one is here.
        #expect(try Data(contentsOf: try await conversation.download(id)) == log)
        try await client.clearCache()
        #expect(try await client.sizeOnDisk() == SizeOnDisk(fetched: 0, unsent: 0))

        // It comes to a stop on the way, and is taken up again.
        try await desk.setFaults(["GET disk stall=1000000"])
        let (begun, tell) = AsyncStream.makeStream(of: DownloadProgress.self)
        let download = Task { try await conversation.download(id) { tell.yield($0) } }
        try await begun.until { $0.received >= 1_000_000 && $0.total == 3_000_000 }
        download.cancel()
        await #expect(throws: CancellationError.self) { try await download.value }

        try await desk.setFaults([])
        let steps = Guarded([DownloadProgress]())
        let file = try await conversation.download(id) { progress in steps.with { $0.append(progress) } }
        #expect(try Data(contentsOf: file) == log)
        let received = steps.with { $0.map(\.received) }
        #expect(received == received.sorted())
        #expect(received.last != 0 && received.allSatisfy { $0 == 0 || $0 >= 1_000_000 }, "what came had stayed")
        #expect(try await client.sizeOnDisk().fetched == 3_000_000)

        try await client.loginIdentifiedUser(userId: "mai")
        try await client.logoutAndClearCache()
        #expect(try await client.sizeOnDisk().fetched == 0)
        #expect(try await failure { _ = try await conversation.download(id) }.name == "closed")
        await client.shutdown()
    }

    @Test func downloadThatCannotBe_tellsWhy() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        for id in ["", "nothing.1", "a\0b"] {
            #expect(try await failure { _ = try await conversation.download(id) }.name == "notFound")
        }
        try await conversation.send("", attachments: [NewAttachment(data: text(1_000), name: "log.txt")])
        let id = try #require(try await sent(conversation).first).id
        try await client.clearCache()
        try await desk.setFaults(["GET disk hang"])
        let (begun, tell) = AsyncStream.makeStream(of: Void.self)
        let download = Task { try await conversation.download(id) { _ in tell.yield() } }
        await client.shutdown()
        // It waits no longer, whether it had begun or not.
        #expect(try await failure { _ = try await download.value }.name == "closed")
        #expect(try await failure { _ = try await conversation.download(id) }.name == "closed")
        tell.finish()
        for await _ in begun {}

        let nowhere = ShopbellClient(folder.config("ftp://desk"))
        let refused = try await failure { _ = try await nowhere.conversation("c1").download("c1.1") }
        #expect(refused.name == "invalidConfig")
    }

    @Test func filesThatCannotBeSent_areRefusedByNumberAndNothingIsSent() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = folder.phone(desk)
        let conversation = try await client.startConversation()
        try await conversation.setDraft("look")
        let fine = NewAttachment(data: Data("fine".utf8), name: "fine.txt")
        let gone = URL(fileURLWithPath: "/no/such/picture.png")
        for attachments in [
            [fine, NewAttachment(file: gone)],
            [fine, NewAttachment(file: folder.url)],
            [fine, NewAttachment(file: try folder.file("empty.png", Data()))],
            [fine, NewAttachment(data: Data(), name: "empty.png")],
            [fine, NewAttachment(file: try #require(URL(string: "https://example.com/picture.png")))],
        ] {
            let error = try await failure { try await conversation.send("look", attachments: attachments) }
            guard case .attachmentRefused(2, _, let message) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(message.contains("number 2") && !message.contains("png"))
        }
        let many = Array(repeating: fine, count: 200)
        #expect(try await failure { try await conversation.send("look", attachments: many) }.name == "attachmentRefused")
        #expect(try await conversation.draft() == "look")
        try await conversation.send("without")
        try await desk.untilTexts(["without"])
        await client.shutdown()
    }

    @Test func limitsOfTheConfiguration_hold() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        var config = folder.config(desk)
        config.limits = Limits(
            maxAttachments: 1, maxAttachmentBytes: 10, attachmentTypes: ["text/*"], maxCacheBytes: 1 << 20)
        let client = ShopbellClient(config)
        let conversation = try await client.startConversation()
        let fine = NewAttachment(data: text(10), name: "fine.txt")
        let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        for attachments in [
            [fine, fine], [NewAttachment(data: text(11), name: "long.txt")], [NewAttachment(data: png, name: "a.png")],
        ] {
            let refused = try await failure { try await conversation.send("x", attachments: attachments) }
            #expect(refused.name == "attachmentRefused")
        }
        try await conversation.send("", attachments: [fine])
        _ = try await sent(conversation)
        await client.shutdown()
    }

    @Test func bytesThatAreLent_leaveNoFileBehind() async throws {
        let lent = Guarded("")
        let files = [NewAttachment(data: Data("Order 1207".utf8), name: "note.txt", keepLocation: true, mediaType: "text/x-order")]
        try await files.lent { files in
            let file = try #require(files.first)
            #expect(file.name == "note.txt" && file.keepLocation && file.givenAway && file.mediaType == "text/x-order")
            #expect(FileManager.default.contents(atPath: file.path) == Data("Order 1207".utf8))
            lent.with { $0 = file.path }
        }
        #expect(!FileManager.default.fileExists(atPath: lent.with { $0 }))

        let folder = DataFolder()
        let noFolder = try folder.file("file", Data("precious".utf8))
        let refused = try await failure { try await files.lent(in: noFolder) { _ in _ = Issue.record("nothing was lent") } }
        #expect(refused.name == "storage" && !refused.message.contains("note"))
        #expect(try Data(contentsOf: noFolder) == Data("precious".utf8))
    }
}
