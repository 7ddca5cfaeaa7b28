//! Ages of what stands beside the books: direct prices, prices of GPUs, and the facts of the models.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::catalog::{DirectPrice, DirectPrices, Hardware, ModelLadder};
use crate::terminal::page::counted;
use crate::terminal::prices::check::Check;

impl Check {
    /// Notes alternatives that nobody has looked at for more than `most_days` days. None of them ever
    /// counts, so that none is a fault.
    pub fn alternatives(
        &mut self,
        direct: &DirectPrices,
        hardware: &Hardware,
        ladder: &ModelLadder,
        today: Date,
        most_days: u32,
    ) {
        let age = |seen: Date| seen.until(today).map_or(0, |span| span.get_days());
        let is_old = |seen: Date| age(seen) > i32::try_from(most_days).unwrap_or(i32::MAX);
        // A price that was seen again later is not old, and one that has ended stays as it was.
        let is_last = |price: &&DirectPrice| {
            let is_same = |other: &&DirectPrice| {
                (&other.provider, &other.name, &other.model, other.tier)
                    == (&price.provider, &price.name, &price.model, price.tier)
            };
            let has_ended = price.ended || price.ends.is_some_and(|end| end < today);
            let newest = direct.prices.iter().filter(is_same).map(|other| other.seen).max();
            newest == Some(price.seen) && !has_ended
        };
        let mut seen: BTreeMap<(Date, &str), u64> = BTreeMap::new();
        for price in direct.prices.iter().filter(is_last) {
            *seen.entry((price.seen, "direct price")).or_default() += 1;
        }
        for price in &hardware.prices {
            *seen.entry((price.seen, "GPU price")).or_default() += 1;
        }
        for ((day, what), count) in seen.into_iter().filter(|((day, _), _)| is_old(*day)) {
            let (what, days) = (counted(count, what), age(day));
            self.notes.push(format!(
                "{what} last seen on {day}, {days} days ago; shown by `estimate` and `explain`, and no advice rests on them"
            ));
        }
        if is_old(ladder.checked) {
            let (day, days) = (ladder.checked, age(ladder.checked));
            self.notes.push(format!(
                "the facts of the models were last looked at on {day}, {days} days ago"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_noted_once_they_are_old_and_are_never_a_fault() {
        let (direct, hardware) = (DirectPrices::embedded().unwrap(), Hardware::embedded().unwrap());
        let ladder = ModelLadder::embedded().unwrap();
        let on = |today: &str| {
            let mut check = Check::default();
            check.alternatives(&direct, &hardware, ladder, today.parse().unwrap(), 90);
            assert!(check.faults.is_empty());
            check.notes
        };
        assert!(!on("2026-11-26").iter().any(|note| note.contains("facts of the models")));
        let later = on("2027-06-01");
        assert!(
            later.iter().any(|note| note.contains("the facts of the models were last looked at"))
        );
        let of = |words: &str| later.iter().filter(|note| note.contains(words)).count();
        assert!(of("direct price") >= 2 && of("GPU prices last seen") >= 2, "{later:#?}");
    }
}
