//! From lines that are understood to the rows of a price book.
//!
//! Lines of one key and one price are one rate. Lines of one key that differ are none: which of
//! them is billed cannot be told. A line that does not say how far requests may go is for the
//! Region and for any geo profile, unless a line for the geo profile has another price: then each
//! is for what it says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::catalog::price_list::meaning::Sold;
use crate::catalog::price_list::names::ServiceCode;
use crate::catalog::price_list::usage_type::{Reach, Side, TokenMeter};
use crate::catalog::price_list::{Conflicting, Contradiction, PassedOver, Rejected};
use crate::catalog::{
    ModelPrices, ModelUnitsRow, PriceBook, RateRow, ReservedTokensRow, RowRegion, RowScope,
};
use crate::domain::{
    BaseModel, Geo, LoadWeights, Region, ServiceTier, Term, UsdPerMillionTokens,
    UsdPerModelUnitHour, UsdPerThousandTpmHour,
};

/// The fewest tokens a minute that are reserved, by the user guide's page on service tiers.
const MINIMUM_INPUT_TPM: u64 = 100_000;
const MINIMUM_OUTPUT_TPM: u64 = 10_000;

/// A line that is understood, of a model that is known.
#[derive(Clone, Debug)]
pub(super) struct IdentifiedLine {
    pub(super) offer: ServiceCode,
    pub(super) sku: String,
    pub(super) usage_type: String,
    pub(super) name: String,
    pub(super) model: BaseModel,
    pub(super) region: Region,
    pub(super) published: Date,
    pub(super) effective: Date,
    pub(super) sold: Sold,
    /// Only for requests of more input tokens.
    pub(super) above: Option<u64>,
}

/// What a price is of, but for the model and the Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PricedItem {
    Tokens(ServiceTier, Option<u64>, TokenMeter, Reach),
    Units(Term),
    Reserved(Term, Reach, Side),
}

/// A price in the unit of what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Price {
    Tokens(UsdPerMillionTokens),
    Unit(UsdPerModelUnitHour),
    Reserved(UsdPerThousandTpmHour),
}

impl IdentifiedLine {
    fn what(&self) -> (PricedItem, Price) {
        match &self.sold {
            Sold::Tokens {
                meter,
                tier,
                reach,
                price,
                ..
            } => (
                PricedItem::Tokens(*tier, self.above, *meter, *reach),
                Price::Tokens(*price),
            ),
            Sold::Units { term, price } => (PricedItem::Units(*term), Price::Unit(*price)),
            Sold::Reserved {
                term,
                side,
                reach,
                price,
            } => (
                PricedItem::Reserved(*term, *reach, *side),
                Price::Reserved(*price),
            ),
        }
    }

    fn source(&self) -> String {
        format!(
            "AWS Price List {} {}, {}, published {}",
            self.offer.code(),
            self.region.name(),
            self.name,
            self.published
        )
    }
}

/// A price from a day on, with the line that says so.
#[derive(Clone, Debug)]
struct Dated {
    price: Price,
    line: IdentifiedLine,
}

/// What became of the lines of one key.
#[derive(Clone, Debug)]
enum Settled {
    /// In order of their days.
    Rates(Vec<Dated>),
    /// They contradict each other.
    Nothing,
}

/// What became of all lines that are understood.
#[derive(Debug, Default)]
pub(super) struct RowsRead {
    pub(super) models: Vec<ModelPrices>,
    pub(super) priced: u64,
    pub(super) duplicates: u64,
    pub(super) passed_over: Vec<PassedOver>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) contradictions: Vec<Contradiction>,
}

/// One model in one Region.
type ModelInRegion = (BaseModel, Region);

/// Puts lines into rows. The order of the lines does not matter.
pub(super) fn of(candidates: Vec<IdentifiedLine>, checked: Date) -> RowsRead {
    let mut outcome = RowsRead::default();
    let mut groups: BTreeMap<(ModelInRegion, PricedItem), Vec<IdentifiedLine>> = BTreeMap::new();
    let mut names: BTreeMap<BaseModel, BTreeSet<(ServiceCode, String)>> = BTreeMap::new();
    for line in candidates {
        let spot = (line.model.clone(), line.region.clone());
        let of_model = names.entry(line.model.clone()).or_default();
        of_model.insert((line.offer, line.name.clone()));
        groups.entry((spot, line.what().0)).or_default().push(line);
    }
    let mut settled: BTreeMap<ModelInRegion, BTreeMap<PricedItem, Settled>> = BTreeMap::new();
    for ((spot, what), lines) in groups {
        let it = settle(&spot, what, lines, &mut outcome);
        settled.entry(spot).or_default().insert(what, it);
    }
    let mut models: BTreeMap<BaseModel, ModelPrices> = BTreeMap::new();
    for ((id, region), of_spot) in settled {
        let first_name = names.get(&id).and_then(|names| names.first());
        let model = models.entry(id.clone()).or_insert_with(|| ModelPrices {
            name: first_name.map_or_else(String::new, |(_, name)| name.clone()),
            provider: vendor(&id),
            id,
            rates: Vec::new(),
            model_units: Vec::new(),
            reserved_tokens: Vec::new(),
            lifecycle: Vec::new(),
            unpriced: Vec::new(),
            load_weights: LoadWeights::default(),
        });
        model
            .rates
            .extend(rates(&region, &of_spot, checked, &mut outcome));
        model.model_units.extend(units(&region, &of_spot, checked));
        let reserved = reserved(&region, &of_spot, checked, &mut outcome);
        model.reserved_tokens.extend(reserved);
    }
    outcome.models = models
        .into_values()
        .filter(|it| {
            !(it.rates.is_empty() && it.model_units.is_empty() && it.reserved_tokens.is_empty())
        })
        .collect();
    outcome
}

/// The book of what became.
pub(super) fn book(models: Vec<ModelPrices>) -> PriceBook {
    PriceBook {
        schema_version: 1,
        name: "price-list".into(),
        description: "Amazon Bedrock list prices as the AWS Price List publishes them.".into(),
        charged: true,
        models,
    }
}

fn vendor(model: &BaseModel) -> String {
    let id = model.id();
    id.split_once('.').map_or(id, |(vendor, _)| vendor).into()
}

/// Leaves out what the bedrock-mantle endpoint charges for itself: its second name of a rate is
/// mostly at the same price, and where it is not, requests to the other endpoint are what is priced.
fn pass_over_mantle(lines: &mut Vec<IdentifiedLine>, outcome: &mut RowsRead) {
    let is_mantle = |line: &IdentifiedLine| line.usage_type.contains("-mantle-");
    let others: BTreeSet<Price> = lines
        .iter()
        .filter(|line| !is_mantle(line))
        .map(|line| line.what().1)
        .collect();
    if others.is_empty() {
        return;
    }
    let (apart, left) = lines
        .drain(..)
        .partition(|line| is_mantle(line) && !others.contains(&line.what().1));
    *lines = left;
    let apart: Vec<IdentifiedLine> = apart;
    outcome
        .passed_over
        .extend(apart.into_iter().map(|line| PassedOver {
            offer: line.offer.code().into(),
            sku: line.sku,
            usage_type: line.usage_type,
            why: "the bedrock-mantle endpoint has a price of its own".into(),
        }));
}

/// One rate, a history, or nothing.
fn settle(
    (model, region): &ModelInRegion,
    what: PricedItem,
    mut lines: Vec<IdentifiedLine>,
    outcome: &mut RowsRead,
) -> Settled {
    lines.sort_by(|one, other| {
        let key = |it: &IdentifiedLine| {
            (
                it.effective,
                it.offer,
                it.sku.clone(),
                it.usage_type.clone(),
                it.name.clone(),
                it.published,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.what().1.cmp(&other.what().1))
    });
    pass_over_mantle(&mut lines, outcome);
    let prices: BTreeSet<Price> = lines.iter().map(|line| line.what().1).collect();
    let dates: BTreeSet<(Date, Price)> = lines
        .iter()
        .map(|line| (line.effective, line.what().1))
        .collect();
    let days: BTreeSet<Date> = dates.iter().map(|(day, _)| *day).collect();
    let skus: BTreeSet<(ServiceCode, &str)> = lines
        .iter()
        .map(|line| (line.offer, line.sku.as_str()))
        .collect();
    // Two SKUs with prices of different days are two prices of today, not a history.
    let is_history = skus.len() == 1 && days.len() == dates.len();
    if prices.len() > 1 && !is_history {
        outcome.contradictions.push(Contradiction {
            model: model.clone(),
            region: region.clone(),
            what: words(what),
            lines: lines.iter().map(conflicting).collect(),
        });
        return Settled::Nothing;
    }
    let mut rates: Vec<Dated> = Vec::new();
    for line in lines {
        let price = line.what().1;
        if rates.iter().any(|rate| {
            prices.len() == 1 || (rate.line.effective, rate.price) == (line.effective, price)
        }) {
            outcome.duplicates += 1;
        } else {
            outcome.priced += 1;
            rates.push(Dated { price, line });
        }
    }
    Settled::Rates(rates)
}

fn conflicting(line: &IdentifiedLine) -> Conflicting {
    Conflicting {
        offer: line.offer.code().into(),
        sku: line.sku.clone(),
        usage_type: line.usage_type.clone(),
        price: match line.what().1 {
            Price::Tokens(price) => price.to_string(),
            Price::Unit(price) => price.to_string(),
            Price::Reserved(price) => price.to_string(),
        },
    }
}

fn words(what: PricedItem) -> String {
    let reach = |reach| match reach {
        Reach::Unsaid => "regional",
        Reach::Geo => "geo",
        Reach::Global => "global",
    };
    match what {
        PricedItem::Tokens(tier, above, meter, it) => {
            let above = above.map_or_else(String::new, |above| format!(", above {above} tokens"));
            format!("{} tokens, {tier}, {}{above}", meter.name(), reach(it))
        }
        PricedItem::Units(term) => format!("model units, {term}"),
        PricedItem::Reserved(term, it, side) => {
            let side = if side == Side::Input {
                "input"
            } else {
                "output"
            };
            format!("reserved {side} tokens, {term}, {}", reach(it))
        }
    }
}

/// What a row of rates is of, but for its day.
type RowKey = (RowScope, Option<Geo>, ServiceTier, Option<u64>);

/// The prices of one place, by meter.
type Meters<'a> = BTreeMap<TokenMeter, &'a [Dated]>;

fn rates(
    region: &Region,
    of_spot: &BTreeMap<PricedItem, Settled>,
    checked: Date,
    outcome: &mut RowsRead,
) -> Vec<RateRow> {
    let mut places: BTreeMap<RowKey, Meters<'_>> = BTreeMap::new();
    let mut put = |scopes: &[(RowScope, Option<Geo>)], what: PricedItem, rates| {
        let PricedItem::Tokens(tier, above, meter, _) = what else {
            return;
        };
        for (scope, geo) in scopes {
            let place = (*scope, *geo, tier, above);
            places.entry(place).or_default().insert(meter, rates);
        }
    };
    let geo_scopes: Vec<_> = Geo::of_region(region)
        .into_iter()
        .map(|geo| (RowScope::Geo, Some(geo)))
        .collect();
    for (what, settled) in of_spot {
        let PricedItem::Tokens(tier, above, meter, reach) = *what else {
            continue;
        };
        let Settled::Rates(rates) = settled else {
            continue;
        };
        let differs = || is_split(of_spot, tier, above, meter);
        match reach {
            Reach::Global => put(&[(RowScope::Global, None)], *what, rates),
            Reach::Unsaid if differs() => put(&[(RowScope::InRegion, None)], *what, rates),
            Reach::Unsaid => put(&[(RowScope::Regional, None)], *what, rates),
            Reach::Geo => {
                let same = PricedItem::Tokens(tier, above, meter, Reach::Unsaid);
                if of_spot.contains_key(&same) && !differs() {
                    // The same price under another name.
                    let count = rates.len() as u64;
                    outcome.priced -= count;
                    outcome.duplicates += count;
                } else if geo_scopes.is_empty() {
                    let count = rates.len() as u64;
                    outcome.priced -= count;
                    outcome.rejected.extend(rates.iter().map(|rate| {
                        refused(&rate.line, "its Region belongs to no group that is known")
                    }));
                } else {
                    put(&geo_scopes, *what, rates);
                }
            }
        }
    }
    let mut rows = Vec::new();
    for ((scope, geo, tier, above), meters) in &places {
        let days: BTreeSet<Date> = meters
            .values()
            .flat_map(|rates| rates.iter().map(|rate| rate.line.effective))
            .collect();
        for day in days {
            let mut sources = BTreeSet::new();
            // A row holds all that is in force on its day: two prices of one meter, as those of
            // cache writes, are then never in two rows.
            let mut of_day = |meter| {
                let rates: &[Dated] = meters.get(&meter)?;
                let rate = rates.iter().rfind(|rate| rate.line.effective <= day)?;
                let Price::Tokens(price) = rate.price else {
                    return None;
                };
                sources.insert(rate.line.source());
                Some(price)
            };
            let row = RateRow {
                scope: *scope,
                geo: *geo,
                regions: vec![RowRegion::Named(region.clone())],
                tier: *tier,
                above_input_tokens: *above,
                effective_from: Some(day),
                seen_from: None,
                seen_to: None,
                checked,
                input: of_day(TokenMeter::Input),
                output: of_day(TokenMeter::Output),
                cache_read: of_day(TokenMeter::CacheRead),
                cache_write_5m: of_day(TokenMeter::CacheWrite),
                cache_write_1h: of_day(TokenMeter::CacheWrite1h),
                source: String::new(),
            };
            rows.push(RateRow {
                source: joined(sources),
                ..row
            });
        }
    }
    rows
}

/// Whether the geo profile has a price of its own. Both kinds of cache writes go together, since a
/// row has to have both.
fn is_split(
    of_spot: &BTreeMap<PricedItem, Settled>,
    tier: ServiceTier,
    above: Option<u64>,
    meter: TokenMeter,
) -> bool {
    let class: &[TokenMeter] = match meter {
        TokenMeter::CacheWrite | TokenMeter::CacheWrite1h => {
            &[TokenMeter::CacheWrite, TokenMeter::CacheWrite1h]
        }
        TokenMeter::Input => &[TokenMeter::Input],
        TokenMeter::Output => &[TokenMeter::Output],
        TokenMeter::CacheRead => &[TokenMeter::CacheRead],
    };
    class.iter().any(|meter| {
        let of = |reach| of_spot.get(&PricedItem::Tokens(tier, above, *meter, reach));
        match (of(Reach::Unsaid), of(Reach::Geo)) {
            (Some(Settled::Rates(one)), Some(Settled::Rates(other))) => {
                let prices = |rates: &[Dated]| match rates {
                    [only] => vec![(None, only.price)],
                    history => history
                        .iter()
                        .map(|rate| (Some(rate.line.effective), rate.price))
                        .collect(),
                };
                prices(one) != prices(other)
            }
            // Of a contradiction nothing is known but that the other price is not it.
            (Some(_), Some(_)) => true,
            _ => false,
        }
    })
}

fn units(
    region: &Region,
    of_spot: &BTreeMap<PricedItem, Settled>,
    checked: Date,
) -> Vec<ModelUnitsRow> {
    let mut rows = Vec::new();
    for (what, settled) in of_spot {
        let (PricedItem::Units(term), Settled::Rates(rates)) = (what, settled) else {
            continue;
        };
        for rate in rates {
            let Price::Unit(price) = rate.price else {
                continue;
            };
            rows.push(ModelUnitsRow {
                label: None,
                regions: vec![RowRegion::Named(region.clone())],
                term: *term,
                usd_per_unit_hour: price,
                input_tokens_per_hour: None,
                output_tokens_per_hour: None,
                effective_from: Some(rate.line.effective),
                seen_from: None,
                seen_to: None,
                checked,
                source: rate.line.source(),
            });
        }
    }
    rows
}

/// Reserved tokens are sold by both sides; a side alone is no row.
fn reserved(
    region: &Region,
    of_spot: &BTreeMap<PricedItem, Settled>,
    checked: Date,
    outcome: &mut RowsRead,
) -> Vec<ReservedTokensRow> {
    let mut pairs: BTreeMap<(Term, Reach), BTreeMap<Side, &[Dated]>> = BTreeMap::new();
    for (what, settled) in of_spot {
        if let (PricedItem::Reserved(term, reach, side), Settled::Rates(rates)) = (what, settled) {
            let pair = pairs.entry((*term, *reach)).or_default();
            pair.insert(*side, rates);
        }
    }
    let mut rows = Vec::new();
    for ((term, reach), sides) in pairs {
        let (Some(inputs), Some(outputs)) = (sides.get(&Side::Input), sides.get(&Side::Output))
        else {
            for rate in sides.values().copied().flatten() {
                outcome.priced -= 1;
                let why = "reserves tokens of one side, and no line has the price of the other";
                outcome.rejected.push(refused(&rate.line, why));
            }
            continue;
        };
        let all = || inputs.iter().chain(*outputs);
        let days: BTreeSet<Date> = all().map(|rate| rate.line.effective).collect();
        for day in days {
            let on = |rates: &[Dated]| -> Option<(UsdPerThousandTpmHour, String)> {
                let rate = rates.iter().rfind(|rate| rate.line.effective <= day)?;
                match rate.price {
                    Price::Reserved(price) => Some((price, rate.line.source())),
                    Price::Tokens(_) | Price::Unit(_) => None,
                }
            };
            let (Some((input, of_input)), Some((output, of_output))) = (on(inputs), on(outputs))
            else {
                continue;
            };
            let (scope, geo) = match reach {
                Reach::Global => (RowScope::Global, None),
                // One price for all groups, as no group is named.
                Reach::Geo | Reach::Unsaid => (RowScope::Geo, Some("*".to_owned())),
            };
            rows.push(ReservedTokensRow {
                scope,
                geo,
                regions: vec![RowRegion::Named(region.clone())],
                term,
                input,
                output,
                minimum_input_tpm: MINIMUM_INPUT_TPM,
                minimum_output_tpm: MINIMUM_OUTPUT_TPM,
                effective_from: Some(day),
                seen_from: None,
                seen_to: None,
                checked,
                source: joined(BTreeSet::from([of_input, of_output])),
            });
        }
    }
    rows
}

fn refused(line: &IdentifiedLine, why: &str) -> Rejected {
    Rejected {
        offer: line.offer.code().into(),
        sku: line.sku.clone(),
        usage_type: line.usage_type.clone(),
        why: why.into(),
    }
}

fn joined(sources: BTreeSet<String>) -> String {
    Vec::from_iter(sources).join("; ")
}
