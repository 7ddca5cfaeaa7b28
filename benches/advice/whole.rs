//! The whole decision against brute force from the definition: every way to serve a small account is
//! tried, and the one that saves most is held against what the guard advises. No code of the guard is
//! used to try.
//!
//! The saving is the safe one: what is moved away from on-demand counts at the lower end of its prices,
//! what comes to on-demand at the upper end.

use std::collections::BTreeMap;

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::report::{self, Report};
use rust_decimal::prelude::ToPrimitive as _;

use super::page::percent;
use super::parallel;
use super::small::{HeldTerm, PHASES, Small, Tokens};
use crate::book::UNIT;

/// Minutes of each phase in a month of 730 hours.
const MINUTES_OF_A_PHASE: f64 = 730.0 * 60.0 / PHASES as f64;

/// Dollars below which a difference is rounding.
const NOTHING: f64 = 0.01;

/// Prices of a cache write of five minutes and of an hour, of an input token.
const WRITTEN: [f64; 2] = [1.25, 2.0];

/// A hidden state of the price: which of [`WRITTEN`] applies.
const LOW: usize = 0;
const HIGH: usize = 1;

/// Some of the calls: bit n stands for the n-th, lanes first and then what is held.
type Set = usize;

fn is_in(set: Set, call: usize) -> bool {
    set >> call & 1 == 1
}

/// Saving of one account, possible and advised, in USD a month.
struct Outcome {
    case: u64,
    possible: f64,
    advised: f64,
    /// Reason why some of it is missed.
    reason: &'static str,
}

/// Ways that the guard leaves out, each for its reason.
#[expect(clippy::struct_excessive_bools, reason = "each is one limit, and all of them are tried")]
#[derive(Clone, Copy)]
struct Limits {
    /// Takes units to replace no more than the hours say, whatever the minutes say.
    by_hours: bool,
    /// Lets the calls of all provisioned models try all units.
    own_calls_try: bool,
    /// Reserves no tokens.
    no_reserved: bool,
    /// Pays for no units that serve the own calls of what is bound.
    none_for_bound: bool,
    /// Binds what is held only for calls that are worth it at the lower end of their prices.
    bind_at_low: bool,
    /// Units that are paid for beside those that are bound already; `None` for the best number.
    units: Option<u32>,
    /// State of the hidden price of what is held now, once it is called on-demand.
    state: usize,
}

const NO_LIMITS: Limits = Limits {
    by_hours: false,
    own_calls_try: false,
    no_reserved: false,
    none_for_bound: false,
    bind_at_low: false,
    units: None,
    state: HIGH,
};

/// Words for what is missed where the units are the best: what is saved by each change is the least that
/// it may be, whatever the others come to.
const SAFE: &str = "the best units, each change told at its safe end";
/// Words for units that are the best if what comes back from on-demand is worth the lower end: so a
/// purchase counts it, after a change that counted the upper end.
const NEAR: &str = "the best units at the other end of a price";
const ANOTHER: &str = "not explained";

/// Reasons to miss some of what is possible: it is reached with these limits.
const REASONS: [(&str, Limits); 8] = [
    (
        "units would be paid for the calls of what is bound",
        Limits { none_for_bound: true, ..NO_LIMITS },
    ),
    ("bound for what may be worth less", Limits { bind_at_low: true, ..NO_LIMITS }),
    ("both of these", Limits { none_for_bound: true, bind_at_low: true, ..NO_LIMITS }),
    ("hours say less than minutes", Limits { by_hours: true, ..NO_LIMITS }),
    ("calls of what is held would leave it", Limits { own_calls_try: true, ..NO_LIMITS }),
    ("both of the last", Limits { by_hours: true, own_calls_try: true, ..NO_LIMITS }),
    ("tokens reserved beside units", Limits { no_reserved: true, ..NO_LIMITS }),
    (
        "all of these",
        Limits {
            by_hours: true,
            own_calls_try: true,
            no_reserved: true,
            none_for_bound: true,
            bind_at_low: true,
            units: None,
            state: HIGH,
        },
    ),
];

/// Returns the USD a month of some tokens in one phase, at a price in percent.
fn cost(tokens: [u64; 3], percent: u64, state: usize) -> f64 {
    let [input, output, written] = tokens.map(|tokens| tokens as f64);
    let dollars = (input + 2.0 * output + WRITTEN[state] * written) / 1e6;
    dollars * percent as f64 / 100.0 * MINUTES_OF_A_PHASE
}

/// Returns the units that some tokens of a minute ask for.
fn need(tokens: [u64; 3]) -> f64 {
    let [input, output, written] = tokens.map(|tokens| tokens as f64);
    ((input + 1.25 * written) / UNIT[0] as f64).max(output / UNIT[1] as f64)
}

fn sum(all: &[Tokens], set: Set, phase: usize) -> [u64; 3] {
    let within = (0..all.len()).filter(|call| is_in(set, *call));
    within.fold([0; 3], |mut sum, call| {
        sum.iter_mut().zip(all[call][phase]).for_each(|(sum, tokens)| *sum += tokens);
        sum
    })
}

impl Small {
    fn calls(&self) -> Vec<Tokens> {
        let lanes = self.lanes.iter().map(|lane| lane.tokens);
        lanes.chain(self.held.iter().map(|held| held.tokens)).collect()
    }

    /// Returns the least cost of each call on-demand, phase by phase, at the end that is safe: calls of
    /// what is held are not on-demand now, so they may come to cost the upper end.
    fn values(&self, state: usize) -> Vec<[f64; PHASES]> {
        let best = |percent: u64| self.global.map_or(percent, |global| global.min(percent));
        let of = |tokens: Tokens, percent: u64, state: usize| {
            tokens.map(|tokens| cost(tokens, best(percent), state))
        };
        let lanes = self.lanes.iter().map(|lane| of(lane.tokens, lane.percent, LOW));
        lanes.chain(self.held.iter().map(|held| of(held.tokens, 100, state))).collect()
    }

    /// Returns the cost of the calls of a set of what is held, on-demand.
    fn of_held(&self, values: &[[f64; PHASES]], set: Set) -> f64 {
        let held = (self.lanes.len()..values.len()).filter(|call| is_in(set, *call));
        held.flat_map(|call| values[call]).sum()
    }

    fn present(&self) -> f64 {
        let lanes = self.lanes.iter();
        let lanes =
            lanes.flat_map(|lane| lane.tokens.iter().map(|it| cost(*it, lane.percent, LOW)));
        let held = self.held.iter();
        let held = held.map(|held| self.unit_price(held.term) as f64 * f64::from(held.units));
        lanes.sum::<f64>() + 730.0 * held.sum::<f64>()
    }

    /// Returns the least USD an hour of a unit that is bought, or held without a term: it can be bound.
    fn best_price(&self) -> u64 {
        [self.month, self.half_year].into_iter().flatten().fold(self.price, u64::min)
    }

    /// Returns the cost of the cheapest way to serve the account, of all ways.
    fn least(&self, limits: Limits) -> f64 {
        let sold = Self { reserved: self.reserved.filter(|_| !limits.no_reserved), ..self.clone() };
        let on_demand = sold.on_demand();
        if self.is_spill {
            self.least_spill(&on_demand, limits)
        } else {
            self.least_throttle(&on_demand, limits)
        }
    }

    /// Says why an account saves less than is possible.
    fn reason(&self, report: &Report) -> &'static str {
        let advised = dollars_of(report);
        let is_reached = |(_, limits): &&(&str, Limits)| {
            advised + NOTHING >= self.present() - self.least(*limits)
        };
        let reason = REASONS.iter().find(is_reached).map(|(reason, _)| *reason);
        reason.unwrap_or_else(|| {
            let units = Some(self.units_of(report));
            let is_best = |state: usize| {
                let limits = REASONS.iter().map(|(_, limits)| limits).chain([&NO_LIMITS]);
                limits.map(|limits| Limits { state, ..*limits }).any(|limits| {
                    self.least(Limits { units, ..limits }) <= self.least(limits) + NOTHING
                })
            };
            match self.is_spill {
                true if is_best(HIGH) => SAFE,
                true if is_best(LOW) => NEAR,
                _ => ANOTHER,
            }
        })
    }

    /// Counts the units that are paid for once the advice is followed, beside those that are bound already.
    fn units_of(&self, report: &Report) -> u32 {
        let loose = self.held.iter().enumerate().filter(|(_, held)| held.term == HeldTerm::None);
        let mut units: BTreeMap<String, u32> =
            loose.map(|(at, held)| (format!("held-{at}"), held.units)).collect();
        let counted = report.recommendations.iter().filter(|advice| advice.is_counted());
        for advice in counted {
            let words = &advice.money.proposed.description;
            let number = words.split(' ').next().and_then(|number| number.parse().ok());
            let name =
                advice.money.current.description.split(' ').find(|word| word.starts_with("held-"));
            let name = name.map(|name| name.trim_end_matches(',').to_owned());
            match advice.action {
                Action::BuyModelUnits => {
                    units.insert("bought".to_owned(), number.unwrap_or_default())
                }
                Action::RightSizeProvisionedModel | Action::BindProvisionedModel => units
                    .insert(name.expect("it names what it changes"), number.unwrap_or_default()),
                Action::GiveUpProvisionedModel | Action::DeleteIdleProvisionedModel => {
                    units.remove(&name.expect("it names what it changes"))
                }
                _ => None,
            };
        }
        units.values().sum()
    }

    /// Computes the least cost of each set of lanes that no unit serves: each through the profile that
    /// it has or the global one, with the best of reserved tokens in both scopes.
    fn on_demand(&self) -> Vec<f64> {
        let sets: Set = 1 << self.lanes.len();
        let tokens: Vec<Tokens> = self.lanes.iter().map(|lane| lane.tokens).collect();
        let price = |lane: usize, is_global: bool| {
            self.global.filter(|_| is_global).unwrap_or(self.lanes[lane].percent)
        };
        let of_scope = |is_global: bool| -> Vec<f64> {
            let of = |set: Set| {
                let values: [f64; PHASES] = std::array::from_fn(|phase| {
                    let within = (0..tokens.len()).filter(|lane| is_in(set, *lane));
                    within.map(|lane| cost(tokens[lane][phase], price(lane, is_global), LOW)).sum()
                });
                let loads = std::array::from_fn(|phase| {
                    let [input, output, written] = sum(&tokens, set, phase);
                    [input + written, output]
                });
                let percent = if is_global { self.global.unwrap_or(100) } else { 100 };
                self.with_reserved(values, loads, percent)
            };
            (0..sets).map(of).collect()
        };
        let (here, anywhere) = (of_scope(false), of_scope(true));
        let best = |set: Set| {
            let moved = (0..=set).filter(|moved| moved & set == *moved);
            let moved = moved.filter(|moved| self.global.is_some() || *moved == 0);
            moved.map(|moved| here[set ^ moved] + anywhere[moved]).fold(f64::INFINITY, f64::min)
        };
        (0..sets).map(best).collect()
    }

    /// Computes the least cost of some on-demand traffic with reserved tokens or without. The cost is
    /// linear between lines at which a phase begins to exceed what is reserved, so the best lies where
    /// two of them meet, or beside that, since whole thousands are sold.
    fn with_reserved(&self, values: [f64; PHASES], loads: [[u64; 2]; PHASES], percent: u64) -> f64 {
        let alone = values.iter().sum::<f64>();
        let Some(share) = self.reserved.filter(|_| alone > 0.0) else { return alone };
        let loads = loads.map(|load| load.map(|tokens| tokens as f64 / 1_000.0));
        let hour = 0.06 * percent as f64 / 100.0 * share as f64 / 100.0;
        let total = |input: f64, output: f64| {
            let left = values.iter().zip(loads).map(|(value, [asked, answered])| {
                let part = |have: f64, of: f64| if of > 0.0 { have / of } else { f64::INFINITY };
                value * (1.0 - part(input, asked).min(part(output, answered)).min(1.0))
            });
            730.0 * hour * (input + 2.0 * output) + left.sum::<f64>()
        };
        let mut points = Vec::new();
        for [input, _] in loads {
            for [_, output] in loads {
                points.push((input, output));
                for [asked, answered] in loads.iter().filter(|load| load[0] > 0.0 && load[1] > 0.0)
                {
                    points.push((input, input * answered / asked));
                    points.push((output * asked / answered, output));
                }
            }
        }
        let mut least = alone;
        for (input, output) in points {
            // The best whole thousands can lie some steps along a line from where two of them meet.
            for step in 0..900_u32 {
                let at = |of: f64, step: u32| (of.floor() - 14.0 + f64::from(step)).max(1.0);
                least = least.min(total(at(input, step / 30), at(output, step % 30)));
            }
        }
        least
    }

    /// Callers try all units, one provisioned model after the other, and the rest goes on-demand.
    fn least_spill(&self, on_demand: &[f64], limits: Limits) -> f64 {
        let (calls, values) = (self.calls(), self.values(limits.state));
        let is_bound = |held: &&super::small::Held| held.term != HeldTerm::None;
        let fixed = self.held.iter().filter(is_bound);
        let paid: f64 = fixed
            .clone()
            .map(|held| self.unit_price(held.term) as f64 * f64::from(held.units))
            .sum();
        let fixed: u32 = fixed.map(|held| held.units).sum();
        let lanes = (1 << self.lanes.len()) - 1;
        let mut least = f64::INFINITY;
        let own = ((1 << calls.len()) - 1) & !lanes;
        for set in 0_usize..1 << calls.len() {
            if limits.own_calls_try && set & own != own {
                continue;
            }
            let others = self.of_held(&values, !set);
            let apart = others + on_demand[lanes & !set];
            let phases: [(f64, f64); PHASES] = std::array::from_fn(|phase| {
                let within = (0..calls.len()).filter(|call| is_in(set, *call));
                (need(sum(&calls, set, phase)), within.map(|call| values[call][phase]).sum())
            });
            let most = phases.iter().map(|(need, _)| need.ceil()).fold(0.0, f64::max);
            let mut more = limits.units.map_or(0.0, f64::from);
            loop {
                let units = f64::from(fixed) + more;
                let left = phases.iter().filter(|(need, _)| *need > 0.0);
                let left = left.map(|(need, value)| value * (1.0 - (units / need).min(1.0)));
                let mut left = left.sum::<f64>();
                if limits.by_hours {
                    let hour = (0..PHASES).fold([0; 3], |mut hour, phase| {
                        let tokens = sum(&calls, set, phase);
                        hour.iter_mut().zip(tokens).for_each(|(all, it)| *all += it);
                        hour
                    });
                    let need = need(hour) / PHASES as f64;
                    let all: f64 = phases.iter().map(|(_, value)| value).sum();
                    let share = if need > 0.0 { (units / need).min(1.0) } else { 1.0 };
                    left = left.max(all * (1.0 - share));
                }
                let hourly = paid + self.best_price() as f64 * more;
                least = least.min(730.0 * hourly + apart + left);
                if units >= most || limits.units.is_some() {
                    break;
                }
                more += 1.0;
            }
        }
        least
    }

    /// Returns the worth of each set of calls on-demand, at the lower end of all prices.
    fn least_worth(&self) -> impl Fn(Set) -> f64 {
        let calls = self.calls();
        let percent = |call: usize| {
            let own = self.lanes.get(call).map_or(100, |lane| lane.percent);
            self.global.map_or(own, |global| global.min(own))
        };
        let worth: Vec<f64> = calls
            .iter()
            .enumerate()
            .map(|(call, tokens)| tokens.iter().map(|it| cost(*it, percent(call), LOW)).sum())
            .collect();
        move |set| (0..worth.len()).filter(|call| is_in(set, *call)).map(|call| worth[call]).sum()
    }

    /// Each call goes to one provisioned model whole, or on-demand.
    fn least_throttle(&self, on_demand: &[f64], limits: Limits) -> f64 {
        let (calls, values) = (self.calls(), self.values(limits.state));
        let sets: Set = 1 << calls.len();
        let needs: Vec<f64> = (0..sets)
            .map(|set| {
                let needs = (0..PHASES).map(|phase| need(sum(&calls, set, phase)).ceil());
                needs.fold(0.0, f64::max)
            })
            .collect();
        let lanes = (1 << self.lanes.len()) - 1;
        let bound = self.held.iter().enumerate().filter(|(_, held)| held.term != HeldTerm::None);
        let bound: Set = bound.map(|(at, _)| 1 << (self.lanes.len() + at)).sum();
        let pays_for_bound = |set: Set| limits.none_for_bound && set & bound != 0;
        // What stays on-demand first, then one purchase, then one holding after the other.
        let mut best: Vec<f64> =
            (0..sets).map(|set| on_demand[set & lanes] + self.of_held(&values, set)).collect();
        let cheap = self.best_price() as f64;
        let least_worth = self.least_worth();
        let unbound_or_bound = |set: Set| {
            let cost = 730.0 * cheap * needs[set];
            let is_refused = limits.bind_at_low && least_worth(set) < cost;
            if is_refused { 730.0 * self.price as f64 * needs[set] } else { cost }
        };
        let bins = self.held.iter().map(Some).chain([None]);
        for bin in bins {
            let costs = |set: Set| match bin {
                Some(held) if needs[set] > f64::from(held.units) => None,
                Some(held) if held.term != HeldTerm::None => {
                    Some(730.0 * (self.unit_price(held.term) * u64::from(held.units)) as f64)
                }
                _ if pays_for_bound(set) => None,
                // What is held without a term can be bound for one, too.
                _ => Some(unbound_or_bound(set)),
            };
            best = (0..sets)
                .map(|set| {
                    let mut least = f64::INFINITY;
                    let mut part = set;
                    loop {
                        if let Some(cost) = costs(part) {
                            least = least.min(cost + best[set ^ part]);
                        }
                        if part == 0 {
                            break least;
                        }
                        part = (part - 1) & set;
                    }
                })
                .collect();
        }
        best[sets - 1]
    }
}

/// Returns the saving that a report counts, in USD a month.
fn dollars_of(report: &Report) -> f64 {
    let savings = report.totals.potential_monthly_savings.dollars();
    savings.to_f64().expect("dollars are a number")
}

/// Measures both modes on so many accounts each, without reserved tokens and with them, and prints what
/// is missed.
pub(crate) fn study(accounts: u64) {
    for with_reserved in [false, true] {
        for (mode, is_spill) in [("spill", true), ("throttle", false)] {
            let outcomes = parallel::each(accounts, |case| {
                let small = Small::draw(case, is_spill, with_reserved);
                let report = report::build(&small.account().observation);
                let advised = dollars_of(&report);
                let possible = small.present() - small.least(NO_LIMITS);
                let is_missed = possible - advised > NOTHING;
                let reason = if is_missed { small.reason(&report) } else { "" };
                Outcome { case, possible, advised, reason }
            });
            print(
                &if with_reserved { format!("{mode}, reserved") } else { mode.to_owned() },
                &outcomes,
            );
        }
    }
}

/// Prints how much of what is possible is advised, and each case of which some is missed.
fn print(mode: &str, outcomes: &[Outcome]) {
    let sum = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>();
    let (possible, advised) = (sum(|it| it.possible), sum(|it| it.advised));
    let mut missed: Vec<&Outcome> =
        outcomes.iter().filter(|it| it.possible - it.advised > NOTHING).collect();
    let beyond = outcomes.iter().filter(|it| it.advised - it.possible > NOTHING).count();
    println!(
        "{mode}: {} of what is possible on {} accounts; {} miss some of it, {beyond} promise more",
        percent(advised, possible),
        outcomes.len(),
        missed.len()
    );
    missed.sort_by(|a, b| (b.possible - b.advised).total_cmp(&(a.possible - a.advised)));
    let reasons = REASONS.iter().map(|(reason, _)| *reason).chain([SAFE, NEAR, ANOTHER]);
    for reason in reasons {
        let of_it: Vec<&&Outcome> = missed.iter().filter(|it| it.reason == reason).collect();
        let Some(worst) = of_it.first() else { continue };
        let lost: f64 = of_it.iter().map(|it| it.possible - it.advised).sum();
        let cases: Vec<String> = of_it.iter().map(|it| it.case.to_string()).collect();
        println!(
            "  {reason}: {} cases, {} of what is possible, at most {:.2} of {:.2} USD: {}",
            of_it.len(),
            percent(lost, possible),
            worst.possible - worst.advised,
            worst.possible,
            cases.join(" ")
        );
    }
    for outcome in outcomes.iter().filter(|it| it.advised - it.possible > NOTHING) {
        println!(
            "  {mode} {} promises more: {:.2} of {:.2} USD a month",
            outcome.case, outcome.advised, outcome.possible
        );
    }
}

/// Prints one account with its advice.
pub(crate) fn show(is_spill: bool, with_reserved: bool, case: u64) {
    let small = Small::draw(case, is_spill, with_reserved);
    println!("{small:#?}");
    let report = report::build(&small.account().observation);
    for advice in &report.recommendations {
        println!("{}", advice.message());
        for working in &advice.grounds.workings {
            println!("    {}: {} ({})", working.what, working.value, working.from);
        }
    }
    let advised = report.totals.potential_monthly_savings;
    let (present, least) = (small.present(), small.least(NO_LIMITS));
    let reason = small.reason(&report);
    println!(
        "present {present:.2}, least {least:.2}: {:.2} possible, {advised} advised, {reason}",
        present - least
    );
}
