//! The advice on what is held, and the gates that holding less must pass.

use jiff::civil::Date;
use serde::Serialize;

use crate::advice::amount::Amount;
use crate::advice::fresh_break::FreshBreak;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::{Action, Recommendation, Step, Working, command};
use crate::domain::{Term, Usd};
use crate::observation::ProvisionedModel;
use crate::pricing::{Holding, Priced, Workload};
use crate::sizing::Certainty;
use crate::sizing::demand::UnknownDemand;
use crate::sizing::trial::Trial;

/// Advice on one holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldingAdvice {
    /// Address of a provisioned model, or name of reserved tokens.
    pub subject: String,
    /// Comparison of what the holding is asked for with what the holding has.
    pub load: HoldingLoad,
    /// Amount that would cost least, in words; `None` where that cannot be said.
    pub right_size: Option<String>,
    /// Words on a model that leaves inside the holding's term; `None` where the model stays.
    pub lifecycle_risk: Option<String>,
    /// Thing to do before the term ends; `None` without a term.
    pub at_term_end: Option<AtTermEnd>,
    /// Reason for which the holding is not to be renewed as it is; `None` where it is, or where
    /// other advice says so.
    pub at_term_end_because: Option<String>,
}

impl HoldingAdvice {
    /// Says what to do before the term of a holding ends, where the holding has one.
    pub(super) fn decide(&mut self, holding: &Holding<'_>, at_end: AtTermEnd) {
        self.at_term_end = holding.held.is_under_term().then_some(at_end);
    }

    /// Builds the advice on a holding of which nothing is known.
    pub(crate) fn unknown(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            load: HoldingLoad::Unknown,
            right_size: None,
            lifecycle_risk: None,
            at_term_end: None,
            at_term_end_because: None,
        }
    }
}

/// A holding bought for another term: renewing binds as much money as buying.
pub(super) struct Renewal {
    pub(super) term: Term,
    /// First day of the new term.
    pub(super) first: Date,
    /// Saving beside holding none, in USD a month.
    pub(super) savings: Usd,
    /// Money that the renewal binds, in USD a month.
    pub(super) bound: Usd,
    /// Trial of the holding; `None` where the demand is not known.
    pub(super) trial: Option<Trial>,
    /// Day on which the stalest of the prices behind it was checked.
    pub(super) checked: Date,
}

impl Renewal {
    /// Puts the renewal to the gates of a purchase. Where the model or its demand goes, the holding is
    /// to expire; where too little is saved or known to bind money for it, nothing is decided.
    pub(super) fn decided(
        &self,
        priced: &Priced<'_>,
        workload: &Workload<'_>,
    ) -> (AtTermEnd, Option<String>) {
        let settings = &priced.observation.settings;
        let Some(trial) = &self.trial else {
            return (AtTermEnd::Undecided, None);
        };
        let trend = gates::trend(trial, self.term).or_else(|| gates::mix(trial, self.term));
        let mut refused: Vec<Refusal> = trend.into_iter().collect();
        refused.extend(gates::lifecycle(workload, self.term, self.first));
        let mut unknown: Vec<Refusal> =
            gates::thresholds(settings, self.savings, self.bound, false).into_iter().collect();
        unknown.extend(gates::certainty(trial.certainty.as_ref(), 1));
        unknown.extend(gates::backtest(trial));
        unknown.extend(gates::history(settings, workload, self.term));
        unknown.extend(
            FreshBreak::of(priced, trial).map(|held| Refusal::new(Gate::Trend, held.to_string())),
        );
        unknown.extend(gates::freshness(priced, self.checked));
        let (at_end, refusals) = match (refused.is_empty(), unknown.is_empty()) {
            (true, true) => return (AtTermEnd::Renew, None),
            (true, false) => (AtTermEnd::Undecided, unknown),
            (false, _) => (AtTermEnd::LetExpire, refused),
        };
        let whys: Vec<String> = refusals.into_iter().map(|refusal| refusal.why).collect();
        let because = format!("renewing binds {} a month: {}", self.bound, whys.join("; "));
        (at_end, Some(because))
    }
}

/// Thing to do about a holding before its term ends, since the holding renews by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtTermEnd {
    /// Nothing: the holding is worth its price.
    Renew,
    /// Hold less.
    RightSize,
    /// Hold none.
    LetExpire,
    /// Nothing that could be said.
    Undecided,
}

/// Comparison of what a holding is asked for with what the holding has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingLoad {
    /// The holding refused requests.
    Oversubscribed,
    /// A smaller holding would cost less.
    UnderUsed,
    /// The holding has the size that costs least, or a smaller one.
    Fits,
    /// Nothing that could be said.
    Unknown,
}

/// Result of looking for a smaller size of a holding.
pub(super) enum SizeReview<A> {
    /// A smaller size would cost less.
    Smaller(SmallerHolding<A>),
    /// No smaller size is known to cost less.
    NoneCheaper,
}

/// A reason for which the size that a holding should have is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownSize {
    /// The usage or the prices of the workload are not whole.
    #[error("{}", .0.why)]
    Incomplete(Refusal),
    /// The on-demand price of what is served may be too low.
    #[error("{}", .0.why)]
    LowPrice(Refusal),
    /// The holding has no known cost.
    #[error("nobody says what it costs")]
    NoCost,
    /// The book does not sell what is held.
    #[error("the price book has no price of it")]
    NoOffer,
    /// The holding carried more than its units are said to serve.
    #[error("{}", .0.why)]
    ExceedsCapacity(Refusal),
    /// The demand for the holding is not known.
    #[error(transparent)]
    Demand(#[from] UnknownDemand),
}

/// A smaller size of a holding.
pub(super) struct SmallerHolding<A> {
    /// Amount that is held then.
    pub(super) to: A,
    pub(super) savings: Usd,
    /// Certainty of the saving; `None` where the weeks are too few.
    pub(super) certainty: Option<Certainty>,
    pub(super) workings: Vec<Working>,
}

impl<A: Copy + Into<Amount>> SmallerHolding<A> {
    /// Returns true if nothing is held then.
    pub(super) fn is_none(&self) -> bool {
        self.amount().is_none()
    }

    /// Returns the amount that is held then.
    pub(super) fn amount(&self) -> Amount {
        self.to.into()
    }

    pub(super) fn at_term_end(&self) -> AtTermEnd {
        if self.is_none() { AtTermEnd::LetExpire } else { AtTermEnd::RightSize }
    }
}

/// Builds the working that tells what a smaller size was judged by.
pub(super) fn judged_by(what: &str) -> Working {
    Working::new("judged by", what, "the guard's own rule")
}

/// Lists the gates that holding less fails: the saving has to be large enough, and sure. `changed` is
/// what the holding costs, in USD a month.
pub(super) fn refusals<A>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    smaller: &SmallerHolding<A>,
    changed: Usd,
    action: Action,
    subject: &str,
) -> Vec<Refusal> {
    let was_open = gates::was_open(priced, workload, action, subject);
    let settings = &priced.observation.settings;
    // Nothing is bound, so the share is of what is changed.
    let mut refusals: Vec<Refusal> =
        gates::thresholds(settings, smaller.savings, changed, was_open).into_iter().collect();
    // No gate on history or trend: holding less binds nobody longer than holding on.
    refusals.extend(gates::certainty(smaller.certainty.as_ref(), 1));
    if workload.is_throttled() {
        let why = "requests were throttled: less of it would refuse more";
        refusals.push(Refusal::new(Gate::Knowledge, why));
    }
    refusals
}

/// Puts a change off to the end of the term, where there is one.
pub(super) fn put_off_to_term_end(
    priced: &Priced<'_>,
    held: &ProvisionedModel,
    advice: &mut Recommendation,
    mut steps: Vec<Step>,
) {
    let now = priced.observation.as_of;
    if held.is_under_term() {
        advice.await_term_end(held, now);
        advice.grounds.risks.push(
            "it renews by itself at the end of its term unless that is prevented in time".into(),
        );
        // Waiting alone is no step towards anything.
        if !steps.is_empty() {
            steps.insert(0, command::await_term_end(held, now));
        }
    }
    advice.remedy.take_steps(steps);
}
