//! The fields of a row of rates, each of which is the price of one kind of tokens.

use crate::catalog::rows::RateRow;
use crate::domain::{Meter, UsdPerMillionTokens};

/// A field of a row of rates: tokens that have a price of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateField {
    /// Input tokens.
    Input,
    /// Output tokens.
    Output,
    /// Tokens read from a prompt cache.
    CacheRead,
    /// Tokens written to a prompt cache for five minutes.
    CacheWrite5m,
    /// Tokens written to a prompt cache for thirty minutes.
    CacheWrite30m,
    /// Tokens written to a prompt cache for an hour.
    CacheWrite1h,
}

impl RateField {
    /// All fields that hold a price.
    pub const ALL: [Self; 6] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite5m,
        Self::CacheWrite30m,
        Self::CacheWrite1h,
    ];

    /// Returns the name of the field in a book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache_read",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite30m => "cache_write_30m",
            Self::CacheWrite1h => "cache_write_1h",
        }
    }

    /// Returns the price that a row has in the field; `None` where the row has none.
    #[must_use]
    pub const fn of(self, row: &RateRow) -> Option<UsdPerMillionTokens> {
        match self {
            Self::Input => row.input,
            Self::Output => row.output,
            Self::CacheRead => row.cache_read,
            Self::CacheWrite5m => row.cache_write_5m,
            Self::CacheWrite30m => row.cache_write_30m,
            Self::CacheWrite1h => row.cache_write_1h,
        }
    }

    /// Returns the fields in which a row has a price, as bits.
    pub(super) fn of_row(row: &RateRow) -> u8 {
        let bit = |(place, field): (usize, Self)| u8::from(field.of(row).is_some()) << place;
        Self::ALL.into_iter().enumerate().map(bit).sum()
    }

    /// Sets the price that a row has in the field.
    pub(super) const fn set(self, row: &mut RateRow, price: UsdPerMillionTokens) {
        let place = match self {
            Self::Input => &mut row.input,
            Self::Output => &mut row.output,
            Self::CacheRead => &mut row.cache_read,
            Self::CacheWrite5m => &mut row.cache_write_5m,
            Self::CacheWrite30m => &mut row.cache_write_30m,
            Self::CacheWrite1h => &mut row.cache_write_1h,
        };
        *place = Some(price);
    }

    /// Returns the fields that hold prices of a meter: several for cache writes, since `CloudWatch`
    /// does not tell how long a write was kept for; none for what has no rate.
    #[must_use]
    pub const fn of_meter(meter: Meter) -> &'static [Self] {
        match meter {
            Meter::Input => &[Self::Input],
            Meter::Output => &[Self::Output],
            Meter::CacheRead => &[Self::CacheRead],
            Meter::CacheWrite => &[Self::CacheWrite5m, Self::CacheWrite30m, Self::CacheWrite1h],
            _ => &[],
        }
    }
}
