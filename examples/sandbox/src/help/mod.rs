//! The help centre: its categories and articles, filled from two seed files.

mod desk;
mod seed;

pub use self::desk::ArticleView;
use crate::clock::Millis;

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
    pub(crate) category: Category,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) content: String,
    pub(crate) draft: bool,
    pub(crate) position: u64,
    pub(crate) views: u64,
    pub(crate) updated: Millis,
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

    /// The articles of a locale in whose title or text every word of `query` stands.
    pub(crate) fn search(&self, locale: &str, query: Option<&str>) -> Vec<&Article> {
        let words: Vec<String> =
            query.unwrap_or_default().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let matches = |article: &Article| {
            let text = format!("{} {}", article.title, article.content).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let local = self.articles.iter().filter(|article| article.category.locale == locale);
        local.filter(|article| matches(article)).collect()
    }
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
            let articles = centre.search(locale, None);
            assert!(articles.len() >= 12, "{locale}");
            assert_eq!(articles.iter().filter(|article| article.draft).count(), 1, "{locale}");
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
