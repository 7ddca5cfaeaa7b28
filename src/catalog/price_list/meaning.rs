//! What a line means: a usage type, attributes, a unit and a description that agree.
//!
//! A unit alone is never believed. Each accepted pair of a unit and a description stands here:
//!
//! | offer | sold | unit | the description says |
//! |---|---|---|---|
//! | native | tokens | `1K tokens` | a thousand, and no other quantity |
//! | native | tokens | `1M tokens` | a million, and no other quantity |
//! | native | model units | `hour`, `hours` | an hour |
//! | native | reserved tokens | `1K TPM Hour`, `1KTPMHour`, `1M TPM Hour` | an hour and a thousand |
//! | Marketplace | tokens | `1M tokens` | the meter, and no quantity but a million |
//! | Marketplace | tokens | `Units` | the meter and a million; `Tokens` alone for the younger usage types |
//! | Marketplace | model units | `Units`, `hour`, `hours` | provisioned throughput, hourly, and the term |
//! | Marketplace | reserved tokens | `Units` and the TPM hours above | an hour, a thousand, the side, the term |

use jiff::civil::Date;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::catalog::price_list::names::ServiceCode;
use crate::catalog::price_list::product::{ListedPrice, PriceLine};
use crate::catalog::price_list::usage_type::{
    self, Commodity, NotRead, Reach, Side, TokenMeter, UsageTypeParts,
};
use crate::catalog::price_list::words::{Statement, threshold};
use crate::domain::money::NotAPrice;
use crate::domain::{
    ServiceTier, Term, UsdPerMillionTokens, UsdPerModelUnitHour, UsdPerThousandTpmHour,
};

/// The highest believed price of a million tokens, in USD. The dearest listed is 137.50; a price of
/// a dollar for a million that is read as one for a thousand is above it.
const HIGHEST_TOKEN_PRICE: Decimal = Decimal::from_parts(1_000, 0, 0, false, 0);

/// The highest believed price of a model unit or of reserved tokens for an hour, in USD.
const HIGHEST_HOURLY_PRICE: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// What a line sells and for how much.
#[derive(Clone, Debug)]
pub(super) enum Sold {
    Tokens {
        meter: TokenMeter,
        tier: ServiceTier,
        reach: Reach,
        price: UsdPerMillionTokens,
    },
    Units {
        term: Term,
        price: UsdPerModelUnitHour,
    },
    Reserved {
        term: Term,
        side: Side,
        reach: Reach,
        price: UsdPerThousandTpmHour,
    },
}

impl Sold {
    /// Whether it is listed at nothing.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Self::Tokens { price, .. } => price.dollars().is_zero(),
            Self::Units { price, .. } => price.dollars().is_zero(),
            Self::Reserved { price, .. } => price.dollars().is_zero(),
        }
    }
}

/// For how long requests a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Any,
    /// Only long ones; above how many input tokens, where the line says so.
    Long(Option<u64>),
}

/// A line that is understood.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    /// What the offer calls the model.
    pub(super) name: String,
    pub(super) sold: Sold,
    pub(super) length: Length,
    /// The first day of the price.
    pub(super) effective: Date,
}

/// Why a line has no meaning here.
#[derive(Clone, Debug)]
pub(super) enum NotMeant {
    /// It is known, and sells something else.
    Other(String),
    /// It is refused.
    Refused(String),
}

/// Reads a line of an offer.
pub(super) fn of(offer: ServiceCode, line: &PriceLine) -> Result<Meaning, NotMeant> {
    let usage_type = line.attribute("usagetype").unwrap_or_default();
    let reading = match offer {
        ServiceCode::FoundationModels => usage_type::marketplace(usage_type),
        ServiceCode::Bedrock | ServiceCode::Service => usage_type::native(usage_type),
    };
    let feature = line.attribute("feature").unwrap_or_default();
    let reading = reading.map_err(|why| match why {
        NotRead::Other(what) => NotMeant::Other(format!("sells {what}")),
        NotRead::Unknown => unknown(line, usage_type),
    })?;
    if let Some(what) = other_feature(feature) {
        return Err(NotMeant::Other(what));
    }
    priced(offer, line, &reading, feature).map_err(NotMeant::Refused)
}

fn priced(
    offer: ServiceCode,
    line: &PriceLine,
    reading: &UsageTypeParts,
    feature: &str,
) -> Result<Meaning, String> {
    let listed = line.price.as_ref().map_err(Clone::clone)?;
    let (name, is_latency_optimized) = name(offer, line, reading)?;
    let sold = match reading.thing {
        Commodity::Tokens(meter) => {
            let tier = tier(line, reading, meter, feature, is_latency_optimized)?;
            let tokens = match offer {
                ServiceCode::FoundationModels => marketplace_tokens(listed, reading, meter, tier)?,
                ServiceCode::Bedrock | ServiceCode::Service => native_tokens(listed)?,
            };
            let price = UsdPerMillionTokens::where_tokens_cost(tokens, &listed.usd)
                .map_err(|error| error.to_string())?;
            believed(price.dollars(), HIGHEST_TOKEN_PRICE)?;
            Sold::Tokens {
                meter,
                tier,
                reach: reading.reach,
                price,
            }
        }
        Commodity::Units(term) => {
            check_units(offer, listed, feature, term)?;
            let price = hourly(listed, UsdPerModelUnitHour::dollars)?;
            Sold::Units { term, price }
        }
        Commodity::Reserved(term, side) => {
            check_reserved(offer, listed, reading.reach, term, side)?;
            let price = hourly(listed, UsdPerThousandTpmHour::dollars)?;
            Sold::Reserved {
                term,
                side,
                reach: reading.reach,
                price,
            }
        }
    };
    if is_latency_optimized && !matches!(sold, Sold::Tokens { .. }) {
        return Err("sells capacity of a latency-optimized model".into());
    }
    let length = if reading.long {
        Length::Long(threshold(&listed.description))
    } else {
        Length::Any
    };
    Ok(Meaning {
        name,
        sold,
        length,
        effective: listed.effective,
    })
}

/// A usage type that is not known may still be billed by something that is.
fn unknown(line: &PriceLine, usage_type: &str) -> NotMeant {
    const UNITS: [&str; 6] = ["image", "video", "second", "minute", "request", "page"];
    let unit = line.price.as_ref().map_or("", |price| price.unit.as_str());
    let lower = unit.to_lowercase();
    let is_other = ["textunit", "search units", "model/month"].contains(&lower.as_str())
        || lower.starts_with("custom model unit")
        || !lower.contains("token") && UNITS.iter().any(|word| lower.contains(word));
    if is_other {
        NotMeant::Other(format!("is billed by `{unit}`"))
    } else {
        NotMeant::Refused(format!("the usage type `{usage_type}` is not known"))
    }
}

/// A feature that is no inference of a model as it is.
fn other_feature(feature: &str) -> Option<String> {
    const WORDS: [&str; 7] = [
        "custom",
        "guardrail",
        "evaluation",
        "rerank",
        "data automation",
        "knowledge",
        "distillation",
    ];
    let lower = feature.to_lowercase();
    let is_other = WORDS.iter().any(|word| lower.contains(word));
    is_other.then(|| format!("is of the feature `{feature}`"))
}

/// What the offer calls the model, and whether the name says that it is latency-optimized.
fn name(
    offer: ServiceCode,
    line: &PriceLine,
    reading: &UsageTypeParts,
) -> Result<(String, bool), String> {
    let named = match offer {
        ServiceCode::FoundationModels => line.attribute("servicename").map(|name| {
            let edition = name.strip_suffix("(Amazon Bedrock Edition)");
            edition.unwrap_or(name).trim()
        }),
        ServiceCode::Bedrock | ServiceCode::Service => line
            .attribute("model")
            .or(line.attribute("titanModel"))
            .or(reading.slug.as_deref()),
    };
    let named = named.filter(|name| !name.is_empty());
    let named = named.ok_or("names no model")?;
    let plain = named
        .strip_suffix(" Latency Optimized")
        .or(named.strip_suffix("-LatencyOptimized"));
    Ok((plain.unwrap_or(named).to_owned(), plain.is_some()))
}

/// The one tier that all attributes allow.
fn tier(
    line: &PriceLine,
    reading: &UsageTypeParts,
    meter: TokenMeter,
    feature: &str,
    is_latency_optimized: bool,
) -> Result<ServiceTier, String> {
    let mut named = Vec::from_iter(reading.tier);
    if is_latency_optimized {
        named.push(ServiceTier::LatencyOptimized);
    }
    match feature.to_lowercase().as_str() {
        "" | "on-demand inference" => {}
        "batch inference" => named.push(ServiceTier::Batch),
        _ => return Err(format!("the feature `{feature}` is not known for tokens")),
    }
    for word in words_of(line, "service_tier") {
        match word.as_str() {
            "standard" | "default" => named.push(ServiceTier::Standard),
            "flex" => named.push(ServiceTier::Flex),
            "priority" => named.push(ServiceTier::Priority),
            "batch" => named.push(ServiceTier::Batch),
            "global" if reading.reach == Reach::Global => {}
            "geo" if reading.reach == Reach::Geo => {}
            _ => {
                return Err(format!(
                    "the service tier `{word}` does not fit its usage type"
                ));
            }
        }
    }
    for attribute in ["inferenceType", "tokenType"] {
        let text = line.attribute(attribute).unwrap_or_default();
        let said = Statement::of(text);
        if said.media || !fits_meter(&said, meter, false) {
            return Err(format!(
                "its {attribute} `{text}` does not fit its usage type"
            ));
        }
        named.extend(said.tiers);
    }
    named.sort_unstable();
    named.dedup();
    match named.as_slice() {
        [] => Ok(ServiceTier::Standard),
        [tier] => Ok(*tier),
        _ => Err("its attributes name more than one tier".into()),
    }
}

fn words_of(line: &PriceLine, attribute: &str) -> Vec<String> {
    let text = line.attribute(attribute).unwrap_or_default();
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether what a text states may be said of a meter. Where it has to name the meter, silence does
/// not do.
fn fits_meter(said: &Statement, meter: TokenMeter, has_to_name: bool) -> bool {
    let is_cache = said.cache || said.read || said.write;
    match meter {
        TokenMeter::Input => !said.output && !is_cache && (said.input || !has_to_name),
        TokenMeter::Output => !said.input && !is_cache && (said.output || !has_to_name),
        TokenMeter::CacheRead => {
            !said.output && !said.write && (said.cache && said.read || !has_to_name)
        }
        TokenMeter::CacheWrite | TokenMeter::CacheWrite1h => {
            !said.output && !said.read && (said.cache && said.write || !has_to_name)
        }
    }
}

/// The tokens that a native price is for.
fn native_tokens(listed: &ListedPrice) -> Result<u32, String> {
    let said = Statement::of(&listed.description);
    let says = (said.thousand, said.million, said.other_quantity);
    match (listed.unit.to_lowercase().as_str(), says) {
        ("1k tokens", (true, false, false)) => Ok(1_000),
        ("1m tokens", (false, true, false)) => Ok(1_000_000),
        ("1k tokens" | "1m tokens", _) => Err(disagreement(listed)),
        _ => Err(format!(
            "the unit `{}` is not known for tokens",
            listed.unit
        )),
    }
}

/// The tokens that a Marketplace price is for.
fn marketplace_tokens(
    listed: &ListedPrice,
    reading: &UsageTypeParts,
    meter: TokenMeter,
    tier: ServiceTier,
) -> Result<u32, String> {
    let said = Statement::of(dimension(listed));
    let is_million = !said.thousand && !said.other_quantity;
    match listed.unit.to_lowercase().as_str() {
        "1m tokens" if is_million => {}
        "units" if is_million && (said.million || reading.is_young) => {}
        "1k tokens" | "1m tokens" | "units" => return Err(disagreement(listed)),
        _ => {
            return Err(format!(
                "the unit `{}` is not known for tokens",
                listed.unit
            ));
        }
    }
    let is_hour = meter == TokenMeter::CacheWrite1h;
    let agrees = said.tokens
        && !said.media
        && fits_meter(&said, meter, true)
        && said.kept_an_hour == is_hour
        && said.tiers.iter().all(|named| *named == tier)
        && (!said.global || reading.reach == Reach::Global)
        && (!said.regional || reading.reach != Reach::Global)
        && (!said.long || reading.long);
    if agrees {
        Ok(1_000_000)
    } else {
        Err(format!(
            "its description `{}` does not fit its usage type",
            listed.description
        ))
    }
}

fn check_units(
    offer: ServiceCode,
    listed: &ListedPrice,
    feature: &str,
    term: Term,
) -> Result<(), String> {
    let unit = listed.unit.to_lowercase();
    let is_hours = ["hour", "hours"].contains(&unit.as_str());
    let said = Statement::of(dimension(listed));
    let agrees = if offer == ServiceCode::FoundationModels {
        let is_known = is_hours || unit == "units";
        let words = ["provisioned", "throughput", "hourly"];
        is_known && words.iter().all(|word| said.has(word)) && is_of_term(&said, term, true)
    } else {
        let feature = Statement::of(feature);
        let is_provisioned = feature.has_pair("provisioned", "throughput");
        let feature_fits =
            feature == Statement::default() || is_provisioned && is_of_term(&feature, term, true);
        is_hours && (said.has("hour") || said.has("hours")) && feature_fits
    };
    if agrees {
        Ok(())
    } else {
        Err(disagreement(listed))
    }
}

/// Whether a text names the term, and no other.
fn is_of_term(said: &Statement, term: Term, may_be_none: bool) -> bool {
    let months = |number: &str| said.has_pair(number, "month") || said.has_pair(number, "months");
    let named = [
        (Term::None, may_be_none && said.has_pair("no", "commit")),
        (Term::OneMonth, months("1")),
        (Term::ThreeMonths, months("3")),
        (Term::SixMonths, months("6")),
    ];
    named
        .iter()
        .all(|(it, is_named)| *is_named == (*it == term))
}

fn check_reserved(
    offer: ServiceCode,
    listed: &ListedPrice,
    reach: Reach,
    term: Term,
    side: Side,
) -> Result<(), String> {
    let unit = listed.unit.to_lowercase();
    let is_marketplace = offer == ServiceCode::FoundationModels;
    let is_known = ["1k tpm hour", "1ktpmhour", "1m tpm hour"].contains(&unit.as_str())
        || is_marketplace && unit == "units";
    let said = Statement::of(dimension(listed));
    let is_per_thousand = said.thousand && !said.million && !said.other_quantity;
    let is_input = side == Side::Input;
    let names_side = said.input == is_input && said.output != is_input;
    let reach_fits = match reach {
        Reach::Global => !said.regional,
        Reach::Geo => !said.global,
        Reach::Unsaid => false,
    };
    let wording_fits = !is_marketplace
        || said.has("tpm") && said.has("reserved") && names_side && is_of_term(&said, term, false);
    if is_known && is_per_thousand && said.has("hour") && reach_fits && wording_fits {
        Ok(())
    } else {
        Err(disagreement(listed))
    }
}

fn hourly<P>(listed: &ListedPrice, dollars: fn(P) -> Decimal) -> Result<P, String>
where
    P: FromStr<Err = NotAPrice> + Copy,
{
    let price: P = listed
        .usd
        .parse()
        .map_err(|error: NotAPrice| error.to_string())?;
    believed(dollars(price), HIGHEST_HOURLY_PRICE)?;
    Ok(price)
}

fn believed(price: Decimal, highest: Decimal) -> Result<(), String> {
    if price < highest {
        Ok(())
    } else {
        Err(format!("its price of {price} is beyond belief"))
    }
}

/// What Marketplace writes after the Region.
fn dimension(listed: &ListedPrice) -> &str {
    let last = listed.description.rsplit('|').next();
    last.unwrap_or_default()
}

fn disagreement(listed: &ListedPrice) -> String {
    format!(
        "the unit `{}` and the description `{}` are not known together",
        listed.unit, listed.description
    )
}
