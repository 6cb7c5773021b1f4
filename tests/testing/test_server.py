"""WireServer: addresses, routing, keys, rules, the script, what it records, connections, TLS, the command line."""

import asyncio
import contextlib
import gc
import http.client
import json
import logging
import os
import signal
import socket
import ssl
import sys
import time
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.errors import ConfigError
from aikido_llm.testing import Answer, Fault, Received, WireServer
from aikido_llm.testing.connection import Connection
from aikido_llm.types.tools import ToolCall

from .raw import ASK, CHAT, STREAM, exchange, post, read_on

PROVIDERS = [name for name in llm.providers() if name != "echo"]
HI = llm.Request(messages=[llm.user("hi")])


# ---------------------------------------------------------------------- addresses


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_provider_is_reached_by_its_dsn(name: str) -> None:
    async with WireServer() as server, llm.open(name, server.dsn(name)) as client:
        call = ToolCall("call_ab12", "look", '{"at":"é\\n😀"}')
        server.respond(lambda _: Answer(text="Good day to you", thinking="Hm, hm", tool_calls=[call]))
        streamed = await llm.collect(client.stream(HI))
        whole = await client.complete(HI)
        for response in (streamed, whole):
            assert response.text == "Good day to you"
            assert response.thinking == "Hm, hm"
            assert [(call.name, call.parsed()) for call in response.tool_calls] == [("look", {"at": "é\n😀"})]
            assert response.finish_reason is llm.FinishReason.tool_calls
            assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 7)
            assert response.model == "test-model"
            assert response.request_id.startswith("req-")
        with contextlib.suppress(llm.UnsupportedFeatureError):  # of a host that lists its models elsewhere
            assert [model.id for model in await client.list_models()] == ["test-model", "test-model-large"]
        assert server.refused == []


def test_the_base_url_ends_as_the_providers_own() -> None:
    server = WireServer(port=80)
    assert server.base_url("openrouter") == "http://127.0.0.1:80/as/openrouter/api/v1"
    assert server.base_url("groq") == "http://127.0.0.1:80/as/groq/openai/v1"
    assert server.base_url("anthropic") == "http://127.0.0.1:80/as/anthropic"
    assert server.base_url("openai_chat") == "http://127.0.0.1:80/as/openai_chat/v1"
    assert server.dsn("ollama") == "http://127.0.0.1:80/as/ollama?api_key=test-key&model=test-model"
    with pytest.raises(ConfigError, match="no provider"):
        server.base_url("nobody")


@pytest.mark.parametrize("prefix", ["", "/v1", "/api/v1", "/openai/v1", "/openai/deployments/d", "/as/openai_chat/v1"])
async def test_the_chat_wire_is_found_behind_any_base_path(prefix: str) -> None:
    async with WireServer() as server:
        reply = await exchange(server, post(path=f"{prefix}/chat/completions"))
        assert reply.json()["object"] == "chat.completion"
        assert server.received[0].path == f"{prefix}/chat/completions".removeprefix("/as/openai_chat")


async def test_a_shared_path_goes_to_the_wire_whose_key_is_sent() -> None:
    async with WireServer() as server:
        openai = await exchange(server, post(None, "/v1/models", method="GET"))
        assert openai.json()["object"] == "list"
        anthropic = b"GET /v1/models HTTP/1.1\r\nx-api-key: test-key\r\nConnection: close\r\n\r\n"
        assert "has_more" in (await exchange(server, anthropic)).json()


@pytest.mark.parametrize("path", ["/v1/nothing", "/as/openai/v1/nothing", "/as/nobody/v1/chat/completions", "/"])
async def test_an_unknown_path_is_a_404(path: str) -> None:
    async with WireServer() as server:
        assert (await exchange(server, post(path=path))).status == 404
        assert server.refused[0].status == 404


# ---------------------------------------------------------------------- keys and rules


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_wrong_or_missing_key_is_a_401_in_the_wires_envelope(
    key: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with WireServer() as server:
        server.answer("never said")
        with caplog.at_level(logging.WARNING, "aikido_llm.testing"):
            reply = await exchange(server, post(key=key))
        assert reply.status == 401
        assert reply.json()["error"]["code"] == "invalid_api_key"
        assert server.waiting == 1, "a refused request takes no answer"
        assert "the API key is missing or wrong" in caplog.text


async def test_key_none_takes_any_key() -> None:
    async with WireServer(key=None) as server:
        assert (await exchange(server, post(key=None))).status == 200
        assert (await exchange(server, post(key="any"))).status == 200


async def test_a_bad_request_is_the_wires_400_and_the_reason_is_kept() -> None:
    async with WireServer() as server:
        reply = await exchange(server, post({"model": "m", "messages": []}))
        assert reply.status == 400
        assert reply.json()["error"]["type"] == "invalid_request_error"
        (refusal,) = server.refused
        assert refusal.reason == reply.json()["error"]["message"]
        assert refusal.request is server.received[0]
        assert (await exchange(server, post(b"{no json"))).status == 400


async def test_the_rules_can_be_left_out() -> None:
    async with WireServer(check=False) as server:
        assert (await exchange(server, post({"odd": 1}))).status == 200


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"x" * 70_000])
async def test_what_is_not_http_is_a_400(sent: bytes) -> None:
    async with WireServer() as server:
        assert (await exchange(server, sent)).data.startswith(b"HTTP/1.1 400 ")


# ---------------------------------------------------------------------- the script


async def test_answers_are_played_in_order_then_the_function_then_a_greeting() -> None:
    async with WireServer() as server:

        async def second(request: Received) -> Answer:
            await asyncio.sleep(0)
            return Answer(text=f"to {request.body['messages'][0]['content']}")

        def said(reply: Any) -> Any:
            return reply.json()["choices"][0]["message"]["content"]

        server.answer("one", Answer(text="two"))
        server.respond(second)
        assert [said(await exchange(server)) for _ in range(3)] == ["one", "two", "to hi"]
        server.respond(None)
        assert said(await exchange(server)) == "Hello from the test server."


async def test_a_status_with_headers_and_its_envelope() -> None:
    async with WireServer() as server:
        server.answer(Answer(status=429, headers={"retry-after": "3"}, message="slow down", code="slow_down"))
        reply = await exchange(server)
        assert reply.status == 429
        assert reply.headers["retry-after"] == "3"
        assert reply.json()["error"]["message"] == "slow down"
        assert reply.json()["error"]["code"] == "slow_down"


async def test_model_lists_have_a_queue_of_their_own() -> None:
    async with WireServer(models=("a",)) as server:
        server.answer("for the chat")
        server.answer_models(Answer(status=503))
        sent = post(None, "/v1/models", method="GET")
        assert (await exchange(server, sent)).status == 503
        assert [entry["id"] for entry in (await exchange(server, sent)).json()["data"]] == ["a"]
        assert server.waiting == 1


async def test_what_the_function_raises_is_a_500_and_raised_at_the_end() -> None:
    def fails(request: Received) -> Answer:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        async with WireServer() as server:
            server.respond(fails)
            assert (await exchange(server)).status == 500


async def test_an_answer_that_the_wire_cannot_write_is_a_500_and_raised_at_the_end() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        async with WireServer() as server:
            server.answer(Answer(tool_calls=[ToolCall("c", "f", "[]")]))
            assert (await exchange(server, post(path="/api/chat"))).status == 500


async def test_requests_are_recorded() -> None:
    async with WireServer() as server:
        await exchange(server, post(path="/as/groq/openai/v1/chat/completions?a=1&b=%C3%A9"))
        (request,) = server.received
        assert (request.method, request.path, request.provider) == ("POST", "/openai/v1/chat/completions", "groq")
        assert request.query == {"a": "1", "b": "é"}
        assert request.headers["authorization"] == "Bearer test-key"
        assert request.body == ASK
        assert json.loads(request.raw) == ASK


@pytest.mark.parametrize("writes", [1, 2, 7, 1000])
@pytest.mark.parametrize("body", [ASK, STREAM])
async def test_every_size_of_writes_gives_the_same(writes: int, body: dict[str, Any]) -> None:
    async with WireServer() as server:
        server.answer(Answer(text="one two"), Answer(text="one two", writes=writes))
        first, second = await exchange(server, post(body)), await exchange(server, post(body), silence=1)
        assert first.body == second.body
        assert second.end == "fin"


async def test_pace_is_the_time_between_events() -> None:
    async with WireServer() as server:
        server.answer(Answer(text="a b c", pace=0.02))
        start = time.perf_counter()
        await exchange(server, post(STREAM))
        assert time.perf_counter() - start > 0.08


# ---------------------------------------------------------------------- HTTP


async def test_keep_alive_serves_many_requests_on_one_connection() -> None:
    async with WireServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(3):
            await read_on(reader, writer, post(STREAM, keep_alive=True), silence=0.05)
            reply = await read_on(reader, writer, post(keep_alive=True), silence=0.05)
            assert reply.json()["object"] == "chat.completion"
            assert reply.end == "open"
        assert (server.connections, server.open_connections, len(server.received)) == (1, 1, 6)
        writer.close()
        await server.no_connections()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with WireServer() as server:
        server.answer("one", "two")
        reply = await exchange(server, post(keep_alive=True) + post())
        assert reply.data.index(b"one") < reply.data.index(b"two")


async def test_a_request_in_chunks_and_one_that_waits_for_100_continue() -> None:
    body = json.dumps(ASK).encode()
    start = f"POST {CHAT} HTTP/1.1\r\nAuthorization: bearer test-key\r\nConnection: close\r\n"
    async with WireServer() as server:
        chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[i : i + 1]) for i in range(len(body))) + b"0\r\nX: y\r\n\r\n"
        head = f"{start}Transfer-Encoding: chunked\r\n\r\n".encode()
        assert (await exchange(server, head + chunks)).status == 200
        head = f"{start}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert (await read_on(reader, writer, head, silence=0.05)).data == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await read_on(reader, writer, body)).status == 200
        writer.close()
        assert [request.body for request in server.received] == [ASK, ASK]


async def test_a_standard_client_reads_streams_and_bodies() -> None:
    def use(port: int) -> tuple[bytes, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        headers = {"Authorization": "Bearer test-key"}
        connection.request("POST", CHAT, json.dumps(STREAM), headers)
        stream = connection.getresponse().read()
        connection.request("POST", CHAT, json.dumps(ASK), headers)
        body = connection.getresponse().read()
        connection.close()
        return stream, body

    async with WireServer() as server:
        stream, body = await asyncio.to_thread(use, server.port)
        assert stream.endswith(b"data: [DONE]\n\n")
        assert json.loads(body)["choices"][0]["finish_reason"] == "stop"
        assert server.connections == 1


async def test_an_upload_of_many_bytes() -> None:
    body = {**ASK, "padding": "x" * 20_000_000}
    async with WireServer() as server:
        assert (await exchange(server, post(body), silence=2)).status == 200
        assert len(server.received[0].raw) > 20_000_000


async def test_a_slow_reader_holds_the_sender_back() -> None:
    sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(connection: Connection) -> None:
        await connection.send(b"x" * 30_000_000)
        sent.set_result(None)
        connection.close()

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(serve, lambda _: None), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.sockets[0].getsockname()[1], limit=1000)
    await asyncio.sleep(0.1)
    assert not sent.done()
    size = 0
    while piece := await reader.read(1 << 20):
        size += len(piece)
    assert size == 30_000_000
    assert sent.done()
    writer.close()
    await writer.wait_closed()
    listener.close()
    await listener.wait_closed()


# ---------------------------------------------------------------------- connections


async def test_connections_are_counted_and_their_end_is_awaited() -> None:
    async with WireServer() as server:
        assert await server.closed_within(0)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.sleep(0.01)
        assert (server.connections, server.open_connections) == (1, 1)
        assert not await server.closed_within(0.01)
        with pytest.raises(TimeoutError, match="1 connections are still open"):
            await server.no_connections(0.01)
        writer.close()
        assert await server.closed_within(1)


async def test_an_early_exit_of_our_client_is_seen() -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai")) as client:
        server.answer(Answer(text="word " * 100, pace=0.01))
        async with client.stream(HI) as events:
            async for _ in events:
                break
        await server.no_connections(0.2)


async def test_stopping_breaks_what_is_stuck() -> None:
    async with WireServer() as server:
        server.answer(Answer(fault=Fault.stall("after_headers")))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(post())
        assert await reader.readuntil(b"\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_the_same_port_again() -> None:
    async with WireServer() as server:
        await exchange(server)
    async with WireServer(port=server.port) as again:
        assert (await exchange(again)).status == 200


async def test_a_server_starts_and_stops_in_about_a_millisecond() -> None:
    start = time.perf_counter()
    for _ in range(20):
        async with WireServer():
            pass
    assert (time.perf_counter() - start) / 20 < 0.02  # generous: the machine may be busy


# ---------------------------------------------------------------------- TLS


async def test_tls_with_a_context_that_trusts_it() -> None:
    async with WireServer(tls=True) as server:
        assert server.url.startswith("https://")
        reply = await exchange(server, context=server.ssl_context(), silence=1)
        assert reply.status == 200
        async with llm.open("openai", server.dsn("openai"), ssl=server.ssl_context()) as client:
            assert (await llm.collect(client.stream(HI))).text == "Hello from the test server."


async def test_tls_is_not_trusted_by_others() -> None:
    async with WireServer(tls=True) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await exchange(server, context=ssl.create_default_context())
        async with llm.open("openai", server.dsn("openai"), retry=None) as client:
            with pytest.raises(llm.ConnectError, match="not trusted"):
                await client.complete(HI)
        assert server.received == []
        await server.no_connections()


async def test_plain_http_to_a_tls_server_ends() -> None:
    async with WireServer(tls=True) as server:
        await exchange(server, silence=1)
        await server.no_connections()


# ---------------------------------------------------------------------- by hand


async def test_the_command_line_prints_a_dsn_per_provider() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "aikido_llm.testing.server", "--key", "k-1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode().split() for _ in range(len(PROVIDERS) + 1)]
        dsns = {line[0]: line[1] for line in lines[1:]}
        assert set(dsns) == set(PROVIDERS)
        async with llm.open("anthropic", dsns["anthropic"]) as client:
            assert (await client.complete(HI)).text == "Hello from the test server."
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert errors == b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


# ---------------------------------------------------------------------- raw replies


async def test_a_raw_reply_goes_to_the_next_request_whatever_it_is() -> None:
    async with WireServer() as server:
        server.answer("from the queue")
        server.answer_raw(b"HTTP/1.1 299 Odd\r\nContent-Length: 9\r\n\r\n", b"short")
        reply = await exchange(server, post(path="/nowhere", key=None))
        assert (reply.status, reply.data[-5:], reply.end) == (299, b"short", "fin")
        assert server.received[0].path == "/nowhere"
        assert server.refused == []
        assert "from the queue" in (await exchange(server)).body.decode()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # asyncio of 3.11 forgets the socket
async def test_a_connection_that_comes_while_it_closes_does_not_hold_it() -> None:
    for turns in range(5):  # of the loop, which takes a connection in by several
        server = WireServer()
        await server.listen()
        with socket.create_connection(("127.0.0.1", server.port)):
            await asyncio.sleep(0.01)
            with socket.create_connection(("127.0.0.1", server.port)):
                for _ in range(turns):
                    await asyncio.sleep(0)
                async with asyncio.timeout(5):
                    await server.aclose()
    gc.collect()
