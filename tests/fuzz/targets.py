"""What is fuzzed, and what must hold: events or a typed error, the same however the bytes are cut, never anything else.

An input is two bytes and a body: which road the body takes, and how it is cut into pieces.
"""

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from attrs import frozen

from aikido_llm.codecs import json
from aikido_llm.dialects.base import Dialect, ErrorReply
from aikido_llm.dialects.verbs import Counts, Embeds, Reranks
from aikido_llm.errors import LLMError, MalformedStream, TooLargeError
from aikido_llm.framing import Frame, Framer
from aikido_llm.framing.eventstream import EventStreamFramer
from aikido_llm.framing.json_array import JSONArrayFramer
from aikido_llm.framing.lines import LineSplitter
from aikido_llm.framing.ndjson import NDJSONFramer
from aikido_llm.framing.sse import SSEFramer
from aikido_llm.types.events import EndEvent, Event
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.tools import ToolDef
from tests.binary import message
from tests.speakers import row_of
from tests.wire import Road, comparable

_TOOL = ToolDef("f", "", {"type": "object", "properties": {}})
REQUEST = Request((user("hi"),), model="m", tools=(_TOOL,), max_tokens=100)
STREAM, WHOLE, MISLABELLED, ERROR, MODELS = range(5)
"""Values of an input's first byte (modulo 5): the roads of a body."""
_STATUSES = (400, 401, 404, 413, 422, 429, 500, 503, 529, 299)
_MADE_ID = re.compile(r"call_[0-9a-f]{18}")  # without an id of the answer these are random


@frozen
class Target:
    """run: one input; raises whatever is a finding. rows: the providers whose quirks are tried, () for a framer."""

    name: str
    run: Callable[[bytes], None]
    rows: tuple[str, ...] = ()


def pieces(body: bytes, seed: int) -> Iterable[bytes]:
    """The body in pieces: seed 0 gives single bytes, the others more or less long ones."""
    if seed == 0:
        return [body[at : at + 1] for at in range(len(body))]
    rng = random.Random(seed)
    cut = sorted(rng.randrange(len(body) + 1) for _ in range(rng.randrange(1, 8)))
    return [body[start:end] for start, end in zip([0, *cut], [*cut, len(body)], strict=True)]


# ---------------------------------------------------------------- decoders


def _run_decoder(dialects: tuple[Dialect, ...], stream_type: str, data: bytes) -> None:
    if len(data) < 2:
        return
    mode, seed, body = data[0], data[1], data[2:]
    dialect = dialects[mode // 5 % len(dialects)]
    mode %= 5
    if mode == ERROR:
        _read_error(dialect, _STATUSES[seed % len(_STATUSES)], body)
    elif mode == MODELS:
        _read_documents(dialect, body)
    else:
        content_type = stream_type if mode == STREAM else "application/json"
        _read_answer(Road(dialect, mode != WHOLE, content_type, REQUEST), body, seed)


def _read_answer(road: Road, body: bytes, seed: int) -> None:
    events = road.read(body)
    assert shown(events) == shown(road.read(pieces(body, seed))), "another way of cutting gives other events"
    _send_back(road.dialect, events)


def shown(events: Iterable[Event]) -> str:
    """Events as text (NaN is not equal to itself), without ids that were made at random."""
    return _MADE_ID.sub("call_", repr(comparable(list(events))))


def _send_back(dialect: Dialect, events: list[Event]) -> None:
    """Whatever came as an answer can be sent as the turn before the next question, or is refused by a typed error."""
    last = events[-1]
    assert isinstance(last, EndEvent)
    request = Request((user("hi"), last.response.message, user("and then?")), model="m", max_tokens=100)
    try:
        wire = dialect.encode(request, stream=True, provider="test")
    except LLMError:
        return
    json.dumps(wire.body)


def _read_error(dialect: Dialect, status: int, body: bytes) -> None:
    error = dialect.decode_error(ErrorReply(status, {"content-type": "application/json"}, body))
    assert isinstance(error, LLMError)
    str(error)


def _read_documents(dialect: Dialect, body: bytes) -> None:
    """What is no answer: a model list, two vectors, the ranking of three documents, a count."""
    with suppress(LLMError):
        dialect.decode_models(body)
    if isinstance(dialect, Embeds) and dialect.embedding is not None:
        with suppress(LLMError):
            vectors = dialect.decode_embed(body, 2).vectors
            assert len(vectors) == 2
            assert len(vectors[0]) == len(vectors[1])
            assert all(map(math.isfinite, (*vectors[0], *vectors[1])))
    if isinstance(dialect, Reranks) and dialect.reranking is not None:
        with suppress(LLMError):
            places = [result.index for result in dialect.decode_rerank(body, 3).results]
            assert set(places) <= {0, 1, 2}
            assert len(set(places)) == len(places)
    if isinstance(dialect, Counts) and dialect.counts:
        with suppress(LLMError):
            assert dialect.decode_count(body) >= 0


# ---------------------------------------------------------------- framers

_CAPS = (16, 100, 1 << 20)


def _run_framer(make: Callable[[int], Framer], exact: bool, data: bytes) -> None:
    """exact: the cap, too, holds in the same place however the bytes are cut."""
    if len(data) < 2:
        return
    cap = _CAPS[data[0] % len(_CAPS)] if exact else _CAPS[-1]
    body = data[2:]
    assert _frames(make(cap), [body]) == _frames(make(cap), pieces(body, data[1]))


def _run_messages(data: bytes) -> None:
    """Event streams: as they are, and with checksums that hold, or no message would ever be opened."""
    if len(data) < 3:
        return
    body = data[3:]
    if data[2] & 1:
        size = 1 + data[2] // 2
        body = b"".join(_message(body[at : at + size]) for at in range(0, len(body), size))
    _run_framer(EventStreamFramer, True, data[:2] + body)


def _message(content: bytes) -> bytes:
    """content: how long its headers are, these, and the payload."""
    behind = 1 + content[0]
    return message(content[1:behind], content[behind:])


def _frames(framer: Framer, body: Iterable[bytes]) -> tuple[list[Frame], str]:
    out: list[Frame] = []
    try:
        for piece in body:
            framer.feed(piece, out)
    except (TooLargeError, MalformedStream) as error:
        return out, str(error)
    framer.close(out)
    return out, ""


def _run_lines(data: bytes) -> None:
    if len(data) < 2:
        return
    cap, body = _CAPS[data[0] % len(_CAPS)], data[2:]
    whole = _lines(cap, [body])
    assert whole == _lines(cap, pieces(body, data[1]))
    text = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if not whole[1]:
        assert whole[0] == text


def _lines(cap: int, body: Iterable[bytes]) -> tuple[list[bytes], bool]:
    splitter = LineSplitter(cap)
    out: list[bytes] = []
    for piece in body:
        out += splitter.feed(piece)
        if splitter.overflow:
            return out, True
    return [*out, splitter.close()], False


# ---------------------------------------------------------------- all of them


def _decoder(name: str, stream_type: str, *rows: str) -> Target:
    dialects = tuple(row_of(row).dialect for row in rows)
    return Target(name, lambda data: _run_decoder(dialects, stream_type, data), rows)


def _framer(name: str, make: Callable[[int], Framer], exact: bool = True) -> Target:
    return Target(name, lambda data: _run_framer(make, exact, data))


_SSE = "text/event-stream"
TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        _decoder("openai_chat", _SSE, "openai", "openrouter", "mistral", "deepseek", "groq", "chutes", "vllm"),
        _decoder("openai_responses", _SSE, "openai-responses"),
        _decoder("anthropic_messages", _SSE, "anthropic"),
        _decoder("gemini_generate", _SSE, "gemini"),
        _decoder("cohere_chat", _SSE, "cohere"),
        _decoder("ollama_chat", "application/x-ndjson", "ollama"),
        _decoder("bedrock_converse", "application/vnd.amazon.eventstream", "bedrock-converse"),
        _decoder("bedrock_invoke", "application/vnd.amazon.eventstream", "bedrock:invoke"),
        _framer("sse", SSEFramer),
        _framer("ndjson", NDJSONFramer),
        _framer("json_array", lambda cap: JSONArrayFramer(cap, cap), exact=False),
        Target("eventstream", _run_messages),
        Target("lines", _run_lines),
    )
}
