//! The sandbox's only view of time, in the two shapes Rails prints it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, the resolution Rails shows in its ISO dates.
pub(crate) type Millis = u64;

/// The present moment.
// The workspace bans the system clock because the core must be testable with a set one. The sandbox plays the
// other side of the wire, a server with a clock of its own, so it asks the machine, and only here.
#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> Millis {
    let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Of the runtime that asks: where its time is paused and moved on by hand, the desk's waits follow that, and so must
    // its dates. Else the two clocks are the same one.
    let (machine, runtime) = (Instant::now(), tokio::time::Instant::now().into_std());
    let shown = match runtime.checked_duration_since(machine) {
        Some(ahead) => system.saturating_add(ahead),
        None => system.saturating_sub(machine.duration_since(runtime)),
    };
    u64::try_from(shown.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds, as REST and most of the cable's fields give them.
pub(crate) fn seconds(at: Millis) -> u64 {
    at / 1000
}

/// `2026-06-17T10:00:00.000Z`: how Rails writes a raw column.
pub(crate) fn iso(at: Millis) -> String {
    let (year, month, day) = civil(at / 86_400_000);
    let rest = at % 86_400_000;
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// `Wed, 17 Jun 2026 10:00:00 GMT`: how an HTTP header writes a moment.
pub(crate) fn http_date(at: Millis) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = at / 86_400_000;
    let (year, month, day) = civil(days);
    let weekday = usize::try_from(days % 7).ok().and_then(|day| WEEKDAYS.get(day));
    let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.saturating_sub(1)));
    let rest = seconds(at) % 86_400;
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        weekday.copied().unwrap_or_default(),
        month.copied().unwrap_or_default(),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Days since 1970 to year, month and day (Howard Hinnant's civil-from-days for dates after 1970).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_is_printed_in_both_shapes() {
        let leap_day = 1_709_210_096_789;
        assert_eq!(iso(leap_day), "2024-02-29T12:34:56.789Z");
        assert_eq!(http_date(leap_day), "Thu, 29 Feb 2024 12:34:56 GMT");
    }
}
