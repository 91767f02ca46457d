//! Messages: what is said arrives as it was said.

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, agent_says, done, ensure, outgoing, refused},
};
use crate::{
    backend::{BackendError, Fault, Happened},
    model::Author,
};

/// Texts that something on the way might change. None begins or ends with blanks: those are cut before sending.
const TEXTS: &[&str] = &[
    "plain",
    "two\nlines\n\n\tand a tab",
    "Quần áo này còn hàng không? Ồ",
    "\u{1F469}\u{1F3FD}\u{200D}\u{1F4BB} \u{1F1FB}\u{1F1F3} 1\u{FE0F}\u{20E3}",
    "مرحبا \u{202E}abc\u{202C} שלום",
    "e\u{301} \u{e9} \u{212B} \u{FB01}",
    "𝒳 \u{10FFFF}",
    "a\u{2028}b\u{85}c\u{200B}d\u{FEFF}e",
    r#"{"json": "quotes \" and \\ back\u0041slashes"}"#,
    "<script>alert('1')</script> &amp; <b>bold</b>",
    "**not** _formatted_ [link](javascript:alert(1)) `code`",
    "100% %s %00 +1 a=b&c=d; -- ' OR 1=1",
    "null",
    "0",
];

/// Above this, the longest text is not tried: no chat needs it, and the machine does.
const LONGEST_TRIED: usize = 1_000_000;

pub(super) async fn sent_message_comes_back_under_its_number(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let said = phone.say(conversation, "hello").await?;
    let read = phone.found(conversation, said.id).await?;
    for (how, message) in [("the answer", said), ("the page", read)] {
        ensure!(message.content.as_text() == "hello", "{how} has other words");
        ensure!(message.author == Author::Customer, "{how} says that {:?} wrote it", message.author);
        ensure!(message.conversation == conversation, "{how} puts it into another conversation");
        ensure!(!message.deleted && message.attachments.is_empty(), "{how} adds something");
    }
    Ok(())
}

pub(super) async fn numbers_grow_over_both_sides(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(phone.say(conversation, "hello").await?.id);
        numbers.push(agent_says(desk, conversation, "yes?").await?);
    }
    ensure!(numbers.is_sorted_by(|a, b| a < b), "they are {numbers:?}");
    Ok(())
}

pub(super) async fn same_text_twice_is_two_messages(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let (first, second) = (phone.say(conversation, "hello?").await?, phone.say(conversation, "hello?").await?);
    ensure!(first.id < second.id, "the second is the first");
    let kept = phone.page(conversation, None).await?.messages.len();
    ensure!(kept == 2, "there are {kept}");
    Ok(())
}

pub(super) async fn key_sent_twice_is_one_message_where_promised(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().idempotent_send, "sending is not idempotent here")?;
    let (conversation, message) = (phone.open().await?, outgoing("hello"));
    let first = phone.backend.send_message(&phone.session, conversation, &message).await?;
    let second = phone.backend.send_message(&phone.session, conversation, &message).await?;
    ensure!(first.id == second.id, "the second is another message");
    let kept = phone.page(conversation, None).await?.messages.len();
    ensure!(kept == 1, "there are {kept}");
    Ok(())
}

pub(super) async fn texts_of_every_kind_come_back_to_the_letter(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    for text in TEXTS {
        let said = phone.say(conversation, text).await?;
        ensure!(said.content.as_text() == *text, "the answer to {text:?} has {:?}", said.content.as_text());
        let read = phone.found(conversation, said.id).await?;
        ensure!(read.content.as_text() == *text, "the page has {:?} for {text:?}", read.content.as_text());
    }
    Ok(())
}

pub(super) async fn longest_text_is_taken(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let longest = phone.backend.capabilities().max_message_chars;
    done(longest <= LONGEST_TRIED, "no limit to speak of")?;
    let conversation = phone.open().await?;
    // Two bytes each: the limit counts characters.
    let text = "é".repeat(longest);
    let said = phone.say(conversation, &text).await?;
    ensure!(phone.found(conversation, said.id).await?.content.as_text() == text, "it comes back cut");
    Ok(())
}

pub(super) async fn text_over_the_limit_is_refused_and_did_not_happen(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let longest = phone.backend.capabilities().max_message_chars;
    done(longest <= LONGEST_TRIED, "no limit to speak of")?;
    let conversation = phone.open().await?;
    let message = outgoing(&"é".repeat(longest + 1));
    let sent = phone.backend.send_message(&phone.session, conversation, &message).await;
    refused("send_message", sent, &Fault::Refused { reason: String::new() })?;
    ensure!(phone.page(conversation, None).await?.messages.is_empty(), "it is there all the same");
    Ok(())
}

pub(super) async fn empty_text_is_taken_or_refused_for_certain(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let sent = phone.backend.send_message(&phone.session, conversation, &outgoing("")).await;
    let kept = phone.page(conversation, None).await?.messages.len();
    match sent {
        Ok(_) => ensure!(kept == 1, "it was taken, and {kept} are there"),
        Err(BackendError { fault: Fault::Refused { .. }, happened: Happened::No, .. }) => {
            ensure!(kept == 0, "it was refused, and {kept} are there");
        }
        Err(error) => return Err(Stop::from(error)),
    }
    Ok(())
}

pub(super) async fn words_of_the_agent_come_with_their_author(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    let id = agent_says(desk, conversation, "Yes, **fully**.").await?;
    let read = phone.found(conversation, id).await?;
    ensure!(matches!(read.author, Author::Agent { .. }), "{:?} wrote it", read.author);
    ensure!(read.content.as_text() == "Yes, **fully**.", "the words are others");
    ensure!(read.receipt.is_none(), "a receipt is of the customer's own messages only");
    Ok(())
}

pub(super) async fn edited_message_keeps_its_number(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let id = agent_says(desk, conversation, "10 euros").await?;
    agent_says(desk, conversation, "anything else?").await?;
    done(desk.edit(id, "20 euros").await, "nothing can be edited")?;
    let read = phone.found(conversation, id).await?;
    ensure!(read.content.as_text() == "20 euros" && !read.deleted, "it has the old words");
    let kept = phone.page(conversation, None).await?.messages.len();
    ensure!(kept == 2, "there are {kept} messages");
    Ok(())
}

pub(super) async fn deleted_message_is_marked(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let id = agent_says(desk, conversation, "a mistake").await?;
    done(desk.delete(id).await, "nothing can be deleted")?;
    let page = phone.page(conversation, None).await?;
    // A desk may also leave it out.
    if let Some(message) = page.messages.iter().find(|message| message.id == id) {
        ensure!(message.deleted, "it is not marked");
        ensure!(message.content.as_text() != "a mistake", "its words are still there");
        ensure!(message.attachments.is_empty(), "its files are still there");
    }
    Ok(())
}
