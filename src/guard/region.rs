//! The reading of one Region: its hours, then the minutes of the lanes where they could change the advice, and
//! what follows from both.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::SdkConfig;
use futures_util::StreamExt as _;

use crate::advice;
use crate::aws::bedrock::ListedInventory;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent};
use crate::aws::{ApiError, Caller, clients};
use crate::catalog::PriceBook;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::series::steps_of;
use crate::domain::{ModelId, Place, Region};
use crate::guard::budget::{Budget, Late, OF_CALLS};
use crate::guard::series_memory::{MemoryShare, SeriesMemory};
use crate::observation::plan::{self, ListedMetric, QUERIES_PER_CALL, Query};
use crate::observation::{
    Answer, LaneUsage, NAMESPACE, Observation, PlaceObservation, Span, Status, UnreadList, Usage,
};
use crate::report::PlaceReport;

/// Regions that are read at the same time.
pub(super) const REGIONS_AT_ONCE: usize = 4;

/// Share of a Region's time, in percent of what is left, in which its metrics are listed.
const OF_LISTING: u32 = 50;

/// Share of its time then in which its hours are read.
const OF_HOURS: u32 = 70;

/// Bytes that a step of a series is taken to need before it is read.
const OF_STEP: usize = 4;

/// Lanes of which a Region is taken to need the minutes before it is read.
const LANES_WITH_MINUTES: usize = 100;

/// Knowledge before a Region is read.
#[derive(Debug)]
pub(super) struct Known {
    /// The run, without a place and without prices.
    pub(super) run: Observation,
    /// The price book, whole.
    pub(super) book: PriceBook,
    /// The program that runs the guard.
    pub(super) caller: Caller,
}

/// One Region, read and decided.
pub(super) struct Decided {
    /// Run that it was decided on.
    pub(super) observation: Observation,
    /// Usage and inventory.
    pub(super) observed: PlaceObservation,
    /// Report of the Region.
    pub(super) report: PlaceReport,
    /// Calls that failed on the way.
    pub(super) errors: Vec<ApiError>,
    /// Memory that its series take, until they are dropped.
    pub(super) _share: MemoryShare,
}

/// Turn of one Region: it waits for its place, and for memory.
#[derive(Debug)]
pub(super) struct Turn {
    /// Time of all Regions.
    stage: Budget,
    /// Regions that wait.
    waiting: Arc<AtomicUsize>,
    /// Part of these that it is itself: 1 until it has begun.
    own: usize,
}

impl Turn {
    /// Takes the turn of one of those that wait.
    pub(super) fn new(stage: &Budget, waiting: &Arc<AtomicUsize>) -> Self {
        Self { stage: stage.clone(), waiting: Arc::clone(waiting), own: 1 }
    }

    fn others(&self) -> usize {
        self.waiting.load(Ordering::Relaxed).saturating_sub(self.own)
    }

    /// Returns its share of the time now: those that wait need as much again for each few of them.
    fn share(&self) -> Budget {
        self.stage.first_of(1 + self.others().div_ceil(REGIONS_AT_ONCE))
    }

    /// Does some work in so many percent of a share, or of what is left for all once no other waits.
    async fn run<T>(
        &self,
        share: &Budget,
        percent: u32,
        work: impl Future<Output = T>,
    ) -> Result<T, Late> {
        // Boxed: the calls of a Region are much to move about.
        let mut work = Box::pin(work);
        match share.percent(percent).run(&mut work).await {
            Err(Late) if self.others() == 0 => self.stage.percent(percent).run(&mut work).await,
            done => done,
        }
    }

    /// Waits no longer.
    fn begin(&mut self) {
        self.waiting.fetch_sub(std::mem::take(&mut self.own), Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.begin();
    }
}

/// Reads one Region and decides what to change there. Only what tells the tokens can fail the Region; a list of
/// the inventory that failed is noted there, and so are minutes.
pub(super) async fn decided(
    config: &SdkConfig,
    known: &Known,
    region: &Region,
    inventory: ListedInventory,
    memory: &SeriesMemory,
    mut turn: Turn,
) -> Result<Decided, ApiError> {
    let said = |error: ApiError| error.asked_by(known.caller);
    let late = |late: Late| ApiError::late("cloudwatch:GetMetricData", region, late.to_string());
    // What is listed takes little, so that it says how much the rest will.
    let share = turn.share();
    let listing =
        clients::cloudwatch(&share.percent(OF_LISTING).percent(OF_CALLS).calls(config, 1), region);
    let listed = turn.run(&share, OF_LISTING, listing.list_metrics(NAMESPACE, None)).await;
    let listed = listed.unwrap_or_else(|it| Err(late(it))).map_err(said)?;
    let plan = HoursPlan::of(known, region, &listed, &inventory).map_err(said)?;
    let mut share_of_memory =
        turn.stage.run(memory.share(plan.bytes)).await.map_err(late).map_err(said)?;
    // From now on it waits for nobody, and its time begins.
    turn.begin();
    let share = turn.share();
    let hours =
        clients::cloudwatch(&share.percent(OF_HOURS).percent(OF_CALLS).calls(config, 1), region);
    let read = plan.read(&hours, known, region, inventory, &mut share_of_memory);
    let read = turn.run(&share, OF_HOURS, read).await.unwrap_or_else(|it| Err(late(it)));
    let (mut observed, mut errors) = read.map_err(said)?;
    let observation = known.run.of_place(&observed, &known.book);
    let wanted = advice::wants_minutes(&observation, &observed);
    if !wanted.is_empty() {
        let rest = if turn.others() == 0 { &turn.stage } else { &share };
        let config = rest.percent(OF_CALLS).calls(config, 1);
        let read = minutes(&config, &observation, &mut observed, &wanted, &mut share_of_memory);
        if let Err(error) = Box::pin(rest.run(read)).await.unwrap_or_else(|it| Err(late(it))) {
            let error = said(error);
            observed.minutes_unknown = Some(error.to_string());
            errors.push(error);
        }
    }
    let report = PlaceReport::of(&observation, &observed);
    Ok(Decided { observation, observed, report, errors, _share: share_of_memory })
}

/// Plan of the hours of one Region.
struct HoursPlan<'l> {
    listed: &'l [ListedMetric],
    lanes: Vec<LaneUsage>,
    queries: Vec<Query>,
    span: Span,
    /// Bytes that the series of the Region are taken to need.
    bytes: usize,
}

impl<'l> HoursPlan<'l> {
    fn of(
        known: &Known,
        region: &Region,
        listed: &'l [ListedMetric],
        inventory: &ListedInventory,
    ) -> Result<Self, ApiError> {
        const OPERATION: &str = "cloudwatch:GetMetricData";
        let run = &known.run;
        let span = plan::survey_span(run.window, run.as_of)
            .map_err(|forgotten| ApiError::broken(OPERATION, region, forgotten.to_string()))?;
        let lanes = plan::lanes(listed, &inventory.inventory.metered_ids());
        let queries = plan::survey(&lanes, listed, &run.settings.cache_metric_names);
        let bytes = bytes_of(listed, &lanes, span);
        Ok(Self { listed, lanes, queries, span, bytes })
    }

    /// Reads the hours, and puts them beside the inventory, whose calls may have failed.
    async fn read(
        mut self,
        cloudwatch: &CloudWatch,
        known: &Known,
        region: &Region,
        inventory: ListedInventory,
        share: &mut MemoryShare,
    ) -> Result<(PlaceObservation, Vec<ApiError>), ApiError> {
        let mut spent = Spent::default();
        read_into(cloudwatch, &mut self.lanes, &self.queries, self.span, share, &mut spent).await?;
        let ListedInventory { mut inventory, unread } = inventory;
        let mut errors = Vec::new();
        for (list, error) in unread {
            let error = error.asked_by(known.caller);
            inventory.unread.push(UnreadList { list, error: error.to_string() });
            errors.push(error);
        }
        let mut lanes = self.lanes;
        forget_silent(&mut lanes, self.listed, &inventory.metered_ids());
        tracing::info!(region = %region, lanes = lanes.len(), metrics = spent.metrics_requested, "surveyed a Region");
        let usage = Usage { lanes, metrics_requested: spent.metrics_requested };
        let place = Place { account: known.run.home.account.clone(), region: region.clone() };
        Ok((PlaceObservation { place, usage, inventory, minutes_unknown: None }, errors))
    }
}

/// Estimates the bytes that the series of a Region take: the hours of all that is listed, and the minutes of
/// some lanes.
fn bytes_of(listed: &[ListedMetric], lanes: &[LaneUsage], hours: Span) -> usize {
    let totals = listed.iter().filter(|series| series.total_of().is_some()).count();
    let minutes = steps_of(hours.window.last_days(plan::MINUTE_DAYS), MINUTE);
    // Input, output, and both kinds of cached tokens.
    let with_minutes = 4 * lanes.len().min(LANES_WITH_MINUTES);
    (totals * steps_of(hours.window, HOUR) + with_minutes * minutes) * OF_STEP
}

/// Drops the lanes that carry nothing: silent, without a gap, not listed as a total and not of the
/// inventory.
fn forget_silent(lanes: &mut Vec<LaneUsage>, listed: &[ListedMetric], known: &[String]) {
    let kept: BTreeSet<&str> = known
        .iter()
        .map(String::as_str)
        .chain(listed.iter().filter_map(ListedMetric::total_of))
        .collect();
    lanes.retain(|lane| {
        lane.has_points() || !lane.gaps().is_empty() || kept.contains(lane.model_id.text())
    });
}

/// Reads the answers to some queries into their lanes, as far as they fit in memory. What does not is not whole.
async fn read_into(
    cloudwatch: &CloudWatch,
    lanes: &mut [LaneUsage],
    queries: &[Query],
    span: Span,
    share: &mut MemoryShare,
    spent: &mut Spent,
) -> Result<(), ApiError> {
    let at_once = share.points_at_once() / steps_of(span.window, span.step).max(1);
    let batches = queries.chunks(at_once.clamp(1, QUERIES_PER_CALL));
    let calls: Vec<_> = batches.map(|batch| batch_of(cloudwatch, batch, span)).collect();
    // In the order of the queries, so that it is always the same that does not fit.
    let mut calls = Box::pin(futures_util::stream::iter(calls).buffered(share.calls_at_once()));
    while let Some((batch, answers, asked)) = calls.next().await {
        // What was asked for is counted, answered or not.
        spent.metrics_requested += asked.metrics_requested;
        let fits = answers?.into_iter().map(|answer| if_it_fits(answer, share)).collect();
        plan::file_answers(lanes, batch, fits, span.step);
    }
    Ok(())
}

/// Asks for one batch of queries, and counts what was asked for.
async fn batch_of<'q>(
    cloudwatch: &CloudWatch,
    batch: &'q [Query],
    span: Span,
) -> (&'q [Query], Result<Vec<Answer>, ApiError>, Spent) {
    let metrics: Vec<MetricQuery> = batch.iter().map(metric_query).collect();
    let mut spent = Spent::default();
    let answers = cloudwatch.get_metric_data(&metrics, span, &mut spent).await;
    (batch, answers, spent)
}

/// Keeps an answer that fits in memory, and of another that it does not.
fn if_it_fits(answer: Answer, share: &mut MemoryShare) -> Answer {
    let bytes = answer.series.as_ref().map_or(0, |series| series.values.bytes());
    match share.take(bytes) {
        Ok(()) => answer,
        Err(full) => Answer { status: Status::Incomplete(full.to_string()), series: None },
    }
}

fn metric_query(query: &Query) -> MetricQuery {
    MetricQuery {
        namespace: NAMESPACE.into(),
        name: query.name.clone(),
        dimensions: [("ModelId".to_owned(), query.model_id.clone())].into(),
        statistic: "Sum",
    }
}

/// Reads the minutes of some lanes of one Region.
async fn minutes(
    config: &SdkConfig,
    observation: &Observation,
    observed: &mut PlaceObservation,
    wanted: &BTreeSet<ModelId>,
    share: &mut MemoryShare,
) -> Result<(), ApiError> {
    let span = match plan::minute_span(observation.window, observation.as_of) {
        Ok(span) => span,
        Err(forgotten) => {
            observed.minutes_unknown = Some(forgotten.to_string());
            return Ok(());
        }
    };
    let cloudwatch = clients::cloudwatch(config, &observed.place.region);
    let queries = plan::minutes(&observed.usage.lanes, wanted);
    let mut spent = Spent::default();
    let lanes = &mut observed.usage.lanes;
    let read = read_into(&cloudwatch, lanes, &queries, span, share, &mut spent).await;
    observed.usage.metrics_requested += spent.metrics_requested;
    read
}
