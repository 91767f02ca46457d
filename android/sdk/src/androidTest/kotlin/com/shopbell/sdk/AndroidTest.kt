package com.shopbell.sdk

import android.app.Application
import android.app.Notification
import android.app.NotificationManager
import android.content.ContentProvider
import android.content.ContentValues
import android.content.Intent
import android.database.Cursor
import android.database.MatrixCursor
import android.net.ConnectivityManager
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.LifecycleRegistry
import com.example.shop.readme1
import com.shopbell.sdk.internal.AppLifecycle
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowNetwork
import java.io.File
import java.io.FileNotFoundException

/** What needs a phone, with Android's own classes, over the true library and a sandbox. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
class AndroidTest {
    private val desk = Desk()
    private val app: Application get() = RuntimeEnvironment.getApplication()

    @After
    fun close() {
        Shopbell.close()
        desk.close()
    }

    private fun opened(): ShopbellClient {
        Shopbell.initialize(app, desk.config())
        return Shopbell.client.also { runBlocking { it.opened() } }
    }

    @Test
    fun readme_runs() {
        val scope = CoroutineScope(Dispatchers.Default + Job())
        readme1(app, scope, desk.url, hash = null)
        desk.untilTexts("Is the blue bag waterproof?")
        scope.cancel()
    }

    @Test
    fun initialize_keepsEverythingInTheNoBackupFolder() {
        opened()
        assertTrue(File(app.applicationInfo.dataDir, "no_backup/shopbell").isDirectory)
        assertEquals(File(app.noBackupFilesDir, "shopbell"), File(app.applicationInfo.dataDir, "no_backup/shopbell"))
    }

    @Test
    fun networkThatGoesAndComes_isTold() {
        val client = opened()
        val connectivity = checkNotNull(app.getSystemService(ConnectivityManager::class.java))
        val watch = shadowOf(connectivity).networkCallbacks.single()
        val network = checkNotNull(connectivity.activeNetwork)
        watch.onLost(network)
        runBlocking {
            client.status.until("no network") { it?.connection == Connection.OFFLINE }
            client.startConversation().send("hello")
            assertEquals(emptyList<String>(), desk.texts())
        }
        watch.onAvailable(network)
        desk.untilTexts("hello")
        runBlocking {
            client.shutdown()
            until({ "the watch to be let go of" }) { shadowOf(connectivity).networkCallbacks.isEmpty() }
        }
    }

    @Test
    fun networkThatIsLostOnceTheNextOneCame_isNotTold() {
        val client = opened()
        val connectivity = checkNotNull(app.getSystemService(ConnectivityManager::class.java))
        val watch = shadowOf(connectivity).networkCallbacks.single()
        val (wifi, mobile) = ShadowNetwork.newInstance(1) to ShadowNetwork.newInstance(2)
        watch.onAvailable(wifi)
        watch.onAvailable(mobile)
        watch.onLost(wifi)
        runBlocking {
            client.startConversation().send("hello")
            client.status.until("a network") { it?.connection == Connection.ONLINE }
        }
        desk.untilTexts("hello")
        watch.onLost(mobile)
        runBlocking { client.status.until("no network") { it?.connection == Connection.OFFLINE } }
    }

    private class Screens : LifecycleOwner {
        override val lifecycle = LifecycleRegistry.createUnsafe(this)
    }

    @Test
    fun appThatGoesToTheBackground_isPaused_andResumed() {
        val client = opened()
        val screens = Screens()
        AppLifecycle.follow(client, Handler(Looper.getMainLooper()), screens.lifecycle)
        screens.lifecycle.currentState = Lifecycle.State.STARTED
        runBlocking {
            val conversation = client.startConversation()
            screens.lifecycle.currentState = Lifecycle.State.CREATED
            until({ "the pause" }) { runCatching { client.refresh() }.exceptionOrNull() is SupportException.Paused }
            screens.lifecycle.currentState = Lifecycle.State.STARTED
            until({ "the resume" }) { runCatching { client.refresh() }.isSuccess }
            conversation.send("back again")
        }
        desk.untilTexts("back again")
    }

    @Test
    fun pickedFile_isStreamed_sentUnderItsName_andNotLeftInTheCache() {
        Robolectric.setupContentProvider(Pictures::class.java, "pictures")
        val client = opened()
        runBlocking {
            val conversation = client.startConversation()
            conversation.send(app, "It arrived torn", listOf(Uri.parse("content://pictures/7")))
            val file =
                conversation.messages
                    .until("the file") { it.isNotEmpty() }
                    .first()
                    .attachments
                    .single()
            assertEquals("torn.txt", file.name)
            assertEquals(Pictures.BYTES.toLong(), file.size)
            assertTrue(File(app.cacheDir, "shopbell-picked").list().isNullOrEmpty())
        }
    }

    @Test
    fun pickedFileThatVanished_isRefused_andNothingIsSent() {
        Robolectric.setupContentProvider(Pictures::class.java, "pictures")
        val client = opened()
        val conversation = runBlocking { client.startConversation() }
        for (uri in listOf("content://pictures/gone", "content://nobody/1", "file:///nowhere")) {
            assertThrows(uri, SupportException.AttachmentRefused::class.java) {
                runBlocking { conversation.send(app, "look", listOf(Uri.parse(uri))) }
            }
        }
        runBlocking { conversation.send("without") }
        desk.untilTexts("without")
        assertTrue(File(app.cacheDir, "shopbell-picked").list().isNullOrEmpty())
    }

    private fun sealed(): Boolean =
        File(app.noBackupFilesDir, "shopbell").walk().filter { it.isFile }.any { String(it.readBytes(), Charsets.ISO_8859_1).contains("sealed:") }

    @Test
    fun desksKeys_areSealedByTheKeystore_andMadeAnewWhereItHasLostItsKey() {
        FakeKeystore.installed {
            runBlocking {
                opened().startConversation().send("one")
                desk.untilTexts("one")
                Shopbell.client.shutdown()
                Shopbell.close()
                assertTrue(sealed())
                opened().startConversation().send("two")
                desk.untilTexts("one", "two")
                Shopbell.client.shutdown()
                Shopbell.close()
                FakeKeystore.keys.clear()
                opened().startConversation().send("three")
                desk.untilTexts("one", "two", "three")
            }
        }
    }

    @Test
    fun phoneWhoseKeystoreIsBroken_worksUnsealed() {
        opened()
        runBlocking { Shopbell.client.startConversation().send("one") }
        desk.untilTexts("one")
        assertFalse(sealed())
    }

    private val system get() = checkNotNull(app.getSystemService(NotificationManager::class.java))

    private fun shown(): List<Notification> = shadowOf(system).allNotifications

    /** A chat with an answer that came while the app was in the background; its id, and the push of it. */
    private fun answered(client: ShopbellClient): Pair<String, Map<String, String>> =
        runBlocking {
            val conversation = client.startConversation()
            conversation.send("Is it warm?")
            desk.untilTexts("Is it warm?")
            client.pause()
            desk.reply("**Very**")
            conversation.id to mapOf("shopbell_conversation" to "1")
        }

    @Test
    fun push_isShown_andLeadsToItsConversation() {
        val client = opened()
        val (id, push) = answered(client)
        val notifications =
            ShopbellNotifications(app, android.R.drawable.ic_dialog_email, opens = { Intent(Intent.ACTION_VIEW).putExtra("id", it) })
        assertTrue(notifications.handlePush(push))
        val notification = shown().single()
        assertEquals("Linh Trần", notification.extras.getString(Notification.EXTRA_TITLE))
        assertEquals("Very", notification.extras.getString(Notification.EXTRA_TEXT))
        assertEquals(Notification.VISIBILITY_PRIVATE, notification.visibility)
        assertEquals(id, shadowOf(notification.contentIntent).savedIntent.getStringExtra("id"))
        assertEquals(NotificationManager.IMPORTANCE_HIGH, system.getNotificationChannel(ShopbellNotifications.CHANNEL).importance)
        // A second answer takes the place of the first.
        desk.reply("And light")
        assertTrue(notifications.handlePush(push))
        assertEquals("with the greeting", 3, shown().single().number)
        notifications.dismiss(id)
        assertEquals(emptyList<Notification>(), shown())
    }

    @Test
    fun pushWithoutADesk_isShownWithoutWords_andOthersPushesAreNotTaken() {
        val client = opened()
        val (_, push) = answered(client)
        val notifications = ShopbellNotifications(app, newMessage = "Tin nhắn mới")
        assertFalse(notifications.handlePush(mapOf("gcm.n.e" to "1")))
        desk.offline(true)
        assertTrue(notifications.handlePush(mapOf("shopbell_conversation" to "99")))
        assertEquals("nobody's, as far as is known", emptyList<Notification>(), shown())
        assertTrue(notifications.handlePush(push))
        assertEquals("Tin nhắn mới", shown().single().extras.getString(Notification.EXTRA_TEXT))
    }

    @Test
    fun pushBeforeInitialize_isToldApart_andShowsNothing() {
        val notifications = ShopbellNotifications(app)
        assertFalse(notifications.handlePush(mapOf("gcm.n.e" to "1")))
        assertTrue(notifications.handlePush(mapOf("shopbell_conversation" to "1")))
        assertEquals(emptyList<Notification>(), shown())
    }

    @Test
    fun callbacks_comeOnTheMainThread() {
        val client = opened()
        var thread: Thread? = null
        client.startConversation(
            object : SupportCallback<Conversation> {
                override fun onSuccess(value: Conversation) {
                    thread = Thread.currentThread()
                }

                override fun onFailure(error: SupportException) = throw error
            },
        )
        // The test is on the main thread itself, and lets it work.
        val begun = System.nanoTime()
        while (thread == null) {
            shadowOf(Looper.getMainLooper()).idle()
            check(System.nanoTime() - begun < PATIENCE_MILLIS * 1_000_000) { "no callback" }
        }
        assertEquals(Looper.getMainLooper().thread, thread)
    }
}

/** Another app's pictures. */
open class Pictures : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor {
        if (uri.lastPathSegment == "gone") throw FileNotFoundException()
        val file = File.createTempFile("picture", null).apply { writeText("x".repeat(BYTES)) }
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        arguments: Array<String>?,
        order: String?,
    ): Cursor = MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME)).apply { addRow(arrayOf("torn.txt")) }

    override fun getType(uri: Uri): String = "text/plain"

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun delete(
        uri: Uri,
        selection: String?,
        arguments: Array<String>?,
    ): Int = 0

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        arguments: Array<String>?,
    ): Int = 0

    companion object {
        const val BYTES = 300_000
    }
}
