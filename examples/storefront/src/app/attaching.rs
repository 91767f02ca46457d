//! Files: attached by their paths among the words, and listed to be saved.

use std::path::PathBuf;

use shopbell::{Attachment, AttachmentId, AttachmentKind, Message, Transfer};

/// What a line begins with that names a file: `@/photos/parcel.jpg`. A file that is dragged into a terminal is pasted
/// as its path.
const SIGN: char = '@';

/// The words, and the files that lines of their own among them name. A path may be quoted, as terminals paste it.
pub(crate) fn attached(text: &str) -> (String, Vec<PathBuf>) {
    let mut words = Vec::new();
    let mut files = Vec::new();
    for line in text.lines() {
        match path(line) {
            Some(path) => files.push(path),
            None => words.push(line),
        }
    }
    // Without a file nothing is touched, empty lines included.
    if files.is_empty() { (text.to_owned(), files) } else { (words.join("\n").trim().to_owned(), files) }
}

fn path(line: &str) -> Option<PathBuf> {
    let named = line.trim().strip_prefix(SIGN)?.trim();
    let plain = named.trim_matches(['\'', '"']).replace("\\ ", " ");
    let path = match plain.strip_prefix("~/") {
        Some(rest) => PathBuf::from(std::env::var_os("HOME")?).join(rest),
        None => PathBuf::from(plain),
    };
    // Anything else that begins so is a word: `@Linh, thank you`.
    path.is_absolute().then_some(path)
}

/// What is wrong with the first of these files that can't be sent, in the person's words.
pub(crate) fn unreadable(files: &[PathBuf]) -> Option<String> {
    files.iter().find_map(|path| {
        let why = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => "is a folder: name a file in it",
            Ok(found) if !found.is_file() => "is not a file that can be sent",
            Ok(_) => return None,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is not there: look at its name again",
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => "may not be read by this shop",
            Err(_) => "can't be read",
        };
        Some(format!("{} {why}", path.display()))
    })
}

/// The files of a conversation that can be saved, oldest first.
pub(crate) fn files(messages: &[Message]) -> impl Iterator<Item = &Attachment> {
    messages.iter().flat_map(|message| &message.attachments).filter(|file| {
        matches!(
            file.kind,
            AttachmentKind::Image | AttachmentKind::Audio | AttachmentKind::Video | AttachmentKind::File
        )
    })
}

/// The one at this line of the list.
pub(crate) fn file_at(messages: &[Message], at: usize) -> Option<(AttachmentId, String)> {
    files(messages).nth(at).map(|file| (file.id.clone(), file.name.clone()))
}

/// Whether a message's files are still on this side, so that it can be discarded.
pub(crate) fn goes(message: &Message) -> bool {
    let here = |file: &Attachment| {
        matches!(file.transfer, Transfer::Queued | Transfer::Preparing | Transfer::Uploading { .. })
    };
    message.attachments.iter().any(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_name_files_are_files_and_the_rest_are_words() {
        let (words, files) = attached("It is torn:\n@/photos/a b.jpg\n @ '/photos/c.jpg' \n@/d\\ e.png\nSorry!");
        assert_eq!(words, "It is torn:\nSorry!");
        assert_eq!(files, ["/photos/a b.jpg", "/photos/c.jpg", "/d e.png"].map(PathBuf::from));
        assert_eq!(attached("@/only.jpg"), (String::new(), vec![PathBuf::from("/only.jpg")]));
    }

    #[test]
    fn file_that_cannot_be_sent_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "a").unwrap();
        assert_eq!(unreadable(std::slice::from_ref(&file)), None);
        let folder_told = unreadable(&[file.clone(), folder.path().to_owned()]).unwrap();
        assert_eq!(folder_told, format!("{} is a folder: name a file in it", folder.path().display()));
        let gone = unreadable(&[folder.path().join("b.txt"), file]).unwrap();
        assert!(gone.ends_with("b.txt is not there: look at its name again"), "{gone}");
        assert_eq!(unreadable(&["/dev/null".into()]).unwrap(), "/dev/null is not a file that can be sent");
    }

    #[test]
    fn other_signs_are_words() {
        for text in ["@Linh, thank you", "mail me @ home\n", "a@/b", "@", "\n\nwords\n"] {
            assert_eq!(attached(text), (text.to_owned(), Vec::new()));
        }
    }
}
