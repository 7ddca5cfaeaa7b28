//! Overrides: what only the operator knows of capacities, contracts and holdings, and what the
//! guard should leave alone.

mod entries;
mod parse;
mod rules;

pub use entries::{
    AllowedScope, AllowedScopes, ContractPrice, Discount, DiscountedPrice, Dismissal,
    ExcludedModel, Overrides, ReservedHolding, ReservedScope, UnitCapacity,
};
pub use parse::OverridesError;
