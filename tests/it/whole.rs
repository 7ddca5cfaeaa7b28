//! The whole is decided, not its parts: what is printed as saved is saved at least, at the prices of
//! the days it is for, whatever else could be changed beside it.

use std::collections::BTreeSet;

use bedrock_cost_guard::advice::{Action, AtTermEnd, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, Ratio};
use bedrock_cost_guard::observation::{CommitmentDuration, ProvisionedModel};
use bedrock_cost_guard::report::Report;

use jiff::SignedDuration;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::account::{Account, HELD, allowed_scopes, bound, dismissed, held};
use crate::support::book::{MODEL, UNIT, book, rate, row, unit, with_units};
use crate::support::reports::{an_hour, counted};

/// Name of the metric of cache writes.
const WRITES: &str = "CacheWriteInputTokenCount";

/// Id of the profile of the US.
const GEO: &str = "us.maker.model-v1:0";

/// Returns the one recommendation of an action.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn recommended(report: &Report, action: Action) -> &Recommendation {
    let mut found = report.recommendations.iter().filter(|advice| advice.action == action);
    found.next().unwrap()
}

/// Holds a unit for 40 USD an hour, of known or unknown capacity, with these rates beside it.
fn holding_a_unit(rates: &[String], capacity: Option<[u64; 2]>) -> Account {
    let rows = [rates, &[unit("none", "40.00", capacity)]].concat();
    Account::on(book(&rows)).holding(held())
}

#[test]
fn holding_less_is_judged_by_what_it_may_cost_on_demand() {
    // 28.8 million cache writes an hour: 36 USD for five minutes each, and more for an hour.
    for capacity in [Some(UNIT), None] {
        for (an_hours, saves) in [("2.00", None), ("1.40", None), ("1.30", Some("2.56"))] {
            let writes = format!("cache_write_5m = \"1.25\"\ncache_write_1h = \"{an_hours}\"\n");
            let rates = rate("in-region", "standard", ["1.00", "2.00"]) + &writes;
            let account = holding_a_unit(&[rates], capacity).steady(HELD, [(WRITES, 480_000)]);
            let report = account.report();
            let saved = report.recommendations.first().map(Recommendation::savings);
            assert_eq!(saved, saves.map(|saves| Some(an_hour(saves))), "{an_hours} {capacity:?}");
        }
        // 36 million tokens an hour, which cost 36 USD in short requests and may cost 72 in long ones.
        for (above, actions) in [("2.00", vec![]), ("1.00", vec![Action::GiveUpProvisionedModel])] {
            let long = format!(
                "scope = \"in-region\"\nregions = [\"*\"]\ntier = \"standard\"\n\
                 above_input_tokens = 200000\ninput = \"{above}\"\noutput = \"2.00\""
            );
            let rates = [rate("in-region", "standard", ["1.00", "2.00"]), row("rate", &long)];
            let account = holding_a_unit(&rates, capacity).tokens(HELD, 600_000, 0);
            assert_eq!(counted(&account.report()), actions, "{above} {capacity:?}");
        }
    }
}

/// Calls so many tokens a minute beside units that are sold for 40 USD an hour, and for 30 under a
/// term of a month, with further rows of prices and these overrides.
fn buying(rows: &[String], overrides: &str) -> Report {
    let rates = rate("in-region", "standard", ["1.00", "2.00"]);
    let sold = [rates, unit("none", "40.00", Some(UNIT)), unit("1-month", "30.00", Some(UNIT))];
    let account = Account::on(book(&[&sold, rows].concat())).tokens(MODEL, 800_000, 0);
    account.overrides(overrides).report()
}

#[test]
fn what_a_term_saves_is_at_the_prices_of_its_days() {
    let saved = |report: &Report| {
        let advice = report.recommendations.first();
        advice.map(|advice| (advice.savings().unwrap(), advice.grounds.risks.clone()))
    };
    let discount = |on: &str, percent: u32, from: &str, until: &str| {
        let until = if until.is_empty() { String::new() } else { format!("until = \"{until}\"\n") };
        format!(
            "[[discount]]\nmodel = \"{MODEL}\"\npercent = \"{percent}\"\non = [\"{on}\"]\n\
             from = \"{from}\"\n{until}source = \"s\"\n"
        )
    };
    // 48 USD an hour on-demand, 30 by a unit. The run is of 2026-04-06; the prices are of the 5th, and
    // a month is 30 days from then on.
    let (today, risks) = saved(&buying(&[], "")).unwrap();
    assert_eq!(today, an_hour("18"));
    assert!(!risks.iter().any(|risk| risk.contains("known to change")), "{risks:?}");
    // From the 9th on the same tokens cost less than the unit.
    let announced = discount("tokens", 60, "2026-04-09", "");
    let announced = buying(&[], &announced);
    assert_eq!(saved(&announced), None);
    let proofs = announced.certificates.iter().map(|proof| &proof.sentence);
    let known = "at the prices that are known for the days of its term";
    assert!(proofs.clone().count() > 0 && proofs.clone().all(|it| it.ends_with(known)));
    let cheaper = rate("in-region", "standard", ["0.40", "2.00"])
        .replace("effective_from = \"2026-01-01\"", "effective_from = \"2026-04-09\"");
    assert_eq!(saved(&buying(&[cheaper], "")), None);
    // Half of the days at half of the price save half of the time: 48 and 24 USD an hour.
    let (half, risks) = saved(&buying(&[], &discount("tokens", 50, "2026-04-20", ""))).unwrap();
    assert_eq!(half, an_hour("6"));
    assert!(risks.iter().any(|risk| risk.contains("known to change within")), "{risks:?}");
    // What is cheap for a few days yet keeps nobody from buying for the days after.
    let ending = discount("tokens", 60, "2026-01-01", "2026-04-07");
    let (after, _) = saved(&buying(&[], &ending)).unwrap();
    assert_eq!(after, an_hour("15.12"));
    // The unit itself may cost more once its discount ends: 15 USD an hour, and 30 from the 20th on.
    let ending = discount("model-units", 50, "2026-01-01", "2026-04-19");
    let (units, _) = saved(&buying(&[], &ending)).unwrap();
    assert_eq!(units, an_hour("25.50"));
}

/// Serves so many tokens a minute by a unit under a term of a month at 30 USD an hour, whose full
/// use costs 96 USD on-demand.
fn serving(input: u64, output: u64, capacity: Option<[u64; 2]>) -> Account {
    let rates = rate("in-region", "standard", ["1.00", "2.00"]);
    let rows = [rates, unit("1-month", "30.00", capacity), unit("none", "40.00", capacity)];
    Account::on(book(&rows)).busy(bound(CommitmentDuration::OneMonth, 10), input, output)
}

#[test]
fn renewing_is_buying_for_another_term() {
    let at_end = |account: &Account| {
        let report = account.report();
        let [holding] = report.holdings.as_slice() else { unreachable!("one is held") };
        (holding.at_term_end, holding.at_term_end_because.clone())
    };
    for capacity in [Some(UNIT), None] {
        assert_eq!(at_end(&serving(600_000, 0, capacity)), (Some(AtTermEnd::Renew), None));
        // 30.30 USD an hour for 30: not worth another month.
        let (end, because) = at_end(&serving(505_000, 0, capacity));
        let because = because.unwrap();
        assert_eq!(end, Some(AtTermEnd::Undecided), "{because}");
        assert!(because.starts_with("renewing binds $21,900.00 a month:"), "{because}");
        assert!(because.contains("it would save $219.00 of $21,900.00"), "{because}");
        // What is too young is not refused by its figures.
        let mut young = serving(600_000, 0, capacity);
        young.observation.settings.min_observed_days = 120;
        let (end, because) = at_end(&young);
        assert_eq!(end, Some(AtTermEnd::Undecided));
        assert!(because.unwrap().contains("whole days of history"));
        // Its model ends after the present term and a month from now, and inside the new term.
        let mut leaving = serving(600_000, 0, capacity);
        let ends = leaving.observation.window.end() + SignedDuration::from_hours(24 * 37);
        for model in &mut leaving.observation.places[0].inventory.foundation_models {
            model.end_of_life_time = Some(ends);
        }
        let (end, because) = at_end(&leaving);
        assert_eq!(end, Some(AtTermEnd::LetExpire));
        assert!(because.unwrap().contains("end of life"));
    }
}

#[test]
fn a_dismissed_size_is_no_part_of_a_term() {
    let three = ProvisionedModel { model_units: ModelUnits::new(3), ..held() };
    let account = selling(Overflow::Spill).busy(three, 2_350_000, 705_000);
    // Without the term it would be right-sized.
    let mut unbound = account.clone();
    unbound.observation.settings.min_observed_days = 120;
    let size = recommended(&unbound.report(), Action::RightSizeProvisionedModel).id.clone();
    let report = account.overrides(&dismissed(&size)).report();
    assert!(!report.recommendations.iter().any(|advice| advice.id == size));
    let bind = recommended(&report, Action::BindProvisionedModel);
    assert_eq!(bind.savings(), Some(an_hour(3 * 10)));
    assert!(!bind.grounds.risks.iter().any(|risk| risk.starts_with("of this")));
}

/// Starts an account whose units are sold for 40 USD an hour, or for 30 under a term of a month, and
/// whose calls cost as much through the profile of the US; no headroom is asked for.
fn selling(overflow: Overflow) -> Account {
    let rows = [with_units(), vec![rate("us", "standard", ["1.00", "2.00"])]].concat();
    let mut account = Account::on(book(&rows));
    account.observation.settings.overflow = overflow;
    account.observation.settings.headroom = Ratio::ZERO;
    account
}

#[test]
fn of_several_lanes_those_fill_what_is_held_that_fit_whole() {
    // Half of the unit is used; a lane of two fifths fits beside that, one of seven tenths does not.
    let account = selling(Overflow::Throttle)
        .busy(held(), 500_000, 150_000)
        .tokens(MODEL, 400_000, 100_000)
        .tokens(GEO, 700_000, 10_000);
    let report = account.report();
    let fill = recommended(&report, Action::FillProvisionedModel);
    assert_eq!(fill.savings(), Some(an_hour(24 + 12)));
    let now = &fill.money.current.description;
    assert!(now.starts_with(&format!("{MODEL} on-demand")), "{now}");
    let mut workings = fill.grounds.workings.iter();
    let enough = workings.find(|it| it.what.starts_with("held, and enough")).unwrap();
    assert_eq!(enough.value, "1 model unit and 1 model unit");
    // The other lane is worth a unit of its own, 42 + 1.20 USD an hour for 30, and is named for it.
    let buy = recommended(&report, Action::BuyModelUnits);
    assert_eq!(buy.savings(), Some(an_hour("13.20")));
    assert_eq!(buy.money.current.description, format!("{GEO} on-demand"));
    assert!(buy.grounds.risks.iter().any(|risk| risk.contains("alone go to the units")));
    let evidence = serde_json::to_value(&buy.grounds.evidence).unwrap();
    let items = evidence.as_array().unwrap().iter();
    let lanes: BTreeSet<&str> = items.filter_map(|item| item.get("model_id")?.as_str()).collect();
    assert_eq!(lanes, [GEO].into());
}

#[test]
fn an_idle_unit_under_a_term_takes_the_lane_that_fits() {
    let report = selling(Overflow::Throttle)
        .idle(bound(CommitmentDuration::OneMonth, 20))
        .tokens(MODEL, 400_000, 100_000)
        .tokens(GEO, 1_700_000, 10_000)
        .report();
    // 24 + 12 USD an hour for nothing; the other lane pays for two units.
    assert_eq!(recommended(&report, Action::FillProvisionedModel).savings(), Some(an_hour(36)));
    let buy = recommended(&report, Action::BuyModelUnits);
    assert_eq!(buy.savings(), Some(an_hour("43.20")));
    assert_eq!(report.recommendations.len(), 2);
    assert_eq!(report.totals.monthly_cost, an_hour("169.20"));
    assert_eq!(report.totals.potential_monthly_savings, an_hour("79.20"));
    // The paper tells of this very account.
    let paper = include_str!("../../docs/advice.md");
    let month = report.totals.potential_monthly_savings.to_string();
    for figure in ["36.00", "43.20", "169.20", "79.20 USD an hour", month.trim_start_matches('$')] {
        assert!(paper.contains(figure), "{figure}");
    }
}

#[test]
fn idle_units_are_kept_bound_or_deleted_by_what_the_whole_saves() {
    let three = || ProvisionedModel { model_units: ModelUnits::new(3), ..held() };
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        // 96 USD an hour on-demand beside 120 for three idle units: one under a term serves all of it.
        let full = selling(overflow).idle(three()).tokens(MODEL, UNIT[0], UNIT[1]).report();
        assert_eq!(full.totals.potential_monthly_savings, an_hour(96 + 120 - 30), "{overflow:?}");
        let bind = recommended(&full, Action::BindProvisionedModel);
        assert!(bind.grounds.risks.iter().any(|risk| risk.starts_with("it rests on filling")));
        // 12 USD an hour are not worth a unit.
        let little = selling(overflow).idle(three()).tokens(MODEL, 120_000, 0).report();
        assert_eq!(counted(&little), [Action::DeleteIdleProvisionedModel]);
        assert_eq!(little.totals.potential_monthly_savings, an_hour("120"));
    }
}

#[test]
fn a_unit_that_is_not_worth_its_price_can_be_worth_that_of_a_term() {
    // Two full units and a third that serves 33.60 USD an hour: less than 40, and more than 30.
    let three = ProvisionedModel { model_units: ModelUnits::new(3), ..held() };
    let account = selling(Overflow::Spill).busy(three, 2_350_000, 705_000);
    let report = account.report();
    assert_eq!(counted(&report), [Action::BindProvisionedModel]);
    let bind = &report.recommendations[0];
    assert_eq!(bind.savings(), Some(an_hour(3 * 10)));
    assert!(bind.money.proposed.description.starts_with("3 model units, 1-month"));
    let free =
        "of this $4,672.00 a month without binding anything: 2 model units on the present terms";
    assert!(bind.grounds.risks.iter().any(|risk| risk == free), "{:#?}", bind.grounds.risks);
    // What the term adds has to be enough of what it binds by itself.
    let mut strict = account.clone();
    strict.observation.settings.min_savings_ratio = Ratio::new(Decimal::new(40, 2));
    assert_eq!(counted(&strict.report()), []);
}

#[test]
fn an_idle_unit_under_a_term_takes_the_calls_of_one_without() {
    let idle = ProvisionedModel {
        provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", "0therh0ld000"),
        provisioned_model_name: "paid-for".to_owned(),
        ..bound(CommitmentDuration::OneMonth, 20)
    };
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        let account = selling(overflow).idle(idle.clone()).busy(held(), 800_000, 200_000);
        let report = account.report();
        assert_eq!(counted(&report), [Action::GiveUpProvisionedModel], "{overflow:?}");
        assert_eq!(report.totals.potential_monthly_savings, an_hour(40), "{overflow:?}");
        // It is not idle any more, and nothing says to let it go.
        assert_eq!(report.recommendations.len(), 1, "{:#?}", report.recommendations);
        // Nor where it takes a part of the calls alone.
        let three = ProvisionedModel { model_units: ModelUnits::new(3), ..held() };
        let report = selling(overflow).idle(idle.clone()).busy(three, 1_500_000, 450_000).report();
        let deletes = |advice: &Recommendation| advice.action == Action::DeleteIdleProvisionedModel;
        assert_eq!(report.recommendations.iter().any(deletes), overflow == Overflow::Throttle);
    }
}

#[test]
fn holdings_without_calls_are_not_each_others_hosts() {
    // Three that were called long ago and not since: each is given up, and none for another.
    let unused = |account: Account, name: &str| {
        let held = ProvisionedModel {
            provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", name),
            provisioned_model_name: name.to_owned(),
            ..held()
        };
        let names = ["InputTokenCount", "OutputTokenCount"];
        let arn = held.provisioned_model_arn.clone();
        let account = account.survey(&arn, names, |hour| [u64::from(hour < 200) * 60_000, 0]);
        account.minutes(&arn, names, |_| [0, 0]).holding(held)
    };
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        let names = ["0000000000aa", "0000000000bb", "0000000000cc"];
        let report = names.into_iter().fold(selling(overflow), unused).report();
        assert_eq!(report.totals.potential_monthly_savings, an_hour(120), "{overflow:?}");
        // One of them has nobody left.
        let mut instead = report.recommendations.iter().map(|it| &it.money.proposed.description);
        assert!(instead.any(|instead| instead.starts_with("its calls on-demand")));
    }
}

#[test]
fn each_number_of_units_tells_what_a_unit_serves_and_what_the_highest_minute_asks_for() {
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        // Three units where the highest minute asks for one and a half; bound or not.
        let three = || ProvisionedModel { model_units: ModelUnits::new(3), ..held() };
        let bound = selling(overflow).busy(three(), 1_500_000, 450_000);
        let mut smaller = bound.clone();
        smaller.observation.settings.min_observed_days = 120;
        let bought = selling(overflow).tokens(MODEL, UNIT[0], UNIT[1]);
        for (account, action) in [
            (bound, Action::BindProvisionedModel),
            (smaller, Action::RightSizeProvisionedModel),
            (bought, Action::BuyModelUnits),
        ] {
            let report = account.report();
            let workings = &recommended(&report, action).grounds.workings;
            let value = |what: &str| {
                let found = workings.iter().find(|working| working.what.starts_with(what));
                found.map(|working| working.value.as_str())
            };
            let serves = "60,000,000 input and 18,000,000 output tokens";
            assert_eq!(value("what a unit serves an hour"), Some(serves), "{action:?}");
            if action == Action::RightSizeProvisionedModel {
                assert_eq!(value("enough for the highest minute"), Some("2 model units"));
            }
        }
    }
}

/// Holds a unit as [`held`] does, under another name.
fn another(name: &str) -> ProvisionedModel {
    ProvisionedModel {
        provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", name),
        provisioned_model_name: name.to_owned(),
        ..held()
    }
}

#[test]
fn calls_of_what_is_paid_for_make_room_for_dearer_ones() {
    // A fifth of the unit is used, for 12 USD an hour; a lane of nine tenths, for 54, does not fit beside.
    let paid = bound(CommitmentDuration::OneMonth, 20);
    let account = selling(Overflow::Throttle).busy(paid, 200_000, 0).tokens(MODEL, 900_000, 0);
    let mut account = account;
    account.observation.settings.min_observed_days = 120;
    let report = account.report();
    assert_eq!(counted(&report), [Action::FillProvisionedModel]);
    let fill = recommended(&report, Action::FillProvisionedModel);
    assert_eq!(fill.savings(), Some(an_hour(54 - 12)));
    assert!(fill.money.proposed.description.ends_with("; on-demand for the calls of held"));
}

#[test]
fn what_is_bought_takes_the_calls_of_what_is_given_up_for_it() {
    // Three calls of six tenths of a unit, two of them on a unit each: together they need two units.
    let account = selling(Overflow::Throttle)
        .busy(another("0000000000aa"), 600_000, 0)
        .busy(another("0000000000bb"), 600_000, 0)
        .tokens(MODEL, 600_000, 0);
    let report = account.report();
    assert_eq!(counted(&report), [Action::BuyModelUnits]);
    let buy = recommended(&report, Action::BuyModelUnits);
    assert_eq!(buy.savings(), Some(an_hour(2 * 40 + 36 - 2 * 30)));
    assert_eq!(report.totals.potential_monthly_savings, an_hour(56));
    let now = &buy.money.current.description;
    assert!(
        now.contains(" on-demand, and 1 model unit of 0000000000aa, and 1 model unit"),
        "{now}"
    );
    // Created first, deleted last, and nobody calls what is deleted.
    let steps: Vec<&str> = buy.remedy.steps.iter().map(|step| step.text.as_str()).collect();
    let begins = ["buy 2", "have the callers", "have the callers", "delete", "delete"];
    assert!(steps.iter().zip(begins).all(|(step, begin)| step.starts_with(begin)), "{steps:?}");
    assert_eq!(steps.len(), begins.len());
}

#[test]
fn a_lane_that_is_not_worth_a_unit_does_not_try_it() {
    // One lane fills the unit for 96 USD an hour, the other asks for nine tenths of it for 32.40.
    let paid = bound(CommitmentDuration::OneMonth, 20);
    let mut account =
        selling(Overflow::Spill).idle(paid).tokens(MODEL, UNIT[0], UNIT[1]).tokens(GEO, 0, 270_000);
    account.observation.settings.min_observed_days = 120;
    let report = account.report();
    let fill = recommended(&report, Action::FillProvisionedModel);
    assert_eq!(fill.savings(), Some(an_hour(96)));
    let now = &fill.money.current.description;
    assert!(now.starts_with(&format!("{MODEL} on-demand beside")), "{now}");
}

#[test]
fn the_best_of_many_lanes_is_held_to_its_part_of_the_chance() {
    // In one week of three the work is next to nothing.
    let week = |minute: u64| {
        let is_busy = minute / (7 * 24 * 60) % 3 != 1;
        [if is_busy { 900_000 } else { 90_000 }, 0]
    };
    let alone =
        selling(Overflow::Throttle).lane(MODEL, ["InputTokenCount", "OutputTokenCount"], week);
    let beside = alone.clone().tokens(GEO, 1_000, 0);
    let told = |account: &Account| {
        let report = account.report();
        let plans = report.workloads[0].plans.iter();
        let plan = plans.filter(|plan| plan.action == Some(Action::BuyModelUnits));
        plan.flat_map(|plan| plan.why_not.clone()).collect::<Vec<_>>().join("; ")
    };
    assert!(told(&alone).contains("the lower 0.8 % bound is"), "{}", told(&alone));
    let why = told(&beside);
    assert!(why.contains("the lower 0.34 % bound, for 2 lanes to choose from, is"), "{why}");
}

#[test]
fn what_is_forbidden_is_said_with_what_it_costs_and_leaves_no_other_trace() {
    let rows = [
        rate("in-region", "standard", ["1.00", "2.00"]),
        rate("global", "standard", ["0.90", "1.80"]),
        unit("none", "40.00", Some(UNIT)),
        unit("1-month", "35.00", Some(UNIT)),
    ];
    // 30 USD an hour, 27 through the global profile.
    let account = Account::on(book(&rows)).tokens(MODEL, 500_000, 0);
    let report = account.report();
    let forgone = report.workloads[0].forgone.clone().unwrap();
    assert_eq!(forgone.estimated_monthly_savings, an_hour(3));
    assert_eq!(forgone.because, ["GUARD_ALLOW_GLOBAL_ROUTING is false"]);
    let page = bedrock_cost_guard::terminal::report::render(&report);
    assert!(page.contains("would save $2,190.00 more a month, not counted because GUARD_ALLOW"));
    let mut allowed = account.clone();
    allowed.observation.settings.allow_global_routing = true;
    assert_eq!(allowed.report().workloads[0].forgone, None);

    // A unit that would be filled may not serve this model: its requests stay in the geography.
    let paid = bound(CommitmentDuration::OneMonth, 20);
    let held = account.idle(paid).overrides(&allowed_scopes(&["geo"]));
    let report = held.report();
    assert_eq!(counted(&report), []);
    let forgone = report.workloads[0].forgone.clone().unwrap();
    // All of it, since routing saves nothing of what is filled.
    assert_eq!(forgone.estimated_monthly_savings, an_hour(30));
    assert_eq!(forgone.because, ["the overrides do not allow the in-Region scope for this model"]);
    let fill = recommended(&report, Action::FillProvisionedModel);
    assert!(!fill.is_counted());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each plan's cost is the bill of what it says, added up from its words and the prices alone.
    #[test]
    fn the_cost_of_every_plan_is_a_fresh_bill(
        is_spill in any::<bool>(), allows in any::<bool>(), global in 70u32..100,
        input in 100u32..2_500, output in 10u32..800,
    ) {
        let hundredth = |percent: u32| Decimal::new(i64::from(percent), 2);
        let rows = [
            with_units(),
            vec![rate("global", "standard", [hundredth(global), hundredth(2 * global)])],
        ];
        let mut account = Account::on(book(&rows.concat()));
        let settings = &mut account.observation.settings;
        settings.overflow = if is_spill { Overflow::Spill } else { Overflow::Throttle };
        settings.headroom = Ratio::ZERO;
        settings.allow_global_routing = allows;
        let (input, output) = (u64::from(input) * 1_000, u64::from(output) * 1_000);
        let report = account.tokens(MODEL, input, output).report();
        let on_demand = |percent: u32| {
            let tokens = Decimal::from((input + 2 * output) * 60 * 730);
            tokens * hundredth(percent) / Decimal::from(1_000_000)
        };
        let cheapest = on_demand(if allows { global } else { 100 });
        let need = (Decimal::from(input) / Decimal::from(UNIT[0]))
            .max(Decimal::from(output) / Decimal::from(UNIT[1]));
        for plan in &report.workloads[0].plans {
            let Some(cost) = plan.monthly_cost else { continue };
            let units: Option<u32> =
                plan.description.split(' ').next().and_then(|number| number.parse().ok());
            let expected = match (plan.action, units) {
                (None, _) => on_demand(100),
                (Some(Action::RouteToGlobalProfile), _) => on_demand(global),
                (Some(Action::UseFlexTier), _) => on_demand(100) / Decimal::TWO,
                (Some(Action::BuyModelUnits), Some(units)) => {
                    let price = if plan.description.contains("1-month") { 30 } else { 40 };
                    let units = Decimal::from(units);
                    let served = if is_spill { (units / need).min(Decimal::ONE) } else { Decimal::ONE };
                    units * Decimal::from(730 * price) + cheapest * (Decimal::ONE - served)
                }
                other => unreachable!("{other:?} is planned: {plan:?}"),
            };
            let difference = (cost.dollars() - expected).abs();
            prop_assert!(difference < Decimal::new(1, 2), "{plan:?} should cost {expected}");
        }
        // The last bill is what is left once all that counts is done.
        let totals = &report.totals;
        let advised = report.workloads[0].plans.iter().filter(|plan| plan.advised);
        let last = advised.filter_map(|plan| plan.monthly_cost).min();
        prop_assert_eq!(last, Some(totals.monthly_cost - totals.potential_monthly_savings));
    }
}
