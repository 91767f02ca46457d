//! Recent searches.

use crate::fold::fold;

/// Searches kept unless said otherwise: what fits on a phone's screen above the keyboard.
const KEPT: usize = 8;

/// What a customer searched for last, newest first. Plain data: the host keeps it where it keeps the customer's data.
///
/// ```
/// use shopbell_search::RecentSearches;
///
/// let mut recent = RecentSearches::default();
/// recent.push("refund");
/// recent.push("delivery");
/// recent.push("Refund ");
/// assert_eq!(recent.iter().collect::<Vec<_>>(), ["Refund", "delivery"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentSearches {
    searches: Vec<String>,
    most: usize,
}

impl Default for RecentSearches {
    fn default() -> Self {
        Self::new(KEPT)
    }
}

impl RecentSearches {
    /// Keeps `most` searches; the oldest is forgotten past it.
    pub fn new(most: usize) -> Self {
        Self { searches: Vec::new(), most }
    }

    /// As kept by a host, newest first.
    ///
    /// ```
    /// let recent = shopbell_search::RecentSearches::from_kept(["tracking", "refund"]);
    /// assert_eq!(recent.iter().next(), Some("tracking"));
    /// ```
    pub fn from_kept<S: Into<String>>(searches: impl IntoIterator<Item = S>) -> Self {
        Self { searches: searches.into_iter().take(KEPT).map(Into::into).collect(), most: KEPT }
    }

    /// Notes a search that the customer made (opened a hit of, or sent), not every keystroke. The same words in other
    /// letters (case, tones) are the same search, and so is one that a later one continues.
    pub fn push(&mut self, search: &str) {
        let search = search.trim();
        if search.is_empty() {
            return;
        }
        let new = folded(search);
        self.searches.retain(|known| {
            let known = folded(known);
            !new.starts_with(&known)
        });
        self.searches.insert(0, search.to_owned());
        self.searches.truncate(self.most);
    }

    /// Forgets one search, as its owner may wish.
    pub fn remove(&mut self, search: &str) {
        self.searches.retain(|known| known != search);
    }

    /// The searches, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.searches.iter().map(String::as_str)
    }
}

fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| fold(c, &mut |f| out.push(f)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_and_a_longer_search_replaces_its_beginning() {
        let mut recent = RecentSearches::new(2);
        for search in ["doi mat", "Đổi mật khẩu", "", "  ", "a", "b"] {
            recent.push(search);
        }
        assert_eq!(recent.iter().collect::<Vec<_>>(), ["b", "a"]);
        recent.push("Đổi mật khẩu");
        recent.remove("b");
        assert_eq!(recent.iter().collect::<Vec<_>>(), ["Đổi mật khẩu"]);
    }
}
