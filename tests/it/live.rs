//! `GUARD_CATALOG=live`: the Price List of the account over the embedded book.

use bedrock_cost_guard::config::CatalogSource;
use jiff::SignedDuration;
use serde_json::Value;

use crate::support::account::{Account, TOKENS, region};
use crate::support::fake_aws::{Fault, FaultKind, PageSizes};
use crate::support::products::nova_micro;
use crate::support::reports::usd;
use crate::support::served::Served;
use crate::support::shifted;

const GET_PRODUCTS: &str = "GetProducts";
const MICRO: &str = "amazon.nova-micro-v1:0";

/// Serves an account that uses Nova Micro in a Region, a million tokens each way an hour, and a Price
/// List with twice the prices of the embedded book.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn served(name: &str) -> Served {
    let mut account = Account::new().survey(MICRO, TOKENS, |_| [1_000_000; 2]);
    let observation = &mut account.observation;
    observation.settings.catalog = CatalogSource::Live;
    observation.settings.regions = vec![region(name)];
    observation.places[0].place.region = region(name);
    // Two weeks after the list was published.
    let served = Served::of(shifted(account.observation, "2027-01-04T00:20:00Z".parse().unwrap()));
    let products = ["us-east-1", "eu-west-1"].into_iter().flat_map(|region| {
        [nova_micro(region, "input", "0.0000700000"), nova_micro(region, "output", "0.0002800000")]
    });
    served.fake.set_products("AmazonBedrock", products.collect());
    served.fake.set_page_sizes(PageSizes { products: 1, ..PageSizes::default() });
    served
}

/// 730 hours at the prices of the embedded book, and at those of the list, which are twice as high.
const EMBEDDED: &str = "127.75";
const LISTED: &str = "255.5";

#[tokio::test]
async fn prices_of_the_list_go_before_those_of_the_embedded_book() {
    let account = served("us-east-1");
    let report = account.run().await.report;
    assert_eq!(report.totals.monthly_cost, usd(LISTED));
    assert_eq!(report.run.catalog, "live");
    let read = report.run.price_list.clone().unwrap();
    assert_eq!((read.lines, read.priced, read.rejected), (2, 2, 0));
    // As old as the list, not as the reading of it.
    let published = "2026-12-20".parse().ok();
    assert_eq!(report.totals.prices_checked, published);
    let source = report.workloads[0].lanes[0].meters[0].source.clone();
    let source = source.unwrap();
    assert!(
        source.contains("AWS Price List") && source.contains("published 2026-12-20"),
        "{source}"
    );
    assert_eq!(report.notes, Vec::<String>::new());
    // Whole offers, page by page, for the one Region: nothing for each model.
    assert_eq!(account.fake.requests(GET_PRODUCTS), 4);
    assert_eq!(account.fake.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_list_that_was_read_serves_a_day_and_no_longer() {
    let mut account = served("us-east-1");
    let start = account.as_of;
    let mut asked = Vec::new();
    for hours in [0, 1, 23, 25] {
        account.as_of = start + SignedDuration::from_hours(hours);
        let report = account.run().await.report;
        assert_eq!(report.totals.monthly_cost, usd(LISTED));
        asked.push(account.fake.requests(GET_PRODUCTS));
    }
    assert_eq!(asked, [4, 4, 4, 8]);
}

#[tokio::test]
async fn throttles_and_tokens_that_ran_out_are_gone_through() {
    let account = served("us-east-1")
        .with_fault(Fault::of(GET_PRODUCTS, FaultKind::Throttle).times(2))
        .with_fault(Fault::of(GET_PRODUCTS, FaultKind::ExpiredToken).times(1));
    let report = account.run().await.report;
    assert_eq!(report.totals.monthly_cost, usd(LISTED));
}

#[tokio::test]
async fn the_run_goes_on_with_the_embedded_book_when_the_list_is_down_and_says_so() {
    for kind in [FaultKind::Forbidden, FaultKind::ServerError] {
        let account = served("us-east-1").with_fault(Fault::of(GET_PRODUCTS, kind));
        let report = account.run().await.report;
        assert_eq!(report.totals.monthly_cost, usd(EMBEDDED), "{kind:?}");
        assert_eq!(report.run.price_list, None);
        assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
        assert!(
            report.notes[0].starts_with("the Price List was not used: pricing:GetProducts"),
            "{:?}",
            report.notes
        );
        assert_eq!(report.run.catalog, "aws");
        // The day on which somebody last looked at the embedded rows, which the age is counted from.
        assert_eq!(report.totals.prices_checked, "2026-11-13".parse().ok());
    }
}

#[tokio::test]
async fn a_list_without_a_rate_is_no_list() {
    let account = served("us-east-1");
    account.fake.set_products(
        "AmazonBedrock",
        vec![nova_micro("us-east-1", "input", "0.00007").replace("1K tokens", "1B tokens")],
    );
    let report = account.run().await.report;
    assert_eq!(report.totals.monthly_cost, usd(EMBEDDED));
    assert!(report.notes[0].contains("none of its 1 lines is a rate"));
}

#[tokio::test]
async fn a_list_that_is_older_than_the_embedded_book_is_kept_back_and_noted() {
    let account = served("us-east-1");
    let old = |meter, usd| nova_micro("us-east-1", meter, usd).replace("2026-12-20", "2026-03-02");
    let products = vec![old("input", "0.0000700000"), old("output", "0.0002800000")];
    account.fake.set_products("AmazonBedrock", products);
    for _ in 0..2 {
        let report = account.run().await.report;
        assert_eq!(report.totals.monthly_cost, usd(EMBEDDED));
        assert_eq!(report.run.catalog, "live");
        assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
        assert!(
            report.notes[0]
                .starts_with("2 figures of the Price List were not used: the embedded book has"),
            "{:?}",
            report.notes
        );
    }
}

#[tokio::test]
async fn a_price_of_a_later_day_is_not_used_before() {
    let account = served("us-east-1");
    let product = |meter, usd, from: &str| {
        let product = nova_micro("us-east-1", meter, usd).replace("2026-03-01", from);
        product.replace("TERM", from)
    };
    let products = vec![
        product("input", "0.0000700000", "2026-03-01"),
        product("output", "0.0002800000", "2026-03-01"),
        product("input", "0.0009000000", "2027-02-01"),
    ];
    account.fake.set_products("AmazonBedrock", products);
    assert_eq!(account.run().await.report.totals.monthly_cost, usd(LISTED));
}

#[tokio::test]
async fn names_without_a_model_are_counted_and_price_nothing() {
    let account = served("us-east-1");
    let stranger = nova_micro("us-east-1", "input", "0.009").replace("Nova Micro", "Nova Colossal");
    let stranger = stranger.replace("NovaMicro", "NovaColossal");
    let products = vec![
        nova_micro("us-east-1", "input", "0.00007"),
        nova_micro("us-east-1", "output", "0.00028"),
        stranger,
    ];
    account.fake.set_products("AmazonBedrock", products);
    let report = account.run().await.report;
    assert_eq!(report.totals.monthly_cost, usd(LISTED));
    assert_eq!(report.run.price_list.as_ref().map(|read| read.unmapped), Some(1));
    let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(json["run"]["price_list"]["unmapped"], 1);
}

#[tokio::test]
async fn govcloud_has_no_price_list_and_nobody_is_asked_there() {
    let account = served("us-gov-west-1");
    let report = account.run().await.report;
    assert!(report.notes[0].contains("us-gov-west-1 failed: the Price List has no endpoint"));
    assert_eq!(account.fake.requests(GET_PRODUCTS), 0);
}
