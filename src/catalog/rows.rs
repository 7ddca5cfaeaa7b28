//! The rows of a price book: what one price says of itself.
//!
//! Every row carries its dates and its source. The fields for them stand in each kind of row, since
//! `serde` cannot both share them and refuse a field that nobody knows.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::place::NotARegion;
use crate::domain::{
    BaseModel, Geo, LoadWeights, Meter, Region, Scope, ServiceTier, Term, UsdPerMillionTokens,
    UsdPerModelUnitHour, UsdPerThousandTpmHour,
};

/// All rows of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrices {
    /// The base id, without a profile's prefix.
    pub id: BaseModel,
    /// The name that people use.
    pub name: String,
    /// Who made it.
    pub provider: String,
    /// Prices of tokens.
    #[serde(rename = "rate", default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateRow>,
    /// Prices of provisioned throughput by model units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_units: Vec<ModelUnitsRow>,
    /// Prices of reserved tokens per minute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved_tokens: Vec<ReservedTokensRow>,
    /// When the model leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifecycle: Vec<LifecycleRow>,
    /// What of it is billed by something else than text tokens, and is known to have no price here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<UnpricedRow>,
    /// How kinds of tokens weigh in a model unit's load.
    #[serde(default)]
    pub load_weights: LoadWeights,
}

/// When a price held and where that is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The first day of the price, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The first day on which the price was seen, where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<Date>,
    /// The last day on which the price was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// The days on which a row's price holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dating {
    /// The first day.
    pub from: Date,
    /// The last day; `None` until a newer row follows.
    pub to: Option<Date>,
}

impl Provenance {
    /// The days on which the price holds; `None` where the row is not dated, which no valid book has.
    #[must_use]
    pub fn dating(&self) -> Option<Dating> {
        Dating::new(self.effective_from, self.seen_from, self.seen_to)
    }
}

impl Dating {
    fn new(
        effective_from: Option<Date>,
        seen_from: Option<Date>,
        seen_to: Option<Date>,
    ) -> Option<Self> {
        match (effective_from, seen_from, seen_to) {
            (Some(from), None, None) => Some(Self { from, to: None }),
            (None, Some(from), Some(to)) if from <= to => Some(Self { from, to: Some(to) }),
            _ => None,
        }
    }

    /// Returns true if the price holds on a day.
    #[must_use]
    pub fn holds_on(self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Returns true if there is a day on which both prices hold.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let begins_in_time =
            |first: Self, second: Self| first.to.is_none_or(|to| second.from <= to);
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

    /// Says when the price held and where that is written.
    fn provenance(&self) -> Provenance;
}

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
                Dating::new(self.effective_from, self.seen_from, self.seen_to)
            }

            fn checked(&self) -> Date {
                self.checked
            }

            fn provenance(&self) -> Provenance {
                Provenance {
                    effective_from: self.effective_from,
                    seen_from: self.seen_from,
                    seen_to: self.seen_to,
                    checked: self.checked,
                    source: self.source.clone(),
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

/// Which requests a rate is for, by where they may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowScope {
    /// In the Region that was called.
    InRegion,
    /// Through the profile of a group of Regions.
    Geo,
    /// Through the global profile.
    Global,
    /// In the Region that was called and through the profile of any group: the Price List has one
    /// row for both.
    Regional,
    /// All of them: the book does not tell scopes apart.
    Any,
}

impl RowScope {
    /// How far a row of this scope is from saying the one scope; the least goes first.
    pub(super) const fn breadth(self) -> u8 {
        match self {
            Self::InRegion | Self::Geo | Self::Global | Self::Regional => 0,
            Self::Any => 1,
        }
    }

    /// How few requests a row of this scope is about; the fewest go first.
    pub(super) const fn narrowness(self) -> u8 {
        match self {
            Self::InRegion | Self::Geo | Self::Global => 0,
            Self::Regional => 1,
            Self::Any => 2,
        }
    }

    /// Whether a row of this scope, and of this group if it is of a geo profile, is about requests
    /// under `scope`.
    pub(super) fn covers(self, geo: Option<Geo>, scope: Scope) -> bool {
        match (self, scope) {
            (Self::Any, _)
            | (Self::Regional, Scope::InRegion | Scope::Geo(_))
            | (Self::InRegion, Scope::InRegion)
            | (Self::Global, Scope::Global) => true,
            (Self::Geo, Scope::Geo(of)) => geo == Some(of),
            _ => false,
        }
    }
}

/// One of the Regions of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RowRegion {
    /// This Region.
    Named(Region),
    /// `*`: the source gives one price for all its Regions.
    All,
    /// The source gives a price and no Region.
    Unstated,
}

impl TryFrom<String> for RowRegion {
    type Error = NotARegion;

    fn try_from(text: String) -> Result<Self, NotARegion> {
        match text.as_str() {
            "*" => Ok(Self::All),
            "unstated" => Ok(Self::Unstated),
            name => name.parse().map(Self::Named),
        }
    }
}

impl From<RowRegion> for String {
    fn from(region: RowRegion) -> Self {
        match region {
            RowRegion::Named(region) => region.into(),
            RowRegion::All => "*".into(),
            RowRegion::Unstated => "unstated".into(),
        }
    }
}

/// A price, or the ends of what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// The lower end.
    pub lower: UsdPerMillionTokens,
    /// The upper end.
    pub upper: UsdPerMillionTokens,
}

impl PriceRange {
    /// One price.
    #[must_use]
    pub const fn exactly(price: UsdPerMillionTokens) -> Self {
        Self {
            lower: price,
            upper: price,
        }
    }

    /// What a price may be that is one of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            lower: self.lower.min(other.lower),
            upper: self.upper.max(other.upper),
        }
    }
}

/// Prices of one model's tokens under one scope and tier, in USD for a million tokens each. A meter
/// that is missing has no price; it is not free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRow {
    /// Where the requests may be served.
    pub scope: RowScope,
    /// The group of Regions, exactly when the scope is a geo profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// The Regions that are called.
    pub regions: Vec<RowRegion>,
    /// The service tier.
    pub tier: ServiceTier,
    /// The row prices only requests of more input tokens than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// The first day of the price, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The first day on which the price was seen, where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<Date>,
    /// The last day on which the price was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
    /// Input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<UsdPerMillionTokens>,
    /// Output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<UsdPerMillionTokens>,
    /// Tokens read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<UsdPerMillionTokens>,
    /// Tokens written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<UsdPerMillionTokens>,
    /// Tokens written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<UsdPerMillionTokens>,
}

impl RateRow {
    /// The lowest and the highest price of a meter. Cache writes can have two, since `CloudWatch`
    /// does not tell how long a write was kept for.
    #[must_use]
    pub fn price(&self, meter: Meter) -> Option<PriceRange> {
        let exactly = |price: Option<UsdPerMillionTokens>| price.map(PriceRange::exactly);
        match meter {
            Meter::Input => exactly(self.input),
            Meter::Output => exactly(self.output),
            Meter::CacheRead => exactly(self.cache_read),
            Meter::CacheWrite => match (self.cache_write_5m, self.cache_write_1h) {
                (Some(short), Some(long)) => {
                    Some(PriceRange::exactly(short).and(PriceRange::exactly(long)))
                }
                (short, long) => exactly(short.or(long)),
            },
            _ => None,
        }
    }

    /// Whether the row prices anything.
    #[must_use]
    pub fn prices_any(&self) -> bool {
        Meter::TOKENS
            .into_iter()
            .any(|meter| self.price(meter).is_some())
    }

    /// Whether the row prices requests under `scope`.
    #[must_use]
    pub fn covers(&self, scope: Scope) -> bool {
        self.scope.covers(self.geo, scope)
    }
}

/// The price of a model unit under one term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelUnitsRow {
    /// What the book calls it, where it sells more than one kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it is sold.
    pub regions: Vec<RowRegion>,
    /// How long it binds.
    pub term: Term,
    /// USD for one unit and hour, used or not.
    pub usd_per_unit_hour: UsdPerModelUnitHour,
    /// Input load that a unit serves in an hour, where the book states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens_per_hour: Option<TokenCountText>,
    /// Output tokens that a unit serves in an hour, where the book states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens_per_hour: Option<TokenCountText>,
    /// The first day of the price, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The first day on which the price was seen, where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<Date>,
    /// The last day on which the price was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// More tokens an hour than any unit serves. It keeps products of capacities far from overflow.
const MOST_TOKENS_PER_HOUR: u64 = 60_000_000_000;

/// A whole number of tokens above zero, written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenCountText(pub u64);

/// Why a text is not the tokens that a unit serves in an hour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a whole number of tokens from 1 to {MOST_TOKENS_PER_HOUR}")]
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

/// The price of reserved tokens per minute, in USD an hour for each 1,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedTokensRow {
    /// Where the requests may be served.
    pub scope: RowScope,
    /// The group of Regions, or `*` where one price is given for all groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<String>,
    /// Where it is sold.
    pub regions: Vec<RowRegion>,
    /// How long it binds.
    pub term: Term,
    /// USD an hour for 1,000 input tokens a minute.
    pub input: UsdPerThousandTpmHour,
    /// USD an hour for 1,000 output tokens a minute.
    pub output: UsdPerThousandTpmHour,
    /// The fewest input tokens a minute that are sold.
    pub minimum_input_tpm: u64,
    /// The fewest output tokens a minute that are sold.
    pub minimum_output_tpm: u64,
    /// The first day of the price, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Date>,
    /// The first day on which the price was seen, where the source has no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<Date>,
    /// The last day on which the price was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_to: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// When a model leaves some Regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRow {
    /// The Regions.
    pub regions: Vec<RowRegion>,
    /// From when on it is Legacy: no new provisioned throughput is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy: Option<Date>,
    /// From when on it may cost more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_access: Option<Date>,
    /// From when on requests fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<Date>,
    /// The model of the same family that comes first to mind instead: an editor's choice, which is
    /// compared at the same tokens and never counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<BaseModel>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// What a model is billed by that this program does not price: images, seconds of video, searches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnpricedRow {
    /// What is billed, in words, as in `output images`.
    pub meter: String,
    /// Why there is no price for it.
    pub why: String,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}
