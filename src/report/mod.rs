//! The result: one versioned document, and what people read of it.
//!
//! [`build`] turns an observation into a [`Report`] with no I/O, no clock and no randomness, so the
//! same observation gives the same bytes.

#[cfg(feature = "cli")]
pub mod text;

pub mod metrics;

mod document;
mod guard_cost;
mod summary;

use std::collections::BTreeMap;

pub use document::{
    ClosedRecommendation, HoldingReport, IncompleteReport, LaneReport, MeterReport, Report,
    RunInfo, Totals, UnpricedReport, WorkloadReport,
};
pub use summary::Summary;

use crate::advice::{self, Advice, Recommendation};
use crate::domain::{Counter, Tokens, Usd, day_of};
use crate::observation::Observation;
use crate::pricing::{self, Holding, Idleness, Lane, LaneKind, Priced, UnpricedUsage, Workload};

/// The version of the document. Additions raise the minor number; removals and new meanings the major.
pub const SCHEMA_VERSION: &str = "1.0";

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
        metrics_requested: observation.history_metrics_requested
            + observation
                .places
                .iter()
                .map(|observed| observed.usage.metrics_requested)
                .sum::<u64>(),
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
