//! Binding what is held for a term, at the number of units that is best at the term's price: a unit
//! that is not worth its price without a term can be worth the term's.

use rust_decimal::Decimal;

use crate::advice::amount::Amount;
use crate::advice::finding::Finding;
use crate::advice::fresh_break::FreshBreak;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::holding_advice::put_off_to_term_end;
use crate::advice::rules::holding_review::HoldingReview;
use crate::advice::{
    Action, Arrangement, Commitment, Evidence, Money, Plan, Recommendation, Working, command,
};
use crate::catalog::Offer;
use crate::config::Overflow;
use crate::domain::{ModelUnits, Term, Usd};
use crate::sizing::trial::{HeldAmount, HeldPart, Trial, percent};
use crate::sizing::{Certainty, Purchase as _, UnitPurchase};

/// Advice to bind a holding.
#[derive(Debug, Default)]
pub(super) struct BindAdvice {
    pub(super) finding: Finding,
    /// Units that are to be bound, now or when a term ends; `None` where none are.
    pub(super) units: Option<ModelUnits>,
}

/// Best size of a holding that binds nothing more.
#[derive(Clone, Copy)]
struct Unbound {
    units: ModelUnits,
    monthly_cost: Usd,
    /// Saving beside the present, in USD a month.
    savings: Usd,
}

/// Units that are bound under an offer, as the weeks judge them.
struct TermSize {
    units: ModelUnits,
    /// On-demand dollars a month that are replaced beyond what the unbound size replaces.
    replaced: Usd,
    /// Trial of all of the units; `None` where the demand is not known.
    trial: Option<Trial>,
    /// Certainty of what the term adds.
    certainty: Option<Certainty>,
}

/// An offer of the units under a term, put to the gates.
struct TermOption<'o> {
    offer: &'o Offer,
    units: ModelUnits,
    /// Saving beside the present, in USD a month.
    savings: Usd,
    /// Part of it that the term adds to the unbound size.
    adds: Usd,
    refusals: Vec<Refusal>,
    robustness: Option<f64>,
    /// Words on a fresh break in demand; `None` where there is none.
    held_back: Option<FreshBreak>,
}

/// Advises to hold units under a term, where that costs less than the best size without. A term is a
/// commitment, so what the term adds has to pass the gates of one. Silent where the price or the cost
/// of what is held is not known.
pub(super) fn advise(review: &HoldingReview<'_, '_>) -> BindAdvice {
    let (priced, workload, holding) = (review.priced, review.workload, review.holding);
    let held = holding.held;
    let (Some(own), Some(cost)) = (&holding.offer, holding.monthly_cost) else {
        return BindAdvice::default();
    };
    // What fails its own gates is no arrangement to compare with; the amount is asked for of the whole.
    let was_open = gates::was_open(
        priced,
        workload,
        Action::BindProvisionedModel,
        &held.provisioned_model_arn,
    );
    let settings = &priced.observation.settings;
    let smaller = review.unbound().filter(|smaller| {
        gates::share(settings, smaller.savings, cost, was_open).is_none()
            && gates::certainty(smaller.certainty.as_ref(), 1).is_none()
            && !workload.is_throttled()
    });
    let unbound = match smaller {
        Some(smaller) => Unbound {
            units: smaller.to,
            monthly_cost: own.unit_price.monthly_cost(smaller.to),
            savings: smaller.savings,
        },
        None => Unbound { units: held.model_units, monthly_cost: cost, savings: Usd::ZERO },
    };
    let terms = workload.offers.iter().filter(|offer| {
        offer.label == own.label && offer.term != Term::None && offer.unit_price < own.unit_price
    });
    let options = terms.filter_map(|offer| option(review, offer, unbound));
    // Of those that fail the fewest gates the one that saves most.
    let best = options.min_by(|a, b| {
        let by_gates = a.refusals.len().cmp(&b.refusals.len());
        by_gates.then_with(|| b.savings.cmp(&a.savings))
    });
    let Some(best) = best else {
        return BindAdvice::default();
    };
    let description = format!("{}, {}", best.units, best.offer.term);
    let plan = Plan::new(Action::BindProvisionedModel, description).saving(best.savings);
    if !best.refusals.is_empty() {
        // Listed, not told: nobody asks why what they hold is not bound for longer.
        let finding = Finding::listed_all(plan, best.refusals);
        return BindAdvice { finding, units: None };
    }
    let advice = recommendation(review, &best, unbound, own, cost);
    let mut finding = Finding::advised(plan, advice, Gate::Order);
    let is_dismissed = finding.dismiss(priced);
    let is_told = !is_dismissed && best.held_back.is_none();
    BindAdvice { finding, units: is_told.then_some(best.units) }
}

/// Puts an offer under a term to the gates; `None` where the offer saves nothing beside the unbound
/// size.
fn option<'o>(
    review: &HoldingReview<'_, '_>,
    offer: &'o Offer,
    unbound: Unbound,
) -> Option<TermOption<'o>> {
    let (priced, workload, held) = (review.priced, review.workload, review.holding.held);
    let settings = &priced.observation.settings;
    let is_cut = unbound.units < held.model_units
        || review.then().is_some_and(|then| then.units < held.model_units);
    let TermSize { units, replaced, trial, certainty } =
        if is_cut { best_size(review, offer, unbound)? } else { whole(review, offer) };
    let then = offer.unit_price.monthly_cost(units);
    let adds = unbound.monthly_cost - then + replaced;
    // What is filled in once the rest is given up counts there.
    let own = review.holding.offer.as_ref()?.unit_price.monthly_cost(units);
    let savings = match review.saves_unbound(units).filter(|_| !review.refuses()) {
        Some(saves) => saves + own - then,
        None => unbound.savings + adds,
    };
    if units == UnitPurchase::NONE || !adds.is_positive() {
        return None;
    }
    let (action, arn) = (Action::BindProvisionedModel, &held.provisioned_model_arn);
    let was_open = gates::was_open(priced, workload, action, arn);
    // Trend and history gate here, since a term binds; the share is of what the term binds.
    let mut refusals = Vec::new();
    refusals.extend(gates::least(settings, savings, was_open));
    refusals.extend(gates::share(settings, adds, then, was_open));
    if let Some(trial) = &trial {
        refusals.extend(gates::certainty(certainty.as_ref(), review.lanes_to_choose_from()));
        let trend = gates::trend(trial, offer.term);
        refusals.extend(trend.or_else(|| gates::mix(trial, offer.term)));
        refusals.extend(gates::backtest(trial));
    } else {
        refusals.push(Refusal::new(Gate::Knowledge, "what it serves is not known week by week"));
    }
    refusals.extend(gates::history(settings, workload, offer.term));
    refusals.extend(gates::lifecycle(workload, offer.term, review.next_term()));
    refusals.extend(gates::freshness(priced, offer.source.provenance.checked));
    if !review.is_to_be_had(units) {
        let why = "AWS does not offer units of this model in this Region";
        refusals.push(Refusal::new(Gate::Availability, why));
    }
    let held_back = trial.as_ref().and_then(|trial| FreshBreak::of(priced, trial));
    let robustness = trial.and_then(|trial| trial.robustness);
    Some(TermOption { offer, units, savings, adds, refusals, robustness, held_back })
}

/// Binds all of a holding of which no smaller size is better.
fn whole(review: &HoldingReview<'_, '_>, offer: &Offer) -> TermSize {
    let rates = review.over_term(review.cheapest, offer.term);
    let units = review.holding.held.model_units;
    let then = HeldAmount { amount: units, monthly_cost: offer.unit_price.monthly_cost(units) };
    // What a holding is filled with is known by its room alone.
    let shares = review.is_filled() || review.takes_calls();
    let filled = review.purchase(offer).filter(|_| shares);
    let trial = if let Some((purchase, demand)) = filled.zip(review.demand(&rates, true).ok()) {
        let bursts = demand.sized(&purchase).burst_shares(units, UnitPurchase::NONE);
        let part = HeldPart {
            purchase: &purchase,
            demand: &demand,
            more: then,
            less: None,
            bursts,
            observed_days: review.workload.observed_days,
            term: offer.term,
        };
        Some(review.trial(&part))
    } else {
        review.trial_of_served(&rates, then.monthly_cost)
    };
    let certainty = trial.as_ref().and_then(|trial| trial.certainty);
    TermSize { units, replaced: Usd::ZERO, trial, certainty }
}

/// Finds the size that costs least at the price of a term, from the unbound one up to what is held:
/// what is replaced beyond the unbound size is taken at the lower end of its prices.
fn best_size(review: &HoldingReview<'_, '_>, offer: &Offer, unbound: Unbound) -> Option<TermSize> {
    let (priced, workload) = (review.priced, review.workload);
    let settings = &priced.observation.settings;
    let rates = review.over_term(review.safe, offer.term);
    let purchase = review.purchase(offer)?;
    let demand = review.demand(&rates, true).ok()?;
    let sized = demand.sized(&purchase);
    let is_all_served = settings.overflow == Overflow::Throttle;
    let goes_elsewhere = review.goes_elsewhere();
    let now = review.holding.held.model_units;
    let units = if let Some(then) = review.then() {
        then.units
    } else {
        let best = if is_all_served {
            ModelUnits::new(sized.throttle_minimum(settings.headroom)?.max(1))
        } else {
            UnitPurchase::optimum(&sized.minutes)
        };
        best.clamp(unbound.units.min(now), now)
    };
    let replaced = |units: ModelUnits| {
        if is_all_served && (units != UnitPurchase::NONE || goes_elsewhere) {
            sized.all_monthly()
        } else {
            sized.replaced_monthly(units)
        }
    };
    // What the smaller size replaces anyway is not the term's: at most, then.
    let at_most = |units: ModelUnits| {
        let replaced = replaced(units);
        if is_all_served { replaced } else { replaced.max(sized.replaced_monthly_at_most(units)) }
    };
    let then = HeldAmount { amount: units, monthly_cost: offer.unit_price.monthly_cost(units) };
    let instead = HeldAmount { amount: unbound.units, monthly_cost: unbound.monthly_cost };
    let part = |less: Option<HeldAmount<ModelUnits>>| HeldPart {
        purchase: &purchase,
        demand: &demand,
        more: then,
        less,
        bursts: {
            let less = less.map_or(UnitPurchase::NONE, |less| less.amount);
            sized.burst_shares(units, less)
        },
        observed_days: workload.observed_days,
        term: offer.term,
    };
    Some(TermSize {
        units,
        replaced: replaced(units) - at_most(unbound.units),
        trial: Some(review.trial(&part(None))),
        certainty: part(Some(instead)).certainty(),
    })
}

fn recommendation(
    review: &HoldingReview<'_, '_>,
    best: &TermOption<'_>,
    unbound: Unbound,
    own: &Offer,
    cost: Usd,
) -> Recommendation {
    let (priced, workload, holding) = (review.priced, review.workload, review.holding);
    let (held, offer) = (holding.held, best.offer);
    let mut evidence = Evidence::default();
    evidence.offer(&holding.model, own);
    evidence.offer(&holding.model, offer);
    for rates in review.cheapest {
        evidence.lane(priced, rates.lane);
        if best.units < held.model_units {
            evidence.rates(workload, rates);
        }
    }
    let arn = &held.provisioned_model_arn;
    let now = format!("{} of {}, {}", held.model_units, held.provisioned_model_name, own.term);
    let free = best.savings - best.adds;
    let money = Money::saved(
        Arrangement::costing(now, cost),
        Arrangement::costing(format!("{}, {}", best.units, offer.term), cost - best.savings),
    );
    let action = Action::BindProvisionedModel;
    let mut advice = Recommendation::new(action, workload, arn, money, evidence);
    advice.provisioned_model_arn = Some(arn.clone());
    let months = Decimal::from(offer.term.months());
    let then = offer.unit_price.monthly_cost(best.units);
    advice.commitment = Commitment {
        robustness: best.robustness.and_then(|share| percent(share, 1)),
        commitment_total: Some(Usd::new(then.dollars() * months)),
        ..Commitment::default()
    };
    advice.standing.rollback_possible = false;
    advice.grounds.risks.extend([
        "a term is bought with a new provisioned model: callers have to call that one".into(),
        "a term cannot be ended early and renews by itself".into(),
    ]);
    if !review.refuses() && offer.capacity.is_some() {
        advice.grounds.risks.push(gates::SPILL_ASSUMPTION.into());
    }
    if review.is_filled() {
        advice.grounds.risks.push(
            "it rests on filling this provisioned model: what is moved there names the new one's ARN"
                .into(),
        );
    }
    if free.is_positive() {
        advice.grounds.risks.push(format!(
            "of this {free} a month without binding anything: {} on the present terms",
            Amount::from(unbound.units)
        ));
    }
    advice.grounds.workings.extend(offer.capacity.map(Working::capacity));
    advice.grounds.workings.extend([
        Working::new(
            "saves a month without a longer term",
            free,
            format!("{} on the present terms", Amount::from(unbound.units)),
        ),
        Working::new(
            "the term adds a month",
            best.adds,
            format!(
                "{} × {} USD × 730 hours instead of {}, and what more of them replaces on-demand",
                best.units, offer.unit_price, unbound.monthly_cost
            ),
        ),
    ]);
    if let Some(held) = &best.held_back {
        advice.standing.hold(held);
    }
    let steps = command::replace(workload, held, offer, best.units);
    put_off_to_term_end(priced, held, &mut advice, steps);
    advice
}
