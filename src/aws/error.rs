//! What can go wrong between us and AWS, said once for every call.
//!
//! Retries and back-off are the SDK's; what arrives here has already been retried.

use std::fmt;

use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::domain::Region;

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The operation, as in `bedrock:ListProvisionedModelThroughputs`.
    pub operation: &'static str,
    /// Where it was sent.
    pub region: Region,
    /// What kind of failure it is.
    pub failure: Failure,
    /// The whole chain of causes.
    pub detail: String,
}

/// What kind of failure a call ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// AWS knows the caller and refuses.
    Forbidden,
    /// There are no usable credentials.
    NoCredentials,
    /// AWS asked to slow down, beyond all retries.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// No connection, or an answer that is not one.
    Broken,
}

impl ApiError {
    /// Reads what the SDK says of a failed call.
    pub fn new<E, R>(operation: &'static str, region: &Region, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        let chain = DisplayErrorContext(error).to_string();
        let detail = match error {
            // What AWS itself says, where it says anything.
            SdkError::ServiceError(service) if service.err().code().is_some() => {
                [service.err().code(), service.err().message()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(": ")
            }
            _ => first_causes(&chain),
        };
        let failure = match error {
            SdkError::TimeoutError(_) => Failure::TimedOut,
            SdkError::ServiceError(service) => by_code(service.err().code().unwrap_or_default()),
            _ if chain.contains("credentials") => Failure::NoCredentials,
            _ => Failure::Broken,
        };
        Self {
            operation,
            region: region.clone(),
            failure,
            detail,
        }
    }

    /// A call whose answers contradict themselves.
    #[must_use]
    pub fn broken(operation: &'static str, region: &Region, detail: impl Into<String>) -> Self {
        Self {
            operation,
            region: region.clone(),
            failure: Failure::Broken,
            detail: detail.into(),
        }
    }
}

fn by_code(code: &str) -> Failure {
    let is_one_of = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if is_one_of(&[
        "Throttl",
        "TooManyRequests",
        "RequestLimitExceeded",
        "SlowDown",
    ]) {
        Failure::Throttled
    } else if is_one_of(&[
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "ExpiredToken",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "InvalidSignature",
    ]) {
        Failure::NoCredentials
    } else if is_one_of(&[
        "AccessDenied",
        "NotAuthorized",
        "Unauthorized",
        "Forbidden",
        "OptInRequired",
    ]) {
        Failure::Forbidden
    } else {
        Failure::Broken
    }
}

/// The SDK appends a debug dump of its error to the chain of causes; people read the chain.
fn first_causes(detail: &str) -> String {
    let chain = detail.split(" (").next().unwrap_or(detail);
    chain.chars().take(400).collect()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            region,
            failure,
            detail,
        } = self;
        match failure {
            Failure::Forbidden => {
                write!(
                    f,
                    "{operation} in {region} is forbidden: allow it in the policy of the role ({detail})"
                )
            }
            Failure::NoCredentials => write!(
                f,
                "{operation} in {region} has no usable AWS credentials: sign in or set AWS_PROFILE ({detail})"
            ),
            Failure::Throttled => write!(
                f,
                "{operation} in {region} is throttled, beyond all retries ({detail})"
            ),
            Failure::TimedOut => write!(
                f,
                "{operation} in {region} got no answer in time ({detail})"
            ),
            Failure::Broken => write!(f, "{operation} in {region} failed: {detail}"),
        }
    }
}

impl std::error::Error for ApiError {}
