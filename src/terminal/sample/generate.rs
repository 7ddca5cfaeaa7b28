//! The sample account: a made-up company in two Regions, generated and always the same.
//!
//! It holds one of each thing that the guard has an opinion on, so that a first run shows what the
//! guard does without an AWS account. Its model units have an assumed capacity, and it allows global
//! routing. The end-to-end tests serve the same account over real protocols.

use crate::catalog::{BookError, Overrides, OverridesError, PriceBook};
use crate::config::{CacheSpelling, Settings};
use crate::config::{Run, Trigger};
use crate::domain::meter::{MetricName, read_name};
use crate::domain::period::{HOUR, MINUTE, NotAWindow};
use crate::domain::{AccountId, ModelId, ModelUnits, Place, Region, Series, Window};
use crate::observation::plan::{self, MINUTE_DAYS};
use crate::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
};
use crate::observation::{LaneUsage, MetricSeries, Status, Usage};
use crate::observation::{Observation, PlaceObservation, SCHEMA_VERSION};
use jiff::{SignedDuration, Timestamp};

/// The account that does not exist.
const ACCOUNT: &str = "123456789012";

/// The last hour of the sample, a Monday.
const END: &str = "2026-04-06T00:00:00Z";

/// Days of the sample.
const DAYS: u32 = 91;

/// What the sample's operator says. The capacities are assumptions: AWS publishes none.
const OVERRIDES: &str = r#"
schema_version = 1

[[capacity]]
model = "meta.llama3-1-70b-instruct-v1:0"
input_tokens_per_minute = 1_000_000
output_tokens_per_minute = 300_000

[[capacity]]
model = "meta.llama3-1-8b-instruct-v1:0"
input_tokens_per_minute = 2_000_000
output_tokens_per_minute = 600_000

[[capacity]]
model = "amazon.nova-micro-v1:0"
input_tokens_per_minute = 3_000_000
output_tokens_per_minute = 800_000

[[capacity]]
model = "meta.llama3-2-90b-instruct-v1:0"
input_tokens_per_minute = 1_000_000
output_tokens_per_minute = 300_000

[[capacity]]
model = "cohere.command-light-text-v14"
input_tokens_per_minute = 500_000
output_tokens_per_minute = 200_000

[[capacity]]
model = "cohere.embed-english-v3"
input_tokens_per_minute = 2_000_000
output_tokens_per_minute = 1_000

[[capacity]]
model = "cohere.embed-multilingual-v3"
input_tokens_per_minute = 2_000_000
output_tokens_per_minute = 1_000
"#;

/// A slip in the sample's own texts, which would be a defect of this program.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A text of the sample does not read as what it should be.
    #[error("`{0}` of the sample does not parse")]
    Text(String),
    /// Its window is none.
    #[error(transparent)]
    Window(#[from] NotAWindow),
    /// The embedded price book is not valid.
    #[error(transparent)]
    Book(#[from] BookError),
    /// Its overrides are not valid.
    #[error(transparent)]
    Overrides(#[from] OverridesError),
}

/// How traffic goes up and down.
#[derive(Clone, Copy)]
enum Shape {
    /// The same all day and night.
    Steady,
    /// People at work, from Monday to Friday.
    Office,
    /// Next to nothing, and now and then a job.
    Bursty,
    /// All day and night, and each week a fortieth of the first less.
    Falling,
    /// Two weeks of steady work, then one of next to nothing.
    OnAndOff,
    /// All day and night, and since six weeks a third more.
    Launched,
}

impl Shape {
    /// Thousandths of the peak in a minute, counted from a Monday at midnight.
    fn of_minute(self, minute: u64) -> u64 {
        let hour = minute / 60;
        let (week, weekday, hour_of_day) = (hour / 168, hour / 24 % 7, hour % 24);
        match self {
            Self::Falling => 960 - 24 * week.min(39),
            Self::OnAndOff if week % 3 == 1 => 160,
            Self::Launched if week < 7 => 715,
            Self::Steady | Self::OnAndOff | Self::Launched => 960,
            Self::Office if weekday >= 5 => 90,
            Self::Office => match hour_of_day {
                14..=22 => 940,
                12..=13 | 23 => 520,
                _ => 130,
            },
            // Twenty minutes of full load in some hours, which an hourly sum makes look like a third.
            Self::Bursty if noise(hour, 7).is_multiple_of(6) && minute % 60 < 20 => 950,
            Self::Bursty => 15,
        }
    }
}

/// A well-mixed number from two others (the finaliser of `SplitMix64`), so that the sample needs no
/// random numbers and is the same everywhere.
fn noise(a: u64, b: u64) -> u64 {
    let mut z = a
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One lane of the sample: its id, its shape, and the peak of its metrics in a minute.
struct Lane {
    id: String,
    shape: Shape,
    /// Days that it has existed.
    days: u32,
    peaks: Vec<(&'static str, u64)>,
    with_minutes: bool,
}

impl Lane {
    fn new(id: impl Into<String>, shape: Shape, peaks: &[(&'static str, u64)]) -> Self {
        Self {
            id: id.into(),
            shape,
            days: DAYS,
            peaks: peaks.to_vec(),
            with_minutes: false,
        }
    }

    fn silent(id: impl Into<String>) -> Self {
        Self::new(id, Shape::Steady, &[])
    }

    fn with_minutes(self) -> Self {
        Self {
            with_minutes: true,
            ..self
        }
    }

    fn since_days(self, days: u32) -> Self {
        Self { days, ..self }
    }

    /// Tokens of a metric in each minute of the sample.
    fn minutes(&self, seed: u64, peak: u64) -> Vec<Option<u64>> {
        let minutes = u64::from(DAYS) * 24 * 60;
        let first = u64::from(DAYS - self.days) * 24 * 60;
        (0..minutes)
            .map(|minute| {
                // Four per cent up or down around the shape.
                let wobble = 960 + noise(minute, seed) % 81;
                (minute >= first).then(|| peak * self.shape.of_minute(minute) * wobble / 1_000_000)
            })
            .collect()
    }

    fn usage(&self, window: Window) -> LaneUsage {
        let mut lane = LaneUsage::new(ModelId::parse(self.id.as_str()));
        let seed_of_lane = self
            .id
            .bytes()
            .fold(17, |seed, byte| noise(seed, u64::from(byte)));
        let tail = window.last_days(MINUTE_DAYS);
        for name in plan::names_for_all(&[CacheSpelling::TokenCount, CacheSpelling::Tokens]) {
            let MetricName::Known(metric) = read_name(name) else {
                continue;
            };
            let Some((_, peak)) = self.peaks.iter().find(|(of, _)| *of == name) else {
                lane.survey.push(MetricSeries {
                    name: name.into(),
                    metric,
                    status: Status::Complete,
                    series: None,
                });
                continue;
            };
            // One wobble for all metrics of a lane: they belong to the same requests.
            let minutes = self.minutes(seed_of_lane, *peak);
            let hours = minutes
                .chunks(60)
                .map(|hour| hour.iter().flatten().copied().reduce(|a, b| a + b))
                .collect();
            let series = |step, start, values| {
                Some(Series {
                    start,
                    step,
                    values,
                })
            };
            lane.survey.push(MetricSeries {
                name: name.into(),
                metric,
                status: Status::Complete,
                series: series(HOUR, window.start(), hours),
            });
            if self.with_minutes && name != "Invocations" {
                let steps = usize::try_from(tail.hours() * 60).unwrap_or_default();
                let values = minutes[minutes.len() - steps..].to_vec();
                lane.minutes.push(MetricSeries {
                    name: name.into(),
                    metric,
                    status: Status::Complete,
                    series: series(MINUTE, tail.start(), values),
                });
            }
        }
        lane
    }
}

/// The sample account as it was observed, on the embedded book of AWS's prices.
pub fn observation() -> Result<Observation, SampleError> {
    let end: Timestamp = parsed(END)?;
    let start = end - SignedDuration::from_hours(i64::from(DAYS) * 24);
    let window = Window::new(start, end)?;
    let time = end + SignedDuration::from_mins(15);
    let (east, west): (Region, Region) = (parsed("us-east-1")?, parsed("us-west-2")?);
    let settings = Settings {
        regions: vec![east.clone(), west.clone()],
        allow_global_routing: true,
        ..Settings::default()
    };
    let account = AccountId::new(ACCOUNT);
    let observation = Observation {
        schema_version: SCHEMA_VERSION,
        event: Run {
            time,
            trigger: Trigger::Scheduler,
            end: None,
            lookback_days: None,
            regions: None,
            dry_run: None,
        },
        as_of: time + SignedDuration::from_secs(2),
        window,
        settings,
        home: Place {
            account: account.clone(),
            region: east.clone(),
        },
        places: vec![
            place(&account, east, window, &east_lanes(), east_inventory()?),
            place(&account, west, window, &west_lanes(), west_inventory()?),
        ],
        failed: Vec::new(),
        prices: PriceBook::aws()?,
        overrides: Overrides::parse("the sample's overrides", OVERRIDES)?,
        open_before: Vec::new(),
        history_metrics_requested: 0,
        history_unknown: None,
        price_list: None,
        notes: Vec::new(),
    };
    Ok(observation.with_prices(&PriceBook::aws()?))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, SampleError> {
    text.parse().map_err(|_| SampleError::Text(text.into()))
}

fn place(
    account: &AccountId,
    region: Region,
    window: Window,
    lanes: &[Lane],
    inventory: Inventory,
) -> PlaceObservation {
    let mut lanes: Vec<LaneUsage> = lanes.iter().map(|lane| lane.usage(window)).collect();
    lanes.sort_by(|a, b| a.model_id.text().cmp(b.model_id.text()));
    // One answer ended before it was whole.
    for lane in lanes
        .iter_mut()
        .filter(|lane| lane.model_id.text().starts_with("mistral."))
    {
        for metric in lane
            .survey
            .iter_mut()
            .filter(|metric| metric.name == "OutputTokenCount")
        {
            metric.status = Status::Incomplete("CloudWatch ended with PartialData".into());
        }
    }
    let asked: usize = lanes
        .iter()
        .map(|lane| lane.survey.len() + lane.minutes.len())
        .sum();
    let usage = Usage {
        lanes,
        metrics_requested: u64::try_from(asked).unwrap_or_default(),
    };
    PlaceObservation {
        place: Place {
            account: account.clone(),
            region,
        },
        usage,
        inventory,
        minutes_unknown: None,
    }
}

fn east_lanes() -> Vec<Lane> {
    let mut lanes = vec![
        // Called through a geo profile: the global one costs a tenth less.
        Lane::new(
            "us.anthropic.claude-sonnet-4-6",
            Shape::Office,
            &[
                ("Invocations", 60),
                ("InputTokenCount", 150_000),
                ("OutputTokenCount", 18_000),
            ],
        ),
        // Called through an application profile, whose id says nothing.
        Lane::new(
            PROFILE_ID,
            Shape::Office,
            &[
                ("Invocations", 90),
                ("InputTokenCount", 120_000),
                ("OutputTokenCount", 24_000),
            ],
        ),
        // Most of its input comes from the prompt cache; it is global already.
        Lane::new(
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Shape::Office,
            &[
                ("Invocations", 20),
                ("InputTokenCount", 3_000),
                ("OutputTokenCount", 9_000),
                ("CacheReadInputTokenCount", 400_000),
                ("CacheWriteInputTokenCount", 22_000),
            ],
        ),
        Lane::new(
            "amazon.nova-micro-v1:0",
            Shape::Bursty,
            &[
                ("Invocations", 900),
                ("InputTokenCount", 2_600_000),
                ("OutputTokenCount", 400_000),
            ],
        ),
        // No price book has this one.
        Lane::new(
            "example.unreleased-model-v1:0",
            Shape::Office,
            &[
                ("Invocations", 4),
                ("InputTokenCount", 9_000),
                ("OutputTokenCount", 1_100),
            ],
        )
        .since_days(40),
        Lane::new(
            "mistral.mistral-7b-instruct-v0:2",
            Shape::Steady,
            &[
                ("Invocations", 40),
                ("InputTokenCount", 60_000),
                ("OutputTokenCount", 9_000),
            ],
        ),
    ];
    lanes.extend(refused_east());
    lanes.extend(LEFTOVER.ids().map(Lane::silent));
    lanes.extend(ASSISTANT.lanes(
        Shape::Steady,
        &[
            ("Invocations", 900),
            ("InputTokenCount", 1_400_000),
            ("OutputTokenCount", 400_000),
        ],
    ));
    lanes
}

/// Work that looks as if units would pay for it, and one gate each that says no.
fn refused_east() -> Vec<Lane> {
    vec![
        // It falls each week: the trend.
        Lane::new(
            "us.meta.llama3-1-8b-instruct-v1:0",
            Shape::Falling,
            &[
                ("Invocations", 900),
                ("InputTokenCount", 1_920_000),
                ("OutputTokenCount", 560_000),
            ],
        )
        .with_minutes(),
        // Units cost almost as much as it does: the thresholds.
        Lane::new(
            "cohere.command-light-text-v14",
            Shape::Steady,
            &[
                ("Invocations", 120),
                ("InputTokenCount", 250_000),
                ("OutputTokenCount", 78_000),
            ],
        )
        .with_minutes(),
        // It is six weeks old: the history.
        Lane::new(
            "cohere.embed-multilingual-v3",
            Shape::Steady,
            &[("Invocations", 2_000), ("InputTokenCount", 1_600_000)],
        )
        .since_days(42)
        .with_minutes(),
    ]
}

/// The same in the west.
fn refused_west() -> Vec<Lane> {
    vec![
        // Legacy: the lifecycle.
        Lane::new(
            "us.meta.llama3-2-90b-instruct-v1:0",
            Shape::Steady,
            &[
                ("Invocations", 300),
                ("InputTokenCount", 660_000),
                ("OutputTokenCount", 190_000),
            ],
        )
        .with_minutes(),
        // One week in three has next to no work: the certainty.
        Lane::new(
            "cohere.embed-english-v3",
            Shape::OnAndOff,
            &[("Invocations", 2_000), ("InputTokenCount", 1_600_000)],
        )
        .with_minutes(),
        // It grew by a third in a week, more than any headroom: the backtest.
        Lane::new(
            "cohere.embed-multilingual-v3",
            Shape::Launched,
            &[("Invocations", 8_000), ("InputTokenCount", 6_550_000)],
        )
        .with_minutes(),
        // Enough for a unit, of which nobody knows what it carries; the account's own is a hint.
        Lane::new(
            "cohere.command-text-v14",
            Shape::Steady,
            &[
                ("Invocations", 150),
                ("InputTokenCount", 260_000),
                ("OutputTokenCount", 90_000),
            ],
        ),
    ]
}

fn west_lanes() -> Vec<Lane> {
    let mut lanes = vec![
        // Steady enough for model units.
        Lane::new(
            "us.meta.llama3-1-70b-instruct-v1:0",
            Shape::Steady,
            &[
                ("Invocations", 500),
                ("InputTokenCount", 720_000),
                ("OutputTokenCount", 190_000),
            ],
        )
        .with_minutes(),
        // Units are sold for it, but nobody told the guard what one can carry.
        Lane::new(
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            Shape::Office,
            &[
                ("Invocations", 30),
                ("InputTokenCount", 60_000),
                ("OutputTokenCount", 21_000),
            ],
        ),
        // On-demand beside a provisioned model of the same model that has room.
        Lane::new(
            "us.meta.llama3-1-8b-instruct-v1:0",
            Shape::Office,
            &[
                ("Invocations", 200),
                ("InputTokenCount", 260_000),
                ("OutputTokenCount", 60_000),
            ],
        )
        .with_minutes(),
    ];
    lanes.extend(refused_west());
    lanes.extend(MODERATION.lanes(
        Shape::Steady,
        &[
            ("Invocations", 700),
            ("InputTokenCount", 760_000),
            ("OutputTokenCount", 150_000),
        ],
    ));
    lanes.extend(SUMMARIES.lanes(
        Shape::Steady,
        &[
            ("Invocations", 160),
            ("InputTokenCount", 270_000),
            ("OutputTokenCount", 95_000),
        ],
    ));
    lanes.extend(SEARCH.lanes(
        Shape::Office,
        &[
            ("Invocations", 900),
            ("InputTokenCount", 1_100_000),
            ("OutputTokenCount", 300_000),
        ],
    ));
    lanes
}

const PROFILE_ID: &str = "a1b2c3d4e5f6";

/// A provisioned model of the sample.
struct Held {
    id: &'static str,
    name: &'static str,
    region: &'static str,
    model: &'static str,
    created: &'static str,
    units: u32,
    term: Option<(CommitmentDuration, &'static str)>,
}

/// Somebody's load test, still in service.
const LEFTOVER: Held = Held {
    id: "l0adt3stl3ft",
    name: "load-test-leftover",
    region: "us-east-1",
    model: "amazon.nova-2-lite-v1:0:256k",
    created: "2025-12-12T09:30:00Z",
    units: 1,
    term: None,
};

/// Bought for a launch that stayed smaller: two units would carry it.
const ASSISTANT: Held = Held {
    id: "a5515tant70b",
    name: "assistant-70b",
    region: "us-east-1",
    model: "meta.llama3-1-70b-instruct-v1:0:128k",
    created: "2025-11-20T08:00:00Z",
    units: 3,
    term: Some((CommitmentDuration::OneMonth, "2026-04-20T08:00:00Z")),
};

/// At work, and worth what it costs; nobody told the guard what its unit can carry.
const SUMMARIES: Held = Held {
    id: "5ummar1e5cmd",
    name: "summaries",
    region: "us-west-2",
    model: "cohere.command-text-v14",
    created: "2026-01-02T08:00:00Z",
    units: 1,
    term: Some((CommitmentDuration::SixMonths, "2026-07-02T08:00:00Z")),
};

/// At work, and the same work would cost less on-demand; its model leaves, too.
const SEARCH: Held = Held {
    id: "5earch1ndex1",
    name: "search-index",
    region: "us-west-2",
    model: "meta.llama3-2-11b-instruct-v1:0:128k",
    created: "2025-11-02T08:00:00Z",
    units: 1,
    term: Some((CommitmentDuration::SixMonths, "2026-05-02T08:00:00Z")),
};

/// At work, under a term, with room left.
const MODERATION: Held = Held {
    id: "m0derat10n8b",
    name: "moderation-8b",
    region: "us-west-2",
    model: "meta.llama3-1-8b-instruct-v1:0:128k",
    created: "2026-01-14T10:00:00Z",
    units: 1,
    term: Some((CommitmentDuration::SixMonths, "2026-07-14T10:00:00Z")),
};

impl Held {
    fn arn(&self) -> String {
        format!(
            "arn:aws:bedrock:{}:{ACCOUNT}:provisioned-model/{}",
            self.region, self.id
        )
    }

    fn ids(&self) -> impl Iterator<Item = String> {
        [self.arn(), self.id.to_owned(), self.name.to_owned()].into_iter()
    }

    /// Its own lane, with minutes, and the ids under which nothing is metered.
    fn lanes(&self, shape: Shape, peaks: &[(&'static str, u64)]) -> Vec<Lane> {
        let others = self.ids().filter(|id| *id != self.arn()).map(Lane::silent);
        let own = Lane::new(self.arn(), shape, peaks).with_minutes();
        std::iter::once(own).chain(others).collect()
    }

    fn provisioned_model(&self) -> Result<ProvisionedModel, SampleError> {
        let model = format!(
            "arn:aws:bedrock:{}::foundation-model/{}",
            self.region, self.model
        );
        let expiration = self.term.as_ref().map(|(_, end)| parsed(end)).transpose()?;
        Ok(ProvisionedModel {
            provisioned_model_arn: self.arn(),
            provisioned_model_name: self.name.into(),
            model_arn: model.clone(),
            foundation_model_arn: model,
            model_units: ModelUnits::new(self.units),
            status: "InService".into(),
            commitment_duration: self.term.as_ref().map(|(term, _)| term.clone()),
            commitment_expiration_time: expiration,
            creation_time: parsed(self.created)?,
        })
    }
}

fn foundation_model(id: &str, status: &str, kinds: &[&str]) -> FoundationModel {
    FoundationModel {
        model_id: id.into(),
        lifecycle_status: Some(status.into()),
        end_of_life_time: None,
        inference_types_supported: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
    }
}

fn east_inventory() -> Result<Inventory, SampleError> {
    let behind = |region: &str| {
        format!(
            "arn:aws:bedrock:{region}::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0"
        )
    };
    Ok(Inventory {
        provisioned_models: vec![
            ASSISTANT.provisioned_model()?,
            LEFTOVER.provisioned_model()?,
        ],
        application_profiles: vec![ApplicationProfile {
            inference_profile_id: PROFILE_ID.into(),
            inference_profile_arn: format!(
                "arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/{PROFILE_ID}"
            ),
            inference_profile_name: "checkout-assistant".into(),
            model_arns: ["us-east-1", "us-east-2", "us-west-2"].map(behind).to_vec(),
        }],
        foundation_models: vec![
            foundation_model("amazon.nova-2-lite-v1:0:256k", "ACTIVE", &["PROVISIONED"]),
            foundation_model("amazon.nova-micro-v1:0", "ACTIVE", &["ON_DEMAND"]),
            foundation_model("amazon.nova-micro-v1:0:128k", "ACTIVE", &["PROVISIONED"]),
            foundation_model("amazon.nova-micro-v1:0:24k", "ACTIVE", &["PROVISIONED"]),
            foundation_model(
                "anthropic.claude-haiku-4-5-20251001-v1:0",
                "ACTIVE",
                &["INFERENCE_PROFILE"],
            ),
            foundation_model(
                "anthropic.claude-sonnet-4-5-20250929-v1:0",
                "ACTIVE",
                &["INFERENCE_PROFILE"],
            ),
            foundation_model(
                "anthropic.claude-sonnet-4-6",
                "ACTIVE",
                &["INFERENCE_PROFILE"],
            ),
            foundation_model("cohere.command-light-text-v14", "ACTIVE", &["ON_DEMAND"]),
            foundation_model(
                "cohere.command-light-text-v14:7:4k",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model("cohere.embed-multilingual-v3", "ACTIVE", &["ON_DEMAND"]),
            foundation_model(
                "cohere.embed-multilingual-v3:0:512",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model(
                "meta.llama3-1-70b-instruct-v1:0:128k",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model(
                "meta.llama3-1-8b-instruct-v1:0:128k",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model("mistral.mistral-7b-instruct-v0:2", "ACTIVE", &["ON_DEMAND"]),
        ],
    })
}

fn west_inventory() -> Result<Inventory, SampleError> {
    let mut sonnet = foundation_model(
        "anthropic.claude-3-7-sonnet-20250219-v1:0:200k",
        "LEGACY",
        &["PROVISIONED", "INFERENCE_PROFILE"],
    );
    sonnet.end_of_life_time = Some(parsed("2026-04-28T00:00:00Z")?);
    Ok(Inventory {
        provisioned_models: vec![
            MODERATION.provisioned_model()?,
            SEARCH.provisioned_model()?,
            SUMMARIES.provisioned_model()?,
        ],
        application_profiles: Vec::new(),
        foundation_models: vec![
            sonnet,
            foundation_model("cohere.command-text-v14", "ACTIVE", &["ON_DEMAND"]),
            foundation_model("cohere.command-text-v14:7:4k", "ACTIVE", &["PROVISIONED"]),
            foundation_model("cohere.embed-english-v3", "ACTIVE", &["ON_DEMAND"]),
            foundation_model("cohere.embed-english-v3:0:512", "ACTIVE", &["PROVISIONED"]),
            foundation_model("cohere.embed-multilingual-v3", "ACTIVE", &["ON_DEMAND"]),
            foundation_model(
                "cohere.embed-multilingual-v3:0:512",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model(
                "meta.llama3-2-11b-instruct-v1:0:128k",
                "LEGACY",
                &["PROVISIONED", "INFERENCE_PROFILE"],
            ),
            foundation_model(
                "meta.llama3-2-90b-instruct-v1:0:128k",
                "LEGACY",
                &["PROVISIONED", "INFERENCE_PROFILE"],
            ),
            foundation_model(
                "meta.llama3-1-70b-instruct-v1:0",
                "ACTIVE",
                &["INFERENCE_PROFILE"],
            ),
            foundation_model(
                "meta.llama3-1-70b-instruct-v1:0:128k",
                "ACTIVE",
                &["PROVISIONED"],
            ),
            foundation_model(
                "meta.llama3-1-8b-instruct-v1:0",
                "ACTIVE",
                &["INFERENCE_PROFILE"],
            ),
            foundation_model(
                "meta.llama3-1-8b-instruct-v1:0:128k",
                "ACTIVE",
                &["PROVISIONED"],
            ),
        ],
    })
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
                assert_eq!(
                    minutes.series.total(),
                    hours.series.total_since(minutes.series.start)
                );
            }
        }
    }

    #[test]
    fn the_sample_survives_being_saved() {
        let sample = observation().unwrap();
        assert_eq!(
            Observation::from_json(&sample.to_json().unwrap()).unwrap(),
            sample
        );
    }
}
