//! The answers of Bedrock's control plane.

use std::collections::BTreeMap;

use bedrock_cost_guard::domain::Region;
use bedrock_cost_guard::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
    SystemProfile,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Refusal, State};
use crate::support::account::ACCOUNT;

/// The parameters of a query string, each to be taken once: what nobody takes is refused.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = decode(name).zip(decode(value));
            let (name, value) =
                decoded.ok_or_else(|| refuse(format!("{pair} is not percent-encoded")))?;
            if parameters.insert(name.clone(), value).is_some() {
                return Err(refuse(format!("the parameter {name} is there twice")));
            }
        }
        Ok(Self(parameters))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn finish(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(refuse(format!("the parameter {name} is not known"))),
        }
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationException", message)
}

/// Takes the percent-encoding off a text.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Answers one operation about one Region.
pub(super) fn answer(
    state: &State,
    operation: &str,
    region: &Region,
    query: &str,
) -> Result<Vec<u8>, Refusal> {
    let nothing = Inventory::default();
    let inventory = state.inventories.get(region).unwrap_or(&nothing);
    let mut parameters = Parameters::read(query)?;
    let (name, items): (&str, Vec<Value>) = match operation {
        "ListProvisionedModelThroughputs" => (
            "provisionedModelSummaries",
            inventory.provisioned_models.iter().map(provisioned_model).collect(),
        ),
        "ListInferenceProfiles" => {
            let (application, system) =
                (&inventory.application_profiles, &inventory.system_profiles);
            let profiles: Vec<Value> = match parameters.take("type").as_deref() {
                Some("APPLICATION") => application
                    .iter()
                    .map(|profile| application_profile(profile, state.as_of))
                    .collect(),
                Some("SYSTEM_DEFINED") => system
                    .iter()
                    .map(|profile| system_profile(profile, region, state.as_of))
                    .collect(),
                Some(other) => return Err(refuse(format!("the type {other} is not known"))),
                // AWS does not document which profiles it lists then.
                None => return Err(refuse("a type of profiles is asked for")),
            };
            ("inferenceProfileSummaries", profiles)
        }
        _ => {
            // This list has no pages.
            parameters.finish()?;
            let models: Vec<Value> = inventory
                .foundation_models
                .iter()
                .map(|model| foundation_model(model, region))
                .collect();
            return Ok(json!({ "modelSummaries": models }).to_string().into_bytes());
        }
    };
    page(name, items, parameters, state.page_sizes.bedrock)
}

fn page(
    name: &str,
    mut items: Vec<Value>,
    mut parameters: Parameters,
    size: usize,
) -> Result<Vec<u8>, Refusal> {
    let size = match parameters.take("maxResults") {
        None => size,
        Some(text) => match text.parse::<usize>() {
            Ok(most @ 1..=1_000) => size.min(most),
            _ => return Err(refuse(format!("maxResults may not be {text}"))),
        },
    };
    let first = match parameters.take("nextToken") {
        None => 0,
        Some(token) => {
            place_of(&token).ok_or_else(|| refuse(format!("{token} is not a nextToken")))?
        }
    };
    parameters.finish()?;
    let mut rest = items.split_off(first.min(items.len()));
    let more = rest.len() > size.max(1);
    rest.truncate(size.max(1));
    let mut answer = json!({ name: rest });
    if more {
        answer["nextToken"] = token_of(first + size.max(1)).into();
    }
    Ok(answer.to_string().into_bytes())
}

/// Writes a token with characters that a query string must encode.
fn token_of(place: usize) -> String {
    format!("{place:x}/+&==")
}

fn place_of(token: &str) -> Option<usize> {
    usize::from_str_radix(token.strip_suffix("/+&==")?, 16).ok()
}

fn provisioned_model(model: &ProvisionedModel) -> Value {
    let mut summary = json!({
        "provisionedModelName": model.provisioned_model_name,
        "provisionedModelArn": model.provisioned_model_arn,
        "modelArn": model.model_arn,
        "desiredModelArn": model.model_arn,
        "foundationModelArn": model.foundation_model_arn,
        "modelUnits": model.model_units.count(),
        "desiredModelUnits": model.model_units.count(),
        "status": model.status,
        "creationTime": model.creation_time.to_string(),
        "lastModifiedTime": model.creation_time.to_string(),
    });
    if let Some(duration) = &model.commitment_duration {
        summary["commitmentDuration"] = match duration {
            CommitmentDuration::OneMonth => "OneMonth",
            CommitmentDuration::SixMonths => "SixMonths",
            CommitmentDuration::Other(name) => name,
        }
        .into();
    }
    if let Some(time) = &model.commitment_expiration_time {
        summary["commitmentExpirationTime"] = time.to_string().into();
    }
    summary
}

fn application_profile(profile: &ApplicationProfile, as_of: Timestamp) -> Value {
    let created = (as_of - SignedDuration::from_hours(365 * 24)).to_string();
    json!({
        "inferenceProfileName": profile.inference_profile_name,
        "createdAt": created,
        "updatedAt": created,
        "inferenceProfileArn": profile.inference_profile_arn,
        "models": models(&profile.model_arns),
        "inferenceProfileId": profile.inference_profile_id,
        "status": "ACTIVE",
        "type": "APPLICATION",
    })
}

fn system_profile(profile: &SystemProfile, region: &Region, as_of: Timestamp) -> Value {
    let created = (as_of - SignedDuration::from_hours(365 * 24)).to_string();
    let id = &profile.inference_profile_id;
    json!({
        "inferenceProfileName": id,
        "createdAt": created,
        "updatedAt": created,
        "inferenceProfileArn": format!("arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{id}"),
        "models": models(&profile.model_arns),
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    })
}

fn models(arns: &[String]) -> Vec<Value> {
    arns.iter().map(|arn| json!({ "modelArn": arn })).collect()
}

fn foundation_model(model: &FoundationModel, region: &Region) -> Value {
    let id = &model.model_id;
    let mut summary = json!({
        "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{id}"),
        "modelId": id,
        "modelName": id,
        "providerName": id.split('.').next(),
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": true,
        "customizationsSupported": [],
        "inferenceTypesSupported": model.inference_types_supported,
    });
    if let Some(status) = &model.lifecycle_status {
        summary["modelLifecycle"] = json!({ "status": status });
        for (field, time) in [
            ("legacyTime", &model.legacy_time),
            ("publicExtendedAccessTime", &model.public_extended_access_time),
            ("endOfLifeTime", &model.end_of_life_time),
        ] {
            if let Some(time) = time {
                summary["modelLifecycle"][field] = time.to_string().into();
            }
        }
    }
    summary
}
