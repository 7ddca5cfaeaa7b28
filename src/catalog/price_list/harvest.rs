//! What became of the lines of a Price List.

use crate::catalog::PriceBook;
use crate::domain::{BaseModel, Region};

/// Why a text is not a document of the price list.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PriceListError {
    /// It is not JSON.
    #[error("price list `{name}` is not JSON: {fault}")]
    NotJson {
        /// Which file.
        name: String,
        /// What and where.
        fault: String,
    },
    /// It is JSON of another shape.
    #[error(
        "`{name}` is not a price list: it is neither an offer file, nor an answer of GetProducts, nor a list of products"
    )]
    NotAPriceList {
        /// Which file.
        name: String,
    },
}

/// What the documents hold, and what became of each line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harvest {
    /// The rates, in a book called `price-list`.
    pub book: PriceBook,
    /// The lines of all documents: the terms of their SKUs.
    pub lines: u64,
    /// Lines that are rates of the book.
    pub priced: u64,
    /// Lines that say again what another says, at the same price.
    pub duplicates: u64,
    /// Lines that are known and sell something else than tokens of a model as it is.
    pub passed_over: Vec<UnusedLine>,
    /// Lines that are refused.
    pub rejected: Vec<UnusedLine>,
    /// Names without a model.
    pub unmapped: Vec<PriceListGap>,
    /// Lines that say the same thing at different prices. Neither is a rate.
    pub contradictions: Vec<Contradiction>,
}

/// A line that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnusedLine {
    /// The service code; empty where the document does not say.
    pub service_code: String,
    /// The SKU; empty where the document does not say.
    pub sku: String,
    /// The usage type; empty where there is none.
    pub usage_type: String,
    /// The reason, to be read after the line.
    pub why: String,
}

/// A name that is paired with no model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceListGap {
    /// The service code.
    pub service_code: String,
    /// The name.
    pub name: String,
    /// Its lines.
    pub lines: u64,
    /// The model that is spelled like it, for a person to check. Nothing is priced by it.
    pub suggestion: Option<BaseModel>,
}

/// Prices of the same thing that differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    /// The model.
    pub model: BaseModel,
    /// The Region.
    pub region: Region,
    /// The item that they price, in words.
    pub item: String,
    /// The lines.
    pub lines: Vec<Conflicting>,
}

/// One line of a contradiction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflicting {
    /// The service code.
    pub service_code: String,
    /// The SKU.
    pub sku: String,
    /// The usage type.
    pub usage_type: String,
    /// USD for a million tokens, or for an hour.
    pub price: String,
}

impl Harvest {
    /// The lines by what became of them, added up: always [`Harvest::lines`].
    #[must_use]
    pub fn accounted_for(&self) -> u64 {
        let unmapped: u64 = self.unmapped.iter().map(|gap| gap.lines).sum();
        let contradicting: usize = self
            .contradictions
            .iter()
            .map(|found| found.lines.len())
            .sum();
        let listed = self.passed_over.len() + self.rejected.len() + contradicting;
        self.priced + self.duplicates + unmapped + listed as u64
    }
}
