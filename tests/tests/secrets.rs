//! Nothing that anybody wrote, and no secret, reaches a log or an error, at any level.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use sandbox::Fault;
use shopbell::{AttributeValue, CustomerProfile, Delivery, NewAttachment, NewMessage};
use shopbell_tests::{HMAC_KEY, Screen, config, desk, identity, live, until, until_at_desk};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_story_leaves_no_word_and_no_secret_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).unwrap();

    let (desk, data) = (desk().await, tempfile::tempdir().unwrap());
    let mut config = config(&desk, data.path());
    config.help_center = Some(shopbell::HelpCenterConfig::new("shop"));
    let client = shopbell::SupportClient::open(config).await.unwrap();
    let profile = CustomerProfile {
        name: Some("Secretname".into()),
        email: Some("secretmail@example.com".into()),
        ..CustomerProfile::default()
    };
    client.identify(identity("secretidentifier"), profile).await.unwrap();
    let help = client.help_center().unwrap();
    help.sync().await.unwrap();
    let mut events = help.events();
    let results = help.search("secretquery return", None).await.unwrap();
    let article = results.hits[0].article.id.clone();
    help.article(&article).await.unwrap();
    help.vote(&article, false, Some("secretreason")).await.unwrap();
    let refused = help.vote(&article, false, Some(&"secretreason".repeat(99))).await.unwrap_err();
    let told = format!("{help:?} {results:?} {refused:?} {refused} {:?}", events.next().await);
    // Not the counting of the view, which goes its own way.
    desk.faults().once("sitemap.xml", Fault::Status(503));
    help.sync().await.unwrap_err();
    let details = [("secretdetail".to_owned(), AttributeValue::Text("secretvalue".into()))];
    client.log_event("secretevent", details.into()).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    help.asked_anyway(&conversation).await.unwrap();
    let mut screen = Screen::open(&conversation).await;
    conversation.set_draft("secretdraft").await.unwrap();
    conversation.send("secretword").await.unwrap();
    screen.until_last(Delivery::Sent).await;
    live(&client).await;
    let number = desk.desk().conversations()[0].id;
    desk.desk().reply(number, "secretanswer");
    screen.until("the answer", |messages| messages.len() == 2).await;
    for fault in [Fault::Status(500), Fault::ResetAfterWrite, Fault::TruncateBody(30), Fault::CaptivePortal] {
        desk.faults().once("/messages", fault);
        conversation.send("secretword again").await.unwrap();
    }
    until("the faults", || desk.faults().injected(), |n| *n == 5).await;
    for fault in [Fault::ResetUpload(100), Fault::StatusAfterWrite(500)] {
        desk.faults().once("/messages", fault);
        let file = NewAttachment::bytes("secretfile.bin", "secretbytes ".repeat(10_000));
        conversation.send_message(NewMessage::text("secretword again").attach(file)).await.unwrap();
    }
    let nowhere = NewMessage::text("x").attach(NewAttachment::path("/secretfolder/secretphoto.jpg"));
    let refused = conversation.send_message(nowhere.clone()).await.unwrap_err();
    desk.desk().reply_with_file(number, "", "secretlabel.bin", "text/plain", "secretlabels");
    screen.until("the label", |messages| messages.iter().filter(|m| !m.author.is_customer()).count() == 2).await;
    let label = screen.messages.iter().filter(|m| !m.author.is_customer()).nth(1).unwrap().attachments[0].clone();
    for fault in [Fault::CaptivePortal, Fault::TruncateBody(3)] {
        desk.faults().once("/disk/", fault);
        let mut download = conversation.download(&label.id).await.unwrap();
        println!("{:?} {download:?}", download.finished().await.map(|_| ()));
    }
    desk.faults().drop_sockets();
    until_at_desk(&desk.desk(), &[["secretword"].as_slice(), &["secretword again"; 6]].concat()).await;
    let wrong = shopbell::Identity::new("secretidentifier").with_hash("0".repeat(64));
    client.identify(wrong, CustomerProfile::default()).await.unwrap();
    let error = client.verify_identity().await.unwrap_err();
    println!("{client:?} {conversation:?} {:?} {error:?}", screen.messages);
    let debug = told
        + &format!(
            "{client:?} {conversation:?} {:?} {error:?} {error} {nowhere:?} {refused:?} {refused} {label:?}",
            screen.messages
        );
    client.shutdown().await;

    let contact = desk.desk().contacts().remove(0);
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let ours: String = log.lines().filter(|line| line.contains("shopbell")).collect::<Vec<_>>().join("\n");
    assert!(ours.lines().count() > 5, "the log says something: {ours}");
    let hash = identity("secretidentifier").hash().unwrap().to_owned();
    let mut secrets = vec!["secret".to_owned(), "Secretname".to_owned(), HMAC_KEY.to_owned(), hash];
    secrets.extend(contact.sessions.iter().map(|(source, _)| source.clone()));
    for secret in secrets {
        assert!(!ours.contains(&secret), "{secret} is in the log:\n{ours}");
        assert!(!debug.contains(&secret), "{secret} is in {debug}");
    }
}
