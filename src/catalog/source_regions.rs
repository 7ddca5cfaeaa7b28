//! The Regions that may call a cross-Region inference profile, and where its requests then go, as far
//! as public sources tell. See `catalog/source-regions.toml` for the file format by example.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::syntax::{SyntaxFault, read_toml};
use crate::domain::{BaseModel, Geo, Region, Scope};

/// Text of the embedded file.
const EMBEDDED: &str = include_str!("../../catalog/source-regions.toml");

/// The version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// The embedded file, read when first asked for.
static READ: LazyLock<SourceRegions> = LazyLock::new(|| {
    // A test reads the file, so this default never stands: in it nothing is known.
    SourceRegions::parse("embedded", EMBEDDED).unwrap_or_default()
});

/// Source Regions of the cross-Region profiles, by model and scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRegions {
    regions: Vec<Region>,
    profiles: BTreeMap<BaseModel, BTreeMap<Scope, Vec<Route>>>,
    /// Regions where the bare id may be called, of the models that the lists have.
    in_region: BTreeMap<BaseModel, Vec<usize>>,
}

/// Source Regions whose requests go to the same destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    // Places in the list of Regions: a few dozen of them are named thousands of times, and the file
    // is to be read within a millisecond.
    from: Vec<usize>,
    /// Empty where no source states the destinations.
    to: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceRegionsDocument {
    schema_version: u32,
    #[serde(rename = "source", default)]
    sources: Vec<NamedSource>,
    #[serde(default)]
    regions: BTreeMap<String, String>,
    #[serde(default)]
    in_region: InRegionEntries,
    #[serde(rename = "profile", default)]
    profiles: Vec<ProfileEntry>,
}

/// Regions where the bare ids of models may be called.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InRegionEntries {
    sources: Vec<String>,
    models: BTreeMap<BaseModel, String>,
}

/// A source and the id by which entries name it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedSource {
    id: String,
    name: String,
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileEntry {
    model: BaseModel,
    prefix: String,
    sources: Vec<String>,
    routes: Vec<RouteText>,
}

impl ProfileEntry {
    /// Returns the entry's name in faults.
    fn subject(&self) -> String {
        format!("`{}.{}`", self.prefix, self.model)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteText {
    from: String,
    #[serde(default)]
    to: String,
}

/// The error for a text that does not tell source Regions.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceRegionsError {
    /// The text does not read as source Regions.
    #[error("source Regions `{name}` are not valid: {fault}")]
    Syntax {
        /// Name of the file.
        name: String,
        /// Fault with its place.
        fault: SyntaxFault,
    },
    /// The text reads as source Regions, and contradicts itself.
    #[error(
        "source Regions `{name}` contradict themselves: {}",
        crate::domain::text::faults(faults)
    )]
    Rules {
        /// Name of the file.
        name: String,
        /// All faults.
        faults: Vec<String>,
    },
}

impl SourceRegions {
    /// Returns the embedded source Regions.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &READ
    }

    /// Reads source Regions from TOML. `name` is their name in errors. All contradictions are named
    /// at once.
    pub fn parse(name: &str, text: &str) -> Result<Self, SourceRegionsError> {
        let document: SourceRegionsDocument = read_toml(text)
            .map_err(|fault| SourceRegionsError::Syntax { name: name.into(), fault })?;
        let mut faults = Vec::new();
        if document.schema_version != SCHEMA_VERSION {
            faults.push(format!(
                "schema_version is {}, this program reads {SCHEMA_VERSION}",
                document.schema_version
            ));
        }
        check_sources(&document, &mut faults);
        let mut words = Words::default();
        words.define(&document.regions, &mut faults);
        let mut profiles: BTreeMap<BaseModel, BTreeMap<Scope, Vec<Route>>> = BTreeMap::new();
        for entry in &document.profiles {
            let Some(scope) = scope_of(&entry.prefix) else {
                let prefix = &entry.prefix;
                faults.push(format!("{}: `{prefix}` is no prefix of a profile", entry.subject()));
                continue;
            };
            let routes = words.routes(entry, scope, &mut faults);
            let scopes = profiles.entry(entry.model.clone()).or_default();
            if scopes.insert(scope, routes).is_some() {
                faults.push(format!("{} is there twice: keep one", entry.subject()));
            }
        }
        let mut in_region = BTreeMap::new();
        for (model, text) in &document.in_region.models {
            let subject = || format!("`{model}` in-Region");
            in_region.insert(model.clone(), words.read(&subject, text, &mut faults));
        }
        if faults.is_empty() {
            Ok(Self { regions: words.regions, profiles, in_region })
        } else {
            Err(SourceRegionsError::Rules { name: name.into(), faults })
        }
    }

    /// Returns the models that have a cross-Region profile, in order of their ids.
    pub fn models(&self) -> impl Iterator<Item = &BaseModel> {
        self.profiles.keys()
    }

    /// Returns the cross-Region scopes under which a Region may call a model: the groups from the
    /// smallest to the largest, then the global profile. Empty where the model is not known too.
    #[must_use]
    pub fn scopes(&self, model: &BaseModel, region: &Region) -> Vec<Scope> {
        let known = self.profiles.get(model).into_iter().flat_map(BTreeMap::keys).copied();
        let mut scopes: Vec<Scope> =
            known.filter(|scope| self.route(model, *scope, region).is_some()).collect();
        scopes.sort_by_key(|scope| {
            (*scope == Scope::Global, self.group(model, *scope).len(), *scope)
        });
        scopes
    }

    /// Returns true if a Region may call a model under a scope; `None` where nothing is known of the
    /// model's profiles, or of the calls of its bare id.
    #[must_use]
    pub fn may_call(&self, model: &BaseModel, scope: Scope, region: &Region) -> Option<bool> {
        if scope == Scope::InRegion {
            let places = self.in_region.get(model)?;
            let named = |place: &usize| self.regions.get(*place) == Some(region);
            return Some(places.iter().any(named));
        }
        let is_known = self.profiles.contains_key(model);
        is_known.then(|| self.route(model, scope, region).is_some())
    }

    /// Returns the Regions that may call a model under a scope; empty where none is known.
    #[must_use]
    pub fn source_regions(&self, model: &BaseModel, scope: Scope) -> BTreeSet<&Region> {
        self.named(self.routes(model, scope).iter().flat_map(|route| &route.from))
    }

    /// Returns the Regions that may serve what a Region calls under a scope; empty where the Region
    /// may not call so, and where no source states the destinations, as for global profiles.
    #[must_use]
    pub fn destinations(
        &self,
        model: &BaseModel,
        scope: Scope,
        region: &Region,
    ) -> BTreeSet<&Region> {
        self.named(self.route(model, scope, region).into_iter().flat_map(|route| &route.to))
    }

    /// Returns all Regions of a model's group: those that may call under the scope, and those that
    /// may serve.
    #[must_use]
    pub fn group(&self, model: &BaseModel, scope: Scope) -> BTreeSet<&Region> {
        let routes = self.routes(model, scope).iter();
        self.named(routes.flat_map(|route| route.from.iter().chain(&route.to)))
    }

    fn routes(&self, model: &BaseModel, scope: Scope) -> &[Route] {
        let routes = self.profiles.get(model).and_then(|scopes| scopes.get(&scope));
        routes.map_or(&[], Vec::as_slice)
    }

    fn route(&self, model: &BaseModel, scope: Scope, region: &Region) -> Option<&Route> {
        let place = self.regions.iter().position(|known| known == region)?;
        self.routes(model, scope).iter().find(|route| route.from.contains(&place))
    }

    fn named<'r>(&self, places: impl Iterator<Item = &'r usize>) -> BTreeSet<&Region> {
        places.filter_map(|place| self.regions.get(*place)).collect()
    }
}

/// Returns the scope of a profile's prefix; `None` where the prefix is not known.
fn scope_of(prefix: &str) -> Option<Scope> {
    if prefix == "global" {
        return Some(Scope::Global);
    }
    Geo::ALL.into_iter().find(|geo| geo.prefix() == prefix).map(Scope::Geo)
}

/// Checks that entries and sources name each other.
fn check_sources(document: &SourceRegionsDocument, faults: &mut Vec<String>) {
    let mut known = BTreeSet::new();
    for source in &document.sources {
        if [&source.id, &source.name, &source.date].iter().any(|text| text.trim().is_empty()) {
            faults.push(format!("source `{}` needs an id, a name and a date", source.id));
        }
        if !known.insert(source.id.as_str()) {
            faults.push(format!("source `{}` is there twice: keep one", source.id));
        }
    }
    let mut used = BTreeSet::new();
    for id in &document.in_region.sources {
        if !known.contains(id.as_str()) {
            faults.push(format!("in_region: `{id}` is none of the sources"));
        }
        used.insert(id.as_str());
    }
    for entry in &document.profiles {
        if entry.sources.is_empty() {
            faults.push(format!("{} needs a source", entry.subject()));
        }
        for id in &entry.sources {
            if !known.contains(id.as_str()) {
                faults.push(format!("{}: `{id}` is none of the sources", entry.subject()));
            }
            used.insert(id.as_str());
        }
    }
    for id in known.difference(&used) {
        faults.push(format!("source `{id}` is named by no entry"));
    }
}

/// Words that stand for Regions: their own names, and the names of lists.
#[derive(Default)]
struct Words<'d> {
    regions: Vec<Region>,
    /// Places in `regions` that a word stands for.
    meanings: BTreeMap<&'d str, Vec<usize>>,
}

impl<'d> Words<'d> {
    /// Reads the named lists of Regions.
    fn define(&mut self, lists: &'d BTreeMap<String, String>, faults: &mut Vec<String>) {
        let mut meanings = Vec::with_capacity(lists.len());
        for (name, text) in lists {
            // A word of a route would have two meanings.
            if name.parse::<Region>().is_ok() {
                faults.push(format!("the list `{name}` has the name of a Region"));
            }
            let subject = || format!("the list `{name}`");
            meanings.push((name.as_str(), self.read(&subject, text, faults)));
        }
        // Only now: lists of lists would hide what a route says.
        self.meanings.extend(meanings);
    }

    /// Reads the routes of an entry.
    fn routes(
        &mut self,
        entry: &'d ProfileEntry,
        scope: Scope,
        faults: &mut Vec<String>,
    ) -> Vec<Route> {
        let subject = || entry.subject();
        let mut routes = Vec::with_capacity(entry.routes.len());
        for text in &entry.routes {
            let from = self.read(&subject, &text.from, faults);
            let to = self.read(&subject, &text.to, faults);
            if text.from.trim().is_empty() {
                faults.push(format!("{} has a route from no Region", subject()));
            }
            if scope == Scope::Global && !to.is_empty() {
                faults.push(format!("{} may go anywhere: a global route has no `to`", subject()));
            }
            if let Some(twice) = self.twice(to.clone()) {
                faults.push(format!("{} has {twice} twice in one `to`: keep one", subject()));
            }
            routes.push(Route { from, to });
        }
        let from = routes.iter().flat_map(|route| &route.from).copied();
        if let Some(twice) = self.twice(from.collect()) {
            faults.push(format!("{} has {twice} twice in `from`: keep one", subject()));
        }
        if routes.is_empty() {
            faults.push(format!("{} has no route", subject()));
        }
        routes
    }

    /// Returns a Region that is there twice; `None` where none is.
    fn twice(&self, mut places: Vec<usize>) -> Option<&Region> {
        places.sort_unstable();
        let pair = places.windows(2).find(|pair| pair[0] == pair[1])?;
        self.regions.get(pair[0])
    }

    /// Reads Regions and names of lists with blanks between them.
    fn read(
        &mut self,
        subject: &dyn Fn() -> String,
        text: &'d str,
        faults: &mut Vec<String>,
    ) -> Vec<usize> {
        let mut places = Vec::new();
        for word in text.split_whitespace() {
            if let Some(meaning) = self.meanings.get(word) {
                places.extend_from_slice(meaning);
            } else if let Ok(region) = word.parse() {
                let place = self.regions.len();
                self.regions.push(region);
                self.meanings.insert(word, vec![place]);
                places.push(place);
            } else {
                let subject = subject();
                faults.push(format!("{subject}: `{word}` is neither a Region nor a list of them"));
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Partition;

    const HEAD: &str = "schema_version = 1\n[[source]]\nid = \"s\"\nname = \"S\"\ndate = \"2026-10\"\n\
                        [regions]\nus-two = \"us-east-1 us-west-2\"\n";

    fn entry(prefix: &str, routes: &str) -> String {
        format!(
            "[[profile]]\nmodel = \"maker.model\"\nprefix = \"{prefix}\"\nsources = [\"s\"]\nroutes = [{routes}]\n"
        )
    }

    fn read(entries: &[String]) -> Result<SourceRegions, SourceRegionsError> {
        SourceRegions::parse("t", &format!("{HEAD}{}", entries.concat()))
    }

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    fn names<'r>(regions: impl IntoIterator<Item = &'r Region>) -> Vec<&'r str> {
        regions.into_iter().map(Region::name).collect()
    }

    #[test]
    fn the_embedded_file_is_valid_and_whole() {
        let read = SourceRegions::parse("embedded", EMBEDDED).unwrap();
        assert_eq!(&read, SourceRegions::embedded());
        let pairs = read.profiles.values().flat_map(BTreeMap::values).flatten();
        // The number of lines that were taken over: an entry that is lost in an edit is noticed.
        assert_eq!(pairs.map(|route| route.from.len()).sum::<usize>(), 1_511);
        assert!(EMBEDDED.len() < 60_000);
    }

    #[test]
    fn no_profile_leaves_its_partition() {
        let read = SourceRegions::embedded();
        for (model, scopes) in &read.profiles {
            for scope in scopes.keys() {
                let partition = match scope {
                    Scope::Geo(Geo::UsGov) => Partition::UsGov,
                    _ => Partition::Commercial,
                };
                let group = read.group(model, *scope);
                let is_inside = |region: &&Region| region.partition() == partition;
                assert!(group.iter().all(is_inside), "{scope} of {model}: {group:?}");
            }
        }
    }

    #[test]
    fn the_groups_of_a_region_differ_by_model() {
        let canada = region("ca-central-1");
        let scopes = |model: &str, region: &Region| {
            SourceRegions::embedded().scopes(&BaseModel::new(model), region)
        };
        let [us, ca] = [Geo::Us, Geo::Ca].map(Scope::Geo);
        assert_eq!(scopes("anthropic.claude-sonnet-4-6", &canada), [us, Scope::Global]);
        assert_eq!(scopes("amazon.nova-lite-v1:0", &canada), [ca]);
        assert_eq!(scopes("maker.model", &canada), []);
        let [jp, apac] = [Geo::Jp, Geo::Apac].map(Scope::Geo);
        let tokyo = region("ap-northeast-1");
        assert_eq!(scopes("amazon.nova-2-lite-v1:0", &tokyo), [jp, Scope::Global]);
        assert_eq!(scopes("amazon.nova-lite-v1:0", &tokyo), [apac]);
        assert_eq!(
            scopes("anthropic.claude-haiku-4-5-20251001-v1:0", &region("ap-southeast-6")),
            [Scope::Geo(Geo::Au), Scope::Global]
        );
    }

    #[test]
    fn destinations_go_by_the_region_that_calls() {
        let sonnet = BaseModel::new("anthropic.claude-sonnet-4-6");
        let read = SourceRegions::embedded();
        let to = |scope, from: &str| names(read.destinations(&sonnet, scope, &region(from)));
        let us = Scope::Geo(Geo::Us);
        assert_eq!(to(us, "us-east-1"), ["us-east-1", "us-east-2", "us-west-2"]);
        assert_eq!(to(us, "ca-central-1"), ["ca-central-1", "us-east-1", "us-east-2", "us-west-2"]);
        assert!(to(us, "eu-west-1").is_empty());
        assert!(to(Scope::Global, "eu-west-1").is_empty());
        assert_eq!(
            names(read.source_regions(&sonnet, Scope::Geo(Geo::Au))),
            ["ap-southeast-2", "ap-southeast-4", "ap-southeast-6"]
        );
        assert_eq!(read.source_regions(&sonnet, Scope::Geo(Geo::Ca)).len(), 0);
        let group = read.group(&sonnet, us);
        assert_eq!(
            names(group),
            ["ca-central-1", "ca-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"]
        );
    }

    #[test]
    fn a_model_that_no_source_has_is_not_known_and_not_refused() {
        let read = SourceRegions::embedded();
        let ask = |model: &str, scope, from: &str| {
            read.may_call(&BaseModel::new(model), scope, &region(from))
        };
        let sonnet = "anthropic.claude-sonnet-4-6";
        assert_eq!(ask(sonnet, Scope::Global, "af-south-1"), Some(true));
        assert_eq!(ask(sonnet, Scope::Geo(Geo::Eu), "af-south-1"), Some(false));
        assert_eq!(ask("amazon.nova-micro-v1:0", Scope::Global, "us-east-1"), Some(false));
        assert_eq!(ask("maker.model", Scope::Global, "us-east-1"), None);
        assert_eq!(ask(sonnet, Scope::InRegion, "us-east-1"), Some(false));
        assert_eq!(ask(sonnet, Scope::InRegion, "eu-west-2"), Some(true));
        assert_eq!(ask("maker.model", Scope::InRegion, "us-east-1"), None);
    }

    #[test]
    fn lists_stand_for_their_regions_and_a_missing_destination_is_not_known() {
        let from = |text: &str| format!("{{ from = \"{text}\" }}");
        let to = |from: &str, to: &str| format!("{{ from = \"{from}\", to = \"{to}\" }}");
        let routes = [to("us-two", "us-two us-east-2"), from("ca-central-1")].join(", ");
        let read = read(&[entry("us", &routes), entry("global", &from("us-two"))]).unwrap();
        let model = BaseModel::new("maker.model");
        let us = Scope::Geo(Geo::Us);
        let to = |from: &str| names(read.destinations(&model, us, &region(from)));
        assert_eq!(to("us-west-2"), ["us-east-1", "us-east-2", "us-west-2"]);
        assert!(to("ca-central-1").is_empty());
        assert_eq!(read.may_call(&model, us, &region("ca-central-1")), Some(true));
        assert_eq!(read.models().count(), 1);
    }

    #[test]
    fn all_contradictions_are_named_at_once() {
        let one = "{ from = \"us-east-1\", to = \"us-two\" }";
        let unnamed = entry("eu", one).replace("[\"s\"]", "[]");
        let elsewhere = entry("jp", one).replace("[\"s\"]", "[\"t\"]");
        let spare = "[[source]]\nid = \"u\"\nname = \"\"\ndate = \"2026\"\n".to_owned();
        let refused = read(&[
            entry("us", one),
            entry("us", one),
            entry("amer", one),
            entry("au", "{ from = \"sydney\" }"),
            entry("ca", ""),
            entry("in", "{ from = \"\" }"),
            entry("apac", &format!("{one}, {one}")),
            entry("us-gov", "{ from = \"us-east-1\", to = \"us-two us-west-2\" }"),
            entry("global", one),
            unnamed,
            elsewhere,
            spare,
        ]);
        let fault = refused.unwrap_err().to_string();
        for expected in [
            "source Regions `t` contradict themselves: ",
            "`us.maker.model` is there twice: keep one",
            "`amer.maker.model`: `amer` is no prefix of a profile",
            "`au.maker.model`: `sydney` is neither a Region nor a list of them",
            "`ca.maker.model` has no route",
            "`in.maker.model` has a route from no Region",
            "`apac.maker.model` has us-east-1 twice in `from`: keep one",
            "`us-gov.maker.model` has us-west-2 twice in one `to`: keep one",
            "`global.maker.model` may go anywhere: a global route has no `to`",
            "`eu.maker.model` needs a source",
            "`jp.maker.model`: `t` is none of the sources",
            "source `u` needs an id, a name and a date",
            "source `u` is named by no entry",
        ] {
            assert!(fault.contains(expected), "{expected}: {fault}");
        }
    }

    #[test]
    fn what_is_not_of_the_format_is_refused_with_its_line() {
        for (text, expected) in [
            (HEAD.replace("date", "day"), "unknown field `day`"),
            (format!("{HEAD}{}", entry("us", "{ from = \"us-two\", via = \"x\" }")), "`via`"),
            (format!("colour = 1\n{HEAD}"), "unknown field `colour`"),
            (HEAD.replace("schema_version = 1", ""), "schema_version"),
        ] {
            let fault = SourceRegions::parse("t", &text).unwrap_err().to_string();
            assert!(fault.contains(expected) && fault.contains("line "), "{fault}");
        }
        let newer = SourceRegions::parse("t", &HEAD.replace("version = 1", "version = 2"));
        let fault = newer.unwrap_err().to_string();
        assert!(fault.contains("schema_version is 2, this program reads 1"), "{fault}");
        let list = HEAD.replace("us-two", "us-two-1");
        let fault = SourceRegions::parse("t", &list).unwrap_err().to_string();
        assert!(fault.contains("the list `us-two-1` has the name of a Region"), "{fault}");
    }
}
