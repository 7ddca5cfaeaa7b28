//! The time that it takes to size one workload on two weeks of minutes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bedrock_cost_guard::domain::period::MINUTE;
use bedrock_cost_guard::domain::quantity::CapacityOrigin;
use bedrock_cost_guard::domain::{Capacity, LoadWeights, Meter, Series};
use bedrock_cost_guard::pricing::DemandSeries;
use bedrock_cost_guard::sizing::reserved_tokens::ReservationTerms;
use bedrock_cost_guard::sizing::{Reservation, ReservationSizing, UnitSizing};
use jiff::Timestamp;

use super::demand::{Family, INPUT_PER_OUTPUT, UNIT};
use super::dice::Dice;

const RUNS: usize = 15;

/// Times that the small workload is smaller.
const SMALLER: u64 = 100;

pub(crate) fn study() {
    let mut dice = Dice::new("speed", 0);
    let large = Family::Seasonal.minutes(&mut dice, 2, 2);
    let small: Vec<u64> = large.iter().map(|tokens| tokens / SMALLER).collect();
    let capacity = |smaller: u64| Capacity {
        input_tokens_per_hour: UNIT * 60 / smaller,
        output_tokens_per_hour: UNIT * 60 / INPUT_PER_OUTPUT / smaller,
        origin: CapacityOrigin::Stated,
    };
    for (name, minutes, smaller) in [("large", &large, 1), ("small", &small, SMALLER)] {
        let demand = demand(minutes);
        let price = if smaller == 1 { "45" } else { "0.45" };
        let price = price.parse().expect("a price");
        let (units, time) = median(|| {
            let sizing = UnitSizing::new(black_box(&demand), capacity(smaller), price, 0);
            let units = sizing.spill_optimum();
            (units, sizing.replaced(units))
        });
        println!(
            "{name} workload, {} minutes: {} model units in {time:.1?}",
            minutes.len(),
            units.0
        );
        let (tokens, time) = median(|| {
            let sizing = ReservationSizing::new(black_box(&demand), terms(), Reservation::NONE);
            let tokens = sizing.optimum();
            (tokens, sizing.replaced(tokens))
        });
        println!(
            "{name} workload, {} minutes: {} input and {} output tokens a minute reserved in {time:.1?}",
            minutes.len(),
            tokens.0.input_tokens_per_minute,
            tokens.0.output_tokens_per_minute
        );
    }
}

/// Returns what some work gives, and the median time that the work takes.
fn median<T>(what: impl Fn() -> T) -> (T, Duration) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            black_box(what());
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    (what(), times[RUNS / 2])
}

/// Returns prices of half of what full use is worth.
fn terms() -> ReservationTerms {
    ReservationTerms {
        input: "0.03".parse().expect("a price"),
        output: "0.06".parse().expect("a price"),
        minimum: Reservation { input_tokens_per_minute: 1_000, output_tokens_per_minute: 1_000 },
    }
}

/// Draws input and output that do not go quite together.
fn demand(minutes: &[u64]) -> DemandSeries {
    let start = Timestamp::UNIX_EPOCH;
    let mut demand = DemandSeries::none(start, MINUTE, minutes.len());
    let mut dice = Dice::new("mix", 0);
    let output = minutes.iter().map(|tokens| {
        let mix = 90 + dice.roll() % 21;
        Some(tokens / INPUT_PER_OUTPUT * mix / 100)
    });
    let output = output.collect();
    let input = minutes.iter().map(|tokens| Some(*tokens)).collect();
    for (meter, values, price) in [(Meter::Input, input, "1.00"), (Meter::Output, output, "2.00")] {
        let series = Series { start, step: MINUTE, values };
        let price = price.parse().expect("a price");
        demand.add(meter, &series, price, LoadWeights::default()).expect("units serve it");
    }
    demand
}
