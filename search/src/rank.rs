//! Scores documents: BM25F over title, phrasings and body, then a re-rank of the best few by order and nearness.
//!
//! A score is the share of the query's weight that a document answers (0 to 1; a word counts by its best term), plus the
//! likeness of its most similar title or phrasing.

use crate::exact::Exact;
use crate::plan::{Match, Plan};
use crate::segment::{Field, Segment, Times, words_of_norm};
use crate::tuning::{LENGTH, LIKENESS, ORDER, PHRASING, RERANKED, SATURATION, STARTS, TITLE};

/// Lengths that a norm tells apart.
const NORMS: usize = 256;
/// Times in a body that a posting tells apart.
const BODY_TIMES: usize = 8;

/// A segment with what its scores need, computed when it is opened.
pub(crate) struct Scored {
    pub(crate) segment: Segment,
    /// For each field and each length: what a word found once adds.
    factors: [Vec<f32>; 3],
    /// For each length of a body and each count of a word: how much the document is about it, with no other field.
    bodies: Vec<f32>,
}

impl Scored {
    pub(crate) fn new(segment: Segment) -> Self {
        let factor = |field, weight: f32| -> Vec<f32> {
            let mean = segment.mean(field).max(1.0);
            (0..NORMS).map(|norm| weight / (1.0 - LENGTH + LENGTH * words_of_norm(norm as u8) / mean)).collect()
        };
        let factors = [factor(Field::Title, TITLE), factor(Field::Phrasings, 1.0), factor(Field::Body, 1.0)];
        let [_, _, body] = &factors;
        let bodies = body
            .iter()
            .flat_map(|factor| (0..BODY_TIMES).map(move |times| factor * times as f32))
            .map(|sum| sum / (SATURATION + sum))
            .collect();
        Self { segment, factors, bodies }
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> usize {
        self.segment.memory()
            + size_of_val(&*self.bodies)
            + self.factors.iter().map(|table| size_of_val(&**table)).sum::<usize>()
    }

    /// Calls `each` with every document that has the term in title or phrasings, and how much it is about it: 0 to 1.
    fn strong(&self, one: &Match, mut each: impl FnMut(u32, f32)) {
        let [titles, phrasings, bodies] = &self.factors;
        let fields = [(titles, Field::Title), (phrasings, Field::Phrasings), (bodies, Field::Body)]
            .map(|(factors, field)| (factors.as_slice(), self.segment.norms(field)));
        self.segment.strong(&one.term, |doc, Times { title, phrasings, body }| {
            let mut sum = 0.0;
            for ((factors, norms), times) in fields.iter().zip([title, phrasings, body]) {
                if times > 0 {
                    let norm = norms.get(doc as usize).copied().unwrap_or(0);
                    sum += f32::from(times) * factors.get(usize::from(norm)).copied().unwrap_or(0.0);
                }
            }
            each(doc, sum / (SATURATION + sum));
        });
    }

    /// Calls `each` with every document that has the term in the body alone.
    fn weak(&self, one: &Match, mut each: impl FnMut(u32, f32)) {
        let norms = self.segment.norms(Field::Body);
        self.segment.weak(&one.term, |doc, times| {
            let norm = usize::from(norms.get(doc as usize).copied().unwrap_or(0));
            let at = norm * BODY_TIMES + usize::from(times).min(BODY_TIMES - 1);
            each(doc, self.bodies.get(at).copied().unwrap_or(0.0));
        });
    }
}

/// The overlay: a segment whose documents stand for documents of the base.
pub(crate) struct Overlay {
    pub(crate) scored: Scored,
    /// The base's document of each of the overlay's.
    pub(crate) of: Vec<u32>,
}

/// A document and its score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) doc: u32,
    pub(crate) score: f32,
    /// Share of the query's weight that it answers.
    pub(crate) answered: f32,
    /// Likeness of its most similar title or phrasing.
    pub(crate) likeness: f32,
}

/// Reused from keystroke to keystroke.
#[derive(Default)]
pub(crate) struct Ranker {
    scores: Vec<f32>,
    /// Of the word being scored, by document: its best term so far.
    best: Vec<f32>,
    touched: Vec<u32>,
    pub(crate) top: Vec<Candidate>,
    words: Vec<u32>,
    seen: Vec<Option<(usize, f32)>>,
    /// A bit for every term that a word of the query stands for: most words of a title are none of them, and are passed
    /// over without a search. Terms share bits past [`SOUGHT_BITS`], and of both segments.
    sought: Vec<u64>,
    exact: Exact,
}

/// Bits that tell sought terms from others: enough for every term of 1,000 articles, and cleared in a tenth of a
/// microsecond.
const SOUGHT_BITS: u32 = 1 << 14;

impl Ranker {
    /// Fills [`Self::top`] with the best `limit` of the documents that `wanted` lets through, best first.
    pub(crate) fn rank(
        &mut self,
        plan: &Plan,
        base: &Scored,
        overlay: Option<&Overlay>,
        limit: usize,
        wanted: impl Fn(u32) -> bool,
    ) {
        let docs = base.segment.docs() as usize;
        self.scores.clear();
        self.scores.resize(docs, 0.0);
        self.best.clear();
        self.best.resize(docs, 0.0);
        for asked in &plan.asked {
            match plan.matches.get(asked.matches.clone()).unwrap_or_default() {
                // Most words stand for one term: no other to compare with.
                [one] if one.segment == 0 => self.add_only(base, one, asked.weight),
                matches => matches.iter().for_each(|one| self.add(base, overlay, one, asked.weight)),
            }
            for doc in self.touched.drain(..) {
                if let Some(best) = self.best.get_mut(doc as usize) {
                    *best = 0.0;
                }
            }
        }
        self.select(limit.max(RERANKED), wanted);
        self.rerank(plan, base, overlay);
        if self.exact.judge(plan, &base.segment, &mut self.top) {
            best_first(&mut self.top);
        }
        self.top.truncate(limit);
    }

    fn add_only(&mut self, base: &Scored, one: &Match, weight: f32) {
        let weight = weight * one.weight;
        let scores = &mut self.scores;
        let mut add = |doc: u32, about: f32| {
            if let Some(score) = scores.get_mut(doc as usize) {
                *score += weight * about;
            }
        };
        base.strong(one, &mut add);
        if one.weak {
            base.weak(one, &mut add);
        }
    }

    /// Counts a term in, so far as it is better than the word's terms before it.
    fn add(&mut self, base: &Scored, overlay: Option<&Overlay>, one: &Match, weight: f32) {
        let (scored, of) = match (one.segment, overlay) {
            (0, _) => (base, None),
            (_, Some(overlay)) => (&overlay.scored, Some(overlay.of.as_slice())),
            (_, None) => return,
        };
        let weight = weight * one.weight;
        let Self { scores, best, touched, .. } = self;
        let mut add = |doc: u32, about: f32| {
            let doc = of.map_or(Some(doc), |of| of.get(doc as usize).copied()).unwrap_or(u32::MAX);
            let (Some(score), Some(best)) = (scores.get_mut(doc as usize), best.get_mut(doc as usize)) else { return };
            let value = weight * about;
            if value > *best {
                if *best == 0.0 {
                    touched.push(doc);
                }
                *score += value - *best;
                *best = value;
            }
        };
        scored.strong(one, &mut add);
        if one.weak {
            scored.weak(one, &mut add);
        }
    }

    /// The best `count` by score; of equals, the first.
    fn select(&mut self, count: usize, wanted: impl Fn(u32) -> bool) {
        let Self { top, scores, .. } = self;
        best(top, count, (0u32..).zip(scores.iter().copied()).filter(|(_, score)| *score > 0.0), wanted);
    }

    /// Fills [`Self::top`] with the documents most read.
    pub(crate) fn most_read(&mut self, base: &Scored, limit: usize, wanted: impl Fn(u32) -> bool) {
        let read = |doc| base.segment.meta(doc).map_or(0.0, |meta| meta.popularity as f32);
        best(&mut self.top, limit, (0..base.segment.docs()).map(|doc| (doc, read(doc))), wanted);
    }

    fn rerank(&mut self, plan: &Plan, base: &Scored, overlay: Option<&Overlay>) {
        let total: f32 = plan.asked.iter().map(|asked| asked.weight).sum::<f32>().max(f32::MIN_POSITIVE);
        let Self { top, words, seen, sought, .. } = self;
        sought.clear();
        sought.resize(SOUGHT_BITS as usize / 64, 0);
        for one in &plan.matches {
            if let Some(bits) = sought.get_mut(bit(one.term.number).0) {
                *bits |= bit(one.term.number).1;
            }
        }
        for (at, one) in top.iter_mut().enumerate() {
            one.answered = one.score / total;
            one.score = one.answered;
            if at >= RERANKED {
                continue;
            }
            let mut best = 0f32;
            let mut look = |segment: usize, scored: &Scored, doc: u32| {
                if let Some(order) = scored.segment.order(doc) {
                    order.each(words, &mut |title, words| {
                        seen.clear();
                        for word in words {
                            let (at, bit) = bit(*word);
                            let sought = sought.get(at).is_some_and(|bits| bits & bit != 0);
                            let found = sought.then(|| asked_by(plan, segment, *word)).flatten();
                            seen.push(found.map(|(asked, one)| (asked, one.weight)));
                            // One word here, several in the query.
                            let more =
                                found.map(|(asked, one)| plan.more(asked, one).iter().map(|at| (*at, one.weight)));
                            seen.extend(more.into_iter().flatten().map(Some));
                        }
                        best = best.max(likeness(plan, title && segment == 0, total, seen));
                    });
                }
            };
            look(0, base, one.doc);
            if let Some(overlay) = overlay
                && let Ok(doc) = overlay.of.binary_search(&one.doc)
            {
                look(1, &overlay.scored, doc as u32);
            }
            one.likeness = best;
            one.score += LIKENESS * best;
        }
        best_first(top);
    }
}

/// Fills `top` with the best `count` of `scored`, best first.
fn best(
    top: &mut Vec<Candidate>,
    count: usize,
    scored: impl Iterator<Item = (u32, f32)>,
    wanted: impl Fn(u32) -> bool,
) {
    top.clear();
    let mut least = f32::NEG_INFINITY;
    for (doc, score) in scored {
        if score > least && wanted(doc) {
            top.push(Candidate { doc, score, answered: 0.0, likeness: 0.0 });
            // Four times the room, then cut to size: cheaper than a heap, and the cut is rare.
            if top.len() >= count.saturating_mul(4).max(1) {
                best_first(top);
                top.truncate(count);
                least = top.last().map_or(f32::INFINITY, |last| last.score);
            }
        }
    }
    best_first(top);
    top.truncate(count);
}

/// Sorts: one function, since every sort of the standard library is kilobytes in the app.
fn best_first(top: &mut [Candidate]) {
    top.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.doc.cmp(&b.doc)));
}

/// How like a title or phrasing the query is: shared words, in the same order, and a title's from its beginning.
/// `seen` says for each of its words which word of the query it answers, and how well.
fn likeness(plan: &Plan, title: bool, total: f32, seen: &[Option<(usize, f32)>]) -> f32 {
    if seen.iter().all(Option::is_none) {
        return 0.0;
    }
    let (mut found, mut rarity) = (0.0, 0.0);
    for (at, asked) in plan.asked.iter().enumerate() {
        let best = seen.iter().flatten().filter(|(asked, _)| *asked == at).map(|(_, share)| *share).fold(0.0, f32::max);
        found += asked.weight * best;
        rarity += asked.rarity;
    }
    let covered = seen.iter().flatten().map(|(_, share)| share).sum::<f32>() / seen.len() as f32;
    let mut runs = 0.0;
    // Each once: a title that says "return" twice is not twice as like it.
    for asked in &plan.pairs {
        let shares = seen.windows(2).filter_map(|pair| match pair {
            [Some((a, _)), Some((b, share))] if [*a, *b] == *asked => Some(*share),
            _ => None,
        });
        let [_, follower] = *asked;
        runs += plan.asked.get(follower).map_or(0.0, |asked| asked.weight) * shares.fold(0.0, f32::max);
    }
    let likeness = (found * covered + ORDER * runs) / total;
    if !title {
        return PHRASING * likeness;
    }
    // Here a question word counts in full: "how to" tells one title's beginning from another's.
    let begun: f32 = seen
        .iter()
        .zip(&plan.sequence)
        .map_while(|(seen, asked)| seen.filter(|(seen, _)| seen == asked))
        .map(|(asked, share)| plan.asked.get(asked).map_or(0.0, |asked| asked.rarity) * share)
        .sum();
    // Squared: a whole query that begins a title is telling, a few first words in common are not.
    likeness + STARTS * (begun / rarity.max(f32::MIN_POSITIVE)).powi(2)
}

/// Where the bit of a term is.
fn bit(term: u32) -> (usize, u64) {
    ((term % SOUGHT_BITS / 64) as usize, 1 << (term % 64))
}

/// Which word of the query a word of an article answers best, and by which of its terms.
fn asked_by(plan: &Plan, segment: usize, word: u32) -> Option<(usize, &Match)> {
    let mut best: Option<(usize, &Match)> = None;
    for (at, asked) in plan.asked.iter().enumerate() {
        let matches = plan.matches.get(asked.matches.clone()).unwrap_or_default();
        let found = matches.binary_search_by_key(&(segment, word), |one| (one.segment, one.term.number));
        if let Some(one) = found.ok().and_then(|found| matches.get(found))
            && best.is_none_or(|(_, best)| best.weight < one.weight)
        {
            best = Some((at, one));
        }
    }
    best
}
