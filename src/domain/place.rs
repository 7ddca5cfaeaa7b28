//! Regions and accounts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::text::{MOST_QUOTED, clip};

/// An AWS Region by its name, as in `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// Commercial Regions that every account can use from its first day on: those from before March 2019,
/// by the AWS Account Management guide. Newer ones are enabled one by one.
const ENABLED: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The error for a text that is not the name of a Region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not the name of an AWS Region, such as `us-east-1`", clip(.0, MOST_QUOTED))]
pub struct NotARegion(String);

impl Region {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns true if an account has to enable the Region before its credentials are taken there. AWS
    /// says that of every commercial Region that it added since March 2019.
    #[must_use]
    pub fn is_opt_in(&self) -> bool {
        self.partition() == Partition::Commercial && !ENABLED.contains(&self.name())
    }

    /// Returns the partition that the Region belongs to, by the beginning of its name.
    #[must_use]
    pub fn partition(&self) -> Partition {
        // By prefix and not from a list of Regions: a new commercial Region is known at once.
        if self.0.starts_with("us-gov-") {
            Partition::UsGov
        } else if ["cn-", "us-iso", "eu-iso", "eusc-"].iter().any(|start| self.0.starts_with(start))
        {
            Partition::Other
        } else {
            Partition::Commercial
        }
    }
}

/// A part of AWS with accounts, Regions and prices of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// `aws`.
    Commercial,
    /// `aws-us-gov`.
    UsGov,
    /// China, the European Sovereign Cloud and the isolated ones.
    Other,
}

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        // In one walk: a book names Regions thousands of times. Words of letters, two at least, then
        // a number.
        let (mut words, mut letters, mut digits) = (0_u32, 0_u32, 0_u32);
        let is_spelled = text.bytes().all(|byte| match byte {
            b'a'..=b'z' if digits == 0 => {
                letters += 1;
                true
            }
            b'-' if letters > 0 && digits == 0 => {
                words += 1;
                letters = 0;
                true
            }
            b'0'..=b'9' if words >= 2 && letters == 0 => {
                digits += 1;
                true
            }
            _ => false,
        });
        let is_name = is_spelled && digits > 0;
        // Twice the longest name of today, so that new Regions fit and long texts do not.
        if is_name && text.len() <= 32 {
            Ok(Self(text.into()))
        } else {
            Err(NotARegion(text.into()))
        }
    }
}

impl TryFrom<String> for Region {
    type Error = NotARegion;

    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An AWS account by its twelve digits; empty where the account is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// Builds the account of a number.
    #[must_use]
    pub fn new(digits: impl Into<String>) -> Self {
        Self(digits.into())
    }

    /// Returns the twelve digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Returns true if the account is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One account in one Region: the place that one set of API calls sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The account that owns the usage.
    pub account: AccountId,
    /// The Region that was called.
    pub region: Region,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_other_words() {
        for good in ["us-east-1", "us-gov-west-1", "ap-southeast-3", "eusc-de-east-1"] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in ["", "us-east", "useast1", "us-east-1a", "US-EAST-1", "us--1", "*", "us-1"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
