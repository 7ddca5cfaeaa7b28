//! The sample accounts: made-up companies in two Regions, always the same.
//!
//! `scenario.toml` says what the company has and does, `overrides.toml` what its operator says, and
//! the generator makes an observation of both, as if the guard had read an AWS account. `article.toml` is a
//! second company, which does what the article reckons with.

mod generate;
mod scenario;

pub use generate::{SampleError, observation, of_article};
