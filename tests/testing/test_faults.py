"""Every fault, byte for byte, and what our client makes of it."""

import asyncio
import gzip
import re
import socket
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import errors as e
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.testing.faults import BadChunk, BadHeader, Framing, Oddity, Place
from aikido_llm.types.tools import ToolCall

from .raw import ASK, CHAT, STREAM, Raw, exchange, post, read_on

TEXT = "one two three"
HI = llm.Request(messages=[llm.user("hi")])
QUICK = llm.Timeouts(connect=2, first_event=0.3, idle=0.3)


async def play(fault: Fault | None, body: dict[str, Any] = STREAM, **more: Any) -> Raw:
    """What the server sends for one request on a fresh connection."""
    async with WireServer() as server:
        server.answer(Answer(text=TEXT, fault=fault))
        return await exchange(server, post(body), **more)


async def healthy(body: dict[str, Any] = STREAM) -> tuple[bytes, list[bytes], bytes]:
    """(head, events as framed in chunks, the end) of the answer without a fault."""
    data = (await play(None, body)).data
    head, blank, rest = data.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return head + blank, [rest], b""
    frames: list[bytes] = []
    while rest:
        size = int(rest.partition(b"\r\n")[0], 16)
        end = rest.index(b"\r\n") + 2 + size + 2
        frames.append(rest[:end])
        rest = rest[end:]
    return head + blank, frames[:-1], frames[-1]


def without_date(data: bytes) -> bytes:
    return re.sub(rb"Date: [^\r]+", b"Date: then", data)


# ---------------------------------------------------------------------- places

PLACES: list[tuple[dict[str, Any], Callable[[bytes, list[bytes], bytes], bytes]]] = [
    ({"place": "before_headers"}, lambda head, events, end: b""),
    ({}, lambda head, events, end: b""),
    ({"place": "in_headers"}, lambda head, events, end: head[: len(head) // 2]),
    ({"place": "after_headers"}, lambda head, events, end: head),
    ({"at_byte": 0}, lambda head, events, end: head),
    ({"at_byte": 1}, lambda head, events, end: head + events[0][: events[0].index(b"\r\n") + 3]),
    ({"after_events": 2}, lambda head, events, end: head + b"".join(events[:2])),
    ({"after_events": 99}, lambda head, events, end: head + b"".join(events)),
    ({"after_events": 1, "mid_event": True}, lambda head, events, end: head + events[0] + _half(events[1])),
    ({"mid_event": True}, lambda head, events, end: head + _half(events[0])),
    ({"place": "after_end"}, lambda head, events, end: head + b"".join(events)),
    ({"at_byte": 10**9}, lambda head, events, end: head + b"".join(events)),
]


def _half(frame: bytes) -> bytes:
    start = frame.index(b"\r\n") + 2
    return frame[: start + (len(frame) - start - 2) // 2]


@pytest.mark.parametrize(("place", "sent"), PLACES, ids=[str(place) for place, _ in PLACES])
@pytest.mark.parametrize(("kind", "end"), [(Fault.close, "fin"), (Fault.reset, "reset"), (Fault.stall, "open")])
async def test_the_connection_breaks_exactly_at_the_place(
    kind: Callable[..., Fault], end: str, place: dict[str, Any], sent: Callable[[bytes, list[bytes], bytes], bytes]
) -> None:
    whole = await healthy()
    raw = await play(kind(**place), silence=0.05)
    assert without_date(raw.data) == without_date(sent(*whole))
    assert raw.end == end


@pytest.mark.parametrize("at", [0, 1, 50, 10_000])
async def test_a_body_is_cut_at_a_byte_under_its_full_length(at: int) -> None:
    head, (body,), _ = await healthy(ASK)
    raw = await play(Fault.close(at_byte=at), ASK)
    assert raw.body == body[:at]
    assert int(raw.headers["content-length"]) == len(body)
    assert len(raw.head) + 4 == len(head)


@pytest.mark.parametrize("framing", ["chunked", "length", "none"])
async def test_the_framing_of_the_body_may_be_chosen(framing: Framing) -> None:
    _, events, _ = await healthy()
    raw = await play(Fault.close(after_events=2, framing=framing))
    assert raw.end == "fin"
    assert ("transfer-encoding" in raw.headers, "content-length" in raw.headers) == (
        framing == "chunked",
        framing == "length",
    )
    assert raw.body == b"".join(event.split(b"\r\n", 1)[1][:-2] for event in events[:2])


async def test_a_stall_may_end() -> None:
    raw = await play(Fault.stall(after_events=1, seconds=0.05), silence=0.5)
    assert raw.end == "fin"
    assert raw.chunked_whole


@pytest.mark.parametrize("place", [{"place": "in_headers", "at_byte": 1}, {"at_byte": 1, "after_events": 1}])
def test_two_places_are_refused(place: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"either|not both"):
        Fault.close(**place)


def test_a_fault_says_what_it_is() -> None:
    assert str(Fault.reset(after_events=3)) == "reset(after_events=3)"
    assert str(Fault.stall("in_headers")) == "stall(place='in_headers')"
    assert Fault.reset(after_events=3) == Fault.reset(after_events=3)
    assert hash(Fault.gzip()) == hash(Fault.gzip())


# ---------------------------------------------------------------------- before the answer


async def test_refuse_closes_the_listener_until_it_listens_again() -> None:
    async with WireServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        server.answer("first", Answer(fault=Fault.refuse()), "second")
        raw = await read_on(reader, writer, post(keep_alive=True))
        assert b"first" in raw.body
        assert raw.end == "fin", "the connection that was idle is closed"
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await exchange(server)
        await server.listen()
        assert b"second" in (await exchange(server)).body


async def test_refuse_for_a_while_closes_idle_connections_at_once() -> None:
    async with WireServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.sleep(0.01)
        server.answer(Answer(fault=Fault.refuse(0.05)), "after")
        assert await asyncio.wait_for(reader.read(), 1) == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await exchange(server)
        await asyncio.sleep(0.1)
        assert b"after" in (await exchange(server)).body


async def test_our_client_retries_a_refusal() -> None:
    async with WireServer() as server:
        policy = llm.RetryPolicy(max_attempts=5, base_delay=0.05, should_retry=llm.is_retryable)
        async with llm.open("openai", server.dsn("openai"), retry=policy) as client:
            server.answer(Answer(fault=Fault.refuse(0.05)), "after")
            response = await client.complete(HI)
            assert response.text == "after"
            assert response.attempts > 1


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind", [Fault.close, Fault.reset, Fault.stall])
async def test_the_handshake_fails(kind: Callable[[Place], Fault], tls: bool) -> None:
    async with WireServer(tls=tls) as server:
        server.answer(Answer(fault=kind("handshake")))
        context = server.ssl_context() if tls else None
        clocks = llm.Timeouts(connect=0.2, first_event=0.2)
        async with llm.open("openai", server.dsn("openai"), ssl=context, retry=None, timeouts=clocks) as client:
            with pytest.raises(e.TimedOutError if kind is Fault.stall else e.ConnectError):
                await client.complete(HI)
            assert server.received == []
            assert (await client.complete(HI)).text == "Hello from the test server."


@pytest.mark.parametrize(("then", "end"), [("close", "fin"), ("reset", "reset"), ("keep", "open")])
async def test_early_413_while_uploading(then: Any, end: str) -> None:
    async with WireServer() as server:
        server.answer(Answer(fault=Fault.early(413, then)))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        raw = await read_on(reader, writer, post({**ASK, "padding": "x" * 30_000_000}), silence=0.2)
        assert raw.data.startswith(b"HTTP/1.1 413 ") or then == "reset"
        assert raw.end == end
        assert server.received[0].raw == b""
        writer.transport.abort()


@pytest.mark.parametrize("then", ["close", "keep"])
async def test_our_client_sees_the_early_413(then: Any) -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai"), retry=None, timeouts=QUICK) as client:
        server.answer(Answer(fault=Fault.early(413, then)))
        with pytest.raises(e.InvalidRequestError) as caught:
            await client.complete(llm.Request(messages=[llm.user("x" * 20_000_000)]))
        assert caught.value.status == 413
        await server.no_connections()


async def test_an_upload_that_is_not_read_gets_stuck_and_is_given_up() -> None:
    clocks = llm.Timeouts(connect=2, first_event=1)
    async with WireServer() as server, llm.open("openai", server.dsn("openai"), retry=None, timeouts=clocks) as client:
        server.answer(Answer(fault=Fault.unread()))
        with pytest.raises(e.TimedOutError):
            await client.complete(llm.Request(messages=[llm.user("x" * 20_000_000)]))
        assert server.received[0].raw == b""


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="a reset behind unread bytes; on Linux: make test")
async def test_a_client_that_leaves_an_unread_upload_is_noticed() -> None:
    async with WireServer() as server:
        server.answer(Answer(fault=Fault.unread()))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        raw = await read_on(reader, writer, post({**ASK, "padding": "x" * 20_000_000}), silence=0.05)
        assert (raw.data, raw.end) == (b"", "open")
        assert server.open_connections == 1
        sock = writer.get_extra_info("socket")  # a FIN would wait behind the bytes that nobody reads
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await server.no_connections()


async def test_an_upload_that_is_read_late_is_answered() -> None:
    async with WireServer() as server:
        server.answer(Answer(text="late", fault=Fault.unread(0.05)))
        assert b"late" in (await exchange(server, post({**ASK, "padding": "x" * 5_000_000}), silence=1)).body


@pytest.mark.parametrize(("kind", "at"), [(Fault.close, 0), (Fault.close, 1000), (Fault.reset, 1000)])
async def test_the_connection_ends_while_uploading(kind: Callable[..., Fault], at: int) -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai"), retry=None, timeouts=QUICK) as client:
        server.answer(Answer(fault=kind("upload", at_byte=at)))
        with pytest.raises(e.ConnectError):
            await client.complete(llm.Request(messages=[llm.user("x" * 20_000_000)]))
        assert len(server.received[0].raw) == at


async def test_a_stale_connection_is_closed_behind_an_answer_that_promised_to_keep_it() -> None:
    async with WireServer() as server:
        server.answer(Answer(text="one", fault=Fault.stale()), "two")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        first = await read_on(reader, writer, post(keep_alive=True))
        assert (first.end, first.status) == ("fin", 200)
        assert "connection: close" not in first.head.lower()
        writer.close()
        assert (server.waiting, len(server.received)) == (1, 1)


async def test_our_client_survives_a_stale_connection() -> None:
    async with WireServer() as server, llm.open("openai", server.dsn("openai")) as client:
        server.answer(Answer(text="one", fault=Fault.stale()), "two")
        assert [(await client.complete(HI)).text for _ in range(2)] == ["one", "two"]
        assert server.connections == 2


# ---------------------------------------------------------------------- HTTP


async def test_garbage() -> None:
    raw = await play(Fault.garbage())
    assert (raw.data, raw.end) == (b"SSH-2.0-OpenSSH_9.9\r\n", "fin")


async def test_another_status_line() -> None:
    assert (await play(Fault.status_line())).data.startswith(b"HTTP/2 200 OK\r\nDate")


@pytest.mark.parametrize(
    ("variant", "pattern"),
    [
        ("double_length", rb"Content-Length: \d+\r\n(.*\r\n)*Content-Length: \d+\r\n"),
        ("bad_length", rb"Content-Length: \d+x\r\n"),
        ("length_and_chunked", rb"Transfer-Encoding: chunked\r\n(.*\r\n)*Content-Length: \d+\r\n"),
        ("nul", rb"X-Broken: a\0b\r\n"),
        ("no_colon", rb"\r\nthis line has no name\r\n"),
    ],
)
async def test_bad_headers(variant: BadHeader, pattern: bytes) -> None:
    for body in (ASK, STREAM):
        assert re.search(pattern, (await play(Fault.bad_header(variant), body)).data)


async def test_long_and_many_headers() -> None:
    assert len((await play(Fault.long_header(100_000))).headers["x-long"]) == 100_000
    assert sum(name.startswith("x-many-") for name in (await play(Fault.many_headers(500))).headers) == 500


@pytest.mark.parametrize("variant", ["size", "no_line_end", "trailer", "page"])
async def test_bad_chunks(variant: BadChunk) -> None:
    head, events, end = await healthy()
    for after in (None, 0, 2):
        data = without_date((await play(Fault.bad_chunk(after, variant))).data)
        before = without_date(head) + b"".join(events[: after or 0])
        assert data.startswith(before)
        assert data.endswith(b"".join(events[after or 0 :]) + end)
        assert len(data) > len(before + b"".join(events[after or 0 :]) + end)


async def test_glued() -> None:
    data = (await play(Fault.glued(), ASK)).data
    assert data.endswith(b"}HTTP/1.1 502 oops\r\n\r\n")
    data = (await play(Fault.glued(204))).data
    assert data.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert data.endswith(b"\r\n\r\nHTTP/1.1 502 oops\r\n\r\n")


# ---------------------------------------------------------------------- sizes and encodings


async def take(fault: Fault, size: int, path: str = CHAT) -> bytes:
    async with WireServer() as server:
        server.answer(Answer(text=TEXT, fault=fault))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        raw = await read_on(reader, writer, post(STREAM, path), most=size)
        writer.transport.abort()
        await server.no_connections()
        return raw.body


async def test_an_endless_line() -> None:
    body = await take(Fault.endless_line(after_events=2), 3_000_000)
    assert len(body) > 2_000_000
    assert body.count(b"\n\n") == 2
    assert b"\n" not in (await take(Fault.endless_line(), 3_000_000, "/api/chat"))


async def test_an_oversize_line_then_the_rest() -> None:
    raw = await play(Fault.endless_line(after_events=1, size=200_000))
    lines = raw.body.split(b"\n\n")
    assert len(lines[1]) > 200_000
    assert lines[-2] == b"data: [DONE]"


async def test_endless_comments() -> None:
    assert (await take(Fault.endless_comments(), 100_000)).count(b": keep-alive\n\n") > 5000
    assert set(await take(Fault.endless_comments(), 10_000, "/api/chat")) == {10}


async def test_a_gzip_bomb() -> None:
    body = await take(Fault.gzip_bomb(after_events=1), 20_000)
    inflated = zlib.decompressobj(wbits=31).decompress(body)
    assert len(inflated) > 100 * len(body)
    assert inflated.count(b"\n\n") == 1


async def test_gzip_faults() -> None:
    whole = (await play(None)).body
    for body in (STREAM, ASK):
        damaged = await play(Fault.gzip("damaged"), body)
        with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
            gzip.decompress(damaged.body)
        cut = await play(Fault.gzip("cut"), body)
        with pytest.raises(EOFError):
            gzip.decompress(cut.body)
        assert cut.end == "fin"
    assert cut.headers["content-length"] == str(len(cut.body))
    assert whole.startswith(zlib.decompressobj(wbits=31).decompress((await play(Fault.gzip("cut"))).body))
    plain = await play(Fault.gzip("plain"))
    assert (plain.headers["content-encoding"], plain.body) == ("gzip", whole)


async def test_an_unknown_encoding() -> None:
    assert (await play(Fault.encoding("zstd"))).headers["content-encoding"] == "zstd"


async def test_drips() -> None:
    head, events, end = await healthy(ASK)
    raw = await play(Fault.drip(0.0, 3), ASK, silence=1)
    assert without_date(raw.data) == without_date(head + events[0] + end)
    raw = await play(Fault.drip_headers(0.0, 1), ASK, silence=1)
    assert without_date(raw.data) == without_date(head + events[0] + end)
    assert (await play(Fault.drip_headers(0.05), silence=0.02)).data == b"H"


# ---------------------------------------------------------------------- what HTTP carries


async def test_an_error_inside_a_200() -> None:
    whole = (await play(None)).body
    for after in (0, 2):
        raw = await play(Fault.error_inside("oh no", "bad_luck", after_events=after))
        events = raw.body.split(b"\n\n")
        assert (raw.status, raw.end, raw.chunked_whole) == (200, "fin", True)
        assert b"".join(event + b"\n\n" for event in events[:after]) in whole
        assert b"oh no" in events[after]
        assert len(events) == after + 2
    behind = (await play(Fault.error_inside("oh no", place="after_end"))).body
    assert behind.index(b"[DONE]") < behind.index(b"oh no")
    assert (await play(Fault.error_inside("oh no"), ASK)).json()["error"]["message"] == "oh no"


async def test_broken_grammar() -> None:
    calls = Answer(text="a b", tool_calls=[ToolCall("c1", "f"), ToolCall("c2", "g", '{"x":"\\"index\\":3"}')])

    async def events(fault: Fault | None) -> list[bytes]:
        async with WireServer() as server:
            server.answer(llm_answer(calls, fault))
            return (await exchange(server, post(STREAM))).body.split(b"\n\n")[:-1]

    whole = await events(None)
    assert any(b'"index":1' in event for event in whole)
    assert all(b'"index":1' not in event for event in await events(Fault.duplicate_indexes()))
    assert await events(Fault.repeat_event(2)) == [*whole[:3], *whole[2:]]
    assert await events(Fault.drop_event(2)) == [*whole[:2], *whole[3:]]
    assert await events(Fault.swap_events(2)) == [*whole[:2], whole[3], whole[2], *whole[4:]]
    assert await events(Fault.no_end_mark()) == [event for event in whole[:-1] if b'"finish_reason":"' not in event]
    assert await events(Fault.edited(lambda pieces: pieces[::-1])) == whole[::-1]
    malformed = await events(Fault.malformed(after_events=1))
    assert len(malformed) == len(whole)
    assert whole[1].startswith(malformed[1])
    assert len(malformed[1]) < len(whole[1])


def llm_answer(answer: Answer, fault: Fault | None) -> Answer:
    return Answer(text=answer.text, tool_calls=answer.tool_calls, fault=fault)


@pytest.mark.parametrize("status", [200, 204, 101])
async def test_nothing_behind_the_status(status: int) -> None:
    raw = await play(Fault.empty(status))
    assert (raw.status, raw.body, raw.end) == (status, b"", "fin")


async def test_a_page_and_a_redirect() -> None:
    page = await play(Fault.page())
    assert page.headers["content-type"].startswith("text/html")
    assert (page.status, page.body[:6]) == (200, b"<html>")
    moved = await play(Fault.redirect("https://elsewhere.example/v1", 302))
    assert (moved.status, moved.headers["location"]) == (302, "https://elsewhere.example/v1")


# ---------------------------------------------------------------------- our client

# fault, what a stream ends in, what a whole body ends in; None: nothing went wrong.
Table = list[tuple[Fault, type[e.LLMError] | None, type[e.LLMError] | None]]
FAULTS: Table = [
    (Fault.close("before_headers"), e.ConnectError, e.ConnectError),
    (Fault.close("in_headers"), e.ConnectError, e.ConnectError),
    (Fault.reset("before_headers"), e.ConnectError, e.ConnectError),
    (Fault.reset("in_headers"), e.ConnectError, e.ConnectError),
    (Fault.stall("before_headers"), e.TimedOutError, e.TimedOutError),
    (Fault.stall("in_headers"), e.TimedOutError, e.TimedOutError),
    (Fault.drip_headers(0.05), e.TimedOutError, e.TimedOutError),
    (Fault.close("after_headers"), e.StreamTruncated, e.StreamTruncated),
    (Fault.reset("after_headers"), e.StreamTruncated, e.StreamTruncated),
    (Fault.stall("after_headers"), e.TimedOutError, e.TimedOutError),
    (Fault.close(after_events=2), e.StreamTruncated, None),
    (Fault.close(at_byte=40), e.StreamTruncated, e.StreamTruncated),
    (Fault.close(at_byte=40, framing="length"), e.StreamTruncated, e.StreamTruncated),
    (Fault.close(after_events=2, framing="none"), e.StreamTruncated, None),
    (Fault.close(mid_event=True, framing="none"), e.StreamTruncated, e.StreamError),
    (Fault.reset(mid_event=True), e.StreamTruncated, e.StreamTruncated),
    (Fault.reset(after_events=2), e.StreamTruncated, None),
    (Fault.stall(after_events=2), e.TimedOutError, None),
    (Fault.stall(mid_event=True), e.TimedOutError, e.TimedOutError),
    (Fault.stall("after_end"), None, None),
    (Fault.close("after_end"), None, None),
    (Fault.reset("after_end"), None, None),
    (Fault.garbage(), e.MalformedStream, e.MalformedStream),
    (Fault.status_line("HTTP/2 200 OK"), e.MalformedStream, e.MalformedStream),
    (Fault.status_line("HTTP/1.1 99999 Huge"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_header("double_length"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_header("bad_length"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_header("length_and_chunked"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_header("nul"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_header("no_colon"), e.MalformedStream, e.MalformedStream),
    (Fault.long_header(2_000_000), e.MalformedStream, e.MalformedStream),
    (Fault.bad_chunk(None), e.MalformedStream, e.MalformedStream),
    (Fault.bad_chunk(None, "page"), e.MalformedStream, e.MalformedStream),
    (Fault.bad_chunk(1), e.TimedOutError, None),  # a body that is whole is whole, whatever HTTP does behind it
    (Fault.bad_chunk(1, "page"), e.TimedOutError, None),
    (Fault.glued(204), e.MalformedStream, e.MalformedStream),
    (Fault.endless_line(size=3_000_000), e.TooLargeError, e.LLMError),
    (Fault.endless_line(), e.TooLargeError, e.TooLargeError),
    (Fault.endless_line(after_events=2), e.TooLargeError, e.TooLargeError),
    (Fault.endless_comments(), e.TimedOutError, e.LLMError),
    (Fault.gzip_bomb(), e.TooLargeError, e.TooLargeError),
    (Fault.gzip("damaged"), e.LLMError, e.MalformedStream),
    (Fault.gzip("cut"), e.StreamTruncated, e.StreamError),
    (Fault.gzip("plain"), e.MalformedStream, e.MalformedStream),
    (Fault.encoding(), e.MalformedStream, e.MalformedStream),
    (Fault.drip(0.0, 7), None, None),
    (Fault.error_inside("boom", "server_error"), e.ServerError, e.ServerError),
    (Fault.error_inside("boom", "server_error", after_events=2), e.ServerError, e.ServerError),
    (Fault.error_inside("boom", place="after_end"), None, e.ServerError),
    (Fault.malformed(1), e.MalformedStream, e.StreamError),
    (Fault.no_end_mark(), e.StreamTruncated, e.StreamError),
    (Fault.drop_event(0), None, e.LLMError),
    (Fault.empty(), e.StreamTruncated, e.StreamError),
    (Fault.empty(204), e.MalformedStream, e.MalformedStream),
    (Fault.page(), e.MalformedStream, e.MalformedStream),
    (Fault.redirect(), e.InvalidRequestError, e.InvalidRequestError),
    (Fault.oddity("bare_lf"), None, None),
    (Fault.oddity("reason"), None, None),
    (Fault.oddity("early_hints"), None, None),
    (Fault.oddity("trailers"), None, None),
    (Fault.oddity("chunk_extensions"), None, None),
    (Fault.oddity("gzip"), None, None),
    (Fault.oddity("gzip_members"), None, None),
    (Fault.oddity("after_last_chunk"), None, None),
]
CASES = [(fault, stream, kind) for fault, *kinds in FAULTS for stream, kind in zip((True, False), kinds, strict=True)]


@pytest.mark.parametrize(("fault", "stream", "kind"), CASES, ids=str)
async def test_our_client_says_what_went_wrong(fault: Fault, stream: bool, kind: type[e.LLMError] | None) -> None:
    limits = llm.Limits(event_bytes=1 << 20, body_bytes=1 << 22)
    async with WireServer() as server:
        server.answer(Answer(text=TEXT, fault=fault))
        client = llm.open("openai", server.dsn("openai"), retry=None, timeouts=QUICK, limits=limits)
        async with client:
            call = llm.collect(client.stream(HI)) if stream else client.complete(HI)
            if kind is None:
                assert (await call).text == TEXT
            else:
                with pytest.raises(kind):
                    await call
            assert len(server.received) == 1
        await server.no_connections()


@pytest.mark.parametrize(
    "variant", ["bare_lf", "reason", "early_hints", "trailers", "chunk_extensions", "gzip", "gzip_members"]
)
async def test_oddities_are_read_by_a_tolerant_client(variant: Oddity) -> None:
    raw = await play(Fault.oddity(variant))
    assert raw.end == "fin"
    assert raw.data != (await play(None)).data
