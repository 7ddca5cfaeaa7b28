//! The parts that a run did not read, and with them which figures are totals.
//!
//! A figure that people and alarms take for a total is one only if nothing that belongs to the total
//! is missing. What is missing is listed once, here: the metrics that are withheld, the line of the
//! log and the line of the page all follow from the list.

use crate::domain::{BaseModel, Region};
use crate::observation::{Observation, OpenBefore};
use crate::report::place_report::PlaceReport;
use crate::report::{IncompleteReport, MissingPart, Part, Report};

/// Lists the parts that a run did not read: Regions first, then place by place, the history, and
/// last what was read and leaves open advice unsettled.
pub(super) fn missing(
    observation: &Observation,
    places: &[PlaceReport],
    incomplete: &[IncompleteReport],
    left_open: &[&OpenBefore],
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
    for PlaceReport { place, unread, minutes_unknown, minute_gap, .. } in places {
        let region = &place.region;
        let unread = unread.iter();
        parts.extend(unread.map(|unread| part(region, unread.list.into(), &unread.error)));
        let gaps = incomplete.iter().filter(|workload| workload.is_of(place));
        let gaps: Vec<&String> = gaps.filter_map(|workload| workload.unread.first()).collect();
        if let Some(gap) = gaps.first() {
            let workloads = u64::try_from(gaps.len()).unwrap_or(u64::MAX);
            parts.push(MissingPart { workloads, ..part(region, Part::Usage, gap) });
        }
        let why = minutes_unknown.as_ref().or(minute_gap.as_ref());
        parts.extend(why.map(|why| part(region, Part::Minutes, why)));
    }
    let history = observation.history_unknown.iter();
    parts.extend(history.map(|why| part(&observation.home.region, Part::History, why)));
    for OpenBefore { region, .. } in left_open {
        // What was not read says why already.
        if parts.iter().all(|part| part.region != *region) {
            let gaps = incomplete.iter().filter(|workload| workload.region == *region);
            let why = gaps.flat_map(|workload| &workload.gaps).next();
            let otherwise = if observation.sizes_unknown {
                "the size at which it was open could not be read"
            } else {
                "part of the usage there is of no model that is known"
            };
            let why = why.map_or(otherwise, |why| why);
            parts.push(part(region, Part::OpenAdvice, why));
        }
    }
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

    /// Returns true if the costs of a Region, or with `None` of the account, are totals.
    pub(super) fn has_whole_costs(&self, of: Option<&Region>) -> bool {
        self.missing.iter().all(|missing| !missing.part.is_of_costs() || missing.is_elsewhere(of))
    }

    /// Returns true if the savings of a Region, or with `None` of the account, are totals.
    #[must_use]
    pub fn has_whole_savings(&self, of: Option<&Region>) -> bool {
        self.missing.iter().all(|missing| missing.is_elsewhere(of))
    }

    /// Returns true if nothing is missing that the advice of a Region is decided by, but for usage.
    pub(super) fn is_decided(&self, of: &Region) -> bool {
        let undecided = [Part::Minutes, Part::History];
        self.missing
            .iter()
            .all(|missing| !undecided.contains(&missing.part) || missing.is_elsewhere(Some(of)))
    }

    /// Returns true if all usage of a workload is understood, so that what it saves is no part of more.
    pub(super) fn is_understood(&self, region: &Region, model: &BaseModel) -> bool {
        let mut here = self.incomplete.iter().filter(|workload| workload.region == *region);
        here.all(|workload| workload.model != *model)
    }

    /// Returns true if the usage of a workload and the inventory of its Region were read whole.
    pub(super) fn is_read(&self, region: &Region, model: &BaseModel) -> bool {
        let usage = self.incomplete.iter().filter(|workload| !workload.unread.is_empty());
        let mut lists = self.missing.iter().filter(|missing| missing.part.is_list());
        lists.all(|missing| missing.region != *region)
            && usage.filter(|workload| workload.region == *region).all(|it| it.model != *model)
    }
}
