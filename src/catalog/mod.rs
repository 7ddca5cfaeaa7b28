//! What things cost: price books, the lookup of one rate, and the operator's overrides.
//!
//! A rate is found by model, Region, scope, tier, meter and day, or it is not found: there is no
//! likeness of names and no first entry. See `catalog/aws.toml` for the file format by example.

mod book;
mod lookup;
mod overrides;
mod rows;

pub use book::{BookError, PriceBook};
pub use lookup::{InForce, Offer, Rate, RateSource, RegionBasis};
pub use overrides::{AllowedScopes, Overrides, OverridesError, ScopeKind, UnitCapacity};
pub use rows::{
    Ceiling, Dating, LifecycleRow, LoadWeights, ModelPrices, ModelUnitsRow, Provenance, RateRow,
    ReservedTokensRow, RowRegion, RowScope, Term, TokenCountText,
};

/// The embedded book of what AWS charges.
const AWS: &str = include_str!("../../catalog/aws.toml");

/// The embedded book of the article's figures.
const ARTICLE: &str = include_str!("../../catalog/article.toml");

impl PriceBook {
    /// The embedded book of what AWS charges, the default.
    pub fn aws() -> Result<Self, BookError> {
        Self::parse("aws", AWS)
    }

    /// The embedded book of the article's figures, as printed.
    pub fn article() -> Result<Self, BookError> {
        Self::parse("article", ARTICLE)
    }
}
