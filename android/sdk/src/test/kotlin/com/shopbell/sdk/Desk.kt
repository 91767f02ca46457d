package com.shopbell.sdk

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull
import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** How long something may take before a test gives up on it: far above any machine's worst. */
const val PATIENCE_MILLIS = 60_000L

/** A desk: the sandbox's own program, on a free port, with its agent in the test's hands. */
class Desk : AutoCloseable {
    private val process: Process =
        ProcessBuilder(System.getProperty("shopbell.sandbox"), "--port", "0", "--no-bot", "--no-csat")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    private val http: HttpClient = HttpClient.newHttpClient()

    /** Its address. */
    val url: String =
        process.inputStream.bufferedReader().readLine().let { line ->
            checkNotNull(Regex("http://[0-9.:]+").find(line)) { "the sandbox said: $line" }.value
        }

    fun config(): ShopbellConfig =
        ShopbellConfig(
            url,
            "shop",
            limits = Limits(settleMillis = 300, requestTimeoutMillis = 2_000, activePollMillis = 200),
        )

    /** A phone with the app open. */
    fun phone(
        data: File = folder(),
        lingerMillis: Long = 0,
    ): ShopbellClient = ShopbellClient(config(), data, Dispatchers.Default, lingerMillis)

    /** An agent answers in the conversation with this number. */
    fun reply(
        text: String,
        conversation: Int = 1,
    ) {
        ask("POST", "/api/v1/accounts/1/conversations/$conversation/messages", """{"content":"$text"}""")
    }

    /** What the desk knows of its first customer. */
    fun contact(): String = ask("GET", "/api/v1/accounts/1/conversations/1")

    /** Takes the phone off the network, or puts it back. */
    fun offline(offline: Boolean) {
        ask("POST", "/sandbox/offline", """{"offline":$offline}""")
    }

    /** What customers have said at the desk, in its order. */
    fun texts(): List<String> {
        val all = Json(ask("GET", "/api/v1/accounts/1/conversations")).field("data").field("payload").items()
        return all.map { it.field("id").text() }.sortedBy { it.toInt() }.flatMap(::incoming)
    }

    private fun incoming(number: String): List<String> {
        val texts = ArrayList<String>()
        var before = ""
        while (true) {
            val page = ask("GET", "/api/v1/accounts/1/conversations/$number/messages$before")
            val messages = Json(page).field("payload").items()
            if (messages.isEmpty()) return texts
            texts.addAll(0, messages.filter { it.field("message_type").text() == "0" }.map { it.field("content").text() })
            before = "?before=" + messages.first().field("id").text()
        }
    }

    /** Waits until the desk has these, each once, in this order. */
    fun untilTexts(vararg wanted: String) {
        runBlocking {
            until({ "the desk to have ${wanted.toList()}; it has ${texts()}" }) { texts() == wanted.toList() }
        }
    }

    private fun ask(
        method: String,
        path: String,
        body: String = "",
    ): String {
        val request =
            HttpRequest
                .newBuilder(URI(url + path))
                .header("content-type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build()
        return http.send(request, BodyHandlers.ofString()).body()
    }

    override fun close() {
        process.destroyForcibly().waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
    }

    companion object {
        /** The proof that the merchant's server would give. The key is the sandbox's own. */
        fun hash(userId: String): String {
            val mac = Mac.getInstance("HmacSHA256")
            mac.init(SecretKeySpec("sandbox-hmac-key".toByteArray(), "HmacSHA256"))
            return mac.doFinal(userId.toByteArray()).joinToString("") { "%02x".format(it) }
        }
    }
}

/** A folder that goes with the virtual machine. */
fun folder(): File =
    Files.createTempDirectory("shopbell").toFile().also { folder ->
        Runtime.getRuntime().addShutdownHook(Thread { folder.deleteRecursively() })
    }

/** Waits until it is so. */
suspend fun until(
    what: () -> String,
    isSo: suspend () -> Boolean,
) {
    // In real time, also in a test whose time is not.
    withContext(Dispatchers.Default) {
        withTimeoutOrNull(PATIENCE_MILLIS) {
            while (!isSo()) delay(2)
        }
    } ?: error("waited in vain for ${what()}")
}

/** Waits until the flow shows it, and returns what it shows. */
suspend fun <T> StateFlow<T>.until(
    what: String,
    shows: (T) -> Boolean,
): T =
    withContext(Dispatchers.Default) { withTimeoutOrNull(PATIENCE_MILLIS) { first(shows) } }
        ?: error("waited in vain for $what; there is $value")

/** The words of a message. */
val Message.text: String
    get() = (content as? Content.Text)?.text ?: content.toString()

/** The words of the customer's own. */
fun List<Message>.own(): List<String> = filter { it.author is Author.Customer }.map { it.text }
