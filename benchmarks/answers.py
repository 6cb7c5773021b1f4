"""The answers that the benchmark server sends: rendered once by the test kit's wires, as each provider writes them.

An answer is named by what it holds: `text20000` (one delta per word), `tools5000` (one call, its arguments in 5,000
pieces), `image8` (a picture of 8 MiB); and `prose8`, `empties8`, ... (a whole document of 8 MiB, see `DOCUMENTS`).
"""

import base64
import json
import random
import re
from array import array
from functools import cache
from zlib import crc32

from aikido_llm.testing import Answer
from aikido_llm.testing.wires import base_path, wire
from aikido_llm.testing.wires.base import Received
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.tools import ToolCall

PROVIDERS = {
    "openai_chat": "openai",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini_generate": "gemini",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
}
"""Dialect -> the provider that a client of it is opened for."""
STREAMED = {**PROVIDERS, "bedrock_converse": "bedrock-converse"}
"""Those that are read end to end."""

MIB = 1 << 20
STAMP = "12345678901234567890"  # stands for the time of sending, in ns, in the one event that paced streams repeat

_GEMINI_STREAM = "/v1beta/models/m:streamGenerateContent"  # the one wire that says it in the path


def url_of(root: str, dialect: str, answer: str, shape: str = "16384") -> str:
    """The base URL under which the server gives this answer in writes of `shape` bytes (0: one event per write)."""
    return f"{root}/{dialect}/{answer}/{shape}{base_path(STREAMED[dialect])}"


def words(count: int) -> str:
    return " ".join(f"word{i}" for i in range(count))


@cache
def picture(mib: int) -> bytes:
    """The same bytes in every process."""
    return b"\x89PNG\r\n\x1a\n" + random.Random(mib).randbytes(mib * MIB - 8)


def arguments(pieces: int) -> str:
    """JSON of so many pieces, ten characters each."""
    return '{"text": "' + "0123456789" * (pieces - 2) + '01234567"}'


_BESIDE = {"empties": b"{},", "texts": b'"ab",', "numbers": b"1234567,"}
"""What stands many times beside a short answer."""
DOCUMENTS = ("prose", "wide", "arguments", *_BESIDE)


def _document(kind: str, size: int) -> Answer:
    """Such an answer of so many bytes, in one piece when it is streamed."""
    if kind == "arguments":
        call = ToolCall("call_1", "write", arguments(size // 10))
        return Answer(tool_calls=(call,), chunk=size)
    text = {"prose": "The quick, brown fox. ", "wide": "Le renard coûte 5 \u20ac. "}.get(kind, "hi")
    return Answer(text=text if kind in _BESIDE else text * (size // len(text.encode())), chunk=size)


def _answer(name: str) -> Answer:
    kind, size = _split(name)
    if kind in DOCUMENTS:
        return _document(kind, size * MIB)
    if kind == "text":
        return Answer(text=words(size))
    if kind == "tools":
        return Answer(tool_calls=(ToolCall("call_1", "write", arguments(size)),), chunk=10)
    if kind == "image":
        return Answer(text="here", images=(ImagePart(data=picture(size), content_type="image/png"),))
    if kind == "paced":
        return Answer(text=f"{STAMP} end")
    raise ValueError(name)


def _split(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"([a-z]+)(\d*)", name)
    if found is None:
        raise ValueError(name)
    return found[1], int(found[2] or 0)


@cache
def events(dialect: str, name: str) -> tuple[bytes, ...]:
    """The stream, one item per event."""
    asked = Received("POST", _GEMINI_STREAM, {"alt": "sse"}, {}, {"model": "m", "stream": True})
    return tuple(wire(dialect).stream(_answer(name), asked))


def vectors(dimensions: int, texts: list[str], encoding: str) -> bytes:
    """The body of a reply to these texts; a vector depends on its text alone."""
    kinds = (_vector(dimensions, crc32(text.encode()) % 256, encoding) for text in texts)
    entries = ",".join(
        f'{{"object":"embedding","index":{index},"embedding":{written}}}' for index, written in enumerate(kinds)
    )
    usage = '"usage":{"prompt_tokens":8,"total_tokens":8}'
    return f'{{"object":"list","data":[{entries}],"model":"m",{usage}}}'.encode()


@cache
def _vector(dimensions: int, kind: int, encoding: str) -> str:
    numbers = array("f", (((kind * 7919 + place * 104729) % 20011 - 10005) / 99991 for place in range(dimensions)))
    if encoding == "base64":
        return f'"{base64.b64encode(numbers.tobytes()).decode()}"'
    return json.dumps(numbers.tolist())


@cache
def body(dialect: str, name: str) -> bytes:
    """The whole answer as one body."""
    whole = wire(dialect).body(_answer(name), Received("POST", "/", {}, {}, {"model": "m"}))
    kind, size = _split(name)
    if kind not in _BESIDE:
        return whole
    beside = _BESIDE[kind] * (size * MIB // len(_BESIDE[kind]))
    return whole.rstrip()[:-1] + b',"beside":[' + beside + b"0]}"


def stream_type(dialect: str) -> str:
    return wire(dialect).stream_type
