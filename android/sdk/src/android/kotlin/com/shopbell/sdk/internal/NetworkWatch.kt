package com.shopbell.sdk.internal

import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import com.shopbell.sdk.ShopbellClient
import kotlinx.coroutines.Job

/** Tells a client when the network comes and goes, so that what waits goes out at once. */
internal class NetworkWatch(
    private val client: ShopbellClient,
) : ConnectivityManager.NetworkCallback() {
    /** The network in use. Callbacks come one at a time, on a thread of the system's. */
    private var current: Network? = null

    override fun onAvailable(network: Network) {
        current = network
        client.networkChanged(true)
    }

    override fun onLost(network: Network) {
        // Between two networks the new one may come before the old one is told as lost.
        if (current != null && current != network) return
        current = null
        client.networkChanged(false)
    }

    companion object {
        fun follow(
            client: ShopbellClient,
            context: Context,
        ) {
            val connectivity = context.getSystemService(ConnectivityManager::class.java) ?: return
            val watch = NetworkWatch(client)
            try {
                connectivity.registerDefaultNetworkCallback(watch)
            } catch (_: SecurityException) {
                // An app that took the permission out of the merged manifest: everything works, a little later.
                return
            }
            // The system holds a watch until it is told otherwise.
            client.engine.scope.coroutineContext[Job]?.invokeOnCompletion {
                connectivity.unregisterNetworkCallback(watch)
            }
        }
    }
}
