//! The Price List: whole offers, all pages of each.
//!
//! `GetProducts` allows few calls a second, so an offer is read once for a Region and not once for
//! each model.

use aws_sdk_pricing::Client;
use aws_sdk_pricing::error::ProvideErrorMetadata as _;
use aws_sdk_pricing::types::{Filter, FilterType};

use crate::aws::ApiError;
use crate::aws::pages::Pages;
use crate::domain::Region;

/// Service codes of the offers that Bedrock's inference is sold under.
pub const OFFERS: [&str; 3] =
    ["AmazonBedrock", "AmazonBedrockFoundationModels", "AmazonBedrockService"];

const OPERATION: &str = "pricing:GetProducts";

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
        let of_region = Filter::builder()
            .r#type(FilterType::TermMatch)
            .field("regionCode")
            .value(region.name())
            .build()
            .map_err(|error| ApiError::broken(OPERATION, &self.endpoint, error.to_string()))?;
        let mut restarts = 0;
        loop {
            // Boxed: three of these futures are in one.
            match Box::pin(self.pages(offer, &of_region)).await {
                Ok(products) => return Ok(products),
                // Without its token the next page cannot be asked for: the offer begins again.
                Err(Unfinished::Expired(_)) if restarts < RESTARTS => restarts += 1,
                Err(Unfinished::Expired(error) | Unfinished::Failed(error)) => return Err(error),
            }
        }
    }

    /// Reads all pages of an offer once.
    async fn pages(&self, offer: &str, of_region: &Filter) -> Result<Vec<String>, Unfinished> {
        let mut pages = Pages::new(OPERATION, &self.endpoint);
        let mut products = Vec::new();
        loop {
            let call = self
                .client
                .get_products()
                .service_code(offer)
                .filters(of_region.clone())
                .format_version("aws_v1")
                .max_results(PAGE)
                .set_next_token(pages.token());
            let page = call.send().await.map_err(|error| {
                let is_expired = error.code() == Some("ExpiredNextTokenException");
                let error = ApiError::new(OPERATION, &self.endpoint, &error);
                if is_expired { Unfinished::Expired(error) } else { Unfinished::Failed(error) }
            })?;
            let has_next = pages.is_followed(page.next_token())?;
            products.extend(pages.list(page.price_list, "PriceList")?);
            if !has_next {
                break;
            }
        }
        // A list that changes while its pages are read repeats products.
        products.sort_unstable();
        products.dedup();
        Ok(products)
    }
}

/// Reason why an offer was not read to its end.
enum Unfinished {
    /// The token of the next page has run out.
    Expired(ApiError),
    /// The call failed, or its pages make no sense.
    Failed(ApiError),
}

impl From<ApiError> for Unfinished {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}
