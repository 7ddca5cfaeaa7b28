//! Exact money. A price comes from text and never from a float; a unit price becomes dollars only
//! through its `cost`.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::domain::digits::group_digits;
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::quantity::{ModelUnits, Tokens};
use crate::domain::text::{MOST_QUOTED, clip};

/// Decimals that an amount scaled to a month keeps. Scaling divides by the hours of the window,
/// which may not end; rounding each row here lets totals equal the sum of rows.
// The product of a price of ten decimals and a number of tokens has up to sixteen: with six, single
// tokens would cost nothing. With 24, the 28 digits of a `Decimal` would leave four for the dollars.
const MONTHLY_SCALE: u32 = 12;

/// The error for a text that is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a price: write US dollars from 0 to 1000000 as a plain decimal number with ten decimals at most, for example \"0.035\"",
    clip(text, MOST_QUOTED)
)]
pub struct NotAPrice {
    text: String,
}

/// The error for a text that is not a percentage, a ratio or a weight.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a share: write a plain decimal number, for example \"12.5\"",
    clip(text, MOST_QUOTED)
)]
pub struct NotAShare {
    text: String,
}

fn parse_decimal(text: &str) -> Option<Decimal> {
    // `Decimal` itself also reads `+1` and `1_000`, which no source of prices writes.
    let plain = text
        .strip_prefix('-')
        .unwrap_or(text)
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    Decimal::from_str_exact(text).ok().filter(|_| plain)
}

/// An exact amount of US dollars, rounded only when scaled to a month or shown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Usd(Decimal);

impl Usd {
    /// No dollars.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Builds an amount from an exact number of dollars.
    #[must_use]
    pub const fn new(dollars: Decimal) -> Self {
        Self(dollars)
    }

    /// Returns the exact number of dollars.
    #[must_use]
    pub const fn dollars(self) -> Decimal {
        self.0
    }

    /// Returns true if the amount is exactly zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Returns true if the amount is above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Scales the amount from `hours` hours to a month: times 730, by the hours, rounded half-even
    /// to twelve decimals. Without hours it is zero.
    #[must_use]
    pub fn per_month(self, hours: u64) -> Self {
        if hours == 0 {
            return Self::ZERO;
        }
        Self(
            (self.0 * Decimal::from(HOURS_PER_MONTH) / Decimal::from(hours))
                .round_dp_with_strategy(MONTHLY_SCALE, RoundingStrategy::MidpointNearestEven)
                .normalize(),
        )
    }

    /// Returns the amount in proportion, `part` of `whole`, rounded half-even to twelve decimals;
    /// zero where `whole` is zero.
    #[must_use]
    pub fn in_proportion(self, part: Decimal, whole: Decimal) -> Self {
        if whole.is_zero() {
            return Self::ZERO;
        }
        Self(
            (self.0 * (part / whole))
                .round_dp_with_strategy(MONTHLY_SCALE, RoundingStrategy::MidpointNearestEven)
                .normalize(),
        )
    }

    /// Returns the share that the amount is of `whole`; `None` where `whole` is zero.
    #[must_use]
    pub fn percent_of(self, whole: Self) -> Option<Percent> {
        (!whole.0.is_zero()).then(|| {
            Percent(
                (self.0 * Decimal::ONE_HUNDRED / whole.0)
                    .round_dp_with_strategy(4, RoundingStrategy::MidpointNearestEven)
                    .normalize(),
            )
        })
    }
}

impl FromStr for Usd {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        Self::try_from(text.to_owned())
    }
}

macro_rules! decimal_text {
    ($($name:ident or $error:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                parse_decimal(&text).map(Self).ok_or($error { text })
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.0.normalize().to_string()
            }
        }
    )+};
}

decimal_text!(Usd or NotAPrice, Percent or NotAShare, Ratio or NotAShare);

/// Writes a dollar sign, thousands separators and two decimals, as in `$1,234.50` and `-$0.40`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
        // By the cents: -0.001 is shown as $0.00 and not as -$0.00.
        let sign = if cents < Decimal::ZERO { "-" } else { "" };
        let digits = format!("{:.2}", cents.abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, "00"));
        f.pad(&format!("{sign}${}.{fraction}", group_digits(whole)))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A share in percent: 12.5 is an eighth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(Decimal);

impl Percent {
    /// The whole.
    pub const ALL: Self = Self(Decimal::ONE_HUNDRED);

    /// Builds a share from its number of percent.
    #[must_use]
    pub const fn new(percent: Decimal) -> Self {
        Self(percent)
    }

    /// Returns the number of percent.
    #[must_use]
    pub const fn number(self) -> Decimal {
        self.0
    }
}

/// A share of one: 0.125 is an eighth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio(Decimal);

impl Ratio {
    /// No share.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The whole.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Builds a share from its number.
    #[must_use]
    pub const fn new(number: Decimal) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> Decimal {
        self.0
    }

    /// Returns the same share in percent.
    #[must_use]
    pub fn percent(self) -> Percent {
        Percent((self.0 * Decimal::ONE_HUNDRED).normalize())
    }

    /// Returns true if the number can weigh tokens: from 0 to 100, with four decimals at most.
    #[must_use]
    pub fn is_usable_weight(self) -> bool {
        let weight = self.0.normalize();
        weight >= Decimal::ZERO && weight <= Decimal::ONE_HUNDRED && weight.scale() <= 4
    }

    /// Returns this share of an amount.
    #[must_use]
    pub fn of(self, amount: Usd) -> Usd {
        Usd(self.0 * amount.0)
    }
}

/// Writes the share with one decimal, as in `12.5 %`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.round_dp_with_strategy(1, RoundingStrategy::MidpointNearestEven);
        f.pad(&format!("{tenths:.1} %"))
    }
}

/// The highest unit price that is believed, in USD. The bound keeps all sums far from overflow.
const HIGHEST_UNIT_PRICE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Decimals that a unit price may have. AWS prints ten; demand is kept whole to as many.
pub const UNIT_PRICE_SCALE: u32 = 10;

/// Reads the price of one and returns the exact price of `lots`. Neither may be below zero, above
/// the highest, or of more decimals than are kept.
fn parse_price_for(text: &str, lots: u32) -> Result<Decimal, NotAPrice> {
    let refused = || NotAPrice { text: text.into() };
    let one = parse_decimal(text).ok_or_else(refused)?.normalize();
    // So bounded, the product has 29 digits at most and is not rounded: a million takes six
    // decimals away.
    let in_bounds = |price: Decimal, scale: u32| {
        price >= Decimal::ZERO && price <= HIGHEST_UNIT_PRICE && price.scale() <= scale
    };
    if lots > 1_000_000 || !in_bounds(one, UNIT_PRICE_SCALE + 6) {
        return Err(refused());
    }
    let price = match lots {
        1 => one,
        lots => one.checked_mul(Decimal::from(lots)).ok_or_else(refused)?.normalize(),
    };
    if in_bounds(price, UNIT_PRICE_SCALE) { Ok(price) } else { Err(refused()) }
}

macro_rules! unit_price {
    ($(#[$doc:meta])+ $name:ident) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Decimal);

        impl FromStr for $name {
            type Err = NotAPrice;

            fn from_str(text: &str) -> Result<Self, NotAPrice> {
                parse_price_for(text, 1).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAPrice;

            fn try_from(text: String) -> Result<Self, NotAPrice> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(price: $name) -> Self {
                price.to_string()
            }
        }

        impl $name {
            /// Returns the exact number of dollars for one pricing unit.
            #[must_use]
            pub const fn dollars(self) -> Decimal {
                self.0
            }

            /// Returns the price less so many percent, from 0 to 100, rounded to the decimals that
            /// are kept.
            #[must_use]
            pub fn less(self, percent: Decimal) -> Self {
                // Rounded, since demand is kept whole to as many decimals.
                let left = self.0 * (Decimal::ONE_HUNDRED - percent) / Decimal::ONE_HUNDRED;
                Self(left.round_dp(UNIT_PRICE_SCALE).normalize())
            }

            /// Returns the mean of some prices weighed by days, rounded down to the decimals that are
            /// kept; the price itself without a day.
            #[must_use]
            pub fn mean_below(self, prices: impl IntoIterator<Item = (Self, u32)>) -> Self {
                self.mean(prices, RoundingStrategy::ToZero)
            }

            /// Returns the mean of some prices weighed by days, rounded up.
            #[must_use]
            pub fn mean_above(self, prices: impl IntoIterator<Item = (Self, u32)>) -> Self {
                self.mean(prices, RoundingStrategy::AwayFromZero)
            }

            fn mean(
                self,
                prices: impl IntoIterator<Item = (Self, u32)>,
                rounding: RoundingStrategy,
            ) -> Self {
                let weigh = |(sum, days): (Decimal, u32), (price, more): (Self, u32)| {
                    (sum + price.0 * Decimal::from(more), days + more)
                };
                match prices.into_iter().fold((Decimal::ZERO, 0), weigh) {
                    (_, 0) => self,
                    (sum, days) => {
                        let mean = sum / Decimal::from(days);
                        Self(mean.round_dp_with_strategy(UNIT_PRICE_SCALE, rounding).normalize())
                    }
                }
            }
        }

        /// Writes the exact number, with at least two decimals.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let plain = self.0.normalize();
                if plain.scale() < 2 {
                    f.pad(&format!("{plain:.2}"))
                } else {
                    f.pad(&plain.to_string())
                }
            }
        }
    };
}

/// A millionth. Multiplying by it is exact, and several times as fast as dividing by a million.
const MILLIONTH: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

unit_price!(
    /// Price of a million tokens in USD: a FOCUS list unit price whose pricing unit is `1000000
    /// Tokens`.
    UsdPerMillionTokens
);

impl UsdPerMillionTokens {
    /// Builds the price from the dollars that `tokens` tokens cost, exactly.
    ///
    /// The text is refused as any price is, and so is a number of tokens that does not divide a
    /// million: nothing is rounded.
    pub fn where_tokens_cost(tokens: u32, text: &str) -> Result<Self, NotAPrice> {
        match 1_000_000_u32.checked_rem(tokens) {
            Some(0) => parse_price_for(text, 1_000_000 / tokens).map(Self),
            _ => Err(NotAPrice { text: text.into() }),
        }
    }

    /// Returns the exact cost of `tokens`.
    #[must_use]
    pub fn cost(self, tokens: Tokens) -> Usd {
        Usd(self.0 * Decimal::from(tokens.count()) * MILLIONTH)
    }
}

unit_price!(
    /// Price of one model unit for one hour in USD: a FOCUS list unit price whose pricing unit is
    /// `Model Unit-Hours`.
    UsdPerModelUnitHour
);

impl UsdPerModelUnitHour {
    /// Returns the exact cost of `units` over `hours`: a unit is billed used or not.
    #[must_use]
    pub fn cost(self, units: ModelUnits, hours: u64) -> Usd {
        Usd(self.0 * Decimal::from(units.count()) * Decimal::from(hours))
    }

    /// Returns the cost of `units` in a month of 730 hours.
    #[must_use]
    pub fn monthly_cost(self, units: ModelUnits) -> Usd {
        self.cost(units, HOURS_PER_MONTH)
    }
}

unit_price!(
    /// Price of 1,000 reserved tokens a minute for one hour in USD, used or not.
    UsdPerThousandTpmHour
);

impl UsdPerThousandTpmHour {
    /// Returns the exact cost of so many reserved tokens a minute in a month of 730 hours.
    #[must_use]
    pub fn monthly_cost(self, tokens_per_minute: u64) -> Usd {
        let thousands = Decimal::from(tokens_per_minute) / Decimal::ONE_THOUSAND;
        Usd(self.0 * thousands * Decimal::from(HOURS_PER_MONTH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn dollars_are_shown_with_separators_and_cents() {
        assert_eq!(usd("1234567.895").to_string(), "$1,234,567.90");
        assert_eq!(usd("-0.4").to_string(), "-$0.40");
        assert_eq!(usd("999").to_string(), "$999.00");
        assert_eq!(usd("-0.001").to_string(), "$0.00");
        assert_eq!(format!("{:>8}", usd("1")), "   $1.00");
    }

    #[test]
    fn a_price_is_text_and_nothing_else() {
        for bad in ["", "1e3", "$1", "1,000", "NaN", " 1", "1_000", "+1", "0x1", "-1", "."] {
            assert!(bad.parse::<UsdPerMillionTokens>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<UsdPerMillionTokens>("0.035").is_err());
        assert_eq!(
            serde_json::from_str::<UsdPerMillionTokens>("\"0.035\"").unwrap(),
            "0.035".parse().unwrap()
        );
    }

    #[test]
    fn a_price_of_the_ninth_decimal_costs_exactly_what_it_says() {
        let price: UsdPerMillionTokens = "0.00875".parse().unwrap();
        assert_eq!(price.cost(Tokens::new(1)), usd("0.00000000875"));
        assert_eq!(price.cost(Tokens::new(1 << 53)), usd("78812993.47898368"));
    }

    #[test]
    fn the_price_of_some_tokens_becomes_that_of_a_million_exactly_or_not_at_all() {
        let million = |tokens, text: &str| {
            UsdPerMillionTokens::where_tokens_cost(tokens, text).map(|price| price.to_string())
        };
        assert_eq!(million(1_000, "0.0000087500").unwrap(), "0.00875");
        assert_eq!(million(1_000_000, "3.3000000000").unwrap(), "3.30");
        assert_eq!(million(1, "0.0000033").unwrap(), "3.30");
        assert_eq!(million(1_000, "0.0000000000").unwrap(), "0.00");
        for (tokens, text) in [
            (0, "1"),
            (3, "1"),
            (2_000_000, "1"),
            (1_000, "-0.1"),
            (1_000, "1e-3"),
            (1_000, "1001"),
            (1_000, "0.00000000000001"),
            (1_000, "0.1234567890123456789012345678"),
        ] {
            assert!(million(tokens, text).is_err(), "{text} for {tokens}");
        }
    }

    #[test]
    fn a_month_is_730_hours() {
        let hourly: UsdPerModelUnitHour = "0.60".parse().unwrap();
        assert_eq!(hourly.monthly_cost(ModelUnits::new(1)), usd("438"));
        assert_eq!(usd("672").per_month(672), usd("730"));
    }

    proptest! {
        #[test]
        fn cost_is_additive(price in 0u64..10_000_000_000, a in 0u64..1_000_000_000_000, b in 0u64..1_000_000_000_000) {
            let price = UsdPerMillionTokens(Decimal::new(i64::try_from(price).unwrap(), 10));
            prop_assert_eq!(
                price.cost(Tokens::new(a)) + price.cost(Tokens::new(b)),
                price.cost(Tokens::new(a + b))
            );
        }

        #[test]
        fn an_amount_survives_json(mantissa in any::<i64>(), scale in 0u32..20) {
            let amount = Usd(Decimal::new(mantissa, scale));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), amount);
        }
    }
}
