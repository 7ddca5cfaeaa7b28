//! The end of a commitment's term. A term renews by itself, so an end that AWS still lists after it
//! has passed is the end of a term before, and the new one is not known.

use jiff::Timestamp;

use crate::domain::day_of;
use crate::observation::inventory::ProvisionedModel;

impl ProvisionedModel {
    /// Returns the end of the term that runs; `None` without a term, where AWS lists no end, and
    /// where the listed end has passed.
    #[must_use]
    pub fn term_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.commitment_expiration_time.filter(|end| *end >= now)
    }

    /// Returns the whole days to the end of the term that runs; `None` where that end is not known.
    #[must_use]
    pub fn days_to_term_end(&self, now: Timestamp) -> Option<u32> {
        let hours = self.term_end(now)?.duration_since(now).as_hours();
        u32::try_from(hours / 24).ok()
    }

    /// Says that the listed end of the term has passed; `None` where the end is ahead, or none is
    /// listed.
    #[must_use]
    pub fn passed_term_end(&self, now: Timestamp) -> Option<String> {
        let passed = self.commitment_expiration_time.filter(|end| *end < now)?;
        Some(format!(
            "AWS still lists {} as the end of its term: it has renewed, or ends now; look in the console for the new end",
            day_of(passed)
        ))
    }
}
