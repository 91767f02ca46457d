package com.shopbell.sdk.internal

import com.shopbell.sdk.ConversationSummary
import com.shopbell.sdk.Message
import com.shopbell.sdk.NativeConversationDiff
import com.shopbell.sdk.NativeMessageDiff

/** The list after these steps. */
internal fun List<Message>.after(steps: List<NativeMessageDiff>): List<Message> {
    val list = ArrayList(this)
    for (step in steps) {
        when (step) {
            is NativeMessageDiff.Reset -> list.replaceAllBy(step.items)
            is NativeMessageDiff.Insert -> list.add(step.index, step.item)
            is NativeMessageDiff.Update -> list[step.index] = step.item
            is NativeMessageDiff.Remove -> list.removeAt(step.index)
        }
    }
    return list
}

/** The list after these steps. */
@JvmName("conversationsAfter")
internal fun List<ConversationSummary>.after(steps: List<NativeConversationDiff>): List<ConversationSummary> {
    val list = ArrayList(this)
    for (step in steps) {
        when (step) {
            is NativeConversationDiff.Reset -> list.replaceAllBy(step.items)
            is NativeConversationDiff.Insert -> list.add(step.index, step.item)
            is NativeConversationDiff.Update -> list[step.index] = step.item
            is NativeConversationDiff.Remove -> list.removeAt(step.index)
        }
    }
    return list
}

private fun <T> MutableList<T>.replaceAllBy(items: List<T>) {
    clear()
    addAll(items)
}
