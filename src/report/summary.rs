//! The answer of the Lambda: the run in a few lines, however large the account.

use serde::Serialize;

use crate::advice::Action;
use crate::domain::{BaseModel, Region, Usd};
use crate::report::{Report, RunInfo, Totals};

// These three bounds keep the summary of any account under 32 KB, as the README promises.

/// Recommendations that a summary names; the log has them all.
const NAMED: usize = 25;

/// Places that a summary names.
const PLACES: usize = 40;

/// Characters that a summary repeats of a text of the price book.
const TEXT: usize = 200;

/// A run in a few lines, under 32 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of the report that is summed up.
    pub schema_version: &'static str,
    /// Run that the report is of.
    pub run: RunInfo,
    /// Places that were read and are not named in `run`.
    pub places_left_out: usize,
    /// Sums over all workloads.
    pub totals: Totals,
    /// Recommendations that save most, of those that count first.
    pub recommendations: Vec<NamedRecommendation>,
    /// Metrics that were put.
    pub metrics_put: u64,
    /// Reason for which no metrics were put; absent where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_withheld: Option<String>,
}

/// A recommendation by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedRecommendation {
    /// Id of the recommendation.
    pub id: String,
    /// Action to take.
    pub action: Action,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Saving in USD a month.
    pub estimated_monthly_savings: Usd,
    /// True if the recommendation counts.
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
        run.catalog_description = run.catalog_description.chars().take(TEXT).collect();
        Self {
            schema_version: report.schema_version,
            run,
            places_left_out,
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
