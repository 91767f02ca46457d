//! What settings and arguments are called in Kotlin and Swift.
//!
//! The core's errors and log lines name them as Rust does; a developer who reads them looks for the host language's
//! names.

/// The core's names that differ. One that contains another stands before it.
const NAMES: [(&str, &str); 20] = [
    ("ClientConfig::help_center", "ShopbellConfig.helpCenter"),
    ("help_center.starter_pack", "helpCenter.starterPack"),
    ("help_center", "helpCenter"),
    ("desk_url", "deskUrl"),
    ("data_dir", "folder"),
    ("allow_plain_http", "allowPlainHttp"),
    ("user_agent", "userAgent"),
    ("connect_timeout", "connectTimeoutMillis"),
    ("request_timeout", "requestTimeoutMillis"),
    ("stall_timeout", "stallTimeoutMillis"),
    ("idle_poll", "idlePollMillis"),
    ("active_poll", "activePollMillis"),
    ("live_poll", "livePollMillis"),
    ("max_response_bytes", "maxResponseBytes"),
    ("page_size", "pageSize"),
    ("avatar_url", "avatarUrl"),
    ("identity hash", "userHash"),
    ("push token", "token"),
    // Of an event.
    ("event", "name"),
    ("identifier", "userId"),
];

/// Only names of arguments, which are words of the language otherwise.
const ARGUMENTS: usize = 4;

/// The name of a setting or an argument.
pub(crate) fn of(field: &str) -> String {
    match NAMES.iter().find(|(name, _)| *name == field) {
        Some((_, host)) => (*host).to_owned(),
        None => within(field.to_owned()),
    }
}

/// A text of the core's with the settings in it called as the host calls them. Not for one that quotes the app.
pub(crate) fn within(text: String) -> String {
    if !text.contains('_') {
        return text;
    }
    let settings = NAMES.iter().take(NAMES.len() - ARGUMENTS);
    settings.fold(text, |text, (name, host)| text.replace(name, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_called_as_the_host_calls_them() {
        assert_eq!(of("desk_url"), "deskUrl");
        assert_eq!(of("inbox"), "inbox");
        assert_eq!(of("limits.request_timeout"), "limits.requestTimeoutMillis");
        assert_eq!(of("help_center.starter_pack"), "helpCenter.starterPack");
        assert_eq!(of("help_center.portal"), "helpCenter.portal");
        assert_eq!(of("identity hash"), "userHash");
        let text = "configuration: desk_url: use https (or allow_plain_http), and mind the identifier";
        let named = "configuration: deskUrl: use https (or allowPlainHttp), and mind the identifier";
        assert_eq!(within(text.to_owned()), named);
    }

    /// What the core can complain of: a name that is new there has to be put into the table.
    #[test]
    fn no_setting_of_the_cores_keeps_its_rust_name() {
        let mut config = shopbell::ClientConfig::new("https://desk", "inbox", "data");
        let debug = |limits: &shopbell::Limits| format!("{limits:?}");
        let limits = debug(&config.limits);
        config.limits.page_size = 0;
        for field in ["connect_timeout", "request_timeout", "stall_timeout", "idle_poll", "active_poll", "live_poll"] {
            assert!(limits.contains(field), "{field} is not the core's any more");
            assert!(!of(&format!("limits.{field}")).contains('_'));
        }
        let error = crate::SupportError::from(config.validate().unwrap_err());
        assert!(!error.to_string().contains('_'), "{error}");
    }
}
