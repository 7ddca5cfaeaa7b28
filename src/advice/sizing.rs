//! The demand of a workload, by the minute and by the hour, and what units would replace of it.

use super::route::LaneRates;
use super::units::Sizing;
use crate::catalog::{LoadWeights, Offer};
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Meter, Series, Usd, UsdPerMillionTokens, Window};
use crate::pricing::{Demand, Lane, LaneKind, Priced, Workload};
use crate::usage::MeterReading;
use crate::usage::plan::MINUTE_DAYS;

/// One workload's demand at the resolutions that sizing needs. It takes in what provisioned models
/// serve already: their units serve first.
#[derive(Debug)]
pub(super) struct Demands {
    /// The last days by the minute: units are sized on these.
    minutes: Demand,
    /// The same days by the hour: beside the minutes they tell what bursts cost.
    same_hours: Demand,
    /// The recent window by the hour: what a month is scaled from.
    recent_hours: Demand,
}

/// A workload's demand as one offer sees it.
#[derive(Debug)]
pub(super) struct Sized {
    pub(super) minutes: Sizing,
    same_hours: Sizing,
    recent_hours: Sizing,
    recent_window_hours: u64,
}

impl Demands {
    /// The demand of the lanes that units could serve: on-demand ones of the standard tier at the
    /// given rates, and provisioned ones at what their tokens would cost in-Region. Flex and the
    /// other tiers stay where they are. An error says what is missing.
    pub(super) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        routes: &[LaneRates<'_>],
    ) -> Result<Self, String> {
        if let Some(why) = &workload.observed.minutes_unknown {
            return Err(why.clone());
        }
        let window = priced.observation.window.last_days(MINUTE_DAYS);
        if window.hours() < u64::from(MINUTE_DAYS) * 24 {
            return Err(format!("units are sized on {MINUTE_DAYS} days of minutes"));
        }
        let weights = priced
            .observation
            .prices
            .model(&workload.model)
            .map(|model| model.load_weights)
            .unwrap_or_default();
        let priced_lanes = priced_lanes(workload, routes);
        let build = |window: Window, step: u32| {
            let steps = window.hours() * u64::from(HOUR / step);
            let mut demand = Demand::none(
                window.start(),
                step,
                usize::try_from(steps).unwrap_or_default(),
            );
            for (lane, prices) in &priced_lanes {
                add_lane(&mut demand, lane, prices, weights, window)?;
            }
            Ok::<_, String>(demand)
        };
        Ok(Self {
            minutes: build(window, MINUTE)?,
            same_hours: build(window, HOUR)?,
            recent_hours: build(priced.recent, HOUR)?,
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
            recent_window_hours: self.recent_hours.hours(),
        })
    }
}

impl Sized {
    /// On-demand dollars a month that `units` units, beside the held ones, would replace.
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

    /// What all of the demand would cost on-demand in a month.
    pub(super) fn all_monthly(&self) -> Usd {
        self.recent_hours
            .all_on_demand()
            .per_month(self.recent_window_hours)
    }
}

type Prices = Vec<(Meter, UsdPerMillionTokens)>;

fn priced_lanes<'l>(
    workload: &'l Workload<'_>,
    routes: &'l [LaneRates<'_>],
) -> Vec<(&'l Lane<'l>, Prices)> {
    let on_demand = routes
        .iter()
        .filter(|route| route.lane.is_standard())
        .map(|route| {
            let prices = route
                .rates
                .iter()
                .map(|(meter, rate)| (*meter, rate.list_unit_price))
                .collect();
            (route.lane, prices)
        });
    let provisioned = workload
        .lanes
        .iter()
        .filter(|lane| matches!(&lane.kind, LaneKind::Provisioned(held) if !held.is_custom()))
        .map(|lane| {
            let price = |meter: &crate::pricing::PricedMeter| {
                Some((meter.meter, meter.rate.as_ref()?.list_unit_price))
            };
            (lane, lane.meters.iter().filter_map(price).collect())
        });
    on_demand.chain(provisioned).collect()
}

fn add_lane(
    demand: &mut Demand,
    lane: &Lane<'_>,
    prices: &Prices,
    weights: LoadWeights,
    window: Window,
) -> Result<(), String> {
    let id = &lane.usage.model_id;
    let minutes = lane.usage.minute_readings();
    for reading in lane.usage.readings() {
        if reading.series.total_since(window.start()).is_zero() {
            continue;
        }
        let series: &Series = if demand.step == MINUTE {
            let same = |minute: &&MeterReading<'_>| minute.meter == reading.meter;
            let minute = minutes.iter().find(same).ok_or_else(|| {
                format!(
                    "there are no minutes of {} of {id}, and hours hide bursts",
                    reading.meter
                )
            })?;
            minute.series
        } else {
            reading.series
        };
        let (_, price) = prices
            .iter()
            .find(|(meter, _)| *meter == reading.meter)
            .ok_or_else(|| format!("{} of {id} have no on-demand price", reading.meter))?;
        demand
            .add(reading.meter, series, *price, weights)
            .ok_or_else(|| format!("{} of {id} cannot be served by model units", reading.meter))?;
    }
    Ok(())
}
