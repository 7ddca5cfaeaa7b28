//! The published schema of the report, held against reports of every kind.

use bedrock_cost_guard::catalog::{PriceBook, References};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, SCHEMA_VERSION};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::account::Account;
use crate::support::{sample, small_observation};

const SCHEMA: &str = include_str!("../../docs/report.schema.json");

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn validator() -> Validator {
    jsonschema::draft202012::new(&serde_json::from_str(SCHEMA).unwrap()).unwrap()
}

fn faults(report: &Value) -> Vec<String> {
    let validator = validator();
    let faults = validator.iter_errors(report);
    faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn report_of(observation: &Observation) -> Value {
    let mut report = report::build(observation);
    report::add_alternatives(&mut report, observation, &References::embedded().unwrap());
    serde_json::to_value(report).unwrap()
}

#[test]
fn reports_of_every_kind_are_as_the_schema_says() {
    let article = sample().repriced(&PriceBook::article().unwrap());
    let mut spill = sample();
    spill.settings.overflow = bedrock_cost_guard::config::Overflow::Spill;
    let nothing = Account::new().observation;
    let reserved = super::commitments::with_reserved_tokens().observation;
    for observation in [sample(), article, spill, small_observation(), nothing, reserved] {
        assert_eq!(faults(&report_of(&observation)), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_no_report_has() {
    let sound = report_of(&sample());
    let with = |pointer: &str, value: Value| {
        let mut report = sound.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        faults(&report).len()
    };
    assert!(with("/totals/monthly_cost", json!(12.5)) > 0);
    assert!(with("/recommendations/0/action", json!("sell_everything")) > 0);
    assert!(with("/recommendations/0/evidence/0/kind", json!("rumour")) > 0);
    let mut unknown = sound.clone();
    unknown["workloads"][0]["gut_feeling"] = json!("good");
    assert!(!faults(&unknown).is_empty());
}

#[test]
fn the_schema_is_of_this_version() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema["version"], SCHEMA_VERSION);
}
