//! Model ids: the `ModelId` of a `CloudWatch` series, parsed here once and taken apart nowhere
//! else.
//!
//! ```
//! use bedrock_cost_guard::domain::{Geo, ModelId, Scope, ServiceTier, Target};
//!
//! let id = ModelId::parse("us.amazon.nova-pro-v1:0+flex");
//! assert_eq!(id.tier(), ServiceTier::Flex);
//! let Target::Model { model, scope, .. } = id.target() else { unreachable!() };
//! assert_eq!(model.id(), "amazon.nova-pro-v1:0");
//! assert_eq!(*scope, Scope::Geo(Geo::Us));
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::place::{AccountId, Partition, Region};

/// A foundation model by its base id, without a profile's prefix, as in `amazon.nova-pro-v1:0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BaseModel(String);

impl BaseModel {
    /// Builds the model of a base id, as price books and inventories spell it.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the base id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }

    /// Returns the vendor at the beginning of the id; `None` where no model comes after a vendor.
    #[must_use]
    pub fn vendor(&self) -> Option<&str> {
        let (vendor, model) = self.0.split_once('.')?;
        (!vendor.is_empty() && !model.is_empty()).then_some(vendor)
    }
}

impl fmt::Display for BaseModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A group of Regions that a cross-Region inference profile stays within.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geo {
    /// The commercial Regions of the United States.
    Us,
    /// The `GovCloud` Regions.
    UsGov,
    /// Europe.
    Eu,
    /// Asia Pacific.
    Apac,
    /// Australia.
    Au,
    /// Japan.
    Jp,
    /// Canada.
    Ca,
    /// India.
    In,
}

impl Geo {
    /// All groups. A first label that is not one of their prefixes is no geo prefix: vendors are
    /// spelled in the same place.
    pub const ALL: [Self; 8] =
        [Self::Us, Self::UsGov, Self::Eu, Self::Apac, Self::Au, Self::Jp, Self::Ca, Self::In];

    /// Returns the prefix of the group's profile ids.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::UsGov => "us-gov",
            Self::Eu => "eu",
            Self::Apac => "apac",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::Ca => "ca",
            Self::In => "in",
        }
    }

    /// Returns the groups whose profiles a Region can call, the smallest first.
    #[must_use]
    pub fn of_region(region: &Region) -> Vec<Self> {
        let smallest = Self::holding(std::slice::from_ref(region));
        // Asian Regions can call two profiles: of their country, and of all Asia Pacific.
        let is_asian =
            region.partition() == Partition::Commercial && region.name().starts_with("ap-");
        let widest = (is_asian && smallest != Some(Self::Apac)).then_some(Self::Apac);
        smallest.into_iter().chain(widest).collect()
    }

    /// Returns the smallest group that holds all of these Regions; `None` where no known group
    /// does.
    #[must_use]
    pub fn holding(regions: &[Region]) -> Option<Self> {
        let all = |test: &dyn Fn(&str) -> bool| {
            !regions.is_empty() && regions.iter().all(|region| test(region.name()))
        };
        let partition = |wanted| regions.iter().all(|region| region.partition() == wanted);
        // The groups of a few Asian Regions stand before the group that holds them all.
        if all(&|_| true) && partition(Partition::UsGov) {
            Some(Self::UsGov)
        } else if !partition(Partition::Commercial) {
            None
        } else if all(&|name| name.starts_with("us-")) {
            Some(Self::Us)
        } else if all(&|name| name.starts_with("eu-")) {
            Some(Self::Eu)
        } else if all(&|name| name.starts_with("ca-")) {
            Some(Self::Ca)
        } else if all(&|name| ["ap-southeast-2", "ap-southeast-4"].contains(&name)) {
            Some(Self::Au)
        } else if all(&|name| ["ap-northeast-1", "ap-northeast-3"].contains(&name)) {
            Some(Self::Jp)
        } else if all(&|name| ["ap-south-1", "ap-south-2"].contains(&name)) {
            Some(Self::In)
        } else if all(&|name| name.starts_with("ap-")) {
            Some(Self::Apac)
        } else {
            None
        }
    }
}

/// A group of Regions that this version does not know, and the model that is called through its
/// profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownGroup {
    /// Prefix of the profile's id, without the dot.
    pub prefix: String,
    /// Base model.
    pub model: BaseModel,
}

/// Writes the group as the reason for which nothing has a price.
impl fmt::Display for UnknownGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, model } = self;
        write!(
            f,
            "`{prefix}.` is a group of Regions that this version does not know; what {model} costs through it is not known"
        )
    }
}

/// The Regions that may serve a request, which decide the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In the Region that was called.
    InRegion,
    /// Within a group of Regions.
    Geo(Geo),
    /// Anywhere.
    Global,
}

/// Writes the scope in words, as in `in-Region`, `us profile` and `global profile`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRegion => f.pad("in-Region"),
            Self::Geo(geo) => f.pad(&format!("{} profile", geo.prefix())),
            Self::Global => f.pad("global profile"),
        }
    }
}

/// The service tier: the priority at which a request is served, and the price that goes with it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceTier {
    /// The default tier.
    #[default]
    Standard,
    /// Batch inference jobs, which `AWS/Bedrock` does not meter.
    Batch,
    /// Cheaper than standard, and slower.
    Flex,
    /// Dearer than standard, and served first.
    Priority,
    /// Dearer than standard, and faster.
    LatencyOptimized,
    /// Dearer than all others, and fastest; some models of `OpenAI` have the tier.
    Ultrafast,
}

impl ServiceTier {
    /// The tiers that a `ModelId` can carry as a suffix.
    const SUFFIXED: [Self; 3] = [Self::Flex, Self::Priority, Self::LatencyOptimized];

    /// Returns AWS's word for the tier.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::LatencyOptimized => "latency-optimized",
            Self::Ultrafast => "ultrafast",
        }
    }
}

impl fmt::Display for ServiceTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The address of a Bedrock resource, as in
/// `arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// Partition: `aws`, `aws-us-gov`, `aws-cn`.
    pub partition: String,
    /// Region; `None` where the address has none, as those of global profiles do.
    pub region: Option<Region>,
    /// Account that owns the resource; empty for what AWS itself owns.
    pub account: AccountId,
    /// Type of the resource, as in `provisioned-model`.
    pub resource_type: String,
    /// Id of the resource among those of its type.
    pub id: String,
}

/// The error for a text that is not the address of a Bedrock resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the ARN of a Bedrock resource, such as `arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl`"
)]
pub struct NotAnArn(String);

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let refuse = || NotAnArn(text.into());
        // Six parts and not more: a model's id after the last of these colons has colons itself.
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or_else(refuse);
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let (resource_type, id) = resource.split_once('/').ok_or_else(refuse)?;
        if scheme != "arn" || service != "bedrock" || resource_type.is_empty() || id.is_empty() {
            return Err(refuse());
        }
        let region =
            if region.is_empty() { None } else { Some(region.parse().map_err(|_| refuse())?) };
        Ok(Self {
            partition: partition.into(),
            region,
            account: AccountId::new(account),
            resource_type: resource_type.into(),
            id: id.into(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.as_ref().map_or("", Region::name);
        write!(
            f,
            "arn:{}:bedrock:{region}:{}:{}/{}",
            self.partition, self.account, self.resource_type, self.id
        )
    }
}

/// The resource that a `ModelId` names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A foundation model, by itself or through one of AWS's cross-Region profiles.
    Model {
        /// Base model.
        model: BaseModel,
        /// Profile that the model is called through; in-Region without one.
        scope: Scope,
        /// Context-window variant that provisioned throughput is bought for, as in `300k`; `None`
        /// without one.
        variant: Option<String>,
    },
    /// Provisioned throughput, by its address.
    ProvisionedModel(Arn),
    /// An application inference profile, by its address.
    ApplicationProfile(Arn),
    /// Anything else. The bare ids of application profiles and of provisioned models look alike, so
    /// only the inventory can tell them apart.
    Opaque,
}

/// The value of the `ModelId` dimension of one series. Its text is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ModelId {
    text: String,
    target: Target,
    tier: ServiceTier,
}

impl ModelId {
    /// Reads any text: a text that cannot be placed becomes [`Target::Opaque`].
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Self {
        let text = text.into();
        let (name, tier) = split_tier(&text);
        let target = parse_target(name);
        Self { text, target, tier }
    }

    /// Builds the id by which a model is called under a scope.
    #[must_use]
    pub fn of_model(model: &BaseModel, scope: Scope) -> Self {
        Self::parse(match scope {
            Scope::InRegion => model.id().to_owned(),
            Scope::Geo(geo) => format!("{}.{model}", geo.prefix()),
            Scope::Global => format!("global.{model}"),
        })
    }

    /// Returns the text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text without the suffix of its service tier.
    #[must_use]
    pub fn without_tier(&self) -> &str {
        split_tier(&self.text).0
    }

    /// Returns the resource that the id names.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the service tier of the suffix; standard without one.
    #[must_use]
    pub const fn tier(&self) -> ServiceTier {
        self.tier
    }

    /// Returns the foundation model that the id names; `None` for ids of other resources, whose
    /// model is in the inventory.
    #[must_use]
    pub fn model(&self) -> Option<&BaseModel> {
        match &self.target {
            Target::Model { model, .. } => Some(model),
            _ => None,
        }
    }

    /// Returns the group of Regions at the beginning of the id where this version does not know the
    /// group; `None` for all other ids. Vendors are spelled in the same place, so a first label is a
    /// group only if the label is no vendor and the next one is; in the ARN of an inference profile
    /// any label that is no vendor is a group.
    #[must_use]
    pub fn unknown_group(&self, is_vendor: impl Fn(&str) -> bool) -> Option<UnknownGroup> {
        let Target::Model { model, scope: Scope::InRegion, .. } = &self.target else {
            return None;
        };
        let (prefix, rest) = model.id().split_once('.')?;
        let behind = BaseModel::new(rest);
        let vendor = behind.vendor()?;
        let is_profile = || {
            let arn = self.text.parse::<Arn>();
            arn.is_ok_and(|arn| arn.resource_type == "inference-profile")
        };
        let is_group = !is_vendor(prefix) && (is_vendor(vendor) || is_profile());
        is_group.then(|| UnknownGroup { prefix: prefix.to_owned(), model: behind })
    }
}

impl Target {
    /// Returns the tokens of a context-window variant, as in `300k`; `None` where there is none.
    #[must_use]
    pub fn context_window(&self) -> Option<u64> {
        let Self::Model { variant: Some(variant), .. } = self else {
            return None;
        };
        match variant.strip_suffix('k') {
            Some(thousands) => thousands.parse::<u64>().ok()?.checked_mul(1_000),
            None => variant.parse().ok(),
        }
    }
}

impl From<String> for ModelId {
    fn from(text: String) -> Self {
        Self::parse(text)
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.text
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Splits the suffix of a known tier off. Any other suffix stays on the text.
fn split_tier(text: &str) -> (&str, ServiceTier) {
    text.split_once('+')
        .and_then(|(name, suffix)| {
            let tier = ServiceTier::SUFFIXED.into_iter().find(|tier| tier.name() == suffix)?;
            Some((name, tier))
        })
        .unwrap_or((text, ServiceTier::Standard))
}

/// Reads an id without its tier. A suffix that is still on the id may change the price, so the
/// whole is unknown.
fn parse_target(name: &str) -> Target {
    if !name.starts_with("arn:") {
        return parse_model(name);
    }
    let Ok(arn) = name.parse::<Arn>() else {
        return Target::Opaque;
    };
    match arn.resource_type.as_str() {
        _ if name.contains('+') => Target::Opaque,
        "provisioned-model" => Target::ProvisionedModel(arn),
        "application-inference-profile" => Target::ApplicationProfile(arn),
        // AWS's own models and profiles are named by their id: a workload is the same whichever way
        // a caller spells the model.
        "foundation-model" | "inference-profile" => parse_model(&arn.id),
        _ => Target::Opaque,
    }
}

fn parse_model(name: &str) -> Target {
    let (scope, rest) = split_scope(name);
    // Another character, such as the `+` of a tier that is not known, could change the price.
    let is_spelled =
        rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
    let is_complete =
        rest.split_once('.').is_some_and(|(vendor, model)| !vendor.is_empty() && !model.is_empty());
    if !is_spelled || !is_complete {
        return Target::Opaque;
    }
    // After the first colon comes a version, after the second a context window.
    let mut colons = rest.bytes().enumerate().filter(|(_, b)| *b == b':');
    let (model, variant) = match colons.nth(1) {
        Some((colon, _)) => (&rest[..colon], Some(&rest[colon + 1..])),
        None => (rest, None),
    };
    if variant.is_some_and(str::is_empty) {
        return Target::Opaque;
    }
    Target::Model { model: BaseModel(model.to_owned()), scope, variant: variant.map(str::to_owned) }
}

/// Splits a scope off. A first label is a scope only if the label is known and a vendor and a model
/// come after it.
fn split_scope(name: &str) -> (Scope, &str) {
    let prefixed = || {
        let (label, rest) = name.split_once('.')?;
        let scope = match label {
            "global" => Scope::Global,
            label => Scope::Geo(Geo::ALL.into_iter().find(|geo| geo.prefix() == label)?),
        };
        rest.contains('.').then_some((scope, rest))
    };
    prefixed().unwrap_or((Scope::InRegion, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model_of(text: &str) -> (String, Scope, Option<String>) {
        match ModelId::parse(text).target {
            Target::Model { model, scope, variant } => (model.0, scope, variant),
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn a_prefix_is_a_geo_prefix_only_if_it_is_known() {
        assert_eq!(
            model_of("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0".into(), Scope::Geo(Geo::UsGov), None)
        );
        assert_eq!(model_of("global.amazon.nova-2-lite-v1:0").1, Scope::Global);
        // `xx` could be a vendor: nothing is cut off, so no price is found for it.
        assert_eq!(model_of("xx.anthropic.claude").0, "xx.anthropic.claude");
        // Two labels are a vendor and a model, even if the vendor is spelled like a geo.
        assert_eq!(model_of("us.model").0, "us.model");
        assert_eq!(model_of("deepseek.v3.2").0, "deepseek.v3.2");
        assert_eq!(model_of("us.deepseek.v3.2").0, "deepseek.v3.2");
    }

    #[test]
    fn a_label_before_a_vendor_is_a_group_that_is_not_known() {
        let is_vendor =
            |label: &str| ["anthropic", "deepseek", "minimax", "openai"].contains(&label);
        let group = |text: &str| {
            let group = ModelId::parse(text).unknown_group(is_vendor)?;
            Some((group.prefix, group.model.0))
        };
        let amer = || Some(("amer".to_owned(), "anthropic.claude-sonnet-4-6".to_owned()));
        for text in [
            "amer.anthropic.claude-sonnet-4-6",
            "amer.anthropic.claude-sonnet-4-6+flex",
            "arn:aws:bedrock:us-east-1:1:inference-profile/amer.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1:1:inference-profile/amer.anthropic.claude-sonnet-4-6+flex",
        ] {
            assert_eq!(group(text), amer(), "{text}");
        }
        assert_eq!(
            group("sa.openai.gpt-5.6-luna"),
            Some(("sa".into(), "openai.gpt-5.6-luna".into()))
        );
        // The address says that it is a profile, whoever makes the model.
        assert_eq!(
            group("arn:aws:bedrock:us-east-1:1:inference-profile/me.maker.model"),
            Some(("me".into(), "maker.model".into()))
        );
        for text in [
            "anthropic.claude-sonnet-4-6",
            "us.anthropic.claude-sonnet-4-6",
            "global.anthropic.claude-sonnet-4-6",
            "deepseek.v3.1",
            "openai.gpt-5.6-luna",
            "minimax.minimax-m2.1",
            "us.deepseek.v3.1",
            "us.openai.gpt-5.6-luna",
            // A maker that only a customer's book has, with a dot in its model.
            "maker.model.2",
            "amer.maker.model",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.maker.model.2",
            "arn:aws:bedrock:us-east-1::foundation-model/maker.model.2",
            "amer.anthropic",
            "a1b2c3d4e5f6",
        ] {
            assert_eq!(group(text), None, "{text}");
        }
    }

    #[test]
    fn a_context_window_variant_is_not_part_of_the_model() {
        let (model, _, variant) = model_of("amazon.nova-pro-v1:0:300k");
        assert_eq!((model.as_str(), variant.as_deref()), ("amazon.nova-pro-v1:0", Some("300k")));
        assert_eq!(model_of("anthropic.claude-sonnet-4-6").2, None);
    }

    #[test]
    fn tiers_are_read_from_known_suffixes_only() {
        for (text, tier) in [
            ("amazon.nova-pro-v1:0+flex", ServiceTier::Flex),
            ("us.amazon.nova-pro-v1:0+priority", ServiceTier::Priority),
            ("us.amazon.nova-pro-v1:0+latency-optimized", ServiceTier::LatencyOptimized),
        ] {
            assert_eq!(ModelId::parse(text).tier(), tier);
            assert!(ModelId::parse(text).model().is_some());
        }
        let profile = ModelId::parse("a1b2c3d4e5f6+flex");
        assert_eq!((profile.tier(), profile.without_tier()), (ServiceTier::Flex, "a1b2c3d4e5f6"));
        assert_eq!(*ModelId::parse("amazon.nova-pro-v1:0+turbo").target(), Target::Opaque);
    }

    #[test]
    fn addresses_name_what_they_are() {
        let provisioned = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl";
        assert!(matches!(
            ModelId::parse(provisioned).target(),
            Target::ProvisionedModel(arn) if arn.id == "abcdefghijkl"
        ));
        let profile =
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
        assert!(matches!(ModelId::parse(profile).target(), Target::ApplicationProfile(_)));
        assert_eq!(
            model_of("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0").0,
            "amazon.nova-micro-v1:0"
        );
        assert_eq!(
            model_of("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-micro-v1:0").1,
            Scope::Geo(Geo::Us)
        );
    }

    #[test]
    fn what_cannot_be_placed_stays_whole() {
        for text in [
            "",
            "a1b2c3d4e5f6",
            "Across all model IDs",
            "arn:aws:bedrock:us-east-1:1:imported-model/x",
            "arn:aws:s3:::bucket",
            "amazon.nova:0:",
            ".",
            "a.",
        ] {
            let id = ModelId::parse(text);
            assert_eq!(*id.target(), Target::Opaque, "{text}");
            assert_eq!(id.text(), text);
        }
    }

    #[test]
    fn regions_of_a_profile_tell_its_group() {
        let holding = |names: &[&str]| {
            Geo::holding(&names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(holding(&["us-east-1", "us-west-2"]), Some(Geo::Us));
        assert_eq!(holding(&["ap-northeast-1", "ap-northeast-3"]), Some(Geo::Jp));
        assert_eq!(holding(&["ap-northeast-1", "ap-south-1"]), Some(Geo::Apac));
        assert_eq!(holding(&["us-east-1", "eu-west-1"]), None);
        assert_eq!(holding(&[]), None);
    }

    prop_compose! {
        fn any_scope()(n in 0usize..10) -> Scope {
            match n {
                0 => Scope::InRegion,
                9 => Scope::Global,
                n => Scope::Geo(Geo::ALL[n - 1]),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_kept_and_parses_to_itself(text in ".{0,60}") {
            let id = ModelId::parse(text.clone());
            prop_assert_eq!(id.to_string(), text);
            prop_assert_eq!(ModelId::parse(id.to_string()), id);
        }

        #[test]
        fn a_model_called_under_a_scope_is_read_back_as_that(
            vendor in "[a-z][a-z0-9]{2,8}", name in "[a-z][a-z0-9-]{1,20}(-v[0-9]:[0-9])?",
            scope in any_scope(),
        ) {
            prop_assume!(vendor != "global" && Geo::ALL.iter().all(|geo| geo.prefix() != vendor));
            let model = BaseModel::new(format!("{vendor}.{name}"));
            let id = ModelId::of_model(&model, scope);
            prop_assert_eq!(
                id.target(),
                &Target::Model { model, scope, variant: None }
            );
        }

        #[test]
        fn a_group_that_is_not_known_is_told_from_every_one_that_is(
            name in "[a-z][a-z0-9-]{1,20}(\\.[0-9]{1,2})?(-v[0-9]:[0-9])?",
            prefix in "[a-z]{2,6}",
            scope in any_scope(),
        ) {
            prop_assume!(prefix != "global" && Geo::ALL.iter().all(|geo| geo.prefix() != prefix));
            let is_vendor = |label: &str| label == "maker-of-models";
            let model = BaseModel::new(format!("maker-of-models.{name}"));
            prop_assert_eq!(ModelId::of_model(&model, scope).unknown_group(is_vendor), None);
            let unknown = ModelId::parse(format!("{prefix}.{model}"));
            prop_assert_eq!(unknown.unknown_group(is_vendor), Some(UnknownGroup { prefix, model }));
        }

        #[test]
        fn addresses_round_trip(id in "[a-z0-9]{12}", account in "[0-9]{12}") {
            let text = format!("arn:aws:bedrock:eu-west-1:{account}:provisioned-model/{id}");
            prop_assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }
}
