//! Dates and times of day as people say them. Pure: the time and the time zone are parameters.

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// 31 December 9999, counted in days from 1 January 1970.
const LAST_DAY: i64 = 2_932_896;

/// A moment as a calendar and a clock on the wall show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    days: i64,
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Moment {
    /// The moment `unix_ms` milliseconds after the Unix epoch, so many minutes east of Greenwich. Years before
    /// 1970 and after 9999 are not for showing and end up at their edge.
    pub fn new(unix_ms: i64, east_minutes: i64) -> Self {
        let last_ms = LAST_DAY * DAY_MS + DAY_MS - 1;
        let local = unix_ms.saturating_add(east_minutes.saturating_mul(MINUTE_MS)).clamp(0, last_ms);
        let days = local / DAY_MS;
        let seconds = local % DAY_MS / 1000;

        let (mut year, mut left) = (1970, days);
        while left >= days_in_year(year) {
            left -= days_in_year(year);
            year += 1;
        }
        let mut month = 0;
        while left >= days_in_month(year, month) {
            left -= days_in_month(year, month);
            month += 1;
        }
        Self {
            days,
            year,
            month,
            day: left + 1,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// Such as `14:02:31`.
    pub fn clock(self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    /// For the `datetime` of a `<time>`, when the moment was made with UTC: such as `2026-12-20T14:02:31Z`.
    pub fn machine(self) -> String {
        format!("{:04}-{:02}-{:02}T{}Z", self.year, self.month + 1, self.day, self.clock())
    }

    /// This moment as somebody at `now` would say it: `14:02 today`, `20 December`, `20 December 2027`.
    pub fn said_at(self, now: Self) -> String {
        match self.days - now.days {
            -1..=1 => format!("{:02}:{:02} {}", self.hour, self.minute, self.day_at(now)),
            _ => self.day_at(now),
        }
    }

    /// The same to the second, whatever the day: `14:02:31 today`, `20 December, 14:02:31`.
    pub fn said_exactly(self, now: Self) -> String {
        match self.days - now.days {
            -1..=1 => format!("{} {}", self.clock(), self.day_at(now)),
            _ => format!("{}, {}", self.day_at(now), self.clock()),
        }
    }

    /// Its day as somebody at `now` would say it.
    fn day_at(self, now: Self) -> String {
        let month = MONTHS.get(self.month).copied().unwrap_or_default();
        match self.days - now.days {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            -1 => "yesterday".to_owned(),
            _ if self.year == now.year => format!("{} {month}", self.day),
            _ => format!("{} {month} {}", self.day, self.year),
        }
    }

    /// How one greets at this time of day.
    pub fn greeting(self) -> &'static str {
        match self.hour {
            5..=11 => "Good morning",
            12..=17 => "Good afternoon",
            _ => "Good evening",
        }
    }
}

/// Whether a text is a day such as `2026-12-20`, as a form's field for dates writes it.
pub fn is_day(text: &str) -> bool {
    let digits = |part: &str, length: usize| {
        let good = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| part.parse::<i64>().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let mut part = |length| parts.next().and_then(|part| digits(part, length));
    let (Some(year), Some(month @ 1..=12), Some(day)) = (part(4), part(2), part(2)) else { return false };
    let month = usize::try_from(month - 1).unwrap_or_default();
    year > 0 && (1..=days_in_month(year, month)).contains(&day)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_year(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

/// `month` counts from 0.
fn days_in_month(year: i64, month: usize) -> i64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `date -u -d @SECONDS` says.
    #[test]
    fn moments_match_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Moment::new(seconds * 1000, 0).machine(), expected);
        }
    }

    #[test]
    fn no_number_is_too_large() {
        assert_eq!(Moment::new(i64::MAX, i64::MAX).machine(), "9999-12-31T23:59:59Z");
        assert_eq!(Moment::new(i64::MIN, i64::MIN).machine(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn dates_are_said_from_where_one_stands() {
        let noon = 1_797_768_000_000; // 20 December 2026, 12:00 UTC
        let now = Moment::new(noon, 60);
        let later = |days: i64| Moment::new(noon + days * DAY_MS, 60).said_at(now);
        assert_eq!(later(0), "13:00 today");
        assert_eq!(later(1), "13:00 tomorrow");
        assert_eq!(later(2), "22 December");
        assert_eq!(later(-1), "13:00 yesterday");
        assert_eq!(later(-2), "18 December");
        assert_eq!(later(31), "20 January 2027");
        let exactly = |days: i64| Moment::new(noon + days * DAY_MS, 60).said_exactly(now);
        assert_eq!(exactly(0), "13:00:00 today");
        assert_eq!(exactly(-1), "13:00:00 yesterday");
        assert_eq!(exactly(-2), "18 December, 13:00:00");
        assert_eq!(exactly(31), "20 January 2027, 13:00:00");
        // Eleven hours later it is tomorrow in Berlin, and still today in London.
        let near_midnight = noon + 11 * 60 * MINUTE_MS;
        assert_eq!(Moment::new(near_midnight, 60).said_at(now), "00:00 tomorrow");
        assert_eq!(Moment::new(near_midnight, 0).said_at(Moment::new(noon, 0)), "23:00 today");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in ["2026-12-20", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert!(is_day(day), "{day}");
        }
        for other in [
            "",
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "0000-01-01",
            "2026-1-1",
            "12026-01-01",
            "2026-12",
            "2026-12-20-",
            "2026-12-20T00:00",
            "+026-12-20",
            "20\u{662}6-12-20",
            "today",
        ] {
            assert!(!is_day(other), "{other}");
        }
    }

    #[test]
    fn greetings_follow_the_sun() {
        let at = |hour: i64| Moment::new(hour * 60 * MINUTE_MS, 0).greeting();
        assert_eq!(
            [at(4), at(5), at(11), at(12), at(17), at(18)],
            [
                "Good evening",
                "Good morning",
                "Good morning",
                "Good afternoon",
                "Good afternoon",
                "Good evening"
            ]
        );
    }
}
