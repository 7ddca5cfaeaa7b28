//! The commands that a person would run. Nothing here is ever run by the guard.

use crate::catalog::{Offer, Term};
use crate::domain::{AccountId, ModelId, ModelUnits, Partition, Region, day_of};
use crate::inventory::{ApplicationProfile, ProvisionedModel};
use crate::pricing::Workload;

/// Deletes a provisioned model.
pub(super) fn delete(region: &Region, arn: &str) -> String {
    format!(
        "aws bedrock delete-provisioned-model-throughput --region {region} --provisioned-model-id {}",
        word(arn)
    )
}

/// A command that only works, and only saves, once the term of what is held has ended.
pub(super) fn later(held: &ProvisionedModel, command: &str) -> String {
    let ends = held.commitment_expiration_time.map_or_else(
        || "when its term ends".to_owned(),
        |end| format!("on {}", day_of(end)),
    );
    format!("{ends}, and not before: {command}")
}

/// Buys model units; `None` where AWS lists no id to buy them under.
pub(super) fn buy(workload: &Workload<'_>, offer: &Offer, units: ModelUnits) -> Option<String> {
    let duration = match offer.term {
        Term::None => "",
        Term::OneMonth => " --commitment-duration OneMonth",
        Term::SixMonths => " --commitment-duration SixMonths",
        Term::ThreeMonths => return None,
    };
    // Of several context windows the longest serves every request that the others do.
    let ids = workload
        .observed
        .inventory
        .provisionable_ids(&workload.model);
    let id = ids
        .iter()
        .max_by_key(|id| ModelId::parse(**id).target().context_window())?;
    let name: String = workload
        .model
        .id()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    Some(format!(
        "aws bedrock create-provisioned-model-throughput --region {} --model-id {} --provisioned-model-name {} --model-units {}{duration}",
        workload.place.region,
        word(id),
        word(&name),
        units.count()
    ))
}

/// Makes the application profile that callers of another would use instead.
pub(super) fn copy_profile(
    profile: &ApplicationProfile,
    account: &AccountId,
    region: &Region,
    target: &ModelId,
) -> Option<String> {
    let source = match region.partition() {
        Partition::Commercial => {
            format!("arn:aws:bedrock:{region}:{account}:inference-profile/{target}")
        }
        Partition::UsGov | Partition::Other => return None,
    };
    let name = format!("{}-global", profile.inference_profile_name);
    Some(format!(
        "aws bedrock create-inference-profile --region {region} --inference-profile-name {} --model-source copyFrom={}",
        word(&name),
        word(&source)
    ))
}

/// A word of a shell command, quoted where the shell would take it apart.
fn word(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:/=,@+".contains(&b));
    if plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
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
