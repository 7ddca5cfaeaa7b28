//! Entries of an overrides file: capacities, contracts, holdings that no API lists, and models and
//! recommendations to leave alone.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::book::PriceBook;
use crate::catalog::provenance::Dating;
use crate::catalog::row_scope::{RowRegion, RowScope};
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
    /// Version of the format.
    pub schema_version: u32,
    /// Capacities of a model unit, model by model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity: Vec<UnitCapacity>,
    /// Scopes that requests may use, model by model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_scopes: Vec<AllowedScopes>,
    /// Discounts that a contract gives on list prices.
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
    /// Recommendations that are not counted for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dismissed: Vec<Dismissal>,
}

/// The load that one model unit serves in a minute, as AWS told the operator or as it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCapacity {
    /// Base id of the model.
    pub model: BaseModel,
    /// Input load in weighted tokens a minute.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
}

/// The scopes that a model's requests may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedScopes {
    /// Base id of the model, or `*` for all that are not named.
    pub model: String,
    /// Scopes that the model's requests may use.
    pub scopes: BTreeSet<AllowedScope>,
}

/// A scope that requests may use, whichever the group of Regions.
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
    /// Provider as the price book names it, as in `Anthropic`; letters in either case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Base id of the model. A model's own discount goes before its provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<BaseModel>,
    /// Percentage that is taken off.
    pub percent: Percent,
    /// Prices that the discount is taken off.
    pub on: BTreeSet<DiscountedPrice>,
    /// First day of the discount.
    pub from: Date,
    /// Last day; `None` where the contract has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Place where the discount is written.
    pub source: String,
}

impl Discount {
    pub(in crate::catalog) const fn dating(&self) -> Dating {
        Dating { from: self.from, to: self.until, until: None }
    }
}

/// A price that a discount can be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscountedPrice {
    /// Tokens of any tier.
    Tokens,
    /// Hours of model units.
    ModelUnits,
    /// Hours of reserved tokens per minute.
    ReservedTokens,
}

/// Prices of one model's tokens that a contract names. A meter that the contract does not name
/// stays at list, less its discount if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractPrice {
    /// Base id of the model.
    pub model: BaseModel,
    /// Scope that may serve the requests.
    pub scope: RowScope,
    /// Group of Regions, exactly when the scope is a geo profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// Regions that are called; `*` for all commercial ones.
    pub regions: Vec<RowRegion>,
    /// Service tier.
    #[serde(default)]
    pub tier: ServiceTier,
    /// Input tokens above which a request is of this price; `None` for requests of any length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// Price of input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<UsdPerMillionTokens>,
    /// Price of output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<UsdPerMillionTokens>,
    /// Price of tokens read from a prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for thirty minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_30m: Option<UsdPerMillionTokens>,
    /// Price of tokens written to a prompt cache for an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<UsdPerMillionTokens>,
    /// First day of the prices.
    pub from: Date,
    /// Last day; `None` where the contract has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Place where the prices are written.
    pub source: String,
}

impl ContractPrice {
    pub(in crate::catalog) const fn dating(&self) -> Dating {
        Dating { from: self.from, to: self.until, until: None }
    }
}

/// A model that gets no advice. The report still shows its cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedModel {
    /// Base id of the model.
    pub model: BaseModel,
    /// Reason, for whoever reads the report.
    pub why: String,
}

/// Reserved tokens per minute that the account holds. No API lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservedHolding {
    /// Name that the operator gives the holding.
    pub name: String,
    /// Region that is called.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Profiles that the reservation serves.
    pub scope: ReservedScope,
    /// Input tokens a minute: input and cache writes.
    pub input_tokens_per_minute: u64,
    /// Output tokens a minute.
    pub output_tokens_per_minute: u64,
    /// Term for which the reservation binds.
    pub term: Term,
    /// Cost of the holding in USD an hour; `None` where the price book has the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<Usd>,
    /// First day of the reservation.
    pub from: Date,
    /// Last day of the term; AWS bills the reservation on until told to delete it.
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
    /// Id of the recommendation.
    pub id: String,
    /// Last day on which the recommendation does not count.
    pub until: Date,
    /// Reason, for whoever reads the report.
    pub why: String,
}

impl Overrides {
    /// Returns the load that one unit of a model serves in an hour, as the operator says; `None`
    /// where the operator does not.
    #[must_use]
    pub fn capacity(&self, model: &BaseModel) -> Option<Capacity> {
        let row = self.capacity.iter().find(|row| row.model == *model)?;
        Some(Capacity {
            input_tokens_per_hour: row.input_tokens_per_minute * 60,
            output_tokens_per_hour: row.output_tokens_per_minute * 60,
            origin: CapacityOrigin::Assumed,
        })
    }

    /// Returns true if a model's requests may use a scope; `None` where the overrides do not say.
    #[must_use]
    pub fn allows(&self, model: &BaseModel, scope: AllowedScope) -> Option<bool> {
        let of = |name: &str| self.allowed_scopes.iter().find(|row| row.model == name);
        of(model.id()).or_else(|| of("*")).map(|row| row.scopes.contains(&scope))
    }

    /// Returns the same overrides as if they forbade no scope.
    #[must_use]
    pub fn in_any_scope(&self) -> Self {
        Self { allowed_scopes: Vec::new(), ..self.clone() }
    }

    /// Returns the exclusion of a model; `None` where the model gets advice.
    #[must_use]
    pub fn exclusion(&self, model: &BaseModel) -> Option<&ExcludedModel> {
        self.excluded_model.iter().find(|row| row.model == *model)
    }

    /// Returns the dismissal of a recommendation that holds on a day.
    #[must_use]
    pub fn dismissal(&self, id: &str, day: Date) -> Option<&Dismissal> {
        self.dismissed.iter().find(|row| row.id.eq_ignore_ascii_case(id) && day <= row.until)
    }

    /// Lists models and providers that the overrides name and a price book does not have: most
    /// likely they are misspelled.
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
            !models.map(|model| &model.provider).any(|name| name.eq_ignore_ascii_case(provider))
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
