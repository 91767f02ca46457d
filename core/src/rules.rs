//! The one set of rules of what may go to a desk.
//!
//! Applied wherever something enters: messages, answers to forms, identities, profiles, attributes and their names,
//! events, push tokens. A value that breaks a rule is [`SupportError::InvalidInput`] at the call, and nothing changes.
//! What older versions persisted was checked by fewer rules, so it is checked or [cleaned](clean) again on its way out.

use crate::{
    SupportError, address,
    backend::{Capabilities, ConversationContext},
    markdown::loose_link,
    model::{AttributeValue, ProfileField},
};

/// The longest identifier, name, e-mail address and attribute name, in characters: what desks keep.
pub(crate) const MAX_CHARS: usize = 255;

/// The longest address of a picture, in characters: what browsers and proxies take.
const MAX_URL_CHARS: usize = 2_000;

/// The attribute under which agents see an e-mail address that is not verified.
pub(crate) const UNVERIFIED_EMAIL: &str = "unverified_email";

/// The attribute under which agents see a phone number that is not verified.
pub(crate) const UNVERIFIED_PHONE: &str = "unverified_phone";

/// The attribute under which agents see, on the contact from before a log-in, the identifier of whom it turned out to be.
pub(crate) const LOGGED_IN_AS: &str = "logged_in_as";

/// The attributes that are the SDK's own.
pub(crate) const RESERVED: [&str; 3] = [UNVERIFIED_EMAIL, UNVERIFIED_PHONE, LOGGED_IN_AS];

/// Text of any length and any number of lines. Databases refuse a NUL, and with it the whole request.
pub(crate) fn text(field: &'static str, text: &str) -> Result<(), SupportError> {
    if text.contains('\0') {
        return Err(SupportError::input(field, "holds a NUL character, which no desk keeps"));
    }
    Ok(())
}

/// Text of at most `max` characters.
pub(crate) fn short_text(field: &'static str, value: &str, max: usize) -> Result<(), SupportError> {
    text(field, value)?;
    let length = value.chars().count();
    if length > max {
        return Err(SupportError::input(field, format!("has {length} characters; the desk takes {max}")));
    }
    Ok(())
}

/// One line of at most [`MAX_CHARS`] characters.
pub(crate) fn line(field: &'static str, text: &str) -> Result<(), SupportError> {
    if text.chars().count() > MAX_CHARS {
        return Err(SupportError::input(field, format!("at most {MAX_CHARS} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(SupportError::input(field, "must not hold control characters"));
    }
    Ok(())
}

/// Whether nothing of a text would be seen: the one meaning of "empty" for words, wherever they come from.
///
/// White space, control characters, what Unicode has displays ignore (`Default_Ignorable_Code_Point`: zero-width
/// characters, the soft hyphen, Hangul fillers, marks of direction, variation selectors), annotation marks, and the
/// braille pattern without dots.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    })
}

/// The words of a message: trimmed, line ends of one kind. Desks do so too, and the outbox recognises its own message
/// by its words. Characters that nobody sees stay among words; alone they are no message.
pub(crate) fn message(words: &str, limits: &Capabilities) -> Result<String, SupportError> {
    let words = words.trim().replace("\r\n", "\n");
    if is_blank(&words) {
        return Err(SupportError::input("text", "is empty, or holds nothing that anybody could see"));
    }
    short_text("text", &words, limits.max_message_chars)?;
    Ok(words)
}

/// A field of a profile with its value.
pub(crate) fn profile_field(
    field: &ProfileField,
    value: &AttributeValue,
    limits: &Capabilities,
) -> Result<(), SupportError> {
    match (field, value) {
        (ProfileField::Name, AttributeValue::Text(name)) => line("name", name),
        (ProfileField::Email, AttributeValue::Text(email)) => self::email(email),
        (ProfileField::Phone, AttributeValue::Text(phone)) => self::phone(phone),
        (ProfileField::AvatarUrl, AttributeValue::Text(url)) => avatar_url(url),
        (ProfileField::Attribute(name), value) => attribute(name, value, limits),
        _ => Err(SupportError::input("profile", "must be text")),
    }
}

fn email(email: &str) -> Result<(), SupportError> {
    line("email", email)?;
    if is_email(email) { Ok(()) } else { Err(SupportError::input("email", NO_EMAIL)) }
}

const NO_EMAIL: &str = "is not an e-mail address";

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// What is wrong with a value for an input of this type, as HTML names them. Other types take any text.
pub(crate) fn typed(input: &str, value: &str) -> Option<&'static str> {
    let has_digit = value.bytes().any(|b| b.is_ascii_digit());
    let is_made_of = |others: &str| value.chars().all(|c| c.is_ascii_digit() || others.contains(c));
    match input {
        "email" if !is_email(value) => Some(NO_EMAIL),
        "number" if !has_digit || !is_made_of("+-.,") => Some("is not a number"),
        "tel" if !has_digit || !is_made_of("+-./() ") => Some("is not a telephone number"),
        "url" if loose_link(value).is_none() => Some("is not an address on the web"),
        _ => None,
    }
}

fn phone(phone: &str) -> Result<(), SupportError> {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    let whole =
        (2..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if whole {
        return Ok(());
    }
    Err(SupportError::input("phone", "must be in E.164 form: + and 2 to 15 digits, as +84901234567"))
}

fn avatar_url(url: &str) -> Result<(), SupportError> {
    let whole = url.chars().count() <= MAX_URL_CHARS && !url.chars().any(char::is_control);
    if whole && address::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Ok(());
    }
    Err(SupportError::input(
        "avatar_url",
        format!("must be an http or https address of at most {MAX_URL_CHARS} characters"),
    ))
}

/// An attribute of a customer or an event.
pub(crate) fn attribute(name: &str, value: &AttributeValue, limits: &Capabilities) -> Result<(), SupportError> {
    attribute_name(name)?;
    let wrong = |problem: String| Err(SupportError::input("attributes", format!("{name:?}: {problem}")));
    match value {
        AttributeValue::Text(text) if text.contains('\0') => {
            wrong("holds a NUL character, which no desk keeps".to_owned())
        }
        AttributeValue::Text(text) if text.chars().count() > limits.max_attribute_chars => {
            wrong(format!("at most {} characters", limits.max_attribute_chars))
        }
        AttributeValue::Integer(number) if number.unsigned_abs() > limits.max_attribute_integer.unsigned_abs() => {
            wrong(format!("at most {}", limits.max_attribute_integer))
        }
        AttributeValue::Number(number) if !number.is_finite() => wrong("must be a finite number".to_owned()),
        _ => Ok(()),
    }
}

pub(crate) fn attribute_name(name: &str) -> Result<(), SupportError> {
    if is_blank(name) {
        return Err(SupportError::input("attributes", "a name is empty"));
    }
    line("attributes", name)
}

/// Makes persisted text fit: without NUL, and of at most `max` characters.
pub(crate) fn clean(text: &str, max: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(max).collect()
}

/// Makes a persisted context fit. A name that can't be sent takes its text with it: the conversation matters more.
pub(crate) fn clean_context(context: ConversationContext, limits: &Capabilities) -> ConversationContext {
    let named = context.into_iter().filter(|(name, _)| {
        let fits = attribute_name(name).is_ok();
        if !fits {
            tracing::warn!("a conversation's context has a name that can't be sent; left out");
        }
        fits
    });
    named.map(|(name, text)| (name, clean(&text, limits.max_attribute_chars))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits() -> Capabilities {
        Capabilities {
            max_attribute_chars: 5,
            max_attribute_integer: 10,
            max_message_chars: 20,
            ..Capabilities::default()
        }
    }

    fn fits(field: ProfileField, value: &str) -> bool {
        profile_field(&field, &AttributeValue::Text(value.into()), &limits()).is_ok()
    }

    #[test]
    fn value_that_a_desk_would_refuse_breaks_a_rule() {
        for email in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\0", "a@b\n"] {
            assert!(!fits(ProfileField::Email, email), "{email:?}");
        }
        for phone in ["", "+", "+1", "0901", "+0123", "+84 90", "+1234567890123456", "+84\0", "84901234567"] {
            assert!(!fits(ProfileField::Phone, phone), "{phone:?}");
        }
        for url in ["file:///x", "", "https://a/\0", "javascript:x", &format!("https://a/{}", "x".repeat(2_000))] {
            assert!(!fits(ProfileField::AvatarUrl, url), "{url:?}");
        }
        for name in ["a\0b", "a\nb", &"x".repeat(256)] {
            assert!(!fits(ProfileField::Name, name), "{name:?}");
        }
        for value in ["123456", "a\0"] {
            assert!(!fits(ProfileField::Attribute("plan".into()), value), "{value:?}");
        }
        for name in ["", "a\0", "a\u{7f}", &"x".repeat(256)] {
            assert!(!fits(ProfileField::Attribute(name.into()), "1"), "{name:?}");
        }
        for value in [
            AttributeValue::Integer(11),
            AttributeValue::Integer(i64::MIN),
            AttributeValue::Number(f64::NAN),
            AttributeValue::Number(f64::INFINITY),
        ] {
            assert!(attribute("plan", &value, &limits()).is_err(), "{value:?}");
        }
        for words in ["", " \n", "a\0b", &"x".repeat(21)] {
            assert!(message(words, &limits()).is_err(), "{words:?}");
        }
    }

    #[test]
    fn value_that_a_desk_takes_passes() {
        assert!(fits(ProfileField::Name, "Nguyễn Thị Đào"));
        assert!(fits(ProfileField::Email, "dao@example.com"));
        assert!(fits(ProfileField::Phone, "+84901234567") && fits(ProfileField::Phone, "+12"));
        assert!(fits(ProfileField::AvatarUrl, "https://example.com/a.png"));
        assert!(fits(ProfileField::Attribute("gói".into()), "a\nb\u{1}"));
        assert!(attribute("plan", &AttributeValue::Integer(-10), &limits()).is_ok());
        assert_eq!(message(" a\r\nb ", &limits()).unwrap(), "a\nb");
    }

    #[test]
    fn text_of_which_nothing_is_seen_is_blank() {
        for text in [
            "",
            " \n",
            "\u{200b}",
            "\u{2060}",
            "\u{feff}",
            "\u{2800}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{115f}",
            "\u{200d}",
            "\u{200b}\n\u{200b}",
            "\u{ad}",
            "\u{202e}",
            "\u{a0}",
            "\u{3000}",
            "\r",
            "\u{1}",
            "\u{7f}",
            "\u{85}",
            "\u{fe0f}",
            "\u{e0020}",
            "\u{180e}",
            "\u{2068}\u{2069}",
        ] {
            assert!(is_blank(text), "{text:?}");
            assert!(message(text, &limits()).is_err(), "{text:?}");
        }
        for text in [".", "0", "\u{2801}", "ㅎ", "👍", "\u{301}", "―", "\u{200b}a", "🏴\u{e0067}\u{e007f}"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn unseen_characters_among_words_stay() {
        for text in ["\u{200b}a", "Donau\u{ad}dampf", "👩\u{200d}👧", "می\u{200c}شود", "\u{2067}שלום\u{2069}"]
        {
            assert_eq!(message(text, &limits()).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn cleaned_text_always_fits(text in "\\PC*|[\0a]{0,30}", max in 0_usize..30) {
            let cleaned = clean(&text, max);
            prop_assert!(short_text("text", &cleaned, max).is_ok());
            if short_text("text", &text, max).is_ok() {
                prop_assert_eq!(cleaned, text);
            }
        }
    }
}
