//! Advice to buy model units that was followed: what the runs before promised of it, beside what the units save.
//!
//! A purchase is told by the survey alone: units exist that were created after a run had promised their
//! saving, and their own calls say what those would cost by the token. So calls that change, grow or go
//! elsewhere are no saving, and a price that changes counts as it is now, where it is lowest. Where the calls
//! were cached by the token and units are taken to cache nothing, nobody knows what they would cost.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, Meter, ModelUnits, Percent, Region, Usd, day_of};
use crate::pricing::{Holding, Lane, LaneKind, LaneRates, Priced, Workload};

/// Time after the last run that promised a saving, in which units are bought because of it.
const ACTED_ON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Advice to buy the first units of one workload that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowedAdvice {
    /// Region of the workload.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Day of the last run before the purchase.
    pub promised_on: Date,
    /// Saving that this run promised, in USD a month.
    pub promised_monthly_savings: Usd,
    /// Units that were bought.
    pub model_units: ModelUnits,
    /// Cost by the token of the calls that the units served in the recent window, less the cost of the units,
    /// in USD a month; below zero where the units cost more. `None` where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realised_monthly_savings: Option<Usd>,
    /// First day on which the whole recent window comes after the purchase; `None` where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_from: Option<Date>,
}

/// Lists the advice on units that was followed, in order of Region and model.
pub(super) fn followed(priced: &Priced<'_>) -> Vec<FollowedAdvice> {
    // What AWS charged was promised, and a book of other prices cannot be held to it.
    if !priced.observation.prices.charged {
        return Vec::new();
    }
    let mut followed: Vec<FollowedAdvice> =
        priced.workloads.iter().filter_map(|workload| of_workload(priced, workload)).collect();
    sort_by(&mut followed, |a, b| (&a.region, &a.model).cmp(&(&b.region, &b.model)));
    followed
}

/// Returns what the purchases that are known saved of their promise, in percent; `None` where none is known.
pub(super) fn realised_over_promised(followed: &[FollowedAdvice]) -> Option<Percent> {
    let known =
        |it: &FollowedAdvice| Some((it.realised_monthly_savings?, it.promised_monthly_savings));
    let (realised, promised): (Vec<Usd>, Vec<Usd>) = followed.iter().filter_map(known).unzip();
    let realised: Usd = realised.into_iter().sum();
    realised.percent_of(promised.into_iter().sum())
}

fn of_workload(priced: &Priced<'_>, workload: &Workload<'_>) -> Option<FollowedAdvice> {
    let created = || workload.holdings.iter().map(|holding| holding.held.creation_time);
    let (first, last) = (created().min()?, created().max()?);
    let (region, model) = (&workload.place.region, &workload.model);
    let before = priced.observation.savings_before.iter();
    let (promised_at, promised_monthly_savings) = before
        .filter(|before| (&before.region, &before.model) == (region, model) && before.time <= first)
        .filter_map(|before| Some((before.time, before.promised_monthly_savings?)))
        .filter(|(_, promised)| promised.is_positive())
        .max_by_key(|(time, _)| *time)
        .filter(|(time, _)| first.duration_since(*time) <= ACTED_ON)?;
    // Units that came later serve calls that the promise was not of.
    if last.duration_since(promised_at) > ACTED_ON {
        return None;
    }
    let is_known = last <= workload.recent.start();
    Some(FollowedAdvice {
        region: region.clone(),
        model: model.clone(),
        promised_on: day_of(promised_at),
        promised_monthly_savings,
        model_units: workload.holdings.iter().map(|holding| holding.held.model_units).sum(),
        realised_monthly_savings: is_known.then(|| saving(priced, workload)).flatten(),
        known_from: (!is_known).then(|| known_from(last, workload)),
    })
}

/// Returns what the units of a workload save of the bill by the token, in USD a month; `None` where the worth
/// of one, or its cost, is not known.
fn saving(priced: &Priced<'_>, workload: &Workload<'_>) -> Option<Usd> {
    let settings = &priced.observation.settings;
    let is_cached = |lane: &&Lane<'_>| {
        let cached = [Meter::CacheRead, Meter::CacheWrite];
        lane.meters.iter().any(|of| cached.contains(&of.meter) && !of.total.is_zero())
    };
    // Units may meter in full what was cached by the token, and by that nobody would pay.
    if !settings.units_cache && workload.on_demand().any(|lane| is_cached(&lane)) {
        return None;
    }
    // By the token the calls would go where they cost least.
    let worth = |holding: &Holding<'_>| {
        holding.monthly_value?;
        let lanes = workload.lanes.iter();
        let own = lanes.filter(|lane| lane.kind == LaneKind::Provisioned(holding.held));
        let least = own.map(|lane| {
            let here = LaneRates::current(lane).monthly_cost(priced.recent);
            let global = LaneRates::global(priced, workload, lane);
            let global = global.map(|rates| rates.monthly_cost(priced.recent));
            global.map_or(here, |global| global.min(here))
        });
        Some(if holding.idleness.is_idle() { Usd::ZERO } else { least.sum() })
    };
    let of_each = workload.holdings.iter();
    of_each.map(|holding| Some(worth(holding)? - holding.monthly_cost?)).sum()
}

/// Returns the first day at whose start the recent window begins after a time.
fn known_from(time: Timestamp, workload: &Workload<'_>) -> Date {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let length = workload.recent.end().duration_since(workload.recent.start());
    day_of(time + length + DAY - SignedDuration::from_nanos(1))
}

impl FollowedAdvice {
    /// Says in a sentence what was promised, and what came of it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { region, model, promised_on, promised_monthly_savings, model_units, .. } = self;
        let came = match (self.realised_monthly_savings, self.known_from) {
            (Some(realised), _) if realised < Usd::ZERO => {
                format!(
                    "by what it served it costs {} a month more than by the token",
                    Usd::ZERO - realised
                )
            }
            (Some(realised), _) => format!("by what it served it saves {realised} a month"),
            (None, Some(day)) => format!("what it saves is known from {day}"),
            (None, None) => "what it saves is not known".to_owned(),
        };
        format!(
            "{model} in {region}: {promised_monthly_savings} a month was promised on {promised_on}, and {model_units} bought: {came}"
        )
    }
}
