//! The price book as a document: its rows, and the rules that a book must keep.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::provenance::{DatedRow, Provenance};
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::catalog::sources::{self, Source};
use crate::domain::syntax::{SyntaxFault, read_toml};
use crate::domain::text::{MOST_QUOTED, clip};
use crate::domain::{BaseModel, Geo, LoadWeights, Term};

/// The version of the format that this program reads.
const SCHEMA_VERSION: u32 = 1;

/// The fault of two rows that cannot be told apart.
const SAME_KEY: &str =
    "a row before it has the same key: give one another first day, or leave it out";

/// Says why a row has no days.
fn undated<R: DatedRow>(row: &R) -> &'static str {
    let ends = row.provenance().effective_until.is_some();
    let is_dated = Provenance { effective_until: None, ..row.provenance() }.dating().is_some();
    if ends && is_dated {
        "`effective_until` is before the first day of the price, or before a day on which it was seen"
    } else {
        "needs effective_from, or seen_from and seen_to in order"
    }
}

/// A price book: models with their dated, sourced rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BookDocument")]
pub struct PriceBook {
    /// Version of the format.
    pub schema_version: u32,
    /// Name of the book, as in `aws`.
    pub name: String,
    /// Content of the book in one sentence.
    pub description: String,
    /// True if AWS charges these prices. Those of another book are to be compared with, and never
    /// acted on.
    pub charged: bool,
    /// Models, each with all its rows.
    #[serde(rename = "model")]
    pub models: Vec<ModelPrices>,
}

/// A book as it is written.
// A key that is not known is refused: a misspelled meter would otherwise be a meter without a price.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookDocument {
    schema_version: u32,
    name: String,
    description: String,
    /// `None` in observations that were saved before the key existed.
    charged: Option<bool>,
    /// Sources that rows name by their ids.
    #[serde(rename = "source", default)]
    sources: Vec<Source>,
    #[serde(rename = "model", default)]
    models: Vec<ModelPrices>,
}

impl From<BookDocument> for PriceBook {
    fn from(document: BookDocument) -> Self {
        // A saved observation without the key was priced on an embedded book or on a customer's
        // own. Of those only the article's is known not to be charged.
        let charged = document.charged.unwrap_or(document.name != "article");
        Self {
            schema_version: document.schema_version,
            name: document.name,
            description: document.description,
            charged,
            models: document.models,
        }
    }
}

/// The error for a text that is not a price book.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BookError {
    /// The text does not read as a book.
    #[error("price book `{name}` is not valid: {fault}")]
    Syntax {
        /// Name of the book.
        name: String,
        /// Fault with its place.
        fault: SyntaxFault,
    },
    /// The head does not say if AWS charges the prices.
    #[error(
        "price book `{name}` does not say whether AWS charges its prices: add the line `charged = true` below `description` if AWS does, or `charged = false` if they are for comparison only"
    )]
    Uncharged {
        /// Name of the book.
        name: String,
    },
    /// The text reads as a book, and contradicts itself.
    #[error("price book `{name}` contradicts itself: {}", crate::domain::text::faults(faults))]
    Rules {
        /// Name of the book.
        name: String,
        /// All faults, each with its model.
        faults: Vec<String>,
    },
}

impl PriceBook {
    /// Reads a book from TOML. `name` is the book's name in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, BookError> {
        let mut document: BookDocument =
            read_toml(text).map_err(|fault| BookError::Syntax { name: name.into(), fault })?;
        // A file has to say so. Only saved observations may be from before the key existed.
        if document.charged.is_none() {
            return Err(BookError::Uncharged { name: name.into() });
        }
        for model in &mut document.models {
            let lines = model.rate_lines.take();
            model.rates.extend(lines);
        }
        let untold = sources::tell(&document.sources, &mut document.models);
        // A row without its sources has no days either, which is no fault of its own.
        if !untold.is_empty() {
            return Err(BookError::Rules { name: name.into(), faults: untold });
        }
        let book = Self::from(document);
        let mut faults = book.faults();
        faults.extend(book.models.iter().filter_map(ModelPrices::spread_fault));
        if faults.is_empty() {
            Ok(book)
        } else {
            Err(BookError::Rules { name: name.into(), faults })
        }
    }

    /// Writes the book in the format that [`PriceBook::parse`] reads.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Warns that nobody may act on these prices; `None` where AWS charges them.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        (!self.charged).then(|| {
            format!(
                "NOT WHAT AWS CHARGES: the prices of the book `{}` are for comparison only. Do not act on any figure here.",
                self.name
            )
        })
    }

    /// Returns the rows of a model; `None` where the book does not have the model.
    #[must_use]
    pub fn model(&self, id: &BaseModel) -> Option<&ModelPrices> {
        self.models.iter().find(|model| model.id == *id)
    }

    /// Returns the weights of a model's cached tokens in the load of its units; the defaults where
    /// the book does not have the model.
    #[must_use]
    pub fn load_weights(&self, id: &BaseModel) -> LoadWeights {
        self.model(id).map(|model| model.load_weights).unwrap_or_default()
    }

    /// Reads prices without a Region as those of the commercial US Regions, as older versions did: a
    /// saved observation keeps the costs that it was saved with.
    pub fn read_unstated_in_us(&mut self) {
        let rates = |model: &mut ModelPrices| {
            let rates = model.rates.iter_mut().map(DatedRow::regions_mut);
            let units = model.model_units.iter_mut().map(DatedRow::regions_mut);
            let reserved = model.reserved_tokens.iter_mut().map(DatedRow::regions_mut);
            let lifecycle = model.lifecycle.iter_mut().map(|row| &mut row.regions);
            for region in rates.chain(units).chain(reserved).chain(lifecycle).flatten() {
                if *region == RowRegion::Unstated {
                    *region = RowRegion::UnstatedInUs;
                }
            }
        };
        self.models.iter_mut().for_each(rates);
    }

    /// Returns the same book with the rows of these models alone.
    #[must_use]
    pub fn of_models(&self, models: &BTreeSet<BaseModel>) -> Self {
        Self {
            models: self
                .models
                .iter()
                .filter(|model| models.contains(&model.id))
                .cloned()
                .collect(),
            ..self.clone_head()
        }
    }

    /// Adds models of another book that this one lacks, in its order, with their prices by the token at the
    /// standard tier and the days on which they leave.
    pub fn add_by_the_token<'m>(
        &mut self,
        other: &Self,
        models: impl Iterator<Item = &'m BaseModel>,
    ) {
        let wanted: BTreeSet<&BaseModel> = models.filter(|id| self.model(id).is_none()).collect();
        let mut added = other.models.iter().filter(|model| wanted.contains(&model.id)).peekable();
        if added.peek().is_none() {
            return;
        }
        self.models.extend(added.map(ModelPrices::by_the_token));
        let place = |model: &ModelPrices| other.models.iter().position(|it| it.id == model.id);
        self.models.sort_by_key(place);
    }

    fn clone_head(&self) -> Self {
        Self {
            schema_version: self.schema_version,
            name: self.name.clone(),
            description: self.description.clone(),
            charged: self.charged,
            models: Vec::new(),
        }
    }

    /// Lists the contradictions of the book; empty where the book is usable.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schema_version != SCHEMA_VERSION {
            faults.push(format!(
                "schema_version is {}, this program reads {SCHEMA_VERSION}",
                self.schema_version
            ));
        }
        let mut ids = BTreeSet::new();
        for model in &self.models {
            if !ids.insert(&model.id) {
                faults.push(format!(
                    "`{}` is listed twice: put its rows into one [[model]]",
                    clip(model.id.id(), MOST_QUOTED)
                ));
            }
            for fault in model.faults() {
                faults.push(format!("`{}`: {fault}", clip(model.id.id(), MOST_QUOTED)));
            }
        }
        faults
    }
}

impl ModelPrices {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.rate_faults(&mut faults);
        let weights = [self.load_weights.cache_write, self.load_weights.cache_read];
        if weights.iter().any(|weight| !weight.is_usable_weight()) {
            faults.push(
                "load_weights: a weight is a number from 0 to 100 with four decimals at most"
                    .into(),
            );
        }
        self.model_units_faults(&mut faults);
        self.reserved_tokens_faults(&mut faults);
        faults
    }

    fn rate_faults(&self, faults: &mut Vec<String>) {
        // What rows before have, by Region: the fields as bits beside all else that tells prices apart.
        let mut before: HashMap<&RowRegion, Vec<(_, u8)>> = HashMap::with_capacity(64);
        for (index, row) in self.rates.iter().enumerate() {
            let mut fault = |text: String| faults.push(format!("rate {}: {text}", index + 1));
            let Some(dating) = row.dating() else {
                fault(undated(row).into());
                continue;
            };
            if row.regions.is_empty() {
                fault("names no Region: write some into `regions`, or [\"*\"] for all".into());
            }
            if (row.scope == RowScope::Geo) != row.geo.is_some() {
                fault("`geo` goes with scope = \"geo\" and with nothing else".into());
            }
            // Cache writes are free for some models, and so "0" is their price; nothing else is.
            let never_free = [row.input, row.output, row.cache_read];
            if never_free.into_iter().flatten().any(|price| price.dollars().is_zero()) {
                fault("a price of zero is a placeholder, except for cache writes: leave the meter out".into());
            }
            if !row.prices_any() {
                fault("prices no meter: add `input`, `output` or a price of a cache".into());
            }
            let fields = RateField::of_row(row);
            for region in &row.regions {
                let key = (row.scope, row.geo, row.tier, row.above_input_tokens, dating.from);
                let of_region = before.entry(region).or_default();
                if of_region.iter().any(|(other, taken)| *other == key && taken & fields != 0) {
                    fault(format!(
                        "a row before it has the same key for Region {}: give one another first day, or leave it out",
                        String::from(region.clone())
                    ));
                }
                of_region.push((key, fields));
            }
        }
    }

    fn model_units_faults(&self, faults: &mut Vec<String>) {
        let mut keys = BTreeSet::new();
        for (index, row) in self.model_units.iter().enumerate() {
            let mut fault = |text: &str| faults.push(format!("model_units {}: {text}", index + 1));
            let Some(dating) = row.dating() else {
                fault(undated(row));
                continue;
            };
            if row.regions.is_empty() {
                fault("names no Region: write some into `regions`, or [\"*\"] for all");
            }
            if row.term == Term::ThreeMonths {
                fault("model units are sold for none, 1-month or 6-months");
            }
            if row.usd_per_unit_hour.dollars().is_zero() {
                fault("a unit that costs nothing is a placeholder, not a price: leave the row out");
            }
            if row.input_tokens_per_hour.is_some() != row.output_tokens_per_hour.is_some() {
                fault("a capacity has both input_tokens_per_hour and output_tokens_per_hour");
            }
            for region in &row.regions {
                if !keys.insert((region, row.term, &row.label, dating.from)) {
                    fault(SAME_KEY);
                }
            }
        }
    }

    fn reserved_tokens_faults(&self, faults: &mut Vec<String>) {
        let mut keys = BTreeSet::new();
        for (index, row) in self.reserved_tokens.iter().enumerate() {
            let mut fault =
                |text: &str| faults.push(format!("reserved_tokens {}: {text}", index + 1));
            let is_sold = matches!(row.term, Term::OneMonth | Term::ThreeMonths);
            let Some(dating) = row.dating() else {
                fault(undated(row));
                continue;
            };
            if row.regions.is_empty() || !is_sold {
                fault("needs a Region, and a term of 1-month or 3-months");
                continue;
            }
            if matches!(row.scope, RowScope::Any | RowScope::Mantle) {
                fault(
                    "tokens are reserved for scope = \"in-region\", \"geo\", \"regional\" or \"global\"",
                );
            }
            if row.input.dollars().is_zero() || row.output.dollars().is_zero() {
                fault("what costs nothing is a placeholder, not a price: leave the row out");
            }
            let is_geo =
                |geo: &String| geo == "*" || Geo::ALL.iter().any(|known| known.prefix() == geo);
            if row.geo.as_ref().is_some_and(|geo| !is_geo(geo)) {
                fault("`geo` is a group of Regions, or * for all of them");
            }
            for region in &row.regions {
                if !keys.insert((row.scope, &row.geo, region, row.term, dating.from)) {
                    fault(SAME_KEY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"
schema_version = 1
name = "test"
description = "one row"
charged = true
[[model]]
id = "a.b"
name = "B"
provider = "A"
[[model.rate]]
scope = "in-region"
regions = ["us-east-1"]
tier = "standard"
effective_from = "2026-01-01"
checked = "2026-01-01"
source = "a page"
input = "1.00"
"#;

    fn fault_of(text: &str) -> String {
        PriceBook::parse("test", text).unwrap_err().to_string()
    }

    #[test]
    fn both_embedded_books_are_valid() {
        assert_eq!(PriceBook::aws().unwrap().name, "aws");
        assert_eq!(PriceBook::article().unwrap().name, "article");
    }

    #[test]
    fn a_price_that_is_a_number_is_refused_with_its_line() {
        let fault = fault_of(&ROW.replace("\"1.00\"", "1.00"));
        assert!(fault.contains("line 17") && fault.contains("expected a string"), "{fault}");
    }

    #[test]
    fn a_book_says_whether_its_prices_are_charged() {
        let fault = fault_of(&ROW.replace("charged = true\n", ""));
        assert!(fault.contains("add the line `charged = true` below `description`"), "{fault}");
        let book = PriceBook::parse("test", ROW).unwrap();
        assert_eq!(book.warning(), None);
        let book = PriceBook::parse("test", &ROW.replace("= true", "= false")).unwrap();
        assert!(book.warning().unwrap().contains("NOT WHAT AWS CHARGES"));
        assert!(PriceBook::aws().unwrap().charged);
        assert!(!PriceBook::article().unwrap().charged);
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused() {
        assert!(fault_of(&ROW.replace("input =", "inputs =")).contains("inputs"));
    }

    #[test]
    fn contradictions_are_listed_together() {
        let twice = format!(
            "{ROW}\n{}",
            ROW.split_once("[[model]]").unwrap().1.replace("id =", "[[model]]\nid =")
        );
        let undated = twice.replace("effective_from = \"2026-01-01\"\n", "");
        let fault = fault_of(&undated);
        assert!(
            fault.contains("`a.b` is listed twice") && fault.contains("needs effective_from"),
            "{fault}"
        );
    }

    #[test]
    fn zero_is_a_price_of_cache_writes_alone() {
        let zero = |field: &str| ROW.replace("input = \"1.00\"", &format!("{field} = \"0.00\""));
        for field in ["input", "output", "cache_read"] {
            assert!(fault_of(&zero(field)).contains("a price of zero is a placeholder"));
        }
        assert!(PriceBook::parse("test", &zero("cache_write_5m")).is_ok());
    }

    #[test]
    fn a_geo_row_names_its_geo() {
        assert!(fault_of(&ROW.replace("in-region", "geo")).contains("`geo` goes with"));
    }

    #[test]
    fn a_book_survives_json() {
        let book = PriceBook::aws().unwrap();
        let json = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<PriceBook>(&json).unwrap(), book);
    }
}
