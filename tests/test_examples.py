"""Every program in docs/examples runs, against a real server on loopback."""

import asyncio
import importlib.util
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import aikido_llm as llm
from aikido_llm import sync
from aikido_llm.testing import Answer, Fault, WireServer

FOLDER = Path(__file__).parent.parent / "docs" / "examples"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
RUN = {"one_shot", "streaming", "without_await", "tools", "thinking", "images", "many_prompts", "fastapi_endpoint",
       "chat_fastapi", "chat_aiohttp", "swap_providers", "own_provider", "testing_a_service"}  # fmt: skip


def load(name: str) -> Any:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


def test_every_example_is_run_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == RUN


async def test_one_shot(server: WireServer) -> None:
    server.answer("Scattering.")
    async with llm.open("gemini", server.dsn("gemini")) as client:
        assert await load("one_shot").main(client) == "Scattering.  [18 tokens, stop]"


async def test_streaming(server: WireServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.answer(Answer("blue, fin, minke", thinking="hm"))
    async with llm.open("anthropic", server.dsn("anthropic")) as client:
        response = await load("streaming").main(client)
    assert response.text == "blue, fin, minke"
    assert capsys.readouterr() == ("blue, fin, minke\n", "hm")


def test_without_await() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = WireServer()
    asyncio.run_coroutine_threadsafe(server.listen(), loop).result()
    try:
        server.answer("1 2 3")
        with sync.open("ollama", server.dsn("ollama")) as client:
            assert load("without_await").main(client) == "1 2 3"
    finally:
        asyncio.run_coroutine_threadsafe(server.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_tools(server: WireServer) -> None:
    calls = [llm.ToolCall("c1", "price", '{"item": "tea"}'), llm.ToolCall("c2", "price", '{"item": "cake"}')]
    server.answer(Answer(tool_calls=calls), Answer("8 crowns"))
    async with llm.open("openai", server.dsn("openai")) as client:
        run = await load("tools").main(client)
    assert (run.response.text, run.turns) == ("8 crowns", 2)
    assert [message.text for message in run.messages[2:4]] == ["3", "5"]


async def test_thinking(server: WireServer) -> None:
    server.answer(Answer("5 cents", thinking="not 10", signature="c2ln"), Answer("yes"))
    async with llm.open("anthropic", server.dsn("anthropic")) as client:
        messages = await load("thinking").main(client)
    assert messages[1].replay is not None
    assert server.received[1].body["messages"][1]["content"][0]["signature"] == "c2ln"


async def test_images(server: WireServer, tmp_path: Path) -> None:
    server.answer(Answer(status=503), Answer(images=[llm.ImagePart(data=PNG)]))
    async with llm.open("openrouter", server.dsn("openrouter")) as client:
        (path,) = await load("images").main(client, tmp_path, llm.RetryPolicy(base_delay=0))
    assert path.name == "whale-1.png"
    assert path.read_bytes() == PNG


async def test_many_prompts(server: WireServer) -> None:
    server.respond(lambda request: Answer(status=400 if "prompt 3" in str(request.body) else 200, text="ok"))
    async with llm.open("vllm", server.dsn("vllm"), limits=llm.Limits(connections=4)) as client:
        results = await load("many_prompts").main(client, [f"prompt {n}" for n in range(10)])
    assert len(results) == 10
    assert [name for name, result in results.items() if isinstance(result, llm.LLMError)] == ["prompt 3"]
    assert server.connections <= 4


async def test_fastapi_endpoint(server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed: make test")
    httpx = pytest.importorskip("httpx", reason="httpx is not installed: make test")
    monkeypatch.setenv("LLM_PROVIDER", "gemini")
    monkeypatch.setenv("LLM_DSN", server.dsn("gemini") + "&max_retries=0")
    app = load("fastapi_endpoint").app
    server.answer(
        Answer("a whole answer"), Answer("cut off here", fault=Fault.close(after_events=2)), Answer(status=500)
    )
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as browser:
            answers = [await browser.get("/ask", params={"question": "why?"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 502]
    assert answers[0].text == "a whole answer"
    assert answers[1].text.endswith("[the answer broke off]")


@pytest.mark.parametrize("name", ["chat_fastapi", "chat_aiohttp"])
async def test_the_services_of_the_chat_page(name: str, server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a browser, and with Redis: make browser."""
    for needed in ("fastapi", "uvicorn", "redis"):
        pytest.importorskip(needed, reason=f"{needed} is not installed: make test")
    from tests.bridges.servers import hosted, served

    monkeypatch.setenv("LLM_PROVIDER", "gemini")
    monkeypatch.setenv("LLM_DSN", server.dsn("gemini"))
    server.respond(lambda _: Answer("a whole answer"))
    service = load(name)
    asked = {"messages": [{"role": "user", "content": "why?"}]}
    running = served(service.app) if name == "chat_fastapi" else hosted(service.service())
    async with running as url, aiohttp.ClientSession(url) as browser:
        async with browser.get("/") as page:
            assert "<title>Chat</title>" in await page.text()
        for protocol, end in (
            ("vercel_ui", "[DONE]"),
            ("openai_sse", "[DONE]"),
            ("sse", "[DONE]"),
            ("ag_ui", "success"),
        ):
            async with browser.post(f"/chat/{protocol}", json=asked) as reply:
                text = await reply.text()
            assert "whole" in text
            assert end in text.splitlines()[-2]
        async with browser.post("/chat/nonsense", json=asked) as reply:
            assert reply.status == 404


async def test_swap_providers(server: WireServer) -> None:
    server.answer(Answer("21", thinking="any", signature="c2ln"), Answer("42"))
    async with (
        llm.open("anthropic", server.dsn("anthropic")) as first,
        llm.open("gemini", server.dsn("gemini")) as second,
    ):
        messages = await load("swap_providers").main(first, second)
    assert [message.text for message in messages[1::2]] == ["21", "42"]


async def test_own_provider(server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    server.answer("hi")
    assert await load("own_provider").main(server.base_url("vllm"), "test-key") == "hi"
    assert server.received[0].headers["x-acme-tier"] == "fast"


async def test_testing_a_service() -> None:
    assert await load("testing_a_service").main() == ["short and good", "short and [...]"]
