//! JSON as a desk sends it, read as far as it can be read.
//!
//! One message must not take the twenty of its page along. So a body is [mended](mend) where what was meant is clear, and
//! the items of a list are taken apart without being read, and then read one by one.

use serde_json::Value;

/// What stands for a character that can't be known: U+FFFD, as an escape.
const UNKNOWN: &[u8; 4] = b"fffd";

/// Why a list can't be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It ends before its end.
    CutOff,
    /// It is no list.
    NoList,
}

/// Mends what no reader of JSON takes, and what desks and what lies before them are known to send all the same:
/// - half a character (a lone surrogate) becomes U+FFFD: a text that was cut in the middle of an emoji;
/// - a control character in a text becomes a blank;
/// - bytes that are not UTF-8 become U+FFFD;
/// - a byte order mark goes.
pub(super) fn mend(mut body: Vec<u8>) -> Vec<u8> {
    if body.starts_with(b"\xef\xbb\xbf") {
        body.drain(..3);
    }
    mend_texts(&mut body);
    match String::from_utf8(body) {
        Ok(text) => text.into_bytes(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes(),
    }
}

/// In place: an escape is replaced by one of the same length.
fn mend_texts(body: &mut [u8]) {
    let (mut at, mut in_text) = (0, false);
    while let Some(&byte) = body.get(at) {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                at += 1;
                let (one, two) = (escaped(body, at), escaped(body, at + 6));
                match (one, two) {
                    (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) if body.get(at + 5) == Some(&b'\\') => at += 10,
                    (Some(0xd800..=0xdfff), _) => {
                        if let Some(digits) = body.get_mut(at + 1..at + 5) {
                            digits.copy_from_slice(UNKNOWN);
                        }
                        at += 4;
                    }
                    _ => {}
                }
            }
            0..=0x1f if in_text => {
                if let Some(byte) = body.get_mut(at) {
                    *byte = b' ';
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The unit that an escape gives whose `u` stands here.
fn escaped(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 5)?.strip_prefix(b"u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Takes a list apart, and gives each of its items; `None` for one that can't be read. One item at a time is held as a
/// tree, never all of it.
pub(super) fn items(body: &[u8], take: &mut dyn FnMut(Option<Value>)) -> Result<(), Broken> {
    let mut rest = body.trim_ascii_start();
    if rest.is_empty() {
        return Err(Broken::CutOff);
    }
    rest = rest.strip_prefix(b"[").ok_or(Broken::NoList)?.trim_ascii_start();
    if let Some(after) = rest.strip_prefix(b"]") {
        return ended(after);
    }
    loop {
        let (item, after) = rest.split_at_checked(length(rest)?).ok_or(Broken::CutOff)?;
        take(serde_json::from_slice(item).ok());
        match after.split_first() {
            Some((b',', after)) => rest = after,
            Some((_, after)) => return ended(after),
            None => return Err(Broken::CutOff),
        }
    }
}

fn ended(rest: &[u8]) -> Result<(), Broken> {
    if rest.trim_ascii().is_empty() { Ok(()) } else { Err(Broken::NoList) }
}

/// How many bytes there are before the comma or the bracket that ends this item.
fn length(rest: &[u8]) -> Result<usize, Broken> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b',' | b']' if depth == 0 => return Ok(at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1).ok_or(Broken::NoList)?,
            _ => {}
        }
    }
    Err(Broken::CutOff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mended(body: &str) -> String {
        String::from_utf8(mend(body.into())).unwrap()
    }

    fn taken(body: &str) -> Result<Vec<Option<Value>>, Broken> {
        let mut all = Vec::new();
        items(body.as_bytes(), &mut |item| all.push(item)).map(|()| all)
    }

    #[test]
    fn half_a_character_becomes_the_sign_for_an_unknown_one() {
        let table = [
            (r#""a\ud800b""#, "a\u{fffd}b"),
            (r#""\uDC00""#, "\u{fffd}"),
            (r#""\ud83d\ude00\ud83d""#, "😀\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\\ud800""#, r"\ud800"),
            (r#""\\\ud800""#, "\\\u{fffd}"),
            (r#""\"\ud800""#, "\"\u{fffd}"),
            ("\"a\nb\tc\"", "a b c"),
        ];
        for (body, expected) in table {
            let read: String = serde_json::from_str(&mended(body)).unwrap();
            assert_eq!(read, expected, "{body}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_and_marks_before_it_are_mended() {
        let read = |body: &[u8]| serde_json::from_slice::<Value>(&mend(body.to_vec())).unwrap();
        assert_eq!(read(b"[\"a\xff\"]"), json!(["a\u{fffd}"]));
        assert_eq!(read(b"\xef\xbb\xbf{\"a\":1}"), json!({"a": 1}));
        assert_eq!(mended("{\n\t\"a\": 1\r\n}"), "{\n\t\"a\": 1\r\n}", "white space between is as it was");
    }

    #[test]
    fn item_that_cant_be_read_leaves_the_others() {
        let list = taken(r#" [{"a":[1,"]}"]}, 1e999, {"b":tru}, "\"],", {"c":2}, {"d":"\x"} ] "#).unwrap();
        let expected = [Some(json!({"a": [1, "]}"]})), None, None, Some(json!("\"],")), Some(json!({"c": 2})), None];
        assert_eq!(list, expected);
        assert_eq!(taken("[]"), Ok(vec![]));
        assert_eq!(taken("[1,]"), Ok(vec![Some(json!(1)), None]));
    }

    #[test]
    fn what_is_no_whole_list_is_told_apart() {
        for body in ["", " ", "[", "[1", "[1,", r#"["a"#, r#"[{"a":[1]"#, r#"["\"#] {
            assert_eq!(taken(body), Err(Broken::CutOff), "{body}");
        }
        for body in ["{}", "null", "1", "[] 1", "[1] ]", "[1}]", "<html>"] {
            assert_eq!(taken(body), Err(Broken::NoList), "{body}");
        }
    }

    proptest! {
        #[test]
        fn what_can_be_read_reads_the_same(texts in proptest::collection::vec("\\PC{0,8}", 0..5)) {
            let body = serde_json::to_vec(&texts).unwrap();
            prop_assert_eq!(&mend(body.clone()), &body);
            let mut all = Vec::new();
            items(&body, &mut |item| all.push(item)).unwrap();
            prop_assert_eq!(all, texts.into_iter().map(|text| Some(Value::from(text))).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..60), start in "[\\[\"\\\\ud8,{}\\]]{0,20}") {
            let body = mend([start.into_bytes(), body].concat());
            let _ = items(&body, &mut drop);
        }
    }
}
