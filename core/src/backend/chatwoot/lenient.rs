//! Reading JSON that may differ from version to version: a field of the wrong kind is a field that is not there, an
//! item that makes no sense is left out, and neither fails what stands around it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::body::{self, Broken};
use crate::{
    Timestamp,
    json::{self, FromJson as _},
};

/// 9999-12-31T23:59:59Z. What is past it is a mistake, and dates of it can't be shown.
const LAST_SECOND: i64 = 253_402_300_799;

/// Counts above this are milliseconds: as seconds they would be past the year 5000.
const FIRST_MILLIS: i64 = 100_000_000_000;

/// Something that the desk tells as an object.
///
/// Read by hand: what `serde` derives for a struct, with a way for each form that a field may come in, takes five times
/// the room in the library.
pub(super) trait Wire: Sized {
    /// `None` where a field is missing without which it is something else.
    fn read(fields: Fields) -> Option<Self>;

    /// Of an object, and nothing else.
    fn of(value: Value) -> Option<Self> {
        Self::read(Fields(json::fields(value)?))
    }
}

/// The fields of an object. Each is taken out of it, and can be read once.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Anything; `null` where there is nothing.
    pub(super) fn value(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }

    /// Text; of a number or a truth value, its text.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name) {
            Value::String(text) => Some(text),
            other => to_text(&other),
        }
    }

    /// Text, and nothing else.
    pub(super) fn exact_text(&mut self, name: &str) -> Option<String> {
        String::from_json(self.value(name))
    }

    /// Text that may be missing (`None`) or empty (`Some(None)`).
    pub(super) fn told(&mut self, name: &str) -> Option<Option<String>> {
        let value = self.0.remove(name)?;
        Some(to_text(&value).filter(|text| !text.is_empty()))
    }

    /// A whole number, also as text or with a fraction of zero.
    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        to_number(&self.value(name))
    }

    /// Yes or no; also as text or number.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        to_flag(&self.value(name))
    }

    /// A moment: seconds (whole or not), milliseconds, or ISO 8601. Zero is "never".
    pub(super) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        to_moment(&self.value(name))
    }

    /// An object, or nothing where it is none.
    pub(super) fn object<T: Wire>(&mut self, name: &str) -> Option<T> {
        T::of(self.value(name))
    }

    /// A list of objects, or nothing where it is none.
    pub(super) fn list<T: Wire>(&mut self, name: &str) -> Option<List<T>> {
        match self.value(name) {
            Value::Array(items) => {
                let mut list = List::default();
                items.into_iter().for_each(|item| list.add(Some(item)));
                Some(list)
            }
            _ => None,
        }
    }
}

/// A list of objects, of which only those that make sense are kept.
#[derive(Debug)]
pub(super) struct List<T> {
    /// What could be read, in order.
    pub(super) items: Vec<T>,
    /// How many there were.
    pub(super) total: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0 }
    }
}

impl<T: Wire> List<T> {
    /// Of a whole answer. An item that can't be read, or makes no sense, is left out; the log says so.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Broken> {
        let mut list = Self::default();
        body::items(bytes, &mut |item| list.add(item))?;
        Ok(list)
    }

    fn add(&mut self, item: Option<Value>) {
        self.total += 1;
        match item.and_then(T::of) {
            Some(item) => self.items.push(item),
            // Its place, never its text: that may be what somebody wrote.
            None => tracing::warn!(position = self.total, "an item of the desk's answer can't be read; left out"),
        }
    }
}

pub(super) fn to_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            // Up to 2^53 a float holds whole numbers exactly.
            (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

pub(super) fn to_flag(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|n| n != 0.0),
        Value::String(text) => matches!(text.as_str(), "true" | "1" | "yes" | "required"),
        _ => false,
    }
}

pub(super) fn to_moment(value: &Value) -> Option<Timestamp> {
    let millis = match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole >= FIRST_MILLIS => whole,
            Some(whole) => whole.checked_mul(1000)?,
            // Saturates, and NaN, which JSON can't hold, would be 0.
            None => (number.as_f64()? * 1000.0) as i64,
        },
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(whole) => return to_moment(&Value::from(whole)),
            Err(_) => iso_millis(text.trim())?,
        },
        _ => return None,
    };
    (1..=LAST_SECOND * 1000).contains(&millis).then(|| Timestamp::from_millis(millis))
}

/// `2026-06-17T10:00:00.123Z`, also with a blank for the T, with an offset, or with ` UTC`.
fn iso_millis(text: &str) -> Option<i64> {
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let sign = |at: usize, allowed: &[u8]| text.as_bytes().get(at).filter(|b| allowed.contains(b)).map(|_| ());
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    sign(4, b"-").and(sign(7, b"-")).and(sign(10, b"T ")).and(sign(13, b":")).and(sign(16, b":"))?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let zone_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at_checked(zone_at)?;
    let millis = fraction.strip_prefix('.').map_or(0, |f| {
        f.chars().chain("000".chars()).take(3).filter_map(|c| c.to_digit(10)).fold(0, |n, d| n * 10 + d)
    });
    let offset = match zone.trim() {
        "" | "Z" | "z" | "UTC" => 0,
        zone => {
            let (direction, clock) =
                zone.strip_prefix('+').map(|c| (1, c)).or(zone.strip_prefix('-').map(|c| (-1, c)))?;
            let clock = clock.replace(':', "");
            let minutes: i64 = clock.get(0..2)?.parse::<i64>().ok()? * 60 + clock.get(2..4)?.parse::<i64>().ok()?;
            direction * minutes
        }
    };
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second;
    Some(seconds * 1000 + i64::from(millis))
}

/// The day of a date or moment, `YYYY-MM-DD…`, in days since 1970.
#[cfg(feature = "help-center")]
pub(super) fn day(text: &str) -> Option<i64> {
    let day = text.get(..10)?;
    Some(iso_millis(&format!("{day}T00:00:00Z"))?.div_euclid(86_400_000))
}

/// The date of an answer's header, in any of the three forms that HTTP allows: `Wed, 17 Jun 2026 10:00:00 GMT`,
/// `Wednesday, 17-Jun-26 10:00:00 GMT`, `Wed Jun 17 10:00:00 2026`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, month, year, time) = if let Some((_, date)) = text.strip_suffix(" GMT").and_then(|t| t.split_once(", ")) {
        let mut parts = date.split([' ', '-']);
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?)
    } else {
        let mut parts = text.split_ascii_whitespace().skip(1);
        let (month, day, time, year) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (day, month, year, time)
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    // Of two digits: this century, in which every desk's clock stands.
    let century = if year.len() == 2 { "20" } else { "" };
    to_moment(&Value::from(format!("{century}{year}-{month:02}-{day:0>2}T{time}Z")))
}

/// The longest wait that a throttle may ask for: a mistaken header must not park the outbox for years.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// And the shortest, for one that asks for none, or for a moment that has passed: asking at once would be what it defends
/// itself against.
const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long a throttle asks to wait: in seconds, whole or not, or until a date. `now` is when it answered, by its own
/// clock where that is known.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let wait = match http_date(text) {
        Some(until) => until.since(now),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => {
            // As JSON's numbers are, for want of Rust's reader of decimals: see `mapping::coordinates`.
            Duration::try_from_secs_f64(serde_json::from_str(text).ok()?).unwrap_or(MAX_RETRY_AFTER)
        }
        None => return None,
    };
    Some(wait.clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER))
}

/// The Gregorian calendar, with years that begin in March so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_of_every_form_are_read() {
        let table = [
            (json!(1_750_000_000), Some(1_750_000_000_000)),
            (json!(1_750_000_000.25), Some(1_750_000_000_250)),
            (json!(1_750_000_000_123_i64), Some(1_750_000_000_123)),
            (json!("1750000000"), Some(1_750_000_000_000)),
            (json!("2026-06-17T10:00:00.123Z"), Some(1_781_690_400_123)),
            (json!("2026-06-17T12:00:00+02:00"), Some(1_781_690_400_000)),
            (json!("2026-06-17 10:00:00 UTC"), Some(1_781_690_400_000)),
            (json!("2024-02-29T00:00:00.5-0000"), Some(1_709_164_800_500)),
            (json!("1970-01-01T00:00:01Z"), Some(1_000)),
            (json!(0), None),
            (json!(-5), None),
            (json!(i64::MAX), None),
            (json!(i64::MIN), None),
            (json!(u64::MAX), None),
            (json!(1e300), None),
            (json!("yesterday"), None),
            (json!("2026-13-01T00:00:00Z"), None),
            (json!("2026-06-17T10:00:00é"), None),
            (json!(null), None),
            (json!([1]), None),
        ];
        for (value, expected) in table {
            assert_eq!(to_moment(&value).map(Timestamp::millis), expected, "{value}");
        }
    }

    #[cfg(feature = "help-center")]
    #[test]
    fn day_of_a_date_is_read() {
        let table = [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2026-05-28T10:00:00Z", Some(20_601)),
            ("9999-12-31", Some(2_932_896)),
            ("2026-00-28", None),
            ("2026-05-2", None),
            ("28.05.2026", None),
            ("2026-05-2é", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(day(text), expected, "{text}");
        }
    }

    #[test]
    fn date_of_a_header_is_read() {
        let table = [
            ("Wed, 17 Jun 2026 10:00:00 GMT", Some(1_781_690_400_000)),
            ("Thu, 29 Feb 2024 00:00:00 GMT", Some(1_709_164_800_000)),
            ("Wed, 17 Jun 2026 10:00:00", None),
            ("Wednesday, 17-Jun-26 10:00:00 GMT", Some(1_781_690_400_000)),
            ("Wed Jun 17 10:00:00 2026", Some(1_781_690_400_000)),
            ("Mon Jun  1 10:00:00 2026", Some(1_780_308_000_000)),
            ("Wed Jun 17 2026", None),
            ("Wed, 17 Brumaire 2026 10:00:00 GMT", None),
            (" GMT", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(http_date(text).map(Timestamp::millis), expected, "{text}");
        }
    }

    #[test]
    fn wait_that_a_throttle_asks_for_is_read_in_every_form() {
        let now = http_date("Wed, 17 Jun 2026 10:00:00 GMT").unwrap();
        let table = [
            ("3", Some(3_000)),
            (" 3 ", Some(3_000)),
            ("3.5", Some(3_500)),
            ("0", Some(1_000)),
            ("0.2", Some(1_000)),
            ("Wed, 17 Jun 2026 10:01:30 GMT", Some(90_000)),
            ("Wednesday, 17-Jun-26 10:01:30 GMT", Some(90_000)),
            ("Wed Jun 17 10:01:30 2026", Some(90_000)),
            ("Wed, 17 Jun 2026 09:00:00 GMT", Some(1_000)),
            ("Wed, 21 Oct 2099 07:28:00 GMT", Some(3_600_000)),
            ("99999999", Some(3_600_000)),
            ("1e300", Some(3_600_000)),
            ("-1", None),
            ("soon", None),
            ("3 s", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(retry_after(text, now), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn numbers_of_every_form_are_read() {
        let table = [
            (json!(7), Some(7)),
            (json!(7.0), Some(7)),
            (json!(" 7 "), Some(7)),
            (json!(7.5), None),
            (json!(1e30), None),
            (json!(u64::MAX), None),
            (json!(true), None),
            (json!("x"), None),
        ];
        for (value, expected) in table {
            assert_eq!(to_number(&value), expected, "{value}");
        }
    }

    #[test]
    fn bad_item_is_left_out_and_counted() {
        #[derive(Debug, PartialEq)]
        struct Item {
            n: i64,
        }
        impl Wire for Item {
            fn read(mut fields: Fields) -> Option<Self> {
                Some(Self { n: fields.number("n")? })
            }
        }
        let list = br#"[{"n": 1}, 1, null, {"n": []}, [7], {"n": 2, "m": 3}]"#;
        let list: List<Item> = List::of(list).unwrap();
        assert_eq!((list.items, list.total), (vec![Item { n: 1 }, Item { n: 2 }], 6));
        assert!(List::<Item>::of(b"{}").is_err() && List::<Item>::of(b"[] 1").is_err());
        assert!(Item::of(json!([7])).is_none());
    }

    proptest! {
        #[test]
        fn any_text_as_a_moment_never_panics(text in "\\PC{0,40}") {
            let _ = to_moment(&Value::from(text));
        }

        #[test]
        fn any_text_as_a_header_never_panics(text in "(Wed, )?\\PC{0,30}( GMT)?") {
            let _ = (http_date(&text), retry_after(&text, Timestamp::default()));
        }

        #[test]
        fn any_shape_of_date_never_panics(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[.0-9Zé+: -]{0,12}") {
            let _ = to_moment(&Value::from(text));
        }
    }
}
