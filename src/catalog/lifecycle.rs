//! The dates on which a model leaves, as the book has them, and prices from before such a date.

use jiff::civil::Date;

use crate::catalog::book::PriceBook;
use crate::catalog::provenance::Provenance;
use crate::catalog::rows::LifecycleRow;
use crate::catalog::select::basis;
use crate::domain::{BaseModel, Region};

impl PriceBook {
    /// Lists the dates on which a model leaves a Region, as far as the book has them. Rows that name
    /// the Region stand first.
    #[must_use]
    pub fn lifecycle(&self, model: &BaseModel, region: &Region) -> Vec<&LifecycleRow> {
        let rows = self.model(model).map(|prices| prices.lifecycle.as_slice()).unwrap_or_default();
        let mut of_region: Vec<_> =
            rows.iter().filter_map(|row| Some((basis(&row.regions, region)?, row))).collect();
        of_region.sort_by_key(|(basis, _)| *basis);
        of_region.into_iter().map(|(_, row)| row).collect()
    }
}

impl Provenance {
    /// Returns true if no source dates the price from a day or later. A sighting after the day does
    /// not: the AWS Price List goes on with the price from before extended access.
    #[must_use]
    pub fn is_from_before(&self, day: Date) -> bool {
        self.effective_from.is_none_or(|from| from < day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_price_is_from_before_a_day_by_its_own_dates() {
        let dated = |effective_from: Option<&str>, seen: Option<(&str, &str)>| Provenance {
            effective_from: effective_from.map(day),
            seen_from: seen.map(|(from, _)| day(from)),
            seen_to: seen.map(|(_, to)| day(to)),
            // The day on which somebody last looked at the source tells nothing of its price.
            checked: day("2026-12-01"),
            source: "s".into(),
            effective_until: None,
            trust: None,
        };
        let is_from_before = |row: Provenance| row.is_from_before(day("2026-07-14"));
        assert!(is_from_before(dated(Some("2026-07-13"), None)));
        assert!(!is_from_before(dated(Some("2026-07-14"), None)));
        assert!(is_from_before(dated(None, Some(("2025-07-20", "2026-07-13")))));
        assert!(is_from_before(dated(None, Some(("2026-07-14", "2026-07-20")))));
        assert!(is_from_before(dated(None, None)));
    }

    #[test]
    fn rows_that_name_the_region_go_first() {
        let text = "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n[[model]]\nid=\"a.b\"\nname=\"B\"\nprovider=\"A\"\n\
             [[model.lifecycle]]\nregions=[\"*\"]\nend_of_life=\"2027-01-01\"\nchecked=\"2026-01-01\"\nsource=\"all\"\n\
             [[model.lifecycle]]\nregions=[\"us-east-1\"]\nend_of_life=\"2027-02-01\"\nchecked=\"2026-01-01\"\nsource=\"named\"\n";
        let book = PriceBook::parse("t", text).unwrap();
        let sources = |region: &str| -> Vec<String> {
            let rows = book.lifecycle(&BaseModel::new("a.b"), &region.parse().unwrap());
            rows.into_iter().map(|row| row.source.clone()).collect()
        };
        assert_eq!(sources("us-east-1"), ["named", "all"]);
        assert_eq!(sources("eu-west-1"), ["all"]);
        assert_eq!(sources("us-gov-west-1"), [""; 0]);
    }
}
