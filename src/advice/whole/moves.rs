//! The moves that a workload has, and their prices: what a setting, a dismissal or a gate forbids whatever
//! the size, is no move.

use crate::advice::whole::serving::MoveSet;
use crate::advice::{Action, gates};
use crate::catalog::Offer;
use crate::domain::{Capacity, Term, Usd, UsdPerModelUnitHour};
use crate::observation::InferenceType;
use crate::pricing::{Holding, Idleness, LaneRates, Priced, Workload};

/// Returns true if AWS sells units of a model here.
pub(crate) fn sells_units(workload: &Workload<'_>) -> bool {
    !workload.provisionable_ids().is_empty() && !workload.lifecycle.is_legacy
}

/// Returns true if a model can be called without units: on-demand traffic, or AWS's word for it, shows
/// that. Where the list does not have the model at all, it says nothing of it.
pub(crate) fn is_called_on_demand(workload: &Workload<'_>) -> bool {
    workload.on_demand().next().is_some()
        || workload.listed.is_empty()
        || workload.listed.iter().any(|entry| {
            let mut types = entry.inference_types_supported.iter();
            types.any(|inference| *inference != InferenceType::Provisioned)
        })
}

/// Workload whose calls and units are put together.
pub(super) struct Moves<'c, 'w> {
    pub(super) priced: &'c Priced<'w>,
    pub(super) workload: &'w Workload<'w>,
    /// Rates of each lane on-demand at the end that is safe.
    pub(super) rates: Vec<LaneRates<'w>>,
    /// Holdings of known capacity that can serve, by their places in the workload.
    pub(super) held: Vec<(usize, &'w Holding<'w>)>,
    pub(super) capacity: Capacity,
}

/// Moves that the operator leaves to the search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) moves: MoveSet,
    /// True if holdings without a term may change.
    pub(super) changes: bool,
    /// True if lanes may go to what is held.
    pub(super) fills: bool,
}

impl<'c, 'w> Moves<'c, 'w> {
    /// Takes a workload that holds units of known capacity; `None` for others, and where the figures
    /// are not whole or a unit carried more than is stated.
    pub(super) fn of(
        priced: &'c Priced<'w>,
        workload: &'w Workload<'w>,
        cheapest: &[LaneRates<'w>],
    ) -> Option<Self> {
        let able = workload.holdings.iter().enumerate().filter(|(_, it)| it.can_serve_more());
        let held: Vec<(usize, &Holding<'_>)> =
            able.filter(|(_, holding)| holding.capacity().is_some()).collect();
        // Units of one model are taken to be alike: the first stated capacity stands for all.
        let capacity = held.first()?.1.capacity()?;
        let exceeds = |holding: &Holding<'_>| holding.exceeds_capacity().is_some();
        if workload.holdings.iter().any(exceeds) || !gates::completeness(workload).is_empty() {
            return None;
        }
        let rates = cheapest.iter().map(LaneRates::at_safe_end).collect();
        Some(Self { priced, workload, rates, held, capacity })
    }

    fn is_dismissed(&self, action: Action, subject: &str) -> bool {
        gates::is_dismissed(self.priced, self.workload, action, subject)
    }

    /// Lists the offers of units that may be bought with some moves.
    pub(super) fn offers(&self, set: MoveSet) -> impl Iterator<Item = &'w Offer> {
        let (priced, workload) = (self.priced, self.workload);
        let is_sold = sells_units(workload)
            && !self.is_dismissed(Action::BuyModelUnits, workload.model.id())
            && gates::in_region(priced, workload).is_none();
        workload.offers.iter().filter(move |offer| {
            let is_within = match set {
                MoveSet::Free => false,
                MoveSet::Undoable => offer.term == Term::None,
                MoveSet::Commitments => true,
            };
            is_sold && is_within && offer.capacity.is_some() && self.may_begin(offer)
        })
    }

    /// Returns true if no gate refuses an offer whatever its size.
    fn may_begin(&self, offer: &Offer) -> bool {
        let (priced, workload) = (self.priced, self.workload);
        gates::history(&priced.observation.settings, workload, offer.term).is_none()
            && gates::lifecycle(workload, offer.term, priced.day).is_none()
            && gates::freshness(priced, offer.source.provenance.checked).is_none()
    }

    /// Returns the least price of a unit that a holding without a term can come to have.
    pub(super) fn price_of(
        &self,
        holding: &Holding<'_>,
        set: MoveSet,
    ) -> Option<UsdPerModelUnitHour> {
        let own = holding.offer.as_ref()?;
        let arn = &holding.held.provisioned_model_arn;
        let can_bind = set == MoveSet::Commitments
            && sells_units(self.workload)
            && !self.is_dismissed(Action::BindProvisionedModel, arn);
        let terms = self.workload.offers.iter().filter(|offer| {
            let is_term = offer.label == own.label && offer.term != Term::None;
            can_bind && is_term && self.may_begin(offer)
        });
        terms.map(|offer| offer.unit_price).chain([own.unit_price]).min()
    }

    /// Returns true if a holding without a term may be held no more.
    pub(super) fn can_go(&self, holding: &Holding<'_>, allowed: Allowed) -> bool {
        let arn = &holding.held.provisioned_model_arn;
        let action = match holding.idleness {
            Idleness::Idle(_) => Action::DeleteIdleProvisionedModel,
            _ => Action::GiveUpProvisionedModel,
        };
        self.can_change(holding, allowed) && !self.is_dismissed(action, arn)
    }

    /// Returns true if fewer units of a holding without a term may be held.
    pub(super) fn can_shrink(&self, holding: &Holding<'_>, allowed: Allowed) -> bool {
        let arn = &holding.held.provisioned_model_arn;
        self.can_change(holding, allowed)
            && sells_units(self.workload)
            && !self.is_dismissed(Action::RightSizeProvisionedModel, arn)
    }

    pub(super) fn can_change(&self, holding: &Holding<'_>, allowed: Allowed) -> bool {
        allowed.changes
            && !holding.held.is_under_term()
            && holding.monthly_cost.is_some()
            // Less of it would refuse more.
            && !self.workload.is_throttled()
            && gates::on_demand_price(self.workload, &self.rates).is_none()
    }

    /// Returns the places of some lanes in the workload.
    pub(super) fn places<'r>(
        &self,
        lanes: impl IntoIterator<Item = &'r LaneRates<'w>>,
    ) -> Vec<usize>
    where
        'w: 'r,
    {
        let place = |rates: &LaneRates<'w>| {
            let mut lanes = self.workload.lanes.iter();
            lanes.position(|lane| std::ptr::eq(lane, rates.lane))
        };
        let mut places: Vec<usize> = lanes.into_iter().filter_map(place).collect();
        places.sort_unstable();
        places
    }

    /// Computes what the calls of a holding may cost on-demand, in USD a month.
    pub(super) fn value_of(&self, holding: &Holding<'_>) -> Usd {
        LaneRates::monthly_cost_of(&self.rates, holding.held, self.priced.recent)
    }
}
