//! The amount of a purchase, of either kind: as it is said, and as the next run reads it.

use crate::domain::{ModelUnits, PurchaseSize, Tokens};
use crate::sizing::{Purchase, Reservation, UnitPurchase};

/// Amount of a purchase or a holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Units(ModelUnits),
    Tokens(Reservation),
}

impl Amount {
    /// Returns true if the amount is nothing.
    pub(super) fn is_none(self) -> bool {
        matches!(self, Self::Units(UnitPurchase::NONE) | Self::Tokens(Reservation::NONE))
    }

    /// Returns true if the amount is as much as another of its kind, or more.
    pub(super) const fn is_at_least(self, least: Self) -> bool {
        match (self, least) {
            (Self::Units(units), Self::Units(least)) => units.count() >= least.count(),
            (Self::Tokens(tokens), Self::Tokens(least)) => {
                tokens.input_tokens_per_minute >= least.input_tokens_per_minute
                    && tokens.output_tokens_per_minute >= least.output_tokens_per_minute
            }
            _ => false,
        }
    }

    /// Returns the amount as the next run reads it.
    pub(super) fn size(self) -> PurchaseSize {
        match self {
            Self::Units(units) => {
                PurchaseSize { model_units: units.count(), ..PurchaseSize::default() }
            }
            Self::Tokens(Reservation { input_tokens_per_minute, output_tokens_per_minute }) => {
                PurchaseSize { model_units: 0, input_tokens_per_minute, output_tokens_per_minute }
            }
        }
    }
}

impl From<PurchaseSize> for Amount {
    fn from(size: PurchaseSize) -> Self {
        match size.model_units {
            0 => Self::Tokens(Reservation {
                input_tokens_per_minute: size.input_tokens_per_minute,
                output_tokens_per_minute: size.output_tokens_per_minute,
            }),
            units => Self::Units(ModelUnits::new(units)),
        }
    }
}

/// The error for an amount of the other kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherKind;

impl TryFrom<Amount> for ModelUnits {
    type Error = OtherKind;

    fn try_from(amount: Amount) -> Result<Self, OtherKind> {
        match amount {
            Amount::Units(units) => Ok(units),
            Amount::Tokens(_) => Err(OtherKind),
        }
    }
}

impl TryFrom<Amount> for Reservation {
    type Error = OtherKind;

    fn try_from(amount: Amount) -> Result<Self, OtherKind> {
        match amount {
            Amount::Tokens(reservation) => Ok(reservation),
            Amount::Units(_) => Err(OtherKind),
        }
    }
}

impl From<ModelUnits> for Amount {
    fn from(units: ModelUnits) -> Self {
        Self::Units(units)
    }
}

impl From<Reservation> for Amount {
    fn from(reservation: Reservation) -> Self {
        Self::Tokens(reservation)
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            _ if self.is_none() => f.pad("none"),
            Self::Units(units) => units.fmt(f),
            Self::Tokens(reservation) => write!(
                f,
                "{} input and {} output tokens a minute reserved",
                Tokens::new(reservation.input_tokens_per_minute),
                Tokens::new(reservation.output_tokens_per_minute)
            ),
        }
    }
}
