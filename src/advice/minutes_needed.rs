//! The lanes that need minutes: those of workloads where minutes could change what is said.

use std::collections::BTreeSet;

use crate::advice::rules::{buy, shrink_units};
use crate::domain::{BaseModel, ModelId};
use crate::observation::{Observation, PlaceObservation};
use crate::pricing::{LaneKind, Priced, Workload, price_where};

/// Names the lanes of some models of a surveyed place whose minutes can change the advice. The hours alone settle
/// what is excluded or incomplete, and what a certificate proves.
#[must_use]
pub fn wants_minutes(
    survey: &Observation,
    observed: &PlaceObservation,
    models: &BTreeSet<BaseModel>,
) -> BTreeSet<ModelId> {
    let priced = price_where(survey, observed, &|model| models.contains(model));
    let is_open =
        |workload: &&Workload<'_>| workload.no_advice(survey).is_none() && workload.is_whole();
    let open = priced.workloads.iter().filter(is_open);
    open.flat_map(|workload| lanes_of(&priced, workload)).collect()
}

fn lanes_of(priced: &Priced<'_>, workload: &Workload<'_>) -> BTreeSet<ModelId> {
    let of_all = buy::needs_minutes(priced, workload) || shrink_units::fills_or_reserves(workload);
    let of_held = shrink_units::is_held(workload);
    let lanes = workload.lanes.iter().filter(|lane| match &lane.kind {
        LaneKind::OnDemand { .. } => of_all && lane.is_servable(),
        LaneKind::Provisioned(_) => of_all || of_held,
        // Without a model nothing is sized, whatever its minutes say.
        LaneKind::Unknown(_) => false,
    });
    lanes.map(|lane| lane.usage.model_id.clone()).collect()
}
