//! One run from event to summary. No other file knows the order.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::task::JoinError;

use crate::aws::clock::Clock;
use crate::aws::documents::{self, NamedBy};
use crate::aws::{ApiError, Caller, clients, put_metrics};
use crate::catalog::{Overrides, PriceBook};
use crate::config::{CatalogSource, DocumentSource, Settings};
use crate::config::{Run, Trigger};
use crate::domain::{AccountId, Place, Region};
use crate::guard::budget::Budget;
use crate::guard::gather::{Gathered, Inputs, TakePlace, gather};
use crate::guard::live_catalog::{CALLS_OF_STAGE, Memory, RunBook};
use crate::guard::log_lines;
use crate::guard::{Error, Unwritten};
use crate::observation::Observation;
use crate::report::{self, Report, Summary, metrics};

/// Results of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// Observation without its places, which `take_place` had.
    pub observation: Observation,
    /// The price book, of which the observation has the rows that its models touch.
    pub book: PriceBook,
    /// The report on the observation.
    pub report: Report,
    /// The report in a few lines.
    pub summary: Summary,
    /// The lines for the log.
    pub lines: Vec<String>,
    /// Failure of the run after all, once the lines are written: metrics that were not put, or a part
    /// that was not read where that is a failure. `None` where there is none.
    pub failure: Option<Error>,
}

/// One start of the guard.
#[derive(Clone)]
pub struct Invocation<'a> {
    /// The event.
    pub event: &'a Value,
    /// The clock, read once.
    pub as_of: Timestamp,
    /// The account that the guard runs in, as far as the platform tells.
    pub account: AccountId,
    /// The program that runs.
    pub caller: Caller,
    /// Time until the run has to be over.
    pub time: Duration,
    /// Clock that measures it.
    pub clock: Clock,
    /// Writer of the log's lines, each as soon as it is known: what was found outlives what hangs after.
    pub log: Log<'a>,
    /// Bytes that series may take, as [`series_memory_of`](crate::guard::series_memory_of) the memory of the
    /// program.
    pub memory: u64,
    /// Taker of what was observed of each place, which is not kept otherwise.
    pub take_place: TakePlace<'a>,
}

/// Writer of one line of the log, which ends in a newline.
pub type Log<'a> = &'a (dyn Fn(&str) -> Result<(), Unwritten> + Sync);

/// Share of the time, in percent of what is left, that the documents and the price book may take; the
/// same again is for the overrides.
const OF_DOCUMENTS: u32 = 20;

/// Gathers, prices, advises, reports and emits, once.
///
/// Advice is not lost with what could not be read or put: then the outcome carries the failure beside
/// the report and the lines. `memory` is kept from run to run.
pub async fn run(
    config: &SdkConfig,
    settings: &Settings,
    invocation: Invocation<'_>,
    memory: &Memory,
) -> Result<RunOutcome, Error> {
    let caller = invocation.caller;
    // Boxed: the whole run in one type is deeper than the compiler follows.
    let outcome = Box::pin(start(config, settings, invocation, memory)).await;
    let said = |error: Error| error.asked_by(caller);
    outcome
        .map(|outcome| RunOutcome { failure: outcome.failure.map(said), ..outcome })
        .map_err(said)
}

/// Reads the documents that settings name, and runs on them.
async fn start(
    config: &SdkConfig,
    settings: &Settings,
    invocation: Invocation<'_>,
    memory: &Memory,
) -> Result<RunOutcome, Error> {
    let Invocation { event, as_of, account, caller, time, clock, memory: most, log, take_place } =
        invocation;
    let budget = Budget::of(time, clock);
    let run = Run::parse(event, as_of)?;
    let settings = run.settings(settings);
    let window = run.window(&settings, as_of)?;
    let region = clients::home_region(config)
        .or_else(|| settings.regions.first().cloned())
        .ok_or(Error::NoRegion)?;
    let at_home = clients::in_region(config, &region);
    let for_document = || budget.percent(OF_DOCUMENTS).calls(&at_home, CALLS_OF_STAGE);
    let regions = settings.regions_or(&region);
    let RunBook { book, read, note } = Box::pin(price_book(
        &settings.catalog,
        NamedBy::CatalogSetting,
        &for_document(),
        &regions,
        as_of,
        memory,
        &account,
    ))
    .await?;
    let overrides =
        Box::pin(overrides(settings.overrides.as_ref(), &for_document(), &account)).await?;
    let mut notes: Vec<String> = note.into_iter().collect();
    // Named in the report, since an override of a misspelled model changes nothing.
    notes.extend(overrides.unmatched(&book));
    let home = Place { account, region };
    let inputs = Inputs {
        run,
        as_of,
        window,
        settings,
        book,
        price_list: read,
        notes,
        overrides,
        home,
        caller,
        memory: most,
    };
    let gathered = Box::pin(gather(config, inputs, &budget, take_place)).await;
    let Gathered { observation, places, book, errors } = gathered;
    let report = report::assemble(&observation, places);
    let partial = partial(&observation, &report, errors);
    let outcome = emit(config, observation, book, report, &budget, log).await?;
    // What was not put goes first: it is what a repeated run can mend.
    Ok(RunOutcome { failure: outcome.failure.or(partial), ..outcome })
}

/// Returns the failure of a run that did not read the whole, where it read nothing or where the
/// settings make that a failure.
fn partial(observation: &Observation, report: &Report, errors: Vec<ApiError>) -> Option<Error> {
    if report.run.places.is_empty() && !errors.is_empty() {
        return Some(Error::Read(errors));
    }
    let missing = report.missing_line().filter(|_| observation.settings.fail_on_partial)?;
    Some(Error::Partial { missing, errors })
}

/// Runs some work so that its panic becomes an error like any other.
pub async fn catch_panic<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Panic(panic_text(error))),
    }
}

/// Returns the text of a panic.
fn panic_text(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "the task was cancelled".into();
    };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

/// Reads the price book of a source, which a setting or an argument names. Only `live` needs the
/// Regions and the clock, and only a book in S3 the account, which its bucket has to be of where it is
/// known.
pub async fn price_book(
    source: &CatalogSource,
    named_by: NamedBy,
    config: &SdkConfig,
    regions: &BTreeSet<Region>,
    as_of: Timestamp,
    memory: &Memory,
    account: &AccountId,
) -> Result<RunBook, Error> {
    Ok(match source {
        CatalogSource::Aws => RunBook::not_asked(PriceBook::aws()?),
        CatalogSource::Article => RunBook::not_asked(PriceBook::article()?),
        CatalogSource::Live => memory.book(config, regions, as_of).await?,
        CatalogSource::Document(document) => {
            let text = documents::read(named_by, document, config, account).await?;
            RunBook::not_asked(PriceBook::parse(&document.to_string(), &text)?)
        }
    })
}

/// Reads the overrides that a setting names.
pub async fn overrides(
    source: Option<&DocumentSource>,
    config: &SdkConfig,
    account: &AccountId,
) -> Result<Overrides, Error> {
    let Some(document) = source else {
        return Ok(Overrides::default());
    };
    let text = documents::read(NamedBy::OverridesSetting, document, config, account).await?;
    Ok(Overrides::parse(&document.to_string(), &text)?)
}

/// Writes the lines of the recommendations, puts the metrics, unless they are withheld, and writes the
/// run's line. `RunSucceeded` goes last and alone, on every run that ends: 0 where a part was not read
/// or not put.
async fn emit(
    config: &SdkConfig,
    observation: Observation,
    book: PriceBook,
    report: Report,
    budget: &Budget,
    log: Log<'_>,
) -> Result<RunOutcome, Error> {
    let unwritten = |error: serde_json::Error| Unwritten(error.to_string());
    let settings = &observation.settings;
    let mut lines = log_lines::of_recommendations(&report).map_err(unwritten)?;
    // Before the metrics: a call that hangs must not take what was found with it.
    let written = lines.iter().try_for_each(|line| log(line));
    let withheld = withheld(&observation);
    let mut metrics_put = 0;
    let mut failure = None;
    if withheld.is_none() {
        // One call that hangs leaves time for the last one.
        let config = budget.calls(config, 3);
        let sink = put_metrics::Sink {
            client: clients::cloudwatch(&config, &observation.home.region).client,
            region: observation.home.region.clone(),
            namespace: settings.metric_namespace.clone(),
        };
        let time = report.run.time;
        let put = sink.put(&metrics::points(&report, settings), time).await;
        let is_whole = report.is_whole() && put.is_ok();
        let last = sink.put(&[metrics::run_succeeded(is_whole)], time).await;
        for put in [put, last] {
            match put {
                Ok(put) => metrics_put += put,
                Err(error) => {
                    metrics_put += error.put;
                    failure = failure.or(Some(Error::Put(error)));
                }
            }
        }
    }
    let summary = Summary::new(&report, metrics_put, withheld);
    let last = log_lines::of_run(&report, &summary).map_err(unwritten)?;
    let written = written.and_then(|()| log(&last));
    lines.push(last);
    // A log that cannot be written has lost what the metrics cannot tell.
    let failure = written.err().map(Error::Write).or(failure);
    Ok(RunOutcome { observation, book, report, summary, lines, failure })
}

/// Says why metrics are withheld; `None` where they are not. Alarms watch the account as it is now, so
/// a part of the account, or a window of the past, must not stand in for the whole.
fn withheld(observation: &Observation) -> Option<String> {
    let run = &observation.event;
    if observation.settings.dry_run {
        return Some("dry run".to_owned());
    }
    if run.regions.is_some() {
        return Some(
            "the event names its own Regions: its totals are not those of the account".to_owned(),
        );
    }
    if run.end.is_some()
        // A window that ended within the last day still shows the account of today.
        && observation.as_of.duration_since(observation.window.end())
            > SignedDuration::from_hours(24)
    {
        return Some(
            "the event names its own window: its totals are not those of today".to_owned(),
        );
    }
    if run.trigger == Trigger::Manual && run.lookback_days.is_some() {
        return Some("somebody asked for another history than the schedule reads".to_owned());
    }
    put_metrics::withheld(run.time, observation.as_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::ErrorType;

    #[tokio::test]
    async fn a_panic_is_an_error_with_a_type_of_its_own() {
        let error = catch_panic::<()>(async { panic!("a defect") }).await.unwrap_err();
        assert_eq!(error.error_type(), ErrorType::Panic);
        assert!(error.to_string().contains("a defect"));
        assert_eq!(catch_panic(async { Ok(7) }).await.unwrap(), 7);
    }
}
