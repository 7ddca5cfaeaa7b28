"""Prices the records of `benches/compare.rs` with other price libraries and prints one table.

Beside the speed it lists every price that differs, with who is right and why by the reviewed table in
`peer_differences.toml`. It fails if a difference is not in that table. `make compare` runs it.
"""

import fnmatch
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

# The peers' own data is what is compared, so nothing is fetched: litellm would renew its prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
# Its caches hold 64 models unless told otherwise; with all of them it is three times as fast.
os.environ["DEFAULT_MAX_LRU_CACHE_SIZE"] = "2048"


def refuse(*_: object) -> None:
    raise OSError("the comparison stays off the network")


socket.socket.connect = refuse

import genai_prices  # noqa: E402
import litellm  # noqa: E402
import tokencost  # noqa: E402

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent.parent / "target" / "compare"
PASSES = 7
LOADS = 5
METERS = ("input", "output", "cache_read", "cache_write")
# Prices in floats are off by some 1e-16; a real difference is larger than this by far.
NOISE = Decimal("1e-9")


class Record(NamedTuple):
    """One request: what was called where, and its tokens."""

    model_id: str
    region: str
    input: int
    output: int
    cache_read: int
    cache_write: int


class Peer(NamedTuple):
    """A library: how it is loaded, where its prices are, and how it prices a record."""

    name: str
    load: str
    data: str
    price: Callable[[Record], Decimal]


# genai-prices: input tokens include those of the cache. Dated, hence the day.
DAY = datetime(2026, 11, 13, tzinfo=UTC)


def genai(record: Record) -> Decimal:
    model_id, _, fresh, output, read, written = record
    usage = genai_prices.Usage(
        input_tokens=fresh + read + written,
        output_tokens=output,
        cache_read_tokens=read or None,
        cache_write_tokens=written or None,
    )
    return genai_prices.calc_price(
        usage, model_id, provider_id="aws", genai_request_timestamp=DAY
    ).total_price


# litellm: prompt tokens include those of the cache. Floats, hence the text in between. What only the
# bedrock-mantle endpoint has is another provider there. For some ids that it has no price for it says
# nothing dollars, which no record costs.
def litellm_bedrock(record: Record) -> Decimal:
    model_id, region, fresh, output, read, written = record
    runtime = (model_id, f"bedrock/{model_id}", f"bedrock/{region}/{model_id}")
    mantle = not any(key in litellm.model_cost for key in runtime)
    prompt, completion = litellm.cost_per_token(
        model=model_id,
        custom_llm_provider="bedrock_mantle" if mantle else "bedrock",
        region_name=region,
        prompt_tokens=fresh + read + written,
        completion_tokens=output,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
    )
    if fresh and not prompt:
        raise LookupError(model_id)
    return Decimal(str(prompt + completion))


# tokencost: one call a meter. It knows no cache writes, so a record with some is not priced.
def tokencost_by_tokens(record: Record) -> Decimal:
    model_id, _, fresh, output, read, written = record
    if written:
        raise KeyError("cache writes")
    cost = tokencost.calculate_cost_by_tokens
    dollars = cost(fresh, model_id, "input") + cost(output, model_id, "output")
    if read:
        dollars += cost(read, model_id, "cached")
    return dollars


PEERS = (
    Peer("genai-prices", "import genai_prices.data", "data.py", genai),
    Peer("litellm", "import litellm", "model_prices_and_context_window_backup.json", litellm_bedrock),
    Peer("tokencost", "import tokencost", "model_prices.json", tokencost_by_tokens),
)


def priced(peer: Peer, record: Record) -> Decimal | None:
    """What a peer says, or `None` where it refuses; each has errors of its own for that."""
    try:
        return peer.price(record)
    except Exception:  # noqa: BLE001
        return None


def load_seconds(peer: Peer) -> list[float]:
    """How long a fresh interpreter takes to load the library with its prices."""
    code = f"import time; start = time.perf_counter(); {peer.load}; print(time.perf_counter() - start)"
    runs = (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        for _ in range(LOADS)
    )
    return sorted(float(run.stdout.split()[-1]) for run in runs)


def data_bytes(peer: Peer) -> int:
    files = importlib.metadata.files(peer.name) or []
    return next(file.locate().stat().st_size for file in files if file.name == peer.data)


def pass_seconds(peer: Peer, records: list[Record]) -> list[float]:
    """The times of some passes over records that the peer can price."""
    price = peer.price
    times = []
    for _ in range(PASSES):
        start = time.perf_counter()
        total = Decimal(0)
        for record in records:
            total += price(record)
        times.append(time.perf_counter() - start)
    return sorted(times)


def same(ours: Decimal, theirs: Decimal) -> bool:
    return abs(ours - theirs) <= NOISE * max(abs(ours), abs(theirs))


class Row(NamedTuple):
    """What was measured of one peer, and of the guard on the records that the peer can price."""

    peer: Peer
    records: int
    times: list[float]
    our_times: list[float]
    exact: int
    rounded: int
    different: int


def rows(records: list[Record], ours: list[Decimal]) -> list[Row]:
    answers = {
        peer: [(record, a, priced(peer, record)) for record, a in zip(records, ours, strict=True)] for peer in PEERS
    }
    answers = {peer: [one for one in found if one[2] is not None] for peer, found in answers.items()}
    files = {peer: FOLDER / f"priced-by-{peer.name}.jsonl" for peer in PEERS}
    for peer, path in files.items():
        path.write_text("".join(json.dumps(record._asdict()) + "\n" for record, _, _ in answers[peer]))
    bench = ["cargo", "bench", "--locked", "--quiet", "--bench", "compare", "--", *map(str, files.values())]
    our_times = json.loads(subprocess.run(bench, check=True, stdout=subprocess.PIPE, text=True).stdout)
    found = []
    for peer in PEERS:
        pairs = [(a, b) for _, a, b in answers[peer]]
        exact = sum(a == b for a, b in pairs)
        close = sum(same(a, b) for a, b in pairs)
        times = pass_seconds(peer, [record for record, _, _ in answers[peer]])
        found.append(
            Row(peer, len(pairs), times, our_times[str(files[peer])], exact, close - exact, len(pairs) - close)
        )
    return found


def speed(records: int, times: list[float]) -> tuple[str, str]:
    """Records a second: the median of the passes, and the slowest to the fastest."""
    middle, slowest, fastest = (records / seconds for seconds in (statistics.median(times), times[-1], times[0]))
    return f"{middle:,.0f}", f"{slowest:,.0f} to {fastest:,.0f}"


def table(version: str, book: dict, times: list[float], count: int, found: list[Row]) -> Iterator[str]:
    lines = [(
        "library", "version", "load", "price data", "priced", "exact", "rounded", "different",
        "records/s", "slowest to fastest pass", "here, same records", "times",
    )]  # fmt: skip
    lines.append((
        "bedrock-cost-guard", version, milliseconds(book["load_seconds"]), f"{book['bytes']:,} B",
        f"{count:,}", f"{count:,}", "0", "0", *speed(count, times), "", "",
    ))  # fmt: skip
    for row in found:
        times_faster = statistics.median(row.times) / statistics.median(row.our_times)
        lines.append((
            row.peer.name, importlib.metadata.version(row.peer.name),
            milliseconds(load_seconds(row.peer)), f"{data_bytes(row.peer):,} B",
            f"{row.records:,}", f"{row.exact:,}", f"{row.rounded:,}", f"{row.different:,}",
            *speed(row.records, row.times), speed(row.records, row.our_times)[0], f"{times_faster:,.1f}",
        ))  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = (
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def milliseconds(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:,.1f} ms"


class Difference(NamedTuple):
    """A price for a million tokens on which a peer and the book do not agree."""

    peer: str
    model: str
    scope: str
    region: str
    meter: str
    request: int
    ours: Decimal
    theirs: Decimal | None


def asked(model_id: str, region: str, meter: str, size: int, output: int = 0) -> Record:
    """A request of `size` input tokens, all of them of the one meter."""
    fresh, read, written = (size if meter == name else 0 for name in ("input", "cache_read", "cache_write"))
    return Record(model_id, region, fresh, output, read, written)


def unit_price(peer: Peer, model_id: str, region: str, meter: str, size: int) -> Decimal | None:
    """What a peer charges for a million tokens, by requests of a length."""
    if meter == "output":
        with_output = priced(peer, asked(model_id, region, "input", size, output=size))
        without = priced(peer, asked(model_id, region, "input", size))
        if with_output is None or without is None:
            return None
        dollars = with_output - without
    else:
        dollars = priced(peer, asked(model_id, region, meter, size))
        if dollars is None:
            return None
    price = dollars * 1_000_000 / size
    return Decimal(f"{price:.9g}").normalize() + 0


def differences(lanes: list[dict]) -> Iterator[Difference]:
    for lane in lanes:
        for prices in lane["prices"]:
            for meter in METERS:
                if prices[meter] is None:
                    continue
                ours = Decimal(prices[meter]["price"])
                for peer in PEERS:
                    theirs = unit_price(peer, lane["model_id"], lane["region"], meter, prices["request"])
                    if theirs is None or not same(ours, theirs):
                        yield Difference(
                            peer.name, lane["model"], lane["scope"], lane["region"],
                            meter, prices["request"], ours, theirs,
                        )  # fmt: skip


def is_of(reason: dict, found: Difference) -> bool:
    def fits(value: str, patterns: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)

    return (
        found.peer == reason["peer"]
        and fits(found.model, reason["models"])
        and fits(found.scope, reason.get("scopes", ["*"]))
        and fits(found.region, reason.get("regions", ["*"]))
        and fits(found.meter, reason.get("meters", ["*"]))
    )


def explained(found: list[Difference], reasons: list[dict]) -> tuple[list[str], list[Difference]]:
    """The wrong prices as text, under the first reason that fits each, and those that none fits."""
    groups: dict[int, list[Difference]] = defaultdict(list)
    unreviewed = []
    for difference in found:
        number = next((n for n, reason in enumerate(reasons) if is_of(reason, difference)), None)
        if number is None:
            unreviewed.append(difference)
        else:
            groups[number].append(difference)
    lines = []
    for number, reason in enumerate(reasons):
        head = f"{reason['peer']}: {reason['why']}"
        if number not in groups:
            lines += ["", f"{head} (no longer so)"]
            continue
        lines += ["", head, f"  right: {reason['right']}; {reason['evidence']}", *listed(groups[number])]
    return lines, unreviewed


def listed(found: list[Difference]) -> Iterator[str]:
    """One line for each model as it is called, the book's price before the peer's."""
    lanes: dict[tuple, list[str]] = defaultdict(list)
    for one in found:
        lanes[one.model, one.scope, one.region, one.request].append(f"{one.meter} {one.ours} {one.theirs:f}")
    for (model, scope, region, request), prices in lanes.items():
        yield f"    {model}, {scope}, {region}, {request:,} tokens: {'; '.join(prices)}"


# What comes before the model in the keys of litellm's table.
PREFIX = re.compile(r"^(bedrock(_mantle|_converse)?/)?([a-z-]+-\d+/)?((us|us-gov|eu|apac|au|jp|ca|in|global)\.)?")


def only_theirs(book: list[str]) -> list[str]:
    """Text models of Bedrock that litellm has a price for and the book has not."""
    theirs = {
        PREFIX.sub("", key)
        for key, info in litellm.model_cost.items()
        if info.get("litellm_provider", "").startswith("bedrock")
        and info.get("mode") == "chat"
        and info.get("input_cost_per_token")
        and "commitment" not in key
    }
    return sorted(theirs - set(book))


def main() -> None:
    ours = json.loads((FOLDER / "ours.json").read_text())
    records = [
        Record(**json.loads(line)) for line in (FOLDER / "records.jsonl").read_text().splitlines()
    ]
    dollars = [Decimal(amount) for amount in ours["dollars"]]
    assert datetime.fromisoformat(ours["day"]).date() == DAY.date()
    book = ours["book"]
    version = tomllib.loads((HERE.parent.parent / "Cargo.toml").read_text())["package"]["version"]
    measured = rows(records, dollars)
    print(f"{len(records):,} records of {book['text_models']} text models, called in {len(ours['lanes'])} ways")
    print(f"one thread, {platform.machine()}, Python {platform.python_version()}, prices of {ours['day']}\n")
    print(*table(version, book, ours["pass_seconds"], len(records), measured), sep="\n")

    found = list(differences(ours["lanes"]))
    reasons = tomllib.loads((HERE / "peer_differences.toml").read_text())["difference"]
    lines, unreviewed = explained([one for one in found if one.theirs is not None], reasons)
    print("\nPrices that differ, for a million tokens: the book's before the peer's", *lines, sep="\n")
    for peer in PEERS:
        missing = sorted({one.model for one in found if one.peer == peer.name and one.theirs is None})
        print(f"\n{peer.name} has no price for a meter of {len(missing)} models: {', '.join(missing)}")
    print(f"\nOnly litellm has a price for: {', '.join(only_theirs(book['ids'])) or 'none'}")
    if unreviewed:
        print("\nNot reviewed:", *listed(unreviewed), sep="\n")
        sys.exit("peer_differences.toml does not explain every difference")


if __name__ == "__main__":
    main()
