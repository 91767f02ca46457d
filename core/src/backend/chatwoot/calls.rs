//! The requests, and the two probes that tell refusals apart.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    Chatwoot,
    http::{Reply, Request},
    lenient::Wire as _,
    refusals::Verdict,
    wire,
};
use crate::{
    Answer, CustomerProfile, DeskConversationId, DeskMessageId, Identity, ProfileField,
    backend::{BackendError, DeskInfo, Establish, Fault, Happened, Secret, Session},
};

/// What a request's path reaches down to: where it answers "not found", any of these may be what is missing.
#[derive(Clone, Copy)]
pub(super) enum Reach<'a> {
    Inbox,
    Contact(&'a Session),
    Conversation(&'a Session),
    Message(&'a Session, DeskConversationId),
}

impl Chatwoot {
    /// Sends a request that the desk checks no identity on.
    pub(super) async fn call(&self, request: Request<'_>, reach: Reach<'_>) -> Result<Reply, BackendError> {
        let label = request.label;
        match self.http.judge(self.http.send(request).await?) {
            Verdict::Fine(reply) => Ok(reply),
            Verdict::Missing => Err(self.missing(label, reach).await),
            Verdict::Failed(error) | Verdict::Fault(error) => Err(error),
        }
    }

    /// Sends a request that the desk checks the identity's proof on, which must be idempotent.
    ///
    /// A wrong proof, or none where the inbox wants one, is answered with 500 like any defect of the desk. If the desk
    /// is well otherwise, and does it again, it is the proof.
    async fn checked_call(
        &self,
        request: impl Fn() -> Request<'static>,
        reach: Reach<'_>,
        proof_sent: bool,
    ) -> Result<Reply, BackendError> {
        let label = request().label;
        let mut verdict = self.http.judge(self.http.send(request()).await?);
        if let Verdict::Failed(first) = verdict {
            let suspect = match self.inbox().await {
                Ok(inbox) => proof_sent || inbox.identity_validation_enabled,
                Err(_) => false,
            };
            if !suspect {
                return Err(first);
            }
            verdict = self.http.judge(self.http.send(request()).await?);
        }
        match verdict {
            Verdict::Fine(reply) => Ok(reply),
            Verdict::Missing => Err(self.missing(label, reach).await),
            Verdict::Failed(_) => {
                let detail = format!("{label}: 500 twice from a desk that is well otherwise");
                Err(BackendError::refused(Fault::IdentityRejected, detail))
            }
            Verdict::Fault(error) => Err(error),
        }
    }

    /// Which one is missing. Whatever a probe meets, the request itself was refused: nothing has happened.
    pub(super) async fn missing(&self, label: &'static str, reach: Reach<'_>) -> BackendError {
        match self.find_missing(reach).await {
            Ok(fault) => BackendError::refused(fault, format!("{label}: 404")),
            Err(error) => BackendError { happened: Happened::No, ..error },
        }
    }

    async fn find_missing(&self, reach: Reach<'_>) -> Result<Fault, BackendError> {
        let session = match reach {
            // The inbox answers and its route does not: another version, or not this desk at all.
            Reach::Inbox => return self.inbox().await.map(|_| Fault::Desk),
            Reach::Contact(session) | Reach::Conversation(session) | Reach::Message(session, _) => session,
        };
        let contact = Request::new(Method::GET, "GET contact", &["contacts", session.key.expose()]);
        match self.http.judge(self.http.send(contact).await?) {
            Verdict::Fine(reply) => reply.must_be_ours()?,
            Verdict::Missing => return self.inbox().await.map(|_| Fault::SessionGone),
            // The desk looks the contact up first and asks for the proof then, which is not at hand here: it is there.
            Verdict::Failed(_) if self.inbox().await?.identity_validation_enabled => {}
            Verdict::Fault(BackendError { fault: Fault::IdentityRejected, .. }) => {}
            Verdict::Failed(error) | Verdict::Fault(error) => return Err(error),
        }
        match reach {
            // It is there now: the request came between two states, and may be tried again.
            Reach::Inbox | Reach::Contact(_) => Ok(Fault::Desk),
            Reach::Conversation(..) => Ok(Fault::ConversationGone),
            Reach::Message(session, id) => {
                let request = Request::new(
                    Method::GET,
                    "GET conversation",
                    &["contacts", session.key.expose(), "conversations", &id.get().to_string()],
                );
                match self.http.judge(self.http.send(request).await?) {
                    Verdict::Fine(_) => Ok(Fault::MessageGone),
                    Verdict::Missing => Ok(Fault::ConversationGone),
                    Verdict::Failed(error) | Verdict::Fault(error) => Err(error),
                }
            }
        }
    }

    /// The inbox about itself.
    pub(super) async fn inbox(&self) -> Result<wire::Inbox, BackendError> {
        match self.http.judge(self.http.send(Request::new(Method::GET, "GET inbox", &[])).await?) {
            Verdict::Fine(reply) => reply.object(),
            Verdict::Missing => Err(BackendError::refused(Fault::UnknownInbox, "GET inbox: 404")),
            Verdict::Failed(error) | Verdict::Fault(error) => Err(error),
        }
    }

    pub(super) async fn inbox_info(&self) -> Result<DeskInfo, BackendError> {
        let inbox = self.inbox().await?;
        Ok(DeskInfo {
            name: inbox.name.unwrap_or_default(),
            identity_proof_required: inbox.identity_validation_enabled,
            survey: inbox.csat_survey_enabled,
        })
    }

    /// Makes or finds the contact, then has the desk verify the identity, which the making leaves out.
    ///
    /// The making can't be told to find only. So the contact is looked for first, where it must exist.
    pub(super) async fn make_session(&self, wanted: &Establish) -> Result<Session, BackendError> {
        let identity = wanted.identity.as_ref();
        if wanted.existing {
            let session = Session { key: wanted.key.clone(), realtime_token: None, verified: false };
            if self.find_missing(Reach::Contact(&session)).await? == Fault::SessionGone {
                return Err(BackendError::refused(Fault::SessionGone, "GET contact: 404"));
            }
        }
        let contact = self.make_contact(&wanted.key, identity).await?;
        let mut session = Session {
            key: Secret::new(contact.source_id),
            realtime_token: contact.pubsub_token.filter(|token| !token.is_empty()).map(Secret::new),
            verified: false,
        };
        if let Some(identity) = identity.filter(|identity| identity.hash().is_some()) {
            // The proof goes in a body, not in an address: addresses are kept in logs.
            let told = self.patch_contact(&session, Some(identity), &CustomerProfile::default()).await?;
            self.owners.saw(&session, told);
            session.verified = true;
        }
        Ok(session)
    }

    async fn make_contact(&self, key: &Secret, identity: Option<&Identity>) -> Result<wire::Contact, BackendError> {
        let mut body = profile_body(identity, &CustomerProfile::default());
        if let Some(fields) = body.as_object_mut() {
            fields.insert("source_id".to_owned(), key.expose().into());
        }
        let request = || Request::new(Method::POST, "POST contact", &["contacts"]).body(body.clone());
        self.checked_call(request, Reach::Inbox, identity.is_some_and(|i| i.hash().is_some())).await?.object()
    }

    /// Sets the profile, and with a proof verifies the identity.
    ///
    /// Some versions answer 500 to a profile that they do not like, too. A rejected identity stops all sending, so that
    /// must not be taken for one: the same without the profile tells them apart.
    pub(super) async fn set_profile(
        &self,
        session: &Session,
        identity: Option<&Identity>,
        profile: &CustomerProfile,
    ) -> Result<(), BackendError> {
        let told = self.try_profile(session, identity, profile).await?;
        if identity.is_some() && (profile.email.is_some() || profile.phone.is_some()) {
            self.look_whose(session, told).await;
        } else {
            self.owners.saw(session, told);
        }
        Ok(())
    }

    async fn try_profile(
        &self,
        session: &Session,
        identity: Option<&Identity>,
        profile: &CustomerProfile,
    ) -> Result<Option<Option<String>>, BackendError> {
        let first = self.patch_contact(session, identity, profile).await;
        let unclear = matches!(&first, Err(error) if matches!(error.fault, Fault::Desk | Fault::IdentityRejected));
        if !unclear || profile.is_empty() {
            return first;
        }
        self.patch_contact(session, identity, &CustomerProfile::default()).await?;
        match self.patch_contact(session, identity, profile).await {
            Err(BackendError { fault: Fault::Desk | Fault::IdentityRejected, .. }) => {
                let reason = "The support desk can't take these details.".to_owned();
                Err(BackendError::refused(Fault::Refused { reason }, "PATCH contact: fails with this profile only"))
            }
            other => other,
        }
    }

    /// Gives the contact's identifier, where the answer tells it.
    async fn patch_contact(
        &self,
        session: &Session,
        identity: Option<&Identity>,
        profile: &CustomerProfile,
    ) -> Result<Option<Option<String>>, BackendError> {
        let body = profile_body(identity, profile);
        let request =
            || Request::new(Method::PATCH, "PATCH contact", &["contacts", session.key.expose()]).body(body.clone());
        let proof_sent = identity.is_some_and(|i| i.hash().is_some());
        let answer = self.checked_call(request, Reach::Contact(session), proof_sent).await?.json()?;
        Ok(wire::Person::of(answer).and_then(|person| person.identifier))
    }

    /// A request on one of the customer's conversations.
    pub(super) async fn on_conversation(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        request: Request<'_>,
    ) -> Result<Reply, BackendError> {
        let mut request = request;
        let id = conversation.get().to_string();
        let below = std::mem::take(&mut request.path);
        request.path = ["contacts", session.key.expose(), "conversations", &id].map(str::to_owned).to_vec();
        request.path.extend(below);
        let reach = match request.method {
            Method::PATCH => Reach::Message(session, conversation),
            _ => Reach::Conversation(session),
        };
        self.call(request, reach).await
    }

    pub(super) async fn put_answer(
        &self,
        session: &Session,
        conversation: DeskConversationId,
        message: DeskMessageId,
        answer: &Answer,
    ) -> Result<(), BackendError> {
        let request = Request::new(Method::PATCH, "PATCH message", &["messages", &message.get().to_string()])
            .body(json!({ "submitted_values": submitted_values(answer) }));
        self.on_conversation(session, conversation, request).await?.json()?;
        Ok(())
    }
}

/// Whether a list is the same as when its validator was given.
pub(super) fn is_unchanged(reply: &Reply, validator: Option<&str>) -> Result<bool, BackendError> {
    match (reply.status, validator) {
        (StatusCode::NOT_MODIFIED, Some(_)) => Ok(true),
        (StatusCode::NOT_MODIFIED, None) => {
            Err(BackendError::unclear(Fault::Desk, format!("{}: 304 to no condition", reply.label)))
        }
        _ => Ok(false),
    }
}

/// Only what is there: what is left out stays as the desk has it.
fn profile_body(identity: Option<&Identity>, profile: &CustomerProfile) -> Value {
    let mut fields = serde_json::Map::new();
    let texts = [
        ("identifier", identity.map(Identity::identifier)),
        ("identifier_hash", identity.and_then(Identity::hash)),
        ("name", profile.name.as_deref()),
        ("email", profile.email.as_deref()),
        ("phone_number", profile.phone.as_deref()),
        ("avatar_url", profile.avatar_url.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            fields.insert(name.to_owned(), text.into());
        }
    }
    let set = profile.attributes.iter().map(|(name, value)| (name.clone(), json!(value)));
    let cleared = profile.cleared.iter().filter_map(|field| match field {
        ProfileField::Attribute(name) => Some((name.clone(), Value::Null)),
        _ => None,
    });
    let attributes: serde_json::Map<_, _> = set.chain(cleared).collect();
    if !attributes.is_empty() {
        fields.insert("custom_attributes".to_owned(), Value::Object(attributes));
    }
    Value::Object(fields)
}

/// A select's value is found by its `title` and a form's by its `name`; which of the two the message is, is not told
/// here, and the desk takes both keys on either.
fn submitted_values(answer: &Answer) -> Value {
    match &answer.rating {
        Some(rating) => {
            json!({ "csat_survey_response": { "rating": rating.score, "feedback_message": rating.feedback } })
        }
        None => answer
            .values
            .iter()
            .map(|value| json!({ "name": value.name, "title": value.name, "value": value.value }))
            .collect(),
    }
}
