package com.shopbell.sdk.internal

import com.shopbell.sdk.LogLevel
import com.shopbell.sdk.NativeClient
import com.shopbell.sdk.Vault
import com.shopbell.sdk.ShopbellConfig
import com.shopbell.sdk.SupportCallback
import com.shopbell.sdk.SupportException
import com.shopbell.sdk.SupportListener
import com.shopbell.sdk.uniffiEnsureInitialized
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withTimeoutOrNull
import java.io.File
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicBoolean

/**
 * The native client and the scope that calls it.
 *
 * Loading the library takes the disk and a tenth of a second, so it happens on a thread of its own, and calls wait for
 * it in order. Each call runs in this scope to its end: whoever is cancelled stops waiting, nothing more.
 */
internal class Engine(
    config: ShopbellConfig,
    dataDir: File,
    callbacks: CoroutineDispatcher,
    val lingerMillis: Long,
    vault: Vault?,
) {
    val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default.limitedParallelism(1))
    private val closed = AtomicBoolean()

    /** What conversations show, so that it can be forgotten. */
    val screens = Screens()

    /** One thing at a time, in order: a listener of Java is told before the callback of what it is told of. */
    private val callbacks = callbacks.limitedParallelism(1)

    /** What the customer did, and must not be cut short while it is made ready for the library. */
    private val keeping: MutableSet<Job> = ConcurrentHashMap.newKeySet()

    private val native: Deferred<NativeClient> =
        scope.async(Dispatchers.IO) {
            natively {
                // Compares checksums: with a library of another version the calls would read each other's bytes wrongly.
                uniffiEnsureInitialized()
                Logs.libraryIsLoaded()
                NativeClient(config.native(dataDir.path), vault)
            }
        }

    /** Fair, so that a call made just when the library is there does not overtake those that have waited for it. */
    private val turn = Mutex()

    private suspend fun opened(): NativeClient = turn.withLock { native.await() }

    /** Has [told] hear why the client can't be opened, where it can't. In order with the calls. */
    fun ifNotOpened(told: (SupportException) -> Unit) {
        scope.launch {
            try {
                natively { opened().opened() }
            } catch (_: SupportException.Closed) {
                // Closed before it was open.
            } catch (error: SupportException) {
                // The library has logged everything else.
                if (error is SupportException.NativeLibrary) Logs.note(LogLevel.ERROR, error.message.orEmpty())
                told(error)
            }
        }
    }

    /** Calls the library, to the end of the call. Fails with a [SupportException]. */
    suspend fun <T> call(work: suspend (NativeClient) -> T): T = waitFor(begun { work(opened()) })

    /** The same for a change of who is here. What is called after it is done after it, for whoever is here then. */
    suspend fun <T> change(work: suspend (NativeClient) -> T): T =
        waitFor(begun { turn.withLock { work(native.await()) } })

    /**
     * The same for what must not be lost with whoever is cancelled. Where it fails and nobody hears of it, [unheard] is
     * done.
     */
    suspend fun <T> keep(
        work: suspend (NativeClient) -> T,
        unheard: suspend (NativeClient) -> Unit,
    ): T {
        val running = begun { work(opened()) }
        keeping.add(running)
        running.invokeOnCompletion { keeping.remove(running) }
        try {
            return waitFor(running)
        } catch (error: CancellationException) {
            // At once, where it has failed in the moment in which whoever waited was cancelled.
            running.invokeOnCompletion { failure -> if (failure is SupportException) quietly { unheard(opened()) } }
            throw error
        }
    }

    private fun <T> begun(work: suspend () -> T): Deferred<T> {
        if (closed.get()) throw closedException()
        return scope.async { natively { work() } }
    }

    private suspend fun <T> waitFor(running: Deferred<T>): T =
        try {
            running.await()
        } catch (error: CancellationException) {
            // Either whoever waits was cancelled, or the client was closed under them.
            currentCoroutineContext().ensureActive()
            throw closedException(error)
        }

    /** Waits for what a listener is told, unless the client is closed under it. */
    suspend fun <T> await(told: Deferred<T>): T {
        val waiting = scope.async { told.await() }
        try {
            return waitFor(waiting)
        } finally {
            waiting.cancel()
        }
    }

    /** The same for what returns at once and can't fail in a way that anybody could act on. In order with the calls. */
    fun post(work: (NativeClient) -> Unit) = quietly { work(opened()) }

    private fun quietly(work: suspend () -> Unit) {
        scope.launch {
            try {
                natively { work() }
            } catch (_: SupportException) {
                // Told by the next call.
            }
        }
    }

    /** Runs a call for Java. */
    fun <T> later(
        callback: SupportCallback<T>?,
        call: suspend () -> T,
    ) {
        // Not in the scope that ends with the client: the callback is told of that, too.
        CoroutineScope(callbacks).launch {
            val result =
                try {
                    Result.success(call())
                } catch (error: SupportException) {
                    Result.failure(error)
                }
            if (callback == null) return@launch
            guarded {
                result.fold(callback::onSuccess) { callback.onFailure(it as SupportException) }
            }
        }
    }

    /** Collects for Java, until closed. */
    fun <T> listen(
        flow: StateFlow<T>,
        listener: SupportListener<T>,
    ): AutoCloseable {
        val open = AtomicBoolean(true)
        val job =
            // Where the callbacks are called, too, and so in one order with them.
            scope.launch(callbacks) {
                flow.collect { value -> if (open.get()) guarded { listener.onChanged(value) } }
            }
        return AutoCloseable {
            open.set(false)
            job.cancel()
        }
    }

    /** A host's code that throws must not end what calls it. */
    private inline fun guarded(call: () -> Unit) {
        try {
            call()
        } catch (
            @Suppress("TooGenericExceptionCaught") error: Exception,
        ) {
            Logs.hostFailed(error)
        }
    }

    /** Ends everything, after what was asked for before. Returns at once; [ended] is told when it is done. */
    fun close(ended: () -> Unit = {}) {
        if (!closed.compareAndSet(false, true)) return ended()
        scope.launch {
            try {
                withTimeoutOrNull(GRACE_MILLIS) { keeping.toList().joinAll() }
                opened().use { it.shutdown() }
            } catch (
                @Suppress("TooGenericExceptionCaught") _: Exception,
            ) {
                // It never opened.
            } finally {
                scope.cancel()
                ended()
            }
        }
    }

    private fun closedException(cause: Throwable? = null) =
        SupportException.Closed("closed: this client of Shopbell was closed; make a new one", cause)

    private companion object {
        /** How long a message may take to be made ready when everything is closed: as long as the library gives it. */
        const val GRACE_MILLIS = 2_000L
    }
}
