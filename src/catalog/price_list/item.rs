//! Items that have a price, and their prices.

use std::fmt;

use rust_decimal::Decimal;

use crate::catalog::price_list::refusal::LineRefusal;
use crate::catalog::price_list::usage_type::{Reach, Side, TokenMeter};
use crate::domain::{
    ServiceTier, Term, UsdPerMillionTokens, UsdPerModelUnitHour, UsdPerThousandTpmHour,
};

/// The highest believed price of a million tokens, in USD. The dearest listed is 137.50. A price
/// for a million tokens that is read as one for a thousand is a thousand times too high: from a
/// dollar on, the bound catches that.
const HIGHEST_TOKEN_PRICE: Decimal = Decimal::from_parts(1_000, 0, 0, false, 0);

/// The highest believed price of a model unit or of reserved tokens for an hour, in USD. The dearest
/// listed is 176.00.
const HIGHEST_HOURLY_PRICE: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// The item that a price is of, but for the model and the Region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PricedItem {
    Tokens(PricedTokens),
    Units(Term),
    Reserved { term: Term, reach: Reach, side: Side },
}

/// The endpoint whose requests a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    Runtime,
    Mantle,
}

/// Tokens of one meter that have a price of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PricedTokens {
    pub(super) endpoint: Endpoint,
    pub(super) tier: ServiceTier,
    /// Input tokens above which a request is of this price; `None` for requests of any length.
    pub(super) above: Option<u64>,
    pub(super) meter: TokenMeter,
    pub(super) reach: Reach,
}

impl PricedItem {
    /// Returns the item for requests of more input tokens than `threshold`.
    pub(super) const fn above(self, threshold: Option<u64>) -> Self {
        match self {
            Self::Tokens(tokens) => Self::Tokens(PricedTokens { above: threshold, ..tokens }),
            capacity => capacity,
        }
    }
}

/// Writes the item in words, as in `input tokens, standard, global, above 200000 tokens`.
impl fmt::Display for PricedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(tokens) => {
                let (meter, reach) = (tokens.meter.name(), tokens.reach.name());
                write!(f, "{meter} tokens, {}, {reach}", tokens.tier)?;
                if tokens.endpoint == Endpoint::Mantle {
                    f.write_str(", bedrock-mantle endpoint")?;
                }
                tokens.above.map_or(Ok(()), |above| write!(f, ", above {above} tokens"))
            }
            Self::Units(term) => write!(f, "model units, {term}"),
            Self::Reserved { term, reach, side } => {
                let (side, reach) = (side.name(), reach.name());
                write!(f, "reserved {side} tokens, {term}, {reach}")
            }
        }
    }
}

/// A price in the unit of its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Price {
    Tokens(UsdPerMillionTokens),
    Unit(UsdPerModelUnitHour),
    Reserved(UsdPerThousandTpmHour),
}

impl Price {
    const fn dollars(self) -> Decimal {
        match self {
            Self::Tokens(price) => price.dollars(),
            Self::Unit(price) => price.dollars(),
            Self::Reserved(price) => price.dollars(),
        }
    }

    /// Returns true if the item is listed at nothing.
    pub(super) const fn is_zero(self) -> bool {
        self.dollars().is_zero()
    }

    /// Returns the price, or a refusal where the price is too high for its unit.
    pub(super) fn believed(self) -> Result<Self, LineRefusal> {
        let highest = match self {
            Self::Tokens(_) => HIGHEST_TOKEN_PRICE,
            Self::Unit(_) | Self::Reserved(_) => HIGHEST_HOURLY_PRICE,
        };
        if self.dollars() < highest {
            Ok(self)
        } else {
            Err(LineRefusal::BeyondBelief(self.dollars()))
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(price) => price.fmt(f),
            Self::Unit(price) => price.fmt(f),
            Self::Reserved(price) => price.fmt(f),
        }
    }
}
