//! Which messages the customer has not seen, and what ends that.
//!
//! # Protocol
//! A message counts as **unread** while all of this holds:
//! 1. the customer did not write it, and it is not deleted;
//! 2. no mark of this phone covers it;
//! 3. no other device of the customer's has shown it, as far as the desk tells.
//!
//! **A mark covers exactly the messages that were on the phone when it was made**: the numbers up to `seen_to`, except
//! those that arrived afterwards (`late`). A lower number can arrive after a higher one where a realtime event was lost
//! or overtaken. Numbers up to `whole_to` can't: that run had no gap when the mark was made, and what arrives below it
//! is history that the customer scrolled to. Sending a message marks what stands above it in the same way.
//!
//! **The desk stamps a mark with its own time**, so a mark that it gets late covers words that nobody has seen. Two
//! things follow:
//! - A mark is sent only while it is still true. The outbox looks at the newest page first; where something unseen has
//!   arrived, the mark is dropped, and the customer makes another one when they see that ([`covers`]).
//! - The time that the desk tells (`told`) may be that of our own mark, and then proves nothing. It counts as
//!   another device's only where it is later than any mark of this phone can be ([`Marks`]):
//!
//! | marks of this phone | a time that the desk tells |
//! | --- | --- |
//! | [`Marks::Until`] the desk's time of the last answer | later: another device's; else: may be ours, ignored |
//! | [`Marks::Sending`]: under way, or its answer was lost | may be ours, ignored; judged when the mark is answered |
//! | [`Marks::Untimed`]: answered by a desk that tells no time | the next later one is taken for ours |
//!
//! What is ignored is at worst shown as unread twice; the opposite mistake hides a message for good. Times are compared
//! in whole seconds, for desks tell no finer ones, and only with other times of the desk's: the phone's clock has no
//! part in it. A message of the very second in which another device looked counts as unread.
//!
//! The receipts that a desk puts on its agents' messages are not used. The desk writes them some time after the mark,
//! so they can't be told from those of a mark of ours.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    ConversationRow, StoreError, Tx,
    conversations::{GONE, IN_OTHER_CHANNEL},
};
use crate::{
    backend::DeskMessage,
    model::{Author, ConversationId, DeskConversationId, DeskMessageId, Timestamp},
};

/// How far the marks of this phone can reach, by the desk's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// None is later than this.
    Until(Timestamp),
    /// One is under way, or was when the process died.
    Sending,
    /// The desk has the last one and told no time.
    Untimed,
}

impl Marks {
    const SENDING: i64 = i64::MAX;
    const UNTIMED: i64 = i64::MAX - 1;

    fn to_column(self) -> i64 {
        match self {
            Self::Until(at) => at.millis().min(Self::UNTIMED - 1),
            Self::Sending => Self::SENDING,
            Self::Untimed => Self::UNTIMED,
        }
    }

    fn of_column(value: i64) -> Self {
        match value {
            Self::SENDING => Self::Sending,
            Self::UNTIMED => Self::Untimed,
            millis => Self::Until(Timestamp::from_millis(millis)),
        }
    }
}

/// What is known of the customer's looking at one conversation. Pure: [`Seen::load`] and [`Seen::save`] keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The highest number that a mark of this phone covers; 0 before the first.
    seen_to: i64,
    /// Up to here no number can arrive late.
    whole_to: i64,
    /// When another device of the customer's looked last.
    elsewhere: Timestamp,
    /// The latest time that the desk has told, of any device.
    told: Timestamp,
    marks: Marks,
}

impl Seen {
    /// Whether a message with this number arrives after a mark that would cover it.
    pub(crate) fn is_late(&self, number: DeskMessageId) -> bool {
        (self.whole_to + 1..=self.seen_to).contains(&number.get())
    }

    /// Whether a message that arrives now is unread.
    pub(crate) fn is_unread(&self, message: &DeskMessage) -> bool {
        let covered = message.id.get() <= self.seen_to && !self.is_late(message.id);
        !message.author.is_customer() && !message.deleted && !covered && message.created_at >= self.elsewhere
    }

    /// The customer has seen what is here: numbers from `lowest` to `highest`, without a gap up to `synced_to`.
    fn mark(&mut self, lowest: i64, highest: i64, synced_to: i64) {
        self.seen_to = self.seen_to.max(highest);
        self.whole_to = self.whole_to.max(synced_to).max(lowest).min(self.seen_to);
    }

    /// The desk tells when the customer looked last.
    fn tell(&mut self, at: Timestamp) {
        let is_later = at.seconds() > self.told.seconds();
        self.told = self.told.max(at);
        if self.marks == Marks::Untimed && is_later {
            self.marks = Marks::Until(at);
        }
        self.judge();
    }

    /// The mark of this phone has come that far.
    fn set_marks(&mut self, marks: Marks) {
        self.marks = marks;
        self.judge();
    }

    fn judge(&mut self) {
        if let Marks::Until(end) = self.marks
            && self.told.seconds() > end.seconds()
        {
            self.elsewhere = self.elsewhere.max(self.told);
        }
    }

    /// What is kept of a conversation.
    pub(crate) fn load(connection: &Connection, id: &ConversationId) -> Result<Option<Self>, StoreError> {
        let seen = connection
            .prepare_cached(
                "SELECT seen_to, seen_whole_to, customer_seen_at, told_seen_at, marked_until FROM conversations
                 WHERE id = ?1",
            )?
            .query_row([id.as_str()], |row| {
                Ok(Self {
                    seen_to: row.get(0)?,
                    whole_to: row.get(1)?,
                    elsewhere: Timestamp::from_millis(row.get(2)?),
                    told: Timestamp::from_millis(row.get(3)?),
                    marks: Marks::of_column(row.get(4)?),
                })
            })
            .optional()?;
        Ok(seen)
    }

    fn save(&self, tx: &Tx<'_>, id: &ConversationId) -> Result<(), StoreError> {
        tx.prepare_cached(
            "UPDATE conversations SET seen_to = ?2, seen_whole_to = ?3, customer_seen_at = ?4, told_seen_at = ?5,
                marked_until = ?6
             WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            self.seen_to,
            self.whole_to,
            self.elsewhere.millis(),
            self.told.millis(),
            self.marks.to_column()
        ])?;
        Ok(())
    }
}

/// Whether a mark up to `seen_to` still covers all that the desk has, by the newest page.
pub(crate) fn covers(seen_to: i64, newest: &[DeskMessage]) -> bool {
    newest.iter().all(|message| message.author.is_customer() || message.deleted || message.id.get() <= seen_to)
}

/// The condition for an unread message `m` of a conversation `c`, but for the mark of this phone.
macro_rules! unread {
    ($mark:literal) => {
        concat!(
            "m.conversation = c.id AND m.own = 0 AND m.deleted = 0 AND m.created_at >= c.customer_seen_at AND ",
            $mark
        )
    };
}

/// Not covered by a mark of this phone. Two conditions, each with an index of its own.
const ABOVE: &str = unread!("m.desk_id > c.seen_to");
const LATE: &str = unread!("m.late = 1 AND m.desk_id <= c.seen_to");

/// What the customer has not seen of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct UnreadIn {
    pub(crate) conversation: ConversationId,
    pub(crate) count: u32,
    /// Who wrote the newest of these, and what, on one line.
    pub(crate) newest: Option<(Author, String)>,
    /// In all conversations together.
    pub(crate) total: u32,
}

impl ConversationRow {
    /// The desk tells when the customer and an agent looked last; times only move forward.
    pub(crate) fn raise_seen(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        customer: Option<Timestamp>,
        agent: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        if let Some(at) = agent {
            let changed = tx
                .prepare_cached("UPDATE conversations SET agent_seen_at = ?2 WHERE id = ?1 AND agent_seen_at < ?2")?
                .execute(params![id.as_str(), at.millis()])?;
            if changed > 0 {
                tx.touch(id);
            }
        }
        let (Some(at), Some(mut seen)) = (customer, Seen::load(tx, id)?) else { return Ok(()) };
        let before = seen;
        if seen.marks == Marks::Sending && !Self::has_mark_waiting(tx, id)? {
            // The outbox gave it up; whether the desk has it is not known.
            seen.set_marks(Marks::Untimed);
        }
        seen.tell(at);
        Self::put_seen(tx, id, before, seen)
    }

    /// The customer has seen everything that is here. Whether that is news.
    pub(crate) fn mark_seen(tx: &mut Tx<'_>, id: &ConversationId) -> Result<bool, StoreError> {
        let Some(mut seen) = Seen::load(tx, id)? else { return Ok(false) };
        let (unread, synced_to): (i64, i64) = tx
            .prepare_cached("SELECT unread, synced_to FROM conversations WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let number = |end: &str| -> Result<i64, StoreError> {
            let sql = format!("SELECT coalesce({end}(desk_id), 0) FROM messages WHERE conversation = ?1");
            Ok(tx.prepare_cached(&sql)?.query_row([id.as_str()], |row| row.get(0))?)
        };
        let before = seen;
        seen.mark(number("min")?, number("max")?, synced_to);
        if before != seen {
            seen.save(tx, id)?;
        }
        if unread > 0 {
            tx.prepare_cached("UPDATE messages SET late = 0 WHERE conversation = ?1 AND late = 1")?
                .execute([id.as_str()])?;
            Self::recount_unread(tx, id)?;
        }
        Ok(unread > 0)
    }

    /// Up to which number the customer has seen everything; `None` where there is something unread, so that a mark
    /// would say too much.
    pub(crate) fn seen_to(connection: &Connection, id: &ConversationId) -> Result<Option<i64>, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT seen_to FROM conversations WHERE id = ?1 AND unread = 0")?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional()?)
    }

    /// Notes how far a mark of this phone has come; gives what was noted before.
    pub(crate) fn set_marks(tx: &mut Tx<'_>, id: &ConversationId, marks: Marks) -> Result<Option<Marks>, StoreError> {
        let Some(before) = Seen::load(tx, id)? else { return Ok(None) };
        let mut seen = before;
        seen.set_marks(marks);
        Self::put_seen(tx, id, before, seen)?;
        Ok(Some(before.marks))
    }

    fn put_seen(tx: &mut Tx<'_>, id: &ConversationId, before: Seen, now: Seen) -> Result<(), StoreError> {
        if before != now {
            now.save(tx, id)?;
        }
        if before.elsewhere != now.elsewhere {
            Self::recount_unread(tx, id)?;
        }
        Ok(())
    }

    fn has_mark_waiting(connection: &Connection, id: &ConversationId) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(
            r#"SELECT EXISTS (SELECT 1 FROM outbox WHERE conversation = ?1 AND task = '{"task":"seen"}')"#,
        )?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0))?)
    }

    /// Counts anew.
    pub(super) fn recount_unread(tx: &mut Tx<'_>, id: &ConversationId) -> Result<(), StoreError> {
        tx.prepare_cached(&format!(
            "UPDATE conversations AS c SET unread = (SELECT count(*) FROM messages m WHERE {ABOVE})
                + (SELECT count(*) FROM messages m WHERE {LATE})
             WHERE c.id = ?1"
        ))?
        .execute([id.as_str()])?;
        tx.touch(id);
        Ok(())
    }

    /// Counts messages that came in and are unread by [`Seen::is_unread`]: of ten thousand missed ones, each is looked
    /// at once.
    pub(super) fn count_unread(tx: &Tx<'_>, id: &ConversationId, more: u32) -> Result<(), StoreError> {
        if more > 0 {
            tx.prepare_cached("UPDATE conversations SET unread = unread + ?2 WHERE id = ?1")?
                .execute(params![id.as_str(), more])?;
        }
        Ok(())
    }

    /// What the customer has not seen of a conversation; `None` where it is not known here.
    pub(crate) fn unread_in(connection: &Connection, id: DeskConversationId) -> Result<Option<UnreadIn>, StoreError> {
        let line = connection
            .prepare_cached(&format!(
                "SELECT id, unread FROM conversations WHERE desk_id = ?1 AND NOT {IN_OTHER_CHANNEL} AND NOT {GONE}"
            ))?
            .query_row([id.get()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
            .optional()?;
        let Some((conversation, count)) = line else { return Ok(None) };
        let unread = |condition: &str| {
            format!(
                "SELECT m.desk_id, m.author, m.content, m.attachments FROM messages m, conversations c
                 WHERE c.id = ?1 AND {condition}"
            )
        };
        let newest = connection
            .prepare_cached(&format!("{} UNION ALL {} ORDER BY 1 DESC LIMIT 1", unread(ABOVE), unread(LATE)))?
            .query_row([&conversation], |row| {
                Ok((row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, Option<String>>(3)?))
            })
            .optional()?;
        let newest = match newest {
            Some((author, content, attachments)) => Some((
                crate::json::from_str(&author)?,
                super::conversations::preview(false, &content, attachments.as_deref())?,
            )),
            None => None,
        };
        let (conversation, total) = (ConversationId::new(conversation), Self::unread(connection)?);
        Ok(Some(UnreadIn { conversation, count, newest, total }))
    }

    /// Before the messages of `from` move to `into`, for the two are one at the desk: what is unread in either stays so,
    /// unless the other holds it and it was seen there. Of the times that the desk tells, the more cautious stand.
    pub(super) fn join_seen(tx: &Tx<'_>, from: &ConversationId, into: &ConversationId) -> Result<(), StoreError> {
        let pair = params![from.as_str(), into.as_str()];
        tx.execute(
            "UPDATE messages SET late = 1 WHERE conversation IN (?1, ?2) AND own = 0
                AND desk_id > (SELECT seen_to FROM conversations c WHERE c.id = messages.conversation)",
            pair,
        )?;
        tx.execute(
            "UPDATE messages SET late = 0 WHERE conversation = ?2 AND late = 1 AND EXISTS (SELECT 1 FROM messages o
                WHERE o.conversation = ?1 AND o.desk_id = messages.desk_id AND o.late = 0)",
            pair,
        )?;
        tx.execute(
            "UPDATE conversations AS c SET seen_to = max(c.seen_to, o.seen_to),
                seen_whole_to = max(c.seen_whole_to, o.seen_whole_to),
                customer_seen_at = max(c.customer_seen_at, o.customer_seen_at),
                told_seen_at = max(c.told_seen_at, o.told_seen_at), marked_until = max(c.marked_until, o.marked_until),
                updated_at = max(c.updated_at, o.updated_at)
             FROM (SELECT * FROM conversations WHERE id = ?1) o WHERE c.id = ?2",
            pair,
        )?;
        Ok(())
    }

    /// Whether a message is unread; `None` where it is not here.
    pub(crate) fn is_unread(
        connection: &Connection,
        id: &ConversationId,
        number: DeskMessageId,
    ) -> Result<Option<bool>, StoreError> {
        let sql = format!(
            "SELECT ({ABOVE}) OR ({LATE}) FROM messages m, conversations c
             WHERE c.id = ?1 AND m.conversation = c.id AND m.desk_id = ?2"
        );
        let found = connection.prepare_cached(&sql)?.query_row(params![id.as_str(), number.get()], |row| row.get(0));
        Ok(found.optional()?)
    }
}

#[cfg(test)]
mod tests;
