//! How long to wait before the next try.

use std::time::Duration;

/// However long a server asks to be left alone, it is asked again after this.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(15 * 60);

/// Doubles from `first` to `most`.
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    pub first: Duration,
    pub most: Duration,
}

impl BackOff {
    /// How long after the `tries`th failure in a row (from 1). `chance`, 0 to 1, spreads what would else come all at once;
    /// what the server itself asked for is the least.
    pub fn after(&self, tries: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(self.most);
        let spread = doubled.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        spread.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_a_limit_and_keeps_to_what_was_asked() {
        let back_off = BackOff { first: Duration::from_millis(500), most: Duration::from_secs(60) };
        let ms = |tries, asked: Option<u64>, chance| {
            back_off.after(tries, asked.map(Duration::from_millis), chance).as_millis()
        };
        assert_eq!([ms(1, None, 1.0), ms(2, None, 1.0), ms(3, None, 1.0)], [500, 1000, 2000]);
        assert_eq!([ms(1, None, 0.0), ms(2, None, 0.0)], [250, 500]);
        assert_eq!([ms(9, None, 1.0), ms(u32::MAX, None, 1.0)], [60_000, 60_000]);
        assert_eq!(ms(1, Some(7_000), 0.5), 7_000, "never earlier than the server asked for");
        assert_eq!(ms(9, Some(7_000), 1.0), 60_000);
        assert_eq!(ms(1, Some(u64::MAX), 1.0), 900_000);
    }
}
