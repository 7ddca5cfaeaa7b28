//! Price books for tests and benches: of a model that AWS does not have, row by row.
#![expect(clippy::expect_used, reason = "a book that cannot be built has nothing better to do")]

use std::fmt::Display;

use bedrock_cost_guard::catalog::{BookError, PriceBook};

/// Id of a model that AWS does not have, so that tests give it the prices that they need.
pub(crate) const MODEL: &str = "maker.model-v1:0";

/// Input and output tokens that a unit serves in a minute: in full use they cost 96 USD an hour at
/// the prices of [`in_region`].
pub(crate) const UNIT: [u64; 2] = [1_000_000, 300_000];

/// Writes a row of some table that has been in force for the whole window.
pub(crate) fn row(table: &str, lines: &str) -> String {
    format!(
        "[[model.{table}]]\n{lines}\neffective_from = \"2026-01-01\"\nchecked = \"2026-04-01\"\nsource = \"s\"\n"
    )
}

/// Writes prices of a million input and output tokens in all Regions; the scope is that of a row,
/// or a geography.
pub(crate) fn rate(scope: &str, tier: &str, [input, output]: [impl Display; 2]) -> String {
    let scope = match scope {
        "any" | "in-region" | "global" => format!("scope = \"{scope}\""),
        geo => format!("scope = \"geo\"\ngeo = \"{geo}\""),
    };
    let lines = format!(
        "{scope}\nregions = [\"*\"]\ntier = \"{tier}\"\ninput = \"{input}\"\noutput = \"{output}\""
    );
    row("rate", &lines)
}

/// Writes the standard prices in two Regions, one of them in `GovCloud`: 1 and 2 USD, a tenth for
/// cache reads and a quarter more for cache writes.
pub(crate) fn in_region() -> String {
    let lines = "cache_read = \"0.10\"\ncache_write_5m = \"1.25\"\n";
    rate("in-region", "standard", ["1.00", "2.00"])
        .replace("\"*\"", "\"us-east-1\", \"us-gov-west-1\"")
        + lines
}

/// Writes what a unit costs an hour in `us-east-1`, and what it serves in a minute if that is known.
pub(crate) fn unit(term: &str, dollars: impl Display, serves: Option<[u64; 2]>) -> String {
    let capacity = serves.map_or_else(String::new, |[input, output]| {
        let (input, output) = (60 * input, 60 * output);
        format!("\ninput_tokens_per_hour = \"{input}\"\noutput_tokens_per_hour = \"{output}\"")
    });
    let lines = format!(
        "regions = [\"us-east-1\"]\nterm = \"{term}\"\nusd_per_unit_hour = \"{dollars}\"{capacity}"
    );
    row("model_units", &lines)
}

/// Writes [`in_region`], the flex tier at half of it, and units that cost 40 USD an hour, or 30
/// under a term of a month.
pub(crate) fn with_units() -> Vec<String> {
    vec![
        in_region(),
        rate("in-region", "flex", ["0.50", "1.00"]),
        unit("none", "40.00", Some(UNIT)),
        unit("1-month", "30.00", Some(UNIT)),
    ]
}

/// Writes a model with these rows.
pub(crate) fn model(id: &str, rows: &[String]) -> String {
    format!("[[model]]\nid = \"{id}\"\nname = \"Model\"\nprovider = \"Maker\"\n{}", rows.concat())
}

/// Writes a book of these models, whose prices AWS charges.
pub(crate) fn text(models: &str) -> String {
    let head =
        "schema_version = 1\nname = \"made-up\"\ndescription = \"made up\"\ncharged = true\n";
    format!("{head}{models}")
}

/// Reads a book of these models, whose prices AWS charges.
pub(crate) fn parse(models: &str) -> Result<PriceBook, BookError> {
    PriceBook::parse("made-up", &text(models))
}

/// Builds the book of [`MODEL`] with these rows.
pub(crate) fn book(rows: &[String]) -> PriceBook {
    parse(&model(MODEL, rows)).expect("the rows are right")
}
