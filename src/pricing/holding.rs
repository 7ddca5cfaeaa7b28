//! What the account holds: what it costs, what it is worth, and whether it is idle.

use jiff::SignedDuration;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::lane::{Lane, LaneKind};
use crate::catalog::{Ceiling, LoadWeights, Offer, Term};
use crate::domain::{
    BaseModel, Capacity, ModelId, Percent, Target, Tokens, Usd, UsdPerModelUnitHour, Window,
};
use crate::inventory::{CommitmentDuration, ProvisionedModel};
use crate::observation::{Observation, PlaceObservation};

/// A window that ended longer ago says nothing of today.
const RECENCY: SignedDuration = SignedDuration::from_hours(24);

/// A holding younger than this is never called idle.
const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A provisioned model with prices.
#[derive(Debug)]
pub struct Holding<'a> {
    /// What the inventory says of it.
    pub held: &'a ProvisionedModel,
    /// The foundation model behind it.
    pub model: BaseModel,
    /// The price of its term; `None` where the book has none, or more than one.
    pub offer: Option<Offer>,
    /// What it costs in a month at list; `None` as for `monthly_cost`.
    pub monthly_list_cost: Option<Usd>,
    /// What it costs in a month, used or not; `None` where the book has no price of it, or where it
    /// is not known to be billed.
    pub monthly_cost: Option<Usd>,
    /// What the tokens that it served in the recent window would have cost on-demand in a month;
    /// `None` where some have no rate, or it serves a custom model.
    pub monthly_value: Option<Usd>,
    /// The mean share of its capacity that was used in the recent window, hour by hour; `None`
    /// where the capacity is not known.
    pub utilization: Option<Percent>,
    /// Whether it is idle.
    pub idleness: Idleness,
    weights: LoadWeights,
}

/// Whether a holding is idle, under the strict rule: a wrong "idle" would print a delete command
/// for production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idleness {
    /// It serves.
    Busy,
    /// In service for a week at least, and every answer about every id that it could be metered
    /// under is complete and empty.
    Idle,
    /// No traffic was seen, but that proves nothing, and why.
    NotSeen(String),
}

impl<'a> Holding<'a> {
    pub(super) fn new(
        observation: &Observation,
        observed: &'a PlaceObservation,
        held: &'a ProvisionedModel,
        day: Date,
    ) -> Self {
        let model = held
            .foundation_model()
            .unwrap_or_else(|| BaseModel::new(held.foundation_model_arn.as_str()));
        let term = match &held.commitment_duration {
            None => Some(Term::None),
            Some(CommitmentDuration::OneMonth) => Some(Term::OneMonth),
            Some(CommitmentDuration::SixMonths) => Some(Term::SixMonths),
            Some(CommitmentDuration::Other(_)) => None,
        };
        let region = &observed.place.region;
        let mut offers: Vec<Offer> = observation
            .prices
            .offers(&model, region, day, &observation.overrides)
            .into_iter()
            .filter(|offer| Some(offer.term) == term)
            .collect();
        let offer = if offers.len() == 1 {
            offers.pop()
        } else {
            None
        };
        let monthly = |price: fn(&Offer) -> UsdPerModelUnitHour| {
            let offer = offer.as_ref().filter(|_| held.is_billed())?;
            Some(price(offer).monthly_cost(held.model_units))
        };
        Self {
            held,
            monthly_list_cost: monthly(|offer| offer.list_unit_price),
            monthly_cost: monthly(|offer| offer.unit_price),
            monthly_value: None,
            utilization: None,
            idleness: idleness(observation, observed, held),
            weights: observation.prices.load_weights(&model),
            offer,
            model,
        }
    }

    /// The ids that its traffic is metered under, the busiest first.
    pub(super) fn aliases_with_points(&self, lanes: &[Lane<'_>]) -> Vec<String> {
        let mut busy: Vec<&Lane<'_>> = self.lanes(lanes).collect();
        let total =
            |lane: &Lane<'_>| -> Tokens { lane.meters.iter().map(|meter| meter.total).sum() };
        busy.sort_by_key(|lane| std::cmp::Reverse(total(lane)));
        busy.iter()
            .map(|lane| lane.usage.model_id.text().to_owned())
            .collect()
    }

    fn lanes<'l>(&self, lanes: &'l [Lane<'a>]) -> impl Iterator<Item = &'l Lane<'a>> {
        let held = self.held;
        lanes
            .iter()
            .filter(move |lane| lane.kind == LaneKind::Provisioned(held) && lane.usage.has_points())
    }

    /// What one of its units serves, if anybody says so.
    #[must_use]
    pub fn capacity(&self) -> Option<Capacity> {
        self.offer.as_ref()?.capacity
    }

    /// What it is worth: the on-demand dollars that it serves, of what it costs.
    #[must_use]
    pub fn worth(&self) -> Option<Percent> {
        self.monthly_value?.percent_of(self.monthly_cost?)
    }

    /// Whether it can serve, now, what on-demand requests to the same model ask for.
    #[must_use]
    pub fn can_serve_more(&self) -> bool {
        self.held.is_in_service() && !self.held.is_custom()
    }

    /// Whether its units or its load are not certain, although it could serve what comes on-demand.
    /// One that failed serves nothing.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let is_unseen = matches!(self.idleness, Idleness::NotSeen(_));
        !self.held.is_custom()
            && self.held.status != "Failed"
            && (is_unseen || !self.held.is_in_service())
    }

    /// Why they are not.
    #[must_use]
    pub fn doubt(&self) -> String {
        match &self.idleness {
            Idleness::NotSeen(why) => why.clone(),
            Idleness::Busy | Idleness::Idle => format!("its status is {}", self.held.status),
        }
    }

    /// Measures what it served; what is not known whole stays unknown.
    pub(super) fn measure(&mut self, lanes: &[Lane<'a>], recent: Window, is_whole: bool) {
        let is_unknown = matches!(self.idleness, Idleness::NotSeen(_)) || !is_whole;
        if self.held.is_custom() || is_unknown {
            return;
        }
        let own: Vec<&Lane<'_>> = self.lanes(lanes).collect();
        self.monthly_value = own
            .iter()
            .all(|lane| lane.is_priced())
            .then(|| own.iter().map(|lane| lane.monthly_cost()).sum());
        let Some(capacity) = self.capacity() else {
            return;
        };
        let hours = usize::try_from(recent.hours()).unwrap_or_default();
        let mut used = Decimal::ZERO;
        for hour in 0..hours {
            let (mut input, mut output) = (Decimal::ZERO, Decimal::ZERO);
            for reading in own.iter().flat_map(|lane| lane.usage.readings()) {
                let Some(Some(tokens)) = reading.series.since(recent.start()).get(hour) else {
                    continue;
                };
                match self.weights.of(reading.meter) {
                    Some((Ceiling::Input, weight)) => {
                        input += Decimal::from(*tokens) * weight.number();
                    }
                    Some((Ceiling::Output, weight)) => {
                        output += Decimal::from(*tokens) * weight.number();
                    }
                    None => {}
                }
            }
            used += (input / Decimal::from(capacity.input_tokens_per_hour))
                .max(output / Decimal::from(capacity.output_tokens_per_hour));
        }
        let all = Decimal::from(hours) * Decimal::from(self.held.model_units.count());
        if !all.is_zero() {
            self.utilization = Some(Percent::new(
                (used * Decimal::ONE_HUNDRED / all).round_dp(4).normalize(),
            ));
        }
    }
}

fn idleness(
    observation: &Observation,
    observed: &PlaceObservation,
    held: &ProvisionedModel,
) -> Idleness {
    let usage = &observed.usage;
    let asked: Vec<_> = held
        .metered_ids()
        .into_iter()
        .map(|id| usage.lanes.iter().find(|lane| lane.model_id.text() == id))
        .collect();
    if asked.iter().flatten().any(|lane| lane.has_points()) {
        return Idleness::Busy;
    }
    let not_seen = |why: &str| Idleness::NotSeen(why.to_owned());
    if !held.is_in_service() {
        return Idleness::NotSeen(format!("its status is {}", held.status));
    }
    if observation.as_of.duration_since(observation.window.end()) > RECENCY {
        return not_seen("the window ended more than a day ago");
    }
    if observation.window.end().duration_since(held.creation_time) < GRACE {
        return not_seen("it is younger than 7 days");
    }
    if !asked
        .iter()
        .all(|lane| lane.is_some_and(crate::usage::LaneUsage::is_wholly_silent))
    {
        return not_seen("not every answer about its traffic was complete");
    }
    let could_be_it = |id: &ModelId| match id.target() {
        // Provisioned throughput is bought under an id with a context window.
        Target::Model {
            model,
            variant: Some(_),
            ..
        } => held.foundation_model().as_ref() == Some(model),
        Target::Model { .. } | Target::ApplicationProfile(_) => false,
        Target::ProvisionedModel(arn) => arn.id == held.id(),
        Target::Opaque => {
            observed.inventory.provisioned_model(id).is_none()
                && observed.inventory.application_profile(id).is_none()
        }
    };
    match usage
        .lanes
        .iter()
        .find(|lane| lane.has_points() && could_be_it(&lane.model_id))
    {
        Some(lane) => Idleness::NotSeen(format!(
            "the traffic under the unknown id `{}` could be its own",
            lane.model_id
        )),
        None => Idleness::Idle,
    }
}
