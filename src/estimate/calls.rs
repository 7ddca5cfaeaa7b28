//! The calls of a model by the token: what each scope and tier costs.

use jiff::civil::Date;

use crate::advice::Effort;
use crate::catalog::{CallableScope, Rate, RateQuery, ReservedScope, RowScope};
use crate::domain::{Meter, Scope, ServiceTier, Tokens, Usd};
use crate::estimate::basis::EstimateBasis;
use crate::estimate::plan::{EstimatedPlan, PlanKind, UnknownPlan};

/// Prices of one kind of calls: all scopes that have them.
pub(super) struct CallRates {
    scopes: Vec<CallableScope>,
    pub(super) tier: ServiceTier,
    pub(super) rates: Vec<(Meter, Rate)>,
}

impl CallRates {
    /// Adds up what each meter costs a month, at one end of each price.
    pub(super) fn cost(&self, basis: &EstimateBasis<'_>, is_upper: bool) -> Usd {
        let price = |rate: &Rate| {
            if is_upper { rate.upper_unit_price } else { rate.contracted_unit_price }
        };
        let volume = &basis.volume;
        self.rates.iter().map(|(meter, rate)| price(rate).cost(volume.of(*meter))).sum()
    }

    /// Returns true if the same tokens cost the same.
    fn is_like(&self, other: &Self) -> bool {
        let prices = |of: &Self| -> Vec<_> {
            let ends = |rate: &Rate| (rate.contracted_unit_price, rate.upper_unit_price);
            of.rates.iter().map(|(meter, rate)| (*meter, ends(rate))).collect()
        };
        self.tier == other.tier && prices(self) == prices(other)
    }

    pub(super) fn serves(&self, scope: ReservedScope) -> bool {
        let is_global = scope == ReservedScope::Global;
        self.scopes.iter().any(|it| (it.scope == Scope::Global) == is_global)
    }

    fn description(&self, basis: &EstimateBasis<'_>) -> String {
        let tier = match self.tier {
            ServiceTier::Standard => "on-demand".to_owned(),
            ServiceTier::Batch => "batch jobs".to_owned(),
            tier => format!("{tier} tier"),
        };
        // A book that tells nothing of profiles has one price for all calls.
        if basis.model.rates.iter().all(|row| row.scope == RowScope::Any) {
            return tier;
        }
        let all = |scope: &CallableScope| {
            let doubt = if scope.is_listed { "" } else { " (?)" };
            format!("{}{doubt}", scope.scope)
        };
        let scopes: Vec<String> = self.scopes.iter().map(all).collect();
        format!("{tier}, {}", scopes.join(" or "))
    }
}

/// Something of a volume that has no price.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Unpriced {
    /// A meter in use.
    #[error("{0}")]
    Meter(Meter),
    /// Requests with more input than these tokens.
    #[error("requests above {0} input tokens")]
    LongRequests(Tokens),
}

/// Finds the prices of all kinds of calls of a model, with those that lack some.
pub(super) fn calls(basis: &EstimateBasis<'_>) -> (Vec<CallRates>, Vec<UnknownPlan>) {
    let mut calls: Vec<CallRates> = Vec::new();
    let mut unknown = Vec::new();
    let scopes = basis.book.callable_scopes(basis.model, &basis.region, basis.day);
    let mut tiers: Vec<ServiceTier> =
        basis.model.variants().into_iter().map(|(tier, _)| tier).collect();
    tiers.dedup();
    for scope in scopes.into_iter().filter(|it| basis.may_use(it.scope)) {
        for tier in &tiers {
            match rates_of(basis, scope.scope, *tier) {
                Ok(None) => {}
                Ok(Some(rates)) => {
                    let found = CallRates { scopes: vec![scope], tier: *tier, rates };
                    match calls.iter_mut().find(|call| call.is_like(&found)) {
                        Some(call) => call.scopes.push(scope),
                        None => calls.push(found),
                    }
                }
                Err(lacks) => unknown.push(UnknownPlan {
                    kind: kind_of(*tier),
                    description: format!("{tier} tier, {}", scope.scope),
                    why: format!("the book has no price of {lacks} there"),
                    break_even_tokens_per_month: None,
                }),
            }
        }
    }
    let is_standard = calls.iter().any(|call| call.tier == ServiceTier::Standard)
        || unknown.iter().any(|plan| plan.kind == PlanKind::OnDemand);
    if !is_standard {
        let instead = basis.nearest().map_or_else(String::new, |text| format!(": {text}"));
        unknown.push(UnknownPlan {
            kind: PlanKind::OnDemand,
            description: "on-demand".into(),
            why: format!("the book has no price of the standard tier here{instead}"),
            break_even_tokens_per_month: None,
        });
    }
    (calls, unknown)
}

/// The cheapest calls of a model on-demand at the standard tier.
pub(super) enum CheapestCalls {
    /// They have prices that were seen by the day.
    Priced(Box<EstimatedPlan>),
    /// Their prices were first seen later: whether they could be made by the day is not known.
    SeenLater(Date, Box<EstimatedPlan>),
}

/// Finds the cheapest calls of a model on-demand; `None` where a meter in use has no price.
pub(super) fn cheapest_on_demand(basis: &EstimateBasis<'_>) -> Option<CheapestCalls> {
    let (calls, _) = calls(basis);
    let first_seen = |call: &CallRates| {
        let seen = |(_, rate): &(Meter, Rate)| {
            let written = &rate.source.provenance;
            written.effective_from.or(written.seen_from)
        };
        call.rates.iter().filter_map(seen).max().filter(|seen| *seen > basis.day)
    };
    let standard = || calls.iter().filter(|call| call.tier == ServiceTier::Standard);
    let least = |call: &&CallRates| call.cost(basis, false);
    let by_the_day = standard().filter(|call| first_seen(call).is_none()).min_by_key(least);
    if let Some(call) = by_the_day {
        return Some(CheapestCalls::Priced(Box::new(by_the_token(basis, call))));
    }
    let call = standard().min_by_key(least)?;
    let plan = Box::new(by_the_token(basis, call));
    first_seen(call).map(|seen| CheapestCalls::SeenLater(seen, plan))
}

const fn kind_of(tier: ServiceTier) -> PlanKind {
    match tier {
        ServiceTier::Standard => PlanKind::OnDemand,
        ServiceTier::Batch => PlanKind::Batch,
        ServiceTier::Flex => PlanKind::Flex,
        ServiceTier::Priority => PlanKind::Priority,
        ServiceTier::LatencyOptimized | ServiceTier::Ultrafast => PlanKind::LatencyOptimized,
    }
}

/// Finds the rates of all meters in use; `None` where the scope and tier have no prices at all. The error
/// is what lacks one.
fn rates_of(
    basis: &EstimateBasis<'_>,
    scope: Scope,
    tier: ServiceTier,
) -> Result<Option<Vec<(Meter, Rate)>>, Unpriced> {
    let rate = |meter: Meter| {
        // A batch job has no prompt cache: by AWS's page on caching, what was cached is input there.
        let billed = match (tier, meter) {
            (ServiceTier::Batch, Meter::CacheRead | Meter::CacheWrite) => Meter::Input,
            _ => meter,
        };
        let wanted = RateQuery {
            model: &basis.model.id,
            region: &basis.region,
            scope,
            tier: Some(tier),
            meter: billed,
            input_tokens: basis.volume.length_of_each(),
            day: basis.day,
        };
        basis.book.contracted_rate(basis.overrides, &wanted)
    };
    if Meter::TOKENS.into_iter().all(|meter| rate(meter).is_none()) {
        return Ok(None);
    }
    // Where long requests have a price of their own at the standard tier, the short one is not theirs at
    // another.
    let sent = basis.volume.length_of_each();
    let long = long_without_price(basis, scope, tier);
    if let Some(above) = long.filter(|above| sent.is_some_and(|sent| sent > *above)) {
        return Err(Unpriced::LongRequests(Tokens::new(above)));
    }
    let meters = basis.volume.meters();
    let priced = |meter: Meter| Ok((meter, rate(meter).ok_or(Unpriced::Meter(meter))?));
    meters.map(priced).collect::<Result<_, _>>().map(Some)
}

/// Returns the length above which requests have a price of their own at the standard tier and none at
/// another; `None` where the other has one too, or all lengths cost the same.
fn long_without_price(basis: &EstimateBasis<'_>, scope: Scope, tier: ServiceTier) -> Option<u64> {
    let first_above = |tier: ServiceTier| {
        let query = RateQuery {
            model: &basis.model.id,
            region: &basis.region,
            scope,
            tier: Some(tier),
            meter: Meter::Input,
            input_tokens: None,
            day: basis.day,
        };
        basis.book.variants(&query).into_iter().filter_map(|(_, above)| above).min()
    };
    first_above(ServiceTier::Standard).filter(|_| first_above(tier).is_none())
}

/// Builds the plan with calls by the token.
pub(super) fn by_the_token(basis: &EstimateBasis<'_>, call: &CallRates) -> EstimatedPlan {
    let (least, most) = (call.cost(basis, false), call.cost(basis, true));
    let mut plan =
        EstimatedPlan::new(kind_of(call.tier), call.description(basis), least, &basis.volume);
    plan.cost_at_most(most, &basis.volume);
    let mut scopes = call.scopes.iter();
    let unpriced = scopes.find_map(|it| long_without_price(basis, it.scope, call.tier));
    if let Some(above) = unpriced.filter(|_| basis.volume.length_of_each().is_none()) {
        let above = Tokens::new(above);
        plan.notes.push(format!(
            "of requests up to {above} input tokens: the price of longer ones is not known"
        ));
    }
    let stays = call.scopes.iter().any(|scope| scope.scope == Scope::InRegion);
    if call.tier == ServiceTier::Standard && stays {
        plan.effort = Effort::None;
    }
    if call.tier == ServiceTier::Batch && !basis.volume.is_uncached() {
        plan.notes
            .push("a batch job has no prompt cache: what was cached is billed as input".into());
    }
    let written = call.rates.iter().map(|(_, rate)| &rate.source);
    plan.cite(basis.day, written);
    plan
}
