//! The help centre: its categories and articles, filled from two seed files.

mod desk;
mod seed;

pub use self::desk::ArticleView;
use crate::{clock::Millis, random::Random};

/// A group of articles in one locale.
#[derive(Debug, Clone)]
pub(crate) struct Category {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) locale: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) position: u64,
}

/// One article.
#[derive(Debug, Clone)]
pub(crate) struct Article {
    pub(crate) id: u64,
    pub(crate) locale: String,
    pub(crate) category: Option<Category>,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) content: String,
    pub(crate) draft: bool,
    pub(crate) position: u64,
    pub(crate) views: u64,
    pub(crate) updated: Millis,
}

impl Article {
    /// Whether it is in the category of that number.
    pub(crate) fn is_in(&self, category: u64) -> bool {
        self.category.as_ref().is_some_and(|own| own.id == category)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct HelpCentre {
    pub(crate) default_locale: String,
    pub(crate) categories: Vec<Category>,
    pub(crate) articles: Vec<Article>,
}

/// When the seeded articles were last edited: fixed, so that an unchanged help centre has an unchanged ETag.
pub(crate) const EDITED: u64 = 1_780_000_000_000;

/// What the order of articles with the same position comes from.
const TIES: u64 = 0x7165_5f74_6965_7321;

impl HelpCentre {
    /// One without articles.
    pub(crate) fn empty(locale: &str) -> Self {
        Self { default_locale: locale.to_owned(), categories: Vec::new(), articles: Vec::new() }
    }

    /// The shop's articles in English and Vietnamese.
    pub(crate) fn seeded(locale: &str) -> Self {
        let mut centre = Self::empty(locale);
        seed::pour(&mut centre, "en", include_str!("seed.en.md"));
        seed::pour(&mut centre, "vi", include_str!("seed.vi.md"));
        centre
    }

    /// An article by its slug.
    pub(crate) fn article_mut(&mut self, slug: &str) -> Option<&mut Article> {
        self.articles.iter_mut().find(|article| article.slug == slug)
    }

    /// The position of the next article of a category: Chatwoot counts 10, 20, 30 … anew in each.
    pub(crate) fn next_position(&self, category: Option<u64>) -> u64 {
        let of = |article: &&Article| article.category.as_ref().map(|own| own.id) == category;
        let last = self.articles.iter().filter(of).map(|row| row.position).max();
        last.unwrap_or(0) + 10
    }

    /// The published articles of a locale.
    pub(crate) fn published(&self, locale: &str) -> usize {
        self.articles.iter().filter(|article| !article.draft && article.locale == locale).count()
    }

    /// The published articles of a locale in whose title or text every word of `query` stands.
    pub(crate) fn search(&self, locale: &str, query: Option<&str>) -> Vec<&Article> {
        let words: Vec<String> =
            query.unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let matches = |article: &Article| {
            let text = format!("{} {}", article.title, article.content).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let local = self.articles.iter().filter(|article| !article.draft && article.locale == locale);
        local.filter(|article| matches(article)).collect()
    }
}

/// Where an article stands among those of its position on a page: the database sorts by the position alone, and each
/// query's ties fall as they will. So pages overlap, and miss.
pub(crate) fn tie(article: u64, page: usize) -> u64 {
    let page = u64::try_from(page).unwrap_or(u64::MAX);
    Random::new(TIES ^ article.wrapping_mul(0x9e37_79b9) ^ page.rotate_left(40)).next()
}

/// Markdown without its marks, cut to a length a list can show.
pub(crate) fn snippet(markdown: &str) -> String {
    let plain: String = markdown.chars().filter(|letter| !"*#|_`>".contains(*letter)).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_locales_are_seeded_with_a_draft_each() {
        let centre = HelpCentre::seeded("en");
        for locale in ["en", "vi"] {
            let all = centre.articles.iter().filter(|article| article.locale == locale);
            assert!(centre.search(locale, None).len() >= 12, "{locale}");
            assert_eq!(all.filter(|article| article.draft).count(), 1, "{locale}");
        }
        assert_eq!(centre.categories.len(), 8);
    }

    #[test]
    fn a_vietnamese_query_finds_by_its_diacritics() {
        let centre = HelpCentre::seeded("vi");
        let found = centre.search("vi", Some("ĐỔI TRẢ hàng 30 ngày"));
        assert!(found.iter().any(|article| article.title == "Đổi trả hàng trong 30 ngày"));
    }
}
