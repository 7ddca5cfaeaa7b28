//! Rows of rates as lines of text, one a row: what a person can read down a column, and what a book
//! of thousands of rows loads from in a few milliseconds.
//!
//! A line has four parts:
//!
//! ```text
//! regional standard | eu-west-1 us-east-1 | input 3.30 output 16.50 | list-0917
//! ```
//!
//! The scope (`geo:eu` for the profile of a group) and the tier, with ` >200000` for requests of more
//! input tokens; the Regions; fields and their prices; the ids of sources. After the sources may
//! stand `by` and the ids of those that confirm the Regions, `from` and the first day, `until` and
//! the last. A line that begins with a blank goes on with the one before, and `#` begins a comment.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Deserialize;

use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::RowScope;
use crate::catalog::rows::RateRow;
use crate::domain::{Geo, ServiceTier, UsdPerMillionTokens};

/// Rows as they are written, without what follows from their sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RateLines(Vec<RateRow>);

/// The error for a text whose lines are no rows of rates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of `rate_lines`: {fault}; a line reads `regional standard | us-east-1 us-west-2 | input 0.06 output 0.24 | a-source`"
)]
pub struct NotARateLine {
    line: usize,
    fault: RateLineFault,
}

/// A fault of a line. None quotes a word of the line, which may be anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum RateLineFault {
    #[error("it has no {0}")]
    NoPart(&'static str),
    #[error("it has more than four parts between `|`")]
    MoreParts,
    #[error(
        "its first word is no scope, there are regional, in-region, global, mantle, any and geo:us"
    )]
    Scope,
    #[error("its second word is no tier, there are {names}", names = TIERS.map(ServiceTier::name).join(", "))]
    Tier,
    #[error("its third word is no length, such as >200000")]
    Length,
    #[error("a word after the length is not known")]
    AfterLength,
    #[error("its Region {0} is not the name of an AWS Region, such as us-east-1")]
    Region(usize),
    #[error("its price {0} has no known name, there are {names}", names = RateField::ALL.map(RateField::name).join(", "))]
    Field(usize),
    #[error("`{0}` has no price")]
    NoPrice(&'static str),
    #[error(
        "what follows `{0}` is not a price, such as `0.06`: US dollars with ten decimals at most"
    )]
    Price(&'static str),
    #[error("it has `{0}` twice")]
    Twice(&'static str),
    #[error("it names no source")]
    NoSource,
    #[error("`{0}` goes before a day, such as 2026-04-06")]
    Day(&'static str),
}

/// The tiers that a line may name.
const TIERS: [ServiceTier; 6] = [
    ServiceTier::Standard,
    ServiceTier::Batch,
    ServiceTier::Flex,
    ServiceTier::Priority,
    ServiceTier::LatencyOptimized,
    ServiceTier::Ultrafast,
];

impl RateLines {
    /// Takes the rows out.
    pub(super) fn take(&mut self) -> Vec<RateRow> {
        std::mem::take(&mut self.0)
    }
}

impl TryFrom<String> for RateLines {
    type Error = NotARateLine;

    fn try_from(text: String) -> Result<Self, NotARateLine> {
        let mut whole: Vec<(usize, Cow<'_, str>)> = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let is_continued = line.starts_with([' ', '\t']);
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match whole.last_mut().filter(|_| is_continued) {
                Some((_, before)) => {
                    let before = before.to_mut();
                    before.push(' ');
                    before.push_str(line);
                }
                None => whole.push((place + 1, Cow::Borrowed(line))),
            }
        }
        let rows = whole
            .into_iter()
            .map(|(line, text)| row(&text).map_err(|fault| NotARateLine { line, fault }));
        rows.collect::<Result<_, _>>().map(Self)
    }
}

/// Reads one line.
fn row(line: &str) -> Result<RateRow, RateLineFault> {
    let mut parts = line.split('|');
    let mut part = |what| parts.next().ok_or(RateLineFault::NoPart(what));
    let requests = part("scope and tier")?;
    let regions = part("Regions")?;
    let prices = part("prices")?;
    let sources = part("sources")?;
    if parts.next().is_some() {
        return Err(RateLineFault::MoreParts);
    }
    let mut row = of_requests(requests)?;
    for (number, region) in (1..).zip(regions.split_ascii_whitespace()) {
        row.regions.push(region.parse().map_err(|_| RateLineFault::Region(number))?);
    }
    let mut words = prices.split_ascii_whitespace();
    let mut number = 0;
    while let Some(name) = words.next() {
        number += 1;
        let field = RateField::ALL.into_iter().find(|field| field.name() == name);
        let field = field.ok_or(RateLineFault::Field(number))?;
        let price = words.next().ok_or(RateLineFault::NoPrice(field.name()))?;
        let price: UsdPerMillionTokens =
            price.parse().map_err(|_| RateLineFault::Price(field.name()))?;
        if field.of(&row).is_some() {
            return Err(RateLineFault::Twice(field.name()));
        }
        field.set(&mut row, price);
    }
    read_sources(sources, &mut row)?;
    Ok(row)
}

/// Reads scope, tier and length.
fn of_requests(text: &str) -> Result<RateRow, RateLineFault> {
    let mut words = text.split_ascii_whitespace();
    let scope = words.next().unwrap_or_default();
    let tier = words.next().unwrap_or_default();
    let (scope, geo) = match scope {
        "regional" => (RowScope::Regional, None),
        "in-region" => (RowScope::InRegion, None),
        "global" => (RowScope::Global, None),
        "mantle" => (RowScope::Mantle, None),
        "any" => (RowScope::Any, None),
        other => {
            let of_group = |geo: &Geo| other.strip_prefix("geo:") == Some(geo.prefix());
            let geo = Geo::ALL.into_iter().find(of_group);
            let geo = geo.ok_or(RateLineFault::Scope)?;
            (RowScope::Geo, Some(geo))
        }
    };
    let known_tier = TIERS.into_iter().find(|known| known.name() == tier);
    let tier = known_tier.ok_or(RateLineFault::Tier)?;
    let above_input_tokens = match words.next() {
        None => None,
        Some(word) => {
            let tokens = word.strip_prefix('>').and_then(|tokens| tokens.parse().ok());
            Some(tokens.ok_or(RateLineFault::Length)?)
        }
    };
    if words.next().is_some() {
        return Err(RateLineFault::AfterLength);
    }
    Ok(RateRow::bare(scope, geo, tier, above_input_tokens))
}

/// Reads the ids of sources, and what may stand after them.
fn read_sources(text: &str, row: &mut RateRow) -> Result<(), RateLineFault> {
    let mut is_by = false;
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        match word {
            "by" => is_by = true,
            "from" => row.effective_from = Some(day("from", words.next())?),
            "until" => row.effective_until = Some(day("until", words.next())?),
            id if is_by => row.regions_by.push(id.to_owned()),
            id => row.sources.push(id.to_owned()),
        }
    }
    if row.sources.is_empty() {
        return Err(RateLineFault::NoSource);
    }
    Ok(())
}

fn day(before: &'static str, word: Option<&str>) -> Result<Date, RateLineFault> {
    let day = word.and_then(|word| word.parse().ok());
    day.ok_or(RateLineFault::Day(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::row_scope::RowRegion;

    fn read(text: &str) -> Result<Vec<RateRow>, NotARateLine> {
        RateLines::try_from(text.to_owned()).map(|lines| lines.0)
    }

    #[test]
    fn a_line_is_a_row() {
        let rows = read(
            "# a comment\n\
             regional standard | eu-west-1\n  us-east-1 | input 3.30 output 16.50 | list-0917\n\
             geo:eu batch >200000 | * | cache_write_30m 0.00 | page list by profiles from 2026-03-01 until 2026-12-31\n",
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].scope, rows[0].tier), (RowScope::Regional, ServiceTier::Standard));
        assert_eq!(rows[0].regions.len(), 2);
        assert_eq!(rows[0].input.unwrap().to_string(), "3.30");
        assert_eq!(
            (rows[0].cache_read, rows[0].sources.as_slice()),
            (None, &["list-0917".to_owned()][..])
        );
        let late = &rows[1];
        assert_eq!((late.scope, late.geo), (RowScope::Geo, Some(Geo::Eu)));
        assert_eq!(late.above_input_tokens, Some(200_000));
        assert_eq!(late.regions, [RowRegion::All]);
        assert_eq!(late.cache_write_30m.unwrap().to_string(), "0.00");
        assert_eq!(
            (late.sources.len(), late.regions_by.as_slice()),
            (2, &["profiles".to_owned()][..])
        );
        assert_eq!(late.effective_from.unwrap().to_string(), "2026-03-01");
        assert_eq!(late.effective_until.unwrap().to_string(), "2026-12-31");
    }

    #[test]
    fn a_line_that_is_none_is_named_with_its_fault() {
        for (line, fault) in [
            ("regional standard | us-east-1 | input 1.00", "it has no sources"),
            ("regional standard | us-east-1 | input 1.00 | s | s", "more than four parts"),
            ("local standard | us-east-1 | input 1.00 | s", "its first word is no scope"),
            ("regional fast | us-east-1 | input 1.00 | s", "its second word is no tier"),
            ("regional standard 200k | us-east-1 | input 1.00 | s", "its third word is no length"),
            ("regional standard | useast | input 1.00 | s", "its Region 1 is not the name"),
            ("regional standard | us-east-1 | inputs 1.00 | s", "its price 1 has no known name"),
            (
                "regional standard | us-east-1 | input 1,00 | s",
                "what follows `input` is not a price",
            ),
            ("regional standard | us-east-1 | input 1.00 input 2.00 | s", "`input` twice"),
            ("regional standard | us-east-1 | input | s", "`input` has no price"),
            ("regional standard | us-east-1 | input 1.00 | from 2026-01-01", "names no source"),
            ("regional standard | us-east-1 | input 1.00 | s from May", "`from` goes before a day"),
        ] {
            let found = read(&format!("# first\n{line}\n")).unwrap_err().to_string();
            assert!(found.contains("line 2 of") && found.contains(fault), "{line}: {found}");
        }
    }
}
