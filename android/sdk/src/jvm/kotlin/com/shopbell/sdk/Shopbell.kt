package com.shopbell.sdk

import com.shopbell.sdk.internal.natively
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.flowOf
import java.io.File

/**
 * The door to Shopbell for an app: the one [ShopbellClient] of the process, under names that are quick to type.
 *
 * ```kotlin
 * Shopbell.initialize(context, ShopbellConfig("https://desk.example.com", "inbox-identifier"))
 * ```
 * Everything else fails with [SupportException.InvalidConfig] before that.
 */
public object Shopbell {
    private class Current(
        val config: ShopbellConfig,
        val dataDir: File,
        val client: ShopbellClient,
    )

    private var current: Current? = null

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
        val before: Current?
        val now: Current
        synchronized(this) {
            before = current
            if (before?.config == config && before.dataDir == dataDir) return
            now = Current(config, dataDir, ShopbellClient(config, dataDir, callbacks, vault = vault))
            current = now
        }
        before?.client?.close()
        made(now.client)
    }

    /** The client itself. */
    @JvmStatic
    public val client: ShopbellClient
        get() =
            synchronized(this) { current }?.client
                ?: throw SupportException.InvalidConfig("initialize", "call Shopbell.initialize(…) first")

    /** [ShopbellClient.conversations]. */
    @JvmStatic
    public val conversations: StateFlow<List<ConversationSummary>> get() = client.conversations

    /** [ShopbellClient.unreadCount]. */
    @JvmStatic
    public val unreadCount: StateFlow<Int> get() = client.unreadCount

    /** [ShopbellClient.status]. */
    @JvmStatic
    public val status: StateFlow<ClientStatus?> get() = client.status

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
        val before = synchronized(this) { current.also { current = null } }
        before?.client?.close()
    }
}
