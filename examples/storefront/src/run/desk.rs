//! The desk that the shop talks to: its own, or a real one.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use sandbox::{Options, Sandbox, SandboxError};
use shopbell::{
    ClientConfig, HelpCenterConfig, SupportClient, SupportError,
    backend::chatwoot::{Chatwoot, ChatwootOptions},
};

use super::{
    place::Place,
    switch::{Switch, Switched},
};
use crate::{cli::Arguments, problem::Problem, shop::server::SANDBOX_KEY};

/// The port that the embedded desk likes best: the same as of `cargo run -p sandbox`.
const USUAL_PORT: u16 = 3900;

/// How often the desk is asked for news while no conversation is on screen. A phone asks every two minutes to let its
/// radio sleep; a terminal has none, and the badge shall show while somebody looks at it.
const IDLE_POLL: Duration = Duration::from_secs(5);

/// A desk, and what the merchant's server knows of it.
pub(crate) struct Desk {
    pub(crate) url: String,
    pub(crate) inbox: String,
    pub(crate) hmac_key: Option<String>,
    /// The network between the app and this desk.
    pub(crate) switch: Switch,
    plain_http: bool,
    help_center: Option<HelpCenterConfig>,
    embedded: Option<Sandbox>,
}

impl Desk {
    /// A real one.
    pub(crate) fn real(arguments: &Arguments) -> Option<Self> {
        Some(Self {
            url: arguments.desk.clone()?,
            inbox: arguments.inbox.clone()?,
            hmac_key: arguments.hmac_key.clone(),
            switch: Switch::new(),
            plain_http: arguments.plain_http,
            help_center: arguments.help_center.clone().map(|slug| help_center(slug, arguments)),
            embedded: None,
        })
    }

    /// Its own, at the port that it had before; the second value is the port that it has now.
    pub(crate) async fn embedded(
        place: &Place,
        port: Option<u16>,
        arguments: &Arguments,
    ) -> Result<(Self, u16), Problem> {
        let vietnamese = arguments.languages.first().is_some_and(|first| first.starts_with("vi"));
        let sandbox = match start(place, port.unwrap_or(USUAL_PORT), vietnamese).await {
            // Nothing was ever said at this port: any other will do.
            Err(SandboxError::Listen { .. }) if port.is_none() => start(place, 0, vietnamese).await,
            other => other,
        };
        let sandbox = sandbox.map_err(|error| refused(place, &error))?;
        let port = sandbox.url().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(USUAL_PORT);
        let desk = Self {
            url: sandbox.url(),
            inbox: sandbox.inbox_identifier().to_owned(),
            hmac_key: Some(SANDBOX_KEY.to_owned()),
            switch: Switch::new(),
            plain_http: false,
            help_center: Some(help_center(sandbox.help_slug().to_owned(), arguments)),
            embedded: Some(sandbox),
        };
        Ok((desk, port))
    }

    /// A test's own.
    #[cfg(test)]
    pub(crate) fn of_test(sandbox: &Sandbox) -> Self {
        Self {
            url: sandbox.url(),
            inbox: sandbox.inbox_identifier().to_owned(),
            hmac_key: Some(SANDBOX_KEY.to_owned()),
            switch: Switch::new(),
            plain_http: false,
            help_center: None,
            embedded: None,
        }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Opens a client on it, with the switch in between.
    pub(crate) async fn open(&self, place: &Place) -> Result<SupportClient, SupportError> {
        let config = self.config(place);
        let chatwoot = Chatwoot::new(ChatwootOptions::try_from(&config)?)?;
        SupportClient::open_with(config, Arc::new(Switched::new(chatwoot, self.switch.clone()))).await
    }

    fn config(&self, place: &Place) -> ClientConfig {
        let mut config = ClientConfig::new(self.url.clone(), self.inbox.clone(), place.phone());
        config.allow_plain_http = self.plain_http;
        config.help_center = self.help_center.clone();
        config.limits.idle_poll = IDLE_POLL;
        config.user_agent = concat!("storefront/", env!("CARGO_PKG_VERSION")).to_owned();
        config
    }

    pub(crate) async fn shutdown(self) {
        if let Some(sandbox) = self.embedded {
            sandbox.shutdown().await;
        }
    }
}

fn help_center(slug: String, arguments: &Arguments) -> HelpCenterConfig {
    HelpCenterConfig::new(slug).in_languages(arguments.languages.clone())
}

/// A desk that speaks the shopper's language first.
async fn start(place: &Place, port: u16, vietnamese: bool) -> Result<Sandbox, SandboxError> {
    let (locale, greeting) = if vietnamese {
        ("vi", "Chào mừng bạn đến với **Lantern & Loom**! Chúng tôi có thể giúp gì cho bạn?")
    } else {
        ("en", "Welcome to **Lantern & Loom**! How can we help you today?")
    };
    Sandbox::start(Options {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        inbox_name: crate::shop::NAME.to_owned(),
        hmac_key: Some(SANDBOX_KEY.to_owned()),
        data_dir: Some(place.desk()),
        bot: true,
        // Long enough to see it type.
        bot_delay: Duration::from_millis(1200),
        greeting: Some(greeting.to_owned()),
        locale: locale.to_owned(),
        ..Options::default()
    })
    .await
}

fn refused(place: &Place, error: &SandboxError) -> Problem {
    match error {
        SandboxError::Listen { addr, source } if source.kind() == io::ErrorKind::AddrInUse => Problem::new(
            format!("port {} is taken, and this folder's desk lives there ({})", addr.port(), place.folder().display()),
            "is the shop open in another window? close it there, or open a second shop with --data OTHER-FOLDER",
        ),
        other => Problem::new(other.to_string(), "name another folder with --data DIR"),
    }
}
