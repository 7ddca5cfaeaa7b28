//! Which lanes need minutes: those of workloads where minutes could change what is said.

use std::collections::BTreeSet;

use super::{commit, renew};
use crate::domain::{ModelId, ServiceTier};
use crate::observation::Observation;
use crate::pricing::{LaneKind, Priced, Workload, price};

/// For each place of a survey, the lanes whose minutes can change the advice. The hours alone settle
/// what is excluded or incomplete, and what a certificate proves.
#[must_use]
pub fn wants_minutes(survey: &Observation) -> Vec<BTreeSet<ModelId>> {
    let priced = price(survey);
    survey
        .places
        .iter()
        .map(|observed| {
            let here = |workload: &&Workload<'_>| workload.place == &observed.place;
            let workloads = priced.workloads.iter().filter(here);
            workloads
                .filter(|workload| workload.no_advice(survey).is_none() && workload.is_whole())
                .flat_map(|workload| lanes_of(&priced, workload))
                .collect()
        })
        .collect()
}

fn lanes_of(priced: &Priced<'_>, workload: &Workload<'_>) -> BTreeSet<ModelId> {
    let of_all = commit::needs_minutes(priced, workload) || renew::fills_or_reserves(workload);
    let of_held = renew::is_held(workload);
    let lanes = workload.lanes.iter().filter(|lane| match &lane.kind {
        LaneKind::OnDemand { tier, .. } => of_all && *tier == ServiceTier::Standard,
        LaneKind::Provisioned(_) => of_all || of_held,
        LaneKind::Unknown => false,
    });
    lanes.map(|lane| lane.usage.model_id.clone()).collect()
}
