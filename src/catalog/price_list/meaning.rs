//! The meaning of a line: a usage type, attributes, a unit and a description that agree.
//!
//! A unit alone is never believed. The table has each accepted pair of a unit and a description:
//!
//! | service | sold | unit | the description says |
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

use crate::catalog::price_list::item::{Endpoint, Price, PricedItem, PricedTokens};
use crate::catalog::price_list::names::ServiceCode;
use crate::catalog::price_list::product::{ListedPrice, PriceLine};
use crate::catalog::price_list::refusal::{LineRefusal, NotARate};
use crate::catalog::price_list::usage_type::{
    self, Commodity, Reach, Side, TokenMeter, UsageTypeError, UsageTypeParts,
};
use crate::catalog::price_list::words::{Statement, threshold};
use crate::domain::{ServiceTier, Term, UsdPerMillionTokens};

/// The lengths of requests that a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestLength {
    Any,
    /// Long requests alone.
    Long {
        /// Input tokens above which a request is long; `None` where the line does not say.
        stated: Option<u64>,
    },
}

/// A line that is understood.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    /// Name that the service has for the model.
    pub(super) name: String,
    /// Item, without the threshold of long requests.
    pub(super) item: PricedItem,
    pub(super) price: Price,
    pub(super) length: RequestLength,
    /// First day of the price.
    pub(super) effective: Date,
}

/// Reads a line of a service.
pub(super) fn of(service: ServiceCode, line: &PriceLine) -> Result<Meaning, NotARate> {
    let usage_type = line.usage_type();
    let parts = match service {
        ServiceCode::FoundationModels => usage_type::marketplace(usage_type),
        ServiceCode::Bedrock | ServiceCode::Service => usage_type::native(usage_type),
    };
    let feature = line.attribute("feature").unwrap_or_default();
    // Before the price is looked at: a line that sells something else may have any price.
    let parts = parts.map_err(|error| match error {
        UsageTypeError::SellsOther(what) => NotARate::PassedOver(format!("sells {what}")),
        UsageTypeError::Unknown => unknown(line, usage_type),
    })?;
    if is_other_feature(feature) {
        let why = format!("is of the feature `{feature}`");
        return Err(NotARate::PassedOver(why));
    }
    Ok(priced(service, line, &parts, feature)?)
}

fn priced(
    service: ServiceCode,
    line: &PriceLine,
    parts: &UsageTypeParts,
    feature: &str,
) -> Result<Meaning, LineRefusal> {
    let listed = line.price.as_ref().map_err(Clone::clone)?;
    let name = ListedName::of(service, line, parts)?;
    let (item, price) = match parts.commodity {
        Commodity::Tokens(meter) => {
            let tier = tier(line, parts, meter, feature, name.is_latency_optimized)?;
            let tokens = match service {
                ServiceCode::FoundationModels => marketplace_tokens(listed, parts, meter, tier)?,
                ServiceCode::Bedrock | ServiceCode::Service => native_tokens(listed)?,
            };
            let price = UsdPerMillionTokens::where_tokens_cost(tokens, &listed.usd)?;
            let endpoint = if parts.is_mantle { Endpoint::Mantle } else { Endpoint::Runtime };
            let tokens = PricedTokens { endpoint, tier, above: None, meter, reach: parts.reach };
            (PricedItem::Tokens(tokens), Price::Tokens(price))
        }
        Commodity::Units(term) => {
            check_units(service, listed, feature, term)?;
            (PricedItem::Units(term), Price::Unit(listed.usd.parse()?))
        }
        Commodity::Reserved(term, side) => {
            check_reserved(service, listed, parts.reach, term, side)?;
            let reach = parts.reach;
            (PricedItem::Reserved { term, reach, side }, Price::Reserved(listed.usd.parse()?))
        }
    };
    let price = price.believed()?;
    if name.is_latency_optimized && !matches!(item, PricedItem::Tokens(_)) {
        return Err(LineRefusal::LatencyOptimizedCapacity);
    }
    let length = if parts.long {
        RequestLength::Long { stated: threshold(&listed.description) }
    } else {
        RequestLength::Any
    };
    Ok(Meaning { name: name.text, item, price, length, effective: listed.effective })
}

/// Judges a usage type that is not known by the unit: the line may still be billed by something
/// that is.
fn unknown(line: &PriceLine, usage_type: &str) -> NotARate {
    const UNITS: [&str; 6] = ["image", "video", "second", "minute", "request", "page"];
    let unit = line.price.as_ref().map_or("", |price| price.unit.as_str());
    let lower = unit.to_lowercase();
    // A unit of tokens may be of a model that is not known yet: such a line is refused, and so shown.
    let is_other = ["textunit", "search units", "model/month"].contains(&lower.as_str())
        || lower.starts_with("custom model unit")
        || !lower.contains("token") && UNITS.iter().any(|word| lower.contains(word));
    if is_other {
        NotARate::PassedOver(format!("is billed by `{unit}`"))
    } else {
        LineRefusal::UnknownUsageType(usage_type.into()).into()
    }
}

/// Returns true if a feature is no inference of a model as it is.
fn is_other_feature(feature: &str) -> bool {
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
    WORDS.iter().any(|word| lower.contains(word))
}

/// The name of a model in a line.
struct ListedName {
    text: String,
    /// True if the name also says that the model is latency-optimized.
    is_latency_optimized: bool,
}

impl ListedName {
    fn of(
        service: ServiceCode,
        line: &PriceLine,
        parts: &UsageTypeParts,
    ) -> Result<Self, LineRefusal> {
        let named = match service {
            ServiceCode::FoundationModels => line.attribute("servicename").map(|name| {
                let edition = name.strip_suffix("(Amazon Bedrock Edition)");
                edition.unwrap_or(name).trim()
            }),
            ServiceCode::Bedrock | ServiceCode::Service => {
                line.attribute("model").or(line.attribute("titanModel")).or(parts.slug.as_deref())
            }
        };
        let named = named.filter(|name| !name.is_empty());
        let named = named.ok_or(LineRefusal::NamesNoModel)?;
        let plain =
            named.strip_suffix(" Latency Optimized").or(named.strip_suffix("-LatencyOptimized"));
        Ok(Self { text: plain.unwrap_or(named).to_owned(), is_latency_optimized: plain.is_some() })
    }
}

/// Returns the one tier that all attributes allow.
fn tier(
    line: &PriceLine,
    parts: &UsageTypeParts,
    meter: TokenMeter,
    feature: &str,
    is_latency_optimized: bool,
) -> Result<ServiceTier, LineRefusal> {
    let mut named = Vec::from_iter(parts.tier);
    if is_latency_optimized {
        named.push(ServiceTier::LatencyOptimized);
    }
    match feature.to_lowercase().as_str() {
        "" | "on-demand inference" => {}
        "batch inference" => named.push(ServiceTier::Batch),
        _ => return Err(unknown_for_tokens("feature", feature)),
    }
    for word in words_of(line, "service_tier") {
        match word.as_str() {
            "standard" | "default" => named.push(ServiceTier::Standard),
            "flex" => named.push(ServiceTier::Flex),
            "priority" => named.push(ServiceTier::Priority),
            "batch" => named.push(ServiceTier::Batch),
            "global" if parts.reach == Reach::Global => {}
            "geo" if parts.reach == Reach::Geo => {}
            _ => return Err(LineRefusal::TierDoesNotFit(word)),
        }
    }
    for attribute in ["inferenceType", "tokenType"] {
        let text = line.attribute(attribute).unwrap_or_default();
        let said = Statement::of(text);
        if said.media || !fits_meter(&said, meter, false) {
            return Err(does_not_fit(attribute, text));
        }
        named.extend(said.tiers);
    }
    // The same tier may be named by several attributes, two tiers by none.
    named.sort_unstable();
    named.dedup();
    match named.as_slice() {
        [] => Ok(ServiceTier::Standard),
        [tier] => Ok(*tier),
        _ => Err(LineRefusal::SeveralTiers),
    }
}

fn words_of(line: &PriceLine, attribute: &str) -> Vec<String> {
    let text = line.attribute(attribute).unwrap_or_default();
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Returns true if a text may be said of a meter. A text that has to name the meter may not leave
/// that out.
fn fits_meter(said: &Statement, meter: TokenMeter, has_to_name: bool) -> bool {
    let is_cache = said.cache || said.read || said.write;
    match meter {
        TokenMeter::Input => !said.output && !is_cache && (said.input || !has_to_name),
        TokenMeter::Output => !said.input && !is_cache && (said.output || !has_to_name),
        TokenMeter::CacheRead => {
            !said.output && !said.write && (said.cache && said.read || !has_to_name)
        }
        TokenMeter::CacheWrite | TokenMeter::CacheWrite30m | TokenMeter::CacheWrite1h => {
            !said.output && !said.read && (said.cache && said.write || !has_to_name)
        }
    }
}

/// Returns the number of tokens that a native price is for.
fn native_tokens(listed: &ListedPrice) -> Result<u32, LineRefusal> {
    let said = Statement::of(&listed.description);
    let says = (said.thousand, said.million, said.other_quantity);
    match (listed.unit.to_lowercase().as_str(), says) {
        ("1k tokens", (true, false, false)) => Ok(1_000),
        ("1m tokens", (false, true, false)) => Ok(1_000_000),
        ("1k tokens" | "1m tokens", _) => Err(disagreement(listed)),
        _ => Err(unknown_for_tokens("unit", &listed.unit)),
    }
}

/// Returns the number of tokens that a Marketplace price is for.
fn marketplace_tokens(
    listed: &ListedPrice,
    parts: &UsageTypeParts,
    meter: TokenMeter,
    tier: ServiceTier,
) -> Result<u32, LineRefusal> {
    let said = Statement::of(dimension(listed));
    let is_million = !said.thousand && !said.other_quantity;
    match listed.unit.to_lowercase().as_str() {
        "1m tokens" if is_million => {}
        // `Units` says nothing, so the description has to. Younger usage types are all by the million.
        "units" if is_million && (said.million || parts.is_young) => {}
        "1k tokens" | "1m tokens" | "units" => return Err(disagreement(listed)),
        _ => return Err(unknown_for_tokens("unit", &listed.unit)),
    }
    let is_hour = meter == TokenMeter::CacheWrite1h;
    let agrees = said.tokens
        && !said.media
        && fits_meter(&said, meter, true)
        && said.kept_an_hour == is_hour
        // The description may leave the half hour out, and may not name it for another time.
        && (!said.kept_half_an_hour || meter == TokenMeter::CacheWrite30m)
        && said.tiers.iter().all(|named| *named == tier)
        && (!said.global || parts.reach == Reach::Global)
        && (!said.regional || parts.reach != Reach::Global)
        && (!said.long || parts.long);
    if agrees { Ok(1_000_000) } else { Err(does_not_fit("description", &listed.description)) }
}

fn check_units(
    service: ServiceCode,
    listed: &ListedPrice,
    feature: &str,
    term: Term,
) -> Result<(), LineRefusal> {
    let unit = listed.unit.to_lowercase();
    let is_hours = ["hour", "hours"].contains(&unit.as_str());
    let said = Statement::of(dimension(listed));
    let agrees = if service == ServiceCode::FoundationModels {
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
    if agrees { Ok(()) } else { Err(disagreement(listed)) }
}

/// Returns true if a text names the term, and no other.
fn is_of_term(said: &Statement, term: Term, may_be_none: bool) -> bool {
    let months = |number: &str| said.has_pair(number, "month") || said.has_pair(number, "months");
    let named = [
        (Term::None, may_be_none && said.has_pair("no", "commit")),
        (Term::OneMonth, months("1")),
        (Term::ThreeMonths, months("3")),
        (Term::SixMonths, months("6")),
    ];
    named.iter().all(|(candidate, is_named)| *is_named == (*candidate == term))
}

fn check_reserved(
    service: ServiceCode,
    listed: &ListedPrice,
    reach: Reach,
    term: Term,
    side: Side,
) -> Result<(), LineRefusal> {
    let unit = listed.unit.to_lowercase();
    let is_marketplace = service == ServiceCode::FoundationModels;
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

/// Returns the part of a Marketplace description that follows the Region.
fn dimension(listed: &ListedPrice) -> &str {
    let last = listed.description.rsplit('|').next();
    last.unwrap_or_default()
}

fn disagreement(listed: &ListedPrice) -> LineRefusal {
    LineRefusal::UnitAndDescription {
        unit: listed.unit.clone(),
        description: listed.description.clone(),
    }
}

fn unknown_for_tokens(attribute: &'static str, text: &str) -> LineRefusal {
    let text = text.into();
    LineRefusal::UnknownForTokens { attribute, text }
}

fn does_not_fit(attribute: &'static str, text: &str) -> LineRefusal {
    let text = text.into();
    LineRefusal::DoesNotFit { attribute, text }
}
