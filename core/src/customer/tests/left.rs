//! What anonymous customers leave on the phone when they leave for good.

use std::{fs, path::Path, time::Duration};

use super::{Phone, name};
use crate::testing::memory::MemoryDesk;

/// Every file under a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

fn databases(phone: &Phone) -> Vec<std::path::PathBuf> {
    let mut all = files(phone.folder.path());
    all.retain(|path| path.extension().is_some_and(|extension| extension == "db"));
    all
}

fn is_on_the_disk(phone: &Phone, words: &str) -> bool {
    let holds = |path: std::path::PathBuf| {
        fs::read(path).is_ok_and(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
    };
    files(phone.folder.path()).into_iter().any(holds)
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(), "waited in vain for {what}");
}

#[tokio::test]
async fn anonymous_customer_who_leaves_leaves_nothing_on_the_disk() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    for round in 0..3 {
        let words = format!("words of round {round}");
        phone.write(&words).await;
        // The phone has to know that the desk has them.
        phone.client.refresh().await.unwrap();
        phone.client.log_out().await.unwrap();
        assert!(!is_on_the_disk(&phone, &words));
        assert_eq!(databases(&phone).len(), 1);
    }
}

#[tokio::test]
async fn anonymous_customer_with_something_unsent_stays_on_the_disk() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.client.network_changed(false);
    phone.client.start_conversation().unwrap().send("never sent").await.unwrap();
    phone.client.log_out().await.unwrap();
    assert_eq!(databases(&phone).len(), 2);
    let phone = phone.restart().await;
    phone.client.log_out().await.unwrap();
    assert_eq!(databases(&phone).len(), 2, "whoever came and left meanwhile is gone");
    assert!(is_on_the_disk(&phone, "never sent"));
}

#[tokio::test]
async fn customer_who_has_logged_in_stays_on_the_disk() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.log_in("mai", name("Mai")).await;
    phone.write("hello").await;
    phone.client.log_out().await.unwrap();
    phone.log_in("eve", name("Eve")).await;
    assert_eq!(databases(&phone).len(), 2);
    phone.log_in("mai", name("Mai")).await;
    assert!(is_on_the_disk(&phone, "hello"));
}

#[tokio::test]
async fn file_that_a_crash_has_left_behind_is_removed_by_the_next_start() {
    let phone = Phone::new(&MemoryDesk::new()).await;
    phone.write("left behind").await;
    phone.client.refresh().await.unwrap();
    phone.client.pause().await;
    let left: Vec<_> = databases(&phone);
    let kept: Vec<_> = left.iter().map(|path| fs::read(path).unwrap()).collect();
    phone.client.resume().await.unwrap();
    phone.client.log_out().await.unwrap();
    for (path, bytes) in left.iter().zip(&kept) {
        fs::write(path, bytes).unwrap();
        // Half removed, of somebody before.
        let name = format!("a{}.db-wal", "0".repeat(32));
        fs::write(path.with_file_name(name), "left behind").unwrap();
    }
    let phone = phone.restart().await;
    until("the files to go", || !is_on_the_disk(&phone, "left behind")).await;
    assert!(left.iter().all(|path| !path.exists()));
}
