import ShopbellBindings

// What people wrote stays out of logs: printed or dumped, these show lengths, not words. Kotlin's outlines are in the
// generator's `wordless.rs`, which knows every record.

/// Prints as its outline.
protocol Wordless: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var outline: String { get }
}

extension Wordless {
    /// Without the words.
    public var description: String { outline }
    /// Without the words.
    public var debugDescription: String { outline }
    /// Without the words.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Message: Wordless {
    var outline: String { "Message(\(id), \(content), \(attachments.count) attachments)" }
}

extension Content: Wordless {
    var outline: String {
        let (kind, text) =
            switch self {
            case .text(let text): ("text", text)
            case .select(let text, _, _): ("select", text)
            case .form(let text, _, _, _): ("form", text)
            case .cards(let text, _): ("cards", text)
            case .articles(let text, _): ("articles", text)
            case .survey(let text, _, _): ("survey", text)
            case .unsupported(let text, _): ("unsupported", text)
            }
        return "\(kind)(\(text.utf8.count) bytes)"
    }
}

extension PushNews: Wordless {
    var outline: String { "PushNews(\(conversation), \(unread) unread)" }
}

extension ConversationSummary: Wordless {
    var outline: String { "ConversationSummary(\(id), \(status), \(unread) unread)" }
}

extension Answer: Wordless {
    var outline: String { "Answer(\(values.count) values, \(state))" }
}

extension FieldValue: Wordless {
    var outline: String { "FieldValue(\(value.utf8.count) bytes)" }
}

extension Rating: Wordless {
    var outline: String { "Rating(\(score), \(feedback.utf8.count) bytes)" }
}

extension Attachment: Wordless {
    var outline: String { "Attachment(\(kind))" }
}

extension Coordinates: Wordless {
    var outline: String { "Coordinates" }
}

extension SearchResults: Wordless {
    var outline: String { "SearchResults(\(hits.count) hits, \(recent.count) recent)" }
}

extension HelpEvent: Wordless {
    var outline: String {
        switch self {
        case .searched(_, let results): "searched(\(results) results)"
        case .opened(let article): "opened(\(article))"
        case .helped(let article): "helped(\(article))"
        case .voted(let article, let helpful): "voted(\(article), \(helpful))"
        case .askedAnyway(let seen): "askedAnyway(\(seen) seen)"
        }
    }
}

extension AttentionReason: Wordless {
    var outline: String {
        switch self {
        case .refused: "refused"
        case .deskFailing: "deskFailing"
        case .unconfirmed: "unconfirmed"
        case .identityRejected: "identityRejected"
        case .gone: "gone"
        case .fileLost: "fileLost"
        }
    }
}

extension Agent: Wordless {
    var outline: String { "Agent(\(id))" }
}

extension Author: Wordless {
    var outline: String {
        switch self {
        case .customer: "customer"
        case .agent: "agent"
        case .bot: "bot"
        case .desk: "desk"
        }
    }
}

extension Typing: Wordless {
    var outline: String { "Typing" }
}

extension Identity: Wordless {
    var outline: String { "Identity(hash: \(hash != nil))" }
}

extension CustomerProfile: Wordless {
    var outline: String { "CustomerProfile(\(attributes.count) attributes)" }
}

extension RefusedField: Wordless {
    var outline: String { "RefusedField(\(attribute == nil ? "field" : "attribute"))" }
}

extension AttributeValue: Wordless {
    var outline: String {
        switch self {
        case .bool: "bool"
        case .integer: "integer"
        case .number: "number"
        case .text: "text"
        }
    }
}

extension Span: Wordless {
    var outline: String { "Span(\(text.utf8.count) bytes)" }
}

extension Block: Wordless {
    var outline: String {
        switch self {
        case .paragraph(let spans): "paragraph(\(spans))"
        case .heading(let level, let spans): "heading(\(level), \(spans))"
        case .listing(_, let items): "listing(\(items))"
        case .quote(let blocks): "quote(\(blocks))"
        case .callout(let kind, let blocks): "callout(\(kind), \(blocks))"
        case .code(_, let text): "code(\(text.utf8.count) bytes)"
        case .table(let header, let rows): "table(\(header), \(rows))"
        case .image: "image"
        case .rule: "rule"
        }
    }
}

extension Choice: Wordless {
    var outline: String { "Choice" }
}

extension FormField: Wordless {
    var outline: String { "FormField(required: \(required), \(choices.count) choices)" }
}

extension Card: Wordless {
    var outline: String { "Card(\(actions.count) actions)" }
}

extension CardAction: Wordless {
    var outline: String {
        switch self {
        case .link: "link"
        case .reply: "reply"
        }
    }
}
