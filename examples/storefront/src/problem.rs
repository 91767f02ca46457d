//! Why the shop can't open, and what a person can do about it.

use std::fmt;

use shopbell::{AttachmentProblem, StorageProblem, SupportError};

/// What went wrong, in a shopper's words: no names of functions, fields or protocols.
pub(crate) fn words(error: &SupportError) -> String {
    match error {
        SupportError::Offline => "there is no network; try again later".to_owned(),
        SupportError::DeskUnavailable => "our support has trouble just now; try again later".to_owned(),
        SupportError::Busy { .. } => "our support is very busy; try again in a minute".to_owned(),
        SupportError::Untrusted { .. } => {
            "our support can't be reached safely over this network; try another".to_owned()
        }
        SupportError::AttachmentRefused { problem, .. } => file_words(problem),
        SupportError::InvalidInput { problem, .. } | SupportError::Rejected { reason: problem } => problem.clone(),
        SupportError::LocationNotRemovable { .. } => {
            "the file may hold the place where it was taken, and that can't be taken out".to_owned()
        }
        SupportError::NotFound { what } => format!("the {what} is not here any more"),
        SupportError::Conflict { problem } => (*problem).to_owned(),
        SupportError::IdentityRejected => "our support does not accept who you say you are; log in again".to_owned(),
        SupportError::Unsupported { what } => format!("our support can't {what}"),
        SupportError::Paused | SupportError::Closed => "somebody else has logged in meanwhile".to_owned(),
        // A developer's to put right, whom these words are for.
        other => other.to_string(),
    }
}

/// Why a file can't be sent.
fn file_words(problem: &AttachmentProblem) -> String {
    match problem {
        AttachmentProblem::Missing => "there is no such file any more".to_owned(),
        AttachmentProblem::NotAFile => "a folder can't be sent; pick a file".to_owned(),
        AttachmentProblem::Empty => "the file is empty".to_owned(),
        AttachmentProblem::TooLarge { most, .. } => {
            format!("the file is too large; up to {} MB can be sent", most >> 20)
        }
        AttachmentProblem::TypeNotAllowed { .. } => "files of this kind can't be sent".to_owned(),
        AttachmentProblem::TooMany { most } => format!("up to {most} files can be sent at once"),
        AttachmentProblem::Changed => "the file was changed meanwhile; try again".to_owned(),
        _ => "the file can't be read".to_owned(),
    }
}

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
            SupportError::InvalidConfig { field: "help_center.portal", .. } => Self::new(
                format!("--help-center: {url} has no such help centre"),
                "copy the slug from the help centre's settings in Chatwoot, or leave --help-center out",
            ),
            SupportError::Offline => Self::new(
                format!("can't reach {url}: no network, a wrong address, or something else answers there"),
                "open it in a browser; if you only want to work offline for now, add --unchecked",
            ),
            SupportError::Untrusted { problem } => Self::new(
                format!("{url}: {problem}"),
                "have the desk present a certificate that phones trust, with its whole chain",
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
    fn an_error_reaches_a_shopper_without_the_names_of_the_code() {
        let input = |field, problem: &str| SupportError::InvalidInput { field, problem: problem.to_owned() };
        for error in [
            SupportError::Offline,
            SupportError::Paused,
            SupportError::Closed,
            SupportError::IdentityRejected,
            input("values", "\u{201c}E-mail\u{201d} is no e-mail address"),
            input("attachments", "number 1 is too large"),
        ] {
            let text = words(&error);
            for jargon in ["HMAC", "()", "values:", "attachments", "client"] {
                assert!(!text.contains(jargon), "{text}");
            }
        }
    }

    #[test]
    fn a_desk_that_is_not_there_is_named_with_a_remedy() {
        let text = Problem::desk("https://desk.example.com", &SupportError::Offline).to_string();
        assert!(text.starts_with("can't reach https://desk.example.com: no network"), "{text}");
        assert!(text.contains("\n  → "), "{text}");
    }
}
