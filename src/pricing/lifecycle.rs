//! The days on which a model leaves a Region: as AWS lists them there, else as the price book has
//! them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::LifecycleRow;
use crate::domain::{BaseModel, Region, day_of};
use crate::observation::{FoundationModel, LifecycleStatus};

/// Days before an end of life from which on every report speaks of it: a quarter, in which callers
/// can be moved. At half of that, a team that plans by the quarter hears of it too late.
const NOTICE_DAYS: i32 = 90;

/// The life of a model in a Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// True if the model is Legacy on the day of the prices: no new commitments are sold.
    pub is_legacy: bool,
    /// First day on which the model is Legacy; `None` where nobody says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy: Option<LifecycleDay>,
    /// First day on which the model may cost more; `None` where nobody says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_access: Option<LifecycleDay>,
    /// First day on which requests fail; `None` where nobody says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<LifecycleDay>,
    /// Model that an editor of the price book would try first instead; `None` where the book names
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<BaseModel>,
}

/// A day of a model's life, with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LifecycleDay {
    /// Day in UTC.
    pub day: Date,
    /// Origin of the day.
    pub source: LifecycleSource,
}

/// Origin of a day of a model's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleSource {
    /// AWS, in the list of the Region's foundation models.
    Aws,
    /// A row of the price book.
    PriceBook,
}

/// Writes the origin in words, as in `as AWS says`.
impl fmt::Display for LifecycleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Aws => "as AWS says",
            Self::PriceBook => "as the price book says",
        })
    }
}

/// Writes the day with its origin, as in `2026-11-26, as AWS says`.
impl fmt::Display for LifecycleDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}, {}", self.day, self.source))
    }
}

impl Lifecycle {
    /// Reads the life of a model from AWS's entries of it and from the book's rows for the Region,
    /// those that name it first. For each day AWS's word goes first: it is of this Region and of
    /// this run.
    pub(super) fn new(listed: &[&FoundationModel], book: &[&LifecycleRow], today: Date) -> Self {
        let told = |by_aws: fn(&FoundationModel) -> Option<Timestamp>,
                    by_book: fn(&LifecycleRow) -> Option<Date>| {
            let aws = listed.iter().filter_map(|listed| by_aws(listed)).map(day_of).min();
            let aws = aws.map(|day| LifecycleDay { day, source: LifecycleSource::Aws });
            let book = book.iter().find_map(|row| by_book(row));
            aws.or(book.map(|day| LifecycleDay { day, source: LifecycleSource::PriceBook }))
        };
        let has = |status: LifecycleStatus| {
            listed.iter().any(|listed| listed.lifecycle_status.as_ref() == Some(&status))
        };
        let status = if has(LifecycleStatus::Legacy) {
            Some(true)
        } else {
            has(LifecycleStatus::Active).then_some(false)
        };
        let legacy = told(|listed| listed.legacy_time, |row| row.legacy);
        let is_past = legacy.is_some_and(|legacy| legacy.day <= today);
        // A day of the book that AWS's status contradicts is none.
        let legacy = legacy.filter(|legacy| {
            legacy.source == LifecycleSource::Aws || status.is_none_or(|status| status == is_past)
        });
        Self {
            is_legacy: status == Some(true) || legacy.is_some_and(|legacy| legacy.day <= today),
            legacy,
            extended_access: told(
                |listed| listed.public_extended_access_time,
                |row| row.extended_access,
            ),
            end_of_life: told(|listed| listed.end_of_life_time, |row| row.end_of_life),
            successor: book.iter().find_map(|row| row.successor.clone()),
        }
    }

    /// Returns true if nobody says anything of the model's end.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Says when the model ends, where that is near or past; `None` otherwise. `is_called_since`
    /// tells of a day if requests came after it.
    pub(super) fn end_in_words(
        &self,
        name: &str,
        region: &Region,
        today: Date,
        is_called_since: impl Fn(Date) -> bool,
    ) -> Option<String> {
        let LifecycleDay { day, source } = self.end_of_life?;
        let away = day.since(today).map_or(0, |span| span.get_days());
        if away > NOTICE_DAYS {
            return None;
        }
        let days = match away.abs() {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let when = match away {
            0 => format!("ends on {day}, today"),
            1.. => format!("ends on {day}, in {days}"),
            _ => format!("ended on {day}, {days} ago"),
        };
        let called = if away < 0 && is_called_since(day) {
            ", but it was called since, so look whether that day holds"
        } else {
            ""
        };
        let successor = self.successor.as_ref().map_or_else(String::new, |successor| {
            format!("; an editor of the price book would look at {successor} first")
        });
        Some(format!(
            "{name} in {region} {when}, {source}: requests fail from then on{called}{successor}"
        ))
    }
}
