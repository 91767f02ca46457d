//! Figures out of repetitions: medians, for one slow turn in twenty says nothing about the work.

use std::time::Instant;

/// Repetitions of one thing, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Notes how long it has been since `start`.
    pub(crate) fn since(&mut self, start: Instant) {
        self.push(start.elapsed().as_secs_f64() * 1_000.0);
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which that share of the repetitions lies.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
        sorted.get(index).copied().unwrap_or(f64::NAN)
    }

    /// The noise: between which quarters the turns lie.
    pub(crate) fn spread(&self) -> String {
        format!("{:.2} to {:.2}", self.at(0.25), self.at(0.75))
    }
}

/// The noise of a pair, as a note: the middle half of the repetitions of each.
pub(crate) fn noise(ours: &Times, bare: &Times) -> String {
    format!("{} turns each; middle half: ours {} ms, bare {} ms", ours.len(), ours.spread(), bare.spread())
}
