//! Reads the seed files: `# slug | name | description` begins a category, `## slug | title | description [| draft]` an
//! article, and what follows is its Markdown.

use super::{Article, Category, HelpCentre};

/// Adds the articles of a seed file.
pub(super) fn pour(centre: &mut HelpCentre, locale: &str, text: &str) {
    let mut category: Option<Category> = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let mut parts = heading.split(" | ");
            let Some(category) = category.clone() else { continue };
            let number = u64::try_from(centre.articles.len()).unwrap_or(0) + 1;
            let position = centre.next_position(Some(category.id));
            centre.articles.push(Article {
                id: number,
                locale: locale.to_owned(),
                category: Some(category),
                // Chatwoot puts the moment of creation before every slug.
                slug: format!("{}-{}", 1_779_990_000 + number, parts.next().unwrap_or_default()),
                title: parts.next().unwrap_or_default().to_owned(),
                description: parts.next().unwrap_or_default().to_owned(),
                content: String::new(),
                draft: parts.next() == Some("draft"),
                position,
                views: 7 * (40 - number.min(39)),
                updated: super::EDITED,
            });
        } else if let Some(heading) = line.strip_prefix("# ") {
            let mut parts = heading.split(" | ");
            let number = u64::try_from(centre.categories.len()).unwrap_or(0) + 1;
            let next = Category {
                id: number,
                slug: parts.next().unwrap_or_default().to_owned(),
                locale: locale.to_owned(),
                name: parts.next().unwrap_or_default().to_owned(),
                description: parts.next().unwrap_or_default().to_owned(),
                position: number * 10,
            };
            centre.categories.push(next.clone());
            category = Some(next);
        } else if let Some(article) = centre.articles.last_mut() {
            article.content.push_str(line);
            article.content.push('\n');
        }
    }
    for article in &mut centre.articles {
        article.content = article.content.trim().to_owned();
    }
}
