package com.shopbell.sdk

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.os.Build
import com.shopbell.sdk.internal.Logs
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

/** Where a notification of Shopbell's leads. */
public fun interface OpensConversation {
    /** What to start for the conversation with this id. */
    public fun intent(conversation: String): Intent
}

/**
 * Shows what pushes bring: a channel, a notification for each conversation, and the hand-in for your messaging service.
 *
 * ```kotlin
 * class Pushes : FirebaseMessagingService() {
 *     private val notifications by lazy { ShopbellNotifications(this, R.drawable.bell) }
 *
 *     override fun onNewToken(token: String) = Shopbell.client.setPushToken(token, null)
 *
 *     override fun onMessageReceived(message: RemoteMessage) {
 *         if (!notifications.handlePush(message.data)) handleOthers(message)
 *     }
 * }
 * ```
 * From Android 13 on, your app asks for the permission `POST_NOTIFICATIONS`; without it nothing is shown, and nothing
 * fails.
 *
 * @param smallIcon a drawable for the status bar; the app's own icon where it is 0.
 * @param channelName what the person reads in the system's settings.
 * @param newMessage what is shown where the desk could not be reached for the words.
 * @param opens where a notification leads; the app's first screen, with [EXTRA_CONVERSATION], where it is left out.
 */
public class ShopbellNotifications
    @JvmOverloads
    constructor(
        context: Context,
        private val smallIcon: Int = 0,
        private val channelName: CharSequence = "Support",
        private val newMessage: CharSequence = "New message",
        private val opens: OpensConversation? = null,
    ) {
        private val app: Context = context.applicationContext ?: context
        private val system: NotificationManager? = app.getSystemService(NotificationManager::class.java)

        /**
         * Hands in a push, and shows what it brings. Returns `false` where it is another sender's.
         *
         * Waits for the desk, for [Limits.pushTimeoutMillis], which are 8 of the 20 seconds that a messaging service has,
         * and then shows what is known without it: call it there, never on the main thread. What fails is told in the
         * log; a push is not worth a crash. A push that comes again takes the place of what it has shown before.
         */
        public fun handlePush(data: Map<String, String>): Boolean {
            var ours = false
            try {
                ours = Shopbell.isShopbellPush(data)
                if (!ours) return false
                val outcome = runBlocking { withTimeoutOrNull(PATIENCE_MILLIS) { Shopbell.handlePush(data) } }
                if (outcome is PushOutcome.News) show(outcome.news)
            } catch (error: SupportException) {
                Logs.note(LogLevel.WARN, "a push could not be looked up: ${error.javaClass.simpleName}")
            }
            return ours
        }

        /**
         * Shows it, in the place of what was shown of the conversation before. On the [builder] your app can change
         * everything.
         */
        @JvmOverloads
        public fun show(
            news: PushNews,
            builder: Notification.Builder = builder(news),
        ) {
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
                // Made again with another name, it is renamed; with the same one, nothing happens.
                val channel = NotificationChannel(CHANNEL, channelName, NotificationManager.IMPORTANCE_HIGH)
                system?.createNotificationChannel(channel)
            }
            system?.notify(tag(news.conversation), ID, builder.build())
        }

        /** The notification of [news], as [show] shows it. */
        public fun builder(news: PushNews): Notification.Builder {
            val text = news.preview ?: newMessage
            val builder =
                if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
                    Notification.Builder(app, CHANNEL)
                } else {
                    @Suppress("DEPRECATION")
                    Notification.Builder(app).setPriority(Notification.PRIORITY_HIGH)
                }
            return builder
                .setSmallIcon(if (smallIcon != 0) smallIcon else app.applicationInfo.icon)
                .setContentTitle(title(news))
                .setContentText(text)
                .setStyle(Notification.BigTextStyle().bigText(text))
                .setNumber(news.unread)
                .setCategory(Notification.CATEGORY_MESSAGE)
                // What people write is nothing for a locked screen.
                .setVisibility(Notification.VISIBILITY_PRIVATE)
                .setContentIntent(leadingTo(news.conversation))
                .setAutoCancel(true)
        }

        /** Takes the conversation's notification away: call it where the conversation is shown. */
        public fun dismiss(conversation: String) {
            system?.cancel(tag(conversation), ID)
        }

        private fun title(news: PushNews): CharSequence =
            when (val author = news.author) {
                is Author.Agent -> author.agent?.name
                is Author.Bot -> author.name
                else -> null
            } ?: app.applicationInfo.loadLabel(app.packageManager)

        private fun leadingTo(conversation: String): PendingIntent? {
            val intent =
                opens?.intent(conversation)
                    ?: app.packageManager.getLaunchIntentForPackage(app.packageName)?.putExtra(EXTRA_CONVERSATION, conversation)
                    ?: return null
            // Two intents that differ in their extras alone are one to the system: the number tells them apart.
            val flags = PendingIntent.FLAG_UPDATE_CURRENT or PendingIntent.FLAG_IMMUTABLE
            return PendingIntent.getActivity(app, conversation.hashCode(), intent, flags)
        }

        private fun tag(conversation: String) = "shopbell:$conversation"

        public companion object {
            /** The channel's id. */
            public const val CHANNEL: String = "shopbell"

            /** The conversation's id, in what a notification starts. */
            public const val EXTRA_CONVERSATION: String = "com.shopbell.sdk.CONVERSATION"

            // The tag says which conversation.
            private const val ID = 1
            // The library answers before, in time; this is for a phone whose storage does not. Three seconds more may go by
            // while the client is closed again.
            private const val PATIENCE_MILLIS = 15_000L
        }
    }
