package com.shopbell.sdk

/**
 * Why something could not be done: one class for each thing that an app can do about it.
 *
 * [message] is for developers and logs and holds nothing that anybody wrote. What a customer wrote is never lost by an
 * error: [Conversation.send] either kept the message, and then it shows in [Conversation.messages], or failed before
 * anything was kept.
 */
public sealed class SupportException(
    message: String,
    cause: Throwable? = null,
    /** Whether the same call may succeed later, with nothing changed. */
    public val isRetryable: Boolean = false,
) : Exception(message, cause) {
    /** The configuration can't work: fix it in the app. [field] names the setting. */
    public class InvalidConfig internal constructor(
        public val field: String,
        message: String,
    ) : SupportException(message)

    /** What was passed can't be taken. Nothing has changed. [field] names the argument. */
    public class InvalidInput internal constructor(
        public val field: String,
        message: String,
        cause: Throwable? = null,
    ) : SupportException(message, cause)

    /**
     * A file can't be sent. Nothing has changed. Tell the customer which one and why, in the app's own words: [number] is
     * the file's in the message's list, from 1.
     */
    public class AttachmentRefused internal constructor(
        public val number: Int,
        public val problem: AttachmentProblem,
        message: String,
        cause: Throwable? = null,
    ) : SupportException(message, cause)

    /**
     * A file may hold the place where it was taken, and that can't be removed. Nothing has changed. Ask the customer, and
     * send it with [NewAttachment.keepLocation] if they agree; or allow all such files
     * ([Limits.allowUnremovableLocation]). [number] is the file's in the message's list, from 1.
     */
    public class LocationNotRemovable internal constructor(
        public val number: Int,
        message: String,
    ) : SupportException(message)

    /** There is no such conversation, message, choice or field. */
    public class NotFound internal constructor(
        message: String,
    ) : SupportException(message)

    /** It is too late or too early for this: the message is on its way, or has arrived. */
    public class Conflict internal constructor(
        message: String,
    ) : SupportException(message)

    /** The desk can't be reached. What was written is kept and goes out by itself. */
    public class Offline internal constructor(
        message: String,
    ) : SupportException(message, isRetryable = true)

    /**
     * The desk's address answers with a certificate that is not trusted: by a private authority, expired, or for another
     * name. Nothing was sent there; what was written is kept, and goes out by itself once that has changed. For you: the
     * desk needs a certificate of a public authority. For customers it is as [Offline]: a network that reads along shows
     * it, too, and so does a phone whose clock is wrong.
     */
    public class Untrusted internal constructor(
        message: String,
    ) : SupportException(message, isRetryable = true)

    /** The desk was reached and failed. What was written is kept and goes out by itself. */
    public class DeskUnavailable internal constructor(
        message: String,
    ) : SupportException(message, isRetryable = true)

    /** The desk asks for patience: for [retryAfterMillis], where it says how long. */
    public class Busy internal constructor(
        public val retryAfterMillis: Long?,
        message: String,
    ) : SupportException(message, isRetryable = true)

    /** The desk refused, and will again. [reason] is its own words, for the customer; not for logs. */
    public class Rejected internal constructor(
        public val reason: String,
        message: String,
    ) : SupportException(message)

    /** The desk does not accept who the customer is: get a fresh hash from your server and log in again. */
    public class IdentityRejected internal constructor(
        message: String,
    ) : SupportException(message)

    /** The desk can't do this; [ShopbellClient.capabilities] says so beforehand. */
    public class Unsupported internal constructor(
        message: String,
    ) : SupportException(message)

    /** The phone's storage failed. What was kept before is still there. */
    public class Storage internal constructor(
        public val problem: StorageProblem,
        message: String,
        isRetryable: Boolean,
    ) : SupportException(message, isRetryable = isRetryable)

    /** The client is paused: resume it first. */
    public class Paused internal constructor(
        message: String,
    ) : SupportException(message, isRetryable = true)

    /** The client was closed, or the customer that this object belongs to has logged out: get a new one. */
    public class Closed internal constructor(
        message: String,
        cause: Throwable? = null,
    ) : SupportException(message, cause)

    /** The native library is not there, or is not this version's. [message] says what to do. */
    public class NativeLibrary internal constructor(
        message: String,
        cause: Throwable?,
    ) : SupportException(message, cause)

    /** A mistake in Shopbell itself. The app goes on; please report it, with the log. */
    public class Internal internal constructor(
        message: String,
        cause: Throwable?,
    ) : SupportException(message, cause)
}
