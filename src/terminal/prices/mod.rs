//! What the terminal shows of price books: one model, what is doubtful, and what differs.

mod check;
mod diff;
mod harvest;
mod show;
mod words;

pub use check::{Check, check};
pub use diff::{Diff, Flip, flips};
pub use harvest::harvest;
pub use show::{containing, find, list, show};
