//! The sizes that one holding of model units can have, the others serving on: what each costs with what
//! goes on-demand beside it, and how sure the saving of a smaller one is.

use crate::advice::Working;
use crate::advice::holding_advice::{SmallerHolding, judged_by};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{ModelUnits, Ratio, Term, Usd};
use crate::observation::plan::MINUTE_DAYS;
use crate::sizing::coverage::BurstShares;
use crate::sizing::demand::{ServableDemand, SizedDemand};
use crate::sizing::trial::{HeldAmount, HeldPart};
use crate::sizing::{Purchase as _, UnitPurchase};

/// Sizes of one holding, the others serving on.
pub(super) struct HoldingSizes {
    /// True if its calls go to other units whole.
    pub(super) goes_elsewhere: bool,
    /// Cost in USD a month of the calls that make room for its own and go on-demand.
    pub(super) makes_room: Usd,
    /// True if AWS refuses what exceeds the units.
    pub(super) refuses: bool,
    pub(super) headroom: Ratio,
    pub(super) now: ModelUnits,
    /// Fewest units that AWS serves what is left of: none where it can be called elsewhere.
    pub(super) fewest: ModelUnits,
    /// Most units that can be had beside that: none where AWS sells no new ones.
    pub(super) most: ModelUnits,
    pub(super) observed_days: u32,
    pub(super) purchase: UnitPurchase,
    pub(super) demand: ServableDemand,
    pub(super) sized: SizedDemand<UnitPurchase>,
}

impl HoldingSizes {
    /// Lists the sizes that can be best: the optimum, or, where AWS refuses the rest, what refuses
    /// nothing, and none at all.
    pub(super) fn options(&self) -> Vec<ModelUnits> {
        if !self.refuses {
            return vec![UnitPurchase::optimum(&self.sized.minutes)];
        }
        let enough = self.sized.throttle_minimum(self.headroom).map(ModelUnits::new);
        enough.into_iter().chain([UnitPurchase::NONE]).collect()
    }

    pub(super) fn month(&self, units: ModelUnits) -> Usd {
        self.purchase.cost(units, HOURS_PER_MONTH)
    }

    /// Computes what goes on-demand beside so many units, in USD a month.
    pub(super) fn left(&self, units: ModelUnits) -> Usd {
        if self.refuses && units == UnitPurchase::NONE && self.goes_elsewhere {
            return self.makes_room;
        }
        if self.refuses && units != UnitPurchase::NONE {
            return Usd::ZERO;
        }
        // What is served now is lost, if it is given up: at most, then.
        let replaced = if units == self.now {
            self.sized.replaced_monthly_at_most(units)
        } else {
            self.sized.replaced_monthly(units)
        };
        self.sized.all_monthly() - replaced
    }

    pub(super) fn total(&self, units: ModelUnits) -> Usd {
        self.month(units) + self.left(units)
    }

    /// Finds the cheapest of some sizes; `None` where none that is smaller costs less.
    pub(super) fn smaller(&self, options: &[ModelUnits]) -> Option<SmallerHolding<ModelUnits>> {
        let now = self.now;
        let is_to_be_had = |units: ModelUnits| units >= self.fewest && units <= self.most;
        let smaller = options.iter().copied().filter(|units| *units < now && is_to_be_had(*units));
        let to = smaller.min_by_key(|units| (self.total(*units), *units))?;
        if self.total(to) >= self.total(now) {
            return None;
        }
        let held = |amount: ModelUnits| HeldAmount { amount, monthly_cost: self.month(amount) };
        let elsewhere = if self.goes_elsewhere { now } else { self.purchase.held };
        let working = |what: &str, units: ModelUnits| {
            let from = format!(
                "{units} × {} USD × 730 hours, and {} on-demand beside it",
                self.purchase.price,
                self.left(units)
            );
            Working::new(what, self.total(units), from)
        };
        let enough = self.sized.throttle_minimum(self.headroom);
        Some(SmallerHolding {
            to,
            savings: self.total(now) - self.total(to),
            certainty: HeldPart {
                purchase: &UnitPurchase { held: elsewhere, ..self.purchase },
                demand: &self.demand,
                more: held(now),
                less: Some(held(to)),
                bursts: if self.goes_elsewhere {
                    BurstShares::NONE
                } else {
                    self.sized.burst_shares(now, to)
                },
                observed_days: self.observed_days,
                term: Term::None,
            }
            .certainty_of_cut(),
            workings: vec![
                Working::capacity(self.purchase.capacity),
                Working::new(
                    "enough for the highest minute of what it serves",
                    enough.map_or_else(
                        || "more than can be counted".to_owned(),
                        |enough| (self.purchase.held + ModelUnits::new(enough)).to_string(),
                    ),
                    format!(
                        "⌈(1 + {}) × the highest minute of {MINUTE_DAYS} days, or hour of the recent window⌉",
                        self.headroom.percent()
                    ),
                ),
                working("costs a month as it is", now),
                working("costs a month then", to),
                judged_by("the optimum of what it serves, by the minute"),
            ],
        })
    }
}
