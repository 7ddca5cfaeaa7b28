//! The room for what a run is asked for: the settings from one table, the event that starts the run,
//! and the places of the documents that settings name.

mod event;
mod settings;
mod source;

pub use event::{EventError, Run, SETTLE, Trigger};
pub use settings::{CacheSpelling, Overflow, SETTINGS, Setting, Settings, SettingsError};
pub use source::{CatalogSource, DocumentSource, SourceError};
