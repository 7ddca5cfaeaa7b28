//! The room for the result: one versioned document, and the renderings that a Lambda needs.
//!
//! | file | job |
//! |---|---|
//! | `alternatives` | what else could serve each workload |
//! | `build` | a report from an observation, or from the reports of its places |
//! | `changes` | what is new and what is gone since the runs before |
//! | `document` | the parts of a report, named as programs read them |
//! | `followed` | advice that was followed, and what came of its promise |
//! | `missing`, `missing_part` | the parts that the run did not read, and which figures are totals without them |
//! | `not_covered` | the parts of the bill that were not read, and notes for the reader |
//! | [`metrics`] | a report as metric points |
//! | `settled` | which advice was open in a place, and what is closed or gone there |
//! | `place_report` | what a report tells of one place, read and decided |
//! | `replay` | the report of a saved run, read and decided place by place |
//! | `summary` | a report in a few lines, however large the account |
//! | `unfollowed` | advice that is open since an earlier day, and what that cost |
//! | `guard_cost` | the guard's own cost in CloudWatch |

#![deny(clippy::float_arithmetic)]

mod alternatives;
mod build;
mod changes;
mod document;
mod followed;
mod guard_cost;
pub mod metrics;
mod missing;
mod missing_part;
mod not_covered;
mod place_report;
mod replay;
mod settled;
mod summary;
mod unfollowed;

pub use alternatives::add_alternatives;
pub use build::{SCHEMA_VERSION, assemble, build};
pub use document::{
    ClosedRecommendation, HoldingReport, HoldingState, IncompleteReport, LaneReport, MeterReport,
    Report, ReservedReport, RunInfo, Totals, UnpricedReport, VanishedModel, WorkloadReport,
};
pub use followed::FollowedAdvice;
pub use missing_part::{MissingPart, Part};
pub use place_report::PlaceReport;
pub use replay::replay;
pub use summary::Summary;
pub use unfollowed::UnfollowedAdvice;
