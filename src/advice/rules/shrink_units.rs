//! Fewer model units of those at work, where that costs less. Units are paid for used or not, and
//! those under a term renew by themselves, so the decision is due before the term ends.
//!
//! What can change now is told as the target has it, the others serving on; what is under a term is
//! looked at alone, for the day on which that ends. Where the capacity is not known, what a holding
//! serves is compared with what it costs: one worth under 100 % costs more than the same tokens
//! on-demand. What would go on-demand is taken at the upper end of its prices, so that what is saved is
//! saved at least. Silent about idle holdings, which `idle` deletes, and about custom models, which
//! have no on-demand twin.
//!
//! Renewing is buying for another term, so what is not to shrink is renewed only if it passes the
//! gates of a purchase, at the lower end of the prices.

use crate::advice::amount::Amount;
use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate};
use crate::advice::holding_advice::{
    AtTermEnd, HoldingAdvice, HoldingLoad, Renewal, SizeReview, SmallerHolding, UnknownSize,
    judged_by, put_off_to_term_end, refusals,
};
use crate::advice::rules::bind::{self, BindAdvice};
use crate::advice::rules::fill::FillAdvice;
use crate::advice::rules::holding_review::HoldingReview;
use crate::advice::rules::holding_sizes::HoldingSizes;
use crate::advice::whole::{OwnCalls, Whole};
use crate::advice::{Action, Arrangement, Evidence, Money, Plan, Recommendation, Working, command};
use crate::domain::{ModelUnits, Percent, Usd, day_of};
use crate::observation::ProvisionedModel;
use crate::pricing::{Holding, Idleness, LaneRates, LifecycleDay, Priced, Rhythm, Workload};
use crate::sizing::demand::ServableDemand;
use crate::sizing::traffic::Traffic;
use crate::sizing::trial::{HeldAmount, HeldPart, certainty_of_whole};
use crate::sizing::{Certainty, Purchase as _, UnitPurchase};

/// Advice of the rule, with what the rule leaves to the later ones.
pub(crate) struct ShrinkAdvice<'w> {
    pub(crate) finding: Finding,
    /// Idle holdings that take the calls of what is given up.
    pub(crate) hosting: Vec<&'w Holding<'w>>,
    /// Units that are held once all is done that can be done now, of each holding at work without a term.
    held: Vec<(&'w ProvisionedModel, ModelUnits)>,
}

impl ShrinkAdvice<'_> {
    /// Returns the units of a holding that are held then.
    pub(crate) fn units_of(&self, holding: &Holding<'_>) -> ModelUnits {
        let told = self.held.iter().find(|(held, _)| *held == holding.held);
        told.map_or(holding.held.model_units, |(_, units)| *units)
    }
}

/// Returns true if a holding of a workload could be filled, or reserved tokens are held: then
/// minutes of the workload's on-demand traffic are needed too.
pub(crate) fn fills_or_reserves(workload: &Workload<'_>) -> bool {
    let can_fill = |holding: &Holding<'_>| holding.can_serve_more() && holding.capacity().is_some();
    !workload.reserved.is_empty()
        || (workload.on_demand().next().is_some() && workload.holdings.iter().any(can_fill))
}

/// Returns true if a workload holds model units at work, whose minutes tell what a unit carries.
pub(crate) fn is_held(workload: &Workload<'_>) -> bool {
    let at_work =
        |holding: &Holding<'_>| holding.can_serve_more() && holding.idleness == Idleness::Busy;
    workload.holdings.iter().any(at_work)
}

pub(crate) fn advise<'w>(
    priced: &'w Priced<'w>,
    workload: &'w Workload<'w>,
    cheapest: &[LaneRates<'w>],
    fill: &FillAdvice<'w>,
    target: Option<&Whole>,
) -> ShrinkAdvice<'w> {
    let mut shrink =
        ShrinkAdvice { finding: Finding::default(), hosting: Vec::new(), held: Vec::new() };
    let at_work = at_work(priced, workload, fill, target);
    let safe: Vec<LaneRates<'_>> = cheapest.iter().map(LaneRates::at_safe_end).collect();
    let mut units: Vec<ModelUnits> =
        at_work.iter().map(|holding| holding.held.model_units).collect();
    let others = workload.holdings.iter();
    let others = others.filter(|it| at_work.iter().all(|other| other.held != it.held));
    shrink.finding.holdings.extend(others.map(|it| advice_unless_at_work(priced, workload, it)));
    for place in 0..at_work.len() {
        let holding = at_work[place];
        let review = HoldingReview {
            priced,
            workload,
            cheapest,
            safe: &safe,
            at_work: &at_work,
            units: &units,
            place,
            holding,
            fill,
            target,
        };
        if holding.idleness.is_idle() && !review.is_filled() {
            if !review.takes_calls() {
                shrink.finding.holdings.push(advice_unless_at_work(priced, workload, holding));
                // It is to go when its term ends, so that nobody's calls may come to it then.
                units[place] = UnitPurchase::NONE;
                continue;
            }
            shrink.hosting.push(holding);
        }
        let mut holding_advice =
            advice_before_sizing(priced, workload, holding, AtTermEnd::Undecided);
        if review.then().is_some_and(|then| then.own == OwnCalls::ToBought) {
            // It is given up for what is bought, and told with that.
            holding_advice.load = HoldingLoad::UnderUsed;
            shrink.finding.holdings.push(holding_advice);
            continue;
        }
        let is_known = holding.capacity().is_some();
        let size = review.size();
        // Without a capacity only a holding that is worth its price is known to be right.
        let pays = holding.worth().is_some_and(|worth| worth >= Percent::ALL);
        let bound = match &size {
            Ok(_) if !review.may_bind() || review.is_to_go() => BindAdvice::default(),
            Ok(SizeReview::Smaller(_)) if is_known => bind::advise(&review),
            Ok(SizeReview::NoneCheaper) if is_known || pays => bind::advise(&review),
            _ => BindAdvice::default(),
        };
        match size {
            Ok(SizeReview::Smaller(smaller)) => {
                holding_advice.load = HoldingLoad::UnderUsed;
                holding_advice.right_size = Some(smaller.amount().to_string());
                let mut finding = review.finding(&smaller);
                let is_dismissed = finding.dismiss(priced);
                if let Some(more) = bound.units.filter(|_| !is_dismissed) {
                    holding_advice.right_size = Some(Amount::from(more).to_string());
                    holding_advice.decide(holding, AtTermEnd::RightSize);
                    finding.replaced_by("binding what is worth its price for a term saves more");
                    units[place] = more;
                } else if finding.recommendations.len() == 1 {
                    holding_advice.decide(holding, smaller.at_term_end());
                    if !is_dismissed {
                        // What is dismissed stays as it is, for those after it too.
                        units[place] = smaller.to;
                    }
                }
                shrink.finding.take(finding);
            }
            Ok(SizeReview::NoneCheaper) => {
                if is_known || pays {
                    let (at_end, because) = review.renewal();
                    holding_advice.decide(holding, at_end);
                    holding_advice.at_term_end_because =
                        because.filter(|_| holding.held.is_under_term());
                }
                if is_known && holding.throttles == 0 {
                    holding_advice.load = HoldingLoad::Fits;
                    holding_advice.right_size = Some(holding.held.model_units.to_string());
                }
            }
            // The buy rule and the report say what is not whole and what has no price.
            Err(UnknownSize::Incomplete(_) | UnknownSize::NoCost | UnknownSize::NoOffer) => {}
            Err(UnknownSize::ExceedsCapacity(refusal)) => {
                shrink.finding.reasons.push(refusal.why);
            }
            Err(why @ (UnknownSize::LowPrice(_) | UnknownSize::Demand(_))) => {
                shrink.finding.reasons.push(format!(
                    "whether {} has its right size is not known: {why}",
                    holding.held.provisioned_model_name
                ));
            }
        }
        shrink.finding.take(bound.finding);
        shrink.finding.holdings.push(holding_advice);
    }
    // What ends with a term serves until then.
    let now = at_work.iter().zip(units).filter(|(holding, _)| !holding.held.is_under_term());
    shrink.held = now.map(|(holding, units)| (holding.held, units)).collect();
    shrink
}

/// Lists the holdings that serve, in the order in which they can be changed.
fn at_work<'w>(
    priced: &Priced<'_>,
    workload: &'w Workload<'w>,
    fill: &FillAdvice<'w>,
    target: Option<&Whole>,
) -> Vec<&'w Holding<'w>> {
    let then = |holding: &Holding<'_>| target.and_then(|target| target.of(workload, holding));
    let filled = fill.filled();
    let mut at_work: Vec<&Holding<'_>> = workload
        .holdings
        .iter()
        .filter(|holding| holding.can_serve_more())
        .filter(|holding| {
            // An idle holding that is kept is at work once all is done, and one that is paid for to
            // the end of its term can take the calls of others.
            let is_filled = filled.iter().any(|filled| filled.held == holding.held);
            let is_kept = then(holding).is_some_and(|then| then.units != UnitPurchase::NONE);
            holding.idleness == Idleness::Busy || is_filled || is_kept
        })
        .collect();
    // What can be changed first is decided first, and what is decided holds for those after it: two
    // that could each be spared while the other stays cannot both be. Units are given up before
    // others are bound in their stead.
    let now = priced.observation.as_of;
    at_work.sort_by_key(|holding| {
        let end = holding.held.term_end(now);
        let kept = then(holding).map_or(1, |then| {
            let is_whole = then.units == holding.held.model_units;
            u8::from(then.units != UnitPurchase::NONE) + u8::from(is_whole)
        });
        // A term whose end nobody knows may have just begun.
        (holding.held.is_under_term(), end.is_none(), end, kept)
    });
    at_work
}

/// Builds the advice on a holding that serves nothing, or of which nobody knows what.
fn advice_unless_at_work(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
) -> HoldingAdvice {
    let at_end = match holding.idleness {
        Idleness::Idle(_) => AtTermEnd::LetExpire,
        Idleness::Busy | Idleness::NotSeen(_) => AtTermEnd::Undecided,
    };
    advice_before_sizing(priced, workload, holding, at_end)
}

/// Builds the advice on a holding before its size is looked at.
fn advice_before_sizing(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
    at_end: AtTermEnd,
) -> HoldingAdvice {
    let mut holding_advice = HoldingAdvice::unknown(&holding.held.provisioned_model_arn);
    if holding.throttles > 0 {
        holding_advice.load = HoldingLoad::Oversubscribed;
    }
    holding_advice.lifecycle_risk = lifecycle_risk(priced, workload, holding);
    holding_advice.decide(holding, at_end);
    holding_advice
}

/// Says that a model leaves while a holding is still bound to that model; `None` where the model
/// stays.
fn lifecycle_risk(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holding: &Holding<'_>,
) -> Option<String> {
    holding.held.commitment_expiration_time?;
    let ends = holding.held.term_end(priced.observation.as_of).map(day_of);
    let is_before = |told: &LifecycleDay| ends.is_some_and(|ends| told.day <= ends);
    let on_its_end = ends.map_or_else(String::new, |ends| format!(" on {ends}"));
    let lifecycle = &workload.lifecycle;
    if let Some(end) = lifecycle.end_of_life.filter(is_before) {
        return Some(format!(
            "the model's end of life, {end}, falls before its term ends{on_its_end}"
        ));
    }
    if lifecycle.is_legacy {
        return Some("the model is Legacy: when its term ends, no new one may be sold".to_owned());
    }
    let legacy = lifecycle.legacy.filter(is_before)?;
    Some(format!("the model becomes Legacy on {legacy}, before its term ends{on_its_end}"))
}

impl HoldingReview<'_, '_> {
    /// Looks for a smaller size that costs less: now the one of the target, and at the end of a term the
    /// best of the holding alone.
    fn size(&self) -> Result<SizeReview<ModelUnits>, UnknownSize> {
        let holding = self.holding;
        let cost = holding.monthly_cost.ok_or(UnknownSize::NoCost)?;
        if let Some(refusal) = gates::completeness(self.workload).into_iter().next() {
            return Err(UnknownSize::Incomplete(refusal));
        }
        if let Some(refusal) = gates::on_demand_price(self.workload, self.cheapest) {
            return Err(UnknownSize::LowPrice(refusal));
        }
        let Some(purchase) = holding.offer.as_ref().and_then(|offer| self.purchase(offer)) else {
            let smaller = self.by_its_worth(cost).map(|smaller| self.over_a_cycle(smaller));
            return Ok(smaller.map_or(SizeReview::NoneCheaper, SizeReview::Smaller));
        };
        if holding.exceeds_capacity().is_some() {
            return Err(UnknownSize::ExceedsCapacity(gates::capacity(holding)));
        }
        // What is kept is filled once the rest is given up.
        let with_lanes = self.then().is_none();
        let sizes = self.sizes(&purchase, with_lanes)?;
        let options = self.then().map_or_else(|| sizes.options(), |then| vec![then.units]);
        let smaller = sizes.smaller(&options).map(|smaller| self.over_a_cycle(smaller));
        Ok(smaller.map_or(SizeReview::NoneCheaper, SizeReview::Smaller))
    }

    /// Judges holding less over all weeks too, where use comes in a rhythm that a month need not hold: work
    /// of month-ends is not saved by a month that has none.
    fn over_a_cycle(&self, smaller: SmallerHolding<ModelUnits>) -> SmallerHolding<ModelUnits> {
        let Some(rhythm) = self.holding.rhythm.filter(Rhythm::is_sparse) else { return smaller };
        let over_all = smaller.certainty.as_ref().and_then(Certainty::monthly_mean);
        let Some(over_all) = over_all.filter(|over_all| *over_all < smaller.savings) else {
            return smaller;
        };
        let mut workings = smaller.workings;
        workings.push(Working::new(
            "saves a month over all weeks",
            over_all,
            format!(
                "used on {} of {} days, at rest for {} at most",
                rhythm.used_days,
                rhythm.days,
                rhythm.rest_in_words()
            ),
        ));
        SmallerHolding { savings: over_all, workings, ..smaller }
    }

    /// Returns true if the holding is to go with what it serves: there is nothing to bind.
    fn is_to_go(&self) -> bool {
        self.then().is_some_and(|then| then.units == UnitPurchase::NONE)
    }

    /// Computes the saving of holding so many units at the present price, in USD a month, before anything
    /// is filled in; below zero where that costs more. `None` without a target.
    pub(super) fn saves_unbound(&self, units: ModelUnits) -> Option<Usd> {
        self.then()?;
        let purchase = self.holding.offer.as_ref().and_then(|offer| self.purchase(offer))?;
        let sizes = self.sizes(&purchase, false).ok()?;
        Some(sizes.total(sizes.now) - sizes.total(units))
    }

    /// Finds the best size that binds nothing more, if what goes to the holding stays the same; `None`
    /// where that is the present one.
    pub(super) fn unbound(&self) -> Option<SmallerHolding<ModelUnits>> {
        let purchase = self.holding.offer.as_ref().and_then(|offer| self.purchase(offer))?;
        let sizes = self.sizes(&purchase, true).ok()?;
        let smaller = sizes.smaller(&sizes.options())?;
        // What is dismissed or fails its own gates is no size to compare with.
        let action = self.action(&smaller);
        let arn = &self.holding.held.provisioned_model_arn;
        let is_dismissed = gates::is_dismissed(self.priced, self.workload, action, arn);
        (!is_dismissed).then_some(smaller)
    }

    /// Puts the sizes of the holding to its demand.
    fn sizes(
        &self,
        purchase: &UnitPurchase,
        with_lanes: bool,
    ) -> Result<HoldingSizes, UnknownSize> {
        let demand = self.demand(self.safe, with_lanes)?;
        let sized = demand.sized(purchase);
        let now = self.holding.held.model_units;
        let makes_room = self.makes_room().map_or(Usd::ZERO, |host| {
            LaneRates::monthly_cost_of(self.safe, host.held, self.priced.recent)
        });
        Ok(HoldingSizes {
            goes_elsewhere: self.goes_elsewhere(),
            makes_room,
            refuses: self.refuses(),
            headroom: self.priced.observation.settings.headroom,
            now,
            fewest: ModelUnits::new(u32::from(!self.is_to_be_had(UnitPurchase::NONE))),
            most: if self.is_to_be_had(now) { now } else { UnitPurchase::NONE },
            observed_days: self.workload.observed_days,
            purchase: *purchase,
            demand,
            sized,
        })
    }

    /// Compares what the whole holding serves with what the holding costs: without a capacity no
    /// part can be judged. `None` where giving the holding up does not save.
    fn by_its_worth(&self, cost: Usd) -> Option<SmallerHolding<ModelUnits>> {
        // Something that it serves has no price: what it is worth is not known.
        self.holding.monthly_value?;
        let (held, recent) = (self.holding.held, self.priced.recent);
        let value = LaneRates::monthly_cost_of(self.safe, held, recent);
        let savings = cost - value;
        if !savings.is_positive() || !self.is_to_be_had(UnitPurchase::NONE) {
            return None;
        }
        let traffic = Traffic::Units { serving: &[self.holding], with_on_demand: false };
        let hours = ServableDemand::hourly(self.priced, self.workload, self.safe, traffic);
        let days = self.workload.observed_days;
        Some(SmallerHolding {
            to: UnitPurchase::NONE,
            savings,
            certainty: hours.ok().and_then(|hours| certainty_of_whole(&hours, cost, days)),
            workings: vec![
                Working::new("costs a month", cost, format!("{} × 730 hours", held.model_units)),
                Working::new(
                    "what it serves, on-demand",
                    value,
                    "its tokens of the recent window at the cheapest allowed rates, the upper end of each range, × 730 ÷ its hours",
                ),
                judged_by("what it serves, at on-demand prices"),
            ],
        })
    }

    /// Decides whether to buy what is held for another term, with the reason where not.
    fn renewal(&self) -> (AtTermEnd, Option<String>) {
        let (Some(offer), Some(cost)) = (&self.holding.offer, self.holding.monthly_cost) else {
            return (AtTermEnd::Undecided, None);
        };
        let (priced, workload, held) = (self.priced, self.workload, self.holding.held);
        let cheapest = self.over_term(self.cheapest, offer.term);
        let (replaced, trial) = if let Some(purchase) = self.purchase(offer) {
            let Ok(demand) = self.demand(&cheapest, true) else {
                return (AtTermEnd::Undecided, None);
            };
            let sized = demand.sized(&purchase);
            let now = HeldAmount { amount: held.model_units, monthly_cost: cost };
            let bursts = sized.burst_shares(now.amount, UnitPurchase::NONE);
            // What the others replace anyway is not this one's: at most, then.
            let others = sized.replaced_monthly_at_most(UnitPurchase::NONE);
            let replaced = sized.replaced_monthly(now.amount) - others;
            let part = HeldPart {
                purchase: &purchase,
                demand: &demand,
                more: now,
                less: None,
                bursts,
                observed_days: workload.observed_days,
                term: offer.term,
            };
            (replaced, Some(self.trial(&part)))
        } else {
            let served = LaneRates::monthly_cost_of(&cheapest, held, priced.recent);
            (served, self.trial_of_served(&cheapest, cost))
        };
        let renewal = Renewal {
            term: offer.term,
            first: self.next_term(),
            savings: replaced - cost,
            bound: cost,
            trial,
            checked: gates::oldest_check(self.cheapest, offer.source.provenance.checked),
        };
        renewal.decided(priced, workload)
    }

    /// Returns the action that holding less comes to.
    fn action(&self, smaller: &SmallerHolding<ModelUnits>) -> Action {
        match (smaller.is_none(), self.holding.held.is_under_term()) {
            (true, true) => Action::LetCommitmentExpire,
            (true, false) => Action::GiveUpProvisionedModel,
            (false, _) => Action::RightSizeProvisionedModel,
        }
    }

    fn finding(&self, smaller: &SmallerHolding<ModelUnits>) -> Finding {
        let (priced, workload, held) = (self.priced, self.workload, self.holding.held);
        let name = &held.provisioned_model_name;
        let action = self.action(smaller);
        let to_others = self.has_others();
        let description = if smaller.is_none() {
            let to = match self.host_of_its_calls() {
                Some(host) if self.makes_room().is_some() => {
                    format!("to {}, whose own go on-demand", host.held.provisioned_model_name)
                }
                Some(host) => format!("to {}", host.held.provisioned_model_name),
                None if to_others => "to the others".to_owned(),
                None => "on-demand".to_owned(),
            };
            format!("its calls {to}, without {name}")
        } else {
            smaller.amount().to_string()
        };
        let plan = Plan::new(action, description.clone()).saving(smaller.savings);
        let arn = &held.provisioned_model_arn;
        // The plan is shown either way; only what passes becomes advice.
        let cost = self.holding.monthly_cost.unwrap_or_default();
        let refusals = refusals(priced, workload, smaller, cost, action, arn);
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
        let current = Arrangement::costing(format!("{} of {name}", held.model_units), cost);
        let proposed = Arrangement::costing(description, cost - smaller.savings);
        let arn = &held.provisioned_model_arn;
        let money = Money::saved(current, proposed).sure(smaller.certainty.as_ref(), 1);
        let mut advice = Recommendation::new(action, workload, arn, money, evidence);
        advice.provisioned_model_arn = Some(arn.clone());
        advice.grounds.workings.extend(smaller.workings.clone());
        let steps = match &self.holding.offer {
            Some(offer) if !smaller.is_none() => {
                command::replace(workload, held, offer, smaller.to)
            }
            _ => {
                let instead = match self.host_of_its_calls() {
                    Some(host) => &host.held.provisioned_model_arn,
                    None if to_others => "another provisioned model of the same model",
                    None => "the model on-demand",
                };
                vec![
                    command::switch_callers(held, instead),
                    command::delete(&workload.place.region, held),
                ]
            }
        };
        if smaller.is_none() {
            let risk = if to_others {
                "where the others are given up too, its calls go on-demand: on-demand quotas have to carry them"
            } else {
                "whoever calls it must call the model on-demand first: on-demand quotas have to carry it"
            };
            advice.grounds.risks.push(risk.into());
        }
        if !smaller.is_none() && !self.refuses() {
            advice.grounds.risks.push(gates::SPILL_ASSUMPTION.into());
        }
        if let Some(rhythm) = self.holding.rhythm.filter(Rhythm::is_sparse) {
            advice.grounds.risks.push(format!(
                "used on {} of {} days, at rest for {} at most: judged over all of them",
                rhythm.used_days,
                rhythm.days,
                rhythm.rest_in_words()
            ));
        }
        if smaller.is_none() && self.host_is_made_room() {
            advice.grounds.risks.push(
                "it rests on filling provisioned models: that makes the room for its calls".into(),
            );
        }
        if let Some(payer) = self.payer().filter(|payer| payer.held != held) {
            advice.grounds.risks.push(gates::rests_on_giving_up(payer));
        }
        put_off_to_term_end(priced, held, &mut advice, steps);
        Finding::advised(plan, advice, Gate::Order)
    }
}
