package com.shopbell.sdk

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.random.Random

/** What an app, a phone or a host does wrong: a typed error, and nothing lost. */
class TroubleTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    private inline fun <reified E : SupportException> refused(crossinline call: suspend () -> Unit): E =
        assertThrows(E::class.java) { runBlocking { call() } }

    @Test
    fun inputThatCannotBe_isRefused_andNothingChanges() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            val half = "half a character: \uD83D"
            for (text in listOf("", " \n", "a\u0000b", half, "x".repeat(10 shl 20))) {
                refused<SupportException.InvalidInput> { conversation.send(text) }
            }
            refused<SupportException.InvalidInput> { conversation.setDraft(half) }
            refused<SupportException.InvalidInput> { conversation.rate("m1", 6) }
            refused<SupportException.NotFound> { conversation.rate("m1", 5) }
            refused<SupportException.NotFound> { client.conversation("nowhere").send("x") }
            refused<SupportException.NotFound> { client.conversation("a\u0000b").send("x") }
            refused<SupportException.InvalidInput> { client.conversation(half).send("x") }
            refused<SupportException.InvalidInput> { client.loginIdentifiedUser("") }
            refused<SupportException.InvalidInput> { client.loginIdentifiedUser("x".repeat(10 shl 20)) }
            refused<SupportException.InvalidInput> { client.loginIdentifiedUser("mai", "no hash") }
            refused<SupportException.InvalidInput> { client.updateUser(CustomerProfile(name = half)) }
            val long = AttributeValue.Text("x".repeat(10_000))
            refused<SupportException.InvalidInput> { client.updateUser(CustomerProfile(attributes = mapOf("a" to long))) }
            val nan = AttributeValue.Number(Double.NaN)
            refused<SupportException.InvalidInput> { client.updateUser(CustomerProfile(attributes = mapOf("a" to nan))) }
            val many = (1..100_000).associate { "n$it" to AttributeValue.Integer(1) }
            refused<SupportException.InvalidInput> { client.updateUser(CustomerProfile(attributes = many)) }
            conversation.send("still here")
            desk.untilTexts("still here")
            client.shutdown()
        }

    @Test
    fun configurationThatCannotWork_isToldByEveryCall_andNothingIsMade() =
        runBlocking {
            val data = File(folder(), "data")
            for ((config, field) in listOf(
                ShopbellConfig("", "shop") to "deskUrl",
                ShopbellConfig("http://desk.example.com", "shop") to "deskUrl",
                ShopbellConfig(desk.url, "") to "inbox",
                ShopbellConfig(desk.url, "shop", limits = Limits(pageSize = -1)) to "limits.pageSize",
            )) {
                val client = ShopbellClient(config, data)
                assertEquals(field, refused<SupportException.InvalidConfig> { client.opened() }.field)
                assertEquals(field, refused<SupportException.InvalidConfig> { client.startConversation() }.field)
                assertEquals(field, refused<SupportException.InvalidConfig> { client.conversation("c").send("x") }.field)
                val problem = client.status.until("the problem") { it != null }?.setupProblem
                assertEquals(field, problem?.setting)
                assertTrue(field in problem?.message.orEmpty(), "$problem")
                assertEquals(emptyList<ConversationSummary>(), client.conversations.value)
                client.shutdown()
            }
            assertFalse(data.exists())
        }

    @Test
    fun mistakeOfTheSetup_isLoggedOnce_asKotlinCallsIt() =
        runBlocking {
            val lines = ConcurrentLinkedQueue<LogRecord>()
            ShopbellLog.setReceiver(LogLevel.ERROR) { lines += it }
            val client = ShopbellClient(ShopbellConfig("nonsense", "shop"), folder())
            repeat(3) { refused<SupportException.InvalidConfig> { client.opened() } }
            until({ "a line" }) { lines.any { "deskUrl" in it.message } }
            client.shutdown()
            ShopbellLog.setReceiver(LogLevel.ERROR, null)
            assertEquals(1, lines.count { "deskUrl" in it.message }, "$lines")
        }

    @Test
    fun dataFolderThatIsAFile_isNamed_andUntouched() =
        runBlocking {
            val file = File(folder(), "file").apply { writeText("precious") }
            val client = desk.phone(file)
            assertEquals(StorageProblem.FOLDER, refused<SupportException.Storage> { client.opened() }.problem)
            client.status.until("the problem") { it?.setupProblem != null }
            client.shutdown()
            assertEquals("precious", file.readText())
        }

    @Test
    fun unknownInbox_isToldByTheFirstQuestion() =
        runBlocking {
            val client = ShopbellClient(ShopbellConfig(desk.url, "nobody"), folder())
            assertEquals("inbox", refused<SupportException.InvalidConfig> { client.deskInfo() }.field)
            client.status.until("the problem") { it?.setupProblem?.setting == "inbox" }
            client.shutdown()
        }

    @Test
    fun callsAfterClosing_areClosed() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            client.shutdown()
            client.shutdown()
            client.close()
            refused<SupportException.Closed> { client.opened() }
            refused<SupportException.Closed> { client.logout() }
            refused<SupportException.Closed> { client.startConversation() }
            refused<SupportException.Closed> { conversation.send("x") }
            refused<SupportException.Closed> { conversation.loadOlder() }
            conversation.setTyping(true)
            client.networkChanged(true)
            assertEquals(emptyList<Message>(), client.conversation("c1").messages.value)
        }

    @Test
    fun cancellation_stopsTheWaiting_neverTheWork() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            val random = Random(7)
            val returned = ConcurrentLinkedQueue<String>()
            coroutineScope {
                repeat(100) { number ->
                    val sending =
                        launch {
                            conversation.send("message $number")
                            returned += "message $number"
                        }
                    repeat(random.nextInt(12)) { yield() }
                    sending.cancelAndJoin()
                }
            }
            conversation.send("the last")
            until({ "the last message at the desk" }) { desk.texts().lastOrNull() == "the last" }
            val texts = desk.texts()
            val numbers = texts.dropLast(1).map { it.removePrefix("message ").toInt() }
            assertEquals(numbers.distinct().sorted(), numbers, "each once, in the order of the calls")
            assertTrue(texts.containsAll(returned), "what was promised is there")
            assertNotEquals(0, texts.size)
            client.shutdown()
        }

    @Test
    fun messageSentWhileTheLibraryLoads_isSentThoughItsScreenIsGone() =
        runBlocking {
            val data = folder()
            var client = desk.phone(data)
            val id = client.startConversation().also { it.send("one") }.id
            client.shutdown()
            client = desk.phone(data)
            val sending = launch(start = kotlinx.coroutines.CoroutineStart.UNDISPATCHED) { client.conversation(id).send("two") }
            sending.cancelAndJoin()
            desk.untilTexts("one", "two")
            client.shutdown()
        }

    @Test
    fun listenersThatThrow_areCalledAgain_andNotedWithoutTheirWords() =
        runBlocking {
            val lines = ConcurrentLinkedQueue<LogRecord>()
            ShopbellLog.setReceiver(LogLevel.DEBUG) { lines += it }
            val client = desk.phone()
            val conversation = client.startConversation()
            val seen = ConcurrentLinkedQueue<Int>()
            val listening =
                conversation.addMessagesListener {
                    seen += it.own().size
                    error("the shopper's words")
                }
            until({ "the first call" }) { seen.isNotEmpty() }
            conversation.send("the shopper's words")
            until({ "the second call" }) { seen.contains(1) }
            listening.close()
            until({ "a line" }) { lines.any { "IllegalStateException" in it.message } }
            assertTrue(lines.none { "shopper's words" in it.message })
            client.shutdown()
            ShopbellLog.setReceiver(LogLevel.ERROR, null)
        }

    @Test
    fun nativeListenerThatThrows_doesNotEndItsSubscription() =
        runBlocking {
            val client = desk.phone()
            val id = client.startConversation().also { it.send("one") }.id
            val batches = ConcurrentLinkedQueue<Int>()
            val timeline =
                client.engine.call { native ->
                    native.conversation(id).timeline(
                        object : MessagesListener {
                            override fun onBatch(batch: List<NativeMessageDiff>) {
                                batches += batch.size
                                if (batches.size % 2 == 0) throw ListenerException.Failed()
                                error("on purpose")
                            }

                            override fun onEnd() = error("on purpose")
                        },
                    )
                }
            until({ "a batch" }) { batches.isNotEmpty() }
            val before = batches.size
            client.conversation(id).send("two")
            until({ "another batch" }) { batches.size > before }
            timeline.cancel()
            timeline.close()
            client.shutdown()
        }

    @Test
    fun mainThread_goesOn_whileAnotherProcessHoldsTheDatabase() =
        runBlocking {
            val data = folder()
            val client = desk.phone(data)
            val conversation = client.startConversation()
            conversation.send("one")
            val index = data.walk().single { it.name.endsWith(".db-shm") }
            Child("lock", index.path).use { other ->
                other.until("locked")
                // Everything on this one thread, as on a main thread.
                val sending = launch { conversation.send("two") }
                repeat(1_000) { yield() }
                assertTrue(sending.isActive, "the database was not locked")
                assertEquals(client.unreadCount.value, client.unreadCount.value)
                other.goOn()
                sending.join()
            }
            desk.untilTexts("one", "two")
            client.shutdown()
        }

    @Test
    fun missingLibrary_isToldWithWhatToDo() {
        val nowhere = folder().path
        Child("fail", properties = mapOf("jna.library.path" to nowhere, "jna.nosys" to "true")).use { child ->
            repeat(2) {
                val said = child.until("NativeLibrary: ")
                assertTrue("abiFilters" in said && "libshopbell_ffi" in said, said)
            }
        }
    }

    @Test
    fun libraryOfAnotherVersion_isToldWithWhatToDo() {
        // Any library that is not this one has other functions.
        val other = mapOf("uniffi.component.shopbell.libraryOverride" to "c")
        Child("fail", properties = other).use { child ->
            val said = child.until("NativeLibrary: ")
            assertTrue("another version" in said, said)
        }
    }

    @Test
    fun everyCallBeforeInitialize_saysSo() {
        Shopbell.close()
        val refused = assertThrows(SupportException.InvalidConfig::class.java) { Shopbell.conversation("c1") }
        assertTrue("initialize" in refused.message.orEmpty())
    }

    @Test
    fun flowCollectedBeforeInitialize_goesOnWithEveryClient() =
        runBlocking {
            Shopbell.close()
            assertEquals(0, Shopbell.unreadCount.value)
            val lengths = MutableStateFlow(-1)
            val connected = MutableStateFlow(false)
            val collecting =
                listOf(
                    launch { Shopbell.conversations.collect { lengths.value = it.size } },
                    launch { Shopbell.status.collect { connected.value = it != null } },
                )
            lengths.until("nothing") { it == 0 }
            Shopbell.initialize(desk.config(), folder())
            connected.until("the first client") { it }
            Shopbell.startConversation().send("to the first")
            lengths.until("its conversation") { it == 1 }
            Shopbell.initialize(desk.config(), folder())
            lengths.until("the second client's") { it == 0 }
            Shopbell.startConversation().send("to the second")
            lengths.until("its conversation") { it == 1 }
            assertEquals(1, Shopbell.conversations.value.size)
            Shopbell.close()
            lengths.until("no client") { it == 0 }
            connected.until("no client") { !it }
            collecting.forEach { it.cancelAndJoin() }
        }

    @Test
    fun programThatClosesNothing_ends() {
        Child("leave", desk.url, folder().path).use { child ->
            child.until("sent")
            assertEquals(0, child.ended())
        }
    }

    @Test
    fun initializeTwice_keepsTheClient_andOtherArgumentsReplaceIt() =
        runBlocking {
            val data = folder()
            Shopbell.initialize(desk.config(), data)
            val first = Shopbell.client
            Shopbell.initialize(desk.config(), data)
            assertTrue(first === Shopbell.client)
            Shopbell.initialize(desk.config(), folder())
            assertFalse(first === Shopbell.client)
            assertInstanceOf(SupportException.Closed::class.java, runCatching { first.opened() }.exceptionOrNull())
            Shopbell.startConversation().send("hello")
            desk.untilTexts("hello")
            Shopbell.client.shutdown()
            Shopbell.close()
        }
}
