//! The outcome of reading a Price List, line by line.

use crate::catalog::PriceBook;
use crate::domain::syntax::SyntaxFault;
use crate::domain::{BaseModel, Region};

/// The error for a text that is not a document of the Price List.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PriceListError {
    /// The text is not JSON.
    #[error("price list `{name}` is not JSON: {fault}")]
    NotJson {
        /// Name of the file.
        name: String,
        /// Fault with its place.
        fault: SyntaxFault,
    },
    /// The text is JSON of another shape.
    #[error(
        "`{name}` is not a price list: it is neither an offer file, nor an answer of GetProducts, nor a list of products"
    )]
    NotAPriceList {
        /// Name of the file.
        name: String,
    },
}

/// The outcome of some documents: a book, and the lines that are not in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harvest {
    /// Rates, in a book called `price-list`.
    pub book: PriceBook,
    /// Lines of all documents: the terms of their SKUs.
    pub lines: u64,
    /// Lines that are rates of the book.
    pub priced: u64,
    /// Lines whose price begins after the day of the reading, and that no rate is made of yet.
    pub later: Vec<UnusedLine>,
    /// Lines of documents that do not say when they were published.
    pub undated: u64,
    /// Lines that say again what another line says, at the same price.
    pub duplicates: u64,
    /// Lines that are known and sell something else than tokens of a model as it is.
    pub passed_over: Vec<UnusedLine>,
    /// Lines that are refused.
    pub rejected: Vec<UnusedLine>,
    /// Names without a model, with their lines.
    pub unmapped: Vec<PriceListGap>,
    /// Lines that give different prices for the same item. None of them is a rate.
    pub contradictions: Vec<Contradiction>,
}

/// A line that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnusedLine {
    /// Service code; empty where the document does not say.
    pub service_code: String,
    /// SKU; empty where the document does not say.
    pub sku: String,
    /// Usage type; empty where there is none.
    pub usage_type: String,
    /// Reason, to be read after the line.
    pub why: String,
}

/// A name that is paired with no model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceListGap {
    /// Service code.
    pub service_code: String,
    /// Name of a model, as the service writes the name.
    pub name: String,
    /// Number of lines with the name.
    pub lines: u64,
    /// Model that is spelled like the name, for a person to check. Nothing is priced by the
    /// suggestion.
    pub suggestion: Option<BaseModel>,
}

/// Different prices of the same item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    /// Base model.
    pub model: BaseModel,
    /// Region of the prices.
    pub region: Region,
    /// Item in words.
    pub item: String,
    /// Lines that contradict each other.
    pub lines: Vec<Conflicting>,
}

/// One line of a contradiction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflicting {
    /// Service code.
    pub service_code: String,
    /// SKU.
    pub sku: String,
    /// Usage type.
    pub usage_type: String,
    /// Price in USD for a million tokens, or for an hour.
    pub price: String,
}

impl Harvest {
    /// Builds the outcome of no document.
    pub(super) const fn new(book: PriceBook) -> Self {
        Self {
            book,
            lines: 0,
            priced: 0,
            later: Vec::new(),
            undated: 0,
            duplicates: 0,
            passed_over: Vec::new(),
            rejected: Vec::new(),
            unmapped: Vec::new(),
            contradictions: Vec::new(),
        }
    }

    /// Adds up the lines by their outcomes: the sum is always [`Harvest::lines`].
    #[must_use]
    pub fn accounted_for(&self) -> u64 {
        let unmapped: u64 = self.unmapped.iter().map(|gap| gap.lines).sum();
        let contradicting: usize = self.contradictions.iter().map(|found| found.lines.len()).sum();
        let listed =
            self.later.len() + self.passed_over.len() + self.rejected.len() + contradicting;
        self.priced + self.duplicates + unmapped + listed as u64
    }
}
