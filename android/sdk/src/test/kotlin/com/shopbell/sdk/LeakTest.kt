package com.shopbell.sdk

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import java.io.File

/** What is opened and closed again leaves nothing behind. */
class LeakTest {
    private val desk = Desk()

    @AfterEach
    fun close() = desk.close()

    private class Counts(
        val listeners: Int,
        val waiting: Int,
        val coroutines: Int,
        val threads: Int,
        val residentKilobytes: Int,
    ) {
        override fun toString() =
            "$listeners listeners, $waiting waiting calls, $coroutines coroutines, $threads threads, $residentKilobytes kB"
    }

    private fun counts(client: ShopbellClient): Counts {
        System.gc()
        val status = File("/proc/self/status").takeIf(File::exists)?.readLines().orEmpty()
        val number = { name: String ->
            status.firstOrNull { it.startsWith(name) }?.filter(Char::isDigit)?.toInt() ?: 0
        }
        val scope = checkNotNull(client.engine.scope.coroutineContext[Job])
        return Counts(
            FfiConverterTypeMessagesListener.handleMap.size,
            uniffiContinuationHandleMap.size,
            scope.children.count(),
            number("Threads:"),
            number("VmRSS:"),
        )
    }

    @Test
    fun tenThousandTimesOnAndOffScreen_leaveNothingBehind() =
        runBlocking {
            val client = desk.phone()
            val conversation = client.startConversation()
            conversation.send("hello")

            suspend fun rounds(count: Int) {
                repeat(count) {
                    val screen =
                        launch(start = CoroutineStart.UNDISPATCHED) { client.conversation(conversation.id).messages.collect {} }
                    screen.cancelAndJoin()
                }
                client.capabilities()
                until({ "the listeners to go; there are ${counts(client)}" }) {
                    // One goes on for the client's life: it watches whether the list is shown.
                    counts(client).run { listeners == 0 && waiting == 0 && coroutines == 1 }
                }
            }
            // The heap and each thread's share of the allocator grow to their size first: 150 MB in all, ever less each
            // time. What is left behind with each round grows by as much every time, and never gets here.
            rounds(10_000)
            var before = counts(client)
            repeat(8) {
                rounds(10_000)
                val after = counts(client)
                assertTrue(after.threads <= before.threads + 4, "before $before, after $after")
                if (after.residentKilobytes < before.residentKilobytes + 16_000) {
                    client.shutdown()
                    return@runBlocking
                }
                before = after
            }
            fail("the memory goes on growing: $before")
        }

    @Test
    fun clientsThatWereClosed_leaveNoThreadBehind() =
        runBlocking {
            desk.phone().shutdown()
            val before = threads()
            repeat(20) {
                val client = desk.phone()
                client.startConversation().send("hello")
                client.shutdown()
            }
            until({ "the threads to end; there are ${threads()}, before $before" }) { threads() <= before + 4 }
        }

    private fun threads(): Int =
        checkNotNull(File("/proc/self/task").list()).count {
            runCatching { File("/proc/self/task/$it/comm").readText() }.getOrDefault("").startsWith("shopbell")
        }
}
