//! What was seen, and how new the desk's word is.

/// Adds them. A file of before keeps what it counts as seen; only messages that were deleted are not counted any more.
pub(in crate::store) const STEP: &str = r#"
ALTER TABLE messages ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0; -- the desk's, of the newest event; 0: none yet
ALTER TABLE messages ADD COLUMN late INTEGER NOT NULL DEFAULT 0;       -- 1: arrived after a higher number was marked
CREATE INDEX messages_late ON messages (conversation) WHERE late = 1;
ALTER TABLE conversations ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;    -- as of a message
ALTER TABLE conversations ADD COLUMN agent_at INTEGER NOT NULL DEFAULT 0;      -- the desk's time of what `agent` says
ALTER TABLE conversations ADD COLUMN seen_whole_to INTEGER NOT NULL DEFAULT 0; -- nothing up to here can arrive late
ALTER TABLE conversations ADD COLUMN told_seen_at INTEGER NOT NULL DEFAULT 0;  -- the latest that the desk has told
ALTER TABLE conversations ADD COLUMN marked_until INTEGER NOT NULL DEFAULT 0;  -- see `store::seen::Marks`
UPDATE conversations SET seen_whole_to = seen_to, told_seen_at = customer_seen_at;
UPDATE conversations SET agent_at = last_activity WHERE agent IS NOT NULL;
UPDATE conversations SET marked_until = 9223372036854775807
    WHERE id IN (SELECT conversation FROM outbox WHERE task = '{"task":"seen"}' AND attempts > 0);
UPDATE conversations SET unread = (SELECT count(*) FROM messages m
        WHERE m.conversation = conversations.id AND m.own = 0 AND m.deleted = 0 AND m.desk_id > conversations.seen_to
            AND m.created_at >= conversations.customer_seen_at)
    WHERE unread > 0;
"#;
