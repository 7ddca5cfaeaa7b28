//! `cost-guard prices`: prints, checks, compares and renews price books.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bedrock_cost_guard::aws::documents::NamedBy;
use bedrock_cost_guard::catalog::price_list::{Harvest, Names, PriceList};
use bedrock_cost_guard::catalog::{OnDoubt, PriceBook};
use bedrock_cost_guard::config::CatalogSource;
use bedrock_cost_guard::domain::{Region, day_of};
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::terminal::prices::{self, Diff};
use bedrock_cost_guard::{aws::clients, guard, report};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{Format, book_of, now, print, runtime, tell};

/// Days since somebody looked at a row after which the row is stale.
// Earlier than the 365 days of `GUARD_MAX_PRICE_AGE_DAYS`, after which no commitment rests on the
// row: so there is time to look.
const MOST_DAYS: u32 = 90;

#[derive(Debug, Args)]
pub(crate) struct Prices {
    #[command(subcommand)]
    command: Option<PricesCommand>,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// Print the models of the book, or one model with all its prices
    ///
    /// The exit status is 1 if no model has the text in its id or name.
    Show {
        /// Id or name of a model, or a part of them; without one, all models
        model: Option<String>,
    },
    /// Print the faults of the book, such as stale rows and contradictions
    ///
    /// Reads the book, and offer files of the AWS Price List if some are named. Prints faults, which
    /// somebody has to mend, and notes. The exit status is 1 if there is a fault.
    Check {
        /// Offer files of the AWS Price List, to print the names in them that no model is known for
        files: Vec<PathBuf>,
        /// Day on which the age of rows is judged, such as 2026-04-06; today without the option
        #[arg(long)]
        day: Option<Date>,
        /// Days since somebody looked at a row after which the row is stale
        #[arg(long, default_value_t = MOST_DAYS)]
        most_days: u32,
    },
    /// Print the prices that differ between two books
    ///
    /// Reads both books and prices the same requests on each. Prints each price that both have and
    /// that differs, and counts what only one of them has.
    Diff {
        /// First book: aws, article, live, the path of a file, or `s3://bucket/key`
        a: CatalogSource,
        /// Second book, in the same forms
        b: CatalogSource,
        /// Day whose prices are compared, such as 2026-04-06; today without the option
        #[arg(long)]
        day: Option<Date>,
        /// Region to compare in, repeated for more; without one, all that either book names
        #[arg(long)]
        region: Vec<Region>,
        /// File that `run --save` wrote, to print the recommendations that depend on the book
        #[arg(long, value_name = "FILE")]
        observation: Option<PathBuf>,
        /// Print also the prices beside them that are the same, and those that one book alone has
        #[arg(long)]
        all: bool,
    },
    /// Write a new book: the book with the AWS Price List laid over it
    ///
    /// Reads the book and either offer files of the AWS Price List, or AWS itself, with the AWS
    /// credentials of this terminal. Writes the new book as TOML, and says on standard error what of
    /// the Price List was not used. A figure of the book that was seen after the list was published,
    /// or that a more trusted source has, is kept, and the one of the list is named; the exit status
    /// is 0 all the same.
    Refresh {
        /// Offer files of the AWS Price List; without any, AWS is asked
        files: Vec<PathBuf>,
        /// Region to ask AWS for, repeated for more
        #[arg(long, conflicts_with = "files", required_unless_present = "files")]
        region: Vec<Region>,
        /// File to write the book to; standard output without the option
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write the rows of the Price List alone, without the book under them
        #[arg(long)]
        only: bool,
        /// Lay the Price List's figures also over those that the book has better
        #[arg(long, conflicts_with = "only")]
        accept: bool,
    },
}

impl Prices {
    /// Says that the command would ignore a common option that was given; `None` if it would not.
    pub(crate) const fn ignored(
        &self,
        has_format: bool,
        has_catalog: bool,
    ) -> Option<&'static str> {
        match self.command {
            Some(PricesCommand::Refresh { .. }) if has_format => {
                Some("`--format` does not go with `prices refresh`, which writes a book as TOML")
            }
            Some(PricesCommand::Diff { .. }) if has_catalog => {
                Some("`--catalog` does not go with `prices diff`: name both books as <A> and <B>")
            }
            _ => None,
        }
    }
}

/// Does what the arguments ask for, and returns true if all was well.
pub(crate) fn execute(
    prices: Prices,
    catalog: Option<&CatalogSource>,
    format: Format,
) -> Result<bool> {
    let book = || {
        let source = catalog.unwrap_or(&CatalogSource::Aws);
        book_of(source, NamedBy::CatalogFlag, BTreeSet::new())
    };
    match prices.command.unwrap_or(PricesCommand::Show { model: None }) {
        PricesCommand::Show { model } => show(&book()?, model.as_deref(), format),
        PricesCommand::Check { files, day, most_days } => {
            check(&book()?, &files, day.unwrap_or_else(today), most_days, format)
        }
        PricesCommand::Diff { a, b, day, region, observation, all } => {
            let day = day.unwrap_or_else(today);
            let regions = || region.iter().cloned().collect();
            // Two files of one name, in two folders, are told apart by their whole paths.
            let is_clear = column(&a) != column(&b);
            let named = |source: &CatalogSource| -> Result<PriceBook> {
                let name = if is_clear { column(source) } else { source.to_string() };
                Ok(PriceBook { name, ..book_of(source, NamedBy::DiffArgument, regions())? })
            };
            let (a, b) = (named(&a)?, named(&b)?);
            let mut diff = Diff::new(&a, &b, day, &region);
            if !all {
                diff = diff.changes_alone();
            }
            diff_page(&a, &b, diff, observation.as_deref(), format)
        }
        PricesCommand::Refresh { files, region, output, only, accept } => {
            let over = match (only, accept) {
                (true, _) => Over::Nothing,
                (false, true) => Over::Book(OnDoubt::Accept),
                (false, false) => Over::Book(OnDoubt::Keep),
            };
            refresh(book()?, over, &files, &region, output.as_deref())
        }
    }
}

/// Names a book at the head of a column: a file by the last part of its path.
fn column(source: &CatalogSource) -> String {
    let text = source.to_string();
    match text.rsplit_once('/') {
        Some((_, name)) => name.to_owned(),
        None => text,
    }
}

fn today() -> Date {
    day_of(now())
}

fn show(book: &PriceBook, wanted: Option<&str>, format: Format) -> Result<bool> {
    let wanted = wanted.unwrap_or_default();
    let found = prices::find(book, wanted);
    let page = match (format, found) {
        (Format::Json, Some(model)) => json(model)?,
        (Format::Json, None) => json(&prices::containing(book, wanted))?,
        (Format::Text, Some(model)) => prices::show(book, model),
        (Format::Text, None) => prices::list(book, wanted),
    };
    print(&page)?;
    // The document is a model, or a list of models, and has no place for it.
    if let Some(warning) = book.warning().filter(|_| format == Format::Json) {
        tell(&format!("{warning}\n"));
    }
    Ok(found.is_some() || !prices::containing(book, wanted).is_empty())
}

fn check(
    book: &PriceBook,
    files: &[PathBuf],
    day: Date,
    most_days: u32,
    format: Format,
) -> Result<bool> {
    let mut check = prices::check(book, day, most_days);
    let names = Names::embedded()?;
    check.unknown_names(book, &names);
    if !files.is_empty() {
        check.price_list(&read_files(files)?.read(&knowing(names, book), day));
    }
    print(&match format {
        Format::Text => check.render(),
        Format::Json => json(&check)?,
    })?;
    Ok(check.is_clean())
}

fn diff_page(
    a: &PriceBook,
    b: &PriceBook,
    mut diff: Diff,
    observation: Option<&Path>,
    format: Format,
) -> Result<bool> {
    if let Some(path) = observation {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let observation = Observation::from_json(&text)
            .with_context(|| format!("cannot replay `{}`", path.display()))?;
        let with = |book| report::build(&observation.clone().repriced(book));
        diff.flips = Some(prices::flips(&with(a), &with(b)));
    }
    print(&match format {
        Format::Text => diff.render(),
        Format::Json => json(&diff)?,
    })?;
    Ok(true)
}

/// The book that a Price List is laid over.
#[derive(Clone, Copy)]
enum Over {
    Nothing,
    Book(OnDoubt),
}

fn refresh(
    base: PriceBook,
    over: Over,
    files: &[PathBuf],
    regions: &[Region],
    output: Option<&Path>,
) -> Result<bool> {
    let list = if files.is_empty() {
        let regions: BTreeSet<Region> = regions.iter().cloned().collect();
        runtime()?.block_on(async {
            let config = clients::config().await;
            guard::fetch(&config, &regions).await
        })?
    } else {
        read_files(files)?
    };
    let today = today();
    let harvest = list.read(&knowing(Names::embedded()?, &base), today);
    let mut told = prices::harvest(&harvest);
    let Harvest { book: fresh, .. } = harvest;
    if fresh.models.is_empty() {
        bail!("{told}none of the lines is a rate, so no book is written");
    }
    // The new book has a name of its own, since it is neither the old one nor that of another day.
    let (base_name, fresh_name) = (base.name.clone(), fresh.name.clone());
    let book = match over {
        Over::Nothing => PriceBook {
            name: format!("{fresh_name}-{today}"),
            description: format!("The AWS Price List as read on {today}, and nothing else."),
            ..fresh
        },
        Over::Book(on_doubt) => {
            let refreshed = base.refreshed(fresh, on_doubt);
            told += &prices::refreshed(&refreshed);
            PriceBook {
                name: format!("{}-{today}", undated(&base_name)),
                description: format!(
                    "`{base_name}` with the AWS Price List as read on {today} laid over it."
                ),
                ..refreshed.book
            }
        }
    };
    let text = book.to_toml()?;
    match output {
        Some(path) => write_whole(path, &text)
            .with_context(|| format!("cannot write `{}`", path.display()))?,
        None => print(&text)?,
    }
    tell(&told);
    Ok(true)
}

/// Returns the name of a book without the day of an earlier refresh.
fn undated(name: &str) -> &str {
    match name.len().checked_sub("-2026-11-26".len()).and_then(|at| name.split_at_checked(at)) {
        Some((undated, day)) if day[1..].parse::<Date>().is_ok() => undated,
        _ => name,
    }
}

/// Writes a file whole or not at all: a book that is there is not lost to a full disk.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    // A link or a device is written through: a file in its place would not be what was named.
    if fs::symlink_metadata(path).is_ok_and(|target| !target.is_file()) {
        return fs::write(path, text);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Half a book is of no use. If it cannot be removed either, the first fault says why.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn read_files(files: &[PathBuf]) -> Result<PriceList> {
    let mut list = PriceList::new();
    for path in files {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        list.add_file(&name, &text)?;
    }
    Ok(list)
}

fn knowing(names: Names, book: &PriceBook) -> Names {
    names.also_knowing(book.models.iter().map(|model| model.id.clone()))
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
