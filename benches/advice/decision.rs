//! The time of one decision by the number of lanes and of holdings: everything that can be changed is
//! alive.

use std::hint::black_box;
use std::time::Instant;

use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::ModelUnits;
use bedrock_cost_guard::observation::{CommitmentDuration, ProvisionedModel};
use bedrock_cost_guard::report;

use super::dice::Dice;
use crate::account::{Account, HELD, TOKENS, bound, held};
use crate::book::{MODEL, UNIT, book, rate, unit};

const LANES: [usize; 6] = [1, 2, 3, 4, 6, 8];

const HOLDINGS: [usize; 4] = [0, 1, 2, 3];

const RUNS: usize = 5;

/// Prints the median time of a report on one workload with two weeks of minutes and 13 weeks of hours.
pub(crate) fn study() {
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        for holdings in HOLDINGS {
            let times = LANES.map(|lanes| {
                let account = account(overflow, lanes, holdings);
                let mut times: Vec<f64> = (0..RUNS)
                    .map(|_| {
                        let started = Instant::now();
                        black_box(report::build(&account.observation));
                        started.elapsed().as_secs_f64() * 1e3
                    })
                    .collect();
                times.sort_by(f64::total_cmp);
                format!("{lanes}: {:.0} ms", times[RUNS / 2])
            });
            println!("{overflow:?}, {holdings} holdings, by lanes: {}", times.join(", "));
        }
    }
}

fn account(overflow: Overflow, lanes: usize, holdings: usize) -> Account {
    let rates = ["in-region", "us"].map(|scope| rate(scope, "standard", ["1.00", "2.00"]));
    let global = rate("global", "standard", ["0.90", "1.80"]);
    let units = [("none", 50), ("1-month", 40)]
        .map(|(term, price)| unit(term, format!("{price}.00"), Some(UNIT)));
    let mut account = Account::on(book(&[rates.as_slice(), &[global], &units].concat()));
    let settings = &mut account.observation.settings;
    settings.overflow = overflow;
    settings.allow_global_routing = true;
    let mut dice = Dice::new("decision", (lanes * 10 + holdings) as u64);
    let mut minutes = |most: u64| {
        let minutes: Vec<u64> = (0..7 * 1_440).map(|_| dice.between(1, most)).collect();
        move |minute: u64| {
            let input = minutes[usize::try_from(minute).expect("few") % minutes.len()];
            [input, input / 5]
        }
    };
    for lane in 0..lanes {
        let profile = format!("a{lane}b2c3d4e5f6");
        let id = if lane == 0 { MODEL } else { &profile };
        account = account.lane(id, TOKENS, minutes(400_000)).profile(&profile, &["us-east-1"]);
    }
    for place in 0..holdings {
        let of = if place == 2 { bound(CommitmentDuration::OneMonth, 20) } else { held() };
        let model = ProvisionedModel {
            provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", &format!("h0ldh0ldh0{place:02}")),
            provisioned_model_name: format!("held-{place}"),
            model_units: ModelUnits::new(2),
            ..of
        };
        let arn = model.provisioned_model_arn.clone();
        account = account.lane(&arn, TOKENS, minutes(600_000)).holding(model);
    }
    account
}
