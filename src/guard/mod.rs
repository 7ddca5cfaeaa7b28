//! The room for one run: the order of the steps, the gathering, the price book of the day, errors and
//! log lines.

mod budget;
mod error;
mod gather;
mod live_catalog;
pub mod log_lines;
mod portion;
mod region;
mod run;
mod series_memory;
mod turn;

pub use error::{Error, ErrorType, Unwritten};
pub use gather::{TakePlace, TakenPlace};
pub use live_catalog::{Memory, RunBook, fetch};
pub use run::{Invocation, Log, RunOutcome, catch_panic, overrides, price_book, run};
pub use series_memory::series_memory_of;
