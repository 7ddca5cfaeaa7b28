//! Quantities that are metered or bought.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use crate::domain::digits::group_digits;

/// A number of tokens, or of images and other things that a meter counts in whole pieces.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Tokens(u64);

/// The error for a `CloudWatch` sum that is not a number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is not a whole number from 0 to 2^53")]
pub struct NotTokens(pub f64);

impl Tokens {
    /// No tokens.
    pub const ZERO: Self = Self(0);

    /// Builds a number of tokens.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// Returns the number of tokens.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.0
    }

    /// Returns true if there are no tokens.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// Reads a sum of `CloudWatch`, which keeps sums as doubles and counts exactly up to 2^53.
impl TryFrom<f64> for Tokens {
    type Error = NotTokens;

    fn try_from(sum: f64) -> Result<Self, NotTokens> {
        // Above 2^53 doubles skip whole numbers, so a sum could be off by some tokens unseen.
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        if sum.is_finite() && (0.0..=LARGEST).contains(&sum) && sum.fract().abs() < f64::EPSILON {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and within range"
            )]
            return Ok(Self(sum as u64));
        }
        Err(NotTokens(sum))
    }
}

impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        // Saturates: a total that wraps around would look like little.
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}

/// Writes the number with thousands separators.
impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&group_digits(&self.0.to_string()))
    }
}

/// A number of model units, the steps in which provisioned throughput is sold.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ModelUnits(u32);

impl ModelUnits {
    /// Builds a number of units.
    #[must_use]
    pub const fn new(count: u32) -> Self {
        Self(count)
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }
}

impl Add for ModelUnits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for ModelUnits {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self(0), Add::add)
    }
}

/// Writes the number in words, as in `1 model unit` and `2 model units`.
impl fmt::Display for ModelUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        f.pad(&format!("{} model unit{plural}", self.0))
    }
}

/// The load that one model unit serves in an hour. AWS publishes no such figure: the operator gives
/// it, or the article does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Input load, in weighted tokens an hour.
    pub input_tokens_per_hour: u64,
    /// Output tokens an hour.
    pub output_tokens_per_hour: u64,
    /// Source of the figures.
    pub origin: CapacityOrigin,
}

/// The source of a capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityOrigin {
    /// The price book states the capacity.
    Stated,
    /// The operator's overrides give the capacity; reports call it an assumed capacity.
    Assumed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_sums_within_two_to_the_53_are_tokens() {
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.5, 9_007_199_254_740_994.0] {
            assert!(Tokens::try_from(bad).is_err(), "{bad}");
        }
        assert_eq!(Tokens::try_from(9_007_199_254_740_992.0).unwrap().count(), 1 << 53);
        assert_eq!(Tokens::try_from(0.0).unwrap(), Tokens::ZERO);
    }

    #[test]
    fn units_are_counted_in_words() {
        assert_eq!(ModelUnits::new(1).to_string(), "1 model unit");
        assert_eq!(ModelUnits::new(3).to_string(), "3 model units");
    }
}
