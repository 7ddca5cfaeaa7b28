//! The one row that applies to a Region and a day, of all that could.

use std::cmp::Reverse;

use jiff::civil::Date;

use crate::catalog::rate::{InForce, RateSource, RegionBasis};
use crate::catalog::rows::{Dating, Provenance, RowRegion, RowScope};
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

/// How a row came to be chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    region_basis: RegionBasis,
    in_force: InForce,
}

impl Choice {
    pub(super) fn of(self, provenance: Provenance) -> RateSource {
        RateSource {
            region_basis: self.region_basis,
            in_force: self.in_force,
            provenance,
        }
    }
}

/// The row that applies: one for the very scope before a broad one, then one that has begun before
/// one that begins later, then by how it names the Region, then the one whose first day is nearest,
/// which of those that have begun is the newest, then the one that was looked at last.
pub(super) fn best<'a, T: 'a>(
    rows: impl Iterator<Item = &'a T>,
    region: &Region,
    day: Date,
    read: impl Fn(&'a T) -> (&'a [RowRegion], Option<Dating>, Date),
    scope: impl Fn(&T) -> Option<RowScope>,
) -> Option<(&'a T, Choice)> {
    rows.filter_map(|row| {
        let (regions, dating, checked) = read(row);
        let region_basis = basis(regions, region)?;
        Some((row, dating?, checked, region_basis))
    })
    .min_by_key(|(row, dating, checked, region_basis)| {
        (
            scope(row).map(RowScope::breadth),
            day < dating.from,
            *region_basis,
            days_between(day.min(dating.from), day.max(dating.from)),
            Reverse(*checked),
            scope(row).map(RowScope::narrowness),
        )
    })
    .map(|(row, dating, _, region_basis)| {
        let in_force = in_force(dating, day);
        (
            row,
            Choice {
                region_basis,
                in_force,
            },
        )
    })
}

fn in_force(dating: Dating, day: Date) -> InForce {
    if dating.from <= day && dating.to.is_none_or(|to| day <= to) {
        InForce::Yes
    } else {
        InForce::Nearest
    }
}

/// Days from one day to a later one.
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
