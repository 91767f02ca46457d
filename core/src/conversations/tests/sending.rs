//! What is attached arrives once, or the customer is told before anything is kept.

use std::{fs, time::Duration};

use futures_util::FutureExt as _;

use super::{Phone, open};
use crate::{
    AttentionReason, CustomerProfile, Delivery, Identity, Message, MessageId, NewAttachment, NewMessage, SizeOnDisk,
    SupportError, Transfer,
    attachments::photo_with_location,
    error::StorageProblem,
    testing::memory::{Call, MemoryDesk, Play},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x02\0\0\0\x09rest of it";

fn problem(result: Result<MessageId, SupportError>) -> String {
    match result {
        Err(SupportError::AttachmentRefused { number, problem }) => format!("number {number} {problem}"),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn files_arrive_with_their_words_though_the_app_deletes_its_own_at_once() {
    let mut phone = Phone::new().await;
    let photo = phone.file("parcel.png", PNG);
    phone.send("It came torn:", vec![photo, NewAttachment::bytes("../note", "Order 7")]).await.unwrap();
    fs::remove_file(phone.folder.path().join("parcel.png")).unwrap();
    phone.until_sent().await;
    assert_eq!(phone.texts(), ["It came torn:"]);
    let files = phone.desk.files();
    assert_eq!(files, [("parcel.png".into(), PNG.to_vec().into()), ("note.txt".into(), "Order 7".into())]);
    let [photo, note] = phone.shown[0].attachments.as_slice() else { panic!("{:?}", phone.shown) };
    assert_eq!((photo.width, photo.height, photo.size), (Some(258), Some(9), Some(PNG.len() as u64)));
    assert_eq!((photo.media_type.as_deref(), photo.transfer), (Some("image/png"), Transfer::Sent));
    assert_eq!(note.name, "note.txt");
    // An own one is here without being fetched.
    let path = phone.conversation.download(&photo.id).await.unwrap().finished().await.unwrap();
    assert_eq!((fs::read(path).unwrap(), phone.desk.count(Call::FetchFile)), (PNG.to_vec(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_with_files_are_kept_in_the_order_of_the_calls() {
    let phone = Phone::new().await;
    // The first takes long to copy, and neither caller waits for it.
    let sizes = [8 << 20, 1];
    let mut calls = Vec::new();
    for (number, size) in sizes.into_iter().enumerate() {
        let file = NewAttachment::bytes("note.bin", vec![7; size]);
        let text = format!("message {number}");
        let mut call = Box::pin(async { phone.send(&text, vec![file]).await });
        assert!(call.as_mut().now_or_never().is_none());
        drop(call);
        calls.push(text);
    }
    phone.desk.until(|desk| desk.texts_of_customers().len() == 2).await;
    assert_eq!(phone.texts(), calls);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_is_kept() {
    let phone = Phone::with(|config| {
        config.limits.max_attachment_bytes = 10;
        config.limits.max_attachments = 2;
        config.limits.attachment_types = vec!["text/plain".into()];
    })
    .await;
    let text = || NewAttachment::bytes("a.txt", "hello");
    let refused = async |files: Vec<NewAttachment>| problem(phone.send("words", files).await);
    assert_eq!(refused(vec![text(), text(), text()]).await, "number 3 is one too many; 2 can be sent with a message");
    assert_eq!(refused(vec![text(), NewAttachment::path(phone.folder.path())]).await, "number 2 is no file");
    assert_eq!(refused(vec![NewAttachment::path("/dev/null")]).await, "number 1 is no file");
    // A file like any other, of which the first byte can't be read by anybody.
    #[cfg(target_os = "linux")]
    assert!(refused(vec![NewAttachment::path("/proc/self/mem")]).await.starts_with("number 1 can't be read: "));
    assert_eq!(refused(vec![phone.file("empty", b"")]).await, "number 1 is empty");
    assert_eq!(refused(vec![NewAttachment::path("nowhere")]).await, "number 1 can't be read: there is no such file");
    assert_eq!(refused(vec![phone.file("long", b"0123456789a")]).await, "number 1 has 11 bytes; up to 10 can be sent");
    let wrong = "number 1 is of the type application/octet-stream, which can't be sent";
    assert_eq!(refused(vec![NewAttachment::bytes("a.txt", *b"\0\x01")]).await, wrong);
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk::default());
    assert!(phone.kept().is_empty() && phone.texts().is_empty());
    assert_eq!(phone.conversation.draft().await.unwrap(), None);
    // Words alone are as ever, and none at all are none.
    assert!(matches!(phone.send(" ", vec![]).await, Err(SupportError::InvalidInput { field: "text", .. })));
}

#[tokio::test]
async fn desk_that_takes_no_files_is_told_at_once() {
    let desk = MemoryDesk::with(|options| options.capabilities.max_attachments = 0);
    let folder = tempfile::tempdir().unwrap();
    let client = open(&desk, folder.path(), |_| {}).await;
    let message = NewMessage::text("x").attach(NewAttachment::bytes("a", "b"));
    let sent = client.start_conversation().unwrap().send_message(message).await;
    assert_eq!(sent, Err(SupportError::Unsupported { what: "take files" }));
}

#[tokio::test]
async fn file_given_away_is_linked_where_it_can_be_and_outlives_the_apps() {
    let mut phone = Phone::new().await;
    let bytes = vec![7; 100_000];
    let film = phone.file("film.bin", &bytes).given_away();
    phone.desk.once(Call::SendFiles, Play::Held);
    phone.send("", vec![film]).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(phone.folder.path().join("film.bin")).unwrap().nlink(), 2);
    }
    fs::remove_file(phone.folder.path().join("film.bin")).unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until_sent().await;
    assert_eq!(phone.desk.files()[0].1, bytes);
}

#[tokio::test]
async fn progress_is_shown_through_every_phase() {
    let mut phone = Phone::new().await;
    phone.network(false);
    phone.send("", vec![NewAttachment::bytes("a.bin", vec![0; 5_000])]).await.unwrap();
    let transfer = |shown: &[Message]| shown.first().map(|m| m.attachments[0].transfer);
    phone.until("queued", |shown| transfer(shown) == Some(Transfer::Queued)).await;
    phone.desk.once(Call::Establish, Play::Held);
    phone.desk.once(Call::SendFiles, Play::Held);
    phone.desk.once(Call::SendMessage, Play::AnswerHeld);
    // An echo that comes before the answer would end it.
    phone.desk.air(crate::testing::memory::Air::Lost);
    phone.network(true);
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until("uploading", |shown| matches!(transfer(shown), Some(Transfer::Uploading { total: 5_000, .. }))).await;
    assert_eq!(phone.shown[0].delivery, Some(Delivery::Sending));
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until("processing", |shown| transfer(shown) == Some(Transfer::Processing)).await;
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    phone.until_sent().await;
    assert_eq!(transfer(&phone.shown), Some(Transfer::Sent));
}

#[tokio::test]
async fn message_discarded_while_it_goes_never_arrives_and_leaves_no_file() {
    let mut phone = Phone::new().await;
    phone.conversation.send("before").await.unwrap();
    phone.until_sent().await;
    phone.desk.once(Call::SendFiles, Play::Held);
    let id = phone.send("a film", vec![NewAttachment::bytes("a.bin", vec![0; 5_000])]).await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.conversation.discard(&id).await.unwrap();
    phone.until("only what was before", |shown| shown.len() == 1).await;
    phone.conversation.send("after").await.unwrap();
    phone.until("what comes after", |shown| shown.len() == 2).await;
    phone.until_sent().await;
    phone.desk.release();
    assert_eq!(phone.texts(), ["before", "after"]);
    assert!(phone.kept().is_empty());
}

#[tokio::test]
async fn message_edited_while_it_goes_arrives_once_with_the_new_words() {
    let mut phone = Phone::new().await;
    phone.desk.once(Call::SendFiles, Play::Held);
    let id = phone.send("old words", vec![NewAttachment::bytes("a.bin", vec![0; 5_000])]).await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.conversation.edit(&id, "new words").await.unwrap();
    phone.until_sent().await;
    phone.desk.release();
    assert_eq!(phone.texts(), ["new words"]);
    assert_eq!(phone.desk.files().len(), 1);
}

#[tokio::test]
async fn message_is_too_late_to_discard_once_the_desk_may_have_it() {
    let mut phone = Phone::new().await;
    phone.desk.once(Call::SendMessage, Play::AnswerHeld);
    let id = phone.send("", vec![NewAttachment::bytes("a.bin", "x")]).await.unwrap();
    phone.desk.until(|desk| desk.held() == 1).await;
    let late = phone.conversation.discard(&id).await;
    assert!(matches!(late, Err(SupportError::Conflict { .. })), "{late:?}");
    phone.desk.release();
    phone.until_sent().await;
}

#[tokio::test]
async fn lost_answer_is_looked_for_by_words_names_and_sizes() {
    for play in [Play::answer_lost(), Play::request_lost(), Play::late()] {
        let mut phone = Phone::new().await;
        phone.conversation.send("before").await.unwrap();
        phone.until_sent().await;
        phone.desk.once(Call::SendMessage, play.clone());
        let files = ["a.bin", "b.bin"].map(|name| NewAttachment::bytes(name, vec![1; 3_000]));
        phone.send("", files.to_vec()).await.unwrap();
        if matches!(play, Play::Late(_)) {
            phone.desk.until(|desk| desk.planned().is_empty()).await;
            phone.desk.settle();
        }
        phone.until("both", |shown| shown.len() == 2).await;
        phone.until_sent().await;
        assert_eq!(phone.texts(), ["before", ""], "{play:?}");
        assert_eq!(phone.desk.files().len(), 2, "{play:?}");
    }
}

#[tokio::test]
async fn words_elsewhere_pass_files_that_take_long() {
    let mut phone = Phone::new().await;
    phone.desk.always(Call::SendFiles, Play::Held);
    for number in 0..4 {
        let film = NewMessage::text(format!("film {number}")).attach(NewAttachment::bytes("a.bin", "x"));
        phone.client.start_conversation().unwrap().send_message(film).await.unwrap();
    }
    phone.desk.until(|desk| desk.held() == 2).await;
    for number in 0..3 {
        phone.client.start_conversation().unwrap().send(&format!("word {number}")).await.unwrap();
    }
    phone.conversation.send("here").await.unwrap();
    phone.until_sent().await;
    phone.desk.until(|desk| desk.texts_of_customers().len() == 4).await;
    assert_eq!(phone.desk.held(), 2, "two films at a time");
    phone.desk.heal();
    phone.desk.release();
    phone.desk.until(|desk| desk.texts_of_customers().len() == 8).await;
}

#[tokio::test]
async fn file_that_somebody_removed_asks_for_attention() {
    let mut phone = Phone::new().await;
    phone.network(false);
    phone.send("", vec![NewAttachment::bytes("a.bin", "x")]).await.unwrap();
    let folder = phone.conversation.active().unwrap().attachments.folder.clone();
    fs::remove_file(folder.path(&phone.kept()[0])).unwrap();
    phone.network(true);
    let lost = Some(Delivery::NeedsAttention { reason: AttentionReason::FileLost });
    phone.until("attention", |shown| shown.first().is_some_and(|message| message.delivery == lost)).await;
    assert_eq!(phone.shown[0].attachments[0].transfer, Transfer::NeedsAttention);
    assert!(phone.texts().is_empty());
}

#[tokio::test]
async fn storage_that_fails_keeps_the_words_as_the_draft() {
    let phone = Phone::new().await;
    // A file stands where the folder should be.
    let folder = phone.conversation.active().unwrap().attachments.folder.clone();
    fs::write(folder.path("").parent().unwrap().join(folder.path("").file_name().unwrap()), "").unwrap();
    let sent = phone.send("my words", vec![NewAttachment::bytes("a.bin", "x")]).await;
    assert!(matches!(sent, Err(SupportError::Storage(StorageProblem::Other { .. }))), "{sent:?}");
    assert_eq!(phone.conversation.draft().await.unwrap().as_deref(), Some("my words"));
    assert!(phone.texts().is_empty());
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_and_what_is_owned_stays() {
    let mut phone = Phone::new().await;
    phone.send("", vec![NewAttachment::bytes("a.bin", "x")]).await.unwrap();
    phone.until_sent().await;
    let folder = phone.conversation.active().unwrap().attachments.folder.clone();
    fs::write(folder.path("half-copied"), "half").unwrap();
    // One that another process is just bringing in.
    let held = fs::File::create(folder.path("in-good-hands")).unwrap();
    held.lock().unwrap();
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    // The resume has begun a sweep of its own: what that one holds, another passes by.
    let swept = async {
        while phone.kept().contains(&"half-copied".to_owned()) {
            phone.conversation.active().unwrap().attachments.clone().sweep().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), swept).await.expect("what nobody owns goes");
    let kept = phone.kept();
    assert!(kept.contains(&"in-good-hands".to_owned()), "{kept:?}");
    assert_eq!(kept.len(), 2);
}

#[tokio::test]
async fn customer_who_logs_in_takes_unsent_files_along() {
    let mut phone = Phone::new().await;
    phone.network(false);
    phone.send("", vec![NewAttachment::bytes("a.bin", "mine")]).await.unwrap();
    phone.client.identify(Identity::new("mai"), CustomerProfile::default()).await.unwrap();
    phone.conversation = phone.client.conversation(phone.conversation.id()).unwrap();
    assert_eq!(phone.kept().len(), 1);
    phone.network(true);
    phone.desk.until(|desk| desk.files().len() == 1).await;
    assert_eq!(phone.desk.files()[0].1, "mine");
    phone.timeline = phone.conversation.timeline();
    phone.shown.clear();
    phone.until_sent().await;
}

#[tokio::test]
async fn location_is_taken_out_unless_it_is_to_be_kept() {
    let mut phone = Phone::new().await;
    let photo = photo_with_location();
    let plain = phone.file("a.jpg", &photo);
    phone.send("", vec![plain.clone(), plain.clone().keep_location(), plain.given_away()]).await.unwrap();
    phone.until_sent().await;
    let holds = |bytes: &[u8]| bytes.windows(8).any(|window| window == b"LATITUDE");
    let files = phone.desk.files();
    assert_eq!(files.iter().map(|(_, bytes)| holds(bytes)).collect::<Vec<_>>(), [false, true, false]);
    assert!(files.iter().all(|(_, bytes)| bytes.len() == photo.len()));
    assert_eq!(fs::read(phone.folder.path().join("a.jpg")).unwrap(), photo, "the app's own is not touched");
    assert_eq!((phone.shown[0].attachments[0].width, phone.shown[0].attachments[0].height), (Some(5), Some(7)));
}

#[tokio::test]
async fn photo_or_film_that_cannot_be_cleaned_is_refused_unless_the_app_says_otherwise() {
    let phone = Phone::new().await;
    let photo = phone.file("a.jpg", &photo_with_location());
    let broken = phone.file("a.mp4", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\xff\xffmoov");
    let raw = phone.file("a.CR2", b"\x01\x02\x03");
    for (file, problem) in [(&broken, "its structure is broken"), (&raw, "its format is not understood")] {
        for file in [file.clone(), file.clone().given_away()] {
            let refused = phone.send("words", vec![photo.clone(), file]).await;
            assert_eq!(refused, Err(SupportError::LocationNotRemovable { number: 2, problem }));
        }
    }
    assert!(phone.kept().is_empty() && phone.texts().is_empty());
    // The customer agreed.
    phone.send("", vec![broken.clone().keep_location(), raw.clone().keep_location()]).await.unwrap();
    let mut phone = Phone::with(|config| config.limits.allow_unremovable_location = true).await;
    let films =
        [phone.file("a.mp4", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\xff\xffmoov"), phone.file("a.CR2", b"\x01\x02\x03")];
    phone.send("", films.to_vec()).await.unwrap();
    phone.until_sent().await;
    assert_eq!(phone.desk.files().len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn film_that_is_given_away_is_linked_where_nothing_has_to_be_removed() {
    use std::os::unix::fs::MetadataExt as _;
    let phone = Phone::new().await;
    phone.network(false);
    let film = |place: &[u8]| [b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x10free".as_slice(), place].concat();
    for (name, place, links) in [("clean.mp4", [0; 8], 2), ("place.mp4", *b"+11+044/", 1)] {
        let file = phone.file(name, &film(&place)).given_away();
        phone.send("", vec![file]).await.unwrap();
        assert_eq!(fs::metadata(phone.folder.path().join(name)).unwrap().nlink(), links, "{name}");
        assert_eq!(fs::read(phone.folder.path().join(name)).unwrap(), film(&place), "the app's own is not touched");
    }
}

/// A recording of sound alone, as a phone's recorder leaves it: its one track behind its samples.
fn recording(brand: &[u8; 4]) -> Vec<u8> {
    let node = |kind: &[u8; 4], content: &[u8]| {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, content].concat()
    };
    let handler = node(b"hdlr", b"\0\0\0\0\0\0\0\0soun\0\0\0\0\0\0\0\0\0\0\0\0");
    let track = node(b"trak", &node(b"mdia", &handler));
    [node(b"ftyp", brand), node(b"mdat", &[9; 40]), node(b"moov", &track)].concat()
}

#[tokio::test]
async fn recording_of_sound_alone_is_sound_wherever_it_is_judged() {
    let types = |config: &mut crate::ClientConfig| config.limits.attachment_types = vec!["audio/*".into()];
    let mut phone = Phone::with(types).await;
    let files = [("memo.mp4", b"isom"), ("REC001.3gp", b"3gp4"), ("memo", b"mp42")];
    let files = files.map(|(name, brand)| NewAttachment::bytes(name, recording(brand)));
    phone.send("", files.to_vec()).await.unwrap();
    phone.send("", vec![phone.file("b.mp4", &recording(b"isom"))]).await.unwrap();
    phone.until_sent().await;
    let shown: Vec<_> = phone.shown.iter().flat_map(|message| &message.attachments).collect();
    assert!(shown.iter().all(|file| file.kind == crate::AttachmentKind::Audio), "{shown:?}");
    let told: Vec<_> = shown.iter().map(|file| (file.name.as_str(), file.media_type.as_deref().unwrap())).collect();
    let expected =
        [("memo.mp4", "audio/mp4"), ("REC001.3gp", "audio/3gpp"), ("memo.m4a", "audio/mp4"), ("b.mp4", "audio/mp4")];
    assert_eq!(told, expected);
    let sound = recording(b"isom");
    let film = [&sound[..sound.len() - 16], b"vide", &sound[sound.len() - 12..]].concat();
    let refused = problem(phone.send("", vec![NewAttachment::bytes("a.mp4", film)]).await);
    assert_eq!(refused, "number 1 is of the type video/mp4, which can't be sent");
}

#[tokio::test]
async fn type_that_the_app_states_is_sent_shown_and_judged_by() {
    let types = |config: &mut crate::ClientConfig| config.limits.attachment_types = vec!["text/calendar".into()];
    let mut phone = Phone::with(types).await;
    let invitation = || NewAttachment::bytes("pickup", "BEGIN:VCALENDAR");
    phone.send("", vec![invitation().typed("text/calendar; charset=utf-8")]).await.unwrap();
    phone.until_sent().await;
    assert_eq!(phone.shown[0].attachments[0].media_type.as_deref(), Some("text/calendar"));
    for (file, found) in [
        (invitation(), "text/plain"),
        (NewAttachment::bytes("a", PNG).typed("text/calendar"), "image/png"),
        (invitation().typed("text/calendar\r\nx: y"), "text/plain"),
    ] {
        let refused = problem(phone.send("", vec![file]).await);
        assert_eq!(refused, format!("number 1 is of the type {found}, which can't be sent"));
    }
}

#[tokio::test]
async fn what_the_app_calls_a_photo_is_refused_where_its_place_cannot_be_removed() {
    let phone = Phone::new().await;
    let raw = NewAttachment::bytes("a.bin", *b"\x01\x02\x03").typed("image/x-raw");
    let problem = "its format is not understood";
    assert_eq!(phone.send("", vec![raw]).await, Err(SupportError::LocationNotRemovable { number: 1, problem }));
}

#[tokio::test]
async fn message_of_files_alone_has_a_line_in_the_list() {
    let phone = Phone::new().await;
    phone.network(false);
    phone.send("", vec![NewAttachment::bytes("receipt.pdf", "%PDF-1.4")]).await.unwrap();
    let mut lines = Vec::new();
    for step in phone.client.conversations().next().await.unwrap().unwrap() {
        step.apply(&mut lines);
    }
    assert_eq!(lines[0].preview, "receipt.pdf");
}

#[tokio::test]
async fn names_that_do_harm_arrive_as_names_that_do_none() {
    let mut phone = Phone::new().await;
    let long = format!("{}.txt", "x".repeat(10_000));
    let named = |name: &str| NewAttachment::bytes(name, "hello");
    let files = ["../../x.txt", "CON", "photo\u{202e}gpj.exe", &long, ""].map(named);
    phone.send("", files.to_vec()).await.unwrap();
    phone.until_sent().await;
    let names: Vec<_> = phone.desk.files().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[..3], ["x.txt", "_CON.txt", "photogpj.exe"]);
    assert!(names[3].len() == 255 && names[3].ends_with(".txt"));
    assert_eq!(names[4], "file.txt");
}
