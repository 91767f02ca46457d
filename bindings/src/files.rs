//! Files of a conversation, and the room that they take.

use std::sync::Arc;

use shopbell::AttachmentId;

use crate::{
    Client, Conversation, DownloadListener, NewAttachment, SizeOnDisk, Subscription, SupportError, model::list,
};

#[uniffi::export]
impl Conversation {
    /// Sends words, files, or both in one message: returns its id when all of it is safe on the phone and in the
    /// timeline. How far the files are on their way is in each attachment's transfer.
    ///
    /// Errors, with nothing changed: [`SupportError::AttachmentRefused`] where a file is empty, too large, of a type that
    /// can't be sent, no file or not readable, or there are too many; as for `send` of the text;
    /// [`SupportError::LocationNotRemovable`] where a photo or film may tell where it was taken and that can't be removed;
    /// [`SupportError::Unsupported`] where the desk takes no files. [`SupportError::Storage`] where the phone is full;
    /// then the text is kept as the draft.
    pub async fn send_message(&self, text: String, attachments: Vec<NewAttachment>) -> Result<String, SupportError> {
        self.run(async move |core| {
            let mut message = shopbell::NewMessage::text(text);
            message.attachments = list(attachments);
            Ok(core.send_message(message).await?.as_str().to_owned())
        })
        .await
    }

    /// Has the file of an attachment brought to this phone: at once where it is here, which an own one is. With
    /// `thumbnail` the desk's small picture of it, which is there sooner.
    ///
    /// While the subscription lives its file stays on the phone; later it may go, so copy it to keep it. Cancelled
    /// before the end, what came stays, and the next one goes on from there.
    pub fn download(
        &self,
        attachment: String,
        thumbnail: bool,
        listener: Box<dyn DownloadListener>,
    ) -> Arc<Subscription> {
        let listener: Arc<dyn DownloadListener> = listener.into();
        let id = AttachmentId::new(attachment);
        self.subscribe(move |core, outlet| {
            Box::pin(async move {
                let begun = if thumbnail { core.download_thumbnail(&id).await } else { core.download(&id).await };
                let mut download = match begun {
                    Ok(download) => download,
                    Err(error) => {
                        outlet.deliver(move || listener.on_failed(error.into())).await;
                        return;
                    }
                };
                while let Some(progress) = download.next().await {
                    let of_call = Arc::clone(&listener);
                    if !outlet.deliver(move || of_call.on_progress(progress.into())).await {
                        return;
                    }
                }
                match download.finished().await {
                    Ok(path) => {
                        outlet.deliver(move || listener.on_finished(path.to_string_lossy().into_owned())).await;
                        // The file is held until the subscription ends.
                        std::future::pending::<()>().await;
                    }
                    Err(error) => {
                        outlet.deliver(move || listener.on_failed(error.into())).await;
                    }
                }
            })
        })
    }
}

#[uniffi::export]
impl Client {
    /// How much room the files of whoever is here take on this phone.
    pub async fn size_on_disk(&self) -> Result<SizeOnDisk, SupportError> {
        self.host().run(async move |open| Ok(open.client.size_on_disk().await?.into())).await
    }

    /// Removes the files of whoever is here that can be fetched again. What is still to be sent stays.
    pub async fn clear_cache(&self) -> Result<(), SupportError> {
        self.host().run(async move |open| Ok(open.client.clear_cache().await?)).await
    }

    /// Logs out and leaves no fetched file on the phone: for one that many people use. What was still to be sent is
    /// kept, as always. Gives what [`log_out`](Self::log_out) gives.
    pub async fn log_out_and_clear_cache(&self) -> Result<bool, SupportError> {
        self.host().change(async move |client| client.log_out_and_clear_cache().await).await
    }
}
