package com.shopbell.sdk

/**
 * The end of a call, for Java. Called once, on the main thread on Android and on a thread of Shopbell's elsewhere.
 */
public interface SupportCallback<in T> {
    /** It is done. */
    public fun onSuccess(value: T)

    /** It could not be done. */
    public fun onFailure(error: SupportException)
}

/**
 * Listens to something that changes, for Java. Called with how it is, then whenever it changes, on the thread of
 * [SupportCallback]. What it throws is noted in the log. Closing what registered it ends it.
 */
public fun interface SupportListener<in T> {
    /** This is how it is now. */
    public fun onChanged(value: T)
}
