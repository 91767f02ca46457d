package com.example.shop

import com.google.firebase.messaging.RemoteMessage

// What the documents' app has of its own.

object R {
    object drawable {
        const val bell = 1
    }
}

fun handleOthers(message: RemoteMessage) = println(message.data.size)
