//! The rule that a price of one Region is not spread over all: `*` is refused where the price of a
//! model is known to differ between Regions.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::model_prices::ModelPrices;
use crate::catalog::provenance::{DatedRow, Dating};
use crate::catalog::rate_field::RateField;
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::domain::{Geo, Partition, Scope, ServiceTier};

/// One price that a caller can pay in any Region: what has to be equal everywhere for `*` to be true.
type SpreadKey = (RowScope, Option<Geo>, ServiceTier, Option<u64>, RateField);

/// The newest price of a thing by Region, with the days of the price. Of two rows of one first day
/// the earlier in the book counts.
struct Newest<'r, K, P>(BTreeMap<K, BTreeMap<&'r RowRegion, (Dating, P)>>);

impl<'r, K: Ord + Copy, P: PartialEq + Copy> Newest<'r, K, P> {
    fn add(&mut self, key: K, regions: &'r [RowRegion], dating: Dating, price: P) {
        for region in regions.iter().filter(|region| is_commercial(region)) {
            let of_key = self.0.entry(key).or_default();
            let known = of_key.entry(region).or_insert((dating, price));
            if known.0.from < dating.from {
                *known = (dating, price);
            }
        }
    }

    /// Finds two Regions that have different prices of one thing on the same days.
    fn differing(&self) -> Option<(K, String)> {
        let meet = |a: Dating, b: Dating| !a.has_ended(b.from) && !b.has_ended(a.from);
        self.0.iter().find_map(|(key, regions)| {
            regions.iter().find_map(|(region, (dating, price))| {
                let mut others = regions.iter();
                let other = others.find(|(_, (other, its))| its != price && meet(*other, *dating));
                let names = BTreeSet::from([(*region).clone(), (*other?.0).clone()]);
                let names: Vec<String> = names.into_iter().map(String::from).collect();
                Some((*key, names.join(" and ")))
            })
        })
    }
}

impl ModelPrices {
    /// Says which two Regions have different prices of one thing while a row claims one price for
    /// all of them; `None` where none does.
    pub(super) fn spread_fault(&self) -> Option<String> {
        let what = self.differing_rates().or_else(|| self.differing_units())?;
        Some(format!(
            "`{}`: regions = [\"*\"] stands for one price everywhere, and the rows have different prices of {what}: name the Regions that the source names",
            self.id
        ))
    }

    /// Takes `*` out of the rates where the Regions are known to differ, as after fresher rows of
    /// some Regions; rows of no other Region go. Returns true if there were any.
    pub(super) fn give_up_spread(&mut self) -> bool {
        if self.differing_rates().is_none() {
            return false;
        }
        for row in &mut self.rates {
            row.regions.retain(|region| *region != RowRegion::All);
        }
        self.rates.retain(|row| !row.regions.is_empty());
        true
    }

    fn differing_rates(&self) -> Option<String> {
        if !self.rates.iter().any(|row| row.regions.contains(&RowRegion::All)) {
            return None;
        }
        let mut newest = Newest(BTreeMap::new());
        for row in &self.rates {
            let Some(dating) = row.dating() else { continue };
            let scope = match row.scope {
                RowScope::InRegion => RowScope::Regional,
                // A row for any scope gives way to one of the very scope, and so differs from none.
                scope => scope,
            };
            for field in RateField::ALL {
                let Some(price) = field.of(row) else { continue };
                let key = (scope, row.geo, row.tier, row.above_input_tokens, field);
                newest.add(key, &row.regions, dating, price);
            }
        }
        let ((scope, geo, tier, _, field), regions): (SpreadKey, String) = newest.differing()?;
        Some(format!("`{}` ({tier}, {}) for {regions}", field.name(), in_words(scope, geo)))
    }

    fn differing_units(&self) -> Option<String> {
        if !self.model_units.iter().any(|row| row.regions.contains(&RowRegion::All)) {
            return None;
        }
        let mut newest = Newest(BTreeMap::new());
        for row in &self.model_units {
            if let Some(dating) = row.dating() {
                let key = (row.term, row.label.as_deref());
                newest.add(key, &row.regions, dating, row.usd_per_unit_hour);
            }
        }
        let ((term, _), regions) = newest.differing()?;
        Some(format!("a model unit ({term}) for {regions}"))
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
    fn what_ended_before_the_regions_differed_may_have_been_one_price() {
        let all = (REGIONAL, "*", "0.40\"\neffective_until = \"2026-01-31");
        let late = |text: &str| format!("{REGIONAL}\nseen_from = \"{text}\"\nseen_to = \"{text}\"");
        let rows = |from: &str| {
            let scope = late(from);
            let one = (scope.as_str(), "eu-west-1", "0.374");
            let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
            let row = |(scope, region, input): (&str, &str, &str), dates: &str| {
                format!(
                    "[[model.rate]]\n{scope}\nregions = [\"{region}\"]\ntier = \"standard\"\n{dates}\
                     checked = \"2026-03-01\"\nsource = \"s\"\ninput = \"{input}\"\n"
                )
            };
            let text = row(all, "effective_from = \"2025-01-01\"\n") + &row(one, "");
            PriceBook::parse("t", &format!("{head}{text}"))
        };
        assert!(rows("2026-02-01").is_ok());
        assert!(rows("2026-01-15").is_err());
    }

    #[test]
    fn one_price_of_a_unit_for_all_is_refused_where_regions_differ() {
        let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
        let unit = |region: &str, price: &str| {
            format!(
                "[[model.model_units]]\nregions = [\"{region}\"]\nterm = \"1-month\"\nusd_per_unit_hour = \"{price}\"\n\
                 effective_from = \"2026-01-01\"\nchecked = \"2026-01-01\"\nsource = \"s\"\n"
            )
        };
        let book = |price: &str| {
            let text = unit("*", "39.60") + &unit("eu-west-1", price);
            PriceBook::parse("t", &format!("{head}{text}"))
        };
        assert!(book("39.60").is_ok());
        let fault = book("41.00").unwrap_err().to_string();
        assert!(fault.contains("a model unit (1-month term) for eu-west-1 and *"), "{fault}");
    }

    #[test]
    fn govcloud_does_not_contradict_what_is_said_of_commercial_regions() {
        assert!(book(&[(REGIONAL, "us-gov-west-1", "0.50"), (REGIONAL, "*", "0.40")]).is_ok());
    }
}
