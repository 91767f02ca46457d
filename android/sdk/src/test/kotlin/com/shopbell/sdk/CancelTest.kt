package com.shopbell.sdk

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.runTest
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.CoroutineContext
import kotlin.time.Duration.Companion.minutes

/**
 * Runs a coroutine step by step, from one suspension to the next, and cancels it at one of them: before that step, or
 * right after it, when the coroutine has begun to wait for what comes next.
 */
class CancellingAt(
    private val step: Int,
    private val before: Boolean,
) : CoroutineDispatcher() {
    private val scope = CoroutineScope(this + Job())
    private val steps = AtomicInteger()

    override fun dispatch(
        context: CoroutineContext,
        block: Runnable,
    ) {
        val now = steps.incrementAndGet()
        if (now == step && before) scope.cancel()
        Dispatchers.Default.dispatch(context) {
            block.run()
            if (now == step && !before) scope.cancel()
        }
    }

    /** Runs it to its end, or until it is cancelled. */
    suspend fun run(call: suspend () -> Unit) {
        scope.launch { call() }.join()
    }

    companion object {
        /** As many as no call takes. */
        private const val MOST_STEPS = 6

        /** Every place where a call can be cancelled. */
        fun everywhere() =
            (1..MOST_STEPS).flatMap { listOf(CancellingAt(it, before = true), CancellingAt(it, before = false)) }
    }
}

/** What cancels a coroutine never costs a word. */
class CancelTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    @Test
    fun messageWhoseCallerIsCancelledAnywhere_isSent() =
        runTest(timeout = 2.minutes) {
            val client = desk.phone()
            val conversation = client.startConversation()
            val file = File(folder(), "note.txt").apply { writeText("torn") }
            val wanted = ArrayList<String>()
            CancellingAt.everywhere().forEachIndexed { number, caller ->
                var begun = false
                caller.run {
                    begun = true
                    conversation.send("message $number", listOf(NewAttachment(file.path)))
                }
                // One that is cancelled before it begins does not call at all.
                if (begun) wanted.add("message $number")
            }
            assertTrue(wanted.size >= 10, "$wanted")
            desk.untilTexts(*wanted.toTypedArray())
            conversation.messages.until("the files") { shown ->
                shown.own() == wanted && shown.filter { it.author is Author.Customer }.all { it.attachments.size == 1 }
            }
            client.shutdown()
        }

    @Test
    fun wordsThatCannotBeSent_areTheDraft_whereNobodyHearsOfIt() =
        runBlocking {
            val client = desk.phone()
            val missing = listOf(NewAttachment(File(folder(), "gone").path))
            CancellingAt.everywhere().forEach { caller ->
                val conversation = client.startConversation()
                var heard: SupportException? = null
                var begun = false
                caller.run {
                    begun = true
                    try {
                        conversation.send("the words", missing)
                    } catch (error: SupportException) {
                        heard = error
                    }
                }
                if (!begun) return@forEach
                if (heard != null) {
                    assertEquals(null, conversation.draft())
                } else {
                    until({ "the draft" }) { conversation.draft() == "the words" }
                }
            }
            // What the customer writes meanwhile stays.
            val conversation = client.startConversation()
            conversation.setDraft("something else")
            CancellingAt(1, before = false).run { conversation.send("the words", missing) }
            assertThrows(SupportException.AttachmentRefused::class.java) { runBlocking { conversation.send("x", missing) } }
            assertEquals("something else", conversation.draft())
            client.shutdown()
        }

    @Test
    fun everyCommandWhoseCallerIsCancelledAnywhere_isDone() =
        runBlocking {
            val client = desk.phone()
            CancellingAt.everywhere().forEachIndexed { number, caller ->
                val conversation = client.startConversation()
                var begun = false
                caller.run {
                    begun = true
                    conversation.setDraft("draft $number")
                }
                if (begun) until({ "draft $number" }) { conversation.draft() == "draft $number" }
            }
            CancellingAt.everywhere().forEachIndexed { number, caller ->
                val who = "customer $number"
                var begun = false
                caller.run {
                    begun = true
                    client.loginIdentifiedUser(who, Desk.hash(who))
                }
                if (begun) until({ "the log-in of $who" }) { client.verifyIdentity() != Verification.ANONYMOUS }
                CancellingAt(1, before = false).run { client.logout() }
                until({ "the log-out of $who" }) { client.verifyIdentity() == Verification.ANONYMOUS }
                assertTrue(client.conversations.value.isEmpty())
            }
            client.shutdown()
        }
}
