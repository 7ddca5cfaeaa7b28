//! The gates that advice must pass before it counts. Each gate that fails is named: "why not" is an
//! answer.

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::advice::Action;
use crate::advice::recommendation::stable_id;
use crate::catalog::{AllowedScope, Dismissal};
use crate::config::Settings;
use crate::domain::{Meter, PurchaseSize, Ratio, Term, Usd, day_of};
use crate::pricing::{Holding, LaneRates, Priced, Workload};
use crate::sizing::Certainty;
use crate::sizing::certainty::{level_in_words, monthly};
use crate::sizing::trial::{BacktestOutcome, GATING_FOLDS, Trial, percent};

/// Assumption behind figures where callers route what exceeds the units.
pub(super) const SPILL_ASSUMPTION: &str =
    "callers are assumed to route what exceeds the units to on-demand, at one mix a minute";

/// Says that a change rests on giving up a holding, which pays for the calls that make the room.
pub(super) fn rests_on_giving_up(payer: &Holding<'_>) -> String {
    let name = &payer.held.provisioned_model_name;
    format!("it rests on giving up {name}: the calls that make room leave with that")
}

/// Something that kept a plan from being advised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// A proof shows that no purchase of the kind saves.
    Certificate,
    /// No size costs less.
    Optimum,
    /// A capacity, minutes or whole figures are missing to size the purchase.
    Knowledge,
    /// Too few days were observed.
    History,
    /// The saving is too small, in dollars or of the money that is bound.
    Thresholds,
    /// The weeks do not tell the saving from none.
    Certainty,
    /// The saving would be gone before its term if demand goes on to fall.
    Trend,
    /// Decided week by week, the purchase would not have kept its promise.
    Backtest,
    /// The model leaves.
    Lifecycle,
    /// AWS does not sell the purchase here.
    Availability,
    /// A setting or the operator forbids the change.
    Setting,
    /// Another change has to be made first.
    Order,
    /// Another plan saves more.
    Better,
    /// The change asks for more than money: another latency, another model.
    Effort,
    /// The book's prices are not what AWS charges.
    Prices,
}

/// A reason for which a plan is not advised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) gate: Gate,
    pub(super) why: String,
}

impl Refusal {
    pub(super) fn new(gate: Gate, why: impl Into<String>) -> Self {
        Self { gate, why: why.into() }
    }
}

/// Share of the thresholds above which an open recommendation stays open, so that a saving near a
/// threshold does not come and go with each run. Half of that would keep open what the operator's
/// thresholds refuse by far.
const KEPT_OPEN: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// Returns true if the operator dismissed a change, for as long as they said.
pub(super) fn is_dismissed(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    action: Action,
    subject: &str,
) -> bool {
    let id = stable_id(action, workload.place, subject);
    let today = day_of(priced.observation.as_of);
    priced.observation.overrides.dismissal(&id, today).is_some()
}

/// Says how long the operator dismissed a change, and why.
pub(super) fn dismissed_until(row: &Dismissal) -> String {
    format!("the overrides dismiss it until {}: {}", row.until, row.why)
}

/// Returns true if a change was recommended before this run.
pub(super) fn was_open(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    action: Action,
    subject: &str,
) -> bool {
    let id = stable_id(action, workload.place, subject);
    let mut open = priced.observation.open_before.iter();
    open.any(|open| open.id == id && open.region == workload.place.region)
}

/// Returns true if a size that is open saves enough to stay beside the best one: four fifths.
pub(super) fn stays(savings: Usd, best: Usd) -> bool {
    savings.is_positive() && savings >= Ratio::new(KEPT_OPEN).of(best)
}

/// Returns the size at which a purchase was last advised; `None` where it was not open before this run, or
/// nobody knows.
pub(super) fn size_before(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    action: Action,
    subject: &str,
) -> Option<PurchaseSize> {
    let id = stable_id(action, workload.place, subject);
    let mut sizes = priced.observation.sizes_before.iter();
    let before = sizes.find(|before| before.id == id && before.region == workload.place.region)?;
    was_open(priced, workload, action, subject).then_some(before.size)
}

/// Refuses savings that are not above both thresholds: an amount, and a share of `base`, which is
/// the money that a commitment binds in the same time, or the cost of what other advice changes.
pub(super) fn thresholds(
    settings: &Settings,
    savings: Usd,
    base: Usd,
    was_open: bool,
) -> Option<Refusal> {
    least(settings, savings, was_open).or_else(|| share(settings, savings, base, was_open))
}

/// Refuses savings that are not above the share of `base` alone, for a part of a change whose amount
/// is asked for of the whole.
pub(super) fn share(
    settings: &Settings,
    savings: Usd,
    base: Usd,
    was_open: bool,
) -> Option<Refusal> {
    (savings <= kept_open(was_open).of(settings.min_savings_ratio.of(base))).then(|| {
        let why = format!(
            "it would save {savings} of {base}, not more than GUARD_MIN_SAVINGS_RATIO ({}){}",
            settings.min_savings_ratio.percent(),
            above_which_open(was_open)
        );
        Refusal::new(Gate::Thresholds, why)
    })
}

/// Refuses savings that are not above the amount alone, for a change that binds nothing and can be
/// taken back at any time.
pub(super) fn least(settings: &Settings, savings: Usd, was_open: bool) -> Option<Refusal> {
    (savings <= kept_open(was_open).of(settings.min_monthly_savings)).then(|| {
        let why = format!(
            "it would save {savings} a month, not more than GUARD_MIN_MONTHLY_SAVINGS ({}){}",
            settings.min_monthly_savings,
            above_which_open(was_open)
        );
        Refusal::new(Gate::Thresholds, why)
    })
}

/// Returns the share of a threshold that a saving must be above.
fn kept_open(was_open: bool) -> Ratio {
    Ratio::new(if was_open { KEPT_OPEN } else { Decimal::ONE })
}

fn above_which_open(was_open: bool) -> String {
    if was_open {
        format!(", nor than {} of it, above which it would stay open", kept_open(true).percent())
    } else {
        String::new()
    }
}

/// Refuses a commitment on prices that nobody has looked at for too long.
pub(super) fn freshness(priced: &Priced<'_>, checked: Date) -> Option<Refusal> {
    let most = priced.observation.settings.max_price_age_days;
    let today = day_of(priced.observation.as_of);
    let age = checked.until(today).map_or(0, |span| span.get_days());
    (i64::from(age) > i64::from(most)).then(|| {
        let why = format!(
            "a price that it rests on was last checked on {checked}, {age} days ago, more than GUARD_MAX_PRICE_AGE_DAYS ({most})"
        );
        Refusal::new(Gate::Knowledge, why)
    })
}

/// Returns the day on which the stalest of the prices that an offer is compared with was checked, the
/// offer's own included.
pub(super) fn oldest_check(rates: &[LaneRates<'_>], offer: Date) -> Date {
    let rates = rates.iter().flat_map(|rates| &rates.rates);
    rates.map(|(_, rate)| rate.source.provenance.checked).fold(offer, Date::min)
}

/// Days at the start of a window in which a first point is early enough: work of one weekday has none
/// before its day.
const FIRST_WEEK: u32 = 7;

/// Refuses a commitment without history: the configured days at least, and as many as its term
/// binds.
pub(super) fn history(settings: &Settings, workload: &Workload<'_>, term: Term) -> Option<Refusal> {
    // A term is promised on as many days as it binds; what was first used in their first week was used
    // all along.
    let needed = settings.min_observed_days.max(term.whole_days());
    let enough = settings.min_observed_days.max(term.whole_days().saturating_sub(FIRST_WEEK));
    (workload.observed_days < enough).then(|| {
        let looked_back = settings.lookback_days;
        let why = format!(
            "it has {} whole days of history{}, {} needs {needed}",
            workload.observed_days,
            if workload.observed_days < looked_back {
                String::new()
            } else {
                format!(", as many as GUARD_LOOKBACK_DAYS ({looked_back}) looks back on")
            },
            match term {
                Term::None => "a purchase without a term".to_owned(),
                term => format!("a {term}"),
            }
        );
        Refusal::new(Gate::History, why)
    })
}

/// Names the lower bound that a saving is held to, by the lanes that could be chosen.
pub(super) fn lower_bound_in_words(lanes: usize) -> String {
    let level = level_in_words(lanes);
    match lanes {
        0 | 1 => format!("lower {level} bound"),
        _ => format!("lower {level} bound, for {lanes} lanes to choose from,"),
    }
}

/// Refuses a saving whose lower bound, by the week, is not above zero.
pub(super) fn certainty(certainty: Option<&Certainty>, lanes: usize) -> Option<Refusal> {
    let why = match certainty {
        None => "fewer than four whole weeks tell nothing of its certainty".to_owned(),
        Some(certainty) if certainty.lower_bound(lanes) > 0.0 => return None,
        Some(certainty) => {
            let lower = monthly(certainty.lower_bound(lanes));
            format!(
                "over {} weeks its saving cannot be told from none: the {} is {} a month",
                certainty.weeks(),
                lower_bound_in_words(lanes),
                lower.map_or_else(|| "unknown".into(), |lower| lower.to_string())
            )
        }
    };
    Some(Refusal::new(Gate::Certainty, why))
}

/// Refuses a purchase that would lose money before its term ends if the observed decline goes on.
pub(super) fn trend(trial: &Trial, term: Term) -> Option<Refusal> {
    let shortfall = trial.falls_short(term)?;
    let share = |share: f64| percent(share, 1).map_or_else(String::new, |share| share.to_string());
    let why = format!(
        "demand falls: at this rate {} of it is left {}, and it loses money below {}",
        share(shortfall.left),
        match term {
            Term::None => "in a month".to_owned(),
            term => format!("at the end of the {term}"),
        },
        share(shortfall.needed)
    );
    Some(Refusal::new(Gate::Trend, why))
}

/// Refuses a purchase that would lose money at the end of its term at the mix of meters that comes if the
/// weeks go on as they do.
pub(super) fn mix(trial: &Trial, term: Term) -> Option<Refusal> {
    let loss = trial.loss_at_the_mix_to_come(term)?;
    let why = format!(
        "its mix of input, output and cached tokens shifts: carried on {}, it loses {loss} a month",
        match term {
            Term::None => "for a month".to_owned(),
            term => format!("to the end of the {term}"),
        },
    );
    Some(Refusal::new(Gate::Trend, why))
}

/// Refuses a purchase that, decided week by week, would have kept less than half of its promise, or of its
/// promise beyond what needs no term, or, where what exceeds the purchase is refused, would have refused more than a
/// thousandth of the tokens.
pub(super) fn backtest(trial: &Trial) -> Option<Refusal> {
    let (backtest, least_kept, most_refused) = match &trial.backtest {
        // Half of the promise, and one token in a thousand: docs/advice.md promises both to the
        // reader.
        BacktestOutcome::Savings(backtest) | BacktestOutcome::Added(backtest) => {
            (backtest, 0.5, f64::INFINITY)
        }
        BacktestOutcome::Refusals(backtest) => (backtest, f64::NEG_INFINITY, 0.001),
    };
    let folds = backtest.folds.len();
    // Fewer folds are an anecdote, which must not stop a purchase that the other gates pass.
    let ratio = backtest.ratio().filter(|_| folds >= GATING_FOLDS)?;
    if ratio >= least_kept && ratio <= most_refused {
        return None;
    }
    let share = percent(ratio, 2).map_or_else(String::new, |share| share.number().to_string());
    let why = match &trial.backtest {
        BacktestOutcome::Savings(_) => format!(
            "decided week by week it would have saved {share} % of what it promised in {folds} weeks"
        ),
        BacktestOutcome::Added(_) => format!(
            "decided week by week the term would have saved {share} % of what it promised beyond units without one in {folds} weeks"
        ),
        BacktestOutcome::Refusals(_) => format!(
            "sized week by week it would have refused {share} % of the tokens of {folds} weeks, more than 0.1 %"
        ),
    };
    Some(Refusal::new(Gate::Backtest, why))
}

/// Refuses to size on a stated capacity where the units that are held carried more.
pub(super) fn capacity(holding: &Holding<'_>) -> Refusal {
    let peak = holding.exceeds_capacity().map_or_else(String::new, |peak| peak.to_string());
    let why = format!(
        "{} carried {peak} of the capacity that is stated: a unit serves more, correct it first",
        holding.held.provisioned_model_name
    );
    Refusal::new(Gate::Knowledge, why)
}

/// Refuses a commitment on figures that are not whole.
pub(super) fn completeness(workload: &Workload<'_>) -> Vec<Refusal> {
    let mut failed = Vec::new();
    if let Some(gap) = workload.gaps.first().or(workload.minute_gaps.first()) {
        failed.push(format!("its usage is incomplete ({gap})"));
    }
    if let Some(usage) = workload.unpriced().next() {
        failed.push(format!("part of it has no price ({})", usage.reason));
    }
    if workload.has_tier_splits() {
        failed
            .push("part of it is served at another service tier, which is not priced apart".into());
    }
    // Units whose load is not known are neither free nor full, and units that are being made or
    // changed may be what somebody bought on this very advice.
    if let Some(holding) = workload.holdings.iter().find(|holding| holding.is_in_doubt()) {
        failed.push(format!(
            "what {} serves is not known ({})",
            holding.held.provisioned_model_name,
            holding.doubt()
        ));
    }
    failed.into_iter().map(|why| Refusal::new(Gate::Knowledge, why)).collect()
}

/// Refuses to hold less of what would then be called on-demand at a price that may be too low: AWS
/// may charge more since the model is in extended access, and what is given up would be missed.
pub(super) fn on_demand_price(
    workload: &Workload<'_>,
    cheapest: &[LaneRates<'_>],
) -> Option<Refusal> {
    let since = workload.extended_access()?;
    let is_used = |rates: &LaneRates<'_>, of: Meter| {
        let mut meters = rates.lane.meters.iter();
        meters.any(|meter| meter.meter == of && !meter.recent.is_zero())
    };
    let is_before = cheapest.iter().any(|rates| {
        let mut priced = rates.rates.iter();
        priced.any(|(meter, rate)| {
            is_used(rates, *meter) && workload.is_from_before_extended_access(rate)
        })
    });
    is_before.then(|| {
        let why = format!(
            "its on-demand price is from before {}, since when it is in extended access and AWS may charge more",
            since.day
        );
        Refusal::new(Gate::Knowledge, why)
    })
}

/// Refuses a commitment from a day on that would outlive its model, or to a Legacy one, of which AWS
/// sells no more.
pub(super) fn lifecycle(workload: &Workload<'_>, term: Term, first: Date) -> Option<Refusal> {
    let refused = |why: String| Some(Refusal::new(Gate::Lifecycle, why));
    let lifecycle = &workload.lifecycle;
    if lifecycle.is_legacy {
        return refused("the model is Legacy: AWS sells no new commitment of it".into());
    }
    let bound_until = first.saturating_add(i64::from(term.most_days()).days());
    match lifecycle.end_of_life {
        Some(end) if end.day <= bound_until => {
            refused(format!("the model's end of life, {end}, falls inside the {term}"))
        }
        _ => None,
    }
}

/// Says what keeps a commitment that serves in some scopes from counting: the overrides may not
/// allow them for a model.
pub(super) fn allowed(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    scopes: &[AllowedScope],
) -> Option<String> {
    let overrides = &priced.observation.overrides;
    let forbidden = scopes
        .iter()
        // One allowed scope is enough, since callers choose it.
        .all(|scope| overrides.allows(&workload.model, *scope) == Some(false));
    forbidden.then(|| match scopes {
        [AllowedScope::Global] => {
            "the overrides do not allow the global scope for this model".to_owned()
        }
        _ => "the overrides do not allow the in-Region scope for this model".to_owned(),
    })
}

/// Says what keeps model units from counting: they serve in their Region, which the overrides may
/// not allow for a model.
pub(super) fn in_region(priced: &Priced<'_>, workload: &Workload<'_>) -> Option<String> {
    allowed(priced, workload, &[AllowedScope::InRegion])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_passes_the_thresholds_is_above_both(
            least in 0i64..1_000, ratio in 0i64..100, savings in 0i64..2_000, base in 0i64..10_000,
            was_open in any::<bool>(),
        ) {
            let usd = |dollars: i64| Usd::new(Decimal::from(dollars));
            let settings = Settings {
                min_monthly_savings: usd(least),
                min_savings_ratio: Ratio::new(Decimal::new(ratio, 2)),
                ..Settings::default()
            };
            let passes = thresholds(&settings, usd(savings), usd(base), was_open).is_none();
            // What is open stays open above four fifths.
            let (part, whole) = if was_open { (4, 5) } else { (1, 1) };
            let above = |threshold: i64, scale: i64| savings * whole * scale > threshold * part;
            prop_assert_eq!(passes, above(least, 1) && above(ratio * base, 100));
            let is_enough = super::least(&settings, usd(savings), was_open).is_none();
            prop_assert_eq!(is_enough, above(least, 1));
        }
    }
}
