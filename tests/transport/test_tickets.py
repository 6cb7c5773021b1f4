"""TLS sessions are taken up again, and nothing that was not verified is."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop

import aikido_llm as llm
from aikido_llm.testing import certificate
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import Headers, HTTPRequest
from aikido_llm.transport.tickets import resuming
from tests.transport.test_pool import reply

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]
ONCE = llm.Limits(keepalive=0)  # each call has a connection of its own


class Handshakes:
    """A server that notes of each connection whether its client took a session up."""

    def __init__(self) -> None:
        self.resumed: list[bool] = []
        self.port = 0

    @asynccontextmanager
    async def listening(
        self, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, port: int = 0
    ) -> AsyncGenerator["Handshakes"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # one of its own: it holds the key of its tickets
        certificate.load(context)
        context.maximum_version = newest
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.resumed.append(writer.get_extra_info("ssl_object").session_reused)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(size.partition(b":")[2]))
                await asyncio.sleep(0.01)  # those that are asked together need a connection each
                writer.write(reply("hi"))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def client(self, context: ssl.SSLContext, host: str = "127.0.0.1", limits: llm.Limits = ONCE) -> llm.HTTPClient:
        url = f"https://{host}:{self.port}/v1"
        return llm.open("openai", url, api_key="key", model="m", ssl=context, limits=limits, retry=None)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate.CERTIFICATE)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_further_connection_takes_the_session_up(
    loop: Callable[[], asyncio.AbstractEventLoop], newest: ssl.TLSVersion
) -> None:
    async def main() -> list[bool]:
        async with Handshakes().listening(newest) as server, server.client(trusting()) as client:
            for _ in range(3):
                await client.chat("hi")
        return server.resumed

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(main()) == [False, True, True]


async def test_those_that_are_opened_at_once_do_too() -> None:
    async with (
        Handshakes().listening() as server,
        server.client(trusting(), limits=llm.Limits(connections=8)) as client,
    ):
        await client.warm(1)
        await client.chat("hi")
        await asyncio.gather(*(client.chat("hi") for _ in range(8)))
    assert server.resumed == [False] + 7 * [True]


async def test_a_server_whose_tickets_have_another_key_now_gives_new_ones() -> None:
    server = Handshakes()
    async with server.listening():
        client = server.client(trusting())
        await client.chat("hi")
        await client.chat("hi")
    async with client, server.listening(port=server.port):
        for _ in range(3):
            await client.chat("hi")
    assert server.resumed == [False, True, False, True, True]


async def test_a_client_takes_up_its_own_sessions_alone() -> None:
    async with Handshakes().listening() as server:
        context = trusting()
        for _ in range(2):
            async with server.client(context) as client:
                await client.chat("hi")
    assert server.resumed == [False, False]


async def test_another_name_is_verified_by_a_handshake_of_its_own() -> None:
    async with Handshakes().listening() as server:
        transport = AiohttpTransport(llm.Timeouts(), ONCE, ssl_context=trusting())
        for host in ("127.0.0.1", "localhost", "localhost"):
            response = await transport.send(HTTPRequest("POST", f"https://{host}:{server.port}/", Headers({}), b"{}"))
            while await response.read():
                pass
            response.release()
        await transport.aclose()
    assert server.resumed == [False, False, True]


async def test_what_was_not_verified_is_not_taken_up_once_it_has_to_be() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with Handshakes().listening() as server, server.client(context) as client:
        await client.chat("hi")
        context.verify_mode = ssl.CERT_REQUIRED
        with pytest.raises(llm.ConnectError, match=r"(?i)certificate"):
            await client.chat("hi")


def test_a_context_that_checks_by_itself_is_left_alone() -> None:
    class Own(ssl.SSLContext):
        pass

    class Object(ssl.SSLObject):
        pass

    own, set_up = Own(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    set_up.sslobject_class = Object
    assert resuming(own) is own
    assert resuming(set_up) is set_up
    plain = trusting()
    assert resuming(plain) is not plain
    assert plain.sslobject_class is ssl.SSLObject, "it is not touched"
