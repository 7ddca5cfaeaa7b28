//! The price of one meter: the query, the rate, and the source.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::provenance::{Dating, Provenance};
use crate::catalog::rows::PriceRange;
use crate::domain::{BaseModel, Meter, Region, Scope, ServiceTier, UsdPerMillionTokens};

/// The way in which a row came to apply to a Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionBasis {
    /// The row names the Region.
    Named,
    /// The source gives one price for all its Regions.
    All,
    /// The source names no Region, and an older version read it as one of the commercial US Regions:
    /// in observations that such a version saved.
    Unstated,
}

/// Days for which a price that was seen goes on without a word of doubt. The Price List is read by
/// others every month or two: with half as many days the doubt would be in every report, and with
/// twice as many half a year could pass without one.
const GOES_ON_DAYS: i32 = 90;

/// The relation of a row's dates to the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InForce {
    /// The price began by the day, or was seen before and not long ago.
    Yes,
    /// The price was first seen after the day, or was last seen long before: this one is the nearest.
    Nearest,
}

impl InForce {
    pub(super) fn of(dating: Dating, day: Date) -> Self {
        let seen_long_ago = dating.to.is_some_and(|to| {
            let days = to.until(day).map_or(0, |span| span.get_days());
            days > GOES_ON_DAYS
        });
        let holds = dating.from <= day && !dating.has_ended(day) && !seen_long_ago;
        if holds { Self::Yes } else { Self::Nearest }
    }
}

/// The source of a price, for whoever wants to check the price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateSource {
    /// Way in which the row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Relation of the row's dates to the day.
    pub in_force: InForce,
    /// Dates of the price and place where the price is written.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// The query for a rate.
#[derive(Clone, Copy, Debug)]
pub struct RateQuery<'a> {
    /// Base model.
    pub model: &'a BaseModel,
    /// Region that is called.
    pub region: &'a Region,
    /// Scope that may serve the requests.
    pub scope: Scope,
    /// Tier that serves the requests; `None` where that is not known.
    pub tier: Option<ServiceTier>,
    /// Meter that is billed.
    pub meter: Meter,
    /// Input tokens of a request, which some prices depend on; `None` where not known.
    pub input_tokens: Option<u64>,
    /// Day of the usage.
    pub day: Date,
}

/// The price of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// List price; the lower end where the true one is a range.
    pub list_unit_price: UsdPerMillionTokens,
    /// Price that the account pays under its contract; the list price where the account has none.
    /// The lower end where the true price is a range.
    pub contracted_unit_price: UsdPerMillionTokens,
    /// Upper end of the price that the account pays, where the true price is a range: writes kept
    /// for an hour, long contexts, another tier.
    pub upper_unit_price: UsdPerMillionTokens,
    /// Source of the price.
    pub source: RateSource,
}

impl Rate {
    pub(super) fn new(list: PriceRange, paid: PriceRange, source: RateSource) -> Self {
        Self {
            list_unit_price: list.lower,
            contracted_unit_price: paid.lower,
            upper_unit_price: paid.upper,
            source,
        }
    }

    /// Returns the rate of usage that is billed by one of two rates: the lower list price, and from
    /// the lower to the upper price that is paid, with the source of the lower.
    pub(super) fn or(self, other: Self) -> Self {
        let list_unit_price = self.list_unit_price.min(other.list_unit_price);
        let upper_unit_price = self.upper_unit_price.max(other.upper_unit_price);
        let lower =
            if other.contracted_unit_price < self.contracted_unit_price { other } else { self };
        Self { list_unit_price, upper_unit_price, ..lower }
    }
}
