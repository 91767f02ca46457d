//! The command line.

use std::{fs, path::PathBuf, sync::Mutex};

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::problem::Problem;

/// Lantern & Loom: a terminal shop with in-app customer support by Shopbell.
///
/// Without options it brings its own support desk, in the same process, and prints where to open the desk's console
/// in a browser, so that you can be the shopper here and the agent there.
#[derive(Debug, Parser)]
#[command(name = "storefront", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Play a whole story without a terminal, tell it line by line, and fail if any of it did not happen
    #[arg(long, conflicts_with_all = ["desk", "inbox", "hmac_key", "data"])]
    pub(crate) tour: bool,
    /// In the tour, send a photo of so many megabytes, and fetch it again
    #[arg(long, value_name = "MB", default_value_t = 1)]
    pub(crate) tour_megabytes: u32,
    /// Use a real desk: its address, as it stands in your browser
    #[arg(long, value_name = "URL", requires = "inbox")]
    pub(crate) desk: Option<String>,
    /// The real desk's inbox identifier (an API inbox's)
    #[arg(long, value_name = "ID", requires = "desk")]
    pub(crate) inbox: Option<String>,
    /// The inbox's HMAC key, to prove who is logged in (only this demo holds it: a shop's server does)
    #[arg(long, value_name = "KEY", requires = "desk")]
    pub(crate) hmac_key: Option<String>,
    /// The real desk's help centre, by its slug
    #[arg(long, value_name = "SLUG", requires = "desk")]
    pub(crate) help_center: Option<String>,
    /// The shopper's language (repeatable, the best first)
    #[arg(long = "language", value_name = "TAG", default_values = ["en", "vi"])]
    pub(crate) languages: Vec<String>,
    /// Let plain http reach other machines: a desk on your own network
    #[arg(long, requires = "desk")]
    pub(crate) plain_http: bool,
    /// Open without asking the desk whether it is there
    #[arg(long, requires = "desk")]
    pub(crate) unchecked: bool,
    /// Where everything is kept [default: $XDG_STATE_HOME/lantern-and-loom, or ~/.local/state/…]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Write a log to this file; RUST_LOG says how much
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// The tour's own: be the app that is killed
    #[arg(long, hide = true, requires_all = ["desk", "inbox", "data", "tour_proof"])]
    pub(crate) tour_child: bool,
    /// The tour's own: what the merchant's server says of the shopper
    #[arg(long, hide = true, value_name = "HEX")]
    pub(crate) tour_proof: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  storefront                                   the shop with its own desk
  storefront --tour                            the story, also without a terminal
  storefront --desk https://desk.example.com --inbox 8wN1sQ4r --hmac-key KEY
                                               the shop with your own Chatwoot

Keys are shown at the bottom of each screen; F1 shows all.";

/// Sends what the libraries say to a file: the screen belongs to the shop.
pub(crate) fn log_to(file: &PathBuf) -> Result<(), Problem> {
    let open = fs::OpenOptions::new().create(true).append(true).open(file);
    let open = open.map_err(|error| Problem::new(format!("--log {}: {error}", file.display()), "name another file"))?;
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,shopbell=debug,sandbox=debug"));
    tracing_subscriber::fmt().with_writer(Mutex::new(open)).with_ansi(false).with_env_filter(filter).init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_desk_without_its_inbox_is_refused() {
        assert!(Arguments::try_parse_from(["storefront", "--desk", "https://desk"]).is_err());
        assert!(Arguments::try_parse_from(["storefront", "--tour", "--data", "x"]).is_err());
    }
}
