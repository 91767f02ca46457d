//! Fetches what is published and stood on no page. [`reconcile`](super::reconcile) decides, this carries out.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    library,
    pages::{self, SeenPage},
    reconcile::{Answer, Language, Listed, Next, Reconciliation},
    room::Room,
    shelf::Shelf,
};
use crate::{
    SupportError,
    backend::{BackendError, DeskArticle, Fault, HelpCenterBackend},
    store::Durability,
};

/// What became of it.
pub(super) struct Missing {
    /// Why something that is published is still missing.
    pub(super) incomplete: Option<BackendError>,
    /// Languages whose pages don't tell what is published, and are to be read in full the next time.
    pub(super) reread: BTreeSet<String>,
    /// Whether nothing but what came is published in these languages, as far as the desk can say it.
    pub(super) covers: bool,
}

/// Holds what came against what the desk says is published, and fetches what is missing into what comes in. `list` is the
/// desk's, where it has one; `passed_over` is known to be in no language of these pages.
pub(super) async fn fetch(
    room: &Room,
    help: &dyn HelpCenterBackend,
    shelf: &Shelf,
    seen: &[SeenPage],
    list: Option<Listed>,
    passed_over: BTreeSet<String>,
) -> Result<Missing, SupportError> {
    let mut languages = said(seen);
    let counted = shelf.store.read(move |connection| {
        for (language, came) in &mut languages {
            *came = pages::came(connection, &language.locale)?;
        }
        Ok(languages)
    });
    let counted = counted.await?;
    if counted.iter().all(|(language, came)| language.steady && came + language.left_out == language.published) {
        return Ok(Missing { incomplete: None, reread: BTreeSet::new(), covers: true });
    }
    let locales: Vec<String> = seen.iter().map(|page| page.locale.clone()).collect();
    let loaded = shelf.store.read(move |connection| {
        let mut languages: Vec<Language> = counted.into_iter().map(|(language, _)| language).collect();
        for language in &mut languages {
            language.came = pages::came_slugs(connection, &language.locale)?;
            language.kept = pages::kept_slugs(connection, &language.locale)?;
        }
        Ok((languages, pages::elsewhere(connection, &locales)?))
    });
    let (languages, mut elsewhere) = loaded.await?;
    elsewhere.extend(passed_over);
    let reconciliation = Reconciliation::new(languages, elsewhere, list.is_some());
    complete(room, help, shelf, reconciliation, list).await
}

/// What the pages say of each language that says anything, each with no count yet of what came.
fn said(seen: &[SeenPage]) -> Vec<(Language, u64)> {
    let mut languages: BTreeMap<&str, (Language, BTreeSet<&str>)> = BTreeMap::new();
    for page in seen {
        let Some(published) = page.published else { continue };
        let (language, left_out) = languages.entry(&page.locale).or_insert_with(|| {
            (Language { locale: page.locale.clone(), published, steady: true, ..Language::default() }, BTreeSet::new())
        });
        language.steady &= language.published == published;
        language.published = published;
        left_out.extend(page.left_out.split(' ').filter(|id| !id.is_empty()));
        language.left_out = left_out.len() as u64;
    }
    languages.into_values().map(|(language, _)| (language, 0)).collect()
}

async fn complete(
    room: &Room,
    help: &dyn HelpCenterBackend,
    shelf: &Shelf,
    mut reconciliation: Reconciliation,
    mut list: Option<Listed>,
) -> Result<Missing, SupportError> {
    let (mut dropped, mut cause): (BTreeSet<String>, Option<BackendError>) = (BTreeSet::new(), None);
    let complete = loop {
        match reconciliation.next() {
            Next::Complete => break true,
            Next::Incomplete => break false,
            Next::List => reconciliation.listed(list.take()),
            Next::Article { slug, locale } => {
                let came = help.article(&room.config.portal, &slug, locale.as_deref()).await;
                let answer = judge(&came);
                let had = reconciliation.has(&slug);
                reconciliation.answered(&slug, &answer);
                match (came, &answer) {
                    (Ok(Some(article)), Answer::Published { locale }) => {
                        take(shelf, article, locale.clone(), reconciliation.has(&slug)).await?;
                    }
                    (Err(error), _) => cause = Some(error),
                    _ => {}
                }
                if had && !reconciliation.has(&slug) {
                    dropped.insert(slug);
                }
            }
        }
    };
    let languages = reconciliation.languages();
    let reread = |language: &&Language| !complete && language.missing() > 0 || !dropped.is_empty();
    let reread = languages.iter().filter(reread).map(|language| language.locale.clone()).collect();
    let incomplete = (!complete).then(|| {
        let counts = languages.iter().map(|language| {
            let (locale, published, missing) = (&language.locale, language.published, language.missing());
            format!("{locale}: {published} published, {missing} missing")
        });
        let detail = format!(
            "the articles that came are not those that are published ({})",
            counts.collect::<Vec<_>>().join("; ")
        );
        cause.filter(unreachable).unwrap_or_else(|| BackendError::unclear(Fault::Desk, detail))
    });
    let keep: Vec<String> = reconciliation.to_keep().cloned().collect();
    shelf
        .store
        .write(Durability::Later, move |tx| {
            dropped.iter().try_for_each(|slug| pages::drop_incoming(tx, slug))?;
            keep.iter().try_for_each(|slug| pages::keep(tx, slug))
        })
        .await?;
    Ok(Missing { incomplete, reread, covers: complete || reconciliation.is_exhausted() })
}

pub(super) fn judge(came: &Result<Option<DeskArticle>, BackendError>) -> Answer {
    match came {
        Ok(Some(article)) => Answer::Published { locale: article.name.locale.clone() },
        Ok(None) => Answer::Gone,
        Err(error) if unreachable(error) => Answer::Unreachable,
        Err(_) => Answer::Failed,
    }
}

pub(super) fn unreachable(error: &BackendError) -> bool {
    error.fault.is_of_the_way() || matches!(error.fault, Fault::Interrupted | Fault::Throttled { .. })
}

/// An article came by itself: one of those that are wanted, or one to be left alone from now on.
async fn take(shelf: &Shelf, article: DeskArticle, locale: String, wanted: bool) -> Result<(), SupportError> {
    let take = shelf.store.write(Durability::Later, move |tx| {
        if wanted {
            library::take_in(tx, &article, None)
        } else if locale.is_empty() {
            Ok(())
        } else {
            pages::note_elsewhere(tx, &article.name.slug, &locale)
        }
    });
    take.await
}
