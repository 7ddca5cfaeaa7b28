//! A saved run that is read and decided place by place, held against the same run read whole.

use std::cell::Cell;
use std::fs;
use std::io::Read;

use assert_cmd::Command;
use bedrock_cost_guard::catalog::{ModelLadder, PriceBook, References};
use bedrock_cost_guard::observation::{
    FailedPlace, Inventory, InventoryList, Observation, ObservationError, SavedRun, UnreadList,
};
use bedrock_cost_guard::report::{self, Report};
use proptest::prelude::*;
use serde_json::{Deserializer, Value, json};
use tempfile::TempDir;

use crate::support::account::region;
use crate::support::{sample, small_observation};

/// Reads a text piece by piece, and decides place by place.
fn by_place(
    text: &str,
    book: Option<&PriceBook>,
    references: Option<&References>,
) -> Result<Report, ObservationError> {
    let json = || Deserializer::from_reader(text.as_bytes());
    report::replay(&SavedRun::around_places(json())?, json(), book, references)
}

/// Reads a text whole, and decides then.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn whole(
    text: &str,
    book: Option<&PriceBook>,
    references: Option<&References>,
) -> Result<Report, ObservationError> {
    let ladder = ModelLadder::embedded().unwrap();
    let mut observation = Observation::from_json(text)?;
    if let Some(book) = book {
        observation = observation.repriced(book).with_models_beside(book, ladder);
    }
    let mut report = report::build(&observation);
    if let Some(references) = references {
        report::add_alternatives(&mut report, &observation, references);
    }
    Ok(report)
}

/// Returns a saved run of two Regions that were read and one that failed.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn saved() -> Value {
    let mut observation = small_observation();
    let account = observation.home.account.clone();
    let error = "denied".to_owned();
    let mut other = observation.places[0].clone();
    other.place.region = region("us-west-2");
    other.usage.lanes.truncate(2);
    let list = InventoryList::SystemProfiles;
    let unread = vec![UnreadList { list, error: error.clone() }];
    other.inventory = Inventory { unread, ..Inventory::default() };
    observation.places.push(other);
    observation.failed.push(FailedPlace { account, region: region("eu-west-1"), error });
    let observation = observation.with_prices(&PriceBook::aws().unwrap());
    serde_json::from_str(&observation.to_json().unwrap()).unwrap()
}

#[test]
fn place_by_place_it_is_the_same_report_on_any_book() {
    let (aws, article) = (PriceBook::aws().unwrap(), PriceBook::article().unwrap());
    let references = References::embedded().unwrap();
    let mut three = sample();
    let mut place = three.places[0].clone();
    place.place.region = region("eu-west-1");
    place.inventory = Inventory::default();
    three.settings.regions.push(place.place.region.clone());
    three.places.insert(0, place);
    // In order of their names the fields have `places` before `prices` and `window`, as no run writes them.
    let by_name = saved().to_string();
    assert!(by_name.find("\"places\"") < by_name.find("\"window\""));
    let old = include_str!("../data/observations/1.json").to_owned();
    for text in [three.to_json().unwrap(), old, by_name] {
        for (book, references) in [
            (None, None),
            (None, Some(&references)),
            (Some(&aws), Some(&references)),
            (Some(&article), Some(&references)),
        ] {
            let found = by_place(&text, book, references).unwrap().to_json().unwrap();
            let expected = whole(&text, book, references).unwrap().to_json().unwrap();
            assert!(found == expected, "{:?}", book.map(|book| &book.name));
        }
    }
}

#[test]
fn a_place_is_handed_on_before_the_next_one_is_read() {
    struct Counting<'a>(&'a [u8], &'a Cell<usize>);

    impl Read for Counting<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            self.1.set(self.1.get() + 1);
            self.0.read(&mut bytes[..1])
        }
    }

    let text = saved().to_string();
    let run = SavedRun::around_places(Deserializer::from_str(&text)).unwrap();
    assert_eq!(run.run.places, []);
    assert_eq!(run.regions().len(), 2);
    let read = Cell::new(0);
    let mut places = Vec::new();
    let json = Deserializer::from_reader(Counting(text.as_bytes(), &read));
    run.each_place(json, |observed| places.push((read.get(), observed))).unwrap();
    let [(first, observed), (second, _)] = &places[..] else { panic!("{}", places.len()) };
    assert!(text[..*first].ends_with('}') && text[*first..].starts_with(",{"), "{first}");
    assert!(text[..*second].ends_with('}') && text[*second..].starts_with("],"), "{second}");
    assert_eq!(observed.place.region, region("us-east-1"));
}

/// Something that is done to a saved run.
type Damage = fn(&mut Value);

/// Damages of a run that say what no run could have seen.
const IMPOSSIBLE: [(Damage, &str); 8] = [
    (
        |it| it["places"][1]["place"]["region"] = "us-east-1".into(),
        "Region us-east-1 is there twice",
    ),
    (|it| it["failed"][0]["region"] = "us-west-2".into(), "Region us-west-2 is there twice"),
    (
        |it| {
            let lane = it["places"][1]["usage"]["lanes"][0].clone();
            it["places"][1]["usage"]["lanes"][1] = lane;
        },
        "the use of `amazon.nova-lite-v1:0` in us-west-2 is there twice",
    ),
    (
        |it| {
            let sums = &mut it["places"][0]["usage"]["lanes"][1]["survey"][0]["series"]["values"];
            sums[0] = u64::MAX.into();
        },
        "has more than CloudWatch counts",
    ),
    (
        |it| it["places"][0]["usage"]["lanes"][0]["survey"][0]["series"]["values"] = json!([1]),
        "does not fill its window",
    ),
    (|it| it["settings"]["recent_days"] = 0.into(), "recent_days"),
    (|it| it["settings"]["regions"] = json!(["eu-central-1"]), "nothing is said of it"),
    (|it| it["as_of"] = "1999-01-01T00:00:00Z".into(), "before the end of `window`"),
];

#[test]
fn what_cannot_be_is_refused_in_the_same_words_and_nothing_of_it_is_decided() {
    let mut all = saved();
    for (damage, words) in IMPOSSIBLE {
        let mut damaged = saved();
        damage(&mut damaged);
        // What the first damages leave is enough for the others.
        damage(&mut all);
        let text = damaged.to_string();
        let expected = whole(&text, None, None).unwrap_err().to_string();
        assert!(expected.contains(words), "{words}: {expected}");
        assert_eq!(by_place(&text, None, None).unwrap_err().to_string(), expected);
    }
    let text = all.to_string();
    let expected = whole(&text, None, None).unwrap_err().to_string();
    assert_eq!(by_place(&text, None, None).unwrap_err().to_string(), expected);
    // With a fault of the run itself no place is handed on at all.
    let json = || Deserializer::from_str(&text);
    let run = SavedRun::around_places(json()).unwrap();
    assert!(run.each_place(json(), |observed| panic!("{:?}", observed.place)).is_err());
}

#[test]
fn the_program_refuses_a_damaged_file_as_one_that_is_read_whole() {
    let whole_text = saved().to_string();
    let mut texts = vec![
        String::new(),
        "[]".to_owned(),
        whole_text[..whole_text.len() / 2].to_owned(),
        whole_text[..whole_text.len() - 1].to_owned(),
        format!("{whole_text}\n {{}}"),
        whole_text.replacen("\"places\":", "\"places\":[],\"places\":", 1),
        whole_text.replacen("\"usage\":{", "\"usage\":{\n \"secret\" : 1, ", 1),
        whole_text.replacen(
            "\"metrics_requested\":",
            "\"metrics_requested\": \"AKIA\"\n,\"x\":",
            1,
        ),
        whole_text.replacen("\"schema_version\":5", "\"new\":{},\"schema_version\":6", 1),
        whole_text.replacen("\"schema_version\":5", "\"schema_version\":6", 1),
        whole_text.replacen("\"schema_version\":5", "\"schema_version\":0", 1),
    ];
    texts.extend(IMPOSSIBLE.iter().take(3).map(|(damage, _)| {
        let mut damaged = saved();
        damage(&mut damaged);
        damaged.to_string()
    }));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("observation.json");
    let file = file.to_str().unwrap();
    for text in texts {
        fs::write(file, &text).unwrap();
        let fault = Observation::from_json(&text).unwrap_err();
        for arguments in [&["replay", file][..], &["explain", "Nova Lite", file, "--catalog", "no"]]
        {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cost-guard"));
            let output = command.env_clear().args(arguments).assert().code(1).get_output().clone();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(told, format!("error: cannot replay `{file}`: {fault}\n"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_with_anything_in_it_is_read_both_ways_or_neither(
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        with in "[\\[\\]{},:\"a-z0-9 \n]{0,6}",
    ) {
        static SAVED: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let mut saved = saved();
            // What takes long to read says nothing here.
            for place in 0..2 {
                saved["places"][place]["usage"]["lanes"] = json!([]);
            }
            saved.to_string()
        });
        let mut text = SAVED.clone();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.replace_range(start..end, &with);
        let (found, expected) = (by_place(&text, None, None), whole(&text, None, None));
        match (found, expected) {
            (Ok(found), Ok(expected)) => prop_assert_eq!(found, expected),
            (Err(ObservationError::Syntax(_)), Err(ObservationError::Syntax(_))) => {}
            (Err(found), Err(expected)) => {
                prop_assert_eq!(found.to_string(), expected.to_string());
            }
            (found, expected) => prop_assert!(false, "{:?}\n{:?}", found.err(), expected.err()),
        }
    }
}
