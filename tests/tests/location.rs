//! Photos and films of real tools, sent whole: what the agents get says no place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::{fs, path::Path};

use shopbell::{Delivery, NewAttachment, NewMessage, SupportClient, SupportError};
use shopbell_tests::{Screen, config, desk_with, failure};

/// The made-up place of all of them: see the folder's README.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src/attachments/location/fixtures");

/// How a place is written: in words, as fractions of degrees and minutes of either byte order, and in 65,536ths.
fn traces() -> Vec<Vec<u8>> {
    let words = ["Planted", "11.2233", "44.5566", "11,13.398", "44,33.396"];
    let fractions = [[11_u32, 1, 13, 1], [44, 1, 33, 1]];
    let mut traces: Vec<Vec<u8>> = words.map(|word| word.as_bytes().to_vec()).into();
    for fraction in fractions {
        traces.push(fraction.iter().flat_map(|number| number.to_be_bytes()).collect());
        traces.push(fraction.iter().flat_map(|number| number.to_le_bytes()).collect());
    }
    traces.extend([11.2233_f64, 44.5566].map(|degrees| ((degrees * 65_536.0) as u32).to_be_bytes().to_vec()));
    traces
}

fn trace_in(bytes: &[u8]) -> Option<String> {
    let found = traces().into_iter().find(|trace| bytes.windows(trace.len()).any(|window| window == trace));
    found.map(|trace| trace.escape_ascii().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn photo_or_film_of_any_tool_arrives_without_its_place() {
    let (desk, data) = (desk_with(|_| {}).await, tempfile::tempdir().unwrap());
    let client = SupportClient::open(config(&desk, data.path())).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_none_or(|kind| kind != "md")).collect();
    assert!(files.len() > 20);
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let own = fs::read(path).unwrap();
        // The compressed packet shows no trace of what it holds.
        assert_eq!(trace_in(&own).is_some(), name != "compressed.png", "{name} is made wrong");
        for (way, file) in [("copied", NewAttachment::path(path)), ("given", NewAttachment::path(path).given_away())] {
            let sent = conversation.send_message(NewMessage::text(format!("{way} {name}")).attach(file)).await.unwrap();
            let is_sent = |m: &shopbell::Message| m.id == sent && m.delivery == Some(Delivery::Sent);
            screen.until("the file", |messages| messages.last().is_some_and(is_sent)).await;
            let there = desk.desk().conversations()[0].messages.last().unwrap().id;
            let [got] = &desk.desk().files(there)[..] else { panic!("{name} did not arrive") };
            assert_eq!(got.len(), own.len(), "{name}");
            assert_eq!(trace_in(got), None, "{name}");
            assert!(got[..] != own[..], "{name}");
        }
        assert_eq!(fs::read(path).unwrap(), own, "{name}: the app's own is not touched");
    }
    client.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn film_that_cannot_be_cleaned_is_refused_and_arrives_whole_where_the_customer_agrees() {
    let (desk, data) = (desk_with(|_| {}).await, tempfile::tempdir().unwrap());
    let client = SupportClient::open(config(&desk, data.path())).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let mut screen = Screen::open(&conversation).await;
    let film = fs::read(Path::new(FOLDER).join("film.mp4")).unwrap();
    let cut = film[..film.len() - 100].to_vec();
    let file = NewAttachment::bytes("film.mp4", cut.clone());
    let refused = failure(conversation.send_message(NewMessage::text("").attach(file.clone())).await);
    assert!(matches!(refused, SupportError::LocationNotRemovable { number: 1, .. }), "{refused}");
    assert!(desk.desk().conversations().is_empty() && !refused.is_retryable());
    conversation.send_message(NewMessage::text("").attach(file.keep_location())).await.unwrap();
    screen.until_last(Delivery::Sent).await;
    let there = desk.desk().conversations()[0].messages.last().unwrap().id;
    assert_eq!(desk.desk().files(there)[0][..], cut[..]);
    client.shutdown().await;
}
