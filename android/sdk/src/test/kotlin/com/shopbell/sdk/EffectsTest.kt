package com.shopbell.sdk

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.CountDownLatch

/**
 * When a call returns, every flow of the client shows what it did. What is shown a moment later is a matter of luck, so
 * each test looks at it many times, at once, and says how often it came late.
 */
class EffectsTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    private suspend fun everyTime(
        what: String,
        isThere: suspend (Int) -> Boolean,
    ) {
        var late = 0
        repeat(ROUNDS) { if (!isThere(it)) late++ }
        assertEquals(0, late, "$what: late so many times of $ROUNDS")
    }

    /** Has it collected while [block] runs, from before its first line on. */
    private suspend fun <R> collected(
        vararg flows: Flow<*>,
        block: suspend () -> R,
    ): R =
        coroutineScope {
            val screen = launch(Dispatchers.Default) { flows.forEach { flow -> launch(start = CoroutineStart.UNDISPATCHED) { flow.collect {} } } }
            try {
                block()
            } finally {
                screen.cancelAndJoin()
            }
        }

    /** A customer with one conversation and an answer that was not seen. */
    private suspend fun ShopbellClient.hasAnAnswer(
        userId: String,
        number: Int,
    ): Conversation {
        loginIdentifiedUser(userId, Desk.hash(userId))
        val conversation = startConversation()
        conversation.send("It is $userId")
        until({ "the message of $userId" }) { "It is $userId" in desk.texts() }
        desk.reply("hello $userId", number)
        until({ "the answer" }) {
            refresh()
            conversations.value.singleOrNull()?.preview == "hello $userId"
        }
        unreadCount.until("something unread") { it > 0 }
        return conversation
    }

    @Test
    fun logout_leavesNothingInAnyFlow() =
        runBlocking {
            val client = desk.phone()
            val id = client.hasAnAnswer("mai", 1).id
            everyTime("logout") {
                val (watched, left) = client.conversation(id) to client.conversation(id)
                collected(left.messages) { left.messages.until("them") { it.isNotEmpty() } }
                collected(watched.messages, watched.typing) {
                    watched.messages.until("them") { it.isNotEmpty() }
                    client.logout()
                    val isGone = watched.messages.value.isEmpty() && left.messages.value.isEmpty()
                    isGone && client.conversations.value.isEmpty() && client.unreadCount.value == 0
                }.also {
                    client.loginIdentifiedUser("mai", Desk.hash("mai"))
                    client.conversations.until("hers again") { it.isNotEmpty() }
                }
            }
            client.shutdown()
        }

    @Test
    fun logIn_showsTheCustomersOwn_andNothingOfTheFormers() =
        runBlocking {
            val client = desk.phone()
            val ids = mapOf("mai" to client.hasAnAnswer("mai", 1).id, "lan" to client.hasAnAnswer("lan", 2).id)
            everyTime("log-in") { round ->
                val (now, before) = if (round % 2 == 0) "mai" to "lan" else "lan" to "mai"
                val left = client.conversation(ids.getValue(before))
                collected(left.messages) { left.messages.until("them") { it.isNotEmpty() } }
                client.loginIdentifiedUser(now, Desk.hash(now))
                val shown = client.conversations.value.map { it.id }
                shown == listOf(ids.getValue(now)) && client.unreadCount.value > 0 && left.messages.value.isEmpty()
            }
            client.shutdown()
        }

    @Test
    fun refresh_showsWhatIsNew() =
        runBlocking {
            val client = desk.phone()
            client.hasAnAnswer("mai", 1)
            everyTime("refresh") { round ->
                desk.reply("answer $round")
                client.refresh()
                client.conversations.value.single().preview == "answer $round"
            }
            client.shutdown()
        }

    @Test
    fun sentEditedAndDiscardedMessages_areShownSo() =
        runBlocking {
            desk.offline(true)
            val client = desk.phone()
            client.networkChanged(false)
            val conversation = client.startConversation()
            collected(conversation.messages) {
                everyTime("send, edit and discard") { round ->
                    val shown = { conversation.messages.value.map { it.text } }
                    val id = conversation.send("message $round")
                    val isSent = shown().last() == "message $round" && client.conversations.value.single().waiting == 1
                    conversation.edit(id, "changed $round")
                    val isEdited = shown().last() == "changed $round"
                    conversation.discard(id)
                    isSent && isEdited && shown().isEmpty()
                }
            }
            client.shutdown()
        }

    @Test
    fun sentMessages_areShown() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            collected(conversation.messages) {
                everyTime("send") { round ->
                    val id = conversation.send("message $round")
                    conversation.messages.value.any { it.id == id }
                }
            }
            client.shutdown()
        }

    @Test
    fun olderMessages_areShown() =
        runBlocking {
            val client = ShopbellClient(ShopbellConfig(desk.url, "shop", limits = Limits(pageSize = 5)), folder(), Dispatchers.Default, 0)
            val conversation = client.startConversation()
            val texts = (1..40).map { "message $it" }
            texts.forEach { conversation.send(it) }
            desk.untilTexts(*texts.toTypedArray())
            client.conversations.until("none waiting") { it.single().waiting == 0 }
            var (screen, job) = client.conversation(conversation.id) to Job()
            everyTime("loadOlder") { round ->
                if (round % 4 == 0) {
                    job.cancel()
                    job = Job()
                    screen = client.conversation(conversation.id)
                    val onScreen = screen
                    CoroutineScope(Dispatchers.Default + job).launch { onScreen.messages.collect {} }
                    onScreen.messages.until("the newest page") { it.size >= 5 }
                }
                val before = screen.messages.value.size
                assertEquals(Older.MAY_EXIST, screen.loadOlder())
                screen.messages.value.size == before + 5
            }
            job.cancel()
            client.shutdown()
        }

    @Test
    fun messagesThatWereSeen_areNotCountedAnyMore() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.hasAnAnswer("mai", 1)
            everyTime("markSeen") { round ->
                desk.reply("answer $round")
                client.refresh()
                client.unreadCount.until("one unread") { it > 0 }
                conversation.markSeen()
                client.unreadCount.value == 0 && client.conversations.value.single().unread == 0
            }
            client.shutdown()
        }

    @Test
    fun openedClient_showsWhatIsOnThePhone() =
        runBlocking {
            val data = folder()
            var client = desk.phone(data)
            val id = client.hasAnAnswer("mai", 1).id
            everyTime("opened") {
                client.shutdown()
                client = desk.phone(data)
                client.opened()
                client.conversations.value.singleOrNull()?.id == id && client.unreadCount.value > 0
            }
            client.shutdown()
        }

    @Test
    fun listenersOfJava_areToldBeforeTheCallback() =
        runBlocking {
            val client = desk.phone()
            client.hasAnAnswer("mai", 1)
            var shown = emptyList<ConversationSummary>()
            val listening = client.addConversationsListener { shown = it }
            everyTime("logout") {
                until({ "hers" }) { shown.isNotEmpty() }
                val done = CompletableDeferred<Boolean>()
                client.logout(
                    object : SupportCallback<Unit> {
                        override fun onSuccess(value: Unit) {
                            done.complete(shown.isEmpty())
                        }

                        override fun onFailure(error: SupportException) {
                            done.completeExceptionally(error)
                        }
                    },
                )
                done.await().also { client.loginIdentifiedUser("mai", Desk.hash("mai")) }
            }
            listening.close()
            client.shutdown()
        }

    /** An app that collects on whatever thread sets the value, and stays there. */
    @Test
    fun collectorThatDoesNotReturn_holdsNoCallUpForEver_andShowsNothingOfWhoLeft() =
        runBlocking {
            val client = desk.phone()
            client.hasAnAnswer("mai", 1)
            val (isThere, mayGo) = CountDownLatch(1) to CountDownLatch(1)
            val stuck =
                CoroutineScope(Dispatchers.Unconfined).launch {
                    client.unreadCount.collect { count ->
                        if (count == 0) {
                            isThere.countDown()
                            mayGo.await()
                        }
                    }
                }
            client.conversation(client.conversations.value.single().id).markSeen()
            isThere.await()
            client.logout()
            assertTrue(client.conversations.value.isEmpty())
            assertEquals(0, client.unreadCount.value)
            mayGo.countDown()
            client.loginIdentifiedUser("lan", Desk.hash("lan"))
            assertTrue(client.conversations.value.isEmpty())
            stuck.cancel()
            client.shutdown()
        }

    private companion object {
        const val ROUNDS = 20
    }
}
