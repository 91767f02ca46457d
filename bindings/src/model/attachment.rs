//! Files.

use std::fmt;

use super::{long, number};

/// A file or a place that came with a message.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct Attachment {
    /// Its id on this phone; never changes.
    pub id: String,
    /// What sort of thing it is.
    pub kind: AttachmentKind,
    /// Its file name, or its title.
    pub name: String,
    /// Its size in bytes, where the desk says it.
    pub size: Option<i64>,
    /// Its media type, where the desk says it.
    pub media_type: Option<String>,
    /// Where it is: `http` or `https` only. To show it, download it: that works offline the second time.
    pub url: Option<String>,
    /// A small picture of it.
    pub thumbnail_url: Option<String>,
    /// Width in pixels, of pictures and videos.
    pub width: Option<i32>,
    /// Height in pixels, of pictures and videos.
    pub height: Option<i32>,
    /// What is said in it, for audio, where the desk writes it down.
    pub transcript: Option<String>,
    /// How long it lasts in milliseconds, of sounds and films, where the desk says it.
    pub duration_millis: Option<i64>,
    /// Where it is, of places.
    pub coordinates: Option<Coordinates>,
    /// The telephone number, of contacts; `name` is then whose it is.
    pub phone: Option<String>,
    /// How far it has come on its way to the desk.
    pub transfer: Transfer,
}

/// What sort of thing an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
    /// A place on the map; `url` leads there.
    Location,
    /// A person's card.
    Contact,
    /// Something else, with a link.
    Link,
}

/// A place on the map.
#[derive(Clone, Copy, PartialEq, uniffi::Record)]
pub struct Coordinates {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
}

/// Where an attachment stands on its way to the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Transfer {
    /// Kept on this phone; waits for its turn or for the network.
    Queued,
    /// Its turn has come: the desk is being reached.
    Preparing,
    /// Its bytes are on their way.
    Uploading {
        /// How many have left.
        sent: i64,
        /// How many there are.
        total: i64,
    },
    /// All bytes have left; the desk has not said yet that it has them.
    Processing,
    /// The desk has it, whoever sent it.
    Sent,
    /// The message waits for the customer: its delivery says why.
    NeedsAttention,
}

/// A file to be sent with a message. It is copied while the message is taken, so that the app may change or delete its
/// own afterwards.
///
/// What a file is, is told by its content, whatever it is called; the app may state a type that says more. A recording of
/// sound alone is sound, in an MP4, 3GP, QuickTime or WebM file, too.
///
/// The place where a photo or film was taken is removed from the copy, unless `keep_location` is set: its coordinates and
/// the names of places. Pixels, samples and all else stay. Cleaned are JPEG, PNG, WebP, GIF, TIFF, DNG, HEIC, HEIF, AVIF,
/// SVG and the film of a motion photo; MP4, QuickTime, 3GPP, M4A, Matroska and WebM.
///
/// A message is refused (`LocationNotRemovable`) with a photo or film of another format (AVI, MPEG, WMV, FLV, JPEG XL,
/// JPEG 2000, PSD, a camera's raw file), with a file that only its name calls a photo or film, and with one of the formats
/// above whose structure is broken, compressed or not understood; the limits' `allow_unremovable_location` sends it, with
/// as much removed as can be. BMP, documents, archives, texts and other sounds are sent as they are: photos inside
/// documents and archives are not looked at.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewAttachment {
    /// Where it is.
    pub path: String,
    /// Calls it this, and not as the file is called.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// Sends the place where a photo or film was taken along with it: the file is sent as it is, whatever its format.
    #[uniffi(default = false)]
    pub keep_location: bool,
    /// The app promises not to write to the file any more: it need not be copied then, where a link can be made and no
    /// location has to be removed.
    #[uniffi(default = false)]
    pub given_away: bool,
    /// States its media type, as `text/calendar`, where the app knows it better than its content says: by it, it is
    /// judged whether the file may be sent, and it is sent and shown as what it says. What is no type, or of another kind
    /// than the content, is not used.
    #[uniffi(default = None)]
    pub media_type: Option<String>,
}

/// How much of a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DownloadProgress {
    /// Bytes that are here.
    pub received: i64,
    /// Bytes that there are, where the desk says it.
    pub total: Option<i64>,
}

/// How much room files take on this phone, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SizeOnDisk {
    /// What can be fetched again.
    pub fetched: i64,
    /// What is still to be sent: it stays until it is, or is discarded.
    pub unsent: i64,
}

impl From<shopbell::Attachment> for Attachment {
    fn from(attachment: shopbell::Attachment) -> Self {
        Self {
            id: attachment.id.as_str().to_owned(),
            kind: attachment.kind.into(),
            name: attachment.name,
            size: attachment.size.map(long),
            media_type: attachment.media_type,
            url: attachment.url,
            thumbnail_url: attachment.thumbnail_url,
            width: attachment.width.map(number),
            height: attachment.height.map(number),
            transcript: attachment.transcript,
            duration_millis: attachment.duration_ms.map(long),
            coordinates: attachment.coordinates.map(Into::into),
            phone: attachment.phone,
            transfer: attachment.transfer.into(),
        }
    }
}

impl From<shopbell::AttachmentKind> for AttachmentKind {
    fn from(kind: shopbell::AttachmentKind) -> Self {
        use shopbell::AttachmentKind as Core;
        match kind {
            Core::Image => Self::Image,
            Core::Audio => Self::Audio,
            Core::Video => Self::Video,
            Core::File => Self::File,
            Core::Location => Self::Location,
            Core::Contact => Self::Contact,
            _ => Self::Link,
        }
    }
}

impl From<shopbell::Coordinates> for Coordinates {
    fn from(place: shopbell::Coordinates) -> Self {
        Self { latitude: place.latitude, longitude: place.longitude }
    }
}

impl From<shopbell::Transfer> for Transfer {
    fn from(transfer: shopbell::Transfer) -> Self {
        use shopbell::Transfer as Core;
        match transfer {
            Core::Queued => Self::Queued,
            Core::Preparing => Self::Preparing,
            Core::Uploading { sent, total } => Self::Uploading { sent: long(sent), total: long(total) },
            Core::Sent => Self::Sent,
            Core::NeedsAttention => Self::NeedsAttention,
            // `Processing`, and what the core may learn of: it is under way.
            _ => Self::Processing,
        }
    }
}

impl From<NewAttachment> for shopbell::NewAttachment {
    fn from(attachment: NewAttachment) -> Self {
        let mut core = Self::path(attachment.path);
        if let Some(name) = attachment.name {
            core = core.named(name);
        }
        if attachment.keep_location {
            core = core.keep_location();
        }
        if attachment.given_away {
            core = core.given_away();
        }
        if let Some(media_type) = attachment.media_type {
            core = core.typed(media_type);
        }
        core
    }
}

impl From<shopbell::DownloadProgress> for DownloadProgress {
    fn from(progress: shopbell::DownloadProgress) -> Self {
        Self { received: long(progress.received), total: progress.total.map(long) }
    }
}

impl From<shopbell::SizeOnDisk> for SizeOnDisk {
    fn from(size: shopbell::SizeOnDisk) -> Self {
        Self { fetched: long(size.fetched), unsent: long(size.unsent) }
    }
}

// Names of files and places are what people wrote and where they are.

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({:?}, {:?} bytes)", self.kind, self.size)
    }
}

impl fmt::Debug for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Coordinates")
    }
}

impl fmt::Debug for NewAttachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewAttachment")
    }
}
