//! What is to be examined, and how long it may take.

use std::{fmt, sync::Arc, time::Duration};

use rustls::RootCertStore;
use url::Url;

/// Something that must not be printed: a key or a source id.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The longest key or source id that makes sense.
    const MAX_CHARS: usize = 4_096;

    /// Takes what a file holds, without the white space around it.
    ///
    /// # Errors
    /// [`UsageError::Secret`] if nothing is left, or far too much.
    pub fn from_file_text(text: &str) -> Result<Self, UsageError> {
        let text = text.trim();
        if text.is_empty() || text.len() > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(UsageError::Secret);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why there is nothing to examine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// The desk's address is none.
    #[error("the desk's address must look like https://desk.example.com: {0}")]
    Desk(String),
    /// The inbox's identifier is empty.
    #[error("the inbox's identifier is empty; it stands in the inbox's settings")]
    Inbox,
    /// A file that should hold a key or a source id holds none.
    #[error("the file must hold one line: the key, or the source id")]
    Secret,
}

/// How long things may take. Every request ends by these, and so does the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until an answer has come whole. A desk's own limit is 15 s.
    pub request: Duration,
    /// Until the socket's welcome, its confirmation, and two of its pings.
    pub socket: Duration,
    /// Until the frame of a message comes.
    pub frame: Duration,
    /// The whole run.
    pub whole: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(20),
            socket: Duration::from_secs(10),
            frame: Duration::from_secs(30),
            whole: Duration::from_secs(300),
        }
    }
}

/// What to examine.
#[derive(Debug, Clone)]
pub struct Options {
    /// The desk's address; a path is a prefix.
    pub desk: Url,
    /// The inbox's identifier.
    pub inbox: String,
    /// The key of the identity hash, to be checked.
    pub hmac_key: Option<Secret>,
    /// The source id of a contact that exists, to be read.
    pub source_id: Option<Secret>,
    /// The help centre's slug.
    pub help_center: Option<String>,
    /// Whether one marked contact with one marked conversation may be made.
    pub write: bool,
    /// Customers a day, for the load.
    pub customers: u32,
    /// How long things may take.
    pub timing: Timing,
    /// Whom a phone trusts: the SDK has Mozilla's list compiled in.
    pub roots: Arc<RootCertStore>,
}

impl Options {
    /// Examines this desk, reading only.
    ///
    /// # Errors
    /// [`UsageError`], where no request can be made with it.
    pub fn new(desk: &str, inbox: &str) -> Result<Self, UsageError> {
        let wrong = |why: &str| UsageError::Desk(why.to_owned());
        let mut desk = Url::parse(desk.trim()).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(desk.scheme(), "http" | "https") {
            return Err(wrong("it must begin with https://"));
        }
        if !desk.username().is_empty() || desk.password().is_some() {
            return Err(wrong("it must hold no name and no password"));
        }
        desk.set_query(None);
        desk.set_fragment(None);
        let inbox = inbox.trim();
        if inbox.is_empty() {
            return Err(UsageError::Inbox);
        }
        Ok(Self {
            desk,
            inbox: inbox.to_owned(),
            hmac_key: None,
            source_id: None,
            help_center: None,
            write: false,
            customers: 10_000,
            timing: Timing::default(),
            roots: Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn address_that_leads_nowhere_is_refused() {
        for wrong in ["", "desk.example", "ftp://desk.example", "https://me:secret@desk.example", "https://"] {
            assert!(matches!(Options::new(wrong, "shop"), Err(UsageError::Desk(_))), "{wrong}");
        }
        assert!(matches!(Options::new("https://desk.example", " "), Err(UsageError::Inbox)));
        let options = Options::new(" https://desk.example/support/?a=b#c", " shop ").unwrap();
        assert_eq!((options.desk.as_str(), options.inbox.as_str()), ("https://desk.example/support/", "shop"));
    }

    #[test]
    fn secret_is_a_files_line_and_is_never_shown() {
        let secret = Secret::from_file_text(" key\r\n").unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("key", "***"));
        for wrong in ["", "\n", "a\nb", &"x".repeat(5_000)] {
            assert_eq!(Secret::from_file_text(wrong), Err(UsageError::Secret));
        }
    }
}
