//! On-demand traffic beside a provisioned model that has room for it goes there: the units are paid
//! for either way.
//!
//! Needs the capacity of a unit and the minutes. Where callers route what exceeds the units, they try
//! one provisioned model after the other; where AWS refuses that, a lane goes to one of them whole, or
//! stays. Silent without on-demand traffic.

use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::recommendation::several;
use crate::advice::whole::{self, OwnCalls, Whole};
use crate::advice::{Action, Arrangement, Evidence, Money, Plan, Recommendation, Working};
use crate::config::Overflow;
use crate::domain::{ModelUnits, Ratio, Usd};
use crate::observation::ProvisionedModel;
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::{Holding, Lane, LaneKind, LaneRates, Priced, Workload};
use crate::sizing::demand::{ServableDemand, SizedDemand};
use crate::sizing::traffic::Traffic;
use crate::sizing::{Purchase as _, UnitPurchase};

/// Advice of the rule, with what filling leaves to the later rules.
#[derive(Debug)]
pub(crate) struct FillAdvice<'w> {
    pub(crate) finding: Finding,
    /// Share of standard on-demand traffic that stays on-demand, from 0 to 1, what leaves the
    /// holdings for on-demand included.
    pub(crate) remaining: Ratio,
    /// Share of each lane that stays as the lane is, in order of the workload's lanes; empty where
    /// nothing is filled.
    left: Vec<Ratio>,
    /// Lanes that go to what is held.
    pub(crate) lanes: Vec<&'w Lane<'w>>,
    /// Lanes that went to one holding whole; empty where callers route what exceeds the holdings.
    whole: Vec<WholeLanes<'w>>,
    /// Holdings that serve on, filled or not.
    pub(crate) serving: Vec<&'w Holding<'w>>,
}

impl<'w> FillAdvice<'w> {
    /// Builds the advice to fill nothing.
    const fn none(finding: Finding, serving: Vec<&'w Holding<'w>>) -> Self {
        Self {
            finding,
            remaining: Ratio::ONE,
            left: Vec::new(),
            lanes: Vec::new(),
            whole: Vec::new(),
            serving,
        }
    }

    /// Returns true if filling is advised, and counts.
    pub(crate) fn is_counted(&self) -> bool {
        !self.lanes.is_empty()
    }

    /// Returns the share of a lane that stays as the lane is, from 0 to 1.
    pub(crate) fn left_of(&self, workload: &Workload<'_>, lane: &Lane<'_>) -> Ratio {
        let mut lanes = workload.lanes.iter();
        let place = lanes.position(|other| std::ptr::eq(other, lane));
        let left = place.and_then(|place| self.left.get(place));
        left.copied().unwrap_or(Ratio::ONE)
    }

    /// Returns true if all requests of a lane went to one holding.
    pub(crate) fn is_whole_in(&self, lane: &Lane<'_>, held: &ProvisionedModel) -> bool {
        let mut whole = self.whole.iter().filter(|it| it.holding.held == held);
        whole.any(|it| it.lanes.iter().any(|other| std::ptr::eq(*other, lane)))
    }

    /// Returns the holdings that filling found work for.
    pub(crate) fn filled(&self) -> Vec<&'w Holding<'w>> {
        let is_filled = |holding: &&&Holding<'_>| {
            let is_in = |whole: &WholeLanes<'_>| whole.holding.held == holding.held;
            self.is_counted() && (self.whole.is_empty() || self.whole.iter().any(is_in))
        };
        self.serving.iter().filter(is_filled).copied().collect()
    }
}

/// Tells what a target fills; without a target, why nothing can be said.
pub(crate) fn advise<'w>(
    priced: &Priced<'_>,
    workload: &'w Workload<'w>,
    cheapest: &[LaneRates<'w>],
    target: Option<&Whole>,
) -> FillAdvice<'w> {
    let goes_idle = |holding: &&Holding<'_>| {
        let then = target.and_then(|target| target.of(workload, holding));
        let is_none = then.is_some_and(|then| then.units == UnitPurchase::NONE);
        is_none && holding.idleness.is_idle()
    };
    let able = workload.holdings.iter().filter(|holding| holding.can_serve_more());
    let serving: Vec<&Holding<'_>> = able.filter(|holding| !goes_idle(holding)).collect();
    let standard: Usd = workload.servable().map(Lane::monthly_cost).sum();
    if serving.is_empty() || !standard.is_positive() {
        return FillAdvice::none(Finding::default(), serving);
    }
    let action = Action::FillProvisionedModel;
    let description = format!("on-demand traffic moved to {}", names(&serving));
    let plan = Plan::new(action, description);
    let room = match Room::of(priced, workload, cheapest, &serving, target) {
        Ok(Some(room)) => room,
        Ok(None) => return FillAdvice::none(Finding::default(), serving),
        Err(refusals) => return FillAdvice::none(Finding::refused(plan, refusals), serving),
    };
    let plan = plan.saving(room.savings);
    let settings = &priced.observation.settings;
    let was_open = gates::was_open(priced, workload, action, &arns(&serving).join(" "));
    // Filling what is paid for binds nothing, so no share is asked for.
    let failed = gates::least(settings, room.savings, was_open);
    if let Some(failed) = failed {
        return FillAdvice::none(Finding::refused(plan, vec![failed]), serving);
    }
    let mut advice = recommendation(priced, workload, &serving, &room);
    let payers = target.into_iter().flat_map(|target| target.payers(workload));
    advice.grounds.risks.extend(payers.map(|(payer, _)| gates::rests_on_giving_up(payer)));
    let workings = room.workings(settings.headroom);
    advice.grounds.workings.extend(workings);
    let mut finding = Finding::advised(plan, advice, Gate::Setting);
    if finding.counts() {
        finding.dismiss(priced);
    }
    // What is only listed takes nothing from what the later rules can save.
    if !finding.counts() {
        return FillAdvice::none(finding, serving);
    }
    let lanes = workload.lanes.iter();
    FillAdvice {
        finding,
        remaining: Ratio::new((standard - room.savings).dollars() / standard.dollars()),
        left: lanes.map(|lane| room.left_of(priced, workload, lane)).collect(),
        lanes: room.lanes,
        whole: room.whole.unwrap_or_default(),
        serving,
    }
}

/// Room of some holdings for the on-demand traffic beside them.
struct Room<'w> {
    purchase: UnitPurchase,
    demand: ServableDemand,
    sized: SizedDemand<UnitPurchase>,
    /// Saving of moving the traffic there, in USD a month.
    savings: Usd,
    /// Lanes that go there.
    lanes: Vec<&'w Lane<'w>>,
    /// Lanes that go to one holding whole; `None` where callers route what exceeds the holdings.
    whole: Option<Vec<WholeLanes<'w>>>,
    /// Holdings that they go to.
    filled: Vec<&'w Holding<'w>>,
    /// Holdings that make room: their own calls go elsewhere.
    leaving: Vec<(&'w Holding<'w>, Option<&'w Holding<'w>>)>,
}

/// Lanes whose requests all go to one holding.
#[derive(Debug)]
struct WholeLanes<'w> {
    holding: &'w Holding<'w>,
    lanes: Vec<&'w Lane<'w>>,
    /// Units that all calls there need, headroom included.
    needed: ModelUnits,
}

impl WholeLanes<'_> {
    /// Names the lanes, all of them: whoever moves them has to know which.
    fn ids(&self) -> String {
        ids_of(&self.lanes).join(" and ")
    }
}

fn ids_of<'l>(lanes: &[&'l Lane<'_>]) -> Vec<&'l str> {
    lanes.iter().map(|lane| lane.usage.model_id.text()).collect()
}

impl<'w> Room<'w> {
    /// Measures the room for the lanes of a target; `None` where none is to go there. An error says that
    /// there is no room, or why that is not known.
    fn of(
        priced: &Priced<'_>,
        workload: &'w Workload<'w>,
        cheapest: &[LaneRates<'w>],
        holdings: &[&'w Holding<'w>],
        target: Option<&Whole>,
    ) -> Result<Option<Self>, Vec<Refusal>> {
        let unknown = |why: String| vec![Refusal::new(Gate::Knowledge, why)];
        // Units of one model are taken to be alike: the first stated capacity stands for all.
        let mut offers = holdings.iter().filter_map(|holding| holding.offer.as_ref());
        let known = offers.find_map(|offer| Some((offer.unit_price, offer.capacity?)));
        let (price, capacity) = known.ok_or_else(|| {
            unknown(format!(
                "whether {} has room cannot be said: the capacity of its units is not known",
                names(holdings)
            ))
        })?;
        // Usage that was not read may fill the room already.
        let failed = gates::completeness(workload);
        if !failed.is_empty() {
            return Err(failed);
        }
        let mut holding = holdings.iter();
        if let Some(holding) = holding.find(|holding| holding.exceeds_capacity().is_some()) {
            return Err(vec![gates::capacity(holding)]);
        }
        let settings = &priced.observation.settings;
        let whole = target.filter(|_| settings.overflow == Overflow::Throttle);
        let whole = whole.map(|target| whole_lanes(workload, target));
        let lanes: Vec<&Lane<'_>> = match (&whole, target) {
            (Some(whole), _) => whole.iter().flat_map(|it| it.lanes.iter().copied()).collect(),
            (None, Some(target)) => whole::at(workload, &target.lanes),
            (None, None) => workload.servable().collect(),
        };
        // What comes to on-demand goes where that costs least, at the upper end.
        let rates = LaneRates::of_units(cheapest, &lanes);
        let rates: Vec<LaneRates<'_>> = rates
            .iter()
            .map(|rates| match rates.lane.kind {
                LaneKind::OnDemand { .. } => LaneRates::current(rates.lane),
                _ => rates.at_safe_end(),
            })
            .collect();
        let traffic = Traffic::Units { serving: holdings, with_on_demand: true };
        let demand = ServableDemand::new(priced, workload, &rates, traffic)
            .map_err(|why| unknown(why.to_string()))?;
        // What is to be held then: what is given up is not filled before.
        let kept = |holding: &&Holding<'_>| {
            let then = target.and_then(|target| target.of(workload, holding));
            then.map_or(holding.held.model_units, |then| then.units)
        };
        let held = holdings.iter().map(kept).sum();
        let filled: Vec<&Holding<'_>> = match &whole {
            Some(whole) => whole.iter().map(|it| it.holding).collect(),
            None => holdings.iter().filter(|it| kept(it) != UnitPurchase::NONE).copied().collect(),
        };
        let purchase = UnitPurchase { capacity, price, held };
        if lanes.is_empty() && settings.overflow == Overflow::Throttle {
            return Err(unknown(format!(
                "{} of {} do not have room for the highest minute of any of the traffic and {} headroom (GUARD_OVERFLOW=spill would count what fits)",
                purchase.held,
                names(holdings),
                settings.headroom.percent()
            )));
        }
        if lanes.is_empty() {
            return Ok(None);
        }
        let sized = demand.sized(&purchase);
        let leaving = target.map_or_else(Vec::new, |target| leaving_calls(workload, target));
        let savings = if whole.is_some() {
            let costs = rates.iter().filter(|rates| {
                let to_on_demand = |(holding, host): &(&Holding<'_>, Option<&Holding<'_>>)| {
                    host.is_none() && rates.lane.kind == LaneKind::Provisioned(holding.held)
                };
                leaving.iter().any(to_on_demand)
            });
            let costs: Usd = costs.map(|rates| rates.monthly_cost(priced.recent)).sum();
            lanes.iter().map(|lane| lane.monthly_cost()).sum::<Usd>() - costs
        } else {
            let own = Traffic::Units { serving: holdings, with_on_demand: false };
            let own = ServableDemand::new(priced, workload, &rates, own);
            let own = own.map_err(|why| unknown(why.to_string()))?.sized(&purchase);
            // What its own calls have already is not saved: at most, then.
            let served = own.replaced_monthly_at_most(UnitPurchase::NONE);
            sized.replaced_monthly(UnitPurchase::NONE) - served
        };
        Ok(Some(Self { purchase, demand, sized, savings, lanes, whole, filled, leaving }))
    }

    /// Computes the share of one lane that stays on-demand: that of the minutes in which all of the
    /// traffic does not fit. Where that cannot be said, nothing is taken to stay.
    fn left_of(&self, priced: &Priced<'_>, workload: &Workload<'_>, lane: &Lane<'_>) -> Ratio {
        if !self.lanes.iter().any(|other| std::ptr::eq(*other, lane)) {
            return Ratio::ONE;
        }
        if self.whole.is_some() {
            return Ratio::ZERO;
        }
        // Safe for the later rules: what is taken to be filled can be saved by nobody else.
        let Ok(demand) = self.demand.of_lane(priced, workload, LaneRates::current(lane)) else {
            return Ratio::ZERO;
        };
        let sized = demand.sized(&self.purchase);
        let all = sized.all_monthly();
        // What is taken to stay can be saved a second time.
        let replaced = sized.replaced_monthly_at_most(UnitPurchase::NONE).min(all);
        if all.is_positive() {
            Ratio::new((all - replaced).dollars() / all.dollars())
        } else {
            Ratio::ZERO
        }
    }

    /// Builds the workings on what is held and what is asked for: by the traffic of each holding, or by
    /// all of it where callers route what exceeds the holdings.
    fn workings(&self, headroom: Ratio) -> Vec<Working> {
        let UnitPurchase { capacity, held, .. } = self.purchase;
        if let Some(whole) = &self.whole {
            let of = |whole: &WholeLanes<'_>| {
                let held = whole.holding.held;
                Working::new(
                    "held, and enough for the highest minute of all that goes there",
                    format!("{} and {}", held.model_units, whole.needed),
                    format!(
                        "{}: ⌈(1 + {}) × the highest minute of {MINUTE_DAYS} days, or hour of the recent window⌉",
                        held.provisioned_model_name,
                        headroom.percent()
                    ),
                )
            };
            return std::iter::once(Working::capacity(capacity))
                .chain(whole.iter().map(of))
                .collect();
        }
        let more = self.sized.minutes.throttle_minimum(Ratio::ZERO);
        let highest = more.map_or_else(
            || "more than can be counted".to_owned(),
            |more| (held + ModelUnits::new(more)).to_string(),
        );
        vec![
            Working::capacity(capacity),
            Working::new(
                "held, and enough for the highest minute of all traffic",
                format!("{held} and {highest}"),
                format!("the last {MINUTE_DAYS} days by the minute"),
            ),
        ]
    }
}

/// Lists the lanes that go whole to each holding.
fn whole_lanes<'w>(workload: &'w Workload<'w>, target: &Whole) -> Vec<WholeLanes<'w>> {
    let of_holding = |then: &whole::HeldThen| {
        let holding = workload.holdings.get(then.place)?;
        let lanes = whole::at(workload, &then.lanes);
        (!lanes.is_empty()).then_some(WholeLanes { holding, lanes, needed: then.needed })
    };
    target.holdings.iter().filter_map(of_holding).collect()
}

/// Lists the holdings that are kept and whose own calls go elsewhere, each with the holding that they go
/// to; `None` where that is on-demand.
fn leaving_calls<'w>(
    workload: &'w Workload<'w>,
    target: &Whole,
) -> Vec<(&'w Holding<'w>, Option<&'w Holding<'w>>)> {
    let of_place = |place: usize| workload.holdings.get(place);
    let kept = target.holdings.iter().filter(|then| then.units != UnitPurchase::NONE);
    let leaves = |then: &whole::HeldThen| {
        let holding = of_place(then.place).filter(|it| !it.idleness.is_idle())?;
        match then.own {
            OwnCalls::To(other) => Some((holding, of_place(target.holdings.get(other)?.place))),
            OwnCalls::Leave => Some((holding, None)),
            // Told with what is given up.
            OwnCalls::LeaveFor(_) | OwnCalls::Stay | OwnCalls::ToBought => None,
        }
    };
    kept.filter_map(leaves).collect()
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    holdings: &[&Holding<'_>],
    room: &Room<'_>,
) -> Recommendation {
    let standard = &room.lanes;
    let before: Usd = standard.iter().map(|lane| lane.monthly_cost()).sum();
    let mut evidence = Evidence::default();
    for lane in standard {
        evidence.lane(priced, lane);
    }
    for offer in holdings.iter().filter_map(|holding| holding.offer.as_ref()) {
        evidence.offer(&workload.model, offer);
    }
    let ids = ids_of(standard);
    // All of the lanes that move whole are named, a few at most.
    let ids = if room.whole.is_some() { ids.join(" and ") } else { several(&ids) };
    let arns_of_kept = arns(&room.filled);
    let current =
        Arrangement::costing(format!("{ids} on-demand beside {}", names(&room.filled)), before);
    let arn = |whole: &WholeLanes<'_>| whole.holding.held.provisioned_model_arn.clone();
    let instead = match room.whole.as_deref() {
        None => format!("model id {} for these calls", several(&arns_of_kept)),
        Some([whole]) => format!("model id {} for these calls", arn(whole)),
        Some(whole) => {
            let each = whole.iter().map(|it| format!("model id {} for {}", arn(it), it.ids()));
            each.collect::<Vec<_>>().join("; ")
        }
    };
    let leaving = room.leaving.iter().map(|(holding, host)| {
        let name = &holding.held.provisioned_model_name;
        match host {
            Some(host) => {
                let arn = &host.held.provisioned_model_arn;
                format!("; model id {arn} for the calls of {name}")
            }
            None => format!("; on-demand for the calls of {name}"),
        }
    });
    let instead = std::iter::once(instead).chain(leaving).collect::<String>();
    let proposed = Arrangement::costing(instead, before - room.savings);
    let action = Action::FillProvisionedModel;
    let subject = arns(holdings).join(" ");
    let money = Money::saved(current, proposed);
    let mut advice = Recommendation::new(action, workload, &subject, money, evidence);
    let first = room.whole.iter().flatten().next().map(arn);
    advice.provisioned_model_arn =
        first.or_else(|| arns_of_kept.first().map(|arn| (*arn).to_owned()));
    advice.standing.not_counted_because = gates::in_region(priced, workload);
    let risks = &mut advice.grounds.risks;
    risks.push(format!(
        "a unit of {} is taken to serve what the overrides or the price book say",
        names(&room.filled)
    ));
    if priced.observation.settings.overflow == Overflow::Spill {
        risks.push(gates::SPILL_ASSUMPTION.into());
    }
    advice
}

fn arns<'h>(holdings: &[&'h Holding<'_>]) -> Vec<&'h str> {
    holdings.iter().map(|holding| holding.held.provisioned_model_arn.as_str()).collect()
}

fn names(holdings: &[&Holding<'_>]) -> String {
    let names: Vec<&str> =
        holdings.iter().map(|holding| holding.held.provisioned_model_name.as_str()).collect();
    several(&names)
}
