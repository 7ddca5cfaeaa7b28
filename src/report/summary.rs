//! What the Lambda returns: the run in a few lines, however large the account.

use serde::Serialize;

use crate::advice::Action;
use crate::domain::{BaseModel, Region, Usd};
use crate::report::{Report, RunInfo, Totals};

/// Recommendations that a summary names; the log has them all.
const NAMED: usize = 25;

/// Places that a summary names.
const PLACES: usize = 40;

/// Characters of a text of the price book's that a summary repeats.
const TEXT: usize = 200;

/// A run in a few lines, under 32 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The version of the report that it sums up.
    pub schema_version: &'static str,
    /// What was run.
    pub run: RunInfo,
    /// Places that were read and are not named above.
    pub places_left_out: usize,
    /// The sums.
    pub totals: Totals,
    /// The recommendations that save most.
    pub recommendations: Vec<NamedRecommendation>,
    /// Metrics that were put.
    pub metrics_put: u64,
    /// Why none were put, where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_withheld: Option<String>,
}

/// A recommendation by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedRecommendation {
    /// Its id.
    pub id: String,
    /// What to do.
    pub action: Action,
    /// Where.
    pub region: Region,
    /// About which model.
    pub model: BaseModel,
    /// What it saves in a month.
    pub estimated_monthly_savings: Usd,
    /// Whether it counts.
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
