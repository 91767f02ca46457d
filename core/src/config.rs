//! What a client is opened with, checked before anything is touched.

use std::{path::PathBuf, sync::Arc, time::Duration};

use url::Url;

use crate::{
    SupportError, Vault, address,
    clock::{Clock, Random, SystemClock, SystemRandom},
};

/// How to reach the desk, where to keep what was written, and the limits.
///
/// ```
/// use shopbell::ClientConfig;
/// let config = ClientConfig::new("https://desk.example.com", "inbox-identifier", "/tmp/support");
/// assert!(config.validate().is_ok());
/// assert!(ClientConfig::new("ftp://desk", "inbox", "/tmp/support").validate().is_err());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The desk's address: `https`, or `http` on this very machine. A path is kept (a desk behind a prefix).
    pub desk_url: String,
    /// The inbox's identifier, from the desk's settings. Public: it is no secret.
    pub inbox: String,
    /// A folder of the app's own. Made if it is not there. Nothing outside it is written.
    pub data_dir: PathBuf,
    /// Allows plain `http` to other machines, for a desk on the developer's own network. Never ship it.
    pub allow_plain_http: bool,
    /// Names the app to the desk, as `name/version`.
    pub user_agent: String,
    /// The help centre; `None` for an app without.
    #[cfg(feature = "help-center")]
    pub help_center: Option<crate::HelpCenterConfig>,
    /// Sizes and times.
    pub limits: Limits,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Keeps the desk's keys from being read where they are kept; `None` where the system's guard of the data folder is
    /// enough.
    pub vault: Option<Arc<dyn Vault>>,
}

/// Sizes and times, with defaults that suit a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest that a connection may take to be made. 10 s: a phone in a train.
    pub connect_timeout: Duration,
    /// The longest that a small request may take as a whole. 30 s: past it, the customer has long seen "waiting".
    pub request_timeout: Duration,
    /// How long [`SupportClient::handle_push`](crate::SupportClient::handle_push) asks the desk before it tells what is
    /// known without it. 8 s: Android lets a messaging service work for ten at least, Apple's systems an extension for
    /// thirty, and a client that was opened for the push may take three more to close.
    pub push_timeout: Duration,
    /// How long after a request that ended unclear the desk may still be acting on it. 10 s: a message is sent again
    /// only when a look after this finds nothing, so a smaller value risks a message twice, a larger one delays.
    pub settle: Duration,
    /// The largest answer that is read, after decompression. 64 MiB: above the whole history of a busy customer.
    pub max_response_bytes: usize,
    /// How often the newest page of the conversation that moved last is asked for while neither a conversation nor the
    /// list is on screen. 2 minutes: one small conditional request, so that a badge follows and the radio can sleep.
    pub idle_poll: Duration,
    /// How often the conversation on screen is asked for while an answer is awaited and the realtime connection is missing
    /// or late. 10 s. Less often where nothing moves.
    pub active_poll: Duration,
    /// The same while the connection is up: an answer is shown within this time even where the connection, for all its
    /// pings, tells nothing. 15 s. Less often where nothing moves.
    pub live_poll: Duration,
    /// How often, at most, the desk is asked whether it is back: while it is out of reach and something waits to be sent. 10 s:
    /// one cheap request, sooner at first. After this time the host's word that there is no network is doubted, too, where
    /// something waits or is on screen, and then ever less often, up to six times this.
    pub offline_poll: Duration,
    /// How many messages a page of the timeline holds. 50: two to three screens.
    pub page_size: u32,
    /// How many files a message may have. 10; the desk may take fewer.
    pub max_attachments: usize,
    /// The largest file that may be attached, in bytes. 100 MB, which most desks' proxies take; past it nothing is
    /// kept, and the app is told so at once.
    pub max_attachment_bytes: u64,
    /// The media types that may be attached, as `image/png` or `image/*`. Empty: all.
    pub attachment_types: Vec<String>,
    /// Sends a photo or film even if the place where it was taken can't be removed from it, and logs a warning. Off:
    /// such a message is refused with [`SupportError::LocationNotRemovable`]. See
    /// [`NewAttachment`](crate::NewAttachment) for the formats.
    pub allow_unremovable_location: bool,
    /// How long a file that is sent or fetched may stand still before the connection counts as broken. 30 s: a phone
    /// that changes from one network to another. A file that moves may take as long as it needs.
    pub stall_timeout: Duration,
    /// How much room fetched files may take, in bytes: past it those go that were not used for longest. 256 MB. What
    /// is still to be sent is never counted and never goes.
    pub max_cache_bytes: u64,
}

/// How many times [`Limits::request_timeout`] the desk may take to answer once it has all of a message with files: it
/// keeps them before it answers, and the last of them may still be on the way.
const FILES_KEPT_WITHIN: u32 = 4;

impl Limits {
    /// How long the desk may take to answer once it has all of a message with files.
    pub(crate) fn files_answer(&self) -> Duration {
        self.request_timeout.saturating_mul(FILES_KEPT_WITHIN)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            push_timeout: Duration::from_secs(8),
            settle: Duration::from_secs(10),
            max_response_bytes: 64 << 20,
            idle_poll: Duration::from_secs(120),
            active_poll: Duration::from_secs(10),
            live_poll: Duration::from_secs(15),
            offline_poll: Duration::from_secs(10),
            page_size: 50,
            max_attachments: 10,
            max_attachment_bytes: 100 << 20,
            attachment_types: Vec::new(),
            allow_unremovable_location: false,
            stall_timeout: Duration::from_secs(30),
            max_cache_bytes: 256 << 20,
        }
    }
}

impl ClientConfig {
    /// With the defaults for everything else.
    pub fn new(desk_url: impl Into<String>, inbox: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            desk_url: desk_url.into(),
            inbox: inbox.into(),
            data_dir: data_dir.into(),
            allow_plain_http: false,
            user_agent: concat!("shopbell/", env!("CARGO_PKG_VERSION")).to_owned(),
            #[cfg(feature = "help-center")]
            help_center: None,
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            vault: None,
        }
    }

    /// Checks every field and touches nothing. [`SupportClient::open`](crate::SupportClient::open) does it first.
    ///
    /// Errors: [`SupportError::InvalidConfig`], naming the field.
    pub fn validate(&self) -> Result<Url, SupportError> {
        let invalid = |field, problem: &str| SupportError::InvalidConfig { field, problem: problem.to_owned() };
        let url = address::parse(self.desk_url.trim()).map_err(|error| {
            invalid("desk_url", &format!("not an address ({error}); expected https://desk.example.com"))
        })?;
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(invalid("desk_url", "it names no host; expected https://desk.example.com")),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback || self.allow_plain_http => {}
            "http" => {
                return Err(invalid(
                    "desk_url",
                    "plain http sends every message readable to all on the way; use https \
                     (or allow_plain_http for a desk on your own network)",
                ));
            }
            other => return Err(invalid("desk_url", &format!("{other}: is not a desk's; use https"))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("desk_url", "must hold no user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("desk_url", "must end before any ? or #"));
        }
        if self.inbox.is_empty() || self.inbox.len() > 255 {
            return Err(invalid(
                "inbox",
                "must have 1 to 255 characters: copy the identifier from the inbox's settings",
            ));
        }
        if !self.inbox.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(invalid("inbox", "an inbox identifier has only letters, digits, - and _"));
        }
        if self.data_dir.as_os_str().is_empty() {
            return Err(invalid("data_dir", "must name a folder of the app's own"));
        }
        if self.user_agent.is_empty() || !self.user_agent.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(invalid("user_agent", "must be printable ASCII, as name/version"));
        }
        #[cfg(feature = "help-center")]
        if let Some(help) = &self.help_center {
            help.validate()?;
        }
        let limits = &self.limits;
        if limits.page_size == 0 || limits.page_size > 1_000 {
            return Err(invalid("limits.page_size", "must be 1 to 1000"));
        }
        for (field, value) in [
            ("limits.connect_timeout", limits.connect_timeout),
            ("limits.request_timeout", limits.request_timeout),
            ("limits.push_timeout", limits.push_timeout),
            ("limits.idle_poll", limits.idle_poll),
            ("limits.active_poll", limits.active_poll),
            ("limits.live_poll", limits.live_poll),
            ("limits.offline_poll", limits.offline_poll),
            ("limits.stall_timeout", limits.stall_timeout),
        ] {
            // A zero would spin.
            if value < Duration::from_millis(10) {
                return Err(invalid(field, "must be at least 10 ms"));
            }
        }
        if limits.max_response_bytes < 64 << 10 {
            return Err(invalid("limits.max_response_bytes", "must be at least 64 KiB"));
        }
        Ok(url)
    }
}

impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("desk_url", &self.desk_url)
            .field("inbox", &self.inbox)
            .field("data_dir", &self.data_dir)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(desk: &str, change: impl FnOnce(&mut ClientConfig)) -> Option<&'static str> {
        let mut config = ClientConfig::new(desk, "inbox", "data");
        change(&mut config);
        match config.validate() {
            Ok(_) => None,
            Err(SupportError::InvalidConfig { field, .. }) => Some(field),
            Err(other) => panic!("unexpected {other}"),
        }
    }

    #[test]
    fn addresses_that_can_work_are_taken() {
        for desk in ["https://desk.example.com", "https://example.com/desk/", "http://127.0.0.1:3000", "http://[::1]:1"]
        {
            assert_eq!(field(desk, |_| {}), None, "{desk}");
        }
        assert_eq!(field("http://10.0.0.2", |c| c.allow_plain_http = true), None);
    }

    #[test]
    fn addresses_that_cannot_work_are_named() {
        for desk in [
            "",
            "desk",
            "ftp://desk",
            "http://desk.example.com",
            "http://localhost.evil.com",
            "https://",
            "https://user:pass@desk",
            "https://desk/?x=1",
            "https://desk/#a",
            "javascript:alert(1)",
            "file:///etc",
        ] {
            assert_eq!(field(desk, |_| {}), Some("desk_url"), "{desk}");
        }
    }

    #[test]
    fn other_fields_that_cannot_work_are_named() {
        let ok = "https://desk";
        assert_eq!(field(ok, |c| c.inbox = String::new()), Some("inbox"));
        assert_eq!(field(ok, |c| c.inbox = "../x".into()), Some("inbox"));
        assert_eq!(field(ok, |c| c.data_dir = PathBuf::new()), Some("data_dir"));
        assert_eq!(field(ok, |c| c.user_agent = "a\nb".into()), Some("user_agent"));
        assert_eq!(field(ok, |c| c.limits.page_size = 0), Some("limits.page_size"));
        assert_eq!(field(ok, |c| c.limits.idle_poll = Duration::ZERO), Some("limits.idle_poll"));
        assert_eq!(field(ok, |c| c.limits.max_response_bytes = 1), Some("limits.max_response_bytes"));
    }
}
