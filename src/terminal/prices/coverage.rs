//! Published figures held against a book: equal, of several, different, missing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::catalog::{Figure, FigureItem, FigureKey, PriceBook, RateSource};
use crate::domain::{BaseModel, Partition, Region, ServiceTier, Term, Usd};
use crate::terminal::prices::figures::{FigureList, PublishedFigure};

/// The outcome of holding published figures against a book on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookCoverage {
    /// Warning that nobody may act on the prices of the book; `None` where AWS charges them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Name of the book.
    pub book: String,
    /// Day of the book's prices.
    pub day: Date,
    /// Names of the files that were read.
    pub files: BTreeSet<String>,
    /// Names of the files and folders in a named folder that were not read.
    pub left_out: Vec<String>,
    /// Counts by group of Regions and tier.
    pub rows: Vec<CoverageRow>,
    /// Counts of all figures that are compared.
    pub total: FigureTally,
    /// Figures for which the book has another price.
    pub different: Vec<ComparedFigure>,
    /// Figures for which the book has another one of several prices that their list gives.
    pub of_several: Vec<ComparedFigure>,
    /// Figures for which the book has no price.
    pub missing: Vec<ComparedFigure>,
    /// Reasons for which figures or lines are not compared.
    pub not_compared: Vec<NotCompared>,
}

/// A group of Regions on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionGroup {
    /// The commercial Regions of the United States.
    CommercialUs,
    /// The `GovCloud` Regions.
    GovCloud,
    /// The commercial Regions of Europe.
    Europe,
    /// The commercial Regions of Asia and Australia whose names begin with `ap-`.
    AsiaPacific,
    /// All other Regions.
    Rest,
}

impl RegionGroup {
    /// Returns the group of a Region.
    #[must_use]
    pub fn of(region: &Region) -> Self {
        match (region.partition(), region.name().split('-').next()) {
            (Partition::UsGov, _) => Self::GovCloud,
            (Partition::Commercial, Some("us")) => Self::CommercialUs,
            (Partition::Commercial, Some("eu")) => Self::Europe,
            (Partition::Commercial, Some("ap")) => Self::AsiaPacific,
            _ => Self::Rest,
        }
    }

    /// Returns the group in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::CommercialUs => "commercial US",
            Self::GovCloud => "GovCloud",
            Self::Europe => "Europe",
            Self::AsiaPacific => "Asia Pacific",
            Self::Rest => "rest",
        }
    }
}

/// A tier of figures: one of tokens on demand, or a term of reserved ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigureTier {
    /// Tokens on demand.
    OnDemand(ServiceTier),
    /// Reserved tokens.
    Reserved(Term),
}

impl FigureTier {
    /// Returns the tier of an item.
    #[must_use]
    pub const fn of(item: &FigureItem) -> Self {
        match item {
            FigureItem::Tokens { tier, .. } => Self::OnDemand(*tier),
            FigureItem::Reserved { term, .. } => Self::Reserved(*term),
        }
    }

    /// Returns the word for the tier, as lists of figures have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnDemand(tier) => tier.name(),
            Self::Reserved(Term::OneMonth) => "reserved-1-month",
            Self::Reserved(Term::ThreeMonths) => "reserved-3-month",
            Self::Reserved(Term::None | Term::SixMonths) => "reserved",
        }
    }
}

impl Serialize for FigureTier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The counts of one group of Regions and tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// Group of Regions.
    pub regions: RegionGroup,
    /// Tier.
    pub tier: FigureTier,
    /// Counts.
    #[serde(flatten)]
    pub tally: FigureTally,
}

/// Counts of figures by what the book has for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FigureTally {
    /// Figures that are compared: those of the next four.
    pub figures: u64,
    /// Figures whose very price the book has.
    pub equal: u64,
    /// Figures for which the book has another one of several prices that their list gives.
    pub of_several: u64,
    /// Figures for which the book has another price.
    pub different: u64,
    /// Figures for which the book has no price.
    pub missing: u64,
}

impl FigureTally {
    /// Returns the number of figures for which the book has a price.
    #[must_use]
    pub const fn priced(&self) -> u64 {
        self.equal + self.of_several + self.different
    }

    /// Writes the share of all figures that the book agrees with, those of several prices included,
    /// in percent with one decimal, rounded down: only all of them are 100.0 %. Without figures it
    /// is `-`.
    #[must_use]
    pub fn share_equal(&self) -> String {
        let agreed = self.equal + self.of_several;
        match (agreed * 1_000).checked_div(self.figures) {
            Some(tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
            None => "-".to_owned(),
        }
    }

    const fn count(&mut self, outcome: Outcome) {
        self.figures += 1;
        match outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::OfSeveral => self.of_several += 1,
            Outcome::Different => self.different += 1,
            Outcome::Missing => self.missing += 1,
        }
    }
}

/// The outcome of one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Equal,
    OfSeveral,
    Different,
    Missing,
}

/// A published figure beside the price of the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedFigure {
    /// Base model.
    pub model: BaseModel,
    /// Region that is called.
    pub region: Region,
    /// Scope in words.
    pub scope: String,
    /// Tier.
    pub tier: FigureTier,
    /// Meter by the name of its field in a book.
    pub meter: &'static str,
    /// Input tokens that the requests have more of; `None` for short requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_input_tokens: Option<u64>,
    /// Figure of the list.
    pub published: PublishedPrice,
    /// Price of the book; `None` where the book has none.
    #[serde(rename = "book", skip_serializing_if = "Option::is_none")]
    pub ours: Option<BookPrice>,
}

/// A price as a list has it, in USD for a million tokens, or for an hour of 1,000 reserved tokens a
/// minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedPrice {
    /// Price in USD.
    pub price: Usd,
    /// List that has the figure.
    pub list: String,
    /// Place where the figure is written; empty where the list does not say.
    pub source: String,
    /// Day or month of that place, or the first day of the price, as in `since 2026-04-01`; empty
    /// where the list does not say.
    pub day: String,
    /// Word for how far that place is to be trusted; empty where the list does not say.
    pub trust: String,
}

/// A price as the book has it, in the same unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookPrice {
    /// Price in USD.
    pub price: Usd,
    /// Source of the price.
    #[serde(flatten)]
    pub source: RateSource,
}

/// Figures or lines that are not compared, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotCompared {
    /// Reason, to be read after the number.
    pub reason: String,
    /// Number of figures or lines.
    pub count: u64,
}

impl BookCoverage {
    /// Compares the figures of a list with what a book has for a day, each exactly.
    ///
    /// Counts no difference for an item to which one list gives several prices if the book has any
    /// of them.
    #[must_use]
    pub fn new(book: &PriceBook, list: FigureList, left_out: Vec<String>, day: Date) -> Self {
        let mut prices: BTreeMap<(&str, &FigureKey), BTreeSet<Usd>> = BTreeMap::new();
        for figure in &list.figures {
            prices.entry((&figure.list, &figure.key)).or_default().insert(figure.price);
        }
        let mut rows: BTreeMap<(RegionGroup, FigureTier), FigureTally> = BTreeMap::new();
        let mut coverage = Self {
            warning: book.warning(),
            book: book.name.clone(),
            day,
            files: list.files.clone(),
            left_out,
            rows: Vec::new(),
            total: FigureTally::default(),
            different: Vec::new(),
            of_several: Vec::new(),
            missing: Vec::new(),
            not_compared: Vec::new(),
        };
        let mut figures: Vec<&PublishedFigure> = list.figures.iter().collect();
        // By item and then in the order of the list: the sort keeps that.
        figures.sort_by_key(|figure| &figure.key);
        for figure in figures {
            let ours = book.figure(&figure.key, day);
            let several = &prices[&(figure.list.as_str(), &figure.key)];
            let outcome = match &ours {
                None => Outcome::Missing,
                Some(ours) if ours.price == figure.price => Outcome::Equal,
                Some(ours) if several.contains(&ours.price) => Outcome::OfSeveral,
                Some(_) => Outcome::Different,
            };
            let group = RegionGroup::of(&figure.key.region);
            let row = rows.entry((group, FigureTier::of(&figure.key.item))).or_default();
            row.count(outcome);
            coverage.total.count(outcome);
            match outcome {
                Outcome::Equal => {}
                Outcome::OfSeveral => coverage.of_several.push(compared(figure, ours)),
                Outcome::Different => coverage.different.push(compared(figure, ours)),
                Outcome::Missing => coverage.missing.push(compared(figure, ours)),
            }
        }
        let row = |((regions, tier), tally)| CoverageRow { regions, tier, tally };
        coverage.rows = rows.into_iter().map(row).collect();
        let not_compared = |(reason, count)| NotCompared { reason, count };
        coverage.not_compared = list.not_compared.into_iter().map(not_compared).collect();
        coverage
    }

    /// Returns true if the book has no other price for any of the figures.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.different.is_empty() && self.total.figures > 0
    }
}

fn compared(figure: &PublishedFigure, ours: Option<Figure>) -> ComparedFigure {
    let (scope, meter, above_input_tokens) = match figure.key.item {
        FigureItem::Tokens { scope, above_input_tokens, field, .. } => {
            (scope.to_string(), field.name(), above_input_tokens)
        }
        FigureItem::Reserved { scope, side, .. } => {
            (scope.in_words().to_owned(), side.name(), None)
        }
    };
    ComparedFigure {
        model: figure.key.model.clone(),
        region: figure.key.region.clone(),
        scope,
        tier: FigureTier::of(&figure.key.item),
        meter,
        above_input_tokens,
        published: PublishedPrice {
            price: figure.price,
            list: figure.list.clone(),
            source: figure.source.clone(),
            day: figure.day.clone(),
            trust: figure.trust.clone(),
        },
        ours: ours.map(|Figure { price, source }| BookPrice { price, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "model,region,scope,tier,meter,context,usd_per_million_tokens,source,published_or_seen,unit\n";

    fn book(rows: &[&str]) -> PriceBook {
        let head = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";
        let dates = "effective_from = \"2026-01-01\"\nchecked = \"2026-05-01\"\nsource = \"s\"\n";
        let rows: Vec<String> = rows.iter().map(|row| format!("{row}\n{dates}")).collect();
        PriceBook::parse("t", &format!("{head}{}", rows.concat())).unwrap()
    }

    const RATE: &str = "[[model.rate]]\nscope = \"regional\"\nregions = [\"us-east-1\", \"us-gov-west-1\"]\n\
                        tier = \"standard\"\ninput = \"1.00\"\noutput = \"4.00\"\ncache_write_5m = \"1.25\"\ncache_write_1h = \"2.00\"";
    const RESERVED: &str = "[[model.reserved_tokens]]\nscope = \"regional\"\nregions = [\"us-east-1\"]\nterm = \"1-month\"\n\
                            input = \"0.06\"\noutput = \"0.30\"\nminimum_input_tpm = 1\nminimum_output_tpm = 1";

    fn hold(rows: &[&str], lines: &[&str]) -> BookCoverage {
        let mut list = FigureList::default();
        list.add_csv("x.csv", &format!("{HEADER}{}\n", lines.join("\n"))).unwrap();
        BookCoverage::new(&book(rows), list, Vec::new(), "2026-06-01".parse().unwrap())
    }

    fn outcome(line: &str) -> [u64; 4] {
        let tally = hold(&[RATE, RESERVED], &[line]).total;
        assert_eq!(tally.figures, 1);
        [tally.equal, tally.of_several, tally.different, tally.missing]
    }

    const EQUAL: [u64; 4] = [1, 0, 0, 0];
    const DIFFERENT: [u64; 4] = [0, 0, 1, 0];
    const MISSING: [u64; 4] = [0, 0, 0, 1];

    #[test]
    fn a_figure_is_equal_different_or_missing() {
        for (line, expected) in [
            ("a.b,us-east-1,in-region,standard,input,,1,s,2026-05,", EQUAL),
            ("a.b,us-east-1,regional,standard,output,,4.0000,s,2026-05,", EQUAL),
            ("a.b,us-east-1,us,standard,output,,4,s,2026-05,", EQUAL),
            ("a.b,us-east-1,in-region,standard,output,,4.0000000001,s,2026-05,", DIFFERENT),
            // Each kind of cache write for itself, and not the range.
            ("a.b,us-east-1,in-region,standard,cache_write_5m,,1.25,s,,", EQUAL),
            ("a.b,us-east-1,in-region,standard,cache_write_1h,,1.25,s,,", DIFFERENT),
            ("a.b,us-east-1,in-region,standard,cache_write_30m,,1.25,s,,", MISSING),
            ("a.b,us-east-1,global,standard,input,,1,s,,", MISSING),
            // Without a row of the mantle endpoint the line is of both endpoints.
            ("a.b,us-east-1,mantle,standard,input,,1,s,,", EQUAL),
            ("a.b,eu-west-1,mantle,standard,input,,1,s,,", MISSING),
            ("a.b,us-east-1,in-region,flex,input,,1,s,,", MISSING),
            ("a.b,eu-west-1,in-region,standard,input,,1,s,,", MISSING),
            ("a.c,us-east-1,in-region,standard,input,,1,s,,", MISSING),
            ("a.b,us-east-1,us,reserved-1-month,input,,0.06,s,,USD/hour/1000 TPM", EQUAL),
            ("a.b,us-east-1,regional,reserved-1-month,output,,0.06,s,,", DIFFERENT),
            ("a.b,us-east-1,global,reserved-1-month,output,,0.3,s,,", MISSING),
            ("a.b,us-east-1,regional,reserved-3-month,output,,0.3,s,,", MISSING),
        ] {
            assert_eq!(outcome(line), expected, "{line}");
        }
    }

    #[test]
    fn a_long_request_is_held_against_the_price_for_long_requests() {
        let long =
            RATE.replace("input = \"1.00\"", "above_input_tokens = 200000\ninput = \"2.00\"");
        let found = hold(
            &[RATE, &long],
            &[
                "a.b,us-east-1,in-region,standard,input,>200k,2,s,,",
                "a.b,us-east-1,in-region,standard,input,>272k,2,s,,",
                "a.b,us-east-1,in-region,standard,input,,1,s,,",
                // Where the book knows no threshold so low, such a request pays the short price.
                "a.b,us-east-1,in-region,standard,input,>100k,2,s,,",
            ],
        );
        assert_eq!((found.total.equal, found.total.different), (3, 1));
        assert_eq!(found.different[0].above_input_tokens, Some(100_000));
    }

    #[test]
    fn a_list_that_gives_several_prices_is_right_if_the_book_has_one_of_them() {
        let line = |price: &str| format!("a.b,us-east-1,in-region,standard,input,,{price},s,,");
        let found = hold(&[RATE], &[&line("1"), &line("0.9"), &line("1.00")]);
        assert_eq!((found.total.equal, found.total.of_several), (2, 1));
        assert!(found.is_clean());
        assert_eq!(found.total.share_equal(), "100.0 %");
        assert_eq!(String::from(found.of_several[0].published.price), "0.9");
        let none = hold(&[RATE], &[&line("0.8"), &line("0.9")]);
        assert_eq!((none.total.different, none.is_clean()), (2, false));
        // What another list gives explains nothing.
        let mut list = FigureList::default();
        for (name, price) in [("x.csv", "1"), ("y.csv", "0.9")] {
            list.add_csv(name, &format!("{HEADER}{}\n", line(price))).unwrap();
        }
        let two =
            BookCoverage::new(&book(&[RATE]), list, Vec::new(), "2026-06-01".parse().unwrap());
        assert_eq!((two.total.equal, two.total.different), (1, 1));
    }

    #[test]
    fn figures_are_counted_by_group_of_regions_and_tier() {
        let found = hold(
            &[RATE],
            &[
                "a.b,us-gov-west-1,in-region,standard,input,,1,s,,",
                "a.b,us-east-1,in-region,standard,input,,1,s,,",
                "a.b,us-east-1,in-region,batch,input,,0.5,s,,",
                "a.b,sa-east-1,in-region,standard,input,,1,s,,",
                "a.b,ap-south-1,in-region,standard,input,,1,s,,",
                "a.b,eu-west-1,in-region,standard,input,,1,s,,",
                "a.b,eusc-de-east-1,in-region,standard,input,,1,s,,",
                "a.b,,in-region,standard,input,,1,s,,",
            ],
        );
        let rows: Vec<(&str, &str, u64, u64)> = found
            .rows
            .iter()
            .map(|row| {
                let tally = row.tally;
                assert_eq!(tally.figures, tally.priced() + tally.missing);
                (row.regions.in_words(), row.tier.name(), tally.equal, tally.missing)
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("commercial US", "standard", 1, 0),
                ("commercial US", "batch", 0, 1),
                ("GovCloud", "standard", 1, 0),
                ("Europe", "standard", 0, 1),
                ("Asia Pacific", "standard", 0, 1),
                ("rest", "standard", 0, 2),
            ]
        );
        assert_eq!((found.total.figures, found.total.missing), (7, 5));
        assert_eq!(found.not_compared[0].count, 1);
        assert!(found.is_clean());
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        let share = |equal, figures| {
            FigureTally { figures, equal, missing: figures - equal, ..FigureTally::default() }
                .share_equal()
        };
        assert_eq!(share(9_999, 10_000), "99.9 %");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(0, 0), "-");
    }
}
