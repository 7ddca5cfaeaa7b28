//! The calls of a workload with the units that serve them, as they would be.

use crate::domain::ModelUnits;
use crate::pricing::{Holding, Idleness, Lane, Workload};

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
    /// On-demand, at the cost of giving up the holding at that place of the whole, whose calls come instead.
    LeaveFor(usize),
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

    /// Lists the holdings whose calls go to one, by their places in the whole.
    fn guests(&self, host: usize) -> impl Iterator<Item = (usize, &HeldThen)> {
        let all = self.holdings.iter().enumerate();
        all.filter(move |(_, it)| it.own == OwnCalls::To(host))
    }

    /// Returns the place of the holding whose giving up is told with what it costs that the own calls of
    /// another leave: the dearest of those whose calls come there, to units that are paid for anyway. Units
    /// that are not would change themselves, whether a guest comes or not.
    pub(super) fn payer(&self, workload: &Workload<'_>, host: usize) -> Option<usize> {
        let of = |then: &HeldThen| workload.holdings.get(then.place);
        let held = of(self.holdings.get(host)?)?;
        let is_free = held.held.is_under_term() && held.idleness == Idleness::Busy;
        let all_go = self.guests(host).all(|(_, then)| then.units == ModelUnits::new(0));
        let price = |then: &HeldThen| of(then).and_then(|guest| guest.monthly_cost);
        let dearest = self.guests(host).max_by_key(|(_, then)| price(then));
        dearest.filter(|_| is_free && all_go).map(|(guest, _)| guest)
    }

    /// Lets guests pay for the calls that leave for theirs.
    pub(super) fn with_paying_guests(&self, workload: &Workload<'_>) -> Self {
        let mut paid = self.clone();
        for (host, then) in paid.holdings.iter_mut().enumerate() {
            let payer = self.payer(workload, host).filter(|_| then.own == OwnCalls::Leave);
            then.own = payer.map_or(then.own, OwnCalls::LeaveFor);
        }
        paid
    }

    /// Lists the holdings that are given up and pay for calls that leave, each with the number of others
    /// whose calls come there too.
    pub(crate) fn payers<'w>(
        &self,
        workload: &'w Workload<'w>,
    ) -> impl Iterator<Item = (&'w Holding<'w>, usize)> {
        let payer = |(host, then): (usize, &HeldThen)| match then.own {
            OwnCalls::LeaveFor(guest) => {
                let payer = workload.holdings.get(self.holdings.get(guest)?.place)?;
                Some((payer, self.guests(host).count() - 1))
            }
            _ => None,
        };
        self.holdings.iter().enumerate().filter_map(payer)
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
