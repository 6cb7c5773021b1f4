"""AWS's binary event streams: whole, in any pieces, cut anywhere, broken, and far too large."""

import gzip
import json
import tracemalloc
from base64 import b64decode
from pathlib import Path
from struct import pack
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.errors import MalformedStream, TooLargeError
from aikido_llm.framing import WHOLE, Frame
from aikido_llm.framing.eventstream import FAILED, EventStreamFramer, WrappedFramer, eventstream_or_whole
from tests.binary import event, message, prelude, text, wrapped
from tests.wire import bytewise, lengths

RECORDED = Path(__file__).parents[3] / "shared" / "corpus" / "dev2.jsonl.gz"
TYPE = "application/vnd.amazon.eventstream"


def read(pieces: list[bytes], max_bytes: int = 100_000) -> list[Frame]:
    framer = EventStreamFramer(max_bytes)
    out: list[Frame] = []
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


EVENTS = [
    event("messageStart", b'{"role":"assistant"}'),
    event("contentBlockDelta", b"x" * 300),
    event("metadata", b""),
]
BODY = b"".join(EVENTS)
FRAMES: list[Frame] = [("messageStart", b'{"role":"assistant"}'), ("contentBlockDelta", b"x" * 300), ("metadata", b"")]


def test_each_message_is_a_frame() -> None:
    assert read([BODY]) == FRAMES


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 90)))
def test_any_cut_into_pieces_gives_the_same_frames(sizes: list[int]) -> None:
    assert read(list(lengths(BODY, sizes))) == FRAMES


def test_bytes_one_by_one() -> None:
    assert read(list(bytewise(BODY))) == FRAMES


def test_an_end_at_any_place_gives_the_messages_before_it() -> None:
    borders = [sum(map(len, EVENTS[:count])) for count in range(4)]
    for end in range(len(BODY)):
        whole = sum(border <= end for border in borders) - 1
        assert read([BODY[:end]]) == FRAMES[:whole]


def test_an_exception_and_an_error_are_no_events() -> None:
    thrown = message(
        text(":message-type", "exception") + text(":exception-type", "throttlingException"), b'{"message":1}'
    )
    failed = message(
        text(":message-type", "error") + text(":error-code", "Slow") + text(":error-message", "too much é")
    )
    assert read([thrown + failed + thrown]) == [
        (FAILED + "throttlingException", b'{"message":1}'),
        (FAILED + "Slow", "too much é".encode()),
        (FAILED + "throttlingException", b'{"message":1}'),
    ]


def unwrapped(pieces: list[bytes], max_bytes: int = 100_000) -> list[Frame]:
    framer, out = WrappedFramer(max_bytes, "chunk"), list[Frame]()
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


def test_what_wrappers_hold_comes_out_and_the_rest_as_it_is() -> None:
    thrown = message(text(":message-type", "exception") + text(":exception-type", "slow"), b'{"message":1}')
    spaced = event("chunk", b'{ "p" : "ab", "bytes" : "eyJ\\u0068IjoyfQ=="}')
    empty = event("chunk", b'{"p":"ab"}') + event("chunk", b'{"bytes":""}') + event("chunk", b'{"bytes":7}')
    body = event("initial-response") + wrapped(b'{"a":1}') + empty + spaced + thrown
    expected = [("initial-response", b"{}"), ("", b'{"a":1}'), ("", b'{"a":2}'), (FAILED + "slow", b'{"message":1}')]
    assert unwrapped([body]) == expected
    assert unwrapped(list(bytewise(body))) == expected


@pytest.mark.parametrize("payload", [b'{"bytes":"***"}', b'{"bytes":"a', b"", b"[]", b'{"bytes":"a"}'])
def test_a_wrapper_that_holds_no_base64(payload: bytes) -> None:
    framer, out = WrappedFramer(100_000, "chunk"), list[Frame]()
    with pytest.raises(MalformedStream, match="base64"):
        framer.feed(wrapped(b"first") + event("chunk", payload), out)
    assert out == [("", b"first")]


def test_what_came_before_a_broken_message_is_handed_out() -> None:
    framer, out = WrappedFramer(100_000, "chunk"), list[Frame]()
    with pytest.raises(MalformedStream, match="checksum"):
        framer.feed(wrapped(b"first") + wrapped(b"second")[:-1] + b"!", out)
    assert out == [("", b"first")]


def test_no_event_can_pass_for_a_failure() -> None:
    assert read([event("!throttlingException")]) == [("throttlingException", b"{}")]


def test_headers_of_every_type_are_passed_over() -> None:
    others = b"".join(
        b"\1h" + bytes([kind]) + value
        for kind, value in {
            0: b"", 1: b"", 2: b"a", 3: b"ab", 4: b"abcd", 5: b"abcdefgh",
            6: b"\0\3abc", 8: b"abcdefgh", 9: b"0123456789abcdef",
        }.items()
    )  # fmt: skip
    assert read([message(others + text(":event-type", "e"), b"p")]) == [("e", b"p")]


def test_a_header_of_an_unknown_type_ends_the_headers_and_not_the_message() -> None:
    assert read([message(text(":event-type", "e") + b"\1h\x63whatever", b"p")]) == [("e", b"p")]


def test_many_different_headers_are_not_all_kept() -> None:
    many = [message(text(":event-type", f"e{number}"), b"p") for number in range(300)]
    assert [name for name, _ in read(many)] == [f"e{number}" for number in range(300)]


@pytest.mark.parametrize("at", range(0, len(EVENTS[0]), 3))
def test_a_byte_that_changed_on_the_way_is_told(at: int) -> None:
    broken = bytearray(EVENTS[1] + EVENTS[0])
    broken[len(EVENTS[1]) + at] ^= 0x20
    framer = EventStreamFramer(100_000)
    out: list[Frame] = []
    with pytest.raises(MalformedStream):
        framer.feed(bytes(broken), out)
    assert out == FRAMES[1:2], "what was whole before it is handed out"


@pytest.mark.parametrize("at", range(0, len(EVENTS[1]), 3))
def test_a_byte_that_changed_in_a_message_that_begins_as_one_before_is_told(at: int) -> None:
    broken = bytearray(EVENTS[1] * 3)
    broken[2 * len(EVENTS[1]) + at] ^= 0x20
    framer = EventStreamFramer(100_000)
    out: list[Frame] = []
    with pytest.raises(MalformedStream):
        framer.feed(bytes(broken), out)
    assert out == FRAMES[1:2] * 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["start", "contentBlockDelta", "end"]), max_size=12), st.lists(st.integers(0, 90)))
def test_messages_of_many_beginnings_and_lengths(names: list[str], sizes: list[int]) -> None:
    frames: list[Frame] = [(name, b"p" * (at % 5)) for at, name in enumerate(names)]
    body = b"".join(event(name, payload) for name, payload in frames)
    assert read(list(lengths(body, sizes))) == frames


@pytest.mark.parametrize("head", [b"\x05ab", b"\1h\7\xff\xffab", b"\1h\x09ab", b"\1", b"\1h", b"\1h\7\0"])
def test_headers_that_go_on_behind_their_end(head: bytes) -> None:
    with pytest.raises(MalformedStream, match="longer than its message"):
        read([message(head, b"")])


def test_a_length_shorter_than_its_headers() -> None:
    prelude = pack(">II", 20, 500)
    with pytest.raises(MalformedStream):
        read([prelude + pack(">I", crc32(prelude)) + bytes(600)])


def test_a_message_over_the_cap_is_refused_at_its_beginning() -> None:
    with pytest.raises(TooLargeError) as caught:
        read([event("e", b"x" * 1000)[:12]], max_bytes=1000)
    assert (caught.value.cap, caught.value.limit) == ("event_bytes", 1000)


def test_more_headers_than_aws_allows_are_refused_at_their_beginning() -> None:
    with pytest.raises(MalformedStream, match="more headers than 128 KiB"):
        read([prelude(7 << 20, (128 << 10) + 1)], 8 << 20)
    assert read([message(text("x", "v" * 60_000) * 2, b"{}")], 8 << 20) == [("", b"{}")]


def test_long_headers_are_not_kept() -> None:
    framer = EventStreamFramer(1 << 20)
    tracemalloc.start()
    try:
        for number in range(100):
            framer.feed(message(text("x", f"{number}" + "v" * 50_000)), [])
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 200_000


@pytest.mark.parametrize("body", [b'{"message":"no"}', b"[]", b"<html>", b"  \n {}"])
def test_a_body_that_begins_as_text_is_a_document(body: bytes) -> None:
    framer = eventstream_or_whole("", stream=True, event_bytes=1000, body_bytes=1000)
    out: list[Frame] = []
    for piece in bytewise(body):
        framer.feed(piece, out)
    framer.close(out)
    assert [(name, payload.strip()) for name, payload in out] == [(WHOLE, body.strip())]


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        (b'event: a\ndata: {"x":1}\n\n', [("a", b'{"x":1}')]),
        (b'data: {"a":1}\n\ndata: {"b":2}\n\n', [("", b'{"a":1}'), ("", b'{"b":2}')]),
        (b'{"a":1}\n{"b":2}\n', [("", b'{"a":1}'), ("", b'{"b":2}')]),
    ],
)
def test_events_that_come_as_text_are_events(body: bytes, frames: list[Frame]) -> None:
    framer = eventstream_or_whole("", stream=True, event_bytes=1000, body_bytes=1000)
    out: list[Frame] = []
    for piece in bytewise(body):
        framer.feed(piece, out)
    framer.close(out)
    assert out == frames


@pytest.mark.parametrize("content_type", [TYPE, "", "application/json"])
def test_messages_are_known_without_their_label(content_type: str) -> None:
    framer = eventstream_or_whole(content_type, stream=True, event_bytes=100_000, body_bytes=100_000)
    out: list[Frame] = []
    for piece in bytewise(BODY):
        framer.feed(piece, out)
    framer.close(out)
    assert out == FRAMES


@pytest.mark.skipif(
    not RECORDED.exists(), reason="without ../shared/corpus/dev2.jsonl.gz beside the project; with it: make test"
)
def test_all_recorded_streams() -> None:
    streams = frames = 0
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            reply = record["response"]
            if record["protocol"].startswith("bedrock") and TYPE in reply["headers"].get("content-type", ""):
                body = b64decode(reply["body_base64"])
                whole = read([body], 1 << 30)
                assert whole and read(list(lengths(body, [7, 1000, 3])), 1 << 30) == whole
                streams += 1
                frames += len(whole)
    assert streams > 100 and frames > 4000
