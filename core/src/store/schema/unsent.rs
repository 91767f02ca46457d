//! Messages that the desk does not have, in the outbox.

/// Moves them there from among those that it has: what they say comes along, and how far they have come their entries
/// say already. One without an entry, which no version has written, stays where it is and is shown as before.
pub(super) const STEP: &str = "
ALTER TABLE outbox ADD COLUMN content TEXT;        -- JSON; of a message that it sends. NULL for every other task
ALTER TABLE outbox ADD COLUMN attachments TEXT;    -- JSON; NULL for none
ALTER TABLE outbox ADD COLUMN created_at INTEGER;  -- when it was written
ALTER TABLE outbox ADD COLUMN rev INTEGER NOT NULL DEFAULT 0; -- raised by every change of what is shown
UPDATE outbox SET (content, attachments, created_at, rev) =
        (SELECT m.content, m.attachments, m.created_at, m.rev FROM messages m WHERE m.id = outbox.message)
    WHERE task = '{\"task\":\"message\"}'
        AND EXISTS (SELECT 1 FROM messages m WHERE m.id = outbox.message AND m.desk_id IS NULL);
DELETE FROM messages WHERE desk_id IS NULL AND id IN (SELECT message FROM outbox WHERE content IS NOT NULL);
";
