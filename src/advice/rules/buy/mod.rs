//! Model units or reserved tokens, where they cost less than the cheapest arrangement that needs no
//! commitment.
//!
//! What is proven not to save is said with its proof. Each other offer is taken at its exact
//! optimum, on minutes, beside what is held already, and must pass every gate. Of those that pass,
//! the one that saves most is advised; the others say why not.

mod basis;
mod choose;
mod recommendation;

pub(crate) use basis::BuyingBasis;
pub(crate) use choose::{advise, needs_minutes};
