//! Bedrock: the lists of what the account has, all pages of each.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::primitives::DateTime;
use aws_sdk_bedrock::types::{
    CommitmentDuration as SdkDuration, FoundationModelLifecycle, FoundationModelSummary,
    InferenceProfileSummary, InferenceProfileType, ProvisionedModelSummary,
};
use jiff::Timestamp;

use crate::aws::ApiError;
use crate::aws::pages::Pages;
use crate::domain::model::Arn;
use crate::domain::text::{MOST_QUOTED, clip};
use crate::domain::{ModelUnits, Region};
use crate::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, InventoryList,
    ProvisionedModel, SystemProfile, distinct,
};

const PROVISIONED: &str = "bedrock:ListProvisionedModelThroughputs";
const PROFILES: &str = "bedrock:ListInferenceProfiles";
const FOUNDATION: &str = "bedrock:ListFoundationModels";

/// Word that the SDK puts where AWS gave none.
const NO_VALUE: &str = "no value was set";

/// Bedrock in one Region.
#[derive(Clone, Debug)]
pub struct Bedrock {
    /// The SDK's client for that Region.
    pub client: Client,
    /// The Region.
    pub region: Region,
}

/// Inventory as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct ListedInventory {
    /// The inventory, in which a list that was not read is empty.
    pub inventory: Inventory,
    /// Lists that were not read, each with its error.
    pub unread: Vec<(InventoryList, ApiError)>,
}

impl ListedInventory {
    /// Returns an inventory of which no list was read in time.
    #[must_use]
    pub fn late(region: &Region, why: &str) -> Self {
        let unread = [
            (InventoryList::ProvisionedModels, PROVISIONED),
            (InventoryList::ApplicationProfiles, PROFILES),
            (InventoryList::SystemProfiles, PROFILES),
            (InventoryList::FoundationModels, FOUNDATION),
        ];
        let late = |(list, operation)| (list, ApiError::late(operation, region, why.to_owned()));
        Self { inventory: Inventory::default(), unread: unread.map(late).into() }
    }

    /// Takes a list, or notes that it was not read.
    fn take<T>(&mut self, list: InventoryList, read: Result<Vec<T>, ApiError>) -> Vec<T> {
        read.unwrap_or_else(|error| {
            self.unread.push((list, error));
            Vec::new()
        })
    }
}

impl Bedrock {
    /// Reads the inventory, the lists of the three operations at once. A list that is refused costs
    /// that list alone.
    pub async fn inventory(&self) -> ListedInventory {
        // One after the other: both are the same operation, and one must not throttle the other.
        let profiles = async {
            let application = self.profiles(InferenceProfileType::Application).await;
            let system = self.profiles(InferenceProfileType::SystemDefined).await;
            (application, system)
        };
        let (provisioned, (application, system), foundation) =
            tokio::join!(self.provisioned_models(), profiles, self.foundation_models());
        let mut listed = ListedInventory::default();
        listed.inventory.provisioned_models =
            listed.take(InventoryList::ProvisionedModels, provisioned);
        listed.inventory.application_profiles = listed.take(
            InventoryList::ApplicationProfiles,
            application.and_then(|summaries| {
                let profiles = summaries.iter().map(|summary| self.application_profile(summary));
                let profiles: Vec<ApplicationProfile> = profiles.collect::<Result<_, _>>()?;
                self.distinct(PROFILES, profiles, |profile| profile.inference_profile_id.clone())
            }),
        );
        listed.inventory.system_profiles = listed.take(
            InventoryList::SystemProfiles,
            system.and_then(|summaries| {
                let profiles = summaries.iter().map(|summary| self.system_profile(summary));
                let profiles: Vec<SystemProfile> = profiles.collect::<Result<_, _>>()?;
                self.distinct(PROFILES, profiles, |profile| profile.inference_profile_id.clone())
            }),
        );
        listed.inventory.foundation_models =
            listed.take(InventoryList::FoundationModels, foundation);
        listed
    }

    async fn provisioned_models(&self) -> Result<Vec<ProvisionedModel>, ApiError> {
        let mut pages = Pages::new(PROVISIONED, &self.region);
        let mut models = Vec::new();
        loop {
            let call = self.client.list_provisioned_model_throughputs();
            let page = call.set_next_token(pages.token()).send().await;
            let page = page.map_err(|error| ApiError::new(PROVISIONED, &self.region, &error))?;
            let has_next = pages.is_followed(page.next_token())?;
            let list = pages.list(page.provisioned_model_summaries, "provisionedModelSummaries")?;
            for summary in &list {
                models.push(self.provisioned_model(summary)?);
            }
            if !has_next {
                break;
            }
        }
        self.distinct(PROVISIONED, models, |model| model.id().to_owned())
    }

    /// Reads the list of the inference profiles of one type.
    async fn profiles(
        &self,
        of_type: InferenceProfileType,
    ) -> Result<Vec<InferenceProfileSummary>, ApiError> {
        let mut pages = Pages::new(PROFILES, &self.region);
        let mut profiles = Vec::new();
        loop {
            let call = self.client.list_inference_profiles().type_equals(of_type.clone());
            let page = call.set_next_token(pages.token()).send().await;
            let page = page.map_err(|error| ApiError::new(PROFILES, &self.region, &error))?;
            let has_next = pages.is_followed(page.next_token())?;
            let list = page.inference_profile_summaries;
            profiles.extend(pages.list(list, "inferenceProfileSummaries")?);
            if !has_next {
                return Ok(profiles);
            }
        }
    }

    /// Reads the list of foundation models, which has no pages.
    async fn foundation_models(&self) -> Result<Vec<FoundationModel>, ApiError> {
        let answer = self.client.list_foundation_models().send().await;
        let answer = answer.map_err(|error| ApiError::new(FOUNDATION, &self.region, &error))?;
        let list =
            Pages::new(FOUNDATION, &self.region).list(answer.model_summaries, "modelSummaries")?;
        if list.iter().any(|summary| summary.model_id().is_empty()) {
            return Err(ApiError::broken(FOUNDATION, &self.region, "a listed model has no id"));
        }
        let models = list.iter().map(foundation_model);
        self.distinct(FOUNDATION, models, |model| model.model_id.clone())
    }

    /// Sorts the entries of a list and keeps each once, since AWS promises no order, and a list that
    /// changes while its pages are read repeats entries.
    fn distinct<T: PartialEq>(
        &self,
        operation: &'static str,
        entries: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, ApiError> {
        distinct(entries.into_iter().collect(), key)
            .map_err(|twice| ApiError::broken(operation, &self.region, twice.to_string()))
    }

    fn provisioned_model(
        &self,
        summary: &ProvisionedModelSummary,
    ) -> Result<ProvisionedModel, ApiError> {
        let name = summary.provisioned_model_arn();
        let refuse = |what: &str| {
            let name = clip(name, MOST_QUOTED);
            ApiError::broken(PROVISIONED, &self.region, format!("`{name}` has {what}"))
        };
        // The SDK makes up what AWS left out: no text, no number, the year 1970.
        self.expect_own(PROVISIONED, name)?;
        for arn in [summary.model_arn(), summary.foundation_model_arn()] {
            arn.parse::<Arn>().map_err(|_| refuse("no address of its model"))?;
        }
        if summary.provisioned_model_name().is_empty() {
            return Err(refuse("no name"));
        }
        let status = summary.status().as_str();
        if status.is_empty() || status == NO_VALUE {
            return Err(refuse("no status"));
        }
        let units = u32::try_from(summary.model_units())
            .ok()
            .filter(|units| *units > 0)
            .ok_or_else(|| refuse("no model units"))?;
        let creation_time = timestamp(summary.creation_time())
            .filter(|time| time.as_second() > 0)
            .ok_or_else(|| refuse("no time of creation"))?;
        Ok(ProvisionedModel {
            provisioned_model_arn: name.into(),
            provisioned_model_name: summary.provisioned_model_name().into(),
            model_arn: summary.model_arn().into(),
            foundation_model_arn: summary.foundation_model_arn().into(),
            model_units: ModelUnits::new(units),
            status: status.into(),
            commitment_duration: summary.commitment_duration().map(duration),
            commitment_expiration_time: summary.commitment_expiration_time().and_then(timestamp),
            creation_time,
        })
    }

    /// Refuses an address that is none, or is of another Region: what is listed here twice would be
    /// counted there too.
    fn expect_own(&self, operation: &'static str, address: &str) -> Result<(), ApiError> {
        let fault = match address.parse::<Arn>() {
            Ok(arn) if arn.region.as_ref() == Some(&self.region) => return Ok(()),
            Ok(_) => format!("`{}` is of another Region", clip(address, MOST_QUOTED)),
            Err(_) => format!("`{}` is no address of what is listed", clip(address, MOST_QUOTED)),
        };
        Err(ApiError::broken(operation, &self.region, fault))
    }

    /// Takes an application profile over.
    fn application_profile(
        &self,
        summary: &InferenceProfileSummary,
    ) -> Result<ApplicationProfile, ApiError> {
        self.expect_own(PROFILES, summary.inference_profile_arn())?;
        Ok(ApplicationProfile {
            inference_profile_id: self.profile_id(summary)?,
            inference_profile_arn: summary.inference_profile_arn().into(),
            inference_profile_name: summary.inference_profile_name().into(),
            model_arns: self.model_arns(summary)?,
        })
    }

    /// Takes a profile over that AWS defines.
    fn system_profile(&self, summary: &InferenceProfileSummary) -> Result<SystemProfile, ApiError> {
        Ok(SystemProfile {
            inference_profile_id: self.profile_id(summary)?,
            model_arns: self.model_arns(summary)?,
        })
    }

    /// Returns the id of a profile, which is metered under the id.
    fn profile_id(&self, summary: &InferenceProfileSummary) -> Result<String, ApiError> {
        let id = summary.inference_profile_id();
        if id.is_empty() {
            let name = clip(summary.inference_profile_arn(), MOST_QUOTED);
            return Err(ApiError::broken(PROFILES, &self.region, format!("`{name}` has no id")));
        }
        Ok(id.to_owned())
    }

    /// Returns the ARNs of the models behind a profile, sorted.
    fn model_arns(&self, summary: &InferenceProfileSummary) -> Result<Vec<String>, ApiError> {
        let models = summary.models().iter();
        let arns: Option<Vec<String>> =
            models.map(|model| model.model_arn().map(str::to_owned)).collect();
        let mut arns = arns.filter(|arns| !arns.is_empty()).ok_or_else(|| {
            let name = clip(summary.inference_profile_id(), MOST_QUOTED);
            ApiError::broken(PROFILES, &self.region, format!("`{name}` has no models behind it"))
        })?;
        arns.sort_unstable();
        Ok(arns)
    }
}

/// Takes the term of a commitment over.
fn duration(duration: &SdkDuration) -> CommitmentDuration {
    match duration {
        SdkDuration::OneMonth => CommitmentDuration::OneMonth,
        SdkDuration::SixMonths => CommitmentDuration::SixMonths,
        other => CommitmentDuration::Other(other.as_str().to_owned()),
    }
}

/// Takes a foundation model over. The types of inference go by their words: AWS sends one,
/// `INFERENCE_PROFILE`, that the SDK has no variant for.
fn foundation_model(summary: &FoundationModelSummary) -> FoundationModel {
    let lifecycle = summary.model_lifecycle();
    let time = |of: fn(&FoundationModelLifecycle) -> Option<&DateTime>| {
        lifecycle.and_then(of).and_then(timestamp)
    };
    FoundationModel {
        model_id: summary.model_id().into(),
        lifecycle_status: lifecycle.map(|lifecycle| lifecycle.status().as_str().into()),
        legacy_time: time(FoundationModelLifecycle::legacy_time),
        public_extended_access_time: time(FoundationModelLifecycle::public_extended_access_time),
        end_of_life_time: time(FoundationModelLifecycle::end_of_life_time),
        inference_types_supported: summary
            .inference_types_supported()
            .iter()
            .map(|inference| inference.as_str().into())
            .collect(),
    }
}

/// Takes a time over; `None` where it is out of range.
fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
