"""What recorded answers look like, and whether what the test server writes could stand among them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.rules import as_list, as_object
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.response import FinishReason
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage
from tests.corpus import load

ODD: list[Any] = [None, "", " ", 0, -1, 1.5, True, [], {}, [[]], [None], {"type": []}, [{"type": {}}], "x" * 300]
START, END = "(start)", "(end)"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
FULL = Usage(100, 40, cache_read_tokens=30, cache_write_tokens=20, reasoning_tokens=10)
CALLS = (ToolCall("call_1", "geo", '{"q":"Oslo, é\\n"}'), ToolCall("call_2", "now"))
IMAGES = (ImagePart(data=PNG),)
ANSWERS: dict[str, Answer] = {
    "text": Answer(text="Hello there,\n big  world! "),
    "empty": Answer(),
    "all counts": Answer(text="Hello", thinking="Let me see.", usage=FULL),
    "no counts": Answer(text="Hello", usage=Usage()),
    "thinking": Answer(text="Hello", thinking="Let me see.", signature="c2lnbmVk"),
    "calls": Answer(tool_calls=CALLS, usage=FULL),
    "planned calls": Answer(thinking="I will look it up.", tool_calls=CALLS),
    "text and calls": Answer(text="One moment.", tool_calls=CALLS, chunk=1),
    "length": Answer(text="Hello wo", finish_reason=FinishReason.length),
    "length in a call": Answer(tool_calls=(ToolCall("call_1", "geo", '{"q": "Os'),), finish_reason=FinishReason.length),
    "filtered": Answer(text="Hello wo", finish_reason=FinishReason.content_filter),
    "filtered at once": Answer(finish_reason=FinishReason.content_filter),
    "error": Answer(text="Hello wo", finish_reason=FinishReason.error, message="It broke."),
}


def paths(value: Any, at: str = "", opaque: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of a JSON value down to its leaves, list positions left out; nothing below the `opaque` ones."""
    if at and at.endswith(opaque or ("\0",)):
        yield at
        return
    whole, items = as_object(value), as_list(value)
    if items is None:
        yield at
    for item in items or ():
        yield from paths(item, f"{at}[]", opaque)
    for key, item in (whole or {}).items():
        yield from paths(item, f"{at}.{key}", opaque)


def sse(body: bytes) -> list[tuple[str, str]]:
    """(event name, data) of every event; naive, for whole and proper streams."""
    blocks = body.decode().replace("\r\n", "\n").split("\n\n")
    found: list[tuple[str, str]] = []
    for block in blocks:
        fields = [line.partition(":")[::2] for line in block.split("\n") if line]
        data = "\n".join(value.strip() for name, value in fields if name == "data")
        name = "".join(value.strip() for name, value in fields if name == "event")
        if data:
            found.append((name, data))
    return found


class Shapes:
    """The key paths per event type, how often all events of a type have one, and which type follows which.

    opaque: paths under which users name the keys. inner: the key under which events hold what a whole body is.
    """

    def __init__(self, opaque: tuple[str, ...] = (), inner: str = "") -> None:
        self.opaque = opaque
        self.inner = inner
        self.events: Counter[str] = Counter()
        self.paths: dict[str, Counter[str]] = {}
        self.steps: set[tuple[str, str]] = set()

    def add(self, kind: str, value: Any) -> None:
        self.events[kind] += 1
        self.paths.setdefault(kind, Counter()).update(set(paths(value, "", self.opaque)))

    def add_stream(self, body: bytes) -> None:
        last = START
        for _, data in sse(body):
            kind = data
            if data.startswith("{"):
                value = cast("dict[str, Any]", json.loads(data))
                kind = str(value.get("type", ""))
                if self.inner in value:  # the same object in several events has one shape
                    self.add("body", value.pop(self.inner))
                self.add(kind, value)
            self.steps.add((last, kind))
            last = kind
        self.steps.add((last, END))

    def always(self, kind: str) -> set[str]:
        """The paths that every event of a kind has."""
        return {path for path, count in self.paths[kind].items() if count == self.events[kind]}


def strange(ours: Shapes, recorded: Shapes) -> dict[str, set[str]]:
    """Our key paths that no recording has, by event type."""
    found = {kind: set(counts) - set(recorded.paths.get(kind, ())) for kind, counts in ours.paths.items()}
    return {kind: extra for kind, extra in found.items() if extra}


def lacking(ours: Shapes, recorded: Shapes, but: str = "\0") -> dict[str, set[str]]:
    """Key paths that every recorded event of a type has and some event of ours lacks. but: leave those with it out."""
    both = [kind for kind in ours.paths if kind in recorded.paths]
    found = {kind: {p for p in recorded.always(kind) - ours.always(kind) if but not in p} for kind in both}
    return {kind: missing for kind, missing in found.items() if missing}


def good(protocol: str, providers: tuple[str, ...], *, stream: bool) -> Iterator[load.Exchange]:
    """The recorded answers with status 200 that came from these hosts."""
    for exchange in load.exchanges(protocol):
        if exchange.status == 200 and exchange.stream == stream and exchange.provider in providers:
            yield exchange


def damaged(body: Any) -> Iterator[Any]:
    """Copies of a request, each with one value replaced by something else or left out."""
    text = json.dumps(body)
    for place in _places(body):
        for other in ODD:
            copy = json.loads(text)
            _at(copy, place[:-1])[place[-1]] = other
            yield copy
        if isinstance(place[-1], str):
            copy = json.loads(text)
            del _at(copy, place[:-1])[place[-1]]
            yield copy
    yield from (None, [], "x", 1, {})


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items: list[tuple[str | int, Any]] = [*(as_object(value) or {}).items(), *enumerate(as_list(value) or ())]
    for key, item in items:
        yield (*at, key)
        yield from _places(item, (*at, key))


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        value = value[key]
    return value
