//! Two price books compared, and the advice that turns on them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::advice::Recommendation;
use crate::catalog::{Overrides, PriceBook, RateQuery, ReservedScope, RowRegion};
use crate::domain::{BaseModel, Geo, Meter, Percent, Region, Scope, ServiceTier, Usd};
use crate::report::Report;
use crate::terminal::page::{cell, line, table, wrapped, write_table};
use crate::terminal::prices::words::{some_of, warn};

/// The comparison of two books on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Warnings that nobody may act on the prices of a book; empty where AWS charges those of both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Name of the first book.
    pub a: String,
    /// Name of the second book.
    pub b: String,
    /// Day of the prices.
    pub day: Date,
    /// Prices that both books have and that differ. With `all`, of the models with such a price or
    /// with one that the other book has nowhere, also these, and the prices that are the same.
    pub changed: Vec<Change>,
    /// True if the document has more than the prices that differ.
    pub all: bool,
    /// Number of prices that differ.
    pub different: usize,
    /// Number of prices that are the same, over all models and Regions.
    pub same: usize,
    /// Number of prices that only the first book has, where the second prices the item elsewhere.
    pub only_elsewhere_a: usize,
    /// Number of prices that only the second book has, where the first prices the item elsewhere.
    pub only_elsewhere_b: usize,
    /// Number of prices that only the first book has, where the second prices the item nowhere.
    pub only_there_a: usize,
    /// Number of prices that only the second book has, where the first prices the item nowhere.
    pub only_there_b: usize,
    /// Models that only the first book has.
    pub only_a: Vec<BaseModel>,
    /// Models that only the second book has.
    pub only_b: Vec<BaseModel>,
    /// Advice that turns on the book; `None` without an observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flips: Option<Vec<Flip>>,
}

/// The prices of one item in both books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Base model.
    pub model: BaseModel,
    /// Item in words.
    pub what: String,
    /// Scopes where the books have these prices; none where the item is capacity.
    pub scopes: Vec<String>,
    /// Regions where the books have these prices.
    pub regions: Vec<Region>,
    /// Price in the first book; `None` where the book has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<String>,
    /// Price in the second book; `None` where the book has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
}

/// A recommendation that only one book leads to, or that saves another amount with the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Recommendation in words, readable alone.
    pub what: String,
    /// USD saved a month with the first book; `None` where that book does not lead to the advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Usd>,
    /// USD saved a month with the second book; `None` where that book does not lead to the advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Usd>,
}

/// An item in words, and its position among those of its model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ComparedItem {
    position: usize,
    words: String,
}

/// An item, and the requests that a price is for; no scope where the item is capacity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    item: ComparedItem,
    scope: Option<Scope>,
}

/// The prices of one book for one model.
type PricePair = BTreeMap<Region, BTreeMap<Key, String>>;

/// An item with its prices in both books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    item: ComparedItem,
    a: Option<String>,
    b: Option<String>,
}

/// Position of model units, after the rates: more than a model has meters in all tiers.
const AFTER_RATES: usize = 1_000;

/// Position of reserved tokens, after the model units of any term.
const AFTER_UNITS: usize = 2_000;

/// The scopes and Regions where two books have the same two prices.
#[derive(Default)]
struct Places {
    scopes: BTreeSet<Option<Scope>>,
    regions: BTreeSet<Region>,
}

impl Diff {
    /// Compares the prices of two books on a day, in the Regions given or, with none, in all that
    /// either names and in those where a price for all Regions is used first.
    #[must_use]
    pub fn new(a: &PriceBook, b: &PriceBook, day: Date, regions: &[Region]) -> Self {
        let regions = if regions.is_empty() {
            regions_of(&[a, b])
        } else {
            regions.iter().cloned().collect()
        };
        let ids = |book: &PriceBook| -> BTreeSet<BaseModel> {
            book.models.iter().map(|model| model.id.clone()).collect()
        };
        let (ids_a, ids_b) = (ids(a), ids(b));
        let mut diff = Self {
            warnings: [a, b].into_iter().filter_map(PriceBook::warning).collect(),
            a: a.name.clone(),
            b: b.name.clone(),
            day,
            changed: Vec::new(),
            all: true,
            different: 0,
            same: 0,
            only_elsewhere_a: 0,
            only_elsewhere_b: 0,
            only_there_a: 0,
            only_there_b: 0,
            only_a: ids_a.difference(&ids_b).cloned().collect(),
            only_b: ids_b.difference(&ids_a).cloned().collect(),
            flips: None,
        };
        for model in ids_a.intersection(&ids_b) {
            let of = |book: &PriceBook| -> PricePair {
                let of = |region: &Region| (region.clone(), prices(book, model, region, day));
                regions.iter().map(of).collect()
            };
            diff.compare(model, &of(a), &of(b));
        }
        diff
    }

    /// Returns the comparison with the prices alone that both books have and that differ.
    #[must_use]
    pub fn changes_alone(mut self) -> Self {
        self.changed
            .retain(|change| change.a.is_some() && change.b.is_some() && change.a != change.b);
        self.all = false;
        self
    }

    fn compare(&mut self, model: &BaseModel, in_a: &PricePair, in_b: &PricePair) {
        let items = |prices: &PricePair| -> BTreeSet<ComparedItem> {
            let keys = prices.values().flat_map(BTreeMap::keys);
            keys.map(|key| key.item.clone()).collect()
        };
        let (items_a, items_b) = (items(in_a), items(in_b));
        let mut pairs: BTreeMap<Pair, Places> = BTreeMap::new();
        let mut is_changed = false;
        for (region, of_a) in in_a {
            let nothing = BTreeMap::new();
            let of_b = in_b.get(region).unwrap_or(&nothing);
            let keys: BTreeSet<&Key> = of_a.keys().chain(of_b.keys()).collect();
            for key in keys {
                let pair = Pair {
                    item: key.item.clone(),
                    a: of_a.get(key).cloned(),
                    b: of_b.get(key).cloned(),
                };
                match (&pair.a, &pair.b) {
                    (Some(a), Some(b)) if a == b => self.same += 1,
                    (Some(_), None) if items_b.contains(&key.item) => {
                        self.only_elsewhere_a += 1;
                        continue;
                    }
                    (None, Some(_)) if items_a.contains(&key.item) => {
                        self.only_elsewhere_b += 1;
                        continue;
                    }
                    (a, b) => {
                        match (a, b) {
                            (Some(_), None) => self.only_there_a += 1,
                            (None, Some(_)) => self.only_there_b += 1,
                            _ => self.different += 1,
                        }
                        is_changed = true;
                    }
                }
                let places = pairs.entry(pair).or_default();
                places.scopes.insert(key.scope);
                places.regions.insert(region.clone());
            }
        }
        if !is_changed {
            return;
        }
        let name = |scope: &Scope| scope.to_string();
        let changes = pairs.into_iter().map(|(pair, places)| Change {
            model: model.clone(),
            what: pair.item.words,
            scopes: places.scopes.iter().flatten().map(name).collect(),
            regions: places.regions.into_iter().collect(),
            a: pair.a,
            b: pair.b,
        });
        self.changed.extend(changes);
    }

    /// Writes the comparison as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        warn(&mut page, self.warnings.iter());
        line(
            &mut page,
            format!("USD for a million tokens, or for an hour, on {}; - is no price", self.day),
        );
        line(&mut page, "");
        let mut models: Vec<&BaseModel> = self.changed.iter().map(|change| &change.model).collect();
        models.dedup();
        for model in models {
            line(&mut page, model.id());
            let mut rows = table(&["", "Where", &self.a, &self.b, ""], &[2, 3]);
            for change in self.changed.iter().filter(|change| change.model == *model) {
                rows.add_row(change.cells());
            }
            write_table(&mut page, &rows);
        }
        for (book, models) in [(&self.a, &self.only_a), (&self.b, &self.only_b)] {
            if self.all && !models.is_empty() {
                let ids: Vec<&str> = models.iter().map(BaseModel::id).collect();
                let label = format!("only in {book}: ");
                let plural = if ids.len() == 1 { "" } else { "s" };
                let text = format!("{} model{plural}: {}", ids.len(), some_of(&ids));
                wrapped(&mut page, &label, &text);
            }
        }
        let summary = format!(
            "Of the models that both have, over all Regions and scopes: {} prices differ, {} are the same.",
            self.different, self.same
        );
        wrapped(&mut page, "", &summary);
        if let Some(flips) = &self.flips {
            self.render_flips(&mut page, flips);
        }
        let alone = |book: &str, prices: usize, models: &[BaseModel]| {
            let of = |count: usize, what: &str| match count {
                1 => format!("1 {what}"),
                count => format!("{count} {what}s"),
            };
            let (prices, models) = (of(prices, "price"), of(models.len(), "model"));
            format!("in {book} alone: {prices} of these models, and {models}")
        };
        let counts = format!(
            "Not compared, {}; {}{}",
            alone(&self.a, self.only_elsewhere_a + self.only_there_a, &self.only_a),
            alone(&self.b, self.only_elsewhere_b + self.only_there_b, &self.only_b),
            if self.all { "." } else { ". `--all` lists those that the other has nowhere." }
        );
        wrapped(&mut page, "", &counts);
        page
    }

    fn render_flips(&self, page: &mut String, flips: &[Flip]) {
        line(page, "");
        line(page, "ADVICE, USD saved a month; - is no advice");
        if flips.is_empty() {
            line(page, "  the same with both books");
            return;
        }
        let mut rows = table(&["", &self.a, &self.b], &[1, 2]);
        for flip in flips {
            let saves = |saved: Option<Usd>| {
                cell(saved.map_or_else(|| "-".into(), |saved| saved.to_string()), true)
            };
            rows.add_row([cell(flip.what.clone(), false), saves(flip.a), saves(flip.b)]);
        }
        write_table(page, &rows);
    }
}

impl Change {
    fn cells(&self) -> [comfy_table::Cell; 5] {
        let price =
            |price: &Option<String>| cell(price.clone().unwrap_or_else(|| "-".into()), true);
        let place = match self.scopes.as_slice() {
            [] => several(&self.regions),
            scopes => format!("{}; {}", scopes.join(", "), several(&self.regions)),
        };
        [
            cell(self.what.clone(), false),
            cell(place, false),
            price(&self.a),
            price(&self.b),
            cell(self.verdict(), false),
        ]
    }

    /// Returns the distance of the second price from the first in words.
    fn verdict(&self) -> String {
        let number = |price: &Option<String>| price.as_ref()?.parse::<Decimal>().ok();
        if self.a == self.b {
            return "same".into();
        }
        match (number(&self.a), number(&self.b)) {
            (Some(a), Some(b)) if !a.is_zero() => {
                let change = Percent::new((b - a) / a * Decimal::ONE_HUNDRED);
                let sign = if b > a { "+" } else { "" };
                format!("{sign}{change}")
            }
            _ => String::new(),
        }
    }
}

fn several(regions: &[Region]) -> String {
    match regions {
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] if !rest.is_empty() => format!("{first} and {} more", rest.len()),
        few => few.iter().map(Region::name).collect::<Vec<_>>().join(", "),
    }
}

/// Returns the Regions that books name, and `us-east-1`, where also prices without a Region are
/// used.
fn regions_of(books: &[&PriceBook]) -> BTreeSet<Region> {
    let models = || books.iter().flat_map(|book| &book.models);
    let rates = models().flat_map(|model| &model.rates).map(|row| &row.regions);
    let units = models().flat_map(|model| &model.model_units).map(|row| &row.regions);
    let named = rates.chain(units).flatten().filter_map(|region| match region {
        RowRegion::Named(region) => Some(region.clone()),
        RowRegion::All | RowRegion::Unstated | RowRegion::UnstatedInUs => None,
    });
    named.chain("us-east-1".parse().ok()).collect()
}

/// Returns all list prices that a book has for a model in a Region.
fn prices(
    book: &PriceBook,
    model: &BaseModel,
    region: &Region,
    day: Date,
) -> BTreeMap<Key, String> {
    const TIERS: [ServiceTier; 5] = [
        ServiceTier::Standard,
        ServiceTier::Batch,
        ServiceTier::Flex,
        ServiceTier::Priority,
        ServiceTier::LatencyOptimized,
    ];
    let geos = Geo::of_region(region).into_iter().map(Scope::Geo);
    let scopes: Vec<Scope> = [Scope::InRegion, Scope::Global].into_iter().chain(geos).collect();
    let rates = TIERS.into_iter().flat_map(|tier| Meter::TOKENS.map(|meter| (tier, meter)));
    let key = |position, words, scope| Key { item: ComparedItem { position, words }, scope };
    let mut prices = BTreeMap::new();
    for (position, (tier, meter)) in rates.enumerate() {
        for scope in scopes.iter().copied() {
            let rate = book.rate(&RateQuery {
                model,
                region,
                scope,
                tier: Some(tier),
                meter,
                input_tokens: None,
                day,
            });
            let Some(rate) = rate else { continue };
            let (lower, upper) = (rate.list_unit_price, rate.upper_unit_price);
            let text =
                if lower == upper { lower.to_string() } else { format!("{lower} to {upper}") };
            prices.insert(key(position, format!("{tier} {meter}"), Some(scope)), text);
        }
    }
    // Kinds of units that a book tells apart by labels of its own stand together.
    for offer in book.offers(model, region, day, &Overrides::default()) {
        let position = AFTER_RATES + usize::try_from(offer.term.months()).unwrap_or_default();
        let text = match &offer.label {
            Some(label) => format!("{} ({label})", offer.unit_price),
            None => offer.unit_price.to_string(),
        };
        prices
            .entry(key(position, format!("model unit, {}", offer.term), None))
            .and_modify(|all: &mut String| *all = format!("{all}, {text}"))
            .or_insert(text);
    }
    for offer in book.reserved_offers(model, region, day, &Overrides::default()) {
        let position = AFTER_UNITS + usize::try_from(offer.term.months()).unwrap_or_default();
        let scope = match offer.scope {
            ReservedScope::Regional => "regional",
            ReservedScope::Global => "global",
        };
        let words = format!("reserved 1,000 a minute, {scope}, {}", offer.term);
        let text = format!("{} in, {} out", offer.input, offer.output);
        prices.insert(key(position, words, None), text);
    }
    prices
}

/// Returns the advice that differs between two reports on the same observation.
#[must_use]
pub fn flips(a: &Report, b: &Report) -> Vec<Flip> {
    let counted = |report: &Report| -> BTreeMap<String, Recommendation> {
        let counted = report.recommendations.iter().filter(|advice| advice.is_counted());
        counted.map(|advice| (advice.id.clone(), advice.clone())).collect()
    };
    let (in_a, in_b) = (counted(a), counted(b));
    let ids: BTreeSet<&String> = in_a.keys().chain(in_b.keys()).collect();
    let mut flips = Vec::new();
    for id in ids {
        let (of_a, of_b) = (in_a.get(id), in_b.get(id));
        let savings = |advice: Option<&Recommendation>| advice.and_then(Recommendation::savings);
        let (saves_a, saves_b) = (savings(of_a), savings(of_b));
        if let Some(advice) = of_b.or(of_a)
            && saves_a != saves_b
        {
            flips.push(Flip {
                what: format!(
                    "{id} {} of {} in {}",
                    advice.action.title(),
                    advice.model,
                    advice.region
                ),
                a: saves_a,
                b: saves_b,
            });
        }
    }
    flips
}
