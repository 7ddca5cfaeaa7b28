//! The steps that a person would take, with their commands. Nothing here is ever run by the guard.

use jiff::Timestamp;

use crate::advice::Step;
use crate::catalog::Offer;
use crate::domain::{AccountId, ModelId, ModelUnits, Partition, Region, Term, day_of};
use crate::observation::{ApplicationProfile, ProvisionedModel};
use crate::pricing::{Holding, Workload};

/// Seller of reserved tokens.
pub(super) const CONTACT: &str =
    "your AWS account team: reserved tokens are sold, changed and ended through people only";

/// Deletes a provisioned model.
pub(super) fn delete(region: &Region, held: &ProvisionedModel) -> Step {
    Step::new(format!("delete {}", held.provisioned_model_name)).command(format!(
        "aws bedrock delete-provisioned-model-throughput --region {region} --provisioned-model-id {}",
        word(&held.provisioned_model_arn)
    ))
}

/// Waits for the end of a term: before that nothing can be deleted, and nothing would be saved.
pub(super) fn await_term_end(held: &ProvisionedModel, now: Timestamp) -> Step {
    let day = held.term_end(now).map_or_else(String::new, |end| format!(" on {}", day_of(end)));
    // AWS renews a term by itself, and no call of its API prevents that.
    Step::new(format!(
        "before the term ends{day}, have AWS end its automatic renewal: ask your account team, or see the provisioned model in the Bedrock console"
    ))
    .wait_for(format!("the term has ended{day} and was not renewed"))
}

/// Takes the callers of a provisioned model elsewhere, so that its deletion fails nobody.
pub(super) fn switch_callers(held: &ProvisionedModel, instead: &str) -> Step {
    Step::new(format!(
        "have the callers of {} name {instead} as their model id",
        held.provisioned_model_arn
    ))
    .wait_for(format!(
        "CloudWatch shows no Invocations of {} for an hour",
        held.provisioned_model_arn
    ))
}

/// Replaces a provisioned model by a new one: AWS changes neither the units nor the term of one
/// that exists. Empty where AWS lists no id to buy units under.
pub(super) fn replace(
    workload: &Workload<'_>,
    held: &ProvisionedModel,
    offer: &Offer,
    units: ModelUnits,
) -> Vec<Step> {
    // After the one that it replaces: two that are replaced in one Region must not take one name.
    let Some(buy) = named(workload, offer, units, &held.provisioned_model_name) else {
        return Vec::new();
    };
    vec![
        buy.wait_for("the new provisioned model's status is InService"),
        switch_callers(held, "the new provisioned model's ARN"),
        delete(&workload.place.region, held),
    ]
}

/// Buys model units, and gives up for them what some holdings have. Empty where AWS lists no id to buy
/// units under.
pub(super) fn buy(
    workload: &Workload<'_>,
    offer: &Offer,
    units: ModelUnits,
    replaced: &[&Holding<'_>],
) -> Vec<Step> {
    let Some(buy) = named(workload, offer, units, workload.model.id()) else {
        return Vec::new();
    };
    if replaced.is_empty() {
        return vec![buy];
    }
    let switch = replaced
        .iter()
        .map(|holding| switch_callers(holding.held, "the new provisioned model's ARN"));
    let region = &workload.place.region;
    let delete = replaced.iter().map(|holding| delete(region, holding.held));
    let buy = buy.wait_for("the new provisioned model's status is InService");
    std::iter::once(buy).chain(switch).chain(delete).collect()
}

/// Buys model units under a free name after `base`; `None` where AWS lists no id to buy them under.
fn named(workload: &Workload<'_>, offer: &Offer, units: ModelUnits, base: &str) -> Option<Step> {
    let duration = match offer.term {
        Term::None => "",
        Term::OneMonth => " --commitment-duration OneMonth",
        Term::SixMonths => " --commitment-duration SixMonths",
        // AWS sells this term for reserved tokens alone, and those through people.
        Term::ThreeMonths => return None,
    };
    // Of several context windows the longest serves every request that the others do.
    let ids = workload.provisionable_ids();
    let id = ids.iter().max_by_key(|id| ModelId::parse(**id).target().context_window())?;
    let name = free_name(workload, base);
    let term = match offer.term {
        Term::None => "without a term".to_owned(),
        term => format!("under a {term}"),
    };
    Some(Step::new(format!("buy {units} {term}")).command(format!(
        "aws bedrock create-provisioned-model-throughput --region {} --model-id {} --provisioned-model-name {} --model-units {}{duration}",
        workload.place.region,
        word(id),
        word(&name),
        units.count()
    )))
}

/// Returns a name after `base` that no provisioned model of the Region has yet: AWS refuses a name
/// that is taken, and a command that fails halfway through a change leaves callers in between.
fn free_name(workload: &Workload<'_>, base: &str) -> String {
    let letters = base.chars();
    // A name of a provisioned model takes letters, digits and hyphens.
    let name: String = letters.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let held = &workload.observed.inventory.provisioned_models;
    let is_free = |name: &String| held.iter().all(|held| held.provisioned_model_name != *name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(is_free).unwrap_or(name)
}

/// Makes the application profile that callers of another would use instead; `None` where the ARN of
/// the source is not known.
pub(super) fn copy_profile(
    profile: &ApplicationProfile,
    account: &AccountId,
    region: &Region,
    target: &ModelId,
) -> Option<Step> {
    let source = match region.partition() {
        Partition::Commercial => {
            format!("arn:aws:bedrock:{region}:{account}:inference-profile/{target}")
        }
        // Only the commercial partition has global profiles.
        Partition::UsGov | Partition::Other => return None,
    };
    let name = format!("{}-global", profile.inference_profile_name);
    Some(Step::new(format!("make {name}, a profile of the global one, for its callers to name")).command(format!(
        "aws bedrock create-inference-profile --region {region} --inference-profile-name {} --model-source copyFrom={}",
        word(&name),
        word(&source)
    )))
}

/// Quotes a word of a shell command where the shell would take the word apart.
fn word(text: &str) -> String {
    // What is listed as plain is a word in every shell; all else is quoted.
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/=,@+".contains(&b));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_command() {
        let arn = "arn:aws:bedrock:us-east-1:1:provisioned-model/x";
        assert_eq!(word(arn), arn);
        assert_eq!(word("a; rm -rf 'x'"), "'a; rm -rf '\\''x'\\'''");
        assert_eq!(word(""), "''");
    }
}
