//! The changes since the runs before: recommendations that are new or gone, and models that are gone.
//!
//! What was not read whole proves nothing: the advice that rests on it stays as it was, and a model that
//! could be there unseen is not gone.

use crate::advice::{self, Recommendation};
use crate::domain::Region;
use crate::observation::{ModelBefore, OpenBefore};
use crate::pricing::{Priced, Workload};
use crate::report::document::{ClosedRecommendation, VanishedModel};

/// Notes of each recommendation whether it was open before this run.
pub(super) fn mark_known(priced: &Priced<'_>, recommendations: &mut [Recommendation]) {
    let observation = priced.observation;
    for advice in recommendations {
        let mut before = observation.open_before.iter();
        let was_open = before.any(|open| open.id == advice.id && open.region == advice.region);
        // Of a history that is not whole only what was found is known. Of a workload that was not read
        // whole nothing is put, so that its advice would be new on each run.
        let is_known = observation.history_unknown.is_none()
            && of_region(priced, &advice.region)
                .filter(|workload| workload.model == advice.model)
                .all(Workload::is_read)
            && has_inventory(priced, &advice.region);
        advice.was_open = (was_open || is_known).then_some(was_open);
    }
}

/// Lists the recommendations that were open before this run and are no longer.
pub(super) fn closed(
    priced: &Priced<'_>,
    recommendations: &[Recommendation],
) -> Vec<ClosedRecommendation> {
    let observation = priced.observation;
    // On prices that nobody pays no recommendation counts, so that all would seem closed.
    let open_before = observation.open_before.iter();
    open_before
        .filter(|open| observation.prices.charged && is_settled(priced, open))
        .filter(|open| {
            // What is held for a fresh break is as open as it was.
            let is_open = |advice: &Recommendation| {
                advice.is_counted() || advice.standing.look_again.is_some()
            };
            recommendations.iter().all(|advice| advice.id != open.id || !is_open(advice))
        })
        .map(|open| ClosedRecommendation { region: open.region.clone(), id: open.id.clone() })
        .collect()
}

/// Returns true if all that a recommendation could rest on was read.
fn is_settled(priced: &Priced<'_>, open: &OpenBefore) -> bool {
    let region = &open.region;
    let places = &priced.observation.places;
    let has_minutes = places
        .iter()
        .filter(|observed| observed.place.region == *region)
        .all(|observed| observed.minutes_unknown.is_none());
    let is_its = |workload: &Workload<'_>| advice::may_be_of(workload, &open.id);
    // Advice on a model that is not there may be on traffic of which no model is known.
    let has_home = || of_region(priced, region).any(is_its) || !has_strays(priced, region);
    has_inventory(priced, region)
        && has_minutes
        && of_region(priced, region).all(|workload| workload.is_read() || !is_its(workload))
        && has_home()
}

/// Lists the models that had a cost before this run, in Regions that were read, and of which neither
/// use nor a holding is left.
pub(super) fn vanished(priced: &Priced<'_>) -> Vec<VanishedModel> {
    let is_gone = |before: &ModelBefore| {
        has_inventory(priced, &before.region)
            && !has_strays(priced, &before.region)
            && of_region(priced, &before.region).all(|workload| workload.model != before.model)
    };
    let before = priced.observation.models_before.iter().filter(|before| is_gone(before));
    before
        .map(|before| VanishedModel { region: before.region.clone(), model: before.model.clone() })
        .collect()
}

/// Returns the workloads of a Region.
fn of_region<'p, 'o>(
    priced: &'p Priced<'o>,
    region: &Region,
) -> impl Iterator<Item = &'p Workload<'o>> {
    priced.workloads.iter().filter(move |workload| workload.place.region == *region)
}

/// Returns true if a Region was read, with all lists of its inventory.
fn has_inventory(priced: &Priced<'_>, region: &Region) -> bool {
    let mut places = priced.observation.places.iter();
    places.any(|observed| observed.place.region == *region && observed.inventory.unread.is_empty())
}

/// Returns true if a Region had traffic lately of which no model is known, as that of a profile that
/// was deleted: any model could be behind it.
fn has_strays(priced: &Priced<'_>, region: &Region) -> bool {
    let strays = priced.strays.iter().filter(|stray| stray.place.region == *region);
    strays.flat_map(|stray| &stray.unpriced).any(|usage| !usage.recent.is_zero())
}
