package com.shopbell.sdk

import android.content.Context
import android.net.Uri
import com.shopbell.sdk.internal.UriFiles
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Sends words with what the customer picked: photos, files. Each is streamed into the app's cache (never held in
 * memory), sent under its own name, and removed there when it is safe in the message.
 *
 * Cancelled while the files are copied, nothing is sent; afterwards the message is sent all the same.
 *
 * @throws SupportException.InvalidInput where a file is gone, may not be read any more, or can't be sent.
 * @throws SupportException.LocationNotRemovable where a photo or film may tell where it was taken and that can't be
 *   removed; [NewAttachment] names the formats.
 */
public suspend fun Conversation.send(
    context: Context,
    text: String,
    uris: List<Uri>,
): String {
    val files = UriFiles(context.applicationContext ?: context)
    try {
        val attachments = withContext(Dispatchers.IO) { uris.map(files::copy) }
        return send(text, attachments)
    } finally {
        files.remove()
    }
}
