import Foundation
import ShopbellBindings

/// Why something could not be done: one case for each thing that an app can do about it.
///
/// `message` is for developers and logs, and holds nothing that anybody wrote. What a customer wrote is never lost by
/// an error: ``Conversation/send(_:attachments:isolation:)`` either kept the message, and then it shows in
/// ``Conversation/messages``, or failed before anything was kept.
///
/// A call whose task is cancelled throws `CancellationError`: that is no failure, and stops the waiting only.
public enum SupportError: Error, Equatable, Sendable {
    /// The configuration can't work: fix it in the app. `field` names the setting.
    case invalidConfig(field: String, message: String)
    /// What was passed can't be taken. Nothing has changed. `field` names the argument.
    case invalidInput(field: String, message: String)
    /// A file can't be sent. Nothing has changed. Tell the customer which one and why, in the app's own words: `number` is
    /// the file's in the message's list, from 1.
    case attachmentRefused(number: Int32, problem: AttachmentProblem, message: String)
    /// A file may hold the place where it was taken, and that can't be removed. Nothing has changed. Ask the customer, and
    /// send it with ``NewAttachment/keepLocation`` if they agree; or allow all such files (`allowUnremovableLocation` of
    /// ``ShopbellConfig/limits``). `number` is the file's in the message's list, from 1.
    case locationNotRemovable(number: Int32, message: String)
    /// There is no such conversation, message, choice or field.
    case notFound(message: String)
    /// It is too late or too early for this: the message is on its way, or has arrived.
    case conflict(message: String)
    /// The desk can't be reached. What was written is kept and goes out by itself.
    case offline(message: String)
    /// The desk's address answers with a certificate that is not trusted: by a private authority, expired, or for another
    /// name. Nothing was sent there; what was written is kept, and goes out by itself once that has changed. For you: the
    /// desk needs a certificate of a public authority. For customers it is as ``offline(message:)``: a network that reads
    /// along shows it, too, and so does a phone whose clock is wrong.
    case untrusted(message: String)
    /// The desk was reached and failed. What was written is kept and goes out by itself.
    case deskUnavailable(message: String)
    /// The desk asks for patience: for `retryAfterMillis`, where it says how long.
    case busy(retryAfterMillis: Int64?, message: String)
    /// The desk refused, and will again. `reason` is its own words, for the customer; not for logs.
    case rejected(reason: String, message: String)
    /// The desk does not accept who the customer is: get a fresh hash from your server and log in again.
    case identityRejected(message: String)
    /// The desk can't do this; ``ShopbellClient/capabilities(isolation:)`` says so beforehand.
    case unsupported(message: String)
    /// The phone's storage failed. What was kept before is still there.
    case storage(problem: StorageProblem, message: String)
    /// The client is paused: resume it first.
    case paused(message: String)
    /// The client was closed, or the customer that this object belongs to has logged out: get a new one.
    case closed(message: String)
    /// A mistake in Shopbell itself. The app goes on; please report it, with the log.
    case `internal`(message: String)

    /// Whether the same call may succeed later, with nothing changed.
    public var isRetryable: Bool {
        switch self {
        case .offline, .untrusted, .deskUnavailable, .busy, .paused:
            true
        case .storage(let problem, _):
            problem == .full || problem == .other
        case .invalidConfig, .invalidInput, .attachmentRefused, .locationNotRemovable, .notFound, .conflict, .rejected, .identityRejected,
            .unsupported, .closed, .internal:
            false
        }
    }

    /// What went wrong, for developers and logs.
    public var message: String {
        switch self {
        case .invalidConfig(_, let message), .invalidInput(_, let message), .attachmentRefused(_, _, let message),
            .locationNotRemovable(_, let message),
            .notFound(let message), .conflict(let message), .offline(let message), .untrusted(let message),
            .deskUnavailable(let message), .busy(_, let message), .rejected(_, let message), .identityRejected(let message), .unsupported(let message),
            .storage(_, let message), .paused(let message), .closed(let message), .internal(let message):
            message
        }
    }
}

extension SupportError: LocalizedError {
    /// ``message``: English, for developers. What a customer reads is the app's to say.
    public var errorDescription: String? { message }
}

// An error ends in logs: the desk's own words are not in it.
extension SupportError: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// ``message``.
    public var description: String { message }
    /// ``message``.
    public var debugDescription: String { message }
    /// Nothing but ``message``.
    public var customMirror: Mirror { Mirror(self, children: ["message": message]) }
}

extension SupportError {
    /// What the library threw, or what Swift did under it, as an app sees it.
    static func from(_ error: any Error) -> any Error {
        switch error {
        case let error as NativeError:
            SupportError(error)
        case is SupportError, is CancellationError:
            error
        default:
            // Of the library's own glue: a panic that it caught, or an answer that it could not read.
            SupportError.internal(message: "a mistake in Shopbell (\(type(of: error))); the log says where")
        }
    }

    init(_ error: NativeError) {
        self =
            switch error {
            case .InvalidConfig(let field, let text): .invalidConfig(field: field, message: text)
            case .InvalidInput(let field, let text): .invalidInput(field: field, message: text)
            case .AttachmentRefused(let number, let problem, let text):
                .attachmentRefused(number: number, problem: problem, message: text)
            case .LocationNotRemovable(let number, let text): .locationNotRemovable(number: number, message: text)
            case .NotFound(let text): .notFound(message: text)
            case .Conflict(let text): .conflict(message: text)
            case .Offline(let text): .offline(message: text)
            case .Untrusted(let text): .untrusted(message: text)
            case .DeskUnavailable(let text): .deskUnavailable(message: text)
            case .Busy(let millis, let text): .busy(retryAfterMillis: millis, message: text)
            case .Rejected(let reason, let text): .rejected(reason: reason, message: text)
            case .IdentityRejected(let text): .identityRejected(message: text)
            case .Unsupported(let text): .unsupported(message: text)
            case .Storage(let problem, let text): .storage(problem: problem, message: text)
            case .Paused(let text): .paused(message: text)
            case .Closed(let text): .closed(message: text)
            case .Internal(let text): .internal(message: text)
            }
    }
}
