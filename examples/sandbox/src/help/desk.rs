//! The merchant's side of the help centre, in process.

use super::{Article, Category};
use crate::{clock, desk::Desk};

/// An article, seen from inside.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleView {
    /// Its number.
    pub id: u64,
    /// Its part of an address.
    pub slug: String,
    /// Its locale.
    pub locale: String,
    /// Its category's slug; empty where it is in none.
    pub category: String,
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub content: String,
    /// Whether customers must not see it.
    pub draft: bool,
    /// How often it was read.
    pub views: u64,
}

impl Desk {
    /// All articles, drafts included, by number.
    pub fn articles(&self) -> Vec<ArticleView> {
        self.shared.read(|state| state.help.articles.iter().map(view).collect())
    }

    /// Publishes an article at the end of a category, which is made if it is not there, or of none where the category's
    /// slug is empty; gives its slug.
    pub fn add_article(&self, locale: &str, category: &str, title: &str, content: &str) -> String {
        self.shared.read(|state| {
            let help = &mut state.help;
            let known = help.categories.iter().find(|row| row.locale == locale && row.slug == category);
            let is_placed = !category.is_empty();
            let category = known.cloned().or_else(|| {
                let id = help.categories.iter().map(|row| row.id).max().unwrap_or(0) + 1;
                let row = Category {
                    id,
                    slug: category.to_owned(),
                    locale: locale.to_owned(),
                    name: category.to_owned(),
                    description: String::new(),
                    position: id * 10,
                };
                is_placed.then(|| {
                    help.categories.push(row.clone());
                    row
                })
            });
            let id = help.articles.iter().map(|row| row.id).max().unwrap_or(0) + 1;
            let slug = format!("{}-article", 1_779_990_000 + id);
            let position = help.next_position(category.as_ref().map(|category| category.id));
            help.articles.push(Article {
                id,
                locale: locale.to_owned(),
                category,
                slug: slug.clone(),
                title: title.to_owned(),
                description: String::new(),
                content: content.to_owned(),
                draft: false,
                position,
                views: 0,
                updated: clock::now(),
            });
            slug
        })
    }

    /// Changes an article's title and text. False if there is none.
    pub fn edit_article(&self, slug: &str, title: &str, content: &str) -> bool {
        self.change_article(slug, |row| {
            (row.title, row.content) = (title.to_owned(), content.to_owned());
            row.updated = clock::now();
        })
    }

    /// Sets the day of an article's last change, in days since 1970: as if it had been changed then. False if there is none.
    pub fn set_article_changed_on(&self, slug: &str, day: u64) -> bool {
        self.change_article(slug, |row| row.updated = day * 86_400_000)
    }

    /// Takes an article back into the drafts, or publishes it. False if there is none.
    pub fn set_article_draft(&self, slug: &str, draft: bool) -> bool {
        self.change_article(slug, |row| {
            row.draft = draft;
            row.updated = clock::now();
        })
    }

    /// Removes an article. False if there is none.
    pub fn remove_article(&self, slug: &str) -> bool {
        self.shared.read(|state| {
            let before = state.help.articles.len();
            state.help.articles.retain(|row| row.slug != slug);
            state.help.articles.len() < before
        })
    }

    fn change_article(&self, slug: &str, change: impl FnOnce(&mut Article)) -> bool {
        self.shared.read(|state| state.help.article_mut(slug).map(change).is_some())
    }
}

fn view(row: &Article) -> ArticleView {
    ArticleView {
        id: row.id,
        slug: row.slug.clone(),
        locale: row.locale.clone(),
        category: row.category.as_ref().map(|category| category.slug.clone()).unwrap_or_default(),
        title: row.title.clone(),
        content: row.content.clone(),
        draft: row.draft,
        views: row.views,
    }
}
