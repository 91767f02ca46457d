//! Conversations: their lines in the list, their marks, their drafts.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::{FileRow, StoreError, Tx, facts, unsent};
use crate::{
    backend::DeskChannel,
    json, markdown,
    model::{
        Agent, Attachment, Content, ConversationId, ConversationStatus, ConversationSummary, DeskConversationId,
        DeskMessageId, Timestamp,
    },
    rules,
};

/// The longest preview, in characters: two lines of a phone.
const PREVIEW_CHARS: usize = 120;

/// What the workers need to know of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct ConversationRow {
    pub(crate) id: ConversationId,
    pub(crate) session: String,
    pub(crate) desk_id: Option<DeskConversationId>,
    pub(crate) agent_seen_at: Timestamp,
    pub(crate) draft: Option<String>,
    pub(crate) status: ConversationStatus,
    pub(crate) channel: Channel,
    /// How many messages the customer has not seen.
    pub(crate) unread: u32,
    pub(crate) sync: SyncMark,
}

/// Which of the desk's channels a conversation is in. A desk may show a customer what they wrote by mail or on the web,
/// too; writing there through this app's channel puts the words where no agent looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// This app's, or the desk does not tell its channels apart.
    Ours,
    /// It can't be known yet: nothing that the desk said so far is certainly of this app's channel. Readable, and
    /// nothing is written to it.
    Unknown,
    /// Another one: kept, and not shown.
    Other,
}

/// The fact that holds the desk's number of this app's channel, once it is certain. The person's: what was learnt before
/// a log-in holds after it.
const OUR_CHANNEL: &str = "own:channel";

/// What is true of a conversation in another channel, in SQL.
pub(super) const IN_OTHER_CHANNEL: &str = "(channel IS NOT NULL
    AND channel <> ifnull((SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'own:channel'), channel))";

/// What is true of a conversation that the desk has deleted, in SQL: nothing in it can be unread any more.
pub(super) const GONE: &str = r#"(status = '"gone"')"#;

/// How much of a conversation's history is here without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SyncMark {
    /// The highest number up to which nothing is missing; `None` before the first sync.
    pub(crate) synced_to: Option<DeskMessageId>,
    /// The lowest number of that run.
    pub(crate) history_from: Option<DeskMessageId>,
    /// Whether the run begins with the conversation's first message.
    pub(crate) complete: bool,
    /// For the conditional question for the newest page.
    pub(crate) validator: Option<String>,
}

/// The last word of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastWord {
    /// It is the customer's, and nobody has ended the conversation since.
    pub(crate) awaits_answer: bool,
    /// Which one it is: of those not sent, and of the others.
    which: (Option<i64>, Option<(i64, i64)>),
}

const COLUMNS: &str = "id, session, desk_id, agent_seen_at, draft, synced_to, history_from, history_complete,
    page_validator, status, channel, (SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'own:channel'),
    unread";

fn read(row: &Row<'_>) -> Result<ConversationRow, StoreError> {
    Ok(ConversationRow {
        id: ConversationId::new(row.get::<_, String>(0)?),
        session: row.get(1)?,
        desk_id: row.get::<_, Option<i64>>(2)?.and_then(DeskConversationId::new),
        agent_seen_at: Timestamp::from_millis(row.get(3)?),
        draft: row.get(4)?,
        sync: SyncMark {
            synced_to: DeskMessageId::new(row.get(5)?),
            history_from: DeskMessageId::new(row.get(6)?),
            complete: row.get(7)?,
            validator: row.get(8)?,
        },
        status: json::from_str(&row.get::<_, String>(9)?)?,
        channel: Channel::of(row.get(10)?, row.get(11)?),
        unread: row.get(12)?,
    })
}

impl Channel {
    /// From a conversation's number and this app's own, as far as the desk has told them.
    fn of(its: Option<i64>, ours: Option<i64>) -> Self {
        match (its, ours) {
            (None, _) => Self::Ours,
            (Some(_), None) => Self::Unknown,
            (Some(its), Some(ours)) if its == ours => Self::Ours,
            (Some(_), Some(_)) => Self::Other,
        }
    }
}

impl ConversationRow {
    /// By the id on this phone, or one that was joined to it: the row says which id it has now.
    pub(crate) fn find(connection: &Connection, id: &ConversationId) -> Result<Option<Self>, StoreError> {
        if let Some(row) = Self::one(connection, "id", &id.as_str())? {
            return Ok(Some(row));
        }
        let mut statement = connection.prepare_cached("SELECT target FROM joined WHERE id = ?1")?;
        let target: Option<String> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
        match target {
            Some(target) => Self::one(connection, "id", &target),
            None => Ok(None),
        }
    }

    /// Where the customer goes on writing: the conversation with the latest activity that is neither resolved nor gone
    /// and is certainly this app's.
    pub(crate) fn current(connection: &Connection) -> Result<Option<ConversationId>, StoreError> {
        for line in Self::list(connection)? {
            let open = !matches!(line.status, ConversationStatus::Resolved | ConversationStatus::Gone);
            if open && line.can_write {
                return Ok(Some(line.id));
            }
        }
        Ok(None)
    }

    /// The desk's number of the channel that it is in. With `ours` that is certainly this app's.
    pub(crate) fn set_channel(
        tx: &mut Tx<'_>,
        id: Option<&ConversationId>,
        channel: Option<DeskChannel>,
    ) -> Result<(), StoreError> {
        let Some(DeskChannel { number, ours }) = channel else { return Ok(()) };
        if ours && facts::get::<i64>(tx, OUR_CHANNEL)? != Some(number) {
            facts::set(tx, OUR_CHANNEL, &number)?;
            for (id, ..) in Self::desk_ids(tx, None)? {
                tx.touch(&id);
            }
            tx.touch_list();
        }
        let Some(id) = id else { return Ok(()) };
        let changed = tx
            .prepare_cached("UPDATE conversations SET channel = ?2 WHERE id = ?1 AND channel IS NOT ?2")?
            .execute(params![id.as_str(), number])?;
        if changed > 0 {
            tx.touch(id);
        }
        Ok(())
    }

    /// Those that the desk has under a session (or any), the latest activity first.
    pub(crate) fn desk_ids(
        connection: &Connection,
        session: Option<&str>,
    ) -> Result<Vec<(ConversationId, DeskConversationId)>, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT id, desk_id FROM conversations WHERE desk_id IS NOT NULL AND session = ifnull(?1, session)
             ORDER BY last_activity DESC, id",
        )?;
        let mut rows = statement.query([session])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(desk_id) = DeskConversationId::new(row.get(1)?) {
                found.push((ConversationId::new(row.get::<_, String>(0)?), desk_id));
            }
        }
        Ok(found)
    }

    /// By the desk's number.
    pub(crate) fn by_desk_id(connection: &Connection, id: DeskConversationId) -> Result<Option<Self>, StoreError> {
        Self::one(connection, "desk_id", &id.get())
    }

    fn one(connection: &Connection, column: &str, value: &dyn ToSql) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM conversations WHERE {column} = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([value])?;
        rows.next()?.map(read).transpose()
    }

    /// The highest desk number of any conversation known: the fence of opening one.
    pub(crate) fn highest_desk_id(connection: &Connection) -> Result<i64, StoreError> {
        Ok(connection.query_row("SELECT coalesce(max(desk_id), 0) FROM conversations", [], |row| row.get(0))?)
    }

    /// Begins one here; the desk learns of it with its first message.
    pub(crate) fn insert(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        session: &str,
        desk_id: Option<DeskConversationId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.prepare_cached(
            "INSERT INTO conversations (id, session, desk_id, status, created_at, last_activity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        )?
        .execute(params![
            id.as_str(),
            session,
            desk_id.map(DeskConversationId::get),
            serde_json::to_string(&ConversationStatus::Open)?,
            now.millis()
        ])?;
        tx.touch(id);
        Ok(())
    }

    /// The desk has it now (or, with `None`, no longer: it will be opened again with the next message).
    pub(crate) fn set_desk_id(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        desk_id: Option<DeskConversationId>,
    ) -> Result<(), StoreError> {
        tx.prepare_cached("UPDATE conversations SET desk_id = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), desk_id.map(DeskConversationId::get)])?;
        tx.touch(id);
        Ok(())
    }

    /// Where it stands; a change is seen in the list. The files of one that the desk has deleted go.
    pub(crate) fn set_status(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        status: ConversationStatus,
    ) -> Result<(), StoreError> {
        let changed = tx
            .prepare_cached("UPDATE conversations SET status = ?2 WHERE id = ?1 AND status IS NOT ?2")?
            .execute(params![id.as_str(), serde_json::to_string(&status)?])?;
        if changed > 0 {
            tx.touch(id);
            if status == ConversationStatus::Gone {
                FileRow::forget_all(tx, id)?;
            }
        }
        Ok(())
    }

    /// Who is on it, by what the desk said at that time; `None` where it tells no times. An older word changes nothing,
    /// in whatever order the two arrive.
    pub(crate) fn set_agent(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        agent: &Agent,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = at.map(Timestamp::millis);
        let agent = serde_json::to_string(agent)?;
        let changed = tx
            .prepare_cached(
                "UPDATE conversations SET agent = ?2
                 WHERE id = ?1 AND agent_at <= ifnull(?3, agent_at) AND agent IS NOT ?2",
            )?
            .execute(params![id.as_str(), agent, at])?;
        tx.prepare_cached("UPDATE conversations SET agent_at = ?2 WHERE id = ?1 AND agent_at < ?2")?
            .execute(params![id.as_str(), at])?;
        if changed > 0 {
            tx.touch(id);
        }
        Ok(())
    }

    /// Whether an event of that time is no older than those that were taken in; notes its time where it is.
    pub(crate) fn is_news(tx: &Tx<'_>, id: &ConversationId, at: Option<Timestamp>) -> Result<bool, StoreError> {
        let Some(at) = at else { return Ok(true) };
        let taken = tx
            .prepare_cached("UPDATE conversations SET updated_at = ?2 WHERE id = ?1 AND updated_at <= ?2")?
            .execute(params![id.as_str(), at.millis()])?;
        Ok(taken > 0)
    }

    /// Brings the line up to date after messages came in or changed at the desk.
    pub(crate) fn refresh(tx: &mut Tx<'_>, id: &ConversationId) -> Result<(), StoreError> {
        let newest = tx
            .prepare_cached(
                "SELECT own, content, attachments, created_at FROM messages WHERE conversation = ?1
                 ORDER BY sort_at DESC, sort_id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| {
                Ok((
                    row.get::<_, bool>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<String>>(2)?,
                    row.get::<_, i64>(3)?,
                ))
            })
            .optional()?;
        let Some((own, content, attachments, at)) = newest else {
            tx.prepare_cached("UPDATE conversations SET preview = '', preview_own = 0 WHERE id = ?1")?
                .execute([id.as_str()])?;
            tx.touch(id);
            return Ok(());
        };
        let preview = preview(own, &content, attachments.as_deref())?;
        tx.prepare_cached(
            "UPDATE conversations SET preview = ?2, preview_own = ?3, last_activity = max(?4, created_at) WHERE id = ?1",
        )?
        .execute(params![id.as_str(), preview, own, at])?;
        tx.touch(id);
        Ok(())
    }

    /// Keeps what the customer began to write; an empty text clears it. The list shows it, and no timeline does.
    pub(crate) fn set_draft(tx: &mut Tx<'_>, id: &ConversationId, draft: &str) -> Result<(), StoreError> {
        let draft = (!rules::is_blank(draft)).then_some(draft);
        let changed = tx
            .prepare_cached("UPDATE conversations SET draft = ?2 WHERE id = ?1 AND draft IS NOT ?2")?
            .execute(params![id.as_str(), draft])?;
        if changed > 0 {
            tx.touch_list();
        }
        Ok(())
    }

    /// Notes how far sync has come. Observers see nothing of it.
    pub(crate) fn set_sync(tx: &Tx<'_>, id: &ConversationId, mark: &SyncMark) -> Result<(), StoreError> {
        let number = |id: Option<DeskMessageId>| id.map_or(0, DeskMessageId::get);
        tx.prepare_cached(
            "UPDATE conversations SET synced_to = ?2, history_from = ?3, history_complete = ?4, page_validator = ?5
             WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            number(mark.synced_to),
            number(mark.history_from),
            mark.complete,
            mark.validator
        ])?;
        Ok(())
    }

    /// Every conversation, the one with the latest activity first. One that is begun and has neither a message nor a
    /// draft is not shown: nobody would know what it is.
    pub(crate) fn list(connection: &Connection) -> Result<Vec<ConversationSummary>, StoreError> {
        // What is unsent stands last in the timeline, however long ago it was written.
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id, status, preview, preview_own, max(last_activity, ifnull(o.created_at, last_activity)) AS at,
                iif({GONE}, 0, unread), agent, draft, ifnull(o.waiting, 0), ifnull(o.attention, 0), o.content, o.attachments,
                c.channel, (SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'own:channel')
             FROM conversations c LEFT JOIN ({}) o ON o.conversation = c.id
             WHERE NOT {IN_OTHER_CHANNEL} AND (draft IS NOT NULL OR o.newest IS NOT NULL
                OR EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.id))
             ORDER BY at DESC, id",
            unsent::LINES
        ))?;
        let mut rows = statement.query([])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let agent: Option<String> = row.get(6)?;
            let (preview, preview_is_own) = match row.get::<_, Option<String>>(10)? {
                Some(content) => (preview(true, &content, row.get::<_, Option<String>>(11)?.as_deref())?, true),
                None => (row.get(2)?, row.get(3)?),
            };
            list.push(ConversationSummary {
                id: ConversationId::new(row.get::<_, String>(0)?),
                status: json::from_str(&row.get::<_, String>(1)?)?,
                preview,
                preview_is_own,
                last_activity: Timestamp::from_millis(row.get(4)?),
                unread: row.get(5)?,
                agent: agent.map(|json| json::from_str(&json)).transpose()?,
                draft: row.get(7)?,
                waiting: row.get(8)?,
                needs_attention: row.get(9)?,
                can_write: Channel::of(row.get(12)?, row.get(13)?) == Channel::Ours,
            });
        }
        Ok(list)
    }

    /// Those at the desk that moved since then, at most so many, newest first; the newest one whenever it moved, and with
    /// `unread` also those that show something as unread. Of one session, or of all. Not those that are gone or in another
    /// channel.
    pub(crate) fn recent(
        connection: &Connection,
        session: Option<&str>,
        since: Timestamp,
        unread: bool,
        most: usize,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id, last_activity, unread FROM conversations
             WHERE desk_id IS NOT NULL AND NOT {GONE} AND NOT {IN_OTHER_CHANNEL} AND session = ifnull(?2, session)
             ORDER BY last_activity DESC, id LIMIT ?1"
        ))?;
        let limit = if unread { i64::MAX } else { i64::try_from(most).unwrap_or(i64::MAX) };
        let mut rows = statement.query(params![limit, session])?;
        let mut recent = Vec::new();
        while let Some(row) = rows.next()?
            && recent.len() < most
        {
            let moved = row.get::<_, i64>(1)? >= since.millis();
            if recent.is_empty() || moved || (unread && row.get::<_, u32>(2)? > 0) {
                recent.push(ConversationId::new(row.get::<_, String>(0)?));
            }
        }
        Ok(recent)
    }

    /// The last word of a conversation.
    pub(crate) fn last_word(connection: &Connection, id: &ConversationId) -> Result<LastWord, StoreError> {
        let Some(row) = Self::find(connection, id)? else { return Ok(LastWord::default()) };
        let mut unsent =
            connection.prepare_cached("SELECT max(seq) FROM outbox WHERE conversation = ?1 AND message IS NOT NULL")?;
        let unsent: Option<i64> = unsent.query_row([row.id.as_str()], |row| row.get(0))?;
        let mut newest = connection.prepare_cached(
            "SELECT own, sort_at, sort_id FROM messages WHERE conversation = ?1 ORDER BY sort_at DESC, sort_id DESC LIMIT 1",
        )?;
        let newest: Option<(bool, i64, i64)> =
            newest.query_row([row.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let is_over = match row.status {
            ConversationStatus::Gone => true,
            // What the customer writes opens it again at the desk, and the word of that may not have come.
            ConversationStatus::Resolved => {
                let mut ended = connection.prepare_cached("SELECT updated_at FROM conversations WHERE id = ?1")?;
                let ended: i64 = ended.query_row([row.id.as_str()], |row| row.get(0))?;
                unsent.is_none() && newest.is_none_or(|(_, at, _)| at <= ended)
            }
            _ => false,
        };
        let is_customers = unsent.is_some() || newest.is_some_and(|(own, ..)| own);
        Ok(LastWord { awaits_answer: is_customers && !is_over, which: (unsent, newest.map(|(_, at, id)| (at, id))) })
    }

    /// Unread messages of all conversations together.
    pub(crate) fn unread(connection: &Connection) -> Result<u32, StoreError> {
        let sql =
            format!("SELECT coalesce(sum(unread), 0) FROM conversations WHERE NOT {IN_OTHER_CHANNEL} AND NOT {GONE}");
        Ok(connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }
}

/// What there is of a message on one line: its words, else what its parts are called, else the name of its first file.
pub(super) fn preview(own: bool, content: &str, attachments: Option<&str>) -> Result<String, StoreError> {
    let content: Content = json::from_str(content)?;
    let words = content.to_words();
    let words = if own { fold(&words) } else { markdown::plain(&words, PREVIEW_CHARS) };
    let Some(json) = attachments.filter(|_| words.is_empty()) else { return Ok(words) };
    let attachments: Vec<Attachment> = json::from_str(json)?;
    Ok(attachments.into_iter().next().map(|first| first.name).unwrap_or_default())
}

/// A customer's own words on one line.
fn fold(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > PREVIEW_CHARS * 4 {
            break;
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(PREVIEW_CHARS) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
