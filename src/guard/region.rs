//! The reading of one Region: portion by portion its hours, then the minutes of the lanes where they could change
//! the advice, and what follows from both. What is decided is handed on and dropped before the next is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::SdkConfig;
use futures_util::StreamExt as _;
use tokio::sync::{mpsc, oneshot};

use crate::advice;
use crate::aws::bedrock::ListedInventory;
use crate::aws::cloudwatch::{CloudWatch, MetricQuery, Spent};
use crate::aws::{ApiError, Caller, clients};
use crate::catalog::PriceBook;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::series::steps_of;
use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, ModelId, Place, Region};
use crate::guard::budget::{Budget, Late, OF_CALLS};
use crate::guard::portion::{Cut, Portion};
use crate::guard::series_memory::{MemoryShare, SeriesMemory};
use crate::guard::turn::{REGIONS_AT_ONCE, Turn};
use crate::observation::plan::{self, ListedMetric, QUERIES_PER_CALL, Query};
use crate::observation::{
    Answer, LaneUsage, NAMESPACE, Observation, PlaceObservation, Span, Status, UnreadList, Usage,
};
use crate::report::PlaceReport;

/// Share of a Region's time, in percent of what is left, in which its metrics are listed.
const OF_LISTING: u32 = 50;

/// Share of a portion's time then in which its hours are read.
const OF_HOURS: u32 = 70;

/// Operation that reads series, as errors name it.
const OF_SERIES: &str = "cloudwatch:GetMetricData";

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

/// Some workloads of a Region, read and decided.
pub(super) struct Decided {
    /// Number of the portion in its Region: that of its models among all.
    pub(super) number: usize,
    /// Run that they were decided on.
    pub(super) observation: Arc<Observation>,
    /// Usage, and the inventory of the Region.
    pub(super) observed: PlaceObservation,
    /// Report of these workloads.
    pub(super) report: PlaceReport,
    /// Answer that the series are dropped.
    pub(super) dropped: oneshot::Sender<()>,
}

/// Reads one Region and decides what to change there, portion by portion. Only what tells the tokens can fail the
/// Region; a list of the inventory that failed is noted there, and so are minutes. Returns the calls that failed.
pub(super) async fn decide(
    config: &SdkConfig,
    known: &Known,
    region: &Region,
    inventory: ListedInventory,
    memory: &SeriesMemory,
    mut turn: Turn,
    decided: &mpsc::Sender<Decided>,
) -> Result<Vec<ApiError>, ApiError> {
    let said = |error: ApiError| error.asked_by(known.caller);
    let late = |late: Late| said(ApiError::late(OF_SERIES, region, late.to_string()));
    // What is listed takes little, so that it says how much the rest will.
    let share = turn.share();
    let listing =
        clients::cloudwatch(&share.percent(OF_LISTING).percent(OF_CALLS).calls(config, 1), region);
    let listed = turn.run(&share, 1, OF_LISTING, listing.list_metrics(NAMESPACE, None)).await;
    let listed = listed.unwrap_or_else(|it| Err(late(it))).map_err(said)?;
    let run = &known.run;
    let span = plan::survey_span(run.window, run.as_of)
        .map_err(|forgotten| said(ApiError::broken(OF_SERIES, region, forgotten.to_string())))?;
    let (mut place, errors) = place_of(known, region, inventory, &listed);
    let run = Arc::new(run.of_place(&place, &known.book));
    let cut = Cut::of(&run, &mut place, &listed, span, memory.bytes() / REGIONS_AT_ONCE);
    let memory = turn.stage().run(memory.share(cut.bytes)).await.map_err(late)?;
    // From now on it waits for nobody, and its time begins.
    turn.begin();
    let share = turn.share();
    let open = OpenRegion {
        config,
        known,
        run,
        listed: &listed,
        span,
        share,
        turn: &turn,
        memory,
        place,
        are_strays_read: false,
        stray_ids: cut.strays.iter().map(|lane| lane.model_id.clone()).collect(),
        strays: cut.strays,
        errors,
        decided,
    };
    open.read_and_decide(cut.portions).await
}

/// Puts together what is known of a place before its usage, and the lists that were not read.
fn place_of(
    known: &Known,
    region: &Region,
    inventory: ListedInventory,
    listed: &[ListedMetric],
) -> (PlaceObservation, Vec<ApiError>) {
    let ListedInventory { mut inventory, unread } = inventory;
    let mut errors = Vec::new();
    for (list, error) in unread {
        let error = error.asked_by(known.caller);
        inventory.unread.push(UnreadList { list, error: error.to_string() });
        errors.push(error);
    }
    let place = Place { account: known.run.home.account.clone(), region: region.clone() };
    let lanes = plan::lanes(listed, &inventory.metered_ids());
    let usage = Usage { lanes, metrics_requested: 0 };
    (PlaceObservation { place, usage, inventory, minutes_unknown: None }, errors)
}

/// One Region that is being read.
struct OpenRegion<'r> {
    config: &'r SdkConfig,
    known: &'r Known,
    /// Run with the prices that the models of the place touch.
    run: Arc<Observation>,
    listed: &'r [ListedMetric],
    span: Span,
    share: Budget,
    turn: &'r Turn,
    memory: MemoryShare,
    /// Place, without lanes.
    place: PlaceObservation,
    /// Lanes without a known model, while no portion has them.
    strays: Vec<LaneUsage>,
    stray_ids: BTreeSet<ModelId>,
    /// True once these lanes are read.
    are_strays_read: bool,
    /// Calls that failed so far.
    errors: Vec<ApiError>,
    decided: &'r mpsc::Sender<Decided>,
}

impl OpenRegion<'_> {
    /// Reads and decides all portions. Of one that cannot be read nothing is known, and the Region fails only where
    /// that is each.
    async fn read_and_decide(mut self, portions: Vec<Portion>) -> Result<Vec<ApiError>, ApiError> {
        let (count, mut is_read, mut unread) = (portions.len(), false, Vec::new());
        for (number, Portion { models, lanes, .. }) in portions.into_iter().enumerate() {
            let parts = count - number;
            let (mut observed, read) = self.read_hours(lanes, parts).await;
            match read {
                Ok(()) => self.read_minutes(&mut observed, &models, parts, count == 1).await,
                Err(error) if !is_read => {
                    self.take_strays(&mut observed);
                    unread.push((number, models, observed, error));
                    continue;
                }
                Err(error) => self.errors.push(error),
            }
            is_read = true;
            self.decide(number, &models, observed, parts == 1 && unread.is_empty()).await;
        }
        let mut left = unread.len();
        for (number, models, mut observed, error) in unread {
            if !is_read {
                return Err(error);
            }
            self.errors.push(error);
            left -= 1;
            self.give_strays(&mut observed);
            self.decide(number, &models, observed, left == 0).await;
        }
        Ok(self.errors)
    }

    /// Reads the hours of some lanes in the first of so many parts of the time, with those of the lanes without a model
    /// until these are read. Where they cannot be read, the lanes say so.
    async fn read_hours(
        &mut self,
        mut lanes: Vec<LaneUsage>,
        parts: usize,
    ) -> (PlaceObservation, Result<(), ApiError>) {
        if !self.are_strays_read {
            for lane in &mut self.strays {
                lane.survey.clear();
            }
            lanes.append(&mut self.strays);
        }
        sort_by(&mut lanes, |a, b| a.model_id.text().cmp(b.model_id.text()));
        let spellings = &self.known.run.settings.cache_metric_names;
        let queries = plan::survey(&lanes, self.listed, spellings);
        let region = &self.place.place.region;
        let share = self.turn.rest(&self.share, parts).percent(OF_HOURS).percent(OF_CALLS);
        let cloudwatch = clients::cloudwatch(&share.calls(self.config, 1), region);
        let spent = Spent::default();
        let reading =
            read_into(&cloudwatch, &mut lanes, &queries, self.span, &mut self.memory, &spent);
        let read = self.turn.run(&self.share, parts, OF_HOURS, reading).await;
        let late = |late: Late| Err(ApiError::late(OF_SERIES, region, late.to_string()));
        let read = read.unwrap_or_else(late).map_err(|error| error.asked_by(self.known.caller));
        self.are_strays_read |= read.is_ok();
        if let Err(error) = &read {
            // A part of it would take the memory of what is still to be read.
            for lane in &mut lanes {
                lane.survey.clear();
            }
            plan::file_unread(&mut lanes, &queries, &error.to_string(), HOUR);
        }
        forget_silent(&mut lanes, self.listed, &self.place.inventory.metered_ids());
        let metrics = spent.metrics_requested();
        tracing::info!(region = %region, lanes = lanes.len(), metrics, "surveyed some workloads");
        let usage = Usage { lanes, metrics_requested: metrics };
        let mut observed = PlaceObservation { usage, ..self.place.clone() };
        self.give_strays(&mut observed);
        self.memory.keep_only(bytes_of(&observed.usage.lanes));
        (observed, read)
    }

    /// Reads the minutes that could change the advice. Where they cannot be read, the place says so, or the lanes if
    /// those of others are known.
    async fn read_minutes(
        &mut self,
        observed: &mut PlaceObservation,
        models: &BTreeSet<BaseModel>,
        parts: usize,
        is_alone: bool,
    ) {
        let wanted = advice::wants_minutes(&self.run, observed, models);
        if wanted.is_empty() {
            return;
        }
        let queries = plan::minutes(&observed.usage.lanes, &wanted);
        let span = match plan::minute_span(self.run.window, self.run.as_of) {
            Ok(span) => span,
            Err(forgotten) => {
                observed.minutes_unknown = Some(forgotten.to_string());
                return;
            }
        };
        let rest = self.turn.rest(&self.share, parts);
        let region = &self.place.place.region;
        let calls = rest.percent(OF_CALLS).calls(self.config, 1);
        let cloudwatch = clients::cloudwatch(&calls, region);
        let spent = Spent::default();
        let lanes = &mut observed.usage.lanes;
        let reading = read_into(&cloudwatch, lanes, &queries, span, &mut self.memory, &spent);
        let late = |late: Late| Err(ApiError::late(OF_SERIES, region, late.to_string()));
        let read = Box::pin(rest.run(reading)).await.unwrap_or_else(late);
        observed.usage.metrics_requested += spent.metrics_requested();
        if let Err(error) = read.map_err(|error| error.asked_by(self.known.caller)) {
            if is_alone {
                observed.minutes_unknown = Some(error.to_string());
            } else {
                plan::file_unread(&mut observed.usage.lanes, &queries, &error.to_string(), MINUTE);
            }
            self.errors.push(error);
        }
    }

    /// Decides a portion, hands it on, and waits until its series are dropped. The last has the lanes without a model.
    async fn decide(
        &mut self,
        number: usize,
        models: &BTreeSet<BaseModel>,
        mut observed: PlaceObservation,
        is_last: bool,
    ) {
        let observation = Arc::clone(&self.run);
        let report = PlaceReport::of_models(&observation, &observed, models);
        if !is_last {
            self.take_strays(&mut observed);
        }
        let (dropped, is_dropped) = oneshot::channel();
        let decided = Decided { number, observation, observed, report, dropped };
        // Whoever takes them is there until the last Region has ended.
        if self.decided.send(decided).await.is_ok() {
            let _ = is_dropped.await;
        }
        self.memory.keep_only(bytes_of(&self.strays));
    }

    /// Puts the lanes without a model among those of a portion.
    fn give_strays(&mut self, observed: &mut PlaceObservation) {
        let lanes = &mut observed.usage.lanes;
        lanes.append(&mut self.strays);
        sort_by(lanes, |a, b| a.model_id.text().cmp(b.model_id.text()));
    }

    /// Takes the lanes without a model from those of a portion.
    fn take_strays(&mut self, observed: &mut PlaceObservation) {
        let lanes = std::mem::take(&mut observed.usage.lanes);
        let is_stray = |lane: &LaneUsage| self.stray_ids.contains(&lane.model_id);
        (self.strays, observed.usage.lanes) = lanes.into_iter().partition(is_stray);
    }
}

/// Adds up the bytes that series of some lanes take.
fn bytes_of(lanes: &[LaneUsage]) -> usize {
    let metrics = lanes.iter().flat_map(|lane| lane.survey.iter().chain(&lane.minutes));
    metrics.filter_map(|metric| metric.series.as_ref()).map(|series| series.values.bytes()).sum()
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
    spent: &Spent,
) -> Result<(), ApiError> {
    let at_once = share.points_at_once() / steps_of(span.window, span.step).max(1);
    let batches = queries.chunks(at_once.clamp(1, QUERIES_PER_CALL));
    let calls: Vec<_> = batches.map(|batch| batch_of(cloudwatch, batch, span, spent)).collect();
    // In the order of the queries, so that it is always the same that does not fit.
    let mut calls = Box::pin(futures_util::stream::iter(calls).buffered(share.calls_at_once()));
    while let Some((batch, answers)) = calls.next().await {
        let fits = answers?.into_iter().map(|answer| if_it_fits(answer, share)).collect();
        plan::file_answers(lanes, batch, fits, span.step);
    }
    Ok(())
}

/// Asks for one batch of queries.
async fn batch_of<'q>(
    cloudwatch: &CloudWatch,
    batch: &'q [Query],
    span: Span,
    spent: &Spent,
) -> (&'q [Query], Result<Vec<Answer>, ApiError>) {
    let metrics: Vec<MetricQuery> = batch.iter().map(metric_query).collect();
    (batch, cloudwatch.get_metric_data(&metrics, span, spent).await)
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
