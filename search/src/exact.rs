//! Of articles that differ in an accent alone, the one first that is spelt as the query is.
//!
//! The index folds accents, so *tra*, *trả* and *trà* find each other, as they must: many customers type none. What was
//! typed with accents was meant so, and in most languages so was what was typed without. The titles of the best candidates are compared with it letter by letter, and one
//! that is spelt otherwise loses up to [`EXACT`]. Where Vietnamese is written, a query without any accents decides only
//! between equals: there they were left out.
//!
//! Only titles are compared: neither the accents of bodies nor those of phrasings are in the index.

use crate::plan::{Asked, Plan};
use crate::quiet::VIETNAMESE;
use crate::rank::Candidate;
use crate::segment::Segment;
use crate::spelling::{accents_of, is_accents, spell};
use crate::stem::stem;
use crate::tuning::{EXACT, EXACT_BARE, RERANKED};
use crate::words::{Kind, Splitter};

/// What another place of the same accents costs: *hoà* and *hòa* are two ways to write one word.
const MOVED: f32 = 0.1;
/// What each accent more or less costs, and twice that for there being any. One for another is two.
const OTHER: f32 = 0.25;

/// Reused from keystroke to keystroke.
#[derive(Default)]
pub(crate) struct Exact {
    splitter: Splitter,
    id: Vec<u8>,
    spelt: String,
    stem: String,
    /// Of each word of the query: what the title's nearest spelling costs.
    costs: Vec<Option<f32>>,
    of: Vec<f32>,
}

impl Exact {
    /// Takes from the scores of `top`, best first, what their titles' spellings cost; whether any changed.
    pub(crate) fn judge(&mut self, plan: &Plan, segment: &Segment, top: &mut [Candidate]) -> bool {
        let accented = plan.asked.iter().any(|asked| plan.spelt(asked).contains(is_accents));
        let vietnamese = segment.counted().languages(None) >> VIETNAMESE & 1 == 1;
        let most = if vietnamese && !accented { EXACT_BARE } else { EXACT };
        let least = top.first().map_or(0.0, |first| first.score - most);
        // One that is further behind does not come first, however it is spelt.
        let count = top.partition_point(|one| one.score >= least).min(RERANKED);
        let Some(top) = top.get_mut(..count).filter(|top| top.len() > 1) else { return false };
        self.of.clear();
        for one in top.iter() {
            let mut id = std::mem::take(&mut self.id);
            // A title without accents is spelt as a query without them is.
            let title = segment.doc(one.doc, &mut id).filter(|title| accented || !title.is_ascii());
            let cost = title.map_or(0.0, |title| self.cost(plan, title));
            self.id = id;
            self.of.push(cost);
        }
        let least = self.of.iter().copied().fold(f32::INFINITY, f32::min);
        for (one, cost) in top.iter_mut().zip(&self.of) {
            one.score -= most * (cost - least);
        }
        self.of.iter().any(|cost| *cost > least)
    }

    /// What the spelling of a title costs: 0 to 1.
    fn cost(&mut self, plan: &Plan, title: &str) -> f32 {
        let Self { splitter, spelt, stem: stemmed, costs, .. } = self;
        costs.clear();
        costs.resize(plan.asked.len(), None);
        splitter.split(title, &mut |word| {
            if word.kind != Kind::Word {
                return;
            }
            let raw = title.get(word.bytes.0..word.bytes.1).unwrap_or_default();
            let mut is_spelt = false;
            for (asked, cost) in plan.asked.iter().zip(costs.iter_mut()) {
                let typed = plan.spelt(asked);
                if typed.as_bytes().first() != word.text.as_bytes().first() || *cost == Some(0.0) {
                    continue;
                }
                if !is_spelt {
                    is_spelt = true;
                    stem(word.text, stemmed);
                    spell(raw, spelt);
                }
                if corresponds(plan, asked, word.text, stemmed) {
                    let differs = difference(typed, spelt);
                    *cost = Some(cost.map_or(differs, |known| known.min(differs)));
                }
            }
        });
        let sum: f32 =
            plan.asked.iter().zip(costs.iter()).map(|(asked, cost)| asked.rarity * cost.unwrap_or(0.0)).sum();
        let all: f32 = plan.asked.iter().map(|asked| asked.rarity).sum();
        sum / all.max(f32::MIN_POSITIVE)
    }
}

/// Whether a word of a title is one of the query, accents apart.
fn corresponds(plan: &Plan, asked: &Asked, word: &str, stemmed: &str) -> bool {
    plan.part(&asked.stem) == stemmed || asked.open && word.starts_with(plan.part(&asked.text))
}

/// How far two spellings differ as far as their letters are the same: 0 to 1.
fn difference(a: &str, b: &str) -> f32 {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    let mut moved = false;
    // Of each accent, how many more the one has.
    let mut more = [0i32; 16];
    while let (Some(letter), Some(other)) = (a.next(), b.next()) {
        if letter != other {
            break;
        }
        let of = [a.next_if(|c| is_accents(*c)), b.next_if(|c| is_accents(*c))].map(|c| c.map_or(0, accents_of));
        moved |= of[0] != of[1];
        for (bit, more) in more.iter_mut().enumerate() {
            *more += i32::from(of[0] >> bit & 1) - i32::from(of[1] >> bit & 1);
        }
    }
    match (moved, more.iter().map(|more| more.unsigned_abs()).sum::<u32>()) {
        (false, _) => 0.0,
        (true, 0) => MOVED,
        (true, count) => (2.0 * OTHER + OTHER * count as f32).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_spelling_differs_less() {
        let differ = |a: &str, b: &str| {
            let (mut one, mut other) = (String::new(), String::new());
            spell(a, &mut one);
            spell(b, &mut other);
            difference(&one, &other)
        };
        assert_eq!(differ("trả", "TRẢ"), 0.0);
        assert_eq!(differ("tra", "tra\u{309}"), differ("trả", "tra"));
        assert_eq!(differ("iade", "İade"), 0.0);
        for (typed, nearer, farther) in [
            ("hủy", "huỷ", "hụy"),
            ("trả", "tra", "trá"),
            ("trả", "trả", "tra"),
            ("ılık", "Ilık", "İlik"),
            ("GRÖSSE", "Größe", "große"),
            ("khẩ", "khẩu", "khau"),
        ] {
            assert!(differ(typed, nearer) < differ(typed, farther), "{typed}");
        }
    }
}
