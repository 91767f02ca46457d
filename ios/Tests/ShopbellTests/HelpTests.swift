import Foundation
import Testing

@testable import Shopbell

/// The help centre: searched as one types, read, voted on, and there without a network.
@Suite(.timeLimit(.minutes(5))) struct HelpTests {
    private func phone(_ folder: DataFolder, _ deskUrl: String, starterPack: URL? = nil) -> ShopbellClient {
        var config = folder.config(deskUrl)
        config.helpCenter = HelpCenterConfig(portal: "shop", locales: ["en"], starterPack: starterPack)
        return ShopbellClient(config)
    }

    @Test func searchAsOneTypes_showsTheNewestKeystrokeAndNeverAnOlderOneAfterIt() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = phone(folder, desk.url)
        let help = client.helpCenter
        #expect(try await help.sync())
        let words = "how do i return an order that arrived late".map(String.init)
        let typed = (1...words.count).map { words.prefix($0).joined() }
        let (keystrokes, type) = AsyncStream.makeStream(of: String.self)
        for text in typed { type.yield(text) }
        var shown: [String] = []
        for try await found in help.search(keystrokes) {
            shown.append(found.query)
            if found.query == typed.last {
                #expect(found.hits.contains { !$0.titleMatches.isEmpty || !$0.snippetMatches.isEmpty })
                break
            }
        }
        #expect(shown == typed.filter(shown.contains), "in the order in which they were typed, each once")
        await client.shutdown()
    }

    @Test func searchBox_isSharedCountedAndRemembered() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = phone(folder, desk.url)
        let help = client.helpCenter
        try await help.sync()
        let box = help.searchAsYouType()
        let popular = try await help.popular()
        #expect(try await box.results.until { _ in true }.hits.map(\.article) == popular)
        // Nobody reads, and it is kept all the same.
        box.setText("shipping")
        try await box.submit()
        box.setText("return")
        let other = Task { try await box.results.until { _ in true } }
        let found = try await box.results.until { _ in true }
        #expect(found.query == "return" && !found.hits.isEmpty)
        #expect(try await other.value == found)
        let reader = Task { for try await _ in box.results {} }
        while box.shown.source == nil { await Task.yield() }
        try await box.submit()
        #expect(try await help.recentSearches() == ["return", "shipping"])
        box.setText("")
        try await box.results.until { $0.recent == ["return", "shipping"] }

        let category = try #require(try await help.articles().compactMap(\.category).first)
        box.setCategory(category)
        let within = try await box.results.until { _ in true }
        #expect(within.category == category && within.hits.allSatisfy { $0.article.category == category })
        reader.cancel()
        try await reader.value
        #expect(box.shown.readers == 0 && box.shown.source == nil)
        try await help.forgetSearches("return")
        #expect(try await help.recentSearches() == ["shipping"])
        await client.shutdown()
    }

    @Test func article_isReadVotedOnAndToldToTheAgent() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = phone(folder, desk.url)
        let help = client.helpCenter
        try await help.sync()
        try await help.changes.until { _ in true }
        var happened = help.events.makeAsyncIterator()
        // In line behind what begins to listen.
        try await help.forgetSearches()

        let hit = try #require(try await help.search("return").hits.first)
        let marked = hit.titleMatches.compactMap { $0.range(in: hit.article.title) }
        #expect(marked.count == hit.titleMatches.count)
        let article = try await help.article(hit.article.id)
        #expect(article.summary == hit.article && !article.blocks.isEmpty && article.vote == nil)
        #expect(!article.related.contains(article.summary))
        try await help.vote(article.id, helpful: false, reason: "too long")
        try await help.setReadingPosition(article.id, position: 0.5)
        let again = try await help.article(article.id)
        #expect(again.vote == false && again.readingPosition == 0.5)
        #expect(try await help.articleForLink(try #require(article.url)) == article.id)
        #expect(try await help.articleForLink("https://example.com/elsewhere") == nil)
        try await help.helped(article.id)
        let conversation = try await client.startConversation()
        try await help.askedAnyway(conversation)

        let count = Int32(try await help.search("return").hits.count)
        #expect(try await happened.next() == .searched(query: "return", results: count))
        #expect(try await happened.next() == .opened(article: article.id))
        #expect(try await happened.next() == .voted(article: article.id, helpful: false))
        #expect(try await happened.next() == .helped(article: article.id))
        let figures = try await help.figures()
        #expect(figures.opened == 1 && figures.helped == 1 && figures.askedAnyway == 1)
        #expect(try await help.suggestions(article.summary.title).first?.article == article.summary)
        #expect(try await !help.categories().isEmpty)
        await client.shutdown()
        #expect(try await happened.next() != nil, "that the agent was asked")
        while try await happened.next() != nil {}
    }

    @Test func pictureOfAnArticle_isKept() async throws {
        let (desk, folder) = (try Desk(), DataFolder())
        let client = phone(folder, desk.url)
        let help = client.helpCenter
        try await help.sync()
        let article = try await help.article(try #require(try await help.popular().first).id)
        let url = try #require(article.url) + ".png"
        let file = try await help.picture(url)
        #expect(try Data(contentsOf: file).starts(with: [0x89, 0x50, 0x4E, 0x47]))
        try await desk.setOffline(true)
        #expect(try await help.picture(url) == file)
        #expect(try await failure { _ = try await help.picture(url + "x.png") }.name == "offline")
        await client.shutdown()
    }

    @Test func starterPack_answersBeforeThereWasEverANetwork() async throws {
        let folder = DataFolder()
        let pack = try folder.file("help.pack", Data(pack.utf8))
        let client = phone(folder, "http://127.0.0.1:9", starterPack: pack)
        let help = client.helpCenter
        #expect(try await help.categories().map(\.name) == ["Orders"])
        // As customers say it.
        let found = try await help.search("send it back")
        #expect(found.hits.map(\.article.title) == ["Return an order"])
        #expect(plainText(markdown: "**x**", maxChars: 5) == "x")
        #expect(try await help.article("1").related.isEmpty)
        #expect(try await failure { _ = try await help.sync() }.name == "offline")
        await client.shutdown()
    }

    @Test(arguments: ["", "no pack", String(pack.dropLast(10))])
    func starterPackThatIsNone_isToldWhereThereIsNothingElse(_ text: String) async throws {
        let folder = DataFolder()
        let client = phone(folder, "http://127.0.0.1:9", starterPack: try folder.file("help.pack", Data(text.utf8)))
        #expect(try await failure { _ = try await client.helpCenter.popular() }.name == "invalidConfig")
        try await client.startConversation().send("chat goes on")
        await client.shutdown()
    }

    @Test func inputThatCannotBe_isRefused() async throws {
        let folder = DataFolder()
        let client = phone(folder, "http://127.0.0.1:9", starterPack: try folder.file("help.pack", Data(pack.utf8)))
        let help = client.helpCenter
        for id in ["", "nothing", "a\0b", String(repeating: "x", count: 1 << 20)] {
            #expect(try await failure { _ = try await help.article(id) }.name == "notFound")
            #expect(try await failure { try await help.vote(id, helpful: true) }.name == "notFound")
        }
        for position in [Float.nan, -0.1, 1.1, .infinity] {
            let refused = try await failure { try await help.setReadingPosition("1", position: position) }
            #expect(refused.name == "invalidInput")
        }
        let long = String(repeating: "x", count: 501)
        #expect(try await failure { try await help.vote("1", helpful: true, reason: long) }.name == "invalidInput")
        // Whatever is typed finds something or nothing.
        let box = help.searchAsYouType()
        for text in ["\0", String(repeating: "x ", count: 1 << 20), "🛵", " return "] {
            box.setText(text)
            #expect(try await box.results.until { _ in true }.query == text)
        }
        let elsewhere = DataFolder()
        let stranger = elsewhere.phone(try Desk())
        let conversation = try await stranger.startConversation()
        await stranger.shutdown()
        #expect(try await failure { try await help.askedAnyway(conversation) }.name == "closed")
        await client.shutdown()

        let web = phone(folder, "http://127.0.0.1:9", starterPack: URL(string: "https://example.com/help.pack"))
        #expect(try await failure { try await web.opened() }.name == "invalidConfig")
    }

    @Test func clientWithoutAHelpCentre_saysSoAlsoToWhoeverReads() async throws {
        let folder = DataFolder()
        let client = ShopbellClient(folder.config("http://127.0.0.1:9"))
        let help = client.helpCenter
        let (typed, _) = AsyncStream.makeStream(of: String.self)
        for error in [
            try await failure { _ = try await help.search("return") },
            try await failure { for try await _ in help.search(typed) {} },
            try await failure { for try await _ in help.searchAsYouType().results {} },
            try await failure { try await help.searchAsYouType().submit() },
            try await failure { for try await _ in help.changes {} },
            try await failure { for try await _ in help.events {} },
        ] {
            guard case .invalidConfig("helpCenter", let message) = error, message.contains("ShopbellConfig.") else {
                Issue.record("\(error)")
                continue
            }
        }
        await client.shutdown()
        #expect(try await failure { for try await _ in help.search(typed) {} }.name == "closed")
    }

    @Test func description_holdsNoWordsOfACustomer() async throws {
        let found = SearchResults(query: "secret", category: nil, hits: [], recent: ["secret"])
        let client = ShopbellClient(DataFolder().config("ftp://desk"))
        let box = client.helpCenter.searchAsYouType()
        box.setText("secret")
        let values: [Any] = [
            found, HelpEvent.searched(query: "secret", results: 1), box, box.results,
            Coordinates(latitude: 21.0278, longitude: 105.8342),
            NewAttachment(data: Data("secret".utf8), name: "secret"),
            NewAttachment(file: URL(fileURLWithPath: "/secret"), name: "secret"),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            #expect(!"\(value) \(String(reflecting: value)) \(dumped)".contains(/secret|105/))
        }
    }
}

/// An article, with the customers' own words for it. The head holds the length and SHA-256 of what follows it.
private let pack = """
    {"shopbell_help_pack":1,"portal":"shop","default_locale":"en","bytes":249,\
    "sha256":"3fbd5b0209c371c01f7d1c99a5a4b6f6f81335e29b0a7f95bb64eb9f00d3db9f"}
    {"category":{"slug":"orders","locale":"en","name":"Orders"}}
    {"article":{"id":"1","slug":"return-an-order","locale":"en","title":"Return an order",\
    "content":"Open your order and choose **Return**.","category":"orders","phrasings":["send it back"]}}

    """
