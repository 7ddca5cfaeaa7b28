//! The crossing between exact amounts and the floating point of searches and statistics.

use rust_decimal::Decimal;

use crate::domain::Usd;
use crate::pricing::MONEY_SCALE;

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

/// The dollars of `value`, counted in 10^-16, in the share `part` of `whole`, rounded down.
pub(crate) fn part_of(value: u128, part: u128, whole: u128) -> u128 {
    let (mut part, mut whole) = (part, whole);
    loop {
        if let Some(product) = value.checked_mul(part) {
            return product / whole;
        }
        // No demand that CloudWatch can count comes here; should one, it loses its last digits.
        part >>= 8;
        whole = (whole >> 8).max(1);
    }
}
