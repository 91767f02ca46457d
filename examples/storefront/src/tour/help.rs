//! The shopper finds the answer herself: in a tunnel, without tones, and no agent is asked.

use shopbell::{HelpFigures, SearchResults, SupportClient};

use super::stage::{Missed, Stage, Told, chapter, seen, tell, within};

/// Typed as one types on a phone: no tones, and a letter out of place in the end.
const TYPED: [&str; 4] = ["d", "doi t", "doi tra h", "doi tra hnag"];
const TITLE: &str = "Đổi trả hàng trong 30 ngày";

pub(super) async fn the_answer_is_on_the_phone(stage: &Stage, client: &SupportClient) -> Told<()> {
    chapter("The answer is on the phone");
    let help = client.help_center()?;
    within("the articles", help.sync()).await??;
    let asked = stage.desk().conversations().len();
    stage.network().offline(true);
    client.network_changed(false);
    tell("network", "is gone again");

    let mut search = help.search_as_you_type();
    let mut results = SearchResults::default();
    for text in TYPED {
        search.input().set_text(text);
        let found = within("results", search.next()).await??;
        results = found.ok_or_else(|| Missed::new("results", "the end of the search"))?;
    }
    tell("shopper", &format!("types “{}” into the help centre's search", TYPED[3]));
    let hit = results.hits.first().ok_or_else(|| Missed::new("a hit", "none"))?;
    if hit.article.title != TITLE {
        return Err(Missed::new(format!("{TITLE:?} first"), format!("{:?}", hit.article.title)));
    }
    let marked: Vec<String> = hit
        .title_matches
        .iter()
        .map(|range| TITLE.chars().skip(range.start).take(range.end - range.start).collect())
        .collect();
    seen(&format!("the first hit is “{TITLE}”, with {} marked, and no network", marked.join(", ")));
    let article = help.article(&hit.article.id).await?;
    help.vote(&article.summary.id, true, None).await?;
    help.helped(&article.summary.id).await?;
    drop(search);
    tell("shopper", "reads it, and says that it helped");
    let figures = help.figures().await?;
    let expected = HelpFigures { searches: 1, unanswered: 0, opened: 1, helped: 1, asked_anyway: 0 };
    if figures != expected || stage.desk().conversations().len() != asked {
        return Err(Missed::new(format!("{expected:?} and no new conversation"), format!("{figures:?}")));
    }
    seen("one search, one article read, one question answered, and no ticket");

    let views = || stage.desk().articles().into_iter().find(|row| row.title == TITLE).map(|row| row.views);
    let before = views();
    stage.network().offline(false);
    client.network_changed(true);
    within("the help centre", help.sync()).await??;
    let counted = |now: &Option<u64>| *now == before.map(|views| views + 1);
    stage.until_at_desk("the view to be counted", views, counted).await?;
    seen("with the network back, the desk has counted the view");
    Ok(())
}
