package com.shopbell.sdk.internal

import android.os.Handler
import android.os.Looper
import androidx.lifecycle.DefaultLifecycleObserver
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.ProcessLifecycleOwner
import com.shopbell.sdk.ShopbellClient
import com.shopbell.sdk.SupportException
import kotlinx.coroutines.launch

/**
 * Pauses a client when the app's last screen has gone, and resumes it with the first. Turning the phone is neither: the
 * process' lifecycle waits a moment for the next screen.
 */
internal class AppLifecycle(
    private val client: ShopbellClient,
) : DefaultLifecycleObserver {
    override fun onStart(owner: LifecycleOwner) = tell(owner) { client.resume() }

    override fun onStop(owner: LifecycleOwner) = tell(owner) { client.pause() }

    private fun tell(
        owner: LifecycleOwner,
        change: suspend () -> Unit,
    ) {
        client.engine.scope.launch {
            try {
                change()
            } catch (_: SupportException.Closed) {
                Handler(Looper.getMainLooper()).post { owner.lifecycle.removeObserver(this@AppLifecycle) }
            } catch (_: SupportException) {
                // Told by the next call.
            }
        }
    }

    companion object {
        fun follow(
            client: ShopbellClient,
            main: Handler,
            lifecycle: Lifecycle = ProcessLifecycleOwner.get().lifecycle,
        ) {
            val observer = AppLifecycle(client)
            // The main thread's own, whoever calls.
            if (Looper.myLooper() == Looper.getMainLooper()) {
                lifecycle.addObserver(observer)
            } else {
                main.post { lifecycle.addObserver(observer) }
            }
        }
    }
}
