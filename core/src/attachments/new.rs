//! What an app hands over to be sent.

use std::path::PathBuf;

/// A message to be sent: words, files, or both.
///
/// ```
/// use shopbell::{NewAttachment, NewMessage};
/// let message = NewMessage::text("It arrived torn:")
///     .attach(NewAttachment::path("/photos/parcel.jpg"))
///     .attach(NewAttachment::bytes("note.txt", "Order 1207"));
/// assert_eq!(message.attachments.len(), 2);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct NewMessage {
    /// The words; may be empty where there is a file.
    pub text: String,
    /// The files, in the order in which they are shown.
    pub attachments: Vec<NewAttachment>,
}

impl NewMessage {
    /// With these words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), attachments: Vec::new() }
    }

    /// And with this file.
    #[must_use]
    pub fn attach(mut self, attachment: NewAttachment) -> Self {
        self.attachments.push(attachment);
        self
    }
}

impl std::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewMessage({} bytes, {} attachments)", self.text.len(), self.attachments.len())
    }
}

/// A file to be sent with a message.
///
/// It is copied into the client's own folder while [`send_message`](crate::Conversation::send_message) runs, so the app
/// may change or delete its own as soon as that has returned. Where the file system can share the bytes of two files
/// until one is written to (APFS, Btrfs, XFS), that takes no time and no room. A hard link would on others, but writing
/// to the app's file afterwards would change what is sent: so that is done only with a file that is
/// [given away](Self::given_away).
///
/// # Type
/// What a file is, is told by its content, whatever it is called: a recording of sound alone is sound in an MP4, 3GP,
/// QuickTime or WebM file, too. The app may [state](Self::typed) a type that says more.
///
/// # Location
/// The place where a photo or film was taken is removed from the copy, unless [`keep_location`](Self::keep_location) is
/// asked for: its coordinates and the names of places, wherever the format holds them. Pixels and samples stay as they
/// are, and so does what says nothing of the place: the camera, the time, how a photo is to be turned.
///
/// | file | what happens |
/// | --- | --- |
/// | JPEG, PNG, WebP, GIF, TIFF, DNG, HEIC, HEIF, AVIF, SVG; the film of a motion photo | it is cleaned |
/// | MP4, QuickTime, 3GPP, M4A, Matroska, WebM | it is cleaned |
/// | another photo or film: AVI, MPEG, WMV, FLV, JPEG XL, JPEG 2000, PSD, a camera's raw file, or a file that only its name calls a photo or film | the message is refused |
/// | one of the formats that are cleaned whose structure is broken, compressed or not understood | the message is refused |
/// | BMP, which holds no place; documents, archives, texts and other sounds | it is sent as it is |
///
/// Refused is [`SupportError::LocationNotRemovable`](crate::SupportError::LocationNotRemovable). With
/// [`Limits::allow_unremovable_location`](crate::Limits::allow_unremovable_location) such a file is sent, with as much
/// removed as can be. Photos inside documents and archives are not looked at.
#[derive(Clone)]
pub struct NewAttachment {
    pub(super) source: Source,
    name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) keep_location: bool,
    pub(super) given_away: bool,
}

/// Where the bytes are.
#[derive(Clone)]
pub(super) enum Source {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

impl NewAttachment {
    /// The file at this place; links are followed. Its name is the attachment's, unless [`named`](Self::named)
    /// otherwise.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::Path(path.into()), None)
    }

    /// These bytes under this name. For what is large, a path takes less memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Source::Bytes(bytes.into()), Some(name.into()))
    }

    fn of(source: Source, name: Option<String>) -> Self {
        Self { source, name, media_type: None, keep_location: false, given_away: false }
    }

    /// Calls it this. Whatever does harm in a name is taken out of it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// States its media type, as `text/calendar`, where the app knows it better than its content says. By that type it is
    /// judged whether the file may be sent ([`Limits::attachment_types`](crate::Limits::attachment_types)), and it is
    /// sent and shown as what it says. Without it the content decides, and the name where it tells more.
    ///
    /// Parameters, as in `audio/webm; codecs=opus`, are left out. A type of another kind than the content (a document
    /// that is stated to be a picture, a film that is stated to be sound) is not used, nor is what is no type; a warning
    /// is logged then.
    ///
    /// ```
    /// # use shopbell::NewAttachment;
    /// let invitation = NewAttachment::path("/cache/3f1c").named("pickup.ics").typed("text/calendar");
    /// ```
    #[must_use]
    pub fn typed(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Sends the place where a photo or film was taken along with it: the file is sent as it is, whatever its format.
    #[must_use]
    pub fn keep_location(mut self) -> Self {
        self.keep_location = true;
        self
    }

    /// The app promises not to write to the file any more (one that it made for this, in its cache, say): it need not
    /// be copied then, where a link can be made and no location has to be removed. It stays where it is, and deleting it
    /// does no harm.
    #[must_use]
    pub fn given_away(mut self) -> Self {
        self.given_away = true;
        self
    }

    /// What it is called, before anything is taken out of it.
    pub(super) fn wanted_name(&self) -> String {
        match (&self.name, &self.source) {
            (Some(name), _) => name.clone(),
            (None, Source::Path(path)) => {
                path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
            (None, Source::Bytes(_)) => String::new(),
        }
    }
}

impl std::fmt::Debug for NewAttachment {
    // Names and places are somebody's own business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.source {
            Source::Path(_) => "NewAttachment(a path)",
            Source::Bytes(_) => "NewAttachment(bytes)",
        })
    }
}
