//! What only the operator knows: capacities, contracts, holdings that no API lists, and what the
//! guard should leave alone.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::book::PriceBook;
use crate::catalog::rows::{Dating, RowRegion, RowScope};
use crate::domain::quantity::CapacityOrigin;
use crate::domain::{
    BaseModel, Capacity, Geo, Percent, Region, ServiceTier, Term, Usd, UsdPerMillionTokens,
};

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
    pub scopes: BTreeSet<AllowedScope>,
}

/// A kind of scope, without saying which group of Regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllowedScope {
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
    pub on: BTreeSet<DiscountedPrice>,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where it is written.
    pub source: String,
}

impl Discount {
    pub(in crate::catalog) const fn dating(&self) -> Dating {
        Dating {
            from: self.from,
            to: self.until,
        }
    }
}

/// What a discount can be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscountedPrice {
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

impl ContractPrice {
    pub(in crate::catalog) const fn dating(&self) -> Dating {
        Dating {
            from: self.from,
            to: self.until,
        }
    }
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

impl ReservedScope {
    /// Returns the scope in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Regional => "in-Region and geo",
            Self::Global => "global",
        }
    }
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

impl Overrides {
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
    pub fn allows(&self, model: &BaseModel, scope: AllowedScope) -> Option<bool> {
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
            .map(|unknown| {
                format!(
                    "the overrides name the {unknown}, which the price book `{}` does not have",
                    book.name
                )
            })
            .collect()
    }
}
