//! Moments as people say them.

use jiff::{civil::Date, tz::TimeZone};
use shopbell::Timestamp;

/// Here and now: passed in, so that a screen is the same in every test.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Local {
    fn zoned(&self, moment: Timestamp) -> jiff::Zoned {
        // A moment outside of jiff's ten thousand years is shown as the beginning of time.
        jiff::Timestamp::from_millisecond(moment.millis()).unwrap_or_default().to_zoned(self.zone.clone())
    }

    /// `09:41`
    pub(crate) fn clock(&self, moment: Timestamp) -> String {
        let moment = self.zoned(moment);
        format!("{:02}:{:02}", moment.hour(), moment.minute())
    }

    /// The day that a moment falls on.
    pub(crate) fn date(&self, moment: Timestamp) -> Date {
        self.zoned(moment).date()
    }

    /// `Today`, `Yesterday`, `Mon 23 Nov`, or with its year where that is another.
    pub(crate) fn day(&self, moment: Timestamp) -> String {
        let (today, day) = (self.date(self.now), self.date(moment));
        if day == today {
            return "Today".to_owned();
        }
        if today.yesterday().is_ok_and(|yesterday| yesterday == day) {
            return "Yesterday".to_owned();
        }
        let year = if day.year() == today.year() { String::new() } else { format!(" {}", day.year()) };
        format!("{} {} {}{year}", weekday(day), day.day(), month(day))
    }

    /// The hour today, else the day: for a list.
    pub(crate) fn short(&self, moment: Timestamp) -> String {
        if self.date(moment) == self.date(self.now) { self.clock(moment) } else { self.day(moment) }
    }
}

fn weekday(day: Date) -> &'static str {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    match day.weekday() {
        Monday => "Mon",
        Tuesday => "Tue",
        Wednesday => "Wed",
        Thursday => "Thu",
        Friday => "Fri",
        Saturday => "Sat",
        Sunday => "Sun",
    }
}

fn month(day: Date) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(day.month() - 1).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_as_people_do() {
        // 2026-11-24 00:30 in Saigon is still the 23rd in London.
        let at = |seconds| Timestamp::from_seconds(seconds);
        let now = at(1_795_455_000);
        let utc = Local { now, zone: TimeZone::UTC };
        let saigon = Local { now, zone: TimeZone::fixed(jiff::tz::offset(7)) };
        assert_eq!((utc.clock(now), saigon.clock(now)), ("17:30".into(), "00:30".into()));
        assert_eq!(utc.day(at(1_795_455_000 - 3600)), "Today");
        assert_eq!(saigon.day(at(1_795_455_000 - 3600)), "Yesterday");
        assert_eq!(utc.day(at(1_795_455_000 - 3 * 86_400)), "Fri 20 Nov");
        assert_eq!(utc.day(at(0)), "Thu 1 Jan 1970");
        assert_eq!(utc.day(Timestamp::from_millis(i64::MAX)), "Thu 1 Jan 1970");
    }
}
