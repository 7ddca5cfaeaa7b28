//! The bill of a workload once all is done that binds nothing: every plan that is only listed is a change
//! of it.

use crate::domain::{Ratio, Usd};
use crate::pricing::{LaneKind, LaneRates, Priced, Workload};

/// On-demand lanes as routing and filling leave them.
#[derive(Debug)]
pub(super) struct RemainingLanes<'r, 'l> {
    /// Lanes at the cheapest rates that they can have without a commitment.
    pub(super) rates: &'r [LaneRates<'l>],
    /// Share of each lane that stays on-demand, from 0 to 1.
    pub(super) left: Vec<Ratio>,
}

impl<'r, 'l> RemainingLanes<'r, 'l> {
    /// Lists the lanes that are billed by the token, each with the share of it that stays so.
    pub(super) fn on_demand(&self) -> impl Iterator<Item = (&'r LaneRates<'l>, Ratio)> {
        let lanes = self.rates.iter().zip(self.left.iter().copied());
        lanes.filter(|(rates, _)| matches!(rates.lane.kind, LaneKind::OnDemand { .. }))
    }

    /// Computes the bill in USD a month: what is held, and what stays on-demand.
    pub(super) fn monthly_cost(&self, priced: &Priced<'_>, workload: &Workload<'_>) -> Usd {
        let lanes = self.on_demand();
        let lanes = lanes.map(|(rates, left)| share(left, rates.monthly_cost(priced.recent)));
        workload.holdings_monthly_cost() + lanes.sum()
    }
}

/// Returns the share of a cost. A ratio has endless digits; dollars are told with twelve.
pub(super) fn share(left: Ratio, cost: Usd) -> Usd {
    Usd::new(left.of(cost).dollars().round_dp(12).normalize())
}
