//! The days of a price and the place where it is written: what every row of a book carries.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::row_scope::{RowRegion, RowScope};

/// The kind of a source, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The AWS Price List, or the offer of an agreement, which AWS bills by.
    PriceList,
    /// A page of AWS's documentation.
    AwsDoc,
    /// AWS's price page.
    AwsPage,
    /// A line of the AWS Price List whose usage type names the bedrock-mantle endpoint, taken for a
    /// price of `bedrock-runtime` since a page has the same figure.
    ReviewedMantle,
    /// Somebody else's list that names a page of AWS.
    PeerWithSource,
}

/// Dates of a price and the place where the price is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// First day of the price; `None` where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// First day on which the price was seen, where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<Date>,
    /// Last day on which the price was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<Date>,
    /// Last day of the price, where its end is announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Date>,
    /// Day on which somebody last looked, and at most the day on which the source was published.
    pub checked: Date,
    /// Place where the price is written.
    pub source: String,
    /// Kind of that place; `None` where the book does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

/// The days on which a price holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dating {
    /// First day.
    pub from: Date,
    /// Last day on which the price was seen; `None` where its first day is known. The price goes on
    /// until a newer row follows.
    pub to: Option<Date>,
    /// Last day of the price, after which it is nobody's; `None` where no end is announced.
    pub until: Option<Date>,
}

impl Provenance {
    /// Returns the days on which the price holds; `None` where the row is not dated, which no valid
    /// book has.
    #[must_use]
    pub fn dating(&self) -> Option<Dating> {
        Dating::new(self.effective_from, self.seen_from, self.seen_to)?.ending(self.effective_until)
    }
}

impl Dating {
    pub(super) fn new(
        effective_from: Option<Date>,
        seen_from: Option<Date>,
        seen_to: Option<Date>,
    ) -> Option<Self> {
        match (effective_from, seen_from, seen_to) {
            (Some(from), None, None) => Some(Self { from, to: None, until: None }),
            (None, Some(from), Some(to)) if from <= to => {
                Some(Self { from, to: Some(to), until: None })
            }
            _ => None,
        }
    }

    /// Returns the same days with an announced end; `None` where the end is before the first day.
    pub(super) fn ending(self, until: Option<Date>) -> Option<Self> {
        let last = self.to.unwrap_or(self.from);
        until.is_none_or(|until| last <= until).then_some(Self { until, ..self })
    }

    /// Returns true if the price holds on a day.
    #[must_use]
    pub fn holds_on(self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to) && !self.has_ended(day)
    }

    /// Returns true if the announced end of the price is before a day.
    #[must_use]
    pub fn has_ended(self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    /// Returns true if there is a day on which both prices hold.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let begins_in_time =
            |first: Self, second: Self| first.to.or(first.until).is_none_or(|to| second.from <= to);
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

/// A row of prices that hold in some Regions on some days.
pub trait DatedRow {
    /// Returns the Regions that the row names.
    fn regions(&self) -> &[RowRegion];

    /// Returns the Regions that the row names, to take some out.
    fn regions_mut(&mut self) -> &mut Vec<RowRegion>;

    /// Returns the scope of the row; `None` for model units, which serve any.
    fn scope(&self) -> Option<RowScope>;

    /// Returns the days on which the price holds; `None` where the row is not dated, which no valid
    /// book has.
    fn dating(&self) -> Option<Dating>;

    /// Returns the day on which somebody last looked.
    fn checked(&self) -> Date;

    /// Returns the dates of the price and the place where the price is written.
    fn provenance(&self) -> Provenance;
}
