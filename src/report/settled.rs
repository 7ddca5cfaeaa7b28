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

/// Facts of a place by which what was open or used before is known to be closed or gone.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    /// True if each list of the inventory was read.
    is_listed: bool,
    /// True if minutes were read, and the sizes that were open are known: at the size that was open a purchase
    /// may pass where the best does not.
    is_sized: bool,
    /// True if there was traffic lately, for all that is known, of which no model is known, as that of a profile
    /// that was deleted: any model could be behind it.
    has_strays: bool,
    /// Models of which something is used or held.
    models: BTreeSet<BaseModel>,
    /// Ids of what was open that may be of one of the workloads.
    housed: BTreeSet<String>,
    /// Ids among these of which such a workload was not read whole.
    unread: BTreeSet<String>,
}

impl Settlement {
    /// Collects the facts of some workloads of a place.
    pub(super) fn of(priced: &Priced<'_>, observed: &PlaceObservation) -> Self {
        let before = priced.observation.open_before.iter();
        let here = before.filter(|open| open.region == observed.place.region);
        let (mut housed, mut unread) = (BTreeSet::new(), BTreeSet::new());
        for open in here {
            let of = |workload: &&Workload<'_>| advice::may_be_of(workload, &open.id);
            for workload in priced.workloads.iter().filter(of) {
                housed.insert(open.id.clone());
                if !workload.is_whole() || !workload.minute_gaps.is_empty() {
                    unread.insert(open.id.clone());
                }
            }
        }
        Self {
            is_listed: observed.inventory.unread.is_empty(),
            is_sized: observed.minutes_unknown.is_none() && !priced.observation.sizes_unknown,
            has_strays: priced.strays.iter().any(|stray| {
                let mut usage = stray.unpriced.iter();
                !stray.unread.is_empty() || usage.any(|usage| !usage.recent.is_zero())
            }),
            models: priced.workloads.iter().map(|workload| workload.model.clone()).collect(),
            housed,
            unread,
        }
    }

    /// Adds the facts of other workloads of the same place.
    pub(super) fn add(&mut self, other: Self) {
        self.is_listed &= other.is_listed;
        self.is_sized &= other.is_sized;
        self.has_strays |= other.has_strays;
        self.models.extend(other.models);
        self.housed.extend(other.housed);
        self.unread.extend(other.unread);
    }

    /// Returns true if a recommendation that was open and is not advised now is closed.
    pub(super) fn is_closed(&self, id: &str) -> bool {
        // Advice on a model that is not there may be on traffic of which no model is known.
        let has_home = self.housed.contains(id) || !self.has_strays;
        self.is_listed && self.is_sized && has_home && !self.unread.contains(id)
    }

    /// Returns true if neither use nor a holding of a model is left.
    pub(super) fn is_gone(&self, model: &BaseModel) -> bool {
        self.is_listed && !self.has_strays && !self.models.contains(model)
    }
}
