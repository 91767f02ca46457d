//! Writes messages until it is killed: see `shopbell_tests::kill`.
//!
//! Arguments: desk, inbox, data folder, first number, count.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test's program; its output is its protocol")]

use std::time::Duration;

use shopbell::{ClientConfig, SupportClient};
use shopbell_tests::kill::one_conversation;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    shopbell_tests::kill::end_at_a_panic();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [desk, inbox, data, first, count] = arguments.as_slice() else {
        println!("five arguments, please");
        std::process::exit(2);
    };
    let (first, count): (u64, u64) = (first.parse().unwrap(), count.parse().unwrap());
    let mut config = ClientConfig::new(desk, inbox, data);
    // The desk is on this machine and answers within milliseconds: what has not happened by then will not.
    config.limits.request_timeout = Duration::from_secs(1);
    config.limits.settle = Duration::from_millis(500);
    let client = SupportClient::open(config).await.unwrap();
    let conversation = one_conversation(&client).await;
    // As fast as nobody types: the outbox is always at work, and behind.
    let mut pace = tokio::time::interval(Duration::from_millis(25));
    for number in first..first + count {
        pace.tick().await;
        println!("tries {number}");
        conversation.send(&format!("message {number}")).await.unwrap();
        println!("kept {number}");
    }
    client.shutdown().await;
}
