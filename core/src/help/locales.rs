//! Which languages a customer is shown: those they chose, each followed by its less exact form, and at last the help
//! centre's own. And which the desk is asked for: also chosen ones that its help centre does not name.

/// The languages of `available` to be shown, the best first: for a wanted `vi-VN` that one, then `vi`, then another
/// form of it (`vi_US`), and after all wanted ones the default. Each as the desk writes it, once.
pub(super) fn chain(wanted: &[String], available: &[String], default: &str) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    // Adds the first that fits; whether there is one.
    let mut add = |fits: &dyn Fn(&str) -> bool| {
        let found = available.iter().find(|tag| fits(tag));
        chain.extend(found.filter(|tag| !chain.contains(tag)).cloned());
        found.is_some()
    };
    for tag in wanted {
        let parts = parts(tag);
        // Exact, then shorter and shorter: `zh-Hant-TW`, `zh-Hant`, `zh`.
        let mut found = false;
        for length in (1..=parts.len()).rev() {
            found |= add(&|other| self::parts(other).as_slice() == parts.get(..length).unwrap_or_default());
        }
        if !found && !parts.is_empty() {
            add(&|other| self::parts(other).first() == parts.first());
        }
    }
    let default = parts(default);
    add(&|other| parts(other) == default);
    chain
}

/// The languages to ask the desk for, the best first. `named` are those that its help centre names: by its categories, for
/// it has no list of languages. So the language of articles without a category may be missing there, and a wanted one
/// that no named one fits is asked for all the same: once, with its region as desks write it (`pt_BR`), and without.
pub(super) fn to_ask(wanted: &[String], named: &[String], default: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in wanted {
        let own = parts(tag);
        let Some(language) = own.first() else { continue };
        if named.iter().chain([&default.to_owned()]).any(|other| parts(other).first() == Some(language)) {
            continue;
        }
        // A region has two letters or three digits; what else follows a language is a script or a variant.
        let region = own.iter().skip(1).find(|part| matches!(part.len(), 2 | 3));
        all.extend(region.map(|region| format!("{language}_{}", region.to_ascii_uppercase())));
        all.push(language.clone());
    }
    all.extend(chain(wanted, named, default));
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|tag| seen.insert(tag.clone()));
    all
}

/// A tag's parts in small letters: `pt_BR` and `pt-br` are one language.
fn parts(tag: &str) -> Vec<String> {
    tag.split(['-', '_']).map(str::to_ascii_lowercase).filter(|part| !part.is_empty()).collect()
}

/// A language as the index knows it. The index matches by what stands before a hyphen; this has none, so that `pt` and
/// `pt-BR` are two.
pub(super) fn key(tag: &str) -> String {
    parts(tag).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chained(wanted: &[&str], available: &[&str], default: &str) -> Vec<String> {
        let own = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        chain(&own(wanted), &own(available), default)
    }

    #[test]
    fn exact_then_shorter_then_another_form_then_the_default() {
        assert_eq!(chained(&["vi-VN"], &["en", "vi", "vi_VN"], "en"), ["vi_VN", "vi", "en"]);
        assert_eq!(chained(&["vi-VN"], &["en", "vi"], "en"), ["vi", "en"]);
        assert_eq!(chained(&["pt"], &["pt_BR", "en"], "en"), ["pt_BR", "en"]);
        assert_eq!(chained(&["zh-Hant-TW"], &["zh_CN", "zh-hant", "zh"], "zh"), ["zh-hant", "zh"]);
        assert_eq!(chained(&["fr", "de"], &["de", "en"], "en"), ["de", "en"]);
        assert_eq!(chained(&[], &["de", "en"], "en"), ["en"]);
        assert_eq!(chained(&["", "-"], &["en"], "xx"), Vec::<String>::new());
    }

    #[test]
    fn wanted_language_that_is_not_named_is_asked_for_too() {
        let ask = |wanted: &[&str], named: &[&str], default: &str| {
            let own = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
            to_ask(&own(wanted), &own(named), default)
        };
        assert_eq!(ask(&["fr"], &["en"], "en"), ["fr", "en"]);
        assert_eq!(ask(&["pt-BR", "pt-PT"], &["en"], "en"), ["pt_BR", "pt", "pt_PT", "en"]);
        assert_eq!(ask(&["zh-Hant-TW", "vi"], &["en", "vi"], "en"), ["zh_TW", "zh", "vi", "en"]);
        // Whatever form is named is the one that is meant.
        assert_eq!(ask(&["vi-VN"], &["en", "vi"], "en"), ["vi", "en"]);
        assert_eq!(ask(&["pt"], &["pt_BR", "en"], "en"), ["pt_BR", "en"]);
        assert_eq!(ask(&["en-US"], &["en"], "en"), ["en"]);
        assert_eq!(ask(&["", "-"], &["en"], "en"), ["en"]);
    }

    #[test]
    fn keys_tell_forms_of_a_language_apart() {
        assert_eq!((key("pt_BR"), key("pt-br"), key("pt")), ("ptbr".into(), "ptbr".into(), "pt".into()));
    }
}
