//! Runs in little memory: what does not fit is named, and what fits is decided as ever.

use bedrock_cost_guard::advice::Action;
use bedrock_cost_guard::domain::{BaseModel, ModelId};
use bedrock_cost_guard::observation::{LaneUsage, Observation};
use bedrock_cost_guard::report::{self, Part, Report};

use jiff::SignedDuration;
use serde_json::json;

use crate::support::account::{Account, SONNET, TOKENS, region, reserved};
use crate::support::book::MODEL;
use crate::support::fake_aws::{Fault, FaultKind};
use crate::support::served::Served;
use crate::support::{in_both_regions, sample, whole};

/// Returns the report on an account whose series may take so many bytes.
async fn read_in(observation: Observation, memory: u64) -> (Report, Served) {
    let account = Served::of(observation).in_memory(memory);
    let outcome = account.run().await;
    (outcome.report, account)
}

#[tokio::test]
async fn regions_that_fit_one_after_the_other_are_read_as_in_ample_memory() {
    let observation = in_both_regions(whole(sample()));
    let (ample, _) = read_in(observation.clone(), 1 << 30).await;
    // A metric of hours takes 18 kB, and one of minutes 81 kB: no two Regions have so few.
    let (close, _) = read_in(observation, 12 << 20).await;
    assert_eq!(close, ample);
    assert_eq!(close.missing, []);
}

#[tokio::test]
async fn workloads_that_fit_one_after_the_other_are_read_as_in_ample_memory() {
    let mut observation = in_both_regions(whole(sample()));
    for place in &mut observation.places {
        let stray = place.usage.lanes[0].clone();
        place.usage.lanes.push(LaneUsage { model_id: ModelId::parse("nobody-knows"), ..stray });
    }
    let (ample, account) = read_in(observation.clone(), 1 << 30).await;
    let requests = account.fake.requests("GetMetricData");
    let (close, account) = read_in(observation, 9 << 20).await;
    assert!(account.fake.requests("GetMetricData") > requests, "it is read at once");
    assert_eq!(close, ample);
    assert!(close.unpriced.iter().any(|usage| usage.model_id == "nobody-knows"));
}

/// Reserved tokens of a model that nobody calls are a portion of their own, for which no minutes are wanted.
#[tokio::test]
async fn minutes_that_are_forgotten_are_told_in_little_memory_as_in_much() {
    let mut observation = whole(sample());
    observation.event.end = Some(observation.window.end());
    let report_in = async |memory: u64| {
        let mut account = Served::of(observation.clone()).in_memory(memory);
        account.event["end"] = json!(observation.window.end().to_string());
        account.as_of += SignedDuration::from_hours(4 * 24);
        account.fake.set_clock(account.as_of);
        let outcome = account.run().await;
        assert_eq!(outcome.report, report::build(&outcome.observation), "{memory}");
        outcome.report
    };
    let (ample, close) = (report_in(1 << 30).await, report_in(9 << 20).await);
    let missing = |report: &Report| -> Vec<Part> {
        report.missing.iter().map(|missing| missing.part).collect()
    };
    assert!(missing(&ample).contains(&Part::Minutes), "{:?}", ample.missing);
    assert_eq!(missing(&ample), missing(&close));
    assert_eq!(ample.totals, close.totals);
}

#[tokio::test]
async fn a_call_that_is_refused_costs_the_workloads_that_it_is_of() {
    let observation = whole(sample());
    let (ample, _) = read_in(observation.clone(), 1 << 30).await;
    let of = region("us-west-2");
    let mut lost = Vec::new();
    for calls in [0, 3, 6, 9, 12] {
        let refused = Fault::of("GetMetricData", FaultKind::Forbidden).to(of.clone());
        let account = Served::of(observation.clone())
            .in_memory(9 << 20)
            .with_fault(refused.after(calls).times(1));
        let outcome = account.run().await;
        assert_eq!(outcome.observation.failed, [], "{calls}");
        let report = &outcome.report;
        assert_eq!(*report, report::build(&outcome.observation), "{calls}");
        let missing: Vec<Part> = report.missing.iter().map(|missing| missing.part).collect();
        assert_eq!(missing.len(), 1, "{:?}", report.missing);
        assert_eq!(report.missing[0].region, of);
        lost.extend(missing);
        // What the call is not of is told as ever.
        let is_unread =
            |model: &BaseModel| report.incomplete.iter().any(|unread| unread.model == *model);
        let here = report.workloads.iter().filter(|workload| workload.region == of);
        let (unread, read): (Vec<_>, Vec<_>) = here.partition(|it| is_unread(&it.model));
        assert!(!read.is_empty() && unread.iter().all(|workload| workload.is_at_least));
        for workload in read {
            let mut all = ample.workloads.iter();
            let known = all.find(|all| (&all.region, &all.model) == (&of, &workload.model));
            assert_eq!(Some(workload.monthly_cost), known.map(|known| known.monthly_cost));
        }
        assert!(report.totals.monthly_cost <= ample.totals.monthly_cost);
    }
    assert!(lost.contains(&Part::Usage) && lost.contains(&Part::Minutes), "{lost:?}");
    let refused = Fault::of("GetMetricData", FaultKind::Forbidden).to(of.clone());
    let account = Served::of(observation).in_memory(9 << 20).with_fault(refused);
    let outcome = account.run().await;
    let failed = outcome.observation.failed.iter().map(|failed| &failed.region);
    assert_eq!(failed.collect::<Vec<_>>(), [&of]);
}

#[tokio::test]
async fn what_does_not_fit_in_memory_is_named_and_no_total_hides_it() {
    let observation = whole(sample());
    let (ample, _) = read_in(observation.clone(), 1 << 30).await;
    let mut parts = Vec::new();
    for memory in [32 << 10, 128 << 10, 512 << 10, 1 << 20, 2 << 20, 3 << 20] {
        let (report, account) = read_in(observation.clone(), memory).await;
        let named = |part: &&bedrock_cost_guard::report::MissingPart| {
            part.error.contains("does not fit in memory") && part.error.contains("MemorySize")
        };
        let unread = report.missing.iter().filter(named).map(|missing| missing.part);
        parts.extend(unread.clone());
        if unread.clone().count() == 0 {
            assert_eq!(report, ample);
            continue;
        }
        assert!(report.totals.monthly_cost <= ample.totals.monthly_cost);
        assert!(report.totals.potential_monthly_savings <= ample.totals.potential_monthly_savings);
        assert!(report.totals.is_at_least || unread.clone().all(|part| part == Part::Minutes));
        let put = account.fake.put_data();
        let value = |name: &str| {
            let mut data = put.iter().filter(|it| it.dimensions.is_empty() && it.name == name);
            data.next().map(|it| it.value)
        };
        assert_eq!(value("RunSucceeded"), Some(0.0));
        assert_eq!(value("PotentialMonthlySavings"), None);
    }
    assert!(parts.contains(&Part::Usage) && parts.contains(&Part::Minutes), "{parts:?}");
}

#[test]
fn of_very_many_ids_the_dearest_are_decided_and_the_others_stay() {
    let profiles = |count: u64| {
        let mut account = Account::selling_units();
        for number in 0..count {
            let id = format!("p{number:011}");
            account = account
                .profile(&id, &["us-east-1"])
                .survey(&id, TOKENS, |_| [1_000_000 + number, 0]);
        }
        account.report()
    };
    let sixty = profiles(60);
    assert_eq!(sixty.workloads[0].notes, [""; 0]);
    let more = profiles(70);
    let notes = &more.workloads[0].notes;
    let note = notes.iter().find(|note| note.contains("70 ids")).unwrap();
    assert!(note.contains("the other 10 stay as they are"), "{note}");
    // Each costs what it costs, whether anything is decided for it or not.
    assert!(more.totals.monthly_cost > sixty.totals.monthly_cost);
    assert_eq!(more.workloads[0].model.id(), MODEL);
}

#[tokio::test]
async fn of_very_many_ids_the_minutes_of_the_dearest_alone_are_read() {
    let model = "meta.llama3-1-70b-instruct-v1:0";
    let mut account = Account::new().at("us-west-2").days(28).serves(model, "ON_DEMAND");
    account = account.serves(&format!("{model}:128k"), "PROVISIONED");
    for number in 0..64 {
        let id = format!("p{number:011}");
        account = account.profile_of(&id, model, &["us-west-2"]);
        account = account.tokens(&id, 20_000 + number, 2_000);
    }
    let text = format!(
        "[[capacity]]\nmodel = \"{model}\"\ninput_tokens_per_minute = 1000000\noutput_tokens_per_minute = 300000\n"
    );
    let account = account.overrides(&text);
    let outcome = Served::of(account.observation).run().await;
    let lanes = &outcome.observation.places[0].usage.lanes;
    let read: Vec<&str> = lanes
        .iter()
        .filter(|lane| !lane.minutes.is_empty())
        .map(|lane| lane.model_id.text())
        .collect();
    assert_eq!(read.len(), 60, "{:?}", outcome.report.workloads[0].verdict);
    // The dearest are those with the higher numbers.
    assert!(!read.contains(&"p00000000003") && read.contains(&"p00000000004"), "{read:?}");
    assert_eq!(outcome.report.missing, []);
}

/// Returns the account with some input tokens an hour under one id, or shared by so many.
fn called_by(mut account: Account, model: &str, ids: u64, an_hour: u64) -> Report {
    for number in 0..ids {
        let id = format!("p{number:011}");
        account = account.profile_of(&id, model, &["us-east-1"]);
        account = account.survey(&id, TOKENS, |_| [an_hour / ids, an_hour / ids / 10]);
    }
    account.report()
}

/// Ids that nothing is decided for are still there: no proof and no cut may overlook them.
#[test]
fn what_is_said_of_very_many_ids_is_no_more_than_of_one() {
    let proofs = |report: &Report| -> Vec<_> {
        report.certificates.iter().map(|proof| (proof.offer.clone(), proof.proof)).collect()
    };
    // A unit costs as much as some 24 million tokens an hour do; sixty of seventy ids have six sevenths of them.
    for millions in [20, 24, 27, 30] {
        let of = |ids| called_by(Account::selling_units(), MODEL, ids, millions * 1_050_000);
        let (split, whole) = (of(70), of(1));
        let known = proofs(&whole);
        let proofs = proofs(&split);
        assert!(proofs.iter().all(|proof| known.contains(proof)), "{millions}: {proofs:?}");
        assert_eq!(split.totals.monthly_cost, whole.totals.monthly_cost);
    }
    let cuts = |report: &Report| -> Vec<Action> {
        let actions = report.recommendations.iter().map(|advice| advice.action);
        let of_tokens = [Action::ReserveTokens, Action::RightSizeReservation];
        actions.filter(|action| of_tokens.contains(action)).collect()
    };
    // The reservation is used up by thirty million tokens an hour.
    for millions in [26, 30, 34] {
        let held = Account::new().overrides(&reserved("regional", 500_000, 50_000));
        let of = |ids| called_by(held.clone(), SONNET, ids, millions * 1_050_000);
        let (known, cuts) = (cuts(&of(1)), cuts(&of(70)));
        assert!(cuts.iter().all(|action| known.contains(action)), "{millions}: {cuts:?}");
    }
}
