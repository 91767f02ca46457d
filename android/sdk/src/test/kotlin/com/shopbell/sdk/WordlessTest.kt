package com.shopbell.sdk

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test

/** What is printed holds nothing that anybody wrote. That no record is forgotten the generator sees to. */
class WordlessTest {
    private val words = "my secret"
    private val spans = listOf(Span(words, true, emphasis = false, code = false, strikethrough = false, link = words))
    private val blocks =
        listOf(
            Block.Paragraph(spans),
            Block.Listing(1, listOf(ListItem(listOf(Block.Quote(listOf(Block.Code(null, words))))))),
            Block.Table(listOf(TableCell(spans)), emptyList()),
            Block.Image(words, words),
        )
    private val agent = Agent("7", words, words)
    private val answer = Answer(listOf(FieldValue("email", words)), Rating(5, words), AnswerState.Sent, null)
    private val message =
        Message(
            id = "m1",
            conversation = "c1",
            author = Author.Agent(agent),
            content = Content.Select(words, listOf(Choice(words, words)), answer),
            blocks = blocks,
            attachments = emptyList(),
            createdAtMillis = 0,
            delivery = Delivery.NeedsAttention(AttentionReason.Refused(words)),
            edited = false,
            deleted = false,
            inReplyTo = null,
        )

    @Test
    fun whatPeopleWrote_isNotPrinted() {
        val profile =
            CustomerProfile(
                name = words,
                email = words,
                phone = words,
                attributes = mapOf("plan" to AttributeValue.Text(words)),
            )
        val line = ConversationSummary("c1", ConversationStatus.OPEN, words, true, 0, 3, agent, words, 0, 0, true)
        val printed =
            listOf(
                message,
                message.author,
                message.content,
                message.delivery,
                blocks,
                answer.values,
                answer.rating,
                line,
                profile,
                profile.attributes["plan"],
                Identity(words, words),
                RefusedField(null, words, words),
                Typing(words),
                PushOutcome.News(PushNews("c1", message.author, words, 1, 1)),
                HelpEvent.Searched(words, 1),
                SearchResults(words, null, emptyList(), listOf(words)),
                NewAttachment(words, words),
                Card(words, words, words, listOf(CardAction.Link(words, words))),
            ).joinToString("\n")
        assertFalse("secret" in printed, printed)
        assertFalse("21.02" in Coordinates(21.0278, 105.8342).toString())
    }

    @Test
    fun whatTellsMessagesApart_isPrinted() {
        val hello = message.copy(content = Content.Text("hello"))
        assertEquals("Message(m1, Text(5 characters), 0 attachments)", "$hello")
        assertEquals("[Paragraph([Span(9 characters)])]", "${blocks.take(1)}")
    }
}
