//! The report of the sample account: what a first run shows.

use std::collections::{BTreeMap, BTreeSet};

use bedrock_cost_guard::advice::{Action, Effort, Gate, HoldingLoad, Plan};
use bedrock_cost_guard::domain::{ModelId, Tokens, Usd};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::metrics::{self, Point};
use bedrock_cost_guard::report::{self, Report};
use bedrock_cost_guard::terminal::report as text;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{sample, small_observation, whole};

#[test]
fn the_sample_has_every_kind_of_advice() {
    let report = report::build(&sample());
    let advice: Vec<(Action, Effort, &str, bool)> = report
        .recommendations
        .iter()
        .map(|it| (it.action, it.effort, it.model.id(), it.is_counted()))
        .collect();
    assert_eq!(
        advice,
        [
            (Action::DeleteIdleProvisionedModel, Effort::None, "amazon.nova-2-lite-v1:0", true),
            (
                Action::BindProvisionedModel,
                Effort::Commitment,
                "meta.llama3-2-90b-instruct-v1:0",
                true
            ),
            (
                Action::GiveUpProvisionedModel,
                Effort::Routing,
                "meta.llama3-2-3b-instruct-v1:0",
                true
            ),
            (Action::BuyModelUnits, Effort::Commitment, "meta.llama3-1-70b-instruct-v1:0", true),
            (
                Action::ReserveTokens,
                Effort::Commitment,
                "anthropic.claude-haiku-4-5-20251001-v1:0",
                true
            ),
            (Action::RouteToGlobalProfile, Effort::Routing, "anthropic.claude-sonnet-4-6", true),
            (Action::FillProvisionedModel, Effort::None, "meta.llama3-1-8b-instruct-v1:0", true),
            (
                Action::RouteToGlobalProfile,
                Effort::Routing,
                "anthropic.claude-haiku-4-5-20251001-v1:0",
                true
            ),
            (
                Action::RightSizeProvisionedModel,
                Effort::Routing,
                "meta.llama3-1-70b-instruct-v1:0",
                false
            ),
            (
                Action::RightSizeReservation,
                Effort::Commitment,
                "anthropic.claude-opus-4-6-v1",
                false
            ),
            (
                Action::LetCommitmentExpire,
                Effort::Routing,
                "meta.llama3-2-11b-instruct-v1:0",
                false
            ),
            (
                Action::RouteToGlobalProfile,
                Effort::Routing,
                "anthropic.claude-opus-4-5-20251101-v1:0",
                false
            ),
        ]
    );
}

/// Returns the words that the published schema has for one kind of thing.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn published(kind: &str) -> BTreeSet<String> {
    let schema = include_str!("../../docs/report.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let words = schema["$defs"][kind]["oneOf"].as_array().unwrap().iter();
    words.map(|word| word["const"].as_str().unwrap().to_owned()).collect()
}

/// Adds all words under a key of a document, wherever the key is.
fn words_under(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let words = match value {
                    Value::Array(words) if name == key => words.as_slice(),
                    value if name == key => std::slice::from_ref(value),
                    _ => &[],
                };
                found.extend(words.iter().filter_map(Value::as_str).map(str::to_owned));
                words_under(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words_under(item, key, found)),
        _ => {}
    }
}

/// Returns the words that a report has under a key.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn shown(report: &Report, key: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    words_under(&serde_json::to_value(report).unwrap(), key, &mut found);
    found
}

#[test]
fn the_sample_shows_each_action_gate_and_proof() {
    let report = report::build(&sample());
    assert_eq!(shown(&report, "action"), published("action"));
    assert_eq!(shown(&report, "proof"), published("proof"));
    // AWS charges the prices of the sample's book, so one gate shows only where nobody pays them.
    let gates = shown(&report, "failed_gates");
    let prices = || "prices".to_owned();
    assert!(!gates.contains(&prices()));
    let all: BTreeSet<String> = gates.into_iter().chain([prices()]).collect();
    assert_eq!(all, published("gate"));
    let mut uncharged = sample();
    uncharged.prices.charged = false;
    assert!(shown(&report::build(&uncharged), "failed_gates").contains(&prices()));
}

#[test]
fn the_sample_binds_in_several_steps_and_tells_what_of_it_needs_no_term() {
    let report = report::build(&sample());
    let mut advice = report.recommendations.iter();
    let bind = advice.find(|it| it.action == Action::BindProvisionedModel).unwrap();
    assert!(bind.is_counted());
    assert_eq!(bind.money.proposed.description, "3 model units, 1-month term");
    let steps: Vec<&str> = bind.remedy.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        steps,
        [
            "buy 3 model units under a 1-month term",
            "have the callers of arn:aws:bedrock:us-east-1:123456789012:provisioned-model/re5earch90b0 name the new provisioned model's ARN as their model id",
            "delete research-90b",
        ]
    );
    // Nobody is refused in between: what is new serves before what is old goes.
    let waits = bind.remedy.steps.iter().filter(|step| step.wait_for.is_some());
    assert_eq!(waits.count(), 2);
    // One unit fewer, at 30 USD an hour.
    let free = "of this $21,900.00 a month without binding anything: 3 model units";
    assert!(bind.grounds.risks.iter().any(|risk| risk.starts_with(free)), "{bind:?}");
}

#[test]
fn the_sample_has_a_saving_that_the_overrides_forbid() {
    let report = report::build(&sample());
    let forgone = report.workloads.iter().filter_map(|it| Some((it, it.forgone.as_ref()?)));
    let forgone: Vec<_> = forgone.collect();
    assert_eq!(forgone.len(), 1);
    let (workload, forgone) = forgone[0];
    assert_eq!(workload.model.id(), "anthropic.claude-opus-4-5-20251101-v1:0");
    assert_eq!(workload.potential_monthly_savings, Usd::ZERO);
    let because = "the overrides do not allow the global scope for this model";
    assert_eq!(forgone.because, [because]);
    let says = format!("would save {} more a month", forgone.estimated_monthly_savings);
    let page = text::render(&report);
    assert!(page.contains(&format!("{says}, not counted because the overrides")), "{page}");
}

/// Returns the plan of a workload of the sample under a 1-month term.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn month_of(region: &str, model: &str) -> Plan {
    let report = report::build(&sample());
    let mut workloads = report.workloads.into_iter();
    let workload =
        workloads.find(|it| it.region.name() == region && it.model.id() == model).unwrap();
    let mut plans = workload.plans.into_iter();
    plans.find(|plan| plan.description.contains("1-month term")).unwrap()
}

#[test]
fn each_gate_alone_refuses_one_commitment_of_the_sample() {
    for (region, model, gate) in [
        ("us-east-1", "cohere.embed-multilingual-v3", Gate::History),
        ("us-east-1", "cohere.command-light-text-v14", Gate::Thresholds),
        ("us-west-2", "cohere.embed-english-v3", Gate::Certainty),
        ("us-east-1", "meta.llama3-1-8b-instruct-v1:0", Gate::Trend),
        ("us-west-2", "cohere.embed-multilingual-v3", Gate::Backtest),
        ("us-west-2", "meta.llama3-2-90b-instruct-v1:0", Gate::Lifecycle),
        ("us-east-1", "amazon.nova-micro-v1:0", Gate::Certificate),
        ("us-west-2", "cohere.command-text-v14", Gate::Knowledge),
        ("us-east-1", "cohere.embed-english-v3", Gate::Optimum),
        ("us-east-1", "meta.llama3-2-1b-instruct-v1:0", Gate::Availability),
        // The same gate by other proofs: no use of it pays, or no hours of it do.
        ("us-east-1", "meta.llama3-2-3b-instruct-v1:0", Gate::Certificate),
        ("us-west-2", "cohere.command-light-text-v14", Gate::Certificate),
    ] {
        let plan = month_of(region, model);
        assert_eq!(plan.failed_gates, [gate], "{model}: {:?}", plan.why_not);
        assert_eq!(plan.why_not.len(), 1);
        assert!(!plan.advised);
        // What is refused for its chances alone does save as the recent window went.
        let is_sized = !matches!(gate, Gate::Certificate | Gate::Knowledge | Gate::Optimum);
        assert_eq!(
            plan.estimated_monthly_savings.is_some_and(Usd::is_positive),
            is_sized,
            "{model}"
        );
    }
    let advised = month_of("us-west-2", "meta.llama3-1-70b-instruct-v1:0");
    assert!(advised.advised && advised.failed_gates.is_empty());
}

#[test]
fn a_unit_of_unknown_capacity_has_a_condition_and_what_the_accounts_own_carried() {
    let plan = month_of("us-west-2", "cohere.command-text-v14");
    let why = &plan.why_not[0];
    assert!(why.contains("one pays only if it sustains"), "{why}");
    assert!(why.contains("the account's own units carried at least"), "{why}");
    let report = report::build(&sample());
    let workloads = report.workloads.iter();
    let even = workloads.flat_map(|it| &it.break_even).find(|it| !it.carried_at_least.is_empty());
    let carried = even.unwrap().carried_at_least[0];
    // A unit of `summaries` is asked for 270,000 input tokens a minute, four per cent up or down.
    assert!((250_000..290_000).contains(&carried.input_tokens_per_minute));
}

#[test]
fn what_is_held_says_what_of_it_was_used_and_what_to_do_before_its_term_ends() {
    let report = report::build(&sample());
    let held = |name: &str| {
        let mut holdings = report.holdings.iter();
        holdings.find(|it| it.provisioned_model_name == name).unwrap()
    };
    let assistant = held("assistant-70b");
    assert_eq!(assistant.load, HoldingLoad::UnderUsed);
    assert_eq!(assistant.right_size.as_deref(), Some("2 model units"));
    for holding in &report.holdings {
        let (used, unused) = (holding.used_effective_cost, holding.unused_effective_cost);
        assert_eq!(used.is_some(), holding.utilization.is_some());
        if let (Some(used), Some(unused)) = (used, unused) {
            assert_eq!(Some(used + unused), holding.monthly_cost);
        }
    }
    let minutely = assistant.minutely_use.unwrap();
    assert!(minutely.peak > minutely.mean && minutely.peak > assistant.hourly_use.unwrap().peak);
    let risk = held("search-index").lifecycle_risk.as_deref().unwrap();
    assert!(risk.contains("Legacy"), "{risk}");
    let expire =
        report.recommendations.iter().find(|it| it.action == Action::LetCommitmentExpire).unwrap();
    assert_eq!(expire.money.savings_start, held("search-index").commitment_expiration_time);
}

#[test]
fn the_totals_are_the_sums_of_the_rows() {
    let observation = sample();
    let report = report::build(&observation);
    let totals = &report.totals;
    let sum = |amounts: &mut dyn Iterator<Item = Usd>| amounts.sum::<Usd>();
    let workloads = || report.workloads.iter();
    assert_eq!(totals.monthly_cost, sum(&mut workloads().map(|it| it.monthly_cost)));
    assert_eq!(totals.monthly_cost, totals.on_demand_monthly_cost + totals.holdings_monthly_cost);
    let lanes = sum(&mut workloads().flat_map(|it| &it.lanes).map(|lane| lane.monthly_cost));
    let covered = sum(&mut workloads().map(|it| it.covered_monthly_cost));
    assert!(covered.is_positive());
    assert_eq!(totals.on_demand_monthly_cost, lanes - covered);
    let units = sum(&mut report.holdings.iter().filter_map(|it| it.monthly_cost));
    let reserved = sum(&mut report.reserved_holdings.iter().filter_map(|it| it.monthly_cost));
    assert_eq!(totals.holdings_monthly_cost, units + reserved);
    for workload in workloads() {
        assert_eq!(
            workload.monthly_cost,
            workload.on_demand_monthly_cost + workload.holdings_monthly_cost
        );
    }
    let counted = || report.recommendations.iter().filter(|it| it.is_counted());
    assert_eq!(
        totals.potential_monthly_savings,
        sum(&mut counted().filter_map(bedrock_cost_guard::advice::Recommendation::savings))
    );
    assert_eq!(
        totals.potential_monthly_savings,
        sum(&mut workloads().map(|it| it.potential_monthly_savings))
    );
    let mut by_effort: BTreeMap<Effort, Usd> = BTreeMap::new();
    for advice in counted() {
        *by_effort.entry(advice.effort).or_default() += advice.savings().unwrap();
    }
    assert_eq!(totals.savings_by_effort, by_effort);
    let unpriced: Tokens = report.unpriced.iter().map(|it| it.quantity).sum();
    assert_eq!(totals.unpriced_tokens, unpriced);

    let observation = whole(observation);
    let points = metrics::points(&report::build(&observation), &observation.settings);
    let of = |name: &str, sets: &dyn Fn(&Point) -> bool| -> Decimal {
        let points = points.iter().filter(|point| point.name == name);
        points.filter(|point| sets(point)).map(|point| point.value).sum()
    };
    for name in [
        "MonthlyCost",
        "PotentialMonthlySavings",
        "Recommendations",
        "IdleProvisionedModels",
        "UnpricedTokens",
        "IncompleteWorkloads",
    ] {
        let total = of(name, &|point| point.dimensions.is_empty());
        let regions = of(name, &|point| matches!(point.dimensions.as_slice(), [("Region", _)]));
        assert_eq!(total, regions, "{name}");
    }
}

#[test]
fn the_text_names_what_has_no_price_and_what_is_incomplete() {
    let text = text::render(&report::build(&sample()));
    assert!(text.contains("example.unreleased-model-v1:0 in us-east-1: 134,399,123 input tokens"));
    assert!(text.contains(
        "us-east-1: mistral.mistral-7b-instruct-v0:2 OutputTokenCount: CloudWatch ended with PartialData"
    ));
}

#[test]
fn the_headline_and_the_titles_of_the_text_are_these() {
    let text = text::render(&report::build(&sample()));
    let lines = text.lines().enumerate();
    let key = |(place, line): &(usize, &str)| {
        let is_title = !line.is_empty() && !line.starts_with(' ');
        let first = line.trim_start().split(' ').next().unwrap_or_default();
        let is_advice = line.starts_with("  ")
            && first.strip_suffix('.').is_some_and(|number| number.parse::<u8>().is_ok());
        *place < 9 || is_title || is_advice
    };
    let lines: Vec<&str> = lines.filter(key).map(|(_, line)| line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Bedrock cost guard

      !!  missing: part of the usage of 1 workload in us-east-1

    2026-01-05 to 2026-04-06 UTC (91 days), us-east-1 and us-west-2
    List prices of the book `aws`; a month is the last 28 days scaled to 730 hours.

      Now               $518,602.24 a month at least: by the token $240,304.34, for what is held $278,297.90
      Could be saved    $106,598.77 a month at least by 8 recommendations
    WHAT TO DO
      1. delete the idle provisioned model of amazon.nova-2-lite-v1:0 in us-east-1       saves $44,165.00, 100.0 %
      2. bind the provisioned model for a term of meta.llama3-2-90b-instruct-v1:0 in us-east-1  saves $29,608.80, 33.8 %
      3. give up the provisioned model of meta.llama3-2-3b-instruct-v1:0 in us-west-2     saves $16,205.93, 96.5 %
      4. buy model units of meta.llama3-1-70b-instruct-v1:0 in us-west-2                  saves $12,083.89, 43.9 %
      5. reserve tokens per minute of anthropic.claude-haiku-4-5-20251001-v1:0 in us-west-2  saves $1,835.80, 13.4 %
      6. route to the global profile of anthropic.claude-sonnet-4-6 in us-east-1            saves $1,168.00, 9.1 %
      7. fill the provisioned model of meta.llama3-1-8b-instruct-v1:0 in us-west-2        saves $1,142.00, 100.0 %
      8. route to the global profile of anthropic.claude-haiku-4-5-20251001-v1:0 in us-east-1  saves $389.36, 9.1 %
      9. right-size the provisioned model of meta.llama3-1-70b-instruct-v1:0 in us-east-1  saves $15,461.40, 33.3 %
      10. right-size the reserved tokens of anthropic.claude-opus-4-6-v1 in us-west-2     saves $14,341.41, 30.3 %
      11. do not renew the commitment of meta.llama3-2-11b-instruct-v1:0 in us-west-2      saves $5,520.70, 60.3 %
      12. route to the global profile of anthropic.claude-opus-4-5-20251101-v1:0 in us-west-2  saves $446.09, 9.1 %
    INSTEAD, AND NOT ONLY MONEY: never counted, the owner decides
    WORKLOADS
    PROVISIONED MODELS
    RESERVED TOKENS, as the overrides declare them
    NO PRICE
    INCOMPLETE: these cost at least what is shown, and no commitment is advised for them
    NOTES
    NOT COVERED
    The prices in use were checked on 2026-07-24 or later. 20 offers are proven not to save at any size. This run
    asked CloudWatch for 402 metrics, for which it bills $0.00402; 18 lanes had their minutes read. At its
    schedule CloudWatch's part of what the guard costs is $1.28 a month at least.
    ");
}

/// Replays what the first version of the program saved, and holds it against what that version
/// reported.
#[test]
fn an_observation_of_the_first_version_still_replays() {
    let saved = include_str!("../data/observations/1.json");
    let observation = Observation::from_json(saved).unwrap();
    let report = report::build(&observation);
    let advice: Vec<(&str, String)> = report
        .recommendations
        .iter()
        .map(|advice| (advice.id.as_str(), advice.savings().unwrap().to_string()))
        .collect();
    assert_eq!(advice, [("rec-add3bb56d4", "$1,168.00".to_owned())]);
    assert_eq!(report.totals.monthly_cost.to_string(), "$12,847.98");
    assert_eq!(report.totals.monthly_list_cost, report.totals.monthly_cost);
}

#[test]
fn use_that_no_model_is_known_behind_is_not_denied() {
    let mut observation = small_observation();
    for place in &mut observation.places {
        for lane in &mut place.usage.lanes {
            let id = lane.model_id.text().replace(':', "-");
            let arn = format!("arn:aws:bedrock:us-east-1:123456789012:imported-model/{id}");
            lane.model_id = ModelId::parse(arn.as_str());
        }
        place.inventory.provisioned_models.clear();
    }
    let report = report::build(&observation);
    assert!(report.workloads.is_empty() && !report.unpriced.is_empty());
    let page = text::render(&report);
    assert!(!page.contains("no use of Amazon Bedrock was found"), "{page}");
    assert!(page.contains("NO PRICE"), "{page}");
}
