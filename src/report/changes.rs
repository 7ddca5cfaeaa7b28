//! The changes since the runs before: recommendations that are new or gone, and models that are gone.
//!
//! What was not read whole proves nothing: the advice that rests on it stays as it was, and a model that
//! could be there unseen is not gone.

use crate::advice::{self, Recommendation};
use crate::observation::{ModelBefore, OpenBefore};
use crate::pricing::{Priced, Workload};
use crate::report::absence::{has_inventory, has_strays, is_gone, of_region};
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
    no_longer_open(priced, recommendations)
        .filter(|open| is_settled(priced, open))
        .map(|open| ClosedRecommendation { region: open.region.clone(), id: open.id.clone() })
        .collect()
}

/// Lists the recommendations that were open before this run, and of which it cannot say that they are
/// closed: what they rest on is not known whole. Of a Region that the run was not to read nothing is said.
pub(super) fn unsettled<'p>(
    priced: &'p Priced<'_>,
    recommendations: &'p [Recommendation],
) -> impl Iterator<Item = &'p OpenBefore> {
    let is_read = |open: &&OpenBefore| {
        let mut places = priced.observation.places.iter();
        places.any(|observed| observed.place.region == open.region)
    };
    let open = no_longer_open(priced, recommendations).filter(is_read);
    open.filter(|open| !is_settled(priced, open))
}

/// Lists the recommendations that were open before this run and are not among those of this one.
fn no_longer_open<'p>(
    priced: &'p Priced<'_>,
    recommendations: &'p [Recommendation],
) -> impl Iterator<Item = &'p OpenBefore> {
    let observation = priced.observation;
    // On prices that nobody pays no recommendation counts, so that all would seem closed.
    observation.open_before.iter().filter(|open| {
        // What is held for a fresh break is as open as it was.
        let is_open =
            |advice: &Recommendation| advice.is_counted() || advice.standing.look_again.is_some();
        observation.prices.charged
            && recommendations.iter().all(|advice| advice.id != open.id || !is_open(advice))
    })
}

/// Returns true if all that a recommendation could rest on is known: read, and understood.
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
        && of_region(priced, region).all(|workload| {
            (workload.is_whole() && workload.minute_gaps.is_empty()) || !is_its(workload)
        })
        && has_home()
}

/// Lists the models that had a cost before this run, in Regions that were read, and of which neither
/// use nor a holding is left.
pub(super) fn vanished(priced: &Priced<'_>) -> Vec<VanishedModel> {
    let before = priced.observation.models_before.iter();
    let before = before.filter(|ModelBefore { region, model }| is_gone(priced, region, model));
    before
        .map(|before| VanishedModel { region: before.region.clone(), model: before.model.clone() })
        .collect()
}
