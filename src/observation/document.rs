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
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::sorting::sort_by;
use crate::domain::syntax::{SyntaxFault, read_json};
use crate::domain::{AccountId, BaseModel, LoadWeights, ModelId, Place, Region, Target, Window};
use crate::observation::Inventory;
use crate::observation::distinct::repeated;
use crate::observation::plan::MINUTE_DAYS;
use crate::observation::sold_as;
use crate::observation::{ModelBefore, OpenBefore, SavingBefore, SizeBefore, Span, Usage};

/// Version of the document that this program writes. Earlier versions are read too.
pub const SCHEMA_VERSION: u32 = 5;

/// The last version whose prices without a Region were those of the commercial US.
const UNSTATED_IN_US: u32 = 3;

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
    /// Reads a saved observation.
    pub fn from_json(text: &str) -> Result<Self, ObservationError> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        // The version first: what is new in a document of tomorrow must not be called a fault of its syntax.
        let head: Head = read_json(text).map_err(ObservationError::Syntax)?;
        if head.schema_version > SCHEMA_VERSION {
            return Err(ObservationError::Newer(head.schema_version));
        }
        if head.schema_version == 0 {
            return Err(ObservationError::NoVersion);
        }
        let mut observation: Self = read_json(text).map_err(ObservationError::Syntax)?;
        if head.schema_version <= UNSTATED_IN_US {
            observation.prices.read_unstated_in_us();
        }
        // What else is new since the first version is only what may be missing.
        observation.schema_version = SCHEMA_VERSION;
        let faults = observation.faults();
        if faults.is_empty() { Ok(observation) } else { Err(ObservationError::Rules(faults)) }
    }

    /// Lists what no gathering would write, and what the core relies on not to meet.
    fn faults(&self) -> Vec<String> {
        let mut faults = self.prices.faults();
        // The default stands for no overrides, and so has no version that would pass.
        if self.overrides != Overrides::default() {
            faults.extend(self.overrides.faults());
        }
        let survey = Span { window: self.window, step: HOUR };
        let minutes = Span { window: self.window.last_days(MINUTE_DAYS), step: MINUTE };
        if self.as_of < self.window.end() {
            faults.push(format!(
                "`as_of` is {}, before the end of `window`, {}: nobody can have read what was still to come",
                self.as_of,
                self.window.end()
            ));
        }
        // Types alone would let a threshold pass that the environment refuses.
        faults.extend(self.settings.faults());
        faults.extend(self.repeated());
        let savings = self.savings_before.iter().filter(|before| !before.is_possible());
        faults.extend(savings.map(|before| {
            format!("the saving of {} in {} is none that a run puts", before.model, before.region)
        }));
        faults.extend(self.untold());
        for observed in &self.places {
            for lane in &observed.usage.lanes {
                let metered = lane.survey.iter().chain(&lane.minutes);
                faults.extend(metered.filter(|metric| metric.has_impossible_sums()).map(
                    |metric| {
                        format!(
                            "`{}` of `{}` in {} has more than CloudWatch counts",
                            metric.name, lane.model_id, observed.place.region
                        )
                    },
                ));
                for (metrics, span) in [(&lane.survey, survey), (&lane.minutes, minutes)] {
                    faults.extend(metrics.iter().filter(|metric| metric.is_misnamed()).map(
                        |metric| {
                            format!(
                                "`{}` of `{}` in {} is no name of its metric",
                                metric.name, lane.model_id, observed.place.region
                            )
                        },
                    ));
                    let off = metrics.iter().filter(|metric| {
                        metric
                            .series
                            .as_ref()
                            .is_some_and(|series| !series.fits(span.window, span.step))
                    });
                    faults.extend(off.map(|metric| {
                        format!(
                            "`{}` of `{}` in {} does not fill its window",
                            metric.name, lane.model_id, observed.place.region
                        )
                    }));
                }
            }
        }
        faults
    }

    /// Lists Regions that the run was to read and of which the document says nothing, neither that
    /// they were read nor that they failed, and holdings that cannot be.
    fn untold(&self) -> Vec<String> {
        let read = self.places.iter().map(|observed| &observed.place.region);
        let told: BTreeSet<&Region> =
            read.chain(self.failed.iter().map(|failed| &failed.region)).collect();
        let wanted = self.settings.regions_or(&self.home.region);
        let mut faults: Vec<String> = wanted
            .iter()
            .filter(|region| !told.contains(region))
            .map(|region| format!("Region {region} was to be read, and nothing is said of it"))
            .collect();
        for observed in &self.places {
            let region = &observed.place.region;
            // By their places: an address that is none can be anything.
            let held = (1..).zip(&observed.inventory.provisioned_models);
            faults.extend(held.filter(|(_, held)| !held.can_be_of(&observed.place)).map(
                |(place, _)| {
                    format!(
                        "provisioned model {place} of {region} has no units or no address there"
                    )
                },
            ));
            faults.extend(observed.inventory.unread_with_entries().map(|list| {
                format!(
                    "the list of {} in {region} was not read, and it has entries",
                    list.in_words()
                )
            }));
        }
        faults
    }

    /// Lists what is there twice: its tokens and its units would be counted twice.
    fn repeated(&self) -> Vec<String> {
        let twice = |what: String| format!("{what} is there twice");
        let mut faults = Vec::new();
        // A run reads one account. A Region that was read cannot have failed either.
        let read = self.places.iter().map(|observed| &observed.place.region);
        let regions: Vec<&Region> =
            read.chain(self.failed.iter().map(|failed| &failed.region)).collect();
        let regions = repeated(&regions, |region| region.name());
        faults.extend(regions.into_iter().map(|region| twice(format!("Region {region}"))));
        for observed in &self.places {
            let region = &observed.place.region;
            let of_place = |(what, keys): (&'static str, Vec<String>)| {
                keys.into_iter().map(move |key| twice(format!("{what} `{key}` in {region}")))
            };
            let lanes = repeated(&observed.usage.lanes, |lane| lane.model_id.text());
            faults.extend(of_place(("the use of", lanes)));
            for lane in &observed.usage.lanes {
                let metrics = [&lane.survey, &lane.minutes].into_iter();
                let metrics = metrics.flat_map(|metrics| repeated(metrics, |metric| &metric.name));
                faults.extend(
                    metrics
                        .map(|name| twice(format!("`{name}` of `{}` in {region}", lane.model_id))),
                );
            }
            faults.extend(observed.inventory.repeated().into_iter().flat_map(of_place));
        }
        let open = repeated(&self.open_before, |open| format!("{} in {}", open.id, open.region));
        faults
            .extend(open.into_iter().map(|open| twice(format!("the open recommendation {open}"))));
        let models = repeated(&self.models_before, |before| {
            format!("{} in {}", before.model, before.region)
        });
        faults
            .extend(models.into_iter().map(|model| twice(format!("the model of before {model}"))));
        let sizes = repeated(&self.sizes_before, |size| format!("{} in {}", size.id, size.region));
        faults.extend(sizes.into_iter().map(|size| twice(format!("the size of {size}"))));
        let savings = repeated(&self.savings_before, |before| {
            format!("{} in {} at {}", before.model, before.region, before.time)
        });
        faults.extend(savings.into_iter().map(|before| twice(format!("the saving of {before}"))));
        faults
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SETTINGS, Setting};
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use serde_json::Value;
    use std::sync::LazyLock;

    /// A saved observation without what takes long to read.
    static SAVED: LazyLock<Value> = LazyLock::new(|| {
        let saved = include_str!("../../tests/data/observations/1.json");
        let mut saved: Value = serde_json::from_str(saved).unwrap();
        saved["settings"] = serde_json::to_value(Settings::default()).unwrap();
        saved["places"] = Value::Array(Vec::new());
        saved["prices"]["model"] = Value::Array(Vec::new());
        saved
    });

    fn replay(settings: &[(&Setting, &str)]) -> Result<Observation, ObservationError> {
        let mut saved = SAVED.clone();
        for (setting, text) in settings {
            let field = setting.name.trim_start_matches("GUARD_").to_lowercase();
            let value = &mut saved["settings"][field];
            *value = match value {
                Value::Bool(_) => text.parse().map_or((*text).into(), Value::Bool),
                Value::Number(_) => match text.parse::<i64>() {
                    // A JSON number that is written so is no whole one.
                    Ok(0) if text.starts_with('-') => Value::from(-0.0),
                    number => number.map_or((*text).into(), Value::from),
                },
                Value::Array(_) => {
                    let items = text.split(',').map(str::trim);
                    items.filter(|item| !item.is_empty()).collect()
                }
                _ => (*text).into(),
            };
        }
        Observation::from_json(&told(saved).to_string())
    }

    /// Says of every Region that was to be read that the reading failed.
    fn told(mut saved: Value) -> Value {
        let wanted = saved["settings"]["regions"].as_array().cloned().unwrap_or_default();
        let mut wanted: Vec<Value> =
            if wanted.is_empty() { vec![saved["home"]["region"].clone()] } else { wanted };
        let mut seen = BTreeSet::new();
        wanted.retain(|region| seen.insert(region.to_string()));
        let failed = wanted.into_iter().map(
            |region| serde_json::json!({ "account": "", "region": region, "error": "denied" }),
        );
        saved["failed"] = failed.collect();
        saved
    }

    #[test]
    fn a_run_that_ended_before_its_window_is_refused() {
        let mut saved = SAVED.clone();
        saved["as_of"] = "1999-01-01T00:00:00Z".into();
        let fault = Observation::from_json(&saved.to_string()).unwrap_err().to_string();
        assert!(fault.contains("`as_of` is 1999-01-01T00:00:00Z, before the end"), "{fault}");
    }

    /// Texts that some setting takes, or nearly does.
    fn texts() -> impl Strategy<Value = String> {
        const WORDS: &[&str] = &[
            "true",
            "false",
            "throttle",
            "spill",
            "aws",
            "live",
            "book.toml",
            "https://book",
            "s3://team/guard.toml",
            "s3://x",
            "ssm:/guard/overrides",
            "us-east-1",
            "eu-west-1,us-east-1,us-east-1",
            "us-east-1,nowhere",
            "Tokens",
            "Tokens,TokenCount",
            "Tokens,Count",
            ",",
            "AWS/Bedrock",
            ":guard",
            "Guard/Cost #1",
            "rate(2 hours)",
            "rate(0 days)",
            "cron(0 6 * * ? *)",
            "every full moon",
            "-0",
        ];
        prop_oneof![
            proptest::sample::select(WORDS).prop_map(str::to_owned),
            (-10i64..5_000).prop_map(|number| number.to_string()),
            (0u32..70).prop_map(|weeks| (weeks * 7).to_string()),
            (-20i64..2_000_000, 0u32..9)
                .prop_map(|(number, scale)| Decimal::new(number, scale).to_string()),
            "[A-Za-z0-9./:#_ -]{1,10}|[a-z]{250,260}",
        ]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank is not set", |text| !text.is_empty())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_saved_run_holds_what_the_environment_could_have_said(
            setting in proptest::sample::select(SETTINGS),
            text in texts(),
        ) {
            let read = Settings::from_vars([(setting.name.to_owned(), text.clone())]);
            let replayed = replay(&[(&setting, &text)]);
            prop_assert_eq!(read.is_ok(), replayed.is_ok(), "{:?} {:?}", read, replayed.map(|_| ()));
        }
    }

    #[test]
    fn a_saved_run_names_all_settings_that_no_run_could_have_had() {
        let named = |name: &str| SETTINGS.iter().find(|setting| setting.name == name).unwrap();
        let faults = [
            ("GUARD_LOOKBACK_DAYS", "28"),
            ("GUARD_RECENT_DAYS", "35"),
            ("GUARD_MIN_OBSERVED_DAYS", "100000"),
            ("GUARD_MIN_MONTHLY_SAVINGS", "-1"),
            ("GUARD_METRIC_NAMESPACE", "AWS/Bedrock"),
            ("GUARD_MAX_METRIC_MODELS", "5000"),
            ("GUARD_SCHEDULE", "every full moon"),
            ("GUARD_CACHE_METRIC_NAMES", ""),
        ]
        .map(|(name, text)| (named(name), text));
        let refused = replay(&faults).unwrap_err().to_string();
        for (setting, _) in faults {
            let field = setting.name.trim_start_matches("GUARD_").to_lowercase();
            assert!(refused.contains(&format!("`settings.{field}`")), "{refused}");
        }
    }
}
