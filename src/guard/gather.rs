//! The reading of an account: first what is known of it, its inventory and what runs before put, then a few
//! Regions at once, portion by portion, each of which is decided and dropped before the next begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use aws_config::SdkConfig;
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::aws::bedrock::ListedInventory;
use crate::aws::cloudwatch::Spent;
use crate::aws::history::{self, Before, Told};
use crate::aws::{ApiError, Caller, clients};
use crate::catalog::{Overrides, PriceBook};
use crate::config::Run;
use crate::config::Settings;
use crate::domain::sorting::sort_by;
use crate::domain::{AccountId, Place, Region, Window};
use crate::guard::budget::{Budget, Late, OF_CALLS};
use crate::guard::region::{Decided, Known, decide};
use crate::guard::series_memory::SeriesMemory;
use crate::guard::turn::{REGIONS_AT_ONCE, Turn};
use crate::observation::{
    FailedPlace, Observation, PlaceObservation, PriceListRead, SCHEMA_VERSION,
};
use crate::report::PlaceReport;

/// Share of the time, in percent of what is left, that the inventories of all Regions may take, and at once
/// what was put before.
const OF_INVENTORIES: u32 = 25;

/// Share of that stage in which what was open and had a cost before is read; what was told of it comes after.
const OF_BEFORE: u32 = 60;

/// Share of what is left then that all Regions may take; the rest is for the metrics that are put.
const OF_REGIONS: u32 = 80;

/// Some workloads of a place that were read and decided: all of them, or what fits in memory at once.
#[derive(Debug)]
pub struct TakenPlace<'a> {
    /// Run that it was decided on, without any place.
    pub run: &'a Observation,
    /// Price book, of which the run has the rows that the models of the place touch.
    pub book: &'a PriceBook,
    /// Usage of these, each time of others, and the inventory of the place.
    pub observed: PlaceObservation,
    /// Report of these.
    pub report: &'a mut PlaceReport,
}

/// Taker of each part of a place, once it is decided. Of what it does not keep nothing is left.
pub type TakePlace<'a> = &'a (dyn Fn(TakenPlace<'_>) + Sync);

/// Everything that was decided before the first call.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    /// The event.
    pub(super) run: Run,
    /// The clock.
    pub(super) as_of: Timestamp,
    /// The window of the survey.
    pub(super) window: Window,
    /// The settings in force.
    pub(super) settings: Settings,
    /// The price book.
    pub(super) book: PriceBook,
    /// Counts of the lines of the Price List; `None` where it was not read.
    pub(super) price_list: Option<PriceListRead>,
    /// Notes so far for whoever reads the report.
    pub(super) notes: Vec<String>,
    /// The operator's overrides.
    pub(super) overrides: Overrides,
    /// The account and Region that run the guard, as far as they are known.
    pub(super) home: Place,
    /// The program that runs the guard.
    pub(super) caller: Caller,
    /// Bytes that its series may take.
    pub(super) memory: u64,
}

/// Result of the gathering, with every call that failed on the way.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The observation without its places, in which what was not read is named.
    pub(super) observation: Observation,
    /// Reports of the places.
    pub(super) places: Vec<PlaceReport>,
    /// The price book, whole.
    pub(super) book: PriceBook,
    /// The failed calls.
    pub(super) errors: Vec<ApiError>,
}

/// Reads the account and decides what to change. What cannot be read costs nothing but itself, and is named.
pub(super) async fn gather(
    config: &SdkConfig,
    inputs: Inputs,
    budget: &Budget,
    take_place: TakePlace<'_>,
) -> Gathered {
    let regions = inputs.settings.regions_or(&inputs.home.region);
    let stage = budget.percent(OF_INVENTORIES);
    let (inventories, history) =
        tokio::join!(inventories(config, &regions, &stage), history(config, &inputs, &stage));
    let memory = SeriesMemory::of(inputs.memory, inputs.caller);
    let known = Arc::new(known(inputs, &inventories, history));
    let stage = budget.percent(OF_REGIONS);
    let (mut decided, mut tasks) = of_regions(config, &known, inventories, &memory, &stage);
    let mut portions = Vec::new();
    while let Some(Decided { number, observation: run, observed, mut report, dropped }) =
        decided.recv().await
    {
        take_place(TakenPlace { run: &run, book: &known.book, observed, report: &mut report });
        // Where nobody waits for it, its Region has ended.
        let _ = dropped.send(());
        portions.push((number, report));
    }
    let mut failed = Vec::new();
    let mut errors = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(Ok(of_region)) => errors.extend(of_region),
            Ok(Err(error)) => {
                failed.push(FailedPlace {
                    account: known.run.home.account.clone(),
                    region: error.region.clone(),
                    error: error.to_string(),
                });
                errors.push(error);
            }
            // A panic of a task goes on as one of the run; nothing cancels these tasks.
            Err(error) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    // In order of Regions and not of their ends, so that a run reads the same each time.
    sort_by(&mut failed, |a, b| a.region.cmp(&b.region));
    sort_by(&mut errors, |a, b| a.region.cmp(&b.region));
    let places = whole(portions);
    let mut observation = known.run.clone();
    observation.failed = failed;
    let models = places.iter().flat_map(|place| place.models.clone()).collect();
    let observation = observation.with_rows_of(models, &known.book);
    let book = known.book.clone();
    Gathered { observation, places, book, errors }
}

/// Puts the reports of the portions of each place together.
fn whole(mut portions: Vec<(usize, PlaceReport)>) -> Vec<PlaceReport> {
    sort_by(&mut portions, |(a, one), (b, other)| {
        one.place.cmp(&other.place).then_with(|| a.cmp(b))
    });
    let mut places: Vec<PlaceReport> = Vec::new();
    for (_, report) in portions {
        match places.last_mut() {
            Some(last) if last.place == report.place => last.add(report),
            _ => places.push(report),
        }
    }
    places
}

/// Reads the inventories of all Regions. Of one that is late nothing is known.
async fn inventories(
    config: &SdkConfig,
    regions: &BTreeSet<Region>,
    stage: &Budget,
) -> BTreeMap<Region, ListedInventory> {
    // Two lists are read one after the other, and each says itself that it hangs.
    let config = stage.percent(OF_CALLS).calls(config, 2);
    let mut tasks = JoinSet::new();
    for region in regions.iter().cloned() {
        let (bedrock, stage) = (clients::bedrock(&config, &region), stage.clone());
        tasks.spawn(async move {
            let read = Box::pin(stage.run(bedrock.inventory())).await;
            let late = |late: Late| ListedInventory::late(&region, &late.to_string());
            let read = read.unwrap_or_else(late);
            (region, read)
        });
    }
    tasks.join_all().await.into_iter().collect()
}

/// Puts together what is known before a Region is read.
fn known(
    inputs: Inputs,
    inventories: &BTreeMap<Region, ListedInventory>,
    history: History,
) -> Known {
    // The platform tells a Lambda its account; at a terminal the inventory is asked, which may be empty.
    let account: AccountId = inventories
        .values()
        .find_map(|listed| listed.inventory.account())
        .filter(|_| inputs.home.account.is_unknown())
        .unwrap_or_else(|| inputs.home.account.clone());
    let History { before, told, unknown, note, spent } = history;
    let mut notes = inputs.notes;
    notes.extend(note.iter().cloned());
    let run = Observation {
        schema_version: SCHEMA_VERSION,
        event: inputs.run,
        as_of: inputs.as_of,
        window: inputs.window,
        settings: inputs.settings,
        home: Place { account, region: inputs.home.region },
        places: Vec::new(),
        failed: Vec::new(),
        prices: inputs.book.of_models(&BTreeSet::new()),
        price_list: inputs.price_list,
        notes,
        overrides: inputs.overrides,
        open_before: before.open,
        models_before: before.models,
        savings_before: told.savings,
        sizes_before: told.sizes,
        sizes_unknown: note.is_some(),
        history_metrics_requested: spent.metrics_requested(),
        history_unknown: unknown,
    };
    Known { run, book: inputs.book, caller: inputs.caller }
}

/// Begins to read all Regions, a few at a time. One that fails or hangs does not stop the others.
fn of_regions(
    config: &SdkConfig,
    known: &Arc<Known>,
    inventories: BTreeMap<Region, ListedInventory>,
    memory: &SeriesMemory,
    stage: &Budget,
) -> (mpsc::Receiver<Decided>, JoinSet<Result<Vec<ApiError>, ApiError>>) {
    let at_once = Arc::new(Semaphore::new(REGIONS_AT_ONCE));
    let waiting = Arc::new(AtomicUsize::new(inventories.len()));
    let (sender, receiver) = mpsc::channel(1);
    let mut tasks = JoinSet::new();
    for (region, inventory) in inventories {
        let (config, known, memory) = (config.clone(), Arc::clone(known), memory.clone());
        let sender = sender.clone();
        let at_once = Arc::clone(&at_once);
        let turn = Turn::new(stage, &waiting);
        tasks.spawn(async move {
            let _permit = at_once.acquire_owned().await;
            Box::pin(decide(&config, &known, &region, inventory, &memory, turn, &sender)).await
        });
    }
    (receiver, tasks)
}

/// Knowledge of the runs before, as far as it could be read.
#[derive(Debug, Default)]
struct History {
    before: Before,
    told: Told,
    /// Reason why what was before is not known, or not whole; `None` where it is.
    unknown: Option<String>,
    /// Note on what was told before, where that is not known whole. No advice rests on it.
    note: Option<String>,
    spent: Spent,
}

/// Reads what the guard's own metrics tell of the runs before, which are in the home Region. Without it a
/// run advises all the same.
async fn history(config: &SdkConfig, inputs: &Inputs, stage: &Budget) -> History {
    let home = &inputs.home.region;
    let namespace = &inputs.settings.metric_namespace;
    let (since, time, as_of) = (inputs.window.start(), inputs.run.time, inputs.as_of);
    let late = |late: Late| ApiError::late("cloudwatch:GetMetricData", home, late.to_string());
    let said = |error: ApiError| error.asked_by(inputs.caller).to_string();
    let first_of = |unknown: &[String]| match unknown {
        [] => None,
        [only] => Some(only.clone()),
        [first, more @ ..] => Some(format!("{first}; and {} more", more.len())),
    };
    let mut history = History::default();
    // What is new goes first: totals rest on it.
    let share = stage.percent(OF_BEFORE);
    let cloudwatch = clients::cloudwatch(&share.calls(config, 3), home);
    let read = history::before(&cloudwatch, namespace, time, as_of, &history.spent);
    match Box::pin(share.run(read)).await.unwrap_or_else(|it| Err(late(it))) {
        Ok(before) => {
            history.unknown = first_of(&before.unknown);
            history.before = before;
        }
        Err(error) => {
            history.unknown = Some(said(error));
            return history;
        }
    }
    let cloudwatch = clients::cloudwatch(&stage.percent(OF_CALLS).calls(config, 1), home);
    let (before, spent) = (&history.before, &history.spent);
    let read = history::told(&cloudwatch, namespace, before, since, time, spent);
    let unknown = match Box::pin(stage.run(read)).await.unwrap_or_else(|it| Err(late(it))) {
        Ok(told) => {
            let unknown = first_of(&told.unknown);
            history.told = told;
            unknown
        }
        Err(error) => Some(said(error)),
    };
    history.note = unknown.map(|why| {
        format!("at which size purchases are open, or since when advice is, is not known: {why}")
    });
    history
}
