//! Overrides from TOML, with all faults and their lines.

use std::fmt;

use super::entries::Overrides;
use super::rules::{Lines, check};
use crate::catalog::toml_lines::{Document, Lined};
use crate::domain::text::faults;

/// The version of the format that this program reads.
const SCHEMA_VERSION: u32 = 1;

/// Names of the parts of an overrides file.
const SECTIONS: [&str; 8] = [
    "schema_version",
    "capacity",
    "allowed_scopes",
    "discount",
    "contract_price",
    "excluded_model",
    "reserved_holding",
    "dismissed",
];

/// The error for a text that is not a usable overrides file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverridesError {
    /// Name of the file.
    pub name: String,
    /// All faults that were found.
    pub faults: Vec<String>,
}

impl fmt::Display for OverridesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "overrides `{}` are not usable: {}", self.name, faults(&self.faults))
    }
}

impl std::error::Error for OverridesError {}

fn apart<T>(entries: Vec<Lined<T>>) -> (Vec<T>, Lines) {
    let lines = entries.iter().map(|entry| entry.line).collect();
    (entries.into_iter().map(|entry| entry.value).collect(), Some(lines))
}

/// The lines of all entries, section by section.
#[derive(Default)]
struct AllLines {
    capacity: Lines,
    allowed_scopes: Lines,
    discount: Lines,
    contract_price: Lines,
    excluded_model: Lines,
    reserved_holding: Lines,
    dismissed: Lines,
}

impl Overrides {
    /// Reads overrides from TOML. `name` is their name in errors. All faults are named at once,
    /// each with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, OverridesError> {
        let mut document = Document::parse(text);
        let version = document.value::<u32>("schema_version");
        // A text that is no TOML has no version either, and one fault for that is enough.
        if version.is_none() && document.faults.is_empty() {
            document
                .faults
                .push(format!("`schema_version = {SCHEMA_VERSION}` is missing at the top"));
        }
        let mut lines = AllLines::default();
        let mut overrides = Self {
            schema_version: version.map_or(SCHEMA_VERSION, |version| version.value),
            ..Self::default()
        };
        (overrides.capacity, lines.capacity) = apart(document.entries("capacity"));
        (overrides.allowed_scopes, lines.allowed_scopes) =
            apart(document.entries("allowed_scopes"));
        (overrides.discount, lines.discount) = apart(document.entries("discount"));
        (overrides.contract_price, lines.contract_price) =
            apart(document.entries("contract_price"));
        (overrides.excluded_model, lines.excluded_model) =
            apart(document.entries("excluded_model"));
        (overrides.reserved_holding, lines.reserved_holding) =
            apart(document.entries("reserved_holding"));
        (overrides.dismissed, lines.dismissed) = apart(document.entries("dismissed"));
        let is_toml = document.is_toml;
        let mut faults = document.finish(&SECTIONS);
        // What was understood of a text that is no TOML is no overrides file to find contradictions in.
        if is_toml {
            faults.extend(overrides.faults_at(&lines));
        }
        if faults.is_empty() {
            Ok(overrides)
        } else {
            Err(OverridesError { name: name.into(), faults })
        }
    }

    /// Lists the contradictions of the overrides; empty where the overrides are usable.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults_at(&AllLines::default())
    }

    fn faults_at(&self, lines: &AllLines) -> Vec<String> {
        let mut faults = Vec::new();
        if self.schema_version != SCHEMA_VERSION {
            faults.push(format!(
                "schema_version is {}, this program reads {SCHEMA_VERSION}",
                self.schema_version
            ));
        }
        check(&mut faults, "capacity", &self.capacity, &lines.capacity);
        check(&mut faults, "allowed_scopes", &self.allowed_scopes, &lines.allowed_scopes);
        check(&mut faults, "discount", &self.discount, &lines.discount);
        check(&mut faults, "contract_price", &self.contract_price, &lines.contract_price);
        check(&mut faults, "excluded_model", &self.excluded_model, &lines.excluded_model);
        check(&mut faults, "reserved_holding", &self.reserved_holding, &lines.reserved_holding);
        check(&mut faults, "dismissed", &self.dismissed, &lines.dismissed);
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::AllowedScope;
    use crate::domain::BaseModel;

    fn faults_of(text: &str) -> Vec<String> {
        Overrides::parse("o.toml", text).unwrap_err().faults
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let faults = faults_of(
            r#"schema_version = 2
[[capacity]]
model = "a.b"
input_tokens_per_minute = 0
output_tokens_per_minute = 5
[[capacity]]
model = "a.b"
input_tokens_per_minute = "many"
output_tokens_per_minute = 5
[[allowed_scopes]]
model = "*"
scopes = []
[[discount]]
percent = "110"
on = []
from = "2026-02-01"
until = "2026-01-01"
source = "s"
[[capacities]]
"#,
        );
        let all = faults.join("\n");
        for named in [
            "schema_version is 2",
            "line 2: capacity of `a.b`: it is not a number of tokens",
            "line 8, column 27: invalid type: string, expected u64",
            "line 10: allowed_scopes of `*`: it is allowed no scope",
            "line 13: discount: it names a provider or a model",
            "line 13: discount: percent is a number above 0",
            "line 13: discount: `on` says",
            "line 13: discount: it ends on 2026-01-01",
            "line 19: `capacities` is not known",
        ] {
            assert!(all.contains(named), "{named}\n{all}");
        }
        assert_eq!(faults.len(), 9, "{all}");
    }

    #[test]
    fn a_misspelled_field_is_refused_with_its_line() {
        let faults = faults_of(
            "schema_version = 1\n[[excluded_model]]\nmodel = \"a.b\"\nwhy = \"w\"\nwhen = 1\n",
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("line 5, column 1: unknown field `when`"), "{faults:?}");
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        let faults = faults_of("schema_version = 1\n[[capacity]\nmodel = = 3\n");
        assert!(faults.iter().any(|fault| fault.starts_with("line 2")), "{faults:?}");
    }

    #[test]
    fn a_missing_version_is_a_fault() {
        assert_eq!(faults_of(""), ["`schema_version = 1` is missing at the top"]);
    }

    #[test]
    fn a_contract_may_follow_another_but_not_meet_it() {
        let row = |from: &str, until: &str| {
            format!(
                "[[discount]]\nprovider = \"A\"\npercent = \"5\"\non = [\"tokens\"]\nfrom = \"{from}\"\n\
                 until = \"{until}\"\nsource = \"s\"\n"
            )
        };
        let head = "schema_version = 1\n";
        let after = row("2027-01-01", "2027-12-31");
        let year = row("2026-01-01", "2026-12-31");
        assert!(Overrides::parse("o", &format!("{head}{year}{after}")).is_ok());
        let meets = row("2026-12-31", "2027-12-31");
        let faults = faults_of(&format!("{head}{year}{meets}"));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("line 9: discount is given twice"), "{faults:?}");
    }

    #[test]
    fn a_named_model_goes_before_the_rest() {
        let overrides = Overrides::parse(
            "o.toml",
            "schema_version = 1\n[[allowed_scopes]]\nmodel = \"*\"\nscopes = [\"in-region\"]\n\
             [[allowed_scopes]]\nmodel = \"a.b\"\nscopes = [\"global\"]\n",
        )
        .unwrap();
        assert_eq!(overrides.allows(&BaseModel::new("a.b"), AllowedScope::Global), Some(true));
        assert_eq!(overrides.allows(&BaseModel::new("c.d"), AllowedScope::Global), Some(false));
        assert_eq!(Overrides::default().allows(&BaseModel::new("a.b"), AllowedScope::Global), None);
    }

    #[test]
    fn a_dismissal_ends() {
        let overrides = Overrides::parse(
            "o.toml",
            "schema_version = 1\n[[dismissed]]\nid = \"rec-2baace0e1a\"\nuntil = \"2026-06-30\"\nwhy = \"w\"\n",
        )
        .unwrap();
        let holds =
            |day: &str| overrides.dismissal("rec-2baace0e1a", day.parse().unwrap()).is_some();
        assert!(holds("2026-06-30"));
        assert!(!holds("2026-07-01"));
    }
}
