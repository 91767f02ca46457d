//! Inboxes of the same account that the SDK does not talk to.

/// Another inbox of the account, such as the web chat or the shop's e-mail. A verified customer's list holds its
/// conversations as well, told apart by `inbox_id` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherInbox {
    /// The inbox's number. The SDK's own inbox is 3.
    pub id: u64,
    /// The channel that frames name, such as `Channel::Email`.
    pub channel: String,
    /// Whether the customer's session there is verified. Frames of a verified one go to all verified sessions of the
    /// customer, this inbox's included; frames of another go to that session alone.
    pub verified: bool,
}

impl OtherInbox {
    /// The shop's e-mail, inbox 8. No e-mail session is ever verified.
    pub fn email() -> Self {
        Self { id: 8, channel: "Channel::Email".to_owned(), verified: false }
    }

    /// The web chat, inbox 9, where the customer is logged in.
    pub fn web_chat() -> Self {
        Self { id: 9, channel: "Channel::WebWidget".to_owned(), verified: true }
    }

    /// WhatsApp, inbox 10.
    pub fn whatsapp() -> Self {
        Self { id: 10, channel: "Channel::Whatsapp".to_owned(), verified: false }
    }

    /// A second app of the same shop: inbox 11, with the same kind of channel as the SDK's own.
    pub fn second_app() -> Self {
        Self { id: 11, channel: "Channel::Api".to_owned(), verified: true }
    }
}
