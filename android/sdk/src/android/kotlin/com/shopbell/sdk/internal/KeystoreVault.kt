package com.shopbell.sdk.internal

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.util.Base64
import com.shopbell.sdk.LogLevel
import com.shopbell.sdk.Vault
import com.shopbell.sdk.VaultException
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Seals the desk's keys with a key of Android's Keystore (AES-256-GCM), which is made when it is first needed. The person
 * need not unlock anything for it: messages go out in the background.
 *
 * Called on the library's threads; the Keystore takes some milliseconds, on some phones a tenth of a second.
 */
internal class KeystoreVault : Vault {
    override fun seal(secret: String): String =
        carefully {
            val cipher = Cipher.getInstance(CIPHER)
            // It chooses the nonce itself, and would take no other.
            // One at a time: a second key would take the place of the first, and what that had sealed be lost.
            cipher.init(Cipher.ENCRYPT_MODE, synchronized(KeystoreVault::class.java) { key() ?: made() })
            val sealed = cipher.doFinal(secret.toByteArray())
            Base64.encodeToString(cipher.iv + sealed, Base64.NO_WRAP)
        }

    override fun unseal(sealed: String): String =
        carefully {
            val bytes = Base64.decode(sealed, Base64.NO_WRAP)
            if (bytes.size < NONCE_BYTES) throw VaultException.Lost()
            val key = key() ?: throw VaultException.Lost()
            val cipher = Cipher.getInstance(CIPHER)
            cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, bytes, 0, NONCE_BYTES))
            String(cipher.doFinal(bytes, NONCE_BYTES, bytes.size - NONCE_BYTES))
        }

    private fun key(): SecretKey? = KeyStore.getInstance(PROVIDER).apply { load(null) }.getKey(ALIAS, null) as SecretKey?

    private fun made(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec =
            KeyGenParameterSpec
                .Builder(ALIAS, purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(KEY_BITS)
                .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).apply { init(spec) }.generateKey()
    }

    /** What will never succeed is [VaultException.Lost]; whatever else phones' key stores throw may pass. */
    private inline fun carefully(work: () -> String): String =
        try {
            work()
        } catch (error: VaultException) {
            throw error
        } catch (
            @Suppress("TooGenericExceptionCaught") error: Exception,
        ) {
            Logs.note(LogLevel.WARN, "the Keystore failed: ${error.javaClass.name}")
            throw when (error) {
                is AEADBadTagException, is KeyPermanentlyInvalidatedException, is UnrecoverableKeyException,
                is IllegalArgumentException,
                -> VaultException.Lost()
                else -> VaultException.Unavailable()
            }
        }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "com.shopbell.sdk"
        const val CIPHER = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val NONCE_BYTES = 12
        const val TAG_BITS = 128
    }
}
