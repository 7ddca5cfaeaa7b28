//! The settings: one table of names, read from any source of names and values, every fault at once.
//!
//! An empty value counts as not set, so that a template can pass what the user left blank. A
//! `GUARD_` name that is not in the table is an error: a misspelled threshold must not silently
//! become its default. The settings of a saved run are held to the same table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::source::{CatalogSource, DocumentSource};
use crate::config::values::{
    AllowedValues, CacheSpelling, Overflow, ValueError, choice, list, share,
};
use crate::domain::schedule::runs_per_month;
use crate::domain::syntax::without_value;
use crate::domain::text::faults;
use crate::domain::{Ratio, Region, Usd};

/// One row of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The text that applies while the variable is not set; empty where there is none.
    pub default: &'static str,
    /// The values that the setting takes.
    pub allowed: AllowedValues,
    /// The meaning with its unit, as the README has it.
    pub meaning: &'static str,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    allowed: AllowedValues,
    meaning: &'static str,
) -> Setting {
    Setting { name, default, allowed, meaning }
}

/// Days of history that a run may read, in whole weeks, so that weekdays weigh the same.
// 28 days are what a month is scaled from by default. CloudWatch keeps hours for 455 days, which is
// a week more than 448: a window of 455 would begin before that, since it ends before now.
pub(super) const LOOKBACK_DAYS: AllowedValues = AllowedValues::WholeWeeks(28, 448);

/// Values of a setting that is on or off.
const FLAG: AllowedValues =
    AllowedValues::Text("true or false", |text| text.parse::<bool>().is_ok());

/// The table of all settings, in the order of the README.
pub const SETTINGS: &[Setting] = &[
    setting(
        "GUARD_REGIONS",
        "",
        // A Region says itself what is wrong with its name, and so do a book and a document below.
        AllowedValues::Text("Regions, separated by commas", |_| true),
        "Regions to read; the function's own by default",
    ),
    setting(
        "GUARD_FAIL_ON_PARTIAL",
        "false",
        FLAG,
        "fail a run that did not read the whole, once it has reported",
    ),
    setting("GUARD_LOOKBACK_DAYS", "182", LOOKBACK_DAYS, "days of history to read"),
    setting(
        "GUARD_RECENT_DAYS",
        "28",
        AllowedValues::WholeWeeks(7, 448),
        "the last days that \"a month\" is scaled from, at most `GUARD_LOOKBACK_DAYS`",
    ),
    setting(
        "GUARD_CATALOG",
        "aws",
        AllowedValues::Text("aws, article, live, the path of a file, or s3://bucket/key", |_| true),
        "price book",
    ),
    setting(
        "GUARD_OVERRIDES",
        "",
        AllowedValues::Text(
            "the path of a file, s3://bucket/key, or ssm:/name/of/parameter",
            |_| true,
        ),
        "TOML text with what only you know: capacities, contracts, reserved tokens, and what to leave alone",
    ),
    setting(
        "GUARD_MIN_MONTHLY_SAVINGS",
        "25",
        AllowedValues::Text("an amount of US dollars, such as 25", |text| {
            text.parse::<Usd>().is_ok_and(|amount| amount >= Usd::ZERO)
        }),
        "USD a month that advice must save",
    ),
    setting(
        "GUARD_MIN_SAVINGS_RATIO",
        "0.05",
        AllowedValues::Share(1),
        "share that advice must save: of the money that a commitment binds, or of the workload's cost where it holds less",
    ),
    setting(
        "GUARD_MIN_OBSERVED_DAYS",
        "56",
        // More days than a run can read would refuse every commitment for ever.
        AllowedValues::WholeNumber(7, 448),
        "days of history that a commitment needs",
    ),
    setting(
        "GUARD_MAX_PRICE_AGE_DAYS",
        "365",
        // Amazon Bedrock is younger than ten years, so the upper end lets every price pass.
        AllowedValues::WholeNumber(1, 3_650),
        "days since somebody checked a price, above which no commitment rests on it",
    ),
    setting(
        "GUARD_ALLOW_GLOBAL_ROUTING",
        // People decide in which Regions their data may be.
        "false",
        FLAG,
        "count advice that lets requests leave their Region or geography",
    ),
    setting(
        "GUARD_OVERFLOW",
        // What AWS does by itself; to spill, somebody has to write the callers so.
        "throttle",
        AllowedValues::Text("throttle or spill", |text| choice::<Overflow>(text).is_ok()),
        "what happens above model units: throttle, or spill if callers route the rest",
    ),
    setting(
        "GUARD_HEADROOM",
        "0.2",
        AllowedValues::Share(10),
        "capacity above the highest minute, under throttle",
    ),
    setting(
        "GUARD_RESERVED_CACHE_READS",
        // Reserved tokens that serve less promise less.
        "false",
        FLAG,
        "count cache reads among what reserved tokens serve: AWS does not say how it bills them",
    ),
    setting(
        "GUARD_UNITS_CACHE",
        // Units that cache nothing serve less, by up to five times.
        "false",
        FLAG,
        "count cached tokens of model units at the book's weights: AWS's pages contradict each other on whether units cache",
    ),
    setting(
        "GUARD_METRIC_NAMESPACE",
        "BedrockCostGuard",
        AllowedValues::Text("a namespace that CloudWatch lets a customer write to", is_namespace),
        "namespace of the metrics that are put",
    ),
    setting(
        "GUARD_MAX_METRIC_MODELS",
        "50",
        // A model has two metrics, at 0.30 USD a month each: a thousand of them cost 600 USD a month.
        AllowedValues::WholeNumber(0, 1_000),
        "models with metrics of their own, dearest first",
    ),
    setting(
        "GUARD_SCHEDULE",
        "rate(1 day)",
        AllowedValues::Text(
            "a schedule expression, such as rate(1 day) or cron(0 6 * * ? *)",
            |text| runs_per_month(text).is_ok(),
        ),
        "how often the guard runs, for its own cost",
    ),
    setting(
        "GUARD_CACHE_METRIC_NAMES",
        "TokenCount,Tokens",
        AllowedValues::Text("TokenCount, Tokens, or both with a comma", |text| {
            list(text, choice::<CacheSpelling>).is_ok_and(|names| !names.is_empty())
        }),
        "endings of the cache metrics to ask for: CacheReadInput... and CacheWriteInput...",
    ),
    setting("GUARD_DRY_RUN", "false", FLAG, "compute and log, put no metrics"),
];

/// All that the `GUARD_` variables ask for. The range of each is in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, read by its name")]
pub struct Settings {
    /// Regions to read; empty for the function's own.
    pub regions: Vec<Region>,
    /// True if one failed Region fails the run.
    pub fail_on_partial: bool,
    /// Days of history to read.
    pub lookback_days: u32,
    /// Latest days, which a month is scaled from.
    pub recent_days: u32,
    /// Place of the price book.
    pub catalog: CatalogSource,
    /// Place of the overrides; `None` where there are none.
    pub overrides: Option<DocumentSource>,
    /// USD a month that advice must save.
    pub min_monthly_savings: Usd,
    /// Share that advice must save, of the money that a commitment binds, else of the workload's cost.
    pub min_savings_ratio: Ratio,
    /// Days of history that a commitment needs.
    pub min_observed_days: u32,
    /// Days since somebody checked a price, above which no commitment rests on that price.
    // The first observations that were saved have neither this setting nor `reserved_cache_reads`.
    #[serde(default = "max_price_age_days")]
    pub max_price_age_days: u32,
    /// True if advice counts that lets requests leave their Region or geography.
    pub allow_global_routing: bool,
    /// Fate of the demand above the model units that are held.
    pub overflow: Overflow,
    /// Spare capacity above the busiest minute, as a share of that minute.
    pub headroom: Ratio,
    /// True if reserved tokens are taken to serve cache reads too.
    #[serde(default)]
    pub reserved_cache_reads: bool,
    /// True if model units are taken to cache prompts.
    #[serde(default)]
    pub units_cache: bool,
    /// Namespace of the guard's own metrics.
    pub metric_namespace: String,
    /// Number of models with metrics of their own, the dearest first.
    pub max_metric_models: u32,
    /// Schedule expression, which decides the guard's own cost.
    pub schedule: String,
    /// Spellings of the cache metrics to ask for, the most trusted first.
    pub cache_metric_names: Vec<CacheSpelling>,
    /// True if no metrics are put.
    pub dry_run: bool,
}

fn max_price_age_days() -> u32 {
    Settings::default().max_price_age_days
}

/// All faults of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// One sentence for each fault, which begins with the variable's name.
    pub faults: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        let plural = if count == 1 { "is" } else { "are" };
        write!(f, "{count} of the settings {plural} not usable: {}", faults(&self.faults))
    }
}

impl std::error::Error for SettingsError {}

/// The settings of an environment without a variable.
impl Default for Settings {
    fn default() -> Self {
        Reader::new(BTreeMap::new(), variable, |fault| fault.to_string()).settings()
    }
}

impl Settings {
    /// Reads the settings from names and values, such as those of an environment. Names that do
    /// not begin with `GUARD_` are passed over.
    pub fn from_vars(
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let texts = vars.into_iter().filter_map(|(name, value)| {
            let text = value.trim();
            (name.starts_with("GUARD_") && !text.is_empty()).then(|| (name, text.to_owned()))
        });
        let mut reader = Reader::new(texts.collect(), variable, |fault| fault.to_string());
        let settings = reader.settings();
        if reader.faults.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError { faults: reader.faults })
        }
    }

    /// Returns the Regions to read: those that are named, or else the one that runs the guard.
    #[must_use]
    pub fn regions_or(&self, home: &Region) -> BTreeSet<Region> {
        let named: BTreeSet<Region> = self.regions.iter().cloned().collect();
        if named.is_empty() { BTreeSet::from([home.clone()]) } else { named }
    }

    /// Lists what the settings of a saved run say that no variables could have said.
    pub(crate) fn faults(&self) -> Vec<String> {
        // The saved form of a value is the text of its variable, or a list of the texts in it.
        let saved = serde_json::to_value(self).unwrap_or_default();
        let fields = saved.as_object().into_iter().flatten();
        let texts = fields.filter_map(|(field, value)| {
            let text = match value {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                Value::Array(items) => {
                    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    items.join(",")
                }
                other => other.to_string(),
            };
            Some((format!("GUARD_{}", field.to_uppercase()), text))
        });
        let mut reader = Reader::new(texts.collect(), saved_field, without_value);
        reader.settings();
        reader.faults
    }
}

/// Names a setting by its variable.
fn variable(name: &str) -> String {
    format!("`{name}`")
}

/// Names a setting by the field of a saved run.
fn saved_field(name: &str) -> String {
    let field = name.trim_start_matches("GUARD_").to_lowercase();
    format!("`settings.{field}`")
}

/// Reader of settings from the texts of their variables, with the faults of all of them.
struct Reader {
    texts: BTreeMap<String, String>,
    /// The way in which faults name a setting.
    called: fn(&str) -> String,
    /// The way in which faults are worded, with the text or without.
    worded: fn(ValueError) -> String,
    faults: Vec<String>,
}

impl Reader {
    fn new(
        texts: BTreeMap<String, String>,
        called: fn(&str) -> String,
        worded: fn(ValueError) -> String,
    ) -> Self {
        let is_unknown = |name: &&String| SETTINGS.iter().all(|setting| setting.name != *name);
        let unknown = texts.keys().filter(is_unknown);
        let faults = unknown
            .map(|name| {
                format!(
                    "{} is not a setting of this version: remove it, or correct its name",
                    called(name)
                )
            })
            .collect();
        Self { texts, called, worded, faults }
    }

    /// Reads all settings. One with a fault is blank, so that the others are read too.
    fn settings(&mut self) -> Settings {
        let settings = Settings {
            regions: self.read("GUARD_REGIONS", |text| list(text, str::parse)),
            fail_on_partial: self.read("GUARD_FAIL_ON_PARTIAL", str::parse),
            lookback_days: self.read("GUARD_LOOKBACK_DAYS", str::parse),
            recent_days: self.read("GUARD_RECENT_DAYS", str::parse),
            catalog: self.read("GUARD_CATALOG", str::parse),
            overrides: self.read("GUARD_OVERRIDES", |text| {
                let named = Some(text).filter(|text| !text.is_empty());
                named.map(str::parse).transpose()
            }),
            min_monthly_savings: self.read("GUARD_MIN_MONTHLY_SAVINGS", str::parse),
            min_savings_ratio: self.read("GUARD_MIN_SAVINGS_RATIO", share),
            min_observed_days: self.read("GUARD_MIN_OBSERVED_DAYS", str::parse),
            max_price_age_days: self.read("GUARD_MAX_PRICE_AGE_DAYS", str::parse),
            allow_global_routing: self.read("GUARD_ALLOW_GLOBAL_ROUTING", str::parse),
            overflow: self.read("GUARD_OVERFLOW", choice),
            reserved_cache_reads: self.read("GUARD_RESERVED_CACHE_READS", str::parse),
            units_cache: self.read("GUARD_UNITS_CACHE", str::parse),
            headroom: self.read("GUARD_HEADROOM", share),
            metric_namespace: self.read("GUARD_METRIC_NAMESPACE", str::parse),
            max_metric_models: self.read("GUARD_MAX_METRIC_MODELS", str::parse),
            schedule: self.read("GUARD_SCHEDULE", str::parse),
            cache_metric_names: self.read("GUARD_CACHE_METRIC_NAMES", |text| list(text, choice)),
            dry_run: self.read("GUARD_DRY_RUN", str::parse),
        };
        // A blank `lookback_days` has its fault already.
        if (1..settings.recent_days).contains(&settings.lookback_days) {
            self.faults.push(format!(
                "{} is {}, more than the {} days of {}",
                (self.called)("GUARD_RECENT_DAYS"),
                settings.recent_days,
                settings.lookback_days,
                (self.called)("GUARD_LOOKBACK_DAYS")
            ));
        }
        settings
    }

    /// Reads one setting: the text that is there, or else the default of the table.
    fn read<T: Default, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            return T::default();
        };
        let text = self.texts.get(name).map_or(setting.default, String::as_str);
        setting.allowed.read(text, parse).unwrap_or_else(|fault| {
            let fault = (self.worded)(fault);
            self.faults.push(format!("{}: {fault}", (self.called)(name)));
            T::default()
        })
    }
}

/// Returns true if CloudWatch lets a customer put metrics under this name.
fn is_namespace(text: &str) -> bool {
    text.len() <= 255
        && !text.trim().is_empty()
        && !text.starts_with("AWS/")
        && !text.starts_with(':')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/#: ".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_vars(vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_printed_defaults_are_the_real_ones() {
        let printed =
            SETTINGS.iter().map(|setting| (setting.name.to_owned(), setting.default.to_owned()));
        assert_eq!(Settings::from_vars(printed).unwrap(), Settings::default());
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let error = read(&[
            ("GUARD_LOOKBACK_DAYS", "90"),
            ("GUARD_LOOKBACK_DAY", "91"),
            ("GUARD_MIN_MONTHLY_SAVINGS", "-1"),
            ("GUARD_REGIONS", "us-east-1, nowhere"),
            ("GUARD_OVERFLOW", "queue"),
            ("GUARD_SCHEDULE", "daily"),
            ("PATH", "/bin"),
        ])
        .unwrap_err();
        assert_eq!(error.faults.len(), 6, "{error}");
        assert!(error.faults[0].contains("`GUARD_LOOKBACK_DAY` is not a setting"));
        assert!(error.to_string().contains("`90` is not a multiple of 7 from 28 to 448"));
    }

    #[test]
    fn an_empty_value_is_not_set() {
        assert_eq!(
            read(&[("GUARD_REGIONS", ""), ("GUARD_HEADROOM", " ")]).unwrap(),
            Settings::default()
        );
    }

    #[test]
    fn lists_lose_blanks_and_repeats() {
        let settings = read(&[("GUARD_REGIONS", "us-east-1, eu-west-1,us-east-1,")]).unwrap();
        assert_eq!(settings.regions.len(), 2);
    }

    #[test]
    fn what_this_version_cannot_read_is_refused() {
        for value in ["https://host/book.toml", "file:///book.toml", "S3://bucket/key"] {
            let catalog = read(&[("GUARD_CATALOG", value)]).unwrap_err().to_string();
            assert!(catalog.contains("none of aws, article, live"), "{catalog}");
            let overrides = read(&[("GUARD_OVERRIDES", value)]).unwrap_err().to_string();
            assert!(overrides.contains("none of a path"), "{overrides}");
        }
        let error = read(&[("GUARD_CATALOG", "ssm:/guard/book")]).unwrap_err();
        assert!(error.to_string().contains("too small for a price book"));
        assert!(read(&[("GUARD_METRIC_NAMESPACE", "AWS/Bedrock")]).is_err());
        assert!(read(&[("GUARD_RECENT_DAYS", "35"), ("GUARD_LOOKBACK_DAYS", "28")]).is_err());
    }

    #[test]
    fn a_document_is_a_file_an_object_or_a_parameter() {
        for text in [
            "overrides.toml",
            "/var/task/overrides.toml",
            "../over rides.toml",
            "s3://team.guard-1/a//b key=1.toml",
            "ssm:/guard",
            "ssm:/guard/Over_rides-1.toml",
        ] {
            let source: DocumentSource = text.parse().unwrap();
            assert_eq!(source.to_string(), text);
            assert_eq!(source.is_remote(), text.starts_with('s'), "{text}");
        }
        for text in
            ["s3://", "s3://bucket", "s3://bucket/", "s3:///key", "s3://Bucket/key", "s3://ab/key"]
        {
            let error = text.parse::<DocumentSource>().unwrap_err().to_string();
            assert!(error.contains("is not s3://bucket/key"), "{error}");
        }
        for text in
            ["ssm:", "ssm:guard", "ssm:/", "ssm://guard", "ssm:/guard/", "ssm:/guard:3", "ssm:/a b"]
        {
            let error = text.parse::<DocumentSource>().unwrap_err().to_string();
            assert!(error.contains("begins with one slash"), "{error}");
        }
    }

    #[test]
    fn a_path_of_settings_that_were_saved_before_still_reads() {
        let mut saved = serde_json::to_value(Settings::default()).unwrap();
        assert_eq!(saved["overrides"], serde_json::Value::Null);
        saved["overrides"] = "/var/task/overrides.toml".into();
        saved["catalog"] = "book.toml".into();
        let settings: Settings = serde_json::from_value(saved).unwrap();
        let path = |text: &str| DocumentSource::Path(text.to_owned());
        assert_eq!(settings.overrides, Some(path("/var/task/overrides.toml")));
        assert_eq!(settings.catalog, CatalogSource::Document(path("book.toml")));
    }

    #[test]
    fn settings_survive_json() {
        for (catalog, overrides) in [
            ("book.toml", "overrides.toml"),
            ("live", "ssm:/guard/overrides"),
            ("s3://team/book.toml", "s3://team/overrides.toml"),
        ] {
            let settings = read(&[
                ("GUARD_CATALOG", catalog),
                ("GUARD_OVERRIDES", overrides),
                ("GUARD_OVERFLOW", "spill"),
            ])
            .unwrap();
            let json = serde_json::to_string(&settings).unwrap();
            assert!(json.contains(catalog) && json.contains(overrides), "{json}");
            assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        }
    }
}
