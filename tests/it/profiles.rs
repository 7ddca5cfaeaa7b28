//! Which Region may call what: application profiles are known by the models behind them, the account's
//! own list of profiles goes first, and what is not known prices nothing and says why.

use std::io::Write as _;

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::config::{CatalogSource, DocumentSource};
use bedrock_cost_guard::domain::{Geo, Scope};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, Report};
use tempfile::NamedTempFile;

use crate::support::account::{Account, HELD, SONNET, held};
use crate::support::book::{MODEL, book, model, parse, rate, text};
use crate::support::reports::{actions, only};
use crate::support::served::Served;

const PROFILE: &str = "a1b2c3d4e5f6";

/// A profile that is called from outside of the geography that its name tells.
struct Copied {
    source: &'static str,
    geo: Geo,
    regions: &'static [&'static str],
}

const COPIED: [Copied; 2] = [
    Copied {
        source: "ca-central-1",
        geo: Geo::Us,
        regions: &["ca-central-1", "us-east-1", "us-east-2", "us-west-2"],
    },
    Copied {
        source: "ap-southeast-6",
        geo: Geo::Au,
        regions: &["ap-southeast-2", "ap-southeast-4", "ap-southeast-6"],
    },
];

/// Prices of a model that are others in each group, so that a wrong one shows.
fn prices() -> Vec<String> {
    [("in-region", 90), ("global", 80), ("us", 1), ("au", 1), ("apac", 70), ("ca", 60)]
        .map(|(scope, dollars)| rate(scope, "standard", [dollars, 2 * dollars]))
        .to_vec()
}

/// The reason for which an id has no price.
#[expect(clippy::expect_used, reason = "only tests call it")]
fn reason<'r>(report: &'r Report, id: &str) -> &'r str {
    let mut usage = report.unpriced.iter().filter(|usage| usage.model_id == id);
    &usage.next().expect("it has no price").reason
}

#[tokio::test]
async fn an_application_profile_costs_what_its_traffic_costs_under_the_profile_that_was_copied() {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text(&model(SONNET, &prices())).as_bytes()).unwrap();
    let path = file.path().to_string_lossy().into_owned();
    for Copied { source, geo, regions } in COPIED {
        let system = format!("{}.{SONNET}", geo.prefix());
        let mut account = Account::new()
            .at(source)
            .tokens(PROFILE, 1_000, 100)
            .tokens(&system, 1_000, 100)
            .profile_of(PROFILE, SONNET, regions);
        account.observation.settings.catalog =
            CatalogSource::Document(DocumentSource::Path(path.clone()));
        let listed = account.clone().system_profile(geo.prefix(), SONNET, regions);
        for (account, is_listed) in [(account, false), (listed, true)] {
            let outcome = Served::of(account.observation).run().await;
            assert!(outcome.report.unpriced.is_empty(), "{:?}", outcome.report.unpriced);
            let [copied, called] = only(&outcome.report).lanes.as_slice() else {
                panic!("two lanes");
            };
            assert_eq!((copied.model_id.as_str(), called.model_id.as_str()), (PROFILE, &*system));
            assert_eq!(copied.scope, Some(Scope::Geo(geo)), "{source}");
            assert_eq!(copied.inference_profile_name.as_deref(), Some("team-a1b2c3d4e5f6"));
            assert!(copied.monthly_cost.is_positive());
            assert_eq!(copied.monthly_cost, called.monthly_cost);
            let dollars = copied.meters[0].list_unit_price.unwrap();
            assert_eq!(dollars.to_string(), "1.00", "{source}");
            // What was read of profiles is kept, and a document without them is one of before.
            let saved = outcome.observation.to_json().unwrap();
            assert_eq!(saved.contains("system_profiles"), is_listed);
            let replayed = report::build(&Observation::from_json(&saved).unwrap());
            assert_eq!(replayed.to_json().unwrap(), outcome.report.to_json().unwrap());
        }
    }
}

#[test]
fn a_profile_without_a_scope_says_the_true_reason() {
    let gone = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/g0neg0neg0ne";
    let there = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
    let report = Account::on(book(&prices()))
        .tokens(there, 1_000, 100)
        .tokens(gone, 1_000, 100)
        .profile(PROFILE, &["us-east-1", "eu-west-1"])
        .report();
    assert!(report.workloads.is_empty());
    assert_eq!(reason(&report, gone), "this application profile no longer exists");
    assert_eq!(
        reason(&report, there),
        "the models of this application profile are in eu-west-1, us-east-1, which fit no profile of maker.model-v1:0 that is known"
    );
}

#[test]
fn a_group_that_is_not_known_prices_nothing_and_is_called_so() {
    let ids = [
        "amer.anthropic.claude-sonnet-4-6",
        "me.anthropic.claude-sonnet-4-6+flex",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/sa.anthropic.claude-sonnet-4-6",
    ];
    let account = ids.iter().fold(Account::new(), |account, id| account.tokens(id, 1_000, 100));
    let report = account.report();
    assert!(report.workloads.is_empty());
    assert!(report.totals.monthly_cost.is_zero());
    for (id, prefix) in ids.into_iter().zip(["amer", "me", "sa"]) {
        assert_eq!(
            reason(&report, id),
            format!(
                "`{prefix}.` is a group of Regions that this version does not know; what anthropic.claude-sonnet-4-6 costs through it is not known"
            )
        );
    }
}

#[test]
fn a_book_of_ones_own_prices_a_model_that_looks_like_a_group() {
    let id = "acme.anthropic.claude-like";
    let prices = parse(&model(id, &prices())).unwrap();
    let report = Account::on(prices).tokens(id, 1_000, 100).report();
    assert!(report.unpriced.is_empty());
    assert!(only(&report).lanes[0].monthly_cost.is_positive());
    // A maker of whom only that book knows is no group either.
    let id = "acme.model.2";
    let report = Account::new().tokens(id, 1_000, 100).report();
    assert_eq!(
        reason(&report, id),
        "the price book has no in-Region standard rate of acme.model.2 in us-east-1"
    );
}

#[test]
fn a_bare_id_has_the_price_that_the_book_has_also_where_only_profiles_can_be_called() {
    let prices = parse(&model(SONNET, &prices())).unwrap();
    let report = Account::on(prices).at("eu-west-2").tokens(SONNET, 1_000, 100).report();
    assert!(report.unpriced.is_empty());
    let dollars = only(&report).lanes[0].meters[0].list_unit_price.unwrap();
    assert_eq!(dollars.to_string(), "90.00");
}

#[test]
fn no_route_leads_to_a_global_profile_that_the_region_lacks() {
    let rows = ["us", "global"].map(|scope| {
        let dollars = if scope == "us" { [3, 6] } else { [1, 2] };
        rate(scope, "standard", dollars)
    });
    let called = format!("us.{MODEL}");
    let account = Account::on(book(&rows)).tokens(&called, 500_000, 100_000);
    let regions = ["us-east-1", "us-west-2"];
    let advised = |account: &Account| actions(&account.report());
    let route = [Action::RouteToGlobalProfile];
    assert_eq!(advised(&account), route, "nothing is known");
    let lacks = account.system_profile("us", MODEL, &regions);
    assert_eq!(advised(&lacks), []);
    let has = lacks.system_profile("global", MODEL, &["us-east-1", ""]);
    assert_eq!(advised(&has), route);
}

#[test]
fn tokens_of_a_provisioned_model_are_worth_what_the_region_may_call() {
    let account = Account::on(book(&[rate("us", "standard", [1, 2])])).at("ca-central-1").busy(
        held(),
        1_000,
        100,
    );
    let price = |account: &Account| {
        let report = account.report();
        let lane = only(&report).lanes.iter().find(|lane| lane.model_id == HELD).unwrap();
        lane.meters[0].list_unit_price.map(|price| price.to_string())
    };
    assert_eq!(price(&account), None);
    let listed = account.system_profile("us", MODEL, &["ca-central-1", "us-east-1"]);
    assert_eq!(price(&listed).as_deref(), Some("1.00"));
}
