//! The choice among the offers: each is proven not to save, sized and put to the gates, or told with
//! the condition under which units of unknown capacity would pay.

use std::borrow::Cow;

use crate::advice::candidate::{Candidate, OfferBasis, Offered, months_to_pay};
use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::proof::ProofPrices;
use crate::advice::rules::buy::basis::BuyingBasis;
use crate::advice::rules::buy::recommendation::{break_even, recommendation};
use crate::advice::rules::route;
use crate::advice::{CertificateReport, Plan};
use crate::catalog::ReservedScope;
use crate::domain::sorting::sort_by;
use crate::domain::{Ratio, Usd};
use crate::pricing::{Holding, Lane, LaneRates, Priced, Workload};
use crate::sizing::demand::{ServableDemand, UnknownDemand};

/// Returns true if minutes could change what is said of commitments: there is an offer of known
/// capacity that no certificate settles.
pub(crate) fn needs_minutes(priced: &Priced<'_>, workload: &Workload<'_>) -> bool {
    let cheapest = route::cheapest(priced, workload);
    let serving: Vec<&Holding<'_>> =
        workload.holdings.iter().filter(|holding| holding.can_serve_more()).collect();
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    // Whether routing counts is not known yet: either may be asked.
    let could_change = |routed: &[LaneRates<'_>]| {
        let basis = BuyingBasis {
            routed,
            serving: &serving,
            ..BuyingBasis::unchanged(priced, workload, &cheapest)
        };
        basis
            .offered()
            .iter()
            .any(|offered| offered.has_known_size() && basis.certificate(offered).is_none())
    };
    standard_monthly_cost(workload).is_positive()
        && (could_change(&cheapest) || could_change(&current))
}

pub(crate) fn advise(basis: &BuyingBasis<'_>) -> Finding {
    let workload = basis.workload;
    let standard = standard_monthly_cost(workload);
    let offered = basis.offered();
    let is_asked_for = basis.remaining.of(standard).is_positive() || !basis.replaced().is_empty();
    if !is_asked_for || offered.is_empty() {
        return Finding::default();
    }
    let mut finding = Finding::default();
    let mut open = Vec::new();
    for offered in offered {
        match basis.certificate(&offered) {
            Some(proof) => {
                let prices = match basis.rates(&offered) {
                    Cow::Borrowed(_) => ProofPrices::OfToday,
                    Cow::Owned(_) => ProofPrices::OfTheTerm,
                };
                let report =
                    CertificateReport::new(basis.priced, workload, &offered, proof, prices);
                finding.plans.push(unseen(&offered, Gate::Certificate, &report.sentence));
                finding.certificates.push(report);
            }
            None => open.push(offered),
        }
    }
    let (known, unknown): (Vec<_>, Vec<_>) = open.into_iter().partition(Offered::has_known_size);
    let conditions: Vec<Plan> =
        unknown.iter().map(|offered| unknown_capacity(basis, offered)).collect();
    let condition = conditions.first().and_then(|plan| plan.why_not.first().cloned());
    finding.plans.extend(conditions);
    if known.is_empty() {
        let proof = finding.certificates.first().map(|proof| &proof.sentence);
        finding.reasons.extend(condition.or(proof.cloned()));
        return finding;
    }
    // These hold for every offer, so they are told once and no plan has them.
    let because = |why: &str| format!("no commitment is advised: {why}");
    if let Some(refusal) = gates::completeness(workload).first() {
        finding.reasons.push(because(&refusal.why));
        return finding;
    }
    let mut candidates = match candidates(basis, &known) {
        Ok(candidates) => candidates,
        Err(why) => {
            finding.reasons.push(because(&why.to_string()));
            return finding;
        }
    };
    months_to_pay(&mut candidates);
    // What is open stays beside what would save more at another offer too.
    sort_by(&mut candidates, |a, b| {
        b.best_savings
            .cmp(&a.best_savings)
            .then_with(|| a.offered.term().cmp(&b.offered.term()))
            .then_with(|| a.offered.action().cmp(&b.offered.action()))
    });
    let chosen = candidates.iter().position(|candidate| candidate.refusals.is_empty());
    if let Some(best) = chosen.map(|place| candidates.remove(place)) {
        let mut bought = vec![best];
        // Reserved tokens of the other scope serve other requests.
        let is_beside = |other: &Candidate<'_>| {
            other.refusals.is_empty() && bought[0].offered.is_beside(&other.offered)
        };
        if let Some(place) = candidates.iter().position(is_beside) {
            bought.push(candidates.remove(place));
        }
        for other in candidates.iter_mut().filter(|other| other.refusals.is_empty()) {
            let saves_more = bought[0].savings >= other.savings;
            let why =
                if saves_more { "saves more" } else { "is open and saves four fifths of that" };
            let why = format!("{} {why}", bought[0].describe());
            other.refuse(Gate::Better, why);
        }
        for best in &bought {
            let advice = recommendation(basis, best);
            let mut advised = Finding::advised(best.plan(), advice, Gate::Setting);
            advised.dismiss(basis.priced);
            finding.take(advised);
        }
    } else {
        // The one that failed least tells most; of equals the one that would save most.
        let nearest = candidates.iter().min_by_key(|candidate| candidate.refusals.len());
        let refusals = nearest.into_iter().flat_map(|candidate| {
            let offer = candidate.offered.describe();
            let whys = candidate.refusals.iter();
            whys.map(move |refusal| format!("{} ({offer})", refusal.why))
        });
        finding.reasons.extend(refusals);
    }
    finding.plans.extend(candidates.iter().map(Candidate::plan));
    finding
}

/// Sizes each offer at the optimum.
fn candidates<'w>(
    basis: &BuyingBasis<'w>,
    known: &[Offered<'w>],
) -> Result<Vec<Candidate<'w>>, UnknownDemand> {
    let offer_basis = OfferBasis {
        priced: basis.priced,
        workload: basis.workload,
        rates_checked: basis
            .cheapest
            .iter()
            .flat_map(|rates| &rates.rates)
            .map(|(_, rate)| rate.source.provenance.checked)
            .min(),
    };
    let mut candidates = Vec::new();
    let replaced = basis.replaced();
    let serving = [basis.beside(), replaced.as_slice()].concat();
    for scope in [None, Some(ReservedScope::Regional), Some(ReservedScope::Global)] {
        let of_scope = || known.iter().filter(|offered| offered.scope() == scope);
        // All offers of a scope serve the same traffic, at the same prices where none changes.
        let mut today: Option<ServableDemand> = None;
        for offered in of_scope() {
            let rates = basis.rates(offered);
            let new = |rates: &[LaneRates<'_>]| {
                let traffic = BuyingBasis::traffic(offered, &serving);
                ServableDemand::new(basis.priced, basis.workload, rates, traffic)
            };
            let only = match offered {
                Offered::Units(offer) => basis.lanes(&rates, offer)?,
                Offered::Tokens(_) => None,
            };
            let of_its_own = match (&only, &rates) {
                (Some(only), _) => Some(new(only)?),
                (None, Cow::Owned(rates)) => Some(new(rates)?),
                (None, Cow::Borrowed(_)) => None,
            };
            let demand = match (&of_its_own, &mut today) {
                (Some(demand), _) => demand,
                (None, Some(today)) => today,
                (None, none @ None) => none.insert(new(&rates)?),
            };
            let candidate = match offered {
                Offered::Units(offer) => {
                    let standard = only.iter().flatten().filter(|rates| rates.lane.is_servable());
                    let only = standard.map(|rates| rates.lane.usage.model_id.text().to_owned());
                    let only = only.collect();
                    let replaced = replaced.clone();
                    let of_units =
                        Candidate::of_units(&offer_basis, demand, offer, basis.held, replaced);
                    of_units.map(|candidate| candidate.of_lanes(only))
                }
                Offered::Tokens(offer) => {
                    let held = basis.reserved(offer.scope);
                    Some(Candidate::of_tokens(&offer_basis, demand, offer, held))
                }
            };
            candidates.extend(candidate.map(|candidate| with_own_gates(basis, candidate)));
        }
    }
    Ok(candidates)
}

/// Adds the gates of one kind of purchase alone.
fn with_own_gates<'w>(basis: &BuyingBasis<'_>, mut candidate: Candidate<'w>) -> Candidate<'w> {
    let workload = basis.workload;
    if matches!(candidate.offered, Offered::Tokens(_)) && basis.remaining < Ratio::ONE {
        let why = "filling the provisioned model of the same model comes first";
        candidate.refuse(Gate::Order, why);
    }
    if matches!(candidate.offered, Offered::Units(_)) {
        if workload.provisionable_ids().is_empty() {
            let why = format!(
                "AWS does not offer provisioned throughput of this model in {} (bedrock:ListFoundationModels)",
                workload.place.region
            );
            candidate.refuse(Gate::Availability, why);
        }
        if let Some(holding) =
            basis.serving.iter().find(|holding| holding.exceeds_capacity().is_some())
        {
            candidate.refusals.push(gates::capacity(holding));
        }
    }
    candidate
}

/// Adds up the present cost of the traffic that units could serve, in USD a month.
fn standard_monthly_cost(workload: &Workload<'_>) -> Usd {
    workload.servable().map(Lane::monthly_cost).sum()
}

/// States the condition under which units of unknown capacity pay. AWS publishes no capacity:
/// without the operator's, no more can be said.
fn unknown_capacity(basis: &BuyingBasis<'_>, offered: &Offered<'_>) -> Plan {
    let even = match offered {
        Offered::Units(offer) => break_even(basis, offer),
        Offered::Tokens(_) => None,
    };
    let condition = even.map_or_else(String::new, |even| {
        let carried = even.carried_in_words();
        format!(
            ": one pays only if it sustains {} tokens an hour at this mix{carried}",
            even.tokens_per_hour
        )
    });
    let plan = unseen(
        offered,
        Gate::Knowledge,
        &format!("the capacity of a model unit is not known{condition}"),
    );
    // A model that leaves is no purchase at any capacity.
    let leaves = gates::lifecycle(basis.workload, offered.term(), basis.priced.day);
    plan.refused(leaves.into_iter().collect())
}

/// Builds the plan of an offer that is refused before any amount can be named.
fn unseen(offered: &Offered<'_>, gate: Gate, why: &str) -> Plan {
    let description = format!("{}, {}", offered.noun(), offered.describe());
    let why = format!("{why} ({})", offered.describe());
    Plan::new(offered.action(), description).refused(vec![Refusal::new(gate, why)])
}
