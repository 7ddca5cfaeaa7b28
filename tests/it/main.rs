//! Everything that needs more than one module: the real clients against a fake AWS, the programs,
//! and the rules that the repository keeps.

mod fakes;
mod support;
