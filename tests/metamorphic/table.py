"""Change x wire -> how often the Response was equal, an error, wrong, or could not be told from a right one."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

from attrs import evolve, frozen

from aikido_llm.serialize import to_dict
from aikido_llm.types.response import Response
from tests.corpus import load
from tests.test_recorded_over_sockets import dialect_of
from tests.wire import Road, error_of, response_of

from .changes import HARMFUL, HARMLESS, ONCE, Sent, sent

Verdict = Literal["equal", "error", "wrong", "cannot be seen"]

CONVERSE, INVOKE = "bedrock-converse", "bedrock-invoke"
WIRES = (*load.PROTOCOLS, CONVERSE, INVOKE)
MIXED, LOST = "two answers mixed", "one frame lost"
UNSEEN: dict[tuple[str, str], str] = {
    (MIXED, "openai-chat"): "its chunks have an id, but 7 of 354 recorded streams change it in the middle",
    (MIXED, "gemini"): "no event is a beginning, and its text is read without its id",
    (MIXED, "ollama-chat"): "its lines have no id",
    (MIXED, CONVERSE): "where the other has no messageStart, as few recorded streams: blocks name no answer",
    (LOST, "openai-chat"): "nothing is numbered and nothing is said twice",
    (LOST, "anthropic-messages"): "deltas are not numbered and not said again",
    (LOST, "gemini"): "nothing is numbered and nothing is said twice",
    (LOST, "cohere-v2"): "deltas are not numbered and not said again",
    (LOST, "ollama-chat"): "nothing is numbered and nothing is said twice",
    (LOST, CONVERSE): "deltas are not numbered and not said again",
    (LOST, INVOKE): "deltas are not numbered and not said again",
}
"""(change, wire) -> why the wire cannot show it."""

BEHIND_THE_END = "openai-chat"
"""There the finish reason is the end: the answer is whole without what comes behind it, the usage."""

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
    recorded = [*load.exchanges(), *(exchange for protocol in WIRES for exchange in load.further(protocol))]
    return tuple(record for exchange in recorded if (record := _record(exchange)) is not None)


def _record(exchange: load.Exchange) -> Record | None:
    if exchange.status != 200 or not exchange.body.strip() or len(exchange.body) > LARGEST:
        return None
    label = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    road = Road(dialect_of(exchange), stream=exchange.stream, content_type=label)
    events = road.read(exchange.body)
    if error_of(events) or response_of(events) != response_of(road.read(exchange.body)):  # call ids that are made anew
        return None
    return Record(exchange, road, sent(exchange.body, label), response_of(events))


def tried(chosen: Iterable[Record], seed: int = 0) -> Iterator[Outcome]:
    """Every change on each of them."""
    by_wire = _by_wire()
    for number, record in enumerate(chosen):
        dice = random.Random(f"{seed} {record.exchange.id} {number}")
        same = by_wire[record.exchange.protocol, record.answer.kind]
        others = [one for one in same if one.response.id != record.response.id or not one.response.id]
        other = dice.choice([one for one in others if one is not record] or [record])
        for name, change in (*HARMLESS.items(), *HARMFUL.items()):
            changed = None if name == MIXED and other is record else change(record.answer, dice, other.answer)
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
    elif ONCE.encode() in changed.body and ONCE not in json.dumps(to_dict(evolve(response, raw=None)), default=str):
        verdict = "wrong"
    elif plain(response) == plain(record.response):
        verdict = "equal"
    elif wire == BEHIND_THE_END and plain(evolve(response, usage=record.response.usage)) == plain(record.response):
        verdict = "cannot be seen"
    else:
        verdict = "cannot be seen" if (name, wire) in UNSEEN else "wrong"
    return Outcome(name, wire, verdict, record, changed, error or response)


def plain(response: Response) -> Response:
    """Without what holds the fields that were added."""
    bare = evolve(
        response,
        provider_data={},
        replay=(),
        tool_calls=tuple(evolve(call, provider_data=None) for call in response.tool_calls),
        citations=tuple(evolve(citation, provider_data={}) for citation in response.citations),
        server_tools=tuple(evolve(call, provider_data={}) for call in response.server_tools),
    )
    return evolve(bare, choices=tuple(map(plain, response.choices)))


def table(outcomes: Iterable[Outcome]) -> str:
    """Markdown: a row a change, a column a wire; each cell its counts."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        counts[outcome.change, outcome.wire][outcome.verdict] += 1
    lines = ["| change | " + " | ".join(WIRES) + " |", "|---|" + "---|" * len(WIRES)]
    for name in (*HARMLESS, *HARMFUL):
        cells = [_cell(counts[name, wire]) for wire in WIRES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "–"
