//! One lane: what a `ModelId` stands for in its account, and what its tokens cost.

use jiff::civil::Date;

use crate::catalog::Rate;
use crate::domain::{
    BaseModel, Counter, Geo, Meter, Place, Scope, ServiceTier, Target, Tokens, Usd, Window,
};
use crate::inventory::{ApplicationProfile, ProvisionedModel};
use crate::observation::{Observation, PlaceObservation};
use crate::usage::LaneUsage;

/// What one `ModelId` carried, with prices.
#[derive(Debug)]
pub struct Lane<'a> {
    /// What was metered.
    pub usage: &'a LaneUsage,
    /// What it stands for.
    pub kind: LaneKind<'a>,
    /// Its billed meters with points.
    pub meters: Vec<PricedMeter>,
}

/// What a `ModelId` stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum LaneKind<'a> {
    /// Tokens billed one by one.
    OnDemand {
        /// The model.
        model: BaseModel,
        /// Where requests may be served.
        scope: Scope,
        /// How they are served.
        tier: ServiceTier,
        /// The application profile that they go through, if any.
        profile: Option<&'a ApplicationProfile>,
    },
    /// Tokens that a provisioned model serves; it is billed by the hour.
    Provisioned(&'a ProvisionedModel),
    /// Nothing that is known.
    Unknown,
}

/// One meter of a lane.
#[derive(Clone, Debug)]
pub struct PricedMeter {
    /// The meter.
    pub meter: Meter,
    /// The name that its series has in `CloudWatch`.
    pub metric: String,
    /// Tokens over the whole window.
    pub total: Tokens,
    /// Tokens over the recent window.
    pub recent: Tokens,
    /// Its rate; for a provisioned lane the rate that the same tokens would have on-demand.
    pub rate: Option<Rate>,
    /// What the recent tokens come to in a month.
    pub monthly_cost: Option<Usd>,
}

/// Usage that no rate was found for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpricedUsage {
    /// Where.
    pub place: Place,
    /// The value of `ModelId`.
    pub model_id: String,
    /// The meter; `None` where requests were counted and nothing that is billed was metered.
    pub meter: Option<Meter>,
    /// Tokens of the recent window, or requests where there is no meter.
    pub recent: Tokens,
    /// Why there is no price.
    pub reason: String,
}

impl PricedMeter {
    /// Whether the true cost may be above what is shown: no rate, or the lower end of a range.
    #[must_use]
    pub fn is_at_least(&self) -> bool {
        !self.recent.is_zero()
            && self
                .rate
                .as_ref()
                .is_none_or(|rate| rate.upper_unit_price > rate.list_unit_price)
    }
}

impl<'a> LaneKind<'a> {
    /// What a `ModelId` stands for in an account.
    #[must_use]
    pub fn resolve(observed: &'a PlaceObservation, usage: &LaneUsage) -> Self {
        let id = &usage.model_id;
        if let Some(held) = observed.inventory.provisioned_model(id) {
            return Self::Provisioned(held);
        }
        if let Some(profile) = observed.inventory.application_profile(id) {
            return match profile.target() {
                Some((model, scope)) => Self::OnDemand {
                    model,
                    scope,
                    tier: id.tier(),
                    profile: Some(profile),
                },
                None => Self::Unknown,
            };
        }
        match id.target() {
            // Provisioned throughput is bought under an id with a context window, so this may be
            // traffic that is paid for by the hour.
            Target::Model {
                variant: Some(_), ..
            } => Self::Unknown,
            Target::Model { model, scope, .. } => Self::OnDemand {
                model: model.clone(),
                scope: *scope,
                tier: id.tier(),
                profile: None,
            },
            _ => Self::Unknown,
        }
    }
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        observation: &Observation,
        observed: &'a PlaceObservation,
        usage: &'a LaneUsage,
        recent: Window,
        day: Date,
    ) -> Self {
        let kind = LaneKind::resolve(observed, usage);
        let region = &observed.place.region;
        let rate = |meter| match &kind {
            LaneKind::OnDemand {
                model, scope, tier, ..
            } => observation
                .prices
                .rate(model, region, *scope, *tier, meter, day),
            LaneKind::Provisioned(held) => {
                let model = held.foundation_model()?;
                let standard = ServiceTier::Standard;
                let rate = |scope| {
                    observation
                        .prices
                        .rate(&model, region, scope, standard, meter, day)
                };
                // Some models are called through profiles only.
                rate(Scope::InRegion)
                    .or_else(|| rate(Scope::Geo(Geo::holding(std::slice::from_ref(region))?)))
            }
            LaneKind::Unknown => None,
        };
        let meters = usage
            .readings()
            .into_iter()
            .map(|reading| {
                let rate = rate(reading.meter);
                let tokens = reading.series.total_since(recent.start());
                PricedMeter {
                    meter: reading.meter,
                    metric: reading.name.to_owned(),
                    total: reading.series.total(),
                    recent: tokens,
                    monthly_cost: rate
                        .as_ref()
                        .map(|rate| rate.list_unit_price.cost(tokens).per_month(recent.hours())),
                    rate,
                }
            })
            .collect();
        Self {
            usage,
            kind,
            meters,
        }
    }

    /// The model behind the lane.
    #[must_use]
    pub fn model(&self) -> Option<BaseModel> {
        match &self.kind {
            LaneKind::OnDemand { model, .. } => Some(model.clone()),
            LaneKind::Provisioned(held) => held.foundation_model(),
            LaneKind::Unknown => None,
        }
    }

    /// What its tokens come to in a month at its rates, as far as they are priced. For a
    /// provisioned lane that is what they are worth, not what they cost.
    #[must_use]
    pub fn monthly_cost(&self) -> Usd {
        self.meters
            .iter()
            .filter_map(|meter| meter.monthly_cost)
            .sum()
    }

    /// Whether it is billed by the token at the standard tier: the traffic that model units can serve.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        matches!(
            self.kind,
            LaneKind::OnDemand {
                tier: ServiceTier::Standard,
                ..
            }
        )
    }

    /// Whether every meter with recent tokens has a rate.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.meters
            .iter()
            .all(|meter| meter.rate.is_some() || meter.recent.is_zero())
    }

    /// Requests of the recent window, where nothing that is billed was metered beside them: video,
    /// searches and other things that this version does not price.
    #[must_use]
    pub fn unmetered_requests(&self, recent: Window) -> Tokens {
        let requests = self
            .usage
            .counter(Counter::Invocations)
            .map_or(Tokens::ZERO, |series| series.total_since(recent.start()));
        let is_metered = self.meters.iter().any(|meter| !meter.recent.is_zero());
        if is_metered { Tokens::ZERO } else { requests }
    }

    /// Its usage without a rate.
    pub(super) fn unpriced(&self, place: &Place, recent: Window) -> Vec<UnpricedUsage> {
        let reason = match &self.kind {
            LaneKind::OnDemand { model, scope, tier, .. } => {
                format!("the price book has no {scope} {tier} rate of {model} in {}", place.region)
            }
            LaneKind::Provisioned(_) => return Vec::new(),
            LaneKind::Unknown => match self.usage.model_id.target() {
                Target::ProvisionedModel(_) => "this provisioned model no longer exists".to_owned(),
                Target::ApplicationProfile(_) => {
                    "this application profile no longer exists, or its Regions fit no known group".to_owned()
                }
                Target::Model { .. } => {
                    "provisioned throughput is bought under this id: by what it is billed is not known".to_owned()
                }
                Target::Opaque => {
                    "no model, profile or provisioned model of the inventory has this id".to_owned()
                }
            },
        };
        let usage = |meter, recent, reason| UnpricedUsage {
            place: place.clone(),
            model_id: self.usage.model_id.text().to_owned(),
            meter,
            recent,
            reason,
        };
        let unmetered = self.unmetered_requests(recent);
        if !unmetered.is_zero() {
            let reason = "it was called, but nothing that is billed was metered".to_owned();
            return vec![usage(None, unmetered, reason)];
        }
        self.meters
            .iter()
            .filter(|meter| meter.rate.is_none() && !meter.recent.is_zero())
            .map(|meter| usage(Some(meter.meter), meter.recent, reason.clone()))
            .collect()
    }
}
