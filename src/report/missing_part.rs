//! A part that a run did not read, and which figures are no totals without it.

use std::fmt;

use serde::Serialize;

use crate::domain::Region;
use crate::observation::InventoryList;

/// A part that the run did not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingPart {
    /// Region that the part belongs to.
    pub region: Region,
    /// Kind of part.
    pub part: Part,
    /// Number of workloads whose usage is incomplete, where that is the part; 0 otherwise.
    #[serde(skip_serializing_if = "is_zero")]
    pub workloads: u64,
    /// The fault and what to do.
    pub error: String,
}

/// Kind of part that a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of a Region.
    Region,
    /// The list of provisioned models.
    ProvisionedModels,
    /// The list of application inference profiles.
    ApplicationProfiles,
    /// The list of the inference profiles that AWS defines.
    SystemProfiles,
    /// The list of foundation models.
    FoundationModels,
    /// The usage of some workloads.
    Usage,
    /// The minutes, without which no purchase is advised.
    Minutes,
    /// The guard's own metrics of the runs before, which tell what is new and what is gone.
    History,
    /// The usage that open advice rests on, which was read and is not understood whole.
    OpenAdvice,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<InventoryList> for Part {
    fn from(list: InventoryList) -> Self {
        match list {
            InventoryList::ProvisionedModels => Self::ProvisionedModels,
            InventoryList::ApplicationProfiles => Self::ApplicationProfiles,
            InventoryList::SystemProfiles => Self::SystemProfiles,
            InventoryList::FoundationModels => Self::FoundationModels,
        }
    }
}

impl Part {
    /// Returns true if costs are no totals without the part.
    pub(super) const fn is_of_costs(self) -> bool {
        !matches!(self, Self::Minutes | Self::History | Self::OpenAdvice)
    }

    /// Returns true if the part is a list of the inventory.
    pub(super) const fn is_list(self) -> bool {
        matches!(
            self,
            Self::ProvisionedModels
                | Self::ApplicationProfiles
                | Self::SystemProfiles
                | Self::FoundationModels
        )
    }
}

impl fmt::Display for MissingPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, workloads, .. } = self;
        match self.part {
            Part::Region => write!(f, "Region {region}"),
            Part::ProvisionedModels => write!(f, "the provisioned models of {region}"),
            Part::ApplicationProfiles => write!(f, "the application profiles of {region}"),
            Part::SystemProfiles => write!(f, "the inference profiles of AWS in {region}"),
            Part::FoundationModels => write!(f, "the foundation models of {region}"),
            Part::Usage => match workloads {
                1 => write!(f, "part of the usage of 1 workload in {region}"),
                more => write!(f, "part of the usage of {more} workloads in {region}"),
            },
            Part::OpenAdvice => write!(f, "part of what open recommendations in {region} rest on"),
            Part::Minutes => write!(f, "the minutes of {region}"),
            Part::History => write!(f, "the guard's own metrics in {region}, or some of them"),
        }
    }
}

impl MissingPart {
    /// Returns true if the part belongs to another Region than this one. With `None` all Regions are
    /// meant. The history is of all Regions: what was open before stays open at a smaller saving.
    pub(super) fn is_elsewhere(&self, of: Option<&Region>) -> bool {
        self.part != Part::History && of.is_some_and(|of| *of != self.region)
    }
}
