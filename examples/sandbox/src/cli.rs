//! The command line, and the words at the start.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::Parser;
use sandbox::{Automation, DeskVersion, Options, Rule};

/// A support desk in one process that answers as Chatwoot does.
#[derive(Debug, Parser)]
#[command(name = "sandbox", after_help = FAULT_HELP)]
pub(crate) struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 3900)]
    port: u16,
    /// Address to listen on; 0.0.0.0 lets phones of your network in
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Origin written into attachment links, such as http://10.0.2.2:3900
    #[arg(long)]
    public_url: Option<String>,
    /// Identifier of the inbox
    #[arg(long, default_value = "shop")]
    inbox: String,
    /// Key of the identity HMAC
    #[arg(long, default_value = "sandbox-hmac-key")]
    hmac_key: String,
    /// Refuse contacts without a right hash
    #[arg(long)]
    hmac_mandatory: bool,
    /// Keep one conversation per contact
    #[arg(long)]
    single_conversation: bool,
    /// Release of Chatwoot to play: 3.16.0, 4.15.1, 4.16.2 or any other
    #[arg(long, default_value_t)]
    desk_version: DeskVersion,
    /// Let an automation write this into each conversation that a customer begins
    #[arg(long, value_name = "TEXT")]
    automation_speaks: Option<String>,
    /// Let an automation begin another conversation with this text whenever a customer begins one
    #[arg(long, value_name = "TEXT", conflicts_with = "automation_speaks")]
    automation_opens: Option<String>,
    /// Give the files of a message in another order each time
    #[arg(long)]
    shuffle_attachments: bool,
    /// Directory to keep everything in; without it all is forgotten at the end
    #[arg(long)]
    data: Option<PathBuf>,
    /// Play a fault (repeatable); see below
    #[arg(long = "fault", value_name = "RULE")]
    pub(crate) faults: Vec<Rule>,
    /// Let nobody answer by itself
    #[arg(long)]
    no_bot: bool,
    /// Ask for no rating after a conversation
    #[arg(long)]
    no_csat: bool,
    /// Language of the greeting, the bot and the help centre
    #[arg(long, default_value = "en", value_parser = ["en", "vi"])]
    locale: String,
    /// Greeting on the first message; empty for none
    #[arg(long)]
    greeting: Option<String>,
    /// Close the desk, with this message
    #[arg(long)]
    out_of_office: Option<String>,
    /// Messages a minute in one conversation
    #[arg(long, default_value_t = 200)]
    flood_limit: u32,
    /// Requests a minute from one address
    #[arg(long)]
    ip_limit: Option<u32>,
    /// Largest request body
    #[arg(long)]
    max_body_bytes: Option<usize>,
    /// Where to tell of each message, such as http://127.0.0.1:8080/desk: see docs/push.md
    #[arg(long, value_parser = webhook)]
    webhook: Option<hyper::Uri>,
    /// Seed of tokens and of the faults' dice
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const FAULT_HELP: &str = "\
Faults: [METHOD] [path] FAULT [p=PROBABILITY] [COUNT], for example
  --fault 'POST messages reset-after-write 3'    the next 3 sends are written, then the connection is reset
  --fault 'GET latency=800 p=0.5'                half of all reads take 0.8 s longer
  --fault 'message.created cable-drop 1'         the next new message is lost on the cable
  --fault deaf                                   sockets are pinged and told nothing
FAULT is one of latency=MS, drop-before-write, reset-after-write, status=CODE, status-after-write=CODE,
too-many-requests, truncate=BYTES, captive-portal, hang, cable-duplicate, cable-reorder, cable-drop,
cable-swap, cable-strip-echo, cable-half-open, cable-refuse, cable-disconnect=REASON[,stay-away], deaf,
late-frames=SECONDS, list-too-long=MESSAGES[,SECONDS]";

impl Arguments {
    /// The options they ask for.
    pub(crate) fn options(&self) -> Options {
        let greeting = if self.locale == "vi" {
            "Xin chào! Bạn cần chúng tôi giúp gì hôm nay?"
        } else {
            "Hello! How can we help you today?"
        };
        Options {
            addr: (self.host, self.port).into(),
            public_url: self.public_url.clone(),
            inbox_identifier: self.inbox.clone(),
            hmac_key: Some(self.hmac_key.clone()),
            hmac_mandatory: self.hmac_mandatory,
            single_conversation: self.single_conversation,
            desk_version: self.desk_version,
            automation: self
                .automation_speaks
                .clone()
                .map(Automation::Speaks)
                .or_else(|| self.automation_opens.clone().map(Automation::Opens)),
            shuffle_attachments: self.shuffle_attachments,
            data_dir: self.data.clone(),
            bot: !self.no_bot,
            // Long enough to see the bot type.
            bot_delay: Duration::from_millis(900),
            // As the desk does: an empty greeting is none.
            greeting: Some(self.greeting.clone().unwrap_or_else(|| greeting.to_owned()))
                .filter(|text| !text.is_empty()),
            out_of_office: self.out_of_office.clone(),
            locale: self.locale.clone(),
            flood_limit: self.flood_limit,
            ip_limit: self.ip_limit,
            max_body_bytes: self.max_body_bytes,
            csat: !self.no_csat,
            webhook: self.webhook.clone(),
            random_seed: self.seed,
            ..Options::default()
        }
    }
}

/// An address that the desk can post to.
fn webhook(text: &str) -> Result<hyper::Uri, String> {
    let url: hyper::Uri = text.parse().map_err(|_| "is no address")?;
    if url.scheme_str() != Some("http") || url.host().is_none() {
        return Err("must begin with http:// and name a host; the sandbox speaks no TLS".to_owned());
    }
    Ok(url)
}

/// What a newcomer reads first: where the desk is, and two lines to try.
pub(crate) fn welcome(url: &str, inbox: &str) -> String {
    let base = format!("{url}/public/api/v1/inboxes/{inbox}/contacts");
    format!(
        "The desk is open at {url}, inbox `{inbox}`. Open the address in a browser to answer customers.\n\
         Try it as a customer, then read the help centre:\n\n  \
         curl -s {base} -d source_id=me && curl -s -X POST {base}/me/conversations && \
         curl -s {base}/me/conversations/1/messages -d content='Where is my order?'\n  \
         curl -s '{url}/hc/shop/en/articles.json?query=return'\n\n\
         Press Ctrl-C to close it.\n"
    )
}
