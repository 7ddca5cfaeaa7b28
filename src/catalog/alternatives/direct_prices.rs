//! Prices outside of Amazon Bedrock: the providers' own APIs, and other hosts for open weights.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::syntax::read_toml;
use crate::domain::{BaseModel, Meter, ServiceTier, UsdPerMillionTokens};

/// The embedded prices.
const TEXT: &str = include_str!("../../../catalog/alternatives/direct-prices.toml");

/// The party that offers a model outside of Amazon Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfferedBy {
    /// The model's provider.
    Own,
    /// Another company that serves the open weights.
    Host,
    /// The provider as the article prints it, with the article's book alone.
    Article,
}

/// Prices of one model at one tier, in USD for a million tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectPrice {
    /// Company that is paid.
    pub provider: String,
    /// Party that the company is.
    pub offered_by: OfferedBy,
    /// Name of the model on that API.
    pub name: String,
    /// Base id of the same model on Amazon Bedrock.
    pub model: BaseModel,
    /// Tier.
    pub tier: ServiceTier,
    /// Input tokens that the requests have more of; `None` for shorter ones.
    #[serde(default)]
    pub above_input_tokens: Option<u64>,
    /// Price of input.
    #[serde(default)]
    input: Option<UsdPerMillionTokens>,
    /// Price of output.
    #[serde(default)]
    output: Option<UsdPerMillionTokens>,
    /// Price of what is read from a prompt cache.
    #[serde(default)]
    cache_read: Option<UsdPerMillionTokens>,
    /// Price of what is written to a prompt cache, where no source states for how long.
    #[serde(default)]
    cache_write: Option<UsdPerMillionTokens>,
    /// Price of what is written for five minutes.
    #[serde(default)]
    cache_write_5m: Option<UsdPerMillionTokens>,
    /// Price of what is written for an hour.
    #[serde(default)]
    cache_write_1h: Option<UsdPerMillionTokens>,
    /// Price of what is written for twelve hours.
    #[serde(default)]
    cache_write_12h: Option<UsdPerMillionTokens>,
    /// Day by which the price was seen.
    pub seen: Date,
    /// Last day of the API for the model; `None` where no end is known.
    #[serde(default)]
    pub ends: Option<Date>,
    /// True if the API has ended on a day that no source tells.
    #[serde(default)]
    pub ended: bool,
    /// Place where the price is written; in the file, its id.
    pub source: String,
    /// True if two sources differ, so that nothing can be concluded.
    #[serde(default)]
    pub disputed: bool,
    /// Remark on the price.
    #[serde(default)]
    pub note: Option<String>,
}

impl DirectPrice {
    /// Returns the least and the most that a token of a meter may cost; `None` without a price.
    #[must_use]
    pub fn range(&self, meter: Meter) -> Option<(UsdPerMillionTokens, UsdPerMillionTokens)> {
        let prices = match meter {
            Meter::Input => vec![self.input],
            Meter::Output => vec![self.output],
            Meter::CacheRead => vec![self.cache_read],
            Meter::CacheWrite => vec![
                self.cache_write,
                self.cache_write_5m,
                self.cache_write_1h,
                self.cache_write_12h,
            ],
            _ => Vec::new(),
        };
        let known = || prices.iter().flatten().copied();
        known().min().zip(known().max())
    }
}

/// All prices outside of Amazon Bedrock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectPrices {
    /// Version of the format.
    pub schema_version: u32,
    /// Places where prices are written, by their ids.
    sources: BTreeMap<String, String>,
    /// Prices, in order of provider and model.
    #[serde(rename = "price")]
    pub prices: Vec<DirectPrice>,
}

/// The error for a file of prices that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prices of the providers' own APIs: {0}")]
pub struct DirectPricesError(String);

/// The key of an offer, which may have prices of several lengths and days.
type OfferKey<'p> = (OfferedBy, &'p str, &'p str, ServiceTier);

impl DirectPrices {
    /// Reads the embedded prices.
    ///
    /// # Errors
    ///
    /// If they do not hold together.
    pub fn embedded() -> Result<Self, DirectPricesError> {
        Self::parse(TEXT)
    }

    /// Reads prices.
    ///
    /// # Errors
    ///
    /// If the text is not such a file, has one price twice or a price without its source.
    pub fn parse(text: &str) -> Result<Self, DirectPricesError> {
        let mut read: Self =
            read_toml(text).map_err(|fault| DirectPricesError(fault.to_string()))?;
        let sources = std::mem::take(&mut read.sources);
        for price in &mut read.prices {
            let fault =
                || format!("{} names a source `{}` that is not there", price.name, price.source);
            let source = sources.get(&price.source).cloned();
            price.source = source.ok_or_else(|| DirectPricesError(fault()))?;
        }
        let mut keys: Vec<_> = read
            .prices
            .iter()
            .map(|it| {
                (
                    &it.provider,
                    it.offered_by,
                    &it.name,
                    &it.model,
                    it.tier,
                    it.above_input_tokens,
                    it.seen,
                )
            })
            .collect();
        keys.sort();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(DirectPricesError(format!(
                "{} of {} is there twice",
                twice[0].2, twice[0].0
            )));
        }
        Ok(read)
    }

    /// Lists what a model is offered for outside of Amazon Bedrock, each offer with its lengths of requests,
    /// the shortest first: those that were seen together, last by the day, or else first after it.
    #[must_use]
    pub fn offers(&self, model: &BaseModel, day: Date) -> Vec<Vec<&DirectPrice>> {
        let mut offers: BTreeMap<OfferKey<'_>, Vec<&DirectPrice>> = BTreeMap::new();
        for price in self.prices.iter().filter(|price| price.model == *model) {
            let key = (price.offered_by, price.provider.as_str(), price.name.as_str(), price.tier);
            offers.entry(key).or_default().push(price);
        }
        for lengths in offers.values_mut() {
            let days = || lengths.iter().map(|price| price.seen);
            // Lengths of different days are different lists of prices.
            let seen = days().filter(|seen| *seen <= day).max().or_else(|| days().min());
            lengths.retain(|price| Some(price.seen) == seen);
            lengths.sort_by_key(|price| price.above_input_tokens);
        }
        offers.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PriceBook;

    #[test]
    fn every_price_is_of_a_model_of_the_book() {
        let (prices, book) = (DirectPrices::embedded().unwrap(), PriceBook::aws().unwrap());
        let unknown: Vec<&BaseModel> = prices
            .prices
            .iter()
            .map(|price| &price.model)
            .filter(|id| book.model(id).is_none())
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for price in &prices.prices {
            assert!(price.range(Meter::Input).is_some() || price.range(Meter::Output).is_some());
        }
    }

    #[test]
    fn the_price_of_a_day_is_the_one_that_was_seen_last() {
        let text = |rows: &[(&str, &str)]| {
            let row = |(seen, input): &(&str, &str)| {
                format!(
                    "[[price]]\nprovider='P'\noffered_by='own'\nname='m'\nmodel='a.b'\ntier='standard'\n\
                     input='{input}'\nseen='{seen}'\nsource='s'\n"
                )
            };
            let rows: String = rows.iter().map(row).collect();
            format!("schema_version=1\n[sources]\ns='somewhere'\n{rows}")
        };
        let prices = text(&[("2026-03-01", "1"), ("2026-06-01", "2")]);
        let prices = DirectPrices::parse(&prices).unwrap();
        let on = |day: &str| {
            let offers = prices.offers(&BaseModel::new("a.b"), day.parse().unwrap());
            offers[0][0].range(Meter::Input).unwrap().0.to_string()
        };
        assert_eq!(on("2026-01-01"), "1.00");
        assert_eq!(on("2026-05-31"), "1.00");
        assert_eq!(on("2026-06-01"), "2.00");
        let twice = text(&[("2026-03-01", "1"), ("2026-03-01", "2")]);
        assert!(DirectPrices::parse(&twice).unwrap_err().to_string().contains("twice"));
    }
}
