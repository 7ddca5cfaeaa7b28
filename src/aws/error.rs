//! The failures of a call to AWS, said once for every call, with the cause that a person can act on.
//!
//! Retries and back-off are the SDK's: a call that fails here has been retried already.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use aws_sdk_cloudwatch::config::http::HttpResponse;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};

use crate::domain::Region;
use crate::domain::text::clip;

/// Characters that an error says of one call at most: an answer can be a page of somebody's proxy.
const MOST_CHARACTERS: usize = 300;

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The operation, as in `bedrock:ListProvisionedModelThroughputs`.
    pub operation: &'static str,
    /// The Region that was asked.
    pub region: Region,
    /// The kind of failure.
    pub failure: Failure,
    /// The cause, in the words of AWS or of this program.
    pub detail: String,
    /// Program that asked, which decides what there is to do.
    pub caller: Caller,
}

/// Program that asks AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// A person at a terminal.
    #[default]
    Terminal,
    /// The function.
    Lambda,
}

/// Kind of failure that a call ended with. A run with several is named by the first of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// AWS knows the caller and refuses.
    Forbidden,
    /// There are no usable credentials.
    NoCredentials,
    /// The Region takes no credentials of the account, which has to enable such Regions.
    NotEnabled,
    /// AWS asked to slow down, beyond all retries.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// No connection came about, or it broke off.
    Unreachable,
    /// An answer came that makes no sense.
    Broken,
}

impl ApiError {
    /// Takes the error of a call over from the SDK.
    pub fn new<E>(
        operation: &'static str,
        region: &Region,
        error: &SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (failure, detail) = cause(region, error);
        Self { operation, region: region.clone(), failure, detail, caller: Caller::default() }
    }

    /// Returns the failure of a call whose answers contradict themselves.
    #[must_use]
    pub fn broken(operation: &'static str, region: &Region, detail: impl Into<String>) -> Self {
        Self {
            operation,
            region: region.clone(),
            failure: Failure::Broken,
            detail: detail.into(),
            caller: Caller::default(),
        }
    }

    /// Returns the failure of calls that were not done in their time.
    #[must_use]
    pub fn late(operation: &'static str, region: &Region, detail: impl Into<String>) -> Self {
        Self { failure: Failure::TimedOut, ..Self::broken(operation, region, detail) }
    }

    /// Says what to do in the words of the program that asked.
    #[must_use]
    pub fn asked_by(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }
}

/// Finds the kind of failure and its cause.
fn cause<E>(region: &Region, error: &SdkError<E, HttpResponse>) -> (Failure, String)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let chain: Vec<&(dyn Error + 'static)> =
        std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source())
            .collect();
    match error {
        SdkError::TimeoutError(_) => (Failure::TimedOut, "it took too long".to_owned()),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => by_code(region, code, service.err().message()),
            // Without a code the answer came from somewhere else.
            None => (Failure::Broken, not_of_aws(service.raw())),
        },
        SdkError::ResponseError(response) => match broken_off(&chain) {
            Some(cause) => (Failure::Unreachable, cause.to_owned()),
            None => (Failure::Broken, not_of_aws(response.raw())),
        },
        SdkError::DispatchFailure(_) => match unreachable(&chain) {
            Some(cause) => (Failure::Unreachable, cause),
            None if speaks_of_credentials(&chain) => (Failure::NoCredentials, last_of(&chain)),
            None => (Failure::Unreachable, last_of(&chain)),
        },
        _ if speaks_of_credentials(&chain) => (Failure::NoCredentials, last_of(&chain)),
        _ => (Failure::Broken, last_of(&chain)),
    }
}

/// Tells the failure from the code of an AWS error. The codes differ from service to service, so the
/// parts that they share are looked for.
fn by_code(region: &Region, code: &str, message: Option<&str>) -> (Failure, String) {
    let is_one_of = |words: &[&str]| words.iter().any(|word| code.contains(word));
    let in_words = || match message {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    };
    if is_one_of(&["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"]) {
        (Failure::Throttled, in_words())
    } else if code.contains("OptInRequired") {
        (Failure::NotEnabled, code.to_owned())
    } else if is_one_of(&[
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "ExpiredToken",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "InvalidSignature",
        "AuthFailure",
    ]) {
        // A Region that is not enabled knows no credentials of the account. AWS's message is left
        // out: of a wrong signature it repeats the request, the session token included.
        let is_unknown = is_one_of(&["UnrecognizedClient", "InvalidClientTokenId", "AuthFailure"]);
        let failure = if is_unknown && region.is_opt_in() {
            Failure::NotEnabled
        } else {
            Failure::NoCredentials
        };
        (failure, code.to_owned())
    } else if is_one_of(&["AccessDenied", "NotAuthorized", "Unauthorized", "Forbidden"]) {
        (Failure::Forbidden, in_words())
    } else {
        (Failure::Broken, in_words())
    }
}

/// Describes an answer that AWS would not give, by its status and its type.
fn not_of_aws(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").unwrap_or("no type");
    let kind = kind.split(';').next().unwrap_or(kind);
    if answer.status().is_success() {
        format!("the answer, HTTP {status} of {kind}, cannot be understood")
    } else {
        format!(
            "HTTP {status} with an answer of {kind} that is not of AWS's, as a proxy or an endpoint of one's own gives"
        )
    }
}

/// Describes an answer whose body broke off; `None` where that is not the cause.
fn broken_off(chain: &[&(dyn Error + 'static)]) -> Option<&'static str> {
    let is_cut = chain.iter().any(|cause| {
        let text = cause.to_string();
        text.contains("end of file before message length reached")
            || text.contains("connection closed before message completed")
            || text.contains("unexpected EOF")
            || text.contains("error reading a body")
            || is_reset(*cause)
    });
    is_cut.then_some("the connection was reset before the answer was whole")
}

/// Returns true if an error says that the other side closed the connection.
fn is_reset(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|cause| {
        matches!(
            cause.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        )
    })
}

/// Says why no connection came about, from the kinds of the causes; `None` where they tell nothing.
fn unreachable(chain: &[&(dyn Error + 'static)]) -> Option<String> {
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let says =
        |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    let kind = |wanted: &[ErrorKind]| {
        let mut causes = chain.iter().filter_map(|cause| cause.downcast_ref::<io::Error>());
        causes.any(|cause| wanted.contains(&cause.kind()))
    };
    let cause = if says(&["dns error", "failed to lookup address"]) {
        "the name of its endpoint is not known (DNS): see the Region, AWS_ENDPOINT_URL, and whether the service is in that Region"
    } else if kind(&[ErrorKind::ConnectionRefused]) {
        "its endpoint refused the connection: see AWS_ENDPOINT_URL and the proxy"
    } else if kind(&[ErrorKind::NetworkUnreachable, ErrorKind::HostUnreachable]) {
        "no way leads to its endpoint: see the network"
    } else if broken_off(chain).is_some() {
        "its endpoint reset the connection without an answer: see the proxy and the firewall"
    } else if says(&["certificate", "UnknownIssuer", "InvalidContentType", "tls", "TLS"]) {
        "its endpoint was not to be trusted (TLS): see the proxy, and whether its certificate authority is known here"
    } else if says(&["invalid URI", "relative URL", "invalid format", "failed to build the URL"]) {
        "what is given for its address is none: see AWS_ENDPOINT_URL"
    } else {
        return None;
    };
    Some(cause.to_owned())
}

/// Returns true if the SDK found no credentials, which has no kind of error of its own.
fn speaks_of_credentials(chain: &[&(dyn Error + 'static)]) -> bool {
    chain.iter().any(|cause| cause.to_string().contains("credentials"))
}

/// Returns the text of the last cause, which the others lead to.
fn last_of(chain: &[&(dyn Error + 'static)]) -> String {
    chain.last().map(ToString::to_string).unwrap_or_default()
}

impl ApiError {
    /// Joins some errors, each said once with all the Regions that it came from.
    #[must_use]
    pub fn join(errors: &[Self]) -> String {
        let mut said: Vec<(&Self, Vec<&str>)> = Vec::new();
        for error in errors {
            let alike = |(other, _): &&mut (&Self, Vec<&str>)| {
                (other.operation, other.failure, &other.detail, other.caller)
                    == (error.operation, error.failure, &error.detail, error.caller)
            };
            match said.iter_mut().find(alike) {
                Some((_, regions)) if regions.contains(&error.region.name()) => {}
                Some((_, regions)) => regions.push(error.region.name()),
                None => said.push((error, vec![error.region.name()])),
            }
        }
        let sentences = said.iter().map(|(error, regions)| error.in_words(&named(regions)));
        sentences.collect::<Vec<_>>().join("; ")
    }

    fn in_words(&self, regions: &str) -> String {
        let Self { operation, failure, detail, caller, .. } = self;
        let at = format!("{operation} in {regions}");
        let text = match (failure, caller) {
            (Failure::Forbidden, Caller::Lambda) => format!(
                "{at} is forbidden: allow it in the policy of the function's role ({detail})"
            ),
            (Failure::Forbidden, Caller::Terminal) => format!(
                "{at} is forbidden: allow it in the policy of the role or user that you are signed in as ({detail})"
            ),
            (Failure::NoCredentials, Caller::Lambda) => format!(
                "{at} has no usable AWS credentials: see whether the function's role is still there and trusts lambda.amazonaws.com ({detail})"
            ),
            (Failure::NoCredentials, Caller::Terminal) => {
                format!("{at} has no usable AWS credentials: sign in or set AWS_PROFILE ({detail})")
            }
            (Failure::NotEnabled, _) => format!(
                "{at} takes no credentials of this account: the Region is not enabled for the account. Enable it, or leave it out of GUARD_REGIONS ({detail})"
            ),
            (Failure::Throttled, _) => format!(
                "{at} is throttled, beyond all retries: run it again later, or less often ({detail})"
            ),
            (Failure::TimedOut, Caller::Lambda) => format!(
                "{at} got no answer in time: see whether the function's subnets reach its endpoint, then run it again ({detail})"
            ),
            (Failure::TimedOut, Caller::Terminal) => format!(
                "{at} got no answer in time: see whether its endpoint can be reached, then run it again ({detail})"
            ),
            (Failure::Unreachable, _) => format!("{at} could not be asked: {detail}"),
            (Failure::Broken, _) => format!("{at} failed: {detail}"),
        };
        clip(&text, MOST_CHARACTERS).into_owned()
    }
}

/// Names some Regions, few of them, so that the cause has room behind them.
fn named(regions: &[&str]) -> String {
    match regions {
        [first, second, third, _, ..] => {
            format!("{first}, {second}, {third} and {} more Regions", regions.len() - 3)
        }
        few => few.join(", "),
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(self.region.name()))
    }
}

impl Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    #[test]
    fn a_region_that_is_not_enabled_says_so_and_any_other_asks_for_credentials() {
        let failure = |code, at| by_code(&region(at), code, None).0;
        for code in ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"] {
            assert_eq!(failure(code, "ap-southeast-6"), Failure::NotEnabled, "{code}");
            assert_eq!(failure(code, "us-east-1"), Failure::NoCredentials, "{code}");
        }
        assert_eq!(failure("ExpiredTokenException", "ap-southeast-6"), Failure::NoCredentials);
        assert_eq!(failure("OptInRequired", "us-east-1"), Failure::NotEnabled);
    }

    #[test]
    fn what_to_do_is_said_for_where_one_is() {
        let error = ApiError {
            failure: Failure::NoCredentials,
            ..ApiError::broken("cloudwatch:ListMetrics", &region("us-east-1"), "ExpiredToken")
        };
        assert!(error.to_string().contains("set AWS_PROFILE"), "{error}");
        let error = error.asked_by(Caller::Lambda).to_string();
        assert!(error.contains("function's role") && !error.contains("AWS_PROFILE"), "{error}");
    }

    #[test]
    fn the_session_token_that_a_wrong_signature_repeats_is_left_out() {
        let message = "The canonical string should have been x-amz-security-token:IQoJb3JpZ2lu";
        let (_, detail) = by_code(&region("us-east-1"), "SignatureDoesNotMatch", Some(message));
        assert_eq!(detail, "SignatureDoesNotMatch");
    }

    #[test]
    fn many_regions_with_one_fault_leave_room_for_the_cause_and_what_to_do() {
        let errors: Vec<ApiError> = (1..=30)
            .map(|number| ApiError {
                failure: Failure::Forbidden,
                ..ApiError::broken(
                    "cloudwatch:ListMetrics",
                    &region(&format!("us-east-{number}")),
                    "AccessDenied",
                )
            })
            .collect();
        let text = ApiError::join(&errors);
        assert!(
            text.contains("us-east-1, us-east-2, us-east-3 and 27 more Regions is forbidden"),
            "{text}"
        );
        assert!(text.contains("allow it in the policy") && text.contains("AccessDenied"), "{text}");
    }

    proptest! {
        #[test]
        fn no_error_is_longer_than_its_limit(detail in ".{0,2000}") {
            let error = ApiError::broken("s3:GetObject", &region("us-east-1"), detail.clone());
            let text = error.to_string();
            prop_assert!(text.chars().count() <= MOST_CHARACTERS);
            let whole = format!("s3:GetObject in us-east-1 failed: {detail}");
            if whole.chars().count() <= MOST_CHARACTERS {
                prop_assert_eq!(text, whole);
            }
        }
    }
}
