//! The workloads of an account with prices put to them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalog::{Offer, Rate, ReservedHolding, ReservedOffer};
use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, Counter, Place, Tokens, Usd, Window};
use crate::observation::{FoundationModel, Gap, InferenceType, Observation, PlaceObservation};
use crate::pricing::holding::{CarriedLoad, Holding, model_held};
use crate::pricing::lane::{Lane, LaneKind, PricedMeter, UnpricedUsage};
use crate::pricing::lifecycle::{Lifecycle, LifecycleDay};
use crate::pricing::reserved::{self, Covered, Reserved};
use crate::pricing::term_offers;

/// Most lanes of a workload that are read by the minute, the dearest: the minutes of a lane take some
/// hundredth of the smallest function's memory.
pub(super) const MOST_LANES_BY_THE_MINUTE: usize = 60;

/// An observation with prices put to it.
#[derive(Debug)]
pub struct Priced<'a> {
    /// Observation that is priced.
    pub observation: &'a Observation,
    /// Window that a month is scaled from.
    pub recent: Window,
    /// Day whose prices apply.
    pub day: Date,
    /// Workloads in order of their models.
    pub workloads: Vec<Workload<'a>>,
    /// Lanes without a known model.
    pub strays: Vec<Stray<'a>>,
}

/// A lane without a known model.
#[derive(Debug)]
pub struct Stray<'a> {
    /// Account and Region.
    pub place: &'a Place,
    /// Traffic of the lane.
    pub lane: Lane<'a>,
    /// Reasons why figures may be too low; empty where they are whole.
    pub gaps: Vec<String>,
    /// Reasons among these that another run may not have: usage that was not read whole.
    pub unread: Vec<String>,
    /// Usage of the recent window, none of which has a price.
    pub unpriced: Vec<UnpricedUsage>,
}

/// All traffic and holdings of one base model in one account and Region: the subject of advice.
#[derive(Debug)]
pub struct Workload<'a> {
    /// Account and Region.
    pub place: &'a Place,
    /// Usage and inventory of the place.
    pub observed: &'a PlaceObservation,
    /// Base model.
    pub model: BaseModel,
    /// Name that people use; `None` where the book has none.
    pub name: Option<String>,
    /// Entries of the model in AWS's list of the Region's foundation models.
    pub listed: Vec<&'a FoundationModel>,
    /// Days on which the model leaves the Region.
    pub lifecycle: Lifecycle,
    /// Lanes with usage, in order of their ids.
    pub lanes: Vec<Lane<'a>>,
    /// Provisioned models of the base model.
    pub holdings: Vec<Holding<'a>>,
    /// Reserved tokens per minute that the operator declares for the model.
    pub reserved: Vec<Reserved<'a>>,
    /// Part of the on-demand bill that the reserved tokens take off.
    pub covered: Covered,
    /// Model units that the book sells for the model here.
    pub offers: Vec<Offer>,
    /// Reserved tokens per minute that the book sells for the model here.
    pub reserved_offers: Vec<ReservedOffer>,
    /// Loads that a unit of the model carried in this place; empty where its capacity is known.
    pub carried: Vec<CarriedLoad>,
    /// Window that a month is scaled from.
    pub recent: Window,
    /// Whole days from the first point to the end of the window.
    pub observed_days: u32,
    /// Reasons why figures may be too low; empty where they are whole.
    pub gaps: Vec<String>,
    /// Reasons among these that another run may not have: usage that was not read whole.
    pub unread: Vec<String>,
    /// Minutes that were not read whole, on which no cost rests; empty where they are.
    pub minute_gaps: Vec<String>,
}

impl<'a> Priced<'a> {
    /// Begins with nothing of any place.
    #[must_use]
    pub fn nothing(observation: &'a Observation) -> Self {
        Self {
            observation,
            recent: observation.window.last_days(observation.settings.recent_days),
            day: observation.window.last_day(),
            workloads: Vec::new(),
            strays: Vec::new(),
        }
    }
}

/// Puts prices to what was observed of one place. Of the observation its other places are no matter.
#[must_use]
pub fn price<'a>(observation: &'a Observation, observed: &'a PlaceObservation) -> Priced<'a> {
    price_where(observation, observed, &|_| true)
}

/// Puts prices to some workloads of one place, by their models. Lanes without a model are there in any case,
/// since each workload's traffic could be behind them.
#[must_use]
pub fn price_where<'a>(
    observation: &'a Observation,
    observed: &'a PlaceObservation,
    // One function for all who ask: it is much code.
    is_wanted: &dyn Fn(&BaseModel) -> bool,
) -> Priced<'a> {
    let mut priced = Priced::nothing(observation);
    let (recent, day) = (priced.recent, priced.day);
    let mut by_model: BTreeMap<BaseModel, Workload<'_>> = BTreeMap::new();
    let mut workload = |model: &BaseModel| {
        if !by_model.contains_key(model) {
            by_model.insert(model.clone(), Workload::new(observation, observed, model, day));
        }
    };
    let mut lanes = Vec::new();
    for usage in &observed.usage.lanes {
        let lane = Lane::new(observation, observed, usage, recent, day);
        if !usage.has_points() && usage.gaps().is_empty() {
            continue;
        }
        match lane.model().cloned() {
            Some(model) if is_wanted(&model) => {
                workload(&model);
                lanes.push((model, lane));
            }
            Some(_) => {}
            // Without a model there is no workload to advise on, but the usage must stay
            // visible.
            None => priced.strays.push(Stray {
                place: &observed.place,
                gaps: gaps_of(&lane, |_| true),
                unread: gaps_of(&lane, Gap::is_unread),
                unpriced: lane.unpriced(&observed.place, recent),
                lane,
            }),
        }
    }
    let mut holdings = Vec::new();
    for held in &observed.inventory.provisioned_models {
        if !is_wanted(&model_held(observation, observed, held)) {
            continue;
        }
        let holding = Holding::new(observation, observed, held, day);
        workload(&holding.model);
        holdings.push(holding);
    }
    let declared: Vec<Reserved<'_>> = declared_in(observation, &observed.place, day)
        .filter(|held| is_wanted(&held.model))
        .map(|held| Reserved::new(observation, held))
        .collect();
    for reserved in &declared {
        workload(&reserved.declared.model);
    }
    for reserved in declared {
        if let Some(workload) = by_model.get_mut(&reserved.declared.model) {
            workload.reserved.push(reserved);
        }
    }
    for (model, lane) in lanes {
        if let Some(workload) = by_model.get_mut(&model) {
            workload.lanes.push(lane);
        }
    }
    for holding in holdings {
        if let Some(workload) = by_model.get_mut(&holding.model) {
            workload.holdings.push(holding);
        }
    }
    // In order of the models: the order of the observation must not show.
    let workloads = by_model.into_values();
    priced.workloads.extend(workloads.map(|workload| workload.finished(observation, recent)));
    sort_by(&mut priced.strays, |a, b| a.lane.usage.model_id.cmp(&b.lane.usage.model_id));
    priced
}

/// Sorts the lanes of a place by the models of their workloads, read or not. A model of which something is
/// held and nothing used has none; those without a model come under `None`.
#[must_use]
pub fn lanes_by_model(
    observation: &Observation,
    observed: &PlaceObservation,
) -> BTreeMap<Option<BaseModel>, Vec<usize>> {
    let Priced { recent, day, .. } = Priced::nothing(observation);
    let held = observed.inventory.provisioned_models.iter();
    let held = held.map(|held| model_held(observation, observed, held));
    let declared =
        declared_in(observation, &observed.place, day).map(|declared| declared.model.clone());
    let mut by_model: BTreeMap<Option<BaseModel>, Vec<usize>> =
        held.chain(declared).map(|model| (Some(model), Vec::new())).collect();
    for (place, usage) in observed.usage.lanes.iter().enumerate() {
        let lane = Lane::new(observation, observed, usage, recent, day);
        by_model.entry(lane.model().cloned()).or_default().push(place);
    }
    by_model
}

/// Lists the reserved tokens that the operator declares for the Region of a place by a day.
fn declared_in<'a>(
    observation: &'a Observation,
    place: &Place,
    day: Date,
) -> impl Iterator<Item = &'a ReservedHolding> {
    let declared = observation.overrides.reserved_holding.iter();
    declared.filter(move |held| held.region == place.region && held.from <= day)
}

fn gaps_of(lane: &Lane<'_>, is_meant: impl Fn(&Gap) -> bool) -> Vec<String> {
    in_words(lane, lane.usage.gaps().into_iter().filter(is_meant).collect())
}

fn in_words(lane: &Lane<'_>, gaps: Vec<Gap>) -> Vec<String> {
    gaps.into_iter().map(|gap| format!("{} {gap}", lane.usage.model_id)).collect()
}

impl<'a> Workload<'a> {
    fn new(
        observation: &Observation,
        observed: &'a PlaceObservation,
        model: &BaseModel,
        day: Date,
    ) -> Self {
        let region = &observed.place.region;
        let listed: Vec<&FoundationModel> =
            observed.inventory.listed(model, &observation.prices).collect();
        Self {
            lifecycle: Lifecycle::new(&listed, &observation.prices.lifecycle(model, region), day),
            listed,
            place: &observed.place,
            observed,
            model: model.clone(),
            name: observation.prices.model(model).map(|prices| prices.name.clone()),
            lanes: Vec::new(),
            holdings: Vec::new(),
            reserved: Vec::new(),
            covered: Covered::default(),
            offers: term_offers::offers(observation, model, region, day),
            reserved_offers: term_offers::reserved_offers(observation, model, region, day),
            carried: Vec::new(),
            recent: observation.window,
            observed_days: 0,
            gaps: Vec::new(),
            unread: Vec::new(),
            minute_gaps: Vec::new(),
        }
    }

    fn finished(mut self, observation: &Observation, recent: Window) -> Self {
        let first = self
            .lanes
            .iter()
            .flat_map(|lane| lane.usage.readings())
            .filter_map(|reading| reading.series.first_point())
            .min();
        self.observed_days = first.map_or(0, |first| {
            let hours = observation.window.end().duration_since(first).as_hours();
            u32::try_from(hours / 24).unwrap_or_default()
        });
        sort_by(&mut self.lanes, |a, b| a.usage.model_id.cmp(&b.usage.model_id));
        self.let_the_cheapest_stay();
        sort_by(&mut self.holdings, |a, b| {
            a.held.provisioned_model_arn.cmp(&b.held.provisioned_model_arn)
        });
        self.recent = recent;
        self.gaps = self.lanes.iter().flat_map(|lane| gaps_of(lane, |_| true)).collect();
        self.unread = self.lanes.iter().flat_map(|lane| gaps_of(lane, Gap::is_unread)).collect();
        let minutes = self.lanes.iter().map(|lane| in_words(lane, lane.usage.minute_gaps()));
        self.minute_gaps = minutes.flatten().collect();
        self.gaps.extend(self.observed.inventory.gaps());
        for place in 0..self.holdings.len() {
            let aliases = self.holdings[place].aliases_with_points(&self.lanes);
            // Two ids may meter the same requests twice: the busiest alone is what was surely
            // there.
            if aliases.len() > 1 {
                self.gaps.push(format!(
                    "the traffic of provisioned model {} is metered under {}; only the busiest is counted",
                    self.holdings[place].held.provisioned_model_name,
                    aliases.join(" and ")
                ));
                let keep = aliases[0].clone();
                self.lanes.retain(|lane| {
                    let id = lane.usage.model_id.text();
                    id == keep || !aliases.iter().any(|alias| alias == id)
                });
            }
        }
        sort_by(&mut self.reserved, |a, b| a.declared.name.cmp(&b.declared.name));
        match reserved::covered(&mut self.reserved, &self.lanes, recent, &observation.settings) {
            Some(covered) => self.covered = covered,
            None => self
                .gaps
                .push("what its reserved tokens take off the bill cannot be counted".into()),
        }
        // Only now all gaps are known, and what has one is worth nothing certain.
        let is_whole = self.is_whole() && self.minute_gaps.is_empty();
        let since = self.extended_access().map(|since| since.day);
        for holding in &mut self.holdings {
            holding.measure(&self.lanes, recent, is_whole, since);
        }
        let carried = self.holdings.iter().flat_map(|held| &held.carried);
        self.carried = CarriedLoad::largest(carried.copied().collect());
        self
    }

    /// Lets the standard lanes stay as they are that are beyond those that are read by the minute.
    fn let_the_cheapest_stay(&mut self) {
        let mut standard: Vec<&mut Lane<'a>> =
            self.lanes.iter_mut().filter(|lane| lane.is_standard()).collect();
        if standard.len() > MOST_LANES_BY_THE_MINUTE {
            // Those of one cost in order of their ids, as they are now.
            sort_by(&mut standard, |a, b| b.monthly_cost().cmp(&a.monthly_cost()));
            for lane in standard.into_iter().skip(MOST_LANES_BY_THE_MINUTE) {
                lane.stays = true;
            }
        }
    }

    /// Returns the day since which the model is in extended access, on the day of the prices; `None`
    /// where the model is not.
    #[must_use]
    pub fn extended_access(&self) -> Option<LifecycleDay> {
        self.lifecycle.extended_access.filter(|since| since.day <= self.recent.last_day())
    }

    /// Returns true if a rate of the model is known from before its extended access alone: AWS may
    /// charge more since.
    #[must_use]
    pub fn is_from_before_extended_access(&self, rate: &Rate) -> bool {
        let since = self.extended_access();
        since.is_some_and(|since| rate.source.provenance.is_from_before(since.day))
    }

    /// Returns the day on which extended access began, where tokens are priced as before that day:
    /// AWS may charge more since. `None` otherwise.
    #[must_use]
    pub fn priced_before_extended_access(&self) -> Option<LifecycleDay> {
        let since = self.extended_access()?;
        let is_before = self.on_demand().any(|lane| lane.is_priced_before(since.day));
        is_before.then_some(since)
    }

    /// Lists what a reader should know of the model's life: an end that is near or past, and prices
    /// from before extended access. `today` is the day of the run.
    #[must_use]
    pub fn notes(&self, today: Date) -> Vec<String> {
        let name = self.name.as_deref().unwrap_or(self.model.id());
        let region = &self.place.region;
        let is_called_since = |day: Date| {
            let start = day.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp());
            let mut readings = self.lanes.iter().flat_map(|lane| lane.usage.readings());
            start.is_some_and(|start| {
                readings.any(|reading| !reading.series.total_since(start).is_zero())
            })
        };
        let end = self.lifecycle.end_in_words(name, region, today, is_called_since);
        let low = self.priced_before_extended_access().map(|since| {
            format!(
                "{name} in {region} is in extended access since {since}; AWS may charge more than the price shown, which no source dates from that day on"
            )
        });
        let stay = self.lanes.iter().filter(|lane| lane.stays).count();
        let stay = (stay > 0).then(|| {
            format!(
                "{name} in {region} is called by {} ids: units are decided for the {MOST_LANES_BY_THE_MINUTE} dearest, the other {stay} stay as they are, and a reservation, which would serve all, is not decided",
                stay + MOST_LANES_BY_THE_MINUTE
            )
        });
        end.into_iter().chain(low).chain(stay).collect()
    }

    /// Returns the ids under which provisioned throughput of the model is sold in this Region.
    #[must_use]
    pub fn provisionable_ids(&self) -> Vec<&'a str> {
        let listed = self.listed.iter();
        listed
            .filter(|listed| listed.inference_types_supported.contains(&InferenceType::Provisioned))
            .map(|listed| listed.model_id.as_str())
            .collect()
    }

    /// Returns true if the figures are whole: nothing is missing that could raise them.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Returns true if all of the usage was read, hours and minutes: what is unknown then is for want of
    /// knowledge, and another run knows no more.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.unread.is_empty() && self.minute_gaps.is_empty()
    }

    /// Lists the on-demand lanes of the standard tier.
    pub(crate) fn standard(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.on_demand().filter(|lane| lane.is_standard())
    }

    /// Lists the on-demand lanes that a commitment could serve.
    pub(crate) fn servable(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.on_demand().filter(|lane| lane.is_servable())
    }

    /// Returns the lanes that are billed by the token.
    pub fn on_demand(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.lanes.iter().filter(|lane| matches!(lane.kind, LaneKind::OnDemand { .. }))
    }

    /// Lists the usage without a rate.
    pub fn unpriced(&self) -> impl Iterator<Item = UnpricedUsage> {
        self.on_demand().flat_map(|lane| lane.unpriced(self.place, self.recent))
    }

    /// Adds up a counter over the recent window and all lanes.
    #[must_use]
    pub fn counted(&self, counter: Counter) -> u64 {
        self.lanes
            .iter()
            .filter_map(|lane| lane.usage.counter(counter))
            .map(|series| series.total_since(self.recent.start()).count())
            .sum()
    }

    /// Returns true if requests were refused for want of capacity, which is demand that no figure
    /// holds.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.counted(Counter::InvocationThrottles) > 0
    }

    /// Returns true if part of the traffic may be served, and billed, at another tier than its id
    /// says.
    #[must_use]
    pub fn has_tier_splits(&self) -> bool {
        self.on_demand().any(|lane| lane.usage.is_split_by_tier())
    }

    /// Adds up the on-demand cost in USD a month, as far as tokens are priced, without what
    /// reserved tokens serve.
    #[must_use]
    pub fn on_demand_monthly_cost(&self) -> Usd {
        let lanes: Usd = self.on_demand().map(Lane::monthly_cost).sum();
        // What is covered is rounded hour by hour, and so may be above the sum by a hair.
        (lanes - self.covered.monthly_cost).max(Usd::ZERO)
    }

    /// Adds up the cost of the holdings in USD a month, as far as they are priced.
    #[must_use]
    pub fn holdings_monthly_cost(&self) -> Usd {
        let units = self.holdings.iter().map(|holding| holding.monthly_cost);
        let reserved = self.reserved.iter().map(|held| held.monthly_cost);
        units.chain(reserved).flatten().sum()
    }

    /// Adds up the cost at list prices in USD a month, as far as the workload is priced.
    #[must_use]
    pub fn monthly_list_cost(&self) -> Usd {
        let lanes = self.on_demand().map(Lane::monthly_list_cost);
        let units = self.holdings.iter().filter_map(|holding| holding.monthly_list_cost);
        // Where the book has no list price, what is paid is all that is known.
        let reserved =
            self.reserved.iter().filter_map(|held| held.monthly_list_cost.or(held.monthly_cost));
        let lanes = lanes.sum::<Usd>() - self.covered.monthly_list_cost;
        lanes.max(Usd::ZERO) + units.chain(reserved).sum()
    }

    /// Adds up the cost in USD a month as the workload runs now, as far as it is priced.
    #[must_use]
    pub fn monthly_cost(&self) -> Usd {
        self.on_demand_monthly_cost() + self.holdings_monthly_cost()
    }

    /// Adds up the tokens of the recent window over all lanes, provisioned ones included.
    #[must_use]
    pub fn recent_tokens(&self) -> Tokens {
        self.lanes.iter().flat_map(|lane| &lane.meters).map(|meter| meter.recent).sum()
    }

    /// Says why nothing is advised for the workload, whatever could be saved; `None` where the
    /// rules apply.
    #[must_use]
    pub fn no_advice(&self, observation: &Observation) -> Option<String> {
        let excluded = observation.overrides.exclusion(&self.model)?;
        Some(format!("the overrides exclude it: {}", excluded.why))
    }

    /// Returns true if the true cost may be above what is shown.
    #[must_use]
    pub fn is_at_least(&self) -> bool {
        !self.is_whole()
            || self.is_throttled()
            || self.priced_before_extended_access().is_some()
            || self.unpriced().next().is_some()
            // Minutes above a reservation are not seen, and billed.
            || !self.reserved.is_empty()
            || self.on_demand().any(Lane::is_billed_otherwise)
            || self
                .holdings
                .iter()
                .any(|holding| holding.monthly_cost.is_none())
            || self
                .on_demand()
                .flat_map(|lane| &lane.meters)
                .any(PricedMeter::is_at_least)
    }
}
