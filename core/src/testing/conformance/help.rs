//! The help centre, and what agents learn of how a conversation began.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    DeskSide,
    bench::{Checked, Phone, Stop, done, ensure, given, name, refused},
};
use crate::{
    backend::{
        Backend, ConversationContext, DeskArticle, DeskArticleName, DeskPortal, Fault, Fetched, HelpCenterBackend,
        ListedArticle, OutgoingVote,
    },
    model::ArticleId,
};

/// The language that the checks write in.
const LOCALE: &str = "en";

/// The reader's side.
struct Reader {
    backend: Arc<dyn Backend>,
    portal: String,
}

impl Reader {
    fn new(desk: &impl DeskSide) -> Result<Self, Stop> {
        let portal = given(desk.portal(), "no help centre")?;
        Ok(Self { backend: desk.backend(), portal })
    }

    fn help(&self) -> Result<&dyn HelpCenterBackend, Stop> {
        let help = self.backend.help_center();
        help.ok_or_else(|| Stop::Failed("the adapter has no help centre, and its desk has".to_owned()))
    }

    async fn portal(&self) -> Result<DeskPortal, Stop> {
        match self.help()?.portal(&self.portal, LOCALE, None).await? {
            Fetched::New { value, .. } => Ok(value),
            Fetched::Unchanged => Err(Stop::Failed("unchanged without a validator".to_owned())),
        }
    }

    /// Every article, page by page, and how many the desk says there are.
    async fn pages(&self) -> Result<(Vec<DeskArticle>, Option<u64>), Stop> {
        let (mut all, mut said) = (Vec::new(), None);
        for page in 1.. {
            match self.help()?.articles(&self.portal, LOCALE, page, None).await? {
                Fetched::New { value, .. } => {
                    all.extend(value.articles);
                    said = value.published;
                    if !value.has_more {
                        break;
                    }
                }
                Fetched::Unchanged => return Err(Stop::Failed("unchanged without a validator".to_owned())),
            }
        }
        Ok((all, said))
    }

    async fn all(&self) -> Result<Vec<DeskArticle>, Stop> {
        Ok(self.pages().await?.0)
    }

    async fn list(&self) -> Result<Vec<ListedArticle>, Stop> {
        match self.help()?.article_list(&self.portal, None).await? {
            Fetched::New { value, .. } => Ok(value),
            Fetched::Unchanged => Err(Stop::Failed("unchanged without a validator".to_owned())),
        }
    }

    async fn one(&self, slug: &str) -> Result<Option<DeskArticle>, Stop> {
        Ok(self.help()?.article(&self.portal, slug, Some(LOCALE)).await?)
    }

    async fn found(&self, id: &ArticleId) -> Result<DeskArticle, Stop> {
        let found = self.all().await?.into_iter().find(|article| article.name.id == *id);
        found.ok_or_else(|| Stop::Failed("a published article does not come".to_owned()))
    }
}

async fn published(desk: &impl DeskSide, title: &str) -> Result<ArticleId, Stop> {
    given(desk.publish(LOCALE, "orders", title, "**Open** the order.").await, "nobody can publish here")
}

pub(super) async fn context_of_a_conversation_reaches_the_agents(desk: &impl DeskSide) -> Checked {
    let phone = Phone::new(desk).await?;
    done(phone.backend.capabilities().conversation_context, "no context of conversations")?;
    let context: ConversationContext = [("help_articles_seen".to_owned(), "Đổi trả hàng".to_owned())].into();
    let opened = phone.backend.open_conversation_with(&phone.session, &context).await?;
    let kept = given(desk.context(opened.id).await, "nobody can look at it")?;
    ensure!(kept == context, "the agents see {} of 1 texts", kept.len());
    Ok(())
}

pub(super) async fn unknown_help_centre_is_told(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let nowhere = "no-such-help-centre";
    refused("portal", reader.help()?.portal(nowhere, LOCALE, None).await, &Fault::UnknownPortal)?;
    refused("articles", reader.help()?.articles(nowhere, LOCALE, 1, None).await, &Fault::UnknownPortal)
}

pub(super) async fn help_centre_tells_its_languages_and_categories(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let id = published(desk, "Returns").await?;
    let portal = reader.portal().await?;
    ensure!(!portal.default_locale.is_empty(), "no default language");
    let category = reader.found(&id).await?.category;
    ensure!(category.as_deref() == Some("orders"), "the article is in another category");
    let known = portal.categories.iter().any(|row| row.locale == LOCALE && row.slug == "orders");
    ensure!(known, "the category is not told");
    Ok(())
}

pub(super) async fn published_articles_come_and_drafts_do_not(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let id = published(desk, "Đổi trả hàng").await?;
    let found = reader.found(&id).await?;
    ensure!(found.title == "Đổi trả hàng" && found.content == "**Open** the order.", "another text comes");
    ensure!(found.name.locale == LOCALE, "it comes in {}", found.name.locale);
    done(desk.unpublish(&id).await, "nobody can take it back")?;
    ensure!(reader.all().await?.iter().all(|article| article.name.id != id), "a draft comes");
    Ok(())
}

pub(super) async fn pages_list_and_slugs_cover_every_article(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    // More than any page holds.
    let mut ids = Vec::new();
    for number in 0..130 {
        ids.push(published(desk, &format!("Article {number}")).await?);
    }
    let (all, said) = reader.pages().await?;
    let distinct: BTreeSet<&ArticleId> = all.iter().map(|article| &article.name.id).collect();
    ensure!(said.is_none_or(|said| said >= distinct.len() as u64), "{} come of {said:?}", distinct.len());
    // Pages may overlap and miss. What they miss is counted, listed, and found by its slug.
    let missing = ids.iter().filter(|id| !distinct.contains(id)).count() as u64;
    ensure!(said.is_none_or(|said| said == distinct.len() as u64 + missing), "another number is told: {said:?}");
    let mut found: BTreeSet<ArticleId> = distinct.into_iter().cloned().collect();
    if missing > 0 {
        for listed in reader.list().await? {
            found.extend(reader.one(&listed.slug).await?.map(|article| article.name.id));
        }
    }
    let lost = ids.iter().filter(|id| !found.contains(*id)).count();
    ensure!(lost == 0, "{lost} of {} don't come", ids.len());
    Ok(())
}

pub(super) async fn article_is_found_by_its_slug(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let id = published(desk, "Returns").await?;
    let article = reader.found(&id).await?;
    let one = reader.one(&article.name.slug).await;
    if matches!(&one, Err(Stop::Failed(why)) if why.contains("Unsupported")) {
        return Err(Stop::Skipped("no single articles"));
    }
    let one = given(one?, "it does not come")?;
    ensure!(one.name == article.name && one.content == article.content, "another one comes: {:?}", one.name);
    done(desk.unpublish(&id).await, "nobody can take it back")?;
    ensure!(reader.one(&article.name.slug).await?.is_none(), "a draft comes");
    Ok(())
}

pub(super) async fn list_names_what_is_published_and_nothing_else(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    done(reader.backend.capabilities().article_list, "no list of articles")?;
    let (kept, taken) = (published(desk, "Returns").await?, published(desk, "Refunds").await?);
    let (kept, taken) = (reader.found(&kept).await?, reader.found(&taken).await?);
    done(desk.unpublish(&taken.name.id).await, "nobody can take it back")?;
    let Fetched::New { value, validator } = reader.help()?.article_list(&reader.portal, None).await? else {
        return Err(Stop::Failed("unchanged without a validator".to_owned()));
    };
    let has = |slug: &str| value.iter().any(|listed| listed.slug == slug);
    ensure!(has(&kept.name.slug) && !has(&taken.name.slug), "{} are listed", value.len());
    ensure!(value.iter().all(|listed| listed.changed_on.is_some()), "an article has no day of change");
    let validator = given(validator, "no validators")?;
    // Somebody reads it: that changes nothing that is listed.
    reader.help()?.count_view(&reader.portal, &kept.name).await?;
    let again = reader.help()?.article_list(&reader.portal, Some(&validator)).await?;
    ensure!(again == Fetched::Unchanged, "what has not changed comes again");
    published(desk, "Gift cards").await?;
    let again = reader.help()?.article_list(&reader.portal, Some(&validator)).await?;
    ensure!(again != Fetched::Unchanged, "a change is not told");
    Ok(())
}

pub(super) async fn articles_are_unchanged_until_something_changes(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    published(desk, "Returns").await?;
    let help = reader.help()?;
    let Fetched::New { validator, .. } = help.articles(&reader.portal, LOCALE, 1, None).await? else {
        return Err(Stop::Failed("unchanged without a validator".to_owned()));
    };
    let validator = given(validator, "no validators")?;
    let again = help.articles(&reader.portal, LOCALE, 1, Some(&validator)).await?;
    ensure!(again == Fetched::Unchanged, "what has not changed comes again");
    published(desk, "Refunds").await?;
    let again = help.articles(&reader.portal, LOCALE, 1, Some(&validator)).await?;
    ensure!(again != Fetched::Unchanged, "a change is not told");
    Ok(())
}

pub(super) async fn address_of_an_article_leads_back_to_it(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let name = DeskArticleName { id: ArticleId::new("7"), slug: "7-returns".to_owned(), locale: LOCALE.to_owned() };
    let help = reader.help()?;
    let url = given(help.article_url(&reader.portal, &name), "articles have no addresses")?;
    for url in [url.clone(), format!("{url}?from=chat#top")] {
        let back = help.article_of_url(&reader.portal, &url);
        ensure!(back.as_deref() == Some("7-returns"), "{url} leads to {back:?}");
    }
    ensure!(help.article_of_url("another", &url).is_none(), "it leads to another help centre's article, too");
    ensure!(help.article_of_url(&reader.portal, "https://example.com/7-returns").is_none(), "any address leads here");
    Ok(())
}

pub(super) async fn view_of_an_article_is_counted(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    let id = published(desk, "Returns").await?;
    let before = given(desk.views(&id).await, "nobody counts")?;
    let article = reader.found(&id).await?;
    reader.help()?.count_view(&reader.portal, &article.name).await?;
    let after = desk.views(&id).await;
    ensure!(after == Some(before + 1), "{before} views became {after:?}");
    Ok(())
}

pub(super) async fn last_vote_on_an_article_stands(desk: &impl DeskSide) -> Checked {
    let reader = Reader::new(desk)?;
    done(reader.backend.capabilities().article_votes, "no votes")?;
    let phone = Phone::new(desk).await?;
    let article = published(desk, "Returns").await?;
    for helpful in [false, true] {
        let reason = (!helpful).then(|| name("reason"));
        let vote = OutgoingVote { portal: reader.portal.clone(), article: article.clone(), helpful, reason };
        reader.help()?.vote(&phone.session, &vote).await?;
        let kept = given(desk.vote_on(&article).await, "nobody can look at it")?;
        ensure!(kept == helpful, "the vote before stands");
    }
    Ok(())
}
