//! The room for the result: one versioned document, and the renderings that a Lambda needs.
//!
//! | file | job |
//! |---|---|
//! | `absence` | what is proven gone by a Region that was read |
//! | `alternatives` | what else could serve each workload |
//! | `build` | a report from an observation |
//! | `changes` | what is new and what is gone since the runs before |
//! | `document` | the parts of a report, named as programs read them |
//! | `missing`, `missing_part` | the parts that the run did not read, and which figures are totals without them |
//! | `not_covered` | the parts of the bill that were not read, and notes for the reader |
//! | [`metrics`] | a report as metric points |
//! | `summary` | a report in a few lines, however large the account |
//! | `track_record` | what became of earlier advice: followed or not, and what that brought |
//! | `guard_cost` | the guard's own cost in CloudWatch |

#![deny(clippy::float_arithmetic)]

mod absence;
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
mod track_record;

pub use alternatives::add_alternatives;
pub use build::{SCHEMA_VERSION, build};
pub use document::{
    ClosedRecommendation, HoldingReport, HoldingState, IncompleteReport, LaneReport, MeterReport,
    Report, ReservedReport, RunInfo, Totals, UnpricedReport, VanishedModel, WorkloadReport,
};
pub use missing_part::{MissingPart, Part};
pub use summary::Summary;
pub use track_record::{FollowedAdvice, TrackRecord, UnfollowedAdvice};
