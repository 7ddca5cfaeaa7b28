//! Documents that settings name: price books and overrides in files, in S3 and in Systems Manager.

use std::fs;
use std::time::Duration;

use assert_cmd::Command;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::config::{CatalogSource, DocumentSource, Settings};
use bedrock_cost_guard::domain::AccountId;
use bedrock_cost_guard::guard::{self, Error, ErrorType, Invocation, Memory, RunOutcome};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::Report;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::printed;
use crate::support::account::{ACCOUNT, region};
use crate::support::fake_aws::{FakeAws, Fault, FaultKind};
use crate::support::served::{MEMORY, Places, TIME};
use crate::support::{UNITS, now, overrides_file, sample_of, shifted};

const PARAMETER: &str = "/guard/overrides";
const BUCKET: &str = "team-guard";
const KEY: &str = "of the/guard+1=2.toml";
const ARTICLE: &str = include_str!("../../catalog/article.toml");

/// Bytes that a document may have.
const MOST_BYTES: usize = 5_000_000;

/// Account in `us-west-2` whose advice rests on overrides, run from `us-east-1`.
struct FakeAccount {
    fake: FakeAws,
    observation: Observation,
    overrides: String,
}

impl FakeAccount {
    fn new() -> Self {
        Self::of(sample_of(&[UNITS]))
    }

    #[expect(clippy::unwrap_used, reason = "only tests call it")]
    fn of(observation: Observation) -> Self {
        let overrides = fs::read_to_string(overrides_file(&observation.overrides)).unwrap();
        Self { fake: FakeAws::start(observation.clone()), observation, overrides }
    }

    /// Keeps the overrides in S3 and in Systems Manager too, where the run is at home.
    fn with_overrides(self) -> Self {
        let home = region("us-east-1");
        self.fake.set_parameter(&home, PARAMETER, &self.overrides);
        let text = self.overrides.as_str();
        self.fake.set_object(&home, BUCKET, KEY, text);
        self
    }

    fn with_fault(self, operation: &'static str, kind: FaultKind) -> Self {
        self.fake.fault(Fault::of(operation, kind));
        self
    }

    fn settings(&self, catalog: &CatalogSource, overrides: Option<DocumentSource>) -> Settings {
        Settings { catalog: catalog.clone(), overrides, ..self.observation.settings.clone() }
    }

    async fn run_with(&self, config: &SdkConfig, settings: &Settings) -> Result<RunOutcome, Error> {
        let event = json!({ "scheduled_time": self.observation.event.time.to_string() });
        let places = Places::default();
        let invocation = Invocation {
            event: &event,
            as_of: self.observation.as_of,
            account: AccountId::new(ACCOUNT),
            caller: Caller::Lambda,
            time: TIME,
            clock: Clock::system(),
            log: &|_| Ok(()),
            memory: MEMORY,
            take_place: &|taken| places.take(taken),
        };
        let outcome = guard::run(config, settings, invocation, &Memory::default()).await;
        outcome.map(|outcome| places.put_into(outcome))
    }

    #[expect(clippy::unwrap_used, reason = "only tests call it")]
    async fn run(&self, catalog: &CatalogSource, overrides: Option<DocumentSource>) -> RunOutcome {
        let settings = self.settings(catalog, overrides);
        let outcome = self.run_with(&self.fake.sdk_config().await, &settings).await.unwrap();
        assert_eq!(self.fake.violations(), [""; 0]);
        outcome
    }

    /// Returns a configuration that waits three seconds for an answer.
    async fn hasty(&self) -> SdkConfig {
        let hasty = TimeoutConfig::builder().operation_timeout(Duration::from_secs(3));
        self.fake.sdk_config().await.to_builder().timeout_config(hasty.build()).build()
    }

    /// Runs the guard on these documents, which fails before anything of the account is read.
    #[expect(clippy::unwrap_used, reason = "only tests call it")]
    async fn fail(&self, catalog: &CatalogSource, overrides: Option<DocumentSource>) -> Error {
        let settings = self.settings(catalog, overrides);
        let config = self.fake.sdk_config().await;
        let error = self.run_with(&config, &settings).await.map(drop);
        assert_eq!(self.fake.violations(), [""; 0]);
        assert_eq!(self.fake.requests("ListMetrics"), 0);
        error.unwrap_err()
    }

    fn cost_guard(&self, home: &TempDir) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("GUARD_REGIONS", "us-west-2")
            .envs(self.fake.env());
        command
    }
}

fn parameter() -> DocumentSource {
    DocumentSource::Parameter(PARAMETER.to_owned())
}

fn object(key: &str) -> DocumentSource {
    DocumentSource::S3 { bucket: BUCKET.to_owned(), key: key.to_owned() }
}

fn book(key: &str) -> CatalogSource {
    CatalogSource::Document(object(key))
}

fn comparable(report: &Report) -> Value {
    serde_json::to_value(report).unwrap_or_default()
}

#[tokio::test]
async fn overrides_count_the_same_wherever_they_are_kept() {
    let account = FakeAccount::new().with_overrides();
    let none = account.run(&CatalogSource::Aws, None).await;
    assert_eq!(none.report.recommendations, []);
    assert_eq!(account.fake.requests("GetObject"), 0);
    assert_eq!(account.fake.requests("GetParameter"), 0);

    let file = overrides_file(&account.observation.overrides);
    let path = DocumentSource::Path(file.path().to_string_lossy().into_owned());
    let local = FakeAccount::new().run(&CatalogSource::Aws, Some(path)).await;
    let actions: Vec<Action> =
        local.report.recommendations.iter().map(|advice| advice.action).collect();
    assert_eq!(actions, [Action::BuyModelUnits]);

    for (source, operation) in [(parameter(), "GetParameter"), (object(KEY), "GetObject")] {
        let account = FakeAccount::new().with_overrides();
        let remote = account.run(&CatalogSource::Aws, Some(source.clone())).await;
        assert_eq!(comparable(&remote.report), comparable(&local.report));
        assert_eq!(account.fake.requests(operation), 1);
        // What was read travels, and with it the name of where it was read.
        let json = remote.observation.to_json().unwrap();
        let saved = Observation::from_json(&json).unwrap();
        assert_eq!(saved.overrides, local.observation.overrides);
        assert_eq!(saved.settings.overrides, Some(source));
    }
}

#[tokio::test]
async fn a_price_book_counts_the_same_in_s3_as_in_the_program() {
    let account = FakeAccount::new();
    account.fake.set_object(&region("us-east-1"), BUCKET, "book.toml", ARTICLE);
    let embedded = account.run(&CatalogSource::Article, None).await;
    assert_eq!(account.fake.requests("GetObject"), 0);
    // The first run put metrics, which the second would read.
    let account = FakeAccount::new();
    account.fake.set_object(&region("us-east-1"), BUCKET, "book.toml", ARTICLE);
    let remote = account.run(&book("book.toml"), None).await;
    assert_eq!(remote.report.run.catalog, "article");
    assert_eq!(comparable(&remote.report), comparable(&embedded.report));
    assert_eq!(account.fake.requests("GetObject"), 1);
}

#[tokio::test]
async fn without_a_region_of_its_own_the_guard_asks_in_the_first_that_it_reads() {
    let account = FakeAccount::new();
    account.fake.set_parameter(&region("us-west-2"), PARAMETER, &account.overrides);
    let settings = account.settings(&CatalogSource::Aws, Some(parameter()));
    let config = account.fake.sdk_config().await;
    let config = config.to_builder().region(None).build();
    let outcome = account.run_with(&config, &settings).await.unwrap();
    assert_eq!(outcome.report.recommendations.len(), 1);
    assert_eq!(account.fake.violations(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_says_so_and_is_a_fault_of_the_setting() {
    let elsewhere = region("eu-west-1");
    let account = FakeAccount::new().with_overrides();
    account.fake.set_object(&elsewhere, "elsewhere", "book.toml", ARTICLE);
    account.fake.set_parameter(&elsewhere, "/only/there", &account.overrides);
    let of = |text: &str| -> DocumentSource { text.parse().unwrap() };
    for (source, words) in [
        (
            object("gone.toml"),
            &[
                "names `s3://team-guard/gone.toml`",
                "no such object",
                "(NoSuchKey: The specified key does not exist.)",
            ][..],
        ),
        (
            of("s3://gone/book.toml"),
            &["names `s3://gone/book.toml`", "no such bucket", "(NoSuchBucket: "],
        ),
        (
            of("s3://elsewhere/book.toml"),
            &[
                "the bucket `elsewhere` is in eu-west-1",
                "the guard asks in us-east-1",
                "(PermanentRedirect: ",
            ],
        ),
    ] {
        for (setting, error, error_type) in [
            (
                "`GUARD_OVERRIDES`",
                account.fail(&CatalogSource::Aws, Some(source.clone())).await,
                ErrorType::Config,
            ),
            (
                "`GUARD_CATALOG`",
                account.fail(&CatalogSource::Document(source.clone()), None).await,
                ErrorType::Catalog,
            ),
        ] {
            let text = error.to_string();
            assert_eq!(error.error_type(), error_type, "{text}");
            assert!(text.starts_with(setting), "{text}");
            assert!(words.iter().all(|words| text.contains(words)), "{text}");
        }
    }
    let error = account.fail(&CatalogSource::Aws, Some(of("ssm:/only/there"))).await;
    assert_eq!(error.error_type(), ErrorType::Config);
    assert_eq!(
        error.to_string(),
        "`GUARD_OVERRIDES` names `ssm:/only/there`, which cannot be read: there is no such parameter in us-east-1: \
         make it there, or correct its name (ParameterNotFound)"
    );
}

#[tokio::test]
async fn a_refusal_names_the_action_to_allow_and_what_else_may_be_behind_it() {
    for (source, operation, words) in [
        (
            object(KEY),
            "GetObject",
            [
                "s3:GetObject in us-east-1 is forbidden: allow it in the policy of the function's role (AccessDenied: not authorized)",
                "without s3:ListBucket",
                "kms:Decrypt",
            ],
        ),
        (
            parameter(),
            "GetParameter",
            [
                "ssm:GetParameter in us-east-1 is forbidden: allow it in the policy of the function's role (AccessDeniedException: not authorized)",
                "SecureString",
                "kms:Decrypt",
            ],
        ),
    ] {
        let account =
            FakeAccount::new().with_overrides().with_fault(operation, FaultKind::Forbidden);
        let error = account.fail(&CatalogSource::Aws, Some(source)).await;
        let text = error.to_string();
        assert_eq!(error.error_type(), ErrorType::Access, "{text}");
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
        assert_eq!(account.fake.requests(operation), 1);
    }
}

#[tokio::test]
async fn calls_that_go_wrong_are_tried_again_and_are_no_fault_of_the_setting() {
    for (source, operation) in [(object(KEY), "GetObject"), (parameter(), "GetParameter")] {
        for (kind, error_type) in [
            (FaultKind::Throttle, ErrorType::Throttled),
            (FaultKind::ServerError, ErrorType::Access),
            (FaultKind::Reset, ErrorType::Access),
        ] {
            let account = FakeAccount::new().with_overrides().with_fault(operation, kind);
            let error = account.fail(&CatalogSource::Aws, Some(source.clone())).await;
            let text = error.to_string();
            assert_eq!(error.error_type(), error_type, "{text}");
            assert!(text.contains(operation) && !text.contains("kms:"), "{text}");
            assert_eq!(account.fake.requests(operation), 3, "{kind:?}");

            let account = FakeAccount::new().with_overrides();
            account.fake.fault(Fault::of(operation, kind).times(2));
            account.run(&CatalogSource::Aws, Some(source.clone())).await;
        }
    }
}

#[tokio::test]
async fn a_body_that_comes_late_is_waited_for() {
    let late = FaultKind::SlowBody(Duration::from_millis(200));
    let account = FakeAccount::new().with_overrides().with_fault("GetObject", late);
    let outcome = account.run(&CatalogSource::Aws, Some(object(KEY))).await;
    assert_eq!(outcome.report.recommendations.len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_or_does_not_come_is_asked_for_again_twice() {
    let late = FaultKind::SlowBody(Duration::from_secs(30));
    let slow = FaultKind::Slow(Duration::from_secs(30));
    let words = [
        "s3:GetObject in us-east-1 failed: the object broke off before its end, 3 times in a row",
        "s3:GetObject in us-east-1 got no answer in time: see whether the function's subnets reach \
         its endpoint, then run it again (3 tries, 3 s each)",
    ];
    for (kind, error_type, words) in
        [(FaultKind::CutBody, ErrorType::Access, words[0]), (late, ErrorType::Deadline, words[1])]
    {
        let of = |times| {
            let account = FakeAccount::new().with_overrides();
            account.fake.fault(Fault::of("GetObject", kind).times(times));
            account
        };
        let account = of(2);
        let settings = account.settings(&CatalogSource::Aws, Some(object(KEY)));
        let hasty = account.hasty().await;
        let outcome = account.run_with(&hasty, &settings).await.unwrap();
        assert_eq!(outcome.report.recommendations.len(), 1, "{kind:?}");
        assert_eq!(account.fake.requests("GetObject"), 3, "{kind:?}");

        let account = of(usize::MAX);
        let error = account.run_with(&account.hasty().await, &settings).await.unwrap_err();
        let text = error.to_string();
        assert_eq!(error.error_type(), error_type, "{text}");
        assert!(text.starts_with("`GUARD_OVERRIDES` names `s3://team-guard/"), "{text}");
        assert!(text.contains(words), "{text}");
        assert_eq!(account.fake.requests("GetObject"), 3, "{kind:?}");
    }
    // A head that does not come is in the same time.
    let account = FakeAccount::new().with_overrides().with_fault("GetObject", slow);
    let settings = account.settings(&CatalogSource::Aws, Some(object(KEY)));
    let error = account.run_with(&account.hasty().await, &settings).await.unwrap_err();
    assert_eq!(error.error_type(), ErrorType::Deadline, "{error}");
}

#[tokio::test]
async fn a_bucket_of_another_account_is_refused_where_the_own_account_is_known() {
    let account = FakeAccount::new().with_overrides();
    account.run(&CatalogSource::Aws, Some(object(KEY))).await;
    let account = FakeAccount::new().with_overrides();
    account.fake.give_bucket(BUCKET, "999999999999");
    let error = account.fail(&CatalogSource::Aws, Some(object(KEY))).await;
    let text = error.to_string();
    assert_eq!(error.error_type(), ErrorType::Access, "{text}");
    assert!(text.contains("a bucket that is not of the function's own account"), "{text}");
    // A terminal does not know its account, and S3 decides by its policies alone.
    let account = FakeAccount::of(shifted(sample_of(&[UNITS]), now())).with_overrides();
    account.fake.give_bucket(BUCKET, "999999999999");
    let home = TempDir::new().unwrap();
    let mut command = account.cost_guard(&home);
    command.env("GUARD_OVERRIDES", object(KEY).to_string()).args(["run", "--dry-run"]);
    let text = printed(&mut command);
    assert!(text.contains("buy model units of meta.llama3-1-70b-instruct-v1:0"), "{text}");
    assert_eq!(account.fake.violations(), [""; 0]);
}

#[tokio::test]
async fn an_object_that_is_too_large_is_refused() {
    let account = FakeAccount::new();
    let home = region("us-east-1");
    let padded = |bytes: usize| {
        let comment = "#".repeat(bytes - account.overrides.len());
        format!("{}{comment}", account.overrides)
    };
    account.fake.set_object(&home, BUCKET, "most", padded(MOST_BYTES));
    account.fake.set_object(&home, BUCKET, "more", padded(MOST_BYTES + 1));
    let error = account.fail(&CatalogSource::Aws, Some(object("more"))).await;
    assert_eq!(error.error_type(), ErrorType::Config);
    assert!(error.to_string().contains("it has more than 5 MB"), "{error}");
    let error = account.fail(&book("more"), None).await;
    assert_eq!(error.error_type(), ErrorType::Catalog);
    let outcome = account.run(&CatalogSource::Aws, Some(object("most"))).await;
    assert_eq!(outcome.report.recommendations.len(), 1);
}

#[tokio::test]
async fn content_that_is_not_the_document_is_refused_under_the_name_of_its_place() {
    let account = FakeAccount::new();
    let home = region("us-east-1");
    account.fake.set_object(&home, BUCKET, "bytes", b"a = \"\xff\"".to_vec());
    account.fake.set_object(&home, BUCKET, "text", "capacity = 1");
    account.fake.set_parameter(&home, PARAMETER, "capacity = 1");
    for (source, words) in [
        (object("bytes"), "not text in UTF-8 from byte 5 on"),
        (object("text"), "overrides `s3://team-guard/text` are not usable"),
        (parameter(), "overrides `ssm:/guard/overrides` are not usable"),
    ] {
        let error = account.fail(&CatalogSource::Aws, Some(source)).await;
        assert_eq!(error.error_type(), ErrorType::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
    for (source, words) in [
        (book("bytes"), "not text in UTF-8 from byte 5 on"),
        (book("text"), "price book `s3://team-guard/text` is not valid"),
    ] {
        let error = account.fail(&source, None).await;
        assert_eq!(error.error_type(), ErrorType::Catalog);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_terminal_runs_on_overrides_of_systems_manager() {
    let account = FakeAccount::of(shifted(sample_of(&[UNITS]), now())).with_overrides();
    let home = TempDir::new().unwrap();
    for source in [parameter(), object(KEY)] {
        let mut command = account.cost_guard(&home);
        command.env("GUARD_OVERRIDES", source.to_string()).args(["run", "--dry-run"]);
        let text = printed(&mut command);
        assert!(text.contains("buy model units of meta.llama3-1-70b-instruct-v1:0"));
    }
    assert_eq!(account.fake.violations(), [""; 0]);
}

#[test]
fn what_needs_no_account_takes_a_book_from_s3_and_asks_for_nothing_else() {
    let account = FakeAccount::new();
    account.fake.set_object(&region("us-east-1"), BUCKET, "book.toml", ARTICLE);
    let home = TempDir::new().unwrap();
    let file = home.path().join("observation.json");
    fs::write(&file, account.observation.to_json().unwrap()).unwrap();
    let file = file.to_str().unwrap();
    for command in [&[][..], &["replay", file]] {
        let on = |catalog: &str| {
            let mut program = account.cost_guard(&home);
            printed(program.args(command).args(["--catalog", catalog]))
        };
        let embedded = on("article");
        assert_eq!(on("s3://team-guard/book.toml"), embedded);
        assert_ne!(on("aws"), embedded);
    }
    assert_eq!(account.fake.requests("GetObject"), 2);
    assert_eq!(account.fake.requests("ListMetrics"), 0);
    assert_eq!(account.fake.violations(), [""; 0]);
}

#[test]
fn a_book_in_s3_without_a_region_or_credentials_says_what_to_do() {
    let home = TempDir::new().unwrap();
    let complaint = |region: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", region)
            .args(["--catalog", "s3://team-guard/book.toml"]);
        let output = command.assert().code(1).get_output().clone();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let error = complaint("");
    assert!(error.contains("no Region to ask: set AWS_REGION"), "{error}");
    let error = complaint("us-east-1");
    assert!(error.contains("no usable AWS credentials: sign in or set AWS_PROFILE"), "{error}");
}
