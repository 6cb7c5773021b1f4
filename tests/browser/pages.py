"""The chat page of docs/examples in a real browser, against both services of docs/examples and a scripted provider."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, Received, WireServer
from tests.bridges.servers import hosted, served
from tests.services import RedisServer
from tests.test_examples import load

SCRIPT = Path(__file__).parent / "page.mjs"
SLOW = "slow " + " ".join(f"w{n}" for n in range(24))
PROTOCOLS = ("vercel_ui", "ag_ui", "openai_sse", "sse")
_ROOT = Path(__file__).parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_or_skip() -> tuple[str, Path]:
    """(the browser, the folder whose node_modules has what drives it)."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    folder = _ROOT / ".venv-browser"
    for missing, what in (
        (found is None, "no chromium"),
        (shutil.which("node") is None, "no node"),
        (not (folder / "node_modules" / "playwright-core").is_dir(), "no playwright-core"),
    ):
        if missing:
            pytest.skip(f"{what} is here; with it (apt-get install chromium npm): make browser")
    return str(found), folder


def answer(request: Received) -> Answer:
    """What the provider says to what the page asks."""
    messages = request.body["messages"]
    asked = next(json.dumps(one) for one in reversed(messages) if "tool_result" not in json.dumps(one))
    if "tool_result" in json.dumps(messages[-1]):
        return Answer("One tea is 3 crowns.", chunk=1, pace=0.02)
    if "break" in asked:
        return Answer("It began well", pace=0.05, fault=Fault.close(after_events=4))
    if "slow" in asked:
        return Answer(SLOW, pace=0.06)
    return Answer(thinking="What does tea cost?", tool_calls=[llm.ToolCall("call_1", "price", '{"item":"tea"}')])


@asynccontextmanager
async def fastapi_service(server: WireServer, redis: RedisServer) -> AsyncGenerator[str]:
    """docs/examples/chat_fastapi.py, which keeps its answers."""
    with environment(LLM_DSN=f"{server.dsn('anthropic')}&max_retries=0", REDIS_URL=redis.url):
        service = served(load("chat_fastapi").app)
        async with service as url:
            yield url


@asynccontextmanager
async def aiohttp_service(server: WireServer) -> AsyncGenerator[str]:
    """docs/examples/chat_aiohttp.py, whose answers end with their page."""
    with environment(LLM_DSN=f"{server.dsn('anthropic')}&max_retries=0"):
        async with hosted(load("chat_aiohttp").service()) as url:
            yield url


@contextmanager
def environment(**values: str) -> Generator[None]:
    """What the service reads when it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LLM_PROVIDER": "anthropic", **values}.items():
            patch.setenv(name, value)
        yield


async def used(url: str, protocol: str, *, kept: bool, shots: Path | None = None) -> dict[str, Any]:
    """What a person saw of the page."""
    program, folder = browser_or_skip()
    told = {"url": url, "browser": program, "protocol": protocol, "kept": kept, "shots": str(shots) if shots else None}
    command = ["node", "--input-type=module", "-e", SCRIPT.read_text("utf-8"), "--", json.dumps(told)]
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=pipe, stderr=pipe)
    out, errors = await node.communicate()
    assert node.returncode == 0, errors.decode()[-3000:]
    seen: dict[str, Any] = json.loads(out)
    return seen


def _told(request: Received) -> bool:
    return "tell" in str(request.body["messages"][-1])


async def check_kept(redis: RedisServer, protocol: str, shots: Path | None = None) -> None:
    """Everything, with answers that are kept."""
    async with WireServer() as server:
        server.respond(answer)
        async with fastapi_service(server, redis) as url:
            seen = await used(url, protocol, kept=True, shots=shots)
        assert await server.closed_within(5.0)
    assert seen["console"] == []
    assert [url for url in seen["asked"] if not url.startswith("data:")] == []
    assert seen["text"] == "One tea is 3 crowns."
    assert_grows(seen["growing"])
    assert (seen["folded"], seen["thinking"]) == (True, "What does tea cost?")
    assert seen["tool"] == 'price {"item":"tea"} → {"item":"tea","crowns":3}'
    assert seen["note"].startswith("stop, ")
    assert seen["broken"]["error"] == "The answer failed."
    assert "It began well".startswith(seen["broken"]["text"].strip()) and seen["broken"]["text"]
    assert seen["stopped"]["note"] == "stopped"
    assert SLOW.startswith(seen["stopped"]["text"].strip()) and len(seen["stopped"]["text"]) < len(SLOW)
    assert seen["remembered"] == ["The answer failed."]
    assert seen["reloaded"]["text"] == SLOW
    assert seen["reloaded"]["note"].startswith("stop, ")


def assert_grows(texts: list[str]) -> None:
    """Piece by piece, and never shorter."""
    assert len(texts) > 5
    assert all(after.startswith(before) for before, after in pairwise(texts))


async def check_not_kept(protocol: str) -> None:
    """What goes without Redis; stopping is leaving, which ends the answer."""
    async with WireServer() as server:
        server.respond(lambda request: Answer("One moment") if _told(request) else answer(request))
        async with aiohttp_service(server) as url:
            seen = await used(url, protocol, kept=False)
            assert await server.closed_within(5.0)
    assert seen["console"] == []
    assert seen["text"] == "One moment"
    assert seen["broken"]["error"] == "The answer failed."
    assert seen["stopped"]["note"] == "stopped"
