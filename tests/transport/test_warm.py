"""Connections that are opened ahead, and how long an idle one is kept."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvloop

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer
from tests.testing.threaded import wait_until, wire_server

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]


def opened(server: WireServer, limits: llm.Limits | None = None, connect: float = 5) -> llm.HTTPClient:
    clocks = llm.Timeouts(connect=connect)
    ssl = server.ssl_context() if server.tls else None
    return llm.open("vllm", server.dsn("vllm"), limits=limits, timeouts=clocks, ssl=ssl, retry=None)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("tls", [False, True])
def test_they_are_there_before_a_request_and_used_by_the_next_ones(
    tls: bool, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main(server: WireServer) -> None:
        async with opened(server) as client:
            await client.warm(4)
            wait_until(lambda: server.open_connections == 4)
            assert not server.received
            await client.warm(3)  # they are ready
            assert server.connections == 4
            answers = await asyncio.gather(*(client.chat("hi") for _ in range(4)))
            assert all(answer.text for answer in answers)
            assert server.connections == 4, "an unread TLS ticket is nothing that came unasked"
            await client.warm(6)
            wait_until(lambda: server.open_connections == 6)

    with wire_server(tls=tls) as (server, _), asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main(server))


async def test_views_of_a_client_share_them() -> None:
    async with WireServer() as server, opened(server) as client:
        await client.single_attempt.warm(2)
        await client.chat("hi")
        assert server.connections == 2


async def test_they_count_under_the_limit() -> None:
    async with WireServer() as server, opened(server, llm.Limits(connections=3), connect=0.2) as client:
        with pytest.raises(llm.ConfigError, match=r"from 1 to Limits\.connections \(3\)"):
            await client.warm(4)
        server.answer(Answer("long", fault=Fault.stall(after_events=2)))
        async with client.stream(llm.Request("hi")) as stream:
            await anext(stream)
            with pytest.raises(llm.TimedOutError) as caught:  # one of three is in use
                await client.warm(3)
            assert caught.value.phase == "connect"
            await client.warm(2)
            assert server.open_connections == 3
        assert [answer.text for answer in await asyncio.gather(*(client.chat("x") for _ in range(5)))]


async def test_two_at_once_do_not_wait_for_each_other() -> None:
    async with WireServer() as server, opened(server, llm.Limits(connections=4)) as client:
        await asyncio.gather(*(client.warm(3) for _ in range(5)))
        assert server.connections <= 4


async def test_what_cannot_be_connected_to_is_a_connect_error_and_leaves_nothing() -> None:
    async with WireServer(tls=True) as server:
        client = llm.open("vllm", server.dsn("vllm"), retry=None)  # trusts it not
        async with client:
            with pytest.raises(llm.ConnectError, match="not trusted") as caught:
                await client.warm(3)
            assert caught.value.provider == "vllm"
    async with WireServer() as server, opened(server) as client:
        server.refuse()
        with pytest.raises(llm.ConnectError):
            await client.warm(2)
        await server.listen()
        await client.warm(2)
        assert server.open_connections == 2


async def test_a_cancelled_warming_gives_everything_back() -> None:
    async with WireServer(tls=True) as server, opened(server, llm.Limits(connections=2)) as client:
        server.answer(Answer("x", fault=Fault.stall("handshake")))
        warming = asyncio.ensure_future(client.warm(2))
        await asyncio.sleep(0.05)  # wherever it is by then
        warming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await warming
        answers = await asyncio.gather(client.chat("a"), client.chat("b"))
        assert all(answer.text for answer in answers)


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "3", None, 501])
async def test_only_a_number_of_connections(wrong: object) -> None:
    async with llm.open("echo") as client:
        with pytest.raises(llm.ConfigError):
            await cast(Any, client).warm(wrong)


async def test_echo_has_none_and_a_closed_client_opens_none() -> None:
    async with llm.open("echo") as client:
        await client.warm(3)
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.warm(3)


# ---------------------------------------------------------------- keepalive


async def test_an_idle_connection_is_kept_so_long() -> None:
    async with WireServer() as server, opened(server, llm.Limits(keepalive=0.1)) as client:
        await client.chat("a")
        await client.chat("b")
        assert server.connections == 1
        assert await server.closed_within(3)
        await client.chat("c")
        assert server.connections == 2


async def test_none_is_kept_at_all() -> None:
    async with WireServer() as server, opened(server, llm.Limits(keepalive=0)) as client:
        for _ in range(2):
            await client.chat("a")
            assert await server.closed_within(1)
        assert server.connections == 2
        with pytest.raises(llm.ConfigError, match="keepalive"):
            await client.warm(1)


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), None, "30", True])
def test_keepalive_is_seconds(wrong: object) -> None:
    with pytest.raises(llm.ConfigError, match="keepalive"):
        llm.Limits(keepalive=cast(Any, wrong))
