//! As much CBOR as `CloudWatch` speaks.

use std::collections::BTreeMap;

use ciborium::Value;
use jiff::Timestamp;

use super::Refusal;

/// Writes CBOR: by hand, since half a million points through a tree of values take seconds.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn head(&mut self, major: u8, number: u64) {
        let major = major << 5;
        match number {
            0..0x18 => self.bytes.push(major | u8::try_from(number).unwrap_or_default()),
            0x18..0x100 => self.number(major | 0x18, &number.to_be_bytes()[7..]),
            0x100..0x1_0000 => self.number(major | 0x19, &number.to_be_bytes()[6..]),
            0x1_0000..0x1_0000_0000 => self.number(major | 0x1a, &number.to_be_bytes()[4..]),
            _ => self.number(major | 0x1b, &number.to_be_bytes()),
        }
    }

    fn number(&mut self, first: u8, bytes: &[u8]) {
        self.bytes.push(first);
        self.bytes.extend_from_slice(bytes);
    }

    /// Begins a map of so many members.
    pub(super) fn map(&mut self, members: usize) -> &mut Self {
        self.head(5, members as u64);
        self
    }

    /// Begins a list of so many items.
    pub(super) fn list(&mut self, items: usize) -> &mut Self {
        self.head(4, items as u64);
        self
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// Writes a double.
    pub(super) fn double(&mut self, value: f64) -> &mut Self {
        self.number(0xfb, &value.to_be_bytes());
        self
    }

    /// Writes a time, in whole seconds since the epoch.
    pub(super) fn time(&mut self, seconds: i64) -> &mut Self {
        self.head(6, 1);
        self.head(0, seconds.try_into().unwrap_or_default());
        self
    }

    /// Returns what was written.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The members of a map that was sent, each to be taken once: what nobody takes is refused.
pub(super) struct Members {
    what: &'static str,
    members: BTreeMap<String, Value>,
}

impl Members {
    /// Reads a body.
    pub(super) fn read(what: &'static str, body: &[u8]) -> Result<Self, Refusal> {
        let mut rest = body;
        let value: Value = ciborium::from_reader(&mut rest)
            .map_err(|error| Refusal::validation(format!("the body is not CBOR: {error}")))?;
        if !rest.is_empty() {
            return Err(Refusal::validation("there is more after the body's CBOR"));
        }
        Self::of(what, value)
    }

    /// Takes the members of a value, which must be a map.
    pub(super) fn of(what: &'static str, value: Value) -> Result<Self, Refusal> {
        let Value::Map(pairs) = value else {
            return Err(Refusal::validation(format!("{what} is not a map")));
        };
        let mut members = BTreeMap::new();
        for (name, value) in pairs {
            let Value::Text(name) = name else {
                return Err(Refusal::validation(format!("a member of {what} has no name")));
            };
            if members.insert(name.clone(), value).is_some() {
                return Err(Refusal::validation(format!("{what} has {name} twice")));
            }
        }
        Ok(Self { what, members })
    }

    fn wrong(&self, name: &str, kind: &str) -> Refusal {
        Refusal::validation(format!("{name} of {} is not {kind}", self.what))
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Text(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a text")),
        }
    }

    /// Takes a whole number.
    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Integer(number)) => {
                i64::try_from(number).map(Some).map_err(|_| self.wrong(name, "a whole number"))
            }
            Some(_) => Err(self.wrong(name, "a whole number")),
        }
    }

    /// Takes a double.
    pub(super) fn double(&mut self, name: &str) -> Result<Option<f64>, Refusal> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Float(number)) => Ok(Some(number)),
            Some(_) => Err(self.wrong(name, "a double")),
        }
    }

    /// Takes a truth value.
    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(truth)),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// Takes a time, to the millisecond.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let Some(value) = self.members.remove(name) else {
            return Ok(None);
        };
        let time = match value {
            Value::Tag(1, seconds) => match *seconds {
                Value::Integer(seconds) => i64::try_from(seconds)
                    .ok()
                    .and_then(|seconds| Timestamp::from_second(seconds).ok()),
                Value::Float(seconds) => timestamp(seconds),
                _ => None,
            },
            _ => None,
        };
        time.map(Some).ok_or_else(|| self.wrong(name, "a time with tag 1"))
    }

    /// Takes a list; one that is missing is empty.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, Refusal> {
        match self.members.remove(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(name, "a list")),
        }
    }

    /// Takes a map.
    pub(super) fn map(
        &mut self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<Members>, Refusal> {
        self.members.remove(name).map(|value| Members::of(what, value)).transpose()
    }

    /// Takes what must be there.
    pub(super) fn require<T>(&self, name: &str, value: Option<T>) -> Result<T, Refusal> {
        value.ok_or_else(|| Refusal::validation(format!("{} has no {name}", self.what)))
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::validation(format!("{} may not have {name}", self.what))),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time that does not fit is no timestamp either"
)]
fn timestamp(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).ok()
}
