//! An account with one model whose units are sold: what the guard advises it, and what a purchase
//! would in truth have saved.

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::period::{HOUR, HOURS_PER_MONTH, MINUTE};
use bedrock_cost_guard::domain::{ModelId, Term, Window};
use bedrock_cost_guard::observation::FoundationModel;
use bedrock_cost_guard::observation::LaneUsage;
use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::observation::plan::MINUTE_DAYS;
use bedrock_cost_guard::report;
use jiff::SignedDuration;

use super::demand::{INPUT_PER_OUTPUT, UNIT};
use crate::support;

/// USD of on-demand tokens that a unit replaces in an hour of full use.
pub(crate) const FULL_HOUR: f64 = 90.0;

pub(crate) const HOURS_PER_WEEK: f64 = 168.0;

const MODEL: &str = "maker.model-v1:0";

const TERMS: [Term; 3] = [Term::None, Term::OneMonth, Term::SixMonths];

/// A million input tokens cost 1 USD, a million output tokens 2.
const RATES: &str = r#"
schema_version = 1
name = "made up"
description = "made up"
charged = true
[[model]]
id = "maker.model-v1:0"
name = "Model"
provider = "Maker"
[[model.rate]]
scope = "in-region"
regions = ["us-east-1"]
tier = "standard"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "made up"
input = "1.00"
output = "2.00"
"#;

/// The units on offer, with their prices in whole dollars an hour.
pub(crate) struct Market {
    empty: Observation,
    offers: Vec<(Term, u32)>,
}

/// What the guard advises to buy.
#[derive(Clone, Copy)]
pub(crate) struct Purchase {
    pub(crate) units: u32,
    pub(crate) term: Term,
    /// USD a week that it is said to save.
    pub(crate) promised: f64,
}

impl Market {
    pub(crate) fn new(offers: &[(Term, u32)]) -> Self {
        let rows = offers.iter().map(|(term, price)| {
            let term = match term {
                Term::None => "none",
                Term::OneMonth => "1-month",
                Term::ThreeMonths => "3-months",
                Term::SixMonths => "6-months",
            };
            format!(
                r#"
[[model.model_units]]
regions = ["us-east-1"]
term = "{term}"
usd_per_unit_hour = "{price}.00"
input_tokens_per_hour = "{}"
output_tokens_per_hour = "{}"
effective_from = "2026-01-01"
checked = "2026-04-01"
source = "made up"
"#,
                UNIT * 60,
                UNIT * 60 / INPUT_PER_OUTPUT
            )
        });
        let book = RATES.to_owned() + &rows.collect::<String>();
        let as_of = "2026-07-06T00:20:00Z".parse().expect("a time");
        let mut empty = support::empty_observation(as_of);
        empty.prices = PriceBook::parse("made up", &book).expect("a book");
        empty.settings.overflow = Overflow::Spill;
        empty.places[0].inventory.foundation_models = vec![FoundationModel {
            model_id: format!("{MODEL}:8k"),
            lifecycle_status: Some("ACTIVE".into()),
            end_of_life_time: None,
            inference_types_supported: vec!["PROVISIONED".into()],
        }];
        Self {
            empty,
            offers: offers.to_vec(),
        }
    }

    /// USD an hour of a unit under a term.
    pub(crate) fn price(&self, term: Term) -> f64 {
        let offer = self.offers.iter().find(|(of, _)| *of == term);
        f64::from(offer.expect("the term is on offer").1)
    }

    /// The least USD an hour of a unit.
    pub(crate) fn best_price(&self) -> f64 {
        let prices = self.offers.iter().map(|(_, price)| *price);
        f64::from(prices.min().expect("something is on offer"))
    }

    /// The account with a history of whole weeks: input tokens by the hour, and by the minute over
    /// the last days.
    pub(crate) fn account(&self, hours: &[u64], minutes: &[u64]) -> Observation {
        let mut observation = self.empty.clone();
        let end = observation.window.end();
        let length = SignedDuration::from_hours(i64::try_from(hours.len()).expect("few hours"));
        let window = Window::new(end - length, end).expect("whole hours");
        observation.window = window;
        observation.settings.lookback_days = u32::try_from(window.hours() / 24).expect("few days");
        let series = |window: Window, step: u32, tokens: &[u64]| {
            let meter = |name: &str, per: u64| {
                support::metric(name, window, step, |place| {
                    let place = usize::try_from(place).ok()?;
                    tokens.get(place).map(|tokens| tokens / per)
                })
            };
            vec![
                meter("InputTokenCount", 1),
                meter("OutputTokenCount", INPUT_PER_OUTPUT),
            ]
        };
        observation.places[0].usage.lanes = vec![LaneUsage {
            survey: series(window, HOUR, hours),
            minutes: series(window.last_days(MINUTE_DAYS), MINUTE, minutes),
            ..LaneUsage::new(ModelId::parse(MODEL))
        }];
        observation
    }

    /// What the guard advises such an account to buy, if anything.
    pub(crate) fn advised(&self, hours: &[u64], minutes: &[u64]) -> Option<Purchase> {
        let report = report::build(&self.account(hours, minutes));
        let buys = |advice: &&Recommendation| {
            advice.action == Action::BuyModelUnits && advice.is_counted()
        };
        report.recommendations.iter().find(buys).map(purchase)
    }
}

/// Reads a recommendation, such as `3 model units, 6-month term`.
fn purchase(advice: &Recommendation) -> Purchase {
    let text = &advice.money.proposed.description;
    let (units, rest) = text.split_once(" model unit").expect("a number of units");
    let term = TERMS
        .into_iter()
        .find(|term| rest.contains(&term.to_string()));
    let monthly = f64::try_from(advice.savings().dollars()).expect("a number");
    Purchase {
        units: units.parse().expect("a number"),
        term: term.expect("a term"),
        promised: monthly * HOURS_PER_WEEK / HOURS_PER_MONTH as f64,
    }
}

/// The minutes of a history that the guard sees.
pub(crate) fn last_minutes(minutes: &[u64]) -> &[u64] {
    let seen = usize::try_from(MINUTE_DAYS).expect("few days") * 24 * 60;
    &minutes[minutes.len() - seen..]
}

/// What so many units at a price an hour save a week over some minutes, by their definition.
pub(crate) fn saving(minutes: &[u64], units: u32, price: f64) -> f64 {
    let most = u64::from(units) * UNIT;
    let served: u64 = minutes.iter().map(|tokens| (*tokens).min(most)).sum();
    let hours = minutes.len() as f64 / 60.0;
    let replaced = served as f64 / UNIT as f64 * FULL_HOUR / 60.0;
    (replaced - f64::from(units) * price * hours) * HOURS_PER_WEEK / hours
}

/// The number of units that saves most over some minutes, and what it saves a week. The saving is
/// concave in the units.
pub(crate) fn best(minutes: &[u64], price: f64) -> (u32, f64) {
    let mut best = (0, 0.0);
    loop {
        let next = saving(minutes, best.0 + 1, price);
        if next <= best.1 {
            return best;
        }
        best = (best.0 + 1, next);
    }
}
