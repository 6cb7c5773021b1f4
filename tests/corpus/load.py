"""Reads the recorded exchanges. They are kept beside the project, not in it, and may be missing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.each import each

FILE = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "dev.jsonl.gz"
FURTHER = FILE.with_name("dev2.jsonl.gz")  # newer items, and routes beside the creation of an answer
PROTOCOLS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "cohere-v2", "ollama-chat")
_CREATES = ("op:converse", "op:converse-stream", "op:invoke", "op:invoke-with-response-stream")
MISSING = "without ../shared/corpus/dev.jsonl.gz beside the project; with it: make test"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `body` is the answer's bytes after content-decoding."""

    id: str
    provider: str
    protocol: str
    model: str  # as asked for; '' when the recording does not say
    stream: bool
    url: str
    request_json: dict[str, Any] | None
    status: int
    headers: dict[str, str]
    body: bytes
    chunk_lengths: tuple[int, ...]  # the pieces in which the body arrived, where that was recorded
    tags: frozenset[str]
    source: str


def available() -> bool:
    return FILE.is_file()


def exchanges(protocol: str | None = None) -> list[Exchange]:
    """The chat answers, of one protocol or of all six; model lists and other routes are not among them."""
    wanted = PROTOCOLS if protocol is None else (protocol,)
    chats = (e for e in _everything() if e.protocol in PROTOCOLS and "model_list" not in e.tags)
    return [e for e in chats if e.protocol in wanted]


def model_lists() -> list[Exchange]:
    return [e for e in _everything() if "model_list" in e.tags]


def further(protocol: str) -> list[Exchange]:
    """The answers of the second file, the routes beside (tagged `op:`) and vectors left out."""
    if not FURTHER.is_file():
        return []
    routes = (e for e in _read(FURTHER) if e.protocol == protocol and "embeddings" not in e.tags)
    return [e for e in routes if not any(tag.startswith("op:") and tag not in _CREATES for tag in e.tags)]


def operations(protocol: str) -> list[Exchange]:
    """The routes beside the creation of an answer, of the second file."""
    return [e for e in _read(FURTHER) if e.protocol == protocol] if FURTHER.is_file() else []


@cache
def _everything() -> tuple[Exchange, ...]:
    return _read(FILE)


@cache
def _read(file: Path) -> tuple[Exchange, ...]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return tuple(_exchange(json.loads(line)) for line in lines)


def _exchange(record: dict[str, Any]) -> Exchange:
    request, response = record["request"], record["response"]
    return Exchange(
        id=record["id"],
        provider=record["provider"],
        protocol=record["protocol"],
        model=record["model"] or "",
        stream=record["stream"],
        url=request["url"],
        request_json=request["body_json"],
        status=response["status"],
        headers=response["headers"],
        body=base64.b64decode(response["body_base64"]),
        chunk_lengths=tuple(response.get("chunk_lengths") or ()),
        tags=frozenset(record["tags"]),
        source=f"{record['source_repo']}:{record['source_path']}#{record['source_index']}",
    )


def recorded(find: Callable[[], list[Exchange]]) -> Callable[[Callable[[Exchange], None]], Callable[[int], None]]:
    """Makes of a check of one exchange a test of all of these, in a few parts."""
    return each(find, lambda exchange: exchange.id, parts=4)
