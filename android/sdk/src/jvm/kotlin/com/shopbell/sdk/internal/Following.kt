package com.shopbell.sdk.internal

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.FlowCollector
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.flowOf

/** A state of the client that there is now: [initial] while there is none. Collectors go on with the next client. */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class, ExperimentalCoroutinesApi::class)
internal class Following<C : Any, T>(
    private val clients: StateFlow<C?>,
    private val initial: T,
    private val of: (C) -> StateFlow<T>,
) : StateFlow<T> {
    override val value: T
        get() {
            val client = clients.value ?: return initial
            return of(client).value
        }

    override val replayCache: List<T> get() = listOf(value)

    override suspend fun collect(collector: FlowCollector<T>): Nothing {
        clients
            .flatMapLatest { client -> if (client == null) flowOf(initial) else of(client) }
            .conflate()
            .distinctUntilChanged()
            .collect(collector)
        awaitCancellation()
    }
}
