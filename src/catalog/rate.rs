//! The price of one meter: what is asked for, what is found, and where it is written.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::rows::{Dating, PriceRange, Provenance};
use crate::domain::{BaseModel, Meter, Region, Scope, ServiceTier, UsdPerMillionTokens};

/// How a row came to apply to a Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionBasis {
    /// The row names the Region.
    Named,
    /// The source gives one price for all its Regions.
    All,
    /// The source names no Region. Such a row applies to the commercial US Regions only, which are
    /// what AWS's price page shows unless one chooses another.
    Unstated,
}

/// Whether a row's dates hold the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InForce {
    /// They do.
    Yes,
    /// They do not; no row's do, and this one is the nearest.
    Nearest,
}

impl InForce {
    pub(super) fn of(dating: Dating, day: Date) -> Self {
        if dating.holds_on(day) {
            Self::Yes
        } else {
            Self::Nearest
        }
    }
}

/// Where a price is written, for whoever wants to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateSource {
    /// How the row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Whether its dates hold the day.
    pub in_force: InForce,
    /// When it held and where that is written.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What a rate is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RateQuery<'a> {
    /// The model.
    pub model: &'a BaseModel,
    /// The Region that is called.
    pub region: &'a Region,
    /// Where the requests may be served.
    pub scope: Scope,
    /// How they are served; `None` where that is not known.
    pub tier: Option<ServiceTier>,
    /// What is billed.
    pub meter: Meter,
    /// The input tokens of a request, which some prices depend on; `None` where not known.
    pub input_tokens: Option<u64>,
    /// The day.
    pub day: Date,
}

/// The price of one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The list price; the lower end where the true one is a range.
    pub list_unit_price: UsdPerMillionTokens,
    /// What the account pays under its contract; the list price where it has none. The lower end
    /// where the true price is a range.
    pub contracted_unit_price: UsdPerMillionTokens,
    /// The upper end of what the account pays, where the true price is a range: writes kept for an
    /// hour, long contexts, another tier.
    pub upper_unit_price: UsdPerMillionTokens,
    /// Where it is written.
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

    /// A rate that is one of two: the lower list price, what is paid for the lower one at least and
    /// for the upper at most, with the source of what is paid at least.
    pub(super) fn or(self, other: Self) -> Self {
        let list_unit_price = self.list_unit_price.min(other.list_unit_price);
        let upper_unit_price = self.upper_unit_price.max(other.upper_unit_price);
        let lower = if other.contracted_unit_price < self.contracted_unit_price {
            other
        } else {
            self
        };
        Self {
            list_unit_price,
            upper_unit_price,
            ..lower
        }
    }
}
