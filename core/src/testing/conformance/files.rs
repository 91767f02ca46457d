//! Files: what is sent arrives to the byte, once, and only if it may; what is fetched is whole.

use std::{
    fs,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, done, ensure, given, name, outgoing, refused},
};
use crate::{
    backend::{BackendError, Departure, DeskMessage, Fault, OutgoingFile, OutgoingMessage, Resume},
    file_name::{essence, safe},
    model::{Attachment, DeskConversationId},
};

/// More than one packet, and no round number.
const LONG: usize = 300_007;

/// A name with everything in it that something on the way might change, as far as it is sent at all.
const HARD_NAME: &str = "Ảnh túi (1) – été & co.v2 +100_'#~^{}[]@!,=.JPG";

/// Files in a folder of their own, gone when this is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Stop> {
        let path = std::env::temp_dir().join(name("files"));
        fs::create_dir(&path).map_err(|error| Stop::Failed(format!("no folder to work in: {error}")))?;
        Ok(Self(path))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> Result<OutgoingFile, Stop> {
        let path = self.0.join(super::bench::name("file"));
        fs::write(&path, bytes).map_err(|error| Stop::Failed(format!("no file to send: {error}")))?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let media_type = "application/octet-stream".to_owned();
        Ok(OutgoingFile { name: safe(name, "file"), media_type, size, path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Counts what leaves, and lets it or not.
struct Counter {
    left: AtomicU64,
    at_commit: AtomicU64,
    may: bool,
}

impl Counter {
    fn new(may: bool) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(0), at_commit: AtomicU64::new(u64::MAX), may })
    }
}

impl Departure for Counter {
    fn left(&self, _file: usize, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::SeqCst);
    }

    fn commit(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        self.at_commit.store(self.left.load(Ordering::SeqCst), Ordering::SeqCst);
        Box::pin(async { self.may })
    }
}

/// A phone at a desk that takes files, and a conversation.
async fn start(desk: &impl DeskSide) -> Result<(Phone, DeskConversationId), Stop> {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().max_attachments > 0, "no files here")?;
    let conversation = phone.open().await?;
    Ok((phone, conversation))
}

async fn send(
    phone: &Phone,
    conversation: DeskConversationId,
    message: &OutgoingMessage,
    files: &[OutgoingFile],
    departure: Arc<Counter>,
) -> Result<DeskMessage, BackendError> {
    phone.backend.send_files(&phone.session, conversation, message, files, departure).await
}

/// Reads a file to its end.
async fn fetch(phone: &Phone, file: &Attachment, resume: Option<&Resume>) -> Result<(u64, Vec<u8>), Stop> {
    let url = file.url.as_deref().ok_or_else(|| Stop::Failed("a file has no address".to_owned()))?;
    let mut incoming = phone.backend.fetch_file(&phone.session, url, resume).await?;
    let mut bytes = Vec::new();
    while let Some(part) = incoming.next().await? {
        bytes.extend_from_slice(&part);
    }
    Ok((incoming.head().from, bytes))
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from((n * 7 + n / 251) % 256).unwrap_or(0)).collect()
}

pub(super) async fn files_arrive_whole_and_come_back_whole(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let contents = [bytes(LONG), b"--\r\n\r\n--".to_vec()];
    let files = [folder.file("parcel.bin", &contents[0])?, folder.file("note.txt", &contents[1])?];
    let sent = send(&phone, conversation, &outgoing("two files"), &files, Counter::new(true)).await?;
    let read = phone.found(conversation, sent.id).await?;
    for (how, message) in [("the answer", &sent), ("the page", &read)] {
        ensure!(message.content.as_text() == "two files", "{how} has other words");
        ensure!(message.attachments.len() == 2, "{how} has {} files", message.attachments.len());
        for (file, content) in files.iter().zip(&contents) {
            let is_it = |told: &&Attachment| told.name == file.name && told.size == Some(file.size);
            let told = message.attachments.iter().find(is_it);
            let told = told.ok_or_else(|| Stop::Failed(format!("{how} has no {} of its size", file.name)))?;
            ensure!(fetch(&phone, told, None).await? == (0, content.clone()), "{} comes back changed", file.name);
        }
    }
    let kept = phone.page(conversation, None).await?.messages.len();
    ensure!(kept == 1, "there are {kept} messages");
    Ok(())
}

pub(super) async fn file_without_words_is_taken(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let files = [folder.file("a.bin", &bytes(10))?];
    let sent = send(&phone, conversation, &outgoing(""), &files, Counter::new(true)).await?;
    let read = phone.found(conversation, sent.id).await?;
    ensure!(read.content.as_text().is_empty(), "it has words");
    ensure!(read.attachments.len() == 1, "it has {} files", read.attachments.len());
    Ok(())
}

pub(super) async fn file_with_a_hard_name_is_found_again(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let files = [folder.file(HARD_NAME, &bytes(10))?];
    let sent = send(&phone, conversation, &outgoing("named"), &files, Counter::new(true)).await?;
    let read = phone.found(conversation, sent.id).await?;
    let told = read.attachments.first().map(|file| file.name.clone()).unwrap_or_default();
    ensure!(essence(&told).eq(essence(HARD_NAME)), "it comes back as {told:?}");
    Ok(())
}

pub(super) async fn message_that_is_withdrawn_at_the_last_moment_never_arrives(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let files = [folder.file("a.bin", &bytes(LONG))?];
    let sent = send(&phone, conversation, &outgoing("no"), &files, Counter::new(false)).await;
    refused("send_files", sent, &Fault::Withdrawn)?;
    // What comes next shows that the desk has worked off what came before.
    phone.say(conversation, "yes").await?;
    let kept = phone.page(conversation, None).await?.messages;
    ensure!(kept.len() == 1, "there are {} messages", kept.len());
    Ok(())
}

pub(super) async fn departure_has_heard_of_every_byte_when_it_is_asked(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let files = [folder.file("a.bin", &bytes(LONG))?, folder.file("b.bin", &bytes(5))?];
    let counter = Counter::new(true);
    send(&phone, conversation, &outgoing("counted"), &files, Arc::clone(&counter)).await?;
    let at_commit = counter.at_commit.load(Ordering::SeqCst);
    let all: u64 = files.iter().map(|file| file.size).sum();
    ensure!(at_commit == all, "it had heard of {at_commit} of {all} bytes");
    Ok(())
}

pub(super) async fn file_that_is_gone_from_the_phone_is_told_and_did_not_happen(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let folder = Folder::new()?;
    let files = [folder.file("a.bin", &bytes(5))?];
    for file in &files {
        let _ = fs::remove_file(&file.path);
    }
    let sent = send(&phone, conversation, &outgoing("lost"), &files, Counter::new(true)).await;
    refused("send_files", sent, &Fault::FileGone)?;
    ensure!(phone.page(conversation, None).await?.messages.is_empty(), "it is there all the same");
    Ok(())
}

pub(super) async fn file_of_the_agent_comes_whole(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    phone.say(conversation, "hello").await?;
    let content = bytes(LONG);
    let id = given(desk.agent_attaches(conversation, "label.bin", &content).await, "no agent can attach here")?;
    let read = phone.found(conversation, id).await?;
    ensure!(!read.author.is_customer(), "the customer wrote it");
    let [file] = read.attachments.as_slice() else {
        return Err(Stop::Failed(format!("it has {} files", read.attachments.len())));
    };
    ensure!(file.size.is_none_or(|size| size == LONG as u64), "its size is {:?}", file.size);
    ensure!(fetch(&phone, file, None).await? == (0, content), "it comes changed");
    Ok(())
}

/// A file of the agent's, and how a transfer of it could go on, where the desk can do that.
async fn resumable(
    desk: &impl DeskSide,
    phone: &Phone,
    conversation: DeskConversationId,
    content: &[u8],
) -> Result<(Attachment, String), Stop> {
    phone.say(conversation, "hello").await?;
    let id = given(desk.agent_attaches(conversation, "label.bin", content).await, "no agent can attach here")?;
    let file = phone.found(conversation, id).await?.attachments.into_iter().next();
    let file = file.ok_or_else(|| Stop::Failed("the file is not there".to_owned()))?;
    let url = file.url.clone().unwrap_or_default();
    let incoming = phone.backend.fetch_file(&phone.session, &url, None).await?;
    let validator = given(incoming.head().validator.clone(), "no transfer can go on here")?;
    Ok((file, validator))
}

pub(super) async fn fetched_file_goes_on_from_its_middle(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let content = bytes(LONG);
    let (file, validator) = resumable(desk, &phone, conversation, &content).await?;
    let middle = LONG / 3;
    let resume = Resume { from: middle as u64, validator };
    let (from, rest) = fetch(&phone, &file, Some(&resume)).await?;
    // The whole is a right answer, too.
    let start = usize::try_from(from).unwrap_or(usize::MAX);
    ensure!(from == 0 || start == middle, "it goes on at {from}");
    ensure!(content.get(start..) == Some(rest.as_slice()), "the rest is another");
    Ok(())
}

pub(super) async fn fetched_file_of_another_version_comes_whole(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    let content = bytes(LONG);
    let (file, _) = resumable(desk, &phone, conversation, &content).await?;
    let resume = Resume { from: 5, validator: "\"another\"".to_owned() };
    ensure!(fetch(&phone, &file, Some(&resume)).await? == (0, content), "it does not come whole");
    Ok(())
}

pub(super) async fn file_of_a_deleted_message_is_gone(desk: &impl DeskSide) -> Checked {
    let (phone, conversation) = start(desk).await?;
    phone.say(conversation, "hello").await?;
    let id = given(desk.agent_attaches(conversation, "a.bin", &bytes(5)).await, "no agent can attach here")?;
    let file = phone.found(conversation, id).await?.attachments.into_iter().next();
    let url = file.and_then(|file| file.url).unwrap_or_default();
    done(desk.delete(id).await, "nothing can be deleted")?;
    let fetched = phone.backend.fetch_file(&phone.session, &url, None).await;
    refused("fetch_file", fetched, &Fault::FileGone)
}
