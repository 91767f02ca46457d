//! What was written, and what is left of it.

use super::in_words;
use crate::{
    probe::{
        body::{Fate, fate},
        http::Outcome,
        write::{Made, NAME, Written},
    },
    report::Finding,
};

const LOG: &str = "see what the desk's log says of it";

fn succeeded(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(|answer| answer.status == 200)
}

/// The marked contact.
pub(crate) fn judge_contact(made: &Made, validates: bool, has_key: bool) -> Vec<Finding> {
    const CHECK: &str = "write.contact";
    if made.subject.is_none() && validates && !has_key {
        return vec![Finding::skip(CHECK, "identity validation is on: needs --hmac-key-file, too")];
    }
    if made.subject.is_none() {
        return vec![Finding::stop(CHECK, format!("a contact can't be made: {}", in_words(&made.outcome)), LOG)];
    }
    let mut found = vec![Finding::ok(CHECK, format!("made, named \"{NAME}\""))];
    if let Some(verified) = &made.verified {
        found.push(if succeeded(verified) {
            Finding::ok("write.identity", "the contact is verified by its hash")
        } else {
            let seen = format!("the contact can't be verified: {}", in_words(verified));
            Finding::stop("write.identity", seen, "see inbox.key")
        });
    }
    found
}

/// The conversation.
pub(crate) fn judge(written: &Written) -> Vec<Finding> {
    let mut found = Vec::new();
    if written.id.is_none() {
        let seen = format!("a conversation can't be begun: {}", in_words(&written.conversation));
        return vec![Finding::stop("write.message", seen, LOG)];
    }
    found.extend(written.message.as_ref().map(|sent| message(sent, written.on_page)));
    found.push(match written.frame {
        Some(frame) => super::socket::judge_frame(frame),
        None => Finding::skip("socket.frames", "needs a message, and a socket that is confirmed"),
    });
    found.extend(written.file.as_ref().map(file));
    found.extend(written.push.as_ref().map(|push| attributes(push, written.push_kept)));
    found.push(left(written));
    found
}

fn message(sent: &Outcome, on_page: Option<bool>) -> Finding {
    const CHECK: &str = "write.message";
    match (succeeded(sent), on_page) {
        (false, _) => Finding::stop(CHECK, format!("a message can't be sent: {}", in_words(sent)), LOG),
        (true, Some(true)) => Finding::ok(CHECK, "a message is there and back"),
        (true, Some(false)) => Finding::stop(
            CHECK,
            "a message is taken, and the page asked for after it does not hold it",
            "see that no cache before the desk keeps its answers, and that it reads from no lagging replica",
        ),
        (true, None) => Finding::stop(CHECK, "a message is taken, and its page can't be read", LOG),
    }
}

fn file(sent: &Outcome) -> Finding {
    const CHECK: &str = "write.file";
    match fate(sent) {
        Fate::Passed(200) => Finding::ok(CHECK, "a file of 5 MB is taken"),
        Fate::TooLarge => Finding::warn(CHECK, "a file of 5 MB is refused with 413", "see http.body_limit"),
        _ => Finding::warn(
            CHECK,
            format!("a file of 5 MB is not taken: {}", in_words(sent)),
            "see that the desk's storage can be written to (ACTIVE_STORAGE_SERVICE), and http.body_limit",
        ),
    }
}

fn attributes(push: &Outcome, kept: Option<bool>) -> Finding {
    const CHECK: &str = "write.push";
    match (succeeded(push), kept) {
        (true, Some(true)) => {
            Finding::ok(CHECK, "a push token is kept as an attribute of the contact, and was taken away again")
        }
        (true, Some(false)) => Finding::warn(
            CHECK,
            "an attribute of the contact is taken, and does not stand there afterwards",
            "pushes find no phone without it: see what automations change contacts",
        ),
        (true, None) => Finding::warn(CHECK, "an attribute is taken, and its conversation can't be read", LOG),
        (false, _) => {
            Finding::warn(CHECK, format!("an attribute of the contact can't be set: {}", in_words(push)), LOG)
        }
    }
}

fn left(written: &Written) -> Finding {
    let closed = written.closed.as_ref().is_some_and(succeeded);
    let state = if closed { "resolved" } else { "still open" };
    let id = written.id.unwrap_or_default();
    Finding::note("write.left", format!("conversation {id} of \"{NAME}\", {state}"))
        .advised("delete the contact in the dashboard; its conversation goes along")
        .with("conversation", id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::made::answer,
        options::Secret,
        probe::{
            http::Trouble,
            write::{Frame, Subject},
        },
        report::Verdict::{self, Note, Ok as Fine, Skip, Stop, Warn},
    };
    use std::time::Duration;

    fn written() -> Written {
        let well = || Ok(answer(200, "{}"));
        Written {
            conversation: well(),
            id: Some(7),
            message: Some(well()),
            on_page: Some(true),
            frame: Some(Frame::Came(Duration::from_millis(9))),
            file: Some(well()),
            push: Some(well()),
            push_kept: Some(true),
            closed: Some(well()),
        }
    }

    #[test]
    fn each_step_is_judged_by_itself() {
        let refused = |status| Some(Ok(answer(status, "{}")));
        let of = |written: Written| judge(&written).iter().map(|finding| finding.verdict).collect::<Vec<Verdict>>();
        assert_eq!(of(written()), [Fine, Fine, Fine, Fine, Note]);
        assert_eq!(of(Written { id: None, ..written() }), [Stop]);
        assert_eq!(of(Written { message: refused(500), ..written() }), [Stop, Fine, Fine, Fine, Note]);
        assert_eq!(of(Written { on_page: Some(false), ..written() }), [Stop, Fine, Fine, Fine, Note]);
        assert_eq!(of(Written { on_page: None, frame: None, ..written() }), [Stop, Skip, Fine, Fine, Note]);
        assert_eq!(of(Written { file: refused(413), ..written() }), [Fine, Fine, Warn, Fine, Note]);
        assert_eq!(of(Written { file: Some(Err(Trouble::Cut)), ..written() }), [Fine, Fine, Warn, Fine, Note]);
        assert_eq!(of(Written { push: refused(422), ..written() }), [Fine, Fine, Fine, Warn, Note]);
        assert_eq!(of(Written { push_kept: Some(false), ..written() }), [Fine, Fine, Fine, Warn, Note]);
        assert_eq!(of(Written { closed: None, push_kept: None, ..written() }), [Fine, Fine, Fine, Warn, Note]);
    }

    #[test]
    fn contact_is_made_and_verified_or_says_why_not() {
        let subject = Secret::from_file_text("s").ok().map(|source_id| Subject { source_id, token: None });
        let made = |status, verified: Option<u16>| Made {
            subject: subject.clone().filter(|_| status == 200),
            outcome: Ok(answer(status, "{}")),
            verified: verified.map(|status| Ok(answer(status, "{}"))),
        };
        let of = |made: Made, validates, key| {
            judge_contact(&made, validates, key).iter().map(|finding| finding.verdict).collect::<Vec<Verdict>>()
        };
        assert_eq!(of(made(200, None), false, false), [Fine]);
        assert_eq!(of(made(200, Some(200)), true, true), [Fine, Fine]);
        assert_eq!(of(made(200, Some(500)), false, true), [Fine, Stop]);
        assert_eq!(of(made(500, None), true, false), [Skip]);
        assert_eq!(of(made(500, None), true, true), [Stop]);
        assert_eq!(of(made(500, None), false, false), [Stop]);
    }
}
