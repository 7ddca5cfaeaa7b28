//! The actions that can be advised, with the effort of each.

use std::fmt;

use serde::Serialize;

/// A change that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send on-demand requests to a provisioned model that has room for them.
    FillProvisionedModel,
    /// Delete a provisioned model that nobody uses.
    DeleteIdleProvisionedModel,
    /// Call the model through its global profile.
    RouteToGlobalProfile,
    /// Buy provisioned throughput.
    BuyModelUnits,
    /// Reserve tokens per minute.
    ReserveTokens,
    /// Hold fewer model units than now, of what is at work.
    RightSizeProvisionedModel,
    /// Hold the same model units under a term that costs less.
    BindProvisionedModel,
    /// Reserve fewer tokens per minute than now.
    RightSizeReservation,
    /// Let a commitment end that costs more than what it serves, instead of letting it renew.
    LetCommitmentExpire,
    /// Delete a provisioned model without a term whose work costs less on-demand.
    GiveUpProvisionedModel,
    /// Send requests to the flex tier.
    UseFlexTier,
    /// Send requests as batch inference jobs.
    UseBatchInference,
    /// Send requests to the standard tier instead of a dearer one.
    LeaveDearerTier,
    /// Write the part of prompts that repeats to the prompt cache.
    CachePrompts,
    /// Write nothing to the prompt cache that is hardly read again.
    StopCachingPrompts,
    /// Call the model that follows one that is leaving.
    MoveToSuccessor,
}

impl Action {
    /// All actions, in the order of their declaration.
    pub(super) const ALL: [Self; 16] = [
        Self::FillProvisionedModel,
        Self::DeleteIdleProvisionedModel,
        Self::RouteToGlobalProfile,
        Self::BuyModelUnits,
        Self::ReserveTokens,
        Self::RightSizeProvisionedModel,
        Self::BindProvisionedModel,
        Self::RightSizeReservation,
        Self::LetCommitmentExpire,
        Self::GiveUpProvisionedModel,
        Self::UseFlexTier,
        Self::UseBatchInference,
        Self::LeaveDearerTier,
        Self::CachePrompts,
        Self::StopCachingPrompts,
        Self::MoveToSuccessor,
    ];

    /// Returns the action in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FillProvisionedModel => "fill the provisioned model",
            Self::DeleteIdleProvisionedModel => "delete the idle provisioned model",
            Self::RouteToGlobalProfile => "route to the global profile",
            Self::BuyModelUnits => "buy model units",
            Self::ReserveTokens => "reserve tokens per minute",
            Self::RightSizeProvisionedModel => "right-size the provisioned model",
            Self::BindProvisionedModel => "bind the provisioned model for a term",
            Self::RightSizeReservation => "right-size the reserved tokens",
            Self::LetCommitmentExpire => "do not renew the commitment",
            Self::GiveUpProvisionedModel => "give up the provisioned model",
            Self::UseFlexTier => "use the flex tier",
            Self::UseBatchInference => "use batch inference",
            Self::LeaveDearerTier => "leave the dearer tier",
            Self::CachePrompts => "cache prompts",
            Self::StopCachingPrompts => "stop caching prompts",
            Self::MoveToSuccessor => "move to the successor",
        }
    }

    /// Returns the effort of the action.
    #[must_use]
    pub const fn effort(self) -> Effort {
        match self {
            Self::FillProvisionedModel | Self::DeleteIdleProvisionedModel => Effort::None,
            // Callers name another id: a profile, another provisioned model, or the model itself.
            Self::RouteToGlobalProfile
            | Self::RightSizeProvisionedModel
            | Self::LetCommitmentExpire
            | Self::GiveUpProvisionedModel => Effort::Routing,
            Self::BuyModelUnits
            | Self::ReserveTokens
            | Self::BindProvisionedModel
            | Self::RightSizeReservation => Effort::Commitment,
            Self::UseFlexTier | Self::UseBatchInference | Self::LeaveDearerTier => Effort::Latency,
            Self::CachePrompts | Self::StopCachingPrompts | Self::MoveToSuccessor => {
                Effort::Evaluation
            }
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::FillProvisionedModel => "fill_provisioned_model",
            Self::DeleteIdleProvisionedModel => "delete_idle_provisioned_model",
            Self::RouteToGlobalProfile => "route_to_global_profile",
            Self::BuyModelUnits => "buy_model_units",
            Self::ReserveTokens => "reserve_tokens",
            Self::RightSizeProvisionedModel => "right_size_provisioned_model",
            Self::BindProvisionedModel => "bind_provisioned_model",
            Self::RightSizeReservation => "right_size_reservation",
            Self::LetCommitmentExpire => "let_commitment_expire",
            Self::GiveUpProvisionedModel => "give_up_provisioned_model",
            Self::UseFlexTier => "use_flex_tier",
            Self::UseBatchInference => "use_batch_inference",
            Self::LeaveDearerTier => "leave_dearer_tier",
            Self::CachePrompts => "cache_prompts",
            Self::StopCachingPrompts => "stop_caching_prompts",
            Self::MoveToSuccessor => "move_to_successor",
        }
    }
}

/// Effort of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Nothing but to use or drop what is paid for.
    None,
    /// Callers name another id: a profile, a provisioned model, or the model itself.
    Routing,
    /// Money bound for a term.
    Commitment,
    /// Another latency. Listed, never counted: whether requests can wait is the owner's to say.
    Latency,
    /// Work on prompts, or another model. Listed, never counted.
    Evaluation,
    /// Another company's API, with its contract and its data protection. Of estimates alone.
    Migration,
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Routing => "routing",
            Self::Commitment => "commitment",
            Self::Latency => "latency",
            Self::Evaluation => "evaluation",
            Self::Migration => "migration",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_actions_are_those_of_the_published_schema() {
        let schema = include_str!("../../docs/report.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let published = schema["$defs"]["action"]["oneOf"].as_array().unwrap();
        let published: BTreeSet<&str> =
            published.iter().filter_map(|action| action["const"].as_str()).collect();
        let all: BTreeSet<&str> = Action::ALL.into_iter().map(Action::name).collect();
        assert_eq!(all, published);
    }
}
