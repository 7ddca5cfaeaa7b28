//! The way of the Price List from documents to a book: every line is judged once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::price_list::harvest::{Harvest, PriceListError, PriceListGap, UnusedLine};
use crate::catalog::price_list::item::PricedItem;
use crate::catalog::price_list::line::{IdentifiedLine, Published};
use crate::catalog::price_list::meaning::{self, Meaning, RequestLength};
use crate::catalog::price_list::names::{Free, MantleLines, NamedModel, Names, ServiceCode};
use crate::catalog::price_list::product::{self, PriceLine};
use crate::catalog::price_list::refusal::{LineRefusal, NotARate};
use crate::catalog::price_list::rows;
use crate::catalog::price_list::usage_type::TokenMeter;

/// Services of Bedrock that sell no tokens.
const OTHER_SERVICES: [&str; 2] = ["AmazonBedrockAgentCore", "AmazonBedrockMarketplace"];

/// Documents of the price list, read but not yet understood.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    /// Products that were added one by one: together they are one document.
    products: Vec<PriceLine>,
    files: Vec<Vec<PriceLine>>,
}

impl PriceList {
    /// Builds a list without documents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one element of the `PriceList` of `GetProducts`. A text that is no product becomes a
    /// line that is refused.
    pub fn add_product(&mut self, json: &str) {
        self.products.extend(product::of_product_text(json));
    }

    /// Adds a document: an offer file, an answer of `GetProducts`, or an array of products. `name`
    /// is the document's name in errors.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<(), PriceListError> {
        self.files.push(product::of_document(name, text)?);
        Ok(())
    }

    /// Reads the documents on a day into rows of the prices that hold by then. A row was checked on
    /// the day on which its document was published, and never after today. The order in which the
    /// documents were added does not matter.
    #[must_use]
    pub fn read(self, names: &Names, today: Date) -> Harvest {
        let mut outcome = Harvest::new(rows::book(Vec::new()));
        let mut gaps: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut identified = Vec::new();
        for document in std::iter::once(self.products).chain(self.files) {
            let newest = newest_price(&document, today);
            for line in document {
                outcome.lines += 1;
                outcome.undated += u64::from(line.published.is_none());
                let published = match line.published {
                    Some(day) => Some(Published { stated: Some(day), seen: day.min(today) }),
                    None => newest.map(|seen| Published { stated: None, seen }),
                };
                match identify(&line, published, names) {
                    Ok(known) if known.effective > today => {
                        let why = format!("holds from {} on", known.effective);
                        outcome.later.push(unused(line, why));
                    }
                    Ok(known) => identified.push(known),
                    Err(NotARate::PassedOver(why)) => outcome.passed_over.push(unused(line, why)),
                    Err(NotARate::Refused(why)) => {
                        outcome.rejected.push(unused(line, why.to_string()));
                    }
                    Err(NotARate::Unmapped(name)) => {
                        *gaps.entry((line.service_code, name)).or_default() += 1;
                    }
                }
            }
        }
        let mut read = rows::of(identified);
        outcome.passed_over.append(&mut read.passed_over);
        outcome.rejected.append(&mut read.rejected);
        outcome.later.sort_unstable();
        outcome.passed_over.sort_unstable();
        outcome.rejected.sort_unstable();
        read.contradictions.sort_unstable();
        let unmapped = gaps.into_iter().map(|((service_code, name), lines)| PriceListGap {
            suggestion: names.suggestion(&name),
            service_code,
            name,
            lines,
        });
        Harvest {
            book: rows::book(read.models),
            priced: read.priced,
            duplicates: read.duplicates,
            unmapped: unmapped.collect(),
            contradictions: read.contradictions,
            ..outcome
        }
    }
}

/// Returns the newest day, by today, on which a price of a document took effect: where the document
/// does not say when it was published, no later day is known.
fn newest_price(document: &[PriceLine], today: Date) -> Option<Date> {
    let days = document.iter().filter_map(|line| Some(line.price.as_ref().ok()?.effective));
    days.filter(|day| *day <= today).max()
}

fn unused(line: PriceLine, why: String) -> UnusedLine {
    UnusedLine {
        usage_type: line.usage_type().to_owned(),
        service_code: line.service_code,
        sku: line.sku,
        why,
    }
}

/// Identifies the item of a line, taken alone.
fn identify(
    line: &PriceLine,
    published: Option<Published>,
    names: &Names,
) -> Result<IdentifiedLine, NotARate> {
    let code = &line.service_code;
    let Some(service) = ServiceCode::of_code(code) else {
        if OTHER_SERVICES.contains(&code.as_str()) {
            return Err(NotARate::PassedOver(format!("`{code}` sells no tokens")));
        }
        return Err(match &line.price {
            Err(refusal) if code.is_empty() => refusal.clone(),
            _ => LineRefusal::UnknownService(code.clone()),
        }
        .into());
    };
    let meaning = meaning::of(service, line)?;
    if let Some(passed) = names.passed(service, &meaning.name) {
        return Err(NotARate::PassedOver(passed.why.clone()));
    }
    let region = line.attribute("regionCode");
    let region = region.ok_or(LineRefusal::Lacks("regionCode"))?;
    let region = region.parse().map_err(|_| LineRefusal::NotARegion)?;
    let published = published.ok_or(LineRefusal::NotPublished)?;
    let Some(pair) = names.model(service, &meaning.name) else {
        return Err(NotARate::Unmapped(meaning.name));
    };
    if meaning.price.is_zero() && !is_really_free(meaning.item, &pair) {
        return Err(LineRefusal::Placeholder.into());
    }
    Ok(IdentifiedLine {
        service,
        sku: line.sku.clone(),
        usage_type: line.usage_type().to_owned(),
        model: pair.model.clone(),
        region,
        published,
        effective: meaning.effective,
        is_reviewed: pair.mantle == Some(MantleLines::Runtime),
        item: meaning.item.above(threshold(&meaning, &pair)?),
        price: meaning.price,
        name: meaning.name,
    })
}

/// Returns the input tokens above which a price applies; `None` where the price applies to requests
/// of any length.
fn threshold(meaning: &Meaning, pair: &NamedModel) -> Result<Option<u64>, LineRefusal> {
    let RequestLength::Long { stated } = meaning.length else {
        return Ok(None);
    };
    match (stated, pair.long_context_above) {
        // One of the two is wrong, and nobody can tell which.
        (Some(stated), Some(known)) if stated != known => Err(LineRefusal::OtherThreshold),
        (Some(above), _) | (None, Some(above)) => Ok(Some(above)),
        (None, None) => Err(LineRefusal::NoThreshold),
    }
}

fn is_really_free(item: PricedItem, pair: &NamedModel) -> bool {
    let is_write = match item {
        PricedItem::Tokens(tokens) => TokenMeter::WRITES.contains(&tokens.meter),
        PricedItem::Units(_) | PricedItem::Reserved { .. } => false,
    };
    is_write && pair.free.contains(&Free::CacheWrite)
}
