//! The room for what a run is asked for: the settings from one table, the event that starts the run,
//! and the places of the documents that settings name.
//!
//! | file | job |
//! |---|---|
//! | `settings` | the table of settings, read from variables and held against saved runs |
//! | `values` | the texts that a setting takes, and the choices that have names |
//! | `source` | where a document is kept: a path, S3, Systems Manager, the program |
//! | `endpoints` | the variables for other endpoints, held to what the SDK can take |
//! | `event` | all forms of the event, as one run |

mod endpoints;
mod event;
mod settings;
mod source;
mod values;

pub use endpoints::check_endpoints;
pub use event::{EventError, Run, SETTLE, Trigger, read_event};
pub use settings::{SETTINGS, Setting, Settings, SettingsError};
pub use source::{CatalogSource, DocumentSource, SourceError};
pub use values::{AllowedValues, CacheSpelling, Overflow, ValueError};
