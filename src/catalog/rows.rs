//! Rows of a price book.
//!
//! Every row carries its dates and its source. The fields for them stand in each type of row, since
//! `serde` cannot both share them and refuse a field that is not known.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::provenance::{DatedRow, Dating, Provenance, Trust};
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::domain::text::{MOST_QUOTED, clip};
use crate::domain::{
    BaseModel, Geo, Meter, Region, Scope, ServiceTier, Term, UsdPerMillionTokens,
    UsdPerModelUnitHour, UsdPerThousandTpmHour,
};

macro_rules! dated_rows {
    ($($row:ident of $scope:expr),+) => {$(
        impl DatedRow for $row {
            fn regions(&self) -> &[RowRegion] {
                &self.regions
            }

            fn regions_mut(&mut self) -> &mut Vec<RowRegion> {
                &mut self.regions
            }

            fn scope(&self) -> Option<RowScope> {
                let scope: fn(&Self) -> Option<RowScope> = $scope;
                scope(self)
            }

            fn dating(&self) -> Option<Dating> {
                let dating = Dating::new(self.effective_from, self.seen_from, self.seen_to)?;
                dating.ending(self.effective_until)
            }

            fn checked(&self) -> Date {
                self.checked
            }

            fn provenance(&self) -> Provenance {
                Provenance {
                    effective_from: self.effective_from,
                    seen_from: self.seen_from,
                    seen_to: self.seen_to,
                    effective_until: self.effective_until,
                    checked: self.checked,
                    source: self.source.clone(),
                    trust: self.trust,
                }
            }
        }
    )+};
}

dated_rows!(
    RateRow of |row| Some(row.scope),
    ModelUnitsRow of |_| None,
    ReservedTokensRow of |row| Some(row.scope)
);

/// A price, or both ends of the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// Lower end.
    pub lower: UsdPerMillionTokens,
    /// Upper end.
    pub upper: UsdPerMillionTokens,
}

impl PriceRange {
    /// Builds the range of one price.
    #[must_use]
    pub const fn exactly(price: UsdPerMillionTokens) -> Self {
        Self { lower: price, upper: price }
    }

    /// Returns the range that holds both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { lower: self.lower.min(other.lower), upper: self.upper.max(other.upper) }
    }
}

/// Prices of one model's tokens under one scope and tier, in USD for a million tokens each. A meter
/// without a price is not free; the price is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRow {
    /// Scope that may serve the requests.
    pub scope: RowScope,
    /// Group of Regions, exactly when the scope is a geo profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// Regions that are called.
    pub regions: Vec<RowRegion>,
    /// Service tier.
    pub tier: ServiceTier,
    /// Input tokens above which a request is of this row; `None` for requests of any length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// First day of the price, where the source says so.
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
    /// Day on which somebody last looked.
    #[serde(default)]
    pub checked: Date,
    /// Place where the prices are written.
    #[serde(default)]
    pub source: String,
    /// Ids of sources of the book's head, instead of the two before; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub sources: Vec<String>,
    /// Ids of other sources by which the prices are of these Regions, where the sources name none;
    /// empty once the book is read.
    #[serde(default, skip_serializing)]
    pub regions_by: Vec<String>,
    /// Kind of that place; `None` where the book does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// Price of input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<UsdPerMillionTokens>,
    /// Price of output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<UsdPerMillionTokens>,
    /// Price of tokens read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for thirty minutes, as models of `OpenAI` have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_30m: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<UsdPerMillionTokens>,
}

impl RateRow {
    /// Builds a row without Regions, days, sources and prices.
    pub(super) fn bare(
        scope: RowScope,
        geo: Option<Geo>,
        tier: ServiceTier,
        above_input_tokens: Option<u64>,
    ) -> Self {
        Self {
            scope,
            geo,
            regions: Vec::new(),
            tier,
            above_input_tokens,
            effective_from: None,
            seen_from: None,
            seen_to: None,
            effective_until: None,
            checked: Date::default(),
            source: String::new(),
            sources: Vec::new(),
            regions_by: Vec::new(),
            trust: None,
            input: None,
            output: None,
            cache_read: None,
            cache_write_5m: None,
            cache_write_30m: None,
            cache_write_1h: None,
        }
    }

    /// Returns the lowest and the highest price of a meter; `None` where the row has none. Cache
    /// writes can have two, since `CloudWatch` does not tell how long a write was kept for.
    #[must_use]
    pub fn price(&self, meter: Meter) -> Option<PriceRange> {
        let exactly = |price: Option<UsdPerMillionTokens>| price.map(PriceRange::exactly);
        match meter {
            Meter::Input => exactly(self.input),
            Meter::Output => exactly(self.output),
            Meter::CacheRead => exactly(self.cache_read),
            Meter::CacheWrite => {
                let writes = self.cache_writes().into_iter().flatten();
                writes.map(PriceRange::exactly).reduce(PriceRange::and)
            }
            _ => None,
        }
    }

    /// Returns the prices of cache writes by how long they are kept, the shortest first.
    #[must_use]
    pub const fn cache_writes(&self) -> [Option<UsdPerMillionTokens>; 3] {
        [self.cache_write_5m, self.cache_write_30m, self.cache_write_1h]
    }

    /// Returns true if the row prices any meter.
    #[must_use]
    pub fn prices_any(&self) -> bool {
        Meter::TOKENS.into_iter().any(|meter| self.price(meter).is_some())
    }

    /// Returns true if the row names the Region.
    #[must_use]
    pub fn names(&self, region: &Region) -> bool {
        self.regions.iter().any(|row| matches!(row, RowRegion::Named(named) if named == region))
    }

    /// Returns true if the row prices requests under `scope`.
    #[must_use]
    pub fn covers(&self, scope: Scope) -> bool {
        self.scope.covers(self.geo, scope)
    }
}

/// The price of a model unit under one term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelUnitsRow {
    /// Name in the book, where the book sells more than one kind of units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Regions where the unit is sold.
    pub regions: Vec<RowRegion>,
    /// Term for which a purchase binds.
    pub term: Term,
    /// Price of one unit and hour in USD, used or not.
    pub usd_per_unit_hour: UsdPerModelUnitHour,
    /// Input load that a unit serves in an hour; `None` where the book does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens_per_hour: Option<TokenCountText>,
    /// Output tokens that a unit serves in an hour; `None` where the book does not state them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_per_hour: Option<TokenCountText>,
    /// First day of the price, where the source says so.
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
    /// Day on which somebody last looked.
    #[serde(default)]
    pub checked: Date,
    /// Place where the price is written.
    #[serde(default)]
    pub source: String,
    /// Ids of sources of the book's head, instead of the two before; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub sources: Vec<String>,
    /// Kind of that place; `None` where the book does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

/// The most tokens an hour that a unit is believed to serve, as many as overrides may give. The
/// bound keeps products of capacities far from overflow.
const MOST_TOKENS_PER_HOUR: u64 = 60_000_000_000;

/// A whole number of tokens above zero, written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenCountText(pub u64);

/// The error for a text that is not the tokens that a unit serves in an hour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a whole number of tokens from 1 to {MOST_TOKENS_PER_HOUR}", clip(.0, MOST_QUOTED))]
pub struct NotATokenCount(String);

impl TryFrom<String> for TokenCountText {
    type Error = NotATokenCount;

    fn try_from(text: String) -> Result<Self, NotATokenCount> {
        match text.parse::<u64>() {
            Ok(count) if (1..=MOST_TOKENS_PER_HOUR).contains(&count) && !text.starts_with('+') => {
                Ok(Self(count))
            }
            _ => Err(NotATokenCount(text)),
        }
    }
}

impl From<TokenCountText> for String {
    fn from(count: TokenCountText) -> Self {
        count.0.to_string()
    }
}

/// Prices of reserved tokens per minute, in USD an hour for each 1,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedTokensRow {
    /// Scope that may serve the requests.
    pub scope: RowScope,
    /// Group of Regions, or `*` where one price is given for all groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<String>,
    /// Regions where the tokens are sold.
    pub regions: Vec<RowRegion>,
    /// Term for which a purchase binds.
    pub term: Term,
    /// Price of 1,000 input tokens a minute in USD an hour.
    pub input: UsdPerThousandTpmHour,
    /// Price of 1,000 output tokens a minute in USD an hour.
    pub output: UsdPerThousandTpmHour,
    /// Fewest input tokens a minute that are sold.
    pub minimum_input_tpm: u64,
    /// Fewest output tokens a minute that are sold.
    pub minimum_output_tpm: u64,
    /// First day of the price, where the source says so.
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
    /// Day on which somebody last looked.
    #[serde(default)]
    pub checked: Date,
    /// Place where the prices are written.
    #[serde(default)]
    pub source: String,
    /// Ids of sources of the book's head, instead of the two before; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub sources: Vec<String>,
    /// Kind of that place; `None` where the book does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

/// The dates on which a model leaves some Regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRow {
    /// Regions that the dates are of.
    pub regions: Vec<RowRegion>,
    /// First day on which the model is Legacy: no new provisioned throughput is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy: Option<Date>,
    /// First day on which the model may cost more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_access: Option<Date>,
    /// First day on which requests fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<Date>,
    /// Model of the same family that an editor would try first instead, compared at the same tokens
    /// and never counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<BaseModel>,
    /// Day on which somebody last looked.
    #[serde(default)]
    pub checked: Date,
    /// Place where the dates are written.
    #[serde(default)]
    pub source: String,
    /// Ids of sources of the book's head, instead of the two before; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub sources: Vec<String>,
}

/// A meter that a model is billed by and that has no price here: images, seconds of video,
/// searches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnpricedRow {
    /// Meter in words, as in `output images`.
    pub meter: String,
    /// Reason for which there is no price.
    pub why: String,
    /// Day on which somebody last looked.
    #[serde(default)]
    pub checked: Date,
    /// Place where that is written.
    #[serde(default)]
    pub source: String,
    /// Ids of sources of the book's head, instead of the two before; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub sources: Vec<String>,
}
