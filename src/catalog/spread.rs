//! The rule that a price of one Region is not spread over all: `*` is refused where the price of a
//! model is known to differ between Regions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::provenance::DatedRow;
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::catalog::rows::RateRow;
use crate::domain::{Geo, Partition, Scope, ServiceTier, UsdPerMillionTokens};

/// One price that a caller can pay in any Region: what has to be equal everywhere for `*` to be true.
type SpreadKey = (RowScope, Option<Geo>, ServiceTier, Option<u64>, RateField);

/// The newest price of an item in a Region, by its first day. Two rows of one day are compared by
/// their order in the book.
type Newest<'r> = BTreeMap<(SpreadKey, &'r RowRegion), (Date, UsdPerMillionTokens)>;

impl ModelPrices {
    /// Says which two Regions have different prices of one thing while a row claims one price for
    /// all of them; `None` where none does.
    pub(super) fn spread_fault(&self) -> Option<String> {
        let claims = |row: &RateRow| row.regions.contains(&RowRegion::All);
        if !self.rates.iter().any(claims) {
            return None;
        }
        let ((scope, geo, tier, _, field), regions) = self.differing()?;
        Some(format!(
            "`{}`: regions = [\"*\"] stands for one price everywhere, and the rows have different prices of `{}` ({tier}, {}) for {}: name the Regions that the source names",
            self.id,
            field.name(),
            in_words(scope, geo),
            regions.join(" and ")
        ))
    }

    /// Takes `*` out of the rows where the Regions are known to differ, as after fresher rows of some
    /// Regions; rows of no other Region go. Returns true if there were any.
    pub(super) fn give_up_spread(&mut self) -> bool {
        if self.spread_fault().is_none() {
            return false;
        }
        for row in &mut self.rates {
            row.regions.retain(|region| *region != RowRegion::All);
        }
        self.rates.retain(|row| !row.regions.is_empty());
        true
    }

    fn differing(&self) -> Option<(SpreadKey, Vec<String>)> {
        let mut newest: Newest<'_> = BTreeMap::new();
        for row in &self.rates {
            let Some(dating) = row.dating() else { continue };
            for field in RateField::ALL {
                let Some(price) = field.of(row) else { continue };
                let scope = match row.scope {
                    RowScope::InRegion => RowScope::Regional,
                    scope => scope,
                };
                let item = (scope, row.geo, row.tier, row.above_input_tokens, field);
                for region in row.regions.iter().filter(|region| is_commercial(region)) {
                    let known = newest.entry((item, region)).or_insert((dating.from, price));
                    if known.0 < dating.from {
                        *known = (dating.from, price);
                    }
                }
            }
        }
        let mut first: BTreeMap<SpreadKey, (&RowRegion, UsdPerMillionTokens)> = BTreeMap::new();
        for ((item, region), (_, price)) in &newest {
            let (other, seen) = first.entry(*item).or_insert((region, *price));
            if seen != price {
                let names = BTreeSet::from([other.clone(), (*region).clone()]);
                return Some((*item, names.into_iter().map(String::from).collect()));
            }
        }
        None
    }
}

fn in_words(scope: RowScope, geo: Option<Geo>) -> String {
    match (scope, geo) {
        (RowScope::Global, _) => "global profile".to_owned(),
        (_, Some(geo)) => Scope::Geo(geo).to_string(),
        _ => "in-Region".to_owned(),
    }
}

/// Returns true for what `*` stands for, and for `*` itself: it never speaks for `GovCloud` or China.
fn is_commercial(region: &RowRegion) -> bool {
    match region {
        RowRegion::Named(region) => region.partition() == Partition::Commercial,
        RowRegion::All => true,
        RowRegion::Unstated | RowRegion::UnstatedInUs => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::PriceBook;

    fn book(rows: &[(&str, &str, &str)]) -> Result<PriceBook, String> {
        let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
        let row = |(scope, region, input): &(&str, &str, &str)| {
            format!(
                "[[model.rate]]\n{scope}\nregions = [\"{region}\"]\ntier = \"standard\"\n\
                 effective_from = \"2026-01-01\"\nchecked = \"2026-01-01\"\nsource = \"s\"\ninput = \"{input}\"\n"
            )
        };
        let rows: String = rows.iter().map(row).collect();
        PriceBook::parse("t", &format!("{head}{rows}")).map_err(|error| error.to_string())
    }

    const EU: &str = "scope = \"geo\"\ngeo = \"eu\"";
    const REGIONAL: &str = "scope = \"regional\"";

    #[test]
    fn one_price_for_all_is_refused_where_regions_differ() {
        let ireland = (REGIONAL, "eu-west-1", "0.374");
        let milan = (REGIONAL, "eu-south-1", "0.528");
        let fault = book(&[ireland, milan, (EU, "*", "0.429")]).unwrap_err();
        assert!(fault.contains("eu-south-1 and eu-west-1"), "{fault}");
        assert!(fault.contains("name the Regions that the source names"), "{fault}");
        // A row for all Regions that one Region contradicts is such a claim too.
        assert!(book(&[ireland, (REGIONAL, "*", "0.429")]).is_err());
        assert!(book(&[ireland, (REGIONAL, "*", "0.374")]).is_ok());
        assert!(book(&[ireland, milan]).is_ok());
    }

    #[test]
    fn govcloud_does_not_contradict_what_is_said_of_commercial_regions() {
        assert!(book(&[(REGIONAL, "us-gov-west-1", "0.50"), (REGIONAL, "*", "0.40")]).is_ok());
    }
}
