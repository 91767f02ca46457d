package com.shopbell.sdk

/**
 * How to reach the desk.
 *
 * @property deskUrl the desk's address: `https`, or `http` on this very machine.
 * @property inbox the inbox's identifier, from the desk's settings. Public: it is no secret.
 * @property allowPlainHttp allows plain `http` to other machines, for a desk on your own network. Never ship it.
 * @property userAgent names the app to the desk, as `name/version`.
 * @property limits sizes and times, and what may be sent; what is left out stays at what suits a phone. A photo or film
 *   from which the place where it was taken can't be removed is refused, unless [Limits.allowUnremovableLocation] is set.
 * @property helpCenter the help centre; `null` for an app without.
 */
public class ShopbellConfig
    @JvmOverloads
    constructor(
        public val deskUrl: String,
        public val inbox: String,
        public val allowPlainHttp: Boolean = false,
        public val userAgent: String? = null,
        public val limits: Limits = Limits(),
        public val helpCenter: HelpCenterConfig? = null,
    ) {
        override fun equals(other: Any?): Boolean =
            other is ShopbellConfig &&
                deskUrl == other.deskUrl &&
                inbox == other.inbox &&
                allowPlainHttp == other.allowPlainHttp &&
                userAgent == other.userAgent &&
                limits == other.limits &&
                helpCenter == other.helpCenter

        override fun hashCode(): Int = 31 * deskUrl.hashCode() + inbox.hashCode()

        override fun toString(): String = "ShopbellConfig($deskUrl, $inbox)"

        internal fun native(dataDir: String): NativeConfig =
            NativeConfig(deskUrl, inbox, dataDir, allowPlainHttp, userAgent, limits, helpCenter)
    }
