//! What a volume that a person types in would cost: the figures, the page, and what is refused.

use std::process::{Command, Output};

use bedrock_cost_guard::catalog::{Overrides, PriceBook, References};
use bedrock_cost_guard::domain::quantity::CapacityOrigin;
use bedrock_cost_guard::domain::{Capacity, Usd};
use bedrock_cost_guard::estimate::{
    Estimate, EstimateBasis, LoadShape, PlanKind, SelfHosting, TokensAsked, Volume, find_model,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

/// Runs `cost-guard estimate`.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn estimate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    command.env_clear().arg("estimate").args(arguments).output().unwrap()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn page(arguments: &[&str]) -> String {
    let output = estimate(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_example_of_the_article_has_its_figures() {
    let of = ["--catalog", "article", "--model", "Claude 3.7 Sonnet"];
    let flat = page(&[&of[..], &["--input", "50M", "--output", "50M"]].concat());
    let row = |words: &str| flat.lines().find(|line| line.trim_start().starts_with(words)).unwrap();
    assert!(row("1 model unit, Tier 1").contains("$438.00"), "{flat}");
    assert!(row("on-demand").contains("$900.00"), "{flat}");
    assert!(flat.contains("pays from 48.67M tokens a month at this mix"), "{flat}");
    assert!(flat.contains("NOT WHAT AWS CHARGES"), "{flat}");
    let mixed = page(&[&of[..], &["--tokens", "100M", "--mix", "80/20"]].concat());
    assert!(mixed.contains("on-demand") && mixed.contains("$540.00"), "{mixed}");
}

#[test]
fn the_examples_of_the_help_are_commands_that_work() {
    let help = page(&["--help"]);
    let (_, examples) = help.split_once("Examples:").unwrap();
    let commands =
        examples.lines().filter_map(|line| line.trim().strip_prefix("cost-guard estimate "));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 4, "{examples}");
    for command in commands {
        // What is within quotes is one argument.
        let parts = command.split('"').enumerate();
        let arguments: Vec<&str> =
            parts
                .flat_map(|(place, part)| {
                    if place % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
                })
                .collect();
        let shown = page(&[&arguments[..], &["--day", "2026-11-26"]].concat());
        assert!(shown.contains("on-demand") || shown.contains("SIDE BY SIDE"), "{shown}");
        assert!(!shown.contains("left out"), "{shown}");
    }
}

#[test]
fn what_is_not_known_is_said_and_not_guessed() {
    let model = ["--model", "Llama 3.1 70B Instruct", "--region", "us-west-2"];
    let volume = ["--input", "50M", "--output", "50M", "--day", "2026-11-20"];
    let without = page(&[&model[..], &volume[..]].concat());
    assert!(without.contains("nobody publishes what a unit serves"), "{without}");
    assert!(without.contains("$15,461.40"), "{without}");
    let with = page(&[&model[..], &volume[..], &["--units-capacity", "1M/1M"]].concat());
    assert!(with.contains("1 model unit, 1-month term"), "{with}");
    assert!(!with.contains("nobody publishes"), "{with}");
}

#[test]
fn json_has_exact_figures() {
    let arguments = ["--model", "Nova Micro", "--requests", "10k", "--day", "2026-11-20"];
    let each = ["--input-per-request", "500", "--output-per-request", "400", "--format", "json"];
    let json: Value = serde_json::from_str(&page(&[&arguments[..], &each[..]].concat())).unwrap();
    let plans = json["plans"].as_array().unwrap();
    let on_demand = plans.iter().find(|plan| plan["kind"] == "on_demand").unwrap();
    // 5M at 0.035 and 4M at 0.14.
    assert_eq!(on_demand["monthly_cost"], "0.735");
    assert_eq!(on_demand["cost_per_request"], "0.0000735");
    assert_eq!(on_demand["cost_per_thousand_requests"], "0.0735");
}

#[test]
fn models_stand_side_by_side_with_the_cheapest_first() {
    let page = page(&["--compare", "Nova Pro,Nova Micro", "--input", "10M", "--day", "2026-11-20"]);
    let at = |name: &str| page.find(name).unwrap();
    assert!(at("Nova Micro") < at("Nova Pro"), "{page}");
    assert!(page.contains("22.86×"), "{page}");
}

#[test]
fn what_a_person_typed_wrong_is_told_with_what_is_accepted() {
    let model = ["--model", "Nova Micro"];
    let refused: [(&[&str], i32, &str); 18] = [
        (&["--input", "5x"], 2, "such as 200000, 200k, 50M or 1.5B"),
        (&["--input", "9007199254740993"], 2, "to 2^53"),
        (&["--input", "9007199254740992", "--output", "1"], 2, "above 2^53"),
        (&["--tokens", "5M", "--mix", "80/30"], 2, "adds up to 100, such as 80/20"),
        (&["--tokens", "5M"], 2, "--mix"),
        (&["--tokens", "5M", "--mix", "80/20", "--requests", "5"], 2, "cannot be used with"),
        (&["--input-per-request", "5"], 2, "--requests"),
        (&["--requests", "0", "--input-per-request", "5"], 2, "no requests"),
        (&[], 2, "say how many"),
        (&["--input", "5", "--shape", "bursty:0.5"], 2, "from 1 to 10"),
        (&["--input", "5", "--shape", "steep"], 2, "flat, office-hours, or bursty:R"),
        (&["--input", "5", "--zone", "UTC"], 2, "office-hours"),
        (&["--input", "5", "--shape", "office-hours", "--zone", "Mars/Base"], 2, "such as UTC"),
        (&["--input", "5", "--shape", "office-hours", "--zone", "+99:99"], 2, "such as UTC"),
        (&["--input", "5", "--mix", "50/50"], 2, "cannot be used with"),
        (&["--input", "5", "--requests", "10"], 2, "each has one at least"),
        (&["--input", "5", "--units-capacity", "5"], 2, "such as 1M/300k"),
        (&["--input", "5", "--region", "af-south-1"], 1, "no price of Nova Micro in af-south-1"),
    ];
    for (arguments, status, words) in refused {
        let output = estimate(&[&model[..], arguments].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
    let no_model = |model: &str, words: &str| {
        let output = estimate(&["--model", model, "--input", "5", "--day", "2026-11-20"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(words), "{error}");
    };
    no_model("Sonnet", "did you mean `Claude Sonnet 5.5`");
    no_model("Llama 70B", "`Llama 3.1 70B Instruct`");
    no_model("no such thing", "`cost-guard prices show` lists them");
    no_model("Claude 3.7 Sonnet", "ended on 2026-04-28");
}

/// Returns what an estimate says of each plan, a line each: description, monthly cost, notes or reason.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn plans_of(arguments: &[&str]) -> Vec<String> {
    let json = page(&[&["--format", "json"], arguments].concat());
    let estimate: Value = serde_json::from_str(&json).unwrap();
    let lists = ["plans", "unknown"].map(|list| estimate[list].as_array().unwrap().clone());
    let words = |plan: &Value| {
        let text = |field: &str| plan[field].as_str().unwrap_or_default().to_owned();
        let notes = plan["notes"].as_array().into_iter().flatten();
        let notes: Vec<&str> = notes.filter_map(Value::as_str).collect();
        format!(
            "{} | {} | {}{}",
            text("description"),
            text("monthly_cost"),
            notes.join("; "),
            text("why")
        )
    };
    lists.iter().flatten().map(words).collect()
}

/// Returns the one line of an estimate that begins so.
#[expect(clippy::panic, reason = "only tests call it")]
fn line_of<'l>(lines: &'l [String], words: &str) -> &'l str {
    let mut found = lines.iter().filter(|line| line.starts_with(words));
    let line = found.next().unwrap_or_else(|| panic!("{words}: {lines:#?}"));
    assert!(found.next().is_none(), "{words}: {lines:#?}");
    line
}

#[test]
fn other_models_and_other_sellers_stand_beside_the_model() {
    let of = |model: &str, volume: &[&str]| {
        plans_of(&[&["--model", model, "--day", "2026-11-26"], volume].concat())
    };
    // Newer is not cheaper, nor does smaller take as much.
    let nova = of("Nova Lite", &["--tokens", "100M", "--mix", "80/20"]);
    let newest = line_of(&nova, "Nova 2 Lite (the newest of its line), on-demand, global profile");
    assert!(newest.contains("| 74 | 7.71 times dearer"), "{newest}");
    let smaller = line_of(&nova, "Nova Micro (smaller)");
    assert!(smaller.contains("takes 128,000 tokens at most, not 300,000"), "{smaller}");
    // And what it does not take is no plan.
    let long = ["--requests", "10", "--input-per-request", "200k", "--output-per-request", "10"];
    let refused = of("Nova Lite", &long);
    let refused = line_of(&refused, "Nova Micro (smaller)");
    assert!(refused.contains("a request of 200,000 input tokens does not fit into its 128,000"));
    // A model that was not there yet is no alternative.
    let then = plans_of(&["--model", "Claude 3.7 Sonnet", "--input", "5M", "--day", "2026-04-01"]);
    let newest = line_of(&then, "Claude Sonnet 5.5 (the newest of its line)");
    assert!(newest.contains("|  | its price was first seen on 2026-09-30, after"), "{newest}");
    let claude = of("Claude Sonnet 4.6", &["--input", "5M", "--output", "5M"]);
    let newest = line_of(&claude, "Claude Sonnet 5.5 (the newest of its line)");
    assert!(
        newest.contains("20 % less once 60.0 % of the traffic moves; saves $3 a million"),
        "{newest}"
    );
    // The direct price is that of the global profile, and one that has ended is none.
    let direct = line_of(&claude, "Anthropic direct API (`claude-sonnet-4-6`)");
    assert!(direct.contains("the same as the least on-demand price"), "{direct}");
    let deepseek = of("deepseek.v3.2", &["--input", "5M", "--output", "5M"]);
    assert!(
        line_of(&deepseek, "DeepSeek direct API (`deepseek-chat`)").contains("ended on 2026-07-24")
    );
    // The article's own figures go with its book alone.
    let is_articles = |line: &String| line.contains("as the article prints it");
    assert!(!claude.iter().any(is_articles), "{claude:#?}");
    let opus = plans_of(&["--catalog", "article", "--model", "Claude Opus 4", "--input", "1M"]);
    assert!(line_of(&opus, "Anthropic direct API, as the article prints it").contains("| 15 |"));
}

#[test]
fn a_request_that_the_model_cannot_take_or_answer_is_told() {
    let of = |sent: &str, answered: &str| {
        let volume =
            ["--requests", "1", "--input-per-request", sent, "--output-per-request", answered];
        page(&[&["--model", "Claude Haiku 4.5", "--day", "2026-11-26"], &volume[..]].concat())
    };
    let fits = of("1", "1");
    assert!(
        !fits.contains("does not fit into its 200,000") && fits.contains("2 tokens a month"),
        "{fits}"
    );
    assert!(fits.contains("; 1 request;"), "{fits}");
    assert!(
        of("500k", "1").contains("a request of 500,000 input tokens does not fit into its 200,000")
    );
    assert!(of("1", "100k").contains("an answer of 100,000 tokens is more than its 64,000"));
}

#[test]
fn a_price_of_short_requests_is_not_that_of_long_ones() {
    let luna = ["--model", "openai.gpt-6-luna", "--day", "2026-11-26"];
    let long = ["--requests", "1000", "--input-per-request", "300k", "--output-per-request", "1k"];
    let lines = plans_of(&[&luna[..], &long].concat());
    let flex = line_of(&lines, "flex tier, us profile");
    assert!(flex.contains("no price of requests above 272,000 input tokens"), "{flex}");
    let short = ["--requests", "1000", "--input-per-request", "3k", "--output-per-request", "1k"];
    let lines = plans_of(&[&luna[..], &short].concat());
    assert!(!line_of(&lines, "flex tier").contains("no price"), "{lines:#?}");
    let unknown = plans_of(&[&luna[..], &["--input", "50M", "--output", "10M"]].concat());
    let flex = line_of(&unknown, "flex tier");
    assert!(
        flex.contains("up to 272,000 input tokens: the price of longer ones is not known"),
        "{flex}"
    );
}

#[test]
fn a_unit_that_is_idle_too_long_never_pays() {
    let of = |shape: &str| {
        let volume = ["--input", "50M", "--output", "50M", "--shape", shape];
        plans_of(&[&["--catalog", "article", "--model", "Claude 3.7 Sonnet"], &volume[..]].concat())
    };
    let office = of("office-hours");
    assert!(
        line_of(&office, "3 model units, Tier 1").contains("never pays at this shape"),
        "{office:#?}"
    );
    // A tenth of the hours is full, and the others must serve the more.
    let bursty = page(&[
        "--catalog",
        "article",
        "--model",
        "Claude 3.7 Sonnet",
        "--input",
        "50M",
        "--output",
        "50M",
        "--shape",
        "bursty:5",
    ]);
    assert!(bursty.contains("pays from 68.13M tokens a month at this mix"), "{bursty}");
}

#[test]
fn terms_that_outlast_the_model_are_not_sold() {
    let of = |day: &str| {
        let model = ["--model", "Llama 3.1 70B Instruct", "--region", "us-west-2", "--input", "5B"];
        plans_of(&[&model[..], &["--units-capacity", "300k/100k", "--day", day]].concat())
    };
    let lines = of("2026-11-26");
    assert!(line_of(&lines, "model units, 6-month term").contains("the model ends on 2027-03-30"));
    assert!(lines.iter().any(|line| line.contains("model unit, 1-month term")), "{lines:#?}");
}

#[test]
fn own_gpus_are_billed_for_all_hours_unless_others_pay() {
    let volume = ["--model", "Llama 3.1 70B", "--input", "50M", "--output", "50M"];
    let of = |more: &[&str]| {
        page(&[&["--catalog", "article", "--gpu-hour", "1.99"], &volume[..], more].concat())
    };
    let row = |page: &str| {
        page.lines().find(|line| line.contains("at $1.99 an hour")).unwrap().to_owned()
    };
    let whole = of(&["--tokens-per-second", "850"]);
    assert!(row(&whole).contains("$1,452.70") && row(&whole).contains("4.5 %"), "{whole}");
    assert!(whole.contains("850 tokens a second are 2,233,800,000 a month: as you say"), "{whole}");
    let part = of(&["--tokens-per-second", "850", "--gpu-share", "4.5"]);
    assert!(row(&part).contains("$65.37") && part.contains("only where others pay"), "{part}");
    let operated = of(&["--tokens-per-second", "850", "--operations", "500"]);
    assert!(row(&operated).contains("$1,952.70"), "{operated}");
    // As many as the busiest hour asks for: a tenth of the hours has all of it.
    let bursty = of(&["--tokens-per-second", "100", "--shape", "bursty:10"]);
    assert!(row(&bursty).contains("own GPUs: 4 at"), "{bursty}");
    assert!(of(&[]).contains("say it by --tokens-per-second"));
    for (more, words) in [
        (&["--gpu-share", "0"][..], "from 0.01 to 100"),
        (&["--quantisation", "5"], "possible values: 16, 8, 4"),
        (&["--operations", "1000000001"], "from 0 to 1000000000"),
        (&["--tokens-per-second", "0"], "above zero"),
    ] {
        let output = estimate(&[&volume[..], &["--gpu-hour", "1.99"], more].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains(words));
    }
}

#[test]
fn rented_gpus_have_a_figure_only_where_a_rate_was_published() {
    let of = |model: &str, more: &[&str]| {
        let region = ["--region", "us-west-2", "--day", "2026-11-26", "--format", "json"];
        let json = page(&[&["--model", model], &region[..], more].concat());
        serde_json::from_str::<Value>(&json).unwrap()
    };
    let own = |estimate: &Value, list: &str| {
        let all = estimate[list].as_array().unwrap().iter();
        all.filter(|plan| plan["kind"] == "own_gpus").cloned().collect::<Vec<Value>>()
    };
    let volume =
        ["--requests", "1M", "--input-per-request", "1000", "--output-per-request", "1000"];
    let llama = "Llama 3.1 70B Instruct";
    let some = own(&of(llama, &volume), "plans");
    assert!(!some.is_empty());
    for plan in &some {
        // Whole products, at all hours.
        let cost: Decimal = plan["monthly_cost"].as_str().unwrap().parse().unwrap();
        assert!(cost > Decimal::ONE_THOUSAND, "{plan}");
        assert_eq!(plan["effort"], "migration");
        assert_eq!(plan["sources"].as_array().unwrap().len(), 2, "{plan}");
    }
    let eight = own(&of(llama, &[&volume[..], &["--quantisation", "8"]].concat()), "plans");
    assert!(eight.iter().all(|plan| plan["description"].as_str().unwrap().ends_with("FP8")));
    // Ten times the volume needs more of them, and never costs less.
    let more = ["--requests", "30M", "--input-per-request", "1000", "--output-per-request", "1000"];
    let least = |plans: &[Value]| -> Decimal {
        plans
            .iter()
            .map(|plan| plan["monthly_cost"].as_str().unwrap().parse().unwrap())
            .min()
            .unwrap()
    };
    assert!(least(&own(&of(llama, &more), "plans")) > least(&some));
    // A request that fits beside the weights on no card is no plan, and closed weights are no question.
    let long = ["--requests", "10", "--input-per-request", "60M", "--output-per-request", "10"];
    let unknown = own(&of(llama, &long), "unknown");
    assert!(unknown[0]["why"].as_str().unwrap().contains("does not fit beside the weights"));
    let claude = of("Claude Haiku 4.5", &volume);
    assert!(own(&claude, "plans").is_empty() && own(&claude, "unknown").is_empty());
}

/// Puts a volume to a model of the article.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn of_article(
    model: &str,
    input: u64,
    output: u64,
    shape: LoadShape,
    unit: Option<u64>,
) -> Estimate {
    let book = PriceBook::article().unwrap();
    let capacity = unit.map(|tokens| Capacity {
        input_tokens_per_hour: tokens,
        output_tokens_per_hour: tokens,
        origin: CapacityOrigin::Assumed,
    });
    let basis = EstimateBasis {
        model: find_model(&book, model).unwrap(),
        references: &References::embedded().unwrap(),
        overrides: &Overrides::default(),
        allow_global: true,
        book: &book,
        region: "us-east-1".parse().unwrap(),
        day: "2026-11-20".parse().unwrap(),
        volume: Volume::new(TokensAsked::ByMeter { input, output }, 0, 0, None).unwrap(),
        shape,
        zone: None,
        capacity,
        units_cache: false,
        self_hosting: SelfHosting::default(),
    };
    Estimate::new(&basis).unwrap()
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn units_of(estimate: &Estimate) -> Vec<(u32, Usd, bool)> {
    let units = estimate.plans.iter().filter(|plan| plan.kind == PlanKind::ModelUnits);
    units
        .filter(|plan| plan.description.contains("Tier 1"))
        .map(|plan| (plan.model_units.unwrap(), plan.monthly_cost, plan.overflow.is_some()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// By the definition: each token at its price, and as many units as the busiest hour asks for.
    #[test]
    fn a_volume_costs_what_its_tokens_and_units_cost(
        input in 1u64..3_000_000_000, output in 1u64..3_000_000_000, tenths in 10u32..=100,
    ) {
        let ratio = Decimal::new(tenths.into(), 1);
        let shape: LoadShape = format!("bursty:{ratio}").parse().unwrap();
        let estimate = of_article("Claude 3.7 Sonnet", input, output, shape, None);
        let on_demand = estimate.plans.iter().find(|plan| plan.kind == PlanKind::OnDemand).unwrap();
        let dollars = Decimal::from(3 * u128::from(input) + 15 * u128::from(output)) / Decimal::from(1_000_000);
        prop_assert_eq!(on_demand.monthly_cost.dollars(), dollars);
        prop_assert_eq!(on_demand.twelve_month_cost.dollars(), dollars * Decimal::from(12));
        // 100,000 tokens an hour each way, of which a tenth of the hours have R times the mean.
        let needed = (Decimal::from(input.max(output)) * ratio / Decimal::from(73_000_000)).ceil();
        let units = units_of(&estimate);
        let whole: Vec<_> = units.iter().filter(|(_, _, spills)| !spills).collect();
        prop_assert_eq!(whole.len(), 1);
        prop_assert_eq!(Decimal::from(whole[0].0), needed);
        prop_assert_eq!(whole[0].1.dollars(), needed * Decimal::from(438));
        for (count, cost, _) in units.iter().filter(|(_, _, spills)| *spills) {
            // Fewer units and the rest on-demand, where that costs less than all units.
            prop_assert!(*count < whole[0].0 && *cost <= whole[0].1, "{units:?}");
            prop_assert!(cost.dollars() <= dollars, "{units:?}");
        }
        prop_assert!(estimate.plans.is_sorted_by_key(|plan| plan.monthly_cost));
        // A unit pays where the tokens that it serves are worth its price on-demand.
        let total = Decimal::from(input) + Decimal::from(output);
        let largest = Decimal::from(input.max(output)) / total;
        let most = Decimal::from(100_000) / largest;
        let (busy, rest) = (ratio, (Decimal::TEN - ratio) / Decimal::from(9));
        let worth = |volume: Decimal| {
            let each = |times: Decimal, hours: i64| {
                (volume * times / Decimal::from(730)).min(most) * Decimal::from(hours)
            };
            (each(busy, 73) + each(rest, 657)) * dollars / total
        };
        let unit = estimate.plans.iter().find(|plan| plan.description.contains("Tier 1")).unwrap();
        let price = Decimal::from(438);
        match unit.break_even_tokens_per_month {
            Some(from) => {
                let difference = worth(Decimal::from(from.count())) - price;
                prop_assert!(difference.abs() < Decimal::new(1, 2), "{from:?} {difference}");
            }
            None => prop_assert!(worth(Decimal::from(1_u64 << 53)) < price + Decimal::new(1, 2)),
        }
    }
}
