package com.shopbell.sdk

import com.shopbell.sdk.internal.Following
import com.shopbell.sdk.internal.natively
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.flowOf
import java.io.File

/**
 * The process-wide [ShopbellClient], under names that are quick to type.
 *
 * ```kotlin
 * Shopbell.initialize(context, ShopbellConfig("https://desk.example.com", "inbox-identifier"))
 * ```
 * On Android that is an extension, to be imported with this object (`import com.shopbell.sdk.*`).
 *
 * Before [initialize] every call fails with [SupportException.InvalidConfig]. The flows [conversations], [unreadCount]
 * and [status] may be collected at any time: they show the client that there is now, and go on with the next one.
 */
public object Shopbell {
    private class Arguments(
        val config: ShopbellConfig,
        val dataDir: File,
    )

    // Both are changed under the lock.
    private var arguments: Arguments? = null
    private val current = MutableStateFlow<ShopbellClient?>(null)

    /**
     * Begins to open the store in [dataDir], a folder of the app's own, and returns at once: neither disk nor network is
     * touched on the caller's thread. A second time with the same arguments does nothing; with others it closes the
     * first client and begins with another.
     */
    @JvmStatic
    public fun initialize(
        config: ShopbellConfig,
        dataDir: File,
    ): Unit = initialize(config, dataDir, Dispatchers.Default)

    /** True if a client was made by this call. */
    internal fun initialize(
        config: ShopbellConfig,
        dataDir: File,
        callbacks: CoroutineDispatcher,
        vault: Vault? = null,
        made: (ShopbellClient) -> Unit = {},
    ) {
        val before: ShopbellClient?
        val now: ShopbellClient
        synchronized(this) {
            val same = arguments
            if (same?.config == config && same.dataDir == dataDir) return
            before = current.value
            now = ShopbellClient(config, dataDir, callbacks, vault = vault)
            arguments = Arguments(config, dataDir)
            current.value = now
        }
        before?.close()
        made(now)
    }

    /** The client itself. */
    @JvmStatic
    public val client: ShopbellClient
        get() =
            current.value
                ?: throw SupportException.InvalidConfig("initialize", "call Shopbell.initialize(…) first")

    /** [ShopbellClient.conversations] of the client that there is now; empty while there is none. */
    @JvmStatic
    public val conversations: StateFlow<List<ConversationSummary>> =
        Following(current, emptyList()) { it.conversations }

    /** [ShopbellClient.unreadCount] of the client that there is now; 0 while there is none. */
    @JvmStatic
    public val unreadCount: StateFlow<Int> = Following(current, 0) { it.unreadCount }

    /** [ShopbellClient.status] of the client that there is now; `null` while there is none. */
    @JvmStatic
    public val status: StateFlow<ClientStatus?> = Following(current, null) { it.status }

    /** [ShopbellClient.loginIdentifiedUser]. */
    public suspend fun loginIdentifiedUser(
        userId: String,
        userHash: String? = null,
        profile: CustomerProfile = CustomerProfile(),
    ): Unit = client.loginIdentifiedUser(userId, userHash, profile)

    /** [ShopbellClient.loginUnidentifiedUser]. */
    public suspend fun loginUnidentifiedUser(profile: CustomerProfile = CustomerProfile()): Unit =
        client.loginUnidentifiedUser(profile)

    /** [ShopbellClient.logout]. */
    public suspend fun logout(): Unit = client.logout()

    /** [ShopbellClient.updateUser]. */
    public suspend fun updateUser(profile: CustomerProfile): Unit = client.updateUser(profile)

    /** [ShopbellClient.logEvent]. */
    public suspend fun logEvent(
        name: String,
        attributes: Map<String, AttributeValue> = emptyMap(),
    ): Unit = client.logEvent(name, attributes)

    /**
     * Whether a push is Shopbell's, so that an app with several senders knows whom to give it to: by the fields of
     * `RemoteMessage.getData()`. Works before [initialize], too; loads the library where it is not loaded yet, so call it
     * where pushes arrive, which is not the main thread.
     *
     * @throws SupportException.NativeLibrary where it can't be loaded.
     */
    @JvmStatic
    public fun isShopbellPush(data: Map<String, String>): Boolean = natively { isPush(data) }

    /** [ShopbellClient.setPushToken]. */
    public suspend fun setPushToken(
        token: String?,
        service: PushService = PushService.FCM,
    ): Unit = client.setPushToken(token, service)

    /** [ShopbellClient.handlePush]. */
    public suspend fun handlePush(data: Map<String, String>): PushOutcome = client.handlePush(data)

    /** [ShopbellClient.currentConversation]. */
    public suspend fun currentConversation(): Conversation = client.currentConversation()

    /** [ShopbellClient.startConversation]. */
    public suspend fun startConversation(): Conversation = client.startConversation()

    /** [ShopbellClient.conversation]. */
    @JvmStatic
    public fun conversation(id: String): Conversation = client.conversation(id)

    /** What the help centre has for [query], now and whenever its articles change. See [HelpCenter.search]. */
    @JvmStatic
    public fun searchHelpCenter(query: String): Flow<SearchResults> = client.helpCenter.search(flowOf(query))

    /** What the help centre has for what is being typed, the newest keystroke first. See [HelpCenter.search]. */
    @JvmStatic
    public fun searchHelpCenter(typed: Flow<String>): Flow<SearchResults> = client.helpCenter.search(typed)

    /** [HelpCenter.suggestions]. */
    public suspend fun suggestions(draft: String): List<ArticleHit> = client.helpCenter.suggestions(draft)

    /** [ShopbellClient.helpCenter]. */
    @JvmStatic
    public val helpCenter: HelpCenter get() = client.helpCenter

    /** [ShopbellClient.refresh]. */
    public suspend fun refresh(): Unit = client.refresh()

    /** [ShopbellClient.addUnreadCountListener]. */
    @JvmStatic
    public fun addUnreadCountListener(listener: SupportListener<Int>): AutoCloseable =
        client.addUnreadCountListener(listener)

    /** Ends the client. The next [initialize] begins anew. */
    @JvmStatic
    public fun close() {
        val before: ShopbellClient?
        synchronized(this) {
            before = current.value
            arguments = null
            current.value = null
        }
        before?.close()
    }
}
