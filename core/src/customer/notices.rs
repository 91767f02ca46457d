//! What the desk's version leaves open: asked at most once a day, told once in the log, and kept for the status.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use crate::{
    backend::{Backend, DeskNotices},
    clock::Clock,
    json::from_json,
    model::Timestamp,
    store::{Durability, Store, StoreError, facts},
};

const NOTICES: &str = "desk:notices";

/// A merchant updates the desk now and then; a day late is soon enough to see it.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

#[derive(serde::Serialize)]
struct Kept {
    at: Timestamp,
    notices: DeskNotices,
}

from_json!(Kept { at, notices });

/// What was learnt last.
pub(crate) fn known(connection: &Connection) -> Result<DeskNotices, StoreError> {
    Ok(facts::get::<Kept>(connection, NOTICES)?.map(|kept| kept.notices).unwrap_or_default())
}

/// Whether it is time to ask again. A clock that was set back is such a time, too.
fn is_due(asked: Option<Timestamp>, now: Timestamp) -> bool {
    asked.is_none_or(|asked| now < asked || now.since(asked) >= GOOD_FOR)
}

/// Asks the desk, where that was not done today. No failure matters: what was known before stays.
pub(crate) async fn look(store: Arc<Store>, backend: Arc<dyn Backend>, clock: Arc<dyn Clock>) {
    let Ok(kept) = store.read(|connection| facts::get::<Kept>(connection, NOTICES)).await else { return };
    let now = clock.now();
    if !is_due(kept.as_ref().map(|kept| kept.at), now) {
        return;
    }
    let before = kept.map(|kept| kept.notices).unwrap_or_default();
    let notices = match backend.notices().await {
        Ok(notices) => notices.unwrap_or(before),
        Err(error) => {
            tracing::debug!(%error, "could not ask the desk about its version");
            return;
        }
    };
    if notices != before && notices.conversations_exposed {
        tracing::warn!(
            "this version of the support desk lets anybody who knows a customer's e-mail address read that customer's \
             conversations; update the desk"
        );
    }
    if notices != before && notices.history_unavailable {
        tracing::warn!(
            "this version of the support desk can't list the conversations of verified customers; update the desk"
        );
    }
    let noted = store.write(Durability::Later, move |tx| {
        facts::set(tx, NOTICES, &Kept { at: now, notices })?;
        tx.touch_customer();
        Ok(())
    });
    if let Err(error) = noted.await {
        tracing::debug!(%error, "could not note the desk's version");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn kept_form_is_stable() {
        let notices = DeskNotices { conversations_exposed: true, ..DeskNotices::default() };
        let kept = serde_json::to_string(&Kept { at: Timestamp::from_millis(7), notices }).unwrap();
        insta::assert_snapshot!(kept, @r#"{"at":7,"notices":{"conversations_exposed":true,"history_unavailable":false}}"#);
        assert_eq!(json::from_str::<Kept>(&kept).unwrap().notices, notices);
    }

    #[test]
    fn desk_is_asked_once_a_day() {
        let at = Timestamp::from_seconds;
        assert!(is_due(None, at(5)));
        assert!(!is_due(Some(at(5)), at(5 + 86_399)));
        assert!(is_due(Some(at(5)), at(5 + 86_400)));
        assert!(is_due(Some(at(5)), at(4)));
    }
}
