//! The demand of a workload that a purchase could serve, by the minute and by the hour.

use crate::catalog::{LoadWeights, ReservedScope};
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Meter, Series, Usd, Window};
use crate::observation::MeterReading;
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::LaneRates;
use crate::pricing::{
    DemandSeries, Holding, LaneKind, Priced, StepDemand, Workload, dollars, reserved_meters,
    reserved_weights, reserves,
};
use crate::sizing::Purchase;

/// What would serve it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Traffic<'s> {
    /// Model units: the traffic of the holdings that serve on, whose units serve first, and standard
    /// on-demand traffic where it is asked for.
    Units {
        serving: &'s [&'s Holding<'s>],
        with_on_demand: bool,
    },
    /// Reserved tokens of one scope: standard on-demand traffic of that scope.
    Reserved(ReservedScope),
}

/// The lanes of a workload that something would serve, and how they count.
struct ServableLanes<'s> {
    on_demand: Vec<&'s LaneRates<'s>>,
    provisioned: Vec<&'s LaneRates<'s>>,
    weights: LoadWeights,
    /// The meters that count; all where there is none.
    meters: Option<&'static [Meter]>,
    recent: Window,
}

impl<'s> ServableLanes<'s> {
    fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &'s [LaneRates<'s>],
        traffic: Traffic<'_>,
    ) -> Self {
        let (mut on_demand, mut provisioned) = (Vec::new(), Vec::new());
        for lane in rates {
            match (&lane.lane.kind, traffic) {
                (LaneKind::Provisioned(held), Traffic::Units { serving, .. })
                    if serving.iter().any(|holding| holding.held == *held) =>
                {
                    provisioned.push(lane);
                }
                (_, Traffic::Units { with_on_demand, .. })
                    if with_on_demand && lane.lane.is_standard() =>
                {
                    on_demand.push(lane);
                }
                (_, Traffic::Reserved(scope))
                    if lane.lane.is_standard() && reserves(scope, lane.scope) =>
                {
                    on_demand.push(lane);
                }
                _ => {}
            }
        }
        let (weights, meters) = match traffic {
            Traffic::Units { .. } => {
                let weights = priced.observation.prices.load_weights(&workload.model);
                (weights, None)
            }
            Traffic::Reserved(_) => (
                reserved_weights(),
                Some(reserved_meters(&priced.observation.settings)),
            ),
        };
        Self {
            on_demand,
            provisioned,
            weights,
            meters,
            recent: priced.recent,
        }
    }

    /// The demand over a window, and the on-demand part of each step in 10^-16 USD.
    fn over(&self, window: Window, step: u32) -> Result<(DemandSeries, Vec<u128>), String> {
        let steps = window.hours() * u64::from(HOUR / step);
        let steps = usize::try_from(steps).unwrap_or_default();
        let mut demand = DemandSeries::none(window.start(), step, steps);
        for lane in &self.on_demand {
            self.add(&mut demand, lane)?;
        }
        let values = demand.steps.iter().map(|step| step.value).collect();
        for lane in &self.provisioned {
            self.add(&mut demand, lane)?;
        }
        Ok((demand, values))
    }
}

/// One workload's demand at the resolutions that sizing needs.
#[derive(Debug)]
pub(crate) struct ServableDemand {
    /// The last days by the minute: purchases are sized on these.
    pub(crate) minutes: DemandSeries,
    /// The whole survey by the hour.
    pub(crate) hours: DemandSeries,
    /// The on-demand part of each hour, in 10^-16 USD.
    on_demand: Vec<u128>,
    /// What the on-demand part of the minutes costs.
    on_demand_minutes: Usd,
    /// Hours of the recent window, which a month is scaled from.
    recent: usize,
}

impl ServableDemand {
    /// The demand at the given rates. Flex and the other tiers stay where they are. An error says
    /// what is missing.
    pub(crate) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &[LaneRates<'_>],
        traffic: Traffic<'_>,
    ) -> Result<Self, String> {
        if let Some(why) = &workload.observed.minutes_unknown {
            return Err(why.clone());
        }
        let served = ServableLanes::new(priced, workload, rates, traffic);
        let window = priced.observation.window;
        let (minutes, on_demand_minutes) = served.over(window.last_days(MINUTE_DAYS), MINUTE)?;
        let (hours, on_demand) = served.over(window, HOUR)?;
        let same = last(
            &hours.steps,
            usize::try_from(minutes.hours()).unwrap_or_default(),
        );
        if !adds_up(&minutes.steps, same) {
            return Err("its minutes do not add up to its hours".to_owned());
        }
        Ok(Self {
            minutes,
            hours,
            on_demand,
            on_demand_minutes: dollars(on_demand_minutes.into_iter().sum()),
            recent: usize::try_from(priced.recent.hours()).unwrap_or_default(),
        })
    }

    /// The same load, of which one on-demand lane alone counts in dollars.
    pub(crate) fn of_lane(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        lane: LaneRates<'_>,
    ) -> Result<Self, String> {
        let traffic = Traffic::Units {
            serving: &[],
            with_on_demand: true,
        };
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

    /// The hours of the survey alone.
    pub(crate) fn hourly(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &[LaneRates<'_>],
        traffic: Traffic<'_>,
    ) -> Result<DemandSeries, String> {
        let served = ServableLanes::new(priced, workload, rates, traffic);
        Ok(served.over(priced.observation.window, HOUR)?.0)
    }

    /// The hours of the recent window.
    pub(crate) fn recent_hours(&self) -> &[StepDemand] {
        last(&self.hours.steps, self.recent)
    }

    /// The hours of the days that are known by the minute.
    fn same_hours(&self) -> &[StepDemand] {
        let hours = usize::try_from(self.minutes.hours()).unwrap_or_default();
        last(&self.hours.steps, hours)
    }

    /// The on-demand part of each hour of the survey, in 10^-16 USD.
    pub(crate) fn on_demand_hours(&self) -> &[u128] {
        &self.on_demand
    }

    /// What the on-demand part costs in a month, as the recent window went.
    pub(crate) fn on_demand_monthly(&self) -> Usd {
        let recent = last(&self.on_demand, self.recent).iter().sum();
        dollars(recent).per_month(hours(self.recent))
    }

    /// The same as the days by the minute went.
    pub(crate) fn on_demand_minutes(&self) -> Usd {
        self.on_demand_minutes
    }

    /// The demand as one kind of purchase sees it.
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

/// Whether steps come to what coarser ones of the same days do, but for a hundredth: they are read
/// one after the other, and late points arrive between.
fn adds_up(fine: &[StepDemand], coarse: &[StepDemand]) -> bool {
    let sum = |steps: &[StepDemand]| steps.iter().map(|step| step.value).sum::<u128>();
    let (fine, coarse) = (sum(fine), sum(coarse));
    fine.abs_diff(coarse) <= fine.max(coarse) / 100
}

fn last<T>(all: &[T], count: usize) -> &[T] {
    all.get(all.len().saturating_sub(count)..).unwrap_or(all)
}

fn hours(count: usize) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// A workload's demand as one kind of purchase sees it.
pub(crate) struct SizedDemand<P: Purchase> {
    pub(crate) minutes: P::Sizing,
    same_hours: P::Sizing,
    pub(crate) recent_hours: P::Sizing,
    pub(crate) minute_window_hours: u64,
    recent_window_hours: u64,
}

impl<P: Purchase> SizedDemand<P> {
    /// On-demand dollars a month that a purchase, beside what is held, would replace if what exceeds
    /// it goes on-demand.
    ///
    /// The recent window is known by the hour, and hours hide bursts: the loss is taken off in the
    /// proportion that minutes and hours have over the days that are known by both.
    pub(crate) fn replaced_monthly(&self, amount: P::Amount) -> Usd {
        let recent = P::replaced(&self.recent_hours, amount).per_month(self.recent_window_hours);
        match self.burst(amount) {
            Some((by_minute, by_hour)) => {
                recent.in_proportion(by_minute.dollars(), by_hour.dollars())
            }
            None => recent,
        }
    }

    /// What a purchase and what is held replace of the days that are known by both, by the minute
    /// and by the hour; `None` where hours hide nothing.
    pub(crate) fn burst(&self, amount: P::Amount) -> Option<(Usd, Usd)> {
        let by_hour = P::replaced(&self.same_hours, amount);
        let by_minute = P::replaced(&self.minutes, amount);
        (by_minute < by_hour).then_some((by_minute, by_hour))
    }

    /// The same as a share, for statistics.
    pub(crate) fn burst_share(&self, amount: P::Amount) -> f64 {
        self.burst(amount).map_or(1.0, |(minutes, hours)| {
            crate::sizing::ratio(crate::sizing::float(minutes), crate::sizing::float(hours))
        })
    }

    /// What all of the demand, that of holdings included, would cost on-demand in a month.
    pub(crate) fn all_monthly(&self) -> Usd {
        P::all_on_demand(&self.recent_hours).per_month(self.recent_window_hours)
    }
}

impl ServableLanes<'_> {
    fn add(&self, demand: &mut DemandSeries, rates: &LaneRates<'_>) -> Result<(), String> {
        let usage = &rates.lane.usage;
        let id = &usage.model_id;
        let minutes = usage.minute_readings();
        for reading in usage.readings() {
            let meter = reading.meter;
            let is_wanted = self.meters.is_none_or(|meters| meters.contains(&meter));
            if !is_wanted || reading.series.total_since(demand.start).is_zero() {
                continue;
            }
            let series: &Series = if demand.step == MINUTE {
                let same = |minute: &&MeterReading<'_>| minute.meter == meter;
                let minute = minutes.iter().find(same);
                minute
                    .ok_or_else(|| {
                        format!("there are no minutes of {meter} of {id}, and hours hide bursts")
                    })?
                    .series
            } else {
                reading.series
            };
            let Some((_, rate)) = rates.rates.iter().find(|(of, _)| *of == meter) else {
                // Used only long ago, it has no weight in what a month costs, and makes older weeks
                // promise less, not more.
                if reading.series.total_since(self.recent.start()).is_zero() {
                    continue;
                }
                return Err(format!("{meter} of {id} have no on-demand price"));
            };
            demand
                .add(meter, series, rate.contracted_unit_price, self.weights)
                .ok_or_else(|| format!("{meter} of {id} cannot be served by model units"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Capacity;
    use crate::domain::quantity::CapacityOrigin;
    use crate::pricing::Load;
    use crate::sizing::UnitPurchase;
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
                held: 0,
            };
            let sized = SizedDemand::<UnitPurchase> {
                minutes: purchase.sizing(&minutes, MINUTE),
                same_hours: purchase.sizing(&hours, HOUR),
                recent_hours: purchase.sizing(&hours, HOUR),
                minute_window_hours: super::hours(hours.len()),
                recent_window_hours: super::hours(hours.len()),
            };
            let month = |sizing: &<UnitPurchase as Purchase>::Sizing| {
                UnitPurchase::replaced(sizing, units).per_month(super::hours(hours.len()))
            };
            let (by_minute, by_hour) = (month(&sized.minutes), month(&sized.recent_hours));
            let corrected = sized.replaced_monthly(units);
            prop_assert!(corrected <= by_hour);
            let difference = (corrected - by_minute).dollars().abs();
            prop_assert!(difference < rust_decimal::Decimal::new(1, 6), "{corrected} {by_minute}");
        }
    }
}
