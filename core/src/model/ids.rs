//! Identifiers. Local ones are ours and exist before any network does; desk ones come from the desk and order what
//! it holds.

macro_rules! local_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        $crate::json::from_json!($name(String));

        impl $name {
            /// From the text that [`as_str`](Self::as_str) gave earlier. Any text is taken: one that names nothing
            /// is answered with [`NotFound`](crate::SupportError::NotFound) where it is used.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text, for navigation arguments and logs: it holds no secret.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

local_id! {
    /// A conversation on this phone. Stable for ever: it is made before the desk knows of the conversation and stays
    /// when the desk gives its own number.
    ///
    /// ```
    /// # use shopbell::ConversationId;
    /// assert_eq!(ConversationId::new("c1").as_str(), "c1");
    /// ```
    ConversationId
}

local_id! {
    /// A message on this phone, from the moment that it is written; the desk's number comes later and changes nothing
    /// here.
    ///
    /// ```
    /// # use shopbell::MessageId;
    /// assert_eq!(MessageId::new("m1").to_string(), "m1");
    /// ```
    MessageId
}

local_id! {
    /// An attachment of a message on this phone; never changes, whatever the desk calls it.
    ///
    /// ```
    /// # use shopbell::AttachmentId;
    /// assert_eq!(AttachmentId::new("m1.1").as_str(), "m1.1");
    /// ```
    AttachmentId
}

impl AttachmentId {
    /// Before it is known which message it belongs to: what an adapter gives.
    pub(crate) fn unnamed() -> Self {
        Self(String::new())
    }

    /// Whether it is that.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.0.is_empty()
    }

    /// The attachment with this number within its message.
    pub(crate) fn of(message: &MessageId, number: usize) -> Self {
        Self(format!("{message}.{number}"))
    }

    /// The message that it belongs to; `None` where the id names none.
    pub(crate) fn message(&self) -> Option<MessageId> {
        self.0.rsplit_once('.').map(|(message, _)| MessageId::new(message))
    }

    /// Its number within the message; 0 where it has none.
    pub(crate) fn number(&self) -> usize {
        self.0.rsplit_once('.').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }
}

local_id! {
    /// A help article: the desk's own name for it, or a starter pack's.
    ///
    /// ```
    /// # use shopbell::ArticleId;
    /// assert_eq!(ArticleId::new("12").as_str(), "12");
    /// ```
    ArticleId
}

macro_rules! desk_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The desk's number; `None` unless it is positive.
            pub const fn new(number: i64) -> Option<Self> {
                if number > 0 { Some(Self(number)) } else { None }
            }

            /// The desk's number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }
    };
}

desk_id! {
    /// A conversation's number at the desk. Later conversations have higher numbers.
    DeskConversationId
}

desk_id! {
    /// A message's number at the desk. Later messages of a conversation have higher numbers: paging, gap filling and
    /// the outbox's fence stand on that.
    DeskMessageId
}
