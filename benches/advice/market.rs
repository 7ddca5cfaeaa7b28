//! An account with one model whose units are sold: what the guard advises it, and what a purchase
//! would in truth have saved.

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::catalog::PriceBook;
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::Term;
use bedrock_cost_guard::domain::period::HOURS_PER_MONTH;
use bedrock_cost_guard::observation::plan::MINUTE_DAYS;

use super::demand::{INPUT_PER_OUTPUT, UNIT};
use crate::account::{Account, TOKENS};
use crate::book::{MODEL, book, in_region, unit};

/// USD of on-demand tokens that a unit replaces in an hour of full use.
pub(crate) const FULL_HOUR: f64 = 90.0;

pub(crate) const HOURS_PER_WEEK: f64 = 168.0;

const TERMS: [Term; 3] = [Term::None, Term::OneMonth, Term::SixMonths];

/// The units on offer, with their prices in whole dollars an hour.
pub(crate) struct Market {
    prices: PriceBook,
    offers: Vec<(Term, u32)>,
}

/// Purchase that the guard advises.
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
            unit(term, format!("{price}.00"), Some([UNIT, UNIT / INPUT_PER_OUTPUT]))
        });
        let rows: Vec<String> = [in_region()].into_iter().chain(rows).collect();
        Self { prices: book(&rows), offers: offers.to_vec() }
    }

    /// Returns the price of a unit under a term, USD an hour.
    pub(crate) fn price(&self, term: Term) -> f64 {
        let offer = self.offers.iter().find(|(of, _)| *of == term);
        f64::from(offer.expect("the term is on offer").1)
    }

    /// Returns the least price of a unit, USD an hour.
    pub(crate) fn best_price(&self) -> f64 {
        let prices = self.offers.iter().map(|(_, price)| *price);
        f64::from(prices.min().expect("something is on offer"))
    }

    /// Builds the account with a history of whole weeks: input tokens by the hour, and by the
    /// minute over the last days.
    pub(crate) fn account(&self, hours: &[u64], minutes: &[u64]) -> Account {
        let as_of = "2026-07-06T00:20:00Z".parse().expect("a time");
        let days = u32::try_from(hours.len() / 24).expect("few days");
        let at = |tokens: &[u64], place: u64| {
            let input = tokens[usize::try_from(place).expect("few places")];
            [input, input / INPUT_PER_OUTPUT]
        };
        let mut account = Account::on(self.prices.clone())
            .seen(as_of)
            .days(days)
            .survey(MODEL, TOKENS, |hour| at(hours, hour))
            .minutes(MODEL, TOKENS, |minute| at(minutes, minute));
        account.observation.settings.overflow = Overflow::Spill;
        account
    }

    /// Returns what the guard advises such an account to buy, if anything.
    pub(crate) fn advised(&self, hours: &[u64], minutes: &[u64]) -> Option<Purchase> {
        let report = self.account(hours, minutes).report();
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
    let term = TERMS.into_iter().find(|term| rest.contains(&term.to_string()));
    let monthly =
        f64::try_from(advice.savings().expect("a counted saving").dollars()).expect("a number");
    Purchase {
        units: units.parse().expect("a number"),
        term: term.expect("a term"),
        promised: monthly * HOURS_PER_WEEK / HOURS_PER_MONTH as f64,
    }
}

/// Returns the minutes of a history that the guard sees.
pub(crate) fn last_minutes(minutes: &[u64]) -> &[u64] {
    let seen = usize::try_from(MINUTE_DAYS).expect("few days") * 24 * 60;
    &minutes[minutes.len() - seen..]
}

/// Returns what so many units at a price an hour save a week over some minutes, by the definition
/// of a saving.
pub(crate) fn saving(minutes: &[u64], units: u32, price: f64) -> f64 {
    let most = u64::from(units) * UNIT;
    let served: u64 = minutes.iter().map(|tokens| (*tokens).min(most)).sum();
    let hours = minutes.len() as f64 / 60.0;
    let replaced = served as f64 / UNIT as f64 * FULL_HOUR / 60.0;
    (replaced - f64::from(units) * price * hours) * HOURS_PER_WEEK / hours
}

/// Returns the number of units that saves most over some minutes, and their saving a week. The
/// saving is concave in the units.
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
