package com.shopbell.sdk.internal

import android.content.ContentResolver
import android.content.Context
import android.net.Uri
import android.provider.OpenableColumns
import com.shopbell.sdk.AttachmentProblem
import com.shopbell.sdk.NewAttachment
import com.shopbell.sdk.SupportException
import java.io.File
import java.io.FileNotFoundException

/** Copies of what content Uris lead to. */
internal class UriFiles(
    private val context: Context,
) {
    private var folder: File? = null

    /** Streams the one of this number, from 1, into the cache. Blocks: not for the main thread. */
    fun copy(
        uri: Uri,
        number: Int,
    ): NewAttachment {
        val folder = folder ?: newFolder().also { folder = it }
        val copy = File.createTempFile("picked", null, folder)
        try {
            val source = context.contentResolver.openInputStream(uri) ?: throw FileNotFoundException()
            source.use { from -> copy.outputStream().use { to -> from.copyTo(to) } }
        } catch (
            @Suppress("TooGenericExceptionCaught") error: Exception,
        ) {
            // Another app's provider may throw what it likes.
            throw gone(number, error)
        }
        return NewAttachment(copy.path, name(uri), givenAway = true)
    }

    /** Removes the copies. */
    fun remove() {
        folder?.deleteRecursively()
    }

    private fun newFolder(): File =
        File(context.cacheDir, "shopbell-picked").run {
            mkdirs()
            File.createTempFile("message", null, this).apply {
                delete()
                mkdirs()
            }
        }

    /** What the file is called, where whoever provides it says so. */
    private fun name(uri: Uri): String? {
        if (uri.scheme != ContentResolver.SCHEME_CONTENT) return uri.lastPathSegment
        return try {
            context.contentResolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME), null, null, null)?.use { row ->
                if (row.moveToFirst()) row.getString(0) else null
            }
        } catch (
            @Suppress("TooGenericExceptionCaught") _: RuntimeException,
        ) {
            // As above; without a name of its own it is sent under the Uri's.
            null
        } ?: uri.lastPathSegment
    }

    private fun gone(
        number: Int,
        cause: Exception,
    ) = SupportException.AttachmentRefused(
        number,
        if (cause is FileNotFoundException) AttachmentProblem.MISSING else AttachmentProblem.UNREADABLE,
        "attachments: number $number is gone or may not be read any more",
        cause,
    )
}
