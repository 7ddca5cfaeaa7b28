//! Reads the AWS Price List into a price book.
//!
//! ```text
//!  documents ─► product ─► usage_type, words ─► meaning ─► names ─► rows ─► PriceBook
//!  two shapes    lines      two grammars         agreed     model   dated, one a key
//! ```
//!
//! Three offers sell tokens: `AmazonBedrock`, `AmazonBedrockFoundationModels` and
//! `AmazonBedrockService`. Every line ends in exactly one of six ways, and [`Harvest`] counts them
//! all: it is priced, says again what another line says, sells something else than tokens, is
//! refused with a reason, is of a name that nobody has paired with a model, or contradicts another
//! line. Only the first becomes a number, and each number is the exact conversion of one price.
//!
//! What is not published is not made up: a model with input prices alone has no output price, and a
//! price for long contexts without a threshold is not used.
//!
//! Whoever fetches the documents hands them over. Every page of `GetProducts` has to be there, as
//! one holds 100 products at most and nothing in it says that a row is missing.

mod meaning;
mod names;
mod product;
mod rows;
mod usage_type;
mod words;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::PriceBook;
use crate::domain::{BaseModel, Region};

use meaning::{Length, Meaning, NotMeant, Sold};
use product::Line;
use rows::Candidate;
use usage_type::TokenMeter;

pub use names::{Free, NamedModel, Names, NamesError, Offer, PassedName};

/// Offers of Bedrock that sell no tokens.
const OTHER_OFFERS: [&str; 2] = ["AmazonBedrockAgentCore", "AmazonBedrockMarketplace"];

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

/// Documents of the price list, read but not yet understood.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    lines: Vec<Line>,
}

/// What the documents hold, and what became of each line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    pub passed_over: Vec<PassedOver>,
    /// Lines that are refused.
    pub rejected: Vec<Rejected>,
    /// Names without a model.
    pub unmapped: Vec<Gap>,
    /// Lines that say the same thing at different prices. Neither is a rate.
    pub contradictions: Vec<Contradiction>,
}

/// A line that sells something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PassedOver {
    /// The service code.
    pub offer: String,
    /// The SKU.
    pub sku: String,
    /// The usage type.
    pub usage_type: String,
    /// What it sells.
    pub why: String,
}

/// A line that is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rejected {
    /// The service code; empty where the document does not say.
    pub offer: String,
    /// The SKU; empty where the document does not say.
    pub sku: String,
    /// The usage type; empty where there is none.
    pub usage_type: String,
    /// Why it is refused.
    pub why: String,
}

/// A name that is paired with no model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// The service code.
    pub offer: String,
    /// The name.
    pub name: String,
    /// Its lines.
    pub lines: u64,
    /// The model that is spelled like it, for a person to check. Nothing is priced by it.
    pub suggestion: Option<BaseModel>,
}

/// Prices of the same thing that differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Contradiction {
    /// The model.
    pub model: BaseModel,
    /// The Region.
    pub region: Region,
    /// What they price, in words.
    pub what: String,
    /// The lines.
    pub lines: Vec<Conflicting>,
}

/// One line of a contradiction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conflicting {
    /// The service code.
    pub offer: String,
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
        let contradicting: usize = self.contradictions.iter().map(|it| it.lines.len()).sum();
        let listed = self.passed_over.len() + self.rejected.len() + contradicting;
        self.priced + self.duplicates + unmapped + listed as u64
    }
}

/// What a line is, taken alone.
enum Judgement {
    PassedOver(String),
    Rejected(String),
    Unmapped(String),
    Candidate(Candidate),
}

/// Why a line that is understood has no model, or no place.
enum NoCandidate {
    Refused(&'static str),
    Unmapped,
}

impl PriceList {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one element of the `PriceList` of `GetProducts`. A text that is no product is a line
    /// that is rejected.
    pub fn add_product(&mut self, json: &str) {
        self.lines.extend(product::of_product_text(json));
    }

    /// Adds a document: an offer file, an answer of `GetProducts`, or an array of products.
    /// `name` is what errors call it.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<(), PriceListError> {
        self.lines.extend(product::of_document(name, text)?);
        Ok(())
    }

    /// What the documents say, as rows that were checked on a day. The order in which they were
    /// added does not matter.
    #[must_use]
    pub fn read(self, names: &Names, checked: Date) -> Harvest {
        let lines = self.lines.len() as u64;
        let mut passed_over = Vec::new();
        let mut rejected = Vec::new();
        let mut gaps: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut candidates = Vec::new();
        for line in self.lines {
            let usage_type = line.attribute("usagetype").unwrap_or_default().to_owned();
            match judge(&line, &usage_type, names) {
                Judgement::PassedOver(why) => passed_over.push(PassedOver {
                    offer: line.offer,
                    sku: line.sku,
                    usage_type,
                    why,
                }),
                Judgement::Rejected(why) => rejected.push(Rejected {
                    offer: line.offer,
                    sku: line.sku,
                    usage_type,
                    why,
                }),
                Judgement::Unmapped(name) => *gaps.entry((line.offer, name)).or_default() += 1,
                Judgement::Candidate(candidate) => candidates.push(candidate),
            }
        }
        let mut outcome = rows::of(candidates, checked);
        passed_over.append(&mut outcome.passed_over);
        rejected.append(&mut outcome.rejected);
        passed_over.sort_unstable();
        rejected.sort_unstable();
        outcome.contradictions.sort_unstable();
        let unmapped = gaps.into_iter().map(|((offer, name), lines)| Gap {
            suggestion: names.suggestion(&name),
            offer,
            name,
            lines,
        });
        Harvest {
            book: rows::book(outcome.models),
            lines,
            priced: outcome.priced,
            duplicates: outcome.duplicates,
            passed_over,
            rejected,
            unmapped: unmapped.collect(),
            contradictions: outcome.contradictions,
        }
    }
}

fn judge(line: &Line, usage_type: &str, names: &Names) -> Judgement {
    let Some(offer) = Offer::of_code(&line.offer) else {
        return if OTHER_OFFERS.contains(&line.offer.as_str()) {
            Judgement::PassedOver(format!("`{}` sells no tokens", line.offer))
        } else {
            Judgement::Rejected(match &line.price {
                Err(why) if line.offer.is_empty() => why.clone(),
                _ => format!("the offer `{}` is not known", line.offer),
            })
        };
    };
    let meaning = match meaning::of(offer, line) {
        Ok(meaning) => meaning,
        Err(NotMeant::Other(what)) => return Judgement::PassedOver(what),
        Err(NotMeant::Refused(why)) => return Judgement::Rejected(why),
    };
    if let Some(passed) = names.passed(offer, &meaning.name) {
        return Judgement::PassedOver(passed.why.clone());
    }
    match candidate(offer, line, usage_type, &meaning, names) {
        Ok(candidate) => Judgement::Candidate(candidate),
        Err(NoCandidate::Refused(why)) => Judgement::Rejected(why.into()),
        Err(NoCandidate::Unmapped) => Judgement::Unmapped(meaning.name),
    }
}

/// A line that is understood, with its model.
fn candidate(
    offer: Offer,
    line: &Line,
    usage_type: &str,
    meaning: &Meaning,
    names: &Names,
) -> Result<Candidate, NoCandidate> {
    let refused = NoCandidate::Refused;
    let region: Region = line
        .attribute("regionCode")
        .ok_or(refused("has no regionCode"))?
        .parse()
        .map_err(|_| refused("its regionCode is not the name of a Region"))?;
    let published = line
        .published
        .ok_or(refused("does not say when it was published"))?;
    let pair = names
        .model(offer, &meaning.name)
        .ok_or(NoCandidate::Unmapped)?;
    if meaning.sold.is_free() && !is_really_free(&meaning.sold, pair) {
        return Err(refused("a price of zero is a placeholder, not a price"));
    }
    let above = match meaning.length {
        Length::Any => None,
        Length::Long(stated) => match (stated, pair.long_context_above) {
            (Some(stated), Some(known)) if stated != known => {
                return Err(refused("states another threshold than is known"));
            }
            (Some(above), _) | (None, Some(above)) => Some(above),
            (None, None) => {
                return Err(refused("is for long contexts and states no threshold"));
            }
        },
    };
    Ok(Candidate {
        offer,
        sku: line.sku.clone(),
        usage_type: usage_type.to_owned(),
        name: meaning.name.clone(),
        model: pair.model.clone(),
        region,
        published,
        effective: meaning.effective,
        sold: meaning.sold.clone(),
        above,
    })
}

fn is_really_free(sold: &Sold, pair: &NamedModel) -> bool {
    let is_write = matches!(
        sold,
        Sold::Tokens {
            meter: TokenMeter::CacheWrite | TokenMeter::CacheWrite1h,
            ..
        }
    );
    is_write && pair.free.contains(&Free::CacheWrite)
}
