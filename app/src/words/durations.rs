//! How long, and how long ago.

use backstep_domain::{DAY, HOUR, MINUTE, Millis};

use super::day;

/// A duration in its two largest units: `3 d 4 h`, `4 h 12 min`, `12 min`, `45 s`.
pub fn span(ms: i64) -> String {
    let ms = ms.max(0);
    let two = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match ms {
        _ if ms >= DAY => two(ms / DAY, "d", ms % DAY / HOUR, "h"),
        _ if ms >= HOUR => two(ms / HOUR, "h", ms % HOUR / MINUTE, "min"),
        _ if ms >= MINUTE => format!("{} min", ms / MINUTE),
        _ => format!("{} s", ms / 1000),
    }
}

/// How long ago, in one unit; past thirty days the date says more. Clocks that differ a little make no future.
pub fn relative(at: Millis, now: Millis) -> String {
    let ahead = at.since(now);
    if ahead >= 2 * MINUTE {
        return if ahead > 30 * DAY { day(at) } else { format!("in {}", one_unit(ahead)) };
    }
    let ago = now.since(at);
    match ago {
        _ if ago < MINUTE => "just now".to_owned(),
        _ if ago <= 30 * DAY => format!("{} ago", one_unit(ago)),
        _ => day(at),
    }
}

fn one_unit(ms: i64) -> String {
    match ms {
        _ if ms >= DAY => format!("{} d", ms / DAY),
        _ if ms >= HOUR => format!("{} h", ms / HOUR),
        _ => format!("{} min", ms / MINUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_two_largest_units() {
        for (ms, expected) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59_999, "59 s"),
            (MINUTE, "1 min"),
            (HOUR - 1, "59 min"),
            (HOUR, "1 h"),
            (4 * HOUR + 12 * MINUTE + 59_000, "4 h 12 min"),
            (DAY, "1 d"),
            (DAY + 59 * MINUTE, "1 d"),
            (3 * DAY + 4 * HOUR, "3 d 4 h"),
            (400 * DAY + 23 * HOUR, "400 d 23 h"),
        ] {
            assert_eq!(span(ms), expected, "{ms}");
        }
    }

    #[test]
    fn says_how_long_ago() {
        let now = Millis(1_795_442_709_120);
        for (ago, expected) in [
            (0, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 min ago"),
            (HOUR, "1 h ago"),
            (DAY - 1, "23 h ago"),
            (DAY, "1 d ago"),
            (30 * DAY, "30 d ago"),
            (31 * DAY, "23 Oct 2026"),
            // A clock that is a little ahead.
            (-MINUTE, "just now"),
            (-5 * MINUTE, "in 5 min"),
            (-31 * DAY, "24 Dec 2026"),
        ] {
            assert_eq!(relative(now.minus(ago), now), expected, "{ago}");
        }
    }
}
