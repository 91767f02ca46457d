//! Kill -9 at random moments while files are copied, sent and fetched: nothing lost, nothing twice, nothing half.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests may fail")]

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use sandbox::{Fault, MessageView, Rule};
use shopbell::Older;
use shopbell_tests::{
    desk_with,
    kill::{Chance, Said, Sender, content, one_conversation},
    phone, until,
};

/// All files below a folder that are a customer's.
fn kept_files(data: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for inbox in fs::read_dir(data).unwrap().filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
        for folder in fs::read_dir(inbox.path()).unwrap().filter_map(Result::ok) {
            if folder.path().extension().is_some_and(|extension| extension == "files") {
                let files = fs::read_dir(folder.path()).unwrap();
                found.extend(files.map(|file| file.unwrap().file_name().into_string().unwrap()));
            }
        }
    }
    found
}

/// `SHOPBELL_KILLS` kills more often; `SHOPBELL_SEED` repeats a run.
#[tokio::test(flavor = "multi_thread")]
async fn process_killed_while_it_copies_sends_and_fetches_loses_doubles_and_tears_nothing() {
    let kills = std::env::var("SHOPBELL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_u64);
    let mut chance = Chance::from_environment();
    let desk = desk_with(|options| options.flood_limit = u32::MAX).await;
    let data = tempfile::tempdir().unwrap();
    for (fault, probability) in [
        (Fault::Latency(Duration::from_millis(10)), 0.7),
        (Fault::ResetUpload(100_000), 0.1),
        (Fault::ResetAfterWrite, 0.02),
        (Fault::TruncateBody(60_000), 0.1),
    ] {
        desk.faults().add(Rule { probability, ..Rule::new(fault) });
    }
    let program = env!("CARGO_BIN_EXE_filer");
    let (mut tried, mut kept) = (BTreeSet::new(), BTreeSet::new());
    let (mut right, mut attached, mut next) = (0, 0, 1);
    for kill in 0..kills {
        if let Some(there) = desk.desk().conversations().first()
            && attached < 20
        {
            attached += 1;
            let bytes = content(1_000_000 + attached);
            let name = format!("{}.bin", 1_000_000 + attached);
            desk.desk().reply_with_file(there.id, "", &name, "application/octet-stream", bytes);
        }
        let sender = Sender::start(program, &desk.url(), data.path(), next, 1_000_000);
        let time = if kill % 6 == 5 { 500 + chance.below(1_500) } else { chance.below(200) };
        let mut hear = |said: Said| match said {
            Said::Tries(number) => drop(tried.insert(number)),
            Said::Kept(number) => drop(kept.insert(number)),
            Said::Fetched(is_right) => {
                assert!(is_right, "a file was shown that is not the agent's");
                right += 1;
            }
        };
        sender.listen(Duration::from_millis(time), &mut hear);
        sender.kill(&mut hear);
        next = tried.last().map_or(1, |last| last + 1);
    }
    desk.faults().clear();
    let client = phone(&desk, data.path()).await;
    let arrived = || -> Vec<(u64, MessageView)> {
        let messages = desk.desk().conversations().into_iter().flat_map(|conversation| conversation.messages);
        let own = messages.filter(|message| message.message_type == 0);
        own.map(|m| (m.content.clone().unwrap().trim_start_matches("message ").parse().unwrap(), m)).collect()
    };
    let all_there = |there: &Vec<(u64, MessageView)>| kept.iter().all(|number| there.iter().any(|(n, _)| n == number));
    let there = until("everything that was promised", arrived, all_there).await;
    let numbers: Vec<u64> = there.iter().map(|(number, _)| *number).collect();
    let unique: BTreeSet<u64> = numbers.iter().copied().collect();
    println!(
        "{kills} kills, {} tried, {} promised, {} at the desk, {} twice, {right} fetched",
        tried.len(),
        kept.len(),
        numbers.len(),
        numbers.len() - unique.len()
    );
    assert_eq!(numbers.len(), unique.len(), "twice at the desk: {numbers:?}");
    assert!(numbers.is_sorted(), "out of order: {numbers:?}");
    assert!(unique.is_subset(&tried));
    for (number, message) in &there {
        let files = desk.desk().files(message.id);
        assert_eq!(message.attachments[0].0, format!("file {number}.bin"));
        assert!(files.len() == 1 && files[0] == content(*number), "message {number} arrived with another file");
    }
    // The agent's files are whole, whatever was cut off and when.
    let conversation = one_conversation(&client).await;
    let mut screen = shopbell_tests::Screen::open(&conversation).await;
    loop {
        let before = screen.messages.len();
        if screen.timeline().pager().load_older().await.unwrap() == Older::None {
            break;
        }
        screen.until("older messages", |messages| messages.len() > before).await;
    }
    for message in screen.messages.iter().filter(|message| !message.author.is_customer()) {
        let file = &message.attachments[0];
        let path = conversation.download(&file.id).await.unwrap().finished().await.unwrap();
        let number = file.name.trim_end_matches(".bin").parse().unwrap();
        assert!(fs::read(path).unwrap() == content(number));
    }
    client.clear_cache().await.unwrap();
    client.shutdown().await;
    assert_eq!(kept_files(data.path()), Vec::<String>::new(), "nothing is left behind");
    assert!(kept.len() as u64 > kills / 10 && right > 0, "the process got to do something");
}
