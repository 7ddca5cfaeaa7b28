//! A purchase of fixed size put to the weeks that were: the certainty of its saving, the demand that can
//! go, the trend of demand, and the result of deciding like this before.

use std::ops::Range;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::period::{HOUR, HOURS_PER_MONTH};
use crate::domain::{ModelUnits, Percent, Ratio, Term, Usd, Window};
use crate::pricing::{DemandSeries, StepDemand};
use crate::sizing::backtest::{ENOUGH_FOLDS, Fold};
use crate::sizing::certainty::monthly;
use crate::sizing::coverage::{BurstShares, CoveredHour};
use crate::sizing::demand::ServableDemand;
use crate::sizing::fresh_break::share_of_the_last_days;
use crate::sizing::mix_trend::carried_on;
use crate::sizing::tried_hours::{TriedHours, WeeklySize};
use crate::sizing::{
    Backtest, Certainty, Coverage, Decline, HOURS_PER_WEEK, Purchase, UnitPurchase, float,
    float_value,
};

/// One purchase put to the weeks.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// Certainty of the weekly saving; `None` for fewer than four whole weeks.
    pub(crate) certainty: Option<Certainty>,
    /// Share of the demand that can go while the purchase still costs no more than none, from 0 to
    /// 1; `None` where the purchase costs more already.
    pub(crate) robustness: Option<f64>,
    /// Trend of demand; `None` without two weeks of demand.
    pub(crate) decline: Option<Decline>,
    /// Demand of the last three days as a share of what was to be expected; `None` where that is not known.
    pub(crate) last_days: Option<f64>,
    /// Recent hours at the mix that the term ends with if the mix goes on to change; `None` where that is
    /// the mix of today, or not known.
    mix_at_end: Option<Coverage>,
    /// Result of deciding each week on the weeks before.
    pub(crate) backtest: BacktestOutcome,
}

/// A demand that would fall below what a purchase needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shortfall {
    /// Share of today's demand that is left at the end of the term, from 0 to 1.
    pub(crate) left: f64,
    /// Share of today's demand below which the purchase loses money, from 0 to 1.
    pub(crate) needed: f64,
}

/// Result of walking through the weeks.
#[derive(Clone, Debug)]
pub(crate) enum BacktestOutcome {
    /// Savings that were promised, and realised.
    Savings(Backtest),
    /// The same of what a term adds to the best without one.
    Added(Backtest),
    /// Tokens that were asked for, and refused.
    Refusals(Backtest),
}

/// A backtest as the report tells the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BacktestReport {
    /// Weeks that were decided on the weeks before them.
    pub folds: usize,
    /// Saving of these weeks as a share of what the weeks before had promised; of a term the saving
    /// beyond units without one, where less of that was kept. Absent under throttle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realised_of_promised: Option<Percent>,
    /// Tokens that would have been refused as a share of those that were asked for; under throttle
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_tokens: Option<Percent>,
}

/// Turns a share into percent with so many decimals, cut off: a reserve is not made larger by
/// rounding. `None` for what is no number.
pub(crate) fn percent(share: f64, decimals: u32) -> Option<Percent> {
    let percent = Decimal::try_from(share * 100.0).ok()?;
    // Down, unlike money: rounded up, a reserve would be promised that is not there.
    let strategy = rust_decimal::RoundingStrategy::ToZero;
    Some(Percent::new(percent.round_dp_with_strategy(decimals, strategy).normalize()))
}

/// Counts the whole weeks of the survey on which a workload was observed.
fn weeks_of(demand: &ServableDemand, observed_days: u32) -> usize {
    let observed = usize::try_from(observed_days / 7).unwrap_or_default();
    // Weeks before the first point are no weeks without demand: nobody asked for the model yet.
    (demand.hours.steps.len() / HOURS_PER_WEEK).min(observed)
}

/// Returns the last so many whole weeks of some hours.
fn tail<T>(all: &[T], weeks: usize) -> &[T] {
    let hours = weeks * HOURS_PER_WEEK;
    all.get(all.len().saturating_sub(hours)..).unwrap_or(all)
}

impl BacktestOutcome {
    /// Chooses what kept less of its promise: a purchase, or what it adds to the best without a term, where
    /// there are weeks enough of that. Beyond units that keep no promise a term keeps much, and binds the loss of
    /// both.
    fn of_savings(alone: Backtest, added: Option<Backtest>) -> Self {
        match added.filter(|added| added.folds.len() >= ENOUGH_FOLDS) {
            Some(added) if added.ratio() < alone.ratio() => Self::Added(added),
            _ => Self::Savings(alone),
        }
    }
}

impl TriedHours<'_> {
    /// Decides each week on the weeks before.
    fn outcome<P: Purchase>(
        &self,
        purchase: &P,
        unbound: &[P],
        size: WeeklySize<P::Amount>,
        recent: usize,
    ) -> BacktestOutcome {
        let backtest = |unbound| self.backtest(purchase, unbound, size, recent);
        let added = (!unbound.is_empty()).then(|| backtest(unbound));
        BacktestOutcome::of_savings(backtest(&[]), added)
    }
}

impl Trial {
    /// Tries a purchase beside which the rest goes on-demand; each week is decided between that purchase
    /// and the best of `unbound`, the same kind of purchase without a term.
    pub(crate) fn of_spill<P: Purchase>(
        purchase: &P,
        unbound: &[P],
        demand: &ServableDemand,
        amount: P::Amount,
        bursts: BurstShares,
        observed_days: u32,
        term: Term,
    ) -> Self {
        let weeks = weeks_of(demand, observed_days);
        let hours = TriedHours {
            steps: tail(&demand.hours.steps, weeks),
            on_demand: tail(demand.on_demand_hours(), weeks),
            bursts,
        };
        let (all, recent) = (hours.steps.len(), recent_weeks(demand));
        let outcome = hours.outcome(purchase, unbound, WeeklySize::Best, recent);
        let mut trial = Self::of(&hours.coverage(purchase, amount, 0..all), recent, outcome);
        trial.mix_at_end = mix_at_end(demand, observed_days, term).map(|mixed| {
            let span = all.saturating_sub(mixed.len())..all;
            hours.coverage_of(purchase, amount, &mixed, span)
        });
        trial
    }

    /// Tries model units above which requests are refused: all on-demand traffic goes to the units, which
    /// cost so much more an hour than what is given up for them.
    pub(crate) fn of_throttle(
        purchase: &UnitPurchase,
        demand: &ServableDemand,
        units: ModelUnits,
        cost: Usd,
        headroom: Ratio,
        observed_days: u32,
        term: Term,
    ) -> Self {
        let weeks = weeks_of(demand, observed_days);
        let steps = tail(&demand.hours.steps, weeks);
        let values = tail(demand.on_demand_hours(), weeks);
        let hours = steps.iter().zip(values).map(|(step, value)| CoveredHour {
            value: float_value(*value),
            with: purchase.times_served(step, HOUR, units),
            without: 0.0,
        });
        // Units that cover the highest minute have no bursts to lose.
        let coverage = Coverage::new(hours, float(cost));
        let slice = |span: Range<usize>| steps.get(span).unwrap_or_default();
        let backtest = Backtest::refusals(
            steps.len(),
            recent_weeks(demand).min(SIZED_ON_AT_MOST),
            |span| {
                let sizing = purchase.sizing(slice(span), HOUR);
                sizing.throttle_minimum(headroom).map(ModelUnits::new)
            },
            |enough, span| {
                let asked = |step: &StepDemand| tokens(step.load.input + step.load.output);
                let refused = |step: &StepDemand| {
                    let served = purchase.times_served(step, HOUR, *enough).min(1.0);
                    asked(step) * (1.0 - served)
                };
                let span = slice(span);
                Fold {
                    promised: span.iter().map(asked).sum(),
                    realised: span.iter().map(refused).sum(),
                }
            },
        );
        let outcome = BacktestOutcome::Refusals(backtest);
        let mut trial = Self::of(&coverage, recent_weeks(demand), outcome);
        // What a purchase that refuses nothing of today would refuse of that is demand that it loses.
        trial.mix_at_end = mix_at_end(demand, observed_days, term).map(|mixed| {
            let hours = mixed.iter().map(|step| CoveredHour {
                value: float_value(step.value),
                with: purchase.times_served(step, HOUR, units),
                without: 0.0,
            });
            Coverage::new(hours, float(cost))
        });
        trial
    }

    /// Tries a holding that serves some hours whole, at on-demand prices, for so much a month, and for so
    /// much without a term where units are sold so.
    pub(crate) fn of_holding(
        hours: &DemandSeries,
        recent: Window,
        monthly_cost: Usd,
        unbound: Option<Usd>,
        observed_days: u32,
    ) -> Self {
        let recent = usize::try_from(recent.hours()).unwrap_or_default() / HOURS_PER_WEEK;
        let coverage = whole(hours, monthly_cost, observed_days);
        let unbound = unbound.map(|cost| whole(hours, cost, observed_days));
        let saving = |of: &Coverage, span: Range<usize>| of.saving(span, 1.0);
        let backtest = |unbound: Option<&Coverage>| {
            Backtest::walk_forward(
                coverage.hours(),
                recent,
                // All of it or none: no part is told by what the whole served.
                |_, recent| Some(unbound.filter(|of| saving(of, recent) > 0.0)),
                |instead, span| {
                    let without = instead.map(|of| saving(of, span.clone()));
                    saving(&coverage, span) - without.unwrap_or_default()
                },
            )
        };
        let added = unbound.as_ref().map(|unbound| backtest(Some(unbound)));
        let outcome = BacktestOutcome::of_savings(backtest(None), added);
        Self::of(&coverage, recent, outcome)
    }

    fn of(coverage: &Coverage, recent_weeks: usize, backtest: BacktestOutcome) -> Self {
        let weekly: Vec<f64> = coverage.weeks().map(|week| coverage.saving(week, 1.0)).collect();
        let demand: Vec<f64> = coverage.weeks().map(|week| coverage.value(week)).collect();
        let hours = coverage.hours();
        let recent = hours.saturating_sub(recent_weeks * HOURS_PER_WEEK)..hours;
        Self {
            certainty: Certainty::of(&weekly),
            robustness: coverage.robustness(recent),
            decline: Decline::of(&demand),
            last_days: share_of_the_last_days(&coverage.values()),
            mix_at_end: None,
            backtest,
        }
    }

    /// Returns the shortfall at the end of a term if the observed decline goes on; `None` where the
    /// purchase still pays.
    pub(crate) fn falls_short(&self, term: Term) -> Option<Shortfall> {
        let left = self.decline?.left_after(weeks_in(term));
        let needed = 1.0 - self.robustness?;
        // Without a decline there is nothing to go on: what pays at today's demand is for others.
        (left < 1.0 && left < needed).then_some(Shortfall { left, needed })
    }

    /// Returns the share of the demand that is gone in the last three days, where less is left than the
    /// purchase needs: too fresh for the weeks to tell.
    pub(crate) fn fresh_break(&self) -> Option<f64> {
        let robustness = self.robustness?;
        self.last_days.map(|share| 1.0 - share).filter(|gone| *gone > robustness)
    }

    /// Returns the loss in USD a month at the end of a term if mix and demand go on as they do; `None` where
    /// the purchase still pays.
    pub(crate) fn loss_at_the_mix_to_come(&self, term: Term) -> Option<Usd> {
        let mixed = self.mix_at_end.as_ref()?;
        let left = self.decline.map_or(1.0, |decline| decline.left_after(weeks_in(term)));
        let hours = mixed.hours();
        let saving = mixed.saving(0..hours, left);
        #[expect(clippy::cast_precision_loss, reason = "hours are few")]
        let weekly = -saving * HOURS_PER_WEEK as f64 / hours as f64;
        (saving < 0.0).then(|| monthly(weekly)).flatten()
    }

    /// Returns the backtest for the report; `None` without a fold.
    pub(crate) fn backtest(&self) -> Option<BacktestReport> {
        let (backtest, is_savings) = match &self.backtest {
            BacktestOutcome::Savings(backtest) | BacktestOutcome::Added(backtest) => {
                (backtest, true)
            }
            BacktestOutcome::Refusals(backtest) => (backtest, false),
        };
        let share = backtest.ratio().and_then(|share| percent(share, 4));
        (!backtest.folds.is_empty()).then(|| BacktestReport {
            folds: backtest.folds.len(),
            realised_of_promised: share.filter(|_| is_savings),
            refused_tokens: share.filter(|_| !is_savings),
        })
    }
}

/// An amount that is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldAmount<A> {
    pub(crate) amount: A,
    pub(crate) monthly_cost: Usd,
}

/// The part of what is held by which one amount is more than another, beside what the purchase says is
/// held anyway. The part costs the difference and replaces what only that part serves.
#[derive(Debug)]
pub(crate) struct HeldPart<'d, P: Purchase> {
    pub(crate) purchase: &'d P,
    pub(crate) demand: &'d ServableDemand,
    pub(crate) more: HeldAmount<P::Amount>,
    /// Smaller amount; `None` where that is nothing.
    pub(crate) less: Option<HeldAmount<P::Amount>>,
    pub(crate) bursts: BurstShares,
    pub(crate) observed_days: u32,
    /// Term that the part is held for.
    pub(crate) term: Term,
}

impl<P: Purchase> HeldPart<'_, P> {
    /// Puts the holding on of the part to the weeks; each is decided between that purchase and the best
    /// of `unbound`, the same without a term.
    pub(crate) fn trial(&self, unbound: &[P], size: WeeklySize<P::Amount>) -> Trial {
        let steps = self.steps();
        // Calls of the holding itself are what it is held for, as are those that go there.
        let values: Vec<u128> = steps.iter().map(|step| step.value).collect();
        let hours = TriedHours { steps, on_demand: &values, bursts: self.bursts };
        let recent = recent_weeks(self.demand);
        let outcome = hours.outcome(self.purchase, unbound, size, recent);
        let mut trial = Trial::of(&self.coverage(), recent, outcome);
        let mixed = mix_at_end(self.demand, self.observed_days, self.term);
        trial.mix_at_end = mixed.map(|mixed| self.coverage_of(&mixed));
        trial
    }

    /// Computes the certainty of the saving of holding on to the part.
    pub(crate) fn certainty(&self) -> Option<Certainty> {
        let coverage = self.coverage();
        let weekly: Vec<f64> = coverage.weeks().map(|week| coverage.saving(week, 1.0)).collect();
        Certainty::of(&weekly)
    }

    /// Computes the certainty of the saving of giving the part up.
    pub(crate) fn certainty_of_cut(&self) -> Option<Certainty> {
        certainty_of_giving_up(&self.coverage())
    }

    fn coverage(&self) -> Coverage {
        self.coverage_of(self.steps())
    }

    fn steps(&self) -> &[StepDemand] {
        tail(&self.demand.hours.steps, weeks_of(self.demand, self.observed_days))
    }

    fn coverage_of(&self, steps: &[StepDemand]) -> Coverage {
        let less = self.less.map_or(P::NONE, |less| less.amount);
        let hours = steps.iter().map(|step| {
            self.bursts.of(CoveredHour {
                value: float_value(step.value),
                with: self.purchase.times_served(step, HOUR, self.more.amount),
                without: self.purchase.times_served(step, HOUR, less),
            })
        });
        let less = self.less.map_or(Usd::ZERO, |less| less.monthly_cost);
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        let cost = (float(self.more.monthly_cost) - float(less)) / HOURS_PER_MONTH as f64;
        Coverage::new(hours, cost)
    }
}

/// Computes the certainty of the saving of giving a whole holding up: the cost of the holding in
/// USD a month less the on-demand dollars of what the holding serves.
pub(crate) fn certainty_of_whole(
    hours: &DemandSeries,
    monthly_cost: Usd,
    observed_days: u32,
) -> Option<Certainty> {
    certainty_of_giving_up(&whole(hours, monthly_cost, observed_days))
}

/// Covers a demand whole for so much a month, over the whole weeks that were observed.
fn whole(hours: &DemandSeries, monthly_cost: Usd, observed_days: u32) -> Coverage {
    let weeks = usize::try_from(observed_days / 7).unwrap_or_default();
    let all = tail(&hours.steps, weeks.min(hours.steps.len() / HOURS_PER_WEEK));
    let served = all.iter().map(|step| CoveredHour {
        value: float_value(step.value),
        // What a holding served was served, whatever its units are said to carry.
        with: f64::INFINITY,
        without: 0.0,
    });
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let cost = float(monthly_cost) / HOURS_PER_MONTH as f64;
    Coverage::new(served, cost)
}

/// Computes the certainty of the saving of a purchase's opposite.
fn certainty_of_giving_up(coverage: &Coverage) -> Option<Certainty> {
    let weekly: Vec<f64> = coverage.weeks().map(|week| -coverage.saving(week, 1.0)).collect();
    Certainty::of(&weekly)
}

/// Returns the recent hours of a demand at the mix that a term ends with.
fn mix_at_end(demand: &ServableDemand, observed_days: u32, term: Term) -> Option<Vec<StepDemand>> {
    let weeks = weeks_of(demand, observed_days);
    carried_on(&demand.meters, weeks, demand.recent_hours().len(), weeks_in(term))
}

/// Weeks that a held-out week is sized on at most, so that a long recent window leaves some weeks
/// to test.
const SIZED_ON_AT_MOST: usize = 4;

/// Folds from which on a backtest gates advice.
pub(crate) const GATING_FOLDS: usize = ENOUGH_FOLDS;

#[expect(clippy::cast_precision_loss, reason = "for statistics")]
fn tokens(load: u128) -> f64 {
    load as f64
}

fn recent_weeks(demand: &ServableDemand) -> usize {
    demand.recent_hours().len() / HOURS_PER_WEEK
}

/// Counts the weeks of a term. A purchase without a term is still promised by the month.
#[expect(clippy::cast_precision_loss, reason = "both are small")]
fn weeks_in(term: Term) -> f64 {
    f64::from(term.months().max(1)) * HOURS_PER_MONTH as f64 / HOURS_PER_WEEK as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn backtest() -> impl Strategy<Value = Backtest> {
        let fold = (0.1f64..9.0, -9.0f64..9.0);
        let fold = fold.prop_map(|(promised, realised)| Fold { promised, realised });
        prop::collection::vec(fold, 0..12).prop_map(|folds| Backtest { folds })
    }

    proptest! {
        /// A term is held to its own promise and, where there are weeks enough, to what it adds.
        #[test]
        fn no_term_passes_for_more_than_it_kept(
            alone in backtest(), added in prop::option::of(backtest()),
        ) {
            let own = alone.ratio();
            let enough = added.clone().filter(|added| added.folds.len() >= ENOUGH_FOLDS);
            let kept = match BacktestOutcome::of_savings(alone, added) {
                BacktestOutcome::Savings(kept) | BacktestOutcome::Added(kept) => kept.ratio(),
                BacktestOutcome::Refusals(_) => unreachable!("savings are none"),
            };
            let least = enough.map_or(own, |added| {
                if added.ratio() < own { added.ratio() } else { own }
            });
            prop_assert_eq!(kept, least);
        }
    }
}
