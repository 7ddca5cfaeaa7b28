//! Reasons for which a line of the Price List is no rate.

use rust_decimal::Decimal;

use crate::domain::money::NotAPrice;
use crate::domain::syntax::SyntaxFault;

/// The reason for which a line is no rate.
#[derive(Clone, Debug)]
pub(super) enum NotARate {
    /// The line is known, and sells something else: the reason in words.
    PassedOver(String),
    /// The line is not trusted.
    Refused(LineRefusal),
    /// The line is understood, and its name for the model is paired with no model.
    Unmapped(String),
}

impl From<LineRefusal> for NotARate {
    fn from(refusal: LineRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The reason for which a line is not trusted. The text goes after the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineRefusal {
    // The document.
    #[error("is not JSON: {0}")]
    NotJson(SyntaxFault),
    #[error("is not a product of a price list")]
    NotAProduct,
    #[error("has a term and no product")]
    NoProduct,
    #[error("is in `{document}` and has the servicecode `{attribute}`")]
    TwoServices { document: String, attribute: String },
    #[error("the offer `{0}` is not known")]
    UnknownService(String),
    #[error("does not say when it was published")]
    NotPublished,
    #[error("has no {0}")]
    Lacks(&'static str),

    // The term and its price.
    #[error("its term has attributes, which are not known")]
    TermAttributes,
    #[error("has not exactly one price dimension")]
    PriceDimensions,
    #[error("its price is for the range from `{begin}` to `{end}` only")]
    PriceRange { begin: String, end: String },
    #[error("its price applies to other SKUs")]
    OtherSkus,
    #[error("its price is a number and not a text")]
    PriceIsANumber,
    #[error("its price is not in US dollars alone")]
    NotInUsd,
    #[error(transparent)]
    NotAPrice(#[from] NotAPrice),
    #[error("its price of {0} is beyond belief")]
    BeyondBelief(Decimal),
    #[error("a price of zero is a placeholder, not a price")]
    Placeholder,

    // The parts of the line, one by one and together.
    #[error("the usage type `{0}` is not known")]
    UnknownUsageType(String),
    #[error("the {attribute} `{text}` is not known for tokens")]
    UnknownForTokens { attribute: &'static str, text: String },
    #[error("the service tier `{0}` does not fit its usage type")]
    TierDoesNotFit(String),
    #[error("its {attribute} `{text}` does not fit its usage type")]
    DoesNotFit { attribute: &'static str, text: String },
    #[error("its attributes name more than one tier")]
    SeveralTiers,
    #[error("the unit `{unit}` and the description `{description}` are not known together")]
    UnitAndDescription { unit: String, description: String },
    #[error("sells capacity of a latency-optimized model")]
    LatencyOptimizedCapacity,
    #[error("reserves tokens of one side, and no line has the price of the other")]
    OneSide,

    // The model and the place.
    #[error("names no model")]
    NamesNoModel,
    #[error("its regionCode is not the name of a Region")]
    NotARegion,
    #[error("its Region belongs to no group that is known")]
    NoGeo,
    #[error("states another threshold than is known")]
    OtherThreshold,
    #[error("is for long contexts and states no threshold")]
    NoThreshold,
}
