//! The parts that are kept of each place of a run: what is saved, and what else could serve its workloads.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use bedrock_cost_guard::aws::files::{Piece, Spool, Spooled, WrittenFile};
use bedrock_cost_guard::catalog::{ModelLadder, PriceBook, References};
use bedrock_cost_guard::domain::text::escaped;
use bedrock_cost_guard::domain::{BaseModel, Place};
use bedrock_cost_guard::guard::TakenPlace;
use bedrock_cost_guard::observation::{Observation, PlaceObservation};

use crate::Format;

/// Writer of JSON without what would steer a terminal: what is named may be one, and a reader of JSON reads the
/// same values.
struct Escaping<'w>(&'w mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // JSON is written in whole pieces of text.
        let text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?;
        self.0.write_all(escaped(text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Parts that are kept of the places of a run.
pub(crate) struct Kept {
    ladder: &'static ModelLadder,
    /// References by which what else could serve a workload is found; `None` where nobody is told.
    references: Option<References>,
    /// Models that are known of any place.
    models: BTreeSet<BaseModel>,
    /// Texts of the lanes so far, or the fault that they cannot be written; `None` where nothing is saved.
    spool: Option<Result<Spool>>,
    /// Places so far, without lanes, in order of account and Region.
    places: BTreeMap<Place, PlaceObservation>,
    /// Text of each lane, in order of place and id.
    lanes: BTreeMap<(Place, String), Spooled>,
}

impl Kept {
    /// Begins with no place, and with the file to save to.
    pub(crate) fn new(save: Option<&Path>, format: Format) -> Result<Self> {
        let references = (format == Format::Json).then(References::embedded).transpose()?;
        Ok(Self {
            ladder: ModelLadder::embedded()?,
            references,
            models: BTreeSet::new(),
            spool: save.map(|path| Ok(Spool::beside(path)?)),
            places: BTreeMap::new(),
            lanes: BTreeMap::new(),
        })
    }

    /// Keeps what is asked for of a part of one place.
    pub(crate) fn take(&mut self, taken: TakenPlace<'_>) {
        let TakenPlace { run, book, mut observed, report } = taken;
        if let Some(references) = &self.references {
            let run = run.clone().with_rows_beside(&report.models, book, self.ladder);
            report.add_alternatives(&run, &observed, references);
        }
        self.models.extend(report.models.iter().cloned());
        let Some(Ok(spool)) = &mut self.spool else {
            return;
        };
        for lane in std::mem::take(&mut observed.usage.lanes) {
            let written = spool.add(|out| {
                serde_json::to_writer(Escaping(out), &lane).map_err(std::io::Error::from)
            });
            match written {
                Ok(spooled) => {
                    let id = lane.model_id.text().to_owned();
                    self.lanes.insert((observed.place.clone(), id), spooled);
                }
                Err(error) => {
                    self.spool = Some(Err(error.into()));
                    return;
                }
            }
        }
        match self.places.entry(observed.place.clone()) {
            Entry::Occupied(mut place) => place.get_mut().add(observed),
            Entry::Vacant(place) => _ = place.insert(observed),
        }
    }

    /// Writes the places with their run, for `replay`, into a file that is still to be put in place; `None` where
    /// nothing is saved.
    pub(crate) fn write(
        self,
        observation: Observation,
        book: &PriceBook,
    ) -> Result<Option<WrittenFile>> {
        let Some(spool) = self.spool.transpose()? else {
            return Ok(None);
        };
        let run = observation.with_rows_beside(&self.models, book, self.ladder);
        let text = |text: &str| Piece::Text(escaped(text).into_owned());
        let [before, after] = run.to_json_around_places()?;
        let mut pieces = vec![text(&before)];
        let mut lanes = self.lanes.into_iter().peekable();
        for (number, (place, observed)) in self.places.into_iter().enumerate() {
            let [before, after] = observed.to_json_around_lanes()?;
            pieces.push(text(if number == 0 { "" } else { "," }));
            pieces.push(text(&before));
            let mut comma = "";
            while let Some((_, lane)) = lanes.next_if(|((of, _), _)| *of == place) {
                pieces.extend([text(comma), Piece::Spooled(lane)]);
                comma = ",";
            }
            pieces.push(text(&after));
        }
        pieces.push(text(&after));
        Ok(Some(spool.write(&pieces)?))
    }
}
