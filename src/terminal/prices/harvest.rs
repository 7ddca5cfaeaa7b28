//! What became of the lines of a Price List.

use crate::catalog::price_list::Harvest;
use crate::terminal::page::{line, wrapped};

/// How many lines were understood, and every one that was not.
#[must_use]
pub fn harvest(harvest: &Harvest) -> String {
    let mut page = String::new();
    for line in &harvest.rejected {
        wrapped(
            &mut page,
            "refused        ",
            &format!(
                "{} {} {}: {}",
                line.service_code, line.sku, line.usage_type, line.why
            ),
        );
    }
    for gap in &harvest.unmapped {
        let suggestion = gap.suggestion.as_ref().map_or_else(String::new, |model| {
            format!("; {model} is spelled like it, which proves nothing")
        });
        wrapped(
            &mut page,
            "no model       ",
            &format!(
                "{} `{}`, {} lines{suggestion}",
                gap.service_code, gap.name, gap.lines
            ),
        );
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
            "{} lines: {} are rates, {} say the same again, {} sell something else, {} are refused, {} have no model, {} contradict each other",
            harvest.lines,
            harvest.priced,
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
