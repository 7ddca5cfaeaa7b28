//! The parts of an account and its bill that a report did not read, and notes on those that it read.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::domain::Region;
use crate::observation::Observation;
use crate::report::place_report::PlaceReport;

/// Lists the notes of the gathering, and for an account without usage the places that were looked
/// at: an empty result must not be taken for an empty bill.
pub(super) fn notes(
    observation: &Observation,
    places: &[PlaceReport],
    is_unused: bool,
) -> Vec<String> {
    let mut notes = observation.notes.clone();
    let has_looked = places.iter().all(|it| it.unread.is_empty());
    if is_unused && has_looked && !places.is_empty() {
        let regions: BTreeSet<&str> = places.iter().map(|it| it.place.region.name()).collect();
        let regions: Vec<&str> = regions.into_iter().collect();
        notes.push(format!(
            "no use of Amazon Bedrock was found in {}: no metric of AWS/Bedrock by ModelId has a point from {} to {}, and ListProvisionedModelThroughputs lists nothing. Look elsewhere too: in other Regions (GUARD_REGIONS names those to read), in other accounts (the credentials decide), in AWS/BedrockMantle, and, for reserved tokens, in your contract",
            regions.join(" and "),
            observation.window.start(),
            observation.window.end(),
        ));
    }
    notes
}

/// Lists the parts of the account and of the bill that the run did not read, each in words.
pub(super) fn not_covered(observation: &Observation, places: &[PlaceReport]) -> Vec<String> {
    let mut not_covered: Vec<String> = observation
        .failed
        .iter()
        .map(|failed| format!("Region {}: {}", failed.region, failed.error))
        .collect();
    let read: BTreeSet<&str> = places.iter().map(|it| it.place.region.name()).collect();
    let read: Vec<&str> = read.into_iter().collect();
    not_covered.push(format!("Regions other than {}", read.join(", ")));
    not_covered.extend(places.iter().flat_map(|it| it.splits.clone()));
    for PlaceReport { place, unread, minutes_unknown, .. } in places {
        let region = &place.region;
        not_covered.extend(
            unread.iter().map(|unread| {
                format!("the {} of {region}: {}", unread.list.in_words(), unread.error)
            }),
        );
        not_covered
            .extend(minutes_unknown.iter().map(|why| format!("the minutes of {region}: {why}")));
    }
    not_covered.push(if has_old_window(observation) {
        "most of this window: ListMetrics names only what was used in the last two weeks".into()
    } else {
        "models that were not called in the last two weeks, which ListMetrics no longer names"
            .into()
    });
    not_covered.extend(
        [
            "batch inference jobs, which AWS/Bedrock does not meter",
            "requests through the bedrock-mantle endpoint (AWS/BedrockMantle)",
            "agents, guardrails, knowledge bases, custom model import and Marketplace endpoints",
            if observation.overrides.reserved_holding.is_empty() {
                "reserved tokens per minute, which no API lists: the overrides can declare them"
            } else {
                "reserved tokens per minute beyond those that the overrides declare"
            },
            if has_contract(observation) {
                "credits and taxes, and what your contract says beyond the overrides, such as a least spend whose shortfall a saving raises"
            } else {
                "discounts, credits and taxes: all prices are list prices"
            },
        ]
        .map(str::to_owned),
    );
    let unread = |region: &Region| !places.iter().any(|it| it.place.region == *region);
    let declared = observation.overrides.reserved_holding.iter();
    not_covered.extend(declared.filter(|held| unread(&held.region)).map(|held| {
        format!(
            "the reserved tokens `{}` of the overrides: {} was not read, and their cost is in no sum",
            held.name, held.region
        )
    }));
    if let Some(why) = &observation.history_unknown {
        not_covered.push(format!("recommendations that were open before: {why}"));
    }
    not_covered
}

/// Returns true if the overrides name prices other than those of the list.
pub(super) fn has_contract(observation: &Observation) -> bool {
    let overrides = &observation.overrides;
    !overrides.discount.is_empty()
        || !overrides.contract_price.is_empty()
        || overrides.reserved_holding.iter().any(|held| held.usd_per_hour.is_some())
}

/// Returns true if the window ended so long ago that it lacks much: `ListMetrics` forgets metrics that
/// were silent for two weeks.
pub(super) fn has_old_window(observation: &Observation) -> bool {
    let age = observation.as_of.duration_since(observation.window.end());
    age > SignedDuration::from_hours(14 * 24)
}
