//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use shopbell_doctor::{Options, Secret, Timing};

/// Examines a support desk before an app is integrated with it: what a phone will meet there, and what it costs.
///
/// It only reads, unless --write is given. It ends with 0 if nothing stops an integration, with 1 if something does, and
/// with 2 if the desk was not reached or the command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "shopbell-doctor", version)]
pub(crate) struct Arguments {
    /// The desk's address, as the app will have it
    #[arg(long, value_name = "URL")]
    desk: String,
    /// The identifier of the inbox, which is of the type API
    #[arg(long, value_name = "ID")]
    inbox: String,
    /// A file with the inbox's HMAC key, to check whether it is right; it is never printed
    #[arg(long, value_name = "FILE")]
    hmac_key_file: Option<PathBuf>,
    /// A file with the source id of a contact with a history, to measure what reading it costs
    #[arg(long, value_name = "FILE")]
    source_id_file: Option<PathBuf>,
    /// The help centre's slug: it stands after /hc/ in its address
    #[arg(long, value_name = "SLUG")]
    help_center: Option<String>,
    /// Write one marked test conversation with one marked contact
    #[arg(long)]
    write: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Customers a day, for the load
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    customers: u32,
    /// Seconds that an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=120))]
    timeout: u64,
}

impl Arguments {
    /// What they ask for, or what is wrong with them.
    pub(crate) fn options(&self) -> Result<Options, String> {
        let options = Options::new(&self.desk, &self.inbox).map_err(|error| error.to_string())?;
        Ok(Options {
            hmac_key: self.hmac_key_file.as_ref().map(secret).transpose()?,
            source_id: self.source_id_file.as_ref().map(secret).transpose()?,
            help_center: self.help_center.clone().filter(|slug| !slug.trim().is_empty()),
            write: self.write,
            customers: self.customers,
            timing: Timing { request: Duration::from_secs(self.timeout), ..options.timing },
            ..options
        })
    }
}

fn secret(file: &PathBuf) -> Result<Secret, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    Secret::from_file_text(&text).map_err(|error| format!("{}: {error}", file.display()))
}
