"""A small request goes out without aiohttp's session, and nobody can tell."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import aikido_llm
from aikido_llm.errors import ConfigError, ConnectError, MalformedStream
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import Headers, HTTPRequest, Limits, Timeouts

PACKAGE = str(Path(aikido_llm.__file__).parent)
HEADERS = Headers({"Authorization": "Bearer secret-1", "Content-Type": "application/json", "X-Own": "a, b"})
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """(its address, the requests that came): each is answered by the next of these."""
    came: list[bytes] = []
    left = list(answers)
    open_ones: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        while left:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            size = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))[15:])
            came.append(head + await reader.readexactly(size))
            writer.write(left.pop(0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came
    finally:
        server.close()
        for writer in open_ones:
            writer.close()


async def ask(transport: AiohttpTransport, url: str, headers: Headers = HEADERS, body: bytes = b"{}") -> bytes:
    response = await transport.send(HTTPRequest("POST", url, headers, body))
    read = b""
    while piece := await response.read():
        read += piece
    response.release()
    return read


def parts(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    return line, sorted(fields), body


@pytest.mark.parametrize("keepalive", [30.0, 0.0])
async def test_it_is_what_aiohttp_would_send(monkeypatch: pytest.MonkeyPatch, keepalive: float) -> None:
    """A tracer that wraps aiohttp's session is asked, so that the same goes out both ways."""
    seen: list[str] = []
    own = aiohttp.ClientSession.__dict__["_request"]

    async def traced(self: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> Any:
        seen.append("traced")
        return await own(self, *args, **kwargs)

    transport = AiohttpTransport(Timeouts(), Limits(keepalive=keepalive))
    async with answering(PLAIN, PLAIN) if keepalive else answering(PLAIN) as (url, came):
        assert await ask(transport, f"{url}/v1/chat?a=%20b", body=b'{"a":1}') == b"ok"
        assert not seen
        if keepalive:
            monkeypatch.setattr(aiohttp.ClientSession, "_request", traced)
            assert await ask(transport, f"{url}/v1/chat?a=%20b", body=b'{"a":1}') == b"ok"
            assert seen == ["traced"]
            assert parts(came[0]) == parts(came[1])
        else:
            assert b"Connection: close" in came[0]
    await transport.aclose()


async def test_other_headers_are_other_bytes() -> None:
    transport = AiohttpTransport(Timeouts(), Limits())
    async with answering(PLAIN, PLAIN, PLAIN) as (url, came):
        for number in (1, 2, 1):
            await ask(transport, url, Headers({"Authorization": f"Bearer secret-{number}"}))
        assert [request.count(b"Bearer secret-2") for request in came] == [0, 1, 0]
        assert [request.count(b"Bearer secret-1") for request in came] == [1, 0, 1]
    await transport.aclose()


async def test_what_comes_before_the_answer_is_passed_over() -> None:
    transport = AiohttpTransport(Timeouts(), Limits())
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with answering(b"HTTP/1.1 100 Continue\r\n\r\n" + early + PLAIN) as (url, _):
        assert await ask(transport, url) == b"ok"
    await transport.aclose()


async def test_a_line_end_in_a_header_is_refused_without_showing_it() -> None:
    transport = AiohttpTransport(Timeouts(), Limits())
    async with answering() as (url, came):
        with pytest.raises(ConfigError) as caught:
            await ask(transport, url, Headers({"X-Own": "a\r\nX-Other: secret-value"}))
        assert "secret-value" not in str(caught.value)
        assert not came
    await transport.aclose()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"220 of another protocol\r\n\r\n", MalformedStream), (b"", ConnectError)],
    ids=["other", "no"],
)
async def test_what_is_no_answer(answer: bytes, kind: type[Exception]) -> None:
    transport = AiohttpTransport(Timeouts(), Limits(connections=1))
    async with answering(answer) as (url, _):
        with pytest.raises(kind) as caught:
            await ask(transport, url)
        frames: list[str] = []
        trace = caught.value.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith(PACKAGE):
                frames.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        assert frames
        assert "secret-1" not in "".join(frames)
    async with answering(PLAIN) as (url, _):
        assert await ask(transport, url) == b"ok", "the slot was given back"
    await transport.aclose()
