//! Everything that was gathered, as one document: the line between the shell and the core.
//!
//! The core turns an [`Observation`] into a report and asks for nothing more, so a saved one
//! replays to the same bytes, on a newer program too: the rows of the price book travel with it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{ModelLadder, Overrides, PriceBook, Rate, RateQuery};
use crate::config::Run;
use crate::config::Settings;
use crate::domain::sorting::sort_by;
use crate::domain::syntax::SyntaxFault;
use crate::domain::{AccountId, BaseModel, LoadWeights, ModelId, Place, Region, Target, Window};
use crate::observation::Inventory;
use crate::observation::sold_as;
use crate::observation::{ModelBefore, OpenBefore, SavingBefore, SizeBefore, Usage};

/// Version of the document that this program writes. Earlier versions are read too.
pub const SCHEMA_VERSION: u32 = 5;

/// The whole input of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The document's version.
    pub schema_version: u32,
    /// The event that started the run.
    pub event: Run,
    /// The clock, read once: the periods that could be asked for and the points that may be put
    /// depend on this time.
    pub as_of: Timestamp,
    /// The window of the survey.
    pub window: Window,
    /// The settings in force, the event's own over the configured ones.
    pub settings: Settings,
    /// The function's own Region and account, where its metrics go.
    pub home: Place,
    /// Usage and inventory, in order of account and Region.
    pub places: Vec<PlaceObservation>,
    /// Regions that could not be read, with the reason.
    #[serde(default)]
    pub failed: Vec<FailedPlace>,
    /// The rows of the price book that the models in use touch.
    pub prices: PriceBook,
    /// Counts of the lines of the Price List; `None` where it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListRead>,
    /// Notes of the gathering for whoever reads the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The operator's overrides.
    pub overrides: Overrides,
    /// Recommendations that were open before this run.
    #[serde(default)]
    pub open_before: Vec<OpenBefore>,
    /// Models that had a cost before this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models_before: Vec<ModelBefore>,
    /// Savings of each model that counted before this run, the last of each day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub savings_before: Vec<SavingBefore>,
    /// Sizes of the purchases that were open before this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes_before: Vec<SizeBefore>,
    /// True if some of these sizes could not be read: then nothing that was open is known to be closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sizes_unknown: bool,
    /// Metrics that `GetMetricData` was asked for to know what was before.
    #[serde(default)]
    pub history_metrics_requested: u64,
    /// Reason why what was before is not known, or not whole; `None` where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_unknown: Option<String>,
}

/// Counts of what became of the lines of the Price List.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceListRead {
    /// Time of the reading.
    pub time: Timestamp,
    /// All lines.
    pub lines: u64,
    /// Lines that are rates.
    pub priced: u64,
    /// Lines that this version does not understand, and does not use.
    pub rejected: u64,
    /// Lines that give one meter different prices, and are not used.
    pub contradictions: u64,
    /// Names that are paired with no model.
    pub unmapped: u64,
}

/// Usage and inventory of one account in one Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceObservation {
    /// The account and the Region.
    pub place: Place,
    /// Consumption by model id.
    pub usage: Usage,
    /// Models and profiles that the account has there.
    pub inventory: Inventory,
    /// Reason why minutes that were wanted are missing; `None` where none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_unknown: Option<String>,
}

/// A Region that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedPlace {
    /// The account, empty where it is not known.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The fault and what to do.
    pub error: String,
}

/// Fault of a document that cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// The text is no observation.
    #[error("not an observation as `run --save` writes one: {0}")]
    Syntax(SyntaxFault),
    /// The observation could not be written as JSON.
    #[error("the observation could not be written: {0}")]
    Unwritten(serde_json::Error),
    /// The document says things that cannot be.
    #[error("no run could have saved this observation, save a new one: {}", crate::domain::text::faults(.0))]
    Rules(Vec<String>),
    /// A newer program wrote the document.
    #[error(
        "the observation has `schema_version` {0}, and this program reads up to {SCHEMA_VERSION}: use a newer one"
    )]
    Newer(u32),
    /// No program wrote the document.
    #[error("the observation has `schema_version` 0, and the first version is 1: save a new one")]
    NoVersion,
}

impl Observation {
    /// Writes the observation as JSON on one line.
    pub fn to_json(&self) -> Result<String, ObservationError> {
        let mut text = serde_json::to_string(self).map_err(ObservationError::Unwritten)?;
        text.push('\n');
        Ok(text)
    }

    /// Writes the observation as JSON in two parts, between which the places belong that it does not have.
    pub fn to_json_around_places(&self) -> Result<[String; 2], ObservationError> {
        let text = Self { places: Vec::new(), ..self.clone() }.to_json()?;
        Ok(around(&text, "\"places\":["))
    }

    /// Puts another book in the place of the one that the observation was gathered with. Counts and
    /// notes of the first book go, since they speak of other prices.
    #[must_use]
    pub fn repriced(mut self, book: &PriceBook) -> Self {
        self.price_list = None;
        self.notes.clear();
        self.with_prices(book)
    }

    /// Returns the same run without usage and inventory, as if the operator forbade no scope and
    /// dismissed nothing.
    #[must_use]
    pub fn as_if_allowed(&self) -> Self {
        let mut overrides = self.overrides.clone();
        overrides.allowed_scopes.clear();
        overrides.dismissed.clear();
        Self {
            event: self.event.clone(),
            settings: Settings { allow_global_routing: true, ..self.settings.clone() },
            home: self.home.clone(),
            places: Vec::new(),
            failed: Vec::new(),
            prices: self.prices.clone(),
            price_list: None,
            notes: Vec::new(),
            overrides,
            open_before: self.open_before.clone(),
            sizes_before: self.sizes_before.clone(),
            models_before: Vec::new(),
            savings_before: Vec::new(),
            history_unknown: None,
            ..*self
        }
    }

    /// Puts the rows of a book into the observation that its models touch.
    #[must_use]
    pub fn with_prices(self, book: &PriceBook) -> Self {
        let models = self.models();
        self.with_rows_of(models, book)
    }

    /// Puts the rows of a book into the observation that some models touch, and those that the overrides
    /// declare.
    #[must_use]
    pub fn with_rows_of(mut self, mut models: BTreeSet<BaseModel>, book: &PriceBook) -> Self {
        models.extend(self.overrides.reserved_holding.iter().map(|held| held.model.clone()));
        // Advice compares a model that ends with its successor, which nobody may use yet.
        let successors = models.iter().filter_map(|model| book.model(model));
        let successors: Vec<BaseModel> = successors
            .flat_map(|prices| &prices.lifecycle)
            .filter_map(|row| row.successor.clone())
            .collect();
        models.extend(successors);
        self.prices = book.of_models(&models);
        self
    }

    /// Returns what is to be known of a run to decide one place: no place, the rows of a book that its models
    /// touch, and what was before in its Region.
    #[must_use]
    pub fn of_place(&self, observed: &PlaceObservation, book: &PriceBook) -> Self {
        let region = &observed.place.region;
        let mut run = self.clone();
        run.open_before.retain(|before| before.region == *region);
        run.models_before.retain(|before| before.region == *region);
        run.savings_before.retain(|before| before.region == *region);
        run.sizes_before.retain(|before| before.region == *region);
        run.with_rows_of(observed.models(), book)
    }

    /// Adds the rows by the token of what else could serve the models in use, of the same book. No figure
    /// of advice rests on them.
    #[must_use]
    pub fn with_models_beside(self, book: &PriceBook, ladder: &ModelLadder) -> Self {
        let models = self.models();
        self.with_rows_beside(&models, book, ladder)
    }

    /// Adds the rows by the token of what else could serve some models.
    #[must_use]
    pub fn with_rows_beside(
        mut self,
        models: &BTreeSet<BaseModel>,
        book: &PriceBook,
        ladder: &ModelLadder,
    ) -> Self {
        let declared = self.overrides.reserved_holding.iter().map(|held| &held.model);
        let models: BTreeSet<&BaseModel> = models.iter().chain(declared).collect();
        let beside = models.into_iter().flat_map(|model| ladder.beside(model));
        self.prices.add_by_the_token(book, beside.map(|facts| &facts.id));
        self
    }

    /// Returns the rate of one meter, as the account pays it; `None` where no row has a price.
    #[must_use]
    pub fn rate(&self, wanted: &RateQuery<'_>) -> Option<Rate> {
        self.prices.contracted_rate(&self.overrides, wanted)
    }

    /// Returns the weights of cached tokens in the load of a unit of a model.
    #[must_use]
    pub fn unit_weights(&self, model: &BaseModel) -> LoadWeights {
        // Whether provisioned throughput caches at all is contradicted by its sources; with every token at
        // one, units are never too few.
        if self.settings.units_cache {
            self.prices.load_weights(model)
        } else {
            LoadWeights::UNCACHED
        }
    }

    /// Returns every model that anything in the observation could be priced as.
    #[must_use]
    pub fn models(&self) -> BTreeSet<BaseModel> {
        let declared = self.overrides.reserved_holding.iter();
        self.places
            .iter()
            .flat_map(PlaceObservation::models)
            .chain(declared.map(|held| held.model.clone()))
            .collect()
    }
}

/// Splits a text of JSON after the beginning of a list that is empty.
fn around(text: &str, list: &str) -> [String; 2] {
    // No text has these quotes unescaped, and nothing before is named so.
    let at = text.find(list).map_or(text.len(), |at| at + list.len());
    let (before, after) = text.split_at(at);
    [before.to_owned(), after.to_owned()]
}

impl PlaceObservation {
    /// Writes the place as JSON in two parts, between which the lanes belong that it does not have.
    pub fn to_json_around_lanes(&self) -> Result<[String; 2], ObservationError> {
        let usage = Usage { lanes: Vec::new(), ..self.usage.clone() };
        let text = serde_json::to_string(&Self { usage, ..self.clone() });
        Ok(around(&text.map_err(ObservationError::Unwritten)?, "\"lanes\":["))
    }

    /// Adds the consumption of other lanes of the same place.
    pub fn add(&mut self, other: Self) {
        self.usage.lanes.extend(other.usage.lanes);
        sort_by(&mut self.usage.lanes, |a, b| a.model_id.text().cmp(b.model_id.text()));
        let requested = &mut self.usage.metrics_requested;
        *requested = requested.saturating_add(other.usage.metrics_requested);
        self.minutes_unknown = self.minutes_unknown.take().or(other.minutes_unknown);
    }

    /// Returns every model that a lane or a holding of this place could be priced as.
    #[must_use]
    pub fn models(&self) -> BTreeSet<BaseModel> {
        let lanes = self.usage.lanes.iter().filter_map(|lane| match lane.model_id.target() {
            Target::Model { model, .. } => Some(model.clone()),
            _ => self
                .inventory
                .application_profile(&lane.model_id)
                .and_then(|profile| self.inventory.target(profile, &self.place.region).ok())
                .map(|(model, _)| model),
        });
        // The book that is not known yet decides which of these a holding is of.
        let held = self.inventory.provisioned_models.iter().flat_map(|held| {
            sold_as::candidates(&ModelId::parse(held.foundation_model_arn.as_str()))
        });
        lanes.chain(held).collect()
    }
}
