//! Should less be held of what is at work? Model units and reserved tokens are paid for used or not,
//! and those under a term renew by themselves, so the decision is due before the term ends.
//!
//! Each holding is looked at alone, the others serving on. Where its capacity is known it is taken
//! at its own exact optimum; where it is not, what it serves is compared with what it costs: a
//! holding worth under 100 % costs more than the same tokens on-demand. Silent about idle holdings,
//! which `idle` deletes, and about custom models, which have no on-demand twin.

use rust_decimal::Decimal;
use serde::Serialize;

use super::candidate::{Amount, scope_name, terms_of};
use super::demands::{Demands, ServedBy};
use super::fill::Filling;
use super::gates::{self, Gate, Refusal};
use super::rates::LaneRates;
use super::trial::{Trial, certainty_of_cut, certainty_of_whole, percent};
use super::{
    Action, Arrangement, Effort, Evidence, Finding, Plan, Recommendation, Working, command,
};
use crate::catalog::{Offer, Term};
use crate::commitment::{Certainty, Kind, Reservation, TokenKind, UnitKind};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{ModelUnits, Percent, Usd};
use crate::pricing::{Holding, Idleness, Priced, Reserved, Workload, reserves};
use crate::settings::Overflow;

/// What is said of one holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldingAdvice {
    /// Its address, or the name of reserved tokens.
    pub subject: String,
    /// How what it is asked for compares with what it has.
    pub load: Load,
    /// How much of it would cost least, in words; `None` where that cannot be said.
    pub right_size: Option<String>,
    /// What happens to it inside its term, where its model leaves.
    pub lifecycle_risk: Option<String>,
    /// What to do about it before its term ends; `None` without a term.
    pub at_term_end: Option<AtTermEnd>,
}

impl HoldingAdvice {
    /// Says what to do before its term ends, where it has one.
    fn decide(&mut self, holding: &Holding<'_>, at_end: AtTermEnd) {
        self.at_term_end = holding.held.is_under_term().then_some(at_end);
    }

    /// Nothing is known of it.
    pub(crate) fn unknown(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            load: Load::Unknown,
            right_size: None,
            lifecycle_risk: None,
            at_term_end: None,
        }
    }
}

/// What to do about a holding before its term ends: it renews by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtTermEnd {
    /// Nothing: it is worth its price.
    Renew,
    /// Hold less of it.
    RightSize,
    /// Hold none of it.
    LetExpire,
    /// That cannot be said.
    Undecided,
}

/// How what a holding is asked for compares with what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// It refused requests.
    Oversubscribed,
    /// Less of it would cost less.
    UnderUsed,
    /// It has the size that costs least, or a smaller one.
    Fits,
    /// That cannot be said.
    Unknown,
}

/// What is said of all of them, and what it leaves to the later rules.
pub(super) struct Renewing {
    pub(super) finding: Finding,
    /// Whether anything is to be given up at once.
    gives_up_now: bool,
}

impl Renewing {
    /// Whether anything is to be given up at once.
    pub(super) const fn gives_up_counted(&self) -> bool {
        self.gives_up_now
    }
}

/// Whether a holding of a workload could be filled, or reserved tokens are held: then minutes of its
/// on-demand traffic are needed too.
pub(super) fn fills_or_reserves(workload: &Workload<'_>) -> bool {
    let can_fill = |holding: &Holding<'_>| holding.can_serve_more() && holding.capacity().is_some();
    !workload.reserved.is_empty()
        || (workload.on_demand().next().is_some() && workload.holdings.iter().any(can_fill))
}

/// Whether a workload holds model units at work, whose minutes tell what a unit carries.
pub(super) fn is_held(workload: &Workload<'_>) -> bool {
    let at_work =
        |holding: &Holding<'_>| holding.can_serve_more() && holding.idleness == Idleness::Busy;
    workload.holdings.iter().any(at_work)
}

pub(super) fn advise<'w>(
    priced: &'w Priced<'w>,
    workload: &'w Workload<'w>,
    cheapest: &[LaneRates<'w>],
    fill: &Filling<'w>,
) -> Renewing {
    let mut renewing = Renewing {
        finding: Finding::default(),
        gives_up_now: false,
    };
    let mut at_work: Vec<&Holding<'_>> = workload
        .holdings
        .iter()
        .filter(|holding| holding.can_serve_more())
        .filter(|holding| {
            let is_filled = fill
                .filled()
                .iter()
                .any(|filled| filled.held == holding.held);
            holding.idleness == Idleness::Busy || is_filled
        })
        .collect();
    // What can be changed first is decided first, and what is decided holds for those after it: two
    // that could each be spared while the other stays cannot both be.
    at_work.sort_by_key(|holding| holding.held.commitment_expiration_time);
    let mut units: Vec<u32> = at_work
        .iter()
        .map(|holding| holding.held.model_units.count())
        .collect();
    for holding in &workload.holdings {
        if at_work.iter().all(|other| other.held != holding.held) {
            let at_end = match holding.idleness {
                Idleness::Idle => AtTermEnd::LetExpire,
                Idleness::Busy | Idleness::NotSeen(_) => AtTermEnd::Undecided,
            };
            let said = said_of(priced, workload, holding, at_end);
            renewing.finding.holdings.push(said);
        }
    }
    for place in 0..at_work.len() {
        let holding = at_work[place];
        let case = UnitCase {
            priced,
            workload,
            cheapest,
            at_work: &at_work,
            holding,
            others: all_but(&units, place),
            is_filled: fill.is_counted(),
        };
        let mut said = said_of(priced, workload, holding, AtTermEnd::Undecided);
        let is_known = holding.capacity().is_some();
        match case.smaller() {
            Ok(Some(smaller)) => {
                said.load = Load::UnderUsed;
                said.right_size = Some(smaller.to.to_string());
                let mut found = case.finding(&smaller);
                let is_dismissed = super::dismiss(priced, &mut found);
                if let [advice] = found.recommendations.as_slice() {
                    said.decide(holding, smaller.at_term_end());
                    if !is_dismissed {
                        units[place] = smaller.units();
                    }
                    renewing.gives_up_now |= advice.is_counted() && smaller.is_none;
                }
                renewing.finding.take(found);
            }
            Ok(None) => {
                let pays = holding.worth().is_some_and(|worth| worth >= Percent::ALL);
                if is_known || pays {
                    said.decide(holding, AtTermEnd::Renew);
                    let mut found = case.under_another_term();
                    super::dismiss(priced, &mut found);
                    renewing.finding.take(found);
                }
                if is_known && holding.throttles == 0 {
                    said.load = Load::Fits;
                    said.right_size = Some(holding.held.model_units.to_string());
                }
            }
            Err(why) => renewing.finding.reasons.extend(why),
        }
        renewing.finding.holdings.push(said);
    }
    renewing
}

/// All units but those at one place.
fn all_but(units: &[u32], place: usize) -> u32 {
    let others = units.iter().enumerate().filter(|(at, _)| *at != place);
    others.fold(0, |sum, (_, units)| sum.saturating_add(*units))
}

/// What is said of a holding before its size is looked at.
fn said_of(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
    at_end: AtTermEnd,
) -> HoldingAdvice {
    let mut said = HoldingAdvice::unknown(&holding.held.provisioned_model_arn);
    if holding.throttles > 0 {
        said.load = Load::Oversubscribed;
    }
    said.lifecycle_risk = lifecycle_risk(priced, workload, holding);
    said.decide(holding, at_end);
    said
}

/// A model that leaves while something is still bound to it.
fn lifecycle_risk(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
) -> Option<String> {
    let ends = crate::domain::day_of(holding.held.commitment_expiration_time?);
    let lifecycle = gates::Lifecycle::of(priced, workload);
    if let Some(end) = lifecycle.end_of_life.filter(|end| *end <= ends) {
        return Some(format!(
            "the model's end of life, {end}, falls before its term ends on {ends}"
        ));
    }
    if lifecycle.is_legacy {
        return Some("the model is Legacy: when its term ends, no new one may be sold".to_owned());
    }
    let legacy = lifecycle.legacy.filter(|legacy| *legacy <= ends)?;
    Some(format!(
        "the model becomes Legacy on {legacy}, before its term ends on {ends}"
    ))
}

/// Holding less than now.
struct Smaller {
    /// How much less is held then.
    to: Amount,
    is_none: bool,
    savings: Usd,
    /// How sure the saving is.
    certainty: Option<Certainty>,
    workings: Vec<Working>,
    on: &'static str,
}

impl Smaller {
    /// The units that are left of it.
    const fn units(&self) -> u32 {
        match self.to {
            Amount::Units(units) => units.count(),
            Amount::Tokens(_) => 0,
        }
    }

    /// What is left of it, of reserved tokens.
    const fn reservation(&self) -> Reservation {
        match self.to {
            Amount::Tokens(reservation) => reservation,
            Amount::Units(_) => Reservation::NONE,
        }
    }

    const fn at_term_end(&self) -> AtTermEnd {
        if self.is_none {
            AtTermEnd::LetExpire
        } else {
            AtTermEnd::RightSize
        }
    }
}

/// One holding of model units.
struct UnitCase<'c, 'w> {
    priced: &'w Priced<'w>,
    workload: &'w Workload<'w>,
    cheapest: &'c [LaneRates<'w>],
    at_work: &'c [&'w Holding<'w>],
    holding: &'w Holding<'w>,
    /// The units beside it that serve on.
    others: u32,
    is_filled: bool,
}

impl UnitCase<'_, '_> {
    /// What of it would cost less, if anything. An error says why that is not known, where a reader
    /// would ask.
    fn smaller(&self) -> Result<Option<Smaller>, Option<String>> {
        let holding = self.holding;
        let Some(cost) = holding.monthly_cost else {
            return Err(None);
        };
        if !gates::completeness(self.workload).is_empty() {
            return Err(None);
        }
        match (&holding.offer, holding.capacity()) {
            (Some(offer), Some(capacity)) => {
                let kind = UnitKind {
                    capacity,
                    price: offer.unit_price,
                    held: self.others,
                };
                self.at_its_optimum(&kind)
            }
            _ => Ok(self.by_its_worth(cost)),
        }
    }

    fn served_by(&self) -> ServedBy<'_> {
        ServedBy::Units {
            serving: self.at_work,
            with_on_demand: self.is_filled,
        }
    }

    fn at_its_optimum(&self, kind: &UnitKind) -> Result<Option<Smaller>, Option<String>> {
        let settings = &self.priced.observation.settings;
        let name = &self.holding.held.provisioned_model_name;
        if self.holding.exceeds_capacity().is_some() {
            return Err(Some(gates::capacity(self.holding).why));
        }
        let demands = Demands::new(self.priced, self.workload, self.cheapest, self.served_by())
            .map_err(|why| {
                Some(format!(
                    "whether {name} has its right size is not known: {why}"
                ))
            })?;
        let sized = demands.sized(kind);
        let now = self.holding.held.model_units.count();
        let options: Vec<u32> = match settings.overflow {
            Overflow::Spill => vec![sized.minutes.spill_optimum()],
            // Fewer must still refuse nothing; none at all leaves everything on-demand.
            Overflow::Throttle => {
                let enough = sized.minutes.throttle_minimum(settings.headroom);
                let hours = sized.recent_hours.throttle_minimum(settings.headroom);
                let enough = enough.zip(hours).map(|(minutes, hours)| minutes.max(hours));
                let none = (kind.held == 0).then_some(0);
                enough.into_iter().chain(none).collect()
            }
        };
        let month = |units: u32| kind.cost(units, HOURS_PER_MONTH);
        let all_is_served = settings.overflow == Overflow::Throttle;
        let left = |units: u32| {
            if all_is_served && units > 0 {
                Usd::ZERO
            } else {
                sized.all_monthly() - sized.replaced_monthly(units)
            }
        };
        let total = |units: u32| month(units) + left(units);
        let best = options
            .into_iter()
            .filter(|units| *units < now && self.is_to_be_had(*units))
            .min_by_key(|units| (total(*units), *units));
        let Some(units) = best.filter(|units| total(*units) < total(now)) else {
            return Ok(None);
        };
        let to = ModelUnits::new(units);
        let savings = total(now) - total(units);
        Ok(Some(Smaller {
            to: Amount::Units(to),
            is_none: units == 0,
            savings,
            certainty: certainty_of_cut(
                kind,
                &demands,
                ((now, month(now)), (units, month(units))),
                sized.burst_share(now),
                self.workload.observed_days,
            ),
            workings: vec![
                Working::new(
                    "costs a month as it is",
                    total(now),
                    format!(
                        "{} × {} USD × 730 hours, and {} on-demand beside it",
                        ModelUnits::new(now),
                        kind.price,
                        left(now)
                    ),
                ),
                Working::new(
                    "costs a month then",
                    total(units),
                    format!(
                        "{to} × {} USD × 730 hours, and {} on-demand beside it",
                        kind.price,
                        left(units)
                    ),
                ),
            ],
            on: "the optimum of what it serves, by the minute",
        }))
    }

    /// Whether AWS serves what would be left: calls on-demand, or so many new units.
    fn is_to_be_had(&self, units: u32) -> bool {
        let inventory = &self.workload.observed.inventory;
        let model = &self.workload.model;
        if units > 0 {
            let is_sold = !inventory.provisionable_ids(model).is_empty();
            return is_sold && !gates::Lifecycle::of(self.priced, self.workload).is_legacy;
        }
        // Under throttle it all goes to the others, which have room for it.
        let settings = &self.priced.observation.settings;
        let is_known = self.holding.capacity().is_some();
        if is_known && self.others > 0 && settings.overflow == Overflow::Throttle {
            return true;
        }
        let mut listed = inventory.listed(model).peekable();
        // Where the list does not have the model at all, it says nothing of it.
        self.workload.on_demand().next().is_some()
            || listed.peek().is_none()
            || listed.any(|entry| {
                let kinds = entry.inference_types_supported.iter();
                kinds.into_iter().any(|kind| kind != "PROVISIONED")
            })
    }

    /// Without a capacity only the whole of it can be judged: what it serves against what it costs.
    fn by_its_worth(&self, cost: Usd) -> Option<Smaller> {
        let own: Vec<&LaneRates<'_>> = self
            .cheapest
            .iter()
            .filter(|rates| {
                matches!(rates.lane.kind, crate::pricing::LaneKind::Provisioned(held) if held == self.holding.held)
            })
            .collect();
        // Something that it serves has no price: what it is worth is not known.
        self.holding.monthly_value?;
        let value: Usd = own
            .iter()
            .map(|rates| rates.monthly_cost(self.priced.recent))
            .sum();
        let savings = cost - value;
        (savings.is_positive() && self.is_to_be_had(0)).then(|| Smaller {
            to: Amount::Units(ModelUnits::new(0)),
            is_none: true,
            savings,
            certainty: Demands::hourly(
                self.priced,
                self.workload,
                self.cheapest,
                ServedBy::Units {
                    serving: &[self.holding],
                    with_on_demand: false,
                },
            )
            .ok()
            .and_then(|hours| {
                certainty_of_whole(&hours, cost, self.workload.observed_days)
            }),
            workings: vec![
                Working::new(
                    "costs a month",
                    cost,
                    format!("{} × 730 hours", self.holding.held.model_units),
                ),
                Working::new(
                    "what it serves, on-demand",
                    value,
                    "its tokens of the recent window at the cheapest allowed rates × 730 ÷ its hours",
                ),
            ],
            on: "what it serves, at on-demand prices",
        })
    }

    fn finding(&self, smaller: &Smaller) -> Finding {
        let (priced, workload, held) = (self.priced, self.workload, self.holding.held);
        let name = &held.provisioned_model_name;
        let (action, effort) = match (smaller.is_none, held.is_under_term()) {
            (true, true) => (Action::LetCommitmentExpire, Effort::Routing),
            (true, false) => (Action::GiveUpProvisionedModel, Effort::Routing),
            (false, true) => (Action::RightSizeProvisionedModel, Effort::Commitment),
            (false, false) => (Action::RightSizeProvisionedModel, Effort::None),
        };
        // Whether the others have room is known only where the capacity is.
        let to_others = self.others > 0 && self.holding.capacity().is_some();
        let description = if smaller.is_none {
            let others = if to_others {
                "to the others"
            } else {
                "on-demand"
            };
            format!("its calls {others}, without {name}")
        } else {
            smaller.to.to_string()
        };
        let plan = Plan::new(action, effort, description.clone()).saving(workload, smaller.savings);
        let arn = &held.provisioned_model_arn;
        let refusals = refusals(priced, workload, smaller, (action, arn));
        if !refusals.is_empty() {
            return Finding::refused(plan, refusals);
        }
        let mut evidence = Evidence::default();
        for rates in self.cheapest {
            evidence.lane(priced, rates.lane);
            evidence.rates(workload, rates);
        }
        if let Some(offer) = &self.holding.offer {
            evidence.offer(&self.holding.model, offer);
        }
        let cost = self.holding.monthly_cost.unwrap_or_default();
        let current = Arrangement {
            description: format!("{} of {name}", held.model_units),
            monthly_cost: cost,
        };
        let proposed = Arrangement {
            description,
            monthly_cost: cost - smaller.savings,
        };
        let arn = &held.provisioned_model_arn;
        let mut advice =
            Recommendation::new((action, effort), workload, arn, current, proposed, evidence);
        advice.provisioned_model_arn = Some(arn.clone());
        advice.take(smaller);
        let command = match (&self.holding.offer, smaller.to) {
            (Some(offer), Amount::Units(units)) if !smaller.is_none => {
                other_command(workload, offer, units, arn)
            }
            _ => Some(command::delete(&workload.place.region, arn)),
        };
        if smaller.is_none {
            let risk = if to_others {
                "where the others are given up too, its calls go on-demand: on-demand quotas have to carry them"
            } else {
                "whoever calls it must call the model on-demand first: on-demand quotas have to carry it"
            };
            advice.risks.push(risk.into());
        }
        self.at_its_time(&mut advice, command);
        Finding::advised(plan, advice, Gate::Order)
    }
}

impl UnitCase<'_, '_> {
    /// Puts a change off to the end of the term, where there is one.
    fn at_its_time(&self, advice: &mut Recommendation, command: Option<String>) {
        let held = self.holding.held;
        if !held.is_under_term() {
            advice.command = command;
            return;
        }
        advice.rollback_possible = false;
        advice.savings_start = held.commitment_expiration_time;
        advice.not_counted_because = Some("it is paid for until its term ends".into());
        advice.risks.push(
            "it renews by itself at the end of its term unless that is prevented in time".into(),
        );
        if let Some(command) = command {
            advice.risks.push(command::later(held, &command));
        }
    }

    /// The same units under a term that costs less: a commitment, so it has to pass its gates.
    fn under_another_term(&self) -> Finding {
        let (priced, workload, held) = (self.priced, self.workload, self.holding.held);
        let settings = &priced.observation.settings;
        let (Some(own), Some(cost)) = (&self.holding.offer, self.holding.monthly_cost) else {
            return Finding::default();
        };
        let served_by = ServedBy::Units {
            serving: &[self.holding],
            with_on_demand: false,
        };
        let hours = Demands::hourly(priced, workload, self.cheapest, served_by);
        let units = held.model_units;
        let others = workload.offers.iter().filter(|offer| {
            offer.label == own.label
                && offer.term != Term::None
                && offer.unit_price < own.unit_price
        });
        let mut options: Vec<(&Offer, Vec<Refusal>, Option<Trial>)> = others
            .map(|offer| {
                let then = offer.unit_price.monthly_cost(units);
                let (action, arn) = (Action::BindProvisionedModel, &held.provisioned_model_arn);
                let was_open = gates::was_open(priced, workload, action, arn);
                let mut refusals: Vec<Refusal> =
                    gates::thresholds(settings, cost - then, then, was_open)
                        .into_iter()
                        .collect();
                let trial = hours.as_ref().ok().map(|hours| {
                    Trial::of_holding(hours, priced.recent, then, workload.observed_days)
                });
                let trials = trial.iter();
                refusals.extend(trials.flat_map(|trial| {
                    let certain = gates::certainty(trial.certainty.as_ref());
                    certain.into_iter().chain(gates::trend(trial, offer.term))
                }));
                refusals.extend(gates::history(settings, workload, offer.term));
                refusals.extend(gates::lifecycle(priced, workload, offer.term));
                refusals.extend(gates::freshness(priced, offer.source.provenance.checked));
                if !self.is_to_be_had(units.count()) {
                    let why = "AWS does not offer units of this model in this Region";
                    refusals.push(Refusal::new(Gate::Availability, why));
                }
                (offer, refusals, trial)
            })
            .collect();
        options.sort_by_key(|(offer, refusals, _)| (refusals.len(), offer.unit_price));
        let Some((offer, refusals, trial)) = options.into_iter().next() else {
            return Finding::default();
        };
        let then = offer.unit_price.monthly_cost(units);
        let (action, effort) = (Action::BindProvisionedModel, Effort::Commitment);
        let description = format!("{units}, {}", offer.term);
        let plan = Plan::new(action, effort, description.clone()).saving(workload, cost - then);
        if !refusals.is_empty() {
            return Finding::listed_all(plan, refusals);
        }
        let mut evidence = Evidence::default();
        evidence.offer(&self.holding.model, own);
        evidence.offer(&self.holding.model, offer);
        for rates in self.cheapest {
            evidence.lane(priced, rates.lane);
        }
        let arn = &held.provisioned_model_arn;
        let mut advice = Recommendation::new(
            (action, effort),
            workload,
            arn,
            Arrangement {
                description: format!("{units} of {}, {}", held.provisioned_model_name, own.term),
                monthly_cost: cost,
            },
            Arrangement {
                description,
                monthly_cost: then,
            },
            evidence,
        );
        advice.provisioned_model_arn = Some(arn.clone());
        advice.robustness = trial
            .and_then(|trial| trial.robustness)
            .and_then(|it| percent(it, 1));
        let months = Decimal::from(offer.term.months());
        advice.commitment_total = Some(Usd::new(then.dollars() * months));
        advice.rollback_possible = false;
        advice.risks.push(
            "a term is bought with a new provisioned model: callers have to call that one".into(),
        );
        advice
            .risks
            .push("a term cannot be ended early and renews by itself".into());
        self.at_its_time(&mut advice, other_command(workload, offer, units, arn));
        Finding::advised(plan, advice, Gate::Order)
    }
}

impl Recommendation {
    /// The figures of holding less.
    fn take(&mut self, smaller: &Smaller) {
        self.workings.extend(smaller.workings.iter().cloned());
        self.workings.push(Working::new(
            "judged by",
            smaller.on,
            "the guard's own rule",
        ));
        if let Some(certainty) = &smaller.certainty {
            self.estimated_monthly_savings.p10 = certainty.p10();
            self.estimated_monthly_savings.p50 = certainty.p50();
            self.estimated_monthly_savings.p90 = certainty.p90();
        }
    }
}

/// Makes the other one, then deletes this.
fn other_command(
    workload: &Workload<'_>,
    offer: &Offer,
    units: ModelUnits,
    arn: &str,
) -> Option<String> {
    let buy = command::buy(workload, offer, units)?;
    Some(format!(
        "{buy} && {}",
        command::delete(&workload.place.region, arn)
    ))
}

/// What holding less must pass: it has to save enough, and surely.
fn refusals(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    smaller: &Smaller,
    (action, subject): (Action, &str),
) -> Vec<Refusal> {
    let was_open = gates::was_open(priced, workload, action, subject);
    let settings = &priced.observation.settings;
    let base = workload.monthly_cost();
    let mut refusals: Vec<Refusal> = gates::thresholds(settings, smaller.savings, base, was_open)
        .into_iter()
        .collect();
    refusals.extend(gates::certainty(smaller.certainty.as_ref()));
    if workload.is_throttled() {
        let why = "requests were throttled: less of it would refuse more";
        refusals.push(Refusal::new(Gate::Knowledge, why));
    }
    refusals
}

/// The same of the reserved tokens that the overrides declare.
pub(super) fn of_reserved(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
) -> Finding {
    let mut found = Finding::default();
    // One after the other, as units are: what ends first is decided first.
    let mut reserved: Vec<&Reserved<'_>> = workload.reserved.iter().collect();
    reserved.sort_by_key(|held| (held.declared.term_ends, &held.declared.name));
    let mut amounts: Vec<Reservation> = reserved.iter().copied().map(amount_of).collect();
    for place in 0..reserved.len() {
        let held = reserved[place];
        let others = reserved
            .iter()
            .zip(&amounts)
            .filter(|(other, _)| {
                other.declared.scope == held.declared.scope
                    && other.declared.name != held.declared.name
            })
            .map(|(_, amount)| *amount)
            .fold(Reservation::NONE, Reservation::and);
        let mut said = HoldingAdvice::unknown(&held.declared.name);
        let mut at_end = AtTermEnd::Undecided;
        match smaller_reservation(priced, workload, current, (held, others)) {
            Ok(Some(smaller)) => {
                said.load = Load::UnderUsed;
                said.right_size = Some(smaller.to.to_string());
                let mut finding = reserved_finding(priced, workload, current, held, &smaller);
                let is_dismissed = super::dismiss(priced, &mut finding);
                if !finding.recommendations.is_empty() {
                    at_end = smaller.at_term_end();
                    if !is_dismissed {
                        amounts[place] = smaller.reservation();
                    }
                }
                found.take(finding);
            }
            Ok(None) => {
                said.load = Load::Fits;
                at_end = AtTermEnd::Renew;
            }
            Err(why) => found.reasons.push(why),
        }
        said.at_term_end = held.declared.term_ends.is_some().then_some(at_end);
        found.holdings.push(said);
    }
    found
}

/// What is reserved by one declared holding.
pub(super) fn amount_of(held: &Reserved<'_>) -> Reservation {
    Reservation {
        input_tokens_per_minute: held.declared.input_tokens_per_minute,
        output_tokens_per_minute: held.declared.output_tokens_per_minute,
    }
}

/// What of a reservation would cost less, if anything. An error says why that is not known.
fn smaller_reservation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
    (held, others): (&Reserved<'_>, Reservation),
) -> Result<Option<Smaller>, String> {
    let name = &held.declared.name;
    let unknown = |why: &str| format!("whether {name} has its right size is not known: {why}");
    if let Some(refusal) = gates::completeness(workload).first() {
        return Err(unknown(&refusal.why));
    }
    let Some(cost) = held.monthly_cost else {
        return Err(unknown("nobody says what it costs"));
    };
    let scope = held.declared.scope;
    let offers = &workload.reserved_offers;
    let offer = offers
        .iter()
        .find(|offer| offer.scope == scope && offer.term == held.declared.term);
    let Some(offer) = offer else {
        return Err(unknown("the price book has no price of it"));
    };
    let demands = Demands::new(priced, workload, current, ServedBy::Reserved(scope))
        .map_err(|why| unknown(&why))?;
    let kind = TokenKind {
        terms: terms_of(offer),
        held: others,
    };
    let sized = demands.sized(&kind);
    let now = amount_of(held);
    // At a price of its own only the whole of it is known to cost what it costs.
    let is_listed = held.declared.usd_per_hour.is_none();
    let to = if is_listed {
        sized.minutes.optimum_within(now)
    } else {
        Reservation::NONE
    };
    let total = |reservation: Reservation, cost: Usd| {
        cost + sized.all_monthly() - sized.replaced_monthly(reservation)
    };
    let then = total(to, kind.cost(to, HOURS_PER_MONTH));
    let as_it_is = total(now, cost);
    if to == now || then >= as_it_is {
        return Ok(None);
    }
    Ok(Some(Smaller {
        to: Amount::Tokens(to),
        is_none: to == Reservation::NONE,
        savings: as_it_is - then,
        certainty: certainty_of_cut(
            &kind,
            &demands,
            ((now, cost), (to, kind.cost(to, HOURS_PER_MONTH))),
            sized.burst_share(now),
            workload.observed_days,
        ),
        workings: vec![
            Working::new(
                "costs a month as it is",
                as_it_is,
                "the reservation and what goes on-demand beside it",
            ),
            Working::new(
                "costs a month then",
                then,
                "likewise, at its optimum by the minute",
            ),
        ],
        on: "the joint optimum of input and output, by the minute",
    }))
}

fn reserved_finding(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'_>],
    held: &Reserved<'_>,
    smaller: &Smaller,
) -> Finding {
    let name = &held.declared.name;
    let action = if smaller.is_none {
        Action::LetCommitmentExpire
    } else {
        Action::RightSizeReservation
    };
    let description = if smaller.is_none {
        format!("without `{name}`")
    } else {
        smaller.to.to_string()
    };
    let plan = Plan::new(action, Effort::Commitment, description.clone())
        .saving(workload, smaller.savings);
    let refusals = refusals(priced, workload, smaller, (action, name));
    if !refusals.is_empty() {
        return Finding::refused(plan, refusals);
    }
    let mut evidence = Evidence::default();
    let served = current
        .iter()
        .filter(|rates| reserves(held.declared.scope, rates.scope));
    for rates in served {
        evidence.lane(priced, rates.lane);
    }
    let cost = held.monthly_cost.unwrap_or_default();
    let current = Arrangement {
        description: format!(
            "`{name}`: {}, {}",
            Amount::Tokens(amount_of(held)),
            scope_name(held.declared.scope)
        ),
        monthly_cost: cost,
    };
    let proposed = Arrangement {
        description,
        monthly_cost: cost - smaller.savings,
    };
    let kind = (action, Effort::Commitment);
    let mut advice = Recommendation::new(kind, workload, name, current, proposed, evidence);
    advice.take(smaller);
    advice.rollback_possible = false;
    advice.contact = Some(super::commit::CONTACT.to_owned());
    let today = priced.day;
    match held.declared.term_ends {
        Some(day) if day >= today => {
            advice.not_counted_because =
                Some(format!("it is paid for until its term ends on {day}"));
            advice.savings_start = day
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()
                .map(|start| start.timestamp());
        }
        Some(_) => {}
        None => {
            advice.not_counted_because =
                Some("the overrides do not say when its term ends (`term_ends`)".to_owned());
        }
    }
    advice
        .risks
        .push("it is billed on after its term until AWS is told to delete it".into());
    Finding::advised(plan, advice, Gate::Order)
}
