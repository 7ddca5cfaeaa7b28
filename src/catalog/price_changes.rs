//! The days on which a price that is known today changes: rows that begin or end later, and what a
//! contract says of them.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::overrides::Overrides;
use crate::catalog::provenance::DatedRow;
use crate::domain::BaseModel;

/// Some days in a row on which the same prices hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceDays {
    /// First day.
    pub first: Date,
    /// Number of days.
    pub days: u32,
}

impl PriceBook {
    /// Splits so many days from one on into stretches on which no price of a model changes; of any
    /// Region, since a stretch too many says nothing wrong.
    #[must_use]
    pub fn price_days(
        &self,
        model: &BaseModel,
        overrides: &Overrides,
        first: Date,
        days: u32,
    ) -> Vec<PriceDays> {
        let after = first.saturating_add(i64::from(days).days());
        let mut starts: BTreeSet<Date> = [first].into();
        let mut add = |from: Date, last: Option<Date>| {
            let next = last.and_then(|last| last.tomorrow().ok());
            let changes = [Some(from), next].into_iter().flatten();
            starts.extend(changes.filter(|day| first < *day && *day < after));
        };
        if let Some(prices) = self.model(model) {
            let rates = prices.rates.iter().filter_map(DatedRow::dating);
            let units = prices.model_units.iter().filter_map(DatedRow::dating);
            let reserved = prices.reserved_tokens.iter().filter_map(DatedRow::dating);
            // The last day on which a price was seen ends nothing.
            let datings = rates.chain(units).chain(reserved);
            datings.for_each(|dating| add(dating.from, dating.until));
        }
        overrides.discount.iter().for_each(|row| add(row.from, row.until));
        overrides.contract_price.iter().for_each(|row| add(row.from, row.until));
        let ends = starts.iter().skip(1).copied().chain([after]);
        let stretch = |(first, end): (&Date, Date)| PriceDays {
            first: *first,
            days: first.until(end).map_or(0, |span| span.get_days().unsigned_abs()),
        };
        starts.iter().zip(ends).map(stretch).collect()
    }
}
