//! The errors of a run, under names that alarms and retries can match.

use std::fmt;

use crate::aws::documents::{DocumentError, DocumentFault, NamedBy};
use crate::aws::put_metrics::PutError;
use crate::aws::{ApiError, Caller, Failure};
use crate::catalog::{BookError, OverridesError};
use crate::config::EventError;
use crate::config::SettingsError;

/// Reason why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The overrides are wrong.
    #[error(transparent)]
    Overrides(#[from] OverridesError),
    /// The event is wrong.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The price book is wrong.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A document that a setting or an argument names cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// No Region is configured and none is in the environment.
    #[error(
        "no Region to read: set GUARD_REGIONS, or AWS_REGION, which is also where the metrics go"
    )]
    NoRegion,
    /// No Region could be read.
    #[error("{}", ApiError::join(.0))]
    Read(Vec<ApiError>),
    /// A part was not read, and the settings make that a failure.
    #[error(
        "the run was to read the whole (GUARD_FAIL_ON_PARTIAL) and did not; {missing}{}{}",
        if errors.is_empty() { "" } else { ": " },
        ApiError::join(errors)
    )]
    Partial {
        /// Line on what is missing.
        missing: String,
        /// The failed calls; empty where an answer came that is not whole.
        errors: Vec<ApiError>,
    },
    /// Metrics were not put.
    #[error(transparent)]
    Put(#[from] PutError),
    /// The report could not be written.
    #[error(transparent)]
    Write(#[from] Unwritten),
    /// The time that the platform gives was nearly over.
    #[error(
        "the run was not done after {0} s, shortly before the platform would have ended it: give the function a longer timeout"
    )]
    Deadline(u64),
    /// A defect of this program.
    #[error("the run ended in a panic, which is a defect of this program to report: {0}")]
    Panic(String),
}

/// The error for a line of the log that was not written, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the report could not be written, to standard output: {0}")]
pub struct Unwritten(pub String);

/// Name under which an error reaches the platform: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Settings or overrides are wrong. A retry does not help.
    Config,
    /// The event is wrong. A retry does not help.
    Event,
    /// The price book is wrong. A retry does not help.
    Catalog,
    /// AWS could not be read: forbidden, without credentials, out of reach, or not understood.
    Access,
    /// AWS asked to slow down, beyond all retries.
    Throttled,
    /// An answer is not whole, and the settings make that a failure.
    Partial,
    /// There was no time left.
    Deadline,
    /// The result could not be sent on.
    Emit,
    /// A defect of this program.
    Panic,
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Config => "Config",
            Self::Event => "Event",
            Self::Catalog => "Catalog",
            Self::Access => "Access",
            Self::Throttled => "Throttled",
            Self::Partial => "Partial",
            Self::Deadline => "Deadline",
            Self::Emit => "Emit",
            Self::Panic => "Panic",
        })
    }
}

impl Error {
    /// Says what to do in the words of the program that ran.
    pub(super) fn asked_by(self, caller: Caller) -> Self {
        let said = |errors: Vec<ApiError>| {
            errors.into_iter().map(|error| error.asked_by(caller)).collect()
        };
        match self {
            Self::Read(errors) => Self::Read(said(errors)),
            Self::Partial { missing, errors } => Self::Partial { missing, errors: said(errors) },
            Self::Put(put) => Self::Put(PutError { errors: said(put.errors), ..put }),
            Self::Document(DocumentError { named_by, document, fault }) => {
                let fault = match fault {
                    DocumentFault::Aws { error, hint } => {
                        DocumentFault::Aws { error: error.asked_by(caller), hint }
                    }
                    other => other,
                };
                Self::Document(DocumentError { named_by, document, fault })
            }
            other => other,
        }
    }

    /// Returns the name that alarms and retries can match.
    #[must_use]
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::Document(DocumentError { fault: DocumentFault::Aws { error, .. }, .. }) => {
                of_failure(Some(error.failure))
            }
            Self::Document(DocumentError { named_by: NamedBy::OverridesSetting, .. })
            | Self::Settings(_)
            | Self::Overrides(_)
            | Self::NoRegion => ErrorType::Config,
            Self::Document(_) | Self::Book(_) => ErrorType::Catalog,
            Self::Event(_) => ErrorType::Event,
            Self::Partial { errors, .. } if errors.is_empty() => ErrorType::Partial,
            Self::Read(errors) | Self::Partial { errors, .. } => {
                of_failure(errors.iter().map(|error| error.failure).min())
            }
            Self::Put(_) | Self::Write(_) => ErrorType::Emit,
            Self::Deadline(_) => ErrorType::Deadline,
            Self::Panic(_) => ErrorType::Panic,
        }
    }
}

/// Names the failure of a call.
fn of_failure(failure: Option<Failure>) -> ErrorType {
    match failure {
        Some(Failure::Throttled) => ErrorType::Throttled,
        Some(Failure::TimedOut) => ErrorType::Deadline,
        _ => ErrorType::Access,
    }
}
