//! A book with a list laid over it: what the book has, or has better, is taken out of the list first.

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::model_prices::ModelPrices;
use crate::catalog::overlay::{GivesWay, is_better, seen};
use crate::catalog::refresh::capacity::sifted_capacity;
use crate::catalog::refresh::outcome::{HeldBack, OnDoubt, Refreshed};
use crate::catalog::row_scope::RowRegion;
use crate::catalog::rows::RateRow;

impl PriceBook {
    /// Lays a Price List over this book, figure by figure. A figure that the book has better is laid
    /// over only where that is accepted; what the book has with the same price and a sighting as
    /// late stays as it is. The same list a second time changes nothing.
    #[must_use]
    pub fn refreshed(mut self, list: Self, on_doubt: OnDoubt) -> Refreshed {
        let gives_way = match on_doubt {
            OnDoubt::Keep => GivesWay::WhereNotBetter,
            OnDoubt::Accept => GivesWay::Always,
        };
        let (mut models, mut held, mut given_up) = (Vec::new(), Vec::new(), Vec::new());
        for fresh in list.models {
            let Some(before) = self.models.iter_mut().find(|model| model.id == fresh.id) else {
                models.push(fresh);
                continue;
            };
            let (mut left, mut of_model) = before.sifted(&fresh, on_doubt);
            if before.would_differ(&left, gives_way) {
                if on_doubt == OnDoubt::Keep && before.has_better_everywhere(&left) {
                    for row in std::mem::take(&mut left.rates) {
                        before.hold_all(&row, &mut of_model);
                    }
                } else {
                    // First, so that no figure of the list is left out for one that goes.
                    before.take_out_everywhere();
                    given_up.push(before.id.clone());
                    (left, of_model) = before.sifted(&fresh, on_doubt);
                }
            }
            held.append(&mut of_model);
            models.push(left);
        }
        let book = self.laid_under(Self { models, ..list }, gives_way);
        Refreshed { book, held, given_up }
    }
}

impl ModelPrices {
    /// Takes out of fresh rows what this model has, and has better. Returns what is left, and what
    /// was held back.
    fn sifted(&self, fresh: &Self, on_doubt: OnDoubt) -> (Self, Vec<HeldBack>) {
        let mut held = Vec::new();
        let newest = self.newest();
        let rates = self.sifted_rates(&fresh.rates, on_doubt, &mut held);
        let (id, units, reserved) = (&self.id, &fresh.model_units, &fresh.reserved_tokens);
        let model_units =
            sifted_capacity(id, units, &self.model_units, newest, on_doubt, &mut held);
        let reserved_tokens =
            sifted_capacity(id, reserved, &self.reserved_tokens, newest, on_doubt, &mut held);
        (Self { rates: rates.into(), model_units, reserved_tokens, ..fresh.clone() }, held)
    }

    /// Returns the last day on which any price of the model was seen; `None` without a row.
    pub(super) fn newest(&self) -> Option<Date> {
        let rates = self.rates.iter().map(seen);
        let units = self.model_units.iter().map(seen);
        rates.chain(units).chain(self.reserved_tokens.iter().map(seen)).max()
    }

    fn everywhere(&self) -> impl Iterator<Item = &RateRow> {
        self.rates.iter().filter(|row| row.regions.contains(&RowRegion::All))
    }

    /// Returns true if fresh rates show that Regions differ where the model has one price for all.
    fn would_differ(&self, left: &Self, gives_way: GivesWay) -> bool {
        self.everywhere().next().is_some()
            && !left.rates.is_empty()
            && self.clone().overlay(left.clone(), gives_way)
    }

    /// Returns true if the model has one price for all Regions better than a fresh rate.
    fn has_better_everywhere(&self, left: &Self) -> bool {
        self.everywhere().any(|old| left.rates.iter().any(|fresh| is_better(old, fresh)))
    }

    fn take_out_everywhere(&mut self) {
        for row in &mut self.rates {
            row.regions.retain(|region| *region != RowRegion::All);
        }
        self.rates.retain(|row| !row.regions.is_empty());
    }
}
