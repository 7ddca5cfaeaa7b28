//! Runs in little memory: what does not fit is named, and what fits is decided as ever.

use bedrock_cost_guard::observation::Observation;
use bedrock_cost_guard::report::{Part, Report};

use crate::support::account::{Account, TOKENS};
use crate::support::book::MODEL;
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
async fn what_does_not_fit_in_memory_is_named_and_no_total_hides_it() {
    let observation = whole(sample());
    let (ample, _) = read_in(observation.clone(), 1 << 30).await;
    let mut parts = Vec::new();
    for memory in [128 << 10, 512 << 10, 1 << 20, 2 << 20, 3 << 20] {
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
