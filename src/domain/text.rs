//! Text on its way to people: cut to a length, and without characters that no screen shows.
//!
//! Names come from accounts, events and documents, which others write. A character that is not
//! seen can reorder the line that it stands in, break that line for whoever reads logs, or make two
//! names look like one.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Stands in a page of text for a character that no screen shows.
const STAND_IN: char = char::REPLACEMENT_CHARACTER;

/// Characters of a text that an error quotes. Names and ids are shorter, and a longer text is not
/// recognised by more of it.
pub const MOST_QUOTED: usize = 100;

/// Cuts a text to so many characters, the last of which then says that something was cut.
#[must_use]
pub fn clip(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().take(most.saturating_sub(1));
    Cow::Owned(kept.chain(['…']).collect())
}

/// Characters of the faults of one document that an error quotes: a screen of them, of which the first
/// are worth reading.
const MOST_OF_FAULTS: usize = 4_000;

/// Joins the faults of a document to one text that a person can read: where there are more than fit a
/// screen, the first of them and the number of the rest.
#[must_use]
pub fn faults(faults: &[String]) -> String {
    let mut text = String::new();
    for (place, fault) in faults.iter().enumerate() {
        let fault = clip(fault, MOST_OF_FAULTS);
        if place > 0 && text.len() + fault.len() > MOST_OF_FAULTS {
            let _ = write!(text, "; and {} more", faults.len() - place);
            break;
        }
        if place > 0 {
            text.push_str("; ");
        }
        text.push_str(&fault);
    }
    text
}

/// Returns a page of text with U+FFFD for each character that no screen shows, except newlines.
#[must_use]
pub fn shown(page: &str) -> Cow<'_, str> {
    if !page.contains(is_hidden) {
        return Cow::Borrowed(page);
    }
    Cow::Owned(page.chars().map(|c| if is_hidden(c) { STAND_IN } else { c }).collect())
}

/// Returns a JSON document with `\uXXXX` for each character that no screen shows, except newlines. A
/// reader of JSON reads the same values.
#[must_use]
pub fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    Cow::Owned(text)
}

/// Returns true for characters that steer a terminal or are not seen there: controls but for the
/// newline, marks of direction, widths of zero, blanks that pass for letters, separators of lines, selectors of
/// forms, and tags.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\t' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
            | '\u{ad}' | '\u{34f}' | '\u{61c}'
            | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Characters that must not reach a terminal, one range a line of the rule.
    const HIDDEN: &[std::ops::RangeInclusive<char>] = &[
        '\0'..='\t',
        '\u{b}'..='\u{1f}',
        '\u{7f}'..='\u{9f}',
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200d}',
        '\u{200e}'..='\u{200f}',
        '\u{2028}'..='\u{2029}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{2064}',
        '\u{2066}'..='\u{2069}',
        '\u{2800}'..='\u{2800}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e01ef}',
    ];

    fn any_hidden() -> impl Strategy<Value = char> {
        let all: Vec<char> = HIDDEN.iter().cloned().flatten().collect();
        proptest::sample::select(all)
    }

    #[test]
    fn what_is_seen_is_not_touched() {
        for text in ["plain\n", "Zürich — 7 €, 日本, 🙂", "עברית", ""] {
            assert!(matches!(shown(text), Cow::Borrowed(same) if same == text));
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn a_long_text_says_that_it_was_cut() {
        assert_eq!(clip("seven", 5), "seven");
        assert_eq!(clip("sevens", 5), "seve…");
        assert_eq!(clip("日本語日本語", 3), "日本…");
    }

    #[test]
    fn many_faults_are_a_screen_of_them_and_a_number() {
        let all: Vec<String> =
            (0..50_000).map(|line| format!("line {line}: no such key")).collect();
        let text = faults(&all);
        assert!(text.len() < 4_100 && text.starts_with("line 0: no such key; line 1"), "{text}");
        let (kept, more) = text.rsplit_once("; and ").unwrap();
        assert_eq!(format!("{} more", 50_000 - kept.split("; ").count()), more);
        assert_eq!(faults(&all[..3]), all[..3].join("; "));
        assert_eq!(faults(&["x".repeat(9_000)]).chars().count(), 4_000);
        assert_eq!(faults(&[]), "");
    }

    proptest! {
        #[test]
        fn a_hidden_character_is_seen_in_text_and_read_in_json(
            before in ".{0,8}",
            hidden in any_hidden(),
            after in ".{0,8}",
        ) {
            let name = format!("{before}{hidden}{after}");
            let page = shown(&name);
            prop_assert!(!page.chars().any(|c| HIDDEN.iter().any(|range| range.contains(&c))));
            prop_assert_eq!(page.chars().count(), name.chars().count());
            let json = serde_json::to_string(&name).unwrap();
            let json = escaped(&json);
            prop_assert!(!json.chars().any(|c| HIDDEN.iter().any(|range| range.contains(&c))));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), name);
        }
    }
}
