"""A conversation of 200 messages that goes on, turn by turn: a request to bytes, against encoding it from the start."""

import time
from collections.abc import Iterator, Sequence

import aikido_llm as llm
from aikido_llm.call.conversations import Conversations
from aikido_llm.codecs import json
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider

from .answers import STREAMED
from .measure import Goal, Row, Setting, median

_MESSAGES = 200


def run(setting: Setting) -> Iterator[Row]:
    for dialect, provider in STREAMED.items():
        row = find(provider)
        first, *further = _requests(setting.size(40, 4))
        taken: dict[str, list[float]] = {"on": [], "start": []}
        for number in range(setting.rounds(10) + 1):
            kept = Conversations(row.dialect, row.name)
            kept.encode(first, stream=False)  # what was sent before
            on, going_on = _timed(row, further, kept)
            start, from_the_start = _timed(row, further, None)
            if going_on != from_the_start:
                raise RuntimeError(f"{dialect}: not the same requests")
            if number:
                taken["on"].append(on)
                taken["start"].append(start)
        value, spread = median([on / start for on, start in zip(taken["on"], taken["start"], strict=True)])
        details = {"µs": median(taken["on"])[0] * 1e6, "from the start µs": median(taken["start"])[0] * 1e6}
        yield Row("conversation", dialect, "ours", value, "× from start", spread, Goal(0.2), details)


def _requests(turns: int) -> list[llm.Request]:
    """The first has 200 messages, each further one a turn more: questions and answers, each fourth with a call."""
    messages: list[llm.Message] = [llm.system("You are a helpful assistant. " * 10)]
    requests: list[llm.Request] = []
    tool = llm.ToolDef("search", "Searches.", {"type": "object", "properties": {"query": {"type": "string"}}})
    number = 0
    while len(requests) <= turns:
        messages.append(llm.user(f"Question {number}: " + "what it is about, " * 8))
        if len(messages) >= _MESSAGES:
            requests.append(llm.Request(messages, model="m", tools=[tool]))
        if number % 4 == 3:
            call = llm.ToolCall(f"call_{number}", "search", f'{{"query": "number {number}"}}')
            messages += [llm.assistant("", tool_calls=[call]), llm.tool(call, "what was found, " * 20)]
        messages.append(llm.assistant(f"Answer {number}: " + "what is known about it, " * 20))
        number += 1
    return requests


def _timed(row: Provider, requests: Sequence[llm.Request], kept: Conversations | None) -> tuple[float, list[bytes]]:
    """(CPU seconds a request, the bodies)."""
    begun = time.process_time()
    wires = (
        row.dialect.encode(request, stream=False, provider=row.name)
        if kept is None
        else kept.encode(request, stream=False)
        for request in requests
    )
    bodies = [json.dumps(wire.body) for wire in wires]
    return (time.process_time() - begun) / len(requests), bodies
