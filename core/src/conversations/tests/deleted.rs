//! What is deleted at the desk leaves the phone at once, with its files.

use super::{Phone, kept, lines, until_lines};
use crate::{
    AttachmentId, ConversationStatus, Message, NewAttachment, SizeOnDisk, SupportError,
    model::{DeskConversationId, DeskMessageId},
    testing::memory::{Call, Play},
};

const GONE: SupportError = SupportError::NotFound { what: "file" };

/// A phone that has fetched the agent's file and its thumbnail, and the message's number at the desk.
async fn with_fetched_file() -> (Phone, AttachmentId, DeskMessageId) {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[7; 3_000]).await;
    phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    phone.conversation.download_thumbnail(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(phone.kept().len(), 2);
    let message = phone.desk.all_messages(conversation(&phone)).last().unwrap().id;
    (phone, id, message)
}

fn conversation(phone: &Phone) -> DeskConversationId {
    phone.desk.all_conversations()[0].id
}

fn shows_deleted(shown: &[Message]) -> bool {
    shown.iter().any(|message| message.deleted)
}

async fn assert_nothing_is_left(phone: &Phone) {
    assert!(phone.kept().is_empty(), "{:?}", phone.kept());
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk::default());
}

#[tokio::test]
async fn file_of_a_message_that_an_event_deletes_is_off_the_phone_once_that_is_shown() {
    let (mut phone, id, message) = with_fetched_file().await;
    let mut held = phone.conversation.download(&id).await.unwrap();
    let path = held.finished().await.unwrap();
    assert!(phone.desk.delete(message));
    phone.until("the deletion", shows_deleted).await;
    assert!(!path.exists(), "whoever holds it");
    assert_nothing_is_left(&phone).await;
    let again = phone.conversation.download(&id).await.map(|_| ());
    assert_eq!(again, Err(SupportError::NotFound { what: "attachment" }));
}

#[tokio::test]
async fn file_of_a_message_that_a_page_says_is_deleted_is_off_the_phone_once_that_is_shown() {
    let (mut phone, _, message) = with_fetched_file().await;
    phone.client.pause().await;
    assert!(phone.desk.delete(message));
    phone.client.resume().await.unwrap();
    phone.until("the deletion", shows_deleted).await;
    assert_nothing_is_left(&phone).await;
}

#[tokio::test]
async fn file_of_a_message_that_the_list_says_is_deleted_is_off_the_phone_after_a_refresh() {
    let (phone, _, message) = with_fetched_file().await;
    let Phone { desk, client, conversation, timeline, folder: _folder, .. } = phone;
    // Without a timeline no page is asked for, and without a connection nothing is told.
    drop(timeline);
    desk.drop_connections();
    for _ in 0..100 {
        desk.once(Call::Connect, Play::unreachable());
    }
    assert!(desk.delete(message));
    client.refresh().await.unwrap();
    assert!(kept(&conversation).is_empty(), "{:?}", kept(&conversation));
    assert_eq!(client.size_on_disk().await.unwrap(), SizeOnDisk::default());
}

#[tokio::test]
async fn file_of_a_message_that_is_deleted_goes_though_the_desk_still_names_it() {
    let (mut phone, _, message) = with_fetched_file().await;
    assert!(phone.desk.alter(message, |message| message.deleted = true));
    phone.until("the deletion", shows_deleted).await;
    assert!(phone.shown.iter().all(|message| message.attachments.is_empty()));
    assert_nothing_is_left(&phone).await;
}

#[tokio::test]
async fn file_that_is_taken_out_of_a_message_is_off_the_phone_once_that_is_shown() {
    let (mut phone, _, message) = with_fetched_file().await;
    assert!(phone.desk.alter(message, |message| {
        message.attachments.clear();
        message.content = crate::Content::text("the wrong label");
    }));
    phone.until("the change", |shown| shown.iter().any(|message| message.edited)).await;
    assert_nothing_is_left(&phone).await;
}

#[tokio::test]
async fn own_file_that_the_agent_deletes_is_off_the_phone_and_one_to_be_sent_stays() {
    let mut phone = Phone::new().await;
    phone.send("the wrong one", vec![NewAttachment::bytes("a.bin", vec![1; 100])]).await.unwrap();
    phone.until_sent().await;
    phone.desk.once(Call::SendFiles, Play::Held);
    phone.send("the right one", vec![NewAttachment::bytes("b.bin", vec![2; 200])]).await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    let message = phone.desk.all_messages(conversation(&phone))[0].id;
    assert!(phone.desk.delete(message));
    phone.until("the deletion", shows_deleted).await;
    assert_eq!(phone.kept().len(), 1);
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk { fetched: 0, unsent: 200 });
    phone.desk.release();
    phone.until("the right one sent", |shown| super::is_sent(shown, "the right one")).await;
}

#[tokio::test]
async fn files_of_a_conversation_that_is_deleted_are_off_the_phone_and_one_to_be_sent_stays() {
    let (phone, id, _) = with_fetched_file().await;
    phone.desk.once(Call::SendFiles, Play::Held);
    phone.send("one more", vec![NewAttachment::bytes("b.bin", vec![2; 200])]).await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.purge_conversation(conversation(&phone));
    phone.client.refresh().await.unwrap();
    let gone = |line: &crate::ConversationSummary| line.status == ConversationStatus::Gone;
    until_lines(&phone.client, "the mark", |lines| lines.iter().any(gone)).await;
    assert_eq!(lines(&phone.client).await.len(), 1);
    assert_eq!(phone.kept().len(), 1);
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk { fetched: 0, unsent: 200 });
    let again = phone.conversation.download(&id).await.map(|_| ());
    assert_eq!(again, Err(GONE));
}

#[tokio::test]
async fn conversation_that_is_begun_anew_keeps_no_file_of_the_deleted_one() {
    let (mut phone, ..) = with_fetched_file().await;
    phone.desk.purge_conversation(conversation(&phone));
    phone.conversation.send("are you there?").await.unwrap();
    phone.until("the words sent", |shown| super::is_sent(shown, "are you there?")).await;
    assert_nothing_is_left(&phone).await;
}

#[tokio::test]
async fn transfer_of_a_file_that_is_deleted_meanwhile_ends_and_leaves_nothing() {
    for purged in [false, true] {
        let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[7; 3_000]).await;
        phone.desk.once(Call::FetchFile, Play::Held);
        let mut download = phone.conversation.download(&id).await.unwrap();
        phone.desk.until(|desk| desk.held() == 1).await;
        let there = conversation(&phone);
        if purged {
            phone.desk.purge_conversation(there);
            phone.client.refresh().await.unwrap();
        } else {
            assert!(phone.desk.delete(phone.desk.all_messages(there).last().unwrap().id));
        }
        assert_eq!(download.finished().await, Err(GONE), "though the desk never answers");
        assert_nothing_is_left(&phone).await;
    }
}

#[tokio::test]
async fn part_of_a_file_that_is_deleted_leaves_the_phone() {
    let (mut phone, id) = Phone::with_file_of_the_agent(|_| {}, &[7; 3_000]).await;
    phone.desk.break_file_after(2_000);
    for _ in 0..5 {
        phone.desk.break_file_after(0);
    }
    let failed = phone.conversation.download(&id).await.unwrap().finished().await;
    assert_eq!(failed, Err(SupportError::Offline));
    assert_eq!(phone.kept().len(), 1);
    assert!(phone.desk.delete(phone.desk.all_messages(conversation(&phone)).last().unwrap().id));
    phone.until("the deletion", shows_deleted).await;
    assert_nothing_is_left(&phone).await;
}
