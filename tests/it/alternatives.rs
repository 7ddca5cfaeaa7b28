//! What else could serve a workload: whole, at the prices of the account, in no total.

use bedrock_cost_guard::catalog::{ModelLadder, PriceBook, RateQuery, References};
use bedrock_cost_guard::domain::{Meter, Scope, ServiceTier, Usd};
use bedrock_cost_guard::estimate::{Alternatives, EstimatedPlan, PlanKind, Volume};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, Report};
use bedrock_cost_guard::terminal::explain;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, SONNET, TOKENS, held, overrides};

const LLAMA: &str = "meta.llama3-1-70b-instruct-v1:0";

/// Starts an account of a day whose prices have been seen.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn account() -> Account {
    Account::new().seen("2026-11-23T00:20:00Z".parse().unwrap())
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn reported(observation: &Observation) -> Report {
    let mut report = report::build(observation);
    report::add_alternatives(&mut report, observation, &References::embedded().unwrap());
    report
}

/// Returns the alternatives of the only workload.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn alternatives(account: &Account) -> Alternatives {
    let mut report = reported(&account.observation);
    assert_eq!(report.workloads.len(), 1);
    report.workloads.remove(0).alternatives.unwrap()
}

fn of(found: &Alternatives, kind: PlanKind) -> Vec<&EstimatedPlan> {
    found.plans.iter().filter(|plan| plan.kind == kind).collect()
}

/// Adds up what a month costs by the rows of the book: each meter at its price through one scope, less a
/// discount in percent.
fn by_rows(
    observation: &Observation,
    found: &Alternatives,
    plan: &EstimatedPlan,
    percent: u32,
) -> Option<Decimal> {
    let (volume, model) = (found.volume?, plan.other_model.as_ref()?);
    let book = PriceBook::aws().ok()?;
    let region = &observation.places.first()?.place.region;
    let day = observation.window.last_day();
    let mut scopes = book.callable_scopes(book.model(model)?, region, day);
    scopes.retain(|it| it.scope != Scope::Global || observation.settings.allow_global_routing);
    let cost_of = |scope: Scope, volume: Volume| -> Option<Decimal> {
        let meters = volume.meters().map(|meter| {
            let tier = Some(ServiceTier::Standard);
            let query = RateQuery { model, region, scope, tier, meter, input_tokens: None, day };
            let price = book.rate(&query)?.list_unit_price.dollars();
            let paid = price * Decimal::from(100 - percent) / Decimal::ONE_HUNDRED;
            Some(paid * Decimal::from(volume.of(meter).count()) / Decimal::from(1_000_000))
        });
        meters.sum()
    };
    // Without any price of its cache, what was cached is input.
    let least = |volume: Volume| scopes.iter().filter_map(|it| cost_of(it.scope, volume)).min();
    least(volume).or_else(|| least(volume.uncached()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn other_models_cost_what_their_rows_say_and_change_no_total(
        input in 10u64..200_000, output in 1u64..20_000, cached in 0u64..50_000,
        profile in 0usize..3, global in any::<bool>(), percent in 0u32..60,
    ) {
        let id = ["", "us.", "global."][profile].to_owned() + SONNET;
        let text = format!(
            "[[discount]]\nprovider = \"Anthropic\"\npercent = \"{percent}\"\non = [\"tokens\"]\nfrom = \"2026-01-01\"\nsource = \"contract\"\n"
        );
        let mut account = account()
            .steady(&id, [(TOKENS[0], input), (TOKENS[1], output), ("CacheReadInputTokenCount", cached), ("Invocations", 7)]);
        account.observation.settings.allow_global_routing = global || profile == 2;
        if percent > 0 {
            account.observation.overrides = overrides(&text);
        }
        let found = alternatives(&account);
        let volume = found.volume.unwrap();
        prop_assert_eq!(volume.of(Meter::Input).count(), input * 60 * 730);
        prop_assert_eq!(volume.of(Meter::CacheRead).count(), cached * 60 * 730);
        prop_assert_eq!(volume.requests, Some(7 * 60 * 730));
        let others = of(&found, PlanKind::OtherModel);
        prop_assert!(!others.is_empty());
        for plan in others {
            let is_anthropic = plan.other_model.as_ref().unwrap().id().starts_with("anthropic.");
            let off = if is_anthropic { percent } else { 0 };
            let expected = by_rows(&account.observation, &found, plan, off).unwrap();
            prop_assert_eq!(plan.monthly_cost.dollars().round_dp(6), expected.round_dp(6), "{}", plan.description);
            let may_leave = account.observation.settings.allow_global_routing;
            prop_assert!(may_leave || !plan.description.contains("global"), "{}", plan.description);
        }
        // Of a saved run the prices of what else could serve it are there too, and say the same.
        let (book, ladder) = (PriceBook::aws().unwrap(), ModelLadder::embedded().unwrap());
        let gathered = account.observation.clone().with_prices(&book);
        let saved = gathered.clone().with_models_beside(&book, ladder);
        let again = reported(&saved);
        prop_assert_eq!(again.workloads[0].alternatives.as_ref(), Some(&found));
        let mut without = again;
        without.workloads[0].alternatives = None;
        prop_assert_eq!(&without, &report::build(&saved));
        prop_assert_eq!(without, report::build(&gathered));
    }
}

#[test]
fn a_scope_that_is_not_allowed_is_told_and_not_priced() {
    let account = account().tokens(&format!("us.{SONNET}"), 10_000, 1_000);
    let anywhere = alternatives(&account);
    let shut = "[[allowed_scopes]]\nmodel = \"*\"\nscopes = [\"geo\"]\n";
    let shut = alternatives(&account.overrides(shut));
    assert!(of(&shut, PlanKind::OtherModel).iter().all(|plan| {
        !plan.description.contains("in-Region") && !plan.description.contains("global")
    }));
    let told = |found: &Alternatives| -> Vec<String> {
        let refused = found.unknown.iter().filter(|plan| plan.why.contains("may use none of"));
        refused.map(|plan| plan.description.clone()).collect()
    };
    assert!(told(&anywhere).is_empty());
    assert!(!told(&shut).is_empty(), "{:?}", shut.unknown);
}

#[test]
fn the_lengths_of_real_requests_are_not_their_mean() {
    // A mean of 200,000 tokens is of shorter and of longer requests, of which OpenAI prices those above
    // 272,000 apart.
    let of_length = |id: &str, length: u64| {
        let metrics = [(TOKENS[0], 2 * length), (TOKENS[1], 100), ("Invocations", 2)];
        alternatives(&account().steady(id, metrics))
    };
    let found = of_length("openai.gpt-5.5", 200_000);
    let direct = of(&found, PlanKind::DirectApi);
    assert!(direct.iter().any(|plan| plan.monthly_cost_at_most.is_some()), "{direct:?}");
    // Where the mean does not fit, some requests do not.
    let found = of_length(SONNET, 400_000);
    let refused = found.unknown.iter().filter(|plan| plan.why.contains("does not fit")).count();
    assert!(refused > 0, "{:?}", found.unknown);
}

#[test]
fn gpus_are_enough_for_the_busiest_hour_that_was_seen() {
    let gpus = |busy: u64| {
        let account = account().survey(LLAMA, TOKENS, |hour| {
            if hour % 24 == 9 { [busy, busy / 8] } else { [1_000_000, 125_000] }
        });
        let found = alternatives(&account);
        of(&found, PlanKind::OwnGpus).iter().map(|plan| plan.monthly_cost).min().unwrap()
    };
    assert!(gpus(1_000_000) < gpus(1_000_000_000));
}

#[test]
fn what_is_held_does_not_go_away_with_a_part_of_the_traffic() {
    let notes = |account: &Account| -> String {
        let found = alternatives(account);
        of(&found, PlanKind::OtherModel).iter().flat_map(|plan| plan.notes.clone()).collect()
    };
    let by_token = account().tokens(SONNET, 100_000, 10_000);
    assert!(notes(&by_token).contains("of the traffic moves"));
    let text = format!(
        "[[reserved_holding]]\nname = \"chat\"\nregion = \"us-east-1\"\nmodel = \"{SONNET}\"\nscope = \"regional\"\n\
         input_tokens_per_minute = 100000\noutput_tokens_per_minute = 10000\nterm = \"1-month\"\nfrom = \"2026-11-15\"\nterm_ends = \"2026-12-15\"\n"
    );
    let reserved = by_token.overrides(&text);
    let told = notes(&reserved);
    assert!(
        told.contains("nothing is held any more") && !told.contains("of the traffic moves"),
        "{told}"
    );
}

#[test]
fn where_there_is_nothing_to_compare_the_reason_is_told() {
    let why = |account: &Account| {
        let found = alternatives(account);
        assert!(found.plans.is_empty() && found.volume.is_none());
        found.unknown[0].why.clone()
    };
    let excluded = account().tokens(SONNET, 10, 10).overrides(&format!(
        "[[excluded_model]]\nmodel = \"{SONNET}\"\nwhy = \"it goes next month\"\n"
    ));
    assert_eq!(why(&excluded), "the overrides exclude it: it goes next month");
    let unpriced = account().tokens("example.unreleased-model-v1:0", 10, 10);
    assert_eq!(why(&unpriced), "what it costs now is not known");
    let idle = Account::selling_units().idle(held());
    assert_eq!(why(&idle), "no tokens were seen in the recent window");
    // A run of an older version has the prices of the models in use alone.
    let mut old = account().tokens(SONNET, 10_000, 10);
    let own = [bedrock_cost_guard::domain::BaseModel::new(SONNET)].into();
    old.observation.prices = old.observation.prices.of_models(&own);
    let found = alternatives(&old);
    let all_unpriced = found.unknown.iter().filter(|plan| plan.kind == PlanKind::OtherModel);
    assert!(all_unpriced.into_iter().all(|plan| plan.why.contains("no price")), "{found:?}");
    assert!(found.unknown.len() >= 3, "{:?}", found.unknown);
}

#[test]
fn a_workload_is_found_by_its_model_and_region_and_told_whole() {
    let account = account().tokens(SONNET, 100_000, 10_000).tokens(LLAMA, 5_000, 500);
    let report = reported(&account.observation);
    let page = |asked: &str| {
        let workload = explain::find_workload(&report, asked).unwrap();
        explain::render_workload(&report, workload)
    };
    let by_id = page(SONNET);
    for asked in
        ["Claude Sonnet 4.6", "us.anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6@us-east-1"]
    {
        assert_eq!(page(asked), by_id, "{asked}");
    }
    for words in [
        "WHAT IS USED",
        "PLANS FOR IT AT AMAZON BEDROCK",
        "never counted",
        "evaluation",
        "migration",
    ] {
        assert!(by_id.contains(words), "{words}: {by_id}");
    }
    let refused = |asked: &str| explain::find_workload(&report, asked).unwrap_err().to_string();
    assert!(refused("Claude Sonnet 4.6@us-west-2").contains(&format!("{SONNET}@us-east-1")));
    let sample = crate::support::sample();
    let several = explain::find_workload(&reported(&sample), "Claude Haiku 4.5").unwrap_err();
    assert!(several.to_string().contains("@us-west-2, "), "{several}");
    assert_eq!(
        report.totals.monthly_cost,
        report.workloads.iter().map(|it| it.monthly_cost).sum::<Usd>()
    );
}
