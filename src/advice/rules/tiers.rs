//! What would the same tokens cost at another tier? Flex and batch are cheaper and slower; priority
//! and latency-optimized are dearer. Whether requests can wait is the owner's to say, so these are
//! listed with their figures and never counted.

use crate::advice::finding::Finding;
use crate::advice::gates::{Gate, Refusal};
use crate::advice::{Action, Plan};
use crate::domain::{Ratio, ServiceTier, Usd};
use crate::pricing::LaneRates;
use crate::pricing::{Lane, LaneKind, Priced, Workload};

/// What can be asked of requests at one tier: another tier, under the name of an action.
const MOVES: [(Action, &[ServiceTier], ServiceTier, &str); 4] = [
    (
        Action::UseFlexTier,
        &[ServiceTier::Standard],
        ServiceTier::Flex,
        "at the flex tier: requests may wait",
    ),
    (
        Action::UseBatchInference,
        &[ServiceTier::Standard],
        ServiceTier::Batch,
        "as batch inference jobs: answers within a day",
    ),
    (
        Action::LeaveDearerTier,
        &[ServiceTier::Priority],
        ServiceTier::Standard,
        "at the standard tier instead of priority",
    ),
    (
        Action::LeaveDearerTier,
        &[ServiceTier::LatencyOptimized],
        ServiceTier::Standard,
        "at the standard tier instead of latency-optimized",
    ),
];

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    cheapest: &[LaneRates<'_>],
    left: Ratio,
) -> Finding {
    let mut found = Finding::default();
    for (action, from, to, description) in MOVES {
        let savings: Usd = cheapest
            .iter()
            .filter(|rates| from.iter().any(|tier| is_at(rates.lane, *tier)))
            .filter_map(|rates| saving(priced, workload, rates, to))
            .filter(|savings| savings.is_positive())
            .sum();
        // What filling takes away is standard traffic.
        let savings = match from {
            [ServiceTier::Standard] => left.of(savings),
            _ => savings,
        };
        if savings > priced.observation.settings.min_monthly_savings {
            let plan = Plan::new(action, description.to_owned());
            let why = "it asks for another latency: listed, never counted";
            found.take(Finding::listed(
                plan.saving(
                    workload,
                    Usd::new(savings.dollars().round_dp(12).normalize()),
                ),
                Refusal::new(Gate::Effort, why),
            ));
        }
    }
    found
}

fn is_at(lane: &Lane<'_>, asked: ServiceTier) -> bool {
    matches!(lane.kind, LaneKind::OnDemand { tier, .. } if tier == asked)
        && lane.known_tier().is_some()
}

/// What the tokens of one lane would save at another tier in a month; `None` where a meter in use
/// has no price there.
fn saving(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &LaneRates<'_>,
    to: ServiceTier,
) -> Option<Usd> {
    if !rates.lane.is_priced() {
        return None;
    }
    let there = LaneRates::at(priced, workload, rates.lane, rates.scope, Some(to))?;
    Some(rates.monthly_cost(priced.recent) - there.monthly_cost(priced.recent))
}
