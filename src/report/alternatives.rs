//! The alternatives to each workload, beside what it costs now.
//!
//! A step of its own, since no figure of the report rests on it: the Lambda, whose log and metrics do not
//! tell it, leaves it out.

use crate::catalog::References;
use crate::domain::{Meter, ModelId, Scope, Tokens};
use crate::estimate::{
    Alternatives, CostNow, EstimateBasis, LoadShape, SelfHosting, Volume, VolumeError,
};
use crate::observation::{LaneUsage, Observation, PlaceObservation};
use crate::report::{HoldingReport, PlaceReport, Report, ReservedReport, WorkloadReport};

/// Adds to each workload of a report what else could serve it, at the prices of the window's last day.
pub fn add_alternatives(report: &mut Report, observation: &Observation, references: &References) {
    for workload in &mut report.workloads {
        let is_its_place = |observed: &&PlaceObservation| {
            (&observed.place.account, &observed.place.region)
                == (&workload.account, &workload.region)
        };
        let Some(observed) = observation.places.iter().find(is_its_place) else {
            continue;
        };
        let (holdings, reserved) = (&report.holdings, &report.reserved_holdings);
        let found =
            Subject { holdings, reserved, workload, observed, observation, references }.found();
        workload.alternatives = Some(found);
    }
}

impl PlaceReport {
    /// Adds to each workload of the place what else could serve it, at the prices of the window's last day.
    pub fn add_alternatives(
        &mut self,
        observation: &Observation,
        observed: &PlaceObservation,
        references: &References,
    ) {
        for workload in &mut self.workloads {
            let (holdings, reserved) = (&self.holdings, &self.reserved_holdings);
            let found =
                Subject { holdings, reserved, workload, observed, observation, references }.found();
            workload.alternatives = Some(found);
        }
    }
}

/// A workload with what was seen of it, and what is held beside it.
struct Subject<'a> {
    holdings: &'a [HoldingReport],
    reserved: &'a [ReservedReport],
    workload: &'a WorkloadReport,
    observed: &'a PlaceObservation,
    observation: &'a Observation,
    references: &'a References,
}

/// A reason for which a workload is compared with nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NothingToCompare {
    /// The operator excludes its model.
    #[error("the overrides exclude it: {0}")]
    Excluded(String),
    /// It has no price.
    #[error("what it costs now is not known")]
    Unpriced,
    /// A holding has no price.
    #[error("what it costs now is not known: {0} has no price")]
    UnpricedHolding(String),
    /// Something other than tokens is billed.
    #[error("it is billed by {} too, by which few models are", .0.name())]
    OtherMeter(Meter),
    /// No tokens were seen.
    #[error("no tokens were seen in the recent window")]
    Unused,
    /// They cannot be counted exactly.
    #[error(transparent)]
    Volume(VolumeError),
}

impl Subject<'_> {
    /// Finds the alternatives, or says why there is nothing to compare.
    fn found(&self) -> Alternatives {
        self.alternatives().unwrap_or_else(|why| Alternatives::none(&why.to_string()))
    }

    /// Finds the alternatives; the error says why there is nothing to compare.
    fn alternatives(&self) -> Result<Alternatives, NothingToCompare> {
        let Self { workload, observation, references, .. } = self;
        if let Some(excluded) = observation.overrides.exclusion(&workload.model) {
            return Err(NothingToCompare::Excluded(excluded.why.clone()));
        }
        let book = &observation.prices;
        let model = book.model(&workload.model).filter(|_| workload.is_priced);
        let model = model.ok_or(NothingToCompare::Unpriced)?;
        let other = workload
            .lanes
            .iter()
            .flat_map(|lane| &lane.meters)
            .find(|meter| !Meter::TOKENS.contains(&meter.meter) && !meter.tokens.is_zero());
        if let Some(other) = other {
            return Err(NothingToCompare::OtherMeter(other.meter));
        }
        if let Some(held) = self.unpriced_holding() {
            return Err(NothingToCompare::UnpricedHolding(held.to_owned()));
        }
        let recent = observation.window.last_days(observation.settings.recent_days);
        let tokens = |meter: Meter| -> Tokens {
            let meters = workload.lanes.iter().flat_map(|lane| &lane.meters);
            meters.filter(|of| of.meter == meter).map(|of| of.tokens).sum()
        };
        let volume = Volume::seen(tokens, workload.invocations, recent.hours());
        let volume = volume.map_err(|why| match why {
            VolumeError::Empty => NothingToCompare::Unused,
            why => NothingToCompare::Volume(why),
        })?;
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

    /// Returns the name of something that is held for the workload and has no price; `None` where all has one.
    fn unpriced_holding(&self) -> Option<&str> {
        let own = (&self.workload.account, &self.workload.region, &self.workload.model);
        let units = self.holdings.iter().map(|held| {
            let of = (&held.account, &held.region, &held.model);
            (of, held.monthly_cost, held.provisioned_model_name.as_str())
        });
        let reserved = self.reserved.iter().map(|held| {
            let of = (&held.account, &held.region, &held.model);
            (of, held.monthly_cost, held.name.as_str())
        });
        let mut all = units.chain(reserved);
        all.find(|(of, cost, _)| *of == own && cost.is_none()).map(|(_, _, name)| name)
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
