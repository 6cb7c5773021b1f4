"""The facts about aiohttp that the transport relies on, over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import Headers, HTTPRequest, HTTPResponse, Limits, Timeouts
from aikido_llm.transport.proxies import proxy_for
from tests.testing.raw import ASK

REQUEST = llm.Request(messages=[llm.user("hi")])


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as server:
        yield server


def request(server: WireServer, **headers: str) -> HTTPRequest:
    values = {"Authorization": "Bearer test-key", "Content-Type": "application/json", **headers}
    return HTTPRequest(
        "POST", f"{server.base_url('openai')}/chat/completions", Headers(values), json.dumps(ASK).encode()
    )


async def body(response: HTTPResponse) -> bytes:
    read = b""
    while piece := await response.read():
        read += piece
    response.release()
    return read


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(Timeouts(connect=0.3), Limits())
    yield transport
    await transport.aclose()


async def test_redirects_are_not_followed(server: WireServer, transport: AiohttpTransport) -> None:
    async with WireServer() as other:
        server.answer(Answer(fault=Fault.redirect(f"{other.url}/v1/chat/completions")))
        response = await transport.send(request(server))
        response.close()
        assert response.status == 307
        assert other.connections == 0, "no key goes elsewhere"


async def test_netrc_is_not_read(
    server: WireServer, transport: AiohttpTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password from-netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    await body(await transport.send(request(server)))
    assert server.received[0].headers["authorization"] == "Bearer test-key"


async def test_compressed_bodies_are_read(server: WireServer, transport: AiohttpTransport) -> None:
    server.answer("plain", Answer("packed", fault=Fault.oddity("gzip")))
    assert b"plain" in await body(await transport.send(request(server)))
    assert b"packed" in await body(await transport.send(request(server)))


async def test_streams_are_not_asked_for_compressed(server: WireServer) -> None:
    async with llm.open("openai", server.dsn("openai")) as client:
        await llm.collect(client.stream(REQUEST))
        await client.complete(REQUEST)
    stream, whole = (received.headers for received in server.received)
    assert stream["accept-encoding"] == "identity"
    assert "gzip" in whole["accept-encoding"]


async def test_a_large_payload_goes_out_whole_each_time(server: WireServer, transport: AiohttpTransport) -> None:
    asked, sent = request(server), json.dumps(ASK).encode() + b" " * 300_000
    large = HTTPRequest("POST", asked.url, asked.headers, sent)
    for _ in range(2):
        await body(await transport.send(large))
    assert [len(received.raw) for received in server.received] == [len(sent)] * 2


async def test_closing_wakes_who_reads(server: WireServer, transport: AiohttpTransport) -> None:
    server.answer(Answer("one", fault=Fault.stall("after_headers")))
    response = await transport.send(request(server))
    reading = asyncio.ensure_future(response.read())
    await asyncio.sleep(0.01)
    await transport.aclose()
    with pytest.raises(llm.StreamTruncated):
        await reading
    assert await server.closed_within(0.1)
    with pytest.raises(llm.ConfigError, match="closed"):
        await transport.send(request(server))


async def test_bytes_that_came_before_the_line_broke_are_read(server: WireServer, transport: AiohttpTransport) -> None:
    server.answer(Answer("one two three", fault=Fault.reset("after_end", framing="chunked")))
    response = await transport.send(request(server))
    await asyncio.sleep(0.05)  # all of it, and the RST, are there before anybody reads
    assert b"one two three" in await response.read()
    with pytest.raises(llm.StreamTruncated):
        await response.read()
    response.close()


async def test_another_loop_is_refused(server: WireServer, transport: AiohttpTransport) -> None:
    await body(await transport.send(request(server)))

    def elsewhere() -> None:
        with pytest.raises(llm.ConfigError, match="another event loop"):
            asyncio.run(_send(transport, server))

    await asyncio.to_thread(elsewhere)


async def _send(transport: AiohttpTransport, server: WireServer) -> HTTPResponse:
    return await transport.send(request(server))


# ---------------------------------------------------------------- TLS


async def open_tls(server: WireServer, *, trusted: bool, host: str = "127.0.0.1") -> str:
    base = server.base_url("openai").replace("http://", "https://").replace("127.0.0.1", host)
    ssl = server.ssl_context() if trusted else None
    timeouts = llm.Timeouts(connect=2)
    async with llm.open(
        "openai", base_url=base, api_key="test-key", model="m", ssl=ssl, retry=None, timeouts=timeouts
    ) as client:
        return (await client.chat("hi")).text


async def test_a_certificate_that_is_trusted() -> None:
    async with WireServer(tls=True) as server:
        assert await open_tls(server, trusted=True)


@pytest.mark.parametrize(("trusted", "host"), [(False, "127.0.0.1"), (True, "127.0.0.2")])
async def test_a_certificate_that_is_not_trusted_or_for_another_host(trusted: bool, host: str) -> None:
    try:
        with socket.socket() as probe:
            probe.bind((host, 0))
    except OSError:
        pytest.skip("this machine has one loopback address; with two: make test")
    async with WireServer(tls=True) as server:
        # 127.0.0.2 is answered by who listens on 127.0.0.1 only through a forwarder
        port = server.port
        forward = await asyncio.start_server(lambda r, w: pipe(r, w, port), host, 0)
        try:
            server.port = forward.sockets[0].getsockname()[1]
            with pytest.raises(llm.ConnectError, match="not trusted") as caught:
                await open_tls(server, trusted=trusted, host=host)
        finally:
            server.port = port
            forward.close()
    assert not llm.is_retryable(caught.value)


async def test_https_to_a_plain_server(server: WireServer) -> None:
    own = server.port
    async with WireServer() as plain:
        try:
            server.port = plain.port
            with pytest.raises(llm.ConnectError, match="no TLS") as caught:
                await open_tls(server, trusted=True)
        finally:
            server.port = own
    assert not llm.is_retryable(caught.value)


# ---------------------------------------------------------------- proxies


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Both ways, until one side ends."""
    there, back = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    await asyncio.gather(copy(reader, back), copy(there, writer), return_exceptions=True)


class Proxy:
    """A forward and CONNECT proxy on loopback, which brings everything to one port. seen: the request lines."""

    def __init__(self, port: int, refuses: bool = False) -> None:
        self._port = port
        self._refuses = refuses
        self.seen: list[str] = []

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line = head.split("\r\n")[0]
        self.seen.append(line)
        if self._refuses:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        if line.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await pipe(reader, writer, self._port)
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        method, url, version = line.split(" ")
        path = "/" + url.split("/", 3)[3]
        back.write(head.replace(line, f"{method} {path} {version}", 1).encode())
        await asyncio.gather(_copy(reader, back), _copy(there, writer), return_exceptions=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
    sink.close()


async def through(server: WireServer, host: str, proxy: str | None = None) -> str:
    base = server.base_url("openai").replace("127.0.0.1", host)
    async with llm.open("openai", base_url=base, api_key="test-key", model="m", retry=None, allow_http=True,
                        ssl=server.ssl_context(), proxy=proxy) as client:  # fmt: skip
        return (await client.chat("hi")).text


async def test_the_proxy_variable_is_read(server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy(server.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert await through(server, "api.example")
        assert await through(server, "127.0.0.1"), "loopback is never proxied"
    assert len(proxy.seen) == 1
    assert proxy.seen[0].startswith("POST http://api.example:")


async def test_the_proxy_option_and_connect() -> None:
    async with WireServer(tls=True) as server, Proxy(server.port) as proxy:
        assert await through(server, "localhost", proxy=proxy.url)
    assert proxy.seen == [f"CONNECT localhost:{server.port} HTTP/1.1"]


async def test_a_proxy_that_refuses() -> None:
    async with WireServer(tls=True) as server, Proxy(server.port, refuses=True) as proxy:
        with pytest.raises(llm.ConnectError, match="proxy refused: it answered 407") as caught:
            await through(server, "localhost", proxy=proxy.url)
    assert not llm.is_retryable(caught.value)
    assert f"through the proxy {proxy.url[7:]}," in str(caught.value)


@pytest.mark.parametrize("by_variable", [True, False])
async def test_what_fails_at_a_proxy_says_so(by_variable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{nobody.getsockname()[1]}"
        proxy = f"http://me:pass@word@{place}/"
        if by_variable:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        async with llm.open("openai", "https://api.example/v1", api_key="k", model="m", retry=None,
                            proxy=None if by_variable else proxy) as client:  # fmt: skip
            with pytest.raises(llm.ConnectError) as caught:
                await client.chat("hi")
    assert str(caught.value) == f"openai: no connection through the proxy {place}: Connection refused"


async def test_a_proxy_that_never_answers_is_named() -> None:
    async with WireServer() as server:
        server.answer_raw(b"")  # a FIN in answer to CONNECT
        async with llm.open("openai", "https://api.example/v1", api_key="k", model="m", retry=None,
                            proxy=server.url) as client:  # fmt: skip
            with pytest.raises(llm.ConnectError, match=f"through the proxy {server.url[7:]}"):
                await client.chat("hi")


def test_which_proxy_for_which_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://one:1")
    monkeypatch.setenv("ALL_PROXY", "http://all:1")
    monkeypatch.setenv("NO_PROXY", "intern.example, .lan")
    assert proxy_for("https://api.example/v1").reveal() == "http://one:1"
    assert proxy_for("http://api.example/v1").reveal() == "http://all:1"
    for url in ("https://intern.example/", "https://a.intern.example/", "http://box.lan/", "http://localhost:1/",
                "http://127.8.8.8/", "http://[::1]:8080/"):  # fmt: skip
        assert not proxy_for(url)
    monkeypatch.setenv("NO_PROXY", "*")
    assert not proxy_for("https://api.example/v1")
