//! Files of a conversation: sending them, and having them on the phone.

use std::sync::Arc;

use futures_util::FutureExt as _;

use super::{Conversation, commands};
use crate::{
    SupportError,
    attachments::{Download, NewAttachment, NewMessage, Rules, Taken, take_in},
    client::Active,
    clock::token,
    model::{AttachmentId, MessageId},
    rules,
    runtime::blocking_on,
    store::{ConversationRow, Durability, MessageRow, Part},
};

impl Conversation {
    /// Sends words, files, or both in one message: returns when all of it is safe on the phone and in the timeline.
    /// The files are copied by then (see [`NewAttachment`]); how far they are on their way is in
    /// [`Attachment::transfer`](crate::Attachment::transfer). While they go, the message may be edited or discarded: only
    /// once the last of it has left is that too late.
    ///
    /// Messages with files are kept in the order of the calls. Dropping the future does not stop it: the message may still
    /// be sent.
    ///
    /// Errors, with nothing changed: [`SupportError::AttachmentRefused`] where a file is empty, too large, of a type that
    /// can't be sent, no file or not readable, was changed while it was copied, or there are too many; as for
    /// [`send`](Self::send) of the text; [`SupportError::LocationNotRemovable`] where a photo or film may tell where it was
    /// taken and that can't be removed ([`NewAttachment`]); [`SupportError::Unsupported`] where the desk takes no files.
    /// [`SupportError::Storage`] where the phone is full; then the text is kept as the draft.
    pub async fn send_message(&self, message: NewMessage) -> Result<MessageId, SupportError> {
        let NewMessage { text, attachments } = message;
        if attachments.is_empty() {
            return self.send(&text).await;
        }
        let words = if rules::is_blank(&text) {
            String::new()
        } else {
            rules::message(&text, &self.inner.backend.capabilities())?
        };
        let (this, active) = (self.clone(), self.active()?);
        // In line before this waits for the first time: of two messages whose files take unlike long to copy, the one that
        // was sent first stays first.
        let mut turn = Box::pin(Arc::clone(&self.inner.intake).lock_owned());
        let first = turn.as_mut().now_or_never();
        // To its end, whoever waits: a future that is dropped between the copying and the writing would leave files behind
        // that a written message needs.
        blocking_on(async move {
            let _turn = match first {
                Some(turn) => turn,
                None => turn.await,
            };
            let sent = this.bring_and_send(&active, words, attachments).await;
            if let Err(SupportError::Storage(_)) = &sent {
                // As far as a full phone lets us.
                let _ = this.set_draft(&text).await;
            }
            sent
        })
        .await
    }

    /// Copies before it waits for anything.
    async fn bring_and_send(
        &self,
        active: &Active,
        text: String,
        attachments: Vec<NewAttachment>,
    ) -> Result<MessageId, SupportError> {
        let config = &self.inner.config;
        let (id, now) = (MessageId::new(token(config.random.as_ref())), config.clock.now());
        let rules = Rules { limits: &config.limits, desk: &self.inner.backend.capabilities(), now };
        let taken = take_in(&active.attachments.folder, &id, attachments, &rules)?;
        let files: Vec<_> = taken.iter().map(|taken| (taken.attachment.clone(), taken.row.clone())).collect();
        let message = id.clone();
        self.command(Durability::Now, move |tx, this| commands::send_files(tx, this, &message, text, &files, now))
            .await?;
        taken.into_iter().for_each(Taken::kept);
        self.stopped_typing();
        Ok(id)
    }

    /// The file of an attachment, on this phone: at once where it is here, which an own one is; else it is fetched, or
    /// joined on its way if somebody else has asked. See [`Download`]. Needs a tokio runtime around it.
    ///
    /// Errors: [`SupportError::NotFound`] where this conversation has no such attachment, or it is no file.
    pub async fn download(&self, attachment: &AttachmentId) -> Result<Download, SupportError> {
        self.fetch(attachment, Part::Whole).await
    }

    /// The desk's small picture of an attachment; as [`download`](Self::download). Ask for it first: it is there soon,
    /// where the whole may take long.
    ///
    /// Errors: [`SupportError::NotFound`] where there is none, as of an own one that the desk does not have yet.
    pub async fn download_thumbnail(&self, attachment: &AttachmentId) -> Result<Download, SupportError> {
        self.fetch(attachment, Part::Thumbnail).await
    }

    async fn fetch(&self, attachment: &AttachmentId, part: Part) -> Result<Download, SupportError> {
        let active = self.active()?;
        let (this, wanted) = (self.id().clone(), attachment.clone());
        let found = active.store.read(move |connection| {
            let file = MessageRow::attachment(connection, &wanted)?.filter(|(conversation, _)| *conversation == this);
            Ok(file.map(|(_, file)| file).zip(ConversationRow::find(connection, &this)?))
        });
        let (file, conversation) = found.await?.ok_or(SupportError::NotFound { what: "attachment" })?;
        Arc::clone(&active.attachments).download(&file, part, &conversation).await
    }
}
