//! Conversations that became one, and the channels of the desk that conversations are in.

/// Adds both. A conversation of before has no channel, which means that the desk said nothing of one: it stays writable
/// until the desk does. The desk's lists are read anew in full, for what was kept of them had no channels.
pub(super) const STEP: &str = "
-- Conversations that turned out to be another one: whoever holds the old id means that one.
CREATE TABLE joined (
    id TEXT PRIMARY KEY,
    target TEXT NOT NULL              -- a conversation that is there; never itself in this table
) STRICT, WITHOUT ROWID;
ALTER TABLE conversations ADD COLUMN channel INTEGER; -- the desk's number of the channel; NULL where it told none
UPDATE sessions SET list_validator = NULL;
";
