"""Transcripts of a real Ollama 0.33, and the test server playing one back byte for byte.

    case = load()["ollama/think-stream"]
    async with replay(case) as server:                # in the pieces in which it was received
        ...                                           # POST f"{server.url}{case.path}"
    async with replay(case, pieces=case.bytewise()) as server:
        ...

Case names are WIRE/CASE: "ollama/..." is the native /api wire, "openai/..." Ollama's /v1. The model is the scripted
one of `llamacpp`. "ollama/runner-killed" has no times; it ends with a real error line in a 200 stream.
"""

from __future__ import annotations

import contextlib
import functools
import json
import tarfile
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from aikido_llm.testing import WireServer

_ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "ollama-0.33.tar.gz"

Wire = Literal["ollama", "openai"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """One request and its answer. Header names are in lower case; `body` is without chunk framing."""

    name: str
    wire: Wire
    method: str
    path: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = field(repr=False)
    receives: tuple[tuple[float, int], ...] = ()
    """Milliseconds since the request and size of each receive."""

    @property
    def streamed(self) -> bool:
        return self.headers.get("transfer-encoding") == "chunked"

    def request_json(self) -> Any:
        """The request's JSON value, or None where the body is empty or not JSON (err-bad-json)."""
        try:
            return json.loads(self.request_body) if self.request_body else None
        except ValueError:
            return None

    def pieces(self) -> list[bytes]:
        """The raw answer as it was received; in one piece where no times were taken."""
        found: list[bytes] = []
        at = 0
        for _, size in self.receives:
            found.append(self.raw[at : at + size])
            at += size
        return [*found, *([self.raw[at:]] if at < len(self.raw) else [])]

    def bytewise(self, size: int = 1) -> list[bytes]:
        """The raw answer in pieces of `size` bytes."""
        return [self.raw[at : at + size] for at in range(0, len(self.raw), size)]


@functools.cache
def load() -> Mapping[str, Transcript]:
    """All transcripts by name. FileNotFoundError where ../shared/corpus is not beside this checkout."""
    files: dict[str, bytes] = {}
    with tarfile.open(_ARCHIVE) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                files[member.name.partition("/")[2]] = content.read()
    names = sorted(name.removesuffix(".resp") for name in files if name.endswith(".resp"))
    return {
        name: _parse(name, files[f"{name}.req"], files[f"{name}.resp"], files.get(f"{name}.timing")) for name in names
    }


@pytest.fixture(scope="session")
def ollama_transcripts() -> Mapping[str, Transcript]:
    if not _ARCHIVE.is_file():
        pytest.skip(f"without ../shared/corpus/{_ARCHIVE.name} beside the project; with it: make test")
    return load()


def _parse(name: str, request: bytes, answer: bytes, timing: bytes | None) -> Transcript:
    request_line, request_headers, request_body = _split(request)
    method, path, _ = request_line.split(" ")
    status_line, headers, body = _split(answer)
    chunked = headers.get("transfer-encoding") == "chunked"
    received: list[tuple[float, int]] = json.loads(timing)["recv"] if timing else []
    return Transcript(
        name=name,
        wire="openai" if name.startswith("openai/") else "ollama",
        method=method,
        path=path,
        request_headers=request_headers,
        request_body=request_body,
        status=int(status_line.split(" ")[1]),
        headers=headers,
        body=_dechunk(body) if chunked else body,
        raw=answer,
        receives=tuple((at, size) for at, size in received),
    )


def _split(message: bytes) -> tuple[str, dict[str, str], bytes]:
    """First line, headers and body of an HTTP message."""
    head, _, body = message.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in rest)
    return first, {name.lower(): value.strip() for name, _, value in fields}, body


def _dechunk(body: bytes) -> bytes:
    data = bytearray()
    while True:
        size_line, _, body = body.partition(b"\r\n")
        size = int(size_line, 16)
        if size == 0:
            return bytes(data)
        data += body[:size]
        body = body[size + 2 :]


@contextlib.asynccontextmanager
async def replay(
    case: Transcript, pieces: Iterable[bytes] | None = None, *, gap: float = 0.0
) -> AsyncGenerator[WireServer]:
    """A server whose next request gets `case`, whatever it is: each of `pieces` (the recorded ones unless given) is one
    write, `gap` seconds apart. TCP may join writes when the gap is 0. Fewer bytes than were recorded are a cut answer.
    """
    async with WireServer() as server:
        server.answer_raw(*(case.pieces() if pieces is None else pieces), pace=gap)
        yield server
