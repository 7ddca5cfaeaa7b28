//! Tokens and requests of a month, as people write them.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{Meter, Tokens};

/// Largest number that is taken: above 2^53 doubles skip whole numbers, and other programs read JSON
/// numbers as doubles.
const MOST: u64 = 1 << 53;

/// A whole number as people write it: `5000000`, `5_000_000`, `200k`, `50M`, `1.5B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

/// The error for a text that is no whole number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a whole number from 0 to 2^53, such as 200000, 200k, 50M or 1.5B")]
pub struct NotACount(String);

impl FromStr for Count {
    type Err = NotACount;

    fn from_str(text: &str) -> Result<Self, NotACount> {
        let refused = || NotACount(text.to_owned());
        let (digits, factor) = match text.chars().last() {
            Some('k' | 'K') => (&text[..text.len() - 1], 1_000),
            Some('m' | 'M') => (&text[..text.len() - 1], 1_000_000),
            Some('b' | 'B') => (&text[..text.len() - 1], 1_000_000_000),
            _ => (text, 1),
        };
        let is_written = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_');
        if !is_written {
            return Err(refused());
        }
        let number: Decimal = digits.replace('_', "").parse().map_err(|_| refused())?;
        let count = number.checked_mul(Decimal::from(factor)).ok_or_else(refused)?.normalize();
        let count = count.to_u64().filter(|_| count.scale() == 0).ok_or_else(refused)?;
        if count > MOST { Err(refused()) } else { Ok(Self(count)) }
    }
}

/// Parts of input and output in a hundred tokens, as in `80/20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenMix {
    input: Decimal,
}

/// The error for a text that is no mix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mix of input and output that adds up to 100, such as 80/20")]
pub struct NotAMix(String);

impl FromStr for TokenMix {
    type Err = NotAMix;

    fn from_str(text: &str) -> Result<Self, NotAMix> {
        let refused = || NotAMix(text.to_owned());
        let part = |text: &str| {
            let is_written = text.chars().all(|c| c.is_ascii_digit() || c == '.');
            text.parse::<Decimal>().ok().filter(|_| is_written)
        };
        let (input, output) = text.split_once('/').ok_or_else(refused)?;
        let (input, output) = part(input).zip(part(output)).ok_or_else(refused)?;
        if input + output == Decimal::ONE_HUNDRED { Ok(Self { input }) } else { Err(refused()) }
    }
}

/// The tokens of a month in one of the ways in which people give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensAsked {
    /// Tokens a month by meter.
    ByMeter {
        /// Input tokens that neither come from nor go to a prompt cache.
        input: u64,
        /// Output tokens.
        output: u64,
    },
    /// Requests a month, with the tokens of each.
    ByRequest {
        /// Requests a month.
        requests: u64,
        /// Input tokens of a request.
        input: u64,
        /// Output tokens of a request.
        output: u64,
    },
    /// Tokens a month by a mix.
    ByMix {
        /// Tokens a month.
        tokens: u64,
        /// Parts of input and output.
        mix: TokenMix,
    },
}

/// The tokens and requests of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// Input tokens a month that neither come from nor go to a prompt cache.
    pub input: Tokens,
    /// Output tokens a month.
    pub output: Tokens,
    /// Input tokens a month that are read from a prompt cache.
    pub cache_read: Tokens,
    /// Input tokens a month that are written to a prompt cache.
    pub cache_write: Tokens,
    /// Requests a month; `None` where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// True if the requests are of many lengths, of which the mean alone is known.
    #[serde(skip)]
    lengths_differ: bool,
}

/// A reason for which a volume cannot be estimated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VolumeError {
    /// There is not a token.
    #[error("a volume of no tokens costs nothing: say how many, as in --input 50M --output 10M")]
    Empty,
    /// There is a request without tokens, or are tokens without a request.
    #[error("a month of no requests costs nothing: say how many, as in --requests 10k")]
    NoRequests,
    /// There are more requests than tokens.
    #[error("{requests} requests cannot share {tokens} tokens: each has one at least")]
    MoreRequests {
        /// Requests a month.
        requests: u64,
        /// Tokens a month.
        tokens: u128,
    },
    /// The sum is beyond counting.
    #[error("{0} tokens a month are above 2^53, more than can be counted exactly")]
    TooMany(u128),
}

impl Volume {
    /// Builds a month of tokens. Of a mix the input is rounded down, and the rest is output.
    ///
    /// # Errors
    ///
    /// If there are no tokens, or more than 2^53.
    pub fn new(
        asked: TokensAsked,
        cache_read: u64,
        cache_write: u64,
        requests: Option<u64>,
    ) -> Result<Self, VolumeError> {
        let (input, output, requests) = match asked {
            TokensAsked::ByMeter { input, output } => {
                (u128::from(input), u128::from(output), requests)
            }
            TokensAsked::ByRequest { requests, input, output } => {
                let all = |tokens: u64| u128::from(tokens) * u128::from(requests);
                (all(input), all(output), Some(requests))
            }
            TokensAsked::ByMix { tokens, mix } => {
                let input = Decimal::from(tokens) * mix.input / Decimal::ONE_HUNDRED;
                let input = input.round_dp_with_strategy(0, RoundingStrategy::ToZero);
                let input = input.to_u64().unwrap_or_default();
                (u128::from(input), u128::from(tokens - input), requests)
            }
        };
        if requests == Some(0) {
            return Err(VolumeError::NoRequests);
        }
        let all = input + output + u128::from(cache_read) + u128::from(cache_write);
        if all == 0 {
            return Err(VolumeError::Empty);
        }
        if let Some(requests) = requests.filter(|requests| u128::from(*requests) > all) {
            return Err(VolumeError::MoreRequests { requests, tokens: all });
        }
        let of = |tokens: u128| u64::try_from(tokens).ok().filter(|_| all <= u128::from(MOST));
        let (input, output) = of(input).zip(of(output)).ok_or(VolumeError::TooMany(all))?;
        let [input, output, cache_read, cache_write] =
            [input, output, cache_read, cache_write].map(Tokens::new);
        Ok(Self { input, output, cache_read, cache_write, requests, lengths_differ: false })
    }

    /// Builds the month of tokens and requests that were seen in so many hours, to the next token. No
    /// requests are requests that nobody counted.
    ///
    /// # Errors
    ///
    /// If there are no tokens, or more than 2^53.
    pub fn seen(
        tokens: impl Fn(Meter) -> Tokens,
        requests: u64,
        hours: u64,
    ) -> Result<Self, VolumeError> {
        let a_month = |count: u64| {
            let month = u128::from(count) * u128::from(HOURS_PER_MONTH);
            let hours = u128::from(hours.max(1));
            u64::try_from((month + hours / 2) / hours).unwrap_or(u64::MAX)
        };
        let [input, output, cache_read, cache_write] =
            [Meter::Input, Meter::Output, Meter::CacheRead, Meter::CacheWrite]
                .map(|meter| a_month(tokens(meter).count()));
        let asked = TokensAsked::ByMeter { input, output };
        let volume = Self::new(asked, cache_read, cache_write, None)?;
        // Requests that were not all counted, or whose tokens were not, tell no lengths.
        let counted = 1..=volume.tokens().count();
        let requests = Some(a_month(requests)).filter(|requests| counted.contains(requests));
        Ok(Self { requests, lengths_differ: true, ..volume })
    }

    /// Returns the tokens a month of one meter.
    #[must_use]
    pub const fn of(&self, meter: Meter) -> Tokens {
        match meter {
            Meter::Input => self.input,
            Meter::Output => self.output,
            Meter::CacheRead => self.cache_read,
            Meter::CacheWrite => self.cache_write,
            _ => Tokens::ZERO,
        }
    }

    /// Lists the meters that have tokens.
    pub fn meters(&self) -> impl Iterator<Item = Meter> {
        Meter::TOKENS.into_iter().filter(|meter| !self.of(*meter).is_zero())
    }

    /// Returns the same month without a prompt cache: what was cached is input.
    #[must_use]
    pub fn uncached(&self) -> Self {
        let input = self.input + self.cache_read + self.cache_write;
        Self { input, cache_read: Tokens::ZERO, cache_write: Tokens::ZERO, ..*self }
    }

    /// Returns true if no prompt cache is used.
    #[must_use]
    pub const fn is_uncached(&self) -> bool {
        self.cache_read.is_zero() && self.cache_write.is_zero()
    }

    /// Adds up the tokens of a month.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::new(Meter::TOKENS.iter().map(|meter| self.of(*meter).count()).sum())
    }

    /// Returns the mean length of an answer in tokens, rounded up; `None` where the requests are not known.
    #[must_use]
    pub fn output_per_request(&self) -> Option<u64> {
        self.requests.map(|requests| self.output.count().div_ceil(requests))
    }

    /// Returns the length of what each request sends, in tokens, on which some prices depend; `None` where
    /// it is not known, or not the same for all.
    #[must_use]
    pub fn length_of_each(&self) -> Option<u64> {
        self.input_per_request().filter(|_| !self.lengths_differ)
    }

    /// Returns the mean length of what a request sends, in tokens, caches included, rounded up; `None`
    /// where the requests are not known.
    #[must_use]
    pub fn input_per_request(&self) -> Option<u64> {
        let sent = self.tokens().count() - self.output.count();
        self.requests.map(|requests| sent.div_ceil(requests))
    }
}

/// Writes the volume in words, as in `100,000,000 tokens a month: 50,000,000 input, 50,000,000 output`.
impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let tokens = self.tokens();
        write!(f, "{tokens} token{} a month: ", plural(tokens.count()))?;
        for (place, meter) in self.meters().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let name = meter.name().trim_end_matches(" tokens");
            write!(f, "{comma}{} {name}", self.of(meter))?;
        }
        match self.requests {
            Some(requests) => {
                write!(f, "; {} request{}", Tokens::new(requests), plural(requests))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(text: &str) -> Option<u64> {
        text.parse::<Count>().ok().map(|count| count.0)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let read = [
            ("0", 0),
            ("200k", 200_000),
            ("50M", 50_000_000),
            ("1.5B", 1_500_000_000),
            ("1_000_000", 1_000_000),
            ("9007199254740992", MOST),
        ];
        for (text, number) in read {
            assert_eq!(count(text), Some(number), "{text}");
        }
        for text in [
            "",
            "M",
            "-5",
            "1.5",
            "0.0001k",
            "5 M",
            "1e6",
            "50MM",
            ".5M",
            "5.M",
            "9007199254740993",
            "५",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn a_mix_adds_up_to_a_hundred() {
        for text in ["80/20", "100/0", "99.5/0.5"] {
            assert!(text.parse::<TokenMix>().is_ok(), "{text}");
        }
        for text in ["80/30", "80", "80/", "-10/110", "a/b", "80/20/0"] {
            assert!(text.parse::<TokenMix>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_token_of_a_mix_is_lost(tokens in 1u64..=MOST, input in 0u32..=10_000) {
            let mix = TokenMix { input: Decimal::new(i64::from(input), 2) };
            let volume = Volume::new(TokensAsked::ByMix { tokens, mix }, 0, 0, None).unwrap();
            prop_assert_eq!(volume.tokens().count(), tokens);
        }

        #[test]
        fn a_count_is_read_as_it_is_written(number in 0u64..=MOST) {
            prop_assert_eq!(count(&number.to_string()), Some(number));
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let by_request = |requests, input| TokensAsked::ByRequest { requests, input, output: 0 };
        let volume = |asked| Volume::new(asked, 0, 0, None);
        assert_eq!(volume(by_request(0, 5)), Err(VolumeError::NoRequests));
        assert_eq!(volume(by_request(5, 0)), Err(VolumeError::Empty));
        let all = u128::from(MOST) * u128::from(MOST);
        assert_eq!(volume(by_request(MOST, MOST)), Err(VolumeError::TooMany(all)));
    }
}
