//! On-demand traffic beside a provisioned model that has room for it goes there: the units are paid
//! for either way.
//!
//! Needs the capacity of a unit and the minutes. Where callers route what exceeds the units, they try
//! one provisioned model after the other; where AWS refuses that, a lane goes to one of them whole, or
//! stays. Silent without on-demand traffic.

use crate::advice::finding::Finding;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::recommendation::several;
use crate::advice::{Action, Arrangement, Evidence, Money, Plan, Recommendation, Working};
use crate::config::Overflow;
use crate::domain::{ModelUnits, Ratio, Usd};
use crate::observation::ProvisionedModel;
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::{Holding, Lane, LaneRates, Priced, Workload};
use crate::sizing::bins::{LaneSet, LoadProfile, LoadedLanes, best_assignment, units_of_sets};
use crate::sizing::demand::{ServableDemand, SizedDemand, UnknownDemand};
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
    /// Lanes that went to one holding whole; empty where callers route what exceeds the holdings.
    whole: Vec<WholeLanes<'w>>,
    /// Holdings that serve on, filled or not.
    pub(crate) serving: Vec<&'w Holding<'w>>,
    /// Saving in USD a month; `None` where filling is not advised, or does not count.
    savings: Option<Usd>,
}

impl<'w> FillAdvice<'w> {
    /// Builds the advice to fill nothing.
    const fn none(finding: Finding, serving: Vec<&'w Holding<'w>>) -> Self {
        Self {
            finding,
            remaining: Ratio::ONE,
            left: Vec::new(),
            whole: Vec::new(),
            serving,
            savings: None,
        }
    }

    /// Returns true if filling is advised, and counts.
    pub(crate) fn is_counted(&self) -> bool {
        self.savings.is_some()
    }

    /// Forgoes the filling after all, with the reason.
    pub(crate) fn forgone(mut self, why: &str) -> Self {
        self.finding.forgo(why);
        self.remaining = Ratio::ONE;
        self.left = Vec::new();
        self.whole = Vec::new();
        self.savings = None;
        self
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

    /// Returns true if a holding is to be given up, since others are filled instead of it.
    pub(crate) fn spares(&self, holding: &Holding<'_>) -> bool {
        self.is_counted() && self.serving.iter().all(|other| other.held != holding.held)
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

/// Fills the holdings of a workload but those that are to be spared: these are given up, unless that
/// costs more.
pub(crate) fn advise<'w>(
    priced: &Priced<'_>,
    workload: &'w Workload<'w>,
    spared: &[&Holding<'_>],
) -> FillAdvice<'w> {
    let is_spared = |holding: &&Holding<'_>| spared.iter().any(|it| it.held == holding.held);
    let able = workload.holdings.iter().filter(|holding| holding.can_serve_more());
    let serving: Vec<&Holding<'_>> = able.filter(|holding| !is_spared(holding)).collect();
    let standard: Vec<&Lane<'_>> = workload.on_demand().filter(|lane| lane.is_standard()).collect();
    let before: Usd = standard.iter().map(|lane| lane.monthly_cost()).sum();
    if serving.is_empty() || !before.is_positive() {
        return FillAdvice::none(Finding::default(), serving);
    }
    let action = Action::FillProvisionedModel;
    let description = format!("on-demand traffic moved to {}", names(&serving));
    let plan = Plan::new(action, description);
    let room = match Room::of(priced, workload, &serving, before) {
        Ok(room) => room,
        Err(refusals) => return FillAdvice::none(Finding::refused(plan, refusals), serving),
    };
    let plan = plan.saving(workload, room.savings);
    let settings = &priced.observation.settings;
    let was_open = gates::was_open(priced, workload, action, &arns(&serving).join(" "));
    // Filling what is paid for binds nothing, so no share is asked for.
    let failed = gates::least(settings, room.savings, was_open);
    if let Some(failed) = failed {
        return FillAdvice::none(Finding::refused(plan, vec![failed]), serving);
    }
    let mut advice = recommendation(priced, workload, &standard, &serving, &room);
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
    let lanes = room.current.iter();
    FillAdvice {
        finding,
        remaining: Ratio::new((before - room.savings).dollars() / before.dollars()),
        left: lanes.map(|rates| room.left_of(priced, workload, rates)).collect(),
        whole: room.whole.unwrap_or_default(),
        serving,
        savings: Some(room.savings),
    }
}

/// Room of some holdings for the on-demand traffic beside them.
struct Room<'w> {
    current: Vec<LaneRates<'w>>,
    purchase: UnitPurchase,
    demand: ServableDemand,
    sized: SizedDemand<UnitPurchase>,
    /// Saving of moving the traffic there, in USD a month.
    savings: Usd,
    /// Lanes that go to one holding whole; `None` where callers route what exceeds the holdings.
    whole: Option<Vec<WholeLanes<'w>>>,
}

/// Lanes whose requests all go to one holding.
#[derive(Debug)]
struct WholeLanes<'w> {
    holding: &'w Holding<'w>,
    lanes: Vec<&'w Lane<'w>>,
    /// Units that its own calls and these need, headroom included.
    needed: ModelUnits,
}

impl WholeLanes<'_> {
    /// Names the lanes, all of them: whoever moves them has to know which.
    fn ids(&self) -> String {
        let ids: Vec<&str> = self.lanes.iter().map(|lane| lane.usage.model_id.text()).collect();
        ids.join(" and ")
    }
}

impl<'w> Room<'w> {
    /// Measures the room for traffic that costs `before` a month. An error says that there is none,
    /// or why that is not known.
    fn of(
        priced: &Priced<'_>,
        workload: &'w Workload<'w>,
        holdings: &[&'w Holding<'w>],
        before: Usd,
    ) -> Result<Self, Vec<Refusal>> {
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
        let current: Vec<LaneRates<'_>> = workload.lanes.iter().map(LaneRates::current).collect();
        let traffic = Traffic::Units { serving: holdings, with_on_demand: true };
        let demand = ServableDemand::new(priced, workload, &current, traffic)
            .map_err(|why| unknown(why.to_string()))?;
        let purchase = UnitPurchase {
            capacity,
            price,
            held: holdings.iter().map(|holding| holding.held.model_units).sum(),
        };
        let sized = demand.sized(&purchase);
        let settings = &priced.observation.settings;
        let (savings, whole) = match settings.overflow {
            Overflow::Throttle => {
                let whole = lanes_that_fit(priced, workload, &current, holdings)
                    .map_err(|why| unknown(why.to_string()))?;
                let moved = whole.iter().flat_map(|whole| &whole.lanes);
                let savings: Usd = moved.map(|lane| lane.monthly_cost()).sum();
                if !savings.is_positive() {
                    return Err(unknown(format!(
                        "{} of {} do not have room for the highest minute of any of the traffic and {} headroom (GUARD_OVERFLOW=spill would count what fits)",
                        purchase.held,
                        names(holdings),
                        settings.headroom.percent()
                    )));
                }
                (savings, Some(whole))
            }
            Overflow::Spill => {
                let served = holdings.iter().filter_map(|holding| holding.monthly_value);
                let replaced = sized.replaced_monthly(UnitPurchase::NONE);
                ((replaced - served.sum()).clamp(Usd::ZERO, before), None)
            }
        };
        Ok(Self { current, purchase, demand, sized, savings, whole })
    }

    /// Computes the share of one lane that stays on-demand: that of the minutes in which all of the
    /// traffic does not fit. Where that cannot be said, nothing is taken to stay.
    fn left_of(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        rates: &LaneRates<'_>,
    ) -> Ratio {
        if !rates.lane.is_standard() {
            return Ratio::ONE;
        }
        if let Some(whole) = &self.whole {
            let mut moved = whole.iter().flat_map(|whole| &whole.lanes);
            let is_moved = moved.any(|lane| std::ptr::eq(*lane, rates.lane));
            return if is_moved { Ratio::ZERO } else { Ratio::ONE };
        }
        // Safe for the later rules: what is taken to be filled can be saved by nobody else.
        let Ok(demand) = self.demand.of_lane(priced, workload, rates.clone()) else {
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

/// Chooses which lanes go whole to which holdings, so that those that find room cost most on-demand.
fn lanes_that_fit<'w>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    current: &[LaneRates<'w>],
    holdings: &[&'w Holding<'w>],
) -> Result<Vec<WholeLanes<'w>>, UnknownDemand> {
    let headroom = priced.observation.settings.headroom;
    let lanes = LoadedLanes::dearest(priced, workload, current)?;
    let (mut fits, mut needs_of) = (Vec::new(), Vec::new());
    for holding in holdings {
        let own = Traffic::Units { serving: &[*holding], with_on_demand: false };
        let already = LoadProfile::of(&ServableDemand::new(priced, workload, current, own)?);
        // A holding of unknown capacity takes nothing.
        let needs = holding
            .capacity()
            .map(|capacity| units_of_sets(Some(&already), &lanes.profiles, capacity, headroom));
        let needs = needs.unwrap_or_default();
        let units = holding.held.model_units.count();
        let has_room = |needed: &Option<u32>| needed.is_some_and(|needed| needed <= units);
        fits.push(needs.iter().map(has_room).collect());
        needs_of.push(needs);
    }
    let chosen = best_assignment(&fits, &lanes.worth(priced.recent));
    let of_holding = |((holding, set), needs): ((&&'w Holding<'w>, LaneSet), Vec<Option<u32>>)| {
        let needed = ModelUnits::new(needs.get(set).copied().flatten()?);
        let lanes = lanes.of(set).into_iter().map(|rates| rates.lane).collect();
        (set != 0).then_some(WholeLanes { holding, lanes, needed })
    };
    Ok(holdings.iter().zip(chosen).zip(needs_of).filter_map(of_holding).collect())
}

fn recommendation(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    standard: &[&Lane<'_>],
    holdings: &[&Holding<'_>],
    room: &Room<'_>,
) -> Recommendation {
    let moved = room.whole.iter().flatten().flat_map(|whole| whole.lanes.iter().copied());
    let moved: Vec<&Lane<'_>> = moved.collect();
    let standard = if moved.is_empty() { standard } else { &moved };
    let before: Usd = standard.iter().map(|lane| lane.monthly_cost()).sum();
    let mut evidence = Evidence::default();
    for lane in standard {
        evidence.lane(priced, lane);
    }
    for offer in holdings.iter().filter_map(|holding| holding.offer.as_ref()) {
        evidence.offer(&workload.model, offer);
    }
    let ids: Vec<&str> = standard.iter().map(|lane| lane.usage.model_id.text()).collect();
    // All of the lanes that move whole are named, a few at most.
    let ids = if room.whole.is_some() { ids.join(" and ") } else { several(&ids) };
    let arns = arns(holdings);
    let current =
        Arrangement::costing(format!("{ids} on-demand beside {}", names(holdings)), before);
    let arn = |whole: &WholeLanes<'_>| whole.holding.held.provisioned_model_arn.clone();
    let instead = match room.whole.as_deref() {
        None => format!("model id {} for these calls", several(&arns)),
        Some([whole]) => format!("model id {} for these calls", arn(whole)),
        Some(whole) => {
            let each = whole.iter().map(|it| format!("model id {} for {}", arn(it), it.ids()));
            each.collect::<Vec<_>>().join("; ")
        }
    };
    let proposed = Arrangement::costing(instead, before - room.savings);
    let action = Action::FillProvisionedModel;
    let subject = arns.join(" ");
    let money = Money::saved(current, proposed);
    let mut advice = Recommendation::new(action, workload, &subject, money, evidence);
    let first = room.whole.iter().flatten().next().map(arn);
    advice.provisioned_model_arn = first.or_else(|| arns.first().map(|arn| (*arn).to_owned()));
    advice.standing.not_counted_because = gates::in_region(priced, workload);
    let risks = &mut advice.grounds.risks;
    risks.push(format!(
        "a unit of {} is taken to serve what the overrides or the price book say",
        names(holdings)
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
