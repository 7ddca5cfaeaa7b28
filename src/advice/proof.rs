//! A proof that nothing can be saved, as the report tells it.

use serde::Serialize;

use crate::advice::candidate::Offered;
use crate::domain::{AccountId, BaseModel, Region, Usd};
use crate::pricing::{Priced, Workload};
use crate::sizing::{Certificate, Proof};

/// A proof that no purchase under an offer saves, whatever its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateReport {
    /// Account, empty where the account is not known.
    pub account: AccountId,
    /// Region.
    pub region: Region,
    /// Base id of the model.
    pub model: BaseModel,
    /// Offer in words.
    pub offer: String,
    /// Kind of the proof.
    pub proof: Proof,
    /// Most on-demand USD that a purchase could replace, in so many hours.
    pub replaceable: Usd,
    /// Cost of the purchase in USD over as many hours.
    pub cost: Usd,
    /// Hours of both numbers.
    pub hours: u64,
    /// Proof in one line.
    pub sentence: String,
}

/// Prices that a proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProofPrices {
    /// Prices of today, which none is known to change.
    OfToday,
    /// Prices of the days of the term, weighed by days.
    OfTheTerm,
}

impl CertificateReport {
    pub(super) fn new(
        priced: &Priced<'_>,
        workload: &Workload<'_>,
        offered: &Offered<'_>,
        proof: Certificate,
        rests_on: ProofPrices,
    ) -> Self {
        let month = |amount: Usd| amount.per_month(proof.hours);
        let (most, cost) = (month(proof.replaceable), month(proof.cost));
        let days = priced.recent.hours() / 24;
        let one = match offered {
            Offered::Units(_) => "a unit",
            Offered::Tokens(_) => "a reservation",
        };
        let mut sentence = match (proof.proof, offered) {
            (Proof::Volume, Offered::Units(_)) => format!(
                "proven not to save: one unit costs {cost} a month, and all that it could replace costs at most {most}, as the last {days} days went"
            ),
            (Proof::Volume, Offered::Tokens(_)) => format!(
                "proven not to save: the smallest reservation costs {cost} a month, and all that it could replace costs at most {most}, as the last {days} days went"
            ),
            (Proof::Price, _) => format!(
                "proven not to save: even in full use {one} serves at most {} an hour of what it costs {} for, at any mix of the meters in use and any volume",
                proof.replaceable, proof.cost
            ),
            (Proof::Window, _) => format!(
                "proven not to save: even with each hour's dearest tokens first {one} replaces at most {most} a month and costs {cost}, as the last {days} days went"
            ),
        };
        if rests_on == ProofPrices::OfTheTerm {
            sentence += ", at the prices that are known for the days of its term";
        }
        Self {
            account: workload.place.account.clone(),
            region: workload.place.region.clone(),
            model: workload.model.clone(),
            offer: format!("{}, {}", offered.noun(), offered.describe()),
            proof: proof.proof,
            replaceable: proof.replaceable,
            cost: proof.cost,
            hours: proof.hours,
            sentence,
        }
    }
}
