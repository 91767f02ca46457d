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
    fn other_signs_are_words() {
        for text in ["@Linh, thank you", "mail me @ home\n", "a@/b", "@", "\n\nwords\n"] {
            assert_eq!(attached(text), (text.to_owned(), Vec::new()));
        }
    }
}
