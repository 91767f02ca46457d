//! Reads a whole help centre once, for tools such as `shopbell-help pull`: as a phone reads it, with the same care that no
//! article is missing.

use std::{path::Path, sync::Arc};

use super::{
    HelpCenterConfig,
    room::{REST, Room},
};
use crate::{
    SupportError, SystemClock, SystemRandom,
    backend::{Backend, DeskArticle, DeskArticleName, DeskCategory},
    clock::SteadyClock,
    model::{ArticleId, Timestamp},
    reach::Reach,
    setup::Setup,
    store::{Feed, StoreError},
};

/// A help centre as it is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Its categories, of every language.
    pub categories: Vec<DeskCategory>,
    /// Its articles in the languages that were asked for and in its default one, by language and position.
    pub articles: Vec<PulledArticle>,
}

/// A published article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledArticle {
    /// As the desk has it.
    pub article: DeskArticle,
    /// Its words without their Markdown, as a phone searches them.
    pub plain: String,
}

/// Reads a help centre: every published article in `config`'s languages and in its default one. Costs the desk what a
/// phone's first sync does. `folder` must exist and be empty; what is put into it is of no use afterwards. The starter
/// pack is not looked at.
///
/// # Errors
/// [`SupportError::InvalidConfig`] where the desk has no such help centre at its address, [`SupportError::Unsupported`]
/// where it has none at all, [`SupportError::Storage`] where the folder can't be written. [`SupportError::Offline`],
/// [`SupportError::DeskUnavailable`] and [`SupportError::Busy`] where the desk can't be reached or fails, and also where
/// some published articles did not come: nothing is given then.
///
/// # Cancel safety
/// Dropped before it is done, it leaves files in `folder` and nothing else.
pub async fn pull(backend: Arc<dyn Backend>, config: HelpCenterConfig, folder: &Path) -> Result<Pulled, SupportError> {
    config.validate()?;
    let config = HelpCenterConfig { starter_pack: None, ..config };
    // Asked once: nothing waits for the desk's return.
    let reach = Reach::new(REST, Arc::new(SystemRandom)).view();
    let (steady, path) = (SteadyClock::new(Arc::new(SystemClock)), folder.join("help"));
    let room = Arc::new(Room::new(config, backend, steady, Setup::default(), Feed::new(), path, reach));
    room.sync(true).await?;
    let pulled = room.shelf().await?.store.read(read).await;
    room.close().await;
    pulled
}

fn read(connection: &rusqlite::Connection) -> Result<Pulled, StoreError> {
    let mut statement = connection
        .prepare("SELECT slug, locale, name, description, position FROM categories ORDER BY locale, position, slug")?;
    let categories = statement.query_map([], |row| {
        Ok(DeskCategory {
            slug: row.get(0)?,
            locale: row.get(1)?,
            name: row.get(2)?,
            description: row.get(3)?,
            position: row.get(4)?,
        })
    })?;
    let categories = categories.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(
        "SELECT id, slug, locale, category, title, description, content, plain, phrasings, position, views, updated_at
         FROM articles ORDER BY locale, position, id",
    )?;
    let articles = statement.query_map([], |row| {
        let name =
            DeskArticleName { id: ArticleId::new(row.get::<_, String>(0)?), slug: row.get(1)?, locale: row.get(2)? };
        let phrasings: String = row.get(8)?;
        let article = DeskArticle {
            name,
            category: row.get(3)?,
            title: row.get(4)?,
            description: row.get(5)?,
            content: row.get(6)?,
            phrasings: phrasings.lines().map(str::to_owned).collect(),
            position: row.get(9)?,
            views: row.get(10)?,
            updated_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_millis),
        };
        Ok(PulledArticle { article, plain: row.get(7)? })
    })?;
    Ok(Pulled { categories, articles: articles.collect::<Result<_, _>>()? })
}
