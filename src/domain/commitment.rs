//! Commitments: terms, and the load of tokens on model units.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::meter::Meter;
use crate::domain::money::Ratio;

/// The term for which a commitment binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Term {
    /// No term: billed by the hour until the purchase is deleted.
    #[serde(rename = "none")]
    None,
    /// One month.
    #[serde(rename = "1-month")]
    OneMonth,
    /// Three months.
    #[serde(rename = "3-months")]
    ThreeMonths,
    /// Six months.
    #[serde(rename = "6-months")]
    SixMonths,
}

/// Size of a purchase, beyond what is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseSize {
    /// Number of model units; 0 where tokens are reserved.
    pub model_units: u32,
    /// Number of reserved input tokens a minute; 0 where units are bought.
    pub input_tokens_per_minute: u64,
    /// Number of reserved output tokens a minute; 0 where units are bought.
    pub output_tokens_per_minute: u64,
}

impl Term {
    /// Returns the length of the term in months; 0 without a term.
    #[must_use]
    pub const fn months(self) -> u32 {
        match self {
            Self::None => 0,
            Self::OneMonth => 1,
            Self::ThreeMonths => 3,
            Self::SixMonths => 6,
        }
    }

    /// Returns the most days that the term can have: months of 31 days.
    #[must_use]
    pub const fn most_days(self) -> u32 {
        // Long months: a model whose end of life falls inside the term must not be committed to.
        self.months() * 31
    }

    /// Returns the whole days of the term's months of 730 hours: 30, 91 and 182.
    #[must_use]
    pub const fn whole_days(self) -> u32 {
        // Rounded down, as history is counted in whole days.
        self.months() * 730 / 24
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "no commitment",
            Self::OneMonth => "1-month term",
            Self::ThreeMonths => "3-month term",
            Self::SixMonths => "6-month term",
        })
    }
}

/// Weights of cached tokens in the input load of a model unit; output tokens weigh one.
///
/// The defaults are those of AWS's formula for the estimated quota of provisioned throughput: input
/// + 1.25 × cache write + 0.1 × cache read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadWeights {
    /// Weight of a token that is written to a prompt cache.
    #[serde(default = "cache_write_weight")]
    pub cache_write: Ratio,
    /// Weight of a token that is read from a prompt cache.
    #[serde(default = "cache_read_weight")]
    pub cache_read: Ratio,
}

/// One of the two ceilings of a model unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// The most input load that a unit takes in an hour.
    Input,
    /// The most output tokens that a unit puts out in an hour.
    Output,
}

impl LoadWeights {
    /// Weights where nothing is cached: every input token weighs one.
    pub const UNCACHED: Self = Self { cache_write: Ratio::ONE, cache_read: Ratio::ONE };

    /// Returns the ceiling that tokens of a meter count against, and the weight of a token; `None`
    /// for images and speech, which model units do not serve.
    #[must_use]
    pub const fn of(&self, meter: Meter) -> Option<(Ceiling, Ratio)> {
        match meter {
            Meter::Input => Some((Ceiling::Input, Ratio::ONE)),
            Meter::Output => Some((Ceiling::Output, Ratio::ONE)),
            Meter::CacheRead => Some((Ceiling::Input, self.cache_read)),
            Meter::CacheWrite => Some((Ceiling::Input, self.cache_write)),
            _ => None,
        }
    }
}

fn cache_write_weight() -> Ratio {
    Ratio::new(Decimal::new(125, 2))
}

fn cache_read_weight() -> Ratio {
    Ratio::new(Decimal::new(1, 1))
}

impl Default for LoadWeights {
    fn default() -> Self {
        Self { cache_write: cache_write_weight(), cache_read: cache_read_weight() }
    }
}
