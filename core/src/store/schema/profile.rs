//! What the desk was told of the customer, session by session.

/// Adds it. What an older version had sent by then counts as told, so that an upgrade sends nothing again that an agent
/// may have changed since. Where the older version still had something to send, it never noted what: all of it is sent
/// once more, and nothing is lost.
pub(super) const STEP: &str = "
ALTER TABLE sessions ADD COLUMN told TEXT;    -- JSON, a profile: what the desk has accepted; NULL for nothing
ALTER TABLE sessions ADD COLUMN refused TEXT; -- JSON: the fields that the desk has refused; NULL for none
UPDATE sessions SET told = (SELECT profile FROM customer)
    WHERE established = 1
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.session = sessions.id AND o.task = '{\"task\":\"profile\"}');
";
