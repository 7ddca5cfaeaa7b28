//! Price books in the terminal: one model, faults and notes, and differences.

mod check;
mod diff;
mod harvest;
mod show;
mod words;

pub use check::{Check, check};
pub use diff::{Diff, Flip, flips};
pub use harvest::{harvest, refreshed};
pub use show::{containing, find, list, show};
