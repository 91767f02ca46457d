//! Files at the desk: kept whole in memory, given out in parts, cut off where the script wants it.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{MemoryDesk, script::Call, state::agent};
use crate::{
    backend::{
        BackendError, BackendFuture, Departure, DeskMessage, Fault, FileHead, IncomingFile, OutgoingFile,
        OutgoingMessage, Resume, Session,
    },
    model::{Attachment, AttachmentKind, Author, Content, DeskConversationId, DeskMessageId},
};

/// In how large parts a file is given out.
const PART: usize = 1_000;

/// A file as it came in.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// All files by their address.
#[derive(Default)]
pub(super) struct Files {
    kept: BTreeMap<String, Kept>,
    /// After how many bytes the next ones break off.
    breaks: Vec<usize>,
}

impl Files {
    pub(super) fn keep(&mut self, file: Kept) -> Attachment {
        let url = format!("https://memory.invalid/{}", self.kept.len() + 1);
        let attachment = Attachment {
            size: u64::try_from(file.bytes.len()).ok(),
            media_type: Some(file.media_type.clone()),
            thumbnail_url: file.media_type.starts_with("image/").then(|| url.clone()),
            url: Some(url.clone()),
            ..Attachment::new(AttachmentKind::of(&file.media_type), file.name.clone())
        };
        self.kept.insert(url, file);
        attachment
    }
}

impl MemoryDesk {
    /// Sends a file as the agent.
    ///
    /// # Panics
    /// Where there is no such conversation.
    #[allow(clippy::expect_used, reason = "a test that names what is not there has a mistake of its own")]
    pub fn agent_attaches(
        &self,
        conversation: DeskConversationId,
        name: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> DeskMessageId {
        let file = Kept { name: name.to_owned(), media_type: media_type.to_owned(), bytes: bytes.into() };
        let author = Author::Agent { agent: Some(agent()) };
        let added = self.change(|state| {
            let attachments = vec![state.files.keep(file)];
            state.add_with(conversation, author, Content::text(""), None, attachments)
        });
        added.expect("no such conversation").id
    }

    /// The name and the bytes of every file that came in or went out, in order.
    pub fn files(&self) -> Vec<(String, Bytes)> {
        let mut files: Vec<_> = self.look(|state| state.files.kept.clone()).into_iter().collect();
        files.sort_by_key(|(url, _)| url.len());
        files.into_iter().map(|(_, file)| (file.name, file.bytes)).collect()
    }

    /// The next transfer of a file that begins breaks off after so many bytes; those behind it as planned in turn.
    pub fn break_file_after(&self, bytes: usize) {
        self.change(|state| state.files.breaks.push(bytes));
    }

    /// Changes the bytes of a file that is kept under this name.
    pub fn replace_file(&self, name: &str, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.change(|state| {
            state.files.kept.values_mut().filter(|file| file.name == name).for_each(|file| file.bytes = bytes.clone());
        });
    }

    pub(super) async fn take_files(
        &self,
        session: Session,
        conversation: DeskConversationId,
        message: OutgoingMessage,
        files: Vec<OutgoingFile>,
        departure: Arc<dyn Departure>,
    ) -> Result<DeskMessage, BackendError> {
        let mut kept = Vec::new();
        for (number, file) in files.into_iter().enumerate() {
            // Memory is what this desk is made of; a real adapter streams.
            let gone = |_| BackendError::refused(Fault::FileGone, "a file is not there");
            let bytes = Bytes::from(std::fs::read(&file.path).map_err(gone)?);
            for part in bytes.chunks(PART) {
                departure.left(number, u64::try_from(part.len()).unwrap_or(u64::MAX));
                tokio::task::yield_now().await;
            }
            kept.push(Kept { name: file.name, media_type: file.media_type, bytes });
        }
        // Scripted to wait, it waits with all but the last bytes gone.
        let going = self.perform(Call::SendFiles, |_| Ok(()));
        going.await?;
        // Promise: nothing happens at the desk unless this says so.
        if !departure.commit().await {
            return Err(BackendError::refused(Fault::Withdrawn, "given up"));
        }
        self.perform(Call::SendMessage, move |state| state.send(&session, conversation, &message, kept)).await
    }

    pub(super) async fn give_file(
        &self,
        url: String,
        resume: Option<Resume>,
    ) -> Result<Box<dyn IncomingFile>, BackendError> {
        self.perform(Call::FetchFile, move |state| {
            let gone = || BackendError::refused(Fault::FileGone, "no such file");
            let wanted = |file: &&Attachment| file.url.as_ref() == Some(&url);
            if !state
                .everything()
                .iter()
                .flat_map(|row| &row.messages)
                .any(|m| m.attachments.iter().any(|f| wanted(&f)))
            {
                return Err(gone());
            }
            let Files { kept, breaks } = &mut state.files;
            let file = kept.get(&url).ok_or_else(gone)?;
            let validator = crate::clock::digest(&[&String::from_utf8_lossy(&file.bytes)]);
            // Promise: the rest only of the very same file; else the whole.
            let from = resume.filter(|resume| resume.validator == validator).map_or(0, |resume| resume.from);
            let start = usize::try_from(from).unwrap_or(usize::MAX).min(file.bytes.len());
            let head = FileHead {
                from,
                total: u64::try_from(file.bytes.len()).ok(),
                validator: Some(validator),
                media_type: Some(file.media_type.clone()),
            };
            let left = (!breaks.is_empty()).then(|| breaks.remove(0));
            let given: Box<dyn IncomingFile> = Box::new(Given { head, bytes: file.bytes.slice(start..), left });
            Ok(given)
        })
        .await
    }
}

struct Given {
    head: FileHead,
    bytes: Bytes,
    /// How much is given before the connection breaks.
    left: Option<usize>,
}

impl IncomingFile for Given {
    fn head(&self) -> &FileHead {
        &self.head
    }

    fn next(&mut self) -> BackendFuture<'_, Option<Bytes>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let part = PART.min(self.bytes.len()).min(self.left.unwrap_or(PART));
            if let Some(left) = &mut self.left {
                if part == 0 && !self.bytes.is_empty() {
                    return Err(BackendError::unclear(Fault::Network, "scripted: cut off"));
                }
                *left -= part;
            }
            Ok((part > 0).then(|| self.bytes.split_to(part)))
        })
    }
}
