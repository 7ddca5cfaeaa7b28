//! The saving of one purchase hour by hour, at the demand that was and at a share of it.

use std::ops::Range;

use crate::sizing::HOURS_PER_WEEK;

/// A purchase over the hours of a survey. Each hour has on-demand dollars `c` and is served `a`
/// times over with the purchase and `b` times without.
///
/// At the share `y` of the demand the purchase replaces `Σ c·(min(y, a) − min(y, b))`: a step of
/// `y` of the load costs `y·c` on-demand and is served whole up to `y = a`. That sum is piecewise
/// linear in `y` and grows with `y`.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    hours: Vec<CoveredHour>,
    /// Cost of the purchase in USD an hour.
    cost: f64,
}

/// Shares that bursts within the hour leave of what the hours say is replaced, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BurstShares {
    /// Share with the purchase.
    pub(crate) with: f64,
    /// Share without the purchase.
    pub(crate) without: f64,
}

impl BurstShares {
    /// Shares where hours hide nothing.
    pub(crate) const NONE: Self = Self { with: 1.0, without: 1.0 };

    /// Returns an hour as its bursts leave it: what would be served more than once over is not served
    /// whole where a part of it comes at once.
    pub(crate) fn of(self, hour: CoveredHour) -> CoveredHour {
        let left =
            |times: f64, share: f64| if share < 1.0 { share * times.min(1.0) } else { times };
        CoveredHour {
            with: left(hour.with, self.with),
            without: left(hour.without, self.without),
            ..hour
        }
    }
}

/// One hour of a survey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveredHour {
    /// On-demand cost in USD.
    pub value: f64,
    /// Number of times that the hour is served with the purchase; infinite where the hour asks for
    /// nothing.
    pub with: f64,
    /// Number of times that the hour is served without the purchase.
    pub without: f64,
}

impl Coverage {
    /// Builds the coverage from each hour; `cost` is the cost of the purchase in USD an hour.
    #[must_use]
    pub fn new(hours: impl IntoIterator<Item = CoveredHour>, cost: f64) -> Self {
        let hour = |hour: CoveredHour| CoveredHour {
            // With a purchase no hour is served less; rounding could say so.
            without: hour.without.min(hour.with),
            ..hour
        };
        Self { hours: hours.into_iter().map(hour).collect(), cost }
    }

    /// Returns the on-demand dollars of each hour.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.hours.iter().map(|hour| hour.value).collect()
    }

    /// Counts the hours.
    #[must_use]
    pub fn hours(&self) -> usize {
        self.hours.len()
    }

    fn span(&self, range: Range<usize>) -> &[CoveredHour] {
        self.hours.get(range).unwrap_or_default()
    }

    /// Adds up the on-demand dollars of some hours.
    #[must_use]
    pub fn value(&self, range: Range<usize>) -> f64 {
        self.span(range).iter().map(|hour| hour.value).sum()
    }

    /// Computes the saving in some hours at a share of their demand, in USD: the replaced dollars
    /// less the cost of the purchase.
    #[must_use]
    pub fn saving(&self, range: Range<usize>, share: f64) -> f64 {
        let span = self.span(range);
        let replaced: f64 = span
            .iter()
            .map(|hour| hour.value * (hour.with.min(share) - hour.without.min(share)))
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "hours are few")]
        let hours = span.len() as f64;
        replaced - self.cost * hours
    }

    /// Returns the whole weeks, counted back from the end.
    #[must_use]
    pub fn weeks(&self) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        weeks(self.hours.len())
    }

    /// Returns the largest share of the demand of some hours that can go while the purchase still
    /// costs no more than none, from 0 to 1: exact, by the bends of the piecewise linear saving.
    /// `None` where the purchase costs more already.
    #[must_use]
    pub fn robustness(&self, range: Range<usize>) -> Option<f64> {
        let span = self.span(range.clone());
        if self.saving(range, 1.0) < 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "hours are few")]
        let cost = self.cost * span.len() as f64;
        // Where the slope changes: up where it begins to replace, down where it serves all it can.
        let mut bends: Vec<(f64, f64)> = span
            .iter()
            .filter(|hour| hour.value > 0.0)
            .flat_map(|hour| [(hour.without, hour.value), (hour.with, -hour.value)])
            .filter(|(share, _)| *share < 1.0)
            .collect();
        bends.sort_by(|a, b| a.0.total_cmp(&b.0));
        bends.push((1.0, 0.0));
        let (mut share, mut replaced, mut slope) = (0.0, 0.0, 0.0);
        for (next, change) in bends {
            let reached = replaced + slope * (next - share);
            if reached >= cost && slope > 0.0 {
                let needed: f64 = share + (cost - replaced) / slope;
                return Some((1.0 - needed).clamp(0.0, 1.0));
            }
            (share, replaced) = (next, reached);
            slope += change;
        }
        Some(if cost > 0.0 { 0.0 } else { 1.0 })
    }
}

/// Returns the whole weeks of so many hours, counted back from the end.
pub(crate) fn weeks(hours: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let first = hours % HOURS_PER_WEEK;
    (0..hours / HOURS_PER_WEEK).map(move |week| {
        let start = first + week * HOURS_PER_WEEK;
        start..start + HOURS_PER_WEEK
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour((value, with, without): (f64, f64, f64)) -> CoveredHour {
        CoveredHour { value, with, without }
    }

    #[test]
    fn weeks_are_counted_back_from_the_end() {
        let weeks: Vec<_> = weeks(400).collect();
        assert_eq!(weeks, [64..232, 232..400]);
    }

    #[test]
    fn a_purchase_that_is_full_breaks_even_at_its_share_of_the_price() {
        // 10 dollars an hour, served once and a half over, for 6.
        let coverage = Coverage::new([hour((10.0, 1.5, 0.0)); 168], 6.0);
        assert!((coverage.robustness(0..168).unwrap() - 0.4).abs() < 1e-12);
        let dear = Coverage::new([hour((10.0, 1.5, 0.0)); 168], 11.0);
        assert_eq!(dear.robustness(0..168), None);
    }

    #[test]
    fn what_is_held_serves_first_and_goes_last() {
        // Half is served by what is held: at half of the demand the purchase replaces nothing.
        let coverage = Coverage::new([hour((10.0, 1.0, 0.5)); 168], 1.0);
        assert!((coverage.robustness(0..168).unwrap() - 0.4).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn at_its_robustness_a_purchase_costs_as_much_as_none_and_beyond_it_more(
            hours in prop::collection::vec((0.0f64..10.0, 0.0f64..2.0, 0.0f64..1.0), 1..40),
            cost in 0.1f64..3.0,
        ) {
            let coverage = Coverage::new(hours.iter().copied().map(hour), cost);
            let all = 0..hours.len();
            match coverage.robustness(all.clone()) {
                None => prop_assert!(coverage.saving(all, 1.0) < 0.0),
                Some(gone) => {
                    prop_assert!(coverage.saving(all.clone(), 1.0 - gone).abs() < 1e-9 || gone == 0.0);
                    if gone < 0.99 {
                        prop_assert!(coverage.saving(all.clone(), 1.0 - gone - 0.01) <= 1e-9);
                    }
                    // From the definition, scaling each hour's demand: y·c dollars, served a/y times.
                    let y = 1.0 - gone / 2.0;
                    let scaled: f64 = hours
                        .iter()
                        .map(|(c, a, b)| c * y * ((a / y).min(1.0) - (b.min(*a) / y).min(1.0)))
                        .sum();
                    #[expect(clippy::cast_precision_loss, reason = "a few hours")]
                    let costs = cost * hours.len() as f64;
                    prop_assert!((coverage.saving(all, y) - (scaled - costs)).abs() < 1e-9);
                }
            }
        }

        #[test]
        fn the_weeks_of_whole_weeks_are_all_of_it(weeks in 1usize..5, value in 0.0f64..10.0, with in 0.0f64..2.0) {
            let coverage = Coverage::new(vec![hour((value, with, 0.0)); weeks * HOURS_PER_WEEK], 1.0);
            let sum: f64 = coverage.weeks().map(|week| coverage.saving(week, 1.0)).sum();
            prop_assert!((sum - coverage.saving(0..coverage.hours(), 1.0)).abs() < 1e-6);
        }
    }
}
