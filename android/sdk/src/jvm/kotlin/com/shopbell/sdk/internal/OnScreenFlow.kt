package com.shopbell.sdk.internal

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.FlowCollector
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch

/**
 * A state that is observed at its source only while somebody collects it, and for [lingerMillis] longer: a screen that
 * is turned around collects again within that time and finds everything as it was.
 *
 * No coroutine waits while nobody collects.
 */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
internal class OnScreenFlow<T>(
    private val state: MutableStateFlow<T>,
    private val scope: CoroutineScope,
    private val lingerMillis: Long,
    private val source: Source,
) : StateFlow<T> by state {
    /** What is started for the first who collects, and stopped after the last. Both return at once. */
    interface Source {
        fun start()

        fun stop()
    }

    private var collectors = 0
    private var started = false

    override suspend fun collect(collector: FlowCollector<T>): Nothing {
        enter()
        try {
            state.collect(collector)
        } finally {
            leave()
        }
    }

    /** Keeps the source going while [block] runs. */
    suspend fun <R> held(block: suspend () -> R): R {
        enter()
        try {
            return block()
        } finally {
            leave()
        }
    }

    private fun enter() {
        synchronized(this) {
            collectors++
            if (started) return
            started = true
            source.start()
        }
    }

    private fun leave() {
        synchronized(this) {
            collectors--
            if (collectors > 0) return
            if (lingerMillis == 0L) return stop()
        }
        scope.launch {
            delay(lingerMillis)
            synchronized(this@OnScreenFlow) { if (collectors == 0) stop() }
        }
    }

    private fun stop() {
        if (!started) return
        started = false
        source.stop()
    }
}
