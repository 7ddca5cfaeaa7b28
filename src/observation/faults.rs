//! Faults of a saved run: what no gathering would write, and what the core relies on not to meet.

use std::collections::BTreeSet;

use crate::catalog::Overrides;
use crate::domain::period::{HOUR, MINUTE};
use crate::domain::{Region, Window};
use crate::observation::distinct::repeated;
use crate::observation::plan::MINUTE_DAYS;
use crate::observation::{LaneUsage, Observation, PlaceObservation, Span};

impl Observation {
    /// Lists the faults of a run that read these Regions, without those of the places themselves.
    pub(super) fn faults_around(&self, read: &[Region]) -> Vec<String> {
        let mut faults = self.prices.faults();
        // The default stands for no overrides, and so has no version that would pass.
        if self.overrides != Overrides::default() {
            faults.extend(self.overrides.faults());
        }
        if self.as_of < self.window.end() {
            faults.push(format!(
                "`as_of` is {}, before the end of `window`, {}: nobody can have read what was still to come",
                self.as_of,
                self.window.end()
            ));
        }
        // Types alone would let a threshold pass that the environment refuses.
        faults.extend(self.settings.faults());
        // A run reads one account. A Region that was read cannot have failed either.
        let told: Vec<&Region> =
            read.iter().chain(self.failed.iter().map(|failed| &failed.region)).collect();
        let regions = repeated(&told, |region| region.name());
        faults.extend(regions.into_iter().map(|region| twice(&format!("Region {region}"))));
        faults.extend(self.repeated_before());
        let savings = self.savings_before.iter().filter(|before| !before.is_possible());
        faults.extend(savings.map(|before| {
            format!("the saving of {} in {} is none that a run puts", before.model, before.region)
        }));
        let told: BTreeSet<&Region> = told.into_iter().collect();
        let wanted = self.settings.regions_or(&self.home.region);
        let untold = wanted.iter().filter(|region| !told.contains(region));
        faults
            .extend(untold.map(|region| {
                format!("Region {region} was to be read, and nothing is said of it")
            }));
        faults
    }

    /// Lists what is there twice of what was before.
    fn repeated_before(&self) -> impl Iterator<Item = String> {
        let open = repeated(&self.open_before, |open| format!("{} in {}", open.id, open.region));
        let open = open.into_iter().map(|open| twice(&format!("the open recommendation {open}")));
        let models = repeated(&self.models_before, |before| {
            format!("{} in {}", before.model, before.region)
        });
        let models = models.into_iter().map(|model| twice(&format!("the model of before {model}")));
        let sizes = repeated(&self.sizes_before, |size| format!("{} in {}", size.id, size.region));
        let sizes = sizes.into_iter().map(|size| twice(&format!("the size of {size}")));
        let savings = repeated(&self.savings_before, |before| {
            format!("{} in {} at {}", before.model, before.region, before.time)
        });
        let savings = savings.into_iter().map(|before| twice(&format!("the saving of {before}")));
        open.chain(models).chain(sizes).chain(savings)
    }
}

impl PlaceObservation {
    /// Lists the faults of what was seen of a place in the window of a run.
    pub(super) fn faults(&self, window: Window) -> Vec<String> {
        let region = &self.place.region;
        let mut faults = self.repeated();
        // By their places: an address that is none can be anything.
        let held = (1..).zip(&self.inventory.provisioned_models);
        faults.extend(held.filter(|(_, held)| !held.can_be_of(&self.place)).map(|(place, _)| {
            format!("provisioned model {place} of {region} has no units or no address there")
        }));
        faults.extend(self.inventory.unread_with_entries().map(|list| {
            format!("the list of {} in {region} was not read, and it has entries", list.in_words())
        }));
        for lane in &self.usage.lanes {
            faults.extend(faults_of_lane(lane, region, window));
        }
        faults
    }

    /// Lists what is there twice: its tokens and its units would be counted twice.
    fn repeated(&self) -> Vec<String> {
        let region = &self.place.region;
        let of_place = |(what, keys): (&'static str, Vec<String>)| {
            keys.into_iter().map(move |key| twice(&format!("{what} `{key}` in {region}")))
        };
        let lanes = repeated(&self.usage.lanes, |lane| lane.model_id.text());
        let mut faults: Vec<String> = of_place(("the use of", lanes)).collect();
        for lane in &self.usage.lanes {
            let metrics = [&lane.survey, &lane.minutes].into_iter();
            let metrics = metrics.flat_map(|metrics| repeated(metrics, |metric| &metric.name));
            faults.extend(
                metrics.map(|name| twice(&format!("`{name}` of `{}` in {region}", lane.model_id))),
            );
        }
        faults.extend(self.inventory.repeated().into_iter().flat_map(of_place));
        faults
    }
}

/// Lists the metrics of a lane that CloudWatch cannot have answered.
fn faults_of_lane(lane: &LaneUsage, region: &Region, window: Window) -> Vec<String> {
    let survey = Span { window, step: HOUR };
    let minutes = Span { window: window.last_days(MINUTE_DAYS), step: MINUTE };
    let named =
        |name: &str, fault: &str| format!("`{name}` of `{}` in {region} {fault}", lane.model_id);
    let metered = lane.survey.iter().chain(&lane.minutes);
    let mut faults: Vec<String> = metered
        .filter(|metric| metric.has_impossible_sums())
        .map(|metric| named(&metric.name, "has more than CloudWatch counts"))
        .collect();
    for (metrics, span) in [(&lane.survey, survey), (&lane.minutes, minutes)] {
        let misnamed = metrics.iter().filter(|metric| metric.is_misnamed());
        faults.extend(misnamed.map(|metric| named(&metric.name, "is no name of its metric")));
        let off = metrics.iter().filter(|metric| {
            metric.series.as_ref().is_some_and(|series| !series.fits(span.window, span.step))
        });
        faults.extend(off.map(|metric| named(&metric.name, "does not fill its window")));
    }
    faults
}

/// Says that something is there twice.
fn twice(what: &str) -> String {
    format!("{what} is there twice")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SETTINGS, Setting, Settings};
    use crate::observation::ObservationError;
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use serde_json::Value;
    use std::sync::LazyLock;

    /// A saved observation without what takes long to read.
    static SAVED: LazyLock<Value> = LazyLock::new(|| {
        let saved = include_str!("../../tests/data/observations/1.json");
        let mut saved: Value = serde_json::from_str(saved).unwrap();
        saved["settings"] = serde_json::to_value(Settings::default()).unwrap();
        saved["places"] = Value::Array(Vec::new());
        saved["prices"]["model"] = Value::Array(Vec::new());
        saved
    });

    fn replay(settings: &[(&Setting, &str)]) -> Result<Observation, ObservationError> {
        let mut saved = SAVED.clone();
        for (setting, text) in settings {
            let field = setting.name.trim_start_matches("GUARD_").to_lowercase();
            let value = &mut saved["settings"][field];
            *value = match value {
                Value::Bool(_) => text.parse().map_or((*text).into(), Value::Bool),
                Value::Number(_) => match text.parse::<i64>() {
                    // A JSON number that is written so is no whole one.
                    Ok(0) if text.starts_with('-') => Value::from(-0.0),
                    number => number.map_or((*text).into(), Value::from),
                },
                Value::Array(_) => {
                    let items = text.split(',').map(str::trim);
                    items.filter(|item| !item.is_empty()).collect()
                }
                _ => (*text).into(),
            };
        }
        Observation::from_json(&told(saved).to_string())
    }

    /// Says of every Region that was to be read that the reading failed.
    fn told(mut saved: Value) -> Value {
        let wanted = saved["settings"]["regions"].as_array().cloned().unwrap_or_default();
        let mut wanted: Vec<Value> =
            if wanted.is_empty() { vec![saved["home"]["region"].clone()] } else { wanted };
        let mut seen = BTreeSet::new();
        wanted.retain(|region| seen.insert(region.to_string()));
        let failed = wanted.into_iter().map(
            |region| serde_json::json!({ "account": "", "region": region, "error": "denied" }),
        );
        saved["failed"] = failed.collect();
        saved
    }

    #[test]
    fn a_run_that_ended_before_its_window_is_refused() {
        let mut saved = SAVED.clone();
        saved["as_of"] = "1999-01-01T00:00:00Z".into();
        let fault = Observation::from_json(&saved.to_string()).unwrap_err().to_string();
        assert!(fault.contains("`as_of` is 1999-01-01T00:00:00Z, before the end"), "{fault}");
    }

    /// Texts that some setting takes, or nearly does.
    fn texts() -> impl Strategy<Value = String> {
        const WORDS: &[&str] = &[
            "true",
            "false",
            "throttle",
            "spill",
            "aws",
            "live",
            "book.toml",
            "https://book",
            "s3://team/guard.toml",
            "s3://x",
            "ssm:/guard/overrides",
            "us-east-1",
            "eu-west-1,us-east-1,us-east-1",
            "us-east-1,nowhere",
            "Tokens",
            "Tokens,TokenCount",
            "Tokens,Count",
            ",",
            "AWS/Bedrock",
            ":guard",
            "Guard/Cost #1",
            "rate(2 hours)",
            "rate(0 days)",
            "cron(0 6 * * ? *)",
            "every full moon",
            "-0",
        ];
        prop_oneof![
            proptest::sample::select(WORDS).prop_map(str::to_owned),
            (-10i64..5_000).prop_map(|number| number.to_string()),
            (0u32..70).prop_map(|weeks| (weeks * 7).to_string()),
            (-20i64..2_000_000, 0u32..9)
                .prop_map(|(number, scale)| Decimal::new(number, scale).to_string()),
            "[A-Za-z0-9./:#_ -]{1,10}|[a-z]{250,260}",
        ]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank is not set", |text| !text.is_empty())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_saved_run_holds_what_the_environment_could_have_said(
            setting in proptest::sample::select(SETTINGS),
            text in texts(),
        ) {
            let read = Settings::from_vars([(setting.name.to_owned(), text.clone())]);
            let replayed = replay(&[(&setting, &text)]);
            prop_assert_eq!(read.is_ok(), replayed.is_ok(), "{:?} {:?}", read, replayed.map(|_| ()));
        }
    }

    #[test]
    fn a_saved_run_names_all_settings_that_no_run_could_have_had() {
        let named = |name: &str| SETTINGS.iter().find(|setting| setting.name == name).unwrap();
        let faults = [
            ("GUARD_LOOKBACK_DAYS", "28"),
            ("GUARD_RECENT_DAYS", "35"),
            ("GUARD_MIN_OBSERVED_DAYS", "100000"),
            ("GUARD_MIN_MONTHLY_SAVINGS", "-1"),
            ("GUARD_METRIC_NAMESPACE", "AWS/Bedrock"),
            ("GUARD_MAX_METRIC_MODELS", "5000"),
            ("GUARD_SCHEDULE", "every full moon"),
            ("GUARD_CACHE_METRIC_NAMES", ""),
        ]
        .map(|(name, text)| (named(name), text));
        let refused = replay(&faults).unwrap_err().to_string();
        for (setting, _) in faults {
            let field = setting.name.trim_start_matches("GUARD_").to_lowercase();
            assert!(refused.contains(&format!("`settings.{field}`")), "{refused}");
        }
    }
}
