//! The answers of the Price List.

use bedrock_cost_guard::domain::Region;
use serde_json::{Value, json};

use super::json::Members;
use super::token::{self, fingerprint};
use super::{FaultKind, Refusal, State};

/// Regions in which the Price List can be asked; the list is of all Regions.
const ENDPOINTS: [&str; 3] = ["us-east-1", "eu-central-1", "ap-south-1"];

const PRODUCTS_PER_PAGE: i64 = 100;

/// A product as it is served, and as it is filtered by.
pub(super) struct Product {
    text: String,
    attributes: Value,
}

impl Product {
    /// Reads a product from the JSON text that is to be served.
    pub(super) fn new(text: String) -> Self {
        let value: Value = serde_json::from_str(&text).expect("a product is JSON");
        let attributes = value["product"]["attributes"].clone();
        assert!(attributes.is_object(), "no attributes: {text}");
        Self { text, attributes }
    }

    fn has(&self, (field, value): &(String, String)) -> bool {
        self.attributes[field].as_str().is_some_and(|text| text.eq_ignore_ascii_case(value))
    }
}

/// Answers `GetProducts`. What AWS would answer slowly, or with less than was meant, is noted.
pub(super) fn get_products(
    state: &State,
    region: &Region,
    body: &[u8],
    fault: Option<FaultKind>,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Refusal> {
    if !ENDPOINTS.contains(&region.name()) {
        return Err(Refusal::new(
            400,
            "InvalidSignatureException",
            format!("the Price List has no endpoint in {region}"),
        ));
    }
    let mut members = Members::read("GetProducts", body)?;
    let code = members.text("ServiceCode")?;
    let code = members.require("ServiceCode", code)?;
    let filters = filters(members.list("Filters")?)?;
    if let Some(version) = members.text("FormatVersion")?.filter(|it| it != "aws_v1") {
        return Err(refuse(format!("the FormatVersion {version} is not known")));
    }
    let most = members.integer("MaxResults")?;
    let token = members.text("NextToken")?;
    members.finish()?;

    if most.is_none() {
        notes.push("it does not say MaxResults, and has as many calls as AWS likes".to_owned());
    }
    let most = most.unwrap_or(PRODUCTS_PER_PAGE);
    if !(1..=PRODUCTS_PER_PAGE).contains(&most) {
        return Err(refuse(format!("MaxResults may not be {most}")));
    }
    for (field, value) in filters.iter().filter(|(field, _)| field != "regionCode") {
        notes.push(format!(
            "it asks by {field}, for {value}: one call for each throttles, ask for a whole Region"
        ));
    }
    if token.is_some() && fault == Some(FaultKind::ExpiredToken) {
        let message = "The pagination token expired. Try again without a pagination token.";
        return Err(Refusal::new(400, "ExpiredNextTokenException", message).without_blame());
    }

    let fingerprint = fingerprint(&(&code, &filters, most));
    let first = match token {
        None => 0,
        Some(token) => {
            let [first, _] = token::read(&token, fingerprint).ok_or_else(|| {
                let message = format!("{token} is not a NextToken of this question");
                Refusal::new(400, "InvalidNextTokenException", message)
            })?;
            first
        }
    };
    let found: Vec<&str> = state
        .products
        .get(&code)
        .into_iter()
        .flatten()
        .filter(|product| filters.iter().all(|filter| product.has(filter)))
        .map(|product| product.text.as_str())
        .collect();
    let rest = found.get(first..).unwrap_or_default();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let size = rest.len().min(most).min(state.page_sizes.products.max(1));
    let mut answer = json!({ "FormatVersion": "aws_v1", "PriceList": rest[..size] });
    if size < rest.len() {
        let arrival = state.arrivals("GetProducts");
        answer["NextToken"] = token::write(fingerprint, [first + size, 0], arrival).into();
    }
    Ok(answer.to_string().into_bytes())
}

/// Reads the fields that are asked for, each with its value. Only exact terms are served.
fn filters(items: Vec<Value>) -> Result<Vec<(String, String)>, Refusal> {
    if items.len() > 50 {
        return Err(refuse("there are more than 50 filters"));
    }
    items
        .into_iter()
        .map(|item| {
            let mut item = Members::of("a filter", item)?;
            let (kind, field, value) =
                (item.text("Type")?, item.text("Field")?, item.text("Value")?);
            let kind = item.require("Type", kind)?;
            let (field, value) = (item.require("Field", field)?, item.require("Value", value)?);
            item.finish()?;
            if kind == "TERM_MATCH" {
                Ok((field, value))
            } else {
                Err(refuse(format!("a filter of the Type {kind} is not known")))
            }
        })
        .collect()
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", message)
}
