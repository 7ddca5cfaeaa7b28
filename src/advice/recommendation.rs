//! A recommendation: the change, the saving, and the origin of its figures.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::action::{Action, Effort};
use crate::advice::evidence::Evidence;
use crate::advice::fresh_break::FreshBreak;
use crate::advice::months::Months;
use crate::domain::{
    AccountId, BaseModel, Capacity, Partition, Percent, Place, PurchaseSize, Region, Tokens, Usd,
    day_of,
};
use crate::observation::ProvisionedModel;
use crate::pricing::Workload;
use crate::sizing::trial::BacktestReport;
use crate::sizing::{BreakEven, Certainty};

/// A change that saves money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Id of the change, the same from run to run.
    pub id: String,
    /// Action to take.
    pub action: Action,
    /// Effort of the action.
    pub effort: Effort,
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Provisioned model that the change is about; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_arn: Option<String>,
    /// Saving of the change.
    #[serde(flatten)]
    pub money: Money,
    /// Figures of the purchase, where the change is one.
    #[serde(flatten)]
    pub commitment: Commitment,
    /// Standing of the change.
    #[serde(flatten)]
    pub standing: Standing,
    /// True if the change was recommended before this run; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_open: Option<bool>,
    /// Grounds for the change.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Way to carry the change out.
    #[serde(flatten)]
    pub remedy: Remedy,
}

/// Saving of a change, with the start of the saving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Arrangement as the traffic runs now.
    pub current: Arrangement,
    /// Arrangement as the traffic would run.
    pub proposed: Arrangement,
    /// Saving in USD a month.
    pub estimated_monthly_savings: Savings,
    /// Saving as a share of what is spent now on what the change touches; absent where that is
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_savings_percentage: Option<Percent>,
    /// First instant of the saving; absent where that is at once. The change does not count before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savings_start: Option<Timestamp>,
}

/// Figures of a purchase; empty for other changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Commitment {
    /// Volume at which the purchase begins to pay; for model units alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<BreakEven>,
    /// Months in which the next shorter arrangement has cost as much as the whole term; absent
    /// without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_pay: Option<Months>,
    /// Share of the demand that can go while the commitment still costs no more than none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robustness: Option<Percent>,
    /// Result of deciding like this week by week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestReport>,
    /// Size of the purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advised_size: Option<PurchaseSize>,
    /// Cost of the commitment over the whole term, in USD; absent without a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_total: Option<Usd>,
}

/// Standing of a change: undoable or not, counted or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// True if the change can be taken back.
    pub rollback_possible: bool,
    /// Setting or term that keeps the change from counting; absent where the change counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_counted_because: Option<String>,
    /// Day on which to look again at a commitment that is held since demand fell in the last days; absent
    /// where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Date>,
}

/// Grounds for a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grounds {
    /// Risks and assumptions.
    pub risks: Vec<String>,
    /// Derivation of the figures, step by step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workings: Vec<Working>,
    /// Origins of the numbers.
    pub evidence: Evidence,
}

/// Way to carry a change out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Steps for a person, in this order; empty where there is no command for any of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Command of the first step, for a person to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Seller to ask, where AWS sells only through people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Address of the page to look at.
    pub console_url: String,
}

/// One step of a person who carries out a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Step in words.
    pub text: String,
    /// Command that takes the step, for a person to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Condition for taking the next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
}

impl Step {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None, wait_for: None }
    }

    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    pub(super) fn wait_for(mut self, what: impl Into<String>) -> Self {
        self.wait_for = Some(what.into());
        self
    }
}

/// One figure with its derivation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Working {
    /// Figure in words.
    pub what: String,
    /// Value of the figure.
    pub value: String,
    /// Derivation of the value.
    pub from: String,
}

impl Working {
    pub(super) fn new(what: &str, value: impl fmt::Display, from: impl Into<String>) -> Self {
        Self { what: what.to_owned(), value: format!("{value}"), from: from.into() }
    }

    /// Tells what a unit is taken to serve.
    pub(super) fn capacity(capacity: Capacity) -> Self {
        let value = format!(
            "{} input and {} output tokens",
            Tokens::new(capacity.input_tokens_per_hour),
            Tokens::new(capacity.output_tokens_per_hour)
        );
        Self::new("what a unit serves an hour", value, "the price book or the overrides")
    }
}

/// An arrangement that serves some traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrangement {
    /// Arrangement in words.
    pub description: String,
    /// Cost in USD a month; absent where the price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<Usd>,
}

impl Arrangement {
    /// Builds an arrangement whose cost is known, in USD a month.
    pub(super) fn costing(description: impl Into<String>, monthly_cost: Usd) -> Self {
        Self { description: description.into(), monthly_cost: Some(monthly_cost) }
    }
}

/// Saving of a change in USD a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Savings {
    /// Saving as the recent window went; absent where a price is not known, and then the change does
    /// not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Usd>,
    /// Lower end of the range in which a month of the coming term lies about three times in four; it
    /// holds what was observed. Absent with less than 16 weeks of history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p10: Option<Usd>,
    /// Saving of the mean week that was, as a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<Usd>,
    /// Upper end of the same range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<Usd>,
}

impl Money {
    /// Computes the saving of one arrangement instead of another, from now on.
    pub(super) fn saved(current: Arrangement, proposed: Arrangement) -> Self {
        let costs = current.monthly_cost.zip(proposed.monthly_cost);
        let observed = costs.map(|(now, then)| now - then);
        Self {
            estimated_monthly_savings: Savings { observed, p10: None, p50: None, p90: None },
            estimated_savings_percentage: costs
                .and_then(|(now, then)| (now - then).percent_of(now)),
            current,
            proposed,
            savings_start: None,
        }
    }

    /// Adds the range of the saving over a coming term of so many months, where the weeks tell it.
    pub(super) fn sure(mut self, certainty: Option<&Certainty>, months: u32) -> Self {
        let savings = &mut self.estimated_monthly_savings;
        let observed = certainty.zip(savings.observed);
        let range = observed.and_then(|(certainty, observed)| certainty.range(months, observed));
        savings.p10 = range.map(|range| range.low);
        savings.p50 = range.map(|range| range.mean);
        savings.p90 = range.map(|range| range.high);
        self
    }

    fn working(&self) -> Working {
        match self.current.monthly_cost.zip(self.proposed.monthly_cost) {
            Some((now, instead)) => {
                let from = format!("{now} now − {instead} instead");
                Working::new("saves a month", now - instead, from)
            }
            None => Working::new("saves a month", "unknown", "a price is missing"),
        }
    }
}

impl Standing {
    /// Holds a commitment for a fresh break in demand: what is open stays open, and does not count.
    pub(super) fn hold(&mut self, held: &FreshBreak) {
        self.look_again = Some(held.look_again);
        self.also_not_counted(&held.to_string());
    }

    /// Adds a reason for which the change does not count.
    pub(super) fn also_not_counted(&mut self, because: &str) {
        self.not_counted_because = Some(match self.not_counted_because.take() {
            Some(before) => format!("{before}; {because}"),
            None => because.to_owned(),
        });
    }
}

impl Remedy {
    /// Sets the steps, and beside them the first one's command.
    pub(super) fn take_steps(&mut self, steps: Vec<Step>) {
        self.command = steps.first().and_then(|step| step.command.clone());
        self.steps = steps;
    }
}

impl Recommendation {
    /// Builds a change of a workload that takes effect at once and can be taken back. `subject`
    /// makes the change the same from run to run.
    pub(super) fn new(
        action: Action,
        workload: &Workload<'_>,
        subject: &str,
        money: Money,
        evidence: Evidence,
    ) -> Self {
        let region = &workload.place.region;
        Self {
            id: stable_id(action, workload.place, subject),
            action,
            effort: action.effort(),
            account: workload.place.account.clone(),
            region: region.clone(),
            model: workload.model.clone(),
            provisioned_model_arn: None,
            // Only purchases have any of these figures.
            commitment: Commitment::default(),
            standing: Standing {
                rollback_possible: true,
                not_counted_because: None,
                look_again: None,
            },
            // The report says this, which knows all that was open.
            was_open: None,
            grounds: Grounds {
                risks: evidence.caveats(),
                workings: vec![money.working()],
                evidence,
            },
            remedy: Remedy {
                steps: Vec::new(),
                command: None,
                contact: None,
                console_url: console_url(region),
            },
            money,
        }
    }

    /// Puts the change off until the term of a provisioned model ends, which is paid for until
    /// then.
    pub(super) fn await_term_end(&mut self, held: &ProvisionedModel, now: Timestamp) {
        let because = "it is paid for until its term ends";
        self.money.savings_start = held.term_end(now);
        self.standing = Standing {
            rollback_possible: false,
            not_counted_because: Some(match held.passed_term_end(now) {
                Some(passed) => format!("{because}; {passed}"),
                None => because.to_owned(),
            }),
            look_again: None,
        };
    }

    /// Returns true if the saving is part of the headline.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.standing.not_counted_because.is_none()
    }

    /// Returns the saving in USD a month; `None` where a price is not known.
    #[must_use]
    pub const fn savings(&self) -> Option<Usd> {
        self.money.estimated_monthly_savings.observed
    }

    /// Says the change in one sentence that can be read alone.
    #[must_use]
    pub fn message(&self) -> String {
        let start = self
            .money
            .savings_start
            .map_or_else(String::new, |start| format!(" from {} on", day_of(start)));
        let uncounted = self
            .standing
            .not_counted_because
            .as_ref()
            .map_or_else(String::new, |because| format!(" (not counted: {because})"));
        let saves = self.savings().map_or_else(
            || "saves an amount that is not known".to_owned(),
            |savings| format!("saves {savings} a month"),
        );
        format!(
            "{} of {} in {} {saves}{start}{uncounted}: now {}; instead {}",
            self.action.title(),
            self.model,
            self.region,
            self.money.current.description,
            self.money.proposed.description
        )
    }
}

/// Derives the id of a change from its subject: FNV-1a, in ten hex digits. The account is left out:
/// a terminal does not know the account, and must name the change as the Lambda does.
pub(super) fn stable_id(action: Action, place: &Place, subject: &str) -> String {
    let text = format!("{}|{}|{subject}", action.name(), place.region);
    // By hand, since the standard hasher may change with the compiler, and an id must not.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("rec-{:010x}", hash & 0xff_ffff_ffff)
}

/// Returns the address of the Bedrock console of a Region.
fn console_url(region: &Region) -> String {
    let host = match region.partition() {
        // This partition has one console for all of its Regions.
        Partition::UsGov => "console.amazonaws-us-gov.com".to_owned(),
        Partition::Commercial | Partition::Other => format!("{region}.console.aws.amazon.com"),
    };
    format!("https://{host}/bedrock/home?region={region}")
}

/// Joins some names, and says how many more there are.
pub(super) fn several(names: &[&str]) -> String {
    // Enough for most accounts; one can have thousands of profiles of one model.
    const SHOWN: usize = 5;
    match names.len() {
        count if count > SHOWN => {
            format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN)
        }
        _ => names.join(" and "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_what_is_changed_and_on_nothing_else() {
        let place =
            |region: &str| Place { account: AccountId::new("1"), region: region.parse().unwrap() };
        let id = stable_id(Action::BuyModelUnits, &place("us-east-1"), "a.b");
        assert_eq!(id, "rec-2baace0e1a");
        assert_ne!(id, stable_id(Action::BuyModelUnits, &place("us-east-2"), "a.b"));
        assert_ne!(id, stable_id(Action::RouteToGlobalProfile, &place("us-east-1"), "a.b"));
    }
}
