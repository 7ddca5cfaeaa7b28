//! The terminal program, as a person runs it.

use std::fs;

use assert_cmd::Command;
use bedrock_cost_guard::observation::Observation;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::support::fake_aws::FakeAws;
use crate::support::{ROUTE, UNITS, now, overrides_file, sample_of, shifted};

/// The program in an empty environment, in the folder of the repository.
fn cost_guard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// What it prints when all goes well.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn printed(command: &mut Command) -> String {
    let output = command.assert().success().get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// What it complains of when it fails with a status.
fn complaint(command: &mut Command, status: i32) -> String {
    let output = command.assert().code(status).get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// An account on the fake as the clock has it, and the environment in which it is found.
struct Account {
    aws: FakeAws,
    overrides: NamedTempFile,
    regions: String,
    home: TempDir,
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
impl Account {
    fn of(observation: Observation) -> Self {
        let regions: Vec<&str> = observation
            .settings
            .regions
            .iter()
            .map(bedrock_cost_guard::domain::Region::name)
            .collect();
        Self {
            overrides: overrides_file(&observation.overrides),
            regions: regions.join(","),
            aws: FakeAws::start(observation),
            home: TempDir::new().unwrap(),
        }
    }

    fn cost_guard(&self) -> Command {
        let mut command = cost_guard();
        command
            .env("HOME", self.home.path())
            .env("GUARD_REGIONS", &self.regions)
            .env("GUARD_OVERRIDES", self.overrides.path())
            .env("GUARD_ALLOW_GLOBAL_ROUTING", "true")
            .envs(self.aws.env());
        command
    }
}

#[test]
fn without_a_command_it_reports_on_the_sample() {
    let text = printed(&mut cost_guard());
    assert!(text.starts_with("Bedrock cost guard\n"));
    for title in [
        "WHAT TO DO",
        "WORKLOADS",
        "PROVISIONED MODELS",
        "NO PRICE",
        "INCOMPLETE",
        "NOT COVERED",
    ] {
        assert!(text.contains(title), "{title}");
    }
    assert_eq!(text, printed(&mut cost_guard()));
}

#[test]
fn the_json_has_the_keys_of_the_contract() {
    let text = printed(cost_guard().args(["--format", "json"]));
    let report: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
    for key in [
        "schema_version",
        "run",
        "totals",
        "workloads",
        "recommendations",
        "holdings",
        "unpriced",
        "incomplete",
        "not_covered",
        "certificates",
    ] {
        assert!(keys.iter().any(|it| *it == key), "{key}: {keys:?}");
    }
    // Money is text, so that no reader rounds it.
    assert!(report["totals"]["monthly_cost"].is_string());
}

#[test]
fn the_articles_book_prices_the_sample_as_the_article_does() {
    let text = printed(cost_guard().args(["--catalog", "article", "--format", "json"]));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["run"]["catalog"], "article");
    let prices = |model: &str| -> Vec<String> {
        let workloads = report["workloads"].as_array().unwrap();
        let workload = workloads.iter().find(|it| it["model"] == model).unwrap();
        workload["lanes"][0]["meters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|meter| meter["list_unit_price"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        prices("anthropic.claude-3-7-sonnet-20250219-v1:0"),
        ["3.00", "15.00"]
    );
    assert_eq!(prices("meta.llama3-1-70b-instruct-v1:0"), ["0.55", "2.20"]);

    let text = printed(cost_guard().args(["--catalog", "article"]));
    for name in ["Claude 3.7 Sonnet", "Llama 3.1 70B"] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn what_run_saves_replay_reports_byte_for_byte() {
    let account = Account::of(shifted(sample_of(&[ROUTE, UNITS]), now()));
    let file = account.home.path().join("observation.json");
    let file = file.to_str().unwrap();
    let text = printed(account.cost_guard().args(["run", "--save", file]));
    assert!(text.contains("buy model units of meta.llama3-1-70b-instruct-v1:0"));
    assert_eq!(account.aws.violations(), [""; 0]);
    assert!(!account.aws.put_data().is_empty());
    let replay = |format: &str| printed(cost_guard().args(["replay", file, "--format", format]));
    assert_eq!(replay("text"), text);
    assert_eq!(replay("text"), text);
    let json = replay("json");
    assert_eq!(replay("json"), json);

    // On another book it is another report, on the same one the same.
    let aws = printed(cost_guard().args(["replay", file, "--catalog", "aws"]));
    assert_eq!(aws, text);
    let article = printed(cost_guard().args(["replay", file, "--catalog", "article"]));
    assert_ne!(article, text);
}

#[test]
fn the_sample_and_a_replay_ignore_the_environment() {
    let scrambled = |command: &mut Command| {
        printed(
            command
                .env("GUARD_LOOKBACK_DAYS", "nonsense")
                .env("GUARD_CATALOG", "missing.toml")
                .env("GUARD_NO_SUCH_SETTING", "1")
                .env("GUARD_OVERFLOW", "spill")
                .env("GUARD_ALLOW_GLOBAL_ROUTING", "false")
                .env("AWS_REGION", "eu-west-1")
                .env("TZ", "Pacific/Kiritimati")
                .env("LANG", "de_DE.UTF-8")
                .env("COLUMNS", "40"),
        )
    };
    assert_eq!(scrambled(&mut cost_guard()), printed(&mut cost_guard()));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    fs::write(&file, sample_of(&[ROUTE, UNITS]).to_json().unwrap()).unwrap();
    let replay = || {
        let mut command = cost_guard();
        command.arg("replay").arg(&file);
        command
    };
    assert_eq!(scrambled(&mut replay()), printed(&mut replay()));
}

#[test]
fn run_puts_the_metrics_that_the_lambda_would_put_unless_it_is_dry() {
    let account = Account::of(shifted(sample_of(&[ROUTE]), now()));
    printed(account.cost_guard().args(["run", "--dry-run"]));
    printed(
        account
            .cost_guard()
            .args(["run", "--event", "events/manual-dry-run.json"]),
    );
    assert_eq!(account.aws.put_data(), []);
    printed(account.cost_guard().arg("run"));
    assert_eq!(account.aws.put_data().last().unwrap().name, "RunSucceeded");
    assert_eq!(account.aws.violations(), [""; 0]);
}

#[test]
fn run_without_credentials_says_what_to_do() {
    let home = TempDir::new().unwrap();
    let mut command = cost_guard();
    command
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "us-east-1")
        .arg("run");
    let error = complaint(&mut command, 1);
    assert!(
        error.contains("no usable AWS credentials: sign in or set AWS_PROFILE"),
        "{error}"
    );
}

#[test]
fn run_without_a_region_says_what_to_do() {
    let home = TempDir::new().unwrap();
    let mut command = cost_guard();
    command
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .arg("run");
    let error = complaint(&mut command, 1);
    assert!(error.contains("AWS_REGION"), "{error}");
}

#[test]
fn run_with_bad_settings_names_them_all() {
    let mut command = cost_guard();
    command
        .env("GUARD_LOOKBACK_DAYS", "90")
        .env("GUARD_DRY", "true")
        .arg("run");
    let error = complaint(&mut command, 1);
    assert!(
        error.contains("GUARD_LOOKBACK_DAYS") && error.contains("GUARD_DRY"),
        "{error}"
    );
}

#[test]
fn bad_usage_exits_with_two() {
    for arguments in [
        &["walk"][..],
        &["--format", "yaml"],
        &["replay"],
        &["run", "--save"],
        &["--catalog", "live"],
    ] {
        let error = complaint(cost_guard().args(arguments), 2);
        assert!(error.contains("error: "), "{arguments:?}: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for arguments in [
        &["replay", "missing.json"][..],
        &["run", "--event", "missing.json"],
        &["--catalog", "missing.json"],
        // It is read, but it is not an observation.
        &["replay", "events/manual.json"],
    ] {
        let error = complaint(cost_guard().args(arguments), 1);
        let name = arguments[arguments.len() - 1];
        assert!(error.contains(name), "{arguments:?}: {error}");
    }
}
