//! Everything that was gathered, as one document: the line between the shell and the core.
//!
//! The core turns an [`Observation`] into a report and asks for nothing more, so a saved one
//! replays to the same bytes, on a newer program too: the rows of the price book travel with it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{Overrides, PriceBook, Rate, RateQuery};
use crate::config::Run;
use crate::config::Settings;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{AccountId, BaseModel, Place, Region, Target, Window};
use crate::observation::Inventory;
use crate::observation::plan::MINUTE_DAYS;
use crate::observation::{Span, Usage};

/// The version of the document that this program writes. It reads those before too.
pub const SCHEMA_VERSION: u32 = 2;

/// One run's whole input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The document's version.
    pub schema_version: u32,
    /// What started the run.
    pub event: Run,
    /// The clock, read once. It decides which periods were legal and whether points may be put.
    pub as_of: Timestamp,
    /// The window of the survey.
    pub window: Window,
    /// The settings in force, the event's own over the configured ones.
    pub settings: Settings,
    /// The function's own Region and account, where its metrics go.
    pub home: Place,
    /// What was read, in order of account and Region.
    pub places: Vec<PlaceObservation>,
    /// Regions that could not be read, and why.
    #[serde(default)]
    pub failed: Vec<FailedPlace>,
    /// The rows of the price book that the models in use touch.
    pub prices: PriceBook,
    /// What was read of the Price List, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListRead>,
    /// What gathering found that a reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The operator's overrides.
    pub overrides: Overrides,
    /// Recommendations that were open before this run.
    #[serde(default)]
    pub open_before: Vec<OpenBefore>,
    /// Metrics that were asked for to know that.
    #[serde(default)]
    pub history_metrics_requested: u64,
    /// Why it is not known which recommendations were open before, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_unknown: Option<String>,
}

/// What became of the Price List's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceListRead {
    /// When it was read.
    pub time: Timestamp,
    /// Its lines.
    pub lines: u64,
    /// Lines that are rates.
    pub priced: u64,
    /// Lines that nobody understands, and that are not used.
    pub rejected: u64,
    /// Lines that say the same thing at different prices, and are not used.
    pub contradictions: u64,
    /// Names that are paired with no model: gaps.
    pub unmapped: u64,
}

/// A recommendation that was open when the guard last ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OpenBefore {
    /// Its Region.
    pub region: Region,
    /// Its id.
    pub id: String,
}

/// What was read of one account in one Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceObservation {
    /// Where.
    pub place: Place,
    /// What was consumed.
    pub usage: Usage,
    /// What the account has.
    pub inventory: Inventory,
    /// Why there are no minutes, where they were wanted and could not be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_unknown: Option<String>,
}

/// A Region that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPlace {
    /// The account, empty where it is not known.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// What failed and what to do.
    pub error: String,
}

/// Why a document cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// It does not read as one.
    #[error("not an observation: {0}")]
    Syntax(#[from] serde_json::Error),
    /// It reads, but says things that cannot be.
    #[error("the observation contradicts itself: {}", .0.join("; "))]
    Rules(Vec<String>),
    /// A newer program wrote it.
    #[error("the observation has schema_version {0}, this program reads up to {SCHEMA_VERSION}")]
    Newer(u32),
}

impl Observation {
    /// Reads a saved observation.
    pub fn from_json(text: &str) -> Result<Self, ObservationError> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.schema_version > SCHEMA_VERSION {
            return Err(ObservationError::Newer(head.schema_version));
        }
        let mut observation: Self = serde_json::from_str(text)?;
        // What is new since the first version is only what may be missing.
        observation.schema_version = SCHEMA_VERSION;
        let faults = observation.faults();
        if faults.is_empty() {
            Ok(observation)
        } else {
            Err(ObservationError::Rules(faults))
        }
    }

    /// What no gathering would write, and what the core relies on not to meet.
    fn faults(&self) -> Vec<String> {
        let mut faults = self.prices.faults();
        if self.overrides != Overrides::default() {
            faults.extend(self.overrides.faults());
        }
        let survey = Span {
            window: self.window,
            step: HOUR,
        };
        let minutes = Span {
            window: self.window.last_days(MINUTE_DAYS),
            step: MINUTE,
        };
        faults.extend(self.settings.faults());
        for observed in &self.places {
            let mut ids = BTreeSet::new();
            for lane in &observed.usage.lanes {
                if !ids.insert(lane.model_id.text()) {
                    faults.push(format!(
                        "{} in {} is there twice",
                        lane.model_id, observed.place.region
                    ));
                }
                for (metrics, span) in [(&lane.survey, survey), (&lane.minutes, minutes)] {
                    let off = metrics.iter().filter(|metric| {
                        metric
                            .series
                            .as_ref()
                            .is_some_and(|series| !series.fits(span.window, span.step))
                    });
                    faults.extend(off.map(|metric| {
                        format!(
                            "{} of {} in {} does not fill its window",
                            metric.name, lane.model_id, observed.place.region
                        )
                    }));
                }
            }
        }
        faults
    }

    /// Writes it on one line.
    pub fn to_json(&self) -> Result<String, ObservationError> {
        let mut text = serde_json::to_string(self)?;
        text.push('\n');
        Ok(text)
    }

    /// The same observation priced on another book than it was gathered with: what was read and
    /// noted of the first no longer speaks of its prices.
    #[must_use]
    pub fn repriced(mut self, book: &PriceBook) -> Self {
        self.price_list = None;
        self.notes.clear();
        self.with_prices(book)
    }

    /// The same observation priced on a book, of which it keeps the rows that it touches.
    #[must_use]
    pub fn with_prices(mut self, book: &PriceBook) -> Self {
        let mut models = self.models();
        let successors = models.iter().filter_map(|model| book.model(model));
        let successors: Vec<BaseModel> = successors
            .flat_map(|prices| &prices.lifecycle)
            .filter_map(|row| row.successor.clone())
            .collect();
        models.extend(successors);
        self.prices = book.of_models(&models);
        self
    }

    /// The rate of one meter, as the account pays it.
    #[must_use]
    pub fn rate(&self, wanted: &RateQuery<'_>) -> Option<Rate> {
        self.prices.contracted_rate(&self.overrides, wanted)
    }

    /// Every model that anything here could be priced as.
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

impl PlaceObservation {
    /// Every model that a lane or a holding of this place could be priced as.
    #[must_use]
    pub fn models(&self) -> BTreeSet<BaseModel> {
        let lanes = self
            .usage
            .lanes
            .iter()
            .filter_map(|lane| match lane.model_id.target() {
                Target::Model { model, .. } => Some(model.clone()),
                _ => self
                    .inventory
                    .application_profile(&lane.model_id)
                    .and_then(crate::observation::ApplicationProfile::target)
                    .map(|(model, _)| model),
            });
        let held = self
            .inventory
            .provisioned_models
            .iter()
            .filter_map(crate::observation::ProvisionedModel::foundation_model);
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
                Value::Number(_) => text.parse::<i64>().map_or((*text).into(), Value::from),
                Value::Array(_) => {
                    let items = text.split(',').map(str::trim);
                    items.filter(|item| !item.is_empty()).collect()
                }
                _ => (*text).into(),
            };
        }
        Observation::from_json(&saved.to_string())
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
        let named = |name: &str| {
            SETTINGS
                .iter()
                .find(|setting| setting.name == name)
                .unwrap()
        };
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
            assert!(
                refused.contains(&format!("`settings.{field}`")),
                "{refused}"
            );
        }
    }
}
