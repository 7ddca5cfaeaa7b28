//! The observation of the sample account, generated from its scenario.

use super::scenario::{SampleRegion, SampleTraffic, Scenario, Shape};
use crate::catalog::{
    BookError, ModelFactsError, ModelLadder, Overrides, OverridesError, PriceBook,
};
use crate::config::{CacheSpelling, Run, Settings, Trigger};
use crate::domain::meter::{MetricName, read_name};
use crate::domain::period::{HOUR, MINUTE, NotAWindow};
use crate::domain::{ModelId, Place, Region, Series, Window};
use crate::observation::plan::{self, MINUTE_DAYS};
use crate::observation::{ApplicationProfile, FoundationModel, Inventory};
use crate::observation::{LaneUsage, MetricSeries, Status, Usage};
use crate::observation::{Observation, PlaceObservation, SCHEMA_VERSION};
use crate::observation::{ProvisionedModel, ProvisionedModelStatus};

/// A slip in the sample's own files, which would be a defect of this program.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The scenario is not written as its format asks.
    #[error("a scenario of the sample does not parse")]
    Scenario(#[from] toml::de::Error),
    /// Traffic names a shape that the scenario does not describe.
    #[error("`{0}` of the sample is no shape: describe the shape in `scenario.toml`")]
    Shape(String),
    /// The scenario's start and end bound no window.
    #[error(transparent)]
    Window(#[from] NotAWindow),
    /// The embedded price book is not valid.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The embedded facts of the models are not valid.
    #[error(transparent)]
    Models(#[from] ModelFactsError),
    /// The sample's overrides are not valid.
    #[error(transparent)]
    Overrides(#[from] OverridesError),
}

/// Returns the sample account as it was observed, on the embedded book of AWS's prices.
pub fn observation() -> Result<Observation, SampleError> {
    let overrides = Overrides::parse("the sample's overrides", include_str!("overrides.toml"))?;
    observe(&Scenario::embedded()?, overrides, &PriceBook::aws()?)
}

/// Returns the account that does what the article reckons with, on the embedded book of its prices.
pub fn of_article() -> Result<Observation, SampleError> {
    observe(&Scenario::of_article()?, Overrides::default(), &PriceBook::article()?)
}

/// Builds the observation of a scenario.
fn observe(
    scenario: &Scenario,
    overrides: Overrides,
    book: &PriceBook,
) -> Result<Observation, SampleError> {
    let window = Window::new(scenario.start, scenario.end)?;
    let places = scenario.places.iter();
    let regions = places.clone().map(|place| place.region.clone());
    let observation = Observation {
        schema_version: SCHEMA_VERSION,
        event: Run {
            time: scenario.run_at,
            trigger: Trigger::Scheduler,
            end: None,
            lookback_days: None,
            regions: None,
            dry_run: None,
        },
        as_of: scenario.as_of,
        window,
        settings: Settings {
            regions: regions.collect(),
            lookback_days: u32::try_from(window.hours() / 24).unwrap_or_default(),
            allow_global_routing: scenario.allow_global_routing,
            ..Settings::default()
        },
        home: place_in(scenario, &scenario.home),
        places: places
            .map(|place| observe_place(scenario, place, window))
            .collect::<Result<_, _>>()?,
        failed: Vec::new(),
        prices: book.clone(),
        overrides,
        open_before: Vec::new(),
        models_before: Vec::new(),
        savings_before: Vec::new(),
        sizes_before: Vec::new(),
        sizes_unknown: false,
        history_metrics_requested: 0,
        history_unknown: None,
        price_list: None,
        notes: Vec::new(),
    };
    Ok(observation.with_prices(book).with_models_beside(book, ModelLadder::embedded()?))
}

/// Returns the account of a scenario in one Region.
fn place_in(scenario: &Scenario, region: &Region) -> Place {
    Place { account: scenario.account.clone(), region: region.clone() }
}

/// Builds the inventory of one Region, and the usage of everything in there that is metered.
fn observe_place(
    scenario: &Scenario,
    place: &SampleRegion,
    window: Window,
) -> Result<PlaceObservation, SampleError> {
    let inventory = inventory(scenario, place);
    let mut lanes = Vec::new();
    for (id, traffic) in &place.lanes {
        lanes.push(lane(scenario, id, traffic, window)?);
    }
    let held = place.provisioned_models.values();
    for (held, model) in held.zip(&inventory.provisioned_models) {
        // The guard asks for all three ids, since AWS does not say which one is metered; here the ARN is.
        let [arn, id, name] = model.metered_ids();
        lanes.push(match &held.traffic {
            Some(traffic) => lane(scenario, arn, traffic, window)?,
            None => silent_lane(arn),
        });
        lanes.extend([id, name].map(silent_lane));
    }
    lanes.sort_by(|a, b| a.model_id.text().cmp(b.model_id.text()));
    let asked = lanes.iter().map(|lane| lane.survey.len() + lane.minutes.len());
    let metrics_requested = u64::try_from(asked.sum::<usize>()).unwrap_or_default();
    Ok(PlaceObservation {
        place: place_in(scenario, &place.region),
        usage: Usage { lanes, metrics_requested },
        inventory,
        minutes_unknown: None,
    })
}

/// Builds everything that the account has in one Region.
fn inventory(scenario: &Scenario, place: &SampleRegion) -> Inventory {
    let own = |kind: &str, id: &str| {
        let (region, account) = (&place.region, &scenario.account);
        format!("arn:aws:bedrock:{region}:{account}:{kind}/{id}")
    };
    let of_aws =
        |region: &Region, id: &str| format!("arn:aws:bedrock:{region}::foundation-model/{id}");
    let provisioned_models = place.provisioned_models.iter().map(|(name, held)| {
        let model = of_aws(&place.region, &held.model);
        ProvisionedModel {
            provisioned_model_arn: own("provisioned-model", &held.id),
            provisioned_model_name: name.clone(),
            model_arn: model.clone(),
            foundation_model_arn: model,
            model_units: held.units,
            status: ProvisionedModelStatus::InService,
            commitment_duration: held.term.as_ref().map(|term| term.duration.clone()),
            commitment_expiration_time: held.term.as_ref().map(|term| term.end),
            creation_time: held.created,
        }
    });
    let application_profiles = place.application_profiles.iter().map(|(id, profile)| {
        let regions = profile.regions.iter();
        ApplicationProfile {
            inference_profile_id: id.clone(),
            inference_profile_arn: own("application-inference-profile", id),
            inference_profile_name: profile.name.clone(),
            model_arns: regions.map(|region| of_aws(region, &profile.model)).collect(),
        }
    });
    let foundation_models = place.foundation_models.iter().map(|model| FoundationModel {
        model_id: model.id.clone(),
        lifecycle_status: Some(model.status.clone()),
        legacy_time: None,
        public_extended_access_time: None,
        end_of_life_time: model.end_of_life,
        inference_types_supported: model.inference.clone(),
    });
    Inventory {
        provisioned_models: provisioned_models.collect(),
        application_profiles: application_profiles.collect(),
        foundation_models: foundation_models.collect(),
        // What the sample's Regions may call is told by the embedded source Regions.
        system_profiles: Vec::new(),
        unread: Vec::new(),
    }
}

/// Builds the usage of an id under which nothing was metered: complete answers without a point.
fn silent_lane(id: &str) -> LaneUsage {
    let mut lane = LaneUsage::new(ModelId::parse(id));
    for name in plan::names_for_all(&[CacheSpelling::TokenCount, CacheSpelling::Tokens]) {
        if let MetricName::Known(metric) = read_name(name) {
            lane.survey.push(MetricSeries {
                name: name.into(),
                metric,
                status: Status::Complete,
                series: None,
            });
        }
    }
    lane
}

/// Builds the usage of an id with traffic: hours of the whole window, and minutes of its last days.
fn lane(
    scenario: &Scenario,
    id: &str,
    traffic: &SampleTraffic,
    window: Window,
) -> Result<LaneUsage, SampleError> {
    let shape = scenario.shapes.get(&traffic.shape);
    let shape = shape.ok_or_else(|| SampleError::Shape(traffic.shape.clone()))?;
    let seed = id.bytes().fold(17, |seed, byte| noise(seed, byte.into()));
    // One load for all metrics of a lane: they belong to the same requests.
    let loads = loads(shape, traffic.history_days, seed, window);
    let tail = window.last_days(MINUTE_DAYS);
    let tail_minutes = usize::try_from(tail.hours() * 60).unwrap_or_default();
    let mut lane = silent_lane(id);
    for metric in &mut lane.survey {
        let Some(peak) = traffic.peak.of(&metric.name) else {
            continue;
        };
        let minutes = loads.iter().map(|load| Some(peak * (*load)? / 1_000_000));
        let mut minutes: Vec<Option<u64>> = minutes.collect();
        let hours = minutes.chunks(60);
        let hours = hours.map(|hour| hour.iter().flatten().copied().reduce(|a, b| a + b));
        let hours = Series { start: window.start(), step: HOUR, values: hours.collect() };
        // Model units are sized on tokens, so the guard asks for no minutes of requests.
        if traffic.by_minute && metric.name != "Invocations" {
            let series = Series {
                start: tail.start(),
                step: MINUTE,
                values: minutes.split_off(minutes.len().saturating_sub(tail_minutes)).into(),
            };
            lane.minutes.push(MetricSeries { series: Some(series), ..metric.clone() });
        }
        metric.series = Some(hours);
        if let ("OutputTokenCount", Some(why)) = (&*metric.name, &traffic.incomplete_output) {
            metric.status = Status::Incomplete(why.clone());
        }
    }
    Ok(lane)
}

/// Returns the load in each minute of a window, in millionths of a peak; `None` before the traffic began.
fn loads(shape: &Shape, history_days: Option<u32>, seed: u64, window: Window) -> Vec<Option<u64>> {
    let minutes = window.hours() * 60;
    let age = history_days.map_or(minutes, |days| u64::from(days) * 24 * 60);
    let first = minutes.saturating_sub(age);
    let load = |minute| {
        // Four per cent up or down around the shape: no series of a real account is smooth.
        let wobble = 960 + noise(minute, seed) % 81;
        (minute >= first).then(|| level(shape, minute) * wobble)
    };
    (0..minutes).map(load).collect()
}

/// Returns the level of a shape, in thousandths, in a minute counted from a Monday at midnight.
fn level(shape: &Shape, minute: u64) -> u64 {
    let hour = minute / 60;
    match shape {
        Shape::ByWeek(levels) => repeated(levels, hour / 168),
        Shape::ByHour { weekend, .. } if hour / 24 % 7 >= 5 => *weekend,
        Shape::ByHour { workday, .. } => repeated(workday, hour),
        // Any constant would do for 7: another one moves the bursts to other hours.
        Shape::InBursts { level, minutes, one_hour_in, .. }
            if minute % 60 < *minutes && noise(hour, 7).is_multiple_of(*one_hour_in) =>
        {
            *level
        }
        Shape::InBursts { otherwise, .. } => *otherwise,
    }
}

/// Returns the level at an index of a list that begins again at its end; 0 of an empty list.
fn repeated(levels: &[u64], index: u64) -> u64 {
    let index = usize::try_from(index).unwrap_or_default();
    let level = index.checked_rem(levels.len()).map(|index| levels[index]);
    level.unwrap_or_default()
}

/// Returns a well-mixed number from two others (the finaliser of `SplitMix64`), so that the sample
/// needs no random numbers and is the same everywhere.
fn noise(a: u64, b: u64) -> u64 {
    let mut z =
        a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_always_the_same() {
        assert_eq!(observation().unwrap(), observation().unwrap());
    }

    #[test]
    fn the_hours_of_the_sample_are_the_sums_of_its_minutes() {
        let sample = observation().unwrap();
        let lanes = sample.places.iter().flat_map(|place| &place.usage.lanes);
        for lane in lanes.filter(|lane| !lane.minutes.is_empty()) {
            for (minutes, hours) in lane.minute_readings().iter().zip(lane.readings()) {
                assert_eq!(minutes.meter, hours.meter);
                assert_eq!(minutes.series.total(), hours.series.total_since(minutes.series.start));
            }
        }
    }

    #[test]
    fn the_sample_survives_being_saved() {
        let sample = observation().unwrap();
        assert_eq!(Observation::from_json(&sample.to_json().unwrap()).unwrap(), sample);
    }

    #[test]
    fn a_shape_that_nobody_described_is_refused() {
        let mut scenario = Scenario::embedded().unwrap();
        scenario.shapes.remove("office");
        let refused =
            observe(&scenario, Overrides::default(), &PriceBook::aws().unwrap()).unwrap_err();
        assert!(refused.to_string().starts_with("`office`"), "{refused}");
    }
}
