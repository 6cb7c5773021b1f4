"""The emulator `llmock` from PyPI: ten providers' HTTP on one port, scripted over its own control routes.

Base URL by provider: see BASE_PATHS; each takes any key and any model name. Routes that matter here (llmock 0.2.2):

    openai     POST /v1/chat/completions, POST /v1/responses, GET /v1/models
    anthropic  POST /anthropic/v1/messages, GET /anthropic/v1/models (one page, no limit or after_id)
    gemini     POST /gemini/v1beta/models/MODEL:generateContent and :streamGenerateContent (SSE with ?alt=sse, a JSON
               array with a Content-Length without it), GET /gemini/v1beta/models
    cohere     POST /cohere/v2/chat; its model list is at /cohere/v2/models, where Cohere has /v1/models
    mistral, xai, groq, together, perplexity, ai21
               POST BASE/chat/completions, GET BASE/models

Answers are scripted as a queue of behaviours. A request takes the first waiting behaviour of each category (failure,
delay, slow first token, stream fault, reply, tool fault) whose match fits, so a reply and a stream fault land on the
same request, while a failure ends the request and leaves the rest waiting. `times=None` stays until `reset()`.
Unscripted, every text is "Hello! This is a mock response from MODEL."; an offered tool is called and a JSON schema
(`response_format`, Gemini's responseSchema, Responses' text.format; not Anthropic's output_config) answered with an
instance made from the schema ({"answer": "mock-answer", "n": 1}). Text is streamed word by word, arguments in pieces
of 12 characters (Mistral and Gemini: whole calls, as those do). Usage is an estimate, a quarter of the characters.

Error bodies are each provider's own envelope; 429, 503, 504 and 529 carry `retry-after` (whole seconds, rounded up)
and `retry-after-ms`. Stream faults count SSE events from the start; a stream that is shorter is not hurt:
"truncate" ends the body politely before its end mark, "disconnect" breaks the connection, "malformed" cuts one
event's JSON in half and goes on, "stall" pauses.

Not there: thinking on any wire, Ollama, a check of the key (script a 401), images in answers, errors inside
a 200 stream. Pacing of all chunks, quotas and the context window are flags of the process:
`start_llmock("--stream-chunk-delay-ms", "20")`, `"--rpm"`, `"--context-window"`. A length stop on /v1/responses comes
as response.completed whose response says "incomplete".

Installing the package also installs a pytest plugin with a fixture `llmock` of its own (in-process, rewrites the
environment); the fixture here has the same name and wins wherever it is imported in a conftest.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from ._loopback import HOST, call, serving

BASE_PATHS: Mapping[str, str] = {
    "openai": "/v1",
    "anthropic": "/anthropic",
    "gemini": "/gemini/v1beta",
    "cohere": "/cohere",
    "mistral": "/mistral/v1",
    "xai": "/xai/v1",
    "groq": "/groq/openai/v1",
    "together": "/together/v1",
    "perplexity": "/perplexity/v1",
    "ai21": "/ai21/v1",
}

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
StreamFault = Literal["truncate", "disconnect", "malformed", "stall"]
ToolFault = Literal["malformed_arguments", "unknown_tool"]


@dataclass(frozen=True, slots=True)
class LLMock:
    """A running llmock. Every script method queues one behaviour; `provider` limits it to one of BASE_PATHS."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def base_url(self, provider: str) -> str:
        return self.url + BASE_PATHS[provider]

    def reply(
        self,
        text: str | None = None,
        *,
        tool_calls: Sequence[tuple[str, Mapping[str, Any]]] = (),
        finish_reason: FinishReason | None = None,
        times: int | None = 1,
        provider: str | None = None,
    ) -> None:
        """The next answer: text, calls as (name, arguments), or both, text first."""
        calls = [{"name": name, "arguments": dict(arguments)} for name, arguments in tool_calls]
        self._queue("reply", times, provider, text=text, tool_calls=calls, finish_reason=finish_reason)

    def fail(
        self,
        status: int,
        *,
        retry_after: float | None = None,
        message: str | None = None,
        code: str | None = None,
        times: int | None = 1,
        provider: str | None = None,
    ) -> None:
        """The next answer is HTTP `status` (400 to 599). `code` is the envelope's code, type or status word."""
        self._queue("fail", times, provider, status=status, retry_after=retry_after, message=message, code=code)

    def break_stream(
        self,
        kind: StreamFault,
        *,
        after_chunks: int = 1,
        stall_seconds: float = 1.0,
        times: int | None = 1,
        provider: str | None = None,
    ) -> None:
        """Hurt the next streamed answer after that many SSE events."""
        self._queue(
            "stream_fault",
            times,
            provider,
            kind=kind,
            after_chunks=after_chunks,
            stall_seconds=stall_seconds,
            match={"stream": True},
        )

    def break_tool_call(self, kind: ToolFault, *, times: int | None = 1, provider: str | None = None) -> None:
        """Hurt the next tool call of a request that offers tools."""
        self._queue("tool_fault", times, provider, kind=kind, match={"tools": True})

    def delay(self, seconds: float, *, times: int | None = 1, provider: str | None = None) -> None:
        """Hold the next answer back, headers and all."""
        self._queue("delay", times, provider, seconds=seconds)

    def slow_first_token(self, seconds: float, *, times: int | None = 1, provider: str | None = None) -> None:
        """Send the headers of the next stream, then wait."""
        self._queue("slow_first_token", times, provider, seconds=seconds, match={"stream": True})

    def requests(self) -> list[dict[str, Any]]:
        """What was asked since the last reset: provider, path, status, fault, body ... (no headers)."""
        found: list[dict[str, Any]] = call(self.port, "GET", "/_llmock/requests").json()["requests"]
        return found

    def reset(self) -> None:
        """Forget all behaviours and requests."""
        self._control("/_llmock/reset", {})

    def _queue(
        self,
        behaviour: str,
        times: int | None,
        provider: str | None,
        *,
        match: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        wanted = {**(match or {}), **({} if provider is None else {"provider": provider})}
        script = {"type": behaviour, "times": times, "match": wanted, **fields}
        self._control("/_llmock/scenario", {"behaviors": [script]})

    def _control(self, path: str, body: object) -> None:
        answer = call(self.port, "POST", path, body)
        if answer.status >= 300:
            raise ValueError(f"llmock refused the script: {answer.text}")


def command() -> list[str] | None:
    """How to run llmock here, or None. (npm's aimock also ships a program called llmock; it is not taken for this.)"""
    if importlib.util.find_spec("llmock") is not None:
        return [sys.executable, "-m", "llmock.cli"]
    program = shutil.which("llmock")
    return [program] if program is not None and "node_modules" not in Path(program).resolve().parts else None


@contextlib.contextmanager
def start_llmock(*flags: str) -> Generator[LLMock]:
    """A llmock of one's own, with flags of `llmock serve`."""
    program = command()
    if program is None:
        pytest.skip("llmock is not installed: make engines")
    with serving(
        lambda port: [
            *program,
            *("serve", "--host", HOST, "--port", str(port), "--log-level", "warning", "--response-style", "hello"),
            *flags,
        ],
        health="/_llmock/scenario",
        drop_env=("LLMOCK_",),
    ) as server:
        yield LLMock(server.port)


@pytest.fixture(scope="session")
def llmock_process() -> Iterator[LLMock]:
    """One llmock for the whole run."""
    with start_llmock() as emulator:
        yield emulator


@pytest.fixture
def llmock(llmock_process: LLMock) -> Iterator[LLMock]:
    """That llmock, with an empty script before and after the test."""
    llmock_process.reset()
    yield llmock_process
    llmock_process.reset()
