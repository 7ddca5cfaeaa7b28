//! Coverage of published figures as a page of text.

use std::collections::BTreeMap;

use crate::domain::BaseModel;
use crate::terminal::page::{cell, counted, line, table, wrapped_within, write_table};
use crate::terminal::prices::coverage::{
    BookCoverage, ComparedFigure, CoverageRow, FigureTally, FigureTier,
};
use crate::terminal::prices::words::plain;

/// Width of the page in columns.
const COLUMNS: u16 = 100;

/// Sources with their days, numbered in the order in which the page names them.
#[derive(Default)]
struct Footnotes {
    numbers: BTreeMap<(String, String), usize>,
}

impl Footnotes {
    /// Returns the mark of a source and its day.
    fn mark(&mut self, source: &str, day: &str) -> String {
        let next = self.numbers.len() + 1;
        let key = (source.to_owned(), day.to_owned());
        format!("[{}]", self.numbers.entry(key).or_insert(next))
    }

    fn write(&self, page: &mut String) {
        let mut notes: Vec<_> = self.numbers.iter().collect();
        notes.sort_by_key(|(_, number)| **number);
        for ((source, day), number) in notes {
            let source = if source.is_empty() { "no source is named" } else { source };
            let day = if day.is_empty() { "no day is named" } else { day };
            wrapped_within(page, COLUMNS, &format!("[{number}] "), &format!("{source}; {day}"));
        }
        if !self.numbers.is_empty() {
            line(page, "");
        }
    }
}

impl BookCoverage {
    /// Writes the comparison as text of at most 100 columns, but for longer words.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = String::new();
        if let Some(warning) = &self.warning {
            wrapped_within(&mut page, COLUMNS, "!!  ", warning);
            line(&mut page, "");
        }
        let text = format!(
            "{} of {} beside the book `{}` on {}. Equal and different are by the last decimal; of several: the list \
             gives several prices and the book has another one of them; share: equal and of several, of all figures.",
            counted(self.total.figures, "published figure"),
            counted(self.files.len() as u64, "file"),
            self.book,
            self.day
        );
        wrapped_within(&mut page, COLUMNS, "", &text);
        line(&mut page, "");
        self.render_rows(&mut page);
        let mut notes = Footnotes::default();
        self.render_different(&mut page, &mut notes);
        self.render_missing(&mut page);
        if !self.not_compared.is_empty() {
            line(&mut page, "NOT COMPARED");
            for passed in &self.not_compared {
                let label = format!("  {:>6}  ", passed.count);
                wrapped_within(&mut page, COLUMNS, &label, &passed.reason);
            }
            line(&mut page, "");
        }
        notes.write(&mut page);
        for name in &self.left_out {
            wrapped_within(&mut page, COLUMNS, "left out  ", &format!("`{name}`"));
        }
        let verdict = match self.total {
            FigureTally { figures: 0, .. } => "no figure was compared".to_owned(),
            FigureTally { different: 0, missing: 0, .. } => {
                "the book has all figures that were compared".to_owned()
            }
            FigureTally { different, missing, .. } => {
                let verb = if different == 1 { "differs" } else { "differ" };
                format!("{} {verb}, {missing} missing", counted(different, "figure"))
            }
        };
        line(&mut page, verdict);
        page
    }

    fn render_rows(&self, page: &mut String) {
        let mut rows = table(
            &[
                "Regions",
                "Tier",
                "Figures",
                "Priced",
                "Equal",
                "Of several",
                "Different",
                "Missing",
                "Share",
            ],
            &[2, 3, 4, 5, 6, 7, 8],
        );
        rows.set_width(COLUMNS);
        let mut before = None;
        for CoverageRow { regions, tier, tally } in &self.rows {
            // The group is named on its first row alone.
            let group = if before == Some(*regions) { "" } else { regions.in_words() };
            before = Some(*regions);
            rows.add_row(cells(group, tier.name(), tally));
        }
        rows.add_row(cells("all", "", &self.total));
        write_table(page, &rows);
    }

    fn render_different(&self, page: &mut String, notes: &mut Footnotes) {
        if self.different.is_empty() {
            return;
        }
        line(
            page,
            "DIFFERENT, USD for a million tokens, or for an hour of 1,000 reserved a minute",
        );
        for (model, figures) in by_model(&self.different) {
            line(page, format!(" {model}"));
            let mut rows =
                table(&["Region", "Scope", "Tier", "Meter", "Published", "", "Book", ""], &[4, 6]);
            rows.set_width(COLUMNS);
            for figure in figures {
                let theirs = &figure.published;
                let (price, mark) = match &figure.ours {
                    Some(ours) => {
                        let provenance = &ours.source.provenance;
                        let day = match (provenance.effective_from, provenance.seen_from) {
                            (Some(from), _) => format!("since {from}"),
                            (None, Some(seen)) => format!("seen {seen}"),
                            (None, None) => String::new(),
                        };
                        (plain(ours.price), notes.mark(&provenance.source, &day))
                    }
                    None => ("-".to_owned(), String::new()),
                };
                rows.add_row([
                    cell(figure.region.to_string(), false),
                    cell(figure.scope.clone(), false),
                    cell(figure.tier.name().to_owned(), false),
                    cell(meter(figure), false),
                    cell(plain(theirs.price), true),
                    cell(notes.mark(&theirs.source, &theirs.day), false),
                    cell(price, true),
                    cell(mark, false),
                ]);
            }
            write_table(page, &rows);
        }
    }

    fn render_missing(&self, page: &mut String) {
        if self.missing.is_empty() {
            return;
        }
        line(page, "MISSING, figures by model and tier");
        for (model, figures) in by_model(&self.missing) {
            let mut tiers: BTreeMap<FigureTier, u64> = BTreeMap::new();
            for figure in figures {
                *tiers.entry(figure.tier).or_default() += 1;
            }
            let tiers = tiers.into_iter().map(|(tier, count)| format!("{} {count}", tier.name()));
            let label = format!("  {:<44}  ", model.id());
            let text = tiers.collect::<Vec<_>>().join(", ");
            wrapped_within(page, COLUMNS, &label, &text);
        }
        line(page, "");
    }
}

fn cells(group: &str, tier: &str, tally: &FigureTally) -> Vec<comfy_table::Cell> {
    let number = |count: u64| cell(count.to_string(), true);
    vec![
        cell(group.to_owned(), false),
        cell(tier.to_owned(), false),
        number(tally.figures),
        number(tally.priced()),
        number(tally.equal),
        number(tally.of_several),
        number(tally.different),
        number(tally.missing),
        cell(tally.share_equal(), true),
    ]
}

fn by_model(figures: &[ComparedFigure]) -> BTreeMap<&BaseModel, Vec<&ComparedFigure>> {
    let mut models: BTreeMap<&BaseModel, Vec<&ComparedFigure>> = BTreeMap::new();
    for figure in figures {
        models.entry(&figure.model).or_default().push(figure);
    }
    models
}

/// Writes the meter, and the threshold of long requests where there is one.
fn meter(figure: &ComparedFigure) -> String {
    let above = figure.above_input_tokens.map_or_else(String::new, |above| format!(" >{above}"));
    format!("{}{above}", figure.meter)
}
