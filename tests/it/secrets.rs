//! Secrets in documents: whoever names the wrong file is told of its faults, and nobody of its values.

use std::sync::LazyLock;

use bedrock_cost_guard::catalog::price_list::PriceList;
use bedrock_cost_guard::catalog::{Overrides, PriceBook};
use bedrock_cost_guard::config::{Run, read_event};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::terminal::prices::FigureList;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::small_observation;

/// A book with a row of each kind.
const SMALL_BOOK: &str = r#"
schema_version = 1
name = "mine"
description = "a book"
charged = true
[[source]]
id = "page"
title = "a page of AWS"
published = "2026-01-01"
trust = "aws-page"
[[model]]
id = "a.b"
name = "B"
provider = "A"
rate_lines = """
regional standard | eu-west-1 us-east-1 | input 3.30 output 16.50 | page by page from 2026-01-01
"""
[[model.rate]]
scope = "geo"
geo = "eu"
regions = ["eu-west-1"]
tier = "standard"
above_input_tokens = 200000
seen_from = "2026-01-01"
seen_to = "2026-01-02"
checked = "2026-01-02"
source = "s"
input = "1.00"
[[model.model_units]]
regions = ["us-east-1"]
term = "1-month"
usd_per_unit_hour = "39.60"
input_tokens_per_hour = "1000"
output_tokens_per_hour = "1000"
sources = ["page"]
[[model.reserved_tokens]]
scope = "regional"
regions = ["us-east-1"]
term = "1-month"
input = "0.10"
output = "0.20"
minimum_input_tpm = 1000
minimum_output_tpm = 1000
sources = ["page"]
[[model.lifecycle]]
regions = ["us-east-1"]
legacy = "2026-05-01"
end_of_life = "2026-12-01"
successor = "a.c"
sources = ["page"]
[[model.unpriced]]
meter = "images"
why = "w"
sources = ["page"]
"#;

/// Overrides with an entry of each kind.
const ALL_OVERRIDES: &str = r#"
schema_version = 1
[[capacity]]
model = "a.b"
input_tokens_per_minute = 1000000
output_tokens_per_minute = 300000
[[allowed_scopes]]
model = "a.b"
scopes = ["in-region"]
[[discount]]
provider = "A"
percent = "12.5"
on = ["tokens"]
from = "2026-01-01"
until = "2026-12-31"
source = "s"
[[contract_price]]
model = "a.b"
scope = "geo"
geo = "eu"
regions = ["eu-west-1"]
input = "1.00"
from = "2026-01-01"
source = "s"
[[excluded_model]]
model = "a.b"
why = "w"
[[reserved_holding]]
name = "mine"
model = "a.b"
region = "us-east-1"
scope = "regional"
input_tokens_per_minute = 1000
output_tokens_per_minute = 1000
term = "1-month"
usd_per_hour = "0.30"
from = "2026-01-01"
term_ends = "2026-12-31"
[[dismissed]]
id = "rec-2baace0e1a"
until = "2026-06-30"
why = "w"
"#;

/// A list of figures of two lines.
const FIGURES: &str = "model,region,scope,tier,meter,context,usd_per_million_tokens,source,trust,unit\n\
    a.b-v1:0,us-east-1,in-region,standard,input,>200k,0.3,a page,aws_page,USD/1M tokens\n\
    a.b-v1:0,us-east-1,eu,reserved-1-month,output,,0.3,a page,aws_page,USD/hour/1000 TPM\n";

/// Stands for what is no value of the format until the document is written.
const MARK: &str = "put something here";

/// Kind of a document that people name, and its contents.
#[derive(Clone, Copy, Debug)]
enum Readable {
    Book,
    Overrides,
    Event,
    SchedulerEvent,
    Saved,
    Offer,
    Figures,
}

impl Readable {
    const ALL: [Self; 7] = [
        Self::Book,
        Self::Overrides,
        Self::Event,
        Self::SchedulerEvent,
        Self::Saved,
        Self::Offer,
        Self::Figures,
    ];

    /// Returns a document without a fault.
    #[expect(clippy::unwrap_used, reason = "only tests call it")]
    fn document(self) -> String {
        // Whatever takes long to read says nothing here.
        static SAVED: LazyLock<String> = LazyLock::new(|| {
            let mut saved = small_observation().with_prices(&PriceBook::aws().unwrap());
            saved.places[0].usage.lanes.truncate(1);
            saved.overrides = Overrides::parse("o", ALL_OVERRIDES).unwrap();
            saved.to_json().unwrap()
        });
        match self {
            Self::Book => SMALL_BOOK.to_owned(),
            Self::Overrides => ALL_OVERRIDES.to_owned(),
            Self::Event => json!({
                "end": "2026-04-05T10:00:00Z", "lookback_days": 28, "regions": ["us-east-1"],
                "dry_run": true, "scheduled_time": "2026-04-06T00:00:00Z"
            })
            .to_string(),
            Self::SchedulerEvent => json!({
                "source": "aws.scheduler", "detail-type": "Scheduled Event", "id": "1",
                "time": "2026-04-06T00:00:00Z", "detail": "{\"dry_run\":true}"
            })
            .to_string(),
            Self::Saved => SAVED.clone(),
            Self::Offer => {
                include_str!("../data/price_list/amazon-bedrock.get-products.json").to_owned()
            }
            Self::Figures => FIGURES.to_owned(),
        }
    }

    /// Reads a text as such a document, and returns the fault in words.
    fn fault(self, text: &str) -> Option<String> {
        let as_of = "2026-04-06T00:20:07Z".parse().ok()?;
        match self {
            Self::Book => PriceBook::parse("x", text).err().map(|fault| fault.to_string()),
            Self::Overrides => Overrides::parse("x", text).err().map(|fault| fault.to_string()),
            Self::Event | Self::SchedulerEvent => read_event(text.as_bytes())
                .and_then(|event| Run::parse(&event, as_of))
                .err()
                .map(|fault| fault.to_string()),
            Self::Saved => Observation::from_json(text).err().map(|fault| fault.to_string()),
            Self::Offer => {
                PriceList::new().add_file("x", text).err().map(|fault| fault.to_string())
            }
            Self::Figures => {
                FigureList::default().add_csv("x", text).err().map(|fault| fault.to_string())
            }
        }
    }

    /// Puts a value at one of the document's places, as a value of its format and, with `raw`, as it
    /// stands.
    fn with(self, place: usize, value: &Value, raw: Option<&str>) -> String {
        let document = self.document();
        if matches!(self, Self::Figures) {
            let mut lines: Vec<Vec<String>> =
                document.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
            let cells = lines.len() * lines[0].len();
            let (row, column) = (place % cells / lines[0].len(), place % lines[0].len());
            let text = raw.map_or_else(|| value.to_string(), str::to_owned);
            lines[row][column] = text;
            return lines.into_iter().map(|line| line.join(",") + "\n").collect();
        }
        let is_toml = matches!(self, Self::Book | Self::Overrides);
        let mut tree: Value = if is_toml {
            toml::from_str(&document).unwrap_or_default()
        } else {
            serde_json::from_str(&document).unwrap_or_default()
        };
        let mut places = 0;
        leaves(&mut tree, &mut |_| places += 1);
        let mut number = 0;
        leaves(&mut tree, &mut |leaf| {
            if number == place % places {
                *leaf = if raw.is_some() { MARK.into() } else { value.clone() };
            }
            number += 1;
        });
        let text =
            if is_toml { toml::to_string(&tree).unwrap_or_default() } else { tree.to_string() };
        text.replace(&format!("\"{MARK}\""), raw.unwrap_or_default())
    }
}

/// Visits each value that has none in it, of a list the first three alone.
fn leaves(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| leaves(value, visit)),
        Value::Array(items) => items.iter_mut().take(3).for_each(|value| leaves(value, visit)),
        leaf => visit(leaf),
    }
}

/// Something that nobody wants to see in a log, as a value of a document.
fn any_secret() -> impl Strategy<Value = (String, Value, Option<String>)> {
    let secret = "(AKIA|ghp_|s3cr3t/)[A-Za-z0-9+/]{16}";
    (secret, 0..10_u8).prop_map(|(secret, form)| {
        let value = match form {
            0 => json!(format!("a` is {secret}")),
            1 => json!(format!("{secret}, expected {secret}")),
            2 => json!([secret]),
            3 => json!({ "value": secret }),
            4 => json!(format!("unknown field `{secret}`")),
            5 => json!(format!("line 1: {secret}")),
            6 => json!(format!("2026-01-01T{secret}")),
            _ => json!(secret),
        };
        let raw = (form == 7).then(|| secret.clone());
        (secret, value, raw)
    })
}

#[test]
fn the_documents_of_the_law_have_no_fault() {
    for kind in Readable::ALL {
        assert_eq!(kind.fault(&kind.document()), None, "{kind:?}");
        // And with a secret in the wrong place most have one.
        let faults = (0..40).filter(|place| {
            let text = kind.with(*place, &json!(["AKIA"]), None);
            kind.fault(&text).is_some()
        });
        assert!(matches!(kind, Readable::Offer) || faults.count() > 10, "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_fault_of_a_document_shows_a_value_of_it(
        kind in proptest::sample::select(&Readable::ALL[..]),
        place in 0..200_usize,
        (secret, value, raw) in any_secret(),
    ) {
        let text = kind.with(place, &value, raw.as_deref());
        if let Some(fault) = kind.fault(&text) {
            prop_assert!(!fault.contains(&secret), "{:?}: {}", kind, fault);
            // The names of all fields of an observation are the longest list.
            prop_assert!(fault.chars().count() < 900, "{:?}: {}", kind, fault);
        }
    }
}
