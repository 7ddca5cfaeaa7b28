//! The README against the code: its tables, its example, and the list of what this version lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use bedrock_cost_guard::advice::{Action, Effort};
use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::config::{Run, SETTINGS, Trigger};
use bedrock_cost_guard::domain::{Meter, Percent};
use bedrock_cost_guard::guard::{ErrorType, log_lines};
use bedrock_cost_guard::report::metrics::{Unit, points, run_succeeded};
use bedrock_cost_guard::report::{self, ClosedRecommendation, Summary};
use bedrock_cost_guard::terminal::report as text;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::printed;
use crate::events;
use crate::support::{sample, whole};

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

/// Returns what `--help` says of a command, given by the words after `cost-guard`.
fn help(command: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    program.env_clear().args(command.split_whitespace()).arg("--help");
    printed(&mut program)
}

/// The commands under a command, by its help, and those under them.
fn commands_under(command: &str) -> BTreeSet<String> {
    let help = help(command);
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.map_while(|line| line.split_whitespace().next());
    let mut all = BTreeSet::from([command.to_owned()]);
    for name in names.filter(|name| *name != "help") {
        all.extend(commands_under(format!("{command} {name}").trim()));
    }
    all
}

#[test]
fn the_commands_are_those_of_the_program_and_their_flags_are_flags_of_it() {
    let mut documented = BTreeSet::new();
    for row in table(&file("README.md"), "| command |") {
        let plain = row[0].trim_matches('`').replace(['[', ']'], "");
        let words: Vec<&str> = plain.split(' ').skip(1).collect();
        let is_name = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        let names: Vec<&str> = words.iter().take_while(is_name).copied().collect();
        let options = help(&names.join(" "));
        let options: BTreeSet<&str> = options.lines().map(str::trim).collect();
        for (at, flag) in words.iter().enumerate().filter(|(_, word)| word.starts_with("--")) {
            let value = words.get(at + 1).filter(|next| !next.starts_with("--"));
            let option = value.map_or((*flag).to_owned(), |value| format!("{flag} <{value}>"));
            assert!(options.contains(option.as_str()), "{plain}: there is no {option}");
        }
        // `prices [show TEXT]` is two commands.
        let (always, _) = row[0].split_once('[').unwrap_or((&row[0], ""));
        let always = always.trim_matches('`').split_whitespace().skip(1).collect::<Vec<_>>();
        let least = names.len().min(always.len());
        documented.extend((least..=names.len()).map(|count| names[..count].join(" ")));
    }
    assert_eq!(documented, commands_under(""));
    let all: String = documented.iter().map(|command| help(command)).collect();
    let known: BTreeSet<&str> =
        all.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let readme = file("README.md");
    let flags = quoted(&readme).into_iter().filter(|word| word.starts_with("--"));
    let unknown: Vec<&str> = flags
        .filter_map(|flag| flag.split(' ').next())
        .filter(|flag| !known.contains(flag))
        .collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn the_fields_of_an_event_are_those_that_are_read() {
    let readme = file("README.md");
    let (_, fields) = readme.split_once("go over the settings for one run: ").unwrap();
    let (fields, _) = fields.split_once(" Any other field is an error.").unwrap();
    // The other words in backticks are examples.
    let documented = quoted(fields).into_iter().filter(|word| !word.contains(':'));
    let documented: BTreeSet<&str> = documented.collect();
    let as_of: Timestamp = "2026-04-06T00:20:00Z".parse().unwrap();
    let event = json!({
        "end": "2026-04-06T00:00:00Z", "lookback_days": 28, "regions": ["us-east-1"], "dry_run": true
    });
    let given: BTreeSet<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(documented, given);
    // Whoever adds a field is led here by the compiler.
    let Run { time: _, trigger: _, end, lookback_days, regions, dry_run } =
        Run::parse(&event, as_of).unwrap();
    assert!(end.is_some() && lookback_days.is_some() && regions.is_some() && dry_run.is_some());
    let fault = Run::parse(&json!({"other": 1}), as_of).unwrap_err().fault;
    let (_, known) = fault.split_once(" may have ").unwrap();
    let known = known.split(", ").flat_map(|names| names.split(" and "));
    assert_eq!(documented, known.collect());
}

#[test]
fn the_forms_of_an_event_are_those_of_the_examples() {
    let rows = table(&file("README.md"), "| event |");
    let as_of: Timestamp = "2026-04-06T00:20:00Z".parse().unwrap();
    let mut seen = BTreeSet::new();
    for (name, event) in events::files() {
        let run = Run::parse(&event, as_of).unwrap();
        let form = match (event["source"].as_str(), &event["detail"], run.trigger) {
            (Some("aws.events"), Value::Object(_), Trigger::Rule) => 0,
            (Some("aws.scheduler"), Value::String(_), Trigger::Scheduler) => 1,
            (None, Value::Null, Trigger::Scheduler) => 2,
            (None, Value::Null, Trigger::Manual) => 3,
            _ => panic!("{name} has a form of its own"),
        };
        let time = quoted(&rows[form][1]).first().map(|field| event[*field].as_str().unwrap());
        assert_eq!(run.time, time.map_or(as_of, |time| time.parse().unwrap()), "{name}");
        seen.insert(form);
    }
    let begins = [
        "EventBridge rule (`aws.events`)",
        "EventBridge Scheduler (`aws.scheduler`) without an `Input`",
        "EventBridge Scheduler with an `Input`",
        "a person: `{}`",
    ];
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), begins);
    assert_eq!(seen, (0..rows.len()).collect());
    for field in quoted(&rows[2][2]) {
        let run = Run::parse(&json!({field: "x"}), as_of).unwrap();
        let nothing = Run::parse(&json!({}), as_of).unwrap();
        assert_eq!(run, Run { trigger: Trigger::Scheduler, ..nothing }, "{field}");
    }
}

/// True if a text is a pattern with any text for each `...`.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once("...") else {
        return pattern == text;
    };
    text.strip_prefix(begin).is_some_and(|text| {
        text.char_indices().any(|(at, _)| is_like(rest, &text[at..])) || rest.is_empty()
    })
}

#[test]
fn the_log_lines_are_what_a_run_writes() {
    let readme = file("README.md");
    let (_, log) = readme.split_once("### Log\n").unwrap();
    let (_, examples) = log.split_once("```text\n").unwrap();
    let (examples, _) = examples.split_once("\n```").unwrap();
    let report = report::build(&sample());
    let written = log_lines::lines(&report, &Summary::new(&report, 1, None)).unwrap();
    assert_eq!(examples.lines().count(), 2);
    for example in examples.lines() {
        let found = written.iter().find(|line| is_like(example, line.trim_end()));
        let line = found.unwrap_or_else(|| panic!("no line is: {example}\n{}", written.concat()));
        let line: Value = serde_json::from_str(line).unwrap();
        for key in line.as_object().unwrap().keys() {
            assert!(example.contains(&format!("\"{key}\":")), "{key} is left out: {example}");
        }
    }
}

#[test]
fn the_metrics_are_those_that_are_put() {
    let mut report = report::build(&whole(sample()));
    let advice = report.recommendations[0].clone();
    report.closed.push(ClosedRecommendation { region: advice.region, id: advice.id });
    report.totals.realised_over_promised = Some(Percent::ALL);
    let mut put: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let all = points(&report, &sample().settings);
    for point in all.into_iter().chain([run_succeeded(true)]) {
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
fn the_statistic_is_that_of_the_alarms_and_minimum_where_the_total_is_the_lowest() {
    let readme = file("README.md");
    let rows = table(&readme, "| metric |");
    let documented: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row[0].trim_matches('`'), row[3].as_str())).collect();
    let points = points(&report::build(&whole(sample())), &sample().settings);
    for (name, statistic) in &documented {
        let own = points.iter().filter(|point| point.name == *name);
        let (totals, parts): (Vec<_>, Vec<_>) = own.partition(|point| point.dimensions.is_empty());
        let lowest = parts.iter().map(|point| point.value).min();
        let highest = parts.iter().map(|point| point.value).max();
        // Where all are alike the total tells nothing.
        let is_lowest = totals.iter().any(|total| Some(total.value) == lowest) && lowest != highest;
        assert_eq!(*statistic, if is_lowest { "Minimum" } else { "Maximum" }, "{name}");
    }
    let template = file("template.yaml");
    let mut watched = 0;
    for alarm in template.split("Type: AWS::CloudWatch::Alarm").skip(1) {
        let value = |key| alarm.lines().find_map(|line| line.trim().strip_prefix(key));
        if value("Namespace: ") == Some("!Ref MetricNamespace") {
            let name = value("MetricName: ").unwrap();
            // An alarm that counts points takes no statistic of their values.
            if value("Stat: ") != Some("SampleCount") {
                assert_eq!(value("Statistic: "), documented.get(name).copied(), "{name}");
            }
            watched += 1;
        }
    }
    assert!(watched > 0);
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

/// Only the names: no code knows the cause in words, or whether a retry would help. Lambda repeats
/// every failed run of the schedule, whatever its type.
#[test]
fn the_error_types_are_the_closed_list() {
    // Whoever adds a type is led here by the compiler.
    let after = |before: Option<ErrorType>| match before {
        None => Some(ErrorType::Config),
        Some(ErrorType::Config) => Some(ErrorType::Event),
        Some(ErrorType::Event) => Some(ErrorType::Catalog),
        Some(ErrorType::Catalog) => Some(ErrorType::Access),
        Some(ErrorType::Access) => Some(ErrorType::Throttled),
        Some(ErrorType::Throttled) => Some(ErrorType::Partial),
        Some(ErrorType::Partial) => Some(ErrorType::Deadline),
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

const NOT_IN_THIS_VERSION: [Denied; 6] = [
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
            && file("src/guard/region.rs").contains("[(\"ModelId\".to_owned()")
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
    assert!(is_like("a...c", "abbc") && is_like("a...", "ab") && is_like("...b...", "abb"));
    assert!(!is_like("a...c", "abcd") && !is_like("a", "ab") && !is_like("a...b...c", "acb"));
}
