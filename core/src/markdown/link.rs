//! Which addresses a tap may open, and where addresses stand in plain text.

use std::ops::Range;

use url::Url;

use crate::address;

/// Longest address that is taken, in bytes: what common web servers accept for a request's first line.
/// A longer one is refused.
const MAX_URL_BYTES: usize = 8_192;

/// Most digits in a telephone number: 15 by ITU-T E.164, and some for a prefix that dials out.
const MAX_PHONE_DIGITS: usize = 20;

/// The address, cleaned, if it is safe to hand to the phone on a tap; else `None`.
///
/// Allowed are `http`, `https`, `mailto` and `tel`, in any case. The result has a lower-case scheme, and is ASCII:
/// the host of a look-alike domain shows as `xn--…`. Passing a result again gives it back unchanged.
///
/// Refused is everything that makes an address lead elsewhere than a reader thinks: white space, control and invisible
/// characters, names and passwords before the host (`https://bank.example@evil.example`), addresses without a scheme
/// (`//evil.example`, `/path`), and every other scheme.
///
/// ```
/// use shopbell::markdown::safe_link;
/// assert_eq!(safe_link("HTTPS://Example.com").as_deref(), Some("https://example.com/"));
/// assert_eq!(safe_link("javascript:alert(1)"), None);
/// ```
pub fn safe_link(url: &str) -> Option<String> {
    let url = url.trim_matches(' ');
    if url.len() > MAX_URL_BYTES || url.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return None;
    }
    let (scheme, rest) = url.split_once(':')?;
    let cleaned = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => web(url, rest),
        "mailto" => mail(rest),
        "tel" => phone(rest),
        _ => None,
    }?;
    // Escaping makes an address longer.
    (cleaned.len() <= MAX_URL_BYTES).then_some(cleaned)
}

/// As [`safe_link`], for addresses as people write them: `www.…` without a scheme, and with spaces.
pub(crate) fn loose_link(url: &str) -> Option<String> {
    let url = url.trim();
    let begins_with = |start: &str| url.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    let scheme = if begins_with("www.") { "https://" } else { "" };
    safe_link(&format!("{scheme}{}", url.replace(' ', if begins_with("tel:") { "" } else { "%20" })))
}

/// What a relative address leads to from `base`; `None` for whatever is not plainly relative. An absolute address that
/// was refused must not get in by being joined: `https:\\host` would.
pub(super) fn relative_link(url: &str, base: &Url) -> Option<String> {
    let first = url.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !url.is_empty() && !url.starts_with("//") && !url.contains('\\') && !first.contains(':');
    if !plain || url.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return None;
    }
    safe_link(base.join(url).ok()?.as_str())
}

fn web(url: &str, rest: &str) -> Option<String> {
    // The parser, as browsers do, forgives `https:host`, `https:///host` and backslashes. A reader does not see
    // through these, so they are refused.
    let host = rest.strip_prefix("//")?;
    if host.starts_with(['/', '\\']) || host.contains('\\') {
        return None;
    }
    let url = address::parse(url).ok()?;
    (url.has_host() && url.username().is_empty() && url.password().is_none()).then(|| url.into())
}

fn mail(rest: &str) -> Option<String> {
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (address, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let (name, domain) = address.split_once('@')?;
    // `%0` begins every escaped control character, and a line break in an address adds headers of its own.
    let plain = address.bytes().all(|b| b.is_ascii_alphanumeric() || b"@.,!$%&'*+-/=^_`~".contains(&b));
    if name.is_empty() || domain.is_empty() || !plain || address.contains("%0") {
        return None;
    }
    // Other fields are left out: `attach` has mail programs add a file, `bcc` copies somebody unseen.
    let known = |field: &&str| {
        let key = field.split('=').next().unwrap_or_default();
        ["subject", "body", "cc"].iter().any(|known| key.eq_ignore_ascii_case(known))
    };
    let fields = fields.split('&').filter(known).collect::<Vec<_>>().join("&");
    let question = if fields.is_empty() { "" } else { "?" };
    Some(Url::parse(&format!("mailto:{address}{question}{fields}")).ok()?.into())
}

fn phone(rest: &str) -> Option<String> {
    let (number, extension) = match rest.split_once(";ext=") {
        Some((number, extension)) => (number, Some(extension)),
        None => (rest, None),
    };
    // `*` and `#` are refused: some phones run service codes (even a factory reset) straight from a link.
    let mut cleaned = String::from("tel:");
    let digits = number.strip_prefix('+').unwrap_or(number);
    if digits.len() < number.len() {
        cleaned.push('+');
    }
    for c in digits.chars() {
        match c {
            '0'..='9' => cleaned.push(c),
            '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    if count == 0 || count > MAX_PHONE_DIGITS {
        return None;
    }
    if let Some(extension) = extension {
        let digits = !extension.is_empty() && extension.bytes().all(|b| b.is_ascii_digit());
        if !digits || extension.len() > MAX_PHONE_DIGITS {
            return None;
        }
        cleaned.push_str(";ext=");
        cleaned.push_str(extension);
    }
    Some(cleaned)
}

/// Characters that take no space or turn the direction of what follows: in an address, always a trick.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{fe00}'..='\u{fe0f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Finds the bare `http` and `https` URLs in text, in order, each with its cleaned address.
///
/// The rules are GFM's, and two more that people's messages need: full-width and CJK punctuation ends a URL, and
/// letters of other scripts may stand right before it.
pub(super) fn bare_urls(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    // Every step goes beyond the colon that it looked at, refused or not: linear time.
    while let Some(colon) = text.get(at..).and_then(|rest| rest.find("://")).map(|offset| at + offset) {
        let after = colon + "://".len();
        let Some(start) = scheme_start(text.get(at..colon).unwrap_or_default()).map(|offset| at + offset) else {
            at = after;
            continue;
        };
        let end = after + text.get(after..).map_or(0, |rest| rest.find(ends_url).unwrap_or(rest.len()));
        let candidate = without_trailing(text.get(start..end).unwrap_or_default());
        if let Some(url) = safe_link(candidate) {
            found.push((start..start + candidate.len(), url));
        }
        at = end;
    }
    found
}

/// Where `http` or `https` begins at the end of `before`, as a word of its own.
fn scheme_start(before: &str) -> Option<usize> {
    let start = ["https", "http"].iter().find_map(|scheme| {
        let start = before.len().checked_sub(scheme.len())?;
        before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
    })?;
    let own_word = !before.get(..start)?.ends_with(|c: char| c.is_ascii_alphanumeric());
    own_word.then_some(start)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_invisible(c)
        || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' | '«' | '»')
        // Typographic quotes and dots, CJK and full-width punctuation.
        || matches!(c, '\u{2018}'..='\u{201f}' | '\u{2026}' | '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}

/// The URL without the punctuation of the sentence around it. A closing bracket stays if it closes one of the URL's.
fn without_trailing(url: &str) -> &str {
    let count = |wanted: u8| url.bytes().filter(|&b| b == wanted).count();
    let (round, mut round_closed) = (count(b'('), count(b')'));
    let (square, mut square_closed) = (count(b'['), count(b']'));
    let mut end = url.len();
    for b in url.bytes().rev() {
        let trailing = match b {
            b'?' | b'!' | b'.' | b',' | b':' | b';' | b'*' | b'_' | b'~' | b'\'' => true,
            b')' if round_closed > round => {
                round_closed -= 1;
                true
            }
            b']' if square_closed > square => {
                square_closed -= 1;
                true
            }
            _ => false,
        };
        if !trailing {
            break;
        }
        end -= 1;
    }
    url.get(..end).unwrap_or_default()
}
