//! The quality of the advice on commitments: exactness, speed and savings. `make bench` runs it.
//!
//! It prints every figure, and writes those that are the same on every run to
//! `docs/advice-quality.md`. The program calls itself for what needs a process of its own.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has nothing better to do"
)]
#![expect(clippy::cast_precision_loss, reason = "statistics of counts that are far below 2^53")]

#[path = "../tests/it/support/account.rs"]
#[expect(dead_code, reason = "a bench needs a part of what tests build")]
mod account;
#[path = "../tests/it/support/book.rs"]
mod book;

/// The parts, in the folder of that name.
mod advice {
    pub(super) mod brute_force;
    pub(super) mod capture;
    pub(super) mod certainty;
    pub(super) mod decision;
    pub(super) mod demand;
    pub(super) mod dice;
    pub(super) mod exact;
    pub(super) mod lanes;
    pub(super) mod market;
    pub(super) mod no_saving;
    pub(super) mod page;
    pub(super) mod parallel;
    pub(super) mod resolution;
    pub(super) mod scale;
    pub(super) mod small;
    pub(super) mod speed;
    pub(super) mod whole;
}

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use advice::{
    capture, certainty, decision, exact, lanes, no_saving, page, resolution, scale, speed, whole,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(workloads) = scale::asked(&arguments) {
        scale::measure(workloads, scale::DAYS);
        return ExitCode::SUCCESS;
    }
    if let Some(study) = arguments.iter().find_map(|it| it.strip_prefix("--study=")) {
        return one(study);
    }
    let exactness = timed("exactness", exact::study);
    timed("speed", || {
        speed::study();
        scale::study();
    });
    let studies = [
        exactness.section(),
        timed("captured saving", capture::study),
        timed("no saving", no_saving::study),
        timed("certainty", certainty::study),
        timed("resolution", resolution::study),
    ];
    for study in &studies {
        println!("\n{study}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/advice-quality.md");
    std::fs::write(file, page::document(&studies)).expect("the page can be written");
    if exactness.is_exact() {
        ExitCode::SUCCESS
    } else {
        println!("an optimum is not the optimum");
        ExitCode::FAILURE
    }
}

/// Does one study alone: `certainty`, `no-saving`, `lanes`, `decision`, `scale:WORKLOADS:DAYS`, `whole`, `whole:ACCOUNTS`, or one of its accounts, `whole:spill:CASE` or `whole:spill-reserved:CASE`.
fn one(study: &str) -> ExitCode {
    let parts: Vec<&str> = study.split(':').collect();
    match parts.as_slice() {
        ["whole"] => timed("whole", || whole::study(10_000)),
        ["whole", accounts] => {
            let accounts = accounts.parse().expect("a number of accounts");
            timed("whole", || whole::study(accounts));
        }
        ["whole", mode, case] => {
            let (is_spill, with_reserved) = (mode.starts_with("spill"), mode.ends_with("reserved"));
            whole::show(is_spill, with_reserved, case.parse().expect("the number of a case"));
        }
        ["decision"] => timed("decision", decision::study),
        ["scale", workloads, days] => {
            scale::measure(workloads.parse().expect("a number"), days.parse().expect("a number"));
        }
        ["lanes"] => println!("{}", timed("lanes", lanes::study)),
        ["certainty"] => println!("{}", timed("certainty", certainty::study)),
        ["no-saving"] => println!("{}", timed("no saving", no_saving::study)),
        _ => {
            println!(
                "no study is called {study}; there are: certainty, no-saving, whole, lanes, decision, scale:WORKLOADS:DAYS"
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Does a part and prints how long it took.
fn timed<T>(name: &str, part: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = part();
    println!("[{name}: {:.1} s]", started.elapsed().as_secs_f64());
    result
}
