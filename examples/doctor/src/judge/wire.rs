//! What lies between a phone and the desk: redirects, clocks, packing, kept connections.

use std::time::{Duration, SystemTime};

use super::{in_words, ms};
use crate::{
    probe::http::{Answer, Outcome, Trouble},
    report::{Finding, brief},
};

/// Clocks that differ by less are taken for one: the header has whole seconds.
const SKEW: Duration = Duration::from_secs(5);

/// From here on customers see wrong times beside messages.
const MUCH_SKEW: Duration = Duration::from_secs(60);

/// A body that is shorter is often left unpacked on purpose.
const WORTH_PACKING: usize = 1_024;

/// Whether anything is there, and how far away.
pub(crate) fn judge_reach(round_trip: &Result<Duration, Trouble>) -> Finding {
    match round_trip {
        Ok(time) => Finding::ok("desk", format!("reached, a round trip takes {} ms", ms(*time)))
            .with("round_trip_ms", ms(*time)),
        Err(trouble) => Finding::stop(
            "desk",
            format!("not reached: {trouble}"),
            "check the address, the name server's entry and the firewall",
        ),
    }
}

/// All of an answer's way.
pub(crate) fn judge(answer: &Answer, packed: &Answer) -> Vec<Finding> {
    vec![redirects(answer), clock(answer), compression(packed), keep_alive(answer)]
}

fn redirects(answer: &Answer) -> Finding {
    const CHECK: &str = "http.redirects";
    let Some(last) = answer.hops.last() else { return Finding::ok(CHECK, "none") };
    let seen = format!("{} to {}", last.status, brief(&last.to));
    let finding = if last.followed {
        Finding::warn(CHECK, format!("{seen}: each request is made twice"), "give the app the address that it leads to")
    } else {
        Finding::stop(
            CHECK,
            format!("{seen}: the SDK follows 307 and 308 within the same server alone"),
            "give the app the address that it leads to, or take the redirect away",
        )
    };
    finding.with("redirects", answer.hops.len())
}

fn clock(answer: &Answer) -> Finding {
    const CHECK: &str = "http.clock";
    let Some(date) = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Finding::note(CHECK, "the answer has no Date: the clocks can't be compared");
    };
    // The header names the second's beginning.
    let date = date + Duration::from_millis(500);
    let (apart, ahead) = apart(date, answer.at);
    let seconds = apart.as_secs();
    let seen = format!("the desk's clock is {seconds} s {} of this machine's", if ahead { "ahead" } else { "behind" });
    let advice = "run NTP on whichever is wrong: times beside messages are the desk's";
    let finding = if apart <= SKEW {
        Finding::ok(CHECK, "the desk and this machine agree")
    } else if apart < MUCH_SKEW {
        Finding::note(CHECK, seen).advised(advice)
    } else {
        Finding::warn(CHECK, seen, advice)
    };
    finding.with("skew_s", seconds)
}

fn apart(one: SystemTime, other: SystemTime) -> (Duration, bool) {
    match one.duration_since(other) {
        Ok(ahead) => (ahead, true),
        Err(behind) => (behind.duration(), false),
    }
}

fn compression(answer: &Answer) -> Finding {
    const CHECK: &str = "http.compression";
    let (wire, plain) = (answer.wire_bytes, answer.body.len());
    let finding = if answer.header("content-encoding").is_some_and(|how| how.eq_ignore_ascii_case("gzip")) {
        Finding::ok(CHECK, format!("JSON is packed with gzip: {wire} of {plain} bytes"))
    } else if plain < WORTH_PACKING {
        Finding::note(CHECK, format!("an answer of {plain} bytes is not packed, which may be for its shortness"))
            .advised("see that gzip is on for application/json (nginx: gzip_types)")
    } else {
        Finding::warn(
            CHECK,
            format!("JSON is not packed: {plain} bytes"),
            "switch gzip on for application/json (nginx: gzip_types); lists shrink to a tenth",
        )
    };
    finding.with("wire_bytes", wire).with("bytes", plain)
}

fn keep_alive(answer: &Answer) -> Finding {
    const CHECK: &str = "http.keep_alive";
    if answer.header("connection").is_some_and(|how| how.eq_ignore_ascii_case("close")) {
        return Finding::warn(
            CHECK,
            "the server closes the connection after each answer: each request shakes hands anew",
            "let the proxy keep connections for a minute (nginx: keepalive_timeout)",
        );
    }
    Finding::ok(CHECK, "connections are kept")
}

/// A desk that accepts connections and answers nothing.
pub(crate) fn judge_silence(outcome: &Outcome) -> Finding {
    let seen = format!("connections are taken, and nothing is answered ({})", in_words(outcome));
    Finding::stop("desk.answers", seen, "see whether the desk runs behind its proxy, and what the proxy's log says")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::made::{answer, with_header},
        probe::http::Hop,
        report::Verdict::{Note, Ok as Fine, Stop, Warn},
    };

    #[test]
    fn redirect_that_the_sdk_follows_costs_and_another_stops() {
        let hop = |status, followed| Hop { status, to: "https://d.example/".to_owned(), followed };
        for (hops, verdict) in
            [(vec![], Fine), (vec![hop(308, true)], Warn), (vec![hop(308, true), hop(301, false)], Stop)]
        {
            let answer = Answer { hops, ..answer(200, "{}") };
            assert_eq!(redirects(&answer).verdict, verdict);
        }
    }

    #[test]
    fn clocks_are_compared_by_the_date() {
        // `at` is 1970-01-01 00:00:00; the date names the beginning of its second.
        for (date, verdict) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Fine),
            ("Thu, 01 Jan 1970 00:00:04 GMT", Fine),
            ("Thu, 01 Jan 1970 00:00:30 GMT", Note),
            ("Thu, 01 Jan 1970 01:00:00 GMT", Warn),
            ("yesterday", Note),
        ] {
            assert_eq!(clock(&with_header(200, "{}", "date", date)).verdict, verdict, "{date}");
        }
        let mut late = with_header(200, "{}", "date", "Thu, 01 Jan 1970 00:00:00 GMT");
        late.at = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        assert!(clock(&late).seen.contains("99 s behind"), "{}", clock(&late).seen);
    }

    #[test]
    fn packing_is_asked_for_where_it_is_worth_it() {
        let long = "x".repeat(2_000);
        assert_eq!(compression(&answer(200, "{}")).verdict, Note);
        assert_eq!(compression(&answer(200, &long)).verdict, Warn);
        assert_eq!(compression(&with_header(200, &long, "content-encoding", "gzip")).verdict, Fine);
        assert_eq!(keep_alive(&with_header(200, "", "connection", "close")).verdict, Warn);
        assert_eq!(keep_alive(&answer(200, "")).verdict, Fine);
        assert_eq!(judge_reach(&Err(Trouble::NoConnection)).verdict, Stop);
    }
}
