//! A book whose prices AWS does not charge: for comparison, and never to be acted on.

use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::guard::log_lines;
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::metrics::points;
use bedrock_cost_guard::report::{self, Report, Summary};
use bedrock_cost_guard::terminal::{explain, prices, report as text};

use crate::support::{sample, small_observation, whole};

/// Returns observations of other tests, on the same rows with `charged = false`, and on the article.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn uncharged() -> Vec<Observation> {
    let mut observations = vec![sample().repriced(&PriceBook::article().unwrap())];
    for mut observation in [sample(), small_observation()] {
        observation.prices.charged = false;
        observations.push(observation);
    }
    observations
}

/// Says what of a report somebody could act on.
pub(crate) fn fault(report: &Report) -> Option<String> {
    for advice in &report.recommendations {
        if advice.is_counted() || advice.remedy.command.is_some() || !advice.remedy.steps.is_empty()
        {
            return Some(format!("{} can be acted on", advice.message()));
        }
    }
    let advised = report.workloads.iter().flat_map(|it| &it.plans);
    let advised = advised.filter(|plan| plan.advised && plan.action.is_some());
    let totals = &report.totals;
    if advised.count() > 0 || totals.recommendations > 0 || !report.closed.is_empty() {
        return Some("something is advised, counted or closed".to_owned());
    }
    None
}

#[test]
fn nothing_counts_and_nothing_has_a_command() {
    let mut seen = 0;
    for observation in uncharged() {
        let report = report::build(&observation);
        assert_eq!(fault(&report), None);
        seen += report.recommendations.len();
    }
    assert!(seen > 5, "{seen} recommendations");
}

#[test]
fn every_format_begins_with_a_warning() {
    for observation in uncharged() {
        let report = report::build(&observation);
        let warning = "NOT WHAT AWS CHARGES";
        let page = text::render(&report);
        assert!(page.lines().take(4).any(|line| line.contains(warning)), "{page}");
        assert!(page.contains("Could be saved   not counted: "), "{page}");
        assert!(!page.contains("Could be saved          $0"), "{page}");
        let json = report.to_json().unwrap();
        assert!(json.contains("\"charged\": false") && json.contains(warning));
        let lines = log_lines::lines(&report, &Summary::new(&report, 0, None)).unwrap();
        assert!(lines.iter().all(|line| line.contains(warning)), "{lines:?}");
        for advice in &report.recommendations {
            assert!(explain::render(&report, advice).contains(warning));
        }
    }
}

#[test]
fn metrics_that_rest_on_prices_are_withheld_and_the_others_are_not() {
    for observation in uncharged().into_iter().map(whole) {
        let report = report::build(&observation);
        let mut names: Vec<&str> =
            points(&report, &observation.settings).iter().map(|point| point.name).collect();
        names.sort_unstable();
        names.dedup();
        for name in [
            "MonthlyCost",
            "PotentialMonthlySavings",
            "Recommendations",
            "RecommendationOpen",
            "CommitmentWorth",
        ] {
            assert!(!names.contains(&name), "{name} is put");
        }
        for name in ["UnpricedTokens", "IncompleteWorkloads"] {
            assert!(names.contains(&name), "{name} is withheld");
        }
        // A run that misses a part costs less than one that does not.
        assert_eq!(names.contains(&"GuardMonthlyCost"), report.is_whole());
    }
}

#[test]
fn looks_at_such_a_book_and_comparisons_with_it_begin_with_the_warning() {
    let (aws, article) = (PriceBook::aws().unwrap(), PriceBook::article().unwrap());
    let day = "2026-04-06".parse().unwrap();
    let warning = "NOT WHAT AWS CHARGES";
    let pages = |book: &PriceBook, other: &PriceBook| {
        let check = prices::check(book, day, 90);
        let diff = prices::Diff::new(book, other, day, &[]);
        [
            prices::list(book, ""),
            prices::show(book, &book.models[0]),
            check.render(),
            serde_json::to_string(&check).unwrap(),
            diff.render(),
            serde_json::to_string(&diff).unwrap(),
        ]
    };
    for page in pages(&article, &aws) {
        assert!(page.contains(warning), "{page}");
    }
    for page in pages(&aws, &aws) {
        assert!(!page.contains(warning), "{page}");
    }
}

#[test]
fn a_long_name_of_a_book_does_not_make_the_summary_long() {
    let mut observation = small_observation();
    observation.prices.charged = false;
    observation.prices.name = "n".repeat(40_000);
    let summary = Summary::new(&report::build(&observation), 0, None);
    assert!(serde_json::to_string(&summary).unwrap().len() < 32_000);
}
