//! The crossing between exact amounts and the floating point of searches and statistics.

use rust_decimal::Decimal;

use crate::domain::Usd;
use crate::pricing::{MONEY_SCALE, TimesServed};

/// Decimals that costs are compared at, so that a tie is a tie. Each step is exact to 10^-16 USD,
/// so 20,160 minutes are exact to some 10^-12.
pub(crate) const COST_SCALE: u32 = 12;

/// Hours of a week, the block that savings are looked at by.
pub const HOURS_PER_WEEK: usize = 168;

/// Share below which two costs in floating point are compared exactly instead. A sum over 20,160
/// minutes errs by some 10^-12 of its size: at a hundredth of this share rounding would decide ties.
pub(crate) const TOLERANCE: f64 = 1e-10;

/// Turns an amount into floating point, for searches and statistics.
pub(crate) fn float(amount: Usd) -> f64 {
    f64::try_from(amount.dollars()).unwrap_or(f64::MAX)
}

/// Turns floating-point dollars into an amount with four decimals: an estimate is not known better.
/// `None` for what is no number.
pub(crate) fn estimate(dollars: f64) -> Option<Usd> {
    let dollars = Decimal::try_from(dollars).ok()?;
    Some(Usd::new(dollars.round_dp(4).normalize()))
}

/// Turns a value in 10^-16 USD into floating-point dollars.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn float_value(value: u128) -> f64 {
    const ONE: f64 = 1e16;
    const { assert!(MONEY_SCALE == 16) };
    value as f64 / ONE
}

/// Turns a number of times served into floating point; infinite where nothing is asked for.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn times(served: TimesServed) -> f64 {
    match served.asked {
        0 => f64::INFINITY,
        asked => served.room as f64 / asked as f64,
    }
}

/// Returns the number of times the room that a load needs, where the room is not zero: the inverse
/// of `times`.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn needed(served: TimesServed) -> f64 {
    served.asked as f64 / served.room as f64
}
