//! The changes since the runs before: recommendations that are new or gone, and models that are gone.

use crate::advice::Recommendation;
use crate::domain::Region;
use crate::observation::{ModelBefore, Observation, OpenBefore};
use crate::report::document::{ClosedRecommendation, VanishedModel};
use crate::report::place_report::PlaceReport;

/// Lists the recommendations that were open before this run and are no longer.
pub(super) fn closed(
    observation: &Observation,
    places: &[PlaceReport],
    recommendations: &[Recommendation],
) -> Vec<ClosedRecommendation> {
    no_longer_open(observation, recommendations)
        .filter(|open| {
            let mut here = of_region(places, &open.region).peekable();
            here.peek().is_some() && here.all(|place| place.settled.is_closed(&open.id))
        })
        .map(|open| ClosedRecommendation { region: open.region.clone(), id: open.id.clone() })
        .collect()
}

/// Lists the recommendations that were open before this run, and of which it cannot say that they are
/// closed. Of a Region that the run was not to read nothing is said.
pub(super) fn left_open<'o>(
    observation: &'o Observation,
    places: &[PlaceReport],
    recommendations: &[Recommendation],
) -> Vec<&'o OpenBefore> {
    no_longer_open(observation, recommendations)
        .filter(|open| {
            of_region(places, &open.region).any(|place| !place.settled.is_closed(&open.id))
        })
        .collect()
}

/// Lists the recommendations that were open before this run and are not among those of this one.
fn no_longer_open<'o>(
    observation: &'o Observation,
    recommendations: &[Recommendation],
) -> impl Iterator<Item = &'o OpenBefore> {
    // On prices that nobody pays no recommendation counts, so that all would seem closed.
    observation.open_before.iter().filter(move |open| {
        // What is held for a fresh break is as open as it was.
        let is_open =
            |advice: &Recommendation| advice.is_counted() || advice.standing.look_again.is_some();
        observation.prices.charged
            && recommendations.iter().all(|advice| advice.id != open.id || !is_open(advice))
    })
}

/// Lists the models that had a cost before this run, in Regions that were read, and of which neither
/// use nor a holding is left.
pub(super) fn vanished(observation: &Observation, places: &[PlaceReport]) -> Vec<VanishedModel> {
    let before = observation.models_before.iter();
    let before = before.filter(|ModelBefore { region, model }| {
        let mut here = of_region(places, region).peekable();
        here.peek().is_some() && here.all(|place| place.settled.is_gone(model))
    });
    before
        .map(|before| VanishedModel { region: before.region.clone(), model: before.model.clone() })
        .collect()
}

/// Returns the places of a Region.
fn of_region<'p>(
    places: &'p [PlaceReport],
    region: &Region,
) -> impl Iterator<Item = &'p PlaceReport> {
    places.iter().filter(move |it| it.place.region == *region)
}
