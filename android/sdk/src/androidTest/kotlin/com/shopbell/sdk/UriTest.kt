package com.shopbell.sdk

import android.app.Application
import android.database.Cursor
import android.net.Uri
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.ByteArrayInputStream
import java.io.File
import java.io.FileNotFoundException
import java.io.InputStream
import java.util.concurrent.atomic.AtomicInteger

/** What was picked is sent whole, with its words, whoever is cancelled meanwhile: at each step of the copying, and after. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
class UriTest {
    private val desk = Desk()
    private val app: Application get() = RuntimeEnvironment.getApplication()
    private val uris = listOf("content://pictures/1", "content://pictures/2").map(Uri::parse)

    /** What the other app does: it is asked for a file, for its bytes piece by piece, for its name. */
    @Volatile
    private var step: () -> Unit = {}

    @After
    fun close() {
        Watched.step = {}
        Shopbell.close()
        desk.close()
    }

    private fun opened(): ShopbellClient {
        Robolectric.setupContentProvider(Watched::class.java, "pictures")
        Watched.step = { step() }
        for (uri in uris) {
            shadowOf(app.contentResolver).registerInputStreamSupplier(uri) {
                step()
                Pieces { step() }
            }
        }
        Shopbell.initialize(app, desk.config())
        return Shopbell.client.also { runBlocking { it.opened() } }
    }

    private suspend fun Conversation.untilWhole(texts: List<String>) {
        messages.until("$texts, whole") { shown ->
            shown.own() == texts &&
                shown.filter { it.author is Author.Customer }.all { message ->
                    message.attachments.map { it.name to it.size } == uris.map { "torn.txt" to Pieces.BYTES.toLong() }
                }
        }
        desk.untilTexts(*texts.toTypedArray())
        until({ "the cache to be empty" }) { File(app.cacheDir, "shopbell-picked").list().isNullOrEmpty() }
    }

    @Test
    fun messageWhoseCallerIsCancelledWhileFilesAreCopied_isSentWhole() =
        runBlocking {
            val conversation = opened().startConversation()
            // As often as a copy takes steps.
            val steps = AtomicInteger()
            step = { steps.incrementAndGet() }
            conversation.send(app, "not cancelled", uris)
            val sent = arrayListOf("not cancelled")
            assertTrue("$steps", steps.get() >= 2 * 5)
            for (last in 1..steps.get()) {
                val caller = CoroutineScope(Dispatchers.Default + Job())
                val left = AtomicInteger(last)
                step = { if (left.decrementAndGet() == 0) caller.cancel() }
                caller.launch { conversation.send(app, "at step $last", uris) }.join()
                sent.add("at step $last")
                // One after the other, for the order.
                conversation.messages.until("it") { it.own() == sent }
            }
            conversation.untilWhole(sent)
        }

    @Test
    fun messageWhoseCallerIsCancelledAtASuspension_isSentWhole() =
        runBlocking {
            val conversation = opened().startConversation()
            val sent = ArrayList<String>()
            CancellingAt.everywhere().forEachIndexed { number, caller ->
                var begun = false
                caller.run {
                    begun = true
                    conversation.send(app, "message $number", uris)
                }
                if (begun) {
                    sent.add("message $number")
                    conversation.messages.until("it") { it.own() == sent }
                }
            }
            conversation.untilWhole(sent)
        }

    @Test
    fun messageOfAClientThatIsClosedWhileFilesAreCopied_isSentByTheNext() =
        runBlocking {
            val conversation = opened().startConversation()
            val caller = CoroutineScope(Dispatchers.Default + Job())
            step = {
                step = {}
                caller.cancel()
                Shopbell.close()
            }
            caller.launch { conversation.send(app, "on the way out", uris) }.join()
            val again = opened().conversation(conversation.id)
            again.untilWhole(listOf("on the way out"))
        }

    @Test
    fun wordsWhoseFileIsGone_areTheDraft_whereNobodyHearsOfIt() =
        runBlocking {
            val conversation = opened().startConversation()
            step = { throw FileNotFoundException() }
            assertThrows(SupportException.AttachmentRefused::class.java) { runBlocking { conversation.send(app, "look", uris) } }
            assertEquals("whoever hears of it has the words", null, conversation.draft())
            val caller = CoroutineScope(Dispatchers.Default + Job())
            step = {
                caller.cancel()
                throw FileNotFoundException()
            }
            caller.launch { conversation.send(app, "look", uris) }.join()
            until({ "the draft" }) { conversation.draft() == "look" }
            assertTrue(File(app.cacheDir, "shopbell-picked").list().isNullOrEmpty())
            assertEquals(emptyList<String>(), desk.texts())
        }
}

/** A file of another app's, which comes in pieces. */
private class Pieces(
    private val step: () -> Unit,
) : InputStream() {
    private val bytes = ByteArrayInputStream(ByteArray(BYTES) { 'x'.code.toByte() })

    override fun read(): Int = bytes.read()

    override fun read(
        buffer: ByteArray,
        offset: Int,
        length: Int,
    ): Int {
        step()
        return bytes.read(buffer, offset, length)
    }

    override fun close() = step()

    companion object {
        const val BYTES = 20_000
    }
}

/** [Pictures] whose steps are told. */
class Watched : Pictures() {
    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        arguments: Array<String>?,
        order: String?,
    ): Cursor {
        step()
        return super.query(uri, projection, selection, arguments, order)
    }

    companion object {
        @Volatile
        var step: () -> Unit = {}
    }
}
