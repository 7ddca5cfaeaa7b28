//! The settings: one table of names, read from any source of names and values, every fault at once.
//!
//! An empty value counts as not set, so that a template can pass what the user left blank. A
//! `GUARD_` name that is not in the table is an error: a misspelled threshold must not silently
//! become its default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::config::source::{CatalogSource, DocumentSource, SourceError};
use crate::domain::{Ratio, Region, Usd};

/// One row of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// What applies when it is not set, as text; empty where nothing does.
    pub default: &'static str,
    /// What it means, for the README and the template.
    pub meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting {
        name,
        default,
        meaning,
    }
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting(
        "GUARD_REGIONS",
        "",
        "Regions to read, comma-separated; the function's own by default",
    ),
    setting(
        "GUARD_FAIL_ON_PARTIAL",
        "false",
        "fail the run if any Region failed, not only if all did",
    ),
    setting(
        "GUARD_LOOKBACK_DAYS",
        "91",
        "days of history to read, whole weeks from 28 to 448",
    ),
    setting(
        "GUARD_RECENT_DAYS",
        "28",
        "the last days that \"a month\" is scaled from, whole weeks",
    ),
    setting(
        "GUARD_CATALOG",
        "aws",
        "price book: aws, article, live, the path of a file, or s3://bucket/key",
    ),
    setting(
        "GUARD_OVERRIDES",
        "",
        "TOML file with unit capacities, contracts, holdings and what to leave alone: its path, s3://bucket/key, or ssm:/name/of/parameter",
    ),
    setting(
        "GUARD_MIN_MONTHLY_SAVINGS",
        "25",
        "USD a month that advice must save",
    ),
    setting(
        "GUARD_MIN_SAVINGS_RATIO",
        "0.05",
        "share that advice must save: of the money that a commitment binds, else of the workload's cost",
    ),
    setting(
        "GUARD_MIN_OBSERVED_DAYS",
        "56",
        "days of history that a commitment needs",
    ),
    setting(
        "GUARD_MAX_PRICE_AGE_DAYS",
        "365",
        "days since somebody checked a price, above which no commitment rests on it",
    ),
    setting(
        "GUARD_ALLOW_GLOBAL_ROUTING",
        "false",
        "count advice that lets requests leave their Region or geography",
    ),
    setting(
        "GUARD_OVERFLOW",
        "throttle",
        "what happens above model units: throttle, or spill if callers route the rest",
    ),
    setting(
        "GUARD_HEADROOM",
        "0.2",
        "capacity above the highest minute, under throttle",
    ),
    setting(
        "GUARD_RESERVED_CACHE_READS",
        "false",
        "count cache reads among what reserved tokens serve: AWS does not say how it bills them",
    ),
    setting(
        "GUARD_METRIC_NAMESPACE",
        "BedrockCostGuard",
        "namespace of the metrics that are put",
    ),
    setting(
        "GUARD_MAX_METRIC_MODELS",
        "50",
        "models with metrics of their own, dearest first",
    ),
    setting(
        "GUARD_SCHEDULE",
        "rate(1 day)",
        "how often the guard runs, for its own cost",
    ),
    setting(
        "GUARD_CACHE_METRIC_NAMES",
        "TokenCount,Tokens",
        "endings of the cache metrics to ask for: CacheReadInput... and CacheWriteInput...",
    ),
    setting("GUARD_DRY_RUN", "false", "compute and log, put no metrics"),
];

/// What all `GUARD_` variables together ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, read by its name"
)]
pub struct Settings {
    /// Regions to read; empty means the function's own.
    pub regions: Vec<Region>,
    /// Whether one failed Region fails the run.
    pub fail_on_partial: bool,
    /// Days of the survey.
    pub lookback_days: u32,
    /// Days that a month is scaled from.
    pub recent_days: u32,
    /// Which price book.
    pub catalog: CatalogSource,
    /// Where the overrides are.
    pub overrides: Option<DocumentSource>,
    /// Savings in USD a month below which advice is not given.
    pub min_monthly_savings: Usd,
    /// Savings as a share below which advice is not given.
    pub min_savings_ratio: Ratio,
    /// Days of history that a commitment needs.
    pub min_observed_days: u32,
    /// Days since a price was checked, above which no commitment rests on it.
    #[serde(default = "max_price_age_days")]
    pub max_price_age_days: u32,
    /// Whether global routing counts.
    pub allow_global_routing: bool,
    /// What happens to demand above the units.
    pub overflow: Overflow,
    /// Spare capacity above the highest minute, as a share.
    pub headroom: Ratio,
    /// Whether reserved tokens serve cache reads too.
    #[serde(default)]
    pub reserved_cache_reads: bool,
    /// Where the guard's own metrics go.
    pub metric_namespace: String,
    /// How many models get metrics of their own.
    pub max_metric_models: u32,
    /// The schedule expression.
    pub schedule: String,
    /// Which spellings of the cache metrics to ask for, most trusted first.
    pub cache_metric_names: Vec<CacheSpelling>,
    /// Whether nothing is put.
    pub dry_run: bool,
}

const fn max_price_age_days() -> u32 {
    365
}

/// What happens to demand above the model units that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// AWS refuses it (HTTP 429), so units must cover the highest minute and headroom.
    Throttle,
    /// The callers send it on-demand.
    Spill,
}

/// One of the two spellings of the cache metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheSpelling {
    /// `CacheReadInputTokenCount`.
    TokenCount,
    /// `CacheReadInputTokens`.
    Tokens,
}

impl CacheSpelling {
    /// The names of the read and the write metric under this spelling.
    #[must_use]
    pub const fn names(self) -> [&'static str; 2] {
        match self {
            Self::TokenCount => ["CacheReadInputTokenCount", "CacheWriteInputTokenCount"],
            Self::Tokens => ["CacheReadInputTokens", "CacheWriteInputTokens"],
        }
    }
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// One sentence for each fault, beginning with the variable's name.
    pub faults: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        let plural = if count == 1 { "is" } else { "are" };
        write!(
            f,
            "{count} of the settings {plural} not usable: {}",
            self.faults.join("; ")
        )
    }
}

impl std::error::Error for SettingsError {}

impl Default for Settings {
    fn default() -> Self {
        let mut reader = Reader::new(BTreeMap::new());
        reader.settings()
    }
}

impl Settings {
    /// Reads the settings from names and values, such as those of an environment. Names that do
    /// not begin with `GUARD_` are passed over.
    pub fn from_vars(
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let vars = vars
            .into_iter()
            .filter(|(name, value)| name.starts_with("GUARD_") && !value.trim().is_empty())
            .collect();
        let mut reader = Reader::new(vars);
        let settings = reader.settings();
        if reader.faults.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError {
                faults: reader.faults,
            })
        }
    }
}

impl Settings {
    /// The Regions to read: those that are named, or else the one that runs the guard.
    #[must_use]
    pub fn regions_or(&self, home: &Region) -> BTreeSet<Region> {
        let named: BTreeSet<Region> = self.regions.iter().cloned().collect();
        if named.is_empty() {
            BTreeSet::from([home.clone()])
        } else {
            named
        }
    }

    /// What settings that were not read from variables, but from a saved run, say that cannot be.
    pub(crate) fn faults(&self) -> Vec<String> {
        let ratios = [
            ("headroom", self.headroom, 10),
            ("min_savings_ratio", self.min_savings_ratio, 1),
        ];
        let mut faults: Vec<String> = ratios
            .into_iter()
            .filter_map(|(name, number, most)| {
                let fault = ratio(&String::from(number), most).err()?;
                Some(format!("settings.{name}: {fault}"))
            })
            .collect();
        let days = [
            ("lookback_days", self.lookback_days),
            ("recent_days", self.recent_days),
        ];
        faults.extend(days.into_iter().filter_map(|(name, days)| {
            let fault = whole_weeks(&days.to_string(), 7, 448).err()?;
            Some(format!("settings.{name}: {fault}"))
        }));
        faults
    }
}

struct Reader {
    vars: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader {
    fn new(vars: BTreeMap<String, String>) -> Self {
        let faults = vars
            .keys()
            .filter(|name| SETTINGS.iter().all(|setting| setting.name != **name))
            .map(|name| format!("`{name}` is not a setting of this version"))
            .collect();
        Self { vars, faults }
    }

    fn settings(&mut self) -> Settings {
        let settings = Settings {
            regions: self.list("GUARD_REGIONS", |text| {
                text.parse::<Region>().map_err(|error| error.to_string())
            }),
            fail_on_partial: self.flag("GUARD_FAIL_ON_PARTIAL"),
            lookback_days: self.read("GUARD_LOOKBACK_DAYS", 91, parse_lookback_days),
            recent_days: self.read("GUARD_RECENT_DAYS", 28, |text| whole_weeks(text, 7, 448)),
            catalog: self.read("GUARD_CATALOG", CatalogSource::Aws, |text| {
                text.parse().map_err(|error: SourceError| error.to_string())
            }),
            overrides: self.read("GUARD_OVERRIDES", None, |text| {
                text.parse()
                    .map(Some)
                    .map_err(|error: SourceError| error.to_string())
            }),
            min_monthly_savings: self.read("GUARD_MIN_MONTHLY_SAVINGS", usd(25), |text| match text
                .parse::<Usd>(
            ) {
                Ok(amount) if amount >= Usd::ZERO => Ok(amount),
                _ => Err(format!(
                    "`{text}` is not an amount of US dollars, such as 25"
                )),
            }),
            min_savings_ratio: self.read(
                "GUARD_MIN_SAVINGS_RATIO",
                Ratio::new(Decimal::new(5, 2)),
                |text| ratio(text, 1),
            ),
            min_observed_days: self.read("GUARD_MIN_OBSERVED_DAYS", 56, |text| {
                whole_number(text, 7, 448)
            }),
            max_price_age_days: self.read(
                "GUARD_MAX_PRICE_AGE_DAYS",
                max_price_age_days(),
                |text| whole_number(text, 1, 3_650),
            ),
            allow_global_routing: self.flag("GUARD_ALLOW_GLOBAL_ROUTING"),
            overflow: self.read("GUARD_OVERFLOW", Overflow::Throttle, |text| match text {
                "throttle" => Ok(Overflow::Throttle),
                "spill" => Ok(Overflow::Spill),
                _ => Err(format!("`{text}` is neither throttle nor spill")),
            }),
            reserved_cache_reads: self.flag("GUARD_RESERVED_CACHE_READS"),
            headroom: self.read("GUARD_HEADROOM", Ratio::new(Decimal::new(2, 1)), |text| {
                ratio(text, 10)
            }),
            metric_namespace: self.read(
                "GUARD_METRIC_NAMESPACE",
                "BedrockCostGuard".to_owned(),
                parse_namespace,
            ),
            max_metric_models: self.read("GUARD_MAX_METRIC_MODELS", 50, |text| {
                whole_number(text, 0, 1_000)
            }),
            schedule: self.read("GUARD_SCHEDULE", "rate(1 day)".to_owned(), parse_schedule),
            cache_metric_names: self.list("GUARD_CACHE_METRIC_NAMES", |text| match text {
                "TokenCount" => Ok(CacheSpelling::TokenCount),
                "Tokens" => Ok(CacheSpelling::Tokens),
                _ => Err(format!("`{text}` is neither TokenCount nor Tokens")),
            }),
            dry_run: self.flag("GUARD_DRY_RUN"),
        };
        let mut settings = settings;
        if settings.cache_metric_names.is_empty() {
            settings.cache_metric_names = vec![CacheSpelling::TokenCount, CacheSpelling::Tokens];
        }
        if settings.recent_days > settings.lookback_days {
            self.faults.push(format!(
                "`GUARD_RECENT_DAYS` is {}, more than the {} days of `GUARD_LOOKBACK_DAYS`",
                settings.recent_days, settings.lookback_days
            ));
        }
        settings
    }

    fn read<T>(
        &mut self,
        name: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        match self.vars.get(name).map(|text| parse(text.trim())) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(fault)) => {
                self.faults.push(format!("`{name}`: {fault}"));
                default
            }
        }
    }

    fn list<T: PartialEq>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.read(name, Vec::new(), |text| {
            let mut items = Vec::new();
            for item in text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
            {
                let item = parse(item)?;
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            Ok(items)
        })
    }

    fn flag(&mut self, name: &str) -> bool {
        self.read(name, false, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("`{text}` is neither true nor false")),
        })
    }
}

fn usd(dollars: i64) -> Usd {
    Usd::new(Decimal::from(dollars))
}

/// The days of a survey, from a setting or from an event.
pub(super) fn parse_lookback_days(text: &str) -> Result<u32, String> {
    whole_weeks(text, 28, 448)
}

fn whole_weeks(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let days = whole_number(text, least, most)?;
    if days % 7 == 0 {
        Ok(days)
    } else {
        Err(format!("{days} days are not whole weeks"))
    }
}

fn whole_number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!(
            "`{text}` is not a whole number from {least} to {most}"
        )),
    }
}

fn ratio(text: &str, most: i64) -> Result<Ratio, String> {
    match Decimal::from_str_exact(text) {
        Ok(number)
            if number >= Decimal::ZERO
                && number <= Decimal::from(most)
                && number.normalize().scale() <= 6 =>
        {
            Ok(Ratio::new(number))
        }
        _ => Err(format!(
            "`{text}` is not a number from 0 to {most}, such as 0.05"
        )),
    }
}

fn parse_namespace(text: &str) -> Result<String, String> {
    let legal = text.len() <= 255
        && !text.starts_with("AWS/")
        && !text.starts_with(':')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-/#: ".contains(&b));
    if legal {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is not a namespace that CloudWatch lets a customer write to"
        ))
    }
}

fn parse_schedule(text: &str) -> Result<String, String> {
    crate::domain::schedule::runs_per_month(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_vars(vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_printed_defaults_are_the_real_ones() {
        let printed = SETTINGS
            .iter()
            .map(|setting| (setting.name.to_owned(), setting.default.to_owned()));
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
        assert!(error.to_string().contains("90 days are not whole weeks"));
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
        for value in [
            "https://host/book.toml",
            "file:///book.toml",
            "S3://bucket/key",
        ] {
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
        for text in [
            "s3://",
            "s3://bucket",
            "s3://bucket/",
            "s3:///key",
            "s3://Bucket/key",
            "s3://ab/key",
        ] {
            let error = text.parse::<DocumentSource>().unwrap_err().to_string();
            assert!(error.contains("is not s3://bucket/key"), "{error}");
        }
        for text in [
            "ssm:",
            "ssm:guard",
            "ssm:/",
            "ssm://guard",
            "ssm:/guard/",
            "ssm:/guard:3",
            "ssm:/a b",
        ] {
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
