package com.shopbell.sdk

import app.cash.turbine.test
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.minutes

/** A shopper and an agent, over real sockets. */
class StoryTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    @Test
    fun messageAndAnswer_arriveOnce_andAreCounted() =
        runTest(timeout = 2.minutes) {
            val client = desk.phone()
            val conversation = client.startConversation()
            conversation.messages.test(timeout = 1.minutes) {
                assertEquals(emptyList<Message>(), awaitItem())
                val id = conversation.send("  Is the blue bag waterproof? ")
                var shown = awaitItem()
                while (shown.firstOrNull()?.delivery != Delivery.Sent) shown = awaitItem()
                assertEquals(id, shown.first().id)
                client.status.until("the socket") { it?.connection == Connection.LIVE }
                desk.reply("Yes, **fully**.")
                while (shown.last().text != "Yes, **fully**.") shown = awaitItem()
                assertTrue((shown.last().author as Author.Agent).agent != null)
                val spans = (shown.last().blocks.single() as Block.Paragraph).spans
                assertTrue(spans.any { it.text == "fully" && it.strong })
                cancelAndIgnoreRemainingEvents()
            }
            // Besides the answer, the desk greeted.
            client.unreadCount.until("two unread") { it == 2 }
            val line = client.conversations.until("the list") { it.singleOrNull()?.unread == 2 }.single()
            assertEquals(conversation.id, line.id)
            assertEquals("Yes, fully.", line.preview)
            conversation.markSeen()
            client.unreadCount.until("none unread") { it == 0 }
            client.shutdown()
            assertEquals(listOf("Is the blue bag waterproof?"), desk.texts())
        }

    @Test
    fun messagesWrittenOffline_areShown_andGoOutInOrderAfterARestart() =
        runBlocking {
            desk.offline(true)
            val data = folder()
            var client = desk.phone(data)
            client.networkChanged(false)
            val conversation = client.startConversation()
            val texts = (1..20).map { "message $it" }
            texts.forEach { conversation.send(it) }
            client.conversations.until("twenty waiting") { it.singleOrNull()?.waiting == 20 }
            client.shutdown()
            desk.offline(false)
            client = desk.phone(data)
            client.conversation(conversation.id).messages.until("all of them") { it.own() == texts }
            desk.untilTexts(*texts.toTypedArray())
            client.shutdown()
        }

    @Test
    fun messageOfAProcessThatWasKilled_isSentByTheNext() =
        runBlocking {
            desk.offline(true)
            val data = folder()
            val said = Child("send", desk.url, data.path, "I was cut off").use { child -> child.until("kept ") }
            desk.offline(false)
            val client = desk.phone(data)
            client.conversation(said.removePrefix("kept ")).messages.until("it") { it.own() == listOf("I was cut off") }
            desk.untilTexts("I was cut off")
            client.shutdown()
        }

    @Test
    fun whoLogsOut_leavesNothingToSee_andFindsEverythingAgain() =
        runBlocking {
            val client = desk.phone()
            client.loginIdentifiedUser("mai", Desk.hash("mai"), CustomerProfile(name = "Mai Nguyễn"))
            val conversation = client.startConversation()
            val screen = async(start = CoroutineStart.UNDISPATCHED) { conversation.messages.until("it") { it.isNotEmpty() } }
            conversation.send("It is Mai")
            screen.await()
            client.logout()
            client.conversations.until("nothing") { it.isEmpty() }
            assertThrows(SupportException.Closed::class.java) { runBlocking { conversation.send("x") } }
            client.loginUnidentifiedUser()
            client.conversations.until("still nothing") { it.isEmpty() }
            client.loginIdentifiedUser("mai", Desk.hash("mai"))
            client.conversations.until("hers") { it.singleOrNull()?.preview != null }
            assertEquals(Verification.VERIFIED, client.verifyIdentity())
            client.loginUnidentifiedUser()
            client.conversations.until("nothing again") { it.isEmpty() }
            assertEquals(Verification.ANONYMOUS, client.verifyIdentity())
            client.shutdown()
        }

    @Test
    fun screenOfACustomerWhoLeft_isEmptied() =
        runBlocking {
            val client = desk.phone()
            client.loginIdentifiedUser("mai")
            val conversation = client.startConversation()
            conversation.send("private")
            conversation.messages.test(timeout = 1.minutes) {
                while (awaitItem().own() != listOf("private")) continue
                client.logout()
                while (awaitItem().isNotEmpty()) continue
                cancelAndIgnoreRemainingEvents()
            }
            client.shutdown()
        }

    @Test
    fun pausedClient_keepsWhatIsWritten_andGoesOn() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            conversation.send("one")
            client.pause()
            val refused = assertThrows(SupportException.Paused::class.java) { runBlocking { client.refresh() } }
            assertTrue(refused.isRetryable)
            conversation.send("paused")
            client.resume()
            conversation.send("two")
            conversation.messages.until("both") { it.own() == listOf("one", "paused", "two") }
            client.shutdown()
        }

    @Test
    fun olderMessages_comeInAboveTheOthers() =
        runBlocking {
            val data = folder()
            val config =
                ShopbellConfig(desk.url, "shop", limits = Limits(pageSize = 5, settleMillis = 300))
            val client = ShopbellClient(config, data)
            val conversation = client.startConversation()
            val texts = (1..12).map { "message $it" }
            texts.forEach { conversation.send(it) }
            desk.untilTexts(*texts.toTypedArray())
            conversation.messages.test(timeout = 1.minutes) {
                while (awaitItem().isEmpty()) continue
                while (conversation.loadOlder() != Older.NO_MORE) continue
                conversation.messages.until("all of them") { it.own() == texts }
                cancelAndIgnoreRemainingEvents()
            }
            client.shutdown()
        }

    @Test
    fun draft_isKept_andClearedBySending() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            conversation.setDraft("I wonder")
            assertEquals("I wonder", conversation.draft())
            client.conversations.until("the draft") { it.singleOrNull()?.draft == "I wonder" }
            conversation.send("I wonder no more")
            assertEquals(null, conversation.draft())
            client.shutdown()
        }

    @Test
    fun whatTheDeskCanDo_isKnownOffline_andWhatItSaysOfItselfIsAsked() =
        runBlocking {
            val client = desk.phone()
            assertTrue(client.capabilities().realtime)
            assertFalse(client.deskInfo().identityProofRequired)
            desk.offline(true)
            assertTrue(client.capabilities().typing)
            withTimeout(PATIENCE_MILLIS) {
                assertThrows(SupportException.Offline::class.java) { runBlocking { client.deskInfo() } }
            }
            client.shutdown()
        }
}
