//! How a client is set up.

use std::{path::PathBuf, time::Duration};

use crate::SupportError;

/// How to reach the desk and where to keep what was written. Checked when the client is made.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClientConfig {
    /// The desk's address: `https`, or `http` on this very machine.
    pub desk_url: String,
    /// The inbox's identifier, from the desk's settings. Public: it is no secret.
    pub inbox: String,
    /// A folder of the app's own. Made if it is not there.
    pub data_dir: String,
    /// Allows plain `http` to other machines, for a desk on the developer's own network. Never ship it.
    #[uniffi(default = false)]
    pub allow_plain_http: bool,
    /// Names the app to the desk, as `name/version`.
    #[uniffi(default = None)]
    pub user_agent: Option<String>,
    /// Sizes and times.
    #[uniffi(default = None)]
    pub limits: Option<Limits>,
    /// The help centre; `None` for an app without.
    #[uniffi(default = None)]
    pub help_center: Option<HelpCenterConfig>,
}

/// Which help centre, in which languages.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HelpCenterConfig {
    /// The help centre's slug, from the desk's settings.
    pub portal: String,
    /// The customer's languages, the best first, as tags (`vi-VN`). Empty for the help centre's own.
    #[uniffi(default)]
    pub locales: Vec<String>,
    /// The path of a starter pack that the app brings along: what is shown before the first sync.
    #[uniffi(default = None)]
    pub starter_pack: Option<String>,
    /// How old the articles may be when the help centre is used before they are asked for again, in milliseconds; 1
    /// hour.
    #[uniffi(default = None)]
    pub refresh_after_millis: Option<i64>,
}

/// Sizes and times. What is left out stays at what suits a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Limits {
    /// The longest that a connection may take to be made, in milliseconds; 10 s.
    #[uniffi(default = None)]
    pub connect_timeout_millis: Option<i64>,
    /// The longest that a small request may take as a whole, in milliseconds; 30 s.
    #[uniffi(default = None)]
    pub request_timeout_millis: Option<i64>,
    /// How long after a request that ended unclear the desk may still be acting on it, in milliseconds; 10 s.
    #[uniffi(default = None)]
    pub settle_millis: Option<i64>,
    /// The largest answer that is read, in bytes; 64 MiB.
    #[uniffi(default = None)]
    pub max_response_bytes: Option<i64>,
    /// How often the conversation that moved last is asked for while neither a conversation nor the list is on screen, in
    /// milliseconds; 2 minutes.
    #[uniffi(default = None)]
    pub idle_poll_millis: Option<i64>,
    /// How often the conversation on screen is asked for while an answer is awaited and the realtime connection is missing
    /// or late, in milliseconds; 10 s. Less often where nothing moves.
    #[uniffi(default = None)]
    pub active_poll_millis: Option<i64>,
    /// The same while the connection is up: an answer is shown within this time whatever the connection tells, in
    /// milliseconds; 15 s. Less often where nothing moves.
    #[uniffi(default = None)]
    pub live_poll_millis: Option<i64>,
    /// How many messages a page of a timeline holds; 50.
    #[uniffi(default = None)]
    pub page_size: Option<i32>,
    /// How many files a message may have; 10.
    #[uniffi(default = None)]
    pub max_attachments: Option<i32>,
    /// The largest file that may be attached, in bytes; 100 MiB.
    #[uniffi(default = None)]
    pub max_attachment_bytes: Option<i64>,
    /// The media types that may be attached, as `image/png`, with a star in place of `png` for every kind of picture; all.
    #[uniffi(default = None)]
    pub attachment_types: Option<Vec<String>>,
    /// How long a file that is sent or fetched may stand still, in milliseconds; 30 s.
    #[uniffi(default = None)]
    pub stall_timeout_millis: Option<i64>,
    /// How much room fetched files may take, in bytes; 256 MiB.
    #[uniffi(default = None)]
    pub max_cache_bytes: Option<i64>,
    /// Sends a photo or film even if the place where it was taken can't be removed from it, and logs a warning. Off: such
    /// a message is refused as `LocationNotRemovable`. `NewAttachment` names the formats.
    #[uniffi(default = false)]
    pub allow_unremovable_location: bool,
    /// How long `handlePush` asks the desk before it tells what is known without it, in milliseconds; 8 s.
    #[uniffi(default = None)]
    pub push_timeout_millis: Option<i64>,
}

impl ClientConfig {
    /// As the core takes it, checked.
    pub(crate) fn checked(self) -> Result<shopbell::ClientConfig, SupportError> {
        let mut config = shopbell::ClientConfig::new(self.desk_url, self.inbox, PathBuf::from(self.data_dir));
        config.allow_plain_http = self.allow_plain_http;
        if let Some(user_agent) = self.user_agent {
            config.user_agent = user_agent;
        }
        if let Some(limits) = self.limits {
            limits.set(&mut config.limits);
        }
        if let Some(help) = self.help_center {
            help.set(&mut config)?;
        }
        config.validate()?;
        Ok(config)
    }
}

impl HelpCenterConfig {
    #[cfg(feature = "help-center")]
    fn set(self, config: &mut shopbell::ClientConfig) -> Result<(), SupportError> {
        let mut help = shopbell::HelpCenterConfig::new(self.portal).in_languages(self.locales);
        help.starter_pack = self.starter_pack.map(PathBuf::from);
        if let Some(millis) = self.refresh_after_millis {
            help.refresh_after = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        }
        config.help_center = Some(help);
        Ok(())
    }

    #[cfg(not(feature = "help-center"))]
    fn set(self, _: &mut shopbell::ClientConfig) -> Result<(), SupportError> {
        let text = "configuration: helpCenter: this build of Shopbell was made without the help centre".to_owned();
        Err(SupportError::InvalidConfig { field: "helpCenter".to_owned(), text })
    }
}

impl Limits {
    fn set(self, limits: &mut shopbell::Limits) {
        let set = |place: &mut Duration, millis: Option<i64>| {
            if let Some(millis) = millis {
                // A negative one becomes zero, which the core refuses by its name.
                *place = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
            }
        };
        set(&mut limits.connect_timeout, self.connect_timeout_millis);
        set(&mut limits.request_timeout, self.request_timeout_millis);
        set(&mut limits.settle, self.settle_millis);
        set(&mut limits.push_timeout, self.push_timeout_millis);
        set(&mut limits.idle_poll, self.idle_poll_millis);
        set(&mut limits.active_poll, self.active_poll_millis);
        set(&mut limits.live_poll, self.live_poll_millis);
        set(&mut limits.stall_timeout, self.stall_timeout_millis);
        if let Some(bytes) = self.max_response_bytes {
            limits.max_response_bytes = usize::try_from(bytes).unwrap_or(0);
        }
        if let Some(size) = self.page_size {
            limits.page_size = u32::try_from(size).unwrap_or(0);
        }
        if let Some(count) = self.max_attachments {
            limits.max_attachments = usize::try_from(count).unwrap_or(0);
        }
        if let Some(bytes) = self.max_attachment_bytes {
            limits.max_attachment_bytes = u64::try_from(bytes).unwrap_or(0);
        }
        if let Some(kinds) = self.attachment_types {
            limits.attachment_types = kinds;
        }
        if let Some(bytes) = self.max_cache_bytes {
            limits.max_cache_bytes = u64::try_from(bytes).unwrap_or(0);
        }
        limits.allow_unremovable_location = self.allow_unremovable_location;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(limits: Limits) -> ClientConfig {
        ClientConfig {
            desk_url: "https://desk.example.com".into(),
            inbox: "shop".into(),
            data_dir: "data".into(),
            allow_plain_http: false,
            user_agent: None,
            limits: Some(limits),
            help_center: None,
        }
    }

    #[test]
    fn what_is_left_out_stays_as_the_core_has_it() {
        let checked = config(Limits::default()).checked().unwrap();
        assert_eq!(checked.limits, shopbell::Limits::default());
    }

    #[test]
    fn what_is_set_reaches_the_core() {
        let limits = Limits {
            connect_timeout_millis: Some(11),
            request_timeout_millis: Some(12),
            settle_millis: Some(0),
            max_response_bytes: Some(1 << 20),
            idle_poll_millis: Some(14),
            active_poll_millis: Some(15),
            live_poll_millis: Some(16),
            page_size: Some(17),
            max_attachments: Some(18),
            max_attachment_bytes: Some(19),
            attachment_types: Some(vec!["image/*".into()]),
            stall_timeout_millis: Some(20),
            max_cache_bytes: Some(21),
            allow_unremovable_location: true,
            push_timeout_millis: Some(22),
        };
        let set = config(limits).checked().unwrap().limits;
        assert_eq!(set.connect_timeout.as_millis(), 11);
        assert_eq!(set.request_timeout.as_millis(), 12);
        assert_eq!(set.settle.as_millis(), 0);
        assert_eq!(set.max_response_bytes, 1 << 20);
        assert_eq!(set.idle_poll.as_millis(), 14);
        assert_eq!(set.active_poll.as_millis(), 15);
        assert_eq!(set.live_poll.as_millis(), 16);
        assert_eq!(set.page_size, 17);
        assert_eq!((set.max_attachments, set.max_attachment_bytes, set.max_cache_bytes), (18, 19, 21));
        assert_eq!(set.attachment_types, ["image/*"]);
        assert_eq!(set.stall_timeout.as_millis(), 20);
        assert!(set.allow_unremovable_location);
        assert_eq!(set.push_timeout.as_millis(), 22);
    }

    #[test]
    fn negative_numbers_are_refused_by_name() {
        for (limits, name) in [
            (Limits { page_size: Some(-1), ..Limits::default() }, "limits.pageSize"),
            (Limits { idle_poll_millis: Some(-1), ..Limits::default() }, "limits.idlePollMillis"),
            (Limits { max_response_bytes: Some(-1), ..Limits::default() }, "limits.maxResponseBytes"),
        ] {
            let refused = config(limits).checked().map(|_| ()).unwrap_err();
            assert!(matches!(&refused, SupportError::InvalidConfig { field, .. } if field == name), "{refused}");
        }
    }
}
