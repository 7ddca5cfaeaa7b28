//! A page of text for a terminal: lines, paragraphs and tables.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

/// Columns of the page: fixed, so that a report has the same bytes on every terminal.
pub(crate) const WIDTH: u16 = 110;

/// Writes a line. Names come from elsewhere, so what would steer a terminal is left out.
pub(crate) fn line(page: &mut String, text: impl AsRef<str>) {
    page.extend(text.as_ref().trim_end().chars().filter(|c| !c.is_control()));
    page.push('\n');
}

/// Writes a paragraph behind a label, the later lines indented as far as the first.
pub(crate) fn wrapped(page: &mut String, label: &str, text: &str) {
    let indent = label.chars().count();
    let mut out = label.to_owned();
    let mut column = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        // A word longer than the line stays whole, so that it can be copied.
        if column > indent && column + 1 + length > usize::from(WIDTH) {
            line(page, &out);
            out = " ".repeat(indent);
            column = indent;
        }
        if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    line(page, &out);
}

pub(crate) fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(
            header
                .iter()
                .enumerate()
                .map(|(place, title)| cell((*title).to_owned(), numbers.contains(&place))),
        );
    table
}

pub(crate) fn cell(text: String, is_number: bool) -> Cell {
    Cell::new(text).set_alignment(if is_number {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    })
}

pub(crate) fn write_table(page: &mut String, table: &Table) {
    for row in table.lines() {
        line(page, format!(" {row}"));
    }
    line(page, "");
}

pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
