package com.shopbell.sdk.internal

import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.FlowCollector
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch

/**
 * A state that is observed at its source only while somebody collects it, and for [Engine.lingerMillis] longer: a screen
 * that is turned around collects again within that time and finds everything as it was. What it showed last stays, until
 * somebody else is here: then it is [initial] again.
 *
 * No coroutine waits while nobody collects.
 */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
internal class OnScreenFlow<T>(
    private val initial: T,
    private val engine: Engine,
    private val source: Source<T>,
    private val state: MutableStateFlow<T> = MutableStateFlow(initial),
) : StateFlow<T> by state {
    /** What is started for the first who collects, and stopped after the last. Both return at once. */
    interface Source<T> {
        fun start(show: (T) -> Unit)

        fun stop()
    }

    private var collectors = 0
    private var started = false

    /** Each observation has a number, so that what is late of an earlier one is not shown. */
    @Volatile
    private var run = 0

    init {
        engine.screens.add(this)
    }

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

    /**
     * Somebody else may be here. What nobody observes any more is forgotten. What is observed has shown it by now; with
     * [all] it has not been told, and is observed anew.
     */
    fun forget(all: Boolean) {
        synchronized(this) {
            if (started && !all) return
            if (started) {
                stop()
                start()
            }
        }
        state.value = initial
    }

    private fun enter() {
        synchronized(this) {
            collectors++
            if (!started) start()
        }
    }

    private fun leave() {
        synchronized(this) {
            collectors--
            if (collectors > 0) return
            if (engine.lingerMillis == 0L) return stop()
        }
        engine.scope.launch {
            delay(engine.lingerMillis)
            synchronized(this@OnScreenFlow) { if (collectors == 0) stop() }
        }
    }

    private fun start() {
        started = true
        val mine = ++run
        source.start { if (run == mine) state.value = it }
    }

    private fun stop() {
        if (!started) return
        started = false
        run++
        source.stop()
    }
}
