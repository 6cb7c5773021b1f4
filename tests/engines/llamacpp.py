"""llama.cpp's own HTTP server with a scripted model of 5 MB.

The model is no language model: one word between percent signs, anywhere in the conversation (so in an old turn or the
system message too), picks one of a few fixed answers, token by token, the same every time. Two different words in one
conversation mix and mostly give TEXT. The bytes on the wire are the engine's own. The model calls itself "scripted";
the engine takes any model name. Observed with xllamacpp 2026.10.11549, on all three wires (/v1/chat/completions,
/v1/messages, /v1/responses), streamed and whole, unless said otherwise:

    the word        the answer
    none            TEXT, finish "stop", 11 completion tokens
    %unicode%       UNICODE: characters of 2, 3 and 4 bytes whose bytes are separate tokens. The engine holds them back
                    until they are whole, so every streamed piece is valid UTF-8
    %think%         THINKING (chat: `reasoning_content`), then THOUGHT_ANSWER
    %tool%          with the tool get_weather offered: a call {"city": "Paris", "unit": "celsius"}, no text.
                    Without tools: the raw <tool_call> markup as text
    %twotools%      with the tool offered: two calls, Rome and Oslo. No `parallel_tool_calls` needed
    %thinktool%     with the tool offered: TOOL_THINKING, then a call for Lima
    %json%          JSON_ANSWER as plain text, no schema needed
    %loop%          counts "one two ... twelve" for ever: set a limit of N tokens and get N tokens, finish "length"
    %again%         (in the result of a tool) AGAIN_THINKING, then a call for Quito: a loop that goes on
    %done%          (likewise) DONE_THINKING, then DONE_ANSWER: its end
    %empty%         no content at all, finish "stop", 1 completion token
    a tool result   AFTER_TOOL, whatever else stands in the conversation but the two above (so a tool loop ends)

By field of the request:

    response_format json_schema {answer: string, n: integer}   JSON_ANSWER without any word (chat only)
    response_format json_object                                {"": 42} without any word (chat only)
    tool_choice "required" ({"type": "any"} on /v1/messages)   without any word: TEXT and the Paris call in one answer
    logprobs and top_logprobs; n=2                             real ones; two choices, interleaved (chat only)
    more than some 8170 characters in all                      400, error.type "exceed_context_size_error", with
                                                               n_prompt_tokens and n_ctx, also when streaming
    an image part                                              500 "image input is not supported"
    no messages, no input                                      400 "'messages' is required" (a 500 on /v1/messages)
    no key or a wrong one (llamacpp_with_key)                  401, error.type "authentication_error". The right key
                                                               goes into `Authorization: Bearer` or `x-api-key`
    GET /v1/models                                             one model, "scripted", data[0].meta.n_ctx 8192
    GET /health                                                200 {"status": "ok"}, needs no key

What differs from the providers whose wires these are: error envelopes are OpenAI-like with a numeric `code` on all
three wires (no {"type": "error"} on /v1/messages). /v1/messages closes its content blocks together at the end (and
sends the signature, an empty one, after the text has begun), sends no `input` in a tool_use start, no `ping`, and
no block at all for an empty answer; a schema in `output_config` is ignored. /v1/responses says
"completed" for an answer cut by max_output_tokens, never "incomplete", ignores `text.format`, sends reasoning as
response.reasoning_text.delta and ends with response.completed without a [DONE].

The same words in the same order give the same answer, but usage counts cached tokens apart, so do not compare those.
"""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ._loopback import HOST, serving

MODEL = "scripted"
CONTEXT_LENGTH = 8192
TEXT = "Hello from the scripted model: alpha, beta, gamma, delta, epsilon."
UNICODE = "Grüße,👋世界 — naïve café."
THINKING = "Let me reason about this step by stage.\n"
THOUGHT_ANSWER = "The considered answer is forty-two."
TOOL_THINKING = "Perhaps a tool would help here.\n"
JSON_ANSWER = '{"answer": "forty-two", "n": 42}'
AGAIN_THINKING = "One more city is wanted.\n"
DONE_THINKING = "Both reports are here.\n"
DONE_ANSWER = "Lima is warm, Quito is cool."
AFTER_TOOL = "According to that report: eighteen degrees outside now."
TOOL_NAME = "get_weather"
FURTHER = {  # beside the scripts of the tool that makes the model: (word, what it outranks, tokens)
    "again": ("%again%", 3, [
        "<think>\nOne", " more city", " is wanted", ".\n</think>\n\n<",
        "tool_call>\n{\"name", "\": \"get_weather\", \"a",
        "rguments\": {\"city\": \"Qu", "ito\"}}", "\n</tool_call>\n", "<|im_end|>",
    ]),
    "done": ("%done%", 4, [
        "<think>\nBoth", " reports", " are here", ".\n</think>\n\nLi", "ma is", " warm", ", Quito", " is cool.",
        "<|im_end|>",
    ]),
}  # fmt: skip
TOOL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
    "required": ["city"],
}

_TOOLS = Path(__file__).resolve().parents[3] / "shared" / "tools"
_MAKE_MODEL = _TOOLS / "make_scripted_gguf.py"
_START_SERVER = _TOOLS / "start_xllamacpp.py"


@dataclass(frozen=True, slots=True)
class LlamaCpp:
    """A running llama.cpp server."""

    port: int
    api_key: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The root: add /v1/messages, /health, /props."""
        return f"http://{HOST}:{self.port}"

    @property
    def base_url(self) -> str:
        """What an OpenAI client calls its base URL."""
        return f"{self.url}/v1"


def missing() -> str | None:
    """Why this engine cannot run here, or None."""
    for module in ("xllamacpp", "gguf", "numpy"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed: make engines"
    for script in (_MAKE_MODEL, _START_SERVER):
        if not script.is_file():
            return f"without ../shared/tools/{script.name} beside the project; with it: make engines test"
    return None


@contextlib.contextmanager
def start_llamacpp(model: Path, api_key: str | None = None) -> Generator[LlamaCpp]:
    key = [] if api_key is None else [api_key]
    with serving(
        lambda port: [sys.executable, str(_START_SERVER), str(model), str(port), *key],
        health="/health",
        drop_env=("LLAMA_",),
    ) as server:
        yield LlamaCpp(server.port, api_key)


@contextlib.contextmanager
def start_embedding(model: Path, pooling: str) -> Generator[LlamaCpp]:
    """The server as `--embeddings --pooling POOLING` starts it: `mean` makes vectors of texts, `rank` scores."""
    with serving(
        lambda port: [sys.executable, "-c", _START_EMBEDDING, str(model), str(port), pooling.upper()],
        health="/health",
        drop_env=("LLAMA_",),
    ) as server:
        yield LlamaCpp(server.port)


_START_EMBEDDING = f"""
import os, signal, sys
import xllamacpp as x
p = x.CommonParams()
p.model.path, p.port, p.hostnames = sys.argv[1], int(sys.argv[2]), [{HOST!r}]
p.model_alias, p.n_ctx, p.n_parallel = {{{MODEL!r}}}, 4096, 2
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
p.use_jinja = p.offline = p.embedding = True
p.ui = p.warmup = False
p.pooling_type = getattr(x.llama_pooling_type, "LLAMA_POOLING_TYPE_" + sys.argv[3])
server = x.Server(p)
signal.sigwait({{signal.SIGTERM, signal.SIGINT}})
os._exit(0)
"""


@pytest.fixture(scope="session")
def scripted_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripted model, made once a run."""
    if reason := missing():
        pytest.skip(f"llama.cpp: {reason}")
    path = tmp_path_factory.mktemp("gguf") / "scripted.gguf"
    program = f"import {_MAKE_MODEL.stem} as make; make.SCRIPTS |= {FURTHER!r}; make.main({str(path)!r})"
    made = subprocess.run(
        [sys.executable, "-B", "-c", program], capture_output=True, text=True, check=False, cwd=_MAKE_MODEL.parent
    )
    if made.returncode:
        raise RuntimeError(f"{_MAKE_MODEL.name} failed:\n{made.stderr}")
    return path


@pytest.fixture(scope="session")
def llamacpp(scripted_gguf: Path) -> Iterator[LlamaCpp]:
    """llama.cpp without a key."""
    with start_llamacpp(scripted_gguf) as server:
        yield server


@pytest.fixture(scope="session")
def llamacpp_with_key(scripted_gguf: Path) -> Iterator[LlamaCpp]:
    """llama.cpp that wants `api_key`, a new one each run."""
    with start_llamacpp(scripted_gguf, secrets.token_hex(16)) as server:
        yield server
