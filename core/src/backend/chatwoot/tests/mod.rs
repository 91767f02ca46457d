//! The adapter against desks made by hand, each of which speaks just enough to misbehave in one way.

mod canned;
mod contacts;
mod files;
#[cfg(feature = "help-center")]
mod help;
mod mapping;
mod realtime;
mod recorded_frames;
mod recordings;
mod requests;
mod tls;
mod transport;
mod trouble;

use std::{sync::Arc, time::Duration};

use url::Url;

use super::{Chatwoot, ChatwootOptions, cable::Timing};
use crate::{
    Clock, Limits, Timestamp,
    backend::{Secret, Session},
};

const KEY: &str = "s3cret-key";
const TOKEN: &str = "s3cret-token";

/// Where [`Stopped`] stands.
const NOW: Timestamp = Timestamp::from_seconds(1_750_000_000);

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn options(desk: &Url) -> ChatwootOptions {
    ChatwootOptions {
        desk_url: desk.clone(),
        inbox: "inbox".to_owned(),
        user_agent: "test/1".to_owned(),
        limits: Limits { connect_timeout: Duration::from_secs(5), ..Limits::default() },
        clock: Arc::new(Stopped),
    }
}

fn adapter(desk: &Url) -> Chatwoot {
    Chatwoot::new(options(desk)).unwrap()
}

fn adapter_with(desk: &Url, limits: impl FnOnce(&mut Limits), timing: Timing) -> Chatwoot {
    let mut options = options(desk);
    limits(&mut options.limits);
    Chatwoot::with(options, timing, super::tls::config()).unwrap()
}

fn session() -> Session {
    Session { key: Secret::new(KEY), realtime_token: Some(Secret::new(TOKEN)), verified: false }
}
