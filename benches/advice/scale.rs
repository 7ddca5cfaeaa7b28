//! The time and the memory that a report takes, for accounts of growing size.
//!
//! Each size runs in a process of its own, so that its peak of memory is its own.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use bedrock_cost_guard::catalog::{Overrides, RateQuery, UnitCapacity};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{
    AccountId, BaseModel, Geo, Meter, ModelId, Place, Region, Scope, ServiceTier,
};
use bedrock_cost_guard::observation::plan::MINUTE_DAYS;
use bedrock_cost_guard::observation::{Observation, PlaceObservation};
use bedrock_cost_guard::report::{self, PlaceReport};

use crate::account::{Account, TOKENS, region};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Argument that makes the program measure one size.
const ARGUMENT: &str = "--workloads=";

const REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];

/// One workload of so many is of a model whose units are sold and whose capacity is known, and has
/// minutes.
const ONE_IN: usize = 100;

/// Tokens that a unit of that model is said to serve in a minute.
const UNIT_INPUT: u64 = 300_000;
const UNIT_OUTPUT: u64 = 60_000;

/// Days that are looked back, where nothing else is said.
pub(crate) const DAYS: u32 = 182;

/// Reads the size that the program was started to measure, if it was.
pub(crate) fn asked(arguments: &[String]) -> Option<usize> {
    arguments.iter().find_map(|argument| argument.strip_prefix(ARGUMENT)?.parse().ok())
}

/// Measures all sizes.
pub(crate) fn study() {
    let program = std::env::current_exe().expect("the program has a path");
    for size in SIZES {
        let ended = Command::new(&program)
            .arg(format!("{ARGUMENT}{size}"))
            .status()
            .expect("the program starts");
        assert!(ended.success(), "the report of {size} workloads is built");
    }
}

/// Measures one size and prints what it found. Places are built, decided and dropped one after the other, as in a
/// run; what it takes to build them is not counted.
pub(crate) fn measure(workloads: usize, days: u32) {
    let empty = Account::new().seen("2026-11-14T00:20:00Z".parse().expect("a time")).days(days);
    let (run, ids) = run_of(&empty);
    let mut time = Duration::ZERO;
    let (mut made, mut places) = (0, Vec::new());
    while made < workloads {
        let observed = place(&empty, &ids, places.len(), made, workloads);
        made += observed.usage.lanes.len();
        let started = Instant::now();
        places.push(black_box(PlaceReport::of(&run, &observed)));
        time += started.elapsed();
    }
    let count = places.len();
    let started = Instant::now();
    let report = black_box(report::assemble(&run, places));
    time += started.elapsed();
    assert_eq!(report.workloads.len(), workloads, "each workload is reported");
    println!(
        "{workloads} workloads in {count} places x {} hours: {:.2} s, {:.0} µs each, peak {:.0} MB, {} recommendations",
        run.window.hours(),
        time.as_secs_f64(),
        time.as_secs_f64() * 1e6 / workloads as f64,
        megabytes("VmHWM:"),
        report.recommendations.len(),
    );
}

/// Reads a line of what Linux says of this process, in megabytes.
fn megabytes(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let kilobytes = status
        .lines()
        .find_map(|row| row.strip_prefix(line)?.trim().strip_suffix(" kB"))
        .expect("the line is there");
    kilobytes.parse::<f64>().expect("a number") / 1_024.0
}

/// Ids that are called in each of the Regions, with the models that they are of, and the one whose units are sold.
struct Ids {
    others: [Vec<(BaseModel, ModelId)>; 3],
    sold: (BaseModel, ModelId),
}

/// Builds the run of many accounts in a few Regions, which use all that the price book has there.
fn run_of(empty: &Account) -> (Observation, Ids) {
    let mut run = empty.observation.clone();
    run.settings.overflow = Overflow::Spill;
    let others = REGIONS.map(|name| ids(&run, &region(name)));
    let sold = sold(&run, &others[0]);
    run.overrides = Overrides {
        schema_version: 1,
        capacity: vec![UnitCapacity {
            model: sold.0.clone(),
            input_tokens_per_minute: UNIT_INPUT,
            output_tokens_per_minute: UNIT_OUTPUT,
        }],
        ..Overrides::default()
    };
    run.places.clear();
    (run, Ids { others, sold })
}

/// Builds one place of so many workloads in all, after those that were made.
fn place(
    empty: &Account,
    ids: &Ids,
    number: usize,
    mut made: usize,
    workloads: usize,
) -> PlaceObservation {
    let (sold, sold_id) = &ids.sold;
    let mut account = empty.clone().serves(sold.id(), "PROVISIONED");
    for (model, id) in &ids.others[number % REGIONS.len()] {
        if made == workloads {
            break;
        }
        if made % ONE_IN == ONE_IN - 1 {
            account = using(account, sold_id, made, true);
            made += 1;
        } else if model != sold {
            account = using(account, id, made, false);
            made += 1;
        }
    }
    let mut place = account.observation.places.remove(0);
    place.place = Place {
        account: AccountId::new(format!("{:012}", 1 + number / REGIONS.len())),
        region: region(REGIONS[number % REGIONS.len()]),
    };
    place
}

/// Lists models of the price book whose input and output have a price in a Region, as they are
/// called: fewer than [`ONE_IN`], so that no place has the sold one twice.
fn ids(observation: &Observation, region: &Region) -> Vec<(BaseModel, ModelId)> {
    let day = observation.window.last_day();
    let is_priced = |model: &BaseModel, scope: Scope| {
        [Meter::Input, Meter::Output].iter().all(|meter| {
            let wanted = RateQuery {
                model,
                region,
                scope,
                tier: Some(ServiceTier::Standard),
                meter: *meter,
                input_tokens: None,
                day,
            };
            observation.prices.rate(&wanted).is_some()
        })
    };
    let models = observation.prices.models.iter().map(|model| &model.id);
    models
        .filter_map(|model| {
            let scope = [Scope::InRegion, Scope::Geo(Geo::Us)]
                .into_iter()
                .find(|scope| is_priced(model, *scope))?;
            Some((model.clone(), ModelId::of_model(model, scope)))
        })
        .take(ONE_IN - 1)
        .collect()
}

/// Finds a model whose units are sold.
fn sold(observation: &Observation, ids: &[(BaseModel, ModelId)]) -> (BaseModel, ModelId) {
    let region = region(REGIONS[0]);
    let day = observation.window.last_day();
    let has_units = |(model, _): &&(BaseModel, ModelId)| {
        let offers = observation.prices.offers(model, &region, day, &observation.overrides);
        offers.len() > 1
    };
    ids.iter().find(has_units).cloned().expect("the book sells units")
}

/// Adds traffic with days and weeks in it; some lanes are a thousand times as busy as others.
fn using(account: Account, id: &ModelId, number: usize, with_minutes: bool) -> Account {
    let number = number as u64;
    let level = if with_minutes { 4 * UNIT_INPUT } else { 1_000 * (1 + number * 7_919 % 1_000) };
    let tokens = |minutes: u64, hour: u64, place: u64| {
        let input = level * minutes * shape(hour, place + number) / 1_000;
        [input, input / 5]
    };
    let account = account.survey(id.text(), TOKENS, |hour| tokens(60, hour, hour));
    if !with_minutes {
        return account;
    }
    let window = account.observation.window;
    let before = 60 * (window.hours() - window.last_days(MINUTE_DAYS).hours());
    account.minutes(id.text(), TOKENS, |minute| {
        let minute = before + minute;
        tokens(1, minute / 60, minute)
    })
}

/// Returns thousandths of the level: days, weeks and a little noise.
fn shape(hour: u64, noise: u64) -> u64 {
    let day = if (8..20).contains(&(hour % 24)) { 1_000 } else { 500 };
    let week = if hour % 168 < 120 { day } else { day / 2 };
    week + noise.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 200
}
