"""What a large run takes: a simulation of rows, latency and limits -> time, cost, machines.

    python docs/generate_plan.py                     fills the table of docs/guides/clusters.md
    python docs/generate_plan.py --rows 2e6 --latency 3 --rpm 10000 --in-flight 512 --processes 4     a plan of your own

The documentation is built with what it finds, and a test compares the page with it. The limits are those that
`limited` keeps (`middleware/limits/bucket.py`); seconds, dollars and tokens are the scenario's.
"""

import argparse
import heapq
import json
import math
import random
import re
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path

from aikido_llm.middleware.limits.bucket import Bucket

PAGE = Path(__file__).parent / "guides" / "clusters.md"
MEASURED = Path(__file__).parent / "benchmarks" / "bulk.json"  # by benchmarks/cluster.py
_BLOCK = re.compile(r"(<!-- (plan|measured) -->\n).*?(<!-- end -->)", re.DOTALL)
_SAMPLE = 20_000  # rows that are played; the rest goes on as the second half of them did
_MINUTE = 60.0


@dataclass(frozen=True)
class Plan:
    """What is asked, of whom, and by what.

    latency: median seconds of an answer; spread: of its logarithm (0.6: one in a hundred takes four times as long).
    in_flight: rows under way in each of so many processes, of which a machine has one a core.
    rpm, tpm: requests and tokens a minute that the account allows; 0 for no limit.
    input_tokens, output_tokens: of a row. input_price, output_price: dollars a million of them.
    capacity: rows a second that one process can do when nothing else bounds it (measured: see the guide).
    """

    rows: float = 1e6
    latency: float = 2.0
    spread: float = 0.6
    in_flight: int = 64
    processes: int = 1
    cores: int = 2
    rpm: float = 0
    tpm: float = 0
    input_tokens: float = 600
    output_tokens: float = 150
    input_price: float = 0.25
    output_price: float = 2.0
    capacity: float = 600

    @property
    def row_cost(self) -> float:
        return (self.input_tokens * self.input_price + self.output_tokens * self.output_price) / 1e6

    @property
    def machines(self) -> int:
        return math.ceil(self.processes / self.cores)


@dataclass(frozen=True)
class Outcome:
    """seconds: of the whole run; rate: rows a second; bound: what most rows wait for before they are sent."""

    seconds: float
    rate: float
    bound: str


def simulate(plan: Plan) -> Outcome:
    """Each row is asked by whichever process can first: one with a place free that is not busy with another row. Then
    it waits its turn for the limits, which all share."""
    rng = random.Random(1)
    count = int(min(plan.rows, max(_SAMPLE, 6 * plan.in_flight * plan.processes)))
    places = [[0.0] * plan.in_flight for _ in range(plan.processes)]
    ready = [(0.0, process, "") for process in range(plan.processes)]
    buckets = {
        "requests a minute": Bucket(plan.rpm / _MINUTE, plan.rpm / 10, 0.0) if plan.rpm else None,
        "tokens a minute": Bucket(plan.tpm / _MINUTE, plan.tpm / 10, 0.0) if plan.tpm else None,
    }
    bounds: Counter[str] = Counter()
    sent: list[float] = []
    turn = last = 0.0
    for number in range(count):
        at, process, bound = heapq.heappop(ready)
        turn = max(turn, at)
        tokens = rng.lognormvariate(-0.125, 0.5) * (plan.input_tokens + plan.output_tokens)
        for (name, bucket), wanted in zip(buckets.items(), (1.0, tokens), strict=True):
            wait = bucket.wait(wanted, turn) if bucket else 0.0
            if bucket and wait:
                bound, turn = name, turn + wait
                bucket.wait(wanted, turn)
            if bucket:
                bucket.take(wanted)
        bounds[bound] += number > count // 2
        sent.append(turn)
        last = max(last, done := turn + plan.latency * rng.lognormvariate(0.0, plan.spread))
        heapq.heapreplace(places[process], done)
        busy, place = turn + 1 / plan.capacity, places[process][0]
        heapq.heappush(ready, (max(busy, place), process, "rows under way" if place > busy else "processes"))
    half = count // 2
    rate = (count - half) / (sent[-1] - sent[half])
    seconds = last + (plan.rows - count) / rate
    return Outcome(seconds, plan.rows / seconds, bounds.most_common(1)[0][0])


LAPTOP = Plan(cores=1)
CLOUD = Plan(cores=2)
PLANS = {
    "a laptop": replace(LAPTOP, in_flight=64),
    "the same, more under way": replace(LAPTOP, in_flight=256),
    "the same, as much as one process bears": replace(LAPTOP, in_flight=2000),
    "a machine, 5,000 requests a minute": replace(CLOUD, in_flight=1024, rpm=5_000),
    "a machine, 30,000 requests a minute": replace(CLOUD, in_flight=1024, processes=2, rpm=30_000),
    "the same, and 10 million tokens": replace(CLOUD, in_flight=1024, processes=2, rpm=30_000, tpm=10e6),
    "four machines, no limits": replace(CLOUD, in_flight=512, processes=8),
    "twenty machines, no limits": replace(CLOUD, in_flight=512, processes=40),
}


def table() -> list[str]:
    lines = [
        "| 1,000,000 rows | under way | processes | machines | rows/s | takes | bound by | a kill costs at most |",
        "|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    for name, plan in PLANS.items():
        found = simulate(plan)
        under_way = plan.in_flight * plan.processes
        cells = (f"{under_way:,}", str(plan.processes), str(plan.machines), f"{found.rate:,.0f}", took(found.seconds))
        lost = f"${under_way * plan.row_cost:.2f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {found.bound} | {lost} |")
    return lines


def said() -> list[str]:
    plan = Plan()
    cost = plan.rows * plan.row_cost
    return [
        f"Rows of {plan.input_tokens:g} tokens in and {plan.output_tokens:g} out, ${plan.input_price:g} and "
        f"${plan.output_price:g} a million tokens: **${cost:,.0f}** for the million, whichever way it is asked; "
        f"a hosted batch at half the price ${cost / 2:,.0f}.",
        f"Half of the answers take less than {plan.latency:g} s, one in a hundred more than "
        f"{plan.latency * math.exp(2.326 * plan.spread):.0f} s. A process does {plan.capacity:g} rows/s at most.",
    ]


def took(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"


def filled(text: str) -> str:
    """The page as it should be."""
    blocks = {"plan": [*said(), "", *table()], "measured": measured()}
    return _BLOCK.sub(lambda found: "\n".join([found[1], *blocks[found[2]], "", found[3]]), text)


def measured() -> list[str]:
    """What benchmarks/cluster.py has found, and on which machine."""
    data = json.loads(MEASURED.read_text("utf-8"))
    rates: dict[str, dict[str, float]] = data["rows/s"]
    at_once = list(next(iter(rates.values())))
    return [
        f"{data['date']}, {data['cores']} cores, Python {data['python']}, Ray {data['ray']}; a server in a process of "
        f"its own answers after {data['late_ms']} ms. The load, most of it other work: {data['load']:.0f}. So "
        "these are lower bounds, and noisy ones.",
        "",
        f"| rows/s, under way in each process: | {' | '.join(at_once)} |",
        "|---|" + "---:|" * len(at_once),
        *(f"| {name} | {' | '.join(f'{of[at]:,.0f}' for at in at_once)} |" for name, of in rates.items()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in fields(Plan):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float)
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    if not given:
        PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
        return
    whole = {name: int(value) for name, value in given.items() if name in ("in_flight", "processes", "cores")}
    plan = replace(Plan(), **{**given, **whole})
    found = simulate(plan)
    cost, lost = plan.rows * plan.row_cost, plan.in_flight * plan.processes * plan.row_cost
    print(f"{took(found.seconds)}, {found.rate:,.0f} rows/s, bound by {found.bound}; {plan.machines} machines")
    print(f"${cost:,.2f}; a kill costs at most ${lost:.2f}")


if __name__ == "__main__":
    main()
