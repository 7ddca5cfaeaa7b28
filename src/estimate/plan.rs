//! One way to serve a volume, with what it costs and asks for.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::advice::Effort;
use crate::catalog::{InForce, RateSource};
use crate::domain::{BaseModel, Percent, Tokens, Usd};
use crate::estimate::volume::Volume;

/// Days after which a price that was seen is told with its age, as those of the book are.
const SEEN_LONG_AGO: i32 = 90;

/// The kind of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// By the token, at the standard tier.
    OnDemand,
    /// By the token, in batch jobs.
    Batch,
    /// By the token, where requests may wait.
    Flex,
    /// By the token, served before others.
    Priority,
    /// By the token, at the tiers that answer faster.
    LatencyOptimized,
    /// Model units of Provisioned Throughput.
    ModelUnits,
    /// Reserved tokens per minute.
    ReservedTokens,
    /// Another model of Amazon Bedrock, by the token.
    OtherModel,
    /// The same model on the API of its provider, or of another host.
    DirectApi,
    /// GPUs that a team rents and runs itself.
    OwnGpus,
}

impl PlanKind {
    /// Returns the effort that the kind asks of people who call the model in its Region on-demand.
    #[must_use]
    pub const fn effort(self) -> Effort {
        match self {
            // Callers name a profile, or a tier that is served sooner.
            Self::OnDemand | Self::Priority | Self::LatencyOptimized => Effort::Routing,
            Self::Batch | Self::Flex => Effort::Latency,
            Self::ModelUnits | Self::ReservedTokens => Effort::Commitment,
            Self::OtherModel => Effort::Evaluation,
            Self::DirectApi | Self::OwnGpus => Effort::Migration,
        }
    }
}

/// Part of a volume that exceeds what is bought and goes on-demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SpilledPart {
    /// Share of the on-demand cost of the whole volume.
    pub percent: Percent,
    /// Cost on-demand in USD a month.
    pub monthly_cost: Usd,
}

/// One way to serve a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EstimatedPlan {
    /// Kind of the plan.
    pub kind: PlanKind,
    /// Plan in words.
    pub description: String,
    /// Base id of the model, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_model: Option<BaseModel>,
    /// Cost of a month of 730 hours in USD; the least, where the price is a range.
    pub monthly_cost: Usd,
    /// Most that the month may cost in USD, where the price is a range: writes kept for an hour, or
    /// requests of unknown length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_cost_at_most: Option<Usd>,
    /// Cost of twelve such months in USD; the least, where the price is a range.
    pub twelve_month_cost: Usd,
    /// Most that twelve months may cost in USD, where the price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twelve_month_cost_at_most: Option<Usd>,
    /// Cost of a million tokens in USD, all meters together.
    pub cost_per_million_tokens: Usd,
    /// Most that a million tokens may cost in USD, where the price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_million_tokens_at_most: Option<Usd>,
    /// Cost of a request in USD; `None` where the requests are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_request: Option<Usd>,
    /// Most that a request may cost in USD, where the price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_request_at_most: Option<Usd>,
    /// Cost of 1,000 requests in USD; `None` where the requests are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_thousand_requests: Option<Usd>,
    /// Most that 1,000 requests may cost in USD, where the price is a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_thousand_requests_at_most: Option<Usd>,
    /// Model units; `None` where the plan has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_units: Option<u32>,
    /// Part of what is bought that the month uses, on the ceiling that is used more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<Percent>,
    /// Part of the volume that exceeds what is bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<SpilledPart>,
    /// Volume in tokens a month from which a unit costs less than on-demand, at this mix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even_tokens_per_month: Option<Tokens>,
    /// Share of the traffic that must move to save a fifth of the least on-demand cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_to_save_a_fifth: Option<Percent>,
    /// Effort of the change from calls in the Region on-demand.
    pub effort: Effort,
    /// Remarks for whoever compares.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Places where the prices are written, with the day on which each was last seen.
    pub sources: Vec<String>,
}

impl EstimatedPlan {
    /// Builds a plan that costs so much a month for a volume.
    pub(super) fn new(
        kind: PlanKind,
        description: String,
        monthly_cost: Usd,
        volume: &Volume,
    ) -> Self {
        let for_each = |pieces: u64, of: u64| {
            let share = monthly_cost.in_proportion(Decimal::from(pieces), Decimal::from(of));
            // Twelve decimals: a request can cost a millionth of a cent.
            Usd::new(share.dollars().normalize())
        };
        Self {
            kind,
            description,
            other_model: None,
            monthly_cost,
            monthly_cost_at_most: None,
            twelve_month_cost: Usd::new(monthly_cost.dollars() * Decimal::from(12)),
            twelve_month_cost_at_most: None,
            cost_per_million_tokens: for_each(1_000_000, volume.tokens().count()),
            cost_per_million_tokens_at_most: None,
            cost_per_request: volume.requests.map(|requests| for_each(1, requests)),
            cost_per_thousand_requests: volume.requests.map(|requests| for_each(1_000, requests)),
            cost_per_request_at_most: None,
            cost_per_thousand_requests_at_most: None,
            model_units: None,
            utilisation: None,
            overflow: None,
            break_even_tokens_per_month: None,
            traffic_to_save_a_fifth: None,
            effort: kind.effort(),
            notes: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Names the places where prices are written.
    pub(super) fn cite<'s>(
        &mut self,
        day: Date,
        sources: impl IntoIterator<Item = &'s RateSource>,
    ) {
        for source in sources {
            let written = &source.provenance;
            let text = format!("{}; {}", written.source, written.checked);
            if !self.sources.contains(&text) {
                self.sources.push(text);
            }
            if source.in_force == InForce::Nearest {
                let from = written.effective_from.or(written.seen_from);
                let note = if let Some(from) = from.filter(|from| *from > day) {
                    format!("its price was first seen on {from}, after this day")
                } else {
                    let last = written.seen_to.unwrap_or(written.checked);
                    format!("its price was last seen on {last}, long before this day")
                };
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
        }
    }

    /// Says that a price was seen after the day, or long before.
    pub(super) fn note_age(&mut self, seen: Date, day: Date) {
        let days = seen.until(day).map_or(0, |span| span.get_days());
        if days < 0 {
            self.notes.push(format!("its price was first seen on {seen}, after this day"));
        } else if days > SEEN_LONG_AGO {
            self.notes.push(format!("its price was last seen on {seen}, {days} days ago"));
        }
    }

    /// Says the most that the month may cost, if that is more.
    pub(super) fn cost_at_most(&mut self, most: Usd, volume: &Volume) {
        if most > self.monthly_cost {
            let at_most = Self::new(self.kind, String::new(), most, volume);
            self.monthly_cost_at_most = Some(most);
            self.twelve_month_cost_at_most = Some(at_most.twelve_month_cost);
            self.cost_per_million_tokens_at_most = Some(at_most.cost_per_million_tokens);
            self.cost_per_request_at_most = at_most.cost_per_request;
            self.cost_per_thousand_requests_at_most = at_most.cost_per_thousand_requests;
        }
    }
}

/// A way to serve a volume whose cost is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownPlan {
    /// Kind of the plan.
    pub kind: PlanKind,
    /// Plan in words.
    pub description: String,
    /// Reason for which the cost is not known.
    pub why: String,
    /// Volume in tokens a month from which a unit costs less than on-demand, at this mix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even_tokens_per_month: Option<Tokens>,
}

/// Plans that are known and those that are not.
#[derive(Default)]
pub(super) struct Plans {
    pub(super) known: Vec<EstimatedPlan>,
    pub(super) unknown: Vec<UnknownPlan>,
}

impl Plans {
    /// Puts the cheapest first.
    pub(super) fn sorted(mut self) -> Self {
        self.known.sort_by(|a, b| {
            (a.monthly_cost, a.kind, &a.description).cmp(&(b.monthly_cost, b.kind, &b.description))
        });
        self
    }
}
