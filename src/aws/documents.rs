//! The documents that settings name: files, objects in S3, parameters of Systems Manager.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;

use crate::aws::clients;
use crate::aws::files::{self, FileFault, MOST_OF_A_DOCUMENT};
use crate::aws::{ApiError, Failure};
use crate::config::DocumentSource;
use crate::domain::{AccountId, Region};

/// Tries of an object whose body breaks off or does not come. The SDK tries the head alone again.
// One broken connection is an accident, and two may be. A third that breaks has a cause that stays.
const TRIES: u32 = 3;

/// Time that a try has for head and body together: what the largest document takes on a slow line, of 2
/// Mbit/s. All tries together take a fifth of the 300 s that the template gives the function, so that
/// time is left to run, or to say what happened. A shorter limit of the configuration goes before.
const LONGEST_TRY: Duration = Duration::from_secs(20);

const GET_OBJECT: &str = "s3:GetObject";
const GET_PARAMETER: &str = "ssm:GetParameter";

/// Further causes of a refusal by S3, which tells nobody without leave to list a bucket if an object is
/// there.
const OBJECT_HINT: &str = "; S3 says the same of an object that is not there to a role without s3:ListBucket, \
     and of one that is encrypted with a KMS key on which the role has no kms:Decrypt";

/// The same where S3 is told whose bucket is expected.
const OWNED_OBJECT_HINT: &str = "; S3 says the same of a bucket that is not of the function's own account, of an object \
     that is not there to a role without s3:ListBucket, and of one that is encrypted with a KMS key on which the role \
     has no kms:Decrypt";

/// A further cause of a refusal by Systems Manager.
const PARAMETER_HINT: &str =
    "; a SecureString under a KMS key of your own also takes kms:Decrypt on that key";

/// Setting or argument that names a document, where whoever reads an error can mend the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The setting `GUARD_CATALOG`.
    CatalogSetting,
    /// The setting `GUARD_OVERRIDES`.
    OverridesSetting,
    /// The flag `--catalog`.
    CatalogFlag,
    /// An argument of `prices diff`.
    DiffArgument,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CatalogSetting => "GUARD_CATALOG",
            Self::OverridesSetting => "GUARD_OVERRIDES",
            Self::CatalogFlag => "--catalog",
            Self::DiffArgument => "prices diff",
        })
    }
}

/// Fault of a document that a setting or an argument names.
#[derive(Debug, thiserror::Error)]
#[error("`{named_by}` names `{document}`, which cannot be read: {fault}")]
pub struct DocumentError {
    /// The setting or the argument.
    pub named_by: NamedBy,
    /// Place where the document should be.
    pub document: DocumentSource,
    /// The reason.
    pub fault: DocumentFault,
}

/// Reason why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentFault {
    /// The file cannot be read, or what is in the document is no text of its size.
    #[error(transparent)]
    Text(#[from] FileFault),
    /// The name leads nowhere, or to something that is not a document.
    #[error("{0}")]
    Unusable(String),
    /// AWS refuses or does not answer.
    #[error("{error}{hint}")]
    Aws {
        /// The call that failed.
        error: ApiError,
        /// Further causes; empty where the call says all.
        hint: &'static str,
    },
}

/// Reads the text of a document.
///
/// AWS is asked in the Region of the configuration, and only for what is kept there. Where `account` is
/// known, a bucket has to be of that account: somebody else could have taken a name that was given up.
pub async fn read(
    named_by: NamedBy,
    source: &DocumentSource,
    config: &SdkConfig,
    account: &AccountId,
) -> Result<String, DocumentError> {
    let text = match source {
        DocumentSource::Path(path) => {
            files::read_text(Path::new(path), MOST_OF_A_DOCUMENT).map_err(DocumentFault::Text)
        }
        DocumentSource::S3 { bucket, key } => object(config, account, bucket, key).await,
        DocumentSource::Parameter(name) => parameter(config, name).await,
    };
    text.map_err(|fault| DocumentError { named_by, document: source.clone(), fault })
}

fn region_of(config: &SdkConfig) -> Result<Region, DocumentFault> {
    clients::home_region(config)
        .ok_or_else(|| DocumentFault::Unusable("no Region to ask: set AWS_REGION".into()))
}

/// Reads an object, and asks again for one that did not come whole.
async fn object(
    config: &SdkConfig,
    account: &AccountId,
    bucket: &str,
    key: &str,
) -> Result<String, DocumentFault> {
    let region = region_of(config)?;
    let owner = (!account.is_unknown()).then(|| account.digits().to_owned());
    let call =
        clients::s3(config).get_object().bucket(bucket).key(key).set_expected_bucket_owner(owner);
    let of_calls = config.timeout_config().and_then(TimeoutConfig::operation_timeout);
    let longest = of_calls.map_or(LONGEST_TRY, |of_calls| of_calls.min(LONGEST_TRY));
    let mut failed = FailedTry::Late;
    for _ in 0..TRIES {
        let once = async {
            let answer = call.clone().send().await;
            let answer = answer.map_err(|error| object_fault(&region, account, bucket, &error))?;
            whole(answer).await
        };
        failed = match tokio::time::timeout(longest, once).await {
            Ok(Ok(Download::Whole(bytes))) => return Ok(files::text(bytes, MOST_OF_A_DOCUMENT)?),
            Ok(Ok(Download::Cut(why))) => FailedTry::Cut(why),
            // The SDK has tried this again where that could help.
            Ok(Err(fault)) => return Err(fault),
            Err(_) => FailedTry::Late,
        };
    }
    let error = match failed {
        FailedTry::Cut(why) => ApiError::broken(
            GET_OBJECT,
            &region,
            format!(
                "the object broke off before its end, {TRIES} times in a row: run it again, or see the network ({why})"
            ),
        ),
        FailedTry::Late => {
            let detail = format!("{TRIES} tries, {} s each", longest.as_secs_f64());
            ApiError::late(GET_OBJECT, &region, detail)
        }
    };
    Err(DocumentFault::Aws { error, hint: "" })
}

/// The bytes of an object, as far as they came.
enum Download {
    /// All of them, or one more than a document may have.
    Whole(Vec<u8>),
    /// Not all, and the reason.
    Cut(String),
}

/// Fate of the last try of an object.
enum FailedTry {
    /// Its body broke off: the reason.
    Cut(String),
    /// It was not there in time.
    Late,
}

/// Reads the whole body, unless it is larger than a document.
async fn whole(answer: GetObjectOutput) -> Result<Download, DocumentFault> {
    // The length that S3 states spares the download; the bytes are counted too, since it may state none.
    let length = answer.content_length.unwrap_or_default();
    if u64::try_from(length).is_ok_and(|length| length > MOST_OF_A_DOCUMENT) {
        return Err(FileFault::TooLarge(MOST_OF_A_DOCUMENT).into());
    }
    let mut body: ByteStream = answer.body;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(error) => return Ok(Download::Cut(error.to_string())),
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_OF_A_DOCUMENT) {
            break;
        }
    }
    Ok(Download::Whole(bytes))
}

fn object_fault(
    region: &Region,
    account: &AccountId,
    bucket: &str,
    error: &SdkError<GetObjectError>,
) -> DocumentFault {
    let failed = ApiError::new(GET_OBJECT, region, error);
    let detail = &failed.detail;
    let elsewhere = error
        .raw_response()
        .and_then(|answer| answer.headers().get("x-amz-bucket-region"))
        .filter(|there| *there != region.name());
    // First the header with the bucket's Region, which says what to do; the code of the error does not.
    if let Some(there) = elsewhere {
        return DocumentFault::Unusable(format!(
            "the bucket `{bucket}` is in {there}, and the guard asks in {region}: keep the document in a bucket of {region} ({detail})"
        ));
    }
    match error.code() {
        Some("NoSuchKey") => DocumentFault::Unusable(format!(
            "the bucket has no such object: upload it, or correct the key ({detail})"
        )),
        Some("NoSuchBucket") => DocumentFault::Unusable(format!(
            "there is no such bucket: make it, or correct its name ({detail})"
        )),
        _ if account.is_unknown() => refused(failed, OBJECT_HINT),
        _ => refused(failed, OWNED_OBJECT_HINT),
    }
}

async fn parameter(config: &SdkConfig, name: &str) -> Result<String, DocumentFault> {
    let region = region_of(config)?;
    let call = clients::ssm(config)
        .get_parameter()
        .name(name)
        // A parameter that is no SecureString is read all the same.
        .with_decryption(true);
    let answer = call.send().await.map_err(|error| parameter_fault(&region, &error))?;
    answer.parameter.and_then(|parameter| parameter.value).ok_or_else(|| {
        let error = ApiError::broken(GET_PARAMETER, &region, "the answer has no value");
        DocumentFault::Aws { error, hint: "" }
    })
}

fn parameter_fault(region: &Region, error: &SdkError<GetParameterError>) -> DocumentFault {
    let failed = ApiError::new(GET_PARAMETER, region, error);
    match error.code() {
        Some("ParameterNotFound") => DocumentFault::Unusable(format!(
            "there is no such parameter in {region}: make it there, or correct its name ({})",
            failed.detail
        )),
        _ => refused(failed, PARAMETER_HINT),
    }
}

/// Adds the hint where AWS knows the caller and refuses; other failures have other causes.
fn refused(error: ApiError, hint: &'static str) -> DocumentFault {
    let hint = match error.failure {
        Failure::Forbidden => hint,
        _ => "",
    };
    DocumentFault::Aws { error, hint }
}
