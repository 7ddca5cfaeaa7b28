//! Other models of Amazon Bedrock for the same tokens: the newest of the line, the next smaller of the
//! family, and those of other families on the same step of the ladder.
//!
//! Which they are is reviewed, and no price decides it. Another model counts tokens otherwise and answers
//! otherwise: all of them ask for an evaluation.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::catalog::ModelFacts;
use crate::domain::{Percent, Ratio, Tokens, Usd};
use crate::estimate::basis::{EstimateBasis, is_more_tokens};
use crate::estimate::calls::cheapest_on_demand;
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};

/// Most models of other families, the cheapest: twice as many would hide the model's own plans.
const MOST_PEERS: usize = 5;

/// Adds what other models would cost. `least` is the least on-demand cost of the model itself.
pub(super) fn add(basis: &EstimateBasis<'_>, least: Usd, plans: &mut Plans) {
    let id = &basis.model.id;
    let Some(own) = basis.ladder.of(id) else { return };
    let newest = basis.ladder.newest_of(id).map(|facts| (facts, "the newest of its line"));
    let smaller = basis.ladder.smaller_than(id).map(|facts| (facts, "smaller"));
    for (facts, relation) in newest.into_iter().chain(smaller) {
        match (OtherModel { basis, own, facts, relation, least }).plan() {
            Some(Ok(plan)) => plans.known.push(plan),
            Some(Err(why)) => plans.unknown.push(why),
            None => {}
        }
    }
    let mut peers = Vec::new();
    for facts in basis.ladder.peers_of(id) {
        match (OtherModel { basis, own, facts, relation: "of another family", least }).plan() {
            Some(Ok(plan)) => peers.push(plan),
            Some(Err(why)) => plans.unknown.push(why),
            None => {}
        }
    }
    peers.sort_by_key(|plan| plan.monthly_cost);
    // One model can have two ids, of which the first that callers of the runtime use stands for both.
    let named = |plan: &EstimatedPlan| plan.description.split(" (").next().map(str::to_owned);
    let mut seen = BTreeSet::new();
    peers.retain(|plan| {
        seen.insert(named(plan)) && !plan.description.contains("(bedrock-mantle id)")
    });
    plans.known.extend(peers.into_iter().take(MOST_PEERS));
}

/// Another model beside the one that was asked for.
struct OtherModel<'a> {
    basis: &'a EstimateBasis<'a>,
    own: &'a ModelFacts,
    facts: &'a ModelFacts,
    relation: &'static str,
    least: Usd,
}

impl OtherModel<'_> {
    /// Builds the plan with the other model; the error says why it cannot serve. `None` where the book has
    /// no price of it here by the day, or it has ended.
    fn plan(&self) -> Option<Result<EstimatedPlan, UnknownPlan>> {
        let model = self.basis.book.model(&self.facts.id)?;
        let there = EstimateBasis { model, ..self.basis.clone() };
        if there.end().is_some_and(|end| end <= there.day) {
            return None;
        }
        let cheapest = cheapest_on_demand(&there)?;
        let description = format!("{} ({}), {}", model.name, self.relation, cheapest.description);
        let sent = self.basis.volume.input_per_request();
        if let Some((sent, context)) =
            sent.zip(self.facts.context).filter(|(sent, most)| is_more_tokens(*sent, *most))
        {
            return Some(Err(UnknownPlan {
                kind: PlanKind::OtherModel,
                description,
                why: format!(
                    "a request of {} input tokens does not fit into its {}",
                    Tokens::new(sent),
                    Tokens::new(context)
                ),
                break_even_tokens_per_month: None,
            }));
        }
        let mut plan = EstimatedPlan::new(
            PlanKind::OtherModel,
            description,
            cheapest.monthly_cost,
            &self.basis.volume,
        );
        let most = cheapest.monthly_cost_at_most.unwrap_or(cheapest.monthly_cost);
        plan.cost_at_most(most, &self.basis.volume);
        plan.other_model = Some(self.facts.id.clone());
        plan.sources = cheapest.sources;
        plan.notes = cheapest.notes;
        plan.notes.extend(there.end().map(|end| format!("ends on {end}")));
        plan.notes.extend(self.smaller_context());
        self.compare(&mut plan, most);
        Some(Ok(plan))
    }

    fn smaller_context(&self) -> Option<String> {
        let (own, other) = self.own.context.zip(self.facts.context)?;
        is_more_tokens(own, other).then(|| {
            format!("takes {} tokens at most, not {}", Tokens::new(other), Tokens::new(own))
        })
    }

    /// Says what moving to the model brings at least, or costs. `most` is the most that it may cost.
    fn compare(&self, plan: &mut EstimatedPlan, most: Usd) {
        let (there, here) = (most.dollars(), self.least.dollars());
        if there >= here {
            let times = there.checked_div(here).map(|times| times.round_dp(2).normalize());
            let times = times.filter(|times| *times > Decimal::ONE);
            let may = if most > plan.monthly_cost { "may be " } else { "" };
            plan.notes.extend(times.map(|times| format!("{may}{times} times dearer")));
            return;
        }
        let saved = self.least - most;
        let share = saved.dollars() / here;
        let volume = &self.basis.volume;
        let part = |amount: Usd, pieces: u64, of: u64| {
            let part = amount.in_proportion(Decimal::from(pieces), Decimal::from(of));
            Usd::new(part.dollars().round_dp(6).normalize())
        };
        let lost = match volume.requests {
            Some(requests) => format!("${} a request", part(saved, 1, requests).dollars()),
            None => format!(
                "${} a million tokens",
                part(saved, 1_000_000, volume.tokens().count()).dollars()
            ),
        };
        let fifth = Decimal::new(2, 1) / share;
        if fifth <= Decimal::ONE {
            let traffic = Ratio::new(fifth.round_dp(4)).percent();
            plan.traffic_to_save_a_fifth = Some(traffic);
            plan.notes.push(format!(
                "20 % less once {traffic} of the traffic moves; saves {lost} that moves: if worse answers cost more than that, moving loses money"
            ));
        } else {
            let all = Percent::new((share * Decimal::ONE_HUNDRED).round_dp(1).normalize());
            plan.notes.push(format!(
                "{all} less if all of it moves; saves {lost}: if worse answers cost more than that, moving loses money"
            ));
        }
    }
}
