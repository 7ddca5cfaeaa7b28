//! The sample account: a made-up company in two Regions, always the same.
//!
//! `scenario.toml` says what the company has and does, `overrides.toml` what its operator says, and
//! the generator makes an observation of both, as if the guard had read an AWS account.

mod generate;
mod scenario;

pub use generate::{SampleError, observation};
