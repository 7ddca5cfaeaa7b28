//! How sure advice is, by seeded trials with their bounds: `docs/advice-quality.md` has the whole tables.

use std::sync::LazyLock;

use bedrock_cost_guard::advice::{Action, AtTermEnd, Gate, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, PurchaseSize, Usd};
use bedrock_cost_guard::observation::{OpenBefore, ProvisionedModel, SizeBefore, Status};
use bedrock_cost_guard::report::{HoldingState, Report};
use bedrock_cost_guard::sizing::Certainty;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, HELD, TOKENS, bound_for_weeks, held, region};
use crate::support::book::{MODEL, UNIT, book, rate, unit};
use crate::support::reports::{an_hour, counted};

/// Weeks of history that are read by default.
const WEEKS: usize = 26;

const KEPT: [f64; 2] = [0.0, 0.6];

/// Random numbers by `SplitMix64`, of which one seed gives the same.
struct Random(u64);

impl Random {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.roll() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }

    /// Draws from the normal distribution, as the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    /// Draws weeks of a level of 1, of whose noise each keeps a share from the one before.
    fn weeks(&mut self, count: usize, kept: f64, deviation: f64) -> Vec<f64> {
        let mut wave = self.normal();
        let mut week = || {
            let week = 1.0 + deviation * wave.clamp(-3.0, 3.0);
            wave = kept * wave + (1.0 - kept * kept).sqrt() * self.normal();
            week
        };
        (0..count).map(|_| week()).collect()
    }
}

fn mean(weeks: &[f64]) -> f64 {
    weeks.iter().sum::<f64>() / f64::from(u32::try_from(weeks.len()).unwrap_or(1))
}

fn share(trials: u32, mut is_passed: impl FnMut(u64) -> bool) -> f64 {
    let passed = (0..trials).filter(|trial| is_passed(u64::from(*trial))).count();
    f64::from(u32::try_from(passed).unwrap_or_default()) / f64::from(trials)
}

/// Of some lanes those are bound together that would have saved in the last two weeks, as the sizing chooses
/// them by the minute.
#[test]
fn a_term_that_saves_nothing_is_advised_in_six_of_a_hundred_at_most() {
    let noises = KEPT.into_iter().flat_map(|kept| [0.1, 0.2, 0.3].map(|noise| (kept, noise)));
    for (kept, deviation) in noises {
        for lanes in [1_usize, 2, 4, 6] {
            let advised = share(3_000, |trial| {
                let mut random = Random(trial * 31 + 7);
                let all: Vec<Vec<f64>> =
                    (0..lanes).map(|_| random.weeks(WEEKS, kept, deviation)).collect();
                let chosen: Vec<&Vec<f64>> =
                    all.iter().filter(|lane| mean(&lane[WEEKS - 2..]) > 1.0).collect();
                let saved: Vec<f64> = (0..WEEKS)
                    .map(|week| chosen.iter().map(|lane| lane[week] - 1.0).sum())
                    .collect();
                let bound = f64::from(u32::try_from(chosen.len()).unwrap());
                mean(&saved[WEEKS - 4..]) > 0.05 * bound
                    && Certainty::of(&saved).unwrap().lower_bound(lanes) > 0.0
            });
            assert!(advised <= 0.06, "{lanes} lanes, {kept}, {deviation}: {advised}");
        }
    }
}

#[test]
fn a_saving_of_fifteen_percent_is_advised_in_four_of_five() {
    for kept in KEPT {
        let advised = share(2_000, |trial| {
            let weeks = Random(trial * 17 + 3).weeks(WEEKS, kept, 0.1);
            let saved: Vec<f64> = weeks.iter().map(|week| 1.15 * week - 1.0).collect();
            mean(&saved[WEEKS - 4..]) > 0.05 && Certainty::of(&saved).unwrap().lower_bound(1) > 0.0
        });
        assert!(advised >= if kept == 0.0 { 0.9 } else { 0.8 }, "{kept}: {advised}");
    }
}

#[test]
fn a_coming_term_lies_in_its_range_about_three_times_in_four() {
    for (kept, least) in [(0.0, 0.75), (0.6, 0.70)] {
        for (months, coming) in [(1, 4), (3, 13), (6, 26)] {
            let within = share(2_000, |trial| {
                let path = Random(trial * 13 + 1).weeks(WEEKS + coming, kept, 0.2);
                let saved: Vec<f64> =
                    path.iter().map(|week| 1_000.0 * (1.2 * week - 1.0)).collect();
                let (past, future) = saved.split_at(WEEKS);
                let month =
                    |weekly: f64| Usd::new(Decimal::try_from(weekly * 730.0 / 168.0).unwrap());
                let observed = month(mean(&past[WEEKS - 4..]));
                let range = Certainty::of(past).unwrap().range(months, observed).unwrap();
                assert!(range.low <= observed && observed <= range.high);
                (range.low..=range.high).contains(&month(mean(future)))
            });
            assert!((least..=0.85).contains(&within), "{kept}, {months}: {within}");
        }
    }
}

/// Returns the account of a unit that is used for some hours of the days that are given.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn used_on(days: &[bool]) -> Account {
    let prices = book(&[
        rate("in-region", "standard", ["1.00", "0.40"]),
        unit("none", "40.00".to_owned(), Some(UNIT)),
    ]);
    let mut it = held();
    it.creation_time = "2024-01-01T00:00:00Z".parse().unwrap();
    let used = |hour: u64| {
        let hour = usize::try_from(hour).unwrap();
        u64::from(days[hour / 24] && (9..12).contains(&(hour % 24)))
    };
    Account::on(prices)
        .days(u32::try_from(days.len()).unwrap())
        .survey(HELD, ["InputTokenCount", "OutputTokenCount", "Invocations"], |hour| {
            [used(hour) * 960_000, used(hour) * 96_000, used(hour) * 480]
        })
        .minutes(HELD, ["InputTokenCount", "OutputTokenCount", "Invocations"], |minute| {
            let hour = minute / 60 + 24 * (u64::try_from(days.len()).unwrap() - 14);
            [used(hour) * 16_000, used(hour) * 1_600, used(hour) * 8]
        })
        .silent("h0ldh0ldh0ld")
        .silent("held")
        .holding(it)
}

fn idle(account: &Account) -> Option<Recommendation> {
    let report = account.report();
    let mut all = report.recommendations.into_iter();
    all.find(|advice| advice.action == Action::DeleteIdleProvisionedModel)
}

#[test]
fn a_unit_of_month_ends_is_never_idle_and_a_dead_one_is_from_its_last_use_on() {
    // Whichever day of the month the run is on.
    for run in 0..30 {
        let days: Vec<bool> = (0..182).map(|day| (day + run) % 30 >= 28).collect();
        let account = used_on(&days);
        assert_eq!(idle(&account), None, "{run}");
        // While it rests, that is said.
        let verdict = account.report().workloads[0].verdict.clone();
        let rest = (0..28).find(|back| days[181 - back]).unwrap_or(28);
        let says = verdict.contains("days of rest are its rhythm");
        assert!(says || rest < 14 || verdict.contains("give up"), "{run}, {rest}: {verdict}");
    }
    // Until 40 days ago it was used on weekdays: its longest rest is a weekend.
    let dead: Vec<bool> = (0..182).map(|day| day % 7 < 5 && day < 142).collect();
    let advice = idle(&used_on(&dead)).unwrap();
    assert!(advice.is_counted());
    assert_eq!(advice.savings(), Some(an_hour("40")));
    let now = &advice.money.current.description;
    assert!(now.contains("idle for 4") && now.contains("since 2026-02-2"), "{now}");
    let notes = advice.grounds.risks.join("; ");
    assert!(notes.contains("of 182 days, and before at rest for 2 days at most"), "{notes}");
    let report = used_on(&dead).report();
    assert_eq!(report.holdings[0].state, HoldingState::Idle);
    assert!(report.holdings[0].idle_since.is_some());
    // What was not asked for under each of its ids, or not answered whole, proves no rest.
    let unsure = |change: &dyn Fn(&mut Account)| {
        let mut account = used_on(&dead);
        change(&mut account);
        assert_eq!(idle(&account), None);
    };
    unsure(&|account| {
        let lanes = &mut account.observation.places[0].usage.lanes;
        lanes.retain(|lane| lane.model_id.text() != "held");
    });
    unsure(&|account| {
        account.lane_of(HELD).survey[0].status = Status::Incomplete("PartialData".into());
    });
    unsure(&|account| account.lane_of("held").survey[0].status = Status::Incomplete("x".into()));
    // Thirteen days are no rest to speak of.
    let rests: Vec<bool> = (0..182).map(|day| day < 169).collect();
    assert_eq!(idle(&used_on(&rests)), None);
}

#[test]
fn a_rhythm_that_the_look_back_cannot_tell_is_listed_and_not_counted() {
    // One rest of 30 days, then a use, then nothing for 50: three such rests are more than 84 days.
    let days: Vec<bool> = (0..84).map(|day| day < 3 || day == 33).collect();
    let advice = idle(&used_on(&days)).unwrap();
    assert!(!advice.is_counted());
    let because = advice.standing.not_counted_because.unwrap();
    assert!(because.contains("84 days are too few to tell its rhythm"), "{because}");
}

#[test]
fn giving_up_is_judged_over_a_whole_cycle() {
    // Used on two days of 30, for 47 USD an hour of them; the last four weeks had one such day.
    let days: Vec<bool> = (0..182).map(|day| day % 30 < 2).collect();
    let account = used_on(&days);
    let report = account.report();
    let advice =
        report.recommendations.iter().find(|it| it.action == Action::GiveUpProvisionedModel);
    let advice = advice.expect("it is hardly used");
    let notes = advice.grounds.risks.join("; ");
    assert!(notes.contains("of 182 days, at rest for 28 days at most"), "{notes}");
}

/// Builds an account with a unit for sale under a month's term and so much input a minute on each day.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn by_days(days: &[u64]) -> Account {
    let prices = book(&[
        rate("in-region", "standard", ["1.00", "0.40"]),
        unit("1-month", "30.00".to_owned(), Some(UNIT)),
    ]);
    let at = |day: usize| [days[day], days[day] / 10];
    let first = days.len() - 14;
    let mut account = Account::on(prices)
        .days(u32::try_from(days.len()).unwrap())
        .survey(MODEL, TOKENS, |hour| at(usize::try_from(hour).unwrap() / 24).map(|it| it * 60))
        .minutes(MODEL, TOKENS, |minute| at(first + usize::try_from(minute).unwrap() / 1_440));
    account.observation.settings.overflow = Overflow::Spill;
    account
}

#[test]
fn demand_that_fell_three_days_ago_holds_a_commitment_and_closes_nothing() {
    let steady = by_days(&[900_000; 182]);
    assert_eq!(counted(&steady.report()), [Action::BuyModelUnits]);
    let mut fell = [900_000; 182];
    fell[179..].fill(300_000);
    let mut account = by_days(&fell);
    let report = account.report();
    assert_eq!(counted(&report), []);
    let held = &report.recommendations[0];
    let because = held.standing.not_counted_because.clone().unwrap();
    assert_eq!(
        because,
        "held: demand fell by 66.6 % in the last three days, look again on 2026-04-09"
    );
    // What was open stays open.
    account.observation.open_before = vec![bedrock_cost_guard::observation::OpenBefore {
        region: "us-east-1".parse().unwrap(),
        id: held.id.clone(),
    }];
    assert_eq!(account.report().closed, []);
    // A week of holidays before the last three days is none.
    let mut rested = [900_000; 182];
    rested[172..179].fill(300_000);
    assert_eq!(counted(&by_days(&rested).report()), [Action::BuyModelUnits]);
}

#[test]
fn the_range_that_is_printed_holds_what_was_observed() {
    // The last weeks were far better than those before.
    let mut days = [700_000; 182];
    days[154..].fill(990_000);
    for (place, day) in days.iter_mut().enumerate() {
        *day -= 40_000 * u64::from(place / 7 % 3 == 0);
    }
    let report = by_days(&days).report();
    let advice = &report.recommendations[0];
    let savings = &advice.money.estimated_monthly_savings;
    let (observed, low, high) =
        (savings.observed.unwrap(), savings.p10.unwrap(), savings.p90.unwrap());
    assert!(low < observed && observed <= high, "{low} {observed} {high}");
    // Sixteen weeks are the least that tell a month to come.
    let report = by_days(&days[77..]).report();
    assert_eq!(report.recommendations[0].money.estimated_monthly_savings.p10, None);
}

#[test]
fn a_mix_that_shifts_to_output_is_carried_to_the_end_of_the_term() {
    let prices = || {
        book(&[
            rate("in-region", "standard", ["1.00", "1.00"]),
            unit("1-month", "55.00".to_owned(), Some([1_000_000, 300_000])),
        ])
    };
    // The dollars stay: each week a little more of them is for output, which just fits so far.
    let account = |shift: u64| {
        let at = |week: u64| {
            let output = 300_000 - shift * (25 - week);
            [1_000_000 - output, output]
        };
        let mut account = Account::on(prices())
            .days(182)
            .survey(MODEL, TOKENS, |hour| at(hour / 168).map(|it| it * 60))
            .minutes(MODEL, TOKENS, |minute| at(24 + minute / 10_080));
        account.observation.settings.overflow = Overflow::Spill;
        account
    };
    assert_eq!(counted(&account(0).report()), [Action::BuyModelUnits]);
    let report = account(8_000).report();
    assert_eq!(counted(&report), [], "{:#?}", report.recommendations);
    let whys: Vec<String> =
        report.workloads[0].plans.iter().flat_map(|plan| plan.why_not.clone()).collect();
    assert!(
        whys.iter().any(|why| why.contains("mix of input, output and cached tokens shifts")),
        "{whys:?}"
    );
}

#[test]
fn where_the_best_size_is_not_sure_a_smaller_one_is_bought() {
    // Grown from three units to eight four weeks ago: eight lose in all weeks before.
    let mut grown = [3_000_000; 182];
    grown[154..].fill(8_000_000);
    let report = by_days(&grown).report();
    let advice = &report.recommendations[0];
    assert_eq!(advice.action, Action::BuyModelUnits);
    let (units, _) = advice.money.proposed.description.split_once(' ').unwrap();
    let units: u32 = units.parse().unwrap();
    assert!((1..8).contains(&units), "{units}");
    assert!(advice.grounds.workings.iter().any(|it| it.what == "the size that saves most"));
}

/// Returns an account whose units cost so much, or 36 USD under a term of a month, and that fills so many of
/// them. A part of one more is asked for in the last four weeks, and before in pairs of weeks, after each of
/// which comes a week without.
fn in_pairs(free: &str, full: u64, part: u64) -> Account {
    let prices = book(&[
        rate("in-region", "standard", ["1.00", "0.40"]),
        unit("none", free, Some(UNIT)),
        unit("1-month", "36.00", Some(UNIT)),
    ]);
    let mut account = Account::on(prices);
    account.observation.settings.overflow = Overflow::Spill;
    let last_rest = account.observation.window.hours() / 168 - 5;
    account.lane(MODEL, TOKENS, |minute| {
        let rests = last_rest.checked_sub(minute / 10_080).is_some_and(|ago| ago.is_multiple_of(3));
        [full * UNIT[0] + if rests { 0 } else { part }, 10]
    })
}

/// Part of a unit that is worth 38 USD an hour: its price under the term alone.
const PART: u64 = UNIT[0] * 38 / 60;

#[test]
fn where_the_term_does_not_keep_what_it_adds_units_without_one_are_bought() {
    let bought = |account: &Account| {
        let report = account.report();
        assert_eq!(counted(&report), [Action::BuyModelUnits]);
        let plans = report.workloads[0].plans.iter();
        let term = plans.filter(|plan| plan.description.contains("1-month term"));
        let gates: Vec<Gate> = term.flat_map(|plan| plan.failed_gates.clone()).collect();
        (report.recommendations[0].money.proposed.description.clone(), gates)
    };
    let bound = |units: u32| (format!("{units} model units, 1-month term"), Vec::new());
    assert_eq!(bought(&in_pairs("39.00", 5, 0)), bound(5));
    let free = ("5 model units, no commitment".to_owned(), vec![Gate::Backtest]);
    assert_eq!(bought(&in_pairs("39.00", 5, PART)), free);
    // Beside what does not pay without a term, most of the promise comes from the five.
    assert_eq!(bought(&in_pairs("90.00", 5, PART)), bound(6));
}

#[test]
fn what_is_held_is_bound_and_renewed_for_what_the_term_keeps_of_what_it_adds() {
    // Five of six units are full by their own calls; what is asked for in pairs is filled in.
    let holding_six = |free: &str, part: u64, held: ProvisionedModel| {
        let six = ProvisionedModel { model_units: ModelUnits::new(6), ..held };
        in_pairs(free, 0, part).busy(six, 5 * UNIT[0], 10).report()
    };
    let bound = |part: u64| {
        let report = holding_six("39.00", part, held());
        let mut binds = report.recommendations.iter().filter(|it| it.is_counted());
        let bind = binds.find(|it| it.action == Action::BindProvisionedModel);
        bind.map(|bind| bind.money.proposed.description.clone())
    };
    assert_eq!(bound(UNIT[0]).as_deref(), Some("6 model units, 1-month term"));
    assert_eq!(counted(&holding_six("39.00", PART, held())), [Action::RightSizeProvisionedModel]);
    let at_end = |free: &str, part: u64| {
        let report = holding_six(free, part, bound_for_weeks());
        let [holding] = &report.holdings[..] else { unreachable!("one is held") };
        (holding.at_term_end, holding.at_term_end_because.clone().unwrap_or_default())
    };
    let (end, because) = at_end("39.00", PART);
    assert_eq!(end, Some(AtTermEnd::Undecided));
    assert!(because.contains("decided week by week"), "{because}");
    assert_eq!(at_end("90.00", PART), (Some(AtTermEnd::Renew), String::new()));
}

/// Returns an account that asks for so many tokens a minute at night and by day, earlier for so many percent
/// of that, and in which units were open before this run, of a size that nobody knows where it is 0.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn open_at(before: u32, [night, day]: [u64; 2], earlier: u64) -> Account {
    // The id hangs on the place, the model and the action alone.
    static ID: LazyLock<String> = LazyLock::new(|| {
        let mut account = Account::selling_units().tokens(MODEL, 3 * UNIT[0], 10);
        account.observation.settings.overflow = Overflow::Spill;
        let report = account.report();
        let mut advice = report.recommendations.into_iter();
        advice.find(|it| it.action == Action::BuyModelUnits).unwrap().id
    });
    let mut account = Account::selling_units();
    account.observation.settings.overflow = Overflow::Spill;
    let last_weeks = 60 * (account.observation.window.hours() - 14 * 24);
    account = account.lane(MODEL, TOKENS, |minute| {
        let tokens = if (8..20).contains(&(minute / 60 % 24)) { day } else { night };
        [if minute < last_weeks { tokens * earlier / 100 } else { tokens }, 10]
    });
    let (region, id) = (region("us-east-1"), ID.clone());
    account.observation.open_before = vec![OpenBefore { region: region.clone(), id: id.clone() }];
    if before > 0 {
        let size = PurchaseSize { model_units: before, ..PurchaseSize::default() };
        account.observation.sizes_before = vec![SizeBefore { region, id, size }];
    }
    account
}

fn bought(report: &Report) -> Option<(u32, Decimal)> {
    let mut counted = report.recommendations.iter().filter(|it| it.is_counted());
    let buy = counted.find(|it| it.action == Action::BuyModelUnits)?;
    Some((buy.commitment.advised_size?.model_units, buy.savings()?.dollars()))
}

/// Returns true if no number of units pays under any offer, by the minute.
fn none_pays(report: &Report) -> bool {
    let plans = report.workloads.iter().flat_map(|workload| &workload.plans);
    let mut units = plans.filter(|plan| plan.action == Some(Action::BuyModelUnits));
    let proofs = [Gate::Optimum, Gate::Certificate];
    units.all(|plan| plan.failed_gates.iter().any(|gate| proofs.contains(gate)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_open_size_stays_while_it_passes_and_saves_four_fifths_of_the_best(
        night in 1u64..6_000_000, day in 1u64..6_000_000, earlier in 60u64..160, before in 1u32..9,
    ) {
        // Open too, so that the same thresholds are asked.
        let plain = open_at(0, [night, day], earlier).report();
        let open = open_at(before, [night, day], earlier).report();
        match (bought(&plain), bought(&open)) {
            (Some((size, most)), Some((kept, saved))) => {
                prop_assert!(kept == size || kept == before, "{kept} of {size} and {before}");
                prop_assert!(saved * Decimal::from(5) >= most * Decimal::from(4));
                // What is kept is kept again.
                let again = open_at(kept, [night, day], earlier).report();
                prop_assert_eq!(bought(&again), Some((kept, saved)));
            }
            (None, Some((kept, saved))) => {
                prop_assert_eq!(kept, before);
                prop_assert!(saved > Decimal::ZERO && !none_pays(&plain), "it cannot save");
            }
            (Some(_), None) => prop_assert!(false, "an open size has closed what passes"),
            (None, None) => {}
        }
    }
}

#[test]
fn the_size_that_is_open_is_kept_and_the_best_is_named() {
    // Six and seven units are full at night and by day.
    let paths = [UNIT[0] * 6, UNIT[0] * 7];
    let best = bought(&open_at(0, paths, 100).report()).unwrap();
    let near = best.0 - 1;
    let report = open_at(near, paths, 100).report();
    let (kept, saved) = bought(&report).unwrap();
    assert_eq!(kept, near);
    assert!(saved < best.1);
    let buy = report.recommendations.iter().find(|it| it.action == Action::BuyModelUnits).unwrap();
    assert!(buy.grounds.workings.iter().any(|it| it.from.contains("what is open stays")));
    // What is closed by now has no size to keep.
    let mut closed = open_at(near, paths, 100);
    closed.observation.open_before.clear();
    assert_eq!(bought(&closed.report()), Some(best));
    // One that saves too little gives way.
    assert_eq!(bought(&open_at(1, paths, 100).report()), Some(best));
}

#[test]
fn what_is_open_closes_once_no_size_pays_whatever_the_weeks_before_would_save() {
    // In the last two weeks a unit replaces nine tenths of its price under a term, before that a half more.
    let report = open_at(1, [UNIT[0] * 45 / 100; 2], 150).report();
    assert!(none_pays(&report), "{:?}", report.workloads[0].plans);
    assert_eq!(bought(&report), None);
}
