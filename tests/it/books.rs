//! Whatever is handed over as a price book or as overrides: an error or exactly what was written,
//! never a panic and never another number.

use bedrock_cost_guard::catalog::{Overrides, PriceBook, RateField};
use bedrock_cost_guard::domain::UsdPerMillionTokens;
use proptest::prelude::*;
use toml::Value;

const HEAD: &str = include_str!("../../catalog/aws.toml");
const COHERE: &str = include_str!("../../catalog/aws/cohere.toml");
const OVERRIDES: &str = r#"schema_version = 1
[[capacity]]
model = "maker.model-v1:0"
input_tokens_per_minute = 1000000
output_tokens_per_minute = 300000
[[allowed_scopes]]
model = "*"
scopes = ["in-region", "geo"]
[[discount]]
provider = "Cohere"
percent = "12.5"
on = ["tokens", "model-units"]
from = "2026-01-01"
source = "addendum"
[[contract_price]]
model = "cohere.embed-v4:0"
scope = "in-region"
regions = ["us-east-1"]
input = "0.11"
from = "2026-01-01"
source = "addendum"
[[excluded_model]]
model = "maker.other-v1:0"
why = "leaves"
[[reserved_holding]]
name = "chat"
region = "us-east-1"
model = "maker.model-v1:0"
scope = "global"
input_tokens_per_minute = 100000
output_tokens_per_minute = 10000
term = "3-months"
from = "2026-01-01"
[[dismissed]]
id = "rec-2baace0e1a"
until = "2026-06-30"
why = "decided in June"
"#;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

/// Draws any TOML value, with the names that the formats know among its keys.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Float),
        "\\PC{0,12}".prop_map(Value::String),
        prop::sample::select(vec![
            "1.00",
            "-1",
            "1e3",
            "NaN",
            "0",
            "999999999999",
            "in-region",
            "*",
            "2026-01-01"
        ])
        .prop_map(|text| Value::String(text.to_owned())),
    ];
    let key = prop::sample::select(vec![
        "schema_version",
        "name",
        "description",
        "model",
        "id",
        "provider",
        "rate",
        "scope",
        "regions",
        "tier",
        "input",
        "effective_from",
        "checked",
        "source",
        "capacity",
        "discount",
        "percent",
        "on",
        "from",
        "until",
    ]);
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|table| {
                Value::Table(
                    table.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

/// Damage that is done to a line.
#[derive(Clone, Debug)]
enum Damage {
    Drop,
    Twice,
    Swap,
    Value(&'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Drop),
        Just(Damage::Twice),
        Just(Damage::Swap),
        prop::sample::select(vec![
            "\"-0.10\"",
            "\"1e9\"",
            "0.10",
            "\"0,10\"",
            "\"99999999999999999999999999999999\"",
            "\"0.00000000001\"",
            "\"2026-13-01\"",
            "[]",
            "\"nowhere\"",
            "18446744073709551616",
            "-1",
            "\"\"",
            "{}",
        ])
        .prop_map(Damage::Value),
    ]
}

fn damaged(text: &str, hits: &[(prop::sample::Index, Damage)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (place, damage) in hits {
        if lines.len() < 2 {
            break;
        }
        let place = place.index(lines.len() - 1);
        match damage {
            Damage::Drop => drop(lines.remove(place)),
            Damage::Twice => lines.insert(place, lines[place].clone()),
            Damage::Swap => lines.swap(place, place + 1),
            Damage::Value(value) => {
                if let Some((key, _)) = lines[place].clone().split_once(" = ") {
                    lines[place] = format!("{key} = {value}");
                }
            }
        }
    }
    lines.join("\n")
}

/// Returns all prices by the token that a book holds.
fn prices(book: &PriceBook) -> Vec<UsdPerMillionTokens> {
    let rows = book.models.iter().flat_map(|model| &model.rates);
    rows.flat_map(|row| RateField::ALL.map(|field| field.of(row))).flatten().collect()
}

/// Returns the texts of a document that are prices: quoted ones, and words of lines of rates.
fn written(text: &str) -> Vec<UsdPerMillionTokens> {
    let parts = text.split(|c: char| c == '"' || c.is_whitespace());
    parts.filter_map(|part| part.parse().ok()).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_toml_is_refused_or_read(value in any_value()) {
        let Ok(text) = toml::to_string(&value) else { return Ok(()) };
        for text in [text.clone(), format!("{HEAD}{text}")] {
            if let Ok(book) = PriceBook::parse("t", &text) {
                prop_assert!(prices(&book).iter().all(|price| written(&text).contains(price)));
            }
            let _ = Overrides::parse("t", &text);
        }
    }

    #[test]
    fn a_damaged_book_is_refused_or_has_the_prices_that_it_says(
        hits in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4)
    ) {
        let text = damaged(&format!("{HEAD}{COHERE}"), &hits);
        if let Ok(book) = PriceBook::parse("t", &text) {
            let written = written(&text);
            for price in prices(&book) {
                prop_assert!(written.contains(&price), "{price} is not in\n{text}");
            }
        }
    }

    #[test]
    fn damaged_overrides_are_refused_with_a_line_or_say_what_is_written(
        hits in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4)
    ) {
        let text = damaged(OVERRIDES, &hits);
        match Overrides::parse("t", &text) {
            Ok(overrides) => {
                let written = written(&text);
                for row in &overrides.contract_price {
                    prop_assert!(row.input.is_none_or(|price| written.contains(&price)));
                }
                for row in &overrides.discount {
                    let percent = String::from(row.percent);
                    prop_assert!(text.contains(&percent), "{percent} is not in\n{text}");
                }
            }
            Err(error) => {
                for fault in &error.faults {
                    let has_line = fault.starts_with("line ") || fault.contains("schema_version");
                    prop_assert!(has_line, "{fault}");
                }
            }
        }
    }
}

#[test]
fn the_examples_themselves_are_read() {
    let book = PriceBook::parse("t", &format!("{HEAD}{COHERE}")).unwrap();
    assert!(prices(&book).len() > 10);
    let overrides = Overrides::parse("t", OVERRIDES).unwrap();
    assert_eq!(overrides.reserved_holding.len(), 1);
}
