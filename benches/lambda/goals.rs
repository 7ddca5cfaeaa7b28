//! Large accounts in the memory and time of a small function: 512 MB by the system's own limit, and 300 s.
//!
//! The fake gives a page in 200 ms and 396,000 points a second in each Region, as `CloudWatch` does at its quotas.

use std::time::Duration;

use bedrock_cost_guard::catalog::{Overrides, PriceBook};
use bedrock_cost_guard::domain::period::HOUR;
use bedrock_cost_guard::domain::{BaseModel, ModelId, Place, Region};
use bedrock_cost_guard::observation::{LaneUsage, MetricSeries, Observation};
use jiff::tz::TimeZone;

use crate::support::account::{Account, SONNET, metric, region};
use crate::support::fake_aws::{FakeAws, Pace, PageSizes};
use crate::{Guard, METERS, now};

/// Memory of the function, in megabytes.
const MEMORY: u32 = 512;

/// Time of the function.
const TIME: Duration = Duration::from_mins(5);

const PACE: Pace = Pace { page: Duration::from_millis(200), points_a_second: 396_000 };

/// Days of the look-back, as by default.
const DAYS: u32 = 182;

/// Models that the ids of an account are of.
const MODELS: usize = 40;

/// Regions of the account with many.
const MANY: [&str; 20] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-4",
];

/// Account of a goal.
#[derive(Clone)]
struct Goal {
    title: &'static str,
    regions: &'static [&'static str],
    /// Ids in each Region that are called in every hour, and such that are called in one of fifty.
    ids: [usize; 2],
    /// True if all are of one model of which tokens are reserved; else sixty are of that, and the rest of others.
    is_of_one: bool,
}

const GOALS: [Goal; 3] = [
    Goal {
        title: "(a) 5,000 ids in one Region, 500 of them busy every hour",
        regions: &["us-east-1"],
        ids: [500, 4_500],
        is_of_one: false,
    },
    Goal {
        title: "(b) 350 busy profiles of one Claude model in one Region",
        regions: &["us-east-1"],
        ids: [350, 0],
        is_of_one: true,
    },
    Goal {
        title: "(c) 20 Regions with 250 busy ids each",
        regions: &MANY,
        ids: [250, 0],
        is_of_one: false,
    },
];

/// Measures all goals, and before each an account of half of that, so that it shows how they grow.
pub(crate) fn measure(bootstrap: &str) {
    let both = GOALS.iter().flat_map(|goal| [("half of ", goal.halved()), ("", goal.clone())]);
    for (part, goal) in both {
        let observation = goal.observation();
        let regions: Vec<&str> = goal.regions.to_vec();
        let aws = FakeAws::start(observation);
        aws.set_page_sizes(PageSizes { bedrock: 1_000, ..PageSizes::default() });
        aws.set_pace(PACE);
        let guard = Guard::limited(bootstrap, &aws, MEMORY, &regions.join(","));
        let answer = guard.invoke(TIME);
        let elapsed = answer.elapsed;
        let summary = answer.outcome.expect("the run goes well");
        let requests = |operation| aws.requests(operation);
        let ids: usize = goal.ids.iter().sum();
        println!("{part}{}: {} times {ids} ids", goal.title, goal.regions.len());
        println!(
            "  {:.0} s, peak {:.0} MB under a limit of {MEMORY} MB; {} ListMetrics, {} GetMetricData; {} metrics put; missing: {}",
            elapsed.as_secs_f64(),
            f64::from(guard.peak_kilobytes()) / 1_024.0,
            requests("ListMetrics"),
            requests("GetMetricData"),
            summary["metrics_put"],
            summary["missing"],
        );
        assert!(elapsed < TIME, "it takes {elapsed:?}");
        assert!(summary["missing"].as_array().is_none_or(Vec::is_empty), "{}", summary["missing"]);
    }
}

impl Goal {
    /// Returns the goal with half of the Regions, or of the ids where there is one Region.
    fn halved(&self) -> Self {
        match self.regions {
            [_] => Self { ids: self.ids.map(|ids| ids / 2), ..self.clone() },
            many => Self { regions: &many[..many.len() / 2], ..self.clone() },
        }
    }

    /// Builds what a run of the account would observe.
    fn observation(&self) -> Observation {
        let account = Account::new().seen(now()).days(DAYS);
        let window = account.observation.window;
        let of = |name: &str, rare: u64| {
            metric(name, window, HOUR, |hour| (hour % rare == 0).then_some(40_000 + hour * 7 % 900))
        };
        // The series are the same for all ids, so that the fake holds them once.
        let busy: Vec<MetricSeries> = METERS.iter().map(|name| of(name, 1)).collect();
        let rare: Vec<MetricSeries> = METERS[..3].iter().map(|name| of(name, 50)).collect();
        let models = models();
        let [many, few] = self.ids;
        let mut account = account;
        for number in 0..many + few {
            // Of the first sixty the minutes are wanted.
            let model = if self.is_of_one || number < 60 {
                SONNET
            } else {
                models[number % models.len()].as_str()
            };
            let id = format!("p{number:011}");
            account = account.profile_of(&id, model, &["us-east-1"]);
            let survey = if number < many { busy.clone() } else { rare.clone() };
            let lane = LaneUsage { survey, ..LaneUsage::new(ModelId::parse(id)) };
            account.observation.places[0].usage.lanes.push(lane);
        }
        let mut observation = account.observation;
        let place = observation.places.remove(0);
        observation.places = self
            .regions
            .iter()
            .map(|name| {
                let here: Region = region(name);
                let mut place = place.clone();
                for profile in &mut place.inventory.application_profiles {
                    let own = std::iter::once(&mut profile.inference_profile_arn);
                    for arn in own.chain(&mut profile.model_arns) {
                        *arn = arn.replace("us-east-1", name);
                    }
                }
                place.place = Place { region: here, ..place.place };
                place
            })
            .collect();
        observation
    }
}

/// Returns the ids of models of which nothing can be bought, so that none of their minutes are wanted.
fn models() -> Vec<String> {
    let book = PriceBook::aws().expect("the embedded book is valid");
    let (here, today) = (region("us-east-1"), now().to_zoned(TimeZone::UTC).date());
    let none = Overrides::default();
    let sells = |model: &BaseModel| {
        !book.offers(model, &here, today, &none).is_empty()
            || !book.reserved_offers(model, &here, today, &none).is_empty()
    };
    let models = book.models.iter().filter(|model| !sells(&model.id));
    models.map(|model| model.id.id().to_owned()).take(MODELS - 1).collect()
}
