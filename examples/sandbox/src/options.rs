//! What a sandbox can be told at its start, and why it may fail to.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::{automation::Automation, version::DeskVersion};

/// How the desk behaves. `Options::default()` is a quiet, repeatable desk for tests: no bot, no greeting, port 0.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The origin written into attachment links and accepted by the help centre, when it is not the listening
    /// address (a phone reaches its emulator's host as `http://10.0.2.2:PORT`).
    pub public_url: Option<String>,
    /// The public identifier of the one inbox.
    pub inbox_identifier: String,
    /// The inbox's name, shown by inbox show.
    pub inbox_name: String,
    /// Key of the identity HMAC. Without one the inbox gets a random key, so that every hash is wrong, as for a
    /// merchant who does not know the key.
    pub hmac_key: Option<String>,
    /// Whether every contact request must carry a right hash.
    pub hmac_mandatory: bool,
    /// Whether the inbox keeps one conversation per contact (`lock_to_single_conversation`).
    pub single_conversation: bool,
    /// The release of Chatwoot that the desk plays.
    pub desk_version: DeskVersion,
    /// What the desk does as soon as a customer has begun a conversation.
    pub automation: Option<Automation>,
    /// Whether the files of a message come in another order each time, as a database without `ORDER BY` may give them.
    pub shuffle_attachments: bool,
    /// Where to keep everything; without it the desk forgets at its end.
    pub data_dir: Option<PathBuf>,
    /// Whether a bot answers first. A new conversation is then born `pending`.
    pub bot: bool,
    /// How long the bot appears to type.
    pub bot_delay: Duration,
    /// Greeting sent on a customer's first message.
    pub greeting: Option<String>,
    /// Message sent while the desk is closed. Setting it closes the desk on all seven days.
    pub out_of_office: Option<String>,
    /// Whether inbox show says that its hours (Monday to Friday, nine to five) count.
    pub working_hours: bool,
    /// Time zone shown by inbox show, as Rails names it.
    pub timezone: String,
    /// Whether to fill the help centre with the shop's articles.
    pub seed: bool,
    /// The help centre's slug: its pages are at `/hc/SLUG/LOCALE`.
    pub help_slug: String,
    /// The help centre's default locale.
    pub locale: String,
    /// Messages a conversation takes in a minute, agents' included, before it answers 422.
    pub flood_limit: u32,
    /// Requests an address may make in a minute before it gets 429; `None` as loopback is safelisted.
    pub ip_limit: Option<u32>,
    /// Largest request body, as a proxy in front of the desk would set it; past it the answer is an HTML 413.
    pub max_body_bytes: Option<usize>,
    /// Time between two pings on the cable.
    pub ping_interval: Duration,
    /// Whether resolving a conversation asks the customer for a rating.
    pub csat: bool,
    /// How late a background job runs after the request that asked for it.
    pub job_delay: Duration,
    /// Where to tell of each message (`message_created`), as an account's webhook: `http` only.
    pub webhook: Option<hyper::Uri>,
    /// Whether a request takes as long as it would take a real desk ([`RequestLog::cost_ms`](crate::RequestLog)): what a
    /// client does by how long it waited is only then what it would do.
    pub takes_its_time: bool,
    /// Seed of all tokens, names and fault dice.
    pub random_seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            inbox_identifier: "shop".to_owned(),
            inbox_name: "Shop app".to_owned(),
            hmac_key: None,
            hmac_mandatory: false,
            single_conversation: false,
            desk_version: DeskVersion::default(),
            automation: None,
            shuffle_attachments: false,
            data_dir: None,
            bot: false,
            bot_delay: Duration::from_millis(20),
            greeting: None,
            out_of_office: None,
            working_hours: false,
            timezone: "Asia/Ho_Chi_Minh".to_owned(),
            seed: true,
            help_slug: "shop".to_owned(),
            locale: "en".to_owned(),
            // Chatwoot's CONVERSATION_MESSAGE_PER_MINUTE_LIMIT.
            flood_limit: 200,
            ip_limit: None,
            max_body_bytes: None,
            // Action Cable's beat.
            ping_interval: Duration::from_secs(3),
            csat: true,
            job_delay: Duration::from_millis(50),
            webhook: None,
            takes_its_time: false,
            random_seed: 1,
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address could not be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data directory could not be read or written.
    #[error("cannot use {path} as the data directory: {source}")]
    Data {
        /// The directory asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not called from within a tokio runtime.
    #[error("a sandbox needs a tokio runtime to run on")]
    NoRuntime,
}
