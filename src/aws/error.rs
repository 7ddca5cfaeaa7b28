//! The failures of a call to AWS, said once for every call.
//!
//! Retries and back-off are the SDK's: a call that fails here has been retried already.

use std::fmt;

use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::domain::Region;

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The operation, as in `bedrock:ListProvisionedModelThroughputs`.
    pub operation: &'static str,
    /// The Region that was asked.
    pub region: Region,
    /// The kind of failure.
    pub failure: Failure,
    /// The cause, in the words of AWS or of the SDK.
    pub detail: String,
}

/// Kind of failure that a call ended with. A run with several is named by the first of these.
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
    /// There was no connection, or an answer that makes no sense.
    Broken,
}

impl ApiError {
    /// Takes the error of a call over from the SDK.
    pub fn new<E, R>(operation: &'static str, region: &Region, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        let chain = DisplayErrorContext(error).to_string();
        let detail = match error {
            // AWS's own words name the cause; without a code the answer came from somewhere else.
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
            // The SDK has no kind of error for this; its chain of causes names the credentials.
            _ if chain.contains("credentials") => Failure::NoCredentials,
            _ => Failure::Broken,
        };
        Self { operation, region: region.clone(), failure, detail }
    }

    /// Returns the failure of a call whose answers contradict themselves.
    #[must_use]
    pub fn broken(operation: &'static str, region: &Region, detail: impl Into<String>) -> Self {
        Self { operation, region: region.clone(), failure: Failure::Broken, detail: detail.into() }
    }
}

/// Tells the kind of failure from the code of an AWS error. The codes differ from service to service,
/// so the parts that they share are looked for.
fn by_code(code: &str) -> Failure {
    let is_one_of = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if is_one_of(&["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"]) {
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

/// Cuts off the debug dump that the SDK appends to the chain of causes, which is for people.
fn first_causes(detail: &str) -> String {
    let chain = detail.split(" (").next().unwrap_or(detail);
    chain.chars().take(400).collect()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, region, failure, detail } = self;
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
            Failure::Throttled => {
                write!(
                    f,
                    "{operation} in {region} is throttled, beyond all retries: run it again later, or less often ({detail})"
                )
            }
            Failure::TimedOut => {
                write!(
                    f,
                    "{operation} in {region} got no answer in time: see whether its endpoint can be reached, then run it again ({detail})"
                )
            }
            Failure::Broken => write!(f, "{operation} in {region} failed: {detail}"),
        }
    }
}

impl std::error::Error for ApiError {}
