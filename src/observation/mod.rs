//! The room for what was seen of an account: usage, inventory, and the one document that holds all
//! that a run was given.
//!
//! | file | job |
//! |---|---|
//! | `document` | the whole input of a report as one saved, versioned document |
//! | `saved` | such a document read, whole or place by place |
//! | `faults` | faults of a saved run, and of one of its places |
//! | `usage` | what one `ModelId` consumed, and why its figures may be too low |
//! | `inventory` | provisioned models, profiles and foundation models, as AWS lists them |
//! | `distinct` | entries by their keys: which come twice, and which contradict each other |
//! | `sold_as` | the base model of the ids that units are listed and sold under |
//! | `term_end` | the end of a term, which may have passed and begun again |
//! | `profiles` | which profiles a Region may call, and which one an application profile was made of |
//! | [`plan`] | which series to ask `CloudWatch` for, over which span |
//! | [`decode`] | pages of answers as series |
//! | [`before`] | what the runs before put of the guard's own: what was open, its size, what had a cost and a saving |
//! | [`latest`] | pages of answers as the latest point of each series |
//! | `words` | words of AWS that decide something, as closed sets |

pub mod before;
pub mod decode;
mod distinct;
mod document;
mod faults;
mod inventory;
pub mod latest;
pub mod plan;
mod profiles;
mod saved;
mod sold_as;
mod term_end;
mod usage;
mod words;

pub use before::{ModelBefore, OpenBefore, SavingBefore, SizeBefore};
pub use distinct::{Disagreement, distinct};
pub use document::{
    FailedPlace, Observation, ObservationError, PlaceObservation, PriceListRead, SCHEMA_VERSION,
};
pub use inventory::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, InventoryList,
    ProvisionedModel, SystemProfile, UnreadList,
};
pub use profiles::UnresolvedProfile;
pub use saved::SavedRun;
pub use usage::{
    Answer, Gap, LaneUsage, MeterReading, MetricSeries, NAMESPACE, Span, Status, Usage,
};
pub use words::{Dimension, DimensionSet, InferenceType, LifecycleStatus, ProvisionedModelStatus};
