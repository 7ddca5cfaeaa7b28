//! The README against the code: its tables, its example, and the list of what this version lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use bedrock_cost_guard::advice::{Action, Effort};
use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::config::SETTINGS;
use bedrock_cost_guard::domain::Meter;
use bedrock_cost_guard::guard::ErrorType;
use bedrock_cost_guard::report::metrics::{Unit, points, run_succeeded};
use bedrock_cost_guard::report::{self, ClosedRecommendation};
use bedrock_cost_guard::terminal::report as text;

use crate::support::sample;

/// The longest that a README may be, so that a first reader gets to its end.
const LONGEST: usize = 320;

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn file(path: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The cells of the rows below the header of a table.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let below = text.lines().skip_while(|line| !line.starts_with(header));
    let rows = below.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_settings_are_those_of_the_program() {
    let documented = table(&file("README.md"), "| variable |");
    let rows = SETTINGS.iter().map(|setting| {
        let default = match setting.default {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        let name = format!("`{}`", setting.name);
        let meaning = setting.meaning.to_owned();
        vec![name, default, setting.allowed.to_string(), meaning]
    });
    assert_eq!(documented, rows.collect::<Vec<_>>());
}

#[test]
fn the_metrics_are_those_that_are_put() {
    let mut report = report::build(&sample());
    let advice = report.recommendations[0].clone();
    report.closed.push(ClosedRecommendation { region: advice.region, id: advice.id });
    let mut put: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let all = points(&report, &sample().settings);
    for point in all.into_iter().chain([run_succeeded()]) {
        let unit = match point.unit {
            Unit::None => "None",
            Unit::Count => "Count",
            Unit::Percent => "Percent",
        };
        let names: Vec<&str> = point.dimensions.iter().map(|(name, _)| *name).collect();
        let dimensions = match names.as_slice() {
            [] => "none".to_owned(),
            names => format!("`{}`", names.join(", ")),
        };
        let entry = put.entry(point.name.to_owned()).or_default();
        unit.clone_into(&mut entry.0);
        entry.1.insert(dimensions);
    }
    let documented = table(&file("README.md"), "| metric |").into_iter().map(|row| {
        let dimensions = row[1].split("; ").map(str::to_owned).collect();
        (row[0].trim_matches('`').to_owned(), (row[2].clone(), dimensions))
    });
    assert_eq!(documented.collect::<BTreeMap<_, _>>(), put);
}

#[test]
fn the_permissions_are_those_of_the_template() {
    let readme = file("README.md");
    let rows = table(&readme, "| action |");
    let documented: BTreeSet<&str> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    let template = file("template.yaml");
    let (_, role) = template.split_once("\n  GuardRole:").unwrap();
    let (role, _) = role.split_once("\n  GuardLogGroup:").unwrap();
    let services = ["bedrock:", "cloudwatch:", "logs:", "sqs:", "s3:", "ssm:", "pricing:"];
    let allowed: BTreeSet<&str> = role
        .lines()
        .map(|line| line.trim().trim_start_matches("- ").trim_start_matches("Action: "))
        .filter(|word| services.iter().any(|service| word.starts_with(service)))
        .filter(|word| !word.contains(' ') && *word != "cloudwatch:namespace")
        .collect();
    assert_eq!(documented, allowed);
}

#[test]
fn the_error_types_are_the_closed_list() {
    // Whoever adds a type is led here by the compiler.
    let after = |before: Option<ErrorType>| match before {
        None => Some(ErrorType::Config),
        Some(ErrorType::Config) => Some(ErrorType::Event),
        Some(ErrorType::Event) => Some(ErrorType::Catalog),
        Some(ErrorType::Catalog) => Some(ErrorType::Access),
        Some(ErrorType::Access) => Some(ErrorType::Throttled),
        Some(ErrorType::Throttled) => Some(ErrorType::Deadline),
        Some(ErrorType::Deadline) => Some(ErrorType::Emit),
        Some(ErrorType::Emit) => Some(ErrorType::Panic),
        Some(ErrorType::Panic) => None,
    };
    let types = std::iter::successors(after(None), |before| after(Some(*before)));
    let documented = table(&file("README.md"), "| type |");
    let documented: Vec<String> = documented.iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, types.map(|name| format!("`{name}`")).collect::<Vec<_>>());
}

#[test]
fn the_example_is_what_the_program_prints() {
    let readme = file("README.md");
    let (_, example) = readme.split_once("```console\n$ cargo run\n").unwrap();
    let (example, _) = example.split_once("\n```").unwrap();
    let page = text::render(&report::build(&sample()));
    let mut printed = page.lines();
    let mut left_out = false;
    for line in example.lines() {
        if line.trim() == "..." {
            left_out = true;
            continue;
        }
        let (begin, is_cut) = match line.strip_suffix("...") {
            Some(begin) => (begin, true),
            None => (line, false),
        };
        let matches = |printed: &&str| {
            if is_cut { printed.starts_with(begin) } else { *printed == line }
        };
        let found = if left_out {
            printed.find(|line| matches(line))
        } else {
            printed.next().filter(matches)
        };
        assert!(found.is_some(), "the program does not print, or not here: {line}");
        left_out = false;
    }
}

/// Each thing that the README denies of this version, with the proof that it is still so.
type Denied = (&'static str, fn() -> bool);

const NOT_IN_THIS_VERSION: [Denied; 7] = [
    ("Images, seconds of video, queries and speech have no price", || {
        Meter::TOKENS.len() == 4
            && PriceBook::aws()
                .is_ok_and(|book| book.models.iter().any(|model| !model.unpriced.is_empty()))
    }),
    ("A deployment reads one account", || {
        let calls = file("src/aws/cloudwatch.rs");
        !file("Cargo.toml").contains("aws-sdk-sts")
            && !calls.contains("include_linked_accounts")
            && !calls.contains("owning_account")
    }),
    ("Flex, batch, a lower tier, caching and successors", || {
        let listed = [
            Action::UseFlexTier,
            Action::UseBatchInference,
            Action::LeaveDearerTier,
            Action::CachePrompts,
            Action::StopCachingPrompts,
            Action::MoveToSuccessor,
        ];
        let report = report::build(&sample());
        listed.iter().all(|action| matches!(action.effort(), Effort::Latency | Effort::Evaluation))
            && report.recommendations.iter().all(|advice| !listed.contains(&advice.action))
    }),
    ("A service tier or a context window that AWS splits usage by", || {
        file("src/observation/plan.rs").contains("splits")
            && !file("src/aws/cloudwatch.rs").contains("ServiceTier")
            && file("src/guard/gather.rs").contains("[(\"ModelId\".to_owned()")
    }),
    ("Refused requests make figures \"at least\"", || {
        let mut observation = sample();
        let before = report::build(&observation).totals.on_demand_monthly_cost;
        for place in &mut observation.places {
            for lane in &mut place.usage.lanes {
                let asked = lane.survey.iter().find(|metric| metric.name == "Invocations");
                let series = asked.and_then(|metric| metric.series.clone());
                for metric in &mut lane.survey {
                    if metric.name == "InvocationThrottles" {
                        metric.series.clone_from(&series);
                    }
                }
            }
        }
        let report = report::build(&observation);
        report.totals.is_at_least && report.totals.on_demand_monthly_cost == before
    }),
    ("The program announces nothing by itself", || {
        !["aws-sdk-sns", "aws-sdk-sesv2", "aws-sdk-eventbridge"]
            .iter()
            .any(|name| file("Cargo.toml").contains(name))
    }),
    ("Model units for which the book has no price", || {
        let mut observation = sample();
        for model in &mut observation.prices.models {
            model.model_units.clear();
        }
        let report = report::build(&observation);
        report.holdings.iter().all(|held| held.monthly_cost.is_none())
            && report.recommendations.iter().all(|advice| {
                advice.provisioned_model_arn.is_none()
                    || advice.action == Action::FillProvisionedModel
            })
    }),
];

#[test]
fn what_is_not_in_this_version_is_not_in_it() {
    let readme = file("README.md");
    let (_, list) = readme.split_once("Not in this version:\n\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let denied: Vec<&str> = list.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert_eq!(denied.len(), NOT_IN_THIS_VERSION.len(), "{denied:#?}");
    for (line, (begins, is_so)) in denied.iter().zip(NOT_IN_THIS_VERSION) {
        assert!(line.starts_with(begins), "nothing proves: {line}");
        assert!(is_so(), "this is no longer so: {line}");
    }
}

#[test]
fn a_first_reader_gets_to_the_end() {
    let lines = file("README.md").lines().count();
    assert!(lines <= LONGEST, "{lines} lines");
}

#[test]
fn the_reading_of_tables_and_quotes_sees_what_is_there() {
    let text = "| a | b |\n|---|---|\n| `x`, `y` | 1 |\n| z | 2 |\n\n| a | c |\n";
    assert_eq!(table(text, "| a |"), [["`x`, `y`", "1"], ["z", "2"]]);
    assert_eq!(quoted("`x`, `y`"), ["x", "y"]);
}
