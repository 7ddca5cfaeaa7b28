//! The room for what today costs: lanes resolved to models, grouped into workloads, priced meter by
//! meter.
//!
//! Pure and exact. A meter without a rate stays visible as unpriced; nothing is priced by likeness.
//!
//! | file | job |
//! |---|---|
//! | `workload` | all that one base model did in one account and Region |
//! | `lane` | what one `ModelId` carried, meter by meter |
//! | `lane_rates` | the rates that a lane has now, and would have under another scope or tier |
//! | `cache_economics` | what the prompt cache saves and costs |
//! | `lifecycle` | the days on which a model leaves, as AWS or the book says |
//! | `load` | demand over time, in dollars and in the load of a unit |
//! | `holding` | a provisioned model: its cost, use and worth |
//! | `idleness` | the verdict on whether a provisioned model is idle, and since when |
//! | `reserved` | reserved tokens: what they take off the on-demand bill |
//! | `effective_cost` | the cost of what is held, by whether it was used |

#![deny(clippy::float_arithmetic)]

mod cache_economics;
mod effective_cost;
mod holding;
mod idleness;
mod lane;
mod lane_rates;
mod lifecycle;
mod load;
mod reserved;
mod term_offers;
mod term_prices;
mod workload;

pub use cache_economics::CacheEconomics;
pub use effective_cost::EffectiveCost;
pub use holding::{CapacityUse, CarriedLoad, Holding};
pub use idleness::{IdleSpell, Idleness, LEAST_REST, Rhythm};
pub use lane::{Lane, LaneKind, PricedMeter, UnpricedUsage};
pub use lifecycle::{Lifecycle, LifecycleDay, LifecycleSource};
pub use load::{DemandSeries, LOAD_SCALE, Load, MONEY_SCALE, StepDemand, TimesServed};
pub use reserved::{
    Covered, Reserved, UsedReservation, reserved_meters, reserved_weights, reserves,
};
pub use workload::{Priced, Stray, Workload, lanes_by_model, price, price_where};

pub(crate) use lane_rates::LaneRates;
pub(crate) use load::{LOAD_ONE, dollars, whole};
