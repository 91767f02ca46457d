//! The inbox, and who may say who they are.

use serde_json::Value;

use super::in_words;
use crate::{
    probe::{
        http::{Outcome, good},
        key::KeySeen,
    },
    report::{Finding, brief},
};

/// Whether the answer is that of the inbox, and says that identity validation is on.
pub(crate) fn is_there(outcome: &Outcome, inbox: &str) -> Option<bool> {
    let told = good(outcome)?;
    let named = told.get("identifier").and_then(Value::as_str)? == inbox;
    named.then(|| told.get("identity_validation_enabled").and_then(Value::as_bool).unwrap_or(false))
}

/// What the inbox's answer means.
pub(crate) fn judge(outcome: &Outcome, inbox: &str) -> Vec<Finding> {
    const CHECK: &str = "inbox";
    if let Some(validates) = is_there(outcome, inbox) {
        let name =
            good(outcome).and_then(|told| told.get("name").and_then(Value::as_str).map(brief)).unwrap_or_default();
        let identity = if validates {
            Finding::ok("inbox.identity", "identity validation is on")
        } else {
            Finding::warn(
                "inbox.identity",
                "identity validation is off: whoever knows a customer's identifier can write as that customer",
                "switch it on in the inbox's settings once every app sends the hash (docs/identity.md)",
            )
        };
        return vec![
            Finding::ok(CHECK, format!("there, named \"{name}\"")),
            identity.with("identity_validation", validates),
        ];
    }
    let seen = in_words(outcome);
    vec![match outcome {
        Err(_) => Finding::stop(CHECK, seen, "see whether the desk runs, and what its proxy's log says"),
        Ok(answer) if answer.hops.iter().any(|hop| !hop.followed) => {
            Finding::stop(CHECK, "behind a redirect that the SDK does not follow", "see http.redirects")
        }
        Ok(answer) if answer.is_html() && answer.status == 200 => Finding::stop(
            CHECK,
            "an HTML page in place of the desk's JSON: another server, or a network that wants a log-in",
            "give the address that agents open, without a path; try it from another network",
        ),
        Ok(answer) if answer.status == 404 && answer.json().is_some() => Finding::stop(
            CHECK,
            "the desk knows no such inbox",
            "copy the identifier from the settings of an inbox of the type API (not its number, not its token)",
        ),
        Ok(answer) if answer.status == 429 => {
            Finding::stop(CHECK, seen, "wait a minute; raise RACK_ATTACK_LIMIT if customers share an address")
        }
        Ok(answer) if matches!(answer.status, 401 | 403) => {
            Finding::stop(CHECK, seen, "let /public/api through whatever asks for a log-in before the desk")
        }
        Ok(_) => Finding::stop(CHECK, seen, "see what the desk's log says of GET /public/api/v1/inboxes/…"),
    }]
}

/// Whether the key is the inbox's.
pub(crate) fn judge_key(seen: &KeySeen, validates: bool) -> Finding {
    const CHECK: &str = "inbox.key";
    // A page is a proxy's, and says nothing of a key.
    let status = |outcome: &Outcome| outcome.as_ref().ok().filter(|answer| answer.json().is_some()).map(|it| it.status);
    // Without a hash the desk refuses for the address (422), or under identity validation for its absence (500).
    let control = if validates { 500 } else { 422 };
    match (status(&seen.with_hash), status(&seen.without)) {
        (Some(422), _) => Finding::ok(CHECK, "the key is the inbox's"),
        (Some(500), Some(without)) if without == control => Finding::stop(
            CHECK,
            "the key is not the inbox's: the desk refuses its hash",
            "copy the key from the settings of this inbox; no blank, no quotation marks, no line break inside",
        ),
        (Some(200), _) | (_, Some(200)) => Finding::warn(
            CHECK,
            "the desk took a contact with an impossible e-mail address, so this shows nothing, and a contact was made",
            "delete the contact whose identifier begins with shopbell-doctor; use --write to check the key",
        ),
        _ => Finding::warn(
            CHECK,
            format!("can't be told ({}, without a hash {})", in_words(&seen.with_hash), in_words(&seen.without)),
            "run again; see what the desk's log says of POST …/contacts",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::made::{answer, with_header},
        probe::http::{Hop, Trouble},
        report::Verdict::{self, Ok as Fine, Stop, Warn},
    };

    #[test]
    fn inbox_is_known_by_its_own_answer() {
        let told = |identifier: &str, on: bool| {
            let body =
                format!("{{\"identifier\":\"{identifier}\",\"identity_validation_enabled\":{on},\"name\":\"A\"}}");
            judge(&Ok(answer(200, &body)), "shop").iter().map(|finding| finding.verdict).collect::<Vec<_>>()
        };
        assert_eq!(told("shop", true), [Fine, Fine]);
        assert_eq!(told("shop", false), [Fine, Warn]);
        assert_eq!(told("other", true), [Stop]);
    }

    #[test]
    fn what_is_no_inbox_is_told_apart() {
        let mut redirected = answer(302, "");
        redirected.hops = vec![Hop { status: 302, to: "/login".to_owned(), followed: false }];
        for (outcome, words) in [
            (Ok(answer(404, "{\"error\":\"Not Found\"}")), "knows no such inbox"),
            (Ok(answer(404, "<html>")), "404 with an HTML page"),
            (Ok(answer(200, "<html>")), "another server"),
            (Ok(answer(401, "<html>")), "401"),
            (Ok(with_header(429, "Retry later", "content-type", "text/plain")), "too many requests"),
            (Ok(answer(500, "{}")), "500 with JSON"),
            (Ok(redirected), "redirect"),
            (Err(Trouble::Cut), "cut"),
        ] {
            let found = judge(&outcome, "shop");
            assert!(found.len() == 1 && found.iter().all(|finding| finding.verdict == Stop), "{found:?}");
            assert!(found.iter().all(|finding| finding.seen.contains(words)), "{found:?} should say {words}");
        }
    }

    #[test]
    fn key_is_told_by_what_its_hash_is_refused_for() {
        let of = |with_hash: u16, without: u16, validates| -> Verdict {
            let seen = KeySeen { with_hash: Ok(answer(with_hash, "{}")), without: Ok(answer(without, "{}")) };
            judge_key(&seen, validates).verdict
        };
        for (with_hash, without, validates, verdict) in [
            (422, 422, false, Fine),
            (422, 500, true, Fine),
            (500, 422, false, Stop),
            (500, 500, true, Stop),
            // The desk fails at every contact: that is not the key's.
            (500, 500, false, Warn),
            (200, 200, false, Warn),
            (502, 502, false, Warn),
        ] {
            assert_eq!(of(with_hash, without, validates), verdict, "{with_hash} {without} {validates}");
        }
        let page = KeySeen { with_hash: Ok(answer(500, "<html>")), without: Ok(answer(500, "<html>")) };
        assert_eq!(judge_key(&page, true).verdict, Warn);
        let cut = KeySeen { with_hash: Err(Trouble::Cut), without: Ok(answer(422, "{}")) };
        assert_eq!(judge_key(&cut, false).verdict, Warn);
    }
}
