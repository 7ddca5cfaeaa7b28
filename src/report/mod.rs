//! The result: one versioned document, and what people read of it.
//!
//! [`build`] turns an observation into a [`Report`] with no I/O, no clock and no randomness, so the
//! same observation gives the same bytes.

#[cfg(feature = "cli")]
pub mod text;

pub mod metrics;

mod guard_cost;
mod summary;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub use summary::Summary;

use crate::advice::{self, Advice, BreakEven, Effort, Plan, Recommendation};
use crate::catalog::{InForce, RegionBasis};
use crate::domain::{
    AccountId, BaseModel, Counter, Meter, ModelUnits, Percent, Place, Region, Scope, ServiceTier,
    Tokens, Usd, UsdPerMillionTokens, Window, day_of,
};
use crate::event::Trigger;
use crate::observation::Observation;
use crate::pricing::{self, Holding, Idleness, Lane, LaneKind, Priced, UnpricedUsage, Workload};

/// The version of the document. Additions raise the minor number; removals and new meanings the major.
pub const SCHEMA_VERSION: &str = "1.0";

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
    /// Usage that has no price.
    pub unpriced: Vec<UnpricedReport>,
    /// Workloads whose figures may be too low, and why.
    pub incomplete: Vec<IncompleteReport>,
    /// What was not read at all.
    pub not_covered: Vec<String>,
    /// Proofs that nothing can be saved.
    pub certificates: Vec<String>,
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
    /// What the price book is.
    pub catalog_description: String,
    /// The accounts and Regions that were read.
    pub places: Vec<Place>,
    /// Whether nothing is put.
    pub dry_run: bool,
    /// Metrics that CloudWatch was asked for, which is what it bills.
    pub metrics_requested: u64,
}

/// The sums over all workloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// What a month costs as it runs now.
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
    /// What it costs in a month as it runs now, as far as it is priced.
    pub monthly_cost: Usd,
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
    pub invocations: Tokens,
    /// Requests of the recent window that were refused: demand that the figures do not hold.
    pub throttles: Tokens,
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
    /// USD for a million; absent where there is no rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_unit_price: Option<UsdPerMillionTokens>,
    /// The upper end, where the true price is a range.
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
    /// What the tokens come to in a month; for a provisioned model what they are worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_list_cost: Option<Usd>,
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
    /// What it costs in a month; absent where the book has no price for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
    /// The on-demand dollars that it serves, of what it costs; under 100 % it loses money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worth: Option<Percent>,
    /// The mean share of its capacity that is used; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<Percent>,
    /// `busy`, `idle`, or why that cannot be said.
    pub state: String,
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
    /// What was used.
    pub meter: Meter,
    /// Tokens of the recent window.
    pub tokens: Tokens,
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

/// Turns an observation into a report.
#[must_use]
pub fn build(observation: &Observation) -> Report {
    let priced = pricing::price(observation);
    let advised: Vec<(&Workload<'_>, Advice)> = priced
        .workloads
        .iter()
        .map(|workload| (workload, advice::advise(&priced, workload)))
        .collect();
    let mut recommendations: Vec<Recommendation> = advised
        .iter()
        .flat_map(|(_, advice)| advice.recommendations.clone())
        .collect();
    recommendations.sort_by(|a, b| {
        b.is_counted()
            .cmp(&a.is_counted())
            .then_with(|| b.savings().cmp(&a.savings()))
            .then_with(|| a.id.cmp(&b.id))
    });
    let mut workloads: Vec<WorkloadReport> = advised
        .into_iter()
        .map(|(workload, advice)| workload_report(&priced, workload, advice))
        .collect();
    workloads.sort_by(|a, b| {
        b.monthly_cost
            .cmp(&a.monthly_cost)
            .then_with(|| (&a.account, &a.region, &a.model).cmp(&(&b.account, &b.region, &b.model)))
    });
    let holdings: Vec<HoldingReport> = priced
        .workloads
        .iter()
        .flat_map(|workload| {
            workload
                .holdings
                .iter()
                .map(|holding| holding_report(workload, holding))
        })
        .collect();
    let unpriced: Vec<UnpricedReport> = priced
        .workloads
        .iter()
        .flat_map(Workload::unpriced)
        .chain(priced.strays.iter().cloned())
        .map(unpriced_report)
        .collect();
    let incomplete: Vec<IncompleteReport> = priced
        .workloads
        .iter()
        .filter(|workload| !workload.is_whole())
        .map(|workload| IncompleteReport {
            account: workload.place.account.clone(),
            region: workload.place.region.clone(),
            model: workload.model.clone(),
            gaps: workload.gaps.clone(),
        })
        .collect();
    let closed = observation
        .open_before
        .iter()
        .filter(|open| {
            recommendations
                .iter()
                .all(|advice| advice.id != open.id || !advice.is_counted())
        })
        .map(|open| ClosedRecommendation {
            region: open.region.clone(),
            id: open.id.clone(),
        })
        .collect();
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        run: run_info(&priced),
        totals: totals(
            &priced,
            &workloads,
            &recommendations,
            &unpriced,
            &incomplete,
        ),
        not_covered: not_covered(&priced),
        workloads,
        recommendations,
        holdings,
        unpriced,
        incomplete,
        certificates: Vec::new(),
        closed,
    };
    report.totals.guard_monthly_cost = guard_cost::monthly(observation, &report);
    report
}

fn run_info(priced: &Priced<'_>) -> RunInfo {
    let observation = priced.observation;
    RunInfo {
        time: observation.event.time,
        trigger: observation.event.trigger,
        as_of: observation.as_of,
        window: observation.window,
        recent: priced.recent,
        catalog: observation.prices.name.clone(),
        catalog_description: observation.prices.description.clone(),
        places: observation
            .places
            .iter()
            .map(|observed| observed.place.clone())
            .collect(),
        dry_run: observation.settings.dry_run,
        metrics_requested: observation
            .places
            .iter()
            .map(|observed| observed.usage.metrics_requested)
            .sum(),
    }
}

fn totals(
    priced: &Priced<'_>,
    workloads: &[WorkloadReport],
    recommendations: &[Recommendation],
    unpriced: &[UnpricedReport],
    incomplete: &[IncompleteReport],
) -> Totals {
    let monthly_cost: Usd = workloads.iter().map(|workload| workload.monthly_cost).sum();
    let counted: Vec<&Recommendation> = recommendations
        .iter()
        .filter(|advice| advice.is_counted())
        .collect();
    let potential: Usd = counted.iter().map(|advice| advice.savings()).sum();
    let mut savings_by_effort = BTreeMap::new();
    for advice in &counted {
        *savings_by_effort.entry(advice.effort).or_insert(Usd::ZERO) += advice.savings();
    }
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Totals {
        monthly_cost,
        on_demand_monthly_cost: workloads
            .iter()
            .map(|workload| workload.on_demand_monthly_cost)
            .sum(),
        holdings_monthly_cost: workloads
            .iter()
            .map(|workload| workload.holdings_monthly_cost)
            .sum(),
        is_at_least: workloads.iter().any(|workload| workload.is_at_least)
            || !unpriced.is_empty()
            || !priced.observation.failed.is_empty(),
        potential_monthly_savings: potential,
        potential_savings_percentage: potential.percent_of(monthly_cost),
        savings_by_effort,
        recommendations: count(counted.len()),
        uncounted_recommendations: count(recommendations.len() - counted.len()),
        workloads: count(workloads.len()),
        incomplete_workloads: count(incomplete.len()),
        unpriced_tokens: unpriced.iter().map(|usage| usage.tokens).sum(),
        catalog_age_days: catalog_age_days(priced),
        guard_monthly_cost: Usd::ZERO,
    }
}

fn catalog_age_days(priced: &Priced<'_>) -> u32 {
    let today = day_of(priced.observation.as_of);
    let rates = priced
        .workloads
        .iter()
        .flat_map(|workload| workload.lanes.iter().flat_map(|lane| &lane.meters))
        .filter_map(|meter| meter.rate.as_ref())
        .map(|rate| rate.source.provenance.checked);
    let offers = priced
        .workloads
        .iter()
        .flat_map(|workload| {
            workload
                .holdings
                .iter()
                .filter_map(|holding| holding.offer.as_ref())
        })
        .map(|offer| offer.source.provenance.checked);
    let stalest = rates.chain(offers).min().unwrap_or(today);
    let days = stalest.until(today).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or_default()
}

fn workload_report(priced: &Priced<'_>, workload: &Workload<'_>, advice: Advice) -> WorkloadReport {
    let counted = |counter| -> Tokens {
        workload
            .lanes
            .iter()
            .filter_map(|lane| lane.usage.counter(counter))
            .map(|series| series.total_since(priced.recent.start()))
            .sum()
    };
    let has_price = |lane: &Lane<'_>| {
        matches!(lane.kind, LaneKind::Provisioned(_))
            || lane.meters.iter().any(|meter| meter.rate.is_some())
    };
    WorkloadReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: workload.model.clone(),
        name: workload.name.clone(),
        monthly_cost: workload.monthly_cost(),
        on_demand_monthly_cost: workload.on_demand_monthly_cost(),
        holdings_monthly_cost: workload.holdings_monthly_cost(),
        is_at_least: workload.is_at_least(),
        is_priced: workload.lanes.iter().any(has_price)
            || workload
                .holdings
                .iter()
                .any(|holding| holding.monthly_cost.is_some())
            || (workload.recent_tokens().is_zero() && workload.holdings.is_empty()),
        potential_monthly_savings: advice
            .recommendations
            .iter()
            .filter(|advice| advice.is_counted())
            .map(Recommendation::savings)
            .sum(),
        observed_days: workload.observed_days,
        invocations: counted(Counter::Invocations),
        throttles: counted(Counter::InvocationThrottles),
        lanes: workload.lanes.iter().map(lane_report).collect(),
        plans: advice.plans,
        break_even: advice.break_even,
        verdict: advice.verdict,
        gaps: workload.gaps.clone(),
    }
}

fn lane_report(lane: &Lane<'_>) -> LaneReport {
    let (scope, service_tier, profile, held) = match &lane.kind {
        LaneKind::OnDemand {
            scope,
            tier,
            profile,
            ..
        } => (Some(*scope), Some(*tier), *profile, None),
        LaneKind::Provisioned(held) => (None, None, None, Some(*held)),
        LaneKind::Unknown => (None, None, None, None),
    };
    LaneReport {
        model_id: lane.usage.model_id.text().to_owned(),
        scope,
        service_tier,
        inference_profile_name: profile.map(|profile| profile.inference_profile_name.clone()),
        provisioned_model_name: held.map(|held| held.provisioned_model_name.clone()),
        monthly_cost: if held.is_some() {
            Usd::ZERO
        } else {
            lane.monthly_cost()
        },
        meters: lane
            .meters
            .iter()
            .map(|meter| {
                let rate = meter.rate.as_ref();
                MeterReport {
                    meter: meter.meter,
                    metric: meter.metric.clone(),
                    tokens: meter.recent,
                    list_unit_price: rate.map(|rate| rate.list_unit_price),
                    upper_unit_price: rate
                        .filter(|rate| rate.upper_unit_price > rate.list_unit_price)
                        .map(|rate| rate.upper_unit_price),
                    region_basis: rate.map(|rate| rate.source.region_basis),
                    in_force: rate.map(|rate| rate.source.in_force),
                    source: rate.map(|rate| rate.source.provenance.source.clone()),
                    monthly_list_cost: meter.monthly_cost,
                }
            })
            .collect(),
    }
}

fn holding_report(workload: &Workload<'_>, holding: &Holding<'_>) -> HoldingReport {
    let held = holding.held;
    HoldingReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: holding.model.clone(),
        provisioned_model_name: held.provisioned_model_name.clone(),
        provisioned_model_arn: held.provisioned_model_arn.clone(),
        model_units: held.model_units,
        status: held.status.clone(),
        commitment_expiration_time: held.commitment_expiration_time,
        monthly_cost: holding.monthly_cost,
        worth: holding.worth(),
        utilization: holding.utilization,
        state: match &holding.idleness {
            Idleness::Busy => "busy".into(),
            Idleness::Idle => "idle".into(),
            Idleness::NotSeen(why) => format!("not seen: {why}"),
        },
    }
}

fn unpriced_report(usage: UnpricedUsage) -> UnpricedReport {
    UnpricedReport {
        account: usage.place.account,
        region: usage.place.region,
        model_id: usage.model_id,
        meter: usage.meter,
        tokens: usage.recent,
        reason: usage.reason,
    }
}

fn not_covered(priced: &Priced<'_>) -> Vec<String> {
    let observation = priced.observation;
    let mut not_covered: Vec<String> = observation
        .failed
        .iter()
        .map(|failed| format!("Region {}: {}", failed.region, failed.error))
        .collect();
    let read: Vec<&str> = observation
        .places
        .iter()
        .map(|observed| observed.place.region.name())
        .collect();
    not_covered.push(format!("Regions other than {}", read.join(", ")));
    for observed in &observation.places {
        for lane in observed
            .usage
            .lanes
            .iter()
            .filter(|lane| !lane.splits.is_empty() && lane.has_points())
        {
            not_covered.push(format!(
                "the split of {} in {} by {}: all of it is priced at the standard tier and short contexts",
                lane.model_id,
                observed.place.region,
                lane.splits.join("; ")
            ));
        }
    }
    not_covered.extend(
        [
            "batch inference jobs, which AWS/Bedrock does not meter",
            "requests through the bedrock-mantle endpoint (AWS/BedrockMantle)",
            "agents, guardrails, knowledge bases, custom model import and Marketplace endpoints",
            "reserved tokens per minute, which no API lists",
            "discounts, credits and taxes: all prices are list prices",
        ]
        .map(str::to_owned),
    );
    if let Some(why) = &observation.history_unknown {
        not_covered.push(format!("recommendations that were open before: {why}"));
    }
    not_covered
}

impl Report {
    /// The whole document as JSON, with a newline at its end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
