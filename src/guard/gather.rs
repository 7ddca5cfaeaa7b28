//! The reading of an account: a few Regions at once, and in each the usage and the inventory at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::SdkConfig;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::advice;
use crate::aws::bedrock::ListedInventory;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent};
use crate::aws::history::{self, Before};
use crate::aws::{ApiError, Caller, clients};
use crate::catalog::{Overrides, PriceBook};
use crate::config::Run;
use crate::config::Settings;
use crate::domain::sorting::sort_by;
use crate::domain::{ModelId, Place, Region, Window};
use crate::guard::budget::Budget;
use crate::observation::plan::{self, ListedMetric, Query};
use crate::observation::{
    FailedPlace, LaneUsage, NAMESPACE, Observation, PlaceObservation, PriceListRead,
    SCHEMA_VERSION, Span, UnreadList, Usage,
};

/// Regions that are read at the same time.
const REGIONS_AT_ONCE: usize = 4;

/// Share of the time, in percent of what is left, that the hours and inventories of all Regions may take,
/// and at once what was put before.
const OF_SURVEY: u32 = 60;

/// Share of what is left then that the minutes may take; the rest is for the metrics that are put.
const OF_MINUTES: u32 = 60;

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
}

/// Share of a Region's time, in percent, that one call may take, its tries and the waits between them
/// included: with less a Region that is throttled could not say so.
const OF_CALLS: u32 = 85;

/// Result of the gathering, with every call that failed on the way.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The observation, in which what was not read is named.
    pub(super) observation: Observation,
    /// The price book, whole.
    pub(super) book: PriceBook,
    /// The failed calls.
    pub(super) errors: Vec<ApiError>,
}

/// Reads the account twice: the hourly survey, then the minutes of the lanes that need them. What
/// cannot be read costs nothing but itself, and is named.
pub(super) async fn gather(config: &SdkConfig, inputs: Inputs, budget: Budget) -> Gathered {
    let caller = inputs.caller;
    let regions = inputs.settings.regions_or(&inputs.home.region);
    let stage = budget.percent(OF_SURVEY);
    let for_history = stage.calls(config, 3);
    let (surveys, history) = tokio::join!(
        survey_all(config, &inputs, regions, stage),
        before(&for_history, &inputs, stage)
    );
    let Surveys { mut places, failed, mut errors } = surveys;
    // The platform tells a Lambda its account; at a terminal the inventory is asked, which may be empty.
    let account = places
        .iter()
        .find_map(|observed| observed.inventory.account())
        .filter(|_| inputs.home.account.is_unknown())
        .unwrap_or_else(|| inputs.home.account.clone());
    for observed in &mut places {
        observed.place.account = account.clone();
    }
    let failed = failed.into_iter().map(|(region, error)| FailedPlace {
        account: account.clone(),
        region,
        error,
    });
    // Without its history a run advises all the same, and the report says that it does not know.
    let (before, history_spent) = history;
    let (before, history_unknown) = match before {
        Ok(before) => {
            let unknown = match before.unknown.as_slice() {
                [] => None,
                [only] => Some(only.clone()),
                [first, more @ ..] => Some(format!("{first}; and {} more", more.len())),
            };
            (before, unknown)
        }
        Err(error) => (Before::default(), Some(error.to_string())),
    };
    let mut notes = inputs.notes;
    notes.extend(
        before
            .told_unknown
            .iter()
            .map(|why| format!("what became of earlier advice is not known, or not of all: {why}")),
    );
    let observation = Observation {
        schema_version: SCHEMA_VERSION,
        event: inputs.run,
        as_of: inputs.as_of,
        window: inputs.window,
        settings: inputs.settings,
        home: Place { account: account.clone(), region: inputs.home.region },
        places,
        failed: failed.collect(),
        prices: inputs.book.clone(),
        price_list: inputs.price_list,
        notes,
        overrides: inputs.overrides,
        open_before: before.open,
        models_before: before.models,
        told_before: before.told,
        sizes_before: before.sizes,
        history_metrics_requested: history_spent.metrics_requested,
        history_unknown,
    };
    let (observation, of_minutes) =
        Box::pin(with_minutes(config, observation, caller, budget.percent(OF_MINUTES))).await;
    errors.extend(of_minutes);
    // Rows travel last: until now every rule could ask the whole book which minutes it needs.
    let book = inputs.book;
    Gathered { observation: observation.with_prices(&book), book, errors }
}

/// Reads what the guard's own metrics tell of the runs before, which are in the home Region.
async fn before(
    config: &SdkConfig,
    inputs: &Inputs,
    budget: Budget,
) -> (Result<Before, ApiError>, Spent) {
    let cloudwatch = clients::cloudwatch(config, &inputs.home.region);
    let namespace = &inputs.settings.metric_namespace;
    let mut spent = Spent::default();
    let (time, as_of) = (inputs.run.time, inputs.as_of);
    let since = inputs.window.start();
    let read = history::before(&cloudwatch, namespace, since, time, as_of, &mut spent);
    let before = Box::pin(budget.run(read)).await.unwrap_or_else(|late| {
        Err(ApiError::late("cloudwatch:GetMetricData", &inputs.home.region, late.to_string()))
    });
    (before.map_err(|error| error.asked_by(inputs.caller)), spent)
}

/// Surveys of all Regions.
#[derive(Debug, Default)]
struct Surveys {
    /// Regions that were read, in order.
    places: Vec<PlaceObservation>,
    /// Regions that were not, in order, each with the reason.
    failed: Vec<(Region, String)>,
    /// The failed calls, in order of their Regions.
    errors: Vec<ApiError>,
}

/// Surveys all Regions, a few at a time. A Region that fails or hangs does not stop the others.
async fn survey_all(
    config: &SdkConfig,
    inputs: &Inputs,
    regions: BTreeSet<Region>,
    stage: Budget,
) -> Surveys {
    let at_once = Arc::new(Semaphore::new(REGIONS_AT_ONCE));
    let waiting = Arc::new(AtomicUsize::new(regions.len()));
    let mut tasks = JoinSet::new();
    for region in regions {
        let (config, inputs) = (config.clone(), inputs.clone());
        let (at_once, waiting) = (Arc::clone(&at_once), Arc::clone(&waiting));
        tasks.spawn(async move {
            let _permit = at_once.acquire_owned().await;
            // Those that wait need as much time again for each few of them.
            let waiting = waiting.fetch_sub(1, Ordering::Relaxed) - 1;
            let share = stage.first_of(1 + waiting.div_ceil(REGIONS_AT_ONCE));
            // A call that hangs says so itself, before the Region is cut.
            let config = share.percent(OF_CALLS).calls(&config, 1);
            // Boxed: the calls of a Region are much to move about.
            let survey = share.run(Box::pin(survey(&config, &inputs, &region))).await;
            survey.unwrap_or_else(|late| {
                let late = ApiError::late("cloudwatch:GetMetricData", &region, late.to_string());
                Err(late.asked_by(inputs.caller))
            })
        });
    }
    let mut surveys = Surveys::default();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(Ok((observed, errors))) => {
                surveys.places.push(observed);
                surveys.errors.extend(errors);
            }
            Ok(Err(error)) => {
                surveys.failed.push((error.region.clone(), error.to_string()));
                surveys.errors.push(error);
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
    sort_by(&mut surveys.places, |a, b| a.place.cmp(&b.place));
    surveys.failed.sort();
    sort_by(&mut surveys.errors, |a, b| a.region.cmp(&b.region));
    surveys
}

/// Reads the hours and the inventory of one Region. Only what tells the tokens can fail the Region;
/// a list of the inventory that fails is noted there.
async fn survey(
    config: &SdkConfig,
    inputs: &Inputs,
    region: &Region,
) -> Result<(PlaceObservation, Vec<ApiError>), ApiError> {
    let cloudwatch = clients::cloudwatch(config, region);
    let bedrock = clients::bedrock(config, region);
    let mut spent = Spent::default();
    let said = |error: ApiError| error.asked_by(inputs.caller);
    let (listed, inventory) =
        tokio::join!(cloudwatch.list_metrics(NAMESPACE, None), bedrock.inventory());
    let listed = listed.map_err(said)?;
    let ListedInventory { mut inventory, unread } = inventory;
    let mut errors = Vec::new();
    for (list, error) in unread {
        let error = said(error);
        inventory.unread.push(UnreadList { list, error: error.to_string() });
        errors.push(error);
    }
    let mut lanes = plan::lanes(&listed, &inventory.metered_ids());
    let span = plan::survey_span(inputs.window, inputs.as_of).map_err(|forgotten| {
        ApiError::broken("cloudwatch:GetMetricData", region, forgotten.to_string())
    })?;
    let queries = plan::survey(&lanes, &listed, &inputs.settings.cache_metric_names);
    read_into(&cloudwatch, &mut lanes, &queries, span, &mut spent).await.map_err(said)?;
    forget_silent(&mut lanes, &listed, &inventory.metered_ids());
    tracing::info!(region = %region, lanes = lanes.len(), metrics = spent.metrics_requested, "surveyed a Region");
    let usage = Usage { lanes, metrics_requested: spent.metrics_requested };
    let place = Place { account: inputs.home.account.clone(), region: region.clone() };
    Ok((PlaceObservation { place, usage, inventory, minutes_unknown: None }, errors))
}

/// Drops the lanes that carry nothing: silent, without a gap, not listed as a total and not of the
/// inventory.
fn forget_silent(lanes: &mut Vec<LaneUsage>, listed: &[ListedMetric], known: &[String]) {
    lanes.retain(|lane| {
        let id = lane.model_id.text();
        lane.has_points()
            || !lane.gaps().is_empty()
            || known.iter().any(|known| known == id)
            || listed.iter().any(|series| series.total_of() == Some(id))
    });
}

/// Reads the answers to some queries into their lanes.
async fn read_into(
    cloudwatch: &CloudWatch,
    lanes: &mut [LaneUsage],
    queries: &[Query],
    span: Span,
    spent: &mut Spent,
) -> Result<(), ApiError> {
    let metrics: Vec<MetricQuery> = queries
        .iter()
        .map(|query| MetricQuery {
            namespace: NAMESPACE.into(),
            name: query.name.clone(),
            dimensions: [("ModelId".to_owned(), query.model_id.clone())].into(),
            statistic: "Sum",
        })
        .collect();
    let answers = cloudwatch.get_metric_data(&metrics, span, spent).await?;
    plan::file_answers(lanes, queries, answers, span.step);
    Ok(())
}

/// Adds the minutes of the lanes that the survey leaves undecided. A Region whose minutes cannot be
/// read keeps its survey and says why.
async fn with_minutes(
    config: &SdkConfig,
    mut observation: Observation,
    caller: Caller,
    stage: Budget,
) -> (Observation, Vec<ApiError>) {
    let wanted = advice::wants_minutes(&observation);
    let (window, as_of) = (observation.window, observation.as_of);
    let mut errors = Vec::new();
    let mut left = wanted.iter().filter(|wanted| !wanted.is_empty()).count();
    for (observed, wanted) in observation.places.iter_mut().zip(wanted) {
        if wanted.is_empty() {
            continue;
        }
        let share = stage.first_of(left);
        left -= 1;
        let config = share.percent(OF_CALLS).calls(config, 1);
        let region = observed.place.region.clone();
        let read = share.run(minutes(&config, observed, &wanted, window, as_of)).await;
        let read = read.unwrap_or_else(|late| {
            Err(ApiError::late("cloudwatch:GetMetricData", &region, late.to_string()))
        });
        if let Err(error) = read {
            let error = error.asked_by(caller);
            observed.minutes_unknown = Some(error.to_string());
            errors.push(error);
        }
    }
    (observation, errors)
}

/// Reads the minutes of some lanes of one Region.
async fn minutes(
    config: &SdkConfig,
    observed: &mut PlaceObservation,
    wanted: &BTreeSet<ModelId>,
    window: Window,
    as_of: Timestamp,
) -> Result<(), ApiError> {
    let span = match plan::minute_span(window, as_of) {
        Ok(span) => span,
        Err(forgotten) => {
            observed.minutes_unknown = Some(forgotten.to_string());
            return Ok(());
        }
    };
    let cloudwatch = clients::cloudwatch(config, &observed.place.region);
    let queries = plan::minutes(&observed.usage.lanes, wanted);
    let mut spent = Spent::default();
    let read = read_into(&cloudwatch, &mut observed.usage.lanes, &queries, span, &mut spent).await;
    // What was asked for is counted, answered or not.
    observed.usage.metrics_requested += spent.metrics_requested;
    read
}
