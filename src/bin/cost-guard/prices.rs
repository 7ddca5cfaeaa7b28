//! `cost-guard prices`: prints, checks, compares and renews price books.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bedrock_cost_guard::aws::documents::NamedBy;
use bedrock_cost_guard::aws::files::{self, Readers};
use bedrock_cost_guard::catalog::price_list::{Harvest, Names, PriceList};
use bedrock_cost_guard::catalog::{DirectPrices, Hardware, ModelLadder, OnDoubt, PriceBook};
use bedrock_cost_guard::config::CatalogSource;
use bedrock_cost_guard::domain::{Region, day_of};
use bedrock_cost_guard::terminal::prices::{self, BookCoverage, Diff, FigureList, RegionPrices};
use bedrock_cost_guard::{aws::clients, guard};
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::replay::SavedFile;
use super::{Format, book_of, now, print, read_file, runtime, tell, vars};

/// Days since a price was last seen after which `prices check` notes the price.
// Earlier than the 365 days of `GUARD_MAX_PRICE_AGE_DAYS`, after which no commitment rests on the
// price, and it is a fault: so there is time to look.
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
        /// Region that is called, to print what a caller pays there by each profile
        #[arg(long, requires = "model")]
        region: Option<Region>,
        /// Day whose prices are printed with `--region`, such as 2026-04-06; today without the option
        #[arg(long, requires = "region")]
        day: Option<Date>,
    },
    /// Print the faults of the book, or the published figures that the book lacks
    ///
    /// Reads the book, and offer files of the AWS Price List if some are named. Prints faults, which
    /// somebody has to mend, such as contradictions and prices that nobody has seen for 365 days, and
    /// notes. The exit status is 1 if there is a fault.
    ///
    /// With `--coverage` it holds figures that are published against the book instead, by Region, and
    /// prints those that differ and those that are missing. The exit status is 1 if one differs.
    Check {
        /// Offer files of the AWS Price List, to print the names in them that no model is known for; a
        /// folder stands for its files
        #[arg(value_name = "PATHS")]
        paths: Vec<PathBuf>,
        /// Hold the figures of offer files (.json) and of lists of figures (.csv) against the book
        #[arg(long, requires = "paths")]
        coverage: bool,
        /// Day on which ages are judged and figures compared, such as 2026-04-06; today without the
        /// option
        #[arg(long)]
        day: Option<Date>,
        /// Days since a price was last seen after which the price is noted
        #[arg(long, default_value_t = MOST_DAYS, conflicts_with = "coverage")]
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
    match prices.command.unwrap_or(PricesCommand::Show { model: None, region: None, day: None }) {
        PricesCommand::Show { model, region: Some(region), day } => {
            let wanted = model.unwrap_or_default();
            show_calls(&book()?, &wanted, &region, day.unwrap_or_else(today), format)
        }
        PricesCommand::Show { model, .. } => show(&book()?, model.as_deref(), format),
        PricesCommand::Check { paths, coverage: true, day, most_days: _ } => {
            coverage(&book()?, &paths, day.unwrap_or_else(today), format)
        }
        PricesCommand::Check { paths, coverage: false, day, most_days } => {
            check(&book()?, &paths, day.unwrap_or_else(today), most_days, format)
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
    print(&page, format)?;
    // The document is a model, or a list of models, and has no place for it.
    if let Some(warning) = book.warning().filter(|_| format == Format::Json) {
        tell(&format!("{warning}\n"));
    }
    Ok(found.is_some() || !prices::containing(book, wanted).is_empty())
}

/// Prints what a caller pays in a Region for the one model that the text names.
fn show_calls(
    book: &PriceBook,
    wanted: &str,
    region: &Region,
    day: Date,
    format: Format,
) -> Result<bool> {
    let Some(model) = prices::find(book, wanted) else {
        let several = prices::containing(book, wanted);
        let page = match format {
            Format::Text => prices::list(book, wanted),
            Format::Json => json(&several)?,
        };
        print(&page, format)?;
        if !several.is_empty() {
            tell("`--region` goes with one model: name one of these by its id\n");
        }
        return Ok(false);
    };
    let calls = RegionPrices::new(book, model, region, day);
    let page = match format {
        Format::Text => calls.render(),
        Format::Json => json(&calls)?,
    };
    print(&page, format)?;
    Ok(!calls.calls.is_empty())
}

fn check(
    book: &PriceBook,
    paths: &[PathBuf],
    day: Date,
    most_days: u32,
    format: Format,
) -> Result<bool> {
    let mut check = prices::check(book, day, most_days);
    let names = Names::embedded()?;
    check.unknown_names(book, &names);
    let (direct, hardware) = (DirectPrices::embedded()?, Hardware::embedded()?);
    check.alternatives(&direct, &hardware, ModelLadder::embedded()?, day, most_days);
    let found = NamedFiles::of(paths, &[PRICE_LIST])?;
    if let Some(list) = found.files.iter().find(|path| has_ending(path, FIGURES)) {
        bail!("`{}` is a list of figures: add `--coverage` to compare it", list.display());
    }
    if !found.files.is_empty() {
        check.price_list(&read_files(&found.files)?.read(&knowing(names, book), day));
    }
    check.notes.extend(found.left_out.iter().map(|name| format!("left out: `{name}`")));
    let page = match format {
        Format::Text => check.render(),
        Format::Json => json(&check)?,
    };
    print(&page, format)?;
    Ok(check.is_clean())
}

fn coverage(book: &PriceBook, paths: &[PathBuf], day: Date, format: Format) -> Result<bool> {
    let named = NamedFiles::of(paths, &[PRICE_LIST, FIGURES])?;
    let mut list = FigureList::default();
    let (figures, offers): (Vec<PathBuf>, Vec<PathBuf>) =
        named.files.into_iter().partition(|path| has_ending(path, FIGURES));
    if let Some(other) = offers.iter().find(|path| !has_ending(path, PRICE_LIST)) {
        bail!(
            "`{}` is neither an offer file of the AWS Price List (.json) nor a list of figures (.csv)",
            other.display()
        );
    }
    for path in figures {
        let name = path.display().to_string();
        let text = read_file(&path, files::MOST_OF_A_PRICE_LIST)?;
        list.add_csv(&name, &text)?;
    }
    if !offers.is_empty() {
        // One Price List of them all: what a line is for can depend on the lines of other offers.
        let harvest = read_files(&offers)?.read(&knowing(Names::embedded()?, book), day);
        list.add_price_list(&harvest, day);
        list.files.extend(offers.iter().map(|path| path.display().to_string()));
    }
    let coverage = BookCoverage::new(book, list, named.left_out, day);
    let page = match format {
        Format::Text => coverage.render(),
        Format::Json => json(&coverage)?,
    };
    print(&page, format)?;
    Ok(coverage.is_clean())
}

fn diff_page(
    a: &PriceBook,
    b: &PriceBook,
    mut diff: Diff,
    observation: Option<&Path>,
    format: Format,
) -> Result<bool> {
    if let Some(path) = observation {
        let saved = SavedFile::open(path)?;
        let with = |book| saved.report_on(Some(book), None);
        diff.flips = Some(prices::flips(&with(a)?, &with(b)?));
    }
    let page = match format {
        Format::Text => diff.render(),
        Format::Json => json(&diff)?,
    };
    print(&page, format)?;
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
            let config = clients::config(vars()).await?;
            Ok::<_, anyhow::Error>(guard::fetch(&config, &regions).await?)
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
        Some(path) => files::write_whole(path, &text, Readers::Anyone)
            .with_context(|| format!("cannot write `{}`", path.display()))?,
        None => print(&text, Format::Text)?,
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

/// Ending of the files of the AWS Price List.
const PRICE_LIST: &str = "json";

/// Ending of lists of figures.
const FIGURES: &str = "csv";

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// Files that paths name: themselves, or those of a folder.
struct NamedFiles {
    files: Vec<PathBuf>,
    /// Paths of all else in the folders.
    left_out: Vec<String>,
}

impl NamedFiles {
    /// Lists the files. Of a folder it takes those with one of the endings, in the order of their
    /// names, and no folder in it.
    fn of(paths: &[PathBuf], endings: &[&str]) -> Result<Self> {
        let mut named = Self { files: Vec::new(), left_out: Vec::new() };
        for path in paths {
            if !path.is_dir() {
                named.files.push(path.clone());
                continue;
            }
            let cannot = || format!("cannot read the folder `{}`", path.display());
            let mut inside: Vec<PathBuf> = fs::read_dir(path)
                .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
                .with_context(cannot)?;
            inside.sort_unstable();
            let (files, others): (Vec<PathBuf>, Vec<PathBuf>) =
                inside.into_iter().partition(|path| {
                    path.is_file() && endings.iter().any(|ending| has_ending(path, ending))
                });
            if files.is_empty() {
                let endings = endings.iter().map(|ending| format!(".{ending}"));
                let endings = endings.collect::<Vec<_>>().join(" or ");
                bail!("the folder `{}` has no {endings} file", path.display());
            }
            named.files.extend(files);
            named.left_out.extend(others.iter().map(|path| path.display().to_string()));
        }
        Ok(named)
    }
}

fn read_files(files: &[PathBuf]) -> Result<PriceList> {
    let mut list = PriceList::new();
    for path in files {
        let name = path.display().to_string();
        let text = read_file(path, files::MOST_OF_A_PRICE_LIST)?;
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
