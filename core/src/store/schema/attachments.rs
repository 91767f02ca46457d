//! Files that go out with messages, and files that were fetched.

/// Adds them. Messages of before have no file on this phone, and their entries none to send.
pub(super) const STEP: &str = "
ALTER TABLE outbox ADD COLUMN files INTEGER NOT NULL DEFAULT 0; -- how many files the message takes along
CREATE TABLE files (
    id TEXT PRIMARY KEY,              -- a hash of the attachment's id
    name TEXT NOT NULL,               -- in the customer's folder of files
    state TEXT NOT NULL,              -- unsent: nowhere else yet; whole: may go; begun: the first part of it is here
    size INTEGER NOT NULL,            -- in bytes; of a begun one: what it will be, 0 where that is not known
    here INTEGER NOT NULL DEFAULT 0,  -- of a begun one: how much of it is on the disk for certain
    used_at INTEGER NOT NULL,
    validator TEXT                    -- of a begun one: of which version the part is
) STRICT, WITHOUT ROWID;
CREATE INDEX files_use ON files (used_at) WHERE state <> 'unsent';
";
