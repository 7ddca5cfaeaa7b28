//! The reasons for which a book has no rate: what it knows all the same, and why that prices nothing.

use crate::catalog::book::PriceBook;
use crate::catalog::provenance::DatedRow;
use crate::catalog::rate::RateQuery;
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::catalog::rows::RateRow;
use crate::catalog::select::basis;

impl PriceBook {
    /// Says what the book has of usage that it does not price: a figure whose source names no Region,
    /// a price that has ended, one of the mantle endpoint, or the same in other Regions; `None` where
    /// it has nothing like it.
    #[must_use]
    pub fn nearest_to(&self, wanted: &RateQuery<'_>) -> Option<String> {
        let model = self.model(wanted.model)?;
        let price = |row: &RateRow| {
            RateField::of_meter(wanted.meter).iter().find_map(|field| field.of(row))
        };
        let of_kind = |row: &&RateRow| {
            row.above_input_tokens.is_none()
                && wanted.tier.is_none_or(|tier| row.tier == tier)
                && price(row).is_some()
        };
        let rows = || model.rates.iter().filter(of_kind);
        let covering = || rows().filter(|row| row.covers(wanted.scope));
        let here = |row: &&RateRow| basis(&row.regions, wanted.region).is_some();
        let ended = |row: &&RateRow| row.dating().is_some_and(|days| days.has_ended(wanted.day));
        if let Some(row) = covering().filter(here).find(ended) {
            let until = row.effective_until?;
            return Some(format!("its price of {} USD ended on {until}", price(row)?));
        }
        if let Some(row) = covering().find(|row| row.regions.contains(&RowRegion::Unstated)) {
            return Some(format!(
                "a source without a Region has {} USD ({}), which no other source confirms for {}",
                price(row)?,
                row.source,
                wanted.region
            ));
        }
        let on_mantle = |row: &&RateRow| row.scope == RowScope::Mantle;
        if let Some(row) = rows().filter(on_mantle).find(here) {
            return Some(format!(
                "the book has {} USD for the bedrock-mantle endpoint alone ({})",
                price(row)?,
                row.source
            ));
        }
        let named = |region: &RowRegion| match region {
            RowRegion::Named(region) => Some(region.name().to_owned()),
            _ => None,
        };
        let mut elsewhere: Vec<String> =
            covering().flat_map(|row| row.regions.iter().filter_map(named)).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        match elsewhere.as_slice() {
            [] => None,
            [one] => Some(format!("the book has it for {one} alone")),
            [first, .., last] => Some(format!(
                "the book has it for {} other Regions, from {first} to {last}",
                elsewhere.len()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BaseModel, Meter, Scope, ServiceTier};

    fn nearest(row: &str, scope: Scope, day: &str) -> Option<String> {
        let text = format!(
            "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n\
             [[model.rate]]\ntier=\"standard\"\neffective_from=\"2026-01-01\"\nchecked=\"2026-01-01\"\nsource=\"a page\"\ninput=\"1.00\"\n{row}\n"
        );
        PriceBook::parse("t", &text).unwrap().nearest_to(&RateQuery {
            model: &BaseModel::new("a.b"),
            region: &"eu-west-1".parse().unwrap(),
            scope,
            tier: Some(ServiceTier::Standard),
            meter: Meter::Input,
            input_tokens: None,
            day: day.parse().unwrap(),
        })
    }

    #[test]
    fn what_the_book_has_all_the_same_is_said() {
        let in_region = |row: &str| nearest(row, Scope::InRegion, "2026-11-26");
        let regional = "scope=\"regional\"\nregions=[";
        assert_eq!(
            in_region(&format!("{regional}\"unstated\"]")).unwrap(),
            "a source without a Region has 1.00 USD (a page), which no other source confirms for eu-west-1"
        );
        assert_eq!(
            in_region(&format!("{regional}\"eu-west-1\"]\neffective_until=\"2026-10-31\""))
                .unwrap(),
            "its price of 1.00 USD ended on 2026-10-31"
        );
        assert_eq!(
            in_region("scope=\"mantle\"\nregions=[\"eu-west-1\"]").unwrap(),
            "the book has 1.00 USD for the bedrock-mantle endpoint alone (a page)"
        );
        assert_eq!(
            in_region(&format!("{regional}\"us-east-1\"]")).unwrap(),
            "the book has it for us-east-1 alone"
        );
        assert_eq!(
            nearest(&format!("{regional}\"us-east-1\"]"), Scope::Global, "2026-11-26"),
            None
        );
    }
}
