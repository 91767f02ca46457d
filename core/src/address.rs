//! Web addresses whose host may be written in any script.
//!
//! The tables that normalize such hosts fully weigh 120 kB, more than all of Markdown, and a merchant's desk has an ASCII
//! name. So the build leaves them out (`Cargo.lock` pins `idna_adapter` to its reduced version), and the labels of such
//! a host are only lower-cased and put into Punycode here, as every name server wants them. What full normalization
//! would have refused or mapped becomes a name that nobody has: it leads nowhere, never elsewhere.

use url::{ParseError, Url};

/// Parses an address; the host of the result is ASCII.
pub(crate) fn parse(text: &str) -> Result<Url, ParseError> {
    match with_ascii_host(text) {
        Some(ascii) => Url::parse(&ascii?),
        None => Url::parse(text),
    }
}

/// `None` where the host is ASCII already.
fn with_ascii_host(text: &str) -> Option<Result<String, ParseError>> {
    let begin = text.find("://")? + 3;
    let (before, rest) = text.split_at_checked(begin)?;
    let (authority, after) = rest.split_at_checked(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()))?;
    let (user, host) = authority.split_at_checked(authority.rfind('@').map_or(0, |at| at + 1))?;
    if host.is_ascii() {
        return None;
    }
    let (name, port) = host.split_at_checked(host.rfind(':').unwrap_or(host.len()))?;
    let labels: Option<Vec<String>> = name.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).map(ascii_label).collect();
    Some(labels.map(|labels| format!("{before}{user}{}{port}{after}", labels.join("."))).ok_or(ParseError::IdnaError))
}

fn ascii_label(label: &str) -> Option<String> {
    let label = label.to_lowercase();
    if label.is_ascii() { Some(label) } else { Some(format!("xn--{}", idna::punycode::encode_str(&label)?)) }
}

/// Text of an address without its percent-encoding.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let coded = (byte == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match coded.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).map(|hex| u8::from_str_radix(hex, 16)) {
            Some(Ok(decoded)) => {
                bytes.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        parse(text).ok().map(String::from)
    }

    #[test]
    fn hosts_of_other_scripts_become_ascii() {
        for (text, expected) in [
            ("https://Bücher.example/ü?q=ü", "https://xn--bcher-kva.example/%C3%BC?q=%C3%BC"),
            ("http://việt.example:8080", "http://xn--vit-5kz.example:8080/"),
            ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
            ("https://desk.example/ü", "https://desk.example/%C3%BC"),
            ("HTTPS://Desk.Example", "https://desk.example/"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn host_that_only_looks_like_another_never_becomes_it() {
        for text in ["http://１２７.0.0.1/", "https://аpple.example/", "https://ﬁ.example"] {
            let url = parse(text);
            assert!(url.is_err() || url.is_ok_and(|url| url.host_str().is_some_and(|host| host.contains("xn--"))));
        }
    }

    #[test]
    fn hostile_addresses_do_no_harm() {
        for text in ["://", "é", "https://é", "https://@é:é", "https://ä@ö:1/", "x://é.é.é:99999", "https://A\u{301}Ü"]
        {
            let _ = parse(text);
        }
        let _ = parse(&format!("https://{}", "é".repeat(100_000)));
    }
}
