//! A message with files on its way out: `multipart/form-data`, streamed from the disk.
//!
//! The body is made piece by piece: heads of parts from memory, files in chunks that are read when the network wants
//! the next one. Before the last piece, the closing boundary, the [`Departure`] is asked; without it the body is
//! shorter than its `Content-Length`, which no server acts on. So whatever goes wrong before has certainly not
//! happened.
//!
//! No time-out stands over the whole. What is watched is whether chunks keep leaving.

use std::{
    fs, io,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use http::{
    Method,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE},
};
use tokio::time::Instant;

use super::{
    Chatwoot,
    calls::Reach,
    http::{Reply, Root},
    mapping,
    refusals::Verdict,
    senseless,
    transport::{self, Body},
    wire,
};
use crate::{
    DeskConversationId,
    backend::{BackendError, Departure, DeskMessage, Fault, Happened, OutgoingFile, OutgoingMessage, Session},
    clock::digest,
};

const LABEL: &str = "POST message with files";

/// How much of a file is read at once. More would be held for nothing, less would read more often than needed.
const CHUNK: u64 = 128 << 10;

/// A piece of the body.
enum Piece {
    Text(Bytes),
    /// A file's number, the file, and how much of it is still to come.
    File(usize, fs::File, u64),
    /// The last piece, which leaves only if it may.
    Last(Bytes),
}

/// What the body tells of itself while the request runs.
struct Watch {
    departure: Arc<dyn Departure>,
    /// When a piece left last.
    moved: Mutex<Instant>,
    /// The last bytes wait for the phone's own disk, which is not the network's stalling.
    committing: AtomicBool,
    committed: AtomicBool,
    /// Why the body ended early: ours to say, for what the network makes of it is a broken request.
    failure: Mutex<Option<BackendError>>,
}

impl Watch {
    fn fail(&self, error: BackendError) -> io::Error {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::ErrorKind::Other.into()
    }

    fn failure(&self) -> Option<BackendError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_committed(&self) -> bool {
        self.committed.load(Ordering::SeqCst)
    }

    fn moved(&self) -> Instant {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moves(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// What has not wholly left did not happen.
    fn judge(&self, error: BackendError) -> BackendError {
        if self.is_committed() { error } else { BackendError { happened: Happened::No, ..error } }
    }
}

impl Chatwoot {
    pub(super) async fn upload(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        message: &OutgoingMessage,
        files: &[OutgoingFile],
        departure: Arc<dyn Departure>,
    ) -> Result<DeskMessage, BackendError> {
        let id = conversation.get().to_string();
        let path = ["contacts", session.key.expose(), "conversations", &id, "messages"].map(str::to_owned);
        let url = self.http.below(Root::Inbox, LABEL, &path)?;
        let boundary = format!("shopbell-{}", digest(&[&message.echo]));
        let opened = open(files.to_vec()).await?;
        let (pieces, length) = pieces(&boundary, message, files, opened);
        let watch = Arc::new(Watch {
            departure,
            moved: Mutex::new(Instant::now()),
            committing: AtomicBool::new(false),
            committed: AtomicBool::new(false),
            failure: Mutex::new(None),
        });
        let request = self
            .http
            .transport
            .request(Method::POST, &url)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header(CONTENT_LENGTH, length)
            .body(body(pieces, Arc::clone(&watch)));
        let reply = self.watched(request, &watch).await.map_err(|error| watch.judge(error))?;
        let told = match self.http.judge(reply) {
            Verdict::Fine(reply) => {
                let sent = reply.object().map(|wire: wire::Message| {
                    self.owners.saw_messages(session, std::slice::from_ref(&wire));
                    mapping::message(wire, Some(conversation), self.clock.now())
                });
                sent.and_then(|sent| sent.ok_or_else(|| senseless(&reply)))
            }
            Verdict::Missing => Err(self.missing(LABEL, Reach::Conversation(session)).await),
            Verdict::Failed(error) | Verdict::Fault(error) => Err(error),
        };
        told.map_err(|error| watch.judge(error))
    }

    /// Sends, as long as something moves, and reads the answer.
    async fn watched(&self, request: http::Result<http::Request<Body>>, watch: &Watch) -> Result<Reply, BackendError> {
        let mut sending = pin!(self.http.transport.send(LABEL, request));
        let (stall, answer) = (self.http.stall_timeout, self.http.files_answer);
        let response = loop {
            if let Ok(response) = tokio::time::timeout(stall.min(answer), &mut sending).await {
                break response;
            }
            let patience = if watch.is_committed() { answer } else { stall };
            if !watch.committing.load(Ordering::SeqCst) && watch.moved().elapsed() >= patience {
                let detail = format!("{LABEL}: nothing moved for {} s", patience.as_secs());
                return Err(BackendError::unclear(interruption(watch), detail));
            }
        };
        let response = response.map_err(|error| match (watch.failure(), error) {
            (Some(failure), _) => failure,
            (None, lost) if lost.happened == Happened::Maybe => BackendError { fault: interruption(watch), ..lost },
            (None, lost) => lost,
        })?;
        let reading = tokio::time::timeout(self.http.request_timeout, self.http.read(LABEL, response)).await;
        reading.unwrap_or_else(|_| Err(BackendError::unclear(Fault::Network, format!("{LABEL}: half an answer"))))
    }
}

/// What a break is: of a body that never left, or of the answer to one that has.
fn interruption(watch: &Watch) -> Fault {
    if watch.is_committed() { Fault::Network } else { Fault::Interrupted }
}

/// Opens the files, each as long as it should be.
async fn open(files: Vec<OutgoingFile>) -> Result<Vec<fs::File>, BackendError> {
    let gone = || BackendError::refused(Fault::FileGone, format!("{LABEL}: a file is not as it was"));
    let opening = tokio::task::spawn_blocking(move || {
        let open = |file: &OutgoingFile| {
            let opened = fs::File::open(&file.path).ok()?;
            (opened.metadata().ok()?.len() == file.size).then_some(opened)
        };
        files.iter().map(open).collect::<Option<Vec<_>>>()
    });
    opening.await.ok().flatten().ok_or_else(gone)
}

/// The pieces of the body, the last one first, and how long they are together.
fn pieces(
    boundary: &str,
    message: &OutgoingMessage,
    files: &[OutgoingFile],
    opened: Vec<fs::File>,
) -> (Vec<Piece>, u64) {
    let mut fields = vec![("echo_id", message.echo.as_str())];
    if !message.text.is_empty() {
        fields.insert(0, ("content", &message.text));
    }
    let mut head = String::new();
    for (name, value) in fields {
        head.push_str(&format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    let mut pieces = Vec::new();
    let mut length = 0_u64;
    for (number, (file, opened)) in files.iter().zip(opened).enumerate() {
        head.push_str(&format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"attachments[]\"; filename=\"{}\"\r\n\
             content-type: {}\r\n\r\n",
            in_header(&file.name),
            in_header(&file.media_type)
        ));
        length = length.saturating_add(head.len().try_into().unwrap_or(u64::MAX)).saturating_add(file.size);
        pieces.push(Piece::Text(std::mem::take(&mut head).into()));
        pieces.push(Piece::File(number, opened, file.size));
        head.push_str("\r\n");
    }
    // The last boundary takes the line end before it along: no piece of it may leave early.
    head.push_str(&format!("--{boundary}--\r\n"));
    length = length.saturating_add(head.len().try_into().unwrap_or(u64::MAX));
    pieces.push(Piece::Last(head.into()));
    pieces.reverse();
    (pieces, length)
}

/// What would end the quotes or the line is left out, whoever made the name.
fn in_header(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect()
}

fn body(pieces: Vec<Piece>, watch: Arc<Watch>) -> Body {
    transport::pieces(stream::try_unfold((pieces, watch), |(mut pieces, watch)| async move {
        let Some(piece) = pieces.pop() else { return Ok(None) };
        let bytes = match piece {
            Piece::Text(bytes) => bytes,
            Piece::File(number, file, left) => {
                let (file, bytes) = read(file, left.min(CHUNK)).await.map_err(|()| watch.fail(shrunk()))?;
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                if left > size {
                    pieces.push(Piece::File(number, file, left - size));
                }
                watch.departure.left(number, size);
                bytes
            }
            Piece::Last(bytes) => {
                watch.committing.store(true, Ordering::SeqCst);
                if !watch.departure.commit().await {
                    let detail = format!("{LABEL}: given up before it had left");
                    return Err(watch.fail(BackendError::refused(Fault::Withdrawn, detail)));
                }
                watch.committed.store(true, Ordering::SeqCst);
                bytes
            }
        };
        watch.moves();
        watch.committing.store(false, Ordering::SeqCst);
        Ok::<_, io::Error>(Some((bytes, (pieces, watch))))
    }))
}

fn shrunk() -> BackendError {
    BackendError::refused(Fault::FileGone, format!("{LABEL}: a file ends before its end"))
}

/// The next bytes of a file, as many as asked for.
async fn read(file: fs::File, want: u64) -> Result<(fs::File, Bytes), ()> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::with_capacity(usize::try_from(want).unwrap_or_default());
        io::Read::read_to_end(&mut io::Read::take(&file, want), &mut bytes).ok()?;
        (u64::try_from(bytes.len()) == Ok(want)).then(|| (file, Bytes::from(bytes)))
    });
    reading.await.ok().flatten().ok_or(())
}
