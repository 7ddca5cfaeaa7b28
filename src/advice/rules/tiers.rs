//! The cost of the same tokens at another tier. Flex and batch are cheaper and slower; priority and
//! latency-optimized are dearer. Only the owner knows if requests can wait, so these are listed with
//! their figures and never counted.

use crate::advice::finding::Finding;
use crate::advice::gates::{Gate, Refusal};
use crate::advice::{Action, Plan};
use crate::domain::{Ratio, ServiceTier, Usd};
use crate::pricing::{Lane, LaneKind, LaneRates, Priced, Workload};

/// A change of tier under the name of an action.
struct TierMove {
    action: Action,
    from: ServiceTier,
    to: ServiceTier,
    description: &'static str,
}

const MOVES: [TierMove; 4] = [
    TierMove {
        action: Action::UseFlexTier,
        from: ServiceTier::Standard,
        to: ServiceTier::Flex,
        description: "at the flex tier: requests may wait",
    },
    TierMove {
        action: Action::UseBatchInference,
        from: ServiceTier::Standard,
        to: ServiceTier::Batch,
        description: "as batch inference jobs: answers within a day",
    },
    TierMove {
        action: Action::LeaveDearerTier,
        from: ServiceTier::Priority,
        to: ServiceTier::Standard,
        description: "at the standard tier instead of priority",
    },
    TierMove {
        action: Action::LeaveDearerTier,
        from: ServiceTier::LatencyOptimized,
        to: ServiceTier::Standard,
        description: "at the standard tier instead of latency-optimized",
    },
];

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    cheapest: &[LaneRates<'_>],
    left: Ratio,
) -> Finding {
    let mut finding = Finding::default();
    for change in MOVES {
        let savings: Usd = cheapest
            .iter()
            .filter(|rates| is_at(rates.lane, change.from))
            .filter_map(|rates| saving(priced, workload, rates, change.to))
            .filter(|savings| savings.is_positive())
            .sum();
        // What filling takes away is standard traffic.
        let savings = match change.from {
            ServiceTier::Standard => left.of(savings),
            _ => savings,
        };
        if savings > priced.observation.settings.min_monthly_savings {
            let savings = Usd::new(savings.dollars().round_dp(12).normalize());
            let plan = Plan::new(change.action, change.description.to_owned());
            let why = "it asks for another latency: listed, never counted";
            finding.take(Finding::listed(
                plan.saving(workload, savings),
                Refusal::new(Gate::Effort, why),
            ));
        }
    }
    finding
}

fn is_at(lane: &Lane<'_>, asked: ServiceTier) -> bool {
    matches!(lane.kind, LaneKind::OnDemand { tier, .. } if tier == asked)
        && lane.known_tier().is_some()
}

/// Computes the saving of one lane's tokens at another tier, in USD a month; `None` where a meter
/// in use has no price there.
fn saving(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    rates: &LaneRates<'_>,
    to: ServiceTier,
) -> Option<Usd> {
    // What has no price here would look free, and the other tier dear.
    if !rates.lane.is_priced() {
        return None;
    }
    let there = LaneRates::at(priced, workload, rates.lane, rates.scope, Some(to))?;
    Some(rates.monthly_cost(priced.recent) - there.monthly_cost(priced.recent))
}
