//! What only the operator knows: capacities, contracts, holdings that no API lists, and what the
//! guard should leave alone.

mod rules;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::book::PriceBook;
use crate::catalog::lines::{Document, Lined};
use crate::catalog::rows::{RowRegion, RowScope, Term};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{
    BaseModel, Capacity, Geo, Percent, Region, ServiceTier, Usd, UsdPerMillionTokens,
};
use rules::check;

/// The version of the format that this program reads.
const SCHEMA_VERSION: u32 = 1;

/// The operator's overrides.
///
/// ```
/// use bedrock_cost_guard::catalog::Overrides;
///
/// let overrides = Overrides::parse("overrides.toml", r#"
/// schema_version = 1
/// [[capacity]]
/// model = "amazon.nova-micro-v1:0"
/// input_tokens_per_minute = 1000000
/// output_tokens_per_minute = 300000
/// [[discount]]
/// provider = "Anthropic"
/// percent = "12.5"
/// on = ["tokens"]
/// from = "2026-01-01"
/// source = "private pricing addendum"
/// "#).unwrap();
/// assert_eq!(overrides.capacity.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The format's version.
    pub schema_version: u32,
    /// What one model unit serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<UnitCapacity>,
    /// Where requests may be served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_scopes: Vec<AllowedScopes>,
    /// What a contract takes off list prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount: Vec<Discount>,
    /// Prices that a contract names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contract_price: Vec<ContractPrice>,
    /// Models that get no advice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_model: Vec<ExcludedModel>,
    /// Reserved tokens per minute that the account holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved_holding: Vec<ReservedHolding>,
    /// Recommendations that nobody wants to see counted for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dismissed: Vec<Dismissal>,
}

/// What an overrides file can hold, by its names.
const SECTIONS: [&str; 8] = [
    "schema_version",
    "capacity",
    "allowed_scopes",
    "discount",
    "contract_price",
    "excluded_model",
    "reserved_holding",
    "dismissed",
];

/// What one model unit of a model serves in a minute, as AWS told the operator or as it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCapacity {
    /// The model's base id.
    pub model: BaseModel,
    /// Input load.
    pub input_tokens_per_minute: u64,
    /// Output tokens.
    pub output_tokens_per_minute: u64,
}

/// The scopes that a model's requests may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedScopes {
    /// The model's base id, or `*` for all that are not named.
    pub model: String,
    /// Where its requests may be served.
    pub scopes: BTreeSet<ScopeKind>,
}

/// A kind of scope, without saying which group of Regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// In the Region that was called.
    InRegion,
    /// Within a group of Regions.
    Geo,
    /// Anywhere.
    Global,
}

/// A share that a contract takes off the list prices of a provider or of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// The provider as the price book names it, as in `Anthropic`; letters in either case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model's base id. A model's own discount goes before its provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<BaseModel>,
    /// What is taken off, in percent.
    pub percent: Percent,
    /// The prices that it is taken off.
    pub on: BTreeSet<PriceKind>,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where it is written.
    pub source: String,
}

/// What a discount can be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceKind {
    /// Tokens, whatever their tier.
    Tokens,
    /// Hours of model units.
    ModelUnits,
    /// Hours of reserved tokens per minute.
    ReservedTokens,
}

/// Prices of one model's tokens that a contract names. What it does not name stays at list, with
/// its discount if it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractPrice {
    /// The model's base id.
    pub model: BaseModel,
    /// Where the requests may be served.
    pub scope: RowScope,
    /// The group of Regions, exactly when the scope is a geo profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// The Regions that are called; `*` for all commercial ones.
    pub regions: Vec<RowRegion>,
    /// The service tier.
    #[serde(default)]
    pub tier: ServiceTier,
    /// It is the price only of requests of more input tokens than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// Input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<UsdPerMillionTokens>,
    /// Output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<UsdPerMillionTokens>,
    /// Tokens read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<UsdPerMillionTokens>,
    /// Tokens written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<UsdPerMillionTokens>,
    /// Tokens written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<UsdPerMillionTokens>,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where it is written.
    pub source: String,
}

/// A model that gets no advice. What it costs is still shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedModel {
    /// The model's base id.
    pub model: BaseModel,
    /// Why, for whoever reads the report.
    pub why: String,
}

/// Reserved tokens per minute that the account holds. No API lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedHolding {
    /// What the operator calls it.
    pub name: String,
    /// The Region that is called.
    pub region: Region,
    /// The model's base id.
    pub model: BaseModel,
    /// The profile that it serves.
    pub scope: ReservedScope,
    /// Input tokens a minute: input and cache writes.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
    /// How long it binds.
    pub term: Term,
    /// What it costs an hour, where the operator knows better than the price book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<Usd>,
    /// The first day.
    pub from: Date,
    /// The last day of its term; it is billed on until AWS is told to delete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_ends: Option<Date>,
}

/// The profiles that reserved tokens can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReservedScope {
    /// In-Region and the geo profiles that hold the Region.
    Regional,
    /// The global profile.
    Global,
}

/// A recommendation that does not count for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// The recommendation's id.
    pub id: String,
    /// The last day on which it does not count.
    pub until: Date,
    /// Why, for whoever reads the report.
    pub why: String,
}

/// Why a text is not a usable overrides file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverridesError {
    /// Which file.
    pub name: String,
    /// Every fault that was found.
    pub faults: Vec<String>,
}

impl fmt::Display for OverridesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "overrides `{}` are not usable: {}",
            self.name,
            self.faults.join("; ")
        )
    }
}

impl std::error::Error for OverridesError {}

/// The entries of one kind with the lines that they begin on; none where they were not read from a
/// text.
type Lines = Option<Vec<usize>>;

fn apart<T>(entries: Vec<Lined<T>>) -> (Vec<T>, Lines) {
    let lines = entries.iter().map(|entry| entry.line).collect();
    (
        entries.into_iter().map(|entry| entry.value).collect(),
        Some(lines),
    )
}

/// The lines of every kind of entry.
#[derive(Default)]
struct AllLines {
    capacity: Lines,
    allowed_scopes: Lines,
    discount: Lines,
    contract_price: Lines,
    excluded_model: Lines,
    reserved_holding: Lines,
    dismissed: Lines,
}

impl Overrides {
    /// Reads overrides from TOML. `name` is what errors call them. All faults are named at once,
    /// each with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, OverridesError> {
        let mut document = Document::parse(text);
        let version = document.value::<u32>("schema_version");
        if version.is_none() && document.faults.is_empty() {
            document.faults.push(format!(
                "`schema_version = {SCHEMA_VERSION}` is missing at the top"
            ));
        }
        let mut lines = AllLines::default();
        let mut overrides = Self {
            schema_version: version.map_or(SCHEMA_VERSION, |version| version.value),
            ..Self::default()
        };
        (overrides.capacity, lines.capacity) = apart(document.entries("capacity"));
        (overrides.allowed_scopes, lines.allowed_scopes) =
            apart(document.entries("allowed_scopes"));
        (overrides.discount, lines.discount) = apart(document.entries("discount"));
        (overrides.contract_price, lines.contract_price) =
            apart(document.entries("contract_price"));
        (overrides.excluded_model, lines.excluded_model) =
            apart(document.entries("excluded_model"));
        (overrides.reserved_holding, lines.reserved_holding) =
            apart(document.entries("reserved_holding"));
        (overrides.dismissed, lines.dismissed) = apart(document.entries("dismissed"));
        let mut faults = document.finish(&SECTIONS);
        faults.extend(overrides.faults_at(&lines));
        if faults.is_empty() {
            Ok(overrides)
        } else {
            Err(OverridesError {
                name: name.into(),
                faults,
            })
        }
    }

    /// What the overrides say that cannot be; empty where they are usable.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults_at(&AllLines::default())
    }

    fn faults_at(&self, lines: &AllLines) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schema_version != SCHEMA_VERSION {
            faults.push(format!(
                "schema_version is {}, this program reads {SCHEMA_VERSION}",
                self.schema_version
            ));
        }
        check(&mut faults, "capacity", &self.capacity, &lines.capacity);
        check(
            &mut faults,
            "allowed_scopes",
            &self.allowed_scopes,
            &lines.allowed_scopes,
        );
        check(&mut faults, "discount", &self.discount, &lines.discount);
        check(
            &mut faults,
            "contract_price",
            &self.contract_price,
            &lines.contract_price,
        );
        check(
            &mut faults,
            "excluded_model",
            &self.excluded_model,
            &lines.excluded_model,
        );
        check(
            &mut faults,
            "reserved_holding",
            &self.reserved_holding,
            &lines.reserved_holding,
        );
        check(&mut faults, "dismissed", &self.dismissed, &lines.dismissed);
        faults
    }

    /// What one unit of a model serves, as the operator says.
    #[must_use]
    pub fn capacity(&self, model: &BaseModel) -> Option<Capacity> {
        let row = self.capacity.iter().find(|row| row.model == *model)?;
        Some(Capacity {
            input_tokens_per_hour: row.input_tokens_per_minute * 60,
            output_tokens_per_hour: row.output_tokens_per_minute * 60,
            origin: CapacityOrigin::Assumed,
        })
    }

    /// Whether a model's requests may use a scope; `None` where the overrides do not say.
    #[must_use]
    pub fn allows(&self, model: &BaseModel, scope: ScopeKind) -> Option<bool> {
        let of = |name: &str| self.allowed_scopes.iter().find(|row| row.model == name);
        of(model.id())
            .or_else(|| of("*"))
            .map(|row| row.scopes.contains(&scope))
    }

    /// Why a model gets no advice; `None` where it gets some.
    #[must_use]
    pub fn exclusion(&self, model: &BaseModel) -> Option<&ExcludedModel> {
        self.excluded_model.iter().find(|row| row.model == *model)
    }

    /// The dismissal of a recommendation that holds on a day.
    #[must_use]
    pub fn dismissal(&self, id: &str, day: Date) -> Option<&Dismissal> {
        self.dismissed
            .iter()
            .find(|row| row.id.eq_ignore_ascii_case(id) && day <= row.until)
    }

    /// What the overrides speak of and a price book does not have: most likely it is misspelled.
    #[must_use]
    pub fn unmatched(&self, book: &PriceBook) -> Vec<String> {
        let models = self.capacity.iter().map(|row| &row.model);
        let models = models
            .chain(self.discount.iter().filter_map(|row| row.model.as_ref()))
            .chain(self.contract_price.iter().map(|row| &row.model))
            .chain(self.excluded_model.iter().map(|row| &row.model))
            .chain(self.reserved_holding.iter().map(|row| &row.model));
        let unknown: BTreeSet<&BaseModel> =
            models.filter(|model| book.model(model).is_none()).collect();
        let is_unknown = |provider: &&String| {
            let models = book.models.iter();
            !models
                .map(|model| &model.provider)
                .any(|name| name.eq_ignore_ascii_case(provider))
        };
        let providers: BTreeSet<&String> = self
            .discount
            .iter()
            .filter_map(|row| row.provider.as_ref())
            .filter(is_unknown)
            .collect();
        let models = unknown.iter().map(|model| format!("model `{model}`"));
        let providers = providers.iter().map(|name| format!("provider `{name}`"));
        models
            .chain(providers)
            .map(|what| {
                format!(
                    "the overrides name the {what}, which the price book `{}` does not have",
                    book.name
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(text: &str) -> Vec<String> {
        Overrides::parse("o.toml", text).unwrap_err().faults
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let faults = faults_of(
            r#"schema_version = 2
[[capacity]]
model = "a.b"
input_tokens_per_minute = 0
output_tokens_per_minute = 5
[[capacity]]
model = "a.b"
input_tokens_per_minute = "many"
output_tokens_per_minute = 5
[[allowed_scopes]]
model = "*"
scopes = []
[[discount]]
percent = "110"
on = []
from = "2026-02-01"
until = "2026-01-01"
source = "s"
[[capacities]]
"#,
        );
        let all = faults.join("\n");
        for named in [
            "schema_version is 2",
            "line 2: capacity of `a.b`: it is not a number of tokens",
            "line 8: invalid type: string \"many\"",
            "line 10: allowed_scopes of `*`: it is allowed no scope",
            "line 13: discount of nothing: it names a provider or a model",
            "line 13: discount of nothing: percent is a number above 0",
            "line 13: discount of nothing: `on` says",
            "line 13: discount of nothing: it ends on 2026-01-01",
            "line 19: `capacities` is not known",
        ] {
            assert!(all.contains(named), "{named}\n{all}");
        }
        assert_eq!(faults.len(), 9, "{all}");
    }

    #[test]
    fn a_misspelled_field_is_refused_with_its_line() {
        let faults = faults_of(
            "schema_version = 1\n[[excluded_model]]\nmodel = \"a.b\"\nwhy = \"w\"\nwhen = 1\n",
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].starts_with("line 5: unknown field `when`"),
            "{faults:?}"
        );
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        let faults = faults_of("schema_version = 1\n[[capacity]\nmodel = = 3\n");
        assert!(
            faults.iter().any(|fault| fault.starts_with("line 2")),
            "{faults:?}"
        );
    }

    #[test]
    fn a_missing_version_is_a_fault() {
        assert_eq!(
            faults_of(""),
            ["`schema_version = 1` is missing at the top"]
        );
    }

    #[test]
    fn a_contract_may_follow_another_but_not_meet_it() {
        let row = |from: &str, until: &str| {
            format!(
                "[[discount]]\nprovider = \"A\"\npercent = \"5\"\non = [\"tokens\"]\nfrom = \"{from}\"\n\
                 until = \"{until}\"\nsource = \"s\"\n"
            )
        };
        let head = "schema_version = 1\n";
        let after = row("2027-01-01", "2027-12-31");
        let year = row("2026-01-01", "2026-12-31");
        assert!(Overrides::parse("o", &format!("{head}{year}{after}")).is_ok());
        let meets = row("2026-12-31", "2027-12-31");
        let faults = faults_of(&format!("{head}{year}{meets}"));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].contains("line 9: discount of `a` is given twice"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_named_model_goes_before_the_rest() {
        let overrides = Overrides::parse(
            "o.toml",
            "schema_version = 1\n[[allowed_scopes]]\nmodel = \"*\"\nscopes = [\"in-region\"]\n\
             [[allowed_scopes]]\nmodel = \"a.b\"\nscopes = [\"global\"]\n",
        )
        .unwrap();
        assert_eq!(
            overrides.allows(&BaseModel::new("a.b"), ScopeKind::Global),
            Some(true)
        );
        assert_eq!(
            overrides.allows(&BaseModel::new("c.d"), ScopeKind::Global),
            Some(false)
        );
        assert_eq!(
            Overrides::default().allows(&BaseModel::new("a.b"), ScopeKind::Global),
            None
        );
    }

    #[test]
    fn a_dismissal_ends() {
        let overrides = Overrides::parse(
            "o.toml",
            "schema_version = 1\n[[dismissed]]\nid = \"rec-2baace0e1a\"\nuntil = \"2026-06-30\"\nwhy = \"w\"\n",
        )
        .unwrap();
        let holds = |day: &str| {
            overrides
                .dismissal("rec-2baace0e1a", day.parse().unwrap())
                .is_some()
        };
        assert!(holds("2026-06-30"));
        assert!(!holds("2026-07-01"));
    }
}
