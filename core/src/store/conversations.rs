//! Conversations: their lines in the list, their marks, their drafts.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::{StoreError, Tx, facts, unsent};
use crate::{
    backend::DeskChannel,
    json, markdown,
    model::{
        Agent, Attachment, Author, Content, ConversationId, ConversationStatus, ConversationSummary,
        DeskConversationId, DeskMessageId, Timestamp,
    },
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
const IN_OTHER_CHANNEL: &str = "(channel IS NOT NULL
    AND channel <> ifnull((SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'own:channel'), channel))";

/// What is true of a conversation that the desk has deleted, in SQL: nothing in it can be unread any more.
const GONE: &str = r#"(status = '"gone"')"#;

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

const COLUMNS: &str = "id, session, desk_id, agent_seen_at, draft, synced_to, history_from, history_complete,
    page_validator, status, channel, (SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'own:channel')";

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

    /// Where it stands; a change is seen in the list.
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
        }
        Ok(())
    }

    /// Who is on it.
    pub(crate) fn set_agent(tx: &mut Tx<'_>, id: &ConversationId, agent: &Agent) -> Result<(), StoreError> {
        let changed = tx
            .prepare_cached("UPDATE conversations SET agent = ?2 WHERE id = ?1 AND agent IS NOT ?2")?
            .execute(params![id.as_str(), serde_json::to_string(agent)?])?;
        if changed > 0 {
            tx.touch(id);
        }
        Ok(())
    }

    /// What the desk says of who has looked; marks only move forward.
    pub(crate) fn raise_seen(
        tx: &mut Tx<'_>,
        id: &ConversationId,
        customer: Option<Timestamp>,
        agent: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let millis = |at: Option<Timestamp>| at.map_or(0, Timestamp::millis);
        let changed = tx
            .prepare_cached(
                "UPDATE conversations SET customer_seen_at = max(customer_seen_at, ?2),
                    agent_seen_at = max(agent_seen_at, ?3)
                 WHERE id = ?1 AND (customer_seen_at < ?2 OR agent_seen_at < ?3)",
            )?
            .execute(params![id.as_str(), millis(customer), millis(agent)])?;
        if changed > 0 {
            Self::recount_unread(tx, id)?;
        }
        Ok(())
    }

    /// The customer has seen everything that is here. Whether that is news.
    pub(crate) fn mark_seen(tx: &mut Tx<'_>, id: &ConversationId) -> Result<bool, StoreError> {
        let highest: i64 = tx
            .prepare_cached("SELECT coalesce(max(desk_id), 0) FROM messages WHERE conversation = ?1")?
            .query_row([id.as_str()], |row| row.get(0))?;
        let unread: i64 = tx
            .prepare_cached("SELECT unread FROM conversations WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))?;
        tx.prepare_cached("UPDATE conversations SET seen_to = max(seen_to, ?2) WHERE id = ?1")?
            .execute(params![id.as_str(), highest])?;
        if unread > 0 {
            Self::recount_unread(tx, id)?;
        }
        Ok(unread > 0)
    }

    /// Counts what is not the customer's, has a number above what was seen here, and is not older than what was seen
    /// anywhere. The desk's mark has whole seconds: what came in that very second counts as unread, for a message
    /// shown twice as new is better than one never shown as new.
    pub(super) fn recount_unread(tx: &mut Tx<'_>, id: &ConversationId) -> Result<(), StoreError> {
        tx.prepare_cached(
            "UPDATE conversations SET unread = (SELECT count(*) FROM messages m
                WHERE m.conversation = conversations.id AND m.own = 0 AND m.desk_id > conversations.seen_to
                  AND m.created_at >= conversations.customer_seen_at)
             WHERE id = ?1",
        )?
        .execute([id.as_str()])?;
        tx.touch(id);
        Ok(())
    }

    /// Counts a message of the desk's that came in, by the same rule as [`Self::recount_unread`]: of ten thousand missed
    /// ones, each is looked at once.
    pub(crate) fn count_unread(
        tx: &Tx<'_>,
        id: &ConversationId,
        number: DeskMessageId,
        created_at: Timestamp,
    ) -> Result<(), StoreError> {
        tx.prepare_cached(
            "UPDATE conversations SET unread = unread + 1 WHERE id = ?1 AND seen_to < ?2 AND customer_seen_at <= ?3",
        )?
        .execute(params![id.as_str(), number.get(), created_at.millis()])?;
        Ok(())
    }

    /// Brings the line up to date after messages came in or changed at the desk.
    pub(crate) fn refresh(tx: &mut Tx<'_>, id: &ConversationId) -> Result<(), StoreError> {
        let newest = tx
            .prepare_cached(
                "SELECT own, author, content, attachments, created_at FROM messages WHERE conversation = ?1
                 ORDER BY sort_at DESC, sort_id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| {
                Ok((
                    row.get::<_, bool>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, i64>(4)?,
                ))
            })
            .optional()?;
        let Some((own, author, content, attachments, at)) = newest else {
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
        if let Author::Agent { agent: Some(agent) } = json::from_str(&author)? {
            Self::set_agent(tx, id, &agent)?;
        }
        tx.touch(id);
        Ok(())
    }

    /// Keeps what the customer began to write; an empty text clears it. The list shows it, and no timeline does.
    pub(crate) fn set_draft(tx: &mut Tx<'_>, id: &ConversationId, draft: &str) -> Result<(), StoreError> {
        let draft = (!draft.trim().is_empty()).then_some(draft);
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

    /// Whether the desk has something of the customer's that no agent has looked past.
    pub(crate) fn has_unread_by_agents(connection: &Connection, id: &ConversationId) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages m, conversations c WHERE c.id = ?1 AND m.conversation = c.id
                AND m.own = 1 AND m.desk_id IS NOT NULL AND m.sort_at > c.agent_seen_at)",
        )?;
        Ok(statement.query_row([id.as_str()], |row| row.get(0))?)
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
        // Of the same that `recount_unread` counts.
        let newest = connection
            .prepare_cached(
                "SELECT m.author, m.content, m.attachments FROM messages m, conversations c
                 WHERE c.id = ?1 AND m.conversation = c.id AND m.own = 0 AND m.desk_id > c.seen_to
                    AND m.created_at >= c.customer_seen_at
                 ORDER BY m.desk_id DESC LIMIT 1",
            )?
            .query_row([&conversation], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
            })
            .optional()?;
        let newest = match newest {
            Some((author, content, attachments)) => {
                Some((json::from_str(&author)?, preview(false, &content, attachments.as_deref())?))
            }
            None => None,
        };
        let (conversation, total) = (ConversationId::new(conversation), Self::unread(connection)?);
        Ok(Some(UnreadIn { conversation, count, newest, total }))
    }

    /// Unread messages of all conversations together.
    pub(crate) fn unread(connection: &Connection) -> Result<u32, StoreError> {
        let sql =
            format!("SELECT coalesce(sum(unread), 0) FROM conversations WHERE NOT {IN_OTHER_CHANNEL} AND NOT {GONE}");
        Ok(connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }
}

/// What there is of a message on one line: its words, else the name of its first file.
fn preview(own: bool, content: &str, attachments: Option<&str>) -> Result<String, StoreError> {
    let content: Content = json::from_str(content)?;
    let words = if own { fold(content.as_text()) } else { markdown::plain(content.as_text(), PREVIEW_CHARS) };
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
