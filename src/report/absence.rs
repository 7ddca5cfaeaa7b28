//! Absence that proves something: a Region that was read so that what is not there is gone.

use crate::domain::{BaseModel, Region};
use crate::pricing::{Priced, Workload};

/// Returns true if a Region was read, and neither use nor a holding of a model is left there.
pub(super) fn is_gone(priced: &Priced<'_>, region: &Region, model: &BaseModel) -> bool {
    has_inventory(priced, region)
        && !has_strays(priced, region)
        && of_region(priced, region).all(|workload| workload.model != *model)
}

/// Returns the workloads of a Region.
pub(super) fn of_region<'p, 'o>(
    priced: &'p Priced<'o>,
    region: &Region,
) -> impl Iterator<Item = &'p Workload<'o>> {
    priced.workloads.iter().filter(move |workload| workload.place.region == *region)
}

/// Returns true if a Region was read, with all lists of its inventory.
pub(super) fn has_inventory(priced: &Priced<'_>, region: &Region) -> bool {
    let mut places = priced.observation.places.iter();
    places.any(|observed| observed.place.region == *region && observed.inventory.unread.is_empty())
}

/// Returns true if a Region had traffic lately of which no model is known, as that of a profile that
/// was deleted: any model could be behind it.
pub(super) fn has_strays(priced: &Priced<'_>, region: &Region) -> bool {
    let strays = priced.strays.iter().filter(|stray| stray.place.region == *region);
    strays.flat_map(|stray| &stray.unpriced).any(|usage| !usage.recent.is_zero())
}
