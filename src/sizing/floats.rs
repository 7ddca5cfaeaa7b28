//! The crossing between exact amounts and the floating point of searches and statistics.

use rust_decimal::Decimal;

use crate::domain::Usd;
use crate::pricing::{MONEY_SCALE, TimesServed};

/// Costs are compared rounded to so many decimals, so that a tie is a tie.
pub(crate) const COST_SCALE: u32 = 12;

/// Hours of a week, the block that savings are looked at by.
pub const HOURS_PER_WEEK: usize = 168;

/// Two costs that floating point holds apart by less than this share are compared exactly.
pub(crate) const TOLERANCE: f64 = 1e-10;

/// An amount in floating point, for searches and statistics.
pub(crate) fn float(amount: Usd) -> f64 {
    f64::try_from(amount.dollars()).unwrap_or(f64::MAX)
}

/// One amount as a share of another that is not zero.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    part / whole
}

/// Dollars from floating point, rounded to cents' hundredths: an estimate is not known better.
pub(crate) fn estimate(dollars: f64) -> Option<Usd> {
    let dollars = Decimal::try_from(dollars).ok()?;
    Some(Usd::new(dollars.round_dp(4).normalize()))
}

/// The whole number of 10^-16 dollars in floating-point dollars.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn float_value(value: u128) -> f64 {
    const ONE: f64 = 1e16;
    const { assert!(MONEY_SCALE == 16) };
    value as f64 / ONE
}

/// How many times over a load is served, in floating point; infinite where nothing is asked for.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn times(served: TimesServed) -> f64 {
    match served.asked {
        0 => f64::INFINITY,
        asked => served.room as f64 / asked as f64,
    }
}

/// How many times the room a load would need, which is not zero: the inverse of the above.
#[expect(clippy::cast_precision_loss, reason = "for searches and statistics")]
pub(crate) fn needed(served: TimesServed) -> f64 {
    served.asked as f64 / served.room as f64
}
