"""The emulator `@copilotkit/aimock` from npm: several providers' HTTP on one port, scripted over control routes.

Install: `npm install` in a folder with the package.json beside this file, then let AIKIDO_NODE_MODULES name its
node_modules (or have it at .venv-node/node_modules or node_modules in the root of this checkout). No other packages
come along. Node 20.15 or later.

Routes (aimock 1.43.0), see ROUTES for the chat ones; all take any model name:

    openai      POST /v1/chat/completions        responses   POST /v1/responses
    anthropic   POST /v1/messages                gemini      POST /v1beta/models/MODEL:generateContent and
    cohere      POST /v2/chat                                :streamGenerateContent (always SSE, with or without alt)
    ollama      POST /api/chat, GET /api/tags    openrouter  POST /api/v1/chat/completions, GET /api/v1/models
    GET /v1/models gives the OpenAI list. There is no model list for Anthropic, Gemini (404) or Cohere (404).

An answer is scripted by a substring of the last user message and serves every wire; the first script that fits wins,
one that fits nothing is a 404 "No fixture matched". Text and arguments are streamed in pieces of `chunk_size` UTF-16
units (20 unless told); a character above U+FFFF on a border leaves as two lone surrogates, escaped, in two pieces.
`Pacing` sets the clock. `fail_next` hits the very next request, whatever it is.

    wire        text  tools  thinking                        length               error envelope
    openai      yes   yes    reasoning_content               length               OpenAI's
    responses   yes   yes    reasoning summary               status incomplete    OpenAI's
    anthropic   yes   yes    thinking, signature             max_tokens           Anthropic's
    gemini      yes   yes    thought parts, no signature     MAX_TOKENS           Gemini's, with `type` as its status
    cohere      yes   yes    no: sent as plain text          MAX_TOKENS           OpenAI's (Cohere has {"message"})
    ollama      yes   yes    no: `reasoning_content`, where  no: always "stop"    OpenAI's (Ollama has {"error": text})
                             Ollama has `thinking`
    openrouter  yes   yes    reasoning_content when streamed length               OpenRouter's, numeric code

On /v1/responses every stream ends with response.completed, also when its response says "incomplete" or "failed".
Any status from 400 works on all wires; `retry_after` is sent with a 429 only (default 1). Gemini's finish for a call
is "FUNCTION_CALL", which Gemini itself does not send. Cohere adds a tool_plan to calls when streaming. Usage is 0
unless scripted, except on the OpenAI and OpenRouter wires, which send an estimate and always end with a usage chunk.

`cut_after_chunks` and `cut_after_ms` break the connection in mid-stream (never a polite end). aimock itself counts
the piece that it writes last and loses, so one is added: the client sees as many SSE events or lines as it says here.
Without a latency nothing has left the buffer by then and the client sees no answer at all, so one of 5 ms is set.
`malformed=True` answers 200 with a whole body that is not JSON, also to streams. With `start_aimock(api_key=...)`
a wrong or missing key is a 401 on every route but /health, in OpenAI's envelope on all wires, and `?key=` is not read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from ._loopback import HOST, call, serving

AIMOCK_PACKAGE = "@copilotkit/aimock"
NODE_MODULES_VARIABLE = "AIKIDO_NODE_MODULES"

ROUTES: Mapping[str, str] = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    "cohere": "/v2/chat",
    "ollama": "/api/chat",
    "openrouter": "/api/v1/chat/completions",
}

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Pacing:
    """When the pieces of a stream leave: the first after `first_ms`, then `per_second` of them."""

    first_ms: float = 0.0
    per_second: float = 100.0

    def as_json(self) -> dict[str, float]:
        return {"ttft": self.first_ms, "tps": self.per_second, "jitter": 0}


@dataclass(frozen=True, slots=True)
class AIMock:
    """A running aimock. `user` is a substring of the last user message."""

    port: int
    api_key: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def reply(
        self,
        user: str,
        text: str | None = None,
        *,
        tool_calls: Sequence[tuple[str, Mapping[str, Any]]] = (),
        thinking: str | None = None,
        signature: str | None = None,
        finish_reason: FinishReason | None = None,
        usage: Mapping[str, Any] | None = None,
        chunk_size: int | None = None,
        pacing: Pacing | None = None,
        cut_after_chunks: int | None = None,
        cut_after_ms: int | None = None,
        malformed: bool = False,
        after_tool: bool | None = None,
        turn: int | None = None,
    ) -> None:
        """An answer: text, calls as (name, arguments), or both, text first.

        `after_tool` wants (or forbids) a tool result after the last user message. `turn` n answers only the nth
        time (from 0) that this user message is asked. `usage` has OpenAI's chat names.
        """
        response: dict[str, Any] = {"content": text, "reasoning": thinking, "reasoningSignature": signature}
        response |= {"finishReason": finish_reason, "usage": usage}
        if tool_calls:
            response["toolCalls"] = [{"name": name, "arguments": dict(arguments)} for name, arguments in tool_calls]
        cut = cut_after_chunks is not None or cut_after_ms is not None
        self.add(
            {
                "match": _given({"userMessage": user, "hasToolResult": after_tool, "sequenceIndex": turn}),
                "response": _given(response),
                "chunkSize": chunk_size,
                "streamingProfile": pacing and pacing.as_json(),
                "latency": 5 if cut and pacing is None else None,
                "truncateAfterChunks": None if cut_after_chunks is None else cut_after_chunks + 1,
                "disconnectAfterMs": cut_after_ms,
                "chaos": {"malformedRate": 1} if malformed else None,
            }
        )

    def fail(
        self,
        user: str,
        status: int,
        *,
        message: str = "scripted failure",
        type: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        turn: int | None = None,
    ) -> None:
        """An HTTP error for this user message: always, or only the nth time."""
        error = _given({"message": message, "type": type, "code": code})
        self.add(
            {
                "match": _given({"userMessage": user, "sequenceIndex": turn}),
                "response": _given({"error": error, "status": status, "retryAfter": retry_after}),
            }
        )

    def fail_next(self, status: int, *, message: str = "scripted failure", type: str = "server_error") -> None:
        """An HTTP error for the next request, once."""
        self._control("/__aimock/error", {"status": status, "body": {"message": message, "type": type}})

    def add(self, fixture: Mapping[str, Any]) -> None:
        """Any fixture aimock knows, as in its fixture files; fields that are None are left out."""
        self._control("/__aimock/fixtures", {"fixtures": [_given(fixture)]})

    def requests(self) -> list[dict[str, Any]]:
        """What was asked since the last reset: method, path, headers (keys hidden), body as aimock understood it."""
        found: list[dict[str, Any]] = call(self.port, "GET", "/__aimock/journal", key=self.api_key).json()
        return found

    def reset(self) -> None:
        """Forget all scripts and requests."""
        self._control("/__aimock/reset", {})

    def _control(self, path: str, body: object) -> None:
        answer = call(self.port, "POST", path, body, key=self.api_key)
        if answer.status != 200:
            raise ValueError(f"aimock refused the script: {answer.text}")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def program() -> Path | None:
    """aimock's command line script in the first node_modules that has it, or None."""
    named = os.environ.get(NODE_MODULES_VARIABLE)
    folders = [Path(named)] if named else [_ROOT / ".venv-node" / "node_modules", _ROOT / "node_modules"]
    scripts = (folder / AIMOCK_PACKAGE / "dist" / "aimock-cli.js" for folder in folders)
    return next((script.resolve() for script in scripts if script.is_file()), None)


@contextlib.contextmanager
def start_aimock(api_key: str | None = None) -> Generator[AIMock]:
    """An aimock of one's own; with a key it refuses requests without that key."""
    node, script = shutil.which("node"), program()
    if node is None:
        pytest.skip("aimock: there is no node on PATH; with node and npm: make engines")
    if script is None:
        pytest.skip(f"aimock is in no node_modules known here: make engines (or set {NODE_MODULES_VARIABLE})")
    config: dict[str, Any] = {"llm": {"logLevel": "warn"}}
    if api_key is not None:
        config["auth"] = {"apiKeys": [api_key]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "aimock.json"
        path.write_text(json.dumps(config))
        with serving(
            lambda port: [node, str(script), "--config", str(path), "--host", HOST, "--port", str(port)],
            health="/health",
            drop_env=("AIMOCK_",),
        ) as server:
            yield AIMock(server.port, api_key)


@pytest.fixture(scope="session")
def aimock_process() -> Iterator[AIMock]:
    """One aimock for the whole run."""
    with start_aimock() as emulator:
        yield emulator


@pytest.fixture
def aimock(aimock_process: AIMock) -> Iterator[AIMock]:
    """That aimock, with no scripts before and after the test."""
    aimock_process.reset()
    yield aimock_process
    aimock_process.reset()
