//! Documents in TOML and JSON, and their faults in words that have none of the documents' values.
//!
//! Whoever misspells a path names a file with credentials: an error then says where the fault is and
//! what was expected there, and neither the line nor the value. Names of fields may be told.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::de::Read;
use toml::de::Deserializer as TomlDeserializer;

use crate::domain::text::clip;

/// Characters of a field's name that a fault shows.
const MOST_OF_A_NAME: usize = 60;

/// Fault of a document: its line and column, from 1, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct SyntaxFault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The fault, without a value of the document.
    pub fault: String,
}

/// Reads a document of TOML.
pub fn read_toml<T: DeserializeOwned>(text: &str) -> Result<T, SyntaxFault> {
    let document =
        TomlDeserializer::parse(text).map_err(|error| SyntaxFault::no_toml(text, &error))?;
    T::deserialize(document).map_err(|error| SyntaxFault::of_toml(text, &error, 0))
}

/// Reads a document of JSON.
pub fn read_json<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, SyntaxFault> {
    serde_json::from_str(text).map_err(|error| SyntaxFault::of_json(&error))
}

/// Reads a document of JSON by what makes a value of it, to the document's end.
pub fn read_json_by<'t, S: DeserializeSeed<'t>>(
    mut text: serde_json::Deserializer<impl Read<'t>>,
    seed: S,
) -> Result<S::Value, SyntaxFault> {
    let read = seed.deserialize(&mut text).and_then(|value| text.end().map(|()| value));
    read.map_err(|error| SyntaxFault::of_json(&error))
}

impl SyntaxFault {
    /// Words the fault of a text that is no TOML.
    #[must_use]
    pub fn no_toml(text: &str, error: &toml::de::Error) -> Self {
        // The parser's messages are its own and quote nothing; the line is in another part of the error.
        let at = error.span().map_or(0, |span| span.start);
        Self::at(text, at, error.message().to_owned())
    }

    /// Words the fault of a value of TOML that begins at a byte of the text, where the error does not
    /// know better.
    #[must_use]
    pub fn of_toml(text: &str, error: &toml::de::Error, start: usize) -> Self {
        let at = error.span().map_or(start, |span| span.start);
        Self::at(text, at, without_value(error.message()))
    }

    fn at(text: &str, byte: usize, fault: String) -> Self {
        let before = &text.as_bytes()[..byte.min(text.len())];
        let lines = before.split(|byte| *byte == b'\n');
        let (line, of_line) = (1..).zip(lines).last().unwrap_or_default();
        // Bytes that go on with a character do not begin one.
        let column = 1 + of_line.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        Self { line, column, fault }
    }

    fn of_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        let message = message.strip_suffix(&place).unwrap_or(&message);
        // The parser's messages are its own and quote nothing.
        let fault = if error.is_data() { without_value(message) } else { message.to_owned() };
        Self { line, column, fault }
    }
}

/// Takes the value out of a message of `serde` or of a type of this crate that refuses a text. What is
/// of neither form is replaced as a whole.
#[must_use]
pub fn without_value(message: impl Display) -> String {
    let message = message.to_string();
    // What was expected comes last, and is no value: a value with these words in it comes before.
    let expected = || message.rfind(", expected ").map(|at| &message[at..]);
    for head in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(head) {
            // The kind of what is there, as in `string "..."`, and then the very thing.
            let kind = rest.split(['`', '"', ',']).next().unwrap_or_default().trim_end();
            return format!("{head}{kind}{}", expected().unwrap_or_default());
        }
    }
    if message.starts_with("unknown variant `") {
        return format!("unknown word{}", expected().unwrap_or_default());
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let end = expected().map_or("", |expected| expected);
        let name = rest.strip_suffix(end).unwrap_or(rest);
        let name = name.strip_suffix(", there are no fields").unwrap_or(name);
        let name = clip(name.strip_suffix('`').unwrap_or(name), MOST_OF_A_NAME);
        return format!("unknown field `{name}`{end}");
    }
    // These name fields, count elements, or are of the lines of rates, which quote no word.
    let tells_no_value = ["missing field `", "duplicate field `", "invalid length ", "line "];
    if tells_no_value.iter().any(|head| message.starts_with(head)) {
        return message;
    }
    // The types of this crate: a text between backticks, and then what it is not.
    if message.starts_with('`')
        && let Some(at) = message.rfind("` is ")
    {
        return format!("the value is {}", &message[at + "` is ".len()..]);
    }
    "the value is none that can be here; a day is written 2026-04-06 and a time 2026-04-06T00:00:00Z"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Region, UsdPerMillionTokens, Window};
    use jiff::Timestamp;
    use jiff::civil::Date;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "the fields are only read into")]
    struct Document {
        count: Option<u8>,
        flag: Option<bool>,
        word: Option<Word>,
        region: Option<Region>,
        price: Option<UsdPerMillionTokens>,
        day: Option<Date>,
        time: Option<Timestamp>,
        window: Option<Window>,
        list: Option<[u8; 2]>,
    }

    const SECRET: &str = "AKIASECRETSECRET";

    #[test]
    fn a_fault_of_toml_says_where_and_what_was_expected() {
        for (text, fault) in [
            (
                "count = 1\nflag = \"AKIASECRETSECRET\"",
                "line 2, column 8: invalid type: string, expected a boolean",
            ),
            ("count = 300", "line 1, column 9: invalid value: integer, expected u8"),
            ("\"é\" = 1", "line 1, column 1: unknown field `é`, expected one of `count`, `flag`"),
            (
                "word = \"AKIASECRETSECRET\"",
                "line 1, column 8: unknown word, expected `one` or `two`",
            ),
            (
                "region = \"AKIASECRETSECRET\"",
                "line 1, column 10: the value is not the name of an AWS Region, such as `us-east-1`",
            ),
            (
                "price = \"AKIASECRETSECRET\"",
                "line 1, column 9: the value is not a price: write US dollars",
            ),
            (
                "day = \"AKIASECRETSECRET\"",
                "line 1, column 7: the value is none that can be here; a day is written",
            ),
            ("list = [1]", "line 1, column 8: invalid length 1, expected an array of length 2"),
            ("# é\nlist = AKIASECRETSECRET", "line 2, column 8: string values must be quoted"),
            ("AKIASECRETSECRET", "line 1, column 17: key with no value, expected `=`"),
            ("count = 1\ncount = 1", "line 2, column 1: duplicate key"),
        ] {
            let found = read_toml::<Document>(text).unwrap_err().to_string();
            assert!(found.starts_with(fault), "{text}: {found}");
            assert!(!found.contains(SECRET), "{found}");
        }
    }

    #[test]
    fn a_fault_of_json_says_where_and_what_was_expected() {
        for (text, fault) in [
            (
                "{\"flag\": \"AKIASECRETSECRET\"}",
                "line 1, column 27: invalid type: string, expected a boolean",
            ),
            (
                "{\n\"word\": \"AKIASECRETSECRET, expected AKIASECRETSECRET\"}",
                "line 2, column 53: unknown word, expected `one` or `two`",
            ),
            ("{\"AKIA\": 1}", "line 1, column 7: unknown field `AKIA`, expected one of `count`"),
            (
                "{\"region\": \"a` is AKIASECRETSECRET\"}",
                "line 1, column 36: the value is not the name of an AWS Region",
            ),
            (
                "{\"time\": \"AKIASECRETSECRET\"}",
                "line 1, column 27: the value is none that can be here",
            ),
            (
                "{\"window\": {\"start\": \"2026-01-01T00:00:00Z\", \"end\": \"2025-01-01T00:00:00Z\"}}",
                "line 1, column 76: the value is not a window",
            ),
            ("AKIASECRETSECRET", "line 1, column 1: expected value"),
            ("{\"word\": \"\\x AKIASECRETSECRET\"}", "line 1, column 12: invalid escape"),
            ("", "line 1, column 0: EOF while parsing a value"),
        ] {
            let found = read_json::<Document>(text).unwrap_err().to_string();
            assert!(found.starts_with(fault), "{text}: {found}");
            assert!(!found.contains(SECRET), "{found}");
        }
    }

    #[test]
    fn a_long_name_of_a_field_is_cut() {
        let found = read_json::<Document>(&format!("{{\"{}\": 1}}", "n".repeat(500))).unwrap_err();
        assert!(found.fault.contains("nn…`, expected one of `count`"), "{found}");
        assert!(found.fault.len() < 250, "{found}");
    }
}
