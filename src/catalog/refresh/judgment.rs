//! The judgment of one figure of a list beside those of a book.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::catalog::overlay::{is_better, seen};
use crate::catalog::provenance::DatedRow;
use crate::catalog::refresh::outcome::{HeldFor, OnDoubt};
use crate::catalog::row_scope::RowRegion;
use crate::catalog::select::best;
use crate::domain::Region;

/// The judgment of a figure of the list.
pub(super) enum Judgment<'b, R> {
    /// The book has it, seen as late.
    There,
    Lay,
    Hold(HeldFor, Option<&'b R>),
}

/// The judgment of all terms of a history together: what one term replaces, another may stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// The book has all of them.
    There,
    /// All of them are laid over.
    Lay,
    /// One is held back, and the others with it.
    Hold,
}

impl<R> Judgment<'_, R> {
    /// Returns what the judgment of one term means for its history; the greatest of them counts.
    pub(super) const fn verdict(&self) -> Verdict {
        match self {
            Self::There => Verdict::There,
            Self::Lay => Verdict::Lay,
            Self::Hold(..) => Verdict::Hold,
        }
    }
}

/// A figure of the list beside the rows of the book that answer the same requests.
pub(super) struct Beside<'b, R> {
    /// First day of the next row of the list with the figure; `None` where there is none.
    pub(super) next: Option<Date>,
    /// Rows of the book that answer the requests.
    pub(super) rows: Vec<&'b R>,
    /// Last day on which the book saw anything of the model: where no row answers the requests, an
    /// older list tells nothing new. `None` where the book has no row of the model.
    pub(super) newest: Option<Date>,
}

/// Judges a figure of the list in one Region and for requests of one scope.
pub(super) fn judge<'b, R: DatedRow>(
    row: &R,
    region: &Region,
    beside: &Beside<'b, R>,
    is_same: impl Fn(&R) -> bool,
    on_doubt: OnDoubt,
) -> Judgment<'b, R> {
    let Some(first) = row.dating().map(|dating| dating.from) else {
        return Judgment::Lay;
    };
    let answer = |day| best(beside.rows.iter().copied(), region, day).map(|(old, _)| (day, old));
    let answers: Vec<(Date, &R)> =
        days(&beside.rows, first).into_iter().filter_map(answer).collect();
    let is_cautious = on_doubt == OnDoubt::Keep;
    let mut better = answers.iter().map(|(_, old)| *old).filter(|old| is_better(*old, row));
    if let Some(old) = better.find(|old| is_cautious && !is_same(*old)) {
        let is_later = seen(old) > seen(row);
        let why = if is_later { HeldFor::SeenLater } else { HeldFor::MoreTrusted };
        return Judgment::Hold(why, Some(old));
    }
    // A list can go on with a price from before: AWS's has the price from before extended access.
    let has_ended =
        |old: &&R| is_same(*old) && old.dating().is_some_and(|dating| dating.has_ended(seen(row)));
    let now = answers.iter().map(|(_, old)| *old).find(|old| !is_same(*old));
    if is_cautious && now.is_some() && beside.rows.iter().any(has_ended) {
        return Judgment::Hold(HeldFor::Ended, now);
    }
    let has_as_late = |old: &R| is_same(old) && (seen(old) >= seen(row) || is_better(old, row));
    let mut own = answers.iter().filter(|(day, _)| beside.next.is_none_or(|next| *day < next));
    let begins_better =
        answers.first().is_some_and(|(_, old)| is_same(*old) && is_better(*old, row));
    if !answers.is_empty() && (begins_better || own.all(|(_, old)| has_as_late(old))) {
        return Judgment::There;
    }
    let is_outdated = beside.newest.is_some_and(|newest| newest > seen(row));
    if answers.is_empty() && is_cautious && is_outdated {
        return Judgment::Hold(HeldFor::SeenLater, None);
    }
    Judgment::Lay
}

/// Returns the days from one on, on which another of some rows may begin to answer.
fn days<R: DatedRow>(rows: &[&R], first: Date) -> BTreeSet<Date> {
    let datings = rows.iter().filter_map(|row| row.dating());
    let changes = datings.flat_map(|dating| {
        let after = dating.until.and_then(|until| until.tomorrow().ok());
        [Some(dating.from), after]
    });
    changes.flatten().filter(|day| *day >= first).chain([first]).collect()
}

/// Splits rows by their Regions.
pub(super) fn by_region<R: DatedRow + Clone>(rows: &[R]) -> Vec<R> {
    let of_row = |row: &R| {
        let of = |region: &RowRegion| {
            let mut one = row.clone();
            *one.regions_mut() = vec![region.clone()];
            one
        };
        row.regions().iter().map(of).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}

/// Returns the one Region that a row names, and its first day; `None` where it names none, as a
/// Price List never does.
pub(super) fn place_and_day<R: DatedRow>(row: &R) -> Option<(&Region, Date)> {
    match row.regions() {
        [RowRegion::Named(region)] => Some((region, row.dating()?.from)),
        _ => None,
    }
}
