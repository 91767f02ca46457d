//! Files at the port: on their way to the desk, and on their way from it.

use std::{fmt, path::PathBuf, pin::Pin};

use bytes::Bytes;

use super::BackendFuture;

/// A file on its way to the desk.
#[derive(Clone)]
pub struct OutgoingFile {
    /// What the desk shall call it. Safe in a header: no control, no quote, no backslash.
    pub name: String,
    /// What it is, by its content.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Where it is on this phone. It does not change while it is sent.
    pub path: PathBuf,
}

impl fmt::Debug for OutgoingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutgoingFile({}, {} bytes)", self.media_type, self.size)
    }
}

/// Watches a message with files leave, and has the last word on whether it does.
///
/// An adapter tells it of every part of a file that it hands to the network. **Before it hands over the last part of
/// the request**, without which the desk can't act on any of it, it awaits [`commit`](Self::commit): only then is kept
/// that the desk may have the message. What breaks before has certainly not happened, and may be withdrawn.
pub trait Departure: Send + Sync {
    /// So many more bytes of the file with this number (from 0, in their order) have left. Cheap; called often.
    fn left(&self, file: usize, bytes: u64);

    /// Whether the rest may leave. With `false`, give the request up: the customer has changed their mind.
    fn commit(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
}

/// Where a download that broke off goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// How many bytes are here.
    pub from: u64,
    /// Which version of the file they are of: from an earlier [`FileHead`].
    pub validator: String,
}

/// What the desk says of a file before its bytes come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileHead {
    /// Where the bytes that follow begin: 0, or what [`Resume`] asked for. Never anything between.
    pub from: u64,
    /// The whole file's length, where it is told. An adapter that can't know the end of the bytes for certain must
    /// fail rather than leave this out.
    pub total: Option<u64>,
    /// Which version it is, where a download can be resumed.
    pub validator: Option<String>,
    /// What the desk says that it is.
    pub media_type: Option<String>,
}

/// A file as it comes. Dropping it ends the transfer.
pub trait IncomingFile: Send {
    /// What was said of it.
    fn head(&self) -> &FileHead;

    /// The next bytes; `None` at the end, which is reached only where everything came.
    fn next(&mut self) -> BackendFuture<'_, Option<Bytes>>;
}
