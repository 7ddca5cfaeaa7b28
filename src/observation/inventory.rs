//! The inventory of an account in a Region: provisioned models, application profiles, and the
//! profiles and foundation models on offer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::model::Arn;
use crate::domain::{AccountId, BaseModel, ModelId, ModelUnits, Target};
use crate::observation::{InferenceType, LifecycleStatus, ProvisionedModelStatus};

/// Answers of `bedrock:List*` for one account and Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Provisioned throughput, by model units.
    pub provisioned_models: Vec<ProvisionedModel>,
    /// Application inference profiles.
    pub application_profiles: Vec<ApplicationProfile>,
    /// The foundation models of the Region.
    pub foundation_models: Vec<FoundationModel>,
    /// Inference profiles that AWS defines for the Region; empty in documents of before they were
    /// read, and where the Region has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system_profiles: Vec<SystemProfile>,
}

/// Provisioned throughput that the account has, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionedModel {
    /// ARN of the provisioned model.
    pub provisioned_model_arn: String,
    /// Name that somebody gave to the provisioned model.
    pub provisioned_model_name: String,
    /// ARN of the model that is served: a foundation model or a custom one.
    pub model_arn: String,
    /// ARN of the foundation model, or of the one that the custom model was made from.
    pub foundation_model_arn: String,
    /// Model units that were bought.
    pub model_units: ModelUnits,
    /// State, which says if requests are served.
    pub status: ProvisionedModelStatus,
    /// Term of the commitment; `None` where AWS bills by the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment_duration: Option<CommitmentDuration>,
    /// End of the term, which begins again then unless somebody prevents that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment_expiration_time: Option<Timestamp>,
    /// Time of the creation.
    pub creation_time: Timestamp,
}

/// Term of provisioned throughput, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitmentDuration {
    /// One month.
    OneMonth,
    /// Six months.
    SixMonths,
    /// A term that this version does not know, and so has no price for.
    Other(String),
}

/// An application inference profile, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationProfile {
    /// Id of the profile, which `CloudWatch` uses as `ModelId`.
    pub inference_profile_id: String,
    /// ARN of the profile.
    pub inference_profile_arn: String,
    /// Name that somebody gave to the profile.
    pub inference_profile_name: String,
    /// ARNs of the models behind the profile, one for each Region.
    pub model_arns: Vec<String>,
}

/// An inference profile that AWS defines, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemProfile {
    /// Id of the profile, as in `us.amazon.nova-pro-v1:0`.
    pub inference_profile_id: String,
    /// ARNs of the models behind the profile, one for each Region.
    pub model_arns: Vec<String>,
}

/// A foundation model of a Region, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundationModel {
    /// Id of the model, with the context window for some that can be provisioned.
    pub model_id: String,
    /// Stage of the model's life; `None` where AWS does not tell the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle_status: Option<LifecycleStatus>,
    /// Time from which requests fail; `None` where AWS has set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life_time: Option<Timestamp>,
    /// Ways in which the model can be called.
    pub inference_types_supported: Vec<InferenceType>,
}

impl ProvisionedModel {
    /// Returns the id at the end of the ARN, twelve characters.
    #[must_use]
    pub fn id(&self) -> &str {
        self.provisioned_model_arn.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the values of `ModelId` under which the traffic may be metered. AWS documents none of
    /// them.
    #[must_use]
    pub fn metered_ids(&self) -> [&str; 3] {
        [&self.provisioned_model_arn, self.id(), &self.provisioned_model_name]
    }

    /// Returns the foundation model behind the provisioned one; `None` where the ARN names none.
    #[must_use]
    pub fn foundation_model(&self) -> Option<BaseModel> {
        ModelId::parse(self.foundation_model_arn.as_str()).model().cloned()
    }

    /// Returns true if a custom model is served, which has no on-demand twin.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.model_arn.parse::<Arn>().is_ok_and(|arn| arn.resource_type == "custom-model")
    }

    /// Returns true if requests are served now.
    #[must_use]
    pub fn is_in_service(&self) -> bool {
        self.status == ProvisionedModelStatus::InService
    }

    /// Returns true if AWS is known to bill the model. AWS bills from creation to deletion, and does
    /// not say what becomes of a model that was never in service.
    #[must_use]
    pub fn is_billed(&self) -> bool {
        !matches!(self.status, ProvisionedModelStatus::Creating | ProvisionedModelStatus::Failed)
    }

    /// Returns true if a term binds the account beyond the hour.
    #[must_use]
    pub fn is_under_term(&self) -> bool {
        self.commitment_duration.is_some()
    }

    /// Returns the account that owns the model; `None` where the ARN is none.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.provisioned_model_arn.parse::<Arn>().ok().map(|arn| arn.account)
    }
}

impl ApplicationProfile {
    /// Returns the account that owns the profile; `None` where the ARN is none.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.inference_profile_arn.parse::<Arn>().ok().map(|arn| arn.account)
    }
}

impl Inventory {
    /// Returns every id under which traffic may be metered, listed by `ListMetrics` or not.
    #[must_use]
    pub fn metered_ids(&self) -> Vec<String> {
        let provisioned = self.provisioned_models.iter().flat_map(ProvisionedModel::metered_ids);
        let profiles =
            self.application_profiles.iter().map(|profile| profile.inference_profile_id.as_str());
        provisioned.chain(profiles).map(str::to_owned).collect()
    }

    /// Returns the provisioned model that is metered under this id; `None` where none is.
    #[must_use]
    pub fn provisioned_model(&self, id: &ModelId) -> Option<&ProvisionedModel> {
        self.provisioned_models.iter().find(|model| model.metered_ids().contains(&id.text()))
    }

    /// Returns the application profile that is metered under this id; `None` where none is.
    #[must_use]
    pub fn application_profile(&self, id: &ModelId) -> Option<&ApplicationProfile> {
        let text = match id.target() {
            Target::ApplicationProfile(arn) => arn.id.as_str(),
            // The bare id of a profile may carry the suffix of a tier.
            _ => id.without_tier(),
        };
        self.application_profiles.iter().find(|profile| profile.inference_profile_id == text)
    }

    /// Returns the entries of a model in the list of foundation models, one for each context window.
    /// Some models are sold with a version that the id in calls does not have:
    /// `cohere.embed-english-v3:0:512` are units of `cohere.embed-english-v3`.
    pub fn listed(&self, model: &BaseModel) -> impl Iterator<Item = &FoundationModel> {
        let is_entry = move |listed: &&FoundationModel| {
            let id = ModelId::parse(listed.model_id.as_str());
            let Target::Model { model: of, variant, .. } = id.target() else {
                return false;
            };
            let unversioned = of.id().rsplit_once(':').map(|(name, _)| name);
            of == model || (variant.is_some() && unversioned == Some(model.id()))
        };
        self.foundation_models.iter().filter(is_entry)
    }

    /// Returns the ids under which provisioned throughput of a model is sold in this Region.
    #[must_use]
    pub fn provisionable_ids(&self, model: &BaseModel) -> Vec<&str> {
        self.listed(model)
            .filter(|listed| listed.inference_types_supported.contains(&InferenceType::Provisioned))
            .map(|listed| listed.model_id.as_str())
            .collect()
    }

    /// Returns the account; `None` where nothing in the inventory names one.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        let provisioned = self.provisioned_models.iter().filter_map(ProvisionedModel::account);
        let profiles = self.application_profiles.iter().filter_map(ApplicationProfile::account);
        provisioned.chain(profiles).find(|account| !account.is_unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_sold_with_a_version_are_of_the_model_without_one() {
        let listed = |id: &str, kind: &str| FoundationModel {
            model_id: id.into(),
            lifecycle_status: None,
            end_of_life_time: None,
            inference_types_supported: vec![kind.into()],
        };
        let inventory = Inventory {
            foundation_models: vec![
                listed("cohere.embed-english-v3", "ON_DEMAND"),
                listed("cohere.embed-english-v3:0:512", "PROVISIONED"),
                listed("anthropic.claude-v2:1", "ON_DEMAND"),
                listed("anthropic.claude-v2:1:200k", "PROVISIONED"),
            ],
            ..Inventory::default()
        };
        let sold = |id: &str| inventory.provisionable_ids(&BaseModel::new(id));
        assert_eq!(sold("cohere.embed-english-v3"), ["cohere.embed-english-v3:0:512"]);
        assert_eq!(sold("anthropic.claude-v2:1"), ["anthropic.claude-v2:1:200k"]);
        assert!(sold("anthropic.claude-v2:0").is_empty());
        // What is listed without a context window is what it says.
        assert_eq!(inventory.listed(&BaseModel::new("anthropic.claude-v2")).count(), 1);
    }
}
