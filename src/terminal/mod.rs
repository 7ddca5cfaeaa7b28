//! The room for the terminal: pages of text, what is shown of price books, and the sample account.

pub mod estimate;
pub mod explain;
mod page;
mod plans;
pub mod prices;
pub mod report;
pub mod sample;
