//! A recommendation: what to change, what it saves, and where every number comes from.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::BreakEven;
use crate::advice::candidate::Months;
use crate::advice::rates::LaneRates;
use crate::advice::trial::BacktestReport;
use crate::catalog::{InForce, Offer, Rate, RateSource, RegionBasis, ReservedOffer};
use crate::domain::period::HOUR;
use crate::domain::{
    AccountId, BaseModel, Meter, Partition, Percent, Place, Region, Scope, ServiceTier, Tokens,
    Usd, day_of,
};
use crate::pricing::{Lane, LaneKind, Priced, Workload};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send on-demand requests to a provisioned model that has room for them.
    FillProvisionedModel,
    /// Delete a provisioned model that nobody uses.
    DeleteIdleProvisionedModel,
    /// Call the model through its global profile.
    RouteToGlobalProfile,
    /// Buy provisioned throughput.
    BuyModelUnits,
    /// Reserve tokens per minute.
    ReserveTokens,
    /// Hold fewer model units than now, of what is at work.
    RightSizeProvisionedModel,
    /// Hold the same model units under a term that costs less.
    BindProvisionedModel,
    /// Reserve fewer tokens per minute than now.
    RightSizeReservation,
    /// Let a commitment end that costs more than what it serves, instead of letting it renew.
    LetCommitmentExpire,
    /// Delete a provisioned model without a term whose work costs less on-demand.
    GiveUpProvisionedModel,
    /// Send requests to the flex tier.
    UseFlexTier,
    /// Send requests as batch inference jobs.
    UseBatchInference,
    /// Send requests to the standard tier instead of a dearer one.
    LeaveDearerTier,
    /// Write the part of prompts that repeats to the prompt cache.
    CachePrompts,
    /// Write nothing to the prompt cache that is hardly read again.
    StopCachingPrompts,
    /// Call the model that follows one that is leaving.
    MoveToSuccessor,
}

impl Action {
    /// The action in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FillProvisionedModel => "fill the provisioned model",
            Self::DeleteIdleProvisionedModel => "delete the idle provisioned model",
            Self::RouteToGlobalProfile => "route to the global profile",
            Self::BuyModelUnits => "buy model units",
            Self::ReserveTokens => "reserve tokens per minute",
            Self::RightSizeProvisionedModel => "right-size the provisioned model",
            Self::BindProvisionedModel => "bind the provisioned model for a term",
            Self::RightSizeReservation => "right-size the reserved tokens",
            Self::LetCommitmentExpire => "do not renew the commitment",
            Self::GiveUpProvisionedModel => "give up the provisioned model",
            Self::UseFlexTier => "use the flex tier",
            Self::UseBatchInference => "use batch inference",
            Self::LeaveDearerTier => "leave the dearer tier",
            Self::CachePrompts => "cache prompts",
            Self::StopCachingPrompts => "stop caching prompts",
            Self::MoveToSuccessor => "move to the successor",
        }
    }

    /// Returns what the action asks for.
    #[must_use]
    pub const fn effort(self) -> Effort {
        match self {
            Self::FillProvisionedModel | Self::DeleteIdleProvisionedModel => Effort::None,
            // Callers name another id: a profile, another provisioned model, or the model itself.
            Self::RouteToGlobalProfile
            | Self::RightSizeProvisionedModel
            | Self::LetCommitmentExpire
            | Self::GiveUpProvisionedModel => Effort::Routing,
            Self::BuyModelUnits
            | Self::ReserveTokens
            | Self::BindProvisionedModel
            | Self::RightSizeReservation => Effort::Commitment,
            Self::UseFlexTier | Self::UseBatchInference | Self::LeaveDearerTier => Effort::Latency,
            Self::CachePrompts | Self::StopCachingPrompts | Self::MoveToSuccessor => {
                Effort::Evaluation
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::FillProvisionedModel => "fill_provisioned_model",
            Self::DeleteIdleProvisionedModel => "delete_idle_provisioned_model",
            Self::RouteToGlobalProfile => "route_to_global_profile",
            Self::BuyModelUnits => "buy_model_units",
            Self::ReserveTokens => "reserve_tokens",
            Self::RightSizeProvisionedModel => "right_size_provisioned_model",
            Self::BindProvisionedModel => "bind_provisioned_model",
            Self::RightSizeReservation => "right_size_reservation",
            Self::LetCommitmentExpire => "let_commitment_expire",
            Self::GiveUpProvisionedModel => "give_up_provisioned_model",
            Self::UseFlexTier => "use_flex_tier",
            Self::UseBatchInference => "use_batch_inference",
            Self::LeaveDearerTier => "leave_dearer_tier",
            Self::CachePrompts => "cache_prompts",
            Self::StopCachingPrompts => "stop_caching_prompts",
            Self::MoveToSuccessor => "move_to_successor",
        }
    }
}

/// What a change asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Nothing but to use or drop what is paid for.
    None,
    /// Callers name another id: a profile, a provisioned model, or the model itself.
    Routing,
    /// Money bound for a term.
    Commitment,
    /// Another latency. Listed, never counted: whether requests can wait is the owner's to say.
    Latency,
    /// Work on prompts, or another model. Listed, never counted.
    Evaluation,
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Routing => "routing",
            Self::Commitment => "commitment",
            Self::Latency => "latency",
            Self::Evaluation => "evaluation",
        })
    }
}

/// A change that saves money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Stable: the same change keeps its id from run to run.
    pub id: String,
    /// What to do.
    pub action: Action,
    /// What it asks for.
    pub effort: Effort,
    /// The account, empty where it is not known.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// The provisioned model that it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_arn: Option<String>,
    /// How it runs now.
    pub current: Arrangement,
    /// How it would run.
    pub proposed: Arrangement,
    /// What it saves.
    pub estimated_monthly_savings: Savings,
    /// The same, of what is spent now on what it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_savings_percentage: Option<Percent>,
    /// From when on it saves, where that is not at once. It does not count until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savings_start: Option<Timestamp>,
    /// The volume at which it begins to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<BreakEven>,
    /// In how many months of it the next shorter arrangement has cost as much as the whole term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_pay: Option<Months>,
    /// The share of the demand that can go while the commitment still costs no more than none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robustness: Option<Percent>,
    /// What deciding like this week by week would have brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestReport>,
    /// What a commitment costs over its whole term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_total: Option<Usd>,
    /// Whether it can be taken back.
    pub rollback_possible: bool,
    /// What keeps it from counting: a setting by its name, or a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_counted_because: Option<String>,
    /// What could go wrong, and what was assumed.
    pub risks: Vec<String>,
    /// How its figures come about, step by step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workings: Vec<Working>,
    /// Where the numbers come from.
    pub evidence: Evidence,
    /// What a person does, in this order; empty where there is no command for any of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The command of the first step. A person runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whom to ask, where AWS sells only through people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Where to look at it.
    pub console_url: String,
}

/// One thing that a person does to carry out a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The step in words.
    pub text: String,
    /// The command that takes the step, to be run by a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What must be true before the next step is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
}

impl Step {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: None,
            wait_for: None,
        }
    }

    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    pub(super) fn wait_for(mut self, what: impl Into<String>) -> Self {
        self.wait_for = Some(what.into());
        self
    }
}

/// One figure and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Working {
    /// What it is.
    pub what: String,
    /// Its value.
    pub value: String,
    /// How it comes about.
    pub from: String,
}

impl Working {
    pub(super) fn new(what: &str, value: impl fmt::Display, from: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            value: format!("{value}"),
            from: from.into(),
        }
    }
}

/// A way to serve some traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrangement {
    /// In words.
    pub description: String,
    /// What it costs in a month.
    pub monthly_cost: Usd,
}

/// What a change saves in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Savings {
    /// As the recent window went.
    pub observed: Usd,
    /// One time in ten it is less, as the weeks tell; for commitments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p10: Option<Usd>,
    /// As often less as more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<Usd>,
    /// One time in ten it is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<Usd>,
}

/// Where the numbers of a recommendation come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Evidence(Vec<EvidenceItem>);

/// One origin of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceItem {
    /// A list price.
    Rate(RateEvidence),
    /// A series.
    Series(SeriesEvidence),
    /// So many more of the same kinds, which the report's workloads hold.
    More {
        /// How many.
        count: usize,
    },
}

/// Origins that a recommendation names; an account can have thousands of profiles of one model.
const NAMED: usize = 40;

/// One list price that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RateEvidence {
    /// What is priced.
    pub what: String,
    /// The list price.
    pub list_unit_price: String,
    /// What the account pays, where its contract says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<String>,
    /// What it is for.
    pub pricing_unit: &'static str,
    /// How the row came to apply to the Region.
    pub region_basis: RegionBasis,
    /// Whether the row's dates hold the day.
    pub in_force: InForce,
    /// The first day of the price, or the first on which it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The day on which somebody last looked.
    pub checked: Date,
    /// Where it is written.
    pub source: String,
}

/// One series that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesEvidence {
    /// The namespace.
    pub namespace: &'static str,
    /// The metric.
    pub metric: String,
    /// The value of `ModelId`, the one dimension.
    pub model_id: String,
    /// The first instant.
    pub start: Timestamp,
    /// The first instant after the last step.
    pub end: Timestamp,
    /// Seconds of a step.
    pub step: u32,
    /// The sum of its points.
    pub total: Tokens,
}

impl Recommendation {
    /// A change of a workload that takes effect at once and can be taken back. `subject` is what
    /// makes it the same from run to run.
    pub(super) fn new(
        action: Action,
        workload: &Workload<'_>,
        subject: &str,
        current: Arrangement,
        proposed: Arrangement,
        evidence: Evidence,
    ) -> Self {
        let savings = current.monthly_cost - proposed.monthly_cost;
        let workings = vec![Working::new(
            "saves a month",
            savings,
            format!(
                "{} now − {} instead",
                current.monthly_cost, proposed.monthly_cost
            ),
        )];
        Self {
            id: stable_id(action, workload.place, subject),
            action,
            effort: action.effort(),
            account: workload.place.account.clone(),
            region: workload.place.region.clone(),
            model: workload.model.clone(),
            provisioned_model_arn: None,
            estimated_monthly_savings: Savings {
                observed: savings,
                p10: None,
                p50: None,
                p90: None,
            },
            estimated_savings_percentage: savings.percent_of(current.monthly_cost),
            current,
            proposed,
            savings_start: None,
            break_even: None,
            months_to_pay: None,
            robustness: None,
            backtest: None,
            commitment_total: None,
            rollback_possible: true,
            not_counted_because: None,
            risks: evidence.caveats(),
            workings,
            evidence,
            steps: Vec::new(),
            command: None,
            contact: None,
            console_url: console_url(&workload.place.region),
        }
    }

    /// Names the steps, and the first one's command beside them.
    pub(super) fn take_steps(&mut self, steps: Vec<Step>) {
        self.command = steps.first().and_then(|step| step.command.clone());
        self.steps = steps;
    }

    /// Whether its savings are part of the headline.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.not_counted_because.is_none()
    }

    /// What it saves in a month.
    #[must_use]
    pub const fn savings(&self) -> Usd {
        self.estimated_monthly_savings.observed
    }

    /// One sentence that can be read alone.
    #[must_use]
    pub fn message(&self) -> String {
        let start = self
            .savings_start
            .map_or_else(String::new, |start| format!(" from {} on", day_of(start)));
        let uncounted = self
            .not_counted_because
            .as_ref()
            .map_or_else(String::new, |because| format!(" (not counted: {because})"));
        format!(
            "{} of {} in {} saves {} a month{start}{uncounted}: now {}; instead {}",
            self.action.title(),
            self.model,
            self.region,
            self.savings(),
            self.current.description,
            self.proposed.description
        )
    }
}

/// What makes a change the same from run to run: FNV-1a over what it is about, in ten hex digits.
/// The account is left out: a terminal does not know it, and must name the change as the Lambda does.
pub(super) fn stable_id(action: Action, place: &Place, subject: &str) -> String {
    let text = format!("{}|{}|{subject}", action.name(), place.region);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("rec-{:010x}", hash & 0xff_ffff_ffff)
}

/// The Bedrock console of a Region.
fn console_url(region: &Region) -> String {
    let host = match region.partition() {
        Partition::UsGov => "console.amazonaws-us-gov.com".to_owned(),
        Partition::Commercial | Partition::Other => format!("{region}.console.aws.amazon.com"),
    };
    format!("https://{host}/bedrock/home?region={region}")
}

impl Evidence {
    /// Adds the rate of a meter.
    pub(super) fn rate(
        &mut self,
        model: &BaseModel,
        scope: Scope,
        tier: ServiceTier,
        meter: Meter,
        rate: &Rate,
    ) {
        self.push(EvidenceItem::Rate(RateEvidence::new(
            format!("{model} {scope} {tier} {meter}"),
            (
                rate.list_unit_price.to_string(),
                rate.contracted_unit_price.to_string(),
            ),
            "1000000 Tokens",
            &rate.source,
        )));
    }

    /// Adds the price of a model unit.
    pub(super) fn offer(&mut self, model: &BaseModel, offer: &Offer) {
        let label = offer
            .label
            .as_ref()
            .map_or_else(String::new, |label| format!(" {label}"));
        self.push(EvidenceItem::Rate(RateEvidence::new(
            format!("{model} model unit{label}, {}", offer.term),
            (
                offer.list_unit_price.to_string(),
                offer.unit_price.to_string(),
            ),
            "Model Unit-Hours",
            &offer.source,
        )));
    }

    /// Adds the prices of reserved tokens per minute.
    pub(super) fn reserved_offer(&mut self, model: &BaseModel, offer: &ReservedOffer) {
        let scope = crate::advice::candidate::scope_name(offer.scope);
        for (meter, list, paid) in [
            ("input", offer.list_input, offer.input),
            ("output", offer.list_output, offer.output),
        ] {
            self.push(EvidenceItem::Rate(RateEvidence::new(
                format!("{model} reserved {meter} tokens, {scope}, {}", offer.term),
                (list.to_string(), paid.to_string()),
                "1000 Tokens per Minute-Hours",
                &offer.source,
            )));
        }
    }

    /// The origins, in the order in which they were added.
    #[must_use]
    pub fn items(&self) -> &[EvidenceItem] {
        &self.0
    }

    /// Adds the rates that a lane would have.
    pub(super) fn rates(&mut self, workload: &Workload<'_>, to: &LaneRates<'_>) {
        let (model, tier) = to.priced_as(workload);
        for (meter, rate) in &to.rates {
            self.rate(model, to.scope, tier, *meter, rate);
        }
    }

    /// Adds a series.
    pub(super) fn series(&mut self, series: SeriesEvidence) {
        self.push(EvidenceItem::Series(series));
    }

    /// The list prices.
    pub fn list_prices(&self) -> impl Iterator<Item = &RateEvidence> {
        self.0.iter().filter_map(|item| match item {
            EvidenceItem::Rate(rate) => Some(rate),
            _ => None,
        })
    }

    /// Adds what a lane was metered and priced by.
    pub(super) fn lane(&mut self, priced: &Priced<'_>, lane: &Lane<'_>) {
        for meter in &lane.meters {
            if let (
                Some(rate),
                LaneKind::OnDemand {
                    model, scope, tier, ..
                },
            ) = (&meter.rate, &lane.kind)
            {
                self.rate(model, *scope, *tier, meter.meter, rate);
            }
            self.series(SeriesEvidence {
                namespace: crate::observation::NAMESPACE,
                metric: meter.metric.clone(),
                model_id: lane.usage.model_id.text().to_owned(),
                start: priced.recent.start(),
                end: priced.recent.end(),
                step: HOUR,
                total: meter.recent,
            });
        }
    }

    /// Adds the series that a size and its chances rest on: the hours of the survey and the minutes.
    pub(super) fn history(&mut self, priced: &Priced<'_>, lane: &Lane<'_>) {
        let window = priced.observation.window;
        let (hours, minutes) = (lane.usage.readings(), lane.usage.minute_readings());
        for reading in hours.into_iter().chain(minutes) {
            let start = reading.series.start.max(window.start());
            self.series(SeriesEvidence {
                namespace: crate::observation::NAMESPACE,
                metric: reading.name.to_owned(),
                model_id: lane.usage.model_id.text().to_owned(),
                start,
                end: window.end(),
                step: reading.series.step,
                total: reading.series.total(),
            });
        }
    }

    fn push(&mut self, item: EvidenceItem) {
        if self.0.contains(&item) {
            return;
        }
        let is_full = self.0.len() >= NAMED;
        match self.0.last_mut() {
            Some(EvidenceItem::More { count }) => *count += 1,
            _ if is_full => self.0.push(EvidenceItem::More { count: 1 }),
            _ => self.0.push(item),
        }
    }

    /// What a reader should know of the rates before acting: a Region that their source does not give.
    fn caveats(&self) -> Vec<String> {
        self.list_prices()
            .filter(|rate| rate.region_basis == RegionBasis::Unstated)
            .map(|rate| format!("the source of the price of {} names no Region", rate.what))
            .collect()
    }
}

impl RateEvidence {
    fn new(
        what: String,
        (list, paid): (String, String),
        unit: &'static str,
        source: &RateSource,
    ) -> Self {
        Self {
            what,
            contracted_unit_price: (paid != list).then_some(paid),
            list_unit_price: list,
            pricing_unit: unit,
            region_basis: source.region_basis,
            in_force: source.in_force,
            from: source.provenance.dating().map(|dating| dating.from),
            checked: source.provenance.checked,
            source: source.provenance.source.clone(),
        }
    }
}

/// Some names in a row, and how many more there are.
pub(super) fn several(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    match names.len() {
        count if count > SHOWN => {
            format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN)
        }
        _ => names.join(" and "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_what_is_changed_and_on_nothing_else() {
        let place = |region: &str| Place {
            account: AccountId::new("1"),
            region: region.parse().unwrap(),
        };
        let id = stable_id(Action::BuyModelUnits, &place("us-east-1"), "a.b");
        assert_eq!(id, "rec-2baace0e1a");
        assert_ne!(
            id,
            stable_id(Action::BuyModelUnits, &place("us-east-2"), "a.b")
        );
        assert_ne!(
            id,
            stable_id(Action::RouteToGlobalProfile, &place("us-east-1"), "a.b")
        );
    }
}
