//! All that a book has of one model.

use serde::{Deserialize, Serialize};

use crate::catalog::rate_lines::RateLines;
use crate::catalog::rates::Rates;
use crate::catalog::rows::{LifecycleRow, ModelUnitsRow, ReservedTokensRow, UnpricedRow};
use crate::domain::{BaseModel, LoadWeights, ServiceTier};

/// All rows of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrices {
    /// Base id, without a profile's prefix.
    pub id: BaseModel,
    /// Name that people use.
    pub name: String,
    /// Maker of the model, as in `Anthropic`.
    pub provider: String,
    /// Prices of tokens.
    #[serde(rename = "rate", default, skip_serializing_if = "Rates::is_empty")]
    pub rates: Rates,
    /// The same as lines of text; empty once the book is read.
    #[serde(default, skip_serializing)]
    pub rate_lines: RateLines,
    /// Prices of provisioned throughput by model units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_units: Vec<ModelUnitsRow>,
    /// Prices of reserved tokens per minute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved_tokens: Vec<ReservedTokensRow>,
    /// Dates on which the model leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifecycle: Vec<LifecycleRow>,
    /// Meters other than text tokens that the model is billed by, and that have no price here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<UnpricedRow>,
    /// Weights of cached tokens in the load of a model unit.
    #[serde(default)]
    pub load_weights: LoadWeights,
}

impl ModelPrices {
    /// Returns the same model with its prices by the token at the standard tier alone.
    pub(super) fn by_the_token(&self) -> Self {
        let standard = self.rates.iter().filter(|row| row.tier == ServiceTier::Standard);
        Self {
            id: self.id.clone(),
            name: self.name.clone(),
            provider: self.provider.clone(),
            rates: standard.cloned().collect::<Vec<_>>().into(),
            rate_lines: RateLines::default(),
            model_units: Vec::new(),
            reserved_tokens: Vec::new(),
            lifecycle: self.lifecycle.clone(),
            unpriced: self.unpriced.clone(),
            load_weights: self.load_weights,
        }
    }
}
