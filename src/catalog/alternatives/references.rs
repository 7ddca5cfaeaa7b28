//! All that is known of alternatives, read at once.

use crate::catalog::alternatives::direct_prices::{DirectPrices, DirectPricesError};
use crate::catalog::alternatives::hardware::{Hardware, HardwareError};
use crate::catalog::alternatives::model_facts::{ModelFactsError, ModelLadder};

/// Facts and prices from outside of a price book.
#[derive(Clone, Debug)]
pub struct References {
    /// Reviewed facts of the models.
    pub ladder: &'static ModelLadder,
    /// Prices outside of Amazon Bedrock.
    pub direct: DirectPrices,
    /// Facts of GPUs for open models.
    pub hardware: Hardware,
}

/// The error for embedded facts that do not hold together.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReferencesError {
    /// The facts of the models do not.
    #[error(transparent)]
    Models(#[from] ModelFactsError),
    /// The direct prices do not.
    #[error(transparent)]
    Direct(#[from] DirectPricesError),
    /// The facts of GPUs do not.
    #[error(transparent)]
    Hardware(#[from] HardwareError),
}

impl References {
    /// Reads all embedded facts.
    ///
    /// # Errors
    ///
    /// If some do not hold together.
    pub fn embedded() -> Result<Self, ReferencesError> {
        Ok(Self {
            ladder: ModelLadder::embedded()?,
            direct: DirectPrices::embedded()?,
            hardware: Hardware::embedded()?,
        })
    }
}
