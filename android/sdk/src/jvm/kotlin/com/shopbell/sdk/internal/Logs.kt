package com.shopbell.sdk.internal

import com.shopbell.sdk.LogLevel
import com.shopbell.sdk.LogReceiver
import com.shopbell.sdk.LogRecord
import com.shopbell.sdk.LogSink
import com.shopbell.sdk.setLogSink

/** Who takes the log. Asked for before the library is loaded, it is handed over once it is. */
internal object Logs {
    private var receiver: LogReceiver? = null
    private var level = LogLevel.WARN
    private var loaded = false

    @Synchronized
    fun set(
        level: LogLevel,
        receiver: LogReceiver?,
    ) {
        this.level = level
        this.receiver = receiver
        if (loaded) handOver()
    }

    /** Called where the disk may be touched: the first call into the library loads it. */
    @Synchronized
    fun libraryIsLoaded() {
        if (loaded) return
        handOver()
        loaded = true
    }

    private fun handOver() = setLogSink(receiver?.let(::Sink), level)

    /** A listener of the app's threw. Not what it says: that may quote what somebody wrote. */
    fun hostFailed(error: Throwable) = note(LogLevel.ERROR, "a listener of the app's threw ${error.javaClass.name}")

    /** Something that happened on this side of the library. */
    fun note(
        level: LogLevel,
        message: String,
    ) {
        val receiver = synchronized(this) { if (level <= this.level) receiver else null } ?: return
        Sink(receiver).onRecords(listOf(LogRecord(level, "shopbell::kotlin", message)))
    }

    private class Sink(
        private val receiver: LogReceiver,
    ) : LogSink {
        override fun onRecords(records: List<LogRecord>) {
            try {
                receiver.onRecords(records)
            } catch (
                @Suppress("TooGenericExceptionCaught") _: Throwable,
            ) {
                // A log that fails has nobody to tell.
            }
        }
    }
}
