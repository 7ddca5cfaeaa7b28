//! Explanations: one recommendation, or one workload, down to where its figures come from.
//!
//! | file | job |
//! |---|---|
//! | `recommendation` | one recommendation with the origin of its figures |
//! | `workload` | one workload: what is used, every plan for it, and what else could serve it |

mod recommendation;
mod workload;

pub use recommendation::{find, render};
pub use workload::{NotAWorkload, find_workload, render_workload};
