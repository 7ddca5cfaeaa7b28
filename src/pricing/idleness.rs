//! The verdict on whether a provisioned model is idle, and since when.
//!
//! Strict, since a wrong "idle" would print a delete command for production: units of month-ends rest for
//! weeks between their days of work, so a rest counts from one and a half times the longest before on.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{ModelId, Target};
use crate::observation::{Gap, LaneUsage, Observation, PlaceObservation, ProvisionedModel};

/// Age of a window's end from which on the window says nothing of today. At twice that, a model
/// that was called since yesterday could be named idle.
const RECENCY: SignedDuration = SignedDuration::from_hours(24);

/// Rest below which no holding is called idle, whatever its rhythm: at half of that, one that serves every
/// other Monday could be.
pub const LEAST_REST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Gap from which on use comes in a rhythm of its own, beyond that of weekdays.
const RHYTHM: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Verdict on whether a holding is idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idleness {
    /// The holding serves.
    Busy,
    /// Every answer about every id that the holding's traffic could be metered under is complete, and
    /// empty for longer than its rhythm explains.
    Idle(IdleSpell),
    /// No traffic was seen, but that proves nothing, for the reason given.
    NotSeen(String),
}

/// A rest that is longer than the rhythm of a holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleSpell {
    /// Time since which the holding served nothing.
    pub since: Timestamp,
    /// Reason for which it is told and not counted; `None` where there is none.
    pub doubt: Option<String>,
}

impl Idleness {
    /// Returns true for a holding that is idle.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

/// The days on which a holding served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Days of the look-back on which it served.
    pub used_days: u32,
    /// Days of the look-back since it was made.
    pub days: u32,
    /// Longest rest before its last use, that before its first one included.
    pub longest_rest: SignedDuration,
    /// End of its last hour of use.
    pub last_use: Timestamp,
}

impl Rhythm {
    /// Finds the days of use in some lanes; `None` where there are none.
    fn of<'l>(
        lanes: impl Iterator<Item = &'l LaneUsage>,
        observation: &Observation,
        held: &ProvisionedModel,
    ) -> Option<Self> {
        let window = observation.window;
        let start = window.start().max(held.creation_time);
        let hours = usize::try_from(window.hours()).unwrap_or_default();
        let mut used = vec![false; hours];
        let metrics = lanes.flat_map(|lane| &lane.survey);
        for series in metrics.filter_map(|metric| metric.series.as_ref()) {
            for (used, count) in used.iter_mut().zip(series.since(window.start())) {
                *used |= count.is_some_and(|count| count > 0);
            }
        }
        let time = |hour: usize| {
            let hours = i64::try_from(hour).map(SignedDuration::from_hours);
            hours.map_or(window.end(), |hours| window.start() + hours)
        };
        let mut last = start;
        let mut longest = SignedDuration::ZERO;
        for (hour, _) in used.iter().enumerate().filter(|(_, used)| **used) {
            longest = longest.max(time(hour).duration_since(last));
            last = time(hour + 1);
        }
        let days = used.chunks(24).filter(|day| day.contains(&true)).count();
        (days > 0).then(|| Self {
            used_days: u32::try_from(days).unwrap_or(u32::MAX),
            days: u32::try_from(window.end().duration_since(start).as_hours() / 24)
                .unwrap_or_default(),
            longest_rest: longest,
            last_use: last,
        })
    }

    /// Returns true if it serves at times that weekdays do not explain, as month-ends.
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        self.longest_rest > RHYTHM
    }

    /// Writes the longest rest before the last use in days, as in `13 days`.
    #[must_use]
    pub fn rest_in_words(&self) -> String {
        match self.longest_rest.as_hours() / 24 {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        }
    }

    /// Returns the rest from which on the holding is called idle.
    #[must_use]
    pub fn patience(&self) -> SignedDuration {
        let half_more = self.longest_rest.checked_mul(3).map_or(SignedDuration::MAX, |it| it / 2);
        half_more.max(LEAST_REST)
    }
}

/// Decides whether a holding is idle, and finds its rhythm where it served.
pub(super) fn idleness(
    observation: &Observation,
    observed: &PlaceObservation,
    held: &ProvisionedModel,
) -> (Idleness, Option<Rhythm>) {
    let usage = &observed.usage;
    let asked: Vec<_> = held
        .metered_ids()
        .into_iter()
        .map(|id| usage.lanes.iter().find(|lane| lane.model_id.text() == id))
        .collect();
    let window = observation.window;
    let rhythm = Rhythm::of(asked.iter().flatten().copied(), observation, held);
    let is_busy = asked.iter().flatten().any(|lane| lane.has_points());
    let rests = |rhythm: &Rhythm| {
        let rest = window.end().duration_since(rhythm.last_use);
        let is_whole = asked.iter().all(|lane| lane.is_some_and(|lane| lane.gaps().is_empty()));
        rest >= rhythm.patience() && is_whole
    };
    if is_busy && !rhythm.as_ref().is_some_and(rests) {
        return (Idleness::Busy, rhythm);
    }
    // From here on each doubt alone is enough to call nothing idle.
    let unseen = |why: &str| {
        // What served before is busy for all that is known.
        if is_busy { Idleness::Busy } else { Idleness::NotSeen(why.to_owned()) }
    };
    let since = rhythm.map_or(window.start().max(held.creation_time), |rhythm| rhythm.last_use);
    let verdict = if !held.is_in_service() {
        unseen(&format!("its status is {}", held.status))
    } else if observation.as_of.duration_since(window.end()) > RECENCY {
        unseen("the window ended more than a day ago")
    } else if window.end().duration_since(held.creation_time) < LEAST_REST {
        unseen("it is younger than 14 days")
    } else if !is_busy && !asked.iter().all(|lane| lane.is_some_and(LaneUsage::is_wholly_silent)) {
        unseen("not every answer about its traffic was complete")
    } else if let Some(lane) = perhaps_its_own(observation, observed, held, since) {
        unseen(&format!("the traffic under the unknown id `{}` could be its own", lane.model_id))
    } else {
        Idleness::Idle(IdleSpell { since, doubt: doubt(observation, held, rhythm.as_ref()) })
    };
    (verdict, rhythm)
}

/// Says why an idle holding is told and not counted.
fn doubt(
    observation: &Observation,
    held: &ProvisionedModel,
    rhythm: Option<&Rhythm>,
) -> Option<String> {
    let rhythm = rhythm?;
    if held.is_custom() {
        return Some("it serves a custom model, whose work may come again".into());
    }
    let looked = observation.window.end().duration_since(observation.window.start());
    let rests = rhythm.longest_rest.checked_mul(3).unwrap_or(SignedDuration::MAX);
    (looked < rests).then(|| {
        format!(
            "{} days are too few to tell its rhythm: it rested for {} before",
            looked.as_hours() / 24,
            rhythm.rest_in_words()
        )
    })
}

/// Finds a lane that was used since a time, for all that is known, and could be the holding's, though nobody
/// knows.
fn perhaps_its_own<'o>(
    observation: &Observation,
    observed: &'o PlaceObservation,
    held: &ProvisionedModel,
    since: Timestamp,
) -> Option<&'o LaneUsage> {
    let could_be_it = |id: &ModelId| match id.target() {
        // Provisioned throughput is bought under an id with a context window.
        Target::Model { variant: Some(_), .. } => {
            let inventory = &observed.inventory;
            let base = inventory.base_model(id, &observation.prices);
            base.is_some() && base == inventory.base_model_of(held, &observation.prices)
        }
        Target::Model { .. } | Target::ApplicationProfile(_) => false,
        Target::ProvisionedModel(arn) => arn.id == held.id(),
        Target::Opaque => {
            observed.inventory.provisioned_model(id).is_none()
                && observed.inventory.application_profile(id).is_none()
        }
    };
    let is_used = |lane: &&LaneUsage| {
        let mut all = lane.survey.iter().filter_map(|metric| metric.series.as_ref());
        // What was not read may have been used.
        all.any(|series| series.since(since).flatten().any(|count| count > 0))
            || lane.gaps().iter().any(Gap::is_unread)
    };
    observed.usage.lanes.iter().filter(is_used).find(|lane| could_be_it(&lane.model_id))
}
