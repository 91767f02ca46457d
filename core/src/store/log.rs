//! The write-ahead log, kept as long as it needs to be while nobody waits for a write.
//!
//! Where a sync finds the file longer than before, the file system syncs its own notes as well: a second write that the
//! customer waits for with every message (a third of a `send` on ext4). So the log is made longer in advance, a little
//! at a time, and written round before it is long. A log that is longer than what is in it is nothing new to SQLite:
//! that is what every checkpoint leaves behind.

use std::{fs, path::Path, time::Duration};

use rusqlite::Connection;

use super::open;

/// A page, with what the log notes of it: <https://sqlite.org/fileformat2.html#walformat>.
const FRAME: u64 = 4096 + 24;

/// How many pages are made ready at once: those of some ten messages that are sent and answered.
const BLOCK: u32 = 32;

/// From how many pages on what is in the log goes into the file itself, and the log is written round. As many as Android
/// sets for apps' databases (`db_wal_autocheckpoint`); SQLite's own 1,000 stay for when the writer has no rest.
const LONG: u32 = 100;

/// What the log is, in pages.
#[derive(Clone, Copy, Debug)]
struct Log {
    /// In it.
    used: u32,
    /// Of these in the database, too.
    done: u32,
    /// What its file has room for.
    room: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upkeep {
    Nothing,
    Lengthen,
    Checkpoint,
}

impl Log {
    fn upkeep(self) -> Upkeep {
        if self.used.saturating_sub(self.done) >= LONG {
            return Upkeep::Checkpoint;
        }
        // One that is empty may never be written to. One that could not be written round, for somebody reads it, is
        // left to grow by itself.
        let short = self.room < self.used + BLOCK / 2 && self.room < LONG + BLOCK;
        if self.used > 0 && short { Upkeep::Lengthen } else { Upkeep::Nothing }
    }
}

/// Does what is to be done for the log of the database at `path`. Not in a transaction. What fails is left: it costs time
/// and nothing else.
pub(super) fn keep_up(connection: &Connection, path: &Path) {
    match look(connection, path).map(Log::upkeep) {
        Some(Upkeep::Checkpoint) => {
            let _ = checkpoint(connection, "PASSIVE");
        }
        Some(Upkeep::Lengthen) => lengthen(connection),
        Some(Upkeep::Nothing) | None => {}
    }
}

fn look(connection: &Connection, path: &Path) -> Option<Log> {
    let (used, done) = checkpoint(connection, "NOOP")?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let room = u32::try_from(fs::metadata(log).ok()?.len() / FRAME).ok()?;
    Some(Log { used, done, room })
}

/// How many pages the log has after it, and how many of them the database has.
fn checkpoint(connection: &Connection, mode: &str) -> Option<(u32, u32)> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})")).ok()?;
    // Of a database without a log they are -1.
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?))).ok()
}

/// A transaction that its cache can't hold is written into the log though it is taken back: what comes next is written
/// over it.
fn lengthen(connection: &Connection) {
    // Who writes elsewhere need not be waited for.
    let _ = connection.busy_timeout(Duration::ZERO);
    let _ = connection.execute_batch(&format!(
        "PRAGMA cache_size = 10; BEGIN IMMEDIATE; INSERT INTO facts (key, value) VALUES ('', hex(zeroblob({})));",
        BLOCK * 4096 / 2
    ));
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    let _ = open::set_limits(connection);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_is_lengthened_ahead_of_need_and_written_round_once_it_is_long() {
        let upkeep = |used, done, room| Log { used, done, room }.upkeep();
        assert_eq!(upkeep(0, 0, 0), Upkeep::Nothing, "nobody has written");
        assert_eq!(upkeep(1, 0, 1), Upkeep::Lengthen);
        assert_eq!(upkeep(1, 0, 33), Upkeep::Nothing);
        assert_eq!(upkeep(20, 0, 33), Upkeep::Lengthen);
        assert_eq!(upkeep(99, 0, 129), Upkeep::Nothing);
        assert_eq!(upkeep(100, 0, 129), Upkeep::Checkpoint);
        assert_eq!(upkeep(100, 100, 129), Upkeep::Nothing, "the next write goes round");
        assert_eq!(upkeep(180, 100, 180), Upkeep::Nothing, "somebody reads it");
        assert_eq!(upkeep(200, 100, 200), Upkeep::Checkpoint);
    }
}
