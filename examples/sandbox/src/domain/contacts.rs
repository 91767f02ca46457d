//! Contacts and their sessions: creation by source id, identity by HMAC, and the merge behind a PATCH.

use ring::hmac;
use serde_json::Value;

use super::Refusal;
use crate::{
    clock,
    state::{
        INBOX_ID, State,
        tables::{Contact, Object, Record, Sender, Session, own_channel},
    },
};

/// What a contact request may carry.
#[derive(Debug, Clone, Default)]
pub(crate) struct ContactFields {
    pub(crate) source_id: Option<String>,
    pub(crate) identifier: Option<String>,
    pub(crate) identifier_hash: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) custom_attributes: Object,
}

impl State {
    /// Whether a request's identity holds. A wrong hash is an uncaught error in Chatwoot, hence 500 and not 401. Sent
    /// or not, the hash is looked at only if present or mandatory, and then a missing identifier counts as "".
    pub(crate) fn check_identity(&self, fields: &ContactFields) -> Result<bool, Refusal> {
        let hash = fields.identifier_hash.as_deref().unwrap_or_default();
        if hash.is_empty() && !self.settings.hmac_mandatory {
            return Ok(false);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.hmac_key.as_bytes());
        let tag = hmac::sign(&key, fields.identifier.as_deref().unwrap_or_default().as_bytes());
        if hex(tag.as_ref()) == hash { Ok(true) } else { Err(Refusal::Internal) }
    }

    /// Marks a session as verified. Chatwoot does so on GET and PATCH only: at POST the session does not exist yet
    /// when the filter runs. Nor is the hash bound to the session's own contact.
    pub(crate) fn verify_session(&mut self, source_id: &str) {
        if let Some(mut session) = self.session(source_id).filter(|session| !session.hmac_verified).cloned() {
            session.hmac_verified = true;
            session.updated_at = clock::now();
            self.record(Record::Session(session));
        }
    }

    /// POST: a known source id is returned as it is, whatever else the request says. A new one leads to the contact
    /// with the same identifier, else e-mail, else phone. That contact stays as it is: an identifier that was sent with
    /// the e-mail of a known contact is dropped. Without a match there is a new contact.
    pub(crate) fn create_session(&mut self, fields: &ContactFields) -> Result<Session, Refusal> {
        Refusal::for_nul([&fields.source_id])?;
        let source_id = present(fields.source_id.as_deref()).map(str::to_owned);
        if let Some(session) = source_id.as_deref().and_then(|source_id| self.inbox_session(source_id)) {
            return Ok(session.clone());
        }
        Refusal::for_nul([&fields.identifier, &fields.email, &fields.phone_number])?;
        let found = self
            .find_contact(|contact| same(contact.identifier.as_deref(), fields.identifier.as_deref()))
            .or_else(|| self.find_contact(|contact| same_email(contact.email.as_deref(), fields.email.as_deref())))
            .or_else(|| {
                self.find_contact(|contact| same(contact.phone_number.as_deref(), fields.phone_number.as_deref()))
            });
        let contact_id = match found {
            Some(id) => id,
            None => self.create_contact(fields)?,
        };
        let source_id = source_id.unwrap_or_else(|| self.random.uuid());
        Ok(self.add_session(source_id, contact_id, INBOX_ID, own_channel()))
    }

    /// Gives a contact a seat in an inbox.
    pub(crate) fn add_session(
        &mut self,
        source_id: String,
        contact_id: u64,
        inbox_id: u64,
        channel: String,
    ) -> Session {
        let now = clock::now();
        let session = Session {
            id: self.next_session_id(),
            source_id,
            contact_id,
            inbox_id,
            channel,
            pubsub_token: self.random.token(),
            hmac_verified: false,
            created_at: now,
            updated_at: now,
        };
        self.record(Record::Session(session.clone()));
        session
    }

    fn create_contact(&mut self, fields: &ContactFields) -> Result<u64, Refusal> {
        check_reachability(fields)?;
        check_rest(fields)?;
        let now = clock::now();
        let contact = Contact {
            id: self.next_contact_id(),
            // A contact is never nameless: Chatwoot makes up a haiku's worth of name.
            name: fields.name.clone().or_else(|| Some(self.random.nickname())),
            email: present(fields.email.as_deref()).map(str::to_lowercase),
            phone_number: present(fields.phone_number.as_deref()).map(str::to_owned),
            identifier: present(fields.identifier.as_deref()).map(str::to_owned),
            avatar_url: present(fields.avatar_url.as_deref()).map(str::to_owned),
            custom_attributes: fields.custom_attributes.clone(),
            additional_attributes: Object::new(),
            blocked: false,
            last_activity_at: None,
            created_at: now,
            updated_at: now,
        };
        let id = contact.id;
        self.record(Record::Contact(contact));
        Ok(id)
    }

    /// PATCH: merges into a contact that already has the e-mail or phone (the session and its token survive), then
    /// sets what was sent. `identifier` is never written here. A failed validation changes nothing.
    pub(crate) fn update_contact(&mut self, source_id: &str, fields: &ContactFields) -> Result<Contact, Refusal> {
        let mut id = self.inbox_session(source_id).map(|session| session.contact_id).ok_or(Refusal::NotFound)?;
        Refusal::for_nul([&fields.email, &fields.phone_number])?;
        check_reachability(fields)?;
        check_rest(fields)?;
        let by_email = self.find_contact(|contact| same_email(contact.email.as_deref(), fields.email.as_deref()));
        if let Some(base) = by_email.filter(|base| *base != id) {
            self.merge_contacts(base, id);
            id = base;
        }
        let phone = fields.phone_number.as_deref();
        let by_phone = self.find_contact(|contact| same(contact.phone_number.as_deref(), phone));
        if let Some(base) = by_phone.filter(|base| *base != id) {
            self.merge_contacts(base, id);
            id = base;
        }
        let mut contact = self.contact(id).cloned().ok_or(Refusal::NotFound)?;
        let set = |slot: &mut Option<String>, value: &Option<String>| {
            if let Some(value) = present(value.as_deref()) {
                *slot = Some(value.to_owned());
            }
        };
        set(&mut contact.name, &fields.name);
        set(&mut contact.email, &fields.email.as_deref().map(str::to_lowercase));
        set(&mut contact.phone_number, &fields.phone_number);
        set(&mut contact.avatar_url, &fields.avatar_url);
        deep_merge(&mut contact.custom_attributes, fields.custom_attributes.clone());
        contact.updated_at = clock::now();
        self.record(Record::Contact(contact.clone()));
        Ok(contact)
    }

    /// Moves everything of `gone` to `base` and removes `gone`. The values of `base` win, its identifier included;
    /// those of `gone` fill what `base` lacks. No event tells of it.
    fn merge_contacts(&mut self, base: u64, gone: u64) {
        let (Some(mut kept), Some(lost)) = (self.contact(base).cloned(), self.contact(gone).cloned()) else { return };
        kept.identifier = kept.identifier.or(lost.identifier);
        kept.name = kept.name.or(lost.name);
        kept.email = kept.email.or(lost.email);
        kept.phone_number = kept.phone_number.or(lost.phone_number);
        let mut attributes = lost.custom_attributes;
        deep_merge(&mut attributes, kept.custom_attributes);
        kept.custom_attributes = attributes;
        let mut additional = lost.additional_attributes;
        deep_merge(&mut additional, kept.additional_attributes);
        kept.additional_attributes = additional;
        kept.updated_at = clock::now();
        self.record(Record::Contact(kept));

        let sessions = self.tables.sessions.values().filter(|row| row.contact_id == gone).cloned();
        for mut session in sessions.collect::<Vec<_>>() {
            session.contact_id = base;
            self.record(Record::Session(session));
        }
        let conversations = self.tables.conversations.values().filter(|row| row.contact_id == gone).cloned();
        for mut conversation in conversations.collect::<Vec<_>>() {
            conversation.contact_id = base;
            self.record(Record::Conversation(conversation));
        }
        let messages = self.tables.messages.values().filter(|row| row.sender == Sender::Contact(gone)).cloned();
        for mut message in messages.collect::<Vec<_>>() {
            message.sender = Sender::Contact(base);
            self.record(Record::Message(message));
        }
        self.record(Record::ContactGone(gone));
        if let Some(heard) = self.presence.remove(&gone) {
            let latest = self.presence.entry(base).or_default();
            *latest = heard.max(*latest);
        }
    }

    /// Blocks a contact, or lets it in again.
    pub(crate) fn set_blocked(&mut self, contact: u64, blocked: bool) {
        if let Some(mut row) = self.contact(contact).cloned() {
            row.blocked = blocked;
            row.updated_at = clock::now();
            self.record(Record::Contact(row));
        }
    }

    fn find_contact(&self, matches: impl Fn(&Contact) -> bool) -> Option<u64> {
        self.tables.contacts.values().find(|contact| matches(contact)).map(|contact| contact.id)
    }
}

fn check_reachability(fields: &ContactFields) -> Result<(), Refusal> {
    if present(fields.email.as_deref()).is_some_and(|email| !is_email(email)) {
        return Err(Refusal::invalid("email", "Email Invalid email"));
    }
    if present(fields.phone_number.as_deref()).is_some_and(|phone| !is_e164(phone)) {
        return Err(Refusal::invalid("phone_number", "Phone number should be in e164 format"));
    }
    Ok(())
}

/// What the database refuses once the validations have passed.
fn check_rest(fields: &ContactFields) -> Result<(), Refusal> {
    Refusal::for_nul([&fields.name])?;
    Refusal::for_nul_within(&fields.custom_attributes)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && !text.chars().any(|letter| letter.is_whitespace() || letter == ',')
        && !domain.contains('@')
}

/// `+` and up to fifteen digits, the first of them not zero.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Rails' `presence`: blank is nothing.
fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

fn same(held: Option<&str>, sent: Option<&str>) -> bool {
    present(sent).is_some_and(|sent| held == Some(sent))
}

fn same_email(held: Option<&str>, sent: Option<&str>) -> bool {
    present(sent).is_some_and(|sent| held == Some(sent.to_lowercase().as_str()))
}

fn deep_merge(into: &mut Object, from: Object) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(held)), Value::Object(sent)) => deep_merge(held, sent),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_domain_is_no_email() {
        assert!(is_email("mai@shop.vn"));
        for wrong in ["mai", "mai@", "@shop.vn", "mai@shop", "m ai@shop.vn", "a@b@c.vn"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_phone_without_a_plus_is_not_e164() {
        assert!(is_e164("+84901234567"));
        for wrong in ["0901234567", "+0901234567", "+84 901", "+", "+1234567890123456"] {
            assert!(!is_e164(wrong), "{wrong}");
        }
    }
}
