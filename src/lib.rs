//! Reads real Amazon Bedrock token metrics, prices them, and says what would cost less.
//!
//! ```text
//!  event ─► settings ─► gather ──────────────► price ─► advise ─► report ─► emit
//!                       usage      CloudWatch   pure     pure      pure      metrics, log
//!                       inventory  Bedrock
//!                       catalog    price book
//!             shell               └─ one Observation ─┘            shell
//! ```
//!
//! [`observation::Observation`] is the line between the halves: everything that was gathered, as one
//! document. [`report::build`] turns it into a report with no I/O, no clock and no randomness.
//! [`run`] alone knows the order. Each module may use only what stands left of it in
//! `ARCHITECTURE.md`, and a test holds that rule.
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | money, quantities, model ids, meters, places, time |
//! | [`settings`], [`event`] | what is asked for |
//! | [`api`] | what can go wrong between us and AWS |
//! | [`usage`], [`inventory`], [`catalog`] | what was consumed, what is held, what things cost |
//! | [`observation`], [`sample`] | all of it as one document, and an example of one |
//! | [`pricing`] | what today costs |
//! | [`advice`] | what to change, one file a rule |
//! | [`report`] | the result and its renderings |
//! | [`price_list`], `prices` | the AWS Price List as a book; what the terminal shows of books |
//! | [`emit`], [`clients`], [`error`], [`documents`], [`live`], [`gather`], [`run`] | the shell |

pub mod advice;
pub mod aws;
pub mod catalog;
pub mod config;
pub mod domain;
pub mod guard;
pub mod observation;
pub mod pricing;
pub mod report;
pub mod sizing;
#[cfg(feature = "cli")]
pub mod terminal;
