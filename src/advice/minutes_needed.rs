//! The lanes that need minutes: those of workloads where minutes could change what is said.

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::rules::{buy, shrink_units};
use crate::domain::{ModelId, Place, ServiceTier};
use crate::observation::Observation;
use crate::pricing::{LaneKind, Priced, Workload, price};

/// Names, for each place of a survey, the lanes whose minutes can change the advice. The hours
/// alone settle what is excluded or incomplete, and what a certificate proves.
#[must_use]
pub fn wants_minutes(survey: &Observation) -> Vec<BTreeSet<ModelId>> {
    let priced = price(survey);
    let mut wanted: BTreeMap<&Place, BTreeSet<ModelId>> = BTreeMap::new();
    let is_open =
        |workload: &&Workload<'_>| workload.no_advice(survey).is_none() && workload.is_whole();
    for workload in priced.workloads.iter().filter(is_open) {
        let lanes = wanted.entry(workload.place).or_default();
        lanes.extend(lanes_of(&priced, workload));
    }
    let places = survey.places.iter();
    places.map(|observed| wanted.remove(&observed.place).unwrap_or_default()).collect()
}

fn lanes_of(priced: &Priced<'_>, workload: &Workload<'_>) -> BTreeSet<ModelId> {
    let of_all = buy::needs_minutes(priced, workload) || shrink_units::fills_or_reserves(workload);
    let of_held = shrink_units::is_held(workload);
    let lanes = workload.lanes.iter().filter(|lane| match &lane.kind {
        LaneKind::OnDemand { tier, .. } => of_all && *tier == ServiceTier::Standard,
        LaneKind::Provisioned(_) => of_all || of_held,
        // Without a model nothing is sized, whatever its minutes say.
        LaneKind::Unknown(_) => false,
    });
    lanes.map(|lane| lane.usage.model_id.clone()).collect()
}
