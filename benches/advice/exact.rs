//! The optima against brute force: the mismatches on many small demands.

use std::fmt::Display;

use bedrock_cost_guard::domain::period::{HOUR, MINUTE};
use bedrock_cost_guard::domain::quantity::CapacityOrigin;
use bedrock_cost_guard::domain::{Capacity, LoadWeights, Meter, Ratio, Series, Usd};
use bedrock_cost_guard::pricing;
use bedrock_cost_guard::sizing::reserved_tokens::ReservationTerms;
use bedrock_cost_guard::sizing::{Reservation, ReservationSizing, UnitSizing};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::brute_force::{Demand, TEN_THOUSANDTH, Tokens, Tpm, Units};
use super::dice::Dice;
use super::page::{self, Table};
use super::parallel;

const RANDOM: u64 = 40_000;

/// Demands of each of the [`SHAPES`].
const SHAPED: u64 = 100;

const SHAPES: [Shape; 5] =
    [Shape::Nothing, Shape::Spike, Shape::Constant, Shape::Weekly, Shape::HeavyTailed];

/// Holds one optimum against brute force.
type Check = fn(&mut Dice, &Demand) -> Verdict;

/// Input tokens of an hour that a small unit, or a thousand a minute, serves.
const LEVEL: u64 = 60_000;

/// Hours of a shape.
const HOURS: usize = 4 * 168;

const METERS: [Meter; 4] = [Meter::Input, Meter::CacheWrite, Meter::CacheRead, Meter::Output];

#[derive(Clone, Copy)]
enum Shape {
    Nothing,
    Spike,
    Constant,
    Weekly,
    HeavyTailed,
}

/// Outcome of one instance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Wrong,
    /// The optimum is to buy nothing, and that was found.
    Nothing,
    /// The optimum is to buy something, and that was found.
    Purchase,
}

impl Verdict {
    const fn of(is_exact: bool, buys: bool) -> Self {
        match (is_exact, buys) {
            (false, _) => Self::Wrong,
            (true, false) => Self::Nothing,
            (true, true) => Self::Purchase,
        }
    }
}

/// All instances of a kind.
struct Tally {
    kind: &'static str,
    random: Vec<Verdict>,
    shaped: Vec<Verdict>,
}

impl Tally {
    fn count(&self, verdict: Verdict) -> usize {
        let all = self.random.iter().chain(&self.shaped);
        all.filter(|one| **one == verdict).count()
    }
}

/// Of each kind of commitment.
pub(crate) struct Exactness(Vec<Tally>);

impl Exactness {
    pub(crate) fn is_exact(&self) -> bool {
        self.0.iter().all(|tally| tally.count(Verdict::Wrong) == 0)
    }

    pub(crate) fn section(&self) -> String {
        let mut table = Table::new([
            "commitment",
            "random demands",
            "shaped demands",
            "best is to buy",
            "mismatches",
        ]);
        for tally in &self.0 {
            let counts = [
                tally.random.len(),
                tally.shaped.len(),
                tally.count(Verdict::Purchase),
                tally.count(Verdict::Wrong),
            ];
            let counts = counts.map(|count| page::number(count as f64));
            table.row([tally.kind.to_owned()].into_iter().chain(counts));
        }
        page::section(
            "Are the optima exact?",
            "Each optimum is held against brute force: every possible purchase, priced by its definition in whole numbers.\n\
             A mismatch is a purchase that costs more than the cheapest by over 1 part in 10⁹, or whose cost is counted wrong.\n\
             Shaped demands are four weeks by the hour: nothing, one spike, constant, weekly seasons, heavy tails.",
            &table,
        )
    }
}

/// Holds all kinds against brute force.
pub(crate) fn study() -> Exactness {
    let kinds: [(&str, Check); 3] = [
        ("model units, spill", check_spill),
        ("model units, throttle", check_throttle),
        ("reserved tokens, input and output", check_tpm),
    ];
    let tallies = kinds.map(|(kind, check)| Tally {
        kind,
        random: parallel::each(RANDOM, |case| {
            let mut dice = Dice::new(kind, case);
            let demand = random(&mut dice);
            check(&mut dice, &demand)
        }),
        shaped: SHAPES
            .iter()
            .flat_map(|shape| {
                parallel::each(SHAPED, |case| {
                    let mut dice = Dice::new(kind, RANDOM + case);
                    let demand = shaped(&mut dice, *shape);
                    check(&mut dice, &demand)
                })
            })
            .collect(),
    });
    Exactness(tallies.into())
}

/// Draws a few hours, or one by the minute, of anything up to 12 levels.
fn random(dice: &mut Dice) -> Demand {
    let (seconds, steps) =
        if dice.roll().is_multiple_of(4) { (MINUTE, 60) } else { (HOUR, dice.between(1, 24)) };
    let most = 12 * LEVEL * u64::from(seconds) / 3_600;
    let input_per_output = dice.between(1, 5);
    let steps = (0..steps)
        .map(|_| {
            let is_empty = dice.roll().is_multiple_of(8);
            let mut up_to = |most: u64| {
                let count = dice.between(0, most);
                if is_empty || dice.roll().is_multiple_of(8) { 0 } else { count }
            };
            [up_to(most), up_to(most / 4), up_to(most), up_to(most / input_per_output)]
        })
        .collect();
    Demand::new(dice, seconds, steps)
}

fn shaped(dice: &mut Dice, shape: Shape) -> Demand {
    let spike = dice.between(0, HOURS as u64 - 1);
    let base = 1.0 + 8.0 * dice.share();
    let steps = (0..HOURS as u64)
        .map(|hour| {
            let levels = match shape {
                Shape::Nothing => 0.0,
                Shape::Spike => f64::from(u8::from(hour == spike)) * 25.0,
                Shape::Constant => base,
                Shape::Weekly => {
                    let day = if hour % 24 < 8 { 0.3 } else { 1.0 };
                    let week = if hour % 168 < 120 { 1.0 } else { 0.4 };
                    base * day * week * (1.0 + 0.2 * dice.normal()).max(0.0)
                }
                Shape::HeavyTailed => dice.pareto(1.2).min(25.0),
            };
            tokens(dice, levels * LEVEL as f64)
        })
        .collect();
    Demand::new(dice, HOUR, steps)
}

/// Draws about so many input tokens, and half of that as output, each a little off.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tokens are few and not negative"
)]
fn tokens(dice: &mut Dice, input: f64) -> Tokens {
    let mut about = |count: f64| (count * (0.9 + 0.2 * dice.share())) as u64;
    [about(input), 0, 0, about(input / 2.0)]
}

fn check_spill(dice: &mut Dice, demand: &Demand) -> Verdict {
    let (sizing, units) = units(dice, demand);
    let costs = units.spill_costs(demand);
    let found = sizing.spill_optimum();
    let place = usize::try_from(found).expect("few units");
    let (Some(cost), Some(least)) = (costs.get(place), costs.iter().min()) else {
        return Verdict::Wrong;
    };
    let is_exact = is_least(demand, *cost, *least) && is_same(demand, sizing.cost(found), *cost);
    Verdict::of(is_exact, found > 0)
}

fn check_throttle(dice: &mut Dice, demand: &Demand) -> Verdict {
    let (sizing, units) = units(dice, demand);
    let headroom = dice.between(0, 100);
    let enough = units.enough(demand, headroom);
    let counted = sizing.throttle_minimum(Ratio::new(Decimal::new(headroom.cast_signed(), 2)));
    if counted != Some(enough) {
        return Verdict::Wrong;
    }
    let on_demand = sizing.all_on_demand();
    let found = sizing.throttle_optimum(enough, on_demand);
    // None at all leaves everything on-demand, unless the held ones are enough.
    let none = if enough == 0 { 0 } else { demand.value() };
    let cost = if found == 0 { none } else { units.bought(demand, found) };
    let least = none.min(units.bought(demand, enough));
    let is_exact = (found == 0 || found >= enough)
        && is_least(demand, cost, least)
        && is_same(demand, on_demand, demand.value());
    Verdict::of(is_exact, found > 0)
}

fn check_tpm(dice: &mut Dice, demand: &Demand) -> Verdict {
    // A thousand tokens a minute are worth 60,000 tokens an hour.
    let full = |meter: usize| demand.prices[meter] * 60_000 / 1_000_000;
    let price = |dice: &mut Dice, meter| dice.between(1, full(meter).max(1) * 11 / 10 + 1);
    let prices = [price(dice, 0), price(dice, 3)];
    let minimum = [dice.between(1, 3_000), dice.between(1, 2_000)];
    let mut held = || dice.between(0, 6_000) * (dice.roll() % 2);
    let held = [held(), held()];
    let least =
        Tpm { prices: prices.map(|price| i128::from(price) * TEN_THOUSANDTH), minimum, held };
    let reservation = |[input, output]: [u64; 2]| Reservation {
        input_tokens_per_minute: input,
        output_tokens_per_minute: output,
    };
    let terms = ReservationTerms {
        input: parsed(prices[0]),
        output: parsed(prices[1]),
        minimum: reservation(minimum),
    };
    // Reserved tokens weigh one each.
    let demand = Demand {
        steps: demand.steps.iter().map(|step| [step[0], 0, 0, step[3]]).collect(),
        seconds: demand.seconds,
        prices: demand.prices,
    };
    let sizing = ReservationSizing::new(&measured(&demand), terms, reservation(held));
    let found = sizing.optimum();
    let thousands = [found.input_tokens_per_minute, found.output_tokens_per_minute]
        .map(|tokens| tokens / 1_000);
    let cost = least.cost(&demand, thousands);
    let is_exact = is_least(&demand, cost, least.least_cost(&demand))
        && is_same(&demand, sizing.cost(found), cost);
    Verdict::of(is_exact, found != Reservation::NONE)
}

/// Draws units, as the library sees them and as brute force does.
fn units(dice: &mut Dice, demand: &Demand) -> (UnitSizing, Units) {
    let input_per_hour = 60 * dice.between(500, 1_500);
    let output_per_hour = 60 * dice.between(150, 600);
    // Ten-thousandths of a dollar that a full unit replaces in an hour.
    let full = (input_per_hour * demand.prices[0] + output_per_hour * demand.prices[3]) / 1_000_000;
    let price = dice.between(1, full.max(1) * 11 / 10 + 1);
    let held = u32::try_from(dice.between(0, 5)).unwrap_or_default();
    let capacity = Capacity {
        input_tokens_per_hour: input_per_hour,
        output_tokens_per_hour: output_per_hour,
        origin: CapacityOrigin::Assumed,
    };
    let sizing = UnitSizing::new(&measured(demand), capacity, parsed(price), held);
    let units =
        Units { input_per_hour, output_per_hour, price: i128::from(price) * TEN_THOUSANDTH, held };
    (sizing, units)
}

/// Returns the demand as the library measures it.
fn measured(demand: &Demand) -> pricing::DemandSeries {
    let start = Timestamp::UNIX_EPOCH;
    let mut measured = pricing::DemandSeries::none(start, demand.seconds, demand.steps.len());
    for (place, meter) in METERS.into_iter().enumerate() {
        let series = Series {
            start,
            step: demand.seconds,
            values: demand.steps.iter().map(|step| Some(step[place])).collect(),
        };
        measured
            .add(meter, &series, parsed(demand.prices[place]), LoadWeights::default())
            .expect("all four are served");
    }
    measured
}

/// Reads a price of so many ten-thousandths of a dollar.
fn parsed<T: TryFrom<String, Error: Display>>(price: u64) -> T {
    let text = Decimal::new(price.cast_signed(), 4).to_string();
    T::try_from(text).map_err(|error| error.to_string()).expect("it is a price")
}

fn is_least(demand: &Demand, cost: i128, least: i128) -> bool {
    cost - least <= least / 1_000_000_000 + demand.slack()
}

/// Returns true if the library counts a cost as the definition of the cost does.
fn is_same(demand: &Demand, counted: Usd, cost: i128) -> bool {
    let mut dollars = counted.dollars();
    dollars.rescale(16);
    (dollars.mantissa() - cost).abs() <= demand.slack()
}
