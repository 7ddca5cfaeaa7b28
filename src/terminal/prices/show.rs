//! One model's prices as tables, and the list of models.

use std::collections::BTreeMap;

use crate::catalog::{DatedRow, Dating, ModelPrices, PriceBook, RateField, RateRow};
use crate::domain::ModelId;
use crate::terminal::page::{cell, line, table, wrapped, write_table};
use crate::terminal::prices::words::{FIELDS, lifecycle_days, region_names, scope_name, warn};

/// Finds the model that somebody means: by its id, with or without a profile's prefix, by its name,
/// or by a text that no other model contains.
#[must_use]
pub fn find<'b>(book: &'b PriceBook, text: &str) -> Option<&'b ModelPrices> {
    let by_id = ModelId::parse(text).model().and_then(|model| book.model(model));
    let only = |mut models: Vec<&'b ModelPrices>| models.pop().filter(|_| models.is_empty());
    let named = || {
        let models = book.models.iter();
        models.filter(|model| model.name.eq_ignore_ascii_case(text))
    };
    by_id.or_else(|| only(named().collect())).or_else(|| only(containing(book, text)))
}

/// Finds the models of a book whose id, name or provider contains a text.
#[must_use]
pub fn containing<'b>(book: &'b PriceBook, text: &str) -> Vec<&'b ModelPrices> {
    let wanted = text.to_lowercase();
    let models = book.models.iter();
    models
        .filter(|model| {
            let texts = [model.id.id(), &model.name, &model.provider];
            texts.iter().any(|text| text.to_lowercase().contains(&wanted))
        })
        .collect()
}

/// Writes every model of a book whose id, name or provider contains a text, one a line.
#[must_use]
pub fn list(book: &PriceBook, text: &str) -> String {
    let models = containing(book, text);
    let mut page = String::new();
    warn(&mut page, book.warning().iter());
    let mut rows = table(&["Model id", "Name", "Provider", "Rates", "Offers"], &[3, 4]);
    for model in &models {
        rows.add_row([
            cell(model.id.id().to_owned(), false),
            cell(model.name.clone(), false),
            cell(model.provider.clone(), false),
            cell(model.rates.len().to_string(), true),
            cell((model.model_units.len() + model.reserved_tokens.len()).to_string(), true),
        ]);
    }
    if !models.is_empty() {
        write_table(&mut page, &rows);
    }
    line(
        &mut page,
        format!("{} of {} models of the book `{}`", models.len(), book.models.len(), book.name),
    );
    page
}

/// Writes all prices of one model.
#[must_use]
pub fn show(book: &PriceBook, model: &ModelPrices) -> String {
    let mut page = String::new();
    warn(&mut page, book.warning().iter());
    line(
        &mut page,
        format!("{} ({}) by {}, book `{}`", model.name, model.id, model.provider, book.name),
    );
    line(&mut page, "");
    let mut sources = Sources::default();
    rates(&mut page, model, &mut sources);
    units(&mut page, model, &mut sources);
    reserved(&mut page, model, &mut sources);
    for row in &model.unpriced {
        wrapped(
            &mut page,
            "no price  ",
            &format!("{}: {} {}", row.meter, row.why, sources.mark(&row.source)),
        );
    }
    for row in &model.lifecycle {
        wrapped(
            &mut page,
            "lifecycle ",
            &format!(
                "{} in {} {}",
                lifecycle_days(row),
                region_names(&row.regions),
                sources.mark(&row.source)
            ),
        );
    }
    line(&mut page, "");
    for (source, number) in &sources.in_order() {
        wrapped(&mut page, &format!("[{number}] "), source);
    }
    if !model.rates.is_empty() {
        line(&mut page, "");
        line(&mut page, "With --region REGION: what a caller pays there, by profile.");
    }
    page
}

fn rates(page: &mut String, model: &ModelPrices, sources: &mut Sources) {
    if model.rates.is_empty() {
        line(page, "No price of its tokens has a source that counts.");
        line(page, "");
        return;
    }
    line(page, "RATES, USD for a million tokens");
    let is_used = |field: &RateField| model.rates.iter().any(|row| field.of(row).is_some());
    let fields: Vec<_> = FIELDS.into_iter().filter(|(field, _)| is_used(field)).collect();
    let mut header = vec!["Scope", "Region", "Tier"];
    header.extend(fields.iter().map(|(_, title)| *title));
    header.extend(["From", ""]);
    let mut rows = table(&header, &(3..3 + fields.len()).collect::<Vec<_>>());
    for row in &model.rates {
        let mut cells = vec![
            cell(scope_name(row.scope, row.geo), false),
            cell(region_names(&row.regions), false),
            cell(tier_name(row), false),
        ];
        cells.extend(fields.iter().map(|(field, _)| {
            cell(field.of(row).map_or_else(|| "-".into(), |price| price.to_string()), true)
        }));
        cells.push(cell(dating(row.dating()), false));
        cells.push(cell(sources.mark(&row.source), false));
        rows.add_row(cells);
    }
    write_table(page, &rows);
}

fn tier_name(row: &RateRow) -> String {
    row.above_input_tokens
        .map_or_else(|| row.tier.to_string(), |above| format!("{} > {}k", row.tier, above / 1_000))
}

fn units(page: &mut String, model: &ModelPrices, sources: &mut Sources) {
    if model.model_units.is_empty() {
        return;
    }
    line(page, "MODEL UNITS, USD for one unit and hour");
    let mut rows = table(
        &["Term", "Region", "An hour", "Input an hour", "Output an hour", "From", ""],
        &[2, 3, 4],
    );
    for row in &model.model_units {
        let tokens = |count: Option<crate::catalog::TokenCountText>| {
            let text = count.map_or_else(
                || "not published".into(),
                |count| crate::domain::Tokens::new(count.0).to_string(),
            );
            cell(text, true)
        };
        let label = row.label.as_ref().map_or_else(String::new, |label| format!(", {label}"));
        rows.add_row([
            cell(format!("{}{label}", row.term), false),
            cell(region_names(&row.regions), false),
            cell(row.usd_per_unit_hour.to_string(), true),
            tokens(row.input_tokens_per_hour),
            tokens(row.output_tokens_per_hour),
            cell(dating(row.dating()), false),
            cell(sources.mark(&row.source), false),
        ]);
    }
    write_table(page, &rows);
}

fn reserved(page: &mut String, model: &ModelPrices, sources: &mut Sources) {
    if model.reserved_tokens.is_empty() {
        return;
    }
    line(page, "RESERVED TOKENS, USD an hour for 1,000 tokens a minute");
    let mut rows =
        table(&["Scope", "Region", "Term", "Input", "Output", "At least", "From", ""], &[3, 4]);
    for row in &model.reserved_tokens {
        rows.add_row([
            cell(scope_name(row.scope, None), false),
            cell(region_names(&row.regions), false),
            cell(row.term.to_string(), false),
            cell(row.input.to_string(), true),
            cell(row.output.to_string(), true),
            cell(
                format!(
                    "{}k in, {}k out",
                    row.minimum_input_tpm / 1_000,
                    row.minimum_output_tpm / 1_000
                ),
                false,
            ),
            cell(dating(row.dating()), false),
            cell(sources.mark(&row.source), false),
        ]);
    }
    write_table(page, &rows);
}

/// Writes the days of a price: the first, or the last one on which the price was seen.
fn dating(dating: Option<Dating>) -> String {
    match dating {
        Some(Dating { until: Some(until), .. }) => format!("until {until}"),
        Some(Dating { from, to: None, .. }) => from.to_string(),
        Some(Dating { to: Some(to), .. }) => format!("seen {to}"),
        None => "-".to_owned(),
    }
}

/// Numbers that stand for sources.
#[derive(Debug, Default)]
struct Sources(BTreeMap<String, usize>);

impl Sources {
    fn mark(&mut self, source: &str) -> String {
        let next = self.0.len() + 1;
        let number = self.0.entry(source.to_owned()).or_insert(next);
        format!("[{number}]")
    }

    fn in_order(&self) -> Vec<(String, usize)> {
        let mut all: Vec<_> = self.0.iter().map(|(s, n)| (s.clone(), *n)).collect();
        all.sort_by_key(|(_, number)| *number);
        all
    }
}
