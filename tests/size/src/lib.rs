//! What an app's download grows by: a library that reaches all of Shopbell, as the foreign-language bindings do.
//!
//! The linker drops what nothing reaches. So whatever belongs to the public API is called from here, or the size that
//! `./bench size` measures is too good to be true. Nobody ever runs this.

use std::hint::black_box;

use shopbell::{
    ArticleId, AttachmentId, ClientConfig, Conversation, ConversationId, CustomerProfile, FieldValue, HelpCenterConfig,
    Identity, MessageId, NewAttachment, NewMessage, SupportClient, SupportError,
};

/// Reaches everything.
// The one exported symbol; its name is unique to this library.
#[unsafe(no_mangle)]
pub extern "C" fn shopbell_size_probe() -> usize {
    let text = black_box("");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let reached = runtime.is_ok_and(|runtime| runtime.block_on(client(text)).is_ok());
    markdown(text) + usize::from(reached)
}

fn markdown(text: &str) -> usize {
    let blocks = [shopbell::markdown::parse(text), shopbell::markdown::verbatim(text)].concat();
    let link = shopbell::markdown::safe_link(text);
    black_box(blocks.len())
        + usize::from(black_box(link).is_some())
        + black_box(shopbell::markdown::plain(text, 80)).len()
}

async fn client(text: &str) -> Result<(), SupportError> {
    let mut config = ClientConfig::new(text, text, text);
    let mut center = HelpCenterConfig::new(text).in_languages([text]);
    center.starter_pack = Some(text.into());
    config.help_center = Some(center);
    let client = SupportClient::open(config).await?;
    client.identify(Identity::new(text).with_hash(text), CustomerProfile::default()).await?;
    client.update_customer(CustomerProfile::default()).await?;
    black_box(client.verify_identity().await?);
    black_box(client.conversations().next().await?);
    black_box(client.status().next().await?);
    black_box(client.unread().await?);
    black_box(client.desk_info().await?);
    black_box(client.capabilities());
    client.refresh().await?;
    client.network_changed(true);
    black_box(client.size_on_disk().await?);
    client.clear_cache().await?;
    client.log_out_and_clear_cache().await?;
    conversation(&client.current_conversation().await?, text).await?;
    conversation(&client.conversation(&ConversationId::new(text))?, text).await?;
    help(&client, text).await?;
    client.pause().await;
    client.resume().await?;
    client.log_out().await?;
    client.shutdown().await;
    Ok(())
}

async fn help(client: &SupportClient, text: &str) -> Result<(), SupportError> {
    let help = client.help_center()?;
    let id = ArticleId::new(text);
    black_box(help.sync().await?);
    black_box(help.categories().await?);
    black_box(help.articles(Some(text)).await?);
    black_box(help.popular().await?);
    black_box(help.search(text, Some(text)).await?);
    let mut search = help.search_as_you_type();
    search.input().set_text(text);
    search.input().set_category(Some(text));
    search.input().submit().await?;
    help.submit_search(text).await?;
    black_box(search.next().await?);
    black_box(help.suggest(text).await?);
    black_box(help.article(&id).await?);
    black_box(help.article_for_link(text).await?);
    black_box(help.picture(text).await?);
    help.set_reading_position(&id, 0.5).await?;
    help.vote(&id, true, Some(text)).await?;
    help.helped(&id).await?;
    help.asked_anyway(&client.start_conversation()?).await?;
    black_box(help.recent_searches().await?);
    help.forget_searches(Some(text)).await?;
    black_box(help.figures().await?);
    black_box(help.events().next().await);
    black_box(help.changes().next().await);
    Ok(())
}

async fn conversation(conversation: &Conversation, text: &str) -> Result<(), SupportError> {
    let id: MessageId = black_box(conversation.send(text).await?);
    let file = NewAttachment::path(text).named(text).keep_location().given_away();
    let message = NewMessage::text(text).attach(file).attach(NewAttachment::bytes(text, text));
    black_box(conversation.send_message(message).await?);
    files(conversation, &AttachmentId::new(text)).await?;
    conversation.retry(&id).await?;
    conversation.edit(&id, text).await?;
    conversation.discard(&id).await?;
    conversation.choose(&id, text).await?;
    conversation.fill_in(&id, vec![FieldValue { name: text.to_owned(), value: text.to_owned() }]).await?;
    conversation.rate(&id, 5, text).await?;
    conversation.set_draft(text).await?;
    black_box(conversation.draft().await?);
    conversation.set_typing(true)?;
    conversation.mark_seen().await?;
    conversation.resolve().await?;
    let mut timeline = conversation.timeline();
    black_box(timeline.pager().load_older().await?);
    black_box(timeline.next().await?);
    black_box(conversation.typing().next().await);
    Ok(())
}

async fn files(conversation: &Conversation, id: &AttachmentId) -> Result<(), SupportError> {
    let mut download = conversation.download(id).await?;
    black_box(download.next().await);
    black_box((download.progress(), download.finished().await?));
    conversation.download_thumbnail(id).await?.cancel();
    Ok(())
}
