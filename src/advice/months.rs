//! The months until a longer term has cost no more than shorter ones.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::domain::Usd;

/// A number of months, to a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Months(Decimal);

impl From<Months> for String {
    fn from(months: Months) -> Self {
        months.0.to_string()
    }
}

impl Months {
    /// Computes the months in which a shorter arrangement costs what a whole term of so many months
    /// does, rounded up to a tenth. Both cost more than nothing a month.
    pub(super) fn to_pay(monthly_cost: Usd, months: u32, shorter: Usd) -> Self {
        // Up: a tenth of a month earlier the term is not paid off yet.
        let whole = monthly_cost.dollars() * Decimal::from(months);
        let paid =
            (whole / shorter.dollars()).round_dp_with_strategy(1, RoundingStrategy::AwayFromZero);
        Self(paid.normalize())
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> Decimal {
        self.0
    }
}

impl std::fmt::Display for Months {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:.1}", self.0))
    }
}
