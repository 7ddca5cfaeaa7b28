//! Published figures, to be held against a book: what a list says that something costs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::catalog::FigureKey;
use crate::catalog::price_list::Harvest;
use crate::domain::Usd;

/// The figures of some lists, and the counts of those that cannot be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureList {
    /// Names of the files that the figures are of.
    pub files: BTreeSet<String>,
    /// Figures in the order in which they were read.
    pub figures: Vec<PublishedFigure>,
    /// Reasons for which figures or lines are not compared, each with their number.
    pub not_compared: BTreeMap<String, u64>,
}

/// One figure of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFigure {
    /// List that has the figure: the name of a file, or the Price List as a whole.
    pub list: String,
    /// Item that has the price.
    pub key: FigureKey,
    /// Price in USD: of a million tokens, or of an hour of 1,000 reserved tokens a minute.
    pub price: Usd,
    /// Place where the figure is written; empty where the list does not say.
    pub source: String,
    /// Day or month of that place, as the list writes it, or the first day of the price, as in `since
    /// 2026-04-01`; empty where the list does not say.
    pub day: String,
    /// Word for how far the place is to be trusted; empty where the list does not say.
    pub trust: String,
}

impl FigureList {
    /// Counts figures or lines that are not compared.
    pub(super) fn pass_over(&mut self, reason: impl Into<String>, count: u64) {
        if count > 0 {
            *self.not_compared.entry(reason.into()).or_default() += count;
        }
    }

    /// Adds what a Price List gives for a day: of a price with a history the figure that is in force.
    pub fn add_price_list(&mut self, harvest: &Harvest, day: Date) {
        for key in harvest.book.figures() {
            if let Some(figure) = harvest.book.figure(&key, day) {
                let provenance = figure.source.provenance;
                let first = provenance.effective_from.or(provenance.seen_from);
                self.figures.push(PublishedFigure {
                    list: "the Price List".to_owned(),
                    key,
                    price: figure.price,
                    source: provenance.source,
                    day: first.map_or_else(String::new, |day| format!("since {day}")),
                    trust: "price_list".to_owned(),
                });
            }
        }
        let units = harvest.book.models.iter().map(|model| model.model_units.len() as u64).sum();
        self.pass_over(
            "prices of model units in the Price List, which are not by the token",
            units,
        );
        let refused = harvest.rejected.len() as u64;
        self.pass_over("lines of the Price List that are refused", refused);
        let unnamed = harvest.unmapped.iter().map(|gap| gap.lines).sum();
        self.pass_over("lines of the Price List whose name has no model", unnamed);
        let contradicting =
            harvest.contradictions.iter().map(|found| found.lines.len() as u64).sum();
        self.pass_over("lines of the Price List that contradict each other", contradicting);
    }
}
