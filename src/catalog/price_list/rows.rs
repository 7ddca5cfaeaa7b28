//! From lines that are understood to the rows of a price book.
//!
//! Lines of one item and one price are one rate. Lines of one item that differ are none, since
//! nobody can tell which of them is billed. A line that does not say how far requests may go is for
//! the Region and for any geo profile, unless a line for the geo profile has another price: then
//! each is for what it says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::catalog::price_list::endpoint::of_endpoints;
use crate::catalog::price_list::item::{Endpoint, Price, PricedItem, PricedTokens};
use crate::catalog::price_list::line::{IdentifiedLine, LinesUsed};
use crate::catalog::price_list::names::ServiceCode;
use crate::catalog::price_list::refusal::LineRefusal;
use crate::catalog::price_list::usage_type::{Reach, Side, TokenMeter};
use crate::catalog::price_list::{Contradiction, UnusedLine};
use crate::catalog::{
    ModelPrices, ModelUnitsRow, PriceBook, RateLines, RateRow, ReservedTokensRow, RowRegion,
    RowScope,
};
use crate::domain::{BaseModel, Geo, LoadWeights, Region, ServiceTier, Term};

/// The fewest input tokens a minute that are reserved, by the user guide's page on service tiers.
const MINIMUM_INPUT_TPM: u64 = 100_000;
const MINIMUM_OUTPUT_TPM: u64 = 10_000;

/// The outcome of the lines of one item.
#[derive(Clone, Debug)]
enum Settled {
    /// Lines with different first days, in the order of their days.
    Rates(Vec<IdentifiedLine>),
    /// The lines contradict each other.
    Contradiction,
}

/// The items of one model in one Region.
type Items = BTreeMap<PricedItem, Settled>;

/// The outcome of all lines that are understood.
#[derive(Debug, Default)]
pub(super) struct RowsRead {
    pub(super) models: Vec<ModelPrices>,
    pub(super) priced: u64,
    pub(super) duplicates: u64,
    pub(super) passed_over: Vec<UnusedLine>,
    pub(super) rejected: Vec<UnusedLine>,
    pub(super) contradictions: Vec<Contradiction>,
}

impl RowsRead {
    /// Refuses lines that were counted as priced before.
    fn refuse<'a>(
        &mut self,
        lines: impl IntoIterator<Item = &'a IdentifiedLine>,
        refusal: &LineRefusal,
    ) {
        for line in lines {
            self.priced -= 1;
            self.rejected.push(line.unused(refusal.to_string()));
        }
    }
}

/// One model in one Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ModelInRegion {
    model: BaseModel,
    region: Region,
}

/// Puts lines into rows. The order of the lines does not matter.
pub(super) fn of(lines: Vec<IdentifiedLine>) -> RowsRead {
    let mut outcome = RowsRead::default();
    let lines = of_endpoints(lines, &mut outcome.passed_over);
    let mut groups: BTreeMap<ModelInRegion, BTreeMap<PricedItem, Vec<IdentifiedLine>>> =
        BTreeMap::new();
    let mut names: BTreeMap<BaseModel, BTreeSet<(ServiceCode, String)>> = BTreeMap::new();
    for line in lines {
        let of_model = names.entry(line.model.clone()).or_default();
        of_model.insert((line.service, line.name.clone()));
        let group =
            groups.entry(ModelInRegion { model: line.model.clone(), region: line.region.clone() });
        let of_item = group.or_default().entry(line.item).or_default();
        of_item.push(line);
    }
    let mut models: BTreeMap<BaseModel, ModelPrices> = BTreeMap::new();
    for (ModelInRegion { model, region }, group) in groups {
        let group = group.into_iter();
        let items: Items = group.map(|(item, lines)| (item, settle(lines, &mut outcome))).collect();
        // Services spell a name differently. Any would do, as long as the same is taken each time.
        let first_name = names.get(&model).and_then(|names| names.first());
        let prices = models.entry(model.clone()).or_insert_with(|| ModelPrices {
            name: first_name.map_or_else(String::new, |(_, name)| name.clone()),
            provider: vendor(&model),
            id: model,
            rates: Vec::new().into(),
            rate_lines: RateLines::default(),
            model_units: Vec::new(),
            reserved_tokens: Vec::new(),
            lifecycle: Vec::new(),
            unpriced: Vec::new(),
            load_weights: LoadWeights::default(),
        });
        prices.rates.extend(rates(&region, &items, &mut outcome));
        prices.model_units.extend(units(&region, &items));
        let reserved = reserved(&region, &items, &mut outcome);
        prices.reserved_tokens.extend(reserved);
    }
    let has_rows = |prices: &ModelPrices| {
        let offers = prices.model_units.len() + prices.reserved_tokens.len();
        prices.rates.len() + offers > 0
    };
    outcome.models = models.into_values().filter(has_rows).collect();
    outcome
}

/// Builds the book of the models.
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

/// Makes one rate, a history, or nothing of the lines of one item.
fn settle(mut lines: Vec<IdentifiedLine>, outcome: &mut RowsRead) -> Settled {
    // By all that is known of a line, so that the order of the documents does not matter.
    lines.sort_by_cached_key(|line| {
        (
            line.effective,
            line.service,
            line.sku.clone(),
            line.usage_type.clone(),
            line.name.clone(),
            line.published,
            line.price,
        )
    });
    let prices: BTreeSet<Price> = lines.iter().map(|line| line.price).collect();
    let dates: BTreeSet<(Date, Price)> =
        lines.iter().map(|line| (line.effective, line.price)).collect();
    let skus: BTreeSet<(ServiceCode, &str)> =
        lines.iter().map(|line| (line.service, line.sku.as_str())).collect();
    // Two SKUs with prices of different days are two prices of today, not a history.
    let is_history = skus.len() == 1 && first_days(&lines).len() == dates.len();
    if let Some(first) = lines.first()
        && prices.len() > 1
        && !is_history
    {
        outcome.contradictions.push(Contradiction {
            model: first.model.clone(),
            region: first.region.clone(),
            item: first.item.to_string(),
            lines: lines.iter().map(IdentifiedLine::conflicting).collect(),
        });
        return Settled::Contradiction;
    }
    let mut rates: Vec<IdentifiedLine> = Vec::new();
    for line in lines {
        if let Some(rate) = rates.iter_mut().find(|rate| {
            prices.len() == 1 || (rate.effective, rate.price) == (line.effective, line.price)
        }) {
            // A price that a later document says again was seen later.
            rate.published = rate.published.max(line.published);
            outcome.duplicates += 1;
        } else {
            outcome.priced += 1;
            rates.push(line);
        }
    }
    Settled::Rates(rates)
}

fn first_days<'a>(lines: impl IntoIterator<Item = &'a IdentifiedLine>) -> BTreeSet<Date> {
    lines.into_iter().map(|line| line.effective).collect()
}

/// Returns the line whose price holds on a day, of lines in the order of their first days.
fn in_force(lines: &[IdentifiedLine], day: Date) -> Option<&IdentifiedLine> {
    lines.iter().rfind(|line| line.effective <= day)
}

/// The key of a row of rates, but for its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RateKey {
    scope: RowScope,
    geo: Option<Geo>,
    tier: ServiceTier,
    above: Option<u64>,
}

fn rates(region: &Region, items: &Items, outcome: &mut RowsRead) -> Vec<RateRow> {
    let mut keys: BTreeMap<RateKey, BTreeMap<TokenMeter, &[IdentifiedLine]>> = BTreeMap::new();
    let geos = Geo::of_region(region);
    for (item, settled) in items {
        let (PricedItem::Tokens(tokens), Settled::Rates(lines)) = (item, settled) else {
            continue;
        };
        let scopes: Vec<(RowScope, Option<Geo>)> = match tokens.reach {
            _ if tokens.endpoint == Endpoint::Mantle => vec![(RowScope::Mantle, None)],
            Reach::Global => vec![(RowScope::Global, None)],
            Reach::Unsaid if is_split(items, *tokens) => vec![(RowScope::InRegion, None)],
            Reach::Unsaid => vec![(RowScope::Regional, None)],
            Reach::Geo => {
                let unsaid = PricedItem::Tokens(PricedTokens { reach: Reach::Unsaid, ..*tokens });
                if items.contains_key(&unsaid) && !is_split(items, *tokens) {
                    // The same price under another name.
                    outcome.priced -= lines.len() as u64;
                    outcome.duplicates += lines.len() as u64;
                    continue;
                }
                if geos.is_empty() {
                    outcome.refuse(lines, &LineRefusal::NoGeo);
                }
                geos.iter().map(|geo| (RowScope::Geo, Some(*geo))).collect()
            }
        };
        for (scope, geo) in scopes {
            let (tier, above) = (tokens.tier, tokens.above);
            let key = RateKey { scope, geo, tier, above };
            keys.entry(key).or_default().insert(tokens.meter, lines);
        }
    }
    let mut rows = Vec::new();
    for (key, meters) in &keys {
        for day in first_days(meters.values().copied().flatten()) {
            let mut used = LinesUsed::default();
            // A row holds all that is in force on its day: two prices of one meter, as those of
            // cache writes, are then never in two rows.
            let mut of_day = |meter| {
                let line = in_force(meters.get(&meter)?, day)?;
                let Price::Tokens(price) = line.price else {
                    return None;
                };
                used.add(line);
                Some(price)
            };
            let [input, output, cache_read] =
                [TokenMeter::Input, TokenMeter::Output, TokenMeter::CacheRead].map(&mut of_day);
            let [short, half_an_hour, hour] = TokenMeter::WRITES.map(&mut of_day);
            let Some((seen, trust, source)) = used.told() else {
                continue;
            };
            rows.push(RateRow {
                scope: key.scope,
                geo: key.geo,
                regions: vec![RowRegion::Named(region.clone())],
                tier: key.tier,
                above_input_tokens: key.above,
                effective_from: Some(day),
                seen_from: None,
                seen_to: None,
                effective_until: None,
                checked: seen,
                input,
                output,
                cache_read,
                cache_write_5m: short,
                cache_write_30m: half_an_hour,
                cache_write_1h: hour,
                source,
                trust: Some(trust),
                sources: Vec::new(),
                regions_by: Vec::new(),
            });
        }
    }
    rows
}

/// Returns true if the geo profile has a price of its own. All kinds of cache writes go together,
/// since a row has to have all.
fn is_split(items: &Items, tokens: PricedTokens) -> bool {
    let together: &[TokenMeter] = match tokens.meter {
        TokenMeter::CacheWrite | TokenMeter::CacheWrite30m | TokenMeter::CacheWrite1h => {
            &TokenMeter::WRITES
        }
        TokenMeter::Input => &[TokenMeter::Input],
        TokenMeter::Output => &[TokenMeter::Output],
        TokenMeter::CacheRead => &[TokenMeter::CacheRead],
    };
    together.iter().any(|meter| {
        let of =
            |reach| items.get(&PricedItem::Tokens(PricedTokens { meter: *meter, reach, ..tokens }));
        match (of(Reach::Unsaid), of(Reach::Geo)) {
            (Some(Settled::Rates(one)), Some(Settled::Rates(other))) => {
                let prices = |lines: &[IdentifiedLine]| match lines {
                    [only] => vec![(None, only.price)],
                    history => {
                        history.iter().map(|line| (Some(line.effective), line.price)).collect()
                    }
                };
                prices(one) != prices(other)
            }
            // Of a contradiction nothing is known but that the other price is not it.
            (Some(_), Some(_)) => true,
            _ => false,
        }
    })
}

fn units(region: &Region, items: &Items) -> Vec<ModelUnitsRow> {
    let mut rows = Vec::new();
    for (item, settled) in items {
        let (PricedItem::Units(term), Settled::Rates(lines)) = (item, settled) else {
            continue;
        };
        for line in lines {
            let Price::Unit(price) = line.price else {
                continue;
            };
            rows.push(ModelUnitsRow {
                label: None,
                regions: vec![RowRegion::Named(region.clone())],
                term: *term,
                usd_per_unit_hour: price,
                input_tokens_per_hour: None,
                output_tokens_per_hour: None,
                effective_from: Some(line.effective),
                seen_from: None,
                seen_to: None,
                effective_until: None,
                checked: line.published.seen,
                source: line.source(),
                trust: Some(line.trust()),
                sources: Vec::new(),
            });
        }
    }
    rows
}

/// Builds rows of reserved tokens, which are sold by both sides; a side alone is no row.
fn reserved(region: &Region, items: &Items, outcome: &mut RowsRead) -> Vec<ReservedTokensRow> {
    let mut pairs: BTreeMap<(Term, Reach), BTreeMap<Side, &[IdentifiedLine]>> = BTreeMap::new();
    for (item, settled) in items {
        if let (PricedItem::Reserved { term, reach, side }, Settled::Rates(lines)) = (item, settled)
        {
            let sides = pairs.entry((*term, *reach)).or_default();
            sides.insert(*side, lines);
        }
    }
    let mut rows = Vec::new();
    for ((term, reach), sides) in pairs {
        let (Some(inputs), Some(outputs)) = (sides.get(&Side::Input), sides.get(&Side::Output))
        else {
            outcome.refuse(sides.values().copied().flatten(), &LineRefusal::OneSide);
            continue;
        };
        let (scope, geo) = match reach {
            Reach::Global => (RowScope::Global, None),
            // One price for all groups, as no group is named.
            Reach::Geo | Reach::Unsaid => (RowScope::Geo, Some("*".to_owned())),
        };
        for day in first_days(inputs.iter().chain(*outputs)) {
            let (Some(of_input), Some(of_output)) = (in_force(inputs, day), in_force(outputs, day))
            else {
                continue;
            };
            let (Price::Reserved(input), Price::Reserved(output)) =
                (of_input.price, of_output.price)
            else {
                continue;
            };
            let mut used = LinesUsed::default();
            used.add(of_input);
            used.add(of_output);
            let Some((seen, trust, source)) = used.told() else {
                continue;
            };
            rows.push(ReservedTokensRow {
                scope,
                geo: geo.clone(),
                regions: vec![RowRegion::Named(region.clone())],
                term,
                input,
                output,
                minimum_input_tpm: MINIMUM_INPUT_TPM,
                minimum_output_tpm: MINIMUM_OUTPUT_TPM,
                effective_from: Some(day),
                seen_from: None,
                seen_to: None,
                effective_until: None,
                checked: seen,
                source,
                trust: Some(trust),
                sources: Vec::new(),
            });
        }
    }
    rows
}
