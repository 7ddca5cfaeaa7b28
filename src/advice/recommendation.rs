//! A recommendation: what to change, what it saves, and where every number comes from.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::advice::action::{Action, Effort};
use crate::advice::evidence::Evidence;
use crate::advice::months::Months;
use crate::domain::{AccountId, BaseModel, Partition, Percent, Place, Region, Usd, day_of};
use crate::observation::ProvisionedModel;
use crate::pricing::Workload;
use crate::sizing::trial::BacktestReport;
use crate::sizing::{BreakEven, Certainty};

/// A change that saves money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Stable: the same change keeps its id from run to run.
    pub id: String,
    /// What to do.
    pub action: Action,
    /// What it asks for.
    pub effort: Effort,
    /// The account, empty where it is not known.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// The provisioned model that it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_model_arn: Option<String>,
    /// What it saves.
    #[serde(flatten)]
    pub money: Money,
    /// What a purchase adds to that.
    #[serde(flatten)]
    pub commitment: Commitment,
    /// How it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// What it rests on.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// How it is carried out.
    #[serde(flatten)]
    pub remedy: Remedy,
}

/// What a change saves, and from when on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// How it runs now.
    pub current: Arrangement,
    /// How it would run.
    pub proposed: Arrangement,
    /// What it saves.
    pub estimated_monthly_savings: Savings,
    /// The same, of what is spent now on what it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_savings_percentage: Option<Percent>,
    /// From when on it saves, where that is not at once. It does not count until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savings_start: Option<Timestamp>,
}

/// The figures of a purchase; empty for other changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Commitment {
    /// The volume at which it begins to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<BreakEven>,
    /// In how many months of it the next shorter arrangement has cost as much as the whole term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months_to_pay: Option<Months>,
    /// The share of the demand that can go while the commitment still costs no more than none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robustness: Option<Percent>,
    /// What deciding like this week by week would have brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestReport>,
    /// What a commitment costs over its whole term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commitment_total: Option<Usd>,
}

/// Whether a change can be undone, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whether it can be taken back.
    pub rollback_possible: bool,
    /// What keeps it from counting: a setting by its name, or a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_counted_because: Option<String>,
}

/// What a change rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grounds {
    /// What could go wrong, and what was assumed.
    pub risks: Vec<String>,
    /// How its figures come about, step by step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workings: Vec<Working>,
    /// Where the numbers come from.
    pub evidence: Evidence,
}

/// How a change is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What a person does, in this order; empty where there is no command for any of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The command of the first step. A person runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whom to ask, where AWS sells only through people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Where to look at it.
    pub console_url: String,
}

/// One thing that a person does to carry out a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The step in words.
    pub text: String,
    /// The command that takes the step, to be run by a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What must be true before the next step is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
}

impl Step {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: None,
            wait_for: None,
        }
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

/// One figure and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Working {
    /// What it is.
    pub what: String,
    /// Its value.
    pub value: String,
    /// How it comes about.
    pub from: String,
}

impl Working {
    pub(super) fn new(what: &str, value: impl fmt::Display, from: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            value: format!("{value}"),
            from: from.into(),
        }
    }
}

/// A way to serve some traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrangement {
    /// In words.
    pub description: String,
    /// What it costs in a month.
    pub monthly_cost: Usd,
}

/// What a change saves in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Savings {
    /// As the recent window went.
    pub observed: Usd,
    /// One time in ten it is less, as the weeks tell; for commitments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p10: Option<Usd>,
    /// As often less as more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<Usd>,
    /// One time in ten it is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<Usd>,
}

impl Money {
    /// What one arrangement saves instead of another, from now on.
    pub(super) fn saved(current: Arrangement, proposed: Arrangement) -> Self {
        let observed = current.monthly_cost - proposed.monthly_cost;
        Self {
            estimated_monthly_savings: Savings {
                observed,
                p10: None,
                p50: None,
                p90: None,
            },
            estimated_savings_percentage: observed.percent_of(current.monthly_cost),
            current,
            proposed,
            savings_start: None,
        }
    }

    /// The same with how sure the weeks are of it.
    pub(super) fn sure(mut self, certainty: Option<&Certainty>) -> Self {
        let savings = &mut self.estimated_monthly_savings;
        savings.p10 = certainty.and_then(Certainty::p10);
        savings.p50 = certainty.and_then(Certainty::p50);
        savings.p90 = certainty.and_then(Certainty::p90);
        self
    }

    fn working(&self) -> Working {
        let (now, instead) = (self.current.monthly_cost, self.proposed.monthly_cost);
        Working::new(
            "saves a month",
            now - instead,
            format!("{now} now − {instead} instead"),
        )
    }
}

impl Remedy {
    /// Names the steps, and the first one's command beside them.
    pub(super) fn take_steps(&mut self, steps: Vec<Step>) {
        self.command = steps.first().and_then(|step| step.command.clone());
        self.steps = steps;
    }
}

impl Recommendation {
    /// A change of a workload that takes effect at once and can be taken back. `subject` is what
    /// makes it the same from run to run.
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
            commitment: Commitment::default(),
            standing: Standing {
                rollback_possible: true,
                not_counted_because: None,
            },
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

    /// Puts it off until the term of a provisioned model ends, which is paid for until then.
    pub(super) fn await_term_end(&mut self, held: &ProvisionedModel) {
        self.money.savings_start = held.commitment_expiration_time;
        self.standing = Standing {
            rollback_possible: false,
            not_counted_because: Some("it is paid for until its term ends".into()),
        };
    }

    /// Whether its savings are part of the headline.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.standing.not_counted_because.is_none()
    }

    /// What it saves in a month.
    #[must_use]
    pub const fn savings(&self) -> Usd {
        self.money.estimated_monthly_savings.observed
    }

    /// One sentence that can be read alone.
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
        format!(
            "{} of {} in {} saves {} a month{start}{uncounted}: now {}; instead {}",
            self.action.title(),
            self.model,
            self.region,
            self.savings(),
            self.money.current.description,
            self.money.proposed.description
        )
    }
}

/// What makes a change the same from run to run: FNV-1a over what it is about, in ten hex digits.
/// The account is left out: a terminal does not know it, and must name the change as the Lambda does.
pub(super) fn stable_id(action: Action, place: &Place, subject: &str) -> String {
    let text = format!("{}|{}|{subject}", action.name(), place.region);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("rec-{:010x}", hash & 0xff_ffff_ffff)
}

/// The Bedrock console of a Region.
fn console_url(region: &Region) -> String {
    let host = match region.partition() {
        Partition::UsGov => "console.amazonaws-us-gov.com".to_owned(),
        Partition::Commercial | Partition::Other => format!("{region}.console.aws.amazon.com"),
    };
    format!("https://{host}/bedrock/home?region={region}")
}

/// Some names in a row, and how many more there are.
pub(super) fn several(names: &[&str]) -> String {
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
        let place = |region: &str| Place {
            account: AccountId::new("1"),
            region: region.parse().unwrap(),
        };
        let id = stable_id(Action::BuyModelUnits, &place("us-east-1"), "a.b");
        assert_eq!(id, "rec-2baace0e1a");
        assert_ne!(
            id,
            stable_id(Action::BuyModelUnits, &place("us-east-2"), "a.b")
        );
        assert_ne!(
            id,
            stable_id(Action::RouteToGlobalProfile, &place("us-east-1"), "a.b")
        );
    }
}
