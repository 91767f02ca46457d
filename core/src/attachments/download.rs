//! Fetching a file: once for all who ask, from where it broke off, checked before it is shown.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use tokio::{sync::watch, time::Instant};

use super::{Attachments, folder::storage, part::PartFile, sniff};
use crate::{
    SupportError,
    backend::{BackendError, Fault, FileHead, Resume, Session},
    file_name::extension,
    model::{Attachment, AttachmentId, AttachmentKind, ConversationId, ConversationStatus},
    runtime::{blocking, go_on},
    signal::stopped,
    store::{ConversationRow, Durability, FileId, FileRow, FileState, MessageRow, Part, StoreError, Topic},
};

/// How often a transfer that broke is taken up again by itself without a byte having come in between.
const RETRIES: u32 = 4;

/// The first wait after a break; it doubles.
const PAUSE: Duration = Duration::from_millis(250);

/// How often what came is put on the disk for certain. After a loss of power the rest is fetched again.
const SYNC: Duration = Duration::from_secs(1);

/// How often those who wait hear of bytes that came.
const THROTTLE: Duration = Duration::from_millis(100);

/// How much of a file has come.
///
/// ```
/// # use shopbell::DownloadProgress;
/// let progress = DownloadProgress { received: 50, total: Some(200) };
/// assert_eq!(progress.total.map(|total| progress.received * 100 / total), Some(25));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Bytes that are here.
    pub received: u64,
    /// Bytes that there are, where the desk says it.
    pub total: Option<u64>,
}

/// A file on its way to this phone, or here already.
///
/// The transfer is shared by all who ask for the file. It ends when the last handle is dropped or cancelled; what came
/// stays, and the next one goes on from there. While a handle lives, its file stays on the phone whatever room is
/// needed; later it may go, so copy it to keep it. A file that is deleted at the desk, with its message or its
/// conversation, leaves the phone at once, whoever holds it.
///
/// ```no_run
/// # async fn example(conversation: shopbell::Conversation, id: shopbell::AttachmentId) -> Result<(), shopbell::SupportError> {
/// let mut download = conversation.download(&id).await?;
/// while let Some(progress) = download.next().await {
///     println!("{} of {:?}", progress.received, progress.total);
/// }
/// let path = download.finished().await?;
/// # Ok(())
/// # }
/// ```
pub struct Download {
    state: watch::Receiver<State>,
    told: bool,
    _hold: Arc<()>,
}

/// Where a transfer stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    Going(DownloadProgress),
    Here(DownloadProgress, PathBuf),
    Failed(DownloadProgress, SupportError),
}

impl State {
    fn progress(&self) -> DownloadProgress {
        match self {
            Self::Going(progress) | Self::Here(progress, _) | Self::Failed(progress, _) => *progress,
        }
    }
}

impl Download {
    /// How much is here now.
    pub fn progress(&self) -> DownloadProgress {
        self.state.borrow().progress()
    }

    /// The next change of it, at once for the first; a few times a second at most. `None` once nothing will change any
    /// more: [`finished`](Self::finished) then says at once how it ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<DownloadProgress> {
        if std::mem::replace(&mut self.told, true) {
            if !matches!(*self.state.borrow(), State::Going(_)) {
                return None;
            }
            self.state.changed().await.ok()?;
        }
        Some(self.state.borrow_and_update().progress())
    }

    /// Waits until all of it is here, and says where. Cancel-safe.
    ///
    /// Errors: [`SupportError::Offline`] and its kin where the connection broke for good: call
    /// [`download`](crate::Conversation::download) again to go on; [`SupportError::NotFound`] where the desk has the
    /// file no more, or its message was deleted meanwhile; [`SupportError::Storage`]; [`SupportError::Paused`],
    /// [`SupportError::Closed`].
    pub async fn finished(&mut self) -> Result<PathBuf, SupportError> {
        let ended = self.state.wait_for(|state| !matches!(state, State::Going(_))).await;
        match ended.as_deref() {
            Ok(State::Here(_, path)) => Ok(path.clone()),
            Ok(State::Failed(_, error)) => Err(error.clone()),
            Ok(State::Going(_)) | Err(_) => Err(SupportError::Closed),
        }
    }

    /// Not wanted any more; as dropping it.
    pub fn cancel(self) {}
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Download({:?})", self.progress())
    }
}

/// The one transfer of a file, for all who wait for it.
pub(super) type Line = Arc<watch::Sender<State>>;

/// What is to be fetched.
struct Wanted {
    id: FileId,
    attachment: AttachmentId,
    conversation: ConversationId,
    url: String,
    /// What it is called here once it is whole.
    name: String,
    /// Its length, where the desk has told it.
    size: Option<u64>,
    /// A page for a browser can't be right.
    never_html: bool,
    session: String,
}

impl Wanted {
    fn part(&self) -> String {
        self.id.file_name(".part")
    }
}

impl Attachments {
    /// The file: here already, joined on its way, or begun to be fetched.
    pub(crate) async fn download(
        self: Arc<Self>,
        attachment: &Attachment,
        part: Part,
        conversation: &ConversationRow,
    ) -> Result<Download, SupportError> {
        let id = FileId::of(&attachment.id, part);
        let hold = self.hold(&id);
        if let Some((path, size)) = self.here(&id).await? {
            let progress = DownloadProgress { received: size, total: Some(size) };
            let state = watch::channel(State::Here(progress, path)).1;
            return Ok(Download { state, told: false, _hold: hold });
        }
        if conversation.status == ConversationStatus::Gone {
            return Err(deleted());
        }
        let url = match part {
            Part::Whole => attachment.url.clone(),
            Part::Thumbnail => attachment.thumbnail_url.clone(),
        };
        let media = matches!(attachment.kind, AttachmentKind::Image | AttachmentKind::Audio | AttachmentKind::Video);
        let wanted = Wanted {
            url: url.ok_or_else(deleted)?,
            name: id.file_name(extension(&attachment.name)),
            size: attachment.size.filter(|_| part == Part::Whole),
            never_html: media || part == Part::Thumbnail,
            session: conversation.session.clone(),
            attachment: attachment.id.clone(),
            conversation: conversation.id.clone(),
            id,
        };
        Ok(Download { state: self.join(wanted), told: false, _hold: hold })
    }

    /// Where the file is, if all of it is here and as long as it should be.
    async fn here(&self, id: &FileId) -> Result<Option<(PathBuf, u64)>, SupportError> {
        let wanted = id.clone();
        let row = self.store.read(move |connection| FileRow::find(connection, &wanted)).await?;
        let Some(row) = row.filter(|row| row.state != FileState::Begun) else { return Ok(None) };
        let path = self.folder.path(&row.name);
        let there = path.clone();
        let length = blocking(move || Ok(fs::metadata(there).ok().map(|about| about.len()))).await?;
        if length != Some(row.size) {
            return Ok(None);
        }
        let (id, now) = (row.id, self.clock.now());
        self.store.write(Durability::Later, move |tx| FileRow::touch(tx, &id, now)).await?;
        Ok(Some((path, row.size)))
    }

    fn join(self: Arc<Self>, wanted: Wanted) -> watch::Receiver<State> {
        let mut running = self.running();
        if let Some(line) = running.get(&wanted.id) {
            return line.subscribe();
        }
        let progress = DownloadProgress { received: 0, total: wanted.size };
        let (line, state) = watch::channel(State::Going(progress));
        let line = Arc::new(line);
        running.insert(wanted.id.clone(), Arc::clone(&line));
        drop(running);
        go_on(self.run(wanted, line));
        state
    }

    fn running(&self) -> MutexGuard<'_, std::collections::HashMap<FileId, Line>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>, wanted: Wanted, line: Line) {
        let _hold = self.hold(&wanted.id);
        let mut stop = self.stop.clone();
        let mut fetching = std::pin::pin!(self.fetch(&wanted, &line));
        let mut unwanted = std::pin::pin!(self.until_unwanted(&wanted));
        let outcome = loop {
            tokio::select! {
                outcome = &mut fetching => break outcome,
                () = stopped(&mut stop) => break Err(SupportError::Paused),
                () = &mut unwanted => break Err(deleted()),
                () = line.closed() => {
                    let mut running = self.running();
                    // Somebody may have joined in this very moment.
                    if line.receiver_count() == 0 {
                        running.remove(&wanted.id);
                        return;
                    }
                }
            }
        };
        if let Err(SupportError::NotFound { .. }) = outcome {
            let _ = self.drop_part(&wanted).await;
        }
        self.running().remove(&wanted.id);
        let progress = line.borrow().progress();
        line.send_replace(match outcome {
            Ok(path) => State::Here(progress, path),
            Err(error) => State::Failed(progress, error),
        });
    }

    async fn fetch(&self, wanted: &Wanted, line: &Line) -> Result<PathBuf, SupportError> {
        let _place = self.places.acquire().await.map_err(|_| SupportError::Closed)?;
        let session = self.standing.session(&wanted.session).await?;
        let mut part = self.open(wanted).await?;
        let mut idle = 0;
        let outcome = loop {
            let before = part.length;
            let broken = match self.receive(wanted, &session, &mut part, line).await {
                Ok(()) => break Ok(()),
                Err(Stop::Broken(error)) => error,
                Err(Stop::Failed(error)) => break Err((error, false)),
                Err(Stop::Bogus(error)) => break Err((error, true)),
            };
            idle = if part.length > before { 1 } else { idle + 1 };
            tracing::debug!(error = %broken, idle, here = part.length, "a transfer broke");
            self.note(wanted, &mut part).await?;
            if idle > RETRIES {
                break Err((broken.into(), false));
            }
            tokio::time::sleep(PAUSE.saturating_mul(1 << idle.saturating_sub(1).min(RETRIES))).await;
        };
        match outcome {
            Ok(()) => self.finish(wanted, part).await,
            Err((error, bogus)) => {
                if bogus || matches!(error, SupportError::Storage(_)) {
                    // A full phone is no place for half a file.
                    let _ = self.drop_part(wanted).await;
                }
                Err(error)
            }
        }
    }

    /// Lets go of what came.
    async fn drop_part(&self, wanted: &Wanted) -> Result<(), SupportError> {
        let row = FileRow { name: wanted.part(), ..self.row(wanted, FileState::Begun, 0) };
        self.let_go(vec![row]).await
    }

    /// Waits until the file is nobody's any more: its message or its conversation was deleted, or it was taken out of the
    /// message.
    async fn until_unwanted(&self, wanted: &Wanted) {
        let mut watcher = self.store.feed().watch(Topic::Conversation(wanted.conversation.clone()));
        loop {
            let attachment = wanted.attachment.clone();
            // A store that is closed says so to the transfer itself.
            if let Ok(false) = self.store.read(move |connection| is_wanted(connection, &attachment)).await {
                return;
            }
            watcher.changed().await;
        }
    }

    /// Writes the file's row, unless it is nobody's any more. The transaction that deletes a message also removes the files
    /// that it finds rows of: so there is never a row, and never a whole file, of a message that is deleted.
    async fn keep(&self, wanted: &Wanted, row: FileRow) -> Result<(), SupportError> {
        let (attachment, folder, part) = (wanted.attachment.clone(), self.folder.clone(), wanted.part());
        let kept = self.store.write(Durability::Later, move |tx| {
            if !is_wanted(tx, &attachment)? {
                return Ok(false);
            }
            if row.state == FileState::Whole {
                fs::rename(folder.path(&part), folder.path(&row.name)).map_err(|error| storage(&error))?;
            }
            row.save(tx)?;
            Ok(true)
        });
        if kept.await? { Ok(()) } else { Err(deleted()) }
    }

    /// The part that is here, cut to what is there for certain.
    async fn open(&self, wanted: &Wanted) -> Result<PartFile, SupportError> {
        let id = wanted.id.clone();
        let row = self.store.read(move |connection| FileRow::find(connection, &id)).await?;
        let row = row.filter(|row| row.state == FileState::Begun);
        PartFile::open(self.folder.clone(), wanted.part(), row).await
    }

    /// Takes one answer of the desk as far as it goes.
    async fn receive(&self, wanted: &Wanted, session: &Session, part: &mut PartFile, line: &Line) -> Result<(), Stop> {
        if part.length > 0 && part.total == Some(part.length) {
            // Killed between the last byte and the name.
            return Ok(());
        }
        let resume = part.validator.clone().filter(|_| part.length > 0);
        let resume = resume.map(|validator| Resume { from: part.length, validator });
        let mut incoming = self.backend.fetch_file(session, &wanted.url, resume.as_ref()).await?;
        let head = incoming.head().clone();
        check(wanted, &head)?;
        part.start(&head)?;
        self.note(wanted, part).await?;
        let limit = part.total.or(wanted.size).unwrap_or(self.limits.max_cache_bytes);
        let mut told_at = Instant::now();
        let mut at_start = head.from == 0;
        tell(line, part);
        while let Some(bytes) = incoming.next().await? {
            if std::mem::take(&mut at_start) && wanted.never_html && sniff::is_html(&bytes) {
                return Err(Stop::Bogus(no_file("a page where a picture was due")));
            }
            part.length = part.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if part.length > limit {
                return Err(Stop::Bogus(no_file("more bytes than it was to have")));
            }
            part.push(&bytes).await?;
            let now = Instant::now();
            if now.duration_since(told_at) >= THROTTLE {
                told_at = now;
                tell(line, part);
            }
            if now.duration_since(part.noted_at) >= SYNC {
                self.note(wanted, part).await?;
            }
        }
        part.write().await?;
        tell(line, part);
        match part.total.or(wanted.size) {
            Some(total) if total != part.length => {
                Err(BackendError::unclear(Fault::Network, "the file ended before its end").into())
            }
            _ => Ok(()),
        }
    }

    /// Puts on the disk what came, and then how much that is.
    async fn note(&self, wanted: &Wanted, part: &mut PartFile) -> Result<(), SupportError> {
        part.write().await?;
        if part.length > 0 {
            part.sync().await?;
        }
        part.noted_at = Instant::now();
        let row = FileRow {
            name: wanted.part(),
            size: part.total.unwrap_or(0),
            here: part.length,
            validator: part.validator.clone(),
            ..self.row(wanted, FileState::Begun, 0)
        };
        self.keep(wanted, row).await
    }

    fn row(&self, wanted: &Wanted, state: FileState, size: u64) -> FileRow {
        FileRow {
            id: wanted.id.clone(),
            name: wanted.name.clone(),
            state,
            size,
            here: 0,
            used_at: self.clock.now(),
            validator: None,
        }
    }

    /// All of it is here: it gets its name and its row.
    async fn finish(&self, wanted: &Wanted, mut part: PartFile) -> Result<PathBuf, SupportError> {
        part.sync().await?;
        self.keep(wanted, self.row(wanted, FileState::Whole, part.length)).await?;
        let (folder, name) = (self.folder.clone(), wanted.name.clone());
        let path = blocking(move || {
            folder.sync();
            Ok(folder.path(&name))
        })
        .await?;
        if let Err(error) = self.trim(self.limits.max_cache_bytes).await {
            tracing::debug!(%error, "no room was made");
        }
        Ok(path)
    }
}

/// Why a transfer did not come to its end.
enum Stop {
    /// The connection: it may be taken up again.
    Broken(BackendError),
    /// For good; what was here before stays.
    Failed(SupportError),
    /// For good, and what came is not the file.
    Bogus(SupportError),
}

impl From<BackendError> for Stop {
    fn from(error: BackendError) -> Self {
        match error.fault {
            Fault::Network | Fault::Interrupted | Fault::Desk => Self::Broken(error),
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<SupportError> for Stop {
    fn from(error: SupportError) -> Self {
        Self::Failed(error)
    }
}

/// What is offered is not the file. Something on the way speaks for itself, most likely: trying again on another
/// network may help, trying again at once does not.
fn no_file(what: &str) -> SupportError {
    tracing::debug!(what, "not the file");
    SupportError::Offline
}

/// Whether this can be the file at all.
fn check(wanted: &Wanted, head: &FileHead) -> Result<(), SupportError> {
    let html = head.media_type.as_deref().is_some_and(|media_type| media_type.starts_with(sniff::HTML));
    if html && wanted.never_html {
        return Err(no_file("a page where a picture was due"));
    }
    match (wanted.size, head.total) {
        (Some(size), Some(total)) if size != total => Err(no_file("another length than it was to have")),
        _ => Ok(()),
    }
}

/// What its reader is told of a file that is not there, or not any more.
fn deleted() -> SupportError {
    SupportError::NotFound { what: "file" }
}

/// Whether a message of a conversation that the desk has names the attachment.
fn is_wanted(connection: &Connection, attachment: &AttachmentId) -> Result<bool, StoreError> {
    let Some((conversation, _)) = MessageRow::attachment(connection, attachment)? else { return Ok(false) };
    let row = ConversationRow::find(connection, &conversation)?;
    Ok(row.is_some_and(|row| row.status != ConversationStatus::Gone))
}

fn tell(line: &Line, part: &PartFile) {
    let progress = DownloadProgress { received: part.length, total: part.total };
    line.send_replace(State::Going(progress));
}
