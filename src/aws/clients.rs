//! The SDK's configuration and the clients of one Region.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_cloudwatch::config::SharedHttpClient;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::aws::bedrock::Bedrock;
use crate::aws::cloudwatch::CloudWatch;
use crate::aws::price_list::Pricing;
use crate::config::{SettingsError, check_endpoints};
use crate::domain::Region;

/// Tries of a call, the first included. Six spread over some 20 seconds of back-off.
const ATTEMPTS: u32 = 6;

/// Reads the SDK's configuration from where the platform keeps it. `vars` are the names and values of the
/// environment, of which the addresses of endpoints are checked before the SDK relies on them.
pub async fn config(
    vars: impl IntoIterator<Item = (String, String)>,
) -> Result<SdkConfig, SettingsError> {
    check_endpoints(vars)?;
    // A call that hangs ends before the function does, whose 300 s are the default of the template, so
    // that the error names the call.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_mins(1))
        .operation_timeout(Duration::from_mins(4))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts);
    // The name goes into the user agent, which CloudTrail shows.
    if let Ok(name) = AppName::new("bedrock-cost-guard") {
        loader = loader.app_name(name);
    }
    Ok(loader.load().await)
}

/// Returns the connections that all clients share.
#[must_use]
pub fn https() -> SharedHttpClient {
    HttpClientBuilder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Returns a configuration for work that asks AWS nothing.
#[must_use]
pub fn offline() -> SdkConfig {
    SdkConfig::builder().build()
}

/// Returns the same configuration in a Region.
#[must_use]
pub fn in_region(config: &SdkConfig, region: &Region) -> SdkConfig {
    let region = aws_config::Region::new(region.name().to_owned());
    config.to_builder().region(region).build()
}

/// Returns the Region of a configuration; `None` where it has none.
#[must_use]
pub fn home_region(config: &SdkConfig) -> Option<Region> {
    config.region().and_then(|region| region.as_ref().parse().ok())
}

/// Returns CloudWatch in a Region.
#[must_use]
pub fn cloudwatch(config: &SdkConfig, region: &Region) -> CloudWatch {
    let client = aws_sdk_cloudwatch::Client::from_conf(
        aws_sdk_cloudwatch::config::Builder::from(config)
            .region(aws_config::Region::new(region.name().to_owned()))
            .build(),
    );
    CloudWatch { client, region: region.clone() }
}

/// Returns Bedrock in a Region.
#[must_use]
pub fn bedrock(config: &SdkConfig, region: &Region) -> Bedrock {
    let client = aws_sdk_bedrock::Client::from_conf(
        aws_sdk_bedrock::config::Builder::from(config)
            .region(aws_config::Region::new(region.name().to_owned()))
            .build(),
    );
    Bedrock { client, region: region.clone() }
}

/// Returns the Price List at one of the endpoints.
#[must_use]
pub fn pricing(config: &SdkConfig, endpoint: &Region) -> Pricing {
    let client = aws_sdk_pricing::Client::from_conf(
        aws_sdk_pricing::config::Builder::from(config)
            .region(aws_config::Region::new(endpoint.name().to_owned()))
            .build(),
    );
    Pricing { client, endpoint: endpoint.clone() }
}

/// Returns S3 in the Region of a configuration.
#[must_use]
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::new(config)
}

/// Returns Systems Manager in the Region of a configuration.
#[must_use]
pub fn ssm(config: &SdkConfig) -> aws_sdk_ssm::Client {
    aws_sdk_ssm::Client::new(config)
}
