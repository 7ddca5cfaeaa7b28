//! What is said of what is held, and what holding less must pass.

use serde::Serialize;

use crate::advice::candidate::Amount;
use crate::advice::gates::{self, Gate, Refusal};
use crate::advice::{Action, Recommendation, Step, Working, command};
use crate::domain::Usd;
use crate::observation::ProvisionedModel;
use crate::pricing::{Holding, Priced, Workload};
use crate::sizing::Certainty;
use crate::sizing::demand::UnknownDemand;

/// What is said of one holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldingAdvice {
    /// Its address, or the name of reserved tokens.
    pub subject: String,
    /// How what it is asked for compares with what it has.
    pub load: HoldingLoad,
    /// How much of it would cost least, in words; `None` where that cannot be said.
    pub right_size: Option<String>,
    /// What happens to it inside its term, where its model leaves.
    pub lifecycle_risk: Option<String>,
    /// What to do about it before its term ends; `None` without a term.
    pub at_term_end: Option<AtTermEnd>,
}

impl HoldingAdvice {
    /// Says what to do before its term ends, where it has one.
    pub(super) fn decide(&mut self, holding: &Holding<'_>, at_end: AtTermEnd) {
        self.at_term_end = holding.held.is_under_term().then_some(at_end);
    }

    /// Nothing is known of it.
    pub(crate) fn unknown(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            load: HoldingLoad::Unknown,
            right_size: None,
            lifecycle_risk: None,
            at_term_end: None,
        }
    }
}

/// What to do about a holding before its term ends: it renews by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtTermEnd {
    /// Nothing: it is worth its price.
    Renew,
    /// Hold less of it.
    RightSize,
    /// Hold none of it.
    LetExpire,
    /// That cannot be said.
    Undecided,
}

/// How what a holding is asked for compares with what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldingLoad {
    /// It refused requests.
    Oversubscribed,
    /// Less of it would cost less.
    UnderUsed,
    /// It has the size that costs least, or a smaller one.
    Fits,
    /// That cannot be said.
    Unknown,
}

/// The result of looking for a smaller size of a holding.
pub(super) enum SizeReview<A> {
    /// Holding less would cost less.
    Smaller(SmallerHolding<A>),
    /// No smaller size is known to cost less.
    NoneCheaper,
}

/// Why the size that a holding should have is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownSize {
    /// Its usage or its prices are not whole.
    #[error("{}", .0.why)]
    Incomplete(Refusal),
    /// It has no cost.
    #[error("nobody says what it costs")]
    NoCost,
    /// The book does not sell what is held.
    #[error("the price book has no price of it")]
    NoOffer,
    /// It carried more than its units are said to serve.
    #[error("{}", .0.why)]
    ExceedsCapacity(Refusal),
    /// The demand for it is not known.
    #[error(transparent)]
    Demand(#[from] UnknownDemand),
}

/// Holding less than now.
pub(super) struct SmallerHolding<A> {
    /// How much is held then.
    pub(super) to: A,
    pub(super) savings: Usd,
    /// How sure the saving is.
    pub(super) certainty: Option<Certainty>,
    pub(super) workings: Vec<Working>,
}

impl<A: Copy + Into<Amount>> SmallerHolding<A> {
    /// Whether nothing is held then.
    pub(super) fn is_none(&self) -> bool {
        self.amount().is_none()
    }

    /// How much is held then, in words.
    pub(super) fn amount(&self) -> Amount {
        self.to.into()
    }

    pub(super) fn at_term_end(&self) -> AtTermEnd {
        if self.is_none() {
            AtTermEnd::LetExpire
        } else {
            AtTermEnd::RightSize
        }
    }
}

/// The working that tells what a smaller size was judged by.
pub(super) fn judged_by(what: &str) -> Working {
    Working::new("judged by", what, "the guard's own rule")
}

/// What holding less must pass: it has to save enough, and surely.
pub(super) fn refusals<A>(
    priced: &Priced<'_>,
    workload: &Workload<'_>,
    smaller: &SmallerHolding<A>,
    action: Action,
    subject: &str,
) -> Vec<Refusal> {
    let was_open = gates::was_open(priced, workload, action, subject);
    let settings = &priced.observation.settings;
    let base = workload.monthly_cost();
    let mut refusals: Vec<Refusal> = gates::thresholds(settings, smaller.savings, base, was_open)
        .into_iter()
        .collect();
    refusals.extend(gates::certainty(smaller.certainty.as_ref()));
    if workload.is_throttled() {
        let why = "requests were throttled: less of it would refuse more";
        refusals.push(Refusal::new(Gate::Knowledge, why));
    }
    refusals
}

/// Puts a change off to the end of the term, where there is one.
pub(super) fn put_off_to_term_end(
    held: &ProvisionedModel,
    advice: &mut Recommendation,
    mut steps: Vec<Step>,
) {
    if held.is_under_term() {
        advice.await_term_end(held);
        advice.grounds.risks.push(
            "it renews by itself at the end of its term unless that is prevented in time".into(),
        );
        if !steps.is_empty() {
            steps.insert(0, command::await_term_end(held));
        }
    }
    advice.remedy.take_steps(steps);
}
