//! Lists of figures as CSV: a header line, and one price a line.

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use crate::catalog::{FigureItem, FigureKey, FigureScope, RateField, ReservedScope, ReservedSide};
use crate::domain::place::NotARegion;
use crate::domain::syntax::without_value;
use crate::domain::{
    BaseModel, Geo, ModelId, Region, Scope, ServiceTier, Term, Usd, UsdPerMillionTokens,
    UsdPerThousandTpmHour,
};
use crate::terminal::prices::figures::{FigureList, PublishedFigure};

/// The columns that a list has to have.
const COLUMNS: [&str; 7] =
    ["model", "region", "scope", "tier", "meter", "context", "usd_per_million_tokens"];

/// The unit of figures by the token.
const TOKENS_UNIT: &str = "USD/1M tokens";

/// The unit of figures of reserved tokens.
const RESERVED_UNIT: &str = "USD/hour/1000 TPM";

/// The words for how far a figure is to be trusted, the most trusted first.
const TRUST: [&str; 5] = ["price_list", "aws_doc", "aws_page", "peer_with_source", PEER];

/// The trust of a figure that names no page of AWS: nothing to hold a book against.
const PEER: &str = "peer";

/// The tiers of tokens on demand.
const TIERS: [ServiceTier; 6] = [
    ServiceTier::Standard,
    ServiceTier::Batch,
    ServiceTier::Flex,
    ServiceTier::Priority,
    ServiceTier::Ultrafast,
    ServiceTier::LatencyOptimized,
];

/// The words for reserved tokens, in the column of tiers.
const RESERVED: [(&str, Term); 2] =
    [("reserved-1-month", Term::OneMonth), ("reserved-3-month", Term::ThreeMonths)];

/// The error for a text that is not a list of figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FigureListError {
    /// The header line lacks a column.
    #[error(
        "`{name}`, line 1: a list of figures has a header line with the columns {}, and `{column}` is not there",
        COLUMNS.join(", ")
    )]
    NoColumn {
        /// Name of the file.
        name: String,
        /// Column that is not there.
        column: &'static str,
    },
    /// The header line has a column twice.
    #[error("`{name}`, line 1: the column `{column}` is there twice: keep one")]
    TwoColumns {
        /// Name of the file.
        name: String,
        /// Column that is there twice.
        column: String,
    },
    /// A line has more or fewer fields than the header line.
    #[error(
        "`{name}`, line {line}: has {fields} fields and the header line has {columns}: write as many, and put quotes around a field with a comma"
    )]
    Fields {
        /// Name of the file.
        name: String,
        /// Line, from 1.
        line: u64,
        /// Fields of the line.
        fields: u64,
        /// Fields of the header line.
        columns: u64,
    },
    /// The text does not read as CSV.
    #[error("`{name}` is not CSV: {fault}")]
    NotCsv {
        /// Name of the file.
        name: String,
        /// Fault with its place.
        fault: String,
    },
    /// A field has a text that is not one of those that are known.
    #[error("`{name}`, line {line}: {fault}")]
    Line {
        /// Name of the file.
        name: String,
        /// Line, from 1.
        line: u64,
        /// Fault, and what is accepted.
        fault: String,
    },
}

impl FigureList {
    /// Adds the figures of a list. `name` is the list's name in errors and on the page.
    pub fn add_csv(&mut self, name: &str, text: &str) -> Result<(), FigureListError> {
        // The reader takes a quote that is never closed for the rest of the text, and loses lines.
        if text.matches('"').count() % 2 == 1 {
            let at = text.rfind('"').unwrap_or_default();
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            return Err(FigureListError::NotCsv {
                name: name.to_owned(),
                fault: format!("line {line} or before: a quote is opened and not closed"),
            });
        }
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
        let not_csv = |error: csv::Error| match error.kind() {
            ErrorKind::UnequalLengths { pos, expected_len, len } => FigureListError::Fields {
                name: name.to_owned(),
                line: pos.as_ref().map_or(0, csv::Position::line),
                fields: *len,
                columns: *expected_len,
            },
            _ => FigureListError::NotCsv { name: name.to_owned(), fault: error.to_string() },
        };
        let header = reader.headers().map_err(not_csv)?.clone();
        let columns = Columns::of(name, &header)?;
        self.files.insert(name.to_owned());
        for record in reader.records() {
            let record = record.map_err(not_csv)?;
            let line = record.position().map_or(0, csv::Position::line);
            let fields = Fields { columns: &columns, record: &record };
            match fields.figure(name) {
                Ok(Reading::Figures(figures)) => self.figures.extend(figures),
                Ok(Reading::NotCompared(reason)) => self.pass_over(reason, 1),
                Err(fault) => {
                    return Err(FigureListError::Line { name: name.to_owned(), line, fault });
                }
            }
        }
        Ok(())
    }
}

/// The places of the columns that are read.
struct Columns {
    needed: [usize; COLUMNS.len()],
    source: Option<usize>,
    day: Option<usize>,
    trust: Option<usize>,
    unit: Option<usize>,
}

impl Columns {
    fn of(name: &str, header: &StringRecord) -> Result<Self, FigureListError> {
        let at = |column: &str| -> Result<Option<usize>, FigureListError> {
            let mut places = header.iter().enumerate().filter(|(_, title)| *title == column);
            let first = places.next().map(|(place, _)| place);
            if places.next().is_some() {
                return Err(FigureListError::TwoColumns {
                    name: name.to_owned(),
                    column: column.to_owned(),
                });
            }
            Ok(first)
        };
        let mut needed = [0; COLUMNS.len()];
        for (place, column) in needed.iter_mut().zip(COLUMNS) {
            *place = at(column)?
                .ok_or_else(|| FigureListError::NoColumn { name: name.to_owned(), column })?;
        }
        Ok(Self {
            needed,
            source: at("source")?,
            day: at("published_or_seen")?,
            trust: at("trust")?,
            unit: at("unit")?,
        })
    }
}

/// The outcome of one line.
enum Reading {
    /// The figure in each of the line's Regions.
    Figures(Vec<PublishedFigure>),
    /// The line is understood, and cannot be compared: the reason.
    NotCompared(String),
}

/// The fields of one line by their columns.
struct Fields<'r> {
    columns: &'r Columns,
    record: &'r StringRecord,
}

impl Fields<'_> {
    fn optional(&self, place: Option<usize>) -> &str {
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    /// Reads the line. An error is the fault and what is accepted.
    fn figure(&self, name: &str) -> Result<Reading, String> {
        let [model, region, scope, tier, meter, context, price] =
            self.columns.needed.map(|place| self.record.get(place).unwrap_or_default());
        let trust = self.optional(self.columns.trust);
        if !trust.is_empty() && !TRUST.contains(&trust) {
            return Err(unknown("trust", &TRUST));
        }
        let item = item(scope, tier, meter, context)?;
        if model.is_empty() {
            return Err("names no model: write its base id, such as `amazon.nova-pro-v1:0`".into());
        }
        let not_compared = |reason: String| Ok(Reading::NotCompared(reason));
        let unit = self.optional(self.columns.unit);
        let known = match item {
            FigureItem::Tokens { .. } => TOKENS_UNIT,
            FigureItem::Reserved { .. } => RESERVED_UNIT,
        };
        if !unit.is_empty() && unit != known {
            return not_compared(format!("figures of the tier `{tier}` in the unit `{unit}`"));
        }
        let price = match item {
            FigureItem::Tokens { .. } => {
                price.parse().map(|price: UsdPerMillionTokens| price.dollars())
            }
            FigureItem::Reserved { .. } => {
                price.parse().map(|price: UsdPerThousandTpmHour| price.dollars())
            }
        };
        let price = Usd::new(price.map_err(without_value)?);
        if region.is_empty() {
            return not_compared("figures that name no Region".to_owned());
        }
        let regions = region.split_whitespace().map(|region| {
            region.parse().map_err(|fault: NotARegion| {
                let fault = without_value(fault);
                format!("{fault}; leave the field empty where the source names none")
            })
        });
        let regions = regions.collect::<Result<Vec<Region>, String>>()?;
        if trust == PEER {
            return not_compared(format!(
                "figures of the trust `{PEER}`, which name no page of AWS"
            ));
        }
        if !is_base_id(model) {
            return not_compared(format!("figures of `{model}`, which is no base id of a model"));
        }
        let figures = regions.into_iter().map(|region| PublishedFigure {
            list: name.to_owned(),
            key: FigureKey { model: BaseModel::new(model), region, item },
            price,
            source: self.optional(self.columns.source).to_owned(),
            day: self.optional(self.columns.day).to_owned(),
            trust: trust.to_owned(),
        });
        Ok(Reading::Figures(figures.collect()))
    }
}

/// Returns true if a word is spelled as the base id of a model is: a maker, a dot and a name, without
/// a profile's prefix.
fn is_base_id(word: &str) -> bool {
    let is_maker = |maker: &str| {
        !maker.is_empty() && maker.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    word.split_once('.').is_some_and(|(maker, _)| is_maker(maker))
        && ModelId::parse(word).model().is_some_and(|model| model.id() == word)
}

fn item(scope: &str, tier: &str, meter: &str, context: &str) -> Result<FigureItem, String> {
    let above_input_tokens = threshold(context)?;
    let scope = scope_of(scope)?;
    let field = RateField::ALL.into_iter().find(|field| field.name() == meter);
    let field = field.ok_or_else(|| unknown("meter", &RateField::ALL.map(RateField::name)))?;
    if let Some((_, term)) = RESERVED.into_iter().find(|(word, _)| *word == tier) {
        let side = match field {
            RateField::Input => ReservedSide::Input,
            RateField::Output => ReservedSide::Output,
            _ => return Err(format!("`{tier}` goes with input and output, not with `{meter}`")),
        };
        let scope = match scope {
            FigureScope::Requests(Scope::InRegion | Scope::Geo(_)) => ReservedScope::Regional,
            FigureScope::Requests(Scope::Global) => ReservedScope::Global,
            FigureScope::Mantle => {
                return Err(format!("`{tier}` does not go with the scope `mantle`"));
            }
        };
        if above_input_tokens.is_some() {
            return Err(format!("`{tier}` goes with an empty context alone"));
        }
        return Ok(FigureItem::Reserved { scope, term, side });
    }
    let Some(tier) = TIERS.into_iter().find(|known| known.name() == tier) else {
        let tiers = TIERS.into_iter().map(ServiceTier::name);
        let known: Vec<&str> = tiers.chain(RESERVED.map(|(word, _)| word)).collect();
        return Err(unknown("tier", &known));
    };
    Ok(FigureItem::Tokens { scope, tier, above_input_tokens, field })
}

fn scope_of(word: &str) -> Result<FigureScope, String> {
    // `regional` stands for in-Region calls and geo profiles alike: what in-Region calls pay.
    const WORDS: [(&str, FigureScope); 4] = [
        ("in-region", FigureScope::Requests(Scope::InRegion)),
        ("regional", FigureScope::Requests(Scope::InRegion)),
        ("global", FigureScope::Requests(Scope::Global)),
        ("mantle", FigureScope::Mantle),
    ];
    let geos = Geo::ALL.map(|geo| (geo.prefix(), FigureScope::Requests(Scope::Geo(geo))));
    let known = || WORDS.into_iter().chain(geos);
    known().find(|(name, _)| *name == word).map(|(_, scope)| scope).ok_or_else(|| {
        let words: Vec<&str> = known().map(|(name, _)| name).collect();
        unknown("scope", &words)
    })
}

/// Reads the input tokens that requests have more of, as in `>200k` and `>200000`; `None` where the
/// field is empty.
fn threshold(context: &str) -> Result<Option<u64>, String> {
    if context.is_empty() {
        return Ok(None);
    }
    let read = || {
        let number = context.strip_prefix('>')?;
        let (digits, thousands) = match number.strip_suffix('k') {
            Some(digits) => (digits, 1_000),
            None => (number, 1),
        };
        let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        let count = digits.parse::<u64>().ok().filter(|count| is_plain && *count > 0)?;
        count.checked_mul(thousands)
    };
    read().map(Some).ok_or_else(|| {
        "the context is not known: write input tokens as in `>200k`, or leave the field empty for requests of any length".to_owned()
    })
}

fn unknown(column: &str, known: &[&str]) -> String {
    format!("the {column} is not known: write one of {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "model,region,scope,tier,meter,context,usd_per_million_tokens,source,trust,unit,mood";
    const GOOD: &str = "a.b-v1:0,us-east-1,in-region,standard,input,,0.3,\"a page, of AWS\",aws_page,USD/1M tokens,glad";

    fn read(lines: &[&str]) -> Result<FigureList, String> {
        let mut list = FigureList::default();
        let text = format!("{HEADER}\n{}\n", lines.join("\n"));
        list.add_csv("x.csv", &text).map(|()| list).map_err(|error| error.to_string())
    }

    fn one(line: &str) -> PublishedFigure {
        read(&[line]).unwrap().figures.pop().unwrap()
    }

    #[test]
    fn a_line_is_a_figure_whatever_the_order_of_its_columns() {
        let figure = one(GOOD);
        assert_eq!(figure.price, "0.30".parse().unwrap());
        assert_eq!(figure.source, "a page, of AWS");
        let mut list = FigureList::default();
        let text = "\u{feff}usd_per_million_tokens, context,meter,tier,scope,region,model\r\n\
                    0.3,,input,standard,in-region,us-east-1,a.b-v1:0\r\n";
        list.add_csv("x.csv", text).unwrap();
        assert_eq!(figure.trust, "aws_page");
        let bare = PublishedFigure { source: String::new(), trust: String::new(), ..figure };
        assert_eq!(list.figures, [bare]);
    }

    #[test]
    fn each_word_of_a_scope_a_tier_and_a_context_is_what_it_says() {
        let scope = |word: &str| match one(&GOOD.replace("in-region", word)).key.item {
            FigureItem::Tokens { scope, .. } => scope,
            reserved @ FigureItem::Reserved { .. } => panic!("{reserved:?}"),
        };
        assert_eq!(scope("regional"), FigureScope::Requests(Scope::InRegion));
        assert_eq!(scope("us-gov"), FigureScope::Requests(Scope::Geo(Geo::UsGov)));
        assert_eq!(scope("global"), FigureScope::Requests(Scope::Global));
        assert_eq!(scope("mantle"), FigureScope::Mantle);
        for (context, tokens) in [(">100k", 100_000), (">272k", 272_000), (">128000", 128_000)] {
            let line = GOOD.replace("input,,", &format!("cache_write_30m,{context},"));
            let item = FigureItem::Tokens {
                scope: FigureScope::Requests(Scope::InRegion),
                tier: ServiceTier::Standard,
                above_input_tokens: Some(tokens),
                field: RateField::CacheWrite30m,
            };
            assert_eq!(one(&line).key.item, item);
        }
        let reserved = GOOD
            .replace("standard", "reserved-3-month")
            .replace("in-region", "eu")
            .replace(TOKENS_UNIT, RESERVED_UNIT);
        let item = FigureItem::Reserved {
            scope: ReservedScope::Regional,
            term: Term::ThreeMonths,
            side: ReservedSide::Input,
        };
        assert_eq!(one(&reserved).key.item, item);
    }

    #[test]
    fn what_cannot_be_compared_is_counted_with_its_reason() {
        let list = read(&[
            GOOD,
            &GOOD.replace("us-east-1", ""),
            &GOOD.replace("us-east-1", ""),
            &GOOD.replace("aws_page", "peer"),
            &GOOD.replace("a.b-v1:0", "name:Model 5.2"),
            &GOOD.replace("a.b-v1:0", "us.a.b-v1:0"),
            &GOOD.replace(TOKENS_UNIT, "USD/image"),
            // Tokens on demand do not have the unit of reserved ones.
            &GOOD.replace(TOKENS_UNIT, RESERVED_UNIT),
        ])
        .unwrap();
        assert_eq!(list.figures.len(), 1);
        let counts: Vec<u64> = list.not_compared.values().copied().collect();
        assert_eq!(counts, [1, 1, 1, 1, 1, 2], "{:?}", list.not_compared);
        assert_eq!(list.not_compared["figures that name no Region"], 2);
        assert_eq!(
            list.not_compared["figures of `name:Model 5.2`, which is no base id of a model"],
            1
        );
        assert_eq!(list.not_compared["figures of the tier `standard` in the unit `USD/image`"], 1);
    }

    #[test]
    fn a_bad_line_is_named_with_what_is_accepted() {
        for (bad, line, part) in [
            (
                GOOD.replace("standard", "fast"),
                3,
                "the tier is not known: write one of standard, batch,",
            ),
            (
                GOOD.replace("in-region", "moon"),
                3,
                "write one of in-region, regional, global, mantle, us, us-gov,",
            ),
            (
                GOOD.replace(",input,", ",images,"),
                3,
                "cache_write_5m, cache_write_30m, cache_write_1h",
            ),
            (GOOD.replace("input,,", "input,long,"), 3, "write input tokens as in `>200k`"),
            (GOOD.replace("input,,", "input,>0k,"), 3, "write input tokens as in `>200k`"),
            (GOOD.replace("0.3", "3e-1"), 3, "the value is not a price"),
            (GOOD.replace("us-east-1", "*"), 3, "the value is not the name of an AWS Region"),
            (GOOD.replace("aws_page", "rumour"), 3, "write one of price_list, aws_doc,"),
            (GOOD.replace("a.b-v1:0", ""), 3, "names no model"),
            (
                GOOD.replace("standard,input", "reserved-1-month,cache_read"),
                3,
                "goes with input and output",
            ),
            (GOOD.replace("in-region,standard", "mantle,reserved-1-month"), 3, "`mantle`"),
            (GOOD.replace("standard,input,", "reserved-1-month,input,>1k"), 3, "an empty context"),
            (GOOD.replace(",glad", ""), 3, "has 10 fields and the header line has 11"),
        ] {
            let fault = read(&[GOOD, &bad]).unwrap_err();
            assert!(fault.starts_with(&format!("`x.csv`, line {line}: ")), "{fault}");
            assert!(fault.contains(part), "{fault}");
        }
    }

    #[test]
    fn a_header_lacks_no_column_and_has_none_twice() {
        let fault =
            |header: &str| FigureList::default().add_csv("x.csv", header).unwrap_err().to_string();
        assert!(fault("").contains("`model` is not there"), "{}", fault(""));
        let lacks = fault(&HEADER.replace("tier", "level"));
        assert!(lacks.contains("line 1: ") && lacks.contains("`tier` is not there"), "{lacks}");
        assert!(fault(&HEADER.replace("mood", "meter")).contains("`meter` is there twice"));
        assert!(fault(&HEADER.replace("mood", "unit")).contains("`unit` is there twice"));
    }
}
