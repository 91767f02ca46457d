package com.shopbell.sdk

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import java.io.File
import java.io.RandomAccessFile
import java.util.concurrent.TimeUnit
import kotlin.system.exitProcess

/** Another process with this program in it, which can be killed. Killed at the latest when it is closed. */
class Child(
    vararg arguments: String,
    properties: Map<String, String> = emptyMap(),
) : AutoCloseable {
    private val process: Process =
        ProcessBuilder(
            listOf(ProcessHandle.current().info().command().orElse("java"), "-XX:TieredStopAtLevel=1") +
                (mapOf("jna.library.path" to System.getProperty("jna.library.path")) + properties)
                    .map { (name, value) -> "-D$name=$value" } +
                listOf("-cp", System.getProperty("java.class.path"), "com.shopbell.sdk.ChildKt") +
                arguments,
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val output = process.inputStream.bufferedReader()

    /** The next line that begins so. */
    fun until(beginning: String): String =
        generateSequence { output.readLine() }.firstOrNull { it.startsWith(beginning) }
            ?: error("the process ended without saying '$beginning'")

    /** Lets it go on to its end. */
    fun goOn() {
        process.outputStream.use { it.write('\n'.code) }
    }

    /** What it ends with, once it does. */
    fun ended(): Int {
        check(process.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) { "the process does not end" }
        return process.exitValue()
    }

    override fun close() {
        process.destroyForcibly().waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
    }
}

/** What the other process does. */
fun main(arguments: Array<String>) {
    when (arguments[0]) {
        "send" -> send(arguments[1], File(arguments[2]), arguments[3])
        "lock" -> lock(File(arguments[1]))
        "fail" -> fail()
        // Ends as a program does whose main function has returned.
        "leave" -> return leave(arguments[1], File(arguments[2]))
    }
    exitProcess(0)
}

/** Sends a message and then waits to be killed. */
private fun send(
    url: String,
    data: File,
    text: String,
) {
    val client = ShopbellClient(ShopbellConfig(url, "shop"), data)
    runBlocking {
        val conversation = client.startConversation()
        conversation.send(text)
        println("kept ${conversation.id}")
        System.`in`.read()
    }
}

/** Uses a client on every thread that it has, and leaves it open. */
private fun leave(
    url: String,
    data: File,
) {
    ShopbellLog.setReceiver(LogLevel.TRACE) {}
    val client = ShopbellClient(ShopbellConfig(url, "shop"), data)
    runBlocking {
        val conversation = client.startConversation()
        conversation.send("and away")
        conversation.messages.first { messages -> messages.any { it.delivery == Delivery.Sent } }
        client.refresh()
    }
    println("sent")
}

/** Holds SQLite's lock on writing (byte 120 of the file that shares its index) until it is told to go on. */
private fun lock(index: File) {
    RandomAccessFile(index, "rw").use { file ->
        file.channel.lock(WRITE_LOCK, 1, false).use {
            println("locked")
            System.`in`.read()
        }
    }
}

private const val WRITE_LOCK = 120L

/** Says what a client fails with whose library is not right. */
private fun fail() {
    val client = ShopbellClient(ShopbellConfig("https://desk.example.com", "shop"), folder())
    repeat(2) {
        try {
            runBlocking { client.opened() }
            println("opened")
        } catch (error: SupportException) {
            println("${error.javaClass.simpleName}: ${error.message}")
        }
    }
}
