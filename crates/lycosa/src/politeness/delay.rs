//! The delay of a site: every wish joined to one duration between the starts of two requests.

use std::time::Duration;

use crate::model::{DelayCause, Pace};

/// The delay in force: the greatest of the crawl-delay that robots.txt asks for, the rule, and k × the mean
/// response time (that part bounded by [`Pace::adaptive_max`]). A crawl-delay counts only while robots.txt does.
#[must_use]
pub fn site_delay(pace: &Pace, crawl_delay: Duration, mean_response: Duration) -> Duration {
    let (asked, adaptive) = wishes(pace, crawl_delay, mean_response);
    asked.max(pace.delay).max(adaptive)
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

/// Which wish the delay in force follows; of equal ones the rule, then robots.txt.
#[must_use]
pub fn delay_cause(pace: &Pace, crawl_delay: Duration, mean_response: Duration) -> DelayCause {
    let (asked, adaptive) = wishes(pace, crawl_delay, mean_response);
    if asked.max(adaptive) <= pace.delay {
        DelayCause::Rule
    } else if asked >= adaptive {
        DelayCause::CrawlDelay
    } else {
        DelayCause::ResponseTime
    }
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
        let causes = [(0, 100), (2_000, 100), (100, 3_000), (500, 500)]
            .map(|(asked, response)| delay_cause(&pace, ms(asked), ms(response)));
        let (rule, asked, response) = (DelayCause::Rule, DelayCause::CrawlDelay, DelayCause::ResponseTime);
        assert_eq!(causes, [rule, asked, response, rule]);
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
