//! Prices of model units and reserved tokens, of which each row has one.

use crate::catalog::overlay::{is_within, seen};
use crate::catalog::provenance::DatedRow;
use crate::catalog::refresh::judgment::{Beside, Judgment, by_region, judge, place_and_day};
use crate::catalog::refresh::outcome::{HeldBack, HeldItem, OnDoubt, SeenFigure};
use crate::catalog::rows::{ModelUnitsRow, ReservedTokensRow};
use crate::catalog::select::basis;
use crate::domain::BaseModel;

/// A row of capacity, which has one figure.
pub(super) trait CapacityRow: DatedRow + Clone {
    /// Returns true if a row of the book is of the same thing.
    fn is_of(&self, old: &Self) -> bool;

    /// Returns the thing.
    fn item(&self) -> HeldItem;

    /// Returns the price in words.
    fn price_in_words(&self) -> String;
}

impl CapacityRow for ModelUnitsRow {
    fn is_of(&self, old: &Self) -> bool {
        (self.term, &self.label) == (old.term, &old.label)
    }

    fn item(&self) -> HeldItem {
        HeldItem::ModelUnit(self.term)
    }

    fn price_in_words(&self) -> String {
        self.usd_per_unit_hour.to_string()
    }
}

impl CapacityRow for ReservedTokensRow {
    fn is_of(&self, old: &Self) -> bool {
        is_within(old.scope, self.scope) && self.term == old.term
    }

    fn item(&self) -> HeldItem {
        HeldItem::Reserved(self.scope, self.term)
    }

    fn price_in_words(&self) -> String {
        format!("{} in, {} out", self.input, self.output)
    }
}

/// Takes out of fresh rows of capacity what the book has, and has better.
pub(super) fn sifted_capacity<R: CapacityRow>(
    model: &BaseModel,
    fresh: &[R],
    book: &[R],
    on_doubt: OnDoubt,
    held: &mut Vec<HeldBack>,
) -> Vec<R> {
    let mut left = Vec::new();
    for row in by_region(fresh) {
        let Some((region, first)) = place_and_day(&row) else {
            left.push(row);
            continue;
        };
        let named = |other: &&R| row.is_of(other) && basis(other.regions(), region).is_some();
        let days = fresh.iter().filter(named).filter_map(|other| Some(other.dating()?.from));
        let beside = Beside {
            next: days.filter(|from| *from > first).min(),
            rows: book.iter().filter(named).collect(),
            cousins: Vec::new(),
        };
        let price = row.price_in_words();
        let told = |row: &R| SeenFigure {
            price: row.price_in_words(),
            seen: seen(row),
            source: row.provenance().source,
        };
        match judge(&row, region, &beside, |old| old.price_in_words() == price, on_doubt) {
            Judgment::Lay => left.push(row),
            Judgment::There => {}
            Judgment::Hold(why, kept) => held.push(HeldBack {
                model: model.clone(),
                region: region.clone(),
                item: row.item(),
                why,
                kept: kept.map(told),
                listed: told(&row),
            }),
        }
    }
    left
}
