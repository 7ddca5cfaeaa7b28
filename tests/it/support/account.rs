//! Accounts for tests and benches: what a run would have observed of one, built step by step.
#![expect(clippy::expect_used, reason = "an account that cannot be built has nothing better to do")]

use std::sync::LazyLock;

use bedrock_cost_guard::catalog::{Overrides, PriceBook};
use bedrock_cost_guard::config::{Run, Settings, Trigger};
use bedrock_cost_guard::domain::meter::{MetricName, read_name};
use bedrock_cost_guard::domain::period::{HOUR, MINUTE};
use bedrock_cost_guard::domain::series::steps_of;
use bedrock_cost_guard::domain::{AccountId, ModelId, ModelUnits, Place, Region, Series, Window};
use bedrock_cost_guard::observation::plan::MINUTE_DAYS;
use bedrock_cost_guard::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
    SystemProfile,
};
use bedrock_cost_guard::observation::{LaneUsage, MetricSeries, Status, Usage};
use bedrock_cost_guard::observation::{Observation, PlaceObservation, SCHEMA_VERSION};
use bedrock_cost_guard::report::{self, Report};
use jiff::{SignedDuration, Timestamp};

use super::book::{MODEL, book, with_units};

/// Id of the account.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Id of a model of the `aws` book: a million tokens cost 3.30 and 16.50 USD in `us-east-1`, 0.33 as
/// cache reads and 4.125 as cache writes. Of reserved tokens a thousand a minute cost 0.198 and 0.99
/// USD an hour for a month, a tenth less for three, and at least 100,000 and 10,000 are sold.
pub(crate) const SONNET: &str = "anthropic.claude-sonnet-4-6";

/// Address of the unit of [`held`].
pub(crate) const HELD: &str =
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/h0ldh0ldh0ld";

/// Metrics of the tokens that every text model has.
pub(crate) const TOKENS: [&str; 2] = ["InputTokenCount", "OutputTokenCount"];

/// Account of which nothing is known yet, kept because reading the `aws` book takes long.
static BLANK: LazyLock<Observation> = LazyLock::new(blank);

fn blank() -> Observation {
    // A Monday, so that the window is thirteen weeks from Monday to Sunday.
    let as_of = "2026-04-06T00:20:00Z".parse().expect("a time");
    let event = Run {
        time: as_of,
        trigger: Trigger::Manual,
        end: None,
        lookback_days: None,
        regions: None,
        dry_run: None,
    };
    // Thirteen weeks, whatever the default is.
    let settings = Settings { lookback_days: 91, ..Settings::default() };
    let home = Place { account: AccountId::new(ACCOUNT), region: region("us-east-1") };
    Observation {
        schema_version: SCHEMA_VERSION,
        window: event.window(&settings, as_of).expect("it is kept"),
        event,
        as_of,
        settings,
        places: vec![PlaceObservation {
            place: home.clone(),
            usage: Usage::default(),
            inventory: Inventory::default(),
            minutes_unknown: None,
        }],
        home,
        failed: Vec::new(),
        prices: PriceBook::aws().expect("the embedded book is valid"),
        overrides: Overrides::default(),
        open_before: Vec::new(),
        models_before: Vec::new(),
        savings_before: Vec::new(),
        sizes_before: Vec::new(),
        sizes_unknown: false,
        history_metrics_requested: 0,
        history_unknown: None,
        price_list: None,
        notes: Vec::new(),
    }
}

/// Account in `us-east-1` under construction; a test that needs what no method sets changes the
/// observation itself.
#[derive(Clone)]
pub(crate) struct Account {
    /// Observation that a run of the account would have made.
    pub(crate) observation: Observation,
}

impl Account {
    /// Starts with nothing held and nothing used, the default settings, and the `aws` book, as seen
    /// on Monday, 2026-04-06.
    pub(crate) fn new() -> Self {
        Self { observation: BLANK.clone() }
    }

    /// Starts with the same on another price book, in a Region that serves [`MODEL`] on-demand and
    /// by the unit.
    pub(crate) fn on(prices: PriceBook) -> Self {
        let mut account = Self::new();
        account.observation.prices = prices;
        account.serves(MODEL, "ON_DEMAND").serves(&format!("{MODEL}:8k"), "PROVISIONED")
    }

    /// Starts with the same on a price book by which a unit of [`MODEL`] pays in full use.
    pub(crate) fn selling_units() -> Self {
        Self::on(book(&with_units()))
    }

    /// Moves an account without lanes to another time.
    pub(crate) fn seen(mut self, as_of: Timestamp) -> Self {
        self.observation.as_of = as_of;
        self.observation.event.time = as_of;
        let days = self.observation.settings.lookback_days;
        self.days(days)
    }

    /// Looks back so many days from where the window ends, on an account without lanes.
    pub(crate) fn days(mut self, days: u32) -> Self {
        let observation = &mut self.observation;
        assert!(observation.places[0].usage.lanes.is_empty());
        observation.settings.lookback_days = days;
        let window = observation.event.window(&observation.settings, observation.as_of);
        observation.window = window.expect("it is kept");
        self
    }

    /// Lists a foundation model, with the inference type that it supports.
    pub(crate) fn serves(mut self, model_id: &str, inference_type: &str) -> Self {
        let models = &mut self.observation.places[0].inventory.foundation_models;
        models.push(FoundationModel {
            model_id: model_id.to_owned(),
            lifecycle_status: Some("ACTIVE".into()),
            legacy_time: None,
            public_extended_access_time: None,
            end_of_life_time: None,
            inference_types_supported: vec![inference_type.into()],
        });
        self
    }

    /// Adds metrics to a lane by the hour: sums for each hour since the window began.
    pub(crate) fn survey<const N: usize>(
        mut self,
        id: &str,
        names: [&str; N],
        hour: impl Fn(u64) -> [u64; N],
    ) -> Self {
        let metrics = metrics(names, self.observation.window, HOUR, hour);
        self.lane_of(id).survey.extend(metrics);
        self
    }

    /// Adds metrics to a lane by the minute: sums for each minute of the last 14 days.
    pub(crate) fn minutes<const N: usize>(
        mut self,
        id: &str,
        names: [&str; N],
        minute: impl Fn(u64) -> [u64; N],
    ) -> Self {
        let last = self.observation.window.last_days(MINUTE_DAYS);
        let metrics = metrics(names, last, MINUTE, minute);
        self.lane_of(id).minutes.extend(metrics);
        self
    }

    /// Adds metrics to a lane by the hour and by the minute, both from sums for each minute since
    /// the window began.
    pub(crate) fn lane<const N: usize>(
        self,
        id: &str,
        names: [&str; N],
        minute: impl Fn(u64) -> [u64; N],
    ) -> Self {
        let window = self.observation.window;
        let before = 60 * (window.hours() - window.last_days(MINUTE_DAYS).hours());
        let hour = |hour: u64| {
            let minutes = (60 * hour..60 * hour + 60).map(&minute);
            minutes.fold([0; N], |mut sums, minute| {
                sums.iter_mut().zip(minute).for_each(|(sum, it)| *sum += it);
                sums
            })
        };
        self.survey(id, names, hour).minutes(id, names, |place| minute(before + place))
    }

    /// Adds metrics to a lane that are the same in every minute.
    pub(crate) fn steady<const N: usize>(self, id: &str, metrics: [(&str, u64); N]) -> Self {
        let names = metrics.map(|(name, _)| name);
        let minute = metrics.map(|(_, count)| count);
        self.survey(id, names, |_| minute.map(|count| 60 * count)).minutes(id, names, |_| minute)
    }

    /// Adds input and output tokens to a lane, so many in every minute.
    pub(crate) fn tokens(self, id: &str, input: u64, output: u64) -> Self {
        self.steady(id, [(TOKENS[0], input), (TOKENS[1], output)])
    }

    /// Adds a lane that was asked about and has no points.
    pub(crate) fn silent(mut self, id: &str) -> Self {
        let invocations = MetricSeries {
            series: None,
            ..metric("Invocations", self.observation.window, HOUR, |_| None)
        };
        self.lane_of(id).survey.push(invocations);
        self
    }

    /// Adds a provisioned model, whatever its lanes are.
    pub(crate) fn holding(mut self, held: ProvisionedModel) -> Self {
        let models = &mut self.observation.places[0].inventory.provisioned_models;
        models.push(held);
        self
    }

    /// Adds a provisioned model that serves so many tokens a minute.
    pub(crate) fn busy(self, held: ProvisionedModel, input: u64, output: u64) -> Self {
        self.tokens(&held.provisioned_model_arn, input, output).holding(held)
    }

    /// Adds a provisioned model of which every id that it could be metered by is silent.
    pub(crate) fn idle(self, held: ProvisionedModel) -> Self {
        let ids = held.metered_ids().into_iter();
        ids.fold(self, Self::silent).holding(held)
    }

    /// Moves an account to another Region, which the guard is asked to read.
    pub(crate) fn at(mut self, name: &str) -> Self {
        self.observation.settings.regions = vec![region(name)];
        self.observation.places[0].place.region = region(name);
        self
    }

    /// Adds an application profile of [`MODEL`] over some Regions, by its id.
    pub(crate) fn profile(self, id: &str, regions: &[&str]) -> Self {
        self.profile_of(id, MODEL, regions)
    }

    /// Adds an application profile of a model over some Regions, by its id.
    pub(crate) fn profile_of(mut self, id: &str, model: &str, regions: &[&str]) -> Self {
        let home = &self.observation.places[0].place.region;
        let profile = ApplicationProfile {
            inference_profile_id: id.to_owned(),
            inference_profile_arn: format!(
                "arn:aws:bedrock:{home}:{ACCOUNT}:application-inference-profile/{id}"
            ),
            inference_profile_name: format!("team-{id}"),
            model_arns: arns_of(model, regions),
        };
        self.observation.places[0].inventory.application_profiles.push(profile);
        self
    }

    /// Lists a profile that AWS defines, by its prefix, over some Regions.
    pub(crate) fn system_profile(mut self, prefix: &str, model: &str, regions: &[&str]) -> Self {
        let profiles = &mut self.observation.places[0].inventory.system_profiles;
        profiles.push(SystemProfile {
            inference_profile_id: format!("{prefix}.{model}"),
            model_arns: arns_of(model, regions),
        });
        self
    }

    /// Says as the operator what stands in this TOML, in place of all that was said before.
    pub(crate) fn overrides(mut self, text: &str) -> Self {
        self.observation.overrides = overrides(text);
        self
    }

    /// Builds the report on the account as it is now.
    pub(crate) fn report(&self) -> Report {
        report::build(&self.observation)
    }

    /// Returns a lane of the account to change, an empty one where there is none yet.
    pub(crate) fn lane_of(&mut self, id: &str) -> &mut LaneUsage {
        let lanes = &mut self.observation.places[0].usage.lanes;
        let found = lanes.iter().position(|lane| lane.model_id.text() == id);
        let place = found.unwrap_or_else(|| {
            lanes.push(LaneUsage::new(ModelId::parse(id)));
            lanes.len() - 1
        });
        &mut lanes[place]
    }
}

/// Returns the window of an account that was not moved to another time.
pub(crate) fn window() -> Window {
    BLANK.window
}

/// Returns one unit of [`MODEL`] without a term, in service since the window began.
pub(crate) fn held() -> ProvisionedModel {
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{MODEL}:8k");
    ProvisionedModel {
        provisioned_model_arn: HELD.to_owned(),
        provisioned_model_name: "held".to_owned(),
        model_arn: arn.clone(),
        foundation_model_arn: arn,
        model_units: ModelUnits::new(1),
        status: "InService".into(),
        commitment_duration: None,
        commitment_expiration_time: None,
        creation_time: window().start(),
    }
}

/// Returns the same unit under a term that ends so many days after the window.
pub(crate) fn bound(term: CommitmentDuration, days: i64) -> ProvisionedModel {
    ProvisionedModel {
        commitment_duration: Some(term),
        commitment_expiration_time: Some(window().end() + SignedDuration::from_hours(24 * days)),
        ..held()
    }
}

/// Returns the same unit under a term that ends long after the window, so that nothing about it can
/// be changed now.
pub(crate) fn bound_for_weeks() -> ProvisionedModel {
    bound(CommitmentDuration::OneMonth, 20)
}

/// Reads overrides without their first line.
pub(crate) fn overrides(text: &str) -> Overrides {
    Overrides::parse("o.toml", &format!("schema_version = 1\n{text}")).expect("they are right")
}

/// Writes the overrides by which an operator declares reserved tokens of [`SONNET`], so many a
/// minute for three months.
pub(crate) fn reserved(scope: &str, input: u64, output: u64) -> String {
    format!(
        "[[reserved_holding]]\nname = \"chat\"\nregion = \"us-east-1\"\nmodel = \"{SONNET}\"\n\
         scope = \"{scope}\"\ninput_tokens_per_minute = {input}\noutput_tokens_per_minute = {output}\n\
         term = \"3-months\"\nfrom = \"2026-03-01\"\n"
    )
}

/// Writes the overrides by which an operator dismisses a recommendation, for longer than tests look.
pub(crate) fn dismissed(id: &str) -> String {
    format!("[[dismissed]]\nid = \"{id}\"\nuntil = \"2026-12-31\"\nwhy = \"it is kept\"\n")
}

/// Writes the overrides by which an operator allows requests of [`MODEL`] these scopes alone.
pub(crate) fn allowed_scopes(scopes: &[&str]) -> String {
    format!("[[allowed_scopes]]\nmodel = \"{MODEL}\"\nscopes = {scopes:?}\n")
}

/// Writes the ARNs of a model in some Regions; the one without a Region has an empty name.
fn arns_of(model: &str, regions: &[&str]) -> Vec<String> {
    let arn = |region: &&str| format!("arn:aws:bedrock:{region}::foundation-model/{model}");
    regions.iter().map(arn).collect()
}

/// Returns the Region of this name.
pub(crate) fn region(name: &str) -> Region {
    name.parse().expect("the name of a Region")
}

/// Builds one metric over a window, from a value for each step from 0 on.
pub(crate) fn metric(
    name: &str,
    window: Window,
    step: u32,
    value: impl Fn(u64) -> Option<u64>,
) -> MetricSeries {
    let MetricName::Known(metric) = read_name(name) else { unreachable!("{name} is not read") };
    let values = (0..).map(value).take(steps_of(window, step)).collect();
    MetricSeries {
        name: name.to_owned(),
        metric,
        status: Status::Complete,
        series: Some(Series { start: window.start(), step, values }),
    }
}

fn metrics<const N: usize>(
    names: [&str; N],
    window: Window,
    step: u32,
    value: impl Fn(u64) -> [u64; N],
) -> Vec<MetricSeries> {
    let values: Vec<[u64; N]> = (0..).map(value).take(steps_of(window, step)).collect();
    let numbered = names.into_iter().enumerate();
    numbered
        .map(|(number, name)| {
            metric(name, window, step, |place| Some(values[usize::try_from(place).ok()?][number]))
        })
        .collect()
}
