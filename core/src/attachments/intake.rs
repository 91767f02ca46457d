//! Bringing a file in: looked at, copied, rid of its location, and on the disk, before anything is queued.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::{
    folder::{Folder, storage},
    location::{self, Failure, Plan, Tracks},
    new::{NewAttachment, Source},
    picture, sniff,
    window::{Untouched, Window},
};
use crate::{
    Limits, SupportError,
    backend::Capabilities,
    error::AttachmentProblem,
    file_name::{extension, safe},
    model::{Attachment, AttachmentId, AttachmentKind, MessageId, Timestamp},
    store::{FileId, FileRow, FileState, Part},
};

/// A file that was brought in, with what its rows are to say. It belongs to nobody yet: unless it is
/// [kept](Self::kept), it goes when this does.
pub(crate) struct Taken {
    pub(crate) attachment: Attachment,
    pub(crate) row: FileRow,
    path: PathBuf,
    /// Locked: to a sweep of another process it is in good hands.
    held: Option<fs::File>,
}

impl Taken {
    /// Its row is on the disk.
    pub(crate) fn kept(mut self) {
        self.held = None;
        self.path = PathBuf::new();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What may be brought in.
pub(crate) struct Rules<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) desk: &'a Capabilities,
    pub(crate) now: Timestamp,
}

impl Rules<'_> {
    fn max_bytes(&self) -> u64 {
        self.limits.max_attachment_bytes.min(self.desk.max_attachment_bytes)
    }

    /// What can be told before any file is looked at.
    pub(crate) fn check_count(&self, count: usize) -> Result<(), SupportError> {
        if self.desk.max_attachments == 0 {
            return Err(SupportError::Unsupported { what: "take files" });
        }
        let most = self.limits.max_attachments.min(self.desk.max_attachments);
        if count > most {
            return Err(refused(most.saturating_add(1), AttachmentProblem::TooMany { most }));
        }
        Ok(())
    }

    fn check_size(&self, number: usize, size: u64) -> Result<(), SupportError> {
        if size == 0 {
            return Err(refused(number, AttachmentProblem::Empty));
        }
        let most = self.max_bytes();
        if size > most {
            return Err(refused(number, AttachmentProblem::TooLarge { size, most }));
        }
        Ok(())
    }

    fn check_type(&self, number: usize, media_type: &str) -> Result<(), SupportError> {
        let by_app = sniff::is_allowed(media_type, self.limits.attachment_types.iter().map(String::as_str));
        let by_desk = sniff::is_allowed(media_type, self.desk.attachment_types.iter().copied());
        if by_app && by_desk {
            return Ok(());
        }
        Err(refused(number, AttachmentProblem::TypeNotAllowed { media_type: media_type.to_owned() }))
    }

    /// The location can't be removed: an error, unless the app wants such files sent all the same.
    fn check_location(&self, number: usize, media_type: &str, problem: &'static str) -> Result<(), SupportError> {
        if !self.limits.allow_unremovable_location {
            return Err(SupportError::LocationNotRemovable { number, problem });
        }
        tracing::warn!(number, media_type, problem, "the location can't be removed from an attachment; it is sent");
        Ok(())
    }
}

/// What is said of a file whose format is not understood.
const NOT_UNDERSTOOD: &str = "its format is not understood";

/// Says which one it is by its number, from 1: its name may be private.
fn refused(number: usize, problem: AttachmentProblem) -> SupportError {
    SupportError::AttachmentRefused { number, problem }
}

fn unreadable(number: usize, error: &io::Error) -> SupportError {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => AttachmentProblem::Missing,
        // The kind and not the text: that of some systems names the file.
        kind => AttachmentProblem::Unreadable { detail: kind.to_string() },
    };
    refused(number, problem)
}

/// Brings the files of a message in, all or none. Blocks.
pub(crate) fn take_in(
    folder: &Folder,
    message: &MessageId,
    wanted: Vec<NewAttachment>,
    rules: &Rules<'_>,
) -> Result<Vec<Taken>, SupportError> {
    rules.check_count(wanted.len())?;
    // All are looked at before the first is copied: a film need not be copied to learn that the photo is empty.
    let looked_at = (1..).zip(&wanted).map(|(number, attachment)| look_at(number, attachment, rules));
    let looked_at = looked_at.collect::<Result<Vec<_>, _>>()?;
    folder.make()?;
    let mut taken = Vec::with_capacity(wanted.len());
    for ((number, attachment), look) in (1..).zip(wanted).zip(looked_at) {
        taken.push(bring_in(folder, AttachmentId::of(message, number), number, attachment, look, rules)?);
    }
    folder.sync();
    Ok(taken)
}

/// What was seen of a file before it was copied.
struct Look {
    /// Opened once, so that it is the one file whatever becomes of its name.
    file: Option<fs::File>,
    size: u64,
    name: String,
    /// By its content.
    format: &'static str,
    /// What it is sent as.
    media_type: String,
    /// Whether the location is to be removed.
    strips: bool,
}

fn look_at(number: usize, attachment: &NewAttachment, rules: &Rules<'_>) -> Result<Look, SupportError> {
    let (file, size, head) = match &attachment.source {
        Source::Bytes(bytes) => {
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            (None, size, bytes.get(..sniff::HEAD).unwrap_or(bytes).to_vec())
        }
        Source::Path(path) => {
            // Before it is opened: opening a pipe would wait for whoever writes to it.
            let about = fs::metadata(path).map_err(|error| unreadable(number, &error))?;
            if !about.is_file() {
                return Err(refused(number, AttachmentProblem::NotAFile));
            }
            let file = fs::File::open(path).map_err(|error| unreadable(number, &error))?;
            let size = file.metadata().map_err(|error| unreadable(number, &error))?.len();
            let mut head = Vec::new();
            let limit = u64::try_from(sniff::HEAD).unwrap_or(u64::MAX);
            (&file).take(limit).read_to_end(&mut head).map_err(|error| unreadable(number, &error))?;
            (Some(file), size, head)
        }
    };
    rules.check_size(number, size)?;
    let wanted = attachment.wanted_name();
    let format = sniff::media_type(&head, &wanted);
    let tracks = match (&attachment.source, file.as_ref()) {
        (Source::Path(_), Some(mut file)) => location::tracks(&mut Untouched(&mut file), format),
        (Source::Bytes(bytes), _) => location::tracks(&mut Untouched(&mut io::Cursor::new(bytes.as_slice())), format),
        (Source::Path(_), None) => Tracks::Unknown,
    };
    let media_type = sniff::settled(format, tracks, attachment.media_type.as_deref());
    rules.check_type(number, &media_type)?;
    let plan = if attachment.keep_location { Plan::Leave } else { location::plan(format, &wanted, &media_type) };
    if plan == Plan::NotUnderstood {
        rules.check_location(number, &media_type, NOT_UNDERSTOOD)?;
    }
    let mut name = safe(&wanted, "file");
    if extension(&name).is_empty() && name.len() < 250 {
        name.push_str(sniff::usual_extension(&media_type));
    }
    Ok(Look { file, size, name, format, media_type, strips: plan == Plan::Clean })
}

fn bring_in(
    folder: &Folder,
    id: AttachmentId,
    number: usize,
    attachment: NewAttachment,
    look: Look,
    rules: &Rules<'_>,
) -> Result<Taken, SupportError> {
    let file_id = FileId::of(&id, Part::Whole);
    let name = file_id.file_name(extension(&look.name));
    let path = folder.path(&name);
    let Look { file: source, size, name: shown, format, media_type, strips } = look;
    // One that is given away need not be copied to find nothing in it.
    let is_linked =
        attachment.given_away && source.as_ref().is_some_and(|source| !strips || location::is_clean(source, format));
    // From here on it goes with this, until it is kept.
    let mut taken = Taken {
        attachment: Attachment { id, size: Some(size), ..Attachment::new(AttachmentKind::of(&media_type), shown) },
        row: FileRow {
            id: file_id,
            name,
            state: FileState::Unsent,
            size,
            here: 0,
            used_at: rules.now,
            validator: None,
        },
        path,
        held: None,
    };
    let mut file = match (&attachment.source, source) {
        (Source::Bytes(bytes), _) => {
            let mut file = hold(&taken.path, &|| create(&taken.path)).map_err(|error| storage(&error))?;
            file.write_all(bytes).map_err(|error| storage(&error))?;
            file
        }
        (Source::Path(path), _) if is_linked && fs::hard_link(path, &taken.path).is_ok() => {
            let relink = |_| fs::hard_link(path, &taken.path).and_then(|()| reopen(&taken.path));
            hold(&taken.path, &|| reopen(&taken.path).or_else(relink)).map_err(|error| storage(&error))?
        }
        (Source::Path(path), Some(source)) => copy(number, path, &source, size, &taken.path)?,
        (Source::Path(_), None) => return Err(refused(number, AttachmentProblem::NotAFile)),
    };
    // One that its owner changed under our hands is neither the old nor the new.
    let length = file.metadata().map_err(|error| storage(&error))?.len();
    if length != size {
        return Err(refused(number, AttachmentProblem::Changed));
    }
    if strips {
        match location::strip(&mut file, format) {
            Ok(_) => {}
            Err(Failure::Io(error)) => return Err(storage(&error)),
            Err(Failure::Unremovable(problem)) => rules.check_location(number, &media_type, problem)?,
        }
    }
    let dimensions = picture::size(&mut Window::new(&mut file), format).map_err(|error| storage(&error))?;
    (taken.attachment.width, taken.attachment.height) = dimensions.unzip();
    taken.attachment.media_type = Some(media_type);
    file.sync_all().map_err(|error| storage(&error))?;
    taken.held = Some(file);
    Ok(taken)
}

fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// A link to the app's file, to be read only.
fn reopen(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).open(path).or_else(|_| fs::File::open(path))
}

/// Opens a file and locks it, so that no sweep takes it for nobody's. One that came between the two, of this process or
/// another, is waited for; what it has removed is opened anew. Where there are no locks there is no other process.
fn hold(path: &Path, open: &dyn Fn() -> io::Result<fs::File>) -> io::Result<fs::File> {
    loop {
        let file = open()?;
        let _ = file.lock();
        if path.exists() {
            return Ok(file);
        }
    }
}

/// Copies as much as the file had when it was looked at, and sees whether it has changed meanwhile.
fn copy(number: usize, from: &Path, source: &fs::File, size: u64, to: &Path) -> Result<fs::File, SupportError> {
    let state = |file: &fs::File| file.metadata().and_then(|about| Ok((about.len(), about.modified()?)));
    let before = state(source).map_err(|error| unreadable(number, &error))?;
    let file = duplicate(from, source, size, to).map_err(|error| match error.kind() {
        // Of all else that can go wrong it can't be told which side did.
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::FileTooLarge
        | io::ErrorKind::ReadOnlyFilesystem => storage(&error),
        _ => unreadable(number, &error),
    })?;
    let after = state(source).map_err(|error| unreadable(number, &error))?;
    if after != before {
        return Err(refused(number, AttachmentProblem::Changed));
    }
    Ok(file)
}

/// On Linux and Android the system copies, and shares the bytes where it can.
#[cfg(not(target_vendor = "apple"))]
fn duplicate(_from: &Path, mut source: &fs::File, size: u64, to: &Path) -> io::Result<fs::File> {
    io::Seek::rewind(&mut source)?;
    let mut file = hold(to, &|| create(to))?;
    // One byte more than there was: a file that grows must not fill the phone.
    io::copy(&mut source.take(size.saturating_add(1)), &mut file)?;
    Ok(file)
}

/// Apple's systems share the bytes of a file that is copied by its name.
#[cfg(target_vendor = "apple")]
fn duplicate(from: &Path, _source: &fs::File, _size: u64, to: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::PermissionsExt as _;
    hold(to, &|| {
        fs::copy(from, to)?;
        // It took the app's over, which may forbid writing.
        fs::set_permissions(to, fs::Permissions::from_mode(0o600))?;
        fs::OpenOptions::new().read(true).write(true).open(to)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brings a file in that had `size` bytes when it was looked at; gives what came of it, and what is left behind.
    fn bring(bytes: &[u8], size: u64) -> (Result<Vec<u8>, SupportError>, usize) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = super::super::beside(&temporary.path().join("a.db"));
        folder.make().unwrap();
        let path = temporary.path().join("app's.bin");
        fs::write(&path, bytes).unwrap();
        let file = Some(fs::File::open(&path).unwrap());
        let format = "application/octet-stream";
        let look = Look { file, size, name: "a.bin".to_owned(), format, media_type: format.to_owned(), strips: false };
        let (limits, desk) = (Limits::default(), Capabilities::default());
        let rules = Rules { limits: &limits, desk: &desk, now: Timestamp::default() };
        let attachment = NewAttachment::path(&path);
        let taken = bring_in(&folder, AttachmentId::new("m.1"), 1, attachment, look, &rules);
        let content = taken.map(|taken| fs::read(&taken.path).unwrap());
        let left = fs::read_dir(folder.path("")).unwrap().count();
        (content, left)
    }

    #[test]
    fn file_that_changes_size_after_it_was_looked_at_is_refused_and_leaves_nothing() {
        assert_eq!(bring(b"hello", 5), (Ok(b"hello".to_vec()), 0), "one that nobody kept goes again");
        for size in [4, 6, 1_000_000] {
            assert_eq!(bring(b"hello", size), (Err(refused(1, AttachmentProblem::Changed)), 0), "{size}");
        }
    }

    #[test]
    fn file_that_a_sweep_takes_for_nobodys_before_it_is_locked_is_made_again() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = super::super::beside(&temporary.path().join("a.db"));
        folder.make().unwrap();
        let path = folder.path("new");
        let opened = std::cell::Cell::new(0);
        let sweep = std::cell::Cell::new(None);
        let open = || {
            let file = create(&path)?;
            if opened.replace(opened.get() + 1) == 0 {
                let mut strangers = folder.strangers(std::iter::once("new".into()), &Default::default());
                let stranger = strangers.remove(0);
                sweep.set(Some(std::thread::spawn(move || stranger.remove())));
            }
            Ok(file)
        };
        let mut file = hold(&path, &open).unwrap();
        sweep.take().unwrap().join().unwrap();
        assert_eq!(opened.get(), 2);
        file.write_all(b"hello").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        assert!(folder.strangers(std::iter::once("new".into()), &Default::default()).is_empty(), "it is held");
    }

    #[test]
    fn file_that_disappears_after_it_was_opened_is_copied_all_the_same() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("app's.bin");
        fs::write(&path, "hello").unwrap();
        let source = fs::File::open(&path).unwrap();
        let to = temporary.path().join("copy");
        #[cfg(not(target_vendor = "apple"))]
        fs::remove_file(&path).unwrap();
        copy(1, &path, &source, 5, &to).unwrap();
        assert_eq!(fs::read(to).unwrap(), b"hello");
    }
}
