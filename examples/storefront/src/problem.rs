//! Why the shop can't open, and what a person can do about it.

use std::fmt;

use shopbell::{StorageProblem, SupportError};

/// What is wrong, and what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    remedy: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// A terminal or a folder that does not do what is needed.
    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{doing}: {error}"), "check its permissions and the space left, or name another with --data")
    }

    /// What the desk at `url` came to.
    pub(crate) fn desk(url: &str, error: &SupportError) -> Self {
        match error {
            SupportError::InvalidConfig { field: "desk_url", .. } if url.starts_with("http://") => Self::new(
                format!("--desk {url}: plain http sends every message readable to all on the way"),
                "use https; or, for a desk on your own network, add --plain-http",
            ),
            SupportError::InvalidConfig { field: "desk_url", problem } => Self::new(
                format!("--desk {url}: {problem}"),
                "give the address of your desk: --desk https://desk.example.com",
            ),
            SupportError::InvalidConfig { field: "inbox", problem } => Self::new(
                format!("--inbox: {problem}"),
                "in Chatwoot: Settings > Inboxes > your API inbox > Configuration > Inbox Identifier",
            ),
            SupportError::Offline => Self::new(
                format!("can't reach {url}: no network, a wrong address, or something else answers there"),
                "open it in a browser; if you only want to work offline for now, add --unchecked",
            ),
            SupportError::DeskUnavailable => Self::new(
                format!("{url} was reached, but fails"),
                "is it a support desk? look at its logs, or try again later",
            ),
            SupportError::Busy { retry_after } => Self::new(
                format!("{url} takes no more requests for now"),
                match retry_after {
                    Some(time) => format!("try again in {} s", time.as_secs()),
                    None => "try again in a minute".to_owned(),
                },
            ),
            SupportError::Storage(problem) => Self::storage(problem),
            other => Self::new(format!("{url}: {other}"), "run with --log FILE, and see what it says"),
        }
    }

    fn storage(problem: &StorageProblem) -> Self {
        let remedy = match problem {
            StorageProblem::Newer { .. } => "use the newer program, or another folder: --data DIR",
            StorageProblem::Full => "free some space, or name a folder elsewhere: --data DIR",
            _ => "name a folder that you may write to: --data DIR",
        };
        Self::new(problem.to_string(), remedy)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  → {}", self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_is_not_there_is_named_with_a_remedy() {
        let text = Problem::desk("https://desk.example.com", &SupportError::Offline).to_string();
        assert!(text.starts_with("can't reach https://desk.example.com: no network"), "{text}");
        assert!(text.contains("\n  → "), "{text}");
    }
}
