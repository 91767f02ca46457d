package com.shopbell.sdk

import android.content.Context
import android.os.Handler
import android.os.Looper
import android.util.Log
import com.shopbell.sdk.internal.AppLifecycle
import com.shopbell.sdk.internal.KeystoreVault
import com.shopbell.sdk.internal.NetworkWatch
import kotlinx.coroutines.asCoroutineDispatcher
import java.io.File
import java.util.concurrent.Executor

/**
 * Begins to open the store and returns at once: neither disk nor network is touched on the caller's thread. Call it in
 * `Application.onCreate`; a second time with the same configuration does nothing.
 *
 * From then on the client is paused while the app is in the background and resumed when it comes back, and told when
 * the network comes and goes. What was written is kept in the app's no-backup folder: a backup would take it to another
 * phone. The desk's keys are sealed there by a key of Android's Keystore, which never leaves it.
 */
public fun Shopbell.initialize(
    context: Context,
    config: ShopbellConfig,
): Unit = ShopbellAndroid.initialize(context, config)

/** What needs a phone, for Java; in Kotlin these are extensions. */
public object ShopbellAndroid {
    /** [Shopbell.initialize], with a [Context]. */
    @JvmStatic
    public fun initialize(
        context: Context,
        config: ShopbellConfig,
    ) {
        val app = context.applicationContext ?: context
        // Put together without asking the disk, as Context.getNoBackupFilesDir() would.
        val folder = File(app.applicationInfo.dataDir, "no_backup/shopbell")
        val main = Handler(Looper.getMainLooper())
        val callbacks = Executor { main.post(it) }.asCoroutineDispatcher()
        Shopbell.initialize(config, folder, callbacks, KeystoreVault()) { client ->
            AppLifecycle.follow(client, main)
            NetworkWatch.follow(client, app)
        }
    }

    /** Sends the log to logcat under the tag `Shopbell`, from [level] up. */
    @JvmStatic
    public fun logToLogcat(level: LogLevel) {
        ShopbellLog.setReceiver(level) { records ->
            for (record in records) {
                val line = "${record.target}: ${record.message}"
                when (record.level) {
                    LogLevel.ERROR -> Log.e(TAG, line)
                    LogLevel.WARN -> Log.w(TAG, line)
                    LogLevel.INFO -> Log.i(TAG, line)
                    LogLevel.DEBUG -> Log.d(TAG, line)
                    LogLevel.TRACE -> Log.v(TAG, line)
                }
            }
        }
    }

    private const val TAG = "Shopbell"
}
