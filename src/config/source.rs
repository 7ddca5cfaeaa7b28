//! The places that documents are kept in: a path, S3, Systems Manager, or the program itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::text::{MOST_QUOTED, clip};

/// Place of a document that a setting names.
///
/// ```
/// use bedrock_cost_guard::config::DocumentSource;
///
/// let source: DocumentSource = "s3://team/guard/overrides.toml".parse().unwrap();
/// let (bucket, key) = ("team".to_owned(), "guard/overrides.toml".to_owned());
/// assert_eq!(source, DocumentSource::S3 { bucket, key });
/// assert_eq!(source.to_string(), "s3://team/guard/overrides.toml");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DocumentSource {
    /// A local file.
    Path(String),
    /// An object in S3: `s3://bucket/key`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key, without a leading slash.
        key: String,
    },
    /// A parameter of Systems Manager, by its full name: `ssm:/name/of/parameter`.
    Parameter(String),
}

impl DocumentSource {
    /// Returns true if AWS has to be asked for the document.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        !matches!(self, Self::Path(_))
    }
}

impl FromStr for DocumentSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        if let Some(rest) = text.strip_prefix("s3://") {
            return match rest.split_once('/') {
                Some((bucket, key)) if is_bucket(bucket) && !key.is_empty() => {
                    Ok(Self::S3 { bucket: bucket.into(), key: key.into() })
                }
                _ => Err(SourceError::Object(text.into())),
            };
        }
        if let Some(name) = text.strip_prefix("ssm:") {
            return if is_parameter(name) {
                Ok(Self::Parameter(name.into()))
            } else {
                Err(SourceError::Parameter(text.into()))
            };
        }
        // Any other scheme is a mistake: as a path it would only be said not to be there.
        if text.contains("://") || text.trim().is_empty() {
            return Err(SourceError::Document(text.into()));
        }
        Ok(Self::Path(text.into()))
    }
}

/// Fault of a text that names no document or no price book.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The text begins like an object in S3 and is none.
    #[error("`{}` is not s3://bucket/key, with the name of a bucket and the key of an object", clip(.0, MOST_QUOTED))]
    Object(String),
    /// The text begins like a parameter of Systems Manager and is none.
    #[error(
        "`{}` is not a parameter: write ssm: and its full name, which begins with one slash, as in ssm:/guard/overrides", clip(.0, MOST_QUOTED)
    )]
    Parameter(String),
    /// The text is blank, or begins with a scheme that nobody reads documents from.
    #[error("`{}` is none of a path, s3://bucket/key and ssm:/name/of/parameter", clip(.0, MOST_QUOTED))]
    Document(String),
    /// The text names a parameter where a price book is asked for.
    #[error(
        "`{}` is a parameter, which is too small for a price book: use a path or s3://bucket/key", clip(.0, MOST_QUOTED)
    )]
    BookInParameter(String),
    /// The text is blank, or begins with a scheme that nobody reads price books from.
    #[error("`{}` is none of aws, article, live, a path and s3://bucket/key", clip(.0, MOST_QUOTED))]
    Book(String),
}

/// Returns true if a bucket can have this name, by today's rules.
// The capitals and underscores of very old buckets are refused: such names do not work everywhere.
fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}

/// Returns true for the full name of a parameter, without the version or label that may follow a colon.
fn is_parameter(name: &str) -> bool {
    name.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        })
    })
}

impl TryFrom<String> for DocumentSource {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, SourceError> {
        text.parse()
    }
}

impl From<DocumentSource> for String {
    fn from(source: DocumentSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for DocumentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.pad(path),
            Self::S3 { bucket, key } => f.pad(&format!("s3://{bucket}/{key}")),
            Self::Parameter(name) => f.pad(&format!("ssm:{name}")),
        }
    }
}

/// Place of a price book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CatalogSource {
    /// The embedded book of what AWS charges.
    #[default]
    Aws,
    /// The embedded book of the article's figures.
    Article,
    /// The AWS Price List of the day.
    Live,
    /// A book of one's own. Never a parameter, which is too small for a book.
    Document(DocumentSource),
}

impl CatalogSource {
    /// Returns true if AWS has to be asked for the book.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        match self {
            Self::Aws | Self::Article => false,
            Self::Live => true,
            Self::Document(source) => source.is_remote(),
        }
    }
}

impl FromStr for CatalogSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text {
            "aws" => Ok(Self::Aws),
            "article" => Ok(Self::Article),
            "live" => Ok(Self::Live),
            _ if text.starts_with("ssm:") => Err(SourceError::BookInParameter(text.into())),
            // Whoever asks for a book is told the forms of a book, not those of other documents.
            _ => text.parse().map(Self::Document).map_err(|error| match error {
                SourceError::Document(text) => SourceError::Book(text),
                other => other,
            }),
        }
    }
}

impl TryFrom<String> for CatalogSource {
    type Error = SourceError;

    fn try_from(text: String) -> Result<Self, SourceError> {
        text.parse()
    }
}

impl From<CatalogSource> for String {
    fn from(source: CatalogSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for CatalogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws => f.pad("aws"),
            Self::Article => f.pad("article"),
            Self::Live => f.pad("live"),
            Self::Document(source) => source.fmt(f),
        }
    }
}
