//! `GUARD_CATALOG=live`: the embedded book with the account's Price List laid over it.
//!
//! The Price List is read at most once a day and process, for the Regions that are read. When that
//! fails, the run goes on with the embedded book and says so.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::aws::ApiError;
use crate::aws::clients;
use crate::aws::price_list::OFFERS;
use crate::catalog::price_list::{Harvest, Names, NamesError, PriceList};
use crate::catalog::{BookError, HeldBack, OnDoubt, PriceBook, Refreshed};
use crate::domain::{Partition, Region, day_of};
use crate::observation::PriceListRead;

/// Time for which a Price List that was read is used again.
// The schedule runs once a day by default; a Price List of the day is what `live` promises.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Time for which a run waits for the Price List, which lists Bedrock on some dozen pages a Region.
// A fifth of the 300 s that the template gives the function: the survey needs the rest.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Parts of its stage that one call for a document or a price book may take, at most.
// A document is tried three times, and what is left is for the run.
pub(super) const CALLS_OF_STAGE: u32 = 4;

/// The book that a run uses, and what became of the Price List.
#[derive(Clone, Debug)]
pub struct RunBook {
    /// The book.
    pub book: PriceBook,
    /// Counts of the lines that were read; `None` where the Price List was not used.
    pub read: Option<PriceListRead>,
    /// Note that the Price List, which was asked for, was not used, or not all of it; `None`
    /// otherwise.
    pub note: Option<String>,
}

impl RunBook {
    /// Returns a book for which the Price List was not asked.
    #[must_use]
    pub const fn not_asked(book: PriceBook) -> Self {
        Self { book, read: None, note: None }
    }
}

/// The Price List that a process remembers from one run to the next.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Option<Fetched>>);

#[derive(Debug)]
struct Fetched {
    regions: BTreeSet<Region>,
    book: PriceBook,
    read: PriceListRead,
    note: Option<String>,
}

/// Reason why the Price List was not used.
#[derive(Debug, thiserror::Error)]
enum LivePriceListError {
    /// The call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The answer did not come while the run waited.
    #[error("it took more than {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The embedded names are not valid.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// The Price List has this many lines, and no rate.
    #[error("none of its {0} lines is a rate")]
    NoRates(u64),
}

impl Memory {
    /// Returns the book for some Regions: from memory, or from the Price List, or, where that cannot
    /// be read, the embedded one.
    pub async fn book(
        &self,
        config: &SdkConfig,
        regions: &BTreeSet<Region>,
        as_of: Timestamp,
    ) -> Result<RunBook, BookError> {
        // Held while AWS is asked: a second run waits, and then finds the book.
        let mut memory = self.0.lock().await;
        if let Some(known) = memory.as_ref()
            && known.regions.is_superset(regions)
            && as_of.duration_since(known.read.time) < FRESH_FOR
            // A clock that went back says nothing of the age.
            && as_of >= known.read.time
        {
            return Ok(RunBook {
                book: known.book.clone(),
                read: Some(known.read.clone()),
                note: known.note.clone(),
            });
        }
        let embedded = PriceBook::aws()?;
        // The list is many calls, and may take its stage as a whole.
        let of_calls = config.timeout_config().and_then(TimeoutConfig::operation_timeout);
        let longest = of_calls.map_or(LONGEST_WAIT, |call| LONGEST_WAIT.min(CALLS_OF_STAGE * call));
        let fetched = match tokio::time::timeout(longest, fetch(config, regions)).await {
            Ok(Ok(list)) => read(list, &embedded, as_of),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(LivePriceListError::TimedOut(longest)),
        };
        Ok(match fetched {
            Ok(harvest) => {
                let read = PriceListRead {
                    time: as_of,
                    lines: harvest.lines,
                    priced: harvest.priced,
                    rejected: harvest.rejected.len() as u64,
                    contradictions: harvest.contradictions.len() as u64,
                    unmapped: harvest.unmapped.len() as u64,
                };
                // Over the embedded book: what the Price List does not give keeps its price, and
                // nobody is here to accept a figure that the book has better.
                let Refreshed { book, held, .. } = embedded.refreshed(harvest.book, OnDoubt::Keep);
                let book = PriceBook { name: "live".to_owned(), ..book };
                let note = held_note(&held);
                *memory = Some(Fetched {
                    regions: regions.clone(),
                    book: book.clone(),
                    read: read.clone(),
                    note: note.clone(),
                });
                RunBook { book, read: Some(read), note }
            }
            Err(error) => {
                let why = error.to_string();
                tracing::warn!(why, "the Price List was not used");
                RunBook {
                    book: embedded,
                    read: None,
                    note: Some(format!(
                        "the Price List was not used: {why}. Prices are those of the embedded book"
                    )),
                }
            }
        })
    }
}

/// Writes that figures of the Price List were not used; `None` where all were.
fn held_note(held: &[HeldBack]) -> Option<String> {
    for figure in held {
        tracing::info!(
            model = figure.model.id(),
            region = figure.region.name(),
            item = ?figure.item,
            listed = figure.listed.price,
            "a figure of the Price List was held back"
        );
    }
    let (figures, they) = match held.len() {
        0 => return None,
        1 => ("1 figure of the Price List was".to_owned(), "it"),
        count => (format!("{count} figures of the Price List were"), "them"),
    };
    Some(format!(
        "{figures} not used: the embedded book has prices for {they} that were seen later or are \
         better attested. `cost-guard prices refresh` lists {they}"
    ))
}

/// Reads what was fetched. A Price List without a rate is refused: its format is not what it was.
fn read(
    list: PriceList,
    book: &PriceBook,
    as_of: Timestamp,
) -> Result<Harvest, LivePriceListError> {
    let names = Names::embedded()?;
    let known = book.models.iter().map(|model| model.id.clone());
    let harvest = list.read(&names.also_knowing(known), day_of(as_of));
    for gap in &harvest.unmapped {
        tracing::info!(
            gap.offer = gap.service_code,
            gap.name,
            gap.lines,
            "the Price List has a name without a model"
        );
    }
    for line in &harvest.rejected {
        tracing::warn!(
            line.offer = line.service_code,
            line.sku,
            line.usage_type,
            line.why,
            "a line of the Price List is refused"
        );
    }
    if harvest.book.models.is_empty() {
        return Err(LivePriceListError::NoRates(harvest.lines));
    }
    Ok(harvest)
}

/// Reads all offers for some Regions, whole.
pub async fn fetch(config: &SdkConfig, regions: &BTreeSet<Region>) -> Result<PriceList, ApiError> {
    let mut list = PriceList::new();
    for region in regions {
        let endpoint = endpoint(region).ok_or_else(|| {
            ApiError::broken(
                "pricing:GetProducts",
                region,
                "the Price List has no endpoint in this partition",
            )
        })?;
        let pricing = clients::pricing(config, &endpoint);
        let [bedrock, models, service] = OFFERS;
        let (bedrock, models, service) = tokio::try_join!(
            pricing.products(bedrock, region),
            pricing.products(models, region),
            pricing.products(service, region),
        )?;
        for product in [bedrock, models, service].iter().flatten() {
            list.add_product(product);
        }
    }
    Ok(list)
}

/// Returns the Region of the nearest of the three endpoints of the Price List; `None` in a partition
/// that has none.
fn endpoint(region: &Region) -> Option<Region> {
    if region.partition() != Partition::Commercial {
        return None;
    }
    let near = match region.name().get(..3) {
        Some("eu-") => "eu-central-1",
        Some("ap-") => "ap-south-1",
        _ => "us-east-1",
    };
    near.parse().ok()
}
