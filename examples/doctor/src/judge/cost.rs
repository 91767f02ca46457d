//! What requests cost this desk, and what customers will.

use std::time::Duration;

use super::{in_words, ms};
use crate::{
    probe::costs::{Failed, Read, Timed},
    report::Finding,
    scale::{self, Costs, Week},
};

/// A desk that takes so many times what was measured elsewhere is slow, …
const SLOW: f64 = 3.0;

/// … unless the difference is less than this many milliseconds, which nobody notices.
const UNNOTICED: f64 = 50.0;

/// What the SDK's table says of requests that the scale does not count: the middle of what was measured.
const INBOX: f64 = 13.0;
const CONTACT: f64 = 10.0;

/// The history that the load is told for.
const MESSAGES: u32 = 200;

/// The desk's own time: without the way there and back, which a kept connection pays once.
fn desk_ms(timed: &Timed, round_trip: Duration) -> f64 {
    (timed.took.saturating_sub(round_trip).as_secs_f64() * 1_000.0).max(0.1)
}

fn judge_one(
    check: &'static str,
    what: &str,
    timed: &Result<Timed, Failed>,
    round_trip: Duration,
    usual: f64,
) -> Finding {
    let timed = match timed {
        Ok(timed) => timed,
        Err(Failed(outcome)) => {
            let seen = format!("{what}: {}", in_words(outcome));
            return Finding::warn(check, seen, "see what the desk's log says of it");
        }
    };
    let cost = desk_ms(timed, round_trip);
    let took = if cost < 1.0 { "less than 1".to_owned() } else { format!("{cost:.0}") };
    let seen = format!("{what} costs {took} ms (a desk on two cores by itself: {usual:.0} ms)");
    let finding = if cost > SLOW * usual && cost > usual + UNNOTICED {
        Finding::warn(check, seen, "see whether the desk has cores, Puma threads and database connections to spare")
    } else {
        Finding::ok(check, seen)
    };
    finding.with("cost_ms", round(cost)).with("usual_ms", round(usual)).with("bytes", timed.answer.body.len())
}

fn round(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

/// The inbox, which needs no contact.
pub(crate) fn judge_inbox(timed: &Result<Timed, Failed>, round_trip: Duration) -> Finding {
    judge_one("cost.inbox", "the inbox", timed, round_trip, INBOX)
}

/// A contact's requests.
pub(crate) fn judge(read: &Read, round_trip: Duration) -> Vec<Finding> {
    let contact = match &read.contact {
        Some(timed) => judge_one("cost.contact", "a contact", timed, round_trip, CONTACT),
        None => Finding::skip("cost.contact", "under identity validation asking would mark the contact as verified"),
    };
    let page = match &read.page {
        Some(timed) => judge_one("cost.page", "a page of messages", timed, round_trip, Costs::MEASURED.page),
        None => Finding::skip("cost.page", "the contact has no conversation, or no list"),
    };
    let list = read.list.as_ref().map(|timed| judge_list(timed, read.messages, round_trip));
    [contact, page].into_iter().chain(list).collect()
}

fn judge_list(timed: &Result<Timed, Failed>, messages: usize, round_trip: Duration) -> Finding {
    const CHECK: &str = "cost.list";
    let messages = u32::try_from(messages).unwrap_or(u32::MAX);
    match timed {
        Ok(_) => {
            let what = format!("the list of a contact with {messages} messages");
            let usual = Costs::MEASURED.list_of(messages);
            judge_one(CHECK, &what, timed, round_trip, usual).with("messages", messages)
        }
        Err(Failed(outcome)) => Finding::warn(
            CHECK,
            format!("the list of conversations does not come: {}", in_words(outcome)),
            "see version.history; on a newer desk the history is too long for it, and the app goes on by pages alone",
        ),
    }
}

/// How many times as long this desk takes as the measured one. By a page, which most requests are, else by the inbox.
fn slowness(inbox: &Result<Timed, Failed>, read: Option<&Read>, round_trip: Duration) -> Option<(f64, &'static str)> {
    let page = read.and_then(|read| read.page.as_ref()?.as_ref().ok());
    let by = |timed: &Timed, usual: f64| desk_ms(timed, round_trip) / usual;
    page.map(|timed| (by(timed, Costs::MEASURED.page), "by what a page costs here"))
        .or_else(|| inbox.as_ref().ok().map(|timed| (by(timed, INBOX), "by what the inbox costs here")))
}

/// What so many customers a day need of this desk.
pub(crate) fn judge_load(
    customers: u32,
    help_center: bool,
    inbox: &Result<Timed, Failed>,
    read: Option<&Read>,
    round_trip: Duration,
) -> Finding {
    let (factor, by) = slowness(inbox, read, round_trip).unwrap_or((1.0, "by docs/scale.md"));
    let week = scale::week(&Costs::MEASURED.times(factor), MESSAGES, true, help_center);
    load_of(customers, &week, by).with("slowness", (factor * 100.0).round() / 100.0)
}

fn load_of(customers: u32, week: &Week, by: &str) -> Finding {
    let load = scale::load(week, customers);
    let cores = load.cores.ceil().max(1.0);
    Finding::note(
        "load",
        format!(
            "{} customers a day with {MESSAGES} messages each, pushes on: {:.1} requests a second in the busiest hour, \
             cores: {cores:.0}, sockets: {}, {by}",
            scale::grouped(f64::from(customers)),
            load.requests_peak,
            scale::grouped(load.sockets),
        ),
    )
    .advised("docs/scale.md has the formula, and what to switch on")
    .with("customers", customers)
    .with("requests_per_second", round(load.requests_peak))
    .with("cores", cores)
    .with("sockets", load.sockets.round())
    .with("desk_ms_per_customer_and_day", ms(Duration::from_secs_f64(week.ms / 7_000.0)))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{
        judge::made::answer,
        probe::http::Trouble,
        report::Verdict::{Note, Ok as Fine, Skip, Warn},
    };

    const ROUND_TRIP: Duration = Duration::from_millis(30);

    fn timed(ms: u64) -> Result<Timed, Failed> {
        Ok(Timed { took: Duration::from_millis(ms), answer: answer(200, "{}") })
    }

    #[test]
    fn cost_is_what_the_way_did_not_take() {
        for (took, cost, verdict) in [(43, 13.0, Fine), (20, 0.1, Fine), (90, 60.0, Fine), (230, 200.0, Warn)] {
            let found = judge_inbox(&timed(took), ROUND_TRIP);
            assert_eq!((found.values["cost_ms"].as_f64(), found.verdict), (Some(cost), verdict), "{took}");
        }
        assert_eq!(judge_inbox(&Err(Failed::from(Err(Trouble::Cut))), ROUND_TRIP).verdict, Warn);
    }

    #[test]
    fn contact_is_judged_request_by_request() {
        let read =
            Read { contact: None, list: Some(Err(Failed::from(Ok(answer(500, "{}"))))), messages: 0, page: None };
        let of =
            |read: &Read| judge(read, ROUND_TRIP).iter().map(|found| (found.check, found.verdict)).collect::<Vec<_>>();
        assert_eq!(of(&read), [("cost.contact", Skip), ("cost.page", Skip), ("cost.list", Warn)]);
        let read = Read { contact: Some(timed(40)), list: Some(timed(480)), messages: 200, page: Some(timed(55)) };
        assert_eq!(of(&read), [("cost.contact", Fine), ("cost.page", Fine), ("cost.list", Fine)]);
        let list = &judge(&read, ROUND_TRIP)[2];
        assert!(list.seen.contains("200 messages costs 450 ms") && list.seen.contains("452 ms"), "{}", list.seen);
    }

    #[test]
    fn load_goes_by_what_was_measured_here() {
        let load =
            |inbox: &Result<Timed, Failed>, read: Option<&Read>| judge_load(100_000, false, inbox, read, ROUND_TRIP);
        let page = |took| Read { page: Some(timed(took)), ..Read::default() };
        let (as_usual, slow) = (load(&timed(43), Some(&page(55))), load(&timed(43), Some(&page(80))));
        assert_eq!((as_usual.values["slowness"].as_f64(), slow.values["slowness"].as_f64()), (Some(1.0), Some(2.0)));
        assert!(slow.values["cores"].as_f64() > as_usual.values["cores"].as_f64());
        assert_eq!(load(&timed(43), None).values["slowness"].as_f64(), Some(1.0));
        let unknown = load(&Err(Failed::from(Err(Trouble::Cut))), None);
        assert!(unknown.verdict == Note && unknown.seen.contains("by docs/scale.md"), "{}", unknown.seen);
    }
}
