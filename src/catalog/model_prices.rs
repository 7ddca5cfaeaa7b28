//! All that a book has of one model.

use serde::{Deserialize, Serialize};

use crate::catalog::rate_lines::RateLines;
use crate::catalog::rates::Rates;
use crate::catalog::rows::{LifecycleRow, ModelUnitsRow, ReservedTokensRow, UnpricedRow};
use crate::domain::{BaseModel, LoadWeights};

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
