//! A light English stemmer: plurals, -ing, -ed, a final e, y as i.
//!
//! It runs on every word of ASCII letters, whatever the article's language, because a query does not say its language;
//! what counts is that index and query agree. Vietnamese without tones has no word that it touches but for a few
//! borrowed ones.

/// The stem of a folded word.
pub(crate) fn stem(word: &str, out: &mut String) {
    out.clear();
    out.push_str(word);
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return;
    }
    plural(out);
    let cut = suffix(out, "ing").or_else(|| suffix(out, "ed"));
    if let Some(cut) = cut {
        out.truncate(cut);
        undouble(out);
    }
    if out.len() > 4 && out.ends_with('e') {
        out.pop();
    }
    if out.len() > 3 && out.ends_with('y') {
        out.pop();
        out.push('i');
    }
}

fn plural(out: &mut String) {
    let Some(rest) = out.strip_suffix('s') else { return };
    let keep = if rest.ends_with("ie") && rest.len() > 3 {
        // "queries" and "query" meet at "queri".
        rest.len() - 1
    } else if ["sse", "xe", "che", "she", "zze"].iter().any(|end| rest.ends_with(end)) {
        rest.len() - 1
    } else if rest.ends_with(['s', 'u', 'i']) {
        return;
    } else {
        rest.len()
    };
    out.truncate(keep);
}

/// Where the word without `suffix` ends, if three letters with a vowel are left.
fn suffix(word: &str, suffix: &str) -> Option<usize> {
    let rest = word.strip_suffix(suffix)?;
    (rest.len() >= 3 && rest.contains(['a', 'e', 'i', 'o', 'u', 'y'])).then_some(rest.len())
}

/// "stopped" leaves "stopp"; "call" and "pass" are spelt so.
fn undouble(out: &mut String) {
    let mut ends = out.bytes().rev();
    if let (Some(last), Some(before)) = (ends.next(), ends.next())
        && last == before
        && !matches!(last, b'l' | b's' | b'z')
    {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn forms_of_one_word_meet() {
        let stem = |word: &str| {
            let mut out = String::new();
            super::stem(word, &mut out);
            out
        };
        for group in [
            &["refund", "refunds", "refunded", "refunding"][..],
            &["charge", "charges", "charged", "charging"],
            &["query", "queries"],
            &["stop", "stops", "stopped", "stopping"],
            &["pass", "passes", "passed", "passing"],
            &["cancel", "cancels"],
            &["verify", "verifies", "verified", "verifying"],
        ] {
            for word in group {
                assert_eq!(stem(word), stem(group[0]), "{word}");
            }
        }
        for word in ["bus", "this", "thing", "need", "đang", "a1s", "status"] {
            assert_eq!(stem(word), word);
        }
    }
}
