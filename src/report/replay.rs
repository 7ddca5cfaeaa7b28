//! The report of a saved run, read and decided place by place.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Deserializer;
use serde_json::de::Read;

use crate::catalog::{PriceBook, References};
use crate::observation::{ObservationError, SavedRun};
use crate::report::build::assemble;
use crate::report::document::Report;
use crate::report::place_report::PlaceReport;

/// Builds the report of a saved run from its text, on its own prices or on those of another book; with references,
/// what else could serve each workload too.
pub fn replay<'t>(
    saved: &SavedRun,
    text: Deserializer<impl Read<'t>>,
    book: Option<&PriceBook>,
    references: Option<&References>,
) -> Result<Report, ObservationError> {
    let own = Cow::Borrowed(&saved.run);
    let run = book.map_or(own, |book| Cow::Owned(saved.run.clone().repriced(book)));
    let (mut places, mut models) = (Vec::new(), BTreeSet::new());
    saved.each_place(text, |observed| {
        let own = Cow::Borrowed(run.as_ref());
        let mut of_place = book.map_or(own, |book| Cow::Owned(run.of_place(&observed, book)));
        let mut report = PlaceReport::of(&of_place, &observed);
        if let Some(references) = references {
            if let Some(book) = book {
                let run = of_place.into_owned();
                of_place =
                    Cow::Owned(run.with_rows_beside(&report.models, book, references.ladder));
            }
            report.add_alternatives(&of_place, &observed, references);
        }
        models.extend(report.models.iter().cloned());
        places.push(report);
    })?;
    let Some(book) = book else {
        return Ok(assemble(&run, places));
    };
    Ok(assemble(&run.into_owned().with_rows_of(models, book), places))
}
