//! The outcome of laying a Price List over a book.

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::row_scope::RowScope;
use crate::domain::{BaseModel, Geo, Meter, Region, ServiceTier, Term};

/// The answer to a figure of the list that the book has better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDoubt {
    /// The book keeps its own.
    Keep,
    /// The figure of the list is laid over.
    Accept,
}

/// A book with a list laid over it.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// Book.
    pub book: PriceBook,
    /// Figures of the list that the book has better, and did not take over.
    pub held: Vec<HeldBack>,
    /// Models whose one price for all Regions was given up, since the list has Regions that differ.
    pub given_up: Vec<BaseModel>,
}

/// A figure of the list that the book did not take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// Base model.
    pub model: BaseModel,
    /// Region of the figure.
    pub region: Region,
    /// Item that has the figure.
    pub item: HeldItem,
    /// Reason.
    pub why: HeldFor,
    /// Figure of the book; `None` where the book has none of the item.
    pub kept: Option<SeenFigure>,
    /// Figure of the list.
    pub listed: SeenFigure,
}

/// The item of a figure that was held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldItem {
    /// Tokens of a meter.
    Tokens {
        /// Requests that the price is for.
        scope: RowScope,
        /// Group of Regions of a geo profile.
        geo: Option<Geo>,
        /// Service tier.
        tier: ServiceTier,
        /// Input tokens above which a request is of the price.
        above_input_tokens: Option<u64>,
        /// Meter.
        meter: Meter,
    },
    /// A model unit.
    ModelUnit(Term),
    /// Reserved tokens a minute.
    Reserved(RowScope, Term),
}

/// The reason for which a figure was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldFor {
    /// The book's was seen after the list was published.
    SeenLater,
    /// The book's is of a more trusted kind of source.
    MoreTrusted,
    /// The list repeats a price that has ended by the book.
    Ended,
    /// The list's would end one price for all Regions that the book has better.
    OnePrice,
}

/// A price with the day on which it was last seen, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFigure {
    /// Price in words, in USD for a million tokens or for an hour.
    pub price: String,
    /// Last day on which the price was seen.
    pub seen: Date,
    /// Place where the price is written.
    pub source: String,
}
