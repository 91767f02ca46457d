package com.shopbell.sdk

import com.shopbell.sdk.internal.Engine
import com.shopbell.sdk.internal.Shown
import java.io.File
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/**
 * In-app support: one for an app. [Shopbell] is the door that most apps use.
 *
 * Making one returns at once; the library is loaded and the store opened in the background, and calls made meanwhile
 * wait for it in order. Every call may come from any thread, the main thread too. **Cancelling a call stops the
 * waiting, never the work**: a message that was being sent when its screen was closed is sent.
 *
 * **When a call returns, every flow of this client holds what it did**: `value` is the new one, and a listener of Java
 * is told before the call's callback. A collector or a callback that blocks Shopbell's own thread delays calls, by two
 * seconds at most each; the flows are told once it returns.
 *
 * Every call may fail with [SupportException.NativeLibrary], [SupportException.InvalidConfig],
 * [SupportException.Storage], [SupportException.Paused], [SupportException.Closed], and with what it names.
 */
public class ShopbellClient internal constructor(
    config: ShopbellConfig,
    dataDir: File,
    callbacks: CoroutineDispatcher,
    lingerMillis: Long = LINGER_MILLIS,
    vault: Vault? = null,
) : AutoCloseable {
    /** Keeps what was written in [dataDir], a folder of the app's own. */
    public constructor(config: ShopbellConfig, dataDir: File) : this(config, dataDir, Dispatchers.Default)

    internal val engine = Engine(config, dataDir, callbacks, lingerMillis, vault)

    private val shown = Shown()

    /**
     * The conversations of whoever is here, the one with the latest activity first. While somebody collects them the list
     * counts as on screen, and a realtime connection is held: collect them while they are shown (`repeatOnLifecycle`,
     * `collectAsStateWithLifecycle`). For a badge, collect [unreadCount], which holds none.
     */
    public val conversations: StateFlow<List<ConversationSummary>> = shown.conversations.asStateFlow()

    /** How many messages the customer has not seen, in all conversations. */
    public val unreadCount: StateFlow<Int> = shown.unread.asStateFlow()

    /**
     * How the desk is reached, whether agents are there, what the desk makes of the customer; `null` until known.
     *
     * [ClientStatus.setupProblem] names a mistake that only a developer can mend: an address or inbox that is wrong, a
     * hash that the desk refuses, a data folder or library that can't be opened. Meanwhile the other flows stay empty.
     */
    public val status: StateFlow<ClientStatus?> = shown.status.asStateFlow()

    /** The help centre that [ShopbellConfig.helpCenter] names. */
    public val helpCenter: HelpCenter = HelpCenter(engine)

    init {
        engine.post(shown::observe)
        engine.ifNotOpened(shown::failed)
        // Observed all the time, and on screen only while somebody collects them.
        engine.scope.launch {
            var told = false
            shown.conversations.subscriptionCount.collect { readers ->
                val onScreen = readers > 0
                if (onScreen != told) {
                    told = onScreen
                    engine.post { it.showList(onScreen) }
                }
            }
        }
    }

    /** Waits until the store is open, or tells why it can't be. Never needed: every call waits by itself. */
    public suspend fun opened(): Unit = engine.call { it.opened() }

    /**
     * The customer has logged in to your app. Returns when it is safe on the phone; the desk is told by itself.
     * Whoever was anonymous keeps the conversations; whoever was somebody else leaves, and nothing of them can be read
     * from any flow when it returns. Call it at every start.
     *
     * @param userId your own id of the person (1 to 255 characters): stable, unique, never re-used.
     * @param userHash the proof of your server: lower-case hex of `HMAC-SHA256(key, userId)`. Never compute it in the
     *   app.
     * @param profile what the agents see of the customer. Set [CustomerProfile.emailVerifiedByServer] and
     *   [CustomerProfile.phoneVerifiedByServer] only where your server has verified that the address belongs to this
     *   customer: a desk joins contacts by them, histories included. An address without that flag reaches the agents as
     *   the attribute `unverified_email` or `unverified_phone`. `docs/identity.md` says what to switch on at the desk.
     * @throws SupportException.InvalidInput where something can't be so; then nothing has changed.
     */
    public suspend fun loginIdentifiedUser(
        userId: String,
        userHash: String? = null,
        profile: CustomerProfile = CustomerProfile(),
    ): Unit = engine.change { somebodyElse(it, it.identify(Identity(userId, userHash), profile)) }

    /**
     * Somebody uses your app without an account. Whoever was logged in leaves as by [logout]; somebody anonymous stays
     * who they are. When it returns, nothing of whoever has left can be read from any flow.
     */
    public suspend fun loginUnidentifiedUser(profile: CustomerProfile = CustomerProfile()): Unit =
        engine.change { native ->
            if (native.currentStatus().verification != Verification.ANONYMOUS) somebodyElse(native, native.logOut())
            if (profile != CustomerProfile()) native.updateCustomer(profile)
        }

    /**
     * The customer has logged out: whoever comes next sees nothing of them. When it returns, nothing of them can be read
     * from any flow. What they wrote, unsent messages included, is there when they log in again. Somebody anonymous
     * leaves for good.
     */
    public suspend fun logout(): Unit = engine.change { somebodyElse(it, it.logOut()) }

    /**
     * Another customer may be here. The flows have been [told], or a collector that does not return keeps them from it:
     * then they are forgotten here, and observed anew.
     */
    private fun somebodyElse(
        native: NativeClient,
        told: Boolean,
    ) {
        if (!told) shown.observe(native)
        engine.screens.forget(all = !told)
    }

    /**
     * Says more of the customer. A field left out stays as it is, attributes are merged by name, and what is in
     * [CustomerProfile.cleared] or [CustomerProfile.clearedAttributes] is cleared. Only what the desk has not accepted yet
     * is sent, so a change that an agent or another phone made meanwhile stays.
     *
     * ```kotlin
     * Shopbell.updateUser(CustomerProfile(name = "Mai", clearedAttributes = listOf("coupon")))
     * ```
     *
     * @throws SupportException.InvalidInput where a value breaks a rule or is over the desk's limits; nothing changes.
     */
    public suspend fun updateUser(profile: CustomerProfile): Unit = engine.call { it.updateCustomer(profile) }

    /**
     * The fields and attributes of the profile that were set aside: the desk does not take these values. Everything else
     * was sent. [ClientStatus.refusedFields] says how many there are.
     */
    public suspend fun refusedFields(): List<RefusedField> = engine.call { it.refusedFields() }

    /** Gives up the values in [refusedFields]. The desk keeps what it has there. */
    public suspend fun discardRefusedFields(): Unit = engine.call { it.discardRefusedFields() }

    /**
     * Keeps something that the customer did in your app. When they next begin a conversation, the agents see what they
     * did in the day before, newest first; nothing is sent for an event alone, and what was told is forgotten. The last
     * 20 are kept, on this phone.
     *
     * ```kotlin
     * Shopbell.logEvent("checkout_failed", mapOf("reason" to AttributeValue.Text("card refused")))
     * ```
     *
     * @param name 1 to 255 characters.
     * @param attributes at most 20, each within the desk's limits.
     * @throws SupportException.InvalidInput where one is not.
     */
    public suspend fun logEvent(
        name: String,
        attributes: Map<String, AttributeValue> = emptyMap(),
    ): Unit = engine.call { it.logEvent(name, attributes) }

    /**
     * Asks the desk now what it makes of the customer's identity, and whose contact it has for it.
     * [Verification.MISMATCHED] means that it has put the customer together with somebody else.
     *
     * @throws SupportException.IdentityRejected where it refuses it.
     * @throws SupportException.Offline where it can't be asked, or does not answer in time; also
     *   [SupportException.DeskUnavailable] and [SupportException.Busy]. Nothing is concluded from that, and what asks the
     *   desk next asks it again.
     */
    public suspend fun verifyIdentity(): Verification = engine.call { it.verifyIdentity() }

    /**
     * What the push service knows this phone by, or `null` where it is to get no pushes any more. Call it at every start
     * and whenever the system gives another one. Returns when it is safe on the phone; the desk is told by itself, of
     * whoever is here and of whoever logs in next. Who logs out gets none any more. `docs/push.md` says what your server
     * does with it.
     *
     * @throws SupportException.InvalidInput where it is empty, holds blanks or is longer than the desk keeps.
     */
    public suspend fun setPushToken(
        token: String?,
        service: PushService = PushService.FCM,
    ): Unit = engine.call { it.setPushToken(service, token) }

    /**
     * Hands in a push that your app got: asks the desk for what it names, and says what to show. Call it from the
     * background: a client that is paused is opened for it, and closed again. It takes a request or two; where the desk
     * can't be reached, or does not answer within [Limits.pushTimeoutMillis], a conversation that is known here is still
     * told of, without its words. On Android `ShopbellNotifications` does the showing, too.
     *
     * A push that comes again gives its news again, in the newest words, until the message was seen: show them in the
     * place of what was shown of [PushNews.conversation] before.
     *
     * @param data the fields of the message, as `RemoteMessage.getData()` has them.
     * @throws SupportException.Offline for a conversation that is not known here; also
     *   [SupportException.DeskUnavailable] and [SupportException.Busy].
     */
    public suspend fun handlePush(data: Map<String, String>): PushOutcome = engine.call { it.handlePush(data) }

    /**
     * The customer's open conversation, or a new one: what a "Chat with us" button opens. It is the one with the latest
     * activity that is neither resolved nor deleted at the desk and that the customer can write in; where there is none, a
     * new one is begun, the same at each call until something is said or drafted there. Reads the phone only, and does
     * not wait for the network. Safe to call from any thread.
     */
    public suspend fun currentConversation(): Conversation {
        val native = engine.call { it.currentConversation() }
        return Conversation(native.id(), engine, native)
    }

    /** Begins a conversation. The desk learns of it with its first message; without one it leaves no trace. */
    public suspend fun startConversation(): Conversation {
        val native = engine.call { it.startConversation() }
        return Conversation(native.id(), engine, native)
    }

    /**
     * A conversation of the list, or one whose id was kept. Returns at once. One that does not exist is told by the
     * first command ([SupportException.NotFound]). It belongs to whoever is here: get a new one after a log-in.
     */
    public fun conversation(id: String): Conversation = Conversation(id, engine, null)

    /**
     * Asks the desk for news now: for pull-to-refresh. What is new is in the flows when it returns.
     *
     * @throws SupportException.Offline where the desk can't be asked: what is on the phone stays as it is; also
     *   [SupportException.DeskUnavailable] and [SupportException.Busy].
     * @throws SupportException.Paused where the client is paused, or is paused meanwhile: the call ends at once then.
     */
    public suspend fun refresh(): Unit = engine.call { it.refresh() }

    /** What the desk can do. Not asked of it: known beforehand. */
    public suspend fun capabilities(): Capabilities = engine.call { it.capabilities() }

    /**
     * Asks the desk about itself: also a check of the configuration, for your first run.
     *
     * @throws SupportException.InvalidConfig where the desk does not know the inbox.
     * @throws SupportException.Offline where it can't be asked; also [SupportException.DeskUnavailable] and
     *   [SupportException.Busy].
     */
    public suspend fun deskInfo(): DeskInfo = engine.call { it.deskInfo() }

    /** How much room the files of whoever is here take on this phone. */
    public suspend fun sizeOnDisk(): SizeOnDisk = engine.call { it.sizeOnDisk() }

    /** Removes the files of whoever is here that can be fetched again. What is still to be sent stays. */
    public suspend fun clearCache(): Unit = engine.call { it.clearCache() }

    /** [logout], and no fetched file stays on the phone: for one that many people use. */
    public suspend fun logoutAndClearCache(): Unit = engine.change { somebodyElse(it, it.logOutAndClearCache()) }

    /**
     * There is a network again (`true`), or none (`false`). Never needed, always helpful. On Android it is told. A hint:
     * a request that is answered all the same overrules it, and it is doubted after a while.
     */
    public fun networkChanged(available: Boolean): Unit = engine.post { it.networkChanged(available) }

    /**
     * Closes every file, lock and socket, for the app goes to the background. What is being sent may finish first, for
     * at most three seconds. On Android it happens by itself.
     */
    public suspend fun pause(): Unit = engine.call { it.pause() }

    /** Opens everything again and tries at once what waits. On Android it happens by itself. */
    public suspend fun resume(): Unit = engine.call { it.resume() }

    /** Ends the client for good, after what was asked for before, and waits until every file is closed. */
    public suspend fun shutdown() {
        val ended = CompletableDeferred<Unit>()
        engine.close { ended.complete(Unit) }
        ended.await()
    }

    /** As [shutdown], without waiting. A second time is no error. A program may end without it, and loses nothing. */
    override fun close(): Unit = engine.close()

    // --- For Java ---

    /** [loginIdentifiedUser], for Java. */
    public fun loginIdentifiedUser(
        userId: String,
        userHash: String?,
        profile: CustomerProfile,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { loginIdentifiedUser(userId, userHash, profile) }

    /** [loginUnidentifiedUser], for Java. */
    public fun loginUnidentifiedUser(
        profile: CustomerProfile,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { loginUnidentifiedUser(profile) }

    /** [logout], for Java. */
    public fun logout(callback: SupportCallback<Unit>?): Unit = engine.later(callback) { logout() }

    /** [updateUser], for Java. */
    public fun updateUser(
        profile: CustomerProfile,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { updateUser(profile) }

    /** [logEvent], for Java. */
    public fun logEvent(
        name: String,
        attributes: Map<String, AttributeValue>,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { logEvent(name, attributes) }

    /** [setPushToken], for Java. */
    public fun setPushToken(
        token: String?,
        callback: SupportCallback<Unit>?,
    ): Unit = engine.later(callback) { setPushToken(token) }

    /** [handlePush], for Java. */
    public fun handlePush(
        data: Map<String, String>,
        callback: SupportCallback<PushOutcome>,
    ): Unit = engine.later(callback) { handlePush(data) }

    /** [currentConversation], for Java. */
    public fun currentConversation(callback: SupportCallback<Conversation>): Unit =
        engine.later(callback) { currentConversation() }

    /** [startConversation], for Java. */
    public fun startConversation(callback: SupportCallback<Conversation>): Unit =
        engine.later(callback) { startConversation() }

    /** [refresh], for Java. */
    public fun refresh(callback: SupportCallback<Unit>?): Unit = engine.later(callback) { refresh() }

    /** Listens to [unreadCount], for Java, until what it returns is closed. */
    public fun addUnreadCountListener(listener: SupportListener<Int>): AutoCloseable =
        engine.listen(unreadCount, listener)

    /** Listens to [conversations], for Java, until what it returns is closed. */
    public fun addConversationsListener(listener: SupportListener<List<ConversationSummary>>): AutoCloseable =
        engine.listen(conversations, listener)

    internal companion object {
        /** A screen that is turned around is back within a second or two; the usual five leave room for slow phones. */
        const val LINGER_MILLIS = 5_000L
    }
}
