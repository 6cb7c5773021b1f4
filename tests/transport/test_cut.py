"""A connection whose answer came before its request was sent ends at once, read or not."""

import asyncio
import contextlib
import socket
import ssl
import time

import pytest

import aikido_llm as llm
from aikido_llm.testing import certificate
from aikido_llm.transport.cut import holds_bytes

REFUSED = b'{"error": {"message": "too large"}}'
CLOSED = (7, 8)  # TCP's states CLOSE and CLOSE_WAIT
SOON = 1.0  # s


class Refuses(asyncio.Protocol):
    """Reads the beginning of a request, answers after a while, and never reads again."""

    def __init__(self, after: float, keep: bool) -> None:
        self._after = after
        self._keep = keep
        self._begun = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._begun and self.transport is not None:
            self._begun = True
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(self._after, self._refuse)

    def _refuse(self) -> None:
        assert self.transport is not None
        ends = b"" if self._keep else b"Connection: close\r\n"
        head = b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n"
        self.transport.write(head % (len(REFUSED), ends) + REFUSED)

    async def closed_within(self, seconds: float) -> bool:
        assert self.transport is not None
        sock: socket.socket = self.transport.get_extra_info("socket")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.transport.is_closing() or sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in CLOSED:
                return True
            await asyncio.sleep(0.005)
        return False


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="on Linux, which tells of it: make test")
@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("keep", [False, True], ids=["closed", "kept"])
@pytest.mark.parametrize("size", [2_000_000, 8_000_000])
@pytest.mark.parametrize("after", [0.0, 0.1])
async def test_a_refused_upload_is_not_held_by_who_does_not_read_it(
    after: float, size: int, keep: bool, tls: bool
) -> None:
    served: list[Refuses] = []

    def serve() -> Refuses:
        served.append(Refuses(after, keep))
        return served[-1]

    loop = asyncio.get_running_loop()
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)  # else the kernel may take all
    listening.bind(("127.0.0.1", 0))
    server = await loop.create_server(serve, sock=listening, ssl=certificate.serving() if tls else None)
    trust: ssl.SSLContext | None = certificate.trusting() if tls else None
    port = server.sockets[0].getsockname()[1]
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1"
    try:
        async with llm.open("openai", model="m", api_key="k", base_url=url, retry=None, ssl=trust) as client:
            with pytest.raises(llm.InvalidRequestError, match="too large"):
                await client.chat("x" * size)
            assert await served[0].closed_within(SOON), "the connection is held, with what nobody reads"
    finally:
        for one in served:
            if one.transport is not None:
                one.transport.abort()
        server.close()
        await server.wait_closed()


async def test_what_is_unsent_is_counted_in_asyncio_and_in_the_kernel() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    here, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    assert not holds_bytes(here)
    here.write(b"x" * 10_000_000)
    assert holds_bytes(here)
    here.abort()
    theirs.close()
    await asyncio.sleep(0)
    assert not holds_bytes(here), "a closed one holds nothing"


EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "hi"}}]}\n\n'
BEGINS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT


class Silent:
    """A server that ends its handshake, maybe says something, and from then on neither answers a farewell nor ends the
    connection. `left` is set when the client's end has arrived."""

    def __init__(self, says: bytes, *, reads: bool = True) -> None:
        self._says = says
        self._reads = reads
        self.left = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> str:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        listening.bind(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._serve, sock=listening)
        return f"https://127.0.0.1:{listening.getsockname()[1]}/v1"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._hold(reader, writer)))

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._speak(reader, writer)
        finally:
            writer.transport.abort()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        end = certificate.serving().wrap_bio(coming, going, server_side=True)
        greeted = asked = False
        while not asked:
            try:
                if not greeted:
                    end.do_handshake()
                    greeted = True
                asked = b"\r\n\r\n" in end.read(65536)
            except ssl.SSLWantReadError:
                writer.write(going.read())
                coming.write(await reader.read(65536))
        if self._says:
            end.write(self._says)
        writer.write(going.read())
        if self._reads:
            with contextlib.suppress(ConnectionError):
                while await reader.read(65536):
                    pass
            self.left.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("how", ["left", "dropped by a clock", "cancelled"])
async def test_a_tls_connection_ends_at_once_though_the_server_says_no_farewell(how: str) -> None:
    held = Silent(BEGINS)
    async with (
        held as url,
        llm.open(
            "openai", model="m", api_key="k", base_url=url, retry=None, ssl=certificate.trusting(),
            timeouts=llm.Timeouts(idle=0.3),
        ) as client,
        client.chat_stream("hi") as events,
    ):  # fmt: skip
        assert isinstance(await anext(events), llm.TextDelta)
        if how == "left":
            await events.aclose()
        elif how == "cancelled":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(events)
        else:
            assert [event.kind async for event in events] == ["error", "end"]
        await asyncio.wait_for(held.left.wait(), SOON)


async def test_a_large_upload_over_tls_that_nobody_reads_is_ended_by_its_clock() -> None:
    async with (
        Silent(b"", reads=False) as url,
        llm.open(
            "openai", model="m", api_key="k", base_url=url, retry=None, ssl=certificate.trusting(),
            timeouts=llm.Timeouts(first_event=0.5),
        ) as client,
    ):  # fmt: skip
        with pytest.raises(llm.TimedOutError, match="first_event"):
            await client.chat("x" * 8_000_000)
        with pytest.raises(llm.TimedOutError, match="first_event"):
            async for _ in client.chat_stream("x" * 8_000_000):
                pass
