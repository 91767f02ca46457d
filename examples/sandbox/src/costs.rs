//! What each request would cost a real desk: milliseconds of its time, by a table that was measured.
//!
//! # Where the figures come from
//! Chatwoot 4.15.1 and 4.16.2 with PostgreSQL, Redis and Sidekiq on two cores that nobody else used, one request at a
//! time, in November 2026. Where a range was measured, the middle of it stands here.
//!
//! | request | measured, in ms |
//! | --- | --- |
//! | list of conversations, and one conversation | 12 + 2.2 for every message that it holds: 48 with 20, 443 with 200, 8,130 with 3,000 |
//! | page of 20 messages, however long the history | 20 to 30 |
//! | contact | 7 to 12 |
//! | inbox | 13 |
//! | sending a message | 40 to 55 |
//! | last seen | 30 to 40, and a job |
//! | page of 100 help articles | 1,000 to 1,300 |
//! | sitemap of 600 help articles | 85 |
//! | single help article | 35 |
//! | help centre's own page | 30 |
//! | version | 18 to 48 |
//!
//! A 304 costs the same as a 200: Rails compares the validator with the answer that it has made. What was not measured
//! is estimated from what was; [`RequestKind::cost_ms`] says how, line by line.

use axum::body::Body;
use hyper::{HeaderMap, Request, Response};
use serde::Serialize;

use crate::{
    request_log::RequestLog,
    state::{State, tables::Conversation},
};

/// What a request asks for, as far as its cost goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// All of a customer's conversations, each with all its messages.
    List,
    /// One conversation with all its messages.
    Conversation,
    /// A page of messages.
    Page,
    /// A contact, read.
    Contact,
    /// A contact, made or changed.
    ContactChange,
    /// A conversation, begun.
    Begin,
    /// A conversation, resolved.
    Resolve,
    /// A message, sent.
    Send,
    /// A choice, a form or a rating, answered.
    Answer,
    /// The customer's having seen the conversation.
    Seen,
    /// The customer's typing.
    Typing,
    /// The inbox.
    Inbox,
    /// A satisfaction survey, read.
    Survey,
    /// A list of help articles.
    Articles,
    /// One help article, or the picture by which its views are counted.
    Article,
    /// The help centre's sitemap.
    Sitemap,
    /// The help centre's own page, or its categories.
    Portal,
    /// The desk's version.
    Version,
    /// A socket, with the subscription that is made on it.
    Socket,
    /// A file, or where it is.
    File,
    /// Anything else.
    Other,
}

/// How much the desk holds of what a request asks for: it loads all of it, whatever of that it then sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Messages, of a list or a conversation.
    pub messages: usize,
    /// Help articles, of a list or the sitemap.
    pub articles: usize,
}

impl RequestKind {
    /// What a request with this method and path asks for.
    pub fn of(method: &str, path: &str) -> Self {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, segments.as_slice()) {
            (_, ["public", "api", "v1", "inboxes", _, rest @ ..]) => Self::of_inbox(method, rest),
            ("GET", ["public", "api", "v1", "csat_survey", _]) => Self::Survey,
            (_, ["public", "api", "v1", "csat_survey", _]) => Self::Answer,
            ("GET", ["api"]) => Self::Version,
            ("GET", ["cable"]) => Self::Socket,
            (_, ["hc", _, "sitemap.xml"]) => Self::Sitemap,
            (_, ["hc", _, "articles", _]) => Self::Article,
            (_, ["hc", _, .., "articles.json"]) => Self::Articles,
            (_, ["hc", ..]) => Self::Portal,
            (_, ["rails", "active_storage", ..]) => Self::File,
            _ => Self::Other,
        }
    }

    fn of_inbox(method: &str, segments: &[&str]) -> Self {
        match (method, segments) {
            ("GET", []) => Self::Inbox,
            ("GET", ["contacts", _]) => Self::Contact,
            ("POST" | "PATCH" | "PUT", ["contacts"] | ["contacts", _]) => Self::ContactChange,
            ("GET", ["contacts", _, "conversations"]) => Self::List,
            ("POST", ["contacts", _, "conversations"]) => Self::Begin,
            ("GET", ["contacts", _, "conversations", _]) => Self::Conversation,
            ("GET", ["contacts", _, "conversations", _, "messages"]) => Self::Page,
            ("POST", ["contacts", _, "conversations", _, "messages"]) => Self::Send,
            ("PATCH" | "PUT", ["contacts", _, "conversations", _, "messages", _]) => Self::Answer,
            (_, ["contacts", _, "conversations", _, "toggle_status"]) => Self::Resolve,
            (_, ["contacts", _, "conversations", _, "toggle_typing"]) => Self::Typing,
            (_, ["contacts", _, "conversations", _, "update_last_seen"]) => Self::Seen,
            _ => Self::Other,
        }
    }

    /// What a request of this kind costs a desk that holds so much of what it asks for, in milliseconds.
    #[allow(clippy::cast_precision_loss, reason = "a desk has less than 2^52 messages")]
    pub fn cost_ms(self, held: Held) -> f64 {
        let (messages, articles) = (held.messages as f64, held.articles as f64);
        match self {
            Self::List | Self::Conversation => 12.0 + 2.2 * messages,
            Self::Page => 25.0,
            Self::Contact => 10.0,
            Self::Inbox => 13.0,
            Self::Send => 48.0,
            // Without the job that marks each message as read.
            Self::Seen => 35.0,
            Self::Articles => 1_150.0 * articles / 100.0,
            Self::Sitemap => 85.0 * articles / 600.0,
            Self::Article => 35.0,
            Self::Portal | Self::Version => 30.0,
            // Estimates from here on. A row is written and its event told, as by last seen.
            Self::ContactChange => 35.0,
            // As one more message, and the answer is a conversation: a locked inbox gives the old one, with all it holds.
            Self::Begin | Self::Resolve => 48.0 + 2.2 * messages,
            // A message is written and told.
            Self::Answer => 48.0,
            // As a page: the session and the conversation are looked up, and nothing is written.
            Self::Typing | Self::Survey => 25.0,
            // A row by its token, a key in Redis and two frames; no controller and nothing rendered.
            Self::Socket => 15.0,
            // As a contact: one row by its key. The bytes themselves are the storage's or the proxy's work.
            Self::File | Self::Other => 10.0,
        }
    }

    /// How much the desk holds of what such a request asks for.
    pub(crate) fn held(self, state: &State, path: &str, query: &str) -> Held {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match self {
            Self::List | Self::Conversation | Self::Begin | Self::Resolve => {
                let [_, _, _, _, _, _, source_id, _, rest @ ..] = segments.as_slice() else { return Held::default() };
                Held { messages: messages(state, self, source_id, rest.first().copied()), articles: 0 }
            }
            Self::Articles => {
                let locale = segments.get(2).copied().unwrap_or_default();
                Held { messages: 0, articles: page_of_articles(state, locale, query) }
            }
            Self::Sitemap => {
                let published = state.help.articles.iter().filter(|article| !article.draft);
                Held { messages: 0, articles: published.count() }
            }
            _ => Held::default(),
        }
    }
}

/// The messages of what a session may read: of everything, or of one conversation.
fn messages(state: &State, kind: RequestKind, source_id: &str, number: Option<&str>) -> usize {
    // A name with escaped characters in it is known by none: clients' own names have none.
    let Some(session) = state.inbox_session(source_id) else { return 0 };
    let count = |id: u64| state.tables.thread(id).filter(|message| message.is_public()).count();
    match kind {
        RequestKind::List => state.conversations_of(session).unwrap_or_default().into_iter().map(count).sum(),
        RequestKind::Begin if !state.settings.single_conversation => 0,
        RequestKind::Begin => {
            let own = |row: &&Conversation| row.source_id == session.source_id;
            state.tables.conversations.values().rev().find(own).map_or(0, |row| count(row.id))
        }
        _ => {
            let number = number.and_then(|number| number.parse().ok()).unwrap_or(0);
            state.conversation_of(session, number).map_or(0, |row| count(row.id))
        }
    }
}

/// How many articles a list has. One without `per_page` has them all; a search's count as many as it finds.
fn page_of_articles(state: &State, locale: &str, query: &str) -> usize {
    let field = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
    };
    let found = state.help.search(locale, field("query")).len();
    let Some(per_page) = field("per_page") else { return found };
    let per_page = per_page.parse::<usize>().ok().filter(|count| *count >= 1).unwrap_or(25).min(100);
    let page = field("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).max(1);
    found.saturating_sub(per_page.saturating_mul(page - 1)).min(per_page)
}

/// The cost of a request to this desk as it is now.
pub(crate) fn of<T>(state: &State, request: &Request<T>) -> f64 {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let kind = RequestKind::of(request.method().as_str(), path);
    kind.cost_ms(kind.held(state, path, query))
}

/// Bytes of a request's head, as HTTP/1.1 writes it.
pub(crate) fn head_up<T>(request: &Request<T>) -> u64 {
    let target = request.uri().path_and_query().map_or(1, |target| target.as_str().len());
    // `GET /path HTTP/1.1`, and the empty line at the end.
    let line = request.method().as_str().len() + 1 + target + 1 + "HTTP/1.1\r\n".len();
    bytes(line + 2) + fields(request.headers())
}

/// Bytes of an answer's head. The `date` is the server's own and comes last, so it is counted by its length, which is
/// always the same.
pub(crate) fn head_down(response: &Response<Body>) -> u64 {
    let reason = response.status().canonical_reason().unwrap_or_default();
    let line = "HTTP/1.1 200 \r\n".len() + reason.len();
    bytes(line + 2 + "date: Wed, 17 Jun 2026 10:00:00 GMT\r\n".len()) + fields(response.headers())
}

fn fields(headers: &HeaderMap) -> u64 {
    // `name: value`, and the end of the line.
    headers.iter().map(|(name, value)| bytes(name.as_str().len() + value.len() + 4)).sum()
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What some requests cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Costs {
    /// How many there were.
    pub requests: u64,
    /// The desk's time for them, in milliseconds.
    pub ms: f64,
    /// Bytes of their heads and bodies.
    pub bytes_up: u64,
    /// Bytes of their answers' heads and bodies. A socket's frames are not among them.
    pub bytes_down: u64,
}

impl Costs {
    /// The sum over requests.
    pub fn of<'a>(requests: impl IntoIterator<Item = &'a RequestLog>) -> Self {
        requests.into_iter().fold(Self::default(), |sum, request| Self {
            requests: sum.requests + 1,
            ms: sum.ms + request.cost_ms,
            bytes_up: sum.bytes_up + request.bytes_up,
            bytes_down: sum.bytes_down + request.bytes_down,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "/public/api/v1/inboxes/shop/contacts/s1";

    fn kind(method: &str, rest: &str) -> RequestKind {
        RequestKind::of(method, &format!("{SESSION}{rest}"))
    }

    #[test]
    fn each_address_is_of_its_kind() {
        let table = [
            ("GET", "", RequestKind::Contact),
            ("PATCH", "", RequestKind::ContactChange),
            ("GET", "/conversations", RequestKind::List),
            ("POST", "/conversations", RequestKind::Begin),
            ("GET", "/conversations/3", RequestKind::Conversation),
            ("GET", "/conversations/3/messages", RequestKind::Page),
            ("POST", "/conversations/3/messages", RequestKind::Send),
            ("PATCH", "/conversations/3/messages/9", RequestKind::Answer),
            ("POST", "/conversations/3/toggle_status", RequestKind::Resolve),
            ("POST", "/conversations/3/toggle_typing", RequestKind::Typing),
            ("POST", "/conversations/3/update_last_seen", RequestKind::Seen),
            ("GET", "/else", RequestKind::Other),
        ];
        for (method, rest, wanted) in table {
            assert_eq!(kind(method, rest), wanted, "{method} {rest}");
        }
        let table = [
            ("GET", "/public/api/v1/inboxes/shop", RequestKind::Inbox),
            ("POST", "/public/api/v1/inboxes/shop/contacts", RequestKind::ContactChange),
            ("GET", "/public/api/v1/csat_survey/u", RequestKind::Survey),
            ("PATCH", "/public/api/v1/csat_survey/u", RequestKind::Answer),
            ("GET", "/api", RequestKind::Version),
            ("GET", "/cable", RequestKind::Socket),
            ("GET", "/hc/shop/sitemap.xml", RequestKind::Sitemap),
            ("GET", "/hc/shop/articles/a.json", RequestKind::Article),
            ("GET", "/hc/shop/articles/a.png", RequestKind::Article),
            ("GET", "/hc/shop/en/articles.json", RequestKind::Articles),
            ("GET", "/hc/shop/en/categories/c/articles.json", RequestKind::Articles),
            ("GET", "/hc/shop/en.json", RequestKind::Portal),
            ("GET", "/hc/shop/en/categories.json", RequestKind::Portal),
            ("GET", "/rails/active_storage/disk/k/a.png", RequestKind::File),
            ("GET", "/favicon.ico", RequestKind::Other),
        ];
        for (method, path, wanted) in table {
            assert_eq!(RequestKind::of(method, path), wanted, "{method} {path}");
        }
    }

    /// Against what was measured, within the spread of the measures.
    #[test]
    fn costs_are_those_that_were_measured() {
        let of = |messages, articles| Held { messages, articles };
        let table = [
            (RequestKind::List, of(20, 0), 48.0),
            (RequestKind::List, of(200, 0), 443.0),
            (RequestKind::Conversation, of(1_000, 0), 2_290.0),
            (RequestKind::Page, of(3_000, 0), 25.0),
            (RequestKind::Contact, of(0, 0), 10.0),
            (RequestKind::Inbox, of(0, 0), 13.0),
            (RequestKind::Send, of(3_000, 0), 48.0),
            (RequestKind::Seen, of(3_000, 0), 35.0),
            (RequestKind::Articles, of(0, 100), 1_150.0),
            (RequestKind::Sitemap, of(0, 600), 85.0),
            (RequestKind::Article, of(0, 0), 35.0),
            (RequestKind::Portal, of(0, 0), 30.0),
            (RequestKind::Version, of(0, 0), 30.0),
        ];
        for (kind, held, measured) in table {
            let off = (kind.cost_ms(held) - measured).abs() / measured;
            assert!(off <= 0.2, "{kind:?} of {held:?}: {} ms where {measured} were measured", kind.cost_ms(held));
        }
    }

    #[test]
    fn only_what_loads_all_messages_grows_with_them() {
        let growing = [RequestKind::List, RequestKind::Conversation, RequestKind::Begin, RequestKind::Resolve];
        let same = [RequestKind::Page, RequestKind::Send, RequestKind::Seen, RequestKind::Contact, RequestKind::Socket];
        let cost = |kind: RequestKind, messages| kind.cost_ms(Held { messages, articles: 0 });
        assert!(growing.iter().all(|kind| cost(*kind, 2_000) - cost(*kind, 20) > 4_000.0));
        assert!(same.iter().all(|kind| (cost(*kind, 2_000) - cost(*kind, 20)).abs() < f64::EPSILON));
    }
}
