//! The sample account: a made-up company in two Regions, always the same.

mod generate;

pub use generate::{SampleError, observation};
