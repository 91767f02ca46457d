use super::*;
use crate::testing::message;

fn at(millis: i64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(millis))
}

#[test]
fn newer_word_is_taken_and_what_only_grows_from_any() {
    let event = |updated_at| DeskMessage { updated_at, ..message(1) };
    let creation = |updated_at| DeskMessage { is_creation: true, ..event(updated_at) };
    let deletion = |updated_at| DeskMessage { deleted: true, ..event(updated_at) };
    let page = || event(None);
    let kept = |updated_at, deleted| Kept { updated_at, deleted };
    let table = [
        ("first event after a page", kept(None, false), event(at(5)), Take::All),
        ("older event", kept(at(6), false), event(at(5)), Take::Growth),
        ("same event again", kept(at(5), false), event(at(5)), Take::All),
        ("newer event", kept(at(4), false), event(at(5)), Take::All),
        ("event without a time", kept(at(4), false), event(None), Take::All),
        ("creation after a page", kept(None, false), creation(at(5)), Take::Growth),
        ("creation after a change", kept(at(6), false), creation(at(5)), Take::Growth),
        ("creation without a time", kept(at(6), false), creation(None), Take::Growth),
        ("page", kept(at(6), false), page(), Take::All),
        ("deletion", kept(at(4), false), deletion(at(5)), Take::All),
        ("deletion that is overtaken by an edit", kept(at(6), false), deletion(at(5)), Take::All),
        ("deletion in a page", kept(at(6), false), deletion(None), Take::All),
        ("creation after the deletion", kept(at(6), true), creation(at(5)), Take::Growth),
        ("edit after the deletion", kept(at(6), true), event(at(7)), Take::Growth),
        ("older page after the deletion", kept(at(6), true), page(), Take::Growth),
        ("deletion again", kept(at(6), true), deletion(at(6)), Take::All),
        ("older notice of the deletion", kept(at(6), true), deletion(at(5)), Take::Growth),
    ];
    for (case, kept, told, expected) in table {
        assert_eq!(take(kept, &told), expected, "{case}");
    }
}

#[test]
fn receipt_never_goes_back() {
    use Delivery::{Delivered, Queued, Read, Sent};
    let table = [
        (None, Some(Receipt::Read), None),
        (Some(Queued), Some(Receipt::Sent), Some(Sent)),
        (Some(Sent), None, Some(Sent)),
        (Some(Sent), Some(Receipt::Read), Some(Read)),
        (Some(Delivered), Some(Receipt::Sent), Some(Delivered)),
        (Some(Read), Some(Receipt::Sent), Some(Read)),
        (Some(Read), Some(Receipt::Delivered), Some(Read)),
        (Some(Read), None, Some(Read)),
    ];
    for (kept, told, expected) in table {
        assert_eq!(receipt(kept.as_ref(), told), expected, "{kept:?} {told:?}");
    }
}
