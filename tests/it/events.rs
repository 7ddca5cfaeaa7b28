//! The events that the repository ships.

use std::fs;
use std::path::PathBuf;

use bedrock_cost_guard::config::Settings;
use bedrock_cost_guard::config::{Run, Trigger};
use jiff::Timestamp;
use serde_json::Value;

/// Reads the files in `events/`, by name.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
pub(crate) fn files() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut files: Vec<(String, Value)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

#[test]
fn every_event_of_the_repository_is_understood() {
    let as_of: Timestamp = "2026-04-06T00:20:00Z".parse().unwrap();
    let mut read = Vec::new();
    for (name, event) in files() {
        let run = Run::parse(&event, as_of).unwrap_or_else(|error| panic!("{name}: {error}"));
        let settings = run.settings(&Settings::default());
        let window = run.window(&settings, as_of).unwrap();
        assert_eq!(
            window.end().to_string(),
            "2026-04-06T00:00:00Z",
            "{name} ends at the hour before its time"
        );
        read.push((name, run.trigger, window.hours() / 24, settings.dry_run));
    }
    let expected = [
        ("manual-dry-run.json", Trigger::Manual, 182, true),
        ("manual-window.json", Trigger::Manual, 28, false),
        ("manual.json", Trigger::Manual, 182, false),
        ("scheduled-rule.json", Trigger::Rule, 182, false),
        ("scheduler-default.json", Trigger::Scheduler, 182, false),
        ("scheduler-input.json", Trigger::Scheduler, 91, false),
    ];
    let expected = expected.map(|(name, trigger, days, dry)| (name.to_owned(), trigger, days, dry));
    assert_eq!(read, expected);
}
