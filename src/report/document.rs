//! The report as a document: its parts, named as programs read them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::{
    AtTermEnd, CertificateReport, Effort, Forgone, HoldingLoad, Plan, Recommendation,
};
use crate::catalog::{InForce, RegionBasis, ReservedScope};
use crate::config::Trigger;
use crate::domain::{
    AccountId, BaseModel, Meter, ModelUnits, Percent, Place, Region, Scope, ServiceTier, Term,
    Tokens, Usd, UsdPerMillionTokens, Window,
};
use crate::estimate::Alternatives;
use crate::observation::{CommitmentDuration, PriceListRead};
use crate::pricing::{CacheEconomics, CapacityUse, Lifecycle};
use crate::report::followed::FollowedAdvice;
use crate::report::missing_part::MissingPart;
use crate::report::unfollowed::UnfollowedAdvice;
use crate::sizing::BreakEven;

/// Result of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Version of this document, as `major.minor`.
    pub schema_version: &'static str,
    /// Scope of the run: its time, its windows, its prices and its places.
    pub run: RunInfo,
    /// Sums over all workloads.
    pub totals: Totals,
    /// Workloads, dearest first.
    pub workloads: Vec<WorkloadReport>,
    /// Changes that save money: those that count first, then by their saving, largest first.
    pub recommendations: Vec<Recommendation>,
    /// Provisioned models that the account holds.
    pub holdings: Vec<HoldingReport>,
    /// Reserved tokens per minute that the overrides declare; empty where they declare none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved_holdings: Vec<ReservedReport>,
    /// Usage that has no price.
    pub unpriced: Vec<UnpricedReport>,
    /// Workloads whose figures may be too low, each with the reasons.
    pub incomplete: Vec<IncompleteReport>,
    /// Notes of the gathering that a reader should know; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Parts that the run was to read and did not; empty where it read the whole. What belongs to one
    /// of them is at least what is said here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingPart>,
    /// Parts of the account and of the bill that the run did not read, each in words.
    pub not_covered: Vec<String>,
    /// Proofs that no purchase under an offer saves, whatever its size.
    pub certificates: Vec<CertificateReport>,
    /// Recommendations that were open before this run and are no longer.
    pub closed: Vec<ClosedRecommendation>,
    /// Models that had a cost before this run and of which nothing is left; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vanished: Vec<VanishedModel>,
    /// Advice that is open since an earlier day, by what that cost; empty where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfollowed: Vec<UnfollowedAdvice>,
    /// Advice to buy units that was followed, with what came of its promise; empty where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub followed: Vec<FollowedAdvice>,
}

/// Scope of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// Time of the event that started the run.
    pub time: Timestamp,
    /// Origin of the event that started the run.
    pub trigger: Trigger,
    /// Time on the clock during the run, read once.
    pub as_of: Timestamp,
    /// Window that was surveyed.
    pub window: Window,
    /// Last days of the window, which a month is scaled from.
    pub recent: Window,
    /// Name of the price book.
    pub catalog: String,
    /// True if AWS charges the prices of the book.
    pub charged: bool,
    /// Warning against acting on any figure of this report; `None` where AWS charges the prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// True if the overrides name prices other than those of the book.
    pub has_contract: bool,
    /// Description of the price book, in its own words.
    pub catalog_description: String,
    /// Counts of the Price List's lines, by what became of them; `None` where the book is not
    /// `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListRead>,
    /// Accounts and Regions that were read.
    pub places: Vec<Place>,
    /// Regions that could not be read; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_regions: Vec<Region>,
    /// True if the run puts no metrics.
    pub dry_run: bool,
    /// Number of metrics that CloudWatch was asked for, each of which it bills.
    pub metrics_requested: u64,
    /// Cost of the metrics that CloudWatch was asked for, USD for this run at list.
    pub metrics_requested_cost: Usd,
    /// Number of lanes whose minutes were read: those where minutes could change the advice.
    pub lanes_with_minutes: u64,
}

/// Sums over all workloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Cost at list prices, USD a month.
    pub monthly_list_cost: Usd,
    /// Cost as everything runs now, at what the account pays, USD a month.
    pub monthly_cost: Usd,
    /// Part of the monthly cost that is billed by the token, USD a month.
    pub on_demand_monthly_cost: Usd,
    /// Part of the monthly cost that is billed for holdings, USD a month.
    pub holdings_monthly_cost: Usd,
    /// True if the true cost may be above the monthly cost.
    pub is_at_least: bool,
    /// Savings of the recommendations that count, each dollar once, USD a month.
    pub potential_monthly_savings: Usd,
    /// Savings of the recommendations that count, in percent of the monthly cost: no bound of
    /// either kind where one of the two is "at least". `None` where the cost is zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub potential_savings_percentage: Option<Percent>,
    /// Savings of the recommendations that count, by the effort that they ask for, USD a month.
    pub savings_by_effort: BTreeMap<Effort, Usd>,
    /// Number of recommendations that count.
    pub recommendations: u64,
    /// Number of recommendations that a setting or a term keeps from counting.
    pub uncounted_recommendations: u64,
    /// Number of workloads.
    pub workloads: u64,
    /// Number of workloads whose figures may be too low.
    pub incomplete_workloads: u64,
    /// Number of tokens of the recent window that have no price.
    pub unpriced_tokens: Tokens,
    /// Whole days since somebody last checked the stalest rate in use; 0 where no rate is in use.
    pub catalog_age_days: u32,
    /// Day on which somebody last checked the stalest rate in use; `None` where no rate is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_checked: Option<Date>,
    /// Cost of the guard itself at its schedule, CloudWatch's part, USD a month.
    pub guard_monthly_cost: Usd,
    /// Savings of the purchases that followed advice, in percent of what was promised; `None` where none is
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realised_over_promised: Option<Percent>,
}

/// One workload: all use of one model in one account and Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadReport {
    /// Account id; empty where it is not known.
    pub account: AccountId,
    /// Region of the usage.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that people use for the model; `None` where the book has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Cost at list prices, as far as the usage is priced, USD a month.
    pub monthly_list_cost: Usd,
    /// Cost as the workload runs now, at what the account pays, USD a month.
    pub monthly_cost: Usd,
    /// On-demand value of the tokens that reserved tokens serve, at most, USD a month. The other
    /// sums do not hold this value; left out where it is zero.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    pub covered_monthly_cost: Usd,
    /// Part of the monthly cost that is billed by the token, USD a month.
    pub on_demand_monthly_cost: Usd,
    /// Part of the monthly cost that is billed for holdings, USD a month.
    pub holdings_monthly_cost: Usd,
    /// True if the true cost may be above the monthly cost.
    pub is_at_least: bool,
    /// True if any of the workload's usage has a price, or if it has no usage to price.
    pub is_priced: bool,
    /// Savings of the workload's recommendations that count, USD a month.
    pub potential_monthly_savings: Usd,
    /// Number of whole days from the first point to the end of the window.
    pub observed_days: u32,
    /// Number of requests in the recent window, as far as they were counted.
    pub invocations: u64,
    /// Number of requests in the recent window that were refused: demand that the other figures
    /// lack.
    pub throttles: u64,
    /// Traffic of the workload by `ModelId`.
    pub lanes: Vec<LaneReport>,
    /// Ways to serve the workload, cheapest first.
    pub plans: Vec<Plan>,
    /// Volumes at which one unit of each offer begins to pay, at the observed mix.
    pub break_even: Vec<BreakEven>,
    /// Advice in one sentence.
    pub verdict: String,
    /// Saving that settings, overrides or dismissals keep from counting; `None` where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgone: Option<Forgone>,
    /// Alternatives to the workload: other models, the provider's API, rented GPUs; in no total.
    /// `None` where nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<Alternatives>,
    /// Economics of the prompt cache; `None` where none was used, or a price of one is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheEconomics>,
    /// Life of the model in the Region; `None` where nobody says anything of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Notes on the model's life: an end that is near or past, and prices from before extended
    /// access; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Reasons why the figures may be too low; empty where they are whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// One lane of a workload: its traffic under one `ModelId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneReport {
    /// Value of `ModelId`.
    pub model_id: String,
    /// Group of Regions in which the lane's requests may be served; `None` for a provisioned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Service tier that the lane's id names; `None` for a provisioned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
    /// Name of the application profile that the requests go through; `None` where they go through
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_profile_name: Option<String>,
    /// Name of the provisioned model that serves the requests; `None` where they are billed by the
    /// token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_name: Option<String>,
    /// Cost of the lane's tokens, USD a month; 0 for a provisioned model, whose hours are billed
    /// instead.
    pub monthly_cost: Usd,
    /// Tokens and their cost by meter.
    pub meters: Vec<MeterReport>,
}

/// One meter of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterReport {
    /// Kind of tokens that is billed.
    pub meter: Meter,
    /// Name of the CloudWatch metric that counts the tokens.
    pub metric: String,
    /// Number of tokens in the recent window.
    pub tokens: Tokens,
    /// List price, USD for a million tokens; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<UsdPerMillionTokens>,
    /// Price that the account pays, USD for a million tokens; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<UsdPerMillionTokens>,
    /// Upper end of the price that the account pays, USD for a million tokens; `None` where the
    /// price is no range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper_unit_price: Option<UsdPerMillionTokens>,
    /// Ground on which the price row applies to the Region; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_basis: Option<RegionBasis>,
    /// Relation of the price row's dates to the window's last day; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<InForce>,
    /// Source in which the price is written; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Cost of the tokens at list, USD a month; `None` where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost of the tokens at what the account pays, USD a month; `None` where there is no rate. For
    /// a provisioned model this is the tokens' on-demand value, which is not billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
}

/// One provisioned model that the account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldingReport {
    /// Account id; empty where it is not known.
    pub account: AccountId,
    /// Region of the provisioned model.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name of the provisioned model.
    pub provisioned_model_name: String,
    /// ARN of the provisioned model.
    pub provisioned_model_arn: String,
    /// Number of model units.
    pub model_units: ModelUnits,
    /// Status of the provisioned model, in AWS's word.
    pub status: String,
    /// Time at which the term ends and begins again, as AWS lists it; `None` without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_expiration_time: Option<Timestamp>,
    /// Number of whole days to the end of the term; `None` where none is listed that is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_to_term_end: Option<u32>,
    /// Time since which the holding served nothing; `None` where it is not idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
    /// Warning that the listed end of the term has passed; `None` where it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_term_end: Option<String>,
    /// Cost of the holding at list, USD a month; `None` where the book has no price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost of the holding at what the account pays, USD a month; `None` where the book has no
    /// price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// On-demand value of the tokens that the holding serves, in percent of its cost; under 100 %
    /// the holding loses money. `None` where either is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// Mean share of the capacity that was used in the recent window, in percent; `None` where that
    /// is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<Percent>,
    /// Use of the capacity in the recent window, by the hour; `None` where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hourly_use: Option<CapacityUse>,
    /// Use of the capacity over the last days, by the minute; `None` where that is not known, or
    /// minutes were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutely_use: Option<CapacityUse>,
    /// Part of the monthly cost that was used, USD a month: FOCUS's effective cost of the status
    /// `Used`. `None` where the price or the use is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// Part of the monthly cost that was not used, USD a month: FOCUS's effective cost of the
    /// status `Unused`. `None` where the price or the use is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// Number of requests in the recent window that the holding refused.
    pub throttles: u64,
    /// Relation of the demand on the holding to its size.
    pub load: HoldingLoad,
    /// Size of the holding that would cost least, in words; `None` where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// Warning that the model becomes Legacy or reaches its end of life within the term; `None`
    /// where nothing says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_risk: Option<String>,
    /// Advice for the end of the term, at which the holding renews by itself; `None` without a
    /// term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// Reason why it is not to be renewed as it is; `None` where it is, or where a recommendation
    /// says what to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end_because: Option<String>,
    /// Term of the holding; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_duration: Option<CommitmentDuration>,
    /// State of the holding: busy, idle, or not seen.
    pub state: HoldingState,
    /// Reason why the state or the price is not known; `None` where both are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reserved tokens per minute that the overrides declare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReservedReport {
    /// Account id; empty where it is not known.
    pub account: AccountId,
    /// Region of the reserved tokens.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that the operator gives the reserved tokens.
    pub name: String,
    /// Profiles that the reserved tokens serve.
    pub scope: ReservedScope,
    /// Number of input tokens a minute.
    pub input_tokens_per_minute: u64,
    /// Number of output tokens a minute.
    pub output_tokens_per_minute: u64,
    /// Term of the reserved tokens.
    pub term: Term,
    /// Last day of the term; `None` where the operator does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_ends: Option<Date>,
    /// Cost of the reserved tokens at list, USD a month; `None` where the book has no price for
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost of the reserved tokens at what the account pays, USD a month; `None` where neither the
    /// operator nor the book has a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// On-demand value of the tokens that all reserved tokens of the scope serve, in percent of
    /// their cost, at most; `None` where either is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// Mean share of the scope's reserved input tokens that is used, in percent, at most; `None`
    /// where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_utilization: Option<Percent>,
    /// Mean share of the scope's reserved output tokens that is used, in percent, at most; `None`
    /// where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_utilization: Option<Percent>,
    /// Part of the monthly cost that was used, USD a month: FOCUS's effective cost of the status
    /// `Used`. `None` where a price or the use is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// Part of the monthly cost that was not used, USD a month: FOCUS's effective cost of the
    /// status `Unused`. `None` where a price or the use is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// Relation of the demand on the reserved tokens to their size.
    pub load: HoldingLoad,
    /// Number of reserved tokens that would cost least, in words; `None` where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// Advice for the end of the term, after which the reserved tokens are billed on; `None` where
    /// the operator does not say when the term ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// Reason why it is not to be renewed as it is; `None` where it is, or where a recommendation
    /// says what to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end_because: Option<String>,
    /// Source in which the list price is written; `None` where the book has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// State of a holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingState {
    /// The holding serves requests.
    Busy,
    /// The holding is paid for and certainly not used.
    Idle,
    /// No traffic was seen, which proves nothing.
    NotSeen,
}

/// Usage that has no price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpricedReport {
    /// Account id; empty where it is not known.
    pub account: AccountId,
    /// Region of the usage.
    pub region: Region,
    /// Value of `ModelId`.
    pub model_id: String,
    /// Kind of tokens that was used; `None` where requests were counted and nothing that is billed
    /// was metered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<Meter>,
    /// Number of tokens of the recent window, or of requests where there is no meter.
    pub quantity: Tokens,
    /// Reason why there is no price.
    pub reason: String,
}

/// A workload whose figures may be too low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncompleteReport {
    /// Account id; empty where it is not known.
    pub account: AccountId,
    /// Region of the usage.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Reasons why the figures may be too low.
    pub gaps: Vec<String>,
    /// Reasons among these that another run may not have: usage that was not read whole. Empty where all
    /// was read, and something is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// A recommendation that was open before this run and is no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedRecommendation {
    /// Region of the recommendation.
    pub region: Region,
    /// Id of the recommendation.
    pub id: String,
}

/// A model that had a cost before this run and of which nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VanishedModel {
    /// Region of the model's use.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
}

impl IncompleteReport {
    /// Returns true if the workload is of this account and Region.
    pub(super) fn is_of(&self, place: &Place) -> bool {
        self.account == place.account && self.region == place.region
    }
}

impl Report {
    /// Returns the whole document as JSON, with a newline at its end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
