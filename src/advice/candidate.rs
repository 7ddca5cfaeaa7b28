//! One offer at its optimum: what it would cost, what the weeks say of it, and which gates it fails.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::advice::amount::Amount;
use crate::advice::fresh_break::FreshBreak;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::months::Months;
use crate::advice::{Action, Plan, Working};
use crate::catalog::{Offer, ReservedOffer, ReservedScope};
use crate::config::{Overflow, Settings};
use crate::domain::period::HOURS_PER_MONTH;
use crate::domain::{BaseModel, ModelUnits, Term, Usd};
use crate::observation::plan::MINUTE_DAYS;
use crate::pricing::{Holding, Priced, Workload};
use crate::sizing::bins::MOST_CALLS;
use crate::sizing::certainty::monthly;
use crate::sizing::demand::{ServableDemand, SizedDemand};
use crate::sizing::trial::Trial;
use crate::sizing::{
    Certainty, Purchase, Reservation, ReservationTerms, TokenPurchase, UnitPurchase,
};

/// An offer that can be bought.
#[derive(Clone, Copy, Debug)]
pub(super) enum Offered<'w> {
    /// Model units.
    Units(&'w Offer),
    /// Reserved tokens per minute.
    Tokens(&'w ReservedOffer),
}

impl Offered<'_> {
    pub(super) const fn term(&self) -> Term {
        match self {
            Self::Units(offer) => offer.term,
            Self::Tokens(offer) => offer.term,
        }
    }

    /// Returns the day on which the offer's price was checked.
    const fn checked(&self) -> Date {
        match self {
            Self::Units(offer) => offer.source.provenance.checked,
            Self::Tokens(offer) => offer.source.provenance.checked,
        }
    }

    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Units(_) => Action::BuyModelUnits,
            Self::Tokens(_) => Action::ReserveTokens,
        }
    }

    /// Returns the scope of the requests that reserved tokens serve; `None` for model units, which
    /// serve all of a model's.
    pub(super) const fn scope(&self) -> Option<ReservedScope> {
        match self {
            Self::Units(_) => None,
            Self::Tokens(offer) => Some(offer.scope),
        }
    }

    /// Describes the offer, without an amount.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Units(Offer { label: Some(label), term, .. }) => format!("{label}, {term}"),
            Self::Units(offer) => offer.term.to_string(),
            Self::Tokens(offer) => format!("{}, {}", offer.scope.in_words(), offer.term),
        }
    }

    /// Returns the words for what is bought, in a sentence about the offer as such.
    pub(super) const fn noun(&self) -> &'static str {
        match self {
            Self::Units(_) => "model units",
            Self::Tokens(_) => "reserved tokens",
        }
    }

    /// Returns the subject that makes advice to buy the offer the same from run to run.
    pub(super) fn subject(&self, model: &BaseModel) -> String {
        match self {
            Self::Units(_) => model.id().to_owned(),
            Self::Tokens(offer) => format!("{model} {}", offer.scope.in_words()),
        }
    }

    /// Returns true if the offer can be sized: units only where somebody says what one serves.
    pub(super) const fn has_known_size(&self) -> bool {
        match self {
            Self::Units(offer) => offer.capacity.is_some(),
            Self::Tokens(_) => true,
        }
    }

    /// Returns true if both offers can be bought, since they serve other requests.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.scope().zip(other.scope()).is_some_and(|(own, others)| own != others)
    }

    /// Returns true if both offers are the same thing under different terms.
    fn is_kin_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Units(a), Self::Units(b)) => a.label == b.label,
            (Self::Tokens(a), Self::Tokens(b)) => a.scope == b.scope,
            _ => false,
        }
    }
}

/// One offer at the optimum, or at the smallest purchase where none pays.
pub(super) struct Candidate<'w> {
    pub(super) offered: Offered<'w>,
    pub(super) amount: Amount,
    /// Cost of the traffic without the purchase, in USD a month.
    pub(super) without: Usd,
    pub(super) savings: Usd,
    /// Saving of the best size of the offer that passes, in USD a month; above `savings` where an open
    /// purchase keeps its size.
    pub(super) best_savings: Usd,
    /// Money that the purchase binds, in USD a month.
    pub(super) bound: Usd,
    pub(super) trial: Option<Trial>,
    pub(super) months_to_pay: Option<Months>,
    pub(super) refusals: Vec<Refusal>,
    /// Cost beyond what is replaced, in USD a month, where the purchase would end throttles without
    /// saving; `None` otherwise.
    price_of_capacity: Option<Usd>,
    /// Derivation of the figures, step by step.
    pub(super) workings: Vec<Working>,
    /// Words on what fewer units would have refused; `None` where they would have refused nothing.
    pub(super) fewer: Option<String>,
    /// Lanes that go there, where those are not all; empty otherwise.
    pub(super) only: Vec<String>,
    /// Holdings that are given up for it, since their calls go there.
    pub(super) replaced: Vec<&'w Holding<'w>>,
    /// Words on a fresh break in demand, for which nothing is bought yet; `None` where there is none.
    pub(super) held_back: Option<FreshBreak>,
    /// True if an amount could be named.
    is_sized: bool,
}

/// Workload that every offer is put to.
pub(super) struct OfferBasis<'w> {
    pub(super) priced: &'w Priced<'w>,
    pub(super) workload: &'w Workload<'w>,
    /// Day on which the stalest of the workload's rates was checked; `None` without a rate.
    pub(super) rates_checked: Option<Date>,
}

impl<'w> Candidate<'w> {
    /// Sizes units under an offer; `None` where the capacity is not known.
    pub(super) fn of_units(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        offer: &'w Offer,
        held: ModelUnits,
        replaced: Vec<&'w Holding<'w>>,
    ) -> Option<Self> {
        let purchase = UnitPurchase { capacity: offer.capacity?, price: offer.unit_price, held };
        Some(match basis.priced.observation.settings.overflow {
            Overflow::Spill => {
                let mut candidate = Self::of_spill(basis, demand, &purchase, Offered::Units(offer));
                candidate.workings.insert(0, Working::capacity(purchase.capacity));
                candidate
            }
            Overflow::Throttle => Self::of_throttle(basis, demand, &purchase, offer, replaced),
        })
    }

    /// Sizes reserved tokens under an offer. What exceeds them goes to the standard tier by itself.
    pub(super) fn of_tokens(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        offer: &'w ReservedOffer,
        held: Reservation,
    ) -> Self {
        let purchase = TokenPurchase { terms: ReservationTerms::of(offer), held };
        Self::of_spill(basis, demand, &purchase, Offered::Tokens(offer))
    }

    fn of_spill<P: Purchase<Amount: Into<Amount> + TryFrom<Amount>>>(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        purchase: &P,
        offered: Offered<'w>,
    ) -> Self {
        let sized = demand.sized(purchase);
        let optimum = P::optimum(&sized.minutes);
        let best = Self::at(basis, demand, purchase, offered, &sized, optimum);
        // Where no size pays, what is open does not stay either.
        if optimum == P::NONE {
            return best;
        }
        let best = Self::or_smaller(basis, demand, purchase, &sized, optimum, best);
        let open = Self::as_before(basis, demand, purchase, offered, &sized);
        // Where the best does not pass, there is nothing to compare with.
        let stays = |open: &Self| {
            let is_enough = || gates::stays(open.savings, best.savings);
            best.amount != open.amount && (!best.refusals.is_empty() || is_enough())
        };
        match open.filter(stays) {
            Some(mut open) => {
                if best.refusals.is_empty() {
                    open.best_savings = best.savings;
                }
                open.workings.push(Working::new(
                    "the size that saves most",
                    best.amount,
                    "not that: what is open stays while it passes and saves four fifths of that",
                ));
                open
            }
            None => best,
        }
    }

    /// Returns the largest size that passes of those that are smaller than the best, where that one fails
    /// only gates that a smaller one could pass; else the best. Nothing else of the arrangement is tried, or
    /// something would pass by chance.
    fn or_smaller<P: Purchase<Amount: Into<Amount>>>(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        purchase: &P,
        sized: &SizedDemand<P>,
        optimum: P::Amount,
        best: Self,
    ) -> Self {
        let by_size = |refusal: &Refusal| {
            matches!(
                refusal.gate,
                Gate::Certainty | Gate::Trend | Gate::Backtest | Gate::Thresholds
            )
        };
        if best.refusals.is_empty() || !best.refusals.iter().all(by_size) {
            return best;
        }
        for amount in P::smaller(&sized.minutes, optimum) {
            let mut smaller = Self::at(basis, demand, purchase, best.offered, sized, amount);
            if smaller.refusals.is_empty() {
                let whys: Vec<&str> = best.refusals.iter().map(|it| it.why.as_str()).collect();
                smaller.workings.push(Working::new(
                    "the size that saves most",
                    best.amount,
                    format!("not that: {}", whys.join("; ")),
                ));
                return smaller;
            }
        }
        best
    }

    /// Puts the size to the gates at which the purchase was last advised; `None` where it was not open, is
    /// less than is sold, or does not pass.
    fn as_before<P: Purchase<Amount: Into<Amount> + TryFrom<Amount>>>(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        purchase: &P,
        offered: Offered<'w>,
        sized: &SizedDemand<P>,
    ) -> Option<Self> {
        let subject = offered.subject(&basis.workload.model);
        let before = gates::size_before(basis.priced, basis.workload, offered.action(), &subject)?;
        let before = Amount::from(before);
        let smallest: Amount = P::smallest(&sized.minutes).into();
        let size = P::Amount::try_from(before).ok().filter(|_| before.is_at_least(smallest))?;
        let open = Self::at(basis, demand, purchase, offered, sized, size);
        open.refusals.is_empty().then_some(open)
    }

    /// Puts one size to the gates, or the smallest where none pays.
    fn at<P: Purchase<Amount: Into<Amount>>>(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        purchase: &P,
        offered: Offered<'w>,
        sized: &SizedDemand<P>,
        size: P::Amount,
    ) -> Self {
        let is_none = size == P::NONE;
        let bought = if is_none { P::smallest(&sized.minutes) } else { size };
        let amount: Amount = bought.into();
        let bound = purchase.cost(bought, HOURS_PER_MONTH);
        // What is held serves no less than what was not on-demand, whatever it is said to serve.
        let held = sized.all_monthly() - demand.on_demand_monthly();
        // What is served already is not saved: at most, then.
        let served = sized.replaced_monthly_at_most(P::NONE).max(held);
        let replaced = sized.replaced_monthly(bought) - served;
        let without = sized.all_monthly() - served;
        let mut candidate = Self::new(offered, amount, without, replaced - bound, bound);
        candidate.workings.extend([
            traffic_working(sized.all_monthly()),
            Working::new("binds a month", bound, format!("{amount} × 730 hours")),
            Working::new(
                "replaces a month",
                replaced,
                "of each hour the share min(1, bought ÷ asked for), beyond what is held, in the recent window",
            ),
        ]);
        if let Some(burst) = sized.burst(bought) {
            candidate.workings.push(Working::new(
                "burst correction",
                format!("{} by the minute ÷ {} by the hour", burst.by_minute, burst.by_hour),
                format!("what it replaces of the last {MINUTE_DAYS} days, at both resolutions: hours hide bursts"),
            ));
        }
        if is_none {
            let hours = sized.minute_window_hours;
            let left =
                |amount| P::all_on_demand(&sized.minutes) - P::replaced(&sized.minutes, amount);
            let with = (purchase.cost(bought, hours) + left(bought)).per_month(hours);
            let alone = left(P::NONE).per_month(hours);
            candidate.refuse(
                Gate::Optimum,
                if alone == Usd::ZERO {
                    "what is held has room for all of it".to_owned()
                } else {
                    format!(
                        "{amount} with the rest on-demand would cost {with} a month; as the last {MINUTE_DAYS} days went, on-demand alone costs {alone}"
                    )
                },
            );
        } else {
            // Without a size there is nothing to try on the weeks.
            let bursts = sized.burst_shares(bought, P::NONE);
            let days = basis.workload.observed_days;
            let term = candidate.offered.term();
            // Without a term nothing is added to what can be undone: it is that itself.
            let unbound = match term {
                Term::None => Vec::new(),
                _ => purchase.without_term(&basis.workload.offers),
            };
            candidate.trial =
                Some(Trial::of_spill(purchase, &unbound, demand, bought, bursts, days, term));
        }
        candidate.gated(basis)
    }

    fn of_throttle(
        basis: &OfferBasis<'_>,
        demand: &ServableDemand,
        purchase: &UnitPurchase,
        offer: &'w Offer,
        replaced: Vec<&'w Holding<'w>>,
    ) -> Self {
        let sized = demand.sized(purchase);
        let headroom = basis.priced.observation.settings.headroom;
        let on_demand = demand.on_demand_monthly();
        let held = |hours: u64| -> Usd {
            let each = replaced.iter().filter_map(|holding| {
                Some(holding.offer.as_ref()?.unit_price.cost(holding.held.model_units, hours))
            });
            each.sum()
        };
        let without = on_demand + held(HOURS_PER_MONTH);
        let offered = Offered::Units(offer);
        let Some(enough) = sized.throttle_minimum(headroom) else {
            let why = "the highest minute needs more units than can be counted";
            return Self::unsized_offer(offered, without, why);
        };
        let saved_minutes = demand.on_demand_minutes() + held(sized.minute_window_hours);
        let optimum = sized.minutes.throttle_optimum(enough, saved_minutes);
        let units = ModelUnits::new(enough.max(1));
        let fewer = ModelUnits::new(units.count() - 1);
        let bound = offer.unit_price.monthly_cost(units);
        // The units cover all of it, and nothing else may be left: AWS would refuse it.
        // All on-demand dollars are replaced, so the saving needs no share of them.
        let mut candidate = Self::new(offered, units.into(), without, without - bound, bound);
        candidate.workings.extend([
            Working::capacity(purchase.capacity),
            traffic_working(on_demand),
            Working::new(
                "units that refuse nothing",
                units,
                format!(
                    "⌈(1 + {}) × the highest minute of {MINUTE_DAYS} days, or hour of the recent window⌉",
                    headroom.percent()
                ),
            ),
            Working::new(
                "binds a month",
                bound,
                format!("{units} × {} USD × 730 hours", offer.unit_price),
            ),
        ]);
        candidate.fewer = sized
            .minutes
            .left_share(fewer.count())
            .filter(|_| fewer != UnitPurchase::NONE)
            .map(|refused| {
                format!("{fewer} would have left {refused} of that traffic refused, by its price")
            });
        if enough == 0 {
            let why = "the units that are held have room for all of it";
            candidate.refuse(Gate::Optimum, why);
        } else if optimum == 0 {
            let month = |cost: Usd| cost.per_month(sized.minute_window_hours);
            candidate.refuse(Gate::Optimum, format!(
                "{units} would cover the highest minute and {} headroom and cost {} a month; as the last {MINUTE_DAYS} days went, on-demand costs {}",
                headroom.percent(),
                month(sized.minutes.units_cost(units.count())),
                month(saved_minutes)
            ));
        } else {
            let cost = purchase.cost(units, 1) - held(1);
            let days = basis.workload.observed_days;
            candidate.trial =
                Some(Trial::of_throttle(purchase, demand, units, cost, headroom, days, offer.term));
        }
        candidate.replaced = replaced;
        candidate.gated(basis)
    }

    /// Builds an offer that is refused before any amount can be named.
    fn unsized_offer(offered: Offered<'w>, without: Usd, why: &str) -> Self {
        let none = Amount::Units(UnitPurchase::NONE);
        let mut candidate = Self::new(offered, none, without, Usd::ZERO - without, Usd::ZERO);
        candidate.is_sized = false;
        candidate.refuse(Gate::Knowledge, why);
        candidate
    }

    /// Builds an amount with what the amount saves and binds in a month, not yet put to anything.
    const fn new(
        offered: Offered<'w>,
        amount: Amount,
        without: Usd,
        savings: Usd,
        bound: Usd,
    ) -> Self {
        Self {
            offered,
            amount,
            without,
            savings,
            best_savings: savings,
            bound,
            trial: None,
            months_to_pay: None,
            refusals: Vec::new(),
            price_of_capacity: None,
            workings: Vec::new(),
            fewer: None,
            only: Vec::new(),
            replaced: Vec::new(),
            held_back: None,
            is_sized: true,
        }
    }

    /// Names the lanes that go there whole, where those are not all.
    pub(super) fn of_lanes(self, only: Vec<String>) -> Self {
        Self { only, ..self }
    }

    /// Adds a gate that the candidate fails.
    pub(super) fn refuse(&mut self, gate: Gate, why: impl Into<String>) {
        self.refusals.push(Refusal::new(gate, why));
    }

    /// Puts the candidate to the gates. A candidate that does not pay at any size is not put to
    /// those that ask for a size.
    fn gated(mut self, basis: &OfferBasis<'_>) -> Self {
        let (priced, workload) = (basis.priced, basis.workload);
        let settings = &priced.observation.settings;
        let term = self.offered.term();
        if self.refusals.is_empty() {
            // By the subject that the advice itself would have, or nothing would ever be open.
            let subject = self.offered.subject(&workload.model);
            let was_open = gates::was_open(priced, workload, self.offered.action(), &subject);
            self.refusals.extend(gates::thresholds(settings, self.savings, self.bound, was_open));
            if let Some(trial) = &self.trial {
                let lanes = match self.offered {
                    Offered::Units(_) => workload.servable().count().min(MOST_CALLS),
                    // They serve all requests of their scope by themselves.
                    Offered::Tokens(_) => 1,
                };
                self.refusals.extend(gates::certainty(trial.certainty.as_ref(), lanes));
                let trend = gates::trend(trial, term);
                self.refusals.extend(trend.or_else(|| gates::mix(trial, term)));
                self.refusals.extend(gates::backtest(trial));
                self.held_back = FreshBreak::of(priced, trial);
                let working = |certainty| working_of(certainty, lanes);
                self.workings.extend(trial.certainty.as_ref().map(working));
            }
        // Refused requests have no price in the demand, so only a loss can be named as what
        // capacity costs.
        } else if workload.is_throttled() && !self.savings.is_positive() {
            let price = Usd::ZERO - self.savings;
            self.price_of_capacity = Some(price);
            self.refuse(Gate::Optimum, format!(
                "requests were throttled: as capacity against that, {} would be bought for {price} a month, which is no saving",
                self.amount
            ));
        }
        self.refusals.extend(gates::history(settings, workload, term));
        self.refusals.extend(gates::lifecycle(workload, term, priced.day));
        // One stale price is enough to doubt: the saving is the difference of all.
        let oldest = basis.rates_checked.into_iter().chain([self.offered.checked()]);
        self.refusals.extend(oldest.min().and_then(|day| gates::freshness(priced, day)));
        self
    }

    /// Returns the cost of the traffic with the purchase, in USD a month.
    pub(super) fn with(&self) -> Usd {
        self.without - self.savings
    }

    pub(super) fn describe(&self) -> String {
        format!("{}, {}", self.amount, self.offered.describe())
    }

    /// Returns the money that the purchase binds over the whole term; `None` without a term.
    pub(super) fn commitment_total(&self) -> Option<Usd> {
        let months = self.offered.term().months();
        (months > 0).then(|| Usd::new(self.bound.dollars() * Decimal::from(months)))
    }

    /// Builds the plan of the purchase.
    pub(super) fn plan(&self) -> Plan {
        let mut plan = Plan::new(
            self.offered.action(),
            if self.is_sized {
                self.describe()
            } else {
                format!("{}, {}", self.offered.noun(), self.offered.describe())
            },
        );
        plan.estimated_monthly_savings = self.is_sized.then_some(self.savings);
        plan.months_to_pay = self.months_to_pay;
        plan.price_of_capacity = self.price_of_capacity;
        plan.refused(self.refusals.clone())
    }
}

fn traffic_working(monthly_cost: Usd) -> Working {
    Working::new(
        "on-demand cost of the traffic that it could serve",
        monthly_cost,
        "the hours of the recent window at the cheapest allowed rates × 730 ÷ its hours",
    )
}

fn working_of(certainty: &Certainty, lanes: usize) -> Working {
    let lower = monthly(certainty.lower_bound(lanes));
    let what = gates::lower_bound_in_words(lanes);
    Working::new(
        what.trim_end_matches(','),
        lower.map_or_else(|| "unknown".into(), |lower| lower.to_string()),
        format!(
            "Student's t over the savings of {} whole weeks of this very purchase, two by two, a month",
            certainty.weeks()
        ),
    )
}

/// Gives to each offer with a term the months in which the next shorter arrangement has cost as
/// much as the whole term does; on-demand is the shortest.
pub(super) fn months_to_pay(candidates: &mut [Candidate<'_>]) {
    for place in 0..candidates.len() {
        let one = &candidates[place];
        let months = one.offered.term().months();
        let shorter = candidates
            .iter()
            .filter(|other| {
                other.offered.is_kin_of(&one.offered)
                    && other.offered.term().months() < months
                    && other.is_sized
            })
            .map(Candidate::with)
            .min()
            // On-demand is always to be had, whatever shorter terms cost.
            .map_or(one.without, |with| with.min(one.without));
        // What costs nothing without the term is never as dear as the term.
        if months == 0 || !one.is_sized || !shorter.is_positive() {
            continue;
        }
        candidates[place].months_to_pay = Some(Months::to_pay(one.with(), months, shorter));
    }
}

/// Says for the reader of the advice what applies above a purchase.
pub(super) fn overflow_risk(settings: &Settings) -> String {
    match settings.overflow {
        Overflow::Throttle => format!(
            "AWS refuses what exceeds the units: they cover the highest minute of {MINUTE_DAYS} days and {} headroom; bursts inside a minute are not seen",
            settings.headroom.percent()
        ),
        Overflow::Spill => gates::SPILL_ASSUMPTION.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// After so many months the shorter arrangement has cost the whole term, a tenth before not.
        #[test]
        fn a_term_is_paid_off_when_the_shorter_arrangement_has_cost_as_much(
            cents in 1i64..100_000_000, shorter in 1i64..100_000_000, months in 1u32..=6,
        ) {
            let (cost, shorter) = (Usd::new(Decimal::new(cents, 2)), Usd::new(Decimal::new(shorter, 2)));
            let paid = Months::to_pay(cost, months, shorter).number();
            let whole = cost.dollars() * Decimal::from(months);
            prop_assert!(shorter.dollars() * paid >= whole);
            prop_assert!(shorter.dollars() * (paid - Decimal::new(1, 1)) < whole);
        }
    }
}
