"""Change x wire -> how often the Response was equal, an error, wrong, or could not be told from a right one."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

from attrs import evolve, frozen

from aikido_llm.types.response import Response
from tests.corpus import load
from tests.test_recorded_over_sockets import dialect_of
from tests.wire import Road, error_of, response_of

from .changes import HARMFUL, HARMLESS, Sent, sent

Verdict = Literal["equal", "error", "wrong", "cannot be seen"]

UNSEEN: dict[tuple[str, str], str] = {}
"""(change, wire) -> why the wire cannot show it."""

LARGEST = 60_000  # bytes of a body


@frozen
class Record:
    exchange: load.Exchange
    road: Road
    answer: Sent
    response: Response


@frozen
class Outcome:
    change: str
    wire: str
    verdict: Verdict
    record: Record
    changed: Sent
    said: object


@cache
def records() -> tuple[Record, ...]:
    """The recorded answers that are whole."""
    return tuple(record for exchange in load.exchanges() if (record := _record(exchange)) is not None)


def _record(exchange: load.Exchange) -> Record | None:
    if exchange.status != 200 or not exchange.body.strip() or len(exchange.body) > LARGEST:
        return None
    label = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    road = Road(dialect_of(exchange), stream=exchange.stream, content_type=label)
    events = road.read(exchange.body)
    return None if error_of(events) else Record(exchange, road, sent(exchange.body, label), response_of(events))


def tried(chosen: Iterable[Record], seed: int = 0) -> Iterator[Outcome]:
    """Every change on each of them."""
    others = _by_wire()
    for number, record in enumerate(chosen):
        dice = random.Random(f"{seed} {record.exchange.id} {number}")
        other = dice.choice(others[record.exchange.protocol, record.answer.kind])
        for name, change in (*HARMLESS.items(), *HARMFUL.items()):
            changed = change(record.answer, dice, other.answer)
            if changed is not None and (changed.body, changed.label) != (record.answer.body, record.answer.label):
                yield _judged(name, record, changed)


@cache
def _by_wire() -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records():
        found[record.exchange.protocol, record.answer.kind].append(record)
    return found


def _judged(name: str, record: Record, changed: Sent) -> Outcome:
    events = evolve(record.road, content_type=changed.label).read(changed.body)
    error, response = error_of(events), response_of(events)
    wire = record.exchange.protocol
    verdict: Verdict
    if error is not None:
        verdict = "error" if name in HARMFUL else "wrong"
    elif plain(response) == plain(record.response):
        verdict = "equal"
    else:
        verdict = "cannot be seen" if (name, wire) in UNSEEN else "wrong"
    return Outcome(name, wire, verdict, record, changed, error or response)


def plain(response: Response) -> Response:
    """Without what holds the fields that were added."""
    return evolve(response, provider_data={}, replay=())


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown: a row a change, a column a wire; each cell its counts."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        counts[outcome.change, outcome.wire][outcome.verdict] += 1
    lines = ["| change | " + " | ".join(load.PROTOCOLS) + " |", "|---|" + "---|" * len(load.PROTOCOLS)]
    for name in (*HARMLESS, *HARMFUL):
        cells = [_cell(counts[name, wire]) for wire in load.PROTOCOLS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "–"
