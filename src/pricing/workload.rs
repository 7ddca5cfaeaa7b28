//! The workloads of an account with prices put to them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::{Offer, ReservedOffer};
use crate::domain::{BaseModel, Counter, Place, Tokens, Usd, Window};
use crate::observation::{Observation, PlaceObservation};
use crate::pricing::holding::{CarriedLoad, Holding};
use crate::pricing::lane::{Lane, LaneKind, PricedMeter, UnpricedUsage};
use crate::pricing::reserved::{self, Covered, Reserved};

/// An observation with prices put to it.
#[derive(Debug)]
pub struct Priced<'a> {
    /// What was gathered.
    pub observation: &'a Observation,
    /// The window that a month is scaled from.
    pub recent: Window,
    /// The day whose prices apply.
    pub day: Date,
    /// The workloads, in order of account, Region and model.
    pub workloads: Vec<Workload<'a>>,
    /// Lanes that no model is known behind.
    pub strays: Vec<Stray<'a>>,
}

/// A lane that no model is known behind.
#[derive(Debug)]
pub struct Stray<'a> {
    /// Where.
    pub place: &'a Place,
    /// What it carried.
    pub lane: Lane<'a>,
    /// Why figures may be too low; empty where they are whole.
    pub gaps: Vec<String>,
    /// Its usage of the recent window, none of which has a price.
    pub unpriced: Vec<UnpricedUsage>,
}

/// All that one base model did in one account and Region: what advice is about.
#[derive(Debug)]
pub struct Workload<'a> {
    /// Where.
    pub place: &'a Place,
    /// What was read there.
    pub observed: &'a PlaceObservation,
    /// The model.
    pub model: BaseModel,
    /// The name that people use, if the book has one.
    pub name: Option<String>,
    /// The lanes with usage, in order of their ids.
    pub lanes: Vec<Lane<'a>>,
    /// The provisioned models of this model.
    pub holdings: Vec<Holding<'a>>,
    /// Reserved tokens per minute that the operator declares for it.
    pub reserved: Vec<Reserved<'a>>,
    /// What they take off the on-demand bill.
    pub covered: Covered,
    /// Model units that the book sells for this model here.
    pub offers: Vec<Offer>,
    /// Reserved tokens per minute that the book sells for it here.
    pub reserved_offers: Vec<ReservedOffer>,
    /// What a unit of this model carried in any place of the account, where its capacity is unknown.
    pub carried: Vec<CarriedLoad>,
    /// The window that a month is scaled from.
    pub recent: Window,
    /// Whole days from the first point to the end of the window.
    pub observed_days: u32,
    /// Why figures may be too low; empty where they are whole.
    pub gaps: Vec<String>,
    /// The day on which extended access began, where a price in use was last seen before: AWS may
    /// charge more in it.
    pub priced_before_extended_access: Option<Date>,
}

/// Puts prices to an observation.
#[must_use]
pub fn price(observation: &Observation) -> Priced<'_> {
    let recent = observation
        .window
        .last_days(observation.settings.recent_days);
    let day = observation.window.last_day();
    let mut workloads = Vec::new();
    let mut strays = Vec::new();
    for observed in &observation.places {
        let mut by_model: BTreeMap<BaseModel, Workload<'_>> = BTreeMap::new();
        let mut workload = |model: &BaseModel| {
            if !by_model.contains_key(model) {
                by_model.insert(
                    model.clone(),
                    Workload::new(observation, observed, model, day),
                );
            }
        };
        let mut lanes = Vec::new();
        for usage in &observed.usage.lanes {
            let lane = Lane::new(observation, observed, usage, recent, day);
            if !usage.has_points() && usage.gaps().is_empty() {
                continue;
            }
            match lane.model() {
                Some(model) => {
                    workload(&model);
                    lanes.push((model, lane));
                }
                None => strays.push(Stray {
                    place: &observed.place,
                    gaps: gaps_of(&lane),
                    unpriced: lane.unpriced(&observed.place, recent),
                    lane,
                }),
            }
        }
        let mut holdings = Vec::new();
        for held in &observed.inventory.provisioned_models {
            let holding = Holding::new(observation, observed, held, day);
            workload(&holding.model);
            holdings.push(holding);
        }
        let declared = &observation.overrides.reserved_holding;
        let declared: Vec<Reserved<'_>> = declared
            .iter()
            .filter(|held| held.region == observed.place.region && held.from <= day)
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
        workloads.extend(
            by_model
                .into_values()
                .map(|workload| workload.finished(observation, recent)),
        );
    }
    share_carried(&mut workloads);
    // The order of the observation must not show.
    workloads.sort_by(|a, b| (a.place, &a.model).cmp(&(b.place, &b.model)));
    strays
        .sort_by(|a, b| (a.place, &a.lane.usage.model_id).cmp(&(b.place, &b.lane.usage.model_id)));
    Priced {
        observation,
        recent,
        day,
        workloads,
        strays,
    }
}

/// What one place's units carried says something of the same model everywhere.
fn share_carried(workloads: &mut [Workload<'_>]) {
    let mut by_model: BTreeMap<BaseModel, Vec<CarriedLoad>> = BTreeMap::new();
    for workload in workloads.iter() {
        let carried = workload.holdings.iter().flat_map(|held| &held.carried);
        let carried: Vec<CarriedLoad> = carried.copied().collect();
        if !carried.is_empty() {
            let all = by_model.entry(workload.model.clone()).or_default();
            all.extend(carried);
        }
    }
    for workload in workloads {
        if let Some(carried) = by_model.get(&workload.model) {
            workload.carried = CarriedLoad::largest(carried.clone());
        }
    }
}

fn gaps_of(lane: &Lane<'_>) -> Vec<String> {
    let id = &lane.usage.model_id;
    lane.usage
        .gaps()
        .into_iter()
        .map(|gap| format!("{id} {gap}"))
        .collect()
}

impl<'a> Workload<'a> {
    fn new(
        observation: &Observation,
        observed: &'a PlaceObservation,
        model: &BaseModel,
        day: Date,
    ) -> Self {
        let region = &observed.place.region;
        Self {
            place: &observed.place,
            observed,
            model: model.clone(),
            name: observation
                .prices
                .model(model)
                .map(|prices| prices.name.clone()),
            lanes: Vec::new(),
            holdings: Vec::new(),
            reserved: Vec::new(),
            covered: Covered::default(),
            offers: observation
                .prices
                .offers(model, region, day, &observation.overrides),
            reserved_offers: observation.prices.reserved_offers(
                model,
                region,
                day,
                &observation.overrides,
            ),
            carried: Vec::new(),
            recent: observation.window,
            observed_days: 0,
            gaps: Vec::new(),
            priced_before_extended_access: None,
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
        self.lanes
            .sort_by(|a, b| a.usage.model_id.cmp(&b.usage.model_id));
        self.holdings.sort_by(|a, b| {
            a.held
                .provisioned_model_arn
                .cmp(&b.held.provisioned_model_arn)
        });
        self.recent = recent;
        self.gaps = self.lanes.iter().flat_map(gaps_of).collect();
        for place in 0..self.holdings.len() {
            let aliases = self.holdings[place].aliases_with_points(&self.lanes);
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
        self.reserved
            .sort_by(|a, b| a.declared.name.cmp(&b.declared.name));
        match reserved::covered(
            &mut self.reserved,
            &self.lanes,
            recent,
            &observation.settings,
        ) {
            Some(covered) => self.covered = covered,
            None => self
                .gaps
                .push("what its reserved tokens take off the bill cannot be counted".into()),
        }
        self.priced_before_extended_access = self.extended_access(observation);
        let is_whole = self.is_whole();
        for holding in &mut self.holdings {
            holding.measure(&self.lanes, recent, is_whole);
        }
        self
    }

    /// When extended access began, where a price in use was last seen before it.
    fn extended_access(&self, observation: &Observation) -> Option<Date> {
        let today = observation.window.last_day();
        let region = &self.place.region;
        let rows = observation.prices.lifecycle(&self.model, region);
        let days = rows.iter().filter_map(|row| row.extended_access);
        let began = days.filter(|day| *day <= today).min()?;
        let mut rates = self
            .on_demand()
            .flat_map(|lane| &lane.meters)
            .filter(|meter| !meter.recent.is_zero())
            .filter_map(|meter| meter.rate.as_ref());
        let is_older = rates.any(|rate| {
            let provenance = &rate.source.provenance;
            provenance.seen_to.unwrap_or(provenance.checked) < began
        });
        is_older.then_some(began)
    }

    /// Whether the figures are whole: nothing is missing that could raise them.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// The lanes that are billed by the token.
    pub fn on_demand(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.lanes
            .iter()
            .filter(|lane| matches!(lane.kind, LaneKind::OnDemand { .. }))
    }

    /// Usage that no rate was found for.
    pub fn unpriced(&self) -> impl Iterator<Item = UnpricedUsage> {
        self.on_demand()
            .flat_map(|lane| lane.unpriced(self.place, self.recent))
    }

    /// A counter's sum over the recent window and all lanes.
    #[must_use]
    pub fn counted(&self, counter: Counter) -> u64 {
        self.lanes
            .iter()
            .filter_map(|lane| lane.usage.counter(counter))
            .map(|series| series.total_since(self.recent.start()).count())
            .sum()
    }

    /// Whether requests were refused for want of capacity: demand that no figure holds.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.counted(Counter::InvocationThrottles) > 0
    }

    /// Whether part of it may be served, and billed, at another tier than its id says.
    #[must_use]
    pub fn has_tier_splits(&self) -> bool {
        self.on_demand().any(|lane| lane.usage.is_split_by_tier())
    }

    /// What its tokens cost in a month, as far as they are priced, without those that reserved
    /// tokens serve.
    #[must_use]
    pub fn on_demand_monthly_cost(&self) -> Usd {
        let lanes: Usd = self.on_demand().map(Lane::monthly_cost).sum();
        // What is covered is rounded hour by hour, and so may be above the sum by a hair.
        (lanes - self.covered.monthly_cost).max(Usd::ZERO)
    }

    /// What its holdings cost in a month, as far as they are priced.
    #[must_use]
    pub fn holdings_monthly_cost(&self) -> Usd {
        let units = self.holdings.iter().map(|holding| holding.monthly_cost);
        let reserved = self.reserved.iter().map(|held| held.monthly_cost);
        units.chain(reserved).flatten().sum()
    }

    /// What it costs in a month at list prices, as far as it is priced.
    #[must_use]
    pub fn monthly_list_cost(&self) -> Usd {
        let lanes = self.on_demand().map(Lane::monthly_list_cost);
        let units = self
            .holdings
            .iter()
            .filter_map(|holding| holding.monthly_list_cost);
        // Where the book has no list price, what is paid is all that is known.
        let reserved = self
            .reserved
            .iter()
            .filter_map(|held| held.monthly_list_cost.or(held.monthly_cost));
        let lanes = lanes.sum::<Usd>() - self.covered.monthly_list_cost;
        lanes.max(Usd::ZERO) + units.chain(reserved).sum()
    }

    /// What it costs in a month as it runs now, as far as it is priced.
    #[must_use]
    pub fn monthly_cost(&self) -> Usd {
        self.on_demand_monthly_cost() + self.holdings_monthly_cost()
    }

    /// Tokens of the recent window over all lanes, provisioned ones included.
    #[must_use]
    pub fn recent_tokens(&self) -> Tokens {
        self.lanes
            .iter()
            .flat_map(|lane| &lane.meters)
            .map(|meter| meter.recent)
            .sum()
    }

    /// Why nothing is advised for it, whatever it could save; `None` where the rules apply.
    #[must_use]
    pub fn no_advice(&self, observation: &Observation) -> Option<String> {
        let excluded = observation.overrides.exclusion(&self.model)?;
        Some(format!("the overrides exclude it: {}", excluded.why))
    }

    /// Whether the true cost may be above what is shown.
    #[must_use]
    pub fn is_at_least(&self) -> bool {
        !self.is_whole()
            || self.is_throttled()
            || self.priced_before_extended_access.is_some()
            || self.unpriced().next().is_some()
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
