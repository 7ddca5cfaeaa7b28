//! The cost of what is held, by whether it was used.

use crate::domain::Usd;

/// FOCUS's effective cost of a holding in a month by commitment status. Both parts add up to what the
/// holding costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectiveCost {
    /// The part of the status `Used`.
    pub used: Usd,
    /// The part of the status `Unused`.
    pub unused: Usd,
}

impl EffectiveCost {
    pub(super) fn new(cost: Usd, used: Usd) -> Self {
        Self {
            used,
            unused: cost - used,
        }
    }
}
