//! The desk's word on a message's files, held against what is known of them here.

use crate::{
    backend::DeskMessage,
    file_name::{essence, safe},
    model::{Attachment, AttachmentId, AttachmentKind, MessageId},
};

/// Whether these can be the files that were sent: as many, of the same sizes, and of the same names as far as desks
/// leave names alone. Their order is the desk's.
pub(super) fn same(found: &[Attachment], sent: &[Attachment]) -> bool {
    let mut left: Vec<&Attachment> = sent.iter().collect();
    found.len() == sent.len()
        && found.iter().all(|file| {
            let at = left.iter().position(|other| is_one(file, other));
            at.map(|at| left.swap_remove(at)).is_some()
        })
}

fn is_one(a: &Attachment, b: &Attachment) -> bool {
    let sizes = a.size.zip(b.size).is_none_or(|(a, b)| a == b);
    sizes && essence(&a.name).eq(essence(&b.name))
}

/// The files that a message has: one that is deleted has none, whatever the desk still says of them.
pub(super) fn told(message: &DeskMessage) -> &[Attachment] {
    if message.deleted { &[] } else { &message.attachments }
}

/// The desk's files with the ids that they have here: one that was known keeps its own, whatever its place, for a
/// copy on this phone is found by it; a new one gets the next.
pub(super) fn aligned(message: &MessageId, known: &[Attachment], told: &[Attachment]) -> Vec<Attachment> {
    let mut left: Vec<&Attachment> = known.iter().collect();
    let mut number = known.iter().map(|file| file.id.number()).max().unwrap_or(0);
    let mut aligned = Vec::with_capacity(told.len());
    for file in told {
        let by_address = |other: &&Attachment| file.url.is_some() && file.url == other.url;
        let at = left.iter().position(by_address).or_else(|| {
            // What has an address of its own is told by it, unless the desk has only now given it one.
            left.iter().position(|other| (other.url.is_none() || file.url.is_none()) && is_one(file, other))
        });
        let known = at.map(|at| left.remove(at));
        let id = match known {
            Some(known) => known.id.clone(),
            None => {
                number = number.saturating_add(1);
                AttachmentId::of(message, number)
            }
        };
        let mut told = file.clone();
        // Titles of other things are no names of files.
        if matches!(
            told.kind,
            AttachmentKind::Image | AttachmentKind::Audio | AttachmentKind::Video | AttachmentKind::File
        ) {
            told.name = safe(&told.name, "file");
        }
        // A desk that has no word for a type calls it a file; what it was sent as it stays.
        if let (AttachmentKind::File, Some(known)) = (told.kind, known) {
            told.kind = known.kind;
        }
        aligned.push(Attachment {
            id,
            // What was read from the file here stays where the desk has nothing to say.
            size: told.size.or_else(|| known.and_then(|known| known.size)),
            width: told.width.or_else(|| known.and_then(|known| known.width)),
            height: told.height.or_else(|| known.and_then(|known| known.height)),
            media_type: told.media_type.or_else(|| known.and_then(|known| known.media_type.clone())),
            ..told
        });
    }
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: Option<u64>, url: Option<&str>) -> Attachment {
        Attachment { size, url: url.map(str::to_owned), ..Attachment::new(AttachmentKind::File, name) }
    }

    fn ids(list: &[Attachment]) -> Vec<&str> {
        list.iter().map(|file| file.id.as_str()).collect()
    }

    #[test]
    fn files_are_the_same_by_number_sizes_and_what_desks_leave_of_names() {
        let sent = [file("My photo.jpg", Some(10), None), file("b.pdf", Some(20), None)];
        let told = |list: &[(&str, Option<u64>)]| {
            let list: Vec<_> = list.iter().map(|(name, size)| file(name, *size, Some("https://d/x"))).collect();
            same(&list, &sent)
        };
        assert!(told(&[("b.pdf", Some(20)), ("my_photo.JPG", Some(10))]));
        assert!(told(&[("b.pdf", None), ("My photo.jpg", None)]));
        assert!(!told(&[("b.pdf", Some(20))]));
        assert!(!told(&[("b.pdf", Some(20)), ("My photo.jpg", Some(11))]));
        assert!(!told(&[("b.pdf", Some(20)), ("b.pdf", Some(20))]));
        assert!(same(&[], &[]) && !same(&[], &sent));
    }

    #[test]
    fn file_that_the_desk_has_no_word_for_stays_what_it_was_sent_as() {
        let message = MessageId::new("m");
        let sent =
            Attachment { media_type: Some("video/3gpp".into()), ..Attachment::new(AttachmentKind::Video, "a.3gp") };
        let sent = aligned(&message, &[], &[sent]);
        let told = |kind| Attachment { url: Some("https://d/1".into()), ..Attachment::new(kind, "a.3gp") };
        let bound = aligned(&message, &sent, &[told(AttachmentKind::File)]);
        assert_eq!((bound[0].kind, bound[0].media_type.as_deref()), (AttachmentKind::Video, Some("video/3gpp")));
        assert_eq!(aligned(&message, &bound, &[told(AttachmentKind::File)])[0].kind, AttachmentKind::Video);
        assert_eq!(aligned(&message, &bound, &[told(AttachmentKind::Audio)])[0].kind, AttachmentKind::Audio);
        assert_eq!(aligned(&message, &[], &[told(AttachmentKind::File)])[0].kind, AttachmentKind::File);
    }

    #[test]
    fn known_files_keep_their_ids_in_any_order_and_new_ones_get_the_next() {
        let message = MessageId::new("m");
        let sent = aligned(&message, &[], &[file("a", Some(1), None), file("b", Some(2), None)]);
        assert_eq!(ids(&sent), ["m.1", "m.2"]);
        let told = [file("b", Some(2), Some("https://d/2")), file("a", Some(1), Some("https://d/1"))];
        let bound = aligned(&message, &sent, &told);
        assert_eq!(ids(&bound), ["m.2", "m.1"]);
        // The first goes and another comes: no id is given out again, and none moves.
        let told = [file("a", Some(1), Some("https://d/1")), file("a", Some(1), Some("https://d/3"))];
        assert_eq!(ids(&aligned(&message, &bound, &told)), ["m.1", "m.3"]);
        assert_eq!(aligned(&message, &bound, &bound), bound);
    }
}
