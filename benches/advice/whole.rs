//! The whole decision against brute force from the definition: every way to serve a small account is
//! tried, and the cheapest is held against what the guard advises. No code of the guard is used to try.
//!
//! Demand repeats every four minutes, so that each minute, hour and week is like the others: nothing is
//! uncertain, and what is missed is missed by the decision alone. Thresholds are zero.

use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, Ratio, Usd};
use bedrock_cost_guard::observation::{CommitmentDuration, ProvisionedModel};
use bedrock_cost_guard::report;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::dice::Dice;
use super::page::percent;
use super::parallel;
use crate::account::{Account, HELD, TOKENS, bound, held};
use crate::book::{MODEL, UNIT, book, rate, unit};

/// Minutes after which demand repeats.
const PHASES: usize = 4;

/// Minutes of each phase in a month of 730 hours.
const MINUTES_OF_A_PHASE: f64 = 730.0 * 60.0 / PHASES as f64;

/// Dollars below which a difference is rounding.
const NOTHING: f64 = 0.01;

/// Tokens of a lane in each phase, input and output.
type Tokens = [[u64; 2]; PHASES];

#[derive(Clone, Debug)]
struct Lane {
    id: &'static str,
    /// Price of its tokens, in percent of the in-Region price.
    percent: u64,
    tokens: Tokens,
}

#[derive(Clone, Debug)]
struct Held {
    units: u32,
    is_bound: bool,
    /// Tokens that it serves, none of them where it is idle.
    tokens: Tokens,
}

/// A small account.
#[derive(Clone, Debug)]
struct Small {
    is_spill: bool,
    /// Price through the global profile in percent, where that may be used.
    global: Option<u64>,
    lanes: Vec<Lane>,
    held: Vec<Held>,
    /// USD an hour of a unit without a term.
    price: u64,
    /// USD an hour of a unit under a term of a month; 0 where none is sold.
    month: u64,
}

/// Saving of one account, possible and advised, in USD a month.
struct Outcome {
    case: u64,
    possible: f64,
    advised: f64,
}

impl Small {
    fn draw(case: u64, is_spill: bool) -> Self {
        let mut dice = Dice::new(if is_spill { "whole spill" } else { "whole throttle" }, case);
        let tokens = |dice: &mut Dice, most: u64| -> Tokens {
            let busy = dice.between(1, 100) * most / 100;
            std::array::from_fn(|_| {
                let part = dice.between(0, 100);
                [busy * part / 100, busy * part * dice.between(5, 30) / 10_000]
            })
        };
        let count = usize::try_from(dice.between(0, 2)).expect("it is small");
        let ids = [(MODEL, 100), ("us.maker.model-v1:0", 95)];
        let lanes = ids.iter().take(count).map(|(id, percent)| Lane {
            id,
            percent: *percent,
            tokens: tokens(&mut dice, 2_000_000),
        });
        let lanes = lanes.collect();
        let holdings = dice.between(0, 2);
        let held = (0..holdings).map(|_| {
            let units = u32::try_from(dice.between(1, 3)).expect("it is small");
            let most = if dice.between(0, 2) == 0 { 0 } else { u64::from(units) * 1_000_000 };
            Held { units, is_bound: dice.between(0, 2) == 0, tokens: tokens(&mut dice, most) }
        });
        let held = held.collect();
        let price = dice.between(10, 100);
        Self {
            is_spill,
            global: (dice.between(0, 1) == 0).then(|| dice.between(80, 99)),
            lanes,
            held,
            price,
            month: dice.between(0, 1) * price * dice.between(50, 95) / 100,
        }
    }

    fn account(&self) -> Account {
        let mut rows = vec![
            rate("in-region", "standard", ["1.00", "2.00"]),
            rate("us", "standard", ["0.95", "1.90"]),
            unit("none", format!("{}.00", self.price), Some(UNIT)),
        ];
        if let Some(percent) = self.global {
            let input = Decimal::new(i64::try_from(percent).expect("it is small"), 2);
            rows.push(rate("global", "standard", [input, input * Decimal::TWO]));
        }
        if self.month > 0 {
            rows.push(unit("1-month", format!("{}.00", self.month), Some(UNIT)));
        }
        let mut account = Account::on(book(&rows));
        let settings = &mut account.observation.settings;
        settings.allow_global_routing = true;
        settings.min_monthly_savings = Usd::ZERO;
        settings.min_savings_ratio = Ratio::ZERO;
        settings.headroom = Ratio::ZERO;
        settings.overflow = if self.is_spill { Overflow::Spill } else { Overflow::Throttle };
        let minute = |tokens: &Tokens| {
            let tokens = *tokens;
            move |minute: u64| tokens[usize::try_from(minute).expect("it fits") % PHASES]
        };
        for lane in &self.lanes {
            account = account.lane(lane.id, TOKENS, minute(&lane.tokens));
        }
        for (place, holding) in self.held.iter().enumerate() {
            let of =
                if holding.is_bound { bound(CommitmentDuration::OneMonth, 20) } else { held() };
            let model = ProvisionedModel {
                provisioned_model_arn: HELD
                    .replace("h0ldh0ldh0ld", &format!("h0ldh0ldh0{place:02}")),
                provisioned_model_name: format!("held-{place}"),
                model_units: ModelUnits::new(holding.units),
                ..of
            };
            account = if holding.tokens.iter().all(|tokens| *tokens == [0, 0]) {
                account.idle(model)
            } else {
                let arn = model.provisioned_model_arn.clone();
                account.lane(&arn, TOKENS, minute(&holding.tokens)).holding(model)
            };
        }
        account
    }

    /// Returns the USD a month of some tokens in one phase, at a price in percent.
    fn cost(tokens: [u64; 2], percent: u64) -> f64 {
        let dollars = (tokens[0] + 2 * tokens[1]) as f64 / 1e6;
        dollars * percent as f64 / 100.0 * MINUTES_OF_A_PHASE
    }

    /// Returns the price that each call has on-demand, lanes first and then what is held.
    fn cheapest(&self) -> Vec<u64> {
        let best = |percent: u64| self.global.map_or(percent, |global| global.min(percent));
        let lanes = self.lanes.iter().map(|lane| best(lane.percent));
        lanes.chain(self.held.iter().map(|_| best(100))).collect()
    }

    fn calls(&self) -> Vec<Tokens> {
        let lanes = self.lanes.iter().map(|lane| lane.tokens);
        lanes.chain(self.held.iter().map(|held| held.tokens)).collect()
    }

    /// Returns the USD a month of a unit that is held.
    fn hour(&self, held: &Held) -> u64 {
        // A term that the book does not sell has no price; such accounts are drawn with one.
        if held.is_bound { self.month } else { self.price }
    }

    fn present(&self) -> f64 {
        let lanes = self
            .lanes
            .iter()
            .flat_map(|lane| lane.tokens.iter().map(|tokens| Self::cost(*tokens, lane.percent)));
        let held = self.held.iter().map(|held| self.hour(held) as f64 * f64::from(held.units));
        lanes.sum::<f64>() + 730.0 * held.sum::<f64>()
    }

    /// Returns the cost of the cheapest way to serve the account, of all ways.
    fn least(&self) -> f64 {
        if self.is_spill { self.least_spill() } else { self.least_throttle() }
    }

    fn need(tokens: [u64; 2]) -> f64 {
        (tokens[0] as f64 / UNIT[0] as f64).max(tokens[1] as f64 / UNIT[1] as f64)
    }

    /// Callers try all units, one provisioned model after the other, and the rest goes on-demand.
    fn least_spill(&self) -> f64 {
        let (calls, prices) = (self.calls(), self.cheapest());
        let fixed: u32 = self.held.iter().filter(|it| it.is_bound).map(|it| it.units).sum();
        let spare: u32 = self.held.iter().filter(|it| !it.is_bound).map(|it| it.units).sum();
        let mut least = f64::INFINITY;
        for set in 0_usize..1 << calls.len() {
            let is_in = |call: usize| set >> call & 1 == 1;
            for kept in 0..=spare {
                for bought in 0..=12_u32 {
                    for price in [self.price, self.month] {
                        if price == 0 {
                            continue;
                        }
                        let units = fixed + kept + bought;
                        let mut cost = 730.0
                            * (self.month * u64::from(fixed)
                                + self.price * u64::from(kept)
                                + price * u64::from(bought)) as f64;
                        for phase in 0..PHASES {
                            let (mut asked, mut value) = ([0, 0], 0.0);
                            for (call, (tokens, price)) in calls.iter().zip(&prices).enumerate() {
                                let of = Self::cost(tokens[phase], *price);
                                if is_in(call) {
                                    asked[0] += tokens[phase][0];
                                    asked[1] += tokens[phase][1];
                                    value += of;
                                } else {
                                    cost += of;
                                }
                            }
                            let need = Self::need(asked);
                            if need > 0.0 {
                                cost += value * (1.0 - (f64::from(units) / need).min(1.0));
                            }
                        }
                        least = least.min(cost);
                    }
                }
            }
        }
        least
    }

    /// Each call goes to one provisioned model whole, or on-demand.
    fn least_throttle(&self) -> f64 {
        let (calls, prices) = (self.calls(), self.cheapest());
        // On-demand, each holding, and one purchase.
        let places = self.held.len() + 2;
        let ways = places.pow(u32::try_from(calls.len()).expect("it is small"));
        let mut least = f64::INFINITY;
        for way in 0..ways {
            let place =
                |call: usize| way / places.pow(u32::try_from(call).expect("it is small")) % places;
            let on_demand: f64 = (0..calls.len())
                .filter(|call| place(*call) == 0)
                .flat_map(|call| calls[call].iter().map(move |it| (it, call)))
                .map(|(tokens, call)| Self::cost(*tokens, prices[call]))
                .sum();
            let units = |of: usize| -> u64 {
                let highest = (0..PHASES).map(|phase| {
                    let mut asked = [0, 0];
                    for call in (0..calls.len()).filter(|call| place(*call) == of) {
                        asked[0] += calls[call][phase][0];
                        asked[1] += calls[call][phase][1];
                    }
                    asked[0].div_ceil(UNIT[0]).max(asked[1].div_ceil(UNIT[1]))
                });
                highest.max().unwrap_or_default()
            };
            // What is held without a term can be bound for one, too.
            let cheap = if self.month > 0 { self.month.min(self.price) } else { self.price };
            let mut hourly = cheap * units(places - 1);
            let mut fits = true;
            for (at, held) in self.held.iter().enumerate() {
                let needed = units(at + 1);
                fits &= needed <= u64::from(held.units);
                let paid = if held.is_bound { held.units.into() } else { needed };
                hourly += paid * if held.is_bound { self.month } else { cheap };
            }
            if fits {
                least = least.min(on_demand + 730.0 * hourly as f64);
            }
        }
        least
    }
}

/// Measures both modes on so many accounts each, and prints what is missed.
pub(crate) fn study(accounts: u64) {
    for (mode, is_spill) in [("spill", true), ("throttle", false)] {
        let outcomes = parallel::each(accounts, |case| {
            let mut small = Small::draw(case, is_spill);
            if small.month == 0 {
                small.held.iter_mut().for_each(|held| held.is_bound = false);
            }
            let report = report::build(&small.account().observation);
            let advised = report.totals.potential_monthly_savings.dollars();
            Outcome {
                case,
                possible: small.present() - small.least(),
                advised: advised.to_f64().expect("dollars are a number"),
            }
        });
        let sum = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>();
        let (possible, advised) = (sum(|it| it.possible), sum(|it| it.advised));
        let mut missed: Vec<&Outcome> =
            outcomes.iter().filter(|it| it.possible - it.advised > NOTHING).collect();
        let beyond = outcomes.iter().filter(|it| it.advised - it.possible > NOTHING).count();
        println!(
            "{mode}: {} of what is possible on {accounts} accounts; {} miss some of it, {beyond} promise more",
            percent(advised, possible),
            missed.len()
        );
        missed.sort_by(|a, b| (b.possible - b.advised).total_cmp(&(a.possible - a.advised)));
        for outcome in missed.iter().take(10) {
            println!(
                "  {mode} {}: {:.2} of {:.2} USD a month",
                outcome.case, outcome.advised, outcome.possible
            );
        }
        let others = missed.iter().skip(10).map(|it| it.case.to_string());
        println!(
            "  {mode}, the other cases that miss some: {}",
            others.collect::<Vec<_>>().join(" ")
        );
        for outcome in outcomes.iter().filter(|it| it.advised - it.possible > NOTHING) {
            println!(
                "  {mode} {} promises more: {:.2} of {:.2} USD a month",
                outcome.case, outcome.advised, outcome.possible
            );
        }
    }
}

/// Prints one account with its advice.
pub(crate) fn show(is_spill: bool, case: u64) {
    let mut small = Small::draw(case, is_spill);
    if small.month == 0 {
        small.held.iter_mut().for_each(|held| held.is_bound = false);
    }
    println!("{small:#?}");
    for advice in report::build(&small.account().observation).recommendations {
        println!("{}", advice.message());
    }
    println!("present {:.2}, least {:.2}", small.present(), small.least());
}
