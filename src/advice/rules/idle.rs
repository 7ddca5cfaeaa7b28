//! Deleting a provisioned model that is paid for and not used at all, or not renewing it.
//!
//! Silent unless the strict rule of [`Idleness::Idle`] holds, and about what
//! [`crate::advice::rules::fill`] has just found work for. An idle model without a price is advised
//! like any other: what it saves is not known, and not counted.

use crate::advice::finding::Finding;
use crate::advice::{
    Action, Arrangement, Evidence, Gate, Money, Plan, Recommendation, SeriesEvidence, command,
    gates,
};
use crate::domain::period::HOUR;
use crate::domain::{Tokens, Usd, day_of};
use crate::observation::NAMESPACE;
use crate::pricing::{Holding, IdleSpell, Idleness, LEAST_REST, Priced, Rhythm, Workload};

pub(crate) fn advise(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    filled: &[&Holding<'_>],
) -> Finding {
    let mut finding = Finding::default();
    for holding in &workload.holdings {
        match &holding.idleness {
            Idleness::Busy => finding.reasons.extend(rests(priced, holding)),
            Idleness::Idle(_) if filled.iter().any(|other| other.held == holding.held) => {}
            Idleness::NotSeen(why) => finding.reasons.push(format!(
                "no traffic of {} was seen, but {why}",
                holding.held.provisioned_model_name
            )),
            Idleness::Idle(spell) => finding.take(delete(priced, workload, holding, spell)),
        }
    }
    finding.dismiss(priced);
    finding
}

/// Says that a holding is at rest and why it is not called idle; `None` where it is not.
fn rests(priced: &Priced<'_>, holding: &Holding<'_>) -> Option<String> {
    let rhythm = holding.rhythm.filter(Rhythm::is_sparse)?;
    let rest = priced.observation.window.end().duration_since(rhythm.last_use);
    (rest >= LEAST_REST).then(|| {
        format!(
            "{} was used on {} of {} days and rested for {} before: {} days of rest are its rhythm",
            holding.held.provisioned_model_name,
            rhythm.used_days,
            rhythm.days,
            rhythm.rest_in_words(),
            rest.as_hours() / 24
        )
    })
}

fn delete(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
    spell: &IdleSpell,
) -> Finding {
    let held = holding.held;
    let name = &held.provisioned_model_name;
    let description = format!("without {name}");
    let action = Action::DeleteIdleProvisionedModel;
    let mut plan = Plan::new(action, description.clone());
    let arn = &held.provisioned_model_arn;
    if let Some(cost) = holding.monthly_cost {
        plan = plan.saving(cost);
        let was_open = gates::was_open(priced, workload, action, arn);
        // All of what it changes is saved, so no share of that says more than the amount.
        let failed = gates::least(&priced.observation.settings, cost, was_open);
        if let Some(failed) = failed {
            return Finding::refused(plan, vec![failed]);
        }
    }
    let mut evidence = Evidence::default();
    if let Some(offer) = &holding.offer {
        evidence.offer(&holding.model, offer);
    }
    let window = priced.observation.window;
    let since = spell.since;
    let days = window.end().duration_since(since).as_hours() / 24;
    for id in held.metered_ids() {
        evidence.series(SeriesEvidence {
            namespace: NAMESPACE,
            metric: "Invocations".into(),
            model_id: id.to_owned(),
            start: since,
            end: window.end(),
            step: HOUR,
            total: Tokens::ZERO,
        });
    }
    let now = match &holding.rhythm {
        Some(_) => {
            format!("{} of {name}, idle for {days} days, since {}", held.model_units, day_of(since))
        }
        None => format!("{} of {name}, idle for {days} days", held.model_units),
    };
    let current = Arrangement { description: now, monthly_cost: holding.monthly_cost };
    let proposed = Arrangement::costing(description, Usd::ZERO);
    let money = Money::saved(current, proposed);
    let mut advice = Recommendation::new(action, workload, arn, money, evidence);
    advice.provisioned_model_arn = Some(arn.clone());
    advice.standing.rollback_possible = false;
    let mut steps = Vec::new();
    // Deleting cannot be taken back, so each way to be wrong is named.
    let risks = &mut advice.grounds.risks;
    if held.is_under_term() {
        steps.push(command::await_term_end(held, priced.observation.as_of));
        let risk = "it renews by itself at the end of its term unless it is deleted in time";
        risks.push(risk.into());
    }
    if held.is_custom() {
        let risk = "it serves a custom model, which may have no other way to be called";
        risks.push(risk.into());
    }
    risks.push("whoever calls it after that gets an error".into());
    steps.push(command::delete(&workload.place.region, held));
    advice.remedy.take_steps(steps);
    if held.is_under_term() {
        advice.await_term_end(held, priced.observation.as_of);
    }
    if let Some(rhythm) = &holding.rhythm {
        advice.grounds.risks.push(format!(
            "used on {} of {} days, and before at rest for {} at most: so long a rest is not its rhythm",
            rhythm.used_days,
            rhythm.days,
            rhythm.rest_in_words()
        ));
    }
    if let Some(because) = &spell.doubt {
        advice.standing.also_not_counted(because);
    }
    if holding.monthly_cost.is_none() {
        let because = "what it saves is not known: the price book has no price of its units";
        advice.standing.also_not_counted(because);
        return Finding::advised(plan, advice, Gate::Knowledge);
    }
    Finding::advised(plan, advice, Gate::Order)
}
