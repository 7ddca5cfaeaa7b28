//! False advice by the number of lanes: of many lanes, of which none saves anything in truth, some look as
//! if they would.

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{Ratio, Term};

use rust_decimal::prelude::ToPrimitive as _;

use super::dice::Dice;
use super::page::{self, Table, percent};
use super::parallel;
use crate::account::{Account, TOKENS};
use crate::book::{MODEL, UNIT, book, rate, unit};

const TRIALS: u64 = 400;

/// Weeks of history.
const WEEKS: usize = 13;

const HOURS_PER_WEEK: usize = 168;

/// Output tokens of a lane a minute: nine tenths of what a unit serves.
const OUTPUT: u64 = UNIT[1] * 9 / 10;

/// USD an hour of a unit, without a term and under one.
const PRICES: [(Term, &str, u32); 2] = [(Term::None, "none", 40), (Term::OneMonth, "1-month", 36)];

/// Lanes, all at the same price.
const LANES: [&str; 6] =
    [MODEL, "us.maker.model-v1:0", "a1b2c3d4e5f6", "f6e5d4c3b2a1", "b1c2d3e4f5a6", "c1d2e3f4a5b6"];

const COUNTS: [usize; 4] = [1, 2, 4, 6];

/// Share of a week's noise that the next one keeps, and the noise as a share of the mean.
const NOISES: [(&str, f64, f64); 4] = [
    ("independent weeks, 10 %", 0.0, 0.1),
    ("independent weeks, 20 %", 0.0, 0.2),
    ("weeks that keep 0.6, 10 %", 0.6, 0.1),
    ("weeks that keep 0.6, 20 %", 0.6, 0.2),
];

pub(crate) fn study() -> String {
    let mut table = Table::new([
        "noise between weeks",
        "throttle, 1 lane",
        "2",
        "4",
        "6",
        "spill, 1 lane",
        "2",
        "4",
        "6",
    ]);
    for (noise, kept, deviation) in NOISES {
        let mut row = vec![noise.to_owned()];
        for overflow in [Overflow::Throttle, Overflow::Spill] {
            for lanes in COUNTS {
                let bound = parallel::count(TRIALS, |trial| {
                    is_bound(overflow, lanes, trial, (noise, kept, deviation))
                });
                row.push(percent(bound, TRIALS as f64));
            }
        }
        table.row(row);
    }
    page::section(
        "Is one of many lanes bound by chance?",
        &format!(
            "Each lane asks for nine tenths of a unit by its output, and so many lanes for as many units. What they cost on-demand\n\
             goes up and down with their input. Where AWS refuses what exceeds units, a lane is worth exactly what a unit costs\n\
             under a term of a month; where callers route it, a full unit is. So no set of lanes saves anything. Demand is flat\n\
             inside a week, {WEEKS} weeks are known. Each cell is the share of {TRIALS} trials in which a term is advised: where the truth\n\
             is 5 %, it is within 2 points in 19 of 20 cells."
        ),
        &table,
    )
}

/// Returns true if a term is advised.
fn is_bound(
    overflow: Overflow,
    lanes: usize,
    trial: u64,
    (noise, kept, deviation): (&str, f64, f64),
) -> bool {
    let rows = ["in-region", "us"].map(|scope| rate(scope, "standard", ["1.00", "0.40"]));
    let units = PRICES.map(|(_, term, price)| unit(term, format!("{price}.00"), Some(UNIT)));
    let mut account = Account::on(book(&[rows.as_slice(), units.as_slice()].concat()));
    account.observation.settings.overflow = overflow;
    account.observation.settings.headroom = Ratio::ZERO;
    for id in &LANES[2..] {
        account = account.profile(id, &["us-east-1"]);
    }
    // USD a minute of a lane, and of its output alone.
    let unit = f64::from(PRICES[1].2) / 60.0;
    let mean = if overflow == Overflow::Throttle { unit } else { 0.9 * unit };
    let of_output = 0.4 * OUTPUT as f64 / 1e6;
    for (place, id) in LANES.iter().enumerate().take(lanes) {
        let mut dice = Dice::new(&format!("{noise} {place}"), trial);
        let mut wave = dice.normal();
        let weeks: Vec<u64> = (0..WEEKS)
            .map(|_| {
                let week = mean * (1.0 + deviation * wave.clamp(-3.0, 3.0));
                wave = kept * wave + (1.0 - kept * kept).sqrt() * dice.normal();
                ((week - of_output) * 1e6).to_u64().expect("a few tokens")
            })
            .collect();
        let last = WEEKS - 1;
        let at = |week: usize| weeks[week.min(last)];
        account = account
            .survey(id, TOKENS, |hour| {
                [60 * at(usize::try_from(hour).expect("few") / HOURS_PER_WEEK), 60 * OUTPUT]
            })
            .minutes(id, TOKENS, |minute| {
                let hour = usize::try_from(minute).expect("few") / 60;
                [at(last - 1 + hour / HOURS_PER_WEEK), OUTPUT]
            });
    }
    let binds = |advice: &Recommendation| {
        advice.action == Action::BuyModelUnits
            && advice.is_counted()
            && advice.money.proposed.description.contains("1-month")
    };
    account.report().recommendations.iter().any(binds)
}
