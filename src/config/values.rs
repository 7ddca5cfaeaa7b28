//! The values of settings: the texts that a setting takes, and the choices that have names.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Serialize};

use crate::domain::Ratio;
use crate::domain::money::NotAShare;
use crate::domain::text::{MOST_QUOTED, clip};

/// The texts that a setting takes: their check, and the same in words.
#[derive(Clone, Copy, Debug)]
pub enum AllowedValues {
    /// Whole numbers from the first bound to the second.
    WholeNumber(u32, u32),
    /// Days from the first bound to the second, in whole weeks.
    WholeWeeks(u32, u32),
    /// Shares from 0 to the bound, where 1 is all of something.
    Share(u32),
    /// Texts for which the function returns true, as the words describe them.
    Text(&'static str, fn(&str) -> bool),
}

/// Fault of a text that a setting does not take.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ValueError {
    /// The text is not one of the allowed values.
    #[error("`{}` is not {allowed}", clip(text, MOST_QUOTED))]
    NotAllowed {
        /// The text.
        text: String,
        /// The values that are allowed.
        allowed: AllowedValues,
    },
    /// The type of the value refuses the text, in its own words.
    #[error("{0}")]
    Refused(String),
}

impl AllowedValues {
    /// Reads a text that is one of these values.
    pub(super) fn read<T, E: fmt::Display>(
        self,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ValueError> {
        if !self.contains(text) {
            return Err(ValueError::NotAllowed { text: text.into(), allowed: self });
        }
        parse(text).map_err(|error| ValueError::Refused(error.to_string()))
    }

    /// Returns true if the text is one of these values.
    fn contains(self, text: &str) -> bool {
        let whole_number = |least, most| {
            let number = text.parse::<u32>().ok();
            number.filter(|number| (least..=most).contains(number))
        };
        match self {
            Self::WholeNumber(least, most) => whole_number(least, most).is_some(),
            Self::WholeWeeks(least, most) => {
                whole_number(least, most).is_some_and(|days| days.is_multiple_of(7))
            }
            Self::Share(most) => share(text).is_ok_and(|share| {
                let number = share.number().normalize();
                // Sizing scales loads by the decimals of the headroom, in integers that 20 would overflow.
                (Decimal::ZERO..=Decimal::from(most)).contains(&number) && number.scale() <= 6
            }),
            Self::Text(_, contains) => contains(text),
        }
    }
}

/// In words that follow "is not", as in `a whole number from 7 to 448`.
impl fmt::Display for AllowedValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeNumber(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::WholeWeeks(least, most) => write!(f, "a multiple of 7 from {least} to {most}"),
            Self::Share(most) => {
                write!(f, "a number from 0 to {most} with at most six decimals, such as 0.05")
            }
            Self::Text(words, _) => f.write_str(words),
        }
    }
}

/// Reads a share, as saved settings spell one.
pub(super) fn share(text: &str) -> Result<Ratio, NotAShare> {
    Ratio::try_from(text.to_owned())
}

/// Reads one of a few names, as saved settings spell them.
pub(super) fn choice<T: DeserializeOwned>(text: &str) -> Result<T, value::Error> {
    // By the names that saved settings use, so that a variable and a saved run cannot disagree.
    T::deserialize(text.into_deserializer())
}

/// Reads the texts between commas, without blanks and repeats.
pub(super) fn list<T: PartialEq, E>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, E> {
    let mut items = Vec::new();
    for item in text.split(',').map(str::trim) {
        if !item.is_empty() {
            let item = parse(item)?;
            // A Region that is named twice is read once, and so is a metric.
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    Ok(items)
}

/// Fate of the demand above the model units that are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// AWS refuses the requests (HTTP 429), so units must cover the busiest minute and headroom.
    #[default]
    Throttle,
    /// The callers send the requests on-demand.
    Spill,
}

/// One of the two spellings of the cache metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheSpelling {
    /// `CacheReadInputTokenCount`.
    TokenCount,
    /// `CacheReadInputTokens`.
    Tokens,
}

impl CacheSpelling {
    /// Returns the names of the read and the write metric under this spelling.
    #[must_use]
    pub const fn names(self) -> [&'static str; 2] {
        match self {
            Self::TokenCount => ["CacheReadInputTokenCount", "CacheWriteInputTokenCount"],
            Self::Tokens => ["CacheReadInputTokens", "CacheWriteInputTokens"],
        }
    }
}
