//! Reading what this code wrote as JSON: what the store and a starter pack hold, exactly.
//!
//! By hand, from a tree: what `serde` derives, with a way through for each form that a struct or a tag may come in, takes
//! a multiple of the room in the library. Writing is derived. A field that this version does not know is passed over,
//! one that is missing is `null`, and a type that must not be either is not read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize as _, Deserializer, de::Error};
use serde_json::{Map, Value};

/// Something that is kept as JSON.
pub(crate) trait FromJson: Sized {
    /// `None` where it is something else.
    fn from_json(value: Value) -> Option<Self>;
}

/// Reads a text.
pub(crate) fn from_str<T: FromJson>(text: &str) -> serde_json::Result<T> {
    read(serde_json::from_str(text)?)
}

/// Reads bytes.
pub(crate) fn from_slice<T: FromJson>(text: &[u8]) -> serde_json::Result<T> {
    read(serde_json::from_slice(text)?)
}

/// An error says nothing of what stands there: it may be what somebody wrote.
fn read<T: FromJson, E: Error>(value: Value) -> Result<T, E> {
    T::from_json(value).ok_or_else(|| E::custom("a field is missing or of another kind"))
}

/// For an app that reads what it has kept of the model.
pub(crate) fn deserialize<'de, T: FromJson, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read(Value::deserialize(deserializer)?)
}

/// The fields of an object.
pub(crate) fn fields(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// One of them, taken out.
pub(crate) fn take<T: FromJson>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    T::from_json(fields.remove(name).unwrap_or_default())
}

/// How a type is read, in one of five forms:
///
/// ```text
/// from_json!(Choice { title, value });                       // a struct; `field or default` where it may be missing,
///                                                             `; field: value` at the end for one that is not kept
/// from_json!(Author by "type" { "customer" => Customer {}, "bot" => Bot { name } });   // an enum with its tag
/// from_json!(Receipt of { "sent" => Sent, "read" => Read });                           // an enum of words
/// from_json!(Timestamp(i64));                                                          // a wrapper
/// from_json!(AttributeValue, |value| …);                                               // anything else
/// ```
macro_rules! from_json {
    ($name:ident, |$value:ident| $body:expr) => {
        impl $crate::json::FromJson for $name {
            fn from_json($value: serde_json::Value) -> Option<Self> {
                $body
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::deserialize(deserializer)
            }
        }
    };
    (@take $fields:ident, $field:ident) => {
        $crate::json::take(&mut $fields, stringify!($field))?
    };
    (@take $fields:ident, $field:ident or $default:expr) => {
        $crate::json::take::<Option<_>>(&mut $fields, stringify!($field))?.unwrap_or_else(|| $default)
    };
    ($name:ident { $($field:ident $(or $default:expr)?),* $(,)? $(; $unkept:ident: $value:expr)? }) => {
        $crate::json::from_json!($name, |value| {
            let mut fields = $crate::json::fields(value)?;
            Some(Self { $($field: $crate::json::from_json!(@take fields, $field $(or $default)?),)* $($unkept: $value)? })
        });
    };
    ($name:ident by $tag:literal { $($word:literal => $variant:ident { $($field:ident),* }),* $(,)? }) => {
        $crate::json::from_json!($name, |value| {
            let mut fields = $crate::json::fields(value)?;
            let tag: String = $crate::json::take(&mut fields, $tag)?;
            Some(match tag.as_str() {
                $($word => Self::$variant { $($field: $crate::json::from_json!(@take fields, $field)),* },)*
                _ => return None,
            })
        });
        // What is added to the enum must be read, too.
        const _: fn(&$name) = |it| match it { $($name::$variant { .. } => {})* };
    };
    ($name:ident of { $($word:literal => $variant:ident),* $(,)? }) => {
        $crate::json::from_json!($name, |value| {
            Some(match value.as_str()? {
                $($word => Self::$variant,)*
                _ => return None,
            })
        });
        const _: fn(&$name) = |it| match it { $($name::$variant => {})* };
    };
    ($name:ident($inner:ty)) => {
        $crate::json::from_json!($name, |value| {
            Some(Self(<$inner as $crate::json::FromJson>::from_json(value)?))
        });
    };
}

pub(crate) use from_json;

impl FromJson for String {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl FromJson for u8 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl FromJson for f64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_f64()
    }
}

impl FromJson for f32 {
    #[allow(clippy::cast_possible_truncation, reason = "it was one when it was written")]
    fn from_json(value: Value) -> Option<Self> {
        value.as_f64().map(|number| number as Self)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_json(value).map(Some) }
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: Value) -> Option<Self> {
        T::from_json(value).map(Box::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(T::from_json).collect(),
            _ => None,
        }
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: Value) -> Option<Self> {
        fields(value)?.into_iter().map(|(name, value)| Some((name, T::from_json(value)?))).collect()
    }
}

impl<T: FromJson + Ord> FromJson for BTreeSet<T> {
    fn from_json(value: Value) -> Option<Self> {
        Vec::from_json(value).map(|items| items.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Parcel {
        name: String,
        weight: Option<u32>,
        tags: Vec<String>,
    }

    from_json!(Parcel { name, weight, tags or Vec::new() });

    #[derive(Debug, PartialEq)]
    enum Way {
        Air,
        Sea { port: String },
    }

    from_json!(Way by "by" { "air" => Air {}, "sea" => Sea { port } });

    fn parcel(value: Value) -> Option<Parcel> {
        Parcel::from_json(value)
    }

    #[test]
    fn missing_and_unknown_fields_are_what_they_may_be() {
        let bare = Parcel { name: "a".into(), weight: None, tags: Vec::new() };
        assert_eq!(parcel(json!({"name": "a"})), Some(bare));
        let whole = Parcel { name: "a".into(), weight: Some(7), tags: vec!["x".into()] };
        assert_eq!(parcel(json!({"name": "a", "weight": 7, "tags": ["x"], "new": {}})), Some(whole));
        for other in [
            json!({}),
            json!({"name": 1}),
            json!({"name": "a", "weight": -1}),
            json!({"name": "a", "weight": 4_294_967_296_u64}),
            json!({"name": "a", "tags": [1]}),
            json!(["a", null, []]),
        ] {
            assert_eq!(parcel(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn variant_is_told_by_its_tag() {
        assert_eq!(Way::from_json(json!({"by": "air"})), Some(Way::Air));
        assert_eq!(Way::from_json(json!({"by": "sea", "port": "Huế"})), Some(Way::Sea { port: "Huế".into() }));
        for other in [json!({"by": "sea"}), json!({"by": "land"}), json!("air"), json!({})] {
            assert_eq!(Way::from_json(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn error_tells_nothing_of_the_text() {
        for text in ["{\"name\": 5417}", "[5417]", "{\"name\": 5417"] {
            let error = from_str::<Parcel>(text).unwrap_err();
            assert!(!error.to_string().contains("5417"), "{error}");
            assert_eq!(serde_json::from_str::<Parcel>(text).unwrap_err().classify(), error.classify());
        }
    }
}
