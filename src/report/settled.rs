//! The facts that one place settles about the runs before: which of its advice was open, and what can be said
//! to be closed or gone there.
//!
//! What was not read whole proves nothing: the advice that rests on it stays as it was, and a model that
//! could be there unseen is not gone.

use std::collections::BTreeSet;

use crate::advice::{self, Recommendation};
use crate::domain::BaseModel;
use crate::observation::PlaceObservation;
use crate::pricing::{Priced, Workload};

/// Notes of each recommendation of a place whether it was open before this run.
pub(super) fn mark_known(
    priced: &Priced<'_>,
    observed: &PlaceObservation,
    recommendations: &mut [Recommendation],
) {
    let observation = priced.observation;
    for advice in recommendations {
        let mut before = observation.open_before.iter();
        let was_open = before.any(|open| open.id == advice.id && open.region == advice.region);
        // Of a history that is not whole only what was found is known. Of a workload that was not read
        // whole nothing is put, so that its advice would be new on each run.
        let mut its = priced.workloads.iter().filter(|workload| workload.model == advice.model);
        let is_known = observation.history_unknown.is_none()
            && its.all(Workload::is_read)
            && observed.inventory.unread.is_empty();
        advice.was_open = (was_open || is_known).then_some(was_open);
    }
}

/// Names the recommendations that were open in the Region before this run, and that rest on what is not known
/// whole here: read, and understood.
pub(super) fn unsettled(priced: &Priced<'_>, observed: &PlaceObservation) -> BTreeSet<String> {
    let before = priced.observation.open_before.iter();
    let here = before.filter(|open| open.region == observed.place.region);
    let is_known = observed.inventory.unread.is_empty()
        && observed.minutes_unknown.is_none()
        // At the size that was open a purchase may pass where the best does not.
        && !priced.observation.sizes_unknown;
    let has_strays = has_strays(priced);
    here.filter(|open| {
        let is_its = |workload: &&Workload<'_>| advice::may_be_of(workload, &open.id);
        let mut its = priced.workloads.iter().filter(is_its).peekable();
        // Advice on a model that is not there may be on traffic of which no model is known.
        let has_home = its.peek().is_some() || !has_strays;
        let are_whole = its.all(|workload| workload.is_whole() && workload.minute_gaps.is_empty());
        !(is_known && has_home && are_whole)
    })
    .map(|open| open.id.clone())
    .collect()
}

/// Names the models that had a cost in the Region before this run, and of which neither use nor a holding is
/// left here.
pub(super) fn gone(priced: &Priced<'_>, observed: &PlaceObservation) -> BTreeSet<BaseModel> {
    if !observed.inventory.unread.is_empty() || has_strays(priced) {
        return BTreeSet::new();
    }
    let before = priced.observation.models_before.iter();
    before
        .filter(|before| before.region == observed.place.region)
        .map(|before| before.model.clone())
        .filter(|model| priced.workloads.iter().all(|workload| workload.model != *model))
        .collect()
}

/// Returns true if a place had traffic lately of which no model is known, as that of a profile that was
/// deleted: any model could be behind it.
fn has_strays(priced: &Priced<'_>) -> bool {
    let usage = priced.strays.iter().flat_map(|stray| &stray.unpriced);
    usage.into_iter().any(|usage| !usage.recent.is_zero())
}
