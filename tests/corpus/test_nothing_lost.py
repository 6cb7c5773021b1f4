"""Every value that a recorded answer holds is somewhere in our Response: typed, or in provider_data, on both roads.

A small reader walks the recorded JSON leaf by leaf and looks each up in the Response as plain data. What is left out
has its name and its reason here.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from aikido_llm.dialects.values import is_list, is_object
from aikido_llm.providers import find
from aikido_llm.serialize import to_dict
from tests.corpus.load import MISSING, Exchange, available, exchanges
from tests.wire import Road, error_of, response_of

pytestmark = pytest.mark.skipif(not available(), reason=MISSING)

ROWS = {"gemini": "gemini", "cohere-v2": "cohere", "ollama-chat": "ollama"}
FRAME = frozenset(("role", "index", "type", "done", "created_at", "createTime"))
"""What names the frame and not the answer."""
SAID = frozenset((
    "startIndex", "endIndex", "start", "end", "content_index",  # places, which are ours in other units
    "groundingChunkIndices", "willContinue", "jsonPath", "bytes", "thought", "outcome", "urlRetrievalStatus",
    "language", "data",  # pictures are bytes
))  # fmt: skip
"""What is told by where it ends up, or in another form."""
NOTHING = (None, "", "{}", "null")
LAST = frozenset(("usageMetadata", "usage", "safetyRatings", "finishMessage", "avgLogprobs", "promptFeedback"))
"""Of these the last value counts."""
UNSAID = frozenset(("arguments", "id", "thoughtSignature", "finishReason"))
"""Of an answer that failed: its calls, which are not handed out, and the reason before the one that counts."""


def values_of(exchange: Exchange) -> list[Any]:
    text = exchange.body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        lines = (line.removeprefix("data:").strip() for line in text.replace("\r\n", "\n").split("\n"))
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return value if is_list(value) else [value]


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """(the name above, value) of each text and number."""
    if is_object(value):
        for name, item in value.items():
            if name not in FRAME | SAID:
                yield from leaves(item, name)
    elif is_list(value):
        for item in value:
            yield from leaves(item, key)
    elif value not in NOTHING and not isinstance(value, bool):
        yield key, value


def without_earlier(values: list[Any]) -> list[Any]:
    """The chunks, with fields of LAST in the last chunk alone that has them."""
    seen: set[str] = set()

    def strip(value: Any) -> Any:
        if is_list(value):
            return [strip(item) for item in value]
        if not is_object(value):
            return value
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if name in LAST:
                if name in seen:
                    continue
                seen.add(name)
            kept[name] = item if name in LAST else strip(item)
        return kept

    return [strip(value) for value in reversed(values)][::-1]


def held(value: Any, texts: list[str], numbers: set[float]) -> None:
    """All texts and numbers of the Response, those inside JSON that it keeps as text too."""
    if is_object(value):
        for name, item in value.items():
            texts.append(str(name))
            held(item, texts, numbers)
    elif is_list(value):
        for item in value:
            held(item, texts, numbers)
    elif isinstance(value, str):
        texts.append(value)
        if value[:1] in "{[" and value:
            with suppress(ValueError):
                held(json.loads(value), texts, numbers)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        numbers.add(float(value))


@cache
def recorded() -> list[Exchange]:
    found = [e for protocol in ROWS for e in exchanges(protocol)] if available() else []
    return [e for e in found if e.status == 200]


def lost(exchange: Exchange) -> list[tuple[str, Any]]:
    content_type = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    road = Road(find(ROWS[exchange.protocol]).dialect, stream=exchange.stream, content_type=content_type)
    events = road.read(exchange.body)
    response = response_of(events)
    texts: list[str] = []
    numbers: set[float] = set()
    plain = to_dict(response)
    plain.pop("raw", None)
    held(plain, texts, numbers)
    error = error_of(events)
    texts.append(f"{error.message} {error.code}" if error is not None else "")
    joined = "\0".join(texts)
    found = [leaf for value in without_earlier(values_of(exchange)) for leaf in leaves(value)]
    if error is not None:
        found = [(name, value) for name, value in found if name not in UNSAID]
    return [
        (name, value)
        for name, value in found
        if (value not in joined if isinstance(value, str) else float(value) not in numbers)
    ]


@pytest.mark.parametrize("protocol", ROWS)
def test_nothing_is_unreachable(protocol: str) -> None:
    answers = [exchange for exchange in recorded() if exchange.protocol == protocol]
    assert len(answers) > 60
    missing = {exchange.id: lost(exchange)[:5] for exchange in answers}
    assert {id: values for id, values in missing.items() if values} == {}
