//! Advised commitments: how often one is advised that saves nothing, and how often one that saves.

use bedrock_cost_guard::domain::Term;

use super::demand::tokens;
use super::dice::Dice;
use super::market::{FULL_HOUR, HOURS_PER_WEEK, Market, Purchase, last_minutes};
use super::page::{self, Table, dollars, percent};
use super::parallel;

const TRIALS: u64 = 400;

/// Weeks of history, where nothing else is said.
const HISTORY: usize = 13;

/// USD an hour of a unit: without a term, and under one.
const FREE: u32 = 40;
const BOUND: u32 = 36;

/// Shares of a unit's cost that it truly saves.
const TRUE_SAVINGS: [f64; 4] = [0.0, 0.1, 0.2, 0.3];

const DEVIATIONS: [f64; 3] = [0.1, 0.2, 0.3];

/// Share of a week's noise that the next one keeps.
const KINDS: [(&str, f64); 2] = [("independent weeks", 0.0), ("weeks that keep 0.6", 0.6)];

/// Share of falling demand that is left a week later, and the noise of it.
const KEPT: f64 = 0.95;
const FALL_NOISE: f64 = 0.05;

/// USD an hour of a unit for falling demand: no term, one month, six months.
const FALLING: [(Term, u32); 3] = [(Term::None, 45), (Term::OneMonth, 40), (Term::SixMonths, 36)];

/// Weeks of history of falling demand: 27 are enough for a six-month term.
const FALL_HISTORIES: [usize; 2] = [13, 27];

pub(crate) fn study() -> String {
    noise() + "\n" + &fall()
}

/// Studies demand that is steady but for noise between weeks.
fn noise() -> String {
    let market =
        Market::new(&[(Term::None, FREE), (Term::OneMonth, BOUND), (Term::SixMonths, BOUND)]);
    let mut table = Table::new([
        "noise between weeks",
        "saves 0 %: a term advised",
        "saves 0 %: no term advised",
        "saves 10 %: advised",
        "captured",
        "saves 20 %: advised",
        "captured",
        "saves 30 %: advised",
        "captured",
    ]);
    for (kind, kept) in KINDS {
        for deviation in DEVIATIONS {
            let mut cells = vec![format!("{kind}, {:.0} %", deviation * 100.0)];
            for saves in TRUE_SAVINGS {
                let trials = Trials::run(&market, (kind, kept), deviation, saves);
                cells.extend(trials.cells(saves));
            }
            table.row(cells);
        }
    }
    page::section(
        "Is a commitment advised that saves nothing?",
        &format!(
            "A unit has room for all of the demand, and under a term, of one month or six, it costs {BOUND} USD an hour.\n\
             At a true saving of 0 % the mean demand is worth exactly that: what it saves in a week is the noise alone, and a\n\
             second unit would only lose. Without a term a unit costs {FREE} USD. The noise is given as a share of the mean\n\
             demand; demand is flat inside a week, and there are {HISTORY} weeks. In the other columns the mean is so much higher\n\
             that a unit saves 10, 20 or 30 % of its cost; captured is the share of that saving which the advice makes on\n\
             average. Each cell is {TRIALS} trials: where the truth is 5 %, it is within 2 points in 19 of 20 cells."
        ),
        &table,
    )
}

/// Advice in the trials of one cell.
#[derive(Default)]
struct Trials {
    bound: f64,
    free: f64,
    /// USD a week that all advice truly saves.
    saved: f64,
    /// The same if each trial did the best.
    could: f64,
}

impl Trials {
    fn run(market: &Market, (kind, kept): (&str, f64), deviation: f64, saves: f64) -> Self {
        let mean = f64::from(BOUND) / FULL_HOUR * (1.0 + saves);
        let advice = parallel::each(TRIALS, |trial| {
            // The same noise for each saving and each deviation.
            let mut dice = Dice::new(kind, trial);
            let mut noise = dice.normal();
            let weeks: Vec<f64> = (0..HISTORY)
                .map(|_| {
                    let week = mean * (1.0 + deviation * noise.clamp(-3.0, 3.0));
                    noise = kept * noise + (1.0 - kept * kept).sqrt() * dice.normal();
                    week
                })
                .collect();
            advised(market, &weeks)
        });
        // One unit has room for all of it.
        let weekly =
            |units: u32, price: f64| HOURS_PER_WEEK * (FULL_HOUR * mean - f64::from(units) * price);
        let mut trials =
            Self { could: weekly(1, f64::from(BOUND)) * TRIALS as f64, ..Self::default() };
        for buy in advice.into_iter().flatten() {
            trials.saved += weekly(buy.units, market.price(buy.term));
            if buy.term == Term::None {
                trials.free += 1.0;
            } else {
                trials.bound += 1.0;
            }
        }
        trials
    }

    fn cells(&self, saves: f64) -> [String; 2] {
        let share = |count: f64| percent(count, TRIALS as f64);
        if saves > 0.0 {
            [share(self.bound + self.free), percent(self.saved, self.could)]
        } else {
            [share(self.bound), share(self.free)]
        }
    }
}

/// Studies demand that falls: what saves today does not for long.
fn fall() -> String {
    let market = Market::new(&FALLING);
    let [free, month, half_year] = FALLING.map(|(_, price)| price);
    let today = 1.3 * f64::from(half_year) / FULL_HOUR;
    let mut table = Table::new([
        "history",
        "nothing",
        "no term",
        "1-month term",
        "6-month term",
        "terms that lose",
        "saved in an average trial",
    ]);
    for history in FALL_HISTORIES {
        let advice = parallel::each(TRIALS, |trial| {
            let mut dice = Dice::new("falling", trial);
            let weeks: Vec<f64> = (0..history)
                .rev()
                .map(|ago| {
                    let noise = 1.0 + FALL_NOISE * dice.normal();
                    today * KEPT.powf(-(ago as f64)) * noise
                })
                .collect();
            advised(&market, &weeks)
        });
        let mut counts = [0.0; 4];
        let (mut losing, mut saved) = (0.0, 0.0);
        for buy in advice {
            let Some(buy) = buy else {
                counts[0] += 1.0;
                continue;
            };
            let (place, bound) = match buy.term {
                Term::None => (1, 1),
                Term::OneMonth => (2, 4),
                Term::ThreeMonths | Term::SixMonths => (3, 26),
            };
            counts[place] += 1.0;
            let (units, price) = (f64::from(buy.units), market.price(buy.term));
            let demand = (1..=bound).map(|week| today * KEPT.powi(week));
            let over: f64 = demand
                .map(|demand| HOURS_PER_WEEK * (FULL_HOUR * demand.min(units) - units * price))
                .sum();
            saved += over;
            if bound > 1 && over < 0.0 {
                losing += 1.0;
            }
        }
        let shares = counts.map(|count| percent(count, TRIALS as f64));
        let row = [format!("{history} weeks")].into_iter().chain(shares);
        table.row(row.chain([percent(losing, TRIALS as f64), dollars(saved / TRIALS as f64)]));
    }
    page::section(
        "Is demand that falls bound for long?",
        &format!(
            "Demand falls by 5 % a week, with 5 % noise. A unit costs {free} USD an hour, {month} under a 1-month term and {half_year} under a\n\
             6-month term. Last week it would have saved 30 % of the 6-month price: over the 26 weeks of that term it loses, over a\n\
             month it still saves. The first columns say what is advised in {TRIALS} trials. The last ones count the terms that lose if\n\
             the fall goes on, and what the advice saves over the term that it binds for, or over one week without a term."
        ),
        &table,
    )
}

/// Returns what the guard advises after weeks of so many units each, flat inside the week.
fn advised(market: &Market, weeks: &[f64]) -> Option<Purchase> {
    let minutes: Vec<u64> =
        weeks.iter().flat_map(|units| std::iter::repeat_n(tokens(*units), 7 * 24 * 60)).collect();
    let hours: Vec<u64> =
        weeks.iter().flat_map(|units| std::iter::repeat_n(tokens(*units) * 60, 7 * 24)).collect();
    market.advised(&hours, last_minutes(&minutes))
}
