//! One lane: the meaning of a `ModelId` in its account, and the cost of its tokens.

use jiff::civil::Date;

use crate::catalog::{Rate, RateQuery, UnpricedRow};
use crate::domain::{
    BaseModel, Counter, Meter, Place, Scope, ServiceTier, Target, Tokens, Usd, UsdPerMillionTokens,
    Window,
};
use crate::observation::InventoryList::{ApplicationProfiles, ProvisionedModels};
use crate::observation::{
    ApplicationProfile, LaneUsage, Observation, PlaceObservation, ProvisionedModel,
};

/// Traffic under one `ModelId`, with prices.
#[derive(Debug)]
pub struct Lane<'a> {
    /// Usage as metered.
    pub usage: &'a LaneUsage,
    /// Meaning of the `ModelId`.
    pub kind: LaneKind<'a>,
    /// Billed meters with points.
    pub meters: Vec<PricedMeter>,
    /// True if nothing that is bought is to serve the lane: it is not among those that are read by the minute.
    pub(super) stays: bool,
    /// Base model behind the lane; `None` where the meaning of its id is unknown.
    model: Option<BaseModel>,
    /// Meters by which the model is billed, as the book knows, and which have no price here.
    known_unpriced: &'a [UnpricedRow],
}

/// Meaning of a `ModelId` in an account.
#[derive(Clone, Debug, PartialEq)]
pub enum LaneKind<'a> {
    /// Tokens that are billed one by one.
    OnDemand {
        /// Base model.
        model: BaseModel,
        /// Regions that may serve the requests.
        scope: Scope,
        /// Service tier of the requests.
        tier: ServiceTier,
        /// Application profile that the requests go through; `None` where callers name the model or
        /// a system profile.
        profile: Option<&'a ApplicationProfile>,
    },
    /// Tokens that a provisioned model serves, which is billed by the hour.
    Provisioned(&'a ProvisionedModel),
    /// An id of unknown meaning, with the reason in words.
    Unknown(String),
}

/// One meter of a lane.
#[derive(Clone, Debug)]
pub struct PricedMeter {
    /// Meter.
    pub meter: Meter,
    /// Name of the meter's series in `CloudWatch`.
    pub metric: String,
    /// Tokens over the whole window.
    pub total: Tokens,
    /// Tokens over the recent window.
    pub recent: Tokens,
    /// Rate of the meter; for a provisioned lane the rate that the same tokens would have
    /// on-demand. `None` where the book has none.
    pub rate: Option<Rate>,
    /// List price of the recent tokens in USD a month; `None` without a rate.
    pub monthly_list_cost: Option<Usd>,
    /// Price of the recent tokens as the account pays it, in USD a month; `None` without a rate.
    pub monthly_cost: Option<Usd>,
    /// Figure of the book that comes nearest, in words; `None` with a rate, or without such a figure.
    pub instead: Option<String>,
}

/// Usage without a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpricedUsage {
    /// Account and Region.
    pub place: Place,
    /// Value of `ModelId`.
    pub model_id: String,
    /// Meter without a rate; `None` where requests were counted and nothing that is billed was
    /// metered.
    pub meter: Option<Meter>,
    /// Tokens of the recent window, or requests where there is no meter.
    pub recent: Tokens,
    /// Reason for the missing price.
    pub reason: String,
}

impl PricedMeter {
    /// Returns true if the true cost may be above what is shown: there is no rate, or the rate is
    /// the lower end of a range.
    #[must_use]
    pub fn is_at_least(&self) -> bool {
        !self.recent.is_zero()
            && self
                .rate
                .as_ref()
                .is_none_or(|rate| rate.upper_unit_price > rate.contracted_unit_price)
    }
}

impl<'a> LaneKind<'a> {
    /// Finds the meaning of a `ModelId` in an account.
    #[must_use]
    pub fn resolve(
        observation: &Observation,
        observed: &'a PlaceObservation,
        usage: &LaneUsage,
    ) -> Self {
        let id = &usage.model_id;
        let unknown = |reason: &str| Self::Unknown(reason.to_owned());
        // The inventory goes first: it alone knows what an id without a form of its own stands for.
        if let Some(held) = observed.inventory.provisioned_model(id) {
            return Self::Provisioned(held);
        }
        if let Some(profile) = observed.inventory.application_profile(id) {
            return match observed.inventory.target(profile, &observed.place.region) {
                Ok((model, scope)) => {
                    Self::OnDemand { model, scope, tier: id.tier(), profile: Some(profile) }
                }
                Err(unresolved) => Self::Unknown(unresolved.to_string()),
            };
        }
        // A book can have models of makers that nobody else knows, so its word goes first.
        let is_in_the_book =
            id.model().is_some_and(|model| observation.prices.model(model).is_some());
        let is_vendor = |label: &str| observed.inventory.knows_vendor(label);
        if let Some(group) = id.unknown_group(is_vendor).filter(|_| !is_in_the_book) {
            return Self::Unknown(group.to_string());
        }
        let is_read = |list| observed.inventory.has_read(list);
        match id.target() {
            // Provisioned throughput is bought under an id with a context window, so this may be
            // traffic that is paid for by the hour.
            Target::Model { variant: Some(_), .. } => unknown(
                "provisioned throughput is bought under this id: by what it is billed is not known",
            ),
            Target::Model { model, scope, .. } => Self::OnDemand {
                model: model.clone(),
                scope: *scope,
                tier: id.tier(),
                profile: None,
            },
            Target::ProvisionedModel(_) if is_read(ProvisionedModels) => {
                unknown("this provisioned model no longer exists")
            }
            Target::ProvisionedModel(_) => unknown("the list of provisioned models was not read"),
            Target::ApplicationProfile(_) if is_read(ApplicationProfiles) => {
                unknown("this application profile no longer exists")
            }
            Target::ApplicationProfile(_) => {
                unknown("the list of application profiles was not read")
            }
            Target::Opaque if is_read(ProvisionedModels) && is_read(ApplicationProfiles) => {
                unknown("no model, profile or provisioned model of the inventory has this id")
            }
            Target::Opaque => unknown("what has this id is in a list that was not read"),
        }
    }
}

/// Returns the tier that a lane's tokens are priced at; `None` where `CloudWatch` splits the tokens
/// by tiers that the lane's id does not name, since this version does not read them apart.
fn known_tier(kind: &LaneKind<'_>, usage: &LaneUsage) -> Option<ServiceTier> {
    match kind {
        LaneKind::OnDemand { tier: ServiceTier::Standard, .. } if usage.is_split_by_tier() => None,
        LaneKind::OnDemand { tier, .. } => Some(*tier),
        LaneKind::Provisioned(_) | LaneKind::Unknown(_) => Some(ServiceTier::Standard),
    }
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        observation: &'a Observation,
        observed: &'a PlaceObservation,
        usage: &'a LaneUsage,
        recent: Window,
        day: Date,
    ) -> Self {
        let kind = LaneKind::resolve(observation, observed, usage);
        let region = &observed.place.region;
        let rate_of = |model: &BaseModel, scope, tier, meter| {
            observation.rate(&RateQuery {
                model,
                region,
                scope,
                tier,
                meter,
                input_tokens: None,
                day,
            })
        };
        let instead = |meter| match &kind {
            LaneKind::OnDemand { model, scope, tier, .. } => {
                observation.prices.nearest_to(&RateQuery {
                    model,
                    region,
                    scope: *scope,
                    tier: Some(*tier),
                    meter,
                    input_tokens: None,
                    day,
                })
            }
            LaneKind::Provisioned(_) | LaneKind::Unknown(_) => None,
        };
        let tier = known_tier(&kind, usage);
        let model = match &kind {
            LaneKind::OnDemand { model, .. } => Some(model.clone()),
            LaneKind::Provisioned(held) => {
                observed.inventory.base_model_of(held, &observation.prices)
            }
            LaneKind::Unknown(_) => None,
        };
        let rate = |meter| match &kind {
            LaneKind::OnDemand { model, scope, .. } => rate_of(model, *scope, tier, meter),
            LaneKind::Provisioned(_) => {
                let model = model.as_ref()?;
                let rate = |scope| rate_of(model, scope, Some(ServiceTier::Standard), meter);
                // Some models are called through profiles only. Not through the global one: whether
                // requests may leave their geography is the operator's call.
                let groups = || observed.inventory.groups(model, region).into_iter();
                rate(Scope::InRegion).or_else(|| groups().find_map(|geo| rate(Scope::Geo(geo))))
            }
            LaneKind::Unknown(_) => None,
        };
        let meters = usage
            .readings()
            .into_iter()
            .map(|reading| {
                let rate = rate(reading.meter);
                let tokens = reading.series.total_since(recent.start());
                let monthly = |price: fn(&Rate) -> UsdPerMillionTokens| {
                    let rate = rate.as_ref()?;
                    Some(price(rate).cost(tokens).per_month(recent.hours()))
                };
                PricedMeter {
                    meter: reading.meter,
                    metric: reading.name.to_owned(),
                    total: reading.series.total(),
                    recent: tokens,
                    monthly_list_cost: monthly(|rate| rate.list_unit_price),
                    monthly_cost: monthly(|rate| rate.contracted_unit_price),
                    instead: rate.is_none().then(|| instead(reading.meter)).flatten(),
                    rate,
                }
            })
            .collect();
        let prices = model.as_ref().and_then(|model| observation.prices.model(model));
        let known_unpriced = prices.map_or(&[][..], |prices| &prices.unpriced);
        Self { usage, kind, meters, stays: false, model, known_unpriced }
    }

    /// Returns true if the lane may be billed, beside its tokens, by something that has no price
    /// here.
    #[must_use]
    pub fn is_billed_otherwise(&self) -> bool {
        !self.known_unpriced.is_empty() && self.meters.iter().any(|meter| !meter.recent.is_zero())
    }

    /// Says why the book has no price of a meter, or of requests without any; `None` where the book
    /// does not say.
    fn known_reason(&self, meter: Option<Meter>) -> Option<String> {
        let word = match meter {
            None => "",
            Some(Meter::OutputImages) => "image",
            Some(Meter::InputSpeech | Meter::OutputSpeech) => "speech",
            Some(_) => return None,
        };
        let of_meter: Vec<String> = self
            .known_unpriced
            .iter()
            .filter(|row| row.meter.contains(word))
            .map(|row| format!("{}, {}", row.meter, row.why))
            .collect();
        (!of_meter.is_empty())
            .then(|| format!("this guard has no price of its {}", of_meter.join("; of its ")))
    }

    /// Returns the tier that the lane's tokens are priced at; `None` where they were served at
    /// several.
    #[must_use]
    pub fn known_tier(&self) -> Option<ServiceTier> {
        known_tier(&self.kind, self.usage)
    }

    /// Returns the base model behind the lane; `None` where the meaning of its id is unknown.
    #[must_use]
    pub const fn model(&self) -> Option<&BaseModel> {
        self.model.as_ref()
    }

    /// Returns the Regions that may serve the lane's requests; `None` for what is not billed by the
    /// token.
    #[must_use]
    pub const fn scope(&self) -> Option<Scope> {
        match &self.kind {
            LaneKind::OnDemand { scope, .. } => Some(*scope),
            _ => None,
        }
    }

    /// Returns the rate of a meter; `None` where the meter has no points or no rate.
    #[must_use]
    pub fn rate(&self, meter: Meter) -> Option<&Rate> {
        let priced = self.meters.iter().find(|priced| priced.meter == meter)?;
        priced.rate.as_ref()
    }

    /// Adds up the list prices of the lane's tokens in USD a month, as far as they are priced.
    #[must_use]
    pub fn monthly_list_cost(&self) -> Usd {
        self.meters.iter().filter_map(|meter| meter.monthly_list_cost).sum()
    }

    /// Adds up the prices of the lane's tokens in USD a month, as far as they are priced. For a
    /// provisioned lane the sum is what the tokens are worth, not what they cost.
    #[must_use]
    pub fn monthly_cost(&self) -> Usd {
        self.meters.iter().filter_map(|meter| meter.monthly_cost).sum()
    }

    /// Returns true if the lane is billed by the token at the standard tier, which is the traffic
    /// that model units can serve.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        matches!(self.kind, LaneKind::OnDemand { tier: ServiceTier::Standard, .. })
    }

    /// Returns true if what is bought could serve the lane: a standard one, of those that are read by the minute.
    #[must_use]
    pub fn is_servable(&self) -> bool {
        self.is_standard() && !self.stays
    }

    /// Returns true if every meter with recent tokens has a rate.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.meters.iter().all(|meter| meter.rate.is_some() || meter.recent.is_zero())
    }

    /// Returns true if recent tokens have a rate that is known from before a day alone.
    #[must_use]
    pub fn is_priced_before(&self, day: Date) -> bool {
        self.meters.iter().any(|meter| {
            let rate = meter.rate.as_ref().filter(|_| !meter.recent.is_zero());
            rate.is_some_and(|rate| rate.source.provenance.is_from_before(day))
        })
    }

    /// Counts the requests of the recent window where nothing that is billed was metered beside
    /// them: video, searches and other things that this version does not price.
    #[must_use]
    pub fn unmetered_requests(&self, recent: Window) -> Tokens {
        let requests = self
            .usage
            .counter(Counter::Invocations)
            .map_or(Tokens::ZERO, |series| series.total_since(recent.start()));
        let is_metered = self.meters.iter().any(|meter| !meter.recent.is_zero());
        if is_metered { Tokens::ZERO } else { requests }
    }

    /// Lists the lane's usage without a rate.
    pub(super) fn unpriced(&self, place: &Place, recent: Window) -> Vec<UnpricedUsage> {
        let general = match &self.kind {
            LaneKind::OnDemand { model, scope, tier, .. } => {
                format!("the price book has no {scope} {tier} rate of {model} in {}", place.region)
            }
            // Its hours are billed, whatever its tokens would cost.
            LaneKind::Provisioned(_) => return Vec::new(),
            LaneKind::Unknown(reason) => reason.clone(),
        };
        let usage = |meter, recent, reason| UnpricedUsage {
            place: place.clone(),
            model_id: self.usage.model_id.text().to_owned(),
            meter,
            recent,
            reason,
        };
        let unmetered = self.unmetered_requests(recent);
        // Requests alone stand for usage only where no meter does, or it would be listed twice.
        if !unmetered.is_zero() {
            let reason = self.known_reason(None).unwrap_or_else(|| {
                "it was called, but nothing that is billed was metered".to_owned()
            });
            return vec![usage(None, unmetered, reason)];
        }
        self.meters
            .iter()
            .filter(|meter| meter.rate.is_none() && !meter.recent.is_zero())
            .map(|meter| {
                let reason = self.known_reason(Some(meter.meter)).unwrap_or_else(|| {
                    let instead = meter.instead.iter().map(|instead| format!("; {instead}"));
                    instead.fold(general.clone(), |reason, instead| reason + &instead)
                });
                usage(Some(meter.meter), meter.recent, reason)
            })
            .collect()
    }
}
