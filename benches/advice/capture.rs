//! The share of the possible saving that the advice makes, beside simpler rules.

use bedrock_cost_guard::domain::Term;

use super::demand::{Family, UNIT, by_hour};
use super::dice::Dice;
use super::market::{Market, best, last_minutes, saving};
use super::page::{self, Table, dollars, percent};
use super::parallel;

/// Weeks that the rules see, and weeks after them that they are judged by.
const HISTORY: usize = 13;
const FUTURE: usize = 4;

const SEEDS: u64 = 40;

/// Savings of one account, in USD a week.
#[derive(Default)]
struct Outcome {
    oracle: f64,
    /// The guard, mean utilisation, fifth percentile of days, grid.
    saved: [f64; 4],
    advised: f64,
}

pub(crate) fn study() -> String {
    let market = Market::new(&[(Term::None, 60), (Term::OneMonth, 45)]);
    let mut table = Table::new([
        "demand",
        "hindsight, USD a week",
        "guard",
        "accounts advised",
        "mean utilisation above 80 %",
        "5th percentile of days",
        "grid of 100 on hours",
    ]);
    let mut all = Outcome::default();
    for family in Family::ALL {
        let mut sum = Outcome::default();
        for outcome in parallel::each(SEEDS, |seed| outcome(&market, family, seed)) {
            sum.add(&outcome);
        }
        table.row(sum.cells(family.name(), SEEDS as f64));
        all.add(&sum);
    }
    table.row(all.cells("all", (SEEDS * Family::ALL.len() as u64) as f64));
    page::section(
        "How much of the possible saving is saved?",
        &format!(
            "{SEEDS} accounts of each kind have {HISTORY} weeks of history. A unit costs 60 USD an hour, or 45 under a 1-month term.\n\
             Each rule buys once and is judged by the minutes of the {FUTURE} weeks that follow. Hindsight knows those weeks and buys\n\
             what is best for them at 45 USD; it is given as the mean of an account. The rules are given as a share of its saving.\n\
             Losses count: a negative share is money lost. The three simpler rules always buy at 45 USD."
        ),
        &table,
    )
}

fn outcome(market: &Market, family: Family, seed: u64) -> Outcome {
    let mut dice = Dice::new(family.name(), seed);
    let minutes = family.minutes(&mut dice, HISTORY, HISTORY + FUTURE);
    let (past, future) = minutes.split_at(HISTORY * 7 * 24 * 60);
    let hours = by_hour(past);
    let price = market.best_price();
    let advised = market.advised(&hours, last_minutes(past));
    let simple = [mean_utilisation(&hours), fifth_percentile(&hours), grid(&hours, price)];
    let [mean, fifth, grid] = simple.map(|units| saving(future, units, price));
    let guard = advised.map_or(0.0, |buy| saving(future, buy.units, market.price(buy.term)));
    Outcome {
        oracle: best(future, price).1,
        saved: [guard, mean, fifth, grid],
        advised: f64::from(u8::from(advised.is_some())),
    }
}

impl Outcome {
    fn add(&mut self, other: &Self) {
        self.oracle += other.oracle;
        self.advised += other.advised;
        for (sum, saved) in self.saved.iter_mut().zip(other.saved) {
            *sum += saved;
        }
    }

    fn cells(&self, name: &str, accounts: f64) -> Vec<String> {
        let [guard, mean, fifth, grid] = self.saved.map(|saved| percent(saved, self.oracle));
        vec![
            name.to_owned(),
            dollars(self.oracle / accounts),
            guard,
            percent(self.advised, accounts),
            mean,
            fifth,
            grid,
        ]
    }
}

/// Returns the tokens that so many units serve in an hour.
fn hourly(units: u32) -> u64 {
    u64::from(units) * UNIT * 60
}

/// Returns the tokens of some hours that so many units serve.
fn served(hours: &[u64], units: u32) -> f64 {
    let served = hours.iter().map(|tokens| (*tokens).min(hourly(units)));
    served.map(|tokens| tokens as f64).sum()
}

/// Returns the most units that are used to more than 80 % on average. Utilisation falls with the
/// units.
fn mean_utilisation(hours: &[u64]) -> u32 {
    let is_used = |units: &u32| {
        let full = hourly(*units) as f64 * hours.len() as f64;
        served(hours, *units) > 0.8 * full
    };
    (1..u32::MAX).take_while(is_used).last().unwrap_or(0)
}

/// Returns the units that the fifth percentile of the days fills.
fn fifth_percentile(hours: &[u64]) -> u32 {
    let mut days: Vec<u64> = hours.chunks(24).map(|day| day.iter().sum()).collect();
    days.sort_unstable();
    let day = days[days.len() / 20];
    u32::try_from(day / (24 * hourly(1))).expect("few units")
}

/// Returns the cheapest of 100 steps up to the highest hour, at what the hours would have cost.
fn grid(hours: &[u64], price: f64) -> u32 {
    let highest = hours.iter().max().copied().unwrap_or_default();
    let most = highest.div_ceil(hourly(1));
    let on_grid = (0..=100).map(|step| u32::try_from((most * step + 50) / 100).expect("few units"));
    let saved = |units: u32| {
        let replaced = served(hours, units) / hourly(1) as f64 * super::market::FULL_HOUR;
        replaced - f64::from(units) * price * hours.len() as f64
    };
    on_grid.max_by(|a, b| saved(*a).total_cmp(&saved(*b)).then(b.cmp(a))).unwrap_or(0)
}
