//! A book with a list laid over it: what the book has, or has better, is taken out of the list first.

use crate::catalog::book::PriceBook;
use crate::catalog::overlay::{GivesWay, seen};
use crate::catalog::refresh::capacity::sifted_capacity;
use crate::catalog::refresh::outcome::{HeldBack, OnDoubt, Refreshed};
use crate::catalog::rows::{ModelPrices, RowRegion};

impl PriceBook {
    /// Lays a Price List over this book, figure by figure. A figure that the book has better is laid
    /// over only where that is accepted; what the book has with the same price and a sighting as
    /// late stays as it is. The same list a second time changes nothing.
    #[must_use]
    pub fn refreshed(self, list: Self, on_doubt: OnDoubt) -> Refreshed {
        let mut held = Vec::new();
        let sift = |fresh: ModelPrices| match self.model(&fresh.id) {
            Some(before) => {
                let (left, of_model) = before.sifted(fresh, on_doubt);
                held.extend(of_model);
                left
            }
            None => fresh,
        };
        let models = list.models.into_iter().map(sift).collect();
        let gives_way = match on_doubt {
            OnDoubt::Keep => GivesWay::WhereNotBetter,
            OnDoubt::Accept => GivesWay::Always,
        };
        let (book, given_up) = self.laid_under(Self { models, ..list }, gives_way);
        Refreshed { book, held, given_up }
    }
}

impl ModelPrices {
    /// Takes out of fresh rows what this model has, and has better. Returns what is left, and what
    /// was held back.
    fn sifted(&self, fresh: Self, on_doubt: OnDoubt) -> (Self, Vec<HeldBack>) {
        let mut held = Vec::new();
        let mut left = Self { rates: Vec::new(), ..fresh };
        left.rates = self.sifted_rates(&fresh.rates, on_doubt, &mut held);
        let (id, units, reserved) = (&self.id, &left.model_units, &left.reserved_tokens);
        let units = sifted_capacity(id, units, &self.model_units, on_doubt, &mut held);
        let reserved = sifted_capacity(id, reserved, &self.reserved_tokens, on_doubt, &mut held);
        (left.model_units, left.reserved_tokens) = (units, reserved);
        if on_doubt == OnDoubt::Keep && self.would_lose_more(&left, &held) {
            for row in std::mem::take(&mut left.rates) {
                self.hold_all(&row, &mut held);
            }
        }
        (left, held)
    }

    /// Returns true if fresh rates would end a price for all Regions, and with it figures that were
    /// seen later than the list or that others were held back for.
    fn would_lose_more(&self, left: &Self, held: &[HeldBack]) -> bool {
        let everywhere = || self.rates.iter().filter(|row| row.regions.contains(&RowRegion::All));
        let Some(oldest) = left.rates.iter().map(seen).min() else {
            return false;
        };
        if everywhere().next().is_none()
            || !self.clone().overlay(left.clone(), GivesWay::WhereNotBetter)
        {
            return false;
        }
        !held.is_empty() || everywhere().any(|row| seen(row) > oldest)
    }
}
