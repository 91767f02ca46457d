//! Which languages a customer is shown: those they chose, each followed by its less exact form, and at last the help
//! centre's own.

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
    fn keys_tell_forms_of_a_language_apart() {
        assert_eq!((key("pt_BR"), key("pt-br"), key("pt")), ("ptbr".into(), "ptbr".into(), "pt".into()));
    }
}
