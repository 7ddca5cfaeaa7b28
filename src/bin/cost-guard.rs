//! The terminal: the same run by hand, on the real account, on a saved one or on the sample.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bedrock_cost_guard::domain::AccountId;
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{self, Report, text};
use bedrock_cost_guard::settings::{CatalogSource, Settings};
use bedrock_cost_guard::{clients, run, sample};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::Value;

/// Says what Amazon Bedrock costs and what would cost less.
///
/// Without a command it does the whole job on an embedded sample account, offline.
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
    /// How to print the report
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The price book: aws, article, or the path of a file
    #[arg(long, global = true, value_name = "BOOK")]
    catalog: Option<CatalogSource>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: the whole report as one JSON document
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the whole job on the real account, with the AWS credentials of this terminal
    Run {
        /// An event to run on, as the Lambda gets it; without one, now
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        /// Put no metrics
        #[arg(long)]
        dry_run: bool,
        /// Keep everything that was gathered, for `replay`
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Report on a saved observation, byte for byte as it was
    Replay {
        /// What `run --save` wrote
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut err = std::io::stderr().lock();
            // Nobody is left to tell if this fails.
            let _ = writeln!(err, "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Arguments) -> Result<()> {
    let Output { format, catalog } = arguments.output;
    match arguments.command {
        None => {
            let observation = priced_on(sample::observation()?, catalog.as_ref())?;
            print(&report::build(&observation), format)
        }
        Some(Command::Replay { file }) => {
            let json = fs::read_to_string(&file)
                .with_context(|| format!("cannot read `{}`", file.display()))?;
            let observation = Observation::from_json(&json)
                .with_context(|| format!("cannot replay `{}`", file.display()))?;
            print(
                &report::build(&priced_on(observation, catalog.as_ref())?),
                format,
            )
        }
        Some(Command::Run {
            event,
            dry_run,
            save,
        }) => run_now(event.as_deref(), dry_run, save.as_deref(), catalog, format),
    }
}

/// The observation on another price book, if one was named.
fn priced_on(observation: Observation, catalog: Option<&CatalogSource>) -> Result<Observation> {
    Ok(match catalog {
        Some(source) => observation.with_prices(&run::price_book(source)?),
        None => observation,
    })
}

fn run_now(
    event: Option<&Path>,
    dry_run: bool,
    save: Option<&Path>,
    catalog: Option<CatalogSource>,
    format: Format,
) -> Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reading of the environment"
    )]
    let mut settings = Settings::from_vars(std::env::vars())?;
    #[expect(clippy::disallowed_methods, reason = "the one reading of the clock")]
    let as_of = jiff::Timestamp::now();
    let event = event_of(event)?;
    settings.dry_run |= dry_run;
    if let Some(catalog) = catalog {
        settings.catalog = catalog;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let config = clients::config().await;
        run::run(&config, &settings, &event, as_of, AccountId::default()).await
    })?;
    if let Some(path) = save {
        fs::write(path, outcome.observation.to_json()?)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    print(&outcome.report, format)?;
    match outcome.failure {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

fn event_of(path: Option<&Path>) -> Result<Value> {
    let Some(path) = path else {
        return Ok(Value::Object(serde_json::Map::new()));
    };
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is not JSON", path.display()))
}

fn print(report: &Report, format: Format) -> Result<()> {
    let page = match format {
        Format::Text => text::render(report),
        Format::Json => report.to_json()?,
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(page.as_bytes()).and_then(|()| out.flush()) {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
