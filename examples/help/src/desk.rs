//! Reads the help centre of a desk, as an app reads it.

use crate::lines::Failure;
use shopbell::backend::chatwoot::{Chatwoot, ChatwootOptions};
use shopbell::backend::{Backend, BackendError, DeskPortal, Fault, Fetched};
use shopbell::help::pull::{Pulled, pull};
use shopbell::{ClientConfig, HelpCenterConfig, SupportError};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// How long a desk may take to open a connection before it counts as not reached.
const REACH: Duration = Duration::from_secs(10);

/// A desk's help centre in the languages that were chosen.
pub(crate) struct HelpCentre {
    pub(crate) default_locale: String,
    pub(crate) pulled: Pulled,
}

/// Reads all of `locales`, or all languages where there are none. Nothing is given where anything is missing.
pub(crate) fn read(url: &str, portal: &str, locales: &[String]) -> Result<HelpCentre, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    // Nothing is asked of the inbox, and nothing kept.
    let mut config = ClientConfig::new(url, "none", folder.path());
    config.help_center = Some(HelpCenterConfig::new(portal));
    config.validate()?;
    let desk: Arc<dyn Backend> = Arc::new(Chatwoot::new(ChatwootOptions::try_from(&config)?)?);
    runtime.block_on(async {
        let first = locales.first().map_or("en", String::as_str);
        let told = told(&*desk, portal, first).await.map_err(|error| failure(error, url, portal))?;
        let (named, chosen) = chosen(&told, locales);
        let config = HelpCenterConfig::new(portal).in_languages(chosen.clone());
        let mut pulled = pull(desk, config, folder.path()).await?;
        let is_there = |locale: &String| {
            named.contains(locale) || pulled.articles.iter().any(|row| row.article.name.locale == *locale)
        };
        if let Some(unknown) = locales.iter().find(|locale| !is_there(locale)) {
            let what = format!("the help centre has no language {unknown:?}; it has {}", named.join(", "));
            return Err(Failure::Choice(what));
        }
        // A phone keeps the default language beside those that were chosen.
        pulled.articles.retain(|row| chosen.contains(&row.article.name.locale));
        pulled.categories.retain(|row| chosen.contains(&row.locale));
        Ok(HelpCentre { default_locale: told.default_locale, pulled })
    })
}

async fn told(desk: &dyn Backend, portal: &str, locale: &str) -> Result<DeskPortal, BackendError> {
    let none = |what| BackendError::refused(Fault::Unsupported, what);
    let help = desk.help_center().ok_or_else(|| none("no help centre"))?;
    match help.portal(portal, locale, None).await? {
        Fetched::New { value, .. } => Ok(value),
        Fetched::Unchanged => Err(none("unchanged, and never asked before")),
    }
}

/// What is wrong, told apart by whether anything answers at that address.
fn failure(error: BackendError, url: &str, portal: &str) -> Failure {
    let (url, portal) = (url.to_owned(), portal.to_owned());
    match error.fault {
        Fault::UnknownPortal => Failure::NoHelpCentre { url, portal },
        Fault::Network if answers(&url) => Failure::NoDesk { url, detail: error.detail },
        Fault::Network => Failure::Unreachable { url, detail: error.detail },
        _ => SupportError::from(error).into(),
    }
}

fn answers(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    let addresses = (host.trim_matches(['[', ']']), port).to_socket_addrs();
    addresses.is_ok_and(|mut all| all.any(|address| TcpStream::connect_timeout(&address, REACH).is_ok()))
}

/// The languages that the help centre names, and those to read. Articles without a category may be in another language,
/// so one that is not named is asked for all the same.
fn chosen(told: &DeskPortal, locales: &[String]) -> (Vec<String>, Vec<String>) {
    let mut named: Vec<String> = told.categories.iter().map(|category| category.locale.clone()).collect();
    named.push(told.default_locale.clone());
    named.sort();
    named.dedup();
    let chosen = if locales.is_empty() { named.clone() } else { locales.to_vec() };
    (named, chosen)
}
