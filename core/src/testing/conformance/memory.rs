//! The scripted desk as a desk to be checked: what it promises is what an adapter's author copies.

use std::sync::Arc;

use super::{DeskSide, Harness};
use crate::{
    backend::{Backend, ConversationContext, DeskArticle, DeskArticleName, DeskCategory, Session},
    model::{ArticleId, Availability, Content, CustomerProfile, DeskConversationId, DeskMessageId, Identity},
    testing::memory::{MemoryDesk, PORTAL},
};

/// Starts [`MemoryDesk`]s: the example of a harness.
///
/// ```
/// # use shopbell::testing::conformance::{DeskSide, Harness, MemoryHarness};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert!(MemoryHarness.start().await.repeats_echo());
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryHarness;

impl Harness for MemoryHarness {
    type Desk = MemoryRig;

    async fn start(&self) -> MemoryRig {
        MemoryRig::new(MemoryDesk::new())
    }
}

/// A [`MemoryDesk`] and the way to it, which may be something around it.
///
/// ```
/// use shopbell::testing::{conformance::{DeskSide, MemoryRig}, memory::{Call, MemoryDesk}};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let rig = MemoryRig::new(MemoryDesk::new());
/// rig.backend().desk_info().await.unwrap();
/// assert_eq!(rig.desk.calls(), [Call::DeskInfo]);
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryRig {
    /// The agent's side.
    pub desk: MemoryDesk,
    /// What is checked.
    pub backend: Arc<dyn Backend>,
}

impl std::fmt::Debug for MemoryRig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryRig").field("desk", &self.desk).finish_non_exhaustive()
    }
}

impl MemoryRig {
    /// The desk, checked as it is.
    pub fn new(desk: MemoryDesk) -> Self {
        Self { backend: Arc::new(desk.clone()), desk }
    }
}

impl DeskSide for MemoryRig {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.backend)
    }

    fn unknown_inbox(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(MemoryDesk::with(|options| options.inbox_known = false)))
    }

    fn identity(&self, identifier: &str) -> Option<Identity> {
        Some(MemoryDesk::identity(identifier))
    }

    async fn agent_writes(&self, conversation: DeskConversationId, content: &Content) -> Option<DeskMessageId> {
        Some(self.desk.agent_writes(conversation, content.clone()))
    }

    async fn agent_attaches(
        &self,
        conversation: DeskConversationId,
        name: &str,
        bytes: &[u8],
    ) -> Option<DeskMessageId> {
        Some(self.desk.agent_attaches(conversation, name, "application/octet-stream", bytes.to_vec()))
    }

    async fn edit(&self, message: DeskMessageId, text: &str) -> bool {
        self.desk.edit(message, text)
    }

    async fn delete(&self, message: DeskMessageId) -> bool {
        self.desk.delete(message)
    }

    async fn resolve(&self, conversation: DeskConversationId) -> bool {
        self.desk.resolve_as_agent(conversation)
    }

    async fn agent_types(&self, conversation: DeskConversationId, typing: bool) -> bool {
        self.desk.agent_types(conversation, typing);
        true
    }

    async fn agent_sees(&self, conversation: DeskConversationId) -> bool {
        self.desk.agent_sees(conversation)
    }

    async fn set_availability(&self, availability: Availability) -> bool {
        self.desk.set_availability(availability);
        true
    }

    async fn typing_seen(&self, conversation: DeskConversationId) -> Option<Vec<bool>> {
        let seen = self.desk.typing_seen().into_iter().filter(|(there, _)| *there == conversation);
        Some(seen.map(|(_, typing)| typing).collect())
    }

    async fn profile(&self, session: &Session) -> Option<CustomerProfile> {
        self.desk.profile(session)
    }

    async fn forget(&self, session: &Session) -> bool {
        self.desk.purge(session);
        true
    }

    fn portal(&self) -> Option<String> {
        Some(PORTAL.to_owned())
    }

    async fn publish(&self, locale: &str, category: &str, title: &str, content: &str) -> Option<ArticleId> {
        let id = ArticleId::new(super::bench::name("article"));
        let name = DeskArticleName { id: id.clone(), slug: id.to_string(), locale: locale.to_owned() };
        let row = DeskCategory {
            slug: category.to_owned(),
            locale: locale.to_owned(),
            name: category.to_owned(),
            description: String::new(),
            position: 1,
        };
        self.desk.set_categories("en", [row]);
        self.desk.publish(DeskArticle {
            name,
            category: Some(category.to_owned()),
            title: title.to_owned(),
            description: String::new(),
            content: content.to_owned(),
            phrasings: Vec::new(),
            position: 1,
            views: 0,
            updated_at: None,
        });
        Some(id)
    }

    async fn unpublish(&self, article: &ArticleId) -> bool {
        self.desk.unpublish(article)
    }

    async fn views(&self, article: &ArticleId) -> Option<u64> {
        Some(u64::from(self.desk.views(article)))
    }

    async fn context(&self, conversation: DeskConversationId) -> Option<ConversationContext> {
        Some(self.desk.context(conversation))
    }

    async fn vote_on(&self, article: &ArticleId) -> Option<bool> {
        self.desk.votes().into_iter().find(|vote| vote.article == *article).map(|vote| vote.helpful)
    }

    async fn drop_connections(&self) -> bool {
        self.desk.drop_connections();
        true
    }
}
