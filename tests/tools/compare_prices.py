"""Proves that the AWS price book holds every price of a file of real prices, or says why it does not.

    python3 tests/tools/compare_prices.py PATH/aws_prices.json [--all]

The file is a compilation of what AWS, its documentation and litellm say about text and embedding models: token prices
by tier and context length, model units, reserved tokens per minute, Price List rows, dates of end of life. Each number
is looked up in catalog/aws.toml with catalog/aws/*.toml, where the program would look: same model, scope, group of
Regions, Region, tier, context band and meter, and of several rows that cover the place those that say it most closely.
It is equal if one of them, of whatever day, has exactly that number. Numbers are decimals from text, never floats.

What differs has to be explained by price_differences.toml beside this file, in which each rule states how many
numbers it explains. So the exit status is 0 only if every number is in the book or explained, every rule is needed,
and no new difference hides behind an old rule. A section, field, unit or name that is not known here ends the run:
nothing is left out in silence.

Not compared: images and guardrails, custom model import, direct APIs of other vendors, and numbers that only repeat
another one in other units.
"""

import argparse
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
CATALOG = HERE.parent.parent / "catalog"
RULES = HERE / "price_differences.toml"

# Sections of the file that hold no price of a text or embedding model in Bedrock.
OTHER_SECTIONS = {
    "meta", "provisioned_notes", "reserved_tier_notes", "lifecycle_rules", "tpm_per_model_unit",
    "list_foundation_models_us_east_1", "non_token_rows", "custom_model_import", "direct_api_litellm",
}

# A source that names no Region shows what AWS shows first: a commercial US Region.
UNSTATED = "us-*"

# The Regions from which the profile of a group can be called.
GEOS = {
    "us-gov": "us-gov-*", "us": "us-*", "eu": "eu-*", "ca": "ca-*",
    "apac": "ap-*", "au": "ap-*", "jp": "ap-*", "in": "ap-*",
}

REGION_WORDS = {
    None: [UNSTATED],
    "many": ["*"],
    "us": ["us-*"],
    "commercial us-*": ["us-*"],
    "eu and us regions": ["eu-*", "us-*"],
}

REGION_NAMES = {
    "US East (N. Virginia)": "us-east-1",
    "US East (Ohio)": "us-east-2",
    "US West (Oregon)": "us-west-2",
    "Europe (Frankfurt)": "eu-central-1",
    "Europe (Ireland)": "eu-west-1",
    "Europe (Zurich)": "eu-central-2",
    "Europe (Paris)": "eu-west-3",
}

REGION = re.compile(r"[a-z]{2}(-gov)?-[a-z]+-\d")

METERS = {
    "input": "input",
    "output": "output",
    "cache_read": "cache_read",
    "cache_write": "cache_write_5m",
    "cache_write_5m": "cache_write_5m",
    "cache_write_1h": "cache_write_1h",
}
TOKENS = re.compile(rf"(?:(batch|flex|priority)_)?({'|'.join(METERS)})")
COMMITMENTS = {
    "none": "none", "1_month": "1-month", "6_month": "6-months",
    "NoCommit": "none", "1month": "1-month", "6months": "6-months",
}
LIFECYCLE = {
    "legacy_date": "legacy", "public_extended_access_start": "extended_access", "eol_date": "end_of_life",
}


@dataclass(frozen=True)
class Place:
    """Where requests are called from and may be served. `region` is a name or a pattern of names."""

    scope: str | None
    geo: str | None
    region: str


@dataclass(frozen=True)
class Cell:
    """A cell of the book: one column of one table of one model, in the rows for a place and with these values."""

    model: str
    table: str
    column: str
    place: Place
    exactly: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Figure:
    """A number of the file, and the cells of the book that all have to hold it."""

    key: str
    field: str
    value: Decimal | str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Rule:
    """Why some numbers are not in the book where they are looked for.

    Two things prove a rule. With `there` the book holds the number in the cell with these parts replaced; with
    `times` it holds the number times that in the very cell.
    """

    why: str
    count: int
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    values: frozenset[Decimal | str] | None
    there: dict[str, str]
    times: Decimal | None


def stop(fault: str) -> NoReturn:
    sys.exit(f"compare_prices: {fault}")


def matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    return pattern.fullmatch(text) or stop(f"`{text}` is not known")


def exact(text: Any) -> Decimal | str:
    """A number, or a date as it is written."""
    if not isinstance(text, str):
        stop(f"`{text}` is not a number written as text")
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


# The book.


class Book:
    """The price book, asked as `src/catalog/lookup.rs` asks it."""

    def __init__(self, folder: Path) -> None:
        files = [folder / "aws.toml", *sorted((folder / "aws").glob("*.toml"))]
        document = tomllib.loads("\n".join(file.read_text() for file in files))
        self.models = {model["id"]: model for model in document["model"]}

    def values(self, cell: Cell) -> set[Decimal | str]:
        """What the rows say that describe the cell's place most closely."""
        ranked = [(rank, row) for row in self.rows(cell) if (rank := closeness(row, cell.place)) is not None]
        closest = min((rank for rank, _ in ranked), default=None)
        return {exact(row[cell.column]) for rank, row in ranked if rank == closest}

    def rows(self, cell: Cell) -> Iterator[dict[str, Any]]:
        for row in self.models.get(cell.model, {}).get(cell.table, []):
            if cell.column in row and all(row.get(name) == value for name, value in cell.exactly):
                yield row


def closeness(row: dict[str, Any], place: Place) -> tuple[int, int] | None:
    """How far a row is from saying the very place, the least first; `None` where it does not cover it."""
    scope, region = scope_breadth(row, place), region_basis(row["regions"], place.region)
    return None if scope is None or region is None else (scope, region)


def scope_breadth(row: dict[str, Any], place: Place) -> int | None:
    if place.scope is None or (row["scope"] == place.scope and row.get("geo") in {place.geo, "*"}):
        return 0
    if row["scope"] == "regional" and place.scope in {"in-region", "geo"}:
        return 1
    return 2 if row["scope"] == "any" else None


def region_basis(regions: list[str], wanted: str) -> int | None:
    """Named before all before unstated, if one Region is asked for; a pattern is answered by any Region that fits."""
    is_gov = wanted.startswith("us-gov-")

    def basis(region: str) -> int | None:
        if region == "*":
            return None if is_gov else 1
        if region == "unstated":
            return 2 if not is_gov and (wanted.startswith("us-") or wanted == "*") else None
        return 0 if fnmatchcase(region, wanted) and region.startswith("us-gov-") == is_gov else None

    found = [rank for region in regions if (rank := basis(region)) is not None]
    if not found:
        return None
    return min(found) if REGION.fullmatch(wanted) else 0


# The file, section by section.


def figures(data: dict[str, Any], names: dict[str, str]) -> Iterator[Figure]:
    """Every number of the file, its key prefixed with the section."""
    unknown = data.keys() - SECTIONS.keys() - OTHER_SECTIONS
    if unknown:
        stop(f"unknown sections: {', '.join(sorted(unknown))}")
    for section, read in SECTIONS.items():
        for row in data[section]:
            for figure in read(row, names):
                yield replace(figure, key=f"{section}/{figure.key}")


def reject_unknown(row: dict[str, Any], known: set[str]) -> None:
    if unknown := row.keys() - known:
        stop(f"unknown fields {', '.join(sorted(unknown))} in {json.dumps(row)[:200]}")


def by_name(name: str, names: dict[str, str]) -> str:
    name = " ".join(name.removesuffix("(Amazon Bedrock Edition)").split())
    if name not in names:
        stop(f"no id is known for the model `{name}`")
    return names[name]


def rate(model: str, meter: str, place: Place, tier: str = "standard", **exactly: Any) -> Cell:
    wanted = {"tier": tier, "above_input_tokens": None, **exactly}
    return Cell(model, "rate", meter, place, tuple(wanted.items()))


def units(model: str, term: str, region: str, **exactly: Any) -> Cell:
    place = Place(None, None, region)
    return Cell(model, "model_units", "usd_per_unit_hour", place, (("term", term), *exactly.items()))


def litellm_key(key: str) -> tuple[str, Place]:
    """The model and the place of a key such as `us.vendor.model`, `bedrock/eu-west-1/vendor.model`, `vendor.model`."""
    *path, name = key.split("/")
    region = next((part for part in path if REGION.fullmatch(part)), UNSTATED)
    prefix, _, model = name.partition(".")
    if prefix == "global":
        return model, Place("global", None, region)
    if prefix in GEOS:
        return model, Place("geo", prefix, GEOS[prefix])
    return name, Place("in-region", None, region)


def on_demand(row: dict[str, Any], _: dict[str, str]) -> Iterator[Figure]:
    about = {
        "model_id", "base_model_id", "provider", "region_or_geo", "scope", "endpoint", "mode", "unit", "source",
        "max_input_tokens", "max_output_tokens", "output_vector_size", "prompt_cache_min_tokens",
    }
    if row["unit"] != "USD per 1M tokens":
        stop(f"unknown unit `{row['unit']}`")
    key = row["source"]["key"]
    model, place = litellm_key(key)
    for field, value in row.items():
        if field in about or value is None:
            continue
        if field == "deprecation_date":
            yield Figure(key, field, exact(value), (lifecycle_cell(model, "end_of_life", place.region),))
        elif field == "long_context":
            for name, price in value.items():
                yield Figure(key, f"{field}.{name}", exact(price), (long_context(model, place, name),))
        elif field == "other_unit_costs":
            for name, price in value.items():
                yield Figure(key, f"{field}.{name}", exact(price), ())
        else:
            tier, meter = matched(TOKENS, field).groups()
            yield Figure(key, field, exact(value), (rate(model, METERS[meter], place, tier or "standard"),))


LONG_CONTEXT = re.compile(
    r"(input|output|cache_read_input|cache_creation_input)(?:_cost_per_token|_token_cost)(_above_1hr)?"
    r"_above_(\d+)k_tokens(?:_(batches|ultrafast))?"
)


def long_context(model: str, place: Place, name: str) -> Cell:
    what, hour, thousands, tier = matched(LONG_CONTEXT, name).groups()
    writes = "cache_write_1h" if hour else "cache_write_5m"
    meter = {"cache_read_input": "cache_read", "cache_creation_input": writes}.get(what, what)
    tier = {None: "standard", "batches": "batch"}.get(tier, tier)
    return rate(model, meter, place, tier, above_input_tokens=int(thousands) * 1000)


def lifecycle_cell(model: str, column: str, region: str) -> Cell:
    return Cell(model, "lifecycle", column, Place(None, None, region), ())


def provisioned_throughput(row: dict[str, Any], names: dict[str, str]) -> Iterator[Figure]:
    reject_unknown(row, {
        "model_id", "model_name", "provider", "region", "commitment", "kind", "usd_per_hour_per_mu", "source",
        "model_generation", "usagetype", "sku", "unit_label",
        "usd_per_second_per_mu", "usd_per_hour_rounded_cents",  # the same price again
    })
    model = row.get("model_id") or by_name(row["model_name"], names)
    term, region = COMMITMENTS[row["commitment"]], row["region"]
    key = "/".join(filter(None, [row.get("kind"), region, row["commitment"], model]))
    cell = units(model, term, region or UNSTATED)
    yield Figure(key, "usd_per_hour_per_mu", exact(row["usd_per_hour_per_mu"]), (cell,))


RESERVED = re.compile(r"(input|output)_(1|3)_month")


def reserved(model: str, meter: str, months: str, is_global: bool, region: str, **exactly: Any) -> Cell:
    """What is not sold for the global profile is one offer for the group of Regions and each of them."""
    place = Place("global", None, region) if is_global else Place("geo", group_of(region), region)
    term = {"1": "1-month", "3": "3-months"}[months]
    return Cell(model, "reserved_tokens", meter, place, (("term", term), *exactly.items()))


def reserved_tier(row: dict[str, Any], names: dict[str, str]) -> Iterator[Figure]:
    about = {"model_name", "scope", "unit", "source", "effective_usd_per_1m_at_100pct"}
    if row["unit"] != "USD per hour per 1,000 tokens-per-minute reserved":
        stop(f"unknown unit `{row['unit']}`")
    model = by_name(row["model_name"], names)
    is_global = {"global_cris": True, "geo_or_in_region": False}[row["scope"]]
    for field, price in row.items():
        if field not in about:
            meter, months = matched(RESERVED, field).groups()
            cell = reserved(model, meter, months, is_global, UNSTATED)
            yield Figure(f"{row['scope']}/{model}", field, exact(price), (cell,))


AWS_USAGE = re.compile(
    r"(input|output|cache-read-input|cache-write-input)-token(?:s|-count)(?:-(batch))?"
)
AWS_UNITS = re.compile(r"ProvisionedThroughput-(NoCommit|1month|6months)-ModelUnits")
MARKETPLACE_USAGE = re.compile(
    r"(Input|Output|CacheReadInput|CacheWriteInput|CacheWrite1hInput)TokenCount(_Global)?(_Batch)?"
)
MARKETPLACE_RESERVED = re.compile(r"Reserved_(1|3)Month_(Input|Output)TPM_(Global|Geo)")
USAGE_METERS = {
    "input": "input", "output": "output", "cache-read-input": "cache_read", "cache-write-input": "cache_write_5m",
    "Input": "input", "Output": "output", "CacheReadInput": "cache_read", "CacheWriteInput": "cache_write_5m",
    "CacheWrite1hInput": "cache_write_1h",
}


def price_list_rows(row: dict[str, Any], names: dict[str, str]) -> Iterator[Figure]:
    """A row of the Price List. AWS dates these, so the book's row has to have the same first day."""
    reject_unknown(row, {
        "servicecode", "servicename", "model", "regionCode", "usagetype", "inferenceType", "feature", "unit_label",
        "usd_per_unit", "description", "sku", "effectiveDate", "publicationDate", "source", "decoded",
    })
    model = by_name(row["model"] or row["servicename"], names)
    since = {"effective_from": row["effectiveDate"].split("T")[0]}
    read = marketplace_cells if ":" in row["usagetype"] else aws_cells
    value, cells = exact(row["usd_per_unit"]), read(model, row, since)
    if row["unit_label"] == "1K tokens":
        value *= 1000
    elif not (cells or row["unit_label"] == "Model/month"):
        stop(f"unknown usage type {row['usagetype']}")
    yield Figure(row["usagetype"], "usd_per_unit", value, cells)


def aws_cells(model: str, row: dict[str, Any], since: dict[str, str]) -> tuple[Cell, ...]:
    """Amazon's own models: the unit label is true, and one row is for calls in the Region and through its profile."""
    _, _, what = row["usagetype"].split("-", 2)
    region, unit = row["regionCode"], row["unit_label"]
    if (found := AWS_UNITS.fullmatch(what)) and unit == "hour":
        return (units(model, COMMITMENTS[found[1]], region, **since),)
    if (found := AWS_USAGE.fullmatch(what)) and unit == "1K tokens":
        meter, tier = USAGE_METERS[found[1]], found[2] or "standard"
        return tuple(rate(model, meter, place, tier, **since) for place in regional_places(region))
    return ()


def marketplace_cells(model: str, row: dict[str, Any], since: dict[str, str]) -> tuple[Cell, ...]:
    """Models sold through the Marketplace: the unit label says nothing, the description says per what."""
    what = row["usagetype"].split(":")[1].partition("_")[2].removesuffix("-Units")
    region, per = row["regionCode"], row["description"].split("|")[-1]
    if (found := MARKETPLACE_RESERVED.fullmatch(what)) and per.startswith("Per Hour per 1K "):
        return (reserved(model, found[2].lower(), found[1], found[3] == "Global", region, **since),)
    if (found := MARKETPLACE_USAGE.fullmatch(what)) and per.startswith("Million "):
        places = [Place("global", None, region)] if found[2] else regional_places(region)
        tier = "batch" if found[3] else "standard"
        return tuple(rate(model, USAGE_METERS[found[1]], place, tier, **since) for place in places)
    return ()


def regional_places(region: str) -> list[Place]:
    """Called in a Region: by itself, and through the profile of its group."""
    return [Place("in-region", None, region), Place("geo", group_of(region), region)]


def group_of(region: str) -> str:
    return next(geo for geo, pattern in GEOS.items() if fnmatchcase(region, pattern))


EXTENDED_NAME = re.compile(r"(Claude .+?)\s*\(Public Extended Access, Effective 1 Dec 2025\)")
EXTENDED_FIELD = re.compile(r"Price per 1M (input|output) tokens(?: \((batch|cache read|cache write)\))?")


def public_extended_access_prices(row: dict[str, Any], names: dict[str, str]) -> Iterator[Figure]:
    about = {"Hierarchy_Path", "Model Name", "Pricing_Category", "Provider", "Regions"}
    if row["Pricing_Category"] != "Geo and In-region Cross-region Inference":
        stop(f"unknown category `{row['Pricing_Category']}`")
    model = by_name(matched(EXTENDED_NAME, row["Model Name"])[1], names)
    places = [
        place for name in re.findall(r"[^,]+\)", row["Regions"])
        for place in regional_places(REGION_NAMES[name.strip()])
    ]
    for field, price in row.items():
        if field in about or price == "N/A":
            continue
        direction, special = matched(EXTENDED_FIELD, field).groups()
        meter = {"cache read": "cache_read", "cache write": "cache_write_5m"}.get(special, direction)
        tier = "batch" if special == "batch" else "standard"
        cells = tuple(rate(model, meter, place, tier, effective_from="2025-12-01") for place in places)
        yield Figure(model, field, exact(price.removeprefix("$")), cells)


def lifecycle(row: dict[str, Any], _: dict[str, str]) -> Iterator[Figure]:
    reject_unknown(row, {"model_id", "model_name", "regions", "source", *LIFECYCLE})
    regions = [name for words in row["regions"] for name in REGION_WORDS.get(words, [words])]
    key = f"{row['model_id']}/{','.join(row['regions'])}"
    for field, column in LIFECYCLE.items():
        if row[field] is not None:
            cells = tuple(lifecycle_cell(row["model_id"], column, region) for region in regions)
            yield Figure(key, field, exact(row[field]), cells)


SECTIONS = {
    "on_demand": on_demand,
    "provisioned_throughput": provisioned_throughput,
    "reserved_tier": reserved_tier,
    "price_list_rows": price_list_rows,
    "public_extended_access_prices": public_extended_access_prices,
    "lifecycle": lifecycle,
}


# The comparison.


def lacking(book: Book, figure: Figure) -> list[Cell]:
    """The cells that do not hold the number."""
    return [cell for cell in figure.cells if figure.value not in book.values(cell)]


def is_in_book(book: Book, figure: Figure) -> bool:
    return bool(figure.cells) and not lacking(book, figure)


def moved(figure: Figure, there: dict[str, str]) -> Figure:
    """The number, to be looked for under another model, scope or Region."""

    def elsewhere(cell: Cell) -> Cell:
        scope = cell.place.scope and there.get("scope", cell.place.scope)
        place = replace(cell.place, scope=scope, region=there.get("region", cell.place.region))
        return replace(cell, model=there.get("model", cell.model), place=place)

    return replace(figure, cells=tuple(map(elsewhere, figure.cells)))


def explains(rule: Rule, figure: Figure, book: Book) -> bool:
    return (
        any(fnmatchcase(figure.key, key) for key in rule.keys)
        and any(fnmatchcase(figure.field, field) for field in rule.fields)
        and (rule.values is None or figure.value in rule.values)
        and (not rule.there or is_in_book(book, moved(figure, rule.there)))
        and (rule.times is None or is_in_book(book, replace(figure, value=figure.value * rule.times)))
    )


def read_rules(path: Path) -> tuple[list[Rule], dict[str, str]]:
    """The rules, and the ids of models that the file only names."""
    document = tomllib.loads(path.read_text())
    rules = [
        Rule(
            why=rule["why"],
            count=rule["count"],
            keys=tuple(rule["keys"]),
            fields=tuple(rule.get("fields", ["*"])),
            values=frozenset(map(exact, rule["values"])) if "values" in rule else None,
            there=rule.get("there", {}),
            times=Decimal(rule["times"]) if "times" in rule else None,
        )
        for rule in document["rule"]
    ]
    return rules, document["names"]


def by_rule(different: list[Figure], rules: list[Rule], book: Book) -> tuple[list[list[Figure]], list[Figure]]:
    """The differences under the first rule that explains each, and those without any."""
    explained: list[list[Figure]] = [[] for _ in rules]
    unexplained = []
    for figure in different:
        number = next((number for number, rule in enumerate(rules) if explains(rule, figure, book)), None)
        (unexplained if number is None else explained[number]).append(figure)
    return explained, unexplained


def shown(value: Decimal | str) -> str:
    return value if isinstance(value, str) else f"{value.normalize():f}"


def described(figure: Figure, book: Book) -> str:
    def said(cell: Cell) -> str:
        place = " ".join(filter(None, [cell.place.scope, cell.place.geo, cell.place.region]))
        return f"{place}: {' or '.join(sorted(map(shown, book.values(cell)))) or 'nothing'}"

    cells = "; ".join(said(cell) for cell in lacking(book, figure)) or "no cell"
    return f"{figure.key} {figure.field} = {shown(figure.value)}, book: {cells}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("prices", type=Path, help="the file of real prices")
    arguments.add_argument("--all", action="store_true", help="list every difference, not only their counts")
    options = arguments.parse_args()

    book = Book(CATALOG)
    rules, names = read_rules(RULES)
    numbers = list(figures(json.loads(options.prices.read_text()), names))
    different = [figure for figure in numbers if not is_in_book(book, figure)]
    explained, unexplained = by_rule(different, rules, book)

    for section, count in Counter(figure.key.split("/")[0] for figure in numbers).items():
        print(f"{count:6,}  numbers in {section}")
    print(f"{len(numbers):6,}  compared with {len(book.models)} models of the book")
    print(f"{len(numbers) - len(different):6,}  equal")
    print(f"{len(different):6,}  different, of these:")
    for rule, found in zip(rules, explained):
        print(f"{len(found):6,}  {rule.why}")
        for figure in found if options.all else []:
            print(f"            {described(figure, book)}")
    print(f"{len(unexplained):6,}  not explained")
    faults = [f"not explained: {described(figure, book)}" for figure in unexplained]
    faults += [
        f"stated {rule.count}, explains {len(found)}: {rule.why}"
        for rule, found in zip(rules, explained) if rule.count != len(found) or not found
    ]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
