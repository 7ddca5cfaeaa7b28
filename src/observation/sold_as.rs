//! The base model of an id as ARNs and inventories spell it, `model[:version[:context]]`. Units of
//! some models are sold under a version that the id in calls and in price books does not have:
//! `cohere.embed-english-v3:0:512` are units of `cohere.embed-english-v3`.

use crate::catalog::PriceBook;
use crate::domain::{BaseModel, ModelId, Target};
use crate::observation::inventory::{FoundationModel, Inventory, ProvisionedModel};
use crate::observation::words::InferenceType;

/// Lists the models that an id could be of: the whole id, then without its context window, then
/// without its version. Empty for an id that names no model.
pub(super) fn candidates(id: &ModelId) -> Vec<BaseModel> {
    let Target::Model { model, variant, .. } = id.target() else {
        return Vec::new();
    };
    let whole = variant.iter().map(|variant| BaseModel::new(format!("{model}:{variant}")));
    let unversioned = model.id().split_once(':').map(|(name, _)| BaseModel::new(name));
    whole.chain([model.clone()]).chain(unversioned).collect()
}

impl Inventory {
    /// Finds the base model of an id: the first of the whole id, the id without its context window
    /// and the id without its version that the book or a call knows. An id of which neither knows
    /// any is taken without its context window; `None` for an id that names no model.
    #[must_use]
    pub fn base_model(&self, id: &ModelId, prices: &PriceBook) -> Option<BaseModel> {
        let model = id.model()?;
        let is_base = |of: &BaseModel| {
            (prices.model(of).is_some() || self.is_called(of))
                // An id without a version is the first version of its model, and no later one.
                && (!model.id().starts_with(&format!("{of}:")) || self.is_first_version(model))
        };
        candidates(id).into_iter().find(is_base).or_else(|| Some(model.clone()))
    }

    /// Finds the base model that a provisioned model serves, or that its custom model was made
    /// from; `None` where the ARN names none.
    #[must_use]
    pub fn base_model_of(&self, held: &ProvisionedModel, prices: &PriceBook) -> Option<BaseModel> {
        self.base_model(&ModelId::parse(held.foundation_model_arn.as_str()), prices)
    }

    /// Returns the entries of a model in the list of foundation models, one for each id that the
    /// model is called or sold under.
    pub fn listed(
        &self,
        model: &BaseModel,
        prices: &PriceBook,
    ) -> impl Iterator<Item = &FoundationModel> {
        self.foundation_models.iter().filter(move |listed| {
            // Most entries are of other models, which the first letters tell.
            listed.model_id.starts_with(model.id())
                && self.base_model(&ModelId::parse(listed.model_id.as_str()), prices).as_ref()
                    == Some(model)
        })
    }

    /// Returns true if AWS lists the very id as one that requests can name. An id with a context
    /// window, or that only provisioned throughput is sold under, is no model of its own.
    fn is_called(&self, model: &BaseModel) -> bool {
        let is_whole = model.id().matches(':').count() < 2;
        is_whole
            && self.foundation_models.iter().any(|listed| {
                let mut types = listed.inference_types_supported.iter();
                listed.model_id == model.id()
                    && types.any(|inference| *inference != InferenceType::Provisioned)
            })
    }

    /// Returns true if AWS lists no version of the model before its own.
    fn is_first_version(&self, model: &BaseModel) -> bool {
        let number = |version: &str| version.split(':').next()?.parse::<u32>().ok();
        let Some((name, own)) = model.id().split_once(':') else {
            return true;
        };
        let versions = self
            .foundation_models
            .iter()
            .filter_map(|listed| number(listed.model_id.strip_prefix(name)?.strip_prefix(':')?));
        number(own).is_none_or(|own| versions.min().is_none_or(|first| own <= first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static AWS: LazyLock<PriceBook> = LazyLock::new(|| PriceBook::aws().unwrap());

    /// Ids under which AWS sells provisioned throughput, or sold it, by its user guide.
    const SOLD: &str = "\
        amazon.nova-2-lite-v1:0:256k amazon.nova-canvas-v1:0 amazon.nova-lite-v1:0:24k \
        amazon.nova-lite-v1:0:300k amazon.nova-micro-v1:0:128k amazon.nova-micro-v1:0:24k \
        amazon.nova-pro-v1:0:24k amazon.nova-pro-v1:0:300k amazon.titan-embed-image-v1:0 \
        amazon.titan-embed-text-v1:2:8k amazon.titan-image-generator-v2:0 \
        amazon.titan-text-express-v1:0:8k amazon.titan-text-lite-v1:0:4k \
        anthropic.claude-v2:0:100k anthropic.claude-v2:0:18k anthropic.claude-v2:1:18k \
        anthropic.claude-v2:1:200k anthropic.claude-3-haiku-20240307-v1:0:200k \
        anthropic.claude-3-haiku-20240307-v1:0:48k anthropic.claude-3-sonnet-20240229-v1:0:200k \
        anthropic.claude-3-sonnet-20240229-v1:0:28k anthropic.claude-3-5-sonnet-20240620-v1:0:18k \
        anthropic.claude-3-5-sonnet-20240620-v1:0:200k \
        anthropic.claude-3-5-sonnet-20240620-v1:0:51k \
        anthropic.claude-3-5-sonnet-20241022-v2:0:18k \
        anthropic.claude-3-5-sonnet-20241022-v2:0:200k \
        anthropic.claude-3-5-sonnet-20241022-v2:0:51k anthropic.claude-instant-v1:2:100k \
        cohere.command-text-v14:7:4k cohere.command-light-text-v14:7:4k \
        cohere.embed-english-v3:0:512 cohere.embed-multilingual-v3:0:512 \
        meta.llama2-13b-chat-v1:0:4k meta.llama2-70b-chat-v1:0:4k meta.llama2-13b-v1:0:4k \
        meta.llama3-1-70b-instruct-v1:0:128k meta.llama3-1-8b-instruct-v1:0:128k \
        meta.llama3-2-11b-instruct-v1:0:128k meta.llama3-2-1b-instruct-v1:0:128k \
        meta.llama3-2-3b-instruct-v1:0:128k meta.llama3-2-90b-instruct-v1:0:128k";

    fn inventory(listed: &[(&str, &str)]) -> Inventory {
        let entry = |(id, kind): &(&str, &str)| FoundationModel {
            model_id: (*id).into(),
            lifecycle_status: None,
            legacy_time: None,
            public_extended_access_time: None,
            end_of_life_time: None,
            inference_types_supported: vec![(*kind).into()],
        };
        Inventory { foundation_models: listed.iter().map(entry).collect(), ..Inventory::default() }
    }

    fn base(inventory: &Inventory, id: &str, prices: &PriceBook) -> String {
        let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{id}");
        let of = |text: &str| inventory.base_model(&ModelId::parse(text), prices).unwrap();
        assert_eq!(of(id), of(&arn));
        of(id).id().to_owned()
    }

    #[test]
    fn every_id_that_units_are_sold_under_finds_the_model_of_the_book() {
        let ids: Vec<&str> = SOLD.split_whitespace().collect();
        // The list has the ids that units are sold under, alone and beside those of calls.
        let sold: Vec<(&str, &str)> = ids.iter().map(|id| (*id, "PROVISIONED")).collect();
        let in_book = |id: &str| AWS.model(&BaseModel::new(id)).is_some();
        let mut found = 0;
        for inventory in [inventory(&[]), inventory(&sold)] {
            for id in &ids {
                let mut parts = id.splitn(3, ':');
                let (name, version) = (parts.next().unwrap(), parts.next().unwrap());
                let versioned = format!("{name}:{version}");
                let wanted = if in_book(&versioned) {
                    versioned
                } else if in_book(name) {
                    name.to_owned()
                } else {
                    assert_eq!(base(&inventory, id, &AWS), versioned);
                    continue;
                };
                assert_eq!(base(&inventory, id, &AWS), wanted);
                found += 1;
            }
        }
        assert!(found >= 2 * 30, "{found}");
        for (id, model) in [
            ("cohere.embed-english-v3:0:512", "cohere.embed-english-v3"),
            ("cohere.command-text-v14:7:4k", "cohere.command-text-v14"),
            ("anthropic.claude-instant-v1:2:100k", "anthropic.claude-instant-v1"),
            ("meta.llama2-13b-chat-v1:0:4k", "meta.llama2-13b-chat-v1"),
            ("amazon.titan-text-express-v1:0:8k", "amazon.titan-text-express-v1"),
            ("amazon.titan-embed-text-v1:2:8k", "amazon.titan-embed-text-v1"),
            ("amazon.titan-embed-image-v1:0", "amazon.titan-embed-image-v1"),
            ("anthropic.claude-v2:1:200k", "anthropic.claude-v2:1"),
            ("amazon.nova-pro-v1:0:300k", "amazon.nova-pro-v1:0"),
        ] {
            assert_eq!(base(&inventory(&sold), id, &AWS), model);
        }
    }

    #[test]
    fn a_model_with_a_version_of_its_own_is_never_the_one_without() {
        let text = "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n\
                    [[model]]\nid=\"anthropic.claude-v2\"\nname=\"Claude 2\"\nprovider=\"A\"\n";
        let book = PriceBook::parse("t", text).unwrap();
        // The list tells the two apart by the calls that it allows, or by what it sells.
        let called = inventory(&[
            ("anthropic.claude-v2", "ON_DEMAND"),
            ("anthropic.claude-v2:1", "ON_DEMAND"),
            ("anthropic.claude-v2:1:200k", "PROVISIONED"),
        ]);
        let sold = inventory(&[
            ("anthropic.claude-v2:0:100k", "PROVISIONED"),
            ("anthropic.claude-v2:1:200k", "PROVISIONED"),
        ]);
        for inventory in [called, sold] {
            let of = |id: &str| base(&inventory, id, &book);
            assert_eq!(of("anthropic.claude-v2:1:200k"), "anthropic.claude-v2:1");
            assert_eq!(of("anthropic.claude-v2:0:100k"), "anthropic.claude-v2");
        }
    }

    #[test]
    fn units_that_are_sold_with_a_version_are_of_the_model_that_is_called_without_one() {
        let none = PriceBook::parse(
            "t",
            "schema_version=1\nname=\"t\"\ndescription=\"d\"\ncharged=true\n",
        )
        .unwrap();
        let inventory = inventory(&[
            ("cohere.embed-english-v3", "ON_DEMAND"),
            ("cohere.embed-english-v3:0:512", "PROVISIONED"),
            ("anthropic.claude-v2:1", "ON_DEMAND"),
            ("anthropic.claude-v2:1:200k", "PROVISIONED"),
            // Some are listed under the context window alone, for calls too.
            ("meta.llama3-2-90b-instruct-v1:0:128k", "INFERENCE_PROFILE"),
        ]);
        let listed = |id: &str| -> Vec<&str> {
            let model = BaseModel::new(id);
            let entries = inventory.listed(&model, &none);
            entries.map(|listed| listed.model_id.as_str()).collect()
        };
        assert_eq!(
            listed("cohere.embed-english-v3"),
            ["cohere.embed-english-v3", "cohere.embed-english-v3:0:512"]
        );
        assert_eq!(
            listed("anthropic.claude-v2:1"),
            ["anthropic.claude-v2:1", "anthropic.claude-v2:1:200k"]
        );
        assert_eq!(
            listed("meta.llama3-2-90b-instruct-v1:0"),
            ["meta.llama3-2-90b-instruct-v1:0:128k"]
        );
        assert_eq!(listed("anthropic.claude-v2"), [""; 0]);
        assert_eq!(listed("anthropic.claude-v2:0"), [""; 0]);
    }
}
