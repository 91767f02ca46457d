//! The help centre: whether the app will have all of it, and what it costs to keep it fresh.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{in_words, ms};
use crate::{
    probe::{
        help::HelpSeen,
        http::{Answer, good},
    },
    report::{Finding, brief},
};

/// What an unchanged help centre may cost the desk each time that a phone looks.
const UNCHANGED_MS: u64 = 300;

struct Articles {
    /// What each language says that it has published.
    told: u64,
    /// What the pages held.
    read: usize,
    drafts: usize,
    /// Articles whose position another one of their language has, too.
    tied: usize,
}

fn articles(seen: &HelpSeen) -> Articles {
    let (mut told, mut positions) = (BTreeMap::new(), BTreeMap::new());
    let (mut read, mut drafts) = (0, 0);
    for page in &seen.pages {
        let Some(body) = good(&page.outcome) else { continue };
        if let Some(count) = body.pointer("/meta/articles_count").and_then(Value::as_u64) {
            told.insert(page.locale.as_str(), count);
        }
        for article in body.get("payload").and_then(Value::as_array).into_iter().flatten() {
            read += 1;
            drafts += usize::from(article.get("status").and_then(Value::as_str) != Some("published"));
            let position = article.get("position").and_then(Value::as_i64);
            *positions.entry((page.locale.as_str(), position)).or_insert(0_usize) += 1;
        }
    }
    Articles { told: told.values().sum(), read, drafts, tied: positions.values().filter(|count| **count > 1).sum() }
}

/// The addresses of articles in a sitemap.
fn listed(answer: &Answer) -> Option<usize> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let (_, list) = text.split_once("<urlset")?;
    Some(list.split("<loc>").skip(1).filter(|entry| entry.contains("/articles/")).count())
}

/// What was seen of a help centre.
pub(crate) fn judge(seen: &HelpSeen, slug: &str) -> Vec<Finding> {
    let Some(told) = seen.portal.as_ref().and_then(good) else { return vec![missing(seen, slug)] };
    let default = told.pointer("/meta/default_locale").and_then(Value::as_str).map(brief);
    let articles = articles(seen);
    let languages = seen.locales.join(", ");
    let there = Finding::ok(
        "help",
        format!(
            "there; languages: {languages} (default {}), published articles: {}",
            default.as_deref().unwrap_or("not told"),
            articles.told
        ),
    )
    .with("languages", seen.locales.clone())
    .with("articles", articles.told);
    let sitemap = sitemap(seen, articles.told);
    let has_sitemap = sitemap.advice.is_none();
    vec![there, sitemap, drafts(&articles), positions(&articles, has_sitemap), sync(seen)]
}

fn missing(seen: &HelpSeen, slug: &str) -> Finding {
    const CHECK: &str = "help";
    let last = seen.portal.as_ref().unwrap_or(&seen.bare);
    let slug = brief(slug);
    match last {
        Ok(answer) if answer.status == 401 => Finding::stop(
            CHECK,
            "the desk does not serve its help centre under this name (401)",
            "set FRONTEND_URL or HELPCENTER_URL to this address, or give the app the help centre's own domain",
        ),
        Ok(answer) if answer.status == 404 => Finding::stop(
            CHECK,
            format!("there is no help centre \"{slug}\""),
            "copy the slug from the help centre's address: it stands after /hc/",
        ),
        other => Finding::stop(
            CHECK,
            format!("the help centre \"{slug}\" can't be read: {}", in_words(other)),
            "let /hc through the proxy, and see what the desk's log says of it",
        ),
    }
}

fn sitemap(seen: &HelpSeen, told: u64) -> Finding {
    const CHECK: &str = "help.sitemap";
    let answer = seen.sitemap.as_ref().ok().filter(|answer| answer.status == 200);
    let Some((answer, count)) = answer.and_then(|answer| Some((answer, listed(answer)?))) else {
        return Finding::warn(
            CHECK,
            format!(
                "none ({}): the help centre is read in pages, seldom, and may miss articles",
                in_words(&seen.sitemap)
            ),
            format!("let /hc/…/sitemap.xml through the proxy; desks have it from {} on", sitemap_since()),
        );
    };
    let known = seen.sitemap_again.as_ref().is_some_and(|again| again.as_ref().is_ok_and(|again| again.status == 304));
    let finding = if !known {
        Finding::warn(
            CHECK,
            format!("{count} articles, and each look fetches all of it: no ETag, or one that changes"),
            "let the proxy pass ETag and If-None-Match",
        )
    } else if u64::try_from(count) != Ok(told) && !seen.cut {
        Finding::warn(
            CHECK,
            format!("{count} articles, while the languages come to {told}"),
            "see whether a cache before the desk keeps the sitemap, or a language has no category",
        )
    } else {
        Finding::ok(CHECK, format!("{count} articles, with an ETag that holds"))
    };
    finding.with("articles", count).with("bytes", answer.body.len())
}

fn sitemap_since() -> String {
    use shopbell::backend::chatwoot::versions::{Quirk, Span, TABLE};
    let edges = TABLE.iter().filter(|(quirk, _)| *quirk == Quirk::NoSitemap);
    edges.map(|(_, Span::Before(edge) | Span::From(edge))| edge.to_string()).collect()
}

fn drafts(articles: &Articles) -> Finding {
    const CHECK: &str = "help.drafts";
    let finding = match articles.drafts {
        0 => Finding::ok(CHECK, "none in the lists; drafts are not shown in the app"),
        some => Finding::note(CHECK, format!("{some} in the lists, readable by whoever asks; the app leaves them out")),
    };
    finding.with("drafts", articles.drafts)
}

fn positions(articles: &Articles, has_sitemap: bool) -> Finding {
    const CHECK: &str = "help.positions";
    let (tied, read) = (articles.tied, articles.read);
    let seen = format!("{tied} of {read} articles share their position with another: pages overlap and miss");
    let finding = match (tied, has_sitemap) {
        (0, _) => Finding::ok(CHECK, "each article has its own"),
        (_, true) => Finding::note(CHECK, format!("{seen}; the sitemap makes up for it")),
        (_, false) => Finding::warn(CHECK, seen, "make the sitemap reachable: only it says that nothing is missing"),
    };
    finding.with("tied", tied)
}

fn sync(seen: &HelpSeen) -> Finding {
    const CHECK: &str = "help.sync";
    let unchanged = seen.sitemap_again.as_ref().and_then(|again| again.as_ref().ok()).map(|again| ms(again.took));
    let (whole, pages) = (ms(seen.pages_took()), seen.pages.len());
    let more = if seen.cut { " or more" } else { "" };
    let text = match unchanged {
        Some(unchanged) => {
            format!("unchanged: one request, {unchanged} ms; all of it: {pages} pages{more}, {whole} ms")
        }
        None => format!("all of it each time: {pages} pages{more}, {whole} ms"),
    };
    let finding = match unchanged {
        Some(unchanged) if unchanged > UNCHANGED_MS => {
            Finding::warn(CHECK, text, "let the proxy keep the sitemap for some minutes: it is the same for everybody")
        }
        Some(_) => Finding::ok(CHECK, text),
        None => Finding::warn(CHECK, text, "see help.sitemap"),
    };
    finding.with("pages", pages).with("whole_ms", whole).with("unchanged_ms", unchanged)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{
        judge::made::{answer, with_header},
        probe::{
            help::Page,
            http::{Outcome, Trouble},
        },
        report::Verdict::{Note, Ok as Fine, Stop, Warn},
    };

    const MAP: &str = "<urlset><url><loc>https://d.example/hc/shop/articles/1-a</loc></url><url><loc>https://d.example/hc/\
                       shop/articles/2-b</loc></url></urlset>";

    fn page(positions: [u64; 2], status: &str) -> Page {
        let article = |position| format!("{{\"status\":\"{status}\",\"position\":{position}}}");
        let payload = positions.map(article).join(",");
        let body = format!("{{\"payload\":[{payload}],\"meta\":{{\"articles_count\":2}}}}");
        Page { locale: "en".to_owned(), outcome: Ok(answer(200, &body)) }
    }

    fn seen() -> HelpSeen {
        HelpSeen {
            bare: Ok(answer(302, "")),
            portal: Some(Ok(answer(200, "{\"meta\":{\"default_locale\":\"en\"}}"))),
            locales: vec!["en".to_owned()],
            sitemap: Ok(with_header(200, MAP, "etag", "W/\"1\"")),
            sitemap_again: Some(Ok(answer(304, ""))),
            pages: vec![page([10, 20], "published")],
            cut: false,
        }
    }

    #[test]
    fn help_centre_that_is_well_has_nothing_to_do() {
        let found = judge(&seen(), "shop");
        assert!(found.iter().all(|finding| finding.verdict == Fine), "{found:?}");
        assert_eq!(found[0].values["articles"], 2);
    }

    #[test]
    fn each_shortcoming_is_named() {
        let no_map = HelpSeen { sitemap: Ok(answer(406, "")), sitemap_again: None, ..seen() };
        let no_tag = HelpSeen { sitemap_again: Some(Ok(answer(200, MAP))), ..seen() };
        let stale = HelpSeen { sitemap: Ok(answer(200, "<urlset></urlset>")), ..seen() };
        let ties = HelpSeen { pages: vec![page([10, 10], "published")], ..seen() };
        let drafts = HelpSeen { pages: vec![page([10, 20], "draft")], ..seen() };
        for (seen, verdicts) in [
            (no_map.clone(), [Fine, Warn, Fine, Fine, Warn]),
            (no_tag, [Fine, Warn, Fine, Fine, Fine]),
            (stale, [Fine, Warn, Fine, Fine, Fine]),
            (ties.clone(), [Fine, Fine, Fine, Note, Fine]),
            (HelpSeen { pages: ties.pages, ..no_map }, [Fine, Warn, Fine, Warn, Warn]),
            (drafts, [Fine, Fine, Note, Fine, Fine]),
        ] {
            let found = judge(&seen, "shop");
            assert_eq!(found.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), verdicts, "{found:?}");
        }
    }

    #[test]
    fn help_centre_that_is_not_there_stops() {
        let bare = |bare: Outcome| judge(&HelpSeen { bare, portal: None, ..seen() }, "shop");
        for (outcome, words) in [
            (Ok(answer(401, "{}")), "under this name"),
            (Ok(answer(404, "{}")), "no help centre \"shop\""),
            (Ok(answer(200, "<html>")), "HTML"),
            (Err(Trouble::Cut), "cut"),
        ] {
            let found = bare(outcome);
            assert!(found.len() == 1 && found[0].verdict == Stop && found[0].seen.contains(words), "{found:?}");
        }
    }
}
