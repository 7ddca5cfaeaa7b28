//! The rates that a lane's meters have now, and would have under another scope.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::catalog::{Rate, RateQuery};
use crate::domain::{BaseModel, Meter, Scope, ServiceTier, Usd, Window};
use crate::observation::ProvisionedModel;
use crate::pricing::{Lane, LaneKind, Priced, Workload};

/// A lane with the rates of its meters under one scope.
#[derive(Clone, Debug)]
pub(crate) struct LaneRates<'l> {
    pub(crate) lane: &'l Lane<'l>,
    pub(crate) scope: Scope,
    pub(crate) rates: Vec<(Meter, Rate)>,
}

impl<'l> LaneRates<'l> {
    /// Takes the rates that the lane has now.
    pub(crate) fn current(lane: &'l Lane<'_>) -> Self {
        let scope = match &lane.kind {
            LaneKind::OnDemand { scope, .. } => *scope,
            _ => Scope::InRegion,
        };
        let rates = lane
            .meters
            .iter()
            .filter_map(|meter| Some((meter.meter, meter.rate.clone()?)))
            .collect();
        Self { lane, scope, rates }
    }

    /// Finds the rates through the global profile; `None` where a meter in use has no such rate, the
    /// lane is global already, or the Region is known to lack the profile.
    pub(crate) fn global(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        lane: &'l Lane<'_>,
    ) -> Option<Self> {
        if matches!(
            &lane.kind,
            LaneKind::Unknown(_) | LaneKind::OnDemand { scope: Scope::Global, .. }
        ) {
            return None;
        }
        let inventory = &workload.observed.inventory;
        let region = &workload.place.region;
        if inventory.may_call(&workload.model, Scope::Global, region) == Some(false) {
            return None;
        }
        Self::at(priced, workload, lane, Scope::Global, lane.known_tier())
    }

    /// Finds the rates under another scope or tier; `None` where a meter in use has no such rate.
    pub(crate) fn at(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        lane: &'l Lane<'_>,
        scope: Scope,
        tier: Option<ServiceTier>,
    ) -> Option<Self> {
        let wanted = |meter, scope, tier| RateQuery {
            model: &workload.model,
            region: &workload.place.region,
            scope,
            tier,
            meter,
            input_tokens: None,
            day: priced.day,
        };
        let book = &priced.observation.prices;
        let variants = |query: &RateQuery<'_>| {
            let variants = book.variants(query).into_iter();
            // Another tier that is asked for by its name has other rows by its nature.
            let is_same_tier = tier == lane.known_tier();
            variants
                .map(|(tier, above)| (is_same_tier.then_some(tier), above))
                .collect::<BTreeSet<_>>()
        };
        let rate = |meter: Meter| {
            // A batch job has no prompt cache: by AWS's page on caching, what was cached is input there.
            let billed = match (tier, meter) {
                (Some(ServiceTier::Batch), Meter::CacheRead | Meter::CacheWrite) => Meter::Input,
                _ => meter,
            };
            let there = wanted(billed, scope, tier);
            // Where one of them has a tier or a length that the other lacks, their lower ends are of
            // different requests, and their difference saves nobody anything.
            let is_alike = lane.scope().is_none_or(|scope| {
                variants(&there) == variants(&wanted(meter, scope, lane.known_tier()))
            });
            // Nor is one from before extended access like one from within.
            let is_before = |rate: &Rate| workload.is_from_before_extended_access(rate);
            let here_is_before = lane.rate(meter).is_none_or(is_before);
            let rate = priced.observation.rate(&there).filter(|_| is_alike);
            rate.filter(|rate| here_is_before || !is_before(rate))
        };
        let mut rates = Vec::new();
        for meter in &lane.meters {
            match rate(meter.meter) {
                Some(rate) => rates.push((meter.meter, rate)),
                // It may be needed for the days before the recent ones, and is missed there.
                None if meter.recent.is_zero() => {}
                None => return None,
            }
        }
        (!rates.is_empty()).then_some(Self { lane, scope, rates })
    }

    /// Finds the rate of a meter that the lane need not have used.
    pub(crate) fn rate_of(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        meter: Meter,
    ) -> Option<Rate> {
        self.rate_on(priced, workload, meter, priced.day)
    }

    /// Finds the rate of a meter on another day.
    pub(super) fn rate_on(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        meter: Meter,
        day: Date,
    ) -> Option<Rate> {
        priced.observation.rate(&RateQuery {
            model: &workload.model,
            region: &workload.place.region,
            scope: self.scope,
            tier: self.lane.known_tier(),
            meter,
            input_tokens: None,
            day,
        })
    }

    /// Returns the same rates at the upper end of each range: what a lane that goes on-demand may
    /// cost.
    pub(crate) fn at_upper_end(&self) -> Self {
        let at_upper_end = |(meter, rate): &(Meter, Rate)| {
            (*meter, Rate { contracted_unit_price: rate.upper_unit_price, ..rate.clone() })
        };
        Self { rates: self.rates.iter().map(at_upper_end).collect(), ..self.clone() }
    }

    /// Returns the same rates at the end that is safe: what is called on-demand may be cheap, so that
    /// little is saved by calling it less; what units serve may be dear once it is called on-demand.
    pub(crate) fn at_safe_end(&self) -> Self {
        match self.lane.kind {
            LaneKind::Provisioned(_) => self.at_upper_end(),
            LaneKind::OnDemand { .. } | LaneKind::Unknown(_) => self.clone(),
        }
    }

    /// Computes the cost of the recent tokens at these rates, in USD a month.
    pub(crate) fn monthly_cost(&self, recent: Window) -> Usd {
        self.rates
            .iter()
            .filter_map(|(of, rate)| {
                let meter = self.lane.meters.iter().find(|meter| meter.meter == *of)?;
                Some(rate.contracted_unit_price.cost(meter.recent).per_month(recent.hours()))
            })
            .sum()
    }

    /// Keeps the rates of some lanes, and of all that provisioned models serve.
    pub(crate) fn of_units(rates: &[Self], lanes: &[&Lane<'_>]) -> Vec<Self> {
        let is_among = |rates: &&Self| {
            let is_served = matches!(rates.lane.kind, LaneKind::Provisioned(_));
            is_served || lanes.iter().any(|lane| std::ptr::eq(*lane, rates.lane))
        };
        rates.iter().filter(is_among).cloned().collect()
    }

    /// Computes the cost of the recent calls of a provisioned model at some rates, in USD a month.
    pub(crate) fn monthly_cost_of(
        rates: &[LaneRates<'_>],
        held: &ProvisionedModel,
        recent: Window,
    ) -> Usd {
        let own = rates.iter().filter(|rates| rates.lane.kind == LaneKind::Provisioned(held));
        own.map(|rates| rates.monthly_cost(recent)).sum()
    }

    /// Returns the model and the tier that the rates are of.
    pub(crate) fn priced_as<'w>(
        &'w self,
        workload: &'w Workload<'_>,
    ) -> (&'w BaseModel, ServiceTier) {
        match &self.lane.kind {
            LaneKind::OnDemand { model, tier, .. } => (model, *tier),
            _ => (&workload.model, ServiceTier::Standard),
        }
    }
}
