//! What only the operator knows: the capacity of a model unit, and where requests may go.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::quantity::CapacityOrigin;
use crate::domain::{BaseModel, Capacity};

/// More tokens a minute than any unit serves. It keeps products of capacities far from overflow.
const MOST_TOKENS_PER_MINUTE: u64 = 1_000_000_000;

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
/// [[allowed_scopes]]
/// model = "*"
/// scopes = ["in-region", "geo"]
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

impl Overrides {
    /// Reads overrides from TOML. `name` is what errors call them.
    pub fn parse(name: &str, text: &str) -> Result<Self, OverridesError> {
        let refuse = |faults| OverridesError {
            name: name.into(),
            faults,
        };
        let overrides: Self =
            toml::from_str(text).map_err(|error| refuse(vec![error.to_string()]))?;
        let faults = overrides.faults();
        if faults.is_empty() {
            Ok(overrides)
        } else {
            Err(refuse(faults))
        }
    }

    /// What the overrides say that cannot be; empty where they are usable.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schema_version != 1 {
            faults.push(format!(
                "schema_version is {}, this program reads 1",
                self.schema_version
            ));
        }
        let mut models = BTreeSet::new();
        for row in &self.capacity {
            if !models.insert(&row.model) {
                faults.push(format!("the capacity of `{}` is given twice", row.model));
            }
            let whole = 1..=MOST_TOKENS_PER_MINUTE;
            if !whole.contains(&row.input_tokens_per_minute)
                || !whole.contains(&row.output_tokens_per_minute)
            {
                faults.push(format!(
                    "the capacity of `{}` is not a number of tokens from 1 to {MOST_TOKENS_PER_MINUTE}",
                    row.model
                ));
            }
        }
        let mut models = BTreeSet::new();
        for row in &self.allowed_scopes {
            if !models.insert(&row.model) {
                faults.push(format!("the scopes of `{}` are given twice", row.model));
            }
            if row.scopes.is_empty() {
                faults.push(format!("`{}` is allowed no scope at all", row.model));
            }
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named() {
        let error = Overrides::parse(
            "o.toml",
            r#"
schema_version = 2
[[capacity]]
model = "a.b"
input_tokens_per_minute = 0
output_tokens_per_minute = 5
[[allowed_scopes]]
model = "*"
scopes = []
"#,
        )
        .unwrap_err();
        assert_eq!(error.faults.len(), 3, "{error}");
    }

    #[test]
    fn a_misspelled_field_is_refused_with_its_line() {
        let error = Overrides::parse("o.toml", "schema_version = 1\n[[capacities]]\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
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
}
