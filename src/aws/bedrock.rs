//! Bedrock: the lists of what the account has, all pages of each.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::primitives::DateTime;
use aws_sdk_bedrock::types::{
    CommitmentDuration as SdkDuration, FoundationModelLifecycle, FoundationModelSummary,
    InferenceProfileSummary, InferenceProfileType, ProvisionedModelSummary,
};
use jiff::Timestamp;

use crate::aws::ApiError;
use crate::domain::{ModelUnits, Region};
use crate::observation::{
    ApplicationProfile, CommitmentDuration, FoundationModel, Inventory, ProvisionedModel,
    SystemProfile,
};

/// Bedrock in one Region.
#[derive(Clone, Debug)]
pub struct Bedrock {
    /// The SDK's client for that Region.
    pub client: Client,
    /// The Region.
    pub region: Region,
}

impl Bedrock {
    /// Reads the whole inventory, the lists of the three operations at once.
    pub async fn inventory(&self) -> Result<Inventory, ApiError> {
        // One after the other: both are the same operation, and one must not throttle the other.
        let profiles = async {
            let application = self.profiles(InferenceProfileType::Application).await?;
            let system = self.profiles(InferenceProfileType::SystemDefined).await?;
            Ok((application, system))
        };
        let (provisioned_models, (application, system), foundation_models) =
            tokio::try_join!(self.provisioned_models(), profiles, self.foundation_models())?;
        Ok(Inventory {
            provisioned_models,
            application_profiles: application.iter().map(application_profile).collect(),
            foundation_models,
            system_profiles: system.iter().map(system_profile).collect(),
        })
    }

    async fn provisioned_models(&self) -> Result<Vec<ProvisionedModel>, ApiError> {
        const OPERATION: &str = "bedrock:ListProvisionedModelThroughputs";
        let mut pages =
            self.client.list_provisioned_model_throughputs().into_paginator().items().send();
        // AWS promises no order, and the same account must give the same observation: all lists are sorted.
        let mut models = Vec::new();
        while let Some(summary) = pages.next().await {
            let summary =
                summary.map_err(|error| ApiError::new(OPERATION, &self.region, &error))?;
            models.push(self.provisioned_model(OPERATION, &summary)?);
        }
        models.sort_by(|a, b| a.provisioned_model_arn.cmp(&b.provisioned_model_arn));
        Ok(models)
    }

    /// Reads the list of the inference profiles of one type, in order of their ARNs.
    async fn profiles(
        &self,
        of_type: InferenceProfileType,
    ) -> Result<Vec<InferenceProfileSummary>, ApiError> {
        const OPERATION: &str = "bedrock:ListInferenceProfiles";
        let mut pages = self
            .client
            .list_inference_profiles()
            .type_equals(of_type)
            .into_paginator()
            .items()
            .send();
        let mut profiles = Vec::new();
        while let Some(summary) = pages.next().await {
            let summary =
                summary.map_err(|error| ApiError::new(OPERATION, &self.region, &error))?;
            profiles.push(summary);
        }
        profiles.sort_by(|a, b| a.inference_profile_arn.cmp(&b.inference_profile_arn));
        Ok(profiles)
    }

    /// Reads the list of foundation models, which has no pages.
    async fn foundation_models(&self) -> Result<Vec<FoundationModel>, ApiError> {
        let answer =
            self.client.list_foundation_models().send().await.map_err(|error| {
                ApiError::new("bedrock:ListFoundationModels", &self.region, &error)
            })?;
        let mut models: Vec<_> = answer.model_summaries().iter().map(foundation_model).collect();
        models.sort_by(|a, b| a.model_id.cmp(&b.model_id));
        Ok(models)
    }

    fn provisioned_model(
        &self,
        operation: &'static str,
        summary: &ProvisionedModelSummary,
    ) -> Result<ProvisionedModel, ApiError> {
        let refuse = |what: &str| {
            let name = summary.provisioned_model_arn();
            ApiError::broken(operation, &self.region, format!("`{name}` has {what}"))
        };
        let units = u32::try_from(summary.model_units())
            .ok()
            .filter(|units| *units > 0)
            .ok_or_else(|| refuse("no model units"))?;
        Ok(ProvisionedModel {
            provisioned_model_arn: summary.provisioned_model_arn().into(),
            provisioned_model_name: summary.provisioned_model_name().into(),
            model_arn: summary.model_arn().into(),
            foundation_model_arn: summary.foundation_model_arn().into(),
            model_units: ModelUnits::new(units),
            status: summary.status().as_str().into(),
            commitment_duration: summary.commitment_duration().map(duration),
            commitment_expiration_time: summary.commitment_expiration_time().and_then(timestamp),
            creation_time: timestamp(summary.creation_time())
                .ok_or_else(|| refuse("no time of creation"))?,
        })
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

/// Takes an application profile over.
fn application_profile(summary: &InferenceProfileSummary) -> ApplicationProfile {
    ApplicationProfile {
        inference_profile_id: summary.inference_profile_id().into(),
        inference_profile_arn: summary.inference_profile_arn().into(),
        inference_profile_name: summary.inference_profile_name().into(),
        model_arns: model_arns(summary),
    }
}

/// Takes a profile over that AWS defines.
fn system_profile(summary: &InferenceProfileSummary) -> SystemProfile {
    SystemProfile {
        inference_profile_id: summary.inference_profile_id().into(),
        model_arns: model_arns(summary),
    }
}

/// Returns the ARNs of the models behind a profile, sorted.
fn model_arns(summary: &InferenceProfileSummary) -> Vec<String> {
    let models = summary.models().iter();
    let mut arns: Vec<String> =
        models.filter_map(|model| model.model_arn()).map(str::to_owned).collect();
    arns.sort_unstable();
    arns
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
