//! The page that answers the article, item by item, against what the program prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::process::Command;
use std::thread;

use bedrock_cost_guard::catalog::{ModelPrices, PriceBook};
use bedrock_cost_guard::domain::Term;

/// Header of each table of the page.
const HEADER: &str =
    "| item | the article says | here, at the article's prices | at AWS's prices | command |";

/// Figures of the page that are compared with what a command prints, at least.
const FIGURES: usize = 404;

/// Claims of the article by their letters, each with the numbers that it has.
const CLAIMS: [(char, RangeInclusive<usize>); 10] = [
    ('A', 1..=12),
    ('B', 1..=10),
    ('C', 1..=20),
    ('D', 1..=8),
    ('E', 1..=7),
    ('F', 1..=8),
    ('G', 1..=7),
    ('H', 1..=12),
    ('I', 1..=10),
    ('J', 1..=9),
];

/// Rows of the tables that are no claim: the highest T-number.
const OTHER_ROWS: usize = 42;

/// Row of a table of the page.
struct Row {
    item: String,
    at_article_prices: Vec<String>,
    at_aws_prices: Vec<String>,
    commands: Vec<String>,
}

/// Reads the rows of all tables of the page.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/article.md");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let lines = lines.filter(|line| *line != HEADER && !line.starts_with("|---"));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    assert_eq!(cells.len(), 5, "{line}");
    assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
    let commands = quoted(cells[4]);
    let words: Vec<String> = commands.iter().map(|command| format!("`{command}`")).collect();
    let only = if words.is_empty() { "-".to_owned() } else { words.join(" ") };
    assert_eq!(cells[4], only, "{line}");
    Row {
        item: cells[0].to_owned(),
        at_article_prices: quoted(cells[2]),
        at_aws_prices: quoted(cells[3]),
        commands,
    }
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The arguments of a command as a shell hands them over: what is in quotes is one.
fn arguments(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect()
}

/// Runs a command of the page, and returns the words that it prints, without the points and commas
/// behind them.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn words_of(command: &str) -> Vec<String> {
    let arguments = arguments(command);
    assert_eq!(arguments[0], "cost-guard", "{command}");
    let mut program = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    program.env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).args(&arguments[1..]);
    let output = program.output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let page = String::from_utf8(output.stdout).unwrap();
    page.split_whitespace().map(|word| bare(word).to_owned()).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c| ".,:;()".contains(c))
}

/// Runs each command once, on a few threads.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn printed(commands: &BTreeSet<&str>) -> BTreeMap<String, Vec<String>> {
    let commands: Vec<&str> = commands.iter().copied().collect();
    let run = |commands: &[&str]| -> Vec<(String, Vec<String>)> {
        commands.iter().map(|command| ((*command).to_owned(), words_of(command))).collect()
    };
    thread::scope(|scope| {
        let chunks = commands.chunks(commands.len().div_ceil(4).max(1));
        let threads: Vec<_> = chunks.map(|chunk| scope.spawn(move || run(chunk))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// True if words have a figure, which may itself be of several words.
fn have(words: &[String], figure: &str) -> bool {
    let figure: Vec<&str> = figure.split_whitespace().collect();
    words.windows(figure.len()).any(|window| window == figure)
}

#[test]
fn every_claim_and_every_row_of_the_article_is_answered_once() {
    let mut expected: Vec<String> = CLAIMS
        .into_iter()
        .flat_map(|(letter, numbers)| numbers.map(move |number| format!("{letter}{number}")))
        .collect();
    expected.push("D4b".to_owned());
    assert_eq!(expected.len(), 104);
    expected.extend((1..=OTHER_ROWS).map(|number| format!("T{number}")));
    expected.sort();
    let mut answered: Vec<String> = rows().into_iter().map(|row| row.item).collect();
    answered.sort();
    assert_eq!(answered, expected);
}

#[test]
fn every_figure_of_the_page_is_printed_by_a_command_of_its_row() {
    let rows = rows();
    let commands = rows.iter().flat_map(|row| row.commands.iter().map(String::as_str)).collect();
    let printed = printed(&commands);
    let mut compared = 0;
    let mut lost = Vec::new();
    for row in &rows {
        let columns = [(true, &row.at_article_prices), (false, &row.at_aws_prices)];
        for (is_of_article, figures) in columns {
            let own = |command: &&String| command.contains("--catalog article") == is_of_article;
            let pages: Vec<_> =
                row.commands.iter().filter(own).map(|command| &printed[command]).collect();
            for figure in figures {
                compared += 1;
                if !pages.iter().any(|words| have(words, figure)) {
                    lost.push(format!("{}: no command of it prints {figure}", row.item));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(compared >= FIGURES, "{compared} figures");
}

/// Each command must print the same on any day. Prices of AWS depend on the day, those of the
/// article have only one.
#[test]
fn every_price_of_aws_is_asked_for_on_a_day_that_is_named() {
    for row in rows() {
        for command in row.commands {
            let of_article = command.contains("--catalog article");
            let day = command.split_once("--day ").map(|(_, day)| day);
            let is_fixed = day.is_some_and(|day| ["2026-03-21", "2026-11-26"].contains(&day));
            assert!(of_article != is_fixed, "{}: {command}", row.item);
        }
    }
}

/// On-demand table: the model, and USD for a million tokens of prompt and completion.
const ON_DEMAND: [(&str, &str, &str); 8] = [
    ("Claude Opus 4", "15.00", "75.00"),
    ("Claude 3.7 Sonnet", "3.00", "15.00"),
    ("Claude 3.5 Haiku", "0.80", "4.00"),
    ("Llama 3.1 405B", "2.50", "10.00"),
    ("Llama 3.1 70B", "0.55", "2.20"),
    ("Llama 3.1 8B", "0.08", "0.32"),
    ("Mistral Large 2", "0.81", "2.43"),
    ("Mistral 7B", "0.14", "0.42"),
];

/// Provisioned tables: the model, the tier, tokens that it serves each way, USD an hour.
const PROVISIONED: [(&str, &str, &str, &str); 8] = [
    ("Claude Opus 4", "Tier 1", "50000", "2.40"),
    ("Claude Opus 4", "Tier 2", "100000", "4.80"),
    ("Claude 3.7 Sonnet", "Tier 1", "100000", "0.60"),
    ("Claude 3.7 Sonnet", "Tier 2", "200000", "1.20"),
    ("Llama 3.1 405B", "Tier 1", "50000", "0.48"),
    ("Llama 3.1 405B", "Tier 2", "100000", "0.96"),
    ("Llama 3.1 70B", "Tier 1", "100000", "0.12"),
    ("Llama 3.1 70B", "Tier 2", "200000", "0.24"),
];

#[test]
fn the_book_has_the_prices_of_the_two_tables_and_no_others() {
    let book = PriceBook::article().unwrap();
    let model = |name: &str| -> &ModelPrices {
        book.models.iter().find(|model| model.name == name).unwrap()
    };
    for (name, input, output) in ON_DEMAND {
        let rates: Vec<_> = (&model(name).rates).into_iter().collect();
        assert_eq!(rates.len(), 1, "{name}");
        let json = serde_json::to_value(rates[0]).unwrap();
        assert_eq!((json["input"].as_str(), json["output"].as_str()), (Some(input), Some(output)));
    }
    for (name, tier, tokens, hour) in PROVISIONED {
        let mut units = model(name).model_units.iter();
        let row = units.find(|row| row.label.as_deref() == Some(tier)).unwrap();
        assert_eq!(row.term, Term::OneMonth, "{name}, {tier}");
        let json = serde_json::to_value(row).unwrap();
        assert_eq!(json["usd_per_unit_hour"], hour, "{name}, {tier}");
        assert_eq!(json["input_tokens_per_hour"], tokens, "{name}, {tier}");
        assert_eq!(json["output_tokens_per_hour"], tokens, "{name}, {tier}");
    }
    assert_eq!(book.models.len(), ON_DEMAND.len());
    let units: usize = book.models.iter().map(|model| model.model_units.len()).sum();
    assert_eq!(units, PROVISIONED.len());
}

#[test]
fn the_reading_of_rows_and_commands_sees_what_is_there() {
    let row = row("| T1 | it says | `$1.00` and 2 | - | `cost-guard a` `cost-guard \"b c\"` |");
    assert_eq!((row.item.as_str(), row.at_article_prices), ("T1", vec!["$1.00".to_owned()]));
    assert_eq!((row.at_aws_prices.len(), row.commands.len()), (0, 2));
    let whole = arguments("cost-guard estimate --model \"Claude Opus 4\" --input 1M");
    assert_eq!(whole, ["cost-guard", "estimate", "--model", "Claude Opus 4", "--input", "1M"]);
    let words = ["USD", "24.00", "$438.00"].map(str::to_owned);
    assert!(have(&words, "USD 24.00") && have(&words, "$438.00"));
    assert!(!have(&words, "$438") && !have(&words, "24.00 USD"));
    assert_eq!(bare("($0.50,"), "$0.50");
}
