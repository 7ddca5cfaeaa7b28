//! The room for what was seen of an account: usage, inventory, and the one document that holds all
//! that a run was given.
//!
//! | file | job |
//! |---|---|
//! | `document` | the whole input of a report as one saved, versioned document |
//! | `usage` | what one `ModelId` consumed, and why its figures may be too low |
//! | `inventory` | provisioned models, profiles and foundation models, as AWS lists them |
//! | `distinct` | entries by their keys: which come twice, and which contradict each other |
//! | `sold_as` | the base model of the ids that units are listed and sold under |
//! | `term_end` | the end of a term, which may have passed and begun again |
//! | `profiles` | which profiles a Region may call, and which one an application profile was made of |
//! | [`plan`] | which series to ask `CloudWatch` for, over which span |
//! | [`decode`] | pages of answers as series |
//! | [`latest`] | pages of answers as the latest point of each series |
//! | [`told`] | the figures that the guard put before, and the sizes that it advised |
//! | `words` | words of AWS that decide something, as closed sets |

pub mod decode;
mod distinct;
mod document;
mod inventory;
pub mod latest;
pub mod plan;
mod profiles;
mod sold_as;
mod term_end;
pub mod told;
mod usage;
mod words;

pub use distinct::{Disagreement, distinct};
pub use document::{
    FailedPlace, ModelBefore, Observation, ObservationError, OpenBefore, PlaceObservation,
    PriceListRead, SCHEMA_VERSION,
};
pub use inventory::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, InventoryList,
    ProvisionedModel, SystemProfile, UnreadList,
};
pub use profiles::UnresolvedProfile;
pub use told::{AdvisedSize, ToldDay};
pub use usage::{
    Answer, Gap, LaneUsage, MeterReading, MetricSeries, NAMESPACE, Span, Status, Usage,
};
pub use words::{Dimension, DimensionSet, InferenceType, LifecycleStatus, ProvisionedModelStatus};
