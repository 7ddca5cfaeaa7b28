//! The traffic of a workload that a purchase could serve.

use crate::catalog::ReservedScope;
use crate::domain::LoadWeights;
use crate::domain::Meter;
use crate::pricing::{
    Holding, LaneKind, LaneRates, Priced, Workload, reserved_meters, reserved_weights, reserves,
};

/// Traffic of a workload that one kind of purchase could serve.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Traffic<'s> {
    /// Traffic for model units: that of the holdings that serve on, whose units serve first, and
    /// standard on-demand traffic where `with_on_demand` is set.
    Units { serving: &'s [&'s Holding<'s>], with_on_demand: bool },
    /// Traffic for reserved tokens of one scope: standard on-demand traffic of that scope.
    Reserved(ReservedScope),
}

/// Lanes of some traffic, with how their tokens count.
pub(crate) struct ServableLanes<'s> {
    pub(super) on_demand: Vec<&'s LaneRates<'s>>,
    pub(super) provisioned: Vec<&'s LaneRates<'s>>,
    pub(crate) weights: LoadWeights,
    /// Meters that count; `None` where all do.
    meters: Option<&'static [Meter]>,
}

impl<'s> ServableLanes<'s> {
    pub(crate) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &'s [LaneRates<'s>],
        traffic: Traffic<'_>,
    ) -> Self {
        let (mut on_demand, mut provisioned) = (Vec::new(), Vec::new());
        for lane in rates {
            match (&lane.lane.kind, traffic) {
                (LaneKind::Provisioned(held), Traffic::Units { serving, .. })
                    // What another holding serves is paid for already, and cannot be replaced.
                    if serving.iter().any(|holding| holding.held == *held) =>
                {
                    provisioned.push(lane);
                }
                (_, Traffic::Units { with_on_demand, .. })
                    if with_on_demand && lane.lane.is_servable() =>
                {
                    on_demand.push(lane);
                }
                (_, Traffic::Reserved(scope))
                    // Reserved tokens take the requests of their scope by themselves; other tiers
                    // are billed apart.
                    if lane.lane.is_standard() && reserves(scope, lane.scope) =>
                {
                    on_demand.push(lane);
                }
                _ => {}
            }
        }
        let (weights, meters) = match traffic {
            Traffic::Units { .. } => {
                let weights = priced.observation.unit_weights(&workload.model);
                (weights, None)
            }
            Traffic::Reserved(_) => {
                (reserved_weights(), Some(reserved_meters(&priced.observation.settings)))
            }
        };
        Self { on_demand, provisioned, weights, meters }
    }

    /// Returns all of the lanes, on-demand ones first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'s LaneRates<'s>> {
        self.on_demand.iter().chain(&self.provisioned).copied()
    }

    /// Returns true if the tokens of a meter count.
    pub(crate) fn counts(&self, meter: Meter) -> bool {
        self.meters.is_none_or(|meters| meters.contains(&meter))
    }
}
