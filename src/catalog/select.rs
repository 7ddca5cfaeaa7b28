//! The one row that applies to a Region and a day, of all that could.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::catalog::rate::{InForce, RateSource, RegionBasis};
use crate::catalog::rows::{DatedRow, RowRegion, RowScope};
use crate::domain::{Partition, Region};

/// How a row with these Regions applies to one, if it does. A row that names no Region is of the
/// commercial partition.
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
    (is_us && regions.contains(&RowRegion::Unstated)).then_some(RegionBasis::Unstated)
}

/// The row that applies, and how it came to: one for the very scope before a broad one, then one
/// that has begun before one that begins later, then by how it names the Region, then the one whose
/// first day is nearest, which of those that have begun is the newest, then the one that was looked
/// at last.
pub(super) fn best<'a, R: DatedRow>(
    rows: impl Iterator<Item = &'a R>,
    region: &Region,
    day: Date,
) -> Option<(&'a R, RateSource)> {
    rows.filter_map(|row| Some((row, row.dating()?, basis(row.regions(), region)?)))
        .min_by_key(|(row, dating, region_basis)| {
            (
                row.scope().map(RowScope::breadth),
                day < dating.from,
                *region_basis,
                days_between(day.min(dating.from), day.max(dating.from)),
                Reverse(row.checked()),
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

/// Days from one day to a later one.
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
