//! Runs over a world that a seed makes: calls take their time, fail, hang, are throttled and lose their answers,
//! and the deadline comes early or late. Whatever the seed, what a run says is true.
//!
//! `SEEDS` in the environment says how many worlds are made, and `SEED` where they begin. A seed that fails is
//! printed; add it to [`KEPT`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::domain::{AccountId, Region};
use bedrock_cost_guard::guard::{self, Error, Invocation, Memory, RunOutcome};
use bedrock_cost_guard::observation::{Observation, PlaceObservation, ProvisionedModel};
use bedrock_cost_guard::report;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::account::{ACCOUNT, Account, SONNET, held, region};
use crate::support::fake_aws::{
    Alteration, FakeAws, FaultKind, OPERATIONS, PageSizes, Put, PutDatum,
};
use crate::support::served::{MEMORY, Places};
use crate::support::simulated::{Course, Fate, Numbers, Simulated, VirtualTime};

/// Worlds that are made unless the environment says otherwise.
const SEEDS: u64 = 300;

/// Seeds that failed once.
const KEPT: [u64; 9] = [677, 2_359, 5_860, 16_452, 36_426, 40_933, 49_005, 79_846, 86_291];

/// Regions of the account. The guard's own metrics are in the first, which is read too.
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "us-west-2"];

/// Model of which units pay, with a capacity in the overrides.
const LLAMA: &str = "meta.llama3-1-70b-instruct-v1:0";

/// Failures of any call. What cannot be read comes last: of an answer that says nothing nobody reads it.
const OF_ANY: [FaultKind; 8] = [
    FaultKind::Throttle,
    FaultKind::Forbidden,
    FaultKind::Reset,
    FaultKind::ServerError,
    FaultKind::Html,
    FaultKind::HtmlOfAllIsWell,
    FaultKind::UnknownCredentials,
    FaultKind::Malformed,
];

/// Failures of calls that list something.
const OF_LISTS: [FaultKind; 5] = [
    FaultKind::Altered(Alteration::Empty),
    FaultKind::Altered(Alteration::Listless),
    FaultKind::Altered(Alteration::Repeated),
    FaultKind::Altered(Alteration::Contradicting),
    FaultKind::Altered(Alteration::SameToken),
];

/// Failures of calls for points.
const OF_SERIES: [FaultKind; 9] = [
    FaultKind::Messages,
    FaultKind::InternalError,
    FaultKind::Altered(Alteration::Empty),
    FaultKind::Altered(Alteration::Unpaired),
    FaultKind::Altered(Alteration::TwoValues),
    FaultKind::Altered(Alteration::Unasked),
    FaultKind::Altered(Alteration::Partial),
    FaultKind::Altered(Alteration::SeriesForbidden),
    FaultKind::Altered(Alteration::SameToken),
];

/// Returns the account of all worlds: advice to route in two Regions, an idle unit in the first, and units that
/// pay by the minute in the third.
fn account() -> Observation {
    static ACCOUNT: OnceLock<Observation> = OnceLock::new();
    ACCOUNT.get_or_init(built).clone()
}

fn built() -> Observation {
    let text = format!(
        "[[capacity]]\nmodel = \"{LLAMA}\"\ninput_tokens_per_minute = 1000000\noutput_tokens_per_minute = 300000\n"
    );
    let base = || Account::new().days(28).overrides(&text);
    let micro = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0";
    let idle = ProvisionedModel {
        model_arn: micro.to_owned(),
        foundation_model_arn: micro.to_owned(),
        ..held()
    };
    let first = base().tokens(&format!("us.{SONNET}"), 40_000, 4_000).idle(idle);
    let second = base().tokens(&format!("eu.{SONNET}"), 30_000, 3_000);
    let third = base().tokens(LLAMA, 900_000, 90_000).serves(LLAMA, "PROVISIONED");
    let mut observation = first.observation.clone();
    observation.settings.min_observed_days = 14;
    observation.places = [first, second, third]
        .into_iter()
        .zip(REGIONS)
        .map(|(account, name)| {
            let mut place: PlaceObservation = account.observation.places[0].clone();
            place.place.region = region(name);
            place
        })
        .collect();
    observation.settings.regions = REGIONS.into_iter().map(region).collect();
    observation
}

/// A fault that strikes some calls of an operation in a Region.
#[derive(Clone, Debug)]
struct Strike {
    operation: &'static str,
    region: &'static str,
    from: usize,
    times: usize,
    course: Course,
}

/// World of one seed.
#[derive(Clone, Debug)]
struct World {
    seed: u64,
    /// Time that a run has.
    time: Duration,
    /// Longest time of a call that goes well, in milliseconds.
    latency: u64,
    strikes: Vec<Strike>,
    pages: PageSizes,
    memory: u64,
}

impl World {
    fn of(seed: u64) -> Self {
        let mut numbers = Numbers::of(seed);
        let strikes = (0..numbers.below(5)).map(|_| strike(&mut numbers)).collect();
        let seconds = numbers.one_of(&[5, 20, 60, 120, 297]);
        let datapoints = numbers.one_of(&[700, 5_000, 100_800]);
        let list_metrics = numbers.one_of(&[3, 500]);
        Self {
            seed,
            time: Duration::from_secs(seconds),
            latency: numbers.one_of(&[1, 50, 200, 900]),
            strikes,
            pages: PageSizes { list_metrics, datapoints, ..PageSizes::default() },
            memory: numbers.one_of(&[MEMORY, MEMORY, 2 << 20, 512 << 10, 100 << 10]),
        }
    }

    /// Returns the world in which nothing goes wrong.
    fn calm() -> Self {
        Self {
            seed: 0,
            time: Duration::from_mins(10),
            latency: 1,
            strikes: Vec::new(),
            pages: PageSizes::default(),
            memory: MEMORY,
        }
    }

    /// Returns how calls go in this world.
    fn fate(&self) -> Fate {
        let mut numbers = Numbers::of(self.seed ^ 0xfa7e);
        let mut seen: BTreeMap<(&'static str, Region), usize> = BTreeMap::new();
        let (all, latency) = (self.strikes.clone(), self.latency);
        Box::new(move |operation, region| {
            let quiet = Course::calm(1 + numbers.below(latency));
            let call = seen.entry((operation, region.clone())).or_default();
            let place = *call;
            *call += 1;
            let strike = all.iter().find(|strike| {
                strike.operation == operation
                    && strike.region == region.name()
                    && (strike.from..strike.from.saturating_add(strike.times)).contains(&place)
            });
            strike.map_or(quiet, |strike| strike.course)
        })
    }

    /// Returns true if nothing strikes a Region, nor what is read of the runs before.
    fn is_calm_in(&self, name: &str) -> bool {
        self.strikes.iter().all(|strike| strike.region != name && strike.region != REGIONS[0])
    }

    /// Returns true if a run has time and memory for all that is calm, whatever strikes elsewhere.
    fn is_ample(&self) -> bool {
        self.time >= Duration::from_mins(2) && self.latency <= 200 && self.memory == MEMORY
    }
}

fn strike(numbers: &mut Numbers) -> Strike {
    let operation = numbers.one_of(&OPERATIONS);
    let kinds = match operation {
        "PutMetricData" => &OF_ANY[..OF_ANY.len() - 1],
        "GetMetricData" if numbers.below(2) == 0 => &OF_SERIES,
        "GetMetricData" => &OF_ANY,
        _ if numbers.below(2) == 0 => &OF_LISTS,
        _ => &OF_ANY,
    };
    let takes = Duration::from_millis(numbers.one_of(&[1, 300, 4_000, 30_000, 3_600_000]));
    let way = numbers.below(8);
    let fails = (way < 5).then(|| numbers.one_of(kinds));
    // Of a page whose token is always the same there is no other page to go on with.
    let is_endless = fails == Some(FaultKind::Altered(Alteration::SameToken));
    let times = numbers.one_of(&[1, 2, 5, usize::MAX]);
    Strike {
        operation,
        region: numbers.one_of(&REGIONS),
        from: usize::try_from(numbers.below(4)).unwrap_or_default(),
        times: if is_endless { usize::MAX } else { times },
        course: Course { takes, fails, loses_answer: way == 5 },
    }
}

/// Remains of a run.
struct Left {
    outcome: Result<RunOutcome, Error>,
    log: Vec<String>,
    put: Vec<PutDatum>,
    took: Duration,
}

/// Runs the guard once in a world, at a time.
fn run(world: &World, fake: &Arc<FakeAws>, at: Timestamp) -> Left {
    fastrand::seed(world.seed);
    let time = VirtualTime::default();
    let simulated = Simulated::new(Arc::clone(fake), time.clone(), world.fate());
    let home = region(REGIONS[0]);
    let config = simulated.sdk_config(&home);
    let account = account();
    let event = json!({ "scheduled_time": at.to_string() });
    let (log, places) = (Mutex::new(Vec::new()), Places::default());
    fake.set_clock(at);
    let from = fake.put_data().len();
    let memory = Memory::default();
    let outcome = time.runtime().block_on(guard::run(
        &config,
        &account.settings,
        Invocation {
            event: &event,
            as_of: at,
            account: AccountId::new(ACCOUNT),
            caller: Caller::Lambda,
            time: world.time,
            clock: Clock::of(&config),
            log: &|line| {
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
                Ok(())
            },
            memory: world.memory,
            take_place: &|taken| places.take(taken),
        },
        &memory,
    ));
    Left {
        outcome: outcome.map(|outcome| places.put_into(outcome)),
        log: log.into_inner().unwrap_or_else(PoisonError::into_inner),
        put: fake.put_data().split_off(from),
        took: time.now(),
    }
}

type Points = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Returns the points that were put; the error names one that was put with two values.
fn points(put: &[PutDatum]) -> Result<Points, String> {
    let mut points = Points::new();
    for datum in put {
        let key = (datum.name.clone(), datum.dimensions.clone());
        let before = points.insert(key, datum.value);
        if before.is_some_and(|before| before.to_bits() != datum.value.to_bits()) {
            return Err(format!("{} {:?} has two values", datum.name, datum.dimensions));
        }
    }
    Ok(points)
}

/// Lists what is wrong with what a run left behind, beside a calm one; empty where nothing is.
fn faults(world: &World, calm: &Left, left: &Left) -> Vec<String> {
    let mut faults = Vec::new();
    // The last call may end as the time does, and what is reckoned takes none here.
    if left.took > world.time + Duration::from_millis(1) {
        faults.push(format!("it took {:?} of {:?}", left.took, world.time));
    }
    let (truth, points) = match (points(&calm.put), points(&left.put)) {
        (Ok(truth), Ok(points)) => (truth, points),
        (Err(fault), _) | (_, Err(fault)) => return vec![fault],
    };
    let succeeded = points.get(&("RunSucceeded".to_owned(), BTreeMap::new())).copied();
    let Ok(known) = &calm.outcome else {
        return vec!["the calm run failed".to_owned()];
    };
    let outcome = match &left.outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            if succeeded == Some(1.0) {
                faults.push("it failed and put that it succeeded".to_owned());
            }
            let names_it = error.to_string();
            if !OPERATIONS.iter().any(|it| names_it.contains(it)) && !names_it.contains("time") {
                faults.push(format!("its error names no call: {names_it}"));
            }
            return faults;
        }
    };
    let report = &outcome.report;
    let told = ["RunSucceeded", "FailedRegions", "IncompleteWorkloads", "GuardMonthlyCost"];
    for (key, value) in points.iter().filter(|(key, _)| !told.contains(&key.0.as_str())) {
        if truth.get(key).is_none_or(|truth| truth.to_bits() != value.to_bits()) {
            faults.push(format!("{key:?} is {value}, not {:?}", truth.get(key)));
        }
    }
    if succeeded == Some(1.0) {
        let lost: Vec<_> = truth.keys().filter(|key| !points.contains_key(*key)).collect();
        if !lost.is_empty() {
            faults.push(format!("it put that it succeeded, and not {lost:?}"));
        }
        if !report.is_whole() {
            faults.push("it put that it succeeded, and parts are missing".to_owned());
        }
    }
    if outcome.failure.is_none() && report.is_whole() && succeeded != Some(1.0) {
        faults.push("all is whole, and it did not put that it succeeded".to_owned());
    }
    let lines = report.recommendations.len() + 1;
    if left.log != outcome.lines || left.log.len() != lines {
        faults.push(format!("the log has {} lines, not {lines}", left.log.len()));
    }
    if report.totals.monthly_cost > known.report.totals.monthly_cost {
        faults.push(format!("it costs {}", report.totals.monthly_cost));
    }
    let is_open = |advice: &&bedrock_cost_guard::advice::Recommendation| advice.is_counted();
    let open: BTreeSet<&str> =
        known.report.recommendations.iter().filter(is_open).map(|it| it.id.as_str()).collect();
    for advice in report.recommendations.iter().filter(is_open) {
        if !open.contains(advice.id.as_str()) {
            faults.push(format!("{} is advice of the part alone", advice.id));
        }
    }
    for closed in &report.closed {
        if open.contains(closed.id.as_str()) {
            faults.push(format!("{} is closed and still open", closed.id));
        }
    }
    if world.is_ample() {
        let found: BTreeSet<&str> =
            report.recommendations.iter().filter(is_open).map(|it| it.id.as_str()).collect();
        let here = known.report.recommendations.iter().filter(is_open);
        for advice in here.filter(|advice| world.is_calm_in(advice.region.name())) {
            if !found.contains(advice.id.as_str()) {
                faults.push(format!("{} of {} is lost", advice.id, advice.region));
            }
        }
    }
    let saved = outcome.observation.to_json().map(|json| Observation::from_json(&json));
    match saved {
        Ok(Ok(saved)) if report::build(&saved) == *report => {}
        Ok(Ok(_)) => faults.push("the replay is another".to_owned()),
        Ok(Err(error)) => faults.push(format!("it cannot be replayed: {error}")),
        Err(error) => faults.push(format!("it cannot be saved: {error}")),
    }
    faults
}

/// Writes all that a run left behind.
fn bytes(left: &Left) -> String {
    let outcome = match &left.outcome {
        Ok(outcome) => format!("{:?} {:?}", outcome.report, outcome.failure),
        Err(error) => error.to_string(),
    };
    format!("{outcome}\n{:?}\n{:?}\n{:?}", left.log, left.put, left.took)
}

/// State before every world: what was put yesterday, and what a calm run leaves behind today.
fn calm() -> &'static (Put, Left) {
    static CALM: OnceLock<(Put, Left)> = OnceLock::new();
    CALM.get_or_init(|| {
        let world = World::calm();
        let account = account();
        let now = account.as_of;
        let fake = Arc::new(FakeAws::in_process(account));
        let _ = run(&world, &fake, now - SignedDuration::from_hours(24));
        let before = fake.put_so_far();
        let calm = run(&world, &fake, now);
        (before, calm)
    })
}

/// Makes the world of a seed, and lists what is wrong there.
fn faults_of(seed: u64) -> Vec<String> {
    let (before, calm) = calm();
    let world = World::of(seed);
    let account = account();
    let now = account.as_of;
    let fake = Arc::new(FakeAws::in_process(account));
    fake.set_page_sizes(world.pages);
    fake.go_back_to(before);
    let left = run(&world, &fake, now);
    let mut faults = faults(&world, calm, &left);
    // One world of four twice: that takes as long as another.
    if seed.is_multiple_of(4) {
        fake.go_back_to(before);
        let again = run(&world, &fake, now);
        if bytes(&left) != bytes(&again) {
            faults.push("once more is another".to_owned());
        }
    }
    // A token that a fault made up is no fault of whoever gives it back.
    let blamed = fake.violations().into_iter();
    faults.extend(blamed.filter(|fault| !fault.contains(": again is not a ")));
    faults
}

#[expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "how many worlds there are is no setting of the guard"
)]
fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn whatever_the_world_does_what_a_run_says_is_true() {
    let first = number("SEED", 0);
    let seeds: Vec<u64> =
        KEPT.into_iter().chain(first..first.saturating_add(number("SEEDS", SEEDS))).collect();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let faults = faults_of(*seed);
            if !faults.is_empty() {
                eprintln!("seed {seed}: {faults:#?} in {:#?}", World::of(*seed));
                failed.lock().unwrap_or_else(PoisonError::into_inner).push((*seed, faults));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failed.is_empty(), "worlds in which something is wrong: {failed:#?}");
}

/// The laws find what they are to find.
#[test]
fn a_run_that_says_something_wrong_is_found() {
    let (before, calm) = calm();
    let ample = World { time: Duration::from_secs(297), ..World::calm() };
    let account = account();
    let now = account.as_of;
    let fake = Arc::new(FakeAws::in_process(account));
    fake.go_back_to(before);
    let good = run(&ample, &fake, now);
    assert_eq!(faults(&ample, calm, &good), [""; 0]);
    let points = good.put.len();
    assert!(points > 20, "{points}");
    for wrong in [
        |left: &mut Left| left.put[3].value += 1.0,
        |left: &mut Left| drop(left.put.remove(3)),
        |left: &mut Left| drop(left.log.remove(0)),
        |left: &mut Left| left.took = Duration::from_secs(298),
        |left: &mut Left| {
            let mut twice = left.put[3].clone();
            twice.value += 1.0;
            left.put.push(twice);
        },
        |left: &mut Left| {
            if let Ok(outcome) = &mut left.outcome {
                let report = &mut outcome.report;
                report.recommendations.retain(|advice| !advice.is_counted());
                outcome.lines.clear();
            }
        },
    ] {
        fake.go_back_to(before);
        let mut left = run(&ample, &fake, now);
        wrong(&mut left);
        assert_ne!(faults(&ample, calm, &left), [""; 0]);
    }
}
