//! The requests that a row is for: the scope, and the Regions that are called.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::place::NotARegion;
use crate::domain::{Geo, Region, Scope};

/// The requests that a row is for, by the Regions that may serve them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowScope {
    /// In the Region that was called.
    InRegion,
    /// Through the profile of a group of Regions.
    Geo,
    /// Through the global profile.
    Global,
    /// In the Region that was called and through the profile of any group: the Price List has one
    /// row for both.
    Regional,
    /// All of these: the book does not tell scopes apart.
    Any,
    /// On the bedrock-mantle endpoint, which `AWS/Bedrock` does not meter: a price to look at, and
    /// of no request that is read here.
    Mantle,
}

impl RowScope {
    /// Ranks the scope by its distance from naming one scope; the least goes first.
    pub(super) const fn breadth(self) -> u8 {
        match self {
            Self::InRegion | Self::Geo | Self::Global | Self::Regional | Self::Mantle => 0,
            Self::Any => 1,
        }
    }

    /// Ranks the scope by the requests that a row of it is about; the fewest go first.
    pub(super) const fn narrowness(self) -> u8 {
        match self {
            Self::InRegion | Self::Geo | Self::Global | Self::Mantle => 0,
            Self::Regional => 1,
            Self::Any => 2,
        }
    }

    /// Returns true if a row of this scope, and of this group if the scope is a geo profile, is
    /// about requests under `scope`.
    pub(super) fn covers(self, geo: Option<Geo>, scope: Scope) -> bool {
        match (self, scope) {
            (Self::Any, _)
            | (Self::Regional, Scope::InRegion | Scope::Geo(_))
            | (Self::InRegion, Scope::InRegion)
            | (Self::Global, Scope::Global) => true,
            (Self::Geo, Scope::Geo(of)) => geo == Some(of),
            _ => false,
        }
    }
}

/// One of the Regions of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RowRegion {
    /// This one Region.
    Named(Region),
    /// `*`: the source gives one price for all its Regions.
    All,
    /// The source gives a price and no Region, so the row prices none.
    Unstated,
    /// The same in an observation of a version that priced the commercial US Regions by such a row.
    /// No book has it.
    UnstatedInUs,
}

impl FromStr for RowRegion {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        match text {
            "*" => Ok(Self::All),
            "unstated" => Ok(Self::Unstated),
            name => name.parse().map(Self::Named),
        }
    }
}

impl TryFrom<String> for RowRegion {
    type Error = NotARegion;

    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<RowRegion> for String {
    fn from(region: RowRegion) -> Self {
        match region {
            RowRegion::Named(region) => region.into(),
            RowRegion::All => "*".into(),
            RowRegion::Unstated | RowRegion::UnstatedInUs => "unstated".into(),
        }
    }
}
