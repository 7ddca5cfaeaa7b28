//! The room for what a run is asked for: the settings from one table, the event that starts the run,
//! and the places of the documents that settings name.

mod event;
mod settings;
mod source;
mod values;

pub use event::{EventError, Run, SETTLE, Trigger};
pub use settings::{SETTINGS, Setting, Settings, SettingsError};
pub use source::{CatalogSource, DocumentSource, SourceError};
pub use values::{AllowedValues, CacheSpelling, Overflow, ValueError};
