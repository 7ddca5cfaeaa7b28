//! A page of text for a terminal: lines, paragraphs and tables.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

/// Width of the page in columns.
// Fixed, not asked of the terminal: a report has the same page in a pipe and on any screen.
pub(crate) const WIDTH: u16 = 110;

/// Adds a line to a page, without control characters: names come from elsewhere and could steer a
/// terminal.
pub(crate) fn line(page: &mut String, text: impl AsRef<str>) {
    page.extend(text.as_ref().trim_end().chars().filter(|c| !c.is_control()));
    page.push('\n');
}

/// Adds a paragraph behind a label, its later lines indented as far as its first.
pub(crate) fn wrapped(page: &mut String, label: &str, text: &str) {
    wrapped_within(page, WIDTH, label, text);
}

/// Adds such a paragraph to a page of another width, in columns.
pub(crate) fn wrapped_within(page: &mut String, width: u16, label: &str, text: &str) {
    let indent = label.chars().count();
    let mut out = label.to_owned();
    let mut column = indent;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > usize::from(width) {
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
