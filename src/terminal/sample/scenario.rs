//! The scenario of the sample account as `scenario.toml` spells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::{AccountId, ModelUnits, Region};
use crate::observation::{CommitmentDuration, InferenceType, LifecycleStatus};

/// The whole scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// Number of the account, twelve digits.
    pub(super) account: AccountId,
    /// First instant of the sample, a Monday at midnight, since shapes count their weeks from there.
    pub(super) start: Timestamp,
    /// First instant after the sample, a whole hour.
    pub(super) end: Timestamp,
    /// Time of the event that started the run.
    pub(super) run_at: Timestamp,
    /// Reading of the clock in that run.
    pub(super) as_of: Timestamp,
    /// Region that the guard runs in.
    pub(super) home: Region,
    /// Permission to advise global profiles.
    pub(super) allow_global_routing: bool,
    /// Shapes by the names that traffic calls them by.
    #[serde(rename = "shape")]
    pub(super) shapes: BTreeMap<String, Shape>,
    /// Regions of the account, in order of their names.
    #[serde(rename = "place")]
    pub(super) places: Vec<SampleRegion>,
}

/// The ups and downs of traffic, in thousandths of a peak.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Shape {
    /// One level for each week, the same all day and night. The list begins again at its end.
    ByWeek(Vec<u64>),
    /// One level for each hour of a day, the same each week.
    ByHour {
        /// Levels of the 24 hours from Monday to Friday, in thousandths, from midnight UTC on.
        workday: [u64; 24],
        /// Level of all hours of Saturday and Sunday, in thousandths.
        weekend: u64,
    },
    /// A short job in some hours, which no calendar tells.
    InBursts {
        /// Level of a job, in thousandths.
        level: u64,
        /// Length of a job from the beginning of an hour on, in minutes.
        minutes: u64,
        /// Hours for each one that has a job, on average.
        one_hour_in: u64,
        /// Level between jobs, in thousandths.
        otherwise: u64,
    },
}

/// One Region of the account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleRegion {
    /// Name of the Region.
    pub(super) region: Region,
    /// Models that the Region lists, in the order in which the Region does.
    pub(super) foundation_models: Vec<SampleModel>,
    /// Traffic by the `ModelId` of the metrics.
    #[serde(rename = "lane")]
    pub(super) lanes: BTreeMap<String, SampleTraffic>,
    /// Application inference profiles by their ids.
    #[serde(rename = "application_profile", default)]
    pub(super) application_profiles: BTreeMap<String, SampleProfile>,
    /// Provisioned models by their names.
    #[serde(rename = "provisioned_model", default)]
    pub(super) provisioned_models: BTreeMap<String, SampleProvisionedModel>,
}

/// A foundation model that a Region lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleModel {
    /// Id of the model, with the context window for some that can be provisioned.
    pub(super) id: String,
    /// `ACTIVE` or `LEGACY`.
    pub(super) status: LifecycleStatus,
    /// Types of inference: any of `ON_DEMAND`, `PROVISIONED` and `INFERENCE_PROFILE`.
    pub(super) inference: Vec<InferenceType>,
    /// Time from which requests fail; `None` where AWS names none.
    pub(super) end_of_life: Option<Timestamp>,
}

/// The metered traffic of one `ModelId`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleTraffic {
    /// Name of the shape.
    pub(super) shape: String,
    /// Load at a full shape.
    pub(super) peak: Peak,
    /// Days before the end of the sample at which the traffic began; `None` where it is as old as the sample.
    pub(super) history_days: Option<u32>,
    /// Presence of sums by the minute, which the guard asks for where model units could pay.
    #[serde(default)]
    pub(super) by_minute: bool,
    /// Reason why the hours of output tokens are not whole; `None` where they are.
    pub(super) incomplete_output: Option<String>,
}

/// The load of one minute at a full shape; `None` where CloudWatch has no points of a metric.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Peak {
    /// Requests a minute.
    pub(super) invocations: Option<u64>,
    /// Input tokens a minute, without those of the prompt cache.
    pub(super) input_tokens: Option<u64>,
    /// Output tokens a minute.
    pub(super) output_tokens: Option<u64>,
    /// Input tokens a minute that are read from the prompt cache.
    pub(super) cache_reads: Option<u64>,
    /// Input tokens a minute that are written to the prompt cache.
    pub(super) cache_writes: Option<u64>,
}

/// An application inference profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleProfile {
    /// Name that somebody gave the profile.
    pub(super) name: String,
    /// Base id of the model behind the profile.
    pub(super) model: String,
    /// Regions that the profile sends requests to.
    pub(super) regions: Vec<Region>,
}

/// A provisioned model in service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleProvisionedModel {
    /// The twelve characters at the end of the model's ARN.
    pub(super) id: String,
    /// Id of the foundation model, as the Region lists that model.
    pub(super) model: String,
    /// Model units.
    pub(super) units: ModelUnits,
    /// Time of the purchase.
    pub(super) created: Timestamp,
    /// The commitment; `None` where the units are billed by the hour.
    pub(super) term: Option<SampleTerm>,
    /// Traffic that is metered under the model's ARN; `None` where nobody calls the model.
    pub(super) traffic: Option<SampleTraffic>,
}

/// The commitment of a provisioned model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleTerm {
    /// Length of the commitment, spelled as AWS does.
    pub(super) duration: CommitmentDuration,
    /// End of the commitment.
    pub(super) end: Timestamp,
}

impl Scenario {
    /// Reads the scenario that is part of the program.
    pub(super) fn embedded() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("scenario.toml"))
    }

    /// Reads the scenario of the article's account.
    pub(super) fn of_article() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("article.toml"))
    }
}

impl Peak {
    /// Returns the peak of a metric by the name that CloudWatch has for the metric.
    pub(super) fn of(&self, metric: &str) -> Option<u64> {
        match metric {
            "Invocations" => self.invocations,
            "InputTokenCount" => self.input_tokens,
            "OutputTokenCount" => self.output_tokens,
            "CacheReadInputTokenCount" => self.cache_reads,
            "CacheWriteInputTokenCount" => self.cache_writes,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_key_of_the_scenario_is_refused() {
        let text = include_str!("scenario.toml");
        for (right, wrong) in [
            ("by_minute", "by_minutes"),
            ("cache_reads", "cache_read"),
            ("otherwise", "else"),
            ("created", "bought"),
        ] {
            let refused = toml::from_str::<Scenario>(&text.replace(right, wrong)).unwrap_err();
            assert!(refused.message().contains(wrong), "{refused}");
        }
    }
}
