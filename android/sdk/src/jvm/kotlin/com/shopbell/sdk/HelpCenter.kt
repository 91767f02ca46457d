package com.shopbell.sdk

import com.shopbell.sdk.internal.Engine
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.launch
import java.io.File
import java.util.concurrent.atomic.AtomicReference

/**
 * The help centre: articles on the phone, searched as one types, with no network. Follows whoever is here: recent
 * searches, votes and reading positions are theirs.
 *
 * Every answer comes from the phone; [sync] fetches what is new, and using the help centre does so by itself when the
 * articles are old. Every call may fail with [SupportException.InvalidConfig] where [ShopbellConfig.helpCenter] names
 * no help centre, with [SupportException.Paused], [SupportException.Closed], [SupportException.Storage], and with what
 * it names.
 */
public class HelpCenter internal constructor(
    private val engine: Engine,
) {
    // Touched in the engine's scope only, which does one thing at a time.
    private var made: NativeHelpCenter? = null

    private fun of(native: NativeClient): NativeHelpCenter = made ?: native.helpCenter().also { made = it }

    private suspend fun <T> call(work: suspend (NativeHelpCenter) -> T): T = engine.call { work(of(it)) }

    /** The categories that have articles, in the customer's language, in the desk's order. */
    public suspend fun categories(): List<HelpCategory> = call { it.categories() }

    /** The articles of a [category] by its slug, or all, in the desk's order. */
    public suspend fun articles(category: String? = null): List<ArticleSummary> = call { it.articles(category) }

    /** The most read articles: what to show before anything is typed. At most twelve. */
    public suspend fun popular(): List<ArticleSummary> = call { it.popular() }

    /**
     * A search box: [typed] is its text, after every keystroke. The newest keystroke wins: results of an older one never
     * come after those of a later. They also come anew when the articles change. Empty text gives the most read
     * articles and the recent searches. Goes on until it is no longer collected, which counts what was typed last as a
     * search.
     */
    public fun search(
        typed: Flow<String>,
        category: String? = null,
    ): Flow<SearchResults> =
        callbackFlow {
            // Fails where there is no help centre, which a box would be silent about.
            call { it.recentSearches() }
            val asked = AtomicReference<String>()
            val listener =
                object : SearchListener {
                    override fun onResults(results: SearchResults) {
                        if (results.query == asked.get() && results.category == category) trySend(results)
                    }
                }
            val box = call { it.searchAsYouType(listener) }
            launch {
                if (category != null) call { box.setCategory(category) }
                typed.collect { text ->
                    asked.set(text)
                    call { box.setText(text) }
                }
            }
            awaitClose {
                box.cancel()
                box.close()
            }
        }.conflate()

    /** Searches once, for what is no search box. At most twelve hits. */
    public suspend fun search(
        text: String,
        category: String? = null,
    ): SearchResults = call { it.search(text, category) }

    /** The customer pressed "search": [text] becomes one of the recent searches, as it does where a hit is opened. */
    public suspend fun submitSearch(text: String): Unit = call { it.submitSearch(text) }

    /** Up to three articles that may answer what the customer is writing to an agent; none where none fits. */
    public suspend fun suggestions(draft: String): List<ArticleHit> = call { it.suggest(draft) }

    /**
     * An article, whole. Opening it counts as reading it: for the figures, and for what an agent is told if the customer
     * asks all the same.
     *
     * @throws SupportException.NotFound where it is not on the phone.
     */
    public suspend fun article(id: String): Article = call { it.article(id) }

    /** The id of the article that a link leads to, if it is one of this help centre and on the phone. */
    public suspend fun articleForLink(url: String): String? = call { it.articleForLink(url) }

    /**
     * A picture of an article, as a file: fetched the first time, there without a network after that. Don't change it.
     *
     * @throws SupportException.Offline where it has to be fetched and can't be; also [SupportException.DeskUnavailable]
     *   and [SupportException.Busy].
     * @throws SupportException.Rejected where there is no picture at that address, or one of more than 5 MiB.
     */
    public suspend fun picture(url: String): File = File(call { it.picture(url) })

    /**
     * Keeps how far the customer has read, from 0 to 1.
     *
     * @throws SupportException.InvalidInput where it is neither.
     */
    public suspend fun setReadingPosition(
        id: String,
        position: Float,
    ): Unit = call { it.setReadingPosition(id, position) }

    /**
     * The customer says whether an article helped, and if they like, why; the last word stands.
     *
     * @throws SupportException.NotFound where there is no such article.
     * @throws SupportException.InvalidInput where the reason has more than 500 characters.
     */
    public suspend fun vote(
        id: String,
        helpful: Boolean,
        reason: String? = null,
    ): Unit = call { it.vote(id, helpful, reason) }

    /** "This helped": the customer needs no agent. What they had searched for is learnt for this article. */
    public suspend fun helped(id: String): Unit = call { it.helped(id) }

    /** "I still need help": the customer goes on to this conversation, and the agents are told what was read. */
    public suspend fun askedAnyway(conversation: Conversation): Unit =
        engine.call { of(it).askedAnyway(conversation.of(it)) }

    /** What the customer searched for last, newest first; at most eight. */
    public suspend fun recentSearches(): List<String> = call { it.recentSearches() }

    /** Forgets one of the recent searches, or all. */
    public suspend fun forgetSearches(search: String? = null): Unit = call { it.forgetSearches(search) }

    /** What the help centre has done on this phone: how many questions it answered, and how many it could not. */
    public suspend fun figures(): HelpFigures = call { it.figures() }

    /**
     * Asks the desk for the articles now; whether anything changed. What is on the phone stays searchable meanwhile.
     *
     * @throws SupportException.Offline where the desk can't be asked; also [SupportException.DeskUnavailable] and
     *   [SupportException.Busy].
     * @throws SupportException.Unsupported where the desk has no help centre.
     */
    public suspend fun sync(): Boolean = call { it.sync() }

    /**
     * Emits at once, and whenever the articles have changed: then ask again for what is on screen. Fails with
     * [SupportException.InvalidConfig] where there is no help centre.
     */
    public val changes: Flow<Unit> = observed { send -> observer(changed = { send(Unit) }) }

    /**
     * What happens in the help centre, for your analytics. Fails with [SupportException.InvalidConfig] where there is
     * no help centre.
     */
    public val events: Flow<HelpEvent> = observed { send -> observer(happened = send) }

    private fun <T> observed(listener: (send: (T) -> Unit) -> HelpListener): Flow<T> =
        callbackFlow {
            val subscription = call { it.observe(listener { value -> trySend(value) }) }
            awaitClose {
                subscription.cancel()
                subscription.close()
            }
        }

    private fun observer(
        changed: () -> Unit = {},
        happened: (HelpEvent) -> Unit = {},
    ) = object : HelpListener {
        override fun onChanged() {
            changed()
        }

        override fun onEvent(event: HelpEvent) {
            happened(event)
        }
    }

    // --- For Java ---

    /** [search] once, for Java. */
    public fun search(
        text: String,
        category: String?,
        callback: SupportCallback<SearchResults>,
    ): Unit = engine.later(callback) { search(text, category) }

    /** [suggestions], for Java. */
    public fun suggestions(
        draft: String,
        callback: SupportCallback<List<ArticleHit>>,
    ): Unit = engine.later(callback) { suggestions(draft) }

    /** [article], for Java. */
    public fun article(
        id: String,
        callback: SupportCallback<Article>,
    ): Unit = engine.later(callback) { article(id) }
}
