import Foundation
import ShopbellBindings

// What Swift adds to the data that all languages share.

extension Message: Identifiable {}
extension ConversationSummary: Identifiable {}
extension Agent: Identifiable {}
extension Attachment: Identifiable {}
extension ArticleSummary: Identifiable {}

extension HelpCategory: Identifiable {
    /// ``slug``.
    public var id: String { slug }
}

extension ArticleHit: Identifiable {
    /// The article's.
    public var id: String { article.id }
}

extension Article: Identifiable {
    /// Its summary's.
    public var id: String { summary.id }

    /// When the merchant last changed it.
    public var updatedAt: Date? { updatedAtMillis.map(Date.init(millisSince1970:)) }
}

extension MatchRange {
    /// The place in the title or snippet that it is of; `nil` in a text that is shorter. It counts UTF-16 code units,
    /// as `NSRange` does.
    public func range(in text: String) -> Range<String.Index>? {
        let units = text.utf16
        guard start >= 0, start <= end,
            let from = units.index(units.startIndex, offsetBy: Int(start), limitedBy: units.endIndex),
            let to = units.index(from, offsetBy: Int(end - start), limitedBy: units.endIndex)
        else { return nil }
        return from..<to
    }
}

extension Message {
    /// When the desk got it; before that, when the customer pressed send.
    public var createdAt: Date { Date(millisSince1970: createdAtMillis) }
}

extension ConversationSummary {
    /// When something was last said.
    public var lastActivity: Date { Date(millisSince1970: lastActivityMillis) }
}

extension Answer {
    /// When the customer gave it, where it was given on this phone.
    public var givenAt: Date? { givenAtMillis.map(Date.init(millisSince1970:)) }
}

extension Date {
    fileprivate init(millisSince1970 millis: Int64) {
        self.init(timeIntervalSince1970: TimeInterval(millis) / 1_000)
    }
}

// Attributes are written as they are meant: `["plan": "gold", "orders": 3]`.

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    /// Text.
    public init(stringLiteral value: String) { self = .text(value: value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value: value) }
    /// Any other number.
    public init(floatLiteral value: Double) { self = .number(value: value) }
    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .bool(value: value) }
}
