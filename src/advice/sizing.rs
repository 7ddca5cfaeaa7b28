//! The demand of a workload, by the minute and by the hour, and what units would replace of it.

use super::rates::LaneRates;
use crate::catalog::{LoadWeights, Offer};
use crate::commitment::UnitSizing as Sizing;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Ratio, Series, Usd, Window};
use crate::pricing::{Demand, Holding, LaneKind, Priced, Workload};
use crate::usage::MeterReading;
use crate::usage::plan::MINUTE_DAYS;

/// One workload's demand at the resolutions that sizing needs: its standard on-demand traffic, and
/// what the provisioned models beside it serve already, whose units serve first.
#[derive(Debug)]
pub(super) struct Demands {
    /// The last days by the minute: units are sized on these.
    minutes: Demand,
    /// The same days by the hour: beside the minutes they tell what bursts cost.
    same_hours: Demand,
    /// The recent window by the hour: what a month is scaled from.
    recent_hours: Demand,
    /// What the on-demand part of the minutes costs.
    on_demand_minutes: Usd,
    /// What the on-demand part of the recent window costs.
    on_demand_recent: Usd,
}

/// A workload's demand as one offer sees it.
#[derive(Debug)]
pub(super) struct Sized {
    pub(super) minutes: Sizing,
    same_hours: Sizing,
    recent_hours: Sizing,
    minute_window_hours: u64,
    recent_window_hours: u64,
    on_demand_minutes: Usd,
    on_demand_recent: Usd,
}

impl Demands {
    /// The demand of the lanes that units could serve, at the given rates: on-demand ones of the
    /// standard tier, and those of the holdings that serve beside them. Flex and the other tiers
    /// stay where they are. An error says what is missing.
    pub(super) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &[LaneRates<'_>],
        serving: &[&Holding<'_>],
    ) -> Result<Self, String> {
        if let Some(why) = &workload.observed.minutes_unknown {
            return Err(why.clone());
        }
        let window = priced.observation.window.last_days(MINUTE_DAYS);
        let weights = priced.observation.prices.load_weights(&workload.model);
        let (mut on_demand, mut provisioned) = (Vec::new(), Vec::new());
        for lane in rates {
            match &lane.lane.kind {
                LaneKind::Provisioned(held)
                    if serving.iter().any(|holding| holding.held == *held) =>
                {
                    provisioned.push(lane);
                }
                _ if lane.lane.is_standard() => on_demand.push(lane),
                _ => {}
            }
        }
        let build = |window: Window, step: u32| {
            let steps = window.hours() * u64::from(HOUR / step);
            let steps = usize::try_from(steps).unwrap_or_default();
            let mut demand = Demand::none(window.start(), step, steps);
            for lane in &on_demand {
                add(&mut demand, lane, weights, window)?;
            }
            let value = demand.value();
            for lane in &provisioned {
                add(&mut demand, lane, weights, window)?;
            }
            Ok::<_, String>((demand, value))
        };
        let (minutes, on_demand_minutes) = build(window, MINUTE)?;
        let (same_hours, _) = build(window, HOUR)?;
        let (recent_hours, on_demand_recent) = build(priced.recent, HOUR)?;
        Ok(Self {
            minutes,
            same_hours,
            recent_hours,
            on_demand_minutes,
            on_demand_recent,
        })
    }

    /// The demand as an offer with a known capacity sees it, beside units that are held already.
    pub(super) fn sized(&self, offer: &Offer, held: u32) -> Option<Sized> {
        let capacity = offer.capacity?;
        let sizing = |demand| Sizing::new(demand, capacity, offer.unit_price, held);
        Some(Sized {
            minutes: sizing(&self.minutes),
            same_hours: sizing(&self.same_hours),
            recent_hours: sizing(&self.recent_hours),
            minute_window_hours: self.minutes.hours(),
            recent_window_hours: self.recent_hours.hours(),
            on_demand_minutes: self.on_demand_minutes,
            on_demand_recent: self.on_demand_recent,
        })
    }
}

impl Sized {
    /// On-demand dollars a month that `units` units, beside the held ones, would replace if the
    /// callers route the rest.
    ///
    /// The recent window is known by the hour, and hours hide bursts: the loss is taken off in the
    /// proportion that minutes and hours have over the days that are known by both.
    pub(super) fn replaced_monthly(&self, units: u32) -> Usd {
        let by_hour = self.same_hours.replaced(units);
        let by_minute = self.minutes.replaced(units);
        let recent = self
            .recent_hours
            .replaced(units)
            .per_month(self.recent_window_hours);
        if by_minute < by_hour {
            recent.in_proportion(by_minute.dollars(), by_hour.dollars())
        } else {
            recent
        }
    }

    /// What all of the demand, that of holdings included, would cost on-demand in a month.
    pub(super) fn all_monthly(&self) -> Usd {
        self.recent_hours
            .all_on_demand()
            .per_month(self.recent_window_hours)
    }

    /// What its on-demand part costs in a month.
    pub(super) fn on_demand_monthly(&self) -> Usd {
        self.on_demand_recent.per_month(self.recent_window_hours)
    }

    /// The fewest further units that would have refused nothing: not in the minutes, nor in the
    /// recent hours before them, of which no minutes are known.
    pub(super) fn throttle_minimum(&self, headroom: Ratio) -> Option<u32> {
        let minutes = self.minutes.throttle_minimum(headroom)?;
        Some(minutes.max(self.recent_hours.throttle_minimum(headroom)?))
    }

    /// That many further units, where they cost less than the on-demand traffic of the minutes.
    pub(super) fn throttle_optimum(&self, enough: u32) -> u32 {
        self.minutes
            .throttle_optimum(enough, self.on_demand_minutes)
    }

    /// What `units` units and what stays on-demand beside them, or on-demand alone, come to in a
    /// month as the minutes went.
    pub(super) fn monthly_as_minutes_went(
        &self,
        units: u32,
        callers_route_the_rest: bool,
    ) -> (Usd, Usd) {
        let month = |cost: Usd| cost.per_month(self.minute_window_hours);
        if callers_route_the_rest {
            (month(self.minutes.cost(units)), month(self.minutes.cost(0)))
        } else {
            (
                month(self.minutes.units_cost(units)),
                month(self.on_demand_minutes),
            )
        }
    }
}

fn add(
    demand: &mut Demand,
    rates: &LaneRates<'_>,
    weights: LoadWeights,
    window: Window,
) -> Result<(), String> {
    let usage = &rates.lane.usage;
    let id = &usage.model_id;
    let minutes = usage.minute_readings();
    for reading in usage.readings() {
        let meter = reading.meter;
        if reading.series.total_since(window.start()).is_zero() {
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
        let (_, rate) = rates
            .rates
            .iter()
            .find(|(of, _)| *of == meter)
            .ok_or_else(|| format!("{meter} of {id} have no on-demand price"))?;
        demand
            .add(meter, series, rate.contracted_unit_price, weights)
            .ok_or_else(|| format!("{meter} of {id} cannot be served by model units"))?;
    }
    Ok(())
}
