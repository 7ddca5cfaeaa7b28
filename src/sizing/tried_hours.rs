//! The hours that a purchase is tried on, where what exceeds the purchase goes on-demand: its saving in
//! any of them, and each week decided on the weeks before.

use std::ops::Range;

use crate::domain::period::HOUR;
use crate::pricing::StepDemand;
use crate::sizing::coverage::{BurstShares, CoveredHour};
use crate::sizing::{Backtest, Coverage, Purchase, float, float_value};

/// Whole weeks of hours, as bursts and what is held leave them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriedHours<'d> {
    /// Demand of each hour.
    pub(crate) steps: &'d [StepDemand],
    /// On-demand part of each hour, in 10^-16 USD.
    pub(crate) on_demand: &'d [u128],
    /// Shares that bursts within the hour leave, the same for whatever is bought.
    pub(crate) bursts: BurstShares,
}

/// Choice of a size that each week has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WeeklySize<A> {
    /// Best size.
    Best,
    /// Best size up to what is held.
    UpTo(A),
    /// All of what is held, or none.
    Whole(A),
}

impl TriedHours<'_> {
    /// Builds the coverage of the hours in a span by a purchase.
    pub(crate) fn coverage<P: Purchase>(
        &self,
        purchase: &P,
        amount: P::Amount,
        span: Range<usize>,
    ) -> Coverage {
        self.coverage_of(purchase, amount, self.span(span.clone()), span)
    }

    /// Builds the coverage of other hours, of which what is held serves the share of those in a span.
    pub(crate) fn coverage_of<P: Purchase>(
        &self,
        purchase: &P,
        amount: P::Amount,
        hours: &[StepDemand],
        span: Range<usize>,
    ) -> Coverage {
        let on_demand = self.on_demand.get(span.clone()).unwrap_or_default();
        let hour = |(step, (today, on_demand)): (&StepDemand, (&StepDemand, &u128))| {
            let (value, now) = (float_value(step.value), float_value(today.value));
            // What is served by what is held was never on-demand, whatever it is said to serve.
            let held = if now > 0.0 { 1.0 - float_value(*on_demand) / now } else { 0.0 };
            let covered = self.bursts.of(CoveredHour {
                value,
                with: purchase.times_served(step, HOUR, amount),
                without: purchase.times_served(step, HOUR, P::NONE),
            });
            CoveredHour { without: covered.without.max(held), ..covered }
        };
        let cost = float(purchase.cost(amount, 1));
        Coverage::new(hours.iter().zip(self.span(span).iter().zip(on_demand)).map(hour), cost)
    }

    /// Decides each week on the weeks before: first the best of `unbound`, purchases without a term,
    /// then the purchase itself. What is promised and realised is what the purchase saves more.
    pub(crate) fn backtest<P: Purchase>(
        &self,
        purchase: &P,
        unbound: &[P],
        size: WeeklySize<P::Amount>,
        recent_weeks: usize,
    ) -> Backtest {
        let saving = |of: &P, amount: P::Amount, span: Range<usize>| {
            let hours = span.len();
            self.coverage(of, amount, span).saving(0..hours, 1.0)
        };
        Backtest::walk_forward(
            self.steps.len(),
            recent_weeks,
            |sized_on, recent| {
                let bought = self.size(purchase, size, sized_on.clone())?;
                let sized = unbound.iter().filter_map(|of| {
                    let amount = self.size(of, size, sized_on.clone())?;
                    Some((of, amount, saving(of, amount, recent.clone())))
                });
                // What promises nothing would not be held either.
                let instead = sized.filter(|(.., promised)| *promised > 0.0);
                let instead = instead.max_by(|(.., a), (.., b)| a.total_cmp(b));
                Some((bought, instead))
            },
            |(bought, instead), span| {
                let without = instead.map(|(of, amount, _)| saving(of, amount, span.clone()));
                saving(purchase, *bought, span) - without.unwrap_or_default()
            },
        )
    }

    /// Finds the size to choose over some hours; `None` where none pays.
    fn size<P: Purchase>(
        &self,
        purchase: &P,
        size: WeeklySize<P::Amount>,
        span: Range<usize>,
    ) -> Option<P::Amount> {
        // On hours: the minutes of older weeks are gone. The burst shares make up for what they hide.
        let sizing = || purchase.sizing(self.span(span), HOUR);
        let found = match size {
            WeeklySize::Best => P::optimum(&sizing()),
            WeeklySize::UpTo(held) => P::optimum_within(&sizing(), held),
            WeeklySize::Whole(held) => held,
        };
        (found != P::NONE).then_some(found)
    }

    fn span(&self, span: Range<usize>) -> &[StepDemand] {
        self.steps.get(span).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use crate::domain::{Capacity, ModelUnits, UsdPerModelUnitHour};
    use crate::pricing::Load;
    use crate::sizing::{Fold, HOURS_PER_WEEK, UnitPurchase};
    use proptest::prelude::*;

    const RECENT: usize = 4;

    /// Dollars an hour, in tenths, of one week by day and by night.
    type Week = (u64, u64);

    fn weeks() -> impl Strategy<Value = Vec<Week>> {
        prop::collection::vec((0u64..60, 0u64..60), 3..11)
    }

    fn steps(weeks: &[Week]) -> Vec<StepDemand> {
        let hours = weeks.iter().flat_map(|(day, night)| {
            (0..HOURS_PER_WEEK).map(move |hour| if hour % 24 < 12 { *day } else { *night })
        });
        // A million tokens are worth a dollar.
        let step = |tenths: u64| StepDemand {
            value: u128::from(tenths) * 10_u128.pow(15),
            load: Load { input: u128::from(tenths) * 100_000 * 10_000, output: 0 },
        };
        hours.map(step).collect()
    }

    fn sizes() -> impl Strategy<Value = WeeklySize<ModelUnits>> {
        prop_oneof![
            Just(WeeklySize::Best),
            (1u32..4).prop_map(|units| WeeklySize::UpTo(ModelUnits::new(units))),
            (1u32..4).prop_map(|units| WeeklySize::Whole(ModelUnits::new(units))),
        ]
    }

    /// Units at so many tenths of a dollar, each of which serves two dollars an hour.
    fn units(tenths: u32, held: u32) -> UnitPurchase {
        UnitPurchase {
            capacity: Capacity {
                input_tokens_per_hour: 2_000_000,
                output_tokens_per_hour: 1,
                origin: CapacityOrigin::Assumed,
            },
            price: price(tenths),
            held: ModelUnits::new(held),
        }
    }

    fn price(tenths: u32) -> UsdPerModelUnitHour {
        format!("{}.{}", tenths / 10, tenths % 10).parse().unwrap()
    }

    fn backtest(
        weeks: &[Week],
        share: f64,
        size: WeeklySize<ModelUnits>,
        purchase: &UnitPurchase,
        unbound: &[UnitPurchase],
    ) -> Backtest {
        let steps = steps(weeks);
        let on_demand: Vec<u128> = steps.iter().map(|step| step.value).collect();
        let bursts = BurstShares { with: share, without: 1.0 };
        let hours = TriedHours { steps: &steps, on_demand: &on_demand, bursts };
        hours.backtest(purchase, unbound, size, RECENT)
    }

    /// Returns the fold of the last week; `None` where nothing would have been bought for that.
    fn last(
        weeks: &[Week],
        share: f64,
        size: WeeklySize<ModelUnits>,
        purchase: &UnitPurchase,
        unbound: &[UnitPurchase],
    ) -> Option<Fold> {
        let before = &weeks[..weeks.len() - 1];
        let folds_before = backtest(before, share, size, purchase, unbound).folds;
        let folds = backtest(weeks, share, size, purchase, unbound).folds;
        assert_eq!(folds[..folds_before.len()], folds_before, "a fold knows what came after it");
        folds.get(folds_before.len()).copied()
    }

    proptest! {
        #[test]
        fn no_fold_knows_its_own_week_or_a_later_one(
            weeks in weeks(), last_week in (0u64..60, 0u64..60), share in 0.5f64..=1.0, size in sizes(),
            prices in (5u32..30, 5u32..30), held in 0u32..2,
        ) {
            let (purchase, unbound) = (units(prices.0, held), [units(prices.1, held)]);
            let promised = |weeks: &[Week]| {
                last(weeks, share, size, &purchase, &unbound).map(|fold| fold.promised)
            };
            let mut changed = weeks.clone();
            changed[weeks.len() - 1] = last_week;
            prop_assert_eq!(promised(&weeks), promised(&changed));
        }

        #[test]
        fn a_term_at_the_price_without_one_adds_nothing(
            weeks in weeks(), share in 0.5f64..=1.0, size in sizes(), price in 5u32..30, other in 5u32..30, held in 0u32..2,
        ) {
            let (purchase, unbound) = (units(price, held), [units(other, held), units(price, held)]);
            prop_assert_eq!(backtest(&weeks, share, size, &purchase, &unbound).folds, []);
        }

        #[test]
        fn without_an_offer_that_binds_nothing_a_purchase_is_measured_against_none(
            weeks in weeks(), price in 5u32..30,
        ) {
            let purchase = units(price, 0);
            let hours = steps(&weeks);
            let of_week = |week: usize, count: usize| {
                (week - count.min(week)) * HOURS_PER_WEEK..week * HOURS_PER_WEEK
            };
            let saving = |bought: u32, span: Range<usize>| -> f64 {
                let served = |step: &StepDemand| float_value(step.value).min(2.0 * f64::from(bought));
                let cost = f64::from(bought) * f64::from(price) / 10.0;
                hours[span].iter().map(|step| served(step) - cost).sum()
            };
            let fold = |week: usize| {
                let best = UnitPurchase::optimum(&purchase.sizing(&hours[of_week(week, 2)], HOUR));
                let recent = of_week(week, RECENT);
                let promised = saving(best.count(), recent.clone())
                    * f64::from(u32::try_from(HOURS_PER_WEEK).unwrap())
                    / f64::from(u32::try_from(recent.len()).unwrap());
                let realised = saving(best.count(), of_week(week + 1, 1));
                (promised > 1e-6).then_some((promised, realised))
            };
            let expected: Vec<(f64, f64)> = (2..weeks.len()).filter_map(fold).collect();
            let mut folds = backtest(&weeks, 1.0, WeeklySize::Best, &purchase, &[]).folds;
            // What breaks even is bought or not by the last digit of floating point.
            folds.retain(|fold| fold.promised > 1e-6);
            prop_assert_eq!(folds.len(), expected.len());
            for (fold, (promised, realised)) in folds.iter().zip(expected) {
                prop_assert!((fold.promised - promised).abs() < 1e-6, "{fold:?} {promised}");
                prop_assert!((fold.realised - realised).abs() < 1e-6, "{fold:?} {realised}");
            }
        }

        #[test]
        fn a_term_promises_and_keeps_what_it_saves_more_than_what_binds_nothing(
            weeks in weeks(), share in 0.5f64..=1.0, size in sizes(), prices in (5u32..30, 5u32..30), held in 0u32..2,
        ) {
            let (purchase, free) = (units(prices.0, held), units(prices.1, held));
            let added = last(&weeks, share, size, &purchase, &[free]);
            let bound = last(&weeks, share, size, &purchase, &[]);
            let without = last(&weeks, share, size, &free, &[]).unwrap_or(Fold { promised: 0.0, realised: 0.0 });
            match (added, bound) {
                (Some(added), Some(bound)) => {
                    prop_assert!(added.promised <= bound.promised);
                    prop_assert!((added.promised - (bound.promised - without.promised)).abs() < 1e-6);
                    prop_assert!((added.realised - (bound.realised - without.realised)).abs() < 1e-6);
                }
                (None, Some(bound)) => prop_assert!(bound.promised - without.promised < 1e-6),
                (Some(added), None) => prop_assert!(false, "{added:?} of what saves nothing"),
                (None, None) => {}
            }
        }
    }
}
