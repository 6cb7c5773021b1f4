"""Base URLs that name a Unix socket, over real ones."""

import asyncio
import gc
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import Headers, HTTPRequest, Limits, Timeouts
from tests.transport.test_aiohttp import pipe
from tests.transport.test_pool import Raw

REQUEST = llm.Request(messages=[llm.user("hi")])
WIRES = ["openai", "openai-responses", "anthropic", "gemini", "cohere", "ollama", "bedrock-converse"]


@pytest.fixture
def path() -> Iterator[Path]:
    """Of a socket, short: a kernel takes some hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        yield Path(folder) / "a b.sock"


@pytest.fixture
async def server(path: Path) -> AsyncIterator[WireServer]:
    """What comes on the socket goes to this server."""
    async with WireServer() as server:
        front = await asyncio.start_unix_server(lambda r, w: pipe(r, w, server.port), path)
        yield server
        front.close()


def opened(path: Path, server: WireServer, name: str = "openai", proxy: str | None = None) -> llm.HTTPClient:
    base = f"http+unix://{quote(str(path), safe='')}{server.base_url(name).removeprefix(server.url)}"
    return llm.open(name, base, api_key="test-key", model="test-model", retry=None, proxy=proxy)


@pytest.mark.parametrize("name", WIRES)
async def test_both_roads_over_one_connection(path: Path, server: WireServer, name: str) -> None:
    async with opened(path, server, name) as client:
        for _ in range(2):
            streamed = await llm.collect(client.stream(REQUEST))
            assert streamed == await client.complete(REQUEST)
        assert server.connections == 1
    assert {request.headers["host"] for request in server.received} == {"localhost"}
    assert await server.closed_within(0.5), "it ended with its client"


async def test_the_other_form_of_the_url_and_a_key_in_the_query(path: Path, server: WireServer) -> None:
    base = server.base_url("openai").removeprefix(server.url)
    dsn = f"unix://{quote(str(path))}{base}?api_key=test-key&model=test-model"
    async with llm.open("openai", dsn) as client:
        assert (await client.chat("hi")).text
        assert [model.id for model in await client.list_models()]


async def test_no_proxy_stands_before_a_socket(path: Path, server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with opened(path, server) as client:
        assert (await client.chat("hi")).text
    async with opened(path, server, proxy="http://127.0.0.1:9") as client:
        assert (await client.chat("hi")).text


async def test_a_stream_that_is_closed_early_closes_its_connection(path: Path, server: WireServer) -> None:
    server.answer(Answer("one two three four", pace=0.5))
    async with opened(path, server) as client:
        async with client.stream(REQUEST) as stream:
            await anext(stream)
        assert await server.closed_within(0.4)


async def test_a_kept_connection_outlives_the_file(path: Path, server: WireServer) -> None:
    async with opened(path, server) as client:
        await client.chat("hi")
        await asyncio.to_thread(path.unlink)
        assert (await client.chat("hi")).text
        assert server.connections == 1


async def test_a_client_that_was_dropped_says_so_and_is_closed(path: Path, server: WireServer) -> None:
    client = opened(path, server)
    await client.chat("hi")
    with pytest.warns(ResourceWarning, match="a client was dropped"):
        del client
        gc.collect()
    assert await server.closed_within(0.5)


async def test_each_socket_of_a_transport_has_connections_of_its_own(path: Path, server: WireServer) -> None:
    transport = AiohttpTransport(Timeouts(), Limits())
    async with Raw(socket=path.with_name("other.sock")) as raw:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
        headers = Headers({"Authorization": "Bearer test-key", "Content-Type": "application/json"})
        here = f"http+unix://{quote(str(path), safe='')}{server.base_url('openai').removeprefix(server.url)}"
        for base in (here, raw.url, here, raw.url, server.base_url("openai")):
            response = await transport.send(HTTPRequest("POST", f"{base}/chat/completions", headers, body))
            assert response.status == 200
            while await response.read():
                pass
            response.release()
        assert (raw.asked, len(raw.writers), len(server.received), server.connections) == (2, 1, 3, 2)
        await transport.aclose()


@pytest.mark.parametrize("kind", ["missing", "no socket", "nobody listens", "too long"])
async def test_no_connection_names_the_path(path: Path, kind: str) -> None:
    said = {"missing": "No such file", "too long": "too long"}.get(kind, "Connection refused")
    if kind == "no socket":
        await asyncio.to_thread(path.write_text, "")
    elif kind == "nobody listens":
        with socket.socket(socket.AF_UNIX) as closed:  # its file stays
            closed.bind(str(path))
    elif kind == "too long":
        path = path.parent / ("x" * 200 + ".sock")
    async with llm.open("vllm", f"http+unix://{quote(str(path), safe='')}/v1", model="m", retry=None) as client:
        with pytest.raises(llm.ConnectError, match=said) as whole:
            await client.complete(REQUEST)
        with pytest.raises(llm.ConnectError, match=said) as streamed:
            await llm.collect(client.stream(REQUEST))
    assert str(whole.value) == str(streamed.value)
    assert f"no connection: the socket {path}: " in str(whole.value)


async def test_a_system_without_unix_sockets_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    async with llm.open("vllm", f"http+unix://{quote(str(path), safe='')}/v1", model="m") as client:
        with pytest.raises(llm.ConfigError, match="this system has none"):
            await client.chat("hi")
