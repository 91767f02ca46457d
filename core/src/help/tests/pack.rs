use super::{
    super::pack::{PackEntry, PackReader, write},
    *,
};

fn entry(article: DeskArticle, phrasings: &[&str]) -> PackEntry {
    let phrasings = phrasings.iter().map(|text| (*text).to_owned()).collect();
    PackEntry::Article(DeskArticle { phrasings, ..article })
}

fn starter() -> Vec<u8> {
    let category = DeskCategory {
        slug: "doi-tra".into(),
        locale: "vi".into(),
        name: "Đổi trả".into(),
        description: String::new(),
        position: 1,
    };
    let entries = [
        PackEntry::Category(category),
        entry(article("1", "vi", "doi-tra", "Đổi trả hàng", "Cũ."), &["gui lai giay"]),
        entry(article("50", "vi", "doi-tra", "Chỉ trong gói", "Chỉ ở đây."), &[]),
    ];
    write(PORTAL, "en", &entries)
}

fn refused(bytes: &[u8]) -> String {
    let mut reader = match PackReader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return error.to_string(),
    };
    loop {
        match reader.next_entry() {
            Ok(Some(_)) => {}
            Ok(None) => return "whole".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

#[tokio::test]
async fn first_run_without_a_network_answers_from_the_starter_pack() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    desk.offline(true);
    let path = data.path().join("starter.pack");
    std::fs::write(&path, starter()).unwrap();
    let client = phone_with(&desk, data.path(), |help| help.starter_pack = Some(path.clone())).await;
    let help = client.help_center().unwrap();
    assert_eq!(found(&help, "doi tra hang").await[0], "1");
    assert_eq!(found(&help, "gui lai giay").await[0], "1", "also asked as");
    assert_eq!(help.categories().await.unwrap()[0].name, "Đổi trả");

    // The desk knows better; the pack's phrasings stay.
    desk.offline(false);
    // What was asked of the help centre may have had it ask the desk by itself already.
    help.sync().await.unwrap();
    assert!(!found(&help, "chi trong goi").await.contains(&"50".to_owned()));
    assert_eq!(found(&help, "gui lai giay").await[0], "1");
    client.shutdown().await;

    // A newer app brings a newer pack: its phrasings count, its articles are older than the desk's.
    let newer = [entry(article("1", "vi", "doi-tra", "Rất cũ", "Rất cũ."), &["doi giay"])];
    std::fs::write(&path, write(PORTAL, "en", &newer)).unwrap();
    let client = phone_with(&desk, data.path(), |help| help.starter_pack = Some(path)).await;
    let help = client.help_center().unwrap();
    assert_eq!(found(&help, "doi giay").await[0], "1");
    assert_eq!(help.article(&ArticleId::new("1")).await.unwrap().summary.title, "Đổi trả hàng trong 30 ngày");
}

#[tokio::test]
async fn pack_that_cannot_be_read_is_told_and_forgotten_once_the_desk_answers() {
    let (desk, data) = (desk(), tempfile::tempdir().unwrap());
    let path = data.path().join("starter.pack");
    let mut damaged = starter();
    let last = damaged.len() - 4;
    damaged[last] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let client = phone_with(&desk, data.path(), |help| help.starter_pack = Some(path.clone())).await;
    let error = client.help_center().unwrap().search("doi", None).await.unwrap_err();
    assert!(matches!(error, SupportError::InvalidConfig { field: "help_center.starter_pack", .. }), "{error}");
    client.shutdown().await;
    std::fs::write(&path, starter()).unwrap();
    let help = phone_with(&desk, data.path(), |help| help.starter_pack = Some(path)).await.help_center().unwrap();
    assert_eq!(found(&help, "doi tra").await[0], "1");
}

#[test]
fn pack_that_is_cut_or_changed_anywhere_is_refused() {
    let whole = starter();
    assert_eq!(refused(&whole), "whole");
    for end in 0..whole.len() {
        assert_ne!(refused(&whole[..end]), "whole", "{end}");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        // A letter of the slug or of the language in the head says another thing, and says it whole.
        let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
        assert!(at < head || refused(&changed) != "whole", "{at}");
    }
}

#[test]
fn wrong_packs_are_refused_with_their_reason() {
    assert_eq!(refused(b""), "line 1 of the starter pack: this is no starter pack; make one with shopbell-help pack");
    assert_eq!(refused(b"{\"id\":1}\n"), refused(b""));
    let newer = String::from_utf8(starter()).unwrap().replacen("help_pack\":1", "help_pack\":9", 1);
    assert_eq!(
        refused(newer.as_bytes()),
        "line 1 of the starter pack: it has format 9, and this app reads up to 1: update the app"
    );
    let twice = [entry(article("1", "vi", "a", "A", ""), &[]), entry(article("1", "vi", "a", "B", ""), &[])];
    let headless = b"{\"shopbell_help_pack\":1,\"portal\":\"shop\"}\n";
    assert_eq!(refused(headless), "line 1 of the starter pack: a field is missing or of another kind");
    assert_eq!(refused(&write(PORTAL, "en", &twice)), "line 3 of the starter pack: the id of an article before");
    let nameless = [entry(article("1", "vi", "a", " ", ""), &[])];
    assert!(refused(&write(PORTAL, "en", &nameless)).ends_with("an article needs an id, a title and a locale"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_pack_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
            let mut pack = if head { starter() } else { Vec::new() };
            pack.extend(bytes);
            let _ = refused(&pack);
        }

        #[test]
        fn what_is_written_is_read_back(title in "\\PC{1,20}x", content in "(?s).{0,80}", phrasing in "\\PC{0,20}") {
            let written = [entry(article("7", "vi", "a", &title, &content), &[&phrasing])];
            let bytes = write(PORTAL, "vi", &written);
            let mut reader = PackReader::new(bytes.as_slice()).unwrap();
            prop_assert_eq!(reader.next_entry().unwrap(), Some(written[0].clone()));
            prop_assert_eq!(reader.next_entry().unwrap(), None);
        }
    }
}
