//! What customers cost a desk: the formula behind `docs/scale.md`, pure.
//!
//! The costs were measured on a real desk of 4.15.1, one request at a time on two cores that nobody else used. The day is
//! the one that the SDK is measured by. What was assumed and not measured is said where it stands.

use std::time::Duration;

/// Milliseconds of the desk's time that a request takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// A page of 20 messages, whatever the history.
    pub page: f64,
    /// The list of conversations without a message.
    pub list: f64,
    /// What each message of the history adds to the list.
    pub list_message: f64,
    /// Sending a message.
    pub send: f64,
    /// Marking as seen; a job follows, which is not counted.
    pub seen: f64,
    /// A connection of the socket with its subscription. Not measured: taken as a contact's request.
    pub connection: f64,
    /// Asking for the version.
    pub version: f64,
    /// The sitemap of a help centre of 600 articles.
    pub sitemap: f64,
}

impl Costs {
    /// The middle of what was measured.
    pub const MEASURED: Self = Self {
        page: 25.0,
        list: 12.0,
        list_message: 2.2,
        send: 48.0,
        seen: 35.0,
        connection: 10.0,
        version: 33.0,
        sitemap: 85.0,
    };

    /// A desk that takes so many times as long for everything.
    pub fn times(self, factor: f64) -> Self {
        Self {
            page: self.page * factor,
            list: self.list * factor,
            list_message: self.list_message * factor,
            send: self.send * factor,
            seen: self.seen * factor,
            connection: self.connection * factor,
            version: self.version * factor,
            sitemap: self.sitemap * factor,
        }
    }

    /// The list of a customer with so many messages.
    pub fn list_of(&self, messages: u32) -> f64 {
        self.list + self.list_message * f64::from(messages)
    }
}

/// When a customer's day begins, and what lies between two openings, in minutes.
const FIRST_OPENING: u32 = 8 * 60;
const BETWEEN_OPENINGS: u32 = 3 * 60;
const OPENINGS: u32 = 5;
/// Minutes after an opening at which the app returns to the foreground: ten a day.
const RETURNS_AFTER: [u32; 2] = [20, 40];
const LOST_CONNECTIONS: u32 = 10;
/// One answer is waited for so long.
const WAITING_MINUTES: u32 = 10;
/// A page every 15 s while an answer is waited for. The beat grows, so this is the most.
const PAGES_PER_WAITING_MINUTE: u32 = 4;
/// Assumed: each opening and each return keeps the app in front for so long.
const MINUTES_IN_FRONT: u32 = 4;
/// Where nothing is waited for, the badge follows by a page every two minutes.
const MINUTES_BETWEEN_BADGES: u32 = 2;

/// The list is asked for once in this time at most, …
const LIST_AT_MOST: Duration = Duration::from_secs(3_600);
/// … and once in so many times what its last answer took, …
const LIST_REST: f64 = 10_000.0;
/// … and so many times as long where pushes name what is new.
const LIST_WITH_PUSHES: f64 = 5.0;

/// The requests of one customer in a week, and the desk's time for them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Lists of conversations.
    pub lists: u32,
    /// Pages of messages, those of waiting included.
    pub pages: u32,
    /// All requests and connections.
    pub requests: u32,
    /// Milliseconds of the desk's time.
    pub ms: f64,
    /// Of which: waiting for answers.
    pub waiting_ms: f64,
}

/// How often a week's openings and returns ask for the list.
fn lists_in_a_week(list_ms: f64, pushes: bool) -> u32 {
    let rest = LIST_AT_MOST.as_secs_f64().max(LIST_REST * list_ms / 1_000.0);
    let rest = rest * if pushes { LIST_WITH_PUSHES } else { 1.0 };
    let chances = (0..7).flat_map(|day| {
        (0..OPENINGS).flat_map(move |opening| {
            let at = day * 24 * 60 + FIRST_OPENING + opening * BETWEEN_OPENINGS;
            [0].into_iter().chain(RETURNS_AFTER).map(move |later| f64::from(at + later) * 60.0)
        })
    });
    let (mut asked, mut last) = (0, f64::NEG_INFINITY);
    for at in chances {
        if at - last >= rest {
            (asked, last) = (asked + 1, at);
        }
    }
    asked
}

/// A week of a customer with so many messages of history.
pub fn week(costs: &Costs, messages: u32, pushes: bool, help_center: bool) -> Week {
    let list_ms = costs.list_of(messages);
    let lists = lists_in_a_week(list_ms, pushes);
    let returns = OPENINGS * u32::try_from(RETURNS_AFTER.len()).unwrap_or(0);
    let arrivals = OPENINGS + returns;
    let connections = 7 * (arrivals + LOST_CONNECTIONS);
    let waiting = 7 * WAITING_MINUTES * PAGES_PER_WAITING_MINUTE;
    let badges = 7 * arrivals * MINUTES_IN_FRONT / MINUTES_BETWEEN_BADGES;
    // One page at each opening, return and confirmation after a lost connection.
    let pages = connections + waiting + badges;
    // One message is sent, and its answer seen, a day; the version is asked for once a day.
    let (sends, seen, versions) = (7, 7, 7);
    let sitemaps = if help_center { 7 * OPENINGS } else { 0 };
    let of = |count: u32, each: f64| f64::from(count) * each;
    Week {
        lists,
        pages,
        requests: lists + pages + connections + sends + seen + versions + sitemaps,
        ms: of(lists, list_ms)
            + of(pages, costs.page)
            + of(connections, costs.connection)
            + of(sends, costs.send)
            + of(seen, costs.seen)
            + of(versions, costs.version)
            + of(sitemaps, costs.sitemap),
        waiting_ms: of(waiting, costs.page),
    }
}

/// The busiest hour's part of a day. Assumed: 2.4 times the average hour.
const PEAK_HOUR: f64 = 0.10;
/// How busy cores may be at the peak before requests wait for each other noticeably. Assumed.
const UTILISATION: f64 = 0.6;

/// What customers need of a desk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Requests and connections a second, over the whole day.
    pub requests_average: f64,
    /// The same in the busiest hour.
    pub requests_peak: f64,
    /// Cores of the desk, database included, for the busiest hour.
    pub cores: f64,
    /// Open sockets in the busiest hour.
    pub sockets: f64,
}

/// So many customers a day, each with such a week.
pub fn load(week: &Week, customers: u32) -> Load {
    let customers = f64::from(customers);
    let a_day = |of_a_week: f64| customers * of_a_week / 7.0;
    let in_peak_second = |of_a_day: f64| of_a_day * PEAK_HOUR / 3_600.0;
    let requests = a_day(f64::from(week.requests));
    let returns = f64::from(OPENINGS) * (1.0 + RETURNS_AFTER.len() as f64);
    let minutes = returns * f64::from(MINUTES_IN_FRONT) + f64::from(WAITING_MINUTES);
    Load {
        requests_average: requests / 86_400.0,
        requests_peak: in_peak_second(requests),
        cores: in_peak_second(a_day(week.ms) / 1_000.0) / UTILISATION,
        sockets: in_peak_second(customers * minutes * 60.0),
    }
}

/// Customers who may wait for an answer behind one address before the desk throttles it.
pub fn waiting_behind_one_address(requests_a_minute: u32) -> u32 {
    requests_a_minute / PAGES_PER_WAITING_MINUTE
}

/// The table of `docs/scale.md`.
pub fn table(customers: u32) -> String {
    let mut text = String::from(
        "| messages | pushes | lists a week | requests a day | desk's time a day | of which waiting | requests a second: \
         average, peak | cores | sockets |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (messages, pushes) in [20, 200, 2_000].into_iter().flat_map(|messages| [(messages, true), (messages, false)]) {
        let week = week(&Costs::MEASURED, messages, pushes, false);
        let load = load(&week, customers);
        text.push_str(&format!(
            "| {} | {} | {} | {:.0} | {:.1} s | {:.1} s | {:.0}, {:.0} | {:.0} | {} |\n",
            grouped(f64::from(messages)),
            if pushes { "on" } else { "off" },
            week.lists,
            f64::from(week.requests) / 7.0,
            week.ms / 7_000.0,
            week.waiting_ms / 7_000.0,
            load.requests_average,
            load.requests_peak,
            load.cores.ceil(),
            grouped(load.sockets),
        ));
    }
    text
}

/// A whole number with commas.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_asked_for_by_its_own_cost() {
        for (list_ms, pushes, lists) in [
            // An hour: each of the 35 openings, and no return within the hour.
            (48.0, false, 35),
            // 75 minutes: the same.
            (443.0, false, 35),
            // Five hours: 8, 14 and 20 o'clock.
            (48.0, true, 21),
            // Twelve hours and a quarter: at 8:00 and 20:20, the next day at 8:40 alone.
            (4_412.0, false, 11),
            // Longer than a week.
            (100_000.0, true, 1),
        ] {
            assert_eq!(lists_in_a_week(list_ms, pushes), lists, "{list_ms} {pushes}");
        }
    }

    #[test]
    fn only_the_list_grows_with_the_history() {
        let of = |messages, pushes| week(&Costs::MEASURED, messages, pushes, false);
        for pushes in [false, true] {
            let (short, long) = (of(20, pushes), of(2_000, pushes));
            assert_eq!(short.pages, long.pages);
            let without = |week: &Week, messages| week.ms - f64::from(week.lists) * Costs::MEASURED.list_of(messages);
            assert!((without(&short, 20) - without(&long, 2_000)).abs() < 1e-6);
            assert!(long.lists < short.lists);
        }
        assert!(of(200, true).ms < of(200, false).ms);
        assert_eq!(of(200, true).waiting_ms, 7.0 * 1_000.0);
    }

    #[test]
    fn load_is_proportional_to_customers_and_to_the_desks_slowness() {
        let once = week(&Costs::MEASURED, 200, true, true);
        let twice = week(&Costs::MEASURED.times(2.0), 200, true, true);
        assert!(twice.ms > 1.5 * once.ms);
        let (few, many) = (load(&once, 1_000), load(&once, 100_000));
        assert!((many.cores / few.cores - 100.0).abs() < 1e-9);
        assert!((many.requests_peak / many.requests_average - 2.4).abs() < 1e-9);
        assert_eq!(waiting_behind_one_address(3_000), 750);
    }

    #[test]
    fn number_is_grouped_by_thousands() {
        for (number, text) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (11_666.7, "11,667"), (1e6, "1,000,000")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn document_holds_the_formulas_table() {
        let document = include_str!("../../../docs/scale.md");
        let table = table(100_000);
        assert!(document.contains(&table), "docs/scale.md should hold\n{table}");
        let help = week(&Costs::MEASURED, 200, true, true).ms - week(&Costs::MEASURED, 200, true, false).ms;
        assert!(document.contains(&format!("{:.0} ms a day", help / 7.0)), "{help}");
        let behind = waiting_behind_one_address(3_000);
        assert!(document.contains(&format!("{behind} customers who wait")), "{behind}");
    }
}
