//! The demand of a workload that a purchase could serve, by the minute and by the hour.

use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Meter, Ratio, Series, Usd, Window};
use crate::observation::MeterReading;
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::{DemandSeries, LaneRates, Priced, StepDemand, Workload, dollars};
use crate::sizing::coverage::BurstShares;
use crate::sizing::mix_trend::MeterHours;
use crate::sizing::traffic::{ServableLanes, Traffic};
use crate::sizing::{Purchase, UnitPurchase, float};

/// A reason for which the demand of a workload is not known.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UnknownDemand {
    /// The minutes of the Region were not read.
    #[error("{0}")]
    MinutesNotRead(String),
    /// Hours and minutes of the same days tell different sums.
    #[error("its minutes do not add up to its hours")]
    MinutesDoNotAddUp,
    /// One meter of a lane has hours alone.
    #[error("there are no minutes of {meter} of {model_id}, and hours hide bursts")]
    NoMinutes { meter: Meter, model_id: String },
    /// A meter in use has no rate.
    #[error("{meter} of {model_id} have no on-demand price")]
    NoPrice { meter: Meter, model_id: String },
    /// A meter in use is not served by what is bought.
    #[error("{meter} of {model_id} cannot be served by model units")]
    NotServed { meter: Meter, model_id: String },
}

/// Demand over one window.
struct WindowDemand {
    series: DemandSeries,
    /// On-demand part of each step, in 10^-16 USD.
    on_demand: Vec<u128>,
    /// The same by meter.
    meters: Vec<MeterHours>,
}

impl WindowDemand {
    fn new(
        lanes: &ServableLanes<'_>,
        recent: Window,
        window: Window,
        step: u32,
    ) -> Result<Self, UnknownDemand> {
        let steps = window.hours() * u64::from(HOUR / step);
        let steps = usize::try_from(steps).unwrap_or_default();
        let none = DemandSeries::none(window.start(), step, steps);
        let mut demand = Self { series: none, on_demand: Vec::new(), meters: Vec::new() };
        for lane in &lanes.on_demand {
            demand.add(lanes, lane, recent)?;
        }
        // The values so far are those of on-demand lanes: holdings are added after them.
        demand.on_demand = demand.series.steps.iter().map(|step| step.value).collect();
        for lane in &lanes.provisioned {
            demand.add(lanes, lane, recent)?;
        }
        Ok(demand)
    }
}

impl WindowDemand {
    /// Adds the tokens of one lane.
    fn add(
        &mut self,
        lanes: &ServableLanes<'_>,
        rates: &LaneRates<'_>,
        recent: Window,
    ) -> Result<(), UnknownDemand> {
        let demand = &mut self.series;
        let usage = &rates.lane.usage;
        let model_id = || usage.model_id.text().to_owned();
        let minutes = usage.minute_readings();
        for reading in usage.readings() {
            let meter = reading.meter;
            // A meter without tokens needs neither minutes nor a price.
            if !lanes.counts(meter) || reading.series.total_since(demand.start).is_zero() {
                continue;
            }
            let series: &Series = if demand.step == MINUTE {
                let same = |minute: &&MeterReading<'_>| minute.meter == meter;
                let minute = minutes.iter().find(same);
                minute
                    .ok_or_else(|| UnknownDemand::NoMinutes { meter, model_id: model_id() })?
                    .series
            } else {
                reading.series
            };
            let Some((_, rate)) = rates.rates.iter().find(|(of, _)| *of == meter) else {
                // Used only long ago, it has no weight in what a month costs, and makes older weeks
                // promise less, not more.
                if reading.series.total_since(recent.start()).is_zero() {
                    continue;
                }
                return Err(UnknownDemand::NoPrice { meter, model_id: model_id() });
            };
            demand
                .add(meter, series, rate.contracted_unit_price, lanes.weights)
                .ok_or_else(|| UnknownDemand::NotServed { meter, model_id: model_id() })?;
            if demand.step == HOUR {
                let place =
                    self.meters.iter().position(|of| of.meter == meter).unwrap_or_else(|| {
                        let none = DemandSeries::none(demand.start, HOUR, demand.steps.len());
                        self.meters.push(MeterHours { meter, hours: none });
                        self.meters.len() - 1
                    });
                if let Some(of) = self.meters.get_mut(place) {
                    of.hours
                        .add(meter, series, rate.contracted_unit_price, lanes.weights)
                        .ok_or_else(|| UnknownDemand::NotServed { meter, model_id: model_id() })?;
                }
            }
        }
        Ok(())
    }
}

/// One workload's demand at the two resolutions that sizing needs.
#[derive(Debug)]
pub(crate) struct ServableDemand {
    /// Last days by the minute: purchases are sized on these.
    pub(crate) minutes: DemandSeries,
    /// Whole survey by the hour.
    pub(crate) hours: DemandSeries,
    /// On-demand part of each hour, in 10^-16 USD.
    on_demand: Vec<u128>,
    /// On-demand part of all minutes.
    on_demand_minutes: Usd,
    /// Hours of the recent window, which a month is scaled from.
    recent: usize,
    /// Whole survey by meter and hour.
    pub(crate) meters: Vec<MeterHours>,
}

impl ServableDemand {
    /// Builds the demand of some traffic at the given rates. Flex and the other tiers stay where
    /// they are.
    pub(crate) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &[LaneRates<'_>],
        traffic: Traffic<'_>,
    ) -> Result<Self, UnknownDemand> {
        // What is not used has no minutes to miss.
        if let Some(why) = &workload.observed.minutes_unknown
            && !workload.lanes.is_empty()
        {
            return Err(UnknownDemand::MinutesNotRead(why.clone()));
        }
        let lanes = ServableLanes::new(priced, workload, rates, traffic);
        let window = priced.observation.window;
        let minutes = window.last_days(MINUTE_DAYS);
        let minutes = WindowDemand::new(&lanes, priced.recent, minutes, MINUTE)?;
        let hours = WindowDemand::new(&lanes, priced.recent, window, HOUR)?;
        let demand = Self {
            minutes: minutes.series,
            hours: hours.series,
            on_demand: hours.on_demand,
            on_demand_minutes: dollars(minutes.on_demand.into_iter().sum()),
            recent: usize::try_from(priced.recent.hours()).unwrap_or_default(),
            meters: hours.meters,
        };
        if adds_up(&demand.minutes.steps, demand.same_hours()) {
            Ok(demand)
        } else {
            Err(UnknownDemand::MinutesDoNotAddUp)
        }
    }

    /// Builds the same load with the dollars of one on-demand lane alone.
    pub(crate) fn of_lane(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        lane: LaneRates<'_>,
    ) -> Result<Self, UnknownDemand> {
        let traffic = Traffic::Units { serving: &[], with_on_demand: true };
        let own = Self::new(priced, workload, &[lane], traffic)?;
        let of = |all: &DemandSeries, own: &DemandSeries| {
            let mut of = all.clone();
            for (step, own) in of.steps.iter_mut().zip(&own.steps) {
                step.value = own.value;
            }
            of
        };
        Ok(Self {
            minutes: of(&self.minutes, &own.minutes),
            hours: of(&self.hours, &own.hours),
            ..own
        })
    }

    /// Builds the hours of the survey alone.
    pub(crate) fn hourly(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &[LaneRates<'_>],
        traffic: Traffic<'_>,
    ) -> Result<DemandSeries, UnknownDemand> {
        let lanes = ServableLanes::new(priced, workload, rates, traffic);
        let window = priced.observation.window;
        Ok(WindowDemand::new(&lanes, priced.recent, window, HOUR)?.series)
    }

    /// Returns the hours of the recent window.
    pub(crate) fn recent_hours(&self) -> &[StepDemand] {
        last(&self.hours.steps, self.recent)
    }

    /// Returns the hours of the days that are known by the minute.
    fn same_hours(&self) -> &[StepDemand] {
        let hours = usize::try_from(self.minutes.hours()).unwrap_or_default();
        last(&self.hours.steps, hours)
    }

    /// Returns the on-demand part of each hour of the survey, in 10^-16 USD.
    pub(crate) fn on_demand_hours(&self) -> &[u128] {
        &self.on_demand
    }

    /// Scales the on-demand part of the recent window to a month.
    pub(crate) fn on_demand_monthly(&self) -> Usd {
        let recent = last(&self.on_demand, self.recent).iter().sum();
        dollars(recent).per_month(hours(self.recent))
    }

    /// Returns the on-demand part of the days that are known by the minute.
    pub(crate) fn on_demand_minutes(&self) -> Usd {
        self.on_demand_minutes
    }

    /// Puts one kind of purchase to this demand.
    pub(crate) fn sized<P: Purchase>(&self, purchase: &P) -> SizedDemand<P> {
        SizedDemand {
            minutes: purchase.sizing(&self.minutes.steps, MINUTE),
            same_hours: purchase.sizing(self.same_hours(), HOUR),
            recent_hours: purchase.sizing(self.recent_hours(), HOUR),
            minute_window_hours: self.minutes.hours(),
            recent_window_hours: hours(self.recent),
        }
    }
}

/// Returns true if fine steps come to what coarse ones of the same days do, but for a hundredth.
fn adds_up(fine: &[StepDemand], coarse: &[StepDemand]) -> bool {
    let sum = |steps: &[StepDemand]| steps.iter().map(|step| step.value).sum::<u128>();
    let (fine, coarse) = (sum(fine), sum(coarse));
    // Not equal: minutes and hours are read one after the other, and late points arrive between. At
    // twice a hundredth, a quarter of one day in fourteen could be missing unseen.
    fine.abs_diff(coarse) <= fine.max(coarse) / 100
}

fn last<T>(all: &[T], count: usize) -> &[T] {
    all.get(all.len().saturating_sub(count)..).unwrap_or(all)
}

fn hours(count: usize) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// Dollars that are replaced of the days that are known by both resolutions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) by_minute: Usd,
    pub(crate) by_hour: Usd,
}

/// A workload's demand as one kind of purchase sees the demand.
pub(crate) struct SizedDemand<P: Purchase> {
    pub(crate) minutes: P::Sizing,
    same_hours: P::Sizing,
    recent_hours: P::Sizing,
    pub(crate) minute_window_hours: u64,
    recent_window_hours: u64,
}

impl<P: Purchase> SizedDemand<P> {
    /// Computes the on-demand USD a month that a purchase, beside what is held, would replace if
    /// the rest goes on-demand.
    ///
    /// The recent window is known by the hour, and hours hide bursts: the loss is taken off in the
    /// proportion that minutes and hours have over the days that are known by both.
    pub(crate) fn replaced_monthly(&self, amount: P::Amount) -> Usd {
        let recent = P::replaced(&self.recent_hours, amount).per_month(self.recent_window_hours);
        match self.burst(amount) {
            Some(burst) => recent.in_proportion(burst.by_minute.dollars(), burst.by_hour.dollars()),
            None => recent,
        }
    }

    /// Computes the most that a purchase would replace: what is left, if less is bad.
    pub(crate) fn replaced_monthly_at_most(&self, amount: P::Amount) -> Usd {
        let by_hour = P::replaced(&self.same_hours, amount);
        let by_minute = P::replaced(&self.minutes, amount);
        let recent = P::replaced(&self.recent_hours, amount).per_month(self.recent_window_hours);
        if by_minute > by_hour && by_hour.is_positive() {
            recent.in_proportion(by_minute.dollars(), by_hour.dollars())
        } else {
            self.replaced_monthly(amount)
        }
    }

    /// Compares what a purchase and what is held replace by the minute and by the hour; `None`
    /// where hours hide nothing.
    pub(crate) fn burst(&self, amount: P::Amount) -> Option<Burst> {
        let by_hour = P::replaced(&self.same_hours, amount);
        let by_minute = P::replaced(&self.minutes, amount);
        (by_minute < by_hour).then_some(Burst { by_minute, by_hour })
    }

    /// Returns what bursts leave with a purchase and with a smaller one, for statistics.
    pub(crate) fn burst_shares(&self, with: P::Amount, without: P::Amount) -> BurstShares {
        let share = |amount| {
            let burst = self.burst(amount);
            burst.map_or(1.0, |burst| float(burst.by_minute) / float(burst.by_hour))
        };
        BurstShares { with: share(with), without: share(without) }
    }

    /// Computes the on-demand cost of all of the demand in USD a month, that of holdings included.
    pub(crate) fn all_monthly(&self) -> Usd {
        P::all_on_demand(&self.recent_hours).per_month(self.recent_window_hours)
    }
}

impl SizedDemand<UnitPurchase> {
    /// Returns the fewest further units that refuse nothing of the minutes, nor of the recent hours
    /// before them, of which no minutes are known. `None` where no count is enough.
    pub(crate) fn throttle_minimum(&self, headroom: Ratio) -> Option<u32> {
        let minutes = self.minutes.throttle_minimum(headroom)?;
        Some(minutes.max(self.recent_hours.throttle_minimum(headroom)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::CapacityOrigin;
    use crate::domain::{Capacity, ModelUnits};
    use crate::pricing::Load;
    use proptest::prelude::*;

    proptest! {
        /// Over days that are known by the minute, the correction gives what the minutes give; it
        /// never promises more than the hours do.
        #[test]
        fn the_burst_correction_gives_what_minutes_give_and_never_more_than_hours(
            bursts in prop::collection::vec((0u64..400_000, 1usize..60), 1..12), units in 1u32..6,
        ) {
            let (mut minutes, mut hours) = (Vec::new(), Vec::new());
            for (tokens, busy) in bursts {
                let step = |tokens: u64| StepDemand {
                    value: u128::from(tokens) * 30_000_000_000,
                    load: Load {
                        input: u128::from(tokens) * 10_000,
                        output: 0,
                    },
                };
                minutes.extend((0..60).map(|minute| step(if minute < busy { tokens } else { 0 })));
                hours.push(step(tokens * u64::try_from(busy).unwrap()));
            }
            let purchase = UnitPurchase {
                capacity: Capacity {
                    input_tokens_per_hour: 3_000_000,
                    output_tokens_per_hour: 1,
                    origin: CapacityOrigin::Assumed,
                },
                price: "1.00".parse().unwrap(),
                held: UnitPurchase::NONE,
            };
            let sized = SizedDemand::<UnitPurchase> {
                minutes: purchase.sizing(&minutes, MINUTE),
                same_hours: purchase.sizing(&hours, HOUR),
                recent_hours: purchase.sizing(&hours, HOUR),
                minute_window_hours: super::hours(hours.len()),
                recent_window_hours: super::hours(hours.len()),
            };
            let month = |sizing: &<UnitPurchase as Purchase>::Sizing| {
                UnitPurchase::replaced(sizing, ModelUnits::new(units)).per_month(super::hours(hours.len()))
            };
            let (by_minute, by_hour) = (month(&sized.minutes), month(&sized.recent_hours));
            let corrected = sized.replaced_monthly(ModelUnits::new(units));
            prop_assert!(corrected <= by_hour);
            let difference = (corrected - by_minute).dollars().abs();
            prop_assert!(difference < rust_decimal::Decimal::new(1, 6), "{corrected} {by_minute}");
        }
    }
}
