//! Sends a report on: metrics to CloudWatch, lines to the log.

pub mod log;
pub mod put;
