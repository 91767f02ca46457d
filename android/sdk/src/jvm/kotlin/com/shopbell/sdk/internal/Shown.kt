package com.shopbell.sdk.internal

import com.shopbell.sdk.Availability
import com.shopbell.sdk.ClientStatus
import com.shopbell.sdk.Connection
import com.shopbell.sdk.ConversationSummary
import com.shopbell.sdk.ConversationsListener
import com.shopbell.sdk.DeskNotices
import com.shopbell.sdk.History
import com.shopbell.sdk.NativeClient
import com.shopbell.sdk.NativeConversationDiff
import com.shopbell.sdk.NativeSubscription
import com.shopbell.sdk.SetupProblem
import com.shopbell.sdk.StatusListener
import com.shopbell.sdk.SupportException
import com.shopbell.sdk.Verification
import kotlinx.coroutines.flow.MutableStateFlow

/** What is shown of whoever is here, all the time: the list, the badge, the status. */
internal class Shown {
    val conversations = MutableStateFlow<List<ConversationSummary>>(emptyList())
    val unread = MutableStateFlow(0)
    val status = MutableStateFlow<ClientStatus?>(null)

    // Held here: a subscription ends with its object. Touched in the engine's scope only.
    private var observing = emptyList<NativeSubscription>()

    /** Whose word counts: an observation that was replaced may be in the middle of a call. */
    @Volatile
    private var observation: Any? = null

    /** Observes; an observation before this one is ended, and what it showed forgotten. */
    fun observe(native: NativeClient) {
        val mine = Any()
        observation = mine
        observing.forEach { former ->
            former.cancel()
            former.close()
        }
        conversations.value = emptyList()
        unread.value = 0
        status.value = null
        observing = listOf(native.conversations(Lines(mine), onScreen = false), native.status(Standing(mine)))
    }

    /** The client can't be opened: nothing is ever told of it. */
    fun failed(error: SupportException) {
        val setting = (error as? SupportException.InvalidConfig)?.field.orEmpty()
        status.value =
            ClientStatus(
                connection = Connection.UNKNOWN,
                availability = Availability.UNKNOWN,
                verification = Verification.ANONYMOUS,
                unread = 0,
                history = History.UNKNOWN,
                refusedFields = 0,
                notices = DeskNotices(conversationsExposed = false, historyUnavailable = false),
                setupProblem = SetupProblem(setting, error.message.orEmpty()),
            )
    }

    private inline fun show(
        observer: Any,
        set: () -> Unit,
    ) {
        if (observation === observer) set()
    }

    private inner class Lines(
        private val mine: Any,
    ) : ConversationsListener {
        // Not the state's: whoever is replaced must not go on from what the other one shows.
        private var lines = emptyList<ConversationSummary>()

        override fun onBatch(batch: List<NativeConversationDiff>) {
            lines = lines.after(batch)
            show(mine) { conversations.value = lines }
        }
    }

    private inner class Standing(
        private val mine: Any,
    ) : StatusListener {
        override fun onStatus(status: ClientStatus) {
            show(mine) { unread.value = status.unread }
            show(mine) { this@Shown.status.value = status }
        }
    }
}
