package com.shopbell.sdk

import com.shopbell.sdk.internal.Engine
import com.shopbell.sdk.internal.OnScreenFlow
import com.shopbell.sdk.internal.after
import com.shopbell.sdk.internal.supportException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.flow.StateFlow
import java.io.File

/**
 * A conversation: commands go through it, [messages] shows it.
 *
 * Every command is safe on the phone when it returns, with or without a network, and reaches the desk by itself. What it
 * did is in every flow by then. Cancelling a call stops the waiting, never the work. While the client is paused commands
 * are kept, all but files, and shown and sent after the resume. A conversation goes on when its anonymous customer logs
 * in. Every command may fail with [SupportException.Closed] (the client was closed or another customer is here now),
 * [SupportException.NotFound] (the customer has no such conversation), [SupportException.Storage], and with what it
 * names.
 */
public class Conversation internal constructor(
    /** Its id on this phone: stable for ever, no secret. Keep it to come back, in a navigation argument say. */
    public val id: String,
    private val engine: Engine,
    begun: NativeConversation?,
) {
    // Touched in the engine's scope only, which does one thing at a time.
    private var made: NativeConversation? = begun
    private var timeline: NativeTimeline? = null
    private var typists: NativeSubscription? = null

    init {
        // Whoever is here when it is asked for is whose it is.
        if (begun == null) engine.post { of(it) }
    }

    private val onScreen =
        OnScreenFlow(
            emptyList(),
            engine,
            object : OnScreenFlow.Source<List<Message>> {
                override fun start(show: (List<Message>) -> Unit) =
                    engine.post { timeline = of(it).timeline(MessagesObserver(show)) }

                override fun stop() =
                    engine.post {
                        timeline?.cancel()
                        timeline?.close()
                        timeline = null
                    }
            },
        )

    /**
     * The messages, oldest first, from the newest page on; [loadOlder] brings more. Empty until somebody collects it.
     * While it is collected, and a few seconds longer, the conversation counts as being on screen: messages arrive at
     * once. Empty again when the customer has left, also where nobody collects it any more.
     */
    public val messages: StateFlow<List<Message>> get() = onScreen

    /** Who types at the desk, if anybody. Known while it is collected. */
    public val typing: StateFlow<Typing?> =
        OnScreenFlow(
            null,
            engine,
            object : OnScreenFlow.Source<Typing?> {
                override fun start(show: (Typing?) -> Unit) =
                    engine.post { typists = of(it).typing(TypingObserver(show)) }

                override fun stop() =
                    engine.post {
                        typists?.cancel()
                        typists?.close()
                        typists = null
                    }
            },
        )

    internal fun of(native: NativeClient): NativeConversation =
        made ?: native.conversation(id).also { made = it }

    private suspend fun <T> call(work: suspend (NativeConversation) -> T): T = engine.call { work(of(it)) }

    /**
     * Sends words, files, or both in one message: returns its id when all of it is safe on the phone and in [messages].
     * The words are trimmed of white space around them, the files are copied; how far they are on their way is in
     * [Attachment.transfer]. The draft is cleared with it. Writing to a resolved conversation opens it again.
     *
     * Once called, it is sent, whoever is cancelled meanwhile. Where it can't be, and nobody waits any more to hear why,
     * the words are kept as the draft, unless there is another.
     *
     * @throws SupportException.InvalidInput where there is nothing to send, the text is too long for the desk or holds a
     *   NUL.
     * @throws SupportException.AttachmentRefused where a file is empty, too large, of a type that can't be sent, not
     *   there, or one too many.
     * @throws SupportException.LocationNotRemovable where a photo or film may tell where it was taken and that can't be
     *   removed; [NewAttachment] names the formats.
     * @throws SupportException.Unsupported where the desk takes no files.
     * @throws SupportException.Storage where the phone is full; then the text is kept as the draft.
     */
    public suspend fun send(
        text: String,
        attachments: List<NewAttachment> = emptyList(),
    ): String = sendWith(text) { it.sendMessage(text, attachments) }

    /** Has [text] sent by what does it to its end, whoever is cancelled. */
    internal suspend fun sendWith(
        text: String,
        send: suspend (NativeConversation) -> String,
    ): String =
        engine.keep(
            work = { send(of(it)) },
            unheard = { native -> of(native).run { if (draft() == null) setDraft(text) } },
        )

    /**
     * The file of an attachment, or with [thumbnail] the desk's small picture of it: at once where it is on the phone,
     * which an own one is. It may go later when room is needed, so use it now or copy it to keep it.
     *
     * Cancelling it stops it; what came stays, and the next call goes on from there. [onProgress] is called on a thread
     * of Shopbell's, a few times a second at most.
     *
     * @throws SupportException.NotFound where there is no such attachment, or it is no file, or the desk has it no more.
     * @throws SupportException.Offline where the connection broke for good; also [SupportException.DeskUnavailable] and
     *   [SupportException.Busy].
     */
    public suspend fun download(
        attachmentId: String,
        thumbnail: Boolean = false,
        onProgress: (DownloadProgress) -> Unit = {},
    ): File {
        val file = CompletableDeferred<File>()
        val listener = DownloadObserver(file, onProgress)
        val subscription = call { it.download(attachmentId, thumbnail, listener) }
        try {
            return engine.await(file)
        } finally {
            subscription.cancel()
            subscription.close()
        }
    }

    /**
     * Tries a message or an answer that needs attention again, or one that waits, at once.
     *
     * @throws SupportException.NotFound where there is none.
     * @throws SupportException.Conflict where it has arrived.
     */
    public suspend fun retry(messageId: String): Unit = call { it.retry(messageId) }

    /**
     * Changes the words of a message that waits or needs attention, and sends it.
     *
     * @throws SupportException.Conflict where it is on its way, may have arrived, or has.
     */
    public suspend fun edit(
        messageId: String,
        text: String,
    ): Unit = call { it.edit(messageId, text) }

    /**
     * Removes a message that waits or needs attention. One that may have reached the desk all the same comes back if
     * it has.
     *
     * @throws SupportException.Conflict where it is on its way or has arrived.
     */
    public suspend fun discard(messageId: String): Unit = call { it.discard(messageId) }

    /**
     * Picks a choice of a [Content.Select], by its value.
     *
     * @throws SupportException.NotFound where the message or the choice does not exist.
     */
    public suspend fun choose(
        messageId: String,
        value: String,
    ): Unit = call { it.choose(messageId, value) }

    /**
     * Fills in a [Content.Form]: a value for each field by its name; fields left out are empty.
     *
     * Values are checked by the type of their field, but not against its `pattern`: that is up to the app.
     *
     * @throws SupportException.InvalidInput where a required field is empty, a value is none of a field's choices, or
     *   does not fit the type of its field, such as `email`.
     * @throws SupportException.NotFound where the message is no form or has no such field.
     */
    public suspend fun fillIn(
        messageId: String,
        values: Map<String, String>,
    ): Unit = call { native -> native.fillIn(messageId, values.map { FieldValue(it.key, it.value) }) }

    /**
     * Answers a [Content.Survey]: 1 (worst) to 5, and what the customer adds. May be answered again.
     *
     * @throws SupportException.InvalidInput where the score is none.
     * @throws SupportException.NotFound where the message is no survey.
     */
    public suspend fun rate(
        messageId: String,
        score: Int,
        feedback: String = "",
    ): Unit = call { it.rate(messageId, score, feedback) }

    /**
     * Brings in the page before the oldest message shown: from the phone, else from the desk. The messages are in
     * [messages] when it returns.
     *
     * @throws SupportException.Offline where the desk had to be asked; also [SupportException.DeskUnavailable] and
     *   [SupportException.Busy].
     */
    public suspend fun loadOlder(): Older =
        onScreen.held {
            engine.call {
                val shown = timeline ?: throw SupportException.Closed("closed: the conversation is not on screen")
                shown.loadOlder()
            }
        }

    /**
     * Keeps what the customer has begun to write; empty clears it.
     *
     * @throws SupportException.InvalidInput where it is too long for the desk.
     */
    public suspend fun setDraft(text: String): Unit = call { it.setDraft(text) }

    /** What the customer had begun to write. */
    public suspend fun draft(): String? = call { it.draft() }

    /** The customer pressed a key (`true`), or stopped (`false`). A signal of the moment. Returns at once. */
    public fun setTyping(typing: Boolean): Unit = engine.post { of(it).setTyping(typing) }

    /** The customer has seen everything that is here. Call it when the newest message is visible. */
    public suspend fun markSeen(): Unit = call { it.markSeen() }

    /**
     * Ends the conversation at the desk; its status changes when the desk has done so.
     *
     * @throws SupportException.NotFound where nothing was ever said in it.
     * @throws SupportException.Unsupported where the desk can't.
     */
    public suspend fun resolve(): Unit = call { it.resolve() }

    // --- For Java ---

    /** [send], for Java. */
    public fun send(
        text: String,
        callback: SupportCallback<String>?,
    ): Unit = engine.later(callback) { send(text) }

    /** [send] with files, for Java. */
    public fun send(
        text: String,
        attachments: List<NewAttachment>,
        callback: SupportCallback<String>?,
    ): Unit = engine.later(callback) { send(text, attachments) }

    /** [download], for Java. */
    public fun download(
        attachmentId: String,
        thumbnail: Boolean,
        callback: SupportCallback<File>,
    ): Unit = engine.later(callback) { download(attachmentId, thumbnail) }

    /** [retry], for Java. */
    public fun retry(
        messageId: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { retry(messageId) }

    /** [edit], for Java. */
    public fun edit(
        messageId: String,
        text: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { edit(messageId, text) }

    /** [discard], for Java. */
    public fun discard(
        messageId: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { discard(messageId) }

    /** [choose], for Java. */
    public fun choose(
        messageId: String,
        value: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { choose(messageId, value) }

    /** [fillIn], for Java. */
    public fun fillIn(
        messageId: String,
        values: Map<String, String>,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { fillIn(messageId, values) }

    /** [rate], for Java. */
    public fun rate(
        messageId: String,
        score: Int,
        feedback: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { rate(messageId, score, feedback) }

    /** [loadOlder], for Java. */
    public fun loadOlder(callback: SupportCallback<Older>?): Unit = engine.later(callback) { loadOlder() }

    /** [setDraft], for Java. */
    public fun setDraft(
        text: String,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { setDraft(text) }

    /** [draft], for Java. */
    public fun draft(callback: SupportCallback<String?>): Unit = engine.later(callback) { draft() }

    /** [markSeen], for Java. */
    public fun markSeen(callback: SupportCallback<Unit>?): Unit = engine.later(callback) { markSeen() }

    /** [resolve], for Java. */
    public fun resolve(callback: SupportCallback<Unit>?): Unit = engine.later(callback) { resolve() }

    /** Listens to [messages], for Java, until what it returns is closed: as long as the conversation is on screen. */
    public fun addMessagesListener(listener: SupportListener<List<Message>>): AutoCloseable =
        engine.listen(messages, listener)

    /** Listens to [typing], for Java, until what it returns is closed. */
    public fun addTypingListener(listener: SupportListener<Typing?>): AutoCloseable = engine.listen(typing, listener)
}

private class MessagesObserver(
    private val show: (List<Message>) -> Unit,
) : MessagesListener {
    // Not the flow's list: an observation that ended may have left its own there.
    private var shown = emptyList<Message>()

    override fun onBatch(batch: List<NativeMessageDiff>) {
        shown = shown.after(batch)
        show(shown)
    }

    override fun onEnd() = show(emptyList())
}

private class TypingObserver(
    private val show: (Typing?) -> Unit,
) : TypingListener {
    override fun onTyping(typing: Typing?) {
        show(typing)
    }

    override fun onEnd() = show(null)
}

private class DownloadObserver(
    private val file: CompletableDeferred<File>,
    private val onProgress: (DownloadProgress) -> Unit,
) : DownloadListener {
    override fun onProgress(progress: DownloadProgress) {
        onProgress.invoke(progress)
    }

    override fun onFinished(path: String) {
        file.complete(File(path))
    }

    override fun onFailed(error: NativeException) {
        file.completeExceptionally(supportException(error))
    }
}
