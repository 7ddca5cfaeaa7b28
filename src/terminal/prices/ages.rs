//! Ages of the prices of a book: when each was last seen, and which have ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::catalog::{
    DatedRow, ModelPrices, ModelUnitsRow, PriceBook, RateField, RateRow, ReservedTokensRow,
    RowRegion, RowScope,
};
use crate::config::Settings;
use crate::domain::BaseModel;
use crate::terminal::page::counted;
use crate::terminal::prices::words::{region_names, row_name};

/// Prices that were last seen on one day.
#[derive(Default)]
struct LastSeen<'b> {
    figures: u64,
    models: BTreeSet<&'b BaseModel>,
    sources: BTreeSet<&'b str>,
}

impl<'b> LastSeen<'b> {
    fn add(&mut self, model: &'b BaseModel, source: &'b str, figures: usize) {
        self.figures += figures as u64;
        self.models.insert(model);
        self.sources.insert(source);
    }

    /// Names the first source, and the number of the others.
    fn source(&self) -> String {
        let first = self.sources.first().copied().unwrap_or_default();
        match self.sources.len() {
            0 | 1 => format!("source {first}"),
            count => format!("sources {first} and {} more", count - 1),
        }
    }
}

/// Finds prices of today that nobody has seen for more than `most_days` days: one sentence for each
/// day on which some were last seen. Those on which no commitment may rest any more are faults, and
/// the others are notes.
pub(super) fn stale(
    book: &PriceBook,
    today: Date,
    most_days: u32,
    faults: &mut Vec<String>,
    notes: &mut Vec<String>,
) {
    let of_commitments = Settings::default().max_price_age_days;
    for (day, seen) in last_seen(book, today) {
        let age = u32::try_from(day.duration_until(today).as_hours() / 24).unwrap_or(0);
        let sentence = format!(
            "{} of {} were last seen on {day}, {age} days ago ({})",
            counted(seen.figures, "figure"),
            counted(seen.models.len() as u64, "model"),
            seen.source()
        );
        if age > of_commitments {
            faults.push(format!(
                "{sentence}: after {of_commitments} days no commitment rests on a price (GUARD_MAX_PRICE_AGE_DAYS)"
            ));
        } else if age > most_days {
            notes.push(sentence);
        }
    }
}

/// Collects the prices of today by the day on which each was last seen. A price that has ended, that
/// a newer one follows, or whose model has left is for the usage of old days: its age is no matter.
fn last_seen(book: &PriceBook, today: Date) -> BTreeMap<Date, LastSeen<'_>> {
    let mut days: BTreeMap<Date, LastSeen<'_>> = BTreeMap::new();
    for model in &book.models {
        for row in &model.rates {
            let count = count_left(model, row, today, |region| {
                let is_of_today = |field: &RateField| {
                    let mut newer = model.rates.iter();
                    field.of(row).is_some()
                        && !newer.any(|other| {
                            follows(other, row, today) && prices_same(other, row, region, *field)
                        })
                };
                RateField::ALL.iter().filter(|field| is_of_today(field)).count()
            });
            if count > 0 {
                days.entry(row.checked).or_default().add(&model.id, &row.source, count);
            }
        }
        for row in &model.model_units {
            let count = count_left(model, row, today, |region| {
                let is_newer = |other: &ModelUnitsRow| {
                    follows(other, row, today) && sells_same_units(other, row, region)
                };
                usize::from(!model.model_units.iter().any(is_newer))
            });
            if count > 0 {
                days.entry(row.checked).or_default().add(&model.id, &row.source, count);
            }
        }
        for row in &model.reserved_tokens {
            let count = count_left(model, row, today, |region| {
                let is_newer = |other: &ReservedTokensRow| {
                    follows(other, row, today) && reserves_same(other, row, region)
                };
                // Input and output have a price each.
                if model.reserved_tokens.iter().any(is_newer) { 0 } else { 2 }
            });
            if count > 0 {
                days.entry(row.checked).or_default().add(&model.id, &row.source, count);
            }
        }
    }
    days
}

/// Adds up what a row still prices in each of its Regions where the model has not left; nothing once
/// the row has ended.
fn count_left<R: DatedRow>(
    model: &ModelPrices,
    row: &R,
    today: Date,
    left: impl Fn(&RowRegion) -> usize,
) -> usize {
    let has_left = |region: &&RowRegion| {
        model.lifecycle.iter().any(|row| {
            row.end_of_life.is_some_and(|end| end <= today) && row.regions.contains(region)
        })
    };
    if has_ended(row, today) {
        return 0;
    }
    row.regions().iter().filter(|region| !has_left(region)).map(left).sum()
}

/// Notes prices whose announced end is past and that no other row gives today, a sentence for each
/// row.
pub(super) fn ended(model: &ModelPrices, today: Date, notes: &mut Vec<String>) {
    let mut note =
        |row: &dyn Fn(&[RowRegion]) -> String, left: &[RowRegion], until: Option<Date>| {
            if let Some(until) = until.filter(|_| !left.is_empty()) {
                notes.push(format!(
                    "{}, {}: the price ended on {until} and no row follows",
                    model.id,
                    row(left)
                ));
            }
        };
    for row in model.rates.iter().filter(|row| has_ended(*row, today)) {
        let left = without(row, |region| {
            RateField::ALL.into_iter().filter(|field| field.of(row).is_some()).all(|field| {
                model
                    .rates
                    .iter()
                    .any(|other| !has_ended(other, today) && prices_same(other, row, region, field))
            })
        });
        let named =
            |left: &[RowRegion]| row_name(&RateRow { regions: left.to_vec(), ..row.clone() });
        note(&named, &left, row.effective_until);
    }
    for row in model.model_units.iter().filter(|row| has_ended(*row, today)) {
        let left = without(row, |region| {
            let mut others = model.model_units.iter();
            others.any(|other| !has_ended(other, today) && sells_same_units(other, row, region))
        });
        let named =
            |left: &[RowRegion]| format!("a model unit, {}, {}", row.term, region_names(left));
        note(&named, &left, row.effective_until);
    }
    for row in model.reserved_tokens.iter().filter(|row| has_ended(*row, today)) {
        let left = without(row, |region| {
            let mut others = model.reserved_tokens.iter();
            others.any(|other| !has_ended(other, today) && reserves_same(other, row, region))
        });
        let named =
            |left: &[RowRegion]| format!("reserved tokens, {}, {}", row.term, region_names(left));
        note(&named, &left, row.effective_until);
    }
}

/// Returns the Regions of a row where nothing else gives the price.
fn without<R: DatedRow>(row: &R, is_given: impl Fn(&RowRegion) -> bool) -> Vec<RowRegion> {
    row.regions().iter().filter(|region| !is_given(region)).cloned().collect()
}

fn has_ended<R: DatedRow>(row: &R, today: Date) -> bool {
    row.dating().is_some_and(|dating| dating.has_ended(today))
}

/// Returns true if a row has begun after another one, and holds on.
fn follows<R: DatedRow>(row: &R, other: &R, today: Date) -> bool {
    let begins = |row: &R| row.dating().map(|dating| dating.from);
    begins(row) > begins(other)
        && begins(row).is_some_and(|from| from <= today)
        && !has_ended(row, today)
}

/// Returns true if a row is used where another row names a Region.
fn is_used_in<R: DatedRow>(row: &R, region: &RowRegion) -> bool {
    let is_named = matches!(region, RowRegion::Named(_));
    row.regions().contains(region) || (is_named && row.regions().contains(&RowRegion::All))
}

/// Returns true if a row gives the price in one field for the requests of another row.
fn prices_same(row: &RateRow, other: &RateRow, region: &RowRegion, field: RateField) -> bool {
    let is_part = matches!(other.scope, RowScope::InRegion | RowScope::Geo);
    let is_broader = row.scope == RowScope::Any && other.scope != RowScope::Mantle;
    let is_of_scope = (row.scope, row.geo) == (other.scope, other.geo)
        || (row.scope == RowScope::Regional && is_part)
        || is_broader;
    is_of_scope
        && (row.tier, row.above_input_tokens) == (other.tier, other.above_input_tokens)
        && field.of(row).is_some()
        && is_used_in(row, region)
}

fn sells_same_units(row: &ModelUnitsRow, other: &ModelUnitsRow, region: &RowRegion) -> bool {
    (row.term, &row.label) == (other.term, &other.label) && is_used_in(row, region)
}

fn reserves_same(row: &ReservedTokensRow, other: &ReservedTokensRow, region: &RowRegion) -> bool {
    (row.scope, &row.geo, row.term) == (other.scope, &other.geo, other.term)
        && is_used_in(row, region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(rows: &[String]) -> PriceBook {
        let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
        PriceBook::parse("t", &format!("{head}{}", rows.concat())).unwrap()
    }

    fn row(regions: &str, dates: &str, checked: &str) -> String {
        format!(
            "[[model.rate]]\nscope = \"in-region\"\nregions = [{regions}]\ntier = \"standard\"\n{dates}\n\
             checked = \"{checked}\"\nsource = \"a page\"\ninput = \"1.00\"\noutput = \"2.00\"\n"
        )
    }

    fn ages(rows: &[String], today: &str) -> (Vec<String>, Vec<String>) {
        let (mut faults, mut notes) = (Vec::new(), Vec::new());
        stale(&book(rows), today.parse().unwrap(), 90, &mut faults, &mut notes);
        (faults, notes)
    }

    const OLD: &str = "effective_from = \"2025-01-01\"";
    const BOTH: &str = "\"us-east-1\", \"us-west-2\"";

    #[test]
    fn prices_that_nobody_has_seen_for_long_are_noted_by_the_day_and_after_a_year_a_fault() {
        let rows = [
            row(BOTH, OLD, "2025-05-01"),
            row("\"eu-west-1\"", OLD, "2025-05-01").replace("a page", "another page"),
            row("\"eu-west-2\"", OLD, "2025-07-30"),
        ];
        assert_eq!(ages(&rows, "2025-07-30"), (vec![], vec![]));
        let sentence = "6 figures of 1 model were last seen on 2025-05-01, 91 days ago (sources a page and 1 more)";
        assert_eq!(ages(&rows, "2025-07-31"), (vec![], vec![sentence.to_owned()]));
        let (faults, notes) = ages(&rows, "2026-05-01");
        assert_eq!((faults.len(), notes.len()), (0, 2));
        let (faults, notes) = ages(&rows, "2026-05-02");
        assert_eq!((faults.len(), notes.len()), (1, 1));
        assert!(
            faults[0].contains("366 days ago")
                && faults[0].contains("after 365 days no commitment")
        );
    }

    #[test]
    fn the_age_of_a_price_that_a_newer_one_follows_is_no_matter() {
        let newer = row("\"us-east-1\"", "effective_from = \"2026-01-01\"", "2026-05-01");
        let (_, notes) = ages(&[row(BOTH, OLD, "2025-12-01"), newer.clone()], "2026-05-02");
        // Both figures of the other Region are left.
        assert!(
            notes[0].starts_with("2 figures of 1 model were last seen on 2025-12-01"),
            "{notes:?}"
        );
        let inputs = newer.replace("output = \"2.00\"\n", "");
        let (_, notes) = ages(&[row(BOTH, OLD, "2025-12-01"), inputs], "2026-05-02");
        assert!(notes[0].starts_with("3 figures"), "{notes:?}");
        let planned = newer.replace("2026-01-01", "2026-06-01");
        let (_, notes) = ages(&[row(BOTH, OLD, "2025-12-01"), planned], "2026-05-02");
        assert!(notes[0].starts_with("4 figures"), "{notes:?}");
    }

    #[test]
    fn the_age_of_a_price_is_no_matter_where_the_model_has_left() {
        let leaves = "[[model.lifecycle]]\nregions = [\"us-east-1\"]\nend_of_life = \"2026-05-02\"\n\
                      checked = \"2026-01-01\"\nsource = \"s\"\n";
        let rows = [row(BOTH, OLD, "2025-12-01"), leaves.to_owned()];
        assert!(ages(&rows, "2026-05-01").1[0].starts_with("4 figures"));
        assert!(ages(&rows, "2026-05-02").1[0].starts_with("2 figures"));
    }

    #[test]
    fn a_price_that_has_ended_is_noted_where_no_row_follows() {
        let found = |rows: &[String], today: &str| {
            let mut notes = Vec::new();
            ended(&book(rows).models[0], today.parse().unwrap(), &mut notes);
            notes
        };
        let until = format!("{OLD}\neffective_until = \"2026-03-31\"");
        let ending = row(BOTH, &until, "2026-03-01");
        assert!(found(std::slice::from_ref(&ending), "2026-03-31").is_empty());
        let sentence = "a.b, in-Region standard, us-east-1, us-west-2: the price ended on 2026-03-31 and no row follows";
        assert_eq!(found(std::slice::from_ref(&ending), "2026-04-01"), [sentence]);
        let next = row("\"us-east-1\"", "effective_from = \"2026-04-01\"", "2026-04-01");
        let sentence = sentence.replace("us-east-1, ", "");
        assert_eq!(found(&[ending.clone(), next.clone()], "2026-04-01"), [sentence]);
        let everywhere = next.replace("us-east-1", "*");
        assert!(found(&[ending.clone(), everywhere], "2026-04-01").is_empty());
        let regional = next.replace("\"us-east-1\"", BOTH).replace("in-region", "regional");
        assert!(found(&[ending.clone(), regional], "2026-04-01").is_empty());
        // What has ended is not old as well.
        assert_eq!(ages(&[ending], "2027-05-01"), (vec![], vec![]));
    }

    #[test]
    fn units_and_reserved_tokens_age_and_end_too() {
        let dates = "effective_from = \"2025-01-01\"\neffective_until = \"2026-03-31\"\nchecked = \"2025-05-01\"\nsource = \"s\"\n";
        let rows = [
            format!(
                "[[model.model_units]]\nregions = [\"us-east-1\"]\nterm = \"1-month\"\nusd_per_unit_hour = \"9\"\n{dates}"
            ),
            format!(
                "[[model.reserved_tokens]]\nscope = \"global\"\nregions = [\"us-east-1\"]\nterm = \"1-month\"\n\
                 input = \"1\"\noutput = \"2\"\nminimum_input_tpm = 1\nminimum_output_tpm = 1\n{dates}"
            ),
        ];
        let (_, notes) = ages(&rows, "2026-03-31");
        assert!(notes[0].starts_with("3 figures of 1 model"), "{notes:?}");
        let mut notes = Vec::new();
        ended(&book(&rows).models[0], "2026-04-01".parse().unwrap(), &mut notes);
        assert_eq!(notes.len(), 2);
        assert!(
            notes[0].contains("a model unit, 1-month term, us-east-1: the price ended"),
            "{notes:?}"
        );
    }
}
