//! The list of sources in the head of a book, and the rows that name them by id.
//!
//! A row says where its prices are written in one of two ways: in words of its own, with its dates,
//! or by the ids of entries of `[[source]]`. From the entries follow the days between which the
//! price was seen, the day on which somebody last looked and how far the row is to be trusted, so
//! that no row of them can claim to be fresher than what was published.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use serde::Deserialize;

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::provenance::Trust;
use crate::catalog::rows::{LifecycleRow, ModelUnitsRow, RateRow, ReservedTokensRow, UnpricedRow};
use crate::domain::text::{MOST_QUOTED, clip};

/// One entry of `[[source]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// Id by which rows name the source.
    pub id: String,
    /// Place where the prices are written, in words.
    pub title: String,
    /// Day on which the place was published or copied; the first possible one where only a month is
    /// known.
    pub published: Date,
    /// Kind of the place.
    pub trust: Trust,
}

/// A row of a book, as far as its sources go.
trait Sourced {
    /// Returns the ids of the sources that the row names.
    fn ids(&mut self) -> &mut Vec<String>;

    /// Returns the ids of the sources that name the row's Regions in their stead.
    fn ids_of_regions(&mut self) -> Option<&mut Vec<String>>;

    /// Returns true if the row says in words of its own where its prices are written, and when
    /// somebody looked.
    fn is_told(&self) -> bool;

    /// Returns true if the row says anything of its own that follows from sources.
    fn is_told_in_part(&self) -> bool;

    /// Takes over what the sources say.
    fn tell(&mut self, seen: Seen);
}

/// The days, the titles and the trust of some sources together.
struct Seen {
    first: Date,
    last: Date,
    titles: String,
    trust: Trust,
}

macro_rules! sourced {
    ($row:ident: $($dated:ident)? $(, $regions:ident)?) => {
        impl Sourced for $row {
            fn ids(&mut self) -> &mut Vec<String> {
                &mut self.sources
            }

            fn ids_of_regions(&mut self) -> Option<&mut Vec<String>> {
                None $(.or(Some(&mut self.$regions)))?
            }

            fn is_told(&self) -> bool {
                !self.source.is_empty() && self.checked != Date::default()
            }

            fn is_told_in_part(&self) -> bool {
                !self.source.is_empty()
                    || self.checked != Date::default()
                    $(|| self.trust.is_some()
                        || self.$dated.is_none() && self.seen_from.or(self.seen_to).is_some())?
            }

            fn tell(&mut self, seen: Seen) {
                self.checked = seen.last;
                self.source = seen.titles;
                $(
                    // The day on which a price took effect says more than the day of its sighting.
                    if self.$dated.is_none() {
                        self.seen_from = Some(seen.first);
                        self.seen_to = Some(seen.last);
                    }
                    self.trust = Some(seen.trust);
                )?
            }
        }
    };
}

sourced!(RateRow: effective_from, regions_by);
sourced!(ModelUnitsRow: effective_from);
sourced!(ReservedTokensRow: effective_from);
sourced!(LifecycleRow:);
sourced!(UnpricedRow:);

/// Tells all rows of some models what their sources say. Returns the faults: an id without an entry,
/// a row that names no source or names one twice over.
pub(super) fn tell(sources: &[Source], models: &mut [ModelPrices]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut by_id = HashMap::new();
    for (number, source) in (1..).zip(sources) {
        if [&source.id, &source.title].iter().any(|text| text.trim().is_empty())
            || source.published == Date::default()
        {
            faults.push(format!(
                "source {number} needs an id, a title and the day on which it was published"
            ));
        }
        if by_id.insert(source.id.as_str(), source).is_some() {
            faults.push(format!("source {number} has the id of one before: give one another id"));
        }
    }
    for model in models {
        let mut each = |table: &str, rows: &mut dyn Iterator<Item = &mut dyn Sourced>| {
            for (index, row) in rows.enumerate() {
                if let Err(fault) = tell_row(&by_id, row) {
                    let id = clip(model.id.id(), MOST_QUOTED);
                    faults.push(format!("`{id}`: {table} {}: {fault}", index + 1));
                }
            }
        };
        each("rate", &mut model.rates.iter_mut().map(as_sourced));
        each("model_units", &mut model.model_units.iter_mut().map(as_sourced));
        each("reserved_tokens", &mut model.reserved_tokens.iter_mut().map(as_sourced));
        each("lifecycle", &mut model.lifecycle.iter_mut().map(as_sourced));
        each("unpriced", &mut model.unpriced.iter_mut().map(as_sourced));
    }
    faults
}

fn as_sourced<R: Sourced>(row: &mut R) -> &mut dyn Sourced {
    row
}

/// A fault of the sources of a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum RowSourcesFault {
    #[error("needs `source` and `checked`, or `sources` with ids of [[source]]")]
    Missing,
    #[error(
        "has `sources`, from which `source`, `checked`, `seen_from`, `seen_to` and `trust` follow: leave these out"
    )]
    ToldTwice,
    #[error("names a source twice in `sources`: keep one")]
    NamedTwice,
    #[error("names a source {0} that is not in the head: add a [[source]]")]
    NotInHead(&'static str),
}

fn tell_row(by_id: &HashMap<&str, &Source>, row: &mut dyn Sourced) -> Result<(), RowSourcesFault> {
    let ids = std::mem::take(row.ids());
    let regions_by = row.ids_of_regions().map(std::mem::take).unwrap_or_default();
    if ids.is_empty() {
        return row.is_told().then_some(()).ok_or(RowSourcesFault::Missing);
    }
    if row.is_told_in_part() {
        return Err(RowSourcesFault::ToldTwice);
    }
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        return Err(RowSourcesFault::NamedTwice);
    }
    let known =
        |id: &String, place| by_id.get(id.as_str()).ok_or(RowSourcesFault::NotInHead(place));
    let mut seen: Option<Seen> = None;
    for id in &ids {
        let source = known(id, "of its prices")?;
        seen = Some(match seen {
            None => Seen {
                first: source.published,
                last: source.published,
                titles: source.title.clone(),
                trust: source.trust,
            },
            Some(before) => Seen {
                first: before.first.min(source.published),
                last: before.last.max(source.published),
                titles: before.titles + "; " + &source.title,
                trust: before.trust.min(source.trust),
            },
        });
    }
    if let Some(mut seen) = seen {
        for (place, id) in regions_by.iter().enumerate() {
            let source = known(id, "of its Regions")?;
            let words = if place == 0 { "; its Regions by " } else { " and " };
            seen.titles = seen.titles + words + &source.title;
        }
        row.tell(seen);
    }
    Ok(())
}
