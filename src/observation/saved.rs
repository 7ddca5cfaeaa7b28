//! A saved run, read whole or place by place.
//!
//! The series of all Regions can be more than memory holds. A report is decided Region by Region, and so a saved
//! run is read like that: first all around the places, then one place after the other.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde_json::de::Read;

use crate::domain::syntax::{read_json, read_json_by};
use crate::domain::{Place, Region};
use crate::observation::{Observation, ObservationError, PlaceObservation, SCHEMA_VERSION};

/// The last version whose prices without a Region were those of the commercial US.
const UNSTATED_IN_US: u32 = 3;

impl Observation {
    /// Reads a saved observation.
    pub fn from_json(text: &str) -> Result<Self, ObservationError> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        // The version first: what is new in a document of tomorrow must not be called a fault of its syntax.
        let head: Head = read_json(text).map_err(ObservationError::Syntax)?;
        check_version(head.schema_version)?;
        let observation: Self = read_json(text).map_err(ObservationError::Syntax)?;
        let observation = observation.in_this_version();
        let places = &observation.places;
        let regions: Vec<Region> =
            places.iter().map(|observed| observed.place.region.clone()).collect();
        let mut faults = observation.faults_around(&regions);
        faults.extend(places.iter().flat_map(|observed| observed.faults(observation.window)));
        if faults.is_empty() { Ok(observation) } else { Err(ObservationError::Rules(faults)) }
    }

    /// Says what older documents say in the words of this version.
    fn in_this_version(mut self) -> Self {
        if self.schema_version <= UNSTATED_IN_US {
            self.prices.read_unstated_in_us();
        }
        // What else is new since the first version is only what may be missing.
        self.schema_version = SCHEMA_VERSION;
        self
    }
}

/// Refuses versions that this program cannot read.
fn check_version(version: u32) -> Result<(), ObservationError> {
    match version {
        0 => Err(ObservationError::NoVersion),
        1..=SCHEMA_VERSION => Ok(()),
        newer => Err(ObservationError::Newer(newer)),
    }
}

/// A saved run without its places, which are read from its text one by one.
#[derive(Clone, Debug)]
pub struct SavedRun {
    /// The run, with no place.
    pub run: Observation,
    /// Regions that its text has places of, in that order.
    regions: Vec<Region>,
    /// Faults of the run, which are told with those of its places.
    faults: Vec<String>,
}

impl SavedRun {
    /// Reads all of a saved run but its places. Faults of its syntax are those of the whole text, but may be told
    /// a column off.
    pub fn around_places<'t>(
        text: serde_json::Deserializer<impl Read<'t>>,
    ) -> Result<Self, ObservationError> {
        /// The part of a place that is read here.
        #[derive(Deserialize)]
        struct PlaceName {
            place: Place,
        }
        let mut regions = Vec::new();
        let run = read(text, &mut |named: PlaceName| regions.push(named.place.region))?;
        check_version(run.schema_version)?;
        let run = run.in_this_version();
        let faults = run.faults_around(&regions);
        Ok(Self { run, regions, faults })
    }

    /// Returns the Regions of its places.
    #[must_use]
    pub fn regions(&self) -> BTreeSet<Region> {
        self.regions.iter().cloned().collect()
    }

    /// Reads the places from the text of the run, and hands each on until a fault is found. What was made of them is
    /// of no use if one is: it is the fault of the whole.
    pub fn each_place<'t>(
        &self,
        text: serde_json::Deserializer<impl Read<'t>>,
        mut take: impl FnMut(PlaceObservation),
    ) -> Result<(), ObservationError> {
        let mut faults = self.faults.clone();
        read(text, &mut |observed: PlaceObservation| {
            faults.extend(observed.faults(self.run.window));
            if faults.is_empty() {
                take(observed);
            }
        })?;
        if faults.is_empty() { Ok(()) } else { Err(ObservationError::Rules(faults)) }
    }
}

/// Reads a run, handing its places on one by one.
fn read<'t, P: Deserialize<'t>>(
    text: serde_json::Deserializer<impl Read<'t>>,
    take: &mut dyn FnMut(P),
) -> Result<Observation, ObservationError> {
    read_json_by(text, RunOf(take)).map_err(ObservationError::Syntax)
}

/// Reader of a run that hands its places on.
struct RunOf<'f, P>(&'f mut dyn FnMut(P));

impl<'t, P: Deserialize<'t>> DeserializeSeed<'t> for RunOf<'_, P> {
    type Value = Observation;

    fn deserialize<D: Deserializer<'t>>(self, text: D) -> Result<Observation, D::Error> {
        text.deserialize_map(self)
    }
}

impl<'t, P: Deserialize<'t>> Visitor<'t> for RunOf<'_, P> {
    type Value = Observation;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("struct Observation")
    }

    fn visit_map<A: MapAccess<'t>>(self, map: A) -> Result<Observation, A::Error> {
        let fields = FieldsOfRun { map, take: self.0, is_places: false };
        Observation::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// Fields of a run in which `places` has no entry, since each is handed on.
struct FieldsOfRun<'f, A, P> {
    map: A,
    take: &'f mut dyn FnMut(P),
    is_places: bool,
}

impl<'t, A: MapAccess<'t>, P: Deserialize<'t>> MapAccess<'t> for FieldsOfRun<'_, A, P> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.map.next_key::<String>()? else {
            return Ok(None);
        };
        self.is_places = name == "places";
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if !self.is_places {
            return self.map.next_value_seed(seed);
        }
        self.map.next_value_seed(EachPlace(self.take))?;
        seed.deserialize(SeqDeserializer::new(std::iter::empty::<()>()))
    }
}

/// Reader of a list of places that hands them on.
struct EachPlace<'f, P>(&'f mut dyn FnMut(P));

impl<'t, P: Deserialize<'t>> DeserializeSeed<'t> for EachPlace<'_, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_seq(self)
    }
}

impl<'t, P: Deserialize<'t>> Visitor<'t> for EachPlace<'_, P> {
    type Value = ();

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut places: A) -> Result<(), A::Error> {
        while let Some(place) = places.next_element()? {
            (self.0)(place);
        }
        Ok(())
    }
}
