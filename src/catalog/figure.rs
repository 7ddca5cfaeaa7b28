//! Single figures of a book, as lists of prices print them: one price of one meter, never a range.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::overrides::{Overrides, ReservedScope};
use crate::catalog::rate::RateSource;
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::catalog::rows::RateRow;
use crate::catalog::select::{basis, best};
use crate::domain::{BaseModel, Region, Scope, ServiceTier, Term, Usd};

/// The requests that a figure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigureScope {
    /// Requests to the endpoint that `AWS/Bedrock` meters.
    Requests(Scope),
    /// Requests to the bedrock-mantle endpoint.
    Mantle,
}

impl FigureScope {
    fn is_of(self, row: &RateRow) -> bool {
        match self {
            Self::Requests(scope) => row.covers(scope),
            Self::Mantle => row.scope == RowScope::Mantle,
        }
    }
}

impl fmt::Display for FigureScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(scope) => scope.fmt(f),
            Self::Mantle => f.pad("mantle endpoint"),
        }
    }
}

/// The side of reserved tokens that a figure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReservedSide {
    /// Input tokens.
    Input,
    /// Output tokens.
    Output,
}

impl ReservedSide {
    /// Returns the name of the side's field in a book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// The item that a figure is the price of, but for the model and the Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigureItem {
    /// A million tokens on demand.
    Tokens {
        /// Requests that the tokens are of.
        scope: FigureScope,
        /// Tier that serves the requests.
        tier: ServiceTier,
        /// Input tokens that the requests have more of; `None` for short requests.
        above_input_tokens: Option<u64>,
        /// Meter of the tokens.
        field: RateField,
    },
    /// An hour of 1,000 reserved tokens a minute.
    Reserved {
        /// Profiles that they serve.
        scope: ReservedScope,
        /// Term for which a purchase binds.
        term: Term,
        /// Side that they are of.
        side: ReservedSide,
    },
}

/// The query for a figure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureKey {
    /// Base model.
    pub model: BaseModel,
    /// Region that is called.
    pub region: Region,
    /// Item that has the price.
    pub item: FigureItem,
}

impl FigureKey {
    /// Returns the key of the same figure of in-Region calls; `None` where the figure is not one of
    /// the mantle endpoint.
    fn in_region_of_mantle(&self) -> Option<Self> {
        let FigureItem::Tokens { scope: FigureScope::Mantle, tier, above_input_tokens, field } =
            self.item
        else {
            return None;
        };
        let scope = FigureScope::Requests(Scope::InRegion);
        let item = FigureItem::Tokens { scope, tier, above_input_tokens, field };
        Some(Self { item, ..self.clone() })
    }
}

/// One price of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// List price in USD: of a million tokens, or of an hour of 1,000 reserved tokens a minute.
    pub price: Usd,
    /// Source of the price.
    pub source: RateSource,
}

impl PriceBook {
    /// Finds one figure at list on a day, by the rows that a request of the kind is priced by; `None`
    /// where the book has none. The price of each kind of cache write is looked up for itself.
    #[must_use]
    pub fn figure(&self, key: &FigureKey, day: Date) -> Option<Figure> {
        match key.item {
            FigureItem::Tokens { scope, tier, above_input_tokens, field } => {
                let rows = self.model(&key.model)?.rates.iter();
                let rows = rows.filter(|row| row.tier == tier && scope.is_of(row));
                let band = above_input_tokens.and_then(|above| {
                    let of_region =
                        rows.clone().filter(|row| basis(&row.regions, &key.region).is_some());
                    // A request of one token more than the threshold is of every band up to there.
                    of_region
                        .filter_map(|row| row.above_input_tokens)
                        .filter(|of| *of <= above)
                        .max()
                });
                let of_band =
                    rows.filter(|row| row.above_input_tokens == band && field.of(row).is_some());
                let Some((row, source)) = best(of_band, &key.region, day) else {
                    // A line that does not tell the endpoints apart is the price of both, and its
                    // row is one of in-Region calls.
                    return self.figure(&key.in_region_of_mantle()?, day);
                };
                Some(Figure { price: Usd::new(field.of(row)?.dollars()), source })
            }
            FigureItem::Reserved { scope, term, side } => {
                let list = Overrides::default();
                let offers = self.reserved_offers(&key.model, &key.region, day, &list);
                let offer =
                    offers.into_iter().find(|offer| (offer.scope, offer.term) == (scope, term))?;
                let price = match side {
                    ReservedSide::Input => offer.list_input,
                    ReservedSide::Output => offer.list_output,
                };
                Some(Figure { price: Usd::new(price.dollars()), source: offer.source })
            }
        }
    }

    /// Lists the figures that rows of the book give for Regions that they name. A row for in-Region
    /// calls and geo profiles alike counts as one of in-Region calls.
    #[must_use]
    pub fn figures(&self) -> BTreeSet<FigureKey> {
        let mut keys = BTreeSet::new();
        for model in &self.models {
            let mut add = |regions: &[RowRegion], items: &[FigureItem]| {
                for region in regions {
                    if let RowRegion::Named(region) = region {
                        keys.extend(items.iter().map(|item| FigureKey {
                            model: model.id.clone(),
                            region: region.clone(),
                            item: *item,
                        }));
                    }
                }
            };
            for row in &model.rates {
                let fields = RateField::ALL.into_iter().filter(|field| field.of(row).is_some());
                let items = fields.map(|field| FigureItem::Tokens {
                    scope: figure_scope(row),
                    tier: row.tier,
                    above_input_tokens: row.above_input_tokens,
                    field,
                });
                add(&row.regions, &items.collect::<Vec<_>>());
            }
            for row in &model.reserved_tokens {
                let scope = row.serves();
                let items = [ReservedSide::Input, ReservedSide::Output]
                    .map(|side| FigureItem::Reserved { scope, term: row.term, side });
                add(&row.regions, &items);
            }
        }
        keys
    }
}

fn figure_scope(row: &RateRow) -> FigureScope {
    match (row.scope, row.geo) {
        (RowScope::Mantle, _) => FigureScope::Mantle,
        (RowScope::Global, _) => FigureScope::Requests(Scope::Global),
        (RowScope::Geo, Some(geo)) => FigureScope::Requests(Scope::Geo(geo)),
        _ => FigureScope::Requests(Scope::InRegion),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Geo;

    const HEAD: &str = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";

    fn row(scope: &str, more: &str, prices: &str) -> String {
        format!(
            "[[model.rate]]\nscope = \"{scope}\"\nregions = [\"eu-west-1\"]\ntier = \"standard\"\n{more}\n\
             effective_from = \"2026-01-01\"\nchecked = \"2026-05-01\"\nsource = \"s\"\n{prices}\n"
        )
    }

    fn book(rows: &[String]) -> PriceBook {
        PriceBook::parse("t", &format!("{HEAD}{}", rows.concat())).unwrap()
    }

    fn price(book: &PriceBook, scope: FigureScope, above: Option<u64>, field: RateField) -> String {
        let item = FigureItem::Tokens {
            scope,
            tier: ServiceTier::Standard,
            above_input_tokens: above,
            field,
        };
        let key =
            FigureKey { model: BaseModel::new("a.b"), region: "eu-west-1".parse().unwrap(), item };
        let figure = book.figure(&key, "2026-06-01".parse().unwrap());
        figure.map_or_else(|| "-".to_owned(), |figure| String::from(figure.price))
    }

    const IN_REGION: FigureScope = FigureScope::Requests(Scope::InRegion);

    #[test]
    fn each_kind_of_cache_write_has_the_price_of_its_own() {
        let book =
            book(&[row("in-region", "", "cache_write_5m = \"1.25\"\ncache_write_1h = \"2.00\"")]);
        assert_eq!(price(&book, IN_REGION, None, RateField::CacheWrite5m), "1.25");
        assert_eq!(price(&book, IN_REGION, None, RateField::CacheWrite1h), "2");
        assert_eq!(price(&book, IN_REGION, None, RateField::CacheWrite30m), "-");
        assert_eq!(price(&book, IN_REGION, None, RateField::Input), "-");
    }

    #[test]
    fn a_row_of_the_mantle_endpoint_is_found_as_that_and_as_nothing_else() {
        let book =
            book(&[row("mantle", "", "input = \"0.50\""), row("regional", "", "input = \"0.70\"")]);
        assert_eq!(price(&book, FigureScope::Mantle, None, RateField::Input), "0.5");
        assert_eq!(price(&book, IN_REGION, None, RateField::Input), "0.7");
        let geo = FigureScope::Requests(Scope::Geo(Geo::Eu));
        assert_eq!(price(&book, geo, None, RateField::Input), "0.7");
        let global = FigureScope::Requests(Scope::Global);
        assert_eq!(price(&book, global, None, RateField::Input), "-");
    }

    #[test]
    fn a_long_request_is_of_the_highest_band_that_it_is_above() {
        let band = |above: &str, price: &str| {
            let prices = format!("input = \"{price}\"");
            row("in-region", &format!("above_input_tokens = {above}"), &prices)
        };
        let short = row("in-region", "", "input = \"1.00\"\noutput = \"4.00\"");
        let book = book(&[short, band("100000", "2.00"), band("200000", "3.00")]);
        let input = |above| price(&book, IN_REGION, above, RateField::Input);
        assert_eq!(input(None), "1");
        assert_eq!(input(Some(99_999)), "1");
        assert_eq!(input(Some(100_000)), "2");
        assert_eq!(input(Some(272_000)), "3");
        // The short price is not that of a band that lacks the meter.
        assert_eq!(price(&book, IN_REGION, Some(100_000), RateField::Output), "-");
    }

    #[test]
    fn a_book_finds_each_figure_that_it_lists() {
        let reserved = "[[model.reserved_tokens]]\nscope = \"regional\"\nregions = [\"eu-west-1\"]\nterm = \"1-month\"\n\
             input = \"3\"\noutput = \"9\"\nminimum_input_tpm = 1\nminimum_output_tpm = 1\n\
             effective_from = \"2026-01-01\"\nchecked = \"2026-05-01\"\nsource = \"s\"\n";
        let book = book(&[
            row("mantle", "", "input = \"0.50\""),
            row("regional", "", "input = \"0.70\"\ncache_write_30m = \"0.90\""),
            row("geo", "geo = \"eu\"", "output = \"1.70\""),
            row("global", "above_input_tokens = 200000", "output = \"1.60\""),
            row("global", "", "output = \"1.50\"").replace("eu-west-1", "*"),
            reserved.to_owned(),
        ]);
        let prices: BTreeSet<String> = book
            .figures()
            .iter()
            .map(|key| String::from(book.figure(key, "2026-06-01".parse().unwrap()).unwrap().price))
            .collect();
        // A row that names no Region is not a figure of one.
        assert_eq!(prices, ["0.5", "0.7", "0.9", "1.6", "1.7", "3", "9"].map(str::to_owned).into());
    }
}
