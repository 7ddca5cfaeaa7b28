//! The plans of Amazon Bedrock: scopes, tiers, model units, reserved tokens.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::advice::Effort;
use crate::catalog::{
    CallableScope, InForce, Offer, Overrides, Rate, RateQuery, RateSource, ReservedOffer,
    ReservedScope, RowScope,
};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{
    Capacity, LoadWeights, Meter, ModelUnits, Percent, Ratio, Scope, ServiceTier, Term, Tokens, Usd,
};
use crate::estimate::basis::EstimateBasis;
use crate::estimate::plan::{EstimatedPlan, PlanKind, SpilledPart, UnknownPlan};
use crate::estimate::shape::LoadShape;
use crate::estimate::traffic::MadeTraffic;
use crate::pricing::{Load, reserved_weights};
use crate::sizing::{
    BreakEven, Mix, Purchase as _, Reservation, ReservationTerms, TokenPurchase, UnitPurchase,
};

/// Words for what a book of prices does not tell.
const SOLD_HERE: &str = "whether AWS sells new units of it in this Region is not in the book: `aws bedrock list-foundation-models --by-inference-type PROVISIONED` lists those that it sells";

/// Plans that are known and those that are not.
#[derive(Default)]
pub(super) struct Plans {
    pub(super) known: Vec<EstimatedPlan>,
    pub(super) unknown: Vec<UnknownPlan>,
}

/// Prices of one kind of calls: all scopes that have them.
struct CallRates {
    scopes: Vec<CallableScope>,
    tier: ServiceTier,
    rates: Vec<(Meter, Rate)>,
}

impl CallRates {
    /// Adds up what each meter costs a month, at one end of each price.
    fn cost(&self, basis: &EstimateBasis<'_>, is_upper: bool) -> Usd {
        let price = |rate: &Rate| {
            if is_upper { rate.upper_unit_price } else { rate.contracted_unit_price }
        };
        let volume = &basis.volume;
        self.rates.iter().map(|(meter, rate)| price(rate).cost(volume.of(*meter))).sum()
    }

    /// Returns true if the same tokens cost the same.
    fn is_like(&self, other: &Self) -> bool {
        let prices = |of: &Self| -> Vec<_> {
            let ends = |rate: &Rate| (rate.contracted_unit_price, rate.upper_unit_price);
            of.rates.iter().map(|(meter, rate)| (*meter, ends(rate))).collect()
        };
        self.tier == other.tier && prices(self) == prices(other)
    }

    fn serves(&self, scope: ReservedScope) -> bool {
        let is_global = scope == ReservedScope::Global;
        self.scopes.iter().any(|it| (it.scope == Scope::Global) == is_global)
    }

    fn description(&self, basis: &EstimateBasis<'_>) -> String {
        let tier = match self.tier {
            ServiceTier::Standard => "on-demand".to_owned(),
            ServiceTier::Batch => "batch jobs".to_owned(),
            tier => format!("{tier} tier"),
        };
        // A book that tells nothing of profiles has one price for all calls.
        if basis.model.rates.iter().all(|row| row.scope == RowScope::Any) {
            return tier;
        }
        let all = |scope: &CallableScope| {
            let doubt = if scope.is_listed { "" } else { " (?)" };
            format!("{}{doubt}", scope.scope)
        };
        let scopes: Vec<String> = self.scopes.iter().map(all).collect();
        format!("{tier}, {}", scopes.join(" or "))
    }
}

/// Finds the prices of all kinds of calls of a model, with those that lack some.
fn calls(basis: &EstimateBasis<'_>) -> (Vec<CallRates>, Vec<UnknownPlan>) {
    let mut calls: Vec<CallRates> = Vec::new();
    let mut unknown = Vec::new();
    let scopes = basis.book.callable_scopes(basis.model, &basis.region, basis.day);
    let mut tiers: Vec<ServiceTier> =
        basis.model.variants().into_iter().map(|(tier, _)| tier).collect();
    tiers.dedup();
    for scope in scopes {
        for tier in &tiers {
            match rates_of(basis, scope.scope, *tier) {
                Ok(None) => {}
                Ok(Some(rates)) => {
                    let found = CallRates { scopes: vec![scope], tier: *tier, rates };
                    match calls.iter_mut().find(|call| call.is_like(&found)) {
                        Some(call) => call.scopes.push(scope),
                        None => calls.push(found),
                    }
                }
                Err(lacks) => unknown.push(UnknownPlan {
                    kind: kind_of(*tier),
                    description: format!("{tier} tier, {}", scope.scope),
                    why: format!("the book has no price of {lacks} there"),
                    break_even_tokens_per_month: None,
                }),
            }
        }
    }
    let is_standard = calls.iter().any(|call| call.tier == ServiceTier::Standard)
        || unknown.iter().any(|plan| plan.kind == PlanKind::OnDemand);
    if !is_standard {
        let instead = basis.nearest().map_or_else(String::new, |text| format!(": {text}"));
        unknown.push(UnknownPlan {
            kind: PlanKind::OnDemand,
            description: "on-demand".into(),
            why: format!("the book has no price of the standard tier here{instead}"),
            break_even_tokens_per_month: None,
        });
    }
    (calls, unknown)
}

/// Returns the cheapest plan of a model on-demand at the standard tier; `None` where a meter in use has no
/// price that was seen by the day.
pub(super) fn cheapest_on_demand(basis: &EstimateBasis<'_>) -> Option<EstimatedPlan> {
    let (calls, _) = calls(basis);
    let is_later = |(_, rate): &(Meter, Rate)| {
        let written = &rate.source.provenance;
        written.effective_from.or(written.seen_from).is_some_and(|from| from > basis.day)
    };
    let standard = calls
        .iter()
        .filter(|call| call.tier == ServiceTier::Standard && !call.rates.iter().any(is_later));
    let cheapest = standard.min_by_key(|call| call.cost(basis, false))?;
    Some(by_the_token(basis, cheapest))
}

/// Finds all plans of one model.
pub(super) fn plans(basis: &EstimateBasis<'_>) -> Plans {
    let (calls, unknown) = calls(basis);
    let known = calls.iter().map(|call| by_the_token(basis, call)).collect();
    let mut plans = Plans { known, unknown };
    let standard = || calls.iter().filter(|call| call.tier == ServiceTier::Standard);
    let cheapest = standard().min_by_key(|call| call.cost(basis, false));
    if let Some(cheapest) = cheapest {
        model_units(basis, cheapest, &mut plans);
        let list = Overrides::default();
        let offers = basis.book.reserved_offers(&basis.model.id, &basis.region, basis.day, &list);
        for offer in offers {
            if let Some(why) = basis.runs_out(offer.term) {
                plans.unknown.push(UnknownPlan {
                    kind: PlanKind::ReservedTokens,
                    description: format!(
                        "reserved tokens, {}, {}",
                        offer.scope.in_words(),
                        offer.term
                    ),
                    why,
                    break_even_tokens_per_month: None,
                });
                continue;
            }
            let served = standard().filter(|call| call.serves(offer.scope));
            let served = served.min_by_key(|call| call.cost(basis, false));
            plans.known.extend(served.and_then(|call| reserved_tokens(basis, call, &offer)));
        }
    }
    plans
}

const fn kind_of(tier: ServiceTier) -> PlanKind {
    match tier {
        ServiceTier::Standard => PlanKind::OnDemand,
        ServiceTier::Batch => PlanKind::Batch,
        ServiceTier::Flex => PlanKind::Flex,
        ServiceTier::Priority => PlanKind::Priority,
        ServiceTier::LatencyOptimized | ServiceTier::Ultrafast => PlanKind::LatencyOptimized,
    }
}

/// Finds the rates of all meters in use; `None` where the scope and tier have no prices at all. The error
/// is what lacks one, in words.
fn rates_of(
    basis: &EstimateBasis<'_>,
    scope: Scope,
    tier: ServiceTier,
) -> Result<Option<Vec<(Meter, Rate)>>, String> {
    let rate = |meter: Meter| {
        // A batch job has no prompt cache: by AWS's page on caching, what was cached is input there.
        let billed = match (tier, meter) {
            (ServiceTier::Batch, Meter::CacheRead | Meter::CacheWrite) => Meter::Input,
            _ => meter,
        };
        basis.book.rate(&RateQuery {
            model: &basis.model.id,
            region: &basis.region,
            scope,
            tier: Some(tier),
            meter: billed,
            input_tokens: basis.volume.input_per_request(),
            day: basis.day,
        })
    };
    if Meter::TOKENS.into_iter().all(|meter| rate(meter).is_none()) {
        return Ok(None);
    }
    // Where long requests have a price of their own at the standard tier, the short one is not theirs at
    // another.
    let (long, own) =
        (longest_band(basis, scope, ServiceTier::Standard), longest_band(basis, scope, tier));
    let sent = basis.volume.input_per_request();
    if let Some(above) =
        long.filter(|above| own.is_none() && sent.is_some_and(|sent| sent > *above))
    {
        return Err(format!("requests above {} input tokens", Tokens::new(above)));
    }
    let meters = basis.volume.meters();
    let priced = |meter: Meter| Ok((meter, rate(meter).ok_or_else(|| meter.name().to_owned())?));
    meters.map(priced).collect::<Result<_, _>>().map(Some)
}

/// Returns the length of requests above which a tier has another price; `None` where it has one alone.
fn longest_band(basis: &EstimateBasis<'_>, scope: Scope, tier: ServiceTier) -> Option<u64> {
    let query = RateQuery {
        model: &basis.model.id,
        region: &basis.region,
        scope,
        tier: Some(tier),
        meter: Meter::Input,
        input_tokens: None,
        day: basis.day,
    };
    basis.book.variants(&query).into_iter().filter_map(|(_, above)| above).max()
}

fn by_the_token(basis: &EstimateBasis<'_>, call: &CallRates) -> EstimatedPlan {
    let (least, most) = (call.cost(basis, false), call.cost(basis, true));
    let mut plan =
        EstimatedPlan::new(kind_of(call.tier), call.description(basis), least, &basis.volume);
    plan.cost_at_most(most, &basis.volume);
    let unpriced = call.scopes.iter().find_map(|it| {
        let own = longest_band(basis, it.scope, call.tier);
        longest_band(basis, it.scope, ServiceTier::Standard).filter(|_| own.is_none())
    });
    if let Some(above) = unpriced.filter(|_| basis.volume.requests.is_none()) {
        let above = Tokens::new(above);
        plan.notes.push(format!(
            "of requests up to {above} input tokens: the price of longer ones is not known"
        ));
    }
    let stays = call.scopes.iter().any(|scope| scope.scope == Scope::InRegion);
    if call.tier == ServiceTier::Standard && stays {
        plan.effort = Effort::None;
    }
    if call.tier == ServiceTier::Batch && !basis.volume.is_uncached() {
        plan.notes
            .push("a batch job has no prompt cache: what was cached is billed as input".into());
    }
    let written = call.rates.iter().map(|(_, rate)| &rate.source);
    plan.cite(basis.day, written);
    plan
}

impl EstimatedPlan {
    /// Names the places where prices are written.
    fn cite<'s>(&mut self, day: Date, sources: impl IntoIterator<Item = &'s RateSource>) {
        for source in sources {
            let written = &source.provenance;
            let text = format!("{}; {}", written.source, written.checked);
            if !self.sources.contains(&text) {
                self.sources.push(text);
            }
            if source.in_force == InForce::Nearest {
                let from = written.effective_from.or(written.seen_from);
                let note = if let Some(from) = from.filter(|from| *from > day) {
                    format!("its price was first seen on {from}, after this day")
                } else {
                    let last = written.seen_to.unwrap_or(written.checked);
                    format!("its price was last seen on {last}, long before this day")
                };
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
        }
    }
}

/// Adds the plans with model units: as many as refuse nothing, and as many as cost least where callers
/// route the rest.
fn model_units(basis: &EstimateBasis<'_>, cheapest: &CallRates, plans: &mut Plans) {
    let (book, model) = (basis.book, basis.model);
    let weights = book.load_weights(&model.id);
    let mut mix = Mix::default();
    for (meter, rate) in &cheapest.rates {
        let tokens = basis.volume.of(*meter);
        mix.add(*meter, tokens, rate.contracted_unit_price.cost(tokens), weights);
    }
    let traffic = MadeTraffic::new(&basis.volume, &cheapest.rates, weights, &basis.shape);
    let list = Overrides::default();
    for offer in book.offers(&model.id, &basis.region, basis.day, &list) {
        let capacity = offer.capacity.or(basis.capacity);
        let break_even = mix.break_even(&Offer { capacity, ..offer.clone() });
        let pays_from = break_even.as_ref().map(|it| it.tokens_per_month);
        let runs_out = basis.runs_out(offer.term);
        let unknown = |why: String| UnknownPlan {
            kind: PlanKind::ModelUnits,
            description: format!(
                "{}: {} a month for each",
                in_words(&offer, "model units"),
                offer.unit_price.monthly_cost(ModelUnits::new(1))
            ),
            why,
            break_even_tokens_per_month: pays_from,
        };
        if let Some(why) = basis.sells_no_units().or(runs_out) {
            plans.unknown.push(unknown(why));
            continue;
        }
        let Some(capacity) = capacity else {
            plans.unknown.push(unknown(
                "nobody publishes what a unit serves: ask AWS, and say it by --units-capacity"
                    .into(),
            ));
            continue;
        };
        let Some(traffic) = &traffic else {
            plans.unknown.push(unknown("units do not serve all of these tokens".into()));
            continue;
        };
        let at_shape = break_even.as_ref().and_then(|it| at_shape(basis, it));
        let units = OfferedUnits { basis, offer: &offer, capacity, traffic };
        for mut plan in units.plans(cheapest) {
            match &at_shape {
                Some(Ok(from)) => plan.break_even_tokens_per_month = Some(*from),
                Some(Err(never)) => plan.notes.push(never.clone()),
                None => {}
            }
            if book.charged {
                plan.notes.push(SOLD_HERE.into());
            }
            plans.known.push(plan);
        }
    }
}

/// Returns the volume from which a unit pays at the shape of a volume, or says that it never does; `None`
/// where its capacity is not known.
fn at_shape(basis: &EstimateBasis<'_>, flat: &BreakEven) -> Option<Result<Tokens, String>> {
    let (from, share) = (flat.tokens_per_month, flat.share_of_capacity?);
    if share > Percent::ALL {
        return Some(Err(format!(
            "never pays at this mix: its break-even of {from} tokens a month is {share} of what it serves"
        )));
    }
    if basis.shape == LoadShape::Flat {
        return Some(Ok(from));
    }
    let served = Decimal::from(from.count());
    let hours = Decimal::from(HOURS_PER_MONTH);
    let most = (served * Decimal::ONE_HUNDRED / hours).checked_div(share.number())?;
    let volume = basis.shape.volume_that_serves(served, most);
    let volume = volume.and_then(|volume| volume.ceil().to_u64());
    Some(volume.map(Tokens::new).ok_or_else(|| {
        format!("never pays at this shape: it would have to serve {from} tokens a month, and is idle too long")
    }))
}

/// Names some units of an offer, as in `2 model units, Tier 1, 1-month term`.
fn in_words(offer: &Offer, units: &str) -> String {
    let label = offer.label.as_ref().map_or_else(String::new, |label| format!(", {label}"));
    match offer.term {
        Term::None => format!("{units}{label}, no term"),
        term => format!("{units}{label}, {term}"),
    }
}

/// Model units of one offer for a volume.
struct OfferedUnits<'a> {
    basis: &'a EstimateBasis<'a>,
    offer: &'a Offer,
    capacity: Capacity,
    traffic: &'a MadeTraffic,
}

impl OfferedUnits<'_> {
    fn plans(&self, on_demand: &CallRates) -> Vec<EstimatedPlan> {
        let purchase = UnitPurchase {
            capacity: self.capacity,
            price: self.offer.unit_price,
            held: UnitPurchase::NONE,
        };
        let sizing = purchase.sizing(&self.traffic.steps, MadeTraffic::STEP);
        let enough = sizing.throttle_minimum(Ratio::ZERO).map(|units| units.max(1));
        let best = UnitPurchase::optimum(&sizing).count();
        let best = Some(best).filter(|units| *units > 0 && Some(*units) != enough);
        let all = on_demand.cost(self.basis, false);
        let plan = |units: u32| {
            let left = self.traffic.a_month(sizing.left_on_demand(units));
            let cost = self.offer.unit_price.monthly_cost(ModelUnits::new(units)) + left;
            let words = in_words(self.offer, &ModelUnits::new(units).to_string());
            let mut plan =
                EstimatedPlan::new(PlanKind::ModelUnits, words, cost, &self.basis.volume);
            plan.model_units = Some(units);
            if self.offer.term == Term::None {
                plan.effort = Effort::Routing;
            }
            plan.utilisation = self.utilisation(units).filter(|_| left.is_zero());
            if left.is_positive() {
                let percent = left.percent_of(all).unwrap_or(Percent::ALL);
                plan.overflow = Some(SpilledPart { percent, monthly_cost: left });
                plan.notes.push(format!(
                    "{percent} of it ({left} a month) exceeds the units: callers send it on-demand, or AWS refuses it"
                ));
            }
            plan.cite(self.basis.day, [&self.offer.source]);
            plan
        };
        [enough, best].into_iter().flatten().map(plan).collect()
    }

    /// Computes the part of so many units that a month uses, on the ceiling that is used more.
    fn utilisation(&self, units: u32) -> Option<Percent> {
        let room = Load::of_units(self.capacity, units);
        let of = |load: u128, room: u128| {
            let room = Decimal::from(room) * Decimal::from(HOURS_PER_MONTH);
            (Decimal::from(load) * Decimal::ONE_HUNDRED).checked_div(room)
        };
        let month = self.traffic.month;
        let input = of(month.input, room.input)?;
        let output = of(month.output, room.output)?;
        Some(Percent::new(input.max(output).round_dp(2).normalize()))
    }
}

/// Builds the plan with reserved tokens that costs least, or with the least that is sold where none saves.
fn reserved_tokens(
    basis: &EstimateBasis<'_>,
    call: &CallRates,
    offer: &ReservedOffer,
) -> Option<EstimatedPlan> {
    let serves = |meter: &Meter| *meter != Meter::CacheRead;
    let (carried, beside): (Vec<_>, Vec<_>) =
        call.rates.iter().cloned().partition(|(meter, _)| serves(meter));
    let weights: LoadWeights = reserved_weights();
    let traffic = MadeTraffic::new(&basis.volume, &carried, weights, &basis.shape)?;
    let terms = ReservationTerms::of(offer);
    let purchase = TokenPurchase { terms, held: Reservation::NONE };
    let sizing = purchase.sizing(&traffic.steps, MadeTraffic::STEP);
    let best = sizing.optimum();
    // Steps are rounded down, so that what saves less than a cent saves nothing.
    let saves = traffic.a_month(sizing.replaced(best)) - terms.cost(best, HOURS_PER_MONTH);
    let pays = saves.dollars() >= Decimal::new(1, 2);
    let amount = if pays { best } else { sizing.smallest() };
    let volume = &basis.volume;
    let beside: Usd =
        beside.iter().map(|(meter, rate)| rate.contracted_unit_price.cost(volume.of(*meter))).sum();
    let left = traffic.a_month(sizing.left_on_demand(amount));
    let cost = terms.cost(amount, HOURS_PER_MONTH) + left + beside;
    let description = format!(
        "reserved tokens, {}, {}: {} input and {} output a minute",
        offer.scope.in_words(),
        offer.term,
        Tokens::new(amount.input_tokens_per_minute),
        Tokens::new(amount.output_tokens_per_minute),
    );
    let mut plan = EstimatedPlan::new(PlanKind::ReservedTokens, description, cost, volume);
    if left.is_positive() {
        let percent = left.percent_of(call.cost(basis, false)).unwrap_or(Percent::ALL);
        plan.overflow = Some(SpilledPart { percent, monthly_cost: left });
        plan.notes.push(format!(
            "{percent} of it ({left} a month) exceeds the reservation and goes on-demand"
        ));
    }
    if beside.is_positive() {
        plan.notes.push(format!(
            "{beside} a month of it is for cache reads, taken to be no part of a reservation"
        ));
    }
    if !pays {
        plan.notes.push("no amount saves: this is the least that is sold".into());
    }
    plan.cite(basis.day, [&offer.source]);
    Some(plan)
}
