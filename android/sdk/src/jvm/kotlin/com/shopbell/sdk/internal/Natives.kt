package com.shopbell.sdk.internal

import com.shopbell.sdk.InternalException
import com.shopbell.sdk.NativeException
import com.shopbell.sdk.SupportException
import kotlinx.coroutines.CancellationException
import java.nio.charset.CharacterCodingException

/** Calls the library; what it throws comes out as what an app can act on. */
internal inline fun <T> natively(call: () -> T): T =
    try {
        call()
    } catch (error: CancellationException) {
        throw error
    } catch (
        @Suppress("TooGenericExceptionCaught") error: Throwable,
    ) {
        throw supportException(error)
    }

/** What an app can act on. An error of the virtual machine itself (no memory, say) stays what it is. */
internal fun supportException(error: Throwable): Throwable =
    when (error) {
        is SupportException -> error
        is NativeException -> mirrored(error)
        is CharacterCodingException ->
            SupportException.InvalidInput("text", "text: holds half of a character (a lone surrogate)", error)
        // The generated code's word for an object that was closed.
        is IllegalStateException -> SupportException.Closed("closed: ${error.message}", error)
        is UnsatisfiedLinkError, is NoClassDefFoundError, is ExceptionInInitializerError -> missingLibrary(error)
        is InternalException -> SupportException.Internal(error.message ?: "a mistake in Shopbell", error)
        is RuntimeException -> SupportException.Internal("a mistake in Shopbell: ${error.javaClass.name}", error)
        else -> error
    }

private fun missingLibrary(error: Throwable): SupportException {
    val text = generateSequence(error) { it.cause }.joinToString { it.message.orEmpty() }
    val advice =
        when {
            text.contains("UniFFI") || text.contains("looking up function") ->
                "It is of another version than the Kotlin part: use one version of com.shopbell:sdk in the whole app " +
                    "(its BOM sees to it), and rebuild."
            text.contains("peer") || text.contains("com.sun.jna", ignoreCase = true) && text.contains("field") ->
                "JNA was shrunk away: keep the rules that come with Shopbell (consumer-rules.pro)."
            else ->
                "libshopbell_ffi is not in the app for this processor (${System.getProperty("os.arch")}): check " +
                    "abiFilters and the packaging options. On a desktop, point jna.library.path at its folder."
        }
    return SupportException.NativeLibrary("The native library of Shopbell can't be loaded. $advice", error)
}

private fun mirrored(error: NativeException): SupportException =
    when (error) {
        is NativeException.InvalidConfig -> SupportException.InvalidConfig(error.`field`, error.text)
        is NativeException.InvalidInput -> SupportException.InvalidInput(error.`field`, error.text)
        is NativeException.AttachmentRefused ->
            SupportException.AttachmentRefused(error.number, error.problem, error.text)
        is NativeException.LocationNotRemovable -> SupportException.LocationNotRemovable(error.number, error.text)
        is NativeException.NotFound -> SupportException.NotFound(error.text)
        is NativeException.Conflict -> SupportException.Conflict(error.text)
        is NativeException.Offline -> SupportException.Offline(error.text)
        is NativeException.Untrusted -> SupportException.Untrusted(error.text)
        is NativeException.DeskUnavailable -> SupportException.DeskUnavailable(error.text)
        is NativeException.Busy -> SupportException.Busy(error.retryAfterMillis, error.text)
        is NativeException.Rejected -> SupportException.Rejected(error.reason, error.text)
        is NativeException.IdentityRejected -> SupportException.IdentityRejected(error.text)
        is NativeException.Unsupported -> SupportException.Unsupported(error.text)
        is NativeException.Storage -> SupportException.Storage(error.problem, error.text, error.isRetryable())
        is NativeException.Paused -> SupportException.Paused(error.text)
        is NativeException.Closed -> SupportException.Closed(error.text)
        is NativeException.Internal -> SupportException.Internal(error.text, null)
    }
