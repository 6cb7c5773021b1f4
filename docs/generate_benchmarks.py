"""Fills the tables of docs/benchmarks.md and README.md from docs/benchmarks/results.json and bulk.json:
`python docs/generate_benchmarks.py`.

`make bench-peers` writes those numbers and runs this. A test compares the pages with them, so none is copied by hand.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGES = (DOCS / "benchmarks.md", DOCS.parent / "README.md")
RESULTS = DOCS / "benchmarks" / "results.json"
CLUSTER = DOCS / "benchmarks" / "bulk.json"  # by benchmarks/cluster.py

Row = dict[str, Any]
_BLOCK = re.compile(r"(<!-- numbers: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Results:
    def __init__(self, data: dict[str, Any]) -> None:
        self.machine: dict[str, Any] = data["machine"]
        self.peers: dict[str, str] = data["peers"]
        self.rows: list[Row] = data["rows"]

    def of(self, benchmark: str, who: str = "ours") -> list[Row]:
        return [row for row in self.rows if row["benchmark"] == benchmark and row["who"] == who]

    def one(self, benchmark: str, case: str, who: str = "ours") -> Row | None:
        return next((row for row in self.of(benchmark, who) if row["case"] == case), None)

    def who(self, benchmark: str) -> list[str]:
        return [name for name in self.peers if self.of(benchmark, name)]


def filled(page: Path) -> str:
    """The page as it should be."""
    results = Results(json.loads(RESULTS.read_text(encoding="utf-8")))
    text = page.read_text(encoding="utf-8")
    return _BLOCK.sub(lambda found: f"{found[1]}{_block(results, found[2])}{found[3]}", text)


def _block(results: Results, name: str) -> str:
    return "".join(f"{line}\n" for line in ("", *_TABLES[name](results), ""))


def _machine(results: Results) -> Iterator[str]:
    machine = results.machine
    ours = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    peers = ", ".join(f"{name} {version}" for name, version in results.peers.items())
    yield f"- **Date**: {machine['date']}."
    yield f"- **Machine**: {machine['cores']} cores, {machine['processor']}, {machine['system']}."
    yield f"- **Versions**: Python {machine['python']}, {ours}."
    yield f"- **Beside**: {peers}."


def _goals(results: Results) -> Iterator[str]:
    judged = [row for row in results.rows if row["goal"]]
    short = [row for row in judged if row["verdict"] == "SHORT"]
    yield f"**{len(judged) - len(short)} of {len(judged)} goals met.** Short:"
    yield ""
    yield "| benchmark | case | who | measured | goal |"
    yield "|---|---|---|---:|---:|"
    for row in short:
        who = row["who"]
        yield f"| {row['benchmark']} | {row['case']} | {who} | {_value(row)} {row['unit']} | {row['goal']} |"


def _events(results: Results) -> Iterator[str]:
    yield from _table("wire", ("coalesced", "one per write"), results.of("end_to_end"), _judged)


def _events_peers(results: Results) -> Iterator[str]:
    cases = list(dict.fromkeys(row["case"].rpartition(", ")[0] for row in results.of("end_to_end")))
    yield from _beside(results, {case: case for case in cases})


def _beside_readme(results: Results) -> Iterator[str]:
    names = {"openai_chat": "OpenAI chat", "anthropic_messages": "Anthropic"}
    yield from _beside(results, {**names, "gemini_generate": "Gemini", "ollama_chat": "Ollama"})


def _beside(results: Results, cases: dict[str, str]) -> Iterator[str]:
    """cases: of the benchmark, and what to call them."""
    yield f"| library | {' | '.join(cases.values())} |"
    yield "|---|" + "---:|" * len(cases)
    for who in results.who("end_to_end"):
        cells: list[str] = []
        for case in cases:
            rows = [results.one("end_to_end", f"{case}, {shape}", who) for shape in ("coalesced", "one per write")]
            cells.append(", ".join(_value(row) for row in rows if row))
        yield f"| {who} {results.peers[who]} | {' | '.join(cells)} |"


def _framing(results: Results) -> Iterator[str]:
    yield from _table("wire", ("coalesced", "one per read"), results.of("framing"), _with_spread)


def _decode(results: Results) -> Iterator[str]:
    yield "| wire | × floor | ns an event |"
    yield "|---|---:|---:|"
    for row in results.of("decode"):
        yield f"| {row['case']} | {_with_spread(row)} | {row['details']['ns']:,.0f} |"


def _small(results: Results) -> Iterator[str]:
    yield from _table("wire", ("1 at once", "64 at once"), results.of("small"), _judged)


def _requests_peers(results: Results) -> Iterator[str]:
    """Small requests and first events beside others."""
    wires = ("openai_chat", "anthropic_messages", "gemini_generate")
    yield "| library | " + " | ".join(f"{wire}: 1, 64 at once" for wire in wires) + " | first event |"
    yield "|---|" + "---:|" * (len(wires) + 1)
    for who in results.who("small"):
        cells: list[str] = []
        for wire in wires:
            rows = [results.one("small", f"{wire}, {at_once} at once", who) for at_once in (1, 64)]
            cells.append(", ".join(_value(row) for row in rows if row))
        first = ", ".join(_value(row) for row in results.of("first_event", who))
        yield f"| {who} | {' | '.join(cells)} | {first} |"


def _first(results: Results) -> Iterator[str]:
    yield "| wire | CPU | µs | wall time, µs | floor |"
    yield "|---|---:|---:|---:|---:|"
    for row in results.of("first_event"):
        said = row["details"]
        cells = (said["cpu µs"], said["wall µs"], said["floor wall µs"])
        judged = f"{_with_spread(row)} × floor {_verdict(row)}".rstrip()
        yield f"| {row['case']} | {judged} | {' | '.join(f'{cell:,.0f}' for cell in cells)} |"


def _paced(results: Results) -> Iterator[str]:
    yield "| | p99 lag | ms (floor) | CPU | memory a stream (floor) |"
    yield "|---|---:|---:|---:|---:|"
    for streams in ("100 streams", "1000 streams", "2000 streams"):
        lag, cpu, memory = (results.one("paced", f"{streams}, {what}") for what in ("p99 lag", "CPU", "memory"))
        if lag and cpu and memory:
            said = lag["details"]
            times = f"{said['p99 ms']:.1f} ({said['floor p99 ms']:.1f})"
            size = f"{memory['value']:.0f} kB ({memory['details']['floor kB']:.0f})"
            yield f"| {streams} | {_judged(lag)} | {times} | {_with_spread(cpu)} | {size} {_verdict(memory)} |"


def _paced_peers(results: Results) -> Iterator[str]:
    yield "| library, 100 streams | CPU, × ours | p99 lag, ms | kB a stream |"
    yield "|---|---:|---:|---:|"
    for who in results.who("paced"):
        for row in results.of("paced", who):
            said = row["details"]
            yield f"| {who} | {_with_spread(row)} | {said['p99 ms']:,.0f} | {said['kB a stream']:.0f} |"


def _images(results: Results) -> Iterator[str]:
    yield "| | CPU, × floor | peak, × decoded | longest hold of the loop, ms |"
    yield "|---|---:|---:|---:|"
    cases = dict.fromkeys(row["case"].rpartition(", ")[0] for row in results.of("images"))
    for case in cases:
        cpu, peak, stall = (results.one("images", f"{case}, {what}") for what in ("CPU", "peak", "stall"))
        if cpu and peak and stall:
            held = f"{_judged(stall)} (floor {stall['details']['floor']:.0f})"
            yield f"| {case} | {_judged(cpu)} | {_judged(peak)} | {held} |"


def _documents(results: Results) -> Iterator[str]:
    """Wires down, shapes across: times the size; in brackets the longest hold of the loop."""
    rows = results.of("documents")
    found = [(row, *row["case"].partition(" body, ")[::2]) for row in rows if " body, " in row["case"]]
    shapes = list(dict.fromkeys(shape for _, _, shape in found))
    yield f"| wire | {' | '.join(shapes)} |"
    yield "|---|" + "---:|" * len(shapes)
    for wire in dict.fromkeys(wire for _, wire, _ in found):
        cells = {shape: f"{_value(row)} {_verdict(row)}".rstrip() for row, of, shape in found if of == wire}
        yield f"| {wire} | {' | '.join(cells.get(shape, '') for shape in shapes)} |"
    yield ""
    yield "| | memory, × size | longest hold of the loop, ms |"
    yield "|---|---:|---:|"
    for row in rows:
        if row not in [one for one, _, _ in found]:
            yield f"| {row['case']} | {_judged(row)} | {row['details']['held ms']:.0f} |"


def _images_peers(results: Results) -> Iterator[str]:
    yield "| library | | CPU, × ours | peak, × decoded | longest hold, ms |"
    yield "|---|---|---:|---:|---:|"
    for who in results.who("images"):
        for row in results.of("images", who):
            said = row["details"]
            case = row["case"].removesuffix(", CPU")
            yield f"| {who} | {case} | {_with_spread(row)} | {said['× decoded']:.1f} | {said['stall ms']:.0f} |"


def _start(results: Results) -> Iterator[str]:
    yield "| | CPU, ms | modules | installed, MB | packages |"
    yield "|---|---:|---:|---:|---:|"
    for row in results.of("imports"):
        size = results.one("install_size", "with dependencies") if row["case"] == "import" else None
        yield f"| ours: {row['case']} | {_judged(row)} | {row['details']['modules']} | {_installed(size)} |"
    for who in results.who("imports"):
        found = results.one("imports", "import", who)
        size = results.one("install_size", "with dependencies", who)
        if found:
            yield f"| {who} | {_value(found)} | {found['details']['modules']} | {_installed(size)} |"


def _installed(size: Row | None) -> str:
    return f"{size['value']:.1f} | {size['details']['packages']}" if size else "|"


def _table(head: str, columns: tuple[str, ...], rows: list[Row], cell: Callable[[Row], str]) -> Iterator[str]:
    """Rows whose case is `NAME, COLUMN`."""
    yield f"| {head} | {' | '.join(columns)} |"
    yield "|---|" + "---:|" * len(columns)
    by_case = {row["case"]: row for row in rows}
    for name in dict.fromkeys(case.rpartition(", ")[0] for case in by_case):
        cells = (by_case.get(f"{name}, {column}") for column in columns)
        yield f"| {name} | {' | '.join(cell(row) if row else '' for row in cells)} |"


def _value(row: Row) -> str:
    value = row["value"]
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def _with_spread(row: Row) -> str:
    return f"{_value(row)} ±{row['spread']:.2f}" if row["spread"] else _value(row)


def _judged(row: Row) -> str:
    return f"{_with_spread(row)} {_verdict(row)}".rstrip()


def _verdict(row: Row) -> str:
    return {"met": "met", "SHORT": "**short**"}.get(row["verdict"], "")


def _limits(results: Results) -> Iterator[str]:
    yield from _listed("being let pass", results.of("limits"))


def _conversation(results: Results) -> Iterator[str]:
    yield from _listed("the next request", results.of("conversation"))


def _connections(results: Results) -> Iterator[str]:
    yield from _listed("calls of a new client", results.of("connections"))


def _middleware(results: Results) -> Iterator[str]:
    yield from _listed("around a client", results.of("middleware"))


def _listed(what: str, rows: list[Row]) -> Iterator[str]:
    yield f"| {what} | |"
    yield "|---|---:|"
    for row in rows:
        yield f"| {row['case']} | {_with_spread(row)} {row['unit']} {_verdict(row)} |"


def _bulk(results: Results) -> Iterator[str]:
    yield "| `bulk.map` with its log | |"
    yield "|---|---:|"
    for row in results.of("bulk"):
        said = f"{row['details']['µs CPU a row more']:,.0f} µs of CPU a row more" if row["details"] else ""
        yield f"| {row['case']} | {_value(row)} {row['unit']} {_verdict(row)}{f' ({said})' if said else ''} |"


def _cluster(_: Results) -> Iterator[str]:
    """What benchmarks/cluster.py has found last, in a file of its own, for Ray has an environment of its own."""
    if not CLUSTER.exists():
        yield "Not measured: it needs Ray (`make ray`)."
        return
    data = json.loads(CLUSTER.read_text(encoding="utf-8"))
    rates: dict[str, dict[str, float]] = data["rows/s"]
    yield (f"{data['date']}, {data['cores']} cores, Ray {data['ray']}, Python {data['python']}, beside a load of"
           f" {data['load']:.0f} of other work.")  # fmt: skip
    yield ""
    yield f"| rows under way in each process | {' | '.join(rates['bare loop'])} | goal |"
    yield "|---|" + "---:|" * (len(rates["bare loop"]) + 1)
    for who, beside, goal in _CLUSTER_GOALS:
        if beside not in rates:
            yield f"| {who}, × {beside} |{' |' * len(rates['bare loop'])} skipped: {beside} was not installed |"
            continue
        found = [rates[who][at] / rates[beside][at] for at in rates[beside]]
        cells = [f"{ratio:.2f} {'met' if ratio >= goal else '**short**'}" for ratio in found]
        yield f"| {who}, × {beside} | {' | '.join(cells)} | ≥ {goal:g} |"


_CLUSTER_GOALS = (
    ("bulk.ray, one actor", "bare loop", 0.75),
    ("bulk.ray, two actors", "bare loop", 1.3),
    ("bulk.ray, one actor", "ray.data.llm", 15),
    ("bulk.ray, two actors", "ray.data.llm", 15),
)

_TABLES: dict[str, Callable[[Results], Iterator[str]]] = {
    "machine": _machine,
    "goals": _goals,
    "events": _events,
    "events_peers": _events_peers,
    "beside": _beside_readme,
    "framing": _framing,
    "decode": _decode,
    "small": _small,
    "first": _first,
    "requests_peers": _requests_peers,
    "paced": _paced,
    "paced_peers": _paced_peers,
    "images": _images,
    "documents": _documents,
    "images_peers": _images_peers,
    "start": _start,
    "limits": _limits,
    "bulk": _bulk,
    "cluster": _cluster,
    "conversation": _conversation,
    "connections": _connections,
    "middleware": _middleware,
}

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page), encoding="utf-8")
