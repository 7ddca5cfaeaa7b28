//! The way of the Price List from documents to a book: every line is judged once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::price_list::harvest::{Harvest, PriceListError, PriceListGap, UnusedLine};
use crate::catalog::price_list::item::PricedItem;
use crate::catalog::price_list::meaning::{self, Meaning, RequestLength};
use crate::catalog::price_list::names::{Free, NamedModel, Names, ServiceCode};
use crate::catalog::price_list::product::{self, PriceLine};
use crate::catalog::price_list::refusal::{LineRefusal, NotARate};
use crate::catalog::price_list::rows::{self, IdentifiedLine};
use crate::catalog::price_list::usage_type::TokenMeter;

/// Services of Bedrock that sell no tokens.
const OTHER_SERVICES: [&str; 2] = ["AmazonBedrockAgentCore", "AmazonBedrockMarketplace"];

/// Documents of the price list, read but not yet understood.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    lines: Vec<PriceLine>,
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
        self.lines.extend(product::of_product_text(json));
    }

    /// Adds a document: an offer file, an answer of `GetProducts`, or an array of products. `name`
    /// is the document's name in errors.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<(), PriceListError> {
        self.lines.extend(product::of_document(name, text)?);
        Ok(())
    }

    /// Reads the documents into rows that were checked on a day. The order in which they were added
    /// does not matter.
    #[must_use]
    pub fn read(self, names: &Names, checked: Date) -> Harvest {
        let lines = self.lines.len() as u64;
        let mut passed_over = Vec::new();
        let mut rejected = Vec::new();
        let mut gaps: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut identified = Vec::new();
        for line in self.lines {
            match identify(&line, names) {
                Ok(line) => identified.push(line),
                Err(NotARate::PassedOver(why)) => passed_over.push(unused(line, why)),
                Err(NotARate::Refused(why)) => rejected.push(unused(line, why.to_string())),
                Err(NotARate::Unmapped(name)) => {
                    *gaps.entry((line.service_code, name)).or_default() += 1;
                }
            }
        }
        let mut read = rows::of(identified, checked);
        passed_over.append(&mut read.passed_over);
        rejected.append(&mut read.rejected);
        passed_over.sort_unstable();
        rejected.sort_unstable();
        read.contradictions.sort_unstable();
        let unmapped = gaps.into_iter().map(|((service_code, name), lines)| PriceListGap {
            suggestion: names.suggestion(&name),
            service_code,
            name,
            lines,
        });
        Harvest {
            book: rows::book(read.models),
            lines,
            priced: read.priced,
            duplicates: read.duplicates,
            passed_over,
            rejected,
            unmapped: unmapped.collect(),
            contradictions: read.contradictions,
        }
    }
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
fn identify(line: &PriceLine, names: &Names) -> Result<IdentifiedLine, NotARate> {
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
    let published = line.published.ok_or(LineRefusal::NotPublished)?;
    let Some(pair) = names.model(service, &meaning.name) else {
        return Err(NotARate::Unmapped(meaning.name));
    };
    if meaning.price.is_zero() && !is_really_free(meaning.item, pair) {
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
        item: meaning.item.above(threshold(&meaning, pair)?),
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
        PricedItem::Tokens(tokens) => {
            matches!(tokens.meter, TokenMeter::CacheWrite | TokenMeter::CacheWrite1h)
        }
        PricedItem::Units(_) | PricedItem::Reserved { .. } => false,
    };
    is_write && pair.free.contains(&Free::CacheWrite)
}
