package com.shopbell.sdk.internal

import com.sun.jna.Native

/**
 * Keeps a native thread known to the virtual machine after a callback on it: making it known anew for each callback
 * costs more than the callback. The thread is let go when it ends.
 */
internal object Attached {
    private val done = ThreadLocal<Boolean>()

    /** Call it in a callback, on the callback's thread. */
    fun keep() {
        if (done.get() == true) return
        Native.detach(false)
        done.set(true)
    }
}
