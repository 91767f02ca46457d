//! Push: a token that the merchant's server finds at the desk, and what a push that comes back means.
//!
//! # The way of a push
//! ```text
//!  agent writes ──▶ desk ──▶ the merchant's server ──▶ push service ──▶ phone
//!                                 ▲ the phone's token                     │ where there is news
//!                                 └── an attribute of the customer        └──▶ handle_push asks the desk what it is
//! ```
//! - **The token is an attribute of the customer**, told to the desk as every other one: kept first, sent by the outbox.
//!   So the merchant's server needs no list of phones; what the desk tells it of a message has the tokens in it.
//! - **A push says where there is news, never what.** The words come from the desk, to whoever may read them. No push
//!   service sees a word, and a push for somebody who has left this phone shows nothing.
//! - **A push may come late, twice or not at all**: what it leads to is read from the store after the desk was asked,
//!   and says what is unread by then, in the newest words. Only a message that was seen or deleted is not asked for again.
//!   So the same push twice is the same news twice, for whether the first was shown is not known; an app shows them in one
//!   place.
//! - **A push has seconds.** What the desk does not answer within them is told without words.
//!
//! `docs/push.md` says what the merchant's server does.

use std::{collections::BTreeMap, fmt};

use crate::{
    SupportError,
    clock::digest,
    model::{AttributeValue, Author, ConversationId, CustomerProfile, DeskConversationId, DeskMessageId},
};

/// The field of a push that names the conversation, by the desk's number.
const CONVERSATION: &str = "shopbell_conversation";
/// The field that names the message, by the desk's number. May be missing.
const MESSAGE: &str = "shopbell_message";
/// What the names of the customer's attributes begin with that hold tokens. A name ends with a digest of the token, so
/// that each phone of a customer's has one of its own, and one phone has one name under every standing.
const ATTRIBUTE: &str = "shopbell_push_";

/// What the push service knows this phone by. `Debug` does not print it.
///
/// ```
/// use shopbell::PushToken;
/// assert_eq!(format!("{:?}", PushToken::fcm("e5f…")), "PushToken(fcm)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PushToken {
    service: &'static str,
    token: String,
}

impl PushToken {
    /// One of Firebase Cloud Messaging's, as Android and its libraries for iOS give it.
    pub fn fcm(token: impl Into<String>) -> Self {
        Self { service: "fcm", token: token.into() }
    }

    /// One of Apple's push service: the device token in hex.
    pub fn apns(token: impl Into<String>) -> Self {
        Self { service: "apns", token: token.into() }
    }

    /// Whether a desk with attributes of at most `max_chars` characters can keep it.
    pub(crate) fn check(&self, max_chars: usize) -> Result<(), SupportError> {
        if self.token.is_empty() || self.token.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(SupportError::input("push token", "is empty, or holds blanks: pass it as the system gives it"));
        }
        if self.value().chars().count() > max_chars {
            return Err(SupportError::input("push token", format!("at most {max_chars} characters")));
        }
        Ok(())
    }

    fn name(&self) -> String {
        let digest = digest(&[self.service, &self.token]);
        format!("{ATTRIBUTE}{}", digest.get(..12).unwrap_or_default())
    }

    fn value(&self) -> String {
        format!("{}:{}", self.service, self.token)
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushToken({})", self.service)
    }
}

/// Puts the phone's token among the customer's attributes, in the place of any other of this phone's; with `None` takes
/// it away. A desk merges attributes by name and forgets none, so a token is taken away by an empty text. Whether that
/// is news.
pub(crate) fn put(profile: &mut CustomerProfile, token: Option<&PushToken>) -> bool {
    let wanted = token.map(|token| (token.name(), AttributeValue::Text(token.value())));
    let mut news = false;
    for (name, value) in &mut profile.attributes {
        let gone = AttributeValue::Text(String::new());
        let stays = wanted.as_ref().is_some_and(|(wanted, _)| wanted == name);
        if name.starts_with(ATTRIBUTE) && !stays && *value != gone {
            *value = gone;
            news = true;
        }
    }
    if let Some((name, value)) = wanted
        && profile.attributes.get(&name) != Some(&value)
    {
        profile.attributes.insert(name, value);
        news = true;
    }
    news
}

/// Whether the desk has a token of this customer's to push to, of whatever phone.
pub(crate) fn is_on(profile: &CustomerProfile) -> bool {
    let is_token = |value: &AttributeValue| matches!(value, AttributeValue::Text(text) if !text.is_empty());
    profile.attributes.iter().any(|(name, value)| name.starts_with(ATTRIBUTE) && is_token(value))
}

/// What a push says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) conversation: DeskConversationId,
    pub(crate) message: Option<DeskMessageId>,
}

impl Push {
    /// `None` where it is not one of ours.
    pub(crate) fn read(data: &BTreeMap<String, String>) -> Option<Self> {
        let number = |field: &str| data.get(field).and_then(|text| text.trim().parse::<i64>().ok());
        Some(Self {
            conversation: number(CONVERSATION).and_then(DeskConversationId::new)?,
            message: number(MESSAGE).and_then(DeskMessageId::new),
        })
    }
}

/// Whether a push is Shopbell's, so that an app with several senders knows whom to give it to. Needs no client.
///
/// ```
/// let data = [("shopbell_conversation".to_owned(), "17".to_owned())].into();
/// assert!(shopbell::is_push(&data));
/// assert!(!shopbell::is_push(&Default::default()));
/// ```
pub fn is_push(data: &BTreeMap<String, String>) -> bool {
    Push::read(data).is_some()
}

/// What came of a push.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PushOutcome {
    /// It is not Shopbell's.
    Foreign,
    /// There is nothing to show: it was seen already, was deleted, is on screen, or is for somebody who is not here.
    NothingNew,
    /// There is something new: show a notification.
    News(PushNews),
}

/// What a notification needs.
#[derive(Clone, PartialEq)]
pub struct PushNews {
    /// Where it leads. Also what to replace: one notification a conversation.
    pub conversation: ConversationId,
    /// Who wrote the newest unread message; `None` where the desk could not be reached in time and the message was not on
    /// the phone before.
    pub author: Option<Author>,
    /// What it says, on one line, without Markdown, 120 characters at most; where it has no words the name of its
    /// first file. `None` where the desk could not be reached in time.
    pub preview: Option<String>,
    /// How many messages the customer has not seen in this conversation; at least 1.
    pub unread: u32,
    /// The same in all conversations: the badge.
    pub total_unread: u32,
}

impl fmt::Debug for PushNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushNews({}, {} unread)", self.conversation, self.unread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(profile: &CustomerProfile) -> Vec<&str> {
        let values = profile.attributes.iter().filter(|(name, _)| name.starts_with(ATTRIBUTE)).map(|(_, value)| value);
        values
            .filter_map(|value| if let AttributeValue::Text(text) = value { Some(text.as_str()) } else { None })
            .collect()
    }

    #[test]
    fn newer_token_takes_the_place_of_the_older() {
        let mut profile = CustomerProfile::default();
        profile.attributes.insert("plan".into(), AttributeValue::Text("gold".into()));
        assert!(put(&mut profile, Some(&PushToken::fcm("one"))));
        assert!(!put(&mut profile, Some(&PushToken::fcm("one"))), "no news");
        assert_eq!(tokens(&profile), ["fcm:one"]);
        assert!(put(&mut profile, Some(&PushToken::fcm("two"))));
        let mut both = tokens(&profile);
        both.sort_unstable();
        assert_eq!(both, ["", "fcm:two"]);
        assert!(put(&mut profile, Some(&PushToken::fcm("one"))), "the first one again");
        assert!(put(&mut profile, None));
        assert_eq!(tokens(&profile), ["", ""]);
        assert!(!put(&mut profile, None));
        assert_eq!(profile.attributes.get("plan"), Some(&AttributeValue::Text("gold".into())));
    }

    #[test]
    fn name_of_an_attribute_tells_nothing_of_the_token() {
        let token = PushToken::apns("740f4707bebcf74f");
        assert!(token.name().starts_with(ATTRIBUTE));
        assert_eq!(token.name().len(), ATTRIBUTE.len() + 12);
        assert!(!token.name().contains("740f"));
        assert_ne!(token.name(), PushToken::fcm("740f4707bebcf74f").name());
    }

    #[test]
    fn token_that_no_system_gives_is_refused() {
        for wrong in ["", " ", "a b", "a\n", "x".repeat(2_000).as_str()] {
            assert!(PushToken::fcm(wrong).check(1_500).is_err(), "{wrong:?}");
        }
        assert!(PushToken::fcm("cX9:APA91b-_x").check(1_500).is_ok());
    }

    #[test]
    fn only_a_push_with_a_conversation_is_ours() {
        let data = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (Some(conversation), message) = (DeskConversationId::new(17), DeskMessageId::new(40)) else { panic!() };
        let read = |pairs: &[(&str, &str)]| Push::read(&data(pairs));
        assert_eq!(read(&[(CONVERSATION, "17"), (MESSAGE, "40")]), Some(Push { conversation, message }));
        assert_eq!(read(&[(CONVERSATION, " 17 "), ("x", "y")]), Some(Push { conversation, message: None }));
        assert_eq!(read(&[(CONVERSATION, "17"), (MESSAGE, "soon")]), Some(Push { conversation, message: None }));
        let not_ours: [&[(&str, &str)]; 6] = [
            &[],
            &[(MESSAGE, "40")],
            &[(CONVERSATION, "")],
            &[(CONVERSATION, "-1")],
            &[(CONVERSATION, "0")],
            &[(CONVERSATION, "99999999999999999999")],
        ];
        for pairs in not_ours {
            assert_eq!(read(pairs), None, "{pairs:?}");
        }
    }
}
