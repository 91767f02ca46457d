// What an app sees of the generated module: its data, under one import.

@_exported import struct ShopbellBindings.Agent
@_exported import struct ShopbellBindings.Answer
@_exported import enum ShopbellBindings.AnswerState
@_exported import struct ShopbellBindings.Article
@_exported import struct ShopbellBindings.ArticleHit
@_exported import struct ShopbellBindings.ArticleLink
@_exported import struct ShopbellBindings.ArticleSummary
@_exported import struct ShopbellBindings.Attachment
@_exported import enum ShopbellBindings.AttachmentKind
@_exported import enum ShopbellBindings.AttachmentProblem
@_exported import enum ShopbellBindings.AttentionReason
@_exported import enum ShopbellBindings.AttributeValue
@_exported import enum ShopbellBindings.Author
@_exported import enum ShopbellBindings.Availability
@_exported import enum ShopbellBindings.Block
@_exported import enum ShopbellBindings.CalloutKind
@_exported import struct ShopbellBindings.Capabilities
@_exported import struct ShopbellBindings.Card
@_exported import enum ShopbellBindings.CardAction
@_exported import struct ShopbellBindings.Choice
@_exported import struct ShopbellBindings.ClientStatus
@_exported import enum ShopbellBindings.Connection
@_exported import enum ShopbellBindings.Content
@_exported import enum ShopbellBindings.ConversationStatus
@_exported import struct ShopbellBindings.ConversationSummary
@_exported import struct ShopbellBindings.Coordinates
@_exported import struct ShopbellBindings.CustomerProfile
@_exported import enum ShopbellBindings.Delivery
@_exported import struct ShopbellBindings.DeskInfo
@_exported import struct ShopbellBindings.DeskNotices
@_exported import struct ShopbellBindings.DownloadProgress
@_exported import struct ShopbellBindings.FieldValue
@_exported import struct ShopbellBindings.FormField
@_exported import struct ShopbellBindings.HelpCategory
@_exported import enum ShopbellBindings.HelpEvent
@_exported import struct ShopbellBindings.HelpFigures
@_exported import enum ShopbellBindings.History
@_exported import struct ShopbellBindings.Identity
@_exported import struct ShopbellBindings.InAppLink
@_exported import struct ShopbellBindings.Limits
@_exported import struct ShopbellBindings.ListItem
@_exported import enum ShopbellBindings.LogLevel
@_exported import struct ShopbellBindings.LogRecord
@_exported import struct ShopbellBindings.MatchRange
@_exported import struct ShopbellBindings.Message
@_exported import enum ShopbellBindings.Older
@_exported import enum ShopbellBindings.ProfileField
@_exported import struct ShopbellBindings.PushNews
@_exported import enum ShopbellBindings.PushOutcome
@_exported import struct ShopbellBindings.Rating
@_exported import struct ShopbellBindings.RefusedField
@_exported import struct ShopbellBindings.SearchResults
@_exported import struct ShopbellBindings.SetupProblem
@_exported import struct ShopbellBindings.SizeOnDisk
@_exported import struct ShopbellBindings.Span
@_exported import enum ShopbellBindings.StorageProblem
@_exported import enum ShopbellBindings.SurveyScale
@_exported import struct ShopbellBindings.TableCell
@_exported import enum ShopbellBindings.Transfer
@_exported import struct ShopbellBindings.Typing
@_exported import enum ShopbellBindings.Verification
@_exported import func ShopbellBindings.parseMarkdown
@_exported import func ShopbellBindings.plainText

// Within the door, the name means itself.
public typealias _Conversation = Conversation
public typealias _HelpCenter = HelpCenter
public typealias _HelpCenterConfig = HelpCenterConfig
public typealias _HelpChanges = HelpChanges
public typealias _HelpEvents = HelpEvents
public typealias _NewAttachment = NewAttachment
public typealias _SearchBox = SearchBox
public typealias _SearchUpdates = SearchUpdates

// The module is called as its door is, so that `Shopbell.Message` means this: for an app that has a `Message` of its own.
extension Shopbell {
    /// ``Agent``, for an app that has one of its own.
    public typealias Agent = ShopbellBindings.Agent
    /// ``Answer``, for an app that has one of its own.
    public typealias Answer = ShopbellBindings.Answer
    /// ``AnswerState``, for an app that has one of its own.
    public typealias AnswerState = ShopbellBindings.AnswerState
    /// ``Article``, for an app that has one of its own.
    public typealias Article = ShopbellBindings.Article
    /// ``ArticleHit``, for an app that has one of its own.
    public typealias ArticleHit = ShopbellBindings.ArticleHit
    /// ``ArticleLink``, for an app that has one of its own.
    public typealias ArticleLink = ShopbellBindings.ArticleLink
    /// ``ArticleSummary``, for an app that has one of its own.
    public typealias ArticleSummary = ShopbellBindings.ArticleSummary
    /// ``Attachment``, for an app that has one of its own.
    public typealias Attachment = ShopbellBindings.Attachment
    /// ``AttachmentKind``, for an app that has one of its own.
    public typealias AttachmentKind = ShopbellBindings.AttachmentKind
    /// ``AttachmentProblem``, for an app that has one of its own.
    public typealias AttachmentProblem = ShopbellBindings.AttachmentProblem
    /// ``AttentionReason``, for an app that has one of its own.
    public typealias AttentionReason = ShopbellBindings.AttentionReason
    /// ``AttributeValue``, for an app that has one of its own.
    public typealias AttributeValue = ShopbellBindings.AttributeValue
    /// ``Author``, for an app that has one of its own.
    public typealias Author = ShopbellBindings.Author
    /// ``Availability``, for an app that has one of its own.
    public typealias Availability = ShopbellBindings.Availability
    /// ``Block``, for an app that has one of its own.
    public typealias Block = ShopbellBindings.Block
    /// ``CalloutKind``, for an app that has one of its own.
    public typealias CalloutKind = ShopbellBindings.CalloutKind
    /// ``Capabilities``, for an app that has one of its own.
    public typealias Capabilities = ShopbellBindings.Capabilities
    /// ``Card``, for an app that has one of its own.
    public typealias Card = ShopbellBindings.Card
    /// ``CardAction``, for an app that has one of its own.
    public typealias CardAction = ShopbellBindings.CardAction
    /// ``Choice``, for an app that has one of its own.
    public typealias Choice = ShopbellBindings.Choice
    /// ``ClientStatus``, for an app that has one of its own.
    public typealias ClientStatus = ShopbellBindings.ClientStatus
    /// ``Connection``, for an app that has one of its own.
    public typealias Connection = ShopbellBindings.Connection
    /// ``Content``, for an app that has one of its own.
    public typealias Content = ShopbellBindings.Content
    /// ``ConversationStatus``, for an app that has one of its own.
    public typealias ConversationStatus = ShopbellBindings.ConversationStatus
    /// ``ConversationSummary``, for an app that has one of its own.
    public typealias ConversationSummary = ShopbellBindings.ConversationSummary
    /// ``Coordinates``, for an app that has one of its own.
    public typealias Coordinates = ShopbellBindings.Coordinates
    /// ``CustomerProfile``, for an app that has one of its own.
    public typealias CustomerProfile = ShopbellBindings.CustomerProfile
    /// ``Delivery``, for an app that has one of its own.
    public typealias Delivery = ShopbellBindings.Delivery
    /// ``DeskInfo``, for an app that has one of its own.
    public typealias DeskInfo = ShopbellBindings.DeskInfo
    /// ``DeskNotices``, for an app that has one of its own.
    public typealias DeskNotices = ShopbellBindings.DeskNotices
    /// ``DownloadProgress``, for an app that has one of its own.
    public typealias DownloadProgress = ShopbellBindings.DownloadProgress
    /// ``FieldValue``, for an app that has one of its own.
    public typealias FieldValue = ShopbellBindings.FieldValue
    /// ``FormField``, for an app that has one of its own.
    public typealias FormField = ShopbellBindings.FormField
    /// ``HelpCategory``, for an app that has one of its own.
    public typealias HelpCategory = ShopbellBindings.HelpCategory
    /// ``HelpEvent``, for an app that has one of its own.
    public typealias HelpEvent = ShopbellBindings.HelpEvent
    /// ``HelpFigures``, for an app that has one of its own.
    public typealias HelpFigures = ShopbellBindings.HelpFigures
    /// ``History``, for an app that has one of its own.
    public typealias History = ShopbellBindings.History
    /// ``Identity``, for an app that has one of its own.
    public typealias Identity = ShopbellBindings.Identity
    /// ``InAppLink``, for an app that has one of its own.
    public typealias InAppLink = ShopbellBindings.InAppLink
    /// ``Limits``, for an app that has one of its own.
    public typealias Limits = ShopbellBindings.Limits
    /// ``ListItem``, for an app that has one of its own.
    public typealias ListItem = ShopbellBindings.ListItem
    /// ``LogLevel``, for an app that has one of its own.
    public typealias LogLevel = ShopbellBindings.LogLevel
    /// ``LogRecord``, for an app that has one of its own.
    public typealias LogRecord = ShopbellBindings.LogRecord
    /// ``MatchRange``, for an app that has one of its own.
    public typealias MatchRange = ShopbellBindings.MatchRange
    /// ``Message``, for an app that has one of its own.
    public typealias Message = ShopbellBindings.Message
    /// ``Older``, for an app that has one of its own.
    public typealias Older = ShopbellBindings.Older
    /// ``ProfileField``, for an app that has one of its own.
    public typealias ProfileField = ShopbellBindings.ProfileField
    /// ``PushNews``, for an app that has one of its own.
    public typealias PushNews = ShopbellBindings.PushNews
    /// ``PushOutcome``, for an app that has one of its own.
    public typealias PushOutcome = ShopbellBindings.PushOutcome
    /// ``Rating``, for an app that has one of its own.
    public typealias Rating = ShopbellBindings.Rating
    /// ``RefusedField``, for an app that has one of its own.
    public typealias RefusedField = ShopbellBindings.RefusedField
    /// ``SearchResults``, for an app that has one of its own.
    public typealias SearchResults = ShopbellBindings.SearchResults
    /// ``SetupProblem``, for an app that has one of its own.
    public typealias SetupProblem = ShopbellBindings.SetupProblem
    /// ``SizeOnDisk``, for an app that has one of its own.
    public typealias SizeOnDisk = ShopbellBindings.SizeOnDisk
    /// ``Span``, for an app that has one of its own.
    public typealias Span = ShopbellBindings.Span
    /// ``StorageProblem``, for an app that has one of its own.
    public typealias StorageProblem = ShopbellBindings.StorageProblem
    /// ``SurveyScale``, for an app that has one of its own.
    public typealias SurveyScale = ShopbellBindings.SurveyScale
    /// ``TableCell``, for an app that has one of its own.
    public typealias TableCell = ShopbellBindings.TableCell
    /// ``Transfer``, for an app that has one of its own.
    public typealias Transfer = ShopbellBindings.Transfer
    /// ``Typing``, for an app that has one of its own.
    public typealias Typing = ShopbellBindings.Typing
    /// ``Verification``, for an app that has one of its own.
    public typealias Verification = ShopbellBindings.Verification
    /// ``Conversation``, for an app that has one of its own.
    public typealias Conversation = _Conversation
    /// ``HelpCenter``, for an app that has one of its own.
    public typealias HelpCenter = _HelpCenter
    /// ``HelpCenterConfig``, for an app that has one of its own.
    public typealias HelpCenterConfig = _HelpCenterConfig
    /// ``HelpChanges``, for an app that has one of its own.
    public typealias HelpChanges = _HelpChanges
    /// ``HelpEvents``, for an app that has one of its own.
    public typealias HelpEvents = _HelpEvents
    /// ``NewAttachment``, for an app that has one of its own.
    public typealias NewAttachment = _NewAttachment
    /// ``SearchBox``, for an app that has one of its own.
    public typealias SearchBox = _SearchBox
    /// ``SearchUpdates``, for an app that has one of its own.
    public typealias SearchUpdates = _SearchUpdates
}
