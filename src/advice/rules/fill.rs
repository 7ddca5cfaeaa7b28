//! Is there on-demand traffic beside a provisioned model that has room for it? Then it should go
//! there: the units are paid for either way.
//!
//! Needs the capacity of a unit and the minutes. Silent without on-demand traffic. An idle model
//! without a term is filled only if that saves more than deleting it.

use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::recommendation::several;
use crate::advice::{Action, Arrangement, Evidence, Plan, Recommendation, Working};
use crate::config::Overflow;
use crate::domain::{ModelUnits, Ratio, Tokens, Usd};
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::LaneRates;
use crate::pricing::{Holding, Idleness, Lane, Priced, Workload};
use crate::sizing::demand::{ServableDemand, SizedDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{UnitPurchase, UnitSizing};

/// What filling says, and what it leaves to the later rules.
#[derive(Debug)]
pub(crate) struct FillAdvice<'w> {
    pub(crate) finding: Finding,
    /// The share of standard on-demand traffic that stays on-demand, what leaves the holdings for
    /// it included.
    pub(crate) remaining: Ratio,
    /// The share of each on-demand lane that stays; all of it where there is none.
    left: Vec<Ratio>,
    /// The holdings that serve on, filled or not.
    pub(crate) serving: Vec<&'w Holding<'w>>,
    /// What it saves; `None` where it is not advised, or does not count.
    savings: Option<Usd>,
}

impl<'w> FillAdvice<'w> {
    /// Nothing is filled.
    const fn none(finding: Finding, serving: Vec<&'w Holding<'w>>) -> Self {
        Self {
            finding,
            remaining: Ratio::ONE,
            left: Vec::new(),
            serving,
            savings: None,
        }
    }

    /// Whether it is advised, and counts.
    pub(crate) fn is_counted(&self) -> bool {
        self.savings.is_some()
    }

    /// The same, not filled after all, and why.
    pub(crate) fn forgone(mut self, why: &str) -> Self {
        self.finding.forgo(why);
        self.remaining = Ratio::ONE;
        self.left = Vec::new();
        self.savings = None;
        self
    }

    /// The share of a lane that stays as it is.
    pub(crate) fn left_of(&self, workload: &Workload<'_>, lane: &Lane<'_>) -> Ratio {
        let mut lanes = workload.lanes.iter();
        let place = lanes.position(|other| std::ptr::eq(other, lane));
        let left = place.and_then(|place| self.left.get(place));
        left.copied().unwrap_or(Ratio::ONE)
    }

    /// The holdings that it found work for.
    pub(crate) fn filled(&self) -> &[&'w Holding<'w>] {
        if self.savings.is_some() {
            &self.serving
        } else {
            &[]
        }
    }
}

pub(crate) fn advise<'w>(priced: &Priced<'_>, workload: &'w Workload<'_>) -> FillAdvice<'w> {
    let able: Vec<&Holding<'_>> = workload
        .holdings
        .iter()
        .filter(|holding| holding.can_serve_more())
        .collect();
    let (idle, kept): (Vec<_>, Vec<_>) = able
        .iter()
        .copied()
        .partition(|holding| holding.idleness == Idleness::Idle && !holding.held.is_under_term());
    let with_kept = evaluate(priced, workload, kept);
    if idle.is_empty() {
        return with_kept;
    }
    let with_all = evaluate(priced, workload, able);
    let deleting: Usd = idle.iter().filter_map(|holding| holding.monthly_cost).sum();
    match with_all.savings {
        Some(savings) if savings > with_kept.savings.unwrap_or_default() + deleting => with_all,
        _ => with_kept,
    }
}

fn evaluate<'w>(
    priced: &Priced<'_>,
    workload: &'w Workload<'_>,
    serving: Vec<&'w Holding<'w>>,
) -> FillAdvice<'w> {
    let found = find(priced, workload, &serving);
    match found {
        Ok(mut found) => {
            found.finding.dismiss(priced);
            if found.finding.counts() {
                FillAdvice {
                    finding: found.finding,
                    remaining: found.remaining,
                    left: found.left,
                    serving,
                    savings: Some(found.savings),
                }
            } else {
                FillAdvice::none(found.finding, serving)
            }
        }
        Err(finding) => FillAdvice::none(finding, serving),
    }
}

/// What filling would do.
struct Found {
    finding: Finding,
    remaining: Ratio,
    left: Vec<Ratio>,
    savings: Usd,
}

fn find(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holdings: &[&Holding<'_>],
) -> Result<Found, Finding> {
    let standard: Vec<&Lane<'_>> = workload
        .on_demand()
        .filter(|lane| lane.is_standard())
        .collect();
    let before: Usd = standard.iter().map(|lane| lane.monthly_cost()).sum();
    if holdings.is_empty() || !before.is_positive() {
        return Err(Finding::default());
    }
    let plan = |savings: Option<Usd>| {
        let plan = Plan::new(
            Action::FillProvisionedModel,
            format!("on-demand traffic moved to {}", names(holdings)),
        );
        match savings {
            Some(savings) => plan.saving(workload, savings),
            None => plan,
        }
    };
    let refused = |savings, why| Finding::refused(plan(savings), why);
    let unknown = |why: String| refused(None, vec![Refusal::new(Gate::Knowledge, why)]);
    let with_capacity = holdings.iter().find(|holding| holding.capacity().is_some());
    let offer = with_capacity
        .and_then(|holding| holding.offer.as_ref())
        .ok_or_else(|| {
            unknown(format!(
                "whether {} has room cannot be said: the capacity of its units is not known",
                names(holdings)
            ))
        })?;
    let failed = gates::completeness(workload);
    if !failed.is_empty() {
        return Err(refused(None, failed));
    }
    let now: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
    let held = holdings
        .iter()
        .map(|holding| holding.held.model_units)
        .sum::<ModelUnits>()
        .count();
    let traffic = Traffic::Units {
        serving: holdings,
        with_on_demand: true,
    };
    if let Some(holding) = holdings.iter().find(|it| it.exceeds_capacity().is_some()) {
        return Err(refused(None, vec![gates::capacity(holding)]));
    }
    let demand = ServableDemand::new(priced, workload, &now, traffic)
        .map_err(|why| unknown(why.to_string()))?;
    let purchase = UnitPurchase {
        capacity: offer.capacity.ok_or_else(Finding::default)?,
        price: offer.unit_price,
        held,
    };
    let sized = demand.sized(&purchase);
    let settings = &priced.observation.settings;
    let has_room = |sizing: &UnitSizing| sizing.throttle_minimum(settings.headroom) == Some(0);
    let savings = match settings.overflow {
        Overflow::Throttle if !has_room(&sized.minutes) || !has_room(&sized.recent_hours) => {
            return Err(unknown(format!(
                "{} of {} do not have room for the highest minute of all traffic and {} headroom (GUARD_OVERFLOW=spill would count what fits)",
                ModelUnits::new(held),
                names(holdings),
                settings.headroom.percent()
            )));
        }
        Overflow::Throttle => before,
        Overflow::Spill => {
            let served: Usd = holdings
                .iter()
                .filter_map(|holding| holding.monthly_value)
                .sum();
            (sized.replaced_monthly(0) - served).clamp(Usd::ZERO, before)
        }
    };
    let action = Action::FillProvisionedModel;
    let was_open = gates::was_open(priced, workload, action, &arns(holdings).join(" "));
    let failed = gates::thresholds(settings, savings, workload.monthly_cost(), was_open);
    if let Some(failed) = failed {
        return Err(refused(Some(savings), vec![failed]));
    }
    let mut advice = recommendation(priced, workload, &standard, holdings, (before, savings));
    advice
        .workings
        .extend(workings(&purchase, &sized, settings.headroom));
    let is_forbidden = !advice.is_counted();
    let finding = Finding::advised(plan(Some(savings)), advice, Gate::Setting);
    if is_forbidden {
        // Listed, and nothing is taken from what the later rules can save.
        return Err(finding);
    }
    let left = before - savings;
    Ok(Found {
        finding,
        remaining: Ratio::new(left.dollars() / before.dollars()),
        left: now
            .iter()
            .map(|rates| left_of(priced, workload, (&demand, &purchase), rates))
            .collect(),
        savings,
    })
}

/// The share of one lane that stays on-demand: that of the minutes in which all of it does not fit.
/// Where that cannot be said, nothing is taken to stay.
fn left_of(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    (all, purchase): (&ServableDemand, &UnitPurchase),
    rates: &LaneRates<'_>,
) -> Ratio {
    if !rates.lane.is_standard() {
        return Ratio::ONE;
    }
    if priced.observation.settings.overflow == Overflow::Throttle {
        return Ratio::ZERO;
    }
    let Ok(demand) = all.of_lane(priced, workload, rates.clone()) else {
        return Ratio::ZERO;
    };
    let sized = demand.sized(purchase);
    let (all, replaced) = (sized.all_monthly(), sized.replaced_monthly(0));
    if all.is_positive() {
        Ratio::new((all - replaced).dollars() / all.dollars())
    } else {
        Ratio::ZERO
    }
}

/// What is held, and what all of the traffic asks for.
fn workings(
    purchase: &UnitPurchase,
    sized: &SizedDemand<UnitPurchase>,
    headroom: Ratio,
) -> [Working; 2] {
    let highest = sized.minutes.throttle_minimum(Ratio::ZERO).map_or_else(
        || "more than can be counted".to_owned(),
        |more| ModelUnits::new(purchase.held.saturating_add(more)).to_string(),
    );
    [
        Working::new(
            "what a unit serves an hour",
            format!(
                "{} input and {} output tokens",
                Tokens::new(purchase.capacity.input_tokens_per_hour),
                Tokens::new(purchase.capacity.output_tokens_per_hour)
            ),
            "the price book or the overrides",
        ),
        Working::new(
            "held, and enough for the highest minute of all traffic",
            format!("{} and {highest}", ModelUnits::new(purchase.held)),
            format!(
                "the last {MINUTE_DAYS} days by the minute; under throttle {} more must fit",
                headroom.percent()
            ),
        ),
    ]
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    standard: &[&Lane<'_>],
    holdings: &[&Holding<'_>],
    (before, savings): (Usd, Usd),
) -> Recommendation {
    let mut evidence = Evidence::default();
    for lane in standard {
        evidence.lane(priced, lane);
    }
    for offer in holdings.iter().filter_map(|holding| holding.offer.as_ref()) {
        evidence.offer(&workload.model, offer);
    }
    let ids: Vec<&str> = standard
        .iter()
        .map(|lane| lane.usage.model_id.text())
        .collect();
    let arns = arns(holdings);
    let current = Arrangement {
        description: format!("{} on-demand beside {}", several(&ids), names(holdings)),
        monthly_cost: before,
    };
    let proposed = Arrangement {
        description: format!("model id {} for these calls", several(&arns)),
        monthly_cost: before - savings,
    };
    let action = Action::FillProvisionedModel;
    let subject = arns.join(" ");
    let mut advice = Recommendation::new(action, workload, &subject, current, proposed, evidence);
    advice.provisioned_model_arn = arns.first().map(|arn| (*arn).to_owned());
    advice.not_counted_because = gates::in_region(priced, workload);
    advice.risks.push(format!(
        "a unit of {} is taken to serve what the overrides or the price book say",
        names(holdings)
    ));
    if priced.observation.settings.overflow == Overflow::Spill {
        advice
            .risks
            .push(crate::advice::gates::SPILL_ASSUMPTION.into());
    }
    advice
}

fn arns<'h>(holdings: &[&'h Holding<'_>]) -> Vec<&'h str> {
    holdings
        .iter()
        .map(|holding| holding.held.provisioned_model_arn.as_str())
        .collect()
}

fn names(holdings: &[&Holding<'_>]) -> String {
    let names: Vec<&str> = holdings
        .iter()
        .map(|holding| holding.held.provisioned_model_name.as_str())
        .collect();
    several(&names)
}
