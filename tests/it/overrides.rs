//! The operator's overrides in a report: prices and holdings change, and the rest is left alone.

use bedrock_cost_guard::catalog::{Overrides, PriceBook};
use bedrock_cost_guard::domain::Usd;
use bedrock_cost_guard::report::{self, Report};
use bedrock_cost_guard::terminal::report as text;

use crate::support::account::{Account, SONNET, TOKENS, overrides, reserved};
use crate::support::reports::{only, usd};
use crate::support::sample;

/// Starts an account that uses a model in `us-east-1`: a million input and 100,000 output tokens in
/// every hour.
fn using(id: &str) -> Account {
    Account::new().survey(id, TOKENS, |_| [1_000_000, 100_000])
}

/// Returns true if a report says that it knows no prices but those of the list.
fn says_all_is_at_list(report: &Report) -> bool {
    let mut texts = report.not_covered.iter();
    texts.any(|text| text.contains("all prices are list prices"))
}

const TENTH_OFF: &str = r#"
[[discount]]
provider = "Anthropic"
percent = "10"
on = ["tokens"]
from = "2026-01-01"
source = "addendum"
"#;

#[test]
fn a_contract_shows_list_and_contracted_cost_side_by_side() {
    let at_list = using(SONNET).report();
    // 730 hours of 3.30 + 1.65 USD.
    assert_eq!(at_list.totals.monthly_cost, usd("3613.5"));
    assert_eq!(at_list.totals.monthly_list_cost, usd("3613.5"));
    assert!(!text::render(&at_list).contains("At list prices"));
    assert!(says_all_is_at_list(&at_list));

    let report = using(SONNET).overrides(TENTH_OFF).report();
    assert_eq!(report.totals.monthly_cost, usd("3252.15"));
    assert_eq!(report.totals.monthly_list_cost, usd("3613.5"));
    let meter = &only(&report).lanes[0].meters[0];
    let price = |price: Option<_>| {
        price.map(|price: bedrock_cost_guard::domain::UsdPerMillionTokens| price.to_string())
    };
    assert_eq!(price(meter.list_unit_price).as_deref(), Some("3.30"));
    assert_eq!(price(meter.contracted_unit_price).as_deref(), Some("2.97"));
    let page = text::render(&report);
    assert!(page.contains("At list prices      $3,613.50"), "{page}");
    assert!(page.contains("Your prices, where the overrides name them"), "{page}");
    assert!(!says_all_is_at_list(&report));
}

#[test]
fn advice_saves_what_the_account_pays_and_not_the_list() {
    let mut account = using(SONNET);
    account.observation.settings.allow_global_routing = true;
    let saved = |report: &Report| report.totals.potential_monthly_savings;
    assert_eq!(saved(&account.report()), usd("328.5"));
    let discounted = account.clone().overrides(TENTH_OFF).report();
    assert_eq!(saved(&discounted), usd("295.65"));

    // In-Region at the global price: nothing is left to save.
    let special = r#"
[[contract_price]]
model = "anthropic.claude-sonnet-4-6"
scope = "in-region"
regions = ["us-east-1"]
input = "3.00"
output = "15.00"
from = "2026-01-01"
source = "addendum"
"#;
    assert_eq!(saved(&account.overrides(special).report()), Usd::ZERO);
}

#[test]
fn an_excluded_model_is_priced_and_not_advised_on() {
    let mut account = using(SONNET);
    account.observation.settings.allow_global_routing = true;
    let report = account
        .overrides("[[excluded_model]]\nmodel = \"anthropic.claude-sonnet-4-6\"\nwhy = \"moves out in May\"\n")
        .report();
    assert_eq!(report.recommendations, []);
    assert_eq!(report.totals.monthly_cost, usd("3613.5"));
    assert_eq!(only(&report).verdict, "no advice: the overrides exclude it: moves out in May");
}

#[test]
fn a_dismissed_recommendation_is_listed_and_not_counted_until_its_day() {
    let before = report::build(&sample());
    let dearest = &before.recommendations[0];
    let dismissed = |until: &str| {
        let mut observation = sample();
        observation.overrides.dismissed = overrides(&format!(
            "[[dismissed]]\nid = \"{}\"\nuntil = \"{until}\"\nwhy = \"the team decides in June\"\n",
            dearest.id
        ))
        .dismissed;
        report::build(&observation)
    };
    let report = dismissed("2026-06-30");
    let same = |report: &Report| {
        let found = report.recommendations.iter().find(|advice| advice.id == dearest.id);
        found.map(|advice| advice.standing.not_counted_because.clone())
    };
    assert_eq!(
        same(&report),
        Some(Some(
            "the overrides dismiss it until 2026-06-30: the team decides in June".to_owned()
        ))
    );
    assert_eq!(
        report.totals.potential_monthly_savings,
        before.totals.potential_monthly_savings - dearest.savings().unwrap()
    );
    assert_eq!(same(&dismissed("2026-04-01")), Some(None));
}

#[test]
fn what_reserved_tokens_serve_is_not_billed_twice() {
    // A million an hour is 16,667 a minute: 17,000 and 2,000 hold all of it.
    let held = reserved("regional", 17_000, 2_000);
    let report = using(SONNET).overrides(&held).report();
    let workload = only(&report);
    assert_eq!(workload.on_demand_monthly_cost, Usd::ZERO);
    assert_eq!(workload.covered_monthly_cost, usd("3613.5"));
    // 730 hours of 17 × 0.1782 + 2 × 0.891 USD.
    assert_eq!(workload.holdings_monthly_cost, usd("3512.322"));
    assert_eq!(workload.monthly_cost, usd("3512.322"));
    assert!(workload.is_at_least);
    assert!(workload.verdict.contains("no commitment is advised: there are no minutes"));
    let page = text::render(&report);
    assert!(page.contains("RESERVED TOKENS"), "{page}");

    // Half of the output fits, and so half of each request's input.
    let held = reserved("regional", 17_000, 1_000);
    let half = using(SONNET).overrides(&held).report();
    assert_eq!(only(&half).covered_monthly_cost, usd("2168.1"));
}

#[test]
fn reserved_tokens_serve_their_own_scope_alone() {
    let global = reserved("global", 1_000_000, 1_000_000);
    let report = using(SONNET).overrides(&global).report();
    assert_eq!(only(&report).covered_monthly_cost, Usd::ZERO);
    let both = using(SONNET)
        .survey("global.anthropic.claude-sonnet-4-6", TOKENS, |_| [1_000_000, 100_000]);
    let report = both.overrides(&global).report();
    assert_eq!(only(&report).covered_monthly_cost, usd("3285"));
}

#[test]
fn an_operator_knows_the_cost_of_a_reservation_better_than_the_book() {
    let said = reserved("regional", 17_000, 2_000) + "usd_per_hour = \"4.00\"\n";
    let report = using(SONNET).overrides(&said).report();
    let held = &report.reserved_holdings[0];
    assert_eq!(held.monthly_cost, Some(usd("2920")));
    assert_eq!(held.monthly_list_cost, Some(usd("3512.322")));
}

#[test]
fn a_reservation_that_has_not_begun_serves_nothing() {
    let later = reserved("regional", 17_000, 2_000).replace("2026-03-01", "2026-05-01");
    let report = using(SONNET).overrides(&later).report();
    assert_eq!(report.reserved_holdings, []);
    assert_eq!(report.totals.monthly_cost, usd("3613.5"));
}

#[test]
fn what_the_overrides_declare_for_a_region_that_was_not_read_is_not_lost_without_a_word() {
    let elsewhere = reserved("regional", 17_000, 2_000).replace("us-east-1", "eu-west-1");
    let report = using(SONNET).overrides(&elsewhere).report();
    assert_eq!(report.reserved_holdings, []);
    let said = "the reserved tokens `chat` of the overrides: eu-west-1 was not read";
    assert!(
        report.not_covered.iter().any(|what| what.starts_with(said)),
        "{:?}",
        report.not_covered
    );
}

#[test]
fn a_cost_that_only_the_operator_knows_is_no_list_price() {
    let said = reserved("regional", 17_000, 2_000) + "usd_per_hour = \"4.00\"\n";
    let report = using(SONNET).overrides(&said).report();
    assert!(report.run.has_contract);
    assert!(!says_all_is_at_list(&report));
}

#[test]
fn entries_that_match_nothing_are_named() {
    let book = PriceBook::aws().unwrap();
    let unmatched = overrides(
        "[[discount]]\nprovider = \"Anthropicc\"\npercent = \"5\"\non = [\"tokens\"]\nfrom = \"2026-01-01\"\n\
         source = \"s\"\n[[excluded_model]]\nmodel = \"us.amazon.nova-micro-v1:0\"\nwhy = \"w\"\n",
    )
    .unmatched(&book);
    assert_eq!(
        unmatched,
        [
            "the overrides name the model `us.amazon.nova-micro-v1:0`, which the price book `aws` does not have",
            "the overrides name the provider `Anthropicc`, which the price book `aws` does not have",
        ]
    );
    assert_eq!(overrides(TENTH_OFF).unmatched(&book), Vec::<String>::new());
}

#[test]
fn any_traffic_beside_any_holding_is_counted_without_a_panic() {
    for tokens in [0, 1, 22_000_000_000, 1 << 53] {
        let account = Account::new().survey(SONNET, TOKENS, |_| [tokens; 2]);
        for (input, output) in [(1_000, 1_000), (1_000_000_000, 1_000_000_000)] {
            let held = reserved("regional", input, output) + "usd_per_hour = \"1000000\"\n";
            let report = account.clone().overrides(&held).report();
            let workload = only(&report);
            assert!(workload.on_demand_monthly_cost >= Usd::ZERO);
            let lanes: Usd = workload.lanes.iter().map(|lane| lane.monthly_cost).sum();
            assert!(workload.on_demand_monthly_cost <= lanes);
        }
    }
    let beyond = "schema_version = 1\n".to_owned()
        + &reserved("regional", 1_000, 1_000)
        + "usd_per_hour = \"1e26\"\n";
    assert!(Overrides::parse("o", &beyond).is_err());
    let beyond = beyond.replace("1e26", "110000000000000000000000000");
    assert!(Overrides::parse("o", &beyond).is_err());
}

#[test]
fn a_discount_on_a_tier_range_leaves_the_list_price_as_it_is() {
    let mut account = using("amazon.nova-pro-v1:0");
    account.lane_of("amazon.nova-pro-v1:0").splits = vec!["ModelId, ServiceTier".to_owned().into()];
    let at_list = account.report();
    let free = TENTH_OFF.replace("Anthropic", "Amazon").replace("\"10\"", "\"100\"");
    let report = account.overrides(&free).report();
    assert_eq!(report.totals.monthly_list_cost, at_list.totals.monthly_list_cost);
    assert_eq!(report.totals.monthly_cost, Usd::ZERO);
    let split = "it is priced from the cheapest tier that its requests can be served at";
    assert!(report.not_covered.iter().any(|what| what.contains(split)));
}

#[test]
fn a_file_of_thousands_of_faults_is_answered_at_once_and_in_a_screen() {
    let keys: Vec<String> = (0..100_000).map(|key| format!("key{key} = 1\n")).collect();
    let text = format!("schema_version = 1\n{}", keys.concat());
    let fault = Overrides::parse("o.toml", &text).unwrap_err().to_string();
    assert!(fault.len() < 5_000, "{} bytes", fault.len());
    assert!(fault.contains("line 2: `key0` is not known") && fault.contains(" more"), "{fault}");
}
