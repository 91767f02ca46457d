//! Asking the desk for what is new.
//!
//! The desk's list of what is published is asked first, and [`plan`] says what it calls for: most often nothing. Articles
//! that are few are fetched by their slugs ([`singly`]), others in pages of their language, one after the other, each with
//! the validator of the last time. What comes is put aside in a table of its own, beside what stays as it is; when the
//! last has come, it becomes the articles in one transaction. Cut off anywhere before that, the old articles stay whole,
//! and what was put aside is thrown away at the next start. A page that has not changed is taken over without a byte of it.
//!
//! The pages need not hold everything: they may overlap and miss, and the desk may change while it is asked. So what came
//! is held against what the desk says is published, whether pages had changed or not, and what is missing is fetched by
//! itself: see [`missing`](super::missing). A sync after which something is still missing keeps what came and fails.
//!
//! The validator of the list is kept only once everything on it was dealt with: whatever failed is seen again.

mod asking;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use super::listed::SYNCED_AT;
use super::{
    library, listed, locales,
    pages::{self, SeenPage},
    plan::{self, Beat, Known, Language, List, Plan, WithoutList},
    room::Room,
    shelf::{AVAILABLE, DEFAULT, Shelf},
    singly::{self, Singles},
};
use crate::{
    SupportError,
    backend::{BackendError, DeskPortal, HelpCenterBackend},
    store::{Durability, StoreError, Topic, Tx},
};

/// Pages of one language that are read: a million articles. Past it the desk is repeating itself.
const MOST_PAGES: u32 = 10_000;

/// The validator of the help centre's own page.
const PORTAL_VALIDATOR: &str = "portal_validator";

/// The languages that the desk's help centre names, with spaces between.
const TAGS: &str = "desk_locales";

/// What came of a sync.
pub(super) struct Synced {
    /// Whether anything that is shown changed.
    pub(super) changed: bool,
    /// Why something that is published did not come.
    pub(super) incomplete: Option<BackendError>,
}

/// Asks for what is new. `by_app`: the app wants it now.
pub(super) async fn sync(room: &Room, shelf: &Shelf, by_app: bool) -> Result<Synced, SupportError> {
    let help = room.backend.help_center().ok_or(SupportError::Unsupported { what: "show a help centre" })?;
    let mut refresh = Refresh::begin(room, help, shelf, by_app).await?;
    let plan = refresh.plan().await?;
    refresh.carry_out(plan).await?;
    refresh.doubt_the_list().await?;
    let synced = refresh.finish().await?;
    match &synced.incomplete {
        Some(error) => {
            let changed = synced.changed;
            tracing::warn!(changed, %error, "the help centre is incomplete on this device; the next sync tries again");
        }
        None => tracing::debug!(changed = synced.changed, "the help centre was asked"),
    }
    if synced.changed {
        room.feed.publish([Topic::Help]);
    }
    Ok(synced)
}

/// What the desk's list came to.
enum Told {
    /// It is the one that was acted upon last.
    Unchanged,
    New {
        list: List,
        validator: Option<String>,
    },
    /// The desk has none, or none of use.
    None,
}

/// The help centre's own page as it came, with its validator; nothing where it has not changed.
type NewPortal = Option<(DeskPortal, Option<String>)>;

/// One refresh on its way.
struct Refresh<'a> {
    room: &'a Room,
    help: &'a dyn HelpCenterBackend,
    shelf: &'a Shelf,
    /// When what was done last, and in the end, now.
    beat: Beat,
    /// The day on which everything that comes was read: that of the beginning, for then nothing is taken for newer than
    /// it is.
    today: i64,
    tags: Vec<String>,
    default: Option<String>,
    portal: NewPortal,
    is_portal_asked: bool,
    told: Told,
    known: BTreeMap<String, Known>,
    /// Languages whose pages were read before.
    read_before: BTreeSet<String>,
    /// Pages that were read this time, and the languages that they are of.
    pages: Vec<SeenPage>,
    read: BTreeSet<String>,
    /// Whether what stood on none of these pages is published in none of their languages.
    pages_cover: bool,
    plan: Plan,
    /// Articles that were dealt with: they came, or are known not to be published here.
    settled: BTreeSet<String>,
    dropped: BTreeSet<String>,
    incomplete: Option<BackendError>,
}

impl<'a> Refresh<'a> {
    async fn begin(
        room: &'a Room,
        help: &'a dyn HelpCenterBackend,
        shelf: &'a Shelf,
        by_app: bool,
    ) -> Result<Self, SupportError> {
        let kept = shelf.store.read(|connection| {
            Ok((kept_tags(connection)?, library::text(connection, DEFAULT)?, listed::beat(connection)?))
        });
        let (tags, default, beat) = kept.await?;
        let now = room.clock.now();
        Ok(Self {
            room,
            help,
            shelf,
            beat: Beat { now, by_app, ..beat },
            today: plan::day(now),
            // A starter pack names a default, and nothing else of the desk's.
            default: default.filter(|_| !tags.is_empty()),
            tags,
            portal: None,
            is_portal_asked: false,
            told: Told::None,
            known: BTreeMap::new(),
            read_before: BTreeSet::new(),
            pages: Vec::new(),
            read: BTreeSet::new(),
            pages_cover: true,
            plan: Plan::default(),
            settled: BTreeSet::new(),
            dropped: BTreeSet::new(),
            incomplete: None,
        })
    }

    /// The languages that are to be on the phone, the best first; none until the help centre is known.
    fn chain(&self) -> Vec<String> {
        let Some(default) = &self.default else { return Vec::new() };
        locales::to_ask(&self.room.config.locales, &self.tags, default)
    }

    /// The help centre's only language, where nothing speaks for another.
    fn only_language(&self) -> Option<String> {
        let chain = self.chain();
        let [only] = self.tags.as_slice() else { return None };
        let is_here = |article: &Known| matches!(article.place, plan::Place::Here(_));
        (chain.len() == 1 && self.known.values().all(is_here)).then(|| only.clone())
    }

    async fn languages(&self) -> Result<Vec<Language>, SupportError> {
        let chain = self.chain();
        self.shelf.store.read(move |connection| listed::languages(connection, &chain)).await
    }

    /// Asks for the list, and says what else is to be asked for.
    async fn plan(&mut self) -> Result<Plan, SupportError> {
        // A language that is new here wants the whole list: the last one was not looked at for it.
        let is_conditional = self.default.is_some() && self.languages().await?.iter().all(|language| language.is_read);
        let without = self.ask_for_list(is_conditional).await?;
        let is_refused = matches!(self.told, Told::None) && self.beat.list_refused_at == Some(self.beat.now);
        // A list that is none may be a portal's page in its place. The desk must have spoken before that is believed.
        if self.default.is_none() || self.beat.asks_for_portal() || is_refused {
            self.ask_for_portal().await?;
        }
        let plan = self.decide(without).await?;
        if plan.pages.is_empty() || self.is_portal_asked {
            return Ok(plan);
        }
        // Where pages cost seconds, what they are pages of is asked for as well.
        self.ask_for_portal().await?;
        self.decide(without).await
    }

    async fn decide(&mut self, without: WithoutList) -> Result<Plan, SupportError> {
        let languages = self.languages().await?;
        if matches!(self.told, Told::Unchanged) && languages.iter().any(|language| !language.is_read) {
            // The help centre's page has brought another language.
            self.ask_for_list(false).await?;
        }
        let chain = self.chain();
        self.known = self.shelf.store.read(move |connection| listed::known(connection, &chain)).await?;
        let read = languages.iter().filter(|language| language.is_read);
        self.read_before = read.map(|language| language.locale.clone()).collect();
        Ok(match &self.told {
            Told::Unchanged => plan::compare(None, &self.known, &languages, &self.beat),
            Told::New { list, .. } => plan::compare(Some(list), &self.known, &languages, &self.beat),
            Told::None if without == WithoutList::Pages || languages.iter().any(|language| !language.is_read) => {
                Plan::whole(&languages)
            }
            Told::None => Plan::default(),
        })
    }

    /// Fetches what the plan names into what comes in.
    async fn carry_out(&mut self, plan: Plan) -> Result<(), SupportError> {
        self.plan = plan;
        if self.plan.pages.is_empty() && self.plan.singly.is_empty() {
            return Ok(());
        }
        self.shelf.store.write(Durability::Later, |tx| library::clear_incoming(tx)).await?;
        self.read_pages(self.plan.pages.clone()).await?;
        let mut asked = self.plan.singly.clone();
        if self.pages_cover && self.read.len() == self.chain().len() {
            asked.clear();
        }
        asked.retain(|slug, _| !self.settled.contains(slug));
        if asked.is_empty() {
            return Ok(());
        }
        let only = self.only_language();
        let Singles { settled, dropped, brings_category, has_placeless, failed } =
            singly::fetch(self.room, self.help, self.shelf, asked, only, &self.chain()).await?;
        self.settled.extend(settled);
        self.dropped.extend(dropped);
        self.incomplete = failed.or(self.incomplete.take());
        if brings_category && !self.is_portal_asked {
            self.ask_for_portal().await?;
            let languages = self.languages().await?;
            let new = languages.into_iter().filter(|language| !language.is_read);
            self.read_pages(new.map(|language| language.locale).collect()).await?;
        }
        if has_placeless {
            // Only the pages know of which language an article without a category is.
            self.read_pages(self.chain().into_iter().collect()).await?;
        }
        Ok(())
    }

    /// Makes what came the articles.
    async fn finish(mut self) -> Result<Synced, SupportError> {
        let (now, chain) = (self.beat.now, self.chain());
        let covered = self.pages_cover && self.read.len() == chain.len();
        let (days, all_settled) = match &self.told {
            Told::New { list, .. } => plan::settle(list, &self.known, &self.settled, &chain, covered, self.today),
            _ => (self.settled.iter().map(|slug| (slug.clone(), self.today)).collect(), true),
        };
        if self.read.len() == chain.len() {
            self.beat.pages_at = Some(now);
        }
        if self.plan.looks_again {
            self.beat.looked_again_at = Some(now);
        }
        let moves = !self.read.is_empty() || !self.settled.is_empty() || !self.plan.gone.is_empty();
        let fetches = !self.plan.pages.is_empty() || !self.plan.singly.is_empty();
        let Self { shelf, beat, portal, tags, told, pages, read, plan, dropped, incomplete, .. } = self;
        let changed = shelf
            .store
            .write(Durability::Later, move |tx| {
                let mut changed = false;
                // The customer's languages may have changed.
                let has_unwanted = || Ok::<_, StoreError>(library::locales(tx)?.iter().any(|tag| !chain.contains(tag)));
                if moves || has_unwanted()? {
                    if !fetches {
                        library::clear_incoming(tx)?;
                    }
                    for locale in chain.iter().filter(|locale| !read.contains(*locale)) {
                        pages::take_over_language(tx, locale)?;
                    }
                    let gone = plan.gone.iter().filter(|slug| !days.contains_key(*slug));
                    gone.chain(&dropped).try_for_each(|slug| pages::drop_incoming(tx, slug))?;
                    changed |= library::replace(tx)?;
                    pages::set_pages(tx, &chain, &read, &pages)?;
                }
                if let Some((portal, validator)) = portal {
                    changed |= take_portal(tx, &portal, validator.as_deref(), &tags)?;
                }
                match told {
                    Told::New { list, validator } => {
                        listed::settle(tx, &list, &days)?;
                        listed::set_validator(tx, validator.filter(|_| all_settled).as_deref())?;
                    }
                    Told::Unchanged => listed::settle_unchanged(tx, &days)?,
                    Told::None => listed::set_validator(tx, None)?,
                }
                listed::set_beat(tx, &beat)?;
                note_languages(tx)?;
                library::set_number(tx, SYNCED_AT, now.millis())?;
                if changed {
                    library::raise_revision(tx)?;
                }
                Ok(changed)
            })
            .await?;
        Ok(Synced { changed, incomplete })
    }
}

fn kept_tags(connection: &rusqlite::Connection) -> Result<Vec<String>, StoreError> {
    let text = library::text(connection, TAGS)?.unwrap_or_default();
    Ok(text.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

fn take_portal(tx: &Tx<'_>, portal: &DeskPortal, validator: Option<&str>, tags: &[String]) -> Result<bool, StoreError> {
    library::set_text(tx, PORTAL_VALIDATOR, validator)?;
    library::set_text(tx, DEFAULT, Some(&portal.default_locale))?;
    library::set_text(tx, TAGS, Some(&tags.join(" ")))?;
    library::set_categories(tx, &portal.categories)
}

/// Notes which languages have articles.
pub(super) fn note_languages(tx: &Tx<'_>) -> Result<(), StoreError> {
    let available = library::locales(tx)?.join(" ");
    library::set_text(tx, AVAILABLE, Some(&available))
}
