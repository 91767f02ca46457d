//! Pages: everything, once, in order.

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, agent_says, ensure},
};
use crate::{backend::DeskMessage, model::DeskConversationId};

/// Above two pages of any desk's usual 20, and no whole number of them.
const MANY: usize = 47;

/// Pages back to the first message, checking each page.
async fn history(phone: &Phone, conversation: DeskConversationId) -> Result<Vec<DeskMessage>, Stop> {
    let mut all: Vec<DeskMessage> = Vec::new();
    let mut before = None;
    // Each page has at least one message, or is the last.
    for _ in 0..=MANY + 1 {
        let page = phone.page(conversation, before).await?;
        ensure!(page.messages.is_sorted_by(|a, b| a.id < b.id), "a page is not oldest first");
        let last = page.messages.last().map(|message| message.id);
        ensure!(before.is_none() || last < before, "a page holds what is not before {before:?}");
        ensure!(page.messages.iter().all(|m| m.conversation == conversation), "a page of elsewhere");
        let (first, has_older) = (page.messages.first().map(|message| message.id), page.has_older);
        all.splice(0..0, page.messages);
        if !has_older {
            return Ok(all);
        }
        ensure!(first.is_some(), "an empty page says that there are older messages");
        before = first;
    }
    Err(Stop::Failed("the pages have no end".to_owned()))
}

pub(super) async fn new_conversation_has_nothing_older(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let page = phone.page(conversation, None).await?;
    ensure!(!page.has_older, "an empty conversation has older messages");
    phone.say(conversation, "hello").await?;
    let page = phone.page(conversation, None).await?;
    ensure!(!page.has_older, "the first message has older ones");
    Ok(())
}

pub(super) async fn pages_cover_everything_once_and_in_order(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let mut said = Vec::new();
    for number in 1..=MANY {
        let text = format!("message {number}");
        // Both sides, so that neither is left out.
        let id = if number % 3 == 0 {
            agent_says(desk, conversation, &text).await?
        } else {
            phone.say(conversation, &text).await?.id
        };
        said.push((id, text));
        // At every length: where a page is exactly full, a desk is easily wrong.
        if matches!(number, 19..=21 | 39..=41 | MANY) {
            let read = history(&phone, conversation).await?;
            let read: Vec<_> = read.iter().map(|m| (m.id, m.content.as_text().to_owned())).collect();
            ensure!(read == said, "of {number} messages the pages give {}", read.len());
        }
    }
    Ok(())
}

pub(super) async fn page_before_the_first_message_is_empty(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    let first = phone.say(conversation, "one").await?.id;
    phone.say(conversation, "two").await?;
    let page = phone.page(conversation, Some(first)).await?;
    ensure!(page.messages.is_empty() && !page.has_older, "there is something before the first message");
    Ok(())
}

pub(super) async fn list_and_pages_agree(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    let conversation = phone.open().await?;
    phone.say(conversation, "hello").await?;
    agent_says(desk, conversation, "yes?").await?;
    phone.say(conversation, "is it blue?").await?;
    let listed = phone.listed(conversation).await?.messages;
    let paged = phone.page(conversation, None).await?.messages;
    ensure!(paged.ends_with(&listed), "the list has {listed:?}, the page {paged:?}");
    Ok(())
}
