//! What belongs to the person: in their own file, never in the articles'. Whoever logs in takes it along.

use rusqlite::Connection;
use serde::Serialize;
use shopbell_search::RecentSearches;

use crate::{
    backend::{Capabilities, ConversationContext},
    json::from_json,
    model::{ArticleId, Timestamp},
    store::{StoreError, Tx, facts},
};

const RECENT: &str = "own:help:recent";
const VOTES: &str = "own:help:votes";
const PLACES: &str = "own:help:places";
const SEEN: &str = "own:help:seen";

/// Votes and reading positions that are kept: the oldest is forgotten past it. More articles than anybody reads.
const KEPT: usize = 100;

/// Articles that an agent is told of: what fits a line of the desk's side bar.
const TOLD: usize = 8;

/// A vote.
#[derive(Clone, Serialize)]
pub(super) struct Vote {
    article: ArticleId,
    pub(super) helpful: bool,
    reason: Option<String>,
}

from_json!(Vote { article, helpful, reason });

#[derive(Clone, Serialize)]
struct Place {
    article: ArticleId,
    at: f32,
}

from_json!(Place { article, at });

#[derive(Clone, Serialize)]
struct Seen {
    article: ArticleId,
    title: String,
    at: Timestamp,
}

from_json!(Seen { article, title, at });

pub(super) fn recent(connection: &Connection) -> Result<Vec<String>, StoreError> {
    Ok(facts::get(connection, RECENT)?.unwrap_or_default())
}

pub(super) fn change_recent(tx: &Tx<'_>, change: impl FnOnce(&mut RecentSearches)) -> Result<(), StoreError> {
    let mut searches = RecentSearches::from_kept(recent(tx)?);
    change(&mut searches);
    facts::set(tx, RECENT, &searches.iter().collect::<Vec<_>>())
}

fn votes(connection: &Connection) -> Result<Vec<Vote>, StoreError> {
    Ok(facts::get(connection, VOTES)?.unwrap_or_default())
}

pub(super) fn vote(connection: &Connection, article: &ArticleId) -> Result<Option<Vote>, StoreError> {
    Ok(votes(connection)?.into_iter().find(|vote| vote.article == *article))
}

/// The last word on an article stands.
pub(super) fn set_vote(
    tx: &Tx<'_>,
    article: &ArticleId,
    helpful: bool,
    reason: Option<String>,
) -> Result<(), StoreError> {
    let mut votes = votes(tx)?;
    votes.retain(|vote| vote.article != *article);
    votes.push(Vote { article: article.clone(), helpful, reason });
    facts::set_newest(tx, VOTES, votes, KEPT)
}

pub(super) fn place(connection: &Connection, article: &ArticleId) -> Result<Option<f32>, StoreError> {
    let places: Vec<Place> = facts::get(connection, PLACES)?.unwrap_or_default();
    Ok(places.into_iter().find(|place| place.article == *article).map(|place| place.at))
}

pub(super) fn set_place(tx: &Tx<'_>, article: &ArticleId, at: f32) -> Result<(), StoreError> {
    let mut places: Vec<Place> = facts::get(tx, PLACES)?.unwrap_or_default();
    places.retain(|place| place.article != *article);
    places.push(Place { article: article.clone(), at });
    facts::set_newest(tx, PLACES, places, KEPT)
}

/// The article was opened.
pub(super) fn see(tx: &Tx<'_>, article: &ArticleId, title: &str, now: Timestamp) -> Result<(), StoreError> {
    let mut seen: Vec<Seen> = facts::get(tx, SEEN)?.unwrap_or_default();
    seen.retain(|one| one.article != *article);
    seen.push(Seen { article: article.clone(), title: title.to_owned(), at: now });
    facts::set_newest(tx, SEEN, seen, TOLD)
}

/// What an agent shall know: the articles seen lately, with what was said of them, and what was searched for. Forgets
/// what was seen. Also gives how many there were.
pub(super) fn take_seen(
    tx: &Tx<'_>,
    query: Option<&str>,
    limits: &Capabilities,
    now: Timestamp,
) -> Result<(usize, ConversationContext), StoreError> {
    let mut seen: Vec<Seen> = facts::get(tx, SEEN)?.unwrap_or_default();
    seen.retain(|one| facts::is_fresh(one.at, now));
    let votes = votes(tx)?;
    let lines: Vec<String> = seen
        .iter()
        .rev()
        .map(|one| {
            let said = votes.iter().find(|vote| vote.article == one.article);
            match said.map(|vote| (vote.helpful, vote.reason.as_deref())) {
                Some((true, _)) => format!("{} (helped)", one.title),
                Some((false, Some(reason))) => format!("{} (did not help: {reason})", one.title),
                Some((false, None)) => format!("{} (did not help)", one.title),
                None => one.title.clone(),
            }
        })
        .collect();
    let mut context = ConversationContext::new();
    facts::tell(&mut context, limits, "help_articles_seen", &lines.join("; "));
    facts::tell(&mut context, limits, "help_searched_for", query.unwrap_or_default());
    facts::remove(tx, SEEN)?;
    Ok((seen.len(), context))
}
