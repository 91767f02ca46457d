//! What a refresh asks the desk for. Pure: the tests hold the table, and play it against a model of a desk.
//!
//! The desk's list of published articles is asked first, with its validator: it costs little, and what readers do does not
//! change it. It holds a day of change for each article. What each article was when it was last fetched is kept
//! ([`Known`]), so that the list names what is new, changed or gone:
//!
//! - **Gone** needs no request.
//! - **New and changed** articles are fetched by their slugs where they are [few], else in pages of their language.
//! - **The day is coarse.** An article that was fetched on the day of its change may have changed again after that. It is
//!   fetched again until it was fetched past that day, see [`Known::is_unsure`]. A day that lies in the future was believed
//!   once and proves nothing more, so it causes no further request.
//! - **Other languages** are left alone. A list need not say an article's language, so what was found to be in another one
//!   is remembered, and what stood on no page of the wanted languages is fetched only once it changes.
//!
//! A desk without such a list is read in pages, seldom: see [`without_list`].

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::model::Timestamp;

/// What one article by its slug costs a desk: measured on real ones, one request at a time on two idle cores.
const SINGLE_MS: u64 = 35;

/// What a page of articles costs there at least; up to 1,300 were seen.
const PAGE_MS: u64 = 1_000;

/// Articles on such a page.
const PAGE: usize = 100;

/// How often pages are read where there is no list. A page costs as much as twelve requests for a list, and 600 articles
/// seven seconds: four times a day, an article that a merchant corrects in the morning is on the phones by noon, for a
/// sixth of what an hourly reading costs.
const PAGES_EVERY: Duration = Duration::from_secs(6 * 3600);

/// How soon a list that could not be used is asked for again. A desk's update may bring one, and nothing else does; until
/// then up to eight megabytes would be read for nothing.
const LIST_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// How long a list may fail before the pages are read in its place. A desk in trouble must not be asked for what costs it
/// eighty times as much, and one whose list never comes must not be left unread.
const LIST_MAY_FAIL: Duration = Duration::from_secs(6 * 3600);

/// How often the help centre's own page is asked, which holds the names of languages and categories: no list tells of a
/// category's new name. It costs 30 ms beside the list's 85, so that once in three days keeps a phone that refreshes
/// daily below 100 ms on average. A category that an article brings with it is asked for at once.
const PORTAL_EVERY: Duration = Duration::from_secs(72 * 3600);

/// The same where the app itself asks: somebody may be looking for the new name.
const PORTAL_EVERY_BY_APP: Duration = Duration::from_secs(3600);

/// How many times as long as it costs the desk must pass before unsure articles are fetched again: one article in six
/// minutes, and so with every refresh; a help centre that was imported today in less than twenty hours.
const REST: u64 = 10_000;

const DAY_MS: i64 = 86_400_000;

/// The day of a moment in UTC, counted from 1970.
pub(super) fn day(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MS)
}

/// How long ago something was. What lies in the future was noted by a clock that was wrong, and is as good as never.
pub(super) fn age(now: Timestamp, at: Timestamp) -> Duration {
    if at > now { Duration::MAX } else { now.since(at) }
}

/// Where an article of the list is, as far as this phone knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the phone, in this language.
    Here(String),
    /// In a language that is not wanted: it said so when it was fetched.
    Elsewhere,
    /// Not on the phone: it stood on no page of the wanted languages, or was not published when it was fetched.
    Nowhere,
}

/// What is known of an article of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) place: Place,
    /// Its day of change when it was last fetched; `None` where it was fetched before any list was.
    pub(super) changed_on: Option<i64>,
    /// The day, in UTC, on which it was last fetched.
    pub(super) read_on: i64,
}

impl Known {
    /// Whether a list with that day of change says that it is not what it was.
    pub(super) fn has_changed(&self, changed_on: i64) -> bool {
        match self.changed_on {
            Some(known) => known != changed_on,
            // The reading may have been on the desk's day before that of UTC.
            None => changed_on >= self.read_on - 1,
        }
    }

    /// Whether it may have changed on the same day after it was fetched.
    ///
    /// The desk's day is that of UTC, the one before or the one after. Fetched two days after its change, it was fetched
    /// past that day wherever the desk is. Fetched two days before it, its day lay in the future, where no desk's clock
    /// that is right can put it.
    pub(super) fn is_unsure(&self) -> bool {
        self.changed_on.is_some_and(|changed_on| self.read_on.abs_diff(changed_on) <= 1)
    }
}

/// A line of the desk's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) changed_on: i64,
    /// Its language, where the list says it.
    pub(super) locale: Option<String>,
}

/// The desk's list, by slugs.
pub(super) type List = BTreeMap<String, Line>;

/// A language that is to be on the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Language {
    pub(super) locale: String,
    /// Whether its pages were ever read to their end.
    pub(super) is_read: bool,
    /// How many of its articles are on the phone.
    pub(super) articles: usize,
}

/// What to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Languages to read in pages.
    pub(super) pages: BTreeSet<String>,
    /// Articles to fetch by their slugs, each with its language where that is known. Those that come with a page of
    /// [`Self::pages`] need no request of their own.
    pub(super) singly: BTreeMap<String, Option<String>>,
    /// Articles that are not published any more.
    pub(super) gone: BTreeSet<String>,
    /// Whether unsure articles are among them.
    pub(super) looks_again: bool,
}

impl Plan {
    /// Every language in pages.
    pub(super) fn whole(languages: &[Language]) -> Self {
        Self { pages: languages.iter().map(|language| language.locale.clone()).collect(), ..Self::default() }
    }
}

/// What pages of so many articles cost a desk, in milliseconds. An empty page costs no less.
fn by_pages(articles: usize) -> u64 {
    (articles.div_ceil(PAGE).max(1) as u64).saturating_mul(PAGE_MS)
}

fn by_slugs(articles: usize) -> u64 {
    (articles as u64).saturating_mul(SINGLE_MS)
}

/// Whether so many articles are few among all of their language: fetched singly they cost the desk no more than its pages.
pub(super) fn few(singly: usize, articles: usize) -> bool {
    by_slugs(singly) <= by_pages(articles)
}

/// When things were done last, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) now: Timestamp,
    /// Whether the app asks, and not the passing of time.
    pub(super) by_app: bool,
    /// When pages of every language were read.
    pub(super) pages_at: Option<Timestamp>,
    pub(super) portal_at: Option<Timestamp>,
    /// When unsure articles were fetched again.
    pub(super) looked_again_at: Option<Timestamp>,
    /// When the list turned out to be of no use.
    pub(super) list_refused_at: Option<Timestamp>,
    /// Since when the list has failed.
    pub(super) list_failing_since: Option<Timestamp>,
    /// Whether a list was ever used.
    pub(super) list_kept: bool,
}

impl Beat {
    fn passed(&self, at: Option<Timestamp>, interval: Duration) -> bool {
        at.is_none_or(|at| age(self.now, at) >= interval)
    }

    /// Whether to ask for the list of a desk that may have one.
    pub(super) fn asks_for_list(&self) -> bool {
        self.passed(self.list_refused_at, LIST_AGAIN)
    }

    /// Whether to ask for the help centre's own page.
    pub(super) fn asks_for_portal(&self) -> bool {
        self.passed(self.portal_at, if self.by_app { PORTAL_EVERY_BY_APP } else { PORTAL_EVERY })
    }

    fn looks_again(&self, cost_ms: u64) -> bool {
        self.by_app || self.passed(self.looked_again_at, Duration::from_millis(cost_ms.saturating_mul(REST)))
    }
}

/// What to do where there is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithoutList {
    /// Read every language in pages.
    Pages,
    /// Leave it for now.
    Nothing,
    /// The refresh has failed.
    Fail,
}

/// What to do without the list. `fails`: the desk may have one, and did not give it this time.
pub(super) fn without_list(beat: &Beat, fails: bool) -> WithoutList {
    let is_failing = beat.list_failing_since.is_none_or(|since| age(beat.now, since) < LIST_MAY_FAIL);
    match (fails, beat.by_app || beat.passed(beat.pages_at, PAGES_EVERY)) {
        (true, _) if beat.list_kept && is_failing => WithoutList::Fail,
        (_, true) => WithoutList::Pages,
        (true, false) => WithoutList::Fail,
        (false, false) => WithoutList::Nothing,
    }
}

/// Whether a list has gone wrong rather than the articles: it names fewer than half of those that are on the phone. Pages
/// then say what is true.
fn is_doubtful(gone: usize, here: usize) -> bool {
    gone > here / 2
}

/// What to ask for, given the list (`None`: it has not changed), what is known and what is wanted.
pub(super) fn compare(
    list: Option<&List>,
    known: &BTreeMap<String, Known>,
    languages: &[Language],
    beat: &Beat,
) -> Plan {
    let wanted = |locale: &str| languages.iter().any(|language| language.locale == locale);
    let mut plan = Plan::default();
    if languages.is_empty() {
        return plan;
    }
    let unread = languages.iter().filter(|language| !language.is_read);
    plan.pages.extend(unread.map(|language| language.locale.clone()));
    for (slug, line) in list.into_iter().flatten() {
        let asked = match known.get(slug) {
            None => line.locale.as_deref().is_none_or(wanted).then(|| line.locale.clone()),
            Some(Known { place: Place::Elsewhere, .. }) => None,
            Some(article) if !article.has_changed(line.changed_on) => None,
            Some(Known { place: Place::Here(locale), .. }) => Some(Some(locale.clone())),
            Some(Known { place: Place::Nowhere, .. }) => Some(line.locale.clone()),
        };
        plan.singly.extend(asked.map(|locale| (slug.clone(), locale)));
    }
    let here = known.iter().filter(|(_, article)| matches!(article.place, Place::Here(_)));
    if let Some(list) = list {
        plan.gone.extend(here.clone().filter(|(slug, _)| !list.contains_key(*slug)).map(|(slug, _)| slug.clone()));
        if is_doubtful(plan.gone.len(), here.count()) {
            return Plan::whole(languages);
        }
    }
    let unsure = known.iter().filter(|(slug, article)| {
        article.is_unsure() && article.place != Place::Elsewhere && list.is_none_or(|list| list.contains_key(*slug))
    });
    let unsure: Vec<(&String, &Known)> = unsure.filter(|(slug, _)| !plan.singly.contains_key(*slug)).collect();
    let all = languages.iter().map(|language| by_pages(language.articles)).fold(0, u64::saturating_add);
    if !unsure.is_empty() && beat.looks_again(by_slugs(unsure.len()).min(all)) {
        plan.looks_again = true;
        let asked = unsure.into_iter().map(|(slug, article)| {
            let locale = if let Place::Here(locale) = &article.place { Some(locale.clone()) } else { None };
            (slug.clone(), locale)
        });
        plan.singly.extend(asked);
    }
    choose(&mut plan, languages);
    plan
}

/// On which day each article of the list was last dealt with, once a plan was carried out; and whether all were, so that
/// the list need not be looked at again until it changes. `came` are those that were fetched `today`, or turned out not to
/// be published; `covered`: pages of every wanted language were read, so that what stood on none is not among them.
pub(super) fn settle(
    list: &List,
    known: &BTreeMap<String, Known>,
    came: &BTreeSet<String>,
    wanted: &[String],
    covered: bool,
    today: i64,
) -> (BTreeMap<String, i64>, bool) {
    let mut days: BTreeMap<String, i64> = came.iter().map(|slug| (slug.clone(), today)).collect();
    let mut all = true;
    for (slug, line) in list.iter().filter(|(slug, _)| !came.contains(*slug)) {
        match known.get(slug) {
            Some(Known { place: Place::Elsewhere, .. }) => {}
            Some(article) if !article.has_changed(line.changed_on) => drop(days.insert(slug.clone(), article.read_on)),
            None if line.locale.as_ref().is_some_and(|locale| !wanted.contains(locale)) => {}
            _ if covered => drop(days.insert(slug.clone(), today)),
            _ => all = false,
        }
    }
    (days, all)
}

/// Decides which languages are read in pages.
fn choose(plan: &mut Plan, languages: &[Language]) {
    for language in languages {
        let of = plan.singly.values().filter(|locale| locale.as_deref() == Some(&*language.locale)).count();
        if !few(of, language.articles) {
            plan.pages.insert(language.locale.clone());
        }
    }
    // Articles of no known language are on any page or on none: only all pages together spare them.
    let in_pages = |locale: &str| plan.pages.contains(locale);
    let singly = plan.singly.values().filter(|locale| !locale.as_deref().is_some_and(in_pages)).count();
    let pages = |of: &dyn Fn(&str) -> bool| {
        let languages = languages.iter().filter(|language| of(&language.locale));
        languages.map(|language| by_pages(language.articles)).fold(0, u64::saturating_add)
    };
    let all = plan.pages.len() == languages.len();
    if all || pages(&in_pages).saturating_add(by_slugs(singly)) > pages(&|_| true) {
        let (gone, looks_again) = (std::mem::take(&mut plan.gone), plan.looks_again);
        *plan = Plan { gone, looks_again, ..Plan::whole(languages) };
    }
}

#[cfg(test)]
mod tests;
