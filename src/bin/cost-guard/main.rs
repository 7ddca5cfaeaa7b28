//! The terminal program: the same run by hand, on your account, on a saved run or on the sample.

mod estimate;
mod kept;
mod prices;
mod replay;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bedrock_cost_guard::aws::Caller;
use bedrock_cost_guard::aws::clock::Clock;
use bedrock_cost_guard::aws::documents::NamedBy;
use bedrock_cost_guard::aws::files::{self, WrittenFile};
use bedrock_cost_guard::catalog::{ModelLadder, PriceBook, References};
use bedrock_cost_guard::config::{CatalogSource, Settings, read_event};
use bedrock_cost_guard::domain::text::{escaped, shown};
use bedrock_cost_guard::domain::{AccountId, Region};
use bedrock_cost_guard::guard::{Error, Invocation, Memory, RunOutcome};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, Report};
use bedrock_cost_guard::terminal::{explain, report as text, sample};
use bedrock_cost_guard::{aws::clients, guard};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use estimate::EstimateArguments;
use kept::Kept;
use prices::Prices;
use replay::SavedFile;

/// Prices the Amazon Bedrock usage of an AWS account and says what would cost less.
///
/// Without a command: prints the report on a made-up sample account that is part of the program. That
/// needs no AWS account and no network.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args, Clone, Debug)]
struct Output {
    /// Form of what is printed [default: text]
    #[arg(long, global = true, value_enum)]
    format: Option<Format>,
    /// Price book to use: aws, article, live, the path of a file, or `s3://bucket/key`
    ///
    /// aws has list prices, article the prices of a worked example, live the AWS Price List of the day.
    /// Without this option, `run` takes the setting `GUARD_CATALOG`, `replay` and `explain FILE` take
    /// the prices that were saved, and all else takes aws.
    #[arg(long, global = true, value_name = "BOOK")]
    catalog: Option<CatalogSource>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Pages for people
    #[default]
    Text,
    /// One JSON document for programs, with all that is known
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read your AWS account, print the report, and put metrics as the Lambda does
    ///
    /// Reads the settings from the `GUARD_` variables, usage from CloudWatch and models from Bedrock,
    /// with the AWS credentials and Region of this terminal. Prints the report, and puts the guard's
    /// own metrics in CloudWatch. Changes nothing in Amazon Bedrock.
    Run {
        /// JSON file with an event as the Lambda gets one; without the file, the run is for now
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        /// Print the report and put no metrics
        #[arg(long)]
        dry_run: bool,
        /// File to save all that was read to, for `replay` and `explain`; names and ARNs are in there
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Seconds after which what was not read by then is left out, and named
        #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=86_400))]
        timeout: u32,
        /// Megabytes of memory that may be taken; what does not fit is left out, and named
        #[arg(long, value_name = "MB", default_value_t = 2_048, value_parser = clap::value_parser!(u32).range(64..))]
        memory: u32,
    },
    /// Print the report on a run that was saved
    ///
    /// Reads a file that `run --save` wrote, with the settings and prices of that run, and prints the
    /// report of that run, byte for byte. Asks AWS nothing and reads no variables. With `--catalog` the
    /// saved usage is priced on another book.
    Replay {
        /// File that `run --save` wrote
        file: PathBuf,
    },
    /// Print one recommendation, or one workload, and where its figures come from
    ///
    /// Reads the sample account, or a file that `run --save` wrote. Of a recommendation, prints the steps of
    /// the sums, the price rows and the metrics behind them, and what keeps it from the totals. Of a
    /// workload, prints what is used, every plan for it, and what else could serve it: newer, smaller and
    /// other models, the provider's direct API, and rented GPUs.
    Explain {
        /// Id of the recommendation, as the report prints it, such as `rec-fff6c0e712`, or the model of the
        /// workload by its id or name, such as `Nova Pro`, with `@REGION` where several Regions use it
        #[arg(value_name = "ID|MODEL[@REGION]")]
        subject: String,
        /// File that `run --save` wrote; without one, the sample account
        file: Option<PathBuf>,
    },
    /// Print what a volume of tokens would cost under every plan
    ///
    /// Say which model and how much: tokens a month (--input and --output), requests with the tokens of
    /// each, or tokens by a mix. Prints what it costs a month, a year, a request and a million tokens:
    /// on-demand by profile, batch, flex and priority, model units (Provisioned Throughput) by term and
    /// tier with the volume from which they pay, reserved tokens, newer and smaller models, the provider's
    /// direct API, and own GPUs. Reads no AWS account. The exit status is 1 if the book has no such model
    /// or price. docs/article.md has an example for each question of the article.
    #[command(after_long_help = estimate::EXAMPLES)]
    Estimate(Box<EstimateArguments>),
    /// Print, check, compare and renew price books
    ///
    /// Without a command: prints the models of the book.
    Prices(Prices),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version have nothing of the arguments in them.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            tell(&error.render().to_string());
            return ExitCode::from(2);
        }
    };
    match execute(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&format!("error: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments ask for, and returns true if all was well.
fn execute(arguments: Arguments) -> Result<bool> {
    let Output { format, catalog } = arguments.output;
    if let Some(Command::Prices(prices)) = &arguments.command
        && let Some(fault) = prices.ignored(format.is_some(), catalog.is_some())
    {
        let mut command = Arguments::command().bin_name("cost-guard");
        command.error(ErrorKind::ArgumentConflict, fault).exit();
    }
    let format = format.unwrap_or_default();
    match arguments.command {
        Some(Command::Prices(command)) => {
            return prices::execute(command, catalog.as_ref(), format);
        }
        Some(Command::Estimate(asked)) => estimate::execute(&asked, catalog.as_ref(), format),
        None => print_report(&report_of(None, catalog.as_ref(), format)?, format),
        Some(Command::Replay { file }) => {
            print_report(&report_of(Some(&file), catalog.as_ref(), format)?, format)
        }
        Some(Command::Explain { subject, file }) => {
            // Of a workload, what else could serve it is told in every format.
            let report = report_of(file.as_deref(), catalog.as_ref(), Format::Json)?;
            print_explanation(&report, &subject, format)
        }
        Some(Command::Run { event, dry_run, save, timeout, memory }) => {
            let limits = Limits { seconds: timeout, megabytes: memory };
            run_now(event.as_deref(), dry_run, save.as_deref(), catalog, format, limits)
        }
    }?;
    Ok(true)
}

/// Reads a file of text that an argument names, of at most so many bytes.
fn read_file(path: &Path, most: u64) -> Result<String> {
    files::read_text(path, most).with_context(|| cannot_read(path))
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read `{}`", path.display())
}

/// Builds the report on a file that `run --save` wrote, or on the sample account; for programs with what else
/// could serve each workload.
fn report_of(
    file: Option<&Path>,
    catalog: Option<&CatalogSource>,
    format: Format,
) -> Result<Report> {
    let references = (format == Format::Json).then(References::embedded).transpose()?;
    if let Some(file) = file {
        return SavedFile::open(file)?.report(catalog, references.as_ref());
    }
    let observation = sample_on(catalog)?;
    let mut report = report::build(&observation);
    if let Some(references) = &references {
        report::add_alternatives(&mut report, &observation, references);
    }
    Ok(report)
}

/// Prints a recommendation by its id, or else a workload by its model.
fn print_explanation(report: &Report, subject: &str, format: Format) -> Result<()> {
    let page = if let Some(advice) = explain::find(report, subject) {
        match format {
            Format::Text => explain::render(report, advice),
            Format::Json => format!("{}\n", serde_json::to_string_pretty(advice)?),
        }
    } else {
        let workload = explain::find_workload(report, subject)?;
        match format {
            Format::Text => explain::render_workload(report, workload),
            Format::Json => format!("{}\n", serde_json::to_string_pretty(workload)?),
        }
    };
    print(&page, format)
}

/// Returns the sample account on a book; for the article's, the account that does what it reckons with.
fn sample_on(catalog: Option<&CatalogSource>) -> Result<Observation> {
    if catalog == Some(&CatalogSource::Article) {
        return Ok(sample::of_article()?);
    }
    let observation = sample::observation()?;
    let Some(source) = catalog else {
        return Ok(observation);
    };
    let regions = observation.places.iter().map(|observed| observed.place.region.clone());
    let book = book_of(source, NamedBy::CatalogFlag, regions.collect())?;
    // Kept elsewhere, it is the same book.
    let is_articles = book.name == CatalogSource::Article.to_string();
    let observation = if is_articles { sample::of_article()? } else { observation };
    Ok(observation.repriced(&book).with_models_beside(&book, ModelLadder::embedded()?))
}

/// Reads a price book, a live one for these Regions or for that of the configuration. AWS's
/// configuration is read only for a book that AWS has.
fn book_of(
    source: &CatalogSource,
    named_by: NamedBy,
    mut regions: BTreeSet<Region>,
) -> Result<PriceBook> {
    let found = runtime()?.block_on(async {
        let config =
            if source.is_remote() { clients::config(vars()).await? } else { clients::offline() };
        if regions.is_empty() {
            regions.extend(clients::home_region(&config));
        }
        if regions.is_empty() && *source == CatalogSource::Live {
            return Err(Error::NoRegion);
        }
        let memory = Memory::default();
        let account = AccountId::default();
        guard::price_book(source, named_by, &config, &regions, now(), &memory, &account).await
    })?;
    if let Some(note) = found.note {
        tell(&format!("{note}\n"));
    }
    Ok(found.book)
}

/// Reads the clock.
fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
    Timestamp::now()
}

/// Reads the environment. What is not Unicode is replaced, so that what reads it refuses it.
fn vars() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    #[expect(clippy::disallowed_methods, reason = "the one reading of the environment")]
    let vars = std::env::vars_os();
    vars.map(move |(name, value)| (text(name), text(value)))
}

/// Writes to standard error, for what is not part of the result.
fn tell(page: &str) {
    // Nobody is left to tell if this fails.
    let _ = std::io::stderr().lock().write_all(shown(page).as_bytes());
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Limits of a run, so that it ends and leaves the machine to others.
#[derive(Clone, Copy)]
struct Limits {
    seconds: u32,
    megabytes: u32,
}

fn run_now(
    event: Option<&Path>,
    dry_run: bool,
    save: Option<&Path>,
    catalog: Option<CatalogSource>,
    format: Format,
    limits: Limits,
) -> Result<()> {
    let mut settings = Settings::from_vars(vars())?;
    let as_of = now();
    let event = event_of(event)?;
    settings.dry_run |= dry_run;
    let has_flag = catalog.is_some();
    settings.catalog = catalog.unwrap_or(settings.catalog);
    let kept = Mutex::new(Kept::new(save, format)?);
    let outcome = runtime()?.block_on(async {
        let config = clients::config(vars()).await?;
        let memory = Memory::default();
        let invocation = Invocation {
            event: &event,
            as_of,
            account: AccountId::default(),
            caller: Caller::Terminal,
            time: Duration::from_secs(limits.seconds.into()),
            // The report is printed whole, once it is there.
            log: &|_| Ok(()),
            clock: Clock::system(),
            memory: guard::series_memory_of(u64::from(limits.megabytes) << 20),
            take_place: &|taken| kept.lock().unwrap_or_else(PoisonError::into_inner).take(taken),
        };
        guard::run(&config, &settings, invocation, &memory).await
    });
    let outcome = outcome.map_err(|mut error| {
        // The run knows settings alone, and the flag went over this one.
        if let Error::Document(unread) = &mut error
            && unread.named_by == NamedBy::CatalogSetting
            && has_flag
        {
            unread.named_by = NamedBy::CatalogFlag;
        }
        error
    })?;
    let RunOutcome { observation, book, report, failure, .. } = outcome;
    // The file is written before the report is printed, and in place after: neither costs the other when it cannot be
    // written.
    let kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    let written = kept.write(observation, &book);
    // Where nothing was read, the failure says all.
    let is_empty = report.run.places.is_empty();
    let printed = if is_empty { Ok(()) } else { print_report(&report, format) };
    let saved = save.map_or(Ok(()), |path| {
        let placed = written.and_then(|it| Ok(it.map_or(Ok(()), WrittenFile::put_in_place)?));
        placed.with_context(|| {
            format!(
                "the report is complete, but the observation was not saved: cannot write `{}`",
                path.display()
            )
        })
    });
    printed?;
    match (failure, saved) {
        (None, saved) => saved,
        (Some(failure), Ok(())) => Err(failure.into()),
        (Some(failure), Err(unsaved)) => Err(unsaved.context(failure.to_string())),
    }
}

fn event_of(path: Option<&Path>) -> Result<Value> {
    let Some(path) = path else {
        return Ok(Value::Object(serde_json::Map::new()));
    };
    let text = read_file(path, files::MOST_OF_AN_EVENT)?;
    read_event(text.as_bytes()).with_context(|| format!("`{}` is not an event", path.display()))
}

fn print_report(report: &Report, format: Format) -> Result<()> {
    print(&page_of(report, format)?, format)
}

/// Writes a report in a format.
fn page_of(report: &Report, format: Format) -> Result<String> {
    Ok(match format {
        Format::Text => text::render(report),
        Format::Json => report.to_json()?,
    })
}

/// Writes to standard output. Names and texts come from elsewhere: what would steer a terminal, or is not
/// seen there, is written in a form that is.
fn print(page: &str, format: Format) -> Result<()> {
    let page = match format {
        Format::Text => shown(page),
        Format::Json => escaped(page),
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(page.as_bytes()).and_then(|()| out.flush()) {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
