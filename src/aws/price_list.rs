//! The Price List: whole offers, all pages of each.
//!
//! `GetProducts` allows few calls a second, so an offer is read once for a Region and not once for
//! each model.

use aws_sdk_pricing::Client;
use aws_sdk_pricing::error::ProvideErrorMetadata as _;
use aws_sdk_pricing::types::{Filter, FilterType};

use crate::aws::ApiError;
use crate::domain::Region;

/// Service codes of the offers that Bedrock's inference is sold under.
pub const OFFERS: [&str; 3] =
    ["AmazonBedrock", "AmazonBedrockFoundationModels", "AmazonBedrockService"];

/// Products on one page, the most that `GetProducts` gives.
const PAGE: i32 = 100;

/// Fresh starts of an offer after the token of a next page has run out.
const RESTARTS: u32 = 2;

/// The Price List at one of the endpoints.
#[derive(Clone, Debug)]
pub struct Pricing {
    /// The SDK's client for that endpoint.
    pub client: Client,
    /// The Region of the endpoint. Each endpoint has the prices of all Regions.
    pub endpoint: Region,
}

impl Pricing {
    /// Reads every product of an offer in a Region, each as the JSON document that AWS gives.
    pub async fn products(&self, offer: &str, region: &Region) -> Result<Vec<String>, ApiError> {
        const OPERATION: &str = "pricing:GetProducts";
        let of_region = Filter::builder()
            .r#type(FilterType::TermMatch)
            .field("regionCode")
            .value(region.name())
            .build()
            .map_err(|error| ApiError::broken(OPERATION, &self.endpoint, error.to_string()))?;
        let mut restarts = 0;
        loop {
            let pages = self
                .client
                .get_products()
                .service_code(offer)
                .filters(of_region.clone())
                .format_version("aws_v1")
                .max_results(PAGE)
                .into_paginator()
                .items()
                .send();
            match pages.collect::<Result<Vec<String>, _>>().await {
                Ok(products) => return Ok(products),
                Err(error)
                    if error.code() == Some("ExpiredNextTokenException") && restarts < RESTARTS =>
                {
                    // Without its token the next page cannot be asked for: the offer begins again.
                    restarts += 1;
                }
                Err(error) => return Err(ApiError::new(OPERATION, &self.endpoint, &error)),
            }
        }
    }
}
