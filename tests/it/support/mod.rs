//! Stand-ins for AWS in tests: nothing here leaves the loopback.
#![expect(clippy::expect_used, reason = "a fake that cannot start has nothing better to do")]

pub(crate) mod account;
pub(crate) mod book;
pub(crate) mod fake_aws;
pub(crate) mod fake_runtime;
pub(crate) mod products;
pub(crate) mod reports;
pub(crate) mod served;
mod server;
pub(crate) mod simulated;

use std::io::Write as _;
use std::sync::OnceLock;

use bedrock_cost_guard::catalog::Overrides;
use bedrock_cost_guard::config::SETTLE;
use bedrock_cost_guard::domain::period::{HOUR, MINUTE, floor_to_hour};
use bedrock_cost_guard::domain::{ModelId, ModelUnits, Region, Window};
use bedrock_cost_guard::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
    SystemProfile,
};
use bedrock_cost_guard::observation::{LaneUsage, Observation, OpenBefore, Status};
use bedrock_cost_guard::terminal::sample;
use jiff::{SignedDuration, Timestamp};
use tempfile::NamedTempFile;

use account::{ACCOUNT, Account, metric, region};

/// Lane of the sample that model units are advised for, in `us-west-2`.
pub(crate) const UNITS: &str = "us.meta.llama3-1-70b-instruct-v1:0";

/// Lane of the sample that a global profile is advised for, in `us-east-1`.
pub(crate) const ROUTE: &str = "us.anthropic.claude-sonnet-4-6";

/// Lane of the sample, in `us-east-1`, that reads more from the cache than comes in.
pub(crate) const CACHED: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// Provisioned model of the sample that nobody uses, under the ids that it could be metered by.
pub(crate) const LEFTOVER: [&str; 3] = [
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/l0adt3stl3ft",
    "l0adt3stl3ft",
    "load-test-leftover",
];

/// Busy provisioned model of the sample, and the on-demand traffic beside it.
pub(crate) const MODERATION: [&str; 4] = [
    "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/m0derat10n8b",
    "m0derat10n8b",
    "moderation-8b",
    "us.meta.llama3-1-8b-instruct-v1:0",
];

/// Returns the sample account, generated once for all tests.
pub(crate) fn sample() -> Observation {
    static SAMPLE: OnceLock<Observation> = OnceLock::new();
    SAMPLE.get_or_init(|| sample::observation().expect("the sample is right")).clone()
}

/// Returns the sample account with these lanes only, the holdings and profiles among them, and no
/// Region without a lane. Of what its operator says the capacities are left.
pub(crate) fn sample_of(ids: &[&str]) -> Observation {
    let mut observation = sample();
    let capacity = std::mem::take(&mut observation.overrides.capacity);
    observation.overrides = Overrides { schema_version: 1, capacity, ..Overrides::default() };
    for place in &mut observation.places {
        let keep = |id: &str| ids.contains(&id);
        place.usage.lanes.retain(|lane| keep(lane.model_id.text()));
        place.inventory.provisioned_models.retain(|held| held.metered_ids().into_iter().any(keep));
        place.inventory.application_profiles.retain(|profile| keep(&profile.inference_profile_id));
    }
    observation.places.retain(|place| !place.usage.lanes.is_empty());
    observation.settings.regions =
        observation.places.iter().map(|place| place.place.region.clone()).collect();
    observation
}

/// Makes every answer of an account whole: what came is all that there was.
pub(crate) fn whole(mut observation: Observation) -> Observation {
    let places = observation.places.iter_mut();
    for lane in places.flat_map(|place| &mut place.usage.lanes) {
        for metric in lane.survey.iter_mut().chain(&mut lane.minutes) {
            metric.status = Status::Complete;
        }
        lane.unknown_metrics.clear();
    }
    observation
}

/// Adds to an account of `us-east-1` the same traffic in `us-west-2`, without what is held there.
pub(crate) fn in_both_regions(mut observation: Observation) -> Observation {
    let mut place = observation.places[0].clone();
    place.place.region = region("us-west-2");
    place.usage.lanes.retain(|lane| lane.model_id.text() == ROUTE);
    place.inventory.provisioned_models.clear();
    place.inventory.application_profiles.clear();
    observation.settings.regions.push(place.place.region.clone());
    observation.places.push(place);
    observation
}

/// Moves an account to another time.
pub(crate) fn shifted(mut observation: Observation, as_of: Timestamp) -> Observation {
    let by = floor_to_hour(as_of - SETTLE).duration_since(observation.window.end());
    let window = observation.window;
    observation.window = Window::new(window.start() + by, window.end() + by).expect("whole hours");
    observation.event.time = as_of;
    observation.as_of = as_of;
    for place in &mut observation.places {
        for lane in &mut place.usage.lanes {
            for metric in lane.survey.iter_mut().chain(&mut lane.minutes) {
                if let Some(series) = &mut metric.series {
                    series.start += by;
                }
            }
        }
        for held in &mut place.inventory.provisioned_models {
            held.creation_time += by;
            if let Some(time) = &mut held.commitment_expiration_time {
                *time += by;
            }
        }
    }
    observation
}

/// Returns the lane of an id, wherever the account has it.
pub(crate) fn lane_of<'o>(observation: &'o mut Observation, id: &str) -> &'o mut LaneUsage {
    let places = observation.places.iter_mut();
    places
        .flat_map(|place| &mut place.usage.lanes)
        .find(|lane| lane.model_id.text() == id)
        .expect("the account has the lane")
}

/// Reads the clock, for programs that read it themselves.
#[expect(clippy::disallowed_methods, reason = "what a program sees must be near its own clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Writes the Regions of an account as `GUARD_REGIONS` has them.
pub(crate) fn regions(observation: &Observation) -> String {
    let names = observation.settings.regions.iter().map(Region::name);
    names.collect::<Vec<_>>().join(",")
}

/// Writes a file with some overrides, as an operator would.
pub(crate) fn overrides_file(overrides: &Overrides) -> NamedTempFile {
    // Accounts without overrides have no version of them either.
    let overrides = Overrides { schema_version: 1, ..overrides.clone() };
    let text = toml::to_string(&overrides).expect("overrides are TOML");
    let mut file = tempfile::Builder::new()
        .suffix(".toml")
        .tempfile()
        .expect("there is room for a temporary file");
    file.write_all(text.as_bytes()).expect("the file is open");
    file
}

/// Returns a small account: a model in steady use with minutes, splits and an unknown metric, a
/// lane that fell silent, and one that came back incomplete.
pub(crate) fn small_observation() -> Observation {
    let Account { mut observation } = Account::new();
    let (as_of, window) = (observation.as_of, observation.window);
    let steady = LaneUsage {
        minutes: vec![metric("InputTokenCount", window.last_days(14), MINUTE, |minute| {
            Some(minute % 7)
        })],
        unknown_metrics: vec!["ReasoningTokenCount".to_owned()],
        splits: vec!["ContextWindow, ModelId".into()],
        survey: vec![
            metric("Invocations", window, HOUR, |hour| Some(10 + hour % 3)),
            metric("InputTokenCount", window, HOUR, |hour| (hour % 5 != 0).then_some(1_000 + hour)),
            metric("OutputTokenCount", window, HOUR, |hour| Some(100 + hour)),
        ],
        ..LaneUsage::new(ModelId::parse("amazon.nova-micro-v1:0"))
    };
    let silent = LaneUsage {
        survey: vec![metric("InputTokenCount", window, HOUR, |hour| (hour < 24).then_some(5))],
        ..LaneUsage::new(ModelId::parse("amazon.nova-lite-v1:0"))
    };
    let mut incomplete = LaneUsage {
        survey: vec![
            metric("InputTokenCount", window, HOUR, Some),
            metric("OutputTokenCount", window, HOUR, Some),
        ],
        ..LaneUsage::new(ModelId::parse("us.amazon.nova-pro-v1:0"))
    };
    let reasons = ["CloudWatch ended with PartialData", "CloudWatch ended with Forbidden"];
    for (metric, reason) in incomplete.survey.iter_mut().zip(reasons) {
        metric.status = Status::Incomplete(reason.to_owned());
    }
    observation.open_before =
        vec![OpenBefore { region: region("us-east-1"), id: "units-0123456789ab".to_owned() }];
    let place = &mut observation.places[0];
    place.usage.lanes = vec![silent, steady, incomplete];
    place.inventory = small_inventory(as_of);
    observation
}

fn small_inventory(as_of: Timestamp) -> Inventory {
    let model_arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0";
    let terms = [None, Some(CommitmentDuration::OneMonth), Some(CommitmentDuration::SixMonths)];
    let provisioned_models = (0_i64..)
        .zip(terms)
        .map(|(number, term)| ProvisionedModel {
            provisioned_model_arn: format!(
                "arn:aws:bedrock:us-east-1:{ACCOUNT}:provisioned-model/pppppppppp{number:02}"
            ),
            provisioned_model_name: format!("units-{number}"),
            model_arn: model_arn.to_owned(),
            foundation_model_arn: model_arn.to_owned(),
            model_units: ModelUnits::new(2),
            status: "InService".into(),
            commitment_expiration_time: term
                .as_ref()
                .map(|_| as_of + SignedDuration::from_hours(240 + number)),
            commitment_duration: term,
            creation_time: as_of - SignedDuration::from_hours(480 + number),
        })
        .collect();
    let application_profiles = (0..3)
        .map(|number| ApplicationProfile {
            inference_profile_id: format!("aaaaaaaaaa{number:02}"),
            inference_profile_arn: format!(
                "arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/aaaaaaaaaa{number:02}"
            ),
            inference_profile_name: format!("team-{number}"),
            model_arns: vec![model_arn.to_owned()],
        })
        .collect();
    let foundation_models = vec![
        FoundationModel {
            model_id: "amazon.nova-lite-v1:0".to_owned(),
            lifecycle_status: Some("LEGACY".into()),
            legacy_time: Some(as_of - SignedDuration::from_hours(2_400)),
            public_extended_access_time: Some(as_of + SignedDuration::from_hours(1_200)),
            end_of_life_time: Some(as_of + SignedDuration::from_hours(4_800)),
            inference_types_supported: vec!["ON_DEMAND".into(), "INFERENCE_PROFILE".into()],
        },
        FoundationModel {
            model_id: "amazon.nova-micro-v1:0".to_owned(),
            lifecycle_status: Some("ACTIVE".into()),
            legacy_time: None,
            public_extended_access_time: None,
            end_of_life_time: None,
            inference_types_supported: vec!["ON_DEMAND".into()],
        },
        FoundationModel {
            model_id: "amazon.nova-micro-v1:0:24k".to_owned(),
            lifecycle_status: None,
            legacy_time: None,
            public_extended_access_time: None,
            end_of_life_time: None,
            inference_types_supported: vec!["PROVISIONED".into()],
        },
    ];
    let system_profiles = ["eu", "global", "us"]
        .map(|prefix| SystemProfile {
            inference_profile_id: format!("{prefix}.amazon.nova-lite-v1:0"),
            model_arns: vec![model_arn.to_owned()],
        })
        .to_vec();
    Inventory {
        provisioned_models,
        application_profiles,
        foundation_models,
        system_profiles,
        unread: Vec::new(),
    }
}
