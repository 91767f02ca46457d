import Foundation
import ShopbellBindings

// Each is called on one thread, one call at a time, and returns at once. Swift can't see that, hence the locks.

final class ConversationsObserver: ConversationsListener {
    private let shown = Guarded([ConversationSummary]())
    private let feed: Feed<[ConversationSummary]>

    init(_ feed: Feed<[ConversationSummary]>) {
        self.feed = feed
    }

    func onBatch(batch: [ConversationDiff]) {
        feed.give(shown.with { shown in
            batch.forEach { $0.apply(to: &shown) }
            return shown
        })
    }
}

final class MessagesObserver: MessagesListener {
    private let shown = Guarded([Message]())
    private let feed: Feed<[Message]>

    init(_ feed: Feed<[Message]>) {
        self.feed = feed
    }

    func onBatch(batch: [MessageDiff]) {
        feed.give(shown.with { shown in
            batch.forEach { $0.apply(to: &shown) }
            return shown
        })
    }

    func onEnd() {
        // What is on screen is not for whoever is here now.
        feed.give([])
        feed.end()
    }
}

final class TypingObserver: TypingListener {
    private let feed: Feed<Typing?>

    init(_ feed: Feed<Typing?>) {
        self.feed = feed
    }

    func onTyping(typing: Typing?) {
        feed.give(typing)
    }

    func onEnd() {
        feed.give(nil)
        feed.end()
    }
}

final class StatusObserver: StatusListener {
    private let told: @Sendable (ClientStatus) -> Void

    init(_ told: @escaping @Sendable (ClientStatus) -> Void) {
        self.told = told
    }

    func onStatus(status: ClientStatus) {
        told(status)
    }
}

final class DownloadObserver: DownloadListener {
    private let file: Waiting<URL>
    private let progress: @Sendable (DownloadProgress) -> Void

    init(_ file: Waiting<URL>, _ progress: @escaping @Sendable (DownloadProgress) -> Void) {
        self.file = file
        self.progress = progress
    }

    /// The library has let go of it: the client or the customer has gone.
    deinit {
        file.end(.failure(SupportError.closed(message: "closed: the customer or the client that it belongs to has gone")))
    }

    func onProgress(progress: DownloadProgress) {
        self.progress(progress)
    }

    func onFinished(path: String) {
        file.end(.success(URL(fileURLWithPath: path)))
    }

    func onFailed(error: NativeError) {
        file.end(.failure(SupportError(error)))
    }
}

final class SearchObserver: SearchListener {
    private let feed: Feed<Result<SearchResults, any Error>>

    init(_ feed: Feed<Result<SearchResults, any Error>>) {
        self.feed = feed
    }

    func onResults(results: SearchResults) {
        feed.give(.success(results))
    }
}

final class HelpChangesObserver: HelpListener {
    private let feed: Feed<Result<Void, any Error>>

    init(_ feed: Feed<Result<Void, any Error>>) {
        self.feed = feed
    }

    func onChanged() {
        feed.give(.success(()))
    }

    func onEvent(event: HelpEvent) {}
}

final class HelpEventsObserver: HelpListener {
    private let feed: Feed<Result<HelpEvent, any Error>>

    init(_ feed: Feed<Result<HelpEvent, any Error>>) {
        self.feed = feed
    }

    func onChanged() {}

    func onEvent(event: HelpEvent) {
        feed.give(.success(event))
    }
}

extension ConversationDiff {
    fileprivate func apply(to items: inout [ConversationSummary]) {
        switch self {
        case .reset(let all): items = all
        case .insert(let index, let item): items.put(item, before: index)
        case .update(let index, let item): items.replace(index, by: item)
        case .remove(let index): items.drop(index)
        }
    }
}

extension MessageDiff {
    fileprivate func apply(to items: inout [Message]) {
        switch self {
        case .reset(let all): items = all
        case .insert(let index, let item): items.put(item, before: index)
        case .update(let index, let item): items.replace(index, by: item)
        case .remove(let index): items.drop(index)
        }
    }
}

// A place outside the list would be a mistake of ours: worth a wrong line on screen, not a crash of the app.
extension Array {
    fileprivate mutating func put(_ item: Element, before index: Int32) {
        insert(item, at: Swift.min(Swift.max(Int(index), 0), count))
    }

    fileprivate mutating func replace(_ index: Int32, by item: Element) {
        if indices.contains(Int(index)) { self[Int(index)] = item }
    }

    fileprivate mutating func drop(_ index: Int32) {
        if indices.contains(Int(index)) { remove(at: Int(index)) }
    }
}
