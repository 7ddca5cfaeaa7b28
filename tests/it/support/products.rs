//! Lines of the AWS Price List, as `GetProducts` gives them.

use serde_json::{Value, json};

/// Writes a product with one price that holds since March, published after all that the embedded
/// book has; its usage type is its SKU too.
pub(crate) fn product(
    service: &str,
    attributes: &Value,
    unit: &str,
    description: &str,
    usd: &str,
) -> String {
    let sku = &attributes["usagetype"];
    json!({
        "serviceCode": service,
        "version": "20261220000000",
        "publicationDate": "2026-12-20T00:00:00Z",
        "product": { "sku": sku, "attributes": attributes },
        "terms": { "OnDemand": { "TERM": {
            "sku": sku,
            "effectiveDate": "2026-03-01T00:00:00Z",
            "termAttributes": {},
            "priceDimensions": { "RATE": {
                "unit": unit,
                "description": description,
                "beginRange": "0",
                "endRange": "Inf",
                "appliesTo": [],
                "pricePerUnit": { "USD": usd },
            }},
        }}},
    })
    .to_string()
}

/// Writes what Nova Micro costs in a Region for 1,000 `input` or `output` tokens.
pub(crate) fn nova_micro(region: &str, meter: &str, usd: &str) -> String {
    let inference_type = if meter == "input" { "Input tokens" } else { "Output tokens" };
    let attributes = json!({
        "servicecode": "AmazonBedrock",
        "servicename": "Amazon Bedrock",
        "regionCode": region,
        "model": "Nova Micro",
        "usagetype": format!("XXX1-NovaMicro-{meter}-tokens"),
        "inferenceType": inference_type,
        "feature": "On-demand Inference",
    });
    let description = format!("${usd} per 1K tokens for Nova Micro {meter} tokens");
    product("AmazonBedrock", &attributes, "1K tokens", &description, usd)
}
