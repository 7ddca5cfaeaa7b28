//! Prices of model units and reserved tokens, of which each row has one.

use jiff::civil::Date;

use crate::catalog::overlay::seen;
use crate::catalog::provenance::DatedRow;
use crate::catalog::refresh::judgment::{
    Beside, Judgment, Verdict, by_region, judge, place_and_day,
};
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
        // The list names no kind of units, and so may mean any.
        self.term == old.term && (self.label.is_none() || self.label == old.label)
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
        old.serves() == self.serves() && self.term == old.term
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
    newest: Option<Date>,
    on_doubt: OnDoubt,
    held: &mut Vec<HeldBack>,
) -> Vec<R> {
    let rows = by_region(fresh);
    let beside = |row: &R| {
        let (region, first) = place_and_day(row)?;
        let named = |other: &&R| row.is_of(other) && basis(other.regions(), region).is_some();
        let days = fresh.iter().filter(named).filter_map(|other| Some(other.dating()?.from));
        Some(Beside {
            next: days.filter(|from| *from > first).min(),
            rows: book.iter().filter(named).collect(),
            newest,
        })
    };
    let told = |row: &R| SeenFigure {
        price: row.price_in_words(),
        seen: seen(row),
        source: row.provenance().source,
    };
    let mut judged: Vec<(&R, Verdict)> = Vec::new();
    for row in &rows {
        // A row that names no Region is none of a Price List.
        let (Some((region, _)), Some(beside)) = (place_and_day(row), beside(row)) else {
            judged.push((row, Verdict::Lay));
            continue;
        };
        let price = row.price_in_words();
        let judgment = judge(row, region, &beside, |old| old.price_in_words() == price, on_doubt);
        judged.push((row, judgment.verdict()));
        if let Judgment::Hold(why, kept) = judgment {
            held.push(HeldBack {
                model: model.clone(),
                region: region.clone(),
                item: row.item(),
                why,
                kept: kept.map(told),
                listed: told(row),
            });
        }
    }
    // The terms of a history are laid over together or not at all.
    let of_history = |row: &R| {
        let alike = judged
            .iter()
            .filter(|(other, _)| row.item() == other.item() && row.regions() == other.regions());
        alike.map(|(_, verdict)| *verdict).max()
    };
    rows.iter().filter(|row| of_history(row) == Some(Verdict::Lay)).cloned().collect()
}
