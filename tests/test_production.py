"""The service of the guide "in production", run as programs: over HTTP, with Redis and a stand-in for a collector,
failed over, left, killed and out of budget; what its spans, its log and its budget then tell."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import aikido_llm as llm
from aikido_llm.store import CallStore
from aikido_llm.testing import Answer, WireServer

from .services import RedisServer, free_port, redis_server

__all__ = ["redis_server"]

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "production.md"

RUN = """
import sys

import uvicorn
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import service

spans = open(sys.argv[2], "a", buffering=1)
provider = TracerProvider()
line = lambda span: span.to_json(indent=None) + "\\n"
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=spans, formatter=line)))
trace.set_tracer_provider(provider)
uvicorn.run(service.from_environment, factory=True, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


class Service:
    """One process of the service."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.spans = folder / f"spans-{self.port}.jsonl"
        self._process = subprocess.Popen(
            [sys.executable, "run.py", str(self.port), str(self.spans)],
            cwd=folder,
            env={**os.environ, **environment, "CALLS": str(folder / "calls.db")},
        )

    async def ready(self) -> None:
        async with self.user() as user:
            for _ in range(400):
                assert self._process.poll() is None, "the service ended"
                try:
                    await user.get("/spent")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return
        raise AssertionError("the service did not come up")

    @asynccontextmanager
    async def user(self) -> AsyncGenerator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=30) as user:
            yield user

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        finally:
            self.kill()

    def told(self) -> list[dict[str, Any]]:
        """The spans that were exported."""
        return [json.loads(line) for line in self.spans.read_text("utf-8").splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the service as the guide has it, word by word."""
    for needed in ("uvicorn", "fastapi", "opentelemetry.sdk"):
        pytest.importorskip(needed, reason=f"{needed} is not installed; with it: make test")
    (program,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "service.py").write_text(program, "utf-8")
    (tmp_path / "run.py").write_text(RUN, "utf-8")
    return tmp_path


async def asked(user: httpx.AsyncClient, question: str = "why?") -> httpx.Response:
    return await user.post("/ask", params={"question": question})


async def test_the_story_of_a_service(folder: Path, redis_server: RedisServer) -> None:
    async with WireServer() as one, WireServer() as other:
        one.respond(lambda _: Answer("from the first", usage=llm.Usage(10, 3)))
        other.respond(lambda _: Answer("from the second", usage=llm.Usage(20, 4)))
        environment = {
            "FIRST": f"anthropic {one.dsn('anthropic')}&max_retries=0",
            "SECOND": f"vllm {other.dsn('vllm')}",
            "REDIS": redis_server.url,
            "PROCESSES": "2",
            "TOKENS": "4300",
        }
        services = [Service(folder, environment) for _ in range(2)]
        try:
            for service in services:
                await service.ready()
            await _tell(services, one, other, redis_server, folder)
        finally:
            for service in services:
                service.stop()


async def _tell(services: list[Service], one: WireServer, other: WireServer, redis: RedisServer, folder: Path) -> None:
    first, second = services
    async with first.user() as user, second.user() as at_second:
        # answered, by both processes
        for client in (user, at_second):
            assert (await asked(client)).text == "from the first"
        spent = (await user.get("/spent")).json()
        assert (spent["calls"], spent["tokens"]) == (2, 26)

        # failed over
        one.respond(lambda _: Answer(status=529))
        answer = await asked(user)
        assert (answer.status_code, answer.text) == (200, "from the second")

        # both fail
        other.respond(lambda _: Answer(status=500))
        answer = await asked(user)
        assert answer.status_code == 502
        assert answer.json() == {"error": "ServerError", "asked": 2}
        other.respond(lambda _: Answer("word " * 400, pace=0.01, usage=llm.Usage(20, 4)))

        # a reader goes away: the provider's connection is closed
        async with user.stream("POST", "/ask", params={"question": "left"}) as streamed:
            async for _ in streamed.aiter_text():
                break
        await other.no_connections()

        # killed while it answers: the other process goes on, and what was logged is there
        async with at_second.stream("POST", "/ask", params={"question": "killed"}) as streamed:
            async for _ in streamed.aiter_text():
                break
            second.kill()
        await other.no_connections()
        other.respond(lambda _: Answer("still here", usage=llm.Usage(20, 4)))
        assert (await asked(user)).text == "still here"

        # Redis is killed: the process goes on by itself
        redis.kill()
        assert (await asked(user)).text == "still here"

        # limited by what may be spent: nothing is sent any more
        sent = 0
        for _ in range(40):
            sent = len(other.received) + len(one.received)
            answer = await asked(user)
            if answer.status_code != 200:
                break
        assert (answer.status_code, answer.json()["error"]) == (402, "BudgetExceededError")
        assert len(other.received) + len(one.received) == sent
    first.stop()
    await _read_afterwards(first, folder)


async def _read_afterwards(first: Service, folder: Path) -> None:
    """What spans and log tell of it."""
    spans = [span for span in first.told() if span["name"].startswith("chat ")]
    over = next(span for span in spans if span["events"])
    assert [event["name"] for event in over["events"]] == ["aikido_llm.fallback"]
    assert over["attributes"]["gen_ai.provider.name"] == "vllm"
    assert over["attributes"]["gen_ai.usage.input_tokens"] == 20
    errors = [span["attributes"].get("error.type") for span in spans]
    assert errors.count("ServerError") == 1
    assert errors[-1] == "BudgetExceededError"
    assert any(span["attributes"]["gen_ai.response.finish_reasons"] == ["error"] for span in spans)
    async with CallStore(folder / "calls.db") as store:
        calls = await store.find(limit=1000)
    outcomes = [call.outcome for call in reversed(calls)]
    assert outcomes[:4] == ["answered", "answered", "answered", "failed"]
    assert "left" in outcomes
    assert outcomes[-1] == "failed"
    assert len(calls) == len(spans) + 1, "the second process' one call is in the log, and its spans are its own"
