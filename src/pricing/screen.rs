//! Which lanes need minutes: those of workloads that units could be bought or filled for.

use std::collections::BTreeSet;

use super::{LaneKind, price};
use crate::domain::{ModelId, ServiceTier};
use crate::observation::Observation;

/// For each place of a survey, the lanes whose minutes can change the advice: lanes of a model
/// whose units are sold, or held, with a known capacity.
#[must_use]
pub fn wants_minutes(survey: &Observation) -> Vec<BTreeSet<ModelId>> {
    let priced = price(survey);
    survey
        .places
        .iter()
        .map(|observed| {
            priced
                .workloads
                .iter()
                .filter(|workload| workload.place == &observed.place)
                .filter(|workload| {
                    workload.no_advice(survey).is_none()
                        && workload.is_whole()
                        && workload.offers.iter().any(|offer| offer.capacity.is_some())
                        && workload.on_demand().next().is_some()
                })
                .flat_map(|workload| &workload.lanes)
                .filter(|lane| match &lane.kind {
                    LaneKind::OnDemand { tier, .. } => *tier == ServiceTier::Standard,
                    LaneKind::Provisioned(_) => true,
                    LaneKind::Unknown => false,
                })
                .map(|lane| lane.usage.model_id.clone())
                .collect()
        })
        .collect()
}
