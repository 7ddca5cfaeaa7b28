//! Price books in the terminal: one model, faults and notes, and differences.

mod ages;
mod alternatives;
mod calls;
mod check;
mod coverage;
mod coverage_page;
mod diff;
mod figures;
mod figures_csv;
mod harvest;
mod show;
mod words;

pub use calls::{CallPrice, RegionPrices, UnpricedCall};
pub use check::{Check, check};
pub use coverage::{
    BookCoverage, BookPrice, ComparedFigure, CoverageRow, FigureTally, FigureTier, NotCompared,
    PublishedPrice, RegionGroup,
};
pub use diff::{Diff, Flip, flips};
pub use figures::{FigureList, PublishedFigure};
pub use figures_csv::FigureListError;
pub use harvest::{harvest, refreshed};
pub use show::{containing, find, list, show};
