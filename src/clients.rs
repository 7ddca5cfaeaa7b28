//! The SDK's configuration and the clients of one Region.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};

use crate::domain::Region;
use crate::inventory::bedrock::Bedrock;
use crate::usage::cloudwatch::CloudWatch;

/// How often a call is tried. Six tries spread over some 20 seconds of back-off.
const ATTEMPTS: u32 = 6;

/// Reads the SDK's configuration from where the platform keeps it.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_mins(1))
        .operation_timeout(Duration::from_mins(4))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts);
    if let Ok(name) = AppName::new("bedrock-cost-guard") {
        loader = loader.app_name(name);
    }
    loader.load().await
}

/// The Region of a configuration.
#[must_use]
pub fn home_region(config: &SdkConfig) -> Option<Region> {
    config
        .region()
        .and_then(|region| region.as_ref().parse().ok())
}

/// CloudWatch in a Region.
#[must_use]
pub fn cloudwatch(config: &SdkConfig, region: &Region) -> CloudWatch {
    let client = aws_sdk_cloudwatch::Client::from_conf(
        aws_sdk_cloudwatch::config::Builder::from(config)
            .region(aws_config::Region::new(region.name().to_owned()))
            .build(),
    );
    CloudWatch {
        client,
        region: region.clone(),
    }
}

/// Bedrock in a Region.
#[must_use]
pub fn bedrock(config: &SdkConfig, region: &Region) -> Bedrock {
    let client = aws_sdk_bedrock::Client::from_conf(
        aws_sdk_bedrock::config::Builder::from(config)
            .region(aws_config::Region::new(region.name().to_owned()))
            .build(),
    );
    Bedrock {
        client,
        region: region.clone(),
    }
}
