//! The report as a document: its parts, named as programs read them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::{AtTermEnd, CertificateReport, Effort, HoldingLoad, Plan, Recommendation};
use crate::catalog::{InForce, RegionBasis, ReservedScope, Term};
use crate::config::Trigger;
use crate::domain::{
    AccountId, BaseModel, Meter, ModelUnits, Percent, Place, Region, Scope, ServiceTier, Tokens,
    Usd, UsdPerMillionTokens, Window,
};
use crate::observation::{CommitmentDuration, PriceListRead};
use crate::pricing::CapacityUse;
use crate::sizing::BreakEven;

/// Result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Version of the document.
    pub schema_version: &'static str,
    /// Run, with the span and the prices that the run used.
    pub run: RunInfo,
    /// Sums over all workloads.
    pub totals: Totals,
    /// Workloads, dearest first.
    pub workloads: Vec<WorkloadReport>,
    /// Changes to make, most saving first; those that do not count come last.
    pub recommendations: Vec<Recommendation>,
    /// Provisioned models that the account holds.
    pub holdings: Vec<HoldingReport>,
    /// Reserved tokens per minute that the overrides declare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reserved_holdings: Vec<ReservedReport>,
    /// Usage without a price.
    pub unpriced: Vec<UnpricedReport>,
    /// Workloads whose figures may be too low, with the reasons.
    pub incomplete: Vec<IncompleteReport>,
    /// Notes of the run that a reader should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Things that were not read at all.
    pub not_covered: Vec<String>,
    /// Proofs that nothing can be saved.
    pub certificates: Vec<CertificateReport>,
    /// Recommendations that were open before and are no longer.
    pub closed: Vec<ClosedRecommendation>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// Time of the event.
    pub time: Timestamp,
    /// Source of the event.
    pub trigger: Trigger,
    /// Clock at the start of the run.
    pub as_of: Timestamp,
    /// Window that was surveyed.
    pub window: Window,
    /// End of the window that a month is scaled from.
    pub recent: Window,
    /// Name of the price book.
    pub catalog: String,
    /// True if AWS charges the prices of the book.
    pub charged: bool,
    /// Warning that no figure of this report may be acted on; absent where AWS charges the prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// True if the overrides name prices other than those of the book.
    pub has_contract: bool,
    /// Description of the price book.
    pub catalog_description: String,
    /// Counts of the Price List that was read; absent unless the book is `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListRead>,
    /// Accounts and Regions that were read.
    pub places: Vec<Place>,
    /// Regions that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_regions: Vec<Region>,
    /// True if no metrics are put.
    pub dry_run: bool,
    /// Metrics that CloudWatch was asked for, which is what CloudWatch bills.
    pub metrics_requested: u64,
    /// Bill for these metrics in USD, at list.
    pub metrics_requested_cost: Usd,
    /// Lanes whose minutes were read: those where minutes could change the advice.
    pub lanes_with_minutes: u64,
}

/// Sums over all workloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Cost at list prices in USD a month.
    pub monthly_list_cost: Usd,
    /// Cost as everything runs now, at what the account pays, in USD a month.
    pub monthly_cost: Usd,
    /// Part of `monthly_cost` that is billed by the token.
    pub on_demand_monthly_cost: Usd,
    /// Part of `monthly_cost` that holdings cost.
    pub holdings_monthly_cost: Usd,
    /// True if the true cost may be above `monthly_cost`.
    pub is_at_least: bool,
    /// Saving of the counted recommendations in USD a month, each dollar once.
    pub potential_monthly_savings: Usd,
    /// Saving of the counted recommendations as a share of `monthly_cost`; absent where nothing is
    /// paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub potential_savings_percentage: Option<Percent>,
    /// Saving of the counted recommendations in USD a month, by effort.
    pub savings_by_effort: BTreeMap<Effort, Usd>,
    /// Number of recommendations that count.
    pub recommendations: u64,
    /// Number of recommendations that a setting or a term keeps from counting.
    pub uncounted_recommendations: u64,
    /// Number of workloads.
    pub workloads: u64,
    /// Number of workloads whose figures may be too low.
    pub incomplete_workloads: u64,
    /// Tokens of the recent window that have no price.
    pub unpriced_tokens: Tokens,
    /// Days since somebody last checked the stalest rate in use.
    pub catalog_age_days: u32,
    /// Day on which the stalest rate was checked; absent where no rate is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_checked: Option<Date>,
    /// CloudWatch's part of the guard's own cost in USD a month, at the guard's schedule.
    pub guard_monthly_cost: Usd,
}

/// One workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that people use; absent where the book has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Cost at list prices in USD a month, as far as the workload is priced.
    pub monthly_list_cost: Usd,
    /// Cost as the workload runs now, at what the account pays, in USD a month.
    pub monthly_cost: Usd,
    /// Most that reserved tokens take off, in USD a month: the on-demand cost of what they serve.
    /// That amount is in none of the other sums.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    pub covered_monthly_cost: Usd,
    /// Part of `monthly_cost` that is billed by the token.
    pub on_demand_monthly_cost: Usd,
    /// Part of `monthly_cost` that holdings cost.
    pub holdings_monthly_cost: Usd,
    /// True if the true cost may be above `monthly_cost`.
    pub is_at_least: bool,
    /// True if any of the workload's usage has a price.
    pub is_priced: bool,
    /// Saving of the workload's counted recommendations in USD a month.
    pub potential_monthly_savings: Usd,
    /// Whole days of history.
    pub observed_days: u32,
    /// Requests of the recent window, as far as they were counted.
    pub invocations: u64,
    /// Requests of the recent window that were refused: demand that the figures do not hold.
    pub throttles: u64,
    /// Traffic under each `ModelId`.
    pub lanes: Vec<LaneReport>,
    /// Ways to serve the workload, cheapest first.
    pub plans: Vec<Plan>,
    /// Volume at which a unit of each offer begins to pay, at the observed mix.
    pub break_even: Vec<BreakEven>,
    /// Advice in one sentence.
    pub verdict: String,
    /// Reasons why figures may be too low.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// One lane of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneReport {
    /// Value of `ModelId`.
    pub model_id: String,
    /// Regions that may serve the lane's requests; absent for a provisioned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Service tier of the requests; absent for a provisioned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
    /// Application profile that the requests go through; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_profile_name: Option<String>,
    /// Provisioned model that serves the requests; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_name: Option<String>,
    /// Cost of the tokens in USD a month; zero for a provisioned model, whose hours are billed.
    pub monthly_cost: Usd,
    /// Billed meters.
    pub meters: Vec<MeterReport>,
}

/// One meter of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterReport {
    /// Meter.
    pub meter: Meter,
    /// CloudWatch metric of the meter.
    pub metric: String,
    /// Tokens of the recent window.
    pub tokens: Tokens,
    /// Price at list in USD for a million tokens; absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<UsdPerMillionTokens>,
    /// Price that the account pays in USD for a million tokens; absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contracted_unit_price: Option<UsdPerMillionTokens>,
    /// Upper end of the price that the account pays; absent unless the true price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper_unit_price: Option<UsdPerMillionTokens>,
    /// Way in which the price row came to apply to the Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_basis: Option<RegionBasis>,
    /// Position of the day among the row's dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<InForce>,
    /// Place where the price is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Cost of the tokens at list in USD a month; absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost of the tokens at what the account pays, in USD a month; for a provisioned model their
    /// worth. Absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
}

/// A provisioned model that the account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldingReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name of the provisioned model.
    pub provisioned_model_name: String,
    /// ARN of the provisioned model.
    pub provisioned_model_arn: String,
    /// Model units.
    pub model_units: ModelUnits,
    /// AWS's word for the state.
    pub status: String,
    /// End of the term, at which the next term begins; absent without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_expiration_time: Option<Timestamp>,
    /// Cost at list in USD a month; absent where the book has no price of the holding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost that the account pays in USD a month; absent where the book has no price of the
    /// holding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// On-demand dollars that the holding serves as a share of the holding's cost; a holding under
    /// 100 % loses money. Absent where either is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// Mean share of the capacity that is used; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<Percent>,
    /// Share of the capacity that was used in the recent window, by the hour; absent where that is
    /// not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hourly_use: Option<CapacityUse>,
    /// Share of the capacity that was used over the last days, by the minute; absent where minutes
    /// were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutely_use: Option<CapacityUse>,
    /// Part of the monthly cost that was used, FOCUS's effective cost of the status `Used`; absent
    /// where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// Part of the monthly cost of the status `Unused`. Both parts add up to the monthly cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// Requests of the recent window that the holding refused.
    pub throttles: u64,
    /// Comparison of what the holding is asked for with what the holding has.
    pub load: HoldingLoad,
    /// Amount that would cost least; absent where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// Words on a model that leaves inside the term; absent where the model stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_risk: Option<String>,
    /// Thing to do before the term ends, since the holding renews by itself; absent without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// Length of the term; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_duration: Option<CommitmentDuration>,
    /// Verdict on whether the holding is used.
    pub state: HoldingState,
    /// Reason why use or price cannot be said; absent where both can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Reserved tokens per minute that the overrides declare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReservedReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Operator's name of the reservation.
    pub name: String,
    /// Profiles that the reservation serves.
    pub scope: ReservedScope,
    /// Input tokens a minute.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
    /// Length of the term.
    pub term: Term,
    /// Last day of the term; absent where the operator does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_ends: Option<Date>,
    /// Cost at list in USD a month; absent where the book has no price of the reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
    /// Cost that the account pays in USD a month; absent where nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// On-demand dollars that all reserved tokens of the scope serve as a share of their cost, at
    /// most; absent where that cannot be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// Mean share of the scope's reserved input tokens that is used, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_utilization: Option<Percent>,
    /// Mean share of the scope's reserved output tokens that is used, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_utilization: Option<Percent>,
    /// Part of the monthly cost that was used, FOCUS's effective cost of the status `Used`; absent
    /// where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_effective_cost: Option<Usd>,
    /// Part of the monthly cost of the status `Unused`. Both parts add up to the monthly cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_effective_cost: Option<Usd>,
    /// Comparison of what the reservation is asked for with what the reservation has.
    pub load: HoldingLoad,
    /// Amount that would cost least; absent where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_size: Option<String>,
    /// Thing to do before the term ends, since the reservation is billed on after that; absent
    /// where nobody says when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_term_end: Option<AtTermEnd>,
    /// Place where the list price is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Verdict on whether a holding is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingState {
    /// The holding serves.
    Busy,
    /// The holding is paid for and certainly not used.
    Idle,
    /// No traffic was seen, which proves nothing.
    NotSeen,
}

impl HoldingReport {
    /// Counts the whole days from the event to the end of the term; `None` without a term.
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

/// Usage without a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpricedReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Value of `ModelId`.
    pub model_id: String,
    /// Meter without a price; absent where requests were counted and nothing that is billed was
    /// metered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<Meter>,
    /// Tokens of the recent window, or requests where there is no meter.
    pub quantity: Tokens,
    /// Reason for the missing price.
    pub reason: String,
}

/// A workload whose figures may be too low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncompleteReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Reasons why figures may be too low.
    pub gaps: Vec<String>,
}

/// A recommendation that was open before this run and is not any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedRecommendation {
    /// Region of the recommendation.
    pub region: Region,
    /// Id of the recommendation.
    pub id: String,
}

impl Report {
    /// Writes the whole document as JSON, with a newline at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
