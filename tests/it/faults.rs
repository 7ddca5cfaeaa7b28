//! Every fault of every call: operations × kinds, each a whole run over the fake AWS.
//!
//! What may come of a fault is one of four things: the very report of a calm run; a report that says
//! what is missing, with nothing in it that is wrong; the report of a calm run on the embedded prices,
//! with a note; or an error that names the call. All else is silently wrong, and fails. To widen the table, add a row to [`OPERATIONS`] or to [`KINDS`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use bedrock_cost_guard::config::{CatalogSource, DocumentSource};
use bedrock_cost_guard::domain::{BaseModel, ModelId};
use bedrock_cost_guard::guard::{Error, RunOutcome};
use bedrock_cost_guard::observation::{ModelBefore, Observation, OpenBefore};
use bedrock_cost_guard::report::{self, Report};
use serde_json::Value;

use crate::support::account::region;
use crate::support::fake_aws::{Alteration, Fault, FaultKind, PutDatum};
use crate::support::products::nova_micro;
use crate::support::served::{ATTEMPTS, Served};
use crate::support::{LEFTOVER, ROUTE, UNITS, in_both_regions, lane_of, sample_of, shifted, whole};

/// Application profile of the sample, in `us-east-1`.
const PROFILE: &str = "a1b2c3d4e5f6";

/// Provisioned model of the sample that nobody uses, by its address.
const IDLE: &str = LEFTOVER[0];

/// Region of the guard's own metrics, where nothing else is read.
const HOME: &str = "eu-west-1";

/// Region whose calls go wrong.
const FAULTY: &str = "us-east-1";

/// Region that is read beside that, and the one whose minutes are.
const OTHER: &str = "us-west-2";

/// Pages after which a list that does not end is given up.
const MOST_PAGES: usize = 1_000;

/// Time for which a call that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// Time after which a call that hangs would be answered.
const HANGS: Duration = Duration::from_secs(30);

/// Form of an operation's answers, which decides the kinds of fault that it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    /// Entries in pages.
    Pages,
    /// Entries, all at once.
    List,
    /// Series in pages.
    Series,
    /// Nothing that is read, or a document.
    Other,
}

/// An operation, as a run makes its calls.
#[derive(Clone, Copy, Debug)]
struct Operation {
    title: &'static str,
    call: &'static str,
    region: &'static str,
    query: &'static str,
    /// Calls of a calm run that come before the one that is meant.
    from: usize,
    answers: Answers,
    /// Has the run make these calls.
    needs: Needs,
}

/// Setting without which a run does not make the calls of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Minutes,
    LivePrices,
    OverridesInS3,
    OverridesInParameter,
}

const fn operation(
    title: &'static str,
    call: &'static str,
    region: &'static str,
    answers: Answers,
) -> Operation {
    Operation { title, call, region, query: "", from: 0, answers, needs: Needs::Nothing }
}

const OPERATIONS: [Operation; 14] = [
    operation("ListMetrics", "ListMetrics", FAULTY, Answers::Pages),
    operation("ListMetrics, the guard's own", "ListMetrics", HOME, Answers::Pages),
    operation("GetMetricData, hours", "GetMetricData", FAULTY, Answers::Series),
    Operation {
        from: 1,
        needs: Needs::Minutes,
        ..operation("GetMetricData, minutes", "GetMetricData", OTHER, Answers::Series)
    },
    operation("GetMetricData, the guard's own", "GetMetricData", HOME, Answers::Series),
    operation(
        "ListProvisionedModelThroughputs",
        "ListProvisionedModelThroughputs",
        FAULTY,
        Answers::Pages,
    ),
    Operation {
        query: "type=APPLICATION",
        ..operation(
            "ListInferenceProfiles, application",
            "ListInferenceProfiles",
            FAULTY,
            Answers::Pages,
        )
    },
    Operation {
        query: "type=SYSTEM_DEFINED",
        ..operation(
            "ListInferenceProfiles, system",
            "ListInferenceProfiles",
            FAULTY,
            Answers::Pages,
        )
    },
    operation("ListFoundationModels", "ListFoundationModels", FAULTY, Answers::List),
    operation("PutMetricData", "PutMetricData", HOME, Answers::Other),
    Operation {
        from: 1,
        ..operation("PutMetricData, the last", "PutMetricData", HOME, Answers::Other)
    },
    Operation {
        needs: Needs::LivePrices,
        ..operation("GetProducts", "GetProducts", "us-east-1", Answers::Pages)
    },
    Operation {
        needs: Needs::OverridesInS3,
        ..operation("GetObject", "GetObject", HOME, Answers::Other)
    },
    Operation {
        needs: Needs::OverridesInParameter,
        ..operation("GetParameter", "GetParameter", HOME, Answers::Other)
    },
];

/// Number of calls that a kind of fault causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tries {
    /// Once more than in a calm run.
    OnceMore,
    /// Up to the limit of the retries.
    All,
    /// As in a calm run.
    One,
    /// A second page of each list, whose token is that of the first.
    TwoPages,
    /// Up to the limit of the pages.
    AllPages,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
struct Kind {
    fault: FaultKind,
    times: usize,
    tries: Tries,
    /// Answers that can go wrong in this way; empty for all.
    of: &'static [Answers],
}

const fn kind(fault: FaultKind, times: usize, tries: Tries) -> Kind {
    Kind { fault, times, tries, of: &[] }
}

const fn altered(alteration: Alteration, of: &'static [Answers]) -> Kind {
    Kind { fault: FaultKind::Altered(alteration), times: usize::MAX, tries: Tries::One, of }
}

const ALL: usize = usize::MAX;
const LISTS: &[Answers] = &[Answers::Pages, Answers::List];
const PAGES: &[Answers] = &[Answers::Pages, Answers::Series];
const READ: &[Answers] = &[Answers::Pages, Answers::List, Answers::Series];
const SERIES: &[Answers] = &[Answers::Series];

const KINDS: [Kind; 28] = [
    kind(FaultKind::Throttle, 1, Tries::OnceMore),
    kind(FaultKind::Throttle, ALL, Tries::All),
    kind(FaultKind::Forbidden, ALL, Tries::One),
    kind(FaultKind::UnknownCredentials, ALL, Tries::One),
    kind(FaultKind::Reset, 1, Tries::OnceMore),
    kind(FaultKind::Reset, ALL, Tries::All),
    kind(FaultKind::ServerError, 1, Tries::OnceMore),
    kind(FaultKind::ServerError, ALL, Tries::All),
    kind(FaultKind::Html, 1, Tries::OnceMore),
    kind(FaultKind::Html, ALL, Tries::All),
    kind(FaultKind::CutBody, 1, Tries::All),
    kind(FaultKind::CutBody, ALL, Tries::All),
    kind(FaultKind::Slow(HANGS), ALL, Tries::All),
    Kind { of: READ, ..kind(FaultKind::Malformed, ALL, Tries::One) },
    altered(Alteration::Empty, READ),
    altered(Alteration::Listless, READ),
    altered(Alteration::Lacking, READ),
    altered(Alteration::Repeated, LISTS),
    altered(Alteration::Contradicting, LISTS),
    Kind { tries: Tries::TwoPages, ..altered(Alteration::SameToken, PAGES) },
    Kind { tries: Tries::AllPages, ..altered(Alteration::EndlessTokens, PAGES) },
    altered(Alteration::Unpaired, SERIES),
    altered(Alteration::TwoValues, SERIES),
    altered(Alteration::Unasked, SERIES),
    altered(Alteration::Partial, SERIES),
    altered(Alteration::SeriesForbidden, SERIES),
    Kind { of: SERIES, ..kind(FaultKind::Messages, ALL, Tries::One) },
    Kind { of: SERIES, ..kind(FaultKind::InternalError, 1, Tries::OnceMore) },
];

/// Account with something of everything: two Regions, a holding, an application profile, advice that
/// stays open and advice that closes, and a model that has vanished. Its traffic is steady and needs no
/// minutes, unless they are wanted.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn account(needs: Needs) -> Observation {
    let mut ids = vec![ROUTE, PROFILE, IDLE];
    ids.extend((needs == Needs::Minutes).then_some(UNITS));
    // Two weeks after the Price List of the fake was published.
    let now = "2027-01-04T00:20:00Z".parse().unwrap();
    let mut observation = shifted(whole(sample_of(&ids)), now);
    if needs != Needs::Minutes {
        observation = in_both_regions(observation);
    }
    observation.home.region = region(HOME);
    let mut micro = lane_of(&mut observation, ROUTE).clone();
    micro.model_id = ModelId::parse("amazon.nova-micro-v1:0");
    observation.places[0].usage.lanes.push(micro);
    let calm = report::build(&observation);
    let still = calm.recommendations.iter().find(|advice| advice.region.name() == FAULTY).unwrap();
    let before = |id: &str| OpenBefore { region: region(FAULTY), id: id.to_owned() };
    observation.open_before = vec![before(&still.id), before("rec-0000000000")];
    observation.models_before =
        vec![ModelBefore { region: region(FAULTY), model: BaseModel::new("example.gone-v1:0") }];
    observation
}

/// Serves the account for a run that makes the calls of an operation.
fn served(needs: Needs) -> Served {
    static ACCOUNT: OnceLock<Observation> = OnceLock::new();
    let observation = match needs {
        Needs::Minutes => account(needs),
        _ => ACCOUNT.get_or_init(|| account(Needs::Nothing)).clone(),
    };
    let mut served = Served::of(observation);
    let overrides = served.overrides_text();
    match needs {
        Needs::Nothing | Needs::Minutes => {}
        Needs::LivePrices => {
            // Twice the price of the embedded book.
            let product = nova_micro("us-east-1", "input", "0.0000700000");
            served.fake.set_products("AmazonBedrock", vec![product]);
            served.settings.catalog = CatalogSource::Live;
        }
        Needs::OverridesInS3 => {
            let (bucket, key) = ("team-guard".to_owned(), "overrides.toml".to_owned());
            served.fake.set_object(&region(HOME), &bucket, &key, overrides);
            served.settings.overrides = Some(DocumentSource::S3 { bucket, key });
        }
        Needs::OverridesInParameter => {
            served.fake.set_parameter(&region(HOME), "/guard/overrides", &overrides);
            served.settings.overrides = Some(DocumentSource::Parameter("/guard/overrides".into()));
        }
    }
    served
}

/// Points of a run, by metric and dimensions.
type Points = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// A run, with what it put and what it asked.
struct Seen {
    outcome: Result<RunOutcome, Error>,
    points: Points,
    last: Option<PutDatum>,
    requests: usize,
}

#[expect(clippy::expect_used, reason = "only tests call it")]
async fn run(served: &Served, operation: &Operation) -> Seen {
    let outcome = served.try_run().await;
    let data = served.fake.put_data();
    let mut points = Points::new();
    for datum in &data {
        let key = (datum.name.clone(), datum.dimensions.clone());
        // A call whose answer is lost is made again, with the same points.
        let before = points.insert(key, datum.value);
        let is_other = before.is_some_and(|before| before.to_bits() != datum.value.to_bits());
        assert!(!is_other, "{} is put with two values", datum.name);
    }
    assert_eq!(served.fake.violations(), [""; 0]);
    if let Ok(outcome) = &outcome {
        assert!(!outcome.lines.is_empty(), "no line");
        let saved = outcome.observation.to_json().expect("it can be saved");
        let replayed = Observation::from_json(&saved).expect("what was gathered can be replayed");
        assert_eq!(report::build(&replayed), outcome.report, "the replay is another");
    }
    Seen {
        outcome,
        points,
        last: data.last().cloned(),
        requests: served.fake.requests(operation.call),
    }
}

/// Writes a report without what depends on how it was gathered.
fn comparable(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["run"]["metrics_requested"].take();
    value["run"]["metrics_requested_cost"].take();
    value["totals"]["guard_monthly_cost"].take();
    value.as_object_mut().map(|fields| fields.remove("notes"));
    value
}

/// Fate of a cell that is no fault of the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Right,
    AtLeast,
    /// Another source stands in, and a note says so.
    Noted,
    ClearError,
}

/// Metrics that say what is missing: these differ with the run.
const TELL: [&str; 3] = ["FailedRegions", "IncompleteWorkloads", "RunSucceeded"];

/// Returns true if a note says that the embedded book stands in for the Price List.
fn is_noted(report: &Report) -> bool {
    report.notes.iter().any(|note| note.starts_with("the Price List was not used"))
}

/// Judges a run by calm ones, of which the second has no Price List; the error says what is silently
/// wrong.
fn judge(operation: &Operation, calm: [&Seen; 2], seen: &Seen) -> Result<Fate, String> {
    let is_noted = seen.outcome.as_ref().is_ok_and(|outcome| is_noted(&outcome.report));
    let calm = calm[usize::from(is_noted)];
    let truth = calm.outcome.as_ref().map_err(ToString::to_string)?;
    // Whatever comes of a run, no point of it is another than of the calm run.
    for ((name, dimensions), value) in &seen.points {
        let known = calm.points.get(&(name.clone(), dimensions.clone()));
        if !TELL.contains(&name.as_str()) && known != Some(value) {
            return Err(format!("{name} {dimensions:?} is put as {value}, not {known:?}"));
        }
    }
    let outcome = match &seen.outcome {
        Ok(outcome) => outcome,
        Err(error) => return clear(operation, error),
    };
    let report = &outcome.report;
    if let Some(wrong) = wrong(&truth.report, report) {
        return Err(wrong);
    }
    if let Some(error) = &outcome.failure {
        return clear(operation, error);
    }
    let succeeded = seen.last.as_ref().map(|last| (last.name.as_str(), last.value));
    if comparable(report) == comparable(&truth.report) && seen.points.len() == calm.points.len() {
        return match succeeded {
            Some(("RunSucceeded", 1.0)) if is_noted => Ok(Fate::Noted),
            Some(("RunSucceeded", 1.0)) => Ok(Fate::Right),
            other => Err(format!("all is right, and the last point is {other:?}")),
        };
    }
    let Some(missing) = report.missing_line() else {
        return Err("it is another report, and nothing is said".to_owned());
    };
    if !outcome.lines.last().is_some_and(|line| line.contains(&missing)) {
        return Err(format!("the line of the run does not say: {missing}"));
    }
    match succeeded {
        Some(("RunSucceeded", 0.0)) => Ok(Fate::AtLeast),
        other => Err(format!("{missing}, and the last point is {other:?}")),
    }
}

/// Says what in a report is more, or other, than the truth; `None` where all of it is a part of that.
fn wrong(truth: &Report, report: &Report) -> Option<String> {
    let (cost, most) = (report.totals.monthly_cost, truth.totals.monthly_cost);
    if cost > most || (cost < most && !report.totals.is_at_least) {
        return Some(format!("it costs {cost}, and not {most}"));
    }
    for advice in report.recommendations.iter().filter(|advice| advice.is_counted()) {
        let known = truth.recommendations.iter().find(|other| other.id == advice.id);
        if known.is_none_or(|other| !other.is_counted() || other.savings() < advice.savings()) {
            return Some(format!("{} is advised", advice.message()));
        }
    }
    let is_new = report.closed.iter().any(|closed| !truth.closed.contains(closed));
    let is_gone = report.vanished.iter().any(|gone| !truth.vanished.contains(gone));
    (is_new || is_gone)
        .then(|| format!("closed {:?}, vanished {:?}", report.closed, report.vanished))
}

/// Judges an error: it names the call, and is not long.
fn clear(operation: &Operation, error: &Error) -> Result<Fate, String> {
    let text = error.to_string();
    if text.contains(operation.call) && text.chars().count() <= 700 {
        Ok(Fate::ClearError)
    } else {
        Err(format!("an error that is not clear: {text}"))
    }
}

/// Returns the most calls that a kind of fault may cause, where a calm run makes so many.
fn most_requests(operation: &Operation, kind: &Kind, calm: usize) -> usize {
    match kind.tries {
        Tries::OnceMore => calm + 1,
        Tries::All if operation.call == "GetObject" => calm * ATTEMPTS * 3,
        Tries::All => calm * ATTEMPTS,
        Tries::One => calm,
        Tries::TwoPages => 2 * calm,
        // Of the Price List three offers are read at once.
        Tries::AllPages => calm + 3 * MOST_PAGES,
    }
}

/// Fates of all cells of one operation.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    tried: usize,
    right: usize,
    at_least: usize,
    noted: usize,
    clear_error: usize,
}

/// Tries every kind of fault on one operation.
#[expect(clippy::expect_used, reason = "only tests call it")]
async fn row(operation: &Operation) -> (Row, Vec<String>) {
    let calm = run(&served(operation.needs), operation).await;
    let calm_outcome = calm.outcome.as_ref().expect("a calm run goes well");
    assert_eq!(calm_outcome.report.missing, [], "{}", operation.title);
    assert!(calm_outcome.failure.is_none(), "{}", operation.title);
    let without_list = match operation.needs {
        Needs::LivePrices => Some(run(&served(Needs::Nothing), operation).await),
        _ => None,
    };
    let calms = [&calm, without_list.as_ref().unwrap_or(&calm)];
    let mut row = Row::default();
    let mut wrong = Vec::new();
    let kinds =
        KINDS.iter().filter(|kind| kind.of.is_empty() || kind.of.contains(&operation.answers));
    for kind in kinds {
        let served = served(operation.needs);
        served.fake.fault(Fault {
            from: operation.from,
            times: kind.times,
            region: Some(region(operation.region)),
            ..Fault::of(operation.call, kind.fault).asking(operation.query)
        });
        let seen = run(&served.patient_for(PATIENCE), operation).await;
        row.tried += 1;
        let cell = format!("{} of {} ×{}", operation.title, name(kind), kind.times.min(99));
        match judge(operation, calms, &seen) {
            Ok(Fate::Right) => row.right += 1,
            Ok(Fate::AtLeast) => row.at_least += 1,
            Ok(Fate::Noted) => row.noted += 1,
            Ok(Fate::ClearError) => row.clear_error += 1,
            Err(why) => wrong.push(format!("{cell}: {why}")),
        }
        let most = most_requests(operation, kind, calm.requests);
        if seen.requests > most {
            wrong.push(format!("{cell}: {} requests, more than {most}", seen.requests));
        }
    }
    (row, wrong)
}

fn name(kind: &Kind) -> String {
    match kind.fault {
        FaultKind::Altered(alteration) => format!("{alteration:?}"),
        other => format!("{other:?}"),
    }
}

/// Writes the table as docs/faults.md has it.
fn table(rows: &[(&str, Row)]) -> String {
    let mut text = String::from(
        "| operation | tried | right | at least | noted | clear error | silently wrong |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut all = Row::default();
    let mut add = |title: &str, row: &Row| {
        let Row { tried, right, at_least, noted, clear_error } = row;
        let wrong = tried - right - at_least - noted - clear_error;
        let _ = writeln!(
            text,
            "| {title} | {tried} | {right} | {at_least} | {noted} | {clear_error} | {wrong} |"
        );
    };
    for (title, row) in rows {
        add(title, row);
        all.tried += row.tried;
        all.right += row.right;
        all.at_least += row.at_least;
        all.noted += row.noted;
        all.clear_error += row.clear_error;
    }
    add("all", &all);
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_any_call_is_silently_wrong() {
    let mut tasks = tokio::task::JoinSet::new();
    for (place, operation) in OPERATIONS.iter().enumerate() {
        tasks.spawn(async move { (place, Box::pin(row(operation)).await) });
    }
    let mut rows: Vec<(usize, Row)> = Vec::new();
    let mut wrong = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (place, (row, of_row)) = done.unwrap();
        rows.push((place, row));
        wrong.extend(of_row);
    }
    rows.sort_unstable_by_key(|(place, _)| *place);
    let rows: Vec<(&str, Row)> =
        rows.into_iter().map(|(place, row)| (OPERATIONS[place].title, row)).collect();
    let table = table(&rows);
    println!("{table}");
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
    let page = std::fs::read_to_string("docs/faults.md").unwrap();
    assert!(page.contains(&table), "docs/faults.md has another table than this:\n{table}");
}
