//! Rules that the entries of an overrides file must keep.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::catalog::overrides::{
    AllowedScopes, ContractPrice, Discount, Dismissal, ExcludedModel, ReservedHolding, UnitCapacity,
};
use crate::catalog::row_scope::{RowRegion, RowScope};
use crate::domain::text::{MOST_QUOTED, clip};
use crate::domain::{BaseModel, Geo, Term, Usd};

/// The most tokens a minute that a unit is believed to serve. The bound keeps products of
/// capacities far from overflow.
const MOST_TOKENS_PER_MINUTE: u64 = 1_000_000_000;

/// The highest cost of an hour that is believed, in USD. The bound keeps all sums far from
/// overflow.
const MOST_USD_PER_HOUR: Usd = Usd::new(Decimal::from_parts(1_000_000, 0, 0, false, 0));

/// Lines on which the entries of one section begin; `None` where the entries were not read from a
/// text.
pub(super) type Lines = Option<Vec<usize>>;

/// One entry of an overrides file.
pub(super) trait Entry {
    /// Returns the key of the entry. Entries of one key are about the same thing.
    fn key(&self) -> String;

    /// Returns the model that the entry is about; `None` where it is about none, or about several.
    fn model(&self) -> Option<&str>;

    /// Lists the faults of the entry.
    fn faults(&self) -> Vec<String>;

    /// Returns true if this entry and another of the same key may both hold.
    fn agrees(&self, _other: &Self) -> bool {
        false
    }
}

pub(super) fn check<T: Entry>(
    faults: &mut Vec<String>,
    section: &str,
    entries: &[T],
    lines: &Lines,
) {
    let mut seen: BTreeMap<String, Vec<&T>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        // By its line or place: of what the entry says, an error names the model alone.
        let mut at = match lines.as_ref().and_then(|lines| lines.get(index)) {
            Some(line) => format!("line {line}: {section}"),
            None => format!("{section} {}", index + 1),
        };
        if let Some(model) = entry.model() {
            at = format!("{at} of `{}`", clip(model, MOST_QUOTED));
        }
        faults.extend(entry.faults().iter().map(|fault| format!("{at}: {fault}")));
        let before = seen.entry(entry.key()).or_default();
        if before.iter().any(|before| !entry.agrees(before)) {
            faults.push(format!("{at} is given twice: keep one"));
        }
        before.push(entry);
    }
}

/// Returns the fault of two days in the wrong order.
fn order_fault(from: Date, until: Option<Date>) -> Option<String> {
    until
        .filter(|until| *until < from)
        .map(|until| format!("it ends on {until}, before it begins on {from}"))
}

impl Entry for UnitCapacity {
    fn key(&self) -> String {
        self.model.to_string()
    }

    fn model(&self) -> Option<&str> {
        Some(self.model.id())
    }

    fn faults(&self) -> Vec<String> {
        let whole = 1..=MOST_TOKENS_PER_MINUTE;
        if whole.contains(&self.input_tokens_per_minute)
            && whole.contains(&self.output_tokens_per_minute)
        {
            Vec::new()
        } else {
            vec![format!("it is not a number of tokens from 1 to {MOST_TOKENS_PER_MINUTE}")]
        }
    }
}

impl Entry for AllowedScopes {
    fn key(&self) -> String {
        self.model.clone()
    }

    fn model(&self) -> Option<&str> {
        Some(&self.model)
    }

    fn faults(&self) -> Vec<String> {
        if self.scopes.is_empty() {
            vec!["it is allowed no scope at all: name one in `scopes`".into()]
        } else {
            Vec::new()
        }
    }
}

impl Entry for Discount {
    fn key(&self) -> String {
        let model = self.model.as_ref().map(ToString::to_string);
        let provider = self.provider.as_ref().map(|name| name.to_lowercase());
        model.or(provider).unwrap_or_default()
    }

    fn model(&self) -> Option<&str> {
        self.model.as_ref().map(BaseModel::id)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = order_fault(self.from, self.until).into_iter().collect();
        if self.provider.is_some() == self.model.is_some() {
            faults.push("it names a provider or a model, and not both".into());
        }
        let percent = self.percent.number().normalize();
        if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED || percent.scale() > 4 {
            faults
                .push("percent is a number above 0, up to 100, with four decimals at most".into());
        }
        if self.on.is_empty() {
            faults.push(
                "`on` says what it is taken off: tokens, model-units, reserved-tokens".into(),
            );
        }
        faults
    }

    fn agrees(&self, other: &Self) -> bool {
        self.on.is_disjoint(&other.on) || !self.dating().overlaps(other.dating())
    }
}

impl Entry for ContractPrice {
    fn key(&self) -> String {
        let geo = self.geo.map_or("", Geo::prefix);
        let above = self
            .above_input_tokens
            .map_or_else(String::new, |above| format!(" above {above} tokens"));
        format!("`{}` {:?} {geo} {}{above}", self.model, self.scope, self.tier)
    }

    fn model(&self) -> Option<&str> {
        Some(self.model.id())
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = order_fault(self.from, self.until).into_iter().collect();
        if (self.scope == RowScope::Geo) != self.geo.is_some() {
            faults.push("`geo` goes with scope = \"geo\" and with nothing else".into());
        }
        if self.regions.is_empty() || self.regions.contains(&RowRegion::Unstated) {
            faults.push("`regions` names the Regions, or is [\"*\"]".into());
        }
        let prices = [
            self.input,
            self.output,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_30m,
            self.cache_write_1h,
        ];
        if prices.iter().all(Option::is_none) {
            faults.push("it prices no meter: add `input`, `output` or a price of a cache".into());
        }
        faults
    }

    fn agrees(&self, other: &Self) -> bool {
        self.regions.iter().all(|row| !other.regions.contains(row))
            || !self.dating().overlaps(other.dating())
    }
}

impl Entry for ExcludedModel {
    fn key(&self) -> String {
        self.model.to_string()
    }

    fn model(&self) -> Option<&str> {
        Some(self.model.id())
    }

    fn faults(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Entry for ReservedHolding {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn model(&self) -> Option<&str> {
        Some(self.model.id())
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = order_fault(self.from, self.term_ends).into_iter().collect();
        // Prices are for 1,000 tokens a minute.
        let is_sold = |tokens: u64| {
            (1..=MOST_TOKENS_PER_MINUTE).contains(&tokens) && tokens.is_multiple_of(1_000)
        };
        if !is_sold(self.input_tokens_per_minute) || !is_sold(self.output_tokens_per_minute) {
            faults.push(format!(
                "tokens a minute are whole thousands from 1000 to {MOST_TOKENS_PER_MINUTE}"
            ));
        }
        if !matches!(self.term, Term::OneMonth | Term::ThreeMonths) {
            faults.push("its term is 1-month or 3-months".into());
        }
        let is_believed = |cost: Usd| cost.is_positive() && cost <= MOST_USD_PER_HOUR;
        if self.usd_per_hour.is_some_and(|cost| !is_believed(cost)) {
            faults.push(format!("usd_per_hour is above zero and at most {MOST_USD_PER_HOUR}"));
        }
        faults
    }
}

impl Entry for Dismissal {
    fn key(&self) -> String {
        self.id.to_lowercase()
    }

    fn model(&self) -> Option<&str> {
        None
    }

    fn faults(&self) -> Vec<String> {
        // The form of all ids: ten digits of a hash.
        let digits = self.id.strip_prefix("rec-").unwrap_or_default();
        if digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Vec::new()
        } else {
            vec!["an id looks like rec-2baace0e1a".into()]
        }
    }
}
