//! What only the operator knows: capacities, contracts, holdings that no API lists, and what the
//! guard should leave alone.

mod entries;
mod parse;
mod rules;

pub use entries::{
    AllowedScope, AllowedScopes, ContractPrice, Discount, DiscountedPrice, Dismissal,
    ExcludedModel, Overrides, ReservedHolding, ReservedScope, UnitCapacity,
};
pub use parse::OverridesError;
