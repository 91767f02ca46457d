//! What a desk brings to be checked.

use std::sync::Arc;

use crate::{
    backend::{Backend, ConversationContext, Session},
    model::{ArticleId, Availability, Content, CustomerProfile, DeskConversationId, DeskMessageId, Identity},
};

/// Starts desks.
///
/// ```
/// use shopbell::testing::conformance::{DeskSide, Harness, MemoryHarness};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let desk = MemoryHarness.start().await;
/// assert!(desk.backend().capabilities().realtime);
/// # }
/// ```
pub trait Harness: Send + Sync {
    /// A desk with its adapter.
    type Desk: DeskSide;

    /// A desk for one check: fresh, or the one that there is. Nothing may answer by itself there.
    fn start(&self) -> impl Future<Output = Self::Desk> + Send;
}

/// A desk's own side, with the adapter to it. What a desk can't do stays at its default, and is skipped.
///
/// The least that is of use is [`backend`](Self::backend) and [`agent_writes`](Self::agent_writes).
pub trait DeskSide: Send + Sync {
    /// The adapter, with the right inbox.
    fn backend(&self) -> Arc<dyn Backend>;

    /// The adapter, with an inbox that the desk does not know.
    fn unknown_inbox(&self) -> Option<Arc<dyn Backend>> {
        None
    }

    /// A customer's identity with a right proof.
    fn identity(&self, identifier: &str) -> Option<Identity> {
        let _ = identifier;
        None
    }

    /// Whether the event of a message's creation repeats the key that it was sent with.
    fn repeats_echo(&self) -> bool {
        true
    }

    /// The agent writes words, or asks something.
    fn agent_writes(
        &self,
        conversation: DeskConversationId,
        content: &Content,
    ) -> impl Future<Output = Option<DeskMessageId>> + Send {
        let _ = (conversation, content);
        async { None }
    }

    /// The agent sends a file.
    fn agent_attaches(
        &self,
        conversation: DeskConversationId,
        name: &str,
        bytes: &[u8],
    ) -> impl Future<Output = Option<DeskMessageId>> + Send {
        let _ = (conversation, name, bytes);
        async { None }
    }

    /// A message's words change.
    fn edit(&self, message: DeskMessageId, text: &str) -> impl Future<Output = bool> + Send {
        let _ = (message, text);
        async { false }
    }

    /// A message is taken back.
    fn delete(&self, message: DeskMessageId) -> impl Future<Output = bool> + Send {
        let _ = message;
        async { false }
    }

    /// The agent ends the conversation.
    fn resolve(&self, conversation: DeskConversationId) -> impl Future<Output = bool> + Send {
        let _ = conversation;
        async { false }
    }

    /// The agent types, or stops.
    fn agent_types(&self, conversation: DeskConversationId, typing: bool) -> impl Future<Output = bool> + Send {
        let _ = (conversation, typing);
        async { false }
    }

    /// The agent looks at the conversation.
    fn agent_sees(&self, conversation: DeskConversationId) -> impl Future<Output = bool> + Send {
        let _ = conversation;
        async { false }
    }

    /// The agents come, or go.
    fn set_availability(&self, availability: Availability) -> impl Future<Output = bool> + Send {
        let _ = availability;
        async { false }
    }

    /// The customer's typing as the agents saw it, in order.
    fn typing_seen(&self, conversation: DeskConversationId) -> impl Future<Output = Option<Vec<bool>>> + Send {
        let _ = conversation;
        async { None }
    }

    /// What the agents see of the customer; name and address are enough.
    fn profile(&self, session: &Session) -> impl Future<Output = Option<CustomerProfile>> + Send {
        let _ = session;
        async { None }
    }

    /// The desk forgets the session and its conversations.
    fn forget(&self, session: &Session) -> impl Future<Output = bool> + Send {
        let _ = session;
        async { false }
    }

    /// The help centre's slug, where there is one.
    fn portal(&self) -> Option<String> {
        None
    }

    /// The merchant publishes an article in a language and a category, which is made if it is not there.
    fn publish(
        &self,
        locale: &str,
        category: &str,
        title: &str,
        content: &str,
    ) -> impl Future<Output = Option<ArticleId>> + Send {
        let _ = (locale, category, title, content);
        async { None }
    }

    /// The merchant takes an article back.
    fn unpublish(&self, article: &ArticleId) -> impl Future<Output = bool> + Send {
        let _ = article;
        async { false }
    }

    /// How often an article was read.
    fn views(&self, article: &ArticleId) -> impl Future<Output = Option<u64>> + Send {
        let _ = article;
        async { None }
    }

    /// What the agents know of how a conversation began.
    fn context(&self, conversation: DeskConversationId) -> impl Future<Output = Option<ConversationContext>> + Send {
        let _ = conversation;
        async { None }
    }

    /// The last vote on an article.
    fn vote_on(&self, article: &ArticleId) -> impl Future<Output = Option<bool>> + Send {
        let _ = article;
        async { None }
    }

    /// All realtime connections break.
    fn drop_connections(&self) -> impl Future<Output = bool> + Send {
        async { false }
    }
}
