//! The report as a document: its parts, named as programs read them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::{AtTermEnd, CertificateReport, Effort, HoldingLoad, Plan, Recommendation};
use crate::catalog::{InForce, RegionBasis, ReservedScope};
use crate::config::Trigger;
use crate::domain::{
    AccountId, BaseModel, Meter, ModelUnits, Percent, Place, Region, Scope, ServiceTier, Term,
    Tokens, Usd, UsdPerMillionTokens, Window,
};
use crate::observation::{CommitmentDuration, PriceListRead};
use crate::pricing::CapacityUse;
use crate::sizing::BreakEven;

/// What a run found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The document's version.
    pub schema_version: &'static str,
    /// What was run, over what, on which prices.
    pub run: RunInfo,
    /// The sums.
    pub totals: Totals,
    /// Every workload, dearest first.
    pub workloads: Vec<WorkloadReport>,
    /// What to change, most saving first; what does not count comes last.
    pub recommendations: Vec<Recommendation>,
    /// What the account holds.
    pub holdings: Vec<HoldingReport>,
    /// Reserved tokens per minute that the overrides declare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved_holdings: Vec<ReservedReport>,
    /// Usage that has no price.
    pub unpriced: Vec<UnpricedReport>,
    /// Workloads whose figures may be too low, and why.
    pub incomplete: Vec<IncompleteReport>,
    /// What gathering found that a reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was not read at all.
    pub not_covered: Vec<String>,
    /// Proofs that nothing can be saved.
    pub certificates: Vec<CertificateReport>,
    /// Recommendations that were open before and are no longer.
    pub closed: Vec<ClosedRecommendation>,
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// The event's time.
    pub time: Timestamp,
    /// What started it.
    pub trigger: Trigger,
    /// The clock when it ran.
    pub as_of: Timestamp,
    /// The window that was surveyed.
    pub window: Window,
    /// The end of it that a month is scaled from.
    pub recent: Window,
    /// The price book's name.
    pub catalog: String,
    /// Whether AWS charges its prices.
    pub charged: bool,
    /// Why no figure of this report may be acted on; `None` where AWS charges the prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Whether the overrides name prices other than those of the book.
    pub has_contract: bool,
    /// What the price book is.
    pub catalog_description: String,
    /// What was read of the Price List, where the book is `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListRead>,
    /// The accounts and Regions that were read.
    pub places: Vec<Place>,
    /// Regions that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_regions: Vec<Region>,
    /// Whether nothing is put.
    pub dry_run: bool,
    /// Metrics that CloudWatch was asked for, which is what it bills.
    pub metrics_requested: u64,
    /// What it bills for them, at list.
    pub metrics_requested_cost: Usd,
    /// Lanes whose minutes were read: those where minutes could change the advice.
    pub lanes_with_minutes: u64,
}

/// The sums over all workloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// What a month costs at list prices.
    pub monthly_list_cost: Usd,
    /// What a month costs as it runs now, at what the account pays.
    pub monthly_cost: Usd,
    /// The part of it that is billed by the token.
    pub on_demand_monthly_cost: Usd,
    /// The part of it that holdings cost.
    pub holdings_monthly_cost: Usd,
    /// Whether the true cost may be above that.
    pub is_at_least: bool,
    /// What the counted recommendations save, each dollar once.
    pub potential_monthly_savings: Usd,
    /// The same, of the cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub potential_savings_percentage: Option<Percent>,
    /// The same, by what it asks for.
    pub savings_by_effort: BTreeMap<Effort, Usd>,
    /// Recommendations that count.
    pub recommendations: u64,
    /// Recommendations that a setting or a term keeps from counting.
    pub uncounted_recommendations: u64,
    /// Workloads.
    pub workloads: u64,
    /// Workloads whose figures may be too low.
    pub incomplete_workloads: u64,
    /// Tokens of the recent window that have no price.
    pub unpriced_tokens: Tokens,
    /// Days since somebody last checked the stalest rate in use.
    pub catalog_age_days: u32,
    /// The day on which that was; absent where no rate is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_checked: Option<Date>,
    /// What the guard itself costs in a month at its schedule, CloudWatch's part.
    pub guard_monthly_cost: Usd,
}

/// One workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadReport {
    /// The account, empty where it is not known.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// The name that people use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it costs in a month at list prices, as far as it is priced.
    pub monthly_list_cost: Usd,
    /// What it costs in a month as it runs now, at what the account pays.
    pub monthly_cost: Usd,
    /// The most that reserved tokens take off: the same tokens by the token. It is in none of the
    /// other sums.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    pub covered_monthly_cost: Usd,
    /// The part that is billed by the token.
    pub on_demand_monthly_cost: Usd,
    /// The part that holdings cost.
    pub holdings_monthly_cost: Usd,
    /// Whether the true cost may be above that.
    pub is_at_least: bool,
    /// Whether any of its usage has a price.
    pub is_priced: bool,
    /// What its counted recommendations save.
    pub potential_monthly_savings: Usd,
    /// Whole days of history.
    pub observed_days: u32,
    /// Requests of the recent window, as far as they were counted.
    pub invocations: u64,
    /// Requests of the recent window that were refused: demand that the figures do not hold.
    pub throttles: u64,
    /// What each `ModelId` carried.
    pub lanes: Vec<LaneReport>,
    /// Ways to serve it, cheapest first.
    pub plans: Vec<Plan>,
    /// Where a unit of each offer begins to pay, at the observed mix.
    pub break_even: Vec<BreakEven>,
    /// The advice in one sentence.
    pub verdict: String,
    /// Why figures may be too low.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// One lane of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneReport {
    /// The value of `ModelId`.
    pub model_id: String,
    /// Where its requests may be served; absent for a provisioned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// How they are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
    /// The application profile that they go through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_profile_name: Option<String>,
    /// The provisioned model that serves them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_name: Option<String>,
    /// What its tokens cost in a month; for a provisioned model nothing, its hours do.
    pub monthly_cost: Usd,
    /// Meter by meter.
    pub meters: Vec<MeterReport>,
}

/// One meter of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterReport {
    /// What is billed.
    pub meter: Meter,
    /// Its series in CloudWatch.
    pub metric: String,
    /// Tokens of the recent window.
    pub tokens: Tokens,
    /// USD for a million at list; absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<UsdPerMillionTokens>,
    /// USD for a million as the account pays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<UsdPerMillionTokens>,
    /// The upper end of that, where the true price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper_unit_price: Option<UsdPerMillionTokens>,
    /// How the row came to apply to the Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_basis: Option<RegionBasis>,
    /// Whether the row's dates hold the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<InForce>,
    /// Where the price is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What the tokens come to in a month at list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// What they come to at what the account pays; for a provisioned model what they are worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
}

/// What the account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldingReport {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// Its name.
    pub provisioned_model_name: String,
    /// Its address.
    pub provisioned_model_arn: String,
    /// Its units.
    pub model_units: ModelUnits,
    /// AWS's word for its state.
    pub status: String,
    /// When its term ends and begins again; absent without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_expiration_time: Option<Timestamp>,
    /// What it costs in a month at list; absent where the book has no price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// What the account pays for it in a month; absent where the book has no price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// The on-demand dollars that it serves, of what it costs; under 100 % it loses money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// The mean share of its capacity that is used; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<Percent>,
    /// How much of its capacity was used in the recent window, by the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hourly_use: Option<CapacityUse>,
    /// The same over the last days by the minute, where minutes were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutely_use: Option<CapacityUse>,
    /// The part of its monthly cost that was used: FOCUS's effective cost of the status `Used`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// The part that was not: `Unused`. Both add up to what it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// Requests of the recent window that it refused.
    pub throttles: u64,
    /// How what it is asked for compares with what it has.
    pub load: HoldingLoad,
    /// How much of it would cost least; absent where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// When its model leaves inside its term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_risk: Option<String>,
    /// What to do about it before its term ends, since it renews by itself; absent without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// The term that it is under; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_duration: Option<CommitmentDuration>,
    /// Whether it is used.
    pub state: HoldingState,
    /// Why that cannot be said, where it cannot, or why there is no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reserved tokens per minute that the overrides declare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReservedReport {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// What the operator calls it.
    pub name: String,
    /// The profiles that it serves.
    pub scope: ReservedScope,
    /// Input tokens a minute.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
    /// How long it binds.
    pub term: Term,
    /// The last day of its term, where the operator says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_ends: Option<Date>,
    /// What it costs in a month at list; absent where the book has no price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// What the account pays for it in a month; absent where nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// The on-demand dollars that all of its scope serve, of what they cost, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// The mean share of the input tokens of its scope that is used, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_utilization: Option<Percent>,
    /// The same of the output tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_utilization: Option<Percent>,
    /// The part of its monthly cost that was used: FOCUS's effective cost of the status `Used`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// The part that was not: `Unused`. Both add up to what it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// How what it is asked for compares with what it has.
    pub load: HoldingLoad,
    /// How much of it would cost least; absent where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// What to do about it before its term ends, since it is billed on after it; absent where nobody says when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// Where the list price is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Whether a holding is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingState {
    /// It serves.
    Busy,
    /// It is paid for and certainly not used.
    Idle,
    /// No traffic was seen, which proves nothing.
    NotSeen,
}

impl HoldingReport {
    /// Whole days from the event to the end of its term; `None` without a term.
    #[must_use]
    pub fn days_to_expiry(&self, now: Timestamp) -> Option<i64> {
        Some(
            self.commitment_expiration_time?
                .duration_since(now)
                .as_hours()
                .div_euclid(24),
        )
    }
}

/// Usage that has no price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpricedReport {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The value of `ModelId`.
    pub model_id: String,
    /// What was used; absent where requests were counted and nothing that is billed was metered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<Meter>,
    /// Tokens of the recent window, or requests where there is no meter.
    pub quantity: Tokens,
    /// Why there is no price.
    pub reason: String,
}

/// A workload whose figures may be too low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncompleteReport {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// Why.
    pub gaps: Vec<String>,
}

/// A recommendation that was open before this run and is not any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedRecommendation {
    /// Its Region.
    pub region: Region,
    /// Its id.
    pub id: String,
}

impl Report {
    /// The whole document as JSON, with a newline at its end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
