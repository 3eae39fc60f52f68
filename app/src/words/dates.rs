//! Dates in UTC, without a date crate: the browser would have to download it.

use backstep_domain::{DAY, HOUR, MINUTE, Millis};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time, taken apart in UTC.
struct Utc {
    year: i64,
    /// 1 to 12.
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
}

/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn utc(at: Millis) -> Utc {
    let (days, rest) = (at.0.div_euclid(DAY), at.0.rem_euclid(DAY));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months counted from March, so that the leap day is the last day of the year.
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    Utc {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        hour: rest / HOUR,
        minute: rest % HOUR / MINUTE,
        second: rest % MINUTE / 1000,
        milli: rest % 1000,
    }
}

/// The inverse of `utc` for a day's start.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or("?")
}

/// `2026-11-23T14:05:09.120Z`, for `<time datetime>`.
pub fn iso(at: Millis) -> String {
    let t = utc(at);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour, t.minute, t.second, t.milli)
}

/// `23 Nov 2026, 14:05:09 UTC`.
pub fn exact_utc(at: Millis) -> String {
    let t = utc(at);
    format!("{} {} {}, {:02}:{:02}:{:02} UTC", t.day, month_name(t.month), t.year, t.hour, t.minute, t.second)
}

/// `23 Nov 2026`.
pub fn day(at: Millis) -> String {
    let t = utc(at);
    format!("{} {} {}", t.day, month_name(t.month), t.year)
}

/// `2026-11-23`, as a date field holds it.
pub fn iso_day(at: Millis) -> String {
    iso(at)[..10].to_owned()
}

/// The first millisecond (UTC) of a day written as a date field sends it; `None` if there is no such day.
pub fn parse_day(text: &str) -> Option<Millis> {
    let mut fields = text.split('-');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    let plain = |s: &str, len: usize| s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
    if fields.next().is_some() || !plain(year, 4) || !plain(month, 2) || !plain(day, 2) {
        return None;
    }
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let at = Millis(days_from_civil(year, month, day) * DAY);
    // 30 February would come back as 2 March.
    (iso_day(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_in_utc() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso(Millis(ms)), expected);
        }
        assert_eq!(exact_utc(Millis(1_795_442_709_120)), "23 Nov 2026, 14:05:09 UTC");
        assert_eq!(day(Millis(1_795_442_709_120)), "23 Nov 2026");
    }

    #[test]
    fn reads_every_day_that_it_writes() {
        for n in (-200_000..200_000).step_by(17) {
            let at = Millis(n * DAY);
            // Only years of four digits are written in a date field.
            if (0..=9999).contains(&utc(at).year) {
                assert_eq!(parse_day(&iso_day(at.plus(DAY - 1))), Some(at), "{}", iso(at));
            }
        }
    }

    #[test]
    fn refuses_what_is_no_day() {
        for text in ["", "2026-02-30", "2026-13-01", "2026-1-1", "2026-01-01T", "26-01-01", "+026-01-01", "2026-00-10"]
        {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
