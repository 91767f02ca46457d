//! The sandbox, with the Chatwoot adapter to it, as a desk to be checked.

use std::{sync::Arc, time::Duration};

use sandbox::{ArticleView, ContactView, Desk, Options, Sandbox};
use serde_json::{Value, json};
use shopbell::{
    ArticleId, Availability, Choice, ClientConfig, Content, CustomerProfile, DeskConversationId, DeskMessageId,
    FormField, Identity, SurveyScale,
    backend::{
        Backend, ConversationContext, Establish, OutgoingMessage, Secret, Session,
        chatwoot::{Chatwoot, ChatwootOptions},
    },
    testing::conformance::{DeskSide, Harness},
};
use shopbell_tests::{desk_with, identity};

pub(crate) struct ChatwootHarness;

impl Harness for ChatwootHarness {
    type Desk = Rig;

    async fn start(&self) -> Rig {
        // No survey and no articles: nothing shall answer by itself, and sixty desks start at once.
        Rig::start(|options| {
            options.csat = false;
            options.seed = false;
        })
        .await
    }
}

/// A running desk and the adapter to it.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) backend: Arc<dyn Backend>,
}

impl Rig {
    pub(crate) async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let sandbox = desk_with(change).await;
        let backend = adapter(&sandbox, sandbox.inbox_identifier(), Duration::from_secs(30));
        Self { sandbox, backend }
    }

    pub(crate) fn desk(&self) -> Desk {
        self.sandbox.desk()
    }

    /// An adapter that waits this long for an answer, for what never comes.
    pub(crate) fn hasty(&self, request_timeout: Duration) -> Arc<dyn Backend> {
        adapter(&self.sandbox, self.sandbox.inbox_identifier(), request_timeout)
    }

    pub(crate) async fn session(&self, key: &str) -> Session {
        self.backend.establish(&request(key, None)).await.unwrap()
    }

    /// A customer with an open conversation.
    pub(crate) async fn customer(&self) -> (Session, DeskConversationId) {
        let session = self.session("s3cret-key-of-ann").await;
        let conversation = self.backend.open_conversation(&session).await.unwrap().id;
        (session, conversation)
    }

    /// What the customer wrote, as the desk has it.
    pub(crate) fn texts(&self) -> Vec<String> {
        shopbell_tests::at_desk(&self.desk())
    }

    fn article(&self, wanted: impl Fn(&ArticleView) -> bool) -> Option<ArticleView> {
        self.desk().articles().into_iter().find(wanted)
    }

    fn contact(&self, session: &Session) -> Option<ContactView> {
        let key = session.key.expose();
        self.desk().contacts().into_iter().find(|row| row.sessions.iter().any(|(source_id, _)| source_id == key))
    }
}

pub(crate) fn request(key: &str, identity: Option<Identity>) -> Establish {
    Establish { key: Secret::new(key), identity, existing: false }
}

pub(crate) fn outgoing(text: &str) -> OutgoingMessage {
    OutgoingMessage { text: text.to_owned(), echo: format!("echo of {text}") }
}

fn adapter(sandbox: &Sandbox, inbox: &str, request_timeout: Duration) -> Arc<dyn Backend> {
    let mut config = ClientConfig::new(sandbox.url(), inbox, "unused");
    config.limits.request_timeout = request_timeout;
    Arc::new(Chatwoot::new(ChatwootOptions::try_from(&config).unwrap()).unwrap())
}

pub(crate) fn number(id: DeskConversationId) -> u64 {
    u64::try_from(id.get()).unwrap()
}

impl DeskSide for Rig {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend)
    }

    fn unknown_inbox(&self) -> Option<Arc<dyn Backend>> {
        Some(adapter(&self.sandbox, "no-such-inbox", Duration::from_secs(30)))
    }

    fn identity(&self, identifier: &str) -> Option<Identity> {
        Some(identity(identifier))
    }

    async fn agent_writes(&self, conversation: DeskConversationId, content: &Content) -> Option<DeskMessageId> {
        let (desk, there) = (self.desk(), number(conversation));
        let id = match content {
            Content::Text { text } => desk.reply(there, text),
            Content::Select { text, choices, .. } => {
                let item = |choice: &Choice| json!({ "title": choice.title, "value": choice.value });
                let items: Value = choices.iter().map(item).collect();
                desk.reply_rich(there, "input_select", text, json!({ "items": items }))
            }
            Content::Form { text, fields, button, .. } => {
                let item = |field: &FormField| json!({ "type": field.input, "name": field.name, "label": field.label, "required": field.required });
                let items: Value = fields.iter().map(item).collect();
                desk.reply_rich(there, "form", text, json!({ "items": items, "button_label": button }))
            }
            Content::Survey { text, scale, .. } => {
                let scale = if *scale == SurveyScale::Stars { "star" } else { "emoji" };
                desk.reply_rich(there, "input_csat", text, json!({ "display_type": scale }))
            }
            _ => return None,
        };
        DeskMessageId::new(i64::try_from(id).unwrap())
    }

    async fn agent_attaches(
        &self,
        conversation: DeskConversationId,
        name: &str,
        bytes: &[u8],
    ) -> Option<DeskMessageId> {
        let kind = "application/octet-stream";
        let id = self.desk().reply_with_file(number(conversation), "", name, kind, bytes.to_vec());
        DeskMessageId::new(i64::try_from(id).unwrap())
    }

    async fn edit(&self, message: DeskMessageId, text: &str) -> bool {
        self.desk().edit(u64::try_from(message.get()).unwrap(), text);
        true
    }

    async fn delete(&self, message: DeskMessageId) -> bool {
        self.desk().delete(u64::try_from(message.get()).unwrap());
        true
    }

    async fn resolve(&self, conversation: DeskConversationId) -> bool {
        self.desk().resolve(number(conversation));
        true
    }

    async fn agent_types(&self, conversation: DeskConversationId, typing: bool) -> bool {
        self.desk().set_typing(number(conversation), typing);
        true
    }

    async fn agent_sees(&self, conversation: DeskConversationId) -> bool {
        self.desk().mark_seen(number(conversation));
        true
    }

    async fn set_availability(&self, availability: Availability) -> bool {
        self.desk().set_agent_availability(match availability {
            Availability::Online => "online",
            Availability::Busy => "busy",
            Availability::Offline | Availability::Unknown => "offline",
        });
        true
    }

    async fn typing_seen(&self, conversation: DeskConversationId) -> Option<Vec<bool>> {
        let seen = self.desk().typing_seen().into_iter().filter(|(there, _)| *there == number(conversation));
        Some(seen.map(|(_, typing)| typing).collect())
    }

    async fn profile(&self, session: &Session) -> Option<CustomerProfile> {
        let contact = self.contact(session)?;
        Some(CustomerProfile {
            name: contact.name,
            email: contact.email,
            phone: contact.phone_number,
            ..CustomerProfile::default()
        })
    }

    async fn forget(&self, session: &Session) -> bool {
        self.desk().purge_contact(session.key.expose());
        true
    }

    fn portal(&self) -> Option<String> {
        Some("shop".to_owned())
    }

    async fn publish(&self, locale: &str, category: &str, title: &str, content: &str) -> Option<ArticleId> {
        let slug = self.desk().add_article(locale, category, title, content);
        self.article(|row| row.slug == slug).map(|row| ArticleId::new(row.id.to_string()))
    }

    async fn unpublish(&self, article: &ArticleId) -> bool {
        let row = self.article(|row| row.id.to_string() == article.as_str());
        row.is_some_and(|row| self.desk().set_article_draft(&row.slug, true))
    }

    async fn views(&self, article: &ArticleId) -> Option<u64> {
        self.article(|row| row.id.to_string() == article.as_str()).map(|row| row.views)
    }

    async fn context(&self, conversation: DeskConversationId) -> Option<ConversationContext> {
        let attributes = self.desk().conversation(number(conversation))?.conversation_attributes;
        serde_json::from_value(attributes).ok()
    }

    async fn drop_connections(&self) -> bool {
        self.sandbox.faults().drop_sockets();
        true
    }
}
