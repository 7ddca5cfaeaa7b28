//! Prices: price books, the lookup of one rate, and the operator's overrides.
//!
//! A rate is found by model, Region, scope, tier, meter and day, or it is not found: there is no
//! likeness of names and no first entry. See `catalog/aws.toml` for the file format by example.

#![deny(clippy::float_arithmetic)]

mod alternatives;
mod book;
mod callable;
mod contract;
mod embedded;
mod figure;
mod lifecycle;
mod lookup;
mod missing;
mod model_prices;
mod offers;
mod overlay;
mod overrides;
mod price_changes;
pub mod price_list;
mod provenance;
mod rate;
mod rate_field;
mod rate_lines;
mod rates;
mod refresh;
mod row_scope;
mod rows;
mod select;
mod source_regions;
mod sources;
mod spread;
mod toml_lines;

pub use alternatives::{
    DirectPrice, DirectPrices, GpuKind, GpuPrice, GpuPurchase, Hardware, ModelFacts,
    ModelFactsError, ModelKind, ModelLadder, ModelMemory, ModelStatus, OfferedBy, References,
    ReferencesError, SizeClass, Throughput,
};
pub use book::{BookError, PriceBook};
pub use callable::CallableScope;
pub use figure::{Figure, FigureItem, FigureKey, FigureScope, ReservedSide};
pub use model_prices::ModelPrices;
pub use offers::{Offer, ReservedOffer};
pub use overrides::{
    AllowedScope, AllowedScopes, ContractPrice, Discount, DiscountedPrice, Dismissal,
    ExcludedModel, Overrides, OverridesError, ReservedHolding, ReservedScope, UnitCapacity,
};
pub use price_changes::PriceDays;
pub use provenance::{DatedRow, Dating, Provenance, Trust};
pub use rate::{InForce, Rate, RateQuery, RateSource, RegionBasis};
pub use rate_field::RateField;
pub use rate_lines::{NotARateLine, RateLines};
pub use rates::Rates;
pub use refresh::{HeldBack, HeldFor, HeldItem, OnDoubt, Refreshed, SeenFigure};
pub use row_scope::{RowRegion, RowScope};
pub use rows::{
    LifecycleRow, ModelUnitsRow, PriceRange, RateRow, ReservedTokensRow, TokenCountText,
    UnpricedRow,
};
pub use source_regions::{SourceRegions, SourceRegionsError};
