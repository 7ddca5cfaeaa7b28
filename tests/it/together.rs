//! Changes that rest on each other: where one is refused, dismissed or still to come, none of the others
//! counts on it.

use bedrock_cost_guard::advice::{Action, Recommendation};
use bedrock_cost_guard::config::Overflow;
use bedrock_cost_guard::domain::{ModelUnits, Ratio};
use bedrock_cost_guard::observation::{CommitmentDuration, InferenceType, ProvisionedModel};
use bedrock_cost_guard::report::Report;

use crate::support::account::{Account, HELD, TOKENS, bound, dismissed, held};
use crate::support::book::{MODEL, UNIT, book, rate, unit, with_units};
use crate::support::reports::{an_hour, counted};

/// Starts an account whose units cost 40 USD an hour, or 30 under a term of a month, and which is too
/// young to buy any; no headroom is asked for.
fn young(overflow: Overflow) -> Account {
    let mut account = Account::on(book(&with_units()));
    let settings = &mut account.observation.settings;
    settings.overflow = overflow;
    settings.headroom = Ratio::ZERO;
    settings.min_observed_days = 120;
    account
}

/// Gives a holding a name, and as many units.
fn named(letter: char, units: u32, holding: ProvisionedModel) -> ProvisionedModel {
    let name = letter.to_string().repeat(12);
    ProvisionedModel {
        provisioned_model_arn: HELD.replace("h0ldh0ldh0ld", &name),
        provisioned_model_name: name,
        model_units: ModelUnits::new(units),
        ..holding
    }
}

/// Holds units that are paid for until their term ends.
fn paid(letter: char, units: u32) -> ProvisionedModel {
    named(letter, units, bound(CommitmentDuration::OneMonth, 20))
}

/// Holds units without a term.
fn loose(letter: char, units: u32) -> ProvisionedModel {
    named(letter, units, held())
}

/// Returns the id of the one recommendation of an action.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn id_of(report: &Report, action: Action) -> String {
    let mut found = report.recommendations.iter().filter(|advice| advice.action == action);
    found.next().unwrap().id.clone()
}

#[test]
fn what_ends_with_a_term_serves_until_then() {
    // Two units of which one would do, were it not for a burst: the second is paid for all the same, so
    // that a third is worth next to nothing.
    let rows = [
        rate("in-region", "standard", ["1.00", "2.00"]),
        unit("1-month", "45.00", Some(UNIT)),
        unit("none", "30.00", Some(UNIT)),
    ];
    let mut account = Account::on(book(&rows));
    account.observation.settings.overflow = Overflow::Spill;
    let burst = |minute: u64| [if minute.is_multiple_of(60) { 2_000_000 } else { 700_000 }, 0];
    let report = account.busy(paid('a', 2), 900_000, 0).lane(MODEL, TOKENS, burst).report();
    assert_eq!(counted(&report), [Action::FillProvisionedModel]);
}

#[test]
fn nothing_rests_on_a_fill_that_does_not_count() {
    // C fits beside A's calls only once these are with B's, which is told with the lane alone.
    let account = |lane: u64| {
        young(Overflow::Throttle)
            .busy(paid('a', 1), 600_000, 0)
            .busy(paid('b', 1), 400_000, 0)
            .busy(loose('c', 1), 650_000, 0)
            .tokens(MODEL, lane, 0)
    };
    // Too little for the threshold.
    assert_eq!(counted(&account(500).report()), []);
    let report = account(300_000).report();
    assert!(counted(&report).contains(&Action::FillProvisionedModel));
    let fill = id_of(&report, Action::FillProvisionedModel);
    assert_eq!(counted(&account(300_000).overrides(&dismissed(&fill)).report()), []);
}

#[test]
fn whoever_makes_room_is_paid_for() {
    // The calls of A cost 72 USD an hour on-demand, and each of the others is 40 that are saved: alone
    // none of them is worth it, and together nobody would pay for A.
    let report = young(Overflow::Throttle)
        .busy(paid('a', 2), 1_200_000, 0)
        .busy(loose('b', 1), 900_000, 0)
        .busy(loose('c', 1), 900_000, 0)
        .report();
    assert_eq!(counted(&report), []);
    // For one that is worth more it is told what it costs.
    let report = young(Overflow::Throttle)
        .busy(paid('a', 2), 400_000, 0)
        .busy(loose('b', 2), 1_800_000, 0)
        .report();
    assert_eq!(counted(&report), [Action::GiveUpProvisionedModel]);
    let give_up = &report.recommendations[0];
    assert_eq!(give_up.savings(), Some(an_hour(80 - 24)));
    assert!(give_up.money.proposed.description.contains("whose own go on-demand"));
}

#[test]
fn who_is_given_up_pays_for_the_room_of_lanes_too() {
    // The calls of A cost 30 USD an hour on-demand: more than the lane of 21 saves, and less than the
    // 40 of C, whose calls come with the lane.
    let account = || {
        young(Overflow::Throttle)
            .busy(paid('a', 1), 500_000, 0)
            .busy(loose('c', 1), 650_000, 0)
            .tokens(MODEL, 350_000, 0)
    };
    let report = account().report();
    let saved = |report: &Report| {
        let counted = report.recommendations.iter().filter(|advice| advice.is_counted());
        counted.map(|advice| (advice.action, advice.savings().unwrap())).collect::<Vec<_>>()
    };
    let (fill, give_up) = (Action::FillProvisionedModel, Action::GiveUpProvisionedModel);
    assert_eq!(saved(&report), [(fill, an_hour(21)), (give_up, an_hour(40 - 30))]);
    let fill_of = |report: &Report| report.recommendations[0].clone();
    let risks = fill_of(&report).grounds.risks.join("; ");
    assert!(risks.contains("it rests on giving up cccc"), "{risks}");
    // Where that does not count, A's calls stay, and the lane comes beside them.
    let mut strict = account();
    strict.observation.settings.min_monthly_savings = an_hour(11);
    let dismissed = account().overrides(&dismissed(&id_of(&report, give_up)));
    for report in [strict.report(), dismissed.report()] {
        assert_eq!(saved(&report), [(fill, an_hour(21))]);
        assert!(!fill_of(&report).grounds.risks.join("; ").contains("rests on"));
    }
}

#[test]
fn of_several_that_are_given_up_to_one_the_dearest_pays_for_the_room() {
    let account = |own: u64| {
        young(Overflow::Throttle).busy(paid('a', 3), own, 0).busy(loose('b', 2), 1_400_000, 0).busy(
            loose('c', 3),
            1_500_000,
            0,
        )
    };
    let report = account(200_000).report();
    assert_eq!(counted(&report), [Action::GiveUpProvisionedModel; 2]);
    assert_eq!(report.totals.potential_monthly_savings, an_hour(120 - 12 + 80));
    let rests = |advice: &&Recommendation| {
        advice.grounds.risks.iter().any(|risk| risk.contains("it rests on giving up cccc"))
    };
    let resting = report.recommendations.iter().filter(rests);
    assert_eq!(resting.map(|advice| advice.savings().unwrap()).collect::<Vec<_>>(), [an_hour(80)]);
    // Nothing rests on what is not to be given up.
    let dismissed = dismissed(&report.recommendations[0].id);
    let report = account(200_000).overrides(&dismissed).report();
    assert!(!report.recommendations.iter().any(|advice| rests(&advice)));
}

#[test]
fn a_host_is_filled_before_it_takes_calls() {
    let report = young(Overflow::Throttle)
        .busy(paid('a', 1), 300_000, 0)
        .busy(paid('b', 1), 300_000, 0)
        .tokens(MODEL, 600_000, 0)
        .report();
    assert_eq!(counted(&report), [Action::FillProvisionedModel]);
    let to_others = |advice: &Recommendation| {
        advice.money.proposed.description.starts_with("its calls to aaaa")
            || advice.money.proposed.description.starts_with("its calls to bbbb")
    };
    assert!(!report.recommendations.iter().any(to_others));
}

#[test]
fn what_is_filled_is_not_what_is_given_up() {
    let report = young(Overflow::Spill)
        .busy(loose('a', 1), 100_000, 0)
        .idle(paid('b', 1))
        .tokens(MODEL, 500_000, 0)
        .report();
    let fill = report.recommendations.iter().find(|it| it.action == Action::FillProvisionedModel);
    let fill = fill.unwrap();
    assert!(!fill.money.proposed.description.contains("aaaa"), "{}", fill.message());
    assert!(fill.provisioned_model_arn.as_ref().unwrap().contains("bbbb"));
    // Where one of several has room, its address is in the step.
    let report = young(Overflow::Throttle)
        .idle(paid('a', 1))
        .busy(loose('b', 1), 800_000, 0)
        .busy(paid('c', 1), 900_000, 0)
        .report();
    let give_up = report.recommendations.iter().find(|it| it.is_counted()).unwrap();
    assert_eq!(give_up.action, Action::GiveUpProvisionedModel);
    assert!(give_up.remedy.steps[0].text.contains("name arn:aws:bedrock"));
    assert!(give_up.remedy.steps[0].text.contains("aaaaaaaaaaaa as their model id"));
}

#[test]
fn many_holdings_are_given_up_as_a_few_are() {
    for holdings in [8_u32, 9, 12] {
        let letters = ('a'..).zip(0..holdings);
        let account = letters.fold(young(Overflow::Spill), |account, (letter, _)| {
            account.busy(loose(letter, 1), 10_000, 0)
        });
        let report = account.report();
        // All of their calls cost less on-demand than one of them.
        let on_demand = an_hour("0.60").dollars() * rust_decimal::Decimal::from(holdings);
        let all = an_hour(40 * holdings).dollars() - on_demand;
        assert_eq!(report.totals.potential_monthly_savings.dollars(), all, "{holdings}");
    }
}

#[test]
fn a_dismissed_or_impossible_end_leaves_a_smaller_size() {
    for overflow in [Overflow::Spill, Overflow::Throttle] {
        let account = |tokens: u64| young(overflow).busy(loose('a', 3), tokens, 0);
        let end = id_of(&account(10_000).report(), Action::GiveUpProvisionedModel);
        let report = account(900_000).overrides(&dismissed(&end)).report();
        assert_eq!(counted(&report), [Action::RightSizeProvisionedModel], "{overflow:?}");
        assert_eq!(report.totals.potential_monthly_savings, an_hour(2 * 40));
        // Nobody can call the model without units.
        let mut only = account(300_000);
        let listed = &mut only.observation.places[0].inventory.foundation_models;
        listed.retain(|model| model.inference_types_supported == [InferenceType::Provisioned]);
        let report = only.report();
        assert_eq!(counted(&report), [Action::RightSizeProvisionedModel], "{overflow:?}");
        assert_eq!(report.totals.potential_monthly_savings, an_hour(2 * 40));
    }
}

#[test]
fn holdings_are_put_together_in_a_larger_one_that_is_bought_for_them() {
    // Two units and two of six tenths each: apart they need four, and nothing held has room for all.
    let mut account = young(Overflow::Throttle).busy(loose('a', 2), 1_200_000, 0).busy(
        loose('b', 2),
        1_200_000,
        0,
    );
    account.observation.settings.min_observed_days = 30;
    let report = account.report();
    assert_eq!(counted(&report), [Action::BuyModelUnits]);
    let buy = &report.recommendations[0];
    assert_eq!(buy.savings(), Some(an_hour(4 * 40 - 3 * 30)));
    let now = &buy.money.current.description;
    assert_eq!(*now, "2 model units of aaaaaaaaaaaa, and 2 model units of bbbbbbbbbbbb");
}

#[test]
fn what_may_not_go_is_not_bound_as_if_it_went() {
    // Next to nothing is called, and giving up is dismissed: one unit stays, and is bound.
    let account = |dismissed_id: Option<&str>| {
        let account = young(Overflow::Spill).busy(loose('a', 2), 0, 1_000).idle(loose('b', 1));
        let mut account = match dismissed_id {
            Some(id) => account.overrides(&dismissed(id)),
            None => account,
        };
        account.observation.settings.min_observed_days = 30;
        account
    };
    let end = id_of(&account(None).report(), Action::GiveUpProvisionedModel);
    let report = account(Some(&end)).report();
    let left = report.totals.monthly_cost - report.totals.potential_monthly_savings;
    assert!(left >= an_hour(30), "{left} is left: {:#?}", counted(&report));
}
