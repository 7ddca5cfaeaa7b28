//! The report for a person at a terminal, in a screen or two.

mod doubts;
mod holdings;
mod render;
mod what_to_do;
mod workloads;

pub use render::render;

pub(super) use what_to_do::steps;
