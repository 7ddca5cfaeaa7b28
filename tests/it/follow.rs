//! The law of advice: an account that does all that is counted pays what was promised, and nothing
//! that goes to model units is refused where AWS refuses what exceeds them.
//!
//! Random small accounts are reported on, changed as they are told to, and reported on again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers that only tests call")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, Ratio, Usd};
use bedrock_cost_guard::observation::{CommitmentDuration, OpenBefore, ProvisionedModel};
use bedrock_cost_guard::report::Report;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rust_decimal::Decimal;

use crate::support::account::{self, Account, HELD, TOKENS, allowed_scopes, bound, dismissed};
use crate::support::book::{MODEL, UNIT, book, rate, row, unit};

const MINUTES_OF_A_WEEK: usize = 7 * 24 * 60;

/// Whole weeks of the survey, the last of which are known by the minute.
const WEEKS: usize = 13;
const KNOWN_BY_THE_MINUTE: usize = 2;

/// Input and output tokens of each minute of a week: the same in each of the last two, and in each
/// of those before.
#[derive(Clone)]
struct Flow {
    older: Vec<[u64; 2]>,
    last: Vec<[u64; 2]>,
}

impl Flow {
    fn none() -> Self {
        Self { older: vec![[0; 2]; MINUTES_OF_A_WEEK], last: vec![[0; 2]; MINUTES_OF_A_WEEK] }
    }

    fn is_none(&self) -> bool {
        self.minutes().all(|tokens| *tokens == [0; 2])
    }

    fn minutes(&self) -> impl Iterator<Item = &[u64; 2]> {
        self.older.iter().chain(&self.last)
    }

    fn minutes_mut(&mut self) -> impl Iterator<Item = &mut [u64; 2]> {
        self.older.iter_mut().chain(&mut self.last)
    }

    fn add(&mut self, other: &Self) {
        for (mine, its) in self.minutes_mut().zip(other.minutes()) {
            mine[0] += its[0];
            mine[1] += its[1];
        }
    }

    /// Takes of each minute the part that so many units serve of all that they are asked for.
    fn take(&mut self, asked: &Self, units: u64) -> Self {
        let mut taken = Self::none();
        let rows = self.minutes_mut().zip(taken.minutes_mut());
        for ((mine, to), asked) in rows.zip(asked.minutes()) {
            let (part, whole) = share(*asked, UNIT.map(|unit| unit * units));
            for (mine, to) in mine.iter_mut().zip(to) {
                let served = u128::from(*mine) * part / whole;
                *to = u64::try_from(served).unwrap();
                *mine -= *to;
            }
        }
        taken
    }

    /// Returns the flow as far as the guard knows it: by the hour in the older weeks.
    fn known(&self) -> Self {
        let mut known = self.clone();
        for hour in known.older.chunks_exact_mut(60) {
            let mean = [0, 1].map(|meter| hour.iter().map(|it| it[meter]).sum::<u64>() / 60);
            hour.fill(mean);
        }
        known
    }

    /// Returns the fewest units that refuse nothing of the flow.
    fn units(&self) -> u64 {
        let needed = |tokens: &[u64; 2]| {
            let of = |meter: usize| tokens[meter].div_ceil(UNIT[meter]);
            of(0).max(of(1))
        };
        self.minutes().map(needed).max().unwrap()
    }

    /// Returns the tokens of a minute, counted from the start of the window.
    fn minute(&self, minute: u64) -> [u64; 2] {
        let minute = usize::try_from(minute).unwrap();
        let of = if minute / MINUTES_OF_A_WEEK < WEEKS - KNOWN_BY_THE_MINUTE {
            &self.older
        } else {
            &self.last
        };
        of[minute % MINUTES_OF_A_WEEK]
    }
}

/// Returns the part of a minute's requests that is served: `min(1, there ÷ asked)`, the scarcer
/// meter's.
fn share(asked: [u64; 2], there: [u64; 2]) -> (u128, u128) {
    let mut best = (1, 1);
    for (asked, there) in asked.into_iter().zip(there) {
        let (part, whole) = (u128::from(there), u128::from(asked));
        if part * best.1 < best.0 * whole {
            best = (part, whole);
        }
    }
    best
}

/// Course of traffic over a week.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Steady,
    /// So many minutes of each hour.
    Bursts(u64),
    /// A tenth outside working hours, which begin at that hour.
    Work(u64),
    /// One minute of the week.
    Spike(u64),
}

#[derive(Clone, Copy, Debug)]
struct Traffic {
    /// Tokens of the highest minute, in thousandths of what a unit serves.
    input: u64,
    output: u64,
    shape: Shape,
    /// Traffic of the weeks before the last two, in percent of theirs.
    older: u64,
}

impl Traffic {
    fn flow(self, units: u64) -> Flow {
        let minute = |minute: usize| {
            let minute = u64::try_from(minute).unwrap();
            let part = match self.shape {
                Shape::Steady => 100,
                Shape::Bursts(minutes) if minute % 60 < minutes => 100,
                Shape::Bursts(_) => 5,
                Shape::Work(from) => {
                    let (day, hour) = (minute / 1_440, minute / 60 % 24);
                    if day < 5 && hour >= from && hour < from + 9 { 100 } else { 10 }
                }
                Shape::Spike(at) if minute == at => 100,
                Shape::Spike(_) => 40,
            };
            let tokens = |level: u64, unit: u64| level * unit / 1_000 * units * part / 100;
            [tokens(self.input, UNIT[0]), tokens(self.output, UNIT[1])]
        };
        let last: Vec<[u64; 2]> = (0..MINUTES_OF_A_WEEK).map(minute).collect();
        let older = last.iter().map(|it| it.map(|tokens| tokens * self.older / 100));
        Flow { older: older.collect(), last }
    }
}

/// Provisioned model; a unit of it is asked for its [`Traffic`].
#[derive(Clone, Debug)]
struct Holding {
    units: u32,
    /// Its term, and in how many days it ends.
    term: Option<(CommitmentDuration, i64)>,
    /// Tokens that a unit is asked for; `None` where the model is idle.
    traffic: Option<Traffic>,
}

#[derive(Clone, Debug)]
struct Reserved {
    is_global: bool,
    input: u64,
    output: u64,
    term: &'static str,
    /// True if the term has ended, so that the tokens could be let go at once.
    is_over: bool,
}

/// Random account, small enough to read when the law fails.
#[derive(Clone, Debug)]
struct Variant {
    overflow: Overflow,
    headroom: i64,
    allow_global: bool,
    /// In-Region, geo and global: true where the overrides allow the scope; `None` where they say
    /// nothing.
    scopes: Option<[bool; 3]>,
    /// Place of the recommendation that is dismissed among the counted ones.
    dismissed: Option<usize>,
    ratio: i64,
    /// Percent of the in-Region price.
    global: Option<i64>,
    geo: i64,
    flex: bool,
    /// USD an hour without a term, and percent of it under one.
    unit: Option<i64>,
    month: Option<i64>,
    half_year: Option<i64>,
    is_capacity_known: bool,
    /// Percent of what full use costs on-demand, over one month and three.
    reserved_offers: Option<(i64, i64)>,
    lanes: Vec<(&'static str, Traffic)>,
    held: Vec<Holding>,
    reserved: Vec<Reserved>,
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Steady),
        (1u64..60).prop_map(Shape::Bursts),
        (0u64..15).prop_map(Shape::Work),
        (0u64..10_080).prop_map(Shape::Spike),
    ]
}

fn traffic(most: u64) -> impl Strategy<Value = Traffic> {
    let older = prop_oneof![4 => Just(100u64), 1 => 60u64..140];
    (0..most, 0..most, shape(), older).prop_map(|(input, output, shape, older)| Traffic {
        input,
        output,
        shape,
        older,
    })
}

fn holding() -> impl Strategy<Value = Holding> {
    let term = prop_oneof![
        2 => Just(None),
        1 => prop_oneof![1i64..10, 20i64..30].prop_map(|days| Some((CommitmentDuration::OneMonth, days))),
        1 => prop_oneof![1i64..10, 20i64..180].prop_map(|days| Some((CommitmentDuration::SixMonths, days))),
    ];
    (1u32..6, term, prop::option::weighted(0.75, traffic(1_000)))
        .prop_map(|(units, term, traffic)| Holding { units, term, traffic })
}

fn reserved() -> impl Strategy<Value = Reserved> {
    let term = prop::sample::select(vec!["1-month", "3-months"]);
    (any::<bool>(), 100u64..2_000, 10u64..600, term, any::<bool>()).prop_map(
        |(is_global, input, output, term, is_over)| Reserved {
            is_global,
            input: input * 1_000,
            output: output * 1_000,
            term,
            is_over,
        },
    )
}

fn variant() -> impl Strategy<Value = Variant> {
    let ids = prop::sample::subsequence(
        vec![
            "maker.model-v1:0",
            "us.maker.model-v1:0",
            "global.maker.model-v1:0",
            "maker.model-v1:0+flex",
        ],
        0..4,
    );
    let traffic = prop_oneof![traffic(700), traffic(3_000)];
    let lanes = (ids, prop::collection::vec(traffic, 4))
        .prop_map(|(ids, traffic)| ids.into_iter().zip(traffic).collect());
    let settings = (
        prop::sample::select(vec![Overflow::Spill, Overflow::Throttle]),
        0i64..50,
        any::<bool>(),
        prop_oneof![Just(5i64), 0i64..15],
        prop::option::weighted(
            0.15,
            any::<[bool; 3]>().prop_filter("some", |it| it.contains(&true)),
        ),
        prop::option::weighted(0.2, 0usize..3),
    );
    let prices = (
        prop::option::weighted(0.8, 75i64..101),
        95i64..111,
        any::<bool>(),
        prop::option::weighted(0.85, 10i64..110),
        prop::option::weighted(0.7, 50i64..100),
        prop::option::weighted(0.7, 40i64..90),
        prop::bool::weighted(0.85),
        prop::option::weighted(0.3, (70i64..110, 50i64..100)),
    );
    let holdings = prop::collection::vec(holding(), 0..4);
    let reserved = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec(reserved(), 0..3),
    ];
    (settings, prices, lanes, holdings, reserved).prop_map(
        |(
            (overflow, headroom, allow_global, ratio, scopes, dismissed),
            (global, geo, flex, unit, month, half_year, is_capacity_known, reserved_offers),
            lanes,
            held,
            reserved,
        )| Variant {
            overflow,
            headroom,
            allow_global,
            scopes,
            dismissed,
            ratio,
            global,
            geo,
            flex,
            unit,
            month,
            half_year,
            is_capacity_known,
            reserved_offers,
            lanes,
            held,
            reserved,
        },
    )
}

impl Variant {
    /// Writes prices: a million tokens cost 1 USD of input and 2 USD of output in the Region, and a
    /// full unit serves 96 USD an hour.
    fn book(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let scopes = [("in-region", Some(100)), ("us", Some(self.geo)), ("global", self.global)];
        for (scope, percent) in scopes {
            let Some(percent) = percent else { continue };
            let input = Decimal::new(percent, 2);
            rows.push(rate(scope, "standard", [input, input * Decimal::TWO]));
            if self.flex || scope == "in-region" {
                rows.push(rate(scope, "flex", [input / Decimal::TWO, input]));
            }
        }
        let terms = [("none", Some(100)), ("1-month", self.month), ("6-months", self.half_year)];
        for (term, percent) in terms {
            if let Some((dollars, percent)) = self.unit.zip(percent) {
                let serves = self.is_capacity_known.then_some(UNIT);
                rows.push(unit(term, Decimal::from(dollars) * Decimal::new(percent, 2), serves));
            }
        }
        let Some((month, quarter)) = self.reserved_offers else {
            return rows;
        };
        for (scope, of) in [("in-region", Some(100)), ("global", self.global)] {
            for (term, percent) in [("1-month", month), ("3-months", quarter)] {
                let Some(of) = of else { continue };
                let hour = Decimal::new(6 * percent * of, 6);
                let lines = format!(
                    "scope = \"{scope}\"\nregions = [\"*\"]\nterm = \"{term}\"\ninput = \"{hour}\"\n\
                     output = \"{}\"\nminimum_input_tpm = 100000\nminimum_output_tpm = 10000",
                    hour * Decimal::TWO
                );
                rows.push(row("reserved_tokens", &lines));
            }
        }
        rows
    }

    /// Returns the price of a lane's tokens, in percent of the in-Region price.
    fn percent(&self, id: &str) -> i64 {
        match id.split('.').next() {
            Some("us") => self.geo,
            Some("global") => self.global.unwrap_or_default(),
            _ => 100,
        }
    }

    /// Returns the id of the cheapest profile that is allowed.
    fn cheapest(&self) -> &'static str {
        let scopes = self.scopes;
        let allows_global = scopes.map_or(self.allow_global, |[_, _, global]| global);
        if allows_global && self.global.is_some_and(|global| global < 100) {
            "global.maker.model-v1:0"
        } else {
            MODEL
        }
    }

    fn spills(&self) -> bool {
        self.overflow == Overflow::Spill
    }

    /// Builds a flow. Where a part is served and a part is not, the weeks before the minutes are
    /// taken by the hour and scaled, which is but near. So there all weeks are alike.
    fn flow(&self, traffic: Traffic, units: u64) -> Flow {
        let in_part = self.spills() || self.reserved_offers.is_some() || !self.reserved.is_empty();
        let older = if in_part { 100 } else { traffic.older };
        Traffic { older, ..traffic }.flow(units)
    }

    fn follower(&self) -> Follower<'_> {
        let mut on_demand: BTreeMap<String, Flow> = BTreeMap::new();
        for (id, traffic) in &self.lanes {
            on_demand.insert((*id).to_owned(), self.flow(*traffic, 1));
        }
        let held = self.held.iter().enumerate().map(|(place, holding)| Held {
            arn: arn(place),
            units: holding.units,
            term: holding.term.clone(),
            flow: holding
                .traffic
                .map_or_else(Flow::none, |it| self.flow(it, u64::from(holding.units))),
        });
        Follower {
            variant: self,
            on_demand,
            held: held.collect(),
            reserved: self.reserved.clone(),
            dismissed: None,
            moved: BTreeMap::new(),
            pooled: BTreeMap::new(),
        }
    }
}

fn arn(place: usize) -> String {
    HELD.replace("h0ldh0ldh0ld", &format!("h0ldh0ldh0{place:02}"))
}

struct Held {
    arn: String,
    units: u32,
    term: Option<(CommitmentDuration, i64)>,
    flow: Flow,
}

struct Follower<'v> {
    variant: &'v Variant,
    on_demand: BTreeMap<String, Flow>,
    held: Vec<Held>,
    reserved: Vec<Reserved>,
    /// The recommendation that is dismissed.
    dismissed: Option<String>,
    /// Holdings that were given up for another, with the other.
    moved: BTreeMap<String, String>,
    /// Lanes that try all units, where the advice names them.
    pooled: BTreeMap<String, Flow>,
}

impl Follower<'_> {
    fn account(&self) -> Account {
        let variant = self.variant;
        let mut account = Account::on(book(&variant.book())).overrides(&self.overrides());
        let settings = &mut account.observation.settings;
        settings.allow_global_routing = variant.allow_global;
        settings.headroom = Ratio::new(Decimal::new(variant.headroom, 2));
        settings.min_savings_ratio = Ratio::new(Decimal::new(variant.ratio, 2));
        settings.overflow = variant.overflow;
        for (id, flow) in &self.on_demand {
            account = account.lane(id, TOKENS, |minute| flow.minute(minute));
        }
        for (number, held) in self.held.iter().enumerate() {
            let unit = match &held.term {
                Some((term, days)) => bound(term.clone(), *days),
                None => account::held(),
            };
            let model = ProvisionedModel {
                provisioned_model_arn: held.arn.clone(),
                provisioned_model_name: format!("held-{number}"),
                model_units: ModelUnits::new(held.units),
                ..unit
            };
            account = if held.flow.is_none() {
                account.idle(model)
            } else {
                let minute = |minute| held.flow.minute(minute);
                account.lane(&held.arn, TOKENS, minute).holding(model)
            };
        }
        account
    }

    fn overrides(&self) -> String {
        let mut overrides = String::new();
        let reserved = self.reserved.iter().enumerate();
        for (number, reserved) in reserved.filter(|(_, it)| it.input + it.output > 0) {
            let _ = write!(
                overrides,
                "[[reserved_holding]]\nname = \"r{number}\"\nregion = \"us-east-1\"\n\
                 model = \"{MODEL}\"\nscope = \"{}\"\ninput_tokens_per_minute = {}\n\
                 output_tokens_per_minute = {}\nterm = \"{}\"\nfrom = \"2026-01-01\"\n\
                 term_ends = \"{}\"\n",
                if reserved.is_global { "global" } else { "regional" },
                reserved.input.max(1_000),
                reserved.output.max(1_000),
                reserved.term,
                if reserved.is_over { "2026-04-01" } else { "2026-05-31" },
            );
        }
        if let Some(allowed) = self.variant.scopes {
            let names = ["in-region", "geo", "global"].into_iter().zip(allowed);
            let names: Vec<&str> = names.filter_map(|(name, is)| is.then_some(name)).collect();
            overrides += &allowed_scopes(&names);
        }
        if let Some(id) = &self.dismissed {
            overrides += &dismissed(id);
        }
        overrides
    }

    /// Returns what goes to model units.
    fn on_units(&self) -> Flow {
        let mut all = Flow::none();
        for held in &self.held {
            all.add(&held.flow);
        }
        all
    }

    /// Counts the units at work, or all of them.
    fn units(&self, with_idle: bool) -> u64 {
        let held = self.held.iter();
        held.filter(|held| with_idle || !held.flow.is_none())
            .map(|held| u64::from(held.units))
            .sum()
    }

    /// Returns the cost of a month, with reserved tokens taken by the minute: the report covers by
    /// the hour, which it says is the most, and sizes by the minute.
    fn cost(&self, report: &Report) -> Usd {
        let workloads = report.workloads.iter();
        let by_hour: Usd = workloads.map(|it| it.covered_monthly_cost).sum();
        report.totals.monthly_cost + by_hour - self.covered()
    }

    /// Returns the on-demand dollars a month that reserved tokens take off, minute by minute.
    fn covered(&self) -> Usd {
        let mut covered: u128 = 0;
        for is_global in [false, true] {
            let of = self.reserved.iter().filter(|it| it.is_global == is_global);
            let reserved = of.fold([0, 0], |sum: [u64; 2], it| {
                if it.input + it.output == 0 {
                    sum
                } else {
                    [sum[0] + it.input.max(1_000), sum[1] + it.output.max(1_000)]
                }
            });
            let lanes: Vec<(i64, &Flow)> = self
                .on_demand
                .iter()
                .filter(|(id, _)| !id.contains('+') && id.starts_with("global") == is_global)
                .map(|(id, flow)| (self.variant.percent(id), flow))
                .collect();
            for minute in 0..2 * MINUTES_OF_A_WEEK {
                let (mut asked, mut value) = ([0, 0], 0);
                for (percent, flow) in &lanes {
                    let of = if minute < MINUTES_OF_A_WEEK { &flow.older } else { &flow.last };
                    let tokens = of[minute % MINUTES_OF_A_WEEK];
                    asked[0] += tokens[0];
                    asked[1] += tokens[1];
                    value +=
                        u128::from(tokens[0] + 2 * tokens[1]) * u128::try_from(*percent).unwrap();
                }
                let (part, whole) = share(asked, reserved);
                covered += value * part / whole;
            }
        }
        // Percent of millionths; each week is there twice of the four that a month is scaled from.
        let dollars = Decimal::from_i128_with_scale(i128::try_from(2 * covered).unwrap(), 8);
        Usd::new(dollars).per_month(4 * 168)
    }

    /// Takes the lanes that a change names from what is on-demand, or all of them.
    fn pool(&mut self, advice: &Recommendation) {
        let now = &advice.money.current.description;
        let named: Vec<String> = if let Some((ids, _)) = now.split_once(" on-demand") {
            ids.split(" and ").map(str::to_owned).collect()
        } else {
            let lanes = self.on_demand.keys().filter(|id| !id.contains('+'));
            lanes.cloned().collect()
        };
        let named = if now.contains("on-demand") { named } else { Vec::new() };
        for id in named {
            // What one change has named another may name again.
            let flow = self.on_demand.remove(&id);
            self.pooled.extend(flow.map(|flow| (id, flow)));
        }
    }

    fn add_on_demand(&mut self, id: &str, flow: &Flow) {
        let lane = self.on_demand.entry(id.to_owned());
        lane.or_insert_with(Flow::none).add(flow);
    }

    /// Does all that is counted; true if that changed what goes to model units of known capacity.
    fn follow(&mut self, report: &Report) -> bool {
        let mut homeless = Flow::none();
        // Calls that make room for a guest leave before any lane comes.
        let makes_room = |advice: &&Recommendation| {
            advice.money.proposed.description.contains("whose own go on-demand")
        };
        let (first, others): (Vec<_>, Vec<_>) = counted(report).partition(makes_room);
        for advice in first.into_iter().chain(others) {
            self.change(advice, &mut homeless);
        }
        let does = |action: Action| counted(report).any(|it| it.action == action);
        if does(Action::RouteToGlobalProfile) {
            self.route();
        }
        let fills = does(Action::FillProvisionedModel) || does(Action::BuyModelUnits);
        let is_sized = self.variant.is_capacity_known
            && (fills
                || does(Action::RightSizeProvisionedModel)
                || does(Action::BindProvisionedModel)
                || does(Action::GiveUpProvisionedModel));
        if is_sized && self.variant.spills() {
            self.settle(&homeless, fills);
        }
        is_sized
    }

    /// Changes what is held.
    fn change(&mut self, advice: &Recommendation, homeless: &mut Flow) {
        let words = advice.money.proposed.description.replace(',', "");
        let numbers: Vec<u64> = words.split(' ').filter_map(|it| it.parse().ok()).collect();
        let place = self
            .held
            .iter()
            .position(|held| Some(&held.arn) == advice.provisioned_model_arn.as_ref());
        let term = if words.contains("6-month") {
            Some((CommitmentDuration::SixMonths, 180))
        } else {
            words.contains("1-month").then_some((CommitmentDuration::OneMonth, 30))
        };
        match advice.action {
            Action::FillProvisionedModel if !self.variant.spills() => self.fill_whole(advice),
            Action::FillProvisionedModel => self.pool(advice),
            Action::RouteToGlobalProfile => {}
            Action::DeleteIdleProvisionedModel => {
                self.held.remove(place.unwrap());
            }
            Action::GiveUpProvisionedModel => {
                let held = self.held.remove(place.unwrap());
                let host = words
                    .split_once("its calls to held-")
                    .and_then(|(_, host)| host.split([' ', ',']).next()?.parse::<usize>().ok());
                let host = host.map(arn);
                if words.contains("whose own go on-demand") {
                    let host = self.held.iter_mut().find(|it| Some(&it.arn) == host.as_ref());
                    let own = std::mem::replace(&mut host.unwrap().flow, Flow::none());
                    self.add_on_demand(self.variant.cheapest(), &own);
                }
                if let Some(host) = host {
                    self.moved.insert(held.arn.clone(), host.clone());
                    self.host(&host, &held.flow);
                } else if self.variant.is_capacity_known && words.contains("to the others") {
                    homeless.add(&held.flow);
                } else {
                    let to = self.variant.cheapest();
                    self.add_on_demand(to, &held.flow);
                }
            }
            Action::RightSizeProvisionedModel => {
                self.held[place.unwrap()].units = u32::try_from(numbers[0]).unwrap();
            }
            Action::BindProvisionedModel => {
                let held = &mut self.held[place.unwrap()];
                held.units = u32::try_from(numbers[0]).unwrap();
                held.term = term;
            }
            Action::BuyModelUnits => {
                let flow = self.taken(advice);
                let units = u32::try_from(numbers[0]).unwrap();
                self.held.push(Held { arn: arn(99), units, term, flow });
            }
            Action::ReserveTokens => self.reserved.push(Reserved {
                is_global: words.contains("global"),
                input: amount(&words, "input"),
                output: amount(&words, "output"),
                term: if words.contains("3-month") { "3-months" } else { "1-month" },
                is_over: false,
            }),
            Action::RightSizeReservation | Action::LetCommitmentExpire => {
                let number: String = advice
                    .money
                    .current
                    .description
                    .chars()
                    .skip(2)
                    .take_while(|it| *it != '`')
                    .collect();
                let reserved = &mut self.reserved[number.parse::<usize>().unwrap()];
                reserved.input = amount(&words, "input");
                reserved.output = amount(&words, "output");
            }
            other => panic!("{other:?} is counted"),
        }
    }

    /// Adds calls to a holding, or to where its own calls went.
    fn host(&mut self, arn: &str, flow: &Flow) {
        if let Some(next) = self.moved.get(arn).cloned() {
            return self.host(&next, flow);
        }
        match self.held.iter_mut().find(|held| held.arn == arn) {
            Some(held) => held.flow.add(flow),
            // It was given up for on-demand.
            None => self.add_on_demand(self.variant.cheapest(), flow),
        }
    }

    /// Takes the calls that a purchase is for from where they go; under spill none, since they share the
    /// units.
    fn taken(&mut self, advice: &Recommendation) -> Flow {
        let mut all = Flow::none();
        self.pool(advice);
        if !self.variant.spills() {
            for (_, flow) in std::mem::take(&mut self.pooled) {
                all.add(&flow);
            }
            for part in advice.money.current.description.split(", and ") {
                let Some((_, name)) = part.rsplit_once(" of held-") else { continue };
                let arn = arn(name.parse().unwrap());
                let place = self.held.iter().position(|held| held.arn == arn).unwrap();
                all.add(&self.held.remove(place).flow);
            }
        }
        all
    }

    /// Moves each lane that a fill names to the holding that is named for it.
    fn fill_whole(&mut self, advice: &Recommendation) {
        let (now, _) = advice.money.current.description.split_once(" on-demand").unwrap();
        let mut homeless = Vec::new();
        for part in advice.money.proposed.description.split("; ") {
            let (to, calls) = part.split_once(" for ").unwrap();
            if let Some(name) = calls.strip_prefix("the calls of held-") {
                let from = arn(name.parse().unwrap());
                let held = self.held.iter_mut().find(|held| held.arn == from).unwrap();
                homeless.push((to, std::mem::replace(&mut held.flow, Flow::none())));
                continue;
            }
            let ids = if calls == "these calls" { now } else { calls };
            for id in ids.split(" and ") {
                let flow = self.on_demand.remove(id).unwrap();
                homeless.push((to, flow));
            }
        }
        // All leave before any comes.
        for (to, flow) in homeless {
            match to.strip_prefix("model id ") {
                Some(arn) => self.host(arn, &flow),
                None => self.add_on_demand(self.variant.cheapest(), &flow),
            }
        }
    }

    fn route(&mut self) {
        let (on_demand, pooled) =
            (std::mem::take(&mut self.on_demand), std::mem::take(&mut self.pooled));
        self.pooled = pooled.into_iter().map(|(id, flow)| (self.routed(&id), flow)).fold(
            BTreeMap::new(),
            |mut all, (id, flow)| {
                all.entry(id).or_insert_with(Flow::none).add(&flow);
                all
            },
        );
        for (id, flow) in on_demand {
            let to = self.routed(&id);
            self.add_on_demand(&to, &flow);
        }
    }

    /// Returns the id under which a lane is called once it is routed.
    fn routed(&self, id: &str) -> String {
        let (_, rest) = id.split_at(id.find("maker").unwrap());
        let percent = self.variant.percent(id);
        let is_cheaper = self.variant.global.is_some_and(|global| global < percent)
            && (self.variant.flex || !id.contains('+'));
        if is_cheaper { format!("global.{rest}") } else { id.to_owned() }
    }

    /// Sends traffic where it goes once all is changed.
    fn settle(&mut self, homeless: &Flow, fills: bool) {
        let units = self.units(fills);
        if units == 0 {
            for (id, flow) in std::mem::take(&mut self.pooled) {
                self.add_on_demand(&id, &flow);
            }
            // All that it could have gone to is given up too.
            self.add_on_demand(self.variant.cheapest(), homeless);
            return;
        }
        let mut at_work = self.on_units();
        at_work.add(homeless);
        let mut asked = at_work.clone();
        if fills {
            for flow in self.pooled.values() {
                asked.add(flow);
            }
        }
        let serving = if self.variant.spills() { units } else { u64::from(u32::MAX) };
        let mut served = at_work.take(&asked, serving);
        if fills {
            for flow in self.pooled.values_mut() {
                served.add(&flow.take(&asked, serving));
            }
        }
        if !at_work.is_none() {
            self.add_on_demand(self.variant.cheapest(), &at_work);
        }
        for (id, flow) in std::mem::take(&mut self.pooled) {
            self.add_on_demand(&id, &flow);
        }
        // Each holding serves in proportion to its units.
        let mut left = units;
        for held in &mut self.held {
            if !fills && held.flow.is_none() {
                continue;
            }
            let mine = u64::from(held.units);
            held.flow = Flow::none();
            for (to, all) in held.flow.minutes_mut().zip(served.minutes_mut()) {
                for (to, all) in to.iter_mut().zip(all) {
                    *to = *all * mine / left;
                    *all -= *to;
                }
            }
            left -= mine;
        }
    }
}

/// Returns the number before a word; zero without one.
fn amount(words: &str, word: &str) -> u64 {
    let words: Vec<&str> = words.split(' ').collect();
    let place = words.iter().position(|it| *it == word);
    place.map_or(0, |place| words[place - 1].parse().unwrap())
}

/// Says what is wrong with the advice to an account; `None` where nothing is.
fn fault(variant: &Variant) -> Option<String> {
    let mut follower = variant.follower();
    let mut before = follower.account().report();
    if let Some(advice) = variant.dismissed.and_then(|at| counted(&before).nth(at)) {
        follower.dismissed = Some(advice.id.clone());
        before = follower.account().report();
    }
    counted(&before).next()?;
    let told: Vec<String> = counted(&before).map(Recommendation::message).collect();
    let (was, claimed) = (follower.cost(&before), before.totals.potential_monthly_savings);
    let is_sized = follower.follow(&before);
    let is = follower.cost(&follower.account().report());
    let slack = Usd::new(was.dollars() * Decimal::new(5, 3) + Decimal::ONE);
    if is > was - claimed + slack {
        let saved = was - is;
        return Some(format!("{claimed} of {was} are promised and {saved} saved: {told:#?}"));
    }
    let refuses = |held: &&Held| held.flow.known().units() > u64::from(held.units);
    let full = follower.held.iter().find(refuses).filter(|_| is_sized && !variant.spills());
    full.map(|held| {
        let asked = held.flow.known().units();
        format!("{asked} units are needed of {} in {}: {told:#?}", held.units, held.arn)
    })
}

fn counted(report: &Report) -> impl Iterator<Item = &Recommendation> {
    report.recommendations.iter().filter(|it| it.is_counted())
}

/// Says what is wrong with the steps to the changes of a report; `None` where nothing is.
fn steps_fault(report: &Report) -> Option<String> {
    let held = report.holdings.iter().map(|held| held.provisioned_model_name.as_str());
    let mut taken: BTreeSet<&str> = held.collect();
    for advice in &report.recommendations {
        let steps = &advice.remedy.steps;
        let first = steps.first().and_then(|step| step.command.as_ref());
        if first != advice.remedy.command.as_ref() {
            return Some(format!("{}: not the first step's command", advice.message()));
        }
        for command in steps.iter().filter_map(|step| step.command.as_ref()) {
            let mut words =
                command.split(' ').skip_while(|word| *word != "--provisioned-model-name");
            if let Some(name) = words.nth(1)
                && !taken.insert(name)
            {
                return Some(format!("{}: the name {name} is taken", advice.message()));
            }
        }
        let mut commands = steps.iter().filter_map(|step| step.command.as_ref());
        let is_hidden = advice.grounds.risks.iter().any(|risk| risk.contains("aws bedrock"));
        if is_hidden || commands.any(|text| text.contains("&&") || text.contains(';')) {
            return Some(format!("{}: two commands in one line", advice.message()));
        }
        // What is deleted has callers, unless it is idle: they are elsewhere before.
        let deletes = steps.iter().position(|step| step.text.starts_with("delete"));
        if let Some(place) = deletes
            && advice.action != Action::DeleteIdleProvisionedModel
            && !steps[..place]
                .iter()
                .any(|step| step.text.contains("callers") && step.wait_for.is_some())
        {
            return Some(format!("{}: deleted before its callers left", advice.message()));
        }
    }
    None
}

proptest! {
    // The same accounts each time: months are scaled from weeks, so that a promise can be near and not
    // kept to the dollar. Others with PROPTEST_RNG_SEED and PROPTEST_CASES.
    #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whoever_follows_the_advice_saves_what_it_promises_and_is_refused_nothing(
        variant in variant(),
    ) {
        prop_assert_eq!(fault(&variant), None);
    }

    #[test]
    fn steps_are_apart_and_on_prices_that_nobody_pays_there_are_none(variant in variant()) {
        let mut account = variant.follower().account();
        prop_assert_eq!(steps_fault(&account.report()), None);
        account.observation.prices.charged = false;
        let report = account.report();
        prop_assert_eq!(super::charged::fault(&report), None);
    }

    #[test]
    fn what_is_open_stays_open_above_four_fifths_of_the_threshold(variant in variant()) {
        let mut account = variant.follower().account();
        account.observation.settings.min_savings_ratio = Ratio::new(Decimal::ZERO);
        let before = account.report();
        // Of several changes each is worth what those before it leave.
        if let [advice] = before.recommendations.as_slice() && advice.is_counted() {
            let threshold = Usd::new(advice.savings().unwrap().dollars() * Decimal::new(11, 1));
            account.observation.settings.min_monthly_savings = threshold;
            prop_assert_eq!(counted(&account.report()).count(), 0);
            let region = advice.region.clone();
            let open = OpenBefore { region, id: advice.id.clone() };
            account.observation.open_before = vec![open];
            let after = account.report();
            let ids: Vec<&str> = counted(&after).map(|it| it.id.as_str()).collect();
            prop_assert_eq!(ids, [advice.id.as_str()]);
        }
    }
}
