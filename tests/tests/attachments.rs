//! Photos and files over real sockets: what goes wrong on the way, and that each is there once, whole.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::{fs, time::Duration};

use sandbox::{Fault, Options, Rule, Sandbox};
use shopbell::{
    AttachmentId, AttachmentKind, AttentionReason, Conversation, Delivery, NewAttachment, NewMessage, SupportClient,
    SupportError, Transfer,
};
use shopbell_tests::{Screen, at_desk, config, desk_with, failure, kill::content, until, until_at_desk};

struct Phone {
    desk: Sandbox,
    client: SupportClient,
    conversation: Conversation,
    screen: Screen,
    data: tempfile::TempDir,
}

impl Phone {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let (desk, data) = (desk_with(change).await, tempfile::tempdir().unwrap());
        let mut config = config(&desk, data.path());
        config.limits.stall_timeout = Duration::from_millis(500);
        let client = SupportClient::open(config).await.unwrap();
        let conversation = client.start_conversation().unwrap();
        let mut screen = Screen::open(&conversation).await;
        conversation.send("before").await.unwrap();
        screen.until_last(Delivery::Sent).await;
        Self { desk, client, conversation, screen, data }
    }

    async fn send(&self, text: &str, bytes: &[u8]) -> shopbell::MessageId {
        // Named as photos are.
        let path = self.data.path().join("IMG 0001.bin");
        fs::write(&path, bytes).unwrap();
        let sent = self.conversation.send_message(NewMessage::text(text).attach(NewAttachment::path(&path))).await;
        fs::remove_file(path).unwrap();
        sent.unwrap()
    }

    /// Plays a fault at the next sends of a message.
    fn at_sends(&self, fault: Fault, times: u32) {
        self.desk.faults().add(Rule {
            method: Some("POST".into()),
            path_contains: Some("/messages".into()),
            remaining: Some(times),
            ..Rule::new(fault)
        });
    }

    /// The bytes of the file that came with these words, which are there once.
    fn file_at_desk(&self, text: &str) -> Vec<u8> {
        let messages: Vec<_> = self.desk.desk().conversations().into_iter().flat_map(|c| c.messages).collect();
        let found: Vec<_> = messages.iter().filter(|m| m.content.as_deref().unwrap_or_default() == text).collect();
        assert_eq!(found.len(), 1, "{text:?} is there {} times", found.len());
        let files = self.desk.desk().files(found[0].id);
        assert_eq!(files.len(), 1);
        files[0].to_vec()
    }

    /// A file of the agent's.
    async fn agents_file(&mut self, bytes: &[u8]) -> AttachmentId {
        let there = self.desk.desk().conversations()[0].id;
        self.desk.desk().reply_with_file(there, "", "label.png", "image/png", bytes.to_vec());
        self.client.refresh().await.unwrap();
        self.screen.until("the agent's file", |messages| messages.iter().any(|m| !m.author.is_customer())).await;
        self.screen.messages.last().unwrap().attachments[0].id.clone()
    }

    async fn fetch(&self, id: &AttachmentId) -> Result<Vec<u8>, SupportError> {
        let mut download = self.conversation.download(id).await?;
        Ok(fs::read(download.finished().await?).unwrap())
    }

    /// How often a part of a file was asked for.
    fn ranges(&self) -> usize {
        self.desk.desk().requests().iter().filter(|request| request.range).count()
    }
}

/// Sends a photo between two words while `fault` hits the first `times` sends: all arrive once, whole, in order.
async fn survives(fault: Fault, times: u32) {
    let mut phone = Phone::new().await;
    let photo = content(7);
    phone.at_sends(fault, times);
    phone.send("the photo", &photo).await;
    phone.conversation.send("after").await.unwrap();
    until_at_desk(&phone.desk.desk(), &["before", "the photo", "after"]).await;
    phone.screen.until_texts(&["before", "the photo", "after"]).await;
    phone.screen.until("all sent", |messages| messages.iter().all(|m| m.delivery == Some(Delivery::Sent))).await;
    assert_eq!(phone.file_at_desk("the photo"), photo);
    assert_eq!(phone.desk.faults().injected(), u64::from(times));
    phone.client.shutdown().await;
}

macro_rules! survives {
    ($($name:ident: $fault:expr, $times:expr;)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            survives($fault, $times).await;
        }
    )* };
}

survives! {
    reset_before_the_write_delivers_the_photo_once: Fault::DropBeforeWrite, 2;
    reset_in_the_middle_delivers_the_photo_once: Fault::ResetUpload(40_000), 2;
    standstill_in_the_middle_delivers_the_photo_once: Fault::StallUpload(40_000), 1;
    reset_after_the_write_delivers_the_photo_once: Fault::ResetAfterWrite, 2;
    failure_before_the_write_delivers_the_photo_once: Fault::Status(500), 1;
    failure_after_the_write_delivers_the_photo_once: Fault::StatusAfterWrite(502), 2;
    truncated_answer_delivers_the_photo_once: Fault::TruncateBody(20), 2;
    captive_portal_delivers_the_photo_once: Fault::CaptivePortal, 1;
}

#[tokio::test(flavor = "multi_thread")]
async fn photo_too_large_for_the_proxy_asks_for_attention_and_lets_the_next_pass() {
    let mut phone = Phone::with(|options| options.max_body_bytes = Some(30_000)).await;
    let refused = phone.send("too large", &content(7)).await;
    phone.conversation.send("next").await.unwrap();
    until_at_desk(&phone.desk.desk(), &["before", "next"]).await;
    phone
        .screen
        .until("attention", |messages| {
            let found = messages.iter().find(|message| message.id == refused);
            found.is_some_and(|message| {
                let reason = &message.delivery;
                matches!(reason, Some(Delivery::NeedsAttention { reason: AttentionReason::Refused { .. } }))
                    && message.attachments[0].transfer == Transfer::NeedsAttention
            })
        })
        .await;
    phone.conversation.discard(&refused).await.unwrap();
    phone.screen.until_texts(&["before", "next"]).await;
    assert_eq!(phone.client.size_on_disk().await.unwrap(), shopbell::SizeOnDisk::default());
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photo_written_without_a_network_goes_when_there_is_one() {
    let mut phone = Phone::new().await;
    phone.desk.faults().offline(true);
    phone.client.network_changed(false);
    let photo = content(3);
    phone.send("", &photo).await;
    let queued = |m: &shopbell::Message| m.attachments.first().map(|file| file.transfer) == Some(Transfer::Queued);
    phone.screen.until("a photo that waits", |messages| messages.iter().any(queued)).await;
    phone.client.pause().await;
    phone.client.resume().await.unwrap();
    phone.desk.faults().offline(false);
    phone.client.network_changed(true);
    phone.screen.until_last(Delivery::Sent).await;
    assert_eq!(phone.file_at_desk(""), photo);
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn film_that_stands_still_holds_up_no_word_elsewhere() {
    let phone = Phone::new().await;
    phone.at_sends(Fault::StallUpload(10_000), 1);
    phone.send("film", &content(5)).await;
    until("the film under way", || phone.desk.faults().injected(), |n| *n == 1).await;
    let other = phone.client.start_conversation().unwrap();
    other.send("hello").await.unwrap();
    until("the word elsewhere", || at_desk(&phone.desk.desk()), |texts| texts.contains(&"hello".to_owned())).await;
    until("the film", || at_desk(&phone.desk.desk()), |texts| texts.contains(&"film".to_owned())).await;
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photo_discarded_in_the_middle_never_arrives() {
    let mut phone = Phone::new().await;
    phone.at_sends(Fault::StallUpload(10_000), 1);
    // More than the network between the two holds: the last of it can't have left.
    let photo = phone.send("wrong photo", &vec![7; 30_000_000]).await;
    until("the photo under way", || phone.desk.faults().injected(), |n| *n == 1).await;
    phone.conversation.discard(&photo).await.unwrap();
    phone.conversation.send("after").await.unwrap();
    until_at_desk(&phone.desk.desk(), &["before", "after"]).await;
    phone.screen.until_texts(&["before", "after"]).await;
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_photo_is_here_after_it_was_sent_and_on_another_phone_it_is_fetched() {
    let mut phone = Phone::new().await;
    let photo = content(9);
    phone.send("mine", &photo).await;
    phone.screen.until_texts(&["before", "mine"]).await;
    phone.screen.until_last(Delivery::Sent).await;
    let id = phone.screen.messages.last().unwrap().attachments[0].id.clone();
    phone.desk.desk().clear_requests();
    assert_eq!(phone.fetch(&id).await.unwrap(), photo);
    assert!(phone.desk.desk().requests().iter().all(|request| !request.path.contains("active_storage")));
    phone.client.clear_cache().await.unwrap();
    assert_eq!(phone.fetch(&id).await.unwrap(), photo, "fetched, under the id it always had");
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_and_stalled_transfers_go_on_where_they_were() {
    for fault in [Fault::TruncateBody(60_000), Fault::StallBody(60_000)] {
        let mut phone = Phone::new().await;
        let picture = content(11);
        let id = phone.agents_file(&picture).await;
        phone.desk.faults().once("/disk/", fault);
        assert_eq!(phone.fetch(&id).await.unwrap(), picture);
        assert!(phone.ranges() >= 1, "the rest was asked for, not the whole");
        phone.client.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnail_is_fetched_beside_the_picture_and_is_smaller() {
    let mut phone = Phone::new().await;
    let mut png = Vec::new();
    let noise = |x: u32, y: u32| image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]);
    let picture = image::RgbImage::from_fn(600, 400, noise);
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    let id = phone.agents_file(&png).await;
    let thumbnail = phone.conversation.download_thumbnail(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(image::open(&thumbnail).unwrap().width(), 250);
    assert!(fs::metadata(thumbnail).unwrap().len() < png.len() as u64);
    assert_eq!(phone.fetch(&id).await.unwrap(), png);
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_to_where_no_file_is_are_typed_errors_and_nothing_is_shown() {
    let mut phone = Phone::new().await;
    let picture = content(12);
    let id = phone.agents_file(&picture).await;
    let hosts_own = format!("{}/rails/active_storage/blobs/redirect/x/y", phone.desk.url());
    for place in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://user:pass@127.0.0.1/x", "http://", &hosts_own] {
        phone.desk.faults().add(Rule {
            path_contains: Some("/blobs/redirect/".into()),
            ..Rule::new(Fault::Redirect(place.to_owned()))
        });
        let error = failure(phone.fetch(&id).await);
        assert!(matches!(error, SupportError::Unsupported { .. }), "{place}: {error}");
        phone.desk.faults().clear();
    }
    // Another host may have it; it learns nothing of who asks.
    let other = desk_with(|_| {}).await;
    phone.desk.faults().once("/blobs/redirect/", Fault::Redirect(format!("{}/elsewhere", other.url())));
    assert_eq!(failure(phone.fetch(&id).await), SupportError::NotFound { what: "file" });
    let asked = other.desk().requests();
    assert_eq!(asked.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/elsewhere"]);
    phone.desk.faults().once("/disk/", Fault::CaptivePortal);
    assert_eq!(failure(phone.fetch(&id).await), SupportError::Offline);
    assert_eq!(phone.fetch(&id).await.unwrap(), picture);
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file_of_a_message_that_was_taken_back_goes_from_the_phone() {
    let mut phone = Phone::new().await;
    let id = phone.agents_file(&content(13)).await;
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert!(path.exists());
    let message = phone.desk.desk().conversations()[0].messages.last().unwrap().id;
    phone.desk.desk().delete(message);
    phone.client.refresh().await.unwrap();
    phone.screen.until("the notice", |messages| messages.last().is_some_and(|last| last.deleted)).await;
    assert!(!path.exists(), "not at the next start: once it is shown");
    assert_eq!(failure(phone.fetch(&id).await), SupportError::NotFound { what: "attachment" });
    assert_eq!(phone.client.size_on_disk().await.unwrap(), shopbell::SizeOnDisk::default());
    phone.client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recording_of_sound_alone_is_a_sound_at_the_desk_and_stays_one_here() {
    let mut phone = Phone::new().await;
    // As a phone's recorder leaves it: the brand is any film's, and the one track is sound.
    let recording = b"\0\0\0\x0cftyp3gp4\0\0\0\x35moov\0\0\0\x2dtrak\0\0\0\x25mdia\0\0\0\x1dhdlr\0\0\0\0\0\0\0\0soun\0\0\0\0\0\0\0\0\0";
    let files = [
        NewAttachment::bytes("REC001.3gp", *recording),
        NewAttachment::bytes("chat.bin", *b"\x01\x02\x03").typed("audio/x-own"),
        NewAttachment::bytes("clip.3gp", *b"\0\0\0\x0cftyp3gp4").keep_location(),
    ];
    for (words, file) in ["recorded", "stated", "a film"].into_iter().zip(files) {
        phone.conversation.send_message(NewMessage::text(words).attach(file)).await.unwrap();
    }
    phone.screen.until_texts(&["before", "recorded", "stated", "a film"]).await;
    phone.screen.until_last(Delivery::Sent).await;
    phone.client.refresh().await.unwrap();
    let kinds = phone.screen.messages.iter().flat_map(|message| &message.attachments).map(|file| file.kind);
    assert_eq!(kinds.collect::<Vec<_>>(), [AttachmentKind::Audio, AttachmentKind::Audio, AttachmentKind::Video]);
    phone.client.shutdown().await;
}

/// The system's limit on the size of files stands in for a disk without room: what it does to a write is the same.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn phone_that_fills_while_a_file_is_copied_keeps_the_words_and_no_half_file() {
    let (desk, data) = (desk_with(|_| {}).await, tempfile::tempdir().unwrap());
    let file = data.path().join("film.bin");
    fs::write(&file, vec![7; 8_000_000]).unwrap();
    let phone = data.path().join("phone");
    // 4,000 blocks are 2 or 4 MB, as the shell counts: room for the database, and not for the film.
    let limited = r#"trap '' XFSZ; ulimit -f 4000; exec "$0" "$@""#;
    let output = tokio::process::Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_filer"), &desk.url(), "shop"])
        .arg(&phone)
        .arg(&file)
        .arg("full")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "storage: the phone's storage is full; draft: \"my words\"\n", "{output:?}");
    assert!(at_desk(&desk.desk()).is_empty());
    for inbox in fs::read_dir(&phone).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let folders = fs::read_dir(inbox).unwrap().map(|entry| entry.unwrap().path());
        for folder in folders.filter(|path| path.extension().is_some_and(|extension| extension == "files")) {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing half written is left");
        }
    }
}
