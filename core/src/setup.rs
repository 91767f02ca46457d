//! Mistakes in how the app or the desk is set up, as the desk's answers show them.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{SupportError, backend::Fault, model::Verification};

/// A mistake in the app's or the desk's settings that keeps Shopbell from working. No retry mends it: a developer has
/// to change something. `Display` says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupProblem {
    /// The desk has no inbox with this identifier: see [`ClientConfig::inbox`](crate::ClientConfig::inbox).
    UnknownInbox,
    /// The desk refuses the customer's hash, or requires one: see [`Identity::with_hash`](crate::Identity::with_hash).
    IdentityRejected,
    /// The desk has no help centre with this slug, or not at this address.
    UnknownHelpCenter,
}

impl SetupProblem {
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownInbox => "the desk knows no such inbox; copy the identifier from the inbox's settings",
            Self::IdentityRejected => {
                "the support desk does not accept the customer's identity: is the hash lower-case hex of \
                 HMAC-SHA256(the inbox's key, the identifier), and the key this inbox's?"
            }
            Self::UnknownHelpCenter => {
                "the desk has no such help centre at this address; copy the slug from the help centre's settings, and \
                 give the desk's own address rather than another of its names"
            }
        }
    }
}

impl std::fmt::Display for SetupProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.advice())
    }
}

impl From<SetupProblem> for SupportError {
    /// What a call fails with for the same reason.
    fn from(problem: SetupProblem) -> Self {
        let field = match problem {
            SetupProblem::UnknownInbox => "inbox",
            SetupProblem::IdentityRejected => return Self::IdentityRejected,
            SetupProblem::UnknownHelpCenter => HELP_CENTER,
        };
        Self::InvalidConfig { field, problem: problem.advice().to_owned() }
    }
}

const HELP_CENTER: &str = "help_center.portal";

/// Which problems are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    inbox: bool,
    /// Only whether it was logged: the customer's row has it.
    identity: bool,
    help_center: bool,
}

impl Found {
    fn place(&mut self, problem: SetupProblem) -> &mut bool {
        match problem {
            SetupProblem::UnknownInbox => &mut self.inbox,
            SetupProblem::IdentityRejected => &mut self.identity,
            SetupProblem::UnknownHelpCenter => &mut self.help_center,
        }
    }

    /// The most pressing one, for a customer of whose identity the desk makes this.
    pub(crate) fn problem(self, verification: Verification) -> Option<SetupProblem> {
        if self.inbox {
            Some(SetupProblem::UnknownInbox)
        } else if verification == Verification::Rejected {
            Some(SetupProblem::IdentityRejected)
        } else {
            self.help_center.then_some(SetupProblem::UnknownHelpCenter)
        }
    }
}

/// The problems found so far, shared by everything that asks the desk. Each is logged when it is found, not when it is
/// met again.
#[derive(Clone)]
pub(crate) struct Setup(Arc<watch::Sender<Found>>);

impl Default for Setup {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Found::default()).0))
    }
}

impl Setup {
    pub(crate) fn found(&self) -> watch::Receiver<Found> {
        self.0.subscribe()
    }

    /// Takes in a failure of any request.
    pub(crate) fn met(&self, fault: &Fault) {
        if *fault == Fault::UnknownInbox {
            self.set(SetupProblem::UnknownInbox, true);
        }
    }

    /// The desk does not accept an identity. `known` where it had refused the same one before.
    pub(crate) fn identity_refused(&self, known: bool) {
        if !known {
            self.set(SetupProblem::IdentityRejected, false);
        }
        self.set(SetupProblem::IdentityRejected, true);
    }

    /// The desk has taken the inbox and the identity.
    pub(crate) fn is_accepted(&self) {
        self.set(SetupProblem::UnknownInbox, false);
        self.set(SetupProblem::IdentityRejected, false);
    }

    /// Takes in how asking for the help centre ended.
    #[cfg(feature = "help-center")]
    pub(crate) fn help_center<T>(&self, outcome: &Result<T, SupportError>) {
        match outcome {
            Ok(_) => self.set(SetupProblem::UnknownHelpCenter, false),
            Err(SupportError::InvalidConfig { field: HELP_CENTER, .. }) => {
                self.set(SetupProblem::UnknownHelpCenter, true);
            }
            Err(_) => {}
        }
    }

    fn set(&self, problem: SetupProblem, is_there: bool) {
        let is_news = self.0.send_if_modified(|found| std::mem::replace(found.place(problem), is_there) != is_there);
        if is_news && is_there {
            tracing::error!("{problem}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_tells_the_most_pressing_problem() {
        let setup = Setup::default();
        let found = setup.found();
        let problem = |verification| found.borrow().problem(verification);
        assert_eq!(problem(Verification::Anonymous), None);
        setup.help_center::<()>(&Err(SetupProblem::UnknownHelpCenter.into()));
        assert_eq!(problem(Verification::Verified), Some(SetupProblem::UnknownHelpCenter));
        assert_eq!(problem(Verification::Rejected), Some(SetupProblem::IdentityRejected));
        setup.met(&Fault::UnknownInbox);
        assert_eq!(problem(Verification::Rejected), Some(SetupProblem::UnknownInbox));
        setup.is_accepted();
        setup.help_center(&Ok(()));
        assert_eq!(problem(Verification::Verified), None);
    }

    #[test]
    fn trouble_that_passes_is_no_problem_of_the_setup() {
        let setup = Setup::default();
        for fault in [Fault::Network, Fault::Desk, Fault::IdentityRejected, Fault::SessionGone] {
            setup.met(&fault);
        }
        setup.help_center::<()>(&Err(SupportError::Offline));
        assert_eq!(setup.found().borrow().problem(Verification::Pending), None);
    }
}
