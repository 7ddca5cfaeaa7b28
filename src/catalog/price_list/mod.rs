//! Reads the AWS Price List into a price book.
//!
//! ```text
//!  documents ─► product ─► usage_type, words ─► meaning ─► names ─► rows ─► PriceBook
//!  two shapes    lines      two grammars         agreed     model   dated, one a key
//! ```
//!
//! Three services sell tokens: `AmazonBedrock`, `AmazonBedrockFoundationModels` and
//! `AmazonBedrockService`. Every line ends in exactly one of seven ways, and [`Harvest`] counts them
//! all: it is priced, is priced from a later day on, says again what another line says, sells something else than tokens, is
//! refused with a reason, is of a name that nobody has paired with a model, or contradicts another
//! line. Only the first becomes a number, and each number is the exact conversion of one price.
//!
//! What is not published is not made up: a model with input prices alone has no output price, and a
//! price for long contexts without a threshold is not used.
//!
//! Whoever fetches the documents hands them over. Every page of `GetProducts` has to be there, as
//! one holds 100 products at most and nothing in it says that a row is missing.

mod endpoint;
mod harvest;
mod item;
mod line;
mod meaning;
mod names;
mod product;
mod read;
mod refusal;
mod rows;
mod usage_type;
mod words;

pub use harvest::{Conflicting, Contradiction, Harvest, PriceListError, PriceListGap, UnusedLine};
pub use names::{Free, MantleLines, NamedModel, Names, NamesError, PassedName, ServiceCode};
pub use read::PriceList;
