//! Words of AWS that decide something, as closed sets that keep a newer word as text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares a set of AWS's words that serializes as the words themselves.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$of_variant])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// Returns AWS's word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// State of a provisioned model.
    ProvisionedModelStatus {
        /// AWS sets the model up.
        Creating = "Creating",
        /// Requests are served.
        InService = "InService",
        /// A change of the model is under way.
        Updating = "Updating",
        /// The model could not be set up.
        Failed = "Failed",
    }
}

words! {
    /// Stage of a foundation model's life.
    LifecycleStatus {
        /// Everybody may use the model.
        Active = "ACTIVE",
        /// The model has an end, and no new commitments are sold for it.
        Legacy = "LEGACY",
    }
}

words! {
    /// Way in which a foundation model can be called.
    InferenceType {
        /// By the token, under the model's own id.
        OnDemand = "ON_DEMAND",
        /// On model units that somebody bought.
        Provisioned = "PROVISIONED",
        /// By the token, under the id of a profile alone.
        InferenceProfile = "INFERENCE_PROFILE",
    }
}

words! {
    /// Dimension of a metric of `AWS/Bedrock`.
    Dimension {
        /// The id that was called.
        ModelId = "ModelId",
        /// The context length of the requests.
        ContextWindow = "ContextWindow",
        /// The service tier that was asked for.
        ServiceTier = "ServiceTier",
        /// The service tier that served.
        ResolvedServiceTier = "ResolvedServiceTier",
    }
}

/// Names of the dimensions of one series, as in `ModelId, ServiceTier`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct DimensionSet(Vec<Dimension>);

impl DimensionSet {
    /// Returns true if the series counts one service tier alone, or may: a dimension that nobody knows
    /// yet is taken for a tier if its name says so, since a tier can have another price.
    #[must_use]
    pub fn has_service_tier(&self) -> bool {
        self.0.iter().any(|dimension| dimension.as_str().contains("ServiceTier"))
    }
}

impl FromIterator<Dimension> for DimensionSet {
    fn from_iter<I: IntoIterator<Item = Dimension>>(dimensions: I) -> Self {
        Self(dimensions.into_iter().collect())
    }
}

impl From<&str> for DimensionSet {
    fn from(text: &str) -> Self {
        text.split(", ").map(Dimension::from).collect()
    }
}

impl From<String> for DimensionSet {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<DimensionSet> for String {
    fn from(dimensions: DimensionSet) -> Self {
        dimensions.to_string()
    }
}

impl fmt::Display for DimensionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(Dimension::as_str).collect();
        f.pad(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_saved_as_it_came() {
        for word in ["Creating", "InService", "Updating", "Failed", "Deleting"] {
            let status = ProvisionedModelStatus::from(word);
            assert_eq!(serde_json::to_value(&status).unwrap(), word);
            assert_eq!(status.to_string(), word);
        }
        for names in [
            "ModelId",
            "ContextWindow, ModelId",
            "ModelId, Project, ServiceTier",
            "ModelId, ServiceTierOfTomorrow",
            "ModelId,ServiceTier",
        ] {
            let saved: DimensionSet = serde_json::from_value(names.into()).unwrap();
            assert_eq!(serde_json::to_value(&saved).unwrap(), names);
            assert_eq!(saved.has_service_tier(), names.contains("Tier"));
        }
    }
}
