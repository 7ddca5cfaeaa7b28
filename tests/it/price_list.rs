//! The reading of the AWS Price List: each trap that it is known for, over both of its shapes.
//!
//! The rows are those of `tests/data/price_list`: genuine ones, and made-up ones whose SKU begins
//! with `MADEUP-`, one for each trap. Both files of an offer hold the same rows.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bedrock_cost_guard::catalog::price_list::{
    Harvest, Names, PriceList, PriceListGap, ServiceCode,
};
use bedrock_cost_guard::catalog::{
    ModelPrices, OnDoubt, Overrides, PriceBook, RateQuery, RowScope, TokenCountText, Trust,
};
use bedrock_cost_guard::domain::{
    BaseModel, Geo, Meter, Region, Scope, ServiceTier, Term, UsdPerMillionTokens,
    UsdPerModelUnitHour,
};
use bedrock_cost_guard::terminal;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Answers of `GetProducts` and offer files, of the same rows.
const FILES: [(&str, &str); 3] = [
    (
        include_str!("../data/price_list/amazon-bedrock.get-products.json"),
        include_str!("../data/price_list/amazon-bedrock.bulk.json"),
    ),
    (
        include_str!("../data/price_list/foundation-models.get-products.json"),
        include_str!("../data/price_list/foundation-models.bulk.json"),
    ),
    (
        include_str!("../data/price_list/bedrock-service.get-products.json"),
        include_str!("../data/price_list/bedrock-service.bulk.json"),
    ),
];

/// The products of the first files.
static PRODUCTS: LazyLock<Vec<String>> = LazyLock::new(products);

const SONNET: &str = "anthropic.claude-sonnet-4-6";
const MICRO: &str = "amazon.nova-micro-v1:0";
const LITE: &str = "amazon.nova-2-lite-v1:0";
const QWEN: &str = "qwen.qwen3-32b-v1:0";
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
const VIRGINIA: &str = "us-east-1";
const OREGON: &str = "us-west-2";
const DAY: &str = "2026-11-23";

#[expect(clippy::unwrap_used, reason = "only tests call it")]
static NAMES: LazyLock<Names> = LazyLock::new(|| Names::embedded().unwrap());

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn read(list: PriceList) -> Harvest {
    list.read(&NAMES, DAY.parse().unwrap())
}

/// Reads the products of all files, as `GetProducts` gives them.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn products() -> Vec<String> {
    let of_file = |text: &str| {
        let answer: Value = serde_json::from_str(text).unwrap();
        let products = answer["PriceList"].as_array().unwrap().clone();
        products.into_iter().map(|product| product.as_str().unwrap().to_owned())
    };
    FILES.iter().flat_map(|(text, _)| of_file(text)).collect()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn product(sku: &str) -> Value {
    let product = PRODUCTS.iter().find_map(|json| {
        let product: Value = serde_json::from_str(json).unwrap();
        is(sku, product["product"]["sku"].as_str().unwrap()).then_some(product)
    });
    product.unwrap()
}

fn is(wanted: &str, sku: &str) -> bool {
    sku.strip_prefix("MADEUP-").unwrap_or(sku) == wanted
}

/// Reads these rows in both shapes, which agree.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn harvest(skus: &[&str]) -> Harvest {
    let wanted = |sku: &str| skus.iter().any(|it| is(it, sku));
    let mut by_product = PriceList::new();
    let mut found = 0;
    for json in PRODUCTS.iter() {
        let product: Value = serde_json::from_str(json).unwrap();
        if wanted(product["product"]["sku"].as_str().unwrap()) {
            by_product.add_product(json);
            found += 1;
        }
    }
    assert_eq!(found, skus.len(), "{skus:?}");
    let mut by_file = PriceList::new();
    for (_, text) in FILES {
        let mut file: Value = serde_json::from_str(text).unwrap();
        for members in ["/products", "/terms/OnDemand"] {
            let members = file.pointer_mut(members).unwrap().as_object_mut().unwrap();
            members.retain(|sku, _| wanted(sku));
        }
        by_file.add_file("bulk", &file.to_string()).unwrap();
    }
    let harvest = read(by_product);
    assert_eq!(harvest, read(by_file));
    assert_eq!(harvest.accounted_for(), harvest.lines);
    harvest
}

/// Returns the list price and the upper end of a rate, by what the rate is of.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn rate(
    book: &PriceBook,
    (model, region): (&str, &str),
    (scope, tier): (Scope, ServiceTier),
    meter: Meter,
    input_tokens: Option<u64>,
) -> Option<(String, String)> {
    let rate = book.rate(&RateQuery {
        model: &BaseModel::new(model),
        region: &region.parse().unwrap(),
        scope,
        tier: Some(tier),
        meter,
        input_tokens,
        day: DAY.parse().unwrap(),
    })?;
    Some((rate.list_unit_price.to_string(), rate.upper_unit_price.to_string()))
}

/// Returns the list price of a short request.
fn price(
    harvest: &Harvest,
    at: (&str, &str),
    how: (Scope, ServiceTier),
    meter: Meter,
) -> Option<String> {
    rate(&harvest.book, at, how, meter, Some(1_000)).map(|(price, _)| price)
}

const IN_REGION: (Scope, ServiceTier) = (Scope::InRegion, ServiceTier::Standard);
const GLOBAL: (Scope, ServiceTier) = (Scope::Global, ServiceTier::Standard);
const US: (Scope, ServiceTier) = (Scope::Geo(Geo::Us), ServiceTier::Standard);

/// Says why the one row of a SKU is refused.
fn refusal(sku: &str) -> String {
    let harvest = harvest(&[sku]);
    assert!(harvest.book.models.is_empty(), "{sku} became a number");
    assert_eq!(harvest.rejected.len(), 1, "{sku}: {harvest:?}");
    harvest.rejected[0].why.clone()
}

/// Says why the one row of a SKU is passed over.
fn passed(sku: &str) -> String {
    let harvest = harvest(&[sku]);
    assert!(harvest.book.models.is_empty(), "{sku} became a number");
    assert_eq!(harvest.passed_over.len(), 1, "{sku}: {harvest:?}");
    harvest.passed_over[0].why.clone()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn model<'a>(harvest: &'a Harvest, id: &str) -> &'a ModelPrices {
    harvest.book.model(&BaseModel::new(id)).unwrap()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn everything() -> Harvest {
    let mut list = PriceList::new();
    for (text, _) in FILES {
        list.add_file("products", text).unwrap();
    }
    read(list)
}

// What is known to be right.

#[test]
fn sonnet_costs_what_its_genuine_rows_say() {
    let harvest = everything();
    let price = |how, meter| rate(&harvest.book, (SONNET, VIRGINIA), how, meter, None);
    let exactly = |price: &str| Some((price.to_owned(), price.to_owned()));
    for (how, input, output, read) in [
        (IN_REGION, "3.30", "16.50", "0.33"),
        (US, "3.30", "16.50", "0.33"),
        (GLOBAL, "3.00", "15.00", "0.30"),
    ] {
        assert_eq!(price(how, Meter::Input), exactly(input));
        assert_eq!(price(how, Meter::Output), exactly(output));
        assert_eq!(price(how, Meter::CacheRead), exactly(read));
    }
    let range = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
    assert_eq!(price(IN_REGION, Meter::CacheWrite), range("4.125", "6.60"));
    assert_eq!(price(GLOBAL, Meter::CacheWrite), range("3.75", "6.00"));
    let batch = |scope| (scope, ServiceTier::Batch);
    assert_eq!(price(batch(Scope::InRegion), Meter::Input), exactly("1.65"));
    assert_eq!(price(batch(Scope::Global), Meter::Output), exactly("7.50"));
}

#[test]
fn nova_micro_costs_what_its_genuine_rows_say() {
    let harvest = everything();
    let at = (MICRO, VIRGINIA);
    let price = |how, meter| price(&harvest, at, how, meter);
    assert_eq!(price(IN_REGION, Meter::Input).as_deref(), Some("0.035"));
    assert_eq!(price(IN_REGION, Meter::Output).as_deref(), Some("0.14"));
    assert_eq!(price(IN_REGION, Meter::CacheRead).as_deref(), Some("0.00875"));
    assert_eq!(price(IN_REGION, Meter::CacheWrite).as_deref(), Some("0.00"));
    let batch = (Scope::InRegion, ServiceTier::Batch);
    assert_eq!(price(batch, Meter::Input).as_deref(), Some("0.0175"));
    assert_eq!(price(batch, Meter::Output).as_deref(), Some("0.07"));
    assert_eq!(price(GLOBAL, Meter::Input), None);
    let row = &model(&harvest, MICRO).rates[0];
    assert_eq!(
        row.source,
        "AWS Price List AmazonBedrock us-east-1, Nova Micro, published 2026-05-04"
    );
    assert_eq!(row.effective_from, Some("2026-04-01".parse().unwrap()));
    // Seen when it was published, whenever it is read.
    assert_eq!(row.checked, "2026-05-04".parse().unwrap());
    assert_eq!(row.trust, Some(Trust::PriceList));
}

/// Reads documents on a day, in both shapes, with some members of the documents changed.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn both_shapes(sku: &str, today: &str, change: impl Fn(&mut Value)) -> Harvest {
    let read = |list: PriceList| list.read(&NAMES, today.parse().unwrap());
    let mut product = product(sku);
    change(&mut product);
    let mut answer = PriceList::new();
    answer.add_file("answer", &json!({ "PriceList": [product.to_string()] }).to_string()).unwrap();
    let key = product["product"]["sku"].as_str().unwrap().to_owned();
    let mut file = json!({
        "offerCode": product["serviceCode"],
        "products": { key.clone(): product["product"] },
        "terms": { "OnDemand": { key: product["terms"]["OnDemand"] } },
    });
    if let Some(published) = product.get("publicationDate") {
        file["publicationDate"] = published.clone();
    }
    let mut offer = PriceList::new();
    offer.add_file("offer", &file.to_string()).unwrap();
    let harvest = read(answer);
    assert_eq!(harvest, read(offer));
    assert_eq!(harvest.accounted_for(), harvest.lines);
    harvest
}

fn each_term(product: &mut Value, change: impl Fn(&mut Value)) {
    if let Some(terms) = product["terms"]["OnDemand"].as_object_mut() {
        terms.values_mut().for_each(change);
    }
}

#[test]
fn a_row_was_seen_when_the_list_was_published_and_never_after_today() {
    let seen = |today: &str, published: Option<&str>| {
        let harvest = both_shapes("QWEN", today, |product| match published {
            Some(day) => product["publicationDate"] = format!("{day}T00:00:00Z").into(),
            None => drop(product.as_object_mut().unwrap().remove("publicationDate")),
        });
        let row = harvest.book.models[0].rates[0].clone();
        (row.checked.to_string(), row.source, harvest.undated)
    };
    for (today, published, checked) in [
        ("2026-11-26", "2026-05-04", "2026-05-04"),
        ("2026-11-26", "2026-11-26", "2026-11-26"),
        // A clock that is behind: what is published later was not seen yet.
        ("2026-11-26", "2026-12-24", "2026-11-26"),
    ] {
        let told = seen(today, Some(published));
        assert_eq!((told.0.as_str(), told.2), (checked, 0));
        assert!(told.1.ends_with(&format!("published {published}")), "{}", told.1);
    }
    // No day of publication: the newest price is all that dates the file, and the row says so.
    let told = seen("2026-11-26", None);
    assert_eq!((told.0.as_str(), told.2), ("2026-04-01", 1));
    assert!(told.1.ends_with("publication day not stated, newest price of 2026-04-01"));
}

#[test]
fn the_newest_price_of_an_undated_file_is_not_one_of_the_future() {
    let mut now = product("QWEN");
    let mut later = product("QWEN-FLEX");
    for product in [&mut now, &mut later] {
        product.as_object_mut().unwrap().remove("publicationDate");
    }
    each_term(&mut later, |term| term["effectiveDate"] = "2027-01-01T00:00:00Z".into());
    let mut list = PriceList::new();
    list.add_file("file", &json!([now, later]).to_string()).unwrap();
    let harvest = read(list);
    assert_eq!((harvest.undated, harvest.later.len(), harvest.priced), (2, 1, 1));
    let checked = model(&harvest, QWEN).rates[0].checked;
    assert_eq!(checked, "2026-04-01".parse().unwrap());
    let page = terminal::prices::harvest(&harvest);
    let later = "later          AmazonBedrock MADEUP-QWEN-FLEX USE1-Qwen3-32B-input-tokens-flex: holds from 2027-01-01 on";
    assert!(page.contains(later), "{page}");
    assert!(page.contains("undated        2 lines are of a document that does not say"), "{page}");
    assert!(page.contains("2 lines: 1 are rates, 1 hold from a later day on"), "{page}");
}

#[test]
fn a_price_of_a_later_day_is_no_price_before() {
    let harvest = both_shapes("QWEN", DAY, |product| {
        each_term(product, |term| term["effectiveDate"] = "2026-11-24T00:00:00Z".into());
    });
    assert!(harvest.book.models.is_empty());
    assert_eq!(harvest.later[0].why, "holds from 2026-11-24 on");
    let on_its_day = both_shapes("QWEN", "2026-11-24", |product| {
        each_term(product, |term| term["effectiveDate"] = "2026-11-24T00:00:00Z".into());
    });
    assert_eq!((on_its_day.priced, on_its_day.later.len()), (1, 0));
    // Nor does it contradict the price of today, whatever its SKU.
    let mut next = product("QWEN");
    next["product"]["sku"] = "NEXT".into();
    each_term(&mut next, |term| {
        term["effectiveDate"] = "2026-12-01T00:00:00Z".into();
        let dimensions = term["priceDimensions"].as_object_mut().unwrap();
        dimensions.values_mut().for_each(|it| it["pricePerUnit"]["USD"] = "0.0001".into());
    });
    let mut list = PriceList::new();
    list.add_product(&product("QWEN").to_string());
    list.add_product(&next.to_string());
    let both = read(list);
    let input = price(&both, (QWEN, VIRGINIA), IN_REGION, Meter::Input);
    assert_eq!((input.as_deref(), both.later.len()), (Some("0.15"), 1));
}

#[test]
fn a_price_that_a_later_list_says_again_was_seen_later() {
    let mut list = PriceList::new();
    for day in ["2026-05-04", "2026-10-10", "2026-08-20"] {
        let mut product = product("QWEN");
        product["publicationDate"] = format!("{day}T00:00:00Z").into();
        list.add_product(&product.to_string());
    }
    let harvest = read(list);
    assert_eq!((harvest.priced, harvest.duplicates), (1, 2));
    let row = &model(&harvest, QWEN).rates[0];
    assert_eq!(row.checked, "2026-10-10".parse().unwrap());
    assert!(row.source.ends_with("published 2026-10-10"), "{}", row.source);
}

#[test]
fn the_rates_are_those_of_the_embedded_book() {
    let harvest = everything();
    let embedded = PriceBook::aws().unwrap();
    let tiers = [ServiceTier::Standard, ServiceTier::Batch];
    for (model, scopes) in [
        (SONNET, vec![Scope::InRegion, Scope::Geo(Geo::Us), Scope::Global]),
        (MICRO, vec![Scope::InRegion]),
    ] {
        for (scope, tier) in scopes.iter().flat_map(|scope| tiers.map(|tier| (*scope, tier))) {
            for meter in Meter::TOKENS {
                let of = |book| rate(book, (model, VIRGINIA), (scope, tier), meter, None);
                assert_eq!(of(&harvest.book), of(&embedded), "{model} {scope:?} {tier} {meter}");
            }
        }
    }
}

#[test]
fn model_units_cost_what_their_genuine_rows_say() {
    let harvest = everything();
    let units = |id: &str| {
        let offers = harvest.book.offers(
            &BaseModel::new(id),
            &VIRGINIA.parse().unwrap(),
            DAY.parse().unwrap(),
            &Overrides::default(),
        );
        let units = offers.iter().map(|it| (it.term, it.unit_price.to_string()));
        units.collect::<Vec<_>>()
    };
    let terms = |prices: [&str; 3]| {
        let terms = [Term::None, Term::OneMonth, Term::SixMonths];
        terms.into_iter().zip(prices.map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(units(MICRO), terms(["60.50", "55.00", "30.25"]));
    assert_eq!(
        units("anthropic.claude-3-5-sonnet-20240620-v1:0"),
        terms(["176.00", "158.40", "88.00"])
    );
    let none: Option<TokenCountText> = None;
    let rows = &model(&harvest, MICRO).model_units;
    assert!(rows.iter().all(|row| row.input_tokens_per_hour == none));
}

#[test]
fn reserved_tokens_pair_both_sides_with_the_least_that_is_sold() {
    let harvest = everything();
    let rows = &model(&harvest, SONNET).reserved_tokens;
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row.scope, row.term, row.input.to_string(), row.output.to_string()))
        .collect();
    let row = |scope, term, input: &str, output: &str| (scope, term, input.into(), output.into());
    assert_eq!(
        said,
        [
            row(RowScope::Geo, Term::OneMonth, "0.198", "0.99"),
            row(RowScope::Global, Term::OneMonth, "0.18", "0.90"),
            row(RowScope::Geo, Term::ThreeMonths, "0.1782", "0.891"),
            row(RowScope::Global, Term::ThreeMonths, "0.162", "0.81"),
        ]
    );
    for row in rows {
        assert_eq!((row.minimum_input_tpm, row.minimum_output_tpm), (100_000, 10_000));
        assert_eq!(row.geo.as_deref(), (row.scope == RowScope::Geo).then_some("*"));
    }
    assert!(refusal("HAIKU-TPM-ALONE").contains("no line has the price of the other"));
}

#[test]
fn the_harvest_is_a_valid_price_book() {
    let book = everything().book;
    assert_eq!(book.name, "price-list");
    let text = toml::to_string(&book).unwrap();
    assert_eq!(PriceBook::parse("price-list", &text).unwrap(), book);
}

#[test]
fn every_line_ends_in_exactly_one_way() {
    let counts = |harvest: &Harvest| {
        (
            harvest.lines,
            harvest.priced,
            harvest.duplicates,
            harvest.passed_over.len(),
            harvest.rejected.len(),
            harvest.unmapped.iter().map(|gap| gap.lines).sum::<u64>(),
            harvest.contradictions.iter().map(|it| it.lines.len()).sum::<usize>(),
        )
    };
    let expected = [(76, 39, 0, 14, 19, 2, 2), (54, 41, 2, 2, 7, 0, 2), (9, 9, 0, 0, 0, 0, 0)];
    for ((products, bulk), expected) in FILES.into_iter().zip(expected) {
        for text in [products, bulk] {
            let mut list = PriceList::new();
            list.add_file("file", text).unwrap();
            let harvest = read(list);
            assert_eq!(counts(&harvest), expected);
            assert!(harvest.later.is_empty());
            assert_eq!(harvest.accounted_for(), harvest.lines);
        }
    }
}

// Units.

#[test]
fn a_1k_price_is_never_read_as_a_1m_price() {
    let harvest = harvest(&["GROK-1M", "QWEN", "LOWER-CASE"]);
    let input = |model| price(&harvest, (model, VIRGINIA), IN_REGION, Meter::Input);
    assert_eq!(input("xai.grok-4.3").as_deref(), Some("1.25"));
    assert_eq!(input(QWEN).as_deref(), Some("0.15"));
    assert_eq!(input("openai.gpt-oss-20b-1:0").as_deref(), Some("0.07"));
}

#[test]
fn a_unit_and_a_description_that_disagree_are_refused() {
    for sku in ["1K-SAYS-1M", "1M-SAYS-1K", "1K-SAYS-NOTHING"] {
        assert!(refusal(sku).contains("not known together"), "{sku}");
    }
    assert!(refusal("1B-TOKENS").contains("the unit `1B tokens` is not known"));
}

#[test]
fn a_price_beyond_belief_is_refused() {
    assert!(refusal("BEYOND-BELIEF").contains("beyond belief"));
    assert!(refusal("BELOW-ZERO").contains("`-0.0015000000` is not a price"));
    assert!(refusal("TOO-FINE").contains("is not a price"));
}

#[test]
fn units_get_their_meaning_from_the_description() {
    let opus = harvest(&["QHHV2AA3GM647WBC", "K6ATJXAP2KRY4E8C"]);
    let input = |how| price(&opus, ("anthropic.claude-opus-4-7", VIRGINIA), how, Meter::Input);
    assert_eq!(input(IN_REGION).as_deref(), Some("5.50"));
    // Its description says neither a million nor a thousand, as the younger ones do not.
    assert_eq!(input(GLOBAL).as_deref(), Some("5.00"));
    let haiku = harvest(&["HAIKU-1M-TOKENS"]);
    let input = price(&haiku, (HAIKU, OREGON), IN_REGION, Meter::Input);
    assert_eq!(input.as_deref(), Some("1.10"));
    for sku in ["HAIKU-UNITS-1K", "HAIKU-NO-MILLION"] {
        assert!(refusal(sku).contains("not known together"), "{sku}");
    }
}

#[test]
fn a_description_of_something_else_than_the_usage_type_is_refused() {
    for sku in ["HAIKU-OTHER-METER", "HAIKU-OTHER-SCOPE"] {
        assert!(refusal(sku).contains("does not fit its usage type"), "{sku}");
    }
}

#[test]
fn a_tpm_hour_unit_of_1m_means_1k() {
    let harvest = harvest(&["HAIKU-TPM-IN", "HAIKU-TPM-OUT"]);
    let rows = &model(&harvest, HAIKU).reserved_tokens;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].input.to_string(), "0.066");
    assert_eq!(rows[0].output.to_string(), "0.33");
    // Where it says a million there too, nobody knows which it is.
    assert!(refusal("HAIKU-TPM-MILLION").contains("not known together"));
}

#[test]
fn a_price_that_is_a_number_is_refused() {
    assert!(refusal("FLOAT").contains("is a number and not a text"));
}

#[test]
fn another_currency_a_second_dimension_and_a_tier_are_refused() {
    assert!(refusal("YUAN").contains("not in US dollars alone"));
    assert!(refusal("TWO-DIMENSIONS").contains("not exactly one price dimension"));
    assert!(refusal("FIRST-MILLION").contains("from `0` to `1000000`"));
    assert!(refusal("NO-TERM").contains("no OnDemand term"));
}

// Tiers.

#[test]
fn batch_may_be_marked_only_by_its_feature() {
    let harvest = harvest(&["BATCH-BY-FEATURE", "QWEN"]);
    let input = |tier| price(&harvest, (QWEN, VIRGINIA), (Scope::InRegion, tier), Meter::Input);
    assert_eq!(input(ServiceTier::Batch).as_deref(), Some("0.075"));
    assert_eq!(input(ServiceTier::Standard).as_deref(), Some("0.15"));
}

#[test]
fn each_tier_has_a_rate_of_its_own() {
    let harvest = harvest(&["QWEN", "QWEN-FLEX", "QWEN-PRIORITY"]);
    let input = |tier| price(&harvest, (QWEN, VIRGINIA), (Scope::InRegion, tier), Meter::Input);
    assert_eq!(input(ServiceTier::Standard).as_deref(), Some("0.15"));
    assert_eq!(input(ServiceTier::Flex).as_deref(), Some("0.075"));
    assert_eq!(input(ServiceTier::Priority).as_deref(), Some("0.2625"));
    assert_eq!(input(ServiceTier::Batch), None);
}

#[test]
fn attributes_that_name_two_tiers_are_refused() {
    assert!(refusal("TWO-TIERS").contains("more than one tier"));
}

#[test]
fn latency_optimized_is_a_tier_and_no_model() {
    let harvest = harvest(&["LATENCY-BY-NAME", "LATENCY-BY-SUFFIX", "LLAMA-70B", "HAIKU-LATENCY"]);
    let of =
        |model, tier, meter| price(&harvest, (model, VIRGINIA), (Scope::InRegion, tier), meter);
    let llama = "meta.llama3-1-70b-instruct-v1:0";
    let fast = ServiceTier::LatencyOptimized;
    assert_eq!(of(llama, ServiceTier::Standard, Meter::Input).as_deref(), Some("0.72"));
    assert_eq!(of(llama, fast, Meter::Input).as_deref(), Some("0.90"));
    assert_eq!(of("amazon.nova-pro-v1:0", fast, Meter::Output).as_deref(), Some("4.00"));
    let haiku = "anthropic.claude-3-5-haiku-20241022-v1:0";
    assert_eq!(of(haiku, fast, Meter::Input).as_deref(), Some("1.00"));
    assert_eq!(of(haiku, ServiceTier::Standard, Meter::Input), None);
}

// Zero, and what is missing.

#[test]
fn zero_placeholders_are_missing_except_where_writes_are_free() {
    let harvest = harvest(&["7JUJCEZMJF9JADGK"]);
    let write = price(&harvest, (MICRO, VIRGINIA), IN_REGION, Meter::CacheWrite);
    assert_eq!(write.as_deref(), Some("0.00"));
    for sku in ["ZERO-WRITE", "ZERO-INPUT", "FREE-UNIT"] {
        assert!(refusal(sku).contains("a price of zero is a placeholder"), "{sku}");
    }
}

#[test]
fn input_without_output_and_batch_alone_stay_so() {
    let harvest = harvest(&["SONNET-INPUT", "LLAMA-405B-BATCH"]);
    let sonnet = ("anthropic.claude-3-sonnet-20240229-v1:0", VIRGINIA);
    assert_eq!(price(&harvest, sonnet, IN_REGION, Meter::Input).as_deref(), Some("3.00"));
    assert_eq!(price(&harvest, sonnet, IN_REGION, Meter::Output), None);
    let llama = ("meta.llama3-1-405b-instruct-v1:0", VIRGINIA);
    let batch = (Scope::InRegion, ServiceTier::Batch);
    assert_eq!(price(&harvest, llama, batch, Meter::Input).as_deref(), Some("1.20"));
    assert_eq!(price(&harvest, llama, IN_REGION, Meter::Input), None);
}

// The same thing twice.

#[test]
fn the_same_rate_published_twice_is_one_rate() {
    let mut again = product("QWEN");
    again["product"]["sku"] = "AGAIN".into();
    each_term(&mut again, |term| term["effectiveDate"] = "2026-05-01T00:00:00Z".into());
    let qwen = of_products(&[again, product("QWEN")]);
    assert_eq!((qwen.priced, qwen.duplicates), (1, 1));
    // The price holds from the earlier of both days on.
    let row = &model(&qwen, QWEN).rates[0];
    assert_eq!(row.effective_from, Some("2026-04-01".parse().unwrap()));
    let batch =
        harvest(&["6MNH7C29RGKPG7UM", "JKCR7NE6SKPQEJHS", "DPXJDSKJSTV9AV9U", "XS68CTGF2W58455Q"]);
    assert_eq!((batch.priced, batch.duplicates), (2, 2));
    let offers = harvest(&["SONNET-INPUT", "SONNET-INPUT-AGAIN", "SONNET-OUTPUT"]);
    assert_eq!((offers.priced, offers.duplicates), (2, 1));
    let at = ("anthropic.claude-3-sonnet-20240229-v1:0", VIRGINIA);
    let output = price(&offers, at, IN_REGION, Meter::Output);
    assert_eq!(output.as_deref(), Some("15.00"));
}

#[test]
fn a_price_of_the_mantle_endpoint_is_not_that_of_the_other() {
    let harvest = harvest(&["QWEN-NEXT", "QWEN-NEXT-MANTLE", "QWEN-NEXT-OUTPUT"]);
    let at = ("qwen.qwen3-next-80b-a3b", "ap-south-1");
    let of = |meter| price(&harvest, at, IN_REGION, meter);
    assert_eq!(of(Meter::Input).as_deref(), Some("0.18"));
    assert_eq!(of(Meter::Output).as_deref(), Some("1.41"));
    let rows = &model(&harvest, "qwen.qwen3-next-80b-a3b").rates;
    let mantle: Vec<_> = rows.iter().filter(|row| row.scope == RowScope::Mantle).collect();
    assert_eq!(mantle.len(), 1);
    assert_eq!(mantle[0].input.unwrap().to_string(), "0.168");
    let usage_type = "usage type APS3-qwen.qwen3-next-80b-a3b-mantle-input-tokens-standard";
    assert!(mantle[0].source.contains(usage_type), "{}", mantle[0].source);
}

/// Makes a product of a model whose usage type names the mantle endpoint.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn mantle_product(name: &str, usage_type: &str, usd: &str) -> Value {
    let mut product = product("GROK-1M");
    product["product"]["sku"] = usage_type.into();
    let attributes = &mut product["product"]["attributes"];
    attributes["model"] = name.into();
    attributes["usagetype"] = usage_type.into();
    let attributes = attributes.as_object_mut().unwrap();
    attributes
        .retain(|key, _| !["inferenceType", "tokenType", "service_tier"].contains(&key.as_str()));
    each_term(&mut product, |term| {
        let dimensions = term["priceDimensions"].as_object_mut().unwrap();
        dimensions.values_mut().for_each(|it| it["pricePerUnit"]["USD"] = usd.into());
    });
    product
}

fn of_products(products: &[Value]) -> Harvest {
    let mut list = PriceList::new();
    for product in products {
        list.add_product(&product.to_string());
    }
    let harvest = read(list);
    assert_eq!(harvest.accounted_for(), harvest.lines);
    harvest
}

#[test]
fn a_mantle_line_alone_prices_the_runtime_by_review_alone() {
    let next = "USE1-qwen.qwen3-next-80b-a3b-mantle-input-tokens-standard";
    let k3 = "USE1-moonshotai.kimi-k3-mantle-input-tokens-standard";
    let harvest = of_products(&[
        mantle_product("Qwen3 Next 80B A3B", next, "0.14"),
        mantle_product("Kimi K3", k3, "3.30"),
        mantle_product("google.gemma-4-31b", "USE1-google.gemma-4-31b-mantle-input-tokens", "0.14"),
    ]);
    let input = |id| price(&harvest, (id, VIRGINIA), IN_REGION, Meter::Input);
    assert_eq!(input("qwen.qwen3-next-80b-a3b"), None);
    assert_eq!(input("google.gemma-4-31b"), None);
    assert_eq!(input("moonshotai.kimi-k3").as_deref(), Some("3.30"));
    let row = |id| model(&harvest, id).rates[0].clone();
    let next = row("qwen.qwen3-next-80b-a3b");
    assert_eq!((next.scope, next.trust), (RowScope::Mantle, Some(Trust::PriceList)));
    // By review it is less to be trusted than AWS's page, and says which usage type it is of.
    let k3_row = row("moonshotai.kimi-k3");
    assert_eq!(k3_row.trust, Some(Trust::ReviewedMantle));
    assert!(Trust::ReviewedMantle > Trust::AwsPage);
    assert!(k3_row.source.contains(k3), "{}", k3_row.source);
}

#[test]
fn another_kind_of_line_of_the_region_and_tier_takes_the_runtime_from_a_reviewed_one() {
    let line = |usage_type: &str, usd| mantle_product("Kimi K3", usage_type, usd);
    let id = "moonshotai.kimi-k3-mantle";
    let harvest = of_products(&[
        line(&format!("USE1-{id}-input-tokens-standard"), "3.30"),
        line(&format!("USE1-{id}-input-tokens-flex"), "1.65"),
        line("USE1-moonshotai.kimi-k3-input-tokens-standard", "3.00"),
        line(&format!("USE1-{id}-input-tokens-global-standard"), "2.90"),
    ]);
    let input = |how| price(&harvest, ("moonshotai.kimi-k3", VIRGINIA), how, Meter::Input);
    assert_eq!(input(IN_REGION).as_deref(), Some("3.00"));
    assert_eq!(input((Scope::InRegion, ServiceTier::Flex)).as_deref(), Some("1.65"));
    // The global line is of the other endpoint too, and no row of that endpoint is for it.
    assert_eq!(input(GLOBAL), None);
    assert_eq!(harvest.passed_over.len(), 1);
}

#[test]
fn haiku_on_mantle_lines_is_priced_on_the_global_profile_as_it_is_billed() {
    let of = |what: &str| format!("USE1-anthropic.claude-haiku-5-5-mantle-{what}-global-standard");
    let name = "anthropic.claude-haiku-5-5";
    let harvest = of_products(&[
        mantle_product(name, &of("input-tokens"), "0.10"),
        mantle_product(name, &of("input-tokens-long-ctx"), "0.50"),
        mantle_product(name, &of("cache-write-tokens-30m"), "0.125"),
    ]);
    let at = (name, VIRGINIA);
    let input = |tokens| rate(&harvest.book, at, GLOBAL, Meter::Input, Some(tokens));
    let exactly = |price: &str| Some((price.to_owned(), price.to_owned()));
    assert_eq!(input(100_000), exactly("0.10"));
    assert_eq!(input(100_001), exactly("0.50"));
}

#[test]
fn two_prices_of_the_same_thing_are_no_price() {
    let harvest = harvest(&["TERRA-READ", "TERRA-CACHED"]);
    assert!(harvest.book.models.is_empty());
    assert_eq!(harvest.contradictions.len(), 1);
}

#[test]
fn two_terms_of_one_sku_are_a_history() {
    let harvest = harvest(&["TWO-TERMS"]);
    assert_eq!((harvest.lines, harvest.priced), (2, 2));
    let rows = &model(&harvest, "minimax.minimax-m2.5").rates;
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row.effective_from.unwrap().to_string(), row.output.unwrap().to_string()))
        .collect();
    let row = |day: &str, price: &str| (day.to_owned(), price.to_owned());
    assert_eq!(said, [row("2026-04-01", "1.20"), row("2026-09-01", "1.00")]);
}

#[test]
fn both_kinds_of_cache_writes_stand_in_one_row() {
    let mut list = PriceList::new();
    for (sku, day) in
        [("UZUVWF3P26ENQTZ8", "2026-03-01T00:00:00Z"), ("Q5UDFRBQA4X5VSXR", "2026-05-01T00:00:00Z")]
    {
        let mut product = product(sku);
        let terms = product["terms"]["OnDemand"].as_object_mut().unwrap();
        for term in terms.values_mut() {
            term["effectiveDate"] = day.into();
        }
        list.add_product(&product.to_string());
    }
    // The later row has the price of the earlier one too, else the range would be its upper end.
    let harvest = read(list);
    let write = rate(&harvest.book, (SONNET, VIRGINIA), IN_REGION, Meter::CacheWrite, None);
    assert_eq!(write, Some(("4.125".into(), "6.60".into())));
    assert_eq!(harvest.priced, 2);
}

#[test]
fn no_term_code_is_known_by_heart() {
    let harvest = harvest(&["OTHER-TERM-CODE"]);
    let at = ("minimax.minimax-m2.5", VIRGINIA);
    let input = price(&harvest, at, IN_REGION, Meter::Input);
    assert_eq!(input.as_deref(), Some("0.30"));
}

// Where requests are served.

#[test]
fn regional_and_global_prices_do_not_mix() {
    let harvest = harvest(&["LITE", "LITE-GLOBAL", "LITE-GLOBAL-BATCH"]);
    assert!(harvest.contradictions.is_empty());
    let input = |how| price(&harvest, (LITE, VIRGINIA), how, Meter::Input);
    assert_eq!(input(IN_REGION).as_deref(), Some("0.33"));
    assert_eq!(input(US).as_deref(), Some("0.33"));
    assert_eq!(input(GLOBAL).as_deref(), Some("0.30"));
    let batch = (Scope::Global, ServiceTier::Batch);
    assert_eq!(input(batch).as_deref(), Some("0.15"));
    assert_eq!(input((Scope::InRegion, ServiceTier::Batch)), None);
}

#[test]
fn a_geo_row_of_the_same_price_says_it_again() {
    let harvest = harvest(&["LITE", "LITE-GEO-SAME"]);
    assert_eq!((harvest.priced, harvest.duplicates), (1, 1));
    let rows = &model(&harvest, LITE).rates;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].scope, RowScope::Regional);
}

#[test]
fn a_geo_row_of_another_price_leaves_the_region_alone() {
    let lite = harvest(&["LITE", "LITE-GEO-DEARER"]);
    assert_eq!((lite.priced, lite.duplicates), (2, 0));
    let input = |how| price(&lite, (LITE, VIRGINIA), how, Meter::Input);
    assert_eq!(input(IN_REGION).as_deref(), Some("0.33"));
    assert_eq!(input(US).as_deref(), Some("0.363"));
    let sydney = harvest(&["LITE-SYDNEY", "LITE-SYDNEY-GEO"]);
    let output = |scope| {
        let how = (scope, ServiceTier::Standard);
        price(&sydney, (LITE, "ap-southeast-2"), how, Meter::Output)
    };
    assert_eq!(output(Scope::InRegion).as_deref(), Some("2.75"));
    for geo in [Geo::Au, Geo::Apac] {
        assert_eq!(output(Scope::Geo(geo)).as_deref(), Some("3.025"));
    }
    assert_eq!(output(Scope::Geo(Geo::Jp)), None);
    // Two prices for the profile: neither is, and that of the Region is not one for it.
    let neither = harvest(&["LITE", "LITE-GEO-SAME", "LITE-GEO-DEARER"]);
    let input = |how| price(&neither, (LITE, VIRGINIA), how, Meter::Input);
    assert_eq!(input(IN_REGION).as_deref(), Some("0.33"));
    assert_eq!(input(US), None);
}

#[test]
fn a_geo_price_alone_is_no_price_in_the_region() {
    let harvest = harvest(&["SERVICE-GEO-ALONE"]);
    let at = ("anthropic.claude-sonnet-4-5-20250929-v1:0", VIRGINIA);
    assert_eq!(price(&harvest, at, US, Meter::Output).as_deref(), Some("16.50"));
    assert_eq!(price(&harvest, at, IN_REGION, Meter::Output), None);
}

#[test]
fn the_billing_code_does_not_tell_the_region() {
    let harvest = harvest(&["EUROPEAN-CODE"]);
    let output = |region| {
        let at = ("openai.gpt-oss-20b-1:0", region);
        price(&harvest, at, IN_REGION, Meter::Output)
    };
    assert_eq!(output(VIRGINIA).as_deref(), Some("0.30"));
    assert_eq!(output("eu-west-1"), None);
    assert!(refusal("NO-REGION").contains("has no regionCode"));
}

// Long contexts.

#[test]
fn a_long_context_has_a_threshold_or_no_price() {
    let astra = harvest(&["ASTRA", "ASTRA-LONG"]);
    let at = ("openai.gpt-6-astra", VIRGINIA);
    let input = |tokens| rate(&astra.book, at, IN_REGION, Meter::Input, tokens);
    let exactly = |price: &str| Some((price.to_owned(), price.to_owned()));
    assert_eq!(input(Some(272_000)), exactly("11.00"));
    assert_eq!(input(Some(272_001)), exactly("22.00"));
    assert_eq!(input(None), Some(("11.00".into(), "22.00".into())));
    assert!(refusal("OPUS-LONG").contains("states no threshold"));
    let stated = harvest(&["OPUS-LONG-STATED"]);
    let rows = &model(&stated, "anthropic.claude-opus-4-6-v1").rates;
    assert_eq!(rows[0].above_input_tokens, Some(200_000));
    let service = harvest(&["SERVICE-GLOBAL", "SERVICE-LONG"]);
    let at = ("anthropic.claude-sonnet-4-5-20250929-v1:0", VIRGINIA);
    let input = |tokens| rate(&service.book, at, GLOBAL, Meter::Input, Some(tokens));
    assert_eq!(input(200_000), exactly("3.00"));
    assert_eq!(input(200_001), exactly("6.00"));
}

#[test]
fn a_write_for_half_an_hour_is_the_only_price_of_a_write() {
    let harvest = harvest(&["ASTRA-WRITE"]);
    let at = ("openai.gpt-6-astra", VIRGINIA);
    let write = rate(&harvest.book, at, IN_REGION, Meter::CacheWrite, None);
    assert_eq!(write, Some(("13.75".into(), "13.75".into())));
    let row = &model(&harvest, "openai.gpt-6-astra").rates[0];
    let kinds = row.cache_writes().map(|price| price.map(|price| price.to_string()));
    assert_eq!(kinds, [None, Some("13.75".into()), None]);
}

// Names.

#[test]
fn a_newer_model_never_takes_the_price_of_a_legacy_one() {
    let harvest =
        harvest(&["MISTRAL-LARGE", "MISTRAL-LARGE-3", "MISTRAL-LARGE-4", "MISTRAL-LARGE-4-OUT"]);
    let input = |model| price(&harvest, (model, VIRGINIA), IN_REGION, Meter::Input);
    assert_eq!(input("mistral.mistral-large-2402-v1:0").as_deref(), Some("4.00"));
    assert_eq!(input("mistral.mistral-large-3-675b-instruct").as_deref(), Some("0.50"));
    assert_eq!(harvest.book.models.len(), 2);
    let gap = PriceListGap {
        service_code: "AmazonBedrock".into(),
        name: "Mistral Large 4".into(),
        lines: 2,
        suggestion: None,
    };
    assert_eq!(harvest.unmapped, [gap]);
}

#[test]
fn a_suggestion_prices_nothing() {
    let llama = BaseModel::new("meta.llama3-1-70b-instruct-v1:0");
    let names = Names::parse("none", "schema_version = 1").unwrap();
    let names = names.also_knowing([llama.clone()]);
    let mut list = PriceList::new();
    list.add_product(&product("LLAMA-70B").to_string());
    let harvest = list.read(&names, DAY.parse().unwrap());
    assert!(harvest.book.models.is_empty());
    assert_eq!(harvest.unmapped[0].suggestion, Some(llama));
}

#[test]
fn embeddings_are_named_by_another_attribute_or_by_the_usage_type() {
    let harvest = harvest(&["TITAN-BY-ATTRIBUTE", "TITAN-BY-USAGE-TYPE"]);
    let input = |model| price(&harvest, (model, VIRGINIA), IN_REGION, Meter::Input);
    assert_eq!(input("amazon.titan-embed-text-v2:0").as_deref(), Some("0.02"));
    assert_eq!(input("amazon.titan-embed-image-v1").as_deref(), Some("0.80"));
}

#[test]
fn a_service_row_without_a_model_is_named_by_its_usage_type() {
    let harvest = harvest(&["SERVICE-BY-SLUG"]);
    let at = ("anthropic.claude-sonnet-4-20250514-v1:0", VIRGINIA);
    let output = price(&harvest, at, GLOBAL, Meter::Output);
    assert_eq!(output.as_deref(), Some("15.00"));
}

/// Models that have a name in the price list and no row in the embedded book.
const WITHOUT_ROWS: &[(&str, &str)] = &[
    ("anthropic.claude-v2", "left before the book was begun"),
    (
        "anthropic.claude-3-sonnet-20240229-v1:0",
        "left before the book was begun; the price list still has input prices",
    ),
];

#[test]
fn every_model_of_a_pair_is_in_the_embedded_book_or_excepted() {
    let book = PriceBook::aws().unwrap();
    for pair in NAMES.models() {
        let is_excepted = WITHOUT_ROWS.iter().any(|(id, _)| *id == pair.model.id());
        assert!(
            book.model(&pair.model).is_some() || is_excepted,
            "`{}` is {}, which the book does not have",
            pair.name,
            pair.model
        );
    }
    let keys: BTreeSet<_> = NAMES.models().map(|pair| (pair.service, &pair.name)).collect();
    assert_eq!(keys.len(), NAMES.models().count());
}

// What is no price of tokens.

#[test]
fn what_is_no_inference_of_a_model_is_passed_over() {
    for (sku, what) in [
        ("3U8X4ZX78FJ4ETWD", "tokens of a custom model"),
        ("DR6E7WPG8GTX32D4", "model customization"),
        ("NAXJVN8UCKYT6PVB", "model customization"),
        ("CUSTOM-UNIT", "model units of a custom model"),
        ("CUSTOM-IMPORT", "custom model import"),
        ("TITAN-IMAGES", "images"),
        ("SONIC-SPEECH", "not text"),
        ("SONIC-TEXT", "speech"),
        ("GUARDRAIL", "guardrails"),
        ("CANVAS-IMAGE", "images"),
        ("RAY", "`Second`"),
        ("SEARCH", "searches"),
        ("IMAGE", "images"),
    ] {
        let why = passed(sku);
        assert!(why.contains(what), "{sku}: {why}");
    }
}

#[test]
fn a_usage_type_that_nobody_knows_is_refused() {
    assert!(refusal("NEW-SUFFIX").contains("`USE1-Kimi-K2.5-input-tokens-turbo` is not known"));
}

#[test]
fn model_units_of_a_term_that_the_feature_denies_are_refused() {
    let harvest = harvest(&["LITE-NO-COMMIT", "LITE-1-MONTH"]);
    assert_eq!(model(&harvest, LITE).model_units.len(), 2);
    assert!(refusal("LITE-OTHER-TERM").contains("not known together"));
}

#[test]
fn other_offers_are_told_from_unknown_ones() {
    let of_offer = |code: &str| {
        let mut product = product("QWEN");
        product["serviceCode"] = code.into();
        product["product"]["attributes"]["servicecode"] = code.into();
        let mut list = PriceList::new();
        list.add_product(&product.to_string());
        read(list)
    };
    for code in ["AmazonBedrockAgentCore", "AmazonBedrockMarketplace"] {
        assert_eq!(of_offer(code).passed_over.len(), 1, "{code}");
    }
    let s3 = of_offer("AmazonS3");
    assert_eq!(s3.rejected[0].why, "the offer `AmazonS3` is not known");
    assert_eq!(of_offer(ServiceCode::Bedrock.code()).priced, 1);
}

#[test]
fn all_shapes_of_a_document_are_told_apart() {
    let product = product("QWEN");
    let envelope = json!({"FormatVersion": "aws_v1", "PriceList": [product.to_string()]});
    for document in [product.clone(), envelope, json!([product]), json!([product.to_string()])] {
        let mut list = PriceList::new();
        list.add_file("file", &document.to_string()).unwrap();
        assert_eq!(read(list).priced, 1, "{document}");
    }
    let mut list = PriceList::new();
    assert!(list.add_file("file", "{\"PriceList\": 1}").is_err());
    list.add_product("{");
    assert_eq!(read(list).rejected.len(), 1);
}

// Laws.

/// Lists the addresses of all that is in a document.
fn addresses(value: &Value, here: &str, all: &mut Vec<String>) {
    all.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                addresses(member, &format!("{here}/{name}"), all);
            }
        }
        Value::Array(members) => {
            for (place, member) in members.iter().enumerate() {
                addresses(member, &format!("{here}/{place}"), all);
            }
        }
        _ => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "0",
        "1",
        "-1",
        "1K tokens",
        "1M tokens",
        "Units",
        "hour",
        "1M TPM Hour",
        "1e5",
        "NaN",
        "Infinity",
        "0.0000000001",
        "999999999999999999999999999999999999",
        "AmazonBedrock",
        "AmazonBedrockService",
        "us-east-1",
        "2026-02-30T00:00:00Z",
        "Batch Inference",
        "flex",
        "USE1-NovaPro-input-tokens",
        "USE1-MP:USE1_input_tokens_standard-Units",
        "Nova Micro",
        "$1 per 1K tokens",
        "x|y|Million Input Tokens",
        "Claude Sonnet 4.6 (Amazon Bedrock Edition)",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(texts.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let keys =
            "(product|attributes|sku|terms|OnDemand|priceDimensions|PriceList|products|\\PC{0,6})";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((keys, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Lists the prices of a document for as many tokens as the book has them: those of a thousand,
/// times a thousand.
fn prices(value: &Value, all: &mut Vec<Decimal>) {
    if let Some(Value::String(text)) = value.pointer("/pricePerUnit/USD") {
        let unit = value["unit"].as_str().unwrap_or_default();
        let is_thousand = unit.trim().eq_ignore_ascii_case("1k tokens");
        let factor = Decimal::from(if is_thousand { 1_000 } else { 1 });
        let listed = Decimal::from_str_exact(text.trim()).ok();
        all.extend(listed.and_then(|listed| listed.checked_mul(factor)));
    }
    match value {
        Value::Object(members) => members.values().for_each(|it| prices(it, all)),
        Value::Array(members) => members.iter().for_each(|it| prices(it, all)),
        _ => {}
    }
}

/// Returns all numbers of dollars in a book.
fn numbers(book: &PriceBook) -> Vec<Decimal> {
    let rates = book.models.iter().flat_map(|model| &model.rates);
    let tokens = rates.flat_map(|row| {
        let others = [row.input, row.output, row.cache_read];
        others.into_iter().chain(row.cache_writes())
    });
    let units = book.models.iter().flat_map(|model| &model.model_units);
    let reserved = book.models.iter().flat_map(|model| &model.reserved_tokens);
    let hours = units
        .map(|row| row.usd_per_unit_hour)
        .map(UsdPerModelUnitHour::dollars)
        .chain(reserved.flat_map(|row| [row.input.dollars(), row.output.dollars()]));
    let tokens = tokens.flatten().map(UsdPerMillionTokens::dollars);
    tokens.chain(hours).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_json_is_read_without_a_panic_and_accounted_for(value in any_value()) {
        let mut list = PriceList::new();
        _ = list.add_file("any", &value.to_string());
        list.add_product(&value.to_string());
        let harvest = read(list);
        prop_assert_eq!(harvest.accounted_for(), harvest.lines);
    }

    #[test]
    fn a_damaged_row_is_an_exact_conversion_or_no_rate(
        row in any::<prop::sample::Index>(),
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any_value(), any::<bool>()), 1..3),
    ) {
        let mut document: Value = serde_json::from_str(row.get::<String>(&PRODUCTS)).unwrap();
        for (place, value, is_dropped) in damages {
            let mut all = Vec::new();
            addresses(&document, "", &mut all);
            let address = place.get(&all).clone();
            let (parent, name) = address.rsplit_once('/').unwrap_or(("", ""));
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) if is_dropped => {
                    members.remove(&name.replace("~1", "/").replace("~0", "~"));
                }
                _ => *document.pointer_mut(&address).unwrap() = value,
            }
        }
        let mut list = PriceList::new();
        list.add_product(&document.to_string());
        let harvest = read(list);
        prop_assert_eq!(harvest.accounted_for(), harvest.lines);
        let mut listed = Vec::new();
        prices(&document, &mut listed);
        for number in numbers(&harvest.book) {
            prop_assert!(listed.contains(&number), "{number} of {document}");
        }
    }

    #[test]
    fn another_unit_never_makes_another_price(
        row in any::<prop::sample::Index>(),
        unit in proptest::sample::select(vec!["1K tokens", "1M tokens", "1k tokens", "Units", "hour", "hours", "tokens", "1B tokens", "1K TPM Hour", "1M TPM Hour", ""]),
    ) {
        let before: Value = serde_json::from_str(row.get::<String>(&PRODUCTS)).unwrap();
        let mut after = before.clone();
        let mut all = Vec::new();
        addresses(&before, "", &mut all);
        for address in all.iter().filter(|address| address.ends_with("/unit")) {
            *after.pointer_mut(address).unwrap() = unit.into();
        }
        let book = |document: &Value| {
            let mut list = PriceList::new();
            list.add_product(&document.to_string());
            numbers(&read(list).book)
        };
        let (before, after) = (book(&before), book(&after));
        let is_refused = before.is_empty() || after.is_empty();
        prop_assert!(is_refused || before == after, "{before:?} {after:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_the_lines_does_not_matter(products in Just(products()).prop_shuffle()) {
        let mut list = PriceList::new();
        for product in &products {
            list.add_product(product);
        }
        prop_assert_eq!(read(list), everything());
    }
}

/// Lists all that a book prices by the token, and what of it is a range.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn priced(book: &PriceBook) -> BTreeSet<String> {
    let mut priced = BTreeSet::new();
    let regions = [
        "us-east-1",
        "us-west-2",
        "eu-west-1",
        "ap-northeast-1",
        "ap-southeast-2",
        "us-gov-west-1",
    ];
    for region in regions.map(|name| name.parse::<Region>().unwrap()) {
        let geos = Geo::of_region(&region).into_iter().map(Scope::Geo);
        let scopes: Vec<Scope> = [Scope::InRegion, Scope::Global].into_iter().chain(geos).collect();
        for (model, scope) in
            book.models.iter().flat_map(|model| scopes.iter().map(move |scope| (&model.id, *scope)))
        {
            for (tier, meter) in [ServiceTier::Standard, ServiceTier::Batch, ServiceTier::Flex]
                .into_iter()
                .flat_map(|tier| Meter::TOKENS.map(|meter| (tier, meter)))
            {
                let rate = book.rate(&RateQuery {
                    model,
                    region: &region,
                    scope,
                    tier: Some(tier),
                    meter,
                    input_tokens: None,
                    day: "2026-11-20".parse().unwrap(),
                });
                if let Some(rate) = rate {
                    let what = format!("{model} {region} {scope} {tier} {meter}");
                    if rate.upper_unit_price > rate.list_unit_price {
                        priced.insert(format!("{what}, a range"));
                    }
                    priced.insert(what);
                }
            }
        }
    }
    priced
}

#[test]
fn a_refresh_takes_no_price_away_whatever_the_list_lacks() {
    let aws = PriceBook::aws().unwrap();
    let mut list = PriceList::new();
    for (products, _) in FILES {
        list.add_file("file", products).unwrap();
    }
    let fresh = read(list).book;
    let refreshed = aws.clone().refreshed(fresh.clone(), OnDoubt::Keep).book;
    let (before, after) = (priced(&aws), priced(&refreshed));
    let gone: Vec<&String> = before.difference(&after).collect();
    assert!(gone.is_empty(), "{gone:#?}");
    // The files are older than what the book saw of these models.
    assert_eq!(after, before);
    let accepted = aws.refreshed(fresh.clone(), OnDoubt::Accept).book;
    assert!(priced(&accepted).len() > before.len());
    // Laid over itself again, nothing changes.
    let again = refreshed.clone().refreshed(fresh, OnDoubt::Keep).book;
    assert_eq!(priced(&again), after);
    let text = refreshed.to_toml().unwrap();
    assert_eq!(PriceBook::parse("again", &text).unwrap(), refreshed);
}
