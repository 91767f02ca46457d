//! What is fetched is whole, fetched once, and goes when room is needed.

use std::fs;

use super::Phone;
use crate::{
    AttachmentId, DownloadProgress, NewAttachment, SizeOnDisk, SupportError,
    backend::{BackendError, Fault},
    error::StorageProblem,
    store::{FileId, Part},
    testing::memory::{Call, Play},
};

#[tokio::test]
async fn fetched_file_is_whole_shared_and_fetched_once() {
    let content = vec![5; 10_000];
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &content).await;
    phone.desk.once(Call::FetchFile, Play::Held);
    let mut downloads = Vec::new();
    for _ in 0..3 {
        downloads.push(phone.conversation.download(&id).await.unwrap());
    }
    phone.desk.until(|desk| desk.held() == 1).await;
    phone.desk.release();
    for download in &mut downloads {
        let path = download.finished().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        assert!(path.to_str().unwrap().ends_with(".png"));
        let all = DownloadProgress { received: 10_000, total: Some(10_000) };
        assert_eq!(download.progress(), all);
        while let Some(progress) = download.next().await {
            assert_eq!(progress, all);
        }
    }
    let thumbnail = phone.conversation.download_thumbnail(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(thumbnail).unwrap(), content);
    phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(phone.desk.count(Call::FetchFile), 2, "once for the whole, once for the thumbnail");
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk { fetched: 20_000, unsent: 0 });
}

#[tokio::test]
async fn broken_transfer_goes_on_where_it_broke() {
    let content: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &content).await;
    phone.desk.break_file_after(20_500);
    phone.desk.break_file_after(0);
    phone.desk.break_file_after(10_000);
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(path).unwrap(), content);
    assert_eq!(phone.desk.count(Call::FetchFile), 4);
}

#[tokio::test]
async fn transfer_that_never_gets_on_fails_and_the_next_one_goes_on() {
    let content = vec![9; 30_000];
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &content).await;
    phone.desk.break_file_after(12_000);
    phone.desk.once(Call::FetchFile, Play::unreachable());
    let nothing = Play::Fails(BackendError::unclear(Fault::Desk, "scripted"));
    for _ in 0..10 {
        phone.desk.once(Call::FetchFile, nothing.clone());
    }
    let mut download = phone.conversation.download(&id).await.unwrap();
    assert_eq!(download.finished().await, Err(SupportError::DeskUnavailable));
    phone.desk.heal();
    // Another version of it: what is here of the old one is of no use.
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(path).unwrap(), content);
}

#[tokio::test]
async fn part_of_another_version_is_thrown_away() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[1; 40_000]).await;
    phone.desk.break_file_after(30_000);
    for _ in 0..5 {
        phone.desk.break_file_after(0);
    }
    let failing = async {
        let mut download = phone.conversation.download(&id).await.unwrap();
        assert_eq!(download.finished().await, Err(SupportError::Offline));
    };
    failing.await;
    phone.desk.replace_file("label.png", vec![2; 40_000]);
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(path).unwrap(), vec![2; 40_000]);
}

#[tokio::test]
async fn file_that_is_not_what_was_told_is_never_shown() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[1; 4_000]).await;
    for other in [vec![1; 3_999], vec![1; 4_001], b"<html>Welcome to the hotel".to_vec()] {
        phone.desk.replace_file("label.png", other);
        let fetched = phone.conversation.download(&id).await.unwrap().finished().await;
        assert_eq!(fetched, Err(SupportError::Offline));
    }
    let page = [b"<!doctype html>".to_vec(), vec![b' '; 3_985]].concat();
    phone.desk.replace_file("label.png", page);
    assert_eq!(phone.conversation.download(&id).await.unwrap().finished().await, Err(SupportError::Offline));
    assert!(phone.kept().is_empty(), "{:?}", phone.kept());
}

#[tokio::test]
async fn cancelled_transfer_ends_and_its_part_stays() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[1; 4_000]).await;
    phone.desk.break_file_after(2_000);
    phone.desk.once(Call::FetchFile, Play::unreachable());
    phone.desk.heal();
    phone.desk.break_file_after(2_000);
    let download = phone.conversation.download(&id).await.unwrap();
    phone.desk.until(|desk| desk.count(Call::FetchFile) == 1).await;
    download.cancel();
    let active = phone.conversation.active().unwrap();
    while active.attachments.is_fetching() {
        tokio::task::yield_now().await;
    }
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(path).unwrap(), [1; 4_000]);
}

#[tokio::test]
async fn cache_keeps_within_its_room_and_spares_what_is_in_use_or_unsent() {
    let (mut phone, first) =
        Phone::with_file_of_the_agent(|config| config.limits.max_cache_bytes = 5_000, &[1; 3_000]).await;
    let there = phone.desk.all_conversations()[0].id;
    for _ in 0..2 {
        phone.desk.agent_attaches(there, "more.png", "image/png", vec![2; 3_000]);
    }
    phone.client.refresh().await.unwrap();
    phone.until("three files", |shown| shown.len() == 4).await;
    let ids: Vec<_> = phone.shown[1..].iter().map(|m| m.attachments[0].id.clone()).collect();
    phone.network(false);
    phone.send("", vec![NewAttachment::bytes("mine.bin", vec![3; 9_000])]).await.unwrap();
    phone.network(true);
    phone.desk.once(Call::SendFiles, Play::Held);

    let mut held = phone.conversation.download(&first).await.unwrap();
    let path = held.finished().await.unwrap();
    for id in &ids[1..] {
        phone.conversation.download(id).await.unwrap().finished().await.unwrap();
    }
    assert!(path.exists(), "it is in use");
    let size = phone.client.size_on_disk().await.unwrap();
    assert!(size.fetched <= 6_000, "{size:?}");
    phone.client.clear_cache().await.unwrap();
    assert!(path.exists());
    drop(held);
    phone.client.clear_cache().await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn unknown_attachment_and_what_is_no_file_are_told() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, b"x").await;
    let other = phone.client.start_conversation().unwrap();
    for (conversation, id) in
        [(&phone.conversation, AttachmentId::new("x")), (&phone.conversation, AttachmentId::new("")), (&other, id)]
    {
        let told = conversation.download(&id).await.map(|_| ());
        assert_eq!(told, Err(SupportError::NotFound { what: "attachment" }));
    }
}

#[tokio::test]
async fn customer_who_leaves_can_leave_no_fetched_file_behind() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, b"secret").await;
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    phone.client.log_out_and_clear_cache().await.unwrap();
    assert!(!path.exists());
    assert_eq!(phone.conversation.download(&id).await.map(|_| ()), Err(SupportError::Closed));
}

#[tokio::test]
async fn transfer_waits_for_a_sweep_that_takes_its_part_for_nobodys() {
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &[1; 4_000]).await;
    let folder = phone.conversation.active().unwrap().attachments.folder.clone();
    folder.make().unwrap();
    let name = FileId::of(&id, Part::Whole).file_name(".part");
    fs::write(folder.path(&name), "of a process that died").unwrap();
    let stranger = folder.strangers(std::iter::once(name.into()), &Default::default()).remove(0);
    let mut download = phone.conversation.download(&id).await.unwrap();
    let removed = tokio::task::spawn_blocking(move || stranger.remove());
    let path = download.finished().await.unwrap();
    removed.await.unwrap();
    assert_eq!(fs::read(path).unwrap(), [1; 4_000]);
}

/// Every write to this device fails for want of room.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn phone_that_is_full_says_so_and_keeps_no_half_file() {
    let content = vec![1; 400_000];
    let (phone, id) = Phone::with_file_of_the_agent(|_| {}, &content).await;
    let folder = phone.conversation.active().unwrap().attachments.folder.clone();
    folder.make().unwrap();
    let part = folder.path(&FileId::of(&id, Part::Whole).file_name(".part"));
    std::os::unix::fs::symlink("/dev/full", part).unwrap();
    let fetched = phone.conversation.download(&id).await.unwrap().finished().await;
    assert_eq!(fetched, Err(SupportError::Storage(StorageProblem::Full)));
    assert!(phone.kept().is_empty(), "{:?}", phone.kept());
    assert_eq!(phone.client.size_on_disk().await.unwrap(), SizeOnDisk::default());
    let path = phone.conversation.download(&id).await.unwrap().finished().await.unwrap();
    assert_eq!(fs::read(path).unwrap(), content, "with room again it comes");
}
