//! What a help centre is opened with.

use std::{path::PathBuf, time::Duration};

use crate::SupportError;

/// Which help centre, in which languages. See [`ClientConfig::help_center`](crate::ClientConfig::help_center).
///
/// ```
/// use shopbell::{ClientConfig, HelpCenterConfig};
/// let mut config = ClientConfig::new("https://desk.example.com", "inbox", "/tmp/support");
/// config.help_center = Some(HelpCenterConfig::new("shop").in_languages(["vi-VN", "en"]));
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HelpCenterConfig {
    /// The help centre's slug, from the desk's settings.
    pub portal: String,
    /// The customer's languages, the best first, as tags (`vi-VN`). For each the help centre's closest is taken; its
    /// default language comes last. Empty for the default alone.
    pub locales: Vec<String>,
    /// A starter pack that the app brings along (see `shopbell-help pack`): what is shown before the first sync.
    pub starter_pack: Option<PathBuf>,
    /// How old the articles may be when the help centre is used before they are asked for again. 1 hour: articles
    /// change seldom, and the question is one small conditional request. A desk without a list of its articles is asked
    /// for them every six hours at most, for there it costs seconds of its time.
    pub refresh_after: Duration,
}

impl HelpCenterConfig {
    /// In the help centre's default language, without a starter pack.
    pub fn new(portal: impl Into<String>) -> Self {
        Self {
            portal: portal.into(),
            locales: Vec::new(),
            starter_pack: None,
            refresh_after: Duration::from_secs(3600),
        }
    }

    /// In these languages, the best first.
    pub fn in_languages<S: Into<String>>(mut self, locales: impl IntoIterator<Item = S>) -> Self {
        self.locales = locales.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn validate(&self) -> Result<(), SupportError> {
        let invalid = |field, problem: &str| SupportError::InvalidConfig { field, problem: problem.to_owned() };
        let plain = |text: &str| {
            (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if !plain(&self.portal) {
            let problem = "must be the help centre's slug: letters, digits, - and _, as in its address /hc/SLUG";
            return Err(invalid("help_center.portal", problem));
        }
        if !self.locales.iter().all(|tag| plain(tag)) {
            return Err(invalid("help_center.locales", "must be language tags such as vi-VN"));
        }
        Ok(())
    }
}
