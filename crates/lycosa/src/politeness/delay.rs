//! The delay of a site: every wish joined to one duration between the starts of two requests.

use std::time::Duration;

use crate::model::Pace;

/// The delay in force: the greatest of the crawl-delay that robots.txt asks for, the rule, and k × the mean
/// response time (that part bounded by [`Pace::adaptive_max`]). A crawl-delay counts only while robots.txt does.
#[must_use]
pub fn site_delay(pace: &Pace, crawl_delay: Duration, mean_response: Duration) -> Duration {
    let (asked, adaptive) = wishes(pace, crawl_delay, mean_response);
    asked.max(pace.delay).max(adaptive)
}

/// Which wish gives a site's delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayRule {
    /// The crawl-delay of robots.txt.
    CrawlDelay,
    /// The rule of the crawl.
    Rule,
    /// k × the mean response time.
    ResponseTime,
}

impl DelayRule {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrawlDelay => "robots.txt",
            Self::Rule => "rule",
            Self::ResponseTime => "response time",
        }
    }
}

/// The wish that [`site_delay`] follows: of equal ones the rule.
#[must_use]
pub fn delay_rule(pace: &Pace, crawl_delay: Duration, mean_response: Duration) -> DelayRule {
    let (asked, adaptive) = wishes(pace, crawl_delay, mean_response);
    if asked > pace.delay && asked >= adaptive {
        DelayRule::CrawlDelay
    } else if adaptive > pace.delay {
        DelayRule::ResponseTime
    } else {
        DelayRule::Rule
    }
}

/// What robots.txt asks for, and k × the mean response time.
fn wishes(pace: &Pace, crawl_delay: Duration, mean_response: Duration) -> (Duration, Duration) {
    let factor = f64::from(pace.response_factor);
    let adaptive = if factor > 0.0 && !mean_response.is_zero() {
        let seconds = mean_response.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(pace.adaptive_max)
    } else {
        Duration::ZERO
    };
    (if pace.robots { crawl_delay } else { Duration::ZERO }, adaptive)
}

/// The mean response time after one more answer: exponentially weighted, a quarter for the newest. Zero stands
/// for "none yet", so the first answer counts whole.
#[must_use]
pub fn mean_response_time(mean: Duration, newest: Duration) -> Duration {
    if mean.is_zero() { newest } else { mean.saturating_mul(3).saturating_add(newest) / 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_greatest_wish_decides() {
        let pace = Pace::default();
        assert_eq!(site_delay(&pace, ms(0), ms(100)), ms(500));
        assert_eq!(site_delay(&pace, ms(2_000), ms(100)), ms(2_000));
        assert_eq!(site_delay(&pace, ms(100), ms(3_000)), ms(3_000));
        assert_eq!(site_delay(&pace, ms(100), ms(60_000)), pace.adaptive_max);
        assert_eq!(site_delay(&pace, ms(20_000), ms(60_000)), ms(20_000));
        assert_eq!(delay_rule(&pace, ms(0), ms(100)), DelayRule::Rule);
        assert_eq!(delay_rule(&pace, ms(2_000), ms(100)), DelayRule::CrawlDelay);
        assert_eq!(delay_rule(&pace, ms(100), ms(3_000)), DelayRule::ResponseTime);
    }

    #[test]
    fn a_fixed_delay_switches_off_the_adaptive_part_but_never_undercuts_robots() {
        let fixed = Pace { delay: Duration::ZERO, response_factor: 0.0, ..Pace::default() };
        assert_eq!(site_delay(&fixed, ms(0), ms(9_000)), ms(0));
        assert_eq!(site_delay(&fixed, ms(1_000), ms(9_000)), ms(1_000));
        let without_robots = Pace { robots: false, ..fixed };
        assert_eq!(site_delay(&without_robots, ms(1_000), ms(9_000)), ms(0));
    }

    #[test]
    fn a_factor_that_is_no_number_counts_as_none() {
        for factor in [f32::NAN, -1.0, f32::NEG_INFINITY] {
            let pace = Pace { response_factor: factor, ..Pace::default() };
            assert_eq!(site_delay(&pace, ms(0), ms(9_000)), pace.delay);
        }
        let pace = Pace { response_factor: f32::INFINITY, ..Pace::default() };
        assert_eq!(site_delay(&pace, ms(0), ms(1)), pace.adaptive_max);
        assert_eq!(site_delay(&pace, ms(0), ms(0)), pace.delay);
    }

    #[test]
    fn the_mean_follows_the_answers_by_quarters() {
        let first = mean_response_time(Duration::ZERO, ms(400));
        assert_eq!(first, ms(400));
        assert_eq!(mean_response_time(first, ms(800)), ms(500));
        assert_eq!(mean_response_time(Duration::MAX, Duration::MAX), Duration::MAX / 4);
    }
}
