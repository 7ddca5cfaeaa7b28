//! The spread of a volume over time. No price depends on the time of day, but units and reserved tokens
//! are paid for at all times and must carry the busiest.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Serialize, Serializer};

use crate::domain::Tokens;
use crate::domain::period::HOURS_PER_MONTH;

/// Hours of a week.
const WEEK: u32 = 168;
/// Hours of a week from Monday to Friday, 9 to 18.
const OFFICE: u32 = 45;

/// Time zone of office hours, by its name or its distance from UTC. No price depends on the time of
/// day, so it changes no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(String);

/// The error for a text that is no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone, such as UTC, Europe/Berlin or +05:30")]
pub struct NotAZone(String);

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(text: &str) -> Result<Self, NotAZone> {
        const AREAS: [&str; 11] = [
            "Africa",
            "America",
            "Antarctica",
            "Arctic",
            "Asia",
            "Atlantic",
            "Australia",
            "Etc",
            "Europe",
            "Indian",
            "Pacific",
        ];
        let is_place = |text: &str| {
            let is_part = |part: &str| {
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
            };
            let (area, place) = text.split_once('/')?;
            (AREAS.contains(&area) && place.split('/').all(is_part)).then_some(())
        };
        // From UTC, at most as far as zones go.
        let is_distance = |text: &str| {
            let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
            let is_two = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit());
            (is_two(hours) && is_two(minutes) && hours <= "14" && minutes < "60").then_some(())
        };
        let is_zone = text == "UTC" || is_place(text).is_some() || is_distance(text).is_some();
        if is_zone && text.len() <= 40 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAZone(text.to_owned()))
        }
    }
}

/// The spread of a volume over a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadShape {
    /// The same in every minute.
    Flat,
    /// From Monday to Friday, 9 to 18, the same in every minute, and nothing else.
    OfficeHours,
    /// A tenth of the minutes at so many times the mean, the rest even.
    Bursty(Decimal),
    /// As the hours of real usage went, each with its tokens.
    Observed(Vec<u64>),
}

/// The error for a text that is no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// No such shape.
    #[error("`{0}` is not a shape: flat, office-hours, or bursty:R with R from 1 to 10")]
    Unknown(String),
    /// A tenth of the minutes would have less than the mean, or more than all.
    #[error(
        "bursty:{0} is not possible: a tenth of the minutes has from 1 to 10 times the mean, and at 10 all of it"
    )]
    Ratio(String),
}

impl FromStr for LoadShape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        match text {
            "flat" => Ok(Self::Flat),
            "office-hours" => Ok(Self::OfficeHours),
            _ => {
                let unknown = || ShapeError::Unknown(text.to_owned());
                let ratio = text.strip_prefix("bursty:").ok_or_else(unknown)?;
                let times: Decimal = ratio.parse().map_err(|_| unknown())?;
                let is_possible =
                    times >= Decimal::ONE && times <= Decimal::TEN && times.scale() <= 4;
                is_possible
                    .then_some(Self::Bursty(times.normalize()))
                    .ok_or_else(|| ShapeError::Ratio(ratio.to_owned()))
            }
        }
    }
}

/// Hours of a period that are alike: so many, each with this part of what the period has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AlikeHours {
    pub(super) count: u32,
    /// Part of the whole period's volume that each hour has: `part` of `whole`.
    pub(super) part: u64,
    pub(super) whole: u64,
}

impl LoadShape {
    /// Returns the hours of a period that goes on for ever.
    pub(super) fn period(&self) -> Vec<AlikeHours> {
        match self {
            Self::Flat => vec![AlikeHours { count: 1, part: 1, whole: 1 }],
            Self::OfficeHours => vec![
                AlikeHours { count: OFFICE, part: 1, whole: u64::from(OFFICE) },
                AlikeHours { count: WEEK - OFFICE, part: 0, whole: 1 },
            ],
            Self::Bursty(times) => {
                // Ten hours stand for any: one at R tenths of all, nine with the rest. R has at most four
                // decimals.
                const SCALE: u64 = 10_000;
                let busy = (times * Decimal::from(SCALE)).to_u64().unwrap_or(SCALE);
                let all = 10 * SCALE;
                vec![
                    AlikeHours { count: 1, part: busy, whole: all },
                    AlikeHours { count: 9, part: all - busy, whole: 9 * all },
                ]
            }
            Self::Observed(hours) => {
                let whole: u64 = hours.iter().sum();
                let hour = |tokens: &u64| AlikeHours { count: 1, part: *tokens, whole };
                hours.iter().map(hour).collect()
            }
        }
    }
}

impl fmt::Display for LoadShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.pad("flat"),
            Self::OfficeHours => f.pad("office-hours"),
            Self::Bursty(times) => f.pad(&format!("bursty:{times}")),
            Self::Observed(_) => f.pad("observed"),
        }
    }
}

impl Serialize for LoadShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl LoadShape {
    /// Returns the least volume a month of which a unit serves `served` tokens a month, if it carries `most` an
    /// hour; `None` where it never does. A unit that is full at some hours must serve more at the others.
    pub(super) fn volume_that_serves(&self, served: Decimal, most: Decimal) -> Option<Decimal> {
        let period = self.period();
        let hours: u32 = period.iter().map(|hours| hours.count).sum();
        let a_month = Decimal::from(HOURS_PER_MONTH);
        // Hours of a month, and the part of the month's volume that each of them has.
        let mut kinds: Vec<(Decimal, Decimal)> = period
            .iter()
            .filter(|of| of.part > 0)
            .map(|of| {
                let count = Decimal::from(of.count) * a_month / Decimal::from(hours);
                let part = Decimal::from(of.part) * Decimal::from(hours);
                (count, part / (Decimal::from(of.whole) * a_month))
            })
            .collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.1));
        let (mut full, mut rest) = (Decimal::ZERO, Decimal::ONE);
        for (count, part) in kinds {
            let volume = (served - full).checked_div(rest)?;
            // To the token: parts of hours are rounded.
            if volume * part <= most + Decimal::ONE {
                return Some(volume);
            }
            full += count * most;
            rest -= count * part;
        }
        None
    }

    /// Returns the tokens of the busiest hour of a month of so many tokens.
    pub(super) fn busiest_hour(&self, a_month: Tokens) -> Decimal {
        let period = self.period();
        let hours: u32 = period.iter().map(|hours| hours.count).sum();
        // A period has hours ÷ 730 of a month.
        let part = |of: &AlikeHours| {
            Decimal::from(of.part) * Decimal::from(hours)
                / (Decimal::from(of.whole) * Decimal::from(HOURS_PER_MONTH))
        };
        let busiest = period.iter().map(part).max().unwrap_or_default();
        Decimal::from(a_month.count()) * busiest
    }

    /// Returns the shape in words.
    #[must_use]
    pub fn in_words(&self, zone: Option<&Zone>) -> String {
        match self {
            Self::Flat => "the same in every minute".into(),
            Self::OfficeHours => {
                let zone = zone.map_or("UTC", |zone| zone.0.as_str());
                format!("Monday to Friday, 9 to 18 {zone}, and nothing else")
            }
            Self::Bursty(times) => {
                format!("a tenth of the minutes at {times} times the mean, the rest even")
            }
            Self::Observed(hours) => {
                let mean = Decimal::from(hours.iter().map(|of| u128::from(*of)).sum::<u128>());
                let busiest = Decimal::from(hours.iter().copied().max().unwrap_or_default());
                let times = (busiest * Decimal::from(hours.len())).checked_div(mean);
                let times = times.unwrap_or_default().round_dp(1).normalize();
                if times == Decimal::ONE {
                    return "the same in every hour that was seen".into();
                }
                format!("as its hours went, of which the busiest had {times} times the mean")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_as_it_is_written() {
        for text in ["flat", "office-hours", "bursty:1", "bursty:2.5", "bursty:10"] {
            assert_eq!(text.parse::<LoadShape>().unwrap().to_string(), text);
        }
        for text in
            ["", "Flat", "bursty", "bursty:", "bursty:x", "bursty:0.5", "bursty:11", "bursty:-2"]
        {
            assert!(text.parse::<LoadShape>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_hours_of_a_period_have_all_of_it() {
        for text in ["flat", "office-hours", "bursty:1", "bursty:2.5", "bursty:10"] {
            let all: Decimal = text
                .parse::<LoadShape>()
                .unwrap()
                .period()
                .iter()
                .map(|it| Decimal::from(u64::from(it.count) * it.part) / Decimal::from(it.whole))
                .sum();
            assert_eq!(all.round_dp(20), Decimal::ONE, "{text}");
        }
    }
}
