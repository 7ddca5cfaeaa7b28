//! Sizing by the hour where demand comes in bursts: the saving that it promises, and what it keeps.

use bedrock_cost_guard::domain::period::{HOUR, MINUTE};
use bedrock_cost_guard::domain::quantity::CapacityOrigin;
use bedrock_cost_guard::domain::{Capacity, LoadWeights, Meter, Series, Term, Usd};
use bedrock_cost_guard::pricing::DemandSeries;
use bedrock_cost_guard::sizing::UnitSizing;
use jiff::Timestamp;

use super::demand::{Family, INPUT_PER_OUTPUT, UNIT, by_hour};
use super::dice::Dice;
use super::market::{HOURS_PER_WEEK, Market, last_minutes, saving};
use super::page::{self, Table, dollars, percent};
use super::parallel;

const HISTORY: usize = 13;
const FUTURE: usize = 4;

/// Hours of the weeks that plans by the hour are sized on.
const RECENT: usize = 4 * 168;

const SEEDS: u64 = 30;

/// USD an hour of a unit.
const PRICE: u32 = 45;

const FAMILIES: [Family; 3] = [Family::Constant, Family::Seasonal, Family::OfficeHours];

/// Minutes of an hour in which half of its demand comes.
const BUSY: [u64; 4] = [60, 30, 15, 6];

/// Promised and kept, in USD a week.
type Kept = (f64, f64);

pub(crate) fn study() -> String {
    let market = Market::new(&[(Term::OneMonth, PRICE)]);
    let mut table = Table::new([
        "demand",
        "busy minutes an hour",
        "sized on minutes",
        "sized on hours",
        "hours, bursts taken off",
        "guard",
    ]);
    for family in FAMILIES {
        for busy in BUSY {
            let mut sums = [(0.0, 0.0); 4];
            for plans in parallel::each(SEEDS, |seed| plans(&market, family, busy, seed)) {
                for (sum, plan) in sums.iter_mut().zip(plans) {
                    *sum = (sum.0 + plan.0, sum.1 + plan.1);
                }
            }
            let cells = sums.map(|(promised, kept)| {
                let mean = |sum: f64| dollars(sum / SEEDS as f64);
                let share = percent(kept, promised);
                format!("{} of {} ({share})", mean(kept), mean(promised))
            });
            table.row([family.name().to_owned(), busy.to_string()].into_iter().chain(cells));
        }
    }
    page::section(
        "Can hours be trusted where demand comes in bursts?",
        &format!(
            "Half of each hour's demand comes in so many of its minutes, the rest is steady. A unit costs {PRICE} USD an hour under a\n\
             1-month term. Each cell says what a plan saves in a week of the {FUTURE} weeks that follow, of what it promised: the mean\n\
             of {SEEDS} accounts. Minutes are those of the last 14 days; hours are those of the last 28 days. Where bursts are taken\n\
             off, what hours say is replaced is scaled by minutes over hours of the same 14 days. The guard has its gates too."
        ),
        &table,
    )
}

/// Returns the plans that are sized on minutes, on hours, on hours less bursts, and by the guard.
fn plans(market: &Market, family: Family, busy: u64, seed: u64) -> [Kept; 4] {
    let mut dice = Dice::new(family.name(), seed);
    let minutes = family.bursts(&mut dice, HISTORY, HISTORY + FUTURE, busy);
    let (past, future) = minutes.split_at(HISTORY * 7 * 24 * 60);
    let hours = by_hour(past);
    let known = last_minutes(past);
    let by_minute = sizing(known, MINUTE);
    let same_hours = sizing(&by_hour(known), HOUR);
    let recent = sizing(&hours[hours.len() - RECENT..], HOUR);
    let weekly = |replaced: f64, hours: usize, units: u32| {
        let bought = f64::from(units) * f64::from(PRICE) * hours as f64;
        (replaced - bought) * HOURS_PER_WEEK / hours as f64
    };
    let kept = |units: u32| saving(future, units, f64::from(PRICE));

    let on_minutes = by_minute.spill_optimum();
    let known_hours = known.len() / 60;
    let minutes_say = weekly(float(by_minute.replaced(on_minutes)), known_hours, on_minutes);
    let on_hours = recent.spill_optimum();
    let hours_say = |units: u32| float(recent.replaced(units));
    let less_bursts = |units: u32| {
        let (minutes, hours) = (by_minute.replaced(units), same_hours.replaced(units));
        let left = if hours.is_positive() { float(minutes) / float(hours) } else { 1.0 };
        weekly(hours_say(units) * left, RECENT, units)
    };
    let corrected = (0..=on_hours.max(on_minutes))
        .max_by(|a, b| less_bursts(*a).total_cmp(&less_bursts(*b)))
        .unwrap_or(0);
    let guard = market.advised(&hours, known);
    [
        (minutes_say, kept(on_minutes)),
        (weekly(hours_say(on_hours), RECENT, on_hours), kept(on_hours)),
        (less_bursts(corrected), kept(corrected)),
        guard.map_or((0.0, 0.0), |buy| (buy.promised, kept(buy.units))),
    ]
}

fn sizing(tokens: &[u64], step: u32) -> UnitSizing {
    let start = Timestamp::UNIX_EPOCH;
    let mut demand = DemandSeries::none(start, step, tokens.len());
    for (meter, price, per) in
        [(Meter::Input, "1.00", 1), (Meter::Output, "2.00", INPUT_PER_OUTPUT)]
    {
        let series = Series {
            start,
            step,
            values: tokens.iter().map(|tokens| Some(tokens / per)).collect(),
        };
        let price = price.parse().expect("a price");
        demand.add(meter, &series, price, LoadWeights::default()).expect("units serve it");
    }
    let capacity = Capacity {
        input_tokens_per_hour: UNIT * 60,
        output_tokens_per_hour: UNIT * 60 / INPUT_PER_OUTPUT,
        origin: CapacityOrigin::Stated,
    };
    let price = PRICE.to_string().parse().expect("a price");
    UnitSizing::new(&demand, capacity, price, 0)
}

fn float(amount: Usd) -> f64 {
    f64::try_from(amount.dollars()).expect("a number")
}
