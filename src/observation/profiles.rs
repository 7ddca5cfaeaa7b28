//! The profiles of a Region: which scopes of a model it may call, and which profile stands behind an
//! application profile.

use std::collections::BTreeSet;
use std::fmt;

use crate::catalog::SourceRegions;
use crate::domain::model::Arn;
use crate::domain::{BaseModel, Geo, ModelId, Region, Scope, Target, UnknownGroup};
use crate::observation::inventory::{
    ApplicationProfile, FoundationModel, Inventory, SystemProfile,
};
use crate::observation::words::InferenceType;

/// Reason for which the model or the scope behind an application profile is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnresolvedProfile {
    /// AWS lists no model.
    NoModel,
    /// An ARN is not that of a foundation model or of an inference profile.
    NotAModel(String),
    /// Two models have no one price.
    SeveralModels([BaseModel; 2]),
    /// Two profiles have no one price.
    SeveralScopes([Scope; 2]),
    /// A profile of a group that this version does not know.
    UnknownGroup(UnknownGroup),
    /// No profile of the model has all these Regions.
    NoProfile {
        /// Base model.
        model: BaseModel,
        /// Regions of the model's ARNs.
        regions: BTreeSet<Region>,
    },
}

/// Writes the reason as a sentence about the application profile.
impl fmt::Display for UnresolvedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel => f.write_str("AWS lists no model behind this application profile"),
            Self::NotAModel(arn) => write!(
                f,
                "`{arn}` behind this application profile is neither a foundation model nor an inference profile"
            ),
            Self::SeveralModels([a, b]) => {
                write!(f, "more than one model is behind this application profile: {a} and {b}")
            }
            Self::SeveralScopes([a, b]) => {
                write!(f, "more than one profile is behind this application profile: {a} and {b}")
            }
            Self::UnknownGroup(group) => write!(f, "{group}"),
            Self::NoProfile { model, regions } => {
                let regions: Vec<&str> = regions.iter().map(Region::name).collect();
                write!(
                    f,
                    "the models of this application profile are in {}, which fit no profile of {model} that is known",
                    regions.join(", ")
                )
            }
        }
    }
}

/// All that the ARNs behind a profile say.
struct Behind {
    model: BaseModel,
    /// Scope of an inference profile among them; `None` where all are models.
    named: Option<Scope>,
    /// Regions of the models.
    regions: BTreeSet<Region>,
    /// True if a model has no Region, as behind global profiles.
    is_anywhere: bool,
}

impl Behind {
    /// Reads the ARNs.
    fn read(arns: &[String]) -> Result<Self, UnresolvedProfile> {
        let mut model: Option<BaseModel> = None;
        let mut named: Option<Scope> = None;
        let mut regions = BTreeSet::new();
        let mut is_anywhere = false;
        for text in arns {
            let not_a_model = || UnresolvedProfile::NotAModel(text.clone());
            let arn: Arn = text.parse().map_err(|_| not_a_model())?;
            let id = ModelId::parse(text.as_str());
            let Target::Model { model: behind, scope, .. } = id.target() else {
                return Err(not_a_model());
            };
            // No vendor is asked for: only the address of a profile can name a group.
            if let Some(group) = id.unknown_group(|_| false) {
                return Err(UnresolvedProfile::UnknownGroup(group));
            }
            if let Some(other) = model.replace(behind.clone())
                && other != *behind
            {
                return Err(UnresolvedProfile::SeveralModels([other, behind.clone()]));
            }
            if *scope != Scope::InRegion {
                if let Some(other) = named.replace(*scope)
                    && other != *scope
                {
                    return Err(UnresolvedProfile::SeveralScopes([other, *scope]));
                }
                continue;
            }
            match arn.region {
                Some(region) => {
                    regions.insert(region);
                }
                None => is_anywhere = true,
            }
        }
        let model = model.ok_or(UnresolvedProfile::NoModel)?;
        Ok(Self { model, named, regions, is_anywhere })
    }
}

/// A scope whose group holds all Regions that were asked for.
#[derive(Clone, Copy)]
struct Fit {
    scope: Scope,
    is_exact: bool,
}

impl Fit {
    /// Finds the smallest group that holds all of these Regions, which is the very set where there
    /// is one.
    fn smallest(
        wanted: &BTreeSet<Region>,
        groups: impl Iterator<Item = (Scope, BTreeSet<Region>)>,
    ) -> Option<Self> {
        let holding = groups.filter(|(_, regions)| wanted.is_subset(regions));
        let (scope, regions) = holding.min_by_key(|(scope, regions)| (regions.len(), *scope))?;
        Some(Self { scope, is_exact: regions.len() == wanted.len() })
    }
}

impl SystemProfile {
    /// Returns the scope of the profile where it is one of this model; `None` for profiles of other
    /// models and of groups that are not known.
    fn scope_of(&self, model: &BaseModel) -> Option<Scope> {
        // Ids of other models are most of a list, and are told by their ends alone.
        if !self.inference_profile_id.ends_with(model.id()) {
            return None;
        }
        match ModelId::parse(self.inference_profile_id.as_str()).target() {
            Target::Model { model: of, scope, variant: None } if of == model => Some(*scope),
            _ => None,
        }
    }

    /// Returns the Regions behind the profile.
    fn regions(&self) -> BTreeSet<Region> {
        let arns = self.model_arns.iter().filter_map(|arn| arn.parse::<Arn>().ok());
        arns.filter_map(|arn| arn.region).collect()
    }
}

impl Inventory {
    /// Returns true if the account may call a model under a scope from this Region; `None` where
    /// that is not known. The account's own lists go before the embedded source Regions.
    #[must_use]
    pub fn may_call(&self, model: &BaseModel, scope: Scope, region: &Region) -> Option<bool> {
        if scope == Scope::InRegion {
            let is_it = |listed: &&FoundationModel| listed.model_id == model.id();
            let mut listed = self.foundation_models.iter().filter(is_it).peekable();
            // A list may leave out what has another name, so only what is listed is told.
            listed.peek()?;
            let on_demand = InferenceType::OnDemand;
            return Some(listed.any(|of| of.inference_types_supported.contains(&on_demand)));
        }
        if self.system_profiles.is_empty() {
            return SourceRegions::embedded().may_call(model, scope, region);
        }
        Some(self.system_profiles.iter().any(|profile| profile.scope_of(model) == Some(scope)))
    }

    /// Returns the groups under which a model may be called from this Region, the smallest first:
    /// those that the Region's name tells if nothing is known of the model.
    #[must_use]
    pub fn groups(&self, model: &BaseModel, region: &Region) -> Vec<Geo> {
        let geo = |scope| match scope {
            Scope::Geo(geo) => Some(geo),
            Scope::InRegion | Scope::Global => None,
        };
        if !self.system_profiles.is_empty() {
            let mut listed: Vec<(usize, Geo)> = self
                .profiles_of(model)
                .filter_map(|(scope, regions)| Some((regions.len(), geo(scope)?)))
                .collect();
            listed.sort_unstable();
            return listed.into_iter().map(|(_, geo)| geo).collect();
        }
        let known = SourceRegions::embedded();
        if known.models().any(|of| of == model) {
            return known.scopes(model, region).into_iter().filter_map(geo).collect();
        }
        Geo::holding(std::slice::from_ref(region)).into_iter().collect()
    }

    /// Finds the model behind an application profile of this Region and the scope of its requests.
    ///
    /// The models behind the profile tell the scope, since the Region that calls does not: an ARN of
    /// an inference profile names the scope, an ARN without a Region is global, one is in-Region,
    /// and several are the profile of the model with these Regions. The account's own list goes
    /// before the embedded source Regions, the very set before a larger one, a small group before a
    /// large one. Last comes the group that the names of the Regions tell.
    pub fn target(
        &self,
        profile: &ApplicationProfile,
        region: &Region,
    ) -> Result<(BaseModel, Scope), UnresolvedProfile> {
        let Behind { model, named, regions, is_anywhere } = Behind::read(&profile.model_arns)?;
        let scope = if let Some(scope) = named {
            Some(scope)
        } else if is_anywhere {
            Some(Scope::Global)
        } else if regions.len() == 1 {
            Some(Scope::InRegion)
        } else {
            self.scope_over(&model, &regions, region)
        };
        match scope {
            Some(scope) => Ok((model, scope)),
            None => Err(UnresolvedProfile::NoProfile { model, regions }),
        }
    }

    /// Finds the profile that may serve from all of these Regions when this one calls.
    fn scope_over(
        &self,
        model: &BaseModel,
        regions: &BTreeSet<Region>,
        source: &Region,
    ) -> Option<Scope> {
        let known = SourceRegions::embedded();
        let listed: Vec<(Scope, BTreeSet<Region>)> = self.profiles_of(model).collect();
        // A profile that the account lacks is not what it copied.
        let is_there =
            |scope: &Scope| listed.is_empty() || listed.iter().any(|(of, _)| of == scope);
        let callable: Vec<Scope> =
            known.scopes(model, source).into_iter().filter(is_there).collect();
        let told = callable.iter().map(|scope| {
            let destinations = known.destinations(model, *scope, source);
            (*scope, destinations.into_iter().cloned().collect())
        });
        // Destinations can be unknown, or can have changed since the profile was copied.
        let groups = callable.iter().filter(|scope| **scope != Scope::Global).map(|scope| {
            let group = known.group(model, *scope).into_iter().cloned();
            (*scope, group.collect::<BTreeSet<Region>>())
        });
        let listed = Fit::smallest(regions, listed.iter().cloned());
        let told = Fit::smallest(regions, told);
        let exact = [listed, told].into_iter().flatten().find(|fit| fit.is_exact);
        let found = exact.or(listed).or(told).or_else(|| Fit::smallest(regions, groups));
        found.map(|fit| fit.scope).or_else(|| {
            let regions: Vec<Region> = regions.iter().cloned().collect();
            Geo::holding(&regions).map(Scope::Geo)
        })
    }

    /// Lists the cross-Region profiles of a model, with the Regions behind each.
    fn profiles_of(&self, model: &BaseModel) -> impl Iterator<Item = (Scope, BTreeSet<Region>)> {
        self.system_profiles
            .iter()
            .filter_map(|profile| Some((profile.scope_of(model)?, profile.regions())))
    }

    /// Returns true if some model of this vendor is known, from the account or from the embedded
    /// source Regions.
    #[must_use]
    pub fn knows_vendor(&self, vendor: &str) -> bool {
        let known = SourceRegions::embedded().models();
        known.filter_map(BaseModel::vendor).any(|of| of == vendor)
            || self
                .foundation_models
                .iter()
                .any(|model| model.model_id.split_once('.').is_some_and(|(of, _)| of == vendor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MICRO: &str = "amazon.nova-micro-v1:0";
    const SONNET: &str = "anthropic.claude-sonnet-4-6";
    const MAKER: &str = "maker.model-v1:0";

    const US: Scope = Scope::Geo(Geo::Us);

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    /// The ARNs of a model in some Regions; one without a Region has an empty name.
    fn arns(model: &str, regions: &[&str]) -> Vec<String> {
        let arn = |region: &&str| format!("arn:aws:bedrock:{region}::foundation-model/{model}");
        regions.iter().map(arn).collect()
    }

    fn application(model_arns: Vec<String>) -> ApplicationProfile {
        ApplicationProfile {
            inference_profile_id: "a1b2c3d4e5f6".into(),
            inference_profile_arn:
                "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
                    .into(),
            inference_profile_name: "team".into(),
            model_arns,
        }
    }

    fn listing(profiles: &[(&str, &str, &[&str])]) -> Inventory {
        let profile = |(prefix, model, regions): &(&str, &str, &[&str])| SystemProfile {
            inference_profile_id: format!("{prefix}.{model}"),
            model_arns: arns(model, regions),
        };
        let system_profiles = profiles.iter().map(profile).collect();
        Inventory { system_profiles, ..Inventory::default() }
    }

    /// The scope of a profile over these Regions, as an account with this list has it.
    fn scope_in(
        inventory: &Inventory,
        model: &str,
        source: &str,
        regions: &[&str],
    ) -> Option<Scope> {
        let target = inventory.target(&application(arns(model, regions)), &region(source));
        target.ok().map(|(_, scope)| scope)
    }

    fn scope(model: &str, source: &str, regions: &[&str]) -> Option<Scope> {
        scope_in(&Inventory::default(), model, source, regions)
    }

    #[test]
    fn the_regions_behind_a_profile_tell_its_scope() {
        assert_eq!(scope(MICRO, "us-east-1", &["us-east-1"]), Some(Scope::InRegion));
        assert_eq!(scope(MICRO, "us-east-1", &["us-east-1", "us-west-2"]), Some(US));
        assert_eq!(scope(MICRO, "us-east-1", &["us-east-1", ""]), Some(Scope::Global));
        // A model that no list has goes by the names of its Regions.
        assert_eq!(scope(MAKER, "us-east-1", &["us-east-1", "us-west-2"]), Some(US));
    }

    #[test]
    fn a_profile_that_leaves_the_geography_of_its_region_is_known_by_its_models() {
        let us = &["ca-central-1", "us-east-1", "us-east-2", "us-west-2"];
        assert_eq!(scope(SONNET, "ca-central-1", us), Some(US));
        let eu = &["eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-3"];
        let eu = [eu.as_slice(), &["il-central-1"]].concat();
        assert_eq!(scope(MICRO, "il-central-1", &eu), Some(Scope::Geo(Geo::Eu)));
        let au = &["ap-southeast-2", "ap-southeast-4", "ap-southeast-6"];
        assert_eq!(scope(SONNET, "ap-southeast-6", au), Some(Scope::Geo(Geo::Au)));
        // Nobody states the destinations from there.
        let apac = &["ap-northeast-1", "ap-south-1", "me-central-1"];
        assert_eq!(scope(MICRO, "me-central-1", apac), Some(Scope::Geo(Geo::Apac)));
        let canada = &["ca-central-1", "ca-west-1"];
        assert_eq!(
            scope("amazon.nova-lite-v1:0", "ca-central-1", canada),
            Some(Scope::Geo(Geo::Ca))
        );
    }

    #[test]
    fn the_list_of_the_account_goes_before_all_that_others_tell() {
        let pair = ["ca-central-1", "us-east-1"];
        assert_eq!(scope(MAKER, "ca-central-1", &pair), None);
        let wide = ["ca-central-1", "us-east-1", "us-west-2"];
        let listed = listing(&[("us", MAKER, &wide), ("ca", MAKER, &pair)]);
        // The very set, and then the smallest that holds it.
        assert_eq!(scope_in(&listed, MAKER, "ca-central-1", &pair), Some(Scope::Geo(Geo::Ca)));
        let rest = ["ca-central-1", "us-west-2"];
        assert_eq!(scope_in(&listed, MAKER, "ca-central-1", &rest), Some(US));
        // A list without the model says nothing of it.
        let other = listing(&[("us", MICRO, &wide)]);
        assert_eq!(scope_in(&other, MAKER, "ca-central-1", &pair), None);
        // Tokyo can call both; this account has but one.
        let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
        let japan = ["ap-northeast-1", "ap-northeast-3"];
        assert_eq!(scope(haiku, "ap-northeast-1", &japan), Some(Scope::Geo(Geo::Jp)));
        let asia = ["ap-northeast-1", "ap-northeast-3", "ap-south-1"];
        let listed = listing(&[("apac", haiku, &asia)]);
        assert_eq!(scope_in(&listed, haiku, "ap-northeast-1", &japan), Some(Scope::Geo(Geo::Apac)));
    }

    #[test]
    fn the_very_set_of_another_source_goes_before_a_larger_one_of_the_account() {
        let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
        let japan = ["ap-northeast-1", "ap-northeast-3"];
        let asia = ["ap-northeast-1", "ap-northeast-3", "ap-south-1"];
        // The account's `jp.` has changed since.
        let listed = listing(&[("apac", haiku, &asia), ("jp", haiku, &["ap-northeast-1"])]);
        assert_eq!(scope_in(&listed, haiku, "ap-northeast-1", &japan), Some(Scope::Geo(Geo::Jp)));
    }

    #[test]
    fn a_profile_of_a_profile_has_its_scope() {
        let of =
            |id: &str| format!("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/{id}");
        let target = |ids: &[&str]| {
            let profile = application(ids.iter().map(|id| of(id)).collect());
            Inventory::default().target(&profile, &region("eu-west-1"))
        };
        let sonnet = BaseModel::new(SONNET);
        let id = |prefix: &str| format!("{prefix}.{SONNET}");
        assert_eq!(target(&[&id("eu")]), Ok((sonnet.clone(), Scope::Geo(Geo::Eu))));
        assert_eq!(target(&[&id("global")]), Ok((sonnet.clone(), Scope::Global)));
        assert_eq!(
            target(&[&id("eu"), &id("global")]),
            Err(UnresolvedProfile::SeveralScopes([Scope::Geo(Geo::Eu), Scope::Global]))
        );
        let unknown = UnknownGroup { prefix: "amer".into(), model: sonnet };
        assert_eq!(target(&[&id("amer")]), Err(UnresolvedProfile::UnknownGroup(unknown)));
    }

    #[test]
    fn a_profile_that_tells_no_scope_is_not_guessed_and_the_reason_is_said() {
        let reason = |arns: Vec<String>| {
            let target = Inventory::default().target(&application(arns), &region("us-east-1"));
            target.unwrap_err().to_string()
        };
        let other = [arns(MICRO, &["us-east-1"]), arns(MAKER, &["us-west-2"])].concat();
        assert_eq!(
            reason(other),
            "more than one model is behind this application profile: amazon.nova-micro-v1:0 and maker.model-v1:0"
        );
        assert_eq!(
            reason(arns(MICRO, &["us-east-1", "eu-west-1"])),
            "the models of this application profile are in eu-west-1, us-east-1, which fit no profile of amazon.nova-micro-v1:0 that is known"
        );
        assert_eq!(reason(Vec::new()), "AWS lists no model behind this application profile");
        for arn in [
            "nonsense",
            "arn:aws:bedrock:us-east-1:1:custom-model/amazon.nova-micro-v1:0:300k/abc",
            "arn:aws:bedrock:us-east-1:1:provisioned-model/abcdefghijkl",
        ] {
            assert_eq!(
                reason(vec![arn.to_owned()]),
                format!(
                    "`{arn}` behind this application profile is neither a foundation model nor an inference profile"
                )
            );
        }
    }

    #[test]
    fn the_account_says_first_which_profiles_a_region_may_call() {
        let none = Inventory::default();
        let ask = |inventory: &Inventory, model: &str, scope, from: &str| {
            inventory.may_call(&BaseModel::new(model), scope, &region(from))
        };
        assert_eq!(ask(&none, SONNET, Scope::Global, "eu-west-1"), Some(true));
        assert_eq!(ask(&none, MICRO, Scope::Global, "eu-west-1"), Some(false));
        assert_eq!(ask(&none, MAKER, Scope::Global, "eu-west-1"), None);
        let listed = listing(&[("global", MICRO, &["eu-west-1", ""])]);
        assert_eq!(ask(&listed, MICRO, Scope::Global, "eu-west-1"), Some(true));
        assert_eq!(ask(&listed, SONNET, Scope::Global, "eu-west-1"), Some(false));
        // The end of one id can be another.
        let longer = listing(&[("global", "b.a.model", &[""])]);
        assert_eq!(ask(&longer, "a.model", Scope::Global, "eu-west-1"), Some(false));
    }

    #[test]
    fn the_list_of_models_says_what_may_be_called_in_the_region() {
        let listed = |id: &str, inference: &str| FoundationModel {
            model_id: id.into(),
            lifecycle_status: None,
            legacy_time: None,
            public_extended_access_time: None,
            end_of_life_time: None,
            inference_types_supported: vec![inference.into()],
        };
        let inventory = Inventory {
            foundation_models: vec![
                listed(MICRO, "ON_DEMAND"),
                listed(&format!("{MICRO}:24k"), "PROVISIONED"),
                listed(SONNET, "INFERENCE_PROFILE"),
            ],
            ..Inventory::default()
        };
        let ask = |model: &str| {
            inventory.may_call(&BaseModel::new(model), Scope::InRegion, &region("eu-west-2"))
        };
        assert_eq!(ask(MICRO), Some(true));
        assert_eq!(ask(SONNET), Some(false));
        assert_eq!(ask(MAKER), None);
    }

    #[test]
    fn groups_come_from_the_account_then_from_the_file_then_from_the_name_of_the_region() {
        let groups = |inventory: &Inventory, model: &str, from: &str| {
            inventory.groups(&BaseModel::new(model), &region(from))
        };
        let none = Inventory::default();
        assert_eq!(groups(&none, SONNET, "ca-central-1"), [Geo::Us]);
        assert_eq!(groups(&none, "amazon.nova-lite-v1:0", "ca-central-1"), [Geo::Ca]);
        assert_eq!(groups(&none, MAKER, "ca-central-1"), [Geo::Ca]);
        assert_eq!(groups(&none, SONNET, "af-south-1"), []);
        let pair = ["ap-northeast-1", "ap-northeast-3"];
        let asia = ["ap-northeast-1", "ap-northeast-3", "ap-south-1"];
        let listed = listing(&[
            ("apac", SONNET, &asia),
            ("global", SONNET, &["ap-northeast-1", ""]),
            ("jp", SONNET, &pair),
        ]);
        assert_eq!(groups(&listed, SONNET, "ap-northeast-1"), [Geo::Jp, Geo::Apac]);
        assert_eq!(groups(&listed, MICRO, "ap-northeast-1"), []);
    }

    #[test]
    fn vendors_are_known_from_the_account_and_from_the_file() {
        let inventory = Inventory {
            foundation_models: vec![FoundationModel {
                model_id: "maker.model-v1:0".into(),
                lifecycle_status: None,
                legacy_time: None,
                public_extended_access_time: None,
                end_of_life_time: None,
                inference_types_supported: Vec::new(),
            }],
            ..Inventory::default()
        };
        let known = |vendor: &str| inventory.knows_vendor(vendor);
        assert_eq!(["anthropic", "maker", "amer", "v3"].map(known), [true, true, false, false]);
        assert!(!Inventory::default().knows_vendor("maker"));
    }

    /// Every pair of profile and source Region of the embedded file.
    fn pairs() -> Vec<(BaseModel, Scope, Region)> {
        let known = SourceRegions::embedded();
        let scopes = || Geo::ALL.into_iter().map(Scope::Geo).chain([Scope::Global]);
        let profiles = known.models().flat_map(|model| scopes().map(move |scope| (model, scope)));
        profiles
            .flat_map(|(model, scope)| {
                let regions = known.source_regions(model, scope).into_iter();
                regions.map(move |region| (model.clone(), scope, region.clone()))
            })
            .collect()
    }

    /// The Regions behind a profile when this one calls; those of its whole group where no source
    /// states them.
    fn behind(model: &BaseModel, scope: Scope, source: &Region) -> BTreeSet<Region> {
        let known = SourceRegions::embedded();
        let mut stated = known.destinations(model, scope, source);
        if stated.is_empty() {
            stated = known.group(model, scope);
        }
        let mut regions: BTreeSet<Region> = stated.into_iter().cloned().collect();
        if scope == Scope::Geo(Geo::UsGov) {
            // Of some models the file has one of the two.
            regions.extend(["us-gov-east-1", "us-gov-west-1"].map(region));
        }
        regions
    }

    /// The pairs whose destinations are stated.
    fn routed() -> Vec<(BaseModel, Scope, Region)> {
        let to = |(model, scope, source): &(BaseModel, Scope, Region)| {
            !SourceRegions::embedded().destinations(model, *scope, source).is_empty()
        };
        pairs().into_iter().filter(to).collect()
    }

    fn resolved(model: &BaseModel, source: &Region, names: &[&str]) -> Option<Scope> {
        scope(model.id(), source.name(), names)
    }

    #[test]
    fn every_known_profile_is_known_again_by_the_models_behind_it() {
        let known = SourceRegions::embedded();
        let pairs = pairs();
        assert_eq!(pairs.len(), 1_511);
        for (model, scope, source) in pairs {
            let regions = behind(&model, scope, &source);
            let names: Vec<&str> = if scope == Scope::Global {
                vec![source.name(), ""]
            } else {
                regions.iter().map(Region::name).collect()
            };
            let found = resolved(&model, &source, &names).unwrap();
            let is_same = || {
                let to = |scope| known.destinations(&model, scope, &source);
                !to(found).is_empty() && to(found) == to(scope)
            };
            assert!(found == scope || is_same(), "{scope} of {model} from {source}: {found}");
        }
    }

    proptest! {
        #[test]
        fn a_part_of_a_profile_is_known_as_one_that_holds_it(
            pair in proptest::sample::select(routed()),
            picks in proptest::collection::vec(any::<bool>(), 12),
        ) {
            let (model, scope, source) = pair;
            let known = SourceRegions::embedded();
            let all = behind(&model, scope, &source);
            let part = all.iter().zip(&picks).filter(|(_, pick)| **pick);
            let part: BTreeSet<Region> = part.map(|(region, _)| region.clone()).collect();
            let mut names: Vec<&str> = part.iter().map(Region::name).collect();
            let found = resolved(&model, &source, &names);
            // The order in which AWS lists the models is not promised.
            names.reverse();
            prop_assert_eq!(resolved(&model, &source, &names), found);
            match (part.len(), found) {
                (0, found) => prop_assert_eq!(found, None),
                (1, found) => prop_assert_eq!(found, Some(Scope::InRegion)),
                (_, Some(found)) => {
                    let to = known.destinations(&model, found, &source);
                    prop_assert!(part.iter().all(|region| to.contains(region)), "{found}");
                    prop_assert!(to.len() <= all.len(), "{found}");
                }
                (_, None) => prop_assert!(false, "{} of {} from {}", scope, model, source),
            }
        }
    }
}
