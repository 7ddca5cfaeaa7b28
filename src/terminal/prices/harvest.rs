//! The outcome of reading a Price List as text.

use crate::catalog::price_list::Harvest;
use crate::terminal::page::{line, wrapped};
use crate::terminal::prices::words::{gap_lines, refused_line};

/// Writes each line that was not understood, and the count of all lines by their outcomes.
#[must_use]
pub fn harvest(harvest: &Harvest) -> String {
    let mut page = String::new();
    for line in &harvest.rejected {
        wrapped(&mut page, "refused        ", &refused_line(line));
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
