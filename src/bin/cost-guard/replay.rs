//! A saved run as a report, with the series of one of its Regions at a time in memory.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, Take};
use std::path::Path;

use anyhow::{Context as _, Result};
use bedrock_cost_guard::aws::documents::NamedBy;
use bedrock_cost_guard::aws::files;
use bedrock_cost_guard::catalog::{PriceBook, References};
use bedrock_cost_guard::config::CatalogSource;
use bedrock_cost_guard::observation::{Observation, ObservationError, SavedRun};
use bedrock_cost_guard::report::{self, Report};
use serde_json::Deserializer;
use serde_json::de::IoRead;

use crate::{book_of, cannot_read, read_file};

/// Reader of a saved run from its start.
type Json<'f> = Deserializer<IoRead<BufReader<Take<&'f File>>>>;

/// A file that `run --save` wrote.
pub(crate) struct SavedFile<'p> {
    path: &'p Path,
    file: File,
    run: SavedRun,
}

impl<'p> SavedFile<'p> {
    /// Opens a file and reads all around its places.
    pub(crate) fn open(path: &'p Path) -> Result<Self> {
        let file = files::open_text(path, files::MOST_OF_AN_OBSERVATION);
        let file = file.with_context(|| cannot_read(path))?;
        let run = read(path, &file, SavedRun::around_places)?;
        Ok(Self { path, file, run })
    }

    /// Builds the report on the prices that were saved, or on those of a book that is named, place by place.
    pub(crate) fn report(
        &self,
        catalog: Option<&CatalogSource>,
        references: Option<&References>,
    ) -> Result<Report> {
        let Some(source) = catalog else {
            return self.report_on(None, references);
        };
        // Nothing is asked for what cannot be replayed.
        read(self.path, &self.file, |text| self.run.each_place(text, drop))?;
        let book = book_of(source, NamedBy::CatalogFlag, self.run.regions())?;
        self.report_on(Some(&book), references)
    }

    /// Builds the report on the prices that were saved, or on those of a book.
    pub(crate) fn report_on(
        &self,
        book: Option<&PriceBook>,
        references: Option<&References>,
    ) -> Result<Report> {
        read(self.path, &self.file, |text| report::replay(&self.run, text, book, references))
    }
}

/// Reads an open file from its start.
fn read<'f, T>(
    path: &Path,
    mut file: &'f File,
    by: impl FnOnce(Json<'f>) -> Result<T, ObservationError>,
) -> Result<T> {
    file.rewind().with_context(|| cannot_read(path))?;
    let text = BufReader::new(file.take(files::MOST_OF_AN_OBSERVATION));
    by(Deserializer::from_reader(text)).or_else(|fault| {
        if let ObservationError::Syntax(_) = fault {
            // A stream tells some faults a column late, and bytes that are no text as a fault of syntax.
            let whole = read_file(path, files::MOST_OF_AN_OBSERVATION)?;
            Observation::from_json(&whole).with_context(|| cannot_replay(path))?;
        }
        Err(fault).with_context(|| cannot_replay(path))
    })
}

fn cannot_replay(path: &Path) -> String {
    format!("cannot replay `{}`", path.display())
}
