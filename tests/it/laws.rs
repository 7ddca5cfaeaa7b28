//! Laws that hold for every account, checked on random variants of a small one.

use bedrock_cost_guard::advice::{Action, Effort};
use bedrock_cost_guard::catalog::{Overrides, PriceBook, UnitCapacity};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::config::Run;
use bedrock_cost_guard::domain::{BaseModel, Ratio, Usd};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, Report, WorkloadReport};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{LEFTOVER, MODERATION, ROUTE, UNITS, sample_of};

/// Returns an account with something for every rule: units to buy, a profile to route to, a
/// provisioned model to fill and one to delete.
fn account() -> Observation {
    sample_of(&[&[UNITS, ROUTE], &MODERATION[..], &LEFTOVER].concat())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn hundredths(range: std::ops::Range<i64>) -> impl Strategy<Value = Decimal> {
    range.prop_map(|number| Decimal::new(number, 2))
}

/// Differences of an account from the sample, small enough to read when a law fails.
#[derive(Clone, Debug)]
struct Variant {
    article: bool,
    spill: bool,
    global: bool,
    headroom: Decimal,
    ratio: Decimal,
    least: Decimal,
    /// Tokens that a unit serves in a minute, of the 70B and the 8B model; `None` where nobody knows.
    capacities: Vec<Option<(u64, u64)>>,
}

fn variant() -> impl Strategy<Value = Variant> {
    let capacity = prop::option::of((1_000u64..20_000_000, 1_000u64..5_000_000));
    (
        any::<[bool; 3]>(),
        hundredths(0..300),
        hundredths(0..60),
        hundredths(0..2_000_000),
        prop::collection::vec(capacity, 2),
    )
        .prop_map(|([article, spill, global], headroom, ratio, least, capacities)| Variant {
            article,
            spill,
            global,
            headroom,
            ratio,
            least,
            capacities,
        })
}

impl Variant {
    /// Returns the account under other prices, settings and capacities.
    fn observation(&self) -> Observation {
        let mut observation = account();
        if self.article
            && let Ok(book) = PriceBook::article()
        {
            observation = observation.with_prices(&book);
        }
        let settings = &mut observation.settings;
        if self.spill {
            settings.overflow = Overflow::Spill;
        }
        settings.allow_global_routing = self.global;
        settings.headroom = Ratio::new(self.headroom);
        settings.min_savings_ratio = Ratio::new(self.ratio);
        settings.min_monthly_savings = Usd::new(self.least);
        let models = ["meta.llama3-1-70b-instruct-v1:0", "meta.llama3-1-8b-instruct-v1:0"];
        observation.overrides.capacity = models
            .into_iter()
            .zip(&self.capacities)
            .filter_map(|(model, capacity)| Some((model, (*capacity)?)))
            .map(|(model, (input, output))| UnitCapacity {
                model: BaseModel::new(model),
                input_tokens_per_minute: input,
                output_tokens_per_minute: output,
            })
            .collect();
        observation
    }
}

/// Sorts a list by some keys.
fn reorder<T>(items: Vec<T>, keys: &[u8]) -> Vec<T> {
    let mut keyed: Vec<(u8, T)> = keys.iter().copied().cycle().zip(items).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// Says that the bills of what is advised do not come down to what is left once all that counts is done;
/// `None` where they do.
fn last_bill(workload: &WorkloadReport) -> Option<String> {
    let advised = workload.plans.iter().filter(|plan| plan.advised);
    let last = advised.filter_map(|plan| plan.monthly_cost).min()?;
    let left = workload.monthly_cost - workload.potential_monthly_savings;
    (last != left).then(|| format!("{}: the last bill is {last}, not {left}", workload.model))
}

/// Lists what is wrong with the advice of a report; empty where nothing is.
fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    let totals = &report.totals;
    if totals.potential_monthly_savings > totals.monthly_cost {
        faults.push("more is saved than is spent".to_owned());
    }
    for workload in &report.workloads {
        if workload.potential_monthly_savings > workload.monthly_cost {
            faults.push(format!("{} saves more than it costs", workload.model));
        }
        for plan in &workload.plans {
            let costs = plan.monthly_cost.zip(plan.estimated_monthly_savings);
            if costs.is_some_and(|(cost, savings)| cost + savings > workload.monthly_cost) {
                faults.push(format!("{}: {plan:?}", workload.model));
            }
        }
        // What asks for more than money is a change of one arrangement, that of all that binds nothing.
        let listed = workload
            .plans
            .iter()
            .filter(|plan| matches!(plan.effort, Some(Effort::Latency | Effort::Evaluation)));
        let bills =
            listed.filter_map(|plan| Some(plan.monthly_cost? + plan.estimated_monthly_savings?));
        let routed: Usd = report
            .recommendations
            .iter()
            .filter(|it| it.is_counted() && it.action == Action::RouteToGlobalProfile)
            .filter(|it| (&it.region, &it.model) == (&workload.region, &workload.model))
            .filter_map(bedrock_cost_guard::advice::Recommendation::savings)
            .sum();
        let is_filled = workload
            .plans
            .iter()
            .any(|plan| plan.advised && plan.action == Some(Action::FillProvisionedModel));
        for bill in bills.filter(|_| !is_filled) {
            if bill != workload.monthly_cost - routed {
                let model = &workload.model;
                faults.push(format!("{model}: a plan is compared with {bill}, not the free bill"));
            }
        }
        faults.extend(last_bill(workload));
        for plan in workload.plans.iter().filter(|plan| plan.advised) {
            if plan.monthly_cost.is_none_or(|cost| cost > workload.monthly_cost || cost < Usd::ZERO)
            {
                faults.push(format!("{}: {plan:?}", workload.model));
            }
        }
    }
    for holding in &report.holdings {
        let parts = holding.used_effective_cost.zip(holding.unused_effective_cost);
        let is_whole =
            parts.is_none_or(|(used, unused)| Some(used + unused) == holding.monthly_cost);
        if !is_whole || parts.is_some_and(|(used, unused)| used < Usd::ZERO || unused < Usd::ZERO) {
            faults.push(format!("{}: {parts:?}", holding.provisioned_model_name));
        }
    }
    for advice in &report.recommendations {
        let costs = advice.money.current.monthly_cost.zip(advice.money.proposed.monthly_cost);
        let (Some(saves), Some((now, then))) = (advice.savings(), costs) else {
            if advice.is_counted() {
                faults.push(format!("{} counts without an amount", advice.id));
            }
            continue;
        };
        if !saves.is_positive() || now - then != saves || then < Usd::ZERO {
            faults.push(advice.message());
        }
    }
    let sum = |amounts: &mut dyn Iterator<Item = Usd>| amounts.sum::<Usd>();
    let counted = report.recommendations.iter().filter(|it| it.is_counted());
    for (what, total, rows) in [
        ("cost", totals.monthly_cost, sum(&mut report.workloads.iter().map(|it| it.monthly_cost))),
        (
            "parts of the cost",
            totals.monthly_cost,
            totals.on_demand_monthly_cost + totals.holdings_monthly_cost,
        ),
        (
            "savings",
            totals.potential_monthly_savings,
            sum(&mut counted.filter_map(bedrock_cost_guard::advice::Recommendation::savings)),
        ),
        (
            "savings of workloads",
            totals.potential_monthly_savings,
            sum(&mut report.workloads.iter().map(|it| it.potential_monthly_savings)),
        ),
        (
            "savings by effort",
            totals.potential_monthly_savings,
            sum(&mut totals.savings_by_effort.values().copied()),
        ),
    ] {
        if total != rows {
            faults.push(format!("{what}: {total} is not {rows}"));
        }
    }
    faults
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn advice_never_costs_more_than_today_and_totals_are_the_sums_of_rows(variant in variant()) {
        let report = report::build(&variant.observation());
        prop_assert_eq!(faults(&report), Vec::<String>::new());
    }

    #[test]
    fn the_same_observation_gives_the_same_bytes(variant in variant()) {
        let observation = variant.observation();
        let json = |observation: &Observation| {
            report::build(observation).to_json().unwrap_or_default()
        };
        let first = json(&observation);
        prop_assert!(!first.is_empty());
        prop_assert!(first == json(&observation));
        let saved = observation.to_json().unwrap_or_default();
        let read = Observation::from_json(&saved);
        prop_assert!(read.is_ok_and(|read| first == json(&read)));
    }

    #[test]
    fn the_order_of_places_lanes_and_lists_does_not_matter(
        keys in prop::collection::vec(any::<u8>(), 11),
        reverse in any::<bool>(),
    ) {
        let mut observation = account();
        for place in &mut observation.places {
            let lanes = std::mem::take(&mut place.usage.lanes);
            place.usage.lanes = reorder(lanes, &keys);
            let models = std::mem::take(&mut place.inventory.foundation_models);
            place.inventory.foundation_models = reorder(models, &keys);
        }
        if reverse {
            observation.places.reverse();
        }
        let (report, expected) = (report::build(&observation), report::build(&account()));
        prop_assert_eq!(report.run, expected.run);
        prop_assert_eq!(report.totals, expected.totals);
        prop_assert_eq!(report.recommendations, expected.recommendations);
        prop_assert_eq!(report.holdings, expected.holdings);
        prop_assert_eq!(report.not_covered, expected.not_covered);
        prop_assert_eq!(report.workloads, expected.workloads);
    }
}

#[test]
fn saved_runs_give_the_same_bytes_on_any_number_of_threads() {
    let saved = include_str!("../data/observations/1.json");
    let texts = [
        saved.to_owned(),
        account().to_json().unwrap(),
        crate::support::sample().to_json().unwrap(),
    ];
    for text in &texts {
        let report = || report::build(&Observation::from_json(text).unwrap()).to_json().unwrap();
        let alone = report();
        for threads in [2, 5] {
            std::thread::scope(|scope| {
                let started: Vec<_> = (0..threads).map(|_| scope.spawn(report)).collect();
                for ended in started {
                    assert!(ended.join().unwrap() == alone);
                }
            });
        }
    }
}

fn json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "detail",
        "detail-type",
        "source",
        "time",
        "end",
        "lookback_days",
        "regions",
        "dry_run",
        "scheduled_time",
        "x",
    ]);
    let text = prop_oneof![
        Just("2026-04-06T00:00:00Z".to_owned()),
        Just("-009999-01-01T00:00:00Z".to_owned()),
        Just("9999-12-30T22:00:00Z".to_owned()),
        Just("aws.events".to_owned()),
        Just("{\"end\":\"2026-04-06T00:00:00Z\"}".to_owned()),
        Just("us-east-1".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const BOOK: &str = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n\
[[model.rate]]\nscope = \"any\"\nregions = [\"*\"]\ntier = \"standard\"\neffective_from = \"2026-01-01\"\nchecked = \"2026-01-02\"\nsource = \"s\"\ninput = \"1.00\"\n\
[[model.model_units]]\nregions = [\"us-east-1\"]\nterm = \"1-month\"\nusd_per_unit_hour = \"2.00\"\nseen_from = \"2026-01-01\"\nseen_to = \"2026-01-02\"\nchecked = \"2026-01-02\"\nsource = \"s\"\n";

const OVERRIDES: &str = "schema_version = 1\n[[capacity]]\nmodel = \"a.b\"\ninput_tokens_per_minute = 1\noutput_tokens_per_minute = 2\n\
[[allowed_scopes]]\nmodel = \"*\"\nscopes = [\"geo\"]\n";

/// Replaces some of the middle of a text by another.
fn mutilated(text: &str, from: usize, length: usize, with: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = from % (chars.len() + 1);
    let rest = chars.get(from + length..).unwrap_or_default();
    chars[..from].iter().copied().chain(with.chars()).chain(rest.iter().copied()).collect()
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,200}", from in 0usize..2_000, length in 0usize..20) {
        let damaged = [BOOK, OVERRIDES].into_iter().flat_map(|whole| {
            [&text, ""].map(|with| mutilated(whole, from, length, with))
        });
        for text in damaged.chain([text.clone()]) {
            let _ = PriceBook::parse("t", &text);
            let _ = Overrides::parse("t", &text);
            let _ = Observation::from_json(&text);
        }
    }

    #[test]
    fn no_event_makes_its_parser_panic(event in json()) {
        let as_of = "2026-04-06T00:20:00Z".parse().unwrap_or_default();
        if let Ok(run) = Run::parse(&event, as_of) {
            let settings = run.settings(&bedrock_cost_guard::config::Settings::default());
            let _ = run.window(&settings, as_of);
        }
    }
}

#[test]
fn the_texts_that_are_mutilated_are_right_before() {
    PriceBook::parse("t", BOOK).unwrap();
    Overrides::parse("t", OVERRIDES).unwrap();
    assert_eq!(report::build(&account()).recommendations.len(), 4);
}
