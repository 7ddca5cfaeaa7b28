//! The two shapes of a Price List document as one: lines, each a term of a SKU.
//!
//! `GetProducts` gives each product as a JSON text of its own, with its terms inside. The offer
//! file of the bulk interface keeps products and terms apart, joined by SKU. A line that lacks
//! something or says something twice is kept with a refusal in place of its price.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::catalog::price_list::PriceListError;
use crate::catalog::price_list::refusal::LineRefusal;
use crate::domain::syntax::read_json;

/// One term of one SKU.
#[derive(Clone, Debug)]
pub(super) struct PriceLine {
    /// Service code; empty where the document does not say.
    pub(super) service_code: String,
    /// SKU; empty where the document does not say.
    pub(super) sku: String,
    /// Attributes of the product that are text.
    pub(super) attributes: BTreeMap<String, String>,
    /// Day on which the document was published; `None` where the document does not say.
    pub(super) published: Option<Date>,
    /// The one price, or the reason for which there is none.
    pub(super) price: Result<ListedPrice, LineRefusal>,
}

/// A price as it is listed.
#[derive(Clone, Debug)]
pub(super) struct ListedPrice {
    pub(super) unit: String,
    pub(super) description: String,
    /// Amount in US dollars, as text.
    pub(super) usd: String,
    /// First day of the price.
    pub(super) effective: Date,
}

impl PriceLine {
    /// Returns the usage type; empty where there is none.
    pub(super) fn usage_type(&self) -> &str {
        self.attribute("usagetype").unwrap_or_default()
    }

    /// Returns an attribute that is there and not empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let text = self.attributes.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }

    fn without_price(refusal: LineRefusal) -> Self {
        Self {
            service_code: String::new(),
            sku: String::new(),
            attributes: BTreeMap::new(),
            published: None,
            price: Err(refusal),
        }
    }
}

/// Reads the lines of one product of `GetProducts`.
pub(super) fn of_product_text(json: &str) -> Vec<PriceLine> {
    match read_json(json) {
        Ok(product) => of_product(&product),
        Err(fault) => {
            let refusal = LineRefusal::NotJson(fault);
            vec![PriceLine::without_price(refusal)]
        }
    }
}

/// Reads the lines of a document: an offer file, an answer of `GetProducts`, or products in an
/// array.
pub(super) fn of_document(name: &str, text: &str) -> Result<Vec<PriceLine>, PriceListError> {
    // Some tools write a byte order mark, which is no JSON.
    let text = text.trim_start_matches('\u{feff}');
    let document: Value =
        read_json(text).map_err(|fault| PriceListError::NotJson { name: name.into(), fault })?;
    let unknown = || PriceListError::NotAPriceList { name: name.into() };
    match &document {
        Value::Array(products) => Ok(of_products(products)),
        Value::Object(members) => {
            if let (Some(products), Some(Value::Object(_))) =
                (members.get("products"), members.get("terms"))
            {
                let products = products.as_object().ok_or_else(unknown)?;
                Ok(of_offer_file(&document, products))
            } else if let Some(Value::Array(products)) = members.get("PriceList") {
                Ok(of_products(products))
            } else if members.contains_key("product") {
                Ok(of_product(&document))
            } else {
                Err(unknown())
            }
        }
        _ => Err(unknown()),
    }
}

fn of_products(products: &[Value]) -> Vec<PriceLine> {
    let lines = products.iter().map(|product| match product {
        Value::String(json) => of_product_text(json),
        product => of_product(product),
    });
    lines.flatten().collect()
}

fn of_product(document: &Value) -> Vec<PriceLine> {
    let Some(product) = document.get("product") else {
        return vec![PriceLine::without_price(LineRefusal::NotAProduct)];
    };
    lines(
        text(document.get("serviceCode")),
        text(product.get("sku")),
        &attributes(product),
        day(document.get("publicationDate")),
        document.pointer("/terms/OnDemand"),
    )
}

fn of_offer_file(document: &Value, products: &Map<String, Value>) -> Vec<PriceLine> {
    let service_code = text(document.get("offerCode"));
    let published = day(document.get("publicationDate"));
    let terms = document.pointer("/terms/OnDemand");
    let mut all = Vec::new();
    for (sku, product) in products {
        let of_sku = terms.and_then(|terms| terms.get(sku));
        let attributes = attributes(product);
        all.extend(lines(service_code, sku, &attributes, published, of_sku));
    }
    let without_product = terms.and_then(Value::as_object).into_iter().flatten();
    for (sku, _) in without_product.filter(|(sku, _)| !products.contains_key(*sku)) {
        all.push(PriceLine {
            service_code: service_code.into(),
            sku: sku.clone(),
            published,
            ..PriceLine::without_price(LineRefusal::NoProduct)
        });
    }
    all
}

/// Builds the lines of one SKU. The codes of its terms say nothing that is used.
fn lines(
    document: &str,
    sku: &str,
    attributes: &BTreeMap<String, String>,
    published: Option<Date>,
    terms: Option<&Value>,
) -> Vec<PriceLine> {
    let attribute = attributes.get("servicecode").map_or("", String::as_str);
    let service_code = if document.is_empty() { attribute } else { document };
    let line = |price| PriceLine {
        service_code: service_code.into(),
        sku: sku.into(),
        attributes: attributes.clone(),
        published,
        price,
    };
    if !attribute.is_empty() && service_code != attribute {
        return vec![line(Err(LineRefusal::TwoServices {
            document: document.into(),
            attribute: attribute.into(),
        }))];
    }
    match terms.and_then(Value::as_object) {
        Some(terms) if !terms.is_empty() => terms.values().map(|term| line(price(term))).collect(),
        _ => vec![line(Err(LineRefusal::Lacks("OnDemand term")))],
    }
}

fn price(term: &Value) -> Result<ListedPrice, LineRefusal> {
    let effective = day(term.get("effectiveDate")).ok_or(LineRefusal::Lacks("effectiveDate"))?;
    if !is_empty(term.get("termAttributes")) {
        return Err(LineRefusal::TermAttributes);
    }
    let dimensions = term.get("priceDimensions").and_then(Value::as_object);
    let dimensions = dimensions.ok_or(LineRefusal::Lacks("price dimension"))?;
    let mut dimensions = dimensions.values();
    let (Some(dimension), None) = (dimensions.next(), dimensions.next()) else {
        return Err(LineRefusal::PriceDimensions);
    };
    // A price for a part of the usage alone would have to be combined with others.
    let begin = text(dimension.get("beginRange"));
    let end = text(dimension.get("endRange"));
    if (begin, end) != ("0", "Inf") {
        return Err(LineRefusal::PriceRange { begin: begin.into(), end: end.into() });
    }
    if !is_empty(dimension.get("appliesTo")) {
        return Err(LineRefusal::OtherSkus);
    }
    let prices = dimension.get("pricePerUnit").and_then(Value::as_object);
    let prices = prices.ok_or(LineRefusal::Lacks("pricePerUnit"))?;
    let mut prices = prices.iter();
    let usd = match (prices.next(), prices.next()) {
        (Some((currency, Value::String(usd))), None) if currency == "USD" => usd.clone(),
        // A number has gone through a float, which does not hold most prices.
        (Some((currency, Value::Number(_))), None) if currency == "USD" => {
            return Err(LineRefusal::PriceIsANumber);
        }
        _ => return Err(LineRefusal::NotInUsd),
    };
    Ok(ListedPrice {
        unit: text(dimension.get("unit")).into(),
        description: text(dimension.get("description")).into(),
        usd,
        effective,
    })
}

fn attributes(product: &Value) -> BTreeMap<String, String> {
    let members = product.get("attributes").and_then(Value::as_object);
    members
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default().trim()
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(all)) => all.is_empty(),
        Some(Value::Object(all)) => all.is_empty(),
        Some(_) => false,
    }
}

/// Reads the day of a time such as `2026-05-04T23:53:04Z`.
fn day(value: Option<&Value>) -> Option<Date> {
    let text = text(value);
    let (day, rest) = text.split_at_checked(10)?;
    let is_utc = rest.is_empty() || (rest.starts_with('T') && rest.ends_with('Z'));
    is_utc.then(|| day.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_a_time_in_utc() {
        let day = |text: &str| day(Some(&Value::from(text))).map(|day| day.to_string());
        assert_eq!(day("2026-05-04T23:53:04Z").as_deref(), Some("2026-05-04"));
        assert_eq!(day("2026-05-04").as_deref(), Some("2026-05-04"));
        for bad in ["", "2026-5-4", "2026-02-30T00:00:00Z", "2026-05-04T23:53:04+09:00"] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_document_that_is_no_price_list_is_refused_by_name() {
        for text in ["", "1", "{}", "{\"products\": 1, \"terms\": {}}", "[1"] {
            let fault = of_document("prices.json", text).unwrap_err().to_string();
            assert!(fault.contains("prices.json"), "{fault}");
        }
    }

    #[test]
    fn what_is_no_product_is_a_line_without_a_price() {
        let lines = of_document("prices.json", "[1, \"{\", \"{}\"]").unwrap();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.price.is_err()));
    }
}
