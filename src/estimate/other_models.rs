//! Other models of Amazon Bedrock for the same tokens: the newest of the line, the next smaller of the
//! family, and those of other families on the same step of the ladder.
//!
//! Which they are is reviewed, and no price decides it. Another model counts tokens otherwise and answers
//! otherwise: all of them ask for an evaluation.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::catalog::ModelFacts;
use crate::domain::{Percent, Ratio, Tokens, Usd};
use crate::estimate::basis::{EstimateBasis, is_more_tokens};
use crate::estimate::calls::{CheapestCalls, cheapest_on_demand};
use crate::estimate::plan::{EstimatedPlan, PlanKind, Plans, UnknownPlan};

/// Most models of other families, the cheapest: twice as many would hide the model's own plans.
const MOST_PEERS: usize = 5;

/// The cost that other models are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostNow {
    /// Cost in USD a month.
    pub monthly_cost: Usd,
    /// True if the true cost may be above.
    pub is_at_least: bool,
    /// True if each part of the traffic that moves takes its part of the cost away; false where something
    /// is held, which costs as much until it is given up.
    pub moves_with_traffic: bool,
}

impl CostNow {
    /// Returns a cost that is billed by the token.
    pub(super) const fn by_the_token(monthly_cost: Usd) -> Self {
        Self { monthly_cost, is_at_least: false, moves_with_traffic: true }
    }
}

/// Adds what other models would cost, beside what the traffic costs on the model itself.
pub(super) fn add(basis: &EstimateBasis<'_>, now: &CostNow, plans: &mut Plans) {
    let id = &basis.model.id;
    let ladder = basis.references.ladder;
    let Some(own) = ladder.of(id) else { return };
    let newest = ladder.newest_of(id).map(|facts| (facts, "the newest of its line"));
    let smaller = ladder.smaller_than(id).map(|facts| (facts, "smaller"));
    for (facts, relation) in newest.into_iter().chain(smaller) {
        match (OtherModel { basis, own, facts, relation, now }).plan() {
            Ok(plan) => plans.known.push(plan),
            Err(refused) => plans.unknown.push(refused.told(basis)),
        }
    }
    let (mut peers, mut unpriced, mut later) = (Vec::new(), 0, 0);
    for facts in ladder.peers_of(id) {
        let other = OtherModel { basis, own, facts, relation: "of another family", now };
        match other.plan() {
            Ok(plan) => peers.push(plan),
            Err(Refused { why: NoPlan::Unpriced, .. }) => unpriced += 1,
            Err(Refused { why: NoPlan::SeenLater(_), .. }) => later += 1,
            Err(refused) => plans.unknown.push(refused.told(basis)),
        }
    }
    plans.unknown.extend(counted(unpriced, format!("no price in {}", basis.region)));
    plans.unknown.extend(counted(later, format!("no price that was seen by {}", basis.day)));
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
    now: &'a CostNow,
}

/// Tells models of other families together.
fn counted(models: usize, why: String) -> Option<UnknownPlan> {
    let plural = if models == 1 { "" } else { "s" };
    (models > 0).then(|| UnknownPlan {
        kind: PlanKind::OtherModel,
        description: format!("{models} model{plural} of other families"),
        why,
        break_even_tokens_per_month: None,
    })
}

/// Another model that cannot serve, or of which nobody knows.
struct Refused {
    description: String,
    why: NoPlan,
}

/// A reason for which another model is no plan.
#[derive(Clone, Debug, thiserror::Error)]
enum NoPlan {
    /// The book has no price of it here.
    #[error("no price")]
    Unpriced,
    /// The price was first seen after the day, so that it may not have been there.
    #[error("its price was first seen on {0}")]
    SeenLater(Date),
    /// It has ended.
    #[error("it ended on {0}")]
    Ended(Date),
    /// The operator excludes it.
    #[error("the overrides exclude it: {0}")]
    Excluded(String),
    /// Its scopes are forbidden.
    #[error(
        "its requests may use none of the scopes that have a price here, by the overrides or GUARD_ALLOW_GLOBAL_ROUTING"
    )]
    Forbidden,
    /// A request is too long for it.
    #[error("a request of {sent} input tokens does not fit into its {context}")]
    Context { sent: Tokens, context: Tokens },
}

impl Refused {
    fn told(self, basis: &EstimateBasis<'_>) -> UnknownPlan {
        let why = match &self.why {
            NoPlan::Unpriced => {
                format!("the book `{}` has no price of it in {}", basis.book.name, basis.region)
            }
            NoPlan::SeenLater(_) => format!("{}, after {}", self.why, basis.day),
            why => why.to_string(),
        };
        UnknownPlan {
            kind: PlanKind::OtherModel,
            description: self.description,
            why,
            break_even_tokens_per_month: None,
        }
    }
}

impl OtherModel<'_> {
    /// Builds the plan with the other model; the error says why it cannot serve.
    fn plan(&self) -> Result<EstimatedPlan, Refused> {
        let model = self.basis.book.model(&self.facts.id);
        let name = model.map_or_else(|| self.facts.id.to_string(), |model| model.name.clone());
        let named = format!("{name} ({})", self.relation);
        let refused = |why| Refused { description: named.clone(), why };
        let model = model.ok_or_else(|| refused(NoPlan::Unpriced))?;
        let mut there = EstimateBasis { model, ..self.basis.clone() };
        if let Some(end) = there.end().filter(|end| *end <= there.day) {
            return Err(refused(NoPlan::Ended(end)));
        }
        if let Some(excluded) = there.overrides.exclusion(&model.id) {
            return Err(refused(NoPlan::Excluded(excluded.why.clone())));
        }
        let mut note = None;
        let mut found = cheapest_on_demand(&there);
        if found.is_none() && !there.volume.is_uncached() {
            // What does not cache is sent all of it.
            there.volume = there.volume.uncached();
            found = cheapest_on_demand(&there);
            note = Some("the book has no price of its cache: what was cached is billed as input");
        }
        let cheapest = match found {
            Some(CheapestCalls::Priced(plan)) => plan,
            Some(CheapestCalls::SeenLater(seen, _)) => {
                return Err(refused(NoPlan::SeenLater(seen)));
            }
            None => {
                // Where requests may go is the owner's call, and not for a price to decide.
                let overrides = there.overrides.in_any_scope();
                let anywhere =
                    EstimateBasis { overrides: &overrides, allow_global: true, ..there.clone() };
                let is_forbidden = cheapest_on_demand(&anywhere).is_some();
                let why = if is_forbidden { NoPlan::Forbidden } else { NoPlan::Unpriced };
                return Err(refused(why));
            }
        };
        let description = format!("{named}, {}", cheapest.description);
        let sent = self.basis.volume.input_per_request();
        if let Some((sent, context)) =
            sent.zip(self.facts.context).filter(|(sent, most)| is_more_tokens(*sent, *most))
        {
            let (sent, context) = (Tokens::new(sent), Tokens::new(context));
            return Err(Refused { description, why: NoPlan::Context { sent, context } });
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
        plan.notes.extend(note.map(str::to_owned));
        plan.notes.extend(there.end().map(|end| format!("ends on {end}")));
        plan.notes.extend(self.smaller_context());
        self.compare(&mut plan, most);
        Ok(plan)
    }

    fn smaller_context(&self) -> Option<String> {
        let (own, other) = self.own.context.zip(self.facts.context)?;
        is_more_tokens(own, other).then(|| {
            format!("takes {} tokens at most, not {}", Tokens::new(other), Tokens::new(own))
        })
    }

    /// Says what moving to the model brings at least, or costs. `most` is the most that it may cost.
    fn compare(&self, plan: &mut EstimatedPlan, most: Usd) {
        let here = self.now.monthly_cost.dollars();
        let there = most.dollars();
        if there >= here {
            let times = there.checked_div(here).map(|times| times.round_dp(2).normalize());
            let times = times.filter(|times| *times > Decimal::ONE);
            let is_sure = most == plan.monthly_cost && !self.now.is_at_least;
            let may = if is_sure { "" } else { "may be " };
            plan.notes.extend(times.map(|times| format!("{may}{times} times dearer")));
            return;
        }
        let saved = self.now.monthly_cost - most;
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
        let all = Percent::new((share * Decimal::ONE_HUNDRED).round_dp(1).normalize());
        if !self.now.moves_with_traffic {
            plan.notes.push(format!("{all} less once all of it moves and nothing is held any more; saves {lost}: if worse answers cost more than that, moving loses money"));
            return;
        }
        let fifth = Decimal::new(2, 1) / share;
        if fifth <= Decimal::ONE {
            let traffic = Ratio::new(fifth.round_dp(4)).percent();
            plan.traffic_to_save_a_fifth = Some(traffic);
            plan.notes.push(format!(
                "20 % less once {traffic} of the traffic moves; saves {lost} that moves: if worse answers cost more than that, moving loses money"
            ));
        } else {
            plan.notes.push(format!(
                "{all} less if all of it moves; saves {lost}: if worse answers cost more than that, moving loses money"
            ));
        }
    }
}
