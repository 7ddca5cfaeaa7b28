//! Would model units, or reserved tokens, cost less than the cheapest arrangement that needs no
//! commitment?
//!
//! What is proven not to save is said with its proof. Each other offer is taken at its exact
//! optimum, on minutes, beside what is held already, and must pass every gate. Of those that pass,
//! the one that saves most is advised; the others say why not.

use crate::advice::candidate::{Amount, Candidate, Case, Offered, months_to_pay, overflow_risk};
use crate::advice::command::CONTACT;
use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::rules::route;
use crate::advice::{
    Arrangement, CertificateReport, Evidence, Plan, Recommendation, Savings, command,
};
use crate::catalog::{LoadWeights, Offer, ReservedOffer, ReservedScope, ScopeKind, Term};
use crate::config::Overflow;
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{Meter, ModelUnits, Ratio, Tokens, Usd};
use crate::pricing::LaneRates;
use crate::pricing::{
    Holding, Lane, LaneKind, Priced, Workload, reserved_meters, reserved_weights, reserves,
};
use crate::sizing::BreakEven;
use crate::sizing::ReservationTerms;
use crate::sizing::demand::{Demands, ServedBy};
use crate::sizing::trial::percent;
use crate::sizing::{Certificate, MeterLoads, Reservation};

/// What the rules before this one leave to decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'w> {
    pub(crate) priced: &'w Priced<'w>,
    pub(crate) workload: &'w Workload<'w>,
    /// The cheapest rates that each lane can have without a commitment: units are compared with these.
    pub(crate) cheapest: &'w [LaneRates<'w>],
    /// The rates of each lane once what counts is routed: reserved tokens serve one scope alone.
    pub(crate) routed: &'w [LaneRates<'w>],
    /// What the counted changes before it save.
    pub(crate) saved_before: Usd,
    /// The share of standard traffic that filling leaves on-demand.
    pub(crate) remaining: Ratio,
    /// The holdings that serve on.
    pub(crate) serving: &'w [&'w Holding<'w>],
    /// Where a unit of each offer begins to pay.
    pub(crate) break_even: &'w [BreakEven],
    /// Whether an idle holding of the same model is to be deleted.
    pub(crate) deletes_its_own: bool,
    /// Whether other traffic of the model is to go through another profile.
    pub(crate) is_routed: bool,
}

impl<'w> Question<'w> {
    /// The rates that an offer is compared with.
    const fn rates(&self, offered: &Offered<'_>) -> &'w [LaneRates<'w>] {
        match offered {
            Offered::Units(_) => self.cheapest,
            Offered::Tokens(_) => self.routed,
        }
    }

    /// The units that are held and serve on.
    fn held(&self) -> u32 {
        self.serving
            .iter()
            .map(|holding| holding.held.model_units)
            .sum::<ModelUnits>()
            .count()
    }

    /// The reserved tokens of a scope that are held.
    fn reserved(&self, scope: ReservedScope) -> Reservation {
        let held = self.workload.reserved.iter();
        held.filter(|held| held.declared.scope == scope)
            .map(|held| Reservation::declared(held.declared))
            .fold(Reservation::NONE, Reservation::and)
    }

    /// What could be bought for traffic that there is. Where reserved tokens are held, units are
    /// not sized beside them.
    fn offered(&self) -> Vec<Offered<'w>> {
        let workload = self.workload;
        let units = workload
            .offers
            .iter()
            .filter(|_| workload.reserved.is_empty())
            .map(Offered::Units);
        let is_used = |offer: &&ReservedOffer| {
            let mut lanes = self.routed.iter();
            lanes.any(|rates| rates.lane.is_standard() && reserves(offer.scope, rates.scope))
        };
        let tokens = workload.reserved_offers.iter().filter(is_used);
        units.chain(tokens.map(Offered::Tokens)).collect()
    }

    /// The tokens that an offer could serve, hour by hour of the recent window, at the upper end of
    /// their prices; `None` where some have no price or are not served.
    fn loads(&self, offered: &Offered<'_>) -> Option<Vec<MeterLoads>> {
        let settings = &self.priced.observation.settings;
        let (weights, meters) = match offered {
            Offered::Units(_) => {
                let prices = &self.priced.observation.prices;
                (prices.load_weights(&self.workload.model), None)
            }
            Offered::Tokens(_) => (reserved_weights(), Some(reserved_meters(settings))),
        };
        let mut loads: Vec<MeterLoads> = Vec::new();
        for rates in self.rates(offered) {
            let is_served = match (offered, &rates.lane.kind) {
                (Offered::Units(_), LaneKind::Provisioned(held)) => {
                    self.serving.iter().any(|holding| *holding.held == **held)
                }
                (Offered::Units(_), _) => rates.lane.is_standard(),
                (Offered::Tokens(offer), _) => {
                    rates.lane.is_standard() && reserves(offer.scope, rates.scope)
                }
            };
            if is_served {
                self.add_loads(&mut loads, rates, weights, meters)?;
            }
        }
        Some(loads)
    }

    fn add_loads(
        &self,
        loads: &mut Vec<MeterLoads>,
        rates: &LaneRates<'_>,
        weights: LoadWeights,
        meters: Option<&[Meter]>,
    ) -> Option<()> {
        let recent = self.priced.recent;
        for reading in rates.lane.usage.readings() {
            let hours = reading.series.since(recent.start());
            let is_wanted = meters.is_none_or(|meters| meters.contains(&reading.meter));
            if !is_wanted || reading.series.total_since(recent.start()).is_zero() {
                continue;
            }
            let (_, rate) = rates.rates.iter().find(|(of, _)| *of == reading.meter)?;
            let (ceiling, weight) = weights.of(reading.meter)?;
            let hours = hours.iter().map(|tokens| tokens.unwrap_or_default());
            let of = MeterLoads::new(ceiling, weight, rate.upper_unit_price, hours.collect())?;
            match loads.iter_mut().find(|other| other.is_alike(&of)) {
                Some(other) => other.add(&of),
                None => loads.push(of),
            }
        }
        Some(())
    }

    /// The proof that nothing is saved under an offer, if there is one. What was refused by AWS or
    /// not read whole is not in the figures, so there nothing is proven.
    fn certificate(&self, offered: &Offered<'_>) -> Option<Certificate> {
        if self.workload.is_throttled() || !gates::completeness(self.workload).is_empty() {
            return None;
        }
        let loads = self.loads(offered)?;
        let settings = &self.priced.observation.settings;
        match offered {
            Offered::Units(offer) => {
                // Where AWS refuses the rest, a few units can free what held ones have to spare.
                let is_alone = settings.overflow == Overflow::Spill || self.held() == 0;
                let capacity = offer.capacity.filter(|_| is_alone);
                Certificate::of_units(&loads, capacity, offer.unit_price)
            }
            Offered::Tokens(offer) if self.reserved(offer.scope) == Reservation::NONE => {
                Certificate::of_reservation(&loads, &ReservationTerms::of(offer))
            }
            Offered::Tokens(_) => None,
        }
    }
}

/// Whether minutes could change what is said of commitments: an offer of known capacity that no
/// certificate settles.
pub(crate) fn needs_minutes(priced: &Priced<'_>, workload: &Workload<'_>) -> bool {
    let cheapest = route::cheapest(priced, workload);
    let serving: Vec<&Holding<'_>> = workload
        .holdings
        .iter()
        .filter(|holding| holding.can_serve_more())
        .collect();
    let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    // Whether routing counts is not known yet: either may be asked.
    let could_change = |routed: &[LaneRates<'_>]| {
        let question = Question {
            priced,
            workload,
            cheapest: &cheapest,
            routed,
            saved_before: Usd::ZERO,
            remaining: Ratio::ONE,
            serving: &serving,
            break_even: &[],
            deletes_its_own: false,
            is_routed: false,
        };
        question.offered().iter().any(|offered| {
            !matches!(offered, Offered::Units(offer) if offer.capacity.is_none())
                && question.certificate(offered).is_none()
        })
    };
    standard_monthly_cost(workload).is_positive()
        && (could_change(&cheapest) || could_change(&current))
}

pub(crate) fn advise(question: &Question<'_>) -> Finding {
    let workload = question.workload;
    let standard = standard_monthly_cost(workload);
    let offered = question.offered();
    if !question.remaining.of(standard).is_positive() || offered.is_empty() {
        return Finding::default();
    }
    let mut found = Finding::default();
    let mut proofs = Vec::new();
    let mut open = Vec::new();
    for offered in offered {
        match question.certificate(&offered) {
            Some(proof) => {
                let report = CertificateReport::new(question.priced, workload, &offered, proof);
                found
                    .plans
                    .push(unseen(&offered, Gate::Certificate, &report.sentence));
                proofs.push(report.sentence.clone());
                found.certificates.push(report);
            }
            None => open.push(offered),
        }
    }
    let (known, unknown): (Vec<_>, Vec<_>) = open
        .into_iter()
        .partition(|offered| !matches!(offered, Offered::Units(offer) if offer.capacity.is_none()));
    let conditions: Vec<Plan> = unknown
        .iter()
        .map(|offered| unknown_capacity(question, offered))
        .collect();
    let condition = conditions.first().and_then(|plan| plan.why_not.first());
    let condition = condition.cloned();
    found.plans.extend(conditions);
    if known.is_empty() {
        found
            .reasons
            .extend(condition.or_else(|| proofs.first().cloned()));
        return found;
    }
    let because = |why: &str| format!("no commitment is advised: {why}");
    if let Some(refusal) = gates::completeness(workload).first() {
        found.reasons.push(because(&refusal.why));
        return found;
    }
    let mut candidates = match candidates(question, &known) {
        Ok(candidates) => candidates,
        Err(why) => {
            found.reasons.push(because(&why));
            return found;
        }
    };
    months_to_pay(&mut candidates);
    candidates.sort_by(|a, b| {
        b.savings
            .cmp(&a.savings)
            .then_with(|| a.offered.term().cmp(&b.offered.term()))
            .then_with(|| a.offered.action().cmp(&b.offered.action()))
    });
    let before = workload.monthly_cost() - question.saved_before;
    let chosen = candidates
        .iter()
        .position(|candidate| candidate.refusals.is_empty());
    if let Some(best) = chosen.map(|place| candidates.remove(place)) {
        let mut bought = vec![best];
        // Reserved tokens of the other scope serve other requests.
        let is_beside =
            |it: &Candidate<'_>| it.refusals.is_empty() && bought[0].offered.is_beside(&it.offered);
        if let Some(place) = candidates.iter().position(is_beside) {
            bought.push(candidates.remove(place));
        }
        for other in candidates.iter_mut().filter(|it| it.refusals.is_empty()) {
            let why = format!("{} saves more", bought[0].describe());
            other.refusals.push(Refusal::new(Gate::Better, why));
        }
        for best in &bought {
            let advice = recommendation(question, best);
            let mut finding = Finding::advised(best.plan(before), advice, Gate::Setting);
            finding.dismiss(question.priced);
            found.take(finding);
        }
    } else {
        // The one that failed least tells most; of equals the one that would save most.
        let nearest = candidates.iter().min_by_key(|it| it.refusals.len());
        let refusals = nearest.into_iter().flat_map(|it| {
            let offer = it.offered.describe();
            let whys = it.refusals.iter();
            whys.map(move |refusal| format!("{} ({offer})", refusal.why))
        });
        found.reasons.extend(refusals);
    }
    found
        .plans
        .extend(candidates.iter().map(|candidate| candidate.plan(before)));
    found
}

/// Each offer at its optimum. An error says what is missing to size any.
fn candidates<'w>(
    question: &Question<'w>,
    known: &[Offered<'w>],
) -> Result<Vec<Candidate<'w>>, String> {
    let case = Case {
        priced: question.priced,
        workload: question.workload,
        rates_checked: question
            .cheapest
            .iter()
            .flat_map(|rates| &rates.rates)
            .map(|(_, rate)| rate.source.provenance.checked)
            .min(),
    };
    let demands = |served_by| {
        Demands::new(
            question.priced,
            question.workload,
            match served_by {
                ServedBy::Units { .. } => question.cheapest,
                ServedBy::Reserved(_) => question.routed,
            },
            served_by,
        )
    };
    let mut found = Vec::new();
    let is_units = |offered: &&Offered<'w>| matches!(offered, Offered::Units(_));
    if known.iter().any(|offered| is_units(&offered)) {
        let units = demands(ServedBy::Units {
            serving: question.serving,
            with_on_demand: true,
        })?;
        for offered in known {
            if let Offered::Units(offer) = offered {
                let candidate = Candidate::of_units(&case, &units, offer, question.held());
                found.extend(candidate.map(|it| with_own_gates(question, it)));
            }
        }
    }
    for scope in [ReservedScope::Regional, ReservedScope::Global] {
        let of_scope: Vec<&ReservedOffer> = known
            .iter()
            .filter_map(|offered| match offered {
                Offered::Tokens(offer) if offer.scope == scope => Some(*offer),
                _ => None,
            })
            .collect();
        if of_scope.is_empty() {
            continue;
        }
        let tokens = demands(ServedBy::Reserved(scope))?;
        for offer in of_scope {
            let held = question.reserved(scope);
            let candidate = Candidate::of_tokens(&case, &tokens, offer, held);
            found.push(with_own_gates(question, candidate));
        }
    }
    Ok(found)
}

/// The gates of one kind of purchase alone.
fn with_own_gates<'w>(question: &Question<'_>, mut candidate: Candidate<'w>) -> Candidate<'w> {
    let workload = question.workload;
    let inventory = &workload.observed.inventory;
    if matches!(candidate.offered, Offered::Tokens(_)) && question.remaining < Ratio::ONE {
        let why = "filling the provisioned model of the same model comes first";
        candidate.refusals.push(Refusal::new(Gate::Order, why));
    }
    if matches!(candidate.offered, Offered::Units(_)) {
        if inventory.provisionable_ids(&workload.model).is_empty() {
            let why = format!(
                "AWS does not offer provisioned throughput of this model in {} (bedrock:ListFoundationModels)",
                workload.place.region
            );
            candidate
                .refusals
                .push(Refusal::new(Gate::Availability, why));
        }
        if let Some(holding) = question
            .serving
            .iter()
            .find(|it| it.exceeds_capacity().is_some())
        {
            candidate.refusals.push(gates::capacity(holding));
        }
        if question.deletes_its_own {
            let why = "the idle provisioned model of the same model comes first";
            candidate.refusals.push(Refusal::new(Gate::Order, why));
        }
    }
    candidate
}

/// What the traffic that units could serve costs now.
fn standard_monthly_cost(workload: &Workload<'_>) -> Usd {
    workload
        .on_demand()
        .filter(|lane| lane.is_standard())
        .map(Lane::monthly_cost)
        .sum()
}

/// AWS publishes no capacity: without the operator's, only a condition can be stated.
fn unknown_capacity(question: &Question<'_>, offered: &Offered<'_>) -> Plan {
    let even = match offered {
        Offered::Units(offer) => break_even(question, offer),
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
    let leaves = gates::lifecycle(question.priced, question.workload, offered.term());
    plan.refused(leaves.into_iter().collect())
}

/// An offer that is refused before any amount can be named.
fn unseen(offered: &Offered<'_>, gate: Gate, why: &str) -> Plan {
    let description = format!("{}, {}", offered.noun(), offered.describe());
    let why = format!("{why} ({})", offered.describe());
    Plan::new(offered.action(), description).refused(vec![Refusal::new(gate, why)])
}

fn break_even<'q>(question: &Question<'q>, offer: &Offer) -> Option<&'q BreakEven> {
    question
        .break_even
        .iter()
        .find(|even| even.term == offer.term && even.label == offer.label)
}

fn recommendation(question: &Question<'_>, best: &Candidate<'_>) -> Recommendation {
    let (priced, workload) = (question.priced, question.workload);
    let mut evidence = Evidence::default();
    for rates in question.rates(&best.offered) {
        evidence.lane(priced, rates.lane);
        evidence.rates(workload, rates);
    }
    for rates in question.rates(&best.offered) {
        evidence.history(priced, rates.lane);
    }
    match &best.offered {
        Offered::Units(offer) => evidence.offer(&workload.model, offer),
        Offered::Tokens(offer) => evidence.reserved_offer(&workload.model, offer),
    }
    let current = Arrangement {
        description: "on-demand".into(),
        monthly_cost: best.without,
    };
    let proposed = Arrangement {
        description: best.describe(),
        monthly_cost: best.with(),
    };
    let action = best.offered.action();
    let subject = best.offered.subject(&workload.model);
    let mut advice = Recommendation::new(action, workload, &subject, current, proposed, evidence);
    advice.workings.extend(best.workings.iter().cloned());
    if let Some(trial) = &best.trial {
        if let Some(certainty) = &trial.certainty {
            advice.estimated_monthly_savings = Savings {
                p10: certainty.p10(),
                p50: certainty.p50(),
                p90: certainty.p90(),
                ..advice.estimated_monthly_savings
            };
        }
        advice.robustness = trial.robustness.and_then(|share| percent(share, 1));
        advice.backtest = trial.backtest();
    }
    advice.months_to_pay = best.months_to_pay;
    advice.risks.extend(risks(question, best));
    if let Some(total) = best.commitment_total() {
        advice.commitment_total = Some(total);
        advice.rollback_possible = false;
    }
    match &best.offered {
        Offered::Units(offer) => {
            advice.not_counted_because = gates::in_region(priced, workload);
            advice.break_even = break_even(question, offer).cloned();
            let units = match best.amount {
                Amount::Units(units) => units,
                Amount::Tokens(_) => ModelUnits::default(),
            };
            advice.take_steps(command::buy(workload, offer, units).into_iter().collect());
        }
        Offered::Tokens(offer) => {
            let scopes: &[ScopeKind] = match offer.scope {
                ReservedScope::Regional => &[ScopeKind::InRegion, ScopeKind::Geo],
                ReservedScope::Global => &[ScopeKind::Global],
            };
            advice.not_counted_because = gates::allowed(priced, workload, scopes);
            advice.contact = Some(CONTACT.to_owned());
        }
    }
    advice
}

fn risks(question: &Question<'_>, best: &Candidate<'_>) -> Vec<String> {
    let mut risks = Vec::new();
    match &best.offered {
        Offered::Units(offer) => risks.extend(unit_risks(question, best, offer)),
        Offered::Tokens(offer) => risks.extend(token_risks(question, offer)),
    }
    if question.workload.is_throttled() {
        risks.push(
            "requests were throttled: the true demand is higher than what was metered".into(),
        );
    }
    risks.push(match (&best.offered, best.offered.term()) {
        (Offered::Tokens(_), _) => {
            "a reservation is billed on after its term until AWS is told to delete it".to_owned()
        }
        (_, Term::None) => {
            "units without a term are priced for all hours; switching them off by the hour is not modelled".into()
        }
        _ => "a term cannot be ended early and renews by itself".to_owned(),
    });
    risks
}

fn unit_risks(question: &Question<'_>, best: &Candidate<'_>, offer: &Offer) -> Vec<String> {
    let settings = &question.priced.observation.settings;
    let mut risks = Vec::new();
    if question.held() > 0 {
        risks.push(format!(
            "these are beside {} held already, which serve first: traffic has to go to both",
            ModelUnits::new(question.held())
        ));
    }
    if question.is_routed {
        risks.push(
            "what the units serve is called by the provisioned model's address; only the rest goes through a profile"
                .into(),
        );
    }
    if let Some(capacity) = offer.capacity {
        let origin = match capacity.origin {
            CapacityOrigin::Assumed => "assumed capacity (from the overrides; AWS publishes none)",
            CapacityOrigin::Stated => "capacity as the price book states it",
        };
        risks.push(format!(
            "{origin}: a unit serves {} input and {} output tokens an hour",
            Tokens::new(capacity.input_tokens_per_hour),
            Tokens::new(capacity.output_tokens_per_hour)
        ));
    }
    risks.push(overflow_risk(settings));
    if settings.overflow == Overflow::Throttle {
        risks.extend(best.fewer.clone());
    }
    risks
}

fn token_risks(question: &Question<'_>, offer: &ReservedOffer) -> Vec<String> {
    let mut risks = Vec::new();
    let held = question.reserved(offer.scope);
    if held == Reservation::NONE {
        risks.push(format!(
            "if you hold none: no API lists reserved tokens, and the overrides declare none of the {} scope for this model",
            offer.scope.in_words()
        ));
    } else {
        risks.push("these are beside the reserved tokens that the overrides declare".into());
    }
    if question.is_routed {
        risks.push("it serves what is routed to the global profile, so route first".into());
    }
    let settings = &question.priced.observation.settings;
    risks.push(if settings.reserved_cache_reads {
        "cache reads are taken to be served by the reservation (GUARD_RESERVED_CACHE_READS)".into()
    } else {
        "cache reads are taken to be billed as on-demand beside the reservation: AWS does not say"
            .to_owned()
    });
    risks
}
