//! The endpoint that a line is of.
//!
//! A usage type with `-mantle-` does not prove that the bedrock-mantle endpoint was called. Where a
//! model has other lines too, in a Region and tier, those price `bedrock-runtime`, and the ones with
//! `-mantle-` become rows of the scope `mantle`. Where it has none, they price `bedrock-runtime` if
//! somebody compared them with the model's page, and else become such rows too.

use std::collections::BTreeSet;

use crate::catalog::price_list::UnusedLine;
use crate::catalog::price_list::item::{Endpoint, PricedItem};
use crate::catalog::price_list::line::IdentifiedLine;
use crate::catalog::price_list::usage_type::Reach;
use crate::domain::{BaseModel, Region, ServiceTier};

/// Settles which endpoint each line is of, and leaves out what the bedrock-mantle endpoint would
/// charge for another scope than the Region that is called, for which a book has no row.
pub(super) fn of_endpoints(
    lines: Vec<IdentifiedLine>,
    passed_over: &mut Vec<UnusedLine>,
) -> Vec<IdentifiedLine> {
    let with_others: BTreeSet<(BaseModel, Region, ServiceTier)> = lines
        .iter()
        .filter_map(|line| match line.item {
            PricedItem::Tokens(tokens) if tokens.endpoint == Endpoint::Runtime => {
                Some((line.model.clone(), line.region.clone(), tokens.tier))
            }
            _ => None,
        })
        .collect();
    let mut settled = Vec::with_capacity(lines.len());
    for mut line in lines {
        let PricedItem::Tokens(tokens) = &mut line.item else {
            settled.push(line);
            continue;
        };
        if tokens.endpoint == Endpoint::Mantle {
            let group = (line.model.clone(), line.region.clone(), tokens.tier);
            if line.is_reviewed && !with_others.contains(&group) {
                tokens.endpoint = Endpoint::Runtime;
            } else if tokens.reach != Reach::Unsaid {
                let why =
                    "is of the bedrock-mantle endpoint beyond the Region, which no row is for";
                passed_over.push(line.unused(why.into()));
                continue;
            }
        }
        settled.push(line);
    }
    settled
}
