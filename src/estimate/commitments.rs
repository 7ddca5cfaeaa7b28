//! The plans with what is bought ahead of time: model units, and reserved tokens per minute.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::advice::Effort;
use crate::catalog::{Offer, ReservedOffer};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{
    Capacity, LoadWeights, Meter, ModelUnits, Percent, Ratio, ServiceTier, Term, Tokens, Usd,
};
use crate::estimate::basis::EstimateBasis;
use crate::estimate::calls::CallRates;
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, SpilledPart, UnknownPlan};
use crate::estimate::shape::LoadShape;
use crate::estimate::traffic::MadeTraffic;
use crate::pricing::{Load, reserved_weights};
use crate::sizing::{
    BreakEven, Mix, Purchase as _, Reservation, ReservationTerms, TokenPurchase, UnitPurchase,
};

/// Words for what a book of prices does not tell.
const SOLD_HERE: &str = "whether AWS sells new units of it in this Region is not in the book: `aws bedrock list-foundation-models --by-inference-type PROVISIONED` lists those that it sells";

/// Adds the plans with model units: as many as refuse nothing, and as many as cost least where callers
/// route the rest.
pub(super) fn add_units(basis: &EstimateBasis<'_>, cheapest: &CallRates, plans: &mut Plans) {
    let (book, model) = (basis.book, basis.model);
    let weights = basis.unit_weights();
    let mut mix = Mix::default();
    for (meter, rate) in &cheapest.rates {
        let tokens = basis.volume.of(*meter);
        mix.add(*meter, tokens, rate.contracted_unit_price.cost(tokens), weights);
    }
    let traffic = MadeTraffic::new(&basis.volume, &cheapest.rates, weights, &basis.shape);
    for offer in book.offers(&model.id, &basis.region, basis.day, basis.overrides) {
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
        let at_shape = break_even.as_ref().and_then(|it| PaysFrom::new(basis, it));
        let units = OfferedUnits { basis, offer: &offer, capacity, traffic };
        for mut plan in units.plans(cheapest) {
            match &at_shape {
                Some(PaysFrom::Volume(from)) => plan.break_even_tokens_per_month = Some(*from),
                Some(PaysFrom::Never(why)) => plan.notes.push(why.to_string()),
                None => {}
            }
            if book.charged {
                plan.notes.push(SOLD_HERE.into());
            }
            plans.known.push(plan);
        }
    }
}

/// The volume from which a unit pays at the shape of a volume.
enum PaysFrom {
    Volume(Tokens),
    Never(NeverPays),
}

/// A reason for which a unit costs more than on-demand at any volume.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum NeverPays {
    /// A full unit is worth less than it costs.
    #[error(
        "never pays at this mix: its break-even of {from} tokens a month is {share} of what it serves"
    )]
    AtThisMix { from: Tokens, share: Percent },
    /// A unit would have to be full for longer than the shape lasts.
    #[error(
        "never pays at this shape: it would have to serve {from} tokens a month, and is idle too long"
    )]
    AtThisShape { from: Tokens },
}

impl PaysFrom {
    /// Puts a break-even of steady use to the shape of a volume; `None` where the capacity of a unit is not
    /// known.
    fn new(basis: &EstimateBasis<'_>, steady: &BreakEven) -> Option<Self> {
        let (from, share) = (steady.tokens_per_month, steady.share_of_capacity?);
        if share > Percent::ALL {
            return Some(Self::Never(NeverPays::AtThisMix { from, share }));
        }
        if basis.shape == LoadShape::Flat {
            return Some(Self::Volume(from));
        }
        let served = Decimal::from(from.count());
        let hours = Decimal::from(HOURS_PER_MONTH);
        let most = (served * Decimal::ONE_HUNDRED / hours).checked_div(share.number())?;
        let volume = basis.shape.volume_that_serves(served, most);
        let volume = volume.and_then(|volume| volume.ceil().to_u64());
        let never = Self::Never(NeverPays::AtThisShape { from });
        Some(volume.map_or(never, |volume| Self::Volume(Tokens::new(volume))))
    }
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
            if !self.basis.volume.is_uncached() && !self.basis.units_cache {
                plan.notes.push(
                    "units are taken to cache nothing: each cached token loads them as any other; --units-cache counts it by the book's weights".into(),
                );
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

/// Adds the plans with reserved tokens, each beside the cheapest calls that its scope serves.
pub(super) fn add_reserved_tokens(
    basis: &EstimateBasis<'_>,
    calls: &[CallRates],
    plans: &mut Plans,
) {
    let standard = || calls.iter().filter(|call| call.tier == ServiceTier::Standard);
    let (book, model) = (basis.book, &basis.model.id);
    let offers = book.reserved_offers(model, &basis.region, basis.day, basis.overrides);
    for offer in offers {
        if let Some(why) = basis.runs_out(offer.term) {
            plans.unknown.push(UnknownPlan {
                kind: PlanKind::ReservedTokens,
                description: format!("reserved tokens, {}, {}", offer.scope.in_words(), offer.term),
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
