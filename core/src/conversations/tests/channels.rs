//! A desk shows a customer what they wrote in its other channels, too. Those are kept apart.

use super::{Phone, lines, open, until_lines};
use crate::{
    SupportClient, SupportError, backend::DeskChannel, model::DeskConversationId, push::PushOutcome,
    testing::memory::MemoryDesk,
};

const OURS: DeskChannel = DeskChannel { number: 4, ours: true };
const MAIL: DeskChannel = DeskChannel { number: 9, ours: false };

/// A new phone of a customer who wrote by mail and, on another phone, in the app.
async fn new_phone() -> (MemoryDesk, SupportClient, tempfile::TempDir, [DeskConversationId; 2]) {
    let desk = MemoryDesk::with(|options| options.channel = Some(OURS));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = open(&desk, folders[0].path(), |_| {}).await;
    first.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    first.start_conversation().unwrap().send("in the app").await.unwrap();
    desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    let app = desk.all_conversations()[0].id;
    let mail = desk.open_for(&desk.sessions()[0]);
    desk.agent_says(mail, "by mail");
    desk.move_to(mail, MAIL);
    // Only the answer to an opening says for certain which channel is the app's.
    desk.move_to(app, DeskChannel { ours: false, ..OURS });
    first.shutdown().await;
    let [_, second] = folders;
    let client = open(&desk, second.path(), |_| {}).await;
    client.identify(MemoryDesk::identity("mai"), Default::default()).await.unwrap();
    client.refresh().await.unwrap();
    (desk, client, second, [app, mail])
}

#[tokio::test]
async fn nothing_is_written_where_it_may_be_another_channel() {
    let (desk, client, _folder, _) = new_phone().await;
    let known = lines(&client).await;
    assert_eq!(known.len(), 2, "both can be read");
    for line in &known {
        assert!(!line.can_write);
        let conversation = client.conversation(&line.id).unwrap();
        let refused = Err(SupportError::Conflict {
            problem: "the conversation may be in another of the desk's channels; begin another conversation",
        });
        assert_eq!(conversation.send("hello").await.map(|_| ()), refused);
        assert_eq!(conversation.resolve().await, refused);
        conversation.mark_seen().await.unwrap();
    }
    let current = client.current_conversation().await.unwrap();
    assert!(known.iter().all(|line| line.id != *current.id()));
    assert_eq!(desk.texts_of_customers(), ["in the app"]);
}

#[tokio::test]
async fn other_channels_are_hidden_once_the_apps_own_is_certain_and_at_every_start() {
    let (desk, client, folder, [_, mail]) = new_phone().await;
    client.current_conversation().await.unwrap().send("from the new phone").await.unwrap();
    let ours = |lines: &[crate::ConversationSummary]| lines.len() == 2 && lines.iter().all(|line| line.can_write);
    until_lines(&client, "the app's own two", ours).await;
    desk.agent_says(mail, "more mail");
    client.refresh().await.unwrap();
    assert!(ours(&lines(&client).await));
    assert_eq!(client.unread().await.unwrap(), 0, "mail is no news of the app's");
    let push = [("shopbell_conversation".to_owned(), mail.get().to_string())].into();
    assert_eq!(client.handle_push(&push).await.unwrap(), PushOutcome::NothingNew);
    client.shutdown().await;
    let client = open(&desk, folder.path(), |_| {}).await;
    assert!(ours(&lines(&client).await));
}

#[tokio::test]
async fn conversation_that_was_begun_here_is_the_apps_own_from_the_start() {
    let desk = MemoryDesk::with(|options| options.channel = Some(OURS));
    let folder = tempfile::tempdir().unwrap();
    let client = open(&desk, folder.path(), |_| {}).await;
    let conversation = client.start_conversation().unwrap();
    conversation.send("hello").await.unwrap();
    desk.until(|desk| desk.texts_of_customers().len() == 1).await;
    desk.move_to(desk.all_conversations()[0].id, DeskChannel { ours: false, ..OURS });
    client.refresh().await.unwrap();
    assert!(lines(&client).await[0].can_write);
    conversation.send("again").await.unwrap();
    // What the desk tells no channel of is the app's.
    let phone = Phone::new().await;
    phone.conversation.send("hello").await.unwrap();
    assert!(lines(&phone.client).await[0].can_write);
}
