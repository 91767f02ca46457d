package com.shopbell.sdk

import com.shopbell.sdk.internal.Logs

/** Takes log lines. Called on a thread of the log's own, one call at a time; what it throws is dropped. */
public fun interface LogReceiver {
    /** The next lines. They hold no secret and nothing that anybody wrote. */
    public fun onRecords(records: List<LogRecord>)
}

/** Shopbell's log, for the whole process. Quiet until somebody takes it. */
public object ShopbellLog {
    /**
     * Sends the log to [receiver], from [level] up, in place of the one before; `null` stops it. Nobody who logs ever
     * waits: where the receiver is too slow, lines are dropped and counted.
     */
    @JvmStatic
    public fun setReceiver(
        level: LogLevel,
        receiver: LogReceiver?,
    ) {
        Logs.set(level, receiver)
    }
}
