//! Everything that needs more than one module: the real clients against a fake AWS, the programs,
//! and the rules that the repository keeps.

mod architecture;
mod catalog;
mod cli;
mod events;
mod fakes;
mod lambda;
mod laws;
mod mistakes;
mod pipeline;
mod sample;
mod support;
mod template;
