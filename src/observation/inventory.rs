//! The inventory of an account in a Region: provisioned models, application profiles, the profiles
//! and foundation models on offer, and the lists among these that were not read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::model::Arn;
use crate::domain::{AccountId, ModelId, ModelUnits, Place, Target};
use crate::observation::distinct::repeated;
use crate::observation::{InferenceType, LifecycleStatus, ProvisionedModelStatus};

/// Answers of `bedrock:List*` for one account and Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Lists that were not read, in order; those are empty above and say nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadList>,
}

/// One list of the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InventoryList {
    /// Provisioned throughput.
    ProvisionedModels,
    /// Application inference profiles.
    ApplicationProfiles,
    /// Inference profiles that AWS defines.
    SystemProfiles,
    /// Foundation models.
    FoundationModels,
}

/// A list that was refused, or whose answer makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreadList {
    /// The list.
    pub list: InventoryList,
    /// The fault and what to do.
    pub error: String,
}

impl InventoryList {
    /// Returns what the list lists, in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::ProvisionedModels => "provisioned models",
            Self::ApplicationProfiles => "application profiles",
            Self::SystemProfiles => "inference profiles of AWS",
            Self::FoundationModels => "foundation models",
        }
    }

    /// Returns what nobody knows without the list, in words.
    #[must_use]
    pub const fn lack(self) -> &'static str {
        match self {
            Self::ProvisionedModels => "what is held is not known",
            Self::ApplicationProfiles => "what is called through them is not known",
            Self::SystemProfiles => "which profiles may be called is not known",
            Self::FoundationModels => "whether a model leaves is not known",
        }
    }
}

/// Provisioned throughput that the account has, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct SystemProfile {
    /// Id of the profile, as in `us.amazon.nova-pro-v1:0`.
    pub inference_profile_id: String,
    /// ARNs of the models behind the profile, one for each Region.
    pub model_arns: Vec<String>,
}

/// A foundation model of a Region, spelled as AWS does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundationModel {
    /// Id of the model, with the context window for some that can be provisioned.
    pub model_id: String,
    /// Stage of the model's life; `None` where AWS does not tell the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle_status: Option<LifecycleStatus>,
    /// Time from which the model is Legacy; `None` where AWS has set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy_time: Option<Timestamp>,
    /// Time from which AWS may charge more for the model; `None` where AWS has set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_extended_access_time: Option<Timestamp>,
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

    /// Returns true if the address is one of a provisioned model of a place and there is a unit.
    pub(super) fn can_be_of(&self, place: &Place) -> bool {
        let arn = self.provisioned_model_arn.parse::<Arn>();
        let is_its = |arn: Arn| {
            let accounts = [&arn.account, &place.account];
            arn.region.as_ref() == Some(&place.region)
                && arn.resource_type == "provisioned-model"
                && (accounts[0] == accounts[1] || accounts.iter().any(|it| it.is_unknown()))
        };
        self.model_units.count() > 0
            && !self.provisioned_model_arn.contains(char::is_whitespace)
            && arn.is_ok_and(is_its)
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
    /// Returns true if a list was read whole.
    #[must_use]
    pub fn has_read(&self, list: InventoryList) -> bool {
        self.unread.iter().all(|unread| unread.list != list)
    }

    /// Returns the sentence for a list that was not read, for those whose figures it could change.
    pub fn gaps(&self) -> impl Iterator<Item = String> {
        let unread = self.unread.iter().map(|unread| unread.list);
        unread.map(|list| format!("the list of {} was not read: {}", list.in_words(), list.lack()))
    }

    /// Returns the lists that were not read and have entries all the same, which no run would write.
    pub(super) fn unread_with_entries(&self) -> impl Iterator<Item = InventoryList> {
        let unread = self.unread.iter().map(|unread| unread.list);
        unread.filter(|list| match list {
            InventoryList::ProvisionedModels => !self.provisioned_models.is_empty(),
            InventoryList::ApplicationProfiles => !self.application_profiles.is_empty(),
            InventoryList::SystemProfiles => !self.system_profiles.is_empty(),
            InventoryList::FoundationModels => !self.foundation_models.is_empty(),
        })
    }

    /// Lists the keys that are there twice, with what they are keys of.
    pub(super) fn repeated(&self) -> [(&'static str, Vec<String>); 5] {
        [
            ("the provisioned model", repeated(&self.provisioned_models, ProvisionedModel::id)),
            (
                "the application profile",
                repeated(&self.application_profiles, |profile| &profile.inference_profile_id),
            ),
            (
                "the profile",
                repeated(&self.system_profiles, |profile| &profile.inference_profile_id),
            ),
            ("the foundation model", repeated(&self.foundation_models, |model| &model.model_id)),
            ("the unread list of", repeated(&self.unread, |unread| unread.list.in_words())),
        ]
    }

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

    /// Returns the account; `None` where nothing in the inventory names one.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        let provisioned = self.provisioned_models.iter().filter_map(ProvisionedModel::account);
        let profiles = self.application_profiles.iter().filter_map(ApplicationProfile::account);
        provisioned.chain(profiles).find(|account| !account.is_unknown())
    }
}
