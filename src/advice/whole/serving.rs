//! The calls of a workload with the units that serve them, as they would be.

use crate::domain::ModelUnits;
use crate::pricing::{Holding, Lane, Workload};

/// Moves that a whole is made of, each set within the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MoveSet {
    /// Using what is paid for anyway.
    Free,
    /// Holding less, and buying without a term, too.
    Undoable,
    /// Binding for a term, too.
    Commitments,
}

/// Place that the calls of a holding go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnCalls {
    /// The holding itself.
    Stay,
    /// On-demand, or whatever units there are where callers try one after the other.
    Leave,
    /// Another holding, by its place in the whole.
    To(usize),
    /// Purchase of the whole.
    ToBought,
}

/// One holding of a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldThen {
    /// Place of the holding in the workload.
    pub(crate) place: usize,
    /// Units that are held then.
    pub(crate) units: ModelUnits,
    /// Units that the calls which go there ask for, headroom included.
    pub(crate) needed: ModelUnits,
    pub(crate) own: OwnCalls,
    /// Lanes whose requests all go there, by their places in the workload; empty where callers try all
    /// units.
    pub(crate) lanes: Vec<usize>,
}

/// Units that serve some calls of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) moves: MoveSet,
    /// Holdings of known capacity that can serve, in the workload's order.
    pub(crate) holdings: Vec<HeldThen>,
    /// Lanes that what is bought serves; where callers try all units, those that try them.
    pub(crate) lanes: Vec<usize>,
}

impl Whole {
    /// Returns the decision on a holding; `None` where nothing is decided on it.
    pub(crate) fn of(&self, workload: &Workload<'_>, holding: &Holding<'_>) -> Option<&HeldThen> {
        let is_it = |it: &&HeldThen| {
            workload.holdings.get(it.place).is_some_and(|other| other.held == holding.held)
        };
        self.holdings.iter().find(is_it)
    }
}

/// The best whole of some moves, and the best without filling what is held, for where that is refused.
#[derive(Clone, Debug)]
pub(crate) struct Wholes {
    pub(crate) filling: Whole,
    pub(crate) otherwise: Whole,
}

impl Wholes {
    /// Returns true if the same calls go to the same units.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let is_like =
            |one: &Whole, other: &Whole| one.holdings == other.holdings && one.lanes == other.lanes;
        is_like(&self.filling, &other.filling) && is_like(&self.otherwise, &other.otherwise)
    }
}

/// Returns the lanes of a workload at some places.
pub(crate) fn at<'w>(workload: &'w Workload<'w>, places: &[usize]) -> Vec<&'w Lane<'w>> {
    places.iter().filter_map(|place| workload.lanes.get(*place)).collect()
}

/// Lists the holdings whose calls go to what is bought: they are given up for it.
pub(crate) fn replaced_by_bought<'w>(
    workload: &'w Workload<'w>,
    target: Option<&Whole>,
) -> Vec<&'w Holding<'w>> {
    let all = target.into_iter().flat_map(|target| &target.holdings);
    let replaced = all.filter(|then| then.own == OwnCalls::ToBought);
    replaced.filter_map(|then| workload.holdings.get(then.place)).collect()
}
