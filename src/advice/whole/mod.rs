//! The whole of a workload: which units serve which calls, so that most is saved by all changes
//! together. The rules tell what it changes, each its part; none of them chooses.
//!
//! There are three sets of moves, each within the next: what is paid for anyway can be used, what is
//! held without a term can be changed and units without a term bought, and units can be bound for a
//! term. The best of each is found, so that where the gates refuse the best, the next stands.
//!
//! What is moved away from on-demand counts at the lower end of its prices, and what is served by units
//! now at the upper end: it may have to be called on-demand.
//!
//! | file | job |
//! |---|---|
//! | `serving` | who serves which calls, and with how many units |
//! | `moves` | what may change, and at which prices |
//! | `pooled` | the best where callers try one provisioned model after the other |
//! | `apart` | the best where each call goes to one place whole |
//! | `search` | the best of each set of moves |

mod apart;
mod moves;
mod pooled;
mod search;
mod serving;

pub(crate) use moves::{is_called_on_demand, sells_units};
pub(crate) use search::{lanes_that_pay, wholes};
pub(crate) use serving::{HeldThen, MoveSet, OwnCalls, Whole, Wholes, at, replaced_by_bought};
