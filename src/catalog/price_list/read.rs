//! The Price List from documents to a book: every line judged once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::price_list::harvest::{
    Harvest, PassedOver, PriceListError, PriceListGap, Rejected,
};
use crate::catalog::price_list::meaning::{self, Length, Meaning, NotMeant, Sold};
use crate::catalog::price_list::names::{Free, NamedModel, Names, ServiceCode};
use crate::catalog::price_list::product::{self, PriceLine};
use crate::catalog::price_list::rows::{self, IdentifiedLine};
use crate::catalog::price_list::usage_type::TokenMeter;
use crate::domain::Region;

/// Offers of Bedrock that sell no tokens.
const OTHER_OFFERS: [&str; 2] = ["AmazonBedrockAgentCore", "AmazonBedrockMarketplace"];

/// Documents of the price list, read but not yet understood.
#[derive(Clone, Debug, Default)]
pub struct PriceList {
    lines: Vec<PriceLine>,
}

/// What a line is, taken alone.
enum Judgement {
    PassedOver(String),
    Rejected(String),
    Unmapped(String),
    IdentifiedLine(IdentifiedLine),
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
                Judgement::IdentifiedLine(candidate) => candidates.push(candidate),
            }
        }
        let mut outcome = rows::of(candidates, checked);
        passed_over.append(&mut outcome.passed_over);
        rejected.append(&mut outcome.rejected);
        passed_over.sort_unstable();
        rejected.sort_unstable();
        outcome.contradictions.sort_unstable();
        let unmapped = gaps.into_iter().map(|((offer, name), lines)| PriceListGap {
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

fn judge(line: &PriceLine, usage_type: &str, names: &Names) -> Judgement {
    let Some(offer) = ServiceCode::of_code(&line.offer) else {
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
        Ok(candidate) => Judgement::IdentifiedLine(candidate),
        Err(NoCandidate::Refused(why)) => Judgement::Rejected(why.into()),
        Err(NoCandidate::Unmapped) => Judgement::Unmapped(meaning.name),
    }
}

/// A line that is understood, with its model.
fn candidate(
    offer: ServiceCode,
    line: &PriceLine,
    usage_type: &str,
    meaning: &Meaning,
    names: &Names,
) -> Result<IdentifiedLine, NoCandidate> {
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
    Ok(IdentifiedLine {
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
