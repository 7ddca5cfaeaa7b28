//! A line that is understood, of a model that is known, and what lines say of the row that they make.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::catalog::Trust;
use crate::catalog::price_list::item::{Endpoint, Price, PricedItem, PricedTokens};
use crate::catalog::price_list::names::ServiceCode;
use crate::catalog::price_list::{Conflicting, UnusedLine};
use crate::domain::{BaseModel, Region};

/// The day of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Published {
    /// Day on which the document was seen, which is never after today: the day of its publication,
    /// or of its newest price where that is not stated.
    pub(super) seen: Date,
    /// Day of its publication; `None` where the document does not state it.
    pub(super) stated: Option<Date>,
}

/// A line that is understood, of a model that is known.
#[derive(Clone, Debug)]
pub(super) struct IdentifiedLine {
    pub(super) service: ServiceCode,
    pub(super) sku: String,
    pub(super) usage_type: String,
    /// Name that the service has for the model.
    pub(super) name: String,
    pub(super) model: BaseModel,
    pub(super) region: Region,
    pub(super) published: Published,
    /// First day of the price.
    pub(super) effective: Date,
    /// True if somebody compared the model's lines of the bedrock-mantle endpoint with its page.
    pub(super) is_reviewed: bool,
    pub(super) item: PricedItem,
    pub(super) price: Price,
}

impl IdentifiedLine {
    pub(super) fn source(&self) -> String {
        let published = match self.published.stated {
            Some(day) => format!("published {day}"),
            None => format!("publication day not stated, newest price of {}", self.published.seen),
        };
        // On these lines the usage type is all that tells the endpoint.
        let usage_type = if self.has_mantle() {
            format!(", usage type {}", self.usage_type)
        } else {
            String::new()
        };
        format!(
            "AWS Price List {} {}, {}{usage_type}, {published}",
            self.service.code(),
            self.region.name(),
            self.name,
        )
    }

    pub(super) fn has_mantle(&self) -> bool {
        self.usage_type.contains("-mantle-")
    }

    /// Returns how far the line is to be trusted for what it prices.
    pub(super) fn trust(&self) -> Trust {
        let is_of_mantle = matches!(
            self.item,
            PricedItem::Tokens(PricedTokens { endpoint: Endpoint::Mantle, .. })
        );
        if self.has_mantle() && !is_of_mantle { Trust::ReviewedMantle } else { Trust::PriceList }
    }

    pub(super) fn unused(&self, why: String) -> UnusedLine {
        UnusedLine {
            service_code: self.service.code().into(),
            sku: self.sku.clone(),
            usage_type: self.usage_type.clone(),
            why,
        }
    }

    pub(super) fn conflicting(&self) -> Conflicting {
        Conflicting {
            service_code: self.service.code().into(),
            sku: self.sku.clone(),
            usage_type: self.usage_type.clone(),
            price: self.price.to_string(),
        }
    }
}

/// The lines of one row.
#[derive(Debug, Default)]
pub(super) struct LinesUsed {
    sources: BTreeSet<String>,
    /// The earliest of their days, as all prices of the row were seen by then, and the least trust.
    least: Option<(Date, Trust)>,
}

impl LinesUsed {
    pub(super) fn add(&mut self, line: &IdentifiedLine) {
        self.sources.insert(line.source());
        let (seen, trust) = (line.published.seen, line.trust());
        self.least = Some(match self.least {
            None => (seen, trust),
            Some(before) => (before.0.min(seen), before.1.max(trust)),
        });
    }

    /// Returns the day and the trust of the row, and where its prices are written; `None` where no
    /// line was used.
    pub(super) fn told(self) -> Option<(Date, Trust, String)> {
        let (seen, trust) = self.least?;
        Some((seen, trust, Vec::from_iter(self.sources).join("; ")))
    }
}
