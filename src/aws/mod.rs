//! The one room that speaks to AWS: the SDK's configuration and clients, one file a service, and what
//! can go wrong in a call.

pub mod bedrock;
pub mod clients;
pub mod clock;
pub mod cloudwatch;
pub mod documents;
mod error;
pub mod files;
pub mod history;
mod pages;
pub mod price_list;
pub mod put_metrics;

pub use error::{ApiError, Caller, Failure};
