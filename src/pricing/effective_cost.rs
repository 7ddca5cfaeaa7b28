//! The cost of what is held, by whether it was used.

use crate::domain::Usd;

/// Cost of a holding in USD a month by commitment status, FOCUS's effective cost. Both parts add up
/// to the cost of the holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveCost {
    /// Part of the status `Used`, in USD a month.
    pub used: Usd,
    /// Part of the status `Unused`, in USD a month.
    pub unused: Usd,
}

impl EffectiveCost {
    pub(super) fn new(cost: Usd, used: Usd) -> Self {
        Self { used, unused: cost - used }
    }
}
