//! A provisioned model of the account: its cost, its worth and its idleness.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Serialize;

use crate::catalog::Offer;
use crate::domain::period::HOUR;
use crate::domain::sorting::sort_by;
use crate::domain::{
    BaseModel, Capacity, Counter, LoadWeights, Metric, Percent, Series, Term, Tokens, Usd,
    UsdPerModelUnitHour, Window,
};
use crate::observation::{
    CommitmentDuration, MeterReading, Observation, PlaceObservation, ProvisionedModel,
    ProvisionedModelStatus,
};
use crate::pricing::effective_cost::EffectiveCost;
use crate::pricing::idleness::{Idleness, Rhythm, idleness};
use crate::pricing::lane::{Lane, LaneKind};
use crate::pricing::load::{LOAD_ONE, Load};

/// A provisioned model with prices.
#[derive(Debug)]
pub struct Holding<'a> {
    /// Inventory's record of the provisioned model.
    pub held: &'a ProvisionedModel,
    /// Foundation model behind the provisioned model.
    pub model: BaseModel,
    /// Price of the holding's term; `None` where the book has no such price, or more than one.
    pub offer: Option<Offer>,
    /// Cost at list prices in USD a month; `None` as for `monthly_cost`.
    pub monthly_list_cost: Option<Usd>,
    /// Cost in USD a month, used or not; `None` where the book has no price of the units, or where
    /// AWS is not known to bill the holding.
    pub monthly_cost: Option<Usd>,
    /// On-demand cost in USD a month of the tokens that the holding served in the recent window;
    /// `None` where some have no rate, or the model is a custom one.
    pub monthly_value: Option<Usd>,
    /// Share of the capacity that was used in the recent window, hour by hour; `None` where the
    /// capacity is not known.
    pub hourly_use: Option<CapacityUse>,
    /// Share of the capacity that was used over the last days, minute by minute; `None` where the
    /// capacity is not known or the minutes were not read.
    pub minutely_use: Option<CapacityUse>,
    /// Requests of the recent window that the holding refused.
    pub throttles: u64,
    /// Largest unthrottled loads of five minutes that one unit carried, of which none is below
    /// another in both input and output. Empty where the capacity is known, or minutes are not.
    pub carried: Vec<CarriedLoad>,
    /// Verdict on idleness.
    pub idleness: Idleness,
    /// Days on which it served; `None` where there are none.
    pub rhythm: Option<Rhythm>,
    weights: LoadWeights,
}

/// Share of a holding's capacity that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CapacityUse {
    /// Mean share.
    pub mean: Percent,
    /// Largest share of one step; above 100 % the stated capacity is too low.
    pub peak: Percent,
    /// Mean share with no step counted above 100 %: the part of the cost that was used.
    #[serde(skip)]
    served: Percent,
}

/// A load that one model unit carried without refusing anything: a lower bound of the unit's
/// capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CarriedLoad {
    /// Input load in weighted tokens a minute.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
}

impl CarriedLoad {
    /// Keeps those of some loads that no other load exceeds in both numbers, sorted by input, the
    /// largest first.
    #[must_use]
    pub fn largest(mut loads: Vec<Self>) -> Vec<Self> {
        loads.sort_unstable_by(|a, b| b.cmp(a));
        let mut largest: Vec<Self> = Vec::new();
        for load in loads {
            let exceeds =
                |last: &Self| load.output_tokens_per_minute > last.output_tokens_per_minute;
            if load != Self::NOTHING && largest.last().is_none_or(exceeds) {
                largest.push(load);
            }
        }
        largest
    }

    const NOTHING: Self = Self { input_tokens_per_minute: 0, output_tokens_per_minute: 0 };
}

/// Returns the model of the workload that a provisioned model belongs to.
pub(super) fn model_held(
    observation: &Observation,
    observed: &PlaceObservation,
    held: &ProvisionedModel,
) -> BaseModel {
    let known = observed.inventory.base_model_of(held, &observation.prices);
    known.unwrap_or_else(|| BaseModel::new(held.foundation_model_arn.as_str()))
}

impl<'a> Holding<'a> {
    pub(super) fn new(
        observation: &Observation,
        observed: &'a PlaceObservation,
        held: &'a ProvisionedModel,
        day: Date,
    ) -> Self {
        let model = model_held(observation, observed, held);
        let term = match &held.commitment_duration {
            None => Some(Term::None),
            Some(CommitmentDuration::OneMonth) => Some(Term::OneMonth),
            Some(CommitmentDuration::SixMonths) => Some(Term::SixMonths),
            Some(CommitmentDuration::Other(_)) => None,
        };
        let region = &observed.place.region;
        let mut offers: Vec<Offer> = observation
            .prices
            .offers(&model, region, day, &observation.overrides)
            .into_iter()
            .filter(|offer| Some(offer.term) == term)
            .collect();
        // Of several kinds under one term, the inventory does not tell which was bought.
        let offer = if offers.len() == 1 { offers.pop() } else { None };
        let (idleness, rhythm) = idleness(observation, observed, held);
        let monthly = |price: fn(&Offer) -> UsdPerModelUnitHour| {
            let offer = offer.as_ref().filter(|_| held.is_billed())?;
            Some(price(offer).monthly_cost(held.model_units))
        };
        Self {
            held,
            monthly_list_cost: monthly(|offer| offer.list_unit_price),
            monthly_cost: monthly(|offer| offer.unit_price),
            monthly_value: None,
            hourly_use: None,
            minutely_use: None,
            throttles: 0,
            carried: Vec::new(),
            idleness,
            rhythm,
            weights: observation.unit_weights(&model),
            offer,
            model,
        }
    }

    /// Returns the ids that the holding's traffic is metered under, the busiest first.
    pub(super) fn aliases_with_points(&self, lanes: &[Lane<'_>]) -> Vec<String> {
        let mut busy: Vec<&Lane<'_>> = self.lanes(lanes).collect();
        let total =
            |lane: &Lane<'_>| -> Tokens { lane.meters.iter().map(|meter| meter.total).sum() };
        sort_by(&mut busy, |a, b| total(b).cmp(&total(a)));
        busy.iter().map(|lane| lane.usage.model_id.text().to_owned()).collect()
    }

    fn lanes<'l>(&self, lanes: &'l [Lane<'a>]) -> impl Iterator<Item = &'l Lane<'a>> {
        let held = self.held;
        lanes
            .iter()
            .filter(move |lane| lane.kind == LaneKind::Provisioned(held) && lane.usage.has_points())
    }

    /// Returns the capacity of one unit; `None` where nobody states one.
    #[must_use]
    pub fn capacity(&self) -> Option<Capacity> {
        self.offer.as_ref()?.capacity
    }

    /// Returns the holding's worth: the on-demand dollars of the tokens served as a share of the
    /// holding's cost.
    #[must_use]
    pub fn worth(&self) -> Option<Percent> {
        self.monthly_value?.percent_of(self.monthly_cost?)
    }

    /// Returns the peak of the use where that is above 100 %: then a unit serves more than is
    /// stated.
    #[must_use]
    pub fn exceeds_capacity(&self) -> Option<Percent> {
        let uses = self.hourly_use.into_iter().chain(self.minutely_use);
        let peak = uses.map(|used| used.peak).max()?;
        (peak > Percent::ALL).then_some(peak)
    }

    /// Returns true if the holding can serve, now, what on-demand requests to the same model ask
    /// for.
    #[must_use]
    pub fn can_serve_more(&self) -> bool {
        self.held.is_in_service() && !self.held.is_custom()
    }

    /// Returns true if the holding's units or load are not certain, although the holding could
    /// serve on-demand traffic. A holding that failed serves nothing.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let is_unseen = matches!(self.idleness, Idleness::NotSeen(_));
        !self.held.is_custom()
            && self.held.status != ProvisionedModelStatus::Failed
            && (is_unseen || !self.held.is_in_service())
    }

    /// Says why the holding's units or load are not certain.
    #[must_use]
    pub fn doubt(&self) -> String {
        match &self.idleness {
            Idleness::NotSeen(why) => why.clone(),
            Idleness::Busy | Idleness::Idle(_) => format!("its status is {}", self.held.status),
        }
    }

    /// Measures what the holding served in the recent window. What is not known whole stays
    /// unknown. `extended` is the day since which the model is in extended access.
    pub(super) fn measure(
        &mut self,
        lanes: &[Lane<'a>],
        recent: Window,
        is_whole: bool,
        extended: Option<Date>,
    ) {
        // What could be under an id that is not known, or was not read, would be missing here.
        let is_unknown = matches!(self.idleness, Idleness::NotSeen(_)) || !is_whole;
        if self.held.is_custom() || is_unknown {
            return;
        }
        let own: Vec<&Lane<'_>> = self.lanes(lanes).collect();
        self.monthly_value = own
            .iter()
            // A part without a price, or at one from before extended access, would make the holding
            // look worth less than it is.
            .all(|lane| {
                lane.is_priced() && extended.is_none_or(|since| !lane.is_priced_before(since))
            })
            .then(|| own.iter().map(|lane| lane.monthly_cost()).sum());
        if self.idleness.is_idle() {
            // From its last use on it serves nothing.
            self.monthly_value = Some(Usd::ZERO);
        }
        self.throttles = own
            .iter()
            .filter_map(|lane| lane.usage.counter(Counter::InvocationThrottles))
            .map(|series| series.total_since(recent.start()).count())
            .sum();
        let hours: Vec<MeterReading<'_>> =
            own.iter().flat_map(|lane| lane.usage.readings()).collect();
        let minutes: Vec<MeterReading<'_>> =
            own.iter().flat_map(|lane| lane.usage.minute_readings()).collect();
        match self.capacity() {
            Some(capacity) => {
                self.hourly_use = self.used(&hours, capacity, recent.start());
                let start = minutes.first().map(|reading| reading.series.start);
                self.minutely_use = start.and_then(|start| self.used(&minutes, capacity, start));
            }
            None => self.carried = self.carried(&own, &minutes),
        }
    }

    /// Adds up the load of each step from a time on.
    fn loads(&self, readings: &[MeterReading<'_>], start: Timestamp) -> Vec<Load> {
        let steps = readings.iter().map(|reading| reading.series.since(start).len()).max();
        let mut loads = vec![Load::default(); steps.unwrap_or_default()];
        for reading in readings {
            let Some(token) = Load::of_token(reading.meter, self.weights) else {
                continue;
            };
            for (load, tokens) in loads.iter_mut().zip(reading.series.since(start)) {
                load.add(token, tokens.unwrap_or_default());
            }
        }
        loads
    }

    /// Computes the share of the capacity that each step from a time on took: `max(I / κI, O / κO)`
    /// of the units.
    fn used(
        &self,
        readings: &[MeterReading<'_>],
        capacity: Capacity,
        start: Timestamp,
    ) -> Option<CapacityUse> {
        let loads = self.loads(readings, start);
        // All readings of one resolution have the same step.
        let step = readings.first().map_or(1, |reading| reading.series.step);
        let (per_input, per_output) = (
            u128::from(capacity.output_tokens_per_hour),
            u128::from(capacity.input_tokens_per_hour),
        );
        // All over the same denominator: what the units serve in one step.
        let full = per_input
            .checked_mul(per_output)?
            .checked_mul(u128::from(step) * u128::from(self.held.model_units.count()))?
            .checked_mul(LOAD_ONE)
            .filter(|full| *full > 0)?;
        let takes = |load: &Load| {
            (load.input * per_input).max(load.output * per_output).saturating_mul(u128::from(HOUR))
        };
        let steps = u128::try_from(loads.len()).ok().filter(|steps| *steps > 0)?;
        let share = |part: u128, steps: u128| {
            // A decimal holds 96 bits; what is shifted out of larger numbers is far below its digits.
            let shift = (u128::BITS - full.leading_zeros()).saturating_sub(80);
            let part = Decimal::from_u128(part.checked_div(steps)? >> shift)?;
            let share =
                part.checked_mul(Decimal::ONE_HUNDRED)? / Decimal::from_u128(full >> shift)?;
            Some(Percent::new(share.round_dp(4).normalize()))
        };
        Some(CapacityUse {
            mean: share(loads.iter().map(takes).sum(), steps)?,
            peak: share(loads.iter().map(takes).max()?, 1)?,
            served: share(loads.iter().map(|load| takes(load).min(full)).sum(), steps)?,
        })
    }

    /// Returns the largest loads of five minutes a unit, of those in which nothing was refused.
    fn carried(&self, own: &[&Lane<'_>], minutes: &[MeterReading<'_>]) -> Vec<CarriedLoad> {
        const MINUTES: usize = 5;
        let Some(start) = minutes.first().map(|reading| reading.series.start) else {
            return Vec::new();
        };
        let loads = self.loads(minutes, start);
        let refused: Vec<&Series> = own
            .iter()
            .flat_map(|lane| &lane.usage.minutes)
            .filter(|metric| metric.metric == Metric::Counter(Counter::InvocationThrottles))
            .filter_map(|metric| metric.series.as_ref())
            .collect();
        let units = u128::from(self.held.model_units.count().max(1));
        let a_minute = |load: u128| {
            let whole = LOAD_ONE * 5 * units;
            u64::try_from(load / whole).unwrap_or(u64::MAX)
        };
        // Windows beside one another, not sliding: any load that was carried is a lower bound.
        let windows = loads.chunks_exact(MINUTES).enumerate();
        let unthrottled = windows.filter(|(window, _)| {
            refused.iter().all(|series| {
                let mut counts = series.values.iter_from(window * MINUTES).take(MINUTES);
                counts.all(|count| count.is_none_or(|count| count == 0))
            })
        });
        let carried = unthrottled.map(|(_, loads)| CarriedLoad {
            input_tokens_per_minute: a_minute(loads.iter().map(|load| load.input).sum()),
            output_tokens_per_minute: a_minute(loads.iter().map(|load| load.output).sum()),
        });
        CarriedLoad::largest(carried.collect())
    }

    /// Splits the monthly cost by whether the capacity was used; `None` where the price or the
    /// capacity is not known.
    #[must_use]
    pub fn effective_cost(&self) -> Option<EffectiveCost> {
        let (cost, used) = (self.monthly_cost?, self.hourly_use?);
        let used = cost.in_proportion(used.served.number(), Decimal::ONE_HUNDRED);
        Some(EffectiveCost::new(cost, used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_largest_loads_are_those_that_none_exceeds_in_both(
            loads in prop::collection::vec((0u64..20, 0u64..20), 0..30),
        ) {
            let loads: Vec<CarriedLoad> = loads
                .into_iter()
                .map(|(input, output)| CarriedLoad {
                    input_tokens_per_minute: input,
                    output_tokens_per_minute: output,
                })
                .collect();
            let exceeds = |a: &CarriedLoad, b: &CarriedLoad| {
                a != b
                    && a.input_tokens_per_minute >= b.input_tokens_per_minute
                    && a.output_tokens_per_minute >= b.output_tokens_per_minute
            };
            let largest = CarriedLoad::largest(loads.clone());
            for load in loads.iter().filter(|load| **load != CarriedLoad::NOTHING) {
                let is_exceeded = loads.iter().any(|other| exceeds(other, load));
                prop_assert_eq!(largest.contains(load), !is_exceeded);
            }
        }
    }
}
