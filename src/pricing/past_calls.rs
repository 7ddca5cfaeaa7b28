//! Calls of a time that is past at today's rates, so that two times compare whatever prices did between.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::catalog::{Rate, RateQuery};
use crate::domain::{Meter, Scope, ServiceTier, Usd, Window};
use crate::observation::Observation;
use crate::pricing::{Lane, LaneKind, Workload};

/// Calls of a workload over some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastCalls {
    /// Price of all calls by the token at the standard tier, in USD a month, wherever they went: the
    /// measure of how many there were.
    pub value: Usd,
    /// Price of the calls that were billed by the token, in USD a month.
    pub on_demand: Usd,
}

impl PastCalls {
    /// No calls.
    pub const NONE: Self = Self { value: Usd::ZERO, on_demand: Usd::ZERO };

    /// Returns what these on-demand calls would have cost at another time's number of calls, in USD a
    /// month; `None` where there were none to go by.
    #[must_use]
    pub fn on_demand_at(&self, other: &Self) -> Option<Usd> {
        let scaled = self.on_demand.in_proportion(other.value.dollars(), self.value.dollars());
        (!self.value.is_zero() || other.value.is_zero()).then_some(scaled)
    }

    /// Returns true if both times bill the same share of their calls by the token, at rates that differ by
    /// a hundredth at most.
    #[must_use]
    pub fn is_billed_as(&self, other: &Self) -> bool {
        let crossed = |a: &Self, b: &Self| a.on_demand.dollars() * b.value.dollars();
        let (here, there) = (crossed(self, other), crossed(other, self));
        (here - there).abs() * Decimal::ONE_HUNDRED <= there
    }
}

impl Workload<'_> {
    /// Prices the calls of so many days before a time; `None` where the days are not all in the window,
    /// a rate is missing, or reserved tokens take off an unknown part.
    #[must_use]
    pub fn past_calls(
        &self,
        observation: &Observation,
        end: Timestamp,
        days: u32,
    ) -> Option<PastCalls> {
        let length = SignedDuration::from_hours(24 * i64::from(days));
        let window = Window::new(end.checked_sub(length).ok()?, end).ok()?;
        let known = observation.window;
        if !self.reserved.is_empty() || window.start() < known.start() || known.end() < end {
            return None;
        }
        let mut calls = PastCalls::NONE;
        for lane in &self.lanes {
            for reading in lane.usage.readings() {
                let tokens = reading.series.total_within(window);
                if tokens.is_zero() {
                    continue;
                }
                let cost = |rate: &Rate| rate.contracted_unit_price.cost(tokens);
                calls.value += cost(&self.standard_rate(observation, lane, reading.meter)?);
                if matches!(lane.kind, LaneKind::OnDemand { .. }) {
                    calls.on_demand += cost(lane.rate(reading.meter)?);
                }
            }
        }
        Some(PastCalls {
            value: calls.value.per_month(window.hours()),
            on_demand: calls.on_demand.per_month(window.hours()),
        })
    }

    /// Returns the rate of a meter at the standard tier in-Region, or through the nearest profile where the
    /// model is called through profiles alone.
    fn standard_rate(
        &self,
        observation: &Observation,
        lane: &Lane<'_>,
        meter: Meter,
    ) -> Option<Rate> {
        let rate = |scope| {
            observation.rate(&RateQuery {
                model: &self.model,
                region: &self.place.region,
                scope,
                tier: Some(ServiceTier::Standard),
                meter,
                input_tokens: None,
                day: self.recent.last_day(),
            })
        };
        let groups = self.observed.inventory.groups(&self.model, &self.place.region);
        let mut scopes = std::iter::once(Scope::InRegion)
            .chain(groups.into_iter().map(Scope::Geo))
            .chain(lane.scope());
        scopes.find_map(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(value: i64, on_demand: i64) -> PastCalls {
        PastCalls { value: Usd::new(value.into()), on_demand: Usd::new(on_demand.into()) }
    }

    #[test]
    fn a_bill_by_the_token_follows_the_number_of_calls() {
        assert_eq!(calls(100, 90).on_demand_at(&calls(200, 0)), Some(Usd::new(180.into())));
        assert_eq!(calls(100, 0).on_demand_at(&calls(0, 0)), Some(Usd::ZERO));
        assert_eq!(calls(0, 0).on_demand_at(&calls(0, 0)), Some(Usd::ZERO));
        assert_eq!(
            calls(0, 0).on_demand_at(&calls(5, 5)),
            None,
            "nobody knows how they would be billed"
        );
    }

    #[test]
    fn a_share_that_stays_is_the_same_bill() {
        assert!(calls(200, 200).is_billed_as(&calls(100, 100)));
        assert!(!calls(200, 180).is_billed_as(&calls(100, 100)));
        assert!(!calls(200, 0).is_billed_as(&calls(100, 100)));
        assert!(!calls(200, 200).is_billed_as(&calls(100, 0)));
    }
}
