//! Sends files and fetches the agent's until it is killed: see `shopbell_tests::kill`.
//!
//! Arguments: desk, inbox, data folder, first number, count. With `full` in place of the count,
//! a file in place of the number: sends it where there is no room for it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test's program; its output is its protocol")]

use std::time::Duration;

use shopbell::{ClientConfig, Conversation, NewAttachment, NewMessage, SupportClient};
use shopbell_tests::kill::{content, one_conversation};

#[tokio::main]
async fn main() {
    shopbell_tests::kill::end_at_a_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [desk, inbox, data, first, count] = arguments.as_slice() else {
        println!("five arguments, please");
        std::process::exit(2);
    };
    if count == "full" {
        return full(desk, inbox, data, first).await;
    }
    let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
    let mut config = ClientConfig::new(desk, inbox, data);
    config.limits.request_timeout = Duration::from_millis(500);
    config.limits.settle = Duration::from_millis(300);
    let client = SupportClient::open(config).await.unwrap();
    let conversation = one_conversation(&client).await;
    let fetching = tokio::spawn(fetch(conversation.clone()));
    let own = std::path::Path::new(data).join("app.bin");
    let mut pace = tokio::time::interval(Duration::from_millis(60));
    for number in first..first + count {
        pace.tick().await;
        std::fs::write(&own, content(number)).unwrap();
        println!("tries {number}");
        let file = NewAttachment::path(&own).named(format!("file {number}.bin"));
        conversation.send_message(NewMessage::text(format!("message {number}")).attach(file)).await.unwrap();
        // The app may do this at once.
        std::fs::remove_file(&own).unwrap();
        println!("kept {number}");
    }
    fetching.abort();
    client.shutdown().await;
}

/// Sends a file for which there is no room, and says what came of it: the error, and the draft.
async fn full(desk: &str, inbox: &str, data: &str, file: &str) {
    let client = SupportClient::open(ClientConfig::new(desk, inbox, data)).await.unwrap();
    let conversation = client.start_conversation().unwrap();
    let message = NewMessage::text("my words").attach(NewAttachment::path(file));
    let error = conversation.send_message(message).await.unwrap_err();
    println!("{error}; draft: {:?}", conversation.draft().await.unwrap().unwrap_or_default());
    client.shutdown().await;
}

/// Fetches whatever the agent sends, again and again, as if each were looked at once.
async fn fetch(conversation: Conversation) {
    let mut timeline = conversation.timeline();
    let mut shown = Vec::new();
    loop {
        for step in timeline.next().await.unwrap().unwrap() {
            step.apply(&mut shown);
        }
        for message in shown.iter().filter(|message| !message.author.is_customer()) {
            for file in &message.attachments {
                let number = file.name.trim_end_matches(".bin").parse().unwrap();
                let Ok(mut download) = conversation.download(&file.id).await else { continue };
                if let Ok(path) = download.finished().await {
                    let right = std::fs::read(path).unwrap() == content(number);
                    println!("fetched {}", if right { "right" } else { "wrong" });
                }
            }
        }
    }
}
