//! The alternatives to each workload, beside what it costs now.
//!
//! A step of its own, since no figure of the report rests on it: the Lambda, whose log and metrics do not
//! tell it, leaves it out.

use crate::catalog::References;
use crate::domain::{AccountId, BaseModel, Meter, ModelId, Region, Scope, Tokens};
use crate::estimate::{
    Alternatives, CostNow, EstimateBasis, LoadShape, SelfHosting, Volume, VolumeError,
};
use crate::observation::{LaneUsage, Observation, PlaceObservation};
use crate::report::{Report, WorkloadReport};

/// Adds to each workload of a report what else could serve it, at the prices of the window's last day.
pub fn add_alternatives(report: &mut Report, observation: &Observation, references: &References) {
    let units = report.holdings.iter().filter(|held| held.monthly_cost.is_none());
    let units = units.map(|held| (&held.account, &held.region, &held.model));
    let reserved = report.reserved_holdings.iter().filter(|held| held.monthly_cost.is_none());
    let reserved = reserved.map(|held| (&held.account, &held.region, &held.model));
    let holdings: Vec<(AccountId, Region, BaseModel)> = units
        .chain(reserved)
        .map(|(account, region, model)| (account.clone(), region.clone(), model.clone()))
        .collect();
    for workload in &mut report.workloads {
        let of_place = |observed: &&PlaceObservation| {
            (&observed.place.account, &observed.place.region)
                == (&workload.account, &workload.region)
        };
        let Some(observed) = observation.places.iter().find(of_place) else { continue };
        let subject = Subject { workload, observed, observation, references, holdings: &holdings };
        workload.alternatives =
            Some(subject.alternatives().unwrap_or_else(|why| Alternatives::none(&why)));
    }
}

/// A workload with what was seen of it.
struct Subject<'a> {
    workload: &'a WorkloadReport,
    observed: &'a PlaceObservation,
    observation: &'a Observation,
    references: &'a References,
    /// Models of holdings without a price.
    holdings: &'a [(AccountId, Region, BaseModel)],
}

impl Subject<'_> {
    /// Finds the alternatives; the error says why there is nothing to compare.
    fn alternatives(&self) -> Result<Alternatives, String> {
        let Self { workload, observation, references, .. } = self;
        if let Some(excluded) = observation.overrides.exclusion(&workload.model) {
            return Err(format!("the overrides exclude it: {}", excluded.why));
        }
        let book = &observation.prices;
        let model = book.model(&workload.model).filter(|_| workload.is_priced);
        let model = model.ok_or("what it costs now is not known")?;
        let other = workload
            .lanes
            .iter()
            .flat_map(|lane| &lane.meters)
            .find(|meter| !Meter::TOKENS.contains(&meter.meter) && !meter.tokens.is_zero());
        if let Some(other) = other {
            return Err(format!(
                "it is billed by {} too, by which few models are",
                other.meter.name()
            ));
        }
        let recent = observation.window.last_days(observation.settings.recent_days);
        let tokens = |meter: Meter| -> Tokens {
            let meters = workload.lanes.iter().flat_map(|lane| &lane.meters);
            meters.filter(|of| of.meter == meter).map(|of| of.tokens).sum()
        };
        let volume =
            Volume::seen(tokens, workload.invocations, recent.hours()).map_err(
                |why| match why {
                    VolumeError::Empty => "no tokens were seen in the recent window".to_owned(),
                    why => why.to_string(),
                },
            )?;
        if self.has_unpriced_holding() {
            return Err(
                "what it costs now is not known: something that is held has no price".into()
            );
        }
        // One stray request through it allows nothing.
        let mut on_demand = workload.lanes.iter().filter(|lane| lane.scope.is_some()).peekable();
        let is_global =
            on_demand.peek().is_some() && on_demand.all(|lane| lane.scope == Some(Scope::Global));
        let basis = EstimateBasis {
            book,
            model,
            references,
            overrides: &observation.overrides,
            allow_global: observation.settings.allow_global_routing || is_global,
            region: workload.region.clone(),
            day: observation.window.last_day(),
            volume,
            shape: LoadShape::Observed(self.hours()),
            zone: None,
            capacity: None,
            units_cache: observation.settings.units_cache,
            self_hosting: SelfHosting::default(),
        };
        let now = CostNow {
            monthly_cost: workload.monthly_cost,
            is_at_least: workload.is_at_least,
            moves_with_traffic: workload.holdings_monthly_cost.is_zero(),
        };
        let mut found = Alternatives::new(&basis, &now);
        found.notes = self.notes();
        Ok(found)
    }

    /// Says what of the workload the figures do not hold.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.workload.gaps.is_empty() || self.workload.throttles > 0 {
            notes
                .push("part of its usage was not read, or refused: each figure is at least".into());
        }
        let is_served = |name: &str| {
            let mut lanes = self.workload.lanes.iter();
            lanes.any(|lane| lane.provisioned_model_name.as_deref() == Some(name))
        };
        let models = self.observed.inventory.provisioned_models.iter();
        let custom =
            models.filter(|held| held.is_custom() && is_served(&held.provisioned_model_name));
        notes.extend(custom.map(|held| {
            format!(
                "{} serves a custom model: what is here is of the base model, without its training",
                held.provisioned_model_name
            )
        }));
        notes
    }

    /// Returns true if anything that is held for the workload has no price.
    fn has_unpriced_holding(&self) -> bool {
        let is_of = |account: &AccountId, region: &Region, model: &BaseModel| {
            (account, region, model)
                == (&self.workload.account, &self.workload.region, &self.workload.model)
        };
        self.holdings.iter().any(|(account, region, model)| is_of(account, region, model))
    }

    /// Adds up the tokens of each hour of the recent window, over all lanes and meters.
    fn hours(&self) -> Vec<u64> {
        let recent = self.observation.window.last_days(self.observation.settings.recent_days);
        let is_of =
            |id: &ModelId| self.workload.lanes.iter().any(|lane| lane.model_id == id.text());
        let lanes = self.observed.usage.lanes.iter().filter(|lane| is_of(&lane.model_id));
        let mut hours = vec![0_u64; usize::try_from(recent.hours()).unwrap_or_default()];
        for reading in lanes.flat_map(LaneUsage::readings) {
            for (hour, tokens) in hours.iter_mut().zip(reading.series.since(recent.start())) {
                *hour = hour.saturating_add(tokens.unwrap_or_default());
            }
        }
        hours
    }
}
