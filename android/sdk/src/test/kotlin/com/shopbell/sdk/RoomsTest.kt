package com.shopbell.sdk

import app.cash.turbine.test
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration.Companion.minutes

/** Files and the help centre. */
class RoomsTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    @Test
    fun file_isSent_shownOnItsWay_andBroughtBack() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            val note = File(folder(), "note.txt").apply { writeText("Order 1207") }
            conversation.send("It arrived torn", listOf(NewAttachment(note.path)))
            note.delete()
            val sent =
                conversation.messages.until("the file to be sent") {
                    it.firstOrNull()?.attachments?.singleOrNull()?.transfer == Transfer.Sent
                }
            val file = sent.first().attachments.single()
            assertEquals("note.txt", file.name)
            assertEquals(10L, file.size)
            val progress = ConcurrentLinkedQueue<DownloadProgress>()
            assertEquals("Order 1207", conversation.download(file.id) { progress += it }.readText())
            assertEquals(10L, progress.last().received)
            assertThrows(SupportException.NotFound::class.java) { runBlocking { conversation.download("nothing.1") } }
            assertTrue(client.sizeOnDisk().fetched >= 10)
            client.logoutAndClearCache()
            assertEquals(0L, client.sizeOnDisk().fetched)
            client.shutdown()
        }

    @Test
    fun filesThatCannotBeSent_areRefused_andNothingIsSent() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            val folder = folder()
            val empty = File(folder, "empty.png").apply { writeText("") }
            val fine = File(folder, "fine.txt").apply { writeText("fine") }
            for ((problem, attachments) in listOf(
                AttachmentProblem.MISSING to listOf(NewAttachment(fine.path), NewAttachment(File(folder, "gone.png").path)),
                AttachmentProblem.NOT_A_FILE to listOf(NewAttachment(fine.path), NewAttachment(folder.path)),
                AttachmentProblem.EMPTY to listOf(NewAttachment(fine.path), NewAttachment(empty.path)),
                AttachmentProblem.TOO_MANY to List(1_000) { NewAttachment(fine.path) },
            )) {
                val refused =
                    assertThrows(SupportException.AttachmentRefused::class.java) {
                        runBlocking { conversation.send("look", attachments) }
                    }
                assertEquals(problem, refused.problem)
                if (attachments.size == 2) assertEquals(2, refused.number)
            }
            assertThrows(SupportException.InvalidInput::class.java) {
                runBlocking { conversation.send("look", listOf(NewAttachment("half \uD83D"))) }
            }
            conversation.send("without")
            desk.untilTexts("without")
            conversation.send("", listOf(NewAttachment(fine.path, mediaType = "text/calendar")))
            val sent = conversation.messages.first { it.size == 2 }.last()
            assertEquals("text/calendar", sent.attachments.single().mediaType)
            client.shutdown()
        }

    @Test
    fun help_isSearchedAsOneTypes_readAndTold() =
        runBlocking {
            val config = desk.config()
            val client = ShopbellClient(ShopbellConfig(config.deskUrl, config.inbox, helpCenter = HelpCenterConfig("shop")), folder())
            val help = client.helpCenter
            assertTrue(help.sync())
            help.changes.first()
            assertFalse(help.categories().isEmpty())
            val typed = MutableStateFlow("r")
            help.search(typed).test(timeout = 1.minutes) {
                for (text in listOf("re", "ret", "return")) typed.value = text
                var found = awaitItem()
                while (found.query != "return") found = awaitItem()
                val hit = found.hits.first()
                assertTrue(hit.titleMatches.isNotEmpty() || hit.snippetMatches.isNotEmpty())
                val article = help.article(hit.article.id)
                assertEquals(hit.article, article.summary)
                help.vote(article.summary.id, false, "too long")
                help.setReadingPosition(article.summary.id, 0.5f)
                assertEquals(0.5f, help.article(article.summary.id).readingPosition)
                cancelAndIgnoreRemainingEvents()
            }
            val searches = help.figures().searches
            help.submitSearch("where is my parcel")
            assertEquals(searches, help.figures().searches, "noted, not searched for")
            assertEquals("where is my parcel", help.recentSearches().first())
            val popular = help.popular().first()
            assertEquals(popular, help.suggestions(popular.title).first().article)
            val conversation = client.startConversation()
            help.askedAnyway(conversation)
            assertEquals(1L, help.figures().askedAnyway)
            assertThrows(SupportException.NotFound::class.java) { runBlocking { help.article("nothing") } }
            client.shutdown()
        }

    @Test
    fun whatTheCustomerDid_isToldToTheAgents_withTheNextConversation() =
        runBlocking {
            val client = desk.phone()
            client.logEvent("cart_opened")
            client.logEvent("checkout_failed", mapOf("reason" to AttributeValue.Text("card refused")))
            assertThrows(SupportException.InvalidInput::class.java) { runBlocking { client.logEvent("") } }
            client.startConversation().send("help")
            desk.untilTexts("help")
            val told = "checkout_failed (reason: card refused), 0 min ago; cart_opened, 0 min ago"
            assertTrue(desk.contact().contains(told), desk.contact())
            client.shutdown()
        }

    @Test
    fun clientWithoutAHelpCentre_saysSo_alsoToWhoCollects() =
        runBlocking {
            val client = desk.phone()
            for (ask in listOf<suspend () -> Unit>(
                { client.helpCenter.search("return") },
                { client.helpCenter.search(MutableStateFlow("return")).first() },
                { client.helpCenter.changes.first() },
                { client.helpCenter.events.first() },
            )) {
                val refused = assertThrows(SupportException.InvalidConfig::class.java) { runBlocking { ask() } }
                assertEquals("helpCenter", refused.field)
                assertTrue("ShopbellConfig.helpCenter" in refused.message.orEmpty(), refused.message)
            }
            client.shutdown()
        }

    @Test
    fun push_isToldToAnAppInTheBackground() =
        runBlocking {
            val client = desk.phone()
            client.setPushToken("T1")
            assertThrows(SupportException.InvalidInput::class.java) { runBlocking { client.setPushToken("") } }
            client.startConversation().send("Is it warm?")
            desk.untilTexts("Is it warm?")
            assertTrue(desk.contact().contains("fcm:T1"), desk.contact())
            client.pause()
            desk.reply("**Very**")
            val push = mapOf("shopbell_conversation" to "1")
            assertTrue(Shopbell.isShopbellPush(push))
            assertFalse(Shopbell.isShopbellPush(mapOf("gcm.n.e" to "1")))
            val news = (client.handlePush(push) as PushOutcome.News).news
            assertEquals("Very", news.preview)
            assertEquals(2, news.totalUnread, "with the greeting")
            assertEquals(PushOutcome.Foreign, client.handlePush(emptyMap()))
            assertThrows(SupportException.Paused::class.java) { runBlocking { client.refresh() } }
            client.shutdown()
        }
}
