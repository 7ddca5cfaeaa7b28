//! The embedded price books: what is in them, held by literals, and the article's own sums.

use bedrock_cost_guard::catalog::{
    DatedRow, Overrides, PriceBook, Provenance, RateQuery, RowRegion,
};
use bedrock_cost_guard::domain::{
    BaseModel, Geo, Meter, ModelUnits, Region, Scope, ServiceTier, Term, Tokens, Usd,
};

const OPUS: &str = "anthropic.claude-opus-4-20250514-v1:0";
const SONNET: &str = "anthropic.claude-3-7-sonnet-20250219-v1:0";
const HAIKU: &str = "anthropic.claude-3-5-haiku-20241022-v1:0";
const LLAMA_405B: &str = "meta.llama3-1-405b-instruct-v1:0";
const LLAMA_70B: &str = "meta.llama3-1-70b-instruct-v1:0";
const LLAMA_8B: &str = "meta.llama3-1-8b-instruct-v1:0";
const MISTRAL_LARGE: &str = "mistral.mistral-large-2407-v1:0";
const MISTRAL_7B: &str = "mistral.mistral-7b-instruct-v0:2";

/// Model units that are sold.
#[derive(Debug, PartialEq, Eq)]
struct Units {
    label: Option<String>,
    term: Term,
    hour: String,
    month: String,
    capacity: Option<(u64, u64)>,
}

/// A price book on a day, in a Region.
struct Book {
    prices: PriceBook,
    region: Region,
    day: jiff::civil::Date,
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
impl Book {
    fn article() -> Self {
        Self::new(PriceBook::article().unwrap(), "us-west-2")
    }

    fn aws(region: &str) -> Self {
        Self::new(PriceBook::aws().unwrap(), region)
    }

    fn new(prices: PriceBook, region: &str) -> Self {
        Self { prices, region: region.parse().unwrap(), day: "2026-04-05".parse().unwrap() }
    }

    /// Returns the list price and, where the true one is a range, the upper end of that.
    fn rate(&self, model: &str, scope: Scope, meter: Meter) -> Option<(String, String)> {
        let rate = self.prices.rate(&RateQuery {
            model: &BaseModel::new(model),
            region: &self.region,
            scope,
            tier: Some(ServiceTier::Standard),
            meter,
            input_tokens: None,
            day: self.day,
        })?;
        Some((rate.list_unit_price.to_string(), rate.upper_unit_price.to_string()))
    }

    /// Returns the cost of so many tokens.
    fn cost(&self, model: &str, input: u64, output: u64) -> Usd {
        let of = |meter, tokens| {
            let rate = self.prices.rate(&RateQuery {
                model: &BaseModel::new(model),
                region: &self.region,
                scope: Scope::InRegion,
                tier: Some(ServiceTier::Standard),
                meter,
                input_tokens: None,
                day: self.day,
            });
            rate.unwrap().list_unit_price.cost(Tokens::new(tokens))
        };
        of(Meter::Input, input) + of(Meter::Output, output)
    }

    /// Returns the model units of a model.
    fn units(&self, model: &str) -> Vec<Units> {
        let model = BaseModel::new(model);
        let nothing = Overrides::default();
        let offers = self.prices.offers(&model, &self.region, self.day, &nothing);
        let units = offers.into_iter().map(|offer| Units {
            label: offer.label,
            term: offer.term,
            hour: offer.unit_price.to_string(),
            month: offer.unit_price.monthly_cost(ModelUnits::new(1)).to_string(),
            capacity: offer
                .capacity
                .map(|it| (it.input_tokens_per_hour, it.output_tokens_per_hour)),
        });
        units.collect()
    }
}

#[test]
fn the_on_demand_prices_of_the_article_are_as_printed() {
    let book = Book::article();
    let printed = [
        (OPUS, "15.00", "75.00"),
        (SONNET, "3.00", "15.00"),
        (HAIKU, "0.80", "4.00"),
        (LLAMA_405B, "2.50", "10.00"),
        (LLAMA_70B, "0.55", "2.20"),
        (LLAMA_8B, "0.08", "0.32"),
        (MISTRAL_LARGE, "0.81", "2.43"),
        (MISTRAL_7B, "0.14", "0.42"),
    ];
    for (model, input, output) in printed {
        for (meter, price) in [(Meter::Input, input), (Meter::Output, output)] {
            let exactly = Some((price.to_owned(), price.to_owned()));
            for scope in [Scope::InRegion, Scope::Geo(Geo::Us), Scope::Global] {
                assert_eq!(book.rate(model, scope, meter), exactly, "{model} {scope} {meter}");
            }
        }
        assert_eq!(book.rate(model, Scope::InRegion, Meter::CacheRead), None);
    }
    assert_eq!(book.prices.models.len(), printed.len());
}

#[test]
fn the_provisioned_prices_of_the_article_are_as_printed_and_a_month_is_730_hours() {
    let book = Book::article();
    let mut rows = 0;
    for (model, tier, hour, month, capacity) in [
        (OPUS, "Tier 1", "2.40", "$1,752.00", 50_000),
        (OPUS, "Tier 2", "4.80", "$3,504.00", 100_000),
        (SONNET, "Tier 1", "0.60", "$438.00", 100_000),
        (SONNET, "Tier 2", "1.20", "$876.00", 200_000),
        (LLAMA_405B, "Tier 1", "0.48", "$350.40", 50_000),
        (LLAMA_405B, "Tier 2", "0.96", "$700.80", 100_000),
        (LLAMA_70B, "Tier 1", "0.12", "$87.60", 100_000),
        (LLAMA_70B, "Tier 2", "0.24", "$175.20", 200_000),
    ] {
        let row = Units {
            label: Some(tier.to_owned()),
            term: Term::OneMonth,
            hour: hour.to_owned(),
            month: month.to_owned(),
            capacity: Some((capacity, capacity)),
        };
        assert!(book.units(model).contains(&row), "{model} {tier}: {:?}", book.units(model));
        rows += 1;
    }
    let sold: usize = book.prices.models.iter().map(|model| model.model_units.len()).sum();
    assert_eq!(sold, rows);
}

#[test]
fn the_examples_of_the_article_come_out_with_the_right_arithmetic() {
    let book = Book::article();
    for (what, model, input, output, dollars) in [
        ("100M tokens, half and half", SONNET, 50_000_000, 50_000_000, "$900.00"),
        ("80 to 20", SONNET, 80_000_000, 20_000_000, "$540.00"),
        ("half and half", LLAMA_70B, 50_000_000, 50_000_000, "$137.50"),
        ("moderation", HAIKU, 200_000_000, 30_000_000, "$280.00"),
        ("moderation", LLAMA_8B, 200_000_000, 30_000_000, "$25.60"),
        ("support chat", SONNET, 5_000_000, 4_000_000, "$75.00"),
        ("support chat", LLAMA_70B, 5_000_000, 4_000_000, "$11.55"),
        ("code", OPUS, 750_000, 1_000_000, "$86.25"),
        ("a billion", LLAMA_8B, 990_000_000, 10_000_000, "$82.40"),
        ("50M tokens", SONNET, 40_000_000, 10_000_000, "$270.00"),
    ] {
        assert_eq!(book.cost(model, input, output).to_string(), dollars, "{what} on {model}");
    }
    assert_eq!(book.cost(MISTRAL_LARGE, 750_000, 1_000_000), "3.0375".parse().unwrap());
}

#[test]
fn the_main_prices_of_aws_are_what_they_were_when_they_were_looked_up() {
    const SONNET: &str = "anthropic.claude-sonnet-4-6";
    const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
    const NOVA: &str = "amazon.nova-micro-v1:0";
    const GEO: Scope = Scope::Geo(Geo::Us);
    const HERE: Scope = Scope::InRegion;
    let book = Book::aws("us-east-1");
    for (model, scope, meter, price, upper) in [
        (SONNET, GEO, Meter::Input, "3.30", "3.30"),
        (SONNET, GEO, Meter::Output, "16.50", "16.50"),
        (SONNET, GEO, Meter::CacheRead, "0.33", "0.33"),
        (SONNET, GEO, Meter::CacheWrite, "4.125", "6.60"),
        (SONNET, Scope::Global, Meter::Input, "3.00", "3.00"),
        (SONNET, Scope::Global, Meter::Output, "15.00", "15.00"),
        (SONNET, Scope::Global, Meter::CacheRead, "0.30", "0.30"),
        (SONNET, Scope::Global, Meter::CacheWrite, "3.75", "6.00"),
        (HAIKU, GEO, Meter::Input, "1.10", "1.10"),
        (HAIKU, GEO, Meter::Output, "5.50", "5.50"),
        (HAIKU, GEO, Meter::CacheRead, "0.11", "0.11"),
        (HAIKU, GEO, Meter::CacheWrite, "1.375", "2.20"),
        (HAIKU, Scope::Global, Meter::Input, "1.00", "1.00"),
        (HAIKU, Scope::Global, Meter::Output, "5.00", "5.00"),
        (NOVA, HERE, Meter::Input, "0.035", "0.035"),
        (NOVA, HERE, Meter::Output, "0.14", "0.14"),
        (NOVA, HERE, Meter::CacheRead, "0.00875", "0.00875"),
        (NOVA, HERE, Meter::CacheWrite, "0.00", "0.00"),
        (LLAMA_70B, HERE, Meter::Input, "0.72", "0.72"),
        (LLAMA_70B, GEO, Meter::Output, "0.72", "0.72"),
    ] {
        let expected = Some((price.to_owned(), upper.to_owned()));
        assert_eq!(book.rate(model, scope, meter), expected, "{model} {scope} {meter}");
    }
    assert_eq!(book.rate(LLAMA_70B, HERE, Meter::CacheRead), None);
    assert_eq!(book.rate(LLAMA_70B, Scope::Global, Meter::Input), None);
}

#[test]
fn the_model_units_of_aws_have_a_price_and_no_capacity() {
    let rows = |prices: [(Term, &str, &str); 3]| {
        prices.map(|(term, hour, month)| Units {
            label: None,
            term,
            hour: hour.to_owned(),
            month: month.to_owned(),
            capacity: None,
        })
    };
    assert_eq!(
        Book::aws("us-east-1").units("amazon.nova-micro-v1:0"),
        rows([
            (Term::None, "60.50", "$44,165.00"),
            (Term::OneMonth, "55.00", "$40,150.00"),
            (Term::SixMonths, "30.25", "$22,082.50"),
        ])
    );
    assert_eq!(
        Book::aws("us-west-2").units(LLAMA_70B),
        rows([
            (Term::None, "24.00", "$17,520.00"),
            (Term::OneMonth, "21.18", "$15,461.40"),
            (Term::SixMonths, "13.08", "$9,548.40"),
        ])
    );
    assert_eq!(Book::aws("eu-west-1").units(LLAMA_70B), []);
}

/// Writes Regions as the book has them.
fn regions(regions: &[RowRegion]) -> String {
    let names: Vec<String> = regions.iter().cloned().map(String::from).collect();
    names.join(" ")
}

/// Writes a price as the book has it, or a dash.
fn price<P: ToString>(price: Option<P>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| price.to_string())
}

/// Writes the first day of a row, or the days on which it was seen.
fn days(row: &Provenance) -> String {
    match (row.effective_from, row.seen_from, row.seen_to) {
        (Some(from), ..) => from.to_string(),
        (None, Some(from), Some(to)) => format!("{from}..{to}"),
        _ => "undated".to_owned(),
    }
}

/// Writes every number of a book, a row a line.
fn numbers(book: &PriceBook) -> String {
    let mut lines = Vec::new();
    for model in &book.models {
        let id = &model.id;
        for row in &model.rates {
            let geo = row.geo.map_or("", Geo::prefix);
            let above = price(row.above_input_tokens);
            lines.push(format!(
                "{id} {:?} {geo} {} above {above} [{}] {}: in {} out {} read {} write {} {}",
                row.scope,
                row.tier,
                regions(&row.regions),
                days(&row.provenance()),
                price(row.input),
                price(row.output),
                price(row.cache_read),
                price(row.cache_write_5m),
                price(row.cache_write_1h),
            ));
        }
        for row in &model.model_units {
            lines.push(format!(
                "{id} unit {} [{}] {}: {}",
                row.term,
                regions(&row.regions),
                days(&row.provenance()),
                row.usd_per_unit_hour
            ));
        }
        for row in &model.reserved_tokens {
            lines.push(format!(
                "{id} reserved {:?} {} [{}] {}: in {} from {} out {} from {}",
                row.scope,
                row.term,
                regions(&row.regions),
                days(&row.provenance()),
                row.input,
                row.minimum_input_tpm,
                row.output,
                row.minimum_output_tpm
            ));
        }
        for row in &model.lifecycle {
            lines.push(format!(
                "{id} leaves [{}]: Legacy {} extended {} end {}",
                regions(&row.regions),
                price(row.legacy),
                price(row.extended_access),
                price(row.end_of_life)
            ));
        }
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn every_price_of_aws_is_pinned() {
    insta::assert_snapshot!("aws_prices", numbers(&PriceBook::aws().unwrap()));
}

#[test]
fn a_book_that_is_written_reads_as_the_same_book() {
    for book in [PriceBook::aws().unwrap(), PriceBook::article().unwrap()] {
        let text = book.to_toml().unwrap();
        assert_eq!(PriceBook::parse("again", &text).unwrap(), book);
    }
}

/// A rate of a long request, a short one, and one whose length is not known.
#[test]
fn a_price_that_depends_on_the_length_is_a_range_unless_the_length_is_known() {
    let book = Book::aws("us-east-1");
    let model = BaseModel::new("anthropic.claude-haiku-5-5");
    let of = |input_tokens| {
        let rate = book.prices.rate(&RateQuery {
            model: &model,
            region: &book.region,
            scope: Scope::Global,
            tier: Some(ServiceTier::Standard),
            meter: Meter::Input,
            input_tokens,
            day: "2026-11-13".parse().unwrap(),
        });
        let rate = rate.unwrap();
        (rate.list_unit_price.to_string(), rate.upper_unit_price.to_string())
    };
    assert_eq!(of(Some(100_000)), ("0.10".into(), "0.10".into()));
    assert_eq!(of(Some(100_001)), ("0.50".into(), "0.50".into()));
    assert_eq!(of(None), ("0.10".into(), "0.50".into()));
}

#[test]
fn a_tier_that_nobody_saw_is_a_range_over_those_of_a_request() {
    let book = Book::aws("us-east-1");
    let model = BaseModel::new("openai.gpt-oss-120b-1:0");
    let of = |tier| {
        let rate = book.prices.rate(&RateQuery {
            model: &model,
            region: &book.region,
            scope: Scope::InRegion,
            tier,
            meter: Meter::Input,
            input_tokens: None,
            day: "2026-11-13".parse().unwrap(),
        });
        let rate = rate.unwrap();
        (rate.list_unit_price.to_string(), rate.upper_unit_price.to_string())
    };
    assert_eq!(of(Some(ServiceTier::Standard)), ("0.15".into(), "0.15".into()));
    // Flex at the lower end, priority at the upper; batch jobs are not in these metrics.
    assert_eq!(of(None), ("0.075".into(), "0.2625".into()));
}
