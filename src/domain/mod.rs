//! The vocabulary: money, quantities, model ids, meters, commitments, places and time.
//!
//! Everything here is a value. Text is parsed into these types once, at the edge, and no other
//! module takes a model id apart, multiplies a price by hand or counts hours for itself.

#![deny(clippy::float_arithmetic)]

mod commitment;
mod digits;
pub mod meter;
pub mod model;
pub mod money;
pub mod period;
pub mod place;
pub mod quantity;
pub mod schedule;
pub mod series;
pub mod sorting;
mod sums;
pub mod syntax;
pub mod text;

pub use commitment::{Ceiling, LoadWeights, PurchaseSize, Term};
pub use meter::{Counter, Meter, Metric};
pub use model::{BaseModel, Geo, ModelId, Scope, ServiceTier, Target, UnknownGroup};
pub use money::{
    Percent, Ratio, Usd, UsdPerMillionTokens, UsdPerModelUnitHour, UsdPerThousandTpmHour,
};
pub use period::{Window, day_of};
pub use place::{AccountId, Partition, Place, Region};
pub use quantity::{Capacity, ModelUnits, Tokens};
pub use series::Series;
pub use sums::{Sums, SumsBuilder, SumsIter};
