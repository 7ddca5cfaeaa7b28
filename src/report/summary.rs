//! The answer of the Lambda: a run in a few lines, however large the account.

use serde::Serialize;

use crate::advice::Action;
use crate::domain::{BaseModel, Region, Usd};
use crate::report::{Report, RunInfo, Totals};

/// Limit of the recommendations that a summary names; the log has them all.
// Together the three limits keep a summary under 32 KB, whatever the account and the price book.
const NAMED: usize = 25;

/// Limit of the places, and of the failed Regions, that a summary names.
const PLACES: usize = 40;

/// Limit of the characters that a summary repeats of each text of the price book.
const TEXT: usize = 200;

/// A run in a few lines, under 32 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of the report that is summed up.
    pub schema_version: &'static str,
    /// Scope of the run, with long lists and texts cut off.
    pub run: RunInfo,
    /// Number of places that were read and are not named in `run`.
    pub places_left_out: usize,
    /// Line on the parts that are missing, cut off; `None` where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Sums over all workloads.
    pub totals: Totals,
    /// First recommendations of the report: those that count and save most.
    pub recommendations: Vec<NamedRecommendation>,
    /// Number of metrics that were put.
    pub metrics_put: u64,
    /// Reason why no metrics were put; `None` where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_withheld: Option<String>,
}

/// A recommendation by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedRecommendation {
    /// Id of the recommendation.
    pub id: String,
    /// Kind of change.
    pub action: Action,
    /// Region of the workload.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Saving of the change, USD a month; absent where a price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_monthly_savings: Option<Usd>,
    /// True if the saving is part of the totals.
    pub is_counted: bool,
}

impl Summary {
    /// Sums a report up.
    #[must_use]
    pub fn new(report: &Report, metrics_put: u64, metrics_withheld: Option<String>) -> Self {
        let mut run = report.run.clone();
        let places_left_out = run.places.len().saturating_sub(PLACES);
        run.places.truncate(PLACES);
        run.failed_regions.truncate(PLACES);
        run.catalog = run.catalog.chars().take(TEXT).collect();
        run.warning = run.warning.map(|warning| warning.chars().take(2 * TEXT).collect());
        run.catalog_description = run.catalog_description.chars().take(TEXT).collect();
        Self {
            schema_version: report.schema_version,
            run,
            places_left_out,
            missing: report.missing_line().map(|line| line.chars().take(2 * TEXT).collect()),
            totals: report.totals.clone(),
            recommendations: report
                .recommendations
                .iter()
                .take(NAMED)
                .map(|advice| NamedRecommendation {
                    id: advice.id.clone(),
                    action: advice.action,
                    region: advice.region.clone(),
                    model: advice.model.clone(),
                    estimated_monthly_savings: advice.savings(),
                    is_counted: advice.is_counted(),
                })
                .collect(),
            metrics_put,
            metrics_withheld,
        }
    }
}
