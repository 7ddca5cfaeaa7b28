//! The embedded book against prices that were published, Region by Region, and what it must not
//! price.

use assert_cmd::Command;
use bedrock_cost_guard::catalog::{PriceBook, Rate, RateQuery, RowRegion};
use bedrock_cost_guard::domain::{
    BaseModel, Geo, Meter, ModelId, Region, Scope, ServiceTier, Target,
};
use jiff::civil::Date;
use serde_json::Value;

use crate::cli::printed;

/// Day after the last source of the book.
const DAY: &str = "2026-11-26";

fn cost_guard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn day() -> Date {
    DAY.parse().unwrap()
}

/// Finds the rate of a call by the id that the caller names.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn rate(book: &PriceBook, id: &str, region: &str, tier: ServiceTier, meter: Meter) -> Option<Rate> {
    let id = ModelId::parse(id);
    let Target::Model { model, scope, .. } = id.target() else {
        return None;
    };
    book.rate(&RateQuery {
        model,
        region: &region.parse().unwrap(),
        scope: *scope,
        tier: Some(tier),
        meter,
        input_tokens: None,
        day: day(),
    })
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn price(id: &str, region: &str, tier: ServiceTier, meter: Meter) -> String {
    rate(&PriceBook::aws().unwrap(), id, region, tier, meter)
        .map_or_else(|| "none".to_owned(), |rate| rate.list_unit_price.to_string())
}

/// Returns the standard prices of input and output.
fn standard(id: &str, region: &str) -> [String; 2] {
    [Meter::Input, Meter::Output].map(|meter| price(id, region, ServiceTier::Standard, meter))
}

#[test]
fn the_book_has_what_was_published_and_nothing_else() {
    let output = cost_guard()
        .args(["prices", "check", "tests/data/prices", "--coverage", "--day", DAY])
        .args(["--format", "json"])
        .assert()
        .success()
        .get_output()
        .clone();
    let coverage: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut abroad = [(0, 0); 2];
    for row in coverage["rows"].as_array().unwrap() {
        let count = |what: &str| row[what].as_u64().unwrap();
        let (all, good) = (count("figures"), count("equal") + count("of_several"));
        // No group of Regions and no tier hides behind the others.
        assert!(good * 100 >= all * 99, "{row}");
        let place = match row["tier"].as_str().unwrap() {
            "standard" => 0,
            "batch" => 1,
            _ => continue,
        };
        if row["regions"] != "commercial-us" {
            abroad[place].0 += all;
            abroad[place].1 += good;
        }
    }
    let [(standard, standard_good), (batch, batch_good)] = abroad;
    assert!(standard > 3_000 && standard_good * 100 >= standard * 98, "{abroad:?}");
    assert!(batch > 1_300 && batch_good * 100 >= batch * 95, "{abroad:?}");
    // Where sources conflict, the list has both figures.
    assert_eq!(coverage["different"].as_array().unwrap().len(), 0);
}

#[test]
fn a_geo_profile_is_priced_by_the_region_that_is_called() {
    for (id, region, prices) in [
        ("eu.amazon.nova-2-lite-v1:0", "eu-west-1", ["0.374", "3.157"]),
        ("eu.amazon.nova-2-lite-v1:0", "eu-central-1", ["0.429", "3.597"]),
        ("eu.amazon.nova-2-lite-v1:0", "eu-south-1", ["0.528", "4.411"]),
        ("us.amazon.nova-2-lite-v1:0", "us-east-1", ["0.33", "2.75"]),
        ("amazon.nova-2-pro-preview-20251202-v1:0", "us-west-1", ["1.771", "14.124"]),
        // What no source has for the Region is not taken from another one.
        ("eu.amazon.nova-2-pro-preview-20251202-v1:0", "eu-west-1", ["none", "none"]),
        ("anthropic.claude-sonnet-4-6", "eu-west-2", ["3.30", "16.50"]),
        ("eu.anthropic.claude-sonnet-4-6", "eu-west-2", ["3.30", "16.50"]),
        ("global.anthropic.claude-sonnet-4-6", "eu-west-2", ["3.00", "15.00"]),
    ] {
        assert_eq!(standard(id, region), prices, "{id} from {region}");
    }
    assert_eq!(standard("eu.amazon.nova-2-lite-v1:0", "eu-north-1")[0], "0.363");
}

#[test]
fn govcloud_has_its_own_prices() {
    let west = "us-gov-west-1";
    for (id, prices) in [
        ("openai.gpt-5.6-terra", ["2.64", "15.84"]),
        ("openai.gpt-5.6-luna", ["0.264", "1.584"]),
        ("openai.gpt-5.4", ["3.30", "19.80"]),
    ] {
        assert_eq!(standard(id, west), prices, "{id}");
    }
    let terra = |tier, meter| price("openai.gpt-5.6-terra", west, tier, meter);
    assert_eq!(terra(ServiceTier::Standard, Meter::CacheRead), "0.264");
    assert_eq!(terra(ServiceTier::Standard, Meter::CacheWrite), "3.30");
    assert_eq!(terra(ServiceTier::Priority, Meter::Input), "5.28");
    let book = PriceBook::aws().unwrap();
    let long = book.rate(&RateQuery {
        model: &BaseModel::new("openai.gpt-5.6-terra"),
        region: &west.parse().unwrap(),
        scope: Scope::InRegion,
        tier: Some(ServiceTier::Standard),
        meter: Meter::Input,
        input_tokens: Some(272_001),
        day: day(),
    });
    assert_eq!(long.unwrap().list_unit_price.to_string(), "5.28");
}

#[test]
fn free_cache_writes_are_a_price() {
    for model in ["amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0", "amazon.nova-2-lite-v1:0"] {
        let write = price(model, "us-east-1", ServiceTier::Standard, Meter::CacheWrite);
        assert_eq!(write, "0.00", "{model}");
    }
}

#[test]
fn a_line_that_says_mantle_does_not_price_the_runtime_where_the_page_has_another() {
    for region in ["us-east-1", "us-east-2", "us-west-2"] {
        assert_eq!(standard("qwen.qwen3-next-80b-a3b", region), ["0.15", "1.20"], "{region}");
    }
    // These are billed on such lines also where they run on the runtime.
    assert_eq!(standard("global.anthropic.claude-haiku-5-5", "us-east-1"), ["0.10", "0.50"]);
    assert_eq!(standard("us.moonshotai.kimi-k3", "us-east-1"), ["3.30", "16.50"]);
    // There is a mantle line alone there, of 0.168, which nobody confirms.
    assert_eq!(standard("qwen.qwen3-next-80b-a3b", "eu-central-1"), ["none", "none"]);
}

#[test]
fn no_row_of_the_book_speaks_for_regions_that_its_source_does_not_name() {
    let book = PriceBook::aws().unwrap();
    for model in &book.models {
        for row in &model.rates {
            assert!(!row.regions.contains(&RowRegion::All), "{}: {row:?}", model.id);
            assert!(row.checked <= day() && row.trust.is_some(), "{}: {row:?}", model.id);
        }
    }
}

/// Every Region of the book, every model of it, and every way to call: a rate's row names the Region.
#[test]
fn every_rate_is_of_a_row_that_names_the_region() {
    let book = PriceBook::aws().unwrap();
    let mut regions: Vec<Region> = Vec::new();
    for row in book.models.iter().flat_map(|model| &model.rates) {
        for region in &row.regions {
            if let RowRegion::Named(region) = region {
                regions.push(region.clone());
            }
        }
    }
    regions.sort_unstable();
    regions.dedup();
    assert_eq!(regions.len(), 35);
    regions.push("me-west-1".parse().unwrap());
    for model in &book.models {
        for region in &regions {
            for scope in [Scope::InRegion, Scope::Geo(Geo::Eu), Scope::Global] {
                let rate = book.rate(&RateQuery {
                    model: &model.id,
                    region,
                    scope,
                    tier: Some(ServiceTier::Standard),
                    meter: Meter::Input,
                    input_tokens: None,
                    day: day(),
                });
                let named = |row: &&bedrock_cost_guard::catalog::RateRow| {
                    row.covers(scope)
                        && row.input.is_some()
                        && row.regions.contains(&RowRegion::Named(region.clone()))
                };
                let has_row =
                    model.rates.iter().any(|row| named(&row) && row.tier == ServiceTier::Standard);
                assert_eq!(rate.is_some(), has_row, "{} from {region} {scope}", model.id);
            }
        }
    }
}

#[test]
fn a_page_says_what_a_caller_pays_in_a_region_by_profile() {
    for (model, region, rows) in [
        (
            "amazon.nova-2-lite-v1:0",
            "eu-west-1",
            [
                "in-Region ?, eu.  standard   0.374    3.157",
                "global.           standard    0.34     2.87",
            ],
        ),
        (
            "anthropic.claude-sonnet-4-6",
            "ca-central-1",
            [
                "in-Region ?, us.  standard   3.30   16.50",
                "global.           standard   3.00   15.00",
            ],
        ),
        (
            "anthropic.claude-sonnet-4-6",
            "eu-west-2",
            ["in-Region, eu.  standard   3.30   16.50", "global.         standard   3.00   15.00"],
        ),
    ] {
        let page =
            printed(cost_guard().args(["prices", "show", model, "--region", region, "--day", DAY]));
        assert!(page.lines().count() <= 40, "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
        for row in rows {
            assert!(page.contains(row), "{row}\n{page}");
        }
    }
    let mut none = cost_guard();
    none.args(["prices", "show", "anthropic.claude-mythos-5-1", "--region", "us-east-1"]);
    let page = none.assert().code(1).get_output().stdout.clone();
    let page = String::from_utf8(page).unwrap();
    let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("no price us profile: a source without a Region has 11.00 USD"),
        "{page}"
    );
}

#[test]
fn a_price_with_an_announced_end_prices_nothing_after_it() {
    let text = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n\
        [[source]]\nid = \"page\"\ntitle = \"a page\"\npublished = \"2026-09-01\"\ntrust = \"aws-page\"\n\
        [[model]]\nid = \"maker.model-v1:0\"\nname = \"M\"\nprovider = \"Maker\"\nrate = [\n\
        { scope = \"regional\", tier = \"standard\", regions = [\"us-east-1\"], input = \"1.00\", effective_until = \"2026-11-25\", sources = [\"page\"] },\n\
        { scope = \"global\", tier = \"standard\", regions = [\"us-east-1\"], input = \"0.90\", effective_until = \"2026-11-26\", sources = [\"page\"] },\n]\n";
    let book = PriceBook::parse("t", text).unwrap();
    let of = |id: &str| {
        rate(&book, id, "us-east-1", ServiceTier::Standard, Meter::Input)
            .map(|rate| rate.list_unit_price.to_string())
    };
    assert_eq!(of("maker.model-v1:0"), None);
    assert_eq!(of("global.maker.model-v1:0").as_deref(), Some("0.90"));
    // The end goes along where a book is written.
    let again = PriceBook::parse("t", &book.to_toml().unwrap()).unwrap();
    assert_eq!(again, book);
    let early = text.replace("2026-11-25", "2026-08-31");
    let fault = PriceBook::parse("t", &early).unwrap_err().to_string();
    assert!(fault.contains("rate 1"), "{fault}");
}

#[test]
fn a_source_that_is_not_in_the_head_is_a_fault() {
    let text = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n\
        [[model]]\nid = \"maker.model-v1:0\"\nname = \"M\"\nprovider = \"Maker\"\nrate = [\n\
        { scope = \"regional\", tier = \"standard\", regions = [\"us-east-1\"], input = \"1.00\", sources = [\"page\"] },\n]\n";
    let fault = PriceBook::parse("t", text).unwrap_err().to_string();
    assert!(fault.contains("names a source of its prices that is not in the head"), "{fault}");
    let fault = PriceBook::parse("t", &text.replace(", sources = [\"page\"]", "")).unwrap_err();
    assert!(fault.to_string().contains("needs `source` and `checked`, or `sources`"), "{fault}");
}
