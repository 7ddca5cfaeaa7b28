//! One model in one Region: the price of a call by each profile that the Region may call.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::catalog::{
    CallableScope, FigureItem, FigureKey, FigureScope, InForce, ModelPrices, Overrides, PriceBook,
    RateField, RateQuery,
};
use crate::domain::{BaseModel, Meter, ModelId, Region, Scope, ServiceTier};
use crate::terminal::page::{cell, line, table, wrapped_within, write_table};
use crate::terminal::prices::words::{FIELDS, lifecycle_days, plain, warn};

/// Width of the page in columns.
const WIDTH: u16 = 100;

/// The prices of a model for whoever calls it from one Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionPrices {
    /// Warning that nobody may act on the prices; `None` where AWS charges them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Base id of the model.
    pub model: BaseModel,
    /// Name that people use.
    pub name: String,
    /// Name of the book.
    pub book: String,
    /// Region that is called.
    pub region: Region,
    /// Day of the prices.
    pub day: Date,
    /// Calls with a price, the narrowest scope first.
    pub calls: Vec<CallPrice>,
    /// Calls that the Region may make and that have no price, each with what the book has instead.
    pub unpriced: Vec<UnpricedCall>,
    /// True if a price was first seen after the day, or was last seen long before.
    pub is_of_another_day: bool,
    /// Model units and reserved tokens that can be bought ahead, in words.
    pub offers: Vec<String>,
    /// Dates on which the model leaves the Region, in words.
    pub lifecycle: Vec<String>,
}

/// The price of one kind of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallPrice {
    /// Scopes of the calls; all of them have these prices.
    pub scopes: Vec<Scope>,
    /// Ids by which a caller names the model under these scopes.
    pub model_ids: Vec<String>,
    /// Scopes among them that AWS's lists do not have for the Region: such a call may be refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<Scope>,
    /// Tier that serves the calls.
    pub tier: ServiceTier,
    /// Input tokens that the calls have more of; `None` for short ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// USD for a million tokens, by the name of the field in a book.
    pub prices: BTreeMap<&'static str, String>,
    /// Places where the prices are written, with the day on which each was last seen.
    pub sources: Vec<String>,
}

/// Calls without a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnpricedCall {
    /// Scope of the calls.
    pub scope: Scope,
    /// Figure of the book that comes nearest, in words; `None` where it has nothing like it.
    pub instead: Option<String>,
}

impl RegionPrices {
    /// Finds what a caller pays for a model in a Region on a day. Scopes are in-Region, and the
    /// profiles that the Region may call by the embedded lists, else by the name of the Region.
    #[must_use]
    pub fn new(book: &PriceBook, model: &ModelPrices, region: &Region, day: Date) -> Self {
        let mut prices = Self {
            warning: book.warning(),
            model: model.id.clone(),
            name: model.name.clone(),
            book: book.name.clone(),
            region: region.clone(),
            day,
            calls: Vec::new(),
            unpriced: Vec::new(),
            is_of_another_day: false,
            offers: offers(book, model, region, day),
            lifecycle: lifecycle(book, model, region),
        };
        for CallableScope { scope, is_listed } in book.callable_scopes(model, region, day) {
            let mut is_priced = false;
            for (tier, above_input_tokens) in model.variants() {
                is_priced |= prices.add(book, (scope, is_listed), tier, above_input_tokens);
            }
            if !is_priced && is_listed {
                let instead = book.nearest_to(&RateQuery {
                    model: &model.id,
                    region,
                    scope,
                    tier: Some(ServiceTier::Standard),
                    meter: Meter::Input,
                    input_tokens: None,
                    day,
                });
                prices.unpriced.push(UnpricedCall { scope, instead });
            }
        }
        prices
    }

    /// Adds the price of one scope, tier and length, to the calls of the same price if there are
    /// some. Returns false where the book has none.
    fn add(
        &mut self,
        book: &PriceBook,
        (scope, is_listed): (Scope, bool),
        tier: ServiceTier,
        above_input_tokens: Option<u64>,
    ) -> bool {
        let mut prices = BTreeMap::new();
        let mut sources = Vec::new();
        for (field, _) in FIELDS {
            let asked = FigureScope::Requests(scope);
            let item = FigureItem::Tokens { scope: asked, tier, above_input_tokens, field };
            let key = FigureKey { model: self.model.clone(), region: self.region.clone(), item };
            let Some(figure) = book.figure(&key, self.day) else { continue };
            prices.insert(field.name(), plain(figure.price));
            self.is_of_another_day |= figure.source.in_force == InForce::Nearest;
            let written = figure.source.provenance;
            let source = format!("{}; {}", written.source, written.checked);
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        if prices.is_empty() {
            return false;
        }
        let unlisted = (!is_listed).then_some(scope);
        let id = ModelId::of_model(&self.model, scope).text().to_owned();
        let alike = self.calls.iter_mut().find(|call| {
            (call.tier, call.above_input_tokens) == (tier, above_input_tokens)
                && call.prices == prices
        });
        match alike {
            Some(call) => {
                call.scopes.push(scope);
                call.model_ids.push(id);
                call.unlisted.extend(unlisted);
                sources.retain(|source| !call.sources.contains(source));
                call.sources.extend(sources);
            }
            None => self.calls.push(CallPrice {
                scopes: vec![scope],
                model_ids: vec![id],
                unlisted: unlisted.into_iter().collect(),
                tier,
                above_input_tokens,
                prices,
                sources,
            }),
        }
        true
    }

    /// Writes the page, at most 100 columns wide.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        warn(&mut page, self.warning.iter());
        let title = format!(
            "{} ({}), book `{}`, called from {} on {}",
            self.name, self.model, self.book, self.region, self.day
        );
        wrapped_within(&mut page, WIDTH, "", &title);
        line(&mut page, "");
        if !self.calls.is_empty() {
            self.write_calls(&mut page);
        }
        for call in &self.unpriced {
            let instead =
                call.instead.as_ref().map_or_else(String::new, |text| format!(": {text}"));
            wrapped_within(&mut page, WIDTH, "no price   ", &format!("{}{instead}", call.scope));
        }
        for offer in &self.offers {
            wrapped_within(&mut page, WIDTH, "to buy     ", offer);
        }
        for dates in &self.lifecycle {
            wrapped_within(&mut page, WIDTH, "lifecycle  ", dates);
        }
        if self.is_of_another_day {
            let doubt =
                "some prices were first seen after this day, or last seen more than 90 days before";
            wrapped_within(&mut page, WIDTH, "day        ", doubt);
        }
        if self.calls.iter().any(|call| !call.unlisted.is_empty()) {
            let doubt = "public copies of AWS's lists do not have the model like this in the Region, so a call may be refused";
            wrapped_within(&mut page, WIDTH, "?   ", doubt);
        }
        for (number, source) in self.sources().iter().enumerate() {
            wrapped_within(&mut page, WIDTH, &format!("[{}] ", number + 1), source);
        }
        page
    }

    fn sources(&self) -> Vec<&String> {
        let mut sources: Vec<&String> = Vec::new();
        for source in self.calls.iter().flat_map(|call| &call.sources) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    fn write_calls(&self, page: &mut String) {
        let is_used = |field: &RateField| {
            self.calls.iter().any(|call| call.prices.contains_key(field.name()))
        };
        let fields: Vec<_> = FIELDS.into_iter().filter(|(field, _)| is_used(field)).collect();
        let mut header = vec!["A call", "Tier"];
        header.extend(fields.iter().map(|(_, title)| *title));
        header.push("");
        let numbers: Vec<usize> = (2..2 + fields.len()).collect();
        let mut rows = table(&header, &numbers);
        rows.set_width(WIDTH);
        let sources = self.sources();
        for call in &self.calls {
            let scopes = call.scopes.iter().map(|scope| {
                let doubt = if call.unlisted.contains(scope) { " ?" } else { "" };
                in_words(*scope) + doubt
            });
            let scopes: Vec<String> = scopes.collect();
            let tier = call.above_input_tokens.map_or_else(
                || call.tier.to_string(),
                |above| format!("{} > {}k", call.tier, above / 1_000),
            );
            let mut row = vec![cell(scopes.join(", "), false), cell(tier, false)];
            row.extend(fields.iter().map(|(field, _)| {
                let price = call.prices.get(field.name());
                cell(price.map_or_else(|| "-".to_owned(), String::clone), true)
            }));
            let marks = call.sources.iter().filter_map(|source| {
                let place = sources.iter().position(|known| *known == source)?;
                Some(format!("[{}]", place + 1))
            });
            row.push(cell(marks.collect::<Vec<_>>().concat(), false));
            rows.add_row(row);
        }
        line(page, "WHAT A CALLER PAYS, USD for a million tokens");
        write_table(page, &rows);
    }
}

fn in_words(scope: Scope) -> String {
    match scope {
        Scope::InRegion => "in-Region".to_owned(),
        Scope::Geo(geo) => format!("{}.", geo.prefix()),
        Scope::Global => "global.".to_owned(),
    }
}

/// Lists what can be bought ahead in a Region, one line a kind.
fn offers(book: &PriceBook, model: &ModelPrices, region: &Region, day: Date) -> Vec<String> {
    let list = Overrides::default();
    let units = book.offers(&model.id, region, day, &list).into_iter().map(|offer| {
        let label = offer.label.map_or_else(String::new, |label| format!(" ({label})"));
        format!("a model unit{label}, {}: USD {} an hour", offer.term, offer.list_unit_price)
    });
    let reserved = book.reserved_offers(&model.id, region, day, &list).into_iter().map(|offer| {
        format!(
            "1,000 reserved tokens a minute, {}, {}: USD {} an hour for input, {} for output",
            offer.scope.in_words(),
            offer.term,
            offer.list_input,
            offer.list_output
        )
    });
    units.chain(reserved).collect()
}

/// Lists the dates on which a model leaves a Region.
fn lifecycle(book: &PriceBook, model: &ModelPrices, region: &Region) -> Vec<String> {
    let rows = book.lifecycle(&model.id, region).into_iter();
    rows.map(|row| format!("{} ({})", lifecycle_days(row), row.source)).collect()
}
