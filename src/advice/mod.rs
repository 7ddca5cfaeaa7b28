//! The room for what to change: one plan for each workload, in the order in which changes are worth
//! making, one file a rule.
//!
//! | file | job |
//! |---|---|
//! | `order` | the rules in their order, and the verdict |
//! | `whole` | which units serve which calls, so that most is saved |
//! | `rules` | one rule a file |
//! | `action` | what can be done, and what doing it asks for |
//! | `plan`, `finding` | one way to serve a workload; the result of one rule |
//! | `bill` | what the workload costs once all is done that binds nothing |
//! | `forgone` | what would be saved beyond, if nothing were forbidden |
//! | `fresh_break` | commitments that are held, since demand fell in the last days |
//! | `gates` | what advice must pass before it counts |
//! | `amount` | the amount of a purchase, of either kind |
//! | `candidate` | one offer at its optimum, put to the gates |
//! | `recommendation`, `evidence`, `proof` | a change that saves, the origin of its numbers, a proof that none does |
//! | `subject` | what an id of a recommendation may be about |
//! | `holding_advice` | what is said of each holding |
//! | `command` | the steps to a change, with their commands |
//! | `minutes_needed` | the lanes whose minutes could change the advice |

#![deny(clippy::float_arithmetic)]

mod action;
mod amount;
mod bill;
mod candidate;
mod command;
mod evidence;
mod finding;
mod forgone;
mod fresh_break;
mod gates;
mod holding_advice;
mod minutes_needed;
mod months;
mod order;
mod plan;
mod proof;
mod recommendation;
mod rules;
mod subject;
mod whole;

pub use action::{Action, Effort};
pub use evidence::{Evidence, EvidenceItem, RateEvidence, SeriesEvidence};
pub use forgone::Forgone;
pub use gates::Gate;
pub use holding_advice::{AtTermEnd, HoldingAdvice, HoldingLoad};
pub use minutes_needed::wants_minutes;
pub use months::Months;
pub use order::{Advice, advise};
pub use plan::Plan;
pub use proof::CertificateReport;
pub use recommendation::{
    Arrangement, Commitment, Grounds, Money, Recommendation, Remedy, Savings, Standing, Step,
    Working,
};
pub use subject::may_be_of;

// One plan is of one workload, so whoever decides a part of a place asks here which lanes go together.
pub use crate::pricing::lanes_by_model;
