package com.shopbell.sdk

import com.shopbell.sdk.internal.after
import com.sun.jna.Native
import com.sun.jna.Platform
import java.io.File
import java.nio.file.Files
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.system.exitProcess
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/*
 * What crossing from Kotlin to the library costs, over JNA, with the library as it ships. `checks/kotlin bench` runs it;
 * `./bench ffi` makes a table of what it prints, a line for each turn: `measured NAME VALUE`.
 *
 * With the argument `first` it measures only what is done once in the life of a process, and has to be started anew for
 * each turn.
 */
fun main(arguments: Array<String>) {
    if (arguments.contentEquals(arrayOf("first"))) {
        firstInitialize()
    } else {
        val work = Files.createTempDirectory("shopbell-bench").toFile()
        try {
            initialize(work)
            val client = NativeClient(config().native(File(work, "reads").path))
            client.networkChanged(false)
            runBlocking {
                client.opened()
                reads(client)
                batches(client)
                client.shutdown()
            }
            client.close()
        } finally {
            work.deleteRecursively()
        }
    }
    System.out.flush()
    exitProcess(0)
}

private fun measured(
    name: String,
    value: Number,
) = println("measured $name $value")

private inline fun nanos(work: () -> Unit): Long {
    val begin = System.nanoTime()
    work()
    return System.nanoTime() - begin
}

/** Nobody listens there: what is measured is the phone's part alone. */
private fun config() = ShopbellConfig("http://127.0.0.1:9", "bench")

/** A function of C that does next to nothing, called as the generated code calls the library's. */
private object C {
    init {
        Native.register(C::class.java, Platform.C_LIBRARY_NAME)
    }

    external fun abs(number: Int): Int
}

private const val READS_A_TURN = 100
private const val READ_TURNS = 300
private const val WARM_UP_TURNS = 300

/** A value that the library has at hand: a conversation's id, as a string. */
private suspend fun reads(client: NativeClient) {
    val conversation = client.startConversation()
    val facade = ShopbellClient(config(), Files.createTempDirectory("shopbell-bench").toFile())
    facade.opened()
    var length = 0
    val perCall = { work: () -> Unit -> nanos { repeat(READS_A_TURN) { work() } } / 1e3 / READS_A_TURN }
    repeat(WARM_UP_TURNS + READ_TURNS) { turn ->
        val ours = perCall { length += conversation.id().length }
        val bare = perCall { length += C.abs(-1) }
        val flow = perCall { length += facade.unreadCount.value }
        if (turn < WARM_UP_TURNS) return@repeat
        measured("read_us", ours)
        measured("read_bare_us", bare)
        measured("flow_us", flow)
    }
    check(length > 0)
    conversation.close()
    facade.shutdown()
}

/** The diffs of a batch, and how many messages a turn brings in. */
private const val DIFFS = 50
private const val BATCH_TURNS = 30
// The virtual machine compiles what has run often: by then it has.
private const val BATCH_WARM_UP = 120

private fun text(
    turn: Int,
    number: Int,
) = "Turn $turn, message $number: is the blue bag waterproof?"

private class Delivered(
    val steps: Int,
    val shown: Int,
    val at: Long,
)

/** Takes one batch at a time, each when it is let: what happens meanwhile comes as one. */
private class Gate : MessagesListener {
    val open = Semaphore(0)
    val delivered = LinkedBlockingQueue<Delivered>()
    val calls = AtomicInteger()
    private var shown = emptyList<Message>()

    override fun onBatch(batch: List<NativeMessageDiff>) {
        calls.incrementAndGet()
        // All that the facade does with it, too.
        shown = shown.after(batch)
        delivered.put(Delivered(batch.size, shown.size, System.nanoTime()))
        open.acquire()
    }

    override fun onEnd() = Unit

    fun next(): Delivered = checkNotNull(delivered.poll(1, TimeUnit.MINUTES)) { "no batch came" }
}

/**
 * Fifty messages that were written while the listener was busy. `change_ms`: from when it has returned until it has taken
 * them, the core's reading of its store included. `batch_ms`: of that the delivery alone, by the library's own log: the
 * batch written as bytes, carried over, read, and put into the list.
 */
private suspend fun batches(client: NativeClient) {
    val told = LinkedBlockingQueue<Long>()
    val line = Regex("a listener was told.*took_us=([0-9]+)")
    setLogSink(
        object : LogSink {
            override fun onRecords(records: List<LogRecord>) =
                records.forEach { record -> line.find(record.message)?.let { told.put(it.groupValues[1].toLong()) } }
        },
        LogLevel.TRACE,
    )
    repeat(BATCH_WARM_UP + BATCH_TURNS) { turn ->
        val conversation = client.startConversation()
        val write = { number: Int -> runBlocking { conversation.sendMessage(text(turn, number), emptyList()) } }
        // As many before, for what is mostly new is given out anew as a whole.
        repeat(DIFFS) { write(it) }
        val gate = Gate()
        val timeline = conversation.timeline(gate)
        val shown = gate.next().shown
        // All at once: each waits for what it did to be shown, two seconds at most, and the listener is busy.
        coroutineScope { repeat(DIFFS) { number -> launch { conversation.sendMessage(text(turn, number), emptyList()) } } }
        val before = gate.calls.get()
        val begin = System.nanoTime()
        gate.open.release()
        var last = gate.next()
        var steps = last.steps
        while (last.shown < shown + DIFFS) {
            gate.open.release()
            last = gate.next()
            steps = maxOf(steps, last.steps)
        }
        val calls = gate.calls.get() - before
        // No call waits for the gate any more, so that the log says what each took. The first one did.
        gate.open.release(Int.MAX_VALUE / 2)
        val took = List(calls + 1) { checkNotNull(told.poll(1, TimeUnit.MINUTES)) { "the log does not say what a call took" } }
        if (turn >= BATCH_WARM_UP) {
            measured("change_ms", (last.at - begin) / 1e6)
            measured("batch_diffs", steps)
            measured("batch_calls", calls)
            measured("batch_ms", took.drop(1).max() / 1e3)
        }
        timeline.cancel()
        timeline.close()
        conversation.close()
    }
    setLogSink(null, LogLevel.TRACE)
}

private const val INITIALIZE_TURNS = 40
private const val INITIALIZE_WARM_UP = 20

/** On the caller's thread, in a process that has done it before. */
private fun initialize(work: File) {
    repeat(INITIALIZE_WARM_UP + INITIALIZE_TURNS) { turn ->
        val (config, folder) = config() to File(work, "initialize-$turn")
        val bare = nanos { CoroutineScope(Dispatchers.Default).launch { } }
        val ours = nanos { Shopbell.initialize(config, folder) }
        runBlocking { Shopbell.client.shutdown() }
        Shopbell.close()
        if (turn >= INITIALIZE_WARM_UP) {
            measured("initialize_ms", ours / 1e6)
            measured("initialize_bare_ms", bare / 1e6)
        }
    }
}

/** The same as an app does it: once. It has used coroutines before, as every app has. */
private fun firstInitialize() {
    val folder = Files.createTempDirectory("shopbell-bench").toFile()
    val config = config()
    val bare = nanos { CoroutineScope(Dispatchers.Default).launch { } }
    val ours = nanos { Shopbell.initialize(config, folder) }
    runBlocking { Shopbell.client.shutdown() }
    folder.deleteRecursively()
    measured("first_ms", ours / 1e6)
    measured("first_bare_ms", bare / 1e6)
}
