//! The rows of rates of one model, found by the Region that is called.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::catalog::rate::RegionBasis;
use crate::catalog::row_scope::RowRegion;
use crate::catalog::rows::RateRow;
use crate::catalog::select::basis;
use crate::domain::Region;

/// Rows of rates in the order of their book. Reads as the vector of them, and finds those of a Region
/// without a walk over all: a model has a hundred rows, a Region ten of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rates {
    rows: Vec<RateRow>,
    #[serde(skip)]
    places: OnceLock<RowPlaces>,
}

/// Positions of rows in their vector, by Region.
#[derive(Clone, Debug, Default)]
struct RowPlaces {
    named: HashMap<Region, Vec<usize>>,
    /// Rows that may apply to Regions that they do not name.
    wide: Vec<usize>,
}

impl Rates {
    /// Returns true if there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lists the rows that apply to a Region, each with the way in which it does: those that name the
    /// Region in the order of the book, then those for many Regions.
    pub(super) fn of_region(
        &self,
        region: &Region,
    ) -> impl Iterator<Item = (RegionBasis, &RateRow)> + Clone {
        let places = self.places.get_or_init(|| RowPlaces::of(&self.rows));
        let named = places.named.get(region).map(Vec::as_slice).unwrap_or_default();
        let row = |place: &usize| self.rows.get(*place);
        let named_rows = named.iter().filter_map(row).map(|row| (RegionBasis::Named, row));
        let wide = places.wide.iter().filter(|place| !named.contains(place)).filter_map(row);
        named_rows.chain(wide.filter_map(|row| Some((basis(&row.regions, region)?, row))))
    }
}

impl RowPlaces {
    fn of(rows: &[RateRow]) -> Self {
        let mut places = Self::default();
        for (place, row) in rows.iter().enumerate() {
            for region in &row.regions {
                match region {
                    RowRegion::Named(region) => {
                        places.named.entry(region.clone()).or_default().push(place);
                    }
                    RowRegion::All | RowRegion::Unstated | RowRegion::UnstatedInUs => {
                        if places.wide.last() != Some(&place) {
                            places.wide.push(place);
                        }
                    }
                }
            }
        }
        places
    }
}

impl From<Vec<RateRow>> for Rates {
    fn from(rows: Vec<RateRow>) -> Self {
        Self { rows, places: OnceLock::new() }
    }
}

impl Deref for Rates {
    type Target = Vec<RateRow>;

    fn deref(&self) -> &Vec<RateRow> {
        &self.rows
    }
}

impl DerefMut for Rates {
    fn deref_mut(&mut self) -> &mut Vec<RateRow> {
        // Whoever may change the rows makes their places unknown.
        self.places = OnceLock::new();
        &mut self.rows
    }
}

impl PartialEq for Rates {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Eq for Rates {}

impl<'r> IntoIterator for &'r Rates {
    type Item = &'r RateRow;
    type IntoIter = std::slice::Iter<'r, RateRow>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

impl<'r> IntoIterator for &'r mut Rates {
    type Item = &'r mut RateRow;
    type IntoIter = std::slice::IterMut<'r, RateRow>;

    fn into_iter(self) -> Self::IntoIter {
        self.deref_mut().iter_mut()
    }
}

impl IntoIterator for Rates {
    type Item = RateRow;
    type IntoIter = std::vec::IntoIter<RateRow>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}
