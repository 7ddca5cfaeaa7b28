//! The changes since the runs before: recommendations that are new or gone, and models that are gone.

use crate::advice::{self, Recommendation};
use crate::domain::Region;
use crate::observation::{ModelBefore, Observation, OpenBefore};
use crate::pricing::Priced;
use crate::report::document::{ClosedRecommendation, VanishedModel};
use crate::report::missing_part::MissingPart;

/// Notes of each recommendation whether it was open before this run.
pub(super) fn mark_known(observation: &Observation, recommendations: &mut [Recommendation]) {
    let is_known = observation.history_unknown.is_none();
    for advice in recommendations {
        let mut before = observation.open_before.iter();
        let was_open = before.any(|open| open.id == advice.id && open.region == advice.region);
        // Of a history that is not whole only what was found is known.
        advice.was_open = (was_open || is_known).then_some(was_open);
    }
}

/// Lists the recommendations that were open before this run and are no longer.
pub(super) fn closed(
    priced: &Priced<'_>,
    recommendations: &[Recommendation],
) -> Vec<ClosedRecommendation> {
    let observation = priced.observation;
    // What was not read whole proves nothing: the advice that rests on it may still be open.
    let is_settled = |open: &OpenBefore| {
        let mut places = observation.places.iter();
        let is_read = places.any(|observed| {
            observed.place.region == open.region
                && observed.inventory.unread.is_empty()
                && observed.minutes_unknown.is_none()
        });
        let mut workloads = priced.workloads.iter();
        is_read
            && !workloads.any(|workload| {
                !workload.is_whole()
                    && workload.place.region == open.region
                    && advice::may_be_of(workload, &open.id)
            })
    };
    // On prices that nobody pays no recommendation counts, so that all would seem closed.
    let open_before = observation.open_before.iter();
    open_before
        .filter(|open| observation.prices.charged && is_settled(open))
        .filter(|open| {
            recommendations.iter().all(|advice| advice.id != open.id || !advice.is_counted())
        })
        .map(|open| ClosedRecommendation { region: open.region.clone(), id: open.id.clone() })
        .collect()
}

/// Lists the models that had a cost before this run, in Regions that were read, and of which neither
/// use nor a holding is left.
pub(super) fn vanished(priced: &Priced<'_>, missing: &[MissingPart]) -> Vec<VanishedModel> {
    let observation = priced.observation;
    let is_read = |region: &Region| {
        observation.places.iter().any(|observed| observed.place.region == *region)
            && missing.iter().all(|part| !part.hides_models_of(region))
    };
    let is_there = |before: &ModelBefore| {
        let mut workloads = priced.workloads.iter();
        workloads.any(|it| it.place.region == before.region && it.model == before.model)
    };
    observation
        .models_before
        .iter()
        .filter(|before| is_read(&before.region) && !is_there(before))
        .map(|before| VanishedModel { region: before.region.clone(), model: before.model.clone() })
        .collect()
}
