//! The room for the result: one versioned document, and the renderings that a Lambda needs.
//!
//! | file | job |
//! |---|---|
//! | `alternatives` | what else could serve each workload |
//! | `build` | a report from an observation |
//! | `changes` | what is new and what is gone since the runs before |
//! | `document` | the parts of a report, named as programs read them |
//! | `missing`, `missing_part` | the parts that the run did not read, and which figures are totals without them |
//! | `not_covered` | the parts of the bill that were not read, and notes for the reader |
//! | [`metrics`] | a report as metric points |
//! | `summary` | a report in a few lines, however large the account |
//! | `guard_cost` | the guard's own cost in CloudWatch |

#![deny(clippy::float_arithmetic)]

mod alternatives;
mod build;
mod changes;
mod document;
mod guard_cost;
pub mod metrics;
mod missing;
mod missing_part;
mod not_covered;
mod summary;

pub use alternatives::add_alternatives;
pub use build::{SCHEMA_VERSION, build};
pub use document::{
    ClosedRecommendation, HoldingReport, HoldingState, IncompleteReport, LaneReport, MeterReport,
    Report, ReservedReport, RunInfo, Totals, UnpricedReport, VanishedModel, WorkloadReport,
};
pub use missing_part::{MissingPart, Part};
pub use summary::Summary;
