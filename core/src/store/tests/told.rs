//! What an older version had told the desk, after an upgrade.

use rusqlite::Connection;

use super::*;
use crate::{model::ProfileField, store::Told};

/// A file of the last released version, changed before this one opens it.
async fn upgraded(change: &'static str) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    std::fs::copy(format!("{}/tests/fixtures/v3.db", env!("CARGO_MANIFEST_DIR")), &path).unwrap();
    Connection::open(&path).unwrap().execute_batch(change).unwrap();
    let store = Arc::new(Store::open(&path, Timestamp::default(), Feed::new()).unwrap());
    store.read(|connection| Told::of(connection, "session-1")).await.unwrap()
}

#[tokio::test]
async fn profile_that_an_older_version_sent_counts_as_told() {
    let told = upgraded("UPDATE sessions SET established = 1").await;
    assert_eq!(told.profile.name.as_deref(), Some("Nguyễn Thị Đào"));
    let plan = ProfileField::Attribute("plan".into());
    assert_eq!(told.profile.says(&plan), Some(Some(AttributeValue::Text("gold".into()))));
    assert!(told.refused.is_empty());
}

#[tokio::test]
async fn profile_that_an_older_version_had_still_to_send_is_told() {
    assert_eq!(upgraded("").await, Told::default());
    let waiting = r#"UPDATE sessions SET established = 1;
        INSERT INTO outbox (session, task, state) VALUES ('session-1', '{"task":"profile"}',
            '{"state":"waiting","not_before":0}');"#;
    assert_eq!(upgraded(waiting).await, Told::default());
}
