//! The differences between the recordings and the sandbox that are meant, each with its reason.

use super::shape::Difference;

/// A difference that is meant. One `*` in `step` and `place` stands for anything.
pub(crate) struct Meant {
    /// Versions it is seen in.
    versions: &'static [&'static str],
    step: &'static str,
    place: &'static str,
    /// Why it stays.
    reason: &'static str,
}

const V3: &[&str] = &["3.16.0"];

/// Those of `rest-*.json`.
pub(crate) const OF_REST: &[Meant] = &[
    Meant {
        versions: &["3.16.0", "4.16.2"],
        step: "csat survey show",
        place: "$.csat_survey_response",
        reason: "a job makes it of the customer's answer; the sandbox knows it at once, and no client of ours asks",
    },
    Meant { versions: V3, step: "article md", place: "*", reason: "the sandbox plays the help centre of 4.x alone" },
    Meant { versions: V3, step: "article png", place: "*", reason: "the sandbox plays the help centre of 4.x alone" },
    Meant {
        versions: V3,
        step: "articles query",
        place: "*",
        reason: "the sandbox plays the help centre of 4.x alone",
    },
];

/// Those of `cable-*.json`.
pub(crate) const OF_CABLE: &[Meant] = &[
    Meant {
        versions: &["3.16.0", "4.16.2"],
        step: "open",
        place: "presence.update.count",
        reason: "the presence that answers a subscription may be lost, for it races with the subscribing itself",
    },
    Meant { versions: V3, step: "conversation", place: "presence.update.count", reason: "the same presence, late" },
    Meant {
        versions: V3,
        step: "*",
        place: "*.performer",
        reason: "the third series told of a conversation within the agent's request; the sandbox does so in a job",
    },
    Meant {
        versions: V3,
        step: "*",
        place: "conversation.*availability_status",
        reason: "the same: within the agent's request it is known whether the agent is there",
    },
];

impl Meant {
    fn covers(&self, difference: &Difference) -> bool {
        self.versions.contains(&difference.version)
            && fits(self.step, &difference.step)
            && fits(self.place, &difference.place)
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
        None => text == pattern,
    }
}

/// Fails for a difference that nobody meant, and for a meant one that is gone in a version it is listed for.
pub(crate) fn judge(differences: &[Difference], meant: &[Meant]) {
    let mut complaints: Vec<String> = Vec::new();
    for difference in differences.iter().filter(|one| !meant.iter().any(|entry| entry.covers(one))) {
        complaints.push(format!("not meant: {difference}"));
    }
    for entry in meant {
        for version in entry.versions {
            let still = |one: &&Difference| one.version == *version && entry.covers(one);
            if !differences.iter().any(|one| still(&one)) {
                let Meant { step, place, reason, .. } = entry;
                complaints.push(format!("differs no longer: {version} | {step} | {place} ({reason})"));
            }
        }
    }
    complaints.dedup();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
#[should_panic(expected = "not meant")]
fn difference_that_nobody_meant_is_a_complaint() {
    judge(&[difference("$.a")], &[]);
}

#[test]
#[should_panic(expected = "differs no longer")]
fn meant_difference_that_is_gone_is_a_complaint() {
    judge(&[difference("$.a")], &[meant("*.a"), meant("$.b*")]);
}

#[test]
fn meant_differences_alone_are_fine() {
    judge(&[difference("$.a"), difference("$.b.c")], &[meant("*.a"), meant("$.b*")]);
    assert!(fits("*", "anything") && fits("a*c", "abc") && !fits("*b", "abc") && !fits("b*", "abc"));
    assert!(fits("ab*", "ab") && !fits("ab*b", "ab"));
}

#[cfg(test)]
fn difference(place: &str) -> Difference {
    let (version, step, place) = ("4.15.1", "step".to_owned(), place.to_owned());
    Difference { version, step, place, recorded: "text".to_owned(), played: "null".to_owned() }
}

#[cfg(test)]
fn meant(place: &'static str) -> Meant {
    Meant { versions: &["4.15.1"], step: "*", place, reason: "a test" }
}
