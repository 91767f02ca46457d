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
 * Once called, the message is sent whole, whoever is cancelled meanwhile: the screen may be left while files are copied.
 * Where it can't be, and nobody waits any more to hear why, the words are kept as the draft, unless there is another.
 *
 * @throws SupportException.AttachmentRefused where a file is gone, may not be read any more, or can't be sent.
 * @throws SupportException.LocationNotRemovable where a photo or film may tell where it was taken and that can't be
 *   removed; [NewAttachment] names the formats.
 */
public suspend fun Conversation.send(
    context: Context,
    text: String,
    uris: List<Uri>,
): String {
    // The copies are the message's, not the caller's: whoever is cancelled has nothing to remove.
    val files = UriFiles(context.applicationContext ?: context)
    return sendWith(text) { conversation ->
        try {
            conversation.sendMessage(text, withContext(Dispatchers.IO) { uris.mapIndexed { index, uri -> files.copy(uri, index + 1) } })
        } finally {
            files.remove()
        }
    }
}
