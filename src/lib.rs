//! Reads real Amazon Bedrock token metrics, prices them, and says what would cost less.
//!
//! The rooms of the house in their order: each uses only those above it. `ARCHITECTURE.md` tells
//! more of each, and a test holds the order.
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | the words and the money: amounts, quantities, model ids, meters, places, time |
//! | [`config`] | what is asked for: settings, the event, where documents are kept |
//! | [`catalog`] | what things cost: price books, contracts, overrides, the AWS Price List |
//! | [`observation`] | what was seen: usage, inventory, and one document of it all |
//! | [`pricing`] | what today costs |
//! | [`sizing`] | how much of a purchase would pay, and how sure that is |
//! | [`advice`] | what to change, one file a rule |
//! | [`estimate`] | what a volume that a person types in would cost under every plan |
//! | [`report`] | the result as a document, as metric points and as a summary |
//! | `aws` (feature `aws`) | the only room that names an SDK |
//! | `guard` (feature `aws`) | one run from event to log lines |
//! | `terminal` (feature `cli`) | what a person at a terminal sees, and the sample account |
//!
//! [`observation::Observation`] is the line between the shell and the core: everything that was
//! gathered, as one document. [`report::build`] turns it into a report with no I/O, no clock and no
//! randomness, so the same observation gives the same bytes.

pub mod advice;
#[cfg(feature = "aws")]
pub mod aws;
pub mod catalog;
pub mod config;
pub mod domain;
pub mod estimate;
#[cfg(feature = "aws")]
pub mod guard;
pub mod observation;
pub mod pricing;
pub mod report;
pub mod sizing;
#[cfg(feature = "cli")]
pub mod terminal;
