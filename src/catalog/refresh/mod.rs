//! A book renewed from a Price List, figure by figure: what was seen later, or is better attested, is
//! not replaced unasked.
//!
//! A figure is one meter of a row in one Region, or one price of capacity. It is held back where the
//! book answers the same requests, on the figure's first day or a later one, by a row that was seen
//! after the list was published or that is to be trusted more. It is held back too where the book has
//! no such figure and the new one would change what the book says of requests whose tier or length
//! is not known, by prices that were seen later.

mod capacity;
mod judgment;
mod outcome;
mod rates;
mod sift;

pub use outcome::{HeldBack, HeldFor, HeldItem, OnDoubt, Refreshed, SeenFigure};
