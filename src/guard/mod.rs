//! One run: the order of its steps, what is gathered and how, and what it ends with.

mod error;
mod gather;
mod live_catalog;
pub mod log_lines;
mod run;

pub use error::{Error, ErrorType};
pub use live_catalog::{Memory, RunBook, fetch};
pub use run::{RunOutcome, catch_panic, overrides, price_book, run};
