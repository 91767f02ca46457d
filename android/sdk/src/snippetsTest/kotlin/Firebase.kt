package com.google.firebase.messaging

import android.app.Service
import android.content.Intent

// Firebase's, as far as the documents use it.

class RemoteMessage(
    val data: Map<String, String>,
)

open class FirebaseMessagingService : Service() {
    override fun onBind(intent: Intent?) = null

    open fun onNewToken(token: String) = Unit

    open fun onMessageReceived(message: RemoteMessage) = Unit
}
