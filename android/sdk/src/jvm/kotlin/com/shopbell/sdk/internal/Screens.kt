package com.shopbell.sdk.internal

import java.util.Collections
import java.util.WeakHashMap

/** The flows that show something while they are collected, as long as somebody has them. */
internal class Screens {
    private val all: MutableSet<OnScreenFlow<*>> = Collections.newSetFromMap(WeakHashMap())

    fun add(flow: OnScreenFlow<*>) {
        synchronized(all) { all.add(flow) }
    }

    /** [OnScreenFlow.forget], of each. */
    fun forget(all: Boolean) {
        synchronized(this.all) { this.all.toList() }.forEach { it.forget(all) }
    }
}
