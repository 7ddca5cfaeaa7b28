//! The page that the studies are written to, and its tables.

use std::fmt::Write as _;

const HEAD: &str = "\
<!-- `make bench` makes this file. Do not edit it. -->

# How good the advice is

These figures come from made-up demand with fixed seeds, so every run gives the same ones. All advice here is what the
guard itself says of such an account; nothing of its rules is repeated in the bench. Times and memory are not here:
`make bench` prints them.

In all studies but the first, one model unit serves 1 million input and 250,000 output tokens a minute. In full use it
replaces 90 USD of on-demand tokens an hour. Callers route what exceeds the units to on-demand
(`GUARD_OVERFLOW=spill`).
";

/// Writes the whole page.
pub(crate) fn document(sections: &[String]) -> String {
    let mut text = HEAD.to_owned();
    for section in sections {
        text.push('\n');
        text += section;
    }
    text
}

/// Writes a heading, what a reader should know, and a table.
pub(crate) fn section(title: &str, explained: &str, table: &Table) -> String {
    format!("## {title}\n\n{explained}\n\n{}", table.markdown())
}

/// Rows under a head.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        for (place, row) in self.rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if place == 0 {
                let _ = writeln!(text, "|---|{}", "---:|".repeat(row.len() - 1));
            }
        }
        text
    }
}

/// Writes a part of a whole in percent, as in `62.5 %`; a dash where there is no whole.
pub(crate) fn percent(part: f64, whole: f64) -> String {
    if whole.abs() < 1e-9 {
        return "–".to_owned();
    }
    // Without the minus of a zero.
    format!("{:.1} %", (1_000.0 * part / whole).round() / 10.0 + 0.0)
}

/// Writes whole dollars, as in `1,234 USD`.
pub(crate) fn dollars(amount: f64) -> String {
    format!("{} USD", number(amount))
}

/// Writes a whole number with the thousands apart.
pub(crate) fn number(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let sign = if number < 0.0 && digits != "0" { "-" } else { "" };
    sign.to_owned() + &text
}
