//! A book renewed from a Price List: nothing that was seen later, or is better attested, is replaced
//! unasked, figure by figure.

use std::collections::BTreeSet;

use bedrock_cost_guard::catalog::{
    HeldFor, HeldItem, ModelPrices, OnDoubt, Overrides, PriceBook, RateLines, RateQuery, RateRow,
    Refreshed, RowRegion, RowScope, Trust,
};
use bedrock_cost_guard::domain::{
    BaseModel, Geo, LoadWeights, Meter, Region, Scope, ServiceTier, UsdPerMillionTokens,
};
use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;

const HEAD: &str = "schema_version = 1\nname = \"t\"\ndescription = \"d\"\ncharged = true\n[[model]]\nid = \"a.b\"\nname = \"B\"\nprovider = \"A\"\n";

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Writes a row: its key, its dates and trust, and its prices.
fn row(key: &str, dates: &str, prices: &str) -> String {
    let tier = if key.contains("tier") { "" } else { "tier = \"standard\"\n" };
    let region = if key.contains("regions") { "" } else { "regions = [\"us-east-1\"]\n" };
    format!("[[model.rate]]\n{key}\n{region}{tier}{dates}\nsource = \"s\"\n{prices}\n")
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn book(rows: &[String]) -> PriceBook {
    PriceBook::parse("t", &format!("{HEAD}{}", rows.concat())).unwrap()
}

fn since(day: &str, published: &str, trust: &str) -> String {
    format!("effective_from = \"{day}\"\nchecked = \"{published}\"\ntrust = \"{trust}\"")
}

fn sighted(day: &str, trust: &str) -> String {
    format!("seen_from = \"{day}\"\nseen_to = \"{day}\"\nchecked = \"{day}\"\ntrust = \"{trust}\"")
}

const REGIONAL: &str = "scope = \"regional\"";
const IN_REGION: &str = "scope = \"in-region\"";

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn price(book: &PriceBook, scope: Scope, meter: Meter, day: &str) -> Option<(String, String)> {
    let rate = book.rate(&RateQuery {
        model: &BaseModel::new("a.b"),
        region: &"us-east-1".parse().unwrap(),
        scope,
        tier: Some(ServiceTier::Standard),
        meter,
        input_tokens: None,
        day: date(day),
    })?;
    Some((rate.list_unit_price.to_string(), rate.upper_unit_price.to_string()))
}

/// Writes what a rate without a range is.
fn exactly(price: &str) -> Option<(String, String)> {
    (!price.is_empty()).then(|| (price.to_owned(), price.to_owned()))
}

#[test]
fn a_file_does_not_replace_what_was_seen_later_and_says_both_figures() {
    // The cache read of Claude Sonnet 5.5 was halved after the list of September.
    let before = book(&[row(
        REGIONAL,
        &sighted("2026-11-01", "price-list"),
        "input = \"2.20\"\ncache_read = \"0.11\"",
    )]);
    let september = book(&[row(
        REGIONAL,
        &since("2026-08-01", "2026-09-30", "price-list"),
        "input = \"2.20\"\noutput = \"11.00\"\ncache_read = \"0.22\"",
    )]);
    let read = |book: &PriceBook| price(book, Scope::InRegion, Meter::CacheRead, "2026-11-20");
    let kept = before.clone().refreshed(september.clone(), OnDoubt::Keep);
    assert_eq!(read(&kept.book), exactly("0.11"));
    // Nor does an older list add what the book did not see later.
    let output = |book: &PriceBook| price(book, Scope::InRegion, Meter::Output, "2026-11-20");
    assert_eq!(output(&kept.book), None);
    assert_eq!(kept.held.len(), 2, "{:?}", kept.held);
    assert!(kept.held.iter().any(|held| held.kept.is_none() && held.why == HeldFor::SeenLater));
    let held = kept.held.iter().find(|held| held.kept.is_some()).unwrap();
    assert_eq!(held.why, HeldFor::SeenLater);
    assert!(matches!(held.item, HeldItem::Tokens { meter: Meter::CacheRead, .. }));
    let of_book = held.kept.as_ref().unwrap();
    assert_eq!((of_book.price.as_str(), of_book.seen), ("0.11", date("2026-11-01")));
    assert_eq!((held.listed.price.as_str(), held.listed.seen), ("0.22", date("2026-09-30")));
    // An input that is the same stays with the day on which it was seen last.
    let input = kept.book.models[0].rates.iter().find(|row| row.input.is_some()).unwrap();
    assert_eq!(input.checked, date("2026-11-01"));

    let accepted = before.refreshed(september, OnDoubt::Accept);
    assert_eq!(read(&accepted.book), exactly("0.22"));
    assert_eq!(output(&accepted.book), exactly("11.00"));
    assert!(accepted.held.is_empty());
}

#[test]
fn a_list_of_may_does_not_undo_a_page_that_was_seen_later() {
    // Claude 3.5 Sonnet v2: the page has the prices of extended access.
    let page = book(&[row(
        "scope = \"geo\"\ngeo = \"us\"",
        &since("2025-12-01", "2026-07-24", "aws-page"),
        "input = \"6.00\"\noutput = \"30.00\"",
    )]);
    let list = |published: &str| {
        let dates = since("2026-02-01", published, "price-list");
        book(&[row(REGIONAL, &dates, "input = \"3.00\"\noutput = \"15.00\"")])
    };
    let us = |book: &PriceBook| price(book, Scope::Geo(Geo::Us), Meter::Input, "2026-11-20");
    let kept = page.clone().refreshed(list("2026-05-01"), OnDoubt::Keep);
    assert_eq!((us(&kept.book), kept.held.len()), (exactly("6.00"), 4));
    // A list of a later day is what AWS bills by.
    let laid = page.refreshed(list("2026-11-20"), OnDoubt::Keep);
    assert_eq!((us(&laid.book), laid.held.len()), (exactly("3.00"), 0));
}

#[test]
fn a_list_that_goes_on_with_a_price_that_has_ended_does_not_bring_it_back() {
    let dated = |dates: &str, input: &str| row(REGIONAL, dates, &format!("input = \"{input}\""));
    let ended = format!("{}\neffective_until = \"2025-11-30\"", sighted("2025-07-20", "aws-page"));
    let page = book(&[
        dated(&ended, "3.00"),
        dated(&since("2025-12-01", "2026-07-24", "aws-page"), "6.00"),
    ]);
    let list =
        |input: &str| book(&[dated(&since("2026-02-01", "2026-11-20", "price-list"), input)]);
    let input = |book: &PriceBook| price(book, Scope::InRegion, Meter::Input, "2026-11-20");
    let kept = page.clone().refreshed(list("3.00"), OnDoubt::Keep);
    assert_eq!(input(&kept.book), exactly("6.00"));
    assert_eq!(kept.held.iter().map(|held| held.why).collect::<Vec<_>>(), [HeldFor::Ended]);
    let accepted = page.clone().refreshed(list("3.00"), OnDoubt::Accept);
    assert_eq!(input(&accepted.book), exactly("3.00"));
    // A price that is new is taken.
    assert_eq!(input(&page.refreshed(list("5.00"), OnDoubt::Keep).book), exactly("5.00"));
}

#[test]
fn the_terms_of_a_history_are_laid_over_together() {
    // The book saw the first of two terms on the day of the list.
    let before = book(&[row(REGIONAL, &sighted("2026-11-13", "price-list"), "input = \"1.20\"")]);
    let term = |from: &str, input: &str| {
        let dates = since(from, "2026-11-13", "price-list");
        row(REGIONAL, &dates, &format!("input = \"{input}\""))
    };
    let list = book(&[term("2026-04-01", "1.20"), term("2026-09-01", "1.00")]);
    let on = |book: &PriceBook, day: &str| price(book, Scope::InRegion, Meter::Input, day);
    let once = before.refreshed(list.clone(), OnDoubt::Keep).book;
    let twice = once.clone().refreshed(list, OnDoubt::Keep).book;
    for book in [once, twice] {
        assert_eq!(on(&book, "2026-04-10"), exactly("1.20"));
        assert_eq!(on(&book, "2026-11-20"), exactly("1.00"));
    }
}

#[test]
fn the_terms_of_a_units_history_are_laid_over_together() {
    let unit = |dates: &str, price: &str| {
        format!(
            "[[model.model_units]]\nregions = [\"us-east-1\"]\nterm = \"none\"\n{dates}\nsource = \"s\"\n\
             usd_per_unit_hour = \"{price}\"\n"
        )
    };
    let before = book(&[unit(&sighted("2026-11-13", "price-list"), "20.00")]);
    let list = book(&[
        unit(&since("2026-04-01", "2026-11-13", "price-list"), "20.00"),
        unit(&since("2026-09-01", "2026-11-13", "price-list"), "10.00"),
    ]);
    let once = before.refreshed(list.clone(), OnDoubt::Keep).book;
    let twice = once.clone().refreshed(list, OnDoubt::Keep).book;
    for book in [once, twice] {
        let of = |day: &str| {
            let none = Overrides::default();
            let offers = book.offers(
                &BaseModel::new("a.b"),
                &"us-east-1".parse().unwrap(),
                date(day),
                &none,
            );
            offers[0].list_unit_price.to_string()
        };
        assert_eq!((of("2026-04-10"), of("2026-11-20")), ("20.00".into(), "10.00".into()));
    }
}

#[test]
fn a_mantle_line_by_review_does_not_replace_what_a_page_says() {
    let page = book(&[row(IN_REGION, &sighted("2026-07-24", "aws-page"), "input = \"0.15\"")]);
    let list = |trust: &str| {
        let dates = since("2026-06-01", "2026-11-20", trust);
        book(&[row(REGIONAL, &dates, "input = \"0.14\"")])
    };
    let kept = page.clone().refreshed(list("reviewed-mantle"), OnDoubt::Keep);
    let input = |book: &PriceBook| price(book, Scope::InRegion, Meter::Input, "2026-11-20");
    assert_eq!(input(&kept.book), exactly("0.15"));
    assert_eq!(kept.held[0].why, HeldFor::MoreTrusted);
    let laid = page.refreshed(list("price-list"), OnDoubt::Keep);
    assert_eq!(input(&laid.book), exactly("0.14"));
}

#[test]
fn an_older_file_does_not_widen_what_is_said_where_tier_or_length_is_not_known() {
    let before = book(&[row(
        REGIONAL,
        &sighted("2026-11-01", "price-list"),
        "input = \"1.00\"\noutput = \"4.00\"",
    )]);
    for key in [
        "scope = \"regional\"\ntier = \"flex\"",
        "scope = \"regional\"\nabove_input_tokens = 200000",
    ] {
        let list = |published: &str| {
            book(&[row(key, &since("2026-01-01", published, "price-list"), "input = \"0.50\"")])
        };
        let kept = before.clone().refreshed(list("2026-05-01"), OnDoubt::Keep);
        assert_eq!(kept.book, before, "{key}");
        assert_eq!(kept.held.len(), 1);
        assert_eq!(kept.held[0].kept, None);
        let laid = before.clone().refreshed(list("2026-11-20"), OnDoubt::Keep);
        assert_eq!((laid.held.len(), laid.book.models[0].rates.len()), (0, 2), "{key}");
    }
}

#[test]
fn three_kinds_of_cache_writes_are_one_figure() {
    let range = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
    let writes = |book: &PriceBook| price(book, Scope::InRegion, Meter::CacheWrite, "2026-11-25");
    let old = "cache_write_5m = \"4.125\"\ncache_write_1h = \"6.60\"";
    let before = book(&[row(REGIONAL, &sighted("2026-11-01", "aws-page"), old)]);
    let list = |prices: &str| {
        book(&[row(REGIONAL, &since("2026-06-01", "2026-11-20", "price-list"), prices)])
    };
    let one = list("cache_write_5m = \"4.40\"");
    let both = before.clone().refreshed(one.clone(), OnDoubt::Keep).book;
    assert_eq!(writes(&both), range("4.40", "6.60"));
    // What was taken over is as old as it was, and said once, however often the list is read.
    let kept = &both.models[0].rates[0];
    assert_eq!(kept.checked, date("2026-11-01"));
    assert_eq!(both.clone().refreshed(one, OnDoubt::Keep).book, both);
    // What differs in the name of the kind alone is the same figure.
    let named_otherwise =
        book(&[row(REGIONAL, &sighted("2026-11-24", "aws-page"), "cache_write_5m = \"3.75\"")]);
    let kept = named_otherwise.clone().refreshed(list("cache_write_30m = \"3.75\""), OnDoubt::Keep);
    assert_eq!((kept.book, kept.held), (named_otherwise, vec![]));
    // A write for half an hour is whole: models that have it have no other.
    let half = before.refreshed(list("cache_write_30m = \"3.75\""), OnDoubt::Keep).book;
    assert_eq!(writes(&half), exactly("3.75"));
    // One that is held back is held back whole.
    let newer = book(&[row(REGIONAL, &sighted("2026-11-24", "price-list"), old)]);
    let kept = newer.clone().refreshed(list("cache_write_5m = \"4.40\""), OnDoubt::Keep);
    assert_eq!((kept.book, kept.held.len()), (newer, 1));
}

#[test]
fn a_price_for_all_regions_is_given_up_and_told_or_stays_whole() {
    let everywhere = |day: &str, more: &str| {
        let key = format!("{REGIONAL}\nregions = [\"*\"]{more}");
        row(&key, &sighted(day, "aws-page"), "input = \"1.00\"")
    };
    let ireland = format!("{REGIONAL}\nregions = [\"eu-west-1\"]");
    let dates = since("2026-06-01", "2026-09-30", "price-list");
    let list = book(&[row(&ireland, &dates, "input = \"1.20\"")]);
    let given_up = book(&[everywhere("2026-08-01", "")]).refreshed(list.clone(), OnDoubt::Keep);
    assert_eq!(given_up.given_up, [BaseModel::new("a.b")]);
    assert_eq!(price(&given_up.book, Scope::InRegion, Meter::Input, "2026-11-20"), None);
    // Another such price of the model was seen after the list: it may not go with the first.
    let flex = everywhere("2026-11-01", "\ntier = \"flex\"");
    let before = book(&[everywhere("2026-08-01", ""), flex]);
    let kept = before.clone().refreshed(list.clone(), OnDoubt::Keep);
    assert_eq!((kept.book, kept.given_up), (before.clone(), vec![]));
    assert_eq!(kept.held[0].why, HeldFor::OnePrice);
    let accepted = before.refreshed(list, OnDoubt::Accept);
    assert_eq!(accepted.given_up, [BaseModel::new("a.b")]);
}

#[test]
fn a_regional_figure_is_held_back_for_the_scopes_that_the_book_has_better() {
    let geo = |geo: &str, price: &str| {
        let key = format!("scope = \"geo\"\ngeo = \"{geo}\"\nregions = [\"*\"]");
        row(&key, &sighted("2026-11-01", "aws-page"), &format!("input = \"{price}\""))
    };
    let before = book(&[
        row(IN_REGION, &sighted("2026-02-01", "aws-page"), "input = \"1.00\""),
        geo("us", "1.10"),
        geo("eu", "1.20"),
    ]);
    let list = book(&[row(
        REGIONAL,
        &since("2026-01-01", "2026-05-01", "price-list"),
        "input = \"1.50\"",
    )]);
    let kept = before.refreshed(list, OnDoubt::Keep);
    let input = |scope| price(&kept.book, scope, Meter::Input, "2026-11-20");
    assert_eq!(input(Scope::InRegion), exactly("1.50"));
    assert_eq!(input(Scope::Geo(Geo::Us)), exactly("1.10"));
    // One line, of the scope that is kept: the profile of Europe is not for this Region.
    assert_eq!(kept.held.len(), 1, "{:?}", kept.held);
    let item = &kept.held[0].item;
    assert!(matches!(item, HeldItem::Tokens { scope: RowScope::Geo, geo: Some(Geo::Us), .. }));
}

#[test]
fn units_and_reserved_tokens_are_held_back_alike() {
    let capacity = |from: &str, checked: &str, unit: &str, input: &str| {
        let dates = since(from, checked, "price-list");
        let text = format!(
            "{HEAD}[[model.model_units]]\nregions = [\"us-east-1\"]\nterm = \"1-month\"\nusd_per_unit_hour = \"{unit}\"\n{dates}\nsource = \"s\"\n\
             [[model.reserved_tokens]]\nscope = \"global\"\nregions = [\"us-east-1\"]\nterm = \"1-month\"\ninput = \"{input}\"\noutput = \"0.90\"\n\
             minimum_input_tpm = 1\nminimum_output_tpm = 1\n{dates}\nsource = \"s\"\n"
        );
        PriceBook::parse("t", &text).unwrap()
    };
    let before = capacity("2026-01-01", "2026-10-01", "55.00", "0.18");
    let older = capacity("2026-02-01", "2026-05-01", "60.00", "0.20");
    let kept = before.clone().refreshed(older.clone(), OnDoubt::Keep);
    assert_eq!((kept.book, kept.held.len()), (before.clone(), 2));
    let accepted = before.clone().refreshed(older, OnDoubt::Accept).book;
    assert_eq!(accepted.models[0].model_units.len(), 2);
    let newer =
        before.refreshed(capacity("2026-01-01", "2026-11-01", "60.00", "0.18"), OnDoubt::Keep);
    assert!(newer.held.is_empty());
    assert_eq!(newer.book.models[0].model_units[0].usd_per_unit_hour.to_string(), "60.00");
    assert_eq!(newer.book.models[0].reserved_tokens[0].checked, date("2026-11-01"));
}

// Laws.

const BEGIN: &str = "2026-01-01";

/// Draws a day of the first half of the year for a file, by its number.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn day(number: i64) -> Date {
    date(BEGIN).checked_add(number.days()).unwrap()
}

fn any_price() -> impl Strategy<Value = Option<UsdPerMillionTokens>> {
    let prices = ["1.00", "2.00", "3.00"].map(|text| text.parse().ok());
    prop_oneof![Just(None), prop::sample::select(prices.to_vec())]
}

/// Draws a row whose first day and whose sighting are numbers of days.
fn any_row(
    scopes: Vec<(RowScope, Option<Geo>)>,
    regions: Vec<&'static str>,
    trusts: Vec<Option<Trust>>,
    from: std::ops::Range<i64>,
    seen: std::ops::Range<i64>,
) -> impl Strategy<Value = RateRow> {
    let tiers =
        [ServiceTier::Standard, ServiceTier::Flex, ServiceTier::Priority, ServiceTier::Batch];
    let key = (
        prop::sample::select(scopes),
        prop::sample::select(regions),
        prop::sample::select(tiers.to_vec()),
        prop::sample::select(vec![None, None, Some(200_000), Some(300_000)]),
    );
    let dates = (prop::sample::select(trusts), from, seen, any::<bool>(), 0..4_i64);
    let prices = prop::collection::vec(any_price(), 6);
    (key, dates, prices).prop_map(|(key, (trust, from, seen, is_dated, ends), prices)| {
        let ((scope, geo), region, tier, above_input_tokens) = key;
        let (from, seen) = (from.min(seen), seen);
        RateRow {
            scope,
            geo,
            regions: Vec::from_iter(RowRegion::try_from(region.to_owned())),
            tier,
            above_input_tokens,
            effective_from: is_dated.then(|| day(from)),
            seen_from: (!is_dated).then(|| day(from)),
            seen_to: (!is_dated).then(|| day(seen)),
            effective_until: (ends == 0).then(|| day(seen + 20)),
            checked: day(seen),
            source: "s".into(),
            sources: Vec::new(),
            regions_by: Vec::new(),
            trust,
            input: prices[0],
            output: prices[1],
            cache_read: prices[2],
            cache_write_5m: prices[3],
            cache_write_30m: prices[4],
            cache_write_1h: prices[5],
        }
    })
}

/// Builds a valid book of those rows that contradict none before them.
fn valid(rows: Vec<RateRow>) -> PriceBook {
    let of = |rates: Vec<RateRow>| {
        let model = ModelPrices {
            id: BaseModel::new("a.b"),
            name: "B".into(),
            provider: "A".into(),
            rates: rates.into(),
            rate_lines: RateLines::default(),
            model_units: Vec::new(),
            reserved_tokens: Vec::new(),
            lifecycle: Vec::new(),
            unpriced: Vec::new(),
            load_weights: LoadWeights::default(),
        };
        PriceBook {
            schema_version: 1,
            name: "t".into(),
            description: "d".into(),
            charged: true,
            models: vec![model],
        }
    };
    let mut taken: Vec<RateRow> = Vec::new();
    for row in rows {
        taken.push(row);
        if !is_valid(&of(taken.clone())) {
            taken.pop();
        }
    }
    of(taken)
}

fn is_valid(book: &PriceBook) -> bool {
    book.to_toml().is_ok_and(|text| PriceBook::parse("t", &text).is_ok())
}

fn any_book(seen: std::ops::Range<i64>) -> impl Strategy<Value = PriceBook> {
    let scopes = vec![
        (RowScope::InRegion, None),
        (RowScope::Geo, Some(Geo::Us)),
        (RowScope::Geo, Some(Geo::Eu)),
        (RowScope::Global, None),
        (RowScope::Regional, None),
        (RowScope::Any, None),
        (RowScope::Mantle, None),
    ];
    let trusts = vec![
        None,
        Some(Trust::PriceList),
        Some(Trust::AwsPage),
        Some(Trust::ReviewedMantle),
        Some(Trust::PeerWithSource),
    ];
    let regions = vec!["us-east-1", "eu-west-1", "*", "unstated"];
    prop::collection::vec(any_row(scopes, regions, trusts, 0..300, seen), 1..10).prop_map(valid)
}

/// Draws a list as the reading of a Price List makes it: regional rows or rows by scope, and lines of
/// one kind in a Region and tier.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn any_list(published: i64) -> impl Strategy<Value = PriceBook> {
    let own = [(RowScope::Global, None), (RowScope::Mantle, None)];
    let regional = vec![(RowScope::Regional, None), own[0], own[1]];
    let split = vec![(RowScope::InRegion, None), (RowScope::Geo, Some(Geo::Us)), own[0], own[1]];
    let kind = (
        prop::sample::select(vec![regional, split]),
        prop::sample::select(vec![Trust::PriceList, Trust::ReviewedMantle]),
    );
    kind.prop_flat_map(move |(scopes, trust)| {
        let regions = vec!["us-east-1", "eu-west-1"];
        let seen = published..published + 1;
        let row = any_row(scopes, regions, vec![Some(trust)], 0..published, seen);
        let is_eu = |row: &RateRow| row.regions == [RowRegion::Named("eu-west-1".parse().unwrap())];
        let dated = row.prop_map(move |row| RateRow {
            geo: row.geo.map(|geo| if is_eu(&row) { Geo::Eu } else { geo }),
            effective_from: row.effective_from.or(row.seen_from),
            seen_from: None,
            seen_to: None,
            effective_until: None,
            ..row
        });
        // The lines of one key and day are read into one row.
        let one_a_day = |mut rows: Vec<RateRow>| {
            let mut taken = Vec::new();
            rows.retain(|row| {
                let regions = row.regions.clone();
                let key = (row.scope, row.geo, regions, row.tier, row.above_input_tokens);
                let is_first = !taken.contains(&(key.clone(), row.effective_from));
                taken.push((key, row.effective_from));
                is_first
            });
            valid(rows)
        };
        prop::collection::vec(dated, 1..10).prop_map(one_a_day)
    })
}

/// Lists what a book says of every request from a day on.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn figures(book: &PriceBook, after: i64) -> Vec<(String, Option<(String, String)>)> {
    let scopes = [
        Scope::InRegion,
        Scope::Global,
        Scope::Geo(Geo::Us),
        Scope::Geo(Geo::Eu),
        Scope::Geo(Geo::Ca),
    ];
    let tiers =
        [None, Some(ServiceTier::Standard), Some(ServiceTier::Flex), Some(ServiceTier::Batch)];
    let mut all = Vec::new();
    for region in ["us-east-1", "eu-west-1", "ca-central-1"] {
        let region: Region = region.parse().unwrap();
        for scope in scopes {
            for tier in tiers {
                for input_tokens in [None, Some(1_000), Some(250_000), Some(400_000)] {
                    for meter in Meter::TOKENS {
                        for number in (after..after + 330).step_by(29) {
                            let rate = book.rate(&RateQuery {
                                model: &BaseModel::new("a.b"),
                                region: &region,
                                scope,
                                tier,
                                meter,
                                input_tokens,
                                day: day(number),
                            });
                            let said = rate.map(|rate| {
                                let upper = rate.upper_unit_price.to_string();
                                (rate.list_unit_price.to_string(), upper)
                            });
                            let what = format!(
                                "{region} {scope} {tier:?} {input_tokens:?} {meter} {}",
                                day(number)
                            );
                            all.push((what, said));
                        }
                    }
                }
            }
        }
    }
    all
}

/// Returns the prices of a book with their keys, days and sources, whatever rows they stand in.
fn prices(refreshed: &Refreshed) -> BTreeSet<String> {
    let of_row = |row: &RateRow| {
        let bare = RateRow {
            input: None,
            output: None,
            cache_read: None,
            cache_write_5m: None,
            cache_write_30m: None,
            cache_write_1h: None,
            ..row.clone()
        };
        let prices = [row.input, row.output, row.cache_read].map(|price| vec![price]);
        let prices = prices.into_iter().chain([row.cache_writes().to_vec()]);
        let named = prices.enumerate().filter(|(_, prices)| prices.iter().any(Option::is_some));
        named.map(|(meter, prices)| format!("{meter} {prices:?} {bare:?}")).collect::<Vec<_>>()
    };
    refreshed.book.models[0].rates.iter().flat_map(of_row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_list_older_than_the_book_changes_nothing_that_the_book_says(
        before in any_book(101..300),
        list in any_list(100),
    ) {
        let after = before.clone().refreshed(list, OnDoubt::Keep);
        for ((what, old), (_, new)) in figures(&before, 101).into_iter().zip(figures(&after.book, 101)) {
            prop_assert!(old.is_none() || old == new, "{what}: {old:?} became {new:?}\n{before:#?}");
        }
    }

    #[test]
    fn a_list_read_twice_is_a_list_read_once(
        before in any_book(0..300),
        list in any_list(150),
        on_doubt in prop::sample::select(vec![OnDoubt::Keep, OnDoubt::Accept]),
    ) {
        let once = before.refreshed(list.clone(), on_doubt);
        prop_assert!(is_valid(&once.book), "{:#?}", once.book);
        let twice = once.book.clone().refreshed(list, on_doubt);
        let (one, two) = (prices(&once), prices(&twice));
        prop_assert!(
            one == two,
            "gone: {:#?}\ncame: {:#?}",
            one.difference(&two).collect::<Vec<_>>(),
            two.difference(&one).collect::<Vec<_>>()
        );
        prop_assert_eq!(figures(&twice.book, 150), figures(&once.book, 150));
    }

    #[test]
    fn nothing_is_held_back_that_is_accepted_or_newer_and_as_trusted(
        before in any_book(0..100),
        list in any_list(100),
    ) {
        let accepted = before.clone().refreshed(list.clone(), OnDoubt::Accept);
        prop_assert!(accepted.held.is_empty());
        let kept = before.refreshed(list, OnDoubt::Keep);
        prop_assert!(kept.held.iter().all(|held| held.why != HeldFor::SeenLater), "{:?}", kept.held);
    }
}
