//! As much JSON 1.1 as the Price List and Systems Manager speak.

use serde_json::{Map, Value};

use super::Refusal;

/// The members of an object that was sent, each to be taken once: what nobody takes is refused.
pub(super) struct Members {
    what: &'static str,
    members: Map<String, Value>,
}

impl Members {
    /// Reads a body.
    pub(super) fn read(what: &'static str, body: &[u8]) -> Result<Self, Refusal> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::validation(format!("the body is not JSON: {error}")))?;
        Self::of(what, value)
    }

    /// Takes the members of a value, which must be an object.
    pub(super) fn of(what: &'static str, value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self { what, members }),
            _ => Err(Refusal::validation(format!("{what} is not an object"))),
        }
    }

    fn take<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.members.remove(name) else {
            return Ok(None);
        };
        let wrong = || Refusal::validation(format!("{name} of {} is not {kind}", self.what));
        read(value).map(Some).ok_or_else(wrong)
    }

    /// Takes a text, which must not be empty.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.take(name, "a text", |value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        })
    }

    /// Takes a whole number.
    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        self.take(name, "a whole number", |value| value.as_i64())
    }

    /// Takes a truth value.
    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name, "true or false", |value| value.as_bool())
    }

    /// Takes a list; one that is missing is empty.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, Refusal> {
        let list = self.take(name, "a list", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })?;
        Ok(list.unwrap_or_default())
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
