//! The subjects that advice on a workload can have: what makes the id of a change the same from run
//! to run, read the other way round.

use crate::advice::Action;
use crate::advice::recommendation::stable_id;
use crate::catalog::ReservedScope;
use crate::pricing::Workload;

/// Holdings of one model up to which each set of them is tried as the subject of one change.
// 2^10 ids are made in a millisecond; an account with more provisioned models of one model is not known.
const MOST_HOLDINGS: usize = 10;

/// Returns true if a recommendation with this id may be advice on the workload, as it is or as it was
/// while more of it was known. An id cannot be read back, so every one that could be is made.
#[must_use]
pub fn may_be_of(workload: &Workload<'_>, id: &str) -> bool {
    let arns: Vec<&str> =
        workload.holdings.iter().map(|held| held.held.provisioned_model_arn.as_str()).collect();
    if arns.len() > MOST_HOLDINGS {
        return true;
    }
    let model = workload.model.id();
    let scopes = [ReservedScope::Regional, ReservedScope::Global];
    let mut subjects = vec![model.to_owned()];
    subjects.extend(scopes.map(|scope| format!("{model} {}", scope.in_words())));
    subjects.extend(workload.reserved.iter().map(|held| held.declared.name.clone()));
    subjects.extend((1..1usize << arns.len()).map(|set| {
        let chosen = arns.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
        chosen.map(|(_, arn)| *arn).collect::<Vec<_>>().join(" ")
    }));
    subjects.iter().any(|subject| {
        let mut actions = Action::ALL.into_iter();
        actions.any(|action| stable_id(action, workload.place, subject) == id)
    })
}
