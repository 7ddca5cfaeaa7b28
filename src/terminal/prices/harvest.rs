//! The outcome of reading a Price List, and of laying one over a book, as text.

use crate::catalog::price_list::Harvest;
use crate::catalog::{HeldBack, HeldFor, HeldItem, Refreshed, SeenFigure};
use crate::domain::BaseModel;
use crate::terminal::page::{line, wrapped};
use crate::terminal::prices::words::{gap_lines, refused_line, scope_name};

/// Writes each line that was not understood, and the count of all lines by their outcomes.
#[must_use]
pub fn harvest(harvest: &Harvest) -> String {
    let mut page = String::new();
    for line in &harvest.rejected {
        wrapped(&mut page, "refused        ", &refused_line(line));
    }
    for line in &harvest.later {
        wrapped(&mut page, "later          ", &refused_line(line));
    }
    if harvest.undated > 0 {
        let text = format!(
            "{} lines are of a document that does not say when it was published: they count as seen on the newest day \
             on which one of its prices took effect",
            harvest.undated
        );
        wrapped(&mut page, "undated        ", &text);
    }
    for gap in &harvest.unmapped {
        let text = format!("{} `{}`, {}", gap.service_code, gap.name, gap_lines(gap));
        wrapped(&mut page, "no model       ", &text);
    }
    for contradiction in &harvest.contradictions {
        let prices: Vec<String> = contradiction
            .lines
            .iter()
            .map(|line| format!("{} ({} {})", line.price, line.sku, line.usage_type))
            .collect();
        wrapped(
            &mut page,
            "contradiction  ",
            &format!(
                "{} {} in {}: {}",
                contradiction.model,
                contradiction.item,
                contradiction.region,
                prices.join(" and ")
            ),
        );
    }
    line(
        &mut page,
        format!(
            "{} lines: {} are rates, {} hold from a later day on, {} say the same again, {} sell something else, {} are refused, {} have no model, {} contradict each other",
            harvest.lines,
            harvest.priced,
            harvest.later.len(),
            harvest.duplicates,
            harvest.passed_over.len(),
            harvest.rejected.len(),
            harvest.unmapped.iter().map(|gap| gap.lines).sum::<u64>(),
            harvest
                .contradictions
                .iter()
                .map(|contradiction| contradiction.lines.len())
                .sum::<usize>(),
        ),
    );
    page
}

/// Writes what a list did not replace, each figure with that of the book, and what `--accept` would
/// do; empty where all was laid over.
#[must_use]
pub fn refreshed(refreshed: &Refreshed) -> String {
    let mut page = String::new();
    for model in &refreshed.given_up {
        wrapped(&mut page, "given up       ", &given_up(model));
    }
    for held in &refreshed.held {
        wrapped(&mut page, "held back      ", &held_back(held));
    }
    let count = refreshed.held.len();
    if count > 0 {
        let figures = if count == 1 {
            "1 figure of the list was"
        } else {
            &format!("{count} figures of the list were")
        };
        let text = format!(
            "{figures} held back, and the book's stand: they were seen later or are better attested. With `--accept` the \
             list's are laid over them."
        );
        wrapped(&mut page, "", &text);
    }
    page
}

fn given_up(model: &BaseModel) -> String {
    format!(
        "{model}: the list shows that Regions differ, so the one price for all Regions (`*`) is taken out; Regions that no \
         row names have no price now"
    )
}

fn held_back(held: &HeldBack) -> String {
    let why = match held.why {
        HeldFor::SeenLater => "the book's was seen later",
        HeldFor::MoreTrusted => "the book's source is trusted more",
        HeldFor::Ended => "the list repeats a price that has ended by the book",
        HeldFor::OnePrice => "it would end one price for all Regions that the book keeps",
    };
    let kept = held.kept.as_ref().map_or_else(
        || "the book has none of its own".to_owned(),
        |kept| format!("the book keeps {}", figure(kept)),
    );
    format!(
        "{} {}, {}: {kept}; the list has {}: {why}; `--accept` lays the list's over it",
        held.model,
        held.region,
        item(&held.item),
        figure(&held.listed)
    )
}

fn item(item: &HeldItem) -> String {
    match item {
        HeldItem::Tokens { scope, geo, tier, above_input_tokens, meter } => {
            let above = above_input_tokens
                .map_or_else(String::new, |above| format!(" above {above} input tokens"));
            format!("{} {tier} {meter}{above}", scope_name(*scope, *geo))
        }
        HeldItem::ModelUnit(term) => format!("model unit, {term}"),
        HeldItem::Reserved(scope, term) => {
            format!("reserved 1,000 a minute, {}, {term}", scope_name(*scope, None))
        }
    }
}

fn figure(figure: &SeenFigure) -> String {
    format!("{} (seen {}, {})", figure.price, figure.seen, figure.source)
}
