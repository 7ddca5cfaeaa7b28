//! The report of one place: all that is kept of the place once it is decided, without its series.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::advice::{self, Advice, CertificateReport, HoldingAdvice, Recommendation};
use crate::domain::{BaseModel, Counter, Place, Usd, day_of};
use crate::observation::{Observation, PlaceObservation, UnreadList};
use crate::pricing::{
    self, Holding, Idleness, Lane, LaneKind, Priced, Reserved, UnpricedUsage, Workload,
};
use crate::report::document::{
    HoldingReport, HoldingState, IncompleteReport, LaneReport, MeterReport, ReservedReport,
    UnpricedReport, WorkloadReport,
};
use crate::report::followed::{FollowedAdvice, followed};
use crate::report::settled::{Settlement, mark_known};
use crate::report::unfollowed::{UnfollowedAdvice, unfollowed};

/// Result of one place, read and decided.
#[derive(Clone, Debug)]
pub struct PlaceReport {
    /// Account and Region.
    pub place: Place,
    /// Every model that anything there could be priced as.
    pub models: BTreeSet<BaseModel>,
    /// Workloads, in order of their models.
    pub workloads: Vec<WorkloadReport>,
    pub(super) recommendations: Vec<Recommendation>,
    pub(super) certificates: Vec<CertificateReport>,
    pub(super) holdings: Vec<HoldingReport>,
    pub(super) reserved_holdings: Vec<ReservedReport>,
    pub(super) of_workloads: Doubts,
    /// Doubts about lanes whose model is not known.
    pub(super) of_strays: Doubts,
    pub(super) followed: Vec<FollowedAdvice>,
    pub(super) unfollowed: Vec<UnfollowedAdvice>,
    /// Lists of the inventory that were not read.
    pub(super) unread: Vec<UnreadList>,
    /// Reason why minutes are not known, or not whole.
    pub(super) minutes_unknown: Option<String>,
    pub(super) minute_gap: Option<String>,
    /// True if there was no lane of an unknown model.
    pub(super) is_without_strays: bool,
    /// Splits of lanes that no price follows, in words.
    pub(super) splits: Vec<String>,
    /// Facts by which what was before is known to be closed or gone.
    pub(super) settled: Settlement,
    /// Day on which the stalest price in use was checked; `None` where none is in use.
    pub(super) stalest_check: Option<Date>,
    pub(super) metrics_requested: u64,
    pub(super) lanes_with_minutes: usize,
}

/// Usage of a place that has no price, and usage whose figures may be too low.
#[derive(Clone, Debug)]
pub(super) struct Doubts {
    pub(super) unpriced: Vec<UnpricedReport>,
    pub(super) incomplete: Vec<IncompleteReport>,
}

impl PlaceReport {
    /// Prices one place and decides what to change there. Of the observation its places are no matter.
    #[must_use]
    pub fn of(observation: &Observation, observed: &PlaceObservation) -> Self {
        Self::of_priced(&pricing::price(observation, observed), observed)
    }

    /// Prices the workloads of some models of one place and decides what to change there. Lanes without a model
    /// have to be among those of the place.
    #[must_use]
    pub fn of_models(
        observation: &Observation,
        observed: &PlaceObservation,
        models: &BTreeSet<BaseModel>,
    ) -> Self {
        let is_one = |model: &BaseModel| models.contains(model);
        Self::of_priced(&pricing::price_where(observation, observed, &is_one), observed)
    }

    /// Adds the report of the workloads of other models of the same place, which come after its own. What is
    /// said of lanes without a model, both say.
    pub fn add(&mut self, other: Self) {
        self.models.extend(other.models);
        self.workloads.extend(other.workloads);
        self.recommendations.extend(other.recommendations);
        self.certificates.extend(other.certificates);
        self.holdings.extend(other.holdings);
        self.reserved_holdings.extend(other.reserved_holdings);
        self.of_workloads.unpriced.extend(other.of_workloads.unpriced);
        self.of_workloads.incomplete.extend(other.of_workloads.incomplete);
        self.followed.extend(other.followed);
        self.unfollowed.extend(other.unfollowed);
        self.minutes_unknown = self.minutes_unknown.take().or(other.minutes_unknown);
        self.minute_gap = self.minute_gap.take().or(other.minute_gap);
        self.splits.extend(other.splits);
        self.settled.add(other.settled);
        self.stalest_check = self.stalest_check.into_iter().chain(other.stalest_check).min();
        self.metrics_requested = self.metrics_requested.saturating_add(other.metrics_requested);
        self.lanes_with_minutes += other.lanes_with_minutes;
    }

    fn of_priced(priced: &Priced<'_>, observed: &PlaceObservation) -> Self {
        let observation = priced.observation;
        let allowed = observation.as_if_allowed();
        let if_allowed = Priced::nothing(&allowed);
        let advised: Vec<(&Workload<'_>, Advice)> = priced
            .workloads
            .iter()
            .map(|workload| (workload, advice::advise(priced, &if_allowed, workload)))
            .collect();
        let mut recommendations: Vec<Recommendation> =
            advised.iter().flat_map(|(_, advice)| advice.recommendations.clone()).collect();
        mark_known(priced, observed, &mut recommendations);
        let certificates =
            advised.iter().flat_map(|(_, advice)| advice.certificates.clone()).collect();
        let (holdings, reserved_holdings) = holdings(&advised, observation.as_of);
        let today = day_of(observation.as_of);
        let workloads: Vec<WorkloadReport> = advised
            .into_iter()
            .map(|(workload, advice)| workload_report(workload, advice, today))
            .collect();
        let savings_of = |model: &BaseModel| {
            let found = workloads.iter().find(|report| report.model == *model);
            found.map_or(Usd::ZERO, |report| report.potential_monthly_savings)
        };
        let lanes = &observed.usage.lanes;
        Self {
            place: observed.place.clone(),
            models: observed.models(),
            certificates,
            holdings,
            reserved_holdings,
            of_workloads: doubts_of_workloads(priced),
            of_strays: doubts_of_strays(priced),
            followed: followed(priced),
            unfollowed: unfollowed(priced, |workload| savings_of(&workload.model)),
            unread: observed.inventory.unread.clone(),
            minutes_unknown: observed.minutes_unknown.clone(),
            minute_gap: priced.workloads.iter().flat_map(|it| &it.minute_gaps).next().cloned(),
            is_without_strays: priced.strays.is_empty(),
            splits: splits(priced),
            settled: Settlement::of(priced, observed),
            stalest_check: stalest_check(priced, &recommendations),
            metrics_requested: observed.usage.metrics_requested,
            lanes_with_minutes: lanes.iter().filter(|lane| !lane.minutes.is_empty()).count(),
            recommendations,
            workloads,
        }
    }
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

/// Lists the splits of the lanes of a place that no price follows, in words.
fn splits(priced: &Priced<'_>) -> Vec<String> {
    priced.workloads.iter().flat_map(split_lanes).collect()
}

fn split_lanes(workload: &Workload<'_>) -> impl Iterator<Item = String> {
    let split = workload.lanes.iter().filter(|lane| !lane.usage.splits.is_empty());
    split.map(|lane| {
        let how = if lane.known_tier().is_none() {
            "it is priced from the cheapest tier that its requests can be served at, in short contexts"
        } else {
            "all of it is priced as its id says, in short contexts"
        };
        let splits: Vec<String> = lane.usage.splits.iter().map(ToString::to_string).collect();
        format!(
            "the split of {} in {} by {}: {how}",
            lane.usage.model_id,
            workload.place.region,
            splits.join("; ")
        )
    })
}

/// Lists usage without a price, and workloads whose figures may be too low.
fn doubts_of_workloads(priced: &Priced<'_>) -> Doubts {
    let incomplete = priced.workloads.iter().map(|workload| IncompleteReport {
        account: workload.place.account.clone(),
        region: workload.place.region.clone(),
        model: workload.model.clone(),
        gaps: workload.gaps.clone(),
        unread: workload.unread.clone(),
    });
    Doubts {
        unpriced: priced
            .workloads
            .iter()
            .flat_map(Workload::unpriced)
            .map(unpriced_report)
            .collect(),
        incomplete: incomplete.filter(|incomplete| !incomplete.gaps.is_empty()).collect(),
    }
}

/// Lists the same of lanes whose model is not known.
fn doubts_of_strays(priced: &Priced<'_>) -> Doubts {
    let incomplete = priced.strays.iter().map(|stray| IncompleteReport {
        account: stray.place.account.clone(),
        region: stray.place.region.clone(),
        // Without a model the lane's own id stands for one.
        model: BaseModel::new(stray.lane.usage.model_id.text()),
        gaps: stray.gaps.clone(),
        unread: stray.unread.clone(),
    });
    let unpriced = priced.strays.iter().flat_map(|stray| stray.unpriced.clone());
    Doubts {
        unpriced: unpriced.map(unpriced_report).collect(),
        incomplete: incomplete.filter(|incomplete| !incomplete.gaps.is_empty()).collect(),
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
