//! The cost of the same tokens at another tier. Flex and batch are slower and mostly cheaper; priority
//! and latency-optimized are dearer. Only the owner knows if requests can wait, so these are listed with
//! their figures and never counted. Each is the whole bill of the workload with those requests there; a
//! tier that would cost more says so.
//!
//! A batch job has no prompt cache. With reads at a tenth of the input price and batch at half, batch
//! costs more from 55.6 % of reads on: `0.5 > 1 − r + 0.1·r`.

use crate::advice::bill::{RemainingLanes, share};
use crate::advice::finding::Finding;
use crate::advice::gates::{Gate, Refusal};
use crate::advice::{Action, Plan};
use crate::domain::{Meter, ServiceTier, Usd};
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
    remaining: &RemainingLanes<'_, '_>,
) -> Finding {
    let mut finding = Finding::default();
    let least = priced.observation.settings.min_monthly_savings;
    let before = remaining.monthly_cost(priced, workload);
    for change in &MOVES {
        let moved = TierBill::of(priced, workload, remaining, change);
        let plan = Plan::new(change.action, change.description.to_owned());
        let (plan, refusal) = if before - moved.cost > least {
            let why = "it asks for another latency: listed, never counted";
            (plan.costing(moved.cost, before - moved.cost), Refusal::new(Gate::Effort, why))
        } else if moved.dearer > least && change.from == ServiceTier::Standard {
            let why = format!(
                "it would cost {} a month more: {}",
                moved.dearer,
                change.dearer_since(workload)
            );
            let cost = before + moved.dearer;
            (plan.costing(cost, Usd::ZERO - moved.dearer), Refusal::new(Gate::Better, why))
        } else {
            continue;
        };
        finding.take(Finding::listed(plan, refusal));
    }
    finding
}

impl TierMove {
    /// Says why the other tier can cost more, in words.
    fn dearer_since(&self, workload: &Workload<'_>) -> &'static str {
        let mut meters = workload.lanes.iter().flat_map(|lane| &lane.meters);
        let is_cached = meters.any(|meter| {
            matches!(meter.meter, Meter::CacheRead | Meter::CacheWrite) && !meter.recent.is_zero()
        });
        match self.to {
            ServiceTier::Batch if is_cached => {
                "a batch job has no prompt cache, so that what was cached is billed as input"
            }
            _ => "its prices of what is used are higher",
        }
    }
}

/// Bill of a workload with some traffic at another tier, in USD a month.
#[derive(Clone, Copy, Debug)]
struct TierBill {
    /// Cost of all of the workload, each lane at the tier that costs less.
    cost: Usd,
    /// Cost that the lanes that stay would have beyond theirs at the other tier.
    dearer: Usd,
}

impl TierBill {
    /// Adds up the holdings and each on-demand lane, as routing and filling leave them.
    fn of(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        remaining: &RemainingLanes<'_, '_>,
        change: &TierMove,
    ) -> Self {
        let mut bill = Self { cost: workload.holdings_monthly_cost(), dearer: Usd::ZERO };
        for (rates, left) in remaining.on_demand() {
            let here = rates.monthly_cost(priced.recent);
            let is_moved = is_at(rates.lane, change.from);
            let there = is_moved.then(|| cost_at(priced, workload, rates, change.to)).flatten();
            match there {
                Some(there) if there < here => bill.cost += share(left, there),
                Some(there) => {
                    bill.cost += share(left, here);
                    bill.dearer += share(left, there - here);
                }
                None => bill.cost += share(left, here),
            }
        }
        bill
    }
}

fn is_at(lane: &Lane<'_>, asked: ServiceTier) -> bool {
    matches!(lane.kind, LaneKind::OnDemand { tier, .. } if tier == asked)
        && lane.known_tier().is_some()
}

/// Computes the cost of one lane's tokens at another tier, in USD a month; `None` where a meter in use
/// has no price there.
fn cost_at(
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
    Some(there.monthly_cost(priced.recent))
}
