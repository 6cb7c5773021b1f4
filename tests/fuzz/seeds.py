"""Where fuzzing begins: the answers written by hand in tests/dialects, the test kit's own, and recorded ones."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from inspect import Parameter, signature
from typing import Any
from unittest.mock import patch

from aikido_llm.dialects.base import WireRequest
from aikido_llm.dialects.verbs import Counts, EmbedRequest, Embeds, EmbedsByModel, RerankRequest, Reranks
from aikido_llm.testing import Answer
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Further, Received
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.tools import ToolCall
from tests.binary import event
from tests.corpus import load
from tests.fuzz.targets import ERROR, MODELS, REQUEST, STREAM, TARGETS, WHOLE
from tests.speakers import row_of
from tests.wire import Road

_PROTOCOLS = {
    "openai_chat": "openai-chat",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic-messages",
    "gemini_generate": "gemini",
    "cohere_chat": "cohere-v2",
    "ollama_chat": "ollama-chat",
    "bedrock_converse": "bedrock-converse",
    "bedrock_invoke": "bedrock-invoke",
}
_DECODERS_OF = {"sse": ("openai_chat", "anthropic_messages"), "ndjson": ("ollama_chat",), "json_array": (),
                "lines": ("cohere_chat", "ollama_chat"),
                "eventstream": ("bedrock_converse", "bedrock_invoke")}  # fmt: skip
_LIST = b'\x02\x01 [{"a": "]\\"[", "b": [1, {"c": []}]},\r\n{"d": "\\\\"}, [2]]  {"error": {}}'
_MESSAGES = b"\x02\x01\x00" + event("contentBlockDelta", b'{"delta":{"text":"a"}}') + event("messageStop")
LARGEST = 12_000  # bytes of a seed
_RECORDED = 150  # of each protocol


def seeds(name: str) -> list[bytes]:
    """Inputs for a target, without repetition."""
    if not TARGETS[name].rows:
        found: Iterable[bytes] = [
            _LIST,
            b"\x02\x01plain",
            _MESSAGES,
            *(s for d in _DECODERS_OF[name] for s in seeds(d)[:60]),
        ]
    else:
        found = (*by_kit(name), *by_hand(name), *recorded(name))
    return list(dict.fromkeys(seed for seed in found if len(seed) <= LARGEST))


def _seed(road: int, body: bytes, cut: int = 1) -> bytes:
    return bytes((road, cut)) + body


def by_kit(name: str) -> Iterator[bytes]:
    """What the test server would send."""
    kit = wire(name)
    request = Received("POST", "/chat", {"alt": "sse"}, {}, {"model": "m", "stream": True})
    for answer in (
        Answer("two words", chunk=3),
        Answer("x", thinking="hm", signature="c2ln", tool_calls=[ToolCall("call_1", "f", '{"a": 1}')]),
        *([Answer("x", images=[ImagePart(data=b"\x89PNG\r\n\x1a\n")])] if _draws(name) else []),
    ):
        for row in range(len(TARGETS[name].rows)):
            yield _seed(STREAM + 5 * row, b"".join(kit.stream(answer, request)))
            yield _seed(WHOLE + 5 * row, kit.body(answer, request))
    yield _seed(STREAM, kit.error_event("overloaded"))
    for number, status in enumerate((400, 401, 404, 413, 422, 429, 500)):
        yield _seed(ERROR, kit.error(status, "this model's maximum context length"), number)
    yield _seed(MODELS, kit.models(("m", "n"), Received("GET", "/models", {}, {})))
    for place, provider in enumerate(TARGETS[name].rows):
        for verb, asked in _asked(provider):
            request = Received(asked.method, asked.path, {}, {}, asked.body, provider=provider, verb=verb)
            assert isinstance(kit, Further)
            yield _seed(MODELS + 5 * place, kit.further(Answer(), request))


def _asked(row: str) -> Iterator[tuple[str, WireRequest]]:
    """What a row's further verbs ask."""
    dialect = row_of(row).dialect
    if isinstance(dialect, EmbedsByModel):
        yield "embed", dialect.encode_embed(EmbedRequest(["a", "b"], "cohere.embed-v4:0"))
    elif isinstance(dialect, Embeds) and dialect.embedding is not None:
        yield "embed", dialect.encode_embed(EmbedRequest(["a", "b"], "m"))
    if isinstance(dialect, Reranks) and dialect.reranking is not None:
        yield "rerank", dialect.encode_rerank(RerankRequest("q", ["a", "b", "q"], "m"))
    if isinstance(dialect, Counts) and dialect.counts:
        yield "count", dialect.encode_count(REQUEST, provider=row)


def _draws(name: str) -> bool:
    return name in ("openai_chat", "gemini_generate", "openai_responses", "ollama_chat")


class _Captured(BaseException):
    """Ends a test when its answer is known."""


def by_hand(name: str) -> Iterator[bytes]:
    """The first answer that each test of the decoder reads: the test is run that far."""
    for module in ("test_decode", "test_decode_end"):
        try:
            tests = import_module(f"tests.dialects.{name}.{module}")
        except ModuleNotFoundError:
            continue
        for test in list(vars(tests).values()):
            title = getattr(test, "__name__", "")
            if title.startswith("test_") and not _asks(test):
                yield from _first_answer(test)


def _asks(test: Callable[..., Any]) -> bool:
    return any(p.default is Parameter.empty for p in signature(test).parameters.values())


def _first_answer(test: Callable[[], Any]) -> list[bytes]:
    found: list[bytes] = []

    def note(road: Road, body: bytes | Iterable[bytes]) -> Any:
        body = body if isinstance(body, bytes) else b"".join(body)
        found.append(_seed(STREAM if road.stream else WHOLE, body, len(body) % 256))
        raise _Captured

    with patch.object(Road, "read", note), suppress(_Captured, Exception):  # a test that reads nothing gives nothing
        test()
    return found


def recorded(name: str) -> Iterator[bytes]:
    """Small recorded exchanges, where they are present."""
    if not load.available():
        return
    found = load.exchanges(_PROTOCOLS[name]) or load.further(_PROTOCOLS[name])
    fitting = [e for e in found if len(e.body) <= LARGEST]
    for exchange in fitting[:: len(fitting) // _RECORDED + 1]:
        road = ERROR if exchange.status != 200 else STREAM if exchange.stream else WHOLE
        yield _seed(road, exchange.body, len(exchange.body) % 256)
