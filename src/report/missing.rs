//! The parts that a run did not read, and with them which figures are totals.
//!
//! A figure that people and alarms take for a total is one only if nothing that belongs to the total
//! is missing. What is missing is listed once, here: the metrics that are withheld, the line of the
//! log and the line of the page all follow from the list.

use crate::advice::Recommendation;
use crate::domain::Region;
use crate::observation::{Observation, PlaceObservation};
use crate::report::{IncompleteReport, MissingPart, Part, Report};

/// Lists the parts that a run did not read: Regions first, then place by place, the history last.
pub(super) fn missing(
    observation: &Observation,
    incomplete: &[IncompleteReport],
) -> Vec<MissingPart> {
    let part = |region: &Region, part, error: &str| MissingPart {
        region: region.clone(),
        part,
        workloads: 0,
        error: error.to_owned(),
    };
    let failed = observation.failed.iter();
    let mut parts: Vec<MissingPart> =
        failed.map(|failed| part(&failed.region, Part::Region, &failed.error)).collect();
    for PlaceObservation { place, inventory, minutes_unknown, .. } in &observation.places {
        let region = &place.region;
        let unread = inventory.unread.iter();
        parts.extend(unread.map(|unread| part(region, unread.list.into(), &unread.error)));
        // A list that was not read makes every workload incomplete, which is said by the list.
        let by_lists: Vec<String> = inventory.gaps().collect();
        let of_usage = |workload: &IncompleteReport| {
            workload.gaps.iter().find(|gap| !by_lists.contains(*gap)).cloned()
        };
        let here = incomplete.iter().filter(|workload| workload.is_of(place));
        let gaps: Vec<String> = here.filter_map(of_usage).collect();
        if let Some(gap) = gaps.first() {
            let workloads = u64::try_from(gaps.len()).unwrap_or(u64::MAX);
            parts.push(MissingPart { workloads, ..part(region, Part::Usage, gap) });
        }
        parts.extend(minutes_unknown.iter().map(|why| part(region, Part::Minutes, why)));
    }
    let history = observation.history_unknown.iter();
    parts.extend(history.map(|why| part(&observation.home.region, Part::History, why)));
    parts
}

impl Report {
    /// Returns true if nothing of what the run was to read is missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// Says in one line which parts are missing; `None` where none is.
    #[must_use]
    pub fn missing_line(&self) -> Option<String> {
        let parts: Vec<String> = self.missing.iter().map(MissingPart::to_string).collect();
        (!parts.is_empty()).then(|| format!("missing: {}", parts.join("; ")))
    }

    /// Says the result of the run in one sentence that can be read alone, with what is missing of it.
    #[must_use]
    pub fn message(&self) -> String {
        let missing =
            self.missing_line().map_or_else(String::new, |missing| format!("; {missing}"));
        if self.run.places.is_empty() {
            return format!("run finished without an answer: no Region could be read{missing}");
        }
        let totals = &self.totals;
        let at_least = |is_whole: bool| if is_whole { "" } else { " at least" };
        let savings = match &self.run.warning {
            Some(warning) => warning.clone(),
            None => format!(
                "{} of it{} could be saved by {}",
                totals.potential_monthly_savings,
                at_least(self.has_whole_savings(None)),
                match totals.recommendations {
                    1 => "1 recommendation".to_owned(),
                    more => format!("{more} recommendations"),
                }
            ),
        };
        format!(
            "run finished: {} a month{}, {savings}{missing}",
            totals.monthly_cost,
            at_least(!totals.is_at_least)
        )
    }

    /// Returns true if the costs of a Region, or with `None` of the account, are totals.
    pub(super) fn has_whole_costs(&self, of: Option<&Region>) -> bool {
        self.missing.iter().all(|missing| !missing.part.is_of_costs() || missing.is_elsewhere(of))
    }

    /// Returns true if the savings of a Region, or with `None` of the account, are totals.
    #[must_use]
    pub fn has_whole_savings(&self, of: Option<&Region>) -> bool {
        self.missing.iter().all(|missing| !missing.part.is_of_savings() || missing.is_elsewhere(of))
    }

    /// Returns true if no purchase in a Region is undecided for want of minutes.
    pub(super) fn has_whole_minutes(&self, of: &Region) -> bool {
        self.missing.iter().all(|missing| missing.part != Part::Minutes || missing.region != *of)
    }

    /// Returns true if advice rests on usage that was read whole.
    pub(super) fn is_of_whole_workload(&self, advice: &Recommendation) -> bool {
        self.incomplete.iter().all(|workload| {
            workload.region != advice.region
                || workload.account != advice.account
                || workload.model != advice.model
        })
    }
}
