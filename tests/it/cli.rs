//! The terminal program, as a person runs it.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use bedrock_cost_guard::observation::Observation;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::support::account::Account;
use crate::support::fake_aws::FakeAws;
use crate::support::{
    MODERATION, ROUTE, UNITS, now, overrides_file, regions, sample, sample_of, shifted,
};

/// Starts the program in an empty environment, in the folder of the repository.
fn cost_guard() -> Command {
    process().into()
}

fn process() -> process::Command {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_cost-guard"));
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Returns what a program prints, which goes well.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
pub(crate) fn printed(command: &mut Command) -> String {
    let output = command.assert().success().get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns what a program complains of, which fails with a status.
fn complaint(command: &mut Command, status: i32) -> String {
    let output = command.assert().code(status).get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Account on the fake as the clock has it, and the environment in which a program finds it.
struct FakeAccount {
    aws: FakeAws,
    overrides: NamedTempFile,
    regions: String,
    home: TempDir,
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
impl FakeAccount {
    fn of(observation: Observation) -> Self {
        Self {
            overrides: overrides_file(&observation.overrides),
            regions: regions(&observation),
            aws: FakeAws::start(observation),
            home: TempDir::new().unwrap(),
        }
    }

    fn cost_guard(&self) -> Command {
        self.process().into()
    }

    fn process(&self) -> process::Command {
        let mut command = process();
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
    for title in
        ["WHAT TO DO", "WORKLOADS", "PROVISIONED MODELS", "NO PRICE", "INCOMPLETE", "NOT COVERED"]
    {
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
fn the_articles_book_shows_an_account_that_does_what_the_article_reckons_with() {
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
    assert_eq!(prices("anthropic.claude-3-7-sonnet-20250219-v1:0"), ["3.00", "15.00"]);
    assert_eq!(prices("meta.llama3-1-70b-instruct-v1:0"), ["0.55", "2.20"]);

    let text = printed(cost_guard().args(["--catalog", "article"]));
    for name in ["Claude 3.7 Sonnet", "Llama 3.1 70B"] {
        assert!(text.contains(name), "{name}");
    }
    // Its tiers are judged, all of it has a price, and nothing counts.
    assert_eq!(report["totals"]["unpriced_tokens"], 0, "{}", report["totals"]);
    assert_eq!(report["totals"]["potential_monthly_savings"], "0");
    let advice = report["recommendations"].as_array().unwrap();
    let bought = advice.iter().filter(|advice| advice["action"] == "buy_model_units");
    let bought: Vec<&Value> = bought.collect();
    assert_eq!(bought.len(), 3, "{advice:#?}");
    for advice in bought {
        let because = advice["not_counted_because"].as_str().unwrap();
        assert!(because.contains("NOT WHAT AWS CHARGES"), "{because}");
    }
    // 3 tiers for 300M tokens a month, as 150M each way and 73M a tier ask for.
    assert!(text.contains("3 model units, Tier 1, 1-month term, $1,314.00 a month"), "{text}");
}

#[test]
fn what_run_saves_replay_reports_byte_for_byte() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE, UNITS]), now()));
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
fn a_file_that_cannot_be_saved_does_not_cost_the_report() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    let mut command = account.cost_guard();
    let output =
        command.args(["run", "--dry-run", "--save", "/nowhere/observation.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("route to the global profile"), "{page}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("the report is complete, but the observation was not saved: cannot write `/nowhere/observation.json`"),
        "{told}"
    );
}

#[test]
fn what_is_saved_comes_into_its_place_once_the_report_is_printed() {
    let account = FakeAccount::of(shifted(sample(), now()));
    let file = account.home.path().join("observation.json");
    let arguments = |format| ["run", "--dry-run", "--format", format, "--save"].map(str::to_owned);
    let mut command = account.process();
    command.args(arguments("json")).arg(&file).stdout(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut page = running.stdout.take().unwrap();
    page.read_exact(&mut [0]).unwrap();
    // The rest is more than a pipe holds, so it is not printed yet.
    assert!(!file.exists() && file.with_extension("json.part").exists());
    let mut rest = Vec::new();
    page.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > 1 << 16, "{}", rest.len());
    assert!(running.wait().unwrap().success());
    let saved = fs::read_to_string(&file).unwrap();
    Observation::from_json(&saved).unwrap();

    // A report that nobody takes does not cost the file.
    fs::remove_file(&file).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = account.process();
    let ended = command.args(arguments("text")).arg(&file).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("No space left on device"));
    Observation::from_json(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(!file.with_extension("json.part").exists());
}

/// Makes an entry of each kind that is no regular file of text, and says what an error calls it.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn no_files(folder: &TempDir) -> Vec<(PathBuf, &'static str)> {
    let at = |name: &str| folder.path().join(name);
    let made = process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(made.success());
    // The socket stays when nobody listens any more.
    drop(UnixListener::bind(at("socket")).unwrap());
    fs::create_dir(at("folder")).unwrap();
    symlink("/proc/self/environ", at("link")).unwrap();
    symlink(at("pipe"), at("link-to-pipe")).unwrap();
    fs::write(at("bytes"), b"a = \"\xff\"").unwrap();
    let mut kinds = vec![
        (at("pipe"), "it is a pipe and not a regular file"),
        (at("link-to-pipe"), "it is a pipe and not a regular file"),
        (at("socket"), "it is a socket and not a regular file"),
        (at("folder"), "it is a folder and not a regular file"),
        ("/dev/zero".into(), "it is a device and not a regular file"),
        ("/proc/self/environ".into(), "it leads into /proc, where the system describes itself"),
        (at("link"), "it leads into /proc, where the system describes itself"),
        ("/sys/kernel/mm/transparent_hugepage/enabled".into(), "it leads into /sys"),
        (at("bytes"), "it is not text in UTF-8 from byte 5 on"),
        (at("missing"), "No such file or directory"),
    ];
    // Not every system describes itself there.
    kinds.retain(|(path, words)| !words.contains("leads into") || path.exists());
    kinds
}

#[test]
fn whatever_reads_a_file_reads_regular_files_of_text_alone() {
    let account = FakeAccount::of(sample_of(&[ROUTE]));
    let kinds = no_files(&account.home);
    for (file, words) in &kinds {
        let path = file.to_str().unwrap();
        // Lists and offer files are told apart by their endings.
        let list = account.home.path().join("list.csv");
        let _ = fs::remove_file(&list);
        symlink(file, &list).unwrap();
        let list = list.to_str().unwrap();
        let readers: [(&[&str], Option<&str>); 11] = [
            (&["run", "--dry-run"], Some("GUARD_CATALOG")),
            (&["run", "--dry-run"], Some("GUARD_OVERRIDES")),
            (&["run", "--dry-run", "--event", path], None),
            (&["--catalog", path], None),
            (&["replay", path], None),
            (&["explain", "rec-1", path], None),
            (&["prices", "check", path], None),
            (&["prices", "check", "--coverage", list], None),
            (&["prices", "refresh", path], None),
            (&["prices", "diff", "aws", path], None),
            (&["prices", "diff", "aws", "aws", "--observation", path], None),
        ];
        for (arguments, setting) in readers {
            // One function reads them all: each reader is held to it by two kinds, and one reader by all.
            let tells_all = words.contains("pipe") || words.contains("/proc");
            if !tells_all && arguments[0] != "replay" {
                continue;
            }
            let mut command = account.cost_guard();
            if let Some(setting) = setting {
                command.env(setting, path);
            }
            command.args(arguments).timeout(Duration::from_secs(20));
            let complaint = complaint(&mut command, 1);
            assert!(complaint.contains(words), "{arguments:?} {setting:?} {path}: {complaint}");
            assert!(complaint.len() < 400, "{arguments:?} {setting:?} {path}: {complaint}");
        }
    }
    assert_eq!(account.aws.requests("ListMetrics"), 0);
}

#[test]
fn a_file_with_credentials_is_refused_without_them_wherever_it_is_named() {
    let account = FakeAccount::of(sample_of(&[ROUTE]));
    let at = |name: &str| account.home.path().join(name);
    for (text, secrets) in [
        ("[default]\naws_access_key_id = AKIASECRET\naws_secret_access_key = wJalr/SECRET\n", 2),
        ("AWS_ACCESS_KEY_ID=AKIASECRET\0AWS_SECRET_ACCESS_KEY=wJalr/SECRET\0", 2),
        (
            "{\"Version\": 1, \"AccessKeyId\": \"AKIASECRET\", \"SecretAccessKey\": \"wJalr/SECRET\"}",
            2,
        ),
        ("AKIASECRET\n", 1),
        ("schema_version = \"AKIASECRET\"\nname = \"wJalr/SECRET\"\n", 2),
        ("{\"schema_version\": \"AKIASECRET\", \"end\": \"wJalr/SECRET\"}", 2),
        ("{\"schema_version\": 4, \"event\": \"AKIASECRET\", \"end\": \"wJalr/SECRET\"}", 2),
    ] {
        assert_eq!(text.matches("SECRET").count() - text.matches("SECRET_").count(), secrets);
        for name in ["file.toml", "file.json", "file.csv"] {
            fs::write(at(name), text).unwrap();
        }
        let (toml, json, csv) = (at("file.toml"), at("file.json"), at("file.csv"));
        let (toml, json) = (toml.to_str().unwrap(), json.to_str().unwrap());
        let readers: [(&[&str], Option<&str>); 8] = [
            (&["run", "--dry-run"], Some("GUARD_CATALOG")),
            (&["run", "--dry-run"], Some("GUARD_OVERRIDES")),
            (&["run", "--dry-run", "--event", json], None),
            (&["--catalog", toml], None),
            (&["replay", json], None),
            (&["prices", "check", json], None),
            (&["prices", "check", "--coverage", csv.to_str().unwrap()], None),
            (&["prices", "diff", "aws", toml], None),
        ];
        for (arguments, setting) in readers {
            let mut command = account.cost_guard();
            if let Some(setting) = setting {
                command.env(setting, toml);
            }
            let complaint = complaint(command.args(arguments), 1);
            for secret in ["AKIASECRET", "wJalr"] {
                assert!(!complaint.contains(secret), "{arguments:?} {setting:?}: {complaint}");
            }
        }
    }
}

#[test]
fn a_file_that_is_larger_than_what_is_read_there_is_refused() {
    let folder = TempDir::new().unwrap();
    for (name, bytes, arguments, words) in [
        ("book.toml", 5_000_001, &["--catalog"][..], "it has more than 5 MB"),
        ("event.json", 6_000_001, &["run", "--event"], "it has more than 6 MB"),
        ("offer.json", 300_000_001, &["prices", "check"], "it has more than 300 MB"),
        ("list.csv", 300_000_001, &["prices", "check", "--coverage"], "it has more than 300 MB"),
    ] {
        let path = folder.path().join(name);
        // Without blocks on the disk.
        fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        let complaint = complaint(cost_guard().args(arguments).arg(&path), 1);
        assert!(complaint.contains(words), "{complaint}");
        assert!(complaint.contains(name), "{complaint}");
    }
}

#[test]
fn what_run_saves_only_its_owner_can_read() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    let file = account.home.path().join("observation.json");
    let link = account.home.path().join("link.json");
    symlink(&file, &link).unwrap();
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let save = |path: &Path| {
        printed(account.cost_guard().args(["run", "--dry-run", "--save"]).arg(path));
        Observation::from_json(&fs::read_to_string(&file).unwrap()).unwrap();
    };
    save(&file);
    assert_eq!(mode(), 0o600);
    for path in [&file, &link] {
        // A file that was there for all keeps neither its readers nor who has it open.
        fs::write(&file, "before").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let mut opened_before = fs::File::open(&file).unwrap();
        save(path);
        assert_eq!(mode(), 0o600);
        let mut text = String::new();
        opened_before.read_to_string(&mut text).unwrap();
        assert_eq!(text, "before");
    }
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

/// All characters that steer a terminal or are not seen there, without the newline.
fn hidden() -> String {
    let ranges = [
        '\0'..='\t',
        '\u{b}'..='\u{1f}',
        '\u{7f}'..='\u{9f}',
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{2064}',
        '\u{2066}'..='\u{2069}',
        '\u{2800}'..='\u{2800}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{e0000}'..='\u{e01ef}',
    ];
    ranges.into_iter().flatten().collect()
}

#[test]
fn what_steers_a_terminal_or_is_not_seen_never_reaches_it() {
    let hidden = hidden();
    let mut observation = sample_of(&MODERATION);
    let mut places = observation.places.iter_mut();
    let held = places.find_map(|place| place.inventory.provisioned_models.first_mut()).unwrap();
    let name = format!("mod\u{202e}{hidden}eration");
    held.provisioned_model_name.clone_from(&name);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    fs::write(&file, observation.to_json().unwrap()).unwrap();
    let is_clean = |text: &str| !text.contains(|c| hidden.contains(c));

    let page = printed(cost_guard().arg("replay").arg(&file));
    assert!(is_clean(&page) && page.contains("\u{fffd}"), "{page}");
    let json = printed(cost_guard().arg("replay").arg(&file).args(["--format", "json"]));
    assert!(is_clean(&json) && json.contains("\\u202e") && json.contains("\\udb40\\udc7f"));
    let report: Value = serde_json::from_str(&json).unwrap();
    let holdings = report["holdings"].as_array().unwrap();
    assert!(holdings.iter().any(|held| held["provisioned_model_name"] == name.as_str()));

    // Nor by way of an error: of a file, of an argument that is not understood, of a document.
    let reversed = "no\u{202e}\u{200b}such";
    for (arguments, status) in [
        (&["replay", reversed][..], 1),
        (&["--catalog", reversed], 1),
        (&["--catalog", "ssm:/\u{202e}"], 2),
        (&["--no\u{202e}such"], 2),
        (&["explain", reversed], 1),
    ] {
        let told = complaint(cost_guard().args(arguments), status);
        assert!(is_clean(&told) && told.contains('\u{fffd}'), "{arguments:?}: {told}");
    }
}

#[test]
fn an_endpoint_that_is_no_address_is_named_by_its_variable() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    for (name, value, words) in [
        ("AWS_ENDPOINT_URL", "", "`AWS_ENDPOINT_URL` is empty: unset it"),
        ("AWS_ENDPOINT_URL", "nonsense", "`AWS_ENDPOINT_URL` is no address"),
        ("AWS_ENDPOINT_URL", "http://", "`AWS_ENDPOINT_URL` is no address"),
        ("AWS_ENDPOINT_URL_S3", "", "`AWS_ENDPOINT_URL_S3` is empty"),
        ("AWS_ENDPOINT_URL_CLOUDWATCH", "localhost:4566", "`AWS_ENDPOINT_URL_CLOUDWATCH` is no"),
    ] {
        for arguments in [
            &["run", "--dry-run"][..],
            &["--catalog", "live"],
            &["prices", "refresh", "--region", "us-east-1"],
        ] {
            let mut command = account.cost_guard();
            let complaint = complaint(command.env(name, value).args(arguments), 1);
            assert!(complaint.contains(words), "{arguments:?}: {complaint}");
            assert!(!complaint.contains("panic"), "{arguments:?}: {complaint}");
        }
    }
    assert_eq!(account.aws.requests("ListMetrics"), 0);
}

#[test]
fn a_variable_that_is_not_unicode_is_refused_where_it_is_a_setting_alone() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    let bytes = OsStr::from_bytes(b"us-\xff");
    let mut command = account.cost_guard();
    printed(command.env("ELSEWHERE", bytes).args(["run", "--dry-run"]));
    let complaint =
        complaint(account.cost_guard().env("GUARD_REGIONS", bytes).args(["run", "--dry-run"]), 1);
    assert!(complaint.contains("`GUARD_REGIONS`: "), "{complaint}");
}

#[test]
fn a_fault_is_said_once_and_blames_what_named_the_document() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    fs::write(&file, "{\"schema_version\": 4}").unwrap();
    let told = complaint(cost_guard().arg("replay").arg(&file), 1);
    assert_eq!(told.matches("missing field").count(), 1, "{told}");
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    for arguments in [&["run", "--dry-run"][..], &[], &["prices", "show"]] {
        let mut command = account.cost_guard();
        command.args(arguments).args(["--catalog", "nope"]);
        let told = complaint(&mut command, 1);
        assert!(told.contains("`--catalog` names `nope`"), "{told}");
        assert!(!told.contains("GUARD_CATALOG"), "{told}");
    }
}

#[test]
fn an_empty_account_says_what_was_looked_at_and_where_else_to_look() {
    let account = FakeAccount::of(Account::new().seen(now()).observation);
    let page = printed(account.cost_guard().args(["run", "--dry-run"]));
    for text in [
        "no use of Amazon Bedrock was found in us-east-1",
        "ListProvisionedModelThroughputs",
        "GUARD_REGIONS",
    ] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    assert!(!page.contains("The table says why"), "{page}");
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
fn a_replay_of_everything_is_the_same_bytes_on_any_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    fs::write(&file, sample().to_json().unwrap()).unwrap();
    let replay = |threads: &str| {
        printed(
            cost_guard()
                .args(["replay", "--format", "json"])
                .arg(&file)
                .env("TOKIO_WORKER_THREADS", threads)
                .env("RAYON_NUM_THREADS", threads)
                .env("HOME", folder.path()),
        )
    };
    let one = replay("1");
    assert_eq!(one, printed(cost_guard().args(["--format", "json"])));
    assert!(one == replay("2") && one == replay("16"));
    // Two at once are as good as one after the other.
    let at_once = std::thread::scope(|scope| {
        let other = scope.spawn(|| replay("4"));
        [replay("3"), other.join().unwrap()]
    });
    assert!(at_once.iter().all(|it| *it == one));
}

#[test]
fn explain_shows_where_the_figures_of_a_recommendation_come_from() {
    let page = printed(cost_guard().args(["explain", "rec-fff6c0e712"]));
    for words in [
        "buy model units of meta.llama3-1-70b-instruct-v1:0 in us-west-2",
        "1 model unit × 21.18 USD × 730 hours",
        "as copied on 2026-07-24",
        "AWS/Bedrock InputTokenCount of ModelId us.meta.llama3-1-70b-instruct-v1:0, sums of 3600 s: 27,864,583,399 from",
        "AWS/Bedrock InputTokenCount of ModelId us.meta.llama3-1-70b-instruct-v1:0, sums of 60 s: 13,931,551,729 from",
        "a 6-month term needs 182",
    ] {
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words}: {page}");
    }
    let json = printed(cost_guard().args(["explain", "rec-fff6c0e712", "--format", "json"]));
    let advice: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(advice["action"], "buy_model_units");
    assert!(advice["workings"].as_array().unwrap().len() > 3);

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    fs::write(&file, sample_of(&[ROUTE]).to_json().unwrap()).unwrap();
    let mut explain = cost_guard();
    explain.args(["explain", "rec-fff6c0e712"]).arg(&file);
    let complaint = complaint(&mut explain, 1);
    assert!(
        complaint.contains("it has anthropic.claude-sonnet-4-6@us-east-1, rec-add3bb56d4"),
        "{complaint}"
    );
}

#[test]
fn run_puts_the_metrics_that_the_lambda_would_put_unless_it_is_dry() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    printed(account.cost_guard().args(["run", "--dry-run"]));
    printed(account.cost_guard().args(["run", "--event", "events/manual-dry-run.json"]));
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
    assert!(error.contains("no usable AWS credentials: sign in or set AWS_PROFILE"), "{error}");
}

#[test]
fn run_without_a_region_says_what_to_do() {
    let home = TempDir::new().unwrap();
    let mut command = cost_guard();
    command.env("HOME", home.path()).env("AWS_EC2_METADATA_DISABLED", "true").arg("run");
    let error = complaint(&mut command, 1);
    assert!(error.contains("AWS_REGION"), "{error}");
}

#[test]
fn run_with_bad_settings_names_them_all() {
    let mut command = cost_guard();
    command.env("GUARD_LOOKBACK_DAYS", "90").env("GUARD_DRY", "true").arg("run");
    let error = complaint(&mut command, 1);
    assert!(error.contains("GUARD_LOOKBACK_DAYS") && error.contains("GUARD_DRY"), "{error}");
}

#[test]
fn bad_usage_exits_with_two() {
    for arguments in [
        &["walk"][..],
        &["--format", "yaml"],
        &["replay"],
        &["run", "--save"],
        &["--catalog", "https://example.com/book.toml"],
        &["prices", "refresh", "missing.json", "--format", "json"],
        &["prices", "diff", "aws", "article", "--catalog", "aws"],
        &["prices", "check", "--coverage"],
        &["prices", "check", "--coverage", "--most-days", "90", "figures.csv"],
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

#[test]
fn a_book_that_cannot_be_read_is_blamed_on_the_argument_that_names_it() {
    for (arguments, blamed) in [
        (&["--catalog", "nope"][..], "--catalog"),
        (&["run", "--catalog", "nope"], "--catalog"),
        (&["prices", "diff", "aws", "nope"], "prices diff"),
    ] {
        let mut command = cost_guard();
        command.env("AWS_REGION", "us-east-1").args(arguments);
        let error = complaint(&mut command, 1);
        assert!(error.contains(&format!("`{blamed}` names `nope`")), "{error}");
    }
}

#[test]
fn prices_show_finds_a_model_by_its_id_its_name_and_a_part_of_them() {
    let by = |model: &str| printed(cost_guard().args(["prices", "show", model]));
    let page = by("anthropic.claude-sonnet-4-6");
    for model in ["us.anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", "sonnet-4-6"] {
        assert_eq!(by(model), page, "{model}");
    }
    for part in [
        "standard   3.30   16.50  0.33     4.125",
        "With --region REGION: what a caller pays there, by profile.",
        "RESERVED TOKENS",
        "AWS Price List GetProducts, as recorded in",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let article =
        printed(cost_guard().args(["prices", "show", "Claude 3.7 Sonnet", "--catalog", "article"]));
    assert!(article.contains("100,000") && article.contains("Tier 1"), "{article}");
}

#[test]
fn prices_lists_the_models_of_a_book() {
    let all = printed(cost_guard().arg("prices"));
    assert!(all.ends_with("185 of 185 models of the book `aws`\n"), "{all}");
    let some = printed(cost_guard().args(["prices", "show", "nova"]));
    assert!(some.contains("amazon.nova-micro-v1:0") && !some.contains("claude"));
    let none = cost_guard().args(["prices", "show", "gpt-99"]).assert().code(1);
    let none = String::from_utf8_lossy(&none.get_output().stdout).into_owned();
    assert_eq!(none, "0 of 185 models of the book `aws`\n");
    let json = printed(cost_guard().args(["prices", "show", "nova-micro", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["id"], "amazon.nova-micro-v1:0");
}

#[test]
fn the_embedded_books_are_clean() {
    for book in ["aws", "article"] {
        let page = printed(cost_guard().args([
            "prices",
            "check",
            "--day",
            "2026-11-23",
            "--catalog",
            book,
        ]));
        assert!(page.ends_with("clean: nothing to mend\n"), "{page}");
        assert!(!page.contains("fault  "), "{page}");
    }
    let aws = printed(cost_guard().args(["prices", "check", "--day", "2026-11-23"]));
    for part in [
        "meta.llama3-1-405b-instruct-v1:0 left us-east-2, us-west-2 on 2026-07-07",
        "have a source that names no Region",
        "have no known name in the Price List",
    ] {
        assert!(aws.contains(part), "{part}\n{aws}");
    }
}

#[test]
fn a_book_that_nobody_looked_at_for_long_is_noted_and_after_a_year_not_clean() {
    let on = |day: &str, status: i32| {
        let mut command = cost_guard();
        command.args(["prices", "check", "--catalog", "article", "--day", day]);
        let output = command.assert().code(status).get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    let page = on("2027-03-01", 0);
    assert!(
        page.contains("note   24 figures of 8 models were last seen on 2026-11-23, 98 days ago")
    );
    assert!(page.ends_with("clean: nothing to mend\n"), "{page}");
    let page = on("2027-12-01", 1);
    assert!(
        page.contains("fault  24 figures of 8 models were last seen on 2026-11-23, 373 days ago")
    );
}

#[test]
fn prices_check_lists_the_gaps_of_a_price_list() {
    let file = "tests/data/price_list/amazon-bedrock.bulk.json";
    let output =
        cost_guard().args(["prices", "check", "--day", "2026-11-23", file]).assert().code(1);
    let page = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    for part in [
        "gap: `Mistral Large 4` of AmazonBedrock has no model, 2 lines",
        "the unit `1B tokens` is not known",
        "fault  the Price List contradicts itself: amazon.nova-2-lite-v1:0",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

/// Header line of a list of figures.
const FIGURES: &str = "region,model,scope,tier,meter,context,usd_per_million_tokens,source,published_or_seen,trust,unit\n";

/// Builds a folder with the files of a Price List, a list of figures and two things that are neither,
/// and a book of that Price List alone.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn figures(lines: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let lists = folder.path().join("lists");
    fs::create_dir_all(lists.join("older")).unwrap();
    for name in ["amazon-bedrock", "foundation-models", "bedrock-service"] {
        let name = format!("{name}.bulk.json");
        fs::copy(format!("tests/data/price_list/{name}"), lists.join(name)).unwrap();
    }
    fs::write(lists.join("notes.txt"), "not a list").unwrap();
    fs::write(lists.join("figures.csv"), format!("{FIGURES}{lines}")).unwrap();
    let book = folder.path().join("book.toml").to_str().unwrap().to_owned();
    let mut command = cost_guard();
    command.args(["prices", "refresh", "--catalog", "article", "--only", "--output", &book]);
    for name in ["amazon-bedrock", "foundation-models", "bedrock-service"] {
        command.arg(lists.join(format!("{name}.bulk.json")));
    }
    command.assert().success();
    (folder, book)
}

/// Lines that the book of the Price List has, and lines that cannot be compared.
const EQUAL_FIGURES: &str = "\
    us-east-1,amazon.nova-micro-v1:0,in-region,standard,input,,0.035,a page,2026-05,aws_page,USD/1M tokens\n\
    us-east-1,amazon.nova-micro-v1:0,in-region,standard,input,,0.04,a page,2025-05,aws_page,USD/1M tokens\n\
    ,amazon.nova-micro-v1:0,in-region,standard,input,,9,a page,2026-05,aws_page,USD/1M tokens\n\
    us-east-1,amazon.nova-micro-v1:0,in-region,standard,output,,9,hearsay,2026-05,peer,USD/1M tokens\n\
    us-east-1,name:Nova 9,in-region,standard,output,,9,a page,2026-05,aws_page,USD/1M tokens\n\
    us-east-1,amazon.nova-micro-v1:0,in-region,standard,output,,9,a page,2026-05,aws_page,USD/image\n\
    eu-west-1,amazon.nova-micro-v1:0,in-region,batch,input,,0.02,a page,2026-05,aws_page,\n";

#[test]
fn prices_check_holds_a_folder_of_figures_against_the_book() {
    let (folder, book) = figures(EQUAL_FIGURES);
    let lists = folder.path().join("lists");
    let check = |format: &str| {
        let mut command = cost_guard();
        command.args(["prices", "check", "--catalog", &book, "--day", "2026-11-26"]);
        command.args(["--format", format, "--coverage"]).arg(&lists);
        printed(&mut command)
    };
    let page = check("text");
    assert!(
        page.lines().all(|line| line.chars().count() <= 100 || line.contains(".txt")),
        "{page}"
    );
    for part in [
        "83 published figures of 4 files beside the book `price-list-",
        "  Europe         batch                    1       0      0           0          0        1    0.0 %",
        "  all                                    83      82     81           1          0        1   98.7 %",
        "MISSING, figures by model and tier\n  amazon.nova-micro-v1:0                        batch 1\n",
        "       1  figures that name no Region",
        "       1  figures of the trust `peer`",
        "       1  figures of `name:Nova 9`",
        "       1  figures of the tier `standard` in the unit `USD/image`",
        "lists/notes.txt`",
        "lists/older`",
        "0 figures differ, 1 missing\n",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("DIFFERENT"), "{page}");
    let json: Value = serde_json::from_str(&check("json")).unwrap();
    assert_eq!(json["total"]["figures"], 83);
    assert_eq!(json["of_several"][0]["published"]["price"], "0.04");
    assert_eq!(json["of_several"][0]["book"]["price"], "0.035");
    assert_eq!(json["missing"][0]["tier"], "batch");
    assert_eq!(json["left_out"].as_array().unwrap().len(), 2);

    // Without the option a folder stands for its offer files alone.
    let mut command = cost_guard();
    command.args(["prices", "check", "--catalog", &book, "--day", "2026-11-26"]).arg(&lists);
    let output = command.assert().code(1).get_output().clone();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("gap: `Mistral Large 4`"), "{page}");
    assert!(page.contains("lists/figures.csv`") && page.contains("lists/notes.txt`"), "{page}");
}

#[test]
fn a_figure_that_differs_from_the_book_is_printed_with_both_sources_and_fails_the_check() {
    let line = "us-east-1,amazon.nova-micro-v1:0,in-region,standard,output,,0.15,\"a page, of AWS\",2026-05,aws_page,\n";
    let (folder, book) = figures(line);
    let mut command = cost_guard();
    command.args(["prices", "check", "--catalog", &book, "--day", "2026-11-26", "--coverage"]);
    command.arg(folder.path().join("lists/figures.csv"));
    let output = command.assert().code(1).get_output().clone();
    let page = String::from_utf8(output.stdout).unwrap();
    for part in [
        " amazon.nova-micro-v1:0\n",
        "  us-east-1  in-Region  standard  output       0.15  [2]  0.14  [1]\n",
        "[1] AWS Price List AmazonBedrock us-east-1, Nova Micro, published 2026-05-04; since 2026-04-01\n",
        "[2] a page, of AWS; 2026-05\n",
        "1 figure differs, 0 missing\n",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn a_file_that_holds_no_figures_is_refused_by_name() {
    let (folder, book) =
        figures(&EQUAL_FIGURES.replace("standard,input,,0.035", "fast,input,,0.035"));
    let lists = folder.path().join("lists");
    for (path, part) in [
        ("figures.csv", "figures.csv`, line 2: the tier is not known: write one of standard,"),
        ("notes.txt", "notes.txt` is neither an offer file of the AWS Price List (.json)"),
        ("older", "older` has no .json or .csv file"),
        ("missing.csv", "cannot read `"),
    ] {
        let mut command = cost_guard();
        command.args(["prices", "check", "--catalog", &book, "--coverage"]).arg(lists.join(path));
        let error = complaint(&mut command, 1);
        assert!(error.contains(part), "{error}");
    }
    let mut command = cost_guard();
    command.args(["prices", "check", "--catalog", &book]).arg(lists.join("figures.csv"));
    assert!(complaint(&mut command, 1).contains("add `--coverage`"));
}

#[test]
fn the_rows_of_the_article_stand_beside_the_true_ones() {
    let page = printed(cost_guard().args([
        "prices",
        "diff",
        "article",
        "aws",
        "--day",
        "2026-11-23",
        "--all",
    ]));
    let row = |model: &str, what: &str| -> Vec<String> {
        let of_model = page.split("\n\n").find(|part| part.starts_with(model)).unwrap();
        let row = of_model.lines().find(|line| line.trim_start().starts_with(what)).unwrap();
        row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    for (model, what, cells) in [
        ("meta.llama3-1-70b", "standard input tokens", ["0.55", "0.72", "+30.9 %"]),
        ("meta.llama3-1-70b", "standard output tokens", ["2.20", "0.72", "-67.3 %"]),
        ("meta.llama3-1-8b", "standard output tokens", ["0.32", "0.22", "-31.2 %"]),
        ("meta.llama3-1-405b", "standard output tokens", ["10.00", "2.40", "-76.0 %"]),
        ("mistral.mistral-large-2407", "standard input tokens", ["0.81", "2.00", "+146.9 %"]),
        ("anthropic.claude-3-7-sonnet", "standard input tokens", ["3.00", "3.00", "same"]),
    ] {
        let row = row(model, what);
        assert_eq!(row[row.len() - 3..], cells, "{model} {row:?}");
    }
    let units = row("anthropic.claude-3-7-sonnet", "model unit, 1-month term");
    assert_eq!(units[units.len() - 2..], ["0.60 (Tier 1), 1.20 (Tier 2)", "158.40"]);
    assert!(page.contains("only in aws: 177 models"), "{page}");
}

#[test]
fn diff_shows_what_changed_and_counts_the_rest() {
    let diff = |more: &[&str]| {
        let mut command = cost_guard();
        printed(
            command.args(["prices", "diff", "article", "aws", "--day", "2026-11-23"]).args(more),
        )
    };
    let page = diff(&[]);
    assert!(page.contains("+30.9 %") && !page.contains("same\n"), "{page}");
    let last = page.split_once("Not compared, ").unwrap().1.replace('\n', " ");
    assert!(last.contains(" prices of these models, and 0 models; in aws alone: "), "{last}");
    assert!(last.contains("and 177 models. `--all` lists those"), "{last}");
    assert!(!page.contains("only in aws"), "{page}");
    let json = |more: &[&str]| -> Value {
        let more: Vec<&str> = more.iter().copied().chain(["--format", "json"]).collect();
        serde_json::from_str(&diff(&more)).unwrap()
    };
    let (changed, all) = (json(&[]), json(&["--all"]));
    for change in changed["changed"].as_array().unwrap() {
        assert!(change["a"].is_string() && change["b"].is_string(), "{change}");
        assert_ne!(change["a"], change["b"]);
    }
    assert_eq!((&changed["all"], &all["all"]), (&false.into(), &true.into()));
    assert_eq!(changed["different"], all["different"]);
    assert!(
        all["changed"].as_array().unwrap().len() > changed["changed"].as_array().unwrap().len()
    );
}

#[test]
fn prices_diff_says_which_advice_turns_on_the_book() {
    let folder = TempDir::new().unwrap();
    let saved = folder.path().join("saved.json");
    fs::write(&saved, sample_of(&[UNITS, ROUTE]).to_json().unwrap()).unwrap();
    let mut command = cost_guard();
    command.args(["prices", "diff", "article", "aws", "--observation"]).arg(&saved);
    let page = printed(&mut command);
    let advice = page.split("ADVICE").nth(1).unwrap();
    assert!(advice.contains("buy model units of meta.llama3-1-70b-instruct-v1:0"), "{advice}");
    let same =
        printed(cost_guard().args(["prices", "diff", "aws", "aws", "--observation"]).arg(&saved));
    assert!(same.contains("the same with both books"), "{same}");
    assert!(same.contains(": 0 prices differ"), "{same}");
}

#[test]
fn refresh_lays_a_price_list_over_the_book_and_says_what_it_did_not_use() {
    let folder = TempDir::new().unwrap();
    let book = folder.path().join("book.toml");
    let path = book.to_str().unwrap();
    let files = ["amazon-bedrock", "foundation-models", "bedrock-service"]
        .map(|name| format!("tests/data/price_list/{name}.bulk.json"));
    let output = cost_guard()
        .args(["prices", "refresh", "--output", path])
        .args(&files)
        .assert()
        .success()
        .get_output()
        .clone();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("139 lines: 88 are rates, 0 hold from a later day on, 3 say the same again"),
        "{told}"
    );
    assert!(told.contains("no model       AmazonBedrock `Mistral Large 4`, 2 lines"), "{told}");
    assert!(told.contains("MADEUP-YUAN"), "{told}");
    assert_eq!(output.stdout, Vec::<u8>::new());

    // The files are older than the book, and so change nothing unasked.
    assert!(told.contains("held back      anthropic.claude-3-5-sonnet-20240620-v1:0"), "{told}");
    let diff = printed(cost_guard().args(["prices", "diff", "aws", path]));
    assert!(diff.contains(": 0 prices differ, "), "{diff}");
    let flat = diff.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("in book.toml alone: 0 prices of these models"), "{diff}");
    let mistral = ["prices", "show", "mistral.mistral-7b-instruct-v0:2"];
    let prices = |page: String| page.split_once('\n').map(|(_, rest)| rest.to_owned());
    let before = prices(printed(cost_guard().args(mistral)));
    let after = printed(cost_guard().args(mistral).args(["--catalog", path]));
    // The book is neither the embedded one any more nor that of another day.
    assert!(after.contains("book `aws-20"), "{after}");
    assert_eq!(prices(after), before);
    assert!(fs::read_to_string(path).unwrap().contains("charged = true"));
    let diff = printed(cost_guard().args(["prices", "diff", "aws", path]));
    assert!(diff.contains("book.toml"), "{diff}");
}

#[test]
fn refresh_holds_back_what_was_seen_later_until_it_is_accepted() {
    let folder = TempDir::new().unwrap();
    let (before, after) = (folder.path().join("before.toml"), folder.path().join("after.toml"));
    fs::write(
        &before,
        "schema_version = 1\nname = \"mine\"\ndescription = \"d\"\ncharged = true\n[[model]]\n\
         id = \"anthropic.claude-sonnet-4-6\"\nname = \"S\"\nprovider = \"Anthropic\"\n[[model.rate]]\n\
         scope = \"regional\"\nregions = [\"us-east-1\"]\ntier = \"standard\"\nseen_from = \"2026-11-01\"\n\
         seen_to = \"2026-11-01\"\nchecked = \"2026-11-01\"\nsource = \"a page\"\ninput = \"3.00\"\n",
    )
    .unwrap();
    let refresh = |more: &[&str]| {
        let mut command = cost_guard();
        command.args(["prices", "refresh", "tests/data/price_list/foundation-models.bulk.json"]);
        command.arg("--catalog").arg(&before).arg("--output").arg(&after).args(more);
        let output = command.assert().success().get_output().clone();
        let told = String::from_utf8(output.stderr).unwrap();
        let words: Vec<&str> = told.split_whitespace().collect();
        (words.join(" "), fs::read_to_string(&after).unwrap())
    };
    let (told, kept) = refresh(&[]);
    for part in [
        "held back anthropic.claude-sonnet-4-6 us-east-1, in-Region, geo standard input tokens: the book keeps 3.00 \
         (seen 2026-11-01, a page); the list has 3.30 (seen 2026-05-01, AWS Price List",
        "the book's was seen later; `--accept` lays the list's over it",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let last = " figures of the list were held back, and the book's stand: they were seen later or are better \
                attested. With `--accept` the list's are laid over them.";
    assert!(told.ends_with(last), "{told}");
    assert!(kept.contains("input = \"3.00\"\n") && !kept.contains("input = \"3.30\"\n"));
    // An older file adds nothing either.
    assert!(!kept.contains("16.50"), "{kept}");
    let (told, accepted) = refresh(&["--accept"]);
    assert!(!told.contains("held back"), "{told}");
    assert!(
        accepted.contains("input = \"3.30\"\n") && !accepted.contains("input = \"3.00\"\nsource")
    );
}

#[test]
fn refresh_writes_nothing_where_nothing_was_understood() {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("list.json");
    let book = folder.path().join("book.toml");
    for (text, why) in [
        ("[]", "none of the lines is a rate, so no book is written"),
        ("{", "is not JSON"),
        ("{}", "is not a price list"),
    ] {
        fs::write(&list, text).unwrap();
        let mut command = cost_guard();
        command.args(["prices", "refresh"]).arg(&list).arg("--output").arg(&book);
        let complaint = complaint(&mut command, 1);
        assert!(complaint.contains(why), "{complaint}");
        assert!(!book.exists());
    }
    let usage = complaint(cost_guard().args(["prices", "refresh"]), 2);
    assert!(usage.contains("--region"), "{usage}");
}

#[test]
fn refresh_asks_the_price_list_with_the_credentials_of_the_terminal() {
    let account = FakeAccount::of(shifted(sample_of(&[ROUTE]), now()));
    let products: Value =
        serde_json::from_str(include_str!("../data/price_list/amazon-bedrock.get-products.json"))
            .unwrap();
    let products = products["PriceList"].as_array().unwrap().iter();
    let products = products.map(|product| product.as_str().unwrap().to_owned());
    account.aws.set_products("AmazonBedrock", products.collect());
    let output = account
        .cost_guard()
        .args(["prices", "refresh", "--region", "us-east-1", "--only"])
        .assert()
        .success()
        .get_output()
        .clone();
    let book = String::from_utf8(output.stdout).unwrap();
    assert!(book.contains("id = \"amazon.nova-micro-v1:0\""), "{book}");
    assert!(account.aws.requests("GetProducts") >= 3);
    assert_eq!(account.aws.violations(), Vec::<String>::new());
}
