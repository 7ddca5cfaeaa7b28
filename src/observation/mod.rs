//! The room for what was seen of an account: usage, inventory, and the one document that holds all
//! that a run was given.
//!
//! | file | job |
//! |---|---|
//! | `document` | the whole input of a report as one saved, versioned document |
//! | `usage` | what one `ModelId` consumed, and why its figures may be too low |
//! | `inventory` | provisioned models, profiles and foundation models, as AWS lists them |
//! | `sold_as` | the base model of the ids that units are listed and sold under |
//! | `term_end` | the end of a term, which may have passed and begun again |
//! | `profiles` | which profiles a Region may call, and which one an application profile was made of |
//! | [`plan`] | which series to ask `CloudWatch` for, over which span |
//! | [`decode`] | pages of answers as series |
//! | `words` | words of AWS that decide something, as closed sets |

pub mod decode;
mod document;
mod inventory;
pub mod plan;
mod profiles;
mod sold_as;
mod term_end;
mod usage;
mod words;

pub use document::{
    FailedPlace, Observation, ObservationError, OpenBefore, PlaceObservation, PriceListRead,
    SCHEMA_VERSION,
};
pub use inventory::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
    SystemProfile,
};
pub use profiles::UnresolvedProfile;
pub use usage::{
    Answer, Gap, LaneUsage, MeterReading, MetricSeries, NAMESPACE, Span, Status, Usage,
};
pub use words::{Dimension, DimensionSet, InferenceType, LifecycleStatus, ProvisionedModelStatus};
