//! How sure advice is: terms that save nothing, ranges, rests that are no end, and breaks.

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{Ratio, Term, Usd};
use bedrock_cost_guard::sizing::Certainty;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::demand::{UNIT as UNIT_INPUT, tokens};
use super::dice::Dice;
use super::market::{FULL_HOUR, HOURS_PER_WEEK, Market};
use super::page::{self, Table, percent};
use super::parallel;
use crate::account::{Account, HELD, TOKENS, held};
use crate::book::{MODEL, UNIT, book, rate, unit};

const TRIALS: u64 = 400;

/// Weeks of history: as many as are read by default.
const WEEKS: usize = 26;

/// Weeks after them.
const AFTER: usize = 4;

/// Share of a week's noise that the next one keeps.
const KEPT: [f64; 3] = [0.0, 0.6, 0.8];

const DEVIATIONS: [f64; 3] = [0.1, 0.2, 0.3];

const COUNTS: [usize; 4] = [1, 2, 4, 6];

/// USD an hour of a unit, without a term and under one.
const FREE: u32 = 40;
const BOUND: u32 = 36;

const LANES: [&str; 6] =
    [MODEL, "us.maker.model-v1:0", "a1b2c3d4e5f6", "f6e5d4c3b2a1", "b1c2d3e4f5a6", "c1d2e3f4a5b6"];

/// Output tokens of a lane a minute: nine tenths of what a unit serves.
const OUTPUT: u64 = UNIT[1] * 9 / 10;

pub(crate) fn study() -> String {
    [no_saving(), captured(), shapes(), coverage(), idle(), breaks(), families()].join("\n")
}

/// Draws the weeks of a level of 1 with noise of which each week keeps a share.
fn weeks(dice: &mut Dice, count: usize, kept: f64, deviation: f64) -> Vec<f64> {
    let mut wave = dice.normal();
    (0..count)
        .map(|_| {
            let week = 1.0 + deviation * wave.clamp(-3.0, 3.0);
            wave = kept * wave + (1.0 - kept * kept).sqrt() * dice.normal();
            week
        })
        .collect()
}

fn noise(kept: f64, deviation: f64) -> String {
    let kept =
        if kept > 0.0 { format!("weeks that keep {kept}") } else { "independent weeks".into() };
    format!("{kept}, {:.0} %", deviation * 100.0)
}

/// Studies terms that save nothing, by the lanes that could be chosen.
fn no_saving() -> String {
    let mut table = Table::new([
        "noise between weeks",
        "1 lane: advised",
        "lost after",
        "2 lanes: advised",
        "lost after",
        "4 lanes: advised",
        "lost after",
        "6 lanes: advised",
        "lost after",
    ]);
    for kept in KEPT {
        for deviation in DEVIATIONS {
            let mut row = vec![noise(kept, deviation)];
            for lanes in COUNTS {
                let outcomes =
                    parallel::each(TRIALS, |trial| term_over_lanes(lanes, trial, kept, deviation));
                let advised: Vec<f64> = outcomes.into_iter().flatten().collect();
                let lost = advised.iter().filter(|saved| **saved < 0.0).count();
                row.push(percent(advised.len() as f64, TRIALS as f64));
                row.push(percent(lost as f64, TRIALS as f64));
            }
            table.row(row);
        }
    }
    page::section(
        "Is a term advised that saves nothing?",
        &format!(
            "Each lane asks for nine tenths of a unit by its output, and is worth on average exactly what a unit costs under a term\n\
             of a month: no set of lanes saves anything in truth. AWS refuses what exceeds units, so each lane goes to units of its\n\
             own. Demand is flat inside a week and goes up and down by its noise from week to week; {WEEKS} weeks are known. Each cell\n\
             is a share of {TRIALS} trials: those in which a term is advised, and those in which that loses in the {AFTER} weeks after.\n\
             Not promised: where weeks keep 0.8 of their noise, half a year has too few that differ, and no level of the test holds."
        ),
        &table,
    )
}

/// Returns the dollars that an advised term saves in the weeks after; `None` where none is advised.
fn term_over_lanes(lanes: usize, trial: u64, kept: f64, deviation: f64) -> Option<f64> {
    let rows = ["in-region", "us"].map(|scope| rate(scope, "standard", ["1.00", "0.40"]));
    let prices = [("none", FREE), ("1-month", BOUND)];
    let units = prices.map(|(term, price)| unit(term, format!("{price}.00"), Some(UNIT)));
    let as_of = "2026-07-06T00:20:00Z".parse().expect("a time");
    let mut account = Account::on(book(&[rows.as_slice(), units.as_slice()].concat()))
        .seen(as_of)
        .days(u32::try_from(7 * WEEKS).expect("few"));
    account.observation.settings.overflow = Overflow::Throttle;
    account.observation.settings.headroom = Ratio::ZERO;
    for id in &LANES[2..] {
        account = account.profile(id, &["us-east-1"]);
    }
    // USD a minute of a lane, and of its output alone.
    let worth = f64::from(BOUND) / 60.0;
    let of_output = 0.4 * OUTPUT as f64 / 1e6;
    let mut paths = Vec::new();
    for (place, id) in LANES.iter().enumerate().take(lanes) {
        let mut dice = Dice::new(&format!("certainty {kept} {deviation} {place}"), trial);
        let path = weeks(&mut dice, WEEKS + AFTER, kept, deviation);
        let input: Vec<u64> = path
            .iter()
            .map(|week| ((worth * week - of_output).max(0.0) * 1e6).to_u64().expect("a few tokens"))
            .collect();
        let at = |week: usize| input[week.min(WEEKS - 1)];
        account = account
            .survey(id, TOKENS, |hour| {
                [60 * at(usize::try_from(hour).expect("few") / 168), 60 * OUTPUT]
            })
            .minutes(id, TOKENS, |minute| {
                let hour = usize::try_from(minute).expect("few") / 60;
                [at(WEEKS - 2 + hour / 168), OUTPUT]
            });
        paths.push((id, path));
    }
    let binds = |advice: &&Recommendation| {
        advice.action == Action::BuyModelUnits
            && advice.is_counted()
            && advice.money.proposed.description.contains("1-month")
    };
    let report = account.report();
    let advice = report.recommendations.iter().find(binds)?;
    let now = &advice.money.current.description;
    let are_all = !LANES.iter().any(|id| now.contains(id));
    let chosen = paths.iter().filter(|(id, _)| are_all || now.contains(**id));
    let hours = HOURS_PER_WEEK * AFTER as f64;
    let saved = chosen.map(|(_, path)| {
        let mean = path[WEEKS..].iter().sum::<f64>() / AFTER as f64;
        f64::from(BOUND) * (mean - 1.0) * hours
    });
    Some(saved.sum())
}

/// Returns what is advised after weeks of so many units each, flat inside the week.
fn advised(market: &Market, weeks: &[f64]) -> Option<(u32, Term)> {
    let hours: Vec<u64> =
        weeks.iter().flat_map(|units| std::iter::repeat_n(tokens(*units) * 60, 168)).collect();
    let last = &weeks[weeks.len() - 2..];
    let minutes: Vec<u64> =
        last.iter().flat_map(|units| std::iter::repeat_n(tokens(*units), 168 * 60)).collect();
    market.advised(&hours, &minutes).map(|buy| (buy.units, buy.term))
}

/// Returns what so many units of one price an hour save a week at a demand of so many units.
fn weekly(units: u32, price: f64, demand: f64) -> f64 {
    HOURS_PER_WEEK * (FULL_HOUR * demand.min(f64::from(units)) - f64::from(units) * price)
}

/// Studies savings that are true.
fn captured() -> String {
    let market = Market::new(&[(Term::OneMonth, BOUND)]);
    let mut table = Table::new(["noise between weeks", "saves 10 %", "15 %", "20 %", "30 %"]);
    for kept in KEPT {
        for deviation in DEVIATIONS {
            let mut row = vec![noise(kept, deviation)];
            for saves in [0.1, 0.15, 0.2, 0.3] {
                let mean = f64::from(BOUND) / FULL_HOUR * (1.0 + saves);
                let bought = parallel::count(TRIALS, |trial| {
                    let mut dice = Dice::new(&format!("captured {kept} {deviation}"), trial);
                    let path = weeks(&mut dice, WEEKS, kept, deviation);
                    let demand: Vec<f64> = path.iter().map(|week| mean * week).collect();
                    advised(&market, &demand).is_some()
                });
                row.push(percent(bought, TRIALS as f64));
            }
            table.row(row);
        }
    }
    page::section(
        "Is what saves advised?",
        &format!(
            "A unit under a term of a month costs {BOUND} USD an hour, has room for all of the demand, and truly saves so much of its\n\
             cost. {WEEKS} weeks are known. Each cell is the share of the saving that the advice makes in {TRIALS} trials."
        ),
        &table,
    )
}

/// Level of a week, of so many.
type Shape<'s> = &'s (dyn Fn(usize, usize) -> f64 + Sync);

/// Studies demand that is not level, and workloads that are young.
fn shapes() -> String {
    let market = Market::new(&[(Term::OneMonth, BOUND)]);
    let level = f64::from(BOUND) / FULL_HOUR * 1.15;
    let grows =
        |rate: f64| move |week: usize, of: usize| level * rate.powf(week as f64 - of as f64);
    let step = |week: usize, of: usize| if week + 12 >= of { level } else { 0.5 * level };
    let flat = |_: usize, _: usize| level;
    let (slow, fast) = (grows(1.01), grows(1.03));
    let rows: [(&str, usize, Shape<'_>); 7] = [
        ("growing 1 % a week", WEEKS, &slow),
        ("growing 3 % a week", WEEKS, &fast),
        ("a step up twelve weeks ago", WEEKS, &step),
        ("8 weeks old", 8, &flat),
        ("10 weeks old", 10, &flat),
        ("12 weeks old", 12, &flat),
        ("16 weeks old", 16, &flat),
    ];
    let mut table = Table::new(["demand", "10 % noise: advised", "20 % noise: advised"]);
    for (name, history, shape) in rows {
        let mut row = vec![name.to_owned()];
        for deviation in [0.1, 0.2] {
            let bought = parallel::count(TRIALS, |trial| {
                let mut dice = Dice::new(&format!("{name} {deviation}"), trial);
                let path = weeks(&mut dice, history, 0.0, deviation);
                let demand: Vec<f64> =
                    path.iter().enumerate().map(|(at, week)| week * shape(at, history)).collect();
                advised(&market, &demand).is_some()
            });
            row.push(percent(bought, TRIALS as f64));
        }
        table.row(row);
    }
    page::section(
        "What of demand that is not level, and of young workloads?",
        &format!(
            "The same unit; today it truly saves 15 % of its cost. Weeks are independent, {TRIALS} trials a cell. A young workload has\n\
             fewer weeks to tell its saving from none."
        ),
        &table,
    )
}

/// Studies the range that is printed for a coming term.
fn coverage() -> String {
    const PATHS: u64 = 2_000;
    let mut table = Table::new([
        "weeks",
        "1 month: within",
        "below",
        "3 months: within",
        "below",
        "6 months: within",
        "below",
    ]);
    for kept in KEPT {
        let mut row = vec![noise(kept, 0.2)];
        for months in [1_u32, 3, 6] {
            let coming = usize::try_from(months).expect("few") * 730 / 168 + 1;
            let outcomes = parallel::each(PATHS, |path| {
                let mut dice = Dice::new(&format!("coverage {kept}"), path);
                let path = weeks(&mut dice, WEEKS + coming, kept, 0.2);
                let saved: Vec<f64> =
                    path.iter().map(|week| 1_000.0 * (1.2 * week - 1.0)).collect();
                let (past, future) = saved.split_at(WEEKS);
                let mean = |weeks: &[f64]| weeks.iter().sum::<f64>() / weeks.len() as f64;
                let month = 730.0 / HOURS_PER_WEEK;
                let usd = |weekly: f64| Usd::new(Decimal::try_from(weekly * month).expect("small"));
                let observed = usd(mean(&past[WEEKS - 4..]));
                let certainty = Certainty::of(past).expect("enough weeks");
                let (low, high) = range(&certainty, months, observed);
                let came = usd(mean(future));
                (low <= came && came <= high, came < low)
            });
            let share = |of: fn(&(bool, bool)) -> bool| {
                percent(outcomes.iter().filter(|it| of(it)).count() as f64, PATHS as f64)
            };
            row.extend([share(|it| it.0), share(|it| it.1)]);
        }
        table.row(row);
    }
    page::section(
        "Does the coming term save what its range says?",
        &format!(
            "A purchase saves a fifth of its cost, give or take 20 % of the demand from week to week. {WEEKS} weeks are known. Each cell is\n\
             a share of {PATHS} paths: those in which the mean month of the term lies within the range that is printed, and those in\n\
             which it is below. The range says \"about three terms in four\"."
        ),
        &table,
    )
}

fn range(certainty: &Certainty, months: u32, observed: Usd) -> (Usd, Usd) {
    let range = certainty.range(months, observed).expect("enough weeks");
    (range.low, range.high)
}

/// Days on which a unit is used.
type Rhythm = fn(&mut Dice, usize) -> bool;

/// Studies units that rest.
fn idle() -> String {
    const DAYS: usize = 182;
    const RUNS: usize = 60;
    const SEEDS: u64 = 10;
    let rhythms: [(&str, Rhythm); 9] = [
        ("daily", |_, _| true),
        ("weekdays", |_, day| day % 7 < 5),
        ("weekly", |_, day| day.is_multiple_of(7)),
        ("every three weeks", |_, day| day.is_multiple_of(21)),
        ("month-ends", |_, day| day % 30 >= 28),
        ("quarter-ends", |_, day| day % 91 >= 89),
        ("1 day in 10, at random", |dice, _| dice.between(0, 9) == 0),
        ("1 day in 20, at random", |dice, _| dice.between(0, 19) == 0),
        ("daily but for 17 days", |_, day| !(200..217).contains(&day)),
    ];
    let mut table = Table::new([
        "use",
        "runs that call it idle",
        "counted",
        "days until a dead one is called so",
    ]);
    for (name, is_used) in rhythms {
        let outcomes = parallel::each(SEEDS, |seed| {
            let mut dice = Dice::new(name, seed);
            let used: Vec<bool> = (0..DAYS + RUNS).map(|day| is_used(&mut dice, day)).collect();
            let (mut called, mut counted) = (0, 0);
            for run in 0..RUNS {
                // It is used again some time: the days after it say so.
                if let Some(is_counted) = called_idle(&used[run..run + DAYS]) {
                    called += 1;
                    counted += usize::from(is_counted);
                }
            }
            let mut dead = used;
            let dies = DAYS - 60;
            dead.truncate(dies);
            let until = (1..120).find(|days| {
                let mut seen: Vec<bool> = dead.clone();
                seen.extend(std::iter::repeat_n(false, *days));
                called_idle(&seen[seen.len().saturating_sub(DAYS)..]) == Some(true)
            });
            (called, counted, until)
        });
        let runs = (SEEDS * RUNS as u64) as f64;
        let called: usize = outcomes.iter().map(|it| it.0).sum();
        let counted: usize = outcomes.iter().map(|it| it.1).sum();
        let mut until: Vec<usize> = outcomes.iter().map(|it| it.2.unwrap_or(120)).collect();
        until.sort_unstable();
        let median = until[until.len() / 2];
        let until = if median < 120 { median.to_string() } else { "more than 120".to_owned() };
        table.row([
            name.to_owned(),
            percent(called as f64, runs),
            percent(counted as f64, runs),
            until,
        ]);
    }
    page::section(
        "Is a unit called idle that only rests?",
        &format!(
            "A unit without a term is used on the days of its rhythm and {DAYS} days are looked back on. The guard runs on {RUNS} days in a\n\
             row, {SEEDS} times. The first columns say how many runs call the unit idle although it is used again, and how many of those\n\
             count the saving. The last one is the median of the days after its last use until a unit that is dead is called idle\n\
             and counted."
        ),
        &table,
    )
}

/// Returns whether a unit that was used on these days is called idle, and if the saving counts.
fn called_idle(days: &[bool]) -> Option<bool> {
    let as_of = "2026-07-06T00:20:00Z".parse().expect("a time");
    let looked = days.len() / 7 * 7;
    let days = &days[days.len() - looked..];
    let prices = book(&[
        rate("in-region", "standard", ["1.00", "0.40"]),
        unit("none", format!("{FREE}.00"), Some(UNIT)),
    ]);
    let mut it = held();
    it.creation_time = "2025-01-01T00:00:00Z".parse().expect("a time");
    let used = |hour: u64| {
        let hour = usize::try_from(hour).expect("few");
        u64::from(days[hour / 24] && (9..12).contains(&(hour % 24)))
    };
    let account = Account::on(prices)
        .seen(as_of)
        .days(u32::try_from(looked).expect("few"))
        .survey(HELD, ["InputTokenCount", "OutputTokenCount", "Invocations"], |hour| {
            [used(hour) * 1_000_000, used(hour) * 100_000, used(hour) * 500]
        })
        .silent("h0ldh0ldh0ld")
        .silent("held")
        .holding(it);
    let report = account.report();
    let mut all = report.recommendations.iter();
    let idle = all.find(|advice| advice.action == Action::DeleteIdleProvisionedModel)?;
    Some(idle.is_counted())
}

/// A course of demand over days, in parts of its level: of the day, and of all days.
type Course = fn(&mut Dice, usize, usize) -> f64;

/// Days of history of a course.
const DAYS: usize = 182;

const COURSES: [(&str, Course); 14] = [
    ("level, lognormal tails", |dice, _, _| (0.6 * dice.normal()).exp() / 1.197),
    ("weekdays only", |_, day, _| if day % 7 < 5 { 1.0 } else { 0.0 }),
    ("alternating weeks", |_, day, _| if day / 7 % 2 == 0 { 1.3 } else { 0.7 }),
    ("month-end spikes", |_, day, _| if day % 30 >= 28 { 3.0 } else { 0.86 }),
    ("a holiday a month, nearly nothing", |_, day, _| if day % 30 == 20 { 0.1 } else { 1.0 }),
    (
        "a holiday week before the end",
        |_, day, end| {
            if day + 10 >= end && day + 3 < end { 0.2 } else { 1.0 }
        },
    ),
    ("growing 1 % a week", |_, day, end| 1.01_f64.powf((day as f64 - end as f64) / 7.0)),
    ("growing 3 % a week", |_, day, end| 1.03_f64.powf((day as f64 - end as f64) / 7.0)),
    ("falling 2 % a week", |_, day, end| 0.98_f64.powf((day as f64 - end as f64) / 7.0)),
    ("a step up twelve weeks ago", |_, day, end| if day + 84 >= end { 1.0 } else { 0.5 }),
    ("a step down three weeks ago", |_, day, end| if day + 21 >= end { 0.4 } else { 1.0 }),
    ("a step down three days ago", |_, day, end| if day + 3 >= end { 0.3 } else { 1.0 }),
    (
        "a rest of three days at the end",
        |_, day, end| {
            if day + 3 >= end && day < end { 0.3 } else { 1.0 }
        },
    ),
    ("young, six weeks", |_, day, end| if day + 42 >= end { 1.0 } else { 0.0 }),
];

/// Draws a course with noise of 10 % between days: history and the weeks after.
fn drawn(name: &str, course: Course, seed: u64) -> Vec<f64> {
    let mut dice = Dice::new(name, seed);
    (0..DAYS + 7 * AFTER)
        .map(|day| {
            let noise = (0.1 * dice.normal()).exp();
            course(&mut dice, day, DAYS) * noise
        })
        .collect()
}

/// Advice on a course of demand.
struct Judged {
    /// True if a term is advised and counts.
    is_bound: bool,
    is_held: bool,
    /// USD that the advice saves in the weeks after, and those of the best that a month could do.
    saved: f64,
    hindsight: f64,
}

fn judged(market: &Market, days: &[f64], level: f64) -> Judged {
    let hours: Vec<u64> = days[..DAYS]
        .iter()
        .flat_map(|part| std::iter::repeat_n(tokens(level * part) * 60, 24))
        .collect();
    let minutes: Vec<u64> = days[DAYS - 14..DAYS]
        .iter()
        .flat_map(|part| std::iter::repeat_n(tokens(level * part), 24 * 60))
        .collect();
    let report = market.account(&hours, &minutes).report();
    let buys = |advice: &&Recommendation| advice.action == Action::BuyModelUnits;
    let advice = report.recommendations.iter().find(buys);
    let held = |advice: &Recommendation| {
        advice.standing.not_counted_because.as_ref().is_some_and(|why| why.contains("held:"))
    };
    let price = market.price(Term::OneMonth);
    let after = |units: u32| {
        let saved = days[DAYS..].iter().map(|part| weekly(units, price, level * part) / 7.0);
        saved.sum::<f64>()
    };
    let units = advice.filter(|advice| advice.is_counted()).map_or(0, |advice| {
        let text = &advice.money.proposed.description;
        let (units, _) = text.split_once(" model unit").expect("a number of units");
        units.parse().expect("a number")
    });
    Judged {
        is_bound: units > 0,
        is_held: advice.is_some_and(held),
        saved: after(units),
        hindsight: (0..=12).map(after).fold(0.0, f64::max),
    }
}

/// Studies breaks: holds that were right, and those that were not.
fn breaks() -> String {
    const SEEDS: u64 = 100;
    let mut table = Table::new(["demand", "a unit saves 10 %: held", "30 %: held", "60 %: held"]);
    let mut row_of = |name: &str, course: Course| {
        let mut row = vec![name.to_owned()];
        for price in [81, 63, 36] {
            let market = Market::new(&[(Term::OneMonth, price)]);
            let held = parallel::count(SEEDS, |seed| {
                judged(&market, &drawn(name, course, seed), 4.0).is_held
            });
            row.push(percent(held, SEEDS as f64));
        }
        table.row(row);
    };
    for (name, course) in COURSES {
        row_of(name, course);
    }
    page::section(
        "Is a commitment held for a break that is none?",
        &format!(
            "Demand of four units on average, by days with 10 % noise; a unit in full use saves so much of its worth. Each cell is the\n\
             share of {SEEDS} accounts in which buying is held since demand fell in the last three days. The two courses that fall three\n\
             days before the end are breaks, of which one comes back."
        ),
        &table,
    )
}

/// Studies families of demand, judged by the weeks after.
fn families() -> String {
    const SEEDS: u64 = 100;
    let market = Market::new(&[(Term::OneMonth, 54)]);
    let mut table = Table::new([
        "demand",
        "advised",
        "losing",
        "captured of hindsight",
        "saved a trial, USD a week",
    ]);
    for (name, course) in COURSES {
        let outcomes =
            parallel::each(SEEDS, |seed| judged(&market, &drawn(name, course, seed), 4.0));
        let count = |of: fn(&Judged) -> bool| {
            percent(outcomes.iter().filter(|it| of(it)).count() as f64, SEEDS as f64)
        };
        let sum = |of: fn(&Judged) -> f64| outcomes.iter().map(of).sum::<f64>();
        table.row([
            name.to_owned(),
            count(|it| it.is_bound),
            count(|it| it.is_bound && it.saved < 0.0),
            percent(sum(|it| it.saved), sum(|it| it.hindsight)),
            page::dollars(sum(|it| it.saved) / (SEEDS as f64 * AFTER as f64)),
        ]);
    }
    let unit = UNIT_INPUT;
    page::section(
        "What does advice come to in the term after?",
        &format!(
            "Demand of four units of {unit} input tokens a minute, by days with 10 % noise. A unit costs 54 USD an hour under a term of a\n\
             month and replaces 90 in full use; callers route the rest. Hindsight knows the {AFTER} weeks after and buys what is best for\n\
             them. {SEEDS} accounts a row."
        ),
        &table,
    )
}
