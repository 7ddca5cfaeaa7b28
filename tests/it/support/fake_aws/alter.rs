//! Answers that AWS would not give, made of those that it would: lists without an end, entries that
//! come twice, series that contradict themselves.

use ciborium::Value;

/// Way in which an answer goes wrong and still parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alteration {
    /// The body has not one byte.
    Empty,
    /// The list is left out.
    Listless,
    /// The first entry of the list lacks all members but one.
    Lacking,
    /// The first entry of the list comes twice.
    Repeated,
    /// The first entry of the list comes twice, and the second is another.
    Contradicting,
    /// Every page ends with the same token.
    SameToken,
    /// Every page ends with a token of its own.
    EndlessTokens,
    /// A series has a time more than it has values.
    Unpaired,
    /// A series has two values for one time.
    TwoValues,
    /// A series is of a query that nobody asked.
    Unasked,
    /// Every series lacks half of its points and ends as partial.
    Partial,
    /// Every series is forbidden.
    SeriesForbidden,
}

impl Alteration {
    /// Returns true if the call is answered however often it is made, whatever its token.
    pub(super) fn is_endless(self) -> bool {
        matches!(self, Self::SameToken | Self::EndlessTokens)
    }
}

/// Names of the list and of the token in the answers of an operation.
fn members(operation: &str) -> Option<(&'static str, &'static str)> {
    Some(match operation {
        "ListMetrics" => ("Metrics", "NextToken"),
        "GetMetricData" => ("MetricDataResults", "NextToken"),
        "ListProvisionedModelThroughputs" => ("provisionedModelSummaries", "nextToken"),
        "ListInferenceProfiles" => ("inferenceProfileSummaries", "nextToken"),
        "ListFoundationModels" => ("modelSummaries", "nextToken"),
        "GetProducts" => ("PriceList", "NextToken"),
        _ => return None,
    })
}

/// Returns the answer of an operation with an empty list.
pub(super) fn without_entries(operation: &str, body: &[u8]) -> Vec<u8> {
    let (list, _) = members(operation).expect("the answer has a list");
    changed(body, |fields| set(fields, list, Value::Array(Vec::new())))
}

/// Alters the answer of an operation. `arrival` tells one token from another.
pub(super) fn alter(
    operation: &str,
    alteration: Alteration,
    body: &[u8],
    arrival: usize,
) -> Vec<u8> {
    let (list, token) = members(operation).expect("the answer has a list");
    if alteration == Alteration::Empty {
        return Vec::new();
    }
    changed(body, |fields| match alteration {
        Alteration::Empty => {}
        Alteration::Listless => fields.retain(|(name, _)| name.as_text() != Some(list)),
        Alteration::SameToken => set(fields, token, Value::from("again")),
        Alteration::EndlessTokens => set(fields, token, Value::from(format!("page-{arrival}"))),
        _ => {
            let entries = member(fields, list).and_then(Value::as_array_mut);
            change_entries(alteration, entries.expect("the answer has its list"));
        }
    })
}

/// Changes the members of an answer, in JSON or CBOR.
fn changed(body: &[u8], change: impl FnOnce(&mut Fields)) -> Vec<u8> {
    let is_json = body.first() == Some(&b'{');
    let mut answer: Value = if is_json {
        let json: serde_json::Value = serde_json::from_slice(body).expect("the answer is JSON");
        Value::serialized(&json).expect("JSON is a value")
    } else {
        ciborium::from_reader(body).expect("the answer is CBOR")
    };
    change(answer.as_map_mut().expect("the answer is a map"));
    if is_json {
        let json: serde_json::Value = answer.deserialized().expect("it was JSON");
        json.to_string().into_bytes()
    } else {
        let mut bytes = Vec::new();
        ciborium::into_writer(&answer, &mut bytes).expect("a value can be written");
        bytes
    }
}

fn change_entries(alteration: Alteration, entries: &mut Vec<Value>) {
    match alteration {
        Alteration::Repeated => entries.extend(entries.first().cloned()),
        Alteration::Lacking => {
            if let Some(fields) = entries.first_mut().and_then(Value::as_map_mut) {
                fields.truncate(1);
            }
        }
        Alteration::Contradicting => {
            let mut other = entries.first().cloned();
            if let Some(other) = other.as_mut().and_then(Value::as_map_mut) {
                contradict(other);
            }
            entries.extend(other);
        }
        Alteration::Unasked => {
            let mut other = entries.first().cloned();
            if let Some(other) = other.as_mut().and_then(Value::as_map_mut) {
                set(other, "Id", Value::from("somebody_elses"));
            }
            entries.extend(other);
        }
        _ => {
            for series in entries.iter_mut().filter_map(Value::as_map_mut) {
                change_series(alteration, series);
            }
        }
    }
}

/// Makes another entry of one, under the same key.
fn contradict(entry: &mut Fields) {
    if let Some(units) = member(entry, "modelUnits") {
        *units = Value::from(7);
    } else if let Some(models) = member(entry, "models").and_then(Value::as_array_mut) {
        models.clear();
    } else if member(entry, "inferenceTypesSupported").is_some() {
        set(entry, "inferenceTypesSupported", Value::Array(Vec::new()));
    }
}

fn change_series(alteration: Alteration, series: &mut Fields) {
    let points = |series: &mut Fields, change: &dyn Fn(&mut Vec<Value>)| {
        for name in ["Timestamps", "Values"] {
            if let Some(list) = member(series, name).and_then(Value::as_array_mut) {
                change(list);
            }
        }
    };
    match alteration {
        Alteration::Unpaired => {
            if let Some(values) = member(series, "Values").and_then(Value::as_array_mut) {
                values.pop();
            }
        }
        Alteration::TwoValues => {
            points(series, &|list| list.extend(list.first().cloned()));
            let values = member(series, "Values").and_then(Value::as_array_mut);
            if let Some(last) = values.and_then(|values| values.last_mut()) {
                *last = Value::from(0.0);
            }
        }
        Alteration::Partial => {
            points(series, &|list| list.truncate(list.len() / 2));
            set(series, "StatusCode", Value::from("PartialData"));
        }
        Alteration::SeriesForbidden => {
            points(series, &|list| list.clear());
            set(series, "StatusCode", Value::from("Forbidden"));
        }
        _ => {}
    }
}

type Fields = Vec<(Value, Value)>;

fn member<'f>(fields: &'f mut Fields, name: &str) -> Option<&'f mut Value> {
    let mut found = fields.iter_mut().filter(|(key, _)| key.as_text() == Some(name));
    found.next().map(|(_, value)| value)
}

fn set(fields: &mut Fields, name: &str, value: Value) {
    fields.retain(|(key, _)| key.as_text() != Some(name));
    fields.push((Value::from(name), value));
}
