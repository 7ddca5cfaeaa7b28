//! The cost of the same tokens with the model that follows one that is leaving. In extended access a
//! model may cost more, and at its end of life requests fail. Another model is another product, so this
//! is listed and never counted. Silent where the book names no successor.

use crate::advice::bill::{RemainingLanes, share};
use crate::advice::finding::Finding;
use crate::advice::gates::{Gate, Refusal};
use crate::advice::{Action, Plan};
use crate::catalog::RateQuery;
use crate::domain::{BaseModel, Ratio, Usd};
use crate::pricing::{LaneRates, Priced, PricedMeter, Workload};

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    remaining: &RemainingLanes<'_, '_>,
) -> Finding {
    let lifecycle = &workload.lifecycle;
    let extended = workload.extended_access();
    let is_leaving = lifecycle.is_legacy || extended.is_some();
    let Some(successor) = lifecycle.successor.as_ref().filter(|_| is_leaving) else {
        return Finding::default();
    };
    let with_it = |(rates, left): (&LaneRates<'_>, Ratio)| {
        Some(share(left, cost_with(priced, workload, rates, successor)?))
    };
    let then: Option<Usd> = remaining.on_demand().map(with_it).sum();
    let held = workload.holdings_monthly_cost();
    let before = remaining.monthly_cost(priced, workload);
    // A lane without a price there would make the successor look cheap.
    let Some(then) = then.filter(|_| before > held).map(|then| held + then) else {
        return Finding::default();
    };
    let state = match extended {
        Some(since) => format!("in extended access since {}", since.day),
        None => "Legacy".to_owned(),
    };
    let ends = lifecycle.end_of_life.map_or_else(String::new, |end| {
        let ends = if end.day <= priced.day { "ended" } else { "ends" };
        format!(", and {ends} on {}", end.day)
    });
    let plan = Plan::new(Action::MoveToSuccessor, format!("the same tokens with {successor}"));
    let why = format!(
        "it asks for another model, which may count tokens otherwise: listed, never counted; this one is {state}{ends}"
    );
    Finding::listed(plan.costing(then, before - then), Refusal::new(Gate::Effort, why))
}

/// Computes the cost of a lane's recent tokens with another model, in USD a month; `None` where a
/// meter in use has no price there.
fn cost_with(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &LaneRates<'_>,
    successor: &BaseModel,
) -> Option<Usd> {
    let cost = |meter: &PricedMeter| {
        // A meter that is not in use needs no price there.
        if meter.recent.is_zero() {
            return Some(Usd::ZERO);
        }
        let rate = priced.observation.rate(&RateQuery {
            model: successor,
            region: &workload.place.region,
            scope: rates.scope,
            tier: rates.lane.known_tier(),
            meter: meter.meter,
            input_tokens: None,
            day: priced.day,
        })?;
        let cost = rate.contracted_unit_price.cost(meter.recent);
        Some(cost.per_month(priced.recent.hours()))
    };
    rates.lane.meters.iter().map(cost).sum()
}
