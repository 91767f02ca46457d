package com.shopbell.app

import com.shopbell.sdk.Content
import com.shopbell.sdk.Delivery
import com.shopbell.sdk.Shopbell
import com.shopbell.sdk.ShopbellConfig
import com.shopbell.sdk.SupportException
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.nio.file.Files
import kotlin.system.exitProcess

/**
 * An app to be shrunk, with the README's calls: it sends a message to a sandbox of its own and waits until it is shown as
 * sent.
 */
fun main() {
    val desk = ProcessBuilder(System.getProperty("shopbell.sandbox"), "--port", "0", "--no-bot").start()
    val url = checkNotNull(Regex("http://[0-9.:]+").find(desk.inputStream.bufferedReader().readLine())).value
    val folder = Files.createTempDirectory("shopbell").toFile()
    try {
        runBlocking {
            Shopbell.initialize(ShopbellConfig(url, "shop"), folder)
            Shopbell.loginIdentifiedUser("customer-7")
            val conversation = Shopbell.currentConversation()
            val refused = runCatching { conversation.send("") }.exceptionOrNull()
            check(refused is SupportException.InvalidInput) { "$refused" }
            conversation.send("hello")
            val shown =
                withTimeout(60_000) {
                    conversation.messages.first { it.firstOrNull()?.delivery == Delivery.Sent }
                }
            check((shown.first().content as Content.Text).text == "hello")
            Shopbell.client.shutdown()
            print("sent and shown")
        }
    } finally {
        desk.destroyForcibly()
        folder.deleteRecursively()
    }
    System.out.flush()
    exitProcess(0)
}
