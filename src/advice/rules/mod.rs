//! The rules, one a file: each looks at one workload and comes to a finding.

pub(super) mod bind;
pub(super) mod buy;
pub(super) mod caching;
pub(super) mod fill;
mod holding_review;
mod holding_sizes;
pub(super) mod idle;
pub(super) mod route;
pub(super) mod shrink_reserved;
pub(super) mod shrink_units;
pub(super) mod successor;
pub(super) mod tiers;
