//! The choice of the one row that applies to a Region and a day.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::catalog::provenance::DatedRow;
use crate::catalog::rate::{InForce, RateSource, RegionBasis};
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::domain::{Partition, Region};

/// Returns the way in which a row with these Regions applies to one; `None` where the row does not.
/// A row for all Regions is of the commercial partition. A source that names no Region prices none.
pub(super) fn basis(regions: &[RowRegion], region: &Region) -> Option<RegionBasis> {
    let is_named = |row: &RowRegion| matches!(row, RowRegion::Named(named) if named == region);
    if regions.iter().any(is_named) {
        return Some(RegionBasis::Named);
    }
    let is_commercial = region.partition() == Partition::Commercial;
    if is_commercial && regions.contains(&RowRegion::All) {
        return Some(RegionBasis::All);
    }
    let is_us = is_commercial && region.name().starts_with("us-");
    (is_us && regions.contains(&RowRegion::UnstatedInUs)).then_some(RegionBasis::Unstated)
}

/// Chooses the row that applies, and returns the row with its source.
///
/// A price whose announced end has passed is nobody's. First goes a row for the very scope before a broad one, then a row that has begun before one
/// that begins later, then by the way in which the Region is named, then the row whose first day is
/// nearest, which of those that have begun is the newest, then the row that was looked at last, then
/// the narrower scope.
pub(super) fn best<'a, R: DatedRow>(
    rows: impl Iterator<Item = &'a R>,
    region: &Region,
    day: Date,
) -> Option<(&'a R, RateSource)> {
    best_of(rows.filter_map(|row| Some((basis(row.regions(), region)?, row))), day)
}

/// Chooses like [`best`] among rows that apply to the Region, each with the way in which it does.
pub(super) fn best_of<'a, R: DatedRow>(
    rows: impl Iterator<Item = (RegionBasis, &'a R)>,
    day: Date,
) -> Option<(&'a R, RateSource)> {
    rows.filter_map(|(region_basis, row)| Some((row, row.dating()?, region_basis)))
        .filter(|(_, dating, _)| !dating.has_ended(day))
        .min_by_key(|(row, dating, region_basis)| {
            (
                row.scope().map(RowScope::breadth),
                day < dating.from,
                *region_basis,
                days_between(day.min(dating.from), day.max(dating.from)),
                Reverse(row.checked()),
                // Last: a newer regional row goes before an older one of the Region alone.
                row.scope().map(RowScope::narrowness),
            )
        })
        .map(|(row, dating, region_basis)| {
            let source = RateSource {
                region_basis,
                in_force: InForce::of(dating, day),
                provenance: row.provenance(),
            };
            (row, source)
        })
}

/// Counts the days from one day to a later one.
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
