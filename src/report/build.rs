//! A report from an observation, with no I/O, no clock and no randomness: the same observation gives
//! the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::advice::{self, Advice, CertificateReport, HoldingAdvice, Recommendation};
use crate::domain::sorting::sort_by;
use crate::domain::{BaseModel, Counter, Region, Usd, day_of};
use crate::observation::Observation;
use crate::pricing::{
    self, Holding, Idleness, Lane, LaneKind, Priced, Reserved, UnpricedUsage, Workload,
};
use crate::report::changes::{closed, mark_known, unsettled, vanished};
use crate::report::document::{
    HoldingReport, HoldingState, IncompleteReport, LaneReport, MeterReport, Report, ReservedReport,
    RunInfo, Totals, UnpricedReport, WorkloadReport,
};
use crate::report::guard_cost;
use crate::report::missing::missing;
use crate::report::not_covered::{has_contract, has_old_window, not_covered, notes};
use crate::report::track_record::track_record;

/// Version of the document. Additions raise the minor number; removals and new meanings the major.
pub const SCHEMA_VERSION: &str = "1.9";

/// Builds a report from an observation.
#[must_use]
pub fn build(observation: &Observation) -> Report {
    let priced = pricing::price(observation);
    let allowed = observation.as_if_allowed();
    let if_allowed = pricing::price(&allowed);
    let advised: Vec<(&Workload<'_>, Advice)> = priced
        .workloads
        .iter()
        .map(|workload| (workload, advice::advise(&priced, &if_allowed, workload)))
        .collect();
    let mut recommendations: Vec<Recommendation> =
        advised.iter().flat_map(|(_, advice)| advice.recommendations.clone()).collect();
    mark_known(&priced, &mut recommendations);
    // The id decides last, so that the order does not hang on the order of the observation.
    sort_by(&mut recommendations, |a, b| {
        b.is_counted()
            .cmp(&a.is_counted())
            .then_with(|| b.savings().cmp(&a.savings()))
            .then_with(|| a.id.cmp(&b.id))
    });
    let certificates: Vec<CertificateReport> =
        advised.iter().flat_map(|(_, advice)| advice.certificates.clone()).collect();
    let (holdings, reserved_holdings) = holdings(&advised, observation.as_of);
    let today = day_of(observation.as_of);
    let mut workloads: Vec<WorkloadReport> = advised
        .into_iter()
        .map(|(workload, advice)| workload_report(workload, advice, today))
        .collect();
    sort_by(&mut workloads, |a, b| {
        b.monthly_cost
            .cmp(&a.monthly_cost)
            .then_with(|| (&a.account, &a.region, &a.model).cmp(&(&b.account, &b.region, &b.model)))
    });
    let unpriced = unpriced(&priced);
    let incomplete = incomplete(&priced);
    let missing = missing(&priced, &incomplete, unsettled(&priced, &recommendations));
    let closed = closed(&priced, &recommendations);
    let vanished = vanished(&priced);
    let open: BTreeMap<(&Region, &BaseModel), Usd> = workloads
        .iter()
        .map(|report| ((&report.region, &report.model), report.potential_monthly_savings))
        .collect();
    let track_record = track_record(&priced, |workload| {
        let key = (&workload.place.region, &workload.model);
        open.get(&key).copied().unwrap_or(Usd::ZERO)
    });
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        run: run_info(&priced),
        totals: totals(&priced, &workloads, &recommendations, &unpriced, &incomplete),
        missing,
        notes: notes(&priced),
        not_covered: not_covered(&priced),
        workloads,
        recommendations,
        holdings,
        reserved_holdings,
        unpriced,
        incomplete,
        certificates,
        closed,
        vanished,
        track_record,
    };
    report.totals.is_at_least |= !report.has_whole_costs(None);
    report.totals.guard_monthly_cost = guard_cost::monthly(observation, &report);
    report
}

/// Builds the reports of all holdings, provisioned models and reserved tokens, with their advice.
fn holdings(
    advised: &[(&Workload<'_>, Advice)],
    now: Timestamp,
) -> (Vec<HoldingReport>, Vec<ReservedReport>) {
    let advice_on = |advice: &Advice, subject: &str| {
        let found = advice.holdings.iter().find(|on| on.subject == subject);
        found.cloned().unwrap_or_else(|| HoldingAdvice::unknown(subject))
    };
    let units = advised.iter().flat_map(|(workload, advice)| {
        workload.holdings.iter().map(|holding| {
            let on_holding = advice_on(advice, &holding.held.provisioned_model_arn);
            holding_report(workload, holding, on_holding, now)
        })
    });
    let reserved = advised.iter().flat_map(|(workload, advice)| {
        workload
            .reserved
            .iter()
            .map(|held| reserved_report(workload, held, advice_on(advice, &held.declared.name)))
    });
    (units.collect(), reserved.collect())
}

/// Lists usage without a price, of workloads and of lanes whose model is not known.
fn unpriced(priced: &Priced<'_>) -> Vec<UnpricedReport> {
    priced
        .workloads
        .iter()
        .flat_map(Workload::unpriced)
        .chain(priced.strays.iter().flat_map(|stray| stray.unpriced.clone()))
        .map(unpriced_report)
        .collect()
}

/// Lists workloads, and lanes whose model is not known, whose figures may be too low.
fn incomplete(priced: &Priced<'_>) -> Vec<IncompleteReport> {
    let workloads = priced.workloads.iter().map(|workload| IncompleteReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: workload.model.clone(),
        gaps: workload.gaps.clone(),
        unread: workload.unread.clone(),
    });
    let strays = priced.strays.iter().map(|stray| IncompleteReport {
        account: stray.place.account.clone(),
        region: stray.place.region.clone(),
        // Without a model the lane's own id stands for one.
        model: BaseModel::new(stray.lane.usage.model_id.text()),
        gaps: stray.gaps.clone(),
        unread: stray.unread.clone(),
    });
    workloads.chain(strays).filter(|incomplete| !incomplete.gaps.is_empty()).collect()
}

fn run_info(priced: &Priced<'_>) -> RunInfo {
    let observation = priced.observation;
    let places = || observation.places.iter();
    let metrics_requested = places()
        .map(|observed| observed.usage.metrics_requested)
        .fold(observation.history_metrics_requested, u64::saturating_add);
    let with_minutes = places()
        .flat_map(|observed| &observed.usage.lanes)
        .filter(|lane| !lane.minutes.is_empty())
        .count();
    RunInfo {
        time: observation.event.time,
        trigger: observation.event.trigger,
        as_of: observation.as_of,
        window: observation.window,
        recent: priced.recent,
        catalog: observation.prices.name.clone(),
        charged: observation.prices.charged,
        warning: observation.prices.warning(),
        has_contract: has_contract(observation),
        catalog_description: observation.prices.description.clone(),
        price_list: observation.price_list.clone(),
        places: observation
            .places
            .iter()
            .map(|observed| observed.place.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        failed_regions: observation.failed.iter().map(|failed| failed.region.clone()).collect(),
        dry_run: observation.settings.dry_run,
        metrics_requested,
        metrics_requested_cost: guard_cost::of_requested(metrics_requested),
        lanes_with_minutes: u64::try_from(with_minutes).unwrap_or(u64::MAX),
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
    let stalest = stalest_check(priced, recommendations);
    let counted: Vec<&Recommendation> =
        recommendations.iter().filter(|advice| advice.is_counted()).collect();
    let potential: Usd = counted.iter().filter_map(|advice| advice.savings()).sum();
    let mut savings_by_effort = BTreeMap::new();
    for (advice, savings) in counted.iter().filter_map(|it| Some((it, it.savings()?))) {
        *savings_by_effort.entry(advice.effort).or_insert(Usd::ZERO) += savings;
    }
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Totals {
        monthly_list_cost: workloads.iter().map(|workload| workload.monthly_list_cost).sum(),
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
            || !incomplete.is_empty()
            || has_old_window(priced.observation),
        potential_monthly_savings: potential,
        potential_savings_percentage: potential.percent_of(monthly_cost),
        savings_by_effort,
        recommendations: count(counted.len()),
        uncounted_recommendations: count(recommendations.len() - counted.len()),
        workloads: count(workloads.len()),
        incomplete_workloads: count(incomplete.len()),
        unpriced_tokens: unpriced
            .iter()
            .filter(|usage| usage.meter.is_some())
            .map(|usage| usage.quantity)
            .sum(),
        catalog_age_days: stalest
            .map_or(0, |checked| days_between(checked, day_of(priced.observation.as_of))),
        prices_checked: stalest,
        // `build` sets this last: the cost depends on the metrics of the finished report.
        guard_monthly_cost: Usd::ZERO,
    }
}

/// Returns the day on which the stalest rate in use was checked, of lanes, of holdings and of the
/// evidence of advice; `None` where no rate is in use.
fn stalest_check(priced: &Priced<'_>, recommendations: &[Recommendation]) -> Option<Date> {
    let rates = priced
        .workloads
        .iter()
        .flat_map(|workload| workload.lanes.iter().flat_map(|lane| &lane.meters))
        .filter_map(|meter| meter.rate.as_ref())
        .map(|rate| rate.source.provenance.checked);
    let offers = priced
        .workloads
        .iter()
        .flat_map(|workload| workload.holdings.iter().filter_map(|holding| holding.offer.as_ref()))
        .map(|offer| offer.source.provenance.checked);
    let reserved = priced
        .workloads
        .iter()
        .flat_map(|workload| &workload.reserved)
        .filter_map(|held| held.source.as_ref())
        .map(|source| source.provenance.checked);
    let advised = recommendations
        .iter()
        .flat_map(|advice| advice.grounds.evidence.list_prices())
        .map(|rate| rate.checked);
    rates.chain(offers).chain(reserved).chain(advised).min()
}

/// Counts the whole days from one day to a later one; 0 where the other is not later.
fn days_between(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or_default()
}

fn workload_report(workload: &Workload<'_>, advice: Advice, today: Date) -> WorkloadReport {
    let has_price = |lane: &Lane<'_>| {
        matches!(lane.kind, LaneKind::Provisioned(_))
            || lane.meters.iter().any(|meter| meter.rate.is_some())
    };
    WorkloadReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: workload.model.clone(),
        name: workload.name.clone(),
        monthly_list_cost: workload.monthly_list_cost(),
        monthly_cost: workload.monthly_cost(),
        covered_monthly_cost: workload.covered.monthly_cost,
        on_demand_monthly_cost: workload.on_demand_monthly_cost(),
        holdings_monthly_cost: workload.holdings_monthly_cost(),
        is_at_least: workload.is_at_least(),
        is_priced: workload.lanes.iter().any(has_price)
            || workload.holdings.iter().any(|holding| holding.monthly_cost.is_some())
            || (workload.unpriced().next().is_none() && workload.holdings.is_empty()),
        potential_monthly_savings: advice
            .recommendations
            .iter()
            .filter(|advice| advice.is_counted())
            .filter_map(Recommendation::savings)
            .sum(),
        observed_days: workload.observed_days,
        invocations: workload.counted(Counter::Invocations),
        throttles: workload.counted(Counter::InvocationThrottles),
        lanes: workload.lanes.iter().map(lane_report).collect(),
        plans: advice.plans,
        break_even: advice.break_even,
        verdict: advice.verdict,
        forgone: advice.forgone,
        alternatives: None,
        cache: workload.cache_economics(),
        lifecycle: Some(workload.lifecycle.clone()).filter(|life| !life.is_unknown()),
        notes: workload.notes(today),
        gaps: workload.gaps.clone(),
    }
}

fn lane_report(lane: &Lane<'_>) -> LaneReport {
    let (scope, service_tier, profile, held) = match &lane.kind {
        LaneKind::OnDemand { scope, tier, profile, .. } => {
            (Some(*scope), Some(*tier), *profile, None)
        }
        LaneKind::Provisioned(held) => (None, None, None, Some(*held)),
        LaneKind::Unknown(_) => (None, None, None, None),
    };
    LaneReport {
        model_id: lane.usage.model_id.text().to_owned(),
        scope,
        service_tier,
        inference_profile_name: profile.map(|profile| profile.inference_profile_name.clone()),
        provisioned_model_name: held.map(|held| held.provisioned_model_name.clone()),
        // The units are billed by the hour: to add their tokens would count the same use twice.
        monthly_cost: if held.is_some() { Usd::ZERO } else { lane.monthly_cost() },
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
                    contracted_unit_price: rate.map(|rate| rate.contracted_unit_price),
                    // Both ends are the same where the price is not a range.
                    upper_unit_price: rate
                        .filter(|rate| rate.upper_unit_price > rate.contracted_unit_price)
                        .map(|rate| rate.upper_unit_price),
                    region_basis: rate.map(|rate| rate.source.region_basis),
                    in_force: rate.map(|rate| rate.source.in_force),
                    source: rate.map(|rate| rate.source.provenance.source.clone()),
                    monthly_list_cost: meter.monthly_list_cost,
                    monthly_cost: meter.monthly_cost,
                }
            })
            .collect(),
    }
}

fn holding_report(
    workload: &Workload<'_>,
    holding: &Holding<'_>,
    advice: HoldingAdvice,
    now: Timestamp,
) -> HoldingReport {
    let held = holding.held;
    let effective_cost = holding.effective_cost();
    HoldingReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: holding.model.clone(),
        provisioned_model_name: held.provisioned_model_name.clone(),
        provisioned_model_arn: held.provisioned_model_arn.clone(),
        model_units: held.model_units,
        status: held.status.to_string(),
        commitment_expiration_time: held.commitment_expiration_time,
        days_to_term_end: held.days_to_term_end(now),
        idle_since: match &holding.idleness {
            Idleness::Idle(spell) => Some(spell.since),
            _ => None,
        },
        passed_term_end: held.passed_term_end(now),
        monthly_list_cost: holding.monthly_list_cost,
        monthly_cost: holding.monthly_cost,
        worth: holding.worth(),
        utilization: holding.hourly_use.map(|used| used.mean),
        hourly_use: holding.hourly_use,
        minutely_use: holding.minutely_use,
        used_effective_cost: effective_cost.map(|cost| cost.used),
        unused_effective_cost: effective_cost.map(|cost| cost.unused),
        throttles: holding.throttles,
        load: advice.load,
        right_size: advice.right_size,
        lifecycle_risk: advice.lifecycle_risk,
        at_term_end: advice.at_term_end,
        at_term_end_because: advice.at_term_end_because,
        commitment_duration: held.commitment_duration.clone(),
        state: match &holding.idleness {
            Idleness::Busy => HoldingState::Busy,
            Idleness::Idle(_) => HoldingState::Idle,
            Idleness::NotSeen(_) => HoldingState::NotSeen,
        },
        reason: match &holding.idleness {
            Idleness::NotSeen(why) => Some(why.clone()),
            _ if holding.monthly_cost.is_none() => Some(unpriced_unit(workload)),
            _ => None,
        },
    }
}

/// Says why a unit has no price, and which terms have one.
fn unpriced_unit(workload: &Workload<'_>) -> String {
    let mut terms: Vec<String> =
        workload.offers.iter().map(|offer| offer.term.to_string()).collect();
    terms.dedup();
    let sold = if terms.is_empty() {
        "it has none of this model here".to_owned()
    } else {
        format!("it has {}", terms.join(" and "))
    };
    format!("the price book has no price, or more than one, of a unit under its term: {sold}")
}

fn reserved_report(
    workload: &Workload<'_>,
    held: &Reserved<'_>,
    advice: HoldingAdvice,
) -> ReservedReport {
    let declared = held.declared;
    let effective_cost = held.effective_cost();
    ReservedReport {
        account: workload.place.account.clone(),
        region: declared.region.clone(),
        model: declared.model.clone(),
        name: declared.name.clone(),
        scope: declared.scope,
        input_tokens_per_minute: declared.input_tokens_per_minute,
        output_tokens_per_minute: declared.output_tokens_per_minute,
        term: declared.term,
        term_ends: declared.term_ends,
        monthly_list_cost: held.monthly_list_cost,
        monthly_cost: held.monthly_cost,
        worth: held.used.and_then(|used| used.worth),
        input_utilization: held.used.map(|used| used.input),
        output_utilization: held.used.map(|used| used.output),
        used_effective_cost: effective_cost.map(|cost| cost.used),
        unused_effective_cost: effective_cost.map(|cost| cost.unused),
        load: advice.load,
        right_size: advice.right_size,
        at_term_end: advice.at_term_end,
        at_term_end_because: advice.at_term_end_because,
        source: held.source.as_ref().map(|source| source.provenance.source.clone()),
    }
}

fn unpriced_report(usage: UnpricedUsage) -> UnpricedReport {
    UnpricedReport {
        account: usage.place.account,
        region: usage.place.region,
        model_id: usage.model_id,
        meter: usage.meter,
        quantity: usage.recent,
        reason: usage.reason,
    }
}
